//! Mail of SES: what becomes of it, as configuration sets send it on.

use super::Record;
use super::report::{Hop, State};
use super::ses::{self, Decision, Destination};
use super::world::{DEFAULT_BUS, World};

impl World<'_> {
    /// What becomes of mail, as a configuration set sends it on.
    pub(super) fn mail(&self, id: &str, record: &Record, trail: &[&str]) -> Hop {
        let name = self.resource(id).map(|own| self.resolver.name(own)).unwrap_or_default();
        let event = record.json().unwrap_or_default();
        let kind = match ses::type_of(&event) {
            Ok(kind) => kind,
            Err(wrong) => return self.hop("mail", id, State::Failed, format!("it is no event of SES: {wrong}")),
        };
        let mut hop = self.hop("mail", id, State::Passed, format!("an event of type {}", kind.name));
        let sent = |data: Vec<u8>| Record { data, ..record.clone() };
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
                    hop.next.push(match self.by_arn(&arn) {
                        Some(id) => self.visit(id, &sent, trail),
                        None => Self::outside("target", &arn, State::Delivered, "is outside of the template"),
                    });
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
