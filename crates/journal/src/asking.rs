//! Asking about an intent: under a lease, and what is found is written. No money moves here.

use std::time::Duration;

use paymux::{
    Answer, AskAfterwards, Capabilities, Duplicates, Entry, EntryOutcome, Error, ErrorKind, Fate, Inquiry,
    OperationKind, Outcome, Payment, PaymentGateway, PaymentState,
};

use crate::event::Parked;
use crate::flights::{Entrance, Landed};
use crate::intent::{Came, Intent, IntentKey, PaymentKey, Recorded, State};
use crate::journal::Journal;
use crate::rules::PATIENCE;
use crate::step::{Finding, Hold, Ruling, Step};
use crate::store::StoreError;

/// How an intent stands after it was asked about, and what was said.
pub(crate) struct Looked {
    pub(crate) intent: Intent,
    pub(crate) result: Landed,
}

/// A payment as it was seen a moment ago, and what an inquiry said of it.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    pub(crate) payment: &'a Payment,
    pub(crate) outcome: Option<&'a Outcome>,
}

impl Seen<'_> {
    /// Whether it is the payment that an intent made: by its id, or by the reference that the provider echoes. A page's id may not be its payment's.
    fn is_made_by(self, intent: &Intent) -> bool {
        let echoed = self.payment.merchant_reference.as_deref() == Some(intent.key.reference.as_str());
        let key = PaymentKey::of(&self.payment.reference);
        intent.begins() && (echoed || intent.made.as_ref().is_some_and(|made| key.is_of(made)))
    }

    /// Whether it decides a checkout. A try on the page may have an id of its own: where it did not go through, the customer may try again, and the page is asked about.
    fn decides(self, intent: &Intent) -> bool {
        let key = PaymentKey::of(&self.payment.reference);
        let same = intent.made.as_ref().is_some_and(|made| key.is_of(made));
        let through = matches!(self.outcome, Some(Outcome::Approved | Outcome::Review));
        intent.operation != OperationKind::Checkout || same || through
    }
}

impl Journal {
    /// Takes an unsettled intent, asks about it, and writes what is found. `None` where somebody else works on it, or it is settled by now.
    pub(crate) async fn look_after<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        key: &IntentKey,
        seen: Option<Seen<'_>>,
    ) -> Result<Option<Looked>, StoreError> {
        let Entrance::Lead(landing) = self.flights().enter(key, None) else {
            return Ok(None);
        };
        let Some(intent) = self.take(key, None).await? else {
            return Ok(None);
        };
        let looked = self.ask(gateway, intent, seen).await;
        drop(landing);
        looked.map(Some)
    }

    /// Takes an unsettled intent that nobody works on, to ask, or to send for so long. The caller leads the flight, so that a lease of this process is nobody's any more.
    pub(crate) async fn take(&self, key: &IntentKey, sends: Option<Duration>) -> Result<Option<Intent>, StoreError> {
        let settings = self.settings();
        let step = Step::Take {
            key: key.clone(),
            holder: self.holder().to_owned(),
            until: self.after(sends.unwrap_or(settings.asking)),
            sends: sends.is_some(),
            now: self.now(),
            skew: settings.skew,
        };
        match self.store().apply(&step).await? {
            Ruling::Open(intent) => Ok(Some(*intent)),
            _ => Ok(None),
        }
    }

    /// Asks about an intent that the caller has taken, and writes what is found.
    pub(crate) async fn ask<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        intent: Intent,
        seen: Option<Seen<'_>>,
    ) -> Result<Looked, StoreError> {
        let Some(hold) = intent.hold() else {
            return Ok(Looked {
                result: Err(in_doubt(&intent)),
                intent,
            });
        };
        let (finding, result) = self.question(gateway, &intent, seen).await;
        match self.conclude(hold, finding).await? {
            Some((intent, _)) => {
                let certain = result.as_ref().is_err_and(|error| error.fate() != Fate::Unknown);
                let result = match intent.state {
                    State::Open if result.is_ok() => Err(in_doubt(&intent)),
                    State::Open | State::Waiting if certain => Err(in_doubt(&intent)),
                    _ => result,
                };
                Ok(Looked { intent, result })
            }
            None => Ok(Looked {
                intent,
                result: unrecorded(result),
            }),
        }
    }

    /// Writes a finding. The intent as it stands then, with the events that were parked for it; `None` where it is another's by now.
    pub(crate) async fn conclude(
        &self,
        hold: Hold,
        finding: Finding,
    ) -> Result<Option<(Intent, Vec<Parked>)>, StoreError> {
        let step = Step::Conclude {
            hold,
            finding: Box::new(finding),
            now: self.now(),
        };
        match self.store().apply(&step).await? {
            Ruling::Kept { intent, parked } => Ok(intent.map(|intent| (*intent, parked))),
            _ => Ok(None),
        }
    }

    /// Asks. What is found, and what is said to the caller.
    async fn question<G: PaymentGateway + ?Sized>(
        &self,
        gateway: &G,
        intent: &Intent,
        seen: Option<Seen<'_>>,
    ) -> (Finding, Landed) {
        if intent.state == State::Open && intent.sent_nothing() {
            let text = "whoever began it ended before anything that moves money was sent";
            let error = Error::new(ErrorKind::Network, text).in_operation(&intent.gateway, Some(intent.operation));
            return (finding(&Err(error.clone()), true), Err(error));
        }
        let seen_made = seen.filter(|seen| seen.is_made_by(intent));
        if intent.state == State::Waiting
            && let Some(seen) = seen_made.filter(|seen| seen.decides(intent))
            && let Some(outcome) = seen.outcome
            && let Some(found) = judged(intent, &Answer::new(outcome.clone(), seen.payment.clone()))
        {
            return found;
        }
        if intent.state == State::Waiting
            && let Some(made) = intent.made.clone().filter(|_| intent.begins())
            && let Ok(answer) = gateway.inquire(Inquiry::Payment(made)).await
            && let Some(found) = judged(intent, &answer)
        {
            return found;
        }
        let mut open = intent.unresolved();
        open.payment = open
            .payment
            .or_else(|| seen_made.map(|seen| seen.payment.reference.clone()));
        let mut result = gateway.resolve(open).await;
        if let Err(error) = &result {
            let unknown = error.fate() == Fate::Unknown;
            let said = error.payment().or(seen.map(|seen| seen.payment));
            if unknown && let Some(answer) = said.and_then(|payment| by_entry(intent, payment)) {
                result = Ok(answer);
            } else if !unknown && intent.state == State::Waiting && !intent.recorded {
                // Without what was noted on the way, absence may be a look at the wrong place.
                result = Err(error
                    .clone()
                    .with_fate(Fate::Unknown)
                    .with_unresolved(intent.unresolved()));
            }
        }
        let mut finding = finding(&result, true);
        match (&mut finding, result.as_ref().err()) {
            (Finding::Doubt { remark, .. }, error) => {
                let said = error.map_or("", Error::message);
                let hopeless = || hopeless(gateway.capabilities(), intent, said);
                *remark = remark.take().or_else(hopeless);
            }
            (Finding::Nothing { absent, .. }, Some(error)) => {
                // A payment that is shown, and on which nothing was done, is another matter; a follow-up's own payment is always shown.
                *absent = error.is_not_found() && (error.payment().is_none() || !intent.begins());
            }
            _ => {}
        }
        (finding, result)
    }
}

/// What is written of a result.
pub(crate) fn finding(result: &Landed, asked: bool) -> Finding {
    match result {
        Ok(answer) => Finding::Answer {
            recorded: Box::new(Recorded {
                came: Came::of(&answer.outcome),
                payment: answer.payment.clone(),
            }),
            asked,
        },
        Err(error) if error.fate() == Fate::Unknown => Finding::Doubt {
            open: error.unresolved().cloned().map(Box::new),
            payment: error.payment().cloned().map(Box::new),
            said: error.to_string(),
            remark: (error.kind() == ErrorKind::Mismatch)
                .then(|| format!("the provider holds something else than was asked: {}", error.message())),
            differs: error.kind() == ErrorKind::Mismatch,
            asked,
        },
        Err(error) => Finding::Nothing {
            absent: false,
            said: error.to_string(),
        },
    }
}

/// What an inquiry says of an intent that begins a payment: it told how the payment stands, and knows nothing of what was asked. `None` where it
/// does not tell the end.
pub(crate) fn judged(intent: &Intent, answer: &Answer) -> Option<(Finding, Landed)> {
    let payment = &answer.payment;
    let whole = intent.amount;
    let taken = payment.captured();
    let other_amount = payment.amount.is_some() && whole.is_some() && payment.amount != whole;
    let approved = matches!(answer.outcome, Outcome::Approved | Outcome::Review);
    let part = approved && intent.takes && taken != 0 && whole.is_some_and(|whole| whole.minor() != taken);
    let result = if other_amount || part {
        let text = "the payment's amount is another than was asked";
        let error = Error::mismatch(text, payment.clone()).with_unresolved(intent.unresolved());
        Err(error.in_operation(&intent.gateway, Some(intent.operation)))
    } else if approved && intent.takes && payment.state == PaymentState::Authorized {
        // A page captures by itself, a moment after it authorized; a sale does not.
        if intent.operation != OperationKind::Checkout {
            return None;
        }
        Ok(Answer::new(Outcome::Pending, payment.clone()))
    } else {
        Ok(answer.clone())
    };
    Some((finding(&result, true), result))
}

/// What became of a follow-up, by the entry that is known to be its own.
fn by_entry(intent: &Intent, payment: &Payment) -> Option<Answer> {
    let kind = intent.books()?;
    let is_own = |entry: &&Entry| {
        let named = entry.reference.as_deref() == Some(intent.key.reference.as_str());
        let owned = entry.id.as_ref().is_some_and(|id| intent.entries.contains(id));
        entry.kind == kind && (named || owned)
    };
    let mut own = payment.entries.iter().filter(is_own);
    let (entry, None) = (own.next()?, own.next()) else {
        return None;
    };
    if entry.amount.is_some() && intent.amount.is_some() && entry.amount != intent.amount {
        return None;
    }
    let outcome = match &entry.outcome {
        EntryOutcome::Approved => Outcome::Approved,
        EntryOutcome::Declined(decline) => Outcome::Declined(decline.clone()),
        EntryOutcome::Pending => Outcome::Pending,
        EntryOutcome::Review => Outcome::Review,
        _ => return None,
    };
    Some(Answer::new(outcome, payment.clone()))
}

/// Why asking will not settle it.
fn hopeless(capabilities: &Capabilities, intent: &Intent, said: &str) -> Option<String> {
    let ability = capabilities.ability(intent.operation);
    let keyed = matches!(capabilities.duplicates, Duplicates::Key(_));
    if intent.state == State::Open && ability.is_none_or(|ability| ability.ask == AskAfterwards::None) {
        let how = if keyed {
            "complete it under its key, or look"
        } else {
            "look"
        };
        return Some(format!(
            "{} cannot be asked about this {}: {how} for the reference in its back office",
            capabilities.provider, intent.operation
        ));
    }
    (intent.asked >= PATIENCE).then(|| format!("asked {} times in vain: {said}", intent.asked.saturating_add(1)))
}

/// The error of an intent that is in doubt, or of which a person wrote no more than that it was done.
pub(crate) fn in_doubt(intent: &Intent) -> Error {
    let why = intent.remark.as_ref().unwrap_or(&intent.said);
    let stands = match intent.state {
        State::Done if intent.outcome.is_none() => {
            "this reference is on record as done, by hand, without its payment; nothing was sent"
        }
        _ if intent.differs => {
            "what was found of an earlier call under this reference is not what was asked, or may be another's: nothing is sent for it again until a person decides"
        }
        _ => "an earlier call under this reference has no outcome yet",
    };
    let message = if why.is_empty() {
        stands.to_owned()
    } else {
        format!("{stands}: {why}")
    };
    let error = Error::new(ErrorKind::Network, message)
        .with_fate(Fate::Unknown)
        .with_unresolved(intent.unresolved())
        .in_operation(&intent.gateway, Some(intent.operation));
    match intent.seen() {
        Some(payment) => error.with_payment(payment),
        None => error,
    }
}

/// What is on record of an intent that is settled.
pub(crate) fn on_record(intent: &Intent) -> Landed {
    if intent.state != State::Failed {
        return intent.answer().ok_or_else(|| in_doubt(intent));
    }
    let text = match intent.said.as_str() {
        "" => "it is on record as not done".to_owned(),
        said => format!("it is on record as not done: {said}"),
    };
    let error = Error::new(ErrorKind::Provider, text).with_fate(Fate::NotDone);
    Err(error.in_operation(&intent.gateway, Some(intent.operation)))
}

/// A result that could not be written.
pub(crate) fn unrecorded(result: Landed) -> Landed {
    match result {
        Ok(mut answer) => {
            answer.unrecorded = true;
            Ok(answer)
        }
        Err(error) => Err(error.not_recorded()),
    }
}
