//! When an object is written, and how it is compressed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::blueprint::text::Located;
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Origin;
use crate::template::{Data, Map, Value};

/// When an object is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Buffer {
    /// Size in MiB, before compression. With a `query` or a `lambda` in the layout, or `convert`, at least 64. The
    /// default is 128.
    #[schemars(range(min = 1, max = 128))]
    pub size_mib: Option<Located<u32>>,
    /// Time in seconds. With a `query` or a `lambda` in the layout at least 60. The default is 300.
    #[schemars(range(min = 0, max = 900))]
    pub interval_seconds: Option<Located<u32>>,
}

/// How objects are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// Not at all.
    None,
    /// GZIP, which every reader takes.
    #[default]
    Gzip,
    /// ZIP.
    Zip,
    /// Snappy.
    Snappy,
    /// Snappy as Hadoop writes it.
    HadoopSnappy,
}

impl Compression {
    /// Source: Firehose API, `CompressionFormat`; the spelling is the service's.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "UNCOMPRESSED",
            Self::Gzip => "GZIP",
            Self::Zip => "ZIP",
            Self::Snappy => "Snappy",
            Self::HadoopSnappy => "HADOOP_SNAPPY",
        }
    }
}

codes! {
    /// A buffer is smaller than Firehose allows here.
    ///
    /// Where records are partitioned by what is in them, each partition has a buffer of its own, and Firehose demands
    /// larger ones: at least 64 MiB and 60 seconds. To convert records to columns it needs 64 MiB; a backup is written
    /// every 60 seconds at the most.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       buffer: { size_mib: 5 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       buffer: { size_mib: 64 }
    /// ```
    ///
    /// Source: refused at deployment with "BufferingHints.SizeInMBs must be at least 64 when Dynamic Partitioning is
    /// enabled"; Firehose Developer Guide, "Configure buffering hints".
    BUFFER = Error "buffer-too-small";
}

/// Large objects are cheap to store and quick to read.
const SIZE_MIB: u32 = 128;
const INTERVAL_SECONDS: u32 = 300;

/// What a buffer must have at least.
#[derive(Clone, Copy, Debug)]
pub struct Least {
    /// Size in MiB.
    pub size_mib: u32,
    /// Time in seconds.
    pub interval_seconds: u32,
}

impl Buffer {
    /// What Firehose takes.
    pub fn hints(&self, origin: Origin) -> Map {
        let value = |field: &Option<Located<u32>>, default: u32| match field {
            Some(field) => Value::new(Origin::Written(field.span()), Data::Number(field.value.into())),
            None => Value::new(origin, Data::Number(default.into())),
        };
        // Firehose wants both or neither.
        map!(origin;
            "IntervalInSeconds" => value(&self.interval_seconds, INTERVAL_SECONDS),
            "SizeInMBs" => value(&self.size_mib, SIZE_MIB),
        )
    }

    /// Reports what is too small; `why` says in which case.
    pub fn check(&self, least: Least, why: &str, sink: &mut Sink) {
        let fields =
            [(&self.size_mib, least.size_mib, "MiB"), (&self.interval_seconds, least.interval_seconds, "seconds")];
        for (field, least, unit) in fields {
            if let Some(field) = field.as_ref().filter(|field| field.value < least) {
                sink.report(&BUFFER, field.span(), format!("{} {unit}, at least {least} {why}", field.value))
                    .help(format!("write {least} or more"));
            }
        }
    }
}
