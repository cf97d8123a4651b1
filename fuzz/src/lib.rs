#![doc = include_str!("../README.md")]

mod mutate;
mod replies;
mod texts;
mod webhooks;

pub use crate::mutate::Mutator;

/// A door, and what is right to come in by it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// What it is called.
    pub name: &'static str,
    /// Takes the bytes. Equal numbers mean that the same came of them.
    pub run: fn(&[u8]) -> u64,
    /// What is right, to begin from.
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Every target.
pub const TARGETS: [Target; 16] = [
    target("code", texts::code, texts::code_seeds),
    target("config", texts::config, texts::config_seeds),
    target("config_uri", texts::config_uri, texts::config_uri_seeds),
    target("money", texts::money, texts::money_seeds),
    target("payment_ref", texts::payment_ref, texts::payment_ref_seeds),
    target("scrub", texts::scrubbed, texts::scrub_seeds),
    target(
        "reply_coolpay",
        |d| replies::run("coolpay", d),
        || replies::seeds("coolpay"),
    ),
    target(
        "reply_opp_v3",
        |d| replies::run("opp-v3", d),
        || replies::seeds("opp-v3"),
    ),
    target(
        "reply_opp_v1",
        |d| replies::run("opp-v1", d),
        || replies::seeds("opp-v1"),
    ),
    target("reply_qolo", |d| replies::run("qolo", d), || replies::seeds("qolo")),
    target(
        "reply_keybank",
        |d| replies::run("keybank", d),
        || replies::seeds("keybank"),
    ),
    target(
        "reply_carry1st",
        |d| replies::run("carry1st", d),
        || replies::seeds("carry1st"),
    ),
    target(
        "webhook_coolpay",
        |d| webhooks::run("coolpay", d),
        || webhooks::seeds("coolpay"),
    ),
    target(
        "webhook_opp_v1",
        |d| webhooks::run("opp-v1", d),
        || webhooks::seeds("opp-v1"),
    ),
    target("webhook_qolo", |d| webhooks::run("qolo", d), || webhooks::seeds("qolo")),
    target(
        "webhook_carry1st",
        |d| webhooks::run("carry1st", d),
        || webhooks::seeds("carry1st"),
    ),
];

const fn target(name: &'static str, run: fn(&[u8]) -> u64, seeds: fn() -> Vec<Vec<u8>>) -> Target {
    Target { name, run, seeds }
}

/// Hands bytes to the target of this name.
///
/// # Panics
/// Something is wrong; or there is no such target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("there is no target `{name}`")).run)(data);
}

/// One number for what came of an input.
fn came_of(parts: &[&str]) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// A runtime whose time passes by itself, for this thread.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap_or_else(|error| panic!("no runtime: {error}"));
    }
    RUNTIME.with(|runtime| runtime.block_on(future))
}
