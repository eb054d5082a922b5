//! Lenient reading of the Hub's JSON: a missing, null or strange field is an absent value, never an
//! error. Numbers may come as strings.

use std::fmt;

use chrono::{DateTime, NaiveDateTime, Utc};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;

pub(crate) fn text(value: &Value, key: &str) -> Option<String> {
    match value.get(key)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Like [`text`], with an empty text as absent.
pub(crate) fn word(value: &Value, key: &str) -> Option<String> {
    text(value, key).filter(|text| !text.trim().is_empty())
}

pub(crate) fn float(value: &Value, key: &str) -> Option<f64> {
    let number = match value.get(key)? {
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => text.trim().parse().ok()?,
        _ => return None,
    };
    number.is_finite().then_some(number)
}

pub(crate) fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) if number.is_i64() => number.as_i64(),
        _ => to_integer(float(value, key)?),
    }
}

pub(crate) fn count(value: &Value, key: &str) -> Option<u64> {
    u64::try_from(integer(value, key)?).ok()
}

pub(crate) fn boolean(value: &Value, key: &str) -> Option<bool> {
    match value.get(key)? {
        Value::Bool(yes) => Some(*yes),
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        _ => None,
    }
}

pub(crate) fn time(value: &Value, key: &str) -> Option<DateTime<Utc>> {
    match value.get(key)? {
        Value::String(text) => parse_time(text),
        Value::Number(seconds) => DateTime::from_timestamp(seconds.as_i64()?, 0),
        _ => None,
    }
}

pub(crate) fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

pub(crate) fn texts(value: &Value, key: &str) -> Vec<String> {
    list(value, key).iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Reads an ISO 8601 time with a fraction of any length; without an offset it is UTC.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    let local = text.strip_suffix('Z').unwrap_or(text);
    ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .iter()
        .find_map(|format| NaiveDateTime::parse_from_str(local, format).ok())
        .map(|time| time.and_utc())
}

#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn to_integer(number: f64) -> Option<i64> {
    (number.abs() < 9e15).then_some(number as i64)
}

/// A number that may also come as text; anything else is absent. For typed reading of what comes
/// every second.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number(pub(crate) Option<f64>);

impl Number {
    pub(crate) fn count(self) -> Option<u64> {
        u64::try_from(to_integer(self.0?)?).ok()
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;

        impl<'de> Visitor<'de> for Any {
            type Value = Number;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("anything")
            }

            fn visit_f64<E>(self, number: f64) -> Result<Number, E> {
                Ok(Number(number.is_finite().then_some(number)))
            }

            #[expect(clippy::cast_precision_loss, reason = "no measured value is that large")]
            fn visit_i64<E>(self, number: i64) -> Result<Number, E> {
                Ok(Number(Some(number as f64)))
            }

            #[expect(clippy::cast_precision_loss, reason = "no measured value is that large")]
            fn visit_u64<E>(self, number: u64) -> Result<Number, E> {
                Ok(Number(Some(number as f64)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Number, E> {
                Ok(Number(text.trim().parse().ok().filter(|number: &f64| number.is_finite())))
            }

            fn visit_bool<E>(self, _: bool) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_unit<E>(self) -> Result<Number, E> {
                Ok(Number(None))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Number, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Number(None))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Number, A::Error> {
                while seq.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Number(None))
            }
        }

        deserializer.deserialize_any(Any)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn numbers_are_read_from_numbers_and_from_text_and_nothing_else() {
        let value =
            json!({"a": 3, "b": "4.5", "c": null, "d": [], "e": "many", "f": -1, "g": 1e300});
        assert_eq!(float(&value, "a"), Some(3.0));
        assert_eq!(float(&value, "b"), Some(4.5));
        assert_eq!(integer(&value, "b"), Some(4));
        assert_eq!(integer(&value, "f"), Some(-1));
        assert_eq!(count(&value, "f"), None);
        assert_eq!(integer(&value, "g"), None);
        for key in ["c", "d", "e", "missing"] {
            assert_eq!(float(&value, key), None, "{key}");
        }
        for (key, number) in [("a", Some(3.0)), ("b", Some(4.5)), ("c", None), ("d", None)] {
            let typed: Number = serde_json::from_value(value[key].clone()).unwrap();
            assert_eq!(typed.0, number, "{key}");
        }
    }

    #[test]
    fn times_are_read_with_any_fraction_and_with_or_without_an_offset() {
        let whole = "2026-07-07T08:54:32Z".parse::<DateTime<Utc>>().unwrap();
        for text in [
            "2026-07-07T08:54:32.000000000Z",
            "2026-07-07T08:54:32.000Z",
            "2026-07-07T08:54:32",
            "2026-07-07 08:54:32",
            "2026-07-07T10:54:32+02:00",
            "2026-07-07T08:54:32.000000000000Z",
        ] {
            assert_eq!(parse_time(text), Some(whole), "{text}");
        }
        assert_eq!(parse_time("yesterday"), None);
    }
}
