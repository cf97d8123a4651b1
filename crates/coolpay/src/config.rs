//! The configuration, and the adapter built from it.

use std::collections::BTreeMap;
use std::time::Duration;

use paymux_core::{
    Account, Adapter, AdapterConfig, Currency, Key, KeyKind, Mode, Problem, Scale, Scales, currency, exponent,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::adapter::{CoolPay, PROVIDER, Parts};

/// The configuration of a CoolPay or QuickPay gateway.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CoolPayConfig {
    /// The API key of an API user.
    pub api_key: SecretString,
    /// Whose host; `coolpay` where left out.
    #[serde(default)]
    pub preset: Preset,
    /// Another host.
    pub base_url: Option<String>,
    /// The merchant account's id.
    pub merchant_id: Option<String>,
    /// The account's private key, which signs callbacks.
    pub private_key: Option<SecretString>,
    /// The private key before the last change, while deliveries signed with it may still come.
    pub previous_private_key: Option<SecretString>,
    /// The language of hosted pages.
    pub language: Option<String>,
    /// The ways to pay on hosted pages.
    pub payment_methods: Option<String>,
    /// The decimals of currencies on the wire, by currency code.
    #[serde(default)]
    pub scales: BTreeMap<String, Decimals>,
    /// How long after a request could last have left the provider may still book it, in seconds; 300 where left out.
    pub settle_secs: Option<u64>,
}

/// How many decimals a currency has on the wire, as the configuration says it. Whatever is no whole number is kept as such, so that it is told
/// together with all other problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "serde_json::Value")]
pub struct Decimals(Option<u32>);

impl From<serde_json::Value> for Decimals {
    fn from(value: serde_json::Value) -> Self {
        Self(value.as_u64().and_then(|digits| digits.try_into().ok()))
    }
}

impl From<u32> for Decimals {
    fn from(digits: u32) -> Self {
        Self(Some(digits))
    }
}

/// Whose platform it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Preset {
    /// `https://api.coolpay.com`.
    #[default]
    CoolPay,
    /// `https://api.quickpay.net`.
    QuickPay,
}

impl Preset {
    const fn base_url(self) -> &'static str {
        match self {
            Self::CoolPay => "https://api.coolpay.com",
            Self::QuickPay => "https://api.quickpay.net",
        }
    }
}

/// How long after a request could last have left the provider may still book it. Not documented; this is our default.
const SETTLE_SECS: u64 = 300;
/// What may be configured: not less than a gateway waits for an answer by default, and not more than a day.
const SETTLE_RANGE: std::ops::RangeInclusive<u64> = 60..=86_400;

/// The currencies whose decimals the platform's own modules and ISO 4217 disagree about.
const DISPUTED: [(Currency, &str); 4] = [
    (
        Currency::CVE,
        "the provider's module sends 0 decimals, ISO 4217 has 2; ask the provider and set `scales.CVE`",
    ),
    (
        Currency::MGA,
        "the provider's module sends 1 decimal, ISO 4217 has 2; ask the provider and set `scales.MGA`",
    ),
    (
        Currency::MRU,
        "the provider's module knows only the retired MRO with 1 decimal, ISO 4217 has 2; ask the provider and set `scales.MRU`",
    ),
    (
        Currency::UYW,
        "the provider's module sends 2 decimals, ISO 4217 has 4; ask the provider and set `scales.UYW`",
    ),
];

impl AdapterConfig for CoolPayConfig {
    const PROVIDER: &'static str = PROVIDER;

    const KEYS: &'static [Key] = &[
        Key::required(
            "api_key",
            KeyKind::Secret,
            "The key of an API user (manager: Settings, Users). Test and live share it.",
        ),
        Key::optional(
            "preset",
            KeyKind::Text,
            "`coolpay` (default) or `quickpay`: whose host is called.",
        ),
        Key::optional("base_url", KeyKind::Url, "Another host, in place of the preset's."),
        Key::optional(
            "merchant_id",
            KeyKind::Text,
            "The merchant account's id. Given, it is part of the account's identity, and payments of another merchant are refused.",
        ),
        Key::optional(
            "private_key",
            KeyKind::Secret,
            "The account's private key, which signs callbacks (manager: Settings, Integration). Without it no webhook is accepted.",
        ),
        Key::optional(
            "previous_private_key",
            KeyKind::Secret,
            "The private key before the last change; callbacks signed with it are accepted too.",
        ),
        Key::optional(
            "language",
            KeyKind::Text,
            "The language of hosted pages, as in `da`; the provider's default is `en`.",
        ),
        Key::optional(
            "payment_methods",
            KeyKind::Text,
            "The ways to pay on hosted pages, in the provider's grammar, as in `creditcard, !maestro`.",
        ),
        Key::optional(
            "scales",
            KeyKind::Table,
            "Decimals on the wire by currency, as in `{ CVE = 2 }`. CVE, MGA, MRU and UYW are refused until set here; all others are as in ISO 4217.",
        ),
        Key::optional(
            "settle_secs",
            KeyKind::Number,
            "How long after a request could last have left the provider may still book it, in seconds, 60 to 86400; default 300. Before that, nothing is taken for not done.",
        ),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        CoolPay::new(self, mode).map(|adapter| -> Box<dyn Adapter> { Box::new(adapter) })
    }
}

impl CoolPay {
    /// Builds the adapter from its configuration.
    ///
    /// # Errors
    /// Every problem that the values have, each naming its key.
    pub fn new(config: CoolPayConfig, mode: Mode) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let secrets = [
            ("api_key", Some(&config.api_key)),
            ("private_key", config.private_key.as_ref()),
            ("previous_private_key", config.previous_private_key.as_ref()),
        ];
        for (key, secret) in secrets {
            if secret.is_some_and(|s| s.expose_secret().trim().is_empty()) {
                problems.push(Problem::new(key, "must not be empty"));
            }
        }
        if config.private_key.is_none() && config.previous_private_key.is_some() {
            problems.push(Problem::new(
                "previous_private_key",
                "is of no use without `private_key`",
            ));
        }
        let texts = [
            ("merchant_id", &config.merchant_id),
            ("language", &config.language),
            ("payment_methods", &config.payment_methods),
        ];
        for (key, text) in texts {
            if text.as_ref().is_some_and(|t| t.trim().is_empty()) {
                problems.push(Problem::new(key, "must not be empty; leave it out"));
            }
        }
        let base = config.base_url.as_deref().unwrap_or(config.preset.base_url());
        let base = base.trim_end_matches('/').to_owned();
        let uri: http::Uri = base.parse().unwrap_or_default();
        let (origin, host) = match (uri.scheme_str(), uri.authority()) {
            // The parser drops a fragment without a word.
            (Some(scheme), Some(authority)) if !base.contains(['?', '#']) => {
                (format!("{scheme}://{authority}"), authority.host().to_owned())
            }
            _ => {
                problems.push(Problem::new(
                    "base_url",
                    "must be an address with a host, without query and fragment, as in `https://api.coolpay.com`",
                ));
                (String::new(), String::new())
            }
        };
        let settle = config.settle_secs.unwrap_or(SETTLE_SECS);
        if !SETTLE_RANGE.contains(&settle) {
            let (least, most) = (SETTLE_RANGE.start(), SETTLE_RANGE.end());
            problems.push(Problem::new(
                "settle_secs",
                format!("must be {least} to {most} seconds, and is {settle}"),
            ));
        }
        let scales = scales(&config.scales, &mut problems);
        if !problems.is_empty() {
            return Err(problems);
        }
        let merchant = config.merchant_id.as_deref().unwrap_or("");
        let account = Account::of(&[PROVIDER, &host, merchant, mode.as_str()]);
        let private_keys = [config.private_key, config.previous_private_key];
        Ok(Self::from_parts(
            Parts {
                base,
                origin,
                merchant_id: config.merchant_id,
                private_keys: private_keys.into_iter().flatten().collect(),
                language: config.language,
                payment_methods: config.payment_methods,
                settle: Duration::from_secs(settle),
            },
            &config.api_key,
            mode,
            account,
            scales,
        ))
    }
}

fn scales(configured: &BTreeMap<String, Decimals>, problems: &mut Vec<Problem>) -> Scales {
    let mut scales = Scales::new(Scale::Iso);
    for (currency, rule) in DISPUTED {
        scales = scales.with(currency, Scale::Disputed(rule));
    }
    for (code, decimals) in configured {
        let key = format!("scales.{code}");
        let known = currency(code).and_then(|known| exponent(known).map(|_| known));
        match (known, decimals.0) {
            (Ok(known), Some(digits @ 0..=4)) => scales = scales.with(known, Scale::Digits(digits)),
            (Ok(_), _) => problems.push(Problem::new(&key, "must be a whole number of decimals, 0 to 4")),
            (Err(e), _) => problems.push(Problem::new(&key, format!("cannot be set: {e}"))),
        }
    }
    scales
}
