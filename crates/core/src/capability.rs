//! What a gateway can do, as data: checked before anything is sent, and what the conformance suite goes by.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::error::Error;
use crate::fields::{self, Field, Present};
use crate::operation::{Charge, Operation, OperationKind};
use crate::order::{Source, SourceKind, ThreeDs, Urls};
use crate::request::is_address;
use crate::{Account, Mode, ReferenceRule, Scales};

/// What a gateway can do, with its limits. What is not declared is refused before anything is sent.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Capabilities {
    /// The provider's name, as in configurations.
    pub provider: &'static str,
    /// Live or test.
    pub mode: Mode,
    /// The merchant account.
    pub account: Account,
    /// The configuration's key that would name the merchant in [`account`](Self::account), where it is not set: two merchants on one host are one account then, and
    /// a reference of one passes for the other's.
    pub unset_account_key: Option<&'static str>,
    /// The operations offered.
    pub abilities: Vec<Ability>,
    /// The rule for the caller's references.
    pub reference: ReferenceRule,
    /// How amounts are written.
    pub scales: Scales,
    /// Whether payments can be looked up by the caller's reference.
    pub inquire_by_reference: bool,
    /// Whether the page that a checkout opened can be [closed](crate::PaymentGateway::close_page).
    pub close_page: bool,
    /// Whether `payment_methods` is offered.
    pub payment_methods: bool,
    /// What stands against a second payment under one reference.
    pub duplicates: Duplicates,
    /// How far webhooks can be trusted.
    pub webhooks: Webhooks,
    /// How long the provider waits for the answer to a webhook; 5 seconds where it does not say. Success is any 2xx with any body.
    pub acknowledge_within: Duration,
    /// How long after a request could last have left the provider may still book it; `None` where nobody can say.
    pub settle: Option<Duration>,
    /// The shortest time between two inquiries about one payment; the engine keeps calls that say what they are
    /// [about](crate::Call::about) so far apart.
    pub inquiry_interval: Duration,
}

/// One operation that is offered.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Ability {
    /// Which one.
    pub operation: OperationKind,
    /// The sources of money (of a payout: the destinations) that it takes.
    pub sources: Vec<SourceKind>,
    /// Whether less than the whole can be asked.
    pub partial: bool,
    /// Whether it can be asked more than once for one payment.
    pub repeated: bool,
    /// The optional data that the provider carries, with the most characters where there is a limit.
    pub carries: Vec<(Field, Option<usize>)>,
    /// Whether a lost answer can be asked about afterwards.
    pub ask: AskAfterwards,
    /// A condition in words, where the provider grants it only to some.
    pub condition: Option<&'static str>,
}

/// Whether a lost answer can be asked about afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AskAfterwards {
    /// A search may find several that fit; then a person decides.
    Ambiguous,
    /// There is no way; a person must look.
    None,
    /// It can be found out.
    Yes,
}

/// What stands against a second payment under one reference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duplicates {
    /// The provider answers a repeated key with the first result, for this long.
    Key(Duration),
    /// Nothing.
    None,
    /// The provider refuses a second payment with the same reference.
    UniqueReference,
}

/// How far a provider's webhooks can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Webhooks {
    /// They carry no signature: a hint to inquire.
    Hint,
    /// There are none.
    None,
    /// They are signed.
    Signed,
}

impl Ability {
    /// An operation that is offered: no sources, whole and once, carrying no optional data, and nothing known of how to ask afterwards.
    #[must_use]
    pub const fn new(operation: OperationKind) -> Self {
        Self {
            operation,
            sources: Vec::new(),
            partial: false,
            repeated: false,
            carries: Vec::new(),
            ask: AskAfterwards::None,
            condition: None,
        }
    }

    /// With these sources.
    #[must_use]
    pub fn from(mut self, sources: &[SourceKind]) -> Self {
        self.sources = sources.to_vec();
        self
    }

    /// In parts.
    #[must_use]
    pub const fn partial(mut self) -> Self {
        self.partial = true;
        self
    }

    /// More than once per payment.
    #[must_use]
    pub const fn repeated(mut self) -> Self {
        self.repeated = true;
        self
    }

    /// Carrying these optional data.
    #[must_use]
    pub fn carries(mut self, fields: &[Field]) -> Self {
        self.carries.extend(fields.iter().map(|f| (*f, None)));
        self
    }

    /// Carrying this, up to so many characters; longer is refused.
    #[must_use]
    pub fn carries_up_to(mut self, field: Field, characters: usize) -> Self {
        self.carries.push((field, Some(characters)));
        self
    }

    /// With this way to ask afterwards.
    #[must_use]
    pub const fn ask(mut self, ask: AskAfterwards) -> Self {
        self.ask = ask;
        self
    }

    /// Only under this condition.
    #[must_use]
    pub const fn under(mut self, condition: &'static str) -> Self {
        self.condition = Some(condition);
        self
    }
}

impl Capabilities {
    /// Capabilities with nothing offered yet.
    #[must_use]
    pub const fn new(
        provider: &'static str,
        mode: Mode,
        account: Account,
        reference: ReferenceRule,
        scales: Scales,
    ) -> Self {
        Self {
            provider,
            mode,
            account,
            unset_account_key: None,
            abilities: Vec::new(),
            reference,
            scales,
            inquire_by_reference: false,
            close_page: false,
            payment_methods: false,
            duplicates: Duplicates::None,
            webhooks: Webhooks::None,
            acknowledge_within: Duration::from_secs(5),
            settle: None,
            inquiry_interval: Duration::ZERO,
        }
    }

    /// What is declared about an operation; `None` if it is not offered.
    #[must_use]
    pub fn ability(&self, operation: OperationKind) -> Option<&Ability> {
        self.abilities.iter().find(|a| a.operation == operation)
    }

    /// Whether an operation is offered.
    #[must_use]
    pub fn offers(&self, operation: OperationKind) -> bool {
        self.ability(operation).is_some()
    }

    /// Checks an operation against everything declared here, and gives the optional data that would be dropped.
    ///
    /// # Errors
    /// What is unsupported, or which field breaks which rule. Fate [`NotDone`](crate::Fate::NotDone): nothing was sent.
    pub fn check(&self, operation: &Operation, now: Timestamp) -> Result<Vec<Field>, Error> {
        if let Operation::Complete(completion) = operation {
            completion.check(self, now)?;
            return self.check(&completion.operation, now);
        }
        let kind = operation.kind();
        if let Some(payment) = operation.payment() {
            self.check_payment(payment)?;
        }
        if kind == OperationKind::Resolve {
            return Ok(Vec::new());
        }
        let ability = self
            .ability(kind)
            .ok_or_else(|| Error::unsupported(self.provider, kind.as_str()))?;
        self.check_reference(operation)?;
        if let Some(amount) = operation.amount() {
            if amount.minor() <= 0 {
                return Err(Error::invalid("amount", format!("must be above zero, and is {amount}")));
            }
            let units = self.scales.units(amount);
            units.map_err(|e| Error::invalid("amount", format!("cannot be sent: {e}")))?;
        }
        let mut dropped = Vec::new();
        let visit = &mut |present: Present| -> Result<(), Error> {
            dropped.extend(self.check_field(ability, present)?);
            Ok(())
        };
        match operation {
            Operation::Payout(payout) => {
                self.check_source(ability, &payout.to, now)?;
                fields::of_payout(payout, visit)?;
            }
            Operation::Refund(refund) => {
                fields::text(Field::Reason, refund.reason.as_deref(), visit)?;
            }
            Operation::Transfer(transfer) => {
                fields::text(Field::Description, transfer.description.as_deref(), visit)?;
            }
            _ => {
                if let Some(charge) = operation.charge() {
                    self.check_charge(ability, charge, now)?;
                    fields::of_charge(charge, visit)?;
                }
            }
        }
        Ok(dropped)
    }

    fn check_payment(&self, payment: &crate::PaymentRef) -> Result<(), Error> {
        if payment.provider() != self.provider || *payment.account() != self.account {
            return Err(Error::stranger(payment, self.provider, &self.account));
        }
        Ok(())
    }

    fn check_reference(&self, operation: &Operation) -> Result<(), Error> {
        if matches!(operation, Operation::Inquire(crate::Inquiry::Reference(_))) && !self.inquire_by_reference {
            return Err(Error::unsupported(self.provider, "inquire by reference"));
        }
        let Some(reference) = operation.reference() else {
            return Ok(());
        };
        self.reference
            .check(reference, self.provider)
            .map_err(|e| Error::invalid("reference", e.to_string()))
    }

    fn check_source(&self, ability: &Ability, source: &Source, now: Timestamp) -> Result<(), Error> {
        let kind = source.kind();
        if !ability.sources.contains(&kind) {
            let what = format!("{} with source {}", ability.operation, kind.as_str());
            return Err(Error::unsupported(self.provider, &what));
        }
        match source {
            Source::Card(card) if card.has_expired(now) => {
                Err(Error::invalid("card", crate::CardError::Expired.to_string()))
            }
            Source::Stored(id) if id.is_empty() || id.chars().any(char::is_control) => Err(Error::invalid(
                "source",
                "the stored instrument's id must not be empty or hold control characters",
            )),
            _ => Ok(()),
        }
    }

    fn check_charge(&self, ability: &Ability, charge: &Charge, now: Timestamp) -> Result<(), Error> {
        self.check_source(ability, &charge.source, now)?;
        for item in &charge.items {
            if item.quantity == 0 || item.unit_minor < 0 {
                return Err(Error::invalid(
                    "items",
                    format!(
                        "item `{}` must have a quantity above zero and a price not below zero",
                        item.sku
                    ),
                ));
            }
        }
        check_urls(&charge.urls)?;
        if let ThreeDs::External(result) = &charge.three_ds
            && (result.eci.len() != 2 || !result.eci.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(Error::invalid(
                Field::ThreeDsExternal.as_str(),
                "must have an `eci` of two digits",
            ));
        }
        for address in [&charge.billing, &charge.shipping].into_iter().flatten() {
            let country = address.country.as_deref().unwrap_or("XX");
            if country.len() != 2 || !country.bytes().all(|b| b.is_ascii_uppercase()) {
                return Err(Error::invalid(
                    "country",
                    format!("`{country}` is not an ISO 3166-1 alpha-2 code in upper case"),
                ));
            }
        }
        Ok(())
    }

    /// Checks optional data that is present, and gives it back if it would be dropped.
    fn check_field(&self, ability: &Ability, present: Present) -> Result<Option<Field>, Error> {
        let Present {
            field,
            length,
            is_clean,
        } = present;
        if !is_clean {
            return Err(Error::invalid(field.as_str(), "must not hold control characters"));
        }
        match ability.carries.iter().find(|(f, _)| *f == field) {
            Some((_, Some(most))) if length > *most => Err(Error::invalid(
                field.as_str(),
                format!("has {length} characters, and {} takes at most {most}", self.provider),
            )),
            Some(_) => Ok(None),
            None if field.is_essential() => {
                let what = format!("{} with {}", ability.operation, field.as_str());
                Err(Error::unsupported(self.provider, &what))
            }
            None => Ok(Some(field)),
        }
    }
}

/// Addresses are whole ones; what else is wrong with one is for the provider to say.
fn check_urls(urls: &Urls) -> Result<(), Error> {
    let fields = [
        (Field::ReturnUrl, &urls.back),
        (Field::CancelUrl, &urls.cancel),
        (Field::NotifyUrl, &urls.notify),
    ];
    for (field, url) in fields {
        if url.as_deref().is_some_and(|url| !is_address(url)) {
            return Err(Error::invalid(
                field.as_str(),
                "must be a whole address, as in `https://shop.example/back`",
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_none_is_named() {
        let fine = |text: &str| Urls {
            back: Some(text.to_owned()),
            ..Urls::default()
        };
        for text in [
            "https://shop.example/back?a=1#b",
            "http://127.0.0.1:8080",
            "shop://back/1",
        ] {
            assert!(check_urls(&fine(text)).is_ok(), "{text}");
        }
        for text in [
            "",
            "back",
            "/back",
            "shop.example/back",
            "javascript:alert(1)",
            "https://",
            "https://a b/",
        ] {
            let error = check_urls(&fine(text)).unwrap_err();
            assert_eq!(error.field(), Some("return_url"), "{text}");
            let notify = Urls {
                notify: Some(text.to_owned()),
                ..Urls::default()
            };
            assert_eq!(check_urls(&notify).unwrap_err().field(), Some("notify_url"), "{text}");
        }
    }
}
