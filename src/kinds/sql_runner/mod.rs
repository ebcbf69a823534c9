//! The one function of a stack that runs SQL of Redshift, and what components have it make.
//!
//! A component says its objects in order: what creates each and what drops it. Names and texts that are known only at
//! deployment are quoted by the function, all others here; nothing is pasted into SQL.

pub mod schedule;
pub mod script;

use super::log_group::RETENTION_DAYS;
use super::site::assumed_by;
use super::{Place, Site};
use crate::map;
use crate::source::Origin;
use crate::template::iam::{Statement, document};
use crate::template::{Data, Map, Removal, Resource, Value};

/// The source of the function.
pub const SOURCE: &str = include_str!("runner.py");

/// The role of the resource for which the function is run, in its component.
pub const SQL: &str = "Sql";

/// The type of that resource.
const RESOURCE_TYPE: &str = "Custom::RedshiftSql";

/// Logical ids of what all components of a stack share.
const FUNCTION: &str = "RedshiftSqlFunction";
const ROLE: &str = "RedshiftSqlRole";
const LOG_GROUP: &str = "RedshiftSqlLogGroup";

/// As long as a function may run. Source: Lambda Developer Guide, "Lambda quotas".
const TIMEOUT_SECONDS: u32 = 900;

/// Seconds after which CloudFormation stops waiting: Lambda tries once more if the function did not end itself.
const SERVICE_SECONDS: u32 = 2 * TIMEOUT_SECONDS;

const MEMORY_MIB: u32 = 256;

/// The version that the tests of the function run with, or a newer one.
const RUNTIME: &str = "python3.14";

/// A text of SQL in parts.
#[derive(Clone, Debug, Default)]
pub struct Sql(Vec<Part>);

/// A part of SQL.
#[derive(Clone, Debug)]
enum Part {
    /// As it is.
    Text(String),
    /// A text that the function quotes.
    Literal(Value),
    /// A name that the function quotes.
    Name(Value),
}

impl Sql {
    /// SQL of us, as it is.
    #[must_use]
    pub fn text(mut self, text: &str) -> Self {
        match self.0.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            _ => self.0.push(Part::Text(text.to_owned())),
        }
        self
    }

    /// A name, quoted.
    #[must_use]
    pub fn name(self, name: &str) -> Self {
        self.text(&quoted_name(name))
    }

    /// A name in a schema, quoted.
    #[must_use]
    pub fn qualified(self, schema: &str, name: &str) -> Self {
        self.name(schema).text(".").name(name)
    }

    /// A name that may be known only at deployment.
    #[must_use]
    pub fn name_of(mut self, value: Value) -> Self {
        if let Some(name) = value.as_str() {
            return self.name(name);
        }
        self.0.push(Part::Name(value));
        self
    }

    /// A text that may be known only at deployment, quoted.
    #[must_use]
    pub fn literal(mut self, value: Value) -> Self {
        self.0.push(Part::Literal(value));
        self
    }

    fn into_value(self, origin: Origin) -> Value {
        if let [Part::Text(text)] = self.0.as_slice() {
            return Value::string(origin, text.clone());
        }
        let parts = self.0.into_iter().map(|part| match part {
            Part::Text(text) => Value::string(origin, text),
            Part::Literal(value) => Value::new(origin, Data::Map(map!(origin; "Literal" => value))),
            Part::Name(value) => Value::new(origin, Data::Map(map!(origin; "Name" => value))),
        });
        Value::new(origin, Data::List(parts.collect()))
    }
}

/// A name as SQL has it. Source: Redshift Database Developer Guide, "Names and identifiers".
pub fn quoted_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A step of what creates or drops an object.
#[derive(Clone, Debug)]
pub enum Step {
    /// One statement.
    Sql(Sql),
    /// Statements of one transaction.
    Together(Vec<Sql>),
    /// A call of the Redshift API with these parameters.
    Call(&'static str, Map),
}

impl Step {
    fn into_value(self, origin: Origin) -> Value {
        match self {
            Self::Sql(sql) => sql.into_value(origin),
            Self::Together(statements) => {
                let list: Vec<Value> = statements.into_iter().map(|sql| sql.into_value(origin)).collect();
                Value::new(origin, Data::Map(map!(origin; "Together" => list)))
            }
            Self::Call(action, parameters) => {
                Value::new(origin, Data::Map(map!(origin; "Call" => action, "With" => parameters)))
            }
        }
    }
}

impl From<Sql> for Step {
    fn from(sql: Sql) -> Self {
        Self::Sql(sql)
    }
}

/// Something in a database that a component makes.
#[derive(Debug)]
pub struct Object {
    /// What it is called in reasons and logs, each once in its component.
    pub name: String,
    /// The warehouse that it is in, by its word among those of the component.
    pub warehouse: String,
    /// What creates it.
    pub create: Vec<Step>,
    /// What drops it.
    pub drop: Vec<Step>,
    /// What is run when what creates it changed; otherwise it is dropped and made again.
    pub change: Option<Vec<Step>>,
    /// The objects before it without which it cannot be, which are made again with it.
    pub needs: Vec<String>,
    /// What tells that another component made that anew which it is about.
    pub of: Option<String>,
    /// What made it necessary.
    pub origin: Origin,
}

impl Object {
    /// An object that one statement creates and one drops.
    pub fn new(name: String, warehouse: &str, origin: Origin, create: Sql, drop: Sql) -> Self {
        Self {
            name,
            warehouse: warehouse.to_owned(),
            create: vec![create.into()],
            drop: vec![drop.into()],
            change: None,
            needs: Vec::new(),
            of: None,
            origin,
        }
    }

    /// The same, which cannot be without these.
    #[must_use]
    pub fn needing(mut self, needs: &[&str]) -> Self {
        self.needs = needs.iter().map(|&name| name.to_owned()).collect();
        self
    }

    fn into_map(self) -> Map {
        let origin = self.origin;
        let list = |steps: Vec<Step>| steps.into_iter().map(|step| step.into_value(origin)).collect::<Vec<_>>();
        map!(origin;
            "Name" => self.name,
            "In" => self.warehouse,
            "Create" => list(self.create),
            "Drop" => list(self.drop),
            "Change" => self.change.map(list),
            "Of" => self.of,
            "Needs" => (!self.needs.is_empty()).then_some(self.needs),
        )
    }
}

/// What a component has made in databases.
#[derive(Debug, Default)]
pub struct Job {
    /// The warehouses by their words: how the Data API names them.
    pub warehouses: Vec<(String, Map)>,
    /// The objects in their order.
    pub objects: Vec<Object>,
    /// What must be there first, by logical ids.
    pub after: Vec<String>,
    /// What the function needs for it.
    pub statements: Vec<Statement>,
}

impl Job {
    /// Makes the resource for which the function is run, the rights that it needs, and the function itself.
    pub fn compose(self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        share_function(site);
        let properties = map!(origin;
            "PolicyName" => super::pascal_case(&place.name),
            "PolicyDocument" => document(origin, self.statements),
            "Roles" => [Value::reference(origin, ROLE)],
        );
        site.add("SqlPolicy", "AWS::IAM::Policy", properties);
        let mut warehouses = Map::default();
        for (name, target) in self.warehouses {
            warehouses.push(&name, origin, target);
        }
        let objects: Vec<Map> = self.objects.into_iter().map(Object::into_map).collect();
        let properties = map!(origin;
            "ServiceToken" => Value::attribute(origin, FUNCTION, "Arn"),
            "ServiceTimeout" => SERVICE_SECONDS,
            "Warehouses" => warehouses,
            "Objects" => objects,
        );
        let mut after = self.after;
        after.push(place.id("SqlPolicy"));
        after.sort();
        after.dedup();
        site.add(SQL, RESOURCE_TYPE, properties).depends_on = after;
    }
}

/// The id of the resource of a component, which is there once its objects are.
pub fn done(place: &Place) -> String {
    place.id(SQL)
}

/// Adds the function that all components of the stack share.
fn share_function(site: &mut Site<'_>) {
    let origin = site.place.origin;
    let resource = |id: &str, kind: &str, removal: Option<Removal>, properties: Map| Resource {
        id: id.to_owned(),
        origin,
        kind: kind.to_owned(),
        properties,
        condition: None,
        depends_on: Vec::new(),
        removal,
        attributes: Map::default(),
    };
    let log = map!(origin; "RetentionInDays" => RETENTION_DAYS);
    site.shared.push(resource(LOG_GROUP, "AWS::Logs::LogGroup", Some(Removal::Delete), log));
    let any = || vec![Value::string(origin, "*")];
    // Statements have no ARN; the condition leaves only those of the function.
    let own = map!(origin;
        "StringEquals" => map!(origin; "redshift-data:statement-owner-iam-userid" => "${aws:userid}"),
    );
    let statements = vec![
        Statement::allow(
            origin,
            &["logs:CreateLogStream", "logs:PutLogEvents"],
            vec![Value::attribute(origin, LOG_GROUP, "Arn")],
        )
        .named("WriteLog"),
        Statement::allow(origin, &["redshift-data:CancelStatement", "redshift-data:DescribeStatement"], any())
            .named("FollowOwnStatements")
            .when(own),
        Statement::allow(origin, &["cloudformation:DescribeStacks"], vec![Value::reference(origin, "AWS::StackId")])
            .named("SeeRollback"),
        Statement::allow(origin, &["xray:PutTelemetryRecords", "xray:PutTraceSegments"], any()).named("Trace"),
    ];
    let trust = document(origin, vec![assumed_by(origin, "lambda.amazonaws.com")]);
    let policy = map!(origin; "PolicyName" => "run", "PolicyDocument" => document(origin, statements));
    let role = map!(origin; "AssumeRolePolicyDocument" => trust, "Policies" => [policy]);
    site.shared.push(resource(ROLE, "AWS::IAM::Role", None, role));
    let function = map!(origin;
        "Description" => "Runs the SQL of this stack in Redshift",
        "Runtime" => RUNTIME,
        "Handler" => "index.handler",
        "Code" => map!(origin; "ZipFile" => SOURCE),
        "Role" => Value::attribute(origin, ROLE, "Arn"),
        "Architectures" => ["arm64"],
        "Timeout" => TIMEOUT_SECONDS,
        "MemorySize" => MEMORY_MIB,
        "LoggingConfig" => map!(origin; "LogFormat" => "JSON", "LogGroup" => Value::reference(origin, LOG_GROUP)),
        "TracingConfig" => map!(origin; "Mode" => "Active"),
    );
    site.shared.push(resource(FUNCTION, "AWS::Lambda::Function", None, function));
}
