//! The crates whose types stand in our public interface, by rustdoc's own account, held against the table in `ARCHITECTURE.md`.
//!
//! `public-types FOLDER`, where the folder holds what rustdoc wrote as JSON; `.ci/more api` makes it. Exits 1 where the table and the interface differ.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "this is its output")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use serde_json::Value;

/// From a crate outside to those of ours that show its types.
type Shown = BTreeMap<String, BTreeSet<String>>;

const HEADING: &str = "## Other crates in the public interface";

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: public-types FOLDER")?;
    let mut shown = Shown::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().replace('_', "-");
        if path.extension().is_some_and(|end| end == "json") && name.starts_with("paymux") {
            let document: Value = serde_json::from_str(&fs::read_to_string(&path)?)?;
            for other in others(&document) {
                shown.entry(other).or_default().insert(name.clone());
            }
        }
    }
    let map = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md"))?;
    let listed = listed(&map);
    let words = |users: &BTreeSet<String>| users.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    for (name, users) in &shown {
        println!("{name}: {}", words(users));
    }
    if shown == listed {
        return Ok(ExitCode::SUCCESS);
    }
    for name in shown.keys().chain(listed.keys()).collect::<BTreeSet<_>>() {
        let [is, says] = [&shown, &listed].map(|all| all.get(name).map_or_else(|| "nowhere".to_owned(), words));
        if is != says {
            eprintln!("{name}: its types are shown by {is}; the table in ARCHITECTURE.md says {says}");
        }
    }
    Ok(ExitCode::FAILURE)
}

/// The rows under the heading: a crate, and those of ours that show its types.
fn listed(map: &str) -> Shown {
    let part = map.lines().skip_while(|line| *line != HEADING).skip(1);
    let rows = part
        .take_while(|line| !line.starts_with("## "))
        .filter(|line| line.starts_with("| `"));
    let names = |cell: &str| {
        cell.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let rows = rows.filter_map(|row| {
        let mut cells = row.split('|').skip(1);
        let others = names(cells.next()?);
        Some((others, names(cells.next()?)))
    });
    let mut listed = Shown::new();
    for (others, users) in rows {
        for other in others {
            listed.entry(other).or_default().extend(users.iter().cloned());
        }
    }
    listed
}

/// The crates, neither ours nor of the standard library, that the public items of a crate name.
fn others(document: &Value) -> BTreeSet<String> {
    let crate_of = |id: &Value| {
        let number = document.get("paths")?.get(id.to_string())?.get("crate_id")?;
        let name = document.get("external_crates")?.get(number.to_string())?.get("name")?;
        name.as_str()
    };
    let items = document.get("index").and_then(Value::as_object);
    let own = items.into_iter().flat_map(|items| items.values());
    let mut ids = Vec::new();
    for inner in own.filter(|item| item["crate_id"] == 0).map(|item| &item["inner"]) {
        let made = &inner["impl"];
        // What others implement for everything says nothing of us.
        if made["blanket_impl"].is_null() && made["is_synthetic"] != true {
            named(inner, &mut ids);
        }
    }
    let names = ids.into_iter().filter_map(crate_of);
    let is_other = |name: &&str| !["alloc", "core", "std"].contains(name) && !name.starts_with("paymux");
    names.filter(is_other).map(str::to_owned).collect()
}

/// The ids of all types and traits that an item names, and of what it exports anew.
fn named<'a>(value: &'a Value, ids: &mut Vec<&'a Value>) {
    match value {
        Value::Object(fields) => {
            let is_path = fields.contains_key("path") && fields.contains_key("args");
            ids.extend(fields.get("id").filter(|_| is_path));
            ids.extend(fields.get("use").and_then(|exported| exported.get("id")));
            let is_within = |name: &&String| !["items", "impls", "implementations"].contains(&name.as_str());
            fields
                .iter()
                .filter(|(name, _)| is_within(name))
                .for_each(|(_, field)| named(field, ids));
        }
        Value::Array(values) => values.iter().for_each(|value| named(value, ids)),
        _ => {}
    }
}
