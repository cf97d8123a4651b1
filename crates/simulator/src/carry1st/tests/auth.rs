//! Tokens, media types and signatures.

use super::*;

#[test]
fn the_token_call_has_its_statuses() {
    let mut bench = Bench::plain();
    let (status, body) = bench.grant();
    assert_eq!(status, StatusCode::OK);
    let (access, refresh) = (
        body["accessToken"].as_str().unwrap(),
        body["refreshToken"].as_str().unwrap(),
    );
    assert_ne!(access, refresh);
    for token in [access, refresh] {
        assert!(token.contains('+') && token.contains('/') && token.ends_with('='));
        assert!(STANDARD.decode(token).is_ok());
    }
    let role = r#"{"role":"API_USER"}"#;
    assert_eq!(code(&bench.grant_as("sim-key:sim-secret", "{}")), (400, "SIM_FIELD"));
    assert_eq!(
        code(&bench.grant_as("sim-key:sim-secret", r#"{"role":"X"}"#)),
        (401, "SIM_ROLE")
    );
    assert_eq!(code(&bench.grant_as("sim-key:wrong", role)), (401, "SIM_CREDENTIALS"));
    assert_eq!(
        code(&bench.grant_as("other:sim-secret", role)),
        (401, "SIM_CREDENTIALS")
    );
    assert_eq!(
        code(&bench.grant_as("sim-key-forbidden:wrong", role)),
        (401, "SIM_CREDENTIALS")
    );
    assert_eq!(
        code(&bench.grant_as("sim-key-forbidden:sim-secret", role)),
        (403, "SIM_PERMISSION")
    );
}

#[test]
fn too_many_token_calls_are_refused_for_a_minute() {
    let mut bench = Bench::new(Settings {
        tokens_per_minute: 2,
        ..Settings::default()
    });
    assert_eq!(bench.grant().0, StatusCode::OK);
    assert_eq!(code(&bench.grant()), (429, "SIM_RATE"));
    bench.pass(60);
    assert_eq!(bench.grant().0, StatusCode::OK);
}

#[test]
fn a_refresh_token_works_once() {
    let text = |body: &Value| body["refreshToken"].as_str().unwrap().to_owned();
    let mut bench = Bench::plain();
    let first = text(&bench.grant().1);
    let (status, body) = bench.renew(&first);
    assert_eq!(status, StatusCode::OK);
    let second = text(&body);
    assert_ne!(first, second);
    assert_eq!(code(&bench.renew(&first)), (401, "SIM_REFRESH"));
    bench.token = bench.renew(&second).1["accessToken"].as_str().unwrap().to_owned();
    bench.pay("order-1");
    bench.provider.settings_mut().strict_refresh = false;
    assert_eq!(bench.renew(&first).0, StatusCode::OK);
}

#[test]
fn an_access_token_lives_its_time() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    let path = format!("/api/pay1st/payments?reference={reference}");
    bench.pass(299);
    assert_eq!(bench.get(&path).0, StatusCode::OK);
    bench.pass(1);
    assert_eq!(code(&bench.get(&path)), (401, "SIM_TOKEN"));
    bench.token = bench.grant().1["accessToken"].as_str().unwrap().to_owned();
    assert_eq!(bench.get(&path).0, StatusCode::OK);
    bench.provider.expire_tokens();
    assert_eq!(code(&bench.get(&path)), (401, "SIM_TOKEN"));
}

#[test]
fn the_token_goes_in_its_own_header() {
    let mut bench = Bench::plain();
    let mut request = bench.signed(CREATE, PAYMENT, &order_of("order-1"));
    let token = request.headers_mut().remove("AccessToken").unwrap();
    request.headers_mut().insert("authorization", token);
    assert_eq!(code(&bench.send(request)), (401, "SIM_TOKEN"));
}

#[test]
fn methods_and_media_types_are_strict() {
    let mut bench = Bench::plain();
    for media in ["application/json", REFUND, &format!("{PAYMENT};charset=utf-8")] {
        let request = bench.signed(CREATE, media, &order_of("order-1"));
        assert_eq!(code(&bench.send(request)), (405, "SIM_MEDIA_TYPE"), "{media}");
    }
    let mut bare = bench.signed(CREATE, PAYMENT, &order_of("order-1"));
    bare.headers_mut().remove("content-type");
    assert_eq!(code(&bench.send(bare)), (405, "SIM_MEDIA_TYPE"));
    assert_eq!(code(&bench.get(CREATE)), (405, "SIM_METHOD"));
    assert_eq!(code(&bench.get("/api/pay1st/elsewhere")), (404, "SIM_NOT_FOUND"));
    assert!(bench.get("/api/pay1st/elsewhere").1["sessionId"].is_string());
    assert_eq!(bench.provider.references().count(), 0);
}

#[test]
fn signatures_follow_the_published_vector() {
    let body = r#"{"countryCode":"NG","currencyCode":"NGN","amount":100,"partnerReference":"4a662291-2840-4bcd-aae9-553ab24601ed","callbackSuccessUrl":"<https://callback.success","callbackFailureUrl":"https://callback.failure","callbackPendingUrl":"https://callback.pending","callbackCancelUrl":"https://callback.cancel","webhookUrl":"https://webhook.success","products":[{"title":"10> Credits","sku":"12345","price":100,"quantity":1,"currencyCode":"NGN"}],"metadata":[{"key":"customerId","value":"1"}]}"#;
    let key = "hCyO_Flnu6aid-bhFYTYOowkxXRzoZkgzO32rB6Ik8Y";
    assert_eq!(
        signing::sign(key, "2025-03-17T08:10:52.544247646Z", body.as_bytes()),
        "85aa0862aa052f737d3cf4d38f92091ea7c015e782d207ea18cc5641d3e47755"
    );
    // The provider takes it too, in its own time.
    let mut bench = Bench::new(Settings {
        signing_key: key.to_owned(),
        ..Settings::default()
    });
    bench.now = "2025-03-17T08:12:00Z".parse().unwrap();
    bench.token = bench.grant().1["accessToken"].as_str().unwrap().to_owned();
    let mut request = bench.signed(CREATE, PAYMENT, body);
    let headers = request.headers_mut();
    headers.insert("x-timestamp", "2025-03-17T08:10:52.544247646Z".parse().unwrap());
    headers.insert(
        "x-signature",
        "85aa0862aa052f737d3cf4d38f92091ea7c015e782d207ea18cc5641d3e47755"
            .parse()
            .unwrap(),
    );
    assert_eq!(bench.send(request).0, StatusCode::CREATED);
}

#[test]
fn wrong_and_stale_signatures_are_refused() {
    let mut bench = Bench::plain();
    let good = bench.signed(CREATE, PAYMENT, &order_of("order-1"));
    let mut altered = good.clone();
    *altered.body_mut() = Bytes::from(order_of("order-2"));
    assert_eq!(code(&bench.send(altered)), (400, "SIM_SIGNATURE"));
    for (header, expected) in [("x-signature", "SIM_SIGNATURE"), ("x-timestamp", "SIM_TIMESTAMP")] {
        let mut without = good.clone();
        without.headers_mut().remove(header);
        assert_eq!(code(&bench.send(without)), (400, expected));
    }
    let mut nonsense = good.clone();
    nonsense
        .headers_mut()
        .insert("x-timestamp", "yesterday".parse().unwrap());
    assert_eq!(code(&bench.send(nonsense)), (400, "SIM_TIMESTAMP"));
    bench.provider.settings_mut().token_life = Duration::from_secs(3600);
    bench.token = bench.grant().1["accessToken"].as_str().unwrap().to_owned();
    let stale = bench.signed(CREATE, PAYMENT, &order_of("order-1"));
    bench.pass(301);
    assert_eq!(code(&bench.send(stale.clone())), (400, "SIM_TIMESTAMP"));
    bench.now = "2026-01-02T02:59:04Z".parse().unwrap();
    assert_eq!(code(&bench.send(stale.clone())), (400, "SIM_TIMESTAMP"));
    bench.now = "2026-01-02T02:59:05Z".parse().unwrap();
    assert_eq!(bench.send(stale).0, StatusCode::CREATED);
}

#[test]
fn lookups_may_have_to_be_signed() {
    let mut bench = Bench::new(Settings {
        signed_gets: true,
        ..Settings::default()
    });
    let path = "/api/pay1st/payments/methods?countryCode=NG";
    assert_eq!(code(&bench.get(path)), (400, "SIM_TIMESTAMP"));
    let mut request = bench.signed(path, CHANNEL, "");
    *request.method_mut() = Method::GET;
    assert_eq!(bench.send(request).0, StatusCode::OK);
    assert_eq!(
        signing::sign("test-signing-key", "2026-01-02T03:04:05Z", b""),
        "8dcdf1a5788015249b025921a49cbbb0532470a9c7c6df75272c5b923b969186"
    );
}
