//! What violates a schema: that of the language, or a provider schema.

use crate::diagnostics::{Code, Diagnostic, Sink};
use crate::schema::{Place, Segment, Violation, ViolationKind, provider};
use crate::source::{Origin, Span};
use crate::syntax::{Data, Node};
use crate::template::{self, Template, Value};

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

    /// formwork made something that CloudFormation refuses.
    ///
    /// The blueprint is not to blame; the finding shows the component that it was made for. Please report it.
    INTERNAL = Error "internal-error";
}

/// What to write for the patterns of the language that say little to people.
const WORDS: &[(&str, &str)] = &[
    (crate::blueprint::NAME_PATTERN, "write small letters, digits and single hyphens, for example `event-archive`"),
    (
        crate::blueprint::PARAMETER_PATTERN,
        "write letters and digits and start with a capital, for example `RetentionDays`",
    ),
    (crate::blueprint::VERSION_PATTERN, "write three numbers, for example `1.0.0`"),
];

/// The pattern of a field that takes `${ }` instead of a value; see `blueprint::text::Setting`.
fn is_deferred(pattern: &str) -> bool {
    pattern == crate::blueprint::text::DEFERRED_PATTERN
}

/// Reports what violates the schema of the language.
pub fn report(violation: &Violation, root: &Node, sink: &mut Sink) {
    let (owner, in_list) = owner(root, &violation.path);
    let span = match (&violation.kind, violation.place) {
        // Something that is missing has no place; the name of what it is missing in has.
        (ViolationKind::MissingProperty { .. } | ViolationKind::Null, Place::Value(origin)) => {
            owner.filter(|_| !in_list).unwrap_or_else(|| first_key(root, origin.span()))
        }
        (_, place) => place.origin().span(),
    };
    let keys: Vec<&str> = violation
        .path
        .iter()
        .map(|segment| match segment {
            Segment::Key(key) => key.as_str(),
            Segment::Index(_) => "",
        })
        .collect();
    let (code, message, help): (&'static Code, String, Option<String>) = match &violation.kind {
        ViolationKind::NotInEnum { given, .. } if matches!(keys.as_slice(), ["components", _, "kind"]) => {
            let help = violation.help().unwrap_or_else(|| "`formwork explain` lists the kinds".to_owned());
            (&KIND, format!("no kind `{given}`"), Some(help))
        }
        ViolationKind::PatternMismatch { given, pattern } => match WORDS.iter().find(|(known, _)| known == pattern) {
            Some((_, words)) => (&NAME, format!("`{given}` is not written as it must be"), Some((*words).to_owned())),
            None if is_deferred(pattern) => {
                let help = "write a number, or the parameter that gives it as `${Name}`";
                (&TYPE, "text given, number expected".to_owned(), Some(help.to_owned()))
            }
            None => (&PATTERN, violation.message(), violation.help()),
        },
        kind => (code(kind), violation.message(), violation.help()),
    };
    // One slip is told once, although alternatives of the schema may see it more than once.
    let told = sink
        .diagnostics()
        .iter()
        .any(|known| known.code.name == code.name && known.span == span && known.message == message);
    if !told {
        let help = help.or_else(|| quotes(&violation.kind));
        sink.report(code, span, message).maybe_help(help);
    }
}

/// Where a number or a boolean is given for text, quotes are what is missing.
fn quotes(kind: &ViolationKind) -> Option<String> {
    use crate::schema::model::Types;
    match kind {
        ViolationKind::WrongType { given, allowed }
            if allowed.meets(Types::STRING) && given.meets(Types::NUMBER.or(Types::BOOLEAN)) =>
        {
            Some("write it in quotes to make it text".to_owned())
        }
        _ => None,
    }
}

fn code(kind: &ViolationKind) -> &'static Code {
    match kind {
        ViolationKind::Null => &NULL,
        ViolationKind::WrongType { .. } => &TYPE,
        ViolationKind::UnknownProperty { .. } => &UNKNOWN,
        ViolationKind::MissingProperty { .. } | ViolationKind::RequiredOneOf { .. } => &MISSING,
        ViolationKind::PatternMismatch { .. } => &PATTERN,
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

/// The place of the last key on a path, and whether an item of a list comes after it.
fn owner(root: &Node, path: &[Segment]) -> (Option<Span>, bool) {
    let (mut node, mut span, mut in_list) = (root, None, false);
    for segment in path {
        let next = match (segment, &node.data) {
            (Segment::Key(name), Data::Map(entries)) => {
                entries.iter().find(|entry| entry.key.text == *name).map(|entry| {
                    (span, in_list) = (Some(entry.key.span), false);
                    &entry.value
                })
            }
            (Segment::Index(index), Data::List(items)) => {
                in_list = true;
                items.get(*index)
            }
            _ => None,
        };
        let Some(next) = next else { break };
        node = next;
    }
    (span, in_list)
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
pub fn check(template: &Template, sink: &mut Sink) {
    for resource in &template.resources {
        let Some(known) = provider::resource_type(&resource.kind) else {
            sink.report(&INTERNAL, resource.origin.span(), format!("there is no resource type `{}`", resource.kind))
                .help("this is a mistake of formwork; please report it with the blueprint");
            continue;
        };
        let properties = Value::new(resource.origin, template::Data::Map(resource.properties.clone()));
        for violation in known.validate(&properties).violations {
            let path = violation.path_below(&format!("Resources/{}/Properties", resource.id));
            report_in_template(&violation, path, sink);
        }
    }
}

fn report_in_template(violation: &Violation, path: String, sink: &mut Sink) {
    let diagnostic: &mut Diagnostic = match violation.place.origin() {
        Origin::Written(span) => {
            sink.report(code(&violation.kind), span, violation.message()).maybe_help(violation.help())
        }
        Origin::Derived(span) => sink
            .report(&INTERNAL, span, format!("formwork made a wrong value here: {}", violation.message()))
            .help("this is a mistake of formwork; please report it with the blueprint"),
    };
    diagnostic.path(path);
}
