//! Which of several gateways comes first, by their weights: a pure function, so that all machines draw the same.

use hmac_sha256::Hash;

/// The places of a list in the order in which they are drawn: each time one of those that are left, in proportion to its weight.
///
/// What it depends on is the key, the rule's number, and the weights in their order; on nothing else, ever.
pub(crate) fn drawn(key: &str, rule: u32, weights: &[u32]) -> Vec<usize> {
    let mut left: Vec<(usize, u32)> = weights.iter().copied().enumerate().collect();
    let mut order = Vec::with_capacity(left.len());
    let mut round: u32 = 0;
    while !left.is_empty() {
        let total: u64 = left.iter().map(|(_, weight)| u64::from(*weight)).sum();
        let mut rest = number(key, rule, round) % total.max(1);
        let drawn = left.iter().position(|(_, weight)| {
            let here = u64::from(*weight);
            if rest < here {
                return true;
            }
            rest -= here;
            false
        });
        let (place, _) = left.remove(drawn.unwrap_or(0));
        order.push(place);
        round = round.saturating_add(1);
    }
    order
}

/// The first eight bytes of a digest, as a number.
fn number(key: &str, rule: u32, round: u32) -> u64 {
    let mut digest = Hash::new();
    digest.update(b"paymux route 1");
    digest.update(rule.to_be_bytes());
    digest.update(round.to_be_bytes());
    digest.update(key.as_bytes());
    let bytes = digest.finalize().into_iter().take(8);
    bytes.fold(0, |number, byte| (number << 8) | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// These never change: machines of two versions must draw the same. They were computed by another program.
    #[test]
    fn the_draw_is_pinned() {
        for (key, rule, first, weighted, equal) in [
            ("order1001", 1, 13_466_947_138_819_947_523, [0, 1, 2], [1, 0, 2]),
            ("order1001", 2, 10_241_006_597_707_062_440, [0, 1, 2], [2, 1, 0]),
            ("order1002", 1, 4_063_642_360_313_552_755, [0, 1, 2], [1, 0, 2]),
            ("", 1, 5_233_469_792_647_671_573, [0, 1, 2], [0, 2, 1]),
            ("Bestellung Ä", 7, 7_853_200_818_011_263_528, [1, 0, 2], [1, 2, 0]),
        ] {
            assert_eq!(number(key, rule, 0), first, "{key} {rule}");
            assert_eq!(drawn(key, rule, &[70, 30, 10]), weighted, "{key} {rule}");
            assert_eq!(drawn(key, rule, &[1, 1, 1]), equal, "{key} {rule}");
        }
    }

    #[test]
    fn shares_hold_over_many_references_and_for_those_that_are_left() {
        let mut first = [0_u32; 3];
        let mut second = [0_u32; 3];
        let mut without = 0;
        for number in 0..100_000 {
            let order = drawn(&format!("order{number}"), 1, &[60, 30, 10]);
            assert_eq!(
                order.iter().copied().collect::<std::collections::BTreeSet<_>>().len(),
                3
            );
            first[order[0]] += 1;
            if order[0] == 0 {
                without += 1;
                second[order[1]] += 1;
            }
        }
        // Five standard deviations of so many draws are below 800.
        for (counted, expected) in first.iter().zip([60_000_u32, 30_000, 10_000]) {
            assert!(counted.abs_diff(expected) < 800, "{first:?}");
        }
        assert!(second[1].abs_diff(without * 3 / 4) < 800, "{second:?} of {without}");
    }

    #[test]
    fn rules_draw_by_themselves() {
        let same = (0..10_000).filter(|number| {
            let key = format!("order{number}");
            drawn(&key, 1, &[1, 1]) == drawn(&key, 2, &[1, 1])
        });
        assert!(same.count().abs_diff(5000) < 300);
    }
}
