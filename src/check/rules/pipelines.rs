//! AWS `CodePipeline`: what passes from action to action.

use std::collections::BTreeSet;

use crate::check::Context;
use crate::check::known::text;
use crate::diagnostics::{Sink, closest};
use crate::template::{Map, Resource, Value};

codes! {
    /// An action takes an artifact that no action before it makes, or makes one that is there already.
    ///
    /// Artifacts pass from action to action by their names, which are there once in a pipeline. `CodePipeline` refuses
    /// anything else.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Source
    ///           Actions:
    ///             - Name: source
    ///               ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
    ///               OutputArtifacts: [{ Name: code }]
    ///         - Name: Build
    ///           Actions:
    ///             - Name: build
    ///               ActionTypeId: { Category: Build, Owner: AWS, Provider: CodeBuild, Version: "1" }
    ///               InputArtifacts: [{ Name: source }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Source
    ///           Actions:
    ///             - Name: source
    ///               ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
    ///               OutputArtifacts: [{ Name: code }]
    ///         - Name: Build
    ///           Actions:
    ///             - Name: build
    ///               ActionTypeId: { Category: Build, Owner: AWS, Provider: CodeBuild, Version: "1" }
    ///               InputArtifacts: [{ Name: code }]
    /// ```
    ///
    /// Source: `CodePipeline` User Guide, "Pipeline structure reference", requirements for stages and actions.
    ARTIFACT = Error "unusable-artifact";

    /// The first stage of a pipeline does something else than fetch its source, or a later one fetches one.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Wait
    ///           Actions:
    ///             - { Name: wait, ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" } }
    ///         - Name: Again
    ///           Actions:
    ///             - { Name: again, ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Source
    ///           Actions:
    ///             - Name: source
    ///               ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
    ///               OutputArtifacts: [{ Name: code }]
    ///         - Name: Wait
    ///           Actions:
    ///             - { Name: wait, ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" } }
    /// ```
    ///
    /// Source: as of `unusable-artifact`.
    STAGE = Error "misplaced-source-action";

    /// An action has more artifacts than its provider takes or makes.
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Source
    ///           Actions:
    ///             - Name: source
    ///               ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
    ///               OutputArtifacts: [{ Name: code }]
    ///         - Name: Approval
    ///           Actions:
    ///             - Name: approve
    ///               ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" }
    ///               InputArtifacts: [{ Name: code }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Delivery:
    ///     Type: AWS::CodePipeline::Pipeline
    ///     Properties:
    ///       RoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/pipeline"
    ///       ArtifactStore: { Type: S3, Location: example-artifacts }
    ///       Stages:
    ///         - Name: Source
    ///           Actions:
    ///             - Name: source
    ///               ActionTypeId: { Category: Source, Owner: AWS, Provider: S3, Version: "1" }
    ///               OutputArtifacts: [{ Name: code }]
    ///         - Name: Approval
    ///           Actions:
    ///             - Name: approve
    ///               ActionTypeId: { Category: Approval, Owner: AWS, Provider: Manual, Version: "1" }
    /// ```
    ///
    /// Source: `CodePipeline` User Guide, "Valid number of input and output artifacts for each action type".
    COUNT = Error "too-many-artifacts";
}

/// How many artifacts the actions of each provider take and make at most: category, provider, inputs, outputs.
///
/// Source: `CodePipeline` User Guide, "Valid number of input and output artifacts for each action type".
const COUNTS: &[(&str, &str, usize, usize)] = &[
    ("Approval", "Manual", 0, 0),
    ("Build", "CodeBuild", 5, 5),
    ("Build", "Jenkins", 5, 5),
    ("Deploy", "CloudFormation", 10, 1),
    ("Deploy", "CodeDeploy", 1, 0),
    ("Deploy", "CodeDeployToECS", 5, 0),
    ("Deploy", "ECS", 1, 0),
    ("Deploy", "ElasticBeanstalk", 1, 0),
    ("Deploy", "S3", 1, 0),
    ("Deploy", "ServiceCatalog", 1, 0),
    ("Invoke", "Lambda", 5, 5),
    ("Invoke", "StepFunctions", 1, 1),
    ("Source", "CodeCommit", 0, 1),
    ("Source", "CodeStarSourceConnection", 0, 1),
    ("Source", "ECR", 0, 1),
    ("Source", "GitHub", 0, 1),
    ("Source", "S3", 0, 1),
    ("Test", "CodeBuild", 5, 5),
    ("Test", "DeviceFarm", 1, 0),
    ("Test", "Jenkins", 5, 5),
];

/// The category of actions that fetch something from outside.
const SOURCE: &str = "Source";

/// Checks pipelines.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    for pipeline in context.of_type("AWS::CodePipeline::Pipeline") {
        check_pipeline(context, pipeline, sink);
    }
}

/// The objects of a list, with their places in it; `None` if not all of them are known.
fn objects(value: Option<&Value>) -> Option<Vec<&Map>> {
    value?.as_list()?.iter().map(Value::as_map).collect()
}

fn check_pipeline(context: &Context<'_>, pipeline: &Resource, sink: &mut Sink) {
    let Some(stages) = objects(pipeline.properties.get("Stages")) else { return };
    // Once an artifact is not known, anything may be there.
    let mut known = true;
    let mut made: BTreeSet<String> = BTreeSet::new();
    for (number, stage) in stages.iter().enumerate() {
        let Some(actions) = objects(stage.get("Actions")) else { return };
        let stage = format!("Resources/{}/Properties/Stages/{number}/Actions", pipeline.id);
        // Actions with a lower number run before.
        let order = |action: &Map| action.get("RunOrder").and_then(crate::check::known::number).unwrap_or(1.0);
        let mut sorted: Vec<(usize, &&Map)> = actions.iter().enumerate().collect();
        sorted.sort_by(|(_, one), (_, other)| order(one).total_cmp(&order(other)));
        for (index, action) in sorted {
            let path = format!("{stage}/{index}");
            check_category(context, action, number == 0, &path, sink);
            check_counts(context, action, &path, sink);
            check_template_paths(context, action, &path, sink);
            known = known && check_artifacts(context, action, &mut made, &path, sink);
        }
    }
}

fn check_category(context: &Context<'_>, action: &Map, first: bool, path: &str, sink: &mut Sink) {
    let category = action.get("ActionTypeId").and_then(Value::as_map).and_then(|kind| kind.get("Category"));
    let Some((value, name)) = category.and_then(|value| Some((value, text(value)?))) else { return };
    let message = match (first, name == SOURCE) {
        (true, false) => format!("an action of category `{name}` in the first stage"),
        (false, true) => "an action that fetches a source after the first stage".to_owned(),
        _ => return,
    };
    context
        .report_value(sink, &STAGE, value, &format!("{path}/ActionTypeId/Category"), message)
        .help("let the first stage fetch the source, and only that one");
}

/// Checks the artifacts of an action; says whether all are known.
fn check_artifacts(
    context: &Context<'_>,
    action: &Map,
    made: &mut BTreeSet<String>,
    path: &str,
    sink: &mut Sink,
) -> bool {
    for key in ["InputArtifacts", "OutputArtifacts"] {
        if action.get(key).is_none() {
            continue;
        }
        let Some(artifacts) = objects(action.get(key)) else { return false };
        for (at, artifact) in artifacts.iter().enumerate() {
            let Some((value, name)) = artifact.get("Name").and_then(|value| Some((value, text(value)?))) else {
                return false;
            };
            let path = format!("{path}/{key}/{at}/Name");
            if key == "InputArtifacts" && !made.contains(&name) {
                let help = closest(&name, made.iter().map(String::as_str)).map_or_else(
                    || "name an output of an action before it".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                );
                context
                    .report_value(sink, &ARTIFACT, value, &path, format!("no action before makes `{name}`"))
                    .help(help);
            } else if key == "OutputArtifacts" && !made.insert(name.clone()) {
                context
                    .report_value(sink, &ARTIFACT, value, &path, format!("`{name}` is made by an action before"))
                    .help("give it a name of its own");
            }
        }
    }
    true
}

/// Checks that an action has no more artifacts than its provider allows.
fn check_counts(context: &Context<'_>, action: &Map, path: &str, sink: &mut Sink) {
    let kind = action.get("ActionTypeId").and_then(Value::as_map);
    let field = |name: &str| kind.and_then(|kind| kind.get(name)).and_then(text);
    let (Some(category), Some(provider)) = (field("Category"), field("Provider")) else { return };
    let known = COUNTS.iter().find(|(one, other, ..)| *one == category && *other == provider);
    let Some((.., inputs, outputs)) = known else { return };
    for (key, most) in [("InputArtifacts", *inputs), ("OutputArtifacts", *outputs)] {
        let Some(value) = action.get(key) else { continue };
        let Some(given) = value.as_list().map(<[Value]>::len).filter(|given| *given > most) else { continue };
        let message = format!("{given} `{key}`, an action of `{provider}` has at most {most}");
        let help = if most == 0 { format!("remove `{key}`") } else { format!("keep at most {most}") };
        context.report_value(sink, &COUNT, value, &format!("{path}/{key}"), message).help(help);
    }
}

/// Checks that the files that an action takes out of artifacts are in artifacts that it is given.
fn check_template_paths(context: &Context<'_>, action: &Map, path: &str, sink: &mut Sink) {
    let Some(configuration) = action.get("Configuration").and_then(Value::as_map) else { return };
    let inputs = match action.get("InputArtifacts") {
        None => Some(Vec::new()),
        inputs => objects(inputs),
    };
    let names: Option<Vec<String>> =
        inputs.and_then(|inputs| inputs.iter().map(|input| input.get("Name").and_then(text)).collect());
    let Some(names) = names else { return };
    for key in ["TemplatePath", "TemplateConfiguration"] {
        let Some((value, file)) = configuration.get(key).and_then(|value| Some((value, text(value)?))) else {
            continue;
        };
        let Some((artifact, _)) = file.split_once("::") else { continue };
        if !names.iter().any(|name| name == artifact) {
            let near = closest(artifact, names.iter().map(String::as_str));
            let path = format!("{path}/Configuration/{key}");
            context
                .report_value(sink, &ARTIFACT, value, &path, format!("`{artifact}` is no input of the action"))
                .help(near.map_or_else(
                    || format!("add `{artifact}` to `InputArtifacts`"),
                    |near| format!("did you mean `{near}`?"),
                ));
        }
    }
}
