//! Everything, one JSON document on each line, a page at a time.

use std::io;

use serde_json::Value;

use super::list::PAGE;
use super::{failed, open_known, view};
use crate::args::ExportArgs;
use crate::exit::{Exit, Failure};
use crate::output;

/// Prints all intents in the order of their keys, or all changes in theirs.
pub(super) async fn export(args: &ExportArgs) -> Result<Exit, Failure> {
    let journal = open_known(&args.on).await?;
    let mut after = None;
    let mut since = args.since;
    loop {
        let lines: Vec<Value> = if args.changes {
            let page = journal.changes(since, PAGE).await;
            let page = page.map_err(|error| failed(&error, &args.on))?;
            since = page.last().map_or(since, |change| change.seq);
            page.iter().map(view::change).collect()
        } else {
            let page = journal.walk(after.as_ref(), PAGE).await;
            let page = page.map_err(|error| failed(&error, &args.on))?;
            after = page.last().map(|intent| intent.key.clone()).or(after);
            page.iter().map(view::intent).collect()
        };
        if lines.is_empty() {
            return Ok(Exit::Done);
        }
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        match output::now(&text) {
            Ok(()) => {}
            // Whoever reads wants no more.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(Exit::Done),
            Err(error) => return Err(Failure::Other(format!("standard output: {error}"))),
        }
    }
}
