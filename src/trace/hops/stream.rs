//! Streams of Firehose, from the record to its end.

use crate::trace::Record;
use crate::trace::firehose::{Fate, Keys, Stream};
use crate::trace::functions::Call;
use crate::trace::invocations;
use crate::trace::report::{Hop, Note, State};
use crate::trace::world::{Node, World};

impl World<'_> {
    pub(super) fn stream(&self, id: &str, stream: &Stream, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.hop("firehose", id, State::Passed, "");
        let fate = self.worked(&mut hop, id, stream, record, trail);
        if let Err(fate) = fate {
            let next = self.fated(id, stream, fate, record);
            hop.next.push(next);
        }
        hop.says = match hop.next.as_slice() {
            [one] => match one.state {
                State::Failed => "the record fails".to_owned(),
                State::Dropped => "the record is left out".to_owned(),
                State::Unknown => "where the record goes is not known".to_owned(),
                _ => format!("delivers to {}", stream.destination),
            },
            many => format!("delivers {} records to {}", many.len(), stream.destination),
        };
        hop
    }

    /// Lets a stream work on a record; the ends are added to the hop.
    fn worked(&self, hop: &mut Hop, id: &str, stream: &Stream, record: &Record, trail: &[&str]) -> Result<(), Fate> {
        let record = stream.unpack(record)?;
        let mut keys = Keys::default();
        let mut transformed = record.clone();
        if let Some((arn, place)) = &stream.function {
            let unknown = |why: &str| Fate::Unknown(why.to_owned(), Some(*place));
            let function = self
                .by_arn(arn)
                .ok_or_else(|| unknown("the function that transforms records is outside of the template"))?;
            let Some(Node::Function(code)) = self.node(function) else {
                return Err(unknown("what transforms records is no function"));
            };
            let event = invocations::firehose(
                self.source(&stream.arn),
                stream.source.as_deref(),
                std::slice::from_ref(&record),
            );
            let run =
                self.runner.run(Call { function: code, event: &event, now: Some(record.arrival.as_millisecond()) });
            let answer = stream.answered(&record, &run)?;
            let told = answer.keys.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
            let keys_told = if told.is_empty() { String::new() } else { format!(", with keys {told}") };
            hop.note(
                format!(
                    "function {} gives {}{keys_told}",
                    self.name(function),
                    crate::trace::one_line(answer.record.data())
                ),
                None,
            );
            keys.lambda = answer.keys;
            transformed = answer.record;
        }
        let records = stream.split(&transformed)?;
        if records.len() != 1 {
            hop.note(format!("de-aggregation makes {} records of it", records.len()), None);
        }
        for part in records {
            let next = match self.delivered(id, stream, &part, keys.clone(), trail) {
                Ok(next) => next,
                Err(fate) => self.fated(id, stream, fate, &part),
            };
            hop.next.push(next);
        }
        Ok(())
    }

    /// One record at the end of a stream.
    fn delivered(
        &self,
        id: &str,
        stream: &Stream,
        record: &Record,
        mut keys: Keys,
        trail: &[&str],
    ) -> Result<Hop, Fate> {
        keys.query = stream.query_keys(record)?;
        let delimited = stream.is_delimited(record);
        let record = stream.delimit(record);
        let Some(objects) = stream.objects.as_ref().filter(|_| stream.destination == "S3") else {
            let address = stream.address.clone().unwrap_or_else(|| stream.destination.to_owned());
            let mut hop = Self::outside("destination", &address, State::Delivered, "gets the record");
            hop.component = self.components.get(id).cloned();
            hop.facts.record = Some(record.shown());
            return Ok(hop);
        };
        let table = stream.conversion.as_ref().and_then(|one| self.catalog.table(&one.database, &one.table));
        let row = stream.row(&record, table)?;
        let key = objects.key(&stream.name, &keys, record.arrival).map_err(Fate::Failed)?;
        let mut hop = self.object(id, objects, key.clone(), &record);
        let told = keys.told();
        if !told.is_empty() {
            hop.notes.insert(0, Note { text: format!("keys {told}"), place: None });
        }
        if !delimited && stream.conversion.is_none() && record.json().is_some() {
            hop.note("no newline is between records: Athena reads only the first of an object", None);
        }
        let bucket = objects.bucket_name();
        self.find_table(&mut hop, bucket, &key, &record, row);
        self.notify(&mut hop, &objects.bucket, &key, &record, trail);
        Ok(hop)
    }

    /// What becomes of a record that did not come to its end.
    fn fated(&self, id: &str, stream: &Stream, fate: Fate, record: &Record) -> Hop {
        match fate {
            Fate::Failed(failure) => self.failed(id, stream, &failure, record),
            Fate::Dropped(why) => self.hop("record", id, State::Dropped, why),
            Fate::Unknown(why, place) => {
                let mut hop = self.hop("record", id, State::Unknown, why);
                hop.place = place.or(hop.place);
                hop
            }
        }
    }
}
