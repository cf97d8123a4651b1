//! What can be done about an intent that the janitor leaves.

use jiff::Timestamp;
use paymux::{Capabilities, Duplicates, Gateways, OperationKind};
use paymux_journal::{Intent, Lookup as _, State};

/// How many references a hint names at the most.
const NAMED: usize = 5;

/// What whoever reads can do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Finish it under its key.
    Complete,
    /// Settle it where its account is configured.
    Configure,
    /// Find out, and write it down.
    Decide,
    /// Type the same command again, which goes on with it.
    SameCommand,
    /// See to what contradicts the record, and write down that it stands.
    Stands,
}

impl Next {
    /// In the order in which they are shown.
    const ALL: [Self; 5] = [
        Self::SameCommand,
        Self::Complete,
        Self::Decide,
        Self::Stands,
        Self::Configure,
    ];

    /// What can be done about what was found. `None` where it is asked about by itself, or has its end.
    pub(super) fn of(found: &str, intent: &Intent, gateways: &Gateways, now: Timestamp) -> Option<Self> {
        match (found, intent.remark.is_some()) {
            ("no gateway", _) => return Some(Self::Configure),
            ("elsewhere", _) => return None,
            (_, true) if !intent.is_unsettled() => return Some(Self::Stands),
            _ => {}
        }
        let key = &intent.key;
        let gateway = gateways.find(&intent.gateway, &key.provider, &key.account);
        let again = gateway.and_then(|gateway| finishing(intent, gateway.capabilities(), now));
        again.or(intent.remark.is_some().then_some(Self::Decide))
    }

    /// The stable string form.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Configure => "configure",
            Self::Decide => "decide",
            Self::SameCommand => "same_command",
            Self::Stands => "stands",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Complete => {
                "finish under the key: `paymux complete FILE …` with the same options, FILE being what the same command prints"
            }
            Self::Configure => "settle with a configuration that has a gateway on its account",
            Self::Decide => {
                "look in the provider's back office, then `paymux journal decide REFERENCE done` (or `not-done`)"
            }
            Self::SameCommand => "the same command again, under the same reference, goes on with it and finishes it",
            Self::Stands => {
                "see to the money that contradicts the record, then `paymux journal decide REFERENCE stands`"
            }
        }
    }
}

/// What sends again without paying twice, once asking has not settled it.
fn finishing(intent: &Intent, capabilities: &Capabilities, now: Timestamp) -> Option<Next> {
    let open = intent.unresolved();
    if intent.state != State::Open || intent.differs || open.last_sent > now {
        return None;
    }
    if intent.may_run_again(capabilities, now) {
        return Some(Next::SameCommand);
    }
    let Duplicates::Key(life) = capabilities.duplicates else {
        return None;
    };
    let ends = open.first_sent.and_then(|first| first.checked_add(life).ok());
    let was_asked = intent.asked > 0 || intent.remark.is_some();
    let keyed = was_asked && intent.operation != OperationKind::Checkout && ends.is_some_and(|ends| now < ends);
    keyed.then_some(Next::Complete)
}

/// One line for each thing that can be done, with the references that it is about.
pub(super) fn lines(list: &[(Next, &Intent)]) -> String {
    let mut text = String::new();
    for next in Next::ALL {
        let own = list.iter().filter(|(what, _)| *what == next);
        let names: Vec<_> = own.map(|(_, intent)| intent.key.reference.as_str()).collect();
        let named = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
        let more = match names.len().saturating_sub(NAMED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        if !names.is_empty() {
            text.push_str(&format!("next for {named}{more}: {}\n", next.words()));
        }
    }
    text
}
