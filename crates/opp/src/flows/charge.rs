//! Sale, authorization and payout: `POST payments`, or `POST registrations/{id}/payments` with a stored instrument.

use std::borrow::Cow;
use std::collections::BTreeMap;

use paymux_core::{
    Address, Agreement, Answer, Browser, Card, Charge, Customer, Error, Initiator, Money, Payout, Source, ThreeDs,
    Urls, Wire,
};

use super::{is_secure, once};
use crate::adapter::{Opp, PROVIDER};
use crate::codes::PaymentType;
use crate::config::is_id;
use crate::reading::Asked;
use crate::shapes::Form;

impl Opp {
    /// Takes or holds money.
    pub(crate) async fn charge(&self, kind: PaymentType, charge: &Charge, wire: &dyn Wire) -> Result<Answer, Error> {
        let mut form = self.form();
        self.amount_fields(charge.amount, &mut form)?;
        form.put("paymentType", kind.as_str());
        let path = source(&charge.source, &charge.initiator, &mut form)?;
        form.put("merchantTransactionId", charge.reference.as_str());
        self.charge_fields(charge, &mut form)?;
        let asked = Asked {
            kind: Some(kind),
            amount: Some(charge.amount),
            reference: Some(charge.reference.as_str()),
            ..Asked::default()
        };
        self.moves(asked, once(asked, self.post(&path, form)?, wire), wire)
            .await
    }

    /// Sends money out.
    pub(crate) async fn payout(&self, payout: &Payout, wire: &dyn Wire) -> Result<Answer, Error> {
        let mut form = self.form();
        self.amount_fields(payout.amount, &mut form)?;
        form.put("paymentType", PaymentType::Cd.as_str());
        let path = match &payout.to {
            Source::Card(_) => source(&payout.to, &Initiator::Customer, &mut form)?,
            Source::Stored(id) => registration(id)?.into(),
            _ => return Err(Error::unsupported(PROVIDER, "this destination")),
        };
        form.put("merchantTransactionId", payout.reference.as_str());
        form.put_some("descriptor", payout.statement_descriptor.as_deref());
        form.put_some("merchantMemo", payout.description.as_deref());
        customer(&payout.customer, &mut form)?;
        metadata(&payout.metadata, &mut form)?;
        let asked = Asked {
            kind: Some(PaymentType::Cd),
            amount: Some(payout.amount),
            reference: Some(payout.reference.as_str()),
            ..Asked::default()
        };
        self.moves(asked, once(asked, self.post(&path, form)?, wire), wire)
            .await
    }

    /// `amount` and `currency`: always two decimals, at most ten digits before them.
    pub(super) fn amount_fields(&self, amount: Money, form: &mut Form) -> Result<(), Error> {
        let text = self.capabilities.scales.text(amount);
        let text = text.map_err(|e| Error::invalid("amount", e.to_string()))?;
        if text.len() > "9999999999.99".len() {
            return Err(Error::invalid(
                "amount",
                "has more than the 10 digits before the point that the provider takes",
            ));
        }
        form.put("amount", text).put("currency", amount.currency().code());
        Ok(())
    }

    /// What a sale, an authorization and a checkout have in common besides amount and source.
    pub(super) fn charge_fields(&self, charge: &Charge, form: &mut Form) -> Result<(), Error> {
        self.urls(&charge.urls, form)?;
        form.put_some("merchantInvoiceId", charge.order.as_deref());
        form.put_some("descriptor", charge.statement_descriptor.as_deref());
        form.put_some("merchantMemo", charge.description.as_deref());
        customer(&charge.customer, form)?;
        address("billing", charge.billing.as_ref(), form)?;
        address("shipping", charge.shipping.as_ref(), form)?;
        match &charge.three_ds {
            // Whoever is authenticated in a browser comes back from there.
            ThreeDs::Browser(_) if charge.urls.back.is_none() => {
                let rule =
                    "is needed with browser data for 3-D Secure: the customer comes back to it; nothing was sent";
                return Err(Error::invalid("return_url", rule));
            }
            ThreeDs::Browser(data) => browser(data, form),
            ThreeDs::External(result) => {
                if result.xid.is_some() {
                    return Err(Error::invalid(
                        "xid",
                        "cannot be carried; leave it out, or use 3-D Secure 2",
                    ));
                }
                form.put("threeDSecure.eci", &result.eci)
                    .put("threeDSecure.verificationId", &result.cavv)
                    .put_some("threeDSecure.version", result.version.as_deref())
                    .put_some("threeDSecure.dsTransactionId", result.ds_transaction_id.as_deref())
                    .put_some("threeDSecure.authenticationStatus", result.status.as_deref());
            }
            _ => {}
        }
        metadata(&charge.metadata, form)
    }

    fn urls(&self, urls: &Urls, form: &mut Form) -> Result<(), Error> {
        let addresses = [
            ("return_url", "shopperResultUrl", &urls.back),
            ("notify_url", "notificationUrl", &urls.notify),
        ];
        for (field, name, url) in addresses {
            let Some(url) = url else { continue };
            if !(6..=2048).contains(&url.chars().count()) || !is_secure(url, self.settings.mode) {
                return Err(Error::invalid(
                    field,
                    "must be an https address of 6 to 2048 characters (http on loopback in mode test)",
                ));
            }
            form.put(name, url);
        }
        Ok(())
    }
}

/// Writes the source of the money, and gives the path.
fn source(source: &Source, initiator: &Initiator, form: &mut Form) -> Result<Cow<'static, str>, Error> {
    let path = match source {
        Source::Card(data) => {
            card(data, form)?;
            Cow::Borrowed("/payments")
        }
        Source::Stored(id) => registration(id)?.into(),
        _ => return Err(Error::unsupported(PROVIDER, "this source")),
    };
    let stored = matches!(source, Source::Stored(_));
    let (kind, by, network) = match initiator {
        Initiator::Merchant {
            kind,
            network_transaction_id,
            ..
        } => (*kind, "MIT", network_transaction_id.as_deref()),
        _ if stored => (Agreement::Unscheduled, "CIT", None),
        _ => return Ok(path),
    };
    let kind = match kind {
        Agreement::Installment => "INSTALLMENT",
        Agreement::Recurring => "RECURRING",
        Agreement::Unscheduled => "UNSCHEDULED",
        _ => return Err(Error::unsupported(PROVIDER, "this kind of agreement")),
    };
    form.put("standingInstruction.mode", "REPEATED")
        .put("standingInstruction.type", kind)
        .put("standingInstruction.source", by)
        .put_some("standingInstruction.initialTransactionId", network);
    Ok(path)
}

fn registration(id: &str) -> Result<String, Error> {
    if !is_id(id) {
        return Err(Error::invalid("source", "is not the id of a registration"));
    }
    Ok(format!("/registrations/{id}/payments"))
}

/// The card's fields.
pub(crate) fn card(card: &Card, form: &mut Form) -> Result<(), Error> {
    form.put_some("paymentBrand", brand(card.expose_number()));
    form.put("card.number", card.expose_number());
    if let Some(holder) = card.holder() {
        if holder.trim().chars().count() < 3 {
            return Err(Error::invalid("card_holder", "must have at least 3 characters"));
        }
        form.put("card.holder", holder);
    }
    form.put_digits("card.expiryMonth", card.month().into(), 2)
        .put_digits("card.expiryYear", card.year(), 4)
        .put_some("card.cvv", card.expose_cvv());
    Ok(())
}

/// The brand, where the first digits leave no doubt; else the provider finds it out.
fn brand(number: &str) -> Option<&'static str> {
    let first = |digits: usize| number.get(..digits).and_then(|n| n.parse::<u32>().ok()).unwrap_or(0);
    match (first(1), first(2), first(4)) {
        (4, ..) => Some("VISA"),
        (_, 51..=55, _) | (_, _, 2221..=2720) => Some("MASTER"),
        (_, 34 | 37, _) => Some("AMEX"),
        (_, _, 3528..=3589) => Some("JCB"),
        (_, 36 | 38 | 39, _) | (_, _, 3000..=3059) => Some("DINERS"),
        _ => None,
    }
}

fn customer(customer: &Customer, form: &mut Form) -> Result<(), Error> {
    if customer.email.as_deref().is_some_and(|email| email.chars().count() < 6) {
        return Err(Error::invalid("customer_email", "must have at least 6 characters"));
    }
    form.put_some("customer.merchantCustomerId", customer.id.as_deref())
        .put_some("customer.givenName", customer.first_name.as_deref())
        .put_some("customer.surname", customer.last_name.as_deref())
        .put_some("customer.email", customer.email.as_deref())
        .put_some("customer.phone", customer.phone.as_deref())
        .put_some("customer.ip", customer.ip.map(|ip| ip.to_string()).as_deref());
    Ok(())
}

fn address(of: &'static str, address: Option<&Address>, form: &mut Form) -> Result<(), Error> {
    let Some(address) = address else { return Ok(()) };
    let parts = [
        ("street1", &address.street, 100),
        ("street2", &address.street2, 100),
        ("city", &address.city, 80),
        ("state", &address.region, 50),
        ("postcode", &address.postal_code, 16),
        ("country", &address.country, 2),
    ];
    for (name, value, most) in parts {
        let Some(value) = value else { continue };
        let length = value.chars().count();
        if length > most {
            let rule = format!("{of}: {name} has {length} characters, and {PROVIDER} takes at most {most}");
            return Err(Error::invalid(of, rule));
        }
        form.put(format!("{of}.{name}"), value);
    }
    Ok(())
}

fn browser(data: &Browser, form: &mut Form) {
    let text = |flag: bool| if flag { "true" } else { "false" };
    form.put("customer.browser.acceptHeader", &data.accept)
        .put("customer.browser.language", &data.language)
        .put("customer.browser.screenHeight", data.screen_height.to_string())
        .put("customer.browser.screenWidth", data.screen_width.to_string())
        .put("customer.browser.timezone", data.timezone_minutes.to_string())
        .put("customer.browser.userAgent", &data.user_agent)
        .put("customer.browser.javaEnabled", text(data.java))
        .put("customer.browser.javascriptEnabled", text(data.javascript))
        .put("customer.browser.screenColorDepth", data.color_depth.to_string());
}

/// The merchant's labels, as custom parameters.
fn metadata(labels: &BTreeMap<String, String>, form: &mut Form) -> Result<(), Error> {
    for (name, value) in labels {
        let good =
            (3..=64).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"._".contains(&b));
        if !good {
            return Err(Error::invalid(
                "metadata",
                format!("names must have 3 to 64 letters, digits, dots and underscores, and `{name}` has not"),
            ));
        }
        if value.chars().count() > 2048 {
            return Err(Error::invalid(
                "metadata",
                format!("the value of `{name}` has more than 2048 characters"),
            ));
        }
        form.put(format!("customParameters[{name}]"), value);
    }
    Ok(())
}
