//! Reading of form bodies and query strings, field by field.

use bytes::Bytes;
use http::Request;

use crate::wire;

/// The fields of a request.
#[derive(Debug)]
pub(super) struct Form(Vec<(String, String)>);

/// Why a request is refused before anything is recorded.
#[derive(Debug)]
pub(super) enum Refusal {
    /// These fields are absent or badly written.
    Fields(Vec<FieldError>),
    /// The fields are well written and this code says what is wrong with them.
    Code(&'static str),
}

/// What is wrong with one field.
#[derive(Debug)]
pub(super) struct FieldError {
    /// The field.
    pub(super) name: String,
    /// What stood in it, as it came.
    pub(super) value: Option<String>,
    /// The complaint.
    pub(super) message: &'static str,
}

/// An amount as the wire has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Money {
    /// Hundredths of the currency's main unit, whatever the currency.
    pub(super) hundredths: i64,
    /// ISO 4217.
    pub(super) currency: String,
}

impl Form {
    /// The fields of the body.
    pub(super) fn body(request: &Request<Bytes>) -> Self {
        Self(wire::pairs(request.body()))
    }

    /// The fields of the query.
    pub(super) fn query(request: &Request<Bytes>) -> Self {
        Self(wire::query(request))
    }

    /// The first value of a field.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        wire::first(&self.0, name)
    }

    /// Whether a switch is on.
    pub(super) fn on(&self, name: &str) -> bool {
        self.get(name) == Some("true")
    }

    /// The caller's own parameters, with the brackets taken off.
    pub(super) fn custom(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().filter_map(|(name, value)| {
            let name = name.strip_prefix("customParameters[")?.strip_suffix(']')?;
            Some((name, value.as_str()))
        })
    }
}

impl Money {
    /// The amount in minor units by ISO 4217, if the currency has such an amount.
    pub(super) fn minor(&self) -> Option<i64> {
        let unit = 10_i64.checked_pow(wire::decimals(&self.currency))?;
        let scaled = self.hundredths.checked_mul(unit)?;
        (scaled % 100 == 0).then_some(scaled / 100)
    }

    /// The amount of so many minor units, if the wire can say it.
    pub(super) fn of_minor(minor: i64, currency: &str) -> Option<Self> {
        let unit = 10_i64.checked_pow(wire::decimals(currency))?;
        let scaled = minor.checked_mul(100)?;
        (minor > 0 && scaled % unit == 0).then(|| Self {
            hundredths: scaled / unit,
            currency: currency.to_owned(),
        })
    }

    /// The amount as text.
    pub(super) fn text(&self) -> String {
        wire::major(self.hundredths, 2)
    }
}

/// Reads fields and gathers what is wrong with them.
#[derive(Debug)]
pub(super) struct Reader<'a> {
    form: &'a Form,
    errors: Vec<FieldError>,
    code: Option<&'static str>,
}

impl<'a> Reader<'a> {
    /// Starts reading.
    pub(super) fn new(form: &'a Form) -> Self {
        Self {
            form,
            errors: Vec::new(),
            code: None,
        }
    }

    /// The fields.
    pub(super) fn form(&self) -> &'a Form {
        self.form
    }

    /// A field that must be there and fit.
    pub(super) fn required(&mut self, name: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        if self.form.get(name).is_none_or(str::is_empty) {
            self.complain(name, "is required");
            return None;
        }
        self.optional(name, fits)
    }

    /// A field that must fit if it is there.
    pub(super) fn optional(&mut self, name: &str, fits: impl Fn(&str) -> bool) -> Option<String> {
        let value = self.form.get(name)?;
        if fits(value) {
            return Some(value.to_owned());
        }
        self.complain(name, "is not written as it must be");
        None
    }

    /// Notes that a field is wrong.
    pub(super) fn complain(&mut self, name: &str, message: &'static str) {
        self.errors.push(FieldError {
            name: name.to_owned(),
            value: self.form.get(name).map(str::to_owned),
            message,
        });
    }

    /// Notes a code to refuse with, unless fields are badly written.
    pub(super) fn refuse(&mut self, code: &'static str) {
        self.code.get_or_insert(code);
    }

    /// Amount and currency. When not required, either both or none.
    pub(super) fn money(&mut self, required: bool) -> Option<Money> {
        if !required && self.form.get("amount").is_none() && self.form.get("currency").is_none() {
            return None;
        }
        if self.form.get("amount").is_some_and(too_fine) {
            self.refuse("100.550.303");
            self.required("currency", is_currency);
            return None;
        }
        let amount = self.required("amount", is_amount);
        let currency = self.required("currency", is_currency);
        let money = Money {
            hundredths: wire::minor(&amount?, 2)?,
            currency: currency?,
        };
        if money.hundredths == 0 {
            self.refuse("100.550.300");
        } else if money.minor().is_none() {
            self.refuse("100.550.303");
        }
        Some(money)
    }

    /// What was read, unless something was wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, Refusal> {
        if !self.errors.is_empty() {
            return Err(Refusal::Fields(self.errors));
        }
        match (self.code, read) {
            (Some(code), _) => Err(Refusal::Code(code)),
            (None, Some(read)) => Ok(read),
            (None, None) => Err(Refusal::Fields(Vec::new())),
        }
    }
}

/// Between so many characters.
pub(super) fn sized(least: usize, most: usize) -> impl Fn(&str) -> bool {
    move |text| (least..=most).contains(&text.chars().count())
}

/// Between so many digits, and nothing else.
pub(super) fn digits(least: usize, most: usize) -> impl Fn(&str) -> bool {
    move |text| (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_amount(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "00"));
    digits(1, 10)(whole) && digits(2, 2)(fraction)
}

fn too_fine(text: &str) -> bool {
    text.split_once('.')
        .is_some_and(|(whole, fraction)| digits(1, 10)(whole) && digits(3, 100)(fraction))
}

fn is_currency(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|b| b.is_ascii_uppercase())
}
