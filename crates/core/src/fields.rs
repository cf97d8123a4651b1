//! The optional data of a request: which there are, and how long each is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::operation::{Charge, Payout};
use crate::order::{Address, Customer, Initiator, Source, ThreeDs};

/// Optional data that a provider may or may not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
    /// The addressee's name in an address.
    Addressee,
    /// The id of the agreement behind a merchant-initiated payment.
    Agreement,
    /// The billing address.
    Billing,
    /// The page for customers who give up.
    CancelUrl,
    /// The card's holder.
    CardHolder,
    /// The customer's e-mail address.
    CustomerEmail,
    /// The merchant's id of the customer.
    CustomerId,
    /// The customer's network address.
    CustomerIp,
    /// The customer's name.
    CustomerName,
    /// The customer's telephone number.
    CustomerPhone,
    /// What it is for.
    Description,
    /// The lines of what is bought.
    Items,
    /// That the merchant starts it; refused where it cannot be carried.
    MerchantInitiated,
    /// The merchant's labels.
    Metadata,
    /// The network's id of the first payment under an agreement.
    NetworkTransactionId,
    /// The address for notifications.
    NotifyUrl,
    /// The order.
    Order,
    /// The reason of a refund.
    Reason,
    /// The page that the customer returns to.
    ReturnUrl,
    /// The shipping address.
    Shipping,
    /// The text on the statement.
    StatementDescriptor,
    /// Browser data for 3-D Secure.
    ThreeDsBrowser,
    /// The result of an authentication elsewhere; refused where it cannot be carried.
    ThreeDsExternal,
}

impl Field {
    /// The stable string form.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Addressee => "addressee",
            Self::Agreement => "agreement",
            Self::Billing => "billing",
            Self::CancelUrl => "cancel_url",
            Self::CardHolder => "card_holder",
            Self::CustomerEmail => "customer_email",
            Self::CustomerId => "customer_id",
            Self::CustomerIp => "customer_ip",
            Self::CustomerName => "customer_name",
            Self::CustomerPhone => "customer_phone",
            Self::Description => "description",
            Self::Items => "items",
            Self::MerchantInitiated => "merchant_initiated",
            Self::Metadata => "metadata",
            Self::NetworkTransactionId => "network_transaction_id",
            Self::NotifyUrl => "notify_url",
            Self::Order => "order",
            Self::Reason => "reason",
            Self::ReturnUrl => "return_url",
            Self::Shipping => "shipping",
            Self::StatementDescriptor => "statement_descriptor",
            Self::ThreeDsBrowser => "three_ds_browser",
            Self::ThreeDsExternal => "three_ds_external",
        }
    }

    /// Whether losing it would change what the payment is, so that it is refused rather than dropped.
    #[must_use]
    pub const fn is_essential(self) -> bool {
        matches!(self, Self::MerchantInitiated | Self::ThreeDsExternal)
    }

    /// Whether it is a text that may have lines.
    const fn has_lines(self) -> bool {
        matches!(self, Self::Description | Self::Reason)
    }
}

/// Optional data that a request has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Present {
    /// Which.
    pub(crate) field: Field,
    /// How many characters; 0 where nobody counts them.
    pub(crate) length: usize,
    /// Whether it is free of control characters, line breaks aside where a text may have lines.
    pub(crate) is_clean: bool,
}

/// What is done with each that is present; an error ends it.
pub(crate) type Visit<'a> = &'a mut dyn FnMut(Present) -> Result<(), Error>;

/// A text, if it is present.
pub(crate) fn text(field: Field, value: Option<&str>, visit: Visit<'_>) -> Result<(), Error> {
    value.map_or(Ok(()), |value| visit(read(field, value)))
}

fn read(field: Field, value: &str) -> Present {
    let fits = |c: char| !c.is_control() || (field.has_lines() && matches!(c, '\n' | '\r' | '\t'));
    Present {
        field,
        length: value.chars().count(),
        is_clean: value.chars().all(fits),
    }
}

fn flag(field: Field, is: bool, visit: Visit<'_>) -> Result<(), Error> {
    texts(field, is.then_some([]), visit)
}

/// Several texts that are one field, if it is present: clean if all of them are. Nobody counts their characters.
fn texts<'a>(field: Field, values: Option<impl IntoIterator<Item = &'a str>>, visit: Visit<'_>) -> Result<(), Error> {
    let Some(values) = values else { return Ok(()) };
    visit(Present {
        field,
        length: 0,
        is_clean: values.into_iter().all(|value| read(field, value).is_clean),
    })
}

fn address(field: Field, address: Option<&Address>, visit: Visit<'_>) -> Result<(), Error> {
    let lines = address.map(|address| {
        let Address {
            name,
            street,
            street2,
            city,
            region,
            postal_code,
            country,
        } = address;
        let lines = [name, street, street2, city, region, postal_code, country];
        lines.into_iter().flatten().map(String::as_str)
    });
    texts(field, lines, visit)
}

fn metadata(labels: &BTreeMap<String, String>, visit: Visit<'_>) -> Result<(), Error> {
    let values = || labels.iter().flat_map(|(name, value)| [name.as_str(), value.as_str()]);
    texts(Field::Metadata, (!labels.is_empty()).then(values), visit)
}

/// Given name and family name are one field: as long as the longer of them, and clean if both are.
fn name(customer: &Customer, visit: Visit<'_>) -> Result<(), Error> {
    let parts = [&customer.first_name, &customer.last_name];
    let parts = || parts.into_iter().flatten().map(|part| read(Field::CustomerName, part));
    let is_clean = parts().all(|part| part.is_clean);
    match parts().max_by_key(|part| part.length) {
        Some(longest) => visit(Present { is_clean, ..longest }),
        None => Ok(()),
    }
}

fn customer(customer: &Customer, source: &Source, visit: Visit<'_>) -> Result<(), Error> {
    text(Field::CustomerId, customer.id.as_deref(), visit)?;
    name(customer, visit)?;
    text(Field::CustomerEmail, customer.email.as_deref(), visit)?;
    text(Field::CustomerPhone, customer.phone.as_deref(), visit)?;
    flag(Field::CustomerIp, customer.ip.is_some(), visit)?;
    match source {
        Source::Card(card) => text(Field::CardHolder, card.holder(), visit),
        _ => Ok(()),
    }
}

/// The optional data of a charge.
pub(crate) fn of_charge(charge: &Charge, visit: Visit<'_>) -> Result<(), Error> {
    let descriptor = charge.statement_descriptor.as_deref();
    let browser = match &charge.three_ds {
        ThreeDs::Browser(browser) => {
            Some([&browser.accept, &browser.user_agent, &browser.language].map(String::as_str))
        }
        _ => None,
    };
    let external = match &charge.three_ds {
        ThreeDs::External(result) => {
            let more = [&result.version, &result.ds_transaction_id, &result.status, &result.xid];
            let all = [&result.eci, &result.cavv]
                .into_iter()
                .chain(more.into_iter().flatten());
            Some(all.map(String::as_str))
        }
        _ => None,
    };
    let items = || {
        charge
            .items
            .iter()
            .flat_map(|item| [item.sku.as_str(), item.name.as_str()])
    };
    text(Field::Order, charge.order.as_deref(), visit)?;
    customer(&charge.customer, &charge.source, visit)?;
    address(Field::Billing, charge.billing.as_ref(), visit)?;
    address(Field::Shipping, charge.shipping.as_ref(), visit)?;
    let mut addresses = [&charge.billing, &charge.shipping].into_iter().flatten();
    let addressee = addresses.find_map(|address| address.name.as_deref());
    text(Field::Addressee, addressee, visit)?;
    text(Field::Description, charge.description.as_deref(), visit)?;
    text(Field::StatementDescriptor, descriptor, visit)?;
    texts(Field::Items, (!charge.items.is_empty()).then(items), visit)?;
    metadata(&charge.metadata, visit)?;
    text(Field::ReturnUrl, charge.urls.back.as_deref(), visit)?;
    text(Field::CancelUrl, charge.urls.cancel.as_deref(), visit)?;
    text(Field::NotifyUrl, charge.urls.notify.as_deref(), visit)?;
    texts(Field::ThreeDsBrowser, browser, visit)?;
    texts(Field::ThreeDsExternal, external, visit)?;
    match &charge.initiator {
        Initiator::Merchant {
            agreement,
            network_transaction_id: network,
            ..
        } => {
            flag(Field::MerchantInitiated, true, visit)?;
            text(Field::Agreement, agreement.as_deref(), visit)?;
            text(Field::NetworkTransactionId, network.as_deref(), visit)
        }
        _ => Ok(()),
    }
}

/// The optional data of a payout.
pub(crate) fn of_payout(payout: &Payout, visit: Visit<'_>) -> Result<(), Error> {
    let descriptor = payout.statement_descriptor.as_deref();
    customer(&payout.customer, &payout.to, visit)?;
    text(Field::Description, payout.description.as_deref(), visit)?;
    text(Field::StatementDescriptor, descriptor, visit)?;
    metadata(&payout.metadata, visit)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        Ability, Account, Authentication, Capabilities, Card, Currency, LineItem, Mode, Money, Operation,
        OperationKind, Reference, ReferenceRule, Scale, Scales, SourceKind,
    };

    fn sale(fill: impl FnOnce(&mut Charge)) -> Result<Vec<Field>, Error> {
        let rule = ReferenceRule {
            min: 1,
            max: 20,
            allowed: |_| true,
            words: "1 to 20 characters",
        };
        let account = Account::of(&["m"]);
        let mut capabilities = Capabilities::new("acme", Mode::Test, account, rule, Scales::new(Scale::Iso));
        let ability = Ability::new(OperationKind::Sale).from(&[SourceKind::Card]);
        capabilities
            .abilities
            .push(ability.carries(&[Field::Order, Field::CardHolder]));
        let card = Card::new("4200000000000000", 5, 2034)
            .unwrap()
            .with_holder("Jane Jones");
        let reference = Reference::new("a1").unwrap();
        let mut charge = Charge::new(reference, Money::new(1, Currency::DKK), Source::Card(card));
        fill(&mut charge);
        capabilities.check(&Operation::Sale(Box::new(charge)), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn control_characters_are_refused_by_field_carried_or_not() {
        let holder = |name: &str| Source::Card(Card::new("4200000000000000", 5, 2034).unwrap().with_holder(name));
        assert_eq!(sale(|_| {}).unwrap(), []);
        let refused = |fill: fn(&mut Charge)| sale(fill).unwrap_err();
        for (error, field) in [
            (
                refused(|charge| charge.order = Some("order\u{1b}[31m".to_owned())),
                "order",
            ),
            (
                refused(|charge| charge.customer.last_name = Some("Jones\n".to_owned())),
                "customer_name",
            ),
            (
                refused(|charge| charge.description = Some("a\0b".to_owned())),
                "description",
            ),
            (
                refused(|charge| {
                    charge.billing = Some(Address {
                        street: Some("High Street\u{1b}[2J".to_owned()),
                        ..Address::default()
                    });
                }),
                "billing",
            ),
            (
                refused(|charge| drop(charge.metadata.insert("label".to_owned(), "a\0".to_owned()))),
                "metadata",
            ),
            (
                refused(|charge| {
                    charge.items.push(LineItem {
                        sku: "1".to_owned(),
                        name: "Shoe\n".to_owned(),
                        quantity: 1,
                        unit_minor: 1,
                    });
                }),
                "items",
            ),
            (
                refused(|charge| {
                    charge.three_ds = ThreeDs::External(Box::new(Authentication {
                        eci: "05".to_owned(),
                        cavv: "a\r\nX-Header: b".to_owned(),
                        ..Authentication::default()
                    }));
                }),
                "three_ds_external",
            ),
            (
                sale(|charge| charge.source = holder("Jane\r\nJones")).unwrap_err(),
                "card_holder",
            ),
        ] {
            assert_eq!(error.field(), Some(field));
            assert_eq!(error.message(), format!("{field} must not hold control characters"));
            assert_eq!(error.fate(), crate::Fate::NotDone);
        }
        // A description may have lines.
        let lines = sale(|charge| charge.description = Some("one\r\n\ttwo".to_owned()));
        assert_eq!(lines.unwrap(), [Field::Description]);
    }

    #[test]
    fn a_name_counts_once_and_is_dropped_once() {
        let dropped = sale(|charge| {
            charge.customer.first_name = Some("Jane".to_owned());
            charge.customer.last_name = Some("Jones".to_owned());
        });
        assert_eq!(dropped.unwrap(), [Field::CustomerName]);
    }
}
