//! What is written must be what is read, by every reader.

use proptest::prelude::*;
use regex_lite::Regex;

use super::{json, yaml};
use crate::map;
use crate::source::{Origin, Sources, Span};
use crate::template::{Data, Function, Key, Map, Value};

/// Texts that some reader of YAML takes for something else, cuts, folds or refuses when nobody quotes them.
#[rustfmt::skip]
const NASTY: &[&str] = &[
    // Nothing, and blanks.
    "", " ", "  ", "\t", " a", "a ", "\ta", "a\t", "a\tb", "a  b", "\u{A0}", "\u{A0}a", "a\u{3000}",
    // Booleans and nulls, and what only resembles them.
    "y", "Y", "n", "N", "yes", "Yes", "YES", "yEs", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF", "true",
    "True", "TRUE", "tRuE", "false", "False", "FALSE", "null", "Null", "NULL", "nUll", "~", "~/x", "none",
    "yesterday",
    // Whole numbers.
    "0", "00", "7", "-1", "+1", "007", "08", "0123", "012345678901", "123456789012", "1_000", "_1", "1_", "0x1F",
    "0xg", "0b11", "0b2", "0o17", "0o8", "+0x1", "-0b1", "1,000", "1:30", "190:20:30", "1:60", "1:2:3:4",
    // Fractions.
    "1.0", "1.", ".5", ".", "..", "-.5", "+.5", "1e3", "1E3", "1e+3", "1.5e-3", "1.e+1", ".e1", "e1", "E+8",
    "6.8523_015e+5", "190:20:30.15", ".inf", "-.inf", "+.INF", ".Inf", ".nan", ".NaN", "nan", "inf", "1.2.3", "10.0.0.0/16", "3.12",
    // Dates and times.
    "2010-09-09", "2012-10-17", "2001-1-1", "2001-12-14T21:59:43.10-05:00", "2001-12-14 21:59:43.10 -5",
    "2001-12-15 2:59:43.10", "2024-01-01T00:00:00Z", "2024-13-45", "12:30", "12:30:45",
    // Indicators.
    "=", "==", "=a", "<<", "<", "<<<", "*", "*a", "**", "&", "&a", "!", "!a", "!Ref x", "!!str x", "%", "%YAML 1.1",
    "@", "@a", "`", "`a`", "-", "--", "-a", "- a", "---", "--- a", "...", "... a", "....", "?", "? a", "?a", ":",
    ": a", ":a", "::", "a:", "a: b", "a:b", "a:\tb", "a :b", "a : b", "AWS::Region", "#", "#a", "a #b", "a# b",
    "a#b", "a\t#b", "|", "|-", "|a", ">", ">a", ">-", ",", ",a", "a, b", "[", "[]", "[a]", "]", "]a", "{", "{}",
    "{a: b}", "}", "}a",
    // Quotes and backslashes.
    "'", "''", "'a'", "it's", "\"", "\"\"", "\"a\"", "say \"hi\"", "'\"", "\"'", "a'b\"c", "\\", "\\n", "a\\",
    "a\\b: c", "\\d+: \\w", "^\\d{4}$", "{\"a\": \"b\"}", "{\"it's\": \"b\\n\"}", ".detail | select(.a == \"b\")",
    "${A}", "$.a[0]", "#{a}", "{{resolve:ssm:/a}}",
    // Several lines.
    "\n", "\n\n", "a\n", "a\n\n", "a\n\n\n", "a\nb", "a\nb\n", "a\n\nb", "\na", "\n\na\n", " a\nb", "\n  a\nb",
    "\ta\nb", "a\n b", "a\n\tb", "a \nb", "a\n \nb", "a\n\t\nb", "a\n ", "a\n  \n", "a\n \n\n", " \na", "  \n a",
    "\n \n", " \n", "---\na", "a\n---\nb", "a\n...\n", "# a\nb", "a: b\nc: d\n", "- a\n- b", "a #b\n#c\n", "%a\nb",
    "\"a\nb", "'a\nb", "a\\\nb", "select 1\n  from t\n where a = 'b';\n", "\n\n  a\n\n", "1\n2", "~\n~",
    // Line feeds that are none, and what cannot be seen.
    "\r", "a\rb", "a\r\nb", "a\r\nb\r\n", "a\n\rb", "\u{85}", "a\u{85}b", "a\nb\u{85}c", "\u{2028}", "a\u{2028}b",
    "a\nb\u{2029}c", "\u{FEFF}", "\u{FEFF}a", "a\n\u{FEFF}b", "\0", "\u{1}", "\u{7}", "\u{1B}[0m", "\u{7F}",
    "\u{80}", "\u{9F}", "a\u{B}b", "a\u{C}b", "\u{200B}", "\u{200D}", "a\u{202E}b", "a\u{2066}b", "\u{FFFE}",
    "\u{FFFF}", "\u{FFFD}", "\u{D7FF}", "\u{E000}", "\u{1F600}", "\u{10FFFF}", "\u{E9}", "e\u{301}", "\u{663A}",
    "\u{661}",
];

/// What the two versions of YAML take for something other than text when nobody quotes it.
const IMPLICIT: &[&str] = &[
    // YAML 1.1: null, merge, value, bool.
    r"^(~|null|Null|NULL|)$",
    r"^(<<|=)$",
    r"^([yY]|yes|Yes|YES|[nN]|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$",
    // YAML 1.1: int in base 2, 8, 10, 16 and 60.
    r"^[-+]?0b[01_]+$",
    r"^[-+]?0[0-7_]+$",
    r"^[-+]?(0|[1-9][0-9_]*)$",
    r"^[-+]?0x[0-9a-fA-F_]+$",
    r"^[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+$",
    // YAML 1.1: float in base 10 and 60, and what is no number.
    r"^[-+]?([0-9][0-9_]*)?\.[0-9._]*([eE][-+]?[0-9]+)?$",
    r"^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*$",
    r"^[-+]?\.(inf|Inf|INF)$",
    r"^\.(nan|NaN|NAN)$",
    // YAML 1.1: timestamp.
    r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}$",
    r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(\.[0-9]*)?([ \t]*(Z|[-+][0-9]{1,2}(:?[0-9]{2})?))?$",
    // What npm's `yaml` adds to them: an exponent without a number.
    r"^[-+]?[eE][-+]?[0-9]+$",
    // YAML 1.2: int and float.
    r"^[-+]?[0-9]+$",
    r"^0o[0-7]+$",
    r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$",
];

fn here() -> Origin {
    Origin::Derived(Span::new(Sources::default().add("x.yaml", ""), 0, 0))
}

fn value(data: Data) -> Value {
    Value::new(here(), data)
}

fn text(text: impl Into<String>) -> Value {
    Value::string(here(), text)
}

fn list(items: Vec<Value>) -> Value {
    value(Data::List(items))
}

fn object(map: Map) -> Value {
    value(Data::Map(map))
}

fn call(function: Function, argument: Value) -> Value {
    Value::call(here(), function, argument)
}

/// One text in every place that a text can take.
fn everywhere(nasty: &str) -> Value {
    let mut keys = Map::default();
    keys.push(nasty, here(), nasty);
    object(map!(here();
        "value" => nasty,
        "list" => vec![text(nasty), list(vec![text(nasty), text("a")]), object(keys.clone())],
        "key" => keys,
        "sub" => Value::sub(here(), nasty),
        "tags" => vec![Value::sub(here(), nasty), call(Function::Join, list(vec![text(nasty), list(vec![text(nasty)])]))],
        "attribute" => Value::attribute(here(), "A", nasty),
        "resource" => Value::attribute(here(), nasty, "A"),
        "long" => call(Function::Base64, Value::sub(here(), nasty)),
        "last" => nasty,
    ))
}

/// What a value means: functions under their long names, `Fn::GetAtt` as a list.
fn meaning(value: &Value) -> serde_json::Value {
    match &value.data {
        Data::Null => serde_json::Value::Null,
        Data::Bool(value) => (*value).into(),
        Data::Number(number) => number.clone().into(),
        Data::String(text) => text.clone().into(),
        Data::List(items) => items.iter().map(meaning).collect(),
        Data::Map(map) => map.0.iter().map(|(key, value)| (key.text.clone(), meaning(value))).collect(),
        Data::Call(function, argument) => long(*function, meaning(argument)),
    }
}

fn long(function: Function, argument: serde_json::Value) -> serde_json::Value {
    let argument = match argument.as_str().and_then(|text| text.split_once('.')) {
        Some((resource, attribute)) if function == Function::GetAtt => vec![resource, attribute].into(),
        _ => argument,
    };
    std::iter::once((function.name().to_owned(), argument)).collect()
}

/// What another reader, of YAML 1.2, takes a document for.
fn read(document: &str) -> serde_json::Value {
    from_reader(serde_yaml::from_str(document).unwrap_or_else(|error| panic!("{error}:\n{document}")))
}

fn from_reader(value: serde_yaml::Value) -> serde_json::Value {
    match value {
        serde_yaml::Value::Null => serde_json::Value::Null,
        serde_yaml::Value::Bool(value) => value.into(),
        serde_yaml::Value::Number(number) => serde_json::to_value(number).expect("it is finite"),
        serde_yaml::Value::String(text) => text.into(),
        serde_yaml::Value::Sequence(items) => items.into_iter().map(from_reader).collect(),
        serde_yaml::Value::Mapping(entries) => entries
            .into_iter()
            .map(|(key, value)| (key.as_str().expect("every key is text").to_owned(), from_reader(value)))
            .collect(),
        serde_yaml::Value::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let function = Function::by_tag(tag.trim_start_matches('!')).expect("every tag is a function");
            long(function, from_reader(tagged.value))
        }
    }
}

/// The document is read as the value, twice the same, and ends with exactly one line feed.
fn check(value: &Value) {
    let document = yaml(value);
    assert_eq!(read(&document), meaning(value), "\n{document}");
    assert_eq!(document, yaml(value));
    assert!(document.ends_with('\n') && !document.ends_with("\n\n"), "{document:?}");
}

/// No reader takes what is plain in this document, `key: …`, for anything but the text.
fn check_implicit(nasty: &str, types: &[Regex]) {
    for (line, end) in
        [(yaml(&object(map!(here(); "key" => nasty))), "\n"), (yaml(&object(map!(here(); nasty => "a"))), ": a\n")]
    {
        let plain = line.strip_prefix("key: ").unwrap_or(&line).strip_suffix(end) == Some(nasty);
        if let Some(found) = types.iter().find(|found| plain && found.is_match(nasty)) {
            panic!("{nasty:?} is plain and matches {found}");
        }
    }
}

fn implicit() -> Vec<Regex> {
    IMPLICIT.iter().map(|pattern| Regex::new(pattern).expect("the pattern is one")).collect()
}

#[test]
fn nasty_texts_are_read_as_they_are_in_every_place() {
    assert!(NASTY.len() > 150);
    for nasty in NASTY {
        check(&everywhere(nasty));
        check(&text(*nasty));
        check(&list(vec![text(*nasty)]));
        check(&Value::sub(here(), *nasty));
    }
}

#[test]
fn nothing_plain_has_an_implicit_type() {
    let types = implicit();
    for nasty in NASTY {
        check_implicit(nasty, &types);
    }
}

#[test]
fn ordinary_texts_are_plain() {
    for ordinary in [
        "a",
        "AWS::S3::Bucket",
        "${Bucket.Arn}/*",
        "s3:GetObject",
        "arn:aws:s3:::a/*",
        "10.0.0.0/16",
        "python3.12",
        "it's",
        "https://a.example/?b=c&d#e",
        "/aws/kinesisfirehose/a",
        "$.detail.id",
        "GZIP",
        "14 days",
        "rate(5 minutes)",
        "a, b [c] {d}",
        "yesterday",
        "e.g.",
        "ebb",
        "\u{663A}",
        "a\\b",
        "say \"hi\"",
    ] {
        assert_eq!(yaml(&list(vec![text(ordinary)])), format!("- {ordinary}\n"));
    }
}

#[test]
fn quotes_are_those_that_need_less_escaping() {
    for (nasty, quoted) in [
        ("", r#""""#),
        ("2010-09-09", r#""2010-09-09""#),
        ("'a'", r#""'a'""#),
        (r#"{"a": "b"}"#, r#"'{"a": "b"}'"#),
        (r#"[.a[] | "it's \(.b)"]"#, r#"'[.a[] | "it''s \(.b)"]'"#),
        ("\"\u{7}\"", r#""\"\x07\"""#),
        ("\u{2028}\u{FEFF}\t", r#""\u2028\uFEFF\t""#),
    ] {
        assert_eq!(yaml(&text(nasty)), format!("{quoted}\n"));
    }
}

#[test]
fn texts_of_several_lines_are_literal_blocks() {
    let texts = ["a\nb", "a\n\n  b\n", "a\n\n", "  a\nb\n", "\n\ta\n\n", "a\rb\n", "a\n "];
    insta::assert_snapshot!(yaml(&list(texts.map(text).into())), @r#"
    - |-
      a
      b
    - |
      a

        b
    - |+
      a

    - |2
        a
      b
    - |2+

      	a

    - "a\rb\n"
    - "a\n "
    "#);
}

#[test]
fn empty_lines_at_the_end_of_the_document_are_escaped() {
    assert_eq!(yaml(&list(vec![text("a\n\n"), text("b\n\n")])), "- |+\n  a\n\n- \"b\\n\\n\"\n");
    assert_eq!(yaml(&list(vec![Value::sub(here(), "a\n\n")])), "- !Sub \"a\\n\\n\"\n");
}

#[test]
fn keys_too_long_for_a_reader_are_explicit() {
    for length in [999, 1000, 1001, 5000] {
        for name in ["k".repeat(length), "\u{E9}".repeat(length), ":\n".repeat(length)] {
            let mut map = Map::default();
            map.push(&name, here(), vec!["a"]);
            map.push("b", here(), map.clone());
            check(&list(vec![object(map)]));
        }
    }
}

#[test]
fn numbers_are_the_same_for_both_versions() {
    let numbers = [
        0.0,
        -0.0,
        1.0,
        -1.5,
        0.1,
        1e15,
        1e16,
        -1e22,
        1.5e300,
        1e-7,
        2.5e-10,
        f64::MAX,
        f64::MIN_POSITIVE,
        f64::from_bits(1),
    ];
    let float = Regex::new(r"^-?[0-9]+\.[0-9]+(e[-+][0-9]+)?\n$").expect("the pattern is one");
    for number in numbers {
        let document = yaml(&value(Data::Number(serde_json::Number::from_f64(number).expect("it is finite"))));
        assert!(float.is_match(&document), "{document}");
        assert_eq!(read(&document).as_f64(), Some(number), "{document}");
    }
    for whole in [0, 1, -1, i64::MAX, i64::MIN] {
        assert_eq!(yaml(&value(Data::Number(whole.into()))), format!("{whole}\n"));
    }
    assert_eq!(yaml(&value(Data::Number(u64::MAX.into()))), "18446744073709551615\n");
}

fn example() -> Value {
    let h = here();
    let reference = |id| Value::reference(h, id);
    let strings = |items: &[&str]| list(items.iter().map(|item| text(*item)).collect());
    let variables = object(map!(h; "Name" => Value::attribute(h, "Stream", "Name")));
    let condition = |name| call(Function::Condition, text(name));
    let equals = call(Function::Equals, list(vec![reference("Stage"), text("prod")]));
    object(map!(h;
        "AWSTemplateFormatVersion" => "2010-09-09",
        "Conditions" => map!(h;
            "IsProd" => equals,
            "All" => call(Function::And, list(vec![condition("IsProd"), call(Function::Not, list(vec![condition("Off")]))])),
            "Any" => call(Function::Or, list(vec![condition("IsProd"), condition("Off")])),
        ),
        "Values" => map!(h;
            "Ref" => reference("AWS::Region"),
            "GetAtt" => Value::attribute(h, "Nested", "Outputs.Arn"),
            "GetAttOfFunction" => call(Function::GetAtt, list(vec![text("Bucket"), reference("Attribute")])),
            "GetAttInOnePiece" => call(Function::GetAtt, text("Bucket.Arn")),
            "Sub" => Value::sub(h, "${AWS::StackName}: logs"),
            "SubWithVariables" => call(Function::Sub, list(vec![text("select *\nfrom ${Name}\n"), variables])),
            "SubOfLines" => Value::sub(h, "select *\nfrom ${Table}"),
            "Base64" => call(Function::Base64, Value::sub(h, "#!/bin/sh\necho ${Name}\n")),
            "Deep" => call(Function::Base64, call(Function::ToJsonString, call(Function::GetAzs, text("")))),
            "Cidr" => call(Function::Cidr, list(vec![text("10.0.0.0/16"), value(Data::Number(6.into()))])),
            "FindInMap" => call(Function::FindInMap, list(vec![text("Map"), reference("AWS::Region"), text("Key")])),
            "GetAZs" => call(Function::GetAzs, text("")),
            "Azs" => call(Function::GetAzs, reference("AWS::Region")),
            "If" => call(Function::If, list(vec![text("IsProd"), object(map!(h; "Days" => 7, "Tags" => ["a"])), reference("AWS::NoValue")])),
            "ImportValue" => call(Function::ImportValue, Value::sub(h, "${Network}-Id")),
            "Join" => call(Function::Join, list(vec![text(","), strings(&["a", "b"])])),
            "Length" => call(Function::Length, strings(&["a", "b"])),
            "Select" => call(Function::Select, list(vec![value(Data::Number(0.into())), call(Function::GetAzs, text(""))])),
            "Split" => call(Function::Split, list(vec![text("|"), call(Function::ImportValue, text("Ids"))])),
            "ToJsonString" => call(Function::ToJsonString, object(map!(h; "on" => true, "of" => value(Data::Null)))),
            "Transform" => call(Function::Transform, object(map!(h; "Name" => "AWS::Include", "Parameters" => map!(h; "Location" => "s3://a/b")))),
        ),
        "List" => vec![
            reference("A"),
            call(Function::If, list(vec![text("Off"), strings(&[]), object(map!(h;))])),
            call(Function::Base64, reference("A")),
            list(vec![strings(&["a", "b"]), object(map!(h; "c" => ["d"], "e" => 1.0.to_string()))]),
            call(Function::Length, value(Data::Null)),
        ],
    ))
}

#[test]
fn every_function_has_its_place_in_yaml() {
    check(&example());
    insta::assert_snapshot!(yaml(&example()), @r#"
    AWSTemplateFormatVersion: "2010-09-09"
    Conditions:
      IsProd: !Equals
        - !Ref Stage
        - prod
      All: !And
        - !Condition IsProd
        - !Not
          - !Condition "Off"
      Any: !Or
        - !Condition IsProd
        - !Condition "Off"
    Values:
      Ref: !Ref AWS::Region
      GetAtt: !GetAtt Nested.Outputs.Arn
      GetAttOfFunction: !GetAtt
        - Bucket
        - !Ref Attribute
      GetAttInOnePiece: !GetAtt Bucket.Arn
      Sub: !Sub "${AWS::StackName}: logs"
      SubWithVariables: !Sub
        - |
          select *
          from ${Name}
        - Name: !GetAtt Stream.Name
      SubOfLines: !Sub |-
        select *
        from ${Table}
      Base64:
        Fn::Base64: !Sub |
          #!/bin/sh
          echo ${Name}
      Deep:
        Fn::Base64:
          Fn::ToJsonString: !GetAZs ""
      Cidr: !Cidr
        - 10.0.0.0/16
        - 6
      FindInMap: !FindInMap
        - Map
        - !Ref AWS::Region
        - Key
      GetAZs: !GetAZs ""
      Azs:
        Fn::GetAZs: !Ref AWS::Region
      If: !If
        - IsProd
        - Days: 7
          Tags:
            - a
        - !Ref AWS::NoValue
      ImportValue:
        Fn::ImportValue: !Sub ${Network}-Id
      Join: !Join
        - ","
        - - a
          - b
      Length: !Length
        - a
        - b
      Select: !Select
        - 0
        - !GetAZs ""
      Split: !Split
        - "|"
        - !ImportValue Ids
      ToJsonString: !ToJsonString
        "on": true
        of: null
      Transform:
        Fn::Transform:
          Name: AWS::Include
          Parameters:
            Location: s3://a/b
    List:
      - !Ref A
      - !If
        - "Off"
        - []
        - {}
      - Fn::Base64: !Ref A
      - - - a
          - b
        - c:
            - d
          e: "1"
      - Fn::Length: null
    "#);
}

#[test]
fn every_function_has_its_long_name_in_json() {
    let document = json(&example());
    assert_eq!(serde_json::from_str::<serde_json::Value>(&document).expect("it is JSON"), meaning(&example()));
    let conditions = example().at(&["Conditions"]).cloned().expect("it is there");
    insta::assert_snapshot!(json(&conditions), @r#"
    {
      "IsProd": {
        "Fn::Equals": [
          {
            "Ref": "Stage"
          },
          "prod"
        ]
      },
      "All": {
        "Fn::And": [
          {
            "Condition": "IsProd"
          },
          {
            "Fn::Not": [
              {
                "Condition": "Off"
              }
            ]
          }
        ]
      },
      "Any": {
        "Fn::Or": [
          {
            "Condition": "IsProd"
          },
          {
            "Condition": "Off"
          }
        ]
      }
    }
    "#);
}

#[test]
fn depth_is_no_obstacle() {
    let deep = (0..300).fold(text("a\nb\n"), |inside, level| match level % 3 {
        0 => list(vec![inside]),
        1 => object(map!(here(); "a" => inside)),
        _ => call(Function::Not, inside),
    });
    assert!(yaml(&deep).contains("b\n"));
    assert!(json(&deep).contains(r#""a\nb\n""#));
}

fn any_text() -> impl Strategy<Value = String> {
    let line = prop::collection::vec(
        prop_oneof![
            prop::sample::select(NASTY).prop_map(str::to_owned),
            prop::sample::select(vec![" ", "  ", "\t", "a", ": ", " #", "'", "\"", "\\", "- ", "1", ".", "\u{E9}"])
                .prop_map(str::to_owned),
            any::<char>().prop_map(String::from),
        ],
        0..4,
    );
    prop_oneof![
        any::<String>(),
        prop::collection::vec(any::<char>(), 0..8).prop_map(String::from_iter),
        prop::collection::vec(line.prop_map(|parts| parts.concat()), 1..5).prop_map(|lines| lines.join("\n")),
        "[-+.0-9a-fxoeETZ_:, ~=<>yn]{1,8}",
        "[ -~]{0,30}",
    ]
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        1 => Just(Data::Null),
        1 => any::<bool>().prop_map(Data::Bool),
        1 => any::<i64>().prop_map(|number| Data::Number(number.into())),
        1 => any::<u64>().prop_map(|number| Data::Number(number.into())),
        1 => any::<f64>().prop_filter_map("it is finite", |number| serde_json::Number::from_f64(number).map(Data::Number)),
        8 => any_text().prop_map(Data::String),
    ];
    leaf.prop_map(value).prop_recursive(6, 60, 5, |inside| {
        let functions: Vec<Function> = Function::ALL.iter().map(|(function, ..)| *function).collect();
        let entries = prop::collection::vec((any_text(), inside.clone()), 0..5);
        let attribute = prop::collection::vec(any_text().prop_map(text), 2);
        prop_oneof![
            3 => prop::collection::vec(inside.clone(), 0..5).prop_map(list),
            3 => entries.prop_map(|entries| {
                let mut map = Map::default();
                for (text, value) in entries {
                    if map.get(&text).is_none() {
                        map.0.push((Key { text, origin: here() }, value));
                    }
                }
                object(map)
            }),
            3 => (prop::sample::select(functions), inside).prop_map(|(function, argument)| call(function, argument)),
            1 => attribute.prop_map(|parts| call(Function::GetAtt, list(parts))),
        ]
    })
}

/// Equal but for the last bit of fractions, which `serde_json` reads quickly rather than exactly.
fn nearly(one: &serde_json::Value, other: &serde_json::Value) -> bool {
    use serde_json::Value::{Array, Number, Object};
    match (one, other) {
        (Number(one), Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap_or_default(), other.as_f64().unwrap_or_default());
            (one - other).abs() <= one.abs() * f64::EPSILON + f64::MIN_POSITIVE
        }
        (Array(one), Array(other)) => one.len() == other.len() && one.iter().zip(other).all(|(a, b)| nearly(a, b)),
        (Object(one), Object(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| a.0 == b.0 && nearly(a.1, b.1))
        }
        _ => one == other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_value_survives_yaml(value in any_value()) {
        check(&value);
    }

    #[test]
    fn every_value_survives_json(value in any_value()) {
        let document = json(&value);
        let read: serde_json::Value = serde_json::from_str(&document).expect("it is JSON");
        prop_assert!(nearly(&read, &meaning(&value)), "{document}");
        prop_assert_eq!(&document, &json(&value));
    }

    #[test]
    fn every_text_survives_in_every_place(text in any_text()) {
        check(&everywhere(&text));
    }

    #[test]
    fn no_text_that_resembles_a_number_is_plain(text in "[-+.0-9a-fxoeETZ_:, ~=<>yn]{1,10}") {
        check_implicit(&text, &implicit());
    }
}
