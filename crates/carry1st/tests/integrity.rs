//! Replies with one field changed. What decides about money is read apart: where it is missing or different, nothing is approved; and nothing
//! else in a reply turns an accepted payment or refund into an error.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic"
)]

mod common;

use common::{CREATE, QUERY, REFUND, adapter, charge, payment, refund, script};
use paymux_carry1st::Carry1st;
use paymux_core::script::{How, Mutation, Script, mutations, run, with_more};
use paymux_core::{Adapter, Answer, Error, Fate, Inquiry, Operation, Outcome, PaymentRef, Tokens, Unresolved};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// A payment with every field that Pay1st is known to send.
fn full(status: &str) -> Value {
    json!({
        "countryCode": "NG", "currencyCode": "NGN", "amount": 100, "reference": "C-1-P", "partnerReference": "order-1",
        "partnerSettings": {
            "partnerId": 9, "webhookUrl": "https://m.example/wh", "successCallbackUrl": "https://m.example/ok",
            "failureCallbackUrl": "https://m.example/ko", "pendingCallbackUrl": null,
        },
        "products": [{"title": "10Credits", "sku": "12345", "price": 100, "currencyCode": "NGN", "quantity": 1}],
        "metadata": [{"key": "customerId", "value": "1"}], "status": status, "channelId": 108, "channelName": "Opay Wallet",
    })
}

/// A refund with every field that Pay1st is known to send.
fn full_refund(status: &str) -> Value {
    json!({
        "refundReference": "R-1001", "transactionReference": "C-1-P", "partnerReference": "order-1",
        "partnerRefundReference": "rf-1", "amount": 50.00, "currencyCode": "NGN", "status": status, "handlingType": "PSP_API",
        "fullRefund": false, "reason": "why", "createdDate": "2026-01-02T03:04:05Z", "lastModifiedDate": "2026-01-02T03:04:05Z",
    })
}

/// What a payment needs to be approved.
const PAYMENT: [&str; 4] = ["/reference", "/status", "/amount", "/currencyCode"];

fn known(adapter: &Carry1st) -> PaymentRef {
    let ids = ["C-1-P", "NGN10000", "order-1"];
    PaymentRef::new("carry1st", adapter.capabilities().account.clone(), ids)
}

fn inquire(reply: &str, of: fn(&Carry1st) -> PaymentRef) -> Result<Answer, Error> {
    let adapter = adapter(json!({}));
    let inquiry = Operation::Inquire(Inquiry::Payment(of(&adapter)));
    run(adapter.execute(&inquiry, &script().json(QUERY, 200, reply)))
}

fn resolve(reply: &str) -> Result<Answer, Error> {
    let adapter = adapter(json!({}));
    let unresolved: Unresolved = serde_json::from_value(json!({
        "gateway": "africa", "provider": "carry1st", "account": adapter.capabilities().account, "operation": "sale",
        "reference": "order-1", "amount": charge().amount, "payment": null,
        "trail": [{"key": "payment", "value": "C-1-P"}], "last_sent": "2026-01-02T03:04:05Z",
    }))
    .unwrap();
    let question = Operation::Resolve(Box::new(unresolved));
    run(adapter.execute(&question, &script().json(QUERY, 200, reply)))
}

fn give_back(before: &str, reply: &str) -> (Result<Answer, Error>, Script) {
    let adapter = adapter(json!({"refund_beta": true}));
    let script = script().json(QUERY, 200, before).json(REFUND, 201, reply);
    let mut refund = refund(&adapter);
    refund.payment = known(&adapter);
    (run(adapter.execute(&Operation::Refund(refund), &script)), script)
}

fn is_same(answer: &Answer, whole: &Answer) -> bool {
    answer.outcome.as_str() == whole.outcome.as_str()
        && answer.payment.state == whole.payment.state
        && answer.payment.reference == whole.payment.reference
        && answer.payment.amount == whole.payment.amount
        && (answer.payment.captured(), answer.payment.refunded())
            == (whole.payment.captured(), whole.payment.refunded())
}

type Ask = fn(&str) -> Result<Answer, Error>;

#[test]
fn a_payment_that_is_asked_about() {
    for status in ["SUCCESSFUL", "FAILED", "NEW", "PENDING"] {
        let golden = full(status).to_string();
        let ways: [(&str, Ask); 3] = [
            ("by reference alone", |reply| inquire(reply, payment)),
            ("by all", |reply| inquire(reply, known)),
            ("resolve", resolve),
        ];
        for (name, ask) in ways {
            let whole = ask(&golden).unwrap();
            assert_eq!(whole.outcome.is_approved(), status == "SUCCESSFUL", "{name}");
            assert!(is_same(&ask(&with_more(&golden)).unwrap(), &whole), "{name} {status}");
            for Mutation { field, how, reply, .. } in mutations(&golden) {
                let what = format!("{name} {status}: {field} {how:?}");
                let result = ask(&reply);
                let own = field == "/partnerReference";
                // A reference alone says nothing of the amount or of ours.
                let free = name == "by reference alone" && (own || (field == "/amount" && how == How::Number));
                if (PAYMENT.contains(&field.as_str()) || own) && !free {
                    // Another word for the status is one that nobody knows: open.
                    let said = result.is_ok_and(|answer| !matches!(answer.outcome, Outcome::Pending));
                    assert!(!said, "{what}");
                } else if free {
                    assert!(result.is_ok(), "{what}");
                } else {
                    let answer = result.unwrap_or_else(|error| panic!("{what}: {error}"));
                    assert!(is_same(&answer, &whole), "{what}: {answer:?}");
                }
            }
        }
    }
}

#[test]
fn a_payment_that_is_made() {
    let golden = full("NEW").to_string();
    let make = |reply: &str, then: &str| {
        let adapter = adapter(json!({}));
        let script = script().json(CREATE, 201, reply).json(QUERY, 200, then);
        let result = run(adapter.execute(&Operation::Sale(Box::new(charge())), &script));
        (result, script.notes())
    };
    let whole = make(&golden, &golden).0.unwrap();
    assert_eq!(whole.payment.reference.ids(), ["C-1-P", "NGN10000", "order-1"]);
    for (field, how, reply) in mutations(&golden)
        .into_iter()
        .map(|m| (m.field, m.how, m.reply))
        .chain([("more".to_owned(), How::Text, with_more(&golden))])
    {
        let (result, notes) = make(&reply, &golden);
        let what = format!("{field} {how:?}");
        if field == "/reference" {
            // Nobody has a link to what has no name; another name is asked about, and is not the one that was told.
            if how != How::Text {
                assert_eq!(result.unwrap_err().fate(), Fate::NotDone, "{what}");
            }
            continue;
        }
        // What is missing or different is asked for.
        let answer = result.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert!(is_same(&answer, &whole), "{what}");
        assert_eq!(notes[0].value, "C-1-P", "{what}");
        // The provider's record decides: a difference there is one.
        if PAYMENT.contains(&field.as_str()) || field == "/partnerReference" {
            let error = make(&reply, &full("SUCCESSFUL").to_string().replace("order-1", "order-2"))
                .0
                .unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{what}");
        }
    }
}

#[test]
fn a_refund() {
    let needed = [
        "/refundReference",
        "/partnerRefundReference",
        "/amount",
        "/currencyCode",
        "/status",
    ];
    for status in ["SUCCESSFUL", "PENDING", "REJECTED"] {
        let before = full("SUCCESSFUL").to_string();
        let golden = full_refund(status).to_string();
        let whole = give_back(&before, &golden).0.unwrap();
        assert!(is_same(&give_back(&before, &with_more(&golden)).0.unwrap(), &whole));
        for Mutation { field, how, reply, .. } in mutations(&golden) {
            let what = format!("{status}: {field} {how:?}");
            let result = give_back(&before, &reply).0;
            // The provider's name of something new is whatever it gives; a word that nobody knows is open.
            let open = how == How::Text && ["/refundReference", "/status"].contains(&field.as_str());
            let anothers = field == "/partnerReference" && how == How::Text;
            if anothers || (needed.contains(&field.as_str()) && !open) {
                assert_eq!(result.unwrap_err().fate(), Fate::Unknown, "{what}");
            } else {
                let answer = result.unwrap_or_else(|error| panic!("{what}: {error}"));
                assert!(open || is_same(&answer, &whole), "{what}");
                assert!(
                    field != "/status" || matches!(answer.outcome, Outcome::Pending),
                    "{what}"
                );
            }
        }
        // What is known of the payment before it is refunded decides whether it is.
        for Mutation { field, how, reply, .. } in mutations(&before) {
            let (result, script) = give_back(&reply, &golden);
            let decides = PAYMENT.contains(&field.as_str()) || field == "/partnerReference";
            let word = field == "/status" && how == How::Text;
            let sent = script.sent().len() == 2;
            assert_eq!(sent, !decides || word, "{field} {how:?}");
            if !sent {
                assert_ne!(result.unwrap_err().fate(), Fate::Rejected, "{field} {how:?}");
            }
        }
    }
}

#[test]
fn a_token() {
    let golden =
        json!({"role": "API_USER", "accessToken": "new", "refreshToken": "next", "scope": {"a": [1]}}).to_string();
    let obtain = |reply: &str| {
        let script = script().json("POST /api/pay1st/auth/token", 200, reply);
        run(adapter(json!({})).obtain(None, &script))
    };
    for Mutation { field, how, reply, .. } in mutations(&golden) {
        let token = obtain(&reply);
        match field.as_str() {
            "/accessToken" if how != How::Text => assert!(token.is_err(), "{how:?}"),
            "/accessToken" => assert_eq!(token.unwrap().access.expose_secret(), "other"),
            // Without a refresh token the next one is got by the key pair.
            "/refreshToken" if how != How::Text => assert!(token.unwrap().refresh.is_none(), "{how:?}"),
            _ => assert_eq!(token.unwrap().access.expose_secret(), "new", "{field} {how:?}"),
        }
    }
    assert!(obtain(&with_more(&golden)).unwrap().refresh.is_some());
}

#[test]
fn a_list_of_payment_methods() {
    let golden = json!({"data": {"groups": [{
        "id": 1, "name": "Card", "imageLocation": "v.svg", "channels": [
            {"id": 2, "paymentOption": {"id": 3, "name": "Paystack", "code": "PAYSTACK", "status": "ACTIVE"},
             "channel": {"id": 8, "name": "Visa", "code": "VISA", "paymentMethod": "CARD", "status": "ACTIVE"},
             "paymentMethodType": {"id": 5, "requiredParameters": "none"}},
            {"id": 9, "channel": {"name": "Mastercard"}},
        ],
    }]}})
    .to_string();
    let list = |reply: &str| {
        let script = script().json("GET /api/pay1st/payments/methods?countryCode=NG", 200, reply);
        run(adapter(json!({})).payment_methods(&paymux_core::MethodQuery::default(), &script))
    };
    for Mutation { field, how, reply, .. } in mutations(&golden) {
        if field.matches('/').count() > 4 {
            let methods = list(&reply).unwrap_or_else(|error| panic!("{field} {how:?}: {error}"));
            assert!(
                methods.iter().any(|method| method.id == "2")
                    || field.ends_with("channels/0/id")
                    || field.ends_with("channels/0"),
                "{field} {how:?}"
            );
        }
    }
    assert_eq!(list(&with_more(&golden)).unwrap().len(), 2);
}
