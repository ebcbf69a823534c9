//! Data sources, data sets and dashboards of QuickSight.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use super::kinds_streaming::resources;

const ORDERS: &str = r#"
components:
  archive: { kind: s3-bucket }
  results: { kind: s3-bucket }
  queries: { kind: athena-workgroup, results: results }
  catalog: { kind: glue-database }
  delivery:
    kind: firehose-stream
    to:
      s3: archive
      layout: [orders, { region: { query: .region, missing: none, values: [eu, us, none] } }, { year: { arrival: yyyy } }]
  orders:
    kind: glue-table
    database: catalog
    of: delivery
    columns: { id: string, amount: "decimal(10,2)", items: "array<string>", paid: boolean, placed_at: timestamp, day: date }
  lake:
    kind: quicksight-source
    athena: { workgroup: queries }
    owners: [group/default/analysts]
    readers: ["arn:aws:quicksight:eu-west-1:123456789012:user/default/someone"]
  all-orders:
    kind: quicksight-dataset
    source: lake
    table: orders
    cast: { id: integer }
    rename: { placed_at: Time }
    calculate: { Double: { formula: "{amount} * 2", type: decimal } }
    import: spice
    refresh: [{ every: day, at: "06:30", time_zone: Europe/Berlin }, { every: hour, incremental: true }]
    incremental: { field: Time, size: 2, unit: day }
    owners: [group/default/analysts]
    readers: [group/default/readers]
    identity_region: us-east-1
  overview:
    kind: quicksight-dashboard
    sheets:
      all:
        of: all-orders
        filters:
          - { field: region, values: [eu], title: Region }
          - { field: Time, last: { count: 30, unit: day } }
        rows:
          - - { show: kpi, title: Sent!, values: [{ count: region }], where: { region: [eu, us] } }
            - { show: kpi, values: [{ max: Time }], width: 10 }
            - { show: kpi, title: Sent!, values: [{ sum: paid }] }
          - - { show: bar, title: Bars, by: [{ field: Time, per: week }], values: [{ sum: Double }], color: region, top: 3, height: 20 }
            - { show: table, title: Rows, by: [region, day, id] }
    owners: [group/default/analysts]
    readers: [namespace/default]
"#;

fn properties<'a>(made: &'a Json, id: &str) -> &'a Json {
    &made[id]["Properties"]
}

fn actions(permission: &Json) -> BTreeSet<&str> {
    permission["Actions"].as_array().unwrap().iter().map(|action| action.as_str().unwrap()).collect()
}

#[test]
fn columns_of_a_table_come_in_with_their_types() {
    let made = resources(ORDERS);
    let set = properties(&made, "AllOrdersDataSet");
    let table = &set["PhysicalTableMap"]["source"]["RelationalTable"];
    assert_eq!(table["DataSourceArn"], json!({"Fn::GetAtt": ["LakeDataSource", "Arn"]}));
    assert_eq!(table["Schema"], json!({"Ref": "CatalogDatabase"}));
    assert_eq!(table["Name"], json!({"Ref": "OrdersTable"}));
    let columns: Vec<(&str, &str)> = table["InputColumns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|column| (column["Name"].as_str().unwrap(), column["Type"].as_str().unwrap()))
        .collect();
    // The array is left out, and the partition keys are there.
    let expected = [
        ("id", "STRING"),
        ("amount", "DECIMAL"),
        ("paid", "BOOLEAN"),
        ("placed_at", "DATETIME"),
        ("day", "DATETIME"),
        ("region", "STRING"),
        ("year", "STRING"),
    ];
    assert_eq!(columns, expected);
    let transforms = set["LogicalTableMap"]["fields"]["DataTransforms"].as_array().unwrap();
    let kinds: Vec<&String> = transforms.iter().flat_map(|one| one.as_object().unwrap().keys()).collect();
    assert_eq!(kinds, ["CastColumnTypeOperation", "RenameColumnOperation", "CreateColumnsOperation"]);
}

#[test]
fn a_dataset_without_changes_has_its_columns_as_they_come_in() {
    let text =
        ORDERS.replace("    cast: { id: integer }\n    rename: { placed_at: Time }\n", "    only: [id, region]\n");
    let text = text.split("    calculate:").next().unwrap();
    let made = resources(&format!("{text}    owners: [group/default/analysts]\n"));
    let set = properties(&made, "AllOrdersDataSet");
    assert_eq!(set["LogicalTableMap"], Json::Null);
    assert_eq!(set["ImportMode"], "DIRECT_QUERY");
    assert_eq!(set["PhysicalTableMap"]["source"]["RelationalTable"]["InputColumns"].as_array().unwrap().len(), 2);
}

#[test]
fn refreshes_have_ids_of_their_own_words() {
    let made = resources(ORDERS);
    let refreshes: Vec<&String> = made.as_object().unwrap().keys().filter(|id| id.contains("Refresh")).collect();
    assert_eq!(refreshes, ["AllOrdersRefreshDay0630", "AllOrdersRefreshHour"]);
    let day = properties(&made, "AllOrdersRefreshDay0630");
    assert_eq!(day["Schedule"]["ScheduleId"], "day-06-30");
    assert_eq!(day["Schedule"]["StartAfterDateTime"], Json::Null, "a time in the past is refused");
    let frequency = json!({"Interval": "DAILY", "TimeOfTheDay": "06:30", "TimeZone": "Europe/Berlin"});
    assert_eq!(day["Schedule"]["ScheduleFrequency"], frequency);
    assert_eq!(made["AllOrdersRefreshHour"]["DependsOn"], "AllOrdersDataSet");
    assert_eq!(properties(&made, "AllOrdersRefreshHour")["Schedule"]["RefreshType"], "INCREMENTAL_REFRESH");
    let window = &properties(&made, "AllOrdersDataSet")["DataSetRefreshProperties"]["RefreshConfiguration"];
    let expected = json!({"LookbackWindow": {"ColumnName": "Time", "Size": 2, "SizeUnit": "DAY"}});
    assert_eq!(window["IncrementalRefresh"], expected);
}

/// What QuickSight takes: the sets of its console, whole.
#[test]
fn owners_and_readers_have_the_whole_set_of_their_kind() {
    let made = resources(ORDERS);
    let mut sizes = Vec::new();
    for id in ["LakeDataSource", "AllOrdersDataSet", "OverviewDashboard"] {
        let permissions = properties(&made, id)["Permissions"].as_array().unwrap();
        let (owner, reader) = (actions(&permissions[0]), actions(&permissions[1]));
        assert!(reader.is_subset(&owner) && owner.len() <= 20, "{id}");
        assert!(owner.iter().any(|action| action.starts_with("quicksight:Delete")), "{id}");
        assert!(reader.iter().all(|action| !action.contains("Delete") && !action.contains("Update")), "{id}");
        sizes.push((owner.len(), reader.len()));
    }
    assert_eq!(sizes, [(6, 3), (18, 5), (8, 3)]);
}

#[test]
fn principals_are_in_the_region_of_the_identities() {
    let made = resources(ORDERS);
    let principal = |id: &str, at: usize| properties(&made, id)["Permissions"][at]["Principal"].clone();
    let arn = |region: &str, name: &str| json!({"Fn::Sub": format!("arn:${{AWS::Partition}}:quicksight:{region}:${{AWS::AccountId}}:{name}")});
    assert_eq!(principal("AllOrdersDataSet", 1), arn("us-east-1", "group/default/readers"));
    assert_eq!(principal("LakeDataSource", 0), arn("${AWS::Region}", "group/default/analysts"));
    assert_eq!(principal("LakeDataSource", 1), "arn:aws:quicksight:eu-west-1:123456789012:user/default/someone");
    assert_eq!(principal("OverviewDashboard", 1), arn("${AWS::Region}", "namespace/default"));
}

#[test]
fn visuals_of_a_row_share_its_width_and_height() {
    let made = resources(ORDERS);
    let sheet = &properties(&made, "OverviewDashboard")["Definition"]["Sheets"][0];
    let grid = &sheet["Layouts"][0]["Configuration"]["GridLayout"]["Elements"];
    let places: Vec<(&str, [u64; 4])> = grid
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let number = |name: &str| one[name].as_u64().unwrap();
            (
                one["ElementId"].as_str().unwrap(),
                [number("ColumnIndex"), number("ColumnSpan"), number("RowIndex"), number("RowSpan")],
            )
        })
        .collect();
    let expected = [
        ("all_sent", [0, 13, 0, 6]),
        ("all_kpi-max-time", [13, 10, 0, 6]),
        ("all_sent-2", [23, 13, 0, 6]),
        ("all_bars", [0, 18, 6, 20]),
        ("all_rows", [18, 18, 6, 20]),
    ];
    assert_eq!(places, expected);
    let visuals = sheet["Visuals"].as_array().unwrap();
    let ids: Vec<&str> = visuals
        .iter()
        .map(|one| one.as_object().unwrap().values().next().unwrap()["VisualId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, expected.map(|(id, _)| id));
}

#[test]
fn fields_are_shown_by_their_type() {
    let made = resources(ORDERS);
    let visuals = &properties(&made, "OverviewDashboard")["Definition"]["Sheets"][0]["Visuals"];
    let value = |at: usize, family: &str| {
        visuals[at]["KPIVisual"]["ChartConfiguration"]["FieldWells"]["Values"][0][family]["AggregationFunction"].clone()
    };
    assert_eq!(value(0, "CategoricalMeasureField"), "COUNT");
    assert_eq!(value(1, "DateMeasureField"), "MAX");
    assert_eq!(value(2, "NumericalMeasureField"), json!({"SimpleNumericalAggregation": "SUM"}));
    let bar = &visuals[3]["BarChartVisual"]["ChartConfiguration"];
    let wells = &bar["FieldWells"]["BarChartAggregatedFieldWells"];
    assert_eq!(wells["Category"][0]["DateDimensionField"]["DateGranularity"], "WEEK");
    assert!(wells["Colors"][0]["CategoricalDimensionField"].is_object());
    assert_eq!(bar["SortConfiguration"]["CategoryItemsLimit"], json!({"ItemsLimit": 3, "OtherCategories": "INCLUDE"}));
    let groups = &visuals[4]["TableVisual"]["ChartConfiguration"]["FieldWells"]["TableAggregatedFieldWells"]["GroupBy"];
    let families: Vec<&String> =
        groups.as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().keys()).collect();
    assert_eq!(families, ["CategoricalDimensionField", "DateDimensionField", "NumericalDimensionField"]);
}

/// Every control has its filter, every filter is of a sheet or of visuals that there are, and each has an id of its own.
#[test]
fn filters_and_their_controls_find_each_other() {
    let made = resources(ORDERS);
    let definition = &properties(&made, "OverviewDashboard")["Definition"];
    let groups = definition["FilterGroups"].as_array().unwrap();
    let filters: Vec<&Json> = groups.iter().flat_map(|group| group["Filters"].as_array().unwrap()).collect();
    let ids: Vec<&str> = filters
        .iter()
        .map(|one| one.as_object().unwrap().values().next().unwrap()["FilterId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["all_sent_only_1", "all_filter_region", "all_filter_time"]);
    let scope =
        |at: usize| groups[at]["ScopeConfiguration"]["SelectedSheets"]["SheetVisualScopingConfigurations"][0].clone();
    assert_eq!(scope(0), json!({"SheetId": "all", "Scope": "SELECTED_VISUALS", "VisualIds": ["all_sent"]}));
    assert_eq!(scope(1), json!({"SheetId": "all", "Scope": "ALL_VISUALS"}));
    let sheet = &definition["Sheets"][0];
    let controls: Vec<&Json> =
        sheet["FilterControls"].as_array().unwrap().iter().flat_map(|one| one.as_object().unwrap().values()).collect();
    assert_eq!(controls.len(), 2);
    let placed = sheet["SheetControlLayouts"][0]["Configuration"]["GridLayout"]["Elements"].as_array().unwrap();
    for (control, place) in controls.iter().zip(placed) {
        assert!(ids.contains(&control["SourceFilterId"].as_str().unwrap()));
        assert_eq!(control["FilterControlId"], place["ElementId"]);
    }
    let configuration = &filters[1]["CategoryFilter"]["Configuration"]["FilterListConfiguration"];
    let expected = json!({"MatchOperator": "CONTAINS", "CategoryValues": ["eu"], "NullOption": "NON_NULLS_ONLY"});
    assert_eq!(*configuration, expected);
}

#[test]
fn a_filter_without_values_takes_all_and_says_so_once() {
    let made = resources(&ORDERS.replace("values: [eu], ", ""));
    let groups = &properties(&made, "OverviewDashboard")["Definition"]["FilterGroups"];
    let expected =
        json!({"MatchOperator": "CONTAINS", "SelectAllOptions": "FILTER_ALL_VALUES", "NullOption": "ALL_VALUES"});
    assert_eq!(groups[1]["Filters"][0]["CategoryFilter"]["Configuration"]["FilterListConfiguration"], expected);
}

#[test]
fn a_cluster_and_an_endpoint_are_asked_with_a_secret() {
    let made = resources(
        r#"
components:
  password: { kind: secret, field: password, others: { username: reader } }
  cluster:
    kind: quicksight-source
    redshift: { cluster: shop, database: dev, secret: password }
    owners: [group/default/analysts]
  endpoint:
    kind: quicksight-source
    redshift: { host: shop.example.com, database: dev, secret: { arn: "${password.arn}" } }
    vpc_connection: arn:aws:quicksight:eu-central-1:123456789012:vpcConnection/shop
    owners: [group/default/analysts]
"#,
    );
    let cluster = properties(&made, "ClusterDataSource");
    let parameters = &cluster["DataSourceParameters"]["RedshiftParameters"];
    assert_eq!(*parameters, json!({"ClusterId": "shop", "Database": "dev"}));
    assert_eq!(cluster["Credentials"], json!({"SecretArn": {"Ref": "PasswordSecret"}}));
    let endpoint = properties(&made, "EndpointDataSource");
    let parameters = &endpoint["DataSourceParameters"]["RedshiftParameters"];
    assert_eq!(*parameters, json!({"Host": "shop.example.com", "Port": 5439, "Database": "dev"}));
    assert_eq!(endpoint["Credentials"], cluster["Credentials"]);
    assert!(endpoint["VpcConnectionProperties"]["VpcConnectionArn"].is_string());
}

/// Ids of one sheet never meet those of another, whatever their names.
#[test]
fn ids_are_unique_in_a_dashboard() {
    let sheet = |name: &str, title: &str| {
        format!(
            "      {name}: {{ of: rows, filters: [{{ field: id }}, {{ field: id }}], rows: [[{{ show: kpi, title: \"{title}\", values: [{{ count: id }}] }}]] }}\n"
        )
    };
    let text = format!(
        "components:\n  lake: {{ kind: quicksight-source, athena: {{}}, owners: [group/default/a] }}\n  rows:\n    kind: \
         quicksight-dataset\n    source: lake\n    sql: SELECT 1\n    columns: {{ id: string }}\n    owners: \
         [group/default/a]\n  board:\n    kind: quicksight-dashboard\n    owners: [group/default/a]\n    sheets:\n{}{}{}",
        sheet("a", "b c"),
        sheet("a-b", "c"),
        sheet("c", "ü")
    );
    let made = resources(&text);
    let text = made["BoardDashboard"].to_string();
    for kind in ["VisualId", "FilterId", "FilterGroupId", "FilterControlId", "FieldId"] {
        let ids: Vec<&str> =
            text.split(&format!("\"{kind}\":\"")).skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{kind}: {ids:?}");
    }
}
