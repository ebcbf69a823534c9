//! The settings of a repository, applied to blueprints and to what is made of them.

use crate::blueprint::Blueprint;
use crate::blueprint::decode;
use crate::blueprint::project::{Level, Project, Settings};
use crate::check;
use crate::diagnostics::{Code, Diagnostic, Severity, Sink, alternatives, closest};
use crate::kinds::{self, Scope};
use crate::schema::model::Keyword;
use crate::schema::provider;
use crate::source::{Origin, Sources, Span};
use crate::syntax::{self, Dialect, Node};
use crate::template::{Data, Map, Resource, Template, Value};

codes! {
    /// A blueprint has a component of a kind that `formwork.yaml` forbids.
    ///
    /// ```yaml project=kinds: {forbidden: [resource]}
    /// components:
    ///   parameter:
    ///     kind: resource
    ///     type: AWS::SSM::Parameter
    ///     properties: { Type: String, Value: "1" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml project=kinds: {forbidden: [resource]}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    FORBIDDEN = Error "forbidden-kind";

    /// A blueprint has no component of a kind that `formwork.yaml` requires.
    ///
    /// ```yaml project=kinds: {required: [log-group]}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml project=kinds: {required: [log-group]}
    /// components:
    ///   journal:
    ///     kind: log-group
    /// ```
    REQUIRED = Error "required-kind";

    /// `formwork.yaml` names a finding that does not exist.
    ///
    /// The setting would change nothing, and nobody would see that. `formwork explain` lists all findings.
    ///
    /// ```yaml project=severity: {unused-parameters: error}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml project=severity: {unused-parameter: error}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNKNOWN_CODE = Error "unknown-finding";

    /// `formwork.yaml` lowers the severity of an error of which no template can come.
    ///
    /// After such an error there is no template, or one that CloudFormation or the service refuses; a lower severity
    /// would only move it to the deployment. What `formwork.yaml` itself demands (`forbidden-kind`, `required-kind`) can
    /// be lowered, and so can every warning.
    ///
    /// ```yaml project=severity: {unknown-property: warning}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml project=severity: {forbidden-kind: warning}
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    FIXED_SEVERITY = Error "fixed-severity";
}

/// The errors that may be lowered: the template works, and only the repository does not want it.
static LOWERABLE: [&Code; 2] = [&FORBIDDEN, &REQUIRED];

/// The settings of a repository, and the environment that was chosen.
#[derive(Debug, Default)]
pub struct Workspace {
    /// What was read: the file of the settings, if there is one.
    pub sources: Sources,
    /// The settings.
    pub project: Project,
    root: Option<Node>,
    environment: Option<String>,
    shows_info: bool,
}

impl Workspace {
    /// Reads the settings. What is wrong with them is returned in the order in which it is shown.
    pub fn read(shown: &str, bytes: Vec<u8>, environment: Option<&str>) -> (Self, Vec<Diagnostic>) {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = syntax::load(shown, bytes, &mut sources, &mut sink);
        let root = file.and_then(|file| syntax::parse(file, &sources, Dialect::Blueprint, &mut sink));
        let mut faults = Vec::new();
        let mut project = Project::default();
        if let Some(root) = &root {
            // `off` is one of the levels, and no truth value in this place.
            let levels: Vec<Span> =
                crate::blueprint::section(root, "severity").iter().map(|entry| entry.value.span).collect();
            sink.retain(|found| found.code.severity != Severity::Warning || !levels.contains(&found.span));
            check::language(root, kinds::schema::project_document(), kinds::schema::HINTS, &mut sink);
            project = decode::decode(root, &sources, &mut faults).unwrap_or_default();
            crate::compose::report_faults(&faults, &mut sink);
        }
        let diagnostics = sink.finish(&sources);
        (Self { sources, project, root, environment: environment.map(str::to_owned), shows_info: false }, diagnostics)
    }

    /// The same settings, with what is only good to know shown or not.
    #[must_use]
    pub fn with_info(self, shows_info: bool) -> Self {
        Self { shows_info, ..self }
    }

    /// What is wrong with the names of findings in the settings; `known` are those that exist.
    pub fn check_codes(&self, known: &[&'static Code]) -> Vec<Diagnostic> {
        let mut sink = Sink::default();
        let mut find = |name: &str, span: Span| {
            let found = known.iter().copied().find(|code| code.name == name);
            if found.is_none() {
                let names = known.iter().map(|code| code.name);
                let help = closest(name, names.clone()).map_or_else(
                    || "`formwork explain` lists all findings".to_owned(),
                    |name| format!("did you mean `{name}`?"),
                );
                sink.report(&UNKNOWN_CODE, span, format!("no finding `{name}`")).help(help).meant(name, names);
            }
            found
        };
        for accepted in &self.project.accept {
            find(&accepted.code.value, accepted.code.span());
        }
        let named: Vec<(&'static Code, Span, Level)> = self
            .project
            .severity
            .iter()
            .filter_map(|(name, level)| Some((find(&name.value, name.span())?, name.span(), *level)))
            .collect();
        for (code, span, level) in named {
            let is_lower = level.severity() != Some(Severity::Error);
            if code.severity == Severity::Error && is_lower && !LOWERABLE.iter().any(|one| one.name == code.name) {
                let message = format!("`{}` is an error of which no template can come", code.name);
                sink.report(&FIXED_SEVERITY, span, message).help(format!(
                    "remove this line; of errors, only {} can be lowered",
                    alternatives(LOWERABLE.iter().map(|code| code.name))
                ));
            }
        }
        sink.finish(&self.sources)
    }

    /// How bad a finding is here; nothing where it is not shown. What is only good to know is shown where it is asked
    /// for, for the run or by its name.
    fn severity(&self, code: &Code) -> Option<Severity> {
        let level = self.project.severity.iter().find(|(name, _)| name.value == code.name);
        let own = Some(code.severity).filter(|severity| self.shows_info || *severity < Severity::Info);
        level.map_or(own, |(_, level)| level.severity())
    }

    /// Gives every finding the severity that it has here, and takes out those that are not shown.
    pub fn weigh(&self, sink: &mut Sink) {
        sink.retain(|finding| self.severity(finding.code).is_some());
        sink.each(|finding| finding.severity = self.severity(finding.code).unwrap_or(finding.severity));
    }

    /// Why the environment that was chosen does not exist, if it does not.
    pub fn unknown_environment(&self) -> Option<String> {
        let name = self.environment.as_deref()?;
        let known: Vec<&str> = self.project.environments.keys().map(|key| key.value.as_str()).collect();
        if known.contains(&name) {
            return None;
        }
        let help = match closest(name, known.iter().copied()) {
            Some(close) => format!("did you mean `{close}`?"),
            None if known.is_empty() => "add it to `environments` in formwork.yaml".to_owned(),
            None => format!("there are {}", alternatives(known)),
        };
        Some(format!("no environment `{name}`\nhelp: {help}"))
    }

    /// What the settings mean for the blueprint of this name.
    pub fn settings(&self, blueprint: &str) -> Settings {
        let Some(root) = &self.root else { return Settings::default() };
        let names: Vec<&str> = kinds::KINDS.iter().map(|kind| kind.name).collect();
        Settings::new(root, self.environment.as_deref(), blueprint, &names, &kinds::schema::has_field)
    }

    /// Applies the settings to a template: tags, boundaries, and which kinds are allowed.
    pub fn apply(&self, blueprint: &Blueprint, scope: &Scope, template: &mut Template, sink: &mut Sink) {
        let mut unwanted = Sink::default();
        self.check_kinds(blueprint, &mut unwanted);
        // At once, because errors keep the template from being checked.
        self.weigh(&mut unwanted);
        sink.append(unwanted);
        let environment = self.environment.as_ref().and_then(|name| {
            self.project.environments.iter().find(|(key, _)| key.value == *name).map(|(_, environment)| environment)
        });
        let tags: Vec<(&str, Span, Value)> = environment
            .into_iter()
            .flat_map(|environment| &environment.tags)
            .chain(&self.project.defaults.tags)
            .map(|(key, text)| (key.value.as_str(), key.span(), scope.value(text)))
            .collect();
        let boundary = self.project.defaults.permissions_boundary.as_ref().map(|text| scope.value(text));
        for resource in &mut template.resources {
            add_tags(resource, &tags);
            if let Some(boundary) = &boundary
                && resource.kind == "AWS::IAM::Role"
                && resource.properties.get("PermissionsBoundary").is_none()
            {
                resource.properties.push("PermissionsBoundary", boundary.origin, boundary.clone());
            }
        }
        sink.append(scope.take().0);
    }

    fn check_kinds(&self, blueprint: &Blueprint, sink: &mut Sink) {
        let kinds = &self.project.kinds;
        for declared in &blueprint.components {
            let Some((kind, span)) = &declared.kind else { continue };
            if let Some(forbidden) = kinds.forbidden.iter().find(|forbidden| forbidden.value == *kind) {
                sink.report(&FORBIDDEN, *span, format!("components of kind `{kind}` are forbidden here"))
                    .also(forbidden.span(), "by this setting")
                    .help("use another kind, or change the setting");
            }
        }
        for required in &kinds.required {
            let has = |declared: &crate::blueprint::Declared| {
                declared.kind.as_ref().is_some_and(|(kind, _)| *kind == required.value)
            };
            if !blueprint.components.iter().any(has) {
                let span = blueprint.span.unwrap_or(Span::START);
                sink.report(&REQUIRED, span, format!("this blueprint has no component of kind `{}`", required.value))
                    .also(required.span(), "required by this setting")
                    .help(format!("add a component of kind `{}`", required.value));
            }
        }
    }

    /// Takes out what the settings accept: of a blueprint its warnings; of a template that was written by hand
    /// (`None`) errors, too, because what formwork refuses there may be newer than it.
    pub fn accept(&self, blueprint: Option<&str>, sink: &mut Sink) {
        for accepted in &self.project.accept {
            let of_this = |names: &Vec<String>| names.iter().any(|name| Some(name.as_str()) == blueprint);
            if accepted.blueprints.as_ref().is_none_or(of_this) {
                sink.retain(|finding| {
                    let fixed = blueprint.is_some() && finding.code.severity == Severity::Error;
                    fixed || finding.code.name != accepted.code.value
                });
            }
        }
    }
}

/// Adds tags in the form that the type takes; those that are there stay.
fn add_tags(resource: &mut Resource, tags: &[(&str, Span, Value)]) {
    let Some(known) = provider::resource_type(&resource.kind) else { return };
    let Some(path) = known.taggable().filter(|path| !path.contains('/')) else { return };
    if tags.is_empty() {
        return;
    }
    let is_list = known.property(&[path]).is_some_and(|schema| {
        known.document().flatten(schema).iter().any(|keyword| matches!(keyword, Keyword::Items(_)))
    });
    let mut present = resource.properties.0.iter().position(|(key, _)| key.text == path);
    if present.is_none() {
        let empty = if is_list { Data::List(Vec::new()) } else { Data::Map(Map::default()) };
        resource.properties.push(path, resource.origin, Value::new(resource.origin, empty));
        present = Some(resource.properties.0.len() - 1);
    }
    let Some((_, value)) = present.and_then(|at| resource.properties.0.get_mut(at)) else { return };
    for (name, span, tag) in tags {
        let origin = Origin::Written(*span);
        match &mut value.data {
            Data::List(items) => {
                let has = items.iter().any(|item| item.at(&["Key"]).and_then(Value::as_str) == Some(*name));
                if !has {
                    let entry = crate::map!(origin; "Key" => *name, "Value" => tag.clone());
                    items.push(Value::new(origin, Data::Map(entry)));
                }
            }
            Data::Map(map) if map.get(name).is_none() => map.push(name, origin, tag.clone()),
            _ => {}
        }
    }
}
