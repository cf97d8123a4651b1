//! The groups against the published patterns, and what holds for every code of the shape, known or not.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail so")]

#[path = "common/published.rs"]
mod published;

use std::collections::BTreeSet;
use std::sync::LazyLock;

use paymux_core::CodeClass;
use paymux_core::codes::DecidedBy;
use paymux_opp::{CODES, Context, PaymentType, ResultCode, Surface, Verdict, classify, explain};
use proptest::prelude::*;
use regex::Regex;

static PATTERNS: LazyLock<Vec<(&'static str, Regex)>> = LazyLock::new(published::compiled);
static KNOWN: LazyLock<Vec<ResultCode>> = LazyLock::new(|| ResultCode::known().collect());

/// Any code; half of them near a known one, where the borders of the groups are.
fn any_code() -> impl Strategy<Value = String> {
    let text = |[a, b, c]: [u16; 3]| format!("{a:03}.{b:03}.{c:03}");
    let near = (any::<prop::sample::Index>(), 0..3_usize, 0..1000_u16, 0..4_u8).prop_map(|(at, part, other, how)| {
        let mut parts = KNOWN[at.index(KNOWN.len())].parts();
        parts[part] = match how {
            0 => other,
            1 => (parts[part] + 1) % 1000,
            2 => (parts[part] + 999) % 1000,
            _ => (parts[part] + other / 100 * 10) % 1000,
        };
        parts
    });
    prop_oneof![[0..1000_u16, 0..1000, 0..1000].prop_map(text), near.prop_map(text)]
}

fn any_type() -> impl Strategy<Value = Option<PaymentType>> {
    const ALL: &[&str] = &["CB", "CD", "CP", "CR", "DB", "PA", "RB", "RC", "RF", "RV"];
    prop::option::of(prop::sample::select(ALL).prop_map(|kind| kind.parse().unwrap()))
}

fn any_context() -> impl Strategy<Value = Context> {
    let surfaces = [
        Surface::Mutation,
        Surface::Inquiry,
        Surface::ReportRow,
        Surface::CheckoutRead,
    ];
    let surface = prop::sample::select(surfaces.to_vec());
    (
        any_type(),
        any_type(),
        any::<bool>(),
        any::<bool>(),
        surface,
        any::<bool>(),
    )
        .prop_map(|(sent, answered, same, has_id, surface, live)| {
            let mut context = Context::new(surface, sent, live);
            context.answered = if same { sent } else { answered };
            context.has_id = has_id;
            context
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_code_of_the_shape_is_classified_and_only_the_approving_groups_approve(
        text in any_code(),
        context in any_context(),
    ) {
        let code: ResultCode = text.parse().unwrap();
        prop_assert_eq!(code.to_string(), text.as_str());
        let meaning = explain(code);
        prop_assert_eq!((CODES.explain)(&text), Some(meaning));
        prop_assert!(!meaning.gloss.is_empty());

        let group = published::group(&PATTERNS, &text);
        prop_assert_eq!(code.group(), group);
        prop_assert_eq!(meaning.class == CodeClass::Approved, group == Some("success"), "{}", text);
        prop_assert_eq!(meaning.class == CodeClass::Review, group == Some("success_review"), "{}", text);
        match meaning.decided_by {
            DecidedBy::Exact => prop_assert!(KNOWN.binary_search(&code).is_ok()),
            DecidedBy::Group(name) => prop_assert_eq!(Some(name), group),
            _ => {
                prop_assert_eq!(group, None);
                prop_assert_eq!(meaning.class, CodeClass::Unknown);
            }
        }

        let verdict = classify(code, &context);
        if matches!(verdict, Verdict::Approved | Verdict::Review | Verdict::TestOnLive) {
            prop_assert!(matches!(group, Some("success" | "success_review")), "{} {:?}", text, context);
            if context.sent.is_some() {
                prop_assert!(context.has_id && context.answered == context.sent, "{} {:?}", text, context);
            }
        }
        // What nothing decides is neither approved nor declined, wherever it stands.
        if meaning.class == CodeClass::Unknown {
            prop_assert_eq!(verdict, Verdict::Open);
        }
    }

    #[test]
    fn what_is_not_of_the_shape_is_no_code(text in "[0-9.a ]{0,12}") {
        let digits = |part: &str| part.len() == 3 && part.bytes().all(|b| b.is_ascii_digit());
        let is_code = text.split('.').count() == 3 && text.split('.').all(digits);
        prop_assert_eq!(text.parse::<ResultCode>().is_ok(), is_code);
        prop_assert_eq!((CODES.explain)(&text).is_some(), is_code);
    }
}

#[test]
fn every_known_code_is_where_the_patterns_put_it() {
    for code in KNOWN.iter() {
        assert_eq!(code.group(), published::group(&PATTERNS, &code.to_string()), "{code}");
    }
}

/// Both sides of every place where two neighbours are of different groups: each code of the areas that have known codes, and of the areas
/// beside them, and a few of every other area whose first number any pattern names.
#[test]
fn every_border_of_a_group_is_where_the_patterns_put_it() {
    let areas: BTreeSet<(u16, u16)> = KNOWN
        .iter()
        .flat_map(|code| {
            let [a, b, _] = code.parts();
            [(a, (b + 999) % 1000), (a, b), (a, (b + 1) % 1000)]
        })
        .collect();
    let mut borders = 0;
    for a in FIRST {
        for b in 0..1000 {
            let step = if areas.contains(&(a, b)) { 1 } else { 37 };
            let mut before: Option<ResultCode> = None;
            for c in (0..1000).step_by(step) {
                let text = format!("{a:03}.{b:03}.{c:03}");
                let here: ResultCode = text.parse().unwrap();
                if before.is_none_or(|before| before.group() != here.group()) {
                    borders += usize::from(before.is_some());
                    for side in before.into_iter().chain([here]) {
                        assert_eq!(side.group(), published::group(&PATTERNS, &side.to_string()), "{side}");
                    }
                }
                before = Some(here);
            }
        }
    }
    assert!(borders > 50, "{borders}");
}

#[test]
fn no_group_reaches_beyond_the_first_numbers_that_patterns_name() {
    for a in (0..1000).filter(|a| !FIRST.contains(a)) {
        for tail in ["000.000", "100.100", "400.110", "999.999"] {
            let text = format!("{a:03}.{tail}");
            assert_eq!(text.parse::<ResultCode>().unwrap().group(), None);
            assert_eq!(published::group(&PATTERNS, &text), None);
        }
    }
}

const FIRST: [u16; 10] = [0, 100, 200, 300, 500, 600, 700, 800, 900, 999];
