//! Asking: by a transaction's id, and after a lost answer by what is known of it. Nothing here moves money.

use std::borrow::Cow;
use std::time::Duration;

use http::Method;
use jiff::Timestamp;
use paymux_core::{Answer, Error, ErrorKind, Fate, Money, OperationKind, PaymentRef, Reply, Unresolved, Wire};
use serde_json::value::RawValue;

use super::follow_up::kind;
use super::{escaped, pages, success};
use crate::adapter::{PROVIDER, Qolo};
use crate::codes::TransferType;
use crate::shapes::{LedgerRow, SearchRequest};

/// How far around the last sending a search looks. The time zone of its dates is not documented.
const AROUND: Duration = Duration::from_secs(24 * 60 * 60);
/// The size of a search's page.
const LIMIT: u32 = 100;

impl Qolo {
    /// `GET transactions/{txn_guid}`.
    pub(crate) async fn inquire(&self, payment: &PaymentRef, wire: &dyn Wire) -> Result<Answer, Error> {
        let kind = kind(payment)?;
        self.look_up(payment.id(), kind, wire).await
    }

    async fn look_up(&self, guid: &str, kind: Option<TransferType>, wire: &dyn Wire) -> Result<Answer, Error> {
        let reply = self.ask_row(guid, wire).await?;
        Ok(self.ledger(row(&reply, guid)?, guid, kind, wire.now()))
    }

    /// Asks for the ledger's row of a transaction.
    pub(super) async fn ask_row(&self, guid: &str, wire: &dyn Wire) -> Result<Reply, Error> {
        let request = self.get(&["/transactions/", &escaped(guid)].concat())?;
        success(request, wire).await
    }

    /// Finds out what became of an operation whose answer was lost, as far as that can be known.
    pub(crate) async fn resolve(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let answer = match unresolved.operation {
            OperationKind::Payout | OperationKind::Sale | OperationKind::Transfer => self.made(unresolved, wire).await,
            OperationKind::Refund | OperationKind::Void => self.undone(unresolved, wire).await,
            OperationKind::Inquire => match &unresolved.payment {
                Some(payment) => self.inquire(payment, wire).await,
                None => Err(nothing_to_ask_with()),
            },
            other => Err(Error::unsupported(PROVIDER, &format!("resolve of {other}"))),
        };
        answer.map_err(|error| error.with_fate(Fate::Unknown))
    }

    /// A sale, payout or transfer: by its id where that is known, else by a search.
    async fn made(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let noted = unresolved.note("transfer").and_then(TransferType::parse);
        let known = unresolved.payment.as_ref();
        let Some(guid) = unresolved.note("payment").or(known.map(PaymentRef::id)) else {
            return self.search(unresolved, noted, wire).await;
        };
        let kind = match (noted, known) {
            (None, Some(payment)) => kind(payment)?,
            _ => noted,
        };
        let answer = self.look_up(guid, kind, wire).await?;
        match (answer.payment.amount, unresolved.amount) {
            (Some(booked), Some(asked)) if booked != asked => {
                let message = format!("the provider booked {booked}, and {asked} was asked");
                Err(Error::mismatch(message, answer.payment))
            }
            _ => Ok(answer),
        }
    }

    /// By account, amount and time. The search has no filter for the caller's reference: a row counts only if it names it.
    async fn search(
        &self,
        unresolved: &Unresolved,
        kind: Option<TransferType>,
        wire: &dyn Wire,
    ) -> Result<Answer, Error> {
        let wanted = Wanted::of(unresolved, kind).ok_or_else(nothing_to_ask_with)?;
        let rows = self.search_rows(unresolved, &wanted, wire).await?;
        let rows = rows.iter().map(|row| serde_json::from_str(row.get()));
        let rows = rows.collect::<Result<Vec<LedgerRow<'_>>, _>>();
        let rows = rows.map_err(|_| Error::new(ErrorKind::Provider, "a row of the search cannot be read"))?;
        let row = self.only(rows, &wanted)?;
        let guid = row.txn_guid.as_deref().unwrap_or_default().to_owned();
        let mut answer = self.ledger(row, &guid, Some(wanted.kind), wire.now());
        answer.payment.merchant_reference = Some(wanted.reference.to_owned());
        Ok(answer)
    }

    /// `POST transactions/search`, around the time in which it may have been sent: every row, as it was written.
    async fn search_rows(
        &self,
        unresolved: &Unresolved,
        wanted: &Wanted<'_>,
        wire: &dyn Wire,
    ) -> Result<Vec<Box<RawValue>>, Error> {
        // A process that was down asks long after what it sent first.
        let first = unresolved
            .first_sent
            .unwrap_or(unresolved.last_sent)
            .min(unresolved.last_sent);
        let from = written(first.checked_sub(AROUND).unwrap_or(Timestamp::MIN));
        let to = written(unresolved.last_sent.checked_add(AROUND).unwrap_or(Timestamp::MAX));
        let amount = self.number(wanted.amount)?;
        let request = |start_index| {
            let body = SearchRequest {
                limit: LIMIT,
                start_index,
                account_guid: wanted.account,
                txn_type: wanted.kind.side(),
                start_date: &from,
                end_date: &to,
                txn_amount: amount.clone(),
                txn_currency: wanted.amount.currency().code(),
            };
            self.send(Method::POST, "/transactions/search", &body)
        };
        let (rows, whole) = pages(request, wire).await?;
        if !whole {
            let message =
                "the search does not say whether it has more rows, so that one that fits may not be the only one";
            return Err(Error::new(ErrorKind::Provider, message));
        }
        Ok(rows)
    }

    /// The one row that fits and names the reference.
    fn only<'a>(&self, rows: Vec<LedgerRow<'a>>, wanted: &Wanted<'_>) -> Result<LedgerRow<'a>, Error> {
        let fitting: Vec<_> = rows.into_iter().filter(|row| wanted.fits(self, row)).collect();
        let alike = fitting.len();
        let mut named = fitting.into_iter().filter(|row| wanted.is_named_in(row));
        let how = match (named.next(), named.next()) {
            (Some(row), None) => return Ok(row),
            (Some(_), Some(_)) => "more than one of them names",
            (None, _) => "none of them names",
        };
        let message = format!(
            "ambiguous: {alike} transactions fit by account, instrument, amount and time, and {how} the reference; \
             a person must look"
        );
        Err(Error::new(ErrorKind::Provider, message))
    }

    /// A reversal or a cancel: no reply and no row names it, so nobody can tell. The payment is shown as it stands.
    async fn undone(&self, unresolved: &Unresolved, wire: &dyn Wire) -> Result<Answer, Error> {
        let error = Error::new(
            ErrorKind::Provider,
            "the provider cannot be asked about a reversal or a cancel; a person must look",
        );
        let Some(payment) = &unresolved.payment else {
            return Err(error);
        };
        match self.inquire(payment, wire).await {
            Ok(answer) => Err(error.with_payment(answer.payment)),
            Err(failed) => Err(error.with_source(failed)),
        }
    }
}

/// Reads the row of a transaction.
pub(super) fn row<'a>(reply: &'a Reply, guid: &str) -> Result<LedgerRow<'a>, Error> {
    let row: LedgerRow<'a> = reply.json()?;
    match &row.txn_guid {
        Some(found) if found.eq_ignore_ascii_case(guid) => Ok(row),
        Some(_) => Err(Error::new(
            ErrorKind::Provider,
            "the provider answered with another transaction than was asked about",
        )),
        None => Err(Error::new(ErrorKind::Provider, "the provider's reply has no txn_guid")),
    }
}

/// What a search must find.
struct Wanted<'a> {
    kind: TransferType,
    reference: &'a str,
    amount: Money,
    account: &'a str,
    instrument: Option<&'a str>,
}

impl<'a> Wanted<'a> {
    /// `None` if too little is known to search by.
    fn of(unresolved: &'a Unresolved, kind: Option<TransferType>) -> Option<Self> {
        Some(Self {
            kind: kind?,
            reference: unresolved.reference.as_ref()?.as_str(),
            amount: unresolved.amount?,
            account: unresolved.note("account")?,
            instrument: unresolved.note("instrument"),
        })
    }

    fn fits(&self, qolo: &Qolo, row: &LedgerRow<'_>) -> bool {
        let is = |found: &Option<Cow<'_, str>>, wanted: &str| {
            found.as_deref().is_some_and(|found| found.eq_ignore_ascii_case(wanted))
        };
        row.txn_guid.is_some()
            && qolo.row_amount(row) == Some(self.amount)
            && is(&row.account_guid, self.account)
            && self
                .instrument
                .is_none_or(|instrument| is(&row.outside_instrument_guid, instrument))
    }

    /// Whether a row carries the reference: in a field of its own, or as a word of the description.
    fn is_named_in(&self, row: &LedgerRow<'_>) -> bool {
        let own = [&row.client_reference_id, &row.memo_code];
        own.into_iter().any(|field| field.as_deref() == Some(self.reference))
            || row
                .txn_description
                .as_deref()
                .is_some_and(|text| holds(text, self.reference))
    }
}

/// Whether a text holds a word: what stands around it is blank, or punctuation with a blank behind it. `a1` is in neither `a10` nor `a1.2`.
fn holds(text: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices(word).any(|(at, _)| {
        let before = text.get(..at).and_then(|before| before.chars().next_back());
        let after = text
            .get(at..)
            .and_then(|rest| rest.get(word.len()..))
            .unwrap_or_default();
        let ends = |after: &str| {
            let rest = after.trim_start_matches(|c: char| !part(c) && !c.is_whitespace());
            rest.is_empty() || rest.starts_with(char::is_whitespace)
        };
        !before.is_some_and(|c| part(c) || c == '.' || c == '/') && ends(after)
    })
}

fn nothing_to_ask_with() -> Error {
    Error::new(ErrorKind::InvalidRequest, "nothing was noted that could be asked with")
}

/// A date of a search.
fn written(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::holds;

    #[test]
    fn a_reference_is_found_only_as_a_whole_word() {
        for text in [
            "a1",
            "order a1",
            "(a1)",
            "ref:a1, thanks",
            "a10 a1",
            "it was a1.",
            "a1: paid",
        ] {
            assert!(holds(text, "a1"), "{text}");
        }
        for text in [
            "", "a", "a10", "ba1", "a1-2", "x_a1", "A1", "a1.2", "a1/2", "a1#2", "0.a1", "2/a1", "a1:2 a1-",
        ] {
            assert!(!holds(text, "a1"), "{text}");
        }
    }
}
