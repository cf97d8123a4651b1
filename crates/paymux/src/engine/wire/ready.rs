//! What an attempt waits for before it is made, and whether there may be another.

use std::time::Duration;

use bytes::Bytes;
use http::Request;
use paymux_core::{Call, Error, ErrorKind, Replay, Wire as _};
use tokio::time::Instant;

use super::{Course, EngineWire, Purpose};
use crate::engine::policy::hushed;
use crate::engine::questions::{self, Turn};
use crate::engine::token::{Held, TokenCache};
use crate::metrics;

/// What one attempt needs.
pub(super) struct Ready {
    pub(super) request: Request<Bytes>,
    /// Which token is on it.
    pub(super) generation: Option<u64>,
    pub(super) turn: Option<Turn>,
}

/// The question was not asked, or not looked at: it does not count.
pub(super) fn give_back(turn: Option<Turn>) {
    if let Some(turn) = turn {
        turn.give_back();
    }
}

impl EngineWire {
    pub(super) async fn held(&self) -> Result<Option<Held>, Error> {
        if self.purpose == Purpose::Token || self.shared.adapter.tokens().is_none() {
            return Ok(None);
        }
        if let Some(held) = self.shared.tokens.hit(self.shared.clock.now()) {
            return Ok(Some(held));
        }
        // In a box, as all that is rare here: the future of a call would have room for it every time.
        let flight = Box::pin(TokenCache::get(&self.shared));
        match tokio::time::timeout_at(self.deadline, flight).await {
            Ok(held) => held.map(Some),
            Err(_) => Err(Error::new(
                ErrorKind::Network,
                format!("no access token within {} s", self.shared.timeout.as_secs()),
            )),
        }
    }

    /// Whether waiting still leaves time; waits if so.
    pub(super) async fn pause(&self, time: Duration) -> bool {
        let Some(end) = Instant::now().checked_add(time) else {
            return false;
        };
        if end >= self.deadline {
            return false;
        }
        tokio::time::sleep_until(end).await;
        true
    }

    /// What one attempt needs: quiet that has ended, a turn to ask where there are turns, a token, and the sealed request.
    pub(super) async fn ready(&self, call: &Call) -> Result<Ready, Error> {
        while self.purpose != Purpose::Token
            && let Some(wait) = self.shared.restraint.quiet()
        {
            if !self.pause(wait).await {
                return Err(hushed(wait));
            }
        }
        let turn = match self.subject(call) {
            Some(subject) => {
                let questions = &self.shared.questions;
                let interval = self.shared.interval;
                let turn = Box::pin(questions.turn(subject, interval, self.deadline)).await;
                Some(turn.map_err(|wait| questions::too_soon(wait, interval))?)
            }
            None => None,
        };
        let ready = async {
            let held = self.held().await?;
            let request = self.sealed(call, held.as_ref())?;
            Ok((request, held.map(|held| held.generation)))
        };
        match ready.await {
            Ok((request, generation)) => Ok(Ready {
                request,
                generation,
                turn,
            }),
            Err(error) => {
                give_back(turn);
                Err(error)
            }
        }
    }

    /// What a question is about, where questions about it must keep apart.
    pub(super) fn subject(&self, call: &Call) -> Option<questions::Subject> {
        let about = call.about.as_ref().filter(|_| !self.shared.interval.is_zero())?;
        let capabilities = self.shared.adapter.capabilities();
        Some((capabilities.provider, capabilities.account.clone(), about.clone()))
    }

    /// Whether the call itself allows another attempt although this one may have been acted on.
    pub(super) fn may_repeat(&self, call: &Call) -> bool {
        match call.replay {
            _ if self.purpose == Purpose::Token => false,
            Replay::Free => true,
            Replay::Keyed(until) => self.now() < until,
            _ => false,
        }
    }

    /// Whether policy, budget and deadline leave another attempt; waits for it if so.
    pub(super) async fn again(&self, course: &Course, call: &Call) -> bool {
        let policy = self.shared.policy;
        let late = |subject| self.shared.questions.free_at(&subject) >= Some(self.deadline);
        if course.made >= policy.attempts || self.subject(call).is_some_and(late) || !self.shared.restraint.spend() {
            return false;
        }
        metrics::repetitions(&self.shared);
        self.pause(policy.wait(course.made)).await
    }
}
