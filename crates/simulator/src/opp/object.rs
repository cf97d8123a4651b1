//! JSON objects in the making.

use serde_json::{Map, Value};

use super::codes;

/// The result member for a code.
pub(super) fn result(code: &str) -> Object {
    Object::default()
        .text("code", code)
        .text("description", codes::describe(code))
}

/// A JSON object in the making.
#[derive(Clone, Debug, Default)]
pub(super) struct Object(Map<String, Value>);

impl Object {
    /// Adds a text.
    pub(super) fn text(mut self, name: &str, value: &str) -> Self {
        self.0.insert(name.to_owned(), Value::from(value));
        self
    }

    /// Adds a text if there is one.
    pub(super) fn maybe(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.text(name, value),
            None => self,
        }
    }

    /// Adds an object.
    pub(super) fn object(mut self, name: &str, value: Self) -> Self {
        self.0.insert(name.to_owned(), value.value());
        self
    }

    /// Adds any value.
    pub(super) fn with(mut self, name: &str, value: Value) -> Self {
        self.0.insert(name.to_owned(), value);
        self
    }

    /// Adds a list.
    pub(super) fn list(mut self, name: &str, values: Vec<Value>) -> Self {
        self.0.insert(name.to_owned(), Value::Array(values));
        self
    }

    /// The finished object.
    pub(super) fn value(self) -> Value {
        Value::Object(self.0)
    }
}
