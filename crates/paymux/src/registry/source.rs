//! The forms in which a configuration comes.

use percent_encoding::percent_decode_str;
use toml::{Table, Value};

use super::problem::{ConfigError, nearest};

/// The tables `[gateways.NAME]` of a TOML text.
pub(super) fn toml(text: &str) -> Result<Vec<(String, Table)>, ConfigError> {
    let table: Table = text.parse().map_err(|error: toml::de::Error| {
        // The error's own rendering quotes the line, which may hold a secret.
        let line = error
            .span()
            .and_then(|span| text.get(..span.start))
            .map_or(1, |before| before.lines().count().max(1));
        ConfigError::whole(format!("the text is not TOML (near line {line})"))
    })?;
    if let Some(other) = table.keys().find(|key| key.as_str() != "gateways") {
        let hint = nearest(other, ["gateways"]);
        return Err(ConfigError::whole(format!("`{other}` is not a section{hint}")));
    }
    let Some(Value::Table(gateways)) = table.get("gateways") else {
        return Err(ConfigError::whole(
            "there is no gateway; each is a table `[gateways.NAME]`",
        ));
    };
    gateways
        .iter()
        .map(|(name, value)| match value {
            Value::Table(table) => Ok((name.clone(), table.clone())),
            _ => Err(ConfigError::whole(format!("`gateways.{name}` must be a table"))),
        })
        .collect()
}

/// `provider://NAME?key=value&…`
pub(super) fn uri(uri: &str) -> Result<(String, Table), ConfigError> {
    let form = || ConfigError::whole("the address must look like `provider://NAME?key=value&…`");
    let (provider, rest) = uri.split_once("://").ok_or_else(form)?;
    let (name, query) = rest.split_once('?').unwrap_or((rest, ""));
    let decode = |text: &str| -> Result<String, ConfigError> {
        let text = percent_decode_str(text).decode_utf8().map_err(|_| form())?;
        Ok(text.into_owned())
    };
    let mut table = Table::new();
    table.insert("provider".to_owned(), Value::String(provider.to_owned()));
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once('=').ok_or_else(form)?;
        insert(&mut table, &decode(key)?, decode(value)?)?;
    }
    Ok((decode(name.trim_end_matches('/'))?, table))
}

/// Pairs of `NAME.key` and value.
pub(super) fn pairs<K: AsRef<str>, V: AsRef<str>>(
    pairs: impl IntoIterator<Item = (K, V)>,
) -> Result<Vec<(String, Table)>, ConfigError> {
    let mut tables: Vec<(String, Table)> = Vec::new();
    for (key, value) in pairs {
        let Some((name, key)) = key.as_ref().split_once('.') else {
            return Err(ConfigError::whole(format!(
                "`{}` must look like `NAME.key`",
                key.as_ref()
            )));
        };
        let value = value.as_ref().to_owned();
        match tables.iter_mut().find(|(known, _)| known == name) {
            Some((_, table)) => insert(table, key, value)?,
            None => {
                let mut table = Table::new();
                insert(&mut table, key, value)?;
                tables.push((name.to_owned(), table));
            }
        }
    }
    Ok(tables)
}

/// `key` or `table.key`; given twice is an error.
fn insert(table: &mut Table, key: &str, value: String) -> Result<(), ConfigError> {
    let twice = || ConfigError::whole(format!("`{key}` is given twice"));
    let (table, key, value) = match key.split_once('.') {
        None => (table, key, Value::String(value)),
        Some((outer, inner)) => {
            let entry = table.entry(outer).or_insert_with(|| Value::Table(Table::new()));
            // What stands in tables (scales, say) has no declared kind: whole numbers are numbers there.
            let value = value.parse().map_or_else(|_| Value::String(value), Value::Integer);
            (entry.as_table_mut().ok_or_else(twice)?, inner, value)
        }
    };
    match table.insert(key.to_owned(), value) {
        None => Ok(()),
        Some(_) => Err(twice()),
    }
}
