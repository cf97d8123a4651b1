//! What else the provider offers and that moves no money: balances, quotes, webhook subscriptions.

use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use paymux_core::{Call, Currency, Error, ErrorKind, Lost, Money, Reference, Wire, currency, hmac};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;

use crate::adapter::{PROVIDER, Qolo};
use crate::flows::{ask, escaped, list, with_key};
use crate::reading::refusal;
use crate::shapes::{
    AccountReply, ConversionFee, Locator, QuoteReply, QuoteRequest, SubscriptionReply, SubscriptionRequest,
};

/// The balances of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balance {
    /// What can be spent.
    pub available: Money,
    /// What is booked.
    pub ledger: Option<Money>,
    /// What is held in suspense.
    pub suspense: Option<Money>,
}

/// A quote for a change of currency.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Quote {
    /// The provider's name of the quote.
    pub reference: String,
    /// What is paid.
    pub from: Money,
    /// What arrives.
    pub to: Money,
    /// The rate, in the provider's digits.
    pub rate: Option<String>,
    /// Until when it holds, by our clock; `None` where the provider does not say.
    pub expires: Option<Timestamp>,
    /// The fees.
    pub fees: Vec<QuoteFee>,
}

/// A fee of a [`Quote`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct QuoteFee {
    /// What it is called.
    pub name: String,
    /// How much.
    pub amount: Money,
}

/// A webhook subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Subscription {
    /// The provider's id (`notification_guid`).
    pub id: String,
    /// Where events are sent.
    pub url: String,
    /// The events, by name.
    pub events: Vec<String>,
    /// Whether events are sent; `None` where the provider does not say.
    pub active: Option<bool>,
}

impl Qolo {
    /// The events about money that every version of the API knows.
    pub const MONEY_EVENTS: [&'static str; 10] = [
        "bankeft.credit.received",
        "bankeft.credit.returned",
        "bankeft.credit.reversed",
        "bankeft.debit.received",
        "bankeft.debit.returned",
        "bankeft.debit.reversed",
        "check.cleared",
        "payment.failure",
        "payment.success",
        "transfer.success",
    ];

    /// The balances of an account, by its `account_guid`.
    ///
    /// # Errors
    /// The account is unknown, or the reply has no balance or no currency.
    pub async fn balance(&self, account: &str, wire: &dyn Wire) -> Result<Balance, Error> {
        let reply: AccountReply = ask(self.get(&format!("/accounts/{}", escaped(account)))?, wire).await?;
        if reply
            .account_guid
            .as_deref()
            .is_some_and(|found| !found.eq_ignore_ascii_case(account))
        {
            return Err(Error::new(
                ErrorKind::Provider,
                "the provider answered with another account",
            ));
        }
        let code = reply.account_currency.as_deref();
        let read = |text: Option<&str>| self.money(text, code);
        Ok(Balance {
            available: read(reply.available_balance.as_deref()).ok_or_else(|| lacking("available_balance"))?,
            ledger: read(reply.ledger_balance.as_deref()),
            suspense: read(reply.suspense_balance.as_deref()),
        })
    }

    /// What an amount from the configured account would come to in another currency at a stored instrument.
    ///
    /// # Errors
    /// The provider gives no quote, or its reply lacks a part.
    pub async fn quote(
        &self,
        instrument: &str,
        amount: Money,
        into: Currency,
        wire: &dyn Wire,
    ) -> Result<Quote, Error> {
        let body = QuoteRequest {
            source: Locator::account(&self.account),
            destination: Locator::instrument(instrument),
            amount: self.number(amount)?,
            currency: amount.currency().code(),
            destination_currency: into.code(),
        };
        let call = Call::prepares(self.send(Method::POST, "/transfers/quote", &body)?);
        let reply: QuoteReply = prepare(call, wire).await?;
        let now = wire.now();
        let conversion = reply.conversion.ok_or_else(|| lacking("conversionDetails"))?;
        let from = self.money(conversion.from_amount.as_deref(), conversion.from_currency.as_deref());
        let to = self.money(conversion.to_amount.as_deref(), conversion.to_currency.as_deref());
        let (from, to) = (
            from.ok_or_else(|| lacking("from_amount"))?,
            to.ok_or_else(|| lacking("to_amount"))?,
        );
        if from != amount || to.currency() != into {
            let message = format!(
                "the provider quotes {from} into {to}, and {amount} into {} was asked",
                into.code()
            );
            return Err(Error::new(ErrorKind::Provider, message));
        }
        let life = conversion.expiry_seconds.map(Duration::from_secs);
        Ok(Quote {
            reference: conversion.reference.ok_or_else(|| lacking("reference"))?,
            from,
            to,
            rate: conversion.conversion_rate,
            expires: life.and_then(|life| now.checked_add(life).ok()),
            fees: reply
                .fees
                .unwrap_or_default()
                .into_iter()
                .filter_map(|fee| self.fee(fee))
                .collect(),
        })
    }

    /// Registers an address for events, with the configured `webhook_secret` and `program_guid`. The reference names this attempt: repeated
    /// with the same one, the provider answers with the same subscription.
    ///
    /// # Behavior
    /// The provider calls the address first, unsigned, and wants 200 within five seconds; else the subscription stays inactive.
    ///
    /// # Errors
    /// A key of the configuration is missing, the address is not `https`, or the provider refuses.
    pub async fn register_webhook(
        &self,
        reference: &Reference,
        url: &str,
        events: &[&str],
        wire: &dyn Wire,
    ) -> Result<Subscription, Error> {
        if !url.starts_with("https://") {
            return Err(Error::invalid("url", "must begin with https://"));
        }
        let secret = self.webhook_secrets.first().ok_or_else(|| needs("webhook_secret"))?;
        let events: Vec<String> = events.iter().map(|event| (*event).to_owned()).collect();
        let body = SubscriptionRequest {
            program_guid: self.program.as_deref().ok_or_else(|| needs("program_guid"))?,
            url,
            event_type: &events,
            headers: None,
            secret: Some(secret.expose_secret()),
            active: true,
        };
        let key = hmac::hex(b"paymux qolo webhook 1", &[reference.as_str().as_bytes()]);
        let request = with_key(self.send(Method::POST, "/webhooks", &body)?, key)?;
        let reply: SubscriptionReply = prepare(Call::prepares(request), wire).await?;
        subscription(reply).ok_or_else(|| lacking("notification_guid"))
    }

    /// The webhook subscriptions.
    ///
    /// # Errors
    /// The provider refuses, or its list does not end.
    pub async fn webhooks(&self, wire: &dyn Wire) -> Result<Vec<Subscription>, Error> {
        let request = |start: Option<i64>| {
            let start = start.unwrap_or(1);
            self.get(&format!("/webhooks?limit=10&start_index={start}"))
        };
        let replies: Vec<SubscriptionReply> = list(request, wire).await?;
        Ok(replies.into_iter().filter_map(subscription).collect())
    }

    /// Stops a subscription. The provider has no way to delete one. Its secret is not sent back.
    ///
    /// # Errors
    /// There is no such subscription, or the provider refuses.
    pub async fn deactivate_webhook(&self, id: &str, wire: &dyn Wire) -> Result<(), Error> {
        let path = format!("/webhooks/{}", escaped(id));
        let held: SubscriptionReply = ask(self.get(&path)?, wire).await?;
        let program = held.program_guid.as_deref().or(self.program.as_deref());
        let body = SubscriptionRequest {
            program_guid: program.ok_or_else(|| lacking("program_guid"))?,
            url: held.url.as_deref().ok_or_else(|| lacking("url"))?,
            event_type: held.event_type.as_deref().ok_or_else(|| lacking("event_type"))?,
            headers: held.headers.as_deref(),
            secret: None,
            active: false,
        };
        let call = Call::prepares(self.send(Method::PUT, &path, &body)?);
        let reply = wire.send(call).await.map_err(Lost::give_up)?;
        if reply.status.is_success() {
            Ok(())
        } else {
            Err(refusal(&reply, false, wire.now()))
        }
    }

    fn money(&self, text: Option<&str>, code: Option<&str>) -> Option<Money> {
        let code = currency(&code?.to_ascii_uppercase()).ok()?;
        self.capabilities.scales.from_text(text?, code).ok()
    }

    fn fee(&self, fee: ConversionFee) -> Option<QuoteFee> {
        Some(QuoteFee {
            amount: self.money(fee.amount.as_deref(), fee.currency.as_deref())?,
            name: fee.name.unwrap_or_default(),
        })
    }
}

async fn prepare<T: DeserializeOwned>(call: Call, wire: &dyn Wire) -> Result<T, Error> {
    let reply = wire.send(call).await.map_err(Lost::give_up)?;
    if !reply.status.is_success() {
        return Err(refusal(&reply, false, wire.now()));
    }
    reply.json()
}

fn subscription(reply: SubscriptionReply) -> Option<Subscription> {
    Some(Subscription {
        id: reply.notification_guid?,
        url: reply.url.unwrap_or_default(),
        events: reply.event_type.unwrap_or_default(),
        active: reply.active,
    })
}

fn lacking(field: &str) -> Error {
    Error::new(
        ErrorKind::Provider,
        format!("the provider's reply has no readable {field}"),
    )
}

fn needs(key: &str) -> Error {
    Error::new(
        ErrorKind::Configuration,
        format!("{PROVIDER} needs the key `{key}` for this"),
    )
}
