//! The optional data of a request: which there are, and how long each is.

use serde::Serialize;

use crate::operation::{Charge, Payout};
use crate::order::{Customer, Initiator, Source, ThreeDs};

/// Optional data that a provider may or may not carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
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
}

/// Adds a text that is present.
pub(crate) fn text(field: Field, value: Option<&str>, present: &mut Vec<(Field, usize)>) {
    if let Some(value) = value {
        present.push((field, value.chars().count()));
    }
}

fn flag(field: Field, is: bool, present: &mut Vec<(Field, usize)>) {
    if is {
        present.push((field, 0));
    }
}

fn customer(customer: &Customer, source: &Source, present: &mut Vec<(Field, usize)>) {
    text(Field::CustomerId, customer.id.as_deref(), present);
    let name = [&customer.first_name, &customer.last_name];
    let longest = name.into_iter().flatten().max_by_key(|part| part.chars().count());
    text(Field::CustomerName, longest.map(String::as_str), present);
    text(Field::CustomerEmail, customer.email.as_deref(), present);
    text(Field::CustomerPhone, customer.phone.as_deref(), present);
    flag(Field::CustomerIp, customer.ip.is_some(), present);
    if let Source::Card(card) = source {
        text(Field::CardHolder, card.holder(), present);
    }
}

/// The optional data of a charge.
pub(crate) fn of_charge(charge: &Charge, present: &mut Vec<(Field, usize)>) {
    text(Field::Order, charge.order.as_deref(), present);
    customer(&charge.customer, &charge.source, present);
    flag(Field::Billing, charge.billing.is_some(), present);
    flag(Field::Shipping, charge.shipping.is_some(), present);
    text(Field::Description, charge.description.as_deref(), present);
    text(
        Field::StatementDescriptor,
        charge.statement_descriptor.as_deref(),
        present,
    );
    flag(Field::Items, !charge.items.is_empty(), present);
    flag(Field::Metadata, !charge.metadata.is_empty(), present);
    text(Field::ReturnUrl, charge.urls.back.as_deref(), present);
    text(Field::CancelUrl, charge.urls.cancel.as_deref(), present);
    text(Field::NotifyUrl, charge.urls.notify.as_deref(), present);
    flag(
        Field::ThreeDsBrowser,
        matches!(charge.three_ds, ThreeDs::Browser(_)),
        present,
    );
    flag(
        Field::ThreeDsExternal,
        matches!(charge.three_ds, ThreeDs::External(_)),
        present,
    );
    if let Initiator::Merchant {
        agreement,
        network_transaction_id,
        ..
    } = &charge.initiator
    {
        flag(Field::MerchantInitiated, true, present);
        text(Field::Agreement, agreement.as_deref(), present);
        text(Field::NetworkTransactionId, network_transaction_id.as_deref(), present);
    }
}

/// The optional data of a payout.
pub(crate) fn of_payout(payout: &Payout, present: &mut Vec<(Field, usize)>) {
    customer(&payout.customer, &payout.to, present);
    text(Field::Description, payout.description.as_deref(), present);
    text(
        Field::StatementDescriptor,
        payout.statement_descriptor.as_deref(),
        present,
    );
    flag(Field::Metadata, !payout.metadata.is_empty(), present);
}
