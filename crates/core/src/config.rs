//! What an adapter says of its configuration, so that all problems can be told at once.

use serde::de::DeserializeOwned;

use crate::gateway::{Adapter, Mode};

/// The configuration of one adapter: a struct that serde fills, with unknown keys refused.
pub trait AdapterConfig: DeserializeOwned {
    /// The provider's name, as the value of `provider` in a configuration.
    const PROVIDER: &'static str;

    /// Every key, with what it holds.
    const KEYS: &'static [Key];

    /// Builds the adapter.
    ///
    /// # Errors
    /// Every problem that the values have with each other, each naming its key.
    fn build(self, mode: Mode) -> Result<Box<dyn Adapter>, Vec<Problem>>;
}

/// One key of a configuration.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Key {
    /// The key.
    pub name: &'static str,
    /// What it holds.
    pub kind: KeyKind,
    /// Whether it must be there.
    pub required: bool,
    /// What it is for, with its default.
    pub doc: &'static str,
}

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// `true` or `false`.
    Flag,
    /// A whole number, not below zero.
    Number,
    /// A text that must not be seen.
    Secret,
    /// A table of keys and values.
    Table,
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// An address: `https`, or `http` on loopback.
    Url,
}

impl Key {
    /// A key that must be there.
    #[must_use]
    pub const fn required(name: &'static str, kind: KeyKind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            required: true,
            doc,
        }
    }

    /// A key that may be left out.
    #[must_use]
    pub const fn optional(name: &'static str, kind: KeyKind, doc: &'static str) -> Self {
        Self {
            name,
            kind,
            required: false,
            doc,
        }
    }
}

/// One problem of a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Problem {
    /// The key that has it.
    pub key: String,
    /// What is wrong, as in "must be …".
    pub what: String,
}

impl Problem {
    /// A problem of a key.
    #[must_use]
    pub fn new(key: &str, what: impl Into<String>) -> Self {
        Self {
            key: key.to_owned(),
            what: what.into(),
        }
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "`{}` {}", self.key, self.what)
    }
}
