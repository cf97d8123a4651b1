//! Saved cards, subscriptions and payouts.

use super::*;

#[test]
fn a_token_is_good_for_one_charge() {
    let mut sim = sim();
    let (status, card) = send(&mut sim, 0, "POST", "/cards", "");
    assert_eq!(status, StatusCode::CREATED);
    let card = card["id"].to_string();
    let tokens = format!("/cards/{card}/tokens");
    assert_eq!(send(&mut sim, 0, "POST", &tokens, "").0, StatusCode::BAD_REQUEST);
    let (_, body) = send(
        &mut sim,
        0,
        "POST",
        &format!("/cards/{card}/authorize?synchronized"),
        &charge("visa-approved"),
    );
    assert_eq!(
        (&body["accepted"], &last(&body)["amount"]),
        (&true.into(), &Value::Null)
    );
    let token = send(&mut sim, 0, "POST", &tokens, "").1["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let pay = format!(r#"{{"amount":500,"card":{{"token":"{token}"}}}}"#);
    for (order, code) in [("tok-1", "20000"), ("tok-2", "40001")] {
        let id = payment(&mut sim, order);
        assert_eq!(
            last(&act(&mut sim, 1, &id, "authorize", &pay).1)["qp_status_code"],
            code
        );
    }
    assert_eq!(sim.ledger().movements.len(), 1);
    send(&mut sim, 2, "POST", &format!("/cards/{card}/cancel?synchronized"), "{}");
    assert_eq!(send(&mut sim, 2, "POST", &tokens, "").0, StatusCode::BAD_REQUEST);
}

#[test]
fn a_subscription_is_charged_by_new_payments() {
    let mut sim = sim();
    let body = r#"{"order_id":"sub-1","currency":"DKK","description":"Monthly"}"#;
    let (_, made) = send(&mut sim, 0, "POST", "/subscriptions", body);
    let base = format!("/subscriptions/{}", made["id"]);
    let pay = r#"{"amount":300,"order_id":"rec-1","auto_capture":true}"#;
    let recurring = format!("{base}/recurring?synchronized");
    assert_eq!(send(&mut sim, 0, "POST", &recurring, pay).0, StatusCode::BAD_REQUEST);
    let (_, active) = send(
        &mut sim,
        0,
        "POST",
        &format!("{base}/authorize?synchronized"),
        &charge("visa-approved"),
    );
    assert_eq!(active["state"], "active");
    let (_, paid) = send(&mut sim, 1, "POST", &recurring, pay);
    assert_eq!(
        (&paid["type"], &paid["subscription_id"]),
        (&"Payment".into(), &made["id"])
    );
    assert_eq!(
        (&paid["operations"][0]["type"], &last(&paid)["type"]),
        (&"recurring".into(), &"capture".into())
    );
    assert_eq!(total(&sim, &paid["id"].to_string(), Kind::Capture), 300);
    assert_eq!(send(&mut sim, 2, "POST", &recurring, pay).0, StatusCode::BAD_REQUEST);
    let (_, list) = send(&mut sim, 2, "GET", &format!("{base}/payments"), "");
    assert_eq!(list[0]["order_id"], "rec-1");
    let (_, over) = send(&mut sim, 3, "POST", &format!("{base}/cancel?synchronized"), "");
    assert_eq!(over["state"], "cancelled");
    assert_eq!(
        send(&mut sim, 4, "POST", &recurring, r#"{"amount":1,"order_id":"rec-2"}"#)
            .0
            .as_u16(),
        400
    );
}

#[test]
fn a_recurring_charge_can_be_rejected() {
    let mut sim = sim();
    let body = r#"{"order_id":"sub-1","currency":"DKK","description":"Monthly"}"#;
    let base = format!(
        "/subscriptions/{}",
        send(&mut sim, 0, "POST", "/subscriptions", body).1["id"]
    );
    send(
        &mut sim,
        0,
        "POST",
        &format!("{base}/authorize?synchronized"),
        &charge("visa-recurring-declined"),
    );
    let (status, body) = send(
        &mut sim,
        1,
        "POST",
        &format!("{base}/recurring"),
        r#"{"amount":300,"order_id":"rec-1"}"#,
    );
    assert_eq!((status.as_u16(), &body["state"]), (202, &"pending".into()));
    let (_, body) = send(&mut sim, 2, "GET", "/payments?order_id=rec-1", "");
    assert_eq!(body[0]["state"], "rejected");
    assert!(sim.ledger().movements.is_empty());
}

#[test]
fn a_payout_is_booked_under_its_order_id() {
    let mut sim = sim();
    let (_, made) = send(
        &mut sim,
        0,
        "POST",
        "/payouts",
        r#"{"order_id":"out-1","currency":"EUR"}"#,
    );
    let path = format!("/payouts/{}/credit?synchronized", made["id"]);
    let (_, body) = send(&mut sim, 1, "POST", &path, &charge("visa-declined"));
    assert_eq!(body["state"], "rejected");
    let (_, body) = send(&mut sim, 1, "POST", &path, &charge("visa-approved"));
    assert_eq!(body["state"], "processed");
    let movement = sim.ledger().by_reference("out-1").next().unwrap();
    assert_eq!(
        (movement.kind, movement.minor, movement.currency.as_str()),
        (Kind::Payout, 1000, "EUR")
    );
}
