//! The page about testing names every fault that there is, and test cards by the names that they have.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).unwrap()
}

/// The variants of a public enum, from its source.
fn variants(path: &str, name: &str) -> BTreeSet<String> {
    let source = read(path);
    let start = format!("pub enum {name} {{\n");
    let body = source
        .split(&start)
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap()
        .to_owned();
    let lines = body
        .lines()
        .map(str::trim)
        .filter(|line| line.starts_with(char::is_uppercase));
    lines
        .map(|line| line.split(['(', ',', ' ']).next().unwrap().to_owned())
        .collect()
}

/// The first cells of the table under this line.
fn named(after: &str) -> BTreeSet<String> {
    let page = read("docs/testing.md");
    let rest = page
        .split(after)
        .nth(1)
        .unwrap_or_else(|| panic!("no `{after}`"))
        .to_owned();
    let rows = rest.lines().skip_while(|line| !line.starts_with('|')).skip(2);
    let rows = rows.take_while(|line| line.starts_with('|'));
    rows.map(|row| row.split('`').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn every_fault_is_named() {
    assert_eq!(
        named("## Faults on demand"),
        variants("crates/simulator/src/fault.rs", "Fault")
    );
    assert_eq!(
        named("`host.webhook_faults`:"),
        variants("crates/simulator/src/webhook_faults.rs", "WebhookFault")
    );
}

#[test]
fn test_cards_have_these_names() {
    let page = read("docs/testing.md");
    let source = read("crates/cli/src/test_cards.rs");
    let common = source
        .split("const COMMON:")
        .nth(1)
        .unwrap()
        .split("];\n")
        .next()
        .unwrap()
        .to_owned();
    let names: Vec<_> = common
        .lines()
        .filter_map(|line| line.strip_prefix("        \"").or_else(|| line.strip_prefix("    (\"")))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(names.len(), 4, "{common}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
