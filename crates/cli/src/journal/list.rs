//! What stands in the journal: many intents in a table, or one whole.

use std::cmp::Reverse;

use jiff::Timestamp;
use paymux_journal::{Change, Filter, Intent, Journal, State, StoreError};
use serde_json::json;

use super::{failed, open_known, view};
use crate::args::{ListArgs, ShowArgs, StateName};
use crate::exit::Failure;
use crate::output::Output;
use crate::table::{Cell, FAINT, HEAD, Table, WARN, paint};

/// How many rows are read at once.
pub(super) const PAGE: u32 = 500;

/// Lists the newest intents that fit.
pub(super) async fn list(args: &ListArgs) -> Result<Output, Failure> {
    let journal = open_known(&args.on).await?;
    let (newest, more, is_known) = newest(&journal, args).await.map_err(|error| failed(&error, &args.on))?;
    let data: Vec<_> = newest.iter().map(view::intent).collect();
    let mut text = table(&newest, Timestamp::now());
    if more > 0 {
        text.push_str(&format!("{more} more; --limit shows them\n"));
    }
    let mut output = Output::done(text, json!({ "intents": data, "more": more }));
    if let Some(name) = args.gateway.as_ref().filter(|_| !is_known) {
        output.aside = format!("note: nothing was ever asked of a gateway `{name}` through this journal\n");
    }
    Ok(output)
}

/// The newest that fit, how many more do, and whether the gateway that is asked for has any intent at all. No more than a page and the limit are in
/// memory.
async fn newest(journal: &Journal, args: &ListArgs) -> Result<(Vec<Intent>, usize, bool), StoreError> {
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut newest: Vec<Intent> = Vec::new();
    let mut fitting = 0_usize;
    let mut is_known = false;
    let mut after = None;
    loop {
        let page = journal.walk(after.as_ref(), PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.key.clone());
        is_known |= page
            .iter()
            .any(|intent| args.gateway.as_deref() == Some(&*intent.gateway));
        let fits = page.into_iter().filter(|intent| fits(intent, args));
        let known = newest.len();
        newest.extend(fits);
        fitting = fitting.saturating_add(newest.len().saturating_sub(known));
        newest.sort_by(|a, b| (Reverse(a.begun), &a.key).cmp(&(Reverse(b.begun), &b.key)));
        newest.truncate(limit);
    }
    let more = fitting.saturating_sub(newest.len());
    Ok((newest, more, is_known))
}

fn fits(intent: &Intent, args: &ListArgs) -> bool {
    let state = args.state.is_none_or(|state| state.state() == intent.state);
    let gateway = args.gateway.as_ref().is_none_or(|name| *name == intent.gateway);
    let order = args.order.is_none() || args.order == intent.order;
    let open = !args.open || intent.is_unsettled();
    let remarked = !args.remarked || intent.remark.is_some();
    state && gateway && order && open && remarked
}

impl StateName {
    const fn state(self) -> State {
        match self {
            Self::Open => State::Open,
            Self::Waiting => State::Waiting,
            Self::Done => State::Done,
            Self::Declined => State::Declined,
            Self::Failed => State::Failed,
            Self::Undone => State::Undone,
        }
    }
}

/// Intents in a table.
fn table(intents: &[Intent], now: Timestamp) -> String {
    if intents.is_empty() {
        return "There is none.\n".to_owned();
    }
    let head = [
        "reference",
        "gateway",
        "operation",
        "amount",
        "order",
        "state",
        "age",
        "remark",
    ];
    let mut table = Table::new(&head);
    for intent in intents {
        table.row([
            intent.key.reference.as_str().into(),
            intent.gateway.clone().into(),
            intent.operation.as_str().into(),
            intent
                .amount
                .map(|amount| amount.to_string())
                .unwrap_or_default()
                .into(),
            intent.order.clone().unwrap_or_default().into(),
            view::state(intent),
            view::age(intent.begun, now).into(),
            Cell::styled(intent.remark.clone().unwrap_or_default(), WARN),
        ]);
    }
    table.to_string()
}

/// Shows all that is kept under a reference.
pub(super) async fn show(args: &ShowArgs) -> Result<Output, Failure> {
    let journal = open_known(&args.on).await?;
    let (intents, changes) = named(&journal, args).await.map_err(|error| failed(&error, &args.on))?;
    if intents.is_empty() {
        let on = args.gateway.as_ref().map(|name| format!(" on gateway {name}"));
        return Err(Failure::input(format!(
            "REFERENCE: {} is not in the journal{}",
            args.reference,
            on.unwrap_or_default()
        )));
    }
    let (mut text, mut list) = (String::new(), Vec::new());
    for intent in &intents {
        let own = |change: &&Change| {
            let about = intent.about().is_some() && change.payment.as_ref() == intent.about();
            change.gateway == intent.gateway && (change.reference.as_ref() == Some(&intent.key.reference) || about)
        };
        let own: Vec<_> = changes.iter().filter(own).collect();
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&whole(intent, &own, Timestamp::now()));
        let mut data = view::intent(intent);
        if let Some(data) = data.as_object_mut() {
            data.insert(
                "changes".to_owned(),
                own.iter().map(|change| view::change(change)).collect(),
            );
        }
        list.push(data);
    }
    Ok(Output::done(text, json!({ "intents": list })))
}

/// The intents of a reference, and the changes that may be theirs.
async fn named(journal: &Journal, args: &ShowArgs) -> Result<(Vec<Intent>, Vec<Change>), StoreError> {
    let mut intents = journal.intents(&Filter::named(args.reference.clone())).await?;
    intents.retain(|intent| args.gateway.as_ref().is_none_or(|name| *name == intent.gateway));
    let mut changes = Vec::new();
    let mut since = 0;
    while !intents.is_empty() {
        let page = journal.changes(since, PAGE).await?;
        let Some(last) = page.last() else { break };
        since = last.seq;
        let may_be = |change: &Change| {
            let about = |intent: &Intent| change.payment.is_some() && change.payment.as_ref() == intent.about();
            change.reference.as_ref() == Some(&args.reference) || intents.iter().any(about)
        };
        changes.extend(page.into_iter().filter(may_be));
    }
    Ok((intents, changes))
}

fn whole(intent: &Intent, changes: &[&Change], now: Timestamp) -> String {
    let mut facts = Table::default();
    let mut put = |name: &str, value: Cell| {
        if !value.is_empty() {
            facts.row([Cell::styled(name, FAINT), value]);
        }
    };
    let when = |at: Timestamp| format!("{at:.0}");
    put("state", view::state(intent));
    put("remark", Cell::styled(intent.remark.clone().unwrap_or_default(), WARN));
    put("said", intent.said.clone().into());
    put(
        "gateway",
        format!("{} ({})", intent.gateway, intent.key.provider).into(),
    );
    put("account", intent.key.account.clone().into());
    put("order", intent.order.clone().unwrap_or_default().into());
    put(
        "payment",
        intent.about().map(ToString::to_string).unwrap_or_default().into(),
    );
    put("entries", intent.entries.join(", ").into());
    let outcome = intent.outcome.as_ref();
    put("outcome", outcome.map_or("", |recorded| recorded.came.as_str()).into());
    put(
        "payment is",
        outcome.map_or("", |recorded| recorded.payment.state.as_str()).into(),
    );
    put("begun", when(intent.begun).into());
    if intent.recorded {
        let first = intent.open.first_sent.map_or("unknown".to_owned(), when);
        put("sent", format!("{first} to {}", when(intent.open.last_sent)).into());
    } else if intent.sent_nothing() {
        put("sent", "nothing that may move money".into());
    }
    put("written", when(intent.written).into());
    put("attempt", intent.attempt.to_string().into());
    put("generation", intent.generation.to_string().into());
    if let Some(lease) = &intent.lease {
        let may = if lease.sends { "may send" } else { "asks" };
        let over = if lease.until < now { ", over" } else { "" };
        put(
            "lease",
            format!("{} {may} until {}{over}", lease.holder, when(lease.until)).into(),
        );
    }
    put("asked", intent.asked.to_string().into());
    put("ask at", intent.ask_at.map(when).unwrap_or_default().into());
    put("key", intent.idempotency_key.clone().unwrap_or_default().into());
    for memo in &intent.open.trail {
        let memo = serde_json::to_string(memo).unwrap_or_default();
        put("trail", memo.into());
    }
    let title = format!(
        "{}  {}",
        paint(intent.key.reference.as_str(), HEAD),
        crate::output::lines(&intent.to_string())
    );
    let mut text = format!("{title}\n\n{facts}");
    if !changes.is_empty() {
        let mut table = Table::new(&["change", "at", "what"]);
        for change in changes {
            let what = view::words(&change.what);
            table.row([change.seq.to_string().into(), when(change.at).into(), what.into()]);
        }
        text.push_str(&format!("\n{table}"));
    }
    text
}
