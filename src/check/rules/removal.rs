//! What happens to resources that hold data when they leave the stack or are replaced.

use crate::check::Context;
use crate::diagnostics::Sink;

codes! {
    /// Data is kept when its resource leaves the stack, but not when it is replaced, or the other way round.
    ///
    /// `DeletionPolicy` holds for a resource that is removed from the template or whose stack is deleted,
    /// `UpdateReplacePolicy` for one in whose place an update makes another. Each is `Delete` where it is not written.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     DeletionPolicy: Retain
    ///     UpdateReplacePolicy: Retain
    /// ```
    ///
    /// Source: CloudFormation User Guide, "`DeletionPolicy` attribute" and "`UpdateReplacePolicy` attribute".
    HALF = Warning "half-kept-data";
}

/// The types that hold what cannot be made again.
///
/// Source: CloudFormation User Guide, "`DeletionPolicy` attribute", and the types that the descriptions of their services
/// call storage of data.
const STATEFUL: &[&str] = &[
    "AWS::Backup::BackupVault",
    "AWS::CloudFormation::Stack",
    "AWS::Cognito::UserPool",
    "AWS::DocDB::DBCluster",
    "AWS::DocDB::DBInstance",
    "AWS::DynamoDB::GlobalTable",
    "AWS::DynamoDB::Table",
    "AWS::EC2::Volume",
    "AWS::EFS::FileSystem",
    "AWS::EMR::Cluster",
    "AWS::ElastiCache::CacheCluster",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::Elasticsearch::Domain",
    "AWS::FSx::FileSystem",
    "AWS::Glue::Database",
    "AWS::KMS::Key",
    "AWS::Kinesis::Stream",
    "AWS::Logs::LogGroup",
    "AWS::Neptune::DBCluster",
    "AWS::Neptune::DBInstance",
    "AWS::OpenSearchService::Domain",
    "AWS::Organizations::Account",
    "AWS::QLDB::Ledger",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
    "AWS::RedshiftServerless::Namespace",
    "AWS::S3::Bucket",
    "AWS::SDB::Domain",
    "AWS::SQS::Queue",
    "AWS::SecretsManager::Secret",
];

const DELETION: &str = "DeletionPolicy";
const REPLACEMENT: &str = "UpdateReplacePolicy";

/// The policies that keep data.
const KEEPING: &[&str] = &["Retain", "RetainExceptOnCreate", "Snapshot"];

/// Checks resources that hold data.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    // Those of a composed template are only ever set together.
    if !context.is_written() {
        return;
    }
    for resource in context.template.resources.iter().filter(|resource| STATEFUL.contains(&resource.kind.as_str())) {
        for (one, other) in [(DELETION, REPLACEMENT), (REPLACEMENT, DELETION)] {
            let Some((key, value)) = resource.attributes.0.iter().find(|(key, _)| key.text == one) else { continue };
            let keeps = value.as_str().filter(|policy| KEEPING.contains(policy));
            let Some(policy) = keeps.filter(|_| resource.attributes.get(other).is_none()) else { continue };
            let lost = if other == REPLACEMENT { "replaced" } else { "removed" };
            // This one is of `DeletionPolicy` alone.
            let policy = if policy == "RetainExceptOnCreate" { "Retain" } else { policy };
            sink.report(
                &HALF,
                key.origin.span(),
                format!("`{one}` without `{other}`, so the data goes when `{}` is {lost}", resource.id),
            )
            .path(format!("Resources/{}/{one}", resource.id))
            .help(format!("add `{other}: {policy}`"));
        }
    }
}
