//! Firehose in all its forms, and the tables that read what it leaves.

use serde_json::{Value as Json, json};

use super::kinds_streaming::{findings, resources, role};

const CONVERTED: &str = r#"
components:
  archive: { kind: s3-bucket }
  orders: { kind: kinesis-stream, encryption: own-key }
  by-customer:
    kind: lambda-function
    runtime: python3.14
    source: "def handler(event, context): return event"
  delivery:
    kind: firehose-stream
    from: orders
    transform: { function: by-customer, buffer_mib: 0.5 }
    to:
      s3: archive
      layout:
        - orders
        - customer: { lambda: customerId, injected: true }
        - version: { query: .version, type: int, range: [1, 9] }
        - month: { arrival: MM }
        - day: { arrival: yyyy-MM-dd }
      convert: { to: parquet, table: order-table }
  catalog: { kind: glue-database }
  order-table:
    kind: glue-table
    database: catalog
    of: delivery
    columns: |
      id string COMMENT 'of the order',
      amount decimal(10, 2)
"#;

fn destination(made: &Json) -> &Json {
    &made["DeliveryStream"]["Properties"]["ExtendedS3DestinationConfiguration"]
}

fn types(destination: &Json) -> Vec<&str> {
    let processors = destination["ProcessingConfiguration"]["Processors"].as_array().unwrap();
    processors.iter().map(|processor| processor["Type"].as_str().unwrap()).collect()
}

#[test]
fn a_stream_delivers_the_records_of_another() {
    let made = resources(CONVERTED);
    let stream = &made["DeliveryStream"]["Properties"];
    assert_eq!(stream["DeliveryStreamType"], "KinesisStreamAsSource");
    assert_eq!(stream["DeliveryStreamEncryptionConfigurationInput"], Json::Null);
    let expected = json!({
        "KinesisStreamARN": {"Fn::GetAtt": ["OrdersStream", "Arn"]},
        "RoleARN": {"Fn::GetAtt": ["DeliveryRole", "Arn"]},
    });
    assert_eq!(stream["KinesisStreamSourceConfiguration"], expected);
}

#[test]
fn the_role_of_a_stream_has_what_its_parts_need_and_no_more() {
    let made = resources(CONVERTED);
    let statements = role(&made, "DeliveryRole");
    let mut names: Vec<&str> = statements.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "LogErrors",
        "ReadFromOrders",
        "ReadFromOrdersKey",
        "ReadTableOrderTableOfCatalog",
        "RunByCustomer",
        "WriteToArchive",
        "WriteToArchiveObjects",
    ];
    assert_eq!(names, expected);
    assert!(statements.values().all(|statement| statement["Resource"] != "*"));
    let run = &statements["RunByCustomer"];
    assert_eq!(run["Action"], json!(["lambda:GetFunctionConfiguration", "lambda:InvokeFunction"]));
    let table = &statements["ReadTableOrderTableOfCatalog"];
    assert_eq!(table["Action"], json!(["glue:GetTable", "glue:GetTableVersion", "glue:GetTableVersions"]));
    let arns: Vec<&str> =
        table["Resource"].as_array().unwrap().iter().map(|arn| arn["Fn::Sub"].as_str().unwrap()).collect();
    assert!(arns[0].ends_with(":catalog"), "{arns:?}");
    assert!(arns[1].ends_with(":database/${CatalogDatabase}"), "{arns:?}");
    assert!(arns[2].ends_with(":table/${CatalogDatabase}/order_table"), "{arns:?}");
}

#[test]
fn keys_come_from_functions_queries_and_arrival_alike() {
    let made = resources(CONVERTED);
    let destination = destination(&made);
    let prefix = "orders/customer=!{partitionKeyFromLambda:customerId}/version=!{partitionKeyFromQuery:version}\
                  /month=!{timestamp:MM}/day=!{timestamp:yyyy-MM-dd}/";
    assert_eq!(destination["Prefix"], prefix);
    // There are no lines in Parquet, so there is nothing to end them.
    assert_eq!(types(destination), ["Lambda", "MetadataExtraction"]);
    let lambda = &destination["ProcessingConfiguration"]["Processors"][0]["Parameters"];
    assert_eq!(lambda[2], json!({"ParameterName": "BufferSizeInMBs", "ParameterValue": "0.5"}));
    assert_eq!(lambda[3], json!({"ParameterName": "BufferIntervalInSeconds", "ParameterValue": "60"}));
}

#[test]
fn columns_are_compressed_inside() {
    let made = resources(CONVERTED);
    let destination = destination(&made);
    assert_eq!(destination["CompressionFormat"], "UNCOMPRESSED");
    let conversion = &destination["DataFormatConversionConfiguration"];
    let serializer = json!({"Serializer": {"ParquetSerDe": {"Compression": "SNAPPY"}}});
    assert_eq!(conversion["OutputFormatConfiguration"], serializer);
    assert_eq!(conversion["SchemaConfiguration"]["DatabaseName"], json!({"Ref": "CatalogDatabase"}));
    assert_eq!(conversion["SchemaConfiguration"]["TableName"], json!({"Ref": "OrderTableTable"}));
}

#[test]
fn a_table_reads_by_the_layout_of_its_stream() {
    let made = resources(CONVERTED);
    let input = &made["OrderTableTable"]["Properties"]["TableInput"];
    assert_eq!(input["Name"], "order_table");
    let keys = json!([
        {"Name": "customer", "Type": "string"},
        {"Name": "version", "Type": "int"},
        {"Name": "month", "Type": "int"},
        {"Name": "day", "Type": "string"},
    ]);
    assert_eq!(input["PartitionKeys"], keys);
    let parameters = &input["Parameters"];
    assert_eq!(parameters["classification"], "parquet");
    assert_eq!(parameters["projection.customer.type"], "injected");
    assert_eq!(parameters["projection.version.range"], "1,9");
    assert_eq!(
        (&parameters["projection.month.range"], &parameters["projection.month.digits"]),
        (&json!("1,12"), &json!("2"))
    );
    assert_eq!(parameters["projection.day.format"], "yyyy-MM-dd");
    assert_eq!(parameters["projection.day.interval.unit"], "DAYS");
    let template =
        "s3://${ArchiveBucket}/orders/customer=${!customer}/version=${!version}/month=${!month}/day=${!day}/";
    assert_eq!(parameters["storage.location.template"]["Fn::Sub"], template);
    let storage = &input["StorageDescriptor"];
    assert_eq!(storage["Location"], json!({"Fn::Sub": "s3://${ArchiveBucket}/orders/"}));
    assert_eq!(storage["Columns"][0], json!({"Name": "id", "Type": "string", "Comment": "of the order"}));
    assert_eq!(storage["Columns"][1]["Type"], "decimal(10,2)");
    assert!(storage["InputFormat"].as_str().unwrap().contains("parquet"));
}

#[test]
fn a_table_of_a_layout_with_tables_is_under_one_value() {
    let body = CONVERTED
        .replace("customer: { lambda: customerId, injected: true }", "type: { lambda: true, table: true }")
        .replace("    of: delivery\n", "    of: delivery\n    only: { type: placed }\n");
    let made = resources(&body);
    let input = &made["OrderTableTable"]["Properties"]["TableInput"];
    assert_eq!(input["StorageDescriptor"]["Location"], json!({"Fn::Sub": "s3://${ArchiveBucket}/orders/placed/"}));
    assert_eq!(input["PartitionKeys"][0]["Name"], "version");
    let without = body.replace("    only: { type: placed }\n", "");
    assert_eq!(findings(&without), ["unreadable-layout"]);
}

#[test]
fn processors_are_in_the_order_in_which_they_run() {
    let body = "
components:
  archive: { kind: s3-bucket }
  clean: { kind: lambda-function, runtime: python3.14, source: \"def handler(event, context): return event\" }
  delivery:
    kind: firehose-stream
    transform: clean
    to: { s3: archive, layout: [{ tenant: { query: .tenant } }] }
    records: { deaggregate: json, decompress: cloudwatch-logs, extract: true }
";
    let made = resources(body);
    let expected = [
        "Decompression",
        "CloudWatchLogProcessing",
        "RecordDeAggregation",
        "Lambda",
        "MetadataExtraction",
        "AppendDelimiterToRecord",
    ];
    assert_eq!(types(destination(&made)), expected);
}

fn endpoint(to: &str) -> Json {
    let url = "parameters:\n  Url: { type: string, secret: true, description: URL. }\n";
    let parameters = if to.contains("${Url}") { url } else { "" };
    let body = format!(
        "
{parameters}components:
  failed: {{ kind: s3-bucket }}
  token: {{ kind: secret, encryption: own-key }}
  delivery:
    kind: firehose-stream
    to: {{ {to}, backup: {{ s3: failed }} }}
outputs:
  Token: {{ value: \"${{token.arn}}\" }}
"
    );
    resources(&body)
}

#[test]
fn vendors_have_their_urls_and_settings() {
    let table = [
        ("http: coralogix, region: us3, secret: token", "https://ingress.us3.coralogix.com/aws/firehose", 1, 60, 300),
        (
            "http: datadog, region: eu1, secret: token",
            "https://aws-kinesis-http-intake.logs.datadoghq.eu/v1/input",
            4,
            60,
            60,
        ),
        (
            "http: dynatrace, region: global, secret: token, attributes: { dt-url: \"https://a\" }",
            "https://aws.cloud.dynatrace.com",
            3,
            60,
            900,
        ),
        ("http: new-relic, region: eu, secret: token", "https://aws-api.eu.newrelic.com/firehose/v1", 1, 60, 60),
        (
            "http: new-relic-metrics, region: us, secret: token",
            "https://aws-api.newrelic.com/cloudwatch-metrics/v1",
            1,
            60,
            60,
        ),
        ("http: generic, url: https://example.com/in", "https://example.com/in", 5, 300, 300),
    ];
    for (to, url, size, interval, retry) in table {
        let made = endpoint(to);
        let stream = &made["DeliveryStream"]["Properties"];
        let http = &stream["HttpEndpointDestinationConfiguration"];
        assert_eq!(http["EndpointConfiguration"]["Url"], url);
        assert_eq!(http["EndpointConfiguration"]["AccessKey"], Json::Null);
        assert_eq!(http["BufferingHints"], json!({"SizeInMBs": size, "IntervalInSeconds": interval}), "{to}");
        assert_eq!(http["RetryOptions"], json!({"DurationInSeconds": retry}), "{to}");
        assert_eq!(http["RequestConfiguration"]["ContentEncoding"], "GZIP");
        assert_eq!(http["S3BackupMode"], "FailedDataOnly");
        assert_eq!(http["ProcessingConfiguration"], Json::Null);
    }
}

#[test]
fn a_source_of_sumo_logic_is_a_secret_parameter() {
    for (vendor, size) in [("sumo-logic-logs", 5), ("sumo-logic-metrics", 1)] {
        let made = endpoint(&format!("http: {vendor}, url: \"${{Url}}\""));
        let http = &made["DeliveryStream"]["Properties"]["HttpEndpointDestinationConfiguration"];
        assert_eq!(http["EndpointConfiguration"]["Url"], json!({"Ref": "Url"}));
        assert_eq!(http["BufferingHints"]["SizeInMBs"], size);
        assert_eq!(http["SecretsManagerConfiguration"], Json::Null);
    }
}

#[test]
fn a_token_is_read_from_its_secret_and_never_in_the_template() {
    let made = endpoint("http: coralogix, region: eu1, secret: token");
    let http = &made["DeliveryStream"]["Properties"]["HttpEndpointDestinationConfiguration"];
    let expected = json!({
        "Enabled": true,
        "SecretARN": {"Ref": "TokenSecret"},
        "RoleARN": {"Fn::GetAtt": ["DeliveryRole", "Arn"]},
    });
    assert_eq!(http["SecretsManagerConfiguration"], expected);
    let statements = role(&made, "DeliveryRole");
    assert_eq!(statements["ReadToken"]["Action"], "secretsmanager:GetSecretValue");
    assert_eq!(statements["ReadToken"]["Resource"], json!({"Ref": "TokenSecret"}));
    assert_eq!(statements["ReadTokenKey"]["Action"], "kms:Decrypt");
    let secret = &made["TokenSecret"];
    assert_eq!(secret["DeletionPolicy"], "Retain");
    let generated = json!({
        "SecretStringTemplate": "{}",
        "GenerateStringKey": "api_key",
        "PasswordLength": 32,
        "ExcludePunctuation": true,
    });
    assert_eq!(secret["Properties"]["GenerateSecretString"], generated);
    assert_eq!(secret["Properties"]["SecretString"], Json::Null);
}

#[test]
fn a_secret_from_elsewhere_is_granted_by_its_arn() {
    let arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:token-AbCdEf";
    let made = endpoint(&format!("http: datadog, region: us1, secret: {{ arn: \"{arn}\" }}"));
    assert_eq!(role(&made, "DeliveryRole")["ReadToken"]["Resource"], arn);
}

#[test]
fn everything_is_kept_only_if_asked_for() {
    let made = endpoint("http: generic, url: https://example.com/in");
    let http = &made["DeliveryStream"]["Properties"]["HttpEndpointDestinationConfiguration"];
    assert_eq!(http["S3Configuration"]["Prefix"], Json::Null);
    let objects = &role(&made, "DeliveryRole")["WriteToFailedObjects"]["Resource"];
    assert_eq!(*objects, json!({"Fn::Sub": "${FailedBucket.Arn}/errors/*"}));
}

#[test]
fn a_url_must_be_of_https() {
    let body = "
components:
  failed: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { http: generic, url: \"http://example.com\", backup: { s3: failed } } }
";
    assert_eq!(findings(body), ["endpoint-url"]);
}
