//! The three brackets keep to their times: `{{ }}` is evaluated once, `${ }` is resolved once, `!{ }` is Firehose's.
//!
//! What a text must become is said here a second time and in another way, and read from the template as CloudFormation
//! reads it.

use formwork::compile::{Compiled, Format};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value as Json;

use crate::memory::{Memory, shown};

/// A part of a text: written as it is, or given by an expression.
#[derive(Clone, Debug)]
enum Piece {
    Raw(&'static str),
    Given(String),
}

/// What may stand in a text as it is. No piece begins or ends an expression, alone or with its neighbours.
const RAW: &[&str] = &[
    "a",
    " ",
    "$",
    "$$",
    "}",
    "{ ",
    "'",
    "\"",
    "\\",
    "\\\\",
    "!",
    "%}",
    "<b>",
    "é",
    "#",
    ": ",
    "!{timestamp:yyyy}",
    "${!lit}",
    "${!a.b}",
    "${AWS::Region}",
    "${archive.name}",
    "${archive.arn}",
    "\\n",
    "\\u0041",
    "}}",
];

/// What an expression may give: marks of every language, which mean nothing in what it gave but `${ }`.
const GIVEN: &[&str] = &[
    "{{",
    "}}",
    "{{ 1 }}",
    "{% x %}",
    "{# x #}",
    "$",
    "{",
    "}",
    "'",
    "\"",
    "\\",
    "!{a}",
    "${!b}",
    "${AWS::Region}",
    "${archive.name}",
    "a",
    "",
    " ",
    "\\(.a)",
    "é",
];

fn piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        select(RAW).prop_map(Piece::Raw),
        proptest::collection::vec(select(GIVEN), 0..4).prop_map(|parts| Piece::Given(parts.concat())),
    ]
}

/// The text of an expression that gives this text.
fn expression(text: &str) -> String {
    if !text.contains(['\'', '\\']) {
        return format!("{{{{ '{text}' }}}}");
    }
    let escaped = text.chars().fold(String::new(), |all, c| all + &format!("\\u{:04x}", c as u32));
    format!("{{{{ \"{escaped}\" }}}}")
}

/// What is written in the blueprint, and what it is once expressions are evaluated.
fn written(pieces: &[Piece], within: &dyn Fn(&str) -> String) -> (String, String) {
    let mut source = String::new();
    let mut evaluated = String::new();
    for piece in pieces {
        match piece {
            Piece::Raw(text) => {
                source.push_str(&within(text));
                evaluated.push_str(text);
            }
            Piece::Given(text) => {
                source.push_str(&expression(&within(text)));
                evaluated.push_str(text);
            }
        }
    }
    (source, evaluated)
}

/// The inside of a string of JSON.
fn json_inside(text: &str) -> String {
    let json = Json::String(text.to_owned()).to_string();
    json[1..json.len() - 1].to_owned()
}

/// What a text means: references in angle brackets; nothing where it is wrong.
fn meaning(text: &str) -> Option<String> {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, tail) = after.split_once('}')?;
        result.push_str(before);
        match name {
            "AWS::Region" => result.push_str("⟨AWS::Region⟩"),
            "archive.name" => result.push_str("⟨ArchiveBucket⟩"),
            "archive.arn" => result.push_str("⟨ArchiveBucket.Arn⟩"),
            _ => {
                let verbatim = name.strip_prefix('!')?;
                if verbatim.contains(['{', ' ', '"', '\'', '\n']) {
                    return None;
                }
                result.extend(["${", verbatim, "}"]);
            }
        }
        rest = tail;
    }
    Some(result + rest)
}

/// What a value of a template means to CloudFormation, in the same form.
fn read(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Object(call) => match call.iter().next().map(|(name, argument)| (name.as_str(), argument)) {
            Some(("Ref", id)) => format!("⟨{}⟩", id.as_str().unwrap()),
            Some(("Fn::GetAtt", parts)) => {
                format!("⟨{}.{}⟩", parts[0].as_str().unwrap(), parts[1].as_str().unwrap())
            }
            Some(("Fn::Sub", text)) => {
                let mut parts = text.as_str().unwrap().split("${");
                let mut result = parts.next().unwrap().to_owned();
                for part in parts {
                    let (name, tail) = part.split_once('}').expect("a `${` without its end");
                    match name.strip_prefix('!') {
                        Some(verbatim) => result.extend(["${", verbatim, "}"]),
                        None => result.extend(["⟨", name, "⟩"]),
                    }
                    result.push_str(tail);
                }
                result
            }
            other => panic!("{other:?}"),
        },
        other => panic!("{other}"),
    }
}

const INNER: &str = r#"blueprint: inner
version: 1.0.0
parameters:
  Text: { type: string, description: A text. }
  Query: { type: string, default: .a, description: A query of jq. }
components:
  alone:
    kind: resource
    type: AWS::SSM::Parameter
    properties: { Type: String, Value: "${Text}", Description: "[${Text}]" }
  sent:
    kind: event-rule
    pattern: { source: [a] }
    targets:
      - { to: bus, input: { "text": ["${Text}", "<${Text}>"] } }
  bus:
    kind: event-bus
  data:
    kind: s3-bucket
  delivery:
    kind: firehose-stream
    to:
      s3: data
      layout:
        - key: { query: "${Query}", missing: none }
outputs:
  Text: { value: "(${Text})" }
"#;

const OUTER: &str = r#"blueprint: outer
version: 1.0.0
parameters:
  Text: { type: string, description: A text. }
  Query: { type: string, default: .a, description: A query of jq. }
components:
  inner:
    use: inner
    with: { Text: "${Text}", Query: "${Query}" }
outputs:
  Text: { value: "${inner.Text}" }
"#;

fn nested(value: &str, query: &str) -> Compiled {
    let text = format!(
        "blueprint: example\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bucket\n  \
         outer:\n    use: outer\n    with: {{ Text: {}, Query: {} }}\noutputs:\n  Own: {{ value: {} }}\n  \
         Through: {{ value: \"${{outer.Text}}\" }}\n",
        Json::String(value.to_owned()),
        Json::String(query.to_owned()),
        Json::String(value.to_owned()),
    );
    Memory::default()
        .with("example.blueprint.yaml", text)
        .with("outer.blueprint.yaml", OUTER)
        .with("inner.blueprint.yaml", INNER)
        .compile("example.blueprint.yaml")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn no_language_leaks_into_another(pieces in proptest::collection::vec(piece(), 0..8)) {
        let (value, evaluated) = written(&pieces, &str::to_owned);
        // A string of jq with the same text in it; `${ }` has no place there, for jq is needed before deployment.
        let (inside, _) = written(&pieces, &json_inside);
        let has_reference = evaluated.contains("${");
        let query = if has_reference { ".a".to_owned() } else { format!(".a // \"{inside}\"") };
        let compiled = nested(&value, &query);
        let Some(expected) = meaning(&evaluated) else {
            prop_assert!(compiled.template.is_none(), "{value:?} gave a template");
            return Ok(());
        };
        prop_assert!(compiled.template.is_some(), "{}\n{value:?}", shown(&compiled));
        let json: Json = serde_json::from_str(&compiled.template.as_ref().unwrap().text(Format::Json)).unwrap();
        prop_assert_eq!(read(&json["Outputs"]["Own"]["Value"]), expected.clone());
        prop_assert_eq!(read(&json["Outputs"]["Through"]["Value"]), format!("({expected})"));
        let resources = &json["Resources"];
        let alone = &resources["OuterInnerAlone"]["Properties"];
        prop_assert_eq!(read(&alone["Value"]), expected.clone());
        prop_assert_eq!(read(&alone["Description"]), format!("[{expected}]"));
        let input = read(&resources["OuterInnerSentRule"]["Properties"]["Targets"][0]["Input"]);
        let input: Json = serde_json::from_str(&input).unwrap();
        prop_assert_eq!(&input, &serde_json::json!({"text": [&expected, format!("<{expected}>")]}));
        if !has_reference {
            let stream = &resources["OuterInnerDeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"];
            let program = stream["ProcessingConfiguration"].to_string();
            let jq = json_inside(&format!(".a // \"{}\"", json_inside(&evaluated)));
            prop_assert!(program.contains(&jq), "{program}\n{jq}");
        }
    }
}
