//! Where a fleet keeps its access tokens.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use paymux_core::{Error, Token};
use secrecy::SecretString;

/// Keeps access tokens outside this process, so that many processes make one login ([`Builder::token_store`](crate::Builder::token_store)).
///
/// Each set of credentials is named by a digest, in which no secret can be read. A process that needs a token loads the one that is there. If there
/// is none that it can use, it takes the lease, logs in and saves; a process that does not get the lease waits for what the other one saves.
///
/// No failure of a store is a failure of a payment: a process that gets an error, or no answer within half a second, goes on with a token of its own,
/// and warns once until the store answers again.
///
/// # Behavior
/// - At most one lease per credentials is in force, and it ends by itself after its time. Whoever got it has its id, which nobody else was given,
///   also not before the store lost what it had.
/// - [`save`](Self::save), [`take_refresh`](Self::take_refresh) and [`extend`](Self::extend) do nothing for a lease that is not in force any more.
/// - A token's generation is the id of the lease under which it was saved.
/// - What cannot be read, or not with the store's keys, counts as absent.
#[async_trait]
pub trait TokenStore: Debug + Send + Sync {
    /// The token of these credentials, without its refresh token.
    ///
    /// # Errors
    /// The store cannot be asked. So in every method.
    async fn load(&self, credentials: &str) -> Result<Option<StoredToken>, Error>;

    /// Takes the lease for this time, and gives its id; `None` if another one is in force.
    async fn lease(&self, credentials: &str, time: Duration) -> Result<Option<String>, Error>;

    /// Lets a lease end this time from now; `false` if it is not in force any more.
    async fn extend(&self, credentials: &str, lease: &str, time: Duration) -> Result<bool, Error>;

    /// Takes the refresh token out, so that it is used once, whatever becomes of who uses it.
    async fn take_refresh(&self, credentials: &str, lease: &str) -> Result<Option<SecretString>, Error>;

    /// Puts a token, with its refresh token, in place of the one that is there, and ends the lease. It is kept for this time. `false` if the lease is
    /// not in force any more; then nothing is kept.
    async fn save(
        &self,
        credentials: &str,
        lease: &str,
        token: &Token,
        obtained: Timestamp,
        keep: Duration,
    ) -> Result<bool, Error>;

    /// Ends a lease without a token.
    async fn release(&self, credentials: &str, lease: &str) -> Result<(), Error>;

    /// Marks the token of this generation as refused, and keeps its refresh token. Another generation stays as it is.
    async fn invalidate(&self, credentials: &str, generation: &str) -> Result<(), Error>;
}

/// A token as a store has it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredToken {
    /// The token.
    pub token: Token,
    /// Which one it is.
    pub generation: String,
    /// When it was got, by the clock of who got it.
    pub obtained: Timestamp,
    /// Whether a call was refused with it.
    pub refused: bool,
}

impl StoredToken {
    /// A token that nobody was refused with.
    #[must_use]
    pub const fn new(token: Token, generation: String, obtained: Timestamp) -> Self {
        Self {
            token,
            generation,
            obtained,
            refused: false,
        }
    }

    /// A call was refused with it.
    #[must_use]
    pub const fn refused(mut self, refused: bool) -> Self {
        self.refused = refused;
        self
    }
}
