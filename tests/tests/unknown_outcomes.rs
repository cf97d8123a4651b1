//! The page about unknown outcomes says of every gateway and operation what its capabilities say.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;

use paymux::{AskAfterwards, Duplicates, OperationKind, PaymentGateway as _};
use paymux_tests::stands;

/// By gateway and operation: what the page says of asking and of completing.
type Said = BTreeMap<(String, String), (String, String)>;

fn page() -> Said {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/unknown-outcomes.md");
    let text = std::fs::read_to_string(path).unwrap();
    let mut said = Said::new();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| gateways |"))
        .skip(2);
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [gateways, operations, ask, complete, person] = cells.as_slice() else {
            panic!("five cells: {row}");
        };
        assert!(!person.is_empty(), "{row}");
        for gateway in gateways.split(", ") {
            for operation in operations.split(", ") {
                let key = (gateway.to_owned(), operation.to_owned());
                let old = said.insert(key, ((*ask).to_owned(), (*complete).to_owned()));
                assert!(old.is_none(), "twice: {gateway} {operation}");
            }
        }
    }
    said
}

#[tokio::test]
async fn the_table_agrees_with_the_capabilities() {
    let mut declared = Said::new();
    for stand in stands::all() {
        let gateway = stand.gateway();
        let capabilities = gateway.capabilities();
        let keyed = matches!(capabilities.duplicates, Duplicates::Key(_));
        for ability in &capabilities.abilities {
            let kind = ability.operation;
            if kind == OperationKind::Inquire {
                continue;
            }
            let ask = match ability.ask {
                AskAfterwards::Yes => "yes",
                AskAfterwards::Ambiguous => "maybe",
                AskAfterwards::None => "no",
                other => panic!("{other:?} has no word on the page"),
            };
            let complete = if keyed && kind != OperationKind::Checkout {
                "yes"
            } else {
                "no"
            };
            let key = (stand.name.to_owned(), kind.to_string());
            declared.insert(key, (ask.to_owned(), complete.to_owned()));
        }
    }
    assert!(declared.len() > 25);
    assert_eq!(page(), declared);
}
