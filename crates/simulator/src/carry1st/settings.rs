//! What can be set about the simulated provider.

use std::time::Duration;

/// Keys, switches and the merchant's back-office values. [`Settings::default`] is the strict reading.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The API key; `sim-key` by default.
    pub api_key: String,
    /// The API secret, for the token call only; `sim-secret` by default.
    pub api_secret: String,
    /// The key of request and webhook signatures, used as plain text; `sim-signing-key` by default.
    pub signing_key: String,
    /// An API key that belongs to the same secret and may do nothing: 403. `sim-key-forbidden` by default.
    pub forbidden_key: String,
    /// How long an access token lives; 300 s by default.
    pub token_life: Duration,
    /// Whether a refresh token works once only, so that an old one meets 401; on by default.
    pub strict_refresh: bool,
    /// How many token and refresh calls a minute may bring before 429; 600 by default.
    pub tokens_per_minute: usize,
    /// Whether lookups must be signed too, over the timestamp alone; off by default.
    pub signed_gets: bool,
    /// How far a signature's timestamp may be off, either way; 5 minutes by default.
    pub tolerance: Duration,
    /// What a `partnerReference` that was used before meets.
    pub duplicate: Duplicate,
    /// Whether refunds are open to this merchant; on by default. Without, their path is unknown.
    pub refunds: bool,
    /// Whether a refund must name the transaction (`…-T`) and not the payment (`…-P`). With it, lookups and webhooks of paid payments say
    /// the transaction. Off by default.
    pub strict_transactions: bool,
    /// How long a refund is pending before it comes to its end; 1 s by default.
    pub refund_time: Duration,
    /// How long a payment may stay unfinished before it counts as abandoned; 30 minutes by default.
    pub abandoned_after: Duration,
    /// How long after the event its webhook is sent; at once by default.
    pub webhook_after: Duration,
    /// The waits before a webhook that was not acknowledged is sent again; 10 s, 1 minute and 10 minutes by default.
    pub redelivery: Vec<Duration>,
    /// Where the hosted page is reached, without a slash at its end. Empty by default: relative to where the page itself was loaded.
    pub checkout_base: String,
    /// The merchant's number.
    pub partner_id: u32,
    /// The merchant's code.
    pub partner_code: String,
    /// The merchant's URLs where a request names none.
    pub fallback: Urls,
    /// Where refund webhooks go if a refund names no URL.
    pub refund_webhook: Option<String>,
    /// What numbers count from; 0 by default. With a higher one, no id is one that an earlier simulator gave.
    pub first_number: u64,
}

/// The merchant's URLs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Urls {
    /// Where the customer's browser goes after success.
    pub success: Option<String>,
    /// Where it goes after failure.
    pub failure: Option<String>,
    /// Where it goes while the payment is pending.
    pub pending: Option<String>,
    /// Where it goes after the customer cancelled.
    pub cancel: Option<String>,
    /// Where webhooks go.
    pub webhook: Option<String>,
}

/// What a `partnerReference` that was used before meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Duplicate {
    /// 400, and nothing is made.
    #[default]
    BadRequest,
    /// 409, and nothing is made.
    Conflict,
    /// 201 with the payment that is there already, whatever the second request asked for.
    SamePayment,
}

impl Settings {
    /// With the address that the simulator is reached at.
    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.checkout_base = url.into();
        self
    }

    /// What a gateway's configuration says of this merchant, where the simulator is reached at `url`: its keys besides `provider` and `mode`. Every payment must
    /// name a country, so that there is one for those that have none; refunds are asked for where they are open.
    ///
    /// ```
    /// let keys = paymux_simulator::carry1st::Settings::default().gateway_keys("http://127.0.0.1:9000");
    /// let expected = [
    ///     ("api_key", "sim-key"),
    ///     ("api_secret", "sim-secret"),
    ///     ("signing_key", "sim-signing-key"),
    ///     ("partner_code", "SIM"),
    ///     ("api_base_url", "http://127.0.0.1:9000"),
    ///     ("checkout_base_url", "http://127.0.0.1:9000"),
    ///     ("default_country", "NG"),
    ///     ("refund_beta", "true"),
    /// ];
    /// assert_eq!(keys, expected.map(|(key, value)| (key, value.to_owned())));
    /// ```
    #[must_use]
    pub fn gateway_keys(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("api_key", self.api_key.clone()),
            ("api_secret", self.api_secret.clone()),
            ("signing_key", self.signing_key.clone()),
            ("partner_code", self.partner_code.clone()),
            ("api_base_url", url.to_owned()),
            ("checkout_base_url", url.to_owned()),
            ("default_country", "NG".to_owned()),
            ("refund_beta", self.refunds.to_string()),
        ]
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: "sim-key".to_owned(),
            api_secret: "sim-secret".to_owned(),
            signing_key: "sim-signing-key".to_owned(),
            forbidden_key: "sim-key-forbidden".to_owned(),
            token_life: Duration::from_secs(300),
            strict_refresh: true,
            tokens_per_minute: 600,
            signed_gets: false,
            tolerance: Duration::from_secs(300),
            duplicate: Duplicate::default(),
            refunds: true,
            strict_transactions: false,
            refund_time: Duration::from_secs(1),
            abandoned_after: Duration::from_secs(1800),
            webhook_after: Duration::ZERO,
            redelivery: [10, 60, 600].map(Duration::from_secs).to_vec(),
            checkout_base: String::new(),
            partner_id: 9,
            partner_code: "SIM".to_owned(),
            fallback: Urls::default(),
            refund_webhook: None,
            first_number: 0,
        }
    }
}
