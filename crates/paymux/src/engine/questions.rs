//! Questions about one payment, kept as far apart as its provider wants them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use paymux_core::{Account, Error, ErrorKind};
use tokio::time::{Instant, sleep_until, timeout_at};

/// Provider, account, and what is asked about.
pub(super) type Subject = (&'static str, Account, String);

/// The questions of late: by merchant account, not by gateway, so that they outlive a reload.
#[derive(Default)]
pub(crate) struct Questions {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    lines: HashMap<Subject, Arc<Line>>,
    /// When there are this many lines, those that hold nobody back any more are forgotten.
    room: usize,
}

/// The callers who want to ask about one thing.
#[derive(Default)]
struct Line {
    /// Who is next; it is fair.
    order: tokio::sync::Mutex<()>,
    times: Mutex<Times>,
}

#[derive(Default)]
struct Times {
    /// When the next question may go out.
    free: Option<Instant>,
    /// How many wait.
    waiting: u32,
}

/// Somebody who waits, until dropped.
struct Waiting<'a>(&'a Line);

/// The right to ask now.
#[derive(Debug)]
pub(super) struct Turn {
    line: Arc<Line>,
    free: Instant,
}

impl Questions {
    /// Waits for a turn to ask. Fails at once, with the time that it would take, where the deadline comes first.
    pub(super) async fn turn(&self, subject: Subject, interval: Duration, deadline: Instant) -> Result<Turn, Duration> {
        let line = self.line(subject);
        let begin = Instant::now();
        let earliest = {
            let mut times = line.times();
            let free = times.free.map_or(begin, |free| free.max(begin));
            let earliest = free + interval.saturating_mul(times.waiting);
            if earliest > begin && earliest >= deadline {
                return Err(earliest - begin);
            }
            times.waiting = times.waiting.saturating_add(1);
            earliest
        };
        let waiting = Waiting(&line);
        let late = || earliest.max(deadline) - begin;
        let Ok(order) = timeout_at(deadline, line.order.lock()).await else {
            return Err(late());
        };
        let free = line.times().free;
        if let Some(free) = free.filter(|free| *free > Instant::now()) {
            if free >= deadline {
                return Err(free - begin);
            }
            sleep_until(free).await;
        }
        let free = Instant::now() + interval;
        line.times().free = Some(free);
        drop(order);
        drop(waiting);
        Ok(Turn { line, free })
    }

    /// When the next question about this may go out, if one went out before.
    pub(super) fn free_at(&self, subject: &Subject) -> Option<Instant> {
        let line = self.state().lines.get(subject).cloned()?;
        let times = line.times();
        times.free
    }

    fn line(&self, subject: Subject) -> Arc<Line> {
        let mut state = self.state();
        if let Some(line) = state.lines.get(&subject) {
            return Arc::clone(line);
        }
        if state.lines.len() >= state.room {
            let now = Instant::now();
            state.lines.retain(|_, line| line.holds_back(now));
            state.room = state.lines.len().saturating_mul(2).max(64);
        }
        Arc::clone(state.lines.entry(subject).or_default())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Line {
    /// Whether somebody is there, or must still wait.
    fn holds_back(self: &Arc<Self>, now: Instant) -> bool {
        Arc::strong_count(self) > 1 || self.times().free.is_some_and(|free| free > now)
    }

    fn times(&self) -> MutexGuard<'_, Times> {
        self.times.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Turn {
    /// The question was not asked: the next may be, unless it was already.
    pub(super) fn give_back(self) {
        let mut times = self.line.times();
        if times.free == Some(self.free) {
            times.free = None;
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut times = self.0.times();
        times.waiting = times.waiting.saturating_sub(1);
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line")
    }
}

impl fmt::Debug for Questions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} asked about", self.state().lines.len())
    }
}

/// The error of a question that would have to wait past its deadline for its turn. It is not the provider's word, so it is no refusal.
pub(super) fn too_soon(wait: Duration, interval: Duration) -> Error {
    let message = format!(
        "asked about too soon: the provider takes one question every {} s about the same payment, and the next in {} s; nothing was asked",
        interval.as_secs(),
        wait.as_secs().saturating_add(u64::from(wait.subsec_nanos() > 0)),
    );
    Error::new(ErrorKind::Network, message).with_retry_after(Some(wait))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn about(id: usize) -> Subject {
        ("acme", Account::of(&["m"]), id.to_string())
    }

    #[tokio::test(start_paused = true)]
    async fn what_holds_nobody_back_is_forgotten() {
        let questions = Questions::default();
        for id in 0..10_000 {
            let deadline = Instant::now() + SECOND;
            questions.turn(about(id), 30 * SECOND, deadline).await.unwrap();
            tokio::time::advance(SECOND).await;
        }
        assert!(questions.state().lines.len() <= 64 + 30, "{questions:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_leaves_the_line_is_not_waited_for() {
        let questions = Questions::default();
        let (interval, deadline) = (30 * SECOND, Instant::now() + 60 * SECOND);
        let subject = about(1);
        let ask = || questions.turn(subject.clone(), interval, deadline);
        ask().await.unwrap();
        let waits = tokio::time::timeout(SECOND, ask()).await;
        assert!(waits.is_err(), "dropped in the line");
        let begin = Instant::now();
        ask().await.unwrap();
        assert_eq!(begin.elapsed(), 29 * SECOND);
        assert_eq!(ask().await.unwrap_err(), 30 * SECOND);
        assert_eq!(begin.elapsed(), 29 * SECOND, "at once");
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_not_asked_does_not_count() {
        let questions = Questions::default();
        let deadline = Instant::now() + SECOND;
        let subject = about(1);
        let ask = || questions.turn(subject.clone(), 30 * SECOND, deadline);
        ask().await.unwrap().give_back();
        ask().await.unwrap();
        assert_eq!(ask().await.unwrap_err(), 30 * SECOND);
    }
}
