//! Every link and every path that a document names leads somewhere, in the repository and in rustdoc; and the map names all that there is.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use paymux_tests::repository::{documents, is_there, names_in, quoted, read, root};

/// Where its links lead.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
}

/// Where a path of the documents at the root leads: from there, from `crates`, or from the engine's crate, as the map shortens them.
fn place(path: &str) -> Option<PathBuf> {
    let bases = ["", "crates", "crates/paymux/src"];
    let mut places = bases.iter().map(|base| root().join(base).join(path));
    places.find(|place| place.exists())
}

#[test]
fn links_and_paths_exist() {
    let tops = [".ci/", "benches/", "crates/", "docs/", "examples/", "fuzz/", "tests/"];
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        let folder = root().join(&document).parent().unwrap().to_owned();
        for link in links(&text) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let is_ours = !file.is_empty() && !file.contains([':', ' ']) && (file.contains('/') || file.contains('.'));
            if is_ours {
                seen += 1;
                let target = fs::read(folder.join(file)).unwrap_or_else(|_| panic!("{document} links to {link}"));
                let headings = headings(&String::from_utf8_lossy(&target));
                assert!(
                    heading.is_empty() || headings.contains(heading),
                    "{document} links to {link}"
                );
            }
        }
        // What the comparison names is in other repositories.
        let at_root = !document.contains('/') && document != "COMPARE.md";
        for path in quoted(&text) {
            // Names in capitals and stars stand for something; folders inside of a crate are another test's affair.
            let is_inside = path.ends_with('/') && !tops.iter().any(|top| path.starts_with(top));
            let is_pattern = path.contains([' ', '*', '\n', ':', '<']) || path.contains("NAME") || is_inside;
            if is_pattern || !path.contains('/') || path.starts_with('/') {
                continue;
            }
            if tops.iter().any(|top| path.starts_with(top)) {
                seen += 1;
                assert!(is_there(path), "{document} names {path}");
            } else if at_root {
                seen += 1;
                assert!(place(path).is_some(), "{document} names {path}");
            }
        }
    }
    assert!(seen > 200, "{seen}");
}

/// The headings of a page, as links name them.
fn headings(text: &str) -> BTreeSet<String> {
    let lines = text.lines().filter_map(|line| line.strip_prefix('#'));
    let name = |line: &str| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    };
    lines.map(name).collect()
}

/// A page that a crate shows as its own stands elsewhere in rustdoc: a link from file to file is dead there.
#[test]
fn what_rustdoc_includes_links_to_no_file() {
    let mut seen = 0;
    for name in names_in("crates")
        .into_iter()
        .map(|name| format!("crates/{name}"))
        .chain(["benches".into(), "fuzz".into()])
    {
        let source = read(&format!("{name}/src/lib.rs"));
        if !source.starts_with("#![doc = include_str!(\"../README.md\")]") {
            continue;
        }
        seen += 1;
        for link in links(&read(&format!("{name}/README.md"))) {
            let is_file = !link.starts_with(['#', 'h']) && !link.contains("::");
            assert!(!is_file, "{name}/README.md links to {link}");
        }
    }
    assert!(seen > 10, "{seen}");
}

/// The map's table of invariants names a file and what in it enforces each.
#[test]
fn what_the_map_names_is_there() {
    let map = read("ARCHITECTURE.md");
    let table = map.split("| invariant | where |").nth(1).unwrap();
    let mut seen = 0;
    for line in table
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('|'))
    {
        let whereabouts = line.split('|').nth(2).unwrap_or_default();
        let mut source = None;
        for name in quoted(whereabouts) {
            match (&source, name.ends_with(".rs")) {
                (_, true) => source = place(name).and_then(|path| fs::read_to_string(path).ok()),
                (Some(text), false) if !name.contains(':') && !name.ends_with('/') => {
                    seen += 1;
                    assert!(text.contains(&format!("fn {name}(")), "{line}");
                }
                _ => {}
            }
        }
    }
    assert!(seen >= 7, "{seen}");
}

/// Whoever opens the repository finds on the map what each folder of the workspace is, and each folder inside of a crate.
#[test]
fn the_map_names_what_there_is() {
    let map = read("ARCHITECTURE.md");
    let members = read("Cargo.toml")
        .split("members = [")
        .nth(1)
        .unwrap()
        .split("\n]")
        .next()
        .unwrap()
        .to_owned();
    let mut folders: BTreeSet<_> = members
        .split('"')
        .skip(1)
        .step_by(2)
        .filter_map(|path| path.split('/').next())
        .collect();
    folders.extend([".ci", "docs"]);
    assert!(folders.len() > 5, "{folders:?}");
    for name in folders {
        let there = [format!("`{name}`"), format!("`{name}/")]
            .iter()
            .any(|text| map.contains(text));
        assert!(there, "the map has no {name}");
    }
    let inside = map
        .split("## Inside the crates")
        .nth(1)
        .unwrap()
        .split("\n## ")
        .next()
        .unwrap();
    let mut seen = 0;
    for name in names_in("crates") {
        // The adapters have a list of their own, the same for each.
        let Some(row) = inside.lines().find(|line| line.starts_with(&format!("| `{name}` |"))) else {
            let adapter = is_there(&format!("crates/{name}/src/adapter.rs"));
            assert!(adapter, "the map says nothing of what is in crates/{name}");
            continue;
        };
        let source = format!("crates/{name}/src");
        for file in names_in(&source) {
            if root().join(&source).join(&file).is_dir() {
                seen += 1;
                assert!(row.contains(&format!("`{file}/`")), "{row}: {file}");
            }
        }
        for file in quoted(row)
            .skip(1)
            .filter(|file| file.ends_with('/') || file.ends_with(".rs"))
        {
            seen += 1;
            assert!(is_there(&format!("{source}/{file}")), "{row}: there is no {file}");
        }
    }
    assert!(seen > 60, "{seen}");
}
