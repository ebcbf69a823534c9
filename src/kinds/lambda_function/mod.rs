//! `lambda-function`

mod code;
mod metrics;
mod runtime;
mod sources;
mod uses;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use self::code::{Archive, Code, Source};
use self::runtime::Runtime;
use self::sources::EventSource;
use self::uses::Use;
use super::log_group::RETENTION_DAYS;
use super::site::{assumed_by, on_behalf_of, own_arn, pascal_case};
use super::sqs_queue::DEAD_LETTER_SECONDS;
use super::standing::{Policy, Properties, Standing};
use super::{
    Access, Actor, Attribute, Component, Found, Get, Grant, Kind, Metrics, Package, Peers, Place, Port, Request, Scope,
    Site, Wire,
};
use crate::blueprint::text::{FileReference, Located, Reference, Setting, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::{Effect, Statement, document};
use crate::template::{Data, Key, Map, Removal, Value};

/// A function of Lambda: code that runs when a rule, a stream, a topic, an alarm or another component asks for it.
///
/// Its role may write to its own log group, and what `uses` and `event_sources` need, no more. Its source is in the
/// blueprint or in files beside it, which are packed into an archive where they do not fit in a template; or something
/// else makes its archive.
///
/// ```yaml
/// components:
///   orders:
///     kind: kinesis-stream
///   corrections:
///     kind: sqs-queue
///     visibility_timeout_seconds: 360
///     dead_letters: { after: 5 }
///   archive:
///     kind: s3-bucket
///   totals:
///     kind: lambda-function
///     runtime: python3.14
///     source: |
///       import json, os
///       import boto3
///
///       s3 = boto3.client("s3")
///
///       def handler(event, context):
///           name = "totals/" + context.aws_request_id + ".json"
///           body = json.dumps({"records": len(event["Records"])})
///           s3.put_object(Bucket=os.environ["BUCKET"], Key=name, Body=body)
///     environment: { BUCKET: "${archive.name}" }
///     uses:
///       - write: { bucket: archive, prefix: totals/ }
///     event_sources:
///       - { from: orders, window_seconds: 60, max_retries: 10 }
///       - { from: corrections, report_failures: true, max_concurrency: 10 }
///     dead_letters: true
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Function {
    /// Name of the function. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it does.
    description: Option<Text>,
    /// The language and its version.
    runtime: Located<Runtime>,
    /// Its source: a file beside the blueprint (`{ file: functions/transform.py }`), a folder of files
    /// (`{ folder: functions/transform }`), or text in place. Nothing is replaced in files; in place, `{{ }}` is. One file
    /// or text of Python or Node.js stands in the template, unless there is a `source_bucket`.
    source: Option<Source>,
    /// Name of the bucket for the archive of the source, in the region of the stack, for example `${CodeBucket}`. With it
    /// `formwork render` packs the file or folder into an archive beside the template, and prints how it is uploaded.
    /// Needed for folders, for large files, and for other languages than Python and Node.js. Text in place stays in the
    /// template.
    source_bucket: Option<Text>,
    /// The archive of its code, in a bucket, where something else makes it.
    code: Option<Archive>,
    /// What Lambda calls: the module, a dot, the function in it. For a `source` of one file or text the module is `index`,
    /// and the default `index.handler`.
    #[schemars(length(max = 128), regex(pattern = HANDLER_PATTERN))]
    handler: Option<Located<String>>,
    /// Seconds that a run may take. A transformation of Firehose may take 300. The default is 60.
    #[serde(default = "timeout_seconds")]
    #[schemars(extend("minimum" = 1, "maximum" = 900))]
    timeout_seconds: Setting<u32>,
    /// Memory in MiB; the share of a processor grows with it. The default is 256.
    #[serde(default = "memory_mib")]
    #[schemars(extend("minimum" = 128, "maximum" = 10_240))]
    memory_mib: Setting<u32>,
    /// Runs at the same time, which are kept for this function and are also its limit. Without it it shares those of
    /// the account.
    #[schemars(extend("minimum" = 0))]
    reserved_concurrency: Option<Setting<u32>>,
    /// Environment variables. `${ }` works in their values; a secret does not belong here, but is read with `uses`.
    #[serde(default)]
    #[schemars(extend("propertyNames" = {"pattern": ENVIRONMENT_PATTERN}))]
    environment: IndexMap<Located<String>, Text>,
    /// The processor.
    #[serde(default)]
    architecture: Architecture,
    /// Whether X-Ray traces its runs.
    #[serde(default = "yes")]
    tracing: bool,
    /// Days after which an entry of its log is deleted; the values of `log-group`. The default is 365.
    retention_days: Option<Setting<u32>>,
    /// Whether a queue keeps events that it could not handle, for 14 days: those of rules, topics, alarms and log groups,
    /// and batches of streams that were given up.
    #[serde(default)]
    dead_letters: bool,
    /// Streams and queues from which Lambda hands it batches.
    #[serde(default)]
    event_sources: Vec<EventSource>,
    /// What its code reaches.
    #[serde(default)]
    uses: Vec<Use>,
}

/// A processor.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
enum Architecture {
    /// Graviton.
    #[default]
    #[serde(rename = "arm64")]
    Arm64,
    /// Intel and AMD.
    #[serde(rename = "x86_64")]
    X86,
}

codes! {
    /// An environment variable has a name that Lambda keeps for itself.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     environment: { AWS_REGION: "${AWS::Region}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     environment: { TARGET_REGION: "${AWS::Region}" }
    /// ```
    ///
    /// Source: Lambda Developer Guide, "Working with Lambda environment variables", reserved variables.
    RESERVED = Error "reserved-variable";

    /// A function that transforms records of Firehose may run longer than Firehose waits.
    ///
    /// Firehose waits 5 minutes; then it tries again, and after that it keeps the records as failed.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   clean:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     timeout_seconds: 600
    ///   delivery:
    ///     kind: firehose-stream
    ///     transform: clean
    ///     to: { s3: archive }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   clean:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     timeout_seconds: 300
    ///   delivery:
    ///     kind: firehose-stream
    ///     transform: clean
    ///     to: { s3: archive }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
    TIMEOUT = Error "transformation-too-long";

    /// Something that may be there once for a function is there twice: an event source, or a use.
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///   totals:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     event_sources: [{ from: orders }, { from: orders }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   orders:
    ///     kind: kinesis-stream
    ///   totals:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    ///     event_sources: [{ from: orders }]
    /// ```
    TWICE = Error "repeated-event-source";
}

/// Source: Lambda API, `CreateFunction`, `Handler`.
pub(super) const HANDLER_PATTERN: &str = r"^\S+$";

/// Source: Lambda API, `Environment`.
pub(super) const ENVIRONMENT_PATTERN: &str = "^[a-zA-Z][a-zA-Z0-9_]+$";

/// Source: Lambda Developer Guide, "Working with Lambda environment variables", reserved variables.
const RESERVED_VARIABLES: &[&str] = &[
    "AWS_ACCESS_KEY",
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_INITIALIZATION_TYPE",
    "AWS_LAMBDA_LOG_GROUP_NAME",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "LAMBDA_RUNTIME_DIR",
    "LAMBDA_TASK_ROOT",
];

/// Source: Firehose Developer Guide, "Transform source data in Amazon Data Firehose".
const TRANSFORM_MAX_SECONDS: u32 = 300;

/// Source: Firehose Developer Guide, "Controlling access with Amazon Data Firehose".
const TRANSFORM: &[&str] = &["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"];
const INVOKE: &[&str] = &["lambda:InvokeFunction"];

/// Source: CloudWatch User Guide, "Invoke a Lambda function from an alarm".
const ALARMS: &str = "lambda.alarms.cloudwatch.amazonaws.com";

/// Source: Lambda Developer Guide, "Working with logs".
const LOG: &[&str] = &["logs:CreateLogStream", "logs:PutLogEvents"];

/// X-Ray takes no resources. Source: Service Authorization Reference, "Actions, resources, and condition keys for AWS
/// X-Ray".
const TRACE: &[&str] = &["xray:PutTelemetryRecords", "xray:PutTraceSegments"];

/// Enough for most; a transformation of Firehose is tried anew if it takes longer.
const TIMEOUT_SECONDS: u32 = 60;
const MEMORY_MIB: u32 = 256;

const FUNCTION: &str = "Function";
const LOG_GROUP: &str = "LogGroup";
const QUEUE: &str = "DeadLetterQueue";
const SERVICE: &str = "lambda.amazonaws.com";

fn yes() -> bool {
    true
}

fn timeout_seconds() -> Setting<u32> {
    Setting::Known(Located::nowhere(TIMEOUT_SECONDS))
}

fn memory_mib() -> Setting<u32> {
    Setting::Known(Located::nowhere(MEMORY_MIB))
}

impl Architecture {
    /// Source: Lambda API, `Architecture`.
    fn name(self) -> &'static str {
        match self {
            Self::Arm64 => "arm64",
            Self::X86 => "x86_64",
        }
    }
}

impl Function {
    fn code(&self) -> Code<'_> {
        Code {
            source: self.source.as_ref(),
            bucket: self.source_bucket.as_ref(),
            archive: self.code.as_ref(),
            handler: self.handler.as_ref(),
            runtime: &self.runtime,
        }
    }

    fn add_role(&self, site: &mut Site<'_>) -> Value {
        let place = site.place;
        let origin = place.origin;
        let mut statements = site.grants();
        // The ARN of a log group ends with `:*`, which stands for its streams.
        statements.push(Statement::allow(origin, LOG, vec![place.attribute(LOG_GROUP, "Arn")]).named("WriteLog"));
        if self.tracing {
            statements.push(Statement::allow(origin, TRACE, vec![Value::string(origin, "*")]).named("Trace"));
        }
        if self.dead_letters {
            let queue = place.attribute(QUEUE, "Arn");
            statements.push(Statement::allow(origin, &["sqs:SendMessage"], vec![queue]).named("KeepFailedEvents"));
        }
        // Lambda documents no condition for roles of functions.
        site.add_role(assumed_by(origin, SERVICE), "run", statements)
    }

    /// The queue for what could not be handled. The role of the function writes to it, so it needs no policy for that.
    fn add_queue(site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let properties = map!(origin; "MessageRetentionPeriod" => DEAD_LETTER_SECONDS, "SqsManagedSseEnabled" => true);
        site.add_stateful(QUEUE, "AWS::SQS::Queue", Removal::Delete, properties);
        let insecure = map!(origin; "Bool" => map!(origin; "aws:SecureTransport" => false));
        let mut refuse = Statement::allow(origin, &["sqs:*"], vec![place.attribute(QUEUE, "Arn")])
            .named("RefusePlainHttp")
            .when(insecure);
        refuse.effect = Effect::Deny;
        refuse.principal = Some(Value::string(origin, "*"));
        let properties = map!(origin;
            "Queues" => [place.reference(QUEUE)],
            "PolicyDocument" => document(origin, vec![refuse]),
        );
        site.add("DeadLetterPolicy", "AWS::SQS::QueuePolicy", properties);
    }

    /// The statements of its policy, which CloudFormation takes one by one.
    fn add_permissions(site: &mut Site<'_>) {
        let place = site.place;
        let mut seen: Vec<Option<&str>> = Vec::new();
        for statement in site.received {
            // An alarm may tell of several changes.
            if seen.contains(&statement.sid.as_deref()) {
                continue;
            }
            seen.push(statement.sid.as_deref());
            let origin = statement.origin;
            let part = |map: Option<&Map>, path: &[&str]| {
                let (first, rest) = path.split_first()?;
                map?.get(first)?.at(rest).cloned()
            };
            let principal = statement.principal.as_ref().and_then(Value::as_map);
            let properties = map!(origin;
                "FunctionName" => Value { origin, ..place.reference(FUNCTION) },
                "Action" => statement.actions.first().copied(),
                "Principal" => part(principal, &["Service"]),
                "SourceAccount" => part(statement.condition.as_ref(), &["StringEquals", "aws:SourceAccount"]),
                "SourceArn" => part(statement.condition.as_ref(), &["ArnLike", "aws:SourceArn"]),
            );
            site.add(statement.sid.as_deref().unwrap_or("Permission"), "AWS::Lambda::Permission", properties);
        }
    }
}

impl Component for Function {
    fn wires(&self) -> Vec<Wire<'_>> {
        let sources = self.event_sources.iter().map(|source| source.wire(&self.timeout_seconds));
        sources.chain(self.uses.iter().flat_map(Use::wires)).collect()
    }

    fn sources(&self) -> Vec<&FileReference> {
        self.code().file().into_iter().collect()
    }

    fn package(&self) -> Option<Package<'_>> {
        self.code().package()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: place.attribute(FUNCTION, "Arn") })
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        self.code().check(name, sink);
        for variable in self.environment.keys() {
            let name = variable.value.as_str();
            if RESERVED_VARIABLES.contains(&name) {
                sink.report(&RESERVED, variable.span(), format!("`{name}` is set by Lambda itself"))
                    .help("give the variable another name, or leave it out");
            }
        }
        let mut seen: Vec<Wire<'_>> = Vec::new();
        for wire in self.wires() {
            let source = |wire: &Wire<'_>| matches!(wire.access, Access::Feed(_));
            let same = |first: &&Wire<'_>| {
                first.to.name() == wire.to.name() && (first.access == wire.access || (source(first) && source(&wire)))
            };
            if let Some(first) = seen.iter().find(same) {
                sink.report(&TWICE, wire.to.span(), format!("`{}` is there already", wire.to.name()))
                    .also(first.to.span(), "here")
                    .help("remove one of them");
            }
            seen.push(wire);
        }
    }

    fn metrics(&self, place: &Place, _peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let reads_stream = self.event_sources.iter().any(|source| serves(source.from(), Port::Shards, scope));
        metrics::of(place, (FUNCTION, self.dead_letters.then_some(QUEUE)), reads_stream)
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        accept(Some(&self.timeout_seconds), request, place, scope)
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let retention = match &self.retention_days {
            Some(days) => scope.setting(days),
            None => Value::new(origin, Data::Number(RETENTION_DAYS.into())),
        };
        let properties = map!(origin; "RetentionInDays" => retention);
        site.add_stateful(LOG_GROUP, "AWS::Logs::LogGroup", Removal::Delete, properties);
        let role = self.add_role(site);
        let variables = self.environment.iter().map(|(name, text)| {
            (Key { text: name.value.clone(), origin: Origin::Written(name.span()) }, scope.value(text))
        });
        let variables = Map(variables.collect());
        let dead_letters = self.dead_letters.then(|| place.attribute(QUEUE, "Arn"));
        let number = |setting: &Setting<u32>| match setting {
            Setting::Known(known) => {
                Value::new(known.place().map_or(origin, Origin::Written), Data::Number(known.value.into()))
            }
            Setting::Deferred(text) => scope.value(text),
        };
        let properties = map!(origin;
            "FunctionName" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "Runtime" => Value::string(Origin::Written(self.runtime.span()), self.runtime.value.name()),
            "Handler" => self.code().handler(origin),
            "Code" => self.code().compose(site),
            "Role" => role,
            "Architectures" => [self.architecture.name()],
            "Timeout" => number(&self.timeout_seconds),
            "MemorySize" => number(&self.memory_mib),
            "ReservedConcurrentExecutions" => self.reserved_concurrency.as_ref().map(number),
            "Environment" => (!variables.is_empty()).then(|| map!(origin; "Variables" => variables)),
            "LoggingConfig" => map!(origin; "LogFormat" => "JSON", "LogGroup" => place.reference(LOG_GROUP)),
            "TracingConfig" => map!(origin; "Mode" => if self.tracing { "Active" } else { "PassThrough" }),
            "DeadLetterConfig" => dead_letters.clone().map(|queue| map!(origin; "TargetArn" => queue)),
        );
        site.add(FUNCTION, "AWS::Lambda::Function", properties);
        if self.dead_letters {
            Self::add_queue(site);
        }
        Self::add_permissions(site);
        let mut seen: Vec<&str> = Vec::new();
        for (wire, source) in self.event_sources.iter().enumerate() {
            // A second one was reported.
            if seen.contains(&source.from().name()) {
                continue;
            }
            seen.push(source.from().name());
            let origin = Origin::Derived(source.from().span());
            let function = Value { origin, ..place.reference(FUNCTION) };
            source.compose(wire, function, dead_letters.clone(), site);
        }
    }
}

/// Whether a reference names a component that may be used so.
fn serves(reference: &Reference, port: Port, scope: &Scope) -> bool {
    matches!(scope.find(reference), Found::Component(full) if scope.serves(&full, port))
}

/// What a use of a function with this timeout needs.
fn accept(timeout: Option<&Setting<u32>>, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
    let origin = request.origin;
    let arn = Value { origin, ..place.attribute(FUNCTION, "Arn") };
    match request.access {
        Access::SendEvents | Access::RunWithMessages | Access::Notify | Access::StreamLogs => {
            let Some(actor) = request.actor else { return Grant::default() };
            let (principal, condition) = match request.access {
                Access::Notify => (ALARMS, on_behalf_of(origin, actor.arn.clone())),
                // Source: CloudWatch Logs User Guide, "Log group-level subscription filters", with Lambda.
                Access::StreamLogs => (actor.principal, on_behalf_of(origin, actor.arn.clone())),
                // With the account of the source too, EventBridge delivers nothing; for SNS the guide shows the
                // topic alone.
                // Source: EventBridge User Guide, "Troubleshooting Amazon EventBridge"; Lambda Developer Guide,
                // "Tutorial: Using AWS Lambda with Amazon Simple Notification Service".
                _ => {
                    let source = map!(origin; "aws:SourceArn" => actor.arn.clone());
                    (actor.principal, map!(origin; "ArnLike" => source))
                }
            };
            let name = format!("PermissionOf{}", pascal_case(request.from));
            // CloudWatch Logs tries whether it may run the function before it makes the subscription; refused at
            // deployment with: "Could not execute the lambda function. Make sure you have given CloudWatch Logs
            // permission to execute your function."
            let after = (*request.access == Access::StreamLogs).then(|| place.id(&name));
            let statement =
                Statement::allow(origin, INVOKE, vec![arn.clone()]).named(name).service(principal).when(condition);
            Grant { policy: vec![statement], address: Some(arn), after, ..Grant::default() }
        }
        Access::Transform => {
            if let Some(timeout) = timeout
                && let Some(seconds) = timeout.known().filter(|seconds| **seconds > TRANSFORM_MAX_SECONDS)
            {
                let message = format!("{seconds} seconds, at most {TRANSFORM_MAX_SECONDS} for a transformation");
                scope
                    .sink()
                    .report(&TIMEOUT, timeout.span(), message)
                    .also(request.origin.span(), "it is used to transform here")
                    .help(format!("write {TRANSFORM_MAX_SECONDS} or less"));
            }
            let role = invoke(origin, place, TRANSFORM);
            Grant { role, address: Some(arn), ..Grant::default() }
        }
        Access::Invoke | Access::Call => {
            Grant { role: invoke(origin, place, INVOKE), address: Some(arn), ..Grant::default() }
        }
        _ => Grant::default(),
    }
}

/// A function as a raw resource.
#[derive(Debug)]
struct Invoked {
    timeout: Option<Setting<u32>>,
}

impl Invoked {
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let timeout = properties.number(&["Timeout"]);
        Box::new(Self { timeout: timeout.map(|(seconds, span)| Setting::Known(Located::at(seconds, span))) })
    }
}

impl Component for Invoked {
    fn metrics(&self, place: &Place, _peers: &Peers<'_>, _scope: &Scope) -> Vec<Metrics> {
        // What feeds it, and where its dead letters go, is not among its properties.
        metrics::of(place, (FUNCTION, None), false).into_iter().map(|own| Metrics { open: true, ..own }).collect()
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        accept(self.timeout.as_ref(), request, place, scope)
    }

    fn add_policy(&self, site: &mut Site<'_>) {
        Function::add_permissions(site);
    }

    fn compose(&self, _site: &mut Site<'_>) {}
}

/// A statement to run the function, all of its versions included.
fn invoke(origin: Origin, place: &Place, actions: &[&'static str]) -> Vec<Statement> {
    let arn = Value { origin, ..place.attribute(FUNCTION, "Arn") };
    let versions = own_arn(origin, "lambda", &format!("function:${{{}}}:*", place.id(FUNCTION)));
    vec![Statement::allow(origin, actions, vec![arn, versions]).named(format!("Run{}", place.id("")))]
}

pub(super) static KIND: Kind = Kind {
    name: "lambda-function",
    ports: &[Port::Code, Port::Events, Port::Logs, Port::Metrics, Port::Notifications, Port::Scheduled],
    attributes: &[
        Attribute { name: "name", doc: "Name of the function.", get: Get::Ref(FUNCTION) },
        Attribute { name: "arn", doc: "ARN of the function.", get: Get::Att(FUNCTION, "Arn") },
        Attribute { name: "role-arn", doc: "ARN of the role with which it runs.", get: Get::Att("Role", "Arn") },
        Attribute { name: "role-name", doc: "Name of the role with which it runs.", get: Get::Ref("Role") },
        Attribute { name: "log-group", doc: "Name of its log group.", get: Get::Ref(LOG_GROUP) },
        Attribute {
            name: "dead-letters-arn",
            doc: "ARN of the queue of events that it could not handle, with `dead_letters: true`.",
            get: Get::Att(QUEUE, "Arn"),
        },
        Attribute {
            name: "dead-letters-name",
            doc: "Name of the queue of events that it could not handle, with `dead_letters: true`.",
            get: Get::Att(QUEUE, "QueueName"),
        },
        Attribute {
            name: "dead-letters-url",
            doc: "URL of the queue of events that it could not handle, with `dead_letters: true`.",
            get: Get::Ref(QUEUE),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Lambda::Function"],
        role: FUNCTION,
        without: &[],
        policy: Policy::Free,
        read: Invoked::read,
    }),
    codes: &[CODES, code::CODES, sources::CODES],
    schema: super::model_schema::<Function>,
    decode: super::decode::<Function>,
};
