//! What the suite cannot know of a gateway.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use paymux_core::{Answer, Charge, DeclineReason, EntryKind, MethodQuery, Money, Source, async_trait};

use crate::{Fault, InProcess};

/// What the suite cannot know of a gateway. [`Subject::new`] gives the least; the other fields are public.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Subject {
    /// What an ordinary payment costs. A half and a quarter of it can be paid too.
    pub amount: Money,
    /// What a payment is paid from that is approved.
    pub approved: Source,
    /// What a payment is paid from that is declined.
    pub declined: Option<Source>,
    /// The reason of that decline, where the provider tells it.
    pub reason: Option<DeclineReason>,
    /// Where a payout goes.
    pub payee: Option<Source>,
    /// The accounts of a transfer, from and to.
    pub accounts: Option<(String, String)>,
    /// What to ask for payment methods with.
    pub methods: MethodQuery,
    /// Adds what the provider wants in every charge: a country, an address to return to.
    pub complete: fn(&mut Charge),
    /// A code of the provider's form that means nothing, for [`Fault::Code`].
    pub unmapped_code: Option<String>,
    /// Texts that may never be printed: keys, passwords. The numbers of the sources' cards are looked for anyway.
    pub secrets: Vec<String>,
    /// Makes references that no earlier run has used, where the provider remembers.
    pub run: u32,
    /// How a payment comes to its end.
    pub settle: Arc<dyn Settle>,
    /// What was really booked.
    pub truth: Option<Arc<dyn Truth>>,
    /// What went over the wire.
    pub tap: Option<Arc<dyn Tap>>,
    /// How to break the wire.
    pub faults: Option<Arc<dyn Faults>>,
}

/// What the provider booked, seen behind its back.
pub trait Truth: Debug + Send + Sync {
    /// All that was booked until now, oldest first.
    fn all(&self) -> Vec<Booked>;

    /// What was booked for one payment, by the provider's id.
    fn booked(&self, payment: &str) -> Vec<Booked> {
        let mut all = self.all();
        all.retain(|booked| booked.payment == payment);
        all
    }
}

/// One booking.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Booked {
    /// The provider's id of the payment.
    pub payment: String,
    /// What was booked.
    pub kind: EntryKind,
    /// How much.
    pub amount: Money,
}

impl Booked {
    /// A booking, with the provider's id of the payment.
    #[must_use]
    pub fn new(payment: impl Into<String>, kind: EntryKind, amount: Money) -> Self {
        Self {
            payment: payment.into(),
            kind,
            amount,
        }
    }
}

/// What went over the wire.
pub trait Tap: Debug + Send + Sync {
    /// Every request that was begun, oldest first, those included that did not get through.
    fn requests(&self) -> Vec<Request<Bytes>>;
}

/// How to break the wire.
pub trait Faults: Debug + Send + Sync {
    /// Plans a fault for the request after the next `skip` ones; `false` if it cannot be done.
    fn plan(&self, skip: u32, fault: Fault) -> bool;

    /// Forgets the faults that have not happened.
    fn clear(&self);
}

/// How a payment that is pending, or waits for its customer, comes to its end.
#[async_trait]
pub trait Settle: Debug + Send + Sync {
    /// Brings it to this end; `false` if that cannot be done.
    async fn settle(&self, answer: &Answer, end: End) -> bool;
}

/// How a payment ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum End {
    /// The money moves.
    Approved,
    /// It does not.
    Declined,
}

/// Lets so much time pass, in which everything that is approved comes to its end.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs, reason = "a time by another name")]
pub struct Wait(pub Duration);

#[async_trait]
impl Settle for Wait {
    async fn settle(&self, answer: &Answer, end: End) -> bool {
        let customer = matches!(answer.outcome, paymux_core::Outcome::ActionRequired(_));
        if customer || end == End::Declined {
            return false;
        }
        tokio::time::sleep(self.0).await;
        true
    }
}

impl Subject {
    /// Payments of `amount` from `approved`, and nothing else known: no look behind the provider, no faults, 1 s for what is pending.
    #[must_use]
    pub fn new(amount: Money, approved: Source) -> Self {
        Self {
            amount,
            approved,
            declined: None,
            reason: None,
            payee: None,
            accounts: None,
            methods: MethodQuery::default(),
            complete: |_| {},
            unmapped_code: None,
            secrets: Vec::new(),
            run: 0,
            settle: Arc::new(Wait(Duration::from_secs(1))),
            truth: None,
            tap: None,
            faults: None,
        }
    }

    /// With the truth, the tap and the faults of a provider in this process.
    #[must_use]
    pub fn on(mut self, provider: &Arc<InProcess>) -> Self {
        self.truth = Some(provider.clone());
        self.tap = Some(provider.clone());
        self.faults = Some(provider.clone());
        self
    }
}
