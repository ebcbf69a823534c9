//! `log-subscription`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::site::{assumed_by, join, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Actor, Attribute, Component, Get, Kind, Place, Port, Scope, Site, Wire};
use crate::blueprint::text::{Part, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::Value;

/// A subscription of CloudWatch Logs: the events of a log group go to a stream or a function as
/// they come.
///
/// They arrive as CloudWatch Logs packs them: many events in one JSON object, compressed with GZIP; for a function that
/// is in base64 in `awslogs.data` of its event. A log group has at most two subscriptions.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to: { s3: archive, compression: none }
///     records: { newline: false }
///   journal:
///     kind: log-group
///   journal-delivery:
///     kind: log-subscription
///     from: journal
///     to: delivery
///     pattern: "{ $.level = \"error\" }"
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Subscription {
    /// Name of the filter. Without it CloudFormation makes one.
    name: Option<Text>,
    /// The `log-group`.
    from: Option<Reference>,
    /// Name of a log group that is no component.
    log_group: Option<Text>,
    /// The `firehose-stream`, `kinesis-stream` or `lambda-function`.
    to: Reference,
    /// Which events are sent, as a filter pattern of CloudWatch Logs. The default is all.
    #[serde(default)]
    pattern: Option<Text>,
    /// How events are spread over the shards of a Kinesis stream.
    distribution: Option<Distribution>,
}

/// How events are spread over shards.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Distribution {
    /// Those of one log stream stay together.
    ByLogStream,
    /// Evenly.
    Random,
}

impl Distribution {
    fn name(self) -> &'static str {
        match self {
            Self::ByLogStream => "ByLogStream",
            Self::Random => "Random",
        }
    }
}

codes! {
    /// A subscription says neither of which log group it is, or says it twice.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   journal-delivery:
    ///     kind: log-subscription
    ///     to: delivery
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
    ///   journal-delivery:
    ///     kind: log-subscription
    ///     log_group: /aws/lambda/orders
    ///     to: delivery
    /// ```
    SOURCE = Error "unclear-log-group";

    /// A stream or a function is sent its own log.
    ///
    /// Each error that a stream logs would come back as a record; where that record fails too, without end. Each run of
    /// a function writes to its log, which would be its next run.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    ///   errors:
    ///     kind: log-subscription
    ///     log_group: ${delivery.log-group}
    ///     to: delivery
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
    ///   error-delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, layout: [errors] }
    ///   errors:
    ///     kind: log-subscription
    ///     log_group: ${delivery.log-group}
    ///     to: error-delivery
    /// ```
    ///
    /// Source: CloudWatch Logs User Guide, "Log recursion prevention".
    LOOP = Error "log-loop";
}

const FILTER: &str = "SubscriptionFilter";
const SERVICE: &str = "logs.amazonaws.com";

impl Subscription {
    /// The ARN of the log group, with `:*` at its end as CloudWatch Logs names it to a function.
    ///
    /// Source: CloudWatch Logs User Guide, "Log group-level subscription filters", with Lambda.
    fn group_arn(&self, origin: Origin, scope: &Scope) -> Option<Value> {
        let arn = match (&self.from, &self.log_group) {
            (Some(from), _) => scope.arn(from, Port::LogEvents)?,
            (None, Some(name)) => {
                let end = Value::string(origin, ":*");
                join(origin, &[own_arn(origin, "logs", "log-group:"), scope.value(name), end])
            }
            (None, None) => return None,
        };
        Some(arn)
    }
}

impl Component for Subscription {
    fn wires(&self) -> Vec<Wire<'_>> {
        let from = self.from.iter().map(|from| Wire { to: from, access: Access::TailLogs });
        std::iter::once(Wire { to: &self.to, access: Access::StreamLogs }).chain(from).collect()
    }

    fn actor(&self, place: &Place, scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: SERVICE, arn: self.group_arn(place.origin, scope)? })
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.from, &self.log_group) {
            (None, None) => {
                sink.report(&SOURCE, name, "this subscription has no log group")
                    .help("add `from` with a `log-group`, or `log_group` with a name");
            }
            (Some(from), Some(name)) => {
                sink.report(&SOURCE, name.span, "this subscription has a log group already")
                    .also(from.span(), "here")
                    .help("keep either `from` or `log_group`");
            }
            _ => {}
        }
        let parts = self.log_group.iter().flat_map(|name| &name.parts);
        for part in parts {
            if let Part::Reference(path, span) = part
                && let Some((head, _)) = path.split_once('.')
                && (head == self.to.name() || Some(head) == self.to.parameter())
            {
                sink.report(&LOOP, *span, format!("`{}` would be sent its own log", self.to.name()))
                    .also(self.to.span(), "the events go here")
                    .help("send them elsewhere");
            }
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        // Source: CloudWatch Logs User Guide, "Log group-level subscription filters".
        let senders = map!(origin; "ArnLike" => map!(origin; "aws:SourceArn" => own_arn(origin, "logs", "*")));
        let statements = site.grants();
        let role = (!statements.is_empty()).then(|| {
            let trust = assumed_by(origin, SERVICE).when(senders);
            site.add_role(trust, "stream-logs", statements)
        });
        let group = match &self.log_group {
            Some(name) => Some(scope.value(name)),
            None => site.address(1),
        };
        let pattern = match &self.pattern {
            Some(pattern) => scope.value(pattern),
            None => Value::string(origin, ""),
        };
        let properties = map!(origin;
            "FilterName" => self.name.as_ref().map(|name| scope.value(name)),
            "LogGroupName" => group,
            "FilterPattern" => pattern,
            "DestinationArn" => site.address(0),
            "RoleArn" => role,
            "Distribution" => self.distribution.map(Distribution::name),
        );
        let after = site.granted.first().and_then(|grant| grant.as_ref()?.after.clone());
        site.add(FILTER, "AWS::Logs::SubscriptionFilter", properties).depends_on.extend(after);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "log-subscription",
    ports: &[],
    attributes: &[
        Attribute { name: "name", doc: "Name of the subscription.", get: Get::Ref(FILTER) },
        Attribute {
            name: "log-group",
            doc: "Name of the log group whose events it sends.",
            get: Get::Property(FILTER, &["LogGroupName"]),
        },
        Attribute {
            name: "role-arn",
            doc: "ARN of the role with which CloudWatch Logs sends.",
            get: Get::Att("Role", "Arn"),
        },
        Attribute {
            name: "role-name",
            doc: "Name of the role with which CloudWatch Logs sends.",
            get: Get::Ref("Role"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::Logs::SubscriptionFilter"],
        role: FILTER,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Subscription>,
    decode: super::decode::<Subscription>,
};
