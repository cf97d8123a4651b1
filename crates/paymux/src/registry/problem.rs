//! What is wrong with a configuration, all of it.

use std::fmt;

use paymux_core::Problem;

/// A configuration that was refused, with every problem that it has.
///
/// `Debug` shows what `Display` shows, a line for each problem, since a `main` that returns an error prints that.
#[derive(Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<ConfigProblem>,
}

/// One problem, and the gateway that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConfigProblem {
    /// The gateway's name; `None` where the configuration as a whole is at fault.
    pub gateway: Option<String>,
    /// The key; `None` where there is no single one.
    pub key: Option<String>,
    /// What is wrong.
    pub what: String,
}

impl ConfigError {
    /// The refusal of a configuration for these problems.
    #[must_use]
    pub const fn new(problems: Vec<ConfigProblem>) -> Self {
        Self { problems }
    }

    pub(super) fn whole(what: impl Into<String>) -> Self {
        Self::new(vec![ConfigProblem::whole(what)])
    }

    /// Every problem, in the order of the configuration.
    #[must_use]
    pub fn problems(&self) -> &[ConfigProblem] {
        &self.problems
    }
}

impl ConfigProblem {
    /// A problem of the configuration as a whole, or of a section that is no gateway's.
    #[must_use]
    pub fn whole(what: impl Into<String>) -> Self {
        Self {
            gateway: None,
            key: None,
            what: what.into(),
        }
    }

    pub(super) fn new(gateway: &str, problem: Problem) -> Self {
        Self {
            gateway: Some(gateway.to_owned()),
            key: Some(problem.key),
            what: problem.what,
        }
    }
}

impl fmt::Display for ConfigProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(gateway) = &self.gateway {
            write!(f, "gateway `{gateway}`: ")?;
        }
        if let Some(key) = &self.key {
            write!(f, "`{key}` ")?;
        }
        f.write_str(&self.what)
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut problems = self.problems.iter();
        if let Some(first) = problems.next() {
            write!(f, "{first}")?;
        }
        problems.try_for_each(|problem| write!(f, "\n{problem}"))
    }
}

impl fmt::Debug for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for ConfigError {}

/// A hint at the known word that is nearest, as in " (did you mean `currency`?)", or nothing: for those who read sections of their own.
#[must_use]
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let ordered = |text: &str| {
        let mut parts: Vec<_> = text.split('_').collect();
        parts.sort_unstable();
        parts.join("_")
    };
    let own = ordered(word);
    let distance = |other: &str| {
        // The same words in another order are near, too.
        let turned = strsim::damerau_levenshtein(&own, &ordered(other));
        turned.min(strsim::damerau_levenshtein(word, other))
    };
    match known.into_iter().min_by_key(|other| distance(other)) {
        Some(best) if distance(best) <= 1 + word.chars().count() / 3 => format!(" (did you mean `{best}`?)"),
        _ => String::new(),
    }
}
