//! What may never be printed.

use paymux_core::Source;

use crate::bench::{Bench, Case, ensure};

/// No secret of the subject, and no card number stands in anything that the gateway said or prints, in any case before this one.
pub(super) async fn said(bench: &Bench<'_>) -> Case {
    let subject = bench.subject;
    let mut secrets = subject.secrets.clone();
    for source in [
        Some(&subject.approved),
        subject.declined.as_ref(),
        subject.payee.as_ref(),
    ]
    .into_iter()
    .flatten()
    {
        if let Source::Card(card) = source {
            secrets.push(card.expose_number().to_owned());
        }
    }
    for words in bench.said() {
        for (index, secret) in secrets.iter().enumerate() {
            ensure(!words.contains(secret.as_str()), || {
                format!("secret {index} of {} is printed", secrets.len())
            })?;
        }
    }
    Ok(())
}
