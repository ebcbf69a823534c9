//! What each destination demands.

use super::expressions::expressions;
use super::{Destination, ELASTICSEARCH, EXTENDED_S3, ICEBERG, OPENSEARCH, REDSHIFT};
use crate::check::Context;
use crate::check::block::{Block, HOLE};
use crate::check::known::text;
use crate::diagnostics::Sink;

codes! {
    /// A backup of all records is enabled, but not where to.
    ///
    /// `S3BackupMode: Enabled` needs `S3BackupConfiguration`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         Prefix: data/
    ///         S3BackupMode: Enabled
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         S3BackupMode: Enabled
    ///         S3BackupConfiguration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           Prefix: backup/
    /// ```
    ///
    /// Source: Firehose API, `S3BackupMode` and `S3BackupConfiguration`.
    BACKUP = Error "backup-without-bucket";

    /// There is a bucket for a backup of all records, but the backup is not enabled.
    ///
    /// Nothing is written there unless `S3BackupMode` is `Enabled`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         S3BackupConfiguration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           Prefix: backup/
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       ExtendedS3DestinationConfiguration:
    ///         BucketARN: arn:aws:s3:::example-bucket
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         S3BackupMode: Enabled
    ///         S3BackupConfiguration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           Prefix: backup/
    /// ```
    ///
    /// Source: Firehose API, `S3BackupMode`.
    UNUSED = Warning "backup-not-enabled";

    /// Objects on their way to Redshift are written as `COPY` cannot read them.
    ///
    /// `COPY` reads neither ZIP nor Snappy. The prefix of these objects has no expressions, and they have no error
    /// prefix.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       RedshiftDestinationConfiguration:
    ///         ClusterJDBCURL: jdbc:redshift://shop.abc.eu-central-1.redshift.amazonaws.com:5439/shop
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CopyCommand: { DataTableName: orders, CopyOptions: "json 'auto'" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           CompressionFormat: ZIP
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       RedshiftDestinationConfiguration:
    ///         ClusterJDBCURL: jdbc:redshift://shop.abc.eu-central-1.redshift.amazonaws.com:5439/shop
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CopyCommand: { DataTableName: orders, CopyOptions: "json 'auto'" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           CompressionFormat: UNCOMPRESSED
    /// ```
    ///
    /// Source: Firehose API, `RedshiftDestinationConfiguration`; Firehose Developer Guide, "Understand custom prefixes
    /// for Amazon S3 objects".
    STAGING = Error "unusable-redshift-staging";

    /// `COPY` takes objects for compressed that are not, or the other way round.
    ///
    /// Redshift is told by the word `gzip` in the options of `COPY` that objects are compressed. Without it the
    /// compressed bytes are read as records.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       RedshiftDestinationConfiguration:
    ///         ClusterJDBCURL: jdbc:redshift://shop.abc.eu-central-1.redshift.amazonaws.com:5439/shop
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CopyCommand: { DataTableName: orders, CopyOptions: "json 'auto'" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           CompressionFormat: GZIP
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       RedshiftDestinationConfiguration:
    ///         ClusterJDBCURL: jdbc:redshift://shop.abc.eu-central-1.redshift.amazonaws.com:5439/shop
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CopyCommand: { DataTableName: orders, CopyOptions: "json 'auto' gzip" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:shop
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           CompressionFormat: GZIP
    /// ```
    ///
    /// Source: Amazon Redshift Developer Guide, "File compression parameters"; Firehose API, `CopyCommand`.
    COPY = Warning "copy-compression-mismatch";

    /// A destination for full-text search has no domain, or two.
    ///
    /// It has either `DomainARN` or `ClusterEndpoint`.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       AmazonopensearchserviceDestinationConfiguration:
    ///         IndexName: orders
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         DomainARN: arn:aws:es:eu-central-1:123456789012:domain/shop
    ///         ClusterEndpoint: https://search-shop.eu-central-1.es.amazonaws.com
    ///         S3Configuration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       AmazonopensearchserviceDestinationConfiguration:
    ///         IndexName: orders
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         DomainARN: arn:aws:es:eu-central-1:123456789012:domain/shop
    ///         S3Configuration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Firehose API, `AmazonopensearchserviceDestinationConfiguration`.
    ENDPOINT = Error "not-one-opensearch-endpoint";

    /// An Iceberg destination has a setting that Firehose does not take, or lacks its catalog.
    ///
    /// The backup keeps failed records only. The catalog is named by `CatalogArn`, or by `WarehouseLocation` where
    /// Firehose makes the tables.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       IcebergDestinationConfiguration:
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CatalogConfiguration: { CatalogArn: "arn:aws:glue:eu-central-1:123456789012:catalog" }
    ///         s3BackupMode: AllData
    ///         S3Configuration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       IcebergDestinationConfiguration:
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         CatalogConfiguration: { CatalogArn: "arn:aws:glue:eu-central-1:123456789012:catalog" }
    ///         s3BackupMode: FailedDataOnly
    ///         S3Configuration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Firehose API, `IcebergDestinationConfiguration` and `CatalogConfiguration`.
    ICEBERG_SETTING = Error "unusable-iceberg-destination";
}

/// What `COPY` cannot read. Source: Firehose API, `RedshiftDestinationConfiguration`.
const NOT_FOR_COPY: &[&str] = &["ZIP", "Snappy", "HADOOP_SNAPPY"];

/// Checks a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    match destination.kind {
        EXTENDED_S3 => backup(context, block, sink),
        REDSHIFT => {
            backup(context, block, sink);
            for staging in block.blocks("S3Configuration") {
                staged(context, block, &staging, sink);
            }
        }
        OPENSEARCH | ELASTICSEARCH => endpoint(context, block, sink),
        ICEBERG => iceberg(context, block, sink),
        _ => {}
    }
}

fn backup(context: &Context<'_>, block: &Block<'_>, sink: &mut Sink) {
    let mode = block.text("S3BackupMode");
    if mode.as_deref() == Some("Enabled") && block.lacks("S3BackupConfiguration") {
        block
            .report(context, sink, &BACKUP, "S3BackupMode", "a backup without `S3BackupConfiguration`")
            .help("add `S3BackupConfiguration`, or leave `S3BackupMode` out");
    }
    let is_off = block.lacks("S3BackupMode") || mode.as_deref() == Some("Disabled");
    if is_off && block.has("S3BackupConfiguration") {
        block
            .report(context, sink, &UNUSED, "S3BackupConfiguration", "nothing is written here")
            .help("add `S3BackupMode: Enabled`, or remove it");
    }
}

fn staged(context: &Context<'_>, block: &Block<'_>, staging: &Block<'_>, sink: &mut Sink) {
    for compression in staging.values("CompressionFormat").into_iter().filter_map(text) {
        if NOT_FOR_COPY.iter().any(|refused| refused.eq_ignore_ascii_case(&compression)) {
            staging
                .report(context, sink, &STAGING, "CompressionFormat", format!("`COPY` does not read `{compression}`"))
                .help("write `GZIP` or `UNCOMPRESSED`");
        }
    }
    if staging.outlines("Prefix").iter().any(|prefix| expressions(prefix).next().is_some()) {
        staging
            .report(context, sink, &STAGING, "Prefix", "an expression in a prefix for Redshift")
            .help("write a prefix without `!{`");
    }
    if staging.has("ErrorOutputPrefix") {
        staging.report(context, sink, &STAGING, "ErrorOutputPrefix", "an error prefix for Redshift").help("remove it");
    }
    let Some(options) = block.block("CopyCommand").map(|copy| options(&copy)) else { return };
    let Some(options) = options else { return };
    let says_gzip = options.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word.eq_ignore_ascii_case("gzip"));
    let compression = if staging.lacks("CompressionFormat") {
        Some("UNCOMPRESSED".to_owned())
    } else {
        staging.text("CompressionFormat")
    };
    match compression.as_deref() {
        Some("GZIP") if !says_gzip => {
            staging
                .report(context, sink, &COPY, "CompressionFormat", "`COPY` is not told that objects are compressed")
                .help("add `gzip` to `CopyOptions`");
        }
        Some("UNCOMPRESSED") if says_gzip => {
            let place = if staging.has("CompressionFormat") { "CompressionFormat" } else { "" };
            staging
                .report(context, sink, &COPY, place, "`COPY` is told that objects are compressed, but they are not")
                .help("write `CompressionFormat: GZIP`, or leave `gzip` out of `CopyOptions`");
        }
        _ => {}
    }
}

/// The options of `COPY`, if all of them are known.
fn options(copy: &Block<'_>) -> Option<String> {
    if copy.lacks("CopyOptions") {
        return Some(String::new());
    }
    copy.outlines("CopyOptions").pop().filter(|options| !options.contains(HOLE) && copy.text("CopyOptions").is_some())
}

fn endpoint(context: &Context<'_>, block: &Block<'_>, sink: &mut Sink) {
    const DOMAIN: &str = "DomainARN";
    const CLUSTER: &str = "ClusterEndpoint";
    if block.has(DOMAIN) && block.has(CLUSTER) {
        block
            .report(context, sink, &ENDPOINT, CLUSTER, "`ClusterEndpoint` beside `DomainARN`")
            .also(block.place(DOMAIN), "the domain")
            .help("remove one of them");
    } else if block.lacks(DOMAIN) && block.lacks(CLUSTER) {
        block.report(context, sink, &ENDPOINT, "", "neither `DomainARN` nor `ClusterEndpoint`").help("add `DomainARN`");
    }
}

fn iceberg(context: &Context<'_>, block: &Block<'_>, sink: &mut Sink) {
    const MODE: &str = "s3BackupMode";
    if block.text(MODE).is_some_and(|mode| mode == "AllData") {
        block
            .report(context, sink, &ICEBERG_SETTING, MODE, "a backup of all records of an Iceberg destination")
            .help("write `FailedDataOnly`");
    }
    for catalog in block.blocks("CatalogConfiguration") {
        if catalog.lacks("CatalogArn") && catalog.lacks("WarehouseLocation") {
            catalog
                .report(context, sink, &ICEBERG_SETTING, "", "neither `CatalogArn` nor `WarehouseLocation`")
                .help("add `CatalogArn`");
        }
    }
}
