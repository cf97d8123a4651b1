//! What tries on a page mean for its checkout.

use super::checkouts::{CHECKOUT, OVER, aged, is_open, is_pending, made, result_v1, result_v3, tries};
use super::*;

/// The customer may try again on the page for half an hour: nobody may take the order for free before.
#[test]
fn a_refused_try_does_not_end_a_checkout() {
    for (opp, path) in [(v1(), result_v1()), (v3(), result_v3())] {
        for code in ["800.100.152", "100.396.101", "100.396.103"] {
            for age in [0, 60, 1799] {
                let asked = aged(&opp, age);
                let wire = Script::new().json(&path, 400, &body(ID, "DB", "92.00", code));
                let open = ok(&opp, &inquire(asked.clone()), &wire);
                assert!(is_open(&open), "{code} {age}: {open:?}");
                assert_eq!(
                    open.payment.reference, asked,
                    "the checkout is what is asked about next"
                );
                assert_eq!(tries(&open), [(ID, true)], "and what was refused is seen");
                assert_eq!(open.payment.merchant_reference.as_deref(), Some(REFERENCE));
            }
            // The page is over, and what was begun on it may not be booked yet; or nobody knows.
            let late = inquire(aged(&opp, OVER - 1));
            for ask in [late, made(&opp)] {
                let wire = Script::new().json(&path, 400, &body(ID, "DB", "92.00", code));
                let pending = ok(&opp, &ask, &wire);
                assert!(is_pending(&pending), "{code}: {pending:?}");
                assert_eq!((pending.payment.id(), tries(&pending)), (CHECKOUT, vec![(ID, true)]));
            }
        }
    }
    // "Probably cancelled", said twice.
    let opp = v3();
    let wire = Script::new()
        .json(&result_v3(), 200, &body(ID, "DB", "92.00", "100.396.104"))
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "100.396.104"));
    assert!(is_open(&ok(&opp, &inquire(aged(&opp, 60)), &wire)));
    // A checkout that was removed takes no tries.
    let wire = Script::new().json(&result_v3(), 200, &code("000.200.102"));
    assert_eq!(
        ok(&opp, &inquire(aged(&opp, 60)), &wire).payment.state,
        PaymentState::Cancelled
    );
}

#[test]
fn once_nobody_can_pay_any_more_the_report_says_what_the_tries_came_to() {
    let opp = v1();
    let asked = |age: i64, first: (u16, String), rows: &str| {
        let mut wire = Script::new().json(&result_v1(), first.0, &first.1);
        let gone = first.1.contains("200.300.404");
        if gone || age >= OVER {
            wire = wire.json(REPORT, 200, rows);
        }
        let result = run(&opp, &inquire(aged(&opp, age)), &wire);
        assert!(wire.left().is_empty());
        result
    };
    let gone = || (400, code("200.300.404"));
    let refused = || (400, body(OTHER, "DB", "92.00", "800.100.155"));
    let two = report(&[own(ID, "800.100.152"), own(OTHER, "800.100.155")]);
    for first in [gone(), refused()] {
        let over = asked(OVER, first.clone(), &two).unwrap();
        assert_eq!(declined(&over).reason, DeclineReason::InsufficientFunds);
        assert_eq!(
            (over.payment.id(), over.payment.state),
            (CHECKOUT, PaymentState::Declined)
        );
        assert_eq!(tries(&over), [(OTHER, true)]);
        // Paid is paid, whichever try it was.
        for rows in [
            [own(ID, "800.100.152"), own(OTHER, "000.100.110")],
            [own(OTHER, "000.100.110"), own(ID, "800.100.152")],
        ] {
            let paid = asked(OVER, first.clone(), &report(&rows)).unwrap();
            assert_eq!((paid.outcome.is_approved(), paid.payment.id()), (true, OTHER));
        }
        // One try that is not decided keeps it open, and so does one that says nothing yet.
        let rows = report(&[own(ID, "000.200.000"), own(OTHER, "800.100.155")]);
        let pending = asked(OVER, first.clone(), &rows).unwrap();
        assert!(is_pending(&pending) && pending.payment.id() == CHECKOUT, "{pending:?}");
        for unsaid in [
            report(&[own(ID, "900.100.300"), own(OTHER, "800.100.155")]),
            report(&[r#"{"id":7}"#.to_owned(), own(OTHER, "800.100.155")]),
            String::new(),
        ] {
            let error = asked(OVER, first.clone(), &unsaid).unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{unsaid}");
            assert_eq!(error.payment().unwrap().id(), CHECKOUT);
        }
        // A list that is not said to be all of them may lack the one that was paid.
        let part = format!("[{}]", own(OTHER, "800.100.155"));
        assert!(is_pending(&asked(OVER, first, &part).unwrap()));
    }
    // Before that, the report's last refusal is a refused try like any other.
    let open = asked(60, gone(), &two).unwrap();
    assert!(is_open(&open) && tries(&open) == [(OTHER, true)], "{open:?}");
    assert!(is_pending(&asked(OVER - 1, gone(), &two).unwrap()));
    let paid = asked(
        60,
        gone(),
        &report(&[own(ID, "800.100.152"), own(OTHER, "000.100.110")]),
    )
    .unwrap();
    assert_eq!((paid.outcome.is_approved(), paid.payment.id()), (true, OTHER));
}

#[test]
fn on_v3_a_result_that_was_read_leaves_the_checkout_open() {
    let opp = v3();
    let gone = || Script::new().json(&result_v3(), 400, &code("200.300.404"));
    for age in [60, OVER] {
        let error = err(&opp, &inquire(aged(&opp, age)), &gone());
        assert_eq!(error.fate(), Fate::Unknown);
        assert_eq!(
            error.payment().map(|p| (p.id(), p.state)),
            Some((CHECKOUT, PaymentState::Pending))
        );
    }
    // A later try can be read, and the last one when the page is over is the last one.
    let paid = Script::new().json(&result_v3(), 200, &body(OTHER, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &inquire(aged(&opp, 60)), &paid).outcome.is_approved());
    let refused = Script::new().json(&result_v3(), 400, &body(OTHER, "DB", "92.00", "800.100.152"));
    let over = ok(&opp, &inquire(aged(&opp, OVER)), &refused);
    assert_eq!(declined(&over).reason, DeclineReason::DoNotHonor);
    assert_eq!(over.payment.id(), CHECKOUT);
}

/// What is under way on a page is followed by its own id where the session is gone before it is decided.
#[test]
fn a_try_under_way_is_not_lost_with_the_session() {
    let opp = v3();
    let wire = Script::new().json(&result_v3(), 200, &body(ID, "DB", "92.00", "800.400.500"));
    let seen = ok(&opp, &inquire(aged(&opp, 60)), &wire).payment;
    assert_eq!((seen.id(), seen.state), (CHECKOUT, PaymentState::Pending));
    let mut expected = aged(&opp, 60).ids().to_vec();
    expected.push(ID.to_owned());
    assert_eq!(seen.reference.ids(), expected);
    let later = |code: &str, answer: &str| {
        let wire = Script::new()
            .json(&result_v3(), 400, &super::code("200.300.404"))
            .json(&get_v3(ID), 200, answer);
        assert!(!code.is_empty());
        run(&opp, &inquire(seen.reference.clone()), &wire)
    };
    let answer = |code: &str| later(code, &body(ID, "DB", "92.00", code));
    let paid = answer("000.100.110").unwrap();
    assert_eq!((paid.outcome.is_approved(), paid.payment.id()), (true, ID));
    let pending = answer("800.400.500").unwrap();
    assert!(is_pending(&pending));
    assert_eq!(pending.payment.reference, seen.reference);
    // Refused, it says nothing of the tries that came after it.
    let error = answer("800.100.152").unwrap_err();
    assert_eq!((error.fate(), error.payment().unwrap().id()), (Fate::Unknown, CHECKOUT));
    // On v1 the report has it.
    let opp = v1();
    let wire = Script::new().json(&result_v1(), 200, &body(ID, "DB", "92.00", "800.400.500"));
    assert_eq!(
        ok(&opp, &inquire(aged(&opp, 60)), &wire).payment.reference,
        aged(&opp, 60)
    );
}

/// A payment that was noted is a try that was seen, which may have been refused: the checkout is asked about.
#[test]
fn resolving_asks_about_the_checkout_and_not_about_a_refused_try() {
    let refused = body(ID, "DB", "92.00", "800.100.152");
    for (opp, path) in [(v1(), result_v1()), (v3(), result_v3())] {
        let open = aged(&opp, 60);
        let stamp = open.ids()[5].clone();
        let trail = json!([
            {"key": "checkout", "value": CHECKOUT}, {"key": "type", "value": "DB"},
            {"key": "made", "value": stamp}, {"key": "payment", "value": ID},
        ]);
        let noted = json!([{"key": "payment", "value": ID}]);
        let tried = payment(&opp, &[ID, "DB", "EGP9200"]);
        for question in [
            unresolved(&opp, OperationKind::Checkout, None, trail.clone()),
            unresolved(&opp, OperationKind::Checkout, Some(tried), trail),
            unresolved(&opp, OperationKind::Checkout, Some(open.clone()), noted.clone()),
            unresolved(&opp, OperationKind::Inquire, Some(open.clone()), noted.clone()),
        ] {
            let answer = ok(&opp, &question, &Script::new().json(&path, 400, &refused));
            assert!(is_open(&answer), "{answer:?}");
            assert_eq!(answer.payment.reference, open);
        }
        // Of an older record, which holds no moment, nothing is the end.
        let old = json!([{"key": "checkout", "value": CHECKOUT}, {"key": "payment", "value": ID}]);
        let question = unresolved(&opp, OperationKind::Checkout, None, old);
        assert!(is_pending(&ok(
            &opp,
            &question,
            &Script::new().json(&path, 400, &refused)
        )));
        // Where the checkout is not known, a refused try says nothing of it.
        let get = if path == result_v1() { get_v1(ID) } else { get_v3(ID) };
        for operation in [OperationKind::Checkout, OperationKind::Inquire] {
            let question = unresolved(&opp, operation, None, noted.clone());
            let error = err(&opp, &question, &Script::new().json(&get, 200, &refused));
            assert_eq!(error.fate(), Fate::Unknown, "{operation}");
        }
        // When it is over, it is.
        let past = aged(&opp, OVER);
        let question = unresolved(&opp, OperationKind::Checkout, Some(past), noted);
        let mut wire = Script::new().json(&path, 400, &refused);
        if path == result_v1() {
            wire = wire.json(REPORT, 200, &report(&[own(ID, "800.100.152")]));
        }
        declined(&ok(&opp, &question, &wire));
    }
    // On v3 a noted payment may be the one that was paid when the session is gone.
    let opp = v3();
    let noted = json!([{"key": "payment", "value": ID}]);
    let question = unresolved(&opp, OperationKind::Checkout, Some(aged(&opp, 60)), noted);
    let wire = Script::new().json(&result_v3(), 400, &code("200.300.404")).json(
        &get_v3(ID),
        200,
        &body(ID, "DB", "92.00", "000.100.110"),
    );
    assert_eq!(ok(&opp, &question, &wire).payment.id(), ID);
    let made = json!([{"key": "checkout", "value": CHECKOUT}, {"key": "type", "value": "DB"}]);
    let known = payment(&opp, &[ID, "DB", "EGP9200"]);
    let question = unresolved(&opp, OperationKind::Checkout, Some(known), made);
    let wire = Script::new().json(&result_v3(), 400, &code("200.300.404")).json(
        &get_v3(ID),
        200,
        &body(ID, "DB", "92.00", "000.100.110"),
    );
    assert_eq!(ok(&opp, &question, &wire).payment.id(), ID);
    // By the reference alone, too.
    let opp = v1();
    let question = unresolved(&opp, OperationKind::Checkout, None, json!([]));
    let wire = Script::new().json(REPORT, 200, &report(&[own(ID, "800.100.152")]));
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);
}
