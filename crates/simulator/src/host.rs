//! A provider together with the faults that are planned for it.

use std::any::Any;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response, StatusCode, header};
use jiff::Timestamp;

use crate::webhook_faults::Post;
use crate::{Delivery, Fault, FaultPlan, Ledger, Provider, Webhook, WebhookPlan, back_office, wire};

/// A provider, its faults, and a count of what was asked of it.
#[derive(Debug)]
pub struct Host {
    provider: Box<dyn Provider>,
    /// The faults still to come.
    pub faults: FaultPlan,
    /// The faults of webhooks still to come.
    pub webhook_faults: WebhookPlan,
    pub(crate) post: Post,
    late: Vec<(Timestamp, Request<Bytes>)>,
    before_last_change: Box<dyn Provider>,
    lag_until: Option<Timestamp>,
    requests: u64,
}

/// What became of one exchange, as the client sees it. Exhaustive: what carries exchanges must bring about each.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "what carries exchanges must bring about each")]
pub enum Exchange {
    /// An answer, after this time.
    Answer(Duration, Response<Bytes>),
    /// The connection was refused.
    Refused,
    /// The connection broke after the request was read.
    Lost,
    /// Nothing is ever answered.
    Stuck,
    /// The answer breaks off: its head and this much of its body, with the length of the whole announced.
    Cut(Response<Bytes>),
}

impl Host {
    /// Hosts a provider without faults.
    #[must_use]
    pub fn new(provider: Box<dyn Provider>) -> Self {
        Self {
            before_last_change: provider.fork(),
            provider,
            faults: FaultPlan::none(),
            webhook_faults: WebhookPlan::none(),
            post: Post::default(),
            late: Vec::new(),
            lag_until: None,
            requests: 0,
        }
    }

    /// The provider's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.provider.name()
    }

    /// How many requests reached the provider's door, refused connections not counted.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.requests
    }

    /// The truth about the money.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        self.provider.ledger()
    }

    /// The provider itself, to steer it.
    pub fn provider(&mut self) -> &mut dyn Provider {
        self.provider.as_mut()
    }

    /// The provider itself, if it is of this kind, with all that only this kind can do.
    pub fn provider_as<P: Provider>(&mut self) -> Option<&mut P> {
        let provider: &mut dyn Any = self.provider.as_mut();
        provider.downcast_mut()
    }

    /// One exchange at `now`, with the fault that is planned for it. The page at `/simulator`, where a person plays the provider, has none.
    pub fn exchange(&mut self, now: Timestamp, request: &Request<Bytes>) -> Exchange {
        self.settle(now);
        if request.uri().path() == back_office::PATH {
            return Exchange::Answer(Duration::ZERO, self.back_office(now, request));
        }
        let fault = self.faults.take(request);
        if fault == Some(Fault::Refuse) {
            return Exchange::Refused;
        }
        self.requests += 1;
        let at_once = |response| Exchange::Answer(Duration::ZERO, response);
        match fault {
            None => at_once(self.act(now, request)),
            Some(Fault::Refuse) => Exchange::Refused,
            Some(Fault::ResetBefore) => Exchange::Lost,
            Some(Fault::ResetAfter) => {
                self.act(now, request);
                Exchange::Lost
            }
            Some(Fault::LateCommit(delay)) => {
                self.late.push((later(now, delay), request.clone()));
                Exchange::Lost
            }
            Some(Fault::Lag(time)) => {
                self.lag_until = Some(later(now, time));
                at_once(self.act(now, request))
            }
            Some(Fault::Delay(time)) => Exchange::Answer(time, self.act(now, request)),
            Some(Fault::Stuck) => Exchange::Stuck,
            Some(Fault::StatusBefore(status)) => at_once(wire::empty(status)),
            Some(Fault::StatusAfter(status)) => {
                self.act(now, request);
                at_once(wire::empty(status))
            }
            Some(Fault::PageAfter(status)) => {
                self.act(now, request);
                let page = "<html><body>The request was blocked</body></html>";
                at_once(wire::html(status, page.to_owned()))
            }
            Some(Fault::Truncate) => Exchange::Cut(self.act(now, request)),
            Some(Fault::Malformed) => at_once(
                self.act(now, request)
                    .map(|_| Bytes::from_static(b"<html><body>Bad gateway</body></html>")),
            ),
            Some(Fault::Empty) => at_once(self.act(now, request).map(|_| Bytes::new())),
            Some(Fault::TooMany(seconds)) => {
                let mut response = wire::empty(StatusCode::TOO_MANY_REQUESTS);
                if let Some(seconds) = seconds {
                    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                }
                at_once(response)
            }
            Some(Fault::ExpiredToken) => {
                self.provider.expire_tokens();
                at_once(self.act(now, request))
            }
            Some(Fault::Code(code)) => {
                self.provider.force_code(&code);
                at_once(self.act(now, request))
            }
            Some(Fault::Redirect(location)) => {
                let mut response = wire::empty(StatusCode::TEMPORARY_REDIRECT);
                if let Ok(value) = header::HeaderValue::from_str(&location) {
                    response.headers_mut().insert(header::LOCATION, value);
                }
                at_once(response)
            }
        }
    }

    /// Lets time pass until `now`, and gives the webhooks that are to be delivered.
    pub fn due(&mut self, now: Timestamp) -> Vec<Webhook> {
        self.settle(now);
        self.post.due(now, self.provider.as_mut(), &mut self.webhook_faults)
    }

    /// Tells how a webhook was answered.
    pub fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>) {
        self.post.answered(now, webhook, status, self.provider.as_mut());
    }

    /// The last deliveries of webhooks, oldest first: 200 at most.
    pub fn deliveries(&self) -> impl DoubleEndedIterator<Item = &Delivery> {
        self.post.log()
    }

    /// Lets an earlier delivery that was no forgery come again, byte for byte; the provider hears nothing of the answer. Tells whether it is
    /// still remembered.
    pub fn replay(&mut self, now: Timestamp, webhook: u64) -> bool {
        self.post.replay(now, webhook)
    }

    fn act(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes> {
        if self.provider.only_reads(request) {
            if self.lag_until.is_some_and(|until| now < until) {
                return self.before_last_change.fork().handle(now, request);
            }
            return self.provider.handle(now, request);
        }
        if self.lag_until.is_none_or(|until| now >= until) {
            self.before_last_change = self.provider.fork();
        }
        self.provider.handle(now, request)
    }

    fn settle(&mut self, now: Timestamp) {
        let (due, still): (Vec<_>, Vec<_>) = std::mem::take(&mut self.late)
            .into_iter()
            .partition(|(at, _)| *at <= now);
        self.late = still;
        for (at, request) in due {
            self.provider.handle(at, &request);
        }
    }
}

pub(crate) fn later(now: Timestamp, time: Duration) -> Timestamp {
    now.checked_add(time).unwrap_or(Timestamp::MAX)
}
