//! What every simulated provider is.

use std::any::Any;
use std::fmt::Debug;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use jiff::Timestamp;

use crate::{BackOfficeAction, Entry, Ledger};

/// One simulated provider: a state machine over time and requests, with a ledger.
///
/// It never reads a clock, sleeps or opens a socket; the same calls give the same answers.
pub trait Provider: Any + Debug + Send {
    /// The provider's name, as in configuration files: `coolpay`, `opp`, ….
    fn name(&self) -> &'static str;

    /// Answers one request, API call or hosted page alike. The URI may be in origin form or absolute; only path and query count.
    fn handle(&mut self, now: Timestamp, request: &Request<Bytes>) -> Response<Bytes>;

    /// Whether the request only looks something up, so that a lagging read may answer it from an older state.
    fn only_reads(&self, request: &Request<Bytes>) -> bool {
        request.method() == http::Method::GET
    }

    /// Lets time pass: finishes what was queued until `now`, and gives the webhooks that are to be delivered now.
    ///
    /// A webhook given is in flight until [`Provider::answered`] is told how the receiver answered.
    fn due(&mut self, now: Timestamp) -> Vec<Webhook>;

    /// Tells how a webhook was answered; `None` when nobody answered. The provider's own redelivery rule decides what follows.
    fn answered(&mut self, now: Timestamp, webhook: u64, status: Option<StatusCode>);

    /// The truth about the money.
    fn ledger(&self) -> &Ledger;

    /// The ledger, to be altered: for tests that must see a disagreement noticed.
    fn ledger_mut(&mut self) -> &mut Ledger;

    /// Makes every access token that was given out worthless. Nothing happens where the provider has none.
    fn expire_tokens(&mut self) {}

    /// Makes the next operation that moves money come to this code of the provider, whatever it is; nothing is booked for it unless the code
    /// is the provider's code for success.
    fn force_code(&mut self, code: &str);

    /// Books a payment of somebody else with the same amount (minor units) and currency, as a search would find it.
    fn add_foreign(&mut self, now: Timestamp, minor: i64, currency: &str);

    /// The payments as the provider's own people see them, newest first, with what they can do with each.
    fn entries(&self) -> Vec<Entry> {
        Vec::new()
    }

    /// Takes one of these actions, with this amount in minor units or else with all that is left. Tells whether it was possible.
    fn act(&mut self, _now: Timestamp, _payment: &str, _action: BackOfficeAction, _minor: Option<i64>) -> bool {
        false
    }

    /// A copy of the whole state.
    fn fork(&self) -> Box<dyn Provider>;
}

/// A webhook that the provider wants delivered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Webhook {
    /// Tells this delivery from every other.
    pub id: u64,
    /// The request to make, with an absolute URI.
    pub request: Request<Bytes>,
}

impl Webhook {
    /// A webhook under a number that no other delivery has.
    #[must_use]
    pub const fn new(id: u64, request: Request<Bytes>) -> Self {
        Self { id, request }
    }
}
