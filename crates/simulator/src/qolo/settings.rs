//! What can be set.

use std::time::Duration;

use http::{Method, StatusCode};

/// Which spelling of the two login fields is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginFields {
    /// `login_id` and `api_key` only.
    Underscored,
    /// `loginid` and `apikey` only.
    Joined,
    /// One spelling or the other, not a mixture.
    Either,
}

/// How a refusal for business reasons (no money, frozen account, unusable instrument) is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Declines {
    /// 201 with `response_code` and `reason_code`; the transaction can be looked up.
    Created,
    /// 400 with a problem body; no transaction is made.
    BadRequest,
}

/// How this provider behaves. Every switch is for a point on which its documents are silent or disagree.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The name that [`Provider::name`](crate::Provider::name) gives.
    pub name: &'static str,
    /// The login that is accepted.
    pub login_id: String,
    /// The key that is accepted with it.
    pub api_key: String,
    /// The spelling of the login fields.
    pub login_fields: LoginFields,
    /// The name under which the login answers the token.
    pub token_field: String,
    /// How long a token is good.
    pub token_life: Duration,
    /// Whether the token's claims carry `exp`.
    pub token_expiry: bool,
    /// A bearer token that is good without a login and for ever, if any.
    pub static_token: Option<String>,
    /// Methods, with a piece of the path, that the token may not use: answered with 405.
    pub forbidden: Vec<(Method, String)>,
    /// The program that everything belongs to.
    pub program_guid: String,
    /// The secret of the subscription that [`webhook_url`](Self::webhook_url) makes.
    pub webhook_secret: String,
    /// Where webhooks of all events go without anybody registering; nowhere if none.
    pub webhook_url: Option<String>,
    /// Whether webhook bodies put their references under `data`, with the event's name in `event`.
    pub nested_events: bool,
    /// How long an `IdempotencyKey` is remembered.
    pub idempotency_life: Duration,
    /// The status for a key that comes again with another body or on another path.
    pub idempotency_conflict: StatusCode,
    /// How long a transfer is pending, ACH apart.
    pub settle_after: Duration,
    /// How long an ACH transfer waits before it is sent to the bank; it can be cancelled so long.
    pub ach_sent_after: Duration,
    /// How long an ACH transfer is pending, from its acceptance.
    pub ach_settle_after: Duration,
    /// How long after settling an ACH transfer is returned, if its instrument is one that returns.
    pub return_after: Duration,
    /// How a refusal for business reasons is told.
    pub declines: Declines,
    /// Whether a reversal is answered with 201 and no body in place of 200 with one.
    pub empty_reversals: bool,
    /// Whether a webhook's update is answered with 204 in place of 200 with a body.
    pub empty_updates: bool,
    /// Whether a `client_reference_id` is refused the second time (with another key, or with none).
    pub unique_references: bool,
    /// Whether an account takes and gives its own currency only, quotes apart.
    pub match_currency: bool,
    /// Whether the accounts of a program are listed in the paging envelope in place of a bare array.
    pub program_accounts_paged: bool,
}

impl Settings {
    /// The provider under its own name.
    #[must_use]
    pub fn qolo() -> Self {
        Self {
            name: "qolo",
            login_id: "sim-login".to_owned(),
            api_key: "sim-key".to_owned(),
            login_fields: LoginFields::Underscored,
            token_field: "access_token".to_owned(),
            token_life: Duration::from_secs(12 * 60 * 60),
            token_expiry: true,
            static_token: None,
            forbidden: Vec::new(),
            program_guid: super::seeds::PROGRAM.to_owned(),
            webhook_secret: "sim-secret".to_owned(),
            webhook_url: None,
            nested_events: false,
            idempotency_life: Duration::from_secs(24 * 60 * 60),
            idempotency_conflict: StatusCode::CONFLICT,
            settle_after: Duration::from_secs(1),
            ach_sent_after: Duration::from_secs(5),
            ach_settle_after: Duration::from_secs(10),
            return_after: Duration::from_secs(10),
            declines: Declines::Created,
            empty_reversals: false,
            empty_updates: false,
            unique_references: false,
            match_currency: true,
            program_accounts_paged: false,
        }
    }

    /// The same product under the bank's name.
    #[must_use]
    pub fn keybank() -> Self {
        Self {
            name: "keybank",
            program_accounts_paged: true,
            ..Self::qolo()
        }
    }

    /// What a gateway's configuration says of this program, where the simulator is reached at `url`: its keys besides `provider` and `mode`. The account is the
    /// first of those that are there from the beginning.
    ///
    /// ```
    /// use paymux_simulator::qolo::{Settings, seeds};
    ///
    /// let keys = Settings::keybank().gateway_keys("http://127.0.0.1:9000");
    /// let expected = [
    ///     ("preset", "keybank"),
    ///     ("login_id", "sim-login"),
    ///     ("api_key", "sim-key"),
    ///     ("account_guid", seeds::ACCOUNT),
    ///     ("program_guid", seeds::PROGRAM),
    ///     ("webhook_secret", "sim-secret"),
    ///     ("base_url", "http://127.0.0.1:9000"),
    /// ];
    /// assert_eq!(keys, expected.map(|(key, value)| (key, value.to_owned())));
    /// ```
    #[must_use]
    pub fn gateway_keys(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("preset", self.name.to_owned()),
            ("login_id", self.login_id.clone()),
            ("api_key", self.api_key.clone()),
            ("account_guid", super::seeds::ACCOUNT.to_owned()),
            ("program_guid", self.program_guid.clone()),
            ("webhook_secret", self.webhook_secret.clone()),
            ("base_url", url.to_owned()),
        ]
    }
}
