//! The forms in which a configuration comes.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use percent_encoding::percent_decode_str;
use toml::{Table, Value};

use paymux_core::Problem;

use super::problem::{ConfigError, ConfigProblem, nearest};

/// Gateways' tables, by name.
pub(super) type Tables = Vec<(String, Table)>;

/// The most bytes of a configuration, or of a file with a secret: beyond that it is something else.
const MOST_BYTES: u64 = 1 << 20;

/// Reads a text file. A device that never ends is not read to its end.
pub(super) fn file(path: &Path) -> io::Result<String> {
    let mut bytes = Vec::new();
    File::open(path)?
        .take(MOST_BYTES.saturating_add(1))
        .read_to_end(&mut bytes)?;
    let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(wrong("it holds more than 1 MiB"));
    }
    String::from_utf8(bytes).map_err(|_| wrong("it is not UTF-8 text"))
}

/// The sections that a configuration may have. What is not `gateways` is read elsewhere: `router` by the crate `paymux-router`.
const SECTIONS: [&str; 2] = ["gateways", "router"];

/// The tables `[gateways.NAME]` of a TOML text, and what is wrong beside them.
pub(super) fn toml(text: &str) -> Result<(Tables, Vec<ConfigProblem>), ConfigError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        // The error's own rendering quotes the line, which may hold a secret.
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.matches('\n').count().saturating_add(1));
        // Of the rules, this one quotes nothing either.
        let rule = if error.message() == "duplicate key" {
            ": given twice"
        } else {
            ""
        };
        ConfigError::whole(format!("the text is not TOML (near line {line}{rule})"))
    })?;
    let mut problems = Vec::new();
    for other in table.keys().filter(|key| !SECTIONS.contains(&key.as_str())) {
        let hint = nearest(other, SECTIONS);
        problems.push(ConfigProblem::whole(format!("`{other}` is not a section{hint}")));
    }
    let mut tables = Vec::new();
    match table.get("gateways") {
        Some(Value::Table(gateways)) if !gateways.is_empty() => {
            for (name, value) in gateways {
                match value {
                    Value::Table(table) => tables.push((name.clone(), table.clone())),
                    _ => problems.push(ConfigProblem::whole(format!("`gateways.{name}` must be a table"))),
                }
            }
        }
        _ => problems.push(ConfigProblem::whole(
            "there is no gateway; each is a table `[gateways.NAME]`",
        )),
    }
    Ok((tables, problems))
}

/// `provider://NAME?key=value&…`, and what is wrong beside its values.
pub(super) fn uri(uri: &str) -> Result<(Tables, Vec<ConfigProblem>), ConfigError> {
    let form = || ConfigError::whole("the address must look like `provider://NAME?key=value&…`");
    let (provider, rest) = uri.split_once("://").ok_or_else(form)?;
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    if name.contains('@') {
        return Err(ConfigError::whole(
            "the address must not hold a user or password; credentials are keys, as in `?api_key=…`",
        ));
    }
    let decode = |text: &str| -> Result<String, ConfigError> {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| form())?;
        Ok(text.into_owned())
    };
    let name = decode(name.trim_end_matches('/'))?;
    let mut problems = Vec::new();
    let mut table = Table::new();
    table.insert("provider".to_owned(), Value::String(provider.to_owned()));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(form)?;
        let (key, value) = (decode(key)?, escaped(value).then(|| decode(value)).transpose()?);
        let problem = match value {
            Some(value) => insert(&mut table, &key, value).err(),
            // Taken as it stands, half of a secret would be decoded and half not.
            None => Some(Problem::new(
                &key,
                "must have a `%` only before two hexadecimal digits; `%` itself is `%25`",
            )),
        };
        problems.extend(problem.map(|problem| ConfigProblem::new(&name, problem)));
    }
    Ok((vec![(name, table)], problems))
}

/// Whether every `%` begins an escape.
fn escaped(text: &str) -> bool {
    text.split('%')
        .skip(1)
        .all(|rest| rest.len() >= 2 && rest.bytes().take(2).all(|b| b.is_ascii_hexdigit()))
}

/// Pairs of `NAME.key` and value, and what is wrong beside their values.
pub(super) fn pairs<K: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> (Tables, Vec<ConfigProblem>) {
    let mut tables = Tables::new();
    let mut problems = Vec::new();
    for (key, value) in pairs {
        let Some((name, key)) = key.as_ref().split_once('.') else {
            let what = format!("`{}` must look like `NAME.key`", key.as_ref());
            problems.push(ConfigProblem::whole(what));
            continue;
        };
        let value = value.as_ref().to_owned();
        let problem = match tables.iter_mut().find(|(known, _)| known == name) {
            Some((_, table)) => insert(table, key, value).err(),
            None => {
                let mut table = Table::new();
                let problem = insert(&mut table, key, value).err();
                tables.push((name.to_owned(), table));
                problem
            }
        };
        problems.extend(problem.map(|problem| ConfigProblem::new(name, problem)));
    }
    (tables, problems)
}

/// `key` or `table.key`; given twice is a problem.
fn insert(table: &mut Table, key: &str, value: String) -> Result<(), Problem> {
    let twice = || Problem::new(key, "is given twice");
    let (table, inner, value) = match key.split_once('.') {
        None => (table, key, Value::String(value)),
        Some((outer, inner)) => {
            let entry = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            // What stands in tables (scales, say) has no declared kind: whole numbers are numbers there.
            let value = value.parse().map_or_else(|_| Value::String(value), Value::Integer);
            (entry.as_table_mut().ok_or_else(twice)?, inner, value)
        }
    };
    if table.contains_key(inner) {
        return Err(twice());
    }
    table.insert(inner.to_owned(), value);
    Ok(())
}
