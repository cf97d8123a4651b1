//! The account, its keys and its acquirers.

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

use super::refusal::Refusal;
use super::routes::{Answer, Call, ok};
use super::{CoolPay, sign};
use crate::wire;

#[derive(Serialize)]
struct Pong<'a> {
    msg: String,
    scope: &'a str,
    version: &'a str,
    params: Map<String, Value>,
}

#[derive(Serialize)]
struct Account<'a> {
    id: u64,
    r#type: &'a str,
    shop_name: &'a str,
    timezone: &'a str,
    locale: &'a str,
    callback_url: Option<&'a str>,
    default_payment_methods: Option<&'a str>,
    default_payment_language: &'a str,
    autofee: bool,
    allow_test_transactions: bool,
    suspended_at: Option<&'a str>,
}

#[derive(Serialize)]
struct Acquirer {
    active: bool,
}

#[derive(Serialize)]
struct Health<'a> {
    acquirer: &'a str,
    status: &'a str,
    health: u8,
}

impl CoolPay {
    /// Says that the API is there, and as whom it sees the caller.
    pub(super) fn ping(&self, call: &Call, anonymous: bool, method: &str) -> Response<Bytes> {
        let scope = if anonymous { "anonymous" } else { "merchant" };
        let mut params = call.body.clone();
        params.extend(
            call.query
                .iter()
                .map(|(name, value)| (name.clone(), value.as_str().into())),
        );
        let status = if method == "POST" {
            StatusCode::CREATED
        } else {
            StatusCode::OK
        };
        let msg = format!("Pong, scope is {scope}");
        wire::json(
            status,
            &Pong {
                msg,
                scope,
                version: "v10",
                params,
            },
        )
    }

    /// The merchant account.
    pub(super) fn account(&self) -> Response<Bytes> {
        ok(&Account {
            id: self.settings.merchant_id,
            r#type: "Merchant",
            shop_name: "Simulated shop",
            timezone: "UTC",
            locale: "en-GB",
            callback_url: self.settings.callback_url.as_deref(),
            default_payment_methods: None,
            default_payment_language: "en",
            autofee: false,
            allow_test_transactions: self.settings.allow_test_transactions,
            suspended_at: None,
        })
    }

    /// The key that signs callbacks; a new one on request.
    pub(super) fn private_key(&mut self, renew: bool) -> Response<Bytes> {
        if renew {
            self.settings.private_key = sign::digest(&["private key", &self.settings.private_key]);
        }
        ok(&BTreeMap::from([("private_key", &self.settings.private_key)]))
    }

    /// All acquirers of the account.
    pub(super) fn acquirers(&self) -> Response<Bytes> {
        let names = ["clearhaus", "nets"];
        ok(&names
            .map(|n| (n, Acquirer { active: true }))
            .into_iter()
            .collect::<BTreeMap<_, _>>())
    }

    /// One acquirer of the account.
    pub(super) fn acquirer(&self, name: &str) -> Answer {
        match name {
            "clearhaus" | "nets" => Ok(ok(&Acquirer { active: true })),
            _ => Err(Refusal::missing("Acquirer", name)),
        }
    }

    /// How well the acquirers are.
    pub(super) fn health(&self) -> Response<Bytes> {
        ok(&["clearhaus", "nets"].map(|acquirer| Health {
            acquirer,
            status: "ok",
            health: 100,
        }))
    }
}
