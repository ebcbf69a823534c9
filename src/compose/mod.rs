//! From a blueprint to a template: references are resolved, wires granted, components composed.
//!
//! This layer knows kinds only by their trait, and no service at all.

mod conditions;
mod lookups;
mod outline;
mod overrides;

use std::collections::BTreeMap;

use crate::blueprint::text::{Fault, Reference};
use crate::blueprint::{Blueprint, Declared, Member};
use crate::diagnostics::{Code, INTERNAL, Sink, alternatives, closest};
use crate::kinds::{self, Access, Component, Found, Grant, Peers, Place, Request, Scope, Site};
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

/// The codes of this layer, part by part.
pub static ALL_CODES: &[&[&Code]] = &[CODES, conditions::CODES, overrides::CODES];

/// A component whose fields fit its kind.
#[derive(Debug)]
pub struct Placed {
    /// Its name and place.
    pub place: Place,
    /// The frame of its names.
    pub frame: usize,
    /// What it is.
    pub component: Box<dyn Component>,
    /// Whether fields were left out because they are wrong: then what is missing means nothing.
    pub is_partial: bool,
}

/// The components that can be composed. One that does not fit its kind is left out: the schema check reported it.
pub fn place(blueprint: &Blueprint, sources: &Sources, faults: &mut Vec<Fault>, sink: &mut Sink) -> Vec<Placed> {
    let mut placed = Vec::new();
    for declared in &blueprint.components {
        let Some(kind) = kind_of(declared) else { continue };
        let place = |component: &dyn Component| {
            let standing = component.raw().and_then(|(name, _)| kinds::of_type(name)?.standing.as_ref());
            let origin = Origin::Derived(declared.key.span);
            Place { name: declared.name.clone(), origin, only: standing.map(|standing| standing.role) }
        };
        let before = faults.len();
        match (kind.decode)(&declared.fields, sources, faults) {
            Ok(component) => placed.push(Placed {
                place: place(component.as_ref()),
                frame: declared.frame,
                component,
                is_partial: false,
            }),
            // The schema and the types disagree, unless the schema said so too.
            Err(error) if !sink.has_errors() => {
                let span = error.span.unwrap_or(declared.key.span);
                sink.report(&INTERNAL, span, error.message)
                    .help("this is a mistake of formwork; please report it with the blueprint");
            }
            Err(_) => {
                faults.truncate(before);
                let component = (kind.decode)(&declared.sound_fields(), sources, faults).ok();
                placed.extend(component.map(|component| Placed {
                    place: place(component.as_ref()),
                    frame: declared.frame,
                    component,
                    is_partial: true,
                }));
            }
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
pub fn compose(blueprint: &Blueprint, placed: &[Placed], scope: &Scope, digest: &str, sink: &mut Sink) -> Template {
    let names: BTreeMap<&str, &Declared> =
        blueprint.components.iter().map(|declared| (declared.name.as_str(), declared)).collect();
    let peers: Peers<'_> =
        placed.iter().map(|placed| (placed.place.name.as_str(), placed.component.as_ref())).collect();
    for placed in placed.iter().filter(|placed| !placed.is_partial) {
        placed.component.check(placed.place.origin.span(), sink);
    }
    let connections = connect(placed, &names, scope, sink);
    let mut conditions = conditions::Conditions::default();

    let mut resources: Vec<Resource> = Vec::new();
    let mut shared: Vec<Resource> = Vec::new();
    for (placed, Connection { granted, received, key_users, uses }) in placed.iter().zip(&connections) {
        let place = &placed.place;
        let scope = scope.at(placed.frame);
        let mut site = Site {
            place,
            scope: &scope,
            peers: &peers,
            granted,
            received,
            key_users,
            uses,
            resources: Vec::new(),
            shared: Vec::new(),
        };
        placed.component.compose(&mut site);
        let mut made = site.resources;
        for one in site.shared {
            if !shared.iter().any(|known: &Resource| known.id == one.id) {
                shared.push(one);
            }
        }
        if let Some(declared) = names.get(placed.place.name.as_str()) {
            if let Some(overrides) = &declared.overrides {
                overrides::apply(overrides, &placed.place, &scope, &mut made, sink);
            }
            conditions.add(declared, &scope, &mut made);
        }
        resources.append(&mut made);
    }
    resources.append(&mut shared);
    resources.sort_by(|a, b| a.id.cmp(&b.id));
    let mut template = Template { resources, ..outline::outline(blueprint, scope, digest) };
    template.parameters = outline::parameters(blueprint, sink);
    lookups::resolve(&mut template, sink);
    conditions.finish(blueprint, scope, &mut template, sink);

    let (findings, uses, used_parameters) = scope.take();
    sink.append(findings);
    for used in uses {
        let place = scope.place(&used.component, Origin::Derived(used.span));
        let is_whole = placed.iter().any(|placed| placed.place.name == used.component && !placed.is_partial);
        let resource = template.resource(&place.id(used.role));
        let has = |path: &String| resource.is_some_and(|one| lookups::property(&one.properties, path).is_some());
        if is_whole && (resource.is_none() || !used.properties.iter().all(has)) {
            let message = format!("`{}` has no `{}` with its settings", used.component, used.attribute);
            let kind = scope.kind(&used.component).map_or("KIND", |kind| kind.name);
            sink.report(&kinds::ATTRIBUTE, used.span, message)
                .help(format!("`formwork explain {kind}` says with which settings it has one"));
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

/// What a component was granted, what it must allow to others, and what these do with it.
#[derive(Default)]
struct Connection {
    granted: Vec<Option<Grant>>,
    received: Vec<Statement>,
    key_users: Vec<Statement>,
    uses: Vec<Access>,
}

/// Asks the receiving end of every wire what the wire needs. The result is in the order of the components.
fn connect(placed: &[Placed], names: &BTreeMap<&str, &Declared>, scope: &Scope, sink: &mut Sink) -> Vec<Connection> {
    let index: BTreeMap<&str, usize> =
        placed.iter().enumerate().map(|(at, placed)| (placed.place.name.as_str(), at)).collect();
    let mut connections: Vec<Connection> = placed.iter().map(|_| Connection::default()).collect();
    // By name, so that statements that several senders add to one policy do not depend on the order in the file.
    for (name, &sender) in &index {
        let Placed { place, component, frame, .. } = &placed[sender];
        let scope = scope.at(*frame);
        let actor = component.actor(place, &scope);
        let mut grant =
            |to: &Reference, access: &Access, (scope, origin): (&Scope, Origin), sink: &mut Sink| -> Option<Grant> {
                let full = check_wire(to, access, names, scope, sink)?;
                let receiver = *index.get(full.as_str())?;
                if let (Some(from), Some(into), false) =
                    (names.get(name), names.get(full.as_str()), access.is_optional())
                {
                    conditions::check_need(from, into, to.span(), scope, sink);
                }
                let Placed { place, component, frame, .. } = &placed[receiver];
                let request = Request { access, actor: actor.as_ref(), from: name, origin };
                let mut grant = component.accept(&request, place, &scope.at(*frame));
                connections[receiver].received.append(&mut grant.policy);
                connections[receiver].uses.push(access.clone());
                let key_users = std::mem::take(&mut grant.key_users);
                allow_on_key(&placed[receiver], key_users, scope, &index, &mut connections);
                Some(grant)
            };
        let mut granted = Vec::new();
        let mut followed = None;
        for wire in component.wires() {
            let origin = Origin::Derived(wire.to.span());
            let mut one = grant(wire.to, &wire.access, (&scope, origin), sink);
            let receiver = match scope.find(wire.to) {
                Found::Component(full) => index.get(full.as_str()).map(|at| &placed[*at]),
                _ => None,
            };
            if let (Some(one), Some(Placed { place, component, frame, .. })) = (&mut one, receiver)
                && let Some(on) = component.leads_on(&wire.access, place)
                && let Some(mut behind) = grant(on.to, &on.access, (&scope.at(*frame), origin), sink)
            {
                one.role.append(&mut behind.role);
                one.behind = behind.address;
            }
            granted.push(one);
            if wire.access == Access::FollowLayout
                && let Some(peer) = receiver
            {
                followed = peer.component.dataset().map(|data| (data, peer.frame, wire.to.span()));
            }
        }
        if let Some((dataset, frame, span)) = followed
            && let Some(access) = component.follow(&dataset)
            && let Found::Component(bucket) = scope.at(frame).find(&dataset.bucket)
            && let Some(&receiver) = index.get(bucket.as_str())
        {
            // The bucket is named by the component that is followed, so the wire starts where that one is named.
            let request = Request { access: &access, actor: actor.as_ref(), from: name, origin: Origin::Derived(span) };
            let Placed { place, component, frame, .. } = &placed[receiver];
            let mut grant = component.accept(&request, place, &scope.at(*frame));
            connections[receiver].received.append(&mut grant.policy);
            granted.push(Some(grant));
        }
        connections[sender].granted = granted;
        // A parameter may stand for a component, or hold the ARN of a key from elsewhere.
        if let Some(key) = component.key()
            && (key.parameter().is_none() || matches!(scope.find(&key), Found::Component(_)))
            && let Some(full) = check_wire(&key, &Access::Encrypt, names, &scope, sink)
        {
            if let (Some(from), Some(into)) = (names.get(name), names.get(full.as_str())) {
                conditions::check_need(from, into, key.span(), &scope, sink);
            }
            allow_on_key(&placed[sender], component.key_users(place, &scope), &scope, &index, &mut connections);
        }
    }
    connections
}

/// Adds statements to the policy of the key of a component: its own, or that of another component. Those of one name
/// are one. A key from elsewhere has its own policy.
fn allow_on_key(
    owner: &Placed,
    statements: Vec<Statement>,
    scope: &Scope,
    index: &BTreeMap<&str, usize>,
    connections: &mut [Connection],
) {
    let key = owner.component.key();
    let holder = match key.as_ref().map(|key| scope.at(owner.frame).find(key)) {
        None => owner.place.name.clone(),
        Some(Found::Component(full)) => full,
        Some(_) => return,
    };
    let Some(connection) = index.get(holder.as_str()).map(|at| &mut connections[*at]) else { return };
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

/// The full name of the component that a wire leads to; one that leads nowhere or to the wrong kind is reported.
fn check_wire(
    to: &Reference,
    access: &Access,
    names: &BTreeMap<&str, &Declared>,
    scope: &Scope,
    sink: &mut Sink,
) -> Option<String> {
    let port = access.port();
    let fits = |member: &Member| match member {
        Member::Component(full) => scope.serves(full, port),
        Member::Module(_) | Member::Repeated(_) | Member::LeftOut => false,
    };
    let suitable: Vec<&str> = scope.members().filter(|(_, member)| fits(member)).map(|(name, _)| name).collect();
    let full = match scope.find(to) {
        Found::Component(full) => full,
        Found::Reported => return None,
        Found::Other(what) => {
            let help = if suitable.is_empty() {
                format!("name a component of kind {}", alternatives(port.kinds()))
            } else {
                format!("here {} would fit", alternatives(suitable))
            };
            sink.report(&WRONG_KIND, to.span(), what).help(help);
            return None;
        }
        Found::Nothing if let Some(parameter) = to.parameter() => {
            let meant = parameter.to_ascii_lowercase();
            let help = match closest(&meant, suitable.iter().copied()) {
                Some(name) => format!("did you mean `{name}`?"),
                None if suitable.is_empty() => format!("add a component of kind {}", alternatives(port.kinds())),
                None => format!("here {} would fit", alternatives(suitable)),
            };
            sink.report(&UNKNOWN_COMPONENT, to.span(), format!("no parameter `{parameter}`")).help(help);
            return None;
        }
        // What is no name is told by the schema.
        Found::Nothing if !to.is_name() => return None,
        Found::Nothing => {
            let words = port.words();
            let help = if let Some(name) = closest(to.name(), suitable.iter().chain(words).copied()) {
                format!("did you mean `{name}`?")
            } else if suitable.is_empty() {
                let word = words.first().map_or_else(String::new, |word| format!("write `{word}`, or "));
                format!("{word}add a component of kind {}", alternatives(port.kinds()))
            } else {
                format!("here {} would fit", alternatives(suitable))
            };
            // Any component of the name would be meant, whether it fits or not.
            let names = scope.members().map(|(name, _)| name);
            sink.report(&UNKNOWN_COMPONENT, to.span(), format!("no component `{}`", to.name()))
                .help(help)
                .meant(to.name(), names);
            return None;
        }
    };
    let declared = names.get(full.as_str())?;
    // A component without a known kind is reported at its own place.
    let kind = scope.kind(&full)?;
    if scope.serves(&full, port) {
        return Some(full);
    }
    let raw = scope.resource_type(&full);
    let what = raw.map_or_else(|| format!("kind `{}`", kind.name), |name| format!("type `{name}`"));
    let reason = raw
        .and(kind.standing.as_ref())
        .and_then(|standing| standing.without.iter().find(|(without, _)| *without == port).map(|(_, reason)| *reason));
    let message = match reason {
        Some(reason) => format!("`{}` is a raw resource of {what}, {reason}", to.name()),
        None => format!("`{}` is of {what}, which does not {}", to.name(), port.does()),
    };
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
