//! A circuit breaker: whether a gateway answered lately. It decides about the order of first legs, and about nothing else.

use std::error::Error as _;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use paymux::{Answer, Error, ErrorKind, Fate};
use paymux_journal::StoreError;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limits {
    /// How many failures to answer in a row open it.
    pub(crate) failures: u32,
    /// For how long.
    pub(crate) open: Duration,
}

/// The breaker of one gateway.
#[derive(Debug)]
pub(crate) struct Breaker {
    limits: Limits,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// So many failures in a row.
    Closed(u32),
    Open(Timestamp),
    /// One call tries whether it answers again.
    Probed,
}

/// What a call says of whether the gateway answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Answered,
    /// It definitely did not, and asks for this much quiet.
    Silent(Option<Duration>),
    /// Nothing: what is unknown, and what is nobody's fault or our own.
    Unclear,
}

/// A call to the gateway. If it ends without a word, the probe is free for another.
#[derive(Debug)]
pub(crate) struct Permit {
    breaker: Arc<Breaker>,
    now: Timestamp,
    probes: bool,
}

impl Breaker {
    pub(crate) fn new(limits: Limits) -> Arc<Self> {
        Arc::new(Self {
            limits,
            state: Mutex::new(State::Closed(0)),
        })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether others should go before it; if so, why.
    pub(crate) fn stands_back(&self, now: Timestamp) -> Option<String> {
        match *self.lock() {
            State::Closed(_) => None,
            State::Open(until) if now >= until => None,
            State::Open(until) => Some(format!(
                "it did not answer lately, and is not tried first before {until:.0}"
            )),
            State::Probed => Some("it did not answer lately, and one call is trying it".to_owned()),
        }
    }

    /// A call begins. When the open time is over, the first one is the probe.
    pub(crate) fn enter(self: &Arc<Self>, now: Timestamp) -> Permit {
        let mut state = self.lock();
        let probes = matches!(*state, State::Open(until) if now >= until);
        if probes {
            *state = State::Probed;
        }
        Permit {
            breaker: Arc::clone(self),
            now,
            probes,
        }
    }
}

impl Permit {
    /// The call is over.
    pub(crate) fn end(mut self, reading: Reading, now: Timestamp) {
        let limits = self.breaker.limits;
        let open = |time: Duration| State::Open(now.checked_add(time).unwrap_or(Timestamp::MAX));
        let mut state = self.breaker.lock();
        *state = match (reading, *state) {
            (Reading::Answered, _) => State::Closed(0),
            (Reading::Silent(Some(quiet)), _) => open(quiet.max(limits.open)),
            (Reading::Silent(None), State::Closed(failures)) => match failures.saturating_add(1) {
                failures if failures >= limits.failures => open(limits.open),
                failures => State::Closed(failures),
            },
            // A probe that was not answered does not close it.
            (Reading::Silent(None) | Reading::Unclear, State::Probed) if self.probes => open(limits.open),
            (Reading::Silent(None) | Reading::Unclear, state) => state,
        };
        drop(state);
        self.probes = false;
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.probes {
            let mut state = self.breaker.lock();
            if *state == State::Probed {
                *state = State::Open(self.now);
            }
        }
    }
}

impl Reading {
    pub(crate) fn of(result: &Result<Answer, Error>) -> Self {
        let error = match result {
            Ok(_) => return Self::Answered,
            Err(error) => error,
        };
        match error.fate() {
            Fate::Unknown => Self::Unclear,
            Fate::Rejected => Self::Answered,
            Fate::NotDone if error.is_rate_limited() => Self::Silent(Some(error.retry_after().unwrap_or_default())),
            // The journal's own failures are not the provider's.
            Fate::NotDone if error.source().is_some_and(|source| source.is::<StoreError>()) => Self::Unclear,
            // What another call met, that call has told.
            Fate::NotDone if error.is_beside_another() => Self::Unclear,
            Fate::NotDone if error.kind() == ErrorKind::Network => Self::Silent(None),
            Fate::NotDone if error.status().is_some_and(|status| status.as_u16() >= 500) => Self::Silent(None),
            Fate::NotDone => Self::Unclear,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits {
        failures: 3,
        open: Duration::from_secs(30),
    };

    fn at(seconds: i64) -> Timestamp {
        Timestamp::constant(1_767_323_045 + seconds, 0)
    }

    fn silent(breaker: &Arc<Breaker>, seconds: i64) {
        breaker.enter(at(seconds)).end(Reading::Silent(None), at(seconds));
    }

    #[test]
    fn failures_in_a_row_open_it_and_an_answer_between_does_not() {
        let breaker = Breaker::new(LIMITS);
        silent(&breaker, 0);
        silent(&breaker, 0);
        breaker.enter(at(0)).end(Reading::Answered, at(0));
        silent(&breaker, 0);
        silent(&breaker, 0);
        breaker.enter(at(0)).end(Reading::Unclear, at(0));
        assert_eq!(breaker.stands_back(at(0)), None);
        silent(&breaker, 0);
        assert!(breaker.stands_back(at(29)).is_some());
        assert_eq!(breaker.stands_back(at(30)), None);
    }

    fn opened() -> Arc<Breaker> {
        let breaker = Breaker::new(LIMITS);
        (0..3).for_each(|_| silent(&breaker, 0));
        breaker
    }

    #[test]
    fn one_call_is_the_probe_and_decides() {
        let breaker = opened();
        let probe = breaker.enter(at(30));
        assert!(breaker.stands_back(at(30)).is_some(), "the others wait");
        // What else ends meanwhile, without an answer, leaves the probe to it.
        silent(&breaker, 30);
        assert_eq!(*breaker.lock(), State::Probed);
        probe.end(Reading::Silent(None), at(31));
        assert!(breaker.stands_back(at(60)).is_some() && breaker.stands_back(at(61)).is_none());
        breaker.enter(at(61)).end(Reading::Answered, at(62));
        assert_eq!(*breaker.lock(), State::Closed(0));
    }

    #[test]
    fn an_unknown_closes_nothing_and_a_dropped_probe_leaves_it_to_the_next() {
        let breaker = opened();
        breaker.enter(at(30)).end(Reading::Unclear, at(30));
        assert!(breaker.stands_back(at(59)).is_some());
        drop(breaker.enter(at(60)));
        assert_eq!(breaker.stands_back(at(60)), None);
        drop(breaker.enter(at(1)));
        assert_eq!(*breaker.lock(), State::Open(at(60)), "no probe, nothing changed");
    }

    #[test]
    fn a_429_opens_it_at_once_for_as_long_as_it_says() {
        let breaker = Breaker::new(LIMITS);
        let quiet = Duration::from_secs(90);
        breaker.enter(at(0)).end(Reading::Silent(Some(quiet)), at(0));
        assert!(breaker.stands_back(at(89)).is_some() && breaker.stands_back(at(90)).is_none());
    }

    #[test]
    fn only_definite_failures_to_answer_count() {
        let error = |kind, fate| Error::new(kind, "x").with_fate(fate);
        let status = |code| http_status(code);
        for (error, expected) in [
            (error(ErrorKind::Network, Fate::NotDone), Reading::Silent(None)),
            (error(ErrorKind::Network, Fate::Unknown), Reading::Unclear),
            (error(ErrorKind::Provider, Fate::Unknown), Reading::Unclear),
            (error(ErrorKind::Refused, Fate::Rejected), Reading::Answered),
            (error(ErrorKind::Configuration, Fate::NotDone), Reading::Unclear),
            (error(ErrorKind::InvalidRequest, Fate::NotDone), Reading::Unclear),
            (status(503), Reading::Silent(None)),
            (status(404), Reading::Unclear),
            (
                status(429).with_retry_after(Some(Duration::from_secs(7))),
                Reading::Silent(Some(Duration::from_secs(7))),
            ),
            (
                error(ErrorKind::Network, Fate::NotDone).with_source(StoreError::new("cannot be written", "full")),
                Reading::Unclear,
            ),
        ] {
            let text = error.to_string();
            assert_eq!(Reading::of(&Err(error)), expected, "{text}");
        }
    }

    fn http_status(code: u16) -> Error {
        Error::new(ErrorKind::Provider, "x").with_status(code.try_into().unwrap())
    }
}
