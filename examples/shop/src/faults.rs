//! What a visitor can let go wrong at a simulator.

use std::time::Duration;

use http::Method;
use paymux_simulator::{Fault, Matcher, WebhookFault};

use crate::simulators::Simulator;

/// One thing that can go wrong: a word, what it is called, and what happens.
pub(crate) type Offer = (&'static str, &'static str, &'static str);

/// All of them.
pub(crate) const OFFERS: [Offer; 6] = [
    (
        "slow",
        "Slow answer",
        "The provider acts at once and answers after four seconds.",
    ),
    (
        "reset",
        "Answer lost after the deed",
        "The next capture or refund is done, its answer is lost, and the first question about it is never answered. It becomes unknown, and is \
         found out by asking where the provider can be asked. Nothing is sent again.",
    ),
    (
        "twice",
        "Webhook twice",
        "The next webhook is delivered twice. The second changes nothing.",
    ),
    (
        "forged",
        "Forged webhook",
        "A forgery comes before the next webhook. It is refused; where a provider signs nothing, it only leads to a question.",
    ),
    ("late", "Webhook late", "The next webhook comes ten seconds late."),
    ("lost", "Webhook lost", "The next webhook does not arrive."),
];

/// Plans one. `None` if there is no such offer.
pub(crate) fn plan(simulator: &Simulator, word: &str) -> Option<()> {
    let (api, deed, question) = paths(simulator.gateway());
    simulator.server().with(|host, _| {
        match word {
            "slow" => host
                .faults
                .add(Matcher::on(Method::POST, api), Fault::Delay(Duration::from_secs(4))),
            "reset" => {
                host.faults.add(Matcher::on(Method::POST, deed), Fault::ResetAfter);
                if let Some(skip) = question {
                    host.faults.add(Matcher::on(Method::GET, api).after(skip), Fault::Stuck);
                }
            }
            "twice" => host.webhook_faults.add(Matcher::any(), WebhookFault::Twice),
            "forged" => host.webhook_faults.add(Matcher::any(), WebhookFault::Forged),
            "late" => host
                .webhook_faults
                .add(Matcher::any(), WebhookFault::Late(Duration::from_secs(10))),
            "lost" => host.webhook_faults.add(Matcher::any(), WebhookFault::Lost),
            _ => return None,
        }
        Some(())
    })
}

/// How many faults are still to come.
pub(crate) fn left(simulator: &Simulator) -> usize {
    simulator
        .server()
        .with(|host, _| host.faults.left().saturating_add(host.webhook_faults.left()))
}

/// Takes back those that have not happened.
pub(crate) fn clear(simulator: &Simulator) {
    simulator.server().with(|host, _| {
        host.faults = paymux_simulator::FaultPlan::none();
        host.webhook_faults = paymux_simulator::WebhookPlan::none();
    });
}

/// Parts of the paths of all calls that a shop makes, and of those that capture and refund; and how many questions come before such a call, where
/// there is one after it.
fn paths(gateway: &str) -> (&'static str, &'static str, Option<u32>) {
    match gateway {
        "opp-v1" => ("/v1/", "/v1/payments/", Some(0)),
        "opp-v3" => ("/v3/", "/v3/payments/", None),
        "carry1st" => ("/api/pay1st/", "/refunds/create", None),
        _ => ("/payments", "?synchronized", Some(1)),
    }
}
