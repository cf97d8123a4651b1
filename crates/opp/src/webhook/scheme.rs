//! How webhooks are signed: by the platform's authenticated cipher, or by one of the schemes of its white labels.

use aes_gcm::aead::Aead;
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use paymux_core::{Delivery, Verified, WebhookError, hmac};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::shapes::Encrypted;

const IV: &str = "x-initialization-vector";
const TAG: &str = "x-authentication-tag";
const SIGNATURE: &str = "x-webhook-signature";
const TIMESTAMP: &str = "x-webhook-timestamp";
const ID: &str = "x-webhook-id";
/// The name of the signature among the fields of a form.
const FIELD: &str = "signature";

/// How a channel's webhooks are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WebhookScheme {
    /// AES-256-GCM: initialization vector and tag in headers, all in hexadecimal.
    #[default]
    AesGcm,
    /// The same, all in base64, the key too (SIBS).
    AesGcmBase64,
    /// A form with a field `signature`: HMAC-SHA256 over its other fields (Peach Payments Checkout).
    FormHmac,
    /// HMAC-SHA256 in a header over time, id, the address and the body (Peach Payments).
    HeaderHmac,
}

/// What webhooks are verified with.
pub(crate) struct Signing {
    scheme: WebhookScheme,
    /// The first is the newest.
    keys: Vec<SecretString>,
    /// Of the same keys, where the scheme encrypts.
    ciphers: Vec<Aes256Gcm>,
    /// The address that the provider calls, which one of the schemes signs.
    url: String,
    /// How far a signed time may be from ours.
    tolerance: SignedDuration,
}

impl WebhookScheme {
    /// Whether a text can be a key of it, or else what it must be. A comma is in no key of a cipher; of the other schemes' keys no document tells the form.
    pub(crate) fn check(self, key: &str) -> Result<(), &'static str> {
        let is_key = match self {
            Self::AesGcm | Self::AesGcmBase64 => self.cipher(key).is_some(),
            Self::FormHmac | Self::HeaderHmac => !key.trim().is_empty(),
        };
        if is_key {
            return Ok(());
        }
        Err(match (self, key.contains(',')) {
            (Self::AesGcm, false) => "must be 64 hexadecimal digits",
            (Self::AesGcm, true) => "must be 64 hexadecimal digits, one key; the key before is `previous_webhook_key`",
            (Self::AesGcmBase64, false) => "must be 32 bytes in base64",
            (Self::AesGcmBase64, true) => {
                "must be 32 bytes in base64, one key; the key before is `previous_webhook_key`"
            }
            (Self::FormHmac | Self::HeaderHmac, _) => "must not be empty",
        })
    }

    fn decode(self, text: &str) -> Option<Vec<u8>> {
        match self {
            Self::AesGcmBase64 => STANDARD.decode(text.trim()).ok(),
            _ => hex::decode(text.trim()).ok(),
        }
    }

    fn encode(self, bytes: &[u8]) -> String {
        match self {
            Self::AesGcmBase64 => STANDARD.encode(bytes),
            _ => hex::encode_upper(bytes),
        }
    }

    fn cipher(self, key: &str) -> Option<Aes256Gcm> {
        Aes256Gcm::new_from_slice(&self.decode(key)?).ok()
    }
}

impl Signing {
    /// Of keys that the scheme [takes](WebhookScheme::check), the newest first.
    pub(crate) fn new(scheme: WebhookScheme, keys: Vec<SecretString>, url: String, tolerance: SignedDuration) -> Self {
        let cipher = |key: &SecretString| match scheme {
            WebhookScheme::AesGcm | WebhookScheme::AesGcmBase64 => scheme.cipher(key.expose_secret()),
            WebhookScheme::FormHmac | WebhookScheme::HeaderHmac => None,
        };
        Self {
            scheme,
            ciphers: keys.iter().filter_map(cipher).collect(),
            keys,
            url,
            tolerance,
        }
    }

    /// What was signed, in the clear, and the proof that it was.
    pub(super) fn verify(&self, delivery: &Delivery, received: Timestamp) -> Result<(Bytes, Verified), WebhookError> {
        if self.keys.is_empty() {
            return Err(WebhookError::NoSecret("webhook_key"));
        }
        match self.scheme {
            WebhookScheme::AesGcm | WebhookScheme::AesGcmBase64 => {
                Ok((self.decrypt(delivery)?.into(), Verified::dangerous_vouch()))
            }
            WebhookScheme::FormHmac => Ok((delivery.body.clone(), self.form(delivery)?)),
            WebhookScheme::HeaderHmac => Ok((delivery.body.clone(), self.header(delivery, received)?)),
        }
    }

    /// The plaintext, under whichever key fits.
    fn decrypt(&self, delivery: &Delivery) -> Result<Vec<u8>, WebhookError> {
        let scheme = self.scheme;
        let decode = |text: &str| scheme.decode(text).ok_or(WebhookError::Signature);
        let iv = decode(delivery.header(IV)?)?;
        let tag = decode(delivery.header(TAG)?)?;
        let nonce = Nonce::try_from(iv.as_slice()).map_err(|_| WebhookError::Signature)?;
        if tag.len() != 16 {
            return Err(WebhookError::Signature);
        }
        let text = std::str::from_utf8(&delivery.body).map_err(|_| WebhookError::Signature)?;
        let mut sealed = if text.trim_start().starts_with('{') {
            let wrapped = serde_json::from_str::<Encrypted<'_>>(text).map_err(|_| WebhookError::Signature)?;
            decode(&wrapped.encrypted_body)?
        } else {
            decode(text)?
        };
        sealed.extend_from_slice(&tag);
        let ciphers = self.ciphers.iter();
        ciphers
            .filter_map(|cipher| cipher.decrypt(&nonce, sealed.as_slice()).ok())
            .next_back()
            .ok_or(WebhookError::Signature)
    }

    fn form(&self, delivery: &Delivery) -> Result<Verified, WebhookError> {
        let mut fields: Vec<(String, String)> = serde_html_form::from_bytes(&delivery.body).unwrap_or_default();
        fields.sort();
        if fields.iter().zip(fields.iter().skip(1)).any(|(a, b)| a.0 == b.0) {
            return Err(WebhookError::Repeated("a field of the form"));
        }
        let signature = fields.iter().position(|(name, _)| name == FIELD);
        let Some(signature) = signature.map(|at| fields.remove(at).1) else {
            // The provider's first call, when the address is set up, is JSON and signs nothing.
            return match serde_json::from_slice::<serde_json::Map<_, _>>(&delivery.body) {
                Ok(_) => Err(WebhookError::Probe),
                Err(_) => Err(WebhookError::Missing(FIELD)),
            };
        };
        hmac::verify(self.secrets(), &signed_fields(&fields), &signature)
    }

    fn header(&self, delivery: &Delivery, received: Timestamp) -> Result<Verified, WebhookError> {
        let signature = delivery.header(SIGNATURE)?;
        let (time, id) = (delivery.header(TIMESTAMP)?, delivery.header(ID)?);
        let verified = hmac::verify(self.secrets(), &self.signed_text(time, id, &delivery.body), signature)?;
        let at = moment(time).ok_or(WebhookError::Stale)?;
        if received.duration_since(at).abs() > self.tolerance {
            return Err(WebhookError::Stale);
        }
        Ok(verified)
    }

    /// A body signed, as the provider would at this time.
    pub(super) fn sign(&self, body: &Bytes, now: Timestamp) -> Result<Delivery, WebhookError> {
        let key = self.keys.first().ok_or(WebhookError::NoSecret("webhook_key"))?;
        let key = key.expose_secret();
        let time = now.as_second().to_string();
        // No two bodies at one time get one initialization vector; the id of a delivery is made the same way.
        let mark = hmac::hex(key.as_bytes(), &[time.as_bytes(), body]);
        let iv = hex::decode(mark.get(..24).unwrap_or_default()).unwrap_or_default();
        match self.scheme {
            WebhookScheme::AesGcm | WebhookScheme::AesGcmBase64 => {
                let cipher = self.ciphers.first().ok_or(WebhookError::NoSecret("webhook_key"))?;
                let nonce = Nonce::try_from(iv.as_slice()).map_err(|_| WebhookError::Malformed)?;
                let mut sealed = cipher
                    .encrypt(&nonce, body.as_ref())
                    .map_err(|_| WebhookError::TooLarge)?;
                let tag = sealed.split_off(sealed.len().saturating_sub(16));
                let headers = [(IV, self.scheme.encode(&iv)), (TAG, self.scheme.encode(&tag))];
                delivery("text/plain", &headers, self.scheme.encode(&sealed).into())
            }
            WebhookScheme::FormHmac => {
                let mut fields: Vec<(String, String)> =
                    serde_html_form::from_bytes(body).map_err(|_| WebhookError::Malformed)?;
                fields.sort();
                let signature = hmac::hex(key.as_bytes(), &signed_fields(&fields));
                fields.push((FIELD.to_owned(), signature));
                let body = serde_html_form::to_string(&fields).map_err(|_| WebhookError::Malformed)?;
                delivery("application/x-www-form-urlencoded", &[], body.into())
            }
            WebhookScheme::HeaderHmac => {
                let id = mark.get(..32).unwrap_or_default().to_owned();
                let signature = hmac::hex(key.as_bytes(), &self.signed_text(&time, &id, body));
                let headers = [(SIGNATURE, signature), (TIMESTAMP, time), (ID, id)];
                delivery("application/json", &headers, body.clone())
            }
        }
    }

    fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        self.keys.iter().map(|key| key.expose_secret().as_bytes())
    }

    fn signed_text<'a>(&'a self, time: &'a str, id: &'a str, body: &'a [u8]) -> [&'a [u8]; 7] {
        [
            time.as_bytes(),
            b".",
            id.as_bytes(),
            b".",
            self.url.as_bytes(),
            b".",
            body,
        ]
    }
}

/// Names and values, in the order of the names, with nothing between them.
fn signed_fields(fields: &[(String, String)]) -> Vec<&[u8]> {
    fields
        .iter()
        .flat_map(|(name, value)| [name.as_bytes(), value.as_bytes()])
        .collect()
}

/// The time as it is signed. Its form is not documented: RFC 3339, or seconds or milliseconds since 1970.
fn moment(text: &str) -> Option<Timestamp> {
    match text.parse::<i64>() {
        Ok(number) if number >= 100_000_000_000 => Timestamp::from_millisecond(number).ok(),
        Ok(number) => Timestamp::from_second(number).ok(),
        Err(_) => text.parse().ok(),
    }
}

fn delivery(kind: &'static str, values: &[(&'static str, String)], body: Bytes) -> Result<Delivery, WebhookError> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    for (name, value) in values {
        let value = HeaderValue::from_str(value).map_err(|_| WebhookError::Malformed)?;
        headers.insert(*name, value);
    }
    Ok(Delivery::new(headers, body))
}

/// Whether a delivery says that it is encrypted.
pub(super) fn is_encrypted(delivery: &Delivery) -> bool {
    delivery.headers.contains_key(IV) || delivery.headers.contains_key(TAG)
}

/// A delivery that nobody signs.
pub(super) fn unsigned(body: &Bytes) -> Result<Delivery, WebhookError> {
    delivery("application/json", &[], body.clone())
}
