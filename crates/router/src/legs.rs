//! What the record knows of the legs of a reference, and of an order.

use std::fmt::Debug;

use jiff::Timestamp;
use paymux::{
    Account, Capabilities, Decline, Error, ErrorKind, Leg, LegOutcome, LegWhy, Money, OperationKind, PaymentGateway,
    PaymentRef, Reference, Unresolved, async_trait,
};
use paymux_journal::{Came, Filter, Intent, IntentKey, Journal, State, StoreError};

/// Where the legs are read. The journal is what implements it.
///
/// What it gives is all that pins, so it must be durable, and the same for every process: an implementation that forgets lets a payment be made twice.
#[async_trait]
pub trait Legs: Debug + Send + Sync {
    /// The legs under this reference at these accounts, and those of this order at every account, each once: the one that was written last at the end. Where there is no order, those under the
    /// reference at every account that the record finds by it.
    ///
    /// # Errors
    /// The record cannot be read. Then nothing is sent.
    async fn legs(
        &self,
        reference: &Reference,
        order: Option<&str>,
        accounts: &[&Capabilities],
    ) -> Result<Vec<Track>, Error>;

    /// Asks how a leg stands, and writes it down, so that it is read anew; no money moves. `gateway` is the one on its account, not the journal's own over it. Where nobody can
    /// ask, the leg stands as it did.
    ///
    /// # Errors
    /// What was found cannot be written.
    async fn ask(&self, track: &Track, gateway: &dyn PaymentGateway) -> Result<(), Error> {
        let _ = (track, gateway);
        Ok(())
    }
}

/// One leg, as it is on record.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Track {
    /// The gateway's name, as it was then.
    pub gateway: String,
    /// The provider's name.
    pub provider: String,
    /// The digest of the merchant account.
    pub account: String,
    /// The caller's name of the attempt.
    pub reference: Reference,
    /// What is asked.
    pub operation: OperationKind,
    /// How much.
    pub amount: Option<Money>,
    /// What is being paid, as the caller said.
    pub order: Option<String>,
    /// The payment that it made, or is about, as far as known.
    pub payment: Option<PaymentRef>,
    /// Whether it begins a payment.
    pub begins: bool,
    /// Where it stands.
    pub standing: Standing,
    /// What was last said of it, for people.
    pub said: String,
    /// When it was begun.
    pub begun: Timestamp,
    /// What is needed to ask about it, where it takes its order and the record has that.
    pub open: Option<Unresolved>,
}

/// Where a leg stands. The journal's page says what each state means.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// Refused by the payer's side.
    Declined(Decline),
    /// Approved.
    Done,
    /// It did nothing.
    Failed,
    /// Begun, and no outcome is known.
    Open,
    /// It was waiting or done, and was let go without money moved.
    Undone,
    /// Accepted, and not decided.
    Waiting,
}

impl Standing {
    /// Whether nothing else may be made in its place.
    #[must_use]
    pub const fn takes(&self) -> bool {
        matches!(self, Self::Done | Self::Open | Self::Waiting)
    }

    /// As it is said of a leg that is on record.
    pub(crate) const fn outcome(&self) -> LegOutcome {
        match self {
            Self::Declined(_) => LegOutcome::Declined,
            Self::Done => LegOutcome::Approved,
            Self::Failed => LegOutcome::NotDone,
            Self::Open => LegOutcome::Unknown,
            Self::Undone => LegOutcome::Undone,
            Self::Waiting => LegOutcome::Pending,
        }
    }

    pub(crate) const fn words(&self) -> &'static str {
        match self {
            Self::Declined(_) => "was declined",
            Self::Done => "was done",
            Self::Failed => "did nothing",
            Self::Open => "is under way or in doubt",
            Self::Undone => "was let go",
            Self::Waiting => "waits at the provider",
        }
    }
}

impl Track {
    /// A leg under this reference that stands there; the other fields are public.
    #[must_use]
    pub fn new(gateway: &str, capabilities: &Capabilities, reference: Reference, standing: Standing) -> Self {
        Self {
            gateway: gateway.to_owned(),
            provider: capabilities.provider.to_owned(),
            account: capabilities.account.as_str().to_owned(),
            reference,
            operation: OperationKind::Sale,
            amount: None,
            order: None,
            payment: None,
            begins: true,
            standing,
            said: String::new(),
            begun: Timestamp::UNIX_EPOCH,
            open: None,
        }
    }

    /// Whether it is at this account.
    #[must_use]
    pub fn is_at(&self, provider: &str, account: &Account) -> bool {
        self.provider == provider && self.account == account.as_str()
    }

    /// Whether both are the leg of one reference at one account.
    pub(crate) fn is_same_leg(&self, other: &Self) -> bool {
        self.reference == other.reference && self.provider == other.provider && self.account == other.account
    }

    /// As it is shown among the legs of a later call.
    pub(crate) fn leg(&self) -> Leg {
        Leg::new(&self.gateway, None, LegWhy::Recorded, self.standing.outcome()).saying(self.said.clone())
    }
}

#[async_trait]
impl Legs for Journal {
    async fn legs(
        &self,
        reference: &Reference,
        order: Option<&str>,
        accounts: &[&Capabilities],
    ) -> Result<Vec<Track>, Error> {
        let mut filter = Filter::default();
        // Not one may be left out.
        filter.limit = u32::MAX;
        filter.order = Some(order.map_or_else(|| paymux_journal::order_of(reference), str::to_owned));
        let mut intents = self.intents(&filter).await.map_err(unread)?;
        for capabilities in accounts {
            let key = IntentKey::of(capabilities, reference);
            if intents.iter().all(|known| known.key != key) {
                intents.extend(self.intent(&key).await.map_err(unread)?);
            }
        }
        // One that did nothing and was begun again counts from its end, not from its first beginning.
        intents.sort_by_key(|intent| intent.written);
        Ok(intents.into_iter().map(track).collect())
    }

    async fn ask(&self, track: &Track, gateway: &dyn PaymentGateway) -> Result<(), Error> {
        let key = IntentKey::of(gateway.capabilities(), &track.reference);
        self.look(gateway, &key).await.map(drop).map_err(unread)
    }
}

fn unread(error: StoreError) -> Error {
    let message = format!("{error}; what pins is not known, so nothing was sent by this call");
    Error::new(ErrorKind::Network, message).with_source(error)
}

fn track(intent: Intent) -> Track {
    let begins = intent.begins();
    let open = intent.takes_order().then(|| intent.unresolved());
    let payment = intent.about().cloned();
    let standing = match (intent.state, intent.outcome.map(|outcome| outcome.came)) {
        (State::Declined, Some(Came::Declined(decline))) => Standing::Declined(decline),
        (State::Done, _) => Standing::Done,
        (State::Failed, _) => Standing::Failed,
        (State::Undone, _) => Standing::Undone,
        (State::Waiting, _) => Standing::Waiting,
        // What we cannot read pins.
        _ => Standing::Open,
    };
    let own = paymux_journal::order_of(&intent.key.reference);
    Track {
        gateway: intent.gateway,
        provider: intent.key.provider,
        account: intent.key.account,
        reference: intent.key.reference,
        operation: intent.operation,
        amount: intent.amount,
        order: intent.order.filter(|order| *order != own),
        payment,
        begins,
        standing,
        said: intent.said,
        begun: intent.begun,
        open,
    }
}
