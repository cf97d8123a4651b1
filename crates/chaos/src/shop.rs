//! An application that takes an order through a gateway, and does what the documents tell it to when something is left open.

use std::sync::Arc;
use std::time::Duration;

use paymux::{
    Answer, Capture, Charge, Checkout, EntryKind, Error, ErrorKind, Fate, Money, Operation, Outcome, PaymentGateway,
    PaymentRef, Payout, Reference, Refund, Source, Transfer, Void,
};
use paymux_conformance::End as PageEnd;

use crate::Stand;
use crate::book::{Book, End, Page, Status};
use crate::door::Weather;
use crate::plan::Plan;
use crate::script::{Deed, Share, Visit};
use crate::stands;

/// One process of the application.
pub(crate) struct Shop<'a> {
    pub(crate) gateway: Arc<dyn PaymentGateway>,
    pub(crate) stand: &'a Stand,
    pub(crate) book: Arc<Book>,
    pub(crate) weather: Arc<Weather>,
    pub(crate) plan: &'a Plan,
    /// Whether a webhook is believed as it comes, which no document allows.
    pub(crate) credulous: bool,
}

/// How often an operation that did nothing is done again.
const TRIES: u32 = 12;

/// Where notifications go.
const HOOK: &str = "https://shop.example/hooks";

impl Shop<'_> {
    /// Takes the order as far as it goes, from where the book says that it stands.
    pub(crate) async fn run(&self) {
        self.recall();
        for step in 0..self.plan.script.deeds.len() {
            self.weather.at_step(step);
            while let Some(page) = self.book.page(step) {
                match page.status.clone() {
                    Status::Closed(_) => break,
                    Status::Fresh => self.begin(step, page).await,
                    Status::Begun => self.found(step).await,
                    Status::Open(open) => self.ask(step, page, *open).await,
                    Status::Waiting(payment) => self.wait(step, &payment).await,
                }
            }
            self.collect(step).await;
        }
    }

    /// What is recorded and has no outcome beside it was under way when an earlier process died, whatever was known of its step before.
    fn recall(&self) {
        let now = self.stand.provider.now();
        let mut pages = self.book.open();
        let Some(mut recorded) = pages.open.clone() else { return };
        let ended = |page: &&mut Page| !matches!(page.status, Status::Closed(_));
        let Some(page) = pages.steps.iter_mut().find(ended) else {
            return;
        };
        recorded.last_sent = now;
        match &page.status {
            Status::Open(open) => recorded.payment = recorded.payment.or_else(|| open.payment.clone()),
            Status::Waiting(payment) => recorded.payment = recorded.payment.or_else(|| Some((**payment).clone())),
            _ => return,
        }
        page.asked = 0;
        page.status = Status::Open(Box::new(recorded));
    }

    async fn begin(&self, step: usize, page: Page) {
        if page.failures >= TRIES {
            return self.book.close(step, End::NotDone);
        }
        if page.failures > 0 {
            tokio::time::sleep(Duration::from_secs(u64::from(page.failures) * 10)).await;
        }
        let reference = match page.reference.filter(|_| self.plan.stubborn) {
            Some(reference) => reference,
            None => self.name(step),
        };
        {
            let mut pages = self.book.open();
            pages.open = None;
            if let Some(page) = pages.steps.get_mut(step) {
                page.reference = Some(reference);
                page.status = Status::Begun;
            }
        }
        self.execute(step).await;
    }

    /// A step that an earlier process began.
    async fn found(&self, step: usize) {
        let recorded = self.book.open().open.clone();
        match recorded {
            Some(mut open) => {
                // A request of the dead process may have left until the last moment of it.
                open.last_sent = self.stand.provider.now();
                self.book.write(step, |page| {
                    page.doubted = true;
                    page.status = Status::Open(Box::new(open));
                });
            }
            // No money could move.
            None => self.execute(step).await,
        }
    }

    /// Does the step's operation, and writes down what it came to.
    pub(crate) async fn execute(&self, step: usize) {
        let Some(operation) = self.operation(step) else {
            return self.book.close(step, End::Skipped);
        };
        let result = if self.plan.twice {
            let (first, second) = tokio::join!(self.gateway.execute(&operation), self.gateway.execute(&operation));
            worse(first, second)
        } else {
            self.gateway.execute(&operation).await
        };
        self.absorb(step, result).await;
    }

    /// Writes down what an operation, or a question about it, came to.
    pub(crate) async fn absorb(&self, step: usize, result: Result<Answer, Error>) {
        let said = match &result {
            Ok(answer) => format!("{} ({})", answer.outcome.as_str(), answer.payment.state),
            Err(error) => error.to_string(),
        };
        self.book.write(step, |page| page.said = said);
        self.book.open().open = None;
        match result {
            Ok(answer) => self.answered(step, answer).await,
            Err(error) if error.fate() == Fate::Unknown => {
                let open = error
                    .unresolved()
                    .cloned()
                    .filter(|_| error.kind() != ErrorKind::Mismatch);
                self.book.write(step, |page| {
                    page.doubted = true;
                    page.asked = 0;
                    page.status = match open {
                        Some(open) => Status::Open(Box::new(open)),
                        None => Status::Closed(End::Person),
                    };
                });
            }
            Err(error) => self.failed(step, &error),
        }
    }

    fn failed(&self, step: usize, error: &Error) {
        self.book.write(step, |page| {
            page.failures += 1;
            page.asked = 0;
            if error.fate() == Fate::Rejected {
                // The reference may be what was refused.
                page.reference = None;
            }
            page.status = Status::Fresh;
        });
    }

    async fn answered(&self, step: usize, answer: Answer) {
        let Some(page) = self.book.page(step) else { return };
        let payment = answer.payment.reference.clone();
        match &answer.outcome {
            Outcome::Approved | Outcome::Review => self.done(step, page.deed, &answer),
            Outcome::Declined(_) => self.declined(step, &page),
            Outcome::Pending if self.goes_on(step, page.deed) => {
                self.keep(page.deed, &answer);
                let end = if self.left_open(step) {
                    End::LeftOpen
                } else {
                    End::Accepted
                };
                self.book.close(step, end);
            }
            outcome => {
                if matches!(outcome, Outcome::ActionRequired(_)) && !page.visited {
                    self.visit(step, page.deed, &answer).await;
                }
                self.book.write(step, |page| {
                    page.asked = 0;
                    page.status = Status::Waiting(Box::new(payment));
                });
            }
        }
    }

    pub(crate) fn done(&self, step: usize, deed: Deed, answer: &Answer) {
        self.keep(deed, answer);
        self.book.close(step, End::Done);
    }

    pub(crate) fn declined(&self, step: usize, page: &Page) {
        let later = page.deed == Deed::Checkout(Visit::PaysLater);
        let more = (later || page.deed == Deed::SecondTry) && page.source == 0;
        self.book.write(step, |page| {
            page.source += 1;
            page.visited &= !later;
            page.reference = None;
            page.status = if more {
                Status::Fresh
            } else {
                Status::Closed(End::NotDone)
            };
        });
    }

    /// Keeps the payment, for the steps that are about it.
    fn keep(&self, deed: Deed, answer: &Answer) {
        let mut pages = self.book.open();
        if deed.starts() {
            pages.payment = Some(answer.payment.reference.clone());
        }
        if matches!(deed, Deed::Capture(_)) {
            let capture = answer
                .payment
                .entries
                .iter()
                .rfind(|entry| entry.kind == EntryKind::Capture);
            pages.capture = capture.and_then(|entry| entry.id.clone());
        }
    }

    /// Whether what is accepted is all that will be known before the next step.
    fn goes_on(&self, step: usize, deed: Deed) -> bool {
        let ability = self.gateway.capabilities().ability(deed.operation());
        let silent = ability.is_some_and(|ability| ability.ask == paymux::AskAfterwards::None);
        let next = self.plan.script.deeds.get(step + 1);
        (silent && !deed.starts()) || (deed == Deed::Sale && next == Some(&Deed::Void))
    }

    /// The customer comes to the page, or not.
    pub(crate) async fn visit(&self, step: usize, deed: Deed, answer: &Answer) {
        self.book.write(step, |page| page.visited = true);
        let end = match deed {
            Deed::Checkout(Visit::Abandons) => return,
            Deed::Checkout(Visit::Fails) => PageEnd::Declined,
            Deed::Checkout(Visit::PaysLater) => return self.tries(step, answer),
            _ => PageEnd::Approved,
        };
        self.stand.subject.settle.settle(answer, end).await;
    }

    /// The customer is refused on the first page, and pays on that of the next attempt, if there is one; then in the old tab, too.
    fn tries(&self, step: usize, answer: &Answer) {
        if self.book.page(step).is_none_or(|page| page.source > 0) {
            self.pay_on(step, answer);
            return self.come_back(step);
        }
        stands::tries_in_vain(self.stand, answer);
        self.book.write(step, |page| page.tab = Some(Box::new(answer.clone())));
    }

    /// The customer finds the page in the old tab, and pays on it.
    pub(crate) fn come_back(&self, step: usize) {
        let mut tab = None;
        self.book.write(step, |page| tab = page.tab.take());
        if let Some(tab) = tab {
            self.pay_on(step, &tab);
        }
    }

    fn pay_on(&self, step: usize, page: &Answer) {
        let booked = || self.stand.provider.host().ledger().movements.len();
        let before = booked();
        stands::pays(self.stand, page);
        let paid = booked() > before;
        self.book.write(step, |page| page.paid |= paid);
    }

    /// The step's operation; `None` where there is no payment to do it on.
    pub(crate) fn operation(&self, step: usize) -> Option<Operation> {
        let (page, payment, capture) = {
            let pages = self.book.open();
            (
                pages.steps.get(step)?.clone(),
                pages.payment.clone(),
                pages.capture.clone(),
            )
        };
        let reference = page.reference.clone()?;
        let subject = &self.stand.subject;
        Some(match page.deed {
            Deed::Sale => Operation::Sale(Box::new(self.charge(reference, subject.approved.clone()))),
            Deed::SlowSale => Operation::Sale(Box::new(self.charge(reference, self.stand.slow.clone()?))),
            Deed::SecondTry => {
                let declined = subject.declined.clone().filter(|_| page.source == 0);
                let source = declined.unwrap_or_else(|| subject.approved.clone());
                Operation::Sale(Box::new(self.charge(reference, source)))
            }
            Deed::Authorize => Operation::Authorize(Box::new(self.charge(reference, subject.approved.clone()))),
            Deed::Checkout(_) => {
                let mut checkout = Checkout::new(reference, subject.amount);
                (subject.complete)(&mut checkout.charge);
                checkout.charge.urls.notify = Some(HOOK.to_owned());
                Operation::Checkout(Box::new(checkout))
            }
            Deed::Capture(share) => Operation::Capture(Capture::new(payment?, reference, self.part(share))),
            Deed::Refund(share) => {
                let mut refund = Refund::new(payment?, reference, self.part(share));
                refund.capture = capture;
                Operation::Refund(refund)
            }
            Deed::Void => {
                let mut void = Void::new(payment?, reference);
                void.amount = Some(subject.amount);
                Operation::Void(void)
            }
            Deed::Payout => {
                let to = subject.payee.clone()?;
                Operation::Payout(Box::new(Payout::new(reference, subject.amount, to)))
            }
            Deed::Transfer => {
                let (from, to) = subject.accounts.clone()?;
                Operation::Transfer(Transfer::new(reference, subject.amount, from, to))
            }
        })
    }

    fn charge(&self, reference: Reference, source: Source) -> Charge {
        let mut charge = Charge::new(reference, self.stand.subject.amount, source);
        (self.stand.subject.complete)(&mut charge);
        charge.urls.notify = Some(HOOK.to_owned());
        charge
    }

    pub(crate) fn part(&self, share: Share) -> Money {
        let whole = self.stand.subject.amount;
        Money::new(share.of(whole.minor()), whole.currency())
    }

    fn name(&self, step: usize) -> Reference {
        let mut pages = self.book.open();
        // A reference names one attempt: two of one kind have never the same.
        let kind = pages.steps.get(step).map(|page| page.deed.operation());
        let others = pages
            .steps
            .iter()
            .filter(|page| !self.plan.alike || Some(page.deed.operation()) == kind);
        let number = others.map(|page| page.names).sum::<u32>() + 1;
        if let Some(page) = pages.steps.get_mut(step) {
            page.names += 1;
        }
        Reference::new(format!("order1001a{number}")).unwrap_or_else(|error| unreachable!("{error}"))
    }

    pub(crate) fn known(&self) -> Option<PaymentRef> {
        self.book.open().payment.clone()
    }
}

/// Of two results of one operation, the one that leaves more open.
fn worse(first: Result<Answer, Error>, second: Result<Answer, Error>) -> Result<Answer, Error> {
    let rank = |result: &Result<Answer, Error>| match result {
        Err(error) if error.fate() == Fate::Unknown => 2,
        Ok(_) => 1,
        Err(_) => 0,
    };
    if rank(&second) > rank(&first) { second } else { first }
}
