//! Firehose: what it reads from and writes to with its roles.

use super::names::{self, Text};
use super::{Need, User, followed, properties, texts, values};
use crate::check::Context;
use crate::check::known::{boolean, branches, text, within};
use crate::template::{Data, Map, Resource, Value};

/// The principal of Firehose. Source: Firehose Developer Guide, "Controlling access".
const SERVICE: &str = "firehose.amazonaws.com";

/// What Firehose does in a bucket and with its objects.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination". Without the first nothing is
/// written; the guide asks for the others, too.
const S3_WRITE: &[&str] = &["s3:PutObject"];
const S3_OBJECTS: &[&str] = &["s3:AbortMultipartUpload", "s3:GetObject"];
const S3_BUCKET: &[&str] = &["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"];

/// What it reads a Kinesis stream by.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to a Kinesis data stream".
const KINESIS: &[&str] = &["kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator"];
const KINESIS_MORE: &[&str] = &["kinesis:ListShards"];

/// What it transforms records by.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to an Amazon S3 destination", the statement about Lambda.
const LAMBDA: &[&str] = &["lambda:InvokeFunction"];
const LAMBDA_MORE: &[&str] = &["lambda:GetFunctionConfiguration"];

/// What it reads the schema of records by.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to AWS Glue for data format conversion".
const GLUE: &[&str] = &["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"];

/// What it encrypts objects by. Source: as above, the statement about AWS KMS.
const KMS: &[&str] = &["kms:GenerateDataKey"];
const KMS_MORE: &[&str] = &["kms:Decrypt"];

/// What it logs errors by. Source: as above, the statement about CloudWatch Logs.
const LOGS: &[&str] = &["logs:PutLogEvents"];

/// What it reads a secret by. Source: Firehose Developer Guide, "Authenticate with AWS Secrets Manager".
const SECRET: &[&str] = &["secretsmanager:GetSecretValue"];

/// What it writes to a domain by.
///
/// Source: Firehose Developer Guide, "Grant Firehose access to a public `OpenSearch` Service destination".
const DOMAIN: &[&str] = &["es:ESHttpPost|es:ESHttpPut"];
const DOMAIN_MORE: &[&str] = &["es:DescribeDomain|es:DescribeElasticsearchDomain"];

/// The roles of all streams.
pub fn users<'a>(context: &Context<'a>, users: &mut Vec<User<'a>>) {
    for stream in context.of_type("AWS::KinesisFirehose::DeliveryStream") {
        let path = properties(stream);
        for (key, value) in &stream.properties.0 {
            for (path, value) in branches(value, &format!("{path}/{}", key.text)) {
                if let Some(map) = value.as_map() {
                    settings(context, stream, map, &path, None, users);
                }
            }
        }
    }
}

/// Collects who acts in an object and in those below it; `outer` is the role of the object around it.
fn settings<'a>(
    context: &Context<'_>,
    stream: &'a Resource,
    map: &'a Map,
    path: &str,
    outer: Option<&[(String, &'a Value)]>,
    users: &mut Vec<User<'a>>,
) {
    let mut own = values(map, "RoleARN", path);
    own.extend(values(map, "RoleArn", path));
    if own.is_empty() {
        own = outer.map(<[_]>::to_vec).unwrap_or_default();
    }
    // A processor may have a role of its own among its parameters.
    let own = parameter(map, "RoleArn", path).map_or(own, |found| vec![found]);
    for (path, role) in &own {
        let needs = needs(context, map);
        users.push(User { resource: stream, role, path: path.clone(), service: SERVICE, needs });
    }
    for (key, value) in &map.0 {
        for (path, value) in branches(value, &format!("{path}/{}", key.text)) {
            let items = match &value.data {
                Data::Map(map) => vec![(path, map)],
                Data::List(items) => items
                    .iter()
                    .enumerate()
                    .flat_map(|(index, item)| branches(item, &format!("{path}/{index}")))
                    .filter_map(|(path, item)| Some((path, item.as_map()?)))
                    .collect(),
                _ => Vec::new(),
            };
            for (path, map) in items {
                settings(context, stream, map, &path, Some(&own), users);
            }
        }
    }
}

/// What the settings of one object ask for, those of the objects in it not counted.
fn needs(context: &Context<'_>, map: &Map) -> Vec<Need> {
    let get = |keys: &[&str]| -> Vec<Text> {
        within(map, keys, "").iter().map(|(_, value)| names::of(context, value)).collect()
    };
    let mut needs = Vec::new();
    let buckets = texts(context, map.get("BucketARN"));
    needs.push(Need::vital(S3_WRITE, followed(&buckets, "/*")));
    needs.push(Need::good(S3_OBJECTS, followed(&buckets, "/*")));
    needs.push(Need::good(S3_BUCKET, buckets));
    let streams = texts(context, map.get("KinesisStreamARN"));
    needs.push(Need::vital(KINESIS, streams.clone()));
    needs.push(Need::good(KINESIS_MORE, streams));
    let functions: Vec<Text> =
        parameter(map, "LambdaArn", "").map(|(_, value)| names::of(context, value)).into_iter().collect();
    needs.push(Need::vital(LAMBDA, functions.clone()));
    needs.push(Need::good(LAMBDA_MORE, functions));
    let keys = get(&["EncryptionConfiguration", "KMSEncryptionConfig", "AWSKMSKeyARN"]);
    needs.push(Need::vital(KMS, if keys.is_empty() { bucket_keys(context, map) } else { keys.clone() }));
    needs.push(Need::good(KMS_MORE, keys));
    let domains = texts(context, map.get("DomainARN"));
    needs.push(Need::vital(DOMAIN, followed(&domains, "/*")));
    needs.push(Need::good(DOMAIN_MORE, domains));
    needs.push(Need::vital(SECRET, texts(context, map.get("SecretARN"))));
    needs.push(Need::vital(GLUE, tables(context, map)));
    needs.push(Need::good(LOGS, logs(context, map)));
    needs
}

/// The keys of the template with which the bucket of a destination encrypts by itself.
///
/// Source: S3 User Guide, "Using server-side encryption with AWS KMS keys": who writes needs `kms:GenerateDataKey`.
fn bucket_keys(context: &Context<'_>, map: &Map) -> Vec<Text> {
    const KEY: &[&str] = &[
        "BucketEncryption",
        "ServerSideEncryptionConfiguration",
        "*",
        "ServerSideEncryptionByDefault",
        "KMSMasterKeyID",
    ];
    let bucket = map.get("BucketARN").and_then(|arn| context.target(arn));
    let Some(bucket) = bucket.filter(|bucket| bucket.kind == "AWS::S3::Bucket") else { return Vec::new() };
    // Under a condition the bucket may use another key.
    let [(_, key)] = within(&bucket.properties, KEY, "")[..] else { return Vec::new() };
    let key = context.target(key).filter(|key| key.kind == "AWS::KMS::Key");
    key.map(|key| names::of_resource(context, key, Some("Arn"))).into_iter().collect()
}

/// The parameter of a processor.
fn parameter<'a>(map: &'a Map, name: &str, path: &str) -> Option<(String, &'a Value)> {
    within(map, &["Parameters", "*"], path).into_iter().find_map(|(path, parameter)| {
        let parameter = parameter.as_map()?;
        let named = parameter.get("ParameterName").and_then(text)?;
        (named == name).then_some(())?;
        Some((format!("{path}/ParameterValue"), parameter.get("ParameterValue")?))
    })
}

/// The table of a schema with what is above it.
fn tables(context: &Context<'_>, map: &Map) -> Vec<Text> {
    let (Some(database), Some(table)) = (map.get("DatabaseName"), map.get("TableName")) else { return Vec::new() };
    let (database, table) = (names::of(context, database), names::of(context, table));
    // Settings of other destinations have these keys, too, and a schema in another place is not looked at.
    if map.get("DataTableName").is_some() || map.get("Region").is_some_and(|region| text(region).is_some()) {
        return Vec::new();
    }
    if map.get("RoleARN").is_none() && map.get("VersionId").is_none() && map.get("CatalogId").is_none() {
        return Vec::new();
    }
    vec![
        names::form("arn:{p}:glue:{r}:{a}:catalog", &[]),
        names::form("arn:{p}:glue:{r}:{a}:database/{}", &[&database]),
        names::form("arn:{p}:glue:{r}:{a}:table/{}/{}", &[&database, &table]),
    ]
}

/// The log stream for errors.
fn logs(context: &Context<'_>, map: &Map) -> Vec<Text> {
    let find = |key: &str| map.get("CloudWatchLoggingOptions")?.as_map()?.get(key);
    if find("Enabled").and_then(boolean) != Some(true) {
        return Vec::new();
    }
    let (Some(group), Some(stream)) = (find("LogGroupName"), find("LogStreamName")) else { return Vec::new() };
    let (group, stream) = (names::of(context, group), names::of(context, stream));
    vec![names::form("arn:{p}:logs:{r}:{a}:log-group:{}:log-stream:{}", &[&group, &stream])]
}
