//! Resources as the API shows them.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value};

use super::state::{Link, Operation, Resource, Type};

/// A resource in the API's words.
#[derive(Debug, Serialize)]
pub(super) struct ResourceView<'a> {
    id: u64,
    merchant_id: u64,
    order_id: Option<&'a str>,
    accepted: bool,
    r#type: &'static str,
    state: &'static str,
    currency: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fee: Option<Option<i64>>,
    test_mode: bool,
    acquirer: Option<&'a str>,
    facilitator: Option<()>,
    operations: Vec<OperationView<'a>>,
    metadata: &'a Map<String, Value>,
    link: Option<LinkView<'a>>,
    subscription_id: Option<u64>,
    created_at: Timestamp,
    updated_at: Timestamp,
    retented_at: Option<()>,
    #[serde(flatten)]
    echo: &'a Map<String, Value>,
}

/// An operation in the API's words.
#[derive(Debug, Serialize)]
pub(super) struct OperationView<'a> {
    id: u64,
    r#type: &'static str,
    amount: Option<i64>,
    pending: bool,
    qp_status_code: Option<&'a str>,
    qp_status_msg: Option<&'a str>,
    aq_status_code: Option<&'a str>,
    aq_status_msg: Option<&'a str>,
    #[serde(rename = "3d_secure_status")]
    secure: Option<&'static str>,
    data: Map<String, Value>,
    callback_url: Option<&'a str>,
    callback_success: Option<bool>,
    callback_response_code: Option<u16>,
    callback_duration: Option<u32>,
    callback_at: Option<Timestamp>,
    acquirer: Option<&'a str>,
    created_at: Timestamp,
}

#[derive(Debug, Serialize)]
struct LinkView<'a> {
    url: String,
    amount: Option<i64>,
    auto_capture: bool,
    continue_url: Option<&'a str>,
    cancel_url: Option<&'a str>,
    callback_url: Option<&'a str>,
    deadline: Option<i64>,
    acquirer: Option<&'a str>,
    version: &'static str,
    #[serde(flatten)]
    echo: &'a Map<String, Value>,
}

/// The address of a hosted page.
pub(super) fn link_url(base: &str, link: &Link) -> String {
    format!("{base}/payments/{}", link.hex)
}

/// Shows a resource, with no more than its newest `size` operations.
pub(super) fn resource<'a>(found: &'a Resource, merchant_id: u64, base: &str, size: Option<usize>) -> ResourceView<'a> {
    let hidden = size.map_or(0, |s| found.operations.len().saturating_sub(s));
    let payment = found.kind == Type::Payment;
    ResourceView {
        id: found.id,
        merchant_id,
        order_id: found.order_id.as_deref(),
        accepted: found.accepted,
        r#type: found.kind.label(),
        state: found.shown_state(),
        currency: found.currency.as_deref(),
        balance: payment.then(|| found.balance()),
        fee: payment.then_some(None),
        test_mode: found.test_mode,
        acquirer: found.acquirer.as_deref(),
        facilitator: None,
        operations: found
            .operations
            .iter()
            .skip(hidden)
            .map(|o| operation(o, found))
            .collect(),
        metadata: &found.metadata,
        link: found.link.as_ref().map(|l| link(l, base)),
        subscription_id: found.subscription_id,
        created_at: found.created_at,
        updated_at: found.updated_at,
        retented_at: None,
        echo: &found.echo,
    }
}

/// Shows one operation.
pub(super) fn operation<'a>(found: &'a Operation, of: &'a Resource) -> OperationView<'a> {
    let verdict = found.verdict.as_ref();
    let delivery = found.delivery.as_ref();
    let asked = verdict.and_then(|v| v.acquirer.as_ref());
    OperationView {
        id: found.id,
        r#type: found.deed.label(),
        amount: found.amount,
        pending: found.pending,
        qp_status_code: verdict.map(|v| v.code.as_str()),
        qp_status_msg: verdict.map(|v| v.message.as_str()),
        aq_status_code: asked.map(|a| a.0.as_str()),
        aq_status_msg: asked.map(|a| a.1.as_str()),
        secure: found.secure.then_some("Y"),
        data: Map::new(),
        callback_url: delivery.map(|d| d.url.as_str()),
        callback_success: delivery.map(|d| d.success),
        callback_response_code: delivery.and_then(|d| d.status).map(|s| s.as_u16()),
        callback_duration: delivery.map(|_| 1),
        callback_at: delivery.map(|d| d.at),
        acquirer: found.ask.acquirer.as_deref().or(of.acquirer.as_deref()),
        created_at: found.created_at,
    }
}

fn link<'a>(found: &'a Link, base: &str) -> LinkView<'a> {
    LinkView {
        url: link_url(base, found),
        amount: found.amount,
        auto_capture: found.auto_capture,
        continue_url: found.continue_url.as_deref(),
        cancel_url: found.cancel_url.as_deref(),
        callback_url: found.callback_url.as_deref(),
        deadline: found.deadline,
        acquirer: found.acquirer.as_deref(),
        version: "v10",
        echo: &found.echo,
    }
}
