//! Faults on demand.

use std::time::Duration;

use http::{Method, Request, StatusCode};

/// What goes wrong with one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The connection is refused: nothing was sent.
    Refuse,
    /// The connection breaks after the request was read and before the provider acted on it.
    ResetBefore,
    /// The connection breaks after the provider acted, before any byte of the answer.
    ResetAfter,
    /// The answer is lost, and the provider acts only this much later.
    LateCommit(Duration),
    /// The answer to a lookup is that of the state before the last call that changed anything, for this long from the first such lookup.
    Lag(Duration),
    /// The provider acts at once and answers this much later.
    Delay(Duration),
    /// The connection is made and nothing is ever answered; the provider does not act.
    Stuck,
    /// This status with an empty body, before the provider acts.
    StatusBefore(StatusCode),
    /// This status with an empty body, after the provider acted.
    StatusAfter(StatusCode),
    /// This status with a web page, after the provider acted: what stands in front of the provider keeps the answer back.
    PageAfter(StatusCode),
    /// The answer breaks off in the middle of its body.
    Truncate,
    /// The answer's body is not what its content type says.
    Malformed,
    /// The answer's body is empty, its status kept.
    Empty,
    /// 429 before the provider acts, with this many seconds of `Retry-After` where given.
    TooMany(Option<u64>),
    /// Every token is worthless from now on, and the request meets that.
    ExpiredToken,
    /// The operation comes to this code.
    Code(String),
    /// 307 to this location, before the provider acts.
    Redirect(String),
}

/// Which requests a fault is for.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Matcher {
    /// This method only.
    pub method: Option<Method>,
    /// Only paths (with query) that contain this.
    pub path: Option<String>,
    /// Only bodies that contain this.
    pub body: Option<String>,
    /// Lets this many matching requests pass first.
    pub skip: u32,
}

impl Matcher {
    /// Every request.
    #[must_use]
    pub fn any() -> Self {
        Self::default()
    }

    /// Requests of this method whose path, query included, contains `path`.
    #[must_use]
    pub fn on(method: Method, path: &str) -> Self {
        Self {
            method: Some(method),
            path: Some(path.to_owned()),
            ..Self::default()
        }
    }

    /// Only those whose body contains `text`.
    #[must_use]
    pub fn with_body(mut self, text: &str) -> Self {
        self.body = Some(text.to_owned());
        self
    }

    /// Lets `count` matching requests pass first.
    #[must_use]
    pub fn after(mut self, count: u32) -> Self {
        self.skip = count;
        self
    }

    fn fits(&self, request: &Request<bytes::Bytes>) -> bool {
        let target = request.uri().path_and_query().map_or("", |p| p.as_str());
        self.method.as_ref().is_none_or(|m| m == request.method())
            && self.path.as_ref().is_none_or(|p| target.contains(p.as_str()))
            && self
                .body
                .as_ref()
                .is_none_or(|b| String::from_utf8_lossy(request.body()).contains(b.as_str()))
    }
}

/// The faults still to come. Each happens once, at the first request that fits it.
#[derive(Clone, Debug)]
pub struct Plan<F> {
    planned: Vec<(Matcher, F)>,
}

/// The faults of exchanges still to come.
pub type FaultPlan = Plan<Fault>;

impl<F> Default for Plan<F> {
    fn default() -> Self {
        Self { planned: Vec::new() }
    }
}

impl<F> Plan<F> {
    /// No fault.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a fault; earlier ones are tried first.
    pub fn add(&mut self, matcher: Matcher, fault: F) {
        self.planned.push((matcher, fault));
    }

    /// How many faults have not happened yet.
    #[must_use]
    pub fn left(&self) -> usize {
        self.planned.len()
    }

    pub(crate) fn take(&mut self, request: &Request<bytes::Bytes>) -> Option<F> {
        let mut found = None;
        for (index, (matcher, _)) in self.planned.iter_mut().enumerate() {
            if !matcher.fits(request) {
                continue;
            }
            if matcher.skip == 0 {
                found = Some(index);
                break;
            }
            matcher.skip -= 1;
        }
        found.map(|index| self.planned.remove(index).1)
    }
}
