//! Searches transactions.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

use super::Qolo;
use super::lookup::request_code;
use super::reading::{Errors, Fields, wrong};
use super::state::Row;
use super::writing::{Answer, Refusal, page};
use crate::wire;

/// Decimals to which amounts of any currency are brought before they are compared.
const FINEST: u32 = 4;

/// What is searched for.
#[derive(Debug)]
struct Wanted {
    texts: Vec<(&'static str, String)>,
    statuses: Option<Vec<String>>,
    least: Option<i64>,
    most: Option<i64>,
    from: Option<Timestamp>,
    until: Option<Timestamp>,
}

/// Reads a moment, written with a blank in UTC or in RFC 3339.
fn moment(errors: &mut Errors, fields: &mut Fields, name: &str) -> Option<Timestamp> {
    let text = fields.text(errors, name, 1..=64)?;
    let plain = || DateTime::strptime("%Y-%m-%d %H:%M:%S", &text).ok();
    let found = plain()
        .and_then(|date| date.to_zoned_datetime(TimeZone::UTC).ok())
        .map(|zoned| zoned.timestamp())
        .or_else(|| text.contains('T').then(|| text.parse().ok()).flatten());
    if found.is_none() {
        wrong(errors, name, "Must be written as yyyy-MM-dd HH:mm:ss.");
    }
    found
}

fn amount(errors: &mut Errors, fields: &mut Fields, name: &str) -> Option<i64> {
    let text = fields.number(errors, name)?;
    let found = wire::minor(&text, FINEST);
    if found.is_none() {
        wrong(errors, name, "Has too many decimals.");
    }
    found
}

impl Wanted {
    fn read(now: Timestamp, fields: &mut Fields, errors: &mut Errors) -> Self {
        let mut texts = Vec::new();
        for name in ["person_guid", "account_guid", "wallet_guid", "txn_guid"] {
            texts.extend(fields.guid(errors, name).map(|text| (name, text)));
        }
        for name in [
            "wallet_id",
            "card_proxy",
            "card_number",
            "txn_description",
            "request_code",
            "mask_account_number",
            "reference_number",
            "acceptor_id",
        ] {
            texts.extend(fields.text(errors, name, 0..=64).map(|text| (name, text)));
        }
        for name in ["txn_currency", "account_currency"] {
            texts.extend(fields.currency(errors, name).map(|text| (name, text)));
        }
        let side = fields.word(errors, "txn_type", &["C", "D"]);
        texts.extend(side.map(|text| ("txn_type", text.to_owned())));
        let exact = amount(errors, fields, "txn_amount");
        let mut from = moment(errors, fields, "start_date");
        let until = moment(errors, fields, "end_date");
        let days = fields.whole(errors, "txn_days", 0..=3650);
        if let Some(days) = days.filter(|_| from.is_none() || until.is_none()) {
            let back = now.checked_sub(Span::new().hours(days.saturating_mul(24)));
            from = from.or(back.ok());
        }
        Self {
            texts,
            statuses: fields.texts(errors, "txn_status"),
            least: amount(errors, fields, "txn_amount_from").or(exact),
            most: amount(errors, fields, "txn_amount_to").or(exact),
            from,
            until,
        }
    }
}

impl Qolo {
    pub(super) fn transactions(&self, now: Timestamp, mut fields: Fields) -> Answer {
        let mut errors = Errors::new();
        let limit = fields.whole(&mut errors, "limit", 1..=1000).unwrap_or(100);
        let start = fields.whole(&mut errors, "start_index", 0..=i64::MAX / 2).unwrap_or(1);
        let wanted = Wanted::read(now, &mut fields, &mut errors);
        fields.end(&mut errors);
        Refusal::unless_none(errors)?;
        let mut found: Vec<&Row> = self.rows.iter().rev().filter(|row| self.fits(row, &wanted)).collect();
        found.sort_by_key(|row| std::cmp::Reverse(row.at));
        Ok(page(
            found.into_iter().map(|row| self.shown(row)).collect(),
            start,
            limit,
        ))
    }

    fn fits(&self, row: &Row, wanted: &Wanted) -> bool {
        let decimals = wire::decimals(&row.currency).min(FINEST);
        let minor = row.minor.saturating_mul(10_i64.pow(FINEST - decimals));
        wanted
            .texts
            .iter()
            .all(|(name, text)| self.fits_text(row, name, text, wanted))
            && wanted.statuses.as_ref().is_none_or(|list| {
                list.is_empty() || list.iter().any(|word| word.eq_ignore_ascii_case(row.state.word()))
            })
            && wanted.least.is_none_or(|least| minor >= least)
            && wanted.most.is_none_or(|most| minor <= most)
            && wanted.from.is_none_or(|from| row.at >= from)
            && wanted.until.is_none_or(|until| row.at <= until)
    }

    fn fits_text(&self, row: &Row, name: &str, text: &str, wanted: &Wanted) -> bool {
        let ends = [row.from.as_deref(), row.to.as_deref()];
        let mut accounts = ends.into_iter().flatten().filter_map(|guid| self.account(guid));
        let instrument = row.instrument.as_deref().and_then(|guid| self.instrument(guid));
        match name {
            "txn_guid" => row.guid == text,
            "account_guid" => accounts.any(|a| a.guid == text),
            "wallet_guid" => accounts.any(|a| a.wallet_guid.as_deref() == Some(text)),
            "wallet_id" => accounts.any(|a| a.wallet_id.as_deref() == Some(text)),
            "card_proxy" => accounts.any(|a| a.card_proxy.as_deref() == Some(text)),
            "person_guid" => {
                accounts.any(|a| a.person_guid.as_deref() == Some(text))
                    || instrument.is_some_and(|i| i.person_guid == text)
            }
            "txn_description" => row.description.to_lowercase().contains(&text.to_lowercase()),
            "request_code" => request_code(row) == text,
            "mask_account_number" => instrument.is_some_and(|i| i.mask == text),
            "reference_number" => row.guid.replace('-', "") == text,
            "txn_currency" => row.currency == text,
            "account_currency" => accounts.any(|a| a.currency == text),
            // Seen from the account that is asked for, or from any.
            "txn_type" => {
                let end = if text == "C" {
                    row.to.as_deref()
                } else {
                    row.from.as_deref()
                };
                let asked = wanted.texts.iter().find(|(name, _)| *name == "account_guid");
                end.is_some_and(|end| asked.is_none_or(|(_, guid)| guid == end))
            }
            _ => false,
        }
    }
}
