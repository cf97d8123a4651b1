//! What is done to a journal in one transaction: a step, the page that it looks at, and what it writes.

use std::time::Duration;

use jiff::Timestamp;
use paymux::{Payment, Unresolved};

use crate::change::Change;
use crate::event::Parked;
use crate::intent::{Intent, IntentKey, Known, PaymentKey, Recorded};
use crate::prune::Prune;
use crate::rules;

/// Who holds an intent, under which generation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Hold {
    /// Which intent.
    pub key: IntentKey,
    /// The process.
    pub holder: String,
    /// The generation that it was given.
    pub generation: u64,
    /// The payment that the intent is about, where it is about one that exists.
    pub about: Option<PaymentKey>,
}

/// One thing that is done to a journal, whole or not at all.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step {
    /// Begin an intent, begin its next attempt, or take it over in doubt; or learn what stands against it.
    Begin {
        /// As it would be begun, with the lease that is asked for.
        intent: Box<Intent>,
        /// The time.
        now: Timestamp,
        /// How far clocks may differ.
        skew: Duration,
        /// Whether an attempt that did nothing is followed by another; where not, it is the ruling.
        anew: bool,
    },
    /// Write the end of an operation, or that it is in doubt, and let the lease go.
    Conclude {
        /// Who writes.
        hold: Hold,
        /// What was found.
        finding: Box<Finding>,
        /// The time.
        now: Timestamp,
    },
    /// Write a person's verdict on an intent that nobody works on.
    Decide {
        /// Which intent.
        key: IntentKey,
        /// The verdict.
        verdict: Verdict,
        /// Why, and by whom.
        remark: String,
        /// The time.
        now: Timestamp,
        /// How far clocks may differ.
        skew: Duration,
    },
    /// Keep what is needed to ask, before a request that may move money.
    Note {
        /// Who keeps it.
        hold: Hold,
        /// What is needed.
        open: Box<Unresolved>,
        /// The time.
        now: Timestamp,
    },
    /// Write how a payment was seen to stand.
    Observe {
        /// The payment.
        payment: Box<Payment>,
        /// The intent that began it: by the reference that the provider echoes, where it is not known by the payment's id.
        intent: Option<IntentKey>,
        /// The order of that intent, which takes it again if the record says otherwise than the payment.
        order: Option<String>,
        /// The time.
        now: Timestamp,
    },
    /// Keep an event that matches nothing yet.
    Park {
        /// The event.
        parked: Parked,
    },
    /// Forget what is old.
    Prune {
        /// What.
        prune: Prune,
    },
    /// Remember that an event was handled.
    See {
        /// The gateway's name.
        gateway: String,
        /// The event's deduplication key.
        key: String,
        /// The time.
        now: Timestamp,
    },
    /// Take an unsettled intent that nobody else holds, to ask about it or to send again. Whoever takes it knows that nothing in his process works under his own lease.
    Take {
        /// Which intent.
        key: IntentKey,
        /// Who takes it.
        holder: String,
        /// Until when.
        until: Timestamp,
        /// Whether he may send.
        sends: bool,
        /// The time.
        now: Timestamp,
        /// How far clocks may differ.
        skew: Duration,
    },
    /// Forget an event that was parked.
    Unpark {
        /// The event.
        parked: Parked,
    },
}

/// What a person decides about an intent that asking did not settle.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// It was done, and this is the payment as it was seen in the provider's back office.
    Done(Option<Box<Payment>>),
    /// It was not done.
    NotDone,
    /// The record stands as it is, settled or not, and nobody need look any more: the remark, if there is one, is taken away. What is unsettled is asked about as before.
    Stands,
}

/// What was found of an operation.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Finding {
    /// It came out so.
    Answer {
        /// How, and the payment.
        recorded: Box<Recorded>,
        /// Whether asking found it, and not the operation's own reply.
        asked: bool,
    },
    /// Its page was closed before anything was paid, and nothing can be paid on it any more.
    Closed {
        /// The payment as it was seen then.
        payment: Box<Payment>,
    },
    /// Nobody knows.
    Doubt {
        /// What is needed to ask, as it is known by now; `None` where nothing new is.
        open: Option<Box<Unresolved>>,
        /// The payment as it was last seen.
        payment: Option<Box<Payment>>,
        /// What was said.
        said: String,
        /// What a person must look at, if that is known.
        remark: Option<String>,
        /// Whether the provider holds something else than was asked.
        differs: bool,
        /// Whether asking ended so, and not the operation itself.
        asked: bool,
    },
    /// It did nothing.
    Nothing {
        /// Whether that is known only by the provider's showing nothing of it. What was seen before is in doubt then.
        absent: bool,
        /// What was said.
        said: String,
    },
}

/// What a step's transaction loads, and keeps others from.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Scope {
    /// The intent.
    pub intent: Option<IntentKey>,
    /// The order whose taker is looked for.
    pub order: Option<String>,
    /// The payment: how it is known, and every intent that is about it or made it.
    pub payment: Option<PaymentKey>,
    /// Whether the events are loaded that were parked for the intent's reference or the payment.
    pub parked: bool,
}

/// What stands in the journal within a scope.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Page {
    /// The intent.
    pub intent: Option<Intent>,
    /// The intent that takes the order.
    pub taker: Option<Intent>,
    /// The payment.
    pub known: Option<Known>,
    /// The intents that are about the payment or made it.
    pub siblings: Vec<Intent>,
    /// The events that were parked for it.
    pub parked: Vec<Parked>,
}

/// What a step writes. A store must write each: a new one is to break those that do not know it, and not to be lost in them, so that this enum is exhaustive.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_enums, reason = "a store must write each")]
pub enum Write {
    /// A change, to be numbered.
    Change(Box<Change>),
    /// What is old is forgotten.
    Forget(Old),
    /// An intent, in place of the one of its key.
    Intent(Box<Intent>),
    /// A payment, in place of the one of its key.
    Known(Box<Known>),
    /// An event is parked, in place of the same one.
    Park(Parked),
    /// An event was handled.
    Seen {
        /// The gateway's name.
        gateway: String,
        /// The event's deduplication key.
        key: String,
        /// When.
        at: Timestamp,
    },
    /// An event is parked no longer.
    Unpark(Parked),
}

/// What is forgotten. Exhaustive, as [`Write`] is.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums, reason = "a store must forget each")]
pub enum Old {
    /// The changes up to this number, but for the newest one.
    Changes(u64),
    /// The events that were parked before this.
    Parked(Timestamp),
    /// The events that were handled before this.
    Seen(Timestamp),
}

/// What a step came to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Ruling {
    /// The caller holds the intent, and may send.
    Begun(Box<Intent>),
    /// Another operation on the payment is not at its end; or, of a verdict, another intent made the payment.
    Busy(Box<Intent>),
    /// The same reference stands for something else; or, of a verdict, the payment is not what was asked for.
    Differs(Box<Intent>),
    /// The intent is held under another generation by now, or is settled. As it stands, if there is one.
    Fenced(Option<Box<Intent>>),
    /// Somebody else holds it.
    Held(Box<Intent>),
    /// It is written. The intent as it stands, and the events that were parked for it.
    Kept {
        /// The intent, where the step was about one.
        intent: Option<Box<Intent>>,
        /// The events that match by now.
        parked: Vec<Parked>,
    },
    /// The caller holds the intent, which is in doubt: ask.
    Open(Box<Intent>),
    /// Another attempt takes the order.
    Ordered(Box<Intent>),
    /// The outcome is known, or under way at the provider; or what was found of it is for a person, and it is not to be completed.
    Recorded(Box<Intent>),
}

impl Step {
    /// Write how a payment was seen to stand that concerns this intent.
    pub(crate) fn observe(payment: &Payment, intent: &Intent, now: Timestamp) -> Self {
        let maker = Some(intent).filter(|intent| intent.begins());
        Self::Observe {
            payment: Box::new(payment.clone()),
            intent: maker.map(|maker| maker.key.clone()),
            order: maker.and_then(|maker| maker.order.clone()),
            now,
        }
    }

    /// What is to be loaded for it, and kept from others meanwhile.
    #[must_use]
    pub fn scope(&self) -> Scope {
        let of = |key: &IntentKey| Scope {
            intent: Some(key.clone()),
            ..Scope::default()
        };
        match self {
            Self::Begin { intent, .. } => Scope {
                order: intent.order.clone(),
                payment: intent.payment.as_ref().map(PaymentKey::of),
                ..of(&intent.key)
            },
            Self::Conclude { hold, finding, .. } => Scope {
                payment: hold.about.clone().or_else(|| {
                    let payment = finding.payment()?;
                    Some(PaymentKey::of(&payment.reference))
                }),
                parked: true,
                ..of(&hold.key)
            },
            Self::Decide { key, verdict, .. } => Scope {
                payment: match verdict {
                    Verdict::Done(Some(payment)) => Some(PaymentKey::of(&payment.reference)),
                    _ => None,
                },
                ..of(key)
            },
            Self::Note { hold, .. } => of(&hold.key),
            Self::Take { key, .. } => of(key),
            Self::Observe {
                payment, intent, order, ..
            } => Scope {
                intent: intent.clone(),
                order: order.clone(),
                payment: Some(PaymentKey::of(&payment.reference)),
                ..Scope::default()
            },
            Self::Park { .. } | Self::Prune { .. } | Self::See { .. } | Self::Unpark { .. } => Scope::default(),
        }
    }

    /// What it comes to on a page, and what is written for it. It depends on nothing else, so that it may be run again.
    #[must_use]
    pub fn decide(&self, page: &Page) -> (Ruling, Vec<Write>) {
        rules::decide(self, page)
    }
}

impl Finding {
    /// The payment as it was seen.
    #[must_use]
    pub fn payment(&self) -> Option<&Payment> {
        match self {
            Self::Answer { recorded, .. } => Some(&recorded.payment),
            Self::Closed { payment } => Some(payment),
            Self::Doubt { payment, .. } => payment.as_deref(),
            Self::Nothing { .. } => None,
        }
    }
}

impl Scope {
    /// The provider and account that it is about.
    #[must_use]
    pub fn owner(&self) -> Option<(&str, &str)> {
        let intent = self
            .intent
            .as_ref()
            .map(|key| (key.provider.as_str(), key.account.as_str()));
        let payment = || {
            self.payment
                .as_ref()
                .map(|key| (key.provider.as_str(), key.account.as_str()))
        };
        intent.or_else(payment)
    }

    /// The names of what others are kept from, sorted, so that two transactions never wait for each other in a ring.
    #[must_use]
    pub fn locks(&self) -> Vec<String> {
        let intent = self.intent.as_ref().map(|key| {
            let (provider, account) = (&key.provider, &key.account);
            format!("i {provider} {account} {}", key.reference)
        });
        let order = self.order.as_ref().map(|order| format!("o {order}"));
        let payment = self.payment.as_ref();
        let payment = payment.map(|key| format!("p {} {} {}", key.provider, key.account, key.id));
        let mut locks: Vec<_> = intent.into_iter().chain(order).chain(payment).collect();
        locks.sort_unstable();
        locks
    }
}

impl Intent {
    /// The hold of whoever was just given it.
    #[must_use]
    pub fn hold(&self) -> Option<Hold> {
        Some(Hold {
            key: self.key.clone(),
            holder: self.lease.as_ref()?.holder.clone(),
            generation: self.generation,
            about: self.payment.as_ref().map(PaymentKey::of),
        })
    }
}
