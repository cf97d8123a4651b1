//! Money in: what is typed becomes a charge, from the source that fits the gateway.

use std::path::Path;

use jiff::Timestamp;
use paymux::{
    Address, Capabilities, Charge, Checkout, Gateway, Operation, OperationKind, PaymentGateway as _, Source, SourceKind,
};

use super::Ready;
use super::cashier::Cashier;
use crate::args::{Attempt, ChargeArgs, CheckoutArgs, OrderArgs, SourceArgs, SourceName};
use crate::exit::Failure;
use crate::{card_file, test_cards};

pub(super) async fn checkout(config: &Path, args: CheckoutArgs) -> Result<Ready, Failure> {
    let cashier = Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?;
    let charge = fill(args.attempt, args.order, Source::Hosted);
    Ok(Ready::new(cashier, page(charge, !args.hold), args.keep))
}

pub(super) async fn charge(config: &Path, args: ChargeArgs, kind: OperationKind) -> Result<Ready, Failure> {
    let cashier = Cashier::open(config, &args.on, args.keep.journal.as_ref()).await?;
    let capabilities = cashier.gateway.capabilities();
    let given = Given::read(capabilities, &args.source, Timestamp::now())?;
    let source = given.pick(capabilities, kind, args.source.source.map(|name| name.kind()))?;
    // Where the page is offered as a checkout only, that is what a charge on the page is; but none that holds money where nothing captures it.
    let as_checkout = matches!(source, Source::Hosted)
        && !takes(capabilities, kind, SourceKind::Hosted)
        && capabilities.offers(OperationKind::Checkout)
        && (kind == OperationKind::Sale || capabilities.offers(OperationKind::Capture));
    let charge = fill(args.attempt, args.order, source);
    let operation = match (as_checkout, kind) {
        (true, _) => page(charge, kind == OperationKind::Sale),
        (false, OperationKind::Authorize) => Operation::Authorize(Box::new(charge)),
        (false, _) => Operation::Sale(Box::new(charge)),
    };
    let mut ready = Ready::new(cashier, operation, args.keep);
    if let Some(number) = given.to_type {
        ready.aside = format!("On the page, the test card is {number}.\n");
    }
    Ok(ready)
}

/// To what a payout goes.
pub(super) fn payee(gateway: &Gateway, args: &SourceArgs, now: Timestamp) -> Result<Source, Failure> {
    let capabilities = gateway.capabilities();
    let given = Given::read(capabilities, args, now)?;
    given.pick(capabilities, OperationKind::Payout, args.source.map(|name| name.kind()))
}

/// What was given to pay with.
#[derive(Debug, Default)]
struct Given {
    card: Option<paymux::Card>,
    stored: Option<String>,
    hosted: bool,
    /// The number to type on the provider's page.
    to_type: Option<String>,
}

impl Given {
    fn read(capabilities: &Capabilities, args: &SourceArgs, now: Timestamp) -> Result<Self, Failure> {
        let mut given = Self {
            card: args.card_file.as_deref().map(card_file::read).transpose()?,
            stored: args.stored.clone(),
            ..Self::default()
        };
        if let Some(name) = &args.test_card {
            let card = test_cards::find(capabilities, name)?;
            given.to_type = card.to_type().map(str::to_owned);
            match card.source(now)? {
                // It is typed on the page then.
                Source::Card(_) if args.source == Some(SourceName::Hosted) => given.to_type = Some(card.number),
                Source::Card(card) => given.card = Some(card),
                Source::Stored(id) => given.stored = Some(id),
                _ => given.hosted = true,
            }
        }
        Ok(given)
    }

    /// The source that was named; else the card, the stored instrument or the page, in this order, where it was given and is taken.
    fn pick(
        &self,
        capabilities: &Capabilities,
        kind: OperationKind,
        named: Option<SourceKind>,
    ) -> Result<Source, Failure> {
        let hosted = takes(capabilities, kind, SourceKind::Hosted)
            || (kind != OperationKind::Payout && capabilities.offers(OperationKind::Checkout));
        match (named, &self.card, &self.stored) {
            (Some(SourceKind::Card), Some(card), _) => Ok(Source::Card(card.clone())),
            (Some(SourceKind::Card), None, _) => Err(Failure::input(
                "--source card: no card is given; name a file by --card-file, or a --test-card",
            )),
            (Some(SourceKind::Stored), _, Some(id)) => Ok(Source::Stored(id.clone())),
            (Some(SourceKind::Stored), _, None) => Err(Failure::input(
                "--source stored: no instrument is given; name it by --stored",
            )),
            // What cannot be used is not quietly left out.
            (Some(_), Some(_), _) => Err(Failure::input(
                "--card-file: is not read with --source hosted, where the customer types the card on the provider's page",
            )),
            (Some(_), _, Some(_)) => Err(Failure::input("--stored: is not used with --source hosted")),
            (Some(_), None, None) => Ok(Source::Hosted),
            (None, Some(card), _) if takes(capabilities, kind, SourceKind::Card) || !hosted => {
                Ok(Source::Card(card.clone()))
            }
            (None, _, Some(id)) => Ok(Source::Stored(id.clone())),
            (None, Some(_), None) => Err(Failure::input(format!(
                "--card-file: {} takes no card data; the customer pays on its page (--source hosted)",
                capabilities.provider
            ))),
            (None, None, None) if hosted || self.hosted => Ok(Source::Hosted),
            (None, None, None) => Err(Failure::input(format!(
                "--source: nothing is given to make a {kind} with; {} takes {}",
                capabilities.provider,
                taken(capabilities, kind),
            ))),
        }
    }
}

fn takes(capabilities: &Capabilities, kind: OperationKind, source: SourceKind) -> bool {
    let ability = capabilities.ability(kind);
    ability.is_some_and(|ability| ability.sources.contains(&source))
}

fn taken(capabilities: &Capabilities, kind: OperationKind) -> String {
    let sources = capabilities.ability(kind).map(|ability| ability.sources.as_slice());
    let words: Vec<_> = sources.unwrap_or_default().iter().map(|s| s.as_str()).collect();
    if words.is_empty() {
        format!("no {kind} at all")
    } else {
        words.join(", ")
    }
}

fn page(charge: Charge, capture: bool) -> Operation {
    let mut checkout = Checkout::new(charge.reference.clone(), charge.amount);
    checkout.charge = charge;
    checkout.capture = capture;
    Operation::Checkout(Box::new(checkout))
}

fn fill(attempt: Attempt, order: OrderArgs, source: Source) -> Charge {
    let mut charge = Charge::new(attempt.reference, attempt.amount, source);
    charge.order = order.order;
    charge.description = order.description;
    charge.customer.id = order.customer;
    charge.urls.back = order.return_url;
    charge.urls.notify = order.notify_url;
    if order.country.is_some() {
        charge.billing.insert(Address::default()).country = order.country;
    }
    charge
}
