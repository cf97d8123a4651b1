//! Replies with one field changed: taken away, renamed, of another type, of another value.

use serde_json::{Value, json};

/// What is done to one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum How {
    Removed,
    Renamed,
    Null,
    Bool,
    Number,
    Text,
    Array,
    Object,
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

/// A reply in which one field was changed.
#[derive(Debug)]
pub(crate) struct Mutation {
    /// The field, as a path with slashes.
    pub(crate) field: String,
    pub(crate) how: How,
    pub(crate) reply: String,
}

/// Every field of a reply, at every depth, changed in every way, one at a time.
pub(crate) fn each(golden: &str) -> Vec<Mutation> {
    let golden: Value = serde_json::from_str(golden).unwrap();
    let mut fields = Vec::new();
    collect(&golden, String::new(), &mut fields);
    let mut mutations = Vec::new();
    for field in &fields {
        for how in ALL {
            let mut reply = golden.clone();
            change(&mut reply, field, how);
            mutations.push(Mutation {
                field: field.clone(),
                how,
                reply: reply.to_string(),
            });
        }
    }
    mutations
}

/// A reply with more fields than anybody knows, at every depth, among them such as are hard to read.
pub(crate) fn with_more(golden: &str) -> String {
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
    let (parent, name) = field.rsplit_once('/').unwrap();
    let object = reply.pointer_mut(parent).unwrap().as_object_mut().unwrap();
    let old = object.remove(name).unwrap();
    let new = match how {
        How::Removed => return,
        How::Renamed => {
            object.insert(format!("x-{name}"), old);
            return;
        }
        How::Null => Value::Null,
        How::Bool => json!(true),
        How::Number => json!(7),
        How::Text => json!("other"),
        How::Array => json!(["other", 7]),
        How::Object => json!({"other": {"more": [1]}}),
    };
    object.insert(name.to_owned(), new);
}
