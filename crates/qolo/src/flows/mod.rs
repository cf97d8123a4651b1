//! Operation → calls → answer.
//!
//! `charge` moves money to and from instruments and accounts, `follow_up` voids and refunds, `ask` only asks, `methods` lists instruments, and
//! `tokens` logs in.

mod ask;
mod charge;
mod follow_up;
mod methods;
mod tokens;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use paymux_core::{Call, Error, ErrorKind, Fate, Lost, Operation, Reply, Wire, idempotency_key, request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapter::Qolo;
use crate::reading::{is_bare, refusal};
use crate::shapes::Page;

/// The header of idempotency keys: one word, and no hyphen.
const KEY: HeaderName = HeaderName::from_static("idempotencykey");
/// What need not be escaped in a path or a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The most pages that are read of one list.
const PAGES: u32 = 50;

impl Qolo {
    /// `GET`, below the version.
    pub(crate) fn get(&self, path: &str) -> Result<Request<Bytes>, Error> {
        let request = request::empty(Method::GET, &self.root, path)?;
        Ok(accepting(request))
    }

    /// A request with a JSON body, below the version.
    pub(crate) fn send<T: Serialize>(&self, method: Method, path: &str, body: &T) -> Result<Request<Bytes>, Error> {
        let request = request::json(method, &self.root, path, "application/json", body)?;
        Ok(accepting(request))
    }

    /// Sends a POST that moves money, and gives a reply that is a success. A refusal that is not in the provider's words says nothing of what was
    /// done; the key does: what is sent once more under it is answered with what the first came to, and only a success counts then.
    pub(crate) async fn moved<T: Serialize + Sync>(
        &self,
        path: &str,
        body: &T,
        operation: &Operation,
        refused: impl Fn(&Reply) -> Error + Send + Sync,
        wire: &dyn Wire,
    ) -> Result<Reply, Error> {
        let call = self.keyed(path, body, operation, wire)?;
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        if reply.status.is_success() {
            return Ok(reply);
        }
        let error = refused(&reply);
        if !is_bare(&reply) {
            return Err(error);
        }
        let again = self.keyed(path, body, operation, wire)?;
        match wire.send(again).await {
            Ok(reply) if reply.status.is_success() => Ok(reply),
            Ok(reply) if !is_bare(&reply) => Err(refused(&reply).with_fate(Fate::Unknown)),
            _ => Err(error),
        }
    }

    /// A POST that moves money, under the key of its operation. 429 comes from the gateway in front of the API: nothing was done.
    fn keyed<T: Serialize>(&self, path: &str, body: &T, operation: &Operation, wire: &dyn Wire) -> Result<Call, Error> {
        let key = idempotency_key(operation)
            .ok_or_else(|| Error::invalid("reference", "is missing, and the idempotency key is made from it"))?;
        let request = with_key(self.send(Method::POST, path, body)?, key)?;
        let now = wire.now();
        let until = now.checked_add(self.life).unwrap_or(now);
        Ok(Call::keyed(request, until).nothing_done_on(&[StatusCode::TOO_MANY_REQUESTS]))
    }
}

/// Puts an idempotency key on a request. It is no secret.
pub(crate) fn with_key(mut request: Request<Bytes>, key: String) -> Result<Request<Bytes>, Error> {
    let value = HeaderValue::try_from(key).map_err(|_| {
        Error::new(
            ErrorKind::InvalidRequest,
            "the idempotency key cannot stand in a header",
        )
    })?;
    request.headers_mut().insert(KEY, value);
    Ok(request)
}

fn accepting(mut request: Request<Bytes>) -> Request<Bytes> {
    let json = HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::ACCEPT, json);
    request
}

/// An id as it stands in a path or a query.
pub(crate) fn escaped(id: &str) -> String {
    utf8_percent_encode(id, PLAIN).to_string()
}

/// Asks, and reads the JSON of a success.
pub(crate) async fn ask<T: DeserializeOwned>(request: Request<Bytes>, wire: &dyn Wire) -> Result<T, Error> {
    success(request, wire).await?.json()
}

/// Asks, and gives a reply that is a success.
async fn success(request: Request<Bytes>, wire: &dyn Wire) -> Result<Reply, Error> {
    let reply = wire.send(Call::asks(request)).await.map_err(Lost::give_up)?;
    if reply.status.is_success() {
        Ok(reply)
    } else {
        Err(refusal(&reply, false, wire.now()))
    }
}

/// Asks for all pages of a list; `request` makes the one that starts at an index, `None` for the first. A bare array is one page, and so is one
/// that does not say whether there are more.
pub(crate) async fn list<T: DeserializeOwned>(
    request: impl Fn(Option<i64>) -> Result<Request<Bytes>, Error> + Send,
    wire: &dyn Wire,
) -> Result<Vec<T>, Error> {
    let (all, _) = pages(request, wire).await?;
    Ok(all)
}

/// Asks for all pages of a list, and tells whether the last one said that it is.
pub(crate) async fn pages<T: DeserializeOwned>(
    request: impl Fn(Option<i64>) -> Result<Request<Bytes>, Error> + Send,
    wire: &dyn Wire,
) -> Result<(Vec<T>, bool), Error> {
    let endless = || Error::new(ErrorKind::Provider, "the provider's list does not come to an end");
    let mut all = Vec::new();
    let mut start = None;
    for _ in 0..PAGES {
        let reply = wire.send(Call::asks(request(start)?)).await.map_err(Lost::give_up)?;
        if !reply.status.is_success() {
            return Err(refusal(&reply, false, wire.now()));
        }
        if reply.body.trim_ascii_start().starts_with(b"[") {
            return Ok((reply.json()?, true));
        }
        let page: Page<T> = reply.json()?;
        let empty = page.data.is_empty();
        all.extend(page.data);
        if empty || page.has_more != Some(true) {
            return Ok((all, empty || page.has_more.is_some()));
        }
        let next = page.end_index.and_then(|end| end.checked_add(1)).ok_or_else(endless)?;
        if start.is_some_and(|start| next <= start) {
            return Err(endless());
        }
        start = Some(next);
    }
    Err(endless())
}
