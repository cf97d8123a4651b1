//! Everything that can be read of a gateway, the place beside each text, and the search through it.

mod drive;
mod ears;
mod extras;
mod leaky;
mod record;
mod routed;
mod tap;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error as StdError;
use std::fmt::Debug;

use paymux::{Answer, Error, Operation, Payment, Unresolved};
use paymux_conformance::{Canaries, Leak};
use serde::Serialize;

pub(crate) use drive::{Drive, Wrong, wrongs};
pub(crate) use ears::Ears;
pub(crate) use leaky::{Place, leaky};
pub(crate) use record::Record;
pub(crate) use routed::Routed;

/// What was heard, each text once, by the place where it was.
#[derive(Default)]
pub(crate) struct Heard {
    texts: BTreeMap<&'static str, BTreeSet<String>>,
}

impl Heard {
    pub(crate) fn add(&mut self, place: &'static str, text: impl Into<String>) {
        self.texts.entry(place).or_default().insert(text.into());
    }

    pub(crate) fn debug(&mut self, place: &'static str, value: &impl Debug) {
        self.add(place, format!("{value:?}\n{value:#?}"));
    }

    /// A row of a journal, as it is stored and as it is shown.
    pub(crate) fn row(&mut self, place: &'static str, row: &(impl Debug + Serialize)) {
        self.debug(place, row);
        self.json(place, row);
    }

    fn json(&mut self, place: &'static str, value: &impl Serialize) {
        self.add(place, serde_json::to_string(value).expect("it is JSON"));
    }

    pub(crate) fn operation(&mut self, operation: &Operation) {
        self.debug("operation", operation);
    }

    pub(crate) fn result(&mut self, result: &Result<Answer, Error>) {
        match result {
            Ok(answer) => {
                self.debug("answer", answer);
                let mut json = serde_json::to_value(answer).expect("it is JSON");
                // Where the customer is sent is told to the application, and to nobody else.
                if json["outcome"].get("action_required").is_some() {
                    json["outcome"] = "action_required".into();
                }
                self.json("answer", &json);
                self.payment(&answer.payment);
            }
            Err(error) => self.error(error),
        }
    }

    pub(crate) fn error(&mut self, error: &Error) {
        self.debug("error", error);
        self.add("error", error.to_string());
        self.add("error", error.report());
        self.json("error", &error.to_json());
        let mut source = StdError::source(error);
        while let Some(cause) = source {
            self.debug("cause", &cause);
            self.add("cause", cause.to_string());
            source = cause.source();
        }
        if let Some(raw) = error.raw() {
            self.add("raw reply", raw.scrubbed());
            self.debug("raw reply", raw);
        }
        if let Some(payment) = error.payment() {
            self.payment(payment);
        }
        if let Some(unresolved) = error.unresolved() {
            self.unresolved(unresolved);
        }
    }

    fn payment(&mut self, payment: &Payment) {
        self.debug("payment", payment);
        self.json("payment", payment);
        self.add("payment", payment.reference.to_string());
        if let Some(raw) = &payment.raw {
            self.add("raw reply", raw.scrubbed());
            self.debug("raw reply", raw);
        }
    }

    fn unresolved(&mut self, unresolved: &Unresolved) {
        self.debug("unresolved", unresolved);
        self.json("unresolved", unresolved);
    }

    /// How many different texts there are at a place.
    pub(crate) fn count(&self, place: &str) -> usize {
        self.texts.get(place).map_or(0, BTreeSet::len)
    }

    /// Every place at which a secret stands, with the secret and its form.
    pub(crate) fn leaks(&self, canaries: &Canaries) -> BTreeMap<&'static str, Leak> {
        let found = |(place, texts): (&&'static str, &BTreeSet<String>)| {
            let leak = texts.iter().find_map(|text| canaries.find(text))?;
            Some((*place, leak))
        };
        self.texts.iter().filter_map(found).collect()
    }
}
