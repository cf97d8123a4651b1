//! Changes inputs: bytes, pieces, numbers, and words of the trade.

use fastrand::Rng;

/// Words that replies and configurations are made of, and values that are unlike them.
const WORDS: [&str; 36] = [
    "null",
    "true",
    "false",
    "0",
    "-1",
    "1e400",
    "9223372036854775808",
    "0.1",
    "\"\"",
    "{}",
    "[]",
    "[[[[[[[[",
    "{\"a\":",
    "\\u0000",
    "\\ud800",
    "\u{202e}",
    "\u{feff}",
    "\r\n",
    "=",
    "&",
    "%00",
    "\"id\":",
    "\"amount\":",
    "\"currency\":",
    "\"status\":",
    "\"code\":",
    "200\n",
    "202\n",
    "204\n",
    "400\n",
    "401\n",
    "409\n",
    "429\n",
    "500\n",
    "APPROVED",
    "000.000.000",
];

/// Changes inputs by chance, which a seed decides.
#[derive(Clone, Debug)]
pub struct Mutator {
    rng: Rng,
}

impl Mutator {
    /// By this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            rng: Rng::with_seed(seed),
        }
    }

    /// One of them; nothing where there is none.
    pub fn pick<'a>(&mut self, list: &'a [Vec<u8>]) -> &'a [u8] {
        let index = self.rng.usize(..list.len().max(1));
        list.get(index).map(Vec::as_slice).unwrap_or_default()
    }

    /// An input like this one, changed in one to four places; `other` lends pieces.
    pub fn change(&mut self, input: &[u8], other: &[u8]) -> Vec<u8> {
        let mut out = input.to_vec();
        for _ in 0..self.rng.usize(1..=4) {
            self.once(&mut out, other);
        }
        out.truncate(64 * 1024);
        out
    }

    fn once(&mut self, out: &mut Vec<u8>, other: &[u8]) {
        let at = self.rng.usize(..=out.len());
        let end = at.saturating_add(self.rng.usize(..=16)).min(out.len());
        match self.rng.u8(..8) {
            0 => {
                if let Some(byte) = out.get_mut(at) {
                    *byte ^= 1 << self.rng.u32(..8);
                }
            }
            1 => out.truncate(at),
            2 => {
                out.drain(at..end);
            }
            3 => self.put(out, at..end, other),
            4 => {
                let piece = out.get(at..end).unwrap_or_default().to_vec();
                out.splice(at..at, piece);
            }
            5 => {
                let word = WORDS.get(self.rng.usize(..WORDS.len())).copied().unwrap_or_default();
                let end = if self.rng.bool() { at } else { end };
                out.splice(at..end, word.bytes());
            }
            6 => self.digit(out),
            _ => {
                let byte = self.rng.u8(..);
                out.insert(at, byte);
            }
        }
    }

    /// A piece of another input in place of one of this.
    fn put(&mut self, out: &mut Vec<u8>, range: std::ops::Range<usize>, other: &[u8]) {
        let from = self.rng.usize(..=other.len());
        let to = from.saturating_add(self.rng.usize(..=64)).min(other.len());
        out.splice(range, other.get(from..to).unwrap_or_default().iter().copied());
    }

    /// Another digit in place of one.
    fn digit(&mut self, out: &mut [u8]) {
        let places: Vec<_> = out.iter_mut().filter(|byte| byte.is_ascii_digit()).collect();
        let chosen = self.rng.usize(..places.len().max(1));
        if let Some(byte) = places.into_iter().nth(chosen) {
            *byte = b'0'.saturating_add(self.rng.u8(..10));
        }
    }
}
