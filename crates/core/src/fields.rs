//! Which optional data a request carries, and how long each is.

use crate::capability::Field;
use crate::operation::{Charge, Payout};
use crate::order::{Customer, Initiator, Source, ThreeDs};

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
