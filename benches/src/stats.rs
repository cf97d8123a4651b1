//! Figures, and how they are told: as tables that a person reads, or as JSON. All of them are integers.

use serde::Serialize;

/// A part of the report.
#[derive(Debug, Serialize)]
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) words: String,
    pub(crate) columns: Vec<&'static str>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(title: &str, words: &str, columns: &[&'static str]) -> Self {
        Self {
            title: title.to_owned(),
            words: words.to_owned(),
            columns: columns.to_vec(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn row<I: Into<String>>(&mut self, cells: impl IntoIterator<Item = I>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// The table as Markdown, its columns lined up.
    pub(crate) fn text(&self) -> String {
        let cells = |at: usize| self.rows.iter().filter_map(move |row| row.get(at));
        let width = |at: usize, head: &str| cells(at).map(|cell| width(cell)).max().unwrap_or(0).max(width(head));
        let widths: Vec<_> = (self.columns.iter().enumerate())
            .map(|(at, head)| width(at, head))
            .collect();
        let line = |row: &mut dyn Iterator<Item = &str>| {
            let padded = row.zip(&widths).map(|(cell, most)| {
                let fill = most.saturating_sub(self::width(cell));
                format!("{cell}{}", " ".repeat(fill))
            });
            format!("| {} |\n", padded.collect::<Vec<_>>().join(" | "))
        };
        let mut text = format!("## {}\n\n{}\n\n", self.title, self.words);
        text.push_str(&line(&mut self.columns.iter().copied()));
        let rule = widths
            .iter()
            .map(|most| "-".repeat(*most))
            .collect::<Vec<_>>()
            .join(" | ");
        text.push_str(&format!("| {rule} |\n"));
        for row in &self.rows {
            text.push_str(&line(&mut row.iter().map(String::as_str)));
        }
        text
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}

/// How the one compares with the other, round by round, in thousandths.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ratio {
    pub(crate) median: u64,
    low: u64,
    high: u64,
}

impl Ratio {
    /// Of what was measured in the same rounds.
    pub(crate) fn of(ours: &[u64], theirs: &[u64]) -> Self {
        let pairs = ours.iter().zip(theirs);
        let mut each: Vec<u64> = pairs.map(|(ours, theirs)| ours * 1000 / (*theirs).max(1)).collect();
        each.sort_unstable();
        Self {
            median: part(&each, 2, 4),
            low: part(&each, 1, 4),
            high: part(&each, 3, 4),
        }
    }

    /// The ratio, with two decimals.
    pub(crate) fn text(self) -> String {
        hundredths(self.median)
    }

    /// The middle half of all rounds.
    pub(crate) fn spread(self) -> String {
        format!("{}–{}", hundredths(self.low), hundredths(self.high))
    }
}

fn part(sorted: &[u64], parts: usize, of: usize) -> u64 {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * parts / of).copied().unwrap_or(0)
}

/// The middle one.
pub(crate) fn median(figures: &[u64]) -> u64 {
    let mut sorted = figures.to_vec();
    sorted.sort_unstable();
    part(&sorted, 1, 2)
}

/// Thousandths, with two decimals.
pub(crate) fn hundredths(thousandths: u64) -> String {
    let rounded = (thousandths + 5) / 10;
    format!("{}.{:02}", rounded / 100, rounded % 100)
}

/// A quotient with one decimal.
pub(crate) fn tenths(number: u64, of: u64) -> String {
    let of = of.max(1);
    let tenths = (number * 10 + of / 2) / of;
    format!("{}.{}", tenths / 10, tenths % 10)
}

/// Whether a figure is at most what is aimed at.
pub(crate) fn met(figure: u64, aim: u64) -> &'static str {
    if figure <= aim { "yes" } else { "no" }
}
