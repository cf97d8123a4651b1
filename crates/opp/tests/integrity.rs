//! Replies with one field changed. What decides about money is read apart: where it is missing or different, nothing is approved; and nothing
//! else in a reply turns an accepted payment into an error, or a refused one into anything else.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may fail so"
)]

mod common;

use std::time::Duration;

use common::*;
use paymux_core::script::{How, Mutation, Script, mutations, with_more};
use paymux_core::{Answer, Error, Fate, Operation, OperationKind, Outcome, Refund};
use paymux_opp::Opp;
use serde_json::{Value, json};

type Make = fn() -> Opp;

const PARENT: &str = ID;
const CHECKOUT: &str = "ABCDEF0123456789ABCDEF0123456789.uat01-vm-tx04";

/// An operation on a gateway, with the reply that is changed and what it answers.
struct Flow {
    name: &'static str,
    opp: Opp,
    operation: Operation,
    /// The call that the reply answers.
    call: String,
    /// Calls before it, with their replies.
    before: Vec<(String, String)>,
    /// Calls that may come after it; their answers are lost.
    after: Vec<String>,
    golden: String,
    /// Fields without which nothing is approved.
    needed: &'static [&'static str],
    /// Fields that may be missing, and must not differ.
    compared: &'static [&'static str],
    /// What it comes to.
    outcome: &'static str,
}

/// An answer with every field that the platform is known to send.
fn full(kind: &str, reference: &str, parent: Option<&str>, code: &str) -> Value {
    let mut body = json!({
        "id": OTHER, "paymentType": kind, "paymentBrand": "VISA", "paymentMethod": "CC", "amount": "92.00", "currency": "EGP",
        "presentationAmount": "92.00", "presentationCurrency": "EGP", "descriptor": "0123.4567 shop",
        "merchantTransactionId": reference, "merchantInvoiceId": "order-1", "shortId": "0123.4567.8901", "source": "SYSTEM",
        "registrationId": "8ac7a4a0000000000000000000000009",
        "result": {
            "code": code, "description": "text", "avsResponse": "A", "cvvResponse": "M",
            "parameterErrors": [{"name": "x", "value": "y", "message": "z"}],
        },
        "resultDetails": {"ConnectorTxID1": "1", "ExtendedDescription": "Approved", "clearingInstituteName": "bank", "n": 1},
        "card": {
            "bin": "420000", "binCountry": "EG", "last4Digits": "0000", "holder": "Jane Jones", "expiryMonth": "05",
            "expiryYear": "2034", "issuer": {"bank": "b"}, "type": "CREDIT", "level": "CLASSIC", "country": "EG",
        },
        "customer": {"givenName": "Jane", "ip": "1.2.3.4"}, "billing": {"country": "EG"}, "cart": {"items": [{"name": "a"}]},
        "customParameters": {"a.b": "c"}, "threeDSecure": {"eci": "05", "version": "2.2.0"}, "risk": {"score": "0"},
        "standingInstruction": {"mode": "INITIAL"}, "recurringType": "INITIAL",
        "buildNumber": "b@2025-01-01", "timestamp": "2025-01-01 10:00:00.000+0000", "ndc": "x_1",
    });
    if let Some(parent) = parent {
        body["referencedId"] = parent.into();
    }
    body
}

const NEEDED: &[&str] = &["/id", "/paymentType", "/amount", "/currency", "/result", "/result/code"];
const COMPARED: &[&str] = &["/merchantTransactionId", "/referencedId"];
const APPROVED: &str = "000.100.110";

fn flow(
    name: &'static str,
    opp: Opp,
    operation: Operation,
    call: impl Into<String>,
    golden: impl ToString,
    outcome: &'static str,
) -> Flow {
    Flow {
        name,
        opp,
        operation,
        call: call.into(),
        before: Vec::new(),
        after: Vec::new(),
        golden: golden.to_string(),
        needed: NEEDED,
        compared: COMPARED,
        outcome,
    }
}

/// Everything that moves money, on both presets, approved, refused and sent to 3-D Secure.
fn moving() -> Vec<Flow> {
    let mut flows = Vec::new();
    let presets: [(Make, &str); 2] = [(v3, "/gateway/v3"), (v1, "/v1")];
    for (make, root) in presets {
        let pay = format!("POST {root}/payments");
        let follow = format!("POST {root}/payments/{PARENT}");
        for (code, outcome) in [
            (APPROVED, "approved"),
            ("000.400.010", "review"),
            ("800.100.153", "declined"),
        ] {
            let first = |kind| full(kind, REFERENCE, None, code);
            flows.push(flow("sale", make(), sale(), &pay, first("DB"), outcome));
            flows.push(flow("authorize", make(), authorize(), &pay, first("PA"), outcome));
            let later = |kind, reference| full(kind, reference, Some(PARENT), code);
            let operation = capture(&make(), "92.00 EGP");
            flows.push(flow(
                "capture",
                make(),
                operation,
                &follow,
                later("CP", "cp-0001-a1"),
                outcome,
            ));
            let operation = void(&make());
            flows.push(flow(
                "void",
                make(),
                operation,
                &follow,
                later("RV", "rv-0001-a1"),
                outcome,
            ));
            let operation = refund(&make(), "92.00 EGP");
            flows.push(flow(
                "refund",
                make(),
                operation,
                &follow,
                later("RF", "rf-0001-a1"),
                outcome,
            ));
        }
        let mut challenge = full("DB", REFERENCE, None, "000.200.000");
        challenge["redirect"] = json!({
            "url": "https://acs.example/c", "method": "POST", "parameters": [{"name": "PaReq", "value": "x"}],
            "preconditions": [{
                "origin": "iframe#hidden", "waitUntil": "iframe#onload", "method": "POST", "url": "https://acs.example/m",
                "parameters": [{"name": "threeDSMethodData", "value": "z"}],
            }],
        });
        flows.push(flow("challenge", make(), sale(), &pay, challenge, "action_required"));
    }
    flows.push(flow(
        "payout",
        v1(),
        payout(),
        "POST /v1/payments",
        full("CD", REFERENCE, None, APPROVED),
        "approved",
    ));
    let held = payment(&v3(), &[PARENT, "PA", "EGP9200"]);
    let mut back = Refund::new(held, "rf-0001-a1".parse().unwrap(), money("92.00 EGP"));
    back.capture = Some(OTHER.to_owned());
    let mut of_capture = flow(
        "refund of a capture",
        v3(),
        Operation::Refund(back),
        format!("POST /gateway/v3/payments/{OTHER}"),
        full("RF", "rf-0001-a1", Some(OTHER), APPROVED),
        "approved",
    );
    let capture = full("CP", "cp-0001-a1", Some(PARENT), APPROVED);
    of_capture.before = vec![(format!("GET /gateway/v3/payments/{OTHER}"), capture.to_string())];
    flows.push(of_capture);
    flows
}

/// Everything that asks.
fn asking() -> Vec<Flow> {
    let mut flows = Vec::new();
    let get = |root: &str| format!("GET {root}/payments/{OTHER}");
    for (code, outcome) in [(APPROVED, "approved"), ("800.100.153", "declined")] {
        let golden = || full("DB", REFERENCE, None, code);
        for ids in [vec![OTHER, "DB", "EGP9200"], vec![OTHER]] {
            let operation = inquire(payment(&v3(), &ids));
            let mut asked = flow("inquire", v3(), operation, get("/gateway/v3"), golden(), outcome);
            asked.compared = &[];
            flows.push(asked);
        }
        let operation = inquire(payment(&v1(), &[OTHER, "DB", "EGP9200"]));
        let mut asked = flow("inquire v1", v1(), operation, get("/v1"), golden(), outcome);
        asked.after = vec![format!("GET /v3/query/{OTHER}")];
        asked.compared = &[];
        flows.push(asked);
        // So old that a refused try is the last one.
        let made = (paymux_core::Wire::now(&Script::new()).as_second() - 3600).to_string();
        let ids = [CHECKOUT, "checkout", "DB", "EGP9200", REFERENCE, &made];
        let operation = inquire(payment(&v3(), &ids));
        let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
        let mut asked = flow("checkout", v3(), operation, path, golden(), outcome);
        asked.after = vec![get("/gateway/v3")];
        flows.push(asked);
        let trail = json!([{"key": "payment", "value": OTHER}]);
        let operation = unresolved(&v3(), OperationKind::Sale, None, trail);
        flows.push(flow(
            "resolve by id",
            v3(),
            operation,
            get("/gateway/v3"),
            golden(),
            outcome,
        ));

        let report =
            || json!({"result": {"code": "000.000.100", "description": "text"}, "payments": [golden()], "ndc": "x"});
        let needed = &[
            "/payments",
            "/payments/0/id",
            "/payments/0/paymentType",
            "/payments/0/amount",
            "/payments/0/currency",
            "/payments/0/result",
            "/payments/0/result/code",
        ];
        for (name, operation) in [
            ("inquire by reference", by_reference(REFERENCE)),
            (
                "resolve by reference",
                unresolved(&v1(), OperationKind::Sale, None, json!([])),
            ),
        ] {
            let mut asked = flow(name, v1(), operation, "GET /v1/query", report(), outcome);
            asked.needed = needed;
            asked.compared = &["/payments/0/merchantTransactionId"];
            asked.after = match name {
                "inquire by reference" => vec![format!("GET /v3/query/{OTHER}")],
                _ => vec![get("/v1")],
            };
            flows.push(asked);
        }
    }
    flows
}

impl Flow {
    fn run(&self, reply: &str) -> (Result<Answer, Error>, Script) {
        let mut wire = Script::new().with_patience(Duration::ZERO);
        for (call, reply) in &self.before {
            wire = wire.json(call, 200, reply);
        }
        wire = wire.json(&self.call, 200, reply);
        for call in &self.after {
            wire = wire.lost(call);
        }
        (run(&self.opp, &self.operation, &wire), wire)
    }

    fn moves(&self) -> bool {
        !matches!(self.operation, Operation::Inquire(_) | Operation::Resolve(_))
    }

    /// Whether an answer is what the whole reply comes to.
    fn is_same(&self, answer: &Answer, whole: &Answer) -> bool {
        let totals = |answer: &Answer| {
            (
                answer.payment.captured(),
                answer.payment.refunded(),
                answer.payment.amount,
            )
        };
        answer.outcome.as_str() == self.outcome
            && answer.payment.state == whole.payment.state
            && answer.payment.reference == whole.payment.reference
            && totals(answer) == totals(whole)
            && match (&answer.outcome, &whole.outcome) {
                (Outcome::Declined(one), Outcome::Declined(other)) => {
                    one.reason == other.reason && one.code == other.code
                }
                _ => true,
            }
    }
}

fn under(field: &str, fields: &[&str]) -> bool {
    fields.contains(&field)
}

#[test]
fn an_unchanged_reply_is_what_it_is() {
    for flow in moving().into_iter().chain(asking()) {
        let answer = flow
            .run(&flow.golden)
            .0
            .unwrap_or_else(|error| panic!("{}: {error}", flow.name));
        assert_eq!(answer.outcome.as_str(), flow.outcome, "{}", flow.name);
    }
}

#[test]
fn nothing_is_approved_without_what_decides() {
    let mut tried = 0;
    for flow in moving().into_iter().chain(asking()) {
        for Mutation { field, how, reply, .. } in mutations(&flow.golden) {
            let absent = matches!(how, How::Removed | How::Renamed | How::Null);
            let optional = under(&field, flow.compared) && how != How::Text;
            // The id of something new is whatever the provider gives it.
            let new = field.ends_with("/id") && how == How::Text && (flow.moves() || flow.name.contains("reference"));
            let new = new || (flow.name == "checkout" && field == "/id" && how == How::Text);
            // A refusal says no amount.
            if !(under(&field, flow.needed) || under(&field, flow.compared)) || optional || new {
                continue;
            }
            // A payment known by its id or reference alone is of whatever amount stands there.
            if flow.name.starts_with("inquire") && field.ends_with("/amount") && how == How::Number {
                continue;
            }
            tried += 1;
            let what = format!("{} ({}): {field} {how:?}", flow.name, flow.outcome);
            let (result, wire) = flow.run(&reply);
            match result {
                Ok(answer) => assert!(
                    !matches!(answer.outcome, Outcome::Approved | Outcome::Review),
                    "{what}: {:?}",
                    answer.outcome
                ),
                Err(error) if flow.moves() => assert_eq!(error.fate(), Fate::Unknown, "{what}: {error}"),
                Err(error) => {
                    // What a report shows under another reference is not what was asked about.
                    let anothers = flow.name == "inquire by reference" && under(&field, flow.compared);
                    assert!(anothers || !error.is_not_found(), "{what}: {error}");
                    let resolves = matches!(flow.operation, Operation::Resolve(_));
                    assert!(!resolves || error.fate() == Fate::Unknown, "{what}: {error}");
                }
            }
            // Once a checkout's result was read, the payment's id is kept, whatever else it lacked.
            if flow.name == "checkout"
                && field != "/id"
                && !(flow.outcome == "declined" && field == "/paymentType" && absent)
            {
                let noted = wire
                    .notes()
                    .iter()
                    .any(|memo| memo.key == "payment" && memo.value == OTHER);
                assert!(noted || flow.outcome == "declined", "{what}");
            }
        }
    }
    assert!(tried > 1000, "{tried}");
}

#[test]
fn nothing_else_in_a_reply_matters() {
    let mut tried = 0;
    for flow in moving().into_iter().chain(asking()) {
        let whole = flow.run(&flow.golden).0.unwrap();
        let mut same = |what: String, reply: &str| {
            tried += 1;
            let (result, wire) = flow.run(reply);
            let answer = result.unwrap_or_else(|error| panic!("{what}: {error}"));
            assert!(flow.is_same(&answer, &whole), "{what}: {answer:?}");
            if flow.name == "checkout" {
                assert!(
                    wire.notes()
                        .iter()
                        .any(|memo| memo.key == "payment" && memo.value == OTHER),
                    "{what}"
                );
            }
        };
        for Mutation { field, how, reply, .. } in mutations(&flow.golden) {
            let decides = under(&field, flow.needed) || under(&field, flow.compared);
            // Where the customer goes next decides what is next, not what was paid.
            let next = field.starts_with("/redirect");
            // What a report says of itself tells only whether it is whole.
            // A report whose only entry is gone, or no entry, is about nothing.
            let entry = field == "/payments/0";
            if decides || next || entry {
                continue;
            }
            same(format!("{} ({}): {field} {how:?}", flow.name, flow.outcome), &reply);
        }
        same(format!("{}: more fields", flow.name), &with_more(&flow.golden));
    }
    assert!(tried > 5000, "{tried}");
}

/// Making a checkout moves no money: without its id and its own code it was not made, and nothing else matters.
#[test]
fn a_checkout_that_is_made() {
    let golden = json!({
        "id": CHECKOUT, "integrity": "sha384-x", "result": {"code": "000.200.100", "description": "text"},
        "buildNumber": "b@2025-01-01", "timestamp": "2025-01-01 10:00:00+0000", "ndc": "x_1",
    })
    .to_string();
    for (make, path) in [(v1(), "POST /v1/checkouts"), (v3(), "POST /gateway/v3/checkouts")] {
        let made = |reply: &str| run(&make, &checkout(), &Script::new().json(path, 200, reply));
        let whole = made(&golden).unwrap();
        for Mutation { field, how, reply, .. } in mutations(&golden) {
            let decides = ["/id", "/result", "/result/code"].contains(&field.as_str());
            match made(&reply) {
                Ok(answer) if field == "/id" && how == How::Text => assert_eq!(answer.payment.id(), "other"),
                Ok(answer) => {
                    assert!(!decides, "{field} {how:?}");
                    assert_eq!(answer.outcome.as_str(), "action_required");
                    assert_eq!(answer.payment.reference, whole.payment.reference, "{field} {how:?}");
                }
                Err(error) => {
                    assert!(decides, "{field} {how:?}: {error}");
                    assert_eq!(error.fate(), Fate::NotDone, "{field} {how:?}: {error}");
                }
            }
        }
        assert_eq!(
            made(&with_more(&golden)).unwrap().payment.reference,
            whole.payment.reference
        );
    }
}

/// A redirect that cannot be read leaves the payment open; it is neither approved nor refused by it.
#[test]
fn a_broken_redirect_leaves_the_payment_open() {
    for flow in moving().into_iter().filter(|flow| flow.name == "challenge") {
        for Mutation { field, how, reply, .. } in mutations(&flow.golden) {
            if !field.starts_with("/redirect") {
                continue;
            }
            match flow.run(&reply).0 {
                Ok(answer) => assert!(
                    matches!(answer.outcome, Outcome::Pending | Outcome::ActionRequired(_)),
                    "{field} {how:?}"
                ),
                Err(error) => assert_eq!(error.fate(), Fate::Unknown, "{field} {how:?}: {error}"),
            }
        }
    }
}

/// What is missing is asked for: by the id where there is one, on v1 else by the reference.
#[test]
fn what_decides_is_asked_for_where_it_is_missing() {
    for flow in moving()
        .into_iter()
        .filter(|flow| flow.outcome == "approved" && flow.before.is_empty())
    {
        for Mutation { field, how, reply, .. } in mutations(&flow.golden) {
            let absent = matches!(how, How::Removed | How::Renamed | How::Null | How::Array | How::Object);
            let v1 = flow.call.starts_with("POST /v1");
            if !under(&field, flow.needed) || !absent || (field == "/id" && !v1) {
                continue;
            }
            let root = if v1 { "/v1" } else { "/gateway/v3" };
            let mut wire = Script::new().json(&flow.call, 200, &reply);
            wire = if field == "/id" {
                let report = json!({"result": {"code": "000.000.100"}, "payments": [serde_json::from_str::<Value>(&flow.golden).unwrap()]});
                wire.json("GET /v1/query", 200, &report.to_string())
            } else {
                wire.json(&format!("GET {root}/payments/{OTHER}"), 200, &flow.golden)
            };
            let answer = run(&flow.opp, &flow.operation, &wire);
            let answer = answer.unwrap_or_else(|error| panic!("{}: {field} {how:?}: {error}", flow.name));
            assert!(answer.outcome.is_approved(), "{}: {field} {how:?}", flow.name);
        }
    }
}
