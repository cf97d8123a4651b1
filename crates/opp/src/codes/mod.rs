//! Result codes: what each of them means, alone and in the context of what was asked.
//!
//! - [`ResultCode`] is the code itself, three groups of three digits.
//! - [`explain`] says what a code means in general: by its own row, else by its group, else by nothing.
//! - [`classify`] says what a code proves, given what was asked and where it was read.

mod classify;
mod groups;
mod table;

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use paymux_core::codes::{CodeTable, DecidedBy, Explanation};
use paymux_core::networks::MASTERCARD_ADVICE;
use paymux_core::{CodeClass, Decline, DeclineReason, RetryAdvice, Side};

pub use classify::{Context, NotAPaymentType, PaymentType, Surface, Verdict, classify};

/// A result code: three groups of three digits, as in `800.100.153`.
///
/// ```
/// use paymux_opp::ResultCode;
/// let code: ResultCode = "800.100.153".parse()?;
/// assert_eq!(code.to_string(), "800.100.153");
/// assert!("800.100.1530".parse::<ResultCode>().is_err());
/// # Ok::<(), paymux_opp::NotACode>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResultCode([u16; 3]);

/// A text that is no result code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NotACode;

impl ResultCode {
    /// A checkout was made. It is the only code that means so.
    pub const CHECKOUT_CREATED: Self = Self([0, 200, 100]);

    /// The three numbers.
    #[must_use]
    pub const fn parts(self) -> [u16; 3] {
        self.0
    }

    /// Every code that has a row of its own, in order.
    pub fn known() -> impl Iterator<Item = Self> {
        table::TABLE.iter().map(|row| Self(row.0))
    }

    /// The name of the first group that it falls into.
    #[must_use]
    pub fn group(self) -> Option<&'static str> {
        groups::of(self.0).map(|group| group.name)
    }

    /// Whether the code itself marks what it approves: `true` for the simulator and for an acquirer's test system, `false` for the plain
    /// success of live payments, `None` for the others.
    #[must_use]
    pub const fn marks_test(self) -> Option<bool> {
        match self.0 {
            [0, 100, 110 | 112] => Some(true),
            [0, 0, 0] => Some(false),
            _ => None,
        }
    }
}

impl FromStr for ResultCode {
    type Err = NotACode;

    fn from_str(text: &str) -> Result<Self, NotACode> {
        let &[a, b, c, b'.', d, e, f, b'.', g, h, i] = text.as_bytes() else {
            return Err(NotACode);
        };
        Ok(Self([number([a, b, c])?, number([d, e, f])?, number([g, h, i])?]))
    }
}

fn number(digits: [u8; 3]) -> Result<u16, NotACode> {
    digits.into_iter().try_fold(0_u16, |sum, digit| {
        if digit.is_ascii_digit() {
            Ok(sum * 10 + u16::from(digit - b'0'))
        } else {
            Err(NotACode)
        }
    })
}

impl fmt::Display for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c] = self.0;
        write!(f, "{a:03}.{b:03}.{c:03}")
    }
}

impl fmt::Debug for ResultCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for NotACode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a result code (they look like `800.100.153`)")
    }
}

impl std::error::Error for NotACode {}

/// Says what a code means, whatever was asked. It allocates nothing.
///
/// ```
/// use paymux_core::{CodeClass, DeclineReason};
/// let meaning = paymux_opp::explain("800.100.153".parse()?);
/// assert_eq!(meaning.class, CodeClass::Declined);
/// assert_eq!(meaning.reason, Some(DeclineReason::InvalidCvv));
/// # Ok::<(), paymux_opp::NotACode>(())
/// ```
#[must_use]
pub fn explain(code: ResultCode) -> Explanation {
    let group = groups::of(code.0);
    let explanation = match (table::find(code.0), group) {
        (Some(row), _) => {
            let table::Row(_, class, reason, advice, gloss) = *row;
            Explanation::new(class, reason, advice, DecidedBy::Exact, gloss)
        }
        (None, Some(group)) => {
            let advice = network_advice(code.0).unwrap_or(group.advice);
            let decided_by = DecidedBy::Group(group.name);
            Explanation::new(group.class, group.reason, advice, decided_by, group.gloss)
        }
        (None, None) => Explanation::unknown(),
    };
    match (explanation.reason, group.map(|group| group.name)) {
        (Some(DeclineReason::Unknown), Some("bank")) => explanation.with_side(Side::Issuer),
        _ => explanation,
    }
}

/// The result codes, as a table that can be asked and listed.
pub const CODES: CodeTable = CodeTable::new(
    "opp",
    "2026-11",
    "the result codes that the Open Payment Platform and its white labels publish; reasons and advice are ours",
    "three groups of three digits, as in 800.100.153",
    || {
        ResultCode::known()
            .map(|code| (code.to_string(), explain(code)))
            .collect()
    },
    |code| code.parse().ok().map(explain),
);

/// A refusal in the one vocabulary, with the provider's own text.
pub(crate) fn decline(code: ResultCode, text: Option<String>) -> Decline {
    let meaning = explain(code);
    let mut decline = Decline::new(meaning.reason.unwrap_or(DeclineReason::Unknown), code.to_string())
        .with_text(text)
        .with_advice(meaning.advice);
    decline.side = meaning.side.unwrap_or(decline.side);
    decline
}

/// The network's advice in a code of the form 700.600.0NN or 700.601.0NN: its last two digits are a merchant advice code.
fn network_advice(code: [u16; 3]) -> Option<RetryAdvice> {
    let [700, 600 | 601, advice @ 0..=99] = code else {
        return None;
    };
    let advice = u8::try_from(advice).ok()?;
    let digits = [b'0' + advice / 10, b'0' + advice % 10];
    advised(std::str::from_utf8(&digits).ok()?)
}

/// What a merchant advice code advises; `None` for one that only informs, and for one that is not known.
fn advised(code: &str) -> Option<RetryAdvice> {
    let meaning = (MASTERCARD_ADVICE.explain)(code)?;
    (meaning.class == CodeClass::Declined).then_some(meaning.advice)
}

/// A refusal's advice, made sharper by a merchant advice code that came with it. "Never" stays, and so does "after authentication" where
/// the network says "new data, or authentication".
pub(crate) fn refined(advice: RetryAdvice, merchant_advice: &str) -> RetryAdvice {
    match (advice, advised(merchant_advice)) {
        (RetryAdvice::Never, _) | (_, None) => advice,
        (RetryAdvice::AfterAuthentication, Some(RetryAdvice::WithNewData)) => advice,
        (_, Some(sharper)) => sharper,
    }
}

const fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}
