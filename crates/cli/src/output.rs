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
    let written = if as_json { line(&json) } else { both(&text, &aside) };
    match written {
        Ok(()) => exit,
        // Whoever reads has gone. What the operation came to still counts, unless it seemed to be well.
        Err(_) if exit == Exit::Done => Exit::Failed,
        Err(_) => exit,
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

fn both(text: &str, aside: &str) -> io::Result<()> {
    let mut out = anstream::stdout();
    out.write_all(text.as_bytes())?;
    out.flush()?;
    anstream::stderr().write_all(aside.as_bytes())
}
