//! What the record pins, what follows on a payment, and what is one provider's own.

use super::*;

#[tokio::test]
async fn a_pinned_gateway_that_is_gone_is_named_and_nothing_is_sent() {
    let declined = Decline::new(DeclineReason::DoNotHonor, "05").with_advice(RetryAdvice::Never);
    for (standing, refused) in [
        (Standing::Open, Some(Fate::Unknown)),
        (Standing::Done, Some(Fate::Unknown)),
        (Standing::Declined(declined), Some(Fate::NotDone)),
        (Standing::Failed, None),
    ] {
        let desk = desk_of("rules = [{ to = ['a'] }]", |_| {});
        let open = desk.c.write(&Operation::Sale(Box::new(charge("r1"))), standing.clone());
        let result = desk.sale(charge("r1")).await;
        let sent = usize::from(refused.is_none());
        assert_eq!(desk.calls(), [sent, 0, 0], "{standing:?}");
        assert_eq!(result.as_ref().err().map(Error::fate), refused, "{standing:?}");
        if let Err(error) = result {
            let text = error.message();
            let expected = format!("r1 {} at gateway `c`", standing.words());
            assert!(text.contains(&expected), "{text}");
            assert!(text.contains("not in router `checkout` any more"), "{text}");
            // What may have been done there still is, and can be asked about.
            let open = open.filter(|_| refused == Some(Fate::Unknown));
            assert_eq!(error.unresolved(), open.as_ref());
            assert_eq!(error.legs().len(), 1, "{:?}", error.legs());
        }
    }
}

/// One that was declined here does not speak for one that is in doubt elsewhere, also where the order is named.
#[tokio::test]
async fn asked_by_reference_a_leg_at_a_gateway_that_is_gone_is_named() {
    let desk = desk_of("rules = [{ to = ['a'] }]", |_| {});
    let declined = Decline::new(DeclineReason::DoNotHonor, "05").with_advice(RetryAdvice::OtherProvider);
    let sale = Operation::Sale(Box::new(charge_for("r1", "order1001")));
    desk.a.write(&sale, Standing::Declined(declined));
    let inquiry = || Inquiry::Reference("r1".parse().unwrap());
    assert!(desk.router.inquire(inquiry()).await.is_ok());
    desk.c.write(&sale, Standing::Open);
    let error = desk.router.inquire(inquiry()).await.unwrap_err();
    assert!(
        error.message().contains("r1 is under way or in doubt at gateway `c`"),
        "{error}"
    );
    assert_eq!(desk.calls(), [1, 0, 0]);
    // One of no order, beside one of an order.
    let desk = desk_of("rules = [{ to = ['a'] }]", |_| {});
    desk.c.write(&Operation::Sale(Box::new(charge("r1"))), Standing::Open);
    desk.a.write(&sale, Standing::Failed);
    let error = desk.router.inquire(inquiry()).await.unwrap_err();
    assert!(error.message().contains("at gateway `c`"), "{error}");
}

/// It may have been refused there for good, which the record of what did nothing does not tell.
#[tokio::test]
async fn who_waited_for_what_did_nothing_goes_nowhere_else() {
    let desk = desk();
    let error = desk.a_does([Does::Waits]).sale(charge("r1")).await.unwrap_err();
    assert_eq!((error.fate(), error.is_beside_another()), (Fate::NotDone, true));
    assert_eq!(desk.calls(), [1, 0, 0]);
    // Nobody is kept from it by that: the breaker counts what a provider did.
    for number in 0..9 {
        let reference = format!("r1{number}");
        let _ = desk.a_does([Does::Waits]).sale(charge(&reference)).await.unwrap_err();
    }
    assert!(desk.sale(charge("r1")).await.is_ok());
    assert_eq!(desk.calls(), [11, 0, 0]);
}

/// "Nothing was done" would allow an attempt under a new reference, beside the one that was begun meanwhile.
#[tokio::test]
async fn where_another_call_of_the_reference_came_meanwhile_nothing_is_known() {
    let desk = desk();
    let mut leg = Track::new("a", &desk.a.capabilities, "r1".parse().unwrap(), Standing::Open);
    leg.amount = Some("10.00 EUR".parse().unwrap());
    desk.b.does.lock().unwrap().push_back(Does::Meets(Box::new(leg)));
    let error = desk.a_does([Does::Nothing]).sale(charge("r1")).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown, "{error}");
    assert!(
        error
            .message()
            .contains("another call under reference r1 came to gateway `a`"),
        "{error}"
    );
    assert_eq!(desk.calls(), [1, 1, 0]);
}

/// The same, where it is another attempt of the order: this one did nothing, and a new one is not safe.
#[tokio::test]
async fn where_another_attempt_of_the_order_came_meanwhile_that_is_said() {
    let desk = desk();
    let mut leg = Track::new("a", &desk.a.capabilities, "r0".parse().unwrap(), Standing::Open);
    leg.order = Some("order1001".to_owned());
    desk.b.does.lock().unwrap().push_back(Does::Meets(Box::new(leg)));
    let result = desk.a_does([Does::Nothing]).sale(charge_for("r1", "order1001")).await;
    let error = result.unwrap_err();
    assert_eq!(
        (error.fate(), error.is_beside_another()),
        (Fate::NotDone, true),
        "{error}"
    );
    assert_eq!(desk.calls(), [1, 1, 0]);
}

#[tokio::test]
async fn who_comes_second_joins_the_first() {
    let desk = desk();
    let mut leg = Track::new("b", &desk.b.capabilities, "r1".parse().unwrap(), Standing::Open);
    leg.amount = Some("10.00 EUR".parse().unwrap());
    let result = desk.a_does([Does::Meets(Box::new(leg))]).sale(charge("r1")).await;
    assert_eq!(
        legs(&result),
        ["a (rule 1, rule): not_done: order is taken", "b (reference): approved"]
    );
}

#[tokio::test]
async fn what_follows_goes_to_the_account_that_holds_the_payment() {
    let desk = desk_of("rules = [{ to = ['a'] }]\nfollow_ups = ['b']", |_| {});
    let capture = |fake: &Fake| Capture::new(fake.payment(), "c1".parse().unwrap(), "1.00 EUR".parse().unwrap());
    let answer = desk.router.capture(capture(&desk.b)).await.unwrap();
    assert_eq!(answer.payment.legs[0].to_string(), "b (payment): approved");
    let error = desk.router.capture(capture(&desk.c)).await.unwrap_err();
    let text = error.message();
    assert_eq!((error.field(), error.fate()), (Some("payment"), Fate::NotDone));
    assert!(
        text.contains("belongs to gateway `c` (c account") && text.contains("has `a` (a account"),
        "{text}"
    );
    // By reference: the gateway of the leg.
    desk.b.write(&Operation::Sale(Box::new(charge("r1"))), Standing::Done);
    let reference = |text: &str| Inquiry::Reference(text.parse().unwrap());
    let answer = desk.router.inquire(reference("r1")).await.unwrap();
    assert_eq!(answer.payment.reference.gateway(), "b");
    let error = desk.router.inquire(reference("r2")).await.unwrap_err();
    assert!(error.message().starts_with("reference r2 has no leg at `a`"), "{error}");
    // What is in doubt elsewhere stays in doubt.
    let sale = Operation::Sale(Box::new(charge("r3")));
    let open = Unresolved::new(
        "c",
        &desk.c.capabilities,
        &sale,
        None,
        Vec::new(),
        Timestamp::UNIX_EPOCH,
    );
    let error = desk.router.resolve(open.clone()).await.unwrap_err();
    assert_eq!((error.fate(), error.unresolved()), (Fate::Unknown, Some(&open)));
    assert_eq!(
        desk.router.complete(open, sale).await.unwrap_err().fate(),
        Fate::Unknown
    );
    assert_eq!(desk.calls(), [0, 2, 0]);
}

#[tokio::test]
async fn what_belongs_to_one_provider_is_not_spread() {
    let rules = "rules = [{ source = 'stored', currency = 'DKK', to = ['b'] }, { to = ['a', 'b'] }]";
    let desk = desk_of(rules, |_| {});
    let mut stored = charge("r1");
    stored.source = Source::Stored("card-7".to_owned());
    let error = desk.sale(stored.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Configuration, Fate::NotDone));
    assert!(
        error
            .message()
            .contains("a stored instrument means something at one provider only, and rule 2 leads to a, b"),
        "{error}"
    );
    stored.amount = "10.00 DKK".parse().unwrap();
    desk.sale(stored).await.unwrap();
    let transfer = Transfer::new("t1".parse().unwrap(), "1.00 EUR".parse().unwrap(), "1", "2");
    assert!(
        desk.router
            .transfer(transfer)
            .await
            .unwrap_err()
            .message()
            .contains("an account means")
    );
    let mut agreed = charge("r2");
    agreed.initiator = paymux::Initiator::Merchant {
        kind: paymux::Agreement::Recurring,
        agreement: Some("7".to_owned()),
        network_transaction_id: None,
    };
    assert_eq!(desk.sale(agreed).await.unwrap_err().fate(), Fate::NotDone);
    assert_eq!(desk.calls(), [0, 1, 0]);
}

#[tokio::test]
async fn what_takes_an_order_at_a_gateway_that_the_rules_do_not_lead_to_is_only_asked_about() {
    let rules = "rules = [{ source = 'stored', to = 'b' }, { to = 'a' }]";
    let stored = || {
        let mut second = charge_for("r2", "o1");
        second.source = Source::Stored("token-of-b".to_owned());
        second
    };
    for (said, calls) in [("expires", [0, 1, 0]), ("waits", [0, 0, 0])] {
        let desk = desk_of(rules, |_| {});
        let mut first = Track::new("a", &desk.a.capabilities, "r1".parse().unwrap(), Standing::Waiting);
        first.order = Some("o1".to_owned());
        first.amount = Some("10.00 EUR".parse().unwrap());
        said.clone_into(&mut first.said);
        desk.book.0.lock().unwrap().push(first);
        let result = desk.sale(stored()).await;
        assert_eq!(desk.calls(), calls, "{result:?}");
        match result {
            Ok(answer) => assert_eq!((said, answer.payment.legs.len()), ("expires", 1)),
            Err(error) => {
                assert_eq!(error.fate(), Fate::NotDone);
                assert_eq!(
                    error.message(),
                    "order o1 is taken under reference r1 at gateway `a`, which waits at the provider; nothing was sent"
                );
            }
        }
    }
}
