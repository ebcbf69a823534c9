//! The kinds that operate an architecture: what they make, and what they allow to whom.

use std::io;
use std::path::Path;

use formwork::compile::{Compiled, Format, compile};
use formwork::kinds::{self, Kind};
use formwork::source::Files;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The kinds of this file.
const KINDS: &[&str] = &["alarm", "kms-key", "sns-topic", "sqs-queue"];

struct Memory(String);

impl Files for Memory {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }
}

fn compiled(text: &str) -> Compiled {
    let text = format!("blueprint: example\nversion: 1.0.0\n{text}");
    compile(Path::new("b.yaml"), "b.yaml", &Memory(text), &formwork::cli::codes()).unwrap()
}

/// The codes of the findings, and their texts.
fn findings(text: &str) -> Vec<String> {
    compiled(text).diagnostics.iter().map(|d| format!("{}: {}", d.code.name, d.message)).collect()
}

/// The resources of a blueprint that has no findings.
fn resources(text: &str) -> Value {
    let compiled = compiled(text);
    let found: Vec<_> = compiled.diagnostics.iter().map(|d| (d.code.name, &d.message, &d.path)).collect();
    assert!(found.is_empty(), "{found:#?}");
    let json: Value = serde_json::from_str(&compiled.template.unwrap().text(Format::Json)).unwrap();
    json["Resources"].clone()
}

/// The YAML blocks of a page.
fn blocks(page: &str) -> Vec<String> {
    let lines: Vec<&str> = page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let undented = lines.join("\n");
    let mut blocks = Vec::new();
    for part in undented.split("```yaml\n").skip(1) {
        blocks.push(part.split("```").next().unwrap().to_owned());
    }
    blocks
}

fn page(kind: &Kind) -> String {
    let schema = Value::from((kind.schema)(&mut SchemaGenerator::default()));
    schema["description"].as_str().unwrap().to_owned()
}

#[test]
fn the_example_of_each_page_compiles_without_findings() {
    for name in KINDS {
        let kind = kinds::by_name(name).unwrap();
        let page = page(kind);
        let text = page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap();
        let compiled = compiled(text);
        let found: Vec<_> = compiled.diagnostics.iter().map(|d| (d.code.name, &d.message, &d.path)).collect();
        assert!(found.is_empty(), "{name}: {found:#?}");
        assert!(compiled.template.is_some());
    }
}

#[test]
fn the_first_block_of_a_code_fails_with_it_and_the_second_compiles() {
    let mut tried = 0;
    for name in KINDS {
        let kind = kinds::by_name(name).unwrap();
        for code in kind.codes.iter().copied().flatten() {
            let blocks = blocks(code.page);
            let [failing, passing] = blocks.as_slice() else { panic!("{}: {} blocks", code.name, blocks.len()) };
            let names: Vec<_> =
                compiled(failing).diagnostics.iter().map(|d| (d.code.name, d.message.clone())).collect();
            assert!(!names.is_empty() && names.iter().all(|(name, _)| *name == code.name), "{}: {names:#?}", code.name);
            assert_eq!(findings(passing), Vec::<String>::new(), "{}", code.name);
            tried += 1;
        }
    }
    assert!(tried > 10);
}

#[test]
fn a_topic_lets_in_exactly_who_publishes() {
    let made = resources(
        "
components:
  alerts: { kind: sns-topic, encryption: own-key, subscriptions: [{ queue: work, raw: true }] }
  work: { kind: sqs-queue, encryption: own-key, dead_letters: { after: 5 } }
  full:
    kind: alarm
    metric: { of: work, part: dead-letters, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    threshold: 0
    notify: [alerts]
    notify_ok: [alerts]
  one: { kind: event-rule, pattern: { source: [a] }, targets: [alerts, work], dead_letters: failed }
  two: { kind: event-rule, pattern: { source: [b] }, targets: [alerts], dead_letters: failed }
  failed: { kind: sqs-queue }
",
    );
    let topic = json!({"Ref": "AlertsTopic"});
    assert_eq!(
        made["AlertsTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"],
        json!([
            {"Sid": "RefusePlainHttp", "Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": topic,
             "Condition": {"Bool": {"aws:SecureTransport": false}}},
            {"Sid": "ChangesOfFull", "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
             "Action": "sns:Publish", "Resource": topic,
             "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                           "ArnLike": {"aws:SourceArn": {"Fn::GetAtt": ["FullAlarm", "Arn"]}}}},
            {"Sid": "Rules", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
             "Action": "sns:Publish", "Resource": topic},
        ])
    );
    let sids = |id: &str, path: &str| -> Vec<String> {
        let statements = &made[id]["Properties"][path]["Statement"];
        statements.as_array().unwrap().iter().map(|s| s["Sid"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(sids("AlertsKey", "KeyPolicy"), ["AccountDecides", "Alarms", "Rules"]);
    assert_eq!(sids("WorkKey", "KeyPolicy"), ["AccountDecides", "Topics", "Rules"]);
    assert_eq!(sids("WorkQueuePolicy", "PolicyDocument"), ["RefusePlainHttp", "MessagesOfAlerts", "MessagesOfOne"]);
    assert_eq!(sids("FailedQueuePolicy", "PolicyDocument"), ["RefusePlainHttp", "MessagesOfOne", "MessagesOfTwo"]);
    let rule = &made["OneRule"]["Properties"]["Targets"];
    assert_eq!(rule[0]["DeadLetterConfig"]["Arn"], json!({"Fn::GetAtt": ["FailedQueue", "Arn"]}));
    assert!(rule[0].get("RoleArn").is_none());
    let alarm = &made["FullAlarm"]["Properties"];
    assert_eq!(alarm["Namespace"], "AWS/SQS");
    assert_eq!(
        alarm["Dimensions"],
        json!([{"Name": "QueueName", "Value": {"Fn::GetAtt": ["WorkDeadLetterQueue", "QueueName"]}}])
    );
    assert_eq!(alarm["OKActions"], json!([topic]));
    assert_eq!(made["AlertsSubscriptionWork"]["Properties"]["RawMessageDelivery"], true);
}

#[test]
fn a_fifo_queue_is_sent_groups() {
    let made = resources(
        "
components:
  work: { kind: sqs-queue, fifo: true, name: orders, dead_letters: { after: 3 } }
  changes: { kind: event-rule, pattern: { source: [a] }, targets: [{ to: work, message_group: all }] }
",
    );
    assert_eq!(made["WorkQueue"]["Properties"]["QueueName"], "orders.fifo");
    assert_eq!(made["WorkQueue"]["Properties"]["ContentBasedDeduplication"], true);
    assert_eq!(made["WorkDeadLetterQueue"]["Properties"]["FifoQueue"], true);
    assert_eq!(made["ChangesRule"]["Properties"]["Targets"][0]["SqsParameters"], json!({"MessageGroupId": "all"}));
}

#[test]
fn the_policy_of_a_shared_key_follows_from_who_uses_it() {
    let made = resources(
        "
components:
  data: { kind: kms-key, alias: example/data }
  journal: { kind: log-group, encryption: { key: data } }
  diary: { kind: log-group, encryption: { key: \"${data.arn}\" } }
  orders: { kind: event-bus, encryption: { key: data } }
  archive: { kind: s3-bucket, encryption: { key: data } }
  delivery: { kind: firehose-stream, to: { s3: archive }, encryption: { key: data } }
  alerts: { kind: sns-topic, encryption: { key: data }, subscriptions: [{ queue: work }] }
  work: { kind: sqs-queue, encryption: { key: data } }
  late:
    kind: alarm
    metric: { of: delivery, name: DeliveryToS3.DataFreshness, statistic: p99 }
    threshold: 900.5
    notify: [alerts]
",
    );
    let statements = made["DataKey"]["Properties"]["KeyPolicy"]["Statement"].as_array().unwrap();
    let sids: Vec<_> = statements.iter().map(|s| s["Sid"].as_str().unwrap()).collect();
    let expected = [
        "AccountDecides",
        "TopicsOfWork",
        "LogEventsOfDiary",
        "LogEventsOfJournal",
        "AlarmsOfAlerts",
        "EventsOfOrders",
    ];
    assert_eq!(sids, expected);
    assert_eq!(made["JournalLogGroup"]["Properties"]["KmsKeyId"], json!({"Fn::GetAtt": ["DataKey", "Arn"]}));
    assert!(made.get("JournalKey").is_none());
    assert_eq!(made["LateAlarm"]["Properties"]["ExtendedStatistic"], "p99");
    assert_eq!(made["LateAlarm"]["Properties"]["Threshold"], 900.5);
    assert_eq!(made["DataKey"]["DeletionPolicy"], "Retain");
}

#[test]
fn a_key_must_be_one() {
    let found = findings(
        "
components:
  data: { kind: s3-bucket }
  journal: { kind: log-group, encryption: { key: data } }
  diary: { kind: log-group, encryption: { key: dat } }
",
    );
    assert_eq!(
        found,
        ["wrong-kind: `data` is of kind `s3-bucket`, which does not encrypt", "unknown-component: no component `dat`"]
    );
}

#[test]
fn metric_math_names_its_metrics() {
    let made = resources(
        "
components:
  archive: { kind: s3-bucket }
  orders: { kind: event-bus }
  delivery: { kind: firehose-stream, to: { s3: archive } }
  routed: { kind: event-rule, bus: orders, pattern: { source: [a] }, targets: [delivery] }
  near-limit:
    kind: alarm
    metrics:
      bytes: { of: delivery, name: IncomingBytes, statistic: sum }
      limit: { of: delivery, name: BytesPerSecondLimit, statistic: minimum }
      rate: bytes / 300
    expression: 100 * rate / limit
    threshold: 80
    evaluation_periods: 3
    datapoints: 2
  failing:
    kind: alarm
    metric: { of: routed, name: FailedInvocations, statistic: sum }
    threshold: 0
    missing_data: not-breaching
",
    );
    let alarm = &made["NearLimitAlarm"]["Properties"];
    let stream = json!([{"Name": "DeliveryStreamName", "Value": {"Ref": "DeliveryStream"}}]);
    assert_eq!(alarm["Metrics"][0]["MetricStat"]["Metric"]["Dimensions"], stream);
    assert_eq!(alarm["Metrics"][2], json!({"Id": "rate", "Expression": "bytes / 300", "ReturnData": false}));
    assert_eq!(
        alarm["Metrics"][3],
        json!({"Id": "result", "Expression": "100 * rate / limit", "Label": "near-limit", "ReturnData": true})
    );
    assert!(alarm.get("Period").is_none());
    assert_eq!(
        made["FailingAlarm"]["Properties"]["Dimensions"],
        json!([
            {"Name": "EventBusName", "Value": {"Ref": "OrdersBus"}},
            {"Name": "RuleName", "Value": {"Fn::GetAtt": ["RoutedRule", "RuleName"]}}
        ])
    );
}
