//! What became of an operation, by asking; and what is offered.

use super::*;

/// A sale whose answer is lost, then resolved by a search that finds these rows.
fn resolved(rows: &[String]) -> Result<Answer, Error> {
    let first = Script::new().lost("POST /api/v1/transfers");
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let body = format!(
        r#"{{"count":{},"end_index":1,"has_more":false,"data":[{}]}}"#,
        rows.len(),
        rows.join(",")
    );
    let script = Script::new().json("POST /api/v1/transactions/search", 200, &body);
    let result = play(&qolo(), &resolve, &script);
    let sent = script.sent();
    assert!(!sent[0].moves && !sent[0].request.headers().contains_key("IdempotencyKey"));
    assert_eq!(
        sent[0].body(),
        r#"{"limit":100,"account_guid":"d2b7c9d2-85e7-4c51-92d0-3f97a47f8d76","txn_type":"C","start_date":"2026-01-01 03:04:05","end_date":"2026-01-03 03:04:05","txn_amount":25.10,"txn_currency":"USD"}"#
    );
    result
}

#[test]
fn a_search_adopts_only_the_one_row_that_names_the_reference() {
    for named in [
        json!({"client_reference_id": "pay_1001"}),
        json!({"memo_code": "pay_1001"}),
        json!({"txn_description": "Order, pay_1001"}),
    ] {
        let stranger = row(json!({"txn_guid": "other", "memo_code": "pay_10011"}));
        let answer = resolved(&[stranger, row(named.clone())]).unwrap();
        assert!(matches!(answer.outcome, Outcome::Pending), "{named}");
        assert_eq!(answer.payment.reference, payment("BANKTOACCOUNT"));
        assert_eq!(answer.payment.merchant_reference.as_deref(), Some("pay_1001"));
    }
}

#[test]
fn anything_else_stays_unknown() {
    let named = |changes: serde_json::Value| {
        let mut changes = changes;
        changes["memo_code"] = json!("pay_1001");
        row(changes)
    };
    for rows in [
        vec![],
        // Fits, and does not say whose it is.
        vec![row(json!({}))],
        // Says whose it is, and does not fit.
        vec![named(json!({"txn_amount": 25.11}))],
        vec![named(json!({"txn_currency": "EUR"}))],
        vec![named(json!({"account_guid": "other"}))],
        vec![named(json!({"outside_instrument_guid": "other"}))],
        vec![named(json!({"outside_instrument_guid": null}))],
        vec![named(json!({"txn_guid": null}))],
        // Two of them.
        vec![named(json!({"txn_guid": "t1"})), named(json!({"txn_guid": "t2"}))],
    ] {
        let error = resolved(&rows).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown, "{rows:?}");
        assert!(error.message().contains("ambiguous"), "{error}");
    }
}

#[test]
fn a_search_reads_all_pages_and_fails_as_unknown() {
    let first = Script::new().lost("POST /api/v1/transfers");
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let page = |row: &str, end: u32, more: bool| format!(r#"{{"end_index":{end},"has_more":{more},"data":[{row}]}}"#);
    let script = Script::new()
        .json(
            "POST /api/v1/transactions/search",
            200,
            &page(&row(json!({"txn_guid": "t1"})), 100, true),
        )
        .json(
            "POST /api/v1/transactions/search",
            200,
            &page(&row(json!({"memo_code": "pay_1001"})), 101, false),
        );
    assert_eq!(play(&qolo(), &resolve, &script).unwrap().payment.id(), TXN);
    assert!(script.sent()[1].body().contains(r#""start_index":101"#));
    for status in [400, 401, 404, 405, 429, 500] {
        let script = Script::new().json("POST /api/v1/transactions/search", status, "");
        assert_eq!(
            play(&qolo(), &resolve, &script).unwrap_err().fate(),
            Fate::Unknown,
            "{status}"
        );
    }
    let script = Script::new().lost("POST /api/v1/transactions/search");
    assert_eq!(play(&qolo(), &resolve, &script).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_known_transaction_is_asked_about_by_its_id() {
    let mut body: serde_json::Value = serde_json::from_str(CREATED).unwrap();
    body["amount"] = json!(25.11);
    let first = Script::new().json("POST /api/v1/transfers", 201, &body.to_string());
    let _ = play(&qolo(), &sale(), &first);
    let resolve = unresolved(&qolo(), &sale(), &first, None);
    let ask = |changes| {
        let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 200, &row(changes));
        play(&qolo(), &resolve, &script)
    };
    assert_eq!(ask(json!({})).unwrap().payment.reference, payment("BANKTOACCOUNT"));
    let error = ask(json!({"txn_amount": 25.11})).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Mismatch, Fate::Unknown));
    let script = Script::new().json(&format!("GET /api/v1/transactions/{TXN}"), 404, "");
    assert_eq!(play(&qolo(), &resolve, &script).unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn a_reversal_or_a_cancel_cannot_be_found_out() {
    for operation in [refund(), void("BANKTOACCOUNT")] {
        let resolve = unresolved(&qolo(), &operation, &Script::new(), None);
        let expect = format!("GET /api/v1/transactions/{TXN}");
        let script = Script::new().json(&expect, 200, &row(json!({"settle_date": "2026-01-02T03:00:00Z"})));
        let error = play(&qolo(), &resolve, &script).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
        assert_eq!(error.payment().unwrap().state, PaymentState::Captured);
        let error = play(&qolo(), &resolve, &Script::new().lost(&expect)).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown);
    }
    let bare = unresolved(&qolo(), &sale(), &Script::new(), None);
    let error = play(&qolo(), &bare, &Script::new()).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "nothing was noted");
}

#[test]
fn what_is_offered() {
    let qolo = qolo();
    let capabilities = qolo.capabilities();
    assert_eq!(capabilities.provider, "qolo");
    assert_eq!(capabilities.account, account());
    for (kind, ask) in [
        (OperationKind::Sale, AskAfterwards::Ambiguous),
        (OperationKind::Payout, AskAfterwards::Ambiguous),
        (OperationKind::Transfer, AskAfterwards::Ambiguous),
        (OperationKind::Refund, AskAfterwards::None),
        (OperationKind::Void, AskAfterwards::None),
    ] {
        assert_eq!(capabilities.ability(kind).unwrap().ask, ask, "{kind}");
    }
    for kind in [
        OperationKind::Authorize,
        OperationKind::Capture,
        OperationKind::Checkout,
    ] {
        assert!(!capabilities.offers(kind));
    }
    assert!(capabilities.payment_methods && !capabilities.inquire_by_reference);
    assert_eq!(capabilities.webhooks, Webhooks::Signed);
    assert_eq!(
        capabilities.duplicates,
        Duplicates::Key(std::time::Duration::from_secs(43_200))
    );
    let now = Script::new().now();
    let refused = |change: fn(&mut paymux_core::Charge)| {
        let mut charge = charge("g1");
        change(&mut charge);
        capabilities.check(&Operation::Sale(Box::new(charge)), now).unwrap_err()
    };
    assert_eq!(
        refused(|c| c.description = Some("x".repeat(49))).field(),
        Some("description")
    );
    assert_eq!(
        refused(|c| c.reference = "a b".parse().unwrap()).field(),
        Some("reference")
    );
    assert_eq!(
        refused(|c| c.reference = "x".repeat(65).parse().unwrap()).field(),
        Some("reference")
    );
    let hosted = Operation::Authorize(Box::new(charge("g1")));
    let error = run(qolo.execute(&hosted, &Script::new())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "unsupported: unsupported by qolo: authorize [not_done]"
    );
}
