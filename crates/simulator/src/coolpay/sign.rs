//! Signatures and digests.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// The checksum of a callback: HMAC-SHA256 over the bytes of the body, in lower-case hex.
pub(super) fn checksum(private_key: &str, body: &[u8]) -> String {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(private_key.as_bytes()) else {
        return String::new();
    };
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

/// 64 hex digits that look random and are the same every time.
pub(super) fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update([0]);
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_the_fact_sheet() {
        assert_eq!(
            checksum("test-private-key", br#"{"id":7,"order_id":"Order7","accepted":true}"#),
            "a7a5a01af74aeaae41a0aaa5bf7ffb590ece9cd38465d3834403419e9705a730"
        );
    }
}
