//! How a command ends: its exit code, or why it failed.

use std::fmt;
use std::process::ExitCode;

use paymux::{Answer, ConfigError, Error, ErrorKind, Fate, Outcome};
use serde_json::{Value, json};

/// How a command ended. The codes are stable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, or approved: 0.
    Done,
    /// Anything else that went wrong: 1.
    Failed,
    /// The input or the configuration is at fault: 2.
    Bad,
    /// Declined: 3.
    Declined,
    /// Pending, under review, or the customer must act; of `journal settle`, something is still open or waits: 4.
    Open,
    /// Nobody knows whether it was done; of `journal settle`, a person must look: 5.
    Unknown,
}

/// Why a command failed.
#[derive(Debug)]
pub enum Failure {
    /// What was typed, or a file that was named, cannot be used. The text names the field and the rule.
    Input(String),
    /// The configuration was refused, with every problem that it has.
    Config(ConfigError),
    /// The gateway gave an error.
    Gateway(Error),
    /// Something else.
    Other(String),
}

impl Exit {
    /// The exit code.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Bad => 2,
            Self::Declined => 3,
            Self::Open => 4,
            Self::Unknown => 5,
        }
    }

    /// How an operation ended that was answered.
    #[must_use]
    pub const fn of_answer(answer: &Answer) -> Self {
        match answer.outcome {
            Outcome::Approved => Self::Done,
            Outcome::Declined(_) => Self::Declined,
            _ => Self::Open,
        }
    }

    /// How an operation ended that gave an error.
    #[must_use]
    pub const fn of_error(error: &Error) -> Self {
        match (error.fate(), error.kind()) {
            (Fate::Unknown, _) => Self::Unknown,
            (_, ErrorKind::InvalidRequest | ErrorKind::Configuration | ErrorKind::Unsupported) => Self::Bad,
            _ => Self::Failed,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

impl Failure {
    /// Input that cannot be used.
    #[must_use]
    pub fn input(what: impl Into<String>) -> Self {
        Self::Input(what.into())
    }

    /// How the command ends.
    #[must_use]
    pub const fn exit(&self) -> Exit {
        match self {
            Self::Input(_) | Self::Config(_) => Exit::Bad,
            Self::Gateway(error) => Exit::of_error(error),
            Self::Other(_) => Exit::Failed,
        }
    }

    /// The failure as data: the error's own keys, or `error` alone, or `problems` of the configuration.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Input(what) | Self::Other(what) => json!({ "error": what }),
            Self::Config(error) => {
                let problems = error
                    .problems()
                    .iter()
                    .map(|problem| json!({ "gateway": problem.gateway, "key": problem.key, "what": problem.what }));
                json!({ "error": "the configuration was refused", "problems": problems.collect::<Vec<_>>() })
            }
            Self::Gateway(error) => error.to_json(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Gateway(error)
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Config(error)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input(what) | Self::Other(what) => f.write_str(what),
            Self::Config(error) => {
                write!(f, "the configuration was refused:")?;
                error
                    .problems()
                    .iter()
                    .try_for_each(|problem| write!(f, "\n  {problem}"))
            }
            Self::Gateway(error) => f.write_str(error.report().trim_end()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_fate_outweighs_whose_fault_it_is() {
        let error = |kind, fate| Error::new(kind, "x").with_fate(fate);
        for (kind, fate, code) in [
            (ErrorKind::InvalidRequest, Fate::NotDone, 2),
            (ErrorKind::Configuration, Fate::NotDone, 2),
            (ErrorKind::Unsupported, Fate::NotDone, 2),
            (ErrorKind::Network, Fate::NotDone, 1),
            (ErrorKind::Refused, Fate::Rejected, 1),
            (ErrorKind::InvalidRequest, Fate::Unknown, 5),
            (ErrorKind::Mismatch, Fate::Unknown, 5),
        ] {
            assert_eq!(Exit::of_error(&error(kind, fate)).code(), code, "{kind:?} {fate:?}");
        }
    }
}
