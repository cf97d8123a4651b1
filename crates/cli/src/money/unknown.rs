//! Outcomes that nobody knows: how they are read from a file, and shown.

use std::path::Path;

use jiff::Timestamp;
use paymux::{Duplicates, Error, Fate, Gateway, PaymentGateway as _, Unresolved};
use secrecy::ExposeSecret as _;
use serde::Deserialize;

use super::cashier::Cashier;
use crate::card_file;
use crate::exit::{Exit, Failure};
use crate::output::{Output, lines};
use crate::table::{BAD, paint};

/// The unresolved operation as it was printed: alone, or inside an error.
pub(super) fn read(file: &Path) -> Result<Unresolved, Failure> {
    let text = card_file::text("FILE", file)?;
    parsed(text.expose_secret()).map_err(|what| Failure::input(format!("FILE {}: {what}", file.display())))
}

fn parsed(text: &str) -> Result<Unresolved, String> {
    #[derive(Deserialize)]
    struct Wrapped {
        unresolved: Unresolved,
    }

    // Some editors and shells begin a file with a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let value: serde_json::Value = serde_json::from_str(text).map_err(|e| format!("is not JSON: {e}"))?;
    // Read from the text, and not from the value, which has kept the last of what was given twice.
    let read = match value.get("unresolved") {
        Some(_) => serde_json::from_str(text).map(|Wrapped { unresolved }| unresolved),
        None => serde_json::from_str(text),
    };
    read.map_err(|e| format!("is no unresolved operation: {e}"))
}

/// What to do about an error whose fate is unknown, and what to ask with. `by_hand`: the journal has it as done, without its payment. Other errors are shown as failures.
pub(super) fn shown(cashier: &Cashier, error: &Error, kept: Option<&Path>, by_hand: bool) -> Option<Output> {
    if error.fate() != Fate::Unknown {
        return None;
    }
    let mut aside = format!("{} {}\n", paint("unknown:", BAD), lines(error.report().trim_end()));
    let mut text = String::new();
    if let Some(unresolved) = error.unresolved()
        && let Ok(json) = serde_json::to_string_pretty(unresolved)
    {
        // What could not be written in the journal is asked about as without one.
        let journaled = cashier.is_journaled() && !error.is_unrecorded();
        aside.push_str(&match kept {
            _ if by_hand => BY_HAND.to_owned(),
            None if journaled => in_journal(unresolved, Timestamp::now()),
            kept => next_steps(&cashier.gateway, unresolved, kept),
        });
        text = format!("{json}\n");
    }
    Some(Output {
        text,
        aside,
        json: error.to_json(),
        exit: Exit::Unknown,
    })
}

/// How to go on with what a person wrote down without its payment.
const BY_HAND: &str = "It is on record as done, by hand, and stays so: nothing is sent under this reference any more. Who wrote it, and why, tells\n\
                       \x20 paymux journal show REFERENCE\n";

/// How to go on with what stands in the journal.
fn in_journal(unresolved: &Unresolved, now: Timestamp) -> String {
    let mut text = "Nobody knows whether this was done. It is in the journal: the same command asks, and so does\n\x20 paymux journal settle\n\
                    Do not send it under another reference.\n"
        .to_owned();
    if unresolved.last_sent > now {
        let left = unresolved.last_sent.duration_since(now).as_secs().saturating_add(1);
        text.push_str(&format!(
            "Whoever began it may be at work on it for another {left} s; nobody asks before.\n"
        ));
    }
    text
}

/// A word of a command as a shell reads it back.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '+' | ':' | '@' | '%' | ',');
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How to go on when nobody knows what became of an operation.
fn next_steps(gateway: &Gateway, unresolved: &Unresolved, kept: Option<&Path>) -> String {
    let (how, file) = match kept {
        Some(path) => (
            "What is needed to ask is kept; ask".to_owned(),
            quoted(&path.display().to_string()),
        ),
        None => ("Keep the JSON above in a file, and ask".to_owned(), "FILE".to_owned()),
    };
    let capabilities = gateway.capabilities();
    let is_ours = unresolved.provider == capabilities.provider && unresolved.account == capabilities.account;
    // On a gateway of another account nothing can be found; the way leads back to its own.
    let name = if is_ours { gateway.name() } else { &unresolved.gateway };
    let mut text = format!(
        "Nobody knows whether this was done. Do not send it again. {how}:\n\x20 paymux resolve --gateway {name} {file}\n"
    );
    if let Duplicates::Key(life) = capabilities.duplicates
        && is_ours
        && let Some(ends) = unresolved.first_sent.and_then(|first| first.checked_add(life).ok())
    {
        text.push_str(&format!(
            "If that does not settle it, it can be finished under its key until {ends:.0}, with the options that it had:\n\
             \x20 paymux complete {file} {} --gateway {name} …\n",
            unresolved.operation
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_file_is_named_as_a_shell_reads_it() {
        assert_eq!(quoted("/tmp/open-1.json"), "/tmp/open-1.json");
        assert_eq!(quoted("my file"), "'my file'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted(""), "''");
    }
}
