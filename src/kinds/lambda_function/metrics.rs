//! The metrics of a function: some are always there, others come with its settings.

use crate::kinds::sqs_queue::METRICS as QUEUE_METRICS;
use crate::kinds::{Metrics, Place};

const NAMESPACE: &str = "AWS/Lambda";

/// Those of every function, with the dimension `FunctionName` alone.
///
/// Source: Lambda Developer Guide, "Types of metrics for Lambda functions".
const METRICS: &[&str] = &[
    "AsyncEventAge",
    "AsyncEventsDropped",
    "AsyncEventsReceived",
    "ConcurrentExecutions",
    "Duration",
    "Errors",
    "Invocations",
    "PostRuntimeExtensionsDuration",
    "RecursiveInvocationsDropped",
    "Throttles",
];

/// With a queue for what it could not handle. See [`METRICS`].
const DEAD_LETTERS: &[&str] = &["DeadLetterErrors"];

/// With a stream among its event sources. See [`METRICS`].
const STREAM: &[&str] = &["IteratorAge"];

/// With both. See [`METRICS`].
const STREAM_AND_DEAD_LETTERS: &[&str] = &["DestinationDeliveryFailures"];

/// The metrics of a function: whether it reads a stream, and the queue of its dead letters if it has one.
pub fn of(place: &Place, (function, queue): (&str, Option<&str>), reads_stream: bool) -> Vec<Metrics> {
    let mut own = Metrics {
        namespace: NAMESPACE,
        dimensions: vec![("FunctionName", place.reference(function))],
        names: METRICS.to_vec(),
        ..Metrics::default()
    };
    for (names, condition, holds) in [
        (DEAD_LETTERS, "`dead_letters: true`", queue.is_some()),
        (STREAM, "a stream in `event_sources`", reads_stream),
        (
            STREAM_AND_DEAD_LETTERS,
            "a stream in `event_sources` and `dead_letters: true`",
            reads_stream && queue.is_some(),
        ),
    ] {
        if holds {
            own.names.extend(names);
        } else {
            own.others.extend(names.iter().map(|name| (*name, condition)));
        }
    }
    let dead_letters = queue.map(|queue| Metrics {
        part: Some("dead-letters".to_owned()),
        namespace: "AWS/SQS",
        dimensions: vec![("QueueName", place.attribute(queue, "QueueName"))],
        names: QUEUE_METRICS.to_vec(),
        ..Metrics::default()
    });
    std::iter::once(own).chain(dead_letters).collect()
}
