//! A configuration is taken whole or refused whole, with every problem at once and no secret in what is said.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests may fail like tests"
)]

mod common;

use std::path::PathBuf;
use std::time::Duration;

use common::adapter::TinyConfig;
use common::fake::{Fake, after, now, paid};
use common::{capture, charge};
use paymux::{Builder, ConfigError, ErrorKind, Gateway, Gateways, Inquiry, PaymentGateway};

/// A variable that cargo sets for tests, and its value.
const VARIABLE: &str = "CARGO_PKG_DESCRIPTION";
const VALUE: &str = "One gateway interface for many payment providers.";

fn builder() -> Builder {
    Gateways::builder().register::<TinyConfig>()
}

/// A gateway `cards` with these lines beside provider, mode and key.
fn toml(lines: &str) -> Result<Gateways, ConfigError> {
    builder().from_toml(&section(lines))
}

fn section(lines: &str) -> String {
    format!("[gateways.cards]\nprovider = \"tiny\"\nmode = \"test\"\napi_key = \"sk-canary\"\n{lines}\n")
}

/// What is said, as lines; and that neither rendering shows a secret.
fn problems(result: Result<Gateways, ConfigError>) -> Vec<String> {
    let error = result.expect_err("a problem");
    let text = error.to_string();
    assert_eq!(format!("{error:?}"), text, "what a `main` that returns it prints");
    for secret in ["sk-canary", VALUE, "file-canary"] {
        assert!(
            !text.contains(secret) && !format!("{error:?}").contains(secret),
            "{text}"
        );
    }
    assert_eq!(text.lines().count(), error.problems().len());
    text.lines().map(str::to_owned).collect()
}

fn one(result: Result<Gateways, ConfigError>) -> String {
    let mut all = problems(result);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// The key that a gateway seals with.
async fn sealed(builder: Builder, text: &str) -> String {
    let fake = Fake::new(|_| now(paid()));
    let gateways = builder.transport(fake.transport()).from_toml(text).unwrap();
    gateways.get("cards").unwrap().sale(charge("a1")).await.unwrap();
    let headers = fake.seen().remove(0).headers().clone();
    headers["x-key"].to_str().unwrap().to_owned()
}

/// A folder of its own.
fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("paymux-config-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

#[test]
fn a_key_in_another_order_of_its_words_is_near() {
    let problem = one(toml("url_base = 'https://tiny.example'"));
    assert_eq!(
        problem,
        "gateway `cards`: `url_base` is not a key (did you mean `base_url`?)"
    );
}

/// Routers stand in the same file, and are read by their own crate.
#[test]
fn the_section_of_routers_is_left_to_those_who_read_it() {
    let text = format!("{}\n[router.checkout]\nrules = [{{ to = ['cards'] }}]", section(""));
    let gateways = builder().from_toml(&text).unwrap();
    gateways.reload(&text).unwrap();
    let all = problems(builder().from_toml(&text.replace("[router.", "[rooter.")));
    assert_eq!(all, ["`rooter` is not a section (did you mean `router`?)"]);
}

#[test]
fn every_problem_is_told_at_once() {
    let text = "
        [gateway.old]
        [paths]
        [gateways]
        plain = 1
        [gateways.cards]
        provider = \"tiny\"
        api_kee = \"sk-canary\"
        base_url = \"http://tiny.example\"
        timeout_secs = 0
        strict = \"perhaps\"
        [gateways.africa]
        provider = \"tinny\"
        follow_ups_only = 3
        [gateways.\"no name\"]
        mode = \"staging\"
    ";
    let all = problems(builder().from_toml(text));
    let expected = [
        "`gateway` is not a section (did you mean `gateways`?)",
        "`paths` is not a section",
        "`gateways.plain` must be a table",
        "gateway `cards`: `mode` is missing: `live` or `test`; never guessed",
        "gateway `cards`: `api_key` is missing: the API key",
        "gateway `cards`: `base_url` plain http is allowed to loopback only, and the host is `tiny.example`; use https",
        "gateway `cards`: `strict` must be true or false",
        "gateway `cards`: `api_kee` is not a key (did you mean `api_key`?)",
        "gateway `cards`: `timeout_secs` must be at least 1 and at most 86400",
        "gateway `africa`: `mode` is missing: `live` or `test`; never guessed",
        "gateway `africa`: `follow_ups_only` must be true or false",
        "gateway `no name`: `name` must be letters, digits, hyphens and underscores",
        "gateway `no name`: `mode` must be `live` or `test`",
    ];
    for line in expected {
        assert!(
            all.iter().any(|one| one == line),
            "{line}\nis not in\n{}",
            all.join("\n")
        );
    }
    assert!(
        all.iter().any(|one| one.starts_with(
            "gateway `africa`: `provider` `tinny` is not a provider of this build (did you mean `tiny`?); known are "
        )),
        "{all:?}"
    );
    assert!(
        all.iter()
            .any(|one| one.starts_with("gateway `no name`: `provider` is missing; known are ")),
        "{all:?}"
    );
    assert_eq!(all.len(), expected.len() + 2, "{}", all.join("\n"));
}

#[test]
fn a_problem_can_be_taken_apart() {
    let error = toml("follow_ups = true").expect_err("no such key");
    let problem = &error.problems()[0];
    assert_eq!(
        (problem.gateway.as_deref(), problem.key.as_deref()),
        (Some("cards"), Some("follow_ups"))
    );
    assert_eq!(problem.what, "is not a key");
}

#[test]
fn a_mode_is_never_guessed_and_never_repeated() {
    let text = section("").replace("mode = \"test\"\n", "");
    assert!(one(builder().from_toml(&text)).ends_with("`mode` is missing: `live` or `test`; never guessed"));
    let text = section("").replace("mode = \"test\"", &format!("mode = \"env:{VARIABLE}\""));
    assert!(one(builder().from_toml(&text)).ends_with("`mode` must be `live` or `test`"));
}

#[test]
fn numbers_and_limits() {
    for wrong in ["0", "86401", "9223372036854775807", "\"0\""] {
        let line = one(toml(&format!("timeout_secs = {wrong}")));
        assert!(line.ends_with("must be at least 1 and at most 86400"), "{line}");
    }
    for wrong in ["-1", "1.5", "true"] {
        assert!(one(toml(&format!("timeout_secs = {wrong}"))).ends_with("must be a whole number, not below zero"));
    }
    for (right, seconds) in [("1", 1), ("86400", 86_400), ("\"30\"", 30)] {
        let gateway = toml(&format!("timeout_secs = {right}"))
            .unwrap()
            .gateway("cards")
            .unwrap();
        assert_eq!(gateway.timeout(), Duration::from_secs(seconds));
    }
    assert_eq!(
        toml("").unwrap().gateway("cards").unwrap().timeout(),
        Duration::from_secs(60)
    );
}

#[test]
fn the_adapters_own_problems_are_told_without_values() {
    let all = problems(toml("strict = true\npin = 13"));
    assert_eq!(
        all,
        [
            "gateway `cards`: `hosts` must be given where `strict` is true",
            "gateway `cards`: `pin` is unlucky"
        ]
    );
    // An adapter that quotes its key, and a secret that serde would quote.
    let text = section("").replace("sk-canary", "sk-canary with blanks");
    assert!(one(builder().from_toml(&text)).ends_with("`api_key` must have no blank, and is `***`"));
    let text = section("").replace("sk-canary", &format!("env:{VARIABLE}"));
    assert!(one(builder().from_toml(&text)).ends_with("`api_key` must have no blank, and is `***`"));
    let line = one(toml("odd = \"sk-canary\\n2\""));
    assert!(
        line.starts_with("gateway `cards`: `odd` cannot be read: invalid type: string \"***\""),
        "{line}"
    );
}

#[test]
fn what_is_not_toml_is_not_quoted() {
    let line = one(builder().from_toml("[gateways.cards]\nmode = \"test\"\napi_key = sk-canary\n"));
    assert_eq!(line, "the text is not TOML (near line 3)");
    let twice = section("api_key = \"sk-canary\"");
    let user = one(builder().from_uri("tiny://user:sk-canary@cards?mode=test"));
    assert!(
        user.starts_with("the address must not hold a user or password"),
        "{user}"
    );
    assert_eq!(
        one(builder().from_toml(&twice)),
        "the text is not TOML (near line 5: given twice)"
    );
    for empty in ["", "[gateways]\n"] {
        assert!(one(builder().from_toml(empty)).starts_with("there is no gateway; "));
    }
}

#[tokio::test]
async fn secrets_come_from_the_environment_and_from_files() {
    assert_eq!(sealed(builder(), &section("")).await, "sk-canary");
    // The key must have no blank for this adapter, so the name of the package stands in.
    let text = section("").replace("sk-canary", "env:CARGO_PKG_NAME");
    assert_eq!(sealed(builder(), &text).await, "paymux");
    let folder = folder("secrets");
    std::fs::write(folder.join("key"), "file-canary\r\n").unwrap();
    std::fs::write(folder.join("paymux.toml"), section("").replace("sk-canary", "file:key")).unwrap();
    let text = section("").replace("sk-canary", "file:key");
    assert_eq!(sealed(builder().directory(&folder), &text).await, "file-canary");
    let gateways = builder().from_file(folder.join("paymux.toml")).unwrap();
    assert!(!format!("{gateways:?}").contains("file-canary"));
    gateways.reload(&text).expect("the folder stays");
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_missing_secret_is_named_and_never_shown() {
    let with = |value: &str| one(builder().from_toml(&section("").replace("sk-canary", value)));
    assert!(with("env:PAYMUX_NOT_SET").ends_with("names the environment variable `PAYMUX_NOT_SET`, which is not set"));
    assert!(with("file:/nowhere/key").contains("names the file `/nowhere/key`, which cannot be read"));
    let folder = folder("empty");
    std::fs::write(folder.join("empty"), "\n").unwrap();
    let text = section("").replace("sk-canary", "file:empty");
    assert!(one(builder().directory(&folder).from_toml(&text)).ends_with("`api_key` must not be empty"));
    std::fs::remove_dir_all(folder).unwrap();
    assert!(one(builder().from_file("/nowhere/paymux.toml")).starts_with("`/nowhere/paymux.toml` cannot be read"));
}

#[test]
fn files_that_are_something_else_are_not_read_to_their_end() {
    let folder = folder("else");
    let path = |name: &str| folder.join(name);
    std::fs::write(path("large"), "#".repeat((1 << 20) + 1)).unwrap();
    std::fs::write(path("latin1"), b"# J\xf8rgen\n").unwrap();
    for (name, what) in [
        ("large", "it holds more than 1 MiB"),
        ("latin1", "it is not UTF-8 text"),
    ] {
        let whole = one(builder().from_file(path(name)));
        assert!(whole.ends_with(&format!("{name}` cannot be read: {what}")), "{whole}");
        let text = section("").replace("sk-canary", &format!("file:{name}"));
        let secret = one(builder().directory(&folder).from_toml(&text));
        let expected = format!("`api_key` names the file `{name}`, which cannot be read: {what}");
        assert!(secret.ends_with(&expected), "{secret}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn addresses_are_https_or_loopback() {
    for fine in [
        "https://tiny.example",
        "https://tiny.example:65535/path:1",
        "https://[::1]/",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "http://localhost",
    ] {
        toml(&format!("base_url = \"{fine}\"")).unwrap();
    }
    for wrong in [
        "http://tiny.example",
        "http://10.0.0.1",
        "http://localhost.evil.example",
        "ftp://tiny.example",
        "tiny",
        "https://user:sk-canary@tiny.example",
        "https://tiny.example:99999",
        "https://tiny.example:0",
        "https://tiny.example:",
        "https://[::1]:70000",
    ] {
        let line = one(toml(&format!("base_url = \"{wrong}\"")));
        assert!(line.starts_with("gateway `cards`: `base_url` "), "{line}");
    }
}

#[tokio::test]
async fn a_uri_is_one_gateway() {
    let uri = "tiny://cards?mode=test&api_key=sk%26canary&timeout_secs=5&hosts=a,%20b&strict=true&scales.JPY=2";
    let fake = Fake::new(|_| now(paid()));
    let gateways = builder().transport(fake.transport()).from_uri(uri).unwrap();
    assert_eq!(gateways.names(), ["cards"]);
    let gateway = gateways.gateway("cards").unwrap();
    assert_eq!(gateway.timeout(), Duration::from_secs(5));
    gateway.sale(charge("a1")).await.unwrap();
    assert_eq!(fake.seen()[0].headers()["x-key"], "sk&canary");
    let all = problems(builder().from_uri("tiny://cards?api_key=sk-canary&api_key=sk-canary&provider=x&pin=-1"));
    assert_eq!(
        all,
        [
            "gateway `cards`: `api_key` is given twice",
            "gateway `cards`: `provider` is given twice",
            "gateway `cards`: `mode` is missing: `live` or `test`; never guessed",
            "gateway `cards`: `pin` must be a whole number, not below zero",
        ]
    );
    for escape in ["%", "sk%4", "sk%zz", "sk%+1", "50%&more=%2"] {
        let uri = format!("tiny://cards?mode=test&api_key={escape}");
        assert_eq!(
            problems(builder().from_uri(&uri))[0],
            "gateway `cards`: `api_key` must have a `%` only before two hexadecimal digits; `%` itself is `%25`"
        );
    }
    for wrong in ["tiny:cards", "tiny://cards?api_key", "tiny://cards?api_key=%ff"] {
        assert!(
            one(builder().from_uri(wrong)).starts_with("the address must look like"),
            "{wrong}"
        );
    }
}

#[test]
fn pairs_are_gateways() {
    let pairs = [
        ("cards.provider", "tiny"),
        ("more.provider", "tiny"),
        ("cards.mode", "live"),
        ("more.mode", "test"),
        ("cards.api_key", "sk-canary"),
        ("more.api_key", "sk-canary"),
        ("more.scales.JPY", "2"),
    ];
    assert_eq!(builder().from_pairs(pairs).unwrap().names(), ["cards", "more"]);
    let wrong = [
        ("cards.mode", "live"),
        ("mode", "live"),
        ("cards.mode", "live"),
        ("x.scales.a", "1"),
        ("x.scales", "1"),
    ];
    let all = problems(builder().from_pairs(wrong));
    assert_eq!(all[0], "`mode` must look like `NAME.key`");
    assert_eq!(all[1], "gateway `cards`: `mode` is given twice");
    assert_eq!(all[2], "gateway `x`: `scales` is given twice");
    assert!(
        all.iter()
            .any(|line| line.starts_with("gateway `cards`: `provider` is missing")),
        "{all:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_reload_is_atomic_and_calls_in_flight_finish_on_the_old() {
    let fake = Fake::new(|_| after(Duration::from_secs(10), paid()));
    let gateways = builder().transport(fake.transport()).from_toml(&section("")).unwrap();
    let old = gateways.get("cards").unwrap();
    let reload = async {
        tokio::time::sleep(Duration::from_secs(5)).await;
        let bad = format!(
            "{}\n[gateways.more]\nprovider = \"tiny\"\n",
            section("").replace("cards", "new")
        );
        assert_eq!(problems(gateways.reload(&bad).map(|()| unreachable!())).len(), 2);
        assert_eq!(gateways.names(), ["cards"], "nothing of a bad configuration is taken");
        gateways
            .reload(&section("").replace("cards", "new").replace("sk-canary", "sk-other"))
            .unwrap();
        assert_eq!(gateways.names(), ["new"]);
        let error = gateways.get("cards").expect_err("it is gone");
        assert!(
            error
                .message()
                .contains("there is no gateway `cards`; the configuration has new"),
            "{error}"
        );
        gateways.get("new").unwrap().sale(charge("a2")).await.unwrap();
    };
    let (answer, ()) = tokio::join!(old.sale(charge("a1")), reload);
    assert_eq!(answer.unwrap().payment.reference.gateway(), "cards");
    let keys: Vec<_> = fake
        .seen()
        .iter()
        .map(|request| request.headers()["x-key"].clone())
        .collect();
    assert_eq!(keys, ["sk-canary", "sk-other"]);
}

#[tokio::test]
async fn follow_ups_only_takes_nothing_new() {
    let fake = Fake::new(|_| now(paid()));
    let gateways = builder()
        .transport(fake.transport())
        .from_toml(&section("follow_ups_only = true"))
        .unwrap();
    let gateway = gateways.get("cards").unwrap();
    for refused in [gateway.sale(charge("a1")).await, gateway.authorize(charge("a1")).await] {
        let error = refused.expect_err("a new payment");
        assert_eq!(error.kind(), ErrorKind::Configuration);
    }
    assert!(fake.seen().is_empty());
    gateway.capture(capture("c1")).await.unwrap();
    gateway
        .inquire(Inquiry::Reference("a1".parse().unwrap()))
        .await
        .unwrap();
}

#[test]
fn a_third_partys_adapter_is_a_provider_like_others() {
    let keys = builder()
        .providers()
        .into_iter()
        .find(|(name, _)| *name == "tiny")
        .map(|(_, keys)| keys.len());
    assert_eq!(keys, Some(8));
    let unknown = one(Gateways::from_toml(&section("")));
    assert!(unknown.contains("`tiny` is not a provider of this build"), "{unknown}");
    let gateway: Gateway = toml("").unwrap().gateway("cards").unwrap();
    assert_eq!(gateway.capabilities().provider, "tiny");
    gateway.open::<common::adapter::Tiny>().expect("its own type");
}

#[test]
fn nothing_that_is_printed_holds_a_secret() {
    let gateways = toml("").unwrap();
    let gateway = gateways.gateway("cards").unwrap();
    let error = gateways.get("other").expect_err("no such gateway");
    let all = format!("{gateways:?} {gateway:?} {error:?} {:?}", builder());
    assert!(!all.contains("sk-canary"), "{all}");
    assert!(all.contains("cards") && all.contains("tiny"), "{all}");
}
