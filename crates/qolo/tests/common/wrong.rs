//! What can be wrong with a reply.
#![allow(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};

/// One thing that is wrong with a reply.
#[derive(Clone, Debug)]
pub(crate) struct Mutation {
    /// Where, as a JSON pointer.
    pub(crate) at: String,
    /// What became of the value.
    pub(crate) into: &'static str,
    /// The reply.
    pub(crate) body: String,
}

/// Every value of a reply in turn removed, renamed, null, a text, a number, an object, a list; and every object with a field that nobody knows.
pub(crate) fn mutations(body: &str) -> Vec<Mutation> {
    let whole: Value = serde_json::from_str(body).unwrap();
    let mut places = Vec::new();
    walk(&whole, String::new(), &mut places);
    let mut all = Vec::new();
    for at in places {
        for (into, value) in [
            ("null", Value::Null),
            ("a text", json!("x")),
            ("a number", json!(7)),
            ("an object", json!({})),
            ("a list", json!([])),
        ] {
            let mut changed = whole.clone();
            *changed.pointer_mut(&at).unwrap() = value;
            all.push((at.clone(), into, changed));
        }
        let mut added = whole.clone();
        if let Some(object) = added.pointer_mut(&at).and_then(Value::as_object_mut) {
            object.insert("added_later".to_owned(), json!({"nested": [1, null]}));
            all.push((format!("{at}/added_later"), "added", added));
        }
        let (parent, name) = at.rsplit_once('/').unwrap();
        let mut removed = whole.clone();
        match removed.pointer_mut(parent).unwrap() {
            Value::Object(object) => {
                let value = object.remove(name).unwrap();
                all.push((at.clone(), "removed", removed.clone()));
                let object = removed.pointer_mut(parent).unwrap().as_object_mut().unwrap();
                object.insert(format!("{name}_renamed"), value);
                all.push((at.clone(), "renamed", removed));
            }
            Value::Array(list) => {
                list.remove(name.parse().unwrap());
                all.push((at.clone(), "removed", removed));
            }
            _ => unreachable!(),
        }
    }
    let mut added = whole;
    added["added_later"] = json!({"nested": [1, null]});
    all.push(("/added_later".to_owned(), "added", added));
    let mutation = |(at, into, body): (String, &'static str, Value)| Mutation {
        at,
        into,
        body: body.to_string(),
    };
    all.into_iter().map(mutation).collect()
}

fn walk(value: &Value, at: String, places: &mut Vec<String>) {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .map(|(i, value)| (i.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (name, child) in children {
        let at = format!("{at}/{name}");
        places.push(at.clone());
        walk(child, at, places);
    }
}
