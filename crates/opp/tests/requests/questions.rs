//! What moves no money: questions, checkouts and their results.

use paymux_core::script::Script;
use paymux_core::{ErrorKind, Replay};

use super::sent;
use crate::common::*;

#[test]
fn questions() {
    let opp = v3();
    let expect = format!("GET /gateway/v3/payments/{ID}?entityId=EB000001");
    let known = payment(&opp, &[ID, "DB", "EGP9200"]);
    let call = sent(&opp, &inquire(known), &expect, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(!call.moves && call.request.body().is_empty());
    assert_eq!(call.replay, Replay::Free);

    let expect = format!("GET /v1/query?entityId={ENTITY}&merchantTransactionId={REFERENCE}");
    sent(&v1(), &by_reference(REFERENCE), &expect, r#"{"payments":[]}"#);
    let error = run(&v3(), &by_reference(REFERENCE), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn a_checkout_and_its_result() {
    let opp = v3();
    let answer = format!(r#"{{"id":"{OTHER}.uat01-vm-tx04","result":{{"code":"000.200.100"}}}}"#);
    let call = sent(&opp, &checkout(), "POST /gateway/v3/checkouts", &answer);
    assert_eq!(
        call.body(),
        "entityId=EB000001&entityType=PARTICIPATOR&amount=92.00&currency=EGP&paymentType=DB&merchantTransactionId=ord-0001-a1"
    );
    assert!(!call.moves);
    assert_eq!(call.replay, Replay::Once);

    let made = payment(&opp, &["c1.x", "checkout", "DB", "EGP9200", REFERENCE]);
    let expect = "GET /gateway/v3/checkouts/c1.x/payment?entityId=EB000001";
    let call = sent(&opp, &inquire(made), expect, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(!call.moves);
    assert_eq!(call.replay, Replay::Once, "the answer is used up");
}
