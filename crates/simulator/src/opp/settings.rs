//! How the simulated platform is set up.

/// Which of the two products is simulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Api {
    /// The gateway under `/v3`: payments and checkouts only, notifications unsigned.
    V3,
    /// The older platform under `/v1`: reports, registrations, payouts and encrypted webhooks as well.
    V1,
}

/// How the simulated platform is set up.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// Which product it is.
    pub api: Api,
    /// The path in front of the version, such as `/gateway`; may be empty.
    pub prefix: String,
    /// The bearer token that is let in.
    pub access_token: String,
    /// The only entity that is let in. Without one, `/v3` takes any and `/v1` takes any of 32 hexadecimal digits.
    pub entity_id: Option<String>,
    /// Whether success is told as on the live host; otherwise as on the test host, where results can be forced.
    pub live: bool,
    /// Scheme, host and port under which browsers reach the simulator, without the prefix.
    pub public_url: String,
    /// Where `/v1` sends its webhooks; without it they go to the `notificationUrl` of the payment.
    pub webhook_url: Option<String>,
    /// The key of the webhooks of `/v1`, 64 hexadecimal digits. With any other text no webhook is sent.
    pub webhook_key: String,
    /// Whether the ciphertext of a webhook is wrapped in JSON, as member `encryptedBody`, instead of being the body.
    pub webhook_in_json: bool,
    /// Whether recorded payments that failed are answered with status 200 instead of 400.
    pub declines_with_200: bool,
    /// Whether one authorization may be captured several times.
    pub several_captures: bool,
    /// Whether payments can be looked up by the merchant's reference (and by id with linked ones).
    pub reports: bool,
    /// Whether such a report lists other people's payments as well.
    pub loose_reports: bool,
    /// Whether a checkout that nobody submitted is told as pending (`000.200.000`) instead of as having no session.
    pub open_checkout_pending: bool,
    /// How long after a result word of it is sent; at once by default.
    pub notify_after: std::time::Duration,
    /// How often the status of one payment may be read within a minute; `None` for as often as wanted.
    pub status_reads_per_minute: Option<usize>,
}

impl Settings {
    /// Sets up the gateway under `/v3`, on its test host and without a prefix.
    #[must_use]
    pub fn v3() -> Self {
        Self {
            api: Api::V3,
            prefix: String::new(),
            access_token: "sim-token".to_owned(),
            entity_id: Some("EB000001".to_owned()),
            live: false,
            public_url: "http://127.0.0.1:8080".to_owned(),
            webhook_url: None,
            webhook_key: "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f".to_owned(),
            webhook_in_json: false,
            declines_with_200: false,
            several_captures: false,
            reports: false,
            loose_reports: false,
            open_checkout_pending: false,
            notify_after: std::time::Duration::ZERO,
            status_reads_per_minute: None,
        }
    }

    /// Sets up the platform under `/v1`, on its test host.
    #[must_use]
    pub fn v1() -> Self {
        Self {
            api: Api::V1,
            entity_id: Some("8ac7a4c9000000000000000000000001".to_owned()),
            reports: true,
            ..Self::v3()
        }
    }

    /// With the address that the simulator is reached at.
    #[must_use]
    pub fn at(mut self, url: impl Into<String>) -> Self {
        self.public_url = url.into();
        self
    }

    /// What a gateway's configuration says of this channel, where the simulator is reached at `url`, without the prefix: its keys besides `provider` and `mode`. On
    /// `/v3` [the page](Self::checkout_page) is among them, since nothing else leads a customer through a checkout there.
    ///
    /// ```
    /// use paymux_simulator::opp::Settings;
    ///
    /// let names = |settings: Settings| -> Vec<_> {
    ///     let keys = settings.gateway_keys("http://127.0.0.1:9000");
    ///     keys.into_iter().map(|(key, _)| key).collect()
    /// };
    /// assert_eq!(names(Settings::v3()), ["preset", "access_token", "entity_id", "base_url", "checkout_page"]);
    /// assert_eq!(names(Settings::v1()), ["preset", "access_token", "entity_id", "base_url", "webhook_key"]);
    /// ```
    #[must_use]
    pub fn gateway_keys(&self, url: &str) -> Vec<(&'static str, String)> {
        let mut keys = vec![
            ("preset", self.version().to_owned()),
            ("access_token", self.access_token.clone()),
        ];
        keys.extend(self.entity_id.clone().map(|id| ("entity_id", id)));
        keys.push(("base_url", self.base_at(url)));
        keys.push(match self.api {
            Api::V3 => ("checkout_page", self.checkout_page(url)),
            Api::V1 => ("webhook_key", self.webhook_key.clone()),
        });
        keys
    }

    /// The page on which a customer pays a checkout, with `{checkout}` where its id goes. The provider documents none of its own.
    ///
    /// ```
    /// let page = paymux_simulator::opp::Settings::v1().checkout_page("http://127.0.0.1:9000");
    /// assert_eq!(page, "http://127.0.0.1:9000/checkouts/{checkout}/page");
    /// ```
    #[must_use]
    pub fn checkout_page(&self, url: &str) -> String {
        format!("{}/checkouts/{{checkout}}/page", self.base_at(url))
    }

    /// The version as it stands in paths.
    pub(super) fn version(&self) -> &'static str {
        match self.api {
            Api::V3 => "v3",
            Api::V1 => "v1",
        }
    }

    /// The address that paths are appended to, prefix included.
    pub(super) fn base(&self) -> String {
        self.base_at(&self.public_url)
    }

    fn base_at(&self, url: &str) -> String {
        let prefix = self.prefix.trim_matches('/');
        let slash = if prefix.is_empty() { "" } else { "/" };
        format!("{}{slash}{prefix}", url.trim_end_matches('/'))
    }
}
