//! What becomes of a record on its way: decompressed, taken apart, transformed, given a line feed.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::{Located, Reference};
use crate::diagnostics::Sink;
use crate::kinds::{Access, Site, Wire};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Data, Map, Value};

/// What becomes of the bytes of a record.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Records {
    /// Whether each record gets a line feed, as Athena needs it to tell one record from the next. The default is yes for
    /// objects in a bucket, unless they are converted to columns, or all records are those of SES, which end with one.
    newline: Option<Located<bool>>,
    /// Whether a record that producers put together from several is taken apart: `json` for JSON objects one after
    /// the other, or the text between them. Only where the layout has a `query` or a `lambda`.
    deaggregate: Option<Deaggregate>,
    /// Records that arrive compressed: those of subscriptions of CloudWatch Logs.
    decompress: Option<Located<Compressed>>,
    /// Whether only the messages of log events go on, each as a record of its own, without what CloudWatch Logs puts
    /// around them.
    extract: Option<Located<bool>>,
}

/// Where compressed records come from.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Compressed {
    /// Subscriptions of CloudWatch Logs.
    CloudwatchLogs,
}

/// How a record is taken apart.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Deaggregate {
    /// JSON objects.
    #[serde(rename = "Text")]
    Json(Located<JsonWord>),
    /// By a delimiter.
    #[serde(rename = "Map")]
    Delimited(Delimited),
}

/// JSON objects one after the other, or one on each line; not an array of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum JsonWord {
    /// JSON objects.
    Json,
}

/// Records with a text between them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Delimited {
    /// The text between two records.
    #[schemars(length(min = 1, max = 100))]
    delimiter: Located<String>,
}

impl JsonSchema for Deaggregate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Deaggregate".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<JsonWord>(), generator.subschema_for::<Delimited>()]
        })
    }
}

/// What a function makes of records.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Transform {
    /// With the defaults.
    #[serde(rename = "Text")]
    Short(Reference),
    /// With settings.
    #[serde(rename = "Map")]
    Long(Box<LongTransform>),
}

/// What a function makes of records.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Transform")]
pub struct LongTransform {
    /// The `lambda-function`. It answers each record with its `recordId`, a `result` (`Ok`, `Dropped` or
    /// `ProcessingFailed`), the `data` in base64, and partition keys in `metadata.partitionKeys`.
    function: Reference,
    /// MiB of records that it is handed at once, at most. What it answers may have 6 MB. The default is 1.
    #[schemars(range(min = 0.2, max = 3.0))]
    buffer_mib: Option<Located<f64>>,
    /// Seconds for which records are gathered, at most. The default is 60.
    #[schemars(range(min = 0, max = 900))]
    interval_seconds: Option<Located<u32>>,
    /// How often a run that fails is tried again. The default is 3.
    #[schemars(range(min = 0, max = 300))]
    retries: Option<Located<u32>>,
}

impl JsonSchema for Transform {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TransformOrName".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Reference>(), generator.subschema_for::<LongTransform>()]
        })
    }
}

codes! {
    /// Records are taken apart in a stream whose layout has no `query` and no `lambda`.
    ///
    /// Firehose takes records apart only where it partitions by what is in them.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///     records: { deaggregate: json }
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
    ///     records: { deaggregate: json }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Apply multi-record deaggregation", a part of dynamic partitioning.
    DEAGGREGATION = Error "deaggregation-without-query";

    /// Messages are taken out of records of CloudWatch Logs that are still compressed.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///     records: { extract: true }
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
    ///     to: { s3: archive }
    ///     records: { decompress: cloudwatch-logs, extract: true }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Extract CloudWatch Logs message".
    EXTRACTION = Error "extraction-without-decompression";

    /// Records are to end with a line feed where there are no lines.
    ///
    /// Formats in columns and HTTP endpoints keep records apart by themselves.
    ///
    /// ```yaml
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: generic
    ///       url: https://example.com/ingest
    ///       backup: { s3: failed }
    ///     records: { newline: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: generic
    ///       url: https://example.com/ingest
    ///       backup: { s3: failed }
    /// ```
    NEWLINE = Warning "needless-newline";

    /// A key of the layout comes from a function, but no function transforms the records.
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
    ///         - customer: { lambda: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   by-customer:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: |
    ///       import base64, json
    ///
    ///       def handler(event, context):
    ///           return {"records": [transformed(record) for record in event["records"]]}
    ///
    ///       def transformed(record):
    ///           keys = {"customer": json.loads(base64.b64decode(record["data"]))["customer"]}
    ///           return {**record, "result": "Ok", "metadata": {"partitionKeys": keys}}
    ///   delivery:
    ///     kind: firehose-stream
    ///     transform: by-customer
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - customer: { lambda: true }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Create partitioning keys with an AWS Lambda function".
    LAMBDA = Error "lambda-key-without-transform";
}

/// Source: Firehose API, `ProcessorParameter`: the interval has no value without the size.
const BUFFER_MIB: f64 = 1.0;
const INTERVAL_SECONDS: u32 = 60;
const RETRIES: u32 = 3;

impl Transform {
    fn function(&self) -> &Reference {
        match self {
            Self::Short(function) => function,
            Self::Long(long) => &long.function,
        }
    }

    /// The wire to the function.
    pub fn wire(&self) -> Wire<'_> {
        Wire { to: self.function(), access: Access::Transform }
    }

    fn processor(&self, site: &Site<'_>, wire: usize, role: &Value) -> Map {
        let origin = Origin::Derived(self.function().span());
        let (mib, interval, retries) = match self {
            Self::Short(_) => (None, None, None),
            Self::Long(long) => (long.buffer_mib.as_ref(), long.interval_seconds.as_ref(), long.retries.as_ref()),
        };
        // All values of parameters are texts.
        let mib = match mib {
            Some(mib) => Value::string(Origin::Written(mib.span()), mib.value.to_string()),
            None => Value::string(origin, BUFFER_MIB.to_string()),
        };
        let number = |field: Option<&Located<u32>>, default: u32| match field {
            Some(field) => Value::string(Origin::Written(field.span()), field.value.to_string()),
            None => Value::string(origin, default.to_string()),
        };
        let address = site.address(wire).unwrap_or_else(|| Value::new(origin, Data::Null));
        let parameters = vec![
            parameter(origin, "LambdaArn", address),
            parameter(origin, "RoleArn", role.clone()),
            parameter(origin, "BufferSizeInMBs", mib),
            parameter(origin, "BufferIntervalInSeconds", number(interval, INTERVAL_SECONDS)),
            parameter(origin, "NumberOfRetries", number(retries, RETRIES)),
        ];
        map!(origin; "Type" => "Lambda", "Parameters" => parameters)
    }
}

impl Records {
    /// Whether records arrive compressed.
    pub fn decompresses(&self) -> bool {
        self.decompress.is_some()
    }

    /// Why each record gets a line feed, if it does: as the blueprint says, or where records stand in `lines` and nobody
    /// else ends them.
    pub fn feed(&self, origin: Origin, lines: bool, are_ended: bool) -> Option<Origin> {
        // What is taken apart is put together anew.
        let are_ended = are_ended && self.deaggregate.is_none();
        let (is_fed, origin) = match &self.newline {
            Some(newline) => (newline.value, Origin::Derived(newline.span())),
            None => (!are_ended, origin),
        };
        (lines && is_fed).then_some(origin)
    }

    /// The processors, in the order in which Firehose runs them.
    ///
    /// Source: Firehose Developer Guide, "Configure destination settings", Amazon S3, and "Configure record
    /// transformation and format conversion".
    pub fn processors(
        &self,
        origin: Origin,
        transform: Option<(&Transform, usize, &Value)>,
        program: Option<Value>,
        feed: Option<Origin>,
        site: &Site<'_>,
    ) -> Option<Map> {
        let mut processors = Vec::new();
        if let Some(decompress) = &self.decompress {
            let origin = Origin::Derived(decompress.span());
            let format = parameter(origin, "CompressionFormat", Value::string(origin, "GZIP"));
            processors.push(map!(origin; "Type" => "Decompression", "Parameters" => [format]));
        }
        if let Some(extract) = self.extract.as_ref().filter(|extract| extract.value) {
            let origin = Origin::Derived(extract.span());
            let extraction = parameter(origin, "DataMessageExtraction", Value::string(origin, "true"));
            processors.push(map!(origin; "Type" => "CloudWatchLogProcessing", "Parameters" => [extraction]));
        }
        if let Some(deaggregate) = &self.deaggregate {
            let parameters = match deaggregate {
                Deaggregate::Json(_) => vec![parameter(origin, "SubRecordType", Value::string(origin, "JSON"))],
                Deaggregate::Delimited(Delimited { delimiter }) => {
                    let text = Value::string(Origin::Written(delimiter.span()), base64(&delimiter.value));
                    vec![
                        parameter(origin, "SubRecordType", Value::string(origin, "DELIMITED")),
                        parameter(origin, "Delimiter", text),
                    ]
                }
            };
            processors.push(map!(origin; "Type" => "RecordDeAggregation", "Parameters" => parameters));
        }
        processors.extend(transform.map(|(transform, wire, role)| transform.processor(site, wire, role)));
        if let Some(program) = program {
            let parameters = vec![
                parameter(origin, "MetadataExtractionQuery", program),
                parameter(origin, "JsonParsingEngine", Value::string(origin, "JQ-1.6")),
            ];
            processors.push(map!(origin; "Type" => "MetadataExtraction", "Parameters" => parameters));
        }
        if let Some(origin) = feed {
            processors.push(map!(origin; "Type" => "AppendDelimiterToRecord"));
        }
        (!processors.is_empty()).then(|| map!(origin; "Enabled" => true, "Processors" => processors))
    }

    /// Checks what the schema cannot say; `dynamic` says whether records are partitioned by what is in them, `lines`
    /// whether they stand in lines.
    pub fn check(&self, dynamic: bool, lines: bool, sink: &mut Sink) {
        if let Some(deaggregate) = self.deaggregate.as_ref().filter(|_| !dynamic) {
            let span = match deaggregate {
                Deaggregate::Json(word) => word.span(),
                Deaggregate::Delimited(delimited) => delimited.delimiter.span(),
            };
            sink.report(&DEAGGREGATION, span, "records are taken apart only where the layout has a `query`")
                .help("add a key with `query` to `to.layout`, or remove `deaggregate`");
        }
        if let Some(extract) = self.extract.as_ref().filter(|extract| extract.value && self.decompress.is_none()) {
            sink.report(&EXTRACTION, extract.span(), "messages can be taken out of decompressed records only")
                .help("add `decompress: cloudwatch-logs`");
        }
        if let Some(newline) = self.newline.as_ref().filter(|newline| newline.value && !lines) {
            sink.report(&NEWLINE, newline.span(), "there are no lines here").help("remove `newline`");
        }
    }
}

/// Reports a key of the layout that no function gives.
pub fn check_lambda_key(key: Option<Span>, transform: Option<&Transform>, sink: &mut Sink) {
    if let (Some(key), None) = (key, transform) {
        sink.report(&LAMBDA, key, "no function gives this key")
            .help("add `transform` with the name of a `lambda-function` to the stream");
    }
}

fn parameter(origin: Origin, name: &str, value: Value) -> Map {
    map!(origin; "ParameterName" => name, "ParameterValue" => value)
}

/// Source: RFC 4648, section 4.
fn base64(text: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk.iter().fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let index = (bits >> (18 - 6 * at)) & 63;
            out.push(if at <= chunk.len() { char::from(ALPHABET[index as usize]) } else { '=' });
        }
    }
    out
}
