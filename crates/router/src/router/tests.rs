//! The router over gateways that answer as they are told.

mod onward;
mod pins;
mod rules;

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
    let rule = ReferenceRule::new(1..=20, |_| true, "1 to 20 characters");
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
    /// It waited for another call, which did nothing.
    Waits,
    /// The journal cannot be reached.
    CannotBegin,
}

#[derive(Debug, Default)]
struct Book(Mutex<Vec<Track>>);

#[async_trait]
impl Legs for Book {
    /// As the journal does: by the order, for which the reference stands where there is none; and by the reference at these accounts.
    async fn legs(
        &self,
        reference: &Reference,
        order: Option<&str>,
        accounts: &[&Capabilities],
    ) -> Result<Vec<Track>, Error> {
        let legs = self.0.lock().unwrap();
        let is_here = |leg: &Track| accounts.iter().any(|at| leg.is_at(at.provider, &at.account));
        let fits = |leg: &&Track| {
            let is_own = leg.reference == *reference;
            (leg.order.as_deref() == order && (order.is_some() || is_own)) || (is_own && is_here(leg))
        };
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
    /// Writes a leg; what is needed to ask about it, where it takes.
    fn write(&self, operation: &Operation, standing: Standing) -> Option<Unresolved> {
        let reference = operation.reference().unwrap().clone();
        let mut leg = Track::new(self.name, &self.capabilities, reference, standing);
        leg.operation = operation.kind();
        leg.amount = operation.amount();
        leg.order = operation.charge().and_then(|charge| charge.order.clone());
        leg.payment = Some(self.payment());
        let open = || {
            Unresolved::new(
                self.name,
                &self.capabilities,
                operation,
                None,
                Vec::new(),
                Timestamp::UNIX_EPOCH,
            )
        };
        leg.open = leg.standing.takes().then(open);
        let open = leg.open.clone();
        let mut legs = self.book.0.lock().unwrap();
        legs.retain(|known| known.reference != leg.reference || known.gateway != leg.gateway);
        legs.push(leg);
        open
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
            Does::Waits => {
                self.write(operation, Standing::Failed);
                error(ErrorKind::Network, Fate::NotDone).map_err(Error::beside_another)
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
