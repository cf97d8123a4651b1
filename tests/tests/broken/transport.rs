//! A transport that changes keys, amounts and pending operations on the way.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use async_trait::async_trait;
use http::{HeaderValue, Request};
use paymux::Reply;
use paymux::transport::{MarkedBody, Transport, TransportError};
use serde_json::Value;

use super::Rule;

thread_local! {
    static SENT: Cell<u64> = const { Cell::new(0) };
    /// The amount that was asked for last, as it was written.
    static ASKED: RefCell<String> = const { RefCell::new(String::new()) };
}

pub(crate) fn transport(inner: Arc<dyn Transport>) -> Arc<dyn Transport> {
    match Rule::now() {
        Some(rule @ (Rule::NewKeyPerAttempt | Rule::KeyWithoutKind | Rule::AdoptsPending | Rule::NoIntegrity)) => {
            Arc::new(Crooked { inner, rule })
        }
        _ => inner,
    }
}

#[derive(Debug)]
struct Crooked {
    inner: Arc<dyn Transport>,
    rule: Rule,
}

#[async_trait]
impl Transport for Crooked {
    async fn send(&self, mut request: Request<MarkedBody>) -> Result<Reply, TransportError> {
        let body = request.body().peek();
        let text = String::from_utf8_lossy(&body).into_owned();
        if request.headers().contains_key("idempotencykey") {
            let key = match self.rule {
                Rule::NewKeyPerAttempt => {
                    SENT.set(SENT.get() + 1);
                    format!("{:032x}", SENT.get())
                }
                Rule::KeyWithoutKind => {
                    let reference = serde_json::from_str::<Value>(&text).unwrap_or_default();
                    format!(
                        "key of {}",
                        reference
                            .get("client_reference_id")
                            .and_then(Value::as_str)
                            .unwrap_or("none")
                    )
                }
                _ => String::new(),
            };
            if let Ok(key) = HeaderValue::from_str(&key)
                && !key.is_empty()
            {
                request.headers_mut().insert("idempotencykey", key);
            }
        }
        if let Some(amount) = number_after(&text, "\"amount\":") {
            ASKED.with_borrow_mut(|asked| *asked = amount.to_owned());
        }
        let mut reply = self.inner.send(request).await?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        match self.rule {
            Rule::AdoptsPending => {
                if let Ok(mut body) = serde_json::from_str::<Value>(&text) {
                    hide_pending(&mut body);
                    reply.body = body.to_string().into();
                }
            }
            Rule::NoIntegrity => {
                let asked = ASKED.with_borrow(|asked| asked.parse::<u64>().unwrap_or(0));
                let less = asked.saturating_sub(1).to_string();
                if asked > 1 {
                    reply.body = text.replace(&less, &asked.to_string()).into();
                }
            }
            _ => {}
        }
        Ok(reply)
    }
}

fn number_after<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let rest = text.get(text.find(name)? + name.len()..)?;
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    rest.get(..end).filter(|number| !number.is_empty())
}

/// Leaves out every operation that is pending, in one payment or a list of them.
fn hide_pending(body: &mut Value) {
    match body {
        Value::Array(all) => all.iter_mut().for_each(hide_pending),
        Value::Object(payment) => {
            if let Some(operations) = payment.get_mut("operations").and_then(Value::as_array_mut) {
                operations.retain(|operation| operation.get("pending") != Some(&Value::Bool(true)));
                if operations.is_empty() && payment.contains_key("state") {
                    payment.insert("state".to_owned(), "initial".into());
                    payment.insert("accepted".to_owned(), false.into());
                }
            }
        }
        _ => {}
    }
}
