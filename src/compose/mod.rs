//! From a blueprint to a template: references are resolved, wires granted, components composed.
//!
//! This layer knows kinds only by their trait, and no service at all.

mod outline;

use std::collections::BTreeMap;

use crate::blueprint::text::{Fault, Reference};
use crate::blueprint::{Blueprint, Declared};
use crate::diagnostics::{INTERNAL, Sink, alternatives, closest};
use crate::kinds::{self, Access, Component, Grant, Peers, Place, Request, Scope, Site};
use crate::source::{Origin, Sources, Span};
use crate::template::iam::Statement;
use crate::template::{Resource, Template};

codes! {
    /// A field names a component that the blueprint does not have.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: archiv }
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
    UNKNOWN_COMPONENT = Error "unknown-component";

    /// A field names a component of a kind that cannot do what the field asks for.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { s3: catalog }
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
    WRONG_KIND = Error "wrong-kind";

    /// Two things of a blueprint would have one logical id in the template.
    ///
    /// Logical ids are made of the name of a component and the role of the resource in it, without hyphens.
    ///
    /// ```yaml
    /// components:
    ///   logs-1:
    ///     kind: s3-bucket
    ///   logs1:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   logs-one:
    ///     kind: s3-bucket
    ///   logs-two:
    ///     kind: s3-bucket
    /// ```
    SAME_ID = Error "same-logical-id";

    /// A parameter is used nowhere.
    ///
    /// Whoever deploys the template is asked for a decision that changes nothing.
    ///
    /// ```yaml
    /// parameters:
    ///   RetentionDays: { type: number, default: 30, description: Days after which an object is deleted. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   RetentionDays: { type: number, default: 30, description: Days after which an object is deleted. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     expire_after_days: ${RetentionDays}
    /// ```
    UNUSED_PARAMETER = Warning "unused-parameter";

    /// A `${` has no `}` after it.
    ///
    /// For a literal `${`, write `${!` and close it: `${!name}` gives `${name}`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archive.name" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "${archive.name}" }
    /// ```
    UNCLOSED = Error "unclosed-reference";

    /// There is nothing in `${ }`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "s3://${}" }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// outputs:
    ///   Bucket: { value: "s3://${archive.name}" }
    /// ```
    EMPTY = Error "empty-reference";
}

/// A component whose fields fit its kind.
#[derive(Debug)]
pub struct Placed {
    /// Its name and place.
    pub place: Place,
    /// What it is.
    pub component: Box<dyn Component>,
}

/// The components that can be composed. One that does not fit its kind is left out: the schema check reported it.
pub fn place(blueprint: &Blueprint, sources: &Sources, faults: &mut Vec<Fault>, sink: &mut Sink) -> Vec<Placed> {
    let mut placed = Vec::new();
    for declared in &blueprint.components {
        let Some(kind) = declared.kind.as_ref().and_then(|(name, _)| kinds::by_name(name)) else { continue };
        match (kind.decode)(&declared.fields, sources, faults) {
            Ok(component) => {
                let place = Place { name: declared.key.text.clone(), origin: Origin::Derived(declared.key.span) };
                placed.push(Placed { place, component });
            }
            // The schema and the types disagree, unless the schema said so too.
            Err(error) if !sink.has_errors() => {
                let span = error.span.unwrap_or(declared.key.span);
                sink.report(&INTERNAL, span, error.message)
                    .help("this is a mistake of formwork; please report it with the blueprint");
            }
            Err(_) => {}
        }
    }
    placed
}

/// Reports what is wrong inside of strings.
pub fn report_faults(faults: &[Fault], sink: &mut Sink) {
    for fault in faults {
        match fault {
            Fault::Unclosed(span) => {
                sink.report(&UNCLOSED, *span, "`${` without `}`")
                    .help("close it with `}`; for a literal `${x}`, write `${!x}`");
            }
            Fault::Empty(span) => {
                sink.report(&EMPTY, *span, "`${}` names nothing")
                    .help("write a parameter or `component.attribute` between the brackets");
            }
        }
    }
}

/// Composes the template of a blueprint. What is wrong is reported; the template is then not to be used.
pub fn compose(blueprint: &Blueprint, placed: &[Placed], scope: Scope, digest: &str, sink: &mut Sink) -> Template {
    let names: BTreeMap<&str, &Declared> =
        blueprint.components.iter().map(|declared| (declared.key.text.as_str(), declared)).collect();
    let peers: Peers<'_> =
        placed.iter().map(|placed| (placed.place.name.as_str(), placed.component.as_ref())).collect();
    for placed in placed {
        placed.component.check(placed.place.origin.span(), sink);
    }
    let connections = connect(placed, &names, &peers, &scope, sink);

    let mut resources: Vec<Resource> = Vec::new();
    for (placed, Connection { granted, received, key_users }) in placed.iter().zip(&connections) {
        let place = &placed.place;
        let mut site =
            Site { place, scope: &scope, peers: &peers, granted, received, key_users, resources: Vec::new() };
        placed.component.compose(&mut site);
        resources.append(&mut site.resources);
    }
    resources.sort_by(|a, b| a.id.cmp(&b.id));
    let mut template = Template { resources, ..outline::outline(blueprint, &scope, digest) };
    template.parameters = outline::parameters(blueprint, sink);

    let (findings, uses, used_parameters) = scope.finish();
    sink.append(findings);
    for used in uses {
        let place = Place { name: used.component.clone(), origin: Origin::Derived(used.span) };
        if peers.contains_key(used.component.as_str()) && template.resource(&place.id(used.role)).is_none() {
            let message = format!("`{}` has no `{}` with its settings", used.component, used.attribute);
            sink.report(&kinds::ATTRIBUTE, used.span, message).help("see `formwork explain` of its kind");
        }
    }
    // With errors elsewhere, what uses a parameter may not have been understood.
    let unused = if sink.has_errors() { &[][..] } else { &blueprint.parameters };
    for (key, _) in unused {
        if !used_parameters.contains_key(&key.text) {
            sink.report(&UNUSED_PARAMETER, key.span, format!("parameter `{}` is used nowhere", key.text))
                .help(format!("use it as `${{{}}}`, or remove it", key.text));
        }
    }
    report_same_ids(&template, sink);
    template
}

/// What a component was granted, and what it must allow to others.
#[derive(Default)]
struct Connection {
    granted: Vec<Option<Grant>>,
    received: Vec<Statement>,
    key_users: Vec<Statement>,
}

/// Asks the receiving end of every wire what the wire needs. The result is in the order of the components.
fn connect(
    placed: &[Placed],
    names: &BTreeMap<&str, &Declared>,
    peers: &Peers<'_>,
    scope: &Scope,
    sink: &mut Sink,
) -> Vec<Connection> {
    let index: BTreeMap<&str, usize> =
        placed.iter().enumerate().map(|(at, placed)| (placed.place.name.as_str(), at)).collect();
    let mut connections: Vec<Connection> = placed.iter().map(|_| Connection::default()).collect();
    // By name, so that statements that several senders add to one policy do not depend on the order in the file.
    for (name, &sender) in &index {
        let Placed { place, component } = &placed[sender];
        let actor = component.actor(place);
        let mut grant = |to: &Reference, access: &Access, sink: &mut Sink| -> Option<Grant> {
            check_wire(to, access, names, sink)?;
            let receiver = *index.get(to.name())?;
            let request = Request { access, actor: actor.as_ref(), from: name, origin: Origin::Derived(to.span()) };
            let mut grant = placed[receiver].component.accept(&request, &placed[receiver].place, scope);
            connections[receiver].received.append(&mut grant.policy);
            allow_on_key(&placed[receiver], std::mem::take(&mut grant.key_users), &index, &mut connections);
            Some(grant)
        };
        let mut granted = Vec::new();
        let mut followed = None;
        for wire in component.wires() {
            granted.push(grant(wire.to, &wire.access, sink));
            if wire.access == Access::FollowLayout {
                followed = peers.get(wire.to.name()).and_then(|peer| peer.dataset());
            }
        }
        if let Some(dataset) = followed
            && let Some(access) = component.follow(&dataset)
        {
            granted.push(grant(&dataset.bucket, &access, sink));
        }
        connections[sender].granted = granted;
        if let Some(key) = component.key()
            && check_wire(&key, &Access::Encrypt, names, sink).is_some()
        {
            allow_on_key(&placed[sender], component.key_users(place, scope), &index, &mut connections);
        }
    }
    connections
}

/// Adds statements to the policy of the key of a component: its own, or that of another component. Those of one name
/// are one.
fn allow_on_key(
    owner: &Placed,
    statements: Vec<Statement>,
    index: &BTreeMap<&str, usize>,
    connections: &mut [Connection],
) {
    let key = owner.component.key();
    let holder = key.as_ref().map_or(owner.place.name.as_str(), Reference::name);
    let Some(connection) = index.get(holder).map(|at| &mut connections[*at]) else { return };
    for mut statement in statements {
        let list = if key.is_some() {
            statement.sid = statement.sid.map(|sid| format!("{sid}Of{}", owner.place.id("")));
            &mut connection.received
        } else {
            &mut connection.key_users
        };
        if !list.iter().any(|known| known.sid == statement.sid) {
            list.push(statement);
        }
    }
}

/// Reports a wire that leads nowhere or to the wrong kind.
fn check_wire(to: &Reference, access: &Access, names: &BTreeMap<&str, &Declared>, sink: &mut Sink) -> Option<()> {
    let port = access.port();
    let fits = |declared: &&&Declared| kind_of(declared).is_some_and(|kind| kind.ports.contains(&port));
    let Some(declared) = names.get(to.name()) else {
        let suitable: Vec<&str> = names.iter().filter(|(_, declared)| fits(declared)).map(|(name, _)| *name).collect();
        let help = if let Some(name) = closest(to.name(), suitable.iter().copied()) {
            format!("did you mean `{name}`?")
        } else if suitable.is_empty() {
            format!("add a component of kind {}", alternatives(port.kinds()))
        } else {
            format!("here {} would fit", alternatives(suitable))
        };
        sink.report(&UNKNOWN_COMPONENT, to.span(), format!("no component `{}`", to.name())).help(help);
        return None;
    };
    // A component without a known kind is reported at its own place.
    let kind = kind_of(declared)?;
    if kind.ports.contains(&port) {
        return Some(());
    }
    let message = format!("`{}` is of kind `{}`, which does not {}", to.name(), kind.name, port.does());
    let suitable: Vec<&str> = names.iter().filter(|(_, declared)| fits(declared)).map(|(name, _)| *name).collect();
    let help = if suitable.is_empty() {
        format!("name a component of kind {}", alternatives(port.kinds()))
    } else {
        format!("of this blueprint, {} would fit", alternatives(suitable))
    };
    sink.report(&WRONG_KIND, to.span(), message).also(declared.key.span, format!("a `{}`", kind.name)).help(help);
    None
}

fn kind_of(declared: &Declared) -> Option<&'static kinds::Kind> {
    kinds::by_name(&declared.kind.as_ref()?.0)
}

fn report_same_ids(template: &Template, sink: &mut Sink) {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let parameters = template.parameters.0.iter().map(|(key, _)| (key.text.as_str(), key.origin.span()));
    let resources = template.resources.iter().map(|resource| (resource.id.as_str(), resource.origin.span()));
    let mut reported: Vec<(Span, Span)> = Vec::new();
    for (id, span) in parameters.chain(resources) {
        let Some(first) = seen.insert(id, span) else { continue };
        let (first, second) = if first <= span { (first, span) } else { (span, first) };
        // One pair of components shares many ids; the first says it all.
        if reported.contains(&(first, second)) {
            continue;
        }
        reported.push((first, second));
        sink.report(&SAME_ID, second, format!("this would have the logical id `{id}` of another"))
            .also(first, format!("`{id}` comes from here"))
            .help("rename one of them");
    }
}
