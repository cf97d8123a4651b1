//! What happens in a world: who pays what where, and what goes wrong.

use std::fmt;

use http::StatusCode;
use paymux_simulator::Fault;

use crate::script::Script;

/// One world's schedule. Equal schedules make equal worlds.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The gateway, by the name of its stand.
    pub gateway: &'static str,
    /// What the customer and the merchant do.
    pub script: Script,
    /// What goes wrong, each thing at a call of a step.
    pub mishaps: Vec<Planned>,
    /// What becomes of webhooks on their way.
    pub webhooks: Post,
    /// Whether each operation is asked for twice at once, as by a second click.
    pub twice: bool,
    /// Whether what did nothing is done again under its reference, and not under a new one.
    pub stubborn: bool,
    /// Whether the references of each kind of operation begin anew, so that operations of different kinds have equal ones.
    pub alike: bool,
}

/// Something that goes wrong, and when.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The step of the script.
    pub step: usize,
    /// The call of that step, from 0: tokens, repetitions and questions included.
    pub call: u32,
    /// What.
    pub what: Mishap,
}

/// Something that goes wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// The exchange goes wrong.
    Fault(Fault),
    /// The application's process dies before the request leaves.
    DieBefore,
    /// The application's process dies when the provider has acted, before the reply arrives.
    DieAfter,
    /// As [`Mishap::DieAfter`], and the application is down until no key is recognised any more.
    Outage,
    /// The provider does it with a smaller amount than was asked.
    Shrink,
    /// From this call on, for ten minutes, somebody in front of the provider answers everything with this status and no words.
    Spell(StatusCode),
    /// The provider does it, and the reply tells so by a code that nobody knows.
    Veil,
    /// Before the call, the merchant does in the back office what the step is about: the same operation on the same payment, of the same amount.
    Office,
    /// Before the call, somebody else pays the same amount.
    Foreign,
}

/// What becomes of webhooks on their way to the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Post {
    /// Each arrives twice.
    Doubled,
    /// Each arrives, followed by one that somebody made up.
    Forged,
    /// None arrives.
    Lost,
    /// Each arrives once.
    Prompt,
    /// All arrive once more at the end, when much else has happened since.
    Replayed,
    /// The newest comes first.
    Reversed,
}

impl Post {
    /// Every way.
    pub const ALL: [Self; 6] = [
        Self::Prompt,
        Self::Lost,
        Self::Doubled,
        Self::Reversed,
        Self::Replayed,
        Self::Forged,
    ];
}

impl Mishap {
    /// The row of a table that it is counted in.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::DieBefore => "death before sending",
            Self::DieAfter => "death after the provider acted",
            Self::Outage => "long outage after the provider acted",
            Self::Shrink => "another amount than was asked",
            Self::Spell(_) => "ten minutes of one status",
            Self::Veil => "new code for success",
            Self::Foreign => "foreign payment",
            Self::Office => "back office",
            Self::Fault(fault) => match fault {
                Fault::Refuse => "connection refused",
                Fault::ResetBefore => "reset before the provider acted",
                Fault::ResetAfter => "reset after the provider acted",
                Fault::LateCommit(_) => "commit after giving up",
                Fault::Lag(_) => "lagging look-ups",
                Fault::Delay(_) => "slow answer",
                Fault::Stuck => "no answer",
                Fault::StatusBefore(status) if status.is_server_error() => "5xx before the provider acted",
                Fault::StatusBefore(_) => "4xx without words",
                Fault::StatusAfter(status) if status.is_server_error() => "5xx after the provider acted",
                Fault::StatusAfter(_) | Fault::PageAfter(_) => "4xx without words after the provider acted",
                Fault::Truncate => "reply cut",
                Fault::Malformed => "malformed reply",
                Fault::Empty => "empty reply",
                Fault::TooMany(_) => "too many requests",
                Fault::ExpiredToken => "expired token",
                Fault::Code(_) => "unknown code",
                _ => "other",
            },
        }
    }

    /// Whether it can leave it open whether a request was acted on. A 429 does, where the provider does not say that it proves the contrary, and so
    /// does a code that nobody knows.
    #[must_use]
    pub fn loses(&self) -> bool {
        match self {
            Self::DieBefore | Self::DieAfter | Self::Outage | Self::Veil => true,
            Self::Spell(_) => true,
            Self::Foreign | Self::Office | Self::Shrink => false,
            Self::Fault(fault) => !matches!(fault, Fault::Refuse | Fault::ExpiredToken | Fault::Lag(_)),
        }
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "gateway {}, webhooks {:?}", self.gateway, self.webhooks)?;
        if self.twice {
            writeln!(f, "every operation is asked for twice at once")?;
        }
        if self.stubborn {
            writeln!(f, "what did nothing is done again under its reference")?;
        }
        if self.alike {
            writeln!(f, "the references of each kind of operation begin anew")?;
        }
        for (number, deed) in self.script.deeds.iter().enumerate() {
            writeln!(f, "step {number}: {deed:?}")?;
            for planned in self.mishaps.iter().filter(|planned| planned.step == number) {
                writeln!(f, "  call {}: {} {:?}", planned.call, planned.what.kind(), planned.what)?;
            }
        }
        Ok(())
    }
}
