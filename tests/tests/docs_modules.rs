//! Every public module, and every crate, shows in its own documentation what it is for, with an example that is compiled.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::path::{Path, PathBuf};

const CRATES: [&str; 12] = [
    "carry1st",
    "chaos",
    "conformance",
    "coolpay",
    "core",
    "journal",
    "opp",
    "paymux",
    "qolo",
    "redis",
    "router",
    "simulator",
];

/// A module: its path as a user writes it, and the file that it is in.
struct Module {
    name: String,
    file: PathBuf,
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What stands at the head of a file about its module: the lines `//!`, and the files that it includes.
fn docs(file: &Path) -> String {
    let mut docs = String::new();
    for line in read(file).lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("//!") {
            docs.push_str(text.strip_prefix(' ').unwrap_or(text));
            docs.push('\n');
        } else if let Some(rest) = line.strip_prefix("#![doc = include_str!(\"") {
            let path = rest.split('"').next().unwrap();
            docs.push_str(&read(&file.parent().unwrap().join(path)));
            docs.push('\n');
        } else if !line.is_empty() && !line.starts_with("#![") {
            break;
        }
    }
    docs
}

/// Whether rustdoc compiles a block that begins with these words: they are its own, and none of them keeps the block from it.
fn compiles(words: &str) -> bool {
    let own = |word: &str| word == "rust" || word == "no_run" || word == "should_panic" || word.starts_with("edition");
    words.split([',', ' ']).filter(|word| !word.is_empty()).all(own)
}

/// Whether there is such a block with something in it.
fn has_example(docs: &str) -> bool {
    let mut inside = None;
    let mut found = false;
    for line in docs.lines().map(str::trim) {
        match (line.strip_prefix("```"), inside) {
            (Some(words), None) => inside = Some(compiles(words)),
            (Some(_), Some(_)) => inside = None,
            (None, Some(true)) => found |= !line.is_empty() && !line.starts_with('#'),
            (None, _) => {}
        }
    }
    found
}

/// The public modules that a file declares. One that is written in braces would have no file, and is not looked into.
fn declared(file: &Path) -> Vec<String> {
    let text = read(file);
    let lines = text.lines().filter(|line| line.starts_with("pub mod "));
    let names = lines.map(|line| {
        let name = line.strip_prefix("pub mod ").and_then(|rest| rest.strip_suffix(';'));
        name.unwrap_or_else(|| panic!("{}: `{line}` is in no file of its own", file.display()))
            .to_owned()
    });
    names.collect()
}

/// A module's public modules, and theirs.
fn below(module: &Module, all: &mut Vec<Module>) {
    let is_root = ["lib.rs", "mod.rs"].iter().any(|name| module.file.ends_with(name));
    let folder = if is_root {
        module.file.parent().unwrap().to_owned()
    } else {
        module.file.with_extension("")
    };
    for name in declared(&module.file) {
        let files = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
        let file = files.into_iter().find(|file| file.exists());
        let inner = Module {
            name: format!("{}::{name}", module.name),
            file: file.unwrap_or_else(|| panic!("{}::{name} has no file", module.name)),
        };
        below(&inner, all);
        all.push(inner);
    }
}

fn modules() -> Vec<Module> {
    let mut all = Vec::new();
    for name in CRATES {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates").join(name);
        let module = Module {
            name: name.to_owned(),
            file: root.join("src/lib.rs"),
        };
        below(&module, &mut all);
        all.push(module);
    }
    all
}

#[test]
fn every_public_module_has_an_example() {
    let modules = modules();
    let without: Vec<_> = modules
        .iter()
        .filter(|module| !has_example(&docs(&module.file)))
        .collect();
    let names: Vec<_> = without.iter().map(|module| module.name.as_str()).collect();
    assert!(names.is_empty(), "no example that is compiled: {}", names.join(", "));
    for nested in [
        "core::vocabulary",
        "paymux::axum",
        "paymux::webhooks",
        "simulator::qolo::seeds",
    ] {
        assert!(
            modules.iter().any(|module| module.name == nested),
            "{nested} was not looked at"
        );
    }
}

#[test]
fn every_crate_is_looked_at_but_the_command_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != "cli")
        .collect();
    names.sort();
    assert_eq!(names, CRATES);
}

#[test]
fn only_what_is_compiled_is_an_example() {
    for (docs, expected) in [
        ("```\nlet one = 1;\n```", true),
        ("Text.\n\n```rust,no_run\nlet one = 1;\n```\n", true),
        ("```text\nlet one = 1;\n```", false),
        ("```ignore\nlet one = 1;\n```", false),
        ("```rust,ignore\nlet one = 1;\n```", false),
        ("```toml\n[one]\n```\n\nText.\n", false),
        ("```toml\n[one]\n```\n\n```\nlet one = 1;\n```", true),
        ("```\n# hidden\n\n```", false),
        ("Text.", false),
    ] {
        assert_eq!(has_example(docs), expected, "{docs}");
    }
}
