//! How PostgreSQL finds what a step reads, when there are many intents.
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

use sqlx::{AssertSqlSafe, Connection as _, PgConnection, query_scalar, raw_sql};

use super::Postgres;
use super::stepping::{ALONE, MAKE, PUT, SWAP, WHOLE};

/// The server that the journal's tests start.
#[allow(dead_code, reason = "it is for tests that do more with it")]
#[path = "../../../tests/common/server.rs"]
mod server;

/// An intent's columns.
const COLUMNS: &str = "text, text, text, text, text, text, text, boolean, bigint, bigint, text";

/// What journals of this version had before they gained others.
const OLDER: &str = "DROP INDEX paymux_intents_by_payment, paymux_parked_by_reference, paymux_parked_by_payment;
    CREATE INDEX paymux_intents_payment ON paymux_intents (provider, account, payment) WHERE payment IS NOT NULL;
    CREATE INDEX paymux_parked_reference ON paymux_parked (provider, account, reference);
    CREATE INDEX paymux_parked_payment ON paymux_parked (provider, account, payment)";
const MANY: &str = "INSERT INTO paymux_intents (provider, account, reference, payment, ordered, taken, state, remarked, due, begun, body)
    SELECT 'p', 'a', 'r' || n, 'y' || n, 'o' || n, 'o' || n, 'done', FALSE, NULL, n, '{}' FROM generate_series(1, 20000) AS n;
    INSERT INTO paymux_payments SELECT 'p', 'a', 'y' || n, '{}' FROM generate_series(1, 20000) AS n;
    INSERT INTO paymux_parked SELECT 'g', 'k' || n, 'p', 'a', 'x' || n, 'z' || n, n, '{}' FROM generate_series(1, 20000) AS n";

/// The plan that is kept for a text.
async fn plan(connection: &mut PgConnection, text: &str, types: &str) -> String {
    let values = vec!["NULL"; types.split(',').count()].join(", ");
    for step in [
        "SET plan_cache_mode = force_generic_plan".to_owned(),
        format!("PREPARE step ({types}) AS {text}"),
    ] {
        raw_sql(AssertSqlSafe(step)).execute(&mut *connection).await.unwrap();
    }
    let explain = AssertSqlSafe(format!("EXPLAIN (COSTS OFF) EXECUTE step ({values})"));
    let lines: Vec<String> = query_scalar(explain).fetch_all(&mut *connection).await.unwrap();
    raw_sql("DEALLOCATE step").execute(connection).await.unwrap();
    lines.join("\n")
}

/// Also in tables that were made before: what is missing is made when they are opened, and plans that are made while a table is empty, as a program's first ones are, are as good.
#[tokio::test]
async fn what_each_step_reads_is_found_by_an_index_of_its_own() {
    let Some(server) = server::Server::start("the plans of PostgreSQL") else {
        return;
    };
    Postgres::open(&server.url()).await.unwrap();
    let mut connection = PgConnection::connect(&server.url()).await.unwrap();
    raw_sql(OLDER).execute(&mut connection).await.unwrap();
    let older = plan(&mut connection, WHOLE, &["text"; 9].join(", ")).await;
    assert!(
        !older.contains("paymux_intents_by_payment"),
        "what is tested for can fail: {older}"
    );
    Postgres::open(&server.url()).await.unwrap();
    let texts = ["text"; 9].join(", ");
    for fill in ["", MANY, "ANALYZE"] {
        raw_sql(fill).execute(&mut connection).await.unwrap();
        for (text, types, indices) in [
            (
                ALONE,
                texts.clone(),
                &[
                    "paymux_intents_pkey",
                    "paymux_intents_taken",
                    "paymux_parked_by_reference",
                ][..],
            ),
            (
                WHOLE,
                texts.clone(),
                &[
                    "paymux_intents_pkey",
                    "paymux_intents_by_payment",
                    "paymux_payments_pkey",
                    "paymux_parked_by_reference",
                    "paymux_parked_by_payment",
                ],
            ),
            (SWAP, format!("{COLUMNS}, text, text[]"), &["paymux_intents_pkey"]),
            (MAKE, format!("{COLUMNS}, text[], text[]"), &[]),
            (PUT, format!("{COLUMNS}, text, text, text, text, text[]"), &[]),
        ] {
            let plan = plan(&mut connection, text, &types).await;
            for index in indices {
                assert!(plan.contains(index), "{fill}: no {index} in {plan}");
            }
            assert!(!plan.contains("Seq Scan"), "{fill}: {plan}");
        }
    }
    let left: i64 = query_scalar("SELECT COUNT(*) FROM pg_indexes WHERE indexname IN ('paymux_intents_payment', 'paymux_parked_reference', 'paymux_parked_payment')")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    assert_eq!(left, 0, "what was there for it before is gone");
}
