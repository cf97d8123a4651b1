//! Replies with one field or element changed, for tests that a reply's other fields decide nothing and its money's fields everything.

use serde_json::{Value, json};

/// A reply in which one field was changed.
#[derive(Clone, Debug)]
#[non_exhaustive]
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
    /// A list of nothing.
    EmptyArray,
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

const ALL: [How; 9] = [
    How::Removed,
    How::Renamed,
    How::Null,
    How::Bool,
    How::Number,
    How::Text,
    How::Array,
    How::EmptyArray,
    How::Object,
];

/// Every field of a reply and every element of its lists, at every depth, changed in every way, one at a time; an element has no name that could be another.
/// A change that leaves the reply as it was is left out. Nothing for a text that is not JSON.
///
/// ```
/// use paymux_core::script::{How, mutations};
/// let all = mutations(r#"{"id":"1","list":[{"a":2}]}"#);
/// assert_eq!(all.len(), 3 * 9 + 8);
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
        change(&mut reply, field, how)?;
        (reply != golden).then(|| Mutation {
            field: field.clone(),
            how,
            reply: reply.to_string(),
        })
    };
    let ways = fields.iter().flat_map(|field| ALL.map(|how| changed(field, how)));
    ways.flatten().collect()
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
                let path = format!("{at}/{index}");
                fields.push(path.clone());
                collect(inner, path, fields);
            }
        }
        _ => {}
    }
}

/// Nothing where it cannot be done there.
fn change(reply: &mut Value, field: &str, how: How) -> Option<()> {
    let (parent, name) = field.rsplit_once('/')?;
    let new = match how {
        How::Removed | How::Renamed | How::Null => Value::Null,
        How::Bool => json!(true),
        How::Number => json!(7),
        How::Text => json!("other"),
        How::Array => json!(["other", 7]),
        How::EmptyArray => json!([]),
        How::Object => json!({"other": {"more": [1]}}),
    };
    match (reply.pointer_mut(parent)?, how) {
        (Value::Object(object), How::Removed) => drop(object.remove(name)),
        (Value::Object(object), How::Renamed) => {
            let old = object.remove(name)?;
            object.insert(format!("x-{name}"), old);
        }
        (Value::Object(object), _) => drop(object.insert(name.to_owned(), new)),
        (Value::Array(_), How::Renamed) => return None,
        (Value::Array(list), How::Removed) => drop(list.remove(name.parse().ok()?)),
        (Value::Array(list), _) => *list.get_mut(name.parse::<usize>().ok()?)? = new,
        _ => return None,
    }
    Some(())
}
