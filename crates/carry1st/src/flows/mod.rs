//! Operation → calls → answer.
//!
//! `charge` opens a payment, `follow_up` refunds it, `ask` only asks, `methods` lists what a country's customers can pay by, and `tokens` gets tokens.

mod ask;
mod charge;
mod follow_up;
mod methods;
mod tokens;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, header};
use paymux_core::{Error, NextAction, Wire, request};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use serde::Serialize;

use crate::Carry1st;

/// A resource's media type, with the `Accept` that goes with it. The provider answers a wrong one with 405; it takes no `charset`.
pub(crate) struct Media {
    content: &'static str,
    accept: &'static str,
}

pub(crate) const PAYMENT: Media = Media {
    content: "application/vnd.carry1st.payments.payment+json",
    accept: "application/vnd.carry1st.payments.payment+json, application/json, */*;q=0.1",
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
}

fn accepting(mut request: Request<Bytes>, media: &Media) -> Request<Bytes> {
    request
        .headers_mut()
        .insert(header::ACCEPT, HeaderValue::from_static(media.accept));
    request
}
