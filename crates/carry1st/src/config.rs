//! The configuration, and what it is checked into.

use http::Uri;
use paymux_core::request::is_address;
use paymux_core::{Adapter, AdapterConfig, Key, KeyKind, Mode, Problem};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::Carry1st;

/// The hosts of one environment.
struct Preset {
    name: &'static str,
    mode: Mode,
    api: &'static str,
    checkout: &'static str,
}

const PRESETS: [Preset; 2] = [
    Preset {
        name: "production",
        mode: Mode::Live,
        api: "https://api-gateway.carry1st.com",
        checkout: "https://pay.carry1st.com",
    },
    Preset {
        name: "sandbox",
        mode: Mode::Test,
        api: "https://api-gateway.platform.stage.carry1st.com",
        checkout: "https://pay.stage.carry1st.com",
    },
];

/// The configuration of a Carry1st gateway; the keys are described in [`AdapterConfig::KEYS`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Carry1stConfig {
    /// The API key.
    pub api_key: SecretString,
    /// The API secret.
    pub api_secret: SecretString,
    /// The signing key.
    pub signing_key: SecretString,
    /// An older signing key that webhooks may still be signed with.
    pub previous_signing_key: Option<SecretString>,
    /// `sandbox` or `production`.
    pub environment: Option<String>,
    /// The address of the API, in place of the environment's.
    pub api_base_url: Option<String>,
    /// The address of the hosted checkout, in place of the environment's.
    pub checkout_base_url: Option<String>,
    /// The merchant's partner code.
    pub partner_code: Option<String>,
    /// The country of payments without a billing country.
    pub default_country: Option<String>,
    /// The payment channel that checkout links open at.
    pub channel_id: Option<u64>,
    /// How long an access token is used, in seconds.
    #[serde(default = "four_minutes")]
    pub token_max_age_secs: u32,
    /// How far a webhook's time may be from ours, in seconds.
    #[serde(default = "five_minutes")]
    pub webhook_tolerance_secs: u32,
    /// Whether GET requests are signed too.
    #[serde(default)]
    pub sign_get: bool,
    /// Whether the refund API, a beta, is used.
    #[serde(default)]
    pub refund_beta: bool,
    /// Where the customer goes after success.
    pub callback_success_url: Option<String>,
    /// Where the customer goes after failure.
    pub callback_failure_url: Option<String>,
    /// Where the customer goes while the payment is under way.
    pub callback_pending_url: Option<String>,
    /// Where the customer goes after giving up.
    pub callback_cancel_url: Option<String>,
    /// Where payment webhooks go.
    pub webhook_url: Option<String>,
    /// Where refund webhooks go.
    pub refund_webhook_url: Option<String>,
}

impl AdapterConfig for Carry1stConfig {
    const PROVIDER: &'static str = "carry1st";

    const KEYS: &'static [Key] = &[
        Key::required(
            "api_key",
            KeyKind::Secret,
            "the API key, from the Console; only gets tokens",
        ),
        Key::required("api_secret", KeyKind::Secret, "the API secret that belongs to it"),
        Key::required(
            "signing_key",
            KeyKind::Secret,
            "the signing key, from the Console, used as the text that it is; signs requests and verifies webhooks",
        ),
        Key::optional(
            "previous_signing_key",
            KeyKind::Secret,
            "an older signing key that webhooks may still be signed with, while keys rotate",
        ),
        Key::optional(
            "environment",
            KeyKind::Text,
            "`sandbox` (mode test) or `production` (mode live): sets both addresses; needed unless both are given",
        ),
        Key::optional(
            "api_base_url",
            KeyKind::Url,
            "the API's host; default: the environment's",
        ),
        Key::optional(
            "checkout_base_url",
            KeyKind::Url,
            "the hosted checkout's host; default: the environment's",
        ),
        Key::optional(
            "partner_code",
            KeyKind::Text,
            "the partner code of the Console; tells accounts on one host apart; never change it; default: empty",
        ),
        Key::optional(
            "default_country",
            KeyKind::Text,
            "ISO 3166-1 alpha-2; the country of payments without a billing country; default: such payments are refused",
        ),
        Key::optional(
            "channel_id",
            KeyKind::Number,
            "the payment channel that links open at, an id of `payment_methods`; default: the customer chooses",
        ),
        Key::optional(
            "token_max_age_secs",
            KeyKind::Number,
            "how long an access token is used, seconds; default 240",
        ),
        Key::optional(
            "webhook_tolerance_secs",
            KeyKind::Number,
            "how far a webhook's time may be from ours, seconds; default 300",
        ),
        Key::optional(
            "sign_get",
            KeyKind::Flag,
            "whether GET requests are signed too; default false",
        ),
        Key::optional(
            "refund_beta",
            KeyKind::Flag,
            "whether refunds are offered: their API is a beta; default false",
        ),
        Key::optional(
            "callback_success_url",
            KeyKind::Text,
            "page after success; default: the charge's, else the Console's",
        ),
        Key::optional(
            "callback_failure_url",
            KeyKind::Text,
            "page after failure; default as above",
        ),
        Key::optional(
            "callback_pending_url",
            KeyKind::Text,
            "page while the payment is under way; default as above",
        ),
        Key::optional(
            "callback_cancel_url",
            KeyKind::Text,
            "page after giving up; default as above",
        ),
        Key::optional(
            "webhook_url",
            KeyKind::Url,
            "address for payment webhooks; default: the charge's, else the Console's",
        ),
        Key::optional(
            "refund_webhook_url",
            KeyKind::Url,
            "address for refund webhooks; default: the Console's",
        ),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let mut problems = Vec::new();
        let preset = self.preset(mode, &mut problems);
        let api = base(
            "api_base_url",
            self.api_base_url.as_deref(),
            preset.map(|p| p.api),
            &mut problems,
        );
        let checkout = base(
            "checkout_base_url",
            self.checkout_base_url.as_deref(),
            preset.map(|p| p.checkout),
            &mut problems,
        );
        if preset.is_none() && self.environment.is_none() && (api.is_empty() || checkout.is_empty()) {
            let what =
                "must be `sandbox` or `production`, unless `api_base_url` and `checkout_base_url` are both given";
            problems.push(Problem::new("environment", what));
        }
        for preset in PRESETS
            .iter()
            .filter(|p| p.mode != mode && p.api == api && self.api_base_url.is_some())
        {
            let what = format!("is the {} host, and the mode is {}", preset.name, mode.as_str());
            problems.push(Problem::new("api_base_url", what));
        }
        self.check_credentials(&mut problems);
        if self.default_country.as_deref().is_some_and(|code| !is_country(code)) {
            let what = "must be an ISO 3166-1 alpha-2 code in upper case, as in `NG`";
            problems.push(Problem::new("default_country", what));
        }
        let pages = [
            ("callback_success_url", &self.callback_success_url),
            ("callback_failure_url", &self.callback_failure_url),
            ("callback_pending_url", &self.callback_pending_url),
            ("callback_cancel_url", &self.callback_cancel_url),
        ];
        for (key, page) in pages {
            if page.as_deref().is_some_and(|page| !is_address(page)) {
                let what = "must be a whole address, as in `https://shop.example/back`";
                problems.push(Problem::new(key, what));
            }
        }
        let times = [
            ("token_max_age_secs", self.token_max_age_secs),
            ("webhook_tolerance_secs", self.webhook_tolerance_secs),
        ];
        for (key, _) in times.iter().filter(|(_, seconds)| !(1..=86_400).contains(seconds)) {
            problems.push(Problem::new(key, "must be 1 to 86400 seconds"));
        }
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(Box::new(Carry1st::new(self, api, checkout, mode)))
    }
}

impl Carry1stConfig {
    fn preset(&self, mode: Mode, problems: &mut Vec<Problem>) -> Option<&'static Preset> {
        let name = self.environment.as_deref()?;
        let preset = PRESETS.iter().find(|p| p.name == name);
        match preset {
            None => problems.push(Problem::new(
                "environment",
                format!("must be `sandbox` or `production`, and is `{name}`"),
            )),
            Some(preset) if preset.mode != mode => problems.push(Problem::new(
                "environment",
                format!(
                    "`{name}` goes with mode {}, and the mode is {}",
                    preset.mode.as_str(),
                    mode.as_str()
                ),
            )),
            Some(_) => {}
        }
        preset
    }

    fn check_credentials(&self, problems: &mut Vec<Problem>) {
        let previous = self.previous_signing_key.as_ref();
        let keys = [
            ("api_key", Some(&self.api_key)),
            ("api_secret", Some(&self.api_secret)),
            ("signing_key", Some(&self.signing_key)),
            ("previous_signing_key", previous),
        ];
        for (name, key) in keys {
            if key.is_some_and(|key| key.expose_secret().is_empty()) {
                problems.push(Problem::new(name, "must not be empty"));
            }
        }
        if self.api_key.expose_secret().contains(':') {
            let what = "must not contain `:`, which separates it from the secret in Basic authentication";
            problems.push(Problem::new("api_key", what));
        }
    }
}

/// Whether a text is an ISO 3166-1 alpha-2 code by its form.
pub(crate) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase())
}

/// A host's root: the paths begin with `/api`, and some documents give the host with it.
fn base(key: &str, given: Option<&str>, preset: Option<&str>, problems: &mut Vec<Problem>) -> String {
    let text = given.or(preset).unwrap_or("").trim_end_matches('/');
    let text = text.strip_suffix("/api").unwrap_or(text).trim_end_matches('/');
    if given.is_some() {
        let uri: Option<Uri> = text.parse().ok();
        let plain = uri.as_ref().is_some_and(|uri| {
            uri.scheme().is_some()
                && uri.query().is_none()
                && uri
                    .authority()
                    .is_some_and(|authority| !authority.as_str().contains('@'))
        });
        if !plain || text.contains('#') {
            problems.push(Problem::new(
                key,
                "must be an address with a host, without user, query or fragment",
            ));
        }
    }
    text.to_owned()
}

const fn four_minutes() -> u32 {
    240
}

const fn five_minutes() -> u32 {
    300
}
