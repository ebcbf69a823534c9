//! Topics of SNS and who gets their messages.

use std::sync::Arc;

use serde_json::Value as Json;

use crate::source::Span;
use crate::template::{Map, Resource, Value};
use crate::trace::report::{Hop, State};
use crate::trace::resolve::Resolver;
use crate::trace::sns::{self, Decision, Policy, Scope};
use crate::trace::world::{Node, World};
use crate::trace::{Record, invocations};

/// Who gets the messages of a topic.
#[derive(Debug)]
pub struct Subscription {
    pub topic: String,
    pub protocol: String,
    pub endpoint: String,
    /// Its filter; an error says why the service refuses it.
    filter: Option<Result<Policy, String>>,
    pub raw: bool,
    place: Span,
}

impl Subscription {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Vec<Self> {
        let one = |topic: String, map: &Map, place: Span| {
            let policy = map.get("FilterPolicy").and_then(|value| resolver.value(value));
            let scope = Scope::named(resolver.text(map, &["FilterPolicyScope"]).as_deref());
            Some(Self {
                topic,
                protocol: resolver.text(map, &["Protocol"])?,
                endpoint: resolver.text(map, &["Endpoint"])?,
                filter: policy.map(|policy| match &policy {
                    Json::String(text) => serde_json::from_str(text)
                        .map_err(|error| error.to_string())
                        .and_then(|it| Policy::read(&it, scope)),
                    _ => Policy::read(&policy, scope),
                }),
                raw: resolver.text(map, &["RawMessageDelivery"]).is_some_and(|raw| raw == "true"),
                place: map.get("FilterPolicy").map_or(place, |policy| policy.origin.span()),
            })
        };
        match resource.kind.as_str() {
            "AWS::SNS::Subscription" => {
                let topic = resolver.text(&resource.properties, &["TopicArn"]).unwrap_or_default();
                one(topic, &resource.properties, resource.origin.span()).into_iter().collect()
            }
            "AWS::SNS::Topic" => {
                let own = resource.properties.get("Subscription").and_then(Value::as_list).unwrap_or_default();
                let arn = resolver.arn(resource);
                own.iter().filter_map(|value| one(arn.clone(), value.as_map()?, value.origin.span())).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A sample as it is published: the message itself, or the request with its attributes.
///
/// Source: SNS API, `Publish`.
pub fn published(record: &Record) -> Record {
    let request = record.json().filter(|sample| sample.get("MessageAttributes").is_some());
    let Some((request, message)) = request.and_then(|request| Some((request, request.get("Message")?))) else {
        return record.clone();
    };
    let text = message.as_str().map_or_else(|| message.to_string(), ToOwned::to_owned);
    record.with(text).attributed(Some(Arc::new(request["MessageAttributes"].clone())))
}

impl World<'_> {
    pub(super) fn topic(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let arn = self.arn(id);
        let mut hop = self.hop("topic", id, State::Passed, "");
        hop.facts.record = Some(record.shown());
        for one in self.subscriptions_of(&arn) {
            let mut next = self.subscribed(&arn, one, record, trail);
            next.place = next.place.or(Some(one.place));
            hop.next.push(next);
        }
        let taken = hop.next.iter().filter(|next| next.state != State::Dropped).count();
        hop.says = match (taken, hop.next.len()) {
            (_, 0) => "has no subscriptions, so the message is gone".to_owned(),
            (0, 1) => "its subscription does not take the message".to_owned(),
            (0, all) => format!("none of its {all} subscriptions takes the message"),
            (1, _) => "sends to one subscription".to_owned(),
            (n, _) => format!("sends to {n} subscriptions"),
        };
        hop
    }

    fn subscribed(&self, topic: &str, one: &Subscription, record: &Record, trail: &[&str]) -> Hop {
        let message = record.text();
        let attributes = record.attributes.as_deref().unwrap_or(&Json::Null);
        let decision = match &one.filter {
            None => Decision::Passes,
            Some(Ok(policy)) => policy.decide(&message, attributes),
            Some(Err(why)) => {
                let says = format!("SNS refuses its filter: {why}");
                return self.subscription(one, State::Failed, says);
            }
        };
        if let Decision::Stops(why) = decision {
            return self.subscription(one, State::Dropped, format!("is filtered out: {why}"));
        }
        let mut hop = match (one.protocol.as_str(), self.by_arn(&one.endpoint)) {
            ("lambda", Some(id)) if matches!(self.node(id), Some(Node::Function(_))) => {
                let event = invocations::sns(self.source(topic), &message, None, attributes, record.arrival);
                self.invoke(id, &event, record, trail)
            }
            (_, Some(id)) => {
                let text = sns::delivered(self.source(topic), &message, None, attributes, one.raw, record.arrival);
                let mut sent = record.with(text);
                if !one.raw {
                    sent.attributes = None;
                }
                self.visit(id, &sent, trail)
            }
            (protocol, None) => Self::outside(
                "subscription",
                &one.endpoint,
                State::Delivered,
                format!("gets the message by {protocol}"),
            ),
        };
        if decision == Decision::Unclear {
            hop.note("if what is known only at deployment fits its filter", None);
        }
        hop
    }

    /// A subscription that does not get the message.
    fn subscription(&self, one: &Subscription, state: State, says: String) -> Hop {
        let mut hop = match self.by_arn(&one.endpoint) {
            Some(id) => self.hop("subscription", id, state, says),
            None => Self::outside("subscription", &one.endpoint, state, says),
        };
        hop.place = Some(one.place);
        hop
    }
}
