//! The wire that adapters get: tokens, sealing, resending, the deadline, and the tally of what may have been done.

mod exchange;
mod ready;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use http::StatusCode;
use jiff::Timestamp;
use paymux_core::{
    BoxFuture, Call, Error, ErrorKind, Fate, Lost, Memo, Operation, Replay, Reply, Token, Unresolved, Wire,
};
use tokio::time::Instant;

use self::exchange::Exchange;
use self::ready::{Ready, give_back};
use super::Shared;
use super::address::{check_address, is_repeat, same_host};
use super::tally::Tally;
use crate::metrics;

/// How many redirects (307, 308) a call may follow.
const HOPS: u32 = 2;

/// The wire of one operation.
#[derive(Debug)]
pub(crate) struct EngineWire {
    shared: Arc<Shared>,
    purpose: Purpose,
    pub(crate) deadline: Instant,
    /// Of a completion: when its key ends. Nothing that moves money goes out then, nor ever without the key.
    key_ends: Option<Timestamp>,
    pub(crate) tally: Arc<Tally>,
    /// What is recorded before money can move, if there is a recorder: the operation, to which the notes are added.
    open: Option<Box<Unresolved>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Ask,
    Extra,
    Money,
    Token,
}

/// How far one call has come.
#[derive(Debug, Default)]
struct Course {
    made: u32,
    hops: u32,
    renewed: bool,
    /// An attempt of this call may have moved money.
    lost: bool,
}

impl Course {
    /// The call ends without this attempt having left; an earlier one may have done it.
    fn unsent(&self, error: Error) -> Lost {
        if self.lost {
            Lost::Unknown(error.with_fate(Fate::Unknown))
        } else {
            Lost::NotSent(error.with_fate(Fate::NotDone))
        }
    }
}

/// A note that was taken and need not be recorded yet. It takes no room, so that no box is made for it.
struct Noted;

impl Future for Noted {
    type Output = Result<(), Error>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(Ok(()))
    }
}

impl EngineWire {
    fn new(shared: &Arc<Shared>, purpose: Purpose) -> Self {
        Self {
            shared: Arc::clone(shared),
            purpose,
            deadline: Instant::now() + shared.timeout,
            key_ends: None,
            tally: Arc::default(),
            open: None,
        }
    }

    /// For an operation: those that only ask cannot move money, and a completion only under its key.
    pub(crate) fn for_operation(shared: &Arc<Shared>, operation: &Operation) -> Self {
        let capabilities = shared.adapter.capabilities();
        let mut wire = match operation {
            Operation::Inquire(_) | Operation::Resolve(_) => return Self::new(shared, Purpose::Ask),
            Operation::Complete(completion) => Self {
                key_ends: Some(completion.ends(capabilities).unwrap_or(Timestamp::MIN)),
                tally: Arc::new(Tally::of(&completion.unresolved)),
                ..Self::new(shared, Purpose::Money)
            },
            _ => Self::new(shared, Purpose::Money),
        };
        if shared.recorder.is_some() {
            wire.open = Some(Box::new(match operation {
                Operation::Complete(completion) => completion.unresolved.clone(),
                other => {
                    let (about, now) = (other.payment().cloned(), shared.clock.now());
                    Unresolved::new(&shared.name, capabilities, other, about, Vec::new(), now)
                }
            }));
        }
        wire
    }

    /// Records what would be needed to ask about what was sent, or could be, at `last_sent` at the latest.
    async fn record(&self, last_sent: Timestamp) -> Result<(), Error> {
        let (Some(recorder), Some(open)) = (&self.shared.recorder, &self.open) else {
            return Ok(());
        };
        let mut open = open.clone();
        {
            let tally = self.tally.lock();
            open.trail.clone_from(&tally.notes);
            open.first_sent = tally.first_sent.or(Some(last_sent));
        }
        open.last_sent = last_sent;
        let kept = tokio::time::timeout_at(self.deadline, recorder.record(&open)).await;
        kept.unwrap_or_else(|_| {
            let seconds = self.shared.timeout.as_secs();
            let message =
                format!("what would be needed to ask was not kept within {seconds} s, so nothing more was sent");
            Err(Error::new(ErrorKind::Network, message))
        })
    }

    /// Whether what may move money may still go out.
    fn may_send(&self) -> Result<(), Error> {
        match (&self.shared.recorder, &self.open) {
            (Some(recorder), Some(open)) => recorder.may_send(open),
            _ => Ok(()),
        }
    }

    pub(crate) fn for_extra(shared: &Arc<Shared>) -> Self {
        Self::new(shared, Purpose::Extra)
    }

    pub(crate) fn for_token(shared: &Arc<Shared>) -> Self {
        Self::new(shared, Purpose::Token)
    }

    /// A completion sends money only under its key, which ends when the one of its first sending does.
    fn bounded(&self, call: &mut Call) -> Result<(), Lost> {
        let Some(ends) = self.key_ends.filter(|_| call.moves) else {
            return Ok(());
        };
        let Replay::Keyed(until) = call.replay else {
            let message =
                "a completion may send only what carries the idempotency key, and this call has none; it was not sent";
            let error = Error::new(ErrorKind::Unsupported, message);
            return Err(Lost::Unknown(error.with_fate(Fate::Unknown)));
        };
        call.replay = Replay::Keyed(until.min(ends));
        Ok(())
    }

    /// Sends a call as often as that is allowed.
    async fn deliver(&self, call: &mut Call) -> Result<Reply, Lost> {
        if call.moves && self.purpose != Purpose::Money {
            let message = "a call that moves money is allowed only inside an operation that does; nothing was sent";
            return Err(Lost::NotSent(Error::new(ErrorKind::Unsupported, message)));
        }
        check_address(call.request.uri()).map_err(Lost::NotSent)?;
        self.bounded(call)?;
        // Of a completion, an attempt was lost before it began.
        let mut course = Course {
            lost: call.moves && self.key_ends.is_some(),
            ..Course::default()
        };
        if call.moves && self.open.is_some() {
            Box::pin(self.record(self.now()))
                .await
                .map_err(|error| course.unsent(error))?;
        }
        loop {
            let Ready {
                request,
                generation,
                turn,
            } = match self.ready(call).await {
                Ok(ready) => ready,
                Err(error) => return Err(course.unsent(error)),
            };
            if course.lost && !self.may_repeat(call) {
                let message =
                    "the answer was lost, and the key ended before the call could be made again; it was not sent";
                return Err(course.unsent(Error::new(ErrorKind::Network, message)));
            }
            if call.moves
                && let Err(error) = self.may_send()
            {
                give_back(turn);
                return Err(course.unsent(error));
            }
            course.made = course.made.saturating_add(1);
            match self.exchange(request, call.moves).await {
                Exchange::Reply(reply) if reply.status == StatusCode::UNAUTHORIZED && !course.renewed => {
                    // 401 proves that nothing was done only where a token can have expired.
                    let Some(generation) = generation else {
                        return self.tally.lock().judge(call, reply);
                    };
                    course.renewed = true;
                    give_back(turn);
                    self.shared.tokens.invalidate(generation);
                }
                Exchange::Reply(reply) if is_repeat(reply.status) && course.hops < HOPS => {
                    let Some(next) = same_host(call.request.uri(), &reply) else {
                        return self.tally.lock().judge(call, reply);
                    };
                    course.hops = course.hops.saturating_add(1);
                    give_back(turn);
                    *call.request.uri_mut() = next;
                }
                // The token cache holds everybody back by itself.
                Exchange::Reply(reply)
                    if reply.status == StatusCode::TOO_MANY_REQUESTS && self.purpose != Purpose::Token =>
                {
                    self.shared.restraint.hush(reply.retry_after(self.now()));
                    metrics::quiet(&self.shared);
                    let may = self.may_repeat(call) || call.nothing_done_on.contains(&reply.status);
                    if !may || !self.again(&course, call).await {
                        return self.tally.lock().judge(call, reply);
                    }
                }
                Exchange::Reply(reply) if says_nothing(&reply, call) && self.may_repeat(call) => {
                    course.lost |= call.moves;
                    let verdict = self.tally.lock().judge(call, reply);
                    if !self.again(&course, call).await {
                        return verdict;
                    }
                }
                Exchange::Reply(reply) => {
                    if !reply.status.is_server_error() {
                        self.shared.restraint.earn();
                        metrics::repetitions(&self.shared);
                    }
                    return self.tally.lock().judge(call, reply);
                }
                Exchange::NotSent(error) => {
                    give_back(turn);
                    if !self.again(&course, call).await {
                        return Err(course.unsent(Error::new(ErrorKind::Network, error.message)));
                    }
                }
                Exchange::Unknown(error) => {
                    course.lost |= call.moves;
                    self.tally.lock().lost |= call.moves;
                    if !self.may_repeat(call) || !self.again(&course, call).await {
                        let fate = if call.moves { Fate::Unknown } else { Fate::NotDone };
                        return Err(Lost::Unknown(
                            Error::new(ErrorKind::Network, error.message).with_fate(fate),
                        ));
                    }
                }
            }
        }
    }
}

#[async_trait]
impl Wire for EngineWire {
    /// Written out, because the future of an `async fn` holds its arguments twice.
    fn send<'life, 'async_trait>(&'life self, mut call: Call) -> BoxFuture<'async_trait, Result<Reply, Lost>>
    where
        'life: 'async_trait,
    {
        Box::pin(async move { self.deliver(&mut call).await })
    }

    async fn wait(&self, time: Duration) -> bool {
        self.pause(time).await
    }

    /// Written out, since most notes need no future.
    fn note<'life, 'async_trait>(&'life self, memo: Memo) -> BoxFuture<'async_trait, Result<(), Error>>
    where
        'life: 'async_trait,
    {
        let sent = {
            let mut tally = self.tally.lock();
            let is_new = tally.note(memo);
            tally.last_sent.filter(|_| is_new)
        };
        // Before the first request that may move money, the entry of that request has the note; afterwards it may be what finds the payment.
        match sent {
            Some(sent) if self.open.is_some() => Box::pin(self.record(sent)),
            _ => Box::pin(Noted),
        }
    }

    async fn token(&self) -> Result<Token, Error> {
        match self.held().await? {
            Some(held) => Ok((*held.token).clone()),
            None => Err(Error::new(
                ErrorKind::Configuration,
                "this provider has no access tokens",
            )),
        }
    }

    fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }
}

/// Whether a reply says nothing of what was asked, so that asking again, or sending again under the same key, is the way to know.
fn says_nothing(reply: &Reply, call: &Call) -> bool {
    let failed = reply.status.is_server_error() && !call.body_decides;
    failed || reply.status == StatusCode::REQUEST_TIMEOUT
}
