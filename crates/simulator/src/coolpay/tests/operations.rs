//! Authorizations, captures, refunds and cancellations.

use std::time::Duration;

use super::*;
use crate::Origin;

#[test]
fn a_payment_walks_from_authorization_to_refund() {
    let mut sim = sim();
    let (id, body) = authorized(&mut sim, "walk-1", "visa-approved");
    assert_eq!(
        (&body["state"], &body["accepted"], &body["test_mode"]),
        (&"new".into(), &true.into(), &true.into())
    );
    assert_eq!(
        (&last(&body)["qp_status_code"], &last(&body)["aq_status_code"]),
        (&"20000".into(), &"20000".into())
    );
    assert_eq!(
        (&body["metadata"]["last4"], &body["metadata"]["bin"]),
        (&"0008".into(), &"100000".into())
    );
    assert_eq!(body["metadata"]["brand"], "visa");

    let (_, body) = act(&mut sim, 2, &id, "capture", r#"{"amount":"400"}"#);
    assert_eq!((&body["state"], &body["balance"]), (&"processed".into(), &400.into()));
    let (status, body) = act(&mut sim, 2, &id, "capture", r#"{"amount":601}"#);
    assert_eq!(
        (status.as_u16(), &body["errors"]["amount"][0]),
        (400, &"is too large".into())
    );
    act(&mut sim, 3, &id, "capture", r#"{"amount":600}"#);
    let (_, body) = act(&mut sim, 4, &id, "refund", r#"{"amount":150}"#);
    assert_eq!((&body["balance"], &last(&body)["id"]), (&850.into(), &4.into()));
    let (status, body) = act(&mut sim, 5, &id, "refund", r#"{"amount":851}"#);
    assert_eq!(
        (status.as_u16(), &body["errors"]["amount"][0]),
        (400, &"is too large".into())
    );
    let (status, body) = act(&mut sim, 5, &id, "cancel", "{}");
    assert_eq!(
        (status.as_u16(), &body["message"]),
        (400, &"Payment is not in a valid state for cancel".into())
    );
    act(&mut sim, 6, &id, "refund", r#"{"amount":850}"#);

    assert_eq!(total(&sim, &id, Kind::Authorize), 1000);
    assert_eq!(total(&sim, &id, Kind::Capture), 1000);
    assert_eq!(total(&sim, &id, Kind::Refund), 1000);
    let named: Vec<_> = sim.ledger().by_reference("walk-1").map(|m| m.kind).collect();
    assert_eq!(named, [Kind::Authorize]);
    assert_eq!(sim.ledger().movements[1].id, format!("{id}/2"));
}

#[test]
fn a_cancelled_payment_is_over() {
    let mut sim = sim();
    let (id, _) = authorized(&mut sim, "void-1", "visa-approved");
    let (_, body) = act(&mut sim, 2, &id, "cancel", "");
    assert_eq!(
        (&body["state"], &last(&body)["amount"]),
        (&"processed".into(), &Value::Null)
    );
    assert_eq!(total(&sim, &id, Kind::Void), 1000);
    for deed in ["capture", "refund", "cancel", "authorize"] {
        let (status, _) = act(&mut sim, 3, &id, deed, &charge("visa-approved"));
        assert_eq!(status, StatusCode::BAD_REQUEST, "{deed}");
    }
}

#[test]
fn declined_cards_are_answered_with_success_and_a_code() {
    for (card, code, aq) in [
        ("visa-declined", "40000", Value::from("40410")),
        ("visa-expired", "40000", Value::from("40135")),
        ("visa-3ds", "30100", Value::Null),
    ] {
        let mut sim = sim();
        let (id, body) = authorized(&mut sim, "decl-1", card);
        assert_eq!(
            (&last(&body)["qp_status_code"], &last(&body)["aq_status_code"]),
            (&code.into(), &aq)
        );
        assert_eq!(body["accepted"], false);
        assert_eq!(body["state"], if code == "30100" { "initial" } else { "rejected" });
        assert!(sim.ledger().movements.is_empty());
        let (_, body) = act(&mut sim, 2, &id, "authorize", &charge("visa-approved"));
        assert_eq!(body["state"], "new");
    }
}

#[test]
fn the_card_decides_what_comes_later() {
    for (card, deeds) in [
        ("visa-capture-declined", vec![("capture", "40000")]),
        ("visa-refund-declined", vec![("capture", "20000"), ("refund", "40000")]),
        ("visa-cancel-declined", vec![("cancel", "40000"), ("capture", "20000")]),
    ] {
        let mut sim = sim();
        let (id, _) = authorized(&mut sim, "late-1", card);
        for (deed, code) in deeds {
            let (_, body) = act(&mut sim, 2, &id, deed, r#"{"amount":1000}"#);
            assert_eq!(last(&body)["qp_status_code"], code, "{card} {deed}");
        }
    }
    let mut sim = sim();
    authorized(&mut sim, "once-1", "visa-once");
    let (_, body) = authorized(&mut sim, "once-2", "visa-once");
    assert_eq!(body["state"], "rejected");
}

#[test]
fn bad_card_data_and_past_expiry_are_declined() {
    for (card, code) in [
        (r#"{"number":"1000000000000008","expiration":"2512"}"#, "40000"),
        (r#"{"number":"1000000000000009","expiration":"3012"}"#, "40001"),
        (r#"{"number":"1000000000000008","expiration":"1230"}"#, "40001"),
        (
            r#"{"number":"1000000000000008","expiration":"3012","cvd":"1"}"#,
            "40001",
        ),
        (r#"{"number":"4111111111111111","expiration":"3012"}"#, "40000"),
        (r#"{"token":"no such token"}"#, "40001"),
    ] {
        let mut sim = sim();
        let id = payment(&mut sim, "bad-1");
        let (_, body) = act(
            &mut sim,
            1,
            &id,
            "authorize",
            &format!(r#"{{"amount":1000,"card":{card}}}"#),
        );
        assert_eq!(last(&body)["qp_status_code"], code, "{card}");
    }
}

#[test]
fn nobody_waits_so_the_operation_ends_later() {
    for async_empty in [false, true] {
        let mut sim = with(Settings {
            async_empty,
            base_url: "http://sim.test".to_owned(),
            ..Settings::default()
        });
        let id = payment(&mut sim, "wait-1");
        let response = sim.handle(
            at(1),
            &request("POST", &format!("/payments/{id}/authorize"), &charge("visa-approved")),
        );
        assert_eq!(response.status(), StatusCode::ACCEPTED);
        let location = format!("/payments/{id}/operations/1");
        assert_eq!(response.headers()["location"], format!("http://sim.test{location}"));
        assert_eq!(response.body().is_empty(), async_empty);
        if !async_empty {
            let body = parsed(&response);
            assert_eq!(
                (&body["state"], &last(&body)["pending"]),
                (&"pending".into(), &true.into())
            );
            assert_eq!(last(&body)["qp_status_code"], Value::Null);
        }
        assert_eq!(send(&mut sim, 1, "GET", &location, "").1["pending"], true);
        assert!(sim.ledger().movements.is_empty());
        sim.due(at(1) + Duration::from_millis(50));
        assert_eq!(total(&sim, &id, Kind::Authorize), 1000);
        assert_eq!(send(&mut sim, 2, "GET", &location, "").1["qp_status_code"], "20000");
    }
}

#[test]
fn a_second_capture_while_one_is_pending_captures_again() {
    let mut sim = sim();
    let (id, _) = authorized(&mut sim, "dbl-1", "visa-approved");
    for amount in [400, 400, 1000] {
        let body = format!(r#"{{"amount":{amount}}}"#);
        assert_eq!(
            send(&mut sim, 2, "POST", &format!("/payments/{id}/capture"), &body).0,
            StatusCode::ACCEPTED
        );
    }
    let (_, body) = send(&mut sim, 3, "GET", &format!("/payments/{id}"), "");
    assert_eq!(
        (&body["balance"], &last(&body)["qp_status_code"]),
        (&800.into(), &"40000".into())
    );
    assert_eq!(total(&sim, &id, Kind::Capture), 800);
}

#[test]
fn a_held_card_answers_after_a_minute() {
    let mut sim = sim();
    let id = payment(&mut sim, "held-1");
    let (status, body) = act(&mut sim, 1, &id, "authorize", &charge("visa-held"));
    assert_eq!((status, &last(&body)["pending"]), (StatusCode::ACCEPTED, &true.into()));
    assert_eq!(sim.held(), [(id.clone(), 1)]);
    assert_eq!(
        send(&mut sim, 60, "GET", &format!("/payments/{id}"), "").1["state"],
        "pending"
    );
    assert_eq!(
        send(&mut sim, 61, "GET", &format!("/payments/{id}"), "").1["state"],
        "new"
    );
}

#[test]
fn auto_capture_is_a_second_operation() {
    let mut sim = sim();
    let id = payment(&mut sim, "auto-1");
    let body = charge("visa-capture-declined").replacen('{', "{\"auto_capture\":true,", 1);
    let (_, body) = act(&mut sim, 1, &id, "authorize", &body);
    assert_eq!(
        (&body["state"], &last(&body)["type"]),
        (&"new".into(), &"capture".into())
    );
    assert_eq!(
        (&body["accepted"], &last(&body)["qp_status_code"]),
        (&true.into(), &"40000".into())
    );
}

#[test]
fn a_code_on_demand_books_only_success() {
    let mut sim = sim();
    let (id, _) = authorized(&mut sim, "force-1", "visa-approved");
    sim.force_code("40000/40413");
    let (_, body) = act(&mut sim, 2, &id, "capture", r#"{"amount":1000}"#);
    assert_eq!(
        (&last(&body)["qp_status_code"], &last(&body)["aq_status_code"]),
        (&"40000".into(), &"40413".into())
    );
    sim.force_code("20200");
    let (status, body) = act(&mut sim, 3, &id, "capture", r#"{"amount":1000}"#);
    assert_eq!((status.as_u16(), &last(&body)["pending"]), (202, &true.into()));
    assert_eq!(total(&sim, &id, Kind::Capture), 0);
    assert!(sim.decide(at(4), &id, 3, "20000"));
    assert_eq!(total(&sim, &id, Kind::Capture), 1000);
}

#[test]
fn a_pending_capture_can_be_stopped() {
    let mut sim = sim();
    let (id, _) = authorized(&mut sim, "stop-1", "visa-approved");
    send(
        &mut sim,
        2,
        "POST",
        &format!("/payments/{id}/capture"),
        r#"{"amount":1000}"#,
    );
    let path = format!("/payments/{id}/operations/2");
    let (_, body) = send(&mut sim, 2, "PATCH", &path, r#"{"pending":false}"#);
    assert_eq!(
        (&body["qp_status_code"], &body["pending"]),
        (&"40003".into(), &false.into())
    );
    assert_eq!(
        send(&mut sim, 9, "PATCH", &path, r#"{"pending":false}"#).0,
        StatusCode::PRECONDITION_REQUIRED
    );
    assert_eq!(total(&sim, &id, Kind::Capture), 0);
}

#[test]
fn the_back_office_captures_too() {
    let mut sim = sim();
    let (id, _) = authorized(&mut sim, "desk-1", "visa-approved");
    assert_eq!(sim.capture_in_back_office(at(2), &id, 1001), None);
    assert_eq!(sim.capture_in_back_office(at(2), &id, 1000), Some(2));
    assert_eq!(sim.ledger().movements[1].origin, Origin::BackOffice);
    assert_eq!(sim.cancel_in_back_office(at(3), &id), None);
    assert_eq!(sim.refund_in_back_office(at(3), &id, 10), Some(3));
}

#[test]
fn live_cards_are_not_test_mode_and_test_cards_can_be_barred() {
    let mut live = with(Settings {
        live: true,
        ..Settings::default()
    });
    assert_eq!(authorized(&mut live, "live-1", "visa-approved").1["test_mode"], false);
    let mut barred = with(Settings {
        allow_test_transactions: false,
        ..Settings::default()
    });
    assert_eq!(
        authorized(&mut barred, "barred-1", "visa-approved").1["state"],
        "rejected"
    );
}
