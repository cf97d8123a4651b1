//! How the demo is shown.

use serde_json::{Value, json};

use super::check::word;
use super::matrix::Column;
use super::{Claim, PRICE, Run, Seen, Verdict};
use crate::render;
use crate::table::{BAD, Cell, FAINT, GOOD, HEAD, Table, WARN, paint};

pub(super) fn text(run: &Run, verdict: &Verdict) -> String {
    let operations = || Column::ALL.into_iter().filter(|column| *column != Column::Declined);
    let mut head = vec!["gateway"];
    head.extend(operations().map(Column::as_str));
    let mut table = Table::new(&head);
    let mut declines = Table::new(&["gateway", "declined as", "code", "try again"]);
    for row in &run.rows {
        let seen = |column| row.cells.iter().find(|(c, _)| *c == column).map(|(_, seen)| seen);
        let mut cells: Vec<Cell> = vec![row.gateway.into()];
        cells.extend(operations().map(|column| seen(column).map_or_else(|| "".into(), cell)));
        table.row(cells);
        if let Some(Seen::Declined(decline)) = seen(Column::Declined) {
            declines.row([
                row.gateway.into(),
                render::words(decline.reason.as_str()).into(),
                decline.code.clone().into(),
                render::advice(decline.advice).into(),
            ]);
        }
    }
    let title = paint("One order of 100.00 USD on every gateway", HEAD);
    let legend = paint(
        "done: approved at once   later: accepted, booked a moment later   page: paid on the provider's page   \
         ½: in parts   not offered: refused, nothing sent",
        FAINT,
    );
    let mut text = format!("{title}\n\n{table}\n{legend}\n\n{declines}\n");
    for disagreement in &verdict.disagreements {
        text.push_str(&format!("{} {disagreement}\n", paint("disagrees:", BAD)));
    }
    text.push_str(&last_line(verdict));
    text
}

fn last_line(verdict: &Verdict) -> String {
    let claims = verdict.claims;
    match verdict.disagreements.len() {
        0 => {
            let what = format!("The simulators' ledgers agree with every claim ({claims} movements of money).");
            format!("{}\n", paint(&what, GOOD))
        }
        count => {
            let word = if count == 1 { "disagreement" } else { "disagreements" };
            format!("{}\n", paint(&format!("{count} {word} over {claims} claims."), BAD))
        }
    }
}

fn cell(seen: &Seen) -> Cell {
    match seen {
        Seen::NotOffered => Cell::styled("not offered", FAINT),
        Seen::Done { outcome, partial, .. } => {
            let word = match outcome.as_str() {
                "approved" => "done",
                "pending" => "later",
                "action_required" => "page",
                other => other,
            };
            Cell::styled(format!("{word}{}", if *partial { " ½" } else { "" }), GOOD)
        }
        Seen::Found(_) => Cell::styled("found", GOOD),
        Seen::Listed(count) => Cell::styled(format!("{count} listed"), GOOD),
        Seen::Declined(_) => Cell::styled("declined", WARN),
        Seen::Wrong(_) => Cell::styled("WRONG", BAD),
    }
}

pub(super) fn data(run: &Run, verdict: &Verdict) -> Value {
    let gateways = run.rows.iter().map(|row| {
        let cells = row
            .cells
            .iter()
            .map(|(column, seen)| (column.as_str().to_owned(), cell_data(seen)));
        json!({
            "gateway": row.gateway,
            "provider": row.provider,
            "operations": cells.collect::<serde_json::Map<_, _>>(),
        })
    });
    json!({
        "order": { "minor": PRICE, "currency": "USD" },
        "gateways": gateways.collect::<Vec<_>>(),
        "claims": verdict.claims,
        "disagreements": verdict.disagreements,
        "agrees": verdict.disagreements.is_empty(),
    })
}

fn cell_data(seen: &Seen) -> Value {
    let mut data = json!({ "cell": seen.cell(), "offered": !matches!(seen, Seen::NotOffered) });
    let more = match seen {
        Seen::NotOffered => json!({}),
        Seen::Done {
            outcome,
            partial,
            before,
            claims,
        } => json!({
            "outcome": outcome,
            "partial": partial,
            "before": before.iter().map(claim_data).collect::<Vec<_>>(),
            "booked": claims.iter().map(claim_data).collect::<Vec<_>>(),
        }),
        Seen::Found(claim) => json!({ "captured": claim_data(claim) }),
        Seen::Listed(count) => json!({ "listed": count }),
        Seen::Declined(decline) => json!({ "decline": decline }),
        Seen::Wrong(what) => json!({ "wrong": what }),
    };
    if let (Some(data), Value::Object(more)) = (data.as_object_mut(), more) {
        data.extend(more);
    }
    data
}

fn claim_data(claim: &Claim) -> Value {
    json!({ "kind": word(claim.kind), "payment": claim.payment, "amount": claim.amount })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_disagreement_is_one() {
        let verdict = |count: usize| Verdict {
            claims: 45,
            disagreements: vec!["x".to_owned(); count],
        };
        let said = |count| anstream::adapter::strip_str(&last_line(&verdict(count))).to_string();
        assert_eq!(said(1), "1 disagreement over 45 claims.\n");
        assert_eq!(said(2), "2 disagreements over 45 claims.\n");
        assert!(said(0).contains("agree with every claim (45 movements of money)"));
    }
}
