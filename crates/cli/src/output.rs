//! What commands give, and how it is printed: for a person, or as one JSON document.

use std::io::{self, Write};

use paymux::visible;
use serde_json::Value;

use crate::exit::{Exit, Failure};
use crate::table::{BAD, paint};

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Output {
    /// For a person; may hold colours, which are taken out where there is no terminal.
    pub(crate) text: String,
    /// What a person should be told besides, on standard error.
    pub(crate) aside: String,
    /// The same as data.
    pub(crate) json: Value,
    /// The exit code.
    pub(crate) exit: Exit,
}

impl Output {
    /// An output without an aside, of a command that is done.
    pub(crate) const fn done(text: String, json: Value) -> Self {
        Self {
            text,
            aside: String::new(),
            json,
            exit: Exit::Done,
        }
    }
}

/// Prints what a command came to, and gives its exit code.
pub(crate) fn finish(as_json: bool, result: Result<Output, Failure>) -> Exit {
    let (text, aside, json, exit) = match result {
        Ok(output) => (output.text, output.aside, output.json, output.exit),
        Err(failure) => {
            let aside = format!("{} {}\n", paint("error:", BAD), lines(&failure.to_string()));
            (String::new(), aside, failure.to_json(), failure.exit())
        }
    };
    let written = if as_json { line(&json) } else { now(&text) };
    if !as_json {
        self::aside(&aside);
    }
    let Err(error) = written else { return exit };
    if let Some(told) = untold(&error, &json) {
        self::aside(&format!("{} {}\n", paint("error:", BAD), visible(&told)));
    }
    // What money came to counts, also where nobody could read it.
    if exit == Exit::Done && json.get("outcome").is_none() {
        return Exit::Failed;
    }
    exit
}

/// What must not be lost with a result that could not be written. Whoever stopped reading something else knows it.
fn untold(error: &io::Error, json: &Value) -> Option<String> {
    let lost = format!("the result could not be written on standard output ({error})");
    let text = |value: &Value| value.as_str().unwrap_or("not known").to_owned();
    if let Some(outcome) = json.get("outcome") {
        let payment = json
            .pointer("/payment/reference")
            .map_or_else(|| "not known".to_owned(), text);
        return Some(format!("{lost}: {}, payment {payment}", text(outcome)));
    }
    match json.get("unresolved") {
        Some(open) => Some(format!(
            "{lost}: nobody knows whether it was done; keep this to ask with: {open}"
        )),
        None if error.kind() == io::ErrorKind::BrokenPipe => None,
        None => Some(format!("standard output: {error}")),
    }
}

/// Prints why arguments cannot be used (or the help that they ask for), and gives the exit code.
pub fn refuse(error: &clap::Error, as_json: bool) -> Exit {
    let text = error.to_string();
    // Only the first paragraph says what is wrong; usage and help follow.
    let what = text.strip_prefix("error: ").and_then(|text| text.split("\n\n").next());
    match what {
        Some(what) if as_json => finish(true, Err(Failure::input(what.trim_end()))),
        _ => match error.print() {
            Ok(()) if error.use_stderr() => Exit::Bad,
            Ok(()) => Exit::Done,
            Err(_) => Exit::Failed,
        },
    }
}

/// A text of several lines in which nothing else is obeyed by a terminal.
pub(crate) fn lines(text: &str) -> String {
    let lines: Vec<_> = text.split('\n').map(visible).collect();
    lines.join("\n")
}

/// Prints one JSON document, indented.
pub(crate) fn line(json: &Value) -> io::Result<()> {
    let mut out = anstream::stdout();
    writeln!(out, "{json:#}")?;
    out.flush()
}

/// Prints one JSON document on one line.
pub(crate) fn compact(json: &Value) -> io::Result<()> {
    now(&format!("{json}\n"))
}

/// Prints a text at once.
pub(crate) fn now(text: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()
}

/// Tells a person something besides at once. Whoever does not listen is not told.
pub(crate) fn aside(text: &str) {
    let _ = anstream::stderr().write_all(text.as_bytes());
}
