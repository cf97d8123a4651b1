//! A table of ours beside a list from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use paymux::codes::{CodeTable, DecidedBy, Explanation};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use super::reader;
use crate::card_file;
use crate::exit::Failure;
use crate::explain::class;
use crate::output::Output;
use crate::table::{Cell, FAINT, HEAD, Table, paint};

/// What two lists have, and have not, in common.
struct Compared<'a> {
    table: &'a CodeTable,
    ours: BTreeMap<String, Explanation>,
    theirs: BTreeMap<String, Option<String>>,
    /// What was not read as a code.
    skipped: Vec<String>,
}

/// A code of theirs that we do not list: its text there, and what it means by our rules.
type Missing<'a> = (&'a str, Option<&'a str>, Explanation);

/// Compares.
pub(crate) fn command(table: &CodeTable, file: &Path) -> Result<Output, Failure> {
    let text = card_file::text("--diff", file)?;
    let wrong = |what: String| Failure::input(format!("--diff {}: {what}", file.display()));
    let is_code = |text: &str| (table.explain)(text).is_some();
    let list = reader::read(text.expose_secret(), &is_code).map_err(wrong)?;
    if list.rows.is_empty() {
        let what = format!("has no code of {}; one is {}", table.name, table.form);
        return Err(wrong(what));
    }
    let mut theirs = BTreeMap::new();
    for row in list.rows {
        theirs.entry(row.code).or_insert(row.text);
    }
    let compared = Compared {
        table,
        ours: (table.list)().into_iter().collect(),
        theirs,
        skipped: list.skipped,
    };
    let missing = compared.missing();
    Ok(Output::done(compared.text(&missing), compared.data(&missing)))
}

impl Compared<'_> {
    fn missing(&self) -> Vec<Missing<'_>> {
        self.theirs
            .iter()
            .filter(|(code, _)| !self.ours.contains_key(*code))
            .filter_map(|(code, text)| Some((code.as_str(), text.as_deref(), (self.table.explain)(code)?)))
            .collect()
    }

    fn only_ours(&self) -> impl Iterator<Item = (&String, &Explanation)> {
        self.ours.iter().filter(|(code, _)| !self.theirs.contains_key(*code))
    }

    /// What people read.
    fn text(&self, missing: &[Missing<'_>]) -> String {
        let mut out = format!(
            "{} codes here (checked {}), {} in the list, {} in both.\n",
            self.ours.len(),
            self.table.version,
            self.theirs.len(),
            self.theirs.len().saturating_sub(missing.len())
        );
        let mut section = |head: &str, rows: Vec<Vec<Cell>>| {
            if !rows.is_empty() {
                let head = paint(&format!("{head}: {}", rows.len()), HEAD);
                let mut table = Table::default();
                for row in rows {
                    table.row(row);
                }
                // Writing to a string cannot fail.
                let _ = write!(out, "\n{head}\n{table}");
            }
        };
        section(
            "In the list only, decided by nothing: unknown",
            missing
                .iter()
                .filter(|(.., meaning)| group(meaning).is_none())
                .map(|(code, text, _)| vec![(*code).into(), text.unwrap_or_default().into()])
                .collect(),
        );
        section(
            "In the list only, decided by their group",
            missing
                .iter()
                .filter_map(|(code, text, meaning)| {
                    let text = text.unwrap_or_default();
                    Some(vec![
                        (*code).into(),
                        class(meaning.class),
                        group(meaning)?.into(),
                        text.into(),
                    ])
                })
                .collect(),
        );
        section(
            "Here only",
            self.only_ours()
                .map(|(code, meaning)| vec![code.as_str().into(), class(meaning.class), meaning.gloss.into()])
                .collect(),
        );
        if !self.skipped.is_empty() {
            let what = format!("Not read as codes: {}", self.skipped.join(", "));
            let _ = writeln!(out, "\n{}", paint(&what, FAINT));
        }
        out
    }

    /// What programs read.
    fn data(&self, missing: &[Missing<'_>]) -> Value {
        let by_group = missing.iter().filter(|(.., meaning)| group(meaning).is_some());
        json!({
            "provider": self.table.name,
            "version": self.table.version,
            "here": self.ours.len(),
            "in_list": self.theirs.len(),
            "missing": missing.iter().map(|(code, text, meaning)| json!({
                "code": code,
                "text": text,
                "class": meaning.class,
                "decided_by": meaning.decided_by,
            })).collect::<Vec<_>>(),
            "by_group": by_group.map(|(code, ..)| code).collect::<Vec<_>>(),
            "only_here": self.only_ours().map(|(code, _)| code).collect::<Vec<_>>(),
            "not_read": self.skipped,
        })
    }
}

/// The group that decides what a code means, where it is one.
const fn group(meaning: &Explanation) -> Option<&'static str> {
    match meaning.decided_by {
        DecidedBy::Group(name) => Some(name),
        _ => None,
    }
}
