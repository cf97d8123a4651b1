//! What came of the cases.

use std::fmt;

use crate::bench::Stop;

/// What came of every case, as a table when printed.
#[derive(Clone, Debug)]
pub struct Report {
    gateway: String,
    provider: &'static str,
    blind_spots: Vec<&'static str>,
    lines: Vec<Line>,
}

/// One case, and what came of it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Line {
    /// The case.
    pub case: &'static str,
    /// What came of it.
    pub verdict: Verdict,
}

/// What came of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums, reason = "a case holds, does not, or does not fit")]
pub enum Verdict {
    /// It does not fit what the gateway declares or what the subject gives, for this reason.
    Excluded(String),
    /// It did not hold, for this reason.
    Failed(String),
    /// It holds.
    Passed,
}

impl Report {
    pub(crate) fn new(gateway: &str, provider: &'static str, blind_spots: Vec<&'static str>) -> Self {
        Self {
            gateway: gateway.to_owned(),
            provider,
            blind_spots,
            lines: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, case: &'static str, verdict: Verdict) {
        self.lines.push(Line { case, verdict });
    }

    /// Every case, in the order in which they ran.
    #[must_use]
    pub fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// What the suite could not look at, because the subject gives no way to.
    #[must_use]
    pub fn blind_spots(&self) -> &[&'static str] {
        &self.blind_spots
    }

    /// The cases that failed.
    pub fn failures(&self) -> impl Iterator<Item = &Line> {
        self.lines
            .iter()
            .filter(|line| matches!(line.verdict, Verdict::Failed(_)))
    }

    /// Whether no case failed and at least one passed.
    #[must_use]
    pub fn is_passed(&self) -> bool {
        self.failures().next().is_none() && self.lines.iter().any(|line| line.verdict == Verdict::Passed)
    }

    /// Panics with the whole table unless [`Report::is_passed`].
    #[track_caller]
    pub fn assert_passed(&self) {
        assert!(self.is_passed(), "the suite is not passed\n{self}");
    }
}

impl Verdict {
    const fn words(&self) -> (&'static str, &str) {
        match self {
            Self::Excluded(why) => ("excluded", why.as_str()),
            Self::Failed(why) => ("FAILED", why.as_str()),
            Self::Passed => ("passed", ""),
        }
    }
}

impl From<Stop> for Verdict {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Excluded(why) => Self::Excluded(why),
            Stop::Failed(why) => Self::Failed(why),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "gateway `{}` on {}", self.gateway, self.provider)?;
        for spot in &self.blind_spots {
            writeln!(f, "  not looked at: {spot}")?;
        }
        let width = self.lines.iter().map(|line| line.case.len()).max().unwrap_or(0);
        for line in &self.lines {
            let (verdict, why) = line.verdict.words();
            let text = format!("  {:<width$}  {verdict:<8}  {why}", line.case);
            writeln!(f, "{}", text.trim_end())?;
        }
        let count = |word| self.lines.iter().filter(|line| line.verdict.words().0 == word).count();
        let (passed, failed, excluded) = (count("passed"), count("FAILED"), count("excluded"));
        write!(f, "  {passed} passed, {failed} failed, {excluded} excluded")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_ends_with_a_blank() {
        let mut report = Report::new("a", "b", vec!["nothing"]);
        report.add("short", Verdict::Passed);
        report.add("a longer one", Verdict::Excluded("not offered".to_owned()));
        report.add("another", Verdict::Failed("why".to_owned()));
        let text = report.to_string();
        assert_eq!(text.lines().count(), 6, "{text}");
        assert!(text.lines().all(|line| line == line.trim_end()), "{text}");
    }
}
