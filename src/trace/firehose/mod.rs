//! Streams of Firehose: what becomes of a record, in the order in which the service works.
//!
//! Decompression, the function, de-aggregation, keys by jq, the delimiter, conversion, the key of the object. What fails
//! on the way goes to the error prefix of the stream, or with a destination that is not S3 to its backup bucket.

mod parts;
mod prefix;
mod work;

use std::collections::BTreeMap;

use self::parts::Split;
use self::prefix::{Missing, Prefix, Values};
pub use self::work::{Fate, Transform};
use super::convert;
use super::jq::{self, Filter, Refusal};
use super::resolve::Resolver;
use super::rows::SerDe;
use super::time;
use crate::source::Span;
use crate::template::{Map, Resource, Value};
use jiff::tz::TimeZone;

/// The destinations of a stream and what people call them.
const DESTINATIONS: &[(&str, &str)] = &[
    ("ExtendedS3DestinationConfiguration", "S3"),
    ("S3DestinationConfiguration", "S3"),
    ("HttpEndpointDestinationConfiguration", "an HTTP endpoint"),
    ("RedshiftDestinationConfiguration", "Redshift"),
    ("AmazonopensearchserviceDestinationConfiguration", "OpenSearch"),
    ("AmazonOpenSearchServerlessDestinationConfiguration", "OpenSearch Serverless"),
    ("ElasticsearchDestinationConfiguration", "OpenSearch"),
    ("SplunkDestinationConfiguration", "Splunk"),
    ("SnowflakeDestinationConfiguration", "Snowflake"),
    ("IcebergDestinationConfiguration", "Iceberg tables"),
];

/// The buffer of S3 where a template says none. Source: Firehose API, `BufferingHints`.
const DEFAULT_BUFFER: (u64, u64) = (5, 300);

/// The kinds of failure, as `error-output-type` says them.
///
/// Source: Data Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects" and "Troubleshoot dynamic
/// partitioning errors".
pub const PROCESSING_FAILED: &str = "processing-failed";
/// See [`PROCESSING_FAILED`].
pub const EXTRACTION_FAILED: &str = "metadata-extraction-failed";
/// See [`PROCESSING_FAILED`].
pub const PARTITIONING_FAILED: &str = "dynamic-partitioning-failed";
/// See [`PROCESSING_FAILED`].
pub const CONVERSION_FAILED: &str = "format-conversion-failed";

/// A stream.
#[derive(Debug)]
pub struct Stream {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The ARN of the stream that it reads.
    pub source: Option<String>,
    /// What the destination is called.
    pub destination: &'static str,
    /// The address of a destination that is not S3.
    pub address: Option<String>,
    /// Whether records are unpacked first.
    pub decompresses: bool,
    /// Whether the messages of log events are taken out.
    pub extracts_messages: bool,
    /// The ARN of the function that transforms records, and where it is said.
    pub function: Option<(String, Span)>,
    split: Option<(Split, Span)>,
    /// The jq program that finds partition keys.
    pub query: Option<Query>,
    delimiter: Option<String>,
    /// Where objects go: all records of S3, failures and backups of other destinations.
    pub objects: Option<Objects>,
    /// The conversion to columns.
    pub conversion: Option<Conversion>,
}

/// The jq program of a stream.
#[derive(Debug)]
pub struct Query {
    program: Result<Filter, Refusal>,
    /// How it is written.
    pub text: String,
    /// Where.
    pub place: Span,
}

/// The conversion of records to the columns of a table.
#[derive(Debug)]
pub struct Conversion {
    /// The database of the table.
    pub database: String,
    /// The name of the table.
    pub table: String,
    /// How records are read.
    pub serde: SerDe,
    /// Where it is said.
    pub place: Span,
}

/// Objects in a bucket.
#[derive(Debug)]
pub struct Objects {
    /// The ARN of the bucket.
    pub bucket: String,
    prefix: Prefix,
    prefix_place: Span,
    errors: Option<Prefix>,
    zone: TimeZone,
    extension: String,
    /// Whether records decide where they go.
    pub dynamic: bool,
    /// MiB and seconds after which an object is written.
    pub buffer: (u64, u64),
}

/// The keys of a record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Keys {
    /// Those of jq.
    pub query: BTreeMap<String, String>,
    /// Those of the function.
    pub lambda: BTreeMap<String, String>,
}

/// Why a record does not come where it should.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind, as `error-output-type` says it.
    pub kind: &'static str,
    /// Why, in words.
    pub why: String,
    /// What is responsible.
    pub place: Option<Span>,
}

impl Stream {
    /// Reads a stream.
    pub fn read(resource: &Resource, resolver: &Resolver<'_>) -> Self {
        let properties = &resource.properties;
        let destination = DESTINATIONS.iter().find_map(|(key, words)| {
            let map = properties.get(key).and_then(Value::as_map)?;
            Some((*words, map))
        });
        let (words, map) = destination.map_or(("an unknown destination", None), |(words, map)| (words, Some(map)));
        let processors = map.map(|map| processors(map, resolver)).unwrap_or_default();
        let find = |kind: &str| processors.iter().find(|processor| processor.kind == kind);
        let own = map.filter(|_| words == "S3");
        let inside = map.and_then(|map| map.get("S3Configuration")).and_then(Value::as_map);
        let source = resolver.text(properties, &["KinesisStreamSourceConfiguration", "KinesisStreamARN"]);
        Self {
            name: resolver.name(resource),
            arn: resolver.arn(resource),
            source,
            destination: words,
            address: map.and_then(|map| {
                let paths: [&[&str]; 4] =
                    [&["EndpointConfiguration", "Url"], &["HECEndpoint"], &["ClusterJDBCURL"], &["AccountUrl"]];
                paths.iter().find_map(|path| resolver.text(map, path))
            }),
            decompresses: find("Decompression").is_some(),
            extracts_messages: find("CloudWatchLogProcessing")
                .is_some_and(|one| one.parameter("DataMessageExtraction").is_some_and(|(value, _)| value == "true")),
            function: find("Lambda")
                .and_then(|one| one.parameter("LambdaArn").map(|(arn, place)| (arn.clone(), *place))),
            split: find("RecordDeAggregation").and_then(|one| {
                let kind = one.parameter("SubRecordType")?;
                let delimiter = one.parameter("Delimiter").map(|(text, _)| text.as_str());
                Some((Split::read(&kind.0, delimiter), kind.1))
            }),
            query: find("MetadataExtraction")
                .and_then(|one| one.parameter("MetadataExtractionQuery"))
                .map(|(program, place)| Query { program: jq::compile(program), text: program.clone(), place: *place }),
            delimiter: find("AppendDelimiterToRecord").map(|one| {
                one.parameter("Delimiter").map_or_else(|| "\n".to_owned(), |(text, _)| text.replace("\\n", "\n"))
            }),
            objects: own.or(inside).and_then(|map| Objects::read(map, resolver)),
            conversion: own.and_then(|map| Conversion::read(map, resolver)),
        }
    }
}

impl Conversion {
    fn read(map: &Map, resolver: &Resolver<'_>) -> Option<Self> {
        let value = map.get("DataFormatConversionConfiguration")?;
        let own = value.as_map()?;
        if resolver.text(own, &["Enabled"]).is_some_and(|enabled| enabled != "true") {
            return None;
        }
        let input = own.get("InputFormatConfiguration").and_then(|input| resolver.value(input)).unwrap_or_default();
        Some(Self {
            database: resolver.text(own, &["SchemaConfiguration", "DatabaseName"])?,
            table: resolver.text(own, &["SchemaConfiguration", "TableName"])?,
            serde: convert::serde(&input),
            place: value.origin.span(),
        })
    }
}

impl Objects {
    fn read(map: &Map, resolver: &Resolver<'_>) -> Option<Self> {
        let bucket = resolver.text(map, &["BucketARN"])?;
        let dynamic =
            resolver.text(map, &["DynamicPartitioningConfiguration", "Enabled"]).is_some_and(|is| is == "true");
        let prefix = resolver.text(map, &["Prefix"]).unwrap_or_default();
        let number = |name: &str| resolver.text(map, &["BufferingHints", name]).and_then(|text| text.parse().ok());
        let converts = resolver
            .text(map, &["DataFormatConversionConfiguration", "Enabled"])
            .is_none_or(|enabled| enabled == "true");
        let output = map
            .get("DataFormatConversionConfiguration")
            .filter(|_| converts)
            .and_then(|value| value.at(&["OutputFormatConfiguration", "Serializer"])?.as_map());
        let compression = resolver.text(map, &["CompressionFormat"]).unwrap_or_default();
        let extension = match (output, compression.as_str()) {
            (Some(output), _) if output.get("OrcSerDe").is_some() => ".orc",
            (Some(_), _) => ".parquet",
            (_, "GZIP") => ".gz",
            (_, "ZIP") => ".zip",
            (_, "Snappy") => ".snappy",
            (_, "HADOOP_SNAPPY") => ".hsnappy",
            _ => "",
        };
        let place =
            map.get("Prefix").map_or_else(|| map.0.first().map(|(key, _)| key.origin), |value| Some(value.origin));
        Some(Self {
            bucket,
            prefix: Prefix::read(&prefix, dynamic),
            prefix_place: place.map_or(Span::START, crate::source::Origin::span),
            errors: resolver.text(map, &["ErrorOutputPrefix"]).map(|text| Prefix::read(&text, false)),
            zone: resolver.text(map, &["CustomTimeZone"]).and_then(|name| time::zone(&name)).unwrap_or(TimeZone::UTC),
            extension: resolver.text(map, &["FileExtension"]).unwrap_or_else(|| extension.to_owned()),
            dynamic,
            buffer: (
                number("SizeInMBs").unwrap_or(DEFAULT_BUFFER.0),
                number("IntervalInSeconds").unwrap_or(DEFAULT_BUFFER.1),
            ),
        })
    }

    /// The name of the bucket.
    pub fn bucket_name(&self) -> &str {
        self.bucket.rsplit(':').next().unwrap_or_default()
    }

    /// The key of the object that a record goes to.
    pub fn key(&self, stream: &str, keys: &Keys, arrival: jiff::Timestamp) -> Result<String, Failure> {
        let values = Values { arrival, zone: &self.zone, query: &keys.query, lambda: &keys.lambda, error: None };
        match self.prefix.fill(&values) {
            Ok(prefix) => Ok(prefix + &self.suffix(stream, arrival, &self.extension)),
            Err(Missing { namespace, value }) => Err(Failure {
                kind: PARTITIONING_FAILED,
                why: match namespace.as_str() {
                    "partitionKeyFromQuery" => format!("the prefix takes `{value}` of jq, which does not give it"),
                    "partitionKeyFromLambda" => {
                        format!("the prefix takes `{value}` of the function, which does not give it")
                    }
                    _ => format!("nothing stands for `!{{{namespace}:{value}}}` in the prefix"),
                },
                place: Some(self.prefix_place),
            }),
        }
    }

    /// The key of the object that a record goes to which failed.
    pub fn error_key(&self, stream: &str, kind: &str, arrival: jiff::Timestamp) -> String {
        let none = BTreeMap::new();
        let values = Values { arrival, zone: &self.zone, query: &none, lambda: &none, error: Some(kind) };
        let prefix = if let Some(errors) = &self.errors {
            errors.fill(&values).unwrap_or_default()
        } else {
            // Without a prefix for errors they are kept by their kind and hour.
            let hour = time::format("yyyy/MM/dd/HH/", arrival, &self.zone).unwrap_or_default();
            format!("{kind}/{hour}")
        };
        prefix + &self.suffix(stream, arrival, "")
    }

    /// What Firehose names an object after its prefix; `*` stands for what it makes up.
    fn suffix(&self, stream: &str, arrival: jiff::Timestamp, extension: &str) -> String {
        let time = time::format("yyyy-MM-dd-HH-mm-ss", arrival, &self.zone).unwrap_or_default();
        format!("{stream}-1-{time}-*{extension}")
    }
}

/// A processor with its parameters, each with its place.
struct Processor {
    kind: String,
    parameters: Vec<(String, (String, Span))>,
}

impl Processor {
    fn parameter(&self, name: &str) -> Option<&(String, Span)> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }
}

fn processors(map: &Map, resolver: &Resolver<'_>) -> Vec<Processor> {
    let Some(configuration) = map.get("ProcessingConfiguration") else { return Vec::new() };
    let enabled = configuration.as_map().and_then(|map| resolver.text(map, &["Enabled"]));
    if enabled.is_some_and(|enabled| enabled != "true") {
        return Vec::new();
    }
    let list = configuration.at(&["Processors"]).and_then(Value::as_list).unwrap_or_default();
    list.iter()
        .filter_map(Value::as_map)
        .filter_map(|processor| {
            let parameters = processor.get("Parameters").and_then(Value::as_list).unwrap_or_default();
            let parameter = |parameter: &Value| {
                let map = parameter.as_map()?;
                let place = map.get("ParameterValue")?.origin.span();
                Some((resolver.text(map, &["ParameterName"])?, (resolver.text(map, &["ParameterValue"])?, place)))
            };
            Some(Processor {
                kind: resolver.text(processor, &["Type"])?,
                parameters: parameters.iter().filter_map(parameter).collect(),
            })
        })
        .collect()
}
