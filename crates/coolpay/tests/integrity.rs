//! Every field of every reply, in turn removed, renamed and of every other type: what decides about money is missed, and nothing else is.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod common;

use common::stage::Stage;
use common::*;
use paymux_core::script::{How, Mutation, mutations, run, with_more};
use paymux_core::{
    Adapter, Agreement, Answer, Capture, Error, ErrorKind, Fate, Initiator, Inquiry, Operation, OperationKind, Outcome,
    Payout, Refund, Source, Void,
};

/// What a change may do to the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// Nothing: the operation is answered as without it.
    None,
    /// It must not be believed.
    Decides,
    /// Something else has to be asked or done; the answer is the true one, or there is none.
    Matters,
}

/// An operation, the stages of its payment, and what each stage's reply is there for.
struct Flow {
    operation: Operation,
    views: Vec<String>,
    /// Whether the operation reads before it does anything.
    reads: bool,
}

/// With fields of every kind that a payment can have.
fn rich(ops: &[String], balance: i64) -> String {
    let more = r#""balance":"#;
    let rest = format!(
        r#""merchant_id":42,"subscription_id":77,"fee":null,"ulid":"01J","link":null,"variables":{{"order":"A-1"}},"basket":[{{"qty":1}}],"created_at":"2026-01-02T03:04:05Z",{more}"#
    );
    body(ops, balance).replace(more, &rest)
}

fn begun() -> String {
    rich(&[], 0)
        .replace(r#""state":"new""#, r#""state":"initial""#)
        .replace(r#""accepted":true"#, r#""accepted":false"#)
}

fn authorized() -> String {
    rich(&[op(1, "authorize", 1000, "20000")], 0)
}

fn captured() -> String {
    rich(
        &[op(1, "authorize", 1000, "20000"), op(2, "capture", 1000, "20000")],
        1000,
    )
}

fn flows() -> Vec<Flow> {
    let money = || "10.00 DKK".parse().unwrap();
    let reference = || REFERENCE.parse().unwrap();
    let saved = || Source::Stored("card:7".to_owned());
    let mut recurring = charge();
    recurring.source = Source::Stored("subscription:77".to_owned());
    recurring.initiator = Initiator::Merchant {
        kind: Agreement::Recurring,
        agreement: None,
        network_transaction_id: None,
    };
    let refunded = rich(
        &[
            op(1, "authorize", 1000, "20000"),
            op(2, "capture", 1000, "20000"),
            op(3, "refund", 1000, "20000"),
        ],
        0,
    );
    let voided = rich(
        &[
            op(1, "authorize", 1000, "20000"),
            op(2, "cancel", 0, "20000").replace(r#""amount":0"#, r#""amount":null"#),
        ],
        0,
    );
    let agreed = |view: String| view.replace(r#""type":"authorize""#, r#""type":"recurring""#);
    let follow = |operation, before, after| Flow {
        operation,
        views: vec![before, after],
        reads: true,
    };
    let asked = |operation, view| Flow {
        operation,
        views: vec![view],
        reads: true,
    };
    let made = |operation, views: &[String]| Flow {
        operation,
        views: views.to_vec(),
        reads: false,
    };
    let paid_out = rich(&[op(1, "credit", 1000, "20000")], 0);
    let noted = [("payment", "1145"), ("operation", "1")];
    vec![
        made(sale(), &[begun(), authorized(), captured()]),
        made(authorize(), &[begun(), authorized()]),
        made(
            Operation::Sale(Box::new(recurring)),
            &[begun(), agreed(authorized()), agreed(captured())],
        ),
        made(
            Operation::Payout(Box::new(Payout::new(reference(), money(), saved()))),
            &[begun(), paid_out],
        ),
        follow(
            Operation::Capture(Capture::new(payment_ref(), reference(), money())),
            authorized(),
            captured(),
        ),
        follow(
            Operation::Refund(Refund::new(payment_ref(), reference(), money())),
            captured(),
            refunded,
        ),
        follow(
            Operation::Void(Void::new(payment_ref(), reference())),
            authorized(),
            voided,
        ),
        asked(Operation::Inquire(Inquiry::Payment(payment_ref())), captured()),
        asked(Operation::Inquire(Inquiry::Reference(reference())), captured()),
        asked(unresolved(OperationKind::Sale, &noted), captured()),
        asked(unresolved(OperationKind::Sale, &[]), captured()),
        asked(unresolved(OperationKind::Capture, &noted), captured()),
    ]
}

fn play(stage: &Stage, operation: &Operation) -> Result<Answer, Error> {
    run(adapter().execute(operation, stage))
}

/// The place in the list of operations that a change is at, and the field.
fn operation_of(at: &str) -> Option<(usize, &str)> {
    let rest = at.strip_prefix("/operations/")?;
    let (index, field) = rest.split_once('/').unwrap_or((rest, ""));
    Some((index.parse().ok()?, field))
}

/// What a change of the reply of a stage weighs.
fn weight(flow: &Flow, stage: usize, change: &Mutation) -> Weight {
    let last = stage + 1 == flow.views.len();
    let newest = serde_json::from_str::<serde_json::Value>(&flow.views[stage]).unwrap()["operations"]
        .as_array()
        .unwrap()
        .len();
    let only_asks = flow.views.len() == 1;
    let void = matches!(flow.operation, Operation::Void(_));
    let by_reference = matches!(&flow.operation, Operation::Inquire(Inquiry::Reference(_)))
        || matches!(&flow.operation, Operation::Resolve(unresolved) if unresolved.trail.is_empty());
    match change.field.as_str() {
        // A list is read as an open page, and then nothing is sent.
        "/link" if change.how == How::Array => Weight::Matters,
        // Accepted by itself, without an operation that made it so.
        "/accepted" if change.how == How::Bool => Weight::Matters,
        // Where the payment is only known by its reference, its id is whatever the provider says.
        "/id" if by_reference => Weight::Matters,
        "/id" => Weight::Decides,
        // Operations that cannot be read may be under way.
        "/operations" if stage == 0 && change.how == How::Array => Weight::Matters,
        "/operations" if stage == 0 && !flow.reads => Weight::None,
        "/operations" => Weight::Decides,
        // A void has no amount, so that the currency does not matter.
        "/currency" if void => Weight::None,
        "/currency" => Weight::Decides,
        "/order_id" if stage == 0 && !flow.reads || by_reference => Weight::Decides,
        // Nobody asked for a recurring payment under another reference.
        "/order_id" if matches!(&flow.operation, Operation::Sale(c) if matches!(c.source, Source::Stored(_))) => {
            Weight::Matters
        }
        // Another balance contradicts; none at all does not.
        "/balance" if matches!(flow.operation, Operation::Payout(_)) => Weight::None,
        "/balance" if change.how == How::Number && flow.reads && stage == 0 && !only_asks => Weight::None,
        "/balance" if change.how == How::Number => Weight::Decides,
        at => match operation_of(at) {
            None => Weight::None,
            // Before something is sent, all that counts is which operations there are, and that none is under way.
            Some((_, "" | "id" | "pending")) if !last => Weight::Matters,
            // A question sees all of them together.
            Some((index, "id")) if only_asks || index + 1 < newest => Weight::Matters,
            Some((index, "" | "type" | "amount" | "pending" | "qp_status_code")) if only_asks && index + 1 < newest => {
                Weight::Matters
            }
            Some((index, field)) if index + 1 == newest => match field {
                "amount" if void => Weight::None,
                // Any number may be an id.
                "id" if change.how == How::Number => Weight::Matters,
                "" | "id" | "type" | "amount" | "pending" | "qp_status_code" if last || !flow.reads => Weight::Decides,
                _ => Weight::None,
            },
            // The balance tells that something is wrong with money that moved before.
            Some((index, "" | "type" | "amount" | "pending" | "qp_status_code"))
                if moved_before(flow, stage, index) =>
            {
                Weight::Matters
            }
            Some(_) => Weight::None,
        },
    }
}

/// Whether an operation before the newest took or gave back money.
fn moved_before(flow: &Flow, stage: usize, index: usize) -> bool {
    let view: serde_json::Value = serde_json::from_str(&flow.views[stage]).unwrap();
    matches!(view["operations"][index]["type"].as_str(), Some("capture" | "refund"))
}

/// What must hold whatever is wrong with a reply.
fn check(flow: &Flow, stage: &Stage, result: &Result<Answer, Error>, weight: Weight, what: &str) {
    let approved = result.as_ref().is_ok_and(|answer| answer.outcome.is_approved());
    match weight {
        Weight::None => assert!(approved, "{what}: {result:?}"),
        Weight::Decides => assert!(!approved, "{what}: {result:?}"),
        Weight::Matters => {}
    }
    if let Ok(answer) = result {
        assert!(!matches!(answer.outcome, Outcome::Declined(_)), "{what}: {result:?}");
    }
    if let Err(error) = result {
        let asks = flow.views.len() == 1;
        let open = error.fate() == Fate::Unknown || stage.moved() == 0 && !asks;
        let inquiry = matches!(flow.operation, Operation::Inquire(_));
        assert!(open || inquiry && !error.is_not_found(), "{what}: {error:?}");
    }
}

#[test]
fn a_change_in_one_reply_is_asked_past_or_missed() {
    for flow in flows() {
        let stage = Stage::new(&flow.views);
        assert!(
            play(&stage, &flow.operation).unwrap().outcome.is_approved(),
            "{:?}",
            flow.operation
        );
        let more: Vec<_> = flow.views.iter().map(|view| with_more(view)).collect();
        let result = play(&Stage::new(&more), &flow.operation);
        assert!(
            result.unwrap().outcome.is_approved(),
            "more fields: {:?}",
            flow.operation
        );
        for at in 0..flow.views.len() {
            for change in mutations(&flow.views[at]) {
                let mut stage = Stage::new(&flow.views);
                stage.answered[at].clone_from(&change.reply);
                let result = play(&stage, &flow.operation);
                // Whatever is read afterwards is true.
                let weight = match weight(&flow, at, &change) {
                    Weight::Decides => Weight::Matters,
                    other => other,
                };
                let what = format!(
                    "{} stage {at}: {} {:?}",
                    flow.operation.kind(),
                    change.field,
                    change.how
                );
                check(&flow, &stage, &result, weight, &what);
            }
        }
    }
}

#[test]
fn a_change_in_all_replies_never_approves_and_never_hides_an_approval() {
    let mut weights = Vec::new();
    for flow in flows() {
        for at in 0..flow.views.len() {
            for change in mutations(&flow.views[at]) {
                let mut stage = Stage::new(&flow.views);
                stage.answered[at].clone_from(&change.reply);
                stage.shown[at].clone_from(&change.reply);
                let result = play(&stage, &flow.operation);
                let mut weight = weight(&flow, at, &change);
                // What is wrong before the end may be answered past by the reply at the end.
                if at + 1 < flow.views.len() && weight == Weight::Decides {
                    weight = Weight::Matters;
                }
                weights.push(weight);
                let what = format!(
                    "{} stage {at}: {} {:?}, for good",
                    flow.operation.kind(),
                    change.field,
                    change.how
                );
                check(&flow, &stage, &result, weight, &what);
            }
        }
    }
    for kind in [Weight::None, Weight::Decides, Weight::Matters] {
        let count = weights.iter().filter(|weight| **weight == kind).count();
        assert!(count > 200, "{kind:?}: {count}");
    }
}

#[test]
fn a_decline_stays_one_or_is_not_believed() {
    let declined = rich(&[op(1, "authorize", 1000, "40000")], 0);
    for change in mutations(&declined) {
        let mut stage = Stage::new(&[begun(), declined.clone()]);
        stage.answered[1].clone_from(&change.reply);
        stage.shown[1].clone_from(&change.reply);
        let result = play(&stage, &sale());
        let what = format!("{} {:?}: {result:?}", change.field, change.how);
        assert_eq!(stage.moved(), 1, "{what}");
        match result {
            Ok(answer) => assert!(!answer.outcome.is_approved(), "{what}"),
            Err(error) => assert_eq!(error.fate(), Fate::Unknown, "{what}"),
        }
    }
}

#[test]
fn a_difference_is_a_mismatch_and_not_a_decline() {
    let other = authorized().replace(r#""amount":1000"#, r#""amount":7"#);
    let mut stage = Stage::new(&[begun(), other]);
    stage.shown[0] = begun();
    assert_eq!(play(&stage, &authorize()).unwrap_err().kind(), ErrorKind::Mismatch);
}
