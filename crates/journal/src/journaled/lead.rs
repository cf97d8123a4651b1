//! How an operation is done: begun, sent, asked about, or answered from the record.

use std::time::Duration;

use paymux::{Answer, Completion, Error, Fate, Operation, Outcome, PaymentGateway};
use tokio::time::Instant;

use super::Journaled;
use super::refusal::{busy, did_nothing, differs, kept_back, not_begun};
use crate::asking::{finding, in_doubt, unrecorded};
use crate::event::Parked;
use crate::flights::{Landed, Landing};
use crate::intent::{Intent, IntentKey, State};
use crate::step::{Finding, Ruling, Step};
use crate::store::StoreError;

/// Between two looks at a row that another process works on: at first, and at the most.
const LOOKS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// What the last step of a call made clear.
pub(super) enum Next {
    /// Begin once more.
    Again,
    /// Somebody else is at work: look again later.
    Later(Box<Intent>),
    Landed(Box<Landed>),
}

pub(super) fn landed(landed: Landed) -> Next {
    Next::Landed(Box::new(landed))
}

impl<G: PaymentGateway + ?Sized> Journaled<G> {
    /// Begins, or does what the record says that is to be done, until that is clear.
    pub(super) async fn lead(&self, operation: &Operation, landing: &Landing, parked: &mut Vec<Parked>) -> Landed {
        let settings = self.journal.settings();
        let deadline = Instant::now() + settings.patience;
        let mut pause = LOOKS.0;
        let (mut asked, mut closed) = (Vec::new(), Vec::new());
        // While one waited for another call, that may have gone on to another gateway of the router: what there is to do now, the router decides.
        let mut anew = true;
        loop {
            let Some(intent) = self.intent(operation) else {
                return self.gateway.execute(operation).await;
            };
            let what = intent.clone();
            let step = Step::Begin {
                intent: Box::new(intent),
                now: self.journal.now(),
                skew: settings.skew,
                anew,
            };
            let next = match self.journal.store().apply(&step).await {
                Err(error) => return Err(not_begun(error)),
                Ok(Ruling::Begun(intent)) => landed(self.send(operation, &intent, false, landing, parked).await),
                Ok(Ruling::Open(intent)) => self.resume(operation, *intent, landing, parked).await,
                Ok(Ruling::Recorded(intent)) if !anew && intent.state == State::Failed && !intent.differs => {
                    landed(Err(did_nothing(&intent)))
                }
                Ok(Ruling::Recorded(intent)) => self.recorded(*intent).await,
                Ok(Ruling::Differs(intent)) => landed(Err(differs(&intent, &what))),
                Ok(Ruling::Busy(other)) => self.against(other, &mut asked, busy).await,
                Ok(Ruling::Ordered(other)) => self.in_the_way(other, &mut asked, &mut closed).await,
                Ok(Ruling::Held(intent)) => Next::Later(intent),
                Ok(other) => landed(Err(not_begun(StoreError::new("answered", format!("{other:?}"))))),
            };
            match next {
                Next::Landed(landed) => return *landed,
                Next::Again => {}
                Next::Later(intent) if Instant::now() + pause >= deadline => {
                    return Err(if intent.key == what.key {
                        in_doubt(&intent)
                    } else {
                        busy(&intent)
                    });
                }
                Next::Later(intent) => {
                    anew &= !(self.routed && what.begins() && intent.key == what.key);
                    tokio::time::sleep(pause).await;
                    pause = pause.saturating_mul(2).min(LOOKS.1);
                }
            }
        }
    }

    /// Sends, under the lease that the intent has. `again`: an earlier run may have been done, so that the outcome stays unknown if this one fails.
    async fn send(
        &self,
        operation: &Operation,
        intent: &Intent,
        again: bool,
        landing: &Landing,
        parked: &mut Vec<Parked>,
    ) -> Landed {
        let (Some(hold), Some(lease)) = (intent.hold(), &intent.lease) else {
            return Err(in_doubt(intent));
        };
        landing.sends(hold.clone(), lease.until);
        let result = match operation {
            Operation::Complete(completion) => {
                // The record knows the first use of the key.
                let completion = Completion::new(intent.open.clone(), completion.operation.clone());
                self.gateway.execute(&Operation::Complete(Box::new(completion))).await
            }
            other => self.gateway.execute(other).await,
        };
        landing.stops();
        let result = match result {
            Err(error) if again && error.fate() != Fate::Unknown => {
                Err(error.with_fate(Fate::Unknown).with_unresolved(intent.open.clone()))
            }
            other => other,
        };
        let mut written = finding(&result, false);
        if let (Finding::Doubt { open, .. }, true) = (&mut written, again && result_is_old(&result, intent)) {
            *open = None;
        }
        match self.journal.conclude(hold, written).await {
            Ok(Some((intent, events))) => {
                parked.extend(events);
                result.map_err(|error| match error.fate() {
                    Fate::Unknown => error.with_unresolved(intent.unresolved()),
                    _ => error,
                })
            }
            lost => {
                if let (Ok(None), Ok(answer)) = (&lost, &result) {
                    // Whoever has taken it may have ended it as not done: its order is taken again.
                    let observe = Step::observe(&answer.payment, intent, self.journal.now());
                    let _ = self.journal.store().apply(&observe).await;
                }
                let why = lost
                    .err()
                    .map_or("another process has taken it".to_owned(), |error| error.to_string());
                let (reference, gateway) = (intent.key.reference.as_str(), self.gateway.name());
                tracing::error!(gateway, reference, why, "an outcome could not be written");
                match result {
                    Ok(answer) if self.is_unknown_page(&answer, &intent.key).await => Err(kept_back(answer, intent)),
                    other => unrecorded(other),
                }
            }
        }
    }

    /// Whether an answer brings a page of which nothing is on record: nothing but the page leads to money, and whoever asks next takes the intent for one that sent
    /// nothing.
    async fn is_unknown_page(&self, answer: &Answer, key: &IntentKey) -> bool {
        let is_noted = || async {
            let intent = self.journal.intent(key).await;
            matches!(intent, Ok(Some(intent)) if !intent.sent_nothing())
        };
        matches!(answer.outcome, Outcome::ActionRequired(_)) && !is_noted().await
    }

    /// An intent in doubt, taken to ask about it.
    async fn resume(&self, operation: &Operation, intent: Intent, landing: &Landing, parked: &mut Vec<Parked>) -> Next {
        let (key, in_doubt) = (intent.key.clone(), in_doubt(&intent));
        if !matches!(operation, Operation::Complete(_)) {
            let looked = match self.journal.ask(&*self.gateway, intent, None).await {
                Ok(looked) => looked,
                Err(error) => return landed(Err(in_doubt.with_source(error).not_recorded())),
            };
            match looked.intent.state {
                State::Failed => return Next::Again,
                State::Open
                    if looked
                        .intent
                        .may_run_again(self.gateway.capabilities(), self.journal.now()) => {}
                _ => return landed(looked.result),
            }
        }
        match self.journal.take(&key, Some(self.lease)).await {
            Ok(Some(intent)) => landed(self.send(operation, &intent, true, landing, parked).await),
            Ok(None) => Next::Again,
            Err(error) => landed(Err(in_doubt.with_source(error))),
        }
    }

    /// What is on record; of what waits at the provider, how it stands now.
    async fn recorded(&self, intent: Intent) -> Next {
        if intent.state != State::Waiting {
            let known = intent.answer().ok_or_else(|| in_doubt(&intent));
            return landed(known);
        }
        let known = intent.answer();
        match self.journal.take(&intent.key, None).await {
            Ok(Some(taken)) => match self.journal.ask(&*self.gateway, taken, None).await {
                Ok(looked) if looked.intent.state == State::Failed => Next::Again,
                Ok(looked) => landed(looked.result.or_else(|error| known.ok_or(error))),
                Err(_) => landed(known.ok_or_else(|| in_doubt(&intent))),
            },
            // It is asked about at this moment, or is settled by now.
            Ok(None) => Next::Later(Box::new(intent)),
            Err(_) => landed(known.ok_or_else(|| in_doubt(&intent))),
        }
    }
}

/// Whether a doubt is that of the earlier run, and nothing was sent by this one.
fn result_is_old(result: &Landed, intent: &Intent) -> bool {
    let open = result.as_ref().err().and_then(Error::unresolved);
    open == Some(&intent.open)
}
