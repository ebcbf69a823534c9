//! Settings that switch protection off.

use super::{Found, values};
use crate::check::Context;
use crate::check::known::{Given, given, number, text};
use crate::diagnostics::{Code, Sink};
use crate::template::Resource;

codes! {
    /// Encryption of stored data is switched off.
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { SqsManagedSseEnabled: false }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Orders:
    ///     Type: AWS::SQS::Queue
    ///     Properties: { SqsManagedSseEnabled: true }
    /// ```
    ///
    /// Source: the API references of the services.
    /// Covers: `API_GW_CACHE_ENABLED_AND_ENCRYPTED`, `CKV_AWS_5`, `CKV_AWS_16`, `CKV_AWS_27`, `CKV_AWS_44`,
    /// `CKV_AWS_64`, `CKV_AWS_74`, `CKV_AWS_94`, `CKV_AWS_96`, `CKV_AWS_99`, `ELASTICSEARCH_ENCRYPTED_AT_REST`,
    /// `OPENSEARCH_ENCRYPTED_AT_REST`, `RDS_STORAGE_ENCRYPTED`, `REDSHIFT_CLUSTER_CONFIGURATION_CHECK`.
    UNENCRYPTED = Warning "encryption-off";

    /// Data can be sent without encryption, or with encryption that is broken.
    ///
    /// ```yaml
    /// Parameters:
    ///   TopicArn: { Type: String }
    /// Resources:
    ///   Subscription:
    ///     Type: AWS::SNS::Subscription
    ///     Properties: { TopicArn: !Ref TopicArn, Protocol: http, Endpoint: "http://example.com/events" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   TopicArn: { Type: String }
    /// Resources:
    ///   Subscription:
    ///     Type: AWS::SNS::Subscription
    ///     Properties: { TopicArn: !Ref TopicArn, Protocol: https, Endpoint: "https://example.com/events" }
    /// ```
    ///
    /// Source: the API references of the services.
    /// Covers: `API_GW_DOMAIN_DENY_NON_TLS_TRAFFIC`, `CKV_AWS_6`, `CKV_AWS_83`, `CKV_AWS_90`, `CKV_AWS_105`,
    /// `ELASTICSEARCH_HTTPS_REQUIRED`, `ELASTICSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK`, `OPENSEARCH_HTTPS_REQUIRED`,
    /// `OPENSEARCH_NODE_TO_NODE_ENCRYPTION_CHECK`.
    PLAIN = Warning "unencrypted-transport";

    /// A database is given an address that can be reached from the internet.
    ///
    /// Then only its password and its security groups stand between everyone and the data.
    ///
    /// ```yaml
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Workgroup
    ///     Properties: { WorkgroupName: analytics, PubliclyAccessible: true }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Workgroup
    ///     Properties: { WorkgroupName: analytics, PubliclyAccessible: false }
    /// ```
    ///
    /// Source: the API references of the services (`PubliclyAccessible`).
    /// Covers: `CKV_AWS_17`, `CKV_AWS_87`, `CKV_AWS_89`, `DMS_REPLICATION_NOT_PUBLIC`,
    /// `RDS_INSTANCE_PUBLIC_ACCESS_CHECK`, `REDSHIFT_CLUSTER_PUBLIC_ACCESS_CHECK`.
    PUBLIC = Warning "publicly-accessible";

    /// Everyone can run a function by its URL.
    ///
    /// A function that takes calls from outside of AWS may have to; then it must check by itself who calls.
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionArn: { Type: String }
    /// Resources:
    ///   Address:
    ///     Type: AWS::Lambda::Url
    ///     Properties: { TargetFunctionArn: !Ref FunctionArn, AuthType: NONE }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionArn: { Type: String }
    /// Resources:
    ///   Address:
    ///     Type: AWS::Lambda::Url
    ///     Properties: { TargetFunctionArn: !Ref FunctionArn, AuthType: AWS_IAM }
    /// ```
    ///
    /// Source: AWS Lambda Developer Guide, "Control access to Lambda function URLs".
    /// Covers: `CKV_AWS_258`.
    URL = Warning "public-function-url";

    /// Users of an Athena workgroup can set aside its settings.
    ///
    /// Then a query may write its results elsewhere, and without encryption.
    ///
    /// ```yaml
    /// Resources:
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties: { Name: analysts, WorkGroupConfiguration: { EnforceWorkGroupConfiguration: false } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Analysts:
    ///     Type: AWS::Athena::WorkGroup
    ///     Properties:
    ///       Name: analysts
    ///       WorkGroupConfiguration:
    ///         EnforceWorkGroupConfiguration: true
    ///         ResultConfiguration: { OutputLocation: !Sub "s3://${AWS::StackName}-results/" }
    /// ```
    ///
    /// Source: Amazon Athena API Reference, "`WorkGroupConfiguration`".
    /// Covers: `CKV_AWS_82`.
    NOT_ENFORCED = Warning "settings-not-enforced";

    /// Automatic backups are switched off.
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::Redshift::Cluster
    ///     Properties:
    ///       ClusterType: multi-node
    ///       NumberOfNodes: 2
    ///       DBName: orders
    ///       NodeType: ra3.xlplus
    ///       MasterUsername: keeper
    ///       ManageMasterPassword: true
    ///       AutomatedSnapshotRetentionPeriod: 0
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Warehouse:
    ///     Type: AWS::Redshift::Cluster
    ///     Properties:
    ///       ClusterType: multi-node
    ///       NumberOfNodes: 2
    ///       DBName: orders
    ///       NodeType: ra3.xlplus
    ///       MasterUsername: keeper
    ///       ManageMasterPassword: true
    ///       AutomatedSnapshotRetentionPeriod: 7
    /// ```
    ///
    /// Source: Amazon Redshift API Reference, "`CreateCluster`"; Amazon RDS API Reference, "`CreateDBInstance`".
    /// Covers: `DB_INSTANCE_BACKUP_ENABLED`, `REDSHIFT_BACKUP_ENABLED`.
    BACKUPS = Warning "backups-off";

    /// A function URL answers pages of every origin.
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionArn: { Type: String }
    /// Resources:
    ///   Address:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !Ref FunctionArn
    ///       AuthType: AWS_IAM
    ///       Cors: { AllowOrigins: ["*"] }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   FunctionArn: { Type: String }
    /// Resources:
    ///   Address:
    ///     Type: AWS::Lambda::Url
    ///     Properties:
    ///       TargetFunctionArn: !Ref FunctionArn
    ///       AuthType: AWS_IAM
    ///       Cors: { AllowOrigins: ["https://example.com"] }
    /// ```
    ///
    /// Source: AWS Lambda API Reference, "Cors".
    /// Covers: `CKV2_AWS_75`.
    ORIGINS = Info "every-origin";
}

/// A value of a property that switches protection off.
struct Setting {
    code: &'static Code,
    /// The type; one that ends with `::` stands for all types that begin so.
    kind: &'static str,
    path: &'static [&'static str],
    /// The values that do it, as text.
    values: &'static [&'static str],
    /// Another property that protects instead.
    unless: Option<&'static str>,
    message: &'static str,
    help: &'static str,
}

/// What is said where a setting of `Enabled` or `Encrypted` is off.
const ON: &str = "set it to `true`";

const fn off(code: &'static Code, kind: &'static str, path: &'static [&'static str], message: &'static str) -> Setting {
    Setting { code, kind, path, values: &["false"], unless: None, message, help: ON }
}

const fn is(
    code: &'static Code,
    kind: &'static str,
    path: &'static [&'static str],
    values: &'static [&'static str],
    message: &'static str,
    help: &'static str,
) -> Setting {
    Setting { code, kind, path, values, unless: None, message, help }
}

const REST: &str = "stored data is not encrypted";
const NODES: &str = "data between nodes is not encrypted";
const MAY_BE_PLAIN: &str = "calls may come without TLS";
const OLD_TLS: &str = "calls may come with TLS 1.0, which is broken";
const KMS: &str = "write `SSE-KMS`, and name a key";
const NEW_POLICY: &str = "write `Policy-Min-TLS-1-2-PFS-2023-10`";
const OLD_POLICIES: &[&str] = &["Policy-Min-TLS-1-0-2019-07"];
const REACHABLE: &str = "this has an address in the internet";

/// What switches protection off.
///
/// Source: the provider schemas of the types, and the API references of their services for what a value means.
const SETTINGS: &[Setting] = &[
    is(&PLAIN, "AWS::ApiGateway::DomainName", &["SecurityPolicy"], &["TLS_1_0"], OLD_TLS, "write `TLS_1_2`"),
    is(
        &NOT_ENFORCED,
        "AWS::Athena::WorkGroup",
        &["WorkGroupConfiguration", "EnforceWorkGroupConfiguration"],
        &["false"],
        "users can set aside the settings of this workgroup",
        ON,
    ),
    off(&UNENCRYPTED, "AWS::DocDB::DBCluster", &["StorageEncrypted"], REST),
    is(
        &PLAIN,
        "AWS::DocDB::DBClusterParameterGroup",
        &["Parameters", "tls"],
        &["disabled"],
        MAY_BE_PLAIN,
        "write `enabled`",
    ),
    off(&UNENCRYPTED, "AWS::EFS::FileSystem", &["Encrypted"], REST),
    off(&UNENCRYPTED, "AWS::ElastiCache::ReplicationGroup", &["AtRestEncryptionEnabled"], REST),
    off(&PLAIN, "AWS::ElastiCache::ReplicationGroup", &["TransitEncryptionEnabled"], MAY_BE_PLAIN),
    off(&UNENCRYPTED, "AWS::Elasticsearch::Domain", &["EncryptionAtRestOptions", "Enabled"], REST),
    off(&PLAIN, "AWS::Elasticsearch::Domain", &["NodeToNodeEncryptionOptions", "Enabled"], NODES),
    off(&PLAIN, "AWS::Elasticsearch::Domain", &["DomainEndpointOptions", "EnforceHTTPS"], MAY_BE_PLAIN),
    is(
        &PLAIN,
        "AWS::Elasticsearch::Domain",
        &["DomainEndpointOptions", "TLSSecurityPolicy"],
        OLD_POLICIES,
        OLD_TLS,
        NEW_POLICY,
    ),
    is(
        &UNENCRYPTED,
        "AWS::Glue::DataCatalogEncryptionSettings",
        &["DataCatalogEncryptionSettings", "EncryptionAtRest", "CatalogEncryptionMode"],
        &["DISABLED"],
        "the catalog is not encrypted",
        KMS,
    ),
    off(
        &UNENCRYPTED,
        "AWS::Glue::DataCatalogEncryptionSettings",
        &["DataCatalogEncryptionSettings", "ConnectionPasswordEncryption", "ReturnConnectionPasswordEncrypted"],
        "passwords of connections are shown in plain text",
    ),
    is(
        &UNENCRYPTED,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "S3Encryptions", "*", "S3EncryptionMode"],
        &["DISABLED"],
        "what jobs write to S3 is not encrypted",
        KMS,
    ),
    is(
        &UNENCRYPTED,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "CloudWatchEncryption", "CloudWatchEncryptionMode"],
        &["DISABLED"],
        "logs of jobs are not encrypted",
        KMS,
    ),
    is(
        &UNENCRYPTED,
        "AWS::Glue::SecurityConfiguration",
        &["EncryptionConfiguration", "JobBookmarksEncryption", "JobBookmarksEncryptionMode"],
        &["DISABLED"],
        "bookmarks of jobs are not encrypted",
        "write `CSE-KMS`, and name a key",
    ),
    is(&URL, "AWS::Lambda::Url", &["AuthType"], &["NONE"], "everyone can run this function", "write `AWS_IAM`"),
    is(
        &ORIGINS,
        "AWS::Lambda::Url",
        &["Cors", "AllowOrigins", "*"],
        &["*"],
        "pages of every origin may call this function",
        "name the origins",
    ),
    is(
        &PLAIN,
        "AWS::MSK::Cluster",
        &["EncryptionInfo", "EncryptionInTransit", "ClientBroker"],
        &["PLAINTEXT", "TLS_PLAINTEXT"],
        MAY_BE_PLAIN,
        "write `TLS`",
    ),
    off(&PLAIN, "AWS::MSK::Cluster", &["EncryptionInfo", "EncryptionInTransit", "InCluster"], NODES),
    off(&UNENCRYPTED, "AWS::Neptune::DBCluster", &["StorageEncrypted"], REST),
    off(&UNENCRYPTED, "AWS::OpenSearchService::Domain", &["EncryptionAtRestOptions", "Enabled"], REST),
    off(&PLAIN, "AWS::OpenSearchService::Domain", &["NodeToNodeEncryptionOptions", "Enabled"], NODES),
    off(&PLAIN, "AWS::OpenSearchService::Domain", &["DomainEndpointOptions", "EnforceHTTPS"], MAY_BE_PLAIN),
    is(
        &PLAIN,
        "AWS::OpenSearchService::Domain",
        &["DomainEndpointOptions", "TLSSecurityPolicy"],
        OLD_POLICIES,
        OLD_TLS,
        NEW_POLICY,
    ),
    off(&UNENCRYPTED, "AWS::RDS::DBCluster", &["StorageEncrypted"], REST),
    off(&UNENCRYPTED, "AWS::RDS::DBInstance", &["StorageEncrypted"], REST),
    is(
        &BACKUPS,
        "AWS::RDS::DBInstance",
        &["BackupRetentionPeriod"],
        &["0"],
        "there are no automatic backups",
        "write for how many days a backup is kept",
    ),
    off(&UNENCRYPTED, "AWS::Redshift::Cluster", &["Encrypted"], REST),
    is(
        &BACKUPS,
        "AWS::Redshift::Cluster",
        &["AutomatedSnapshotRetentionPeriod"],
        &["0"],
        "there are no automatic snapshots",
        "write for how many days a snapshot is kept",
    ),
    is(&PLAIN, "AWS::SNS::Subscription", &["Protocol"], &["http"], "messages are sent without TLS", "use `https`"),
    is(
        &PLAIN,
        "AWS::SNS::Topic",
        &["Subscription", "*", "Protocol"],
        &["http"],
        "messages are sent without TLS",
        "use `https`",
    ),
    Setting {
        code: &UNENCRYPTED,
        kind: "AWS::SQS::Queue",
        path: &["SqsManagedSseEnabled"],
        values: &["false"],
        unless: Some("KmsMasterKeyId"),
        message: "messages are not encrypted",
        help: "remove it, or name a key as `KmsMasterKeyId`",
    },
    is(
        &PUBLIC,
        "AWS::",
        &["PubliclyAccessible"],
        &["true"],
        REACHABLE,
        "set it to `false`, and reach it through the network of the account",
    ),
];

/// Checks settings.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for resource in &context.template.resources {
        let fits = |setting: &&Setting| match setting.kind.strip_suffix("::") {
            Some(_) => resource.kind.starts_with(setting.kind),
            None => resource.kind == setting.kind,
        };
        for setting in SETTINGS.iter().filter(fits) {
            check_setting(context, resource, setting, sink);
        }
    }
    for stage in context.of_type("AWS::ApiGateway::Stage") {
        check_cache(context, stage, sink);
    }
    for group in context.of_type("AWS::Redshift::ClusterParameterGroup") {
        check_parameters(context, group, sink);
    }
}

fn check_setting(context: &Context<'_>, resource: &Resource, setting: &Setting, sink: &mut Sink) {
    if setting.unless.is_some_and(|name| given(&resource.properties, name) != Given::No) {
        return;
    }
    for Found { path, value } in values(resource, setting.path) {
        let is_it = |known: &&str| {
            text(value).is_some_and(|text| text.eq_ignore_ascii_case(known))
                // `0` may be written as `0.0` or in quotes.
                || known.parse::<f64>().is_ok_and(|known| number(value) == Some(known))
        };
        if setting.values.iter().any(is_it) {
            context.report_value(sink, setting.code, value, &path, setting.message).help(setting.help);
        }
    }
}

/// The cache of an API keeps answers, which may be secret.
fn check_cache(context: &Context<'_>, stage: &Resource, sink: &mut Sink) {
    for settings in values(stage, &["MethodSettings", "*"]) {
        let Some(map) = settings.value.as_map() else { continue };
        let is = |name: &str, expected: &str| map.get(name).and_then(text).is_some_and(|text| text == expected);
        let encrypted = given(map, "CacheDataEncrypted") != Given::No && !is("CacheDataEncrypted", "false");
        if is("CachingEnabled", "true") && !encrypted {
            let path = format!("{}/CachingEnabled", settings.path);
            let value = map.get("CachingEnabled").unwrap_or(settings.value);
            context
                .report_value(sink, &UNENCRYPTED, value, &path, "cached answers are not encrypted")
                .help("add `CacheDataEncrypted: true`");
        }
    }
}

/// The parameter of Redshift that decides whether clients must use TLS.
///
/// Source: Amazon Redshift Management Guide, "Configuring security options for connections".
const REQUIRE_SSL: &str = "require_ssl";

fn check_parameters(context: &Context<'_>, group: &Resource, sink: &mut Sink) {
    for parameter in values(group, &["Parameters", "*"]) {
        let Some(map) = parameter.value.as_map() else { continue };
        let is = |name: &str, expected: &str| map.get(name).and_then(text).is_some_and(|text| text == expected);
        if is("ParameterName", REQUIRE_SSL) && is("ParameterValue", "false") {
            let value = map.get("ParameterValue").unwrap_or(parameter.value);
            let path = format!("{}/ParameterValue", parameter.path);
            context.report_value(sink, &PLAIN, value, &path, MAY_BE_PLAIN).help(ON);
        }
    }
}
