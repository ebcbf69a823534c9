//! What a blueprint becomes depends on its settings and its text, and on nothing else.

use std::collections::BTreeMap;

use formwork::compile::{Format, Workspace};
use proptest::prelude::*;
use rayon::prelude::*;
use serde_json::{Value as Json, json};

use crate::memory::{Memory, shown};

const BLUEPRINT: &str = r#"blueprint: example
version: 1.0.0
let: { team: shop, days: 7, names: [a, b] }
parameters:
  Stage: { type: string, default: dev, description: The stage. }
  Days: { type: number, default: 30, description: Days after which an object is deleted. }
components:
  archive:
    kind: s3-bucket
    expire_after_days: ${Days}
  journal:
    kind: log-group
    retention_days: "{{ days }}"
  note:
    kind: resource
    type: AWS::SSM::Parameter
    properties: { Type: String, Value: "{{ team }}", Description: "In ${Stage}" }
  part:
    use: part
    with: { Team: "{{ team }}" }
  topic:
    kind: sns-topic
    for_each: "{{ names }}"
    display_name: "{{ each.value }}"
"#;

/// A module with names of its own, which an environment does not change.
const PART: &str = r#"blueprint: part
version: 1.0.0
let: { team: inside }
parameters:
  Team: { type: string, description: The team. }
  Days: { type: number, default: 1, description: Of the module. }
components:
  note:
    kind: resource
    type: AWS::SSM::Parameter
    properties: { Type: String, Value: "{{ team }} ${Team} ${Days}" }
"#;

/// What an environment may say, for all blueprints or for this one.
#[derive(Clone, Debug, Default)]
struct Said {
    stage: Option<String>,
    days: Option<u32>,
    team: Option<String>,
    retention: Option<u32>,
}

#[derive(Clone, Debug)]
struct Environment {
    all: Said,
    own: Said,
    tags: BTreeMap<String, String>,
}

fn said() -> impl Strategy<Value = Said> {
    let word = || proptest::option::of("[a-z]{1,3}");
    let days = proptest::option::of(1..5_u32);
    let retention = proptest::option::of(proptest::sample::select(&[1, 3, 5, 7][..]));
    (word(), days, word(), retention).prop_map(|(stage, days, team, retention)| Said { stage, days, team, retention })
}

fn environment() -> impl Strategy<Value = Environment> {
    let tags = proptest::collection::btree_map("[a-c]", "[a-z]{1,2}", 0..3);
    (said(), said(), tags).prop_map(|(all, own, tags)| Environment { all, own, tags })
}

impl Said {
    fn json(&self) -> Json {
        let mut parameters = serde_json::Map::new();
        parameters.extend(self.stage.iter().map(|stage| ("Stage".to_owned(), json!(stage))));
        parameters.extend(self.days.iter().map(|days| ("Days".to_owned(), json!(days))));
        let mut bindings = serde_json::Map::new();
        bindings.extend(self.team.iter().map(|team| ("team".to_owned(), json!(team))));
        bindings.extend(self.retention.iter().map(|days| ("days".to_owned(), json!(days))));
        json!({"parameters": parameters, "let": bindings})
    }
}

impl Environment {
    fn json(&self) -> Json {
        let mut all = self.all.json();
        all["tags"] = json!(self.tags);
        all["blueprints"] = json!({"example": self.own.json(), "other": {"parameters": {"Days": 99}}});
        all
    }

    /// What counts: what is said for the blueprint, then for all, then what the blueprint says itself.
    fn value<T: Clone>(&self, of: impl Fn(&Said) -> Option<T>, own: T) -> T {
        of(&self.own).or_else(|| of(&self.all)).unwrap_or(own)
    }
}

fn files() -> Memory {
    Memory::default().with("example.blueprint.yaml", BLUEPRINT).with("part.blueprint.yaml", PART)
}

fn rendered(settings: &str, name: &str) -> Json {
    let (workspace, findings) = Workspace::read("formwork.yaml", settings.as_bytes().to_vec(), Some(name));
    assert!(findings.is_empty(), "{findings:?}");
    let compiled = files().compile_in(&workspace, "example.blueprint.yaml");
    assert_eq!(shown(&compiled), "", "{settings}");
    serde_json::from_str(&compiled.template.unwrap().text(Format::Json)).unwrap()
}

/// Takes a value out of a template and holds it to what it must be.
fn take(template: &mut Json, path: &str, expected: &Json) -> Result<(), TestCaseError> {
    let found = template.pointer_mut(path).map(Json::take);
    prop_assert_eq!(found.as_ref(), Some(expected), "{}", path);
    Ok(())
}

fn take_tags(template: &mut Json, expected: &BTreeMap<String, String>) -> Result<usize, TestCaseError> {
    let mut seen = 0;
    for (id, resource) in template["Resources"].as_object_mut().unwrap() {
        let properties = resource["Properties"].as_object_mut().unwrap();
        let tags = properties.remove("Tags").unwrap_or_else(|| json!([]));
        let found: BTreeMap<String, String> = match tags {
            Json::Array(tags) => tags
                .iter()
                .map(|tag| (tag["Key"].as_str().unwrap().to_owned(), tag["Value"].as_str().unwrap().to_owned()))
                .collect(),
            other => serde_json::from_value(other).unwrap(),
        };
        if !found.is_empty() {
            prop_assert_eq!(&found, expected, "{}", id);
            seen += 1;
        }
    }
    Ok(seen)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn two_environments_differ_where_their_settings_say_so(one in environment(), other in environment()) {
        let settings = json!({"environments": {"one": one.json(), "other": other.json()}}).to_string();
        let mut rest = Vec::new();
        for (name, environment) in [("one", &one), ("other", &other)] {
            let mut template = rendered(&settings, name);
            let stage = environment.value(|said| said.stage.clone(), "dev".to_owned());
            let days = environment.value(|said| said.days, 30);
            let team = environment.value(|said| said.team.clone(), "shop".to_owned());
            let retention = environment.value(|said| said.retention, 7);
            take(&mut template, "/Parameters/Stage/Default", &json!(stage))?;
            take(&mut template, "/Parameters/Days/Default", &json!(days))?;
            take(&mut template, "/Resources/Note/Properties/Value", &json!(team))?;
            take(&mut template, "/Resources/PartNote/Properties/Value", &json!(format!("inside {team} 1")))?;
            take(&mut template, "/Resources/JournalLogGroup/Properties/RetentionInDays", &json!(retention))?;
            let tagged = take_tags(&mut template, &environment.tags)?;
            prop_assert_eq!(tagged > 0, !environment.tags.is_empty());
            rest.push(template);
        }
        prop_assert_eq!(&rest[0], &rest[1]);
    }
}

/// Components that use each other, each as it stands in a file.
const COMPONENTS: &[&str] = &[
    "  archive:\n    kind: s3-bucket\n    when: ${Keep}\n    access_logs: { to: logs }\n",
    "  logs:\n    kind: s3-bucket\n    when: ${Keep}\n",
    "  orders:\n    kind: kinesis-stream\n    for_each: [eu, us]\n    encryption: { key: data }\n",
    "  data:\n    kind: kms-key\n    alias: ${AWS::StackName}\n",
    "  raw-data:\n    kind: resource\n    type: AWS::KMS::Key\n",
    "  journal:\n    kind: log-group\n    encryption: { key: raw-data }\n",
    "  work:\n    kind: resource\n    type: AWS::SQS::Queue\n    properties: { KmsMasterKeyId: \"${raw-data.arn}\" }\n",
    "  alerts:\n    kind: sns-topic\n    encryption: { key: raw-data }\n",
    "  changes:\n    kind: event-rule\n    bus: shop\n    pattern: { source: [a] }\n    targets: [work, journal, alerts]\n    dead_letters: work\n",
    "  more-changes:\n    kind: event-rule\n    when: ${Keep}\n    pattern: { source: [b] }\n    targets: [work, journal]\n",
    "  shop:\n    kind: event-bus\n    encryption: { key: data }\n",
    "  part:\n    use: part\n    when: ${Keep}\n    with: { Team: \"${table.database}\" }\n",
    "  parts:\n    use: part\n    for_each: [a, b]\n    with: { Team: \"{{ each.value }}\" }\n",
    "  delivery:\n    kind: firehose-stream\n    when: ${Keep}\n    to: { s3: archive, layout: [orders] }\n",
    "  catalog:\n    kind: glue-database\n",
    "  table:\n    kind: glue-table\n    when: ${Keep}\n    database: catalog\n    of: delivery\n    columns: { id: string }\n",
    "  note:\n    kind: resource\n    type: AWS::SSM::Parameter\n    when: ${Keep}\n    properties: { Type: String, Value: \"${table.location} ${orders.*.name}\" }\n",
    "  old:\n    kind: alarm\n    metric: { of: work, name: ApproximateAgeOfOldestMessage, statistic: maximum }\n    threshold: 1\n    notify: [alerts]\n",
];

/// The template of a file with these components, without the digest of the file.
fn ordered(order: &[usize]) -> String {
    let head = "blueprint: example\nversion: 1.0.0\nparameters:\n  Keep: { type: boolean, default: true, description: Whether to keep. }\ncomponents:\n";
    let text: String = std::iter::once(head).chain(order.iter().map(|at| COMPONENTS[*at])).collect();
    let tail = "outputs:\n  Table: { value: \"${table.arn}\" }\n  Queue: { value: \"${work.url} of ${alerts.arn}\" }\n";
    let files = files().with("example.blueprint.yaml", text + tail);
    let compiled = files.compile("example.blueprint.yaml");
    assert_eq!(shown(&compiled), "");
    let text = compiled.template.unwrap().text(Format::Yaml);
    assert!(text.contains("Digest: sha256:"));
    text.lines().filter(|line| !line.contains("Digest: sha256:")).fold(String::new(), |all, line| all + line + "\n")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(40) })]

    #[test]
    fn the_order_of_components_and_the_number_of_threads_mean_nothing(
        orders in proptest::collection::vec(Just((0..COMPONENTS.len()).collect::<Vec<_>>()).prop_shuffle(), 1..4),
        threads in 1..9_usize,
    ) {
        let first = ordered(&(0..COMPONENTS.len()).collect::<Vec<_>>());
        for threads in [1, threads] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let texts = pool.install(|| orders.par_iter().map(|order| ordered(order)).collect::<Vec<_>>());
            for text in texts {
                prop_assert!(text == first, "{}", crate::snapshots::first_difference(&first, &text));
            }
        }
    }
}
