//! Replies that no provider sends, to every operation of every gateway: whatever comes, nothing is approved but what the reply really says.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{
    Answer, Capture, Charge, Checkout, Error, Gateway, Inquiry, Money, Operation, OperationKind, Outcome, Payment,
    PaymentGateway as _, Payout, Policy, Reference, Refund, Reply, Source, Transfer, Void,
};
use paymux_chaos::{Stand, stands};
use paymux_conformance::End;
use serde_json::Value;

use crate::{block_on, came_of};

/// Stands between two replies of an input.
const BETWEEN: &[u8] = b"\n--\n";

/// A status and a body.
type Said = (u16, Bytes);

/// A gateway's operations, each with the replies that it was answered with when nothing went wrong.
struct Ground {
    stand: Stand,
    golden: Vec<Golden>,
}

struct Golden {
    operation: Operation,
    replies: Vec<Said>,
    /// What an approval must have been told: the amount and its currency, where the provider says them at all.
    evidence: Evidence,
}

#[derive(Debug, Default)]
struct Evidence {
    amount: Option<Money>,
    currency: bool,
}

thread_local! {
    static GROUNDS: RefCell<BTreeMap<&'static str, Rc<Ground>>> = const { RefCell::new(BTreeMap::new()) };
}

fn ground(name: &'static str) -> Rc<Ground> {
    if let Some(known) = GROUNDS.with_borrow(|grounds| grounds.get(name).cloned()) {
        return known;
    }
    let new = Rc::new(block_on(build(name)));
    GROUNDS.with_borrow_mut(|grounds| grounds.insert(name, Rc::clone(&new)));
    new
}

/// A transport that keeps what it is answered, or answers from what was kept.
#[derive(Debug, Default)]
struct Tape {
    to: Option<Arc<dyn Transport>>,
    replies: Mutex<VecDeque<Said>>,
}

impl Tape {
    fn replies(&self) -> MutexGuard<'_, VecDeque<Said>> {
        self.replies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Transport for Tape {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        if let Some(to) = &self.to {
            let reply = to.send(request).await?;
            self.replies().push_back((reply.status.as_u16(), reply.body.clone()));
            return Ok(reply);
        }
        request.body_mut().take();
        let Some((status, body)) = self.replies().pop_front() else {
            return Err(TransportError::new(false, "the replies have ended"));
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        Ok(Reply::new(
            StatusCode::from_u16(status).unwrap_or(StatusCode::OK),
            headers,
            body,
        ))
    }
}

/// A gateway that has no token yet, over this tape.
fn gateway(stand: &Stand, tape: &Arc<Tape>) -> Gateway {
    let policy = Policy::never().with_attempts(2);
    stand.gateway_of(stand.builder().policy(policy).transport(tape.clone()))
}

async fn build(name: &str) -> Ground {
    let stand = stands::named(name);
    let mut golden = Vec::new();
    let kinds = OperationKind::ALL.into_iter();
    let offered: Vec<_> = kinds
        .filter(|kind| stand.gateway().capabilities().offers(*kind))
        .collect();
    for (number, kind) in offered.into_iter().enumerate() {
        let base = base(&stand, kind, number).await;
        let Some(operation) = operation(&stand, kind, base, &format!("order{number:06}")) else {
            continue;
        };
        let tape = Arc::new(Tape {
            to: Some(stand.provider.clone()),
            ..Tape::default()
        });
        let result = gateway(&stand, &tape).execute(&operation).await;
        let replies: Vec<_> = tape.replies().drain(..).collect();
        let answer = result.unwrap_or_else(|error| panic!("{name}: {kind}: {error}"));
        let mut evidence = Evidence::default();
        // The result-code platform's answer to a void need not say how much: the sample in its documents does not.
        let may_be_silent = kind == OperationKind::Inquire || (kind == OperationKind::Void && name.starts_with("opp"));
        if matches!(answer.outcome, Outcome::Approved) && !may_be_silent {
            let told = told(&replies);
            let amount = operation.amount();
            evidence.amount = amount.filter(|amount| tells(&told, *amount));
            evidence.currency = amount.is_some_and(|amount| told.contains(amount.currency().code()));
        }
        golden.push(Golden {
            operation,
            replies,
            evidence,
        });
    }
    assert!(!golden.is_empty(), "{name}: nothing is offered");
    Ground { stand, golden }
}

/// The payment that an operation is about.
async fn base(stand: &Stand, kind: OperationKind, number: usize) -> Option<Payment> {
    let gateway = stand.gateway();
    let offers = |kind| gateway.capabilities().offers(kind);
    let begins = match kind {
        OperationKind::Capture | OperationKind::Void if offers(OperationKind::Authorize) => OperationKind::Authorize,
        OperationKind::Refund | OperationKind::Void | OperationKind::Inquire if offers(OperationKind::Sale) => {
            OperationKind::Sale
        }
        OperationKind::Refund | OperationKind::Inquire => OperationKind::Checkout,
        _ => return None,
    };
    let operation = operation(stand, begins, None, &format!("base{number:07}"))?;
    let answer = gateway.execute(&operation).await.ok()?;
    if kind != OperationKind::Void {
        stand.subject.settle.settle(&answer, End::Approved).await;
        tokio::time::sleep(gateway.capabilities().inquiry_interval).await;
    }
    Some(answer.payment)
}

fn operation(stand: &Stand, kind: OperationKind, base: Option<Payment>, name: &str) -> Option<Operation> {
    let amount = stand.subject.amount;
    let reference: Reference = name.parse().ok()?;
    let charge = |source: Source| {
        let mut charge = Charge::new(reference.clone(), amount, source);
        (stand.subject.complete)(&mut charge);
        Box::new(charge)
    };
    let about = base.map(|payment| payment.reference);
    Some(match kind {
        OperationKind::Authorize => Operation::Authorize(charge(stand.subject.approved.clone())),
        OperationKind::Sale => Operation::Sale(charge(stand.subject.approved.clone())),
        OperationKind::Checkout => {
            let mut checkout = Checkout::new(reference.clone(), amount);
            checkout.charge = *charge(Source::Hosted);
            Operation::Checkout(Box::new(checkout))
        }
        OperationKind::Capture => Operation::Capture(Capture::new(about?, reference, amount)),
        OperationKind::Refund => Operation::Refund(Refund::new(about?, reference, amount)),
        OperationKind::Void => {
            let mut void = Void::new(about?, reference);
            void.amount = Some(amount);
            Operation::Void(void)
        }
        OperationKind::Inquire => Operation::Inquire(Inquiry::Payment(about?)),
        OperationKind::Payout => {
            Operation::Payout(Box::new(Payout::new(reference, amount, stand.subject.payee.clone()?)))
        }
        OperationKind::Transfer => {
            let (from, to) = stand.subject.accounts.clone()?;
            Operation::Transfer(Transfer::new(reference, amount, from, to))
        }
        _ => return None,
    })
}

/// Every word and number of the replies, whatever stands between them: adapters read field by field, and need no JSON that is right throughout.
fn told(replies: &[Said]) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    for (_, body) in replies {
        let text = String::from_utf8_lossy(body);
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_')));
        told.extend(words.map(str::to_owned));
        // And what is written with escapes.
        if let Ok(value) = serde_json::from_str(&text) {
            gather(&value, &mut told);
        }
    }
    told
}

fn gather(value: &Value, told: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| gather(item, told)),
        Value::Object(fields) => fields.values().for_each(|item| gather(item, told)),
        Value::String(text) => {
            told.insert(text.clone());
        }
        _ => {}
    }
}

/// Whether an amount is among them, in major or in minor units.
fn tells(told: &BTreeSet<String>, amount: Money) -> bool {
    told.iter().any(|text| {
        let is_minor = text.parse::<i64>() == Ok(amount.minor());
        is_minor
            || Money::from_decimal(text, amount.currency()).is_ok_and(|money| money == amount)
            || same_number(text, amount)
    })
}

/// `92.0` and `92`, as JSON may write it.
fn same_number(text: &str, amount: Money) -> bool {
    let bare = |text: &str| match text.split_once('.') {
        Some((whole, part)) => format!("{whole}.{}", part.trim_end_matches('0')),
        None => format!("{text}."),
    };
    bare(text) == bare(&amount.decimal())
}

/// Answers an operation with these replies; panics if it is approved without the evidence.
pub(crate) fn run(name: &'static str, data: &[u8]) -> u64 {
    let ground = ground(name);
    let (number, rest) = data
        .split_first()
        .map_or((0, data), |(number, rest)| (usize::from(*number), rest));
    let Some(golden) = ground.golden.get(number % ground.golden.len()) else {
        return 0;
    };
    let replies = split(rest);
    let tape = Arc::new(Tape {
        to: None,
        replies: Mutex::new(replies.iter().cloned().collect()),
    });
    let result = block_on(async { gateway(&ground.stand, &tape).execute(&golden.operation).await });
    if let Ok(Answer {
        outcome: Outcome::Approved,
        ..
    }) = &result
    {
        golden.evidence.check(name, &golden.operation, &told(&replies));
    }
    print(&result);
    let kind = golden.operation.kind().as_str();
    match &result {
        Ok(answer) => came_of(&[kind, answer.outcome.as_str(), &answer.payment.state.to_string()]),
        Err(error) => came_of(&[kind, error.kind().as_str(), error.fate().as_str(), error.message()]),
    }
}

impl Evidence {
    fn check(&self, name: &str, operation: &Operation, told: &BTreeSet<String>) {
        let kind = operation.kind();
        if let Some(amount) = self.amount {
            assert!(
                tells(told, amount),
                "{name}: {kind} is approved, and nothing says {amount}"
            );
            let code = amount.currency().code();
            let says = told.iter().any(|text| text.eq_ignore_ascii_case(code));
            assert!(
                !self.currency || says,
                "{name}: {kind} is approved, and nothing says {code}"
            );
        }
    }
}

/// Whatever came of it can be shown.
fn print(result: &Result<Answer, Error>) {
    let (shown, raw) = match result {
        Ok(answer) => (format!("{answer:?}"), answer.payment.raw.as_ref()),
        Err(error) => (format!("{error}{error:?}{}", error.to_json()), error.raw()),
    };
    assert!(!shown.is_empty());
    if let Some(raw) = raw {
        let _ = raw.scrubbed();
    }
}

pub(crate) fn seeds(name: &'static str) -> Vec<Vec<u8>> {
    let ground = ground(name);
    let numbers = (0_u8..).zip(&ground.golden);
    numbers
        .map(|(number, golden)| {
            let mut out = vec![number];
            for (index, (status, body)) in golden.replies.iter().enumerate() {
                if index > 0 {
                    out.extend_from_slice(BETWEEN);
                }
                out.extend_from_slice(format!("{status}\n").as_bytes());
                out.extend_from_slice(body);
            }
            out
        })
        .collect()
}

fn split(data: &[u8]) -> Vec<Said> {
    let mut replies = Vec::new();
    let mut rest = data;
    // Nobody is answered more often than this.
    while replies.len() < 32 {
        let end = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        let (one, after) = rest.split_at(end.unwrap_or(rest.len()));
        let line = one.iter().position(|byte| *byte == b'\n').unwrap_or(0);
        let (status, body) = one.split_at(line);
        let status = std::str::from_utf8(status).ok().and_then(|text| text.parse().ok());
        let body = if status.is_some() {
            body.get(1..).unwrap_or_default()
        } else {
            one
        };
        replies.push((
            status.filter(|code| (100..1000).contains(code)).unwrap_or(200),
            Bytes::copy_from_slice(body),
        ));
        match after.get(BETWEEN.len()..) {
            Some(more) => rest = more,
            None => break,
        }
    }
    replies
}
