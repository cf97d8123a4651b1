//! An entry of a report that can be read.

use http::StatusCode;

use crate::codes::{Context, PaymentType, ResultCode, Surface, Verdict, classify};
use crate::reading::{Asked, Seen};
use crate::shapes::Body;

/// An entry that can be read.
pub(super) struct Row<'a> {
    pub(super) id: &'a str,
    pub(super) kind: PaymentType,
    pub(super) code: ResultCode,
    pub(super) body: &'a Body<'a>,
}

impl<'a> Row<'a> {
    pub(super) const fn seen(&self) -> Seen<'a> {
        Seen {
            code: self.code,
            body: self.body,
            status: StatusCode::OK,
            surface: Surface::ReportRow,
        }
    }

    pub(super) fn is(&self, verdict: Verdict) -> bool {
        let context = Context {
            sent: Some(self.kind),
            answered: Some(self.kind),
            has_id: true,
            surface: Surface::ReportRow,
            live: false,
        };
        classify(self.code, &context) == verdict
    }

    /// Whether it may be what is asked about: a follow-up by its reference, anything else as a payment that stands alone.
    pub(super) fn may_be(&self, asked: Asked<'_>) -> bool {
        match asked.kind {
            Some(kind) if !kind.is_first() => {
                let parent = self.body.referenced_id.as_deref();
                let fits = asked.parent.is_none() || parent.is_none() || parent == asked.parent;
                self.kind == kind && self.is_named(asked.reference) && fits
            }
            _ => {
                self.kind.is_first() && (self.body.merchant_transaction_id.is_none() || self.is_named(asked.reference))
            }
        }
    }

    pub(super) fn went_through(&self) -> bool {
        self.is(Verdict::Approved) || self.is(Verdict::Review)
    }

    /// Whether it went through, charged back since or not.
    pub(super) fn is_booked(&self) -> bool {
        self.went_through() || self.is(Verdict::ChargedBack)
    }

    pub(super) fn is_refused(&self) -> bool {
        self.is(Verdict::Declined) || self.is(Verdict::Expired)
    }

    pub(super) fn is_duplicate(&self) -> bool {
        matches!(self.code.parts(), [800, 110 | 130, 100] | [200, 200, 106])
    }

    pub(super) fn is_named(&self, reference: Option<&str>) -> bool {
        reference.is_some() && self.body.merchant_transaction_id.as_deref() == reference
    }
}

/// The entries that can be read: those with an id, a type and a code.
pub(super) fn rows<'a>(entries: &'a [Body<'a>]) -> Vec<Row<'a>> {
    entries
        .iter()
        .filter_map(|body| {
            Some(Row {
                id: body.id.as_deref()?,
                kind: body.payment_type.as_deref()?.parse().ok()?,
                code: body.result.code.parse().ok()?,
                body,
            })
        })
        .collect()
}
