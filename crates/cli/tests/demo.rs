//! The demo: it agrees with the table of expected outcomes, and notices every ledger that does not fit.

mod common;

use common::paymux;
use paymux_cli::Exit;
use paymux_cli::demo::Demo;
use paymux_simulator::{Kind, Ledger};
use serde_json::Value;

/// Something that is done to a ledger.
type Alteration = fn(&mut Ledger);

const MATRIX: &str = include_str!("../src/demo/matrix.tsv");

#[test]
fn every_cell_is_as_the_table_of_expected_outcomes_says() {
    let ended = paymux(&["demo", "--json"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let json = ended.json();
    assert_eq!(json["agrees"], true);
    assert_eq!(json["disagreements"], Value::Array(Vec::new()));

    let mut lines = MATRIX.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let head = lines.next().unwrap();
    let rows: Vec<_> = lines.collect();
    let gateways = json["gateways"].as_array().unwrap();
    assert_eq!(gateways.len(), rows.len());
    let mut booked = 0;
    for row in rows {
        let gateway = gateways.iter().find(|g| g["gateway"] == row[0]).unwrap();
        let operations = gateway["operations"].as_object().unwrap();
        assert_eq!(operations.len(), head.len() - 1);
        for (column, expected) in head.iter().zip(&row).skip(1) {
            let cell = &operations[*column];
            assert_eq!(cell["cell"], *expected, "{} {column}", row[0]);
            assert_eq!(cell["offered"], *expected != "-", "{} {column}", row[0]);
            for list in ["before", "booked"] {
                booked += cell[list].as_array().map_or(0, Vec::len);
            }
            if *column == "declined" {
                assert!(cell["decline"]["advice"].is_string(), "{cell}");
            }
        }
    }
    assert_eq!(json["claims"], booked);
    assert!(booked > 30, "{booked}");
}

#[test]
fn a_person_gets_a_table_without_colours_where_there_is_no_terminal() {
    let ended = paymux(&["demo"]);
    assert_eq!((ended.code, ended.err.as_str()), (0, ""), "{ended:?}");
    assert!(!ended.out.contains('\x1b'), "{}", ended.out);
    assert!(ended.out.contains("not offered"), "{}", ended.out);
    let last = ended.out.lines().last().unwrap();
    assert!(
        last.starts_with("The simulators' ledgers agree with every claim"),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn one_altered_ledger_entry_is_a_disagreement() {
    let demo = Demo::start().await.unwrap();
    let run = demo.run(|_| {}).await.unwrap();
    let verdict = demo.check(&run);
    assert_eq!((verdict.exit(), verdict.disagreements), (Exit::Done, Vec::new()));

    let alterations: [(&str, Alteration); 6] = [
        ("a larger amount", |ledger| ledger.movements[0].minor += 1),
        ("another currency", |ledger| {
            ledger.movements[0].currency = "EUR".to_owned()
        }),
        ("another kind", |ledger| ledger.movements[0].kind = Kind::Chargeback),
        ("another payment", |ledger| ledger.movements[0].payment.push('0')),
        ("a movement that is gone", |ledger| {
            ledger.movements.remove(0);
        }),
        ("a movement that came twice", |ledger| {
            let again = ledger.movements[0].clone();
            ledger.book(again);
        }),
    ];
    for place in demo.lab().places() {
        for (what, alter) in alterations {
            let before = place.server.with(|host, _| {
                let before = host.ledger().clone();
                alter(host.provider().ledger_mut());
                before
            });
            let verdict = demo.check(&run);
            assert_eq!(verdict.exit().code(), 1, "{}: {what}", place.name);
            for disagreement in &verdict.disagreements {
                assert!(disagreement.starts_with(place.name), "{what}: {disagreement}");
            }
            place.server.with(|host, _| *host.provider().ledger_mut() = before);
        }
    }
    assert_eq!(demo.check(&run).exit(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cell_that_is_missing_or_another_is_a_disagreement() {
    let demo = Demo::start().await.unwrap();
    let mut run = demo.run(|_| {}).await.unwrap();
    let last = run.rows[0].cells.pop();
    let verdict = demo.check(&run);
    assert_eq!(verdict.disagreements, ["coolpay: declined was not tried"]);
    run.rows[0].cells.extend(last);

    let (_, sale) = &mut run.rows[1].cells[0];
    *sale = paymux_cli::demo::Seen::NotOffered;
    let verdict = demo.check(&run);
    let expected = "opp-v3: sale: `approved capture` was expected, and it was `-`";
    assert!(
        verdict.disagreements.iter().any(|d| d == expected),
        "{:?}",
        verdict.disagreements
    );

    run.rows.truncate(5);
    let verdict = demo.check(&run);
    let absent = |d: &String| d.starts_with("carry1st: is in the table");
    assert!(verdict.disagreements.iter().any(absent), "{:?}", verdict.disagreements);
}
