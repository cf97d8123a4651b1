//! By what gateways share an access token.

use paymux_core::{Mode, hmac};
use toml::{Table, Value};

/// A digest of everything that an adapter is told, its secrets included. Gateways that have the same share their access token, also across a reload, and, where there is a
/// store, with other processes; whatever is changed gets a token of its own, although it may be of no matter to the login.
///
/// Every version of this crate must find the same, so it depends on the values alone, and its vector is pinned.
pub(crate) fn credentials(provider: &str, mode: Mode, table: &Table) -> String {
    let mut told = String::new();
    text(provider, &mut told);
    text(mode.as_str(), &mut told);
    entries(table, &mut told);
    hmac::hex(b"paymux credentials 1", &[told.as_bytes()])
}

/// With its length before it, so that no two texts run together.
fn text(text: &str, told: &mut String) {
    told.push_str(&format!("{}:{text}", text.len()));
}

/// In the order of the names, whatever order the table has.
fn entries(table: &Table, told: &mut String) {
    let mut entries: Vec<_> = table.iter().collect();
    entries.sort_unstable_by_key(|(name, _)| *name);
    told.push('{');
    for (name, value) in entries {
        text(name, told);
        tell(value, told);
    }
    told.push('}');
}

fn tell(value: &Value, told: &mut String) {
    match value {
        Value::String(value) => text(value, told),
        Value::Integer(value) => told.push_str(&format!("i{value};")),
        Value::Float(value) => told.push_str(&format!("f{:x};", value.to_bits())),
        Value::Boolean(value) => told.push_str(if *value { "b1;" } else { "b0;" }),
        Value::Datetime(value) => told.push_str(&format!("d{value};")),
        Value::Array(values) => {
            told.push('[');
            values.iter().for_each(|value| tell(value, told));
            told.push(']');
        }
        Value::Table(table) => entries(table, told),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(mode: Mode, text: &str) -> String {
        credentials("qolo", mode, &text.parse().unwrap())
    }

    #[test]
    fn a_digest_never_changes() {
        let digest = of(
            Mode::Test,
            "username = 'u'\npassword = 'p'\nextra = { list = ['a', 1, true], since = 2026-01-02T03:04:05Z }",
        );
        assert_eq!(
            digest,
            "84dfe8fbac277fc3e1bf3c1180d66390dd9c19397be6a3e40a0eb614f900d190"
        );
    }

    #[test]
    fn it_depends_on_all_that_is_told_and_on_no_order() {
        let one = of(Mode::Test, "a = 'x'\nb = 'y'");
        assert_eq!(one, of(Mode::Test, "b = 'y'\na = 'x'"));
        for other in [
            "a = 'x'\nb = 'z'",
            "a = 'x'\nc = 'y'",
            "a = 'xb'\nb = 'y'",
            "a = ['x']\nb = 'y'",
            "a = 'x'",
        ] {
            assert_ne!(one, of(Mode::Test, other), "{other}");
        }
        assert_ne!(one, of(Mode::Live, "a = 'x'\nb = 'y'"));
        assert_ne!(of(Mode::Test, "a = 1"), of(Mode::Test, "a = '1'"));
        assert_ne!(of(Mode::Test, "a = ['x', 'y']"), of(Mode::Test, "a = ['xy']"));
    }
}
