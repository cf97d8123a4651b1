//! What a provider offers beyond the operations, and what is said of it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use paymux::carry1st::Carry1st;
use paymux::coolpay::CoolPay;
use paymux::opp::Opp;
use paymux::qolo::Qolo;
use paymux::{Error, Gateway, PaymentRef, Source, Urls};
use paymux_conformance::Subject;

use super::Heard;

fn hear<T: Debug>(heard: &mut Heard, result: Result<T, Error>) -> Option<T> {
    match result {
        Ok(value) => {
            heard.debug("extra", &value);
            Some(value)
        }
        Err(error) => {
            heard.error(&error);
            None
        }
    }
}

/// Whatever this gateway's adapter is, the extras that have to do with cards, links and secrets.
pub(crate) async fn extras(gateway: &Gateway, subject: &Subject, payment: Option<&PaymentRef>, heard: &mut Heard) {
    if let Ok((coolpay, wire)) = gateway.open::<CoolPay>() {
        hear(heard, coolpay.create_card(&BTreeMap::new(), &wire).await);
        hear(heard, coolpay.card_link("card:1", &Urls::default(), &wire).await);
    }
    if let Ok((opp, wire)) = gateway.open::<Opp>()
        && let Source::Card(card) = &subject.approved
    {
        hear(heard, opp.create_registration(card, &wire).await);
    }
    if let Ok((qolo, wire)) = gateway.open::<Qolo>() {
        let (account, _) = subject.accounts.clone().unwrap_or_default();
        hear(heard, qolo.balance(&account, &wire).await);
        hear(heard, qolo.webhooks(&wire).await);
    }
    if let (Ok((carry1st, wire)), Some(payment)) = (gateway.open::<Carry1st>(), payment) {
        hear(heard, carry1st.checkout_link(payment, None, &wire).await);
    }
}
