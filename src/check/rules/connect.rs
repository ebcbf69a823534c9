//! Amazon Connect.

use crate::check::Context;
use crate::check::known::{Given, given, text};
use crate::diagnostics::{Sink, alternatives};
use crate::template::emit;

codes! {
    /// The settings of a storage are not those of its type.
    ///
    /// Each `StorageType` has one property that says where the data goes, and no other counts.
    ///
    /// ```yaml
    /// Resources:
    ///   Contacts:
    ///     Type: AWS::Connect::InstanceStorageConfig
    ///     Properties:
    ///       InstanceArn: arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555
    ///       ResourceType: CONTACT_TRACE_RECORDS
    ///       StorageType: KINESIS_FIREHOSE
    ///       KinesisStreamConfig: { StreamArn: "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Contacts:
    ///     Type: AWS::Connect::InstanceStorageConfig
    ///     Properties:
    ///       InstanceArn: arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555
    ///       ResourceType: CONTACT_TRACE_RECORDS
    ///       StorageType: KINESIS_STREAM
    ///       KinesisStreamConfig: { StreamArn: "arn:aws:kinesis:eu-west-2:111122223333:stream/contacts" }
    /// ```
    ///
    /// Source: Amazon Connect API, `InstanceStorageConfig`.
    CONFIG = Error "storage-config-mismatch";

    /// A kind of data of Connect is to be kept where Connect does not put it.
    ///
    /// Agent events go to a data stream alone, contact records also to a delivery stream, media to a video stream, and
    /// recordings, transcripts, reports and files to S3. Each kind of data of an instance has one place.
    ///
    /// ```yaml
    /// Resources:
    ///   Agents:
    ///     Type: AWS::Connect::InstanceStorageConfig
    ///     Properties:
    ///       InstanceArn: arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555
    ///       ResourceType: AGENT_EVENTS
    ///       StorageType: KINESIS_FIREHOSE
    ///       KinesisFirehoseConfig: { FirehoseArn: "arn:aws:firehose:eu-west-2:111122223333:deliverystream/agents" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Agents:
    ///     Type: AWS::Connect::InstanceStorageConfig
    ///     Properties:
    ///       InstanceArn: arn:aws:connect:eu-west-2:111122223333:instance/11111111-2222-3333-4444-555555555555
    ///       ResourceType: AGENT_EVENTS
    ///       StorageType: KINESIS_STREAM
    ///       KinesisStreamConfig: { StreamArn: "arn:aws:kinesis:eu-west-2:111122223333:stream/agents" }
    /// ```
    ///
    /// Source: Amazon Connect Administrator Guide, "Enable data streaming for your Amazon Connect instance" and "Data
    /// storage".
    TYPE = Warning "unsupported-storage-type";
}

/// The types of storage with their settings.
///
/// Source: Amazon Connect API, `InstanceStorageConfig`.
const CONFIGS: &[(&str, &str)] = &[
    ("KINESIS_FIREHOSE", "KinesisFirehoseConfig"),
    ("KINESIS_STREAM", "KinesisStreamConfig"),
    ("KINESIS_VIDEO_STREAM", "KinesisVideoStreamConfig"),
    ("S3", "S3Config"),
];

/// The kinds of data with the types of storage that they go to.
///
/// Source: Amazon Connect Administrator Guide, "Enable data streaming for your Amazon Connect instance", "Data storage"
/// and "Enable real-time contact analysis segment streams".
const TYPES: &[(&str, &[&str])] = &[
    ("AGENT_EVENTS", &["KINESIS_STREAM"]),
    ("ATTACHMENTS", &["S3"]),
    ("CALL_RECORDINGS", &["S3"]),
    ("CHAT_TRANSCRIPTS", &["S3"]),
    ("CONTACT_EVALUATIONS", &["S3"]),
    ("CONTACT_TRACE_RECORDS", &["KINESIS_STREAM", "KINESIS_FIREHOSE"]),
    ("EMAIL_MESSAGES", &["S3"]),
    ("MEDIA_STREAMS", &["KINESIS_VIDEO_STREAM"]),
    ("REAL_TIME_CONTACT_ANALYSIS_CHAT_SEGMENTS", &["KINESIS_STREAM"]),
    ("REAL_TIME_CONTACT_ANALYSIS_SEGMENTS", &["KINESIS_STREAM"]),
    ("REAL_TIME_CONTACT_ANALYSIS_VOICE_SEGMENTS", &["KINESIS_STREAM"]),
    ("SCHEDULED_REPORTS", &["S3"]),
    ("SCREEN_RECORDINGS", &["S3"]),
];

/// Checks the storage of instances.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut seen: Vec<(String, String, Option<String>, crate::source::Span)> = Vec::new();
    for storage in context.of_type("AWS::Connect::InstanceStorageConfig") {
        let properties = &storage.properties;
        let kind = properties.get("StorageType").and_then(text);
        if let Some((kind, wanted)) = kind.as_deref().and_then(|kind| CONFIGS.iter().find(|(name, _)| *name == kind)) {
            if given(properties, wanted) == Given::No {
                context
                    .report(sink, &CONFIG, storage, &["StorageType"], format!("`{kind}` without `{wanted}`"))
                    .help(format!("add `{wanted}`, or change the `StorageType`"));
            } else if let Some((_, other)) =
                CONFIGS.iter().find(|(_, name)| name != wanted && given(properties, name) == Given::Yes)
            {
                context
                    .report(sink, &CONFIG, storage, &[other], format!("`{other}` in a storage of type `{kind}`"))
                    .help("remove it");
            }
        }
        let Some(data) = properties.get("ResourceType").and_then(text) else { continue };
        let allowed = TYPES.iter().find(|(name, _)| *name == data).map(|(_, types)| *types);
        if let (Some(kind), Some(allowed)) = (&kind, allowed)
            && !allowed.contains(&kind.as_str())
            && CONFIGS.iter().any(|(name, _)| name == kind)
        {
            context
                .report(sink, &TYPE, storage, &["StorageType"], format!("`{data}` does not go to `{kind}`"))
                .help(format!("write {}", alternatives(allowed.iter().copied())));
        }
        let Some(instance) = properties.get("InstanceArn").map(emit::json) else { continue };
        let place = context.place(storage, &["ResourceType"]);
        // Under different conditions perhaps only one of them is there.
        let together =
            |other: &Option<String>| storage.condition.is_none() || other.is_none() || *other == storage.condition;
        let first = seen.iter().find(|(one, known, other, _)| *one == instance && *known == data && together(other));
        if let Some((.., first)) = first {
            context
                .report(
                    sink,
                    &TYPE,
                    storage,
                    &["ResourceType"],
                    format!("`{data}` of this instance has a storage already"),
                )
                .also(*first, "here")
                .help("remove one of them");
        }
        seen.push((instance, data, storage.condition.clone(), place));
    }
}
