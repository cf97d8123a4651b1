//! The store itself, on a Redis of its own.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

mod common;

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use common::{KEY, Redis, SECOND, tokens};
use jiff::Timestamp;
use paymux::{Token, TokenStore as _};
use paymux_redis::RedisTokens;
use secrecy::{ExposeSecret as _, SecretString};

/// With what must be escaped in JSON.
const ACCESS: &str = "access-canary-5d0b2f7a91\"\\\n+/=";
const REFRESH: &str = "refresh-canary-83c1e64f20";
const NAME: &str = "c0ffee";
const OTHER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

fn token() -> Token {
    Token::new(ACCESS, Some("2026-01-02T03:04:05.678Z".parse().unwrap())).with_refresh(Some(REFRESH.into()))
}

async fn lease(store: &RedisTokens) -> Option<String> {
    store.lease(NAME, 5 * SECOND).await.unwrap()
}

/// Saves a token under a lease of its own, and gives its generation.
async fn save(store: &RedisTokens) -> String {
    let id = lease(store).await.unwrap();
    assert!(
        store
            .save(NAME, &id, &token(), Timestamp::UNIX_EPOCH, 60 * SECOND)
            .await
            .unwrap()
    );
    id
}

#[tokio::test]
async fn a_token_comes_back_as_it_was_without_its_refresh_token() {
    let Some(redis) = Redis::start("roundtrip") else { return };
    let (one, two) = (redis.tokens(), redis.tokens());
    assert!(one.load(NAME).await.unwrap().is_none());
    let generation = save(&one).await;
    let stored = two.load(NAME).await.unwrap().unwrap();
    assert_eq!(stored.token.access.expose_secret(), ACCESS);
    assert_eq!(
        (stored.token.expires, stored.token.refresh.is_none()),
        (token().expires, true)
    );
    assert_eq!((stored.obtained, stored.refused), (Timestamp::UNIX_EPOCH, false));
    assert_eq!(stored.generation, generation);
    assert!(two.load("another").await.unwrap().is_none());
    let left: i64 = redis::cmd("PTTL")
        .arg(format!("paymux:{{{NAME}}}:token"))
        .query(&mut redis.connection().unwrap())
        .unwrap();
    assert!((50_000..=60_000).contains(&left), "{left} ms");
}

#[tokio::test]
async fn one_has_the_lease_until_it_ends() {
    let Some(redis) = Redis::start("lease") else { return };
    let (one, two) = (redis.tokens(), redis.tokens());
    let first = one.lease(NAME, SECOND / 2).await.unwrap().unwrap();
    assert_eq!(lease(&two).await, None);
    assert!(one.extend(NAME, &first, SECOND / 2).await.unwrap());
    two.release(NAME, "another").await.unwrap();
    assert_eq!(lease(&two).await, None, "only its holder can end it");
    tokio::time::sleep(SECOND * 6 / 10).await;
    let second = lease(&two).await.unwrap();
    assert_ne!(first, second);
    // The first one comes too late, whatever it does.
    assert!(!one.extend(NAME, &first, SECOND).await.unwrap());
    assert!(
        !one.save(NAME, &first, &token(), Timestamp::UNIX_EPOCH, SECOND)
            .await
            .unwrap()
    );
    assert!(one.take_refresh(NAME, &first).await.unwrap().is_none());
    one.release(NAME, &first).await.unwrap();
    assert!(one.load(NAME).await.unwrap().is_none());
    assert_eq!(lease(&one).await, None, "the second one still has it");
    two.release(NAME, &second).await.unwrap();
    assert!(lease(&one).await.is_some());
}

#[tokio::test]
async fn a_lease_that_was_forgotten_saves_nothing() {
    let Some(redis) = Redis::start("forgotten") else { return };
    let store = redis.tokens();
    let id = lease(&store).await.unwrap();
    redis::cmd("FLUSHALL").exec(&mut redis.connection().unwrap()).unwrap();
    assert!(
        !store
            .save(NAME, &id, &token(), Timestamp::UNIX_EPOCH, SECOND)
            .await
            .unwrap()
    );
    assert!(store.load(NAME).await.unwrap().is_none());
}

#[tokio::test]
async fn only_the_generation_that_was_refused_is_invalidated() {
    let Some(redis) = Redis::start("invalidate") else {
        return;
    };
    let store = redis.tokens();
    let refused = async || store.load(NAME).await.unwrap().unwrap().refused;
    store.invalidate(NAME, "none").await.unwrap();
    let first = save(&store).await;
    let second = save(&store).await;
    store.invalidate(NAME, &first).await.unwrap();
    assert!(!refused().await, "an older one");
    store.invalidate(NAME, &second).await.unwrap();
    assert!(refused().await);
    save(&store).await;
    assert!(!refused().await, "the mark goes with the token");
}

#[tokio::test]
async fn the_refresh_token_is_given_once_to_who_has_the_lease() {
    let Some(redis) = Redis::start("refresh") else { return };
    let store = redis.tokens();
    let generation = save(&store).await;
    store.invalidate(NAME, &generation).await.unwrap();
    assert!(
        store.take_refresh(NAME, &generation).await.unwrap().is_none(),
        "its lease is over"
    );
    let id = lease(&store).await.unwrap();
    let taken = store.take_refresh(NAME, &id).await.unwrap().unwrap();
    assert_eq!(taken.expose_secret(), REFRESH);
    assert!(store.take_refresh(NAME, &id).await.unwrap().is_none());
    assert!(store.load(NAME).await.unwrap().is_some(), "the token itself stays");
    let plain = token().with_refresh(None);
    assert!(
        store
            .save(NAME, &id, &plain, Timestamp::UNIX_EPOCH, SECOND)
            .await
            .unwrap()
    );
    let id = lease(&store).await.unwrap();
    assert!(store.take_refresh(NAME, &id).await.unwrap().is_none());
}

#[tokio::test]
async fn what_lies_there_holds_no_token() {
    let Some(redis) = Redis::start("canary") else { return };
    let store = redis.tokens();
    save(&store).await;
    lease(&store).await.unwrap();
    let mut connection = redis.connection().unwrap();
    let names: Vec<String> = redis::cmd("KEYS").arg("*").query(&mut connection).unwrap();
    assert_eq!(names.len(), 2, "{names:?}");
    let mut all = Vec::new();
    for name in &names {
        all.extend_from_slice(name.as_bytes());
        let dump: Vec<u8> = redis::cmd("DUMP").arg(name).query(&mut connection).unwrap();
        all.extend(dump);
        let kind: String = redis::cmd("TYPE").arg(name).query(&mut connection).unwrap();
        let command = if kind == "hash" { "HGETALL" } else { "GET" };
        let value: redis::Value = redis::cmd(command).arg(name).query(&mut connection).unwrap();
        flatten(&value, &mut all);
    }
    assert!(all.len() > ACCESS.len() + REFRESH.len());
    let finds = |needle: &[u8]| all.windows(needle.len()).any(|part| part == needle);
    assert!(finds(b"generation"), "the scan reads what is there");
    for secret in [ACCESS, REFRESH, KEY] {
        for part in [&secret[..12], &secret[secret.len() - 12..]] {
            assert!(!finds(part.as_bytes()), "{part}");
        }
        assert!(!finds(hex::encode(secret).as_bytes()) && !finds(STANDARD.encode(secret).as_bytes()));
    }
    assert!(!finds(&hex::decode(KEY).unwrap()));
    assert!(!format!("{store:?}").contains(&KEY[..8]));
}

fn flatten(value: &redis::Value, all: &mut Vec<u8>) {
    match value {
        redis::Value::BulkString(bytes) => all.extend_from_slice(bytes),
        redis::Value::SimpleString(text) => all.extend_from_slice(text.as_bytes()),
        redis::Value::Array(values) => values.iter().for_each(|value| flatten(value, all)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_another_key_sealed_counts_as_absent() {
    let Some(redis) = Redis::start("keys") else { return };
    let (old, other) = (redis.tokens(), tokens(&redis.url(), OTHER_KEY));
    let both = tokens(&redis.url(), &format!("{OTHER_KEY},{KEY}"));
    save(&old).await;
    assert!(other.load(NAME).await.unwrap().is_none());
    assert!(both.load(NAME).await.unwrap().is_some(), "keys rotate");
    let id = lease(&other).await.unwrap();
    assert!(other.take_refresh(NAME, &id).await.unwrap().is_none());
    other.release(NAME, &id).await.unwrap();
    save(&both).await;
    assert!(old.load(NAME).await.unwrap().is_none() && other.load(NAME).await.unwrap().is_some());
}

#[tokio::test]
async fn an_entry_in_the_place_of_another_counts_as_absent() {
    let Some(redis) = Redis::start("swapped") else { return };
    let store = redis.tokens();
    save(&store).await;
    let mut connection = redis.connection().unwrap();
    let mut run = |arguments: &[&str]| {
        let mut command = redis::cmd(arguments[0]);
        command.arg(&arguments[1..]).exec(&mut connection).unwrap();
    };
    let (here, there) = (format!("paymux:{{{NAME}}}:token"), "paymux:{another}:token");
    run(&["COPY", &here, there]);
    assert!(store.load("another").await.unwrap().is_none(), "of other credentials");
    assert!(store.load(NAME).await.unwrap().is_some());
    run(&["HSET", &here, "generation", "ffff"]);
    assert!(store.load(NAME).await.unwrap().is_none(), "of another generation");
    run(&["DEL", &here]);
    run(&["SET", &here, "text"]);
    store.load(NAME).await.expect_err("of another type");
}

#[tokio::test]
async fn without_redis_every_call_fails_soon_and_shows_no_secret() {
    let store = tokens("redis://user:password-canary@127.0.0.1:1/", KEY);
    let begin = std::time::Instant::now();
    let error = store.load(NAME).await.expect_err("nobody listens");
    assert!(begin.elapsed() < Duration::from_secs(1));
    assert!(!format!("{error:?} {error} {store:?}").contains("canary"), "{error:?}");
    for url in ["http://password-canary@host/", "password-canary"] {
        let error = RedisTokens::connect(&SecretString::from(url), &SecretString::from(KEY)).unwrap_err();
        assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
    }
}
