//! What the provider offers besides: saved cards, subscriptions, closing a hosted page. None of it moves money.

use std::borrow::Cow;
use std::collections::BTreeMap;

use http::Method;
use paymux_core::{Call, Currency, Error, ErrorKind, Lost, Money, PaymentRef, Reference, Reply, Urls, Wire};
use secrecy::SecretString;

use crate::adapter::{CoolPay, PROVIDER, STATEMENT};
use crate::flows::make::{NoLink, stored};
use crate::reading::{self, Place};
use crate::shapes;

/// What a subscription is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NewSubscription {
    /// The caller's name of it: 4 to 20 characters, as for payments.
    pub reference: Reference,
    /// The currency that payments under it are in.
    pub currency: Currency,
    /// What it is for, at most 20 characters.
    pub description: String,
    /// The text on the customer's statement, at most 22 ASCII characters.
    pub statement_descriptor: Option<String>,
    /// The merchant's own labels.
    pub metadata: BTreeMap<String, String>,
}

/// A saved card or subscription as the provider holds it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Stored {
    /// What [`Source::Stored`](paymux_core::Source::Stored) takes: `card:ID` or `subscription:ID`.
    pub source: String,
    /// Whether an authorization of it succeeded, so that it can be used; `None` where the provider does not say.
    pub accepted: Option<bool>,
    /// The provider's word for where it stands, as in `initial` or `active`.
    pub state: Option<String>,
    /// The card's brand, as the provider writes it.
    pub brand: Option<String>,
    /// The card's last four digits.
    pub last4: Option<String>,
}

impl NewSubscription {
    /// A subscription; the other fields are public.
    #[must_use]
    pub fn new(reference: Reference, currency: Currency, description: impl Into<String>) -> Self {
        Self {
            reference,
            currency,
            description: description.into(),
            statement_descriptor: None,
            metadata: BTreeMap::new(),
        }
    }
}

impl CoolPay {
    /// Takes the hosted page of a payment away, so that nobody can pay on it any more.
    ///
    /// # Errors
    /// The payment belongs to another account, or the provider refuses.
    pub async fn close_link(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<(), Error> {
        if payment.provider() != PROVIDER || payment.account() != self.account() {
            return Err(Error::stranger(payment, PROVIDER, self.account()));
        }
        let path = format!("{}/link", Place::of(payment)?.path());
        let request = self.bare(Method::DELETE, &path)?;
        prepared(request, wire).await.map(|_| ())
    }

    /// Makes an empty saved card; the customer fills it on the page of [`CoolPay::card_link`].
    ///
    /// # Errors
    /// The provider refuses, or its answer is lost; nothing can be paid with it either way.
    pub async fn create_card(&self, metadata: &BTreeMap<String, String>, wire: &dyn Wire) -> Result<Stored, Error> {
        let variables = metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        let request = self.request(Method::POST, "/cards", &shapes::NewCard { variables })?;
        let reply = prepared(request, wire).await?;
        self.stored_in(&reply, "card")
    }

    /// The page on which the customer fills a saved card.
    ///
    /// # Errors
    /// `source` is not of the form `card:ID`, or the provider refuses.
    pub async fn card_link(&self, source: &str, urls: &Urls, wire: &dyn Wire) -> Result<SecretString, Error> {
        let path = self.path_of_stored(source, "cards")?;
        let link = shapes::NewCardLink {
            continueurl: urls.back.as_deref(),
            cancelurl: urls.cancel.as_deref(),
            callbackurl: urls.notify.as_deref(),
            language: self.parts.language.as_deref(),
        };
        let url = self.put_link(&path, &link, wire).await.map_err(NoLink::give_up)?;
        Ok(url.into())
    }

    /// Makes a subscription; the customer agrees to it on the page of [`CoolPay::subscription_link`].
    ///
    /// # Errors
    /// A field breaks a rule, the reference is taken, or the provider's answer is lost; no money moves either way.
    pub async fn create_subscription(&self, new: &NewSubscription, wire: &dyn Wire) -> Result<Stored, Error> {
        let rule = paymux_core::Adapter::capabilities(self).reference;
        rule.check(&new.reference, PROVIDER)
            .map_err(|e| Error::invalid("reference", e.to_string()))?;
        let length = new.description.chars().count();
        if length == 0 || length > 20 {
            let rule = format!("must have 1 to 20 characters, and has {length}");
            return Err(Error::invalid("description", rule));
        }
        let text = new.statement_descriptor.as_deref();
        if text.is_some_and(|text| text.len() > STATEMENT || !text.bytes().all(|b| matches!(b, b' '..=b'~'))) {
            return Err(Error::invalid(
                "statement_descriptor",
                "must have at most 22 printable ASCII characters",
            ));
        }
        let body = shapes::NewSubscription {
            order_id: new.reference.as_str(),
            currency: new.currency.code(),
            description: &new.description,
            text_on_statement: text,
            variables: new.metadata.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect(),
        };
        let request = self.request(Method::POST, "/subscriptions", &body)?;
        let reply = prepared(request, wire).await?;
        self.stored_in(&reply, "subscription")
    }

    /// The page on which the customer agrees to a subscription. `amount` is what the authorization shows; nothing is taken.
    ///
    /// # Errors
    /// `source` is not of the form `subscription:ID`, the amount cannot be written, or the provider refuses.
    pub async fn subscription_link(
        &self,
        source: &str,
        amount: Money,
        urls: &Urls,
        wire: &dyn Wire,
    ) -> Result<SecretString, Error> {
        let path = self.path_of_stored(source, "subscriptions")?;
        let link = shapes::NewLink {
            amount: self.asked(amount)?.units,
            auto_capture: None,
            continue_url: urls.back.as_deref(),
            cancel_url: urls.cancel.as_deref(),
            callback_url: urls.notify.as_deref(),
            customer_email: None,
            language: self.parts.language.as_deref(),
            payment_methods: self.parts.payment_methods.as_deref(),
        };
        let url = self.put_link(&path, &link, wire).await.map_err(NoLink::give_up)?;
        Ok(url.into())
    }

    /// A saved card or subscription as the provider holds it now.
    ///
    /// # Errors
    /// `source` is not of the form `card:ID` or `subscription:ID`, or nothing stands there.
    pub async fn stored(&self, source: &str, wire: &dyn Wire) -> Result<Stored, Error> {
        let (collection, id) = stored(source)?;
        let request = self.bare(Method::GET, &format!("/{collection}/{id}"))?;
        let reply = self.get(request, wire).await?;
        self.stored_in(&reply, if collection == "cards" { "card" } else { "subscription" })
    }

    fn path_of_stored(&self, source: &str, expected: &str) -> Result<String, Error> {
        match stored(source)? {
            (collection, id) if collection == expected => Ok(format!("/{collection}/{id}")),
            _ => Err(Error::invalid("source", format!("must lead to one of the {expected}"))),
        }
    }

    fn stored_in(&self, reply: &Reply, kind: &str) -> Result<Stored, Error> {
        let body = self.resource(reply)?;
        let id = body
            .id
            .filter(|id| !id.is_empty())
            .ok_or_else(|| Error::new(ErrorKind::Provider, format!("the reply about a {kind} has no id")))?;
        let metadata = body.metadata.unwrap_or_default();
        Ok(Stored {
            source: format!("{kind}:{id}"),
            accepted: body.accepted,
            state: body.state.map(Cow::into_owned),
            brand: metadata.brand.map(Cow::into_owned),
            last4: metadata.last4,
        })
    }
}

async fn prepared(request: http::Request<bytes::Bytes>, wire: &dyn Wire) -> Result<Reply, Error> {
    let reply = wire.send(Call::prepares(request)).await.map_err(Lost::give_up)?;
    if reply.status.is_success() {
        Ok(reply)
    } else {
        Err(reading::refusal(&reply, wire.now()).error)
    }
}
