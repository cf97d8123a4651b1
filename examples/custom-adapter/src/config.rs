//! What a configuration file holds.

use paymux_core::{Adapter, AdapterConfig, Key, KeyKind, Mode, Problem};
use secrecy::SecretString;
use serde::Deserialize;

use crate::Acme;

/// The configuration of an Acme gateway; the keys are described in [`AdapterConfig::KEYS`].
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcmeConfig {
    /// The provider's address.
    pub base_url: String,
    /// The merchant's number.
    pub merchant: String,
    /// The API key.
    pub api_key: SecretString,
}

impl AdapterConfig for AcmeConfig {
    const PROVIDER: &'static str = "acme";

    const KEYS: &'static [Key] = &[
        Key::required("base_url", KeyKind::Url, "the provider's address"),
        Key::required("merchant", KeyKind::Text, "the merchant's number; tells accounts apart"),
        Key::required("api_key", KeyKind::Secret, "the API key"),
    ];

    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>> {
        if self.merchant.starts_with("m-") {
            Ok(Box::new(Acme::new(self, mode)))
        } else {
            Err(vec![Problem::new("merchant", "must begin with `m-`")])
        }
    }
}
