//! What a router can do: what any of its gateways can.

use std::time::Duration;

use paymux::{
    Ability, Account, AskAfterwards, Capabilities, Field, Mode, OperationKind, ReferenceRule, Scale, Scales, Webhooks,
};

/// What a router over gateways of these capabilities offers. It is a summary: each gateway is asked about each operation before it gets a leg.
pub(crate) fn offer(name: &str, mode: Mode, members: &[&Capabilities]) -> Capabilities {
    let fewest = members.iter().map(|of| of.reference.min).max().unwrap_or(1);
    let most = members.iter().map(|of| of.reference.max).min().unwrap_or(255);
    let words = "as the gateways take them, each by its own rule";
    let reference = ReferenceRule::new(fewest..=most, |_| true, words);
    let account = Account::of(&["router", name, mode.as_str()]);
    let mut offer = Capabilities::new("router", mode, account, reference, Scales::new(Scale::Iso));
    let abilities = OperationKind::ALL.into_iter().filter_map(|kind| ability(kind, members));
    offer.abilities = abilities.collect();
    offer.inquire_by_reference = true;
    offer.close_page = members.iter().any(|of| of.close_page);
    offer.payment_methods = members.iter().filter(|of| of.payment_methods).count() == 1;
    // A delivery does not say whose it is.
    offer.webhooks = Webhooks::None;
    let settle: Option<Vec<Duration>> = members.iter().map(|of| of.settle).collect();
    offer.settle = settle.and_then(|times| times.into_iter().max());
    offer.inquiry_interval = members.iter().map(|of| of.inquiry_interval).max().unwrap_or_default();
    offer
}

fn ability(kind: OperationKind, members: &[&Capabilities]) -> Option<Ability> {
    let mut offered = members.iter().filter_map(|of| of.ability(kind)).peekable();
    offered.peek()?;
    let mut ability = Ability::new(kind).ask(AskAfterwards::Yes);
    for one in offered {
        for source in &one.sources {
            if !ability.sources.contains(source) {
                ability.sources.push(*source);
            }
        }
        ability.partial |= one.partial;
        ability.repeated |= one.repeated;
        one.carries.iter().for_each(|carried| carry(&mut ability, *carried));
        ability.ask = match (ability.ask, one.ask) {
            (AskAfterwards::None, _) | (_, AskAfterwards::None) => AskAfterwards::None,
            (AskAfterwards::Yes, other) => other,
            (known, _) => known,
        };
    }
    Some(ability)
}

/// The most that anyone carries.
fn carry(ability: &mut Ability, (field, most): (Field, Option<usize>)) {
    match ability.carries.iter_mut().find(|(known, _)| *known == field) {
        Some((_, known)) => *known = known.zip(most).map(|(known, most)| known.max(most)),
        None => ability.carries.push((field, most)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::router::tests::capabilities;
    use paymux::SourceKind;

    #[test]
    fn it_offers_what_any_offers_and_promises_what_all_promise() {
        let (mut a, mut b) = (capabilities("a"), capabilities("b"));
        a.abilities = vec![
            Ability::new(OperationKind::Sale)
                .from(&[SourceKind::Card])
                .carries_up_to(Field::Order, 20)
                .ask(AskAfterwards::Yes),
        ];
        b.abilities = vec![
            Ability::new(OperationKind::Sale)
                .from(&[SourceKind::Stored])
                .carries(&[Field::Order])
                .ask(AskAfterwards::None)
                .partial(),
            Ability::new(OperationKind::Payout).from(&[SourceKind::Stored]),
        ];
        a.settle = Some(Duration::from_secs(60));
        let offer = offer("checkout", Mode::Test, &[&a, &b]);
        let sale = offer.ability(OperationKind::Sale).unwrap();
        assert_eq!(sale.sources, [SourceKind::Card, SourceKind::Stored]);
        assert_eq!(
            (sale.carries.as_slice(), sale.partial),
            (&[(Field::Order, None)][..], true)
        );
        assert_eq!(sale.ask, AskAfterwards::None);
        assert!(offer.offers(OperationKind::Payout) && !offer.offers(OperationKind::Void));
        assert_eq!((offer.settle, offer.webhooks), (None, Webhooks::None));
    }
}
