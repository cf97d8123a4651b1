//! The one door through which an adapter reaches its provider.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use jiff::Timestamp;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};

use crate::error::Error;

/// An adapter's only way out. Behind it are tokens, signing, resending, the deadline and tracing; an adapter sees none of them.
#[async_trait]
pub trait Wire: Send + Sync {
    /// Sends a call and gives its reply, or what became of it.
    ///
    /// # Behavior
    /// - The request is sealed by the adapter for every attempt, and sent again only where the call allows it.
    /// - For a call that moves money, a status of 500 and above is [`Lost::Unknown`], unless the call says that the body decides.
    /// - Once a call of the operation that moves money is lost, only a 2xx of a further one counts as an answer.
    /// - A question that says what it is [about](Call::about) waits for its turn; past the deadline it is [`Lost::NotSent`], with the time to wait.
    async fn send(&self, call: Call) -> Result<Reply, Lost>;

    /// Waits; `false` if the operation's deadline comes first.
    async fn wait(&self, time: Duration) -> bool;

    /// Notes what is needed to ask later. Where there is a recorder, it is kept outside the process before the next call that may move money.
    async fn note(&self, memo: Memo) -> Result<(), Error>;

    /// A valid token, for links that must carry one.
    async fn token(&self) -> Result<Token, Error>;

    /// The time.
    fn now(&self) -> Timestamp;
}

/// How tokens are got; the engine decides when.
#[async_trait]
pub trait Tokens: Send + Sync {
    /// Gets a token, by the previous one's refresh token if there is one and the provider has such a thing.
    ///
    /// # Behavior
    /// Calls that it makes are sealed without a token. A refresh token is used once: if its answer is lost, a token is got anew.
    async fn obtain(&self, previous: Option<&Token>, wire: &dyn Wire) -> Result<Token, Error>;
}

/// An access token.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Token {
    /// The token itself.
    pub access: SecretString,
    /// What gets the next one, where the provider has such a thing.
    pub refresh: Option<SecretString>,
    /// When it must no longer be used; `None` where nobody says.
    pub expires: Option<Timestamp>,
}

impl Token {
    /// A token that must no longer be used after this time; `None` where nobody says.
    #[must_use]
    pub fn new(access: impl Into<SecretString>, expires: Option<Timestamp>) -> Self {
        Self {
            access: access.into(),
            refresh: None,
            expires,
        }
    }

    /// With what gets the next one, where the provider has such a thing.
    #[must_use]
    pub fn with_refresh(mut self, refresh: Option<SecretString>) -> Self {
        self.refresh = refresh;
        self
    }
}

/// What an adapter needs to seal one attempt.
#[derive(Debug)]
#[non_exhaustive]
pub struct Attempt<'a> {
    /// The token; `None` for calls that get one, and where the provider has none.
    pub token: Option<&'a Token>,
    /// The time.
    pub now: Timestamp,
    /// The request's method.
    pub method: &'a Method,
}

impl<'a> Attempt<'a> {
    /// An attempt, as the engine makes it, and a test of an adapter's seal.
    #[must_use]
    pub const fn new(token: Option<&'a Token>, now: Timestamp, method: &'a Method) -> Self {
        Self { token, now, method }
    }
}

/// A request, with what resending must know. It is stated where the request is built, never guessed later.
#[non_exhaustive]
pub struct Call {
    /// The request, without credentials.
    pub request: Request<Bytes>,
    /// Whether it may be sent again.
    pub replay: Replay,
    /// Whether it may move money.
    pub moves: bool,
    /// Statuses that prove, at this provider and for this call, that nothing was done.
    pub nothing_done_on: Cow<'static, [StatusCode]>,
    /// Whether the body decides even over a status of 500 and above.
    pub body_decides: bool,
    /// What a question is about, by the provider's id or the caller's reference, where the provider limits how often it may be asked.
    pub about: Option<String>,
}

/// Whether a call may be sent again after its answer was lost. What provably did not leave is made again in any case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Replay {
    /// Always: it only asks.
    Free,
    /// Until this time: the provider deduplicates by a key that the request carries.
    Keyed(Timestamp),
    /// Never.
    Once,
}

impl Call {
    const fn new(request: Request<Bytes>, replay: Replay, moves: bool) -> Self {
        Self {
            request,
            replay,
            moves,
            nothing_done_on: Cow::Borrowed(&[]),
            body_decides: false,
            about: None,
        }
    }

    /// A call that only asks, and may be repeated freely.
    #[must_use]
    pub const fn asks(request: Request<Bytes>) -> Self {
        Self::new(request, Replay::Free, false)
    }

    /// A call that makes something and moves no money. It is not repeated once it may have left.
    #[must_use]
    pub const fn prepares(request: Request<Bytes>) -> Self {
        Self::new(request, Replay::Once, false)
    }

    /// A call that moves money, which the provider deduplicates by a key in the request until this time.
    #[must_use]
    pub const fn keyed(request: Request<Bytes>, until: Timestamp) -> Self {
        Self::new(request, Replay::Keyed(until), true)
    }

    /// A call that moves money and is never repeated once it may have left.
    #[must_use]
    pub const fn once(request: Request<Bytes>) -> Self {
        Self::new(request, Replay::Once, true)
    }

    /// A call that asks and uses the answer up: it is never repeated once it may have left.
    #[must_use]
    pub const fn consumes(request: Request<Bytes>) -> Self {
        Self::new(request, Replay::Once, false)
    }

    /// These statuses prove that nothing was done.
    #[must_use]
    pub fn nothing_done_on(mut self, statuses: &'static [StatusCode]) -> Self {
        if self.nothing_done_on.is_empty() {
            self.nothing_done_on = Cow::Borrowed(statuses);
        } else {
            self.nothing_done_on.to_mut().extend_from_slice(statuses);
        }
        self
    }

    /// It asks about this. Such questions of all callers of an account keep
    /// [`inquiry_interval`](crate::Capabilities::inquiry_interval) apart.
    #[must_use]
    pub fn about(mut self, id: impl Into<String>) -> Self {
        self.about = Some(id.into());
        self
    }

    /// The body decides, whatever the status.
    #[must_use]
    pub const fn body_decides(mut self) -> Self {
        self.body_decides = true;
        self
    }
}

/// Shows method and path; header values and the body may hold secrets.
impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("method", self.request.method())
            .field("path", &self.request.uri().path())
            .field("replay", &self.replay)
            .field("moves", &self.moves)
            .finish_non_exhaustive()
    }
}

/// A provider's reply.
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

impl Reply {
    /// A reply, as a transport has read it.
    #[must_use]
    pub fn new(status: StatusCode, headers: HeaderMap, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers,
            body: body.into(),
        }
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({}, {} bytes)", self.status.as_u16(), self.body.len())
    }
}

/// Why a call has no reply. There is no conversion into [`Error`], on purpose: `?` must not decide about money.
#[derive(Debug)]
#[allow(clippy::exhaustive_enums, reason = "there is no third case")]
pub enum Lost {
    /// It is proven that no byte of the request was acted on.
    NotSent(Error),
    /// It may have been acted on.
    Unknown(Error),
}

impl Lost {
    /// Ends the operation with the error as it is; its fate is in it.
    #[must_use]
    pub fn give_up(self) -> Error {
        match self {
            Self::NotSent(error) | Self::Unknown(error) => error,
        }
    }

    /// Whether the call may have been acted on.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }
}

/// Something that an adapter notes on its way, to ask with later: the payment's id, the highest operation id seen. No secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Memo {
    /// What it is, the adapter's own word.
    pub key: Cow<'static, str>,
    /// The value.
    pub value: String,
}

impl Memo {
    /// A note.
    #[must_use]
    pub fn new(key: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
        }
    }
}
