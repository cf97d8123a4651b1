//! Texts: codes, amounts, references, configurations, and what is scrubbed.

use std::sync::Arc;

use async_trait::async_trait;
use clap::Parser as _;
use http::Request;
use paymux::transport::{MarkedBody, Transport, TransportError};
use paymux::{ConfigError, Gateways, Money, PaymentRef, Reply, code_tables, currency, decimal, scrub};
use paymux_chaos::stands;
use paymux_cli::Cli;
use paymux_router::Rules;

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

/// What is read as a number of any scale, and as an amount of any currency, is written so that it is read as the same; nothing is rounded.
pub(crate) fn decimal(data: &[u8]) -> u64 {
    let text = text(data);
    let mut ends = Vec::new();
    for scale in [0, 1, 2, 3, 4, 18, 19, 40] {
        let read = decimal::read(&text, scale);
        if let Ok(units) = read {
            let written = decimal::write(units, scale);
            assert_eq!(
                decimal::read(&written, scale),
                Ok(units),
                "{text} at {scale}: {written}"
            );
        }
        ends.push(read.map_or_else(|error| error.to_string(), |_| "read".to_owned()));
    }
    for code in ["DKK", "JPY", "KWD", "CLF"] {
        let Ok(currency) = currency(code) else { continue };
        if let Ok(money) = Money::from_decimal(&text, currency) {
            assert_eq!(Money::from_decimal(&money.decimal(), currency).ok(), Some(money));
            ends.push(code.to_owned());
        }
    }
    came_of(&ends.iter().map(String::as_str).collect::<Vec<_>>())
}

pub(crate) fn decimal_seeds() -> Vec<Vec<u8>> {
    bytes([
        "100.00",
        "0.001",
        "-5",
        "92.0",
        "92233720368547758.07",
        "-9223372036854775808",
        "1.000000000000000000",
        "0000.10",
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

/// The rules of routers are taken whole or refused with problems.
pub(crate) fn rules(data: &[u8]) -> u64 {
    let names = ["cards".to_owned(), "second".to_owned(), "third".to_owned()];
    match Rules::from_toml(&text(data), &names) {
        Ok(routers) => {
            for router in &routers {
                let named = router.gateways();
                assert!(!named.is_empty(), "a router without a gateway: {router:?}");
                assert!(named.iter().all(|name| names.iter().any(|known| known == name)));
            }
            came_of(&["taken", &routers.len().to_string()])
        }
        Err(error) => refused(&error),
    }
}

pub(crate) fn rules_seeds() -> Vec<Vec<u8>> {
    bytes([
        "[router.checkout]\nrules = [{ to = ['cards', 'second'] }]\n",
        "[router.checkout]\nfollow_ups = ['third']\ndecline_reasons = ['insufficient_funds']\nbreaker_failures = 2\nbreaker_open_secs = 30\n\
         rules = [{ currency = 'EUR', card_brand = 'visa', country = ['DK', 'SE'], source = 'card', to = ['cards'] }, \
         { amount_from = '20.00 USD', amount_below = '100.00 USD', to = [{ gateway = 'second', weight = 3 }, { gateway = 'cards', weight = 1 }] }]\n",
        "[gateways.cards]\nprovider = 'coolpay'\n\n[router.a]\nrules = []\n",
    ])
}

/// A command line, one word on a line: it is understood, or it is refused with words.
pub(crate) fn command_line(data: &[u8]) -> u64 {
    let text = text(data);
    match Cli::try_parse_from(std::iter::once("paymux").chain(text.lines())) {
        Ok(cli) => {
            let said = format!("{cli:?}");
            came_of(&["taken", said.split(['(', ' ']).next().unwrap_or_default()])
        }
        Err(error) => {
            assert!(!error.to_string().is_empty());
            came_of(&[error.kind().as_str().unwrap_or("shown")])
        }
    }
}

pub(crate) fn command_line_seeds() -> Vec<Vec<u8>> {
    let lines = [
        "gateways --json",
        "sale --gateway cards --reference order1001a1 --amount 100.00 --test-card approved --journal sqlite:paymux.db",
        "capture --gateway cards --payment coolpay:x/4711@cards --reference order1001c1 --amount 10.00",
        "inquire --gateway cards --by-reference order1001a1",
        "journal list --journal sqlite:paymux.db --order order1001",
        "webhook sign --gateway cards body.json",
        "explain coolpay 40001",
        "chaos --payments 100 --seed 7",
    ];
    bytes(lines.map(|line| line.replace(' ', "\n")))
}

fn told(result: Result<Gateways, ConfigError>) -> u64 {
    match result {
        Ok(gateways) => {
            let names = gateways.names();
            assert!(names.iter().all(|name| gateways.get(name).is_ok()));
            came_of(&["taken", &names.len().to_string()])
        }
        Err(error) => refused(&error),
    }
}

fn refused(error: &ConfigError) -> u64 {
    assert!(!error.problems().is_empty(), "a refusal without a problem");
    let whats: Vec<_> = error
        .problems()
        .iter()
        .map(|problem| problem.key.as_deref().unwrap_or_default())
        .collect();
    let _ = format!("{error}{error:?}");
    came_of(&whats)
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
