//! Sale and checkout: a payment is made, and a link to its page.
//!
//! A payment that nobody has a link to moves no money, and the link needs the reference of create's answer. So whatever goes wrong before that answer
//! is known has done nothing.

use std::time::Duration;

use paymux_core::decimal::Number;
use paymux_core::{Answer, Call, Charge, Error, ErrorKind, Fate, Field, Memo, Money, Payment, PaymentState, Wire};

use super::{NOTE, PAYMENT};
use crate::Carry1st;
use crate::adapter::{PROVIDER, TEXT_MAX};
use crate::reading::{self, Seen};
use crate::shapes::{CreateRequest, Pair, PaymentView, Product};

/// The label that create must carry.
const CUSTOMER: &str = "customerId";
/// Our own limits of labels; the provider documents none.
const PAIRS_MAX: usize = 20;
const KEY_MAX: usize = 64;

impl Carry1st {
    /// POST `payments/create`, then the link.
    pub(crate) async fn open(&self, charge: &Charge, wire: &dyn Wire) -> Result<Answer, Error> {
        let reference = charge.reference.as_str();
        let nothing = |error: Error| {
            error.with_fate(Fate::NotDone).context(&format!(
                "payment `{reference}` was not opened, so that nobody can pay it"
            ))
        };
        let request = self.post("/api/pay1st/payments/create", &PAYMENT, &self.create_request(charge)?)?;
        let reply = match wire.send(Call::prepares(request)).await {
            Ok(reply) => reply,
            Err(lost) => return Err(nothing(lost.give_up())),
        };
        if !reply.status.is_success() {
            let error = reading::create_refusal(&reply, reference, wire.now());
            // What is not in the provider's words is as good as lost.
            let is_lost = reply.status.is_server_error() || reading::is_bare(&reply);
            return Err(if is_lost && error.fate() != Fate::Unknown {
                nothing(error)
            } else {
                error
            });
        }
        let text = reply.text();
        let view = reading::view(&text, &reply).map_err(nothing)?;
        let id = reading::required(view.reference.as_deref(), "reference").map_err(nothing)?;
        wire.note(Memo::new(NOTE, id)).await?;
        let mut answer = if self.is_as_asked(&view, charge) {
            self.answer(reading::seen(&view, self.account(), self.scales())?, wire)
                .await?
        } else {
            // Something is missing or different, or the payment is older than this call: only the provider's record decides.
            let open = |error: Error| error.with_fate(Fate::Unknown);
            let seen = Box::pin(self.ask_patiently(id, wire)).await.map_err(open)?;
            reading::check_asked(&seen, Some(reference), Some(charge.amount))?;
            self.answer(seen, wire).await.map_err(open)?
        };
        if charge.description.is_some() && !charge.items.is_empty() {
            answer.payment.dropped.push(Field::Description);
        }
        Ok(answer)
    }

    /// Whether create's reply is a new payment, and the one that was asked for.
    fn is_as_asked(&self, view: &PaymentView<'_>, charge: &Charge) -> bool {
        view.status.as_deref() == Some("NEW")
            && view.partner_reference.as_deref() == Some(charge.reference.as_str())
            && reading::money(view.amount.as_ref(), view.currency_code.as_deref(), self.scales()) == Some(charge.amount)
    }

    /// Asks about a payment that was made a moment ago, a few times if it is not there yet.
    async fn ask_patiently(&self, id: &str, wire: &dyn Wire) -> Result<Seen, Error> {
        let mut last = self.ask(id, wire).await;
        for pause in [1, 3] {
            match &last {
                Err(error) if error.is_not_found() || error.kind() == ErrorKind::Network => {}
                _ => break,
            }
            if !wire.wait(Duration::from_secs(pause)).await {
                break;
            }
            last = self.ask(id, wire).await;
        }
        last.map_err(|error| {
            if error.payment().is_some() {
                error
            } else {
                error.with_payment(self.barely(id))
            }
        })
    }

    /// A payment of which only the reference is known.
    fn barely(&self, id: &str) -> Payment {
        Payment::new(reading::payment_ref(self.account(), id, None), PaymentState::Pending)
    }

    fn create_request<'a>(&'a self, charge: &'a Charge) -> Result<CreateRequest<'a>, Error> {
        let config = &self.config;
        let billing = charge.billing.as_ref().and_then(|address| address.country.as_deref());
        let country = billing.or(config.default_country.as_deref()).ok_or_else(|| {
            let rule = "is needed: set the billing address's country, or `default_country` in the configuration";
            Error::invalid("country", rule)
        })?;
        let back = charge.urls.back.as_deref();
        Ok(CreateRequest {
            amount: self.number(charge.amount)?,
            country_code: country,
            currency_code: charge.amount.currency().code(),
            partner_reference: charge.reference.as_str(),
            callback_success_url: back.or(config.callback_success_url.as_deref()),
            callback_failure_url: back.or(config.callback_failure_url.as_deref()),
            callback_pending_url: back.or(config.callback_pending_url.as_deref()),
            callback_cancel_url: charge
                .urls
                .cancel
                .as_deref()
                .or(back)
                .or(config.callback_cancel_url.as_deref()),
            webhook_url: charge.urls.notify.as_deref().or(config.webhook_url.as_deref()),
            products: self.products(charge)?,
            metadata: metadata(charge)?,
        })
    }

    /// What is bought, adding up to the amount. Without items it is one product.
    fn products<'a>(&self, charge: &'a Charge) -> Result<Vec<Product<'a>>, Error> {
        let currency = charge.amount.currency();
        if charge.items.is_empty() {
            return Ok(vec![Product {
                title: charge.description.as_deref().unwrap_or("Payment"),
                sku: charge.reference.as_str(),
                price: self.number(charge.amount)?,
                quantity: 1,
                currency_code: currency.code(),
            }]);
        }
        let mut sum = Some(0_i64);
        let mut products = Vec::with_capacity(charge.items.len());
        for item in &charge.items {
            if item.sku.is_empty() || item.name.is_empty() {
                return Err(Error::invalid("items", "must each have a sku and a name"));
            }
            let line = item.unit_minor.checked_mul(i64::from(item.quantity));
            sum = sum.zip(line).and_then(|(sum, line)| sum.checked_add(line));
            products.push(Product {
                title: &item.name,
                sku: &item.sku,
                price: self.number(Money::new(item.unit_minor, currency))?,
                quantity: item.quantity,
                currency_code: currency.code(),
            });
        }
        if sum != Some(charge.amount.minor()) {
            let total = sum.map_or_else(
                || "more than fits".to_owned(),
                |sum| Money::new(sum, currency).to_string(),
            );
            let rule = format!(
                "must add up to the amount: they are {total}, and the amount is {}",
                charge.amount
            );
            return Err(Error::invalid("items", rule));
        }
        Ok(products)
    }

    /// An amount as a JSON number in major units.
    pub(crate) fn number(&self, amount: Money) -> Result<Number, Error> {
        let units = self.scales().units(amount);
        let digits = self.scales().digits(amount.currency());
        match (units, digits) {
            (Ok(units), Ok(digits)) => Ok(Number::new(units, digits)),
            (Err(error), _) | (_, Err(error)) => Err(Error::invalid("amount", error.to_string())),
        }
    }
}

/// The merchant's labels, with the customer's id among them: create must have one.
fn metadata(charge: &Charge) -> Result<Vec<Pair<'_>>, Error> {
    let own = charge.metadata.get(CUSTOMER).map(String::as_str);
    let id = charge.customer.id.as_deref();
    if own.zip(id).is_some_and(|(own, id)| own != id) {
        return Err(Error::invalid(
            "metadata",
            format!("has a `{CUSTOMER}` other than the customer's id"),
        ));
    }
    let mut pairs = vec![Pair {
        key: CUSTOMER,
        value: id.or(own).unwrap_or(charge.reference.as_str()),
    }];
    for (key, value) in charge.metadata.iter().filter(|(key, _)| *key != CUSTOMER) {
        pairs.push(Pair { key, value });
    }
    let fits = |text: &str, most| (1..=most).contains(&text.chars().count());
    if pairs.len() > PAIRS_MAX
        || pairs
            .iter()
            .any(|pair| !fits(pair.key, KEY_MAX) || !fits(pair.value, TEXT_MAX))
    {
        let rule = format!(
            "must be at most {PAIRS_MAX} pairs, `{CUSTOMER}` included, with keys of 1 to {KEY_MAX} and values of 1 to {TEXT_MAX} characters, to go to {PROVIDER}"
        );
        return Err(Error::invalid("metadata", rule));
    }
    Ok(pairs)
}
