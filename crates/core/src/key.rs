//! Idempotency keys.

use hmac_sha256::Hash;

use crate::operation::{Operation, OperationKind};

/// The idempotency key of an operation, 32 hexadecimal digits: a digest of the operation's kind, the payment that it is about, and the caller's
/// reference. It never depends on the gateway's name, the configuration, a token, the time or the attempt, so that a repeated attempt has
/// the same key whoever makes it. `None` where the operation has no reference.
///
/// ```
/// use paymux_core::{Charge, Operation, Source, idempotency_key};
/// let charge = Charge::new("order1001a1".parse()?, "100.00 DKK".parse()?, Source::Hosted);
/// let key = idempotency_key(&Operation::Sale(Box::new(charge)));
/// assert_eq!(key.as_deref(), Some("89ae8970230be77dfb43cbbc2c2727a0"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn idempotency_key(operation: &Operation) -> Option<String> {
    let reference = operation.reference()?;
    let (kind, parent) = match operation {
        Operation::Complete(completion) => return idempotency_key(&completion.operation),
        Operation::Resolve(unresolved) => {
            let kind = unresolved.operation;
            // What begins a payment is about none; the one that is known by now is what it made.
            let follows = matches!(
                kind,
                OperationKind::Capture | OperationKind::Refund | OperationKind::Void
            );
            (kind, unresolved.payment.as_ref().filter(|_| follows))
        }
        other => (other.kind(), other.payment()),
    };
    let mut digest = Hash::new();
    for part in [
        "paymux key 1",
        kind.as_str(),
        parent.map_or("", |p| p.id()),
        reference.as_str(),
    ] {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part.as_bytes());
    }
    Some(hex::encode(digest.finalize().get(..16).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Account, Capture, Charge, PaymentRef, Refund, Source};

    /// These may never change: a key that changes between versions charges a customer twice.
    #[test]
    fn golden_vectors() {
        let reference = || "order1001a1".parse().unwrap();
        let money = || "100.00 DKK".parse().unwrap();
        let payment = || PaymentRef::new("acme", Account::of(&["m"]), ["4711"]).on("cards");
        let charge = || Box::new(Charge::new(reference(), money(), Source::Hosted));
        for (operation, key) in [
            (Operation::Sale(charge()), "89ae8970230be77dfb43cbbc2c2727a0"),
            (Operation::Authorize(charge()), "6d385039f3c413ca4d09ffb311a973a1"),
            (
                Operation::Capture(Capture::new(payment(), reference(), money())),
                "42dc0f877ec21851b202c3e8b09f23bd",
            ),
            (
                Operation::Refund(Refund::new(payment(), reference(), money())),
                "99b1240f90a6b2604479d8d4d674ab6c",
            ),
        ] {
            assert_eq!(idempotency_key(&operation).as_deref(), Some(key), "{operation:?}");
        }
    }

    #[test]
    fn to_ask_about_an_operation_is_to_have_its_key() {
        let payment = || PaymentRef::new("acme", Account::of(&["m"]), ["4711"]).on("cards");
        let (reference, money) = ("a1".parse().unwrap(), "1.00 DKK".parse().unwrap());
        let sale = Operation::Sale(Box::new(Charge::new(reference, money, Source::Hosted)));
        let refund = Operation::Refund(Refund::new(payment(), "r1".parse().unwrap(), money));
        for operation in [sale, refund] {
            // Of a sale, the payment that it made is known by now.
            let unresolved: crate::Unresolved = serde_json::from_value(serde_json::json!({
                "gateway": "cards", "provider": "acme", "account": Account::of(&["m"]), "operation": operation.kind(),
                "reference": operation.reference(), "amount": money, "payment": payment(), "trail": [],
                "last_sent": "2026-01-02T03:04:05Z",
            }))
            .unwrap();
            let asked = Operation::Resolve(Box::new(unresolved));
            assert_eq!(idempotency_key(&asked), idempotency_key(&operation), "{operation:?}");
        }
    }

    #[test]
    fn a_gateway_may_be_renamed() {
        let key = |name: &str| {
            let payment = PaymentRef::new("acme", Account::of(&["m"]), ["4711"]).on(name);
            let refund = Refund::new(payment, "r1".parse().unwrap(), "1.00 DKK".parse().unwrap());
            idempotency_key(&Operation::Refund(refund))
        };
        assert_eq!(key("cards"), key("old cards"));
    }
}
