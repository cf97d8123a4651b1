//! What the tries on the page of a checkout mean for the checkout: a refused one is not the end of it while the customer may try again.

use jiff::{SignedDuration, Timestamp};
use paymux_core::{Answer, EntryOutcome, Error, ErrorKind, Outcome, Payment, PaymentRef, PaymentState};

use crate::adapter::Opp;
use crate::reading::ids::Ids;

/// How long a checkout takes tries: docs.oppwa.com, COPYandPAY.
const LIFE: SignedDuration = SignedDuration::from_mins(30);

/// The code of a checkout that was removed: nothing can be paid on it.
const REMOVED: &str = "000.200.102";

/// What the provider tells of a checkout.
pub(super) enum Told {
    /// Of the last try on it, or of the checkout itself.
    Answer(Answer),
    /// The same, from a report that has every try.
    Every(Answer),
    /// A report says that nothing was tried on it so far.
    Nothing(Answer),
}

/// Whether somebody may still pay on a page.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Life {
    /// The customer may try again.
    Open,
    /// The page is over and a try may not be booked yet, or nobody knows when it was made.
    Settling,
    /// Nothing that is not booked by now will be.
    Over,
}

impl Opp {
    fn life(&self, ids: &Ids<'_>, now: Timestamp) -> Life {
        let ends = ids.made.and_then(|made| made.checked_add(LIFE).ok());
        let settled = ends.and_then(|ends| ends.checked_add(self.settings.settle).ok());
        match (ends, settled) {
            (Some(ends), _) if now < ends => Life::Open,
            (_, Some(settled)) if now > settled => Life::Over,
            _ => Life::Settling,
        }
    }

    /// Whether nothing that is not booked by now will be.
    pub(super) fn is_over(&self, ids: &Ids<'_>, now: Timestamp) -> bool {
        self.life(ids, now) == Life::Over
    }

    /// Whether an answer refuses the last try on a page on which nobody can pay any more.
    pub(super) fn is_refused_for_good(&self, answer: &Answer, ids: &Ids<'_>, now: Timestamp) -> bool {
        is_refused(answer) && self.is_over(ids, now)
    }

    /// What is told of a try, as an answer about the checkout. Paid is paid, under the payment's own id. Anything else leaves the reference of the checkout in
    /// place: a payment that is under way may be refused yet, and another try follow.
    pub(super) fn about_checkout(
        &self,
        told: Told,
        checkout: &PaymentRef,
        ids: &Ids<'_>,
        now: Timestamp,
    ) -> Result<Answer, Error> {
        let (answer, every) = match told {
            Told::Answer(answer) | Told::Nothing(answer) => (answer, false),
            Told::Every(answer) => (answer, true),
        };
        if matches!(answer.outcome, Outcome::Approved | Outcome::Review) {
            return Ok(answer);
        }
        let refused = is_refused(&answer);
        let tried = answer.payment.id().to_owned();
        let mut payment = of_page(answer.payment, checkout, ids);
        if refused {
            // On v3 there is no report; once the page is over, its result is all there is.
            let last = every || !self.is_v1();
            return Ok(match (self.life(ids, now), self.page(ids.id)) {
                (Life::Over, _) if last => Answer::new(answer.outcome, payment),
                (Life::Open, Ok(page)) => {
                    payment.state = PaymentState::RequiresAction;
                    Answer::new(Outcome::ActionRequired(page), payment)
                }
                _ => {
                    payment.state = PaymentState::Pending;
                    Answer::new(Outcome::Pending, payment)
                }
            });
        }
        // On v3 only its own id leads to what is decided after the session is gone.
        let under_way = payment
            .entries
            .iter()
            .any(|entry| entry.outcome == EntryOutcome::Pending);
        if under_way && !self.is_v1() {
            let tried = Some(tried.as_str());
            payment.reference = self.checkout_ref(&Ids { tried, ..*ids });
        }
        Ok(Answer::new(answer.outcome, payment))
    }

    /// An error that says nothing yet of a try is about the checkout, too.
    pub(super) fn of_checkout(&self, error: Error, checkout: &PaymentRef, ids: &Ids<'_>) -> Error {
        match error.payment() {
            Some(seen) if error.kind() != ErrorKind::Mismatch && seen.state == PaymentState::Pending => {
                let payment = of_page(seen.clone(), checkout, ids);
                error.with_payment(payment)
            }
            _ => error,
        }
    }
}

/// Whether the last try was refused, and the checkout itself was not removed.
fn is_refused(answer: &Answer) -> bool {
    matches!(&answer.outcome, Outcome::Declined(decline) if decline.code != REMOVED)
}

/// What is seen of a try, as the payment of the checkout.
fn of_page(seen: Payment, checkout: &PaymentRef, ids: &Ids<'_>) -> Payment {
    let mut payment = Payment::new(checkout.clone(), seen.state);
    payment.merchant_reference = ids.reference.map(str::to_owned);
    payment.amount = ids.amount;
    payment.entries = seen.entries;
    payment.method = seen.method;
    payment.test = seen.test;
    payment
}
