//! Pages of the provider, and authentication.

use super::*;

#[test]
fn a_payment_with_an_open_page_is_not_charged_behind_its_back() {
    let linked = fresh().replace(
        r#""balance":0"#,
        r#""balance":0,"link":{"url":"https://payment.coolpay.com/x","amount":1000}"#,
    );
    let script = taken_by(&linked).json(READ, 200, &linked).json(READ, 200, &linked);
    let error = execute(&script, &sale()).unwrap_err();
    assert_eq!((error.field(), error.fate()), (Some("reference"), Fate::NotDone));
}

#[test]
fn authentication_is_done_on_a_page_of_the_same_payment() {
    for code in ["30100", "30101"] {
        let asked = body(&[op(1, "authorize", 1000, code)], 0);
        let script = Script::new()
            .json(CREATE, 201, &fresh())
            .json(AUTHORIZE, 200, &asked)
            .json(LINK, 200, r#"{"url":"https://payment.coolpay.com/x"}"#);
        let answer = execute(&script, &sale()).unwrap();
        let Outcome::ActionRequired(action) = &answer.outcome else {
            panic!("{answer:?}")
        };
        assert!(matches!(action, NextAction::Redirect(_)));
        assert_eq!(action.expose_url(), "https://payment.coolpay.com/x");
        assert_eq!(answer.payment.state, PaymentState::RequiresAction);
        let link = script.sent().pop().unwrap();
        assert_eq!(link.body(), r#"{"amount":1000,"auto_capture":true}"#);
        // Without the page, it was declined for want of authentication.
        let begun = || Script::new().json(CREATE, 201, &fresh()).json(AUTHORIZE, 200, &asked);
        let barred = r#"{"message":"Not authorized: Not authorized to PUT /payments/:id/link"}"#;
        for script in [begun().json(LINK, 403, barred), begun().not_sent(LINK)] {
            let answer = execute(&script, &authorize()).unwrap();
            let Outcome::Declined(decline) = answer.outcome else {
                panic!()
            };
            assert_eq!(decline.reason.as_str(), "authentication_required");
        }
        // Whether there is a page is not known: it is open, and its address may come with a question.
        for script in [
            begun().lost(LINK).lost(LINK),
            begun().lost(LINK).not_sent(LINK),
            begun().lost(LINK).json(LINK, 403, barred),
            begun().json(LINK, 500, ""),
            begun().json(LINK, 200, "{}"),
            begun().json(LINK, 200, "<html>"),
        ] {
            let error = execute(&script, &authorize()).unwrap_err();
            assert_eq!(error.fate(), Fate::Unknown, "{error:?}");
            assert!(error.message().starts_with("the page to authenticate on"), "{error}");
            assert_eq!(error.payment().unwrap().state, PaymentState::RequiresAction);
        }
    }
}

#[test]
fn a_page_whose_making_was_lost_may_still_come() {
    let asked = body(&[op(1, "authorize", 1000, "30100")], 0);
    let noted = [("payment", "1145"), ("operation", "0")];
    let resolve = |looks: usize, since: &str, standing: &str| {
        let script = (0..looks).fold(Script::new(), |script, _| script.json(READ, 200, standing));
        execute(&script, &unresolved_since(OperationKind::Sale, &noted, since))
    };
    let (open, over) = ("2026-01-02T02:59:05Z", "2026-01-02T02:59:04Z");
    assert_eq!(resolve(1, open, &asked).unwrap_err().fate(), Fate::Unknown);
    assert_eq!(resolve(1, over, &asked).unwrap().outcome.as_str(), "declined");
    let link = r#""balance":0,"link":{"url":"https://payment.coolpay.com/x","amount":1000}"#;
    let linked = asked.replace(r#""balance":0"#, link);
    for since in [open, over] {
        assert_eq!(resolve(1, since, &linked).unwrap().outcome.as_str(), "action_required");
    }
}

#[test]
fn a_page_that_captures_by_itself_is_waited_for() {
    let paid = held().replace(
        r#""balance":0"#,
        r#""balance":0,"link":{"url":"https://p.example/x","auto_capture":true}"#,
    );
    assert!(matches!(
        execute(&taken_by(&paid), &sale()).unwrap().outcome,
        Outcome::Pending
    ));
}

#[test]
fn a_checkout_is_a_link_and_is_made_once() {
    let mut checkout = Checkout::new(REFERENCE.parse().unwrap(), "10.00 DKK".parse().unwrap());
    checkout.charge.urls.back = Some("https://shop.example/back".to_owned());
    checkout.capture = false;
    let checkout = Operation::Checkout(Box::new(checkout));
    let script =
        Script::new()
            .json(CREATE, 201, &fresh())
            .json(LINK, 200, r#"{"url":"https://payment.coolpay.com/x"}"#);
    let answer = execute(&script, &checkout).unwrap();
    assert!(matches!(answer.outcome, Outcome::ActionRequired(_)));
    assert_eq!(
        answer.payment.test, None,
        "before the first operation the flag says nothing"
    );
    assert!(!script.sent().iter().any(|s| s.moves));
    assert!(execute(&taken_by(&held()), &checkout).unwrap().outcome.is_approved());
}
