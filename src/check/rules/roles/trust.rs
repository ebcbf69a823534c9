//! Properties that take a role, and the service that acts with it.

use super::{User, properties};
use crate::check::Context;
use crate::check::known::within;

/// Type, path of the property, and the service principal.
///
/// Source: the reference of each resource type and the guide of its service, on roles.
const ROLES: &[(&str, &str, &str)] = &[
    ("AWS::ApiGateway::Account", "CloudWatchRoleArn", "apigateway.amazonaws.com"),
    ("AWS::AppSync::DataSource", "ServiceRoleArn", "appsync.amazonaws.com"),
    ("AWS::CloudTrail::Trail", "CloudWatchLogsRoleArn", "cloudtrail.amazonaws.com"),
    ("AWS::CodeBuild::Project", "ServiceRole", "codebuild.amazonaws.com"),
    ("AWS::CodePipeline::Pipeline", "RoleArn", "codepipeline.amazonaws.com"),
    ("AWS::EC2::FlowLog", "DeliverLogsPermissionArn", "vpc-flow-logs.amazonaws.com"),
    ("AWS::ECS::TaskDefinition", "ExecutionRoleArn", "ecs-tasks.amazonaws.com"),
    ("AWS::ECS::TaskDefinition", "TaskRoleArn", "ecs-tasks.amazonaws.com"),
    ("AWS::Glue::Job", "Role", "glue.amazonaws.com"),
    ("AWS::KinesisAnalyticsV2::Application", "ServiceExecutionRole", "kinesisanalytics.amazonaws.com"),
    ("AWS::Logs::Destination", "RoleArn", "logs.amazonaws.com"),
    ("AWS::RDS::DBInstance", "MonitoringRoleArn", "monitoring.rds.amazonaws.com"),
    ("AWS::StepFunctions::StateMachine", "RoleArn", "states.amazonaws.com"),
];

/// Who acts with a role for what cannot be seen here.
pub fn users<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for (kind, path, service) in ROLES {
        for resource in context.of_type(kind) {
            let keys: Vec<&str> = path.split('/').collect();
            for (path, role) in within(&resource.properties, &keys, &properties(resource)) {
                users.push(User { resource, role, path, service, needs: Vec::new() });
            }
        }
    }
}
