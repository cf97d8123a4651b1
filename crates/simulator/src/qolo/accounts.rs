//! Shows accounts and their balances.

use http::StatusCode;
use jiff::Timestamp;

use super::Qolo;
use super::route::window;
use super::state::Account;
use super::writing::{Answer, Object, Refusal, answer, page, page_with};
use crate::wire;

fn shown(account: &Account) -> Object {
    let currency = &account.currency;
    Object::new()
        .put("account_guid", &account.guid)
        .put("account_name", &account.name)
        .put("account_type", account.kind)
        .put("account_status", &account.status)
        .put("account_currency", currency)
        .put("wallet_guid", &account.wallet_guid)
        .put("person_guid", &account.person_guid)
        .money("available_balance", account.available, currency)
        .money("ledger_balance", account.ledger, currency)
        .money("suspense_balance", account.suspense, currency)
}

impl Qolo {
    pub(super) fn one_account(&self, guid: &str) -> Answer {
        let found = self.account(guid).ok_or_else(|| Refusal::unknown("account"))?;
        Ok(answer(StatusCode::OK, shown(found)))
    }

    pub(super) fn list_accounts(&self, query: &[(String, String)]) -> Answer {
        let person = wire::first(query, "person_guid");
        let wallet = wire::first(query, "wallet_guid");
        if person.is_none() && wallet.is_none() {
            return Err(Refusal::field("person_guid", "Is required, or wallet_guid is."));
        }
        let (start, limit) = window(query, 100)?;
        let found = self.accounts.iter().filter(|a| {
            (person.is_none() || a.person_guid.as_deref() == person)
                && (wallet.is_none() || a.wallet_guid.as_deref() == wallet)
        });
        Ok(page(found.map(shown).collect(), start, limit))
    }

    pub(super) fn program_accounts(&self, now: Timestamp, guid: &str, query: &[(String, String)]) -> Answer {
        if !guid.eq_ignore_ascii_case(&self.settings.program_guid) {
            return Err(Refusal::unknown("program"));
        }
        let status = wire::first(query, "account_status");
        let negative = wire::first(query, "include_negative_balances") != Some("false");
        let by_available = wire::first(query, "based_on") == Some("available");
        let balance = |a: &Account| if by_available { a.available } else { a.ledger };
        let mut found: Vec<&Account> = self
            .accounts
            .iter()
            .filter(|a| status.is_none_or(|s| a.status == s) && (negative || balance(a) >= 0))
            .collect();
        found.sort_by_key(|a| balance(a));
        if wire::first(query, "sort_by") != Some("asc") {
            found.reverse();
        }
        let count = wire::first(query, "count")
            .and_then(|c| c.parse::<usize>().ok())
            .unwrap_or(50);
        let rows: Vec<Object> = found.into_iter().take(count).map(shown).collect();
        if self.settings.program_accounts_paged {
            let (start, limit) = window(query, 1000)?;
            return Ok(page_with(rows, start, limit, Object::new().put("cache_utcdate", &now)));
        }
        let rows: Vec<Object> = rows.into_iter().map(Object::with_extras).collect();
        Ok(wire::json(StatusCode::OK, &rows))
    }
}
