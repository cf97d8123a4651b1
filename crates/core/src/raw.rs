//! A provider's reply, kept for a person to read, scrubbed.

use std::fmt;

use bytes::Bytes;

use crate::scrub;

/// The body of a provider's last reply. It is kept as one reference count and can be read only scrubbed.
#[derive(Clone, PartialEq, Eq)]
pub struct RawReply(Bytes);

impl RawReply {
    /// A reply's body.
    #[must_use]
    pub const fn new(body: Bytes) -> Self {
        Self(body)
    }

    /// The number of bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text, with the values of secret fields and every run of digits that could be a card number replaced by `***`: see [`scrub`].
    #[must_use]
    pub fn scrubbed(&self) -> String {
        scrub(&String::from_utf8_lossy(&self.0))
    }
}

impl fmt::Debug for RawReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RawReply({} bytes)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_its_size_can_be_printed() {
        let reply = RawReply::new(Bytes::from_static(b"secret"));
        assert_eq!(format!("{reply:?}"), "RawReply(6 bytes)");
    }
}
