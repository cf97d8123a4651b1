//! The store: a hash for each token, and a key for each lease.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aes_gcm::aead::Generate as _;
use jiff::Timestamp;
use paymux::{Error, ErrorKind, StoredToken, Token, TokenStore, async_trait};
use redis::{Client, Cmd, ToRedisArgs};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use crate::link::{Again, Link, said};
use crate::seal::{Keys, Place};

/// Takes a lease that nobody has; the same one again may be taken, when the answer to the first was lost.
const LEASE: &str = "if redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) then return 1 end
return redis.call('GET', KEYS[1]) == ARGV[1] and 1 or 0";
const EXTEND: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])";
const RELEASE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";
const TAKE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return {false, false} end
local found = redis.call('HMGET', KEYS[2], 'generation', 'refresh')
redis.call('HDEL', KEYS[2], 'refresh')
return found";
const SAVE: &str = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'generation', ARGV[1], 'access', ARGV[3])
if ARGV[4] ~= '' then redis.call('HSET', KEYS[2], 'refresh', ARGV[4]) end
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[1])
return 1";
const INVALIDATE: &str = "if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'refused', '1')
return 1";

/// Access tokens in Redis.
pub struct RedisTokens {
    link: Link,
    keys: Keys,
    /// It was said that something there cannot be opened. Once is enough: two processes without a key in common may go on replacing each
    /// other's tokens.
    said_unreadable: AtomicBool,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Entry<'a> {
    #[serde(borrow)]
    access: Cow<'a, str>,
    expires: Option<Timestamp>,
    obtained: Timestamp,
}

/// A hash as it lies there: generation, access, and the mark of a refused one.
type Fields = (Option<String>, Option<Vec<u8>>, Option<String>);

impl RedisTokens {
    /// A store at this address, `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, or `rediss://` with the feature `tls`.
    ///
    /// `key` seals the tokens: 32 random bytes, as 64 hexadecimal digits or in base64. There may be several, with commas between them: the first
    /// seals, each opens.
    ///
    /// No connection is made before it is needed, so that a Redis that is away keeps nobody from starting.
    ///
    /// With the feature `tls` rustls's default cryptography for this process becomes ring, unless the application has installed one before.
    ///
    /// # Errors
    /// The address or a key is not as described.
    pub fn connect(url: &SecretString, key: &SecretString) -> Result<Self, Error> {
        // Where a dependency of the application brings another one, none is the default by itself, and the first connection would panic.
        #[cfg(feature = "tls")]
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let _ = rustls::crypto::ring::default_provider().install_default();
        }
        let client = Client::open(url.expose_secret()).map_err(|error| {
            let message = format!("the token store's address cannot be used: {}", said(&error));
            Error::new(ErrorKind::Configuration, message)
        })?;
        Ok(Self {
            link: Link::new(client),
            keys: Keys::read(key)?,
            said_unreadable: AtomicBool::new(false),
        })
    }

    fn open(&self, sealed: &[u8], place: &Place<'_>) -> Option<Zeroizing<Vec<u8>>> {
        let opened = self.keys.open(sealed, place);
        if opened.is_none() && !self.said_unreadable.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                "a token in Redis cannot be opened with any of this process's keys; this process logs in by itself"
            );
        }
        opened
    }

    fn stored(&self, credentials: &str, fields: Fields) -> Option<StoredToken> {
        let (Some(generation), Some(sealed), refused) = fields else {
            return None;
        };
        let place = Place {
            part: "access",
            credentials,
            generation: &generation,
        };
        let text = self.open(&sealed, &place)?;
        let entry: Entry<'_> = serde_json::from_slice(&text).ok()?;
        let token = Token::new(entry.access.into_owned(), entry.expires);
        let obtained = entry.obtained;
        Some(StoredToken::new(token, generation, obtained).refused(refused.is_some()))
    }
}

#[async_trait]
impl TokenStore for RedisTokens {
    async fn load(&self, credentials: &str) -> Result<Option<StoredToken>, Error> {
        let mut command = redis::cmd("HMGET");
        command
            .arg(token(credentials))
            .arg(&["generation", "access", "refused"]);
        let fields = self.link.ask(&command, Again::Yes).await?;
        Ok(self.stored(credentials, fields))
    }

    async fn lease(&self, credentials: &str, time: Duration) -> Result<Option<String>, Error> {
        let random = || u64::try_generate().map_err(|_| Error::new(ErrorKind::Configuration, "no randomness"));
        let id = format!("{:016x}{:016x}", random()?, random()?);
        let command = script(LEASE, &[lease(credentials)], &[id.as_bytes(), &millis(time)]);
        let taken: bool = self.link.ask(&command, Again::Yes).await?;
        Ok(taken.then_some(id))
    }

    async fn extend(&self, credentials: &str, id: &str, time: Duration) -> Result<bool, Error> {
        let command = script(EXTEND, &[lease(credentials)], &[id.as_bytes(), &millis(time)]);
        self.link.ask(&command, Again::Yes).await
    }

    async fn take_refresh(&self, credentials: &str, id: &str) -> Result<Option<SecretString>, Error> {
        let command = script(TAKE, &[lease(credentials), token(credentials)], &[id.as_bytes()]);
        let found: (Option<String>, Option<Vec<u8>>) = self.link.ask(&command, Again::No).await?;
        let (Some(generation), Some(sealed)) = found else {
            return Ok(None);
        };
        let place = Place {
            part: "refresh",
            credentials,
            generation: &generation,
        };
        let text = self.open(&sealed, &place);
        Ok(text.and_then(|text| std::str::from_utf8(&text).ok().map(SecretString::from)))
    }

    async fn save(
        &self,
        credentials: &str,
        id: &str,
        given: &Token,
        obtained: Timestamp,
        keep: Duration,
    ) -> Result<bool, Error> {
        let place = |part| Place {
            part,
            credentials,
            generation: id,
        };
        let entry = Entry {
            access: given.access.expose_secret().into(),
            expires: given.expires,
            obtained,
        };
        let unfit = |_| Error::new(ErrorKind::Provider, "a token cannot be written");
        let text = Zeroizing::new(serde_json::to_vec(&entry).map_err(unfit)?);
        let access = self.keys.seal(&text, &place("access"))?;
        let refresh = match &given.refresh {
            Some(refresh) => self.keys.seal(refresh.expose_secret().as_bytes(), &place("refresh"))?,
            None => Vec::new(),
        };
        let keys = [lease(credentials), token(credentials)];
        let command = script(SAVE, &keys, &[id.as_bytes(), &millis(keep), &access, &refresh]);
        self.link.ask(&command, Again::No).await
    }

    async fn release(&self, credentials: &str, id: &str) -> Result<(), Error> {
        let command = script(RELEASE, &[lease(credentials)], &[id.as_bytes()]);
        self.link.ask::<u8>(&command, Again::Yes).await.map(drop)
    }

    async fn invalidate(&self, credentials: &str, generation: &str) -> Result<(), Error> {
        let command = script(INVALIDATE, &[token(credentials)], &[generation.as_bytes()]);
        self.link.ask::<u8>(&command, Again::Yes).await.map(drop)
    }
}

impl fmt::Debug for RedisTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedisTokens")
    }
}

/// The keys of one set of credentials are in one slot of a cluster.
fn token(credentials: &str) -> String {
    format!("paymux:{{{credentials}}}:token")
}

fn lease(credentials: &str) -> String {
    format!("paymux:{{{credentials}}}:lease")
}

/// At least one, as Redis takes no less.
fn millis(time: Duration) -> Vec<u8> {
    time.as_millis().max(1).to_string().into_bytes()
}

fn script<A: ToRedisArgs>(text: &str, keys: &[String], arguments: &[A]) -> Cmd {
    let mut command = redis::cmd("EVAL");
    command.arg(text).arg(keys.len()).arg(keys).arg(arguments);
    command
}
