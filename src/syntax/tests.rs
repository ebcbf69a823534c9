//! What holds for the layer as a whole.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;
use crate::diagnostics::Diagnostic;

/// One parsed text.
struct Read {
    sources: Sources,
    tree: Option<Node>,
    findings: Vec<Diagnostic>,
}

impl Read {
    fn names(&self) -> Vec<&'static str> {
        self.findings.iter().map(|finding| finding.code.name).collect()
    }

    /// The text that a finding points at, with its code.
    fn shown(&self) -> Vec<(&'static str, &str)> {
        self.findings.iter().map(|finding| (finding.code.name, self.sources.text(finding.span))).collect()
    }
}

fn read_as(name: &str, text: &str, dialect: Dialect) -> Read {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let file = sources.add(name, text);
    let tree = parse(file, &sources, dialect, &mut sink);
    let findings = sink.finish(&sources);
    Read { sources, tree, findings }
}

fn read(text: &str) -> Read {
    read_as("a.yaml", text, Dialect::Blueprint)
}

/// All values as JSON: tags as one-member mappings.
fn json(node: &Node) -> serde_json::Value {
    let value = match &node.data {
        Data::Null => serde_json::Value::Null,
        Data::Bool(value) => (*value).into(),
        Data::Number(number) => number.clone().into(),
        Data::String(scalar) => scalar.text.clone().into(),
        Data::List(items) => items.iter().map(json).collect(),
        Data::Map(entries) => serde_json::Value::Object(
            entries.iter().map(|entry| (entry.key.text.clone(), json(&entry.value))).collect(),
        ),
    };
    match &node.tag {
        Some(tag) => serde_json::json!({ format!("!{}", tag.name): value }),
        None => value,
    }
}

fn tree(text: &str) -> Node {
    let read = read(text);
    assert_eq!(read.names(), [""; 0], "{text}");
    read.tree.unwrap()
}

/// Every node, the inner ones after the outer.
fn all(node: &Node) -> Vec<&Node> {
    let mut found = vec![node];
    match &node.data {
        Data::List(items) => found.extend(items.iter().flat_map(all)),
        Data::Map(entries) => found.extend(entries.iter().flat_map(|entry| all(&entry.value))),
        _ => {}
    }
    found
}

fn spans(text: &str) -> Vec<&str> {
    fn walk<'a>(node: &Node, text: &'a str, found: &mut Vec<&'a str>) {
        found.push(&text[node.span.range()]);
        match &node.data {
            Data::List(items) => items.iter().for_each(|item| walk(item, text, found)),
            Data::Map(entries) => {
                for entry in entries {
                    found.push(&text[entry.key.span.range()]);
                    walk(&entry.value, text, found);
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    walk(&tree(text), text, &mut found);
    found
}

#[test]
fn every_key_and_value_has_its_exact_place() {
    let text = "a: 'x'\n\"b\": [1, {c: !Ref d}]\ne:\n- f\n- g: >-\n    h\n\n    i\n  # note\nj:\nk: plain\n  text\n";
    assert_eq!(
        spans(text),
        [
            text.trim_end(),
            "a",
            "'x'",
            "\"b\"",
            "[1, {c: !Ref d}]",
            "1",
            "{c: !Ref d}",
            "c",
            "d",
            "e",
            "- f\n- g: >-\n    h\n\n    i",
            "f",
            "g: >-\n    h\n\n    i",
            "g",
            ">-\n    h\n\n    i",
            "j",
            "",
            "k",
            "plain\n  text",
        ]
    );
    let tree = tree(text);
    let tagged: Vec<&Tag> = all(&tree).into_iter().filter_map(|node| node.tag.as_ref()).collect();
    let [tag] = tagged[..] else { panic!("{tagged:?}") };
    assert_eq!((tag.name.as_str(), &text[tag.span.range()]), ("Ref", "!Ref"));
}

#[test]
fn a_value_that_is_not_written_stands_behind_its_colon() {
    let tree = tree("a:\nb: 1\n");
    let Data::Map(entries) = &tree.data else { panic!("{tree:?}") };
    assert_eq!((entries[0].value.span.start, entries[0].value.span.end), (2, 2));
}

#[test]
fn json_has_the_same_places() {
    for (name, text) in [
        ("a.json", "{\n\t\"a\" : [1, -2.5e3, null],\n\t\"b\\u0063\": \"x\\/y\"\n}"),
        ("a.yaml", "{\"a\": [true, {}], \"b\": \"\"}"),
    ] {
        let read = read_as(name, text, Dialect::Blueprint);
        assert_eq!(read.names(), [""; 0]);
        let tree = read.tree.unwrap();
        assert_eq!(&text[tree.span.range()], text);
        assert_eq!(json(&tree), serde_json::from_str::<serde_json::Value>(text).unwrap());
        let Data::Map(entries) = &tree.data else { panic!("{tree:?}") };
        assert!(entries.iter().all(|entry| text[entry.key.span.range()].starts_with('"')));
        assert_eq!(entries.len(), 2);
    }
}

#[test]
fn the_order_of_the_text_is_kept() {
    let tree = tree("z: 1\na: 2\nm: 3\n");
    let Data::Map(entries) = &tree.data else { panic!("{tree:?}") };
    let keys: Vec<&str> = entries.iter().map(|entry| entry.key.text.as_str()).collect();
    assert_eq!(keys, ["z", "a", "m"]);
}

#[test]
fn tags_are_kept_and_standard_tags_are_applied() {
    let text = "a: !GetAtt b.Arn\nc: !Sub [x, {y: 1}]\nd: !Unknown\n  e: 1\nf: !!str 1\ng: !!int '7'\nh: !!float 1\ni: ! 2\nj: !Ref\nk: !!int 012\nl: !!null ''\n";
    assert_eq!(
        json(&tree(text)),
        serde_json::json!({
            "a": {"!GetAtt": "b.Arn"}, "c": {"!Sub": ["x", {"y": 1}]}, "d": {"!Unknown": {"e": 1}}, "f": "1", "g": 7, "h": 1, "i": "2",
            "j": {"!Ref": null}, "k": 12, "l": null,
        })
    );
}

#[test]
fn a_tagged_scalar_is_text_whatever_it_looks_like() {
    assert_eq!(
        json(&tree("a: !Ref on\nb: !Sub 0777\n")),
        serde_json::json!({"a": {"!Ref": "on"}, "b": {"!Sub": "0777"}})
    );
}

#[test]
fn templates_are_read_as_cloudformation_reads_them_and_without_a_word() {
    let read =
        read_as("t.yaml", "a: on\nb: 0777\nc: 2012-10-17\nd: y\ne: 1e3\n012345678901: x\non: y\n", Dialect::Template);
    assert_eq!(read.names(), [""; 0]);
    let expected = serde_json::json!({"a": true, "b": 511, "c": "2012-10-17", "d": "y", "e": 1000.0, "012345678901": "x", "on": "y"});
    assert_eq!(json(&read.tree.unwrap()), expected);
}

#[test]
fn ambiguous_scalars_are_shown_on_values_and_keys() {
    let read = read("on: \"yes\"\na: yes\ny: 012\n'no': 2026-11-23T00:00:00Z\n");
    assert_eq!(read.shown(), [("ambiguous-scalar", "on"), ("ambiguous-scalar", "yes"), ("ambiguous-scalar", "012")]);
    assert!(read.findings.iter().all(|finding| finding.help.as_deref().unwrap().contains('"')));
}

#[test]
fn aliases_are_expanded_where_they_stand() {
    let text = "a: &x {b: [1, 2]}\nc: *x\nd: [*x, &y z, *y]\n*y : 1\n";
    let expected = serde_json::json!({"a": {"b": [1, 2]}, "c": {"b": [1, 2]}, "d": [{"b": [1, 2]}, "z", "z"], "z": 1});
    assert_eq!(json(&tree(text)), expected);
}

#[test]
fn an_anchor_may_be_given_again() {
    assert_eq!(json(&tree("a: &x 1\nb: *x\nc: &x 2\nd: *x\n")), serde_json::json!({"a": 1, "b": 1, "c": 2, "d": 2}));
}

#[test]
fn an_unknown_alias_suggests_the_anchor_that_was_meant() {
    let read = read("a: &defaults 1\nb: *default\nc: 2\n");
    assert_eq!(read.shown(), [("unknown-alias", "*default")]);
    assert!(read.findings[0].help.as_deref().unwrap().contains("&defaults"));
    assert!(read.tree.is_some());
}

#[test]
fn every_repeated_key_is_reported_and_the_first_value_is_kept() {
    for (name, text) in
        [("a.yaml", "a: 1\nb: 2\na: 3\n\"a\": 4\n"), ("a.json", r#"{"a": 1, "b": 2, "a": 3, "\u0061": 4}"#)]
    {
        let read = read_as(name, text, Dialect::Blueprint);
        assert_eq!(read.names(), ["duplicate-key", "duplicate-key"]);
        assert!(read.findings.iter().all(|finding| finding.related.len() == 1 && finding.related[0].span.start < 3));
        assert_eq!(json(read.tree.as_ref().unwrap()), serde_json::json!({"a": 1, "b": 2}));
    }
}

#[test]
fn mistakes_are_shown_where_they_are_made() {
    let cases = [
        ("a:\n\tb: 1\n", "tab-indentation", "\t"),
        ("a:\n  b: 1\n\tc: 2\n", "tab-indentation", "\t"),
        ("a:\n  - b\n\t- c\n", "tab-indentation", "\t"),
        ("-\t- b", "tab-indentation", "\t"),
        ("a: |\n\tb\n", "tab-indentation", "\t"),
        ("a: \"x\nb: 2\n", "unclosed-quote", "\""),
        ("a: 'x\nb: 2\n", "unclosed-quote", "'"),
        ("a: 'it's here'\n", "text-after-quote", "s here'"),
        ("a: \"x\" y\n", "text-after-quote", "y"),
        ("a: [1, 2\nb: 3\n", "unclosed-bracket", "["),
        ("a: {x: 1\nb: 3\n", "unclosed-bracket", "{"),
        ("a: {x: 1\n", "unclosed-bracket", "{"),
        ("[a\n b, c", "unclosed-bracket", "["),
        ("a: [1}\n", "mismatched-bracket", "["),
        ("a: ]\n", "mismatched-bracket", "]"),
        ("a: 1\n  b: 2\n", "wrong-indentation", "b"),
        ("a:\n  b: 1\n c: 2\n", "wrong-indentation", "c"),
        ("- a: 1\n b: 2\n", "wrong-indentation", "b"),
        ("- a: 1\n   b: 2\n", "wrong-indentation", "b"),
        ("- a\nb: 1\n", "wrong-indentation", "b"),
        ("a: 1\n- b\n", "wrong-indentation", "-"),
        ("a: |\n    b\n  c\n d\n", "wrong-indentation", "c"),
        ("a: b: c\n", "unquoted-colon", ":"),
        ("a: 'b': c\n", "unquoted-colon", ":"),
        ("a: [b: c: d]\n", "unquoted-colon", ":"),
        ("a:1\nb: 2\n", "missing-space", ":"),
        ("b: 2\na:1\n", "missing-space", ":"),
        ("b: 2\na:1\nc: 3\n", "missing-space", ":"),
        ("a:\n- b\n-c\n", "missing-space", "-"),
        ("a:\n  - b\n  -c: 1\n", "missing-space", "-"),
        ("a: 'b'#c\n", "missing-space", "#"),
        ("a\nb: 1\n", "missing-colon", "a"),
        ("a: 1\nlong\n", "missing-colon", "long"),
        ("a: - b\n", "misplaced-dash", "-"),
        ("a: [- b]\n", "misplaced-dash", "-"),
        ("a: @x\n", "reserved-character", "@"),
        ("a: `x`\n", "reserved-character", "`"),
        ("a: %x\n", "reserved-character", "%"),
        ("Action: *\n", "reserved-character", "*"),
        ("a: & b\n", "reserved-character", "&"),
        ("a: ,x\n", "reserved-character", ","),
        ("a: \"x \\d\"\n", "invalid-escape", "\\d"),
        ("a: \"\\n\\u12\"\n", "invalid-escape", "\\u12"),
        ("a: \"\\ud83d\"\n", "invalid-escape", "\\ud83d"),
        ("a: |x\n  b\n", "invalid-block-header", "|x"),
        ("a: !e!x y\n", "invalid-tag", "!e!x"),
        ("a: {{ x }}-b\n", "text-after-bracket", "-b"),
        ("- {{ x }}-b\n", "text-after-bracket", "-b"),
        ("a: {{ x }}\n", "key-not-text", "{ x }"),
        ("a: {b: 1 c: 2}\n", "unquoted-colon", ":"),
        ("a: {b: 1\n  c: 2}\n", "misplaced-comma", ""),
        ("a: [1,,2]\n", "misplaced-comma", ","),
        ("a: [x \"y\" , [z] w]\n", "misplaced-comma", "w"),
        ("a: b #c\n  d\n", "comment-in-text", "#c"),
        ("a: x\u{7f}\n", "control-character", "\u{7f}"),
        ("a: b\n\u{feff}c: d\n", "control-character", "\u{feff}"),
        ("a: 1\n---\nb: 2\n", "several-documents", "---"),
        ("---\n---\na: 1\n", "several-documents", "---"),
        ("é: !!str\n  é: b\n", "tag-mismatch", "é"),
        ("é: &a\n  é: *a\n", "alias-cycle", "*a"),
        ("a: 1\n...\nb: 2\n", "several-documents", "b"),
        ("%YAML 1.1\n---\na: 1", "yaml-directive", "%YAML 1.1"),
        ("? [a]\n: b\n", "key-not-text", "[a]"),
        ("~: b\n", "key-not-text", "~"),
        ("a: {? }\n", "key-not-text", ""),
        ("!Sub a: b\n", "tagged-key", "!Sub"),
        ("a: !!set {b}\n", "unsupported-tag", "!!set"),
        ("a: !!str [b]\n", "tag-mismatch", "["),
        ("a: .inf\n", "number-out-of-range", ".inf"),
        ("a: &b [*b]\n", "alias-cycle", "*b"),
    ];
    for (text, name, place) in cases {
        let read = read(text);
        assert_eq!(read.shown(), [(name, place)], "{text:?}\n{:?}", read.findings);
        assert!(read.findings[0].help.is_some(), "{text:?}");
    }
    assert!(cases.len() > 50);
}

#[test]
fn mistakes_in_json_are_shown_where_they_are_made() {
    let cases = [
        ("{\"a\": 1,}", "malformed-json", "}"),
        ("{\"a\": 1 \"b\": 2}", "malformed-json", "\""),
        ("{\"a\" 1}", "malformed-json", "1"),
        ("{a: 1}", "malformed-json", "a"),
        ("{'a': 1}", "malformed-json", "'"),
        ("[1 // x\n]", "malformed-json", "/"),
        ("[01]", "malformed-json", "01"),
        ("[+1]", "malformed-json", "+"),
        ("[1.]", "malformed-json", "1."),
        ("[NaN]", "malformed-json", "N"),
        ("[truely]", "malformed-json", "t"),
        ("{} {}", "malformed-json", "{"),
        ("a: 1", "malformed-json", "a"),
        ("[\"a\tb\"]", "malformed-json", "\t"),
        ("[1, [2", "unclosed-bracket", "["),
        ("{\"a\": ", "unclosed-bracket", "{"),
        ("[\"a\nb\"]", "unclosed-quote", "\""),
        ("[\"\\x41\"]", "invalid-escape", "\\x41"),
        ("[\"\\ude00\"]", "invalid-escape", "\\ude00"),
        ("[1e999]", "number-out-of-range", "1e999"),
        ("", "empty-document", ""),
    ];
    for (text, name, place) in cases {
        let read = read_as("a.json", text, Dialect::Template);
        assert_eq!(read.shown(), [(name, place)], "{text:?}\n{:?}", read.findings);
        assert!(read.findings[0].help.is_some(), "{text:?}");
    }
}

#[test]
fn yaml_that_begins_with_a_bracket_is_yaml() {
    assert_eq!(json(&tree("{a: 1, b: [x, !Ref y]}")), serde_json::json!({"a": 1, "b": ["x", {"!Ref": "y"}]}));
    assert_eq!(json(&tree("{\"a\": 1, # comment\n}")), serde_json::json!({"a": 1}));
    assert_eq!(read("{a: 1\n").names(), ["unclosed-bracket"]);
    assert_eq!(read("{\"a\": 1 \"b\"}").names(), [""; 0], "YAML takes it for one text");
    assert_eq!(read("{\"a\": [1, }").names(), ["malformed-json"]);
}

/// The blocks of a page by their place: before or after `Instead:`.
fn blocks(page: &str) -> Vec<(bool, String, String)> {
    let mut found = Vec::new();
    let mut instead = false;
    let mut open: Option<(String, String)> = None;
    for line in page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)) {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(language)) => open = Some((language.to_owned(), String::new())),
            (Some((language, text)), Some(_)) => {
                found.push((instead, std::mem::take(language), std::mem::take(text)));
                open = None;
            }
            (Some((_, text)), None) => writeln!(text, "{line}").unwrap(),
            (None, None) => instead |= line == "Instead:",
        }
    }
    found
}

/// Hex bytes, each of which may be repeated: `20*3`.
fn bytes(block: &str) -> Vec<u8> {
    block
        .split_whitespace()
        .flat_map(|item| {
            let (byte, times) = item.split_once('*').unwrap_or((item, "1"));
            vec![u8::from_str_radix(byte, 16).unwrap(); times.parse().unwrap()]
        })
        .collect()
}

#[test]
fn every_page_fails_as_it_says_and_its_remedy_does_not() {
    let mut names = std::collections::BTreeSet::new();
    for code in CODES {
        assert!(names.insert(code.name), "{} is there twice", code.name);
        let blocks = blocks(code.page);
        let [(false, language, wrong), (true, remedy, right)] = &blocks[..] else {
            panic!("{}: {blocks:?}", code.name)
        };
        assert_eq!(remedy, "yaml");
        for (bytes, expected) in [
            (if language == "hex" { bytes(wrong) } else { wrong.clone().into_bytes() }, &[code.name][..]),
            (right.clone().into_bytes(), &[]),
        ] {
            let (mut sources, mut sink) = (Sources::default(), Sink::default());
            if let Some(file) = load("page.yaml", bytes, &mut sources, &mut sink) {
                parse(file, &sources, Dialect::Blueprint, &mut sink);
            }
            let found: Vec<&str> = sink.finish(&sources).iter().map(|finding| finding.code.name).collect();
            assert_eq!(found, expected, "{}", code.name);
        }
    }
    assert!(names.len() > 30);
}

/// Each line of laughs repeats the one above ten times.
fn laughs(lines: usize) -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for line in 1..lines {
        let above = format!("*a{}", line - 1);
        writeln!(text, "a{line}: &a{line} [{}]", [above.as_str(); 10].join(", ")).unwrap();
    }
    text
}

#[test]
fn malicious_texts_are_answered_at_once() {
    let chain: String =
        (1..300).fold("a0: &a0 [x]\n".to_owned(), |text, at| text + &format!("a{at}: &a{at} [*a{}]\n", at - 1));
    let long = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000_000), "*a, ".repeat(1000));
    let opened = (0..120).fold(String::new(), |text, at| format!("{text}&a{at} ["));
    let anchors = format!("y: {opened}{}\nz: [*a119, *a100]\n", "]".repeat(120));
    for (what, text, name) in [
        ("brackets", "[".repeat(100_000), "nesting-too-deep"),
        ("braces", "{".repeat(100_000), "nesting-too-deep"),
        ("named braces", "{\"a\":".repeat(100_000), "nesting-too-deep"),
        ("closed brackets", format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)), "nesting-too-deep"),
        ("dashes", "- ".repeat(200_000), "nesting-too-deep"),
        ("questions", "? ".repeat(200_000), "nesting-too-deep"),
        ("staircase", (0..2000).fold(String::new(), |text, at| text + &" ".repeat(at) + "a:\n"), "nesting-too-deep"),
        ("laughs", laughs(10), "alias-explosion"),
        ("a long chain of aliases", chain, "nesting-too-deep"),
        ("a long text many times", long, "alias-explosion"),
        ("anchors in anchors", anchors, ""),
        ("many keys", (0..200_000).fold(String::new(), |text, at| text + "k" + &at.to_string() + ": 1\n"), ""),
        ("a long text", format!("a: {}\n", "x ".repeat(2_000_000)), ""),
        ("a quote without end", format!("a: \"{}", "x\n".repeat(1_000_000)), "unclosed-quote"),
        ("many unknown aliases", "- *a\n".repeat(20_000), "unknown-alias"),
        ("many anchors and unknown aliases", "- &abc 1\n- *a\n".repeat(5_000), "unknown-alias"),
    ] {
        for extension in ["yaml", "json"] {
            let start = Instant::now();
            let read = read_as(&format!("a.{extension}"), &text, Dialect::Blueprint);
            let time = start.elapsed();
            // Ten times what it takes without optimisation on a slow machine.
            assert!(time < Duration::from_secs(20), "{what} took {time:?}");
            if extension == "yaml" {
                assert_eq!(read.names().first().copied().unwrap_or_default(), name, "{what}");
            }
        }
    }
}

#[test]
fn nesting_is_allowed_up_to_the_limit() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for name in ["a.yaml", "a.json"] {
        assert_eq!(read_as(name, &nested(MAX_DEPTH), Dialect::Blueprint).names(), [""; 0]);
        let read = read_as(name, &nested(MAX_DEPTH + 1), Dialect::Blueprint);
        assert_eq!(read.names(), ["nesting-too-deep"]);
        assert_eq!(read.findings[0].span.start as usize, MAX_DEPTH);
    }
    assert_eq!(read(&"- ".repeat(MAX_DEPTH)).names(), [""; 0]);
    assert_eq!(read(&"- ".repeat(MAX_DEPTH + 1)).names(), ["nesting-too-deep"]);
    let mixed = "- ".repeat(100) + &nested(100);
    assert_eq!(read(&mixed).names(), ["nesting-too-deep"]);
}

/// A text of marks, blanks, quotes and characters of all widths.
fn marked_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("${a}".to_owned()),
        Just("${bucket.arn}".to_owned()),
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just(" ".to_owned()),
        Just("'".to_owned()),
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("é😀".to_owned()),
        Just("word".to_owned()),
        "[a-z]{1,6} [a-z]{1,4}".prop_map(|text| text),
    ];
    proptest::collection::vec(part, 1..12).prop_map(|parts| parts.concat())
}

/// Texts of YAML in which each scalar of the marked text is written in its own way, and the text that it means.
fn written(text: &str, style: Style, choice: u8) -> String {
    let line = |indent: &str, break_: &str| {
        text.split('\n').map(|line| format!("{indent}{line}")).collect::<Vec<_>>().join(break_)
    };
    match style {
        Style::Plain => format!("a:\n  - {}\n  - z\n", line("    ", "\n").trim()),
        Style::Single => format!("a: '{}'\n", text.replace('\'', "''").replace('\n', "\n\n  ")),
        Style::Double => {
            let escaped: String = text
                .chars()
                .map(|character| match (character, choice % 4) {
                    ('\n', 0) => "\\n".to_owned(),
                    ('\n', 1) => "\\n\\\n   ".to_owned(),
                    ('\n', _) => "\n\n  ".to_owned(),
                    ('"' | '\\', _) => format!("\\{character}"),
                    ('é', 2) => "\\u00e9".to_owned(),
                    ('😀', 2) => "\\ud83d\\ude00".to_owned(),
                    ('😀', 3) => "\\U0001F600".to_owned(),
                    _ => character.to_string(),
                })
                .collect();
            format!("a: \"{escaped}\"\n")
        }
        Style::Literal | Style::Folded => {
            let indicator = if style == Style::Literal { '|' } else { '>' };
            let chomp = ["", "-", "+"][usize::from(choice % 3)];
            let indent = if choice.is_multiple_of(2) { "2" } else { "" };
            let end = if choice.is_multiple_of(5) { "" } else { "\n\n" };
            format!("a: &x {indicator}{indent}{chomp} # note | >\n{}{end}", line("  ", "\n"))
        }
    }
}

const STYLES: [Style; 5] = [Style::Plain, Style::Single, Style::Double, Style::Literal, Style::Folded];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_mark_in_a_text_is_found_in_the_source(text in marked_text(), style in 0..5_usize, choice: u8, carriage: bool) {
        let mut source = written(&text, STYLES[style], choice);
        if carriage {
            source = source.replace('\n', "\r\n");
        }
        let read = read(&source);
        let mut found = 0;
        if let Some(tree) = &read.tree {
            for node in all(tree) {
                let Data::String(scalar) = &node.data else { continue };
                if matches!(scalar.style, Style::Literal | Style::Folded) {
                    prop_assert!(source[node.span.range()].starts_with(['|', '>']), "{:?}", &source[node.span.range()]);
                }
                for (at, _) in scalar.text.match_indices("${") {
                    let Some(length) = scalar.text[at..].find('}') else { continue };
                    let mark = &scalar.text[at..=at + length];
                    let place = scalar.place(node.span, &source, at..at + length + 1);
                    prop_assert_eq!(&source[place.range()], mark, "{:?} in {:?}", scalar, source);
                    found += 1;
                }
            }
        }
        // In the other styles a text may mean something else, or nothing.
        if matches!(STYLES[style], Style::Single | Style::Double) {
            prop_assert_eq!(found, text.matches("${").count());
        }
    }

    #[test]
    fn every_range_has_a_place_inside_the_scalar(text in marked_text(), style in 0..5_usize, choice: u8, start: u8, length: u8) {
        let source = written(&text, STYLES[style], choice);
        let read = read(&source);
        if let Some(tree) = &read.tree {
            for node in all(tree) {
                let Data::String(scalar) = &node.data else { continue };
                let start = usize::from(start);
                let place = scalar.place(node.span, &source, start..start + usize::from(length));
                prop_assert!(node.span.start <= place.start && place.start <= place.end && place.end <= node.span.end);
            }
        }
    }

    #[test]
    fn no_text_brings_the_readers_down(text in "(\\PC|[\\n\\t \\r:\\-\\[\\]{},&*!|>'\"%@`#?~=<.0-9a-f]){0,60}", json: bool) {
        let name = if json { "a.json" } else { "a.yaml" };
        for dialect in [Dialect::Blueprint, Dialect::Template] {
            check(&read_as(name, &text, dialect), &text)?;
        }
    }

    #[test]
    fn no_change_of_a_good_text_brings_the_readers_down(at in 0..2000_usize, length in 0..12_usize, insert in "[\\n\\t :\\-\\[\\]{},&*!|>'\"#?a0]{0,3}") {
        let mut text = SAMPLE.to_owned();
        let floor = |mut at: usize| { at = at.min(text.len()); while !text.is_char_boundary(at) { at -= 1; } at };
        let (start, end) = (floor(at % SAMPLE.len()), floor(at % SAMPLE.len() + length));
        text.replace_range(start..end, &insert);
        let first = read(&text);
        check(&first, &text)?;
        let second = read(&text);
        prop_assert_eq!(format!("{:?}{:?}", first.tree, first.findings), format!("{:?}{:?}", second.tree, second.findings));
    }

    #[test]
    fn bytes_of_any_kind_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = load("a.yaml", bytes, &mut sources, &mut sink);
        prop_assert_eq!(file.is_none(), sink.has_errors());
        for finding in sink.diagnostics() {
            let source = sources.get(finding.span.file);
            prop_assert!(source.text.get(finding.span.range()).is_some());
        }
    }

    #[test]
    fn json_is_read_as_serde_reads_it(value in json_value()) {
        let mut tabs = Vec::new();
        let format = serde_json::ser::PrettyFormatter::with_indent(b"\t");
        serde::Serialize::serialize(&value, &mut serde_json::Serializer::with_formatter(&mut tabs, format)).unwrap();
        for text in [value.to_string(), String::from_utf8(tabs).unwrap()] {
            let read = read_as("a.json", &text, Dialect::Template);
            prop_assert_eq!(read.names(), [""; 0]);
            prop_assert_eq!(json(read.tree.as_ref().unwrap()), value.clone());
        }
    }
}

/// Either a tree or a finding, and every place falls on characters.
fn check(read: &Read, text: &str) -> Result<(), TestCaseError> {
    prop_assert!(read.tree.is_some() || !read.findings.is_empty(), "{:?}", text);
    for finding in &read.findings {
        prop_assert!(text.get(finding.span.range()).is_some(), "{:?} {:?}", text, finding);
        prop_assert!(finding.help.is_some());
        for related in &finding.related {
            prop_assert!(text.get(related.span.range()).is_some());
        }
    }
    for node in read.tree.iter().flat_map(all) {
        prop_assert!(text.get(node.span.range()).is_some(), "{:?} {:?}", text, node);
        if let Data::Map(entries) = &node.data {
            prop_assert!(entries.iter().all(|entry| text.get(entry.key.span.range()).is_some()));
        }
    }
    Ok(())
}

fn json_value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<i32>().prop_map(|number| (f64::from(number) / 8.0).into()),
        any::<String>().prop_map(Into::into),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Into::into),
            proptest::collection::btree_map(any::<String>(), inner, 0..6)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

/// A blueprint with everything that YAML has.
const SAMPLE: &str = r#"# a comment
blueprint: &name example
version: 1.0.0
title: "a \"quoted\" text \u00e9 \
  over two lines"
description: >-
  Folded text with ${a.b}
  and another line

    kept as it is
parameters:
  RetentionDays: { type: number, default: 365, description: 'it''s "x"' }
components:
  archive:
    kind: s3-bucket
    list:
    - one
    - !Sub ["${x}", { x: 1 }]
    - !GetAtt
      - a
      - b
    query: |
      .detail
        | select(.x == "é")

      # end
    empty:
    flow: [1, -2.5, true, null, ~, {a: b, c}]
    again: *name
  ? archive2
  : kind: s3-bucket
"#;

#[test]
fn the_sample_is_good() {
    let tree = tree(SAMPLE);
    assert!(all(&tree).len() > 30);
}
