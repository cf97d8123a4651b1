//! Making, reading, listing and changing resources.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::refusal::{Check, Refusal};
use super::routes::{Answer, Call, ok};
use super::state::{Resource, Type};
use super::{CoolPay, input, view};
use crate::wire;

const KEPT: &[&str] = &[
    "branding_id",
    "text_on_statement",
    "variables",
    "basket",
    "shipping",
    "invoice_address",
    "shipping_address",
    "shopsystem",
    "description",
    "group_ids",
    "unscheduled",
];
const CHANGEABLE: &[&str] = &[
    "deadline_at",
    "variables",
    "invoice_address",
    "shipping_address",
    "shipping",
];

impl CoolPay {
    /// Makes a payment, subscription, saved card or payout.
    pub(super) fn create(&mut self, call: &Call, kind: Type) -> Answer {
        let mut check = Check::default();
        let mut order = None;
        if kind != Type::Card {
            let order_id = input::order_id(&call.body, &mut check);
            order = Some((order_id, input::currency(&call.body, &mut check)));
        }
        if kind == Type::Subscription && input::text(&call.body, "description").is_none_or(|t| t.is_empty()) {
            check.add("description", "is required");
        }
        check_kept(&call.body, &mut check);
        check.done()?;
        if !basket_is_whole(&call.body) {
            return Err(Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"));
        }
        if let Some((order_id, _)) = &order {
            self.claim(kind, order_id)?;
        }
        let id = self.add(call.now, kind, order);
        let resource = self.get_mut(id)?;
        resource.echo = kept(&call.body, KEPT);
        resource
            .echo
            .entry("variables")
            .or_insert_with(|| Value::Object(Map::new()));
        self.created(id)
    }

    /// Refuses an order id that is taken.
    pub(super) fn claim(&self, kind: Type, order_id: &str) -> Result<(), Refusal> {
        if !self.orders.contains_key(&(kind, order_id.to_owned())) {
            return Ok(());
        }
        let text = format!("already exists on another {}", kind.label().to_ascii_lowercase());
        let refusal = Refusal::field("order_id", &text);
        Err(if self.settings.duplicate_409 {
            refusal.with_status(StatusCode::CONFLICT)
        } else {
            refusal
        })
    }

    /// Adds an empty resource with its order id and currency.
    pub(super) fn add(&mut self, now: Timestamp, kind: Type, order: Option<(String, String)>) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        let mut resource = Resource::new(id, kind, now);
        if let Some((order_id, currency)) = order {
            self.orders.insert((kind, order_id.clone()), id);
            resource.order_id = Some(order_id);
            resource.currency = Some(currency);
        }
        self.resources.insert(id, resource);
        id
    }

    /// One resource.
    pub(super) fn read(&self, call: &Call, id: u64) -> Answer {
        self.show(id, StatusCode::OK, number(call, "operations_size"))
    }

    /// Changes what may still be changed; everything else in the request is passed over.
    pub(super) fn update(&mut self, call: &Call, id: u64) -> Answer {
        let mut check = Check::default();
        check_kept(&call.body, &mut check);
        check.done()?;
        let resource = self.get_mut(id)?;
        resource.updated_at = call.now;
        resource.echo.append(&mut kept(&call.body, CHANGEABLE));
        self.show(id, StatusCode::OK, None)
    }

    /// The resources that fit the query, or the payments of one subscription.
    pub(super) fn list(&self, call: &Call, kind: Type, subscription: Option<u64>) -> Answer {
        let mut found: Vec<&Resource> = self
            .resources
            .values()
            .filter(|r| r.kind == kind && subscription.is_none_or(|s| r.subscription_id == Some(s)))
            .filter(|r| fits(r, call))
            .collect();
        match wire::first(&call.query, "sort_by") {
            Some("order_id") => found.sort_by(|a, b| a.order_id.cmp(&b.order_id)),
            Some("created_at") => found.sort_by_key(|r| (r.created_at, r.id)),
            _ => {}
        }
        if wire::first(&call.query, "sort_dir") != Some("asc") {
            found.reverse();
        }
        let page = number(call, "page").unwrap_or(1).max(1);
        let size = number(call, "page_size").unwrap_or(20).clamp(1, 100);
        let skipped = (page - 1).saturating_mul(size);
        let more = found.len() > skipped.saturating_add(size);
        let base = self.base();
        let limit = number(call, "operations_size");
        let shown: Vec<_> = found
            .into_iter()
            .skip(skipped)
            .take(size)
            .map(|r| view::resource(r, self.settings.merchant_id, &base, limit))
            .collect();
        let response = ok(&shown);
        Ok(if more && self.settings.link_header {
            linked(response, call, kind, &base, page + 1)
        } else {
            response
        })
    }

    /// One operation.
    pub(super) fn read_operation(&self, id: u64, given: &str) -> Answer {
        let resource = self.get(id)?;
        let found = given.parse().ok().and_then(|o| resource.operation(o));
        match found {
            Some(operation) => Ok(ok(&view::operation(operation, resource))),
            None => Err(Refusal::missing("Operation", given)),
        }
    }
}

fn fits(resource: &Resource, call: &Call) -> bool {
    let wanted = |name: &str| wire::first(&call.query, name).filter(|v| !v.is_empty());
    let yes = |value: &str| matches!(value, "true" | "1");
    let stamp = match wanted("timestamp") {
        Some("updated_at") => resource.updated_at,
        _ => resource.created_at,
    };
    let time = |name: &str| wanted(name).and_then(|t| Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", t).ok());
    let suspected = resource.metadata.get("fraud_suspected").and_then(Value::as_bool) == Some(true);
    wanted("id").is_none_or(|v| v == resource.id.to_string())
        && wanted("order_id").is_none_or(|v| resource.order_id.as_deref() == Some(v))
        && wanted("state").is_none_or(|v| resource.shown_state() == v)
        && wanted("accepted").is_none_or(|v| resource.accepted == yes(v))
        && wanted("acquirer").is_none_or(|v| resource.acquirer.as_deref() == Some(v))
        && wanted("fraud_suspected").is_none_or(|v| suspected == yes(v))
        && time("min_time").is_none_or(|t| stamp >= t)
        && time("max_time").is_none_or(|t| stamp <= t)
}

fn number(call: &Call, name: &str) -> Option<usize> {
    wire::first(&call.query, name)?.parse().ok()
}

fn linked(mut response: Response<Bytes>, call: &Call, kind: Type, base: &str, page: usize) -> Response<Bytes> {
    let mut query: Vec<(String, String)> = call.query.iter().filter(|(n, _)| n != "page").cloned().collect();
    query.push(("page".to_owned(), page.to_string()));
    let query = serde_html_form::to_string(query).unwrap_or_default();
    if let Ok(value) = HeaderValue::from_str(&format!("<{base}/{}?{query}>; rel=\"next\"", kind.plural())) {
        response.headers_mut().insert(header::LINK, value);
    }
    response
}

fn kept(body: &Map<String, Value>, names: &[&str]) -> Map<String, Value> {
    body.iter()
        .filter(|(name, _)| names.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn check_kept(body: &Map<String, Value>, check: &mut Check) {
    let flat = |value: &Value| {
        value
            .as_object()
            .is_some_and(|m| m.values().all(|v| !v.is_object() && !v.is_array()))
    };
    if body.get("variables").is_some_and(|v| !flat(v)) {
        check.add("variables", "is invalid");
    }
    if input::text(body, "text_on_statement").is_some_and(|t| t.len() > 22 || !t.is_ascii()) {
        check.add("text_on_statement", "is invalid");
    }
}

/// Whether every line of the basket has its five fields; the provider stumbles over any that has not.
fn basket_is_whole(body: &Map<String, Value>) -> bool {
    const FIELDS: &[&str] = &["qty", "item_no", "item_name", "item_price", "vat_rate"];
    let whole = |line: &Value| {
        line.as_object()
            .is_some_and(|l| FIELDS.iter().all(|f| l.contains_key(*f)))
    };
    match body.get("basket") {
        None | Some(Value::Null) => true,
        Some(basket) => basket.as_array().is_some_and(|lines| lines.iter().all(whole)),
    }
}
