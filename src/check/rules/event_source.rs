//! Event sources of functions: what the settings of a mapping fit to, and the queue that it reads.

use crate::check::Context;
use crate::check::known::{Given, Part, boolean, given, is_fifo_arn, number, parts, text};
use crate::diagnostics::{Sink, alternatives};
use crate::template::{Resource, Value};

codes! {
    /// A setting of an event source is missing, or belongs to another kind of source.
    ///
    /// Lambda reads a stream from a position, which it has to be told; a queue has none. Each kind of source takes its
    /// own settings, and Lambda refuses the others.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: orders }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::Kinesis::Stream
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Orders.Arn, FunctionName: orders, StartingPosition: LATEST }
    /// ```
    ///
    /// Source: Lambda API, `CreateEventSourceMapping`.
    SETTING = Error "event-source-setting";

    /// A batch has more messages than the source gives.
    ///
    /// A FIFO queue gives at most 10 messages. More than 10 messages of another queue need time to be collected in, at
    /// least a second.
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Work.Arn, FunctionName: work, BatchSize: 100 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties:
    ///       EventSourceArn: !GetAtt Work.Arn
    ///       FunctionName: work
    ///       BatchSize: 100
    ///       MaximumBatchingWindowInSeconds: 5
    /// ```
    ///
    /// Source: Lambda API, `CreateEventSourceMapping`, `BatchSize` and `MaximumBatchingWindowInSeconds`.
    BATCH = Error "event-source-batch";

    /// A queue hides a message for less time than the function may take for it.
    ///
    /// The message would be seen, and handled, again while it is worked on. Lambda refuses such a mapping.
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::111122223333:role/worker
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Timeout: 60
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Work.Arn, FunctionName: !Ref Worker }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Work:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { VisibilityTimeout: 360 }
    ///   Worker:
    ///     Type: AWS::Lambda::Function
    ///     Properties:
    ///       Role: arn:aws:iam::111122223333:role/worker
    ///       Runtime: python3.13
    ///       Handler: index.handler
    ///       Timeout: 60
    ///       Code: { ZipFile: "def handler(event, context): pass" }
    ///   Reading:
    ///     Type: AWS::Lambda::EventSourceMapping
    ///     Properties: { EventSourceArn: !GetAtt Work.Arn, FunctionName: !Ref Worker }
    /// ```
    ///
    /// Source: Lambda API, `CreateEventSourceMapping` (`InvalidParameterValueException`); Lambda Developer Guide, "Using
    /// Lambda with Amazon SQS".
    TIMEOUT = Error "visibility-below-timeout";
}

/// What a mapping reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    Queue,
    Stream,
    Kafka,
    Broker,
}

/// Settings with the sources that take them.
///
/// Source: Lambda API, `CreateEventSourceMapping`, each parameter.
const SETTINGS: &[(&str, &[Source])] = &[
    ("BisectBatchOnFunctionError", &[Source::Stream, Source::Kafka]),
    ("DestinationConfig", &[Source::Stream, Source::Kafka]),
    ("MaximumRecordAgeInSeconds", &[Source::Stream, Source::Kafka]),
    ("MaximumRetryAttempts", &[Source::Stream, Source::Kafka]),
    ("ParallelizationFactor", &[Source::Stream]),
    ("Queues", &[Source::Broker]),
    ("ScalingConfig", &[Source::Queue]),
    (POSITION, &[Source::Stream, Source::Kafka]),
    ("StartingPositionTimestamp", &[Source::Stream, Source::Kafka]),
    ("Topics", &[Source::Kafka]),
    ("TumblingWindowInSeconds", &[Source::Stream]),
];

const POSITION: &str = "StartingPosition";

/// Services by their name in ARNs, and the types of resources that are such sources.
const SERVICES: &[(&str, &str, Source)] = &[
    ("sqs", "AWS::SQS::Queue", Source::Queue),
    ("kinesis", "AWS::Kinesis::Stream", Source::Stream),
    ("kinesis", "AWS::Kinesis::StreamConsumer", Source::Stream),
    ("dynamodb", "AWS::DynamoDB::Table", Source::Stream),
    ("kafka", "AWS::MSK::Cluster", Source::Kafka),
    ("kafka", "AWS::MSK::ServerlessCluster", Source::Kafka),
    ("mq", "AWS::AmazonMQ::Broker", Source::Broker),
];

/// Source: Lambda API, `CreateEventSourceMapping`, `BatchSize`.
const FIFO_BATCH: f64 = 10.0;

/// Larger batches need a window. Source: Lambda API, `CreateEventSourceMapping`, `MaximumBatchingWindowInSeconds`.
const BATCH_WITHOUT_WINDOW: f64 = 10.0;

/// Source: Lambda API, `CreateFunction`, `Timeout`.
const DEFAULT_TIMEOUT: f64 = 3.0;

/// Source: SQS API, `CreateQueue`, `VisibilityTimeout`.
const DEFAULT_VISIBILITY: f64 = 30.0;

/// Checks the event sources of functions.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for mapping in context.of_type("AWS::Lambda::EventSourceMapping") {
        let Some(arn) = mapping.properties.get("EventSourceArn") else { continue };
        let target = context.target(arn);
        let Some(source) = source(arn, target) else { continue };
        check_settings(context, mapping, source, sink);
        if source == Source::Queue {
            check_queue(context, mapping, arn, target, sink);
        }
    }
}

fn source(arn: &Value, target: Option<&Resource>) -> Option<Source> {
    if let Some(target) = target {
        let known = SERVICES.iter().find(|(_, kind, _)| *kind == target.kind);
        if let Some((.., source)) = known {
            return Some(*source);
        }
    }
    let parts = parts(arn)?;
    // `arn:aws:sqs:…`, or `arn:` and `:sqs:…` around a partition that is known only at deployment.
    let service = match parts.as_slice() {
        [Part::Text(start), Part::Unknown, Part::Text(rest), ..] if start == "arn:" => rest.split(':').nth(1),
        [Part::Text(start), ..] => start.split(':').nth(2),
        _ => None,
    };
    SERVICES.iter().find(|(name, ..)| Some(*name) == service).map(|(.., source)| *source)
}

fn named(source: Source) -> &'static str {
    match source {
        Source::Queue => "a queue",
        Source::Stream => "a stream",
        Source::Kafka => "a topic of Kafka",
        Source::Broker => "a queue of a broker",
    }
}

fn check_settings(context: &Context<'_>, mapping: &Resource, source: Source, sink: &mut Sink) {
    // Where the ARN is written out, the schema of the type says this about the position.
    let is_literal = mapping.properties.get("EventSourceArn").and_then(text).is_some();
    for (name, sources) in SETTINGS {
        if *name == POSITION && is_literal && source == Source::Queue {
            continue;
        }
        if given(&mapping.properties, name) == Given::Yes && !sources.contains(&source) {
            let others: Vec<&str> = sources.iter().map(|source| named(*source)).collect();
            context
                .report(sink, &SETTING, mapping, &[name], format!("`{name}` for {}", named(source)))
                .help(format!("remove it, which is for {}", others.join(" and ")));
        }
    }
    if source == Source::Stream && !is_literal && given(&mapping.properties, POSITION) == Given::No {
        let positions = alternatives(["TRIM_HORIZON", "LATEST"]);
        context
            .report(sink, &SETTING, mapping, &["EventSourceArn"], "a stream without `StartingPosition`")
            .help(format!("add `StartingPosition`: {positions}"));
    }
}

fn check_queue(context: &Context<'_>, mapping: &Resource, arn: &Value, queue: Option<&Resource>, sink: &mut Sink) {
    let queue = queue.filter(|queue| queue.kind == "AWS::SQS::Queue");
    let fifo = match queue {
        Some(queue) => queue.properties.get("FifoQueue").is_some_and(|fifo| boolean(fifo) == Some(true)),
        None => is_fifo_arn(arn),
    };
    let batch = mapping.properties.get("BatchSize").and_then(number);
    if let Some(batch) = batch {
        if fifo && batch > FIFO_BATCH {
            let message = format!("a batch of {batch} messages of a FIFO queue, at most {FIFO_BATCH} are allowed");
            context.report(sink, &BATCH, mapping, &["BatchSize"], message).help("write 1 to 10");
        } else if !fifo && batch > BATCH_WITHOUT_WINDOW {
            let window = mapping.properties.get("MaximumBatchingWindowInSeconds");
            let none = window.is_none() || window.and_then(number).is_some_and(|seconds| seconds < 1.0);
            // A queue that cannot be seen may be a FIFO queue, which is wrong as well.
            if none {
                let message = format!("a batch of {batch} messages without time to collect them");
                context
                    .report(sink, &BATCH, mapping, &["BatchSize"], message)
                    .help("add `MaximumBatchingWindowInSeconds`, from 1 on");
            }
        }
    }
    let function = mapping.properties.get("FunctionName").and_then(|name| context.target(name));
    let Some(function) = function.filter(|function| function.kind == "AWS::Lambda::Function") else { return };
    let Some(queue) = queue else { return };
    let seconds = |resource: &Resource, name: &str, default: f64| match resource.properties.get(name) {
        None => Some(default),
        Some(value) => number(value),
    };
    let timeout = seconds(function, "Timeout", DEFAULT_TIMEOUT);
    let visibility = seconds(queue, "VisibilityTimeout", DEFAULT_VISIBILITY);
    if let (Some(timeout), Some(visibility)) = (timeout, visibility)
        && visibility < timeout
    {
        let message = format!("messages are hidden for {visibility} s, the function takes up to {timeout} s");
        let path = format!("Resources/{}/Properties/EventSourceArn", mapping.id);
        context
            .report_value(sink, &TIMEOUT, arn, &path, message)
            .also(context.place(queue, &["VisibilityTimeout"]), "the queue")
            .also(context.place(function, &["Timeout"]), "the function")
            .help(format!(
                "set the `VisibilityTimeout` of the queue to at least {timeout}, better to {}",
                timeout * 6.0
            ));
    }
}
