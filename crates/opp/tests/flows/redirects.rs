//! What the customer must do next.

use super::*;

fn with_redirect(redirect: &str) -> String {
    let payment = body(ID, "DB", "92.00", "000.200.000");
    format!(r#"{},"redirect":{redirect}}}"#, payment.strip_suffix('}').unwrap())
}

fn action(redirect: &str) -> NextAction {
    let wire = Script::new().json(PAY_V3, 200, &with_redirect(redirect));
    let answer = ok(&v3(), &sale(), &wire);
    assert_eq!(answer.payment.state, PaymentState::RequiresAction);
    match answer.outcome {
        Outcome::ActionRequired(action) => action,
        other => panic!("{other:?}"),
    }
}

#[test]
fn redirects() {
    let form = r#"{"url":"https://acs.example/c","method":"POST","parameters":[{"name":"PaReq","value":"x"},{"name":"MD","value":"y"}],
        "preconditions":[{"origin":"iframe#hidden","waitUntil":"iframe#onload","method":"POST","url":"https://acs.example/m",
        "parameters":[{"name":"threeDSMethodData","value":"z"}]}]}"#;
    let NextAction::Form {
        url, fields, before, ..
    } = action(form)
    else {
        panic!()
    };
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(url, "https://acs.example/c");
    assert_eq!(fields, [pair("PaReq", "x"), pair("MD", "y")]);
    assert_eq!(
        before,
        [("https://acs.example/m".to_owned(), vec![pair("threeDSMethodData", "z")])]
    );

    // Without a method, fields are posted, and a bare address is opened.
    let form = action(r#"{"url":"https://acs.example/c","parameters":[{"name":"a","value":"1"}]}"#);
    assert!(matches!(form, NextAction::Form { fields, .. } if fields.len() == 1));
    for bare in [
        r#"{"url":"https://acs.example/c","parameters":[]}"#,
        r#"{"url":"https://acs.example/c"}"#,
        r#"{"url":"https://acs.example/c","method":"get","preconditions":null}"#,
    ] {
        let redirect = action(bare);
        assert!(matches!(redirect, NextAction::Redirect(_)));
        assert_eq!(redirect.expose_url(), "https://acs.example/c");
    }
    let opened =
        action(r#"{"url":"https://acs.example/c?x=1","method":"GET","parameters":[{"name":"a b","value":"&"}]}"#);
    assert_eq!(opened.expose_url(), "https://acs.example/c?x=1&a+b=%26");
    let posted = action(r#"{"url":"https://acs.example/c","method":"POST"}"#);
    assert!(matches!(posted, NextAction::Form { fields, .. } if fields.is_empty()));
}

#[test]
fn a_redirect_to_plain_http_is_refused() {
    for url in ["http://acs.example/c", "javascript:alert(1)", "ftp://x/y", ""] {
        let wire = Script::new().json(PAY_V3, 200, &with_redirect(&json!({"url": url}).to_string()));
        let error = err(&v3(), &sale(), &wire);
        assert_eq!(
            (error.kind(), error.fate()),
            (ErrorKind::Provider, Fate::Unknown),
            "{url}"
        );
    }
    assert!(matches!(
        action(r#"{"url":"http://127.0.0.1:9/c"}"#),
        NextAction::Redirect(_)
    ));
    let wire = Script::new().json(PAY_V1, 200, &with_redirect(r#"{"url":"http://127.0.0.1:9/c"}"#));
    assert_eq!(err(&v1_live(), &sale(), &wire).kind(), ErrorKind::Provider);
}

#[test]
fn an_unreadable_redirect_is_pending() {
    let wire = Script::new().json(PAY_V3, 200, &with_redirect(r#""somewhere""#));
    assert!(matches!(ok(&v3(), &sale(), &wire).outcome, Outcome::Pending));
}

#[test]
fn an_inquiry_makes_the_redirect_anew() {
    let opp = v3();
    let wire = Script::new().json(&get_v3(ID), 200, &with_redirect(r#"{"url":"https://acs.example/c"}"#));
    let answer = ok(&opp, &inquire(payment(&opp, &[ID, "DB", "EGP9200"])), &wire);
    assert!(matches!(
        answer.outcome,
        Outcome::ActionRequired(NextAction::Redirect(_))
    ));
}
