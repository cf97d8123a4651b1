#![doc = include_str!("../README.md")]

mod mutate;
mod replies;
mod rows;
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
pub const TARGETS: [Target; 31] = [
    target("code", texts::code, texts::code_seeds),
    target("command_line", texts::command_line, texts::command_line_seeds),
    target("config", texts::config, texts::config_seeds),
    target("config_uri", texts::config_uri, texts::config_uri_seeds),
    target("decimal", texts::decimal, texts::decimal_seeds),
    target("journal_row", rows::run, rows::seeds),
    target("money", texts::money, texts::money_seeds),
    target("payment_ref", texts::payment_ref, texts::payment_ref_seeds),
    target("rules", texts::rules, texts::rules_seeds),
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
        "webhook_opp_v3",
        |d| webhooks::run("opp-v3", d),
        || webhooks::seeds("opp-v3"),
    ),
    target(
        "webhook_opp_v1",
        |d| webhooks::run("opp-v1", d),
        || webhooks::seeds("opp-v1"),
    ),
    target(
        "webhook_opp_base64",
        |d| webhooks::run("opp-aes-gcm-base64", d),
        || webhooks::seeds("opp-aes-gcm-base64"),
    ),
    target(
        "webhook_opp_form",
        |d| webhooks::run("opp-form-hmac", d),
        || webhooks::seeds("opp-form-hmac"),
    ),
    target(
        "webhook_opp_header",
        |d| webhooks::run("opp-header-hmac", d),
        || webhooks::seeds("opp-header-hmac"),
    ),
    target("webhook_qolo", |d| webhooks::run("qolo", d), || webhooks::seeds("qolo")),
    target(
        "webhook_carry1st",
        |d| webhooks::run("carry1st", d),
        || webhooks::seeds("carry1st"),
    ),
    target(
        "signed_coolpay",
        |d| webhooks::signed("coolpay", d),
        || webhooks::signed_seeds("coolpay"),
    ),
    target(
        "signed_opp_v1",
        |d| webhooks::signed("opp-v1", d),
        || webhooks::signed_seeds("opp-v1"),
    ),
    target(
        "signed_opp_base64",
        |d| webhooks::signed("opp-aes-gcm-base64", d),
        || webhooks::signed_seeds("opp-aes-gcm-base64"),
    ),
    target(
        "signed_opp_form",
        |d| webhooks::signed("opp-form-hmac", d),
        || webhooks::signed_seeds("opp-form-hmac"),
    ),
    target(
        "signed_opp_header",
        |d| webhooks::signed("opp-header-hmac", d),
        || webhooks::signed_seeds("opp-header-hmac"),
    ),
    target(
        "signed_qolo",
        |d| webhooks::signed("qolo", d),
        || webhooks::signed_seeds("qolo"),
    ),
    target(
        "signed_carry1st",
        |d| webhooks::signed("carry1st", d),
        || webhooks::signed_seeds("carry1st"),
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::Path;

    use super::TARGETS;

    /// `cargo fuzz` knows the same targets, and each has a corpus.
    #[test]
    fn every_target_has_a_binary_and_a_corpus() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let names: BTreeSet<_> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
        assert_eq!(names.len(), TARGETS.len(), "each once");
        let manifest = fs::read_to_string(here.join("libfuzzer/Cargo.toml")).expect("the manifest");
        let binaries = manifest.split("[[bin]]").skip(1);
        let binaries = binaries.filter_map(|part| part.split('"').nth(1).map(str::to_owned));
        assert_eq!(binaries.collect::<BTreeSet<_>>(), names);
        // By the way that `cargo fuzz` takes.
        let folders = fs::read_dir(here.join("libfuzzer/corpus")).expect("the corpus");
        let folders = folders.map(|folder| folder.expect("a folder").file_name().into_string().expect("a name"));
        assert_eq!(folders.collect::<BTreeSet<_>>(), names);
    }

    /// What is known to be right goes through, and leads to other ends than nothing does.
    #[test]
    fn every_seed_goes_through() {
        for target in TARGETS {
            let nothing = (target.run)(b"");
            let ends: BTreeSet<_> = (target.seeds)().iter().map(|seed| (target.run)(seed)).collect();
            let others = ends.iter().filter(|end| **end != nothing).count();
            assert!(others > 0, "{}: its seeds lead nowhere", target.name);
        }
    }
}
