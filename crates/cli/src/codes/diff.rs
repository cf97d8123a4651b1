//! A table of ours beside a list from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use paymux::codes::{CodeTable, DecidedBy};
use secrecy::ExposeSecret as _;
use serde_json::json;

use super::reader;
use crate::card_file;
use crate::exit::Failure;
use crate::explain::class;
use crate::output::Output;
use crate::table::{FAINT, HEAD, Table, paint};

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
    let ours: BTreeMap<_, _> = (table.list)().into_iter().collect();
    let mut theirs = BTreeMap::new();
    for row in list.rows {
        theirs.entry(row.code).or_insert(row.text);
    }
    let missing: Vec<_> = theirs
        .iter()
        .filter(|(code, _)| !ours.contains_key(*code))
        .filter_map(|(code, text)| Some((code, text, (table.explain)(code)?)))
        .collect();
    let only_ours: Vec<_> = ours.iter().filter(|(code, _)| !theirs.contains_key(*code)).collect();
    let (by_group, by_nothing): (Vec<_>, Vec<_>) = missing
        .iter()
        .partition(|(_, _, meaning)| matches!(meaning.decided_by, DecidedBy::Group(_)));

    let mut out = format!(
        "{} codes here (checked {}), {} in the list, {} in both.\n",
        ours.len(),
        table.version,
        theirs.len(),
        theirs.len().saturating_sub(missing.len())
    );
    let mut section = |head: &str, rows: Table, count: usize| {
        if count > 0 {
            // Writing to a string cannot fail.
            let _ = write!(out, "\n{}\n{rows}", paint(&format!("{head}: {count}"), HEAD));
        }
    };
    let mut rows = Table::default();
    for (code, text, _) in &by_nothing {
        rows.row([code.as_str().into(), text.as_deref().unwrap_or_default().into()]);
    }
    section("In the list only, decided by nothing: unknown", rows, by_nothing.len());
    let mut rows = Table::default();
    for (code, text, meaning) in &by_group {
        let group = match meaning.decided_by {
            DecidedBy::Group(name) => name,
            _ => "",
        };
        let text = text.as_deref().unwrap_or_default();
        rows.row([code.as_str().into(), class(meaning.class), group.into(), text.into()]);
    }
    section("In the list only, decided by their group", rows, by_group.len());
    let mut rows = Table::default();
    for (code, meaning) in &only_ours {
        rows.row([code.as_str().into(), class(meaning.class), meaning.gloss.into()]);
    }
    section("Here only", rows, only_ours.len());
    if !list.skipped.is_empty() {
        let what = format!("Not read as codes: {}", list.skipped.join(", "));
        let _ = writeln!(out, "\n{}", paint(&what, FAINT));
    }

    let data = json!({
        "provider": table.name,
        "version": table.version,
        "here": ours.len(),
        "in_list": theirs.len(),
        "missing": missing.iter().map(|(code, text, meaning)| json!({
            "code": code,
            "text": text,
            "class": meaning.class,
            "decided_by": meaning.decided_by,
        })).collect::<Vec<_>>(),
        "by_group": by_group.iter().map(|(code, ..)| code).collect::<Vec<_>>(),
        "only_here": only_ours.iter().map(|(code, _)| code).collect::<Vec<_>>(),
        "not_read": list.skipped,
    });
    Ok(Output::done(out, data))
}
