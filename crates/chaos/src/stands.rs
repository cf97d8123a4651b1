//! The first-party gateways, each on its simulator.
//!
//! ```
//! use paymux::{Charge, PaymentGateway as _};
//! use paymux_chaos::stands;
//! use paymux_simulator::Kind;
//!
//! # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let stand = stands::named("coolpay");
//! let charge = Charge::new("order1001a1".parse()?, stand.subject.amount, stand.subject.approved.clone());
//! let answer = stand.gateway().sale(charge).await?;
//! assert!(answer.outcome.is_approved());
//! // What the provider booked, seen behind its back.
//! let host = stand.provider.host();
//! let captures = host.ledger().movements.iter().filter(|movement| movement.kind == Kind::Capture);
//! assert_eq!(captures.map(|movement| movement.minor).sum::<i64>(), stand.subject.amount.minor());
//! # Ok(()) }
//! ```

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, Uri, header};
use paymux::{Answer, Card, Charge, DeclineReason, MethodQuery, Money, NextAction, Outcome, Source, async_trait};
use paymux_conformance::{End, InProcess, Settle, Subject, Wait};
use paymux_simulator::carry1st::{self, Carry1st};
use paymux_simulator::coolpay::{self, CoolPay};
use paymux_simulator::opp::{self, Opp};
use paymux_simulator::qolo::{self, Qolo, seeds};

use crate::Stand;

/// Nobody listens there; the address only has to be one.
pub(crate) const ADDRESS: &str = "http://127.0.0.1:1";

/// The names of all stands.
pub const NAMES: [&str; 6] = ["coolpay", "opp-v3", "opp-v1", "qolo", "keybank", "carry1st"];

/// Every stand.
#[must_use]
pub fn all() -> Vec<Stand> {
    NAMES.iter().map(|name| named(name)).collect()
}

/// The stand of this name.
///
/// # Panics
/// There is none.
#[must_use]
pub fn named(name: &str) -> Stand {
    match name {
        "coolpay" => {
            let mut settings = coolpay::Settings::default();
            settings.held = Duration::from_secs(400);
            coolpay(settings)
        }
        "opp-v3" => opp_v3(opp::Settings::v3()),
        "opp-v1" => opp_v1(opp::Settings::v1()),
        "qolo" => qolo(qolo::Settings::qolo()),
        "keybank" => keybank(qolo::Settings::keybank()),
        "carry1st" => carry1st(carry1st::Settings::default()),
        other => panic!("there is no stand `{other}`"),
    }
}

/// CoolPay.
#[must_use]
pub fn coolpay(mut settings: coolpay::Settings) -> Stand {
    ADDRESS.clone_into(&mut settings.base_url);
    "canary-api-key".clone_into(&mut settings.api_key);
    "canary-private-key".clone_into(&mut settings.private_key);
    let keys = keys("coolpay", settings.gateway_keys(ADDRESS));
    let mut stand = Stand::new("coolpay", CoolPay::new(settings), keys, |provider| {
        let mut subject = Subject::new(money("100.00 DKK"), card("1000000000000008"));
        subject.declined = Some(card("1000000000000016"));
        subject.payee = Some(card("1000000000000008"));
        subject.unmapped_code = Some("77777".to_owned());
        subject.secrets = canaries();
        subject.settle = Arc::new(CoolPayPage(Arc::clone(provider)));
        subject
    });
    stand.approval = "20000";
    stand.slow = Some(card("1000000000000099"));
    stand
}

/// The result-code platform as documented for Efaka.
#[must_use]
pub fn opp_v3(settings: opp::Settings) -> Stand {
    opp("opp-v3", settings)
}

/// The Open Payment Platform.
#[must_use]
pub fn opp_v1(settings: opp::Settings) -> Stand {
    opp("opp-v1", settings)
}

fn opp(name: &'static str, mut settings: opp::Settings) -> Stand {
    ADDRESS.clone_into(&mut settings.public_url);
    "canary-access-token".clone_into(&mut settings.access_token);
    let webhook_key = settings.webhook_key.clone();
    let mut keys = keys("opp", settings.gateway_keys(ADDRESS));
    for (_, page) in keys.iter_mut().filter(|(key, _)| *key == "checkout_page") {
        // A live gateway takes no page on loopback.
        *page = settings.checkout_page("https://pay.example");
    }
    let mut stand = Stand::new(name, Opp::new(settings), keys, |provider| {
        let mut subject = Subject::new(money("92.00 EGP"), card("4200000000000000"));
        subject.declined = Some(card("4200000000001552"));
        subject.reason = Some(DeclineReason::InsufficientFunds);
        subject.payee = Some(card("4200000000000000"));
        subject.complete = returns;
        subject.unmapped_code = Some("999.999.999".to_owned());
        subject.secrets = canaries();
        subject.secrets.push(webhook_key);
        subject.settle = Arc::new(OppPage(Arc::clone(provider)));
        subject
    });
    stand.approval = "000.100.110";
    stand
}

/// Qolo.
#[must_use]
pub fn qolo(settings: qolo::Settings) -> Stand {
    pulls("qolo", settings)
}

/// Qolo under the bank's name.
#[must_use]
pub fn keybank(settings: qolo::Settings) -> Stand {
    pulls("keybank", settings)
}

fn pulls(name: &'static str, mut settings: qolo::Settings) -> Stand {
    "canary-api-key".clone_into(&mut settings.api_key);
    "canary-webhook-secret".clone_into(&mut settings.webhook_secret);
    let keys = keys("qolo", settings.gateway_keys(ADDRESS));
    let mut stand = Stand::new(name, Qolo::new(settings), keys, |_| {
        let stored = |guid: &str| Source::Stored(format!("ach:{guid}"));
        let mut subject = Subject::new(money("25.00 USD"), stored(seeds::INSTRUMENT_ACH));
        subject.declined = Some(stored(seeds::INSTRUMENT_BANK_DECLINED));
        subject.payee = Some(stored(seeds::INSTRUMENT_ACH));
        subject.accounts = Some((seeds::ACCOUNT.to_owned(), seeds::ACCOUNT_PERSON.to_owned()));
        subject.methods = MethodQuery::customer(seeds::PERSON);
        subject.unmapped_code = Some("SOMETHING".to_owned());
        subject.secrets = canaries();
        subject.settle = Arc::new(Wait(Duration::from_secs(30)));
        subject
    });
    stand.approval = "APPROVE";
    stand.spends_tokens = true;
    stand
}

/// Carry1st.
#[must_use]
pub fn carry1st(mut settings: carry1st::Settings) -> Stand {
    "canary-api-key".clone_into(&mut settings.api_key);
    "canary-api-secret".clone_into(&mut settings.api_secret);
    "canary-signing-key".clone_into(&mut settings.signing_key);
    ADDRESS.clone_into(&mut settings.checkout_base);
    let keys = keys("carry1st", settings.gateway_keys(ADDRESS));
    let mut stand = Stand::new("carry1st", Carry1st::new(settings), keys, |provider| {
        let mut subject = Subject::new(money("100.00 NGN"), Source::Hosted);
        subject.methods = MethodQuery::country("NG");
        subject.unmapped_code = Some("SOMETHING".to_owned());
        subject.secrets = canaries();
        subject.settle = Arc::new(Carry1stPage(Arc::clone(provider)));
        subject
    });
    stand.approval = "SUCCESSFUL";
    stand.shrinks = false;
    stand.spends_tokens = true;
    stand
}

/// An amount.
///
/// # Panics
/// It is none.
#[must_use]
pub fn money(text: &str) -> Money {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A card that is good for long.
///
/// # Panics
/// The number is none.
#[must_use]
pub fn card(number: &str) -> Source {
    let card = Card::new(number, 5, 2034).and_then(|card| card.with_cvv("123"));
    let card = card.unwrap_or_else(|error| panic!("{number}: {error}"));
    Source::Card(card.with_holder("Jane Jones"))
}

/// The keys of a gateway on a simulator. Those that name the merchant beside the host are left out: the corpus of the fuzzing holds references of accounts without.
fn keys(provider: &str, on_simulator: Vec<(&'static str, String)>) -> Vec<(&'static str, String)> {
    let mut keys = vec![("provider", provider.to_owned())];
    let names_merchant = |key: &str| ["merchant_id", "partner_code"].contains(&key);
    keys.extend(on_simulator.into_iter().filter(|(key, _)| !names_merchant(key)));
    keys
}

fn canaries() -> Vec<String> {
    let names = [
        "api-key",
        "private-key",
        "access-token",
        "webhook-secret",
        "api-secret",
        "signing-key",
    ];
    names.iter().map(|name| format!("canary-{name}")).collect()
}

fn returns(charge: &mut Charge) {
    charge.urls.back = Some("https://shop.example/back".to_owned());
}

/// Pays, or gives up, on CoolPay's payment window.
#[derive(Debug)]
struct CoolPayPage(Arc<InProcess>);

#[async_trait]
impl Settle for CoolPayPage {
    async fn settle(&self, answer: &Answer, end: End) -> bool {
        let Outcome::ActionRequired(action) = &answer.outcome else {
            tokio::time::sleep(Duration::from_secs(61)).await;
            return end == End::Approved;
        };
        let form = match end {
            End::Approved => "do=pay&card=visa-approved",
            End::Declined => "do=cancel",
        };
        post(&self.0, action.expose_url(), form)
    }
}

/// Pays, or is declined, on the platform's page.
#[derive(Debug)]
struct OppPage(Arc<InProcess>);

#[async_trait]
impl Settle for OppPage {
    async fn settle(&self, answer: &Answer, end: End) -> bool {
        let Outcome::ActionRequired(action) = &answer.outcome else {
            tokio::time::sleep(Duration::from_secs(61)).await;
            return end == End::Approved;
        };
        let form = match end {
            End::Approved => "action=pay",
            End::Declined => "action=decline",
        };
        post(&self.0, &address(action), form)
    }
}

/// Ends a payment as the customer would, and lets refunds come to their end.
#[derive(Debug)]
struct Carry1stPage(Arc<InProcess>);

#[async_trait]
impl Settle for Carry1stPage {
    async fn settle(&self, answer: &Answer, end: End) -> bool {
        if matches!(answer.outcome, Outcome::Pending) {
            tokio::time::sleep(Duration::from_secs(2)).await;
            return end == End::Approved;
        }
        let status = match end {
            End::Approved => "SUCCESSFUL",
            End::Declined => "FAILED",
        };
        let now = self.0.now();
        let mut host = self.0.host();
        let provider = host.provider_as::<Carry1st>();
        provider.is_some_and(|provider| provider.finish(now, answer.payment.id(), status))
    }
}

/// A customer is refused on a page. Where the page takes another try, it stays open.
pub(crate) fn tries_in_vain(stand: &Stand, page: &Answer) {
    play(
        stand,
        page,
        ["do=pay&card=visa-declined", "outcome=FAILED", "action=decline"],
    );
}

/// A customer pays on a page, if it still takes money.
pub(crate) fn pays(stand: &Stand, page: &Answer) {
    play(
        stand,
        page,
        ["do=pay&card=visa-approved", "outcome=SUCCESSFUL", "action=pay"],
    );
}

/// Does on a page what its provider has this form for: CoolPay, Carry1st, or the platform.
fn play(stand: &Stand, page: &Answer, [coolpay, carry1st, opp]: [&str; 3]) {
    let Outcome::ActionRequired(action) = &page.outcome else {
        return;
    };
    let address = address(action);
    let form = match stand.name {
        "coolpay" => coolpay.to_owned(),
        "carry1st" => {
            let link = address.split_once('?').map_or("", |(_, query)| query);
            format!("{link}&{carry1st}")
        }
        _ => opp.to_owned(),
    };
    post(&stand.provider, &address, &form);
}

/// Where a page is; a widget stands on one of the platform's.
fn address(action: &NextAction) -> String {
    match action {
        NextAction::Widget { checkout, .. } => format!("/checkouts/{checkout}/page"),
        other => other.expose_url().to_owned(),
    }
}

/// Posts a form as a browser would; whether the page took it.
fn post(provider: &InProcess, address: &str, form: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else {
        return false;
    };
    let mut request = Request::new(Bytes::from(form.to_owned()));
    *request.method_mut() = Method::POST;
    *request.uri_mut() = uri;
    let form = header::HeaderValue::from_static("application/x-www-form-urlencoded");
    request.headers_mut().insert(header::CONTENT_TYPE, form);
    let status = provider.browse(&request).status();
    status.is_success() || status.is_redirection()
}
