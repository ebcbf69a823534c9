//! Where events go, as people see it.

use std::fmt::Write as _;

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

/// A blueprint with a function, partitions by jq, and a table.
const BLUEPRINT: &str = r#"blueprint: shop
version: 1.0.0
components:
  archive:
    kind: s3-bucket
  clean:
    kind: lambda-function
    runtime: python3.14
    source: |
      import base64, json

      def handler(event, context):
          records = []
          for record in event["records"]:
              order = json.loads(base64.b64decode(record["data"]))
              order["total"] = round(order["total"], 2)
              data = base64.b64encode(json.dumps(order).encode()).decode()
              records.append({"recordId": record["recordId"], "result": "Ok", "data": data})
          return {"records": records}
  delivery:
    kind: firehose-stream
    transform: { function: clean }
    to:
      s3: archive
      layout:
        - orders
        - shop: { query: .shop, values: [berlin, paris] }
  catalog:
    kind: glue-database
  orders:
    kind: glue-table
    database: catalog
    of: delivery
    columns: order int, total double
"#;

fn shop(tests: &str) -> Folder {
    Folder::new(&[("shop.blueprint.yaml", &format!("{BLUEPRINT}{tests}"))])
}

const TESTS: &str = r"tests:
  # A comment that stays.
  - name: an order has its place
    now: 2026-11-23T10:00:00Z
    send: { order: 1, total: 9.999, shop: berlin }
    expect:
      delivery:
        key: orders/shop=berlin/*.gz
        table: orders
        json: { total: 10.0 }
  - name: an order without a shop fails
    now: 2026-11-23T10:00:00Z
    send: { order: 1, total: 9 }
    expect:
      delivery: { error: metadata-extraction-failed, key: errors/metadata-extraction-failed/2026-11-23/* }
  - name: an order that the function cannot read fails
    now: 2026-11-23T10:00:00Z
    send: { order: 1 }
    expect:
      delivery: { error: processing-failed }
  - name: a shop that the table does not know is never found
    now: 2026-11-23T10:00:00Z
    send: { order: 1, total: 1, shop: rome }
    expect:
      delivery: { key: orders/shop=rome/*, error: not-in-projection }
";

#[test]
fn the_reference_library_passes_its_tests() {
    let ran = formwork(&["test"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(!ran.err.contains("FAIL"), "{}", ran.err);
    assert!(ran.err.contains("tests passed in"), "{}", ran.err);
}

#[test]
fn good_and_failing_events_have_their_ends() {
    let folder = shop(TESTS);
    let ran = formwork(&["test", &folder.path("shop.blueprint.yaml")]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.ends_with("4 tests passed in 1 blueprint\n"), "{}", ran.err);
}

#[test]
fn what_is_not_as_expected_is_shown_at_its_line_and_can_be_written() {
    let wrong = TESTS
        .replace("orders/shop=berlin/*.gz", "orders/shop=paris/*")
        .replace("table: orders", "table: order")
        .replace("{ error: processing-failed }", "none");
    let folder = shop(&wrong);
    let path = folder.path("shop.blueprint.yaml");
    let ran = formwork(&["test", &path]);
    assert_eq!(ran.status, 1, "{}", ran.err);
    assert!(ran.err.contains("delivery, key\n          expected  orders/shop=paris/*\n          actual    orders/shop=berlin/shop-DeliveryStream-1-2026-11-23-10-00-00-*.gz"), "{}", ran.err);
    assert!(ran.err.contains("2 tests passed, 2 failed in 1 blueprint"), "{}", ran.err);
    let json: Json = serde_json::from_str(&formwork(&["test", &path, "--format", "json"]).out).unwrap();
    assert_eq!((&json["passed"], &json["failed"]), (&Json::from(2), &Json::from(2)));
    let junit = formwork(&["test", &path, "--format", "junit"]).out;
    assert!(junit.contains("tests=\"4\" failures=\"2\""), "{junit}");
    // Only the expectations change.
    let ran = formwork(&["test", &path, "--update"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert!(ran.err.ends_with("shop.blueprint.yaml: 3 expectations updated\n"), "{}", ran.err);
    let text = folder.read("shop.blueprint.yaml");
    assert!(text.contains("  # A comment that stays.\n"), "{text}");
    assert!(text.contains("        key: \"orders/shop=berlin/*\"\n        table: orders\n"), "{text}");
    assert!(
        text.contains("delivery: { error: processing-failed, key: \"errors/processing-failed/2026-11-23/*\" }"),
        "{text}"
    );
    assert_eq!(formwork(&["test", &path]).status, 0);
}

#[test]
fn a_function_that_throws_says_where() {
    let folder = shop("");
    folder.write("order.json", "{\"order\": 1}");
    let (status, text) = traced(&folder, &["shop.blueprint.yaml", "order.json", "--now", "2026-11-23T10:00:00Z"]);
    assert_eq!(status, 0);
    assert!(text.contains("! failure delivery: the function fails: KeyError: 'total', at index.py:"), "{text}");
    let (_, text) = traced(&folder, &["shop.blueprint.yaml", "order.json", "--no-functions"]);
    assert!(text.contains("? record delivery: functions are not run"), "{text}");
}

#[test]
fn many_events_are_counted() {
    let folder = shop("");
    let mut events = String::new();
    for order in 0..40 {
        let shop = if order % 4 == 0 { "paris" } else { "berlin" };
        writeln!(events, "{{\"order\": {order}, \"total\": 1, \"shop\": \"{shop}\"}}").unwrap();
    }
    folder.write("orders.jsonl", &events);
    let arguments = ["shop.blueprint.yaml", "orders.jsonl", "--now", "2026-11-23T10:00:00Z", "--rate", "1"];
    let (status, text) = traced(&folder, &arguments);
    assert_eq!(status, 0);
    assert!(
        text.contains("      30  delivery  orders/shop=berlin/\n      10  delivery  orders/shop=paris/\n"),
        "{text}"
    );
    assert!(text.contains("delivery: 1 events a second make about 2 active partitions"), "{text}");
}

#[test]
fn tests_name_only_what_there_is() {
    let folder = shop(
        "tests:\n  - name: a\n    now: noon\n    at: deliveri\n    send: { a: 1 }\n    expect: { deliverry: none }\n  - name: b\n    send: gone.json\n    expect: { delivery: {} }\n",
    );
    let ran = formwork(&["check", &folder.path("shop.blueprint.yaml")]);
    assert_eq!(ran.status, 1);
    for wanted in
        ["`noon` is no time", "no component `deliveri`", "no component `deliverry`", "cannot read `gone.json`"]
    {
        assert!(ran.err.contains(wanted), "{}", ran.err);
    }
}

#[test]
fn mail_goes_where_its_type_is_taken() {
    let folder = Folder::new(&[(
        "mail.template.yaml",
        r"Resources:
  Archive: { Type: AWS::S3::Bucket }
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Archive.Arn
        RoleARN: arn:aws:iam::111122223333:role/delivery
        Prefix: mail/
  Mail: { Type: AWS::SES::ConfigurationSet, Properties: { Name: news } }
  Events:
    Type: AWS::SES::ConfigurationSetEventDestination
    Properties:
      ConfigurationSetName: !Ref Mail
      EventDestination:
        Enabled: true
        MatchingEventTypes: [bounce]
        KinesisFirehoseDestination:
          DeliveryStreamARN: !GetAtt Delivery.Arn
          IAMRoleARN: arn:aws:iam::111122223333:role/mail
",
    )]);
    folder.write("bounce.json", r#"{"eventType": "Bounce", "mail": {}, "bounce": {}}"#);
    folder.write("open.json", r#"{"eventType": "Open", "mail": {}, "open": {}}"#);
    let (_, text) = traced(&folder, &["mail.template.yaml", "bounce.json", "--now", "2026-11-23T10:00:00Z"]);
    assert!(text.contains("● object Archive: mail/2026/11/23/10/stack-Delivery-1-"), "{text}");
    let (_, text) = traced(&folder, &["mail.template.yaml", "open.json", "--now", "2026-11-23T10:00:00Z"]);
    assert!(text.contains("✗ event destination Events: takes only bounce"), "{text}");
}
