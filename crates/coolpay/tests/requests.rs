//! Golden requests: method, path, headers and bytes of every call.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use common::*;
use paymux_coolpay::NewSubscription;
use paymux_core::script::{Script, Sent, run, seal};
use paymux_core::{
    Adapter, Address, Agreement, Authentication, Capture, Checkout, Initiator, LineItem, Operation, Payout, Refund,
    Source, ThreeDs, Urls, Void, Wire,
};

fn headers(sent: &Sent) -> Vec<String> {
    let sealed = seal(&adapter(), sent, None, Script::new().now()).unwrap();
    let mut lines: Vec<_> = sealed
        .iter()
        .map(|(k, v)| format!("{k}: {}", v.to_str().unwrap()))
        .collect();
    lines.sort();
    lines
}

fn line(sent: &Sent) -> String {
    format!("{} {}", sent.request.method(), sent.request.uri())
}

const PLAIN: [&str; 4] = [
    "accept-version: v10",
    "accept: application/json",
    "authorization: Basic OkFQSUtFWQ==",
    "content-type: application/json",
];

#[test]
fn a_plain_sale() {
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CAPTURE, 200, &taken());
    execute(&script, &sale()).unwrap();
    let sent = script.sent();
    let lines: Vec<_> = sent.iter().map(|s| (line(s), s.body())).collect();
    let expected = [
        (
            "POST https://api.coolpay.com/payments",
            r#"{"order_id":"order1001a1","currency":"DKK"}"#,
        ),
        (
            "POST https://api.coolpay.com/payments/1145/authorize?synchronized",
            r#"{"amount":1000,"auto_capture":false,"card":{"number":"1000000000000008","expiration":"3012","cvd":"123"}}"#,
        ),
        (
            "POST https://api.coolpay.com/payments/1145/capture?synchronized",
            r#"{"amount":1000}"#,
        ),
    ];
    assert_eq!(lines, expected.map(|(line, body)| (line.to_owned(), body.to_owned())));
    for sent in &sent {
        assert_eq!(headers(sent), PLAIN);
    }
}

#[test]
fn a_sale_with_everything() {
    let mut charge = charge();
    charge.order = Some("A-1".to_owned());
    charge.source = Source::Card(card().with_holder("Jane Jones"));
    charge.customer.first_name = Some("Jane".to_owned());
    charge.customer.last_name = Some("Jones".to_owned());
    charge.customer.email = Some("jane@example.com".to_owned());
    charge.customer.phone = Some("+4512345678".to_owned());
    charge.customer.ip = Some("192.0.2.7".parse().unwrap());
    let billing = charge.billing.insert(Address::default());
    billing.street = Some("Vej 1".to_owned());
    billing.street2 = Some("2. tv".to_owned());
    billing.city = Some("Aarhus".to_owned());
    billing.region = Some("Midt".to_owned());
    billing.postal_code = Some("8000".to_owned());
    billing.country = Some("DK".to_owned());
    let shipping = charge.shipping.insert(Address::default());
    shipping.name = Some("Bo".to_owned());
    shipping.country = Some("SE".to_owned());
    charge.statement_descriptor = Some("SHOP 1".to_owned());
    charge.items = vec![LineItem::new("s1", "Thing", 2, 500)];
    charge.metadata.insert("basket".to_owned(), "b-9".to_owned());
    charge.urls.notify = Some("https://shop.example/notify".to_owned());
    let mut result = Authentication::new("05", "Y2F2dg==");
    result.status = Some("Y".to_owned());
    result.xid = Some("eGlk".to_owned());
    charge.three_ds = ThreeDs::External(Box::new(result));
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(AUTHORIZE, 200, &held())
        .json(CAPTURE, 200, &taken());
    execute(&script, &Operation::Sale(Box::new(charge))).unwrap();
    let sent = script.sent();
    let address = r#"{"name":"Jane Jones","street":"Vej 1, 2. tv","city":"Aarhus","zip_code":"8000","region":"Midt","country_code":"DNK","phone_number":"+4512345678","email":"jane@example.com"}"#;
    let expected = format!(
        r#"{{"order_id":"order1001a1","currency":"DKK","text_on_statement":"SHOP 1","variables":{{"basket":"b-9","order":"A-1"}},"basket":[{{"qty":2,"item_no":"s1","item_name":"Thing","item_price":500,"vat_rate":0}}],"invoice_address":{address},"shipping_address":{{"name":"Bo","country_code":"SWE"}}}}"#
    );
    assert_eq!(sent[0].body(), expected);
    assert_eq!(
        sent[1].body(),
        r#"{"amount":1000,"auto_capture":false,"card":{"number":"1000000000000008","expiration":"3012","cvd":"123","issued_to":"Jane Jones","status":"Y","eci":"05","xav":"eGlk","cavv":"Y2F2dg=="},"customer_ip":"192.0.2.7"}"#
    );
    assert_eq!(headers(&sent[0]), PLAIN);
    for operation in &sent[1..] {
        let headers = headers(operation);
        for name in ["coolpay-callback-url", "quickpay-callback-url"] {
            assert!(
                headers.contains(&format!("{name}: https://shop.example/notify")),
                "{headers:?}"
            );
        }
    }
}

#[test]
fn a_saved_card_is_charged_by_a_token() {
    let mut charge = charge();
    charge.source = Source::Stored("card:99".to_owned());
    charge.initiator = Initiator::Merchant {
        kind: Agreement::Unscheduled,
        agreement: None,
        network_transaction_id: None,
    };
    let script = Script::new()
        .json(CREATE, 201, &fresh())
        .json(
            "POST /cards/99/tokens",
            202,
            r#"{"token":"t-1","is_used":false,"created_at":"2026-01-02T03:04:05Z"}"#,
        )
        .json(AUTHORIZE, 200, &held());
    execute(&script, &Operation::Authorize(Box::new(charge))).unwrap();
    let sent = script.sent();
    assert_eq!((sent[1].body(), sent[1].moves), ("{}".to_owned(), false));
    assert_eq!(
        sent[2].body(),
        r#"{"amount":1000,"auto_capture":false,"card":{"token":"t-1"}}"#
    );
}

#[test]
fn follow_ups() {
    let money = || "4.00 DKK".parse().unwrap();
    let name = || "follow1".parse().unwrap();
    for (operation, expect, body, standing) in [
        (
            Operation::Capture(Capture::new(payment_ref(), name(), money())),
            CAPTURE,
            r#"{"amount":400}"#,
            held(),
        ),
        (
            Operation::Refund(Refund::new(payment_ref(), name(), money())),
            REFUND,
            r#"{"amount":400}"#,
            taken(),
        ),
        (Operation::Void(Void::new(payment_ref(), name())), CANCEL, "{}", held()),
    ] {
        let script = Script::new().json(READ, 200, &standing).json(expect, 401, "{}");
        execute(&script, &operation).unwrap_err();
        let sent = script.sent();
        assert_eq!(sent[0].request.headers().get("content-type"), None);
        assert_eq!((sent[1].body().as_str(), sent[1].moves), (body, true));
        assert_eq!(headers(&sent[1]), PLAIN);
    }
}

#[test]
fn a_hosted_page() {
    let mut checkout = Checkout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap());
    checkout.charge.customer.email = Some("jane@example.com".to_owned());
    checkout.charge.urls.back = Some("https://shop.example/back".to_owned());
    checkout.charge.urls.cancel = Some("https://shop.example/cancel".to_owned());
    checkout.charge.urls.notify = Some("https://shop.example/notify".to_owned());
    let adapter =
        adapter_of(r#"{"api_key":"k","preset":"quickpay","language":"da","payment_methods":"creditcard, !maestro"}"#);
    let script = Script::new().json(CREATE, 201, &fresh()).json(
        LINK,
        200,
        r#"{"url":"https://payment.quickpay.net/payments/x"}"#,
    );
    run(adapter.execute(&Operation::Checkout(Box::new(checkout)), &script)).unwrap();
    let sent = script.sent();
    assert_eq!(line(&sent[1]), "PUT https://api.quickpay.net/payments/1145/link");
    assert_eq!(
        sent[1].body(),
        r#"{"amount":1000,"auto_capture":true,"continue_url":"https://shop.example/back","cancel_url":"https://shop.example/cancel","callback_url":"https://shop.example/notify","customer_email":"jane@example.com","language":"da","payment_methods":"creditcard, !maestro"}"#
    );
}

#[test]
fn a_payout() {
    let mut payout = Payout::new(
        REFERENCE.parse().unwrap(),
        "10.00 DKK".parse().unwrap(),
        Source::Stored("card:99".to_owned()),
    );
    payout.customer.first_name = Some("Jane".to_owned());
    payout.metadata.insert("win".to_owned(), "7".to_owned());
    let script = Script::new()
        .json("POST /payouts", 201, &fresh())
        .json("POST /cards/99/tokens", 200, r#"{"token":"t-1"}"#)
        .json(
            "POST /payouts/1145/credit?synchronized",
            200,
            &body(&[op(1, "credit", 1000, "20000")], 0),
        );
    execute(&script, &Operation::Payout(Box::new(payout))).unwrap();
    let sent = script.sent();
    assert_eq!(
        sent[0].body(),
        r#"{"order_id":"order1001a1","currency":"DKK","variables":{"win":"7"}}"#
    );
    assert_eq!(
        sent[2].body(),
        r#"{"amount":1000,"card":{"token":"t-1"},"person":{"first_name":"Jane"}}"#
    );
    assert!(sent[2].moves && !sent[0].moves && !sent[1].moves);
}

#[test]
fn a_reference_with_a_blank_is_encoded_in_a_search() {
    let inquiry = Operation::Inquire(paymux_core::Inquiry::Reference("A b_c.d-1".parse().unwrap()));
    let script = Script::new().json("GET /payments?order_id=A%20b_c.d-1&page_size=2", 403, "{}");
    execute(&script, &inquiry).unwrap_err();
}

#[test]
fn extras_move_no_money() {
    let adapter = adapter();
    let mut urls = Urls::default();
    urls.back = Some("https://s.example/b".to_owned());
    let script = Script::new()
        .json("DELETE /payments/1145/link", 204, "")
        .json(
            "POST /cards",
            201,
            r#"{"id":99,"merchant_id":7,"type":"Card","state":"initial"}"#,
        )
        .json(
            "PUT /cards/99/link",
            200,
            r#"{"url":"https://payment.coolpay.com/cards/x"}"#,
        )
        .json("POST /subscriptions", 201, r#"{"id":77,"state":"initial"}"#)
        .json(
            "PUT /subscriptions/77/link",
            200,
            r#"{"url":"https://payment.coolpay.com/subscriptions/x"}"#,
        )
        .json(
            "GET /cards/99",
            200,
            r#"{"id":99,"accepted":true,"state":"active","metadata":{"brand":"visa","last4":"0008"}}"#,
        );
    let stored = run(async {
        adapter.close_link(&payment_ref(), &script).await.unwrap();
        let card = adapter.create_card(&Default::default(), &script).await.unwrap();
        adapter.card_link(&card.source, &urls, &script).await.unwrap();
        let new = NewSubscription::new("sub1001".parse().unwrap(), paymux_core::Currency::DKK, "Monthly");
        let subscription = adapter.create_subscription(&new, &script).await.unwrap();
        assert_eq!(subscription.source, "subscription:77");
        let amount = "1.00 DKK".parse().unwrap();
        adapter
            .subscription_link(&subscription.source, amount, &urls, &script)
            .await
            .unwrap();
        assert!(adapter.card_link("subscription:77", &urls, &script).await.is_err());
        adapter.stored(&card.source, &script).await.unwrap()
    });
    assert_eq!(
        (stored.source.as_str(), stored.accepted, stored.last4.as_deref()),
        ("card:99", Some(true), Some("0008"))
    );
    let sent = script.sent();
    assert!(sent.iter().all(|s| !s.moves));
    let bodies: Vec<_> = sent.iter().map(Sent::body).collect();
    assert_eq!(
        bodies,
        [
            "",
            "{}",
            r#"{"continueurl":"https://s.example/b"}"#,
            r#"{"order_id":"sub1001","currency":"DKK","description":"Monthly"}"#,
            r#"{"amount":100,"continue_url":"https://s.example/b"}"#,
            "",
        ]
    );
    // Another account's payment is not touched.
    let stranger = paymux_core::PaymentRef::new("coolpay", paymux_core::Account::of(&["x"]), ["1"]);
    assert!(run(adapter.close_link(&stranger, &Script::new())).is_err());
}

/// A page counts as closed only where two looks show no link, and nothing on the payment that was approved or is under way.
#[test]
fn a_page_is_closed_only_where_it_is_seen_to_be() {
    let fresh = r#"{"id":1145,"order_id":"order1001a1","currency":"DKK","accepted":false,"state":"initial","operations":[],"balance":0}"#;
    let open = fresh.replace(
        "\"balance\"",
        "\"link\":{\"url\":\"https://pay.example/1\"},\"balance\"",
    );
    let with = |op: &str, accepted: bool| {
        let text = fresh.replace("\"operations\":[]", &format!("\"operations\":[{op}]"));
        text.replace("\"accepted\":false", &format!("\"accepted\":{accepted}"))
    };
    let op = |pending: bool, code: &str| {
        format!(
            r#"{{"id":1,"type":"authorize","amount":10000,"pending":{pending},"qp_status_code":{code},"aq_status_code":{code}}}"#
        )
    };
    let paid = with(&op(false, "\"20000\""), true).replace("initial", "new");
    let pending = with(&op(true, "null"), false).replace("initial", "pending");
    let declined = with(&op(false, "\"40000\""), false).replace("initial", "rejected");
    let hidden = fresh.replace("\"accepted\":false", "\"accepted\":true");
    for (status, looks, expected) in [
        (204, vec![fresh, fresh], Some("declined")),
        (204, vec![&declined, &declined], Some("declined")),
        // Somebody paid: before the first look, and between the two.
        (204, vec![&paid], Some("approved")),
        (204, vec![fresh, &paid], Some("approved")),
        (204, vec![&pending], Some("pending")),
        (204, vec![fresh, &pending], Some("pending")),
        // The deletion did not take, or is not seen yet.
        (204, vec![&open], Some("action_required")),
        (400, vec![&open], None),
        // It was refused, and there is no page.
        (400, vec![fresh, fresh], Some("declined")),
        (204, vec![&hidden], None),
    ] {
        let mut script = Script::new().json("DELETE /payments/1145/link", status, "");
        for look in &looks {
            script = script.json("GET /payments/1145", 200, look);
        }
        let adapter = adapter();
        let said = run(paymux_core::Adapter::close_page(&adapter, &payment_ref(), &script));
        let outcome = said.as_ref().ok().map(|answer| answer.outcome.as_str());
        assert_eq!(outcome, expected, "{status} {looks:?}: {said:?}");
        if let Ok(answer) = said
            && expected == Some("declined")
        {
            use paymux_core::PaymentState::{Cancelled, Declined};
            assert!(matches!(answer.payment.state, Cancelled | Declined), "{answer:?}");
        }
    }
}

#[test]
fn what_cannot_be_carried_is_refused_before_anything_is_sent() {
    let refused = |change: fn(&mut paymux_core::Charge)| {
        let mut charge = charge();
        change(&mut charge);
        let error = run(adapter().execute(&Operation::Sale(Box::new(charge)), &Script::new())).unwrap_err();
        error.field().unwrap().to_owned()
    };
    assert_eq!(
        refused(|c| c.statement_descriptor = Some("Smørrebrød".to_owned())),
        "statement_descriptor"
    );
    assert_eq!(
        refused(|c| {
            c.billing.insert(Address::default()).country = Some("XX".to_owned());
        }),
        "country"
    );
    assert_eq!(
        refused(|c| {
            c.order = Some("a".to_owned());
            c.metadata.insert("order".to_owned(), "b".to_owned());
        }),
        "metadata"
    );
    assert_eq!(refused(|c| c.amount = "1.00 CVE".parse().unwrap()), "amount");
}
