//! The optional data of a request: which there are, and how long each is.

use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::operation::{Charge, Payout};
use crate::order::{Customer, Initiator, Source, ThreeDs};

/// Optional data that a provider may or may not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Field {
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
pub(crate) type Sorted<'a> = &'a mut dyn FnMut(Present) -> Result<(), Error>;

/// A text, if it is present.
pub(crate) fn text(field: Field, value: Option<&str>, sorted: Sorted<'_>) -> Result<(), Error> {
    value.map_or(Ok(()), |value| sorted(read(field, value)))
}

fn read(field: Field, value: &str) -> Present {
    let fits = |c: char| !c.is_control() || (field.has_lines() && matches!(c, '\n' | '\r' | '\t'));
    Present {
        field,
        length: value.chars().count(),
        is_clean: value.chars().all(fits),
    }
}

fn flag(field: Field, is: bool, sorted: Sorted<'_>) -> Result<(), Error> {
    let (length, is_clean) = (0, true);
    let present = Present {
        field,
        length,
        is_clean,
    };
    if is { sorted(present) } else { Ok(()) }
}

/// Given name and family name are one field: as long as the longer of them, and clean if both are.
fn name(customer: &Customer, sorted: Sorted<'_>) -> Result<(), Error> {
    let parts = [&customer.first_name, &customer.last_name];
    let parts = || parts.into_iter().flatten().map(|part| read(Field::CustomerName, part));
    let is_clean = parts().all(|part| part.is_clean);
    match parts().max_by_key(|part| part.length) {
        Some(longest) => sorted(Present { is_clean, ..longest }),
        None => Ok(()),
    }
}

fn customer(customer: &Customer, source: &Source, sorted: Sorted<'_>) -> Result<(), Error> {
    text(Field::CustomerId, customer.id.as_deref(), sorted)?;
    name(customer, sorted)?;
    text(Field::CustomerEmail, customer.email.as_deref(), sorted)?;
    text(Field::CustomerPhone, customer.phone.as_deref(), sorted)?;
    flag(Field::CustomerIp, customer.ip.is_some(), sorted)?;
    match source {
        Source::Card(card) => text(Field::CardHolder, card.holder(), sorted),
        _ => Ok(()),
    }
}

/// The optional data of a charge.
pub(crate) fn of_charge(charge: &Charge, sorted: Sorted<'_>) -> Result<(), Error> {
    let descriptor = charge.statement_descriptor.as_deref();
    let (browser, external) = match charge.three_ds {
        ThreeDs::Browser(_) => (true, false),
        ThreeDs::External(_) => (false, true),
        _ => (false, false),
    };
    text(Field::Order, charge.order.as_deref(), sorted)?;
    customer(&charge.customer, &charge.source, sorted)?;
    flag(Field::Billing, charge.billing.is_some(), sorted)?;
    flag(Field::Shipping, charge.shipping.is_some(), sorted)?;
    text(Field::Description, charge.description.as_deref(), sorted)?;
    text(Field::StatementDescriptor, descriptor, sorted)?;
    flag(Field::Items, !charge.items.is_empty(), sorted)?;
    flag(Field::Metadata, !charge.metadata.is_empty(), sorted)?;
    text(Field::ReturnUrl, charge.urls.back.as_deref(), sorted)?;
    text(Field::CancelUrl, charge.urls.cancel.as_deref(), sorted)?;
    text(Field::NotifyUrl, charge.urls.notify.as_deref(), sorted)?;
    flag(Field::ThreeDsBrowser, browser, sorted)?;
    flag(Field::ThreeDsExternal, external, sorted)?;
    match &charge.initiator {
        Initiator::Merchant {
            agreement,
            network_transaction_id: network,
            ..
        } => {
            flag(Field::MerchantInitiated, true, sorted)?;
            text(Field::Agreement, agreement.as_deref(), sorted)?;
            text(Field::NetworkTransactionId, network.as_deref(), sorted)
        }
        _ => Ok(()),
    }
}

/// The optional data of a payout.
pub(crate) fn of_payout(payout: &Payout, sorted: Sorted<'_>) -> Result<(), Error> {
    let descriptor = payout.statement_descriptor.as_deref();
    customer(&payout.customer, &payout.to, sorted)?;
    text(Field::Description, payout.description.as_deref(), sorted)?;
    text(Field::StatementDescriptor, descriptor, sorted)?;
    flag(Field::Metadata, !payout.metadata.is_empty(), sorted)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        Ability, Account, Capabilities, Card, Currency, Mode, Money, Operation, OperationKind, Reference,
        ReferenceRule, Scale, Scales, SourceKind,
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
