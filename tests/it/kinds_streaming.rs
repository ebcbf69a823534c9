//! The kinds of streaming architectures: what is in their templates.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};

use formwork::compile::{Compiled, Format, compile};
use formwork::source::Files;
use serde_json::{Value as Json, json};

/// Files in memory.
struct Memory(HashMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Compiles a blueprint without its head, with a file beside it.
fn compiled(body: &str) -> Compiled {
    let head = if body.contains("blueprint:") { "" } else { "blueprint: page\nversion: 1.0.0\n" };
    let files = Memory(HashMap::from([
        (PathBuf::from("b/blueprint.yaml"), format!("{head}{body}")),
        (PathBuf::from("b/functions/clean.js"), "exports.handler = async (e) => `${e.records} ${`;\n".to_owned()),
    ]));
    compile(Path::new("b/blueprint.yaml"), "b/blueprint.yaml", &files, &formwork::cli::codes()).unwrap()
}

/// The resources of a blueprint that must compile without a finding.
pub fn resources(body: &str) -> Json {
    let compiled = compiled(body);
    let findings: Vec<String> =
        compiled.diagnostics.iter().map(|d| format!("{}: {}", d.code.name, d.message)).collect();
    assert!(findings.is_empty(), "{findings:#?}\n{body}");
    let text = compiled.template.unwrap().text(Format::Json);
    serde_json::from_str::<Json>(&text).unwrap()["Resources"].clone()
}

/// The names of the findings of a blueprint.
pub fn findings(body: &str) -> Vec<&'static str> {
    compiled(body).diagnostics.iter().map(|d| d.code.name).collect()
}

/// The statements of the role of a component, by their names.
pub fn role(resources: &Json, role: &str) -> HashMap<String, Json> {
    let statements = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"].as_array();
    let statements = statements.unwrap_or_else(|| panic!("no role {role} in {resources:#}"));
    statements.iter().map(|s| (s["Sid"].as_str().unwrap().to_owned(), s.clone())).collect()
}

/// The kinds that this file is about.
const KINDS: &[&str] =
    &["event-rule", "firehose-stream", "glue-crawler", "glue-table", "kinesis-stream", "lambda-function", "secret"];

fn kinds() -> impl Iterator<Item = &'static formwork::kinds::Kind> {
    KINDS.iter().map(|name| formwork::kinds::by_name(name).unwrap())
}

/// The blocks of YAML in a page.
fn blocks(page: &str) -> Vec<String> {
    let lines: Vec<&str> = page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
    let text = lines.join("\n");
    text.split("```yaml\n").skip(1).filter_map(|rest| Some(rest.split_once("```")?.0.to_owned())).collect()
}

#[test]
fn the_example_of_every_kind_compiles() {
    let schema: Json = serde_json::from_str(formwork::kinds::schema::TEXT).unwrap();
    for kind in kinds() {
        let page = schema["$defs"][kind.name]["description"].as_str().unwrap();
        let blocks = blocks(page);
        assert!(!blocks.is_empty(), "no example of `{}`", kind.name);
        for block in blocks {
            resources(&block);
        }
    }
}

#[test]
fn the_pages_of_the_codes_of_kinds_do_as_they_say() {
    for code in kinds().flat_map(|kind| kind.codes).copied().flatten() {
        // Pages with files beside the blueprint are run with all others.
        if code.page.contains("```yaml file=") {
            continue;
        }
        let blocks = blocks(code.page);
        let [fails, passes] = blocks.as_slice() else { panic!("`{}` has {} blocks", code.name, blocks.len()) };
        assert_eq!(findings(fails), [code.name], "{fails}");
        resources(passes);
    }
}

#[test]
fn a_stream_is_on_demand_unless_it_has_shards() {
    let made = resources(
        "components:\n  one: { kind: kinesis-stream }\n  two: { kind: kinesis-stream, shards: 2, retention_hours: 48 }\n",
    );
    let one = &made["OneStream"]["Properties"];
    assert_eq!(one["StreamModeDetails"], json!({"StreamMode": "ON_DEMAND"}));
    assert_eq!(one["StreamEncryption"], json!({"EncryptionType": "KMS", "KeyId": "alias/aws/kinesis"}));
    assert_eq!(one["ShardCount"], Json::Null);
    let two = &made["TwoStream"]["Properties"];
    assert_eq!(two["StreamModeDetails"]["StreamMode"], "PROVISIONED");
    assert_eq!((&two["ShardCount"], &two["RetentionPeriodHours"]), (&json!(2), &json!(48)));
    assert_eq!(made["OneStream"]["DeletionPolicy"], "Retain");
}

const ORDERS: &str = r#"
components:
  orders: { kind: kinesis-stream, encryption: own-key, consumers: [billing] }
  placed:
    kind: event-rule
    pattern: { source: [shop] }
    targets: [{ to: orders, partition_key: $.detail.customer }, bill]
  bill:
    kind: lambda-function
    runtime: nodejs24.x
    source: { file: functions/clean.js }
    dead_letters: true
    environment: { STREAM: "${orders.name}" }
    event_sources: [{ from: orders, consumer: billing, max_retries: 3, parallelization_factor: 10 }]
    uses: [{ put_to: orders }]
"#;

#[test]
fn a_rule_puts_on_a_stream_with_a_role_and_a_key() {
    let made = resources(ORDERS);
    let target = &made["PlacedRule"]["Properties"]["Targets"][0];
    assert_eq!(target["KinesisParameters"], json!({"PartitionKeyPath": "$.detail.customer"}));
    assert_eq!(target["RoleArn"], json!({"Fn::GetAtt": ["PlacedRole", "Arn"]}));
    let statements = role(&made, "PlacedRole");
    assert_eq!(statements["PutOnOrders"]["Action"], json!(["kinesis:PutRecord", "kinesis:PutRecords"]));
    assert_eq!(statements["PutOnOrders"]["Resource"], json!({"Fn::GetAtt": ["OrdersStream", "Arn"]}));
    assert_eq!(statements["PutOnOrdersKey"]["Action"], "kms:GenerateDataKey");
    assert_eq!(statements.len(), 2);
}

#[test]
fn a_partition_key_is_for_streams_alone() {
    let body = ORDERS.replace("to: orders, partition_key", "to: bill, partition_key").replace(", bill]", "]");
    assert_eq!(findings(&body), ["wrong-kind"]);
}

#[test]
fn a_rule_may_run_a_function_by_a_permission_for_itself() {
    let made = resources(ORDERS);
    let permission = &made["BillPermissionOfPlaced"];
    assert_eq!(permission["Type"], "AWS::Lambda::Permission");
    let expected = json!({
        "FunctionName": {"Ref": "BillFunction"},
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": {"Fn::GetAtt": ["PlacedRule", "Arn"]},
    });
    assert_eq!(permission["Properties"], expected);
    assert_eq!(made["PlacedRule"]["Properties"]["Targets"][1]["RoleArn"], Json::Null);
}

/// A function that everything runs which can.
const TOLD: &str = r#"
components:
  journal: { kind: log-group }
  alerts: { kind: sns-topic, subscriptions: [{ function: told, filter: { severity: [high] } }] }
  told: { kind: lambda-function, runtime: python3.14, source: "def handler(event, context): pass" }
  other: { kind: lambda-function, runtime: python3.14, source: "def handler(event, context): pass" }
  journal-delivery: { kind: log-subscription, from: journal, to: told }
  log-delivery: { kind: log-subscription, log_group: "${other.log-group}", to: told }
  failing:
    kind: alarm
    metric: { of: other, name: Errors, statistic: sum }
    threshold: 0
    notify: [told]
    notify_ok: [told]
"#;

#[test]
fn topics_alarms_and_log_groups_run_a_function_by_a_permission_for_themselves() {
    let made = resources(TOLD);
    let account = json!({"Ref": "AWS::AccountId"});
    let log_of_other = "arn:${AWS::Partition}:logs:${AWS::Region}:${AWS::AccountId}:log-group:${OtherLogGroup}:*";
    for (sender, principal, account, source) in [
        ("Alerts", "sns.amazonaws.com", &Json::Null, json!({"Ref": "AlertsTopic"})),
        ("Failing", "lambda.alarms.cloudwatch.amazonaws.com", &account, json!({"Fn::GetAtt": ["FailingAlarm", "Arn"]})),
        ("JournalDelivery", "logs.amazonaws.com", &account, json!({"Fn::GetAtt": ["JournalLogGroup", "Arn"]})),
        ("LogDelivery", "logs.amazonaws.com", &account, json!({"Fn::Sub": log_of_other})),
    ] {
        let permission = &made[format!("ToldPermissionOf{sender}")]["Properties"];
        assert_eq!(permission["Principal"], principal, "{sender}");
        assert_eq!(permission["SourceAccount"], *account, "{sender}");
        assert_eq!(permission["SourceArn"], source, "{sender}");
    }
    let arn = json!({"Fn::GetAtt": ["ToldFunction", "Arn"]});
    let subscription = &made["AlertsSubscriptionTold"]["Properties"];
    assert_eq!((&subscription["Protocol"], &subscription["Endpoint"]), (&json!("lambda"), &arn));
    assert_eq!(subscription["FilterPolicy"], json!({"severity": ["high"]}));
    let alarm = &made["FailingAlarm"]["Properties"];
    assert_eq!((&alarm["AlarmActions"], &alarm["OKActions"]), (&json!([arn]), &json!([arn])));
    // CloudWatch Logs acts without a role, and tries the permission first.
    let filter = &made["LogDeliverySubscriptionFilter"];
    assert_eq!(filter["Properties"]["DestinationArn"], arn);
    assert_eq!(filter["Properties"]["RoleArn"], Json::Null);
    assert_eq!(filter["DependsOn"], "ToldPermissionOfLogDelivery");
    assert_eq!(made["LogDeliveryRole"], Json::Null);
}

#[test]
fn a_function_takes_messages_of_a_queue() {
    let made = resources(
        r#"
components:
  work: { kind: sqs-queue, visibility_timeout_seconds: 360, encryption: own-key }
  worker:
    kind: lambda-function
    runtime: python3.14
    source: "def handler(event, context): pass"
    event_sources: [{ from: work, batch_size: 100, window_seconds: 5, max_concurrency: 20, report_failures: true }]
    dead_letters: true
"#,
    );
    let expected = json!({
        "FunctionName": {"Ref": "WorkerFunction"},
        "EventSourceArn": {"Fn::GetAtt": ["WorkQueue", "Arn"]},
        "BatchSize": 100,
        "MaximumBatchingWindowInSeconds": 5,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": 20},
    });
    assert_eq!(made["WorkerEventsFromWork"]["Properties"], expected);
    let statements = role(&made, "WorkerRole");
    let taken = json!(["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]);
    assert_eq!(statements["TakeFromWork"]["Action"], taken);
    assert_eq!(statements["TakeFromWork"]["Resource"], json!({"Fn::GetAtt": ["WorkQueue", "Arn"]}));
    assert_eq!(statements["TakeFromWorkKey"]["Action"], "kms:Decrypt");
}

#[test]
fn a_function_takes_its_source_as_it_is() {
    let made = resources(ORDERS);
    let function = &made["BillFunction"]["Properties"];
    assert_eq!(function["Code"], json!({"ZipFile": "exports.handler = async (e) => `${e.records} ${`;\n"}));
    assert_eq!(function["Handler"], "index.handler");
    assert_eq!(function["Environment"]["Variables"]["STREAM"], json!({"Ref": "OrdersStream"}));
    assert_eq!(function["DeadLetterConfig"]["TargetArn"], json!({"Fn::GetAtt": ["BillDeadLetterQueue", "Arn"]}));
}

#[test]
fn a_function_may_do_what_it_uses_and_no_more() {
    let made = resources(ORDERS);
    let statements = role(&made, "BillRole");
    let mut names: Vec<&str> = statements.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "KeepFailedEvents",
        "PutOnOrders",
        "PutOnOrdersKey",
        "ReadFromOrders",
        "ReadFromOrdersAsBilling",
        "ReadFromOrdersKey",
        "Trace",
        "WriteLog",
    ];
    assert_eq!(names, expected);
    // X-Ray takes no resources; everything else is named.
    let stars: Vec<&String> = statements.iter().filter(|(_, s)| s["Resource"] == "*").map(|(name, _)| name).collect();
    assert_eq!(stars, ["Trace"]);
}

#[test]
fn a_function_reads_a_stream_as_a_consumer() {
    let made = resources(ORDERS);
    let mapping = &made["BillEventsFromOrders"]["Properties"];
    assert_eq!(mapping["EventSourceArn"], json!({"Fn::GetAtt": ["OrdersConsumerBilling", "ConsumerARN"]}));
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    assert_eq!(mapping["ParallelizationFactor"], 10);
    assert_eq!(mapping["DestinationConfig"]["OnFailure"]["Destination"]["Fn::GetAtt"][0], "BillDeadLetterQueue");
    assert_eq!(made["OrdersConsumerBilling"]["Properties"]["ConsumerName"], "billing");
}
