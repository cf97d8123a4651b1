//! Whose turn it is, on a terminal, while a command that asks many gateways runs.

use std::io::{IsTerminal as _, Write as _};

/// One line on standard error that is written over again and again, and leaves nothing. Nothing is shown where nobody looks.
#[derive(Debug)]
pub(crate) struct Progress {
    shown: bool,
    width: usize,
}

impl Progress {
    /// Shows something only on a terminal, and not beside JSON.
    pub(crate) fn new(as_json: bool) -> Self {
        Self {
            shown: !as_json && std::io::stderr().is_terminal(),
            width: 0,
        }
    }

    /// Says whose turn it is.
    pub(crate) fn turn(&mut self, gateway: &str) {
        self.put(&format!("{gateway} …"));
    }

    fn put(&mut self, text: &str) {
        if self.shown {
            let mut err = std::io::stderr();
            // Progress is a courtesy: where it cannot be shown, nothing is lost.
            let _ = err.write_all(self.over(text).as_bytes()).and_then(|()| err.flush());
        }
    }

    /// What writes this text over the one before. Blanks do it on every terminal, colours or not.
    fn over(&mut self, text: &str) -> String {
        let width = text.chars().count();
        let rest = " ".repeat(self.width.saturating_sub(width));
        self.width = width;
        format!("\r{text}{rest}\r")
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.put("");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shorter_text_leaves_nothing_of_a_longer_one() {
        let mut progress = Progress { shown: false, width: 0 };
        assert_eq!(progress.over("keybank …"), "\rkeybank …\r");
        assert_eq!(progress.over("qolo …"), "\rqolo …   \r");
        assert_eq!(progress.over(""), "\r      \r");
    }
}
