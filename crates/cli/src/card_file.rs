//! Card data from a file or standard input. No message repeats what stands in it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use paymux::Card;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;

use crate::exit::Failure;

/// The fields of a card, as they were written.
#[derive(Default)]
struct Fields {
    number: Option<SecretString>,
    month: Option<SecretString>,
    year: Option<SecretString>,
    cvv: Option<SecretString>,
    holder: Option<SecretString>,
}

/// The names and values of a JSON object in their order. A name that is given twice stays twice: a map would quietly keep the last.
struct Pairs(Vec<(String, Value)>);

/// The most bytes of a file that is named on the command line: beyond that it is something else.
const MOST_BYTES: u64 = 8 << 20;

/// Reads a text file; `-` is standard input. A device that never ends is not read to its end.
pub(crate) fn text(option: &str, path: &Path) -> Result<SecretString, Failure> {
    let read = if path.as_os_str() == "-" {
        all(io::stdin().lock())
    } else {
        File::open(path).and_then(all)
    };
    read.map_err(|error| Failure::input(format!("{option} {}: {error}", path.display())))
}

fn all(from: impl Read) -> io::Result<SecretString> {
    let mut bytes = Vec::new();
    from.take(MOST_BYTES.saturating_add(1)).read_to_end(&mut bytes)?;
    let wrong = |what| io::Error::new(io::ErrorKind::InvalidData, what);
    if u64::try_from(bytes.len()).is_ok_and(|length| length > MOST_BYTES) {
        return Err(wrong("it holds more than 8 MiB"));
    }
    String::from_utf8(bytes)
        .map(Into::into)
        .map_err(|_| wrong("it is not UTF-8 text"))
}

/// Reads a card: JSON, or lines of `name=value` or `name: value`.
pub(crate) fn read(path: &Path) -> Result<Card, Failure> {
    parse(text("--card-file", path)?.expose_secret())
}

fn parse(text: &str) -> Result<Card, Failure> {
    // Some editors begin a file with a byte order mark.
    let text = text.trim_start_matches('\u{feff}');
    let mut fields = Fields::default();
    if text.trim_start().starts_with('{') {
        // The parser's own words may quote the file; only where it stopped is told.
        let Pairs(pairs) = serde_json::from_str(text)
            .map_err(|e| wrong(format!("is not JSON (line {}, column {})", e.line(), e.column())))?;
        for (name, value) in pairs {
            let value = match value {
                Value::String(text) => text,
                Value::Number(number) => number.to_string(),
                Value::Null => continue,
                _ => return Err(wrong(format!("`{name}` must be a text or a number"))),
            };
            fields.put(&name, value)?;
        }
    } else {
        for (at, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let (name, value) = line.split_once(['=', ':']).ok_or_else(|| {
                let place = at.saturating_add(1);
                wrong(format!("line {place} must be `name=value`, as in `month=5`"))
            })?;
            fields.put(name.trim(), value.trim().to_owned())?;
        }
    }
    fields.card()
}

fn wrong(what: impl Into<String>) -> Failure {
    Failure::input(format!("--card-file: {}", what.into()))
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

impl Fields {
    fn put(&mut self, name: &str, value: String) -> Result<(), Failure> {
        let value = SecretString::from(value);
        let place = match name {
            "number" => &mut self.number,
            "month" => &mut self.month,
            "year" => &mut self.year,
            "cvv" => &mut self.cvv,
            "holder" => &mut self.holder,
            // A name with digits may be a value that stands in the wrong place.
            _ if name.contains(|c: char| c.is_ascii_digit()) => {
                return Err(wrong(
                    "there is a field that is none; a card has number, month, year, cvv and holder",
                ));
            }
            _ => {
                let what = format!("`{name}` is not a field; a card has number, month, year, cvv and holder");
                return Err(wrong(what));
            }
        };
        match place.replace(value) {
            None => Ok(()),
            Some(_) => Err(wrong(format!("`{name}` is given twice"))),
        }
    }

    fn card(self) -> Result<Card, Failure> {
        let must = |name: &str, value: Option<SecretString>| value.ok_or_else(|| wrong(format!("`{name}` is missing")));
        let number = must("number", self.number)?;
        let month = must("month", self.month)?.expose_secret().parse();
        let month = month.map_err(|_| wrong("`month` must be a number from 1 to 12"))?;
        let year = must("year", self.year)?.expose_secret().parse();
        let year = year.map_err(|_| wrong("`year` must be a year of four digits"))?;
        let broken = |error: paymux::CardError| wrong(error.to_string());
        let mut card = Card::new(number.expose_secret(), month, year).map_err(broken)?;
        if let Some(cvv) = self.cvv {
            card = card.with_cvv(cvv.expose_secret()).map_err(broken)?;
        }
        Ok(match self.holder {
            Some(holder) => card.with_holder(holder.expose_secret()),
            None => card,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_json_say_the_same() {
        for text in [
            "number=4200 0000 0000 0000\nmonth = 5\nyear: 2034\n# a comment\n\ncvv=123\nholder=Jane Jones\n",
            "\u{feff}number=4200000000000000\r\nmonth=5\r\nyear=2034\r\ncvv=123\r\nholder=Jane Jones\r\n",
            r#"{"number":"4200000000000000","month":5,"year":"2034","cvv":"123","holder":"Jane Jones"}"#,
        ] {
            let card = parse(text).unwrap();
            assert_eq!(card.expose_number(), "4200000000000000");
            assert_eq!((card.month(), card.year()), (5, 2034));
            assert_eq!((card.expose_cvv(), card.holder()), (Some("123"), Some("Jane Jones")));
        }
    }

    #[test]
    fn refusals_name_the_field_and_never_the_data() {
        for (text, what) in [
            ("number=4200000000000001\nmonth=5\nyear=2034", "fails the Luhn check"),
            ("number=4200000000000000\nyear=2034", "`month` is missing"),
            (
                "number=4200000000000000\nmonth=x420\nyear=2034",
                "`month` must be a number",
            ),
            ("number=4200000000000000\nmonth=5\nyear=34", "a year of four digits"),
            (
                "number=4200000000000000\nmonth=5\nyear=2034\ncvv=4200000",
                "CVV must have 3 or 4 digits",
            ),
            (
                "number=4200000000000000\nnumber=4200000000000000",
                "`number` is given twice",
            ),
            (
                r#"{"number":"4200000000000000","month":11,"year":2034,"month":12}"#,
                "`month` is given twice",
            ),
            ("pan=4200000000000000", "`pan` is not a field"),
            ("4200000000000000=1", "there is a field that is none"),
            ("4200000000000000", "line 1 must be `name=value`"),
            (r#"{"number":4200000000000000"#, "is not JSON"),
            (r#"{"number":["4200000000000000"]}"#, "`number` must be a text"),
        ] {
            let failure = parse(text).unwrap_err().to_string();
            assert!(failure.contains(what), "{failure}");
            assert!(!failure.contains("4200"), "{failure}");
        }
    }
}
