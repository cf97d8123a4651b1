//! Routers: the right one, and planted ones that break one rule each.

use std::sync::Arc;

use paymux::{
    Answer, Capabilities, Delivery, Error, ErrorKind, Event, Fate, MethodQuery, Operation, PaymentGateway,
    PaymentMethod, Reference, WebhookError, async_trait,
};
use paymux_journal::Journal;
use paymux_router::{Legs, Router, Rules, Standing, Track};

use super::world::{Make, Parts};

/// A planted router, and what it gets wrong.
pub(crate) const MUTANTS: [(&str, Make); 6] = [
    ("forgets where anything is, over gateways that share nothing", forgets),
    ("forgets where anything is", forgets_over_a_journal),
    ("goes on after an unknown outcome", hopes),
    ("draws its weights anew in each process", dices),
    ("pins by the order only", by_order),
    ("pins by the reference only", by_reference),
];

/// As it is meant.
pub(crate) fn right(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    Arc::new(Router::new(parts.rules, parts.journaled, parts.clock).unwrap())
}

fn forgets(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    let members = parts.journaled.into_iter();
    let members = members.map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway) });
    let legs = Blind::new(parts.journal, |_, _, _| false);
    Arc::new(Router::dangerous_over(parts.rules, members.collect(), legs, parts.clock).unwrap())
}

/// It reads no pins, and the journal stands behind it.
pub(crate) fn forgets_over_a_journal(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    seeing(parts, |_, _, _| false)
}

fn by_order(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    seeing(parts, |track, _, order| {
        order.is_some() && track.order.as_deref() == order
    })
}

fn by_reference(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    seeing(parts, |track, reference, _| track.reference == *reference)
}

/// It takes what is unknown for not done, on the record, too.
fn hopes(parts: Parts, _: u64) -> Arc<dyn PaymentGateway> {
    let members = parts.journaled.into_iter();
    let members = members.map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(Hopeful(Arc::new(gateway.routed()))) });
    let legs = Blind::new(parts.journal, |track, _, _| track.standing != Standing::Open);
    Arc::new(Router::dangerous_over(parts.rules, members.collect(), legs, parts.clock).unwrap())
}

fn dices(mut parts: Parts, seed: u64) -> Arc<dyn PaymentGateway> {
    let mut text = parts.text;
    for share in ["'a', weight = 1", "'a', weight = 3"] {
        let other = if seed.is_multiple_of(2) { 1_000_000 } else { 1 };
        text = text.replace(share, &format!("'a', weight = {other}"));
    }
    let text = text.replace("'b', weight = 1", "'b', weight = 1000");
    parts.rules = Rules::from_toml(&text, &parts.names).unwrap().remove(0);
    parts.text = text;
    right(parts, seed)
}

/// A router that sees only these legs, over gateways as they are meant.
fn seeing(parts: Parts, sees: Sight) -> Arc<dyn PaymentGateway> {
    let members = parts.journaled.into_iter();
    let members = members.map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway.routed()) });
    let legs = Blind::new(parts.journal, sees);
    Arc::new(Router::dangerous_over(parts.rules, members.collect(), legs, parts.clock).unwrap())
}

type Sight = fn(&Track, &Reference, Option<&str>) -> bool;

/// The legs of the journal, but for those that are not seen.
#[derive(Debug)]
struct Blind {
    journal: Journal,
    sees: Sight,
}

impl Blind {
    fn new(journal: Journal, sees: Sight) -> Arc<Self> {
        Arc::new(Self { journal, sees })
    }
}

#[async_trait]
impl Legs for Blind {
    async fn legs(
        &self,
        reference: &Reference,
        order: Option<&str>,
        accounts: &[&Capabilities],
    ) -> Result<Vec<Track>, Error> {
        let mut tracks = self.journal.legs(reference, order, accounts).await?;
        tracks.retain(|track| (self.sees)(track, reference, order));
        Ok(tracks)
    }

    async fn ask(&self, track: &Track, gateway: &dyn PaymentGateway) -> Result<(), Error> {
        self.journal.ask(track, gateway).await
    }
}

/// A gateway that takes what is unknown for not done.
#[derive(Debug)]
struct Hopeful(Arc<dyn PaymentGateway>);

#[async_trait]
impl PaymentGateway for Hopeful {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    async fn execute(&self, operation: &Operation) -> Result<Answer, Error> {
        let hopes = |error: Error| match error.fate() {
            Fate::Unknown if operation.payment().is_none() => Error::new(ErrorKind::Network, error.message()),
            _ => error,
        };
        self.0.execute(operation).await.map_err(hopes)
    }

    async fn payment_methods(&self, query: &MethodQuery) -> Result<Vec<PaymentMethod>, Error> {
        self.0.payment_methods(query).await
    }

    fn receive(&self, delivery: &Delivery) -> Result<Event, WebhookError> {
        self.0.receive(delivery)
    }
}
