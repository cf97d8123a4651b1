//! Reads request bodies strictly: every field once, by its kind, and nothing left over.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use serde_json::value::RawValue;

use crate::wire;

/// The largest amount in minor units that is taken, so that no sum can overflow.
const LARGEST: i64 = 1_000_000_000_000_000;

/// What is wrong with which field.
pub(super) type Errors = BTreeMap<String, Vec<String>>;

/// Notes what is wrong with a field.
pub(super) fn wrong(errors: &mut Errors, field: impl Into<String>, what: impl Into<String>) {
    errors.entry(field.into()).or_default().push(what.into());
}

/// The fields of a JSON object that have not been read yet. Numbers are kept as they were written.
#[derive(Debug)]
pub(super) struct Fields {
    left: BTreeMap<String, Box<RawValue>>,
    path: String,
}

impl Fields {
    /// Reads an object; `None` if it is something else.
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        Some(Self {
            left: serde_json::from_slice(body).ok()?,
            path: String::new(),
        })
    }

    /// An object without fields, for a request without a body.
    pub(super) fn none() -> Self {
        Self {
            left: BTreeMap::new(),
            path: String::new(),
        }
    }

    /// The field's full name, with the objects around it.
    pub(super) fn at(&self, name: &str) -> String {
        format!("{}{name}", self.path)
    }

    /// Whether the field is there and not null.
    pub(super) fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|raw| raw.get() != "null")
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.left.remove(name).filter(|raw| raw.get() != "null")
    }

    fn typed<T: serde::de::DeserializeOwned>(&mut self, errors: &mut Errors, name: &str, what: &str) -> Option<T> {
        let raw = self.take(name)?;
        let value = serde_json::from_str(raw.get()).ok();
        if value.is_none() {
            wrong(errors, self.at(name), format!("Must be {what}."));
        }
        value
    }

    /// A text whose length in characters is in the range.
    pub(super) fn text(&mut self, errors: &mut Errors, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        let text: String = self.typed(errors, name, "a string")?;
        if length.contains(&text.chars().count()) {
            return Some(text);
        }
        let what = format!("Must have {} to {} characters.", length.start(), length.end());
        wrong(errors, self.at(name), what);
        None
    }

    /// A text that must be there.
    pub(super) fn must(&mut self, errors: &mut Errors, name: &str, length: RangeInclusive<usize>) -> Option<String> {
        self.required(errors, name);
        self.text(errors, name, length)
    }

    /// A text in the form of a guid.
    pub(super) fn guid(&mut self, errors: &mut Errors, name: &str) -> Option<String> {
        let text: String = self.typed(errors, name, "a string")?;
        let lengths = [8, 4, 4, 4, 12];
        let fits =
            text.split('-').map(str::len).eq(lengths) && text.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit());
        if !fits {
            wrong(errors, self.at(name), "Must be a guid.");
            return None;
        }
        Some(text.to_ascii_lowercase())
    }

    /// One of these words, spelled exactly so.
    pub(super) fn word(&mut self, errors: &mut Errors, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let text: String = self.typed(errors, name, "a string")?;
        let found = words.iter().find(|word| **word == text).copied();
        if found.is_none() {
            wrong(errors, self.at(name), "Is not one of the values that are known.");
        }
        found
    }

    /// Three capital letters.
    pub(super) fn currency(&mut self, errors: &mut Errors, name: &str) -> Option<String> {
        let text = self.text(errors, name, 3..=3)?;
        if text.bytes().all(|b| b.is_ascii_uppercase()) {
            return Some(text);
        }
        wrong(errors, self.at(name), "Must be three capital letters.");
        None
    }

    /// A JSON number, as it was written; digits and a point only.
    pub(super) fn number(&mut self, errors: &mut Errors, name: &str) -> Option<String> {
        let raw = self.take(name)?;
        let text = raw.get();
        if text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
            return Some(text.to_owned());
        }
        wrong(
            errors,
            self.at(name),
            "Must be a number in plain decimal form, not below zero.",
        );
        None
    }

    /// An amount above zero in the major unit of a currency, given back in minor units.
    pub(super) fn money(&mut self, errors: &mut Errors, name: &str, currency: &str) -> Option<i64> {
        let text = self.number(errors, name)?;
        let minor = wire::minor(&text, wire::decimals(currency)).filter(|m| (1..=LARGEST).contains(m));
        if minor.is_none() {
            let what = "Must be above zero and within reason, with no more decimals than the currency has.";
            wrong(errors, self.at(name), what);
        }
        minor
    }

    /// A whole number in the range.
    pub(super) fn whole(&mut self, errors: &mut Errors, name: &str, range: RangeInclusive<i64>) -> Option<i64> {
        let value: i64 = self.typed(errors, name, "a whole number")?;
        if range.contains(&value) {
            return Some(value);
        }
        let what = format!("Must be from {} to {}.", range.start(), range.end());
        wrong(errors, self.at(name), what);
        None
    }

    /// True or false.
    pub(super) fn flag(&mut self, errors: &mut Errors, name: &str) -> Option<bool> {
        self.typed(errors, name, "true or false")
    }

    /// A list of texts.
    pub(super) fn texts(&mut self, errors: &mut Errors, name: &str) -> Option<Vec<String>> {
        self.typed(errors, name, "a list of strings")
    }

    /// An object inside this one.
    pub(super) fn object(&mut self, errors: &mut Errors, name: &str) -> Option<Self> {
        let left = self.typed(errors, name, "an object")?;
        Some(Self {
            left,
            path: format!("{}{name}.", self.path),
        })
    }

    /// Notes the field as missing if it is not there.
    pub(super) fn required(&self, errors: &mut Errors, name: &str) {
        if !self.has(name) {
            wrong(errors, self.at(name), "Is required.");
        }
    }

    /// Lets these fields be there without reading them.
    pub(super) fn skip(&mut self, names: &[&str]) {
        for name in names {
            self.left.remove(*name);
        }
    }

    /// Notes every field that nobody asked for.
    pub(super) fn end(self, errors: &mut Errors) {
        for name in self.left.keys() {
            wrong(errors, self.at(name), "Is not a field of this request.");
        }
    }
}
