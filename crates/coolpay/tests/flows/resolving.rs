//! What became of an operation, by asking.

use super::*;

#[test]
fn resolving_only_asks() {
    use OperationKind as K;
    let resolve = |script: Script, kind, notes: &[(&str, &str)]| {
        let result = execute(&script, &unresolved(kind, notes));
        assert!(script.sent().iter().all(|s| s.request.method() == "GET" && !s.moves));
        result
    };
    let read = |standing: &str| Script::new().json(READ, 200, standing);
    let noted = [("payment", "1145"), ("operation", "1")];
    assert!(resolve(read(&taken()), K::Sale, &noted).unwrap().outcome.is_approved());
    outstanding(&resolve(read(&held()), K::Sale, &noted).unwrap_err());
    assert!(
        resolve(read(&held()), K::Authorize, &noted)
            .unwrap()
            .outcome
            .is_approved()
    );
    let declined = body(&[op(1, "authorize", 1000, "40000")], 0);
    assert_eq!(
        resolve(read(&declined), K::Sale, &noted).unwrap().outcome.as_str(),
        "declined"
    );
    let error = resolve(read(&fresh()), K::Sale, &noted).unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    // By reference, where no payment was noted.
    let found = Script::new()
        .json(SEARCH, 200, &format!("[{}]", taken()))
        .json(READ, 200, &taken());
    assert!(resolve(found, K::Sale, &[]).unwrap().outcome.is_approved());
    let absent = (0..3).fold(Script::new(), |s, _| s.json(SEARCH, 200, "[]"));
    assert_eq!(resolve(absent, K::Sale, &[]).unwrap_err().fate(), Fate::Unknown);
    // Capture, refund and void go by what was noted before they were sent.
    assert!(
        resolve(read(&taken()), K::Capture, &noted)
            .unwrap()
            .outcome
            .is_approved()
    );
    let late = [("payment", "1145"), ("operation", "2")];
    for (standing, notes) in [(taken(), &late[..]), (taken(), &[]), (held(), &noted[..])] {
        assert_eq!(
            resolve(read(&standing), K::Capture, notes).unwrap_err().fate(),
            Fate::Unknown
        );
    }
    let voided = body(&[op(1, "authorize", 1000, "20000"), op(2, "cancel", 0, "20000")], 0);
    assert!(resolve(read(&voided), K::Void, &noted).unwrap().outcome.is_approved());
    assert_eq!(
        resolve(Script::new().lost(READ), K::Refund, &noted).unwrap_err().fate(),
        Fate::Unknown
    );
    let paid = body(&[op(1, "credit", 1000, "20000")], 0);
    let payout = Script::new().json("GET /payouts/1145", 200, &paid);
    assert!(resolve(payout, K::Payout, &noted).unwrap().outcome.is_approved());
}

#[test]
fn a_reference_of_another_merchant_is_told() {
    let adapter = adapter_of(r#"{"api_key":"k","merchant_id":"7"}"#);
    let script = Script::new().json(
        CREATE,
        201,
        &fresh().replace(r#""id":1145"#, r#""id":1145,"merchant_id":8"#),
    );
    let error = paymux_core::script::run(paymux_core::Adapter::execute(&adapter, &sale(), &script)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(error.message().contains("merchant 8"), "{error}");
}
