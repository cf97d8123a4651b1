//! Links to the hosted page.

use std::collections::BTreeMap;
use std::time::Duration;

use http::{StatusCode, Uri};
use serde_json::{Map, Value};

use super::refusal::{Check, Refusal};
use super::routes::{Answer, Call, ok};
use super::state::{Link, Type};
use super::{CoolPay, input, later, sign, view};
use crate::wire;

const KEPT: &[&str] = &[
    "payment_methods",
    "language",
    "agreement_id",
    "auto_fee",
    "framed",
    "branding_id",
    "branding_config",
    "customer_email",
    "invoice_address_selection",
    "shipping_address_selection",
    "moto",
];

impl CoolPay {
    /// Makes the link of a resource, or changes it; its address stays the same.
    pub(super) fn put_link(&mut self, call: &Call, id: u64) -> Answer {
        let resource = self.get(id)?;
        let kind = resource.kind;
        let mut check = Check::default();
        let amount = (kind != Type::Card).then(|| input::amount(&call.body, &mut check));
        let acquirer = input::acquirer(&call.body, &mut check);
        let names = match kind {
            Type::Card => ["continueurl", "cancelurl", "callbackurl"],
            _ => ["continue_url", "cancel_url", "callback_url"],
        };
        let [continue_url, cancel_url, callback_url] = names.map(|name| address(&call.body, name, &mut check));
        let deadline = match input::text(&call.body, "deadline").map(|t| t.parse::<i64>()) {
            Some(Ok(seconds)) if seconds > 0 => Some(seconds),
            Some(_) => {
                check.add("deadline", "is not valid");
                None
            }
            None => None,
        };
        check.done()?;
        if resource.accepted {
            return Err(Refusal::state(kind.label(), "link"));
        }
        let hex = match &resource.link {
            Some(link) => link.hex.clone(),
            None => sign::digest(&["link", &id.to_string(), &self.links_made.to_string()]),
        };
        let deadline_at = deadline
            .and_then(|s| u64::try_from(s).ok())
            .map(|s| later(call.now, Duration::from_secs(s)));
        let link = Link {
            hex: hex.clone(),
            amount,
            auto_capture: kind == Type::Payment && input::flag(&call.body, "auto_capture"),
            continue_url,
            cancel_url,
            callback_url,
            deadline,
            deadline_at,
            acquirer,
            echo: echo(&call.body),
            challenge: None,
        };
        let url = view::link_url(&self.base(), &link);
        self.links_made += 1;
        let resource = self.get_mut(id)?;
        resource.updated_at = call.now;
        resource.link = Some(link);
        self.hexes.insert(hex, id);
        self.queue.extend(deadline_at.map(|at| (at, id, 0)));
        Ok(ok(&BTreeMap::from([("url", url)])))
    }

    /// Takes the link away; nothing happens where there is none.
    pub(super) fn delete_link(&mut self, call: &Call, id: u64) -> Answer {
        let resource = self.get_mut(id)?;
        resource.updated_at = call.now;
        if let Some(link) = resource.link.take() {
            self.hexes.remove(&link.hex);
        }
        Ok(wire::empty(StatusCode::NO_CONTENT))
    }
}

fn address(body: &Map<String, Value>, name: &str, check: &mut Check) -> Option<String> {
    let given = input::text(body, name).filter(|t| !t.is_empty())?;
    let scheme = given
        .parse::<Uri>()
        .ok()
        .and_then(|u| u.scheme_str().map(str::to_ascii_lowercase));
    if !matches!(scheme.as_deref(), Some("http" | "https")) {
        check.add(name, "is not valid");
    }
    Some(given)
}

fn echo(body: &Map<String, Value>) -> Map<String, Value> {
    let mut map: Map<String, Value> = body
        .iter()
        .filter(|(name, _)| KEPT.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    map.entry("language").or_insert_with(|| "en".into());
    map
}
