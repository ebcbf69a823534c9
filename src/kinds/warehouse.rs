//! What clusters and serverless workgroups of Redshift have in common: how SQL is run in them, and with which roles.

use super::site::pascal_case;
use super::{Place, Scope, Site};
use crate::blueprint::text::{Located, Setting, Text};
use crate::map;
use crate::source::Origin;
use crate::template::iam::{Statement, document};
use crate::template::{Data, Function, Map, Value};

/// Where SQL of Redshift is run, as the component sees it that runs it.
#[derive(Clone, Debug)]
pub struct Warehouse {
    /// The parameter of the Data API that names it, and its name.
    pub name: (&'static str, Value),
    /// Its ARN.
    pub arn: Value,
    /// The secret of its administrator, which Redshift keeps: its name or ARN.
    pub secret: Value,
    /// The ARN of that secret, with a pattern for what is not known of it.
    pub secret_arn: Value,
    /// The database of its own.
    pub database: Value,
    /// The id of its namespace, which data shares are granted to.
    pub namespace: Value,
    /// The role with which it reads elsewhere: its name and its ARN.
    pub role: (Value, Value),
}

/// Names of databases that a component makes. Source: Redshift Database Developer Guide, "Names and identifiers".
pub(super) const NAME_PATTERN: &str = "^[a-z_][a-z0-9_]{0,126}$";

/// The administrator that no one has to remember.
pub const ADMIN: &str = "awsuser";

/// The database that every cluster has had.
pub const DATABASE: &str = "dev";

/// Source: Redshift Management Guide, "Managing clusters": the default port.
const PORT: u32 = 5439;

/// The port where none is given.
pub fn port() -> Setting<u32> {
    Setting::Known(Located::nowhere(PORT))
}

/// Settings that hold for all sessions: clients must use TLS, all statements are in the audit log, and names in quotes
/// keep their case, as the names of streams that CloudFormation makes have capitals.
///
/// Source: Redshift Management Guide, "Configuring security options for connections" and "Database audit logging";
/// Database Developer Guide, `enable_case_sensitive_identifier`, and "Streaming ingestion to a materialized view".
pub const PARAMETERS: [(&str, &str); 3] =
    [("enable_case_sensitive_identifier", "true"), ("enable_user_activity_logging", "true"), ("require_ssl", "true")];

/// A text that is given, or its default.
pub fn given(text: Option<&Text>, default: &str, origin: Origin, scope: &Scope) -> Value {
    text.map_or_else(|| Value::string(origin, default), |text| scope.value(text))
}

/// A part of a text that `separator` divides.
pub fn part_of(origin: Origin, text: Value, separator: &str, number: u32) -> Value {
    let split = Value::new(origin, Data::List(vec![Value::string(origin, separator), text]));
    let split = Value::call(origin, Function::Split, split);
    let number = Value::new(origin, Data::Number(number.into()));
    Value::call(origin, Function::Select, Value::new(origin, Data::List(vec![number, split])))
}

/// Makes the role with which a warehouse reads elsewhere. What uses it adds what that needs; gives its ARN.
pub fn add_role(site: &mut Site<'_>, services: &[&str]) -> Value {
    let origin = site.place.origin;
    let mut trust = Statement::allow(origin, &["sts:AssumeRole"], Vec::new());
    let services: Vec<Value> = services.iter().map(|service| Value::string(origin, *service)).collect();
    let services = if let [one] = services.as_slice() { one.clone() } else { Value::new(origin, Data::List(services)) };
    trust.principal = Some(Value::new(origin, Data::Map(map!(origin; "Service" => services))));
    site.add_role(trust, "read", Vec::new())
}

impl Warehouse {
    /// What who runs SQL in it needs.
    ///
    /// Source: Redshift Management Guide, "Authorizing access to the Amazon Redshift Data API", with the condition for
    /// statements of one's own; Service Authorization Reference, "Actions, resources, and condition keys for Amazon
    /// Redshift Data API".
    pub fn run_sql(&self, origin: Origin, place: &Place) -> Vec<Statement> {
        let run = &["redshift-data:BatchExecuteStatement", "redshift-data:ExecuteStatement"];
        let id = place.id("");
        vec![
            Statement::allow(origin, run, vec![self.arn.clone()]).named(format!("RunIn{id}")),
            Statement::allow(origin, &["secretsmanager:GetSecretValue"], vec![self.secret_arn.clone()])
                .named(format!("ActAsAdministratorOf{id}")),
        ]
    }

    /// The database of the component as the Data API takes it.
    pub fn target(&self, origin: Origin, database: Option<&Value>) -> Map {
        let (parameter, name) = &self.name;
        let database = database.unwrap_or(&self.database);
        map!(origin;
            parameter => name.clone(),
            "Database" => database.clone(),
            "SecretArn" => self.secret.clone(),
        )
    }

    /// Adds rights to its role, as long as the component is there that needs them; gives the id of the policy.
    pub fn allow(&self, statements: Vec<Statement>, site: &mut Site<'_>) -> Option<String> {
        if statements.is_empty() {
            return None;
        }
        let origin = site.place.origin;
        let properties = map!(origin;
            "PolicyName" => pascal_case(&site.place.name),
            "PolicyDocument" => document(origin, statements),
            "Roles" => [self.role.0.clone()],
        );
        site.add("ReadPolicy", "AWS::IAM::Policy", properties);
        Some(site.place.id("ReadPolicy"))
    }
}
