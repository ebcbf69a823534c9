//! Modules: blueprints that are used as components of others.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::{Case, Location, Run, cases};
use crate::blueprint::condition::{self, Condition};
use crate::blueprint::parameters::{Parameter, ParameterType};
use crate::blueprint::project::Settings;
use crate::blueprint::text::{self, Fault, Text, Tree};
use crate::blueprint::{self, Blueprint, Bound, Declared, Frame, Member, Output, decode, expand};
use crate::check;
use crate::diagnostics::{Diagnostic, alternatives, closest};
use crate::kinds;
use crate::schema::Segment;
use crate::source::{FileId, Span};
use crate::syntax::{Data, Entry, Key, Node};

codes! {
    /// A blueprint that is used as a module cannot be found.
    ///
    /// It is looked for beside the blueprint that uses it: a folder of this name with `blueprint.yaml`, or a file
    /// `NAME.blueprint.yaml`; then in the reference library of formwork.
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audits
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    /// ```
    UNKNOWN = Error "unknown-module";

    /// Blueprints use each other in a circle.
    ///
    /// ```yaml
    /// components:
    ///   again:
    ///     use: example
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    /// ```
    CYCLE = Error "module-cycle";

    /// `with` gives a value to a parameter that the module does not have.
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    ///     with: { RetentionDay: 30 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    ///     with: { RetentionDays: 30 }
    /// ```
    ARGUMENT = Error "unknown-argument";

    /// A parameter of a module that has no default is given no value.
    ///
    /// A parameter of type `component` has none ever: a blueprint with one can only be used as a module.
    ///
    /// ```yaml module=firehose-alarms
    /// components:
    ///   alarms:
    ///     use: firehose-alarms
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    /// ```
    MISSING = Error "missing-argument";

    /// A value in `with` is none that the parameter of the module takes.
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    ///     with: { RetentionDays: long }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   audit:
    ///     use: service-event-audit
    ///     with: { RetentionDays: 30 }
    /// ```
    REFUSED = Error "argument-not-allowed";
}

/// A component that was given to a module.
struct Given {
    /// Its full name.
    component: String,
    /// The kinds that the module accepts.
    kinds: Vec<String>,
    /// Where it was given.
    span: Span,
    /// The frame of the module that was given it.
    frame: usize,
}

/// A blueprint with its modules, and where all of it came from.
#[derive(Default)]
pub(super) struct Gathered {
    /// The whole.
    pub blueprint: Blueprint,
    /// The folder of each frame.
    pub folders: Vec<PathBuf>,
    /// The files of the blueprints, each with the names of the components that lead to it.
    pub files: Vec<(String, FileId)>,
    /// The files that are modules, and where they are used.
    pub used: Vec<(FileId, Span)>,
    /// The tests of the blueprint itself.
    pub cases: Vec<Case>,
    /// Components that were given to modules that accept only some kinds.
    given: Vec<Given>,
}

impl Gathered {
    /// Reports components of a kind that the module does not accept.
    pub fn check_given(&mut self, run: &mut Run) {
        for Given { component, kinds: accepted, span, frame } in &self.given {
            let declared = self.blueprint.components.iter().find(|declared| declared.name == *component);
            let Some((kind, _)) = declared.and_then(|declared| declared.kind.as_ref()) else { continue };
            let raw = declared.and_then(|declared| blueprint::string(&declared.fields, "type"));
            let raw = raw.filter(|_| kind == kinds::RESOURCE);
            let standing = raw.as_deref().and_then(kinds::of_type);
            let what =
                raw.as_ref().map_or_else(|| format!("a `{kind}`"), |name| format!("a resource of type `{name}`"));
            if !accepted.contains(kind) && standing.is_none_or(|kind| !accepted.iter().any(|name| name == kind.name)) {
                let accepted = alternatives(accepted.iter().map(String::as_str));
                run.sink
                    .report(&REFUSED, *span, format!("this is {what}, and the module takes {accepted}"))
                    .help(format!("name a component of kind {accepted}"));
                // Inside of the module it would only be told again.
                let parameters =
                    self.blueprint.frames.get_mut(*frame).into_iter().flat_map(|f| f.parameters.values_mut());
                for bound in parameters.filter(|bound| matches!(bound, Bound::Component(full) if full == component)) {
                    *bound = Bound::Failed;
                }
            }
        }
    }
}

/// Whether a blueprint can only be used by others.
pub(super) fn is_module(root: &Node) -> bool {
    blueprint::section(root, "parameters")
        .iter()
        .any(|entry| blueprint::string(&entry.value, "type").as_deref() == Some("component"))
}

/// A module that is being read: what leads to it, and what it was given.
struct Use<'a> {
    prefix: String,
    user: Option<(usize, Span)>,
    bound: BTreeMap<String, Bound>,
    inputs: Vec<(String, Node)>,
    when: Vec<(Condition, usize, Span)>,
    /// The paths of the blueprints that are being read, outermost first.
    trail: Vec<&'a Path>,
}

/// Reads a blueprint and all modules that it uses.
pub(super) fn gather(run: &mut Run, file: FileId, root: Node, at: Location<'_>, faults: &mut Vec<Fault>) -> Gathered {
    let mut gathered = Gathered::default();
    let own = Use {
        prefix: String::new(),
        user: None,
        bound: BTreeMap::new(),
        inputs: Vec::new(),
        when: Vec::new(),
        trail: vec![at.path],
    };
    let (root, repeated) = expand::expand(root, &own.inputs, at.settings, &run.sources, &mut run.sink);
    let wrong = check::language(&root, kinds::schema::document(), kinds::schema::HINTS, &mut run.sink);
    gathered.cases = cases::read(run, &root, at);
    let root = with_defaults(root, at.settings);
    let name = blueprint::string(&root, "blueprint").unwrap_or_default();
    gathered.blueprint = Blueprint {
        version: blueprint::string(&root, "version").unwrap_or_default(),
        title: blueprint::string(&root, "title"),
        description: blueprint::string(&root, "description"),
        span: blueprint::entry(&root, "blueprint").map(|entry| entry.value.span),
        parameters: blueprint::decoded(&root, "parameters", &run.sources, faults),
        outputs: blueprint::decoded(&root, "outputs", &run.sources, faults),
        name,
        ..Blueprint::default()
    };
    let mut own = own;
    // What is wrong with a parameter is told there, and not at everything that uses it.
    for entry in blueprint::section(&root, "parameters") {
        own.bound.insert(entry.key.text.clone(), Bound::Failed);
    }
    for (key, parameter) in &gathered.blueprint.parameters {
        let bound = Bound::Parameter(parameter.kind.is_list());
        own.bound.insert(key.text.clone(), bound);
    }
    gathered.files.push((String::new(), file));
    read(run, &mut gathered, (&root, &wrong), repeated, own, at, faults);
    gathered
}

/// The defaults that the environment gives to parameters.
fn with_defaults(mut root: Node, settings: &Settings) -> Node {
    let Data::Map(sections) = &mut root.data else { return root };
    for parameter in sections
        .iter_mut()
        .filter(|section| section.key.text == "parameters")
        .filter_map(|section| match &mut section.value.data {
            Data::Map(parameters) => Some(parameters),
            _ => None,
        })
        .flatten()
    {
        let Some(set) = settings.parameters.iter().find(|set| set.key.text == parameter.key.text) else { continue };
        if let Data::Map(fields) = &mut parameter.value.data {
            fields.retain(|field| field.key.text != "default");
            fields
                .push(Entry { key: Key { text: "default".to_owned(), span: set.key.span }, value: set.value.clone() });
        }
    }
    root
}

/// Adds the components of one evaluated file, and those of the modules that it uses.
fn read(
    run: &mut Run,
    gathered: &mut Gathered,
    (root, wrong): (&Node, &[Vec<Segment>]),
    repeated: Vec<expand::Repeated>,
    own: Use<'_>,
    at: Location<'_>,
    faults: &mut Vec<Fault>,
) {
    let index = gathered.blueprint.frames.len();
    let outputs: Vec<(Key, Output)> = blueprint::decoded(root, "outputs", &run.sources, faults);
    gathered.folders.push(at.path.parent().unwrap_or(Path::new("")).to_owned());
    gathered.blueprint.frames.push(Frame {
        prefix: own.prefix.clone(),
        user: own.user,
        members: repeated.into_iter().map(|(key, names)| (key.text, Member::Repeated(names))).collect(),
        parameters: own.bound,
        outputs: outputs.into_iter().map(|(key, output)| (key.text, output.value)).collect(),
    });
    // Names first: a module may be given a component that is declared after it.
    let mut entries = Vec::new();
    for entry in blueprint::section(root, "components") {
        let when = expand::field(&entry.value, "when").and_then(|node| condition_of(node, run, faults));
        let when = when.map(|(condition, span)| (decide(condition, &gathered.blueprint.frames[index]), span));
        let member = match &when {
            Some((Condition::Always(false), _)) => Member::LeftOut,
            _ => Member::Component(format!("{}{}", own.prefix, entry.key.text)),
        };
        let left_out = matches!(member, Member::LeftOut);
        gathered.blueprint.frames[index].members.insert(entry.key.text.clone(), member);
        if !left_out {
            entries.push((entry, when.filter(|(condition, _)| !matches!(condition, Condition::Always(_)))));
        }
    }
    for (entry, when) in entries {
        let mut conditions = own.when.clone();
        conditions.extend(when.map(|(condition, span)| (condition, index, span)));
        if expand::field(&entry.value, "use").is_some() {
            let user = User { frame: index, prefix: &own.prefix, when: conditions, trail: &own.trail };
            use_module(run, gathered, entry, user, at, faults);
        } else {
            let mut declared = Declared::new(entry, (index, &own.prefix), &run.sources, faults);
            declared.note_wrong(wrong);
            declared.when = conditions;
            gathered.blueprint.components.push(declared);
        }
    }
}

fn condition_of(node: &Node, run: &mut Run, faults: &mut Vec<Fault>) -> Option<(Condition, Span)> {
    if let Data::Bool(value) = node.data {
        return Some((Condition::Always(value), node.span));
    }
    let text: Text = text::parse(node, &run.sources, faults)?;
    Some((condition::parse(&text, &mut run.sink)?, node.span))
}

/// Decides what the values of a module's parameters decide.
fn decide(condition: Condition, frame: &Frame) -> Condition {
    condition.simplify(&|name| match frame.parameters.get(name)? {
        Bound::Value(tree, _) => match &tree.data {
            text::TreeData::Text(text) => text.literal().map(Cow::into_owned),
            text::TreeData::Plain(json) => Some(json.to_string()),
            text::TreeData::List(_) | text::TreeData::Map(_) => None,
        },
        _ => None,
    })
}

/// The file that uses a module.
struct User<'a, 'p> {
    frame: usize,
    prefix: &'a str,
    when: Vec<(Condition, usize, Span)>,
    trail: &'a [&'p Path],
}

fn use_module(
    run: &mut Run,
    gathered: &mut Gathered,
    entry: &Entry,
    user: User<'_, '_>,
    at: Location<'_>,
    faults: &mut Vec<Fault>,
) {
    let Some(node) = expand::field(&entry.value, "use") else { return };
    let Data::String(scalar) = &node.data else { return };
    let name = scalar.text.as_str();
    // What refers to the module must not be told that there is none.
    gathered.blueprint.frames[user.frame].members.insert(entry.key.text.clone(), Member::LeftOut);
    let Some((path, bytes)) = find(name, at) else {
        run.sink.report(&UNKNOWN, node.span, format!("no blueprint `{name}`")).help(
            "put it beside this one, as a folder with `blueprint.yaml`; `formwork list` shows the reference library",
        );
        return;
    };
    if user.trail.contains(&path.as_path()) {
        let trail: Vec<String> = user.trail.iter().copied().chain([path.as_path()]).map(shown).collect();
        run.sink
            .report(&CYCLE, node.span, format!("blueprints that use each other: {}", trail.join(" → ")))
            .help("take what both need into a third blueprint");
        return;
    }
    let known = gathered.files.iter().find(|(label, _)| *label == shown(&path)).map(|(_, file)| *file);
    let parsed = match known {
        Some(file) => run.parse_again(file).map(|root| (file, root)),
        None => run.parse(&shown(&path), bytes),
    };
    let Some((file, root)) = parsed else { return };
    gathered.used.push((file, entry.key.span));
    if known.is_none() {
        gathered.files.push((shown(&path), file));
    }
    let parameters: Vec<(Key, Parameter)> = blueprint::decoded(&root, "parameters", &run.sources, faults);
    let (bound, inputs) = bind(run, gathered, &parameters, &root, entry, user.frame, faults);
    let prefix = format!("{}{}-", user.prefix, entry.key.text);
    let (root, repeated) =
        expand::expand(root, &inputs, &own_settings(at.settings, &prefix), &run.sources, &mut run.sink);
    let wrong = check::language(&root, kinds::schema::document(), kinds::schema::HINTS, &mut run.sink);
    let index = gathered.blueprint.frames.len();
    gathered.blueprint.frames[user.frame].members.insert(entry.key.text.clone(), Member::Module(index));
    let trail = user.trail.iter().copied().chain([path.as_path()]).collect();
    let own = Use { prefix, user: Some((user.frame, entry.key.span)), bound, inputs, when: user.when, trail };
    read(run, gathered, (&root, &wrong), repeated, own, Location { path: &path, ..at }, faults);
}

/// What the settings mean for a module: its parameters and `let` are its user's business.
fn own_settings(settings: &Settings, prefix: &str) -> Settings {
    Settings { prefix: prefix.to_owned(), parameters: Vec::new(), bindings: Vec::new(), ..settings.clone() }
}

/// The file of a blueprint by its name, beside the one that uses it or in the reference library.
fn find(name: &str, at: Location<'_>) -> Option<(PathBuf, Vec<u8>)> {
    let own = at.path.parent().unwrap_or(Path::new(""));
    // A blueprint in a folder of its own has its neighbours one level up.
    let mut beside = vec![own.to_owned()];
    beside.extend(own.parent().map(Path::to_owned));
    let candidates = beside
        .iter()
        .flat_map(|folder| [folder.join(name).join("blueprint.yaml"), folder.join(format!("{name}.blueprint.yaml"))]);
    let mut candidates: Vec<PathBuf> = candidates.collect();
    candidates.push(Path::new(LIBRARY).join(name).join("blueprint.yaml"));
    candidates.into_iter().find_map(|path| at.files.read(&path).ok().map(|bytes| (path, bytes)))
}

/// The folder under which `Files` gives the reference library.
pub const LIBRARY: &str = "formwork-library";

/// A description as part of a message.
fn phrase(description: &str) -> &str {
    description.trim_end().trim_end_matches('.')
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().replace('\\', "/")
}

/// What the parameters of a module stand for, and the values that are known when formwork runs.
fn bind(
    run: &mut Run,
    gathered: &mut Gathered,
    parameters: &[(Key, Parameter)],
    root: &Node,
    entry: &Entry,
    frame: usize,
    faults: &mut Vec<Fault>,
) -> (BTreeMap<String, Bound>, Vec<(String, Node)>) {
    let given: &[Entry] = match expand::field(&entry.value, "with").map(|node| &node.data) {
        Some(Data::Map(entries)) => entries,
        _ => &[],
    };
    for argument in given {
        let name = argument.key.text.as_str();
        if !parameters.iter().any(|(key, _)| key.text == name) {
            let names: Vec<&str> = parameters.iter().map(|(key, _)| key.text.as_str()).collect();
            let help = match closest(name, names.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if names.is_empty() => "the module has no parameters".to_owned(),
                None => format!("the module has {}", alternatives(names.iter().copied())),
            };
            // A parameter that is given already cannot be meant.
            let free = names.into_iter().filter(|name| !given.iter().any(|argument| argument.key.text == *name));
            run.sink
                .report(&ARGUMENT, argument.key.span, format!("the module has no parameter `{name}`"))
                .help(help)
                .meant(name, free);
        }
    }
    let (mut bound, mut inputs) = (BTreeMap::new(), Vec::new());
    for (key, parameter) in parameters {
        let name = &key.text;
        let argument = given.iter().find(|argument| argument.key.text == *name);
        let binding = match argument {
            Some(argument) if parameter.kind == ParameterType::Component => {
                component(run, gathered, parameter, &argument.value, frame)
            }
            Some(argument) => {
                let tree: Tree = text::tree(&argument.value, &run.sources, faults);
                let known = expand::is_known(&argument.value);
                if known && refuse(run, name, parameter, &argument.value, faults) {
                    Bound::Failed
                } else {
                    inputs.extend(known.then(|| (name.clone(), argument.value.clone())));
                    Bound::Value(tree, frame)
                }
            }
            None => {
                let default = blueprint::section(root, "parameters")
                    .iter()
                    .find(|entry| entry.key.text == *name)
                    .and_then(|entry| expand::field(&entry.value, "default"));
                if let Some(default) = default {
                    inputs.push((name.clone(), default.clone()));
                    Bound::Value(text::tree(default, &run.sources, faults), frame)
                } else {
                    run.sink
                        .report(&MISSING, entry.key.span, format!("the module needs a value for `{name}`"))
                        .also(key.span, phrase(&parameter.description))
                        .help(format!("add `with: {{ {name}: … }}`"));
                    Bound::Failed
                }
            }
        };
        bound.insert(name.clone(), binding);
    }
    (bound, inputs)
}

/// The component that an argument names.
fn component(run: &mut Run, gathered: &mut Gathered, parameter: &Parameter, node: &Node, frame: usize) -> Bound {
    let Data::String(scalar) = &node.data else {
        run.sink
            .report(&REFUSED, node.span, "the name of a component is needed here")
            .help(format!("write the name of a component: {}", phrase(&parameter.description)));
        return Bound::Failed;
    };
    let frame = &gathered.blueprint.frames[frame];
    let passed = scalar.text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    let full = match passed {
        Some(name) => match frame.parameters.get(name) {
            Some(Bound::Component(full)) => Some(full.clone()),
            Some(Bound::Failed) => return Bound::Failed,
            _ => None,
        },
        None => match frame.members.get(&scalar.text) {
            Some(Member::Component(full)) => Some(full.clone()),
            _ => None,
        },
    };
    if let Some(full) = full {
        if let Some(kinds) = &parameter.kinds {
            let kinds = kinds.iter().map(|kind| kind.value.clone()).collect();
            // The module is read next.
            let frame = gathered.blueprint.frames.len();
            gathered.given.push(Given { component: full.clone(), kinds, span: node.span, frame });
        }
        return Bound::Component(full);
    }
    let components: BTreeSet<&str> = frame
        .members
        .iter()
        .filter(|(_, member)| matches!(member, Member::Component(_)))
        .map(|(name, _)| name.as_str())
        .collect();
    let help = closest(&scalar.text, components.iter().copied()).map_or_else(
        || format!("here are {}", alternatives(components.iter().copied())),
        |name| format!("did you mean `{name}`?"),
    );
    run.sink
        .report(&REFUSED, node.span, format!("no component `{}`", scalar.text))
        .help(help)
        .meant(&scalar.text, components);
    Bound::Failed
}

/// Reports a known value that the parameter does not take; says whether it is so.
fn refuse(run: &mut Run, name: &str, parameter: &Parameter, node: &Node, faults: &mut Vec<Fault>) -> bool {
    let Ok(json) = decode::decode::<serde_json::Value>(node, &run.sources, faults) else { return false };
    let before = run.sink.diagnostics().len();
    let values = match (&json, parameter.kind.is_list()) {
        (serde_json::Value::Array(items), true) => items.clone(),
        (other, _) => vec![other.clone()],
    };
    for value in values {
        if let Some(problem) = parameter.refuses(&value) {
            run.sink
                .report(&REFUSED, node.span, format!("{value} for `{name}` {problem}"))
                .help(format!("`{name}`: {}", phrase(&parameter.description)));
        }
    }
    run.sink.diagnostics().len() > before
}

/// Adds to a finding inside of a module where the module is used.
pub(super) fn relate(diagnostic: &mut Diagnostic, used: &[(FileId, Span)]) {
    for (file, span) in used {
        if *file == diagnostic.span.file && !diagnostic.related.iter().any(|related| related.span == *span) {
            diagnostic.also(*span, "used as a module here");
        }
    }
}
