//! Views of Athena, rules of IoT and alarms on anomalies: what is in their templates.

use serde_json::{Value as Json, json};

use super::kinds_streaming::{findings, resources, role};

const VIEWS: &str = r#"
components:
  archive: { kind: s3-bucket }
  catalog: { kind: glue-database }
  orders:
    kind: glue-table
    database: catalog
    bucket: archive
    columns: { id: string, items: "array<struct<sku:string,count:int>>" }
  order-items:
    kind: athena-view
    database: catalog
    columns: { id: varchar, sku: varchar, count: integer }
    sql: "SELECT id, sku, count FROM orders CROSS JOIN UNNEST(items) AS item (sku, count)"
  totals:
    kind: athena-view
    name: sums
    database: catalog
    columns: { sku: varchar, total: bigint, ids: array(varchar) }
    sql: |
      SELECT sku, sum(count) AS total, array_agg(id) AS ids
      FROM "${catalog.name}".order_items GROUP BY sku
"#;

/// The definition of a view, as Athena decodes it.
fn definition(view: &Json) -> Json {
    let joined = view["Properties"]["TableInput"]["ViewOriginalText"]["Fn::Join"].as_array().unwrap();
    assert_eq!(joined[0], "");
    let parts = joined[1].as_array().unwrap();
    assert_eq!((&parts[0], &parts[2]), (&json!("/* Presto View: "), &json!(" */")));
    let text = &parts[1]["Fn::Base64"];
    let text = text["Fn::Sub"].as_str().or(text.as_str()).unwrap();
    serde_json::from_str(&text.replace("${CatalogDatabase}", "shop")).unwrap()
}

#[test]
fn a_view_decodes_to_what_was_written() {
    let made = resources(VIEWS);
    let expected = json!({
        "originalSql": "SELECT id, sku, count FROM orders CROSS JOIN UNNEST(items) AS item (sku, count)",
        "catalog": "awsdatacatalog",
        "schema": "shop",
        "columns": [
            {"name": "id", "type": "varchar"},
            {"name": "sku", "type": "varchar"},
            {"name": "count", "type": "integer"},
        ],
    });
    assert_eq!(definition(&made["OrderItemsView"]), expected);
    let totals = definition(&made["TotalsView"]);
    assert!(totals["originalSql"].as_str().unwrap().contains("FROM \"shop\".order_items GROUP BY"), "{totals}");
    assert_eq!(totals["columns"][2], json!({"name": "ids", "type": "array(varchar)"}));
}

#[test]
fn a_view_is_a_table_that_only_athena_reads() {
    let made = resources(VIEWS);
    let input = &made["TotalsView"]["Properties"]["TableInput"];
    assert_eq!((&input["Name"], &input["TableType"]), (&json!("sums"), &json!("VIRTUAL_VIEW")));
    assert_eq!(input["Parameters"], json!({"presto_view": "true"}));
    assert_eq!(input["PartitionKeys"], json!([]));
    assert_eq!(input["ViewExpandedText"], "/* Presto View */");
    let columns = json!([
        {"Name": "sku", "Type": "string"},
        {"Name": "total", "Type": "bigint"},
        {"Name": "ids", "Type": "array<string>"},
    ]);
    assert_eq!(input["StorageDescriptor"], json!({"Columns": columns, "SerdeInfo": {}}));
}

#[test]
fn a_view_comes_after_what_it_reads() {
    let made = resources(VIEWS);
    assert_eq!(made["OrderItemsView"]["DependsOn"], "OrdersTable");
    assert_eq!(made["TotalsView"]["DependsOn"], "OrderItemsView");
}

#[test]
fn a_change_of_a_table_is_noticed_in_the_views_on_it() {
    let renamed = VIEWS.replace("struct<sku:string,count:int>", "struct<sku:string>");
    assert_eq!(findings(&renamed), ["column-count"]);
    let retyped = VIEWS.replace("struct<sku:string,count:int>", "struct<sku:string,count:array<int>>");
    assert_eq!(findings(&retyped), ["view-column-type"]);
    let without = VIEWS.replace("id: string, items", "key: string, items");
    assert_eq!(findings(&without), ["unknown-column"]);
}

#[test]
fn messages_of_devices_go_to_streams_by_a_role_for_rules() {
    let made = resources(
        r"
components:
  archive: { kind: s3-bucket }
  delivery: { kind: firehose-stream, to: { s3: archive, layout: [readings] } }
  stream: { kind: kinesis-stream }
  readings:
    kind: iot-rule
    sql: SELECT *, topic(2) AS device FROM 'plant/+/readings'
    actions: [{ to: stream }, { to: delivery }]
    errors: { to: delivery, separator: newline }
",
    );
    let payload = &made["ReadingsRule"]["Properties"]["TopicRulePayload"];
    assert_eq!(payload["AwsIotSqlVersion"], "2016-03-23");
    let arn = json!({"Fn::GetAtt": ["ReadingsRole", "Arn"]});
    let kinesis = json!({"StreamName": {"Ref": "StreamStream"}, "PartitionKey": "${newuuid()}", "RoleArn": arn});
    assert_eq!(payload["Actions"][0], json!({"Kinesis": kinesis}));
    let firehose = json!({"DeliveryStreamName": {"Ref": "DeliveryStream"}, "RoleArn": arn});
    assert_eq!(payload["Actions"][1], json!({"Firehose": firehose}));
    assert_eq!(payload["ErrorAction"]["Firehose"]["Separator"], "\n");
    let trust = &made["ReadingsRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0];
    assert_eq!(trust["Principal"], json!({"Service": "iot.amazonaws.com"}));
    let source = &trust["Condition"]["ArnLike"]["aws:SourceArn"]["Fn::Sub"];
    assert_eq!(source, "arn:${AWS::Partition}:iot:${AWS::Region}:${AWS::AccountId}:rule/*");
    let statements = role(&made, "ReadingsRole");
    let mut names: Vec<&str> = statements.keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(names, ["PutOnDelivery", "PutOnStream"]);
}

#[test]
fn an_anomaly_is_what_leaves_the_band_of_its_detector() {
    let made = resources(
        r"
components:
  alerts: { kind: sns-topic }
  visits:
    kind: anomaly-alarm
    metric: { namespace: Shop, name: Visits, dimensions: { Page: start }, statistic: sum, period_seconds: 60 }
    severity: 75
    side: below
    notify: [alerts]
",
    );
    let detector = &made["VisitsDetector"]["Properties"]["SingleMetricAnomalyDetector"];
    let alarm = &made["VisitsAlarm"];
    let properties = &alarm["Properties"];
    let watched = &properties["Metrics"][0]["MetricStat"];
    assert_eq!(detector["Stat"], watched["Stat"]);
    for key in ["Namespace", "MetricName", "Dimensions"] {
        assert_eq!(detector[key], watched["Metric"][key], "{key}");
    }
    assert_eq!(detector["Dimensions"], json!([{"Name": "Page", "Value": "start"}]));
    assert_eq!(properties["Metrics"][1]["Expression"], "ANOMALY_DETECTION_BAND(m1, 3)");
    assert_eq!(properties["ThresholdMetricId"], properties["Metrics"][1]["Id"]);
    assert_eq!(properties["ComparisonOperator"], "LessThanLowerThreshold");
    assert_eq!(alarm["DependsOn"], "VisitsDetector");
    assert_eq!(properties["AlarmActions"], json!([{"Ref": "AlertsTopic"}]));
    assert!(made["AlertsTopicPolicy"].to_string().contains("ChangesOfVisits"));
}
