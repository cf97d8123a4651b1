//! The gateways that are measured, each on its simulator, and the operations that are made on them.

use std::any::Any;
use std::sync::Arc;
use std::time::Duration;

use paymux::transport::Transport;
use paymux::{
    Answer, Capture, Card, Charge, Checkout, Gateway, Gateways, Inquiry, Operation, OperationKind, PaymentGateway as _,
    PaymentRef, Payout, Refund, Source, Transfer, Void,
};
use paymux_simulator::carry1st::{self, Carry1st};
use paymux_simulator::coolpay::{self, CoolPay};
use paymux_simulator::opp::{self, Opp};
use paymux_simulator::qolo::{self, Qolo, seeds};
use paymux_simulator::{Provider, opp::Settings as OppSettings};

use crate::tape::{Exchange, HandClock, Recorder};

/// Nobody listens there; an in-process transport only needs an address.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The gateways, by the names of their stands.
pub(crate) const NAMES: [&str; 5] = ["coolpay", "opp", "opp v1", "qolo", "carry1st"];

/// The first number of a reference. Ten digits, so that it can also be an id.
pub(crate) const FIRST: u64 = 1_000_000_000;
/// What is added to a number for the payment that must be there before.
const HALF: u64 = 4_000_000_000;

/// A gateway's configuration, its simulator, and what a payment on it looks like.
pub(crate) struct Stand {
    pub(crate) recorder: Arc<Recorder>,
    keys: Vec<(&'static str, String)>,
    amount: &'static str,
    source: Source,
    accounts: (&'static str, &'static str),
}

/// An operation, and the exchanges that it came to.
pub(crate) struct Recorded {
    pub(crate) operation: Operation,
    pub(crate) exchanges: Vec<Exchange>,
    pub(crate) answer: Answer,
}

impl Stand {
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "coolpay" => {
                let settings = coolpay::Settings::default().at(NOWHERE);
                let keys = settings.gateway_keys(NOWHERE);
                let card = card("1000000000000008");
                Self::new("coolpay", keys, CoolPay::new(settings), "100.00 DKK", card)
            }
            "opp" => Self::opp(opp::Settings::v3()),
            "opp v1" => Self::opp(opp::Settings::v1()),
            "qolo" => {
                let settings = qolo::Settings::qolo();
                let keys = settings.gateway_keys(NOWHERE);
                let stored = Source::Stored(format!("ach:{}", seeds::INSTRUMENT_ACH));
                Self::new("qolo", keys, Qolo::new(settings), "25.00 USD", stored)
            }
            _ => {
                let settings = carry1st::Settings::default().at(NOWHERE);
                let keys = settings.gateway_keys(NOWHERE);
                Self::new("carry1st", keys, Carry1st::new(settings), "100.00 NGN", Source::Hosted)
            }
        }
    }

    fn opp(mut settings: OppSettings) -> Self {
        NOWHERE.clone_into(&mut settings.public_url);
        let keys = settings.gateway_keys(NOWHERE);
        let card = card("4200000000000000");
        Self::new("opp", keys, Opp::new(settings), "92.00 EGP", card)
    }

    fn new(
        name: &str,
        mut keys: Vec<(&'static str, String)>,
        provider: impl Provider,
        amount: &'static str,
        source: Source,
    ) -> Self {
        keys.push(("provider", name.to_owned()));
        Self {
            recorder: Recorder::new(Box::new(provider)),
            keys,
            amount,
            source,
            accounts: (seeds::ACCOUNT, seeds::ACCOUNT_PERSON),
        }
    }

    /// The gateway over a transport, on the recorder's clock; `base` in place of the address, if there is one.
    pub(crate) fn gateway(&self, transport: Arc<dyn Transport>, base: Option<&str>) -> Gateway {
        self.recording(transport, base, None)
    }

    /// The same, which records.
    pub(crate) fn recording(
        &self,
        transport: Arc<dyn Transport>,
        base: Option<&str>,
        recorder: Option<Arc<dyn paymux::Recorder>>,
    ) -> Gateway {
        let clock: Arc<HandClock> = Arc::clone(&self.recorder.clock);
        let pairs = self.keys.iter().map(|(key, value)| {
            let value = base.filter(|_| value == NOWHERE).unwrap_or(value);
            (format!("bench.{key}"), value.to_owned())
        });
        let pairs = pairs.chain([("bench.mode".to_owned(), "test".to_owned())]);
        let mut builder = Gateways::builder().transport(transport).clock(clock);
        if let Some(recorder) = recorder {
            builder = builder.recorder(recorder);
        }
        let gateways = builder.from_pairs(pairs).unwrap_or_else(|error| panic!("{error}"));
        gateways.gateway("bench").unwrap_or_else(|error| panic!("{error}"))
    }

    /// A value of the configuration.
    pub(crate) fn key(&self, name: &str) -> &str {
        let found = self.keys.iter().find(|(key, _)| *key == name);
        found.map_or("", |(_, value)| value)
    }

    fn charge(&self, number: u64) -> Charge {
        let mut charge = Charge::new(
            reference(number),
            self.amount.parse().expect("an amount"),
            self.source.clone(),
        );
        charge.urls.back = Some("https://shop.example/back".to_owned());
        charge
    }

    /// A sale under the reference of this number.
    pub(crate) fn sale(&self, number: u64) -> Operation {
        Operation::Sale(Box::new(self.charge(number)))
    }

    /// Makes an operation of a kind, after what it needs before it, and keeps what was said.
    pub(crate) async fn record(&self, gateway: &Gateway, kind: OperationKind, number: u64) -> Recorded {
        let before = number + HALF;
        let amount = self.amount.parse().expect("an amount");
        let operation = match kind {
            OperationKind::Sale => self.sale(number),
            OperationKind::Authorize => Operation::Authorize(Box::new(self.charge(number))),
            OperationKind::Checkout => {
                let mut checkout = Checkout::new(reference(number), amount);
                checkout.charge = self.charge(number);
                checkout.charge.source = Source::Hosted;
                Operation::Checkout(Box::new(checkout))
            }
            OperationKind::Payout => {
                Operation::Payout(Box::new(Payout::new(reference(number), amount, self.source.clone())))
            }
            OperationKind::Transfer => {
                let (from, to) = self.accounts;
                Operation::Transfer(Transfer::new(reference(number), amount, from, to))
            }
            OperationKind::Capture => {
                let held = self.paid(gateway, OperationKind::Authorize, before).await;
                Operation::Capture(Capture::new(held, reference(number), amount))
            }
            OperationKind::Void => {
                let held = self.paid(gateway, OperationKind::Authorize, before).await;
                let mut void = Void::new(held, reference(number));
                void.amount = Some(amount);
                Operation::Void(void)
            }
            OperationKind::Refund => {
                let taken = self.paid(gateway, OperationKind::Sale, before).await;
                self.recorder.clock.advance(Duration::from_secs(60));
                Operation::Refund(Refund::new(taken, reference(number), amount))
            }
            _ => {
                let taken = self.paid(gateway, OperationKind::Sale, before).await;
                self.recorder.clock.advance(Duration::from_secs(60));
                Operation::Inquire(Inquiry::Payment(taken))
            }
        };
        self.recorder.take();
        let answer = gateway.execute(&operation).await;
        let answer = answer.unwrap_or_else(|error| panic!("{kind}: {error}"));
        let exchanges = self.recorder.take();
        Recorded {
            operation,
            exchanges,
            answer,
        }
    }

    /// A payment on which money is held or taken: as asked where it is offered, else by a sale, else on the provider's page.
    async fn paid(&self, gateway: &Gateway, kind: OperationKind, number: u64) -> PaymentRef {
        let charge = Box::new(self.charge(number));
        let operation = match kind {
            OperationKind::Authorize if gateway.capabilities().offers(kind) => Operation::Authorize(charge),
            _ if gateway.capabilities().offers(OperationKind::Sale) => Operation::Sale(charge),
            _ => {
                let mut checkout = Checkout::new(charge.reference.clone(), charge.amount);
                checkout.charge = *charge;
                Operation::Checkout(Box::new(checkout))
            }
        };
        let answer = gateway.execute(&operation).await;
        let payment = answer.unwrap_or_else(|error| panic!("{kind}: {error}")).payment;
        let now = paymux::Clock::now(&*self.recorder.clock);
        let mut provider = self.recorder.provider();
        let provider: &mut dyn Any = provider.as_mut();
        if let Some(carry1st) = provider.downcast_mut::<Carry1st>() {
            carry1st.finish(now, payment.id(), "SUCCESSFUL");
        }
        payment.reference
    }
}

/// The reference of a number of ten digits.
pub(crate) fn reference(number: u64) -> paymux::Reference {
    format!("bench{number}").parse().expect("a reference")
}

fn card(number: &str) -> Source {
    let card = Card::new(number, 5, 2034).and_then(|card| card.with_cvv("123"));
    Source::Card(card.expect("a card").with_holder("Jane Jones"))
}
