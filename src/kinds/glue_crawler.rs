//! `glue-crawler`

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::site::{assumed_by, join, own_arn};
use super::standing::{Policy, Standing, plain};
use super::{Access, Attribute, Component, Dataset, Folder, Get, Kind, Port, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Map, Value};

/// A crawler of Glue: reads the objects of a bucket and keeps tables and partitions up to date.
///
/// With `of` it takes everything from the layout of a stream: the path, at which level tables begin, and that the
/// stream's errors are left out.
///
/// ```yaml
/// components:
///   archive:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to:
///       s3: archive
///       layout:
///         - type: { query: .type, missing: other, table: true }
///         - day: { arrival: yyyy-MM-dd }
///   catalog:
///     kind: glue-database
///   crawler:
///     kind: glue-crawler
///     of: delivery
///     database: catalog
///     schedule: hourly
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crawler {
    /// Name of the crawler. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it keeps up to date.
    description: Option<Text>,
    /// The component whose data it reads.
    of: Option<Reference>,
    /// The `s3-bucket` that it reads, where no component says the layout.
    bucket: Option<Reference>,
    /// The folder of `bucket` that it reads.
    #[serde(default)]
    #[schemars(regex(pattern = super::schema::FOLDER_PATTERN))]
    prefix: Option<Located<String>>,
    /// The `glue-database` of its tables.
    database: Reference,
    /// What the names of its tables start with.
    #[schemars(length(max = 128), regex(pattern = TABLE_PREFIX_PATTERN))]
    table_prefix: Option<Located<String>>,
    /// When it runs: `hourly`, `daily`, or `cron(0 8 * * ? *)` in UTC. Without it it runs only when it is started.
    schedule: Option<Located<Schedule>>,
    /// Globs of objects that are left out, relative to the path.
    #[serde(default)]
    #[schemars(length(max = 99))]
    exclude: Vec<Located<String>>,
    /// What a run reads.
    #[serde(default)]
    recrawl: Recrawl,
    /// Files that are read in each folder to find its columns. Without it all are.
    #[schemars(range(min = 1, max = 249))]
    sample_size: Option<u32>,
}

/// When a crawler runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
struct Schedule(#[schemars(regex(pattern = SCHEDULE_PATTERN))] String);

/// What a run of a crawler reads.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum Recrawl {
    /// All objects, so that changed columns are noticed.
    #[default]
    Everything,
    /// Folders that were not there before. Quicker and cheaper, but tables keep the columns that they have.
    NewFolders,
}

impl Recrawl {
    /// How a crawler updates tables. With new folders only, Glue takes nothing but `LOG`.
    ///
    /// Source: Glue Developer Guide, "Scheduling incremental crawls for adding new partitions".
    fn behavior(self) -> (&'static str, &'static str) {
        match self {
            Self::Everything => ("CRAWL_EVERYTHING", "UPDATE_IN_DATABASE"),
            Self::NewFolders => ("CRAWL_NEW_FOLDERS_ONLY", "LOG"),
        }
    }
}

impl Schedule {
    /// Glue knows only `cron`. Source: Glue Developer Guide, "Time-based schedules for jobs and crawlers".
    fn expression(&self) -> &str {
        match self.0.as_str() {
            "hourly" => "cron(0 * * * ? *)",
            "daily" => "cron(0 1 * * ? *)",
            other => other,
        }
    }
}

codes! {
    /// A crawler says neither whose data it reads nor from which bucket, or both.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   crawler:
    ///     kind: glue-crawler
    ///     database: catalog
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   catalog:
    ///     kind: glue-database
    ///   crawler:
    ///     kind: glue-crawler
    ///     bucket: archive
    ///     prefix: orders/
    ///     database: catalog
    /// ```
    SOURCE = Error "crawler-source";
}

/// Glue takes only `cron` itself; the words are ours.
pub(super) const SCHEDULE_PATTERN: &str = r"^(hourly|daily|cron\(.+\))$";

/// Names of tables are in lower case. Source: Glue API, `TableInput`.
pub(super) const TABLE_PREFIX_PATTERN: &str = "^[a-z0-9_]*$";

const CRAWLER: &str = "Crawler";
const SERVICE: &str = "glue.amazonaws.com";

/// Where crawlers log, one stream each. Source: Glue Developer Guide, "Logging and monitoring".
const LOG_GROUP: &str = "log-group:/aws-glue/crawlers*";

impl Crawler {
    /// The bucket, as a wire to it: of a stream it is known once the stream is.
    fn prefix(&self, dataset: Option<&Dataset>) -> String {
        match (dataset, &self.prefix) {
            (Some(dataset), _) => fixed_folders(dataset).fold(String::new(), |path, folder| path + folder + "/"),
            (None, Some(prefix)) => prefix.value.clone(),
            (None, None) => String::new(),
        }
    }

    /// What Glue takes as JSON text.
    ///
    /// Source: Glue Developer Guide, "Setting crawler configuration options"; levels are counted from the bucket,
    /// which is the first.
    fn configuration(&self, dataset: Option<&Dataset>) -> String {
        let level = match dataset {
            Some(dataset) => {
                let table = dataset.folders.iter().position(|folder| *folder == Folder::Table);
                table.map_or_else(|| fixed_folders(dataset).count() + 1, |at| at + 2)
            }
            None => self.prefix(None).matches('/').count() + 1,
        };
        json!({
            "Version": 1.0,
            "CrawlerOutput": {
                "Partitions": {"AddOrUpdateBehavior": "InheritFromTable"},
                "Tables": {"AddOrUpdateBehavior": "MergeNewColumns"},
            },
            "Grouping": {
                "TableGroupingPolicy": "CombineCompatibleSchemas",
                "TableLevelConfiguration": level,
            },
        })
        .to_string()
    }

    fn exclusions(&self, origin: Origin, dataset: Option<&Dataset>) -> Vec<Value> {
        // Globs are relative to the path, so errors elsewhere need none.
        let path = self.prefix(dataset);
        let errors = dataset
            .and_then(|dataset| dataset.errors.strip_prefix(&path))
            .filter(|errors| !errors.is_empty())
            .map(|errors| Value::string(origin, format!("{errors}**")));
        let written = self.exclude.iter().map(|glob| Value::string(Origin::Written(glob.span()), glob.value.as_str()));
        errors.into_iter().chain(written).collect()
    }
}

/// The folders that all objects are in.
fn fixed_folders(dataset: &Dataset) -> impl Iterator<Item = &str> {
    dataset.folders.iter().map_while(|folder| match folder {
        Folder::Fixed(name) => Some(name.as_str()),
        Folder::Table | Folder::Partition => None,
    })
}

impl Component for Crawler {
    fn wires(&self) -> Vec<Wire<'_>> {
        let mut wires = vec![Wire { to: &self.database, access: Access::MaintainTables }];
        wires.extend(self.of.iter().map(|of| Wire { to: of, access: Access::FollowLayout }));
        let prefix = self.prefix(None);
        wires.extend(self.bucket.iter().map(|bucket| Wire { to: bucket, access: Access::ReadObjects(prefix.clone()) }));
        wires
    }

    /// The bucket of the data that it follows.
    fn follow(&self, dataset: &Dataset) -> Option<Access> {
        self.of.as_ref()?;
        Some(Access::ReadObjects(self.prefix(Some(dataset))))
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        match (&self.of, &self.bucket) {
            (None, None) => {
                sink.report(&SOURCE, name, "this crawler does not say what it reads")
                    .help("add `of` with the name of a stream, or `bucket`");
            }
            (Some(of), Some(bucket)) => {
                sink.report(&SOURCE, bucket.span(), "`of` already says what is read")
                    .also(of.span(), "`of` is here")
                    .help("keep either `of` or `bucket`");
            }
            _ => {}
        }
        if let (Some(of), Some(prefix)) = (&self.of, &self.prefix) {
            sink.report(&SOURCE, prefix.span(), format!("the layout of `{}` already says the prefix", of.name()))
                .help("remove `prefix`");
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let dataset = self.of.as_ref().and_then(|of| site.peer(of)?.dataset());
        let dataset = dataset.as_ref();
        // The last wire is the one that leads to the bucket, written or followed.
        let bucket = site.granted.len().checked_sub(1).filter(|last| *last > 0).and_then(|last| site.address(last));
        let mut statements = site.grants();
        let logs = own_arn(origin, "logs", LOG_GROUP);
        let actions = &["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"];
        statements.push(Statement::allow(origin, actions, vec![logs]).named("LogProgress"));
        // Glue documents no condition for roles of crawlers, and sends none that could be relied on.
        let role = site.add_role(assumed_by(origin, SERVICE), "crawl", statements);
        let exclusions = self.exclusions(origin, dataset);
        let path = bucket.map(|bucket| {
            let prefix = Value::string(origin, format!("/{}", self.prefix(dataset)));
            join(origin, &[Value::string(origin, "s3://"), bucket, prefix])
        });
        let target = map!(origin;
            "Path" => path,
            "Exclusions" => (!exclusions.is_empty()).then_some(exclusions),
            "SampleSize" => self.sample_size,
        );
        let schedule: Option<Map> = self.schedule.as_ref().map(|schedule| {
            let expression = Value::string(Origin::Written(schedule.span()), schedule.value.expression());
            map!(origin; "ScheduleExpression" => expression)
        });
        let (recrawl, update) = self.recrawl.behavior();
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "Role" => role,
            "DatabaseName" => site.address(0),
            "TablePrefix" => self.table_prefix.as_ref().map(|prefix| prefix.to_value(origin)),
            "Targets" => map!(origin; "S3Targets" => [target]),
            "Configuration" => self.configuration(dataset),
            // Tables follow the data; what is gone from the bucket stays in the catalog until someone decides.
            "SchemaChangePolicy" => map!(origin; "DeleteBehavior" => "LOG", "UpdateBehavior" => update),
            "RecrawlPolicy" => map!(origin; "RecrawlBehavior" => recrawl),
            "Schedule" => schedule,
        );
        site.add(CRAWLER, "AWS::Glue::Crawler", properties);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "glue-crawler",
    ports: &[] as &[Port],
    attributes: &[
        Attribute { name: "name", doc: "Name of the crawler.", get: Get::Ref(CRAWLER) },
        Attribute {
            name: "arn",
            doc: "ARN of the crawler.",
            get: Get::Text(CRAWLER, "arn:${AWS::Partition}:glue:${AWS::Region}:${AWS::AccountId}:crawler/{}"),
        },
        Attribute {
            name: "database",
            doc: "Name of the database of its tables.",
            get: Get::Property(CRAWLER, &["DatabaseName"]),
        },
        Attribute { name: "role-arn", doc: "ARN of the role with which it runs.", get: Get::Att("Role", "Arn") },
        Attribute { name: "role-name", doc: "Name of the role with which it runs.", get: Get::Ref("Role") },
    ],
    standing: Some(Standing {
        types: &["AWS::Glue::Crawler"],
        role: CRAWLER,
        without: &[],
        policy: Policy::Free,
        read: plain,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Crawler>,
    decode: super::decode::<Crawler>,
};
