//! A provider's reply, kept for a person to read, scrubbed.

use std::fmt;

use bytes::Bytes;

use crate::card::luhn;

/// The body of a provider's last reply. It is kept as one reference count and can be read only scrubbed.
#[derive(Clone, PartialEq, Eq)]
pub struct RawReply(Bytes);

const SECRETS: [&str; 24] = [
    "accesstoken",
    "apikey",
    "authorization",
    "cardnumber",
    "cavv",
    "cvc",
    "cvd",
    "cvv",
    "jwt",
    "loginid",
    "number",
    "pareq",
    "password",
    "pin",
    "privatekey",
    "refreshtoken",
    "secret",
    "signature",
    "signingkey",
    "token",
    "value",
    "verificationcode",
    "verificationid",
    "xav",
];

impl RawReply {
    /// A reply's body.
    #[must_use]
    pub const fn new(body: Bytes) -> Self {
        Self(body)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, with the values of secret fields and every run of digits that could be a card number replaced by `***`.
    #[must_use]
    pub fn scrubbed(&self) -> String {
        scrub(&String::from_utf8_lossy(&self.0))
    }
}

/// Replaces the values of secret JSON fields, token parameters of links, and every run of digits that could be a card number by `***`.
#[must_use]
pub fn scrub(text: &str) -> String {
    digits(&parameters(&fields(text)))
}

fn is_secret(name: &str) -> bool {
    let plain: String = name
        .rsplit('.')
        .next()
        .unwrap_or(name)
        .chars()
        .filter(|c| c.is_ascii_alphanumeric())
        .map(|c| c.to_ascii_lowercase())
        .collect();
    SECRETS.contains(&plain.as_str())
}

/// JSON fields: `"name" : "value"` or `"name": 123`.
fn fields(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        out.push_str(before);
        out.push('"');
        let (name, tail) = string_end(after);
        out.push_str(name);
        rest = tail;
        if !tail.starts_with('"') {
            continue;
        }
        rest = tail.get(1..).unwrap_or("");
        out.push('"');
        let value = rest.trim_start();
        if !is_secret(name) || !value.starts_with(':') {
            continue;
        }
        let value = value.get(1..).unwrap_or("").trim_start();
        if let Some(string) = value.strip_prefix('"') {
            let (_, tail) = string_end(string);
            out.push_str(":\"***\"");
            rest = tail.get(1..).unwrap_or("");
        } else if value.starts_with(|c: char| c.is_ascii_digit()) {
            out.push_str(":***");
            rest = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        }
    }
    out.push_str(rest);
    out
}

/// Splits at the end of a JSON string whose opening quote is behind us.
fn string_end(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.split_at(at),
            _ => {}
        }
    }
    (text, "")
}

/// Parameters of links and forms: `name=value` up to `&`, a quote or a blank.
fn parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        out.push_str(before);
        out.push('=');
        let name = before
            .rsplit(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
            .next()
            .unwrap_or("");
        rest = after;
        if is_secret(name) {
            out.push_str("***");
            rest = after.trim_start_matches(|c: char| !matches!(c, '&' | '"' | '\'' | ' ' | '<' | '\\'));
        }
    }
    out.push_str(rest);
    out
}

/// Runs of 12 to 19 digits, blanks and hyphens between them allowed, that pass the Luhn check.
fn digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let flush = |run: &mut String, out: &mut String| {
        let tail = run.len().saturating_sub(run.trim_end_matches([' ', '-']).len());
        let (body, end) = run.split_at(run.len().saturating_sub(tail));
        let count = body.bytes().filter(u8::is_ascii_digit).count();
        if (12..=19).contains(&count) && luhn(body.bytes().filter(u8::is_ascii_digit).collect::<Vec<_>>().into_iter()) {
            out.push_str("***");
        } else {
            out.push_str(body);
        }
        out.push_str(end);
        run.clear();
    };
    for c in text.chars() {
        if c.is_ascii_digit() || (!run.is_empty() && matches!(c, ' ' | '-')) {
            run.push(c);
        } else {
            flush(&mut run, &mut out);
            out.push(c);
        }
    }
    flush(&mut run, &mut out);
    out
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawReply({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_and_card_numbers_go_and_the_rest_stays() {
        for (text, clean) in [
            (
                r#"{"id":7,"token":"abc\"def","x":"y"}"#,
                r#"{"id":7,"token":"***","x":"y"}"#,
            ),
            (
                r#"{"card.cvv" : 123, "amount":"92.00"}"#,
                r#"{"card.cvv":***, "amount":"92.00"}"#,
            ),
            (
                "https://x/?reference=C-1-P&accessToken=a%2Bb&c=1",
                "https://x/?reference=C-1-P&accessToken=***&c=1",
            ),
            ("pan 4200 0000 0000 0000.", "pan ***."),
            ("id 4200000000000001", "id 4200000000000001"),
            (r#"{"message":"ok"}"#, r#"{"message":"ok"}"#),
            (r#"{"token"#, r#"{"token"#),
        ] {
            assert_eq!(scrub(text), clean);
        }
    }

    #[test]
    fn any_text_is_survived() {
        for text in [
            "\"",
            "\"token\":\"",
            "\"token\":",
            "=",
            "token=",
            "\\",
            "\"token\" : \"\\",
        ] {
            let _ = scrub(text);
        }
        assert_eq!(
            format!("{:?}", RawReply::new(Bytes::from_static(b"secret"))),
            "RawReply(6 bytes)"
        );
    }
}
