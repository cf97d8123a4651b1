//! The router over gateways that answer as they are told.

mod pins;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;
use paymux::{
    Ability, Capture, Card, Charge, Decline, DeclineReason, Mode, OperationKind, Payment, PaymentState, ReferenceRule,
    RetryAdvice, Scale, Scales, Source, SourceKind, Transfer,
};

use super::*;
use crate::legs::Standing;

/// The capabilities of a provider of this name: it takes cards and stored instruments.
pub(crate) fn capabilities(provider: &'static str) -> Capabilities {
    let rule = ReferenceRule {
        min: 1,
        max: 20,
        allowed: |_| true,
        words: "1 to 20 characters",
    };
    let account = Account::of(&[provider]);
    let mut capabilities = Capabilities::new(provider, Mode::Test, account, rule, Scales::new(Scale::Iso));
    let sale = Ability::new(OperationKind::Sale).from(&[SourceKind::Card, SourceKind::Stored]);
    capabilities.abilities = vec![
        sale.carries(&[paymux::Field::Order]),
        Ability::new(OperationKind::Capture),
        Ability::new(OperationKind::Inquire),
        Ability::new(OperationKind::Transfer),
    ];
    capabilities
}

/// What a gateway does with one call, and what the record has of it then.
#[derive(Clone, Debug)]
enum Does {
    Approves,
    Declines(RetryAdvice),
    /// Nothing, since nothing was sent.
    Nothing,
    /// Nothing, and the provider refused it.
    Rejects(Option<RetryAdvice>),
    LosesTheAnswer,
    /// Nothing was done, and the provider holds something else.
    Mismatches,
    /// Nothing was done, and that could not be written.
    FailsToRecord,
    /// The journal refuses it, since another leg was begun meanwhile.
    Meets(Box<Track>),
    /// The journal cannot be reached.
    CannotBegin,
}

#[derive(Debug, Default)]
struct Book(Mutex<Vec<Track>>);

#[async_trait]
impl Legs for Book {
    async fn legs(&self, reference: &Reference, order: Option<&str>, _: &[&Capabilities]) -> Result<Vec<Track>, Error> {
        let legs = self.0.lock().unwrap();
        let fits = |leg: &&Track| leg.reference == *reference || (order.is_some() && leg.order.as_deref() == order);
        Ok(legs.iter().filter(fits).cloned().collect())
    }

    /// An order's leg at its end is found to have been let go.
    async fn ask(&self, track: &Track, _: &dyn PaymentGateway) -> Result<(), Error> {
        let mut legs = self.0.lock().unwrap();
        let mut asked = legs.iter_mut().filter(|leg| leg.reference == track.reference);
        asked
            .find(|leg| leg.said == "expires")
            .into_iter()
            .for_each(|leg| leg.standing = Standing::Undone);
        Ok(())
    }
}

#[derive(Debug)]
struct Fake {
    name: &'static str,
    capabilities: Capabilities,
    book: Arc<Book>,
    does: Mutex<VecDeque<Does>>,
    calls: Mutex<Vec<OperationKind>>,
}

impl Fake {
    fn write(&self, operation: &Operation, standing: Standing) {
        let reference = operation.reference().unwrap().clone();
        let mut leg = Track::new(self.name, &self.capabilities, reference, standing);
        leg.operation = operation.kind();
        leg.amount = operation.amount();
        leg.order = operation.charge().and_then(|charge| charge.order.clone());
        leg.payment = Some(self.payment());
        let mut legs = self.book.0.lock().unwrap();
        legs.retain(|known| known.reference != leg.reference || known.gateway != leg.gateway);
        legs.push(leg);
    }

    fn payment(&self) -> PaymentRef {
        PaymentRef::new(self.capabilities.provider, self.capabilities.account.clone(), ["1"]).on(self.name)
    }

    fn answer(&self, outcome: Outcome) -> Result<Answer, Error> {
        Ok(Answer::new(
            outcome,
            Payment::new(self.payment(), PaymentState::Captured),
        ))
    }
}

#[async_trait]
impl PaymentGateway for Fake {
    fn name(&self) -> &str {
        self.name
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        self.calls.lock().unwrap().push(operation.kind());
        if operation.charge().is_none() {
            return self.answer(Outcome::Approved);
        }
        let does = self.does.lock().unwrap().pop_front().unwrap_or(Does::Approves);
        let error = |kind, fate| Err(Error::new(kind, "as told").with_fate(fate));
        let decline = |advice| Decline::new(DeclineReason::DoNotHonor, "05").with_advice(advice);
        match does {
            Does::Approves => {
                self.write(operation, Standing::Done);
                self.answer(Outcome::Approved)
            }
            Does::Declines(advice) => {
                self.write(operation, Standing::Declined(decline(advice)));
                self.answer(Outcome::Declined(decline(advice)))
            }
            Does::Nothing => {
                self.write(operation, Standing::Failed);
                error(ErrorKind::Network, Fate::NotDone)
            }
            Does::Rejects(advice) => {
                self.write(operation, Standing::Failed);
                let error = Error::new(ErrorKind::Refused, "as told").with_fate(Fate::Rejected);
                Err(match advice {
                    Some(advice) => error.with_decline(decline(advice)),
                    None => error,
                })
            }
            Does::LosesTheAnswer => {
                self.write(operation, Standing::Open);
                let now = Timestamp::UNIX_EPOCH;
                let open = Unresolved::new(self.name, &self.capabilities, operation, None, Vec::new(), now);
                error(ErrorKind::Network, Fate::Unknown).map_err(|error: Error| error.with_unresolved(open))
            }
            Does::Mismatches => {
                self.write(operation, Standing::Failed);
                error(ErrorKind::Mismatch, Fate::NotDone)
            }
            Does::FailsToRecord => {
                self.write(operation, Standing::Open);
                error(ErrorKind::Network, Fate::NotDone).map_err(Error::not_recorded)
            }
            Does::Meets(leg) => {
                self.book.0.lock().unwrap().push(*leg);
                Err(Error::invalid("order", "is taken"))
            }
            Does::CannotBegin => error(ErrorKind::Network, Fate::NotDone),
        }
    }

    async fn payment_methods(&self, _: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        Ok(Vec::new())
    }

    fn receive(&self, _: &Delivery) -> Result<Event, WebhookError> {
        Err(WebhookError::Malformed)
    }
}

#[derive(Debug)]
struct Hand(Mutex<Timestamp>);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

struct Desk {
    router: Router,
    a: Arc<Fake>,
    b: Arc<Fake>,
    c: Arc<Fake>,
    book: Arc<Book>,
    clock: Arc<Hand>,
}

/// Gateways `a` and `b` in one rule, and `c` in the next.
fn desk() -> Desk {
    desk_of("rules = [{ to = ['a', 'b'] }, { to = 'c' }]", |_| {})
}

fn desk_of(rules: &str, change: impl Fn(&mut Capabilities)) -> Desk {
    let book = Arc::new(Book::default());
    let fake = |name: &'static str| {
        let mut capabilities = capabilities(name);
        change(&mut capabilities);
        Arc::new(Fake {
            name,
            capabilities,
            book: Arc::clone(&book),
            does: Mutex::default(),
            calls: Mutex::default(),
        })
    };
    let (a, b, c) = (fake("a"), fake("b"), fake("c"));
    let names = ["a", "b", "c"].map(str::to_owned);
    let rules = Rules::from_toml(&format!("[router.checkout]\n{rules}"), &names)
        .unwrap()
        .remove(0);
    let members: Vec<Arc<dyn PaymentGateway>> = vec![a.clone(), b.clone(), c.clone()];
    let mut members = members;
    members.retain(|member| rules.gateways().contains(&member.name()));
    let clock = Arc::new(Hand(Mutex::new(Timestamp::constant(1_767_323_045, 0))));
    Desk {
        router: Router::dangerous_over(rules, members, book.clone(), clock.clone()).unwrap(),
        a,
        b,
        c,
        book,
        clock,
    }
}

fn charge(reference: &str) -> Charge {
    let card = Source::Card(Card::new("4200000000000000", 5, 2034).unwrap());
    Charge::new(reference.parse().unwrap(), "10.00 EUR".parse().unwrap(), card)
}

fn charge_for(reference: &str, order: &str) -> Charge {
    let mut charge = charge(reference);
    charge.order = Some(order.to_owned());
    charge
}

impl Desk {
    /// What gateway `a` does with its next calls.
    fn a_does(&self, does: impl IntoIterator<Item = Does>) -> &Self {
        self.a.does.lock().unwrap().extend(does);
        self
    }

    async fn sale(&self, charge: Charge) -> Result<Answer, Error> {
        self.router.sale(charge).await
    }

    /// How often each was called.
    fn calls(&self) -> [usize; 3] {
        [&self.a, &self.b, &self.c].map(|fake| fake.calls.lock().unwrap().len())
    }
}

fn legs(result: &Result<Answer, Error>) -> Vec<String> {
    let legs = match result {
        Ok(answer) => &answer.payment.legs,
        Err(error) => error.legs(),
    };
    legs.iter().map(ToString::to_string).collect()
}

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
