//! With what Firehose signs in at destinations.

use super::{Destination, HTTP, REDSHIFT, SNOWFLAKE, SPLUNK};
use crate::check::Context;
use crate::diagnostics::Sink;

codes! {
    /// A destination has no credentials, half of them, or a secret that is not named.
    ///
    /// Redshift, Splunk and Snowflake need credentials: written ones, or `SecretsManagerConfiguration` with `Enabled:
    /// true` and a `SecretARN`.
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
    ///         S3Configuration:
    ///           BucketARN: arn:aws:s3:::example-bucket
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    ///           CompressionFormat: UNCOMPRESSED
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
    /// Source: Firehose API, `SecretsManagerConfiguration`.
    SECRET = Error "unusable-destination-credentials";

    /// A destination has written credentials beside a secret.
    ///
    /// The secret wins; the others are not used.
    ///
    /// ```yaml
    /// Resources:
    ///   Stream:
    ///     Type: AWS::KinesisFirehose::DeliveryStream
    ///     Properties:
    ///       HttpEndpointDestinationConfiguration:
    ///         EndpointConfiguration: { Url: "https://example.com/ingest", AccessKey: "{{resolve:secretsmanager:ingest}}" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:ingest
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
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
    ///       HttpEndpointDestinationConfiguration:
    ///         EndpointConfiguration: { Url: "https://example.com/ingest" }
    ///         SecretsManagerConfiguration:
    ///           Enabled: true
    ///           SecretARN: !Sub arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:ingest
    ///         RoleARN: arn:aws:iam::123456789012:role/delivery
    ///         S3Configuration:
    ///           BucketARN: !Sub "arn:${AWS::Partition}:s3:::example-bucket"
    ///           RoleARN: arn:aws:iam::123456789012:role/delivery
    /// ```
    ///
    /// Source: Firehose API, `SecretsManagerConfiguration`.
    OVERRIDDEN = Warning "overridden-credential";
}

/// Where each destination has its credentials written: the object in it, the properties, whether it needs them.
/// Source: Firehose API, `CreateDeliveryStream`.
const WRITTEN: &[(&str, Option<&str>, &[&str], bool)] = &[
    (HTTP, Some("EndpointConfiguration"), &["AccessKey"], false),
    (REDSHIFT, None, &["Username", "Password"], true),
    (SPLUNK, None, &["HECToken"], true),
    (SNOWFLAKE, None, &["User", "PrivateKey"], true),
];

/// Those that are secret. Source: as above.
const SECRETS: &[&str] = &["AccessKey", "Password", "HECToken", "PrivateKey"];

/// Checks the credentials of a destination.
pub fn check(context: &Context<'_>, destination: &Destination<'_>, sink: &mut Sink) {
    let block = &destination.block;
    let Some((_, inner, names, is_needed)) = WRITTEN.iter().find(|(kind, ..)| *kind == destination.kind) else {
        return;
    };
    let holders = match inner {
        Some(inner) => block.blocks(inner),
        None => vec![block.clone()],
    };
    let secret = block.block("SecretsManagerConfiguration");
    let is_managed = secret.as_ref().is_some_and(|secret| secret.is_true("Enabled"));
    for holder in &holders {
        for name in names.iter().filter(|name| is_managed && SECRETS.contains(name) && holder.has(name)) {
            // A secret that stands in the template is told of as such.
            if holder.text(name).is_none() {
                holder
                    .report(context, sink, &OVERRIDDEN, name, format!("`{name}` is not used beside a secret"))
                    .also(block.place("SecretsManagerConfiguration"), "the secret")
                    .help(format!("remove `{name}`"));
            }
        }
    }
    if is_managed {
        if let Some(secret) = secret.filter(|secret| secret.lacks("SecretARN")) {
            secret.report(context, sink, &SECRET, "Enabled", "no secret is named").help("add `SecretARN`");
        }
        return;
    }
    let is_unmanaged = block.lacks("SecretsManagerConfiguration")
        || secret.is_some_and(|secret| secret.text("Enabled").is_some_and(|enabled| enabled == "false"));
    if let Some(name) = names.iter().find(|name| *is_needed && is_unmanaged && block.lacks(name)) {
        block
            .report(context, sink, &SECRET, "", format!("neither `{name}` nor a secret"))
            .help("add `SecretsManagerConfiguration` with `Enabled: true` and a `SecretARN`");
    }
}
