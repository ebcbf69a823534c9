//! Pairs of patterns and events with the answer that the library of the service gives, and a second matcher to compare
//! with.

#![allow(clippy::unreadable_literal, reason = "numbers stand here as events have them")]

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::{Answer, Pattern};
use crate::template::event_pattern::HOLE;

fn answer(pattern: &Json, event: &Json) -> bool {
    Pattern::read(pattern).unwrap_or_else(|wrong| panic!("{pattern}: {wrong}")).matches(event)
}

/// The values of a field `a` that items of its list take, and those that they do not.
#[track_caller]
fn takes(items: &Json, yes: &[Json], no: &[Json]) {
    let pattern = json!({"a": items});
    for value in yes {
        assert!(answer(&pattern, &json!({"a": value})), "{pattern} does not take {value}");
        assert!(
            answer(&pattern, &json!({"a": [[], "other\u{1}", value]})),
            "{pattern} does not take {value} in a list"
        );
    }
    for value in no {
        assert!(!answer(&pattern, &json!({"a": value})), "{pattern} takes {value}");
    }
}

#[test]
fn plain_values_are_equal_by_type() {
    takes(
        &json!(["x"]),
        &[json!("x")],
        &[json!("X"), json!("xx"), json!(""), json!(null), json!(["y"]), json!({"x": "x"})],
    );
    takes(&json!([""]), &[json!("")], &[json!(null), json!(" "), json!([]), json!({})]);
    takes(&json!([null]), &[json!(null)], &[json!("null"), json!(""), json!(false), json!(0)]);
    takes(&json!([true]), &[json!(true)], &[json!("true"), json!(false), json!(1)]);
    takes(&json!(["1"]), &[json!("1")], &[json!(1), json!("1.0")]);
    takes(&json!(["a", "b", 3]), &[json!("a"), json!("b"), json!(3)], &[json!("3"), json!("c")]);
    takes(&json!(["ä"]), &[json!("ä")], &[json!("Ä"), json!("a")]);
    takes(&json!([{"exactly": "x"}]), &[json!("x")], &[json!("X")]);
    takes(&json!(["a\"b"]), &[json!("a\"b")], &[json!("ab")]);
}

#[test]
fn numbers_are_compared_by_value_to_six_decimals() {
    takes(&json!([300]), &[json!(300), json!(300.0), json!(3.0e2)], &[json!("300"), json!(300.000001), json!(30)]);
    takes(&json!([0.1]), &[json!(0.1), json!(0.100000)], &[json!(0.100001), json!(0.1000001)]);
    takes(&json!([-0.5]), &[json!(-0.5)], &[json!(0.5)]);
    takes(&json!([0]), &[json!(0), json!(0.0), json!(-0.0)], &[json!(0.000001), json!(false), json!("0")]);
    // Beyond five thousand million a number is what is written.
    takes(
        &json!([111_122_223_333_i64]),
        &[json!(111_122_223_333_i64)],
        &[json!("111122223333"), json!(111_122_223_334_i64)],
    );
    takes(&json!([0.1234567]), &[json!(0.1234567)], &[json!(0.123456), json!(0.1234568)]);
}

#[test]
fn ranges_of_numbers() {
    takes(
        &json!([{"numeric": [">", 0, "<=", 5]}]),
        &[json!(0.000001), json!(5), json!(5.0)],
        &[json!(0), json!(5.000001), json!("3"), json!(null)],
    );
    takes(&json!([{"numeric": [">=", 0, "<", 5]}]), &[json!(0), json!(4.999999)], &[json!(5), json!(-0.000001)]);
    takes(
        &json!([{"numeric": ["<", 10]}]),
        &[json!(9), json!(-5_000_000_000_i64)],
        &[json!(10), json!(11), json!(-5_000_000_001_i64)],
    );
    takes(&json!([{"numeric": ["<=", 10]}]), &[json!(10)], &[json!(10.000001)]);
    takes(
        &json!([{"numeric": [">", -10]}]),
        &[json!(-9), json!(5_000_000_000_i64)],
        &[json!(-10), json!(5_000_000_001_i64)],
    );
    takes(&json!([{"numeric": [">=", 10]}]), &[json!(10)], &[json!(9.999999)]);
    takes(&json!([{"numeric": ["=", 3.018e2]}]), &[json!(301.8)], &[json!(301.80001), json!("301.8")]);
    // With seven decimals a number is none that is compared.
    takes(&json!([{"numeric": [">", 0]}]), &[json!(0.5)], &[json!(0.1234567)]);
}

#[test]
fn prefixes_and_suffixes() {
    takes(
        &json!([{"prefix": "ab"}]),
        &[json!("ab"), json!("abc")],
        &[json!("a"), json!("xab"), json!("AB"), json!(12)],
    );
    takes(&json!([{"prefix": ""}]), &[json!(""), json!("x")], &[json!(1), json!(null), json!(true)]);
    takes(
        &json!([{"suffix": "ab"}]),
        &[json!("ab"), json!("xab")],
        &[json!("b"), json!("abx"), json!("aB"), json!(12)],
    );
    takes(&json!([{"suffix": ""}]), &[json!(""), json!("x")], &[json!(1), json!(null)]);
    takes(
        &json!([{"prefix": {"equals-ignore-case": "aB"}}]),
        &[json!("Abc"), json!("ABC"), json!("ab")],
        &[json!("ba"), json!("a")],
    );
    takes(
        &json!([{"suffix": {"equals-ignore-case": ".PNG"}}]),
        &[json!("a.png"), json!(".Png")],
        &[json!("png"), json!("a.png ")],
    );
    takes(&json!([{"prefix": "1"}]), &[json!("1")], &[json!(1)]);
    takes(&json!([{"suffix": "ö"}]), &[json!("xö")], &[json!("xo")]);
}

#[test]
fn case_is_ignored_by_letter() {
    takes(
        &json!([{"equals-ignore-case": "Shop"}]),
        &[json!("shop"), json!("SHOP"), json!("sHoP")],
        &[json!("shops"), json!("sho"), json!(null)],
    );
    takes(&json!([{"equals-ignore-case": "ÄÖ"}]), &[json!("äÖ"), json!("ÄÖ")], &[json!("AO")]);
    takes(&json!([{"equals-ignore-case": ""}]), &[json!("")], &[json!("x"), json!(null)]);
}

#[test]
fn wildcards() {
    takes(&json!([{"wildcard": "*"}]), &[json!(""), json!("x")], &[json!(1), json!(true), json!(null)]);
    takes(&json!([{"wildcard": "a*"}]), &[json!("a"), json!("abc")], &[json!("ba"), json!("")]);
    takes(&json!([{"wildcard": "*a"}]), &[json!("a"), json!("bca"), json!("aa")], &[json!("ab")]);
    takes(
        &json!([{"wildcard": "a*b*c"}]),
        &[json!("abc"), json!("axxbbc"), json!("abcbc")],
        &[json!("ab"), json!("acb"), json!("abcx")],
    );
    takes(
        &json!([{"wildcard": "*/lib/*"}]),
        &[json!("/lib/"), json!("x/lib/y"), json!("/lib/lib/")],
        &[json!("lib/"), json!("x/Lib/y")],
    );
    takes(&json!([{"wildcard": "a\\*b"}]), &[json!("a*b")], &[json!("axb"), json!("ab")]);
    takes(&json!([{"wildcard": "a\\\\*"}]), &[json!("a\\"), json!("a\\x")], &[json!("a"), json!("ax")]);
    takes(&json!([{"wildcard": "*aab*"}]), &[json!("aaab"), json!("xaaaab")], &[json!("aba")]);
}

#[test]
fn anything_but() {
    takes(
        &json!([{"anything-but": "x"}]),
        &[json!("y"), json!(1), json!(null), json!(true), json!("")],
        &[json!("x"), json!([]), json!({})],
    );
    takes(
        &json!([{"anything-but": ["x", "y"]}]),
        &[json!("z"), json!(5)],
        &[json!("x"), json!("y"), json!(["x", "y"])],
    );
    // One item that is none of them is enough.
    takes(&json!([{"anything-but": ["x"]}]), &[json!(["x", "z"])], &[json!(["x", "x"])]);
    takes(&json!([{"anything-but": 5}]), &[json!(4), json!("5"), json!(null)], &[json!(5), json!(5.0), json!(5.0e0)]);
    takes(&json!([{"anything-but": [1, 2]}]), &[json!(3), json!("1")], &[json!(1), json!(2.0)]);
    takes(&json!([{"anything-but": {"prefix": "a"}}]), &[json!("b"), json!(1), json!("")], &[json!("a"), json!("ab")]);
    takes(&json!([{"anything-but": {"prefix": ["a", "b"]}}]), &[json!("c")], &[json!("ax"), json!("bx")]);
    takes(
        &json!([{"anything-but": {"suffix": ".tmp"}}]),
        &[json!("a.txt"), json!(1)],
        &[json!("a.tmp"), json!(".tmp")],
    );
    takes(
        &json!([{"anything-but": {"equals-ignore-case": ["Ab", "c"]}}]),
        &[json!("abc"), json!(1)],
        &[json!("aB"), json!("C")],
    );
    takes(&json!([{"anything-but": {"wildcard": "*/lib/*"}}]), &[json!("/bin/")], &[json!("/lib/x")]);
    takes(&json!([{"anything-but": {"wildcard": ["a*", "*z"]}}]), &[json!("b")], &[json!("a"), json!("xz")]);
    takes(&json!([{"anything-but": ""}]), &[json!("x"), json!(null)], &[json!("")]);
    // Two matchers are alternatives.
    takes(&json!([{"anything-but": "x"}, {"anything-but": "y"}]), &[json!("x"), json!("y")], &[]);
}

#[test]
fn addresses() {
    takes(
        &json!([{"cidr": "10.0.0.0/24"}]),
        &[json!("10.0.0.0"), json!("10.0.0.33"), json!("10.0.0.255")],
        &[json!("10.0.1.0"), json!("9.255.255.255"), json!("10.0.0"), json!("x"), json!(10)],
    );
    takes(&json!([{"cidr": "10.0.0.0/8"}]), &[json!("10.255.1.2")], &[json!("11.0.0.0")]);
    takes(
        &json!([{"cidr": "192.168.4.0/22"}]),
        &[json!("192.168.7.255"), json!("192.168.4.0")],
        &[json!("192.168.8.0"), json!("192.168.3.255")],
    );
    takes(
        &json!([{"cidr": "54.240.196.128/25"}]),
        &[json!("54.240.196.128"), json!("54.240.196.255")],
        &[json!("54.240.196.127")],
    );
    takes(&json!([{"cidr": "10.0.0.0/31"}]), &[json!("10.0.0.0"), json!("10.0.0.1")], &[json!("10.0.0.2")]);
    takes(
        &json!([{"cidr": "2001:db8::/32"}]),
        &[json!("2001:db8::1"), json!("2001:0DB8:ffff::")],
        &[json!("2001:db9::"), json!("::1")],
    );
    takes(&json!([{"cidr": "2001:db8::/127"}]), &[json!("2001:db8::"), json!("2001:db8::1")], &[json!("2001:db8::2")]);
    // A text that is an address is compared as one.
    takes(&json!(["10.0.0.1"]), &[json!("10.0.0.1")], &[json!("10.0.0.2"), json!("10.0.0.10")]);
    takes(&json!(["2001:db8::f"]), &[json!("2001:db8:0:0::f"), json!("2001:DB8::F")], &[json!("2001:db8::e")]);
    takes(&json!(["255.255.255.255"]), &[json!("255.255.255.255")], &[json!("255.255.255.254")]);
    takes(&json!(["::9"]), &[json!("::9")], &[json!("::a"), json!("::8")]);
    takes(&json!(["300.0.0.1"]), &[json!("300.0.0.1")], &[json!("300.0.0.2")]);
    takes(&json!([{"cidr": "10.0.0.0/24"}, "office"]), &[json!("office"), json!("10.0.0.9")], &[json!("home")]);
    // Beside an address, an address is no text any more.
    takes(&json!([{"cidr": "10.0.0.0/24"}, {"prefix": "192."}]), &[json!("192.x")], &[json!("192.168.0.1")]);
}

#[test]
fn being_there_is_asked_of_leaves() {
    let there = json!({"a": {"b": [{"exists": true}]}});
    let absent = json!({"a": {"b": [{"exists": false}]}});
    for (event, is_there) in [
        (json!({"a": {"b": 1}}), true),
        (json!({"a": {"b": null}}), true),
        (json!({"a": {"b": ""}}), true),
        (json!({"a": {"b": ["x"]}}), true),
        (json!({"a": {"b": []}}), false),
        (json!({"a": {"b": {}}}), false),
        (json!({"a": {"b": {"c": 1}}}), false),
        (json!({"a": {}}), false),
        (json!({"a": 1}), false),
        (json!({}), false),
        (json!({"a": [{"b": 1}, {"c": 2}]}), true),
        (json!({"a": [{"b": {}}]}), false),
        (json!({"a.b": 5}), true),
    ] {
        assert_eq!(answer(&there, &event), is_there, "{event}");
        assert_eq!(answer(&absent, &event), !is_there, "{event}");
    }
    takes(&json!([{"exists": false}, "x"]), &[json!("x")], &[json!("y")]);
    assert!(answer(&json!({"a": [{"exists": false}, "x"]}), &json!({})));
}

#[test]
fn all_fields_must_match() {
    let pattern = json!({"source": ["shop"], "detail": {"state": ["open", "new"], "total": [{"numeric": [">", 10]}]}});
    let event = |source: &str, state: &str, total: i32| json!({"source": source, "detail": {"state": state, "total": total}, "other": 1});
    assert!(answer(&pattern, &event("shop", "open", 11)));
    assert!(answer(&pattern, &event("shop", "new", 11)));
    assert!(!answer(&pattern, &event("shop", "closed", 11)));
    assert!(!answer(&pattern, &event("shop", "open", 10)));
    assert!(!answer(&pattern, &event("other", "open", 11)));
    assert!(!answer(&pattern, &json!({"source": "shop"})));
}

#[test]
fn names_are_joined_by_dots() {
    for event in
        [json!({"a": {"b.c": 1}}), json!({"a.b": {"c": 1}}), json!({"a.b.c": 1}), json!({"a": {"b": {"c": 1}}})]
    {
        assert!(answer(&json!({"a": {"b": {"c": [1]}}}), &event), "{event}");
        assert!(answer(&json!({"a": {"b.c": [1]}}), &event), "{event}");
        assert!(answer(&json!({"a.b.c": [1]}), &event), "{event}");
    }
}

#[test]
fn what_is_met_in_a_list_is_met_by_one_item() {
    let pattern = json!({"a": {"x": [1], "y": [2]}});
    assert!(answer(&pattern, &json!({"a": [{"x": 1, "y": 2}]})));
    assert!(answer(&pattern, &json!({"a": [{"x": 0, "y": 0}, {"x": 1, "y": 2}]})));
    assert!(!answer(&pattern, &json!({"a": [{"x": 1, "y": 0}, {"x": 0, "y": 2}]})));
    assert!(answer(&pattern, &json!({"a": [{"x": [0, 1], "y": [2, 3]}]})));
    // Two lists are two choices.
    let two = json!({"a": {"x": [1]}, "b": {"y": [2]}});
    assert!(answer(&two, &json!({"a": [{"x": 0}, {"x": 1}], "b": [{"y": 2}, {"y": 0}]})));
    // Lists in lists.
    let deep = json!({"a": {"b": {"x": [1], "y": [2]}, "z": [3]}});
    assert!(answer(&deep, &json!({"a": [{"b": [{"x": 1, "y": 2}], "z": 3}]})));
    assert!(!answer(&deep, &json!({"a": [{"b": [{"x": 1, "y": 2}], "z": 0}, {"b": [], "z": 3}]})));
    assert!(!answer(&deep, &json!({"a": [{"b": [{"x": 1}, {"y": 2}], "z": 3}]})));
    // A field that is missing is missing in the item that the others are met by.
    let absent = json!({"a": {"x": [1], "y": [{"exists": false}]}});
    assert!(answer(&absent, &json!({"a": [{"x": 1}, {"x": 2, "y": 2}]})));
    assert!(!answer(&absent, &json!({"a": [{"x": 1, "y": 3}, {"x": 2}]})));
}

#[test]
fn alternatives_between_patterns() {
    let pattern = json!({"s": ["x"], "$or": [{"a": [1]}, {"b": [2], "c": [3]}]});
    assert!(answer(&pattern, &json!({"s": "x", "a": 1})));
    assert!(answer(&pattern, &json!({"s": "x", "b": 2, "c": 3})));
    assert!(!answer(&pattern, &json!({"s": "x", "b": 2})));
    assert!(!answer(&pattern, &json!({"a": 1})));
    let nested =
        json!({"d": {"$or": [{"a": [1]}, {"$or": [{"b": [2]}, {"c": [3]}]}]}, "$or": [{"e": [4]}, {"f": [5]}]});
    assert!(answer(&nested, &json!({"d": {"c": 3}, "f": 5})));
    assert!(!answer(&nested, &json!({"d": {"c": 3}})));
    // What is said later takes the place of what was said before, and only of that.
    let over = json!({"a": [1], "$or": [{"a": [2]}, {"b": [3]}]});
    assert!(answer(&over, &json!({"a": 2})));
    assert!(answer(&over, &json!({"a": 1, "b": 3})));
    assert!(!answer(&over, &json!({"a": 1})));
    let after = json!({"$or": [{"a": [1]}, {"b": [2]}], "a": [3]});
    assert!(answer(&after, &json!({"a": 3})));
    assert!(!answer(&after, &json!({"a": 1})));
}

#[test]
fn what_the_library_refuses() {
    for pattern in [
        json!([]),
        json!({}),
        json!({"a": "x"}),
        json!({"a": []}),
        json!({"a": {}}),
        json!({"a": [[1]]}),
        json!({"a": [{}]}),
        json!({"a": [{"prefix": "a", "suffix": "b"}]}),
        json!({"a": [{"prefx": "a"}]}),
        json!({"a": [{"prefix": 1}]}),
        json!({"a": [{"prefix": {"suffix": "a"}}]}),
        json!({"a": [{"exists": "true"}]}),
        json!({"a": [{"cidr": "10.0.0.0/32"}]}),
        json!({"a": [{"cidr": "2001:db8::/128"}]}),
        json!({"a": [{"cidr": "10.0.0.0"}]}),
        json!({"a": [{"numeric": [">", 5, "<", 1]}]}),
        json!({"a": [{"numeric": ["<", 1, ">", 0]}]}),
        json!({"a": [{"numeric": [">", 5_000_000_001_i64]}]}),
        json!({"a": [{"numeric": [">", 0.1234567]}]}),
        json!({"a": [{"numeric": []}]}),
        json!({"a": [{"anything-but": []}]}),
        json!({"a": [{"anything-but": [1, "a"]}]}),
        json!({"a": [{"anything-but": {"prefix": ""}}]}),
        json!({"a": [{"anything-but": {"exists": true}}]}),
        json!({"a": [{"anything-but": null}]}),
        json!({"a": [{"wildcard": "a**"}]}),
        json!({"a": [{"wildcard": "\\a"}]}),
        json!({"$or": [{"a": [1]}]}),
        json!({"$or": {"a": [1]}}),
        json!({"$or": [{"prefix": [1]}, {"a": [1]}]}),
    ] {
        assert!(Pattern::read(&pattern).is_err(), "{pattern}");
    }
}

#[test]
fn what_is_unknown_may_match() {
    let hole = HOLE.to_string();
    let pattern = Pattern::read(&json!({"a": [hole], "b": [1]})).unwrap();
    assert_eq!(pattern.answer(&json!({"a": "x", "b": 1})), Answer::Perhaps);
    assert_eq!(pattern.answer(&json!({"a": "x", "b": 2})), Answer::No);
    assert_eq!(pattern.answer(&json!({"b": 1})), Answer::No);
}

#[test]
fn a_miss_names_the_field_and_what_is_near() {
    let event = json!({"detail-type": "Order Placed", "source": "shop", "account": "111122223333",
        "detail": {"Total": 5, "state": "OPEN", "lines": [{"n": 1, "t": 1}, {"n": 2, "t": 2}], "box": {"w": 1}}});
    for (pattern, path, has, near) in [
        (json!({"detailType": ["Order Placed"]}), "detailType", "no such field", Some("the event has `detail-type`")),
        (json!({"detail": {"total": [5]}}), "detail.total", "no such field", Some("the event has `detail.Total`")),
        (
            json!({"detail": {"state": ["open"]}}),
            "detail.state",
            "`OPEN`",
            Some("`open` differs only in capitals; `equals-ignore-case` would not mind"),
        ),
        (
            json!({"detail": {"Total": ["5"]}}),
            "detail.Total",
            "5",
            Some("the event has a number, and `\"5\"` is a text"),
        ),
        (
            json!({"account": [111_122_223_333_i64]}),
            "account",
            "`111122223333`",
            Some("the event has a text, and 111122223333 without quotes is a number"),
        ),
        (json!({"state": ["OPEN"]}), "state", "no such field", Some("the event has `detail.state`")),
        (json!({"source": ["shp"]}), "source", "`shop`", Some("`shp` is close to it")),
        (
            json!({"detail": {"box": ["x"]}}),
            "detail.box",
            "an object, and a list is compared with values",
            Some("fields inside of it, for example `detail.box.w`"),
        ),
        (
            json!({"detail": {"source": ["shop"]}}),
            "detail.source",
            "no such field",
            Some("the event has `source` at its top"),
        ),
        (json!({"source": [{"prefix": "aws."}]}), "source", "`shop`", None),
        (
            json!({"detail": {"lines": {"n": [1], "t": [2]}}}),
            "detail.lines.t",
            "it in another item of a list than `detail.lines.n`",
            Some("what is met in a list must be met by one item of it"),
        ),
        // Of the branches, the one that is nearest.
        (
            json!({"source": ["shop"], "$or": [{"x": [1], "y": [1]}, {"detail": {"state": ["SHUT"]}}]}),
            "detail.state",
            "`OPEN`",
            None,
        ),
    ] {
        let compiled = Pattern::read(&pattern).unwrap();
        assert!(!compiled.matches(&event), "{pattern}");
        let miss = compiled.miss(&event);
        assert_eq!((miss.path.as_str(), miss.has.as_str(), miss.near.as_deref()), (path, has, near), "{pattern}");
    }
}

/// A second matcher, written the long way: it goes through the event for every combination of branches and items, and
/// shares nothing with the first but the idea of a path.
mod naive {
    use std::collections::BTreeMap;

    use serde_json::Value as Json;

    type Rule = BTreeMap<String, Vec<Json>>;
    type Leaf = (String, Json, BTreeMap<Vec<String>, usize>);

    fn rules(pattern: &Json, at: &str, mut so_far: Vec<Rule>) -> Vec<Rule> {
        for (key, value) in pattern.as_object().unwrap() {
            let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
            if key == "$or" {
                let before = so_far;
                so_far = value.as_array().unwrap().iter().flat_map(|one| rules(one, at, before.clone())).collect();
            } else if value.is_object() {
                so_far = rules(value, &path, so_far);
            } else {
                for rule in &mut so_far {
                    rule.insert(path.clone(), value.as_array().unwrap().clone());
                }
            }
        }
        so_far
    }

    fn leaves(value: &Json, path: &str, way: &[String], chosen: &BTreeMap<Vec<String>, usize>, all: &mut Vec<Leaf>) {
        match value {
            Json::Object(map) => {
                for (key, value) in map {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    leaves(value, &path, &[way, &[format!("k{key}")]].concat(), chosen, all);
                }
            }
            Json::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    let mut chosen = chosen.clone();
                    if item.is_object() || item.is_array() {
                        chosen.insert(way.to_vec(), index);
                    }
                    leaves(item, path, &[way, &[format!("i{index}")]].concat(), &chosen, all);
                }
            }
            other => all.push((path.to_owned(), other.clone(), chosen.clone())),
        }
    }

    fn one(item: &Json, value: &Json) -> bool {
        let text = value.as_str();
        match item {
            Json::Object(map) => {
                let (name, what) = map.iter().next().unwrap();
                match name.as_str() {
                    "prefix" => text.is_some_and(|text| text.starts_with(what.as_str().unwrap())),
                    "suffix" => text.is_some_and(|text| text.ends_with(what.as_str().unwrap())),
                    "equals-ignore-case" => text.is_some_and(|text| text.eq_ignore_ascii_case(what.as_str().unwrap())),
                    "exists" => what.as_bool().unwrap(),
                    "wildcard" => text.is_some_and(|text| like(text.as_bytes(), what.as_str().unwrap().as_bytes())),
                    "numeric" => {
                        let parts = what.as_array().unwrap();
                        value.as_f64().is_some_and(|number| {
                            parts.chunks(2).all(|pair| {
                                let limit = pair[1].as_f64().unwrap();
                                match pair[0].as_str().unwrap() {
                                    "<" => number < limit,
                                    "<=" => number <= limit,
                                    ">" => number > limit,
                                    ">=" => number >= limit,
                                    _ => (number - limit).abs() < 1e-9,
                                }
                            })
                        })
                    }
                    "anything-but" => match what {
                        Json::Object(_) => !one(what, value),
                        Json::Array(items) => !items.iter().any(|item| one(item, value)),
                        item => !one(item, value),
                    },
                    _ => unreachable!(),
                }
            }
            Json::Number(number) => value.as_f64().is_some_and(|value| (value - number.as_f64().unwrap()).abs() < 1e-9),
            plain => plain == value,
        }
    }

    fn like(text: &[u8], pattern: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|at| like(&text[at..], rest)),
            Some((byte, rest)) => text.first() == Some(byte) && like(&text[1..], rest),
        }
    }

    fn met(fields: &[(&String, &Vec<Json>)], leaves: &[Leaf], chosen: &BTreeMap<Vec<String>, usize>) -> bool {
        let Some(((path, items), rest)) = fields.split_first() else { return true };
        let fits = |leaf: &&Leaf| {
            leaf.0 == **path && leaf.2.iter().all(|(list, at)| chosen.get(list).is_none_or(|it| it == at))
        };
        let here: Vec<&Leaf> = leaves.iter().filter(fits).collect();
        let absent = items.iter().any(|item| item.get("exists") == Some(&Json::Bool(false)));
        if here.is_empty() && absent && met(rest, leaves, chosen) {
            return true;
        }
        here.iter().any(|leaf| {
            let mut chosen = chosen.clone();
            chosen.extend(leaf.2.clone());
            items.iter().any(|item| one(item, &leaf.1)) && met(rest, leaves, &chosen)
        })
    }

    pub fn matches(pattern: &Json, event: &Json) -> bool {
        let mut all = Vec::new();
        leaves(event, "", &[], &BTreeMap::new(), &mut all);
        rules(pattern, "", vec![Rule::new()])
            .iter()
            .any(|rule| met(&rule.iter().collect::<Vec<_>>(), &all, &BTreeMap::new()))
    }
}

fn scalar() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => "[ab]{0,3}".prop_map(Json::from),
        2 => (-2_i64..4).prop_map(Json::from),
        1 => Just(json!(1.5)),
        1 => Just(json!(null)),
        1 => any::<bool>().prop_map(Json::from),
    ]
}

fn event() -> impl Strategy<Value = Json> {
    let object = |inner: BoxedStrategy<Json>| {
        prop::collection::vec(("[abc]", inner), 0..4).prop_map(|entries| Json::Object(entries.into_iter().collect()))
    };
    let value = scalar().boxed().prop_recursive(3, 24, 4, move |inner| {
        prop_oneof![
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            3 => prop::collection::vec(("[abc]", inner), 0..4).prop_map(|entries| Json::Object(entries.into_iter().collect())),
        ]
    });
    object(value.boxed())
}

fn item() -> impl Strategy<Value = Json> {
    prop_oneof![
        4 => scalar(),
        1 => "[ab]{1,2}".prop_map(|text| json!({"prefix": text})),
        1 => "[ab]{1,2}".prop_map(|text| json!({"suffix": text})),
        1 => "[aAbB]{0,2}".prop_map(|text| json!({"equals-ignore-case": text})),
        1 => "[ab]?\\*[ab]?".prop_map(|text| json!({"wildcard": text})),
        1 => any::<bool>().prop_map(|is| json!({"exists": is})),
        1 => (-2_i64..3).prop_map(|low| json!({"numeric": [">", low, "<=", low + 1]})),
        1 => (-2_i64..3).prop_map(|low| json!({"numeric": [">=", low]})),
        1 => "[ab]{1,2}".prop_map(|text| json!({"anything-but": {"prefix": text}})),
        1 => prop::collection::vec("[ab]{0,2}", 1..3).prop_map(|texts| json!({"anything-but": texts})),
        1 => prop::collection::vec(-2_i64..3, 1..3).prop_map(|numbers| json!({"anything-but": numbers})),
    ]
}

fn pattern() -> impl Strategy<Value = Json> {
    let list = || prop::collection::vec(item(), 1..3).prop_map(Json::Array).boxed();
    let object = |inner: BoxedStrategy<Json>| {
        prop::collection::vec(("[abc]", inner), 1..3)
            .prop_map(|entries| Json::Object(entries.into_iter().collect()))
            .boxed()
    };
    let flat = object(list());
    let deep = object(prop_oneof![list(), flat.clone()].boxed());
    let deeper = object(prop_oneof![list(), deep.clone()].boxed());
    let or = (flat.clone(), deep.clone(), deep.clone()).prop_map(|(mut base, one, other)| {
        base["$or"] = json!([one, other]);
        base
    });
    prop_oneof![3 => deeper, 2 => or, 1 => flat]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn a_second_matcher_says_the_same(pattern in pattern(), event in event()) {
        let compiled = Pattern::read(&pattern).unwrap();
        let answer = compiled.matches(&event);
        prop_assert_eq!(answer, naive::matches(&pattern, &event), "{} {}", pattern, event);
        if !answer {
            // Whatever is missed, it is a field of the pattern.
            prop_assert!(!compiled.miss(&event).path.is_empty());
        }
    }

    #[test]
    fn no_pattern_and_no_event_is_too_much(pattern in any::<String>(), event in any::<String>()) {
        if let Ok(compiled) = Pattern::read(&json!({"a": [{"wildcard": pattern}]})) {
            let _ = compiled.matches(&json!({"a": event}));
        }
    }
}
