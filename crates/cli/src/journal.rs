//! `paymux journal`, and how a journal is opened.

mod export;
mod list;
mod settle;
mod view;

use std::path::Path;

use paymux_journal::{Journal, StoreError};

use crate::args::{JournalCommand, JournalUrl, OnJournal};
use crate::exit::{Exit, Failure};
use crate::output;

const RULE: &str = "name one as `sqlite:PATH` or `postgres://USER@HOST/DATABASE`";

/// Opens a journal; a file that is not there is made.
pub(crate) async fn open(url: &JournalUrl) -> Result<Journal, Failure> {
    place(url.expose()).map_err(|what| Failure::input(format!("--journal: {what}; nothing was sent")))?;
    let opened = Journal::open(url.expose()).await;
    opened.map_err(|error| Failure::input(format!("--journal: {}; nothing was sent", harmless(&error, url))))
}

/// Opens a journal to read it. One that is not there is not made: what is empty would be taken for what is not there.
async fn open_known(on: &OnJournal) -> Result<Journal, Failure> {
    let url = on.journal.expose();
    if let Some(path) = url.strip_prefix("sqlite:")
        && place(url).is_ok()
        && !Path::new(path).exists()
    {
        return Err(Failure::input(format!("--journal: there is no file `{path}`")));
    }
    open(&on.journal).await
}

/// What the address of a journal must be. What it holds is not repeated: it may be a password that stands at the wrong place.
fn place(url: &str) -> Result<(), String> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return match path {
            "" => Err("names no file; write `sqlite:PATH`".to_owned()),
            path if path.starts_with(':') => {
                Err("must be a file: what is kept in memory ends with the command".to_owned())
            }
            path if path.starts_with("//") => Err("is written with a path alone, as in `sqlite:paymux.db`".to_owned()),
            path if path.contains(['?', '#']) => Err("is written with a path alone, without options".to_owned()),
            _ => Ok(()),
        };
    }
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok(());
    }
    Err(format!("is no journal that is known; {RULE}"))
}

/// What the store says, without the password.
fn harmless(error: &StoreError, url: &JournalUrl) -> String {
    let text = error.to_string();
    let text = text.strip_prefix("the journal ").unwrap_or(&text).to_owned();
    secrets(url.expose()).fold(text, |text, secret| text.replace(secret, "…"))
}

/// The parts of a database's address that may be a password.
fn secrets(url: &str) -> impl Iterator<Item = &str> {
    let after = url.split_once("://").map_or("", |(_, after)| after);
    let user = after.rsplit_once('@').map_or("", |(user, _)| user);
    let password = user.split_once(':').map_or("", |(_, password)| password);
    let options = after.split_once('?').map_or("", |(_, options)| options);
    let options = options.split('&').filter_map(|option| option.strip_prefix("password="));
    std::iter::once(password)
        .chain(options)
        .filter(|secret| !secret.is_empty())
}

/// What a store that was opened could not do.
fn failed(error: &StoreError, on: &OnJournal) -> Failure {
    Failure::Other(format!("--journal: {}", harmless(error, &on.journal)))
}

/// Does what was asked of the journal.
pub(crate) async fn command(config: &Path, command: JournalCommand, as_json: bool) -> Exit {
    let result = match command {
        JournalCommand::List(args) => list::list(&args).await,
        JournalCommand::Show(args) => list::show(&args).await,
        JournalCommand::Settle(args) => match args.every {
            Some(every) => return settle::repeated(config, &args, every, as_json).await,
            None => settle::once(config, &args).await,
        },
        JournalCommand::Export(args) => match export::export(&args).await {
            Ok(exit) => return exit,
            Err(failure) => Err(failure),
        },
    };
    output::finish(as_json, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_names_a_file_or_a_database() {
        for good in [
            "sqlite:paymux.db",
            "sqlite:/var/lib/paymux.db",
            "postgres://u:p@h/d",
            "postgresql://h",
        ] {
            assert_eq!(place(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "paymux.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://paymux.db",
            "sqlite:x?mode=rwc",
            "mysql://u:hidden@h",
        ] {
            let what = place(bad).unwrap_err();
            assert!(!what.contains("hidden"), "{what}");
        }
    }

    #[test]
    fn no_password_is_in_what_is_said() {
        for (url, secret) in [
            ("postgres://u:hidden@h/d", "hidden"),
            ("postgres://u:hid@den@h/d", "hid@den"),
            ("postgres://h/d?user=u&password=hidden", "hidden"),
        ] {
            let error = StoreError::new("cannot be opened", format!("{secret} is wrong in {url}"));
            let said = harmless(&error, &url.parse().unwrap());
            assert!(!said.contains(secret) && said.starts_with("cannot be opened"), "{said}");
        }
    }
}
