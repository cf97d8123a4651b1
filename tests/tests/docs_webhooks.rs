//! The page about webhooks says of every gateway what its capabilities say.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::path::Path;

use paymux::{PaymentGateway as _, Webhooks};
use paymux_tests::stands;

/// By gateway: whether anything is signed, and the seconds.
type Said = BTreeMap<String, (bool, u64)>;

fn page() -> Said {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/webhooks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| gateway | signature"))
        .skip(2);
    let mut said = Said::new();
    for row in rows.take_while(|line| line.starts_with('|')) {
        let cells: Vec<_> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [gateways, signature, _, within] = cells.as_slice() else {
            panic!("four cells: {row}");
        };
        let seconds = within.split(' ').next().unwrap().parse().unwrap();
        for gateway in gateways.split(", ") {
            let name = gateway.trim_matches('`').to_owned();
            said.insert(name, (!signature.starts_with("none"), seconds));
        }
    }
    said
}

#[tokio::test]
async fn the_table_agrees_with_the_capabilities() {
    let declared: Said = stands::all()
        .into_iter()
        .map(|stand| {
            let gateway = stand.gateway();
            let capabilities = gateway.capabilities();
            let signed = capabilities.webhooks == Webhooks::Signed;
            (
                stand.name.to_owned(),
                (signed, capabilities.acknowledge_within.as_secs()),
            )
        })
        .collect();
    assert!(declared.len() > 5);
    assert_eq!(page(), declared);
}
