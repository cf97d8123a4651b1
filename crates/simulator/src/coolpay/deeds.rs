//! The calls that move money, or ask for leave to.

use http::StatusCode;
use serde::Serialize;

use super::card::Card;
use super::refusal::{Check, Refusal};
use super::routes::{Answer, Call, ok};
use super::state::{Ask, Deed, Resource, State, Type, Verdict};
use super::{CoolPay, Token, input, sign};
use crate::Origin;

#[derive(Serialize)]
struct TokenView<'a> {
    token: &'a str,
    is_used: bool,
    created_at: jiff::Timestamp,
}

impl CoolPay {
    /// Authorizes a payment, subscription or saved card, or credits a payout.
    pub(super) fn authorize(&mut self, call: &Call, id: u64) -> Answer {
        let resource = self.get(id)?;
        let kind = resource.kind;
        let deed = if kind == Type::Payout {
            Deed::Credit
        } else {
            Deed::Authorize
        };
        let mut check = Check::default();
        let amount = (kind != Type::Card).then(|| input::amount(&call.body, &mut check));
        let acquirer = input::acquirer(&call.body, &mut check);
        if kind == Type::Payout && acquirer.as_ref().is_some_and(|a| a != "clearhaus") {
            check.add("acquirer", "is not valid");
        }
        check.done()?;
        if resource.accepted {
            return Err(Refusal::state(kind.label(), deed.label()));
        }
        let (card, fixed) = self.card_of(call)?;
        let mut ask = Self::ask(call, deed, amount);
        ask.card = card;
        ask.fixed = fixed;
        ask.acquirer = acquirer;
        ask.auto_capture = kind == Type::Payment && input::flag(&call.body, "auto_capture");
        let operation = self.begin(call.now, id, ask);
        self.acted(call, id, operation)
    }

    /// Captures, refunds, cancels or renews.
    pub(super) fn follow(&mut self, call: &Call, id: u64, deed: Deed) -> Answer {
        let mut check = Check::default();
        let sized = matches!(deed, Deed::Capture | Deed::Refund);
        let amount = sized.then(|| input::amount(&call.body, &mut check));
        check.done()?;
        allows(self.get(id)?, deed, amount.unwrap_or(0))?;
        let operation = self.begin(call.now, id, Self::ask(call, deed, amount));
        self.acted(call, id, operation)
    }

    /// Charges a subscription: a new payment with an operation of its own.
    pub(super) fn recurring(&mut self, call: &Call, id: u64) -> Answer {
        let mut check = Check::default();
        let amount = input::amount(&call.body, &mut check);
        let order_id = input::order_id(&call.body, &mut check);
        check.done()?;
        let subscription = self.get(id)?;
        if subscription.state != State::Active {
            return Err(Refusal::state(subscription.kind.label(), "recurring"));
        }
        self.claim(Type::Payment, &order_id)?;
        let currency = subscription.currency.clone().unwrap_or_default();
        let (card, acquirer) = (subscription.card.clone(), subscription.acquirer.clone());
        let echo = subscription.echo.clone();
        let payment = self.add(call.now, Type::Payment, Some((order_id, currency)));
        let made = self.get_mut(payment)?;
        made.subscription_id = Some(id);
        made.echo = echo;
        let mut ask = Self::ask(call, Deed::Recurring, Some(amount));
        ask.card = card;
        ask.acquirer = acquirer;
        ask.auto_capture = input::flag(&call.body, "auto_capture");
        let operation = self.begin(call.now, payment, ask);
        self.acted(call, payment, operation)
    }

    /// Makes a token for one charge of a saved card.
    pub(super) fn make_token(&mut self, call: &Call, id: u64) -> Answer {
        let card = self.get(id)?;
        if !card.accepted || card.cancelled() {
            return Err(Refusal::state(card.kind.label(), "tokens"));
        }
        let name = sign::digest(&["token", &id.to_string(), &self.tokens.len().to_string()]);
        let shown = TokenView {
            token: &name,
            is_used: false,
            created_at: call.now,
        };
        let response = ok(&shown);
        self.tokens.insert(name, Token { card: id, used: false });
        Ok(response)
    }

    /// Stops an operation that is still pending.
    pub(super) fn abort(&mut self, call: &Call, id: u64, given: &str) -> Answer {
        let missing = || Refusal::missing("Operation", given);
        let number: u64 = given.parse().map_err(|_| missing())?;
        let operation = self.get(id)?.operation(number).ok_or_else(missing)?;
        if call.body.get("pending").is_none() || input::flag(&call.body, "pending") {
            return Err(Refusal::field("pending", "must be false"));
        }
        if !operation.pending {
            return Err(Refusal::new(
                StatusCode::PRECONDITION_REQUIRED,
                "The operation is not pending",
            ));
        }
        if !matches!(
            operation.deed,
            Deed::Capture | Deed::Refund | Deed::Recurring | Deed::Cancel
        ) {
            return Err(Refusal::field("id", "is not valid"));
        }
        self.decide_as(
            call.now,
            id,
            number,
            Verdict::from_code("40003", &self.settings.acquirer),
        );
        self.read_operation(id, given)
    }

    /// Notes that somebody reported the payment as fraud.
    pub(super) fn report_fraud(&mut self, call: &Call, id: u64) -> Answer {
        let description = input::text(&call.body, "description");
        let resource = self.get_mut(id)?;
        for (name, value) in [
            ("fraud_reported", true.into()),
            ("fraud_report_description", description.into()),
            ("fraud_reported_at", call.now.to_string().into()),
        ] {
            resource.metadata.insert(name.to_owned(), value);
        }
        self.show(id, StatusCode::OK, None)
    }

    /// Gives a pending operation this verdict now.
    pub(super) fn decide_as(&mut self, now: jiff::Timestamp, id: u64, operation: u64, verdict: Verdict) {
        self.queue.retain(|(_, of, number)| (*of, *number) != (id, operation));
        let found = self.resources.get_mut(&id).and_then(|r| r.operation_mut(operation));
        if let Some(found) = found.filter(|o| o.pending) {
            found.ask.fixed = Some(verdict);
            self.finish(now, id, operation);
        }
    }

    fn ask(call: &Call, deed: Deed, amount: Option<i64>) -> Ask {
        let mut ask = Ask::new(deed, amount, Origin::Api);
        ask.callback_url.clone_from(&call.callback_url);
        ask.waited_for = call.synchronized;
        ask
    }

    /// The card that is to be charged, or the verdict that its absence brings. A token is worth nothing from here on.
    fn card_of(&mut self, call: &Call) -> Result<(Option<Card>, Option<Verdict>), Refusal> {
        let Some(map) = input::object(&call.body, "card") else {
            return Err(Refusal::field("card", "is required"));
        };
        let bad = |text| Ok((None, Some(Verdict::plain("40001", text))));
        if let Some(token) = input::text(map, "token") {
            let Some(token) = self.tokens.get_mut(&token) else {
                return bad("Token is not valid");
            };
            if std::mem::replace(&mut token.used, true) {
                return bad("Token is already used");
            }
            let saved = self.resources.get(&token.card).filter(|r| !r.cancelled());
            return match saved.and_then(|r| r.card.clone()) {
                Some(card) => Ok((Some(card), None)),
                None => bad("Token is not valid"),
            };
        }
        if map.contains_key("apple_pay_token") || map.contains_key("mobilepay_online_token") {
            return bad("Wallets are not simulated");
        }
        let mut check = Check::default();
        for name in ["number", "expiration"] {
            if input::text(map, name).is_none_or(|t| t.is_empty()) {
                check.add(&format!("card[{name}]"), "is required");
            }
        }
        check.done()?;
        Ok((Some(Card::read(map)), None))
    }
}

/// Refuses what the resource's state or its amounts do not allow. Operations that are still pending count for nothing here.
pub(super) fn allows(resource: &Resource, deed: Deed, amount: i64) -> Result<(), Refusal> {
    let open = resource.accepted && !resource.cancelled();
    let (fits, room) = match deed {
        Deed::Capture => (open, resource.authorized() - resource.captured()),
        Deed::Refund => (resource.captured() > 0, resource.balance()),
        _ => (open && resource.captured() == 0, amount),
    };
    if !fits {
        return Err(Refusal::state(resource.kind.label(), deed.label()));
    }
    if amount > room {
        return Err(Refusal::field("amount", "is too large"));
    }
    Ok(())
}
