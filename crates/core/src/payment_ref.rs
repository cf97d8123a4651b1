//! The string that leads back to a payment.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use hmac_sha256::Hash;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Which merchant account a gateway is on: a digest of the merchant's identity and the mode, never of keys that rotate.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Account(Arc<str>);

impl Account {
    /// The digest of what identifies the merchant at the provider. The parts are length-prefixed, so that no two lists collide.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        let mut digest = Hash::new();
        digest.update(b"paymux account 1");
        for part in parts {
            digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            digest.update(part.as_bytes());
        }
        Self(hex::encode(digest.finalize().get(..6).unwrap_or_default()).into())
    }

    /// The digest in hexadecimal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for Account {
    fn from(digest: String) -> Self {
        Self(digest.into())
    }
}

impl From<Account> for String {
    fn from(account: Account) -> Self {
        account.as_str().to_owned()
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A payment's reference: which gateway, provider and account hold it, and under which ids. Its string form is one word, and stable.
///
/// A gateway refuses a reference of another provider or account before anything is sent.
///
/// ```
/// use paymux_core::{Account, PaymentRef};
/// let reference = PaymentRef::new("acme", Account::of(&["m1", "test"]), ["4711"]).on("cards");
/// let text = reference.to_string();
/// assert_eq!(text.parse::<PaymentRef>()?, reference);
/// # Ok::<(), paymux_core::PaymentRefError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PaymentRef {
    provider: String,
    account: Account,
    gateway: String,
    ids: Vec<String>,
}

/// A text that is no payment reference.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("`{0}` is not a payment reference (they look like `pm1:provider:account:gateway:id`)")]
pub struct PaymentRefError(String);

impl PaymentRef {
    /// A reference by provider, account and the provider's ids, the payment's own first. The engine adds the gateway's name.
    #[must_use]
    pub fn new<I: Into<String>>(provider: &str, account: Account, ids: impl IntoIterator<Item = I>) -> Self {
        Self {
            provider: provider.to_owned(),
            account,
            gateway: String::new(),
            ids: ids.into_iter().map(Into::into).collect(),
        }
    }

    /// On the gateway of this name.
    #[must_use]
    pub fn on(mut self, gateway: &str) -> Self {
        gateway.clone_into(&mut self.gateway);
        self
    }

    /// Puts it on the gateway of this name.
    pub fn put_on(&mut self, gateway: &str) {
        gateway.clone_into(&mut self.gateway);
    }

    /// The provider's name.
    #[must_use]
    pub fn provider(&self) -> &str {
        &self.provider
    }

    /// The merchant account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The name of the gateway that made it; informative, since gateways may be renamed.
    #[must_use]
    pub fn gateway(&self) -> &str {
        &self.gateway
    }

    /// The provider's id of the payment.
    #[must_use]
    pub fn id(&self) -> &str {
        self.ids.first().map_or("", String::as_str)
    }

    /// All the ids, the payment's own first; what the others are is the adapter's affair.
    #[must_use]
    pub fn ids(&self) -> &[String] {
        &self.ids
    }
}

impl fmt::Display for PaymentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pm1:{}:{}", escape(&self.provider), self.account.0)?;
        for part in std::iter::once(&self.gateway).chain(&self.ids) {
            write!(f, ":{}", escape(part))?;
        }
        Ok(())
    }
}

impl fmt::Debug for PaymentRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for PaymentRef {
    type Err = PaymentRefError;

    fn from_str(text: &str) -> Result<Self, PaymentRefError> {
        let error = || PaymentRefError(text.chars().take(120).collect());
        let mut parts = text.split(':');
        if parts.next() != Some("pm1") {
            return Err(error());
        }
        let mut part = || parts.next().and_then(unescape);
        let (Some(provider), Some(account), Some(gateway)) = (part(), part(), part()) else {
            return Err(error());
        };
        let ids = parts.map(unescape).collect::<Option<Vec<_>>>().ok_or_else(error)?;
        let hexadecimal = account.len() == 12 && account.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if provider.is_empty() || !hexadecimal || ids.first().is_none_or(String::is_empty) {
            return Err(error());
        }
        Ok(Self {
            provider,
            account: Account(account.into()),
            gateway,
            ids,
        })
    }
}

impl TryFrom<String> for PaymentRef {
    type Error = PaymentRefError;

    fn try_from(text: String) -> Result<Self, PaymentRefError> {
        text.parse()
    }
}

impl From<PaymentRef> for String {
    fn from(reference: PaymentRef) -> Self {
        reference.to_string()
    }
}

fn escape(part: &str) -> String {
    let mut out = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

fn unescape(part: &str) -> Option<String> {
    let mut out = Vec::with_capacity(part.len());
    let mut rest = part;
    while let Some((before, after)) = rest.split_once('%') {
        out.extend_from_slice(before.as_bytes());
        out.extend(hex::decode(after.get(..2)?).ok()?);
        rest = after.get(2..)?;
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_string_form_is_pinned() {
        let account = Account::of(&["merchant-1", "live"]);
        let reference = PaymentRef::new("acme", account, ["8ac7:a4", "PA"]).on("my cards");
        assert_eq!(reference.to_string(), "pm1:acme:29adb67df624:my%20cards:8ac7%3Aa4:PA");
        assert_eq!(reference.to_string().parse(), Ok(reference));
    }

    #[test]
    fn accounts_differ_by_parts_and_by_mode() {
        assert_ne!(Account::of(&["ab", "c"]), Account::of(&["a", "bc"]));
        assert_ne!(Account::of(&["m", "live"]), Account::of(&["m", "test"]));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "pm1",
            "pm1:a:b:c",
            "pm2:acme:0123456789ab:g:1",
            "pm1:acme:0123456789ab:g:",
            "pm1:acme:0123456789ab:g:%4",
        ] {
            assert!(text.parse::<PaymentRef>().is_err(), "{text}");
        }
    }
}
