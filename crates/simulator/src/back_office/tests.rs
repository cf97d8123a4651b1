//! The back office's page, in front of each provider.

use http::header;

use super::*;
use crate::{Exchange, Provider};

fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

fn ask(host: &mut Host, request: &Request<Bytes>) -> Response<Bytes> {
    match host.exchange(now(), request) {
        Exchange::Answer(_, response) => response,
        other => panic!("{other:?}"),
    }
}

fn shown(host: &mut Host) -> String {
    let response = ask(host, &Request::get(PATH).body(Bytes::new()).unwrap());
    assert_eq!(response.status(), StatusCode::OK);
    assert!(response.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    String::from_utf8(response.body().to_vec()).unwrap()
}

fn press(host: &mut Host, form: &str) -> StatusCode {
    let request = Request::post(PATH).body(Bytes::from(form.to_owned())).unwrap();
    ask(host, &request).status()
}

#[cfg(any(feature = "coolpay", feature = "opp"))]
fn entry(host: &mut Host) -> Entry {
    host.provider().entries().into_iter().next().unwrap()
}

#[cfg(feature = "coolpay")]
fn coolpay() -> (Host, String) {
    use base64::Engine as _;
    let settings = crate::coolpay::Settings {
        callback_url: Some("http://127.0.0.1:1/hook".to_owned()),
        operation_time: std::time::Duration::ZERO,
        ..Default::default()
    };
    let mut host = Host::new(Box::new(crate::coolpay::CoolPay::new(settings)));
    let key = base64::engine::general_purpose::STANDARD.encode(":sim-api-key");
    for (method, path, body) in [
        ("POST", "/payments", r#"{"order_id":"order-1","currency":"DKK"}"#),
        ("PUT", "/payments/1001/link", r#"{"amount":1000}"#),
    ] {
        let request = Request::builder().method(method).uri(path);
        let request = request
            .header("authorization", format!("Basic {key}"))
            .header("accept-version", "v10")
            .header("accept", "application/json")
            .header("content-type", "application/json");
        let response = ask(&mut host, &request.body(Bytes::from(body)).unwrap());
        assert!(response.status().is_success(), "{response:?}");
    }
    let coolpay = host.provider_as::<crate::coolpay::CoolPay>().unwrap();
    let url = coolpay.link_url("1001").unwrap();
    (host, url)
}

#[cfg(feature = "coolpay")]
#[test]
fn a_person_decides_captures_and_refunds() {
    use crate::Kind;
    let (mut host, url) = coolpay();
    assert_eq!(press(&mut host, "payment=1001&deed=accept"), 400);
    let held = Request::post(&url).body(Bytes::from("do=hold")).unwrap();
    assert_eq!(ask(&mut host, &held).status(), 200);
    assert_eq!(
        (entry(&mut host).state, entry(&mut host).actions),
        (
            "pending".to_owned(),
            vec![BackOfficeAction::Accept, BackOfficeAction::Refuse]
        )
    );
    let html = shown(&mut host);
    for text in ["1001", "order-1", "10.00 DKK", "accept-1001"] {
        assert!(html.contains(text), "{text} is missing: {html}");
    }
    assert_eq!(press(&mut host, "payment=1001&deed=accept"), 303);
    assert_eq!(
        entry(&mut host).actions,
        [BackOfficeAction::Capture, BackOfficeAction::Void]
    );
    assert_eq!(press(&mut host, "payment=1001&deed=capture&amount=10.01"), 400);
    assert_eq!(press(&mut host, "payment=1001&deed=capture&amount=1e3"), 400);
    assert_eq!(press(&mut host, "payment=1001&deed=capture&amount=6.00"), 303);
    assert_eq!(press(&mut host, "payment=1001&deed=refund&amount="), 303);
    assert_eq!(press(&mut host, "payment=1001&deed=chargeback"), 400);
    let ledger = host.ledger();
    let totals = [Kind::Authorize, Kind::Capture, Kind::Refund].map(|kind| ledger.total("1001", kind));
    assert_eq!(totals, [1000, 600, 600]);
}

#[cfg(feature = "coolpay")]
#[test]
fn webhooks_are_shown_replayed_and_spoiled() {
    let (mut host, url) = coolpay();
    assert_eq!(press(&mut host, "fault=lost"), 303);
    assert_eq!(press(&mut host, "fault=eaten"), 400);
    assert_eq!(host.webhook_faults.left(), 1);
    let paid = Request::post(&url)
        .body(Bytes::from("do=pay&card=visa-approved"))
        .unwrap();
    assert_eq!(ask(&mut host, &paid).status(), 200);
    assert!(host.due(now()).is_empty());
    let html = shown(&mut host);
    assert!(
        html.contains("nobody answered") && html.contains("<td>lost</td>"),
        "{html}"
    );
    assert_eq!(press(&mut host, "replay=2"), 400);
    assert_eq!(press(&mut host, "replay=1"), 303);
    assert_eq!(host.due(now()).len(), 1);
    assert!(shown(&mut host).contains("under way"));
}

#[cfg(feature = "opp")]
#[test]
fn the_page_stands_beside_any_prefix_and_escapes() {
    let mut settings = crate::opp::Settings::v3();
    settings.prefix = "/gateway".to_owned();
    let mut opp = crate::opp::Opp::new(settings);
    opp.add_foreign(now(), 9200, "EGP");
    let mut host = Host::new(Box::new(opp));
    let found = entry(&mut host);
    assert_eq!(found.actions, [BackOfficeAction::Refund, BackOfficeAction::Chargeback]);
    let form = format!("payment={}&deed=chargeback&amount=2.00", found.payment);
    assert_eq!(press(&mut host, &form), 303);
    let taken = host.ledger().movements.last().unwrap();
    assert_eq!((taken.minor, taken.origin), (200, crate::Origin::BackOffice));
    let mut body = String::new();
    let evil = Entry {
        payment: "<script>1".to_owned(),
        reference: Some("\"><script>2".to_owned()),
        state: "<script>3".to_owned(),
        ..found
    };
    row(&mut body, &evil);
    assert!(!body.contains("<script"), "{body}");
}

#[cfg(feature = "carry1st")]
#[test]
fn what_the_provider_does_not_know_is_refused() {
    let mut host = Host::new(Box::new(crate::carry1st::Carry1st::new(
        crate::carry1st::Settings::default(),
    )));
    assert!(shown(&mut host).contains("There is none yet"));
    assert_eq!(press(&mut host, "payment=C-1-P&deed=accept"), 400);
    let now = now();
    assert!(!host.provider().act(now, "C-1-P", BackOfficeAction::Refund, None));
    assert_eq!(
        ask(&mut host, &Request::put(PATH).body(Bytes::new()).unwrap()).status(),
        405
    );
}
