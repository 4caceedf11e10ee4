//! Any JSON value. An AppServer's answer has no fixed type, so it is read as plain data and searched by
//! [`reply`](crate::reply).
//!
//! The module walks what the platform's `JSON.parse` returned (`wasm::parse`). On a host, which has none, serde reads by
//! the same rules; both are held against all fixtures.

use std::fmt;

use serde::{
    Serialize, Serializer,
    de::{
        Deserialize, DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess,
        Visitor,
    },
};

/// Containers within so many others are read as [`Json::Null`]: [`reply`](crate::reply) looks at four levels.
pub const MAX_DEPTH: u32 = 12;

/// A JSON value.
///
/// `Debug` prints the kind and never the content, which may be a credential.
#[derive(Clone, PartialEq)]
pub enum Json {
    /// `null`; in JavaScript also `undefined`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number, as JavaScript holds it.
    Number(f64),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// Members in their order, each key once: the last of equal keys wins, as in `JSON.parse`.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The member called exactly `key`, if this is an object that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => {
                members.iter().find(|(name, _)| name == key).map(|(_, value)| value)
            }
            _ => None,
        }
    }

    /// The text, if this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Json {
    /// Whether there is nothing in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Null => true,
            Self::Array(elements) => elements.is_empty(),
            Self::Object(members) => members.is_empty(),
            Self::Bool(_) | Self::Number(_) | Self::String(_) => false,
        }
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(flag) => serializer.serialize_bool(*flag),
            Self::Number(number) => serializer.serialize_f64(*number),
            Self::String(text) => serializer.serialize_str(text),
            Self::Array(elements) => serializer.collect_seq(elements),
            Self::Object(members) => {
                // Written into a plain object, this one would become its prototype.
                let members = members.iter().filter(|(name, _)| name != "__proto__");
                serializer.collect_map(members.map(|(name, value)| (name, value)))
            }
        }
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Json::Null",
            Self::Bool(_) => "Json::Bool",
            Self::Number(_) => "Json::Number",
            Self::String(_) => "Json::String",
            Self::Array(_) => "Json::Array",
            Self::Object(_) => "Json::Object",
        })
    }
}

/// The deserializer's error may quote the value: never show it.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Node { depth: 0 }.deserialize(deserializer)
    }
}

/// One value on its way in.
#[derive(Clone, Copy)]
struct Node {
    depth: u32,
}

impl Node {
    /// What is within it.
    const fn within(self) -> Self {
        Self { depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Node {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Json, E> {
        self.visit_f64(value as f64)
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Json, E> {
        self.visit_f64(value as f64)
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Number(value))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Json, E> {
        Ok(Json::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Json, E> {
        Ok(Json::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        if self.depth >= MAX_DEPTH {
            while access.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(Json::Null);
        }
        let mut elements = Vec::new();
        while let Some(element) = access.next_element_seed(self.within())? {
            elements.push(element);
        }
        Ok(Json::Array(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        if self.depth >= MAX_DEPTH {
            while access.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
            return Ok(Json::Null);
        }
        let mut members: Vec<(String, Json)> = Vec::new();
        while let Some(key) = access.next_key::<String>()? {
            let value = access.next_value_seed(self.within())?;
            match members.iter_mut().find(|(name, _)| *name == key) {
                Some((_, old)) => *old = value,
                None => members.push((key, value)),
            }
        }
        Ok(Json::Object(members))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use serde::de::value::{self, BytesDeserializer};

    use super::*;

    fn read(text: &str) -> Option<Json> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn every_kind_is_read() {
        let json =
            read(r#"{"a":null,"b":[true,-1,2.5,18446744073709551615],"c":{"d":"e"}}"#).unwrap();
        let list = [
            Json::Bool(true),
            Json::Number(-1.0),
            Json::Number(2.5),
            Json::Number(18_446_744_073_709_551_615.0),
        ];
        assert!(json.get("a") == Some(&Json::Null));
        assert!(json.get("b") == Some(&Json::Array(list.into())));
        assert_eq!(json.get("c").and_then(|c| c.get("d")).and_then(Json::as_str), Some("e"));
        assert!(json.get("x").is_none());
    }

    #[test]
    fn the_last_of_equal_keys_wins_as_in_javascript() {
        let json = read(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        let members = [("a".to_owned(), Json::Number(3.0)), ("b".to_owned(), Json::Number(2.0))];
        assert!(json == Json::Object(members.into()));
    }

    #[test]
    fn what_is_too_deep_reads_as_null() {
        let depth = MAX_DEPTH as usize;
        let mut json =
            &read(&(r#"{"a":"#.repeat(depth) + r#"{"a":1}"# + &"}".repeat(depth))).unwrap();
        for _ in 0..depth {
            json = json.get("a").unwrap();
        }
        assert!(*json == Json::Null);
    }

    #[test]
    fn lists_count_as_levels_too() {
        let depth = MAX_DEPTH as usize;
        let mut json = &read(&("[".repeat(depth) + "[1]" + &"]".repeat(depth))).unwrap();
        for _ in 0..depth {
            let Json::Array(elements) = json else { panic!("a list was read") };
            json = &elements[0];
        }
        assert!(*json == Json::Null);
    }

    #[test]
    fn what_json_cannot_hold_is_refused() {
        let bytes = BytesDeserializer::<value::Error>::new(b"CANARY");
        let error = Json::deserialize(bytes).unwrap_err().to_string();
        assert_eq!(error, "invalid type: byte array, expected a JSON value");
    }

    #[test]
    fn debug_shows_the_kind_only() {
        let json = read(r#"[null,true,1,"CANARY",{"CANARY":1}]"#).unwrap();
        assert_eq!(format!("{json:?}"), "Json::Array");
        let Json::Array(elements) = json else { panic!("a list was read") };
        let kinds = "[Json::Null, Json::Bool, Json::Number, Json::String, Json::Object]";
        assert_eq!(format!("{elements:?}"), kinds);
    }
}
