//! Operation → calls → answer. A sale pulls from a stored instrument, a payout pushes to one, a transfer stays inside; all three are one call.

pub(crate) mod ask;
pub(crate) mod login;
pub(crate) mod methods;
pub(crate) mod undo;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode, header};
use paymux_core::decimal::Number;
use paymux_core::{
    Answer, Call, Charge, Error, ErrorKind, Fate, Lost, Memo, Money, Operation, Payout, Reply, Source, Transfer, Wire,
    idempotency_key, request,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::adapter::{PROVIDER, Qolo};
use crate::codes::{Rail, TransferType};
use crate::reading::{Asked, is_bare, refusal};
use crate::shapes::{Locator, Page, TransferRequest};

/// The header of idempotency keys: one word, and no hyphen.
const KEY: HeaderName = HeaderName::from_static("idempotencykey");
/// What need not be escaped in a path or a query.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The most pages that are read of one list.
const PAGES: u32 = 50;

/// Pulls money from a stored instrument into the configured account.
pub(crate) async fn sale(
    qolo: &Qolo,
    operation: &Operation,
    charge: &Charge,
    wire: &dyn Wire,
) -> Result<Answer, Error> {
    let (rail, instrument) = qolo.instrument(&charge.source)?;
    let asked = Asked {
        kind: rail.pull(),
        reference: &charge.reference,
        amount: charge.amount,
        order: charge.order.as_deref(),
    };
    let body = qolo.body(
        &asked,
        charge.description.as_deref(),
        Locator::instrument(instrument),
        Locator::account(&qolo.account),
    )?;
    wire.note(Memo::new("account", &qolo.account)).await?;
    wire.note(Memo::new("instrument", instrument)).await?;
    create(qolo, operation, &asked, &body, wire).await
}

/// Pushes money from the configured account to a stored instrument.
pub(crate) async fn payout(
    qolo: &Qolo,
    operation: &Operation,
    payout: &Payout,
    wire: &dyn Wire,
) -> Result<Answer, Error> {
    let (rail, instrument) = qolo.instrument(&payout.to)?;
    let asked = Asked {
        kind: rail.push(),
        reference: &payout.reference,
        amount: payout.amount,
        order: None,
    };
    let body = qolo.body(
        &asked,
        payout.description.as_deref(),
        Locator::account(&qolo.account),
        Locator::instrument(instrument),
    )?;
    wire.note(Memo::new("account", &qolo.account)).await?;
    wire.note(Memo::new("instrument", instrument)).await?;
    create(qolo, operation, &asked, &body, wire).await
}

/// Moves money between two accounts at the provider.
pub(crate) async fn transfer(
    qolo: &Qolo,
    operation: &Operation,
    transfer: &Transfer,
    wire: &dyn Wire,
) -> Result<Answer, Error> {
    if transfer.from.is_empty() || transfer.to.is_empty() || transfer.from == transfer.to {
        return Err(Error::invalid(
            "to",
            "and from must be the ids of two different accounts",
        ));
    }
    let asked = Asked {
        kind: TransferType::AccountToAccount,
        reference: &transfer.reference,
        amount: transfer.amount,
        order: None,
    };
    let body = qolo.body(
        &asked,
        transfer.description.as_deref(),
        Locator::account(&transfer.from),
        Locator::account(&transfer.to),
    )?;
    wire.note(Memo::new("account", &transfer.from)).await?;
    create(qolo, operation, &asked, &body, wire).await
}

/// `POST transfers`. Its answer lost, nothing is looked for here: a search may find somebody else's.
async fn create(
    qolo: &Qolo,
    operation: &Operation,
    asked: &Asked<'_>,
    body: &TransferRequest<'_>,
    wire: &dyn Wire,
) -> Result<Answer, Error> {
    wire.note(Memo::new("transfer", asked.kind.as_str())).await?;
    let refused = |reply: &Reply| refusal(reply, true, wire.now());
    let reply = qolo.moved("/transfers", body, operation, refused, wire).await?;
    let created = qolo.created(&reply, asked);
    if let Some(payment) = created.as_ref().err().and_then(Error::payment) {
        wire.note(Memo::new("payment", payment.id())).await?;
    }
    created
}

impl Qolo {
    /// The rail and the id of a stored instrument: `card:GUID`, `ach:GUID`, `rtp:GUID`, or an id alone on the configured rail.
    fn instrument<'a>(&self, source: &'a Source) -> Result<(Rail, &'a str), Error> {
        let Source::Stored(id) = source else {
            let what = format!("source {}", source.kind().as_str());
            return Err(Error::unsupported(PROVIDER, &what));
        };
        let (rail, guid) = match id.split_once(':') {
            None => (Some(self.funding), id.as_str()),
            Some((rail, guid)) => (Rail::parse(rail), guid),
        };
        match rail {
            Some(rail) if !guid.is_empty() && !guid.contains(':') => Ok((rail, guid)),
            _ => Err(Error::invalid(
                "source",
                "must be an outside_instrument_guid, alone or after `card:`, `ach:` or `rtp:`",
            )),
        }
    }

    fn body<'a>(
        &self,
        asked: &Asked<'a>,
        description: Option<&'a str>,
        source: Locator<'a>,
        destination: Locator<'a>,
    ) -> Result<TransferRequest<'a>, Error> {
        Ok(TransferRequest {
            client_reference_id: asked.reference.as_str(),
            transfer_type: asked.kind.as_str(),
            channel_type: asked.kind.channel(),
            amount: self.number(asked.amount)?,
            currency: asked.amount.currency().code(),
            description,
            memo_code: asked.reference.as_str(),
            source,
            destination,
        })
    }

    /// An amount as the JSON number that the wire wants: major units.
    pub(crate) fn number(&self, amount: Money) -> Result<Number, Error> {
        let scales = &self.capabilities.scales;
        let refused = |error: paymux_core::MoneyError| Error::invalid("amount", error.to_string());
        let units = scales.units(amount).map_err(refused)?;
        let digits = scales.digits(amount.currency()).map_err(refused)?;
        Ok(Number::new(units, digits))
    }

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
pub(crate) async fn ask<T: DeserializeOwned>(wire: &dyn Wire, request: Request<Bytes>) -> Result<T, Error> {
    success(wire, request).await?.json()
}

/// Asks, and gives a reply that is a success.
async fn success(wire: &dyn Wire, request: Request<Bytes>) -> Result<Reply, Error> {
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
    wire: &dyn Wire,
    request: impl Fn(Option<i64>) -> Result<Request<Bytes>, Error> + Send,
) -> Result<Vec<T>, Error> {
    let (all, _) = pages(wire, request).await?;
    Ok(all)
}

/// Asks for all pages of a list, and tells whether the last one said that it is.
pub(crate) async fn pages<T: DeserializeOwned>(
    wire: &dyn Wire,
    request: impl Fn(Option<i64>) -> Result<Request<Bytes>, Error> + Send,
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
