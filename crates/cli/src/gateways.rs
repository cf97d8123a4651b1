//! `paymux gateways`, and how a configuration is loaded.

use std::path::Path;

use paymux::{Capabilities, Gateways, OperationKind, PaymentGateway as _, SourceKind};
use serde_json::{Value, json};

use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Cell, FAINT, Table};

/// Loads the configuration.
pub(crate) fn load(config: &Path) -> Result<Gateways, Failure> {
    load_with(Gateways::builder(), config)
}

/// Loads the configuration by a builder that may have a transport of its own.
pub(crate) fn load_with(builder: paymux::Builder, config: &Path) -> Result<Gateways, Failure> {
    if !config.exists() {
        return Err(Failure::input(format!(
            "--config: there is no file `{}`; name one, set PAYMUX_CONFIG, or have one written by `paymux simulate \
             --write-config FILE`",
            config.display()
        )));
    }
    Ok(builder.from_file(config)?)
}

/// Lists the gateways.
pub(crate) fn command(config: &Path) -> Result<Output, Failure> {
    let gateways = load(config)?;
    let mut table = Table::new(&["gateway", "provider", "mode", "operations"]);
    let mut list = Vec::new();
    for name in gateways.names() {
        let gateway = gateways.gateway(&name)?;
        let capabilities = gateway.capabilities();
        table.row([
            name.clone().into(),
            capabilities.provider.into(),
            capabilities.mode.as_str().into(),
            words(capabilities).into(),
        ]);
        for ability in &capabilities.abilities {
            if let Some(condition) = ability.condition {
                let text = format!("on {}: {condition}", ability.operation);
                table.row(["".into(), "".into(), "".into(), Cell::styled(text, FAINT)]);
            }
        }
        list.push(data(&name, capabilities));
    }
    Ok(Output::done(table.to_string(), json!({ "gateways": list })))
}

/// The operations in words, with the sources where there is a choice.
fn words(capabilities: &Capabilities) -> String {
    let mut words: Vec<String> = Vec::new();
    for kind in OperationKind::ALL {
        let Some(ability) = capabilities.ability(kind) else {
            continue;
        };
        let sources: Vec<_> = ability.sources.iter().map(|source| source.as_str()).collect();
        words.push(
            if sources.is_empty() || ability.sources == [SourceKind::Hosted] && kind == OperationKind::Checkout {
                kind.to_string()
            } else {
                format!("{kind} ({})", sources.join(", "))
            },
        );
    }
    if capabilities.payment_methods {
        words.push("methods".to_owned());
    }
    words.join(", ")
}

fn data(name: &str, capabilities: &Capabilities) -> Value {
    json!({
        "gateway": name,
        "provider": capabilities.provider,
        "mode": capabilities.mode.as_str(),
        "account": capabilities.account,
        "operations": capabilities.abilities,
        "payment_methods": capabilities.payment_methods,
        "close_page": capabilities.close_page,
        "inquire_by_reference": capabilities.inquire_by_reference,
        "duplicates": capabilities.duplicates,
        "webhooks": capabilities.webhooks,
        "reference": capabilities.reference.words,
    })
}
