//! Pages of the provider.

use super::*;

pub(crate) const CHECKOUT: &str = "ABCDEF0123456789ABCDEF0123456789.uat01-vm-tx04";

/// An inquiry about a checkout of which nobody knows when it was made, as references had it once.
pub(crate) fn made(opp: &Opp) -> Operation {
    inquire(payment(opp, &[CHECKOUT, "checkout", "DB", "EGP9200", REFERENCE]))
}

/// The reference of a checkout that was made so many seconds ago.
pub(crate) fn aged(opp: &Opp, seconds: i64) -> paymux_core::PaymentRef {
    let made = (paymux_core::Wire::now(&Script::new()).as_second() - seconds).to_string();
    payment(opp, &[CHECKOUT, "checkout", "DB", "EGP9200", REFERENCE, &made])
}

/// Long enough that nobody can pay on the page, and that all is booked: half an hour and `settle_secs`.
pub(crate) const OVER: i64 = 1800 + 300 + 1;

pub(crate) fn result_v1() -> String {
    format!("GET /v1/checkouts/{CHECKOUT}/payment")
}

pub(crate) fn result_v3() -> String {
    format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment")
}

/// The ids and the outcomes of the tries that a payment shows.
pub(crate) fn tries(answer: &Answer) -> Vec<(&str, bool)> {
    let entries = answer.payment.entries.iter();
    let refused = |outcome: &EntryOutcome| matches!(outcome, EntryOutcome::Declined(_));
    entries
        .map(|entry| (entry.id.as_deref().unwrap_or(""), refused(&entry.outcome)))
        .collect()
}

pub(crate) fn is_open(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::ActionRequired(_)) && answer.payment.state == PaymentState::RequiresAction
}

pub(crate) fn is_pending(answer: &Answer) -> bool {
    matches!(answer.outcome, Outcome::Pending) && answer.payment.state == PaymentState::Pending
}

#[test]
fn a_checkout_is_made() {
    let answer = format!(r#"{{"result":{{"code":"000.200.100"}},"id":"{CHECKOUT}","ndc":"x"}}"#);
    let wire = Script::new().json("POST /v1/checkouts", 200, &answer);
    let opened = ok(&v1(), &checkout(), &wire);
    let Outcome::ActionRequired(NextAction::Widget {
        script, checkout: id, ..
    }) = &opened.outcome
    else {
        panic!()
    };
    assert_eq!(
        script,
        &format!("https://eu-test.oppwa.com/v1/paymentWidgets.js?checkoutId={CHECKOUT}")
    );
    assert_eq!(id, CHECKOUT);
    assert_eq!(
        opened.payment.reference.ids(),
        aged(&v1(), 0).ids(),
        "with the moment at which it was made"
    );
    assert_eq!(opened.payment.state, PaymentState::RequiresAction);
    let notes: Vec<_> = wire
        .notes()
        .into_iter()
        .map(|note| (note.key.to_string(), note.value))
        .collect();
    let made = aged(&v1(), 0).ids()[5].clone();
    assert_eq!(
        notes,
        [("checkout", CHECKOUT), ("type", "DB"), ("made", &made)]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );

    let wire = Script::new().json("POST /gateway/v3/checkouts", 200, &answer);
    let Outcome::ActionRequired(page) = ok(&v3(), &checkout(), &wire).outcome else {
        panic!()
    };
    assert_eq!(page.expose_url(), format!("https://pay.example/page?id={CHECKOUT}"));

    let bare = opp(paymux_core::Mode::Test, json!({"preset": "v3", "access_token": "t"}));
    assert!(!bare.capabilities().offers(OperationKind::Checkout));
    assert_eq!(err(&bare, &checkout(), &Script::new()).kind(), ErrorKind::Unsupported);
}

#[test]
fn a_checkout_is_made_only_by_its_own_code() {
    let opp = v1();
    for (status, answer, kind) in [
        (
            200,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.000"}}}}"#),
            ErrorKind::Provider,
        ),
        (
            200,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.000.000"}}}}"#),
            ErrorKind::Provider,
        ),
        (200, code("000.200.100"), ErrorKind::Provider),
        (
            400,
            format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.100"}}}}"#),
            ErrorKind::Provider,
        ),
        (400, code("200.300.404"), ErrorKind::InvalidRequest),
        (403, code("800.900.300"), ErrorKind::Configuration),
        (500, String::new(), ErrorKind::Provider),
    ] {
        let wire = Script::new().json("POST /v1/checkouts", status, &answer);
        assert_eq!(err(&opp, &checkout(), &wire).kind(), kind, "{status} {answer}");
    }
    let wire = Script::new().lost("POST /v1/checkouts");
    assert_eq!(err(&opp, &checkout(), &wire).fate(), Fate::NotDone, "no money moves");
}

#[test]
fn a_checkout_was_paid() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment?entityId=EB000001");
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
    let paid = ok(&opp, &made(&opp), &wire);
    assert!(paid.outcome.is_approved());
    assert_eq!(paid.payment.reference.ids(), [ID, "DB", "EGP9200"]);
    assert_eq!(
        (wire.notes()[0].key.as_ref(), wire.notes()[0].value.as_str()),
        ("payment", ID)
    );

    for different in [
        body(ID, "DB", "1.00", "000.100.110"),
        body(ID, "PA", "92.00", "000.100.110"),
        body(ID, "DB", "92.00", "000.100.110").replace(r#""currency""#, r#""merchantTransactionId":"x","currency""#),
    ] {
        let wire = Script::new().json(&path, 200, &different);
        assert_eq!(err(&opp, &made(&opp), &wire).kind(), ErrorKind::Mismatch, "{different}");
    }
    // The other address, on 404 alone.
    let wire = Script::new()
        .json(&path, 404, "")
        .json(&get_v3(CHECKOUT), 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &made(&opp), &wire).outcome.is_approved());
}

#[test]
fn a_checkout_that_nobody_paid_yet() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    for answer in [
        code("000.200.000"),
        format!(r#"{{"id":"{CHECKOUT}","result":{{"code":"000.200.000"}}}}"#),
    ] {
        let wire = Script::new().json(&path, 200, &answer);
        let open = ok(&opp, &made(&opp), &wire);
        assert!(matches!(open.outcome, Outcome::ActionRequired(NextAction::Redirect(_))));
        assert_eq!(open.payment.reference.ids()[0], CHECKOUT);
        assert!(wire.notes().is_empty());
    }
    let wire = Script::new().json(&path, 200, &code("000.200.102"));
    assert_eq!(ok(&opp, &made(&opp), &wire).payment.state, PaymentState::Cancelled);
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.200.000"));
    let under_way = ok(&opp, &made(&opp), &wire);
    assert!(is_pending(&under_way));
    assert_eq!(
        (under_way.payment.id(), tries(&under_way)),
        (CHECKOUT, vec![(ID, false)])
    );
    let throttled = format!(r#"{{"id":"{OTHER}","result":{{"code":"800.120.100"}}}}"#);
    let wire = Script::new().json(&path, 200, &throttled);
    assert!(err(&opp, &made(&opp), &wire).is_rate_limited());
    assert!(wire.notes().is_empty(), "not the id of a payment");
}

#[test]
fn a_checkout_without_a_session_may_be_paid() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    for status in [200, 400] {
        let wire = Script::new().json(&path, status, &code("200.300.404"));
        let error = err(&opp, &made(&opp), &wire);
        assert_eq!((error.kind(), error.fate()), (ErrorKind::Provider, Fate::Unknown));
        assert_eq!(error.payment().unwrap().state, PaymentState::Pending);
    }
    let opp = v1();
    let path = format!("GET /v1/checkouts/{CHECKOUT}/payment");
    let gone = |report: &str| {
        let wire = Script::new()
            .json(&path, 400, &code("200.300.404"))
            .json(REPORT, 200, report);
        (run(&opp, &made(&opp), &wire), wire)
    };
    let (paid, wire) = gone(&report(&[own(ID, "000.100.110")]));
    assert!(paid.unwrap().outcome.is_approved());
    assert_eq!(wire.notes()[0].value, ID);
    let open = gone(&code("700.400.580")).0.unwrap();
    assert!(matches!(open.outcome, Outcome::Pending));
    assert_eq!(open.payment.id(), CHECKOUT);
    for unsaid in [String::new(), report(&[])] {
        assert_eq!(gone(&unsaid).0.unwrap_err().fate(), Fate::Unknown, "{unsaid}");
    }
    // The answer was used up and did not arrive.
    let wire = Script::new()
        .lost(&path)
        .json(REPORT, 200, &report(&[own(ID, "000.100.110")]));
    assert!(ok(&opp, &made(&opp), &wire).outcome.is_approved());
    let wire = Script::new().lost(&format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment"));
    assert_eq!(err(&v3(), &made(&v3()), &wire).fate(), Fate::Unknown);
}

#[test]
fn a_page_on_which_nobody_paid_expires_when_two_reports_say_so() {
    let opp = v1();
    let path = format!("GET /v1/checkouts/{CHECKOUT}/payment");
    let nothing = code("700.400.580");
    let gone = |age: i64, reports: &[&str]| {
        let wire = Script::new().json(&path, 400, &code("200.300.404"));
        let wire = reports.iter().fold(wire, |wire, report| wire.json(REPORT, 200, report));
        run(&opp, &inquire(aged(&opp, age)), &wire)
    };
    // Half an hour, and the settle time.
    for (age, reports) in [(600, &[&*nothing][..]), (1800 + 299, &[&*nothing])] {
        let open = gone(age, reports).unwrap();
        assert!(matches!(open.outcome, Outcome::Pending), "{age}");
    }
    let expired = gone(OVER, &[&nothing, &nothing]).unwrap();
    assert!(matches!(expired.outcome, Outcome::Declined(_)));
    assert_eq!(
        (expired.payment.state, expired.payment.id()),
        (PaymentState::Expired, CHECKOUT)
    );
    // It was booked meanwhile; or the second report says nothing.
    let paid = gone(OVER, &[&nothing, &report(&[own(ID, "000.100.110")])]).unwrap();
    assert!(paid.outcome.is_approved());
    let unsaid = gone(OVER, &[&nothing, ""]).unwrap();
    assert!(matches!(unsaid.outcome, Outcome::Pending));
    // A record that shows nothing of a payment that was seen is not believed.
    for (trail, expired) in [(json!([]), true), (json!([{"key": "payment", "value": ID}]), false)] {
        let question = unresolved(&opp, OperationKind::Checkout, Some(aged(&opp, OVER)), trail);
        let wire = Script::new()
            .json(&path, 400, &code("200.300.404"))
            .json(REPORT, 200, &nothing)
            .json(REPORT, 200, &nothing);
        match run(&opp, &question, &wire) {
            Ok(answer) => assert_eq!((answer.payment.state, expired), (PaymentState::Expired, true)),
            Err(error) => assert_eq!((error.fate(), expired), (Fate::Unknown, false)),
        }
    }
}

#[test]
fn a_checkout_result_in_doubt_is_asked_for_by_the_payment() {
    let opp = v3();
    let path = format!("GET /gateway/v3/checkouts/{CHECKOUT}/payment");
    let untyped = format!(r#"{{"id":"{ID}","paymentType":"DB","result":{{"code":"000.100.110"}}}}"#);
    let wire = Script::new()
        .json(&path, 200, &untyped)
        .json(&get_v3(ID), 200, &body(ID, "DB", "92.00", "000.100.110"));
    let paid = ok(&opp, &made(&opp), &wire);
    assert_eq!((paid.outcome.is_approved(), paid.payment.id()), (true, ID));
}

#[test]
fn resolving_a_checkout() {
    let opp = v1();
    let question = unresolved(
        &opp,
        OperationKind::Checkout,
        None,
        json!([{"key": "checkout", "value": CHECKOUT}]),
    );
    let path = format!("GET /v1/checkouts/{CHECKOUT}/payment");
    let wire = Script::new().json(&path, 200, &body(ID, "DB", "92.00", "000.100.110"));
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
    let question = unresolved(&opp, OperationKind::Checkout, None, json!([]));
    let wire = Script::new().json(REPORT, 200, &code("700.400.580"));
    assert_eq!(err(&opp, &question, &wire).fate(), Fate::Unknown);
    let trail = json!([{"key": "payment", "value": ID}]);
    let question = unresolved(&opp, OperationKind::Inquire, None, trail);
    let wire = Script::new()
        .json(&get_v1(ID), 200, &body(ID, "DB", "92.00", "000.100.110"))
        .json(&linked(ID), 404, "");
    assert!(ok(&opp, &question, &wire).outcome.is_approved());
}
