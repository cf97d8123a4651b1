//! What the platform remembers of a payment, and how it tells it.

use jiff::Timestamp;
use serde_json::Value;

use super::cards::Card;
use super::codes;
use super::form::Money;
use super::object::{Object, result};
use crate::{Kind, Origin};

/// The kinds of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Type {
    /// PA: holds money.
    Authorization,
    /// DB: takes money at once.
    Debit,
    /// CD: pays money out.
    Credit,
    /// CP: takes held money.
    Capture,
    /// RV: lets held money go.
    Reversal,
    /// RF: gives money back.
    Refund,
    /// CB: the cardholder took money back.
    Chargeback,
}

impl Type {
    /// Reads the two letters.
    pub(super) fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "PA" => Self::Authorization,
            "DB" => Self::Debit,
            "CD" => Self::Credit,
            "CP" => Self::Capture,
            "RV" => Self::Reversal,
            "RF" => Self::Refund,
            _ => return None,
        })
    }

    /// The two letters.
    pub(super) fn letters(self) -> &'static str {
        match self {
            Self::Authorization => "PA",
            Self::Debit => "DB",
            Self::Credit => "CD",
            Self::Capture => "CP",
            Self::Reversal => "RV",
            Self::Refund => "RF",
            Self::Chargeback => "CB",
        }
    }

    /// What it is in the ledger.
    pub(super) fn kind(self) -> Kind {
        match self {
            Self::Authorization => Kind::Authorize,
            Self::Debit | Self::Capture => Kind::Capture,
            Self::Credit => Kind::Payout,
            Self::Reversal => Kind::Void,
            Self::Refund => Kind::Refund,
            Self::Chargeback => Kind::Chargeback,
        }
    }
}

/// What may be told of a card.
#[derive(Clone, Debug)]
pub(super) struct ShownCard {
    bin: String,
    last: String,
    holder: Option<String>,
    month: String,
    year: String,
}

impl ShownCard {
    /// Keeps what may be told.
    pub(super) fn of(card: &Card) -> Self {
        let number = &card.number;
        let last = number.len().saturating_sub(4);
        Self {
            bin: number.get(..6).unwrap_or_default().to_owned(),
            last: number.get(last..).unwrap_or_default().to_owned(),
            holder: card.holder.clone(),
            month: card.month.clone(),
            year: card.year.clone(),
        }
    }

    /// The object of an answer.
    pub(super) fn told(&self) -> Object {
        Object::default()
            .text("bin", &self.bin)
            .text("last4Digits", &self.last)
            .maybe("holder", self.holder.as_deref())
            .text("expiryMonth", &self.month)
            .text("expiryYear", &self.year)
    }
}

/// Where the shopper authenticates.
#[derive(Clone, Debug)]
pub(super) struct Challenge {
    /// Whether the page wants data posted to it.
    pub(super) data: bool,
    /// The address of the page.
    pub(super) url: String,
}

/// One transaction, approved or not.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    /// Its id.
    pub(super) id: String,
    /// Its place in the order of arrival.
    pub(super) place: u64,
    /// When it came, or when it last changed.
    pub(super) at: Timestamp,
    /// What it is.
    pub(super) kind: Type,
    /// The amount; absent where a reversal named none.
    pub(super) money: Option<Money>,
    /// The caller's reference.
    pub(super) reference: Option<String>,
    /// The result so far.
    pub(super) code: String,
    /// Whether it stands in the ledger.
    pub(super) booked: bool,
    /// The transaction that it follows up.
    pub(super) referenced: Option<String>,
    /// The first transaction of its tree.
    pub(super) root: String,
    /// The brand paid with.
    pub(super) brand: Option<String>,
    /// The card paid with.
    pub(super) card: Option<ShownCard>,
    /// The registration used or made.
    pub(super) registration: Option<String>,
    /// Whether it was paid with a registration made before.
    pub(super) by_registration: bool,
    /// Plain fields that are told as they came.
    pub(super) echo: Vec<(&'static str, String)>,
    /// The caller's own parameters, told as they came.
    pub(super) custom: Vec<(String, String)>,
    /// Where results are sent.
    pub(super) notification_url: Option<String>,
    /// Where the shopper returns to.
    pub(super) shopper_result_url: Option<String>,
    /// The authentication still to come.
    pub(super) challenge: Option<Challenge>,
    /// Whether the shopper authenticated.
    pub(super) authenticated: bool,
    /// The code of an approval, once the shopper has authenticated.
    pub(super) approval: &'static str,
    /// The checkout that it was made in.
    pub(super) checkout: Option<String>,
    /// Who caused it.
    pub(super) origin: Origin,
}

impl Payment {
    /// The transaction as answers tell it, without the members that differ from answer to answer.
    pub(super) fn told(&self) -> Object {
        let shown = self.booked || codes::pends(&self.code);
        let money = self.money.as_ref().filter(|_| shown);
        let mut answer = Object::default()
            .text("id", &self.id)
            .maybe("referencedId", self.referenced.as_deref())
            .text("paymentType", self.kind.letters())
            .maybe("paymentBrand", self.brand.as_deref())
            .maybe("amount", money.map(Money::text).as_deref())
            .maybe("currency", money.map(|m| m.currency.as_str()))
            .maybe("merchantTransactionId", self.reference.as_deref())
            .maybe("registrationId", self.registration.as_deref())
            .object("result", result(&self.code));
        for (name, value) in &self.echo {
            answer = answer.text(name, value);
        }
        if let Some(card) = &self.card {
            answer = answer.object("card", card.told());
        }
        if !self.custom.is_empty() {
            let custom = self
                .custom
                .iter()
                .fold(Object::default(), |o, (name, value)| o.text(name, value));
            answer = answer.object("customParameters", custom);
        }
        if self.authenticated {
            answer = answer.object(
                "threeDSecure",
                Object::default().text("eci", "05").text("version", "2.2.0"),
            );
        }
        if let Some(challenge) = &self.challenge {
            answer = answer.object("redirect", challenge.told(&self.id));
        }
        answer.object("risk", Object::default().text("score", "0"))
    }
}

impl Challenge {
    fn told(&self, payment: &str) -> Object {
        let redirect = Object::default()
            .text("url", &self.url)
            .text("method", if self.data { "POST" } else { "GET" });
        if !self.data {
            return redirect.list("parameters", Vec::new());
        }
        let before = Object::default()
            .text("origin", "iframe#hidden")
            .text("waitUntil", "iframe#onload")
            .text("method", "POST")
            .text("url", &format!("{}/method", self.url))
            .list(
                "parameters",
                vec![pair("threeDSMethodData", &format!("method-{payment}"))],
            );
        redirect
            .list(
                "parameters",
                vec![pair("creq", &creq(payment)), pair("threeDSSessionData", payment)],
            )
            .list("preconditions", vec![before.value()])
    }
}

/// What the bank's page must be sent.
pub(super) fn creq(payment: &str) -> String {
    format!("creq-{payment}")
}

fn pair(name: &str, value: &str) -> Value {
    Object::default().text("name", name).text("value", value).value()
}
