//! The ways of events through services other than a rule and a stream, as people see them.

use crate::cli::{Folder, formwork};

const NOW: &str = "2026-11-23T10:00:00Z";

/// What a trace of one event prints; the files are a template and an event.
fn traced(template: &str, event: &str, arguments: &[&str]) -> (u8, String) {
    let folder = Folder::new(&[("a.template.yaml", template), ("event.json", event)]);
    let (file, event) = (folder.path("a.template.yaml"), folder.path("event.json"));
    let mut all = vec!["trace", file.as_str(), event.as_str(), "--now", NOW];
    all.extend(arguments);
    let ran = formwork(&all);
    (ran.status, (ran.out + &ran.err).replace(&folder.path(""), ""))
}

#[track_caller]
fn says(template: &str, event: &str, arguments: &[&str], wanted: &[&str]) {
    let (status, text) = traced(template, event, arguments);
    assert_eq!(status, 0, "{text}");
    for wanted in wanted {
        assert!(text.contains(wanted), "{wanted}\n{text}");
    }
}

/// A stream to a bucket, and a queue, to which other resources are added.
fn with(resources: &str) -> String {
    format!(
        "Resources:
  Archive: {{ Type: AWS::S3::Bucket }}
  Delivery:
    Type: AWS::KinesisFirehose::DeliveryStream
    Properties:
      DeliveryStreamName: delivery
      ExtendedS3DestinationConfiguration:
        BucketARN: !GetAtt Archive.Arn
        RoleARN: arn:aws:iam::111122223333:role/delivery
        Prefix: raw/
  Lost: {{ Type: AWS::SQS::Queue }}
{resources}"
    )
}

#[test]
fn an_event_of_a_bus_is_a_json_object() {
    let template = with(
        "  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: { source: [shop] }
      Targets: [{ Id: a, Arn: !GetAtt Delivery.Arn, RoleArn: 'arn:aws:iam::111122223333:role/rule' }]
",
    );
    for (event, wanted) in [
        ("{\"a\": 1,\n \"b\": }", "error: event.json:2:7: an event is JSON, and this is none: expected value\n"),
        ("5", "error: event.json: an event is a JSON object, and this is 5\n"),
        ("{\"source\": \"shop\", \"detail\": {}}\n{\"source\":\n", "error: event.json:2:10: an event is JSON"),
    ] {
        let (status, text) = traced(&template, event, &["--at", "default"]);
        assert_eq!(status, 2, "{text}");
        assert!(text.contains(wanted), "{text}");
    }
}

const DEVICES: &str = "  Rule:
    Type: AWS::IoT::TopicRule
    Properties:
      TopicRulePayload:
        Sql: SELECT *, topic(2) AS device FROM 'plant/+/readings' WHERE temperature > 40
        Actions:
          - Firehose:
              DeliveryStreamName: !Ref Delivery
              Separator: \"\\n\"
              RoleArn: arn:aws:iam::111122223333:role/devices
          - Republish: { Topic: 'hot/${topic(2)}/${line}', RoleArn: 'arn:aws:iam::111122223333:role/devices' }
        ErrorAction:
          Sqs: { QueueUrl: !Ref Lost, RoleArn: 'arn:aws:iam::111122223333:role/devices' }
";

#[test]
fn messages_of_devices_go_where_the_actions_of_their_rule_say() {
    let template = with(DEVICES);
    let at = ["--at", "plant/p7/readings"];
    says(
        &template,
        r#"{"temperature": 41, "line": "b"}"#,
        &at,
        &[
            "→ topic plant/p7/readings: one rule takes the message",
            r#"IoT rule Rule: gives {"temperature":41,"line":"b","device":"p7"}"#,
            "● object Archive: raw/2026/11/23/10/delivery-1-",
            "✗ topic hot/p7/b: its rule does not take the message",
        ],
    );
    // What an action cannot do is told by the error action.
    says(
        &template,
        r#"{"temperature": 41}"#,
        &at,
        &["! action hot/${topic(2)}/${line}: `${line}` has no value", "● queue Lost: is kept until someone takes it"],
    );
    says(
        &template,
        r#"{"temperature": 4}"#,
        &at,
        &["✗ IoT rule Rule: its condition does not hold", "at a.template.yaml:16:14"],
    );
    says(&template, "{}", &["--at", "office/p7"], &["takes only topics like `plant/+/readings`"]);
    let (status, text) = traced(&template, "{}", &["--at", "Rule"]);
    assert_eq!(status, 2);
    assert!(text.contains("name one of them with `--at`, for example `plant/x/readings`"), "{text}");
}

#[test]
fn a_rule_that_calls_itself_is_a_loop() {
    let template = with(&DEVICES.replace("'hot/${topic(2)}/${line}'", "'plant/${topic(2)}/readings'"));
    says(
        &template,
        r#"{"temperature": 41}"#,
        &["--at", "plant/p7/readings"],
        &["! loop Rule: the event is here again: Rule → Rule"],
    );
}

const LOGS: &str = "  Group: { Type: AWS::Logs::LogGroup, Properties: { LogGroupName: /shop/orders } }
  Errors:
    Type: AWS::Logs::SubscriptionFilter
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: ERROR
      DestinationArn: !GetAtt Delivery.Arn
      RoleArn: arn:aws:iam::111122223333:role/logs
  Counted:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: '{ $.level = \"WARN\" }'
      MetricTransformations: [{ MetricNamespace: Shop, MetricName: Warnings, MetricValue: '1' }]
";

#[test]
fn log_events_are_handed_over_in_their_envelope() {
    let unpacked = with(LOGS).replace(
        "        Prefix: raw/\n",
        "        Prefix: raw/
        ProcessingConfiguration:
          Enabled: true
          Processors:
            - { Type: Decompression, Parameters: [{ ParameterName: CompressionFormat, ParameterValue: GZIP }] }
            - Type: CloudWatchLogProcessing
              Parameters: [{ ParameterName: DataMessageExtraction, ParameterValue: 'true' }]
",
    );
    let lines = "[ERROR] no\nfine\n[ERROR] never\n";
    says(
        &unpacked,
        lines,
        &["--at", "/shop/orders", "--format", "json"],
        &["keeps 3 log events", "takes 2 of 3 log events", "[ERROR] no\\n[ERROR] never\\n"],
    );
    // Without the processors an object keeps what CloudWatch Logs hands over.
    says(&with(LOGS), lines, &["--at", "Group", "--format", "json"], &["\"messageType\": \"DATA_MESSAGE\""]);
    says(
        &unpacked,
        r#"{"level": "WARN"}"#,
        &["--at", "Group"],
        &[
            "✗ subscription Errors: no log event fits `ERROR`",
            "● metric filter Counted: takes 1 of 1 log event",
            "adds 1 to Shop/Warnings",
        ],
    );
}

const TOPIC: &str = "  Topic: { Type: AWS::SNS::Topic }
  ByAttribute:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: sqs
      Endpoint: !GetAtt Lost.Arn
      FilterPolicy: { kind: [order] }
  ByBody:
    Type: AWS::SNS::Subscription
    Properties:
      TopicArn: !Ref Topic
      Protocol: firehose
      Endpoint: !GetAtt Delivery.Arn
      RawMessageDelivery: true
      FilterPolicyScope: MessageBody
      FilterPolicy: { total: [{ numeric: ['>', 10] }] }
";

#[test]
fn messages_pass_the_filters_of_subscriptions() {
    let template = with(TOPIC);
    let request =
        r#"{"Message": {"total": 11}, "MessageAttributes": {"kind": {"DataType": "String", "StringValue": "order"}}}"#;
    says(
        &template,
        request,
        &["--at", "Topic"],
        &["sends to 2 subscriptions", "● queue Lost: is kept", "● object Archive: raw/2026/"],
    );
    says(
        &template,
        r#"{"total": 9}"#,
        &["--at", "Topic"],
        &[
            "none of its 2 subscriptions takes the message",
            "the message has no attributes, and its filter looks at nothing else",
            "✗ subscription Delivery: is filtered out: `total` must be one of",
        ],
    );
}

#[test]
fn archives_keep_what_their_pattern_takes_and_replay_it() {
    let template = with(
        "  Bus: { Type: AWS::Events::EventBus, Properties: { Name: shop } }
  Kept:
    Type: AWS::Events::Archive
    Properties: { SourceArn: !GetAtt Bus.Arn, RetentionDays: 30, EventPattern: { source: [shop] } }
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: { source: [shop] }
      Targets: [{ Id: a, Arn: !GetAtt Delivery.Arn, RoleArn: 'arn:aws:iam::111122223333:role/rule' }]
",
    );
    let event = r#"{"source": "shop", "detail-type": "Order", "detail": {}}"#;
    says(&template, event, &["--at", "shop"], &["● archive Kept: keeps the event for 30 days, to be replayed"]);
    says(
        &template,
        event,
        &["--at", "Kept"],
        &[
            "→ archive Kept: replays the event to the bus shop",
            "✗ archive Kept: does not keep what it replays",
            "● object",
        ],
    );
    says(
        &template,
        r#"{"source": "other", "detail": {}}"#,
        &["--at", "shop"],
        &["✗ archive Kept: does not keep it: `source` must be one of [\"shop\"]"],
    );
}

#[test]
fn buses_that_feed_each_other_are_a_loop() {
    let rule = |name: &str, from: &str, to: &str| {
        format!(
            "  {name}:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref {from}
      EventPattern: {{ source: [shop] }}
      Targets: [{{ Id: a, Arn: !GetAtt {to}.Arn, RoleArn: 'arn:aws:iam::111122223333:role/rule' }}]
"
        )
    };
    let buses = "  One: { Type: AWS::Events::EventBus, Properties: { Name: one } }
  Two: { Type: AWS::Events::EventBus, Properties: { Name: two } }
";
    says(
        &with(&(buses.to_owned() + &rule("There", "One", "Two") + &rule("Back", "Two", "One"))),
        r#"{"source": "shop", "detail": {}}"#,
        &["--at", "one"],
        &["! loop There: the event is here again: There → Two → Back → One → There"],
    );
}

#[test]
fn pipes_filter_and_write_what_their_target_gets() {
    let template = with(
        "  Orders: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties:
      RoleArn: arn:aws:iam::111122223333:role/pipe
      Source: !GetAtt Orders.Arn
      SourceParameters: { FilterCriteria: { Filters: [{ Pattern: '{\"body\": {\"total\": [{\"numeric\": [\">\", 10]}]}}' }] } }
      Target: !GetAtt Delivery.Arn
      TargetParameters: { InputTemplate: '{\"total\": <$.body.total>, \"pipe\": \"<aws.pipes.pipe-name>\"}' }
",
    );
    says(
        &template,
        r#"{"total": 11}"#,
        &["--format", "json"],
        &["takes the record", "\"total\": 11", "\"pipe\": \"stack-Pipe\""],
    );
    says(
        &template,
        r#"{"total": 9}"#,
        &[],
        &["✗ pipe Pipe: its filter leaves the record out: `body.total` must be one of"],
    );
}

#[test]
fn requests_become_what_mapping_templates_make_of_them() {
    let method = |uri: &str, template: &str| {
        with(&format!(
            "  Api: {{ Type: AWS::ApiGateway::RestApi, Properties: {{ Name: shop }} }}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      AuthorizationType: NONE
      Integration:
        Type: AWS
        IntegrationHttpMethod: POST
        Uri: !Sub 'arn:${{AWS::Partition}}:apigateway:${{AWS::Region}}:{uri}'
        RequestTemplates:
          application/json: !Sub |
            {template}
"
        ))
    };
    let put =
        r#"{"DeliveryStreamName": "${Delivery}", "Record": {"Data": "$util.base64Encode($input.json('$.order'))"}}"#;
    let event = r#"{"order": {"total": 9}}"#;
    says(
        &method("firehose:action/PutRecord", put),
        event,
        &["--at", "Post", "--format", "json"],
        &["calls PutRecord of firehose", "\"total\": 9", "raw/2026/11/23/10/delivery-1-"],
    );
    says(
        &method("firehose:action/PutRecord", &put.replace("Data", "data")),
        event,
        &["--at", "Post"],
        &["! API method Post: PutRecord refuses what its mapping template makes: it has no text `Data`"],
    );
    says(
        &method("firehose:action/PutRecord", "#parse('other')"),
        event,
        &["--at", "Post"],
        &["? API method Post: its mapping template is not run:"],
    );
    let send = "Action=SendMessage&MessageBody=$util.urlEncode($input.body)";
    says(
        &method("sqs:path/111122223333/${Lost.QueueName}", send),
        event,
        &["--at", "Post", "--format", "json"],
        &["\"total\": 9", "is kept until someone takes it"],
    );
}

const READER: &str = "  Orders:
    Type: AWS::SQS::Queue
    Properties: { RedrivePolicy: { deadLetterTargetArn: !GetAtt Lost.Arn, maxReceiveCount: 3 } }
  Read:
    Type: AWS::Lambda::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      Role: arn:aws:iam::111122223333:role/read
      Code: { ZipFile: \"def handler(event, context): return event['Records'][0]['gone']\" }
  Reads:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: !Ref Read }
";

#[test]
fn what_a_function_fails_for_comes_to_the_dead_letters() {
    says(
        &with(READER),
        "{}",
        &["--at", "Orders"],
        &[
            "! function Read: fails: KeyError: 'gone', at index.py:1",
            "after 3 tries the message goes to the dead letters of the queue",
            "● queue Lost: is kept until someone takes it",
        ],
    );
}

#[test]
fn functions_that_are_packed_are_run_too() {
    let blueprint = "blueprint: packed
version: 1.0.0
parameters:
  CodeBucket: { type: string, description: Bucket of the archives. }
components:
  orders:
    kind: sqs-queue
    visibility_timeout_seconds: 360
  read:
    kind: lambda-function
    runtime: python3.14
    handler: main.handler
    source: { folder: code }
    source_bucket: ${CodeBucket}
    event_sources: [{ from: orders }]
";
    let folder = Folder::new(&[
        ("packed.blueprint.yaml", blueprint),
        ("code/main.py", "from shared import answer\n\ndef handler(event, context):\n    return answer()\n"),
        ("code/shared/__init__.py", "def answer():\n    return 'from a folder'\n"),
        ("order.json", "{}"),
    ]);
    let ran = formwork(&["trace", &folder.path("packed.blueprint.yaml"), &folder.path("order.json")]);
    assert!(ran.out.contains("answers \"from a folder\""), "{}{}", ran.out, ran.err);
}
