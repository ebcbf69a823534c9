//! A record on its way.

use std::sync::{Arc, OnceLock};

use jiff::Timestamp;
use serde_json::Value as Json;

use super::gzip;

/// A record on its way. What it is as JSON is read once, however many resources ask.
#[derive(Clone, Debug)]
pub struct Record {
    data: Arc<[u8]>,
    json: OnceLock<Option<Arc<Json>>>,
    /// When it arrived.
    pub arrival: Timestamp,
    /// Its partition key, if it comes from a stream of Kinesis.
    pub partition_key: Option<String>,
    /// Its attributes, if it is a message of a topic or a queue: `{name: {Type, Value}}`.
    pub attributes: Option<Arc<Json>>,
}

impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        (&self.data, self.arrival, &self.partition_key, &self.attributes)
            == (&other.data, other.arrival, &other.partition_key, &other.attributes)
    }
}

impl Record {
    /// A record that arrives now.
    pub fn new(data: impl Into<Vec<u8>>, arrival: Timestamp) -> Self {
        let data: Vec<u8> = data.into();
        Self { data: data.into(), json: OnceLock::new(), arrival, partition_key: None, attributes: None }
    }

    /// The record of a value that is known already.
    pub fn of(json: Arc<Json>, arrival: Timestamp) -> Self {
        let made = Self::new(json.to_string(), arrival);
        Self { json: OnceLock::from(Some(json)), ..made }
    }

    /// Its bytes.
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The same record with other bytes.
    #[must_use]
    pub fn with(&self, data: impl Into<Vec<u8>>) -> Self {
        let data: Vec<u8> = data.into();
        Self { data: data.into(), json: OnceLock::new(), ..self.clone() }
    }

    /// The same record with a partition key.
    #[must_use]
    pub fn keyed(&self, key: Option<String>) -> Self {
        Self { partition_key: key, ..self.clone() }
    }

    /// The same record with the attributes of a message.
    #[must_use]
    pub fn attributed(&self, attributes: Option<Arc<Json>>) -> Self {
        Self { attributes, ..self.clone() }
    }

    /// The record as JSON, if it is.
    pub fn json(&self) -> Option<&Arc<Json>> {
        self.json.get_or_init(|| serde_json::from_slice(&self.data).ok().map(Arc::new)).as_ref()
    }

    /// The same record with something after it that changes nothing of it as JSON: blanks.
    #[must_use]
    pub fn followed(&self, end: &[u8]) -> Self {
        let made = self.with([self.data(), end].concat());
        if end.trim_ascii().is_empty() { Self { json: self.json.clone(), ..made } } else { made }
    }

    /// Why it is no JSON, in the words of the parser, with line and column; empty if it is.
    pub fn wrong(&self) -> String {
        serde_json::from_slice::<serde::de::IgnoredAny>(&self.data)
            .err()
            .map(|error| error.to_string())
            .unwrap_or_default()
    }

    /// The record as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.data).into_owned()
    }

    /// The record as it is shown: unpacked, and JSON if it is, or else text.
    pub fn shown(&self) -> Arc<Json> {
        if let Some(json) = self.json() {
            return Arc::clone(json);
        }
        match gzip::unpack(&self.data) {
            Ok(plain) if gzip::is_packed(&self.data) => self.with(plain).shown(),
            _ => Arc::new(Json::String(self.text())),
        }
    }
}
