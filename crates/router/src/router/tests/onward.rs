//! What goes on to the next gateway, and what the answer says of it.

use super::*;

#[tokio::test]
async fn only_what_did_nothing_goes_on() {
    use RetryAdvice::{Never, OtherProvider, WithNewData};
    for (does, goes_on) in [
        (Does::Approves, false),
        (Does::Nothing, true),
        (Does::Declines(OtherProvider), true),
        (Does::Declines(WithNewData), false),
        (Does::Declines(Never), false),
        (Does::Rejects(None), false),
        (Does::Rejects(Some(Never)), false),
        (Does::Rejects(Some(OtherProvider)), true),
        (Does::LosesTheAnswer, false),
        (Does::Mismatches, false),
        (Does::FailsToRecord, false),
        (Does::CannotBegin, false),
    ] {
        let desk = desk();
        let result = desk.a_does([does.clone()]).sale(charge("r1")).await;
        assert_eq!(desk.calls(), [1, usize::from(goes_on), 0], "{does:?}: {result:?}");
        assert_eq!(legs(&result).len(), 1 + usize::from(goes_on), "{does:?}");
    }
}

#[tokio::test]
async fn every_leg_and_why_is_in_the_answer() {
    let desk = desk();
    let result = desk.a_does([Does::Nothing]).sale(charge("r1")).await;
    assert_eq!(
        legs(&result),
        ["a (rule 1, rule): not_done: as told", "b (rule 1, next): approved"]
    );
    // The same again: where it is pinned, whatever the rules say.
    let again = desk.sale(charge("r1")).await;
    assert_eq!(legs(&again), ["a (recorded): not_done", "b (reference): approved"]);
    assert_eq!(desk.calls(), [1, 2, 0]);
}

#[tokio::test]
async fn an_unknown_outcome_names_its_leg_and_stays_there() {
    let desk = desk();
    desk.a_does([Does::Nothing]);
    desk.b.does.lock().unwrap().push_back(Does::LosesTheAnswer);
    let error = desk.sale(charge_for("r1", "o1")).await.unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(
        error
            .message()
            .starts_with("the leg at gateway `b` is in doubt, and no other is tried"),
        "{error}"
    );
    assert_eq!(error.unresolved().unwrap().gateway, "b");
    assert_eq!(error.legs().len(), 2);
    // The next attempt of the order asks there.
    let next = desk.sale(charge_for("r2", "o1")).await;
    assert_eq!(legs(&next), ["b (order): approved"]);
    // And so does whoever resolves it.
    desk.router.resolve(error.unresolved().unwrap().clone()).await.unwrap();
    assert_eq!(desk.calls(), [1, 3, 0]);
}

#[tokio::test]
async fn when_all_have_said_no_their_last_word_is_the_answer() {
    let desk = desk();
    let other = || Does::Declines(RetryAdvice::OtherProvider);
    desk.b.does.lock().unwrap().push_back(Does::Nothing);
    let result = desk.a_does([other()]).sale(charge("r1")).await;
    assert_eq!(result.as_ref().unwrap_err().fate(), Fate::NotDone);
    // Later only the one that did nothing is tried again.
    desk.b.does.lock().unwrap().push_back(other());
    let result = desk.sale(charge("r1")).await;
    assert!(matches!(result.unwrap().outcome, Outcome::Declined(_)));
    assert_eq!(desk.calls(), [1, 2, 0]);
    // Then the recorded decline is given again, by the gateway that gave it.
    desk.sale(charge("r1")).await.unwrap();
    assert_eq!(desk.calls(), [1, 3, 0]);
}

#[tokio::test]
async fn after_a_decline_the_next_attempt_stays_near_or_goes_away_as_advised() {
    for (advice, calls) in [
        (RetryAdvice::WithNewData, [0, 2, 0]),
        (RetryAdvice::OtherProvider, [1, 2, 1]),
    ] {
        let rules = "rules = [{ card_brand = 'visa', to = ['a', 'b'] }, { to = ['b', 'c'] }]";
        let desk = desk_of(rules, |_| {});
        let mut first = charge_for("r1", "o1");
        first.source = Source::Card(Card::new("5100000000000008", 5, 2034).unwrap());
        desk.b.does.lock().unwrap().push_back(Does::Declines(advice));
        desk.c.does.lock().unwrap().push_back(Does::Declines(advice));
        desk.sale(first).await.unwrap();
        // Now a Visa card, of which the rules say `a` first.
        desk.b.does.lock().unwrap().push_back(Does::Nothing);
        desk.a_does([Does::Nothing]);
        let result = desk.sale(charge_for("r2", "o1")).await;
        let first = legs(&result).remove(0);
        match advice {
            RetryAdvice::WithNewData => {
                assert_eq!(first, "b (rule 1, order): not_done: as told");
                assert_eq!(desk.calls(), [1, 2, 0]);
            }
            _ => {
                assert_eq!(first, "a (rule 1, rule): not_done: as told");
                assert_eq!(desk.calls(), calls);
            }
        }
    }
}
