//! A second bucket for all records as they came in.

use schemars::JsonSchema;
use serde::Deserialize;

use super::buffer::{Buffer, Compression, Least};
use super::prefix::{check_error_prefix, check_prefix, error_prefix, head};
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::{Access, Site, Wire};
use crate::map;
use crate::template::{Map, Value};

/// Where all records are kept as they came in.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The `s3-bucket`.
    s3: Reference,
    /// What the keys start with. Firehose adds `yyyy/MM/dd/HH/` if it has no time.
    #[serde(default = "backup_prefix")]
    #[schemars(length(min = 1, max = 1024))]
    prefix: Located<String>,
    /// What the keys of records start with that could not be kept.
    #[serde(default = "error_prefix")]
    #[schemars(length(min = 1, max = 1024))]
    error_prefix: Located<String>,
    /// When an object is written.
    #[serde(default)]
    buffer: Buffer,
    /// How objects are compressed.
    #[serde(default)]
    compression: Compression,
}

/// Source: Firehose Developer Guide, "Configure backup and advanced settings": no zero buffering for a backup.
pub const LEAST: Least = Least { size_mib: 1, interval_seconds: 60 };

const BACKUP_PREFIX: &str = "backup/";

fn backup_prefix() -> Located<String> {
    Located::nowhere(BACKUP_PREFIX.to_owned())
}

impl Backup {
    /// The wire to the bucket.
    pub fn wire(&self) -> Wire<'_> {
        let prefixes = vec![head(&self.prefix.value), head(&self.error_prefix.value)];
        Wire { to: &self.s3, access: Access::WriteObjects(prefixes) }
    }

    /// Checks what the schema cannot say.
    pub fn check(&self, sink: &mut Sink) {
        check_prefix(&self.prefix, true, sink);
        check_error_prefix(&self.error_prefix, sink);
        self.buffer.check(LEAST, "for a backup", sink);
    }

    /// The configuration.
    pub fn compose(&self, site: &Site<'_>, wire: usize, role: &Value, logging: Map) -> Map {
        let kept = Kept {
            prefix: Some(&self.prefix),
            error_prefix: &self.error_prefix,
            buffer: &self.buffer,
            compression: self.compression,
        };
        kept.compose(site, wire, role, logging)
    }
}

/// How records are kept in a bucket beside the destination.
pub struct Kept<'a> {
    /// What the keys start with.
    pub prefix: Option<&'a Located<String>>,
    /// What the keys of failures start with.
    pub error_prefix: &'a Located<String>,
    /// When an object is written.
    pub buffer: &'a Buffer,
    /// How objects are compressed.
    pub compression: Compression,
}

impl Kept<'_> {
    /// The configuration.
    pub fn compose(&self, site: &Site<'_>, wire: usize, role: &Value, logging: Map) -> Map {
        let origin = site.place.origin;
        map!(origin;
            "BucketARN" => site.address(wire),
            "RoleARN" => role.clone(),
            "Prefix" => self.prefix.map(|prefix| prefix.to_value(origin)),
            "ErrorOutputPrefix" => self.error_prefix.to_value(origin),
            "BufferingHints" => self.buffer.hints(origin),
            "CompressionFormat" => self.compression.name(),
            "CloudWatchLoggingOptions" => logging,
        )
    }
}
