//! Where events go, as people see it.

use serde_json::Value as Json;

use crate::cli::{Folder, formwork};

/// A rule and a stream without partitions.
const TEMPLATE: &str = r#"Resources:
  Archive:
    Type: AWS::S3::Bucket
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: orders
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Archive.Arn
        RoleARN: arn:aws:iam::111122223333:role/delivery
        Prefix: raw/
        CompressionFormat: GZIP
  Orders:
    Type: AWS::Events::Rule
    Properties:
      EventPattern:
        source: [shop]
        detailType: [Order Placed]
      Targets:
        - { Id: delivery, Arn: !GetAtt Delivery.Arn, RoleArn: "arn:aws:iam::111122223333:role/rule" }
"#;

const EVENT: &str =
    r#"{"source": "shop", "detail-type": "Order Placed", "time": "2026-11-23T10:00:00Z", "detail": {"order": 1}}"#;

/// What a trace prints, with the paths of files as they are inside of the folder.
fn traced(folder: &Folder, arguments: &[&str]) -> (u8, String) {
    let whole: Vec<String> = arguments
        .iter()
        .map(|argument| if argument.contains('.') { folder.path(argument) } else { (*argument).to_owned() })
        .collect();
    let arguments: Vec<&str> = ["trace"].into_iter().chain(whole.iter().map(String::as_str)).collect();
    let ran = formwork(&arguments);
    (ran.status, (ran.out + &ran.err).replace(&folder.path(""), ""))
}

#[test]
fn a_wrong_field_of_a_pattern_is_named_with_the_right_one() {
    let folder = Folder::new(&[("a.template.yaml", TEMPLATE), ("order.json", EVENT)]);
    let (status, text) = traced(&folder, &["a.template.yaml", "order.json"]);
    assert_eq!(status, 0);
    let wanted = "order.json\n\
                  ✗ bus default: its only rule does not match\n\
                  └── ✗ rule Orders: does not match: `detailType` must be one of [\"Order Placed\"], and the event has \
                  no such field\n        \
                  the event has `detail-type`\n        \
                  at a.template.yaml:18:9\n";
    assert!(text.starts_with(wanted), "{text}");
}

#[test]
fn an_event_is_followed_to_the_key_of_its_object() {
    let template = TEMPLATE.replace("detailType", "detail-type");
    let folder = Folder::new(&[("a.template.yaml", &template), ("order.json", EVENT)]);
    let (status, text) = traced(&folder, &["a.template.yaml", "order.json", "--format", "json"]);
    assert_eq!(status, 0);
    let json: Json = serde_json::from_str(&text).unwrap();
    let object = json.pointer("/events/0/trace/next/0/next/0/next/0").unwrap();
    assert_eq!(object["key"], "raw/2026/11/23/10/orders-1-2026-11-23-10-00-00-*.gz");
    assert_eq!(object["state"], "delivered");
    assert_eq!(object["record"]["detail"]["order"], 1);
    // Without the clock of the event the one that is given counts.
    let (_, text) = traced(&folder, &["a.template.yaml", "order.json", "--now", "2027-01-01T00:00:00Z"]);
    assert!(text.contains("raw/2027/01/01/00/orders-1-"), "{text}");
}

#[test]
fn what_cannot_be_traced_says_why() {
    let folder = Folder::new(&[
        ("a.template.yaml", TEMPLATE),
        ("order.json", EVENT),
        ("bad.blueprint.yaml", "blueprint: bad\n"),
    ]);
    for (arguments, wanted) in [
        (vec!["a.template.yaml", "gone.json"], "cannot read gone.json: there is no such file or folder"),
        (
            vec!["a.template.yaml", "order.json", "--at", "nowhere"],
            "nothing takes events at `nowhere`; events enter at `default`",
        ),
        (vec!["a.template.yaml", "order.json", "--now", "noon"], "`noon` is no time"),
        (vec!["a.template.yaml", "order.json", "--param", "A=1"], "there is no parameter `A`"),
        (vec!["bad.blueprint.yaml", "order.json"], "there is no template to trace"),
    ] {
        let (status, text) = traced(&folder, &arguments);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(wanted), "{text}");
    }
}
