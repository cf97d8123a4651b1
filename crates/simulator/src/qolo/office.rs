//! What can be done from outside the API: by the bank, by the provider's support, by strangers.

use jiff::Timestamp;

use super::Qolo;
use super::accept::APPROVE;
use super::seeds::{ACCOUNT, INSTRUMENT_ACH};
use super::state::{Locator, Rail, Row, State};
use crate::{BackOfficeAction, Entry, Kind, Origin};

/// The balances of an account, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Balances {
    /// What can be spent.
    pub available: i64,
    /// What is booked.
    pub ledger: i64,
    /// What is on its way in.
    pub suspense: i64,
}

impl Qolo {
    /// Settles a pending transaction now. Says whether there was one.
    pub fn settle_now(&mut self, now: Timestamp, txn_guid: &str) -> bool {
        self.tick(now);
        let found = self.row(txn_guid).is_some_and(|r| r.state == State::Pending);
        if found {
            self.settle(now, txn_guid);
        }
        found
    }

    /// Returns an ACH transfer with a code of the bank (`R01`, …), pending or settled. Says whether there was one.
    pub fn return_ach(&mut self, now: Timestamp, txn_guid: &str, code: &str) -> bool {
        self.tick(now);
        let returnable =
            |r: &Row| r.rail == Rail::Ach && r.base.is_none() && matches!(r.state, State::Pending | State::Settled);
        let found = self.row(txn_guid).is_some_and(returnable);
        if found {
            self.send_back(now, txn_guid, Some(code));
        }
        found
    }

    /// Gives an account another status: `ACTIVE`, `FREEZE`, `CLOSED`. Says whether there was one.
    pub fn set_account_status(&mut self, account_guid: &str, status: &str) -> bool {
        let found = self.account(account_guid).is_some();
        self.shift(Some(account_guid), |a| a.status = status.to_owned());
        found
    }

    /// Activates a subscription whose ping was never answered, as the provider's support would. Says whether there was one.
    pub fn activate_webhook(&mut self, notification_guid: &str) -> bool {
        let found = self.hooks.iter_mut().find(|h| h.guid == notification_guid);
        found.map(|hook| (hook.proven, hook.wanted) = (true, true)).is_some()
    }

    /// The balances of an account.
    #[must_use]
    pub fn balances(&self, account_guid: &str) -> Option<Balances> {
        self.account(account_guid).map(|a| Balances {
            available: a.available,
            ledger: a.ledger,
            suspense: a.suspense,
        })
    }

    /// The guid of the newest transaction, whoever made it.
    #[must_use]
    pub fn last_transaction(&self) -> Option<&str> {
        self.rows.last().map(|row| row.guid.as_str())
    }

    /// Enters a transaction of a stranger: like the last transfer of the API in this currency (its type and ends), or else an ACH pull into
    /// the first account that has the currency.
    pub(super) fn stranger(&mut self, now: Timestamp, minor: i64, currency: &str) {
        self.tick(now);
        let model = self
            .rows
            .iter()
            .rfind(|r| r.origin == Origin::Api && r.base.is_none() && r.currency == currency && r.arrives.is_none())
            .cloned();
        let model = model.unwrap_or_else(|| self.plain_pull(now, currency));
        let guid = self.guid();
        let (sent_at, settles_at) = self.walk(now, model.rail);
        let row = Row {
            payment: guid.clone(),
            payment_guid: None,
            eft_guid: model.eft_guid.as_ref().map(|_| self.guid()),
            guid,
            minor,
            currency: currency.to_owned(),
            reference: None,
            description: "Of somebody else".to_owned(),
            state: State::Pending,
            at: now,
            sent_at,
            settles_at,
            settled_at: None,
            returns: None,
            code: APPROVE.to_owned(),
            reason: "NONE".to_owned(),
            reason_text: None,
            reversed: 0,
            origin: Origin::Foreign,
            ..model
        };
        self.enter(now, row);
    }

    /// The transactions as the provider's people see them.
    pub(super) fn listed(&self) -> Vec<Entry> {
        let entry = |row: &Row| {
            let pending = row.state == State::Pending;
            let returnable = row.rail == Rail::Ach && row.base.is_none();
            let mut actions = Vec::new();
            if pending {
                actions.push(BackOfficeAction::Accept);
            }
            if returnable && (pending || row.state == State::Settled) {
                actions.push(BackOfficeAction::Return);
            }
            Entry {
                payment: row.guid.clone(),
                reference: row.reference.clone(),
                minor: row.minor,
                currency: row.currency.clone(),
                state: row.state.word().to_owned(),
                actions,
            }
        };
        self.rows.iter().rev().map(entry).collect()
    }

    /// Takes an action of the provider's people: a transaction is settled, or returned as a whole for want of money.
    pub(super) fn take_action(
        &mut self,
        now: Timestamp,
        txn_guid: &str,
        action: BackOfficeAction,
        minor: Option<i64>,
    ) -> bool {
        match action {
            BackOfficeAction::Accept if minor.is_none() => self.settle_now(now, txn_guid),
            BackOfficeAction::Return if minor.is_none() => self.return_ach(now, txn_guid, "R01"),
            _ => false,
        }
    }

    fn plain_pull(&self, now: Timestamp, currency: &str) -> Row {
        let account = self.accounts.iter().find(|a| a.currency == currency);
        let account = account.map_or(ACCOUNT, |a| &a.guid).to_owned();
        Row {
            guid: String::new(),
            payment: String::new(),
            payment_guid: None,
            eft_guid: Some(String::new()),
            base: None,
            transfer_type: "BANKTOACCOUNT",
            kind: Kind::Capture,
            rail: Rail::Ach,
            minor: 0,
            currency: currency.to_owned(),
            arrives: None,
            source: Some(Locator {
                field: "outside_instrument_guid",
                value: INSTRUMENT_ACH.to_owned(),
            }),
            destination: Some(Locator {
                field: "account_guid",
                value: account.clone(),
            }),
            from: None,
            to: Some(account),
            instrument: Some(INSTRUMENT_ACH.to_owned()),
            reference: None,
            description: String::new(),
            state: State::Pending,
            at: now,
            sent_at: now,
            settles_at: now,
            settled_at: None,
            returns: None,
            code: String::new(),
            reason: String::new(),
            reason_text: None,
            reversed: 0,
            origin: Origin::Foreign,
        }
    }
}
