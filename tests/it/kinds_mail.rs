//! Configuration sets of SES, and who is told what becomes of mail.

use serde_json::{Value as Json, json};

use super::kinds_streaming::{resources, role};

const MAIL: &str = r#"
components:
  archive: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { s3: archive, layout: [events] } }
  data: { kind: kms-key }
  alerts: { kind: sns-topic, encryption: { key: data } }
  mail:
    kind: ses-configuration-set
    events:
      everything: { types: [send, deliveryDelay], to: delivery }
      trouble: { types: [bounce], to: alerts }
      rules: { types: [reject], bus: default }
      counted: { types: [click], metrics: { "ses:configuration-set": { from: message-tag, default: none } } }
  sender: { kind: ses-identity, identity: example.com, configuration_set: mail }
  bounces:
    kind: alarm
    metric: { of: mail, name: Reputation.BounceRate, statistic: average }
    threshold: 0.05
"#;

/// The ARN of the configuration set, as text for `Fn::Sub`.
const SET: &str =
    "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:configuration-set/${MailConfigurationSet}";

fn destination<'a>(made: &'a Json, id: &str) -> &'a Json {
    let resource = &made[id];
    assert_eq!(resource["Type"], "AWS::SES::ConfigurationSetEventDestination", "{made:#}");
    assert_eq!(resource["Properties"]["ConfigurationSetName"], json!({"Ref": "MailConfigurationSet"}));
    &resource["Properties"]["EventDestination"]
}

#[test]
fn firehose_gets_events_with_a_role_that_only_this_set_may_take_on() {
    let made = resources(MAIL);
    let event = destination(&made, "MailEverythingEvents");
    assert_eq!(event["MatchingEventTypes"], json!(["send", "deliveryDelay"]));
    let to = json!({
        "DeliveryStreamARN": {"Fn::GetAtt": ["DeliveryStream", "Arn"]},
        "IAMRoleARN": {"Fn::GetAtt": ["MailRole", "Arn"]},
    });
    assert_eq!(event["KinesisFirehoseDestination"], to);
    let trust = &made["MailRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(trust["Principal"], json!({"Service": "ses.amazonaws.com"}));
    assert_eq!(trust["Condition"]["StringEquals"], json!({"aws:SourceAccount": {"Ref": "AWS::AccountId"}}));
    assert_eq!(trust["Condition"]["ArnLike"]["aws:SourceArn"], json!({"Fn::Sub": SET}));
    let statements = role(&made, "MailRole");
    assert_eq!(statements.len(), 1);
    assert_eq!(statements["PutOnDelivery"]["Resource"], json!({"Fn::GetAtt": ["DeliveryStream", "Arn"]}));
}

#[test]
fn a_topic_lets_the_set_in_and_so_does_its_key() {
    let made = resources(MAIL);
    let event = destination(&made, "MailTroubleEvents");
    assert_eq!(event["SnsDestination"], json!({"TopicARN": {"Ref": "AlertsTopic"}}));
    assert_eq!(made["MailTroubleEvents"]["DependsOn"], "AlertsTopicPolicy");
    let statements = made["AlertsTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"].as_array().unwrap();
    let own = statements.iter().find(|one| one["Sid"] == "MailEventsOfMail").unwrap();
    assert_eq!(own["Action"], "sns:Publish");
    assert_eq!(own["Condition"]["ArnLike"]["aws:SourceArn"], json!({"Fn::Sub": SET}));
    let key = made["DataKey"]["Properties"]["KeyPolicy"]["Statement"].as_array().unwrap();
    assert!(key.iter().any(|one| one["Principal"]["Service"] == "ses.amazonaws.com"), "{key:#?}");
}

#[test]
fn the_default_bus_and_cloudwatch_need_nobodys_leave() {
    let made = resources(MAIL);
    let bus = &destination(&made, "MailRulesEvents")["EventBridgeDestination"]["EventBusArn"]["Fn::Sub"];
    assert_eq!(bus, "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:event-bus/default");
    let counted = &destination(&made, "MailCountedEvents")["CloudWatchDestination"]["DimensionConfigurations"];
    let dimension = json!([{
        "DefaultDimensionValue": "none",
        "DimensionName": "ses:configuration-set",
        "DimensionValueSource": "messageTag",
    }]);
    assert_eq!(counted, &dimension);
}

#[test]
fn a_set_is_strict_unless_it_is_told_otherwise() {
    let made = resources(MAIL);
    let set = &made["MailConfigurationSet"]["Properties"];
    assert_eq!(set["DeliveryOptions"], json!({"TlsPolicy": "REQUIRE"}));
    assert_eq!(set["SuppressionOptions"], json!({"SuppressedReasons": ["BOUNCE", "COMPLAINT"]}));
    assert_eq!(set["ReputationOptions"], json!({"ReputationMetricsEnabled": true}));
    let alarm = &made["BouncesAlarm"]["Properties"];
    assert_eq!(alarm["Namespace"], "AWS/SES");
    let dimensions = json!([{"Name": "ses:configuration-set", "Value": {"Ref": "MailConfigurationSet"}}]);
    assert_eq!(alarm["Dimensions"], dimensions);
    let sender = &made["SenderIdentity"]["Properties"];
    assert_eq!(sender["ConfigurationSetAttributes"], json!({"ConfigurationSetName": {"Ref": "MailConfigurationSet"}}));
}
