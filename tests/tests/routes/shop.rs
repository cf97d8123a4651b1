//! An application that takes one order through a router, and does what the documents say, in processes that die.

use std::future::Future;
use std::time::Duration;

use paymux::{
    Answer, Capture, Checkout, Error, Fate, LegWhy, Money, Operation, Outcome, PaymentRef, Refund, Source, Void,
};
use paymux_journal::Intent;

use super::ruling::{self, Call};
use super::world::{Make, Process, World};

/// How an application sees an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Declined,
    Open,
    Paid(PaymentRef),
}

/// What many worlds came to.
#[derive(Debug, Default)]
pub(crate) struct Sum {
    pub(crate) paid: u32,
    pub(crate) declined: u32,
    pub(crate) open: u32,
    pub(crate) persons: u32,
    pub(crate) unknown: u32,
    pub(crate) moved_on: u32,
    pub(crate) ordered: u32,
    pub(crate) passed: u32,
    pub(crate) weighed: u32,
    pub(crate) gone: u32,
    pub(crate) deaths: u32,
    pub(crate) follow_ups: u32,
    pub(crate) again: u32,
    pub(crate) visits: u32,
    pub(crate) events: u32,
    pub(crate) unrecorded: u32,
    /// Seeds with something that may not be.
    pub(crate) wrong: Vec<(u64, String)>,
}

pub(crate) struct Shop<'a> {
    pub(crate) world: &'a World,
    pub(crate) make: Make,
    pub(crate) random: fastrand::Rng,
    pub(crate) sum: &'a mut Sum,
    pub(crate) order: String,
    /// Whether the order is named beside the reference.
    pub(crate) named: bool,
    /// Whether money is held first.
    pub(crate) holds: bool,
    pub(crate) wrong: Vec<String>,
    pub(crate) process: Option<Process>,
    pub(crate) attempt: u32,
}

/// The work of a process, while it lives.
pub(super) async fn alive<T>(process: &Process, work: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = process.reaper.death.notified() => None,
        done = work => Some(done),
    }
}

/// What two callers who asked for the same know together: nothing was done if both say so.
fn both_said(
    first: Option<Result<Answer, Error>>,
    second: Option<Result<Answer, Error>>,
) -> Option<Result<Answer, Error>> {
    let rank = |said: &Option<Result<Answer, Error>>| match said {
        Some(Ok(answer)) if matches!(answer.outcome, Outcome::Approved | Outcome::Review) => 0,
        None => 1,
        Some(Ok(answer)) if matches!(answer.outcome, Outcome::Declined(_)) => 3,
        Some(Err(error)) if error.fate() != Fate::Unknown => 4,
        _ => 2,
    };
    if rank(&first) <= rank(&second) { first } else { second }
}

impl Shop<'_> {
    fn started(&mut self, calm: bool) -> Process {
        let version = if calm {
            0
        } else {
            self.world.rollout[self.random.usize(0..3)]
        };
        let dies = match !calm && self.random.u8(0..3) == 0 {
            true => self.random.i64(0..30),
            false => -1,
        };
        let seed = if calm { 0 } else { self.random.u64(..) };
        self.world.process(self.make, version, dies, seed)
    }

    /// The process that runs, or a new one, with rules that may be others.
    pub(super) fn running(&mut self, calm: bool) -> Process {
        let stays = !calm && self.random.u8(0..4) > 0;
        match self.process.take().filter(|_| stays) {
            Some(process) => process,
            None => self.started(calm),
        }
    }

    /// One call, which the process may not survive; sometimes another machine, with other rules, is asked for the same at the same time.
    async fn call(&mut self, operation: &Operation, calm: bool) -> Option<Result<Answer, Error>> {
        let before = self.world.kept.all().await;
        let one = self.running(calm);
        let both = self.random.u8(0..5) == 0;
        let other = both.then(|| self.started(calm));
        let whole = alive(&one, one.router.execute(operation));
        let result = match &other {
            Some(other) => {
                let wait = Duration::from_millis(self.random.u64(0..120));
                let second = async {
                    tokio::time::sleep(wait).await;
                    alive(other, other.router.execute(operation)).await
                };
                let (first, second) = tokio::join!(whole, second);
                both_said(first, second)
            }
            None => whole.await,
        };
        self.sum.deaths += u32::from(result.is_none());
        let after = self.world.kept.all().await;
        match (&result, both) {
            (Some(result), false) => self.judge(&one, operation, before, after, result),
            _ => self.wrong.extend(ruling::record(self.world, &after)),
        }
        if let Some(result) = &result {
            self.count(result);
            self.process = Some(one);
        }
        result
    }

    fn judge(
        &mut self,
        process: &Process,
        operation: &Operation,
        before: Vec<Intent>,
        after: Vec<Intent>,
        result: &Result<Answer, Error>,
    ) {
        let members = self.world.members(process.version);
        let call = Call {
            world: self.world,
            operation,
            version: process.version,
            members,
            before,
            after,
            result,
        };
        self.wrong.extend(call.judge());
    }

    fn count(&mut self, result: &Result<Answer, Error>) {
        let legs = match result {
            Ok(answer) => &answer.payment.legs[..],
            Err(error) => error.legs(),
        };
        let any = |why| u32::from(legs.iter().any(|leg| leg.why == why));
        self.sum.moved_on += any(LegWhy::Next);
        self.sum.ordered += any(LegWhy::Order);
        self.sum.weighed += any(LegWhy::Weight);
        self.sum.passed += u32::from(legs.iter().any(|leg| leg.outcome == paymux::LegOutcome::Passed));
        let unrecorded = match result {
            Ok(answer) => answer.unrecorded,
            Err(error) => error.is_unrecorded(),
        };
        self.sum.unrecorded += u32::from(unrecorded);
        if let Err(error) = result {
            self.sum.unknown += u32::from(error.fate() == Fate::Unknown);
            self.sum.gone += u32::from(error.message().contains("which is not in router"));
        }
    }

    async fn wait(&mut self) {
        let most = if self.random.bool() { 5 } else { 900 };
        tokio::time::sleep(Duration::from_secs(self.random.u64(1..most))).await;
    }

    async fn janitor(&mut self, calm: bool) {
        let process = self.started(calm);
        if let Some(report) = alive(&process, process.journal.settle::<[_]>(&process.bare)).await {
            report.unwrap();
        }
    }

    fn operation(&mut self, source: &Source) -> Operation {
        let order = self.named.then_some(self.order.as_str());
        let reference = format!("{}a{}", self.order, self.attempt);
        let charge = Box::new(self.world.charge(&reference, order, source));
        match (self.holds, source) {
            (true, _) => Operation::Authorize(charge),
            (_, Source::Hosted) => {
                let mut page = Checkout::new(charge.reference.clone(), charge.amount);
                page.charge = *charge;
                Operation::Checkout(Box::new(page))
            }
            _ => Operation::Sale(charge),
        }
    }

    /// Takes the order as far as it goes.
    pub(crate) async fn pay(&mut self) -> Seen {
        self.attempt += 1;
        let last = self.attempt + 3;
        let mut source = self.world.source(&mut self.random, self.holds);
        for step in 0..50 {
            let calm = step >= 10;
            self.weather(calm).await;
            let operation = self.operation(&source);
            let mut next = false;
            match self.call(&operation, calm).await {
                None => {}
                Some(Ok(answer)) => match answer.outcome {
                    Outcome::Approved | Outcome::Review => return Seen::Paid(answer.payment.reference),
                    Outcome::Declined(_) if self.attempt >= last => return Seen::Declined,
                    Outcome::Declined(_) => next = true,
                    Outcome::ActionRequired(_) if calm && self.random.bool() => {
                        self.close(&answer.payment.reference, calm).await;
                    }
                    Outcome::ActionRequired(_) => self.visit(&answer).await,
                    _ => {}
                },
                Some(Err(error)) if error.fate() == Fate::Unknown => {
                    next = self.doubted(&error, calm).await;
                }
                // Nothing was done, so that a new attempt is right; the same one is, too.
                Some(Err(_)) => next = self.random.u8(0..3) == 0,
            }
            if self.random.u8(0..4) == 0 {
                self.mail(calm).await;
            }
            if next && self.attempt < last {
                self.attempt += 1;
                source = self.world.source(&mut self.random, self.holds);
            }
            self.wait().await;
        }
        Seen::Open
    }

    /// What is in doubt is asked about, or not. Whether an impatient customer begins anew, which is safe where the order is named.
    async fn doubted(&mut self, error: &Error, calm: bool) -> bool {
        if self.named && self.random.u8(0..4) == 0 {
            return true;
        }
        self.wait().await;
        match self.random.u8(0..4) {
            0 => self.janitor(calm).await,
            1 => self.inquire(calm).await,
            2 => {
                let Some(open) = error.unresolved().cloned() else {
                    self.wrong.push(format!("nothing to ask with: {error}"));
                    return false;
                };
                let process = self.running(calm);
                if alive(&process, process.router.resolve(open)).await.is_some() {
                    self.process = Some(process);
                }
            }
            _ => {}
        }
        false
    }

    /// What comes after the payment.
    pub(crate) async fn after(&mut self, payment: PaymentRef) -> Seen {
        let parts = World::amount().minor() / 4;
        let part = Money::new(parts, World::amount().currency());
        if !self.holds {
            for number in 0..self.random.u32(0..3) {
                let reference = format!("{}r{number}", self.order).parse().unwrap();
                let refund = Operation::Refund(Refund::new(payment.clone(), reference, part));
                self.carry_out(&refund).await;
            }
            return Seen::Paid(payment);
        }
        let reference = format!("{}c{}", self.order, self.attempt).parse().unwrap();
        if self.random.u8(0..3) > 0 {
            let capture = Operation::Capture(Capture::new(payment.clone(), reference, World::amount()));
            self.carry_out(&capture).await;
            return Seen::Paid(payment);
        }
        let mut void = Void::new(payment.clone(), reference);
        void.amount = Some(World::amount());
        if self.carry_out(&Operation::Void(void)).await {
            // The order is free again.
            self.sum.again += 1;
            return self.pay().await;
        }
        Seen::Paid(payment)
    }

    /// What goes wrong before a step; where nothing does any more, everything that was sent is booked, and asked about.
    async fn weather(&mut self, calm: bool) {
        if calm {
            self.world.calm();
            tokio::time::sleep(Duration::from_secs(7200)).await;
            self.janitor(true).await;
        } else {
            self.world.trouble(&mut self.random);
        }
    }

    /// Does it until its end is known; whether it was approved.
    async fn carry_out(&mut self, operation: &Operation) -> bool {
        self.sum.follow_ups += 1;
        for step in 0..40 {
            let calm = step >= 6;
            self.weather(calm).await;
            match self.call(operation, calm).await {
                Some(Ok(answer)) if answer.outcome.is_approved() => return true,
                Some(Ok(answer)) if matches!(answer.outcome, Outcome::Declined(_)) => return false,
                Some(Err(error)) if error.fate() == Fate::Rejected => return false,
                _ => {}
            }
            self.wait().await;
        }
        false
    }
}
