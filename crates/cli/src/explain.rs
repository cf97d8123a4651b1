//! `paymux explain`: what a provider's code means.

use paymux::codes::{CodeTable, DecidedBy, Explanation};
use paymux::{CodeClass, code_tables};
use serde_json::{Value, json};

use crate::args::ExplainArgs;
use crate::exit::Failure;
use crate::output::Output;
use crate::render::{advice, words};
use crate::table::{BAD, Cell, FAINT, GOOD, Table, WARN, paint};

/// Explains one code.
pub(crate) fn command(args: &ExplainArgs) -> Result<Output, Failure> {
    let table = find(&args.provider)?;
    let meaning = (table.explain)(&args.code).ok_or_else(|| {
        Failure::input(format!(
            "CODE: `{}` is no code of {}; one is {}",
            args.code, table.name, table.form
        ))
    })?;
    Ok(Output::done(
        card(&table, &args.code, &meaning),
        data(&args.code, &meaning),
    ))
}

/// The names of all tables.
pub(crate) fn names() -> Vec<&'static str> {
    code_tables().iter().map(|table| table.name).collect()
}

/// The table of a name.
pub(crate) fn find(name: &str) -> Result<CodeTable, Failure> {
    let table = code_tables().into_iter().find(|table| table.name == name);
    table.ok_or_else(|| Failure::input(format!("PROVIDER: `{name}` is none of {}", names().join(", "))))
}

fn data(code: &str, meaning: &Explanation) -> Value {
    json!({
        "code": code,
        "class": meaning.class,
        "reason": meaning.reason,
        "advice": meaning.advice,
        "side": meaning.side,
        "message": meaning.message(),
        "decided_by": meaning.decided_by,
    })
}

fn card(table: &CodeTable, code: &str, meaning: &Explanation) -> String {
    let mut rows = Table::default();
    let mut row = |name: &str, text: Cell| rows.row([Cell::styled(name, FAINT), text]);
    row("code", format!("{} {code}", table.name).into());
    row("class", class(meaning.class));
    row("meaning", meaning.gloss.into());
    if let Some(reason) = meaning.reason {
        row("reason", words(reason.as_str()).into());
    }
    row("try again", advice(meaning.advice).into());
    if let Some(side) = meaning.side {
        row("whose side", side.as_str().into());
    }
    if let Some(message) = meaning.message() {
        row("to the customer", message.into());
    }
    row("decided by", decided_by(meaning.decided_by).into());
    let note = "What the code says in general. A gateway also looks at what was asked and where the code stood.";
    format!("{rows}\n{}\n", paint(note, FAINT))
}

/// A class in its colour.
pub(crate) fn class(class: CodeClass) -> Cell {
    let style = match class {
        CodeClass::Approved => GOOD,
        CodeClass::Declined | CodeClass::Chargeback => BAD,
        _ => WARN,
    };
    Cell::styled(class.as_str(), style)
}

/// What decided, in words.
pub(crate) fn decided_by(by: DecidedBy) -> String {
    match by {
        DecidedBy::Exact => "its own entry".to_owned(),
        DecidedBy::Group(name) => format!("its group, {name}; the code itself is not known"),
        _ => "nothing; taken for neither approved nor declined".to_owned(),
    }
}
