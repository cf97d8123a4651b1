//! The three renderings of an error: one line for logs, a report for people, JSON for programs.

use std::error::Error as StdError;
use std::fmt;

use serde::Serialize;

use super::{Error, Fate};
use crate::operation::OperationKind;

impl Error {
    /// Several lines for a person: what, whose fault, what it may have done, and what to do.
    #[must_use]
    pub fn report(&self) -> String {
        let mut out = format!("{}\n", self.0.message);
        let mut line = |name: &str, value: &str| {
            out.push_str(&format!("  {name:<9} {value}\n"));
        };
        if let Some(gateway) = &self.0.gateway {
            line("gateway", gateway);
        }
        if let Some(operation) = self.0.operation {
            line("operation", operation.as_str());
        }
        line("kind", self.0.kind.as_str());
        line("fate", &format!("{}: {}", self.0.fate.as_str(), self.meaning()));
        if let Some(status) = self.0.status {
            line("http", status.as_str());
        }
        if let Some(decline) = &self.0.decline {
            line("code", &decline.to_string());
        }
        if let Some(payment) = &self.0.payment {
            line("payment", &format!("{} {}", payment.reference, payment.state));
        }
        if let Some(wait) = self.0.retry_after {
            line("wait", &format!("{} s", wait.as_secs()));
        }
        for leg in &self.0.legs {
            line("leg", &leg.to_string());
        }
        out
    }

    /// What the fate means for whoever reads it. A question that failed did nothing, and yet says nothing of the payment that it was about.
    const fn meaning(&self) -> &'static str {
        match (self.0.operation, self.0.fate) {
            (Some(OperationKind::Inquire), Fate::NotDone | Fate::Rejected) => {
                "this only asked; of whether a new attempt is safe it says nothing"
            }
            (None, Fate::NotDone) => "this did nothing",
            (_, Fate::NotDone | Fate::Rejected) if self.0.beside => {
                "this did nothing, and an earlier attempt may have: settle that, or repeat it under its own reference, before a new one"
            }
            // Something else was done, or may have been.
            (_, Fate::NotDone) if self.0.payment.is_some() => {
                "this did nothing; look at the payment before a new attempt"
            }
            (_, fate) => fate.meaning(),
        }
    }

    /// The error as JSON. Keys: `error`, `kind`, `fate`, and where known `field`, `gateway`, `operation`, `status`, `retry_after_secs`, `decline`,
    /// `payment`, `unresolved`, `unrecorded`, `beside_another`, `legs`.
    #[must_use]
    pub fn to_json(&self) -> serde_json::Value {
        let mut map = serde_json::Map::new();
        let mut put = |key: &str, value: serde_json::Value| {
            if !value.is_null() {
                map.insert(key.to_owned(), value);
            }
        };
        let inner = &self.0;
        put("error", inner.message.clone().into());
        put("kind", inner.kind.as_str().into());
        put("fate", inner.fate.as_str().into());
        put("field", inner.field.into());
        put("gateway", inner.gateway.clone().into());
        put("operation", inner.operation.map(OperationKind::as_str).into());
        put("status", inner.status.map(|s| s.as_u16()).into());
        put("retry_after_secs", inner.retry_after.map(|w| w.as_secs()).into());
        put("decline", json(&inner.decline));
        put("payment", json(&inner.payment));
        put("unresolved", json(&inner.unresolved));
        put("unrecorded", inner.unrecorded.then_some(true).into());
        put("beside_another", inner.beside.then_some(true).into());
        if !inner.legs.is_empty() {
            put("legs", json(&Some(&inner.legs)));
        }
        map.into()
    }
}

fn json<T: Serialize>(value: &Option<T>) -> serde_json::Value {
    value
        .as_ref()
        .and_then(|v| serde_json::to_value(v).ok())
        .unwrap_or_default()
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        match (&inner.gateway, inner.operation) {
            (Some(gateway), Some(operation)) => write!(f, "{gateway}: {operation}: ")?,
            (Some(gateway), None) => write!(f, "{gateway}: ")?,
            _ => {}
        }
        write!(f, "{}: {} [{}]", inner.kind.words(), inner.message, inner.fate.as_str())?;
        if let Some(status) = inner.status {
            write!(f, " (HTTP {})", status.as_u16())?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.report())
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(source.as_ref()),
            None => None,
        }
    }
}
