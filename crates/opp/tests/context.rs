//! The codes that mean something else than they seem to, on every surface: in an answer about a payment, and in a bare answer.

#![allow(clippy::unwrap_used, reason = "a test may fail so")]

use paymux_opp::Surface::{CheckoutRead, Inquiry, Mutation, ReportRow};
use paymux_opp::Verdict::{
    AmountDiffers, Approved, Cancelled, ChargedBack, Declined, Earlier, Expired, NoSession, NotDone, NotFound, Open,
    Pending, Refused, Review, TestOnLive, Throttled, Uncertain,
};
use paymux_opp::{Context, PaymentType, Surface, Verdict, classify, explain};

const SURFACES: [Surface; 4] = [Mutation, Inquiry, ReportRow, CheckoutRead];

/// Codes; what they prove with an id and the type that was sent, as the answer to a request, to an inquiry, in a report, of a checkout;
/// and what they prove alone, in the same order.
type Row = (&'static [&'static str], [Verdict; 4], [Verdict; 4]);

const fn all(verdict: Verdict) -> [Verdict; 4] {
    [verdict; 4]
}

/// What is recorded as refused; alone, an inquiry is told nothing by it.
const REFUSED: ([Verdict; 4], [Verdict; 4]) = (all(Declined), [Declined, Open, Declined, Open]);

const ROWS: &[Row] = &[
    (&["000.000.000"], all(Approved), all(Open)),
    // They begin with zeros, and only some of them are successes.
    (
        &["000.100.200", "000.100.220"],
        [Open, ChargedBack, ChargedBack, ChargedBack],
        all(Open),
    ),
    (
        &["000.200.000", "000.200.100"],
        all(Pending),
        [Open, Open, Open, Pending],
    ),
    (&["000.400.000", "000.400.010", "000.400.020"], all(Review), all(Open)),
    (&["000.500.000", "000.500.100"], all(Open), all(Open)),
    // The hold could not be let go, and what stands beside it in no group.
    (&["000.400.030", "000.400.031", "000.400.039"], all(Open), all(Open)),
    // Looked at after the payment; no authentication.
    (&["000.400.100"], all(Review), all(Open)),
    // Refused by 3-D Secure or a risk check, whatever the texts sound like.
    (
        &[
            "000.400.101",
            "000.400.109",
            "000.400.111",
            "000.400.119",
            "000.400.200",
        ],
        REFUSED.0,
        REFUSED.1,
    ),
    // The cardholder was authenticated; no word of money.
    (
        &["000.400.110", "000.400.120"],
        all(Pending),
        [Open, Open, Open, Pending],
    ),
    // The success of a query, a screening, an updater, a dispute: of a payment only with its id and type.
    (
        &[
            "000.000.100",
            "000.300.100",
            "000.310.100",
            "000.100.105",
            "000.100.106",
        ],
        all(Approved),
        all(Open),
    ),
    // Test systems; this gateway is a test.
    (&["000.100.110", "000.100.112"], all(Approved), all(Open)),
    // In the group of disputes, and about an amount that differs.
    (
        &["000.100.211", "000.100.212"],
        [Open, AmountDiffers, AmountDiffers, AmountDiffers],
        all(Open),
    ),
    // A checkout was removed.
    (
        &["000.200.102"],
        [Pending, Pending, Pending, Cancelled],
        [Open, Open, Open, Cancelled],
    ),
    // In the pending group, and a fault of the set-up.
    (&["000.200.999"], all(Open), all(Open)),
    (
        &["100.400.500", "800.400.500", "800.400.501", "800.400.502"],
        all(Pending),
        [Open, Open, Open, Pending],
    ),
    // The issuer wants authentication.
    (&["300.100.100"], REFUSED.0, REFUSED.1),
    // In the bank's group, and the merchant's fault.
    (
        &["800.100.190", "800.100.305", "800.100.316", "800.100.325"],
        REFUSED.0,
        REFUSED.1,
    ),
    (
        &[
            "800.700.101",
            "800.700.500",
            "800.800.102",
            "800.800.202",
            "800.800.302",
        ],
        REFUSED.0,
        REFUSED.1,
    ),
    // Answers of the card updater, in the group of lists of refusals.
    (&["800.310.200", "800.310.210"], REFUSED.0, REFUSED.1),
    // Too many requests: about the request, unless an attempt was recorded as refused by it.
    (
        &["800.120.100"],
        [Throttled, Throttled, Declined, Throttled],
        [Throttled, Throttled, Declined, Throttled],
    ),
    // A wrong field, or no session.
    (
        &["200.300.404"],
        [Refused, NoSession, Declined, NoSession],
        [Refused, NoSession, Declined, NoSession],
    ),
    (
        &["700.400.580"],
        [NotFound, NotFound, Declined, NotFound],
        [NotFound, NotFound, Declined, NotFound],
    ),
    // Perhaps our first try worked.
    (
        &[
            "700.300.300",
            "700.300.800",
            "700.400.000",
            "700.400.510",
            "700.400.520",
            "700.400.530",
            "200.200.106",
            "200.300.405",
        ],
        [Earlier, Declined, Declined, Declined],
        [Earlier, Refused, Declined, Refused],
    ),
    (
        &["800.110.100", "800.130.100"],
        [Earlier, Declined, Declined, Declined],
        [Earlier, Open, Declined, Open],
    ),
    (
        &["800.120.402", "800.600.100", "800.700.100", "700.400.570"],
        [Earlier, Pending, Declined, Pending],
        [Earlier, Open, Declined, Pending],
    ),
    // Their failures: nobody knows.
    (
        &[
            "900.100.100",
            "900.100.200",
            "900.100.201",
            "900.100.203",
            "900.100.300",
            "900.100.400",
            "900.100.500",
            "999.999.888",
            "999.999.999",
            "600.100.100",
        ],
        all(Open),
        all(Open),
    ),
    // Taken back by themselves, or never sent on.
    (
        &["900.100.301", "900.100.310"],
        [NotDone, Declined, Declined, Declined],
        [NotDone, Open, Declined, Open],
    ),
    // Probably cancelled.
    (
        &["100.396.104"],
        [Uncertain, Uncertain, Open, Uncertain],
        [Uncertain, Open, Open, Open],
    ),
    (
        &["100.396.103", "900.300.600"],
        all(Expired),
        [Expired, Open, Expired, Open],
    ),
    // Told later of a payment that was pending.
    (&["100.397.101", "100.397.102"], REFUSED.0, REFUSED.1),
    // The wrong currency or brand for the account.
    (
        &["600.200.500"],
        [Refused, Refused, Declined, Refused],
        [Refused, Refused, Declined, Refused],
    ),
    // Not listed: by its group, or by nothing.
    (&["800.100.998"], REFUSED.0, REFUSED.1),
    (&["000.000.998"], all(Approved), all(Open)),
    (&["123.456.789", "400.001.100"], all(Open), all(Open)),
];

fn verdict(code: &str, surface: Surface, live: bool, alone: bool) -> Verdict {
    let mut context = Context::new(surface, Some(PaymentType::Db), live);
    context.answered = (!alone).then_some(PaymentType::Db);
    context.has_id = !alone;
    classify(code.parse().unwrap(), &context)
}

#[test]
fn every_trap_on_every_surface() {
    for (codes, told, alone) in ROWS {
        for code in *codes {
            assert_eq!(SURFACES.map(|s| verdict(code, s, false, false)), *told, "{code}");
            assert_eq!(SURFACES.map(|s| verdict(code, s, false, true)), *alone, "{code} alone");
        }
    }
}

#[test]
fn live_differs_only_for_the_approvals_of_test_systems() {
    for (codes, told, alone) in ROWS {
        for code in *codes {
            let live = if ["000.100.110", "000.100.112"].contains(code) {
                all(TestOnLive)
            } else {
                *told
            };
            assert_eq!(SURFACES.map(|s| verdict(code, s, true, false)), live, "{code}");
            assert_eq!(SURFACES.map(|s| verdict(code, s, true, true)), *alone, "{code} alone");
        }
    }
}

/// Alone, no code approves, and an inquiry is never told by one that the payment was refused.
#[test]
fn a_bare_answer_to_an_inquiry_never_ends_a_payment() {
    for code in paymux_opp::ResultCode::known() {
        for surface in SURFACES {
            let verdict = verdict(&code.to_string(), surface, false, true);
            assert!(
                !matches!(verdict, Approved | Review | TestOnLive | ChargedBack),
                "{code}"
            );
            if surface == Inquiry {
                let ends = matches!(verdict, Declined | Cancelled | Expired | NotDone | Uncertain);
                assert!(!ends, "{code}: {verdict:?}");
            }
        }
    }
}

#[test]
fn another_type_than_was_sent_proves_nothing_of_it() {
    for (codes, ..) in ROWS {
        for code in *codes {
            for surface in SURFACES {
                let mut context = Context::new(surface, Some(PaymentType::Cp), false);
                context.answered = Some(PaymentType::Pa);
                context.has_id = true;
                let verdict = classify(code.parse().unwrap(), &context);
                assert!(!matches!(verdict, Approved | Review | TestOnLive), "{code} {surface:?}");
                if matches!(surface, Mutation | Inquiry) {
                    assert!(!matches!(verdict, Declined | Expired), "{code} {surface:?}");
                }
            }
        }
    }
}

#[test]
fn an_authentication_alone_is_approved_where_nothing_else_was_asked() {
    for code in ["000.400.110", "000.400.120"] {
        let mut context = Context::new(Mutation, None, false);
        context.has_id = true;
        assert_eq!(classify(code.parse().unwrap(), &context), Approved, "{code}");
    }
}

#[test]
fn the_merchants_own_faults_are_not_told_to_the_customer_as_the_cards() {
    for code in ["800.100.190", "800.100.305", "800.100.316", "800.100.325"] {
        let meaning = explain(code.parse().unwrap());
        assert_eq!(meaning.reason.unwrap().message_key(), "merchant", "{code}");
    }
}
