//! Tables for a terminal: aligned columns, a styled cell here and there.

use std::fmt;

use anstyle::{AnsiColor, Style};
use paymux::visible;

/// Something good.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// Something to look at.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Something bad.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something of little weight.
pub(crate) const FAINT: Style = Style::new().dimmed();
/// A heading.
pub(crate) const HEAD: Style = Style::new().bold();

/// A table that is printed with two blanks between its columns; the default has no headings.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Vec<Cell>>,
}

/// One cell: a text, and how it looks on a terminal.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell in this style. What a terminal would obey is spelled out: texts come from providers, too.
    pub(crate) fn styled(text: impl Into<String>, style: Style) -> Self {
        Self {
            text: visible(&text.into()).into_owned(),
            style,
        }
    }

    /// Whether nothing is in it.
    pub(crate) const fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Self {
        Self::styled(text, Style::new())
    }
}

impl Table {
    /// A table with these headings.
    pub(crate) fn new(head: &[&str]) -> Self {
        let head = head.iter().map(|name| Cell::styled(*name, HEAD)).collect();
        Self { rows: vec![head] }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = Cell>) {
        self.rows.push(cells.into_iter().collect());
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = Vec::new();
        for row in &self.rows {
            for (at, cell) in row.iter().enumerate() {
                match widths.get_mut(at) {
                    Some(width) => *width = (*width).max(cell.width()),
                    None => widths.push(cell.width()),
                }
            }
        }
        widths
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let widths = self.widths();
        for row in &self.rows {
            // No blanks at a line's end: they break copying, and wrap on narrow terminals.
            let last = row.iter().rposition(|cell| !cell.text.is_empty());
            for (at, (cell, width)) in row.iter().zip(&widths).enumerate() {
                let style = cell.style;
                write!(f, "{style}{}{style:#}", cell.text)?;
                match last {
                    Some(last) if at < last => {
                        let gap = width.saturating_sub(cell.width()).saturating_add(2);
                        write!(f, "{:gap$}", "")?;
                    }
                    _ => break,
                }
            }
            writeln!(f)?;
        }
        Ok(())
    }
}

/// Puts a style around a text.
pub(crate) fn paint(text: &str, style: Style) -> String {
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(table: &Table) -> String {
        anstream::adapter::strip_str(&table.to_string()).to_string()
    }

    #[test]
    fn columns_are_aligned_whatever_their_style_and_script() {
        let mut table = Table::new(&["a", "bb"]);
        table.row(["größer".into(), Cell::styled("x", BAD)]);
        table.row(["y".into(), "".into()]);
        assert_eq!(plain(&table), "a       bb\ngrößer  x\ny\n");
    }

    #[test]
    fn what_a_provider_says_stays_in_its_cell_and_is_not_obeyed() {
        let mut table = Table::new(&["a", "b"]);
        table.row(["x\ny".into(), Cell::styled("\u{1b}[2Jgone", BAD)]);
        assert_eq!(plain(&table), "a        b\nx\\u{a}y  \\u{1b}[2Jgone\n");
    }

    #[test]
    fn rows_may_be_shorter_than_the_head() {
        let mut table = Table::new(&["a", "b", "c"]);
        table.row(["1".into()]);
        table.row(["2".into(), "3".into(), "4".into()]);
        assert_eq!(plain(&table), "a  b  c\n1\n2  3  4\n");
    }
}
