//! What the documents name is there: commands, metrics, keys, functions; and every page can be found from the README. Their links and paths are the
//! affair of `docs_paths`.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::BTreeSet;

use paymux::{Charge, Gateways, Inquiry, PaymentGateway as _, PaymentRef, Reference, metrics};
use paymux_tests::repository::{documents, is_there, names_in, quoted, read};
use paymux_tests::stands;

#[test]
fn the_readme_leads_to_every_page() {
    let readme = read("README.md");
    for page in names_in("docs").iter().filter(|name| name.ends_with(".md")) {
        assert!(
            readme.contains(&format!("](docs/{page})")),
            "README.md does not lead to docs/{page}"
        );
    }
}

/// The subcommands of `paymux`, and their subcommands: what the enums of its arguments have.
fn subcommands() -> BTreeSet<String> {
    let mut sources = vec![read("crates/cli/src/args.rs")];
    sources.extend(
        names_in("crates/cli/src/args")
            .into_iter()
            .map(|name| read(&format!("crates/cli/src/args/{name}"))),
    );
    let mut found = BTreeSet::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        let name = line.trim().split(['(', ',']).next().unwrap();
        if line.starts_with("    ")
            && name.starts_with(char::is_uppercase)
            && name.bytes().all(|b| b.is_ascii_alphabetic())
        {
            found.insert(name.to_lowercase());
        }
    }
    found
}

#[test]
fn subcommands_exist() {
    let subcommands = subcommands();
    let mut seen = 0;
    for document in documents() {
        let text = read(&document);
        let commands = quoted(&text)
            .flat_map(str::lines)
            .filter_map(|line| line.strip_prefix("paymux "));
        for word in commands.filter_map(|rest| rest.split([' ', '`']).next()) {
            if word.bytes().all(|byte| byte.is_ascii_lowercase()) {
                seen += 1;
                assert!(subcommands.contains(word), "{document}: there is no `paymux {word}`");
            }
        }
    }
    assert!(seen > 4, "{seen}");
}

#[test]
fn metrics_and_keys_of_a_fleet_exist() {
    let page = read("docs/fleet.md");
    let known: BTreeSet<_> = metrics::ALL.iter().map(|metric| metric.name).collect();
    let mut seen = 0;
    for name in quoted(&page).filter(|name| name.starts_with("paymux_") && name.ends_with("_total")) {
        seen += 1;
        assert!(known.contains(name), "there is no metric {name}");
    }
    let mut keys: BTreeSet<_> = paymux::COMMON_KEYS.iter().map(|key| key.name).collect();
    for (_, of_provider) in Gateways::builder().providers() {
        keys.extend(of_provider.iter().map(|key| key.name));
    }
    let is_key = |name: &&str| name.ends_with("_secs") || name.contains("previous") || name.contains("guid");
    for name in quoted(&page).filter(is_key) {
        seen += 1;
        assert!(keys.contains(name), "there is no key {name}");
    }
    assert!(seen >= 8, "{seen}");
}

/// A payment that somebody else's client made is found by the provider's id alone.
#[tokio::test(start_paused = true)]
async fn payments_are_taken_over_by_their_ids() {
    let page = read("docs/migrating.md");
    for stand in stands::all() {
        let gateway = stand.gateway();
        let reference: Reference = "order1001a1".parse().unwrap();
        let mut charge = Charge::new(reference, stand.subject.amount, stand.subject.approved.clone());
        (stand.subject.complete)(&mut charge);
        let made = gateway.sale(charge).await.unwrap().payment;
        tokio::time::sleep(std::time::Duration::from_secs(60)).await;

        let capabilities = gateway.capabilities();
        let rebuilt = PaymentRef::new(capabilities.provider, capabilities.account.clone(), [made.id()]);
        let found = gateway.inquire(Inquiry::Payment(rebuilt)).await;
        let found = found.unwrap_or_else(|error| panic!("{}: {error}", stand.name)).payment;
        assert_eq!(found.id(), made.id(), "{}", stand.name);
        assert!(
            page.contains(&format!("| `{}` |", capabilities.provider)),
            "{}",
            stand.name
        );
        let says = page.contains("`coolpay` and `opp-v1` find a payment by your reference");
        let by_reference = ["coolpay", "opp-v1"].contains(&stand.name);
        assert!(
            says && capabilities.inquire_by_reference == by_reference,
            "{}",
            stand.name
        );
    }
}

#[test]
fn the_walk_through_an_adapter_names_what_is_there() {
    let page = read("docs/adding-a-provider.md");
    let wire = read("crates/core/src/wire.rs");
    let named: BTreeSet<_> = quoted(&page).filter_map(|name| name.strip_prefix("Call::")).collect();
    let makers = wire.split("impl Call {").nth(1).unwrap().split("\n}").next().unwrap();
    let makers = makers
        .split("pub const fn ")
        .skip(1)
        .filter(|rest| rest.split('{').next().unwrap().contains("request: "));
    let makers: BTreeSet<_> = makers.map(|rest| rest.split('(').next().unwrap()).collect();
    assert_eq!(named, makers);
    for file in quoted(&page).filter(|name| name.starts_with("src/")) {
        assert!(is_there(&format!("examples/custom-adapter/{file}")), "{file}");
    }
    let longest = names_in("examples/custom-adapter/src");
    let longest = longest
        .iter()
        .map(|name| read(&format!("examples/custom-adapter/src/{name}")).lines().count())
        .max();
    assert!(longest < Some(250), "{longest:?}");
}
