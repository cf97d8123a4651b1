//! What a request carries, from JSON or from form fields with brackets.

use bytes::Bytes;
use http::{Request, StatusCode};
use serde_json::{Map, Value};

use super::refusal::{Check, Refusal};
use crate::wire;

/// The fields of a body: empty where there is none.
pub(super) fn body(request: &Request<Bytes>) -> Result<Map<String, Value>, Refusal> {
    if request.body().is_empty() {
        return Ok(Map::new());
    }
    let given = wire::text(request.headers(), "content-type").unwrap_or("");
    match given
        .split(';')
        .next()
        .unwrap_or("")
        .trim()
        .to_ascii_lowercase()
        .as_str()
    {
        "application/json" => match serde_json::from_slice(request.body()) {
            Ok(Value::Object(map)) => Ok(map),
            _ => Err(Refusal::field("body", "is invalid")),
        },
        "application/x-www-form-urlencoded" => {
            let mut root = Value::Object(Map::new());
            for (name, value) in wire::pairs(request.body()) {
                let path: Vec<&str> = name.split('[').map(|p| p.trim_end_matches(']')).collect();
                put(&mut root, &path, value);
            }
            match root {
                Value::Object(map) => Ok(map),
                _ => Ok(Map::new()),
            }
        }
        _ => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "The content type of the body is not supported",
        )),
    }
}

/// Places a form field where its brackets say: `card[number]`, `basket[][qty]`.
fn put(target: &mut Value, path: &[&str], value: String) {
    match path {
        [] => *target = Value::String(value),
        ["", rest @ ..] => {
            if !target.is_array() {
                *target = Value::Array(Vec::new());
            }
            let Value::Array(list) = target else { return };
            let goes_on = rest.first().is_some_and(|key| {
                list.last()
                    .and_then(Value::as_object)
                    .is_some_and(|last| !last.contains_key(*key))
            });
            if !goes_on {
                list.push(Value::Null);
            }
            if let Some(last) = list.last_mut() {
                put(last, rest, value);
            }
        }
        [key, rest @ ..] => {
            if !target.is_object() {
                *target = Value::Object(Map::new());
            }
            let Value::Object(map) = target else { return };
            put(map.entry((*key).to_owned()).or_insert(Value::Null), rest, value);
        }
    }
}

/// A field as text; numbers count as their digits.
pub(super) fn text(map: &Map<String, Value>, name: &str) -> Option<String> {
    match map.get(name)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A field as yes or no, in any usual spelling; absent means no.
pub(super) fn flag(map: &Map<String, Value>, name: &str) -> bool {
    match map.get(name) {
        Some(Value::Bool(flag)) => *flag,
        Some(Value::String(text)) => matches!(text.as_str(), "1" | "true"),
        Some(Value::Number(number)) => number.as_i64() == Some(1),
        _ => false,
    }
}

/// An object field.
pub(super) fn object<'a>(map: &'a Map<String, Value>, name: &str) -> Option<&'a Map<String, Value>> {
    map.get(name)?.as_object()
}

/// An amount in the smallest unit: up to nine digits, more than nothing.
pub(super) fn amount(map: &Map<String, Value>, check: &mut Check) -> i64 {
    let given = match map.get("amount") {
        None | Some(Value::Null) => {
            check.add("amount", "is required");
            return 0;
        }
        Some(_) => text(map, "amount").unwrap_or_default(),
    };
    if given.is_empty() || !given.bytes().all(|b| b.is_ascii_digit()) {
        check.add("amount", "must be a whole number above zero");
        return 0;
    }
    match given.parse() {
        Ok(amount @ 1..=999_999_999) => amount,
        Ok(0) => {
            check.add("amount", "must be a whole number above zero");
            0
        }
        _ => {
            check.add("amount", "is too large");
            0
        }
    }
}

/// The order id and its rule.
pub(super) fn order_id(map: &Map<String, Value>, check: &mut Check) -> String {
    let Some(given) = text(map, "order_id").filter(|t| !t.is_empty()) else {
        check.add("order_id", "is required");
        return String::new();
    };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b" ._-".contains(&b);
    if !(4..=20).contains(&given.len()) || !given.bytes().all(allowed) {
        check.add("order_id", "must have length between 4 and 20");
    }
    given
}

/// The currency and its rule.
pub(super) fn currency(map: &Map<String, Value>, check: &mut Check) -> String {
    let Some(given) = text(map, "currency").filter(|t| !t.is_empty()) else {
        check.add("currency", "is required");
        return String::new();
    };
    if given.len() != 3 || !given.bytes().all(|b| b.is_ascii_uppercase()) {
        check.add("currency", "must be three uppercase letters");
    }
    given
}

/// The acquirer that the request asks for.
pub(super) fn acquirer(map: &Map<String, Value>, check: &mut Check) -> Option<String> {
    const KNOWN: &[&str] = &[
        "clearhaus",
        "nets",
        "bambora",
        "elavon",
        "handelsbanken",
        "swedbank",
        "teller",
        "valitor",
    ];
    let given = text(map, "acquirer")?;
    if !KNOWN.contains(&given.as_str()) {
        check.add("acquirer", "is not valid");
    }
    Some(given)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_make_objects_and_lists() {
        let request = Request::post("/payments")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::from_static(
                b"card[number]=1&basket[][qty]=1&basket[][item_no]=a&basket[][qty]=2&tags[]=x&tags[]=y",
            ))
            .unwrap();
        let found = Value::Object(body(&request).unwrap());
        let wanted = r#"{"basket":[{"item_no":"a","qty":"1"},{"qty":"2"}],"card":{"number":"1"},"tags":["x","y"]}"#;
        assert_eq!(found, serde_json::from_str::<Value>(wanted).unwrap());
    }

    #[test]
    fn a_list_is_no_body() {
        let request = Request::post("/x")
            .header("content-type", "application/json")
            .body(Bytes::from_static(b"[]"));
        assert!(body(&request.unwrap()).is_err());
    }
}
