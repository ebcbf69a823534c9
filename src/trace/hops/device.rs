//! Rules of AWS IoT: messages of devices by topic, what SQL makes of them, and the actions that get it.

use serde_json::{Value as Json, json};

use crate::source::Span;
use crate::template::event_pattern::HOLE;
use crate::template::iot_sql::{self, Statement};
use crate::template::{Resource, Value, base64};
use crate::trace::Record;
use crate::trace::iot::{self, Decision, Message};
use crate::trace::report::{Facts, Hop, State};
use crate::trace::resolve::{self, Resolver};
use crate::trace::world::{Node, World};

/// Who sends, where a sample does not say it.
const CLIENT: &str = "device";

/// A rule.
#[derive(Debug)]
pub struct Rule {
    name: String,
    statement: Result<Statement, String>,
    sql: Span,
    enabled: bool,
    actions: Vec<Action>,
    errors: Option<Action>,
}

/// What gets the result of a rule.
#[derive(Debug)]
struct Action {
    /// The service, as CloudFormation names the action.
    kind: String,
    settings: Json,
    place: Span,
}

impl Rule {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let payload = resource.properties.get("TopicRulePayload");
        let at = |name: &str| payload.and_then(|payload| payload.at(&[name]));
        let text = |name: &str| at(name).and_then(|value| resolver.value(value)).as_ref().and_then(resolve::text);
        let sql = text("Sql").unwrap_or_default();
        let statement = if sql.contains(HOLE) {
            Err("its SQL is known only at deployment".to_owned())
        } else {
            iot_sql::parse(&sql).map_err(|mistake| {
                let given = sql.get(mistake.range.clone()).unwrap_or_default();
                format!("AWS IoT refuses its SQL: {}, at `{}`", mistake.message, crate::trace::short(given, 40))
            })
        };
        let actions = at("Actions").and_then(Value::as_list).unwrap_or_default();
        Self {
            name: resolver.name(resource),
            statement,
            sql: at("Sql").map_or(resource.origin, |sql| sql.origin).span(),
            enabled: text("RuleDisabled").is_none_or(|disabled| disabled != "true"),
            actions: actions.iter().filter_map(|action| Action::read(action, resolver)).collect(),
            errors: at("ErrorAction").and_then(|action| Action::read(action, resolver)),
        }
    }

    /// The topics that it takes.
    pub fn topics(&self) -> Option<&str> {
        self.statement.as_ref().ok()?.topic.as_ref().map(|(topic, _)| topic.as_str())
    }

    /// The ARNs and names of what its actions send to.
    pub fn is_sending_to(&self, arn: &str, name: &str) -> bool {
        let url = format!("/{name}");
        let same =
            |value: &Json| value.as_str().is_some_and(|text| text == arn || text == name || text.ends_with(&url));
        let actions = self.actions.iter().chain(&self.errors);
        let mut settings = actions.filter_map(|action| action.settings.as_object()).flatten();
        settings.any(|(key, value)| key != "RoleArn" && same(value))
    }
}

impl Action {
    fn read(action: &Value, resolver: &Resolver<'_>) -> Option<Self> {
        let (kind, settings) = action.as_map()?.0.first()?;
        Some(Self {
            kind: kind.text.clone(),
            settings: resolver.value(settings).unwrap_or_default(),
            place: kind.origin.span(),
        })
    }

    fn text(&self, name: &str) -> &str {
        self.settings[name].as_str().unwrap_or_default()
    }

    /// What it is sent to, as its settings name it.
    fn resource(&self) -> &str {
        let names = ["DeliveryStreamName", "StreamName", "FunctionArn", "TargetArn", "QueueUrl", "Topic", "BucketName"];
        let more = ["LogGroupName", "TableName", "MetricName", "Url"];
        names.iter().chain(&more).find_map(|name| self.settings[*name].as_str()).unwrap_or(&self.kind)
    }
}

/// A text with its substitutions `${…}` filled in.
///
/// Source: AWS IoT Developer Guide, "Substitution templates".
fn substituted(template: &str, message: Message<'_>) -> Result<String, String> {
    let mut made = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((expression, after)) = after.split_once('}') else { break };
        made.push_str(before);
        let statement = iot_sql::parse(&format!("SELECT VALUE {expression}"))
            .map_err(|mistake| format!("`${{{expression}}}` is no expression: {}", mistake.message))?;
        let bytes = match iot::decide(&statement, message) {
            Decision::Sends(bytes) if !bytes.is_empty() => bytes,
            Decision::NotRun(why) => return Err(why),
            _ => return Err(format!("`${{{expression}}}` has no value")),
        };
        match serde_json::from_slice::<Json>(&bytes) {
            Ok(Json::String(text)) => made.push_str(&text),
            _ => made.push_str(&String::from_utf8_lossy(&bytes)),
        }
        rest = after;
    }
    made.push_str(rest);
    Ok(made)
}

/// The records that a message is for Firehose.
fn records(action: &Action, data: &[u8], record: &Record) -> Vec<Record> {
    let separator = action.text("Separator").as_bytes();
    let with = |bytes: &[u8]| record.with(bytes).followed(separator);
    match serde_json::from_slice::<Json>(data) {
        Ok(Json::Array(items)) if resolve::text(&action.settings["BatchMode"]).as_deref() == Some("true") => {
            items.iter().map(|item| with(item.to_string().as_bytes())).collect()
        }
        _ => vec![with(data)],
    }
}

impl World<'_> {
    /// A message on a topic of AWS IoT.
    pub(super) fn published(&self, topic: &str, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = Self::outside("topic", topic, State::Passed, "");
        for (id, node) in self.nodes() {
            let Node::Device(rule) = node else { continue };
            // What a rule does not take is no loop.
            let is_taken = rule.topics().is_none_or(|filter| iot::topic_matches(filter, topic));
            hop.next.push(match self.enter(id, if is_taken { trail } else { &[] }) {
                Ok(trail) => {
                    let mut hop = self.device(id, rule, record, Some(topic), &trail);
                    self.hold(id, record, &mut hop);
                    hop
                }
                Err(again) => *again,
            });
        }
        let taken = hop.next.iter().filter(|next| next.state != State::Dropped).count();
        hop.says = match (taken, hop.next.len()) {
            (0, 0) => "no rule of AWS IoT is in the template".to_owned(),
            (0, 1) => "its rule does not take the message".to_owned(),
            (0, all) => format!("none of {all} rules takes the message"),
            (1, _) => "one rule takes the message".to_owned(),
            (n, _) => format!("{n} rules take the message"),
        };
        if taken == 0 {
            hop.state = State::Dropped;
        }
        hop
    }

    /// A message at a rule.
    pub(super) fn device(&self, id: &str, rule: &Rule, record: &Record, topic: Option<&str>, trail: &[&str]) -> Hop {
        let at_sql = |state: State, says: String| {
            let mut hop = self.hop("IoT rule", id, state, says);
            hop.place = Some(rule.sql);
            hop
        };
        if !rule.enabled {
            return self.hop("IoT rule", id, State::Dropped, "is disabled");
        }
        let statement = match &rule.statement {
            Ok(statement) => statement,
            Err(why) if why.starts_with("AWS IoT refuses") => return at_sql(State::Failed, why.clone()),
            Err(why) => return at_sql(State::Unknown, why.clone()),
        };
        let message = Message {
            topic: topic.or(rule.topics()).unwrap_or_default(),
            payload: record.data(),
            client: CLIENT,
            account: &self.resolver.deployment().account,
            arrival: record.arrival,
        };
        let data = match iot::decide(statement, message) {
            Decision::Sends(data) => data,
            Decision::OtherTopic => {
                let says = format!("takes only topics like `{}`", rule.topics().unwrap_or_default());
                return at_sql(State::Dropped, says);
            }
            Decision::NotMet => {
                let mut hop = at_sql(State::Dropped, "its condition does not hold".to_owned());
                if record.json().is_none() {
                    hop.note("the message is no JSON, so no field of it has a value", None);
                }
                return hop;
            }
            Decision::NotRun(why) => return at_sql(State::Unknown, why),
        };
        let mut hop = self.hop("IoT rule", id, State::Passed, format!("gives {}", crate::trace::one_line(&data)));
        for action in &rule.actions {
            match self.act(action, &data, message, record, trail) {
                Ok(next) => hop.next.extend(next),
                Err(why) => {
                    let failed = self.not_acted(rule, action, &why, message, record, trail);
                    hop.next.push(failed);
                }
            }
        }
        hop
    }

    /// An action that failed, and what gets to know of it.
    ///
    /// Source: AWS IoT Developer Guide, "Error handling (error action)".
    fn not_acted(
        &self,
        rule: &Rule,
        action: &Action,
        why: &str,
        message: Message<'_>,
        record: &Record,
        trail: &[&str],
    ) -> Hop {
        let mut hop = Self::outside("action", action.resource(), State::Failed, why);
        hop.place = Some(action.place);
        let Some(errors) = &rule.errors else {
            hop.note("the message is lost: the rule has no error action", None);
            return hop;
        };
        let told = json!({
            "ruleName": rule.name,
            "topic": message.topic,
            "cloudwatchTraceId": "00000000-0000-4000-8000-000000000001",
            "clientId": message.client,
            "base64OriginalPayload": base64::encode(message.payload),
            "failures": [{
                "failedAction": format!("{}Action", action.kind),
                "failedResource": action.resource(),
                "errorMessage": why,
            }],
        });
        let told = told.to_string().into_bytes();
        match self.act(errors, &told, Message { payload: &told, ..message }, &record.with(told.clone()), trail) {
            Ok(next) => hop.next.extend(next),
            Err(why) => hop.note(format!("the error action fails, too: {why}"), Some(errors.place)),
        }
        hop
    }

    /// Hands the result of a rule to an action. An error is why that is impossible, in words.
    fn act(
        &self,
        action: &Action,
        data: &[u8],
        message: Message<'_>,
        record: &Record,
        trail: &[&str],
    ) -> Result<Vec<Hop>, String> {
        let sent = record.with(data);
        let reached = |kind: &str, name: &str, sent: &Record| self.send_to("action", (kind, name), sent, trail);
        Ok(match action.kind.as_str() {
            "Firehose" => {
                let name = action.text("DeliveryStreamName");
                let all = records(action, data, record);
                all.iter().map(|sent| reached("AWS::KinesisFirehose::DeliveryStream", name, sent)).collect()
            }
            "Kinesis" => {
                let key = substituted(action.settings["PartitionKey"].as_str().unwrap_or("${newuuid()}"), message)?;
                let sent = sent.keyed(Some(key));
                vec![reached("AWS::Kinesis::Stream", action.text("StreamName"), &sent)]
            }
            "Lambda" => match self.function(action.text("FunctionArn")) {
                Some(id) => {
                    let event = sent.json().ok_or("Lambda takes JSON, and the result is none")?;
                    vec![self.invoke(id, event, record, trail)]
                }
                None => vec![self.send("action", action.text("FunctionArn"), &sent, trail)],
            },
            "Sns" => vec![self.send("action", action.text("TargetArn"), &sent, trail)],
            "Sqs" => {
                let name = action.text("QueueUrl").rsplit('/').next().unwrap_or_default();
                let is_encoded = resolve::text(&action.settings["UseBase64"]).as_deref() == Some("true");
                let sent = if is_encoded { record.with(base64::encode(data)) } else { sent.clone() };
                vec![reached("AWS::SQS::Queue", name, &sent)]
            }
            "Republish" => {
                let topic = substituted(action.text("Topic"), message)?;
                vec![self.published(&topic, &sent, trail)]
            }
            "CloudwatchLogs" => vec![reached("AWS::Logs::LogGroup", action.text("LogGroupName"), &sent)],
            "S3" => {
                let key = substituted(action.text("Key"), message)?;
                vec![self.stored(action.text("BucketName"), &key, &sent, trail)]
            }
            kind => {
                let mut hop =
                    Self::outside("action", action.resource(), State::Delivered, format!("gets the message by {kind}"));
                hop.facts.record = Some(sent.shown());
                vec![hop]
            }
        })
    }

    /// An object that something other than a stream writes.
    fn stored(&self, bucket: &str, key: &str, record: &Record, trail: &[&str]) -> Hop {
        let id = self.named("AWS::S3::Bucket", bucket);
        let mut hop = match id {
            Some(id) => self.hop("object", id, State::Delivered, key),
            None => Self::outside("object", bucket, State::Delivered, key),
        };
        hop.facts = Facts {
            bucket: Some(id.map_or_else(|| bucket.to_owned(), |id| self.name(id))),
            key: Some(key.to_owned()),
            record: Some(record.shown()),
            bytes: u64::try_from(record.data().len()).unwrap_or(u64::MAX),
            ..Facts::default()
        };
        self.find_table(&mut hop, bucket, key, record, None);
        self.notify(&mut hop, &format!("arn:aws:s3:::{bucket}"), key, record, trail);
        hop
    }
}
