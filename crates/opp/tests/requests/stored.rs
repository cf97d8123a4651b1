//! Stored instruments: payments by them, and how they are registered and deleted.

use paymux_core::script::Script;
use paymux_core::{Adapter, Agreement, Charge, ErrorKind, Fate, Field, Initiator, Operation, Payout, Source, Wire};

use super::sent;
use crate::common::*;

#[test]
fn stored_instruments_and_merchant_initiated_payments() {
    let stored = |initiator| {
        let mut charge = Charge::new(
            REFERENCE.parse().unwrap(),
            money("92.00 EGP"),
            Source::Stored("8acda4a0".to_owned()),
        );
        charge.initiator = initiator;
        Operation::Sale(Box::new(charge))
    };
    let answer = body(ID, "DB", "92.00", "000.100.110");
    let path = "POST /v1/registrations/8acda4a0/payments";
    let merchant = Initiator::Merchant {
        kind: Agreement::Recurring,
        agreement: Some("a1".to_owned()),
        network_transaction_id: Some("n1".to_owned()),
    };
    let operation = stored(merchant.clone());
    let call = sent(&v1(), &operation, path, &answer);
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&amount=92.00&currency=EGP&paymentType=DB&standingInstruction.mode=REPEATED\
             &standingInstruction.type=RECURRING&standingInstruction.source=MIT\
             &standingInstruction.initialTransactionId=n1&merchantTransactionId=ord-0001-a1"
        )
    );
    let dropped = v1().capabilities().check(&operation, Script::new().now()).unwrap();
    assert_eq!(dropped, [Field::Agreement]);
    let call = sent(&v1(), &stored(Initiator::Customer), path, &answer);
    assert!(
        call.body()
            .contains("standingInstruction.type=UNSCHEDULED&standingInstruction.source=CIT&merchant")
    );

    let error = run(&v3(), &stored(Initiator::Customer), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    let mut with_card = charge();
    with_card.initiator = merchant;
    let error = run(&v3(), &Operation::Sale(Box::new(with_card)), &Script::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported, "not dropped on v3");

    let mut payout = Payout::new(
        REFERENCE.parse().unwrap(),
        money("5.00 EGP"),
        Source::Stored("8acda4a0".to_owned()),
    );
    payout.description = Some("prize".to_owned());
    let call = sent(
        &v1(),
        &Operation::Payout(Box::new(payout)),
        path,
        &body(ID, "CD", "5.00", "000.100.110"),
    );
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&amount=5.00&currency=EGP&paymentType=CD&merchantTransactionId=ord-0001-a1&merchantMemo=prize"
        )
    );
}

#[test]
fn registrations() {
    use paymux_core::script;
    let opp = v1();
    let answer = r#"{"id":"8acda4a0","paymentBrand":"VISA","result":{"code":"000.100.110"},"card":{"last4Digits":"0000","expiryMonth":"05","expiryYear":"2034"}}"#;
    let wire = Script::new().json("POST /v1/registrations", 200, answer);
    let made = script::run(opp.create_registration(&card(), &wire)).unwrap();
    assert_eq!((made.id.as_str(), made.test), ("8acda4a0", Some(true)));
    assert_eq!(made.expiry, Some(("05".to_owned(), "2034".to_owned())));
    assert_eq!(made.method.unwrap().last4.as_deref(), Some("0000"));
    let call = wire.sent().remove(0);
    assert!(!call.moves);
    assert_eq!(
        call.body(),
        format!(
            "entityId={ENTITY}&paymentBrand=VISA&card.number=4200000000000000&card.holder=Jane+Jones&card.expiryMonth=05\
             &card.expiryYear=2034&card.cvv=123"
        )
    );

    let refused = Script::new().json("POST /v1/registrations", 400, &code("100.100.101"));
    let error = script::run(opp.create_registration(&card(), &refused)).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Refused, Fate::Rejected));
    let broken = Script::new().json("POST /v1/registrations", 200, &code("000.200.999"));
    let error = script::run(opp.create_registration(&card(), &broken)).unwrap_err();
    assert_eq!(error.fate(), Fate::Rejected, "{error}");

    let delete = format!("DELETE /v1/registrations/8acda4a0?entityId={ENTITY}");
    for (status, answer) in [
        (200, code("000.100.110")),
        (404, String::new()),
        (400, code("100.150.202")),
    ] {
        let wire = Script::new().json(&delete, status, &answer);
        script::run(opp.delete_registration("8acda4a0", &wire)).unwrap();
    }
    let wire = Script::new().json(&delete, 403, &code("800.900.300"));
    let error = script::run(opp.delete_registration("8acda4a0", &wire)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(script::run(opp.delete_registration("../payments", &Script::new())).is_err());

    let error = script::run(v3().create_registration(&card(), &Script::new())).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
