//! Templates written by hand: what is rendered is one, and no input does harm.

use std::path::PathBuf;

use formwork::cli::{self, input};
use formwork::compile::{self, Format};
use proptest::prelude::*;

use crate::memory::{Memory, TEMPLATE, shown};

fn blueprints() -> Vec<PathBuf> {
    let folders = ["blueprints", "tests/checkers/blueprints"].map(PathBuf::from);
    input::find(&folders, input::Search::Blueprints).unwrap()
}

#[test]
fn what_is_rendered_has_no_findings_when_it_is_read_again() {
    let mut seen = 0;
    for path in blueprints() {
        let compiled = compile::compile(&path, &input::shown(&path), &input::Disk, &cli::codes()).unwrap();
        let Some(template) = compiled.template else { continue };
        let acknowledged = std::fs::read_to_string(&path).unwrap_or_default();
        for (format, name) in [(Format::Yaml, TEMPLATE), (Format::Json, "example.template.json")] {
            let mut checked = Memory::default().with(name, template.text(format)).check(name);
            // What the blueprint acknowledges is acknowledged there alone.
            checked.diagnostics.retain(|found| !acknowledged.contains(&format!("code: {}", found.code.name)));
            assert!(checked.diagnostics.is_empty(), "{}:\n{}", path.display(), shown(&checked));
            seen += 1;
        }
    }
    assert!(seen >= 24, "{seen}");
}

/// Texts that mean something somewhere in a template.
fn word() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "Ref",
        "Fn::If",
        "Fn::Sub",
        "Fn::Join",
        "Fn::GetAtt",
        "Fn::Select",
        "Fn::FindInMap",
        "Fn::ForEach::Loop",
        "Fn::Transform",
        "Fn::Nothing",
        "Condition",
        "Type",
        "Properties",
        "DependsOn",
        "Default",
        "AllowedValues",
        "AllowedPattern",
        "Value",
        "Export",
        "Name",
        "Resources",
        "Parameters",
        "Mappings",
        "Conditions",
        "Rules",
        "Outputs",
        "Metadata",
        "Transform",
        "AWS::LanguageExtensions",
        "AWS::Serverless-2016-10-31",
        "One",
        "Two",
        "One.Arn",
        "${One}",
        "${One.Arn} &{X}",
        "${",
        "AWS::S3::Bucket",
        "AWS::KinesisFirehose::DeliveryStream",
        "AWS::IAM::Role",
        "AWS::Events::Rule",
        "AWS::Glue::Table",
        "AWS::SQS::Queue",
        "AWS::Lambda::Function",
        "AWS::NoValue",
        "AWS::Region",
        "Statement",
        "Action",
        "*",
        "s3:*",
        "Effect",
        "Allow",
        "Principal",
        "PolicyDocument",
        "Policies",
        "AssumeRolePolicyDocument",
        "EventPattern",
        "source",
        "prefix",
        "numeric",
        ">=",
        "Targets",
        "InputTransformer",
        "InputTemplate",
        "<a>",
        "ExtendedS3DestinationConfiguration",
        "Prefix",
        "!{timestamp:yyyy}",
        "!{",
        "ProcessingConfiguration",
        "MetadataExtractionQuery",
        "{a: .b // 1}",
        "{",
        "[",
        "String",
        "Number",
        "5",
        "-1",
        "true",
        "",
        "rate(1 minute)",
        "cron(",
        "é\u{1F600}",
        "arn:aws:s3:::a",
    ])
    .prop_map(ToOwned::to_owned)
}

fn value() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        word().prop_map(serde_json::Value::from),
        any::<i32>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    leaf.prop_recursive(6, 60, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            prop::collection::hash_map(word(), inner, 0..5)
                .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_template_does_harm(resources in prop::collection::vec((word(), value(), value()), 1..4), rest in value(), sections in value()) {
        let mut top = match sections {
            serde_json::Value::Object(map) => map,
            other => serde_json::Map::from_iter([("Metadata".to_owned(), other)]),
        };
        let made = resources.into_iter().enumerate().map(|(at, (kind, properties, attribute))| {
            let id = ["One", "Two", "Three"][at];
            (id.to_owned(), serde_json::json!({"Type": kind, "Properties": properties, "DependsOn": attribute}))
        });
        top.insert("Resources".to_owned(), serde_json::Value::Object(made.collect()));
        top.insert("Outputs".to_owned(), rest);
        let text = serde_json::Value::Object(top).to_string();
        let once = shown(&Memory::default().with("a.json", text.clone()).check("a.json"));
        let again = shown(&Memory::default().with("a.json", text).check("a.json"));
        prop_assert_eq!(once, again);
    }
}

/// Conditions that multiply, unions in unions, references in a circle: each is bounded.
#[test]
fn what_multiplies_is_bounded() {
    use std::fmt::Write as _;
    let mut text = String::from("Parameters:\n");
    for n in 0..60 {
        writeln!(text, "  P{n}: {{ Type: String }}").unwrap();
    }
    text.push_str("Conditions:\n");
    for n in 0..60 {
        writeln!(text, "  C{n}: !Or [!Equals [!Ref P{n}, a], !Equals [!Ref P{}, b]]", (n + 1) % 60).unwrap();
    }
    text.push_str("Resources:\n");
    for n in 0..60 {
        let mut value = "x".to_owned();
        for depth in 0..25 {
            value = format!("!If [C{}, {value}, !Ref R{}]", (n + depth) % 60, (n + 1) % 60);
        }
        writeln!(
            text,
            "  R{n}:\n    Type: AWS::S3::Bucket\n    Condition: C{n}\n    Properties: {{ BucketName: {value} }}"
        )
        .unwrap();
    }
    let checked = Memory::default().with(TEMPLATE, text).check(TEMPLATE);
    assert!(checked.diagnostics.iter().any(|finding| finding.code.name == "dependency-cycle"), "{}", shown(&checked));
}

/// Conditions in rows of doubles, resources that all need each other, a name that thousands of branches choose.
#[test]
fn what_doubles_is_bounded() {
    use std::fmt::Write as _;
    let mut text = String::from("Parameters:\n  P: { Type: String }\nConditions:\n  C0: !Equals [!Ref P, a]\n");
    for n in 1..100 {
        writeln!(text, "  C{n}: !And [!Condition C{0}, !Condition C{0}]", n - 1).unwrap();
    }
    let mut name = "UPPER".to_owned();
    for n in 0..8 {
        name = format!("!If [C{n}, {name}, {name}]");
    }
    writeln!(text, "Resources:\n  Named:\n    Type: AWS::S3::Bucket\n    Condition: C99").unwrap();
    writeln!(text, "    Properties: {{ BucketName: {name} }}").unwrap();
    let all: Vec<String> = (0..150).map(|n| format!("R{n}")).collect();
    for id in &all {
        writeln!(text, "  {id}: {{ Type: AWS::SNS::Topic, DependsOn: [{}, Named] }}", all.join(", ")).unwrap();
    }
    let checked = Memory::default().with(TEMPLATE, text).check(TEMPLATE);
    let count = |name: &str| checked.diagnostics.iter().filter(|finding| finding.code.name == name).count();
    assert!((1..=20).contains(&count("dependency-cycle")), "{}", count("dependency-cycle"));
    assert_eq!(count("pattern-mismatch"), 256);
    assert_eq!(count("may-not-exist"), 150);
}
