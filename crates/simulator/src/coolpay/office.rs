//! What the merchant does in the provider's back office, and what a test may decide by hand.

use jiff::Timestamp;

use super::CoolPay;
use super::deeds::allows;
use super::state::{Ask, Deed, State, Type, Verdict};
use super::view;
use crate::{BackOfficeAction, Entry, Kind, Movement, Origin};

impl CoolPay {
    /// Captures in the back office. Gives the operation's number, or nothing if state or amount do not allow it.
    pub fn capture_in_back_office(&mut self, now: Timestamp, payment: &str, minor: i64) -> Option<u64> {
        self.by_hand(now, payment, Deed::Capture, Some(minor))
    }

    /// Refunds in the back office. Gives the operation's number, or nothing if state or amount do not allow it.
    pub fn refund_in_back_office(&mut self, now: Timestamp, payment: &str, minor: i64) -> Option<u64> {
        self.by_hand(now, payment, Deed::Refund, Some(minor))
    }

    /// Cancels in the back office. Gives the operation's number, or nothing if the state does not allow it.
    pub fn cancel_in_back_office(&mut self, now: Timestamp, payment: &str) -> Option<u64> {
        self.by_hand(now, payment, Deed::Cancel, None)
    }

    /// Tells which operations are pending, as resource and operation number.
    #[must_use]
    pub fn held(&self) -> Vec<(String, u64)> {
        let of = |(id, resource): (&u64, &super::state::Resource)| {
            let pending = resource.operations.iter().filter(|o| o.pending);
            pending.map(|o| (id.to_string(), o.id)).collect::<Vec<_>>()
        };
        self.resources.iter().flat_map(of).collect()
    }

    /// Ends a pending operation with this code, as for [`crate::Provider::force_code`]. Tells whether there was one.
    pub fn decide(&mut self, now: Timestamp, resource: &str, operation: u64, code: &str) -> bool {
        let Ok(id) = resource.parse::<u64>() else { return false };
        let found = self.resources.get(&id).and_then(|r| r.operation(operation));
        if !found.is_some_and(|o| o.pending) {
            return false;
        }
        self.decide_as(now, id, operation, Verdict::from_code(code, &self.settings.acquirer));
        true
    }

    /// Tells the address of a resource's hosted page.
    #[must_use]
    pub fn link_url(&self, resource: &str) -> Option<String> {
        let found = self.resources.get(&resource.parse().ok()?)?;
        Some(view::link_url(&self.base(), found.link.as_ref()?))
    }

    /// Tells the number of the payment with this order id.
    #[must_use]
    pub fn payment_of_order(&self, order_id: &str) -> Option<String> {
        self.orders
            .get(&(Type::Payment, order_id.to_owned()))
            .map(u64::to_string)
    }

    /// Tells how many callbacks nobody has taken yet, those on their way included.
    #[must_use]
    pub fn callbacks_left(&self) -> usize {
        self.callbacks.len()
    }

    /// The payments as the provider's people see them.
    pub(super) fn listed(&self) -> Vec<Entry> {
        let payments = self.resources.values().rev().filter(|r| r.kind == Type::Payment);
        payments.map(entry).collect()
    }

    /// Takes an action of the provider's people.
    pub(super) fn take_action(
        &mut self,
        now: Timestamp,
        payment: &str,
        action: BackOfficeAction,
        minor: Option<i64>,
    ) -> bool {
        self.settle(now);
        let Some(resource) = payment.parse().ok().and_then(|id: u64| self.resources.get(&id)) else {
            return false;
        };
        let pending = resource.operations.iter().find(|o| o.pending).map(|o| o.id);
        let (uncaptured, balance) = (resource.authorized() - resource.captured(), resource.balance());
        match (action, pending) {
            (BackOfficeAction::Accept, Some(operation)) => self.decide(now, payment, operation, "20000"),
            (BackOfficeAction::Refuse, Some(operation)) => self.decide(now, payment, operation, "40000"),
            (BackOfficeAction::Capture, _) => {
                let minor = minor.unwrap_or(uncaptured);
                self.capture_in_back_office(now, payment, minor).is_some()
            }
            (BackOfficeAction::Refund, _) => self
                .refund_in_back_office(now, payment, minor.unwrap_or(balance))
                .is_some(),
            (BackOfficeAction::Void, _) => minor.is_none() && self.cancel_in_back_office(now, payment).is_some(),
            _ => false,
        }
    }

    fn by_hand(&mut self, now: Timestamp, payment: &str, deed: Deed, amount: Option<i64>) -> Option<u64> {
        self.settle(now);
        let resource = self
            .resources
            .get(&payment.parse().ok()?)
            .filter(|r| r.kind == Type::Payment)?;
        if amount.is_some_and(|a| a <= 0) || allows(resource, deed, amount.unwrap_or(0)).is_err() {
            return None;
        }
        let id = resource.id;
        Some(self.begin(now, id, Ask::new(deed, amount, Origin::BackOffice)))
    }

    /// Adds a captured payment that is nobody's here.
    pub(super) fn book_foreign(&mut self, now: Timestamp, minor: i64, currency: &str) {
        let order_id = format!("other-{}", self.last_id + 1);
        let id = self.add(now, Type::Payment, Some((order_id.clone(), currency.to_owned())));
        let acquirer = self.settings.acquirer.clone();
        let Some(resource) = self.resources.get_mut(&id) else {
            return;
        };
        resource.accepted = true;
        resource.state = State::Processed;
        resource.test_mode = !self.settings.live;
        resource.acquirer = Some(acquirer.clone());
        for (deed, kind) in [(Deed::Authorize, Kind::Authorize), (Deed::Capture, Kind::Capture)] {
            let operation = resource.next_operation();
            resource.operations.push(super::state::Operation {
                id: operation,
                deed,
                amount: Some(minor),
                pending: false,
                verdict: Some(Verdict::approved(&acquirer)),
                secure: false,
                created_at: now,
                delivery: None,
                ask: Ask::new(deed, Some(minor), Origin::Foreign),
            });
            self.ledger.book(Movement {
                at: now,
                kind,
                payment: id.to_string(),
                id: format!("{id}/{operation}"),
                reference: Some(order_id.clone()).filter(|_| kind == Kind::Authorize),
                minor,
                currency: currency.to_owned(),
                origin: Origin::Foreign,
            });
        }
    }

    /// The account's own settings, to be read or changed.
    pub fn settings(&mut self) -> &mut super::Settings {
        &mut self.settings
    }
}

fn entry(resource: &super::state::Resource) -> Entry {
    let amounts = (resource.authorized() - resource.captured(), resource.balance());
    let mut actions = Vec::new();
    if resource.pending() {
        actions.extend([BackOfficeAction::Accept, BackOfficeAction::Refuse]);
    }
    for (deed, shown, minor) in [
        (Deed::Capture, BackOfficeAction::Capture, amounts.0),
        (Deed::Cancel, BackOfficeAction::Void, 0),
        (Deed::Refund, BackOfficeAction::Refund, amounts.1),
    ] {
        if (minor > 0 || deed == Deed::Cancel) && allows(resource, deed, minor).is_ok() {
            actions.push(shown);
        }
    }
    let asked = resource.operations.iter().find_map(|o| o.amount);
    let linked = resource.link.as_ref().and_then(|link| link.amount);
    Entry {
        payment: resource.id.to_string(),
        reference: resource.order_id.clone(),
        minor: asked.or(linked).unwrap_or(0),
        currency: resource.currency.clone().unwrap_or_default(),
        state: resource.shown_state().to_owned(),
        actions,
    }
}
