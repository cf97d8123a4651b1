//! The door: who comes in, and what is refused.

use super::*;

#[test]
fn a_wrong_key_or_a_user_name_is_refused() {
    for login in [":wrong", "user:sim-api-key", "sim-api-key:"] {
        let mut sim = sim();
        let mut request = request("GET", "/payments", "");
        let value = format!("Basic {}", STANDARD.encode(login));
        request.headers_mut().insert("authorization", value.parse().unwrap());
        let response = sim.handle(at(0), &request);
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{login}");
        assert!(response.headers().contains_key("www-authenticate"));
        assert_eq!(parsed(&response)["message"], "Invalid API key");
    }
}

#[test]
fn version_accept_and_content_type_are_looked_at() {
    for (name, value, status) in [
        ("accept-version", None, 400),
        ("accept-version", Some("v09"), 400),
        ("accept", None, 406),
        ("accept", Some("text/html"), 406),
        ("content-type", None, 400),
        ("content-type", Some("text/plain"), 400),
    ] {
        let mut request = request("POST", "/payments", r#"{"order_id":"A1B2","currency":"DKK"}"#);
        request.headers_mut().remove(name);
        if let Some(value) = value {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        assert_eq!(
            sim().handle(at(0), &request).status().as_u16(),
            status,
            "{name} {value:?}"
        );
    }
}

#[test]
fn a_payment_is_made_from_json_and_from_a_form() {
    let mut sim = sim();
    let body = r#"{"order_id":"A1B2C3D4","currency":"DKK","variables":{"ref":"x-1"}}"#;
    let response = sim.handle(at(0), &request("POST", "/payments", body));
    assert_eq!(response.status(), StatusCode::CREATED);
    let made = parsed(&response);
    assert_eq!(
        response.headers()["location"],
        format!("http://sim.test/payments/{}", made["id"])
    );
    assert_eq!(made["state"], "initial");
    assert_eq!(made["accepted"], false);
    assert_eq!(made["balance"], 0);
    assert_eq!(made["operations"], Value::Array(Vec::new()));
    assert_eq!(made["variables"]["ref"], "x-1");

    let mut form = request("POST", "/payments", "order_id=form-1&currency=EUR&variables[ref]=x-2");
    form.headers_mut()
        .insert("content-type", "application/x-www-form-urlencoded".parse().unwrap());
    let made = parsed(&sim.handle(at(0), &form));
    assert_eq!(made["currency"], "EUR");
    assert_eq!(made["variables"]["ref"], "x-2");
}

#[test]
fn fields_must_keep_their_rules() {
    for (body, field, text) in [
        (
            r#"{"order_id":"abc","currency":"DKK"}"#,
            "order_id",
            "must have length between 4 and 20",
        ),
        (
            r#"{"order_id":"123456789012345678901","currency":"DKK"}"#,
            "order_id",
            "must have length between 4 and 20",
        ),
        (
            r#"{"order_id":"abc#1","currency":"DKK"}"#,
            "order_id",
            "must have length between 4 and 20",
        ),
        (r#"{"currency":"DKK"}"#, "order_id", "is required"),
        (
            r#"{"order_id":"abcd","currency":"dkk"}"#,
            "currency",
            "must be three uppercase letters",
        ),
        (r#"{"order_id":"abcd"}"#, "currency", "is required"),
        ("[]", "body", "is invalid"),
    ] {
        let (status, answer) = send(&mut sim(), 0, "POST", "/payments", body);
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(answer["message"], "Validation error");
        assert_eq!(answer["errors"][field][0], text, "{body}");
    }
    let body = r#"{"order_id":"abcd","currency":"DKK","basket":[{"qty":1}]}"#;
    assert_eq!(
        send(&mut sim(), 0, "POST", "/payments", body).0,
        StatusCode::INTERNAL_SERVER_ERROR
    );
}

#[test]
fn an_order_id_is_taken_once() {
    let body = r#"{"order_id":"A1B2","currency":"DKK"}"#;
    for (duplicate_409, status) in [(false, 400), (true, 409)] {
        let mut sim = with(Settings {
            duplicate_409,
            ..Settings::default()
        });
        send(&mut sim, 0, "POST", "/payments", body);
        let (got, answer) = send(&mut sim, 0, "POST", "/payments", body);
        assert_eq!(got.as_u16(), status);
        assert_eq!(answer["errors"]["order_id"][0], "already exists on another payment");
    }
}

#[test]
fn what_does_not_exist_is_said_so() {
    let mut sim = sim();
    let (status, answer) = send(&mut sim, 0, "GET", "/payments/1111", "");
    assert_eq!(
        (status.as_u16(), &answer["message"]),
        (404, &"Not found: No Payment with id 1111".into())
    );
    let response = sim.handle(at(0), &request("GET", "/nowhere", ""));
    assert_eq!(
        (response.status().as_u16(), response.body().as_ref()),
        (404, b"404 Not Found".as_slice())
    );
    assert_eq!(
        send(&mut sim, 0, "DELETE", "/payments", "").0,
        StatusCode::METHOD_NOT_ALLOWED
    );
}

#[test]
fn the_list_is_filtered_and_paged() {
    let mut sim = with(Settings {
        link_header: true,
        ..Settings::default()
    });
    for order in ["abc-1", "abc-2", "abc-3"] {
        payment(&mut sim, order);
    }
    let (_, found) = send(&mut sim, 0, "GET", "/payments?order_id=abc-2&page_size=2", "");
    assert_eq!(found.as_array().unwrap().len(), 1);
    assert_eq!(
        send(&mut sim, 0, "GET", "/payments?order_id=ABC-2", "").1,
        Value::Array(Vec::new())
    );
    let response = sim.handle(at(0), &request("GET", "/payments?page_size=2", ""));
    assert!(response.headers()["link"].to_str().unwrap().contains("page=2"));
    let page = parsed(&response);
    assert_eq!(
        (&page[0]["order_id"], &page[1]["order_id"]),
        (&"abc-3".into(), &"abc-2".into())
    );
    let (_, rest) = send(&mut sim, 0, "GET", "/payments?page_size=2&page=2", "");
    assert_eq!(rest[0]["order_id"], "abc-1");
    let (_, none) = send(
        &mut sim,
        0,
        "GET",
        "/payments?max_time=2020-01-01%2000:00:00%20%2B0000",
        "",
    );
    assert_eq!(none, Value::Array(Vec::new()));
}

#[test]
fn a_foreign_payment_is_found() {
    let mut sim = sim();
    sim.add_foreign(at(0), 1000, "DKK");
    let (_, found) = send(&mut sim, 0, "GET", "/payments?state=processed", "");
    assert_eq!(found[0]["balance"], 1000);
    assert_eq!(sim.ledger().movements[1].origin, crate::Origin::Foreign);
}

#[test]
fn ping_account_and_key() {
    let mut sim = with(Settings {
        denied: vec!["GET /account".to_owned()],
        ..Settings::default()
    });
    assert_eq!(send(&mut sim, 0, "GET", "/ping?a=b", "").1["scope"], "merchant");
    let mut anonymous = request("GET", "/ping", "");
    anonymous.headers_mut().remove("authorization");
    assert_eq!(parsed(&sim.handle(at(0), &anonymous))["scope"], "anonymous");
    assert_eq!(
        send(&mut sim, 0, "GET", "/account/private-key", "").1["private_key"],
        "sim-private-key"
    );
    let (status, answer) = send(&mut sim, 0, "GET", "/account", "");
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(answer["message"], "Not authorized: Not authorized to GET /account");
}
