//! The calls that every flow is made of: requests, reading, looking up by reference.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, Uri, header};
use paymux_core::{Call, Error, ErrorKind, Fate, Money, Reply, Wire, request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;

use crate::adapter::CoolPay;
use crate::reading::{self, Kind, Place};
use crate::shapes::Resource;

/// The waits between looks for a payment by its reference, in seconds: a search may lag behind.
const SEARCHES: [u64; 2] = [1, 3];

/// How many rows a search asks for: one is there, and a second would show that it is not alone.
const ROWS: usize = 2;

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_');

/// An amount as it goes onto the wire.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub money: Money,
    pub units: i64,
    pub currency: &'static str,
}

impl CoolPay {
    /// A request without a body.
    pub(crate) fn bare(&self, method: Method, path: &str) -> Result<Request<Bytes>, Error> {
        Ok(dressed(request::empty(method, &self.parts.base, path)?))
    }

    /// A request with a JSON body.
    pub(crate) fn request<T: Serialize>(&self, method: Method, path: &str, body: &T) -> Result<Request<Bytes>, Error> {
        let request = request::json(method, &self.parts.base, path, "application/json", body)?;
        Ok(dressed(request))
    }

    /// Asks for something.
    pub(crate) async fn get(&self, request: Request<Bytes>, wire: &dyn Wire) -> Result<Reply, Error> {
        self.question(Call::asks(request), wire).await
    }

    async fn question(&self, call: Call, wire: &dyn Wire) -> Result<Reply, Error> {
        match wire.send(call).await {
            Ok(reply) if reply.status.is_success() => Ok(reply),
            Ok(reply) => Err(reading::refusal(&reply, wire.now()).error.with_fate(Fate::NotDone)),
            Err(lost) => Err(lost.give_up()),
        }
    }

    /// Reads a payment or payout, whole.
    pub(crate) async fn read(&self, place: &Place, wire: &dyn Wire) -> Result<Resource, Error> {
        let call = Call::asks(self.bare(Method::GET, &place.path())?);
        self.whole(place, call, wire).await
    }

    /// Reads a payment or payout for a caller who only asks, and may ask too often.
    pub(crate) async fn read_in_turn(&self, place: &Place, wire: &dyn Wire) -> Result<Resource, Error> {
        let path = place.path();
        let call = Call::asks(self.bare(Method::GET, &path)?);
        self.whole(place, call.about(path), wire).await
    }

    async fn whole(&self, place: &Place, call: Call, wire: &dyn Wire) -> Result<Resource, Error> {
        let reply = self.question(call, wire).await?;
        let body = self.resource(&reply)?;
        let broken = |what: &str| Error::new(ErrorKind::Provider, format!("the reply about {} {what}", place.path()));
        match (&body.id, &body.operations) {
            (Some(id), Some(_)) if *id == place.id => Ok(body),
            (Some(id), _) if *id != place.id => Err(broken(&format!("is about {id}"))),
            (None, _) => Err(broken("has no id")),
            (_, _) => Err(broken("has no list of operations")),
        }
    }

    /// Looks a payment or payout up by the caller's reference, once.
    pub(crate) async fn search(
        &self,
        kind: Kind,
        reference: &str,
        wire: &dyn Wire,
    ) -> Result<Option<(Place, Resource)>, Error> {
        let encoded = utf8_percent_encode(reference, QUERY);
        let path = format!("/{}?order_id={encoded}&page_size={ROWS}", kind.collection());
        let reply = self.get(self.bare(Method::GET, &path)?, wire).await?;
        let mut rows: Vec<Resource> = reply.json()?;
        // Rows that nobody asked for show that it was not searched for this reference, and so nothing of what is there.
        let asked = |row: &Resource| {
            let theirs = row.order_id.as_deref();
            theirs.is_some_and(|theirs| theirs.eq_ignore_ascii_case(reference))
        };
        if !rows.iter().all(asked) {
            let message = "the search by order_id answers with rows of another order_id, or of none";
            return Err(Error::new(ErrorKind::Provider, message));
        }
        let full = rows.len() >= ROWS;
        rows.retain(|row| row.order_id.as_deref() == Some(reference));
        if full && rows.is_empty() {
            let message = format!(
                "the search for {reference} answers with a full page of others that differ from it by case alone"
            );
            return Err(Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown));
        }
        let mut ids = rows.into_iter().map(|row| row.id);
        let place = match (ids.next(), ids.next()) {
            (None, _) => return Ok(None),
            (Some(id), None) => Place::new(kind, &id.unwrap_or_default()),
            (Some(_), Some(_)) => {
                let message = format!("several {} have the reference {reference}", kind.collection());
                return Err(Error::new(ErrorKind::Provider, message).with_fate(Fate::Unknown));
            }
        };
        let place = place.ok_or_else(|| Error::new(ErrorKind::Provider, "a row of the list has no id"))?;
        // Rows of a list may not carry every operation.
        let body = self.read(&place, wire).await?;
        Ok(Some((place, body)))
    }

    /// Looks a payment or payout up by the caller's reference, again after a while where it is not there.
    pub(crate) async fn look_up(
        &self,
        kind: Kind,
        reference: &str,
        wire: &dyn Wire,
    ) -> Result<Option<(Place, Resource)>, Error> {
        for wait in SEARCHES {
            if let Some(found) = self.search(kind, reference, wire).await? {
                return Ok(Some(found));
            }
            if !wire.wait(Duration::from_secs(wait)).await {
                return Ok(None);
            }
        }
        self.search(kind, reference, wire).await
    }

    /// A payment that was there before, and shows no operation: looks again for a while, since one may be on its way.
    pub(crate) async fn steady(
        &self,
        place: Place,
        mut body: Resource,
        wire: &dyn Wire,
    ) -> Result<(Place, Resource), Error> {
        for wait in SEARCHES {
            if body.operations.iter().flatten().next().is_some() || !wire.wait(Duration::from_secs(wait)).await {
                break;
            }
            body = self.read(&place, wire).await?;
        }
        Ok((place, body))
    }

    /// The path that a reply's `Location` names, if it is on our host.
    pub(crate) fn location(&self, reply: &Reply) -> Option<String> {
        let text = reply.headers.get(header::LOCATION)?.to_str().ok()?;
        let uri: Uri = text.parse().ok()?;
        let same = match (uri.scheme_str(), uri.authority()) {
            (Some(scheme), Some(authority)) => format!("{scheme}://{authority}") == self.parts.origin,
            (None, None) => text.starts_with('/'),
            _ => false,
        };
        same.then(|| uri.path_and_query().map(|p| p.as_str().to_owned()))?
    }

    /// The payment that a reply's `Location` names, if it is on our host.
    pub(crate) fn located(&self, reply: &Reply, kind: Kind) -> Option<Place> {
        let location = self.location(reply)?;
        let (_, rest) = location.split_once(&format!("/{}/", kind.collection()))?;
        Place::new(kind, rest.split(['/', '?']).next()?)
    }
}

/// The headers of every request.
pub(super) fn dressed(mut request: Request<Bytes>) -> Request<Bytes> {
    let headers = request.headers_mut();
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    headers.insert(
        HeaderName::from_static("accept-version"),
        HeaderValue::from_static("v10"),
    );
    request
}

/// Says where this operation's callbacks go. The name of the header is the brand's, so both are sent.
pub(crate) fn notify(request: &mut Request<Bytes>, url: Option<&str>) -> Result<(), Error> {
    let Some(url) = url else {
        return Ok(());
    };
    let value = HeaderValue::from_str(url)
        .map_err(|_| Error::invalid("notify_url", "has characters that a header cannot carry"))?;
    for name in ["coolpay-callback-url", "quickpay-callback-url"] {
        request
            .headers_mut()
            .insert(HeaderName::from_static(name), value.clone());
    }
    Ok(())
}
