//! What a search for a lost answer asks for.
#![allow(clippy::indexing_slicing, clippy::unwrap_used)] // Functions that tests share do not count as tests.

mod common;

use common::*;
use paymux_core::Fate;
use paymux_core::script::Script;

const SEARCH: &str = "POST /api/v1/transactions/search";

/// A sale and a payout of one reference, instrument and amount: one must not be taken for the other.
#[test]
fn a_search_tells_money_in_from_money_out() {
    for (operation, side) in [
        (sale(), "C"),
        (payout(&format!("ach:{INSTRUMENT}")), "D"),
        (transfer(), "D"),
    ] {
        let lost = Script::new().lost("POST /api/v1/transfers");
        assert_eq!(play(&qolo(), &operation, &lost).unwrap_err().fate(), Fate::Unknown);
        let resolve = unresolved(&qolo(), &operation, &lost, None);
        let script = Script::new().json(SEARCH, 200, r#"{"has_more":false,"data":[]}"#);
        assert_eq!(play(&qolo(), &resolve, &script).unwrap_err().fate(), Fate::Unknown);
        let body = script.sent()[0].body();
        assert!(body.contains(&format!(r#""txn_type":"{side}""#)), "{body}");
    }
}
