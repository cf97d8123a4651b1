//! What the record says about where an operation may go: a pure function of the legs.

use paymux::{Decline, Error, Operation, RetryAdvice};

use crate::legs::{Standing, Track};

/// Where an operation may go.
#[derive(Debug)]
pub(crate) enum Pin<'a> {
    /// To the leg's gateway only: it is this reference's own.
    Reference(&'a Track),
    /// To the leg's gateway only: it takes the order.
    Order(&'a Track),
    /// Where the rules lead.
    Free(Free<'a>),
}

/// What the rules must know of earlier legs.
#[derive(Debug, Default)]
pub(crate) struct Free<'a> {
    /// The gateways of these declined under this reference: they would give the recorded decline again.
    pub(crate) declined: Vec<&'a Track>,
    /// The gateway of this goes first, if the rule has it.
    pub(crate) near: Option<&'a Track>,
    /// The gateways of these go last.
    pub(crate) far: Vec<&'a Track>,
}

/// Which declines go on to another provider.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Onward<'a>(pub(crate) &'a [paymux::DeclineReason]);

impl Onward<'_> {
    pub(crate) fn allows(self, decline: &Decline) -> bool {
        decline.advice == RetryAdvice::OtherProvider || self.0.contains(&decline.reason)
    }
}

/// Where an operation may go, by the legs of its reference and its order, the one that was written last at the end.
///
/// # Errors
/// The reference stands for something else.
pub(crate) fn pin<'a>(operation: &Operation, legs: &'a [Track], onward: Onward<'_>) -> Result<Pin<'a>, Error> {
    let reference = operation.reference();
    let (own, others): (Vec<&Track>, Vec<&Track>) = legs.iter().partition(|leg| Some(&leg.reference) == reference);
    if let Some(other) = own.iter().find(|leg| !is_same(leg, operation)) {
        return Err(differs(other, operation));
    }
    // Of several there is at most one that takes; it counts before those that are at their end.
    let fixed = |leg: &&&Track| match &leg.standing {
        Standing::Declined(decline) => !onward.allows(decline),
        Standing::Undone => true,
        _ => false,
    };
    let takes = |leg: &&&Track| leg.standing.takes();
    if let Some(leg) = own.iter().rev().find(takes).or_else(|| own.iter().rev().find(fixed)) {
        return Ok(Pin::Reference(leg));
    }
    if let Some(leg) = others.iter().rev().find(takes) {
        return Ok(Pin::Order(leg));
    }
    let declined = |leg: &&&Track| matches!(leg.standing, Standing::Declined(_));
    let mut free = Free {
        declined: own.iter().filter(declined).copied().collect(),
        ..Free::default()
    };
    if let Some(last) = others.iter().rev().find(|leg| leg.begins) {
        match &last.standing {
            Standing::Declined(decline) if !onward.allows(decline) => free.near = Some(last),
            Standing::Declined(_) => free.far = others.iter().filter(declined).copied().collect(),
            _ => {}
        }
    }
    Ok(Pin::Free(free))
}

fn is_same(leg: &Track, operation: &Operation) -> bool {
    let order = operation.charge().and_then(|charge| charge.order.as_ref());
    leg.begins && leg.operation == operation.kind() && leg.amount == operation.amount() && leg.order.as_ref() == order
}

fn differs(leg: &Track, operation: &Operation) -> Error {
    let words = |amount: Option<paymux::Money>, order: Option<&str>| {
        let amount = amount.map_or(String::new(), |amount| format!(" of {amount}"));
        let order = order.map_or(String::new(), |order| format!(" for order {}", paymux::visible(order)));
        format!("{amount}{order}")
    };
    let order = operation.charge().and_then(|charge| charge.order.as_deref());
    let rule = format!(
        "{} stands for a {}{} at gateway {}, and this is a {}{}; nothing was sent",
        leg.reference,
        leg.operation,
        words(leg.amount, leg.order.as_deref()),
        leg.gateway,
        operation.kind(),
        words(operation.amount(), order),
    );
    Error::invalid("reference", format!("reference {rule}")).beside_another()
}

#[cfg(test)]
mod tests {
    use paymux::{Charge, DeclineReason, Source};

    use super::*;
    use crate::router::tests::capabilities;

    fn operation(reference: &str) -> Operation {
        let mut charge = Charge::new(reference.parse().unwrap(), "10.00 EUR".parse().unwrap(), Source::Hosted);
        charge.order = Some("o1".to_owned());
        Operation::Sale(Box::new(charge))
    }

    fn leg(gateway: &'static str, reference: &str, standing: Standing) -> Track {
        let mut leg = Track::new(gateway, &capabilities(gateway), reference.parse().unwrap(), standing);
        leg.amount = Some("10.00 EUR".parse().unwrap());
        leg.order = Some("o1".to_owned());
        leg
    }

    fn declined(advice: RetryAdvice) -> Standing {
        Standing::Declined(Decline::new(DeclineReason::DoNotHonor, "05").with_advice(advice))
    }

    /// In words, to be compared.
    fn pinned(legs: &[Track]) -> String {
        let names = |legs: &[&Track]| {
            legs.iter()
                .map(|leg| leg.gateway.as_str())
                .collect::<Vec<_>>()
                .join(",")
        };
        match pin(&operation("r2"), legs, Onward(&[DeclineReason::Timeout])) {
            Ok(Pin::Reference(leg)) => format!("reference {}", leg.gateway),
            Ok(Pin::Order(leg)) => format!("order {}", leg.gateway),
            Ok(Pin::Free(free)) => format!(
                "free -{} +{} <{}",
                names(&free.declined),
                free.near.map_or("", |leg| leg.gateway.as_str()),
                names(&free.far)
            ),
            Err(error) => error.message().to_owned(),
        }
    }

    #[test]
    fn a_reference_is_pinned_until_its_leg_did_nothing_or_allows_another_provider() {
        use RetryAdvice::{AfterAuthentication, Later, Never, OtherProvider, SameRequest, WithNewData};
        for standing in [
            Standing::Open,
            Standing::Waiting,
            Standing::Done,
            Standing::Undone,
            declined(Never),
            declined(WithNewData),
            declined(Later(None)),
            declined(AfterAuthentication),
            declined(SameRequest),
        ] {
            assert_eq!(
                pinned(&[leg("a", "r2", standing.clone())]),
                "reference a",
                "{standing:?}"
            );
        }
        assert_eq!(pinned(&[leg("a", "r2", Standing::Failed)]), "free - + <");
        assert_eq!(pinned(&[leg("a", "r2", declined(OtherProvider))]), "free -a + <");
        let listed = Standing::Declined(Decline::new(DeclineReason::Timeout, "1"));
        assert_eq!(pinned(&[leg("a", "r2", listed)]), "free -a + <");
        // The leg that took over counts, whichever is older.
        for (first, second) in [
            (Standing::Failed, Standing::Open),
            (declined(OtherProvider), Standing::Done),
        ] {
            let legs = [leg("a", "r2", first), leg("b", "r2", second)];
            assert_eq!(pinned(&legs), "reference b");
        }
        let legs = [leg("a", "r2", Standing::Open), leg("b", "r2", declined(Never))];
        assert_eq!(pinned(&legs), "reference a", "in doubt counts before declined");
    }

    #[test]
    fn an_order_is_pinned_while_a_leg_takes_it_and_keeps_near_after_a_decline() {
        for standing in [Standing::Open, Standing::Waiting, Standing::Done] {
            assert_eq!(pinned(&[leg("a", "r1", standing)]), "order a");
        }
        assert_eq!(pinned(&[leg("a", "r1", Standing::Failed)]), "free - + <");
        assert_eq!(pinned(&[leg("a", "r1", Standing::Undone)]), "free - + <");
        assert_eq!(
            pinned(&[leg("a", "r1", declined(RetryAdvice::WithNewData))]),
            "free - +a <"
        );
        assert_eq!(
            pinned(&[leg("a", "r1", declined(RetryAdvice::OtherProvider))]),
            "free - + <a"
        );
        let legs = [
            leg("a", "r1", declined(RetryAdvice::OtherProvider)),
            leg("b", "r1", declined(RetryAdvice::WithNewData)),
        ];
        assert_eq!(pinned(&legs), "free - +b <");
        // The reference's own leg counts before the order's.
        let legs = [
            leg("a", "r1", declined(RetryAdvice::Never)),
            leg("b", "r2", Standing::Waiting),
        ];
        assert_eq!(pinned(&legs), "reference b");
    }

    #[test]
    fn a_reference_stands_for_one_thing_at_every_gateway() {
        let mut other = leg("a", "r2", Standing::Failed);
        other.amount = Some("9.00 EUR".parse().unwrap());
        assert_eq!(
            pinned(&[other]),
            "reference r2 stands for a sale of 9.00 EUR for order o1 at gateway a, and this is a sale of 10.00 EUR for order o1; nothing was sent"
        );
        let mut other = leg("a", "r2", Standing::Failed);
        other.order = None;
        assert!(pinned(&[other]).contains("stands for a sale of 10.00 EUR at gateway a"));
        let mut other = leg("a", "r2", Standing::Done);
        other.begins = false;
        other.operation = paymux::OperationKind::Refund;
        assert!(pinned(&[other]).contains("stands for a refund"));
    }
}
