//! The keys of a configuration, and what they must be.

use std::time::Duration;

use http::Uri;
use paymux_core::{Account, Adapter, AdapterConfig, Key, KeyKind, Mode, Problem};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::adapter::{Credentials, Login, PROVIDER, Qolo, capabilities};
use crate::codes::Rail;

/// The configuration of [`Qolo`]; the keys are described in [`QoloConfig::KEYS`](AdapterConfig::KEYS).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct QoloConfig {
    account_guid: String,
    preset: Option<String>,
    base_url: Option<String>,
    login_id: Option<String>,
    api_key: Option<SecretString>,
    static_token: Option<SecretString>,
    program_guid: Option<String>,
    funding: Option<String>,
    idempotency_life_secs: Option<u64>,
    webhook_secret: Option<SecretString>,
    previous_webhook_secret: Option<SecretString>,
    login_id_field: Option<String>,
    api_key_field: Option<String>,
}

/// The development hosts: never for real money.
const DEVELOPMENT: [&str; 3] = ["devapi.qolopay.com", "devapi2.qolopay.com", "qvapikeybank.qolopay.com"];
/// The version of the API, as a path.
const VERSION: &str = "/api/v1";
/// How long a key is taken to be remembered. The provider says "a period of time"; this is our default.
const LIFE_SECS: u64 = 12 * 60 * 60;
/// The longest that may be configured.
const LONGEST_LIFE_SECS: u64 = 24 * 60 * 60;

impl AdapterConfig for QoloConfig {
    const PROVIDER: &'static str = PROVIDER;

    const KEYS: &'static [Key] = &[
        Key::required(
            "account_guid",
            KeyKind::Text,
            "the account that sales pay into and payouts are paid from",
        ),
        Key::optional(
            "preset",
            KeyKind::Text,
            "`qolo` or `keybank`: whose development host is used in mode test; default qolo",
        ),
        Key::optional(
            "base_url",
            KeyKind::Url,
            "the host, as in `https://api.example`; must be given in mode live, overrides the preset in mode test",
        ),
        Key::optional(
            "login_id",
            KeyKind::Text,
            "the login; must be given unless there is a static_token",
        ),
        Key::optional(
            "api_key",
            KeyKind::Secret,
            "the login's key; must be given unless there is a static_token",
        ),
        Key::optional(
            "static_token",
            KeyKind::Secret,
            "an access token to use as it is, without any login",
        ),
        Key::optional(
            "program_guid",
            KeyKind::Text,
            "the program; identifies the merchant account (without it login_id does), and is needed to register webhooks",
        ),
        Key::optional(
            "funding",
            KeyKind::Text,
            "the rail of stored instruments whose id names none: `card`, `ach` or `rtp`; default ach",
        ),
        Key::optional(
            "idempotency_life_secs",
            KeyKind::Number,
            "how long the provider remembers an idempotency key, in seconds; default 43200 (12 h), at most 86400",
        ),
        Key::optional(
            "webhook_secret",
            KeyKind::Secret,
            "the secret of the webhook subscription; without it no webhook is accepted",
        ),
        Key::optional(
            "previous_webhook_secret",
            KeyKind::Secret,
            "the secret before, still accepted while it is being changed",
        ),
        Key::optional(
            "login_id_field",
            KeyKind::Text,
            "the name under which the login is sent; default login_id",
        ),
        Key::optional(
            "api_key_field",
            KeyKind::Text,
            "the name under which the key is sent; default api_key",
        ),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        let mut problems = Vec::new();
        let base = self.base(mode, &mut problems);
        let funding = self.funding(&mut problems);
        let life = self.idempotency_life_secs.unwrap_or(LIFE_SECS);
        if !(1..=LONGEST_LIFE_SECS).contains(&life) {
            let what = format!("must be 1 to {LONGEST_LIFE_SECS} seconds, and is {life}");
            problems.push(Problem::new("idempotency_life_secs", what));
        }
        self.check_texts(&mut problems);
        if self.webhook_secret.is_none() && self.previous_webhook_secret.is_some() {
            let what = "is of no use without `webhook_secret`";
            problems.push(Problem::new("previous_webhook_secret", what));
        }
        let identity = self.program_guid.clone().or_else(|| self.login_id.clone());
        if identity.is_none() && self.static_token.is_some() {
            let what = "is missing: with a static_token, program_guid (or login_id) tells whose account this is";
            problems.push(Problem::new("program_guid", what));
        }
        let credentials = self.credentials(&mut problems);
        let (Some(host), Some(credentials), Some(identity), true) =
            (host(&base), credentials, identity, problems.is_empty())
        else {
            return Err(problems);
        };
        let account = Account::of(&[PROVIDER, &host, &identity, mode.as_str()]);
        let life = Duration::from_secs(life);
        Ok(Box::new(Qolo {
            root: [&base, VERSION].concat(),
            host,
            account: self.account_guid,
            program: self.program_guid,
            funding,
            life,
            credentials,
            webhook_secrets: [self.webhook_secret, self.previous_webhook_secret]
                .into_iter()
                .flatten()
                .collect(),
            capabilities: capabilities(mode, account, life),
        }))
    }
}

impl QoloConfig {
    fn base(&self, mode: Mode, problems: &mut Vec<Problem>) -> String {
        let preset = match self.preset.as_deref() {
            None | Some("qolo") => "https://devapi.qolopay.com",
            Some("keybank") => "https://qvapikeybank.qolopay.com",
            Some(other) => {
                let what = format!("must be `qolo` or `keybank`, and is `{other}`");
                problems.push(Problem::new("preset", what));
                ""
            }
        };
        let base = match (self.base_url.as_deref(), mode) {
            (Some(base), _) => base.trim_end_matches('/'),
            (None, Mode::Test) => preset,
            (None, Mode::Live) => {
                let what = "is missing: the live host is not published, the provider names it to you";
                problems.push(Problem::new("base_url", what));
                return String::new();
            }
        };
        let versioned = base.ends_with("/api") || base.ends_with("/api/v1");
        let plain = |uri: &Uri| uri.query().is_none() && !base.contains('#') && !versioned;
        match base.parse::<Uri>() {
            _ if base.is_empty() && self.base_url.is_none() => {}
            Ok(uri) if uri.host().is_some() && uri.scheme().is_some() && plain(&uri) => {
                let development = uri.host().is_some_and(|host| {
                    DEVELOPMENT
                        .iter()
                        .any(|development| host.eq_ignore_ascii_case(development))
                });
                if development && mode == Mode::Live {
                    problems.push(Problem::new("base_url", "is a development host, and the mode is live"));
                }
            }
            _ => problems.push(Problem::new(
                "base_url",
                "must be an address without query and without `/api/v1`, which is added",
            )),
        }
        base.to_owned()
    }

    fn funding(&self, problems: &mut Vec<Problem>) -> Rail {
        let Some(word) = self.funding.as_deref() else {
            return Rail::Ach;
        };
        Rail::parse(word).unwrap_or_else(|| {
            let what = format!("must be `card`, `ach` or `rtp`, and is `{word}`");
            problems.push(Problem::new("funding", what));
            Rail::Ach
        })
    }

    fn check_texts(&self, problems: &mut Vec<Problem>) {
        let texts = [
            ("account_guid", Some(self.account_guid.as_str())),
            ("login_id", self.login_id.as_deref()),
            ("program_guid", self.program_guid.as_deref()),
            ("login_id_field", self.login_id_field.as_deref()),
            ("api_key_field", self.api_key_field.as_deref()),
            ("api_key", self.api_key.as_ref().map(ExposeSecret::expose_secret)),
            (
                "static_token",
                self.static_token.as_ref().map(ExposeSecret::expose_secret),
            ),
            (
                "webhook_secret",
                self.webhook_secret.as_ref().map(ExposeSecret::expose_secret),
            ),
            (
                "previous_webhook_secret",
                self.previous_webhook_secret.as_ref().map(ExposeSecret::expose_secret),
            ),
        ];
        for (key, text) in texts {
            if text.is_some_and(|text| text.trim().is_empty()) {
                problems.push(Problem::new(key, "must not be empty"));
            }
        }
        let name = |given: &Option<String>, default: &str| given.as_deref().unwrap_or(default).to_owned();
        if name(&self.login_id_field, "login_id") == name(&self.api_key_field, "api_key") {
            problems.push(Problem::new("api_key_field", "must differ from login_id_field"));
        }
    }

    fn credentials(&self, problems: &mut Vec<Problem>) -> Option<Credentials> {
        match (&self.static_token, &self.login_id, &self.api_key) {
            (Some(_), _, Some(_)) => {
                problems.push(Problem::new(
                    "api_key",
                    "is of no use beside static_token; give one of them",
                ));
                None
            }
            (Some(token), _, None) => Some(Credentials::Static(token.clone())),
            (None, Some(id), Some(key)) => Some(Credentials::Login(Login {
                id: id.clone(),
                key: key.clone(),
                id_field: self.login_id_field.clone().unwrap_or_else(|| "login_id".to_owned()),
                key_field: self.api_key_field.clone().unwrap_or_else(|| "api_key".to_owned()),
            })),
            (None, id, key) => {
                for (name, missing) in [("login_id", id.is_none()), ("api_key", key.is_none())] {
                    if missing {
                        problems.push(Problem::new(name, "is missing: login_id and api_key, or static_token"));
                    }
                }
                None
            }
        }
    }
}

/// Host and port, in lower case.
fn host(base: &str) -> Option<String> {
    let uri: Uri = base.parse().ok()?;
    Some(uri.authority()?.as_str().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn build(keys: Value, mode: Mode) -> Result<Account, Vec<String>> {
        let config: QoloConfig = serde_json::from_value(keys).unwrap();
        match config.build(mode) {
            Ok(adapter) => Ok(adapter.capabilities().account.clone()),
            Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
        }
    }

    fn keys(changes: Value) -> Value {
        let mut keys = json!({"account_guid": "a", "login_id": "l", "api_key": "k"});
        for (key, value) in changes.as_object().unwrap() {
            keys[key] = value.clone();
        }
        keys
    }

    #[test]
    fn the_documented_keys_are_the_keys() {
        let error = serde_json::from_value::<QoloConfig>(json!({"accountguid": "a"}))
            .unwrap_err()
            .to_string();
        let (_, expected) = error.split_once("expected one of ").unwrap();
        let mut fields: Vec<_> = expected.split(", ").map(|field| field.trim_matches('`')).collect();
        let mut documented: Vec<_> = QoloConfig::KEYS.iter().map(|key| key.name).collect();
        fields.sort_unstable();
        documented.sort_unstable();
        assert_eq!(fields, documented);
        let readme = include_str!("../README.md");
        for key in QoloConfig::KEYS {
            assert!(readme.contains(&format!("| `{}` |", key.name)), "{}", key.name);
        }
    }

    #[test]
    fn the_account_is_host_program_or_login_and_mode() {
        let account = |changes, mode| build(keys(changes), mode).unwrap();
        let of = |host, identity, mode| Account::of(&["qolo", host, identity, mode]);
        assert_eq!(account(json!({}), Mode::Test), of("devapi.qolopay.com", "l", "test"));
        assert_eq!(
            account(json!({"preset": "keybank", "program_guid": "p"}), Mode::Test),
            of("qvapikeybank.qolopay.com", "p", "test")
        );
        assert_eq!(
            account(
                json!({"base_url": "https://Bank.example:8443/", "api_key": "rotated"}),
                Mode::Live
            ),
            of("bank.example:8443", "l", "live")
        );
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let problems = build(
            json!({
                "account_guid": " ", "preset": "other", "funding": "wire", "idempotency_life_secs": 0,
                "login_id_field": "same", "api_key_field": "same", "webhook_secret": "",
            }),
            Mode::Live,
        )
        .unwrap_err();
        for key in [
            "account_guid",
            "preset",
            "base_url",
            "funding",
            "idempotency_life_secs",
            "login_id",
            "api_key",
            "api_key_field",
            "webhook_secret",
        ] {
            let told = problems.iter().filter(|p| p.starts_with(&format!("`{key}` "))).count();
            assert_eq!(told, 1, "{key}: {problems:?}");
        }
    }

    #[test]
    fn the_secret_before_is_held_to_what_the_secret_is() {
        let problems = |changes| build(keys(changes), Mode::Test).unwrap_err();
        assert_eq!(
            problems(json!({"previous_webhook_secret": "old"})),
            ["`previous_webhook_secret` is of no use without `webhook_secret`"]
        );
        assert_eq!(
            problems(json!({"webhook_secret": " ", "previous_webhook_secret": " "})),
            [
                "`webhook_secret` must not be empty",
                "`previous_webhook_secret` must not be empty"
            ]
        );
        let both = keys(json!({"webhook_secret": "canary-new", "previous_webhook_secret": "canary-old"}));
        let config: QoloConfig = serde_json::from_value(both).unwrap();
        let printed = format!("{config:?}");
        assert!(!printed.contains("canary"), "{printed}");
        let printed = format!("{:?}", config.build(Mode::Test).unwrap());
        assert!(!printed.contains("canary"), "{printed}");
    }

    #[test]
    fn hosts_fit_the_mode() {
        for (base, mode, fine) in [
            ("https://devapi.qolopay.com", Mode::Live, false),
            ("https://QVAPIKEYBANK.qolopay.com/", Mode::Live, false),
            ("https://devapi2.qolopay.com", Mode::Test, true),
            ("https://bank.example", Mode::Live, true),
            ("http://127.0.0.1:8080", Mode::Test, true),
            ("https://bank.example/api/v1/", Mode::Test, false),
            ("https://bank.example?x=1", Mode::Test, false),
            ("bank.example", Mode::Test, false),
            ("", Mode::Test, false),
        ] {
            let built = build(keys(json!({"base_url": base})), mode);
            assert_eq!(built.is_ok(), fine, "{base} {built:?}");
        }
    }

    #[test]
    fn a_static_token_stands_alone_and_needs_an_identity() {
        let bare = json!({"account_guid": "a", "static_token": "t"});
        assert!(build(bare, Mode::Test).unwrap_err()[0].starts_with("`program_guid`"));
        let named = json!({"account_guid": "a", "static_token": "t", "program_guid": "p"});
        assert!(build(named, Mode::Test).is_ok());
        let both = build(keys(json!({"static_token": "t"})), Mode::Test).unwrap_err();
        assert!(both[0].starts_with("`api_key`"), "{both:?}");
    }
}
