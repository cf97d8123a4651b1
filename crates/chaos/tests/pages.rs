//! A customer who is refused on a page and pays there later, in the old tab: at every provider with pages, whatever else goes wrong.

use paymux_chaos::{Deed, End, Plan, Post, Sabotage, Script, Visit, grounds, live, plan, stands};

const GATEWAYS: [&str; 4] = ["coolpay", "opp-v3", "opp-v1", "carry1st"];

fn later() -> Script {
    Script {
        deeds: vec![Deed::Checkout(Visit::PaysLater)],
    }
}

#[test]
fn who_pays_later_on_the_same_page_pays_once() {
    for gateway in GATEWAYS {
        for webhooks in Post::ALL {
            let plan = Plan {
                gateway,
                script: later(),
                mishaps: Vec::new(),
                webhooks,
                twice: false,
                stubborn: false,
                alike: false,
            };
            let report = live(&plan, &Sabotage::none());
            assert!(report.findings.is_empty(), "{plan}{:#?}", report.findings);
            let ends: Vec<_> = report.ends.iter().map(|(_, end)| *end).collect();
            assert_eq!(ends, [End::Done], "{plan}");
        }
    }
    for name in stands::NAMES {
        let offers = stands::named(name).gateway();
        let offers = paymux::PaymentGateway::capabilities(&offers).offers(paymux::OperationKind::Checkout);
        assert_eq!(
            offers,
            GATEWAYS.contains(&name),
            "{name}: every provider with pages is here"
        );
    }
}

#[test]
fn whatever_goes_wrong_besides_it_is_paid_once() {
    let mut lived = 0;
    for ground in grounds() {
        for plan in ground.small(6).filter(|plan| plan.script == later()) {
            let report = live(&plan, &Sabotage::none());
            assert!(report.findings.is_empty(), "{plan}{:#?}", report.findings);
            lived += 1;
        }
    }
    assert!(lived > 500, "{lived}");
}

#[test]
fn so_it_is_when_several_things_go_wrong() {
    let (grounds, mut lived, mut wrong) = (grounds(), 0, Vec::new());
    for seed in 0..60_000 {
        let plan = plan(&grounds, seed);
        if plan.script != later() {
            continue;
        }
        let report = live(&plan, &Sabotage::none());
        lived += 1;
        if !report.findings.is_empty() {
            wrong.push(format!("seed {seed}\n{plan}{:#?}", report.findings));
        }
    }
    assert!(wrong.is_empty(), "{} of {lived}: {}", wrong.len(), wrong.join("\n"));
    assert!(lived > 500, "{lived}");
}
