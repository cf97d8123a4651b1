//! The janitor, from the command line.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use paymux::Gateways;
use paymux_journal::{Filter, Found, Intent, Journal, Report, StoreError};
use serde_json::{Value, json};

use super::next::{self, Next};
use super::{asking, failed, open_known, view};
use crate::args::SettleArgs;
use crate::exit::{Exit, Failure};
use crate::gateways;
use crate::output::{self, Output};
use crate::stop::Stop;
use crate::table::{BAD, Cell, GOOD, Table, WARN};

/// A journal, and gateways that record in it.
struct Janitor {
    journal: Journal,
    gateways: Gateways,
}

/// Asks once about all that is due.
pub(super) async fn once(config: &Path, args: &SettleArgs) -> Result<Output, Failure> {
    let janitor = Janitor::open(config, args).await?;
    janitor.run().await.map_err(|error| failed(&error, &args.on))
}

/// Asks again and again, until Ctrl-C or SIGTERM; ends as the last whole run did. A question that it ends is asked again when its lease is over.
pub(super) async fn repeated(config: &Path, args: &SettleArgs, every: u64, as_json: bool) -> Exit {
    let janitor = match Janitor::open(config, args).await {
        Ok(janitor) => janitor,
        Err(failure) => return output::finish(as_json, Err(failure)),
    };
    let mut stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            let failure = Failure::Other(format!("Ctrl-C cannot be waited for: {error}"));
            return output::finish(as_json, Err(failure));
        }
    };
    let mut last = None;
    loop {
        let run = async {
            let result = janitor.run().await.map_err(|error| failed(&error, &args.on));
            match result {
                Ok(done) if as_json => line(&done.json, done.exit),
                Err(failure) if as_json => line(&failure.to_json(), failure.exit()),
                result => output::finish(as_json, result),
            }
        };
        tokio::select! {
            biased;
            () = stop.told() => break,
            exit = run => last = Some(exit),
        }
        tokio::select! {
            biased;
            () = stop.told() => break,
            () = tokio::time::sleep(Duration::from_secs(every)) => {}
        }
    }
    last.unwrap_or_else(|| {
        let what = "interrupted before the first run ended; what is open is not known";
        let failure = Failure::Other(what.to_owned());
        if as_json {
            line(&failure.to_json(), failure.exit())
        } else {
            output::finish(false, Err(failure))
        }
    })
}

/// One document for each run, on a line of its own.
fn line(document: &Value, exit: Exit) -> Exit {
    output::compact(document).map_or(Exit::Failed, |()| exit)
}

impl Janitor {
    async fn open(config: &Path, args: &SettleArgs) -> Result<Self, Failure> {
        let journal = asking(&open_known(&args.on).await?, args.at_once.get());
        let builder = Gateways::builder().recorder(journal.recorder());
        let gateways = gateways::load_with(builder, config)?;
        Ok(Self { journal, gateways })
    }

    async fn run(&self) -> Result<Output, StoreError> {
        let report = self.journal.settle(&self.gateways).await?;
        let rest = self.rest(&report).await?;
        Ok(shown(&report, &rest, &self.gateways))
    }

    /// What was not looked at, and yet has no end or is a person's; those first that are due first. Of each, no more than so many are read.
    async fn rest(&self, report: &Report) -> Result<Vec<Intent>, StoreError> {
        let unsettled = self.journal.intents(&Filter::due(Timestamp::MAX, Report::MOST)).await?;
        let mut known: HashSet<_> = report.found.iter().map(|found| found.intent().key.clone()).collect();
        let mut rest = unsettled;
        rest.extend(report.remarked.iter().cloned());
        rest.retain(|intent| known.insert(intent.key.clone()));
        Ok(rest)
    }
}

/// What was found, as a table, as data and as an exit code.
fn shown(report: &Report, rest: &[Intent], gateways: &Gateways) -> Output {
    let mut table = Table::new(&["reference", "gateway", "operation", "found", "state", "what"]);
    let (mut list, mut todo, mut exit) = (Vec::new(), Vec::new(), Exit::Done);
    let now = Timestamp::now();
    let found = report.found.iter().map(|found| (word(found), found.intent()));
    let rest = rest.iter().map(|intent| match intent.remark {
        Some(_) => ("person", intent),
        None => ("later", intent),
    });
    for (word, intent) in found.chain(rest) {
        exit = worse(exit, word);
        let next = Next::of(word, intent, gateways, now);
        todo.extend(next.map(|next| (next, intent)));
        let style = match word {
            "settled" => GOOD,
            "person" | "no gateway" => BAD,
            _ => WARN,
        };
        table.row([
            intent.key.reference.as_str().into(),
            intent.gateway.clone().into(),
            intent.operation.as_str().into(),
            Cell::styled(word, style),
            view::state(intent),
            what(word, intent).into(),
        ]);
        list.push(json!({
            "found": word.replace(' ', "_"),
            "what": what(word, intent),
            "next": next.map(Next::as_str),
            "intent": view::intent(intent),
        }));
    }
    let mut text = if list.is_empty() {
        "Nothing is left open.\n".to_owned()
    } else {
        table.to_string()
    };
    text.push_str(&next::lines(&todo));
    let people = u32::try_from(report.for_a_person().count()).unwrap_or(u32::MAX);
    if people > 0 {
        exit = Exit::Unknown;
        let least = if people >= Report::MOST { "at least " } else { "" };
        text.push_str(&format!(
            "for a person to look at: {least}{people}; `paymux journal decide` writes down what is found\n"
        ));
    }
    if report.met > 0 || report.parked > 0 {
        text.push_str(&format!(
            "events that met their payment: {}; events that wait for one: {}\n",
            report.met, report.parked
        ));
    }
    Output {
        text,
        aside: String::new(),
        json: json!({ "found": list, "for_a_person": people, "met": report.met, "parked": report.parked }),
        exit,
    }
}

const fn word(found: &Found) -> &'static str {
    match found {
        Found::Elsewhere(_) => "elsewhere",
        Found::NoGateway(_) => "no gateway",
        Found::Person(_) => "person",
        Found::Settled(_) => "settled",
        Found::Waiting(_) => "waiting",
        _ => "open",
    }
}

fn worse(exit: Exit, word: &str) -> Exit {
    match (exit, word) {
        (_, "person" | "no gateway") => Exit::Unknown,
        (exit, "settled") => exit,
        (Exit::Done, _) => Exit::Open,
        (exit, _) => exit,
    }
}

/// What whoever reads should know of it.
fn what(word: &str, intent: &Intent) -> String {
    match word {
        "no gateway" => "no gateway of the configuration is on its account".to_owned(),
        "elsewhere" => "another process works on it".to_owned(),
        "later" => match intent.due() {
            Some(due) => format!("is asked about from {due:.0} on: {}", intent.said),
            None => intent.said.clone(),
        },
        _ => intent.remark.clone().unwrap_or_else(|| intent.said.clone()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_outweighs_what_waits_and_that_what_is_settled() {
        for (words, exit) in [
            (&["settled"][..], Exit::Done),
            (&["settled", "waiting", "settled"], Exit::Open),
            (&["later"], Exit::Open),
            (&["person", "waiting"], Exit::Unknown),
            (&["open", "no gateway"], Exit::Unknown),
        ] {
            let ended = words.iter().fold(Exit::Done, |exit, word| worse(exit, word));
            assert_eq!(ended, exit, "{words:?}");
        }
    }
}
