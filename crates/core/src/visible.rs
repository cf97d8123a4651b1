//! Text that is shown to people, with nothing in it that a terminal obeys or an eye cannot see.

use std::borrow::Cow;

/// Writes control characters, and characters that are invisible or turn the direction of writing, as `\u{…}`. Everything else is left as it is.
///
/// ```
/// use paymux_core::visible;
/// assert_eq!(visible("order 1"), "order 1");
/// assert_eq!(visible("a\u{1b}[31m\u{202e}b"), "a\\u{1b}[31m\\u{202e}b");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Control characters; the soft hyphen; blanks of no width; marks and overrides of direction; separators of lines; the byte order mark.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_left_alone() {
        for text in ["", "Jürgen “J.” O'Neill", "日本語", "\"quoted\" \\ back", "½ … ½"] {
            assert_eq!(visible(text), text);
        }
    }

    #[test]
    fn what_cannot_be_read_is_spelled_out() {
        assert_eq!(visible("a\nb\tc\u{7f}"), "a\\u{a}b\\u{9}c\\u{7f}");
        assert_eq!(visible("\u{feff}x\u{200b}y"), "\\u{feff}x\\u{200b}y");
    }
}
