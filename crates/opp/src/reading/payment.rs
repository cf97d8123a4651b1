//! An answer's body becomes a payment, after it was held against what was asked.

use std::borrow::Cow;

use http::Uri;
use jiff::Timestamp;
use paymux_core::{
    Entry, EntryKind, EntryOutcome, MethodSummary, Money, NextAction, Payment, PaymentRef, PaymentState, currency,
};

use super::ids::{Ids, Of};
use super::{Asked, Seen};
use crate::adapter::Opp;
use crate::codes::{PaymentType, Surface};
use crate::shapes::{Body, Form, Parameter, Precondition, Redirect};

/// How an answer compares with what was asked.
pub(super) enum Check {
    Equal,
    /// A field that must be there is not.
    Absent(&'static str),
    /// What differs.
    Differs(String),
}

impl Opp {
    /// Holds id, amount, currency and references of an answer against what was asked.
    pub(super) fn check(&self, asked: &Asked<'_>, seen: &Seen<'_>) -> Check {
        let found = self.amount(seen.body);
        if let Some(name) = other_reference(asked, seen) {
            return Check::Differs(format!("the answer's {name} is not the one asked about"));
        }
        // A payment that stands alone has an amount, whether the one asked about is known or not.
        let looked_up = seen.surface != Surface::Mutation && seen.kind().is_some_and(PaymentType::is_first);
        match (asked.amount, found) {
            (None, None) if looked_up => Check::Absent("readable amount with its currency"),
            (Some(asked), Some(found)) if asked != found => {
                Check::Differs(format!("the provider booked {found}, and {asked} was asked for"))
            }
            // The answer to a reversal need not carry an amount.
            (Some(_), None) if asked.kind != Some(PaymentType::Rv) || names_amount(seen) => {
                if seen.body.amount().is_some() && seen.body.currency.is_some() {
                    Check::Absent("readable amount")
                } else if seen.body.currency.is_some() {
                    Check::Absent("amount")
                } else {
                    Check::Absent("amount with its currency")
                }
            }
            _ => Check::Equal,
        }
    }

    /// The amount in an answer, if it has one that can be read.
    pub(crate) fn amount(&self, body: &Body<'_>) -> Option<Money> {
        let currency = currency(body.currency.as_deref()?).ok()?;
        self.capabilities.scales.from_text(body.amount()?, currency).ok()
    }

    /// The payment that an answer is about. `state` is that of a payment that stands alone; a follow-up that did not go through leaves the
    /// payment that it followed as it was.
    pub(super) fn payment(
        &self,
        asked: &Asked<'_>,
        seen: &Seen<'_>,
        state: PaymentState,
        outcome: EntryOutcome,
    ) -> Payment {
        let kind = seen.kind().or(asked.kind);
        let amount = self.amount(seen.body).or(asked.amount);
        let entry_kind = match state {
            PaymentState::ChargedBack => EntryKind::Chargeback,
            _ => kind.map_or(EntryKind::Other, PaymentType::entry),
        };
        let named = seen.body.merchant_transaction_id.as_deref().or(asked.reference);
        let mut entry = Entry::new(entry_kind, amount, outcome);
        entry.id = seen.body.id.as_deref().map(str::to_owned);
        entry.reference = named.map(str::to_owned);
        entry.at = seen.body.timestamp.as_deref().and_then(time);

        let mut payment = if kind.is_some_and(|kind| !kind.is_first()) {
            let failed = !entry.is_approved();
            self.followed(asked, seen, state, failed)
        } else {
            let mut payment = Payment::new(self.own_ref(asked, seen, kind, amount), state);
            payment.merchant_reference = named.map(str::to_owned);
            payment.amount = amount;
            if let (PaymentState::ChargedBack, Some(kind)) = (state, kind) {
                let mut taken = Entry::new(kind.entry(), amount, EntryOutcome::Approved);
                taken.id.clone_from(&entry.id);
                payment.entries.push(taken);
            }
            payment
        };
        payment.entries.reserve_exact(1);
        payment.entries.push(entry);
        let own = |text: &Option<Cow<'_, str>>| text.as_deref().map(str::to_owned);
        let last4 = seen.body.card.as_ref().and_then(|card| own(&card.last4_digits));
        payment.method = MethodSummary::of(own(&seen.body.payment_brand), last4);
        payment.test = seen.code.marks_test();
        payment
    }

    /// The payment that a follow-up is of, with the entries before it.
    fn followed(&self, asked: &Asked<'_>, seen: &Seen<'_>, state: PaymentState, failed: bool) -> Payment {
        let kind = seen.kind().or(asked.kind);
        let origin = self.origin(asked, seen, kind);
        let ids = Ids::of(&origin);
        let first = ids.kind.filter(|kind| kind.is_first());
        // A refund of something else than the payment itself is of its capture.
        let captured = asked.parent.filter(|id| kind == Some(PaymentType::Rf) && *id != ids.id);
        let before = match first {
            Some(PaymentType::Pa) if captured.is_none() => PaymentState::Authorized,
            Some(PaymentType::Cd) => PaymentState::PaidOut,
            Some(_) => PaymentState::Captured,
            None => state,
        };
        let ended = matches!(
            state,
            PaymentState::Declined | PaymentState::Cancelled | PaymentState::Expired
        );
        let mut entries = Vec::new();
        if let Some(kind) = first {
            entries.push(Entry::new(kind.entry(), ids.amount, EntryOutcome::Approved).with_id(ids.id));
        }
        if let Some(id) = captured {
            entries.push(Entry::new(EntryKind::Capture, None, EntryOutcome::Approved).with_id(id));
        }
        let amount = ids.amount;
        let mut payment = Payment::new(origin, if failed && ended { before } else { state });
        payment.amount = amount;
        payment.entries = entries;
        payment
    }

    /// The reference of a payment that stands alone.
    fn own_ref(
        &self,
        asked: &Asked<'_>,
        seen: &Seen<'_>,
        kind: Option<PaymentType>,
        amount: Option<Money>,
    ) -> PaymentRef {
        let known = asked.payment.filter(|payment| {
            let ids = Ids::of(payment);
            ids.of == Of::Payment && ids.kind.is_some() && Some(ids.id) == seen.body.id.as_deref()
        });
        match (known, seen.body.id.as_deref(), asked.payment, asked.reference) {
            (Some(known), ..) => known.clone(),
            (None, Some(id), ..) => self.payment_ref(id, kind, amount),
            (None, None, Some(payment), _) => payment.clone(),
            (None, None, None, reference) => self.nameless_ref(reference.unwrap_or("unnamed"), kind, amount),
        }
    }

    /// The payment that a follow-up belongs to.
    fn origin(&self, asked: &Asked<'_>, seen: &Seen<'_>, kind: Option<PaymentType>) -> PaymentRef {
        if let Some(payment) = asked.payment.filter(|_| asked.id.is_none() || asked.parent.is_some()) {
            return payment.clone();
        }
        let of_hold = matches!(kind, Some(PaymentType::Cp | PaymentType::Rv)).then_some(PaymentType::Pa);
        match (seen.body.referenced_id.as_deref(), seen.body.id.as_deref()) {
            (Some(parent), _) => self.payment_ref(parent, of_hold, None),
            (None, Some(id)) => self.payment_ref(id, kind, None),
            (None, None) => self.nameless_ref(asked.reference.unwrap_or("unnamed"), kind, asked.amount),
        }
    }
}

/// Whether an answer has an amount or a currency, readable or not.
const fn names_amount(seen: &Seen<'_>) -> bool {
    seen.body.raw_amount.is_some() || seen.body.currency.is_some()
}

/// The name of a reference in an answer that is there, and is not the one asked about.
pub(super) fn other_reference(asked: &Asked<'_>, seen: &Seen<'_>) -> Option<&'static str> {
    let pairs = [
        (
            "merchantTransactionId",
            &seen.body.merchant_transaction_id,
            asked.reference,
        ),
        ("referencedId", &seen.body.referenced_id, asked.parent),
    ];
    pairs
        .into_iter()
        .find(|(_, found, asked)| {
            found
                .as_deref()
                .zip(*asked)
                .is_some_and(|(found, asked)| found != asked)
        })
        .map(|(name, ..)| name)
}

/// The state after an approval. A refund of a payment whose amount is not known counts as one of a part.
pub(super) fn approved_state(asked: &Asked<'_>, seen: &Seen<'_>) -> PaymentState {
    let whole = asked.payment.and_then(|payment| Ids::of(payment).amount);
    let all = match (whole, asked.amount) {
        (Some(whole), Some(amount)) => Some(amount.minor() >= whole.minor()),
        _ => None,
    };
    match seen.kind().or(asked.kind) {
        Some(PaymentType::Pa) => PaymentState::Authorized,
        Some(PaymentType::Cp) if all == Some(false) => PaymentState::PartiallyCaptured,
        Some(PaymentType::Rv) => PaymentState::Voided,
        Some(PaymentType::Rf) if all == Some(true) => PaymentState::Refunded,
        Some(PaymentType::Rf) => PaymentState::PartiallyRefunded,
        Some(PaymentType::Cd) => PaymentState::PaidOut,
        Some(PaymentType::Cb) => PaymentState::ChargedBack,
        _ => PaymentState::Captured,
    }
}

/// Whether more is captured or given back than the payment is of.
pub(super) fn is_too_much(asked: &Asked<'_>) -> bool {
    let whole = asked.payment.and_then(|payment| Ids::of(payment).amount);
    match (asked.amount, whole) {
        (Some(amount), Some(whole)) => amount.currency() == whole.currency() && amount.minor() > whole.minor(),
        _ => false,
    }
}

/// What the customer's browser must do. Without a method, fields are posted, and a bare address is opened.
pub(super) fn action(redirect: &Redirect, before: &[Precondition]) -> NextAction {
    let fields = redirect.parameters.as_deref().unwrap_or_default();
    let opened = match redirect.method.as_deref() {
        Some(method) => method.eq_ignore_ascii_case("GET"),
        None => fields.is_empty(),
    };
    if opened && before.is_empty() {
        if fields.is_empty() {
            return NextAction::Redirect(redirect.url.clone().into());
        }
        let mut query = Form::default();
        for field in fields {
            query.put(&field.name, &field.value);
        }
        let has_query = redirect.url.parse::<Uri>().is_ok_and(|uri| uri.query().is_some());
        let glue = if has_query { '&' } else { '?' };
        return NextAction::Redirect(format!("{}{glue}{}", redirect.url, query.text()).into());
    }
    let before = before
        .iter()
        .map(|step| (step.url.clone(), pairs(step.parameters.as_deref().unwrap_or_default())));
    NextAction::form(redirect.url.clone(), pairs(fields), before.collect())
}

fn pairs(fields: &[Parameter]) -> Vec<(String, String)> {
    fields.iter().map(|f| (f.name.clone(), f.value.clone())).collect()
}

/// A time as the platform writes it: `2025-01-01 10:00:00.000+0000`, with or without the fraction.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As they stand in the samples of both versions' documents; what is no time is none.
    #[test]
    fn times_are_read_as_the_platform_writes_them() {
        let read = |text: &str| time(text).map(|time| time.to_string());
        for (text, expected) in [
            ("2025-01-01 10:00:00.000+0000", Some("2025-01-01T10:00:00Z")),
            ("2025-01-01 10:00:00.125+0000", Some("2025-01-01T10:00:00.125Z")),
            ("2018-04-12 15:32:00+0000", Some("2018-04-12T15:32:00Z")),
            ("2025-01-01 10:00:00+0200", Some("2025-01-01T08:00:00Z")),
            ("2025-01-01 10:00:00", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }
}
