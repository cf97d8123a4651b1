//! What may depend on what.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use toml::{Table, Value};

const ADAPTERS: [&str; 4] = ["carry1st", "coolpay", "opp", "qolo"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The crates of ours that a crate depends on, dependencies for tests and builds included; itself, with a feature for its tests, is no other.
fn ours(name: &str) -> BTreeSet<String> {
    let path = root().join("crates").join(name).join("Cargo.toml");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let manifest: Table = text.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
    let tables = ["dependencies", "dev-dependencies", "build-dependencies"];
    let tables = tables
        .iter()
        .filter_map(|table| manifest.get(*table).and_then(Value::as_table));
    let names = tables.flat_map(|table| table.keys().cloned());
    let own = format!("paymux-{name}");
    names
        .filter(|name| name.starts_with("paymux") && *name != own)
        .collect()
}

#[test]
fn adapters_depend_on_the_core_alone() {
    for adapter in ADAPTERS {
        assert_eq!(ours(adapter), BTreeSet::from(["paymux-core".to_owned()]), "{adapter}");
    }
}

#[test]
fn core_and_simulator_depend_on_nothing_of_ours() {
    assert_eq!(ours("core"), BTreeSet::new());
    assert_eq!(ours("simulator"), BTreeSet::new());
}

/// As the map says: no test of one crate reaches round by another way either.
#[test]
fn the_other_crates_depend_on_what_the_map_says() {
    let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(
        ours("cli"),
        set(&["paymux", "paymux-chaos", "paymux-journal", "paymux-simulator"])
    );
    assert_eq!(
        ours("chaos"),
        set(&["paymux", "paymux-conformance", "paymux-journal", "paymux-simulator"])
    );
    assert_eq!(ours("redis"), set(&["paymux", "paymux-simulator"]));
    let of_tests = ["paymux", "paymux-chaos", "paymux-conformance", "paymux-simulator"];
    assert_eq!(ours("journal"), set(&of_tests));
    assert_eq!(ours("router"), set(&["paymux", "paymux-journal"]));
    assert_eq!(ours("conformance"), set(&["paymux", "paymux-core", "paymux-simulator"]));
    let mut with_adapters = set(&["paymux-core"]);
    with_adapters.extend(ADAPTERS.iter().map(|name| format!("paymux-{name}")));
    assert_eq!(ours("paymux"), with_adapters);
}

#[test]
fn every_crate_is_on_the_map_and_held_to_it() {
    let folders = fs::read_dir(root().join("crates")).unwrap();
    let names = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap());
    let names: BTreeSet<_> = names.collect();
    let held = [
        "chaos",
        "cli",
        "conformance",
        "core",
        "journal",
        "paymux",
        "redis",
        "router",
        "simulator",
    ];
    let held: BTreeSet<_> = held.iter().chain(&ADAPTERS).map(|name| (*name).to_owned()).collect();
    assert_eq!(names, held, "crates, and those whose dependencies are checked here");
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table: Vec<_> = map.lines().take_while(|line| !line.starts_with("## ")).collect();
    for name in names {
        let is_there = |line: &&str| {
            let cell = line.split('|').nth(1).unwrap_or_default();
            cell.contains(&format!("crates/{name}`")) || cell.contains(&format!("`{name}`"))
        };
        assert!(table.iter().any(is_there), "the map has no crates/{name}");
    }
}

/// A version that stands in the workspace's table and that no member takes is one that nobody keeps up.
#[test]
fn every_dependency_of_the_workspace_is_taken() {
    let read = |path: &Path| -> Table {
        let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        text.parse().unwrap()
    };
    let workspace = read(&root().join("Cargo.toml"));
    let offered: BTreeSet<_> = workspace["workspace"]["dependencies"]
        .as_table()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    let folder = |name: &str| {
        fs::read_dir(root().join(name))
            .unwrap()
            .map(|entry| entry.unwrap().path())
    };
    let members = folder("crates").chain(folder("examples"));
    let members = members.chain(["benches", "fuzz", "tests"].map(|name| root().join(name)));
    let mut taken = BTreeSet::new();
    for manifest in members
        .map(|member| member.join("Cargo.toml"))
        .filter(|path| path.exists())
    {
        let manifest = read(&manifest);
        let targets = manifest.get("target").and_then(Value::as_table);
        let targets = targets
            .into_iter()
            .flat_map(|targets| targets.values().filter_map(Value::as_table));
        for table in targets.chain([&manifest]) {
            for kind in ["dependencies", "dev-dependencies", "build-dependencies"] {
                taken.extend(
                    table
                        .get(kind)
                        .and_then(Value::as_table)
                        .into_iter()
                        .flat_map(|t| t.keys().cloned()),
                );
            }
        }
    }
    let idle: Vec<_> = offered.difference(&taken).collect();
    assert!(idle.is_empty(), "no member takes {idle:?}");
    assert!(
        taken.is_subset(&offered),
        "not in the workspace's table: {:?}",
        taken.difference(&offered)
    );
}

/// The crates that cargo would compile for a package with these arguments.
fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .args(["tree", "--offline", "--prefix", "none", "--edges", "normal,build"])
        .args(["--package", package])
        .args(arguments)
        .current_dir(root())
        .output()
        .unwrap();
    assert!(tree.status.success(), "{}", String::from_utf8_lossy(&tree.stderr));
    let text = String::from_utf8(tree.stdout).unwrap();
    let names = text.lines().filter_map(|line| line.split(' ').next());
    let crates: BTreeSet<_> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    assert!(crates.contains(package), "{text}");
    crates
}

#[test]
fn one_feature_compiles_one_adapter() {
    for feature in ADAPTERS {
        let features = format!("{feature},rustls");
        let crates = tree("paymux", &["--no-default-features", "--features", &features]);
        for adapter in ADAPTERS {
            let is_there = crates.contains(&format!("paymux-{adapter}"));
            assert_eq!(is_there, adapter == feature, "{adapter} with --features {features}");
        }
    }
}

#[test]
fn the_core_names_no_provider() {
    let mut left = vec![root().join("crates/core/src")];
    let mut read = 0;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        read += 1;
        let text = fs::read_to_string(&path).unwrap().to_lowercase();
        let words = text.split(|c: char| !c.is_alphanumeric());
        let names = [
            "carry1st", "pay1st", "coolpay", "quickpay", "efaka", "oppwa", "opp", "qolo", "keybank",
        ];
        let found: BTreeSet<_> = words.filter(|word| names.contains(word)).collect();
        assert!(found.is_empty(), "{} names {found:?}", path.display());
    }
    assert!(read > 10, "only {read} files were read");
}

#[test]
fn the_core_has_no_runtime_and_no_http_client() {
    let crates = tree("paymux-core", &[]);
    for forbidden in [
        "tokio",
        "hyper",
        "reqwest",
        "rustls",
        "mio",
        "socket2",
        "futures-core",
        "rand",
        "url",
        "tracing",
    ] {
        assert!(!crates.contains(forbidden), "the core depends on {forbidden}");
    }
}

/// What is measured is told, captured or not: a budget that nobody sees is none.
fn tell(what: &str, figure: usize, budget: usize) {
    let line = format!("budget: {what}: {figure}, of at most {budget}\n");
    std::io::stderr().write_all(line.as_bytes()).unwrap();
    assert!(figure <= budget, "{line}");
}

#[test]
fn crates_in_the_tree() {
    let facade = |features: &str| tree("paymux", &["--no-default-features", "--features", features]).len();
    tell("crates of the core", tree("paymux-core", &[]).len(), 29);
    tell("crates of one adapter on hyper, with TLS", facade("coolpay,hyper"), 74);
    tell(
        "crates of one adapter on reqwest, with TLS",
        facade("coolpay,rustls"),
        114,
    );
    tell(
        "crates of all adapters on reqwest, with TLS",
        tree("paymux", &[]).len(),
        140,
    );
    tell(
        "crates of everything",
        tree("paymux-tests", &["--workspace"]).len(),
        330,
    );
}

/// Lines that are neither blank nor comment, without the tests that stand beside them.
fn code_lines(folder: &Path) -> usize {
    let mut lines = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            lines += code_lines(&path);
            continue;
        }
        // A row is no line of code.
        if path.ends_with("codes/table.rs") || path.ends_with("codes/tables.rs") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
        let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
        lines += code.lines().filter(is_code).count();
    }
    lines
}

#[test]
fn lines_of_code_per_adapter_without_the_tables_of_codes() {
    for adapter in ADAPTERS {
        let lines = code_lines(&root().join("crates").join(adapter).join("src"));
        assert!(lines > 500, "{adapter}: only {lines} lines were read");
        tell(&format!("lines of code of {adapter}"), lines, 4100);
    }
}
