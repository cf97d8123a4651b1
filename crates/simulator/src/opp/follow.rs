//! Follow-ups: CP, RV, RF and chargebacks on an earlier transaction, and what may follow what.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;

use super::form::{Form, Money, Reader, Refusal};
use super::order::Extra;
use super::record::{Payment, Type};
use super::{Opp, codes};
use crate::Origin;

impl Opp {
    /// Answers `POST payments/{id}`.
    pub(super) fn follow_up(&mut self, now: Timestamp, id: &str, form: &Form) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let kind = reader
            .required("paymentType", |t| {
                t.len() == 2 && t.bytes().all(|b| b.is_ascii_uppercase())
            })
            .and_then(|letters| match Type::parse(&letters) {
                Some(kind @ (Type::Capture | Type::Reversal | Type::Refund)) => Some(kind),
                _ => {
                    reader.refuse("600.200.400");
                    None
                }
            });
        let money = reader.money(kind != Some(Type::Reversal));
        let extra = Extra::read(&mut reader, &self.settings);
        reader.optional("originalTransactionId", |original| original == id);
        let kind = reader.finish(kind)?;
        if !self.payments.contains_key(id) {
            return Ok(self.plain(now, StatusCode::NOT_FOUND, codes::NOT_FOUND));
        }
        let new = self.follow(now, id, kind, money, extra, Origin::Api);
        self.announce(now, &new, false);
        Ok(self.recorded(now, &new))
    }

    /// Records a follow-up, allowed or not, and gives its id. Nobody is told yet.
    pub(super) fn follow(
        &mut self,
        now: Timestamp,
        original: &str,
        kind: Type,
        money: Option<Money>,
        extra: Extra,
        origin: Origin,
    ) -> String {
        let id = self.new_id(now, "payment");
        let mut payment = self.blank(now, &id, kind, origin);
        let mut violation = Some(codes::NOT_FOUND);
        if let Some(earlier) = self.payments.get(original) {
            violation = self.violation(earlier, kind, money.as_ref());
            payment.root.clone_from(&earlier.root);
            payment.brand.clone_from(&earlier.brand);
            payment.card.clone_from(&earlier.card);
        }
        payment.referenced = Some(original.to_owned());
        payment.money = money;
        payment.reference = extra.reference;
        payment.notification_url = extra.notification_url;
        payment.echo = extra.echo;
        payment.custom = extra.custom;
        let code = match violation {
            Some(code) => code.to_owned(),
            None => match (kind, origin) {
                (Type::Chargeback, _) => "000.100.200".to_owned(),
                (_, Origin::Api) => self.forced.take().or(extra.forced).unwrap_or_else(|| self.success()),
                _ => self.success(),
            },
        };
        self.payments.insert(id.clone(), payment);
        self.conclude(now, &id, &code);
        id
    }

    fn success(&self) -> String {
        codes::success(&self.settings, false).to_owned()
    }

    /// The code for a follow-up that may not be, or `None`.
    fn violation(&self, earlier: &Payment, kind: Type, money: Option<&Money>) -> Option<&'static str> {
        let fitting = match kind {
            Type::Capture => (earlier.kind == Type::Authorization, "700.400.510"),
            Type::Reversal => (earlier.kind == Type::Authorization, "700.400.530"),
            Type::Refund => (
                matches!(earlier.kind, Type::Debit | Type::Capture | Type::Credit),
                "700.400.520",
            ),
            Type::Chargeback => (matches!(earlier.kind, Type::Debit | Type::Capture), "700.400.550"),
            Type::Authorization | Type::Debit | Type::Credit => (false, "700.300.100"),
        };
        if !fitting.0 {
            return Some(fitting.1);
        }
        if codes::pends(&earlier.code) {
            return Some("700.400.570");
        }
        if !earlier.booked {
            return Some("700.300.200");
        }
        let whole = earlier.money.as_ref()?;
        if money.is_some_and(|m| m.currency != whole.currency) {
            return Some("600.200.500");
        }
        let wanted = money.map_or(whole.hundredths, |m| m.hundredths);
        let whole = whole.hundredths;
        let used = |kind| self.used(&earlier.id, kind, whole);
        match kind {
            Type::Capture => {
                let again = self.settings.several_captures && !earlier.by_registration;
                if used(Type::Reversal) > 0 {
                    Some("700.400.510")
                } else if used(Type::Capture) > 0 && (!again || used(Type::Capture) >= whole) {
                    Some("700.300.300")
                } else {
                    (used(Type::Capture) + wanted > whole).then_some("700.400.100")
                }
            }
            Type::Reversal => {
                if used(Type::Reversal) > 0 {
                    Some("700.300.300")
                } else if used(Type::Capture) > 0 {
                    Some("700.400.530")
                } else if wanted > whole {
                    Some("700.400.300")
                } else {
                    (wanted < whole).then_some("700.300.800")
                }
            }
            _ => {
                let gone = used(Type::Refund) + used(Type::Chargeback);
                if used(Type::Chargeback) > 0 {
                    Some("700.300.600")
                } else if gone >= whole {
                    Some("700.300.300")
                } else {
                    (gone + wanted > whole).then_some("700.400.200")
                }
            }
        }
    }

    /// How much of a transaction its follow-ups of one kind have used up, open ones included.
    fn used(&self, id: &str, kind: Type, whole: i64) -> i64 {
        self.payments
            .values()
            .filter(|p| p.referenced.as_deref() == Some(id) && p.kind == kind)
            .filter(|p| p.booked || codes::pends(&p.code))
            .map(|p| p.money.as_ref().map_or(whole, |m| m.hundredths))
            .sum()
    }
}
