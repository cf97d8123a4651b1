//! `paymux chaos --processes`: processes that pay over one journal and are killed, and the account of the money.

use crate::args::ChaosArgs;
use crate::exit::Failure;
use crate::output::Output;

/// Runs the processes and gives the account.
#[cfg(not(unix))]
pub(crate) async fn command(_: &ChaosArgs) -> Result<Output, Failure> {
    Err(Failure::input(
        "--processes: needs Unix, whose signals kill and stop processes",
    ))
}

/// One process.
#[cfg(not(unix))]
pub(crate) async fn worker() -> Result<Output, Failure> {
    Err(Failure::input("needs Unix"))
}

#[cfg(unix)]
pub(crate) use self::on_unix::{command, worker};

#[cfg(unix)]
mod on_unix {
    use std::sync::Arc;
    use std::time::Duration;

    use indicatif::{ProgressBar, ProgressStyle};
    use paymux_chaos::processes::{Hands, Report, RunError, Settings, Wrong, run, work};
    use paymux_chaos::stands;
    use paymux_journal::StoreError;
    use serde_json::{Value, json};
    use tokio::process::Command;

    use super::{ChaosArgs, Failure, Output};
    use crate::args::JournalUrl;
    use crate::chaos::some_seed;
    use crate::exit::Exit;
    use crate::journal;
    use crate::table::{BAD, Cell, GOOD, HEAD, Table, WARN, paint};

    pub(crate) async fn worker() -> Result<Output, Failure> {
        work(Hands::honest()).await.map_err(Failure::Other)?;
        Ok(Output::done(String::new(), Value::Null))
    }

    pub(crate) async fn command(args: &ChaosArgs) -> Result<Output, Failure> {
        let settings = settings(args)?;
        let program = std::env::current_exe().map_err(|error| Failure::Other(error.to_string()))?;
        let starts = Arc::new(move || {
            let mut command = Command::new(&program);
            command.arg("chaos-worker");
            command
        });
        let bar = bar(settings.kills);
        let progress = |kills, ended| {
            bar.set_position(kills);
            bar.set_message(format!("{ended} payments"));
        };
        let report = run(&settings, starts, &progress).await;
        bar.finish_and_clear();
        let report = report.map_err(|error| match error {
            RunError::Store(error) => Failure::input(format!("--journal: {}", said(args, &error))),
            other => Failure::Other(other.to_string()),
        })?;
        Ok(Output {
            text: text(&report, args),
            aside: String::new(),
            json: data(&report),
            exit: if report.is_clean() { Exit::Done } else { Exit::Failed },
        })
    }

    /// What the store says, without the password.
    fn said(args: &ChaosArgs, error: &StoreError) -> String {
        let url = args.journal.as_ref();
        url.map_or_else(|| error.to_string(), |url| journal::harmless(error, url))
    }

    fn settings(args: &ChaosArgs) -> Result<Settings, Failure> {
        let journal = args.journal.as_ref().map_or("", JournalUrl::expose).to_owned();
        let processes = args.processes.map_or(1, std::num::NonZero::get);
        if processes > 1 && journal.starts_with("sqlite:") {
            let what =
                "--processes: on a SQLite journal this command runs one process; several run on a PostgreSQL journal";
            return Err(Failure::input(what));
        }
        Ok(Settings {
            journal,
            processes,
            kills: args.kills,
            payments: args.payments.unwrap_or(0),
            seed: args.seed.unwrap_or_else(some_seed),
            gateways: match &args.gateway {
                Some(name) => vec![name.clone()],
                None => stands::NAMES.map(str::to_owned).to_vec(),
            },
            lease: Duration::from_millis(args.lease_ms),
            patience: Duration::from_secs(60),
        })
    }

    /// A bar on a terminal; nothing elsewhere.
    fn bar(kills: u64) -> ProgressBar {
        let bar = ProgressBar::new(kills);
        let template = "{bar:40} {human_pos} of {human_len} killed, {msg}, {eta} left";
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar
    }

    const STATES: [&str; 6] = ["done", "declined", "failed", "undone", "waiting", "open"];

    const WRONGS: [(Wrong, &str, &str); 5] = [
        (Wrong::DoubleCharge, "double_charges", "double charges"),
        (Wrong::Lost, "lost", "lost"),
        (Wrong::FalseApproval, "false_approvals", "false approvals"),
        (Wrong::LeftOpen, "left_open", "left open without a word"),
        (Wrong::StuckLease, "stuck_leases", "stuck leases"),
    ];

    fn text(report: &Report, args: &ChaosArgs) -> String {
        let mut out = format!(
            "{} payments of {} orders (seed {}) in {} s, and {} s until the janitor was through; {} requests\n\n",
            report.payments,
            report.orders,
            report.seed,
            report.paid.as_secs(),
            report.took.saturating_sub(report.paid).as_secs(),
            report.requests
        );
        let mut deaths = Table::default();
        for (name, count) in [
            ("processes started", report.starts),
            ("killed", report.kills),
            ("  while they started", report.kills_at_start),
            ("  while money was under way", report.kills_in_a_call),
            ("stopped past their lease, and continued", report.stops),
            ("  while money was under way", report.stops_in_a_call),
            ("orders resumed after the last", report.resumed),
        ] {
            deaths.row([name.into(), count.to_string().into()]);
        }
        out.push_str(&format!(
            "{}\n{deaths}\n",
            paint("What was done to the processes", HEAD)
        ));
        out.push_str(&format!(
            "{}\n{}\n",
            paint("What the journal says", HEAD),
            states(report)
        ));
        if !report.persons.is_empty() {
            let mut persons = Table::new(&["gateway", "operation", "count", "why"]);
            for ((gateway, operation, why), count) in &report.persons {
                let count = Cell::styled(count.to_string(), WARN);
                persons.row([
                    gateway.as_str().into(),
                    operation.as_str().into(),
                    count,
                    why.as_str().into(),
                ]);
            }
            out.push_str(&format!("{}\n{persons}\n", paint("For a person", HEAD)));
        }
        let mut wrongs = Table::default();
        for (wrong, _, name) in WRONGS {
            let count = report.wrong(wrong);
            let style = if count == 0 { GOOD } else { BAD };
            wrongs.row([name.into(), Cell::styled(count.to_string(), style)]);
        }
        out.push_str(&wrongs.to_string());
        for finding in &report.findings {
            let order = finding
                .order
                .map(|number| format!(" (order {number})"))
                .unwrap_or_default();
            out.push_str(&format!("\n{:?}{order}: {}\n", finding.wrong, finding.what));
        }
        if !report.is_clean() {
            let processes = args.processes.map_or(1, std::num::NonZero::get);
            out.push_str(&format!(
                "\n  the same orders again: paymux chaos --processes {processes} --kills {} --seed {} --journal …\n",
                args.kills, report.seed
            ));
        }
        out
    }

    /// A row for each gateway, and one for the calls in which a process was killed.
    fn states(report: &Report) -> Table {
        let heads: Vec<_> = std::iter::once("gateway").chain(STATES).collect();
        let mut table = Table::new(&heads);
        for name in stands::NAMES {
            let count = |state| report.states.get(&(name.to_owned(), state)).copied().unwrap_or(0);
            let counts = STATES.map(count);
            if counts.iter().any(|count| *count > 0) {
                table.row(std::iter::once(Cell::from(name)).chain(counts.map(|count| count.to_string().into())));
            }
        }
        let hit = STATES.map(|state| report.hit.get(state).copied().unwrap_or(0));
        let hit = hit.map(|count| Cell::from(count.to_string()));
        table.row(std::iter::once(Cell::from("of them hit by a kill")).chain(hit));
        table
    }

    fn data(report: &Report) -> Value {
        let states = report
            .states
            .iter()
            .map(|((gateway, state), count)| json!({ "gateway": gateway, "state": state, "count": count }));
        let persons = report.persons.iter().map(|((gateway, operation, why), count)| {
            json!({ "gateway": gateway, "operation": operation, "why": why, "count": count })
        });
        let findings = report.findings.iter().map(
            |finding| json!({ "wrong": format!("{:?}", finding.wrong), "order": finding.order, "what": finding.what }),
        );
        let mut all = json!({
            "payments": report.payments,
            "orders": report.orders,
            "seed": report.seed,
            "requests": report.requests,
            "seconds": report.took.as_secs(),
            "starts": report.starts,
            "kills": report.kills,
            "kills_at_start": report.kills_at_start,
            "kills_in_a_call": report.kills_in_a_call,
            "stops": report.stops,
            "stops_in_a_call": report.stops_in_a_call,
            "resumed": report.resumed,
            "states": states.collect::<Vec<_>>(),
            "hit": report.hit,
            "needs_person": persons.collect::<Vec<_>>(),
            "findings": findings.collect::<Vec<_>>(),
        });
        if let Some(all) = all.as_object_mut() {
            for (wrong, key, _) in WRONGS {
                all.insert(key.to_owned(), report.wrong(wrong).into());
            }
        }
        all
    }
}
