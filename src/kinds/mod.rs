//! The kinds of components: one file a kind, and what all of them have in common.
//!
//! A kind is a typed model, what it makes of it, and its two ends: what it asks of the components that it refers to
//! ([`Wire`]), and what it grants to those that refer to it ([`Component::accept`]). That makes wiring N + M: no kind
//! knows another. What is composed from them is not known here.

mod alarm;
mod anomaly_alarm;
mod athena_query;
mod athena_view;
mod athena_workgroup;
mod dashboard;
mod encryption;
mod evaluation;
mod event_archive;
mod event_bus;
mod event_rule;
mod firehose_stream;
mod glue_crawler;
mod glue_database;
mod glue_table;
mod iot_rule;
mod kinesis_stream;
mod kms_key;
mod lambda_function;
mod layout;
mod log_group;
mod log_subscription;
mod metric;
mod metric_stream;
mod policy;
mod quicksight_dashboard;
mod quicksight_dataset;
mod quicksight_source;
mod redshift_cluster;
mod redshift_serverless;
mod redshift_share;
mod redshift_spectrum_schema;
mod redshift_sql;
mod redshift_stream_view;
mod relation;
mod resource;
mod s3_bucket;
mod schedule;
pub mod schema;
mod scope;
mod secret;
mod ses_configuration_set;
mod ses_identity;
mod sharing;
mod site;
mod sns_topic;
mod sql_runner;
mod sqs_queue;
mod standing;
mod tables;
mod vpc;
mod warehouse;

use std::fmt::Debug;

use schemars::{Schema, SchemaGenerator};

use crate::blueprint::decode::DecodeError;
use crate::blueprint::text::{Fault, FileReference, Located, Reference, Text, Tree};
use crate::diagnostics::{Code, Sink};
use crate::source::{Origin, Sources, Span};
use crate::syntax::Node;
use crate::template::Value;
use crate::template::hive::Column;
use crate::template::iam::Statement;

use self::layout::Step;
use self::relation::Relation;
use self::tables::Holding;
pub use scope::{Found, Known, PROPERTY_MARK, Read, Scope, Use, substitution};
pub use site::{Peers, Place, Site, pascal_case};
pub use standing::Standing;
pub use vpc::Network;
pub use warehouse::Warehouse;

/// The findings about references, which every kind can have.
pub use scope::{ATTRIBUTE, CODES as REFERENCE_CODES};

/// The kind of raw resources.
pub const RESOURCE: &str = "resource";

/// All kinds, sorted by name.
pub static KINDS: &[&Kind] = &[
    &alarm::KIND,
    &anomaly_alarm::KIND,
    &athena_query::KIND,
    &athena_view::KIND,
    &athena_workgroup::KIND,
    &dashboard::KIND,
    &event_archive::KIND,
    &event_bus::KIND,
    &event_rule::KIND,
    &firehose_stream::KIND,
    &glue_crawler::KIND,
    &glue_database::KIND,
    &glue_table::KIND,
    &iot_rule::KIND,
    &kinesis_stream::KIND,
    &kms_key::KIND,
    &lambda_function::KIND,
    &log_group::KIND,
    &log_subscription::KIND,
    &metric_stream::KIND,
    &quicksight_dashboard::KIND,
    &quicksight_dataset::KIND,
    &quicksight_source::KIND,
    &redshift_cluster::KIND,
    &redshift_serverless::KIND,
    &redshift_share::KIND,
    &redshift_spectrum_schema::KIND,
    &redshift_sql::KIND,
    &redshift_stream_view::KIND,
    &resource::KIND,
    &s3_bucket::KIND,
    &schedule::KIND,
    &secret::KIND,
    &ses_configuration_set::KIND,
    &ses_identity::KIND,
    &sns_topic::KIND,
    &sqs_queue::KIND,
    &vpc::KIND,
];

/// The kinds to whose components events come, so that these may have a contract.
pub const WITH_CONTRACT: &[&str] = &[
    "event-bus",
    "event-rule",
    "firehose-stream",
    "iot-rule",
    "kinesis-stream",
    "ses-configuration-set",
    "sns-topic",
    "sqs-queue",
];

/// The kind with this name.
pub fn by_name(name: &str) -> Option<&'static Kind> {
    KINDS.iter().find(|kind| kind.name == name).copied()
}

/// The kind that makes resources of this type and can use those of others.
pub fn of_type(resource_type: &str) -> Option<&'static Kind> {
    let makes = |kind: &&&Kind| kind.standing.as_ref().is_some_and(|one| one.types.contains(&resource_type));
    KINDS.iter().find(makes).copied()
}

/// A kind of component, as data.
#[derive(Debug)]
pub struct Kind {
    /// The word after `kind:`.
    pub name: &'static str,
    /// What others may use it for.
    pub ports: &'static [Port],
    /// What `${component.attribute}` gives.
    pub attributes: &'static [Attribute],
    /// What a raw resource needs to be used like a component of this kind; `None` where none can be.
    pub standing: Option<Standing>,
    /// The findings that only it reports.
    pub codes: &'static [&'static [&'static Code]],
    /// The schema of its fields; the description is its page.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// Makes the typed model.
    pub decode: Decode,
}

/// How a kind makes its typed model.
pub type Decode = fn(&Node, &Sources, &mut Vec<Fault>) -> Result<Box<dyn Component>, DecodeError>;

/// Something of a component that text can reach.
#[derive(Debug)]
pub struct Attribute {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// How CloudFormation gives it.
    pub get: Get,
}

/// How CloudFormation gives an attribute of the resource with this role in its component.
#[derive(Clone, Copy, Debug)]
pub enum Get {
    /// `Ref`
    Ref(&'static str),
    /// `Fn::GetAtt`
    Att(&'static str, &'static str),
    /// The value of a property, by the names that lead to it.
    Property(&'static str, &'static [&'static str]),
    /// A text in which `{}` stands for `Ref`, and `{Name}` for a property.
    Text(&'static str, &'static str),
}

impl Get {
    /// The role of the resource that gives it.
    pub fn role(self) -> &'static str {
        match self {
            Self::Ref(role) | Self::Att(role, _) | Self::Property(role, _) | Self::Text(role, _) => role,
        }
    }
}

/// What a component may be used for by others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Port {
    /// Takes and gives objects.
    Objects,
    /// Takes events from a rule.
    Events,
    /// Has rules on it.
    Bus,
    /// Leaves data in a known layout.
    Dataset,
    /// Holds tables.
    Database,
    /// Runs queries.
    Workgroup,
    /// Takes records.
    Records,
    /// Spreads records by a key, and keeps them for readers.
    Shards,
    /// Runs code.
    Code,
    /// Hands what it holds to a function, batch by batch.
    Batches,
    /// Takes the messages of devices.
    DeviceMessages,
    /// Holds a secret.
    Secret,
    /// Says what columns data has.
    Columns,
    /// Is in alarm or not.
    Alarm,
    /// Encrypts.
    Key,
    /// Has log events.
    LogEvents,
    /// Takes the log events of a subscription.
    Logs,
    /// Takes what becomes of mail.
    MailEvents,
    /// Says how mail is sent.
    MailSettings,
    /// Holds messages until someone takes them.
    Messages,
    /// Takes the metrics of a metric stream.
    MetricUpdates,
    /// Has metrics.
    Metrics,
    /// Has fields that a dashboard of QuickSight shows.
    Fields,
    /// Answers data sets of QuickSight.
    Source,
    /// Has subnets.
    Network,
    /// Is told the changes of an alarm.
    Notifications,
    /// Is called by a schedule.
    Scheduled,
    /// Has made what it makes in databases.
    Sql,
    /// Runs the SQL of Redshift.
    Warehouse,
}

impl Port {
    /// What a component without this port does not do.
    pub fn does(self) -> &'static str {
        match self {
            Self::Objects => "store objects",
            Self::Events => "take events of a rule",
            Self::Bus => "have rules on it",
            Self::Dataset => "leave data in a layout",
            Self::Database => "hold tables",
            Self::Workgroup => "run queries",
            Self::Records => "take records",
            Self::Shards => "keep records for readers",
            Self::Code => "run code",
            Self::Batches => "hand batches to a function",
            Self::DeviceMessages => "take messages of devices",
            Self::Secret => "hold a secret",
            Self::Columns => "say what columns data has",
            Self::Alarm => "go into alarm",
            Self::Key => "encrypt",
            Self::LogEvents => "have log events",
            Self::Logs => "take log events of a subscription",
            Self::MailEvents => "take events of mail",
            Self::MailSettings => "say how mail is sent",
            Self::Messages => "hold messages",
            Self::MetricUpdates => "take metrics of a metric stream",
            Self::Metrics => "have metrics",
            Self::Fields => "have fields for a dashboard",
            Self::Source => "answer data sets",
            Self::Network => "have subnets",
            Self::Notifications => "take changes of an alarm",
            Self::Scheduled => "take calls of a schedule",
            Self::Sql => "make anything in a database",
            Self::Warehouse => "run SQL of Redshift",
        }
    }

    /// The words that stand for something with this port that is no component.
    pub fn words(self) -> &'static [&'static str] {
        match self {
            Self::Bus => &[event_rule::DEFAULT_BUS],
            _ => &[],
        }
    }

    /// The names of the kinds that have it.
    pub fn kinds(self) -> impl Iterator<Item = &'static str> {
        KINDS.iter().filter(move |kind| kind.ports.contains(&self)).map(|kind| kind.name)
    }
}

/// A use of another component.
#[derive(Debug)]
pub struct Wire<'a> {
    /// The name of the other component.
    pub to: &'a Reference,
    /// What is done with it.
    pub access: Access,
}

/// What one component does with another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Stores objects under these prefixes; an empty one means everywhere.
    WriteObjects(Vec<String>),
    /// Lists and reads the objects under this prefix.
    ReadObjects(String),
    /// Lets S3 itself store access logs, under this prefix if it is given.
    WriteAccessLogs(Option<String>),
    /// Keeps results of queries under this prefix, with the rights of whoever runs the query.
    KeepResults(String),
    /// Hands over the events of a rule.
    SendEvents,
    /// Puts a rule on it.
    AddRule,
    /// Reads the data that it leaves.
    FollowLayout,
    /// Creates tables in it and keeps them up to date.
    MaintainTables,
    /// Names it in a query.
    Query,
    /// Runs queries in it.
    RunQueries,
    /// Names a place in it, for readers with rights of their own.
    Locate,
    /// Puts records into it.
    PutRecords,
    /// Hands over the events of a rule, spread by a key.
    SpreadEvents,
    /// Reads its records together with the other readers.
    ReadRecords,
    /// Lets Lambda hand what it holds to a function.
    Feed(Box<Feed>),
    /// Runs it with records and takes what it makes of them.
    Transform,
    /// Runs it.
    Invoke,
    /// Reads it.
    ReadSecret,
    /// Reads what columns its data has.
    ReadColumns,
    /// Reads what columns the table with this name in it has.
    ReadTable(String),
    /// Keeps its events to send them again.
    Archive,
    /// Calls it at certain times, with a role.
    Call,
    /// Encrypts with it.
    Encrypt,
    /// Keeps in it what a service could not do with its role.
    KeepFailures,
    /// Keeps in it what a service could not deliver for a rule.
    KeepUndelivered,
    /// Sends it the changes of an alarm.
    Notify,
    /// Moves to it the messages of a queue that nobody could handle; whether that queue is a FIFO queue.
    Redrive(bool),
    /// Shows whether it is in alarm.
    ShowState,
    /// Sends it log events as they come.
    StreamLogs,
    /// Sends it metrics as they come.
    StreamMetrics,
    /// Sends mail as it says.
    SendThrough,
    /// Sends it the messages of devices.
    SendDeviceMessages,
    /// Sends it what becomes of mail.
    SendMailEvents,
    /// Puts the messages of a topic into it.
    Subscribe,
    /// Runs it with the messages of a topic.
    RunWithMessages,
    /// Reads its log events.
    TailLogs,
    /// Looks at its metrics.
    Watch,
    /// Shows its fields.
    ShowFields,
    /// Asks it for a table of the Glue Data Catalog.
    AskTable,
    /// Asks it for a table of Redshift.
    AskRelation,
    /// Asks it in SQL.
    AskSql,
    /// Lets a service itself store audit logs under this prefix.
    WriteAuditLogs(String),
    /// Puts network interfaces into its subnets.
    JoinNetwork,
    /// Reaches these services of AWS from its subnets.
    ReachServices(&'static [&'static str]),
    /// Runs SQL in it, for which it reaches these services of AWS itself.
    RunSql(&'static [&'static str]),
    /// Uses in SQL what it makes in a database.
    FollowSql,
    /// Reads what all of its tables are, and where their data is.
    ReadCatalog,
}

impl Access {
    /// Whether the component that asks still makes sense without the other one.
    pub fn is_optional(&self) -> bool {
        matches!(self, Self::WriteAccessLogs(_) | Self::SendEvents | Self::Notify)
    }

    /// The port that the other component must have.
    pub fn port(&self) -> Port {
        match self {
            Self::WriteObjects(_)
            | Self::ReadObjects(_)
            | Self::WriteAccessLogs(_)
            | Self::WriteAuditLogs(_)
            | Self::KeepResults(_)
            | Self::Locate => Port::Objects,
            Self::SendEvents => Port::Events,
            Self::AddRule | Self::Archive => Port::Bus,
            Self::FollowLayout => Port::Dataset,
            Self::MaintainTables | Self::Query | Self::ReadCatalog | Self::ReadTable(_) => Port::Database,
            Self::RunQueries => Port::Workgroup,
            Self::PutRecords => Port::Records,
            Self::SpreadEvents | Self::ReadRecords => Port::Shards,
            Self::Feed(_) => Port::Batches,
            Self::Transform | Self::Invoke | Self::RunWithMessages => Port::Code,
            Self::ReadSecret => Port::Secret,
            Self::ReadColumns => Port::Columns,
            Self::Call => Port::Scheduled,
            Self::Encrypt => Port::Key,
            Self::KeepFailures | Self::KeepUndelivered | Self::Redrive(_) | Self::Subscribe => Port::Messages,
            Self::Notify => Port::Notifications,
            Self::SendThrough => Port::MailSettings,
            Self::SendDeviceMessages => Port::DeviceMessages,
            Self::SendMailEvents => Port::MailEvents,
            Self::ShowState => Port::Alarm,
            Self::StreamLogs => Port::Logs,
            Self::StreamMetrics => Port::MetricUpdates,
            Self::TailLogs => Port::LogEvents,
            Self::Watch => Port::Metrics,
            Self::ShowFields => Port::Fields,
            Self::AskTable | Self::AskRelation | Self::AskSql => Port::Source,
            Self::JoinNetwork | Self::ReachServices(_) => Port::Network,
            Self::RunSql(_) => Port::Warehouse,
            Self::FollowSql => Port::Sql,
        }
    }
}

/// How Lambda hands to a function what a component holds. A number is `None` where only the deployment gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Feed {
    /// The consumer of a stream that reads for the function.
    pub consumer: Option<Located<String>>,
    /// Seconds that a run of the function may take.
    pub timeout_seconds: Option<Located<u32>>,
    /// What is handed over at once, at most; `None` also without a limit of its own.
    pub batch_size: Option<Located<u32>>,
    /// Seconds for which Lambda gathers.
    pub window_seconds: Option<Located<u32>>,
}

/// What it is that feeds a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feeder {
    /// A stream: its records are read from a position, shard by shard.
    Stream,
    /// A queue: its messages are taken until someone has handled them.
    Queue,
}

/// Who acts when a component uses another.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The service principal.
    pub principal: &'static str,
    /// The ARN of the acting resource.
    pub arn: Value,
}

/// A use as the receiving component sees it.
#[derive(Debug)]
pub struct Request<'a> {
    /// What is done.
    pub access: &'a Access,
    /// Who does it; `None` where no service acts.
    pub actor: Option<&'a Actor>,
    /// The name of the component that asks.
    pub from: &'a str,
    /// The reference that asks.
    pub origin: Origin,
}

/// What a use needs, as the receiving component says.
#[derive(Debug, Default)]
pub struct Grant {
    /// Statements for the role of whoever acts.
    pub role: Vec<Statement>,
    /// Statements for the policy of the receiving resource.
    pub policy: Vec<Statement>,
    /// How the receiving resource is named for this use: an ARN or a name, as the service wants it.
    pub address: Option<Value>,
    /// The ARN of the key that it encrypts with, if it is not AWS that holds it.
    pub key: Option<Value>,
    /// How that is named which the use leads on to, such as the database of a table.
    pub behind: Option<Value>,
    /// Statements for the policy of the key that it encrypts with: for services that use it without a role. Those of
    /// one name are one.
    pub key_users: Vec<Statement>,
    /// What must be said beside the address.
    pub need: Option<Need>,
    /// What it is that feeds a function.
    pub feeder: Option<Feeder>,
    /// The logical id of what must be there first, or the service refuses the use.
    pub after: Option<String>,
    /// The subnets of a network.
    pub network: Option<Network>,
    /// Where SQL is run.
    pub warehouse: Option<Warehouse>,
}

/// What a component must be told beside what is sent to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The source and the type of an event.
    EventType,
    /// The group of a message, whose messages keep their order.
    MessageGroup,
    /// What decides where a record goes.
    PartitionKey,
    /// Nothing, but that it is a log group.
    LogGroup,
}

/// Metrics of CloudWatch that a component has.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    /// The part of the component that they are about; `None` for the component itself.
    pub part: Option<String>,
    /// The namespace.
    pub namespace: &'static str,
    /// The dimensions and what they are for this component.
    pub dimensions: Vec<(&'static str, Value)>,
    /// The names that it has with its settings.
    pub names: Vec<&'static str>,
    /// The names that it would have with other settings, and which these are.
    pub others: Vec<(&'static str, &'static str)>,
    /// Names that stand for another of its own, whatever its settings, and which.
    pub aliases: Vec<(&'static str, &'static str)>,
    /// Whether it may have others, because its settings are not all known.
    pub open: bool,
}

/// Files beside the blueprint that become an archive in a bucket.
#[derive(Debug)]
pub struct Package<'a> {
    /// A folder, or the one file.
    pub path: &'a Located<String>,
    /// The name of the one file in the archive; `None` for a folder.
    pub module: Option<String>,
    /// The bucket.
    pub bucket: &'a Text,
}

/// The data that a component leaves in a bucket.
#[derive(Clone, Debug)]
pub struct Dataset {
    /// The bucket's component.
    pub bucket: Reference,
    /// The folders of an object's key, in order.
    pub folders: Vec<Folder>,
    /// The steps of an object's key as the layout says them; `None` where a prefix is written out instead.
    pub steps: Option<Vec<Step>>,
    /// The format of the objects.
    pub format: Format,
    /// The prefix under which failures are kept, as far as it is the same for all.
    pub errors: String,
}

/// The format of objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// JSON, an object on each line.
    Json,
    /// Apache Parquet.
    Parquet,
    /// Apache ORC.
    Orc,
}

/// One folder of the keys of a [`Dataset`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folder {
    /// The same for all objects.
    Fixed(String),
    /// One table a value.
    Table,
    /// One partition a value.
    Partition,
}

/// A component, decoded.
pub trait Component: Debug {
    /// The components that it uses.
    fn wires(&self) -> Vec<Wire<'_>> {
        Vec::new()
    }

    /// The files beside the blueprint that it needs.
    fn files(&self) -> Vec<&FileReference> {
        Vec::new()
    }

    /// The files beside the blueprint that it takes as they are, `${ }` and all.
    fn sources(&self) -> Vec<&FileReference> {
        Vec::new()
    }

    /// What beside the blueprint it wants as an archive in a bucket.
    fn package(&self) -> Option<Package<'_>> {
        None
    }

    /// Who acts when it uses others.
    fn actor(&self, place: &Place, scope: &Scope) -> Option<Actor> {
        let _ = (place, scope);
        None
    }

    /// Reports what is wrong with the component by itself, beyond its schema; `name` is the place of its name.
    fn check(&self, name: Span, sink: &mut Sink) {
        let _ = (name, sink);
    }

    /// The type and the properties of its one resource, if that is all it is.
    fn raw(&self) -> Option<(&str, Option<&Tree>)> {
        None
    }

    /// How it uses the bucket of data that it follows; granted after the written wires.
    fn follow(&self, dataset: &Dataset) -> Option<Access> {
        let _ = dataset;
        None
    }

    /// The partition keys that it finds by jq, each with the expression as it is written.
    fn queries(&self) -> Vec<(&Located<String>, &Located<String>)> {
        Vec::new()
    }

    /// The data that it leaves.
    fn dataset(&self) -> Option<Dataset> {
        None
    }

    /// The columns that its readers see, partition keys among them, in the words of Hive; `None` where they are not
    /// known.
    fn columns(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Option<Vec<Column>> {
        let _ = (place, peers, scope);
        None
    }

    /// What queries may name it as.
    fn relation(&self, place: &Place) -> Option<Relation<'_>> {
        let _ = place;
        None
    }

    /// What it has in warehouses.
    fn holdings(&self, place: &Place) -> Vec<Holding<'_>> {
        let _ = place;
        Vec::new()
    }

    /// What a use of it leads on to: another component, which is granted to the same role.
    fn leads_on(&self, access: &Access, place: &Place) -> Option<Wire<'_>> {
        let _ = (access, place);
        None
    }

    /// The `kms-key` that it encrypts with.
    fn key(&self) -> Option<Reference> {
        None
    }

    /// What the policy of its key must allow to services that act without a role, whoever uses the component.
    fn key_users(&self, place: &Place, scope: &Scope) -> Vec<Statement> {
        let _ = (place, scope);
        Vec::new()
    }

    /// Its metrics: those of the component itself first, then those of its parts.
    fn metrics(&self, place: &Place, peers: &Peers<'_>, scope: &Scope) -> Vec<Metrics> {
        let _ = (place, peers, scope);
        Vec::new()
    }

    /// What a use of it needs.
    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        let _ = (request, place, scope);
        Grant::default()
    }

    /// Makes the policy of its resource, of what others need.
    fn add_policy(&self, site: &mut Site<'_>) {
        let _ = site;
    }

    /// Makes its resources.
    fn compose(&self, site: &mut Site<'_>);
}

/// The `decode` of a kind whose model is `T`.
fn decode<T>(node: &Node, sources: &Sources, faults: &mut Vec<Fault>) -> Result<Box<dyn Component>, DecodeError>
where
    T: Component + serde::de::DeserializeOwned + 'static,
{
    crate::blueprint::decode::decode::<T>(node, sources, faults).map(|model| Box::new(model) as Box<dyn Component>)
}

/// The `schema` of a kind whose model is `T`.
fn model_schema<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Schema {
    T::json_schema(generator)
}
