//! What a person sees: the bank's page and the hosted checkout.

use super::*;
use crate::{Kind, Origin};

const ORDER: &str = "entityId=EB000001&amount=92.00&currency=EGP&paymentType=DB&merchantTransactionId=ord-0001-a1\
                     &shopperResultUrl=https%3A%2F%2Fshop.example%2Fback%3Fo%3D1&notificationUrl=https%3A%2F%2Fshop.example%2Fhook";

fn checkout(desk: &mut Desk) -> String {
    desk.post("/v3/checkouts", ORDER).is(200, "000.200.100").id()
}

fn submit(desk: &mut Desk, id: &str, body: &str) -> String {
    let path = format!("/checkouts/{id}/page");
    location(&desk.browse(Method::POST, &path, body)).to_owned()
}

#[test]
fn a_challenge_is_answered_at_the_bank_and_then_final() {
    for (action, status, code) in [
        ("approve", 200, "000.100.110"),
        ("refuse", 400, "100.390.114"),
        ("cancel", 400, "100.396.101"),
    ] {
        let mut desk = Desk::v3();
        let open = desk.pay("4200000000000042", "");
        let id = open.is(200, "000.200.000").id();
        let redirect = &open.body["redirect"];
        assert_eq!(redirect["method"], "POST");
        assert!(
            redirect["preconditions"][0]["url"]
                .as_str()
                .unwrap()
                .ends_with("/method")
        );
        assert!(desk.opp.ledger.movements.is_empty());
        let path = redirect["url"].as_str().unwrap();
        assert_eq!(desk.browse(Method::POST, path, "").status(), 400);
        let creq = redirect["parameters"][0]["value"].as_str().unwrap();
        assert_eq!(desk.browse(Method::POST, path, &format!("creq={creq}")).status(), 200);
        desk.get(&format!("/v3/payments/{id}?{ENTITY}")).is(200, "000.200.000");

        let answer = desk.browse(Method::POST, &format!("{path}/answer"), &format!("action={action}"));
        let back = format!("https://shop.example/back?id={id}&resourcePath=%2Fv3%2Fpayments%2F{id}");
        assert_eq!(location(&answer), back);
        desk.get(&format!("/v3/payments/{id}?{ENTITY}")).is(status, code);
        let again = desk.browse(Method::POST, &format!("{path}/answer"), "action=approve");
        assert_eq!(location(&again), back);
        let booked = if action == "approve" { 9200 } else { 0 };
        assert_eq!(desk.opp.ledger.total(&id, Kind::Capture), booked);
        assert_eq!(desk.opp.due(desk.now).len(), 1);
        desk.wait(3600);
        desk.get(&format!("/v3/payments/{id}?{ENTITY}")).is(status, code);
    }
}

#[test]
fn a_challenge_may_be_a_plain_link_be_asked_for_and_lapse() {
    let mut desk = Desk::v3();
    let open = desk.pay("4200000000000067", "");
    assert_eq!(
        open.is(200, "000.200.000").body["redirect"]["parameters"],
        Value::Array(Vec::new())
    );
    let path = open.body["redirect"]["url"].as_str().unwrap();
    assert_eq!(desk.browse(Method::GET, path, "").status(), 200);
    desk.pay("4200000000003004", "").is(400, "300.100.100");
    desk.pay("4200000000003004", "&threeDSecure.challengeIndicator=04")
        .is(200, "000.200.000");
    desk.pay("4200000000000000", "&customParameters%5B3DS2_flow%5D=challenge")
        .is(200, "000.200.000");
    desk.pay("4200000000000000", "&customParameters%5B3DS2_enrolled%5D=true")
        .is(400, "000.400.109");
    desk.pay("4200000000000091", "&customParameters%5B3DS2_enrolled%5D=true")
        .is(200, "000.100.110");
    let body = SALE.replace("shopperResultUrl", "elsewhere");
    let refused = desk.post("/v3/payments", &format!("{body}&card.number=4200000000000042"));
    assert_eq!(
        refused.is(400, "200.300.404").body["result"]["parameterErrors"][0]["name"],
        "shopperResultUrl"
    );
    desk.wait(30 * 60);
    let id = open.id();
    desk.get(&format!("/v3/payments/{id}?{ENTITY}")).is(400, "100.380.501");
}

#[test]
fn a_checkout_is_paid_on_its_page_and_read_once() {
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    let result = format!("/v3/checkouts/{id}/payment?{ENTITY}");
    desk.get(&result).is(400, "200.300.404");
    let page = desk.browse(Method::GET, &format!("/checkouts/{id}/page"), "");
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(html.contains("92.00 EGP") && html.contains("4200000000001552"));
    let back = submit(&mut desk, &id, "action=pay&card=4200000000000000");
    let path = format!("%2Fv3%2Fcheckouts%2F{id}%2Fpayment");
    assert_eq!(
        back,
        format!("https://shop.example/back?o=1&id={id}&resourcePath={path}")
    );
    let paid = desk.get(&result);
    let payment = paid.is(200, "000.100.110").id();
    assert_ne!(payment, id);
    assert_eq!(paid.body["merchantTransactionId"], "ord-0001-a1");
    desk.get(&result).is(400, "800.120.100");
    desk.wait(61);
    desk.get(&result).is(400, "200.300.404");
    desk.get(&format!("/v3/payments/{payment}?{ENTITY}"))
        .is(200, "000.100.110");
    assert_eq!(desk.opp.ledger.of(&payment).next().unwrap().origin, Origin::Page);
    assert_eq!(desk.opp.due(desk.now).len(), 1);
    let page = desk.browse(Method::POST, &format!("/checkouts/{id}/page"), "action=pay");
    assert_eq!(page.status(), 200);
    assert_eq!(desk.opp.ledger.movements.len(), 1);
}

#[test]
fn a_checkout_can_be_tried_again_after_a_failure() {
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    let result = format!("/v3/checkouts/{id}/payment?{ENTITY}");
    submit(&mut desk, &id, "action=decline");
    let first = desk.get(&result).is(400, "800.100.152").id();
    desk.get(&result).is(400, "200.300.404");
    submit(&mut desk, &id, "action=cancel");
    desk.wait(61);
    desk.get(&result).is(400, "100.396.101");
    let bank = submit(&mut desk, &id, "action=pay&card=4200000000000042");
    desk.get(&result).is(200, "000.200.000");
    desk.wait(61);
    assert_eq!(desk.browse(Method::GET, &bank, "").status(), 200);
    let answer = bank.replace('?', "/answer?");
    let back = desk.browse(Method::POST, &answer, "action=approve");
    assert!(location(&back).contains(&format!("id={id}")));
    let paid = desk.get(&result).is(200, "000.100.110").id();
    assert_ne!(paid, first);
    assert_eq!(desk.opp.ledger.movements.len(), 1);
}

#[test]
fn a_checkout_lives_half_an_hour() {
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    submit(&mut desk, &id, "action=pay");
    desk.wait(30 * 60);
    desk.get(&format!("/v3/checkouts/{id}/payment?{ENTITY}"))
        .is(400, "200.300.404");
    desk.get(&format!("/v3/checkouts/nobody/payment?{ENTITY}"))
        .is(400, "200.300.404");
    let late = checkout(&mut desk);
    desk.wait(30 * 60);
    assert_eq!(
        desk.browse(Method::POST, &format!("/checkouts/{late}/page"), "action=pay")
            .status(),
        200
    );
    assert_eq!(desk.opp.ledger.movements.len(), 1);
}

#[test]
fn an_open_checkout_may_be_told_as_pending_and_reads_are_no_mere_lookups() {
    let mut desk = Desk::v3();
    desk.opp.settings.open_checkout_pending = true;
    let id = checkout(&mut desk);
    let path = format!("/v3/checkouts/{id}/payment?{ENTITY}");
    desk.get(&path).is(200, "000.200.000");
    let reads = |path: &str| desk.opp.only_reads(&Request::get(path).body(Bytes::new()).unwrap());
    assert!(!reads(&path));
    assert!(reads("/v3/payments/1"));
}

#[test]
fn a_second_tab_learns_that_the_checkout_is_paid() {
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    let path = format!("/checkouts/{id}/page");
    submit(&mut desk, &id, "action=decline");
    let tried = desk.browse(Method::GET, &path, "");
    assert!(String::from_utf8_lossy(tried.body()).contains("Not paid: The issuer refuses"));
    submit(&mut desk, &id, "action=pay&card=4200000000000000");
    for (method, form) in [
        (Method::POST, "action=pay&card=4200000000000000"),
        (Method::POST, "action=cancel"),
        (Method::GET, ""),
    ] {
        let second = desk.browse(method, &path, form);
        let html = String::from_utf8_lossy(second.body()).into_owned();
        assert_eq!(second.status(), 200);
        assert!(
            html.contains("Nothing was charged again") && !html.contains("<form"),
            "{html}"
        );
        assert!(
            html.contains(&format!("href=\"https://shop.example/back?o=1&amp;id={id}")),
            "{html}"
        );
    }
    assert_eq!(desk.opp.ledger.movements.len(), 1);
}

#[test]
fn a_review_is_accepted_or_refused_in_the_back_office() {
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    submit(&mut desk, &id, "action=review");
    let held = desk.get(&format!("/v3/checkouts/{id}/payment?{ENTITY}"));
    let payment = held.is(200, "000.400.000").id();
    assert_eq!(desk.opp.ledger.total(&payment, Kind::Capture), 9200);
    desk.opp.due(desk.now);
    assert!(desk.opp.accept_review(desk.now, &payment));
    assert!(!desk.opp.accept_review(desk.now, &payment));
    desk.get(&format!("/v3/payments/{payment}?{ENTITY}"))
        .is(200, "000.100.110");
    let told = desk.opp.due(desk.now);
    assert_eq!(told.len(), 1);
    let body: Value = serde_json::from_slice(told[0].request.body()).unwrap();
    assert_eq!(body["result"]["code"], "000.100.110");
    assert_eq!(desk.opp.ledger.movements.len(), 1, "it was booked before");

    let id = checkout(&mut desk);
    submit(&mut desk, &id, "action=review");
    let payment = desk.get(&format!("/v3/checkouts/{id}/payment?{ENTITY}")).id();
    let refund = desk.opp.refuse_review(desk.now, &payment).unwrap();
    let back = desk.opp.ledger.movements.last().unwrap();
    assert_eq!(
        (back.id.as_str(), back.minor, back.origin),
        (refund.as_str(), 9200, Origin::BackOffice)
    );
    assert!(desk.opp.refuse_review(desk.now, &payment).is_none());
}

#[test]
fn a_payment_left_undecided_waits_for_the_back_office() {
    use crate::BackOfficeAction;
    let mut desk = Desk::v3();
    let id = checkout(&mut desk);
    submit(&mut desk, &id, "action=hold");
    let payment = desk
        .get(&format!("/v3/checkouts/{id}/payment?{ENTITY}"))
        .is(200, "800.400.500")
        .id();
    desk.wait(3600);
    let again = desk.browse(Method::POST, &format!("/checkouts/{id}/page"), "action=pay");
    assert_eq!(again.status(), 200);
    assert!(desk.opp.ledger.movements.is_empty());
    assert_eq!(
        desk.opp.entries()[0].actions,
        [BackOfficeAction::Accept, BackOfficeAction::Refuse]
    );
    assert!(!desk.opp.act(desk.now, &payment, BackOfficeAction::Capture, None));
    assert!(desk.opp.act(desk.now, &payment, BackOfficeAction::Accept, None));
    assert_eq!(desk.opp.ledger.total(&payment, Kind::Capture), 9200);
    assert!(desk.opp.act(desk.now, &payment, BackOfficeAction::Refund, Some(200)));
    assert!(desk.opp.act(desk.now, &payment, BackOfficeAction::Chargeback, None));
    assert_eq!(desk.opp.ledger.total(&payment, Kind::Chargeback), 9000);
    assert!(desk.opp.entries().iter().all(|e| e.actions.is_empty()));
    let told = desk.opp.due(desk.now);
    assert_eq!(told.len(), 4, "open, accepted, refunded, charged back");
}

#[test]
fn a_shopper_closes_the_page_and_word_of_a_result_can_be_slow() {
    let mut desk = Desk::v3();
    desk.opp.settings.notify_after = std::time::Duration::from_secs(3);
    let order = ORDER.replace("ord-0001-a1", "%3Cscript%3Ealert(1)%3C/script%3E");
    let id = desk.post("/v3/checkouts", &order).is(200, "000.200.100").id();
    let path = format!("/checkouts/{id}/page");
    let page = desk.browse(Method::GET, &path, "");
    let html = String::from_utf8(page.body().to_vec()).unwrap();
    assert!(
        html.contains("&lt;script&gt;alert(1)") && !html.contains("<script"),
        "{html}"
    );
    for part in [
        "id=\"action-review\"",
        "id=\"card-challenge\" name=\"card\" value=\"4200000000000042\"",
    ] {
        assert!(html.contains(part), "{part} is missing: {html}");
    }
    let closed = desk.browse(Method::POST, &path, "action=close");
    assert_eq!(
        (closed.status(), closed.headers().get("location")),
        (StatusCode::OK, None)
    );
    submit(&mut desk, &id, "action=pay");
    desk.wait(2);
    assert!(desk.opp.due(desk.now).is_empty());
    desk.wait(1);
    assert_eq!(desk.opp.due(desk.now).len(), 1);
}
