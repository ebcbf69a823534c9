//! Names of the services that components write and rules read.

/// What a template of an input transformer can name without a path.
///
/// Source: EventBridge User Guide, "Amazon EventBridge input transformation", predefined variables.
pub const EVENT_VARIABLES: &[&str] = &[
    "aws.events.event",
    "aws.events.event.ingestion-time",
    "aws.events.event.json",
    "aws.events.rule-arn",
    "aws.events.rule-name",
];

/// The metrics of a delivery stream that reads a Kinesis stream.
///
/// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics".
pub const KINESIS_SOURCE_METRICS: &[&str] = &[
    "DataReadFromKinesisStream.Bytes",
    "DataReadFromKinesisStream.Records",
    "KinesisMillisBehindLatest",
    "ThrottledDescribeStream",
    "ThrottledGetRecords",
    "ThrottledGetShardIterator",
];
