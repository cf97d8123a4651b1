//! Events meet the journal: they are confirmed by asking, and what is found is written down.

use async_trait::async_trait;
use jiff::Timestamp;
use paymux::webhooks::{BoxError, Handler, Received, SeenEvents};
use paymux::{BoxFuture, Error, Event, Inquiry, Payment, PaymentGateway, PaymentRef, Reference};
use serde::{Deserialize, Serialize};

use crate::asking::Seen;
use crate::intent::{Intent, IntentKey, PaymentKey};
use crate::journal::Journal;
use crate::step::{Ruling, Scope, Step};
use crate::store::{Filter, StoreError};

/// An event that matches nothing yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Parked {
    /// The gateway's name.
    pub gateway: String,
    /// The provider's name.
    pub provider: String,
    /// The digest of the merchant account.
    pub account: String,
    /// The payment that it is about.
    pub payment: Option<PaymentRef>,
    /// The reference that it names, or that the provider echoed when it was asked.
    pub reference: Option<Reference>,
    /// What was reported, in the provider's word.
    pub reported: String,
    /// Equal for repeated deliveries of it.
    pub deduplication_key: String,
    /// When it came.
    pub at: Timestamp,
}

/// What became of an event.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Absorbed {
    /// It matches nothing that is known by now, and is kept until it does.
    Parked,
    /// What asking found is written. The intents that it was about, as they stand now.
    Written(Vec<Intent>),
}

impl Parked {
    /// Whether it is about what a scope names.
    #[must_use]
    pub fn fits(&self, scope: &Scope) -> bool {
        let named = |key: &IntentKey| {
            key.provider == self.provider
                && key.account == self.account
                && Some(&key.reference) == self.reference.as_ref()
        };
        let paid = |key: &PaymentKey| self.payment.as_ref().is_some_and(|payment| key.is_of(payment));
        scope.parked && (scope.intent.as_ref().is_some_and(named) || scope.payment.as_ref().is_some_and(paid))
    }

    /// Whether it is the same event.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.gateway == other.gateway && self.deduplication_key == other.deduplication_key
    }

    fn inquiry(&self) -> Option<Inquiry> {
        let payment = self.payment.clone().map(Inquiry::Payment);
        payment.or_else(|| self.reference.clone().map(Inquiry::Reference))
    }
}

impl Journal {
    /// Takes a verified event: asks about the payment that it names, and writes down what is found. What matches nothing yet is kept, and tried again
    /// when a payment gains an id.
    ///
    /// # Behavior
    /// - It is written, or kept, when this returns `Ok`: the delivery may be acknowledged.
    /// - It may be called any number of times with the same event.
    /// - An intent under way is left to whoever works on it.
    ///
    /// # Errors
    /// The provider could not be asked, or the store not be written: let it be delivered again.
    pub async fn absorb<G: PaymentGateway + ?Sized>(&self, gateway: &G, event: &Event) -> Result<Absorbed, Error> {
        let capabilities = gateway.capabilities();
        let mut parked = Parked {
            gateway: gateway.name().to_owned(),
            provider: capabilities.provider.to_owned(),
            account: capabilities.account.as_str().to_owned(),
            payment: event.payment().cloned(),
            reference: event.reference().cloned(),
            reported: event.reported().to_owned(),
            deduplication_key: event.deduplication_key().to_owned(),
            at: self.now(),
        };
        if event.inquiry().is_none() {
            return Ok(Absorbed::Written(Vec::new()));
        }
        let (payment, outcome) = match gateway.confirm(event).await {
            Ok(answer) => (answer.payment, Some(answer.outcome)),
            // The payment was seen, and something of it cannot be read: the intents on it are asked about.
            Err(error) => (error.payment().cloned().ok_or(error)?, None),
        };
        let seen = Seen {
            payment: &payment,
            outcome: outcome.as_ref(),
        };
        self.meet(gateway, &mut parked, seen).await
    }

    /// Tries an event that was parked once more.
    pub(crate) async fn try_again<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        mut parked: Parked,
    ) -> Result<Absorbed, Error> {
        let Some(inquiry) = parked.inquiry() else {
            return Ok(Absorbed::Written(Vec::new()));
        };
        let answer = gateway.inquire(inquiry).await?;
        let seen = Seen {
            payment: &answer.payment,
            outcome: Some(&answer.outcome),
        };
        let absorbed = self.meet(gateway, &mut parked, seen).await?;
        if matches!(absorbed, Absorbed::Written(_)) {
            self.write(&Step::Unpark { parked }).await?;
        }
        Ok(absorbed)
    }

    /// A payment was seen to stand so: it is written, and what is unsettled on it is asked about.
    async fn meet<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        parked: &mut Parked,
        seen: Seen<'_>,
    ) -> Result<Absorbed, Error> {
        let payment = seen.payment;
        let mut intents = self.about(gateway, parked, payment).await?;
        if intents.is_empty() {
            let echoed = payment
                .merchant_reference
                .as_deref()
                .and_then(|text| Reference::new(text).ok());
            parked.reference = parked.reference.take().or(echoed);
            parked.payment = parked.payment.take().or_else(|| Some(payment.reference.clone()));
            self.write(&Step::Park { parked: parked.clone() }).await?;
            // The payment's own intent may have gained its id in the meantime, when nothing was parked for it yet.
            intents = self.about(gateway, parked, payment).await?;
            if intents.is_empty() {
                return Ok(Absorbed::Parked);
            }
            self.write(&Step::Unpark { parked: parked.clone() }).await?;
        }
        let now = self.now();
        for intent in &intents {
            self.write(&Step::observe(payment, intent, now)).await?;
        }
        let mut met = Vec::with_capacity(intents.len());
        for intent in intents {
            let intent = self.intent(&intent.key).await.map_err(unread)?.unwrap_or(intent);
            let looked = match intent.is_unsettled() {
                true => self
                    .look_after(gateway, &intent.key, Some(seen))
                    .await
                    .map_err(unread)?,
                false => None,
            };
            met.push(looked.map_or(intent, |looked| looked.intent));
        }
        Ok(Absorbed::Written(met))
    }

    /// The intents that a payment concerns: that are about it or made it, or whose reference the provider echoes or the event names.
    async fn about<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        parked: &Parked,
        payment: &Payment,
    ) -> Result<Vec<Intent>, Error> {
        let filter = Filter::about(PaymentKey::of(&payment.reference));
        let mut found = self.store().intents(&filter).await.map_err(unread)?;
        let echoed = payment
            .merchant_reference
            .as_deref()
            .and_then(|text| Reference::new(text).ok());
        for reference in echoed.iter().chain(&parked.reference) {
            let key = IntentKey::of(gateway.capabilities(), reference);
            if found.iter().any(|intent| intent.key == key) {
                continue;
            }
            let intent = self.intent(&key).await.map_err(unread)?;
            // A follow-up on another payment is not this one's. What began a payment may know it by its page's id yet.
            let other = |intent: &Intent| {
                let about = intent.payment.as_ref();
                about.is_some_and(|about| !PaymentKey::of(&payment.reference).is_of(about))
            };
            found.extend(intent.filter(|intent| !other(intent)));
        }
        Ok(found)
    }

    async fn write(&self, step: &Step) -> Result<Ruling, Error> {
        self.store().apply(step).await.map_err(unread)
    }
}

/// The error of an event that could not be written: it did nothing.
fn unread(error: StoreError) -> Error {
    Error::new(paymux::ErrorKind::Network, error.to_string()).with_source(error)
}

/// Events that were handled by any process.
#[async_trait]
impl SeenEvents for Journal {
    async fn seen(&self, gateway: &str, key: &str) -> Result<bool, BoxError> {
        Ok(self.store().seen(gateway, key).await?)
    }

    async fn record(&self, gateway: &str, key: &str) -> Result<(), BoxError> {
        let step = Step::See {
            gateway: gateway.to_owned(),
            key: key.to_owned(),
            now: self.now(),
        };
        self.store().apply(&step).await?;
        Ok(())
    }
}

/// A journal handles events by [`Journal::absorb`].
impl Handler for Journal {
    fn handle(&self, received: Received) -> BoxFuture<'static, Result<(), BoxError>> {
        let journal = self.clone();
        Box::pin(async move {
            journal.absorb(received.gateway.as_ref(), &received.event).await?;
            Ok(())
        })
    }
}
