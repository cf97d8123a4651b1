//! The page of defaults has every setting there is, with the value that it has in the code.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use paymux::webhooks::Inbox;
use paymux::{COMMON_KEYS, Delivery, Duplicates, Gateways, Key, PaymentGateway as _, Policy};
use paymux_journal::Settings;
use paymux_tests::stands;

/// Rows by their first cell, without its backticks.
type Table = BTreeMap<String, Vec<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    fs::read_to_string(root().join("docs/defaults.md")).unwrap()
}

fn table(heading: &str) -> Table {
    let page = page();
    let start = format!("## {heading}");
    let lines = page.lines().skip_while(|line| *line != start).skip(1);
    let rows = lines
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with('|'))
        .skip(2);
    let mut table = Table::new();
    for row in rows {
        let mut cells = row.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned());
        let name = cells.next().unwrap().trim_matches('`').to_owned();
        let rest: Vec<_> = cells.collect();
        assert!(rest.iter().all(|cell| !cell.is_empty()), "{row}");
        assert!(table.insert(name, rest).is_none(), "twice: {row}");
    }
    assert!(!table.is_empty(), "no table under {heading}");
    table
}

/// The default that a key's own text names, if it is one word: `default 240`, `default: 32`, "`coolpay` (default)".
fn told(key: &Key) -> Option<String> {
    let word = |text: &str| {
        text.trim_start_matches([':', ' ', '`'])
            .split([' ', ';', ',', '.', '`', ')'])
            .next()
            .map(str::to_owned)
    };
    if let Some((before, _)) = key.doc.split_once("` (default)") {
        return before.rsplit('`').next().map(str::to_owned);
    }
    let told = word(key.doc.split("default").nth(1)?)?;
    let is_value =
        told.bytes().all(|byte| byte.is_ascii_digit()) || key.name == "webhook_scheme" || key.name.ends_with("_field");
    let is_word = ["true", "false", "ach", "qolo"].contains(&told.as_str());
    (is_value || is_word).then_some(told).filter(|told| !told.is_empty())
}

fn check_keys(heading: &str, keys: &[Key]) -> usize {
    let table = table(heading);
    let named: BTreeSet<_> = table.keys().map(String::as_str).collect();
    let declared: BTreeSet<_> = keys.iter().map(|key| key.name).collect();
    assert_eq!(named, declared, "{heading}");
    let mut told_of = 0;
    for key in keys {
        let said = &table[key.name];
        assert_eq!(said.len(), 3, "{heading}, {}: four cells", key.name);
        assert_eq!(said[0] == "required", key.required, "{heading}, {}", key.name);
        if let Some(told) = told(key) {
            told_of += 1;
            assert_eq!(said[0], told, "{heading}, {}", key.name);
        }
    }
    told_of
}

#[test]
fn every_key_is_there_with_its_default() {
    let mut told_of = check_keys("Every gateway", COMMON_KEYS);
    for (provider, keys) in Gateways::builder().providers() {
        told_of += check_keys(&format!("`{provider}`"), keys);
    }
    assert!(told_of >= 17, "{told_of}");
}

/// What the keys' texts tell is what the adapters do when nothing is set.
#[test]
fn gateways_declare_what_the_page_says() {
    let table = table("What gateways declare");
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let dash = || "–".to_owned();
    let mut seen = 0;
    for stand in stands::all() {
        let gateway = stand.gateway();
        let capabilities = gateway.capabilities();
        let life = match capabilities.duplicates {
            Duplicates::Key(life) => seconds(life),
            _ => dash(),
        };
        let declared = [
            seconds(capabilities.inquiry_interval),
            capabilities.settle.map_or_else(dash, seconds),
            life,
        ];
        assert_eq!(table[stand.name][..3], declared, "{}", stand.name);
        seen += 1;
    }
    assert_eq!(seen, table.len());
    let gateway = stands::named("coolpay").gateway();
    assert_eq!(
        gateway.timeout().as_secs().to_string(),
        self::table("Every gateway")["timeout_secs"][0]
    );
}

fn first_cells(table: &Table) -> Vec<(&str, &str)> {
    table
        .iter()
        .map(|(name, cells)| (name.as_str(), cells[0].as_str()))
        .collect()
}

#[test]
fn policy_and_settings_are_what_the_page_says() {
    let Policy {
        attempts,
        pause,
        longest_pause,
        budget,
        spread,
        ..
    } = Policy::default();
    let (attempts, budget, spread) = (attempts.to_string(), budget.to_string(), spread.to_string());
    let millis = |time: Duration| format!("{} ms", time.as_millis());
    let (pause, longest) = (millis(pause), millis(longest_pause));
    assert_eq!(
        first_cells(&table("The engine's `Policy`")),
        [
            ("attempts", attempts.as_str()),
            ("budget", &budget),
            ("longest_pause", &longest),
            ("pause", &pause),
            ("spread", &spread),
        ]
    );
    // Whoever adds a field to one of the two must come here.
    let debug = format!("{:?}", Policy::default());
    assert_eq!(debug.matches(": ").count(), 5, "{debug}");

    let Settings {
        lease,
        asking,
        skew,
        patience,
        close_pages,
        questions,
        ..
    } = Settings::default();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let (lease, asking, skew, patience) = (seconds(lease), seconds(asking), seconds(skew), seconds(patience));
    assert_eq!(
        first_cells(&table("The journal's `Settings`")),
        [
            ("asking", asking.as_str()),
            ("close_pages", &close_pages.to_string()),
            ("lease", &lease),
            ("patience", &patience),
            ("questions", &questions.to_string()),
            ("skew", &skew)
        ]
    );
    let debug = format!("{:?}", Settings::default());
    assert_eq!(debug.matches(": ").count(), 6, "{debug}");
    let page = page();
    assert!(page.contains(&format!("`Inbox::with_hints`, {} unsigned", Inbox::HINTS)));
    assert!(page.contains(&format!("`Inbox::with_body_limit`, {} bytes", Delivery::BODY_LIMIT)));
}

#[test]
fn routers_have_these_keys() {
    let source = fs::read_to_string(root().join("crates/router/src/config.rs")).unwrap();
    let keys = source
        .split("const KEYS: [&str; ")
        .nth(1)
        .unwrap()
        .split(';')
        .next()
        .unwrap();
    let keys: BTreeSet<_> = keys.split('"').skip(1).step_by(2).collect();
    let table = table("Routers");
    assert_eq!(table.keys().map(String::as_str).collect::<BTreeSet<_>>(), keys);
    for name in ["breaker_failures", "breaker_open_secs"] {
        let read = source.split(&format!("(&mut table, \"{name}\"")).nth(1).unwrap();
        let default = read.split(".unwrap_or(").nth(1).unwrap().split(')').next().unwrap();
        assert_eq!(table[name][0], default, "{name}");
    }
}

/// A constant's value as the page writes it.
fn written(value: &str) -> String {
    let number = |text: &str| text.trim_end_matches([')', ';']).replace('_', "");
    if let Some(millis) = value.strip_prefix("Duration::from_millis(") {
        return format!("{} ms", number(millis));
    }
    if let Some(seconds) = value.strip_prefix("Duration::from_secs(") {
        return format!("{} s", number(seconds));
    }
    match value.strip_prefix('[') {
        Some(list) => format!("{} s", list.trim_end_matches([']', ';']).replace('_', "")),
        None => number(value),
    }
}

/// The constants of a folder, by path and name: those that are times must be on the page.
fn constants(folder: &str, found: &mut BTreeMap<String, (String, bool)>) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
        if entry.path().is_dir() {
            // A suite's own times are nobody's defaults.
            if !path.ends_with("/contract") {
                constants(&path, found);
            }
            continue;
        }
        for line in fs::read_to_string(entry.path()).unwrap().lines() {
            let Some((name, rest)) = line.strip_prefix("const ").and_then(|rest| rest.split_once(": ")) else {
                continue;
            };
            let Some((kind, value)) = rest.split_once(" = ") else {
                continue;
            };
            let is_time = kind == "Duration" || kind.starts_with("[u64");
            found.insert(format!("{path}`, `{name}"), (written(value), is_time));
        }
    }
}

#[test]
fn what_cannot_be_set_is_what_the_page_says() {
    let mut found = BTreeMap::new();
    for name in ["paymux", "journal", "redis", "router"] {
        constants(&format!("crates/{name}/src"), &mut found);
    }
    let mut said = BTreeSet::new();
    for (what, cells) in table("What cannot be set in the configuration") {
        let place = cells[1].trim_matches('`');
        let (value, _) = found
            .get(place)
            .unwrap_or_else(|| panic!("{what}: there is no {place}"));
        assert_eq!(&cells[0], value, "{what}");
        said.insert(place.to_owned());
    }
    let times: BTreeSet<_> = found
        .into_iter()
        .filter(|(_, (_, is_time))| *is_time)
        .map(|(place, _)| place)
        .collect();
    let missing: Vec<_> = times.difference(&said).collect();
    assert!(missing.is_empty(), "times that the page does not have: {missing:?}");
    assert!(said.len() > 15);
}
