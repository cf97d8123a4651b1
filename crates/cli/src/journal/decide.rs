//! What a person found out, written down.

use paymux_journal::{Filter, Intent, Journal, Verdict};
use serde_json::json;

use super::{failed, open_known, view};
use crate::args::{DecideArgs, VerdictName};
use crate::exit::Failure;
use crate::output::Output;

/// Writes a verdict on the intent of a reference.
pub(super) async fn decide(args: &DecideArgs) -> Result<Output, Failure> {
    let journal = open_known(&args.on).await?;
    let intent = named(&journal, args).await?;
    let because = args.because.trim();
    if because.is_empty() {
        return Err(Failure::input("--because: must say who found out, and how"));
    }
    let before = (intent.state, intent.remark.clone());
    let decided = journal.decide(&intent.key, args.verdict.verdict(), because).await;
    let decided = decided.map_err(|error| match std::error::Error::source(&error) {
        // Whatever comes from the store may repeat its address.
        Some(_) => Failure::Other("--journal: cannot be written".to_owned()),
        None => Failure::input(error.message()),
    })?;
    if (decided.state, decided.remark.clone()) == before {
        let rule = match (args.verdict, decided.state) {
            (VerdictName::Stands, _) => "nobody need look at it".to_owned(),
            (_, state) => {
                format!("it is on record as {state}, which is not changed by hand; `stands` takes its remark away")
            }
        };
        return Err(Failure::input(format!(
            "REFERENCE: {}: {rule}; nothing was written",
            args.reference
        )));
    }
    let text = format!("{} is {} now: {because}\n", args.reference, decided.state);
    Ok(Output::done(text, json!({ "intent": view::intent(&decided) })))
}

/// The one intent of a reference.
async fn named(journal: &Journal, args: &DecideArgs) -> Result<Intent, Failure> {
    let found = journal.intents(&Filter::named(args.reference.clone())).await;
    let mut found = found.map_err(|error| failed(&error, &args.on))?;
    found.retain(|intent| args.gateway.as_ref().is_none_or(|name| *name == intent.gateway));
    match found.len() {
        0 => Err(Failure::input(format!(
            "REFERENCE: {} is not in the journal",
            args.reference
        ))),
        1 => found
            .pop()
            .ok_or_else(|| Failure::Other("the journal changed meanwhile".to_owned())),
        _ => {
            let names: Vec<_> = found.iter().map(|intent| intent.gateway.as_str()).collect();
            Err(Failure::input(format!(
                "--gateway: {} is on {}; name one",
                args.reference,
                names.join(", ")
            )))
        }
    }
}

impl VerdictName {
    const fn verdict(self) -> Verdict {
        match self {
            Self::Done => Verdict::Done(None),
            Self::NotDone => Verdict::NotDone,
            Self::Stands => Verdict::Stands,
        }
    }
}
