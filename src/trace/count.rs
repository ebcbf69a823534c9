//! Many events: how many records come where, and how many partitions and objects that makes.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use super::report::{Hop, State};

/// Partitions of a stream that may be active at once, unless AWS has raised the quota.
///
/// Source: Data Firehose Developer Guide, "Quota", active partitions.
pub const MOST_PARTITIONS: u32 = 500;

const BYTES_OF_MIB: f64 = 1_048_576.0;

/// What became of many events.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Count {
    /// The events.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Objects by the component that writes them and the folders of their keys.
    pub folders: BTreeMap<(String, String), Folder>,
    /// What else became of them, by the name of the resource and what it did.
    pub others: BTreeMap<(String, &'static str), u64>,
}

/// Records that come to the same folders.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Folder {
    /// How many.
    pub records: u64,
    /// Their bytes.
    pub bytes: u64,
    /// MiB and seconds after which an object is written.
    pub buffer: (u64, u64),
    /// The kind of failure.
    pub error: Option<String>,
}

/// What a stream makes in one interval of its buffer.
struct Estimate {
    seconds: u64,
    partitions: f64,
    objects: f64,
}

impl Count {
    /// What became of one event.
    pub fn of(hop: &Hop, bytes: usize) -> Self {
        let mut count = Self { events: 1, bytes: u64::try_from(bytes).unwrap_or(u64::MAX), ..Self::default() };
        hop.walk(&mut |hop| {
            if let Some(key) = &hop.facts.key {
                let name = hop.component.clone().unwrap_or_else(|| hop.name.clone());
                let folder = key.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
                let own = count.folders.entry((name, folder)).or_default();
                own.records += 1;
                own.bytes += hop.facts.bytes;
                own.buffer = hop.facts.buffer.unwrap_or(own.buffer);
                own.error = hop.facts.error.clone().filter(|_| hop.state == State::Failed);
            } else if hop.next.is_empty() {
                *count.others.entry((hop.name.clone(), hop.state.name())).or_default() += 1;
            }
        });
        count
    }

    /// Both together.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.events += other.events;
        self.bytes += other.bytes;
        for (key, folder) in other.folders {
            let own = self.folders.entry(key).or_default();
            own.records += folder.records;
            own.bytes += folder.bytes;
            own.buffer = folder.buffer;
            own.error = folder.error;
        }
        for (key, number) in other.others {
            *self.others.entry(key).or_default() += number;
        }
        self
    }

    fn streams(&self) -> BTreeMap<&str, Vec<&Folder>> {
        let mut streams: BTreeMap<&str, Vec<&Folder>> = BTreeMap::new();
        for ((name, _), folder) in self.folders.iter().filter(|(_, folder)| folder.error.is_none()) {
            streams.entry(name).or_default().push(folder);
        }
        streams
    }

    /// What this many events a second make in one interval, if they are like these.
    #[allow(clippy::cast_precision_loss, reason = "an estimate needs no more digits than a double has")]
    fn estimate(&self, folders: &[&Folder], rate: f64) -> Estimate {
        let (mib, seconds) = folders.first().map_or((0, 0), |folder| folder.buffer);
        let all = self.events.max(1) as f64;
        let arrived = rate * seconds as f64;
        let (mut partitions, mut objects) = (0.0, 0.0);
        for folder in folders {
            let share = folder.records as f64 / all;
            // The chance that at least one of those that arrived is in the partition.
            let active = 1.0 - libm_pow((1.0 - share).max(0.0), arrived);
            let bytes = arrived * folder.bytes as f64 / all;
            partitions += active;
            objects += active.max(bytes / (mib.max(1) as f64 * BYTES_OF_MIB));
        }
        Estimate { seconds, partitions, objects }
    }

    /// As it is shown to people; with a rate, what that makes.
    pub fn text(&self, rate: Option<f64>) -> String {
        let mut made =
            format!("{} event{}, {} bytes\n", self.events, if self.events == 1 { "" } else { "s" }, self.bytes);
        for ((name, folder), one) in &self.folders {
            let error = one.error.as_deref().map(|error| format!("  ({error})")).unwrap_or_default();
            let _ = writeln!(made, "{:>8}  {name}  {folder}/{error}", one.records);
        }
        for ((name, what), number) in &self.others {
            let _ = writeln!(made, "{number:>8}  {name}  {what}");
        }
        for (name, folders) in self.streams() {
            let _ = writeln!(made, "{name}: {} different folders", folders.len());
            let Some(rate) = rate else { continue };
            let Estimate { seconds, partitions, objects } = self.estimate(&folders, rate);
            let _ = writeln!(
                made,
                "{name}: {rate} events a second make about {partitions:.0} active partitions (at most {MOST_PARTITIONS} \
                 without a raised quota) and {objects:.0} objects in {seconds} seconds"
            );
        }
        made
    }

    /// As it is printed for programs.
    pub fn json(&self, rate: Option<f64>) -> Json {
        let folders = self.folders.iter().map(|((name, folder), one)| {
            json!({"name": name, "folder": folder, "records": one.records, "bytes": one.bytes, "error": one.error})
        });
        let others =
            self.others.iter().map(|((name, state), number)| json!({"name": name, "state": state, "records": number}));
        let streams = self.streams();
        let estimates = rate.into_iter().flat_map(|rate| {
            streams.iter().map(move |(name, folders)| {
                let Estimate { seconds, partitions, objects } = self.estimate(folders, rate);
                json!({"name": name, "rate": rate, "seconds": seconds, "partitions": partitions.round(), "objects": objects.round()})
            })
        });
        json!({
            "events": self.events,
            "bytes": self.bytes,
            "folders": folders.collect::<Vec<_>>(),
            "others": others.collect::<Vec<_>>(),
            "estimates": estimates.collect::<Vec<_>>(),
        })
    }
}

/// A power, as the exponential of a logarithm.
fn libm_pow(base: f64, exponent: f64) -> f64 {
    if base <= 0.0 { 0.0 } else { (base.ln() * exponent).exp() }
}
