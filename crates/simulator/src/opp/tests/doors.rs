//! Who is let in, which paths there are, and what is refused before it is recorded.

use super::*;

#[test]
fn the_token_decides_between_401_and_403() {
    for (value, status) in [
        (None, 401),
        (Some("Basic c2lt"), 401),
        (Some("Bearer "), 401),
        (Some("Bearer other"), 403),
    ] {
        let mut desk = Desk::v3();
        let mut request = Request::post("/v3/payments").header(header::CONTENT_TYPE, FORM);
        if let Some(value) = value {
            request = request.header(header::AUTHORIZATION, value);
        }
        let answer = told(&desk.raw(request.body(Bytes::from(SALE)).unwrap()));
        assert_eq!(answer.status, status, "{value:?}");
        assert_eq!(answer.code(), if status == 403 { "800.900.300" } else { "" });
        assert!(desk.opp.ledger.movements.is_empty());
    }
}

#[test]
fn wrong_paths_and_ids_are_not_found() {
    let mut desk = Desk::v3();
    for path in [
        "/v3/payment",
        "/payments",
        "/v1/payments",
        "/v3/v3/payments",
        "/v3/payments/",
        "//v3/payments",
        "/v3/registrations",
    ] {
        assert_eq!(desk.post(path, SALE).status, 404, "{path}");
    }
    let id = "8ac7a4a2000000000000000000000000";
    desk.get(&format!("/v3/payments/{id}?{ENTITY}")).is(404, "700.400.580");
    desk.follow(id, "RF", "1.00").is(404, "700.400.580");
    assert_eq!(
        desk.get(&format!("/v3/query?{ENTITY}&merchantTransactionId=ord-0001-a1"))
            .status,
        404
    );
    desk.call(Method::DELETE, &format!("/v3/payments?{ENTITY}"), "")
        .is(400, "200.300.403");
}

#[test]
fn a_prefix_is_part_of_every_path() {
    let mut settings = Settings::v3();
    settings.prefix = "/gateway".to_owned();
    let mut desk = Desk::new(settings);
    assert_eq!(desk.post("/v3/payments", SALE).status, 404);
    let body = format!("{SALE}&card.number=4200000000000042");
    let answer = desk.post("/gateway/v3/payments", &body);
    let url = answer.is(200, "000.200.000").body["redirect"]["url"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(url.starts_with("http://127.0.0.1:8080/gateway/challenge/"), "{url}");
}

#[test]
fn missing_and_badly_written_fields_are_named() {
    let mut desk = Desk::v3();
    for name in [
        "paymentType",
        "amount",
        "currency",
        "card.number",
        "card.expiryMonth",
        "card.expiryYear",
    ] {
        let body = format!("{SALE}&card.number=4200000000000000");
        let kept: Vec<&str> = body
            .split('&')
            .filter(|pair| !pair.starts_with(&format!("{name}=")))
            .collect();
        let answer = desk.post("/v3/payments", &kept.join("&"));
        assert_eq!(
            answer.is(400, "200.300.404").body["result"]["parameterErrors"][0]["name"],
            name
        );
        assert!(!answer.has("id"));
    }
    for (from, to) in [
        ("=92.00", "=92.0"),
        ("=92.00", "=92,00"),
        ("=EGP", "=egp"),
        ("ord-0001-a1", "short"),
        ("=05", "=13"),
    ] {
        let body = format!("{}&card.number=4200000000000000", SALE.replace(from, to));
        desk.post("/v3/payments", &body).is(400, "200.300.404");
    }
    let body = SALE.replace("card.cvv=123", "card.cvv=12");
    let answer = desk.post("/v3/payments", &format!("{body}&card.number=4200000000000000"));
    assert_eq!(
        answer.is(400, "200.300.404").body["result"]["parameterErrors"][0]["value"],
        "12"
    );
}

#[test]
fn amounts_the_wire_cannot_say_have_codes_of_their_own() {
    let mut desk = Desk::v3();
    let cases = [
        ("92.000", "EGP", "100.550.303"),
        ("92.001", "KWD", "100.550.303"),
        ("0.00", "EGP", "100.550.300"),
        ("100.50", "JPY", "100.550.303"),
        ("12345678901.00", "EGP", "200.300.404"),
    ];
    for (amount, currency, code) in cases {
        let body = SALE.replace("92.00", amount).replace("EGP", currency);
        let answer = desk.post("/v3/payments", &format!("{body}&card.number=4200000000000000"));
        assert!(!answer.is(400, code).has("id"));
    }
    for (amount, currency, minor) in [("100.00", "JPY", 100), ("1.25", "KWD", 1250), ("7", "EGP", 700)] {
        let body = SALE.replace("92.00", amount).replace("EGP", currency);
        desk.post("/v3/payments", &format!("{body}&card.number=4200000000000000"))
            .is(200, "000.100.110");
        assert_eq!(desk.opp.ledger.movements.last().unwrap().minor, minor);
    }
}

#[test]
fn bodies_must_be_forms_and_the_entity_must_fit() {
    let mut desk = Desk::v3();
    let request = Request::post("/v3/payments")
        .header(header::AUTHORIZATION, "Bearer sim-token")
        .header(header::CONTENT_TYPE, "application/json");
    let body = Bytes::from(format!("{SALE}&card.number=4200000000000000"));
    told(&desk.raw(request.body(body).unwrap())).is(400, "200.300.404");
    let body = format!("{}&card.number=4200000000000000", SALE.replace("EB000001", "EB000002"));
    desk.post("/v3/payments", &body).is(400, "800.900.201");
    let id = desk.pay("4200000000000000", "").id();
    desk.get(&format!("/v3/payments/{id}")).is(400, "200.300.404");
    desk.opp.settings.entity_id = None;
    desk.get(&format!("/v3/payments/{id}")).is(200, "000.100.110");
}

#[test]
fn status_reads_can_be_limited() {
    let mut desk = Desk::v3();
    desk.opp.settings.status_reads_per_minute = Some(2);
    let id = desk.pay("4200000000000000", "").id();
    let path = format!("/v3/payments/{id}?{ENTITY}");
    desk.get(&path);
    desk.get(&path).is(200, "000.100.110");
    assert_ne!(desk.get(&path).is(400, "800.120.100").id(), id);
    desk.wait(60);
    desk.get(&path).is(200, "000.100.110");
}
