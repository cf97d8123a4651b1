//! A Redis that speaks TLS alone. What the system trusts is told by a variable, so that this test program runs itself with it.
#![allow(clippy::unwrap_used, reason = "a test may fail so")]

mod common;

use std::process::Stdio;
use std::time::Duration;

use common::{Redis, tokens};
use paymux::TokenStore as _;
use rcgen::{CertificateParams, KeyPair};
use tokio::process::Command;

/// The store that a process is to take a lease in.
const TOLD: &str = "PAYMUX_TEST_STORE";
/// Where rustls reads what the system trusts.
const TRUSTED: &str = "SSL_CERT_FILE";

/// A process with a store, if it is told of one; as a test of its own it has nothing to do.
#[tokio::test]
async fn process() {
    let Ok(url) = std::env::var(TOLD) else { return };
    let store = tokens(&url, common::KEY);
    match store.lease("credentials", Duration::from_secs(5)).await {
        Ok(lease) => println!("\nlease {}", lease.is_some()),
        Err(error) => println!("\nerror {error}"),
    }
}

/// What such a process says.
async fn says(redis: &Redis, trusted: &std::path::Path) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "process", "--nocapture"])
        .env(TOLD, redis.url())
        .env(TRUSTED, trusted)
        .env_remove("SSL_CERT_DIR")
        .stderr(Stdio::inherit())
        .output()
        .await
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let line = text
        .lines()
        .find(|line| line.starts_with("lease ") || line.starts_with("error "));
    line.unwrap_or_else(|| panic!("{text}")).to_owned()
}

fn certificate() -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

#[tokio::test]
async fn tokens_are_kept_over_tls_where_the_server_is_trusted_and_nowhere_else() {
    let (certificate, key) = self::certificate();
    let Some(redis) = Redis::start_tls("tls", &certificate, &key) else {
        return;
    };
    assert_eq!(says(&redis, &redis.certificate()).await, "lease true");
    // A second one meets the first one's lease: it did reach that server.
    assert_eq!(says(&redis, &redis.certificate()).await, "lease false");
    let other = std::env::temp_dir().join(format!("paymux-other-{}.pem", std::process::id()));
    std::fs::write(&other, self::certificate().0).unwrap();
    let said = says(&redis, &other).await;
    std::fs::remove_file(&other).unwrap();
    assert!(said.starts_with("error ") && said.contains("Redis"), "{said}");
    // No process speaks to it in plain.
    let plain = redis.url().replace("rediss:", "redis:");
    let store = tokens(&plain, common::KEY);
    assert!(store.lease("credentials", Duration::from_secs(5)).await.is_err());
}
