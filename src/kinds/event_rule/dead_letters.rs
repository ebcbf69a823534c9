//! What keeps the events that a rule could not deliver.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{RULE, SERVICE};
use crate::blueprint::text::{Reference, Tree, TreeData};
use crate::kinds::Site;
use crate::kinds::site::refuse_plain_http;
use crate::kinds::sqs_queue::DEAD_LETTER_SECONDS;
use crate::map;
use crate::template::Removal;
use crate::template::iam::{Statement, document};

/// What keeps the events that could not be delivered.
#[derive(Debug, Default)]
pub enum DeadLetters {
    /// A queue of the rule.
    #[default]
    Own,
    /// Nothing.
    Nowhere,
    /// A queue that others may use too.
    Queue(Reference),
}

impl<'de> Deserialize<'de> for DeadLetters {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = Tree::deserialize(deserializer)?;
        match &tree.data {
            TreeData::Plain(serde_json::Value::Bool(true)) => Ok(Self::Own),
            TreeData::Plain(serde_json::Value::Bool(false)) => Ok(Self::Nowhere),
            TreeData::Text(text) => Reference::from_text(text)
                .map(Self::Queue)
                .ok_or_else(|| serde::de::Error::custom("expected the name of a component")),
            _ => Err(serde::de::Error::custom("expected a boolean or a component")),
        }
    }
}

impl JsonSchema for DeadLetters {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DeadLetters".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [{"type": "boolean"}, generator.subschema_for::<Reference>()]})
    }
}

impl serde::Serialize for DeadLetters {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Own => serializer.serialize_bool(true),
            Self::Nowhere => serializer.serialize_bool(false),
            Self::Queue(queue) => serializer.serialize_str(queue.name()),
        }
    }
}

/// The role of the rule's own queue among its resources.
pub const QUEUE: &str = "DeadLetterQueue";

/// The queue for what could not be delivered, and its policy.
pub fn add_queue(site: &mut Site<'_>) {
    let place = site.place;
    let origin = place.origin;
    let queue = place.attribute(QUEUE, "Arn");
    let properties = map!(origin; "MessageRetentionPeriod" => DEAD_LETTER_SECONDS, "SqsManagedSseEnabled" => true);
    // Nothing would read what a rule that is gone has left, and it is gone in two weeks anyway.
    site.add_stateful(QUEUE, "AWS::SQS::Queue", Removal::Delete, properties);
    let by_rule = map!(origin; "ArnEquals" => map!(origin; "aws:SourceArn" => place.attribute(RULE, "Arn")));
    let send = Statement::allow(origin, &["sqs:SendMessage"], vec![queue.clone()])
        .named("KeepUndeliveredEvents")
        .service(SERVICE)
        .when(by_rule);
    let refuse = refuse_plain_http(origin, &["sqs:*"], queue);
    let properties = map!(origin;
        "Queues" => [place.reference(QUEUE)],
        "PolicyDocument" => document(origin, vec![refuse, send]),
    );
    site.add("DeadLetterPolicy", "AWS::SQS::QueuePolicy", properties);
}
