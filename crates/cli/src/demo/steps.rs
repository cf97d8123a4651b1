//! The steps that every gateway takes, the same for all: what differs is read off the answers.

use jiff::Timestamp;
use paymux::{
    Answer, Capture, Charge, Checkout, Currency, Error, ErrorKind, Fate, Gateway, Inquiry, MethodQuery, Money,
    Operation, OperationKind, Outcome, PaymentGateway as _, PaymentRef, Payout, Reference, Refund, Source, Transfer,
    Void,
};
use paymux_simulator::Kind;
use paymux_simulator::qolo::seeds;

use super::claims::{Pending, claims};
use super::matrix::Column;
use super::{Claim, Demo, PRICE, Seen};
use crate::exit::Failure;
use crate::lab::Place;
use crate::test_cards::{self, TestCard};

/// How many seconds pass before what was pending is asked about.
const A_MOMENT: u64 = 2;
/// Where the customer would return to.
const SHOP: &str = "https://shop.example/thanks";

/// One gateway on its way through the demo.
pub(super) struct Walk<'a> {
    demo: &'a Demo,
    place: &'a Place,
    gateway: Gateway,
    approved: TestCard,
    declined: TestCard,
}

/// What an operation came to: its first answer and its last.
struct Course {
    first: Outcome,
    last: Answer,
}

fn dollars(minor: i64) -> Money {
    Money::new(minor, Currency::USD)
}

impl<'a> Walk<'a> {
    pub(super) fn new(demo: &'a Demo, place: &'a Place, gateway: Gateway) -> Result<Self, Failure> {
        Ok(Self {
            demo,
            place,
            approved: test_cards::find(gateway.capabilities(), "approved")?,
            declined: test_cards::find(gateway.capabilities(), "declined")?,
            gateway,
        })
    }

    /// Tries everything, offered or not.
    pub(super) async fn everything(&self) -> Vec<(Column, Seen)> {
        let (sale, paid) = self.opening(OperationKind::Sale, "demo-sale").await;
        let paid = paid.unwrap_or_else(|| self.nobody());
        let inquire = self.inquire(&paid).await;
        let (authorize, held) = self.opening(OperationKind::Authorize, "demo-authorize").await;
        let capture = self.capture(&held.unwrap_or_else(|| paid.clone())).await;
        let void = self.void(&paid).await;
        let refund = self.refund(&paid).await;
        let (checkout, _) = self.opening(OperationKind::Checkout, "demo-checkout").await;
        vec![
            (Column::Sale, sale),
            (Column::Authorize, authorize),
            (Column::Capture, capture),
            (Column::Void, void),
            (Column::Refund, refund),
            (Column::Inquire, inquire),
            (Column::Checkout, checkout),
            (Column::Payout, self.payout().await),
            (Column::Transfer, self.transfer().await),
            (Column::Methods, self.methods().await),
            (Column::Declined, self.declined().await),
        ]
    }

    /// A sale, an authorization or a checkout of the whole order, to its end.
    async fn opening(&self, kind: OperationKind, reference: &str) -> (Seen, Option<PaymentRef>) {
        let course = async {
            let charge = self.charge(reference, &self.approved)?;
            let operation = match kind {
                OperationKind::Authorize => Operation::Authorize(Box::new(charge)),
                OperationKind::Checkout => Operation::Checkout(Box::new(page(charge))),
                _ => Operation::Sale(Box::new(charge)),
            };
            let course = self.take(operation, &self.approved).await?;
            let payment = course.last.payment.reference.clone();
            let claims = claims(&course.last, kind, dollars(PRICE), payment.id(), Pending::IsNotEnough)?;
            Ok::<_, Seen>((done(&course.first, false, claims), payment))
        };
        match course.await {
            Ok((seen, payment)) => (seen, Some(payment)),
            Err(seen) => (seen, None),
        }
    }

    /// What the payment says of itself.
    async fn inquire(&self, payment: &PaymentRef) -> Seen {
        match self.ask(Operation::Inquire(Inquiry::Payment(payment.clone()))).await {
            Ok(answer) => Seen::Found(Claim {
                payment: payment.id().to_owned(),
                kind: Kind::Capture,
                amount: dollars(answer.payment.captured()),
            }),
            Err(seen) => seen,
        }
    }

    /// Part of the held money, and the rest where that can be.
    async fn capture(&self, held: &PaymentRef) -> Seen {
        self.parts(OperationKind::Capture, 4_000, |reference, amount| {
            Operation::Capture(Capture::new(held.clone(), reference, amount))
        })
        .await
    }

    /// Part of the taken money back, and the rest where that can be.
    async fn refund(&self, paid: &PaymentRef) -> Seen {
        self.parts(OperationKind::Refund, 2_500, |reference, amount| {
            Operation::Refund(Refund::new(paid.clone(), reference, amount))
        })
        .await
    }

    async fn parts(&self, kind: OperationKind, part: i64, make: impl Fn(Reference, Money) -> Operation) -> Seen {
        let ability = self.gateway.capabilities().ability(kind);
        let partial = ability.is_some_and(|ability| ability.partial);
        let amounts = match ability {
            Some(ability) if ability.partial && ability.repeated => vec![part, PRICE.saturating_sub(part)],
            Some(ability) if ability.partial => vec![part],
            _ => vec![PRICE],
        };
        let course = async {
            let mut first = None;
            let mut all = Vec::new();
            for (amount, number) in amounts.into_iter().zip(1..) {
                let reference = reference(&format!("demo-{kind}-{number}"))?;
                let operation = make(reference, dollars(amount));
                let payment = operation.payment().map_or("", PaymentRef::id).to_owned();
                let answer = self.ask(operation).await?;
                all.extend(claims(&answer, kind, dollars(amount), &payment, Pending::Counts)?);
                first.get_or_insert(answer.outcome);
            }
            // Refunds that were accepted are booked a moment later.
            self.demo.lab.advance(&self.demo.clock, A_MOMENT);
            let first = first.ok_or_else(|| Seen::Wrong("there was nothing to do".to_owned()))?;
            Ok(done(&first, partial, all))
        };
        course.await.unwrap_or_else(|seen| seen)
    }

    /// A hold that is let go; where there are no holds, a payment that is stopped before it is sent on.
    async fn void(&self, paid: &PaymentRef) -> Seen {
        let course = async {
            let capabilities = self.gateway.capabilities();
            let bank = test_cards::find(capabilities, "bank-account").ok();
            let (payment, before) = match bank {
                _ if !capabilities.offers(OperationKind::Void) => (paid.clone(), Vec::new()),
                Some(bank) => self.first(OperationKind::Sale, &bank).await?,
                None => self.first(OperationKind::Authorize, &self.approved).await?,
            };
            let id = payment.id().to_owned();
            let void = Void::new(payment, reference("demo-void-2")?);
            let answer = self.ask(Operation::Void(void)).await?;
            let claims = claims(&answer, OperationKind::Void, dollars(PRICE), &id, Pending::IsNotEnough)?;
            Ok(Seen::Done {
                outcome: answer.outcome.as_str().to_owned(),
                partial: false,
                before,
                claims,
            })
        };
        course.await.unwrap_or_else(|seen| seen)
    }

    /// What is voided afterwards, and what is claimed of it.
    async fn first(&self, kind: OperationKind, card: &TestCard) -> Result<(PaymentRef, Vec<Claim>), Seen> {
        let charge = Box::new(self.charge("demo-void-1", card)?);
        let operation = match kind {
            OperationKind::Authorize => Operation::Authorize(charge),
            _ => Operation::Sale(charge),
        };
        let answer = self.ask(operation).await?;
        let payment = answer.payment.reference.clone();
        let claims = claims(&answer, kind, dollars(PRICE), payment.id(), Pending::Counts)?;
        Ok((payment, claims))
    }

    async fn payout(&self) -> Seen {
        let course = async {
            let to = self.source(&self.approved)?;
            let payout = Payout::new(reference("demo-payout")?, dollars(1_000), to);
            self.outgoing(Operation::Payout(Box::new(payout))).await
        };
        course.await.unwrap_or_else(|seen| seen)
    }

    async fn transfer(&self) -> Seen {
        let course = async {
            let (from, to) = (seeds::ACCOUNT, seeds::ACCOUNT_PERSON);
            let transfer = Transfer::new(reference("demo-transfer")?, dollars(1_000), from, to);
            self.outgoing(Operation::Transfer(transfer)).await
        };
        course.await.unwrap_or_else(|seen| seen)
    }

    async fn outgoing(&self, operation: Operation) -> Result<Seen, Seen> {
        let (kind, amount) = (operation.kind(), operation.amount().unwrap_or(dollars(0)));
        let course = self.take(operation, &self.approved).await?;
        let claims = claims(
            &course.last,
            kind,
            amount,
            course.last.payment.id(),
            Pending::IsNotEnough,
        )?;
        Ok(done(&course.first, false, claims))
    }

    /// The ways to pay in a country, or those stored for a customer, whichever the provider lists by.
    async fn methods(&self) -> Seen {
        let before = self.requests();
        let query = MethodQuery::country("NG").of(seeds::PERSON);
        let listed = self.gateway.payment_methods(&query).await;
        match listed {
            Ok(methods) => Seen::Listed(methods.len()),
            Err(error) => self.refused(before, &error),
        }
    }

    async fn declined(&self) -> Seen {
        let course = async {
            let charge = self.charge("demo-declined", &self.declined)?;
            let course = self.take(Operation::Sale(Box::new(charge)), &self.declined).await?;
            match course.last.outcome {
                Outcome::Declined(decline) => Ok(Seen::Declined(decline)),
                other => Err(Seen::Wrong(format!("it should be declined, and is {}", other.as_str()))),
            }
        };
        course.await.unwrap_or_else(|seen| seen)
    }

    /// Does an operation, and what is needed to bring it to its end.
    async fn take(&self, operation: Operation, card: &TestCard) -> Result<Course, Seen> {
        let answer = self.ask(operation).await?;
        let first = answer.outcome.clone();
        match &first {
            Outcome::ActionRequired(action) => {
                let number = card.number.as_str();
                let paid = self.demo.browser.pay(self.place, action, number).await;
                paid.map_err(|what| Seen::Wrong(format!("on the provider's page: {what}")))?;
            }
            Outcome::Pending => {}
            _ => return Ok(Course { first, last: answer }),
        }
        self.demo.lab.advance(&self.demo.clock, A_MOMENT);
        let inquiry = Inquiry::Payment(answer.payment.reference);
        let last = self.ask(Operation::Inquire(inquiry)).await?;
        Ok(Course { first, last })
    }

    async fn ask(&self, operation: Operation) -> Result<Answer, Seen> {
        let before = self.requests();
        let answer = self.gateway.execute(&operation).await;
        answer.map_err(|error| self.refused(before, &error))
    }

    /// Not offered only if nothing was sent; everything else is wrong here.
    fn refused(&self, before: u64, error: &Error) -> Seen {
        let sent = self.requests().saturating_sub(before);
        match (error.kind(), error.fate(), sent) {
            (ErrorKind::Unsupported, Fate::NotDone, 0) => Seen::NotOffered,
            (ErrorKind::Unsupported, ..) => Seen::Wrong(format!("{error}, after {sent} requests")),
            _ => Seen::Wrong(error.to_string()),
        }
    }

    fn requests(&self) -> u64 {
        self.place.server.with(|host, _| host.requests())
    }

    fn charge(&self, name: &str, card: &TestCard) -> Result<Charge, Seen> {
        let mut charge = Charge::new(reference(name)?, dollars(PRICE), self.source(card)?);
        charge.order = Some("order-1001".to_owned());
        charge.urls.back = Some(SHOP.to_owned());
        Ok(charge)
    }

    fn source(&self, card: &TestCard) -> Result<Source, Seen> {
        card.source(Timestamp::now())
            .map_err(|failure| Seen::Wrong(failure.to_string()))
    }

    /// A payment of this gateway that never was, for steps whose payment is missing.
    fn nobody(&self) -> PaymentRef {
        let capabilities = self.gateway.capabilities();
        PaymentRef::new(capabilities.provider, capabilities.account.clone(), ["0"])
    }
}

fn page(charge: Charge) -> Checkout {
    let mut checkout = Checkout::new(charge.reference.clone(), charge.amount);
    checkout.charge = charge;
    checkout.charge.source = Source::Hosted;
    checkout
}

fn reference(text: &str) -> Result<Reference, Seen> {
    Reference::new(text).map_err(|error| Seen::Wrong(error.to_string()))
}

fn done(first: &Outcome, partial: bool, claims: Vec<Claim>) -> Seen {
    Seen::Done {
        outcome: first.as_str().to_owned(),
        partial,
        before: Vec::new(),
        claims,
    }
}
