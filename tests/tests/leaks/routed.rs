//! A router over two gateways and one journal, with faults under it, and what is heard of it.

use std::sync::Arc;
use std::time::Duration;

use paymux::{
    Answer, Builder, Capture, Charge, Checkout, Delivery, Error, Fate, Gateway, Inquiry, Leg, MethodQuery, Money,
    Operation, Payment, PaymentGateway, Reference, Refund, Source, Void,
};
use paymux_conformance::{Canaries, Faults as _};
use paymux_router::{Router, Rules};
use paymux_tests::Stand;

use super::drive::{CVV, Wrong, with_cvv};
use super::tap::Listening;
use super::{Ears, Heard, Record};
use crate::kept::Kept;

const RULES: &str = "[router.checkout]\nbreaker_failures = 2\ndecline_reasons = ['insufficient_funds', 'do_not_honor']\n\
                     rules = [{ source = 'stored', to = ['a'] }, { to = ['a', 'b'] }]";

/// The router, what is under it, and what was heard.
pub(crate) struct Routed {
    stands: [Stand; 2],
    taps: [Arc<Listening>; 2],
    gateways: Vec<Gateway>,
    router: Router,
    record: Record,
    ears: Ears,
    heard: Heard,
    canaries: Canaries,
    references: u32,
    /// The most gateways that one call tried or passed over.
    pub(crate) legs: usize,
}

impl Routed {
    /// Over these stands, each with the keys of its configuration that are secret; the builder of the first gateway is changed before.
    pub(crate) fn over(mut stands: [(Stand, Vec<&str>); 2], change: impl FnOnce(Builder) -> Builder) -> Self {
        let ears = Ears::open();
        let mut canaries = Canaries::default();
        for (name, (stand, secrets)) in ["a", "b"].into_iter().zip(&mut stands) {
            stand.name = name;
            for (key, value) in stand.keys.iter().filter(|(key, _)| secrets.contains(key)) {
                canaries.add(key, value);
            }
            let subject = &mut stand.subject;
            for source in [Some(&mut subject.approved), subject.declined.as_mut()]
                .into_iter()
                .flatten()
            {
                if let Source::Card(card) = source {
                    *card = with_cvv(card);
                    canaries.add("card number", card.expose_number());
                }
            }
        }
        canaries.add("cvv", CVV);
        let mut stands = stands.map(|(stand, _)| stand);
        // Another address makes another account, and nobody listens at either.
        for (key, value) in &mut stands[1].keys {
            if key.ends_with("base_url") {
                "http://127.0.0.2:1".clone_into(value);
            }
        }
        let clock = stands[0].clock();
        let record = Record::new(&Kept::memory(), Arc::clone(&clock), "order");
        let taps = [0, 1].map(|place| Listening::to(stands[place].provider.clone()));
        let builders = [0, 1].map(|place: usize| {
            let builder = stands[place].builder().transport(taps[place].clone());
            builder.recorder(record.recorder())
        });
        let [first, second] = builders;
        let gateways = vec![stands[0].gateway_of(change(first)), stands[1].gateway_of(second)];
        let rules = Rules::from_toml(RULES, &["a".to_owned(), "b".to_owned()]).expect("rules");
        let rules = rules.into_iter().next().expect("rules");
        let over = |gateway: &Gateway| record.journal().wrap(gateway.clone()).expect("its recorder");
        let mut heard = Heard::default();
        heard.debug("router", &rules);
        let router = Router::new(rules, gateways.iter().map(over).collect(), clock).expect("a router");
        heard.debug("router", &router);
        heard.debug("router", router.capabilities());
        Self {
            stands,
            taps,
            gateways,
            router,
            record,
            ears,
            heard,
            canaries,
            references: 0,
            legs: 0,
        }
    }

    /// What begins a payment, and what follows up on it; each with this gone wrong at these gateways, at the request after the next `skip` ones.
    pub(crate) async fn operations(&mut self, skip: u32, wrong: Option<&Wrong>, at: &[usize]) {
        let wrong = wrong.map(|wrong| (skip, wrong, at));
        let subjects = self.stands.iter().map(|stand| &stand.subject);
        let sources: Vec<_> = subjects
            .flat_map(|subject| [Some(subject.approved.clone()), subject.declined.clone()])
            .flatten()
            .collect();
        for source in sources {
            let begins = [Operation::Authorize, Operation::Sale];
            for begin in begins {
                let charge = self.charge(source.clone());
                let made = self.disturbed(&begin(Box::new(charge)), wrong).await;
                self.follow(made, wrong).await;
            }
        }
        let charge = self.charge(Source::Hosted);
        let mut checkout = Checkout::new(charge.reference.clone(), self.amount());
        checkout.charge = charge;
        let made = self.disturbed(&Operation::Checkout(Box::new(checkout)), wrong).await;
        if let Some(payment) = &made {
            self.plan(wrong);
            let closed = self.router.close_page(&payment.reference).await;
            self.hear(&closed);
        }
        self.follow(made, wrong).await;
        match self.router.payment_methods(&MethodQuery::country("NG")).await {
            Ok(methods) => self.heard.debug("payment methods", &methods),
            Err(error) => self.heard.error(&error),
        }
    }

    async fn follow(&mut self, made: Option<Payment>, wrong: Option<(u32, &Wrong, &[usize])>) {
        let Some(made) = made else { return };
        let amount = self.amount();
        let about = || made.reference.clone();
        let (capture, refund, void) = (self.reference(), self.reference(), self.reference());
        let mut voided = Void::new(about(), void);
        voided.amount = Some(amount);
        for operation in [
            Operation::Inquire(Inquiry::Payment(about())),
            Operation::Capture(Capture::new(about(), capture, amount)),
            Operation::Refund(Refund::new(about(), refund, amount)),
            Operation::Void(voided),
        ] {
            self.disturbed(&operation, wrong).await;
        }
    }

    /// One operation, and the same once more when nothing goes wrong; in doubt, it is asked about and finished. The payment that it shows.
    async fn disturbed(&mut self, operation: &Operation, wrong: Option<(u32, &Wrong, &[usize])>) -> Option<Payment> {
        self.plan(wrong);
        let result = self.run(operation).await;
        self.calm();
        if let Some(reference) = operation.reference() {
            let inquiry = Inquiry::Reference(reference.clone());
            self.run(&Operation::Inquire(inquiry)).await.ok();
        }
        if let Err(error) = &result
            && error.fate() == Fate::Unknown
            && let Some(open) = error.unresolved().cloned()
        {
            tokio::time::sleep(Duration::from_secs(400)).await;
            self.run(&Operation::Resolve(Box::new(open.clone()))).await.ok();
            let completed = self.router.complete(open, operation.clone()).await;
            self.hear(&completed);
        }
        let again = self.run(operation).await;
        result.or(again).ok().map(|answer| answer.payment)
    }

    async fn run(&mut self, operation: &Operation) -> Result<Answer, Error> {
        let result = self.router.execute(operation).await;
        self.heard.operation(operation);
        self.hear(&result);
        result
    }

    fn hear(&mut self, result: &Result<Answer, Error>) {
        let legs: &[Leg] = match result {
            Ok(answer) => &answer.payment.legs,
            Err(error) => error.legs(),
        };
        self.legs = self.legs.max(legs.len());
        for leg in legs {
            self.heard.row("leg", leg);
        }
        self.heard.result(result);
    }

    fn plan(&self, wrong: Option<(u32, &Wrong, &[usize])>) {
        let Some((skip, wrong, at)) = wrong else { return };
        for place in at {
            match wrong {
                Wrong::Fault(fault) => {
                    self.stands[*place].provider.plan(skip, fault.clone());
                }
                Wrong::Echo(echo) => self.taps[*place].echo(Some((skip, *echo))),
            }
        }
    }

    fn calm(&self) {
        self.stands.iter().for_each(|stand| stand.provider.clear());
        self.taps.iter().for_each(|tap| tap.echo(None));
    }

    /// What the providers send: a router takes none of it, and says so.
    pub(crate) async fn webhooks(&mut self) {
        tokio::time::sleep(Duration::from_secs(60)).await;
        for stand in &self.stands {
            for webhook in stand.provider.webhooks() {
                let error = self
                    .router
                    .receive(&Delivery::from(webhook.request))
                    .expect_err("a router takes none");
                self.heard.add("webhook error", format!("{error} {error:?}"));
            }
        }
    }

    /// Everything that was heard, what the journal has of it too, and the secrets to look for in it.
    pub(crate) async fn finish(mut self) -> (Heard, Canaries) {
        let gateways = self.gateways.iter();
        let gateways: Vec<_> = gateways
            .map(|gateway| -> Arc<dyn PaymentGateway> { Arc::new(gateway.clone()) })
            .collect();
        self.record.look_back(&gateways, &mut self.heard).await;
        self.heard.debug("router", &self.router);
        for text in self.ears.take() {
            self.heard.add("tracing", text);
        }
        self.taps.iter().for_each(|tap| tap.teach(&mut self.canaries));
        (self.heard, self.canaries)
    }

    fn amount(&self) -> Money {
        self.stands[0].subject.amount
    }

    fn reference(&mut self) -> Reference {
        self.references += 1;
        format!("c{:010}", self.references).parse().expect("a reference")
    }

    fn charge(&mut self, source: Source) -> Charge {
        let mut charge = Charge::new(self.reference(), self.amount(), source);
        // What is stored somewhere is charged without anybody there.
        if !matches!(charge.source, Source::Stored(_)) {
            for stand in &self.stands {
                (stand.subject.complete)(&mut charge);
            }
            charge.urls.notify = Some("https://shop.example/hooks".to_owned());
        }
        charge.order = Some(self.record.order(self.references));
        charge
    }
}
