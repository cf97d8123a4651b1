//! What follows on a payment: captures, voids and refunds.

use paymux_core::script::Script;
use paymux_core::{Capture, ErrorKind, Fate, Operation, Refund, Replay, Void};

use super::sent;
use crate::common::*;

#[test]
fn follow_ups() {
    let path = format!("POST /gateway/v3/payments/{ID}");
    let opp = v3();
    let capture = sent(
        &opp,
        &capture(&opp, "60.00 EGP"),
        &path,
        &body(OTHER, "CP", "60.00", "000.100.110"),
    );
    assert_eq!(
        capture.body(),
        "entityId=EB000001&paymentType=CP&amount=60.00&currency=EGP&merchantTransactionId=cp-0001-a1"
    );
    let void = sent(&opp, &void(&opp), &path, &body(OTHER, "RV", "92.00", "000.100.110"));
    assert_eq!(
        void.body(),
        "entityId=EB000001&paymentType=RV&amount=92.00&currency=EGP&merchantTransactionId=rv-0001-a1"
    );
    let refund_v3 = sent(
        &opp,
        &refund(&opp, "10.00 EGP"),
        &path,
        &body(OTHER, "RF", "10.00", "000.100.110"),
    );
    assert_eq!(
        refund_v3.body(),
        format!(
            "entityId=EB000001&amount=10.00&currency=EGP&paymentType=RF&originalTransactionId={ID}&merchantTransactionId=rf-0001-a1"
        )
    );
    let opp = v1();
    let path = format!("POST /v1/payments/{ID}");
    let refund_v1 = sent(
        &opp,
        &refund(&opp, "10.00 EGP"),
        &path,
        &body(OTHER, "RF", "10.00", "000.100.110"),
    );
    assert_eq!(
        refund_v1.body(),
        format!("entityId={ENTITY}&amount=10.00&currency=EGP&paymentType=RF&merchantTransactionId=rf-0001-a1")
    );
    for call in [&capture, &void, &refund_v3, &refund_v1] {
        assert!(call.moves);
        assert_eq!(call.replay, Replay::Once);
    }
}

#[test]
fn a_refund_of_an_authorization_goes_to_its_capture() {
    let opp = v3();
    let mut refund = Refund::new(
        payment(&opp, &[ID, "PA", "EGP9200"]),
        "rf-0001-a1".parse().unwrap(),
        money("10.00 EGP"),
    );
    let error = run(&opp, &Operation::Refund(refund.clone()), &Script::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.fate(), error.field()),
        (ErrorKind::InvalidRequest, Fate::NotDone, Some("capture"))
    );
    assert!(error.message().contains("id of its capture entry"), "{error}");

    refund.capture = Some(OTHER.to_owned());
    let captured = body(OTHER, "CP", "92.00", "000.100.110");
    let ask = format!("GET /gateway/v3/payments/{OTHER}?entityId=EB000001");
    let refunded = body(ID, "RF", "10.00", "000.100.110");
    let wire =
        Script::new()
            .json(&ask, 200, &captured)
            .json(&format!("POST /gateway/v3/payments/{OTHER}"), 200, &refunded);
    run(&opp, &Operation::Refund(refund.clone()), &wire).unwrap();
    let call = wire.sent().remove(1);
    assert!(call.body().contains(&format!("originalTransactionId={OTHER}&")));

    refund.payment = payment(&opp, &[ID, "DB"]);
    let error = run(&opp, &Operation::Refund(refund.clone()), &Script::new()).unwrap_err();
    assert_eq!(error.field(), Some("capture"));
    refund.payment = payment(&opp, &[ID]);
    refund.capture = None;
    let error = run(&opp, &Operation::Refund(refund), &Script::new()).unwrap_err();
    assert!(error.message().contains("inquire first"), "{error}");
}

#[test]
fn what_cannot_follow_is_refused_before_anything_is_sent() {
    let opp = v3();
    let refused = |operation: Operation, says: &str| {
        let error = run(&opp, &operation, &Script::new()).unwrap_err();
        assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidRequest, Fate::NotDone));
        assert!(error.message().contains(says), "{error}");
    };
    let void = |ids: &[&str]| Operation::Void(Void::new(payment(&opp, ids), "rv-0001-a1".parse().unwrap()));
    let capture = |ids: &[&str]| {
        Operation::Capture(Capture::new(
            payment(&opp, ids),
            "cp-0001-a1".parse().unwrap(),
            money("1.00 EGP"),
        ))
    };
    refused(void(&[ID, "DB", "EGP9200"]), "refund it instead");
    refused(capture(&[ID, "DB", "EGP9200"]), "nothing to capture");
    refused(capture(&[ID, "checkout", "PA", "EGP9200", REFERENCE]), "is a checkout");
    refused(capture(&[REFERENCE, "reference", "PA"]), "was refused");
    for id in ["..", "a/b", "a b", ""] {
        refused(capture(&[id, "PA"]), "does not hold an id");
    }
}
