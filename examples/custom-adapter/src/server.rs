//! The imaginary provider, in memory: a transport to it, and what the conformance suite wants to see and to break.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux_conformance::{Booked, Fault, Faults, Tap, Truth};
use paymux_core::{Currency, EntryKind, Money, Reply, async_trait, currency};
use serde::Deserialize;

use crate::shapes::{Charge, Problem, Step};

/// The provider.
#[derive(Debug, Default)]
pub struct Server {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    charges: Vec<Charge>,
    booked: Vec<Booked>,
    keys: HashMap<String, Bytes>,
    requests: Vec<Request<Bytes>>,
    faults: Vec<(u32, Fault)>,
}

/// What a request asks for.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Ask {
    reference: String,
    amount: i64,
    currency: String,
    capture: bool,
    card: AskCard,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct AskCard {
    number: String,
}

type Refusal = (StatusCode, &'static str);

const MISSING: Refusal = (StatusCode::NOT_FOUND, "there is no such charge");

impl State {
    /// Answers a request; a key that was used before gets its first answer again.
    fn answer(&mut self, request: &Request<Bytes>) -> (StatusCode, Bytes) {
        let key = request
            .headers()
            .get("idempotency-key")
            .and_then(|key| key.to_str().ok());
        if let Some(body) = key.and_then(|key| self.keys.get(key)) {
            return (StatusCode::OK, body.clone());
        }
        let (status, body) = match self.act(request) {
            Ok(charge) => (StatusCode::OK, serde_json::to_vec(&charge)),
            Err((status, message)) => (
                status,
                serde_json::to_vec(&Problem {
                    message: message.to_owned(),
                }),
            ),
        };
        let body = Bytes::from(body.unwrap_or_default());
        if let Some(key) = key.filter(|_| status.is_success()) {
            self.keys.insert(key.to_owned(), body.clone());
        }
        (status, body)
    }

    fn act(&mut self, request: &Request<Bytes>) -> Result<Charge, Refusal> {
        let ask: Ask = serde_json::from_slice(request.body()).unwrap_or_default();
        let path: Vec<_> = request.uri().path().split('/').skip(1).collect();
        match (request.method(), path.as_slice()) {
            (&Method::GET, ["charges"]) => {
                let reference = request.uri().query().and_then(|query| query.strip_prefix("reference="));
                self.find(|charge| Some(charge.reference.as_str()) == reference)
            }
            (&Method::GET, ["charges", id]) => self.find(|charge| charge.id == *id),
            (&Method::POST, ["charges"]) => {
                let id = format!("ch-{}", self.charges.len().saturating_add(1000));
                self.charges.push(Charge {
                    id: id.clone(),
                    reference: ask.reference.clone(),
                    amount: ask.amount,
                    currency: ask.currency.clone(),
                    test: true,
                    steps: Vec::new(),
                });
                let code = if ask.card.number == "4200000000000018" {
                    "D51"
                } else {
                    "OK"
                };
                self.book(&id, EntryKind::Authorize, &ask, code);
                if ask.capture && code == "OK" {
                    self.book(&id, EntryKind::Capture, &ask, code);
                }
                self.find(|charge| charge.id == id)
            }
            (&Method::POST, ["charges", id, what]) => {
                let charge = self.find(|charge| charge.id == *id)?;
                let (taken, back) = (self.sum(id, EntryKind::Capture), self.sum(id, EntryKind::Refund));
                let open = taken == 0 && self.sum(id, EntryKind::Void) == 0;
                let (kind, allowed) = match *what {
                    "captures" => (EntryKind::Capture, open && ask.amount <= charge.amount),
                    "refunds" => (EntryKind::Refund, ask.amount <= taken.saturating_sub(back)),
                    "voids" => (EntryKind::Void, open && ask.amount == charge.amount),
                    _ => return Err(MISSING),
                };
                if !allowed {
                    return Err((StatusCode::CONFLICT, "the charge is not in a state for this"));
                }
                self.book(id, kind, &ask, "OK");
                self.find(|charge| charge.id == *id)
            }
            _ => Err(MISSING),
        }
    }

    fn find(&self, wanted: impl Fn(&Charge) -> bool) -> Result<Charge, Refusal> {
        self.charges
            .iter()
            .find(|charge| wanted(charge))
            .cloned()
            .ok_or(MISSING)
    }

    fn sum(&self, id: &str, kind: EntryKind) -> i64 {
        let mine = self
            .booked
            .iter()
            .filter(|booked| booked.payment == id && booked.kind == kind);
        mine.map(|booked| booked.amount.minor()).sum()
    }

    fn book(&mut self, id: &str, kind: EntryKind, ask: &Ask, code: &str) {
        let number = self.booked.len();
        let Some(charge) = self.charges.iter_mut().find(|charge| charge.id == id) else {
            return;
        };
        charge.steps.push(Step {
            kind: format!("{kind:?}").to_lowercase(),
            id: format!("st-{number}"),
            reference: ask.reference.clone(),
            amount: ask.amount,
            code: code.to_owned(),
        });
        if code == "OK" {
            self.booked.push(Booked::new(
                id,
                kind,
                Money::new(ask.amount, currency(&charge.currency).unwrap_or(Currency::XXX)),
            ));
        }
    }

    /// The fault that is planned for this request.
    fn fault(&mut self) -> Option<Fault> {
        let now = self.faults.iter().position(|(skip, _)| *skip == 0);
        let passed = now.unwrap_or(self.faults.len());
        for (skip, _) in self.faults.iter_mut().take(passed) {
            *skip = skip.saturating_sub(1);
        }
        now.map(|index| self.faults.remove(index).1)
    }
}

impl Server {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Server {
    async fn send(&self, request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let (parts, mut body) = request.into_parts();
        let request = Request::from_parts(parts, body.peek());
        let mut state = self.state();
        state.requests.push(request.clone());
        let fault = state.fault();
        if fault == Some(Fault::Refuse) {
            return Err(TransportError::new(true, "the connection was refused"));
        }
        body.take();
        let lost = || Err(TransportError::new(false, "the exchange broke"));
        if fault == Some(Fault::ResetBefore) {
            return lost();
        }
        let (status, body) = match fault {
            Some(Fault::StatusBefore(status)) => (status, Bytes::new()),
            Some(Fault::TooMany(_)) => (StatusCode::TOO_MANY_REQUESTS, Bytes::new()),
            _ => state.answer(&request),
        };
        let (status, body) = match fault {
            Some(Fault::ResetAfter | Fault::Truncate) => return lost(),
            Some(Fault::StatusAfter(status)) => (status, Bytes::new()),
            Some(Fault::Empty) => (status, Bytes::new()),
            Some(Fault::PageAfter(status)) => (status, Bytes::from_static(b"<html></html>")),
            Some(Fault::Malformed) => (status, Bytes::from_static(b"<html></html>")),
            _ => (status, body),
        };
        let headers = HeaderMap::new();
        Ok(Reply::new(status, headers, body))
    }
}

impl Truth for Server {
    fn all(&self) -> Vec<Booked> {
        self.state().booked.clone()
    }
}

impl Tap for Server {
    fn requests(&self) -> Vec<Request<Bytes>> {
        self.state().requests.clone()
    }
}

impl Faults for Server {
    fn plan(&self, skip: u32, fault: Fault) -> bool {
        let can = !matches!(
            fault,
            Fault::Lag(_) | Fault::LateCommit(_) | Fault::ExpiredToken | Fault::Code(_) | Fault::Stuck
        );
        if can {
            self.state().faults.push((skip, fault));
        }
        can
    }

    fn clear(&self) {
        self.state().faults.clear();
    }
}
