//! Undoing: the cancel of an ACH entry that the bank has not been sent, and the reversal of a transfer. A cancel names no amount and a reversal no
//! capture, so what the caller says of them must be so before anything is sent.

use http::StatusCode;
use paymux_core::{Answer, Error, ErrorKind, Fate, Memo, Money, Operation, PaymentRef, Refund, Reply, Void, Wire};

use super::ask::row;
use super::escaped;
use crate::adapter::{PROVIDER, Qolo};
use crate::codes::TransferType;
use crate::reading::{is_bare, is_undone, refusal};
use crate::shapes::{CancelRequest, ReversalRequest};

impl Qolo {
    /// `POST transfers/eft/cancel`, for ACH alone.
    pub(crate) async fn void(&self, operation: &Operation, void: &Void, wire: &dyn Wire) -> Result<Answer, Error> {
        let kind = ach(&void.payment)?;
        let guid = void.payment.id();
        if let Some(asked) = void.amount {
            self.is_whole(guid, asked, wire).await?;
        }
        let body = CancelRequest { txn_guid: guid };
        wire.note(Memo::new("payment", guid)).await?;
        let refused = |reply: &Reply| {
            if reply.status != StatusCode::NOT_FOUND || !is_bare(reply) {
                return refused(reply, wire);
            }
            // Or something in front of the host says so, and the entry was cancelled.
            let what = "void on this host, which does not seem to know `transfers/eft/cancel`";
            let error = Error::unsupported(PROVIDER, what).with_status(reply.status);
            error.without_words()
        };
        let path = "/transfers/eft/cancel";
        let reply = self.moved(path, &body, operation, refused, wire).await?;
        self.cancelled(&reply, void, kind)
    }

    /// `POST transfers/{txn_guid}/reversals`.
    pub(crate) async fn refund(
        &self,
        operation: &Operation,
        refund: &Refund,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let kind = kind(&refund.payment)?;
        let guid = refund.payment.id();
        if let Some(capture) = &refund.capture
            && !capture.eq_ignore_ascii_case(guid)
        {
            let rule =
                "must be the payment's own id, or be left out: a reversal is of a whole transfer; nothing was sent";
            return Err(Error::invalid("capture", rule));
        }
        let body = ReversalRequest {
            source_txn_guid: guid,
            transfer_type: kind.map(TransferType::as_str),
            amount: self.number(refund.amount)?,
            currency: refund.amount.currency().code(),
            client_reference_id: refund.reference.as_str(),
            reason_description: refund.reason.as_deref(),
        };
        let path = format!("/transfers/{}/reversals", escaped(guid));
        wire.note(Memo::new("payment", guid)).await?;
        let refused = |reply: &Reply| refused(reply, wire);
        let reply = self.moved(&path, &body, operation, refused, wire).await?;
        self.reversed(&reply, refund, kind)
    }

    /// Asks whether an amount is that of the transaction: a cancel lets all of it go, whatever was meant.
    async fn is_whole(&self, guid: &str, asked: Money, wire: &dyn Wire) -> Result<(), Error> {
        let unseen = |error: Error| {
            error
                .with_fate(Fate::NotDone)
                .context("the amount to void could not be compared, and nothing was sent")
        };
        let reply = self.ask_row(guid, wire).await.map_err(unseen)?;
        let row = row(&reply, guid).map_err(unseen)?;
        match self.row_amount(&row) {
            Some(booked) if booked == asked => Ok(()),
            Some(booked) => {
                let rule = format!(
                    "must be the transaction's, which is {booked}, or be left out, and is {asked}; nothing was sent"
                );
                Err(Error::invalid("amount", rule))
            }
            None => Err(Error::new(
                ErrorKind::Provider,
                "the transaction shows no readable amount to compare the amount to void with; nothing was sent",
            )),
        }
    }
}

/// A refusal. One that says that it was done before may be about an earlier attempt of this one, whose key has ended.
fn refused(reply: &Reply, wire: &dyn Wire) -> Error {
    let error = refusal(reply, true, wire.now());
    if reply.status == StatusCode::BAD_REQUEST && is_undone(reply) {
        return error
            .with_fate(Fate::Unknown)
            .context("an earlier attempt may have done it");
    }
    error
}

/// The kind of transfer that a payment is; `None` where its reference is of an event that did not say.
pub(crate) fn kind(payment: &PaymentRef) -> Result<Option<TransferType>, Error> {
    match payment.ids().get(1) {
        None => Ok(None),
        Some(word) => TransferType::parse(word).map(Some).ok_or_else(|| {
            let what = format!("operations on a {word}; only transactions can be asked about and undone");
            Error::unsupported(PROVIDER, &what)
        }),
    }
}

fn ach(payment: &PaymentRef) -> Result<TransferType, Error> {
    match kind(payment)? {
        Some(kind) if kind.is_ach() => Ok(kind),
        Some(kind) => {
            let what = format!(
                "void of {}; only ACH can be cancelled, a refund reverses others",
                kind.as_str()
            );
            Err(Error::unsupported(PROVIDER, &what))
        }
        None => Err(Error::new(
            ErrorKind::Unsupported,
            format!("unsupported by {PROVIDER}: void of a payment whose reference does not say that it is ACH"),
        )),
    }
}
