//! What a stream does to one record, step by step.

use std::collections::BTreeMap;

use super::{CONVERSION_FAILED, EXTRACTION_FAILED, Failure, Keys, PROCESSING_FAILED, Query, Stream};
use crate::source::Span;
use crate::trace::functions::{Outcome, Run};
use crate::trace::invocations::{Transformed, transformed};
use crate::trace::jq::{self, Refusal};
use crate::trace::logs::{self, Extracted};
use crate::trace::rows::Row;
use crate::trace::table::Table;
use crate::trace::{Record, convert, gzip};

/// What becomes of a record at a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    /// It is left out, and why.
    Dropped(String),
    /// It goes to the error prefix.
    Failed(Failure),
    /// Nothing here knows, and why; and what decides it.
    Unknown(String, Option<Span>),
}

/// A record after the function.
#[derive(Clone, Debug, PartialEq)]
pub struct Transform {
    /// Its new bytes.
    pub record: Record,
    /// Its keys.
    pub keys: BTreeMap<String, String>,
}

impl Stream {
    /// The record as it is unpacked before everything else; with CloudWatch Logs, only the messages of its log events.
    ///
    /// Source: Data Firehose Developer Guide, "Decompress CloudWatch Logs" and "Extract message after decompression".
    pub fn unpack(&self, record: &Record) -> Result<Record, Fate> {
        if !self.decompresses {
            return Ok(record.clone());
        }
        // Samples are kept as they are to be read.
        let data = record.data();
        let packed = if gzip::is_packed(data) { data.to_vec() } else { gzip::pack(data) };
        match logs::decompress(&packed, self.extracts_messages) {
            Extracted::Record(data) => Ok(record.with(data)),
            Extracted::Control => Err(Fate::Dropped("a control message has no log events".to_owned())),
            Extracted::Failed(why) => Err(Fate::Failed(Failure { kind: PROCESSING_FAILED, why, place: None })),
        }
    }

    /// What the answer of the function makes of a record.
    pub fn answered(&self, record: &Record, run: &Run) -> Result<Transform, Fate> {
        let place = self.function.as_ref().map(|(_, place)| *place);
        let failed = |why: String| Fate::Failed(Failure { kind: PROCESSING_FAILED, why, place });
        let answer = match &run.outcome {
            Outcome::Answer(answer) => answer,
            Outcome::Failed(failure) => {
                let at = failure.place.as_ref().map(|(file, line)| format!(", at {file}:{line}")).unwrap_or_default();
                return Err(failed(format!("the function fails: {}: {}{at}", failure.kind, failure.message)));
            }
            Outcome::TimedOut { seconds } => {
                return Err(failed(format!("the function runs longer than {seconds} seconds")));
            }
            Outcome::NotRun { reason } => return Err(Fate::Unknown(reason.clone(), place)),
        };
        match transformed(answer, 1).pop() {
            Some(Transformed::Record { data, keys }) => Ok(Transform { record: record.with(data), keys }),
            Some(Transformed::Dropped) => Err(Fate::Dropped("the function drops it".to_owned())),
            Some(Transformed::Failed(violation)) => Err(failed(format!("{} ({})", violation.message, violation.code))),
            None => Err(failed("the function answers without the record".to_owned())),
        }
    }

    /// The records that one record consists of.
    pub fn split(&self, record: &Record) -> Result<Vec<Record>, Fate> {
        let Some((split, place)) = &self.split else { return Ok(vec![record.clone()]) };
        let failed = |why| Fate::Failed(Failure { kind: PROCESSING_FAILED, why, place: Some(*place) });
        split.apply(record).map_err(failed)
    }

    /// A record with its delimiter.
    pub fn delimit(&self, record: &Record) -> Record {
        match &self.delimiter {
            Some(delimiter) => record.followed(delimiter.as_bytes()),
            None => record.clone(),
        }
    }

    /// Whether its records stand apart from each other in an object.
    pub fn is_delimited(&self, record: &Record) -> bool {
        self.delimiter.is_some() || record.data().ends_with(b"\n")
    }

    /// The keys that jq finds in a record.
    pub fn query_keys(&self, record: &Record) -> Result<BTreeMap<String, String>, Fate> {
        let Some(Query { program, place, .. }) = &self.query else { return Ok(BTreeMap::new()) };
        let failed = |why: String| Fate::Failed(Failure { kind: EXTRACTION_FAILED, why, place: Some(*place) });
        let filter = match program {
            Ok(filter) => filter,
            Err(Refusal::Mistakes(mistakes)) => {
                let first = mistakes.first().map(|mistake| mistake.message.as_str()).unwrap_or_default();
                return Err(failed(format!("jq 1.6 refuses the program: {first}")));
            }
            Err(Refusal::NotRun(why)) => return Err(Fate::Unknown(why.clone(), Some(*place))),
        };
        let Some(input) = record.json() else {
            let packed = "the record is compressed, and the stream has no processor `Decompression`";
            let why = if gzip::is_packed(record.data()) { packed.to_owned() } else { record.wrong() };
            return Err(failed(format!("jq reads JSON, and this is none: {why}")));
        };
        match filter.run(input) {
            Ok(results) => match jq::partition_keys(&results) {
                Ok(keys) => Ok(keys.into_iter().collect()),
                Err(why) => Err(failed(format!("jq gives no partition key: {why}"))),
            },
            Err(jq::Failure::Error(why)) => Err(failed(format!("jq: {why}"))),
            Err(jq::Failure::NotRun(why)) => Err(Fate::Unknown(why, Some(*place))),
        }
    }

    /// The row that a record becomes, if the stream converts records.
    pub fn row(&self, record: &Record, table: Option<&Table>) -> Result<Option<Row>, Fate> {
        let Some(conversion) = &self.conversion else { return Ok(None) };
        let Some(table) = table else {
            let why = format!(
                "the table `{}.{}`, by which records are converted, is not in the template",
                conversion.database, conversion.table
            );
            return Err(Fate::Unknown(why, Some(conversion.place)));
        };
        match convert::convert(record.data(), &table.columns, &conversion.serde) {
            Ok(mut rows) => Ok(rows.pop()),
            Err(failure) => {
                let at = if failure.path.is_empty() { String::new() } else { format!("`{}`: ", failure.path) };
                let why = format!("{at}{} ({})", failure.message, failure.code);
                Err(Fate::Failed(Failure { kind: CONVERSION_FAILED, why, place: Some(conversion.place) }))
            }
        }
    }
}

impl Keys {
    /// All keys, as they are told.
    pub fn told(&self) -> String {
        let all = self.lambda.iter().chain(&self.query).map(|(name, value)| format!("{name}={value}"));
        all.collect::<Vec<_>>().join(", ")
    }
}
