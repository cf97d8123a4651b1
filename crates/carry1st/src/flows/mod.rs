//! Operation → calls → answer.

mod open;
mod refund;
mod tokens;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use paymux_core::{
    Answer, Call, Decline, DeclineReason, Error, ErrorKind, Fate, MethodQuery, NextAction, OperationKind, Outcome,
    Payment, PaymentMethod, PaymentRef, Reference, Unresolved, Wire, request,
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::Carry1st;
use crate::codes::Standing;
use crate::config::is_country;
use crate::reading::{self, Endpoint, Seen};
use crate::shapes::{Id, MethodChannel, MethodsView};

/// A resource's media type, with the `Accept` that goes with it. The provider answers a wrong one with 405; it takes no `charset`.
pub(crate) struct Media {
    content: &'static str,
    accept: &'static str,
}

pub(crate) const PAYMENT: Media = Media {
    content: "application/vnd.carry1st.payments.payment+json",
    accept: "application/vnd.carry1st.payments.payment+json, application/json, */*;q=0.1",
};
const METHODS: Media = Media {
    content: "application/vnd.carry1st.payments.paymentchannel+json",
    accept: "application/vnd.carry1st.payments.paymentchannel+json, application/json, */*;q=0.1",
};

/// The key of the note that holds Pay1st's reference.
const NOTE: &str = "payment";

const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn encoded(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
    {
        return Cow::Borrowed(text);
    }
    // With room for the worst case, so that no copy of a secret is left behind by growing.
    let mut out = String::with_capacity(text.len().saturating_mul(3));
    out.extend(utf8_percent_encode(text, QUERY));
    Cow::Owned(out)
}

impl Carry1st {
    /// A GET; the content type is sent although there is no body.
    fn get(&self, path: &str, media: &Media) -> Result<Request<Bytes>, Error> {
        let request = request::build(Method::GET, &self.api, path, Some(media.content), Bytes::new())?;
        Ok(accepting(request, media))
    }

    pub(crate) fn post<T: Serialize>(&self, path: &str, media: &Media, body: &T) -> Result<Request<Bytes>, Error> {
        let request = request::json(Method::POST, &self.api, path, media.content, body)?;
        Ok(accepting(request, media))
    }

    /// Inquire: GET `payments`, by Pay1st's own reference.
    pub(crate) async fn inquire(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Answer, Error> {
        let seen = self.ask_of(payment, wire).await?;
        self.answer(seen, wire).await
    }

    /// What a payment is now, held against what its reference says of it.
    pub(super) async fn ask_of(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Seen, Error> {
        let seen = self.ask(payment.id(), wire).await?;
        let (reference, amount) = reading::known(payment);
        reading::check_asked(&seen, reference, amount).map_err(|error| error.with_fate(Fate::NotDone))?;
        Ok(seen)
    }

    /// What the payment is now.
    async fn ask(&self, id: &str, wire: &dyn Wire) -> Result<Seen, Error> {
        let request = self.get(&["/api/pay1st/payments?reference=", &encoded(id)].concat(), &PAYMENT)?;
        let reply = match wire.send(Call::asks(request).about(id)).await {
            Ok(reply) => reply,
            Err(lost) => return Err(lost.give_up()),
        };
        if !reply.status.is_success() {
            return Err(reading::refusal(&reply, Endpoint::Api, wire.now()));
        }
        let text = reply.text();
        let seen = reading::seen(&reading::view(&text, &reply)?, self.account(), self.scales())?;
        if seen.payment.id() != id {
            let message = format!("asked about payment `{id}`, the provider shows another");
            return Err(Error::mismatch(message, seen.payment).with_fate(Fate::NotDone));
        }
        Ok(seen)
    }

    /// What a payment's standing comes to; one that waits for the customer gets a fresh link. An `async fn` would hold the payment twice.
    fn answer(&self, seen: Seen, wire: &dyn Wire) -> impl Future<Output = Result<Answer, Error>> + Send {
        let cancelled = |code: &str| Outcome::Declined(Decline::new(DeclineReason::Cancelled, code));
        async move {
            let outcome = match seen.standing {
                Standing::Action => {
                    let channel = self.config.channel_id.map(|id| id.to_string());
                    match self.link(seen.payment.id(), channel.as_deref(), wire).await {
                        Ok(link) => Outcome::ActionRequired(link),
                        Err(error) => return Err(error.with_payment(seen.payment)),
                    }
                }
                Standing::Captured | Standing::Refunded => Outcome::Approved,
                Standing::Cancelled => cancelled("CANCELLED"),
                Standing::Expired => cancelled("ABANDONED"),
                Standing::ChargedBack => Outcome::Review,
                Standing::Declined => Outcome::Declined(reading::failed()),
                Standing::Pending | Standing::Unknown => Outcome::Pending,
            };
            Ok(Answer::new(outcome, seen.payment))
        }
    }

    /// The link to the hosted page. It carries a token, so it is a secret, and made just before it is used.
    pub(crate) async fn link(&self, id: &str, channel: Option<&str>, wire: &dyn Wire) -> Result<NextAction, Error> {
        let token = wire.token().await?;
        let channel = channel.map(|channel| format!("channelId={}&", encoded(channel)));
        let link = [
            &self.checkout,
            "/checkout?",
            channel.as_deref().unwrap_or_default(),
            "reference=",
            &encoded(id),
            "&accessToken=",
            &encoded(token.access.expose_secret()),
        ]
        .concat();
        Ok(NextAction::Redirect(link.into()))
    }

    /// Resolve: asks, where there is something to ask by.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let id = unresolved
            .payment
            .as_ref()
            .map(|p| p.id())
            .or_else(|| unresolved.note(NOTE));
        let reference = unresolved.reference.as_ref().map_or("", Reference::as_str);
        match (unresolved.operation, id) {
            (OperationKind::Sale | OperationKind::Checkout, Some(id)) => {
                let open = |error: Error| error.with_fate(Fate::Unknown);
                let seen = self.ask(id, wire).await.map_err(open)?;
                let asked = unresolved.reference.as_ref().map(Reference::as_str);
                reading::check_asked(&seen, asked, unresolved.amount)?;
                self.answer(seen, wire).await.map_err(open)
            }
            (OperationKind::Refund, id) => {
                let message = format!(
                    "the provider documents no look-up of refunds: its webhook or the Console tells what became of `{reference}`"
                );
                let error = Error::new(ErrorKind::Unsupported, message).with_fate(Fate::Unknown);
                let Some(id) = id else {
                    return Err(error);
                };
                Err(match self.ask(id, wire).await {
                    Ok(seen) => error.with_payment(seen.payment),
                    Err(_) => error,
                })
            }
            (operation, _) => {
                let message = format!("{operation} `{reference}` cannot be asked about without Pay1st's own reference");
                Err(Error::new(ErrorKind::Unsupported, message).with_fate(Fate::Unknown))
            }
        }
    }

    /// Payment methods: GET `payments/methods` of one country; a customer narrows nothing here.
    pub(crate) async fn methods(&self, query: &MethodQuery, wire: &dyn Wire) -> Result<Vec<PaymentMethod>, Error> {
        let country = query.country.as_ref().or(self.config.default_country.as_ref());
        let country = country.ok_or_else(|| Error::invalid("country", "is needed: methods are listed by country"))?;
        if !is_country(country) {
            let rule = format!("`{country}` is not an ISO 3166-1 alpha-2 code in upper case");
            return Err(Error::invalid("country", rule));
        }
        let request = self.get(&format!("/api/pay1st/payments/methods?countryCode={country}"), &METHODS)?;
        let reply = match wire.send(Call::asks(request)).await {
            Ok(reply) => reply,
            Err(lost) => return Err(lost.give_up()),
        };
        if !reply.status.is_success() {
            return Err(reading::refusal(&reply, Endpoint::Api, wire.now()));
        }
        let view: MethodsView = reading::object(&reply)?;
        let mut methods = Vec::new();
        for group in view.data.groups {
            let name = group.name.unwrap_or_default();
            methods.extend(group.channels.into_iter().filter_map(|channel| method(channel, &name)));
        }
        Ok(methods)
    }

    /// A payment of which only the reference is known.
    fn barely(&self, id: &str) -> Payment {
        Payment::new(
            reading::payment_ref(self.account(), id, None),
            paymux_core::PaymentState::Pending,
        )
    }
}

fn accepting(mut request: Request<Bytes>, media: &Media) -> Request<Bytes> {
    request
        .headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static(media.accept));
    request
}

/// One way to pay. Of the three ids nearby, the entry's own is the one that links take.
fn method(entry: MethodChannel, group: &str) -> Option<PaymentMethod> {
    let id = match entry.id? {
        Id::Number(id) => id.to_string(),
        Id::Text(id) => id,
    };
    let parts = [&entry.channel, &entry.payment_option];
    let name = parts.iter().find_map(|part| part.as_ref()?.name.clone());
    let kind = entry
        .channel
        .as_ref()
        .and_then(|channel| channel.payment_method.clone());
    let statuses: Vec<&str> = parts
        .iter()
        .filter_map(|part| part.as_ref()?.status.as_deref())
        .collect();
    let mut method = PaymentMethod::new(
        id,
        name.unwrap_or_else(|| group.to_owned()),
        kind.unwrap_or_else(|| group.to_owned()),
    );
    method.active = if statuses.contains(&"SUSPENDED") {
        Some(false)
    } else {
        (!statuses.is_empty() && statuses.iter().all(|status| *status == "ACTIVE")).then_some(true)
    };
    Some(method)
}
