//! One world: a provider, a gateway on it, and an application that may die and start again.

use std::sync::Arc;
use std::time::Duration;

use paymux::transport::Transport;
use paymux::{Builder, Inquiry, Money, Outcome, PaymentGateway};
use paymux_conformance::InProcess;
use paymux_simulator::{Origin, coolpay::CoolPay, opp::Opp};

use crate::book::{Book, Status};
use crate::door::{Bystander, Door, Weather};
use crate::plan::{Mishap, Plan, Post};
use crate::script::{Deed, Share};
use crate::shop::Shop;
use crate::verdict::{self, WorldReport};
use crate::{Stand, stands};

/// What is changed about the gateways of a world, to see whether it is noticed.
#[derive(Clone, Copy, Debug)]
pub struct Sabotage {
    /// Other adapters.
    pub builder: fn(Builder) -> Builder,
    /// Another way to the provider.
    pub transport: fn(Arc<dyn Transport>) -> Arc<dyn Transport>,
    /// Another gateway.
    pub gateway: fn(Arc<dyn PaymentGateway>) -> Arc<dyn PaymentGateway>,
    /// An application that believes webhooks as they come.
    pub credulous: bool,
}

impl Sabotage {
    /// Nothing is changed.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            builder: |builder| builder,
            transport: |transport| transport,
            gateway: |gateway| gateway,
            credulous: false,
        }
    }
}

/// How long a world may last at the most, in its own time.
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3600);
/// After which everything has happened that will.
const QUIET: Duration = Duration::from_secs(2 * 3600);

/// Lives through a schedule, and holds what the application believes against what the provider booked.
///
/// # Panics
/// No runtime can be made.
#[must_use]
pub fn live(plan: &Plan, sabotage: &Sabotage) -> WorldReport {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap_or_else(|error| panic!("no runtime: {error}"));
    runtime.block_on(async {
        let stand = stands::named(plan.gateway);
        World {
            weather: Arc::new(Weather::new(plan.mishaps.clone())),
            book: Arc::new(Book::new(&plan.script.deeds)),
            stand,
            plan,
            sabotage,
        }
        .run()
        .await
    })
}

struct World<'a> {
    plan: &'a Plan,
    sabotage: &'a Sabotage,
    stand: Stand,
    book: Arc<Book>,
    weather: Arc<Weather>,
}

impl World<'_> {
    async fn run(self) -> WorldReport {
        let whole = async {
            loop {
                let shop = self.process();
                tokio::select! {
                    biased;
                    () = shop.run() => break,
                    () = self.weather.death.notified() => {}
                }
                drop(shop);
                tokio::time::sleep(self.weather.down()).await;
            }
        };
        let hung = tokio::time::timeout(LONGEST, whole).await.is_err();
        self.weather.calm();
        let webhooks = self.stand.provider.webhooks();
        tokio::time::sleep(QUIET).await;
        // What is booked late is booked by now, whoever asks or does not.
        let _ = self.stand.provider.webhooks();
        let shop = self.process();
        if self.plan.webhooks == Post::Replayed {
            shop.replayed(webhooks).await;
        }
        let record = self.is_recorded(&shop).await;
        let pages = self.book.open();
        verdict::judge(
            self.plan,
            &self.stand,
            &pages.steps,
            self.weather.happened(),
            self.weather.calls(),
        )
        .with_record(record)
        .with_hang(hung)
    }

    /// A process of the application, with a gateway of its own.
    fn process(&self) -> Shop<'_> {
        let bystander = Arc::new(Neighbour {
            provider: Arc::clone(&self.stand.provider),
            book: Arc::clone(&self.book),
            whole: self.stand.subject.amount,
        });
        let door: Arc<dyn Transport> = Arc::new(Door::new(Arc::clone(&self.weather), &self.stand, bystander));
        let builder = self.stand.builder().transport((self.sabotage.transport)(door));
        let builder = builder.recorder(self.book.clone());
        let gateway = self.stand.gateway_of((self.sabotage.builder)(builder));
        Shop {
            gateway: (self.sabotage.gateway)(Arc::new(gateway)),
            stand: &self.stand,
            book: Arc::clone(&self.book),
            weather: Arc::clone(&self.weather),
            plan: self.plan,
            credulous: self.sabotage.credulous,
        }
    }

    /// Whether the record leads back to the payment, where the application believes that there is one.
    async fn is_recorded(&self, shop: &Shop<'_>) -> Result<(), String> {
        let made = {
            let pages = self.book.open();
            let made = |page: &&crate::book::Page| {
                page.deed.starts() && matches!(page.status, Status::Closed(end) if end.is_done())
            };
            pages.steps.iter().rfind(made).map(|page| page.deed)
        };
        let Some(deed) = made else { return Ok(()) };
        let Some(payment) = shop.known() else {
            return Err(format!("the record of a {deed:?} holds no payment"));
        };
        let is_foreign = {
            let host = self.stand.provider.host();
            host.ledger()
                .of(payment.id())
                .any(|movement| movement.origin == Origin::Foreign)
        };
        if is_foreign {
            return Err(format!(
                "the record of a {deed:?} leads to a stranger's payment, {payment}"
            ));
        }
        match shop.gateway.inquire(Inquiry::Payment(payment.clone())).await {
            Ok(answer) if matches!(answer.outcome, Outcome::Approved | Outcome::Review | Outcome::Pending) => Ok(()),
            Ok(answer) => Err(format!("{payment} was done, and is {}", answer.outcome.as_str())),
            // A code that nobody knows leaves a later step open; the payment is there.
            Err(error) if error.payment().is_some_and(|found| found.id() == payment.id()) => Ok(()),
            Err(error) => Err(format!("{payment} was done, and cannot be found: {error}")),
        }
    }
}

/// What others do at the provider.
#[derive(Debug)]
struct Neighbour {
    provider: Arc<InProcess>,
    book: Arc<Book>,
    whole: Money,
}

impl Bystander for Neighbour {
    fn interfere(&self, what: &Mishap, step: usize) -> bool {
        let now = self.provider.now();
        let mut host = self.provider.host();
        if *what == Mishap::Foreign {
            host.provider()
                .add_foreign(now, self.whole.minor(), self.whole.currency().code());
            return true;
        }
        let (deed, payment, capture) = {
            let pages = self.book.open();
            let Some(page) = pages.steps.get(step) else {
                return false;
            };
            let Some(payment) = &pages.payment else { return false };
            (page.deed, payment.id().to_owned(), pages.capture.clone())
        };
        let part = |share: Share| share.of(self.whole.minor());
        if let Some(coolpay) = host.provider_as::<CoolPay>() {
            return match deed {
                Deed::Capture(share) => coolpay.capture_in_back_office(now, &payment, part(share)).is_some(),
                Deed::Refund(share) => coolpay.refund_in_back_office(now, &payment, part(share)).is_some(),
                Deed::Void => coolpay.cancel_in_back_office(now, &payment).is_some(),
                _ => false,
            };
        }
        if let Some(opp) = host.provider_as::<Opp>() {
            return match deed {
                Deed::Capture(share) => opp.capture(now, &payment, part(share)).is_some(),
                Deed::Refund(share) => opp
                    .refund(now, capture.as_deref().unwrap_or(&payment), part(share))
                    .is_some(),
                Deed::Void => opp.void(now, &payment).is_some(),
                _ => false,
            };
        }
        false
    }
}
