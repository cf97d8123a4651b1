//! `paymux chaos`: payments in worlds where everything goes wrong, and the account of the money.

use std::collections::BTreeMap;
use std::num::NonZero;
use std::time::{Duration, Instant, SystemTime};

use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use paymux_chaos::{Ends, Run, Sabotage, Tally, Why, Wrong};
use serde_json::{Value, json};

use crate::args::ChaosArgs;
use crate::exit::{Exit, Failure};
use crate::output::Output;
use crate::table::{BAD, Cell, FAINT, GOOD, HEAD, Table, WARN, paint};

/// The calls of each step at which every single mishap is tried by `--small`.
const SMALL_CALLS: u32 = 8;
/// How many payments are made where nobody says.
const PAYMENTS: u64 = 100_000;

/// Runs the worlds and gives the account.
pub(crate) fn command(args: &ChaosArgs) -> Result<Output, Failure> {
    let payments = args.payments.unwrap_or(PAYMENTS);
    if payments == 0 {
        return Err(Failure::input("--payments: must be above zero"));
    }
    let threads = args.threads.or_else(|| std::thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZero::get);
    let seed = args.seed.unwrap_or_else(some_seed);
    let bar = bar(args);
    let start = Instant::now();
    let progress = |done| bar.set_position(done);
    let tally = if args.small {
        paymux_chaos::small(SMALL_CALLS, threads, &Sabotage::none(), &progress)
    } else {
        let run = Run {
            seed,
            worlds: payments,
            threads,
            only: paymux_chaos::stands::NAMES
                .into_iter()
                .find(|name| args.gateway.as_deref() == Some(name)),
            stops: false,
        };
        paymux_chaos::run(run, &Sabotage::none(), &progress)
    };
    bar.finish_and_clear();
    let seed = (!args.small).then_some(seed);
    let took = start.elapsed();
    Ok(Output {
        text: text(&tally, seed, args.gateway.as_deref(), took),
        aside: String::new(),
        json: data(&tally, seed, took),
        exit: if tally.is_clean() && tally.least().is_none_or(|(_, count)| count >= args.least) {
            Exit::Done
        } else {
            Exit::Failed
        },
    })
}

/// Seeds that are close to each other share their worlds, so these are far apart.
pub(crate) fn some_seed() -> u64 {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    now.as_secs() << 24
}

/// A bar on a terminal; nothing elsewhere.
fn bar(args: &ChaosArgs) -> ProgressBar {
    let bar = if args.small {
        ProgressBar::no_length()
    } else {
        ProgressBar::new(args.payments.unwrap_or(PAYMENTS))
    };
    let template = "{bar:40} {human_pos} of {human_len} payments, {rate} a second, {eta} left";
    if let Ok(style) = ProgressStyle::with_template(template) {
        let rate = |state: &ProgressState, out: &mut dyn std::fmt::Write| {
            let _ = write!(out, "{:.0}", state.per_sec());
        };
        bar.set_style(style.with_key("rate", rate));
    }
    bar
}

const WRONGS: [(Wrong, &str, &str); 4] = [
    (Wrong::DoubleCharge, "double_charges", "double charges"),
    (Wrong::FalseApproval, "false_approvals", "false approvals"),
    (Wrong::FalseDecline, "false_declines", "false declines"),
    (Wrong::LostOutcome, "lost_outcomes", "lost outcomes"),
];

fn text(tally: &Tally, seed: Option<u64>, gateway: Option<&str>, took: Duration) -> String {
    let mut out = String::new();
    let per_second = u128::from(tally.payments) * 1000 / took.as_millis().max(1);
    let small = seed.is_none();
    let from = seed.map_or_else(|| "every small schedule".to_owned(), |seed| format!("seed {seed}"));
    out.push_str(&format!(
        "{} payments ({from}) in {} s, {per_second} a second; {} requests\n\n",
        tally.payments,
        took.as_secs(),
        tally.calls
    ));
    out.push_str(&format!(
        "{}\n{}\n",
        paint("What went wrong, and how it ended", HEAD),
        faults(tally)
    ));
    if let Some(((fault, gateway, operation), count)) = tally.least() {
        let least = format!("Least often: {fault} at {gateway}, {operation}: {count}");
        out.push_str(&format!("{}\n\n", paint(&least, FAINT)));
    }
    if !tally.persons.is_empty() {
        out.push_str(&format!("{}\n{}\n", paint("For a person", HEAD), persons(tally)));
    }
    let mut rows = Table::default();
    for (wrong, _, name) in WRONGS {
        let count = tally.wrong(wrong);
        rows.row([
            name.into(),
            Cell::styled(count.to_string(), if count == 0 { GOOD } else { BAD }),
        ]);
    }
    out.push_str(&rows.to_string());
    for (gateway, operation) in tally.excess() {
        let what = format!("more {operation}s at {gateway} are left to a person than answers were lost there");
        out.push_str(&format!("{}\n", paint(&what, BAD)));
    }
    for ((_, seed), failure) in &tally.failures {
        out.push_str(&format!(
            "\n{}\n{}",
            paint("A payment that went wrong", BAD),
            failure.plan
        ));
        for finding in &failure.findings {
            out.push_str(&format!("  {:?}: {}\n", finding.kind, finding.what));
        }
        if small {
            out.push_str(&format!("  number {seed} of: paymux chaos --small\n"));
        } else {
            let only = gateway.map(|name| format!(" --gateway {name}")).unwrap_or_default();
            out.push_str(&format!("  again: paymux chaos --payments 1 --seed {seed}{only}\n"));
        }
    }
    out
}

fn faults(tally: &Tally) -> Table {
    let mut kinds: BTreeMap<&str, Ends> = BTreeMap::new();
    for ((kind, ..), ends) in &tally.faults {
        kinds.entry(kind).or_default().merge(*ends);
    }
    let mut table = Table::new(&[
        "fault",
        "happened",
        "done",
        "not done",
        "person",
        "left open by the provider",
    ]);
    for (kind, ends) in kinds {
        let counts = [ends.injected, ends.done, ends.not_done, ends.person, ends.left_open];
        let counts = counts.map(|count| Cell::from(count.to_string()));
        table.row(std::iter::once(Cell::from(kind)).chain(counts));
    }
    table
}

fn persons(tally: &Tally) -> Table {
    let mut table = Table::new(&["gateway", "operation", "count", "why"]);
    for ((gateway, operation, why), count) in &tally.persons {
        table.row([
            (*gateway).into(),
            operation.as_str().into(),
            Cell::styled(count.to_string(), WARN),
            words(*why).into(),
        ]);
    }
    table
}

const fn words(why: Why) -> &'static str {
    match why {
        Why::Declared => "the provider cannot be asked about it for certain",
        Why::Differs => "the provider did something else than was asked",
        Why::LookAlike => "the same was done beside it, and nothing tells the two apart",
    }
}

fn data(tally: &Tally, seed: Option<u64>, took: Duration) -> Value {
    let faults = tally.faults.iter().map(|((kind, gateway, operation), ends)| {
        json!({
            "fault": kind,
            "gateway": gateway,
            "operation": operation,
            "injected": ends.injected,
            "done": ends.done,
            "not_done": ends.not_done,
            "person": ends.person,
            "left_open": ends.left_open,
        })
    });
    let persons = tally.persons.iter().map(|((gateway, operation, why), count)| {
        json!({ "gateway": gateway, "operation": operation, "why": words(*why), "count": count })
    });
    let failures = tally.failures.iter().map(|((_, seed), failure)| {
        let findings = failure
            .findings
            .iter()
            .map(|finding| format!("{:?}: {}", finding.kind, finding.what));
        json!({ "seed": seed, "schedule": failure.plan.to_string(), "findings": findings.collect::<Vec<_>>() })
    });
    let mut all = json!({
        "payments": tally.payments,
        "seed": seed,
        "requests": tally.calls,
        "seconds": took.as_secs(),
        "needs_person": persons.collect::<Vec<_>>(),
        "faults": faults.collect::<Vec<_>>(),
        "failures": failures.collect::<Vec<_>>(),
    });
    if let Some(all) = all.as_object_mut() {
        for (wrong, key, _) in WRONGS {
            all.insert(key.to_owned(), tally.wrong(wrong).into());
        }
    }
    all
}
