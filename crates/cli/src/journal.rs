//! `paymux journal`, and how a journal is opened.

mod decide;
mod export;
mod list;
mod next;
mod settle;
mod view;

use std::path::Path;
use std::sync::{Arc, OnceLock};

use paymux::SystemClock;
use paymux_journal::{Journal, Settings, StoreError};

use crate::args::{JournalCommand, JournalUrl, OnJournal};
use crate::exit::{Exit, Failure};
use crate::output;

/// The one journal that a command opens, so that it can be closed whatever way the command ends.
static OPENED: OnceLock<Journal> = OnceLock::new();

fn opened(journal: Result<Journal, StoreError>) -> Result<Journal, StoreError> {
    journal.inspect(|journal| {
        let _ = OPENED.set(journal.clone());
    })
}

/// Closes what was opened: with SQLite, all of it stands in one file then.
pub(crate) async fn close() {
    if let Some(journal) = OPENED.get() {
        journal.close().await;
    }
}

/// Opens a journal to write in; one that is not there is made.
pub(crate) async fn open(url: &JournalUrl) -> Result<Journal, Failure> {
    let journal = opened(Journal::open(url.expose()).await);
    journal.map_err(|error| Failure::input(format!("--journal: {}; nothing was sent", harmless(&error, url))))
}

/// Opens a journal to read it, or to go on with what was left. One that is not there is not made: what is empty would be taken for what is not there.
async fn open_known(on: &OnJournal) -> Result<Journal, Failure> {
    let journal = opened(Journal::open_existing(on.journal.expose()).await);
    journal.map_err(|error| Failure::input(format!("--journal: {}", harmless(&error, &on.journal))))
}

/// The same journal, with so many questions at once. Nothing may be asked of it before.
fn asking(journal: &Journal, questions: usize) -> Journal {
    let mut settings = Settings::default();
    settings.questions = questions;
    Journal::with(Arc::clone(journal.store()), Arc::new(SystemClock), settings)
}

/// What the store says, without the password.
pub(crate) fn harmless(error: &StoreError, url: &JournalUrl) -> String {
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
        JournalCommand::Decide(args) => decide::decide(&args).await,
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
