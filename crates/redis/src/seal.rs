//! What lies in Redis is sealed: AES-256-GCM, a fresh nonce for each, bound to the place and the generation that it is of.

use aes_gcm::aead::{Aead as _, Generate as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use paymux::{Error, ErrorKind};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};

/// The first byte of everything that is sealed: its version.
const VERSION: u8 = 1;
const NONCE: usize = 12;

/// The keys: the first seals, each opens.
pub(crate) struct Keys {
    ciphers: Vec<Aes256Gcm>,
}

/// What a sealed text is, and of what.
pub(crate) struct Place<'a> {
    pub(crate) part: &'static str,
    pub(crate) credentials: &'a str,
    pub(crate) generation: &'a str,
}

impl Place<'_> {
    /// Neither of the names has a blank, so that no two places read the same.
    fn bytes(&self) -> Vec<u8> {
        format!("paymux 1 {} {} {}", self.part, self.credentials, self.generation).into_bytes()
    }
}

impl Keys {
    /// Keys of 32 bytes, each in hexadecimal or base64, with commas between them.
    pub(crate) fn read(text: &SecretString) -> Result<Self, Error> {
        let keys = text.expose_secret().split(',').map(str::trim);
        let ciphers: Option<Vec<_>> = keys.map(cipher).collect();
        let ciphers = ciphers.ok_or_else(|| {
            let message = "a key of the token store must be 32 bytes, as 64 hexadecimal digits or in base64; several with commas between them";
            Error::new(ErrorKind::Configuration, message)
        })?;
        Ok(Self { ciphers })
    }

    /// Seals a text for its place.
    pub(crate) fn seal(&self, text: &[u8], place: &Place<'_>) -> Result<Vec<u8>, Error> {
        let failed = || Error::new(ErrorKind::Configuration, "a token cannot be sealed");
        let cipher = self.ciphers.first().ok_or_else(failed)?;
        // Without randomness nothing is sealed.
        let nonce = Nonce::try_generate().map_err(|_| failed())?;
        let aad = place.bytes();
        let payload = Payload { msg: text, aad: &aad };
        let sealed = cipher.encrypt(&nonce, payload).map_err(|_| failed())?;
        let mut whole = vec![VERSION];
        whole.extend_from_slice(&nonce);
        whole.extend_from_slice(&sealed);
        Ok(whole)
    }

    /// Opens what was sealed for this place with one of the keys.
    pub(crate) fn open(&self, sealed: &[u8], place: &Place<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let (version, rest) = sealed.split_first()?;
        let (nonce, text) = rest.split_at_checked(NONCE)?;
        if *version != VERSION {
            return None;
        }
        let nonce = Nonce::from(<[u8; NONCE]>::try_from(nonce).ok()?);
        let aad = place.bytes();
        self.ciphers.iter().find_map(|cipher| {
            let payload = Payload { msg: text, aad: &aad };
            cipher.decrypt(&nonce, payload).ok().map(Zeroizing::new)
        })
    }
}

fn cipher(key: &str) -> Option<Aes256Gcm> {
    let bytes = match key.len() {
        64 => hex::decode(key).ok()?,
        _ => STANDARD.decode(key).ok()?,
    };
    Aes256Gcm::new_from_slice(&Zeroizing::new(bytes)).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

    use super::*;

    const ONE: &str = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
    const TWO: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    fn keys(text: &str) -> Keys {
        Keys::read(&SecretString::from(text)).unwrap()
    }

    const PLACE: Place<'_> = Place {
        part: "access",
        credentials: "c1",
        generation: "g1",
    };

    #[test]
    fn only_the_same_place_and_a_right_key_open_it() {
        let sealed = keys(ONE).seal(b"text", &PLACE).unwrap();
        assert_eq!(keys(ONE).open(&sealed, &PLACE).unwrap().as_slice(), b"text");
        assert!(keys(TWO).open(&sealed, &PLACE).is_none());
        let others = [
            Place {
                part: "refresh",
                ..PLACE
            },
            Place {
                credentials: "c2",
                ..PLACE
            },
            Place {
                generation: "g2",
                ..PLACE
            },
        ];
        for other in others {
            assert!(keys(ONE).open(&sealed, &other).is_none());
        }
        for n in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[n] ^= 1;
            assert!(keys(ONE).open(&changed, &PLACE).is_none(), "byte {n}");
            assert!(keys(ONE).open(&sealed[..n], &PLACE).is_none(), "{n} bytes");
        }
    }

    #[test]
    fn the_first_key_seals_and_each_opens() {
        let (old, both) = (keys(ONE), keys(&format!("{TWO}, {ONE}")));
        let (by_old, by_both) = (old.seal(b"text", &PLACE).unwrap(), both.seal(b"text", &PLACE).unwrap());
        assert!(both.open(&by_old, &PLACE).is_some() && both.open(&by_both, &PLACE).is_some());
        assert!(old.open(&by_both, &PLACE).is_none() && keys(TWO).open(&by_both, &PLACE).is_some());
    }

    #[test]
    fn the_same_text_is_never_sealed_the_same() {
        let keys = keys(ONE);
        let nonce = |sealed: Vec<u8>| sealed[1..=NONCE].to_vec();
        let nonces: std::collections::BTreeSet<_> =
            (0..1000).map(|_| nonce(keys.seal(b"text", &PLACE).unwrap())).collect();
        assert_eq!(nonces.len(), 1000);
    }

    #[test]
    fn keys_of_another_length_are_refused_and_not_shown() {
        let short = "canary0102030405060708090a0b0c0d0e0f1";
        for text in ["", ",", short, &ONE[1..], &format!("{ONE},"), &TWO[1..]] {
            let error = Keys::read(&SecretString::from(text)).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::Configuration);
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
