//! SQL at certain times: a schedule that calls the Data API itself, so that nothing else runs for it.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::{Located, Text};
use crate::kinds::schedule::TIME_PATTERN;
use crate::kinds::site::{assumed_by, json_string, on_behalf_of, own_arn};
use crate::kinds::{Place, Site, Warehouse};
use crate::map;
use crate::source::Origin;
use crate::template::iam::Statement;
use crate::template::{Data, Value};

/// When SQL is run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SqlTimes")]
pub struct Times {
    /// At which times: `rate(5 minutes)` or `cron(0 2 * * ? *)`.
    #[schemars(length(max = 256), regex(pattern = TIME_PATTERN))]
    pub at: Located<String>,
    /// The zone of the times of `cron`. The default is UTC.
    pub time_zone: Option<Text>,
    /// Whether it runs: `ENABLED` or `DISABLED`, which a parameter may say. The default is `ENABLED`.
    pub state: Option<Text>,
}

/// Source: EventBridge Scheduler User Guide, "Using universal targets", with the name of the service in the SDKs.
const TARGET: &str = "arn:${AWS::Partition}:scheduler:::aws-sdk:redshiftdata:executeStatement";

/// A statement that comes late is as good as one in time, up to the next.
const RETRIES: u32 = 3;

/// What is run, and where.
pub struct Timed<'a> {
    /// The word of the schedule in its component.
    pub role: &'a str,
    /// When it is run.
    pub times: &'a Times,
    /// The warehouse.
    pub warehouse: &'a Warehouse,
    /// The database, if it is not the warehouse's own.
    pub database: Option<&'a Value>,
    /// One statement.
    pub sql: String,
}

impl Timed<'_> {
    /// Makes the schedule and the role with which it calls. The schedule comes after what it needs.
    pub fn compose(self, place: &Place, after: Vec<String>, site: &mut Site<'_>) {
        let origin = place.origin;
        let Self { role: name, times, warehouse, database, sql } = self;
        let statements = vec![
            Statement::allow(origin, &["redshift-data:ExecuteStatement"], vec![warehouse.arn.clone()]).named("Run"),
            Statement::allow(origin, &["secretsmanager:GetSecretValue"], vec![warehouse.secret_arn.clone()])
                .named("ActAsAdministrator"),
        ];
        let group = own_arn(origin, "scheduler", "schedule-group/default");
        let trust = assumed_by(origin, "scheduler.amazonaws.com").when(on_behalf_of(origin, group));
        let role = site.add_named_role(&format!("{name}Role"), trust, "run", statements);
        let mut input = warehouse.target(origin, database);
        input.push("Sql", origin, sql);
        let input = json_string(&Value::new(origin, Data::Map(input)), origin);
        let scope = site.scope;
        let properties = map!(origin;
            "ScheduleExpression" => times.at.to_value(origin),
            "ScheduleExpressionTimezone" => times.time_zone.as_ref().map(|zone| scope.value(zone)),
            "FlexibleTimeWindow" => map!(origin; "Mode" => "OFF"),
            "State" => times.state.as_ref().map_or_else(
                || Value::string(Origin::Derived(origin.span()), "ENABLED"),
                |state| scope.value(state),
            ),
            "Target" => map!(origin;
                "Arn" => Value::sub(origin, TARGET),
                "RoleArn" => role,
                "Input" => input,
                "RetryPolicy" => map!(origin; "MaximumRetryAttempts" => RETRIES),
            ),
        );
        site.add(name, "AWS::Scheduler::Schedule", properties).depends_on = after;
    }
}
