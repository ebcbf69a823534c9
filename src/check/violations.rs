//! What violates a schema: that of the language, or a provider schema.

use super::{Context, structure};
use crate::diagnostics::{Code, Diagnostic, INTERNAL, Proposal, Severity, Sink, certain};
use crate::schema::model::Types;
use crate::schema::{Place, Segment, Violation, ViolationKind, provider};
use crate::source::{Origin, Span};
use crate::syntax::{Data, Node, Scalar};
use crate::template::{self, Resource, Value};

codes! {
    /// A component is of a kind that there is not.
    ///
    /// `formwork explain` with the name of a kind shows what it is for and which fields it has.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    KIND = Error "unknown-kind";

    /// A property is given that the provider schema has as read-only.
    ///
    /// Most types refuse such a property, or ignore it; for some the schema is stricter than the service.
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { Arn: "arn:aws:s3:::example" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    ///     Properties: { BucketName: example }
    /// ```
    ///
    /// Source: the provider schema of the type.
    READ_ONLY = Warning "read-only-property";

    /// A field or a property does not exist where it stands.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expires_after_days: 30
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: 30
    /// ```
    UNKNOWN = Error "unknown-property";

    /// A field or a property that is needed is missing.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive }
    /// ```
    MISSING = Error "missing-property";

    /// A value is of another type than is expected.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     versioning: "yes"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     versioning: true
    /// ```
    TYPE = Error "wrong-type";

    /// A value is none of those that are allowed.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     on_delete: keep
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     on_delete: retain
    /// ```
    VALUE = Error "unknown-value";

    /// A property is given together with another that excludes it, or where the value of another leaves no room for it.
    ///
    /// ```yaml
    /// Resources:
    ///   Jobs:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       FifoQueue: false
    ///       ContentBasedDeduplication: true
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Jobs:
    ///     Type: AWS::SQS::Queue
    ///     Properties:
    ///       FifoQueue: true
    ///       ContentBasedDeduplication: true
    /// ```
    ///
    /// Source: the provider schema of the type, with what cfn-lint knows beyond it.
    CONFLICT = Error "conflicting-properties";

    /// A text does not have the form that is asked for.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, file_extension: json }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, file_extension: .json }
    /// ```
    PATTERN = Error "pattern-mismatch";

    /// A name is not written as names of its sort are.
    ///
    /// Blueprints and components are named in kebab case, parameters and outputs in Pascal case, so that `${name}`
    /// always says what it means.
    ///
    /// ```yaml
    /// components:
    ///   EventArchive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   event-archive:
    ///     kind: s3-bucket
    /// ```
    NAME = Error "misnamed";

    /// `${ }` stands where the value must be known when formwork runs.
    ///
    /// What a kind decides by a value (how many resources it makes, which properties they have) cannot wait for the
    /// deployment. A value of `let` in `{{ }}` can be used everywhere.
    ///
    /// ```yaml
    /// parameters:
    ///   Compression: { type: string, default: gzip, description: How objects are compressed. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, compression: "${Compression}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// let: { compression: gzip }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, compression: "{{ compression }}" }
    /// ```
    REFERENCE = Error "reference-not-allowed";

    /// A number is smaller or greater than is allowed.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, buffer: { size_mib: 256 } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archive, buffer: { size_mib: 128 } }
    /// ```
    RANGE = Error "out-of-range";

    /// A text, a list or an object is longer or shorter than is allowed.
    ///
    /// ```yaml
    /// components:
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: []
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   changes:
    ///     kind: event-rule
    ///     pattern: { source: [aws.ssm] }
    ///     targets: [journal]
    /// ```
    LENGTH = Error "wrong-length";

    /// A value is `null` or nothing at all where a value is needed.
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   archive:
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   journal:
    ///     kind: log-group
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    NULL = Error "empty-value";
}

/// The pattern of a field that takes `${ }` instead of a value; see `blueprint::text::Setting`.
fn is_deferred(pattern: &str) -> bool {
    pattern == crate::blueprint::text::DEFERRED_PATTERN
}

/// Whether a value is of a form in which `${ }` has its place, so that something else is wrong with it.
fn takes_references(kind: &ViolationKind) -> bool {
    matches!(kind, ViolationKind::PatternMismatch { pattern, .. } if pattern.contains(r"|\$\{[^}]*\}"))
}

/// Reports what violates the schema of the language. `hints` say what to write for patterns that say little to people,
/// and `broken` are the places of errors that were found before.
pub fn report(violation: &Violation, root: &Node, hints: &[(&str, &str)], broken: &[Span], sink: &mut Sink) {
    let Owner { key: owner, in_list, node } = owner_of(root, &violation.path);
    let is_key = matches!(violation.place, Place::Key(_));
    if is_of_the_whole(&violation.kind) && is_broken(node, broken) {
        return;
    }
    // What could not be understood is missing here.
    if matches!(violation.kind, ViolationKind::TooFewProperties { .. })
        && broken.iter().any(|at| covers(node.span, *at))
    {
        return;
    }
    let text = match &node.data {
        Data::String(scalar) => scalar.text.as_str(),
        _ => "",
    };
    let nothing = matches!(&violation.kind, ViolationKind::WrongType { given, .. } if *given == Types::NULL);
    let missing = nothing || matches!(violation.kind, ViolationKind::MissingProperty { .. } | ViolationKind::Null);
    let span = match violation.place {
        // Something that is missing has no place; the name of what it is missing in has.
        Place::Value(origin) if missing => owner.filter(|_| !in_list).unwrap_or_else(|| first_key(root, origin.span())),
        place => place.origin().span(),
    };
    let keys: Vec<&str> = violation.path.iter().map(Segment::name).collect();
    let (code, message, help): (&'static Code, String, Option<String>) = match &violation.kind {
        ViolationKind::NotInEnum { given, .. } if matches!(keys.as_slice(), ["components", _, "kind"]) => {
            let help = violation.help().filter(|help| help.starts_with("did you mean"));
            let help = help.unwrap_or_else(|| "`formwork explain` lists the kinds".to_owned());
            (&KIND, format!("no kind `{given}`"), Some(help))
        }
        ViolationKind::NotInEnum { .. }
        | ViolationKind::WrongType { .. }
        | ViolationKind::PatternMismatch { .. }
        | ViolationKind::Forbidden
            if text.contains("${")
                && matches!(violation.place, Place::Value(_))
                && !takes_references(&violation.kind) =>
        {
            let help = "write the value itself, or a value of `let` in `{{ }}`";
            (
                &REFERENCE,
                "`${ }` is known only at deployment, and this is needed before".to_owned(),
                Some(help.to_owned()),
            )
        }
        _ if nothing => {
            let name = keys.last().copied().filter(|key| !key.is_empty()).unwrap_or("this");
            (&NULL, format!("`{name}` has no value"), Some("write a value, or remove the line".to_owned()))
        }
        ViolationKind::WrongType { .. } if keys.as_slice() == ["version"] => {
            let hint = hints.iter().find(|(known, _)| *known == crate::blueprint::VERSION_PATTERN);
            (&TYPE, violation.message(), hint.map(|(_, hint)| (*hint).to_owned()))
        }
        // The text that is allowed beside a whole number is a `${ }`.
        ViolationKind::WrongType { given, allowed }
            if allowed.meets(Types::INTEGER) && allowed.meets(Types::STRING) && !allowed.meets(Types::NUMBER) =>
        {
            let help = "write a whole number, or the parameter that gives it as `${Name}`";
            let message = ViolationKind::WrongType { given: *given, allowed: Types::INTEGER }.message();
            (&TYPE, message, Some(help.to_owned()))
        }
        ViolationKind::PatternMismatch { pattern, .. } if is_deferred(pattern) => {
            let help = "write a number, or the parameter that gives it as `${Name}`";
            (&TYPE, "text given, number expected".to_owned(), Some(help.to_owned()))
        }
        ViolationKind::PatternMismatch { given, pattern } => {
            let hint = hints.iter().find(|(known, _)| known == pattern).map(|(_, hint)| (*hint).to_owned());
            let named = hint.is_some() && matches!(violation.place, Place::Key(_)) || keys.as_slice() == ["blueprint"];
            let message = match &hint {
                Some(_) => format!("`{given}` does not have the form that is needed here"),
                None => violation.message(),
            };
            (if named { &NAME } else { &PATTERN }, message, hint.or_else(|| violation.help()))
        }
        kind => (code(kind), violation.message(), violation.help()),
    };
    // One slip is told once, although alternatives of the schema may see it more than once.
    let told = sink.diagnostics().iter().any(|known| {
        known.code.name == code.name && known.span == span && (known.message == message || code.name == RANGE.name)
    });
    if !told {
        let help = help.or_else(|| retype(&violation.kind));
        let help = help.map(|help| with_page(help, &violation.kind, &keys, root));
        // A warning about the same value says less than this.
        sink.retain(|known| known.span != span || known.severity != Severity::Warning);
        let siblings = violation.path.split_last().map(|(_, way)| &owner_of(root, way).node.data);
        let is_there = |name: &str| matches!(siblings, Some(Data::Map(all)) if all.iter().any(|e| e.key.text == name));
        let proposal = proposal(&violation.kind).filter(|proposal| match proposal {
            // A key that is there already cannot be the one that was meant.
            Proposal::Name { meant, .. } => !is_key || !is_there(meant),
            // Two numbers in quotes are still no version.
            Proposal::Quote => keys.as_slice() != ["version"],
            Proposal::Number | Proposal::Boolean | Proposal::Append(_) | Proposal::Call(_) => true,
        });
        sink.report(code, span, message).maybe_help(help).propose(proposal);
    }
}

/// Whether a missing property is there under a misspelt name, which is told already.
pub fn is_misspelt(missing: &Violation, all: &[Violation]) -> bool {
    let ViolationKind::MissingProperty { name } = &missing.kind else { return false };
    let meant = format!("did you mean `{name}`?");
    all.iter().any(|other| {
        let beside = other.path.strip_prefix(missing.path.as_slice()).is_some_and(|rest| rest.len() <= 1);
        beside
            && matches!(other.kind, ViolationKind::UnknownProperty { .. })
            && other.help().is_some_and(|help| help == meant)
    })
}

/// Whether a violation is about a value as a whole, and not about what is in it.
fn is_of_the_whole(kind: &ViolationKind) -> bool {
    !matches!(
        kind,
        ViolationKind::MissingProperty { .. }
            | ViolationKind::UnknownProperty { .. }
            | ViolationKind::TooFewProperties { .. }
            | ViolationKind::TooManyProperties { .. }
    )
}

/// Whether a value is not what was meant, because an error was found in it or, of a list or an object, at its start.
fn is_broken(node: &Node, broken: &[Span]) -> bool {
    let whole = matches!(node.data, Data::List(_) | Data::Map(_));
    let hit = |at: &Span| covers(node.span, *at) && (!whole || at.start <= node.span.start + 1);
    // A value that uses a broken one is broken at another place.
    let unevaluated = |scalar: &Scalar| scalar.text.contains("{{") && !broken.is_empty();
    node.tag.is_some() || broken.iter().any(hit) || matches!(&node.data, Data::String(scalar) if unevaluated(scalar))
}

/// Adds where to read on for a field that is missing in a component.
fn with_page(help: String, kind: &ViolationKind, keys: &[&str], root: &Node) -> String {
    let (ViolationKind::MissingProperty { name }, ["components", component, ..]) = (kind, keys) else { return help };
    let path = ["components", component, "kind"].map(|key| Segment::Key(key.to_owned()));
    match &owner_of(root, &path).node.data {
        Data::String(kind) => format!("{help}; `formwork explain {}` says what it is", kind.text),
        _ if name == "kind" => format!("{help}; `formwork explain` lists the kinds"),
        _ => help,
    }
}

/// What to write for a value of the wrong type.
fn retype(kind: &ViolationKind) -> Option<String> {
    let ViolationKind::WrongType { given, allowed } = *kind else { return None };
    let numbers = Types::NUMBER.or(Types::INTEGER);
    let only = |types: Types| is_only(allowed, types);
    let help = if allowed.meets(Types::STRING) && given.meets(numbers.or(Types::BOOLEAN)) {
        "write it in quotes to make it text"
    } else if only(Types::BOOLEAN) {
        "write `true` or `false`"
    } else if only(numbers) {
        "write a number, without quotes"
    } else if only(Types::ARRAY) {
        "write a list: `[one, two]`, or each item on a line of its own after `- `"
    } else if only(Types::OBJECT) {
        "write its fields: `{ name: value }`, or each on a line of its own, indented below"
    } else if allowed.meets(Types::STRING) && allowed.meets(Types::OBJECT) {
        "write text, or an object: `{ name: value }`"
    } else if allowed.meets(Types::STRING) {
        "write text, in quotes if it begins with a bracket"
    } else if !allowed.meets(Types::STRING) && allowed.meets(Types::ARRAY) && allowed.meets(Types::OBJECT) {
        "write a list (`[value]`) or an object (`{ name: value }`)"
    } else {
        return None;
    };
    Some(help.to_owned())
}

/// The change that mends it for certain.
fn proposal(kind: &ViolationKind) -> Option<Proposal> {
    let name = |given: &str, known: &[String]| {
        let meant = certain(given, known.iter().map(String::as_str))?.to_owned();
        Some(Proposal::Name { given: given.to_owned(), meant })
    };
    match kind {
        ViolationKind::UnknownProperty { name: given, known } => name(given, known),
        ViolationKind::NotInEnum { given, allowed } => name(given, allowed),
        ViolationKind::PatternMismatch { pattern, .. } if is_deferred(pattern) => Some(Proposal::Number),
        ViolationKind::WrongType { given, allowed } => {
            let numbers = Types::NUMBER.or(Types::INTEGER);
            let is_text = given.meets(Types::STRING);
            if is_only(*allowed, Types::STRING) && given.meets(numbers.or(Types::BOOLEAN)) {
                Some(Proposal::Quote)
            } else if is_only(*allowed, Types::BOOLEAN) && is_text {
                Some(Proposal::Boolean)
            } else if is_only(*allowed, numbers) && is_text {
                Some(Proposal::Number)
            } else {
                None
            }
        }
        _ => None,
    }
}

/// Whether nothing but these types is allowed.
fn is_only(allowed: Types, types: Types) -> bool {
    allowed.names().all(|name| Types::by_name(name).is_some_and(|one| types.meets(one)))
}

fn code(kind: &ViolationKind) -> &'static Code {
    match kind {
        ViolationKind::Null => &NULL,
        ViolationKind::ReadOnly { .. } => &READ_ONLY,
        ViolationKind::WrongType { .. } => &TYPE,
        ViolationKind::UnknownProperty { .. } => &UNKNOWN,
        ViolationKind::MissingProperty { .. } | ViolationKind::RequiredOneOf { .. } => &MISSING,
        ViolationKind::PatternMismatch { .. } | ViolationKind::WrongFormat { .. } => &PATTERN,
        ViolationKind::Exclusive { .. }
        | ViolationKind::DependentExcluded { .. }
        | ViolationKind::NotAllowed { .. } => &CONFLICT,
        ViolationKind::TooSmall { .. } | ViolationKind::TooLarge { .. } | ViolationKind::NotMultiple { .. } => &RANGE,
        ViolationKind::TooShort { .. }
        | ViolationKind::TooLong { .. }
        | ViolationKind::TooFewItems { .. }
        | ViolationKind::TooManyItems { .. }
        | ViolationKind::TooFewProperties { .. }
        | ViolationKind::TooManyProperties { .. } => &LENGTH,
        _ => &VALUE,
    }
}

/// What a path leads to.
struct Owner<'a> {
    /// The last key on it.
    key: Option<Span>,
    /// Whether an item of a list comes after that key.
    in_list: bool,
    /// Its end, as far as it exists.
    node: &'a Node,
}

fn owner_of<'a>(root: &'a Node, path: &[Segment]) -> Owner<'a> {
    let mut owner = Owner { key: None, in_list: false, node: root };
    for segment in path {
        let next = match (segment, &owner.node.data) {
            (Segment::Key(name), Data::Map(entries)) => entries
                .iter()
                .find(|entry| entry.key.text == *name)
                .map(|entry| Owner { key: Some(entry.key.span), in_list: false, node: &entry.value }),
            (Segment::Index(index), Data::List(items)) => {
                items.get(*index).map(|item| Owner { in_list: true, node: item, ..owner })
            }
            _ => None,
        };
        let Some(next) = next else { break };
        owner = next;
    }
    owner
}

/// The first key of the object at a place, or the place itself.
fn first_key(root: &Node, span: Span) -> Span {
    match &root.data {
        Data::Map(entries) if root.span == span => entries.first().map_or(span, |entry| entry.key.span),
        Data::Map(entries) => {
            let inside = entries.iter().find(|entry| covers(entry.value.span, span));
            inside.map_or(span, |entry| first_key(&entry.value, span))
        }
        Data::List(items) => {
            items.iter().find(|item| covers(item.span, span)).map_or(span, |item| first_key(item, span))
        }
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => span,
    }
}

fn covers(outer: Span, inner: Span) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}

/// Checks the properties of all resources with the provider schemas.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let unknown_macro = structure::has_unknown_macro(context.template);
    for resource in &context.template.resources {
        let Some(known) = provider::resource_type(&resource.kind) else { continue };
        let properties = properties(resource);
        let found = known.validate(&properties).violations;
        for violation in found.iter().filter(|violation| !is_misspelt(violation, &found)) {
            let path = violation.path_below(&format!("Resources/{}/Properties", resource.id));
            match &context.template.written {
                // It is said for the whole template.
                Some(_) if matches!(violation.kind, ViolationKind::Null) => {}
                Some(_) if is_made(violation, resource, unknown_macro) => {}
                Some(_) => report_written(context, violation, &path, mend(violation, &properties), sink),
                None => report_in_template(violation, path, mend(violation, &properties), sink),
            }
        }
    }
}

/// Whether a transform may make something right out of what violates a schema: that of serverless types takes more than
/// is known here, and a macro that only its owner knows may take and add anything. What is misspelt is meant for neither.
fn is_made(violation: &Violation, resource: &Resource, unknown_macro: bool) -> bool {
    let misspelt = || violation.help().is_some_and(|help| help.starts_with("did you mean"));
    match &violation.kind {
        ViolationKind::UnknownProperty { .. } => (unknown_macro || is_serverless(resource)) && !misspelt(),
        ViolationKind::MissingProperty { .. } | ViolationKind::RequiredOneOf { .. } => unknown_macro,
        _ => false,
    }
}

/// The properties of a resource as one value, with the place that they stand at.
fn properties(resource: &Resource) -> Value {
    let written = resource.attributes.get("Properties").filter(|value| value.as_map().is_some());
    written.cloned().unwrap_or_else(|| Value::new(resource.origin, template::Data::Map(resource.properties.clone())))
}

fn is_serverless(resource: &Resource) -> bool {
    resource.kind.starts_with("AWS::Serverless::")
}

/// The change that mends what is wrong somewhere in a value.
pub fn mend(violation: &Violation, root: &Value) -> Option<Proposal> {
    proposal(&violation.kind).filter(|proposal| match (proposal, violation.path.split_last()) {
        // A key that is there already cannot be the one that was meant.
        (Proposal::Name { meant, .. }, Some((_, way))) => {
            !matches!(violation.place, Place::Key(_)) || !has_key(root, way, meant)
        }
        _ => true,
    })
}

fn report_in_template(violation: &Violation, path: String, proposal: Option<Proposal>, sink: &mut Sink) {
    let diagnostic: &mut Diagnostic = match violation.place.origin() {
        Origin::Written(span) => sink
            .report(code(&violation.kind), span, violation.message())
            .maybe_help(violation.help().or_else(|| retype(&violation.kind)))
            .propose(proposal),
        Origin::Derived(span) => sink
            .report(&INTERNAL, span, format!("formwork made a wrong value here: {}", violation.message()))
            .help("this is a mistake of formwork; please report it with the blueprint"),
    };
    diagnostic.path(path);
}

/// Reports a violation of a value inside of a resource, of which `root` is all that was validated.
pub fn report_at(context: &Context<'_>, violation: &Violation, root: &Value, path: &str, sink: &mut Sink) {
    match &context.template.written {
        // It is said for the whole template.
        Some(_) if matches!(violation.kind, ViolationKind::Null) => {}
        Some(_) => report_written(context, violation, path, mend(violation, root), sink),
        None => report_in_template(violation, path.to_owned(), mend(violation, root), sink),
    }
}

/// Reports a violation in a template that was written by hand.
pub fn report_written(
    context: &Context<'_>,
    violation: &Violation,
    path: &str,
    proposal: Option<Proposal>,
    sink: &mut Sink,
) {
    let span = match violation.place {
        Place::Key(origin) => origin.span(),
        Place::Value(origin) => context.handle(origin.span()),
    };
    let message = violation.message();
    let told = sink.diagnostics().iter().filter(|known| known.span == span).any(|known| {
        // A text that is not what was meant is told once.
        let meant = known.code.name == super::texts::MISSING_SUB.name && is_of_the_whole(&violation.kind);
        meant || (known.code.name == code(&violation.kind).name && known.message == message)
    });
    if !told {
        sink.report(code(&violation.kind), span, message)
            .path(path)
            .maybe_help(violation.help().or_else(|| retype(&violation.kind)))
            .propose(proposal);
    }
}

impl Context<'_> {
    /// The place to show for the value at `span`: its key if it is a list or an object, which have no place of their
    /// own, and [`Context::opening`] if it is an object in a list.
    pub fn handle(&self, span: Span) -> Span {
        self.template.written.as_ref().map_or(span, |written| self.handle_in(written, span))
    }

    fn handle_in(&self, root: &Value, span: Span) -> Span {
        match &root.data {
            template::Data::Map(map) => {
                let Some((key, value)) = map.0.iter().find(|(_, value)| covers(value.origin.span(), span)) else {
                    return span;
                };
                if value.origin.span() != span {
                    return self.handle_in(value, span);
                }
                match &value.data {
                    template::Data::Map(_) | template::Data::List(_) => key.origin.span(),
                    _ => span,
                }
            }
            template::Data::List(items) => {
                let Some(item) = items.iter().find(|item| covers(item.origin.span(), span)) else { return span };
                match &item.data {
                    template::Data::Map(_) if item.origin.span() == span => self.opening(item),
                    _ if item.origin.span() == span => span,
                    _ => self.handle_in(item, span),
                }
            }
            template::Data::Call(_, argument) => self.handle_in(argument, span),
            _ => span,
        }
    }

    /// The place to show for an object in a list: its first key, or its bracket if that has a line of its own.
    pub fn opening(&self, item: &Value) -> Span {
        let whole = item.origin.span();
        let Some((key, _)) = item.as_map().and_then(|map| map.0.first()) else { return whole };
        let key = key.origin.span();
        if key.start > self.first_line(whole).end { whole.slice(0, 1) } else { key }
    }
}

/// Whether the object at the end of a path has a key.
fn has_key(root: &Value, path: &[Segment], key: &str) -> bool {
    let mut value = root;
    for segment in path {
        let next = match (segment, &value.data) {
            (Segment::Key(name), template::Data::Map(map)) => map.get(name),
            (Segment::Index(index), template::Data::List(items)) => items.get(*index),
            _ => None,
        };
        // What lies below a function of CloudFormation is not looked into.
        let Some(next) = next else { return true };
        value = next;
    }
    matches!(&value.data, template::Data::Map(map) if map.get(key).is_some())
}
