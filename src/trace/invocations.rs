//! The events that services hand to functions, and what Firehose takes for an answer.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::{Record, gzip};
use crate::template::base64;

/// Bytes of an answer that Firehose takes.
///
/// Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
pub const MAX_TRANSFORM_BYTES: usize = 6 * 1024 * 1024;

/// Where an event comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source<'a> {
    /// The ARN of what sends it: a delivery stream, a stream, a queue, a topic, a subscription.
    pub arn: &'a str,
    /// The region of that.
    pub region: &'a str,
    /// The account of that.
    pub account: &'a str,
}

/// The name of a record in a batch; the same in every run.
fn record_id(index: usize) -> String {
    format!("{index:056}")
}

/// The number of a record in a stream; the same in every run.
fn sequence_number(index: usize) -> String {
    format!("4959033827149025660855969253836157109592157598913665{index:04}")
}

const SHARD: &str = "shardId-000000000000";

/// A message or a request; the same in every run.
fn id(index: usize) -> String {
    format!("00000000-0000-4000-8000-{index:012x}")
}

/// A time as most services write it, with milliseconds.
fn iso(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// What Firehose hands to a function that transforms records; `stream` is the ARN of the stream of Kinesis that they
/// come from.
///
/// Source: Firehose Developer Guide, "Required parameters for data transformation"; Lambda Developer Guide, "Process
/// Amazon Data Firehose records with Lambda".
pub fn firehose(source: Source<'_>, stream: Option<&str>, records: &[Record]) -> Json {
    let record = |(index, record): (usize, &Record)| {
        let mut made = json!({
            "recordId": record_id(index),
            "approximateArrivalTimestamp": record.arrival.as_millisecond(),
            "data": base64::encode(record.data()),
        });
        if let Some(key) = record.partition_key.as_deref().filter(|_| stream.is_some()) {
            made["kinesisRecordMetadata"] = json!({
                "sequenceNumber": sequence_number(index),
                "subsequenceNumber": 0,
                "partitionKey": key,
                "shardId": SHARD,
                "approximateArrivalTimestamp": record.arrival.as_millisecond(),
            });
        }
        made
    };
    let mut event = json!({"invocationId": id(1), "deliveryStreamArn": source.arn, "region": source.region});
    if let Some(stream) = stream {
        event["sourceKinesisStreamArn"] = stream.into();
    }
    event["records"] = records.iter().enumerate().map(record).collect();
    event
}

/// What becomes of a record in a transformation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transformed {
    /// It goes on, with these bytes and these partition keys.
    Record {
        /// Its new bytes.
        data: Vec<u8>,
        /// The keys for `!{partitionKeyFromLambda:…}`.
        keys: BTreeMap<String, String>,
    },
    /// It is left out, on purpose.
    Dropped,
    /// It goes to the error prefix, because the function said so or broke a rule of the answer.
    Failed(Violation),
}

/// Why a record counts as not transformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// A stable word, close to that of Firehose's own log where there is one.
    pub code: &'static str,
    /// What is wrong, in words.
    pub message: String,
}

fn violation(code: &'static str, message: impl Into<String>) -> Violation {
    Violation { code, message: message.into() }
}

const FORMAT: &str = "Lambda.JsonProcessingException";
const MISSING: &str = "Lambda.MissingRecordId";
const DUPLICATED: &str = "Lambda.DuplicatedRecordId";
const TOO_LARGE: &str = "Lambda.ResponseSizeTooLarge";
const PROCESSING_FAILED: &str = "ProcessingFailed";

/// What an answer means for each of `count` records of [`firehose`], in their order. What breaks a rule for the whole
/// answer fails all of them.
///
/// Source: Firehose Developer Guide, "Required parameters for data transformation" and "Monitor Amazon Data Firehose
/// using CloudWatch Logs", errors of Lambda.
pub fn transformed(answer: &Json, count: usize) -> Vec<Transformed> {
    match read_answer(answer, count) {
        Ok(records) => records,
        Err(violation) => vec![Transformed::Failed(violation); count],
    }
}

fn read_answer(answer: &Json, count: usize) -> Result<Vec<Transformed>, Violation> {
    let bytes = answer.to_string().len();
    if bytes > MAX_TRANSFORM_BYTES {
        let message = format!("the answer has {bytes} bytes, at most {MAX_TRANSFORM_BYTES} are taken");
        return Err(violation(TOO_LARGE, message));
    }
    let list = match answer {
        Json::Object(_) => &answer["records"],
        Json::Null => return Err(violation(FORMAT, "the function answered nothing, not an object with `records`")),
        _ => return Err(violation(FORMAT, "the answer is no object with `records`")),
    };
    let Json::Array(records) = list else {
        return Err(violation(FORMAT, "the answer has no list `records`"));
    };
    let mut found: BTreeMap<&str, &Json> = BTreeMap::new();
    for record in records {
        let Some(id) = record["recordId"].as_str() else {
            return Err(violation(FORMAT, "a record of the answer has no `recordId`"));
        };
        if found.insert(id, record).is_some() {
            return Err(violation(DUPLICATED, format!("the answer has two records with the `recordId` {id}")));
        }
    }
    let ids: Vec<String> = (0..count).map(record_id).collect();
    if let Some(id) = ids.iter().find(|id| !found.contains_key(id.as_str())) {
        let message = format!("{} of {count} records are in the answer, {id} is not", records.len());
        return Err(violation(MISSING, message));
    }
    if let Some(id) = found.keys().find(|id| !ids.iter().any(|known| known == *id)) {
        return Err(violation(FORMAT, format!("the answer has a record {id} that was not sent")));
    }
    Ok(ids.iter().map(|id| read_record(found[id.as_str()])).collect())
}

fn read_record(record: &Json) -> Transformed {
    match record["result"].as_str() {
        Some("Dropped") => return Transformed::Dropped,
        Some("ProcessingFailed") => {
            return Transformed::Failed(violation(PROCESSING_FAILED, "the function says `ProcessingFailed`"));
        }
        Some("Ok") => {}
        Some(other) => {
            let message = format!("`result` is `{other}`, not `Ok`, `Dropped` or `ProcessingFailed`");
            return Transformed::Failed(violation(FORMAT, message));
        }
        None => return Transformed::Failed(violation(FORMAT, "a record of the answer has no `result`")),
    }
    let Some(text) = record["data"].as_str() else {
        return Transformed::Failed(violation(FORMAT, "a record with `Ok` has no `data`"));
    };
    let Some(data) = base64::decode(text) else {
        return Transformed::Failed(violation(FORMAT, "`data` is not Base64"));
    };
    let mut keys = BTreeMap::new();
    match &record["metadata"]["partitionKeys"] {
        Json::Null => {}
        Json::Object(given) => {
            for (name, value) in given {
                let value = match value {
                    Json::String(text) => text.clone(),
                    Json::Number(_) | Json::Bool(_) => value.to_string(),
                    _ => {
                        let message = format!("the partition key `{name}` is no text");
                        return Transformed::Failed(violation(FORMAT, message));
                    }
                };
                keys.insert(name.clone(), value);
            }
        }
        _ => return Transformed::Failed(violation(FORMAT, "`metadata.partitionKeys` is no object")),
    }
    Transformed::Record { data, keys }
}

/// A batch of a stream of Kinesis.
///
/// Source: Lambda Developer Guide, "Using Lambda to process records from Amazon Kinesis Data Streams".
pub fn kinesis(source: Source<'_>, records: &[Record]) -> Json {
    let record = |(index, record): (usize, &Record)| {
        let number = sequence_number(index);
        let arrival = record.arrival.as_millisecond();
        // Seconds with their thousandths.
        let seconds = format!("{}.{:03}", arrival.div_euclid(1_000), arrival.rem_euclid(1_000));
        json!({
            "kinesis": {
                "kinesisSchemaVersion": "1.0",
                "partitionKey": record.partition_key.as_deref().unwrap_or("1"),
                "sequenceNumber": number,
                "data": base64::encode(record.data()),
                "approximateArrivalTimestamp": seconds.parse::<f64>().unwrap_or_default(),
            },
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": format!("{SHARD}:{number}"),
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": format!("arn:aws:iam::{}:role/lambda-role", source.account),
            "awsRegion": source.region,
            "eventSourceARN": source.arn,
        })
    };
    json!({"Records": records.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// A batch of messages of a queue.
///
/// Source: Lambda Developer Guide, "Using Lambda with Amazon SQS".
pub fn sqs(source: Source<'_>, bodies: &[&str], sent: Timestamp) -> Json {
    let record = |(index, body): (usize, &&str)| {
        json!({
            "messageId": id(index + 1),
            "receiptHandle": "MessageReceiptHandle",
            "body": body,
            "attributes": {
                "ApproximateReceiveCount": "1",
                "SentTimestamp": sent.as_millisecond().to_string(),
                "SenderId": source.account,
                "ApproximateFirstReceiveTimestamp": sent.as_millisecond().to_string(),
            },
            "messageAttributes": {},
            "eventSource": "aws:sqs",
            "eventSourceARN": source.arn,
            "awsRegion": source.region,
        })
    };
    json!({"Records": bodies.iter().enumerate().map(record).collect::<Vec<_>>()})
}

/// A notification of a topic; `attributes` are those of the message: `{name: {Type, Value}}`.
///
/// Source: Lambda Developer Guide, "Invoking Lambda functions with Amazon SNS notifications".
pub fn sns(source: Source<'_>, message: &str, subject: Option<&str>, attributes: &Json, sent: Timestamp) -> Json {
    json!({"Records": [{
        "EventVersion": "1.0",
        "EventSubscriptionArn": format!("{}:{}", source.arn, id(1)),
        "EventSource": "aws:sns",
        "Sns": {
            "SignatureVersion": "1",
            "Timestamp": iso(sent),
            "Signature": "EXAMPLE",
            "SigningCertUrl": "EXAMPLE",
            "MessageId": id(1),
            "Message": message,
            "MessageAttributes": if attributes.is_object() { attributes.clone() } else { json!({}) },
            "Type": "Notification",
            "UnsubscribeUrl": "EXAMPLE",
            "TopicArn": source.arn,
            "Subject": subject,
        },
    }]})
}

/// An object that was written, as S3 notifies a function of it.
///
/// Source: S3 User Guide, "Event message structure".
pub fn s3_notification(source: Source<'_>, bucket: &str, key: &str, bytes: u64, written: Timestamp) -> Json {
    json!({"Records": [{
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": source.region,
        "eventTime": iso(written),
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "EXAMPLE"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": "EXAMPLE", "x-amz-id-2": "EXAMPLE"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": "notification",
            "bucket": {
                "name": bucket,
                "ownerIdentity": {"principalId": "EXAMPLE"},
                "arn": format!("arn:aws:s3:::{bucket}"),
            },
            "object": {
                "key": form_encoded(key),
                "size": bytes,
                "eTag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0A1B2C3D4E5F678901",
            },
        },
    }]})
}

/// The same as an event of EventBridge, where the bucket sends those.
///
/// Source: S3 User Guide, "EventBridge event message structure".
pub fn s3_event(source: Source<'_>, bucket: &str, key: &str, bytes: u64, written: Timestamp) -> Json {
    json!({
        "version": "0",
        "id": id(1),
        "detail-type": "Object Created",
        "source": "aws.s3",
        "account": source.account,
        "time": format!("{written:.0}"),
        "region": source.region,
        "resources": [format!("arn:aws:s3:::{bucket}")],
        "detail": {
            "version": "0",
            "bucket": {"name": bucket},
            "object": {
                "key": key,
                "size": bytes,
                "etag": "d41d8cd98f00b204e9800998ecf8427e",
                "sequencer": "0A1B2C3D4E5F678901",
            },
            "request-id": "EXAMPLE",
            "requester": source.account,
            "source-ip-address": "127.0.0.1",
            "reason": "PutObject",
        },
    })
}

/// A key as S3 writes it in notifications: as in a form, where a blank is `+`; `/` stays.
fn form_encoded(key: &str) -> String {
    let encoded = key.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'*' | b'/' => char::from(byte).to_string(),
        b' ' => "+".to_owned(),
        _ => format!("%{byte:02X}"),
    });
    encoded.collect()
}

/// Log events as a function gets them from a subscription: `payload` is the envelope of
/// [`envelope`](super::logs::envelope).
///
/// Source: CloudWatch Logs User Guide, "Subscription filters with Lambda".
pub fn log_subscription(payload: &Json) -> Json {
    json!({"awslogs": {"data": base64::encode(&gzip::pack(payload.to_string().as_bytes()))}})
}

/// What Scheduler hands to a function when a schedule has no input of its own.
///
/// Source: Scheduler API, `Target`, `Input`: without one the target gets a standard message.
pub fn schedule(source: Source<'_>, time: Timestamp) -> Json {
    json!({
        "version": "0",
        "id": id(1),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": source.account,
        "time": format!("{time:.0}"),
        "region": source.region,
        "resources": [source.arn],
        "detail": "{}",
    })
}

/// Which messages of a batch failed, where an event source takes partial answers; an error is why all count as failed.
///
/// Source: Lambda Developer Guide, "Implementing partial batch responses".
pub fn batch_failures(answer: &Json) -> Result<Vec<String>, String> {
    // An answer without the list says that all went well.
    let list = match answer.get("batchItemFailures") {
        None | Some(Json::Null) => return Ok(Vec::new()),
        Some(Json::Array(list)) => list,
        Some(_) => return Err("`batchItemFailures` is no list".to_owned()),
    };
    list.iter()
        .map(|item| match item.as_object().and_then(|item: &Map<String, Json>| item.get("itemIdentifier")) {
            Some(Json::String(text)) if !text.is_empty() => Ok(text.clone()),
            Some(_) => Err("an `itemIdentifier` is empty or no text".to_owned()),
            None => Err("an item of `batchItemFailures` has no `itemIdentifier`".to_owned()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::{
        Record, Source, Transformed, batch_failures, firehose, kinesis, log_subscription, record_id, s3_event,
        s3_notification, schedule, sns, sqs, transformed,
    };
    use crate::template::base64;
    use crate::trace::gzip;

    const SOURCE: Source<'_> = Source {
        arn: "arn:aws:firehose:eu-central-1:123456789012:deliverystream/d",
        region: "eu-central-1",
        account: "123456789012",
    };

    fn record(text: &str) -> Record {
        let arrival = Timestamp::from_millisecond(1_795_687_200_123).unwrap();
        Record::new(text, arrival).keyed(Some("k".to_owned()))
    }

    fn one(answer: &Json) -> Transformed {
        transformed(answer, 1).remove(0)
    }

    fn code(answer: &Json) -> &'static str {
        match one(answer) {
            Transformed::Failed(violation) => violation.code,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn firehose_hands_over_records_with_where_they_come_from() {
        let event = firehose(SOURCE, Some("arn:aws:kinesis:eu-central-1:123456789012:stream/s"), &[record("{}")]);
        assert_eq!(event["records"][0]["data"], "e30=");
        assert_eq!(event["records"][0]["approximateArrivalTimestamp"], 1_795_687_200_123_i64);
        assert_eq!(event["records"][0]["kinesisRecordMetadata"]["partitionKey"], "k");
        let event = firehose(SOURCE, None, &[record("{}")]);
        assert!(event["records"][0].get("kinesisRecordMetadata").is_none());
        assert!(event.get("sourceKinesisStreamArn").is_none());
    }

    #[test]
    fn an_answer_that_keeps_the_contract_is_taken() {
        let id = record_id(0);
        let answer = json!({"records": [{"recordId": id, "result": "Ok", "data": "e30K", "metadata": {"partitionKeys":
            {"year": 2026, "kind": "a"}}}]});
        let Transformed::Record { data, keys } = one(&answer) else { panic!() };
        assert_eq!(data, b"{}\n");
        let keys: Vec<(&str, &str)> = keys.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(keys, [("kind", "a"), ("year", "2026")]);
        assert_eq!(one(&json!({"records": [{"recordId": id, "result": "Dropped"}]})), Transformed::Dropped);
    }

    #[test]
    fn each_rule_of_the_answer_is_held() {
        let id = record_id(0);
        let with = |record: Json| json!({"records": [record]});
        for (answer, wanted) in [
            (json!(null), "Lambda.JsonProcessingException"),
            (json!([]), "Lambda.JsonProcessingException"),
            (json!({"records": {}}), "Lambda.JsonProcessingException"),
            (json!({"records": []}), "Lambda.MissingRecordId"),
            (with(json!({"recordId": "other", "result": "Ok", "data": ""})), "Lambda.MissingRecordId"),
            (with(json!({"result": "Ok", "data": ""})), "Lambda.JsonProcessingException"),
            (with(json!({"recordId": id, "data": ""})), "Lambda.JsonProcessingException"),
            (with(json!({"recordId": id, "result": "OK", "data": ""})), "Lambda.JsonProcessingException"),
            (with(json!({"recordId": id, "result": "Ok"})), "Lambda.JsonProcessingException"),
            (with(json!({"recordId": id, "result": "Ok", "data": "{}"})), "Lambda.JsonProcessingException"),
            (with(json!({"recordId": id, "result": "ProcessingFailed"})), "ProcessingFailed"),
            (
                with(json!({"recordId": id, "result": "Ok", "data": "", "metadata": {"partitionKeys": {"a": null}}})),
                "Lambda.JsonProcessingException",
            ),
            (
                with(json!({"recordId": id, "result": "Ok", "data": "A".repeat(super::MAX_TRANSFORM_BYTES)})),
                "Lambda.ResponseSizeTooLarge",
            ),
        ] {
            assert_eq!(code(&answer), wanted);
        }
        let twice = json!({"recordId": id, "result": "Dropped"});
        assert_eq!(code(&json!({"records": [twice, twice]})), "Lambda.DuplicatedRecordId");
        // A record of two that is missing fails both.
        let answer = json!({"records": [{"recordId": id, "result": "Dropped"}]});
        assert!(transformed(&answer, 2).iter().all(|record| matches!(record, Transformed::Failed(_))));
        let more = json!({"records": [{"recordId": id, "result": "Dropped"}, {"recordId": "x", "result": "Dropped"}]});
        assert_eq!(code(&more), "Lambda.JsonProcessingException");
    }

    #[test]
    fn other_services_hand_over_what_they_document() {
        let time = record("").arrival;
        let event = kinesis(SOURCE, &[record("a")]);
        assert_eq!(event["Records"][0]["kinesis"]["data"], "YQ==");
        assert_eq!(event["Records"][0]["kinesis"]["approximateArrivalTimestamp"], 1_795_687_200.123);
        assert_eq!(sqs(SOURCE, &["a", "b"], time)["Records"][1]["body"], "b");
        let event = sns(SOURCE, "hi", None, &json!(null), time);
        assert_eq!(event["Records"][0]["Sns"]["Timestamp"], "2026-11-26T10:00:00.123Z");
        assert_eq!(event["Records"][0]["Sns"]["MessageAttributes"], json!({}));
        let event = s3_notification(SOURCE, "b", "day=1/a b+ü.gz", 3, time);
        assert_eq!(event["Records"][0]["s3"]["object"]["key"], "day%3D1/a+b%2B%C3%BC.gz");
        assert_eq!(s3_event(SOURCE, "b", "a b", 3, time)["detail"]["object"]["key"], "a b");
        assert_eq!(schedule(SOURCE, time)["time"], "2026-11-26T10:00:00Z");
        let event = log_subscription(&json!({"messageType": "DATA_MESSAGE"}));
        let packed = base64::decode(event["awslogs"]["data"].as_str().unwrap()).unwrap();
        assert_eq!(gzip::unpack(&packed).unwrap(), br#"{"messageType":"DATA_MESSAGE"}"#);
    }

    #[test]
    fn a_partial_answer_names_what_failed() {
        assert_eq!(batch_failures(&json!({"batchItemFailures": [{"itemIdentifier": "a"}]})), Ok(vec!["a".to_owned()]));
        for empty in [json!(null), json!({}), json!({"batchItemFailures": []}), json!("fine")] {
            assert_eq!(batch_failures(&empty), Ok(Vec::new()));
        }
        assert!(batch_failures(&json!({"batchItemFailures": [{"itemIdentifier": ""}]})).is_err());
        assert!(batch_failures(&json!({"batchItemFailures": [{"id": "a"}]})).is_err());
    }

    proptest! {
        #[test]
        fn every_record_gets_an_answer(text in "[{}\\[\\]\":,a-zA-Z0-9]{0,60}", count in 0_usize..4) {
            let answer = serde_json::from_str(&text).unwrap_or(Json::String(text));
            prop_assert_eq!(transformed(&answer, count).len(), count);
        }
    }
}
