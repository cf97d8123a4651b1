//! Holds a run against the simulators' ledgers, and against the table of expected outcomes.

use std::collections::BTreeMap;

use paymux_simulator::{Kind, Ledger, Origin};

use super::matrix::{Column, Matrix};
use super::{Claim, Row, Run, Seen, Verdict};
use crate::lab::Lab;

/// Payment, kind, minor units and currency: what makes two movements the same.
type Booking = (String, &'static str, i64, String);

/// Everything that does not agree.
pub(super) fn all(lab: &Lab, matrix: &Matrix, run: &Run) -> Verdict {
    let mut disagreements = Vec::new();
    let mut claims = 0_usize;
    for gateway in matrix.gateways() {
        if !run.rows.iter().any(|row| row.gateway == gateway) {
            disagreements.push(format!(
                "{gateway}: is in the table of expected outcomes and was not run"
            ));
        }
    }
    for row in &run.rows {
        against_matrix(matrix, row, &mut disagreements);
        let Some(place) = lab.place(row.gateway) else {
            disagreements.push(format!("{}: there is no simulator of it", row.gateway));
            continue;
        };
        let ledger = place.server.with(|host, now| {
            // Lets what time brings be booked; nobody asked for notifications.
            host.due(now);
            host.ledger().clone()
        });
        claims = claims.saturating_add(row.claims().count());
        against_ledger(row, &ledger, &mut disagreements);
    }
    Verdict { claims, disagreements }
}

fn against_matrix(matrix: &Matrix, row: &Row, disagreements: &mut Vec<String>) {
    for (column, seen) in &row.cells {
        let place = format!("{}: {}", row.gateway, column.as_str());
        let expected = matrix.expected(row.gateway, *column);
        match (expected, seen) {
            (_, Seen::Wrong(what)) => disagreements.push(format!("{place}: {what}")),
            (Some(expected), seen) if expected == seen.cell() => {}
            (Some(expected), seen) => {
                disagreements.push(format!(
                    "{place}: `{}` was expected, and it was `{}`",
                    expected,
                    seen.cell()
                ));
            }
            (None, _) => disagreements.push(format!("{place}: is not in the table of expected outcomes")),
        }
    }
    for column in Column::ALL {
        if !row.cells.iter().any(|(seen, _)| *seen == column) {
            disagreements.push(format!("{}: {} was not tried", row.gateway, column.as_str()));
        }
    }
}

/// Every movement claimed is booked, as often as claimed, and nothing else is.
fn against_ledger(row: &Row, ledger: &Ledger, disagreements: &mut Vec<String>) {
    let mut counts: BTreeMap<Booking, (u32, u32)> = BTreeMap::new();
    for claim in row.claims() {
        let (claimed, _) = counts.entry(claim.booking()).or_default();
        *claimed = claimed.saturating_add(1);
    }
    for movement in ledger.movements.iter().filter(|m| m.origin != Origin::Foreign) {
        let booking = (
            movement.payment.clone(),
            word(movement.kind),
            movement.minor,
            movement.currency.clone(),
        );
        let (_, booked) = counts.entry(booking).or_default();
        *booked = booked.saturating_add(1);
    }
    for ((payment, kind, minor, currency), (claimed, booked)) in counts {
        if claimed != booked {
            disagreements.push(format!(
                "{}: payment {payment}: {kind} of {minor} minor units {currency} is claimed {claimed} times and in the \
                 ledger {booked} times",
                row.gateway
            ));
        }
    }
    for (_, seen) in &row.cells {
        if let Seen::Found(claim) = seen {
            let booked = ledger.total(&claim.payment, claim.kind);
            if booked != claim.amount.minor() {
                disagreements.push(format!(
                    "{}: inquire says that {} of payment {} is captured, and the ledger says {booked} minor units",
                    row.gateway, claim.amount, claim.payment
                ));
            }
        }
    }
}

impl Row {
    /// Every movement that the gateway claims.
    pub fn claims(&self) -> impl Iterator<Item = &Claim> {
        self.cells.iter().flat_map(|(_, seen)| {
            let (before, claims): (&[Claim], &[Claim]) = match seen {
                Seen::Done { before, claims, .. } => (before, claims),
                _ => (&[], &[]),
            };
            before.iter().chain(claims)
        })
    }
}

impl Claim {
    fn booking(&self) -> Booking {
        (
            self.payment.clone(),
            word(self.kind),
            self.amount.minor(),
            self.amount.currency().code().to_owned(),
        )
    }
}

impl Seen {
    /// The cell as it is written in the table of expected outcomes.
    #[must_use]
    pub fn cell(&self) -> String {
        match self {
            Self::NotOffered => "-".to_owned(),
            Self::Found(_) => "found".to_owned(),
            Self::Listed(0) => "an empty list".to_owned(),
            Self::Listed(_) => "listed".to_owned(),
            Self::Declined(decline) => decline.reason.to_string(),
            Self::Wrong(what) => what.clone(),
            Self::Done {
                outcome,
                partial,
                claims,
                ..
            } => {
                let mut kinds: Vec<&str> = Vec::new();
                for claim in claims {
                    if !kinds.contains(&word(claim.kind)) {
                        kinds.push(word(claim.kind));
                    }
                }
                let parts = if *partial { " partial" } else { "" };
                format!("{outcome} {}{parts}", kinds.join("+"))
            }
        }
    }
}

/// The word for a kind of movement.
pub(super) const fn word(kind: Kind) -> &'static str {
    match kind {
        Kind::Authorize => "authorize",
        Kind::Capture => "capture",
        Kind::Refund => "refund",
        Kind::Void => "void",
        Kind::Payout => "payout",
        Kind::Transfer => "transfer",
        Kind::Return => "return",
        Kind::Chargeback => "chargeback",
    }
}
