//! The lists of providers agree, wherever they stand; and what stands behind each is laid out in the same way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use paymux::carry1st::Carry1stConfig;
use paymux::coolpay::CoolPayConfig;
use paymux::opp::OppConfig;
use paymux::qolo::QoloConfig;
use paymux::{AdapterConfig, Gateways, Key, KeyKind, PaymentGateway as _, code_tables};
use paymux_tests::stands;
use toml::{Table, Value};

type Names = BTreeSet<String>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn manifest(folder: &str) -> Table {
    let path = root().join(folder).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.parse().unwrap_or_else(|error| panic!("{folder}: {error}"))
}

/// The names of the keys of a table in a manifest, none if there is no such table.
fn keys_in(manifest: &Table, table: &str) -> Names {
    let table = manifest.get(table).and_then(Value::as_table);
    table.map(|table| table.keys().cloned().collect()).unwrap_or_default()
}

fn texts(value: Option<&Value>) -> Vec<String> {
    let list = value.and_then(Value::as_array).into_iter().flatten();
    list.filter_map(|item| item.as_str().map(str::to_owned)).collect()
}

/// The folders of adapters: every crate of ours that depends on the core and not on the engine.
fn adapters() -> Names {
    let folders = fs::read_dir(root().join("crates")).into_iter().flatten().flatten();
    let names = folders.filter_map(|folder| folder.file_name().into_string().ok());
    let is_adapter = |name: &String| {
        let needs = keys_in(&manifest(&format!("crates/{name}")), "dependencies");
        needs.contains("paymux-core") && !needs.contains("paymux") && name != "paymux"
    };
    names.filter(is_adapter).collect()
}

#[test]
fn providers_are_the_same_in_every_list() {
    let registered: Names = Gateways::builder()
        .providers()
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert!(!registered.is_empty());
    assert_eq!(adapters(), registered, "folders");

    let paymux = manifest("crates/paymux");
    let features = paymux["features"].as_table().unwrap();
    let enables_adapter = |name: &str| texts(features.get(name)) == [format!("dep:paymux-{name}")];
    let with_feature: Names = features.keys().filter(|name| enables_adapter(name)).cloned().collect();
    assert_eq!(with_feature, registered, "features of paymux");
    let default: Names = texts(features.get("default")).into_iter().collect();
    assert!(
        registered.is_subset(&default),
        "default features of paymux: {default:?}"
    );

    let simulated = keys_in(&manifest("crates/simulator"), "features");
    assert!(
        registered.is_subset(&simulated),
        "features of the simulator: {simulated:?}"
    );

    let stands: Names = stands::all()
        .iter()
        .map(|stand| stand.gateway().capabilities().provider.to_owned())
        .collect();
    assert_eq!(stands, registered, "stands of the suite and of the worlds");

    let workspace = manifest(".");
    let members: Names = texts(workspace["workspace"].get("members")).into_iter().collect();
    let shared = keys_in(workspace["workspace"].as_table().unwrap(), "dependencies");
    for name in &registered {
        assert!(members.contains(&format!("crates/{name}")), "{name} is no member");
        assert!(
            shared.contains(&format!("paymux-{name}")),
            "{name} is no shared dependency"
        );
        let package = manifest(&format!("crates/{name}"));
        assert_eq!(
            package["package"]["name"].as_str(),
            Some(format!("paymux-{name}").as_str())
        );
    }
}

#[test]
fn every_adapter_has_the_same_files() {
    let one_of = |folder: &Path, names: &[&str]| names.iter().any(|name| folder.join(name).exists());
    for name in adapters() {
        let folder = root().join("crates").join(&name);
        assert!(folder.join("README.md").exists(), "{name} has no README.md");
        let source = folder.join("src");
        for file in [
            "adapter", "codes", "config", "extras", "flows", "lib", "reading", "shapes", "webhook",
        ] {
            let alone = format!("{file}.rs");
            let parted = format!("{file}/mod.rs");
            assert!(one_of(&source, &[&alone, &parted]), "{name} has no src/{alone}");
        }
        for file in ["flows.rs", "requests.rs", "statuses.rs", "vectors.rs"] {
            let parted = file.replace(".rs", "/main.rs");
            assert!(
                one_of(&folder.join("tests"), &[file, &parted]),
                "{name} has no tests/{file}"
            );
        }
    }
}

/// A value that a key takes; some texts are words of a list.
fn sample(provider: &str, key: &Key) -> Value {
    match (key.kind, key.name) {
        (KeyKind::Flag, _) => Value::Boolean(true),
        (KeyKind::Number, _) => Value::Integer(60),
        (KeyKind::Table, _) => Value::Table(Table::new()),
        (KeyKind::Texts, _) => Value::Array(Vec::new()),
        (KeyKind::Url, _) => Value::String("https://api.example".to_owned()),
        (_, "preset") if provider == "opp" => Value::String("v1".to_owned()),
        (_, "preset") => Value::String(provider.to_owned()),
        (_, "webhook_scheme") => Value::String("aes-gcm".to_owned()),
        (_, "funding") => Value::String("ach".to_owned()),
        _ => Value::String("text".to_owned()),
    }
}

/// The declared keys of a configuration are those that serde takes: all, no other, and the required ones must be there.
fn check_keys<C: AdapterConfig>() {
    let whole: Table = C::KEYS
        .iter()
        .map(|key| (key.name.to_owned(), sample(C::PROVIDER, key)))
        .collect();
    assert_eq!(whole.len(), C::KEYS.len(), "{}: a key is declared twice", C::PROVIDER);
    let refusal = |table: Table| table.try_into::<C>().err().map(|error| error.message().to_owned());
    assert_eq!(
        refusal(whole.clone()),
        None,
        "{}: a declared key is not taken",
        C::PROVIDER
    );

    let mut more = whole.clone();
    more.insert("no_such_key".to_owned(), Value::Boolean(true));
    let message = refusal(more).unwrap_or_else(|| panic!("{} takes an unknown key", C::PROVIDER));
    let (_, known) = message.split_once("expected").unwrap_or_else(|| panic!("{message}"));
    let known: BTreeSet<_> = known.split('`').skip(1).step_by(2).collect();
    let declared: BTreeSet<_> = C::KEYS.iter().map(|key| key.name).collect();
    assert_eq!(
        known,
        declared,
        "{}: keys that serde takes, and keys that are declared",
        C::PROVIDER
    );

    for key in C::KEYS {
        let mut less = whole.clone();
        less.remove(key.name);
        let needed = refusal(less).is_some();
        assert_eq!(
            needed,
            key.required,
            "{}: whether `{}` must be there",
            C::PROVIDER,
            key.name
        );
        assert!(!key.doc.is_empty(), "{}: `{}` is not described", C::PROVIDER, key.name);
    }
    let rotated: Vec<_> = C::KEYS
        .iter()
        .filter_map(|key| Some((key, key.name.strip_prefix("previous_")?)))
        .collect();
    assert_eq!(
        rotated.len(),
        1,
        "{}: the key before that of webhooks: {rotated:?}",
        C::PROVIDER
    );
    for (previous, name) in rotated {
        let key = C::KEYS.iter().find(|key| key.name == name);
        let key = key.unwrap_or_else(|| panic!("{}: there is no `{name}`", C::PROVIDER));
        assert_eq!(
            (key.kind, previous.kind, previous.required),
            (KeyKind::Secret, KeyKind::Secret, false),
            "{}: `{}`",
            C::PROVIDER,
            previous.name
        );
    }
    let registered: BTreeMap<_, _> = Gateways::builder().providers().into_iter().collect();
    assert_eq!(registered[C::PROVIDER].len(), C::KEYS.len());
}

#[test]
fn declared_keys_are_what_serde_takes() {
    check_keys::<Carry1stConfig>();
    check_keys::<CoolPayConfig>();
    check_keys::<OppConfig>();
    check_keys::<QoloConfig>();
    assert_eq!(
        Gateways::builder().providers().len(),
        4,
        "every provider is checked here"
    );
}

#[test]
fn declared_keys_are_in_the_readme() {
    for (name, keys) in Gateways::builder().providers() {
        let path = root().join("crates").join(name).join("README.md");
        let readme = fs::read_to_string(path).unwrap();
        for key in keys {
            assert!(
                readme.contains(&format!("`{}`", key.name)),
                "{name}: README.md has no `{}`",
                key.name
            );
        }
    }
}

/// Where nothing else would miss a provider that was added, or one of its stands.
#[test]
fn nothing_is_forgotten_where_only_a_reader_would_miss_it() {
    let read = |path: &str| fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let has = |path: &str, text: &str| assert!(read(path).contains(text), "{path} has no `{text}`");
    for name in stands::NAMES {
        let snake = name.replace('-', "_");
        has("fuzz/src/lib.rs", &format!("\"reply_{snake}\""));
        has("fuzz/libfuzzer/Cargo.toml", &format!("name = \"reply_{snake}\""));
        has("crates/cli/src/lab.rs", &format!("name: \"{name}\","));
        has("crates/cli/src/demo/matrix.tsv", &format!("\n{name}\t"));
        has("tests/tests/conformance.rs", &format!("async fn {snake}()"));
        has("tests/tests/canary.rs", &format!("async fn {snake}()"));
    }
    let tables: Names = code_tables().iter().map(|table| table.name.to_owned()).collect();
    for (name, _) in Gateways::builder().providers() {
        assert!(tables.contains(name), "{name} has no table in {tables:?}");
        has(".ci/run", &format!(" {name},rustls"));
        has("README.md", &format!("| [`{name}`](crates/{name}/README.md) |"));
        has("crates/cli/src/test_cards.rs", &format!("\"{name}\" => "));
    }
}
