//! Shows transactions.

use http::StatusCode;

use super::Qolo;
use super::state::{Row, State};
use super::writing::{Answer, Object, Refusal, answer};
use crate::Kind;

/// What kind of request made the transaction. The provider's own catalogue is not public.
pub(super) fn request_code(row: &Row) -> &'static str {
    match row.kind {
        Kind::Capture => "ST-TRANSFERIN",
        Kind::Payout => "ST-TRANSFEROUT",
        Kind::Refund => "ST-TRANSFERREV",
        _ => "ST-TRANSFER",
    }
}

impl Qolo {
    pub(super) fn transaction(&self, guid: &str) -> Answer {
        let guid = guid.to_ascii_lowercase();
        let row = self.row(&guid).ok_or_else(|| Refusal::unknown("transaction"))?;
        let object = self
            .shown(row)
            .put("txn_dispute_detail", &None::<String>)
            .put("txn_card_auth_detail", &None::<String>);
        Ok(answer(StatusCode::OK, object))
    }

    /// A transaction as lookups show it. The caller's own reference is not part of it.
    pub(super) fn shown(&self, row: &Row) -> Object {
        let account = row.account().and_then(|guid| self.account(guid));
        let instrument = row.instrument.as_deref().and_then(|guid| self.instrument(guid));
        let account_currency = account.map_or(&row.currency, |a| &a.currency);
        let amount = if row.kind == Kind::Capture {
            row.arriving()
        } else {
            row.minor
        };
        let posted = (row.state != State::Declined && row.state != State::Cancelled).then_some(row.at);
        let base = row.base.as_ref().unwrap_or(&row.guid);
        let balance = |of: fn(&super::Account) -> i64| account.map_or(0, of);
        Object::new()
            .put("txn_guid", &row.guid)
            .put("post_date", &posted)
            .put("settle_date", &row.settled_at)
            .put("txn_date", &row.at)
            .put("channel_name", row.rail.name())
            .put("request_code", request_code(row))
            .put("response_code", &row.code)
            .put("reason_code", &row.reason)
            .put("reason_code_description", &row.reason_text)
            .put("account_type", account.map_or("GENERAL", |a| a.kind))
            .put("instrument_type", instrument.map_or("ACCOUNT", |i| &i.kind))
            .put("mask_account_number", &instrument.map(|i| &i.mask))
            .money("amount", amount, account_currency)
            .money("original_amount", amount, account_currency)
            .money("variance_amount", 0, account_currency)
            .money("cashback_amount", 0, account_currency)
            .money("txn_amount", row.minor, &row.currency)
            .put("txn_currency", &row.currency)
            .put("account_currency", account_currency)
            .put("currency_conv_rate", &1)
            .money("available_balance", balance(|a| a.available), account_currency)
            .money("ledger_balance", balance(|a| a.ledger), account_currency)
            .money("suspense_balance", balance(|a| a.suspense), account_currency)
            .put("reference_number", &row.guid.replace('-', ""))
            .put("mcc", "0000")
            .put("acceptor_id", "")
            .put("txn_location", "")
            .put("txn_location_mcc", "")
            .put("txn_country", "USA")
            .put("txn_lat", &0)
            .put("txn_lon", &0)
            .put("txn_description", &row.description)
            .put("account_guid", &row.account())
            .put("account_name", &account.map(|a| &a.name))
            .put("base_txn_guid", base)
            .put("polar_txn_guid", &None::<String>)
            .put("bank_eft_guid", &row.eft_guid)
            .put("source_code", "API")
            .put("txn_status", row.state.word())
            .put("outside_instrument_guid", &row.instrument)
            .put("card_proxy", &account.and_then(|a| a.card_proxy.as_ref()))
    }
}
