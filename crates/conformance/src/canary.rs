//! Texts that may never be printed, looked for in every form in which they could be.

use std::collections::BTreeMap;
use std::fmt;

use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// Secrets, and the forms that they are looked for in: plain; card numbers in groups too; base64, standard and URL-safe, wherever the secret begins
/// in what was encoded, padded or not; hexadecimal, in small and in capital letters; percent-encoded, only where it must be and throughout; and as
/// JSON and `Debug` quote it.
///
/// ```
/// use paymux_conformance::Canaries;
///
/// let mut canaries = Canaries::default();
/// canaries.add("api_key", "canary-api-key");
/// assert_eq!(canaries.find("Authorization: Basic OmNhbmFyeS1hcGkta2V5").expect("a leak").form, "base64");
/// assert!(canaries.find("cards: sale: network: no answer [unknown]").is_none());
/// ```
#[derive(Clone, Default)]
pub struct Canaries {
    names: Vec<String>,
    /// By their first two bytes.
    forms: BTreeMap<usize, Vec<Form>>,
    /// Whether a form begins so: one entry for every two bytes that there can be, or none at all.
    begins: Vec<bool>,
}

#[derive(Clone)]
struct Form {
    secret: usize,
    name: &'static str,
    bytes: Vec<u8>,
    /// So short that it counts only where no letter or digit stands beside it.
    alone: bool,
}

/// A secret was found. It is named, and not told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Leak {
    /// The secret's name.
    pub secret: String,
    /// The form that it was found in.
    pub form: &'static str,
}

/// What is shorter than this, as a CVV is, stands in many a text by chance.
const SHORT: usize = 6;

impl Canaries {
    /// Looks for this secret too. An empty one is none, and one that is known is not added again.
    pub fn add(&mut self, name: &str, secret: &str) {
        let bytes = secret.as_bytes();
        if bytes.len() < 2 || self.knows(bytes) {
            return;
        }
        let number = self.names.len();
        self.names.push(name.to_owned());
        let short = bytes.len() < SHORT;
        let mut put = |name, form: String, alone| {
            let form = form.into_bytes();
            if let [first, second, ..] = form.as_slice() {
                let beginning = beginning(*first, *second);
                self.begins.resize(1 << 16, false);
                if let Some(begins) = self.begins.get_mut(beginning) {
                    *begins = true;
                }
                let list = self.forms.entry(beginning).or_default();
                if !list.iter().any(|known| known.bytes == form) {
                    list.push(Form {
                        secret: number,
                        name,
                        bytes: form,
                        alone,
                    });
                }
            }
        };
        put("plain", secret.to_owned(), short);
        put("quoted", format!("{secret:?}").trim_matches('"').to_owned(), short);
        if bytes.len() >= 12 && bytes.iter().all(u8::is_ascii_digit) {
            put("in groups", grouped(secret, ' '), false);
            put("in groups", grouped(secret, '-'), false);
        }
        put("hexadecimal", hex(bytes, "", false), short);
        put("hexadecimal", hex(bytes, "", true), short);
        put("percent-encoded", hex(bytes, "%", false), false);
        put("percent-encoded", hex(bytes, "%", true), false);
        put("percent-encoded", escaped(bytes), short);
        put("percent-encoded", escaped(bytes).replace("%20", "+"), short);
        for before in 0..3 {
            for form in [
                based(&STANDARD_NO_PAD, bytes, before),
                based(&URL_SAFE_NO_PAD, bytes, before),
            ] {
                // Four characters are found by chance.
                if form.len() > 4 {
                    put("base64", form, false);
                }
            }
        }
    }

    /// How many secrets there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// The first secret that stands in this text, and how.
    #[must_use]
    pub fn find(&self, text: &str) -> Option<Leak> {
        let bytes = text.as_bytes();
        let mut before = None;
        for (at, pair) in bytes.windows(2).enumerate() {
            let [first, second] = pair else { continue };
            let beginning = beginning(*first, *second);
            if self.begins.get(beginning) != Some(&true) {
                before = Some(*first);
                continue;
            }
            for form in self.forms.get(&beginning).into_iter().flatten() {
                let rest = bytes.get(at..).unwrap_or_default();
                let Some(after) = rest.strip_prefix(form.bytes.as_slice()) else {
                    continue;
                };
                let touches = [before, after.first().copied()]
                    .into_iter()
                    .flatten()
                    .any(|b| b.is_ascii_alphanumeric());
                if !(form.alone && touches) {
                    return Some(Leak {
                        secret: self.names.get(form.secret).cloned().unwrap_or_default(),
                        form: form.name,
                    });
                }
            }
            before = Some(*first);
        }
        None
    }

    fn knows(&self, secret: &[u8]) -> bool {
        let mut forms = self.forms.values().flatten();
        forms.any(|form| form.name == "plain" && form.bytes == secret)
    }
}

impl fmt::Debug for Canaries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Canaries").field(&self.names).finish()
    }
}

/// Two bytes as one number.
fn beginning(first: u8, second: u8) -> usize {
    usize::from(first) << 8 | usize::from(second)
}

/// In groups of four.
fn grouped(text: &str, between: char) -> String {
    let mut out = String::new();
    for (at, c) in text.chars().enumerate() {
        if at > 0 && at % 4 == 0 {
            out.push(between);
        }
        out.push(c);
    }
    out
}

fn hex(bytes: &[u8], before_each: &str, capitals: bool) -> String {
    let mut out = String::new();
    for byte in bytes {
        out.push_str(before_each);
        if capitals {
            out.push_str(&format!("{byte:02X}"));
        } else {
            out.push_str(&format!("{byte:02x}"));
        }
    }
    out
}

/// Percent-encoded where it must be.
fn escaped(bytes: &[u8]) -> String {
    let mut out = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            out.push(char::from(*byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// The part of the encoding that is the same whatever stands around the secret, which begins `before` bytes after a group of three does.
fn based(encoding: &impl base64::Engine, bytes: &[u8], before: usize) -> String {
    let mut around = vec![0; before];
    around.extend_from_slice(bytes);
    let text = encoding.encode(&around);
    // Six bits a character: those that have a bit of something else are left out.
    let from = (before * 8).div_ceil(6);
    let to = around.len() * 8 / 6;
    text.get(from..to).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;

    use super::*;

    #[test]
    fn a_secret_is_found_in_every_form() {
        let secret = "Kanári?>/+~ key\"1";
        let mut canaries = Canaries::default();
        canaries.add("key", secret);
        canaries.add("key", secret);
        assert_eq!(canaries.len(), 1);
        let mut texts = vec![
            ("plain", format!("x{secret}y")),
            ("quoted", format!("{secret:?}")),
            ("hexadecimal", hex(secret.as_bytes(), "", false)),
            ("hexadecimal", hex(secret.as_bytes(), "", true)),
            ("percent-encoded", hex(secret.as_bytes(), "%", false)),
            ("percent-encoded", escaped(secret.as_bytes())),
        ];
        for before in ["", "a", "ab", "abc"] {
            for after in ["", "z", "zz"] {
                let whole = format!("{before}{secret}{after}");
                texts.push(("base64", STANDARD_NO_PAD.encode(&whole)));
                texts.push(("base64", URL_SAFE_NO_PAD.encode(&whole)));
                texts.push(("base64", base64::engine::general_purpose::STANDARD.encode(&whole)));
            }
        }
        for (form, text) in texts {
            assert_eq!(canaries.find(&text).map(|leak| leak.form), Some(form), "{text}");
        }
        for text in ["", "K", "Kanári", "another text"] {
            assert_eq!(canaries.find(text), None, "{text}");
        }
        assert!(!format!("{canaries:?}").contains("Kan"));
    }

    #[test]
    fn a_short_one_counts_alone_and_a_card_number_in_groups() {
        let mut canaries = Canaries::default();
        canaries.add("cvv", "7391");
        canaries.add("number", "4200000000000000");
        assert!(canaries.find("id 17391, 2026-01-01T00:00:00.73912Z").is_none());
        for text in ["\"cvv\":\"7391\"", "7391", "37333931", "cvv=%37%33%39%31"] {
            assert_eq!(canaries.find(text).expect("a leak").secret, "cvv", "{text}");
        }
        for text in ["4200 0000 0000 0000", "4200-0000-0000-0000"] {
            assert_eq!(canaries.find(text).expect("a leak").form, "in groups");
        }
    }
}
