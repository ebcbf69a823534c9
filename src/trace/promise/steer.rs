//! Making an event so that a pattern takes it.

use serde_json::{Map, Value as Json};

use crate::template::event_pattern::OR;

/// Puts a value into each field that a pattern asks for, where it says one.
pub fn steer(event: &mut Json, pattern: &Json) {
    let Json::Object(fields) = pattern else { return };
    for (key, asked) in fields {
        match asked {
            Json::Array(alternatives) if key == OR => {
                if let Some(first) = alternatives.first() {
                    steer(event, first);
                }
            }
            Json::Array(tests) => {
                let own = event.get(key);
                if own.is_some_and(|own| tests.contains(own)) {
                    continue;
                }
                if let (Some(value), Json::Object(map)) = (tests.iter().find_map(value_for), &mut *event) {
                    map.insert(key.clone(), value);
                }
            }
            Json::Object(_) => {
                let Json::Object(map) = &mut *event else { return };
                steer(map.entry(key.clone()).or_insert_with(|| Json::Object(Map::new())), asked);
            }
            _ => {}
        }
    }
}

/// A value that a test takes, if it says one.
fn value_for(test: &Json) -> Option<Json> {
    match test {
        Json::Object(map) => {
            ["prefix", "suffix", "equals-ignore-case"].iter().find_map(|name| match map.get(*name)? {
                Json::Object(inner) => inner.get("equals-ignore-case").cloned(),
                other => Some(other.clone()),
            })
        }
        Json::Array(_) => None,
        scalar => Some(scalar.clone()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_event_gets_what_a_pattern_says() {
        let pattern = json!({
            "source": ["shop"],
            "detail-type": [{"prefix": "Order "}],
            "$or": [{"detail": {"state": ["b", "a"], "total": [{"numeric": [">", 1]}]}}, {"x": [1]}],
        });
        let mut event = json!({"source": "text", "detail": {"state": "a", "total": 5}});
        steer(&mut event, &pattern);
        assert_eq!(event, json!({"source": "shop", "detail-type": "Order ", "detail": {"state": "a", "total": 5}}));
    }
}
