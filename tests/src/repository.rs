//! The repository's files, as the tests of its documents read them. All paths are from its root.

use std::fs;
use std::path::{Path, PathBuf};

/// The root.
#[must_use]
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The text of a file.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Whether something is there.
#[must_use]
pub fn is_there(path: &str) -> bool {
    root().join(path).exists()
}

/// What is in a folder, sorted.
///
/// # Panics
/// It cannot be read.
#[must_use]
pub fn names_in(folder: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap_or_else(|error| panic!("{folder}: {error}"));
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

/// Every document.
#[must_use]
pub fn documents() -> Vec<String> {
    let mut all: Vec<_> = names_in(".").into_iter().filter(|name| name.ends_with(".md")).collect();
    let pages = names_in("docs").into_iter().filter(|name| name.ends_with(".md"));
    all.extend(pages.map(|name| format!("docs/{name}")));
    for folder in ["crates", "examples"] {
        let readmes = names_in(folder)
            .into_iter()
            .map(|name| format!("{folder}/{name}/README.md"));
        all.extend(readmes.filter(|path| is_there(path)));
    }
    all.extend(["benches/README.md", "fuzz/README.md"].map(str::to_owned));
    all
}

/// Every piece of a document between backticks.
pub fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
