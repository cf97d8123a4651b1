//! Operation → calls → answer.
//!
//! A request that moves money is sent once. What its answer leaves open is asked: by the id in the answer, and on v1 by the caller's
//! reference; on v3 a lost answer cannot be asked about.

mod ask;
pub(crate) mod charge;
mod checkout;
mod follow_up;
mod report;
mod tries;

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri};
use paymux_core::request::{self, is_plain_https};
use paymux_core::{Answer, BoxFuture, Call, Error, Fate, Lost, Memo, Mode, Reply, Wire};

use crate::adapter::{BETWEEN_INQUIRIES, Opp};
use crate::codes::{PaymentType, Surface};
use crate::reading::{Asked, Open, Step, TURNED_AWAY, TURNED_AWAY_FIRST};
use crate::shapes::Form;
pub(crate) use charge::card;

/// How long to wait before each question about a lost answer; two a minute are allowed.
const WAITS: [Duration; 4] = [
    Duration::from_secs(5),
    BETWEEN_INQUIRIES,
    Duration::from_secs(60),
    Duration::from_secs(60),
];

const FORM: &str = "application/x-www-form-urlencoded; charset=UTF-8";

/// A request on its way.
type Sending<'a> = BoxFuture<'a, Result<Reply, Lost>>;

impl Opp {
    /// A form that begins with the entity, where there is one.
    pub(crate) fn form(&self) -> Form {
        let mut form = Form::default();
        form.put_some("entityId", self.settings.entity_id.as_deref());
        form
    }

    /// A POST of a form to a path under the version.
    pub(crate) fn post(&self, path: &str, form: Form) -> Result<Request<Bytes>, Error> {
        request::build(Method::POST, &self.settings.root, path, Some(FORM), form.body())
    }

    /// A GET or DELETE with its parameters in the query; `path` includes the version.
    pub(crate) fn query(&self, method: Method, path: &str, form: Form) -> Result<Request<Bytes>, Error> {
        let query = form.text();
        let glue = if query.is_empty() { "" } else { "?" };
        request::empty(method, &self.settings.base, &[path, glue, &query].concat())
    }

    /// Finds out what became of a request that moves money.
    async fn moves(&self, asked: Asked<'_>, sending: Sending<'_>, wire: &dyn Wire) -> Result<Answer, Error> {
        let open = match sending.await {
            Ok(reply) => match self.read(&asked, Surface::Mutation, &reply, wire.now())? {
                Step::Done(answer) => return Ok(answer),
                Step::Open(open) => open,
            },
            Err(lost) if lost.is_unknown() => Open::new(lost.give_up()),
            Err(lost) => return Err(lost.give_up()),
        };
        // In a box, as all that is rare: the future of an ordinary payment has no room for it.
        Box::pin(self.settle(asked, open, wire)).await
    }

    /// Asks until the question is closed, or the deadline comes.
    async fn settle(&self, asked: Asked<'_>, open: Open, wire: &dyn Wire) -> Result<Answer, Error> {
        if let Some(id) = &open.id {
            let noted = wire.note(Memo::new("payment", id)).await;
            noted.map_err(|error| error.with_fate(Fate::Unknown))?;
        }
        for (round, time) in WAITS.into_iter().enumerate() {
            let can_ask = open.id.is_some() || self.is_v1();
            if !can_ask || !wire.wait(time).await {
                break;
            }
            if let Some(answer) = self.ask(asked, &open, round, wire).await? {
                return Ok(answer);
            }
        }
        Err(open.error.with_fate(Fate::Unknown))
    }

    /// Asks once. `None`: still open. An error is a finding: a mismatch, or a refusal that the record explains.
    async fn ask(&self, asked: Asked<'_>, open: &Open, round: usize, wire: &dyn Wire) -> Result<Option<Answer>, Error> {
        match &open.id {
            Some(id) => Ok(self.ask_by_id(asked, id, open.likely.is_some(), wire).await?.answer()),
            None => {
                let found = self.ask_by_reference(asked, wire).await?.answer();
                // Not in the first round: what we look for may be booked after the rest can be read.
                if found.is_none() && open.earlier && round > 0 {
                    self.explained(asked, open, wire).await?;
                }
                Ok(found)
            }
        }
    }
}

/// Sends a request that moves money, once.
fn once<'a>(asked: Asked<'_>, request: Request<Bytes>, wire: &'a dyn Wire) -> Sending<'a> {
    let call = Call::once(request).body_decides();
    wire.send(if asked.kind.is_some_and(PaymentType::is_first) {
        call.nothing_done_on(&TURNED_AWAY_FIRST)
    } else {
        call.nothing_done_on(&TURNED_AWAY)
    })
}

/// Whether an address may be called or opened: https, or http on loopback in mode test.
pub(crate) fn is_secure(url: &str, mode: Mode) -> bool {
    if is_plain_https(url) {
        return true;
    }
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri
        .host()
        .unwrap_or_default()
        .trim_start_matches('[')
        .trim_end_matches(']');
    let loopback = || host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback());
    match uri.scheme_str() {
        Some("https") => !host.is_empty(),
        Some("http") => mode == Mode::Test && loopback(),
        _ => false,
    }
}
