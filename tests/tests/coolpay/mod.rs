//! A gateway on the simulated CoolPay with one operation to be done, and what is claimed of it against the ledger.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use paymux::{
    Agreement, Answer, Capture, Charge, Error, Fate, Initiator, Operation, Outcome, PaymentGateway as _, PaymentRef,
    Payout, Refund, Source, Void,
};
use paymux_simulator::coolpay::Settings;
use paymux_simulator::{Fault, FaultPlan, Kind, Matcher, Movement};
use paymux_tests::{Stand, stands};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Sale,
    SaleOfSavedCard,
    SaleUnderSubscription,
    Authorize,
    Capture,
    Refund,
    Void,
    Payout,
    PayoutToSavedCard,
}

pub(crate) const DEEDS: [Deed; 9] = [
    Deed::Sale,
    Deed::SaleOfSavedCard,
    Deed::SaleUnderSubscription,
    Deed::Authorize,
    Deed::Capture,
    Deed::Refund,
    Deed::Void,
    Deed::Payout,
    Deed::PayoutToSavedCard,
];

impl Deed {
    /// What the ledger shows of it when it is done.
    pub(crate) const fn entry(self) -> Kind {
        match self {
            Self::Authorize => Kind::Authorize,
            Self::Refund => Kind::Refund,
            Self::Void => Kind::Void,
            Self::Payout | Self::PayoutToSavedCard => Kind::Payout,
            _ => Kind::Capture,
        }
    }

    /// Whether the provider takes its reference only once, so that doing it again is safe.
    pub(crate) const fn repeats(self) -> bool {
        !matches!(self, Self::Capture | Self::Refund | Self::Void)
    }

    pub(crate) const fn minor(self) -> i64 {
        match self {
            Self::Capture => 4_000,
            Self::Refund => 3_000,
            _ => 10_000,
        }
    }
}

pub(crate) struct World {
    pub(crate) stand: Stand,
    pub(crate) gateway: paymux::Gateway,
    pub(crate) operation: Operation,
    pub(crate) deed: Deed,
    pub(crate) before: usize,
}

pub(crate) fn call(stand: &Stand, method: Method, path: &str, body: &str) -> serde_json::Value {
    let request = Request::builder()
        .method(method)
        .uri(format!("http://127.0.0.1:1{path}"))
        .header("authorization", "Basic OmNhbmFyeS1hcGkta2V5")
        .header("accept-version", "v10")
        .header("accept", "application/json")
        .header("content-type", "application/json")
        .body(Bytes::from(body.to_owned()))
        .unwrap();
    let response = stand.provider.browse(&request);
    assert!(response.status().is_success(), "{path}: {response:?}");
    serde_json::from_slice(response.body()).unwrap()
}

pub(crate) const CARD: &str = r#"{"amount":100,"card":{"number":"1000000000000008","expiration":"3405","cvd":"123"}}"#;

pub(crate) fn saved_card(stand: &Stand) -> Source {
    let id = call(stand, Method::POST, "/cards", "{}").get("id").unwrap().to_string();
    call(
        stand,
        Method::POST,
        &format!("/cards/{id}/authorize?synchronized"),
        CARD,
    );
    Source::Stored(format!("card:{id}"))
}

pub(crate) fn subscription(stand: &Stand) -> Source {
    let new = r#"{"order_id":"subs1001","currency":"DKK","description":"monthly"}"#;
    let id = call(stand, Method::POST, "/subscriptions", new)
        .get("id")
        .unwrap()
        .to_string();
    call(
        stand,
        Method::POST,
        &format!("/subscriptions/{id}/authorize?synchronized"),
        CARD,
    );
    Source::Stored(format!("subscription:{id}"))
}

pub(crate) fn charge(reference: &str, source: Source) -> Box<Charge> {
    Box::new(Charge::new(
        reference.parse().unwrap(),
        stands::money("100.00 DKK"),
        source,
    ))
}

pub(crate) async fn paid(gateway: &paymux::Gateway, capture: bool) -> PaymentRef {
    let card = stands::card("1000000000000008");
    let operation = if capture {
        Operation::Sale(charge("first1001", card))
    } else {
        Operation::Authorize(charge("first1001", card))
    };
    let answer = gateway.execute(&operation).await.unwrap();
    assert!(answer.outcome.is_approved());
    answer.payment.reference
}

impl World {
    pub(crate) async fn new(deed: Deed, settings: Settings) -> Self {
        let stand = stands::coolpay(settings);
        let gateway = stand.gateway();
        let card = || stands::card("1000000000000008");
        let money = paymux::Money::new(deed.minor(), stands::money("1.00 DKK").currency());
        let reference = "order1001a1";
        let operation = match deed {
            Deed::Sale => Operation::Sale(charge(reference, card())),
            Deed::SaleOfSavedCard => Operation::Sale(charge(reference, saved_card(&stand))),
            Deed::SaleUnderSubscription => {
                let mut charge = charge(reference, subscription(&stand));
                charge.initiator = Initiator::Merchant {
                    kind: Agreement::Recurring,
                    agreement: None,
                    network_transaction_id: None,
                };
                Operation::Sale(charge)
            }
            Deed::Authorize => Operation::Authorize(charge(reference, card())),
            Deed::Capture => {
                let payment = paid(&gateway, false).await;
                Operation::Capture(Capture::new(payment, reference.parse().unwrap(), money))
            }
            Deed::Refund => {
                let payment = paid(&gateway, true).await;
                Operation::Refund(Refund::new(payment, reference.parse().unwrap(), money))
            }
            Deed::Void => Operation::Void(Void::new(paid(&gateway, false).await, reference.parse().unwrap())),
            Deed::Payout => Operation::Payout(Box::new(Payout::new(reference.parse().unwrap(), money, card()))),
            Deed::PayoutToSavedCard => {
                let to = saved_card(&stand);
                Operation::Payout(Box::new(Payout::new(reference.parse().unwrap(), money, to)))
            }
        };
        // Somebody else's payments of the same amount are always about.
        let now = stand.provider.now();
        stand.provider.host().provider().add_foreign(now, deed.minor(), "DKK");
        // What was set up is past by now.
        tokio::time::sleep(Duration::from_secs(60)).await;
        let before = stand.provider.host().ledger().movements.len();
        Self {
            stand,
            gateway,
            operation,
            deed,
            before,
        }
    }

    pub(crate) fn moved(&self) -> Vec<Movement> {
        let now = self.stand.provider.now();
        let mut host = self.stand.provider.host();
        host.due(now);
        host.ledger().movements.iter().skip(self.before).cloned().collect()
    }

    pub(crate) fn plan(&self, skip: u32, fault: &Fault) {
        self.stand
            .provider
            .host()
            .faults
            .add(Matcher::any().after(skip), fault.clone());
    }

    pub(crate) fn calm(&self) -> usize {
        let mut host = self.stand.provider.host();
        let left = host.faults.left();
        host.faults = FaultPlan::none();
        left
    }

    /// Compares a claim with the ledger.
    pub(crate) fn check(&self, result: &Result<Answer, Error>, what: &str) -> Result<(), String> {
        let moved = self.moved();
        let of = |kind| moved.iter().filter(|m| m.kind == kind).count();
        for kind in [Kind::Authorize, Kind::Capture, Kind::Refund, Kind::Void, Kind::Payout] {
            if of(kind) > 1 {
                return Err(format!("{what}: {kind:?} twice: {moved:?}"));
            }
        }
        let done = moved.iter().find(|m| m.kind == self.deed.entry());
        match claim(result) {
            Claim::Approved if done.is_none() => Err(format!("{what}: approved, and the ledger has {moved:?}")),
            Claim::Approved if self.deed != Deed::Void && done.is_some_and(|m| m.minor != self.deed.minor()) => {
                Err(format!("{what}: approved, and the ledger has {moved:?}"))
            }
            Claim::Nothing if !moved.is_empty() => Err(format!("{what}: {result:?}\n  and the ledger has {moved:?}")),
            // A sale whose capture was declined says so, and shows the hold.
            Claim::Declined if done.is_some() => Err(format!("{what}: declined, and the ledger has {moved:?}")),
            Claim::Declined if !moved.is_empty() && !shows_hold(result) => {
                Err(format!("{what}: declined, and the ledger has {moved:?}"))
            }
            _ => Ok(()),
        }
    }

    pub(crate) async fn ask(&self, error: &Error, what: &str) -> Result<(), String> {
        self.asked(error, what).await.map(|_| ())
    }

    /// Asks when nothing can come any more: what is still unknown then is only what the provider itself leaves open.
    pub(crate) async fn ask_for_good(&self, error: &Error, what: &str) -> Result<(), String> {
        match self.asked(error, what).await? {
            Err(error) if error.fate() == Fate::Unknown => {
                let state = error.payment().map(|payment| payment.state);
                let outstanding = error
                    .message()
                    .starts_with("authorized, capture outstanding: no capture arrived")
                    && state == Some(paymux::PaymentState::Authorized);
                if outstanding || error.message().ends_with("which decides nothing") {
                    return Ok(());
                }
                Err(format!("{what}: asked when all is over, it is still open: {error}"))
            }
            _ => Ok(()),
        }
    }

    async fn asked(&self, error: &Error, what: &str) -> Result<Result<Answer, Error>, String> {
        let Some(unresolved) = error.unresolved() else {
            return Err(format!("{what}: unknown, and nothing to ask with: {error}"));
        };
        let from = self.stand.provider.count();
        let before = self.moved();
        let now = self.stand.provider.now();
        let result = self.gateway.resolve(unresolved.clone()).await;
        let asked = paymux_conformance::Tap::requests(self.stand.provider.as_ref());
        if asked.iter().skip(from).any(|r| r.method() != Method::GET) || self.moved() != before {
            return Err(format!("{what}: asking did more than ask"));
        }
        let settle = self.gateway.capabilities().settle.unwrap_or(Duration::MAX);
        let over = unresolved.last_sent.checked_add(settle).is_ok_and(|until| now > until);
        if let Err(error) = &result
            && error.fate() != Fate::Unknown
            && !over
        {
            return Err(format!("{what}: asked before its time, absence is claimed: {error}"));
        }
        self.check(&result, &format!("{what}, asked later"))?;
        Ok(result)
    }
}

#[derive(PartialEq, Eq)]
pub(crate) enum Claim {
    Approved,
    Declined,
    Nothing,
    Open,
}

pub(crate) fn claim(result: &Result<Answer, Error>) -> Claim {
    match result {
        Ok(answer) => match answer.outcome {
            Outcome::Approved => Claim::Approved,
            Outcome::Declined(_) => Claim::Declined,
            _ => Claim::Open,
        },
        Err(error) if error.fate() == Fate::Unknown => Claim::Open,
        Err(_) => Claim::Nothing,
    }
}

pub(crate) fn shows_hold(result: &Result<Answer, Error>) -> bool {
    result
        .as_ref()
        .is_ok_and(|answer| answer.payment.entries.first().is_some_and(paymux::Entry::is_approved))
}
