//! The metrics of a stream: some are always there, others come with its settings.

use crate::template::services::KINESIS_SOURCE_METRICS;

/// Metrics that a stream has under one condition.
#[derive(Debug)]
pub struct Group {
    /// The condition, as a finding says it.
    pub with: &'static str,
    /// Their names.
    pub names: &'static [&'static str],
}

/// Where records are put into the stream by producers.
pub const DIRECT_PUT: Group = Group {
    with: "producers that put records into the stream",
    names: &[
        "BytesPerSecondLimit",
        "IncomingBytes",
        "IncomingPutRequests",
        "IncomingRecords",
        "PutRecord.Bytes",
        "PutRecord.Latency",
        "PutRecord.Requests",
        "PutRecordBatch.Bytes",
        "PutRecordBatch.Latency",
        "PutRecordBatch.Records",
        "PutRecordBatch.Requests",
        "PutRequestsPerSecondLimit",
        "RecordsPerSecondLimit",
        "ThrottledRecords",
    ],
};

/// Where records come from a Kinesis stream.
pub const KINESIS: Group = Group { with: "a Kinesis stream as its source", names: KINESIS_SOURCE_METRICS };

/// Where S3 is the destination.
pub const S3: Group = Group {
    with: "S3 as its destination",
    names: &["DeliveryToS3.Bytes", "DeliveryToS3.DataFreshness", "DeliveryToS3.Records", "DeliveryToS3.Success"],
};

/// Where an HTTP endpoint is the destination.
pub const HTTP: Group = Group {
    with: "an HTTP endpoint as its destination",
    names: &[
        "DeliveryToHttpEndpoint.Bytes",
        "DeliveryToHttpEndpoint.DataFreshness",
        "DeliveryToHttpEndpoint.ProcessedBytes",
        "DeliveryToHttpEndpoint.ProcessedRecords",
        "DeliveryToHttpEndpoint.Records",
        "DeliveryToHttpEndpoint.Success",
    ],
};

/// Where all records are kept in a second bucket.
pub const BACKUP: Group = Group {
    with: "`backup`",
    names: &["BackupToS3.Bytes", "BackupToS3.DataFreshness", "BackupToS3.Records", "BackupToS3.Success"],
};

/// Where records are partitioned by what is in them.
pub const PARTITIONS: Group = Group {
    with: "a `query` in the layout",
    names: &[
        "ActivePartitionsLimit",
        "DeliveryToS3.ObjectCount",
        "JQProcessing.Duration",
        "PartitionCount",
        "PartitionCountExceeded",
        "PerPartitionThroughput",
    ],
};

/// Where a function transforms records.
pub const FUNCTION: Group = Group {
    with: "a function that transforms records",
    names: &[
        "ExecuteProcessing.Duration",
        "ExecuteProcessing.Success",
        "SucceedProcessing.Bytes",
        "SucceedProcessing.Records",
    ],
};

/// Where log events are unpacked.
pub const DECOMPRESSION: Group = Group {
    with: "log events that are unpacked",
    names: &[
        "OutputDecompressedBytes.Failed",
        "OutputDecompressedBytes.Success",
        "OutputDecompressedRecords.Failed",
        "OutputDecompressedRecords.Success",
    ],
};

/// Where records are converted to another format.
pub const CONVERSION: Group = Group {
    with: "conversion to another format",
    names: &[
        "FailedConversion.Bytes",
        "FailedConversion.Records",
        "SucceedConversion.Bytes",
        "SucceedConversion.Records",
    ],
};

/// Where records are encrypted with a key of the account.
pub const ENCRYPTION: Group = Group {
    with: "`encryption` with a key",
    names: &["KMSKeyAccessDenied", "KMSKeyDisabled", "KMSKeyInvalidState", "KMSKeyNotFound"],
};

/// All of them.
///
/// Source: Firehose Developer Guide, "Monitor Amazon Data Firehose with CloudWatch metrics".
pub const ALL: &[&Group] =
    &[&DIRECT_PUT, &KINESIS, &S3, &HTTP, &BACKUP, &PARTITIONS, &FUNCTION, &DECOMPRESSION, &CONVERSION, &ENCRYPTION];

/// What every destination has, as alarms that fit any stream name it.
const DELIVERY: &[&str] = &["Delivery.Bytes", "Delivery.DataFreshness", "Delivery.Records", "Delivery.Success"];

/// The metrics of a destination by the names that all destinations share.
pub fn of_destination(group: &Group) -> Vec<(&'static str, &'static str)> {
    let of = |alias: &'static str| {
        let (_, end) = alias.split_once('.')?;
        let name = group.names.iter().find(|name| name.split_once('.').is_some_and(|(_, known)| known == end))?;
        Some((alias, *name))
    };
    DELIVERY.iter().copied().filter_map(of).collect()
}
