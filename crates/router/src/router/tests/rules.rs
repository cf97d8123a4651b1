//! Where the rules and the breakers send a first leg, and what a router refuses.

use super::*;

#[tokio::test]
async fn who_cannot_do_it_gets_no_leg_and_the_next_rule_decides() {
    let desk = desk_of("rules = [{ to = ['a', 'b'] }, { to = 'c' }]", |capabilities| {
        if capabilities.provider != "c" {
            capabilities
                .abilities
                .retain(|ability| ability.operation != OperationKind::Sale);
        }
    });
    let result = desk.sale(charge("r1")).await;
    let unsuited = |name| format!("{name} (rule 1, rule): unsuited: unsupported by {name}: sale");
    assert_eq!(
        legs(&result),
        [unsuited("a"), unsuited("b"), "c (rule 2, rule): approved".to_owned()]
    );
    assert_eq!(desk.calls(), [0, 0, 1]);
    let error = desk.router.authorize(charge("r2")).await.unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Unsupported, Fate::NotDone));
    assert!(error.message().contains("c: unsupported by c: authorize"), "{error}");
    let none = desk_of("rules = [{ currency = 'DKK', to = ['a', 'b', 'c'] }]", |_| {});
    let error = none.sale(charge("r1")).await.unwrap_err();
    assert_eq!(
        error.message(),
        "router `checkout` has no gateway for this sale: no rule fits it; nothing was sent"
    );
}

#[tokio::test]
async fn a_breaker_turns_first_legs_away_and_nothing_else() {
    let desk = desk_of("rules = [{ to = ['a', 'b'] }]\nbreaker_failures = 2", |_| {});
    desk.a_does([Does::LosesTheAnswer, Does::Nothing, Does::Nothing]);
    desk.sale(charge("r0")).await.unwrap_err();
    desk.sale(charge("r1")).await.unwrap();
    desk.sale(charge("r2")).await.unwrap();
    assert_eq!(desk.calls(), [3, 2, 0]);
    let result = desk.sale(charge("r3")).await;
    let legs = legs(&result);
    assert!(
        legs[0].starts_with("a (rule 1, rule): passed: it did not answer lately"),
        "{legs:?}"
    );
    assert_eq!(legs[1], "b (rule 1, rule): approved");
    // What is pinned there goes there all the same.
    desk.sale(charge("r0")).await.unwrap();
    assert_eq!(desk.calls(), [4, 3, 0]);
    // That was an answer, so that it is closed.
    desk.sale(charge("r4")).await.unwrap();
    assert_eq!(desk.calls(), [5, 3, 0]);
    // Where all are open, they are tried in order; and after a while, one call tries.
    desk.a_does([Does::Nothing, Does::Nothing, Does::Nothing]);
    desk.b.does.lock().unwrap().extend([Does::Nothing, Does::Nothing]);
    for reference in ["r5", "r6"] {
        desk.sale(charge(reference)).await.unwrap_err();
    }
    desk.sale(charge("r7")).await.unwrap();
    assert_eq!(desk.calls(), [8, 6, 0]);
    let later = desk.clock.now().checked_add(Duration::from_secs(31)).unwrap();
    *desk.clock.0.lock().unwrap() = later;
    desk.sale(charge("r8")).await.unwrap();
    assert_eq!(desk.calls(), [9, 6, 0]);
}

#[tokio::test]
async fn the_same_reference_for_something_else_is_refused_before_sending() {
    let desk = desk();
    desk.sale(charge("r1")).await.unwrap();
    let mut other = charge("r1");
    other.amount = "11.00 EUR".parse().unwrap();
    let error = desk.sale(other).await.unwrap_err();
    assert_eq!((error.field(), error.fate()), (Some("reference"), Fate::NotDone));
    assert_eq!(desk.calls(), [1, 0, 0]);
    assert_eq!(desk.book.0.lock().unwrap().len(), 1);
}

#[test]
fn a_router_knows_no_delivery_and_is_of_one_mode() {
    let desk = desk();
    let delivery = Delivery::new(Default::default(), Bytes::new());
    assert_eq!(desk.router.receive(&delivery).unwrap_err(), WebhookError::Unsupported);
    let mut live = capabilities("b");
    live.mode = Mode::Live;
    let fake = |name, capabilities| -> Arc<dyn PaymentGateway> {
        Arc::new(Fake {
            name,
            capabilities,
            book: Arc::default(),
            does: Mutex::default(),
            calls: Mutex::default(),
        })
    };
    let names = ["a", "b"].map(str::to_owned);
    let rules = || {
        Rules::from_toml("[router.r]\nrules = [{ to = ['a', 'b'] }]", &names)
            .unwrap()
            .remove(0)
    };
    let over = |members| Router::dangerous_over(rules(), members, Arc::new(Book::default()), desk.clock.clone());
    let error = over(vec![fake("a", capabilities("a")), fake("b", live)]).unwrap_err();
    assert_eq!(
        error.message(),
        "router `r` mixes gateways of mode `live` and of mode `test`"
    );
    let error = over(vec![fake("a", capabilities("a"))]).unwrap_err();
    assert_eq!(error.message(), "router `r` needs gateway `b`, which was not given");
}
