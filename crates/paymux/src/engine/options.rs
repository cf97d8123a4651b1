//! What a gateway is told beside its adapter.

use std::sync::Arc;
use std::time::Duration;

use super::fleet::Place;
use super::policy::Policy;
use super::{Flights, Questions, Quiets, Recorder, TokenCache};

/// What a gateway is told beside its adapter.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Options {
    /// The time for each operation, all its calls and waits together; 60 s unless set, a day at most.
    pub timeout: Duration,
    /// Whether only captures, refunds, voids and inquiries are taken.
    pub follow_ups_only: bool,
    /// How often and how fast a call is made again where it may be.
    pub policy: Policy,
    /// Where each operation's record is stored before a request that may move money is sent: what would be needed to ask.
    pub recorder: Option<Arc<dyn Recorder>>,
    /// The shortest time between two questions about one payment; what the capabilities declare, unless set.
    pub inquiry_interval: Option<Duration>,
    pub(crate) flights: Arc<Flights>,
    pub(crate) quiets: Arc<Quiets>,
    /// The token of the same credentials, where the registry knows them to be the same; else one of the gateway's own.
    pub(crate) tokens: Option<Arc<TokenCache>>,
    /// Where the processes of a fleet share it, if they do.
    pub(crate) place: Option<Place>,
    pub(crate) questions: Arc<Questions>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeout: Duration::from_secs(60),
            follow_ups_only: false,
            policy: Policy::default(),
            recorder: None,
            inquiry_interval: None,
            flights: Arc::default(),
            quiets: Arc::default(),
            tokens: None,
            place: None,
            questions: Arc::default(),
        }
    }
}
