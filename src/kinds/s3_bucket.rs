//! `s3-bucket`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::encryption::{Encryption, use_key};
use super::site::{join, on_behalf_of};
use super::standing::{Policy, Properties, Standing};
use super::{Access, Actor, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Reference, Setting, Text, TreeData};
use crate::source::{Origin, Span};
use crate::template::iam::{Effect, Statement, document};
use crate::template::{Data, Map, Removal, Value};
use crate::{diagnostics::Sink, map};

/// A bucket for data: encrypted, versioned, closed to the public and to plain HTTP, and kept when its stack is
/// deleted.
///
/// Whoever writes to it or reads from it refers to it by name; their roles get exactly the rights that this needs.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///     expire_after_days: 365
/// ```
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Bucket {
    /// Name of the bucket, unique in the world. Without it CloudFormation makes one that is.
    name: Option<Text>,
    /// Days after which an object is deleted. Without it objects stay.
    #[schemars(extend("minimum" = 1))]
    expire_after_days: Option<Setting<u32>>,
    /// Days after which a previous version of a changed or deleted object is deleted. The default is 30.
    #[schemars(extend("minimum" = 1))]
    expire_previous_versions_after_days: Option<Setting<u32>>,
    /// Whether changed and deleted objects keep their previous versions.
    #[serde(default = "yes")]
    versioning: bool,
    /// With which key objects are encrypted.
    #[serde(default)]
    encryption: Option<Encryption>,
    /// Whether S3 announces new and deleted objects on the default event bus.
    #[serde(default)]
    events: bool,
    /// Where S3 keeps a log of all requests. The bucket of the logs has no `access_logs` itself.
    access_logs: Option<AccessLogs>,
    /// What happens to the bucket when the stack is deleted. CloudFormation deletes only empty buckets.
    #[serde(default)]
    on_delete: OnDelete,
    /// Whether one data key is for many objects; not so for some raw resources.
    #[serde(skip, default = "yes")]
    shares_data_key: bool,
}

/// Where S3 keeps a log of all requests.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct AccessLogs {
    /// The `s3-bucket` of the logs.
    to: Reference,
    /// What the keys of the logs start with. The default is the name of the component and `/`.
    prefix: Option<String>,
}

/// What happens to something that holds data when the stack is deleted.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum OnDelete {
    /// It stays.
    #[default]
    Retain,
    /// It goes.
    Delete,
}

impl OnDelete {
    /// As CloudFormation says it.
    pub fn removal(self) -> Removal {
        match self {
            Self::Retain => Removal::Retain,
            Self::Delete => Removal::Delete,
        }
    }
}

codes! {
    /// Access logs go to a bucket that is encrypted with a key, or that logs its own requests.
    ///
    /// S3 delivers access logs only to buckets that it encrypts with its own keys; to others it delivers nothing, and
    /// says nothing. A bucket that keeps its own logs writes a new log entry for each log entry.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     access_logs: { to: logs }
    ///   logs:
    ///     kind: s3-bucket
    ///     encryption: own-key
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     access_logs: { to: logs }
    ///   logs:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Source: S3 User Guide, "Enabling Amazon S3 server access logging", and "Troubleshoot server access logging".
    LOG_BUCKET = Error "unusable-log-bucket";

    /// Previous versions are to be deleted in a bucket that keeps none.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     versioning: false
    ///     expire_previous_versions_after_days: 7
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_previous_versions_after_days: 7
    /// ```
    NO_VERSIONS = Warning "no-previous-versions";
}

/// Long enough to notice a mistake.
const NONCURRENT_DAYS: u32 = 30;

/// Days after which parts of uploads that never ended are deleted. S3 keeps and bills them without end otherwise.
const ABANDONED_UPLOAD_DAYS: u32 = 7;

/// Source: Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination".
const WRITE_BUCKET: &[&str] = &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];
const WRITE_OBJECTS: &[&str] = &["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"];

/// Source: Glue Developer Guide, "Crawler prerequisites".
const READ_BUCKET: &[&str] = &["s3:GetBucketLocation", "s3:ListBucket"];
const READ_OBJECTS: &[&str] = &["s3:GetObject"];

fn default_log_prefix(component: &str) -> String {
    format!("{component}/")
}

fn yes() -> bool {
    true
}

impl Bucket {
    /// What grants like a bucket with these properties.
    fn read(properties: &Properties<'_>) -> Box<dyn Component> {
        let rule = ["BucketEncryption", "ServerSideEncryptionConfiguration"];
        let key = [rule[0], rule[1], "ServerSideEncryptionByDefault", "KMSMasterKeyID"];
        let bucket_key = properties.get(&[rule[0], rule[1], "BucketKeyEnabled"]);
        let shares_data_key = matches!(bucket_key.map(|tree| &tree.data), Some(TreeData::Plain(json)) if json == true);
        Box::new(Self { encryption: properties.key(&key), shares_data_key, ..Self::default() })
    }

    /// The statement for the key of the bucket, if it is not AWS that holds it.
    fn use_key(
        &self,
        request: &Request<'_>,
        place: &Place,
        scope: &Scope,
        name: &str,
        actions: &[&'static str],
    ) -> Option<Statement> {
        let key = self.key(place, scope)?;
        Some(use_for_s3(request.origin, place, name, actions, (key, self.shares_data_key)))
    }

    fn key(&self, place: &Place, scope: &Scope) -> Option<Value> {
        self.encryption.as_ref()?.key_arn(place, scope)
    }

    fn log_prefix(&self, name: &str) -> Option<String> {
        let logs = self.access_logs.as_ref()?;
        Some(logs.prefix.clone().unwrap_or_else(|| default_log_prefix(name)))
    }

    /// The lifecycle rules: leftovers always, objects if asked for.
    fn lifecycle(&self, origin: Origin, scope: &Scope) -> Map {
        let previous = match &self.expire_previous_versions_after_days {
            Some(days) => scope.setting(days),
            None => Value::new(origin, Data::Number(NONCURRENT_DAYS.into())),
        };
        let mut rules = vec![map!(origin;
            "Id" => "RemoveLeftovers",
            "Status" => "Enabled",
            "AbortIncompleteMultipartUpload" => map!(origin; "DaysAfterInitiation" => ABANDONED_UPLOAD_DAYS),
            "NoncurrentVersionExpiration" => self.versioning.then(|| map!(origin; "NoncurrentDays" => previous)),
            "ExpiredObjectDeleteMarker" => self.versioning.then_some(true),
        )];
        if let Some(days) = &self.expire_after_days {
            rules.push(map!(origin;
                "Id" => "ExpireObjects",
                "Status" => "Enabled",
                "ExpirationInDays" => scope.setting(days),
            ));
        }
        map!(origin; "Rules" => rules)
    }

    fn sse(&self, place: &Place, scope: &Scope) -> Map {
        let origin = place.origin;
        let key = self.key(place, scope);
        let algorithm = if key.is_some() { "aws:kms" } else { "AES256" };
        // One data key for many objects; it also makes requests to KMS, which are billed, rare.
        let bucket_key = key.is_some().then_some(true);
        let rule = map!(origin;
            "BucketKeyEnabled" => bucket_key,
            "ServerSideEncryptionByDefault" => map!(origin; "SSEAlgorithm" => algorithm, "KMSMasterKeyID" => key),
        );
        map!(origin; "ServerSideEncryptionConfiguration" => [rule])
    }
}

impl Component for Bucket {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn wires(&self) -> Vec<Wire<'_>> {
        let logs = self.access_logs.iter();
        logs.map(|logs| Wire { to: &logs.to, access: Access::WriteAccessLogs(logs.prefix.clone()) }).collect()
    }

    fn actor(&self, place: &Place, _scope: &Scope) -> Option<Actor> {
        Some(Actor { principal: "logging.s3.amazonaws.com", arn: place.attribute(BUCKET, "Arn") })
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        if let Some(days) = self.expire_previous_versions_after_days.as_ref().filter(|_| !self.versioning) {
            sink.report(&NO_VERSIONS, days.span(), "this bucket keeps no previous versions")
                .help("remove this line, or `versioning: false`");
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let origin = request.origin;
        let key = self.key(place, scope);
        let bucket = Value { origin, ..place.reference(BUCKET) };
        match request.access {
            Access::WriteObjects(prefixes) => {
                let name = format!("WriteTo{}", place.id(""));
                let mut role = grant(origin, place, &name, (WRITE_BUCKET, WRITE_OBJECTS), prefixes);
                let actions = &["kms:Decrypt", "kms:GenerateDataKey"];
                role.extend(self.use_key(request, place, scope, &name, actions));
                let arn = Value { origin, ..place.attribute(BUCKET, "Arn") };
                Grant { role, address: Some(arn), key, ..Grant::default() }
            }
            Access::ReadObjects(prefix) => {
                let name = format!("ReadFrom{}", place.id(""));
                let prefixes = std::slice::from_ref(prefix);
                let mut role = grant(origin, place, &name, (READ_BUCKET, READ_OBJECTS), prefixes);
                role.extend(self.use_key(request, place, scope, &name, &["kms:Decrypt"]));
                Grant { role, address: Some(bucket), key, ..Grant::default() }
            }
            Access::WriteAccessLogs(prefix) => {
                self.check_log_bucket(request, place, scope);
                let Some(actor) = request.actor else { return Grant::default() };
                let prefix = prefix.clone().unwrap_or_else(|| default_log_prefix(request.from));
                let arn = objects(origin, place, &prefix);
                let statement = Statement::allow(origin, &["s3:PutObject"], vec![arn])
                    .named(format!("AccessLogsOf{}", super::site::pascal_case(request.from)))
                    .service(actor.principal)
                    .when(on_behalf_of(origin, actor.arn.clone()));
                Grant { policy: vec![statement], address: Some(bucket), ..Grant::default() }
            }
            Access::WriteAuditLogs(prefix) => {
                self.check_log_bucket(request, place, scope);
                let Some(actor) = request.actor else { return Grant::default() };
                let prefix = if prefix.is_empty() { default_log_prefix(request.from) } else { prefix.clone() };
                let arn = Value { origin, ..place.attribute(BUCKET, "Arn") };
                let name = format!("AuditLogsOf{}", super::site::pascal_case(request.from));
                let allow = |action: &'static str, arn: Value, name: String| {
                    Statement::allow(origin, &[action], vec![arn])
                        .named(name)
                        .service(actor.principal)
                        .when(on_behalf_of(origin, actor.arn.clone()))
                };
                let put = allow("s3:PutObject", objects(origin, place, &prefix), name.clone());
                let policy = vec![allow("s3:GetBucketAcl", arn, format!("{name}Check")), put];
                let after = Some(place.id("BucketPolicy"));
                Grant { policy, address: Some(bucket), after, ..Grant::default() }
            }
            // Athena stores results and reads tables with the rights of whoever runs the query.
            Access::KeepResults(_) | Access::Locate => Grant { address: Some(bucket), key, ..Grant::default() },
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let logging = site.address(0).map(
            |bucket| map!(origin; "DestinationBucketName" => bucket, "LogFilePrefix" => self.log_prefix(&place.name)),
        );
        let versioning = if self.versioning { "Enabled" } else { "Suspended" };
        let properties = map!(origin;
            "BucketName" => self.name.as_ref().map(|name| scope.value(name)),
            "BucketEncryption" => self.sse(place, scope),
            "LifecycleConfiguration" => self.lifecycle(origin, scope),
            "LoggingConfiguration" => logging,
            "NotificationConfiguration" => self.events.then(|| {
                map!(origin; "EventBridgeConfiguration" => map!(origin; "EventBridgeEnabled" => true))
            }),
            "OwnershipControls" => map!(origin; "Rules" => [map!(origin; "ObjectOwnership" => "BucketOwnerEnforced")]),
            "PublicAccessBlockConfiguration" => map!(origin;
                "BlockPublicAcls" => true,
                "BlockPublicPolicy" => true,
                "IgnorePublicAcls" => true,
                "RestrictPublicBuckets" => true,
            ),
            "VersioningConfiguration" => self.versioning.then(|| map!(origin; "Status" => versioning)),
        );
        site.add_stateful(BUCKET, "AWS::S3::Bucket", self.on_delete.removal(), properties);
        self.add_policy(site);
    }

    fn add_policy(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        let statements = std::iter::once(refuse_plain_http(place)).chain(site.received.iter().cloned()).collect();
        let properties = map!(origin;
            "Bucket" => place.reference(BUCKET),
            "PolicyDocument" => document(origin, statements),
        );
        site.add("BucketPolicy", "AWS::S3::BucketPolicy", properties);
    }
}

/// The role of the bucket among the resources of its component.
const BUCKET: &str = "Bucket";

impl Bucket {
    fn check_log_bucket(&self, request: &Request<'_>, place: &Place, scope: &Scope) {
        let span = request.origin.span();
        if request.from == place.name {
            let mut sink = scope.sink();
            sink.report(&LOG_BUCKET, span, format!("`{}` would log its own requests", place.name))
                .help("keep the access logs in another `s3-bucket`");
        } else if self.key(place, scope).is_some() {
            let mut sink = scope.sink();
            let why = match request.access {
                Access::WriteAuditLogs(_) => "Redshift delivers no audit logs here",
                _ => "S3 delivers no access logs here",
            };
            sink.report(&LOG_BUCKET, span, format!("`{}` is encrypted with a key", place.name))
                .also(place.origin.span(), why)
                .help("leave out `encryption` of the bucket of the logs");
        }
    }
}

/// The ARN of all objects under a prefix.
fn objects(origin: Origin, place: &Place, prefix: &str) -> Value {
    let arn = Value { origin, ..place.attribute(BUCKET, "Arn") };
    join(origin, &[arn, Value::string(origin, format!("/{prefix}*"))])
}

/// Statements for actions on the bucket and on its objects under some prefixes.
fn grant(
    origin: Origin,
    place: &Place,
    name: &str,
    (on_bucket, on_objects): (&[&'static str], &[&'static str]),
    prefixes: &[String],
) -> Vec<Statement> {
    let arn = Value { origin, ..place.attribute(BUCKET, "Arn") };
    let everywhere = prefixes.iter().any(String::is_empty);
    let prefixes: Vec<&str> = if everywhere { vec![""] } else { prefixes.iter().map(String::as_str).collect() };
    let arns = prefixes.into_iter().map(|prefix| objects(origin, place, prefix)).collect();
    vec![
        Statement::allow(origin, on_bucket, vec![arn]).named(name),
        Statement::allow(origin, on_objects, arns).named(format!("{name}Objects")),
    ]
}

/// What the key is told of the object.
const CONTEXT: &str = "kms:EncryptionContext:aws:s3:arn";

/// What a role needs to read or write objects that are encrypted with a key.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination"; S3 User Guide, "Reducing the
/// cost of SSE-KMS with Amazon S3 Bucket Keys": with a bucket key the encryption context is the bucket, not the object.
fn use_for_s3(
    origin: Origin,
    place: &Place,
    name: &str,
    actions: &[&'static str],
    (key, shared): (Value, bool),
) -> Statement {
    let through = Value::sub(origin, "s3.${AWS::Region}.${AWS::URLSuffix}");
    let bucket = Value { origin, ..place.attribute(BUCKET, "Arn") };
    let condition = if shared {
        map!(origin; "StringEquals" => map!(origin; "kms:ViaService" => through, CONTEXT => bucket))
    } else {
        let contexts = [bucket, objects(origin, place, "")];
        map!(origin;
            "StringEquals" => map!(origin; "kms:ViaService" => through),
            "StringLike" => map!(origin; CONTEXT => contexts),
        )
    };
    use_key(origin, &format!("{name}Key"), actions, key, condition)
}

fn refuse_plain_http(place: &Place) -> Statement {
    let origin = place.origin;
    let arn = place.attribute(BUCKET, "Arn");
    let objects = join(origin, &[arn.clone(), Value::string(origin, "/*")]);
    let insecure = map!(origin; "Bool" => map!(origin; "aws:SecureTransport" => false));
    let mut statement = Statement::allow(origin, &["s3:*"], vec![arn, objects]).named("RefusePlainHttp").when(insecure);
    statement.effect = Effect::Deny;
    statement.principal = Some(Value::string(origin, "*"));
    statement
}

pub(super) static KIND: Kind = Kind {
    name: "s3-bucket",
    ports: &[Port::Objects],
    attributes: &[
        Attribute { name: "name", doc: "Name of the bucket.", get: Get::Ref(BUCKET) },
        Attribute { name: "arn", doc: "ARN of the bucket.", get: Get::Att(BUCKET, "Arn") },
        Attribute { name: "uri", doc: "The bucket as `s3://` and its name.", get: Get::Text(BUCKET, "s3://{}") },
        Attribute {
            name: "domain-name",
            doc: "Regional domain name of the bucket.",
            get: Get::Att(BUCKET, "RegionalDomainName"),
        },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::S3::Bucket"],
        role: BUCKET,
        without: &[],
        policy: Policy::Beside("AWS::S3::BucketPolicy", "Bucket"),
        read: Bucket::read,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Bucket>,
    decode: super::decode::<Bucket>,
};
