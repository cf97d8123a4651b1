//! What several gateways have in common.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Values by key, each shared by all who ask for its key, for as long as one of them keeps it. A configuration that is put in place of another is
/// built before the other goes, so that what both have stays.
pub(crate) struct Shares<K, V> {
    list: Mutex<HashMap<K, Weak<V>>>,
}

impl<K: Eq + Hash, V: Default> Shares<K, V> {
    /// The value of a key.
    pub(crate) fn of(&self, key: K) -> Arc<V> {
        let mut list = self.list.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = list.get(&key).and_then(Weak::upgrade) {
            return value;
        }
        list.retain(|_, value| value.strong_count() > 0);
        let value = Arc::new(V::default());
        list.insert(key, Arc::downgrade(&value));
        value
    }
}

impl<K, V> Default for Shares<K, V> {
    fn default() -> Self {
        Self { list: Mutex::default() }
    }
}

impl<K, V> fmt::Debug for Shares<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shares")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_lives_as_long_as_somebody_keeps_it() {
        let shares = Shares::<u8, Mutex<u8>>::default();
        let (first, second, other) = (shares.of(1), shares.of(1), shares.of(2));
        *first.lock().unwrap() = 7;
        assert_eq!((*second.lock().unwrap(), *other.lock().unwrap()), (7, 0));
        drop(first);
        assert_eq!(*shares.of(1).lock().unwrap(), 7);
        drop(second);
        assert_eq!(*shares.of(1).lock().unwrap(), 0);
        drop(shares.of(3));
        drop(shares.of(4));
        assert_eq!(shares.list.lock().unwrap().len(), 2, "what nobody keeps is forgotten");
    }
}
