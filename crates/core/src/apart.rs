//! Fields of a reply, read apart from one another: a field that is not what it should be is as absent, and spoils none of the others. For
//! `#[serde(deserialize_with = "…")]`, beside `#[serde(default)]`.
//!
//! ```
//! use std::borrow::Cow;
//!
//! use paymux_core::apart;
//! use serde::Deserialize;
//!
//! #[derive(Deserialize)]
//! struct Reply<'a> {
//!     #[serde(default, borrow, deserialize_with = "apart::text")]
//!     id: Option<Cow<'a, str>>,
//!     #[serde(default, deserialize_with = "apart::flag")]
//!     accepted: Option<bool>,
//!     #[serde(default, deserialize_with = "apart::each")]
//!     operations: Option<Vec<Step>>,
//!     #[serde(default, deserialize_with = "apart::object")]
//!     metadata: Option<Step>,
//! }
//!
//! #[derive(Default, Deserialize)]
//! struct Step {
//!     #[serde(default, deserialize_with = "apart::value")]
//!     amount: Option<i64>,
//! }
//!
//! let text = r#"{"id":"4711","accepted":"yes","operations":[{"amount":100},7],"metadata":{"amount":"much"}}"#;
//! let reply: Reply<'_> = serde_json::from_str(text)?;
//! assert_eq!((reply.id.as_deref(), reply.accepted), (Some("4711"), None));
//! let amounts: Vec<_> = reply.operations.iter().flatten().map(|step| step.amount).collect();
//! assert_eq!(amounts, [Some(100), None]);
//! assert!(reply.metadata.is_some_and(|step| step.amount.is_none()));
//! # Ok::<(), serde_json::Error>(())
//! ```

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::request;

/// A value of any type that is owned. It is looked at twice, so for texts, flags, objects and lists of objects there are the others.
///
/// # Errors
/// The reply is no JSON.
pub fn value<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    borrowed(deserializer)
}

/// The same, of a type that borrows from the reply.
///
/// # Errors
/// The reply is no JSON.
pub fn borrowed<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    let raw = <&RawValue>::deserialize(deserializer)?;
    // A null is read as one, since making an error costs more than reading the value.
    Ok(serde_json::from_str::<Option<T>>(raw.get()).ok().flatten())
}

/// A text, as [`request::text`] reads it: borrowed from the reply where it has no escapes.
///
/// # Errors
/// The reply is no JSON.
pub fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Cow<'de, str>>, D::Error> {
    Ok(request::text(<&RawValue>::deserialize(deserializer)?))
}

/// `true` or `false`.
///
/// # Errors
/// The reply is no JSON, or the field is a text or a number that cannot be held.
pub fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    deserializer.deserialize_any(Only(Flag))
}

/// An object whose own fields are read apart.
///
/// # Errors
/// The reply is no JSON; the field is a text or a number that cannot be held; or a field of the object fails, as one that stands there twice does.
pub fn object<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    deserializer.deserialize_any(Only(Object(PhantomData)))
}

/// A list of such objects. An element that is none is there, with nothing in it.
///
/// # Errors
/// As for [`object`].
pub fn each<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    deserializer.deserialize_any(Only(List(PhantomData)))
}

/// What is made of the one kind of value that a field should hold.
trait Kind<'de>: Sized {
    type Value;

    fn flag(self, _: bool) -> Option<Self::Value> {
        None
    }

    fn object<A: MapAccess<'de>>(self, mut map: A) -> Result<Option<Self::Value>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Self::Value>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}

struct Flag;

impl Kind<'_> for Flag {
    type Value = bool;

    fn flag(self, flag: bool) -> Option<bool> {
        Some(flag)
    }
}

struct Object<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Kind<'de> for Object<T> {
    type Value = T;

    fn object<A: MapAccess<'de>>(self, map: A) -> Result<Option<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Some)
    }
}

struct List<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de> + Default> Kind<'de> for List<T> {
    type Value = Vec<T>;

    fn list<A: SeqAccess<'de>>(self, mut list: A) -> Result<Option<Vec<T>>, A::Error> {
        let mut items = Vec::new();
        while let Some(Element(item)) = list.next_element()? {
            items.push(item);
        }
        Ok(Some(items))
    }
}

struct Element<T>(T);

impl<'de, T: Deserialize<'de> + Default> Deserialize<'de> for Element<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self(object(deserializer)?.unwrap_or_default()))
    }
}

/// Reads this kind; any other value is passed over.
struct Only<K>(K);

impl<'de, K: Kind<'de>> Visitor<'de> for Only<K> {
    type Value = Option<K::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(self.0.flag(flag))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    #[expect(clippy::disallowed_types, reason = "what is passed over has a type all the same")]
    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        self.0.object(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self::Value, A::Error> {
        self.0.list(list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    struct Part {
        #[serde(default, deserialize_with = "value")]
        amount: Option<i64>,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Whole {
        #[serde(default, deserialize_with = "flag")]
        flag: Option<bool>,
        #[serde(default, deserialize_with = "object")]
        part: Option<Part>,
        #[serde(default, deserialize_with = "each")]
        parts: Option<Vec<Part>>,
        #[serde(default, deserialize_with = "value")]
        last: Option<u8>,
    }

    fn whole(text: &str) -> Whole {
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_value_of_another_kind_is_absent_and_spoils_nothing() {
        for other in [
            "null",
            "7",
            "-7",
            "1.5",
            "\"text\"",
            "\"a\\nb\"",
            "[]",
            "[1]",
            "[[{}],{\"a\":[]}]",
            "{}",
            "{\"a\":{\"b\":[1]}}",
            "true",
        ] {
            let read = whole(&format!(
                r#"{{"flag":{other},"part":{other},"parts":{other},"last":9}}"#
            ));
            assert_eq!(read.last, Some(9), "{other}");
            assert_eq!(read.flag, (other == "true").then_some(true), "{other}");
            assert_eq!(read.part.is_some(), other.starts_with('{'), "{other}");
            assert_eq!(read.parts.is_some(), other.starts_with('['), "{other}");
        }
        assert_eq!(whole("{}").part, None);
    }

    #[test]
    fn each_element_is_read_apart() {
        let read =
            whole(r#"{"parts":[{"amount":1},null,{"amount":"x"},"text",[{"amount":2}],{"amount":3,"more":{}}]}"#);
        let amounts: Vec<_> = read.parts.unwrap().into_iter().map(|part| part.amount).collect();
        assert_eq!(amounts, [Some(1), None, None, None, None, Some(3)]);
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in [
            r#"{"parts":[{"amount":1}"#,
            r#"{"part":{"amount":1,"amount":2}}"#,
            r#"{"flag":tru}"#,
            r#"{"part":{]}"#,
        ] {
            assert!(serde_json::from_str::<Whole>(text).is_err(), "{text}");
        }
    }
}
