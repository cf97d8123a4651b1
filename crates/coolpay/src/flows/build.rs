//! Bodies of requests, from what was asked.

use std::collections::BTreeMap;

use paymux_core::decimal::Number;
use paymux_core::{Address, Authentication, Card, Charge, Customer, Error, Field, Money, Payout, ThreeDs};

use super::calls::Asked;
use crate::adapter::CoolPay;
use crate::countries::alpha3;
use crate::shapes;

/// The variable that carries the order.
const ORDER: &str = "order";

impl CoolPay {
    /// The amount as it goes onto the wire.
    pub(crate) fn asked(&self, money: Money) -> Result<Asked, Error> {
        let units = self.scales().units(money);
        Ok(Asked {
            money,
            units: units.map_err(|e| Error::invalid("amount", e.to_string()))?,
            currency: money.currency().code(),
        })
    }

    /// The body that makes the payment of a charge.
    pub(crate) fn new_payment<'a>(&self, charge: &'a Charge) -> Result<shapes::NewPayment<'a>, Error> {
        let mut basket = Vec::with_capacity(charge.items.len());
        for item in &charge.items {
            let price = Money::new(item.unit_minor, charge.amount.currency());
            let units = self.scales().units(price);
            basket.push(shapes::BasketItem {
                qty: item.quantity,
                item_no: &item.sku,
                item_name: &item.name,
                item_price: units.map_err(|e| Error::invalid("items", e.to_string()))?,
                vat_rate: Number::new(0, 0),
            });
        }
        Ok(shapes::NewPayment {
            order_id: charge.reference.as_str(),
            currency: charge.amount.currency().code(),
            text_on_statement: statement(charge.statement_descriptor.as_deref())?,
            variables: variables(&charge.metadata, charge.order.as_deref())?,
            basket,
            invoice_address: invoice(charge.billing.as_ref(), &charge.customer)?,
            shipping_address: charge.shipping.as_ref().map(address).transpose()?,
        })
    }

    /// The body of the hosted page's link.
    pub(crate) fn new_link<'a>(&'a self, charge: &'a Charge, asked: Asked, capture: bool) -> shapes::NewLink<'a> {
        shapes::NewLink {
            amount: asked.units,
            auto_capture: Some(capture),
            continue_url: charge.urls.back.as_deref(),
            cancel_url: charge.urls.cancel.as_deref(),
            callback_url: charge.urls.notify.as_deref(),
            customer_email: charge.customer.email.as_deref(),
            language: self.parts.language.as_deref(),
            payment_methods: self.parts.payment_methods.as_deref(),
        }
    }
}

/// The body that makes a payout.
pub(crate) fn new_payout(payout: &Payout) -> Result<shapes::NewPayment<'_>, Error> {
    Ok(shapes::NewPayment {
        order_id: payout.reference.as_str(),
        currency: payout.amount.currency().code(),
        text_on_statement: statement(payout.statement_descriptor.as_deref())?,
        variables: variables(&payout.metadata, None)?,
        basket: Vec::new(),
        invoice_address: None,
        shipping_address: None,
    })
}

/// A card as the customer typed it.
pub(crate) fn card(card: &Card) -> shapes::Card<'_> {
    shapes::Card {
        number: Some(card.expose_number()),
        expiration: Some(format!("{:02}{:02}", card.year().rem_euclid(100), card.month())),
        cvd: card.expose_cvv(),
        issued_to: card.holder(),
        ..shapes::Card::default()
    }
}

/// Adds the result of an authentication that was done elsewhere.
pub(crate) fn authenticated<'a>(mut card: shapes::Card<'a>, three_ds: &'a ThreeDs) -> shapes::Card<'a> {
    if let ThreeDs::External(result) = three_ds {
        let Authentication {
            eci, cavv, status, xid, ..
        } = result.as_ref();
        card.eci = Some(eci);
        card.cavv = Some(cavv);
        card.status = status.as_deref();
        card.xav = xid.as_deref();
    }
    card
}

/// What the API has no place for in the result of an authentication that was done elsewhere: the protocol's version, the directory server's id.
pub(crate) fn unplaced(three_ds: &ThreeDs) -> Option<Field> {
    let ThreeDs::External(result) = three_ds else {
        return None;
    };
    let lost = result.version.is_some() || result.ds_transaction_id.is_some();
    lost.then_some(Field::ThreeDsExternal)
}

/// The person that a payout goes to.
pub(crate) fn person(customer: &Customer) -> Option<shapes::Person<'_>> {
    let person = shapes::Person {
        first_name: customer.first_name.as_deref(),
        last_name: customer.last_name.as_deref(),
        email: customer.email.as_deref(),
    };
    let known = person.first_name.is_some() || person.last_name.is_some() || person.email.is_some();
    known.then_some(person)
}

/// The text on the statement, ASCII only; its length is checked with the capabilities.
pub(crate) fn statement(text: Option<&str>) -> Result<Option<&str>, Error> {
    match text {
        Some(text) if !text.bytes().all(|b| matches!(b, b' '..=b'~')) => {
            Err(Error::invalid("statement_descriptor", "must be printable ASCII"))
        }
        text => Ok(text),
    }
}

fn variables<'a>(
    metadata: &'a BTreeMap<String, String>,
    order: Option<&'a str>,
) -> Result<BTreeMap<&'a str, &'a str>, Error> {
    let mut variables: BTreeMap<_, _> = metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    if let Some(order) = order {
        let known = variables.insert(ORDER, order);
        if known.is_some_and(|known| known != order) {
            return Err(Error::invalid(
                "metadata",
                "must not have the key `order`, which carries the order",
            ));
        }
    }
    Ok(variables)
}

/// The billing address, with what is known of the customer.
fn invoice<'a>(billing: Option<&'a Address>, customer: &'a Customer) -> Result<Option<shapes::Address<'a>>, Error> {
    let mut invoice = billing.map(address).transpose()?.unwrap_or_default();
    if invoice.name.is_none() {
        let names = [customer.first_name.as_deref(), customer.last_name.as_deref()];
        let names: Vec<_> = names.into_iter().flatten().collect();
        invoice.name = (!names.is_empty()).then(|| names.join(" "));
    }
    invoice.phone_number = customer.phone.as_deref();
    invoice.email = customer.email.as_deref();
    let known =
        billing.is_some() || invoice.name.is_some() || invoice.phone_number.is_some() || invoice.email.is_some();
    Ok(known.then_some(invoice))
}

fn address(address: &Address) -> Result<shapes::Address<'_>, Error> {
    let country = address
        .country
        .as_deref()
        .map(|two| alpha3(two).ok_or_else(|| Error::invalid("country", format!("`{two}` is not in ISO 3166-1"))));
    let lines = [address.street.as_deref(), address.street2.as_deref()];
    let lines: Vec<_> = lines.into_iter().flatten().collect();
    Ok(shapes::Address {
        name: address.name.clone(),
        street: (!lines.is_empty()).then(|| lines.join(", ")),
        city: address.city.as_deref(),
        zip_code: address.postal_code.as_deref(),
        region: address.region.as_deref(),
        country_code: country.transpose()?,
        phone_number: None,
        email: None,
    })
}
