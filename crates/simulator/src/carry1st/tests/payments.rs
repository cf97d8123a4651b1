//! Payments, methods and fulfilments by the API.

use super::*;

#[test]
fn a_payment_is_made_and_looked_up() {
    let mut bench = Bench::plain();
    let (status, body) = bench.post(CREATE, &order_of("order-1"));
    assert_eq!(status, StatusCode::CREATED);
    let reference = body["reference"].as_str().unwrap().to_owned();
    assert_eq!(reference.len(), 19);
    assert!(reference.starts_with("C-") && reference.ends_with("-P"));
    assert_eq!(body["status"], "NEW");
    assert_eq!(body["amount"].to_string(), "100.5");
    let body = bench.look_up(&reference);
    assert_eq!(body["partnerSettings"]["successCallbackUrl"], SUCCESS);
    assert_eq!(body["partnerSettings"]["partnerId"], 9);
    assert_eq!(body["products"][0]["sku"], "12345");
    assert_eq!(body["metadata"][0]["value"], "1");
    assert_eq!(body["status"], "NEW");
    assert!(body.get("channelId").is_none());
    assert_eq!(
        code(&bench.get("/api/pay1st/payments?reference=order-1")),
        (404, "SIM_NOT_FOUND")
    );
    assert_eq!(code(&bench.get("/api/pay1st/payments")), (400, "SIM_FIELD"));
    assert!(bench.provider.ledger().movements.is_empty());
}

#[test]
fn what_is_wrong_with_a_payment_is_refused() {
    let mut bench = Bench::plain();
    let good = order_of("order-1");
    let changes = [
        (r#""amount":100.50"#, r#""amount":"100.50""#),
        (r#""amount":100.50"#, r#""amount":100.505"#),
        (r#""amount":100.50"#, r#""amount":1e2"#),
        (r#""amount":100.50"#, r#""amount":-1"#),
        (r#""amount":100.50"#, r#""amount":0"#),
        (r#""amount":100.50,"#, ""),
        (r#""countryCode":"NG""#, r#""countryCode":"ng""#),
        (r#""currencyCode":"NGN","partner"#, r#""currencyCode":"NG","partner"#),
        (r#""currencyCode":"NGN","partner"#, r#""currencyCode":"KES","partner"#),
        (r#""order-1""#, r#""""#),
        (r#""products":["#, r#""items":["#),
        (r#","metadata":[{"key":"customerId","value":"1"}]"#, ""),
        (r#""quantity":1"#, r#""quantity":0"#),
        ("}", ""),
    ];
    for (from, to) in changes {
        let body = good.replacen(from, to, 1);
        assert_ne!(body, good);
        assert_eq!(code(&bench.post(CREATE, &body)), (400, "SIM_FIELD"), "{body}");
    }
    assert_eq!(bench.provider.references().count(), 0);
    bench.pay("order-1");
}

#[test]
fn amounts_are_of_the_currencys_own_fineness() {
    let mut bench = Bench::plain();
    let order = |amount: &str, currency: &str| order_of(amount).replace("100.50", amount).replace("NGN", currency);
    for (amount, currency, minor) in [
        ("100", "UGX", 100),
        ("100.00", "UGX", 100),
        ("9007199254740993.01", "NGN", 900_719_925_474_099_301),
        ("1.005", "TND", 1005),
    ] {
        let (status, body) = bench.post(CREATE, &order(amount, currency));
        assert_eq!(status, StatusCode::CREATED, "{body}");
        let reference = body["reference"].as_str().unwrap().to_owned();
        assert!(bench.provider.finish(bench.now, &reference, "SUCCESSFUL"));
        assert_eq!(bench.booked(&reference, Kind::Capture), minor);
    }
    assert_eq!(code(&bench.post(CREATE, &order("100.5", "UGX"))), (400, "SIM_FIELD"));
}

#[test]
fn a_reference_that_was_used_meets_what_is_set() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    let again = |bench: &mut Bench, duplicate| {
        bench.provider.settings_mut().duplicate = duplicate;
        bench.post(CREATE, &order_of("order-1").replace("100.50", "7"))
    };
    assert_eq!(code(&again(&mut bench, Duplicate::BadRequest)), (400, "SIM_DUPLICATE"));
    assert_eq!(code(&again(&mut bench, Duplicate::Conflict)), (409, "SIM_DUPLICATE"));
    let (status, body) = again(&mut bench, Duplicate::SamePayment);
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(body["reference"], reference.as_str());
    assert_eq!(body["amount"].to_string(), "100.5");
    assert_eq!(bench.provider.references().count(), 1);
}

#[test]
fn payments_end_once_and_money_is_booked_once() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    assert!(!bench.provider.finish(bench.now, "C-0-P", "SUCCESSFUL"));
    assert!(!bench.provider.finish(bench.now, &reference, "CHARGEBACK"));
    for status in ["PENDING", "PAY_OFFLINE", "SOMETHING_NEW", "FAILED", "SUCCESSFUL"] {
        assert!(bench.provider.finish(bench.now, &reference, status));
        assert_eq!(bench.look_up(&reference)["status"], status);
    }
    for status in ["SUCCESSFUL", "FAILED", "PENDING"] {
        assert!(!bench.provider.finish(bench.now, &reference, status));
    }
    let booked: Vec<_> = bench.provider.ledger().of(&reference).cloned().collect();
    assert_eq!(booked.len(), 1);
    assert_eq!(
        (booked[0].kind, booked[0].minor, booked[0].origin),
        (Kind::Capture, 10_050, Origin::Page)
    );
    assert_eq!(booked[0].reference.as_deref(), Some("order-1"));
    assert!(bench.provider.finish(bench.now, &reference, "CHARGEBACK"));
    assert!(!bench.provider.finish(bench.now, &reference, "REFUND"));
    assert_eq!(bench.booked(&reference, Kind::Chargeback), 10_050);
}

#[test]
fn unfinished_payments_are_abandoned_in_time() {
    let mut bench = Bench::plain();
    let (lost, paid) = (bench.pay("order-1"), bench.paid("order-2"));
    bench.pass(1799);
    assert!(bench.hooks().is_empty());
    bench.pass(1);
    let hooks = bench.hooks();
    assert_eq!(hooks.len(), 1);
    assert_eq!(
        (&hooks[0]["reference"], &hooks[0]["status"]),
        (&lost.clone().into(), &"ABANDONED".into())
    );
    assert_eq!(bench.provider.status(&lost), Some("ABANDONED"));
    assert_eq!(bench.provider.status(&paid), Some("SUCCESSFUL"));
}

#[test]
fn a_forced_code_takes_the_place_of_a_status() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    bench.provider.force_code("PENDING_INVESTIGATION");
    assert!(bench.provider.finish(bench.now, &reference, "SUCCESSFUL"));
    assert_eq!(bench.provider.status(&reference), Some("PENDING_INVESTIGATION"));
    assert!(bench.provider.ledger().movements.is_empty());
    assert!(bench.provider.finish(bench.now, &reference, "SUCCESSFUL"));
    assert_eq!(bench.booked(&reference, Kind::Capture), 10_050);
}

#[test]
fn methods_are_nested_and_have_three_ids() {
    let mut bench = Bench::plain();
    let (status, body) = bench.get("/api/pay1st/payments/methods?countryCode=NG");
    assert_eq!(status, StatusCode::OK);
    let groups = body["data"]["groups"].as_array().unwrap();
    assert!(groups.len() > 1);
    for channel in groups.iter().flat_map(|group| group["channels"].as_array().unwrap()) {
        let ids = [
            &channel["id"],
            &channel["paymentOption"]["id"],
            &channel["channel"]["id"],
        ];
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2], "{channel}");
        let wanted = channel["paymentMethodType"]["requiredParameters"].as_str().unwrap();
        assert!(serde_json::from_str::<Value>(wanted).is_ok());
    }
    assert_eq!(code(&bench.get("/api/pay1st/payments/methods")), (400, "SIM_FIELD"));
    let (status, body) = bench.get("/api/pay1st/payments/methods?countryCode=XX");
    assert_eq!(
        (status, body["data"]["groups"].as_array().unwrap().len()),
        (StatusCode::OK, 0)
    );
}

#[test]
fn fulfilments_are_taken_for_payments_that_exist() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    let path = "/api/pay1st/payments/fulfilments";
    let body = |reference: &str| {
        format!(
            r#"{{"reference":"{reference}","products":[{{"sku":"12345","fulfilmentStatus":"FULFILLED","quantity":1,"fulfilmentTime":"2026-01-02T03:04:00Z"}}]}}"#
        )
    };
    assert_eq!(bench.post(path, &body(&reference)), (StatusCode::OK, Value::Null));
    assert_eq!(code(&bench.post(path, &body("C-1-P"))), (404, "SIM_NOT_FOUND"));
    assert_eq!(code(&bench.post(path, "{}")), (400, "SIM_FIELD"));
    assert_eq!(bench.provider.fulfilments().len(), 1);
    assert_eq!(bench.provider.fulfilments()[0].products[0].sku, "12345");
}

#[test]
fn somebody_elses_payment_is_in_the_ledger_only() {
    let mut bench = Bench::plain();
    bench.provider.add_foreign(bench.now, 10_050, "NGN");
    let foreign = bench.provider.ledger().movements[0].clone();
    assert_eq!(
        (foreign.kind, foreign.origin, foreign.minor),
        (Kind::Capture, Origin::Foreign, 10_050)
    );
    let path = format!("/api/pay1st/payments?reference={}", foreign.payment);
    assert_eq!(code(&bench.get(&path)), (404, "SIM_NOT_FOUND"));
}
