//! The configuration.

use std::time::Duration;

use http::Uri;
use jiff::SignedDuration;
use paymux_core::{Adapter, AdapterConfig, Key, KeyKind, Mode, Problem};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::adapter::{Opp, Settings};
use crate::flows::is_secure;
use crate::webhook::{Signing, WebhookScheme};

/// The configuration of [`Opp`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OppConfig {
    /// Which of the two APIs it is.
    pub preset: Preset,
    /// The access token of the channel.
    pub access_token: SecretString,
    /// The address of the API, with or without the version at its end.
    pub base_url: Option<String>,
    /// The id of the channel; required on `v1`.
    pub entity_id: Option<String>,
    /// The kind of entity, sent when a checkout is made.
    pub entity_type: Option<String>,
    /// The merchant's id, sent when a checkout is made.
    pub merchant_id: Option<String>,
    /// The page that takes the customer through a checkout, with `{checkout}` where the checkout's id goes.
    pub checkout_page: Option<String>,
    /// Whether a hold may be captured more than once.
    #[serde(default)]
    pub multiple_captures: bool,
    /// The most characters of a reference, 8 to 255; 32 if not given.
    pub reference_max: Option<usize>,
    /// How long after a request could last have left the platform may still book it, in seconds; 300 if not given.
    pub settle_secs: Option<u32>,
    /// The key of webhooks.
    pub webhook_key: Option<SecretString>,
    /// The key before, while webhooks under it may still come.
    pub previous_webhook_key: Option<SecretString>,
    /// How webhooks are signed; `aes-gcm` if not given.
    pub webhook_scheme: Option<WebhookScheme>,
    /// The address that the platform calls, exactly as it is registered, where the scheme signs it.
    pub webhook_url: Option<String>,
    /// How far a signed time may be from ours, in seconds; 300 if not given.
    pub webhook_tolerance_secs: Option<u32>,
}

/// Which of the two APIs a gateway speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Preset {
    /// The Open Payment Platform and its white labels, `/v1`.
    V1,
    /// The gateway that is documented for Efaka, `/v3`.
    V3,
}

impl Preset {
    /// The version as it stands in the path, with its slash.
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::V1 => "/v1",
            Self::V3 => "/v3",
        }
    }

    /// The address where the configuration gives none.
    const fn host(self, mode: Mode) -> Option<&'static str> {
        match (self, mode) {
            (Self::V1, Mode::Live) => Some("https://eu-prod.oppwa.com"),
            (Self::V1, Mode::Test) => Some("https://eu-test.oppwa.com"),
            (Self::V3, Mode::Live) => None,
            (Self::V3, Mode::Test) => Some("https://ebe.sandbox.efaka.net/gateway"),
        }
    }
}

impl AdapterConfig for OppConfig {
    const PROVIDER: &'static str = "opp";

    const KEYS: &'static [Key] = &[
        Key::required(
            "preset",
            KeyKind::Text,
            "`v3` (as documented for Efaka) or `v1` (Open Payment Platform)",
        ),
        Key::required(
            "access_token",
            KeyKind::Secret,
            "the access token, from the backend's user interface",
        ),
        Key::optional(
            "base_url",
            KeyKind::Url,
            "the address before `/v1` or `/v3`; required on v3 live; else by preset and mode",
        ),
        Key::optional(
            "entity_id",
            KeyKind::Text,
            "the id of the channel; required on v1, sent on v3 when set",
        ),
        Key::optional(
            "entity_type",
            KeyKind::Text,
            "sent when a checkout is made, as in `PARTICIPATOR`; default: not sent",
        ),
        Key::optional(
            "merchant_id",
            KeyKind::Text,
            "sent when a checkout is made; default: not sent",
        ),
        Key::optional(
            "checkout_page",
            KeyKind::Url,
            "the page of a checkout, with `{checkout}` for its id; on v3 there is no checkout without it",
        ),
        Key::optional(
            "multiple_captures",
            KeyKind::Flag,
            "whether a hold may be captured more than once; default: false",
        ),
        Key::optional(
            "reference_max",
            KeyKind::Number,
            "the most characters of a reference, 8 to 255; default: 32",
        ),
        Key::optional(
            "settle_secs",
            KeyKind::Number,
            "v1: seconds after which a payment that is not in the report was not made, 60 to 86400; default: 300",
        ),
        Key::optional(
            "webhook_key",
            KeyKind::Secret,
            "v1: the key of webhooks (`aes-gcm`: 64 hexadecimal digits)",
        ),
        Key::optional(
            "previous_webhook_key",
            KeyKind::Secret,
            "v1: the key before, still accepted while it is being changed",
        ),
        Key::optional(
            "webhook_scheme",
            KeyKind::Text,
            "v1: `aes-gcm`, `aes-gcm-base64`, `form-hmac` or `header-hmac`; default: aes-gcm",
        ),
        Key::optional(
            "webhook_url",
            KeyKind::Url,
            "v1, `header-hmac`: the address that is called, as it is registered; it is signed",
        ),
        Key::optional(
            "webhook_tolerance_secs",
            KeyKind::Number,
            "v1, `header-hmac`: how far a webhook's time may be from ours, 1 to 86400 seconds; default: 300",
        ),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let mut problems = Vec::new();
        let mut problem = |key: &str, what: &str| problems.push(Problem::new(key, what));
        let token = self.access_token.expose_secret();
        if token.is_empty() || token.len() > 2048 || token.contains(['\r', '\n']) {
            problem("access_token", "must have 1 to 2048 characters and no line breaks");
        }
        let base = match self.base_url.as_deref().or(self.preset.host(mode)) {
            Some(base) => base.to_owned(),
            None => {
                problem(
                    "base_url",
                    "is required on v3 in mode live: the address is not published",
                );
                String::new()
            }
        };
        let base = base.trim_end_matches('/');
        let base = base
            .strip_suffix(self.preset.path())
            .unwrap_or(base)
            .trim_end_matches('/');
        let host = base.parse::<Uri>().ok().and_then(|uri| uri.host().map(str::to_owned));
        if !base.is_empty() && (host.is_none() || base.contains(['?', '#'])) {
            problem("base_url", "must be an address without a query");
        }
        match self.entity_id.as_deref() {
            None if self.preset == Preset::V1 => problem("entity_id", "is required on v1"),
            Some(id) if !is_id(id) => problem(
                "entity_id",
                "must have 1 to 64 letters, digits, dots, hyphens or underscores",
            ),
            _ => {}
        }
        for (key, value) in [("entity_type", &self.entity_type), ("merchant_id", &self.merchant_id)] {
            if value
                .as_deref()
                .is_some_and(|v| v.is_empty() || v.len() > 255 || v.contains(char::is_control))
            {
                problem(key, "must have 1 to 255 characters and no control characters");
            }
        }
        if let Some(page) = &self.checkout_page {
            if !page.contains("{checkout}") {
                problem(
                    "checkout_page",
                    "must contain `{checkout}`, where the checkout's id goes",
                );
            }
            if !is_secure(&page.replace("{checkout}", "1"), mode) {
                problem(
                    "checkout_page",
                    "must be an https address (http on loopback in mode test)",
                );
            }
        }
        let reference_max = self.reference_max.unwrap_or(32);
        if !(8..=255).contains(&reference_max) {
            problem("reference_max", "must be from 8 to 255");
        }
        if self.settle_secs.is_some() && self.preset == Preset::V3 {
            problem(
                "settle_secs",
                "is of no use on v3: it has no inquiry by reference, and nothing there is ever known to be absent",
            );
        }
        let settle = self.settle_secs.unwrap_or(300);
        if !(60..=86_400).contains(&settle) {
            problem("settle_secs", "must be from 60 to 86400 seconds");
        }
        let signing = self.signing(&mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Box::new(Opp::new(Settings {
            preset: self.preset,
            mode,
            base: base.to_owned(),
            root: [base, self.preset.path()].concat(),
            host: host.unwrap_or_default(),
            access_token: self.access_token,
            entity_id: self.entity_id,
            entity_type: self.entity_type,
            merchant_id: self.merchant_id,
            checkout_page: self.checkout_page,
            multiple_captures: self.multiple_captures,
            reference_max,
            settle: Duration::from_secs(settle.into()),
            signing,
        })))
    }
}

/// Whether a text can be an id in a path: no slash, no blank, and not a step to another folder.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
        && !text.bytes().all(|b| b == b'.')
}

impl OppConfig {
    /// What webhooks are verified with; `None` if there is no key, or something is wrong with it.
    fn signing(&self, problems: &mut Vec<Problem>) -> Option<Signing> {
        let mut problem = |key: &str, what: &str| problems.push(Problem::new(key, what));
        let scheme = self.webhook_scheme.unwrap_or_default();
        let signs_address = scheme == WebhookScheme::HeaderHmac;
        let others = [
            ("previous_webhook_key", self.previous_webhook_key.is_some()),
            ("webhook_scheme", self.webhook_scheme.is_some()),
            ("webhook_url", self.webhook_url.is_some()),
            ("webhook_tolerance_secs", self.webhook_tolerance_secs.is_some()),
        ];
        let others = others.into_iter().filter_map(|(name, given)| given.then_some(name));
        if self.preset == Preset::V3 {
            let keys = self.webhook_key.iter().map(|_| "webhook_key").chain(others);
            keys.for_each(|name| problem(name, "is of no use on v3: its notifications carry no signature"));
            return None;
        }
        let Some(key) = &self.webhook_key else {
            others.for_each(|name| problem(name, "is of no use without `webhook_key`"));
            return None;
        };
        let keys = [
            ("webhook_key", Some(key)),
            ("previous_webhook_key", self.previous_webhook_key.as_ref()),
        ];
        let mut given = Vec::new();
        for (name, key) in keys.into_iter().filter_map(|(name, key)| Some((name, key?))) {
            if let Err(what) = scheme.check(key.expose_secret()) {
                problem(name, what);
            }
            // What a file or an environment has around it is no part of it.
            given.push(SecretString::from(key.expose_secret().trim().to_owned()));
        }
        match &self.webhook_url {
            None if signs_address => problem(
                "webhook_url",
                "is needed by `webhook_scheme = \"header-hmac\"`, which signs it",
            ),
            Some(_) if !signs_address => problem("webhook_url", "is of no use with this `webhook_scheme`"),
            _ => {}
        }
        let tolerance = self.webhook_tolerance_secs.unwrap_or(300);
        if self.webhook_tolerance_secs.is_some() && !signs_address {
            problem("webhook_tolerance_secs", "is of no use with this `webhook_scheme`");
        }
        if !(1..=86_400).contains(&tolerance) {
            problem("webhook_tolerance_secs", "must be from 1 to 86400 seconds");
        }
        Some(Signing::new(
            scheme,
            given,
            self.webhook_url.clone().unwrap_or_default(),
            SignedDuration::from_secs(tolerance.into()),
        ))
    }
}
