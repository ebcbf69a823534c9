//! The properties that are asked for, type by type.

use super::pages::{
    ACCESS_LOGS, BLOCK, CONCURRENCY, DEAD_LETTERS, ENCRYPTION, FINE_GRAINED, HTTP, KEY, KEY_ROTATION, LOGS, NETWORK,
    OBJECT_LOCK, REPLICATION, RETENTION, SECURITY_CONFIGURATION, TRACING, VERSIONING,
};
use crate::diagnostics::Code;

/// A property that is asked for.
pub struct Wanted {
    /// What is reported.
    pub code: &'static Code,
    /// The type.
    pub kind: &'static str,
    /// The property.
    pub path: &'static [&'static str],
    /// Properties that do the same; any of them is enough.
    pub or: &'static [&'static str],
    /// What is told.
    pub message: &'static str,
    /// What to do.
    pub help: &'static str,
}

const fn wanted(
    code: &'static Code,
    kind: &'static str,
    path: &'static [&'static str],
    message: &'static str,
    help: &'static str,
) -> Wanted {
    Wanted { code, kind, path, or: &[], message, help }
}

const NO_KEY: &str = "this is not encrypted with a key of the account";
const ADD_KEY: &str = "name a key of the account as `KmsKeyId`";
const NO_REST: &str = "stored data is not encrypted";
const NO_NODES: &str = "data between nodes is not encrypted";
/// What is told where calls may come without TLS.
pub const NO_TLS: &str = "calls may come without TLS";
const NO_LOGS: &str = "nothing tells who called, and for what";
const NO_NETWORK: &str = "this is in no network of the account";
const ADD_NODES: &str = "add `NodeToNodeEncryptionOptions: { Enabled: true }`";
const ADD_REST: &str = "add `EncryptionAtRestOptions: { Enabled: true }`";
const ADD_TLS: &str = "add `DomainEndpointOptions: { EnforceHTTPS: true }`";
const ADD_STORAGE: &str = "add `StorageEncrypted: true`";
const ADD_SLOW_LOGS: &str = "add `LogPublishingOptions` with `AUDIT_LOGS` and `ES_APPLICATION_LOGS`";
const ADD_VPC: &str = "add `VPCOptions` with subnets and security groups";

/// What is asked for, type by type.
///
/// Source: the provider schemas of the types; the pages name who asks.
pub const WANTED: &[Wanted] = &[
    wanted(&LOGS, "AWS::ApiGateway::Stage", &["AccessLogSetting"], NO_LOGS, "add `AccessLogSetting` with a log group"),
    wanted(
        &TRACING,
        "AWS::ApiGateway::Stage",
        &["TracingEnabled"],
        "calls are not traced",
        "add `TracingEnabled: true`",
    ),
    wanted(
        &LOGS,
        "AWS::ApiGatewayV2::Stage",
        &["AccessLogSettings"],
        NO_LOGS,
        "add `AccessLogSettings` with a log group",
    ),
    wanted(&ENCRYPTION, "AWS::DocDB::DBCluster", &["StorageEncrypted"], NO_REST, ADD_STORAGE),
    wanted(&ENCRYPTION, "AWS::Elasticsearch::Domain", &["EncryptionAtRestOptions"], NO_REST, ADD_REST),
    wanted(&HTTP, "AWS::Elasticsearch::Domain", &["NodeToNodeEncryptionOptions"], NO_NODES, ADD_NODES),
    wanted(&HTTP, "AWS::Elasticsearch::Domain", &["DomainEndpointOptions", "EnforceHTTPS"], NO_TLS, ADD_TLS),
    wanted(&LOGS, "AWS::Elasticsearch::Domain", &["LogPublishingOptions"], NO_LOGS, ADD_SLOW_LOGS),
    wanted(&NETWORK, "AWS::Elasticsearch::Domain", &["VPCOptions"], NO_NETWORK, ADD_VPC),
    wanted(
        &SECURITY_CONFIGURATION,
        "AWS::Glue::Crawler",
        &["CrawlerSecurityConfiguration"],
        "this crawler has no security configuration",
        "name one as `CrawlerSecurityConfiguration`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Glue::DataCatalogEncryptionSettings",
        &["DataCatalogEncryptionSettings", "EncryptionAtRest"],
        "the catalog is not encrypted",
        "add `EncryptionAtRest`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Glue::DataCatalogEncryptionSettings",
        &["DataCatalogEncryptionSettings", "ConnectionPasswordEncryption"],
        "passwords of connections are shown in plain text",
        "add `ConnectionPasswordEncryption`",
    ),
    wanted(
        &SECURITY_CONFIGURATION,
        "AWS::Glue::DevEndpoint",
        &["SecurityConfiguration"],
        "this endpoint has no security configuration",
        "name one as `SecurityConfiguration`",
    ),
    wanted(
        &SECURITY_CONFIGURATION,
        "AWS::Glue::Job",
        &["SecurityConfiguration"],
        "this job has no security configuration",
        "name one as `SecurityConfiguration`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "S3Encryptions"],
        "what jobs write to S3 is not encrypted",
        "add `S3Encryptions`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "CloudWatchEncryption"],
        "logs of jobs are not encrypted",
        "add `CloudWatchEncryption`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "JobBookmarksEncryption"],
        "bookmarks of jobs are not encrypted",
        "add `JobBookmarksEncryption`",
    ),
    wanted(
        &ENCRYPTION,
        "AWS::Kinesis::Stream",
        &["StreamEncryption"],
        "the records of this stream are not encrypted",
        "add `StreamEncryption: { EncryptionType: KMS, KeyId: alias/aws/kinesis }`",
    ),
    wanted(
        &CONCURRENCY,
        "AWS::Lambda::Function",
        &["ReservedConcurrentExecutions"],
        "this function can use up all concurrency of the account",
        "add `ReservedConcurrentExecutions`",
    ),
    wanted(
        &DEAD_LETTERS,
        "AWS::Lambda::Function",
        &["DeadLetterConfig"],
        "events that fail are lost",
        "add `DeadLetterConfig` with a queue or a topic",
    ),
    wanted(&NETWORK, "AWS::Lambda::Function", &["VpcConfig"], NO_NETWORK, "add `VpcConfig`"),
    wanted(&KEY, "AWS::Logs::LogGroup", &["KmsKeyId"], NO_KEY, ADD_KEY),
    wanted(
        &RETENTION,
        "AWS::Logs::LogGroup",
        &["RetentionInDays"],
        "events are kept for ever",
        "add `RetentionInDays`",
    ),
    wanted(&ENCRYPTION, "AWS::Neptune::DBCluster", &["StorageEncrypted"], NO_REST, ADD_STORAGE),
    wanted(&ENCRYPTION, "AWS::OpenSearchService::Domain", &["EncryptionAtRestOptions"], NO_REST, ADD_REST),
    wanted(&HTTP, "AWS::OpenSearchService::Domain", &["NodeToNodeEncryptionOptions"], NO_NODES, ADD_NODES),
    wanted(&HTTP, "AWS::OpenSearchService::Domain", &["DomainEndpointOptions", "EnforceHTTPS"], NO_TLS, ADD_TLS),
    wanted(&LOGS, "AWS::OpenSearchService::Domain", &["LogPublishingOptions"], NO_LOGS, ADD_SLOW_LOGS),
    wanted(&NETWORK, "AWS::OpenSearchService::Domain", &["VPCOptions"], NO_NETWORK, ADD_VPC),
    wanted(
        &FINE_GRAINED,
        "AWS::OpenSearchService::Domain",
        &["AdvancedSecurityOptions"],
        "who may use this domain is decided only as a whole",
        "add `AdvancedSecurityOptions: { Enabled: true }` with a master user",
    ),
    wanted(&ENCRYPTION, "AWS::RDS::DBCluster", &["StorageEncrypted"], NO_REST, ADD_STORAGE),
    wanted(&LOGS, "AWS::Redshift::Cluster", &["LoggingProperties"], NO_LOGS, "add `LoggingProperties` with a bucket"),
    wanted(
        &NETWORK,
        "AWS::Redshift::Cluster",
        &["ClusterSubnetGroupName"],
        "this is in no network that the template chooses",
        "name a subnet group as `ClusterSubnetGroupName`",
    ),
    wanted(
        &NETWORK,
        "AWS::Redshift::Cluster",
        &["EnhancedVpcRouting"],
        "what is copied and unloaded does not go through the network of the account",
        "add `EnhancedVpcRouting: true`",
    ),
    wanted(
        &ACCESS_LOGS,
        "AWS::S3::Bucket",
        &["LoggingConfiguration"],
        "nothing tells who read this bucket",
        "add `LoggingConfiguration` with a bucket for the logs",
    ),
    wanted(
        &BLOCK,
        "AWS::S3::Bucket",
        &["PublicAccessBlockConfiguration"],
        "this bucket does not say that it must never be public",
        "add `PublicAccessBlockConfiguration` with all four settings `true`",
    ),
    Wanted {
        code: &OBJECT_LOCK,
        kind: "AWS::S3::Bucket",
        path: &["ObjectLockEnabled"],
        or: &["ObjectLockConfiguration"],
        message: "objects can be overwritten and deleted at any time",
        help: "add `ObjectLockEnabled: true` if a law asks for it",
    },
    wanted(
        &REPLICATION,
        "AWS::S3::Bucket",
        &["ReplicationConfiguration"],
        "this bucket is not copied to another",
        "add `ReplicationConfiguration`",
    ),
    wanted(
        &VERSIONING,
        "AWS::S3::Bucket",
        &["VersioningConfiguration"],
        "what is overwritten or deleted is lost",
        "add `VersioningConfiguration: { Status: Enabled }`",
    ),
    wanted(&KEY, "AWS::SNS::Topic", &["KmsMasterKeyId"], NO_KEY, "name a key of the account as `KmsMasterKeyId`"),
    wanted(&KEY, "AWS::SQS::Queue", &["KmsMasterKeyId"], NO_KEY, "name a key of the account as `KmsMasterKeyId`"),
    wanted(&KEY, "AWS::SecretsManager::Secret", &["KmsKeyId"], NO_KEY, ADD_KEY),
];

/// Properties that are there with a value that is not what is asked for.
///
/// Source: see [`WANTED`].
pub const OFF: &[(&str, Wanted)] = &[
    (
        "false",
        wanted(&TRACING, "AWS::ApiGateway::Stage", &["TracingEnabled"], "calls are not traced", "set it to `true`"),
    ),
    (
        "false",
        wanted(
            &KEY_ROTATION,
            "AWS::KMS::Key",
            &["EnableKeyRotation"],
            "the key material is never changed",
            "set it to `true`",
        ),
    ),
    (
        "Suspended",
        wanted(
            &VERSIONING,
            "AWS::S3::Bucket",
            &["VersioningConfiguration", "Status"],
            "what is overwritten or deleted is lost",
            "write `Enabled`",
        ),
    ),
    (
        "AES256",
        wanted(
            &KEY,
            "AWS::S3::Bucket",
            &[
                "BucketEncryption",
                "ServerSideEncryptionConfiguration",
                "*",
                "ServerSideEncryptionByDefault",
                "SSEAlgorithm",
            ],
            NO_KEY,
            "write `aws:kms`, and name a key as `KMSMasterKeyID`",
        ),
    ),
];
