//! Keeps webhook subscriptions.

use http::{StatusCode, Uri};
use jiff::Timestamp;

use super::Qolo;
use super::reading::{Errors, Fields, wrong};
use super::route::window;
use super::writing::{Answer, Object, Refusal, answer, page};
use crate::wire;

/// The events that can be subscribed to; those of one source only are left out.
const EVENTS: [&str; 33] = [
    "all",
    "card.created",
    "card.activated",
    "card.status",
    "card.pin.changed",
    "card.replaced",
    "card.fulfilment",
    "person.created",
    "person.updated",
    "person.verification.success",
    "company.created",
    "company.updated",
    "wallet.created",
    "account.created",
    "account.activated",
    "account.closed",
    "account.status",
    "account.instrument.created",
    "outside.instrument.created",
    "outside.instrument.updated",
    "auth.approved",
    "auth.reversed",
    "auth.refunded",
    "bankeft.credit.received",
    "bankeft.credit.reversed",
    "bankeft.credit.returned",
    "bankeft.debit.received",
    "bankeft.debit.reversed",
    "bankeft.debit.returned",
    "transfer.success",
    "payment.success",
    "payment.failure",
    "check.cleared",
];

/// A subscription.
#[derive(Clone, Debug)]
pub(super) struct Hook {
    pub(super) guid: String,
    pub(super) url: String,
    pub(super) events: Vec<String>,
    /// More headers to send, one `Name: value` a line.
    pub(super) headers: Option<String>,
    pub(super) secret: Option<String>,
    /// What the caller wants.
    pub(super) wanted: bool,
    /// Whether the address has answered a ping (or somebody has vouched for it).
    pub(super) proven: bool,
}

impl Hook {
    pub(super) fn active(&self) -> bool {
        self.wanted && self.proven
    }

    pub(super) fn wants(&self, event: &str) -> bool {
        self.active() && self.events.iter().any(|e| e == "all" || e == event)
    }
}

/// Whether webhooks can go there: TLS, or this very host.
fn reachable(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => true,
        (Some("http"), Some(host)) => matches!(host, "localhost" | "127.0.0.1" | "[::1]"),
        _ => false,
    }
}

impl Qolo {
    /// Makes the subscription that the settings ask for, without a ping.
    pub(super) fn subscribe_from_settings(&mut self) {
        if let Some(url) = self.settings.webhook_url.clone() {
            let guid = self.guid();
            let secret = Some(self.settings.webhook_secret.clone());
            self.hooks.push(Hook {
                guid,
                url,
                events: vec!["all".to_owned()],
                headers: None,
                secret,
                wanted: true,
                proven: true,
            });
        }
    }

    fn read_hook(&self, mut fields: Fields, guid: String) -> Result<Hook, Refusal> {
        let mut errors = Errors::new();
        let e = &mut errors;
        self.read_program(e, &mut fields);
        let url = fields.must(e, "url", 1..=2048).unwrap_or_default();
        if e.is_empty() && !reachable(&url) {
            wrong(e, "url", "Must be an https address.");
        }
        fields.required(e, "event_type");
        let events = fields.texts(e, "event_type").unwrap_or_default();
        if events.is_empty() || events.iter().any(|event| !EVENTS.contains(&event.as_str())) {
            wrong(e, "event_type", "Must be events that are known, one at least.");
        }
        let headers = fields.text(e, "headers", 0..=2048);
        let secret = fields.text(e, "secret", 1..=256);
        let wanted = fields.flag(e, "active").unwrap_or(true);
        fields.skip(&["notification_guid"]);
        fields.end(e);
        Refusal::unless_none(errors)?;
        Ok(Hook {
            guid,
            url,
            events,
            headers,
            secret,
            wanted,
            proven: false,
        })
    }

    /// Keeps a subscription. It is answered as inactive: the ping is still to be sent.
    pub(super) fn new_hook(&mut self, now: Timestamp, fields: Fields) -> Answer {
        let guid = self.guid();
        let hook = self.read_hook(fields, guid)?;
        let told = self.hook_shown(&hook);
        self.ping(now, &hook);
        self.hooks.push(hook);
        Ok(answer(StatusCode::CREATED, told))
    }

    pub(super) fn list_hooks(&self, query: &[(String, String)]) -> Answer {
        let (start, limit) = window(query, 10)?;
        Ok(page(
            self.hooks.iter().map(|h| self.hook_shown(h)).collect(),
            start,
            limit,
        ))
    }

    pub(super) fn one_hook(&self, guid: &str) -> Answer {
        let hook = self.hooks.iter().find(|h| h.guid == guid);
        let hook = hook.ok_or_else(|| Refusal::unknown("webhook"))?;
        Ok(answer(StatusCode::OK, self.hook_shown(hook)))
    }

    /// Replaces a subscription. A new address is pinged and is inactive until it answers.
    pub(super) fn change_hook(&mut self, now: Timestamp, guid: &str, fields: Fields) -> Answer {
        let old = self.hooks.iter().find(|h| h.guid == guid).cloned();
        let old = old.ok_or_else(|| Refusal::unknown("webhook"))?;
        let mut hook = self.read_hook(fields, guid.to_owned())?;
        if hook.url == old.url {
            hook.proven = old.proven;
        } else {
            self.ping(now, &hook);
        }
        let told = self.hook_shown(&hook);
        if let Some(place) = self.hooks.iter_mut().find(|h| h.guid == guid) {
            *place = hook;
        }
        if self.settings.empty_updates {
            return Ok(wire::empty(StatusCode::NO_CONTENT));
        }
        Ok(answer(StatusCode::OK, told))
    }

    fn hook_shown(&self, hook: &Hook) -> Object {
        Object::new()
            .put("notification_guid", &hook.guid)
            .put("program_guid", &self.settings.program_guid)
            .put("url", &hook.url)
            .put("event_type", &hook.events)
            .put("headers", &hook.headers)
            .put("secret", &hook.secret)
            .put("active", &hook.active())
    }
}
