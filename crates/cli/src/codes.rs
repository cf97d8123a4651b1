//! `paymux codes`: a provider's codes, as a list or beside a list from elsewhere.

mod diff;
mod reader;

use std::fmt::Write as _;

use paymux::codes::{CodeTable, Explanation};
use serde_json::{Value, json};

use crate::args::CodesArgs;
use crate::exit::Failure;
use crate::explain::{class, find};
use crate::output::Output;
use crate::render::{advice, words};
use crate::table::{FAINT, Table, paint};

/// Lists or compares.
pub(crate) fn command(args: &CodesArgs, as_json: bool) -> Result<Output, Failure> {
    let table = find(&args.provider)?;
    if let Some(file) = &args.diff {
        return diff::command(&table, file);
    }
    if args.csv && as_json {
        return Err(Failure::input("--csv: cannot be used with --json"));
    }
    let rows = (table.list)();
    let text = if args.csv { csv(&rows) } else { text(&table, &rows) };
    let data = json!({
        "provider": table.name,
        "version": table.version,
        "source": table.source,
        "codes": rows.iter().map(|(code, meaning)| data(code, meaning)).collect::<Vec<_>>(),
    });
    Ok(Output::done(text, data))
}

fn data(code: &str, meaning: &Explanation) -> Value {
    json!({
        "code": code,
        "class": meaning.class,
        "reason": meaning.reason,
        "advice": meaning.advice,
        "side": meaning.side,
        "meaning": meaning.gloss,
    })
}

fn text(table: &CodeTable, rows: &[(String, Explanation)]) -> String {
    let mut lines = Table::new(&["code", "class", "reason", "try again", "side", "meaning"]);
    for (code, meaning) in rows {
        lines.row([
            code.clone().into(),
            class(meaning.class),
            meaning
                .reason
                .map(|reason| words(reason.as_str()))
                .unwrap_or_default()
                .into(),
            advice(meaning.advice).into(),
            meaning.side.map(|side| side.as_str()).unwrap_or_default().into(),
            meaning.gloss.into(),
        ]);
    }
    let note = format!(
        "{} codes, checked {}. Source: {}.",
        rows.len(),
        table.version,
        table.source
    );
    format!("{lines}\n{}\n", paint(&note, FAINT))
}

fn csv(rows: &[(String, Explanation)]) -> String {
    let mut out = String::from("code,class,reason,advice,side,meaning\n");
    for (code, meaning) in rows {
        // The string form with its time is that of serde.
        let advice = json!(meaning.advice);
        let fields = [
            code,
            meaning.class.as_str(),
            meaning.reason.map(|reason| reason.as_str()).unwrap_or_default(),
            advice.as_str().unwrap_or_default(),
            meaning.side.map(|side| side.as_str()).unwrap_or_default(),
            meaning.gloss,
        ];
        let fields: Vec<_> = fields.into_iter().map(quoted).collect();
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}", fields.join(","));
    }
    out
}

/// A field as RFC 4180 wants it.
fn quoted(field: &str) -> String {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        assert_eq!(quoted("plain text"), "plain text");
        assert_eq!(quoted("a, b"), "\"a, b\"");
        assert_eq!(quoted("the \"word\""), "\"the \"\"word\"\"\"");
        assert_eq!(quoted("two\nlines"), "\"two\nlines\"");
    }

    #[test]
    fn what_is_written_as_csv_is_read_again() {
        for table in paymux::code_tables() {
            let rows = (table.list)();
            let read = reader::read(&csv(&rows), &|text| (table.explain)(text).is_some()).unwrap();
            let codes: Vec<_> = read.rows.iter().map(|row| row.code.clone()).collect();
            let expected: Vec<_> = rows.into_iter().map(|(code, _)| code).collect();
            assert_eq!(codes, expected, "{}", table.name);
            assert!(read.skipped.is_empty(), "{}: {:?}", table.name, read.skipped);
        }
    }
}
