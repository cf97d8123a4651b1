//! One gateway's table: the common keys taken out, the adapter's checked, secrets fetched.

use std::env::VarError;
use std::path::Path;
use std::time::Duration;

use paymux_core::{Key, KeyKind, Mode, Problem};
use toml::{Table, Value};

use super::problem::nearest;
use super::source;
use crate::engine::{Options, Policy, check_address};

/// The keys that every gateway has.
pub const COMMON_KEYS: &[Key] = &[
    Key::required("provider", KeyKind::Text, "which adapter"),
    Key::required("mode", KeyKind::Text, "`live` or `test`; never guessed"),
    Key::optional(
        "timeout_secs",
        KeyKind::Number,
        "the limit for one operation, all its calls and waits together; default 60",
    ),
    Key::optional(
        "follow_ups_only",
        KeyKind::Flag,
        "whether only captures, refunds, voids and inquiries are taken; default false",
    ),
    Key::optional(
        "inquiry_interval_secs",
        KeyKind::Number,
        "the shortest time between two questions about one payment, 0 for none; default: what the provider wants",
    ),
    Key::optional(
        "attempts",
        KeyKind::Number,
        "how often a call is made where it may be repeated, the first time included; default 3, and 1 repeats nothing",
    ),
];

/// A table that was read.
pub(super) struct Section {
    pub(super) mode: Mode,
    pub(super) options: Options,
    pub(super) rest: Table,
    /// What no message may show: the secrets, and whatever came from the environment or a file.
    pub(super) hidden: Hidden,
}

/// The longest limit of time for one operation: a day.
const MOST_SECONDS: i64 = 86_400;
/// The longest time between two questions about one payment: an hour.
const MOST_INTERVAL: u64 = 3600;
/// The most attempts for one call.
const MOST_ATTEMPTS: u32 = 10;

/// Checks the name of a gateway, or of what stands for one.
///
/// # Errors
/// The rule that it breaks.
pub fn check_name(name: &str) -> Result<(), &'static str> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || !name.chars().all(word) {
        return Err("must be letters, digits, hyphens and underscores");
    }
    Ok(())
}

/// Reads a table. All problems are found before any is told. Without the adapter's keys (the provider is not known), only the common ones are checked.
pub(super) fn read(
    name: &str,
    mut table: Table,
    keys: Option<&[Key]>,
    directory: &Path,
    policy: Policy,
) -> Result<Section, Vec<Problem>> {
    let mut problems = Vec::new();
    let mut hidden = Hidden::default();
    let is_whole = keys.is_some();
    let keys = keys.unwrap_or_default();
    if let Err(rule) = check_name(name) {
        problems.push(Problem::new("name", rule));
    }
    for key in COMMON_KEYS.iter().chain(keys) {
        match table.remove(key.name) {
            Some(given) => match convert(given.clone(), key, directory) {
                Ok(value) => {
                    hidden.add(key, &given, &value);
                    table.insert(key.name.to_owned(), value);
                }
                Err(what) => problems.push(Problem::new(key.name, what)),
            },
            None if key.required => problems.push(Problem::new(key.name, format!("is missing: {}", key.doc))),
            None => {}
        }
    }
    let known = || COMMON_KEYS.iter().chain(keys).map(|key| key.name);
    let is_known = |key: &&String| !is_whole || known().any(|known| known == key.as_str());
    for unknown in table.keys().filter(|key| !is_known(key)) {
        problems.push(Problem::new(
            unknown,
            format!("is not a key{}", nearest(unknown, known())),
        ));
    }
    table.remove("provider");
    let mode = mode(&mut table, &mut problems);
    let options = options(&mut table, policy, &mut problems);
    match mode {
        Some(mode) if problems.is_empty() => Ok(Section {
            mode,
            options,
            rest: table,
            hidden,
        }),
        _ => Err(problems),
    }
}

fn mode(table: &mut Table, problems: &mut Vec<Problem>) -> Option<Mode> {
    match table.remove("mode").as_ref().and_then(Value::as_str) {
        Some("live") => Some(Mode::Live),
        Some("test") => Some(Mode::Test),
        Some(_) => {
            problems.push(Problem::new("mode", "must be `live` or `test`"));
            None
        }
        None => None,
    }
}

/// What the common keys say of how a gateway calls.
fn options(table: &mut Table, policy: Policy, problems: &mut Vec<Problem>) -> Options {
    let mut options = Options {
        policy,
        ..Options::default()
    };
    let timeout = table.remove("timeout_secs").and_then(|v| v.as_integer()).unwrap_or(60);
    if !(1..=MOST_SECONDS).contains(&timeout) {
        let what = format!("must be at least 1 and at most {MOST_SECONDS}");
        problems.push(Problem::new("timeout_secs", what));
    }
    options.timeout = Duration::from_secs(u64::try_from(timeout).unwrap_or(60));
    let follow_ups_only = table.remove("follow_ups_only").and_then(|v| v.as_bool());
    options.follow_ups_only = follow_ups_only.unwrap_or(false);
    if let Some(attempts) = table.remove("attempts").and_then(|v| v.as_integer()) {
        match u32::try_from(attempts) {
            Ok(attempts @ 1..=MOST_ATTEMPTS) => options.policy.attempts = attempts,
            _ => problems.push(Problem::new(
                "attempts",
                format!("must be at least 1 and at most {MOST_ATTEMPTS}"),
            )),
        }
    }
    if let Some(interval) = table.remove("inquiry_interval_secs").and_then(|v| v.as_integer()) {
        match u64::try_from(interval) {
            Ok(seconds @ 0..=MOST_INTERVAL) => options.inquiry_interval = Some(Duration::from_secs(seconds)),
            _ => problems.push(Problem::new(
                "inquiry_interval_secs",
                format!("must be at least 0 and at most {MOST_INTERVAL}"),
            )),
        }
    }
    options
}

/// Values that no message may show.
#[derive(Default)]
pub(super) struct Hidden(Vec<String>);

impl Hidden {
    fn add(&mut self, key: &Key, given: &Value, value: &Value) {
        let is_reference = |value: &Value| {
            let text = value.as_str().unwrap_or_default();
            text.starts_with("env:") || text.starts_with("file:")
        };
        let is_fetched = is_reference(given) || given.as_array().is_some_and(|list| list.iter().any(is_reference));
        if !is_fetched && key.kind != KeyKind::Secret {
            return;
        }
        let mut texts = vec![value];
        texts.extend(value.as_array().into_iter().flatten());
        for text in texts
            .into_iter()
            .filter_map(Value::as_str)
            .filter(|text| text.len() > 3)
        {
            // serde quotes a text in its escaped form.
            self.0.push(format!("{text:?}").trim_matches('"').to_owned());
            self.0.push(text.to_owned());
        }
    }

    /// The message without them.
    pub(super) fn conceal(&self, message: &str) -> String {
        // The longest first, so that no part of one is left where another is its beginning.
        let mut values: Vec<_> = self.0.iter().map(String::as_str).collect();
        values.sort_unstable_by_key(|value| std::cmp::Reverse(value.len()));
        let conceal = |message: String, value| message.replace(value, "***");
        values.into_iter().fold(message.to_owned(), conceal)
    }
}

fn convert(value: Value, key: &Key, directory: &Path) -> Result<Value, String> {
    let value = match value {
        Value::String(text) => Value::String(fetch(text, directory)?),
        other => other,
    };
    match (key.kind, value) {
        (KeyKind::Flag, value @ Value::Boolean(_)) => Ok(value),
        (KeyKind::Flag, Value::String(text)) => match text.as_str() {
            "true" => Ok(Value::Boolean(true)),
            "false" => Ok(Value::Boolean(false)),
            _ => Err("must be true or false".to_owned()),
        },
        (KeyKind::Number, Value::Integer(number)) if number >= 0 => Ok(Value::Integer(number)),
        (KeyKind::Number, Value::String(text)) if text.bytes().all(|b| b.is_ascii_digit()) => {
            let number = text.parse().map_err(|_| "must be a whole number".to_owned())?;
            Ok(Value::Integer(number))
        }
        (KeyKind::Secret | KeyKind::Text, Value::String(text)) if text.is_empty() => {
            Err("must not be empty".to_owned())
        }
        (KeyKind::Secret | KeyKind::Text, value @ Value::String(_)) => Ok(value),
        (KeyKind::Table, value @ Value::Table(_)) => Ok(value),
        (KeyKind::Texts, Value::Array(list)) if list.iter().all(Value::is_str) => list
            .into_iter()
            .map(|item| match item {
                Value::String(text) => fetch(text, directory).map(Value::String),
                other => Ok(other),
            })
            .collect::<Result<_, _>>()
            .map(Value::Array),
        (KeyKind::Texts, Value::String(text)) => Ok(Value::Array(
            text.split(',')
                .map(|part| Value::String(part.trim().to_owned()))
                .collect(),
        )),
        (KeyKind::Url, Value::String(text)) => {
            let address: http::Uri = text.parse().map_err(|_| "must be an address".to_owned())?;
            if address
                .authority()
                .is_some_and(|authority| authority.as_str().contains('@'))
            {
                return Err("must not hold a user or password; there are keys for credentials".to_owned());
            }
            check_address(&address).map_err(|error| error.message().to_owned())?;
            if !has_fine_port(&address) {
                return Err("must have a port from 1 to 65535, or none".to_owned());
            }
            Ok(Value::String(text))
        }
        (kind, _) => Err(format!("must be {}", words(kind))),
    }
}

/// Whether the address has no port, or one that there can be; the parser takes any digits, and none.
fn has_fine_port(address: &http::Uri) -> bool {
    let authority = address.authority().map_or("", http::uri::Authority::as_str);
    // Colons inside brackets belong to an IPv6 host.
    let after_host = authority.rsplit(']').next().unwrap_or_default();
    match after_host.split_once(':') {
        None => true,
        Some((_, port)) => port.parse::<u16>().is_ok_and(|port| port > 0),
    }
}

const fn words(kind: KeyKind) -> &'static str {
    match kind {
        KeyKind::Flag => "true or false",
        KeyKind::Number => "a whole number, not below zero",
        KeyKind::Secret => "a text, `env:NAME` or `file:PATH`",
        KeyKind::Table => "a table",
        KeyKind::Texts => "a list of texts",
        KeyKind::Url => "an address",
        _ => "a text",
    }
}

/// `env:NAME` and `file:PATH` stand for what the variable or the file holds; one line end is taken off.
fn fetch(text: String, directory: &Path) -> Result<String, String> {
    if let Some(name) = text.strip_prefix("env:") {
        return match std::env::var(name) {
            Ok(value) if !value.is_empty() => Ok(value),
            Ok(_) => Err(format!("names the environment variable `{name}`, which is empty")),
            Err(VarError::NotPresent) => Err(format!("names the environment variable `{name}`, which is not set")),
            Err(VarError::NotUnicode(_)) => Err(format!(
                "names the environment variable `{name}`, which is not UTF-8 text"
            )),
        };
    }
    if let Some(path) = text.strip_prefix("file:") {
        let held = source::file(&directory.join(path))
            .map_err(|e| format!("names the file `{path}`, which cannot be read: {e}"))?;
        let held = held.strip_suffix('\n').unwrap_or(&held);
        return Ok(held.strip_suffix('\r').unwrap_or(held).to_owned());
    }
    Ok(text)
}
