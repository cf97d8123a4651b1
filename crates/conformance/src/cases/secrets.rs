//! What may never be printed.

use paymux_core::Source;

use crate::bench::{Bench, Case, failed};
use crate::canary::Canaries;

/// No secret of the subject, and no card number stands in anything that the gateway said or prints, in any case before this one, however it is written.
pub(super) async fn said(bench: &Bench<'_>) -> Case {
    let subject = bench.subject;
    let mut canaries = Canaries::default();
    for (index, secret) in subject.secrets.iter().enumerate() {
        canaries.add(&format!("secret {index} of {}", subject.secrets.len()), secret);
    }
    for (name, source) in [
        ("approved", Some(&subject.approved)),
        ("declined", subject.declined.as_ref()),
        ("payee", subject.payee.as_ref()),
    ] {
        if let Some(Source::Card(card)) = source {
            canaries.add(&format!("the number of the card `{name}`"), card.expose_number());
        }
    }
    match bench.said().iter().find_map(|words| canaries.find(words)) {
        Some(leak) => failed(format!("{} is printed ({})", leak.secret, leak.form)),
        None => Ok(()),
    }
}
