//! Mail of SES: what becomes of it, as configuration sets send it on.

use serde_json::Value as Json;

use crate::source::Span;
use crate::template::Resource;
use crate::trace::Record;
use crate::trace::report::{Hop, State};
use crate::trace::resolve::Resolver;
use crate::trace::ses::{self, Decision, Destination};
use crate::trace::world::{DEFAULT_BUS, World};

/// Where a configuration set sends what becomes of mail.
#[derive(Debug)]
pub struct MailDestination {
    pub id: String,
    /// The name of the configuration set.
    pub set: String,
    /// The property `EventDestination`.
    pub destination: Json,
    pub place: Span,
}

impl MailDestination {
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Option<Self> {
        if resource.kind != "AWS::SES::ConfigurationSetEventDestination" {
            return None;
        }
        let destination = resource.properties.get("EventDestination")?;
        Some(Self {
            id: resource.id.clone(),
            set: resolver.text(&resource.properties, &["ConfigurationSetName"])?,
            destination: resolver.value(destination)?,
            place: destination.origin.span(),
        })
    }
}

impl World<'_> {
    /// What becomes of mail, as a configuration set sends it on.
    pub(super) fn mail(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let name = self.resource(id).map(|own| self.resolver.name(own)).unwrap_or_default();
        let event = record.json().map(|event| Json::clone(event)).unwrap_or_default();
        let kind = match ses::type_of(&event) {
            Ok(kind) => kind,
            Err(wrong) => return self.hop("mail", id, State::Failed, format!("it is no event of SES: {wrong}")),
        };
        let mut hop = self.hop("mail", id, State::Passed, format!("an event of type {}", kind.name));
        let sent = |data: Vec<u8>| record.with(data);
        for one in self.mail.iter().filter(|one| one.set == name) {
            let says = match ses::decide(kind, &one.destination) {
                Decision::Sends(destination) => {
                    let (arn, sent) = match destination {
                        Destination::Firehose(arn) => (arn, sent(ses::firehose_record(&event))),
                        Destination::Sns(arn) => (arn, sent(ses::sns_message(&event).into_bytes())),
                        Destination::EventBridge(_) => {
                            let event = ses::bus_event(kind, &event, self.source(&name), record.arrival);
                            hop.next.push(self.bus(DEFAULT_BUS, &sent(event.to_string().into_bytes()), trail));
                            continue;
                        }
                        Destination::CloudWatch => ("CloudWatch".to_owned(), record.clone()),
                        Destination::Pinpoint => ("Pinpoint".to_owned(), record.clone()),
                    };
                    hop.next.push(self.send("target", &arn, &sent, trail));
                    continue;
                }
                Decision::OtherTypes(types) => format!("takes only {}", types.join(", ")),
                Decision::Disabled => "is not enabled".to_owned(),
                Decision::Nowhere => "names nowhere to send to".to_owned(),
            };
            let mut left = self.hop("event destination", &one.id, State::Dropped, says);
            left.place = Some(one.place);
            hop.next.push(left);
        }
        if hop.next.iter().all(|next| next.state == State::Dropped) {
            hop.state = State::Dropped;
        }
        hop
    }
}
