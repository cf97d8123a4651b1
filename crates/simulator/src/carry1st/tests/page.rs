//! The hosted page.

use super::*;

fn open(bench: &mut Bench, query: &str) -> Response<Bytes> {
    let request = Request::get(format!("/checkout?{query}")).body(Bytes::new()).unwrap();
    assert!(bench.provider.only_reads(&request));
    bench.provider.handle(bench.now, &request)
}

fn submit(bench: &mut Bench, form: &str) -> Response<Bytes> {
    let request = Request::post("/checkout")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::from(form.to_owned()))
        .unwrap();
    bench.provider.handle(bench.now, &request)
}

fn keys(bench: &Bench, reference: &str) -> String {
    let token = utf8_percent_encode(&bench.token, NON_ALPHANUMERIC);
    format!("reference={reference}&accessToken={token}")
}

#[test]
fn a_person_pays_and_is_sent_back() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    let keys = keys(&bench, &reference);
    let page = open(&mut bench, &keys);
    assert_eq!(page.status(), StatusCode::OK);
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    for text in ["100.50 NGN", "10 &lt;Credits&gt;", "Opay Wallet", "4111111111111111"] {
        assert!(html.contains(text), "{text} is missing");
    }
    assert_eq!(bench.provider.status(&reference), Some("NEW"));
    let answer = submit(&mut bench, &format!("{keys}&channelId=108&outcome=SUCCESSFUL"));
    assert_eq!(answer.status(), StatusCode::FOUND);
    assert_eq!(answer.headers()["location"], SUCCESS);
    let body = bench.look_up(&reference);
    assert_eq!(
        (&body["status"], &body["channelId"]),
        (&"SUCCESSFUL".into(), &108.into())
    );
    assert_eq!(body["channelName"], "Opay Wallet");
    assert_eq!(bench.booked(&reference, Kind::Capture), 10_050);
    assert_eq!(bench.hooks()[0]["status"], "SUCCESSFUL");
    assert_eq!(
        submit(&mut bench, &format!("{keys}&outcome=FAILED")).status(),
        StatusCode::GONE
    );
}

#[test]
fn every_end_has_its_way_back() {
    for (outcome, status, location) in [
        ("FAILED", 302, Some("https://shop.example/failure")),
        ("PENDING", 302, Some("https://shop.example/pending")),
        ("CANCELLED", 302, Some("https://shop.example/cancel")),
        ("ABANDONED", 200, None),
        ("REFUND", 400, None),
    ] {
        let mut bench = Bench::plain();
        bench.provider.settings_mut().fallback = Urls {
            failure: Some("https://shop.example/failure".to_owned()),
            pending: Some("https://shop.example/pending".to_owned()),
            cancel: Some("https://shop.example/another".to_owned()),
            ..Urls::default()
        };
        let reference = bench.pay("order-1");
        let keys = keys(&bench, &reference);
        let answer = submit(&mut bench, &format!("{keys}&outcome={outcome}"));
        assert_eq!(answer.status().as_u16(), status);
        let sent = answer.headers().get("location").map(|value| value.to_str().unwrap());
        assert_eq!(sent, location);
        assert!(bench.provider.ledger().movements.is_empty());
    }
}

#[test]
fn the_card_decides_where_no_outcome_is_chosen() {
    for (card, status) in [
        ("4111 1111 1111 1111", "SUCCESSFUL"),
        ("4000000000000077", "PENDING"),
        ("1", "FAILED"),
    ] {
        let mut bench = Bench::plain();
        let reference = bench.pay("order-1");
        let keys = keys(&bench, &reference);
        submit(&mut bench, &format!("{keys}&channelId=2&card={card}&outcome="));
        assert_eq!(bench.provider.status(&reference), Some(status));
    }
}

#[test]
fn a_link_needs_its_token_escaped_and_the_right_channel() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    let keys = keys(&bench, &reference);
    // A plus sign that was not escaped arrives as a space.
    let raw = format!("reference={reference}&accessToken={}", bench.token);
    assert_eq!(open(&mut bench, &raw).status(), StatusCode::UNAUTHORIZED);
    let other = keys.replace(&reference, "C-1-P");
    assert_eq!(open(&mut bench, &other).status(), StatusCode::NOT_FOUND);
    for (channel, status) in [("2", 200), ("8", 400), ("3", 400), ("121", 400)] {
        let answer = open(&mut bench, &format!("{keys}&channelId={channel}"));
        assert_eq!(answer.status().as_u16(), status, "{channel}");
    }
    bench.pass(301);
    assert_eq!(open(&mut bench, &keys).status(), StatusCode::UNAUTHORIZED);
    // Who had it open may finish.
    assert_eq!(
        submit(&mut bench, &format!("{keys}&outcome=SUCCESSFUL")).status(),
        StatusCode::FOUND
    );
    let later = bench.pay_anew();
    let link = bench.provider.link(bench.now, &later);
    assert_eq!(
        open(&mut bench, link.split_once('?').unwrap().1).status(),
        StatusCode::OK
    );
}

impl Bench {
    fn pay_anew(&mut self) -> String {
        self.token = self.grant().1["accessToken"].as_str().unwrap().to_owned();
        self.pay("order-anew")
    }
}

#[test]
fn a_second_tab_learns_that_the_payment_is_over() {
    let mut bench = Bench::plain();
    let reference = bench.pay("order-1");
    let keys = keys(&bench, &reference);
    assert_eq!(
        submit(&mut bench, &format!("{keys}&outcome=")).status(),
        StatusCode::FOUND
    );
    let second = submit(&mut bench, &format!("{keys}&outcome="));
    let html = String::from_utf8_lossy(second.body()).into_owned();
    assert_eq!(second.status(), StatusCode::GONE);
    assert!(
        html.contains("over: SUCCESSFUL") && html.contains("Nothing was charged again"),
        "{html}"
    );
    assert!(html.contains("href=\"https://shop.example/ok?order=1&amp;x=a%20b\"") && !html.contains("<form"));
    assert_eq!(open(&mut bench, &keys).status(), StatusCode::GONE);
    assert_eq!(bench.provider.ledger().movements.len(), 1);
    assert_eq!(bench.hooks().len(), 1);
}

#[test]
fn what_is_held_is_decided_in_the_back_office() {
    for (outcome, action, status, booked) in [
        ("PENDING", BackOfficeAction::Accept, "SUCCESSFUL", 10_050),
        ("PENDING_INVESTIGATION", BackOfficeAction::Accept, "SUCCESSFUL", 10_050),
        ("PENDING_INVESTIGATION", BackOfficeAction::Refuse, "FAILED", 0),
    ] {
        let mut bench = Bench::plain();
        let reference = bench.pay("order-1");
        assert!(bench.provider.entries()[0].actions.is_empty());
        let keys = keys(&bench, &reference);
        submit(&mut bench, &format!("{keys}&outcome={outcome}"));
        assert_eq!(bench.hooks()[0]["status"], outcome);
        assert!(bench.provider.act(bench.now, &reference, action, None));
        assert_eq!(bench.hooks()[0]["status"], status);
        assert_eq!(bench.booked(&reference, Kind::Capture), booked);
        assert!(!bench.provider.act(bench.now, &reference, action, None));
    }
}

#[test]
fn a_chargeback_takes_all_and_is_told() {
    let mut bench = Bench::plain();
    let reference = bench.paid("order-1");
    assert!(
        !bench
            .provider
            .act(bench.now, &reference, BackOfficeAction::Chargeback, Some(1))
    );
    assert!(
        bench
            .provider
            .act(bench.now, &reference, BackOfficeAction::Chargeback, None)
    );
    let taken = bench.provider.ledger().movements.last().unwrap();
    assert_eq!(
        (taken.kind, taken.minor, taken.origin),
        (Kind::Chargeback, 10_050, Origin::BackOffice)
    );
    assert_eq!(bench.hooks()[0]["status"], "CHARGEBACK");
    assert!(bench.provider.entries()[0].actions.is_empty());
}

#[test]
fn the_page_escapes_has_its_marks_and_its_webhook_can_be_slow() {
    let mut bench = Bench::plain();
    bench.provider.settings_mut().webhook_after = Duration::from_secs(3);
    let reference = bench.pay("<script>alert(1)</script>");
    let keys = keys(&bench, &reference);
    let page = open(&mut bench, &keys);
    assert!(page.headers().contains_key("content-security-policy"));
    assert_eq!(page.headers()["referrer-policy"], "no-referrer");
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(
        html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"),
        "{html}"
    );
    for part in [
        "id=\"outcome-pay\" name=\"outcome\" value=\"\"",
        "id=\"outcome-abandoned\"",
        "name=\"card\" value=\"4000000000000002\"",
        "id=\"channel-108\"",
    ] {
        assert!(html.contains(part), "{part} is missing: {html}");
    }
    submit(
        &mut bench,
        &format!("{keys}&card=4111111111111111&number=4000000000000002&outcome="),
    );
    assert_eq!(
        bench.provider.status(&reference),
        Some("FAILED"),
        "the number typed counts"
    );
    assert!(bench.hooks().is_empty());
    bench.pass(3);
    assert_eq!(bench.hooks().len(), 1);
}
