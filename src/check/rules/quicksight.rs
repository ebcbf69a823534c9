//! Amazon QuickSight.

use std::collections::BTreeMap;

use crate::check::Context;
use crate::check::known::{Part, choices, parts, text};
use crate::diagnostics::Sink;
use crate::template::{Resource, Value, emit};

codes! {
    /// A permission of QuickSight is for nobody that QuickSight knows.
    ///
    /// A principal is a user, a group or a namespace of QuickSight, by its ARN. Roles and users of IAM have none of
    /// their own there. Data sources and data sets are shared with users and groups alone.
    ///
    /// ```yaml
    /// Resources:
    ///   Folder:
    ///     Type: AWS::QuickSight::Folder
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       FolderId: shop
    ///       Permissions:
    ///         - Principal: !Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/analyst
    ///           Actions: [quicksight:DescribeFolder]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Folder:
    ///     Type: AWS::QuickSight::Folder
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       FolderId: shop
    ///       Permissions:
    ///         - Principal: !Sub arn:${AWS::Partition}:quicksight:${AWS::Region}:${AWS::AccountId}:user/default/analyst
    ///           Actions: [quicksight:DescribeFolder]
    /// ```
    ///
    /// Source: QuickSight API, `ResourcePermission`, `Principal`.
    PRINCIPAL = Error "unknown-quicksight-principal";

    /// A permission has an action of another kind of resource.
    ///
    /// QuickSight takes the actions of the resource itself, in the sets that its roles have.
    ///
    /// ```yaml
    /// Resources:
    ///   Folder:
    ///     Type: AWS::QuickSight::Folder
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       FolderId: shop
    ///       Permissions:
    ///         - Principal: !Sub arn:${AWS::Partition}:quicksight:${AWS::Region}:${AWS::AccountId}:user/default/analyst
    ///           Actions: [quicksight:DescribeDashboard]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Folder:
    ///     Type: AWS::QuickSight::Folder
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       FolderId: shop
    ///       Permissions:
    ///         - Principal: !Sub arn:${AWS::Partition}:quicksight:${AWS::Region}:${AWS::AccountId}:user/default/analyst
    ///           Actions: [quicksight:DescribeFolder]
    /// ```
    ///
    /// Source: QuickSight User Guide, "Sharing and managing access to resources".
    ACTION = Warning "foreign-quicksight-action";

    /// A dataset has more schedules than QuickSight takes.
    ///
    /// It has at most five.
    ///
    /// ```yaml repeat=6
    /// Resources:
    ///   Refresh{n}:
    ///     Type: AWS::QuickSight::RefreshSchedule
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       DataSetId: orders
    ///       Schedule:
    ///         ScheduleId: at-{n}
    ///         RefreshType: FULL_REFRESH
    ///         ScheduleFrequency: { Interval: DAILY, TimeOfTheDay: "0{n}:00" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml repeat=5
    /// Resources:
    ///   Refresh{n}:
    ///     Type: AWS::QuickSight::RefreshSchedule
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       DataSetId: orders
    ///       Schedule:
    ///         ScheduleId: at-{n}
    ///         RefreshType: FULL_REFRESH
    ///         ScheduleFrequency: { Interval: DAILY, TimeOfTheDay: "0{n}:00" }
    /// ```
    ///
    /// Source: QuickSight User Guide, "Refreshing a dataset on a schedule".
    SCHEDULES = Warning "too-many-refresh-schedules";

    /// A schedule does not say when a dataset is refreshed, or asks for more than QuickSight does.
    ///
    /// A refresh every week or month has a day. Every 15 or 30 minutes, only what is new can be read.
    ///
    /// ```yaml
    /// Resources:
    ///   Refresh:
    ///     Type: AWS::QuickSight::RefreshSchedule
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       DataSetId: orders
    ///       Schedule:
    ///         ScheduleId: weekly
    ///         RefreshType: FULL_REFRESH
    ///         ScheduleFrequency: { Interval: WEEKLY, TimeOfTheDay: "06:00" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Refresh:
    ///     Type: AWS::QuickSight::RefreshSchedule
    ///     Properties:
    ///       AwsAccountId: !Ref AWS::AccountId
    ///       DataSetId: orders
    ///       Schedule:
    ///         ScheduleId: weekly
    ///         RefreshType: FULL_REFRESH
    ///         ScheduleFrequency: { Interval: WEEKLY, TimeOfTheDay: "06:00", RefreshOnDay: { DayOfWeek: MONDAY } }
    /// ```
    ///
    /// Source: QuickSight API Reference, `RefreshFrequency`.
    FREQUENCY = Error "incomplete-refresh-schedule";
}

/// Source: QuickSight User Guide, "Refreshing a dataset on a schedule".
const MOST_SCHEDULES: usize = 5;

/// The types that have permissions, with the word for them in the names of actions.
const KINDS: &[(&str, &str)] = &[
    ("AWS::QuickSight::Analysis", "Analysis"),
    ("AWS::QuickSight::Dashboard", "Dashboard"),
    ("AWS::QuickSight::DataSet", "DataSet"),
    ("AWS::QuickSight::DataSource", "DataSource"),
    (FOLDER, "Folder"),
    ("AWS::QuickSight::Template", "Template"),
    ("AWS::QuickSight::Theme", "Theme"),
];

const FOLDER: &str = "AWS::QuickSight::Folder";

/// Checks permissions and schedules.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for (kind, word) in KINDS {
        for resource in context.of_type(kind) {
            check_permissions(context, resource, word, sink);
        }
    }
    check_schedules(context, sink);
}

fn check_permissions(context: &Context<'_>, resource: &Resource, word: &str, sink: &mut Sink) {
    let all = resource.properties.get("Permissions").and_then(Value::as_list).unwrap_or_default();
    for (index, map) in all.iter().enumerate().filter_map(|(index, item)| Some((index, item.as_map()?))) {
        let path = format!("Resources/{}/Properties/Permissions/{index}", resource.id);
        for value in map.get("Principal").into_iter().flat_map(choices) {
            // The schema of folders says already that a principal is an ARN.
            let no_arn = resource.kind != FOLDER && is_no_arn(value);
            if ["DataSet", "DataSource"].contains(&word) && is_namespace(value) {
                let message = "a namespace, where only users and groups can be";
                context
                    .report_value(sink, &PRINCIPAL, value, &format!("{path}/Principal"), message)
                    .help("write the ARN of a group, for example of one with all users in it");
            }
            if is_of_iam(value) || no_arn {
                context
                    .report_value(
                        sink,
                        &PRINCIPAL,
                        value,
                        &format!("{path}/Principal"),
                        "a principal that is not one of QuickSight",
                    )
                    .help("write the ARN of a user, a group or a namespace of QuickSight");
            }
        }
        for (at, item) in map.get("Actions").and_then(Value::as_list).unwrap_or_default().iter().enumerate() {
            let Some(action) = text(item) else { continue };
            let name = action.strip_prefix("quicksight:").unwrap_or(&action);
            let foreign = KINDS.iter().find(|(_, other)| name.contains(other) && !name.contains(word));
            if let Some((_, other)) = foreign {
                let message = format!("`{action}` is an action on `{other}`, in a permission for `{word}`");
                context
                    .report_value(sink, &ACTION, item, &format!("{path}/Actions/{at}"), message)
                    .help(format!("write `quicksight:{}`, or remove it", name.replace(other, word)));
            }
        }
    }
}

/// Whether a principal is one of IAM. The root of an account is one with which templates are shared.
fn is_of_iam(value: &Value) -> bool {
    let Some(parts) = parts(value) else { return false };
    let says = |sign: &str| parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(sign)));
    let root = matches!(parts.last(), Some(Part::Text(end)) if end.ends_with(":root"));
    matches!(parts.first(), Some(Part::Text(_))) && says(":iam:") && !root
}

fn is_no_arn(value: &Value) -> bool {
    text(value).is_some_and(|text| !text.starts_with("arn:"))
}

/// Whether a principal is all of a namespace.
fn is_namespace(value: &Value) -> bool {
    let Some(parts) = parts(value) else { return false };
    parts.iter().any(|part| matches!(part, Part::Text(text) if text.contains(":namespace/")))
}

/// Checks when a schedule refreshes. What only the deployment knows is not judged.
fn check_frequency(context: &Context<'_>, schedule: &Resource, sink: &mut Sink) {
    let Some(settings) = schedule.properties.get("Schedule").and_then(Value::as_map) else { return };
    let Some(frequency) = settings.get("ScheduleFrequency").and_then(Value::as_map) else { return };
    let Some(interval) = frequency.get("Interval").and_then(text) else { return };
    let full = settings.get("RefreshType").and_then(text).as_deref() == Some("FULL_REFRESH");
    let path = &["Schedule", "ScheduleFrequency", "Interval"];
    match interval.as_str() {
        "WEEKLY" | "MONTHLY" if frequency.get("RefreshOnDay").is_none() => {
            context
                .report(sink, &FREQUENCY, schedule, path, format!("`{interval}` without a day"))
                .help("add `RefreshOnDay`");
        }
        "MINUTE15" | "MINUTE30" if full => {
            context
                .report(sink, &FREQUENCY, schedule, path, format!("`{interval}` for all of a dataset"))
                .help("write `HOURLY`, or `RefreshType: INCREMENTAL_REFRESH`");
        }
        _ => {}
    }
}

fn check_schedules(context: &Context<'_>, sink: &mut Sink) {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for schedule in context.of_type("AWS::QuickSight::RefreshSchedule") {
        check_frequency(context, schedule, sink);
        let Some(dataset) = schedule.properties.get("DataSetId").map(emit::json) else { continue };
        let count = counts.entry(dataset).or_default();
        *count += 1;
        if *count == MOST_SCHEDULES + 1 {
            context
                .report(
                    sink,
                    &SCHEDULES,
                    schedule,
                    &["DataSetId"],
                    format!("more than {MOST_SCHEDULES} schedules for one dataset"),
                )
                .help("remove a schedule");
        }
    }
}
