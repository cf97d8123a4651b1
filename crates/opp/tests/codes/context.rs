//! What a code proves where it stands.

use super::*;

const DB: Option<PaymentType> = Some(PaymentType::Db);
const PA: Option<PaymentType> = Some(PaymentType::Pa);

/// What a code proves for a sale whose answer has an id and names its type.
fn on(surface: Surface, text: &str) -> Verdict {
    at(surface, text, DB, true, false)
}

fn at(surface: Surface, text: &str, answered: Option<PaymentType>, has_id: bool, live: bool) -> Verdict {
    let mut context = Context::new(surface, DB, live);
    context.answered = answered;
    context.has_id = has_id;
    classify(code(text), &context)
}

use Surface::{CheckoutRead, Inquiry, Mutation, ReportRow};

const SURFACES: [Surface; 4] = [Mutation, Inquiry, ReportRow, CheckoutRead];

#[test]
fn nothing_is_approved_without_an_id_and_the_type_that_was_sent() {
    for known in ResultCode::known() {
        for surface in SURFACES {
            for (answered, has_id) in [(None, true), (PA, true), (DB, false), (None, false)] {
                let verdict = at(surface, &known.to_string(), answered, has_id, false);
                assert!(
                    !matches!(verdict, Verdict::Approved | Verdict::Review | Verdict::TestOnLive),
                    "{known} {surface:?} {answered:?} {has_id}"
                );
            }
        }
    }
    for surface in SURFACES {
        assert_eq!(on(surface, "000.000.000"), Verdict::Approved);
    }
    assert_eq!(at(Mutation, "000.000.000", PA, true, false), Verdict::Open);
    assert_eq!(at(Inquiry, "000.000.000", PA, true, false), Verdict::OtherType);
    assert_eq!(at(Inquiry, "000.000.000", None, true, false), Verdict::Open);
}

#[test]
fn only_the_approved_class_is_ever_approved() {
    for known in ResultCode::known() {
        for surface in SURFACES {
            let verdict = on(surface, &known.to_string());
            let class = explain(known).class;
            assert_eq!(
                verdict == Verdict::Approved,
                class == CodeClass::Approved && !["000.400.110", "000.400.120"].contains(&known.to_string().as_str()),
                "{known} {surface:?}"
            );
            if verdict == Verdict::Review {
                assert_eq!(class, CodeClass::Review, "{known}");
            }
        }
    }
}

#[test]
fn codes_that_begin_with_zeros_are_not_all_successes() {
    for (text, verdict) in [
        ("000.100.220", Verdict::Open),
        ("000.200.000", Verdict::Pending),
        ("000.400.010", Verdict::Review),
        ("000.400.100", Verdict::Review),
        ("000.400.030", Verdict::Open),
        ("000.400.031", Verdict::Open),
        ("000.400.101", Verdict::Declined),
        ("000.400.109", Verdict::Declined),
        ("000.400.200", Verdict::Declined),
        ("000.500.000", Verdict::Open),
    ] {
        assert_eq!(on(Mutation, text), verdict, "{text}");
    }
}

#[test]
fn authentication_alone_says_nothing_of_money() {
    for text in ["000.400.110", "000.400.120"] {
        for surface in SURFACES {
            assert_eq!(on(surface, text), Verdict::Pending, "{text}");
        }
        let mut alone = Context::new(Mutation, None, false);
        alone.has_id = true;
        assert_eq!(classify(code(text), &alone), Verdict::Approved);
    }
}

#[test]
fn successes_of_queries_and_checks_count_only_for_a_payment_of_the_type() {
    for text in [
        "000.000.100",
        "000.300.100",
        "000.310.100",
        "000.100.105",
        "000.100.106",
    ] {
        assert_eq!(on(Mutation, text), Verdict::Approved, "{text}");
        assert_eq!(at(Mutation, text, None, true, false), Verdict::Open, "{text}");
        assert_eq!(at(Mutation, text, DB, false, false), Verdict::Open, "{text}");
        assert_eq!(
            at(Mutation, text, Some(PaymentType::Cp), true, false),
            Verdict::Open,
            "{text}"
        );
    }
}

#[test]
fn approvals_of_test_systems_are_refused_on_live() {
    for text in ["000.100.110", "000.100.112"] {
        for surface in SURFACES {
            assert_eq!(at(surface, text, DB, true, true), Verdict::TestOnLive, "{text}");
            assert_eq!(at(surface, text, DB, true, false), Verdict::Approved, "{text}");
        }
    }
    assert_eq!(at(Mutation, "000.000.000", DB, true, true), Verdict::Approved);
}

#[test]
fn amounts_that_differ_and_chargebacks() {
    for text in ["000.100.211", "000.100.212"] {
        assert_eq!(on(Mutation, text), Verdict::Open, "{text}");
        assert_eq!(on(Inquiry, text), Verdict::AmountDiffers, "{text}");
    }
    assert_eq!(on(Inquiry, "000.100.220"), Verdict::ChargedBack);
    assert_eq!(at(Inquiry, "000.100.220", None, false, false), Verdict::Open);
}

#[test]
fn checkouts() {
    assert_eq!(on(CheckoutRead, "000.200.000"), Verdict::Pending);
    assert_eq!(at(CheckoutRead, "000.200.000", None, false, false), Verdict::Pending);
    assert_eq!(on(CheckoutRead, "000.200.102"), Verdict::Cancelled);
    assert_eq!(on(Mutation, "000.200.999"), Verdict::Open);
    assert_eq!(on(Inquiry, "000.200.999"), Verdict::Open);
}

#[test]
fn slow_methods_stay_pending() {
    for text in ["100.400.500", "800.400.500", "800.400.501", "800.400.599"] {
        for surface in SURFACES {
            assert_eq!(on(surface, text), Verdict::Pending, "{text}");
        }
        // Without an id there is nothing to come back to.
        assert_eq!(at(Mutation, text, DB, false, false), Verdict::Open);
    }
}

#[test]
fn throttling_is_about_the_request_unless_it_is_recorded() {
    for surface in [Mutation, Inquiry, CheckoutRead] {
        assert_eq!(on(surface, "800.120.100"), Verdict::Throttled);
    }
    assert_eq!(on(ReportRow, "800.120.100"), Verdict::Declined);
}

#[test]
fn a_missing_session_is_never_a_decline() {
    assert_eq!(on(Mutation, "200.300.404"), Verdict::Refused);
    for surface in [Inquiry, CheckoutRead] {
        assert_eq!(at(surface, "200.300.404", None, false, false), Verdict::NoSession);
        assert_eq!(on(surface, "200.300.404"), Verdict::NoSession);
    }
}

#[test]
fn nothing_found() {
    for surface in [Mutation, Inquiry, CheckoutRead] {
        assert_eq!(at(surface, "700.400.580", None, false, false), Verdict::NotFound);
    }
}

#[test]
fn refusals_that_an_earlier_attempt_may_have_caused() {
    for text in [
        "700.300.300",
        "700.400.100",
        "700.400.200",
        "700.400.300",
        "700.400.510",
        "700.400.520",
        "700.400.530",
        "800.110.100",
        "800.130.100",
        "200.200.106",
        "800.120.402",
        "800.600.100",
        "800.700.100",
        "700.400.570",
    ] {
        assert_eq!(on(Mutation, text), Verdict::Earlier, "{text}");
        assert_eq!(on(ReportRow, text), Verdict::Declined, "{text}");
    }
    for text in ["800.120.402", "800.600.100", "800.700.100", "700.400.570"] {
        assert_eq!(on(Inquiry, text), Verdict::Pending, "{text}");
    }
}

#[test]
fn failures_on_their_side_leave_it_open() {
    for text in [
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
        "800.800.400",
        "900.200.000",
    ] {
        for surface in SURFACES {
            assert_eq!(on(surface, text), Verdict::Open, "{text} {surface:?}");
        }
    }
    for text in ["900.100.301", "900.100.310"] {
        assert_eq!(on(Mutation, text), Verdict::NotDone, "{text}");
        assert_eq!(explain(code(text)).advice, RetryAdvice::SameRequest);
    }
}

#[test]
fn sessions_that_lapsed_and_cancellations_in_doubt() {
    for text in ["100.396.103", "900.300.600"] {
        for surface in SURFACES {
            assert_eq!(on(surface, text), Verdict::Expired, "{text}");
        }
    }
    for surface in [Mutation, Inquiry, CheckoutRead] {
        assert_eq!(on(surface, "100.396.104"), Verdict::Uncertain);
    }
    for text in ["100.397.101", "100.397.102"] {
        assert_eq!(on(Inquiry, text), Verdict::Declined, "{text}");
    }
}

#[test]
fn what_an_inquiry_is_told_about_itself_never_changes_the_payment() {
    for known in ResultCode::known().filter(|c| explain(*c).class == CodeClass::Declined) {
        let verdict = at(Inquiry, &known.to_string(), None, false, false);
        assert!(
            matches!(verdict, Verdict::Open | Verdict::Throttled),
            "{known}: {verdict:?}"
        );
    }
    for text in ["800.900.300", "600.300.200"] {
        assert_eq!(at(Inquiry, text, None, false, false), Verdict::Refused);
        assert_eq!(on(Inquiry, text), Verdict::Refused);
    }
    // A payment that is recorded as failed has an id and a type.
    assert_eq!(on(Inquiry, "100.550.300"), Verdict::Declined);
    assert_eq!(at(Inquiry, "100.550.300", None, false, false), Verdict::Refused);
}

#[test]
fn unknown_codes_are_neither_approved_nor_declined() {
    for surface in SURFACES {
        for text in ["400.001.100", "000.700.000", "123.456.789"] {
            assert_eq!(on(surface, text), Verdict::Open, "{text}");
        }
    }
}
