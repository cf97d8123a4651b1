//! Texts: codes, amounts, references, configurations, and what is scrubbed.

use std::sync::Arc;

use async_trait::async_trait;
use http::Request;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{Gateways, Money, PaymentRef, Reply, code_tables, scrub};
use paymux_chaos::stands;

use crate::came_of;

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

fn bytes(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<Vec<u8>> {
    texts.into_iter().map(|text| text.into().into_bytes()).collect()
}

/// Every table takes any code; what is not listed means nothing.
pub(crate) fn code(data: &[u8]) -> u64 {
    let code = text(data);
    let mut parts = Vec::new();
    for table in code_tables() {
        if let Some(found) = (table.explain)(&code) {
            parts.push(format!("{} {:?} {:?}", table.name, found.class, found.reason));
        }
    }
    came_of(&parts.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(crate) fn code_seeds() -> Vec<Vec<u8>> {
    bytes([
        "000.100.110",
        "000.200.000",
        "800.100.153",
        "20000",
        "40001",
        "APPROVE",
        "SUCCESSFUL",
        "R01",
        "05",
        "N7",
        "1A",
    ])
}

/// What is read as an amount is written so that it is read as the same.
pub(crate) fn money(data: &[u8]) -> u64 {
    match text(data).parse::<Money>() {
        Ok(money) => {
            let again = money.to_string().parse::<Money>();
            assert_eq!(again.ok(), Some(money), "{money}");
            came_of(&["money", money.currency().code()])
        }
        Err(error) => came_of(&[&error.to_string()]),
    }
}

pub(crate) fn money_seeds() -> Vec<Vec<u8>> {
    bytes([
        "100.00 DKK",
        "92.00 EGP",
        "1000 JPY",
        "0.001 KWD",
        "-1.00 USD",
        "9223372036854775807 JPY",
        "92233720368547758.07 USD",
    ])
}

/// What is read as a payment's reference is written as it was read.
pub(crate) fn payment_ref(data: &[u8]) -> u64 {
    let text = text(data);
    match text.parse::<PaymentRef>() {
        Ok(payment) => {
            let again = payment.to_string().parse::<PaymentRef>();
            assert_eq!(again.ok().as_ref(), Some(&payment), "{text}");
            came_of(&["payment"])
        }
        Err(error) => came_of(&[&error.to_string()]),
    }
}

pub(crate) fn payment_ref_seeds() -> Vec<Vec<u8>> {
    let gateways = stands::all().into_iter().map(|stand| stand.gateway());
    let refs = gateways.map(|gateway| {
        let capabilities = paymux::PaymentGateway::capabilities(&gateway).clone();
        PaymentRef::new(capabilities.provider, capabilities.account, ["4711", "x:/%"])
            .on("cards")
            .to_string()
    });
    bytes(refs)
}

/// Any text is scrubbed, and a secret field behind it too.
pub(crate) fn scrubbed(data: &[u8]) -> u64 {
    let text = text(data);
    let clean = scrub(&text);
    let planted = scrub(&format!("{text}\n{{\"cvv\":\"canary\"}}"));
    // An open string before it swallows it; then it is no field.
    if !text.contains(['"', '\\']) {
        assert!(!planted.contains("canary"), "{planted}");
    }
    came_of(&[if clean == text { "same" } else { "scrubbed" }])
}

pub(crate) fn scrub_seeds() -> Vec<Vec<u8>> {
    bytes([
        r#"{"id":7,"token":"abc\"def","card":{"number":"4200000000000000","cvv":123}}"#,
        "https://x/?reference=C-1-P&accessToken=a%2Bb&c=1",
        "POST /x HTTP/1.1\r\nAuthorization: Basic YWJj\r\nAccept: */*\r\n\r\n",
        r#"{"echo":"{\"cvv\":\"123\"}"}"#,
        "pan 4200 0000 0000 0000.",
    ])
}

#[derive(Debug)]
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: Request<MarkedBody>) -> Result<Reply, TransportError> {
        Err(TransportError::new(true, "nobody is there"))
    }
}

/// A configuration is taken whole or refused with problems; nothing of what it holds as secret is in them.
pub(crate) fn config(data: &[u8]) -> u64 {
    // No file is read, and no variable.
    let text = text(data).replace("file:", "fi1e:").replace("env:", "enu:");
    told(Gateways::builder().transport(Arc::new(Nowhere)).from_toml(&text))
}

/// The same in one line.
pub(crate) fn config_uri(data: &[u8]) -> u64 {
    let text = text(data)
        .replace("file", "fi1e")
        .replace("env", "enu")
        .replace('%', "%25");
    told(Gateways::builder().transport(Arc::new(Nowhere)).from_uri(&text))
}

fn told(result: Result<Gateways, paymux::ConfigError>) -> u64 {
    match result {
        Ok(gateways) => {
            let names = gateways.names();
            assert!(names.iter().all(|name| gateways.get(name).is_ok()));
            came_of(&["taken", &names.len().to_string()])
        }
        Err(error) => {
            assert!(!error.problems().is_empty(), "a refusal without a problem");
            let whats: Vec<_> = error
                .problems()
                .iter()
                .map(|problem| problem.key.as_deref().unwrap_or_default())
                .collect();
            let _ = format!("{error}{error:?}");
            came_of(&whats)
        }
    }
}

pub(crate) fn config_seeds() -> Vec<Vec<u8>> {
    bytes(stands::all().into_iter().map(|stand| {
        let mut text = format!("[gateways.{}]\nmode = \"test\"\n", stand.name);
        for (key, value) in &stand.keys {
            text.push_str(&format!("{key} = {value:?}\n"));
        }
        text.push_str("timeout_secs = 30\nattempts = 2\nfollow_ups_only = true\n");
        text
    }))
}

pub(crate) fn config_uri_seeds() -> Vec<Vec<u8>> {
    bytes(stands::all().into_iter().map(|stand| stand.line("cards")))
}
