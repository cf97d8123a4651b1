//! What can be set about the simulated account.

use std::time::Duration;

/// The account that is simulated, and the places where the documents leave a choice.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// The API key: the password of HTTP Basic, with an empty user.
    pub api_key: String,
    /// The key that callbacks are signed with.
    pub private_key: String,
    /// The number of the merchant account.
    pub merchant_id: u64,
    /// Where the simulator is reached; it begins `Location` headers and links. With port 0 the `Host` header of the last request is used.
    pub base_url: String,
    /// Where callbacks go when neither the request nor the link names an address.
    pub callback_url: Option<String>,
    /// The name of the account's acquirer, unless a request names one.
    pub acquirer: String,
    /// Whether an operation with `?synchronized` is answered with 202 instead of 200.
    pub synchronized_202: bool,
    /// Whether an operation without `?synchronized` is answered with a `Location` and an empty body.
    pub async_empty: bool,
    /// Whether an `order_id` that is taken is answered with 409 instead of 400.
    pub duplicate_409: bool,
    /// Whether lists carry a `Link` header to the next page.
    pub link_header: bool,
    /// Which brand's names the special headers have.
    pub header_prefix: HeaderPrefix,
    /// Whether test cards are taken at all; it counts only while `live` is off.
    pub allow_test_transactions: bool,
    /// Whether cards count as real ones: nothing is `test_mode` then, and numbers outside the test range are approved.
    pub live: bool,
    /// Whether `metadata.brand` says `quickpay-test-card` for test cards, as it once did.
    pub generic_test_brand: bool,
    /// How long an operation on a held card takes, whoever waits.
    pub held: Duration,
    /// How long an operation takes that nobody waits for.
    pub operation_time: Duration,
    /// How long after an operation its callback is sent.
    pub callback_after: Duration,
    /// What ids count from; 1000 by default. With a higher number, no id is one that an earlier simulator gave.
    pub first_id: u64,
    /// What the key may not do, in the provider's notation: `PUT /payments/:id/link`.
    pub denied: Vec<String>,
}

/// The brand in the names of special headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderPrefix {
    /// Both brands' names are read and sent.
    #[default]
    Both,
    /// Only `CoolPay-…`.
    CoolPay,
    /// Only `QuickPay-…`.
    QuickPay,
}

impl HeaderPrefix {
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["coolpay", "quickpay"],
            Self::CoolPay => &["coolpay"],
            Self::QuickPay => &["quickpay"],
        }
    }
}

impl Settings {
    /// With the address that the simulator is reached at.
    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.base_url = url.into();
        self
    }

    /// What a gateway's configuration says of this account, where the simulator is reached at `url`: its keys besides `provider` and `mode`.
    ///
    /// ```
    /// let keys = paymux_simulator::coolpay::Settings::default().gateway_keys("http://127.0.0.1:9000");
    /// let expected = [
    ///     ("api_key", "sim-api-key"),
    ///     ("private_key", "sim-private-key"),
    ///     ("merchant_id", "4711"),
    ///     ("base_url", "http://127.0.0.1:9000"),
    /// ];
    /// assert_eq!(keys, expected.map(|(key, value)| (key, value.to_owned())));
    /// ```
    #[must_use]
    pub fn gateway_keys(&self, url: &str) -> Vec<(&'static str, String)> {
        vec![
            ("api_key", self.api_key.clone()),
            ("private_key", self.private_key.clone()),
            ("merchant_id", self.merchant_id.to_string()),
            ("base_url", url.to_owned()),
        ]
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            api_key: "sim-api-key".to_owned(),
            private_key: "sim-private-key".to_owned(),
            merchant_id: 4711,
            base_url: "http://127.0.0.1:0".to_owned(),
            callback_url: None,
            acquirer: "clearhaus".to_owned(),
            synchronized_202: false,
            async_empty: false,
            duplicate_409: false,
            link_header: false,
            header_prefix: HeaderPrefix::Both,
            allow_test_transactions: true,
            live: false,
            generic_test_brand: false,
            held: Duration::from_secs(60),
            operation_time: Duration::from_millis(50),
            callback_after: Duration::ZERO,
            first_id: 1000,
            denied: Vec::new(),
        }
    }
}
