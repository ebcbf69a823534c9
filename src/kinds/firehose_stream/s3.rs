//! Delivery to S3: where, under which keys, how large, and what is kept of what fails.

use schemars::JsonSchema;
use serde::Deserialize;

use super::backup::Backup;
use super::buffer::{Buffer, Compression, Least};
use super::conversion::Conversion;
use super::prefix::{check_error_prefix, check_prefix, error_prefix, head};
use super::{Parts, time_zone};
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::layout::{Layout, Purpose};
use crate::kinds::{Access, Dataset, Folder, Format, Site, Wire};
use crate::map;
use crate::template::{Map, Value};

/// Delivery to a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct S3Destination {
    /// The `s3-bucket`.
    s3: Reference,
    /// The folders of an object's key, in order: names, and keys with their source. Without it Firehose makes
    /// `yyyy/MM/dd/HH/` of the time of arrival.
    #[serde(default)]
    layout: Layout,
    /// The prefix written out, where the one that follows from the layout does not fit: `!{partitionKeyFromQuery:name}`
    /// and `!{timestamp:pattern}` stand for keys. It uses every key of the layout that has a `query`.
    #[schemars(length(min = 1, max = 1024))]
    prefix: Option<Located<String>>,
    /// What the keys of records start with that could not be delivered.
    #[serde(default = "error_prefix")]
    #[schemars(length(min = 1, max = 1024))]
    error_prefix: Located<String>,
    /// When an object is written: at this size or after this time, whichever comes first.
    #[serde(default)]
    buffer: Buffer,
    /// How objects are compressed. The default is `gzip`; with `convert` the format compresses by itself.
    compression: Option<Located<Compression>>,
    /// Objects in columns instead of JSON, which queries read faster and at less cost.
    convert: Option<Conversion>,
    /// What the keys of objects end with, instead of the extension of the compression.
    #[schemars(length(max = 128), regex(pattern = EXTENSION_PATTERN))]
    file_extension: Option<Located<String>>,
    /// The zone of the times in keys. The default is UTC.
    time_zone: Option<Located<String>>,
    /// Seconds for which Firehose tries again to write a partition.
    #[serde(default = "retry_seconds")]
    #[schemars(range(min = 0, max = 7200))]
    retry_seconds: u32,
    /// A second bucket for all records as they came in. It can be added to a stream later, but not taken away.
    backup: Option<Backup>,
}

/// Source: Firehose API, `FileExtension`.
pub const EXTENSION_PATTERN: &str = r"^\.[0-9a-z!_.*'()-]+$";

/// Source: see the page of `buffer-too-small`.
const DYNAMIC: Least = Least { size_mib: 64, interval_seconds: 60 };

/// Source: Firehose Developer Guide, "Convert input data format in Amazon Data Firehose".
const CONVERTED: Least = Least { size_mib: 64, interval_seconds: 0 };

const RETRY_SECONDS: u32 = 300;

fn retry_seconds() -> u32 {
    RETRY_SECONDS
}

impl S3Destination {
    /// Whether records are converted to another format.
    pub fn converts(&self) -> bool {
        self.convert.is_some()
    }

    /// What it uses, in the order of [`Self::compose`].
    pub fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![Wire { to: &self.s3, access: Access::WriteObjects(self.prefixes()) }];
        wires.extend(self.backup.as_ref().map(Backup::wire));
        wires.extend(self.convert.as_ref().map(Conversion::wire));
        wires
    }

    /// The layout of the objects.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Whether there is a second bucket for all records.
    pub fn has_backup(&self) -> bool {
        self.backup.is_some()
    }

    /// Whether records end with a line feed; formats in columns have no lines.
    pub fn has_lines(&self) -> bool {
        self.convert.is_none()
    }

    fn prefix(&self) -> String {
        self.prefix.as_ref().map_or_else(|| self.layout.prefix(), |prefix| prefix.value.clone())
    }

    /// Under which prefixes it writes.
    fn prefixes(&self) -> Vec<String> {
        vec![head(&self.prefix()), head(&self.error_prefix.value)]
    }

    /// Checks what the schema cannot say.
    pub fn check(&self, sink: &mut Sink) {
        let prefix = self.prefix.as_ref().map(|prefix| (prefix.value.as_str(), prefix.span()));
        self.layout.check(Purpose::Stream, prefix, sink);
        if let Some(prefix) = &self.prefix {
            check_prefix(prefix, true, sink);
        }
        check_error_prefix(&self.error_prefix, sink);
        if self.layout.is_dynamic() {
            self.buffer.check(DYNAMIC, "where the layout has a `query` or a `lambda`", sink);
        } else if self.convert.is_some() {
            self.buffer.check(CONVERTED, "with `convert`", sink);
        }
        self.convert.iter().for_each(|convert| convert.check(sink));
        if let (Some(convert), Some(compression)) = (&self.convert, &self.compression) {
            convert.check_compression(compression, sink);
        }
        if let Some(backup) = &self.backup {
            backup.check(sink);
        }
        if let Some(zone) = &self.time_zone {
            time_zone::check(zone, sink);
        }
    }

    /// The data that it leaves.
    pub fn dataset(&self) -> Dataset {
        let folders = match &self.prefix {
            None => self.layout.folders(),
            Some(prefix) => prefix
                .value
                .split('/')
                .filter(|folder| !folder.is_empty())
                .map(|folder| {
                    let fixed = !folder.contains("!{");
                    if fixed { Folder::Fixed(folder.to_owned()) } else { Folder::Partition }
                })
                .collect(),
        };
        Dataset {
            bucket: self.s3.clone(),
            folders,
            steps: self.prefix.is_none().then(|| self.layout.steps()),
            format: self.convert.as_ref().map_or(Format::Json, Conversion::format),
            errors: head(&self.error_prefix.value),
        }
    }

    /// The configuration; `first` is the first of its wires.
    pub fn compose(&self, site: &Site<'_>, first: usize, parts: Parts<'_>) -> Map {
        let origin = site.place.origin;
        let Parts { role, logging, processing } = parts;
        let dynamic = self.layout.is_dynamic().then(|| {
            map!(origin;
                "Enabled" => true,
                "RetryOptions" => map!(origin; "DurationInSeconds" => self.retry_seconds),
            )
        });
        let prefix = self.prefix();
        let written = |field: &Option<Located<String>>| field.as_ref().map(|field| field.to_value(origin));
        let compression = match (&self.convert, &self.compression) {
            // A format in columns is compressed inside. Source: Firehose Developer Guide, "Convert input data format".
            (Some(_), _) => Compression::None.name(),
            (None, Some(compression)) => compression.value.name(),
            (None, None) => Compression::default().name(),
        };
        let backup = self.backup.as_ref().map(|backup| backup.compose(site, first + 1, role, logging("Backup")));
        let table = first + 1 + usize::from(self.backup.is_some());
        map!(origin;
            "BucketARN" => site.address(first),
            "RoleARN" => role.clone(),
            "Prefix" => written(&self.prefix).or_else(|| (!prefix.is_empty()).then(|| Value::string(origin, prefix))),
            "ErrorOutputPrefix" => self.error_prefix.to_value(origin),
            "FileExtension" => written(&self.file_extension),
            "CustomTimeZone" => written(&self.time_zone),
            "BufferingHints" => self.buffer.hints(origin),
            "CompressionFormat" => compression,
            "CloudWatchLoggingOptions" => logging("Destination"),
            "DynamicPartitioningConfiguration" => dynamic,
            "ProcessingConfiguration" => processing,
            "DataFormatConversionConfiguration" => self.convert.as_ref().map(|convert| convert.compose(site, table, role)),
            "S3BackupMode" => self.backup.as_ref().map(|_| "Enabled"),
            "S3BackupConfiguration" => backup,
        )
    }
}
