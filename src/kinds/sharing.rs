//! With whom an object of QuickSight is shared, and its id: the same for all kinds of them.

use super::site::join;
use super::{Place, Scope};
use crate::blueprint::text::{Part, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::Origin;
use crate::template::{Map, Value};

codes! {
    /// Someone that an object of QuickSight is shared with is nobody that QuickSight knows, or cannot have it.
    ///
    /// Objects are shared with users and groups of QuickSight, dashboards with all of a namespace too. They are no
    /// users and roles of IAM. The region in their ARNs is the one in which the account subscribed to QuickSight,
    /// wherever the object is. QuickSight refuses the object if one of them does not exist, or is there twice.
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [namespace/default]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   analytics:
    ///     kind: quicksight-source
    ///     athena: {}
    ///     owners: [group/default/analysts]
    /// ```
    ///
    /// Source: QuickSight API Reference, `ResourcePermission`; aws-cli issue 6067.
    PRINCIPAL = Error "unusable-principal";
}

/// What an owner and what a reader may do with an object. QuickSight takes whole sets only: with one action more or
/// less it refuses them, or shows the object as shared in a way that nobody can change.
pub struct Actions {
    /// Of an owner.
    pub owner: &'static [&'static str],
    /// Of a reader.
    pub reader: &'static [&'static str],
    /// Whether everyone in a namespace can be one.
    pub namespaces: bool,
}

/// With whom an object is shared, as a component says it.
pub struct Sharing<'a> {
    /// Who may change it and share it on.
    pub owners: &'a [Text],
    /// Who may use it.
    pub readers: &'a [Text],
    /// The region of the users and groups.
    pub region: Option<&'a Text>,
}

/// What stands for what is known only at deployment.
const UNKNOWN: char = '\u{0}';

/// A text with a sign for each of its references.
fn shape(text: &Text) -> String {
    let part = |part: &Part| match part {
        Part::Literal(text) => text.clone(),
        Part::Reference(..) => UNKNOWN.to_string(),
    };
    text.parts.iter().map(part).collect()
}

/// Whether a principal is written without the start of its ARN.
fn is_short(text: &Text) -> bool {
    let shape = shape(text);
    ["user/", "group/", "namespace/"].iter().any(|start| shape.starts_with(start))
}

/// What is wrong with a principal, and what to write.
fn mistake(text: &Text, actions: &Actions) -> Option<(String, &'static str)> {
    const FORM: &str = "write `group/default/NAME`, `user/default/NAME`, or a parameter that holds the ARN";
    let shape = shape(text);
    let resource = if is_short(text) {
        shape.as_str()
    } else if shape.starts_with(UNKNOWN) {
        return None;
    } else if shape.starts_with("arn:") {
        let mut parts = shape.splitn(6, ':').skip(2);
        match (parts.next(), parts.nth(2)) {
            (Some("quicksight"), Some(resource)) => resource,
            // What is known only at deployment may hold colons.
            (service, None) if shape.contains(UNKNOWN) && service != Some("iam") => return None,
            _ => return Some(("this is no user, group or namespace of QuickSight".to_owned(), FORM)),
        }
    } else {
        return Some((format!("`{shape}` is no user, group or namespace of QuickSight").replace(UNKNOWN, "…"), FORM));
    };
    let steps: Vec<&str> = resource.split('/').collect();
    match steps.as_slice() {
        ["namespace", name] if !name.is_empty() && !actions.namespaces => Some((
            "only dashboards can be shared with a namespace".to_owned(),
            "name a group, for example `group/default/analysts`",
        )),
        ["namespace", name] if !name.is_empty() => None,
        // Users of federated roles have a `/` in their names.
        ["user" | "group", space, name, ..] if !space.is_empty() && !name.is_empty() => None,
        [start, ..] if start.contains(UNKNOWN) => None,
        _ => {
            let shown = resource.replace(UNKNOWN, "…");
            Some((format!("`{shown}` does not name a user, a group or a namespace"), FORM))
        }
    }
}

impl Sharing<'_> {
    /// Reports principals that QuickSight does not take.
    pub fn check(&self, actions: &Actions, sink: &mut Sink) {
        let all: Vec<&Text> = self.owners.iter().chain(self.readers).collect();
        for (at, text) in all.iter().enumerate() {
            if let Some((message, help)) = mistake(text, actions) {
                sink.report(&PRINCIPAL, text.span, message).help(help);
            } else if let Some(first) = all[..at].iter().find(|first| same(first, text)) {
                sink.report(&PRINCIPAL, text.span, "it is shared with them already")
                    .also(first.span, "by this")
                    .help("keep one of them: an owner may do all that a reader may");
            }
        }
    }

    /// The property `Permissions`.
    pub fn permissions(&self, actions: &Actions, place: &Place, scope: &Scope) -> Vec<Map> {
        let origin = place.origin;
        let one = |text: &Text, actions: &[&str]| map!(origin; "Principal" => self.principal(text, origin, scope), "Actions" => actions.to_vec());
        let owners = self.owners.iter().map(|text| one(text, actions.owner));
        owners.chain(self.readers.iter().map(|text| one(text, actions.reader))).collect()
    }

    fn principal(&self, text: &Text, origin: Origin, scope: &Scope) -> Value {
        let value = scope.value(text);
        if !is_short(text) {
            return value;
        }
        let region = match self.region {
            Some(region) => scope.value(region),
            None => Value::reference(origin, "AWS::Region"),
        };
        let start = Value::sub(origin, "arn:${AWS::Partition}:quicksight:");
        let account = Value::sub(origin, ":${AWS::AccountId}:");
        join(Origin::Written(text.span), &[start, region, account, value])
    }
}

/// Whether two texts say the same.
fn same(one: &Text, other: &Text) -> bool {
    let key = |text: &Text| -> Vec<String> {
        let part = |part: &Part| match part {
            Part::Literal(text) => format!("={text}"),
            Part::Reference(path, _) => path.clone(),
        };
        text.parts.iter().map(part).collect()
    };
    key(one) == key(other)
}

/// The id of an object: from the names of the stack and the component, so that it is the same after every update.
pub fn id(place: &Place) -> Value {
    Value::sub(place.origin, format!("${{AWS::StackName}}-{}", place.name))
}

/// How an object is called where people see it.
pub fn title(title: Option<&Text>, place: &Place, scope: &Scope) -> Value {
    title.map_or_else(|| id(place), |title| scope.value(title))
}
