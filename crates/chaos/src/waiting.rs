//! What the application does about what is accepted and not decided: it takes webhooks, and inquires.

use std::time::Duration;

use paymux::{
    Answer, AskAfterwards, Delivery, Duplicates, EntryKind, EntryOutcome, Error, ErrorKind, Fate, Inquiry,
    OperationKind, Outcome, Payment, PaymentRef, PaymentState,
};
use paymux_simulator::Webhook;

use crate::book::{End, Page, Status};
use crate::plan::Post;
use crate::script::{Deed, Visit};
use crate::shop::Shop;

/// How often an undecided payment is asked about.
const POLLS: u32 = 40;
/// After how many questions a customer is taken to have gone.
const PATIENCE: u32 = 6;

impl Shop<'_> {
    pub(crate) async fn wait(&self, step: usize, payment: &PaymentRef) {
        let Some(page) = self.book.page(step) else { return };
        if page.asked >= POLLS {
            return self.book.close(step, self.unanswered(step, &page));
        }
        self.book.write(step, |page| page.asked += 1);
        let least = self.gateway.capabilities().inquiry_interval.max(Duration::from_secs(3));
        let wait = least
            .saturating_mul(page.asked.saturating_add(1))
            .min(Duration::from_secs(300));
        tokio::time::sleep(wait).await;
        self.collect(step).await;
        let still = self
            .book
            .page(step)
            .is_some_and(|page| matches!(page.status, Status::Waiting(_)));
        if still {
            let result = self.gateway.inquire(Inquiry::Payment(payment.clone())).await;
            self.seen(step, result).await;
        }
    }

    /// An inquiry's answer about a payment that a step waits for.
    async fn seen(&self, step: usize, result: Result<Answer, Error>) {
        let Some(page) = self.book.page(step) else { return };
        let answer = match result {
            Ok(answer) => answer,
            Err(error) => {
                self.book.write(step, |page| page.said = error.to_string());
                if error.kind() == ErrorKind::Mismatch {
                    return self.book.close(step, End::Person);
                }
                self.come_back(step);
                return self.give_up(step);
            }
        };
        self.book
            .write(step, |page| page.said = answer.outcome.as_str().to_owned());
        if let Some((kind, share)) = follow_up(page.deed) {
            return match booked(&answer.payment, kind, self.before(step, kind), self.part(share).minor()) {
                Booked::Approved => self.done(step, page.deed, &answer),
                Booked::Declined => self.declined(step, &page),
                Booked::Open => {}
            };
        }
        match &answer.outcome {
            Outcome::Approved | Outcome::Review => self.compared(step, &page, &answer).await,
            Outcome::Declined(_) => self.declined(step, &page),
            Outcome::ActionRequired(_) if !page.visited => self.visit(step, page.deed, &answer).await,
            _ => {
                self.come_back(step);
                self.give_up(step);
            }
        }
    }

    /// What an inquiry approves is held against what was asked: the question did not name the amount.
    async fn compared(&self, step: usize, page: &Page, answer: &Answer) {
        let (payment, whole) = (&answer.payment, self.stand.subject.amount);
        if payment.state == PaymentState::Authorized && page.deed.operation() == OperationKind::Sale {
            return self.taken(step, answer).await;
        }
        let taken = payment.captured();
        if payment.amount.is_some_and(|amount| amount != whole) || (taken != 0 && taken != whole.minor()) {
            return self.book.close(step, End::Person);
        }
        self.done(step, page.deed, answer);
    }

    /// The money is held by now. Where its reference keeps it from being a second one, the same sale takes it; what that says of itself
    /// when it does nothing is nothing about the hold.
    async fn taken(&self, step: usize, answer: &Answer) {
        if self.gateway.capabilities().duplicates != Duplicates::UniqueReference {
            return self.book.close(step, End::Person);
        }
        let Some(operation) = self.operation(step) else { return };
        self.book.open().open = None;
        match self.gateway.execute(&operation).await {
            Err(error) if error.fate() != Fate::Unknown => {
                self.book.open().open = None;
                let payment = answer.payment.reference.clone();
                self.book.write(step, |page| {
                    page.said = error.to_string();
                    page.status = Status::Waiting(Box::new(payment));
                });
            }
            result => self.absorb(step, result).await,
        }
    }

    /// How a step ends that no question decides.
    fn unanswered(&self, step: usize, page: &Page) -> End {
        let ability = self.gateway.capabilities().ability(page.deed.operation());
        if self.left_open(step) {
            End::LeftOpen
        } else if ability.is_none_or(|ability| ability.ask != AskAfterwards::Yes) {
            End::Person
        } else {
            End::Stuck
        }
    }

    /// A customer who did not pay is not waited for for ever.
    fn give_up(&self, step: usize) {
        let Some(page) = self.book.page(step) else { return };
        let gone = matches!(page.deed, Deed::Checkout(visit) if visit != Visit::Pays) && !page.paid;
        if gone && page.asked >= PATIENCE {
            self.book.close(step, End::Abandoned);
        }
    }

    /// What earlier steps of the same kind came to, in minor units.
    fn before(&self, step: usize, kind: EntryKind) -> i64 {
        let pages = self.book.open();
        let earlier = pages.steps.iter().take(step);
        earlier
            .filter(|page| matches!(page.status, Status::Closed(End::Done)))
            .filter_map(|page| follow_up(page.deed).filter(|(other, _)| *other == kind))
            .map(|(_, share)| self.part(share).minor())
            .sum()
    }

    /// Takes the webhooks that have arrived, and does about each what the documents say: it is confirmed, and what is confirmed counts.
    pub(crate) async fn collect(&self, step: usize) {
        for webhook in self.arrive(self.stand.provider.webhooks()) {
            let now = self.stand.provider.now();
            let id = webhook.id;
            self.take(step, webhook).await;
            self.stand.provider.host().answered(now, id, Some(http::StatusCode::OK));
        }
    }

    /// All webhooks once more, at the end.
    pub(crate) async fn replayed(&self, old: Vec<Webhook>) {
        let last = self.plan.script.deeds.len().saturating_sub(1);
        for webhook in old {
            self.take(last, webhook).await;
        }
    }

    fn arrive(&self, mut due: Vec<Webhook>) -> Vec<Webhook> {
        match self.plan.webhooks {
            Post::Lost => due.clear(),
            Post::Doubled => due = due.into_iter().flat_map(|webhook| [webhook.clone(), webhook]).collect(),
            Post::Reversed => due.reverse(),
            Post::Forged => {
                due = due
                    .into_iter()
                    .flat_map(|webhook| [webhook.clone(), forged(webhook)])
                    .collect()
            }
            Post::Prompt | Post::Replayed => {}
        }
        due
    }

    async fn take(&self, step: usize, webhook: Webhook) {
        let delivery = Delivery::from(webhook.request);
        let Ok(event) = self.gateway.receive(&delivery) else {
            return;
        };
        let page = self.book.page(step);
        let waits = page.filter(|page| matches!(page.status, Status::Waiting(_)));
        if self.credulous {
            if waits.is_some() {
                self.book.close(step, End::Done);
            }
            return;
        }
        let result = self.gateway.confirm(&event).await;
        if let (Some(page), Ok(answer)) = (waits, &result)
            && is_about(answer, &page)
        {
            self.seen(step, result).await;
        }
    }
}

/// Whether a confirmed event is about what a step waits for: by the provider's id, or by the name of the attempt. A page may name each try on it by an id of its
/// own: one that was refused is not the end of the page.
fn is_about(answer: &Answer, page: &Page) -> bool {
    let try_on_page = matches!(page.deed, Deed::Checkout(_)) && matches!(answer.outcome, Outcome::Declined(_));
    let named = page.reference.as_ref().map(paymux::Reference::as_str);
    let same = matches!(&page.status, Status::Waiting(payment) if payment.id() == answer.payment.id());
    let echoed = named.is_some() && answer.payment.merchant_reference.as_deref() == named;
    same || (page.deed.starts() && echoed && !try_on_page)
}

/// The same words, changed by somebody without the key.
fn forged(mut webhook: Webhook) -> Webhook {
    let body = webhook.request.body_mut();
    let mut bytes = body.to_vec();
    for byte in &mut bytes {
        if byte.is_ascii_digit() {
            *byte = b'0' + (*byte - b'0' + 1) % 10;
        }
    }
    *body = bytes.into();
    webhook
}

/// What a step books on a payment that is there.
fn follow_up(deed: Deed) -> Option<(EntryKind, crate::script::Share)> {
    match deed {
        Deed::Capture(share) => Some((EntryKind::Capture, share)),
        Deed::Refund(share) => Some((EntryKind::Refund, share)),
        Deed::Void => Some((EntryKind::Void, crate::script::Share::Whole)),
        _ => None,
    }
}

enum Booked {
    Approved,
    Declined,
    Open,
}

fn booked(payment: &Payment, kind: EntryKind, before: i64, amount: i64) -> Booked {
    let mut entries = payment.entries.iter().filter(|entry| entry.kind == kind);
    if payment.total(kind) >= before + amount || (kind == EntryKind::Void && entries.clone().any(|e| e.is_approved())) {
        return Booked::Approved;
    }
    match entries.next_back().map(|entry| &entry.outcome) {
        Some(EntryOutcome::Declined(_)) => Booked::Declined,
        _ => Booked::Open,
    }
}
