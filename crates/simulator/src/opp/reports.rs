//! Reports: transactions by the merchant's reference, or by id with what belongs to them.

use bytes::Bytes;
use http::{Response, StatusCode};
use jiff::Timestamp;

use super::form::{Form, Reader, Refusal, sized};
use super::object::{Object, result};
use super::record::Payment;
use super::{Opp, codes};
use crate::Origin;

impl Opp {
    /// Answers a report by reference. Follow-ups without a reference of their own are listed with their original.
    pub(super) fn by_reference(
        &mut self,
        now: Timestamp,
        list: &'static str,
        form: &Form,
    ) -> Result<Response<Bytes>, Refusal> {
        let mut reader = Reader::new(form);
        let reference = reader.required("merchantTransactionId", sized(1, 255));
        let reference = reader.finish(reference)?;
        let named = |p: &Payment| p.reference.as_deref() == Some(reference.as_str());
        let roots: Vec<&str> = self
            .payments
            .values()
            .filter(|p| named(p))
            .map(|p| p.root.as_str())
            .collect();
        let linked = form.on("includeLinkedTransactions");
        let ids = self.select(form, |p| {
            let of_ours = roots.contains(&p.root.as_str()) && (linked || p.reference.is_none());
            let stray = self.settings.loose_reports && p.origin == Origin::Foreign && !roots.is_empty();
            named(p) || of_ours || stray
        });
        Ok(self.report(now, list, &ids))
    }

    /// Answers a report by id.
    pub(super) fn by_id(&mut self, now: Timestamp, list: &'static str, id: &str, form: &Form) -> Response<Bytes> {
        let root = self.payments.get(id).map(|p| p.root.as_str());
        let linked = form.on("includeLinkedTransactions");
        let ids = self.select(form, |p| p.id == id || (linked && Some(p.root.as_str()) == root));
        self.report(now, list, &ids)
    }

    /// The ids that are wanted, in the order of arrival.
    fn select(&self, form: &Form, wanted: impl Fn(&Payment) -> bool) -> Vec<String> {
        let among = |name: &str, value: &str| form.get(name).is_none_or(|list| list.split(',').any(|v| v == value));
        let mut found: Vec<&Payment> = self
            .payments
            .values()
            .filter(|p| among("paymentTypes", p.kind.letters()) && among("paymentMethods", "CC") && wanted(p))
            .collect();
        found.sort_by_key(|p| p.place);
        found.iter().map(|p| p.id.clone()).collect()
    }

    fn report(&mut self, now: Timestamp, list: &'static str, ids: &[String]) -> Response<Bytes> {
        if ids.is_empty() {
            return self.plain(now, StatusCode::NOT_FOUND, codes::NOT_FOUND);
        }
        let entries = ids.iter().map(|id| self.tell(now, id)).collect();
        let answer = Object::default()
            .object("result", result(codes::FOUND))
            .list(list, entries);
        self.reply(now, StatusCode::OK, answer)
    }
}
