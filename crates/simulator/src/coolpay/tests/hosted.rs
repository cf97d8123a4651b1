//! Links, the hosted page and callbacks.

use super::*;
use crate::coolpay::sign::checksum;
use crate::{Origin, Webhook};

const LINK: &str = r#"{"amount":1000,"continue_url":"http://shop.test/ok?a=1&b=2","cancel_url":"http://shop.test/no",
    "callback_url":"http://shop.test/hook"}"#;

fn linked(sim: &mut CoolPay, order_id: &str, body: &str) -> (String, String) {
    let id = payment(sim, order_id);
    let (status, link) = send(sim, 0, "PUT", &format!("/payments/{id}/link"), body);
    assert_eq!(status, StatusCode::OK, "{link}");
    (id, link["url"].as_str().unwrap().to_owned())
}

fn press(sim: &mut CoolPay, seconds: i64, url: &str, form: &str) -> Response<Bytes> {
    sim.handle(
        at(seconds),
        &Request::post(url).body(Bytes::from(form.to_owned())).unwrap(),
    )
}

fn page(response: &Response<Bytes>) -> String {
    String::from_utf8_lossy(response.body()).into_owned()
}

fn state(webhook: &Webhook) -> Value {
    serde_json::from_slice::<Value>(webhook.request.body()).unwrap()["state"].clone()
}

#[test]
fn a_customer_pays_behind_a_link() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "link-1", LINK);
    assert_eq!(
        send(&mut sim, 0, "PUT", &format!("/payments/{id}/link"), LINK).1["url"],
        url.as_str()
    );
    let shown = page(&sim.handle(at(1), &Request::get(&url).body(Bytes::new()).unwrap()));
    assert!(
        shown.contains("10.00 DKK") && shown.contains("visa-declined"),
        "{shown}"
    );

    let declined = press(&mut sim, 2, &url, "do=pay&card=visa-declined");
    assert!(page(&declined).contains("Not paid"));
    let paid = press(&mut sim, 3, &url, "do=pay&card=visa-approved&number=");
    assert_eq!(
        (paid.status(), &paid.headers()["location"]),
        (StatusCode::SEE_OTHER, &"http://shop.test/ok?a=1&b=2".parse().unwrap())
    );
    assert_eq!(sim.ledger().movements[0].origin, Origin::Page);
    press(&mut sim, 4, &url, "do=pay&card=visa-approved");
    assert_eq!(total(&sim, &id, Kind::Authorize), 1000);
    assert_eq!(
        send(&mut sim, 5, "GET", &format!("/payments/{id}"), "").1["metadata"]["origin"],
        "form"
    );
    let (status, _) = send(&mut sim, 6, "PUT", &format!("/payments/{id}/link"), LINK);
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

#[test]
fn a_customer_cancels_or_the_link_goes() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "link-2", LINK);
    let response = press(&mut sim, 1, &url, "do=cancel");
    assert_eq!(response.headers()["location"], "http://shop.test/no");
    assert_eq!(
        send(&mut sim, 2, "DELETE", &format!("/payments/{id}/link"), "").0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        press(&mut sim, 3, &url, "do=pay&card=visa-approved").status(),
        StatusCode::NOT_FOUND
    );
    assert!(sim.ledger().movements.is_empty());
    let (_, fresh) = send(&mut sim, 4, "PUT", &format!("/payments/{id}/link"), LINK);
    assert_ne!(fresh["url"], url.as_str());
    let bad = r#"{"amount":1000,"continue_url":"javascript:alert(1)"}"#;
    assert_eq!(
        send(&mut sim, 4, "PUT", &format!("/payments/{id}/link"), bad).0,
        StatusCode::BAD_REQUEST
    );
}

#[test]
fn the_page_asks_for_proof() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "link-3", LINK);
    assert!(page(&press(&mut sim, 1, &url, "do=pay&card=visa-3ds")).contains("3-D Secure"));
    assert!(page(&press(&mut sim, 2, &url, "do=refuse")).contains("Not paid"));
    press(&mut sim, 3, &url, "do=pay&card=visa-3ds");
    assert_eq!(press(&mut sim, 4, &url, "do=confirm").status(), StatusCode::SEE_OTHER);
    let (_, body) = send(&mut sim, 5, "GET", &format!("/payments/{id}"), "");
    let codes: Vec<_> = body["operations"]
        .as_array()
        .unwrap()
        .iter()
        .map(|o| o["qp_status_code"].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["30100", "40000", "30100", "20000"]);
    assert_eq!(
        (&last(&body)["3d_secure_status"], &body["metadata"]["is_3d_secure"]),
        (&"Y".into(), &true.into())
    );
}

#[test]
fn the_time_to_pay_ends() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "link-4", &LINK.replacen('{', r#"{"deadline":600,"#, 1));
    assert!(page(&press(&mut sim, 600, &url, "do=pay&card=visa-approved")).contains("over"));
    let (_, body) = send(&mut sim, 601, "GET", &format!("/payments/{id}"), "");
    assert_eq!(
        (&last(&body)["type"], &body["accepted"]),
        (&"deadline".into(), &false.into())
    );
}

#[test]
fn callbacks_are_signed_and_come_in_order() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "hook-1", &LINK.replacen('{', r#"{"auto_capture":true,"#, 1));
    press(&mut sim, 1, &url, "do=pay&card=visa-approved");
    let first = sim.due(at(1));
    assert_eq!(first.len(), 1);
    assert_eq!(state(&first[0]), "new");
    assert!(sim.due(at(1)).is_empty(), "the second waits for the first");
    let request = &first[0].request;
    assert_eq!(request.uri(), "http://shop.test/hook");
    let signed = checksum("sim-private-key", request.body());
    assert_eq!(request.headers()["CoolPay-Checksum-Sha256"], signed);
    assert_eq!(request.headers()["QuickPay-Checksum-Sha256"], signed);
    assert_eq!(request.headers()["coolpay-resource-type"], "Payment");

    sim.answered(at(2), first[0].id, Some(StatusCode::INTERNAL_SERVER_ERROR));
    assert!(sim.due(at(61)).is_empty());
    let again = sim.due(at(62));
    assert_ne!(again[0].id, first[0].id);
    assert_eq!(again[0].request.body(), request.body());
    sim.answered(at(63), again[0].id, Some(StatusCode::FOUND));
    let second = sim.due(at(63));
    assert_eq!(state(&second[0]), "processed");
    sim.answered(at(64), second[0].id, Some(StatusCode::OK));
    assert_eq!(sim.callbacks_left(), 0);
    let (_, body) = send(&mut sim, 65, "GET", &format!("/payments/{id}/operations/1"), "");
    assert_eq!(
        (&body["callback_success"], &body["callback_response_code"]),
        (&true.into(), &302.into())
    );
}

#[test]
fn a_callback_is_given_up_after_24_tries() {
    let mut sim = with(Settings {
        callback_url: Some("http://shop.test/all".to_owned()),
        ..Settings::default()
    });
    let (id, _) = linked(&mut sim, "hook-2", LINK);
    act(&mut sim, 1, &id, "authorize", &charge("visa-approved"));
    let (mut now, mut tries) = (1, 0);
    while sim.callbacks_left() > 0 {
        for webhook in sim.due(at(now)) {
            assert_eq!(webhook.request.uri(), "http://shop.test/all");
            tries += 1;
            sim.answered(at(now), webhook.id, None);
        }
        now += 60;
    }
    assert_eq!(tries, 24);
}

#[test]
fn a_header_names_the_address_of_one_callback() {
    let mut sim = sim();
    let id = payment(&mut sim, "hook-3");
    let path = format!("/payments/{id}/authorize?synchronized");
    let mut request = request("POST", &path, &charge("visa-approved"));
    request
        .headers_mut()
        .insert("QuickPay-Callback-Url", "http://shop.test/one".parse().unwrap());
    sim.handle(at(1), &request);
    act(&mut sim, 2, &id, "capture", r#"{"amount":1000}"#);
    let due = sim.due(at(2));
    assert_eq!(due[0].request.uri(), "http://shop.test/one");
    assert_eq!(sim.callbacks_left(), 1);
}

#[test]
fn addresses_follow_the_host_when_the_port_is_open() {
    let mut sim = with(Settings::default());
    let id = payment(&mut sim, "host-1");
    let mut request = request("PUT", &format!("/payments/{id}/link"), LINK);
    request.headers_mut().insert("host", "127.0.0.1:4242".parse().unwrap());
    let url = parsed(&sim.handle(at(1), &request))["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:4242/payments/"), "{url}");
    assert_eq!(sim.link_url(&id), Some(url));
    assert_eq!(sim.payment_of_order("host-1"), Some(id));
}

#[test]
fn a_second_tab_learns_that_the_payment_is_done() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "tabs-1", LINK);
    let open = |sim: &mut CoolPay, seconds| sim.handle(at(seconds), &Request::get(&url).body(Bytes::new()).unwrap());
    assert!(page(&open(&mut sim, 1)).contains("value=\"pay\""));
    assert_eq!(
        press(&mut sim, 2, &url, "do=pay&card=visa-approved").status(),
        StatusCode::SEE_OTHER
    );
    for second in [
        press(&mut sim, 3, &url, "do=pay&card=visa-approved"),
        press(&mut sim, 4, &url, "do=cancel"),
        open(&mut sim, 5),
    ] {
        let text = page(&second);
        assert_eq!(second.status(), StatusCode::OK);
        assert!(
            text.contains("This is done already") && text.contains("Nothing was charged again"),
            "{text}"
        );
        assert!(text.contains("href=\"http://shop.test/ok?a=1&amp;b=2\""));
        assert!(!text.contains("<form"), "{text}");
    }
    assert_eq!(total(&sim, &id, Kind::Authorize), 1000);
    assert_eq!(sim.ledger().movements.len(), 1);
}

#[test]
fn a_payment_left_undecided_is_decided_by_the_provider() {
    for (code, booked) in [("20000", 1000), ("40000", 0)] {
        let mut sim = sim();
        let (id, url) = linked(&mut sim, "held-1", LINK);
        assert_eq!(press(&mut sim, 1, &url, "do=hold").status(), StatusCode::SEE_OTHER);
        assert_eq!(total(&sim, &id, Kind::Authorize), 0);
        assert!(sim.due(at(3600)).is_empty());
        assert!(page(&press(&mut sim, 3600, &url, "do=pay&card=visa-approved")).contains("being processed"));
        assert!(sim.decide(at(3601), &id, 1, code));
        assert_eq!(total(&sim, &id, Kind::Authorize), booked);
        let told = sim.due(at(3601));
        assert_eq!(state(&told[0]), if booked > 0 { "new" } else { "rejected" });
    }
}

#[test]
fn the_window_is_declined_or_closed_without_a_word() {
    let mut sim = sim();
    let (id, url) = linked(&mut sim, "close-1", LINK);
    assert!(page(&press(&mut sim, 1, &url, "do=close")).contains("You closed the window"));
    assert!(sim.due(at(2)).is_empty());
    let (_, body) = send(&mut sim, 3, "GET", &format!("/payments/{id}"), "");
    assert_eq!(body["state"], "initial");
    assert!(page(&press(&mut sim, 4, &url, "do=decline&card=visa-approved")).contains("Not paid"));
    assert_eq!(
        press(&mut sim, 5, &url, "do=pay&card=visa-approved").status(),
        StatusCode::SEE_OTHER
    );
    assert_eq!(total(&sim, &id, Kind::Authorize), 1000);
}

#[test]
fn the_window_can_be_used_by_anybody_and_runs_nothing() {
    let mut sim = with(Settings {
        callback_after: std::time::Duration::from_secs(3),
        ..Settings::default()
    });
    let (_, url) = linked(&mut sim, "page-1", LINK);
    let response = sim.handle(at(1), &Request::get(&url).body(Bytes::new()).unwrap());
    let headers = response.headers();
    assert!(
        headers["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(headers["referrer-policy"], "no-referrer");
    let text = page(&response);
    for part in [
        "id=\"do-pay\"",
        "id=\"do-hold\"",
        "id=\"card-visa-3ds\" name=\"card\" value=\"visa-3ds\"",
        "for=\"card-visa-3ds\"",
        "id=\"number\" name=\"number\"",
        "account 4711",
        "No money moves here",
    ] {
        assert!(text.contains(part), "{part} is missing: {text}");
    }
    press(&mut sim, 2, &url, "do=pay&number=<script>alert(1)</script>");
    assert!(!page(&press(&mut sim, 2, &url, "do=<script>")).contains("<script"));
    press(&mut sim, 3, &url, "do=pay&card=visa-approved");
    assert!(sim.due(at(4)).is_empty(), "the browser is back before the callback");
    assert_eq!(sim.due(at(5)).len(), 1);
}

#[test]
fn a_forged_callback_is_not_signed_for_what_it_says() {
    let mut sim = sim();
    let (_, url) = linked(&mut sim, "forged-1", LINK);
    press(&mut sim, 1, &url, "do=pay&card=visa-declined");
    let mut host = crate::Host::new(Box::new(sim));
    host.webhook_faults
        .add(crate::Matcher::any(), crate::WebhookFault::Forged);
    let due = host.due(at(2));
    let signed = |webhook: &Webhook| {
        let sum = checksum("sim-private-key", webhook.request.body());
        webhook.request.headers()["coolpay-checksum-sha256"] == sum
    };
    let said = |webhook: &Webhook| serde_json::from_slice::<Value>(webhook.request.body()).unwrap()["accepted"].clone();
    assert_eq!(due.iter().map(signed).collect::<Vec<_>>(), [false, true]);
    assert_eq!(due.iter().map(said).collect::<Vec<_>>(), [true, false]);
}
