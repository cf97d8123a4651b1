//! HMAC-SHA256, as several providers sign with it.
//!
//! ```
//! use paymux_core::hmac::{hex, verify};
//!
//! // The provider signs the time and the body; the key was changed a moment ago.
//! let (time, body) = (b"1767323045.", br#"{"id":7}"#);
//! let signature = hex(b"old key", &[time, body]);
//! let keys: [&[u8]; 2] = [b"new key", b"old key"];
//! assert!(verify(keys, &[time, body], &signature).is_ok());
//! assert!(verify(keys, &[time, br#"{"id":8}"#], &signature).is_err());
//! ```

use hmac_sha256::HMAC;

use crate::{Verified, WebhookError};

/// The HMAC-SHA256 of the parts, one after the other, in lower-case hexadecimal.
///
/// ```
/// let signature = paymux_core::hmac::hex(b"key", &[b"The quick brown fox ", b"jumps over the lazy dog"]);
/// assert_eq!(signature, "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8");
/// ```
#[must_use]
pub fn hex(key: &[u8], parts: &[&[u8]]) -> String {
    ::hex::encode(mac(key, parts).finalize())
}

/// Whether `signature`, hexadecimal in either case, is the HMAC-SHA256 of the parts. Takes the same time wherever it differs.
#[must_use]
pub fn is_valid(key: &[u8], parts: &[&[u8]], signature: &str) -> bool {
    let mut expected = [0; 32];
    ::hex::decode_to_slice(signature, &mut expected).is_ok() && mac(key, parts).finalize_verify(&expected)
}

/// Verifies a webhook's `signature`, hexadecimal in either case, over the parts with whichever of the keys fits. All keys are tried, so that the time
/// does not tell which one did.
///
/// # Errors
/// [`WebhookError::Signature`]: no key fits, or there is none.
pub fn verify<'a>(
    keys: impl IntoIterator<Item = &'a [u8]>,
    parts: &[&[u8]],
    signature: &str,
) -> Result<Verified, WebhookError> {
    let fitting = keys.into_iter().filter(|key| is_valid(key, parts, signature)).count();
    match fitting {
        0 => Err(WebhookError::Signature),
        _ => Ok(Verified::by_hmac()),
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> HMAC {
    let mut mac = HMAC::new(key);
    for part in parts {
        mac.update(part);
    }
    mac
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_signature_is_valid() {
        let right = hex(b"key", &[b"body"]);
        assert!(is_valid(b"key", &[b"bo", b"dy"], &right.to_uppercase()));
        for wrong in [
            hex(b"kez", &[b"body"]),
            hex(b"key", &[b"bodz"]),
            right[..62].to_owned(),
            format!("{right}00"),
        ] {
            assert!(!is_valid(b"key", &[b"body"], &wrong), "{wrong}");
        }
        assert!(!is_valid(b"key", &[b"body"], ""));
    }

    #[test]
    fn any_of_the_keys_verifies() {
        let signature = hex(b"new", &[b"body"]);
        let keys: [&[u8]; 2] = [b"old", b"new"];
        assert!(verify(keys, &[b"body"], &signature).is_ok());
        assert!(verify([keys[0]], &[b"body"], &signature).is_err());
        assert!(verify([], &[b"body"], &signature).is_err(), "no key verifies nothing");
    }
}
