//! The cargo commands in the documents name packages, tests, benches and programs that exist.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// From a package to the kinds and names of its targets.
fn packages() -> BTreeMap<String, Vec<(String, String)>> {
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--offline", "--no-deps", "--format-version", "1"])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        metadata.status.success(),
        "{}",
        String::from_utf8_lossy(&metadata.stderr)
    );
    let metadata: Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let target = |target: &Value| (text(&target["kind"][0]), text(&target["name"]));
    let package = |package: &Value| {
        let targets = package["targets"].as_array().unwrap();
        (text(&package["name"]), targets.iter().map(target).collect())
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn documents() -> Vec<PathBuf> {
    let files = |folder: PathBuf| {
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
    };
    let crates = files(root().join("crates")).map(|folder| folder.join("README.md"));
    let mut all: Vec<_> = files(root()).chain(files(root().join("docs"))).chain(crates).collect();
    all.retain(|path| path.extension().is_some_and(|end| end == "md") && path.exists());
    all
}

/// The commands of a text: what begins with `cargo` in a quotation or on a line of its own.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let ends = |c: char| matches!(c, '`' | '#' | '\n' | '|');
    let starts = text.match_indices("cargo ").filter(move |(at, _)| {
        text[..*at]
            .chars()
            .next_back()
            .is_none_or(|c| matches!(c, '`' | '\n' | ' '))
    });
    starts.filter_map(move |(at, _)| text[at..].split(ends).next())
}

#[test]
fn commands_in_the_documents_name_what_exists() {
    let packages = packages();
    let mut checked = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        for command in commands(&text) {
            let words: Vec<_> = command.split_whitespace().take_while(|word| *word != "--").collect();
            if !words
                .get(1)
                .is_some_and(|verb| ["run", "test", "bench", "build"].contains(verb))
            {
                continue;
            }
            let after = |flags: &[&str]| {
                let pairs = words.windows(2).filter(|pair| flags.contains(&pair[0]));
                pairs.map(|pair| pair[1]).collect::<Vec<_>>()
            };
            let named = after(&["-p", "--package"]);
            for name in &named {
                assert!(
                    packages.contains_key(*name),
                    "{}: `{command}`: there is no package {name}",
                    path.display()
                );
                checked += 1;
            }
            for (flag, kind) in [
                ("--test", "test"),
                ("--bench", "bench"),
                ("--bin", "bin"),
                ("--example", "example"),
            ] {
                for name in after(&[flag]) {
                    let targets = packages
                        .iter()
                        .filter(|(package, _)| named.is_empty() || named.contains(&package.as_str()));
                    let is_there = targets
                        .flat_map(|(_, targets)| targets)
                        .any(|(is, its)| is == kind && its == name);
                    assert!(is_there, "{}: `{command}`: there is no {kind} {name}", path.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 40, "{checked}");
}
