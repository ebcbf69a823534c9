//! The kinds that operate an architecture: what they make, and what they allow to whom.

use std::io;
use std::path::Path;

use formwork::compile::{Compiled, Format, compile};
use formwork::kinds::{self, Kind};
use formwork::source::Files;
use schemars::SchemaGenerator;
use serde_json::{Value, json};

/// The kinds of this file.
const KINDS: &[&str] = &[
    "alarm",
    "dashboard",
    "event-archive",
    "event-bus",
    "event-rule",
    "kms-key",
    "log-group",
    "log-subscription",
    "metric-stream",
    "schedule",
    "sns-topic",
    "sqs-queue",
];

struct Memory(String);

impl Files for Memory {
    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Ok(self.0.clone().into_bytes())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn compiled(text: &str) -> Compiled {
    let head = if text.contains("blueprint: ") { "" } else { "blueprint: example\nversion: 1.0.0\n" };
    let text = format!("{head}{text}");
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
  late: { kind: alarm, metric: { of: delivery, name: Delivery.DataFreshness, statistic: maximum }, threshold: 900 }
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
    assert_eq!(made["LateAlarm"]["Properties"]["MetricName"], "DeliveryToS3.DataFreshness");
    assert_eq!(
        made["FailingAlarm"]["Properties"]["Dimensions"],
        json!([
            {"Name": "EventBusName", "Value": {"Ref": "OrdersBus"}},
            {"Name": "RuleName", "Value": {"Fn::GetAtt": ["RoutedRule", "RuleName"]}}
        ])
    );
}

#[test]
fn a_dashboard_finds_its_places() {
    let made = resources(
        "
components:
  work: { kind: sqs-queue }
  journal: { kind: log-group }
  full:
    kind: alarm
    metric: { of: work, name: ApproximateNumberOfMessagesVisible, statistic: maximum }
    threshold: 100
  operations:
    kind: dashboard
    start: -P1D
    rows:
      - - text: The queue of ${AWS::StackName}
      - - { alarms: [full], width: 5 }
        - graph:
            - { of: work, name: NumberOfMessagesSent, statistic: sum }
            - { of: work, name: SentMessageSize, statistic: p99, period_seconds: 60 }
            - m1 / 300
          lines: [{ at: 5.5, label: many }]
          stacked: true
        - number: [{ namespace: Shop, name: Orders, dimensions: { Shop: Berlin }, statistic: sum }]
      - height: 9
        widgets:
          - logs: { from: [journal], names: [/aws/lambda/a], query: 'fields @message | limit 20' }
",
    );
    let body = made["OperationsDashboard"]["Properties"]["DashboardBody"]["Fn::Sub"].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["start"], "-P1D");
    let widgets = body["widgets"].as_array().unwrap();
    let places: Vec<_> =
        widgets.iter().map(|w| [&w["x"], &w["y"], &w["width"], &w["height"]].map(|n| n.as_u64().unwrap())).collect();
    assert_eq!(places, [[0, 0, 24, 2], [0, 2, 5, 6], [5, 2, 10, 6], [15, 2, 9, 6], [0, 8, 24, 9]]);
    assert_eq!(widgets[0]["properties"]["markdown"], "The queue of ${AWS::StackName}");
    assert_eq!(widgets[1]["properties"]["alarms"], json!(["${FullAlarm.Arn}"]));
    assert_eq!(
        widgets[2]["properties"],
        json!({
            "region": "${AWS::Region}", "view": "timeSeries", "stacked": true, "period": 60,
            "metrics": [
                ["AWS/SQS", "NumberOfMessagesSent", "QueueName", "${WorkQueue.QueueName}",
                 {"stat": "Sum", "period": 300, "id": "m1"}],
                ["AWS/SQS", "SentMessageSize", "QueueName", "${WorkQueue.QueueName}",
                 {"stat": "p99", "period": 60, "id": "m2"}],
                [{"expression": "m1 / 300", "id": "e3"}],
            ],
            "annotations": {"horizontal": [{"value": 5.5, "label": "many"}]},
        })
    );
    assert_eq!(
        widgets[4]["properties"]["query"],
        "SOURCE '${JournalLogGroup}' | SOURCE '/aws/lambda/a' | fields @message | limit 20"
    );
}

#[test]
fn a_schedule_may_do_exactly_its_call() {
    let made = resources(
        "
components:
  work: { kind: sqs-queue, encryption: own-key }
  failed: { kind: sqs-queue }
  orders: { kind: event-bus }
  archive: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { s3: archive } }
  alerts: { kind: sns-topic }
  once: { kind: schedule, at: at(2027-01-31T08:00:00), target: work, input: { day: 31 }, dead_letters: failed }
  hourly: { kind: schedule, at: rate(1 hour), target: orders, event: { source: shop, detail_type: Hour } }
  daily: { kind: schedule, at: cron(0 8 * * ? *), time_zone: Asia/Kolkata, target: delivery, input: text }
  weekly: { kind: schedule, at: cron(0 8 ? * MON *), target: alerts, flexible_minutes: 5 }
",
    );
    let role = &made["OnceRole"]["Properties"];
    let trust = &role["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(trust["Principal"], json!({"Service": "scheduler.amazonaws.com"}));
    let group = "arn:${AWS::Partition}:scheduler:${AWS::Region}:${AWS::AccountId}:schedule-group/default";
    assert_eq!(trust["Condition"]["ArnLike"]["aws:SourceArn"], json!({"Fn::Sub": group}));
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap();
    let allowed: Vec<_> = statements.iter().map(|s| (s["Action"].clone(), s["Resource"].clone())).collect();
    let arn = |id: &str| json!({"Fn::GetAtt": [id, "Arn"]});
    assert_eq!(
        allowed,
        [
            (json!("sqs:SendMessage"), arn("WorkQueue")),
            (json!(["kms:Decrypt", "kms:GenerateDataKey"]), arn("WorkKey")),
            (json!("sqs:SendMessage"), arn("FailedQueue")),
        ]
    );
    assert_eq!(made["OnceSchedule"]["Properties"]["Target"]["Input"], r#"{"day":31}"#);
    let bus = &made["HourlySchedule"]["Properties"]["Target"];
    assert_eq!(bus["EventBridgeParameters"], json!({"Source": "shop", "DetailType": "Hour"}));
    assert_eq!(made["DailySchedule"]["Properties"]["Target"]["Input"], "text");
    let window = &made["WeeklySchedule"]["Properties"]["FlexibleTimeWindow"];
    assert_eq!(*window, json!({"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 5}));
}

#[test]
fn streams_are_fed_by_roles_of_their_own() {
    let made = resources(
        "
components:
  archive: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { s3: archive } }
  journal: { kind: log-group }
  metrics: { kind: metric-stream, to: delivery, exclude: [AWS/EC2], linked_accounts: true }
  errors: { kind: log-subscription, from: journal, to: delivery, pattern: '?ERROR ?Exception' }
  kept: { kind: event-archive, retention_days: 30, encryption: own-key }
",
    );
    let put = json!(["firehose:PutRecord", "firehose:PutRecordBatch"]);
    for (id, principal) in
        [("MetricsRole", "streams.metrics.cloudwatch.amazonaws.com"), ("ErrorsRole", "logs.amazonaws.com")]
    {
        let role = &made[id]["Properties"];
        assert_eq!(role["AssumeRolePolicyDocument"]["Statement"][0]["Principal"], json!({"Service": principal}));
        let statements = &role["Policies"][0]["PolicyDocument"]["Statement"];
        assert_eq!(statements.as_array().unwrap().len(), 1);
        assert_eq!(statements[0]["Action"], put);
        assert_eq!(statements[0]["Resource"], json!({"Fn::GetAtt": ["DeliveryStream", "Arn"]}));
    }
    assert_eq!(made["ErrorsSubscriptionFilter"]["Properties"]["LogGroupName"], json!({"Ref": "JournalLogGroup"}));
    assert_eq!(made["MetricsMetricStream"]["Properties"]["ExcludeFilters"], json!([{"Namespace": "AWS/EC2"}]));
    let bus = "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default";
    assert_eq!(made["KeptArchive"]["Properties"]["SourceArn"], json!({"Fn::Sub": bus}));
    let policy = &made["KeptKey"]["Properties"]["KeyPolicy"]["Statement"];
    let context = &policy[2]["Condition"]["StringLike"]["kms:EncryptionContext:aws:events:event-bus:arn"];
    assert_eq!(*context, json!({"Fn::Sub": bus}));
}

#[test]
fn a_misspelt_metric_is_told_with_its_name() {
    let found = compiled(
        "
components:
  archive: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { s3: archive } }
  late:
    kind: alarm
    metric: { of: delivery, name: DeliveryToS3.DataFreshnes, statistic: maximum }
    threshold: 1
  full:
    kind: alarm
    metric: { of: delivery, name: PartitionCountExceeded, statistic: maximum }
    threshold: 1
",
    );
    let helps: Vec<_> = found.diagnostics.iter().map(|d| (d.code.name, d.help.as_deref().unwrap())).collect();
    assert_eq!(
        helps,
        [
            ("unknown-metric", "did you mean `DeliveryToS3.DataFreshness`?"),
            ("unknown-metric", "it exists only with a `query` in the layout"),
        ]
    );
}

#[test]
fn what_may_not_exist_is_left_out_of_the_alarm() {
    let made = resources(
        "
parameters:
  Call: { type: boolean, default: true, description: Whether someone is called. }
  KeyArn: { type: string, description: A key from elsewhere. }
components:
  calls: { kind: sns-topic, when: \"${Call}\", encryption: { key: \"${KeyArn}\" } }
  alerts: { kind: sns-topic }
  work: { kind: sqs-queue }
  full:
    kind: alarm
    metric: { of: work, name: NumberOfMessagesSent, statistic: sum }
    threshold: 1
    notify: [alerts, calls]
",
    );
    let guarded = json!({"Fn::If": ["CallsExists", {"Ref": "CallsTopic"}, {"Ref": "AWS::NoValue"}]});
    assert_eq!(made["FullAlarm"]["Properties"]["AlarmActions"], json!([{"Ref": "AlertsTopic"}, guarded]));
    assert_eq!(made["CallsTopic"]["Properties"]["KmsMasterKeyId"], json!({"Ref": "KeyArn"}));
}

/// Stars stand where the service or the policy of a key demands them, and in conditions.
#[test]
fn no_role_may_do_everything_or_to_everything() {
    let made = resources(EVERYTHING);
    let mut statements = 0;
    for (id, resource) in made.as_object().unwrap() {
        let policies = resource["Properties"]["Policies"].as_array().into_iter().flatten();
        for policy in policies {
            for statement in policy["PolicyDocument"]["Statement"].as_array().unwrap() {
                statements += 1;
                assert_ne!(statement["Resource"], "*", "{id}");
                assert!(!statement["Action"].to_string().contains('*'), "{id}");
            }
        }
    }
    assert!(statements > 8);
}

/// A blueprint that uses all of it, for this test and for the public checkers.
const EVERYTHING: &str = include_str!("../checkers/blueprints/operations.blueprint.yaml");
