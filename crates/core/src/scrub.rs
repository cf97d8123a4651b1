//! Texts of others, with what may be secret in them replaced.

use crate::card::luhn;

/// The names of fields, parameters and headers whose values are secret: in small letters, without hyphens and the like, and without `x-` in front.
const SECRETS: [&str; 27] = [
    "accesstoken",
    "apikey",
    "authorization",
    "cardnumber",
    "cavv",
    "cookie",
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
    "proxyauthorization",
    "refreshtoken",
    "secret",
    "setcookie",
    "signature",
    "signingkey",
    "token",
    "value",
    "verificationcode",
    "verificationid",
    "xav",
];

/// Those of them that are secret where they stand unquoted before a colon, as headers do; the others are words of prose, too.
const HEADERS: [&str; 8] = [
    "accesstoken",
    "apikey",
    "authorization",
    "cookie",
    "proxyauthorization",
    "refreshtoken",
    "setcookie",
    "token",
];

/// Replaces by `***`: the values of secret JSON fields, also where the JSON stands in a string; of secret parameters of links and forms; of
/// secret headers; what follows `Basic` and `Bearer`; and every run of digits that could be a card number.
///
/// ```
/// use paymux_core::scrub;
/// assert_eq!(scrub(r#"{"id":7,"token":"abc"}"#), r#"{"id":7,"token":"***"}"#);
/// assert_eq!(scrub("paid with 4200 0000 0000 0000"), "paid with ***");
/// ```
#[must_use]
pub fn scrub(text: &str) -> String {
    digits(&schemes(&headers(&parameters(&fields(text)))))
}

fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or(name).to_ascii_lowercase();
    let last = last.strip_prefix("x-").unwrap_or(&last);
    last.chars().filter(char::is_ascii_alphanumeric).collect()
}

fn is_secret(name: &str) -> bool {
    SECRETS.contains(&plain(name).as_str())
}

const fn is_in_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// The part of a text that ends it and may be a name.
fn name_before(text: &str) -> &str {
    text.rsplit(|c: char| !is_in_name(c)).next().unwrap_or("")
}

/// JSON fields, `"name" : "value"`, `"name": 123` or `"name": [‥]`, however many backslashes stand before their quotes.
fn fields(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('"') {
        out.push_str(before);
        out.push('"');
        rest = after;
        let depth = before.len().saturating_sub(before.trim_end_matches('\\').len());
        let quote = format!("{}\"", "\\".repeat(depth));
        let name: &str = after.split(|c: char| !is_in_name(c)).next().unwrap_or("");
        let tail = after.get(name.len()..).unwrap_or("");
        let value = tail.strip_prefix(quote.as_str()).map(str::trim_start);
        let Some(value) = value.and_then(|value| value.strip_prefix(':')) else {
            continue;
        };
        if !is_secret(name) {
            continue;
        }
        let value = value.trim_start();
        if let Some(string) = value.strip_prefix(quote.as_str()) {
            rest = string_end(string, depth);
            out.push_str(&format!("{name}{quote}:{quote}***"));
        } else if value.starts_with('[') {
            rest = value.split_once(']').map_or("", |(_, rest)| rest);
            out.push_str(&format!("{name}{quote}:***"));
        } else if value.starts_with(|c: char| c.is_ascii_digit()) {
            rest = value.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
            out.push_str(&format!("{name}{quote}:***"));
        }
    }
    out.push_str(rest);
    out
}

/// What follows a JSON string whose opening quote is behind us, from its closing quote on. `depth` backslashes stand before its quotes.
fn string_end(text: &str, depth: usize) -> &str {
    let mut backslashes = 0_usize;
    for (at, c) in text.char_indices() {
        let ends = if depth == 0 {
            backslashes.is_multiple_of(2)
        } else {
            backslashes <= depth
        };
        match c {
            '\\' => backslashes = backslashes.saturating_add(1),
            '"' if ends => return text.get(at.saturating_sub(backslashes.min(depth))..).unwrap_or(""),
            _ => backslashes = 0,
        }
    }
    ""
}

/// Parameters of links and forms: `name=value` up to `&`, a quote or a blank.
fn parameters(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('=') {
        out.push_str(before);
        out.push('=');
        let bare = before.trim_end_matches(']');
        let bare = bare
            .strip_suffix("%5D")
            .or_else(|| bare.strip_suffix("%5d"))
            .unwrap_or(bare);
        let name = name_before(bare);
        // Of an escaped bracket, the digits are not of the name.
        let name = name
            .strip_prefix("5B")
            .or_else(|| name.strip_prefix("5b"))
            .unwrap_or(name);
        rest = after;
        if is_secret(name) {
            out.push_str("***");
            rest = after.trim_start_matches(|c: char| !matches!(c, '&' | '"' | '\'' | ' ' | '<' | '\\' | '\n' | '\r'));
        }
    }
    out.push_str(rest);
    out
}

/// Headers: `Name: value` up to the line's end.
fn headers(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        out.push_str(before);
        out.push(':');
        rest = after;
        if HEADERS.contains(&plain(name_before(before)).as_str()) {
            let value = after.trim_start_matches([' ', '\t']);
            out.push_str(after.get(..after.len().saturating_sub(value.len())).unwrap_or(""));
            rest = value.trim_start_matches(|c: char| !matches!(c, '\n' | '\r' | '\\' | '"' | '<'));
            if rest.len() < value.len() {
                out.push_str("***");
            }
        }
    }
    out.push_str(rest);
    out
}

/// Credentials behind their scheme, wherever they stand: `Basic` or `Bearer`, a blank, and eight characters at least.
fn schemes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(' ') {
        out.push_str(before);
        out.push(' ');
        rest = after;
        let word = name_before(before);
        if word.eq_ignore_ascii_case("basic") || word.eq_ignore_ascii_case("bearer") {
            let tail = after.trim_start_matches(|c: char| is_in_name(c) || matches!(c, '+' | '/' | '=' | '~'));
            let given = after.strip_suffix(tail).unwrap_or("");
            // A word of prose is no credential.
            if given.len() >= 8 && !given.bytes().all(|byte| byte.is_ascii_lowercase()) {
                out.push_str("***");
                rest = tail;
            }
        }
    }
    out.push_str(rest);
    out
}

/// What could be a card number: groups of digits with blanks and hyphens between them, 12 to 19 digits together, that pass the Luhn check. Other groups,
/// an amount or a date, may stand before and behind.
fn digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, run) = rest.split_at(start);
        out.push_str(before);
        match card_number(run) {
            Some(end) => {
                out.push_str("***");
                rest = run.get(end..).unwrap_or("");
            }
            None => {
                let end = run.find(|c: char| !c.is_ascii_digit()).unwrap_or(run.len());
                let (group, after) = run.split_at(end);
                out.push_str(group);
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

/// Where the longest card number ends that begins here and ends with a group.
fn card_number(run: &str) -> Option<usize> {
    let mut found = None;
    let mut digits = Vec::with_capacity(19);
    let mut bytes = run.bytes().enumerate().peekable();
    while let Some((place, byte)) = bytes.next() {
        match byte {
            b'0'..=b'9' if digits.len() < 19 => digits.push(byte),
            b' ' | b'-' => continue,
            _ => break,
        }
        let ends = bytes.peek().is_none_or(|(_, next)| !next.is_ascii_digit());
        if ends && digits.len() >= 12 && luhn(digits.iter().copied()) {
            found = place.checked_add(1);
        }
    }
    found
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
                r#"{"echo":"{\"cvv\":\"123\",\"id\":7}","id":8}"#,
                r#"{"echo":"{\"cvv\":\"***\",\"id\":7}","id":8}"#,
            ),
            (
                r#"{"headers":{"X-Api-Key":["a","b"],"accept":["c"]}}"#,
                r#"{"headers":{"X-Api-Key":***,"accept":["c"]}}"#,
            ),
            (r#"{"pin":"a\\","x":"y"}"#, r#"{"pin":"***","x":"y"}"#),
            (
                "https://x/?reference=C-1-P&accessToken=a%2Bb&c=1",
                "https://x/?reference=C-1-P&accessToken=***&c=1",
            ),
            (
                "card[cvv]=123&card%5Bcvd%5D=12&a=b",
                "card[cvv]=***&card%5Bcvd%5D=***&a=b",
            ),
            (
                "POST /x\r\nAuthorization: Basic YWJj\r\nAccept: text/plain",
                "POST /x\r\nAuthorization: ***\r\nAccept: text/plain",
            ),
            ("tried with Bearer abc.def-1234, twice", "tried with Bearer ***, twice"),
            (
                "basic authentication, order number: 5",
                "basic authentication, order number: 5",
            ),
            ("pan 4200 0000 0000 0000.", "pan ***."),
            ("4200000000000000 05/2034", "*** 05/2034"),
            ("92.15 4200-0000-0000-0000", "92.15 ***"),
            ("43 4200 0000 0000 0000 123", "43 *** 123"),
            ("id 4200000000000001", "id 4200000000000001"),
            ("id 42000000000000000", "id 42000000000000000"),
            ("id 42000000000000000000", "id 42000000000000000000"),
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
            "token:",
            "basic ",
        ] {
            let _ = scrub(text);
        }
    }
}
