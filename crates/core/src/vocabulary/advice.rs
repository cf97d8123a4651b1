//! Whether and how to try again.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::{Serialize, Serializer};

use super::NotAWord;

/// Whether and how to try again. A new try is a new attempt with a new reference.
///
/// In serde it is its string form; a time follows a colon, in hours or in seconds: `later`, `later:72h`, `later:90s`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RetryAdvice {
    /// Again, after the cardholder was authenticated.
    AfterAuthentication,
    /// Again later; not before this time where the scheme gives one.
    Later(Option<Duration>),
    /// Not again.
    Never,
    /// At another provider.
    OtherProvider,
    /// The same request again: the provider says that nothing was done.
    SameRequest,
    /// Again with other payment data.
    WithNewData,
}

impl RetryAdvice {
    /// The stable string form, without the time.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AfterAuthentication => "after_authentication",
            Self::Later(_) => "later",
            Self::Never => "never",
            Self::OtherProvider => "other_provider",
            Self::SameRequest => "same_request",
            Self::WithNewData => "with_new_data",
        }
    }
}

impl fmt::Display for RetryAdvice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Later(Some(wait)) => {
                write!(f, "later (after {} h)", wait.as_secs().div_ceil(3600))
            }
            _ => f.pad(self.as_str()),
        }
    }
}

impl FromStr for RetryAdvice {
    type Err = NotAWord;

    fn from_str(text: &str) -> Result<Self, NotAWord> {
        Ok(match text {
            "after_authentication" => Self::AfterAuthentication,
            "later" => Self::Later(None),
            "never" => Self::Never,
            "other_provider" => Self::OtherProvider,
            "same_request" => Self::SameRequest,
            "with_new_data" => Self::WithNewData,
            _ => Self::Later(Some(wait(text).ok_or(NotAWord)?)),
        })
    }
}

fn wait(text: &str) -> Option<Duration> {
    let wait = text.strip_prefix("later:")?;
    let (number, unit) = wait.split_at_checked(wait.len().checked_sub(1)?)?;
    let factor = match unit {
        "h" => 3600,
        "s" => 1,
        _ => return None,
    };
    let number = number
        .bytes()
        .all(|b| b.is_ascii_digit())
        .then(|| number.parse::<u64>());
    Some(Duration::from_secs(number?.ok()?.checked_mul(factor)?))
}

impl Serialize for RetryAdvice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Later(Some(wait)) => {
                let seconds = wait.as_secs();
                let (number, unit) = if seconds % 3600 == 0 {
                    (seconds / 3600, 'h')
                } else {
                    (seconds, 's')
                };
                serializer.collect_str(&format_args!("later:{number}{unit}"))
            }
            _ => serializer.serialize_str(self.as_str()),
        }
    }
}

impl<'de> Deserialize<'de> for RetryAdvice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn string_forms_go_both_ways_with_their_time() {
        let after = |seconds| RetryAdvice::Later(Some(Duration::from_secs(seconds)));
        for (advice, text) in [
            (RetryAdvice::AfterAuthentication, "after_authentication"),
            (RetryAdvice::Later(None), "later"),
            (after(72 * 3600), "later:72h"),
            (after(90), "later:90s"),
            (RetryAdvice::Never, "never"),
            (RetryAdvice::OtherProvider, "other_provider"),
            (RetryAdvice::SameRequest, "same_request"),
            (RetryAdvice::WithNewData, "with_new_data"),
        ] {
            let json = serde_json::to_value(advice).unwrap();
            assert_eq!(json, text);
            assert_eq!(serde_json::from_value::<RetryAdvice>(json).unwrap(), advice);
            assert_eq!(text.split(':').next(), Some(advice.as_str()));
        }
        for other in [
            "",
            "Later",
            "later:",
            "later:h",
            "later:+1h",
            "later:1d",
            "later:1é",
            "later:99999999999999999999h",
        ] {
            assert_eq!(other.parse::<RetryAdvice>(), Err(NotAWord), "{other}");
        }
    }
}
