//! Does on a stand what can be done there, with a fault in the middle, and hears what is said.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use metrics::LocalRecorderGuard;
use metrics_util::debugging::{DebuggingRecorder, Snapshotter};
use paymux::transport::Transport;
use paymux::{
    Authentication, Builder, Capture, Card, Charge, Checkout, Delivery, Fate, Gateway, Inquiry, Operation,
    OperationKind, Outcome, Payment, PaymentGateway, Payout, Reference, Refund, Source, ThreeDs, Transfer, Void,
};
use paymux_conformance::{Canaries, End, Fault, Faults as _};
use paymux_simulator::{Matcher, WebhookFault};
use paymux_tests::Stand;

use super::extras::extras;
use super::tap::{Echo, Listening, Shape};
use super::{Ears, Heard, Record};
use crate::kept::Kept;

/// A CVV that stands nowhere by chance.
pub(super) const CVV: &str = "739";
/// A cryptogram of an authentication.
const CAVV: &str = "AAABBEg0VhI0VniQEjRWAAAAAAA=";

/// What goes wrong with an exchange.
#[derive(Clone, Debug)]
pub(crate) enum Wrong {
    Fault(Fault),
    Echo(Echo),
}

/// Everything that can go wrong with an exchange.
pub(crate) fn wrongs(stand: &Stand) -> Vec<Wrong> {
    let seconds = Duration::from_secs;
    let code = stand.subject.unmapped_code.clone().unwrap_or_default();
    let faults = [
        Fault::Refuse,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::LateCommit(seconds(2)),
        Fault::Lag(seconds(5)),
        Fault::Delay(seconds(70)),
        Fault::Stuck,
        Fault::StatusBefore(StatusCode::UNAUTHORIZED),
        Fault::StatusBefore(StatusCode::BAD_REQUEST),
        Fault::StatusBefore(StatusCode::SERVICE_UNAVAILABLE),
        Fault::StatusAfter(StatusCode::BAD_GATEWAY),
        Fault::PageAfter(StatusCode::FORBIDDEN),
        Fault::Truncate,
        Fault::Malformed,
        Fault::Empty,
        Fault::TooMany(None),
        Fault::TooMany(Some(7)),
        Fault::ExpiredToken,
        Fault::Code(code),
        Fault::Redirect("http://127.0.0.1:1/elsewhere".to_owned()),
        Fault::Redirect("https://elsewhere.example/".to_owned()),
    ];
    let mut wrongs: Vec<_> = faults.map(Wrong::Fault).into();
    for status in [StatusCode::OK, StatusCode::BAD_REQUEST] {
        let shapes = [Shape::Text, Shape::Quoted, Shape::Fields];
        wrongs.extend(shapes.map(|shape| Wrong::Echo(Echo { status, shape })));
    }
    wrongs
}

/// A gateway on its stand, and what was heard of it.
pub(crate) struct Drive {
    stand: Stand,
    gateway: Gateway,
    /// The same as the application calls it: as it is, or over a journal.
    top: Arc<dyn PaymentGateway>,
    record: Option<Record>,
    tap: Arc<Listening>,
    ears: Ears,
    metrics: Snapshotter,
    _recorded: LocalRecorderGuard<'static>,
    heard: Heard,
    canaries: Canaries,
    references: u32,
    /// What was done without a fault and came to its end.
    pub(crate) done: Vec<OperationKind>,
}

impl Drive {
    pub(crate) fn new(stand: Stand, secrets: &[&str]) -> Self {
        Self::built(stand, secrets, |builder| builder)
    }

    /// With a builder that is changed first.
    pub(crate) fn built(stand: Stand, secrets: &[&str], change: impl FnOnce(Builder) -> Builder) -> Self {
        let transport: Arc<dyn Transport> = stand.provider.clone();
        let builder = change(stand.builder());
        Self::over(stand, secrets, builder, transport)
    }

    /// Over a journal that is kept there, with a builder that is changed first.
    pub(crate) fn recorded(
        stand: Stand,
        secrets: &[&str],
        kept: &Arc<Kept>,
        order: &str,
        change: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let record = Record::new(kept, stand.clock(), order);
        let mut drive = Self::built(stand, secrets, |builder| change(builder).recorder(record.recorder()));
        drive.top = record.over(drive.gateway.clone());
        drive.record = Some(record);
        drive
    }

    /// Over a transport.
    pub(crate) fn over(mut stand: Stand, secrets: &[&str], builder: Builder, transport: Arc<dyn Transport>) -> Self {
        let ears = Ears::open();
        let mut canaries = Canaries::default();
        for (key, value) in stand.keys.iter().filter(|(key, _)| secrets.contains(key)) {
            canaries.add(key, value);
        }
        for source in [
            Some(&mut stand.subject.approved),
            stand.subject.declined.as_mut(),
            stand.subject.payee.as_mut(),
        ]
        .into_iter()
        .flatten()
        {
            if let Source::Card(card) = source {
                *card = with_cvv(card);
                canaries.add("card number", card.expose_number());
            }
        }
        canaries.add("cvv", CVV);
        canaries.add("cavv", CAVV);
        // It must outlive the guard, and nobody counts what a test leaves behind.
        let recorder: &'static DebuggingRecorder = Box::leak(Box::default());
        let tap = Listening::to(transport);
        let gateway = stand.gateway_of(builder.transport(tap.clone()));
        let mut heard = Heard::default();
        heard.debug("gateway", &gateway);
        heard.debug("capabilities", gateway.capabilities());
        Self {
            stand,
            top: Arc::new(gateway.clone()),
            record: None,
            gateway,
            tap,
            ears,
            metrics: recorder.snapshotter(),
            _recorded: metrics::set_default_local_recorder(recorder),
            heard,
            canaries,
            references: 0,
            done: Vec::new(),
        }
    }

    /// What the journal has of it all is read, and its files.
    pub(crate) async fn look_back(&mut self) {
        self.give_up().await;
        if let Some(record) = self.record.take() {
            let gateway: Arc<dyn PaymentGateway> = Arc::new(self.gateway.clone());
            record.look_back(&[gateway], &mut self.heard).await;
            // A file is closed by now.
            let afterwards = self.begun(OperationKind::Sale).await;
            assert!(
                afterwards.is_none() || !record.is_file(),
                "nothing is sent without the record"
            );
            let client = Ears::elsewhere().into_iter();
            client.for_each(|text| self.heard.add("tracing of the store", text));
        }
    }

    /// Callers who do not wait for the end, before the first answer and before the second: the janitor finds what they left open.
    async fn give_up(&mut self) {
        let sells = self.gateway.capabilities().offers(OperationKind::Sale);
        let kind = [OperationKind::Checkout, OperationKind::Sale][usize::from(sells)];
        let second = Duration::from_secs(1);
        let mut left = 0;
        for skip in [0, 1] {
            let operation = self.build(kind, None).expect("what begins a payment");
            self.stand.provider.plan(skip, Fault::Delay(70 * second));
            let ended = tokio::time::timeout(second, self.top.execute(&operation)).await;
            left += usize::from(ended.is_err());
            self.calm();
        }
        assert!(left > 0, "nothing was left open");
        tokio::time::sleep(400 * second).await;
    }

    /// Everything that was heard, and the secrets to look for in it.
    pub(crate) fn finish(mut self) -> (Heard, Canaries) {
        self.heard.debug("gateway", &self.gateway);
        for text in self.ears.take() {
            self.heard.add("tracing", text);
        }
        for (key, ..) in self.metrics.snapshot().into_vec() {
            self.heard.debug("metrics", &key);
        }
        self.tap.teach(&mut self.canaries);
        (self.heard, self.canaries)
    }

    /// Every operation that is offered, each with this gone wrong at the request after the next `skip` ones.
    pub(crate) async fn operations(&mut self, skip: u32, wrong: Option<&Wrong>) {
        for kind in OperationKind::ALL {
            if self.gateway.capabilities().offers(kind) {
                self.operation(kind, skip, wrong).await;
            }
            if kind == OperationKind::Authorize {
                self.authenticated(skip, wrong).await;
            }
        }
        if let Some(declined) = self.stand.subject.declined.clone() {
            let charge = self.charge(declined);
            self.run(&Operation::Sale(Box::new(charge))).await.ok();
        }
        self.extras(skip, wrong).await;
        let found = self.top.payment_methods(&self.stand.subject.methods.clone()).await;
        match found {
            Ok(methods) => self.heard.debug("payment methods", &methods),
            Err(error) => self.heard.error(&error),
        }
    }

    async fn operation(&mut self, kind: OperationKind, skip: u32, wrong: Option<&Wrong>) {
        let holds = self.gateway.capabilities().offers(OperationKind::Authorize);
        let base = match kind {
            OperationKind::Capture | OperationKind::Void if holds => self.paid(OperationKind::Authorize).await,
            // What is not settled yet.
            OperationKind::Void => self.begun(OperationKind::Sale).await.map(|answer| answer.payment),
            OperationKind::Refund | OperationKind::Inquire => self.paid(OperationKind::Sale).await,
            _ => None,
        };
        let Some(operation) = self.build(kind, base.as_ref()) else {
            return;
        };
        self.plan(skip, wrong);
        let result = self.run(&operation).await;
        self.calm();
        self.come_again(&operation, result.as_ref().ok()).await;
        match result {
            Ok(answer) if wrong.is_none() => {
                self.done.push(kind);
                self.settle(&answer).await;
            }
            Err(error) if error.fate() == Fate::Unknown => {
                let Some(unresolved) = error.unresolved().cloned() else {
                    return;
                };
                tokio::time::sleep(Duration::from_secs(400)).await;
                self.run(&Operation::Resolve(Box::new(unresolved.clone()))).await.ok();
                let completed = self.top.complete(unresolved, operation.clone()).await;
                self.heard.result(&completed);
            }
            _ => {}
        }
    }

    /// A caller who comes twice, and one who closes the page; where there is a journal, it answers.
    async fn come_again(&mut self, operation: &Operation, answer: Option<&paymux::Answer>) {
        if self.record.is_none() {
            return;
        }
        self.run(operation).await.ok();
        if let Some(answer) = answer
            && self.references.is_multiple_of(2)
        {
            let closed = self.top.close_page(&answer.payment.reference).await;
            self.heard.result(&closed);
        }
    }

    fn plan(&self, skip: u32, wrong: Option<&Wrong>) {
        match wrong {
            Some(Wrong::Fault(fault)) => {
                self.stand.provider.plan(skip, fault.clone());
            }
            Some(Wrong::Echo(echo)) => self.tap.echo(Some((skip, *echo))),
            None => {}
        }
    }

    fn calm(&self) {
        self.stand.provider.clear();
        self.tap.echo(None);
    }

    async fn extras(&mut self, skip: u32, wrong: Option<&Wrong>) {
        let begun = self
            .begun(OperationKind::Sale)
            .await
            .map(|answer| answer.payment.reference);
        self.plan(skip, wrong);
        extras(&self.gateway, &self.stand.subject, begun.as_ref(), &mut self.heard).await;
        self.calm();
    }

    /// A payment to do something with, made without a fault.
    async fn paid(&mut self, kind: OperationKind) -> Option<Payment> {
        let answer = self.begun(kind).await?;
        self.settle(&answer).await;
        Some(answer.payment)
    }

    async fn begun(&mut self, kind: OperationKind) -> Option<paymux::Answer> {
        let capabilities = self.gateway.capabilities();
        let kind = if capabilities.offers(kind) {
            kind
        } else {
            OperationKind::Checkout
        };
        let operation = self.build(kind, None)?;
        self.run(&operation).await.ok()
    }

    /// An authorization of a card whose holder was authenticated elsewhere, where the gateway takes it or not.
    async fn authenticated(&mut self, skip: u32, wrong: Option<&Wrong>) {
        let mut charge = self.charge(self.stand.subject.approved.clone());
        charge.three_ds = authenticated();
        self.plan(skip, wrong);
        self.run(&Operation::Authorize(Box::new(charge))).await.ok();
        self.calm();
    }

    async fn settle(&mut self, answer: &paymux::Answer) {
        if matches!(answer.outcome, Outcome::Pending | Outcome::ActionRequired(_)) {
            self.stand.subject.settle.settle(answer, End::Approved).await;
            let inquiry = Inquiry::Payment(answer.payment.reference.clone());
            tokio::time::sleep(self.gateway.capabilities().inquiry_interval).await;
            self.run(&Operation::Inquire(inquiry)).await.ok();
        }
    }

    async fn run(&mut self, operation: &Operation) -> Result<paymux::Answer, paymux::Error> {
        let result = self.top.execute(operation).await;
        self.heard.operation(operation);
        self.heard.result(&result);
        result
    }

    fn reference(&mut self) -> Reference {
        self.references += 1;
        let rule = self.gateway.capabilities().reference;
        let width = rule.min.max(11).min(rule.max).saturating_sub(1);
        format!("c{:0>width$}", self.references).parse().expect("a reference")
    }

    fn charge(&mut self, source: Source) -> Charge {
        let mut charge = Charge::new(self.reference(), self.stand.subject.amount, source);
        (self.stand.subject.complete)(&mut charge);
        charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        charge.order = self.record.as_ref().map(|record| record.order(self.references));
        charge
    }

    fn build(&mut self, kind: OperationKind, base: Option<&Payment>) -> Option<Operation> {
        let amount = self.stand.subject.amount;
        let approved = self.stand.subject.approved.clone();
        let takes = self
            .gateway
            .capabilities()
            .ability(kind)?
            .sources
            .contains(&approved.kind());
        Some(match kind {
            OperationKind::Authorize if takes => Operation::Authorize(Box::new(self.charge(approved))),
            OperationKind::Sale if takes => Operation::Sale(Box::new(self.charge(approved))),
            OperationKind::Checkout => {
                let charge = self.charge(Source::Hosted);
                let mut checkout = Checkout::new(charge.reference.clone(), amount);
                checkout.charge = charge;
                Operation::Checkout(Box::new(checkout))
            }
            OperationKind::Capture => {
                Operation::Capture(Capture::new(base?.reference.clone(), self.reference(), amount))
            }
            OperationKind::Refund => Operation::Refund(Refund::new(base?.reference.clone(), self.reference(), amount)),
            OperationKind::Void => {
                let mut void = Void::new(base?.reference.clone(), self.reference());
                void.amount = Some(amount);
                Operation::Void(void)
            }
            OperationKind::Payout => {
                let to = self.stand.subject.payee.clone()?;
                Operation::Payout(Box::new(Payout::new(self.reference(), amount, to)))
            }
            OperationKind::Transfer => {
                let (from, to) = self.stand.subject.accounts.clone()?;
                Operation::Transfer(Transfer::new(self.reference(), amount, from, to))
            }
            OperationKind::Inquire => Operation::Inquire(Inquiry::Payment(base?.reference.clone())),
            _ => return None,
        })
    }

    /// What begins a payment, once; whether the provider answered.
    pub(crate) async fn begin(&mut self) -> bool {
        let sells = self.gateway.capabilities().offers(OperationKind::Sale);
        let kind = if sells {
            OperationKind::Sale
        } else {
            OperationKind::Checkout
        };
        self.begun(kind).await.is_some()
    }

    /// How many texts of the transport's own crates were heard.
    pub(crate) fn overheard(&mut self) -> usize {
        let texts = self.ears.take();
        let others = texts
            .iter()
            .filter(|text| !text.starts_with("paymux") && !text.starts_with(' '))
            .count();
        for text in texts {
            self.heard.add("tracing", text);
        }
        others
    }

    /// Every webhook that the provider has sent, a forged one, one that is late and one that comes twice among them, and each of them altered; how many were accepted.
    pub(crate) async fn webhooks(&mut self) -> usize {
        let mut accepted = 0;
        for fault in [
            WebhookFault::Forged,
            WebhookFault::Twice,
            WebhookFault::Late(Duration::from_secs(30)),
            WebhookFault::Swapped,
        ] {
            self.stand.provider.host().webhook_faults.add(Matcher::any(), fault);
        }
        tokio::time::sleep(Duration::from_secs(60)).await;
        for webhook in self.stand.provider.webhooks() {
            let delivery = Delivery::from(webhook.request);
            let mut altered = delivery.clone();
            altered.body = Bytes::from([&b" "[..], &altered.body].concat());
            for delivery in [delivery, altered] {
                accepted += usize::from(self.receive(&delivery).await);
            }
        }
        if let Ok(signed) = self.top.sign(Bytes::from_static(b"{\"id\":7}")) {
            self.receive(&signed).await;
        }
        accepted
    }

    async fn receive(&mut self, delivery: &Delivery) -> bool {
        self.heard.debug("delivery", delivery);
        match self.top.receive(delivery) {
            Ok(event) => {
                self.heard.debug("event", &event);
                self.heard.json("event", &event);
                let confirmed = self.top.confirm(&event).await;
                self.heard.result(&confirmed);
                if let Some(record) = &self.record {
                    record.absorb(&self.gateway, &event, &mut self.heard).await;
                }
                true
            }
            Err(error) => {
                self.heard.debug("webhook error", &error);
                self.heard.add("webhook error", error.to_string());
                false
            }
        }
    }
}

pub(super) fn with_cvv(card: &Card) -> Card {
    let month = u8::try_from(card.month()).expect("a month");
    let year = u16::try_from(card.year()).expect("a year");
    let again = Card::new(card.expose_number(), month, year).and_then(|card| card.with_cvv(CVV));
    again.expect("a card").with_holder("Jane Jones")
}

fn authenticated() -> ThreeDs {
    let mut result = Authentication::new("05", CAVV);
    result.version = Some("2.2.0".to_owned());
    result.xid = Some(CAVV.to_owned());
    ThreeDs::External(Box::new(result))
}
