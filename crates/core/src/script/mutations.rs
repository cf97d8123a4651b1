//! Replies with one field changed, for tests that a reply's other fields decide nothing and its money's fields everything.

use serde_json::{Value, json};

/// A reply in which one field was changed.
#[derive(Clone, Debug)]
pub struct Mutation {
    /// The field, as a JSON pointer.
    pub field: String,
    /// What was done to it.
    pub how: How,
    /// The reply as text.
    pub reply: String,
}

/// What is done to one field of a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum How {
    /// A list, in place of what it was.
    Array,
    /// `true`.
    Bool,
    /// `null`.
    Null,
    /// A number.
    Number,
    /// An object.
    Object,
    /// Taken away.
    Removed,
    /// Under another name.
    Renamed,
    /// A text.
    Text,
}

const ALL: [How; 8] = [
    How::Removed,
    How::Renamed,
    How::Null,
    How::Bool,
    How::Number,
    How::Text,
    How::Array,
    How::Object,
];

/// Every field of a reply, at every depth, changed in every way, one at a time. Nothing for a text that is not JSON.
///
/// ```
/// use paymux_core::script::{How, mutations};
/// let all = mutations(r#"{"id":"1","list":[{"a":2}]}"#);
/// assert_eq!(all.len(), 3 * 8);
/// assert!(all.iter().any(|m| m.field == "/list/0/a" && m.how == How::Removed && m.reply == r#"{"id":"1","list":[{}]}"#));
/// ```
#[must_use]
pub fn mutations(golden: &str) -> Vec<Mutation> {
    let Ok(golden) = serde_json::from_str::<Value>(golden) else {
        return Vec::new();
    };
    let mut fields = Vec::new();
    collect(&golden, String::new(), &mut fields);
    let changed = |field: &String, how| {
        let mut reply = golden.clone();
        change(&mut reply, field, how);
        Mutation {
            field: field.clone(),
            how,
            reply: reply.to_string(),
        }
    };
    fields
        .iter()
        .flat_map(|field| ALL.map(|how| changed(field, how)))
        .collect()
}

/// A reply with more fields than anybody knows, at every depth, among them such as are hard to read.
#[must_use]
pub fn with_more(golden: &str) -> String {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let more = format!(r#"{{"x-new":{{"a":[1,null,"b"]}},"x-big":1e999,"x-half":"\ud800","x-deep":{deep},"#);
    golden.replace("{}", r#"{"x-new":null}"#).replace('{', &more)
}

fn collect(value: &Value, at: String, fields: &mut Vec<String>) {
    match value {
        Value::Object(map) => {
            for (name, inner) in map {
                let path = format!("{at}/{name}");
                fields.push(path.clone());
                collect(inner, path, fields);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                collect(inner, format!("{at}/{index}"), fields);
            }
        }
        _ => {}
    }
}

fn change(reply: &mut Value, field: &str, how: How) {
    let Some((parent, name)) = field.rsplit_once('/') else {
        return;
    };
    let Some(object) = reply.pointer_mut(parent).and_then(Value::as_object_mut) else {
        return;
    };
    let Some(old) = object.remove(name) else { return };
    let (name, new) = match how {
        How::Removed => return,
        How::Renamed => (format!("x-{name}"), old),
        How::Null => (name.to_owned(), Value::Null),
        How::Bool => (name.to_owned(), json!(true)),
        How::Number => (name.to_owned(), json!(7)),
        How::Text => (name.to_owned(), json!("other")),
        How::Array => (name.to_owned(), json!(["other", 7])),
        How::Object => (name.to_owned(), json!({"other": {"more": [1]}})),
    };
    object.insert(name, new);
}
