//! The roles of a template: who may act with them, and what they may do.

use std::collections::BTreeSet;

use super::covers::{Answer, covers};
use super::managed;
use super::names::{self, Text, Unit, literal};
use crate::check::known::{branches, text, within};
use crate::check::policies::{self, Document, Family, entries, matches};
use crate::check::{Context, uses};
use crate::template::{Data, Function, Map, Resource, Value};

/// A statement that allows or denies.
#[derive(Debug)]
pub struct Grant {
    denies: bool,
    /// The actions in lower case; `None` for what is not known.
    actions: Patterns<Option<String>>,
    resources: Patterns<Text>,
    /// Whether it may be that it does not count.
    is_conditional: bool,
    /// The policy of its own that it stands in.
    pub policy: Option<String>,
}

/// What a statement is about: these, or all others.
#[derive(Debug)]
struct Patterns<T> {
    items: Vec<T>,
    others: bool,
}

impl<T> Patterns<T> {
    fn these(items: Vec<T>) -> Self {
        Self { items, others: false }
    }

    /// Whether one of them fits, or, of the others, none; `empty` is the answer without any.
    fn fit(&self, one: impl Fn(&T) -> Answer, empty: Answer) -> Answer {
        match (self.items.iter().map(one).max().unwrap_or(empty), self.others) {
            (answer, false) => answer,
            (Answer::Yes, true) => Answer::No,
            (Answer::No, true) => Answer::Yes,
            (Answer::Perhaps, true) => Answer::Perhaps,
        }
    }
}

/// A role of the template.
#[derive(Debug)]
pub struct Role<'a> {
    /// The role.
    pub resource: &'a Resource,
    arn: Text,
    name: Text,
    /// Its trust policy.
    trust: Option<Document<'a>>,
    /// What it may do, and must not.
    pub grants: Vec<Grant>,
    /// Whether it may do more than can be seen.
    is_open: bool,
}

/// The types of policies that are attached to roles, with the property that names the roles.
///
/// Source: the provider schemas of the types.
const ATTACHED: &[(&str, &str)] =
    &[("AWS::IAM::ManagedPolicy", "Roles/*"), ("AWS::IAM::Policy", "Roles/*"), ("AWS::IAM::RolePolicy", "RoleName")];

/// All roles of a template.
pub fn roles<'a>(context: &Context<'a>) -> Vec<Role<'a>> {
    let shared = of_resources(context);
    context.of_type("AWS::IAM::Role").map(|resource| role(context, resource, &shared)).collect()
}

/// Documents that stand beside a role: the policy, its document, the roles that it names.
type Shared<'c, 'a> = Vec<(&'a Resource, &'c Document<'a>, Vec<Text>)>;

/// The policy documents of a resource.
fn of<'c, 'a>(context: &'c Context<'a>, resource: &Resource) -> impl Iterator<Item = &'c Document<'a>> {
    context.policies.iter().filter(|document| std::ptr::eq(document.resource, resource))
}

fn of_resources<'c, 'a>(context: &'c Context<'a>) -> Shared<'c, 'a> {
    let mut all = Shared::new();
    for (kind, property) in ATTACHED {
        for policy in context.of_type(kind) {
            let keys: Vec<&str> = property.split('/').collect();
            let value = policy.properties.get(keys[0]);
            // A list that is known only at deployment may have any role.
            let hidden = value.is_some_and(|value| {
                keys.len() > 1 && branches(value, "").iter().any(|(_, list)| list.as_list().is_none())
            });
            let mut names: Vec<Text> =
                within(&policy.properties, &keys, "").iter().map(|(_, value)| names::of(context, value)).collect();
            if hidden {
                names.push(vec![Unit::Unknown(policy.id.clone())]);
            }
            for document in of(context, policy) {
                all.push((policy, document, names.clone()));
            }
        }
    }
    all
}

fn role<'a>(context: &Context<'a>, resource: &'a Resource, shared: &Shared<'_, 'a>) -> Role<'a> {
    let mut role = Role {
        resource,
        arn: names::of_resource(context, resource, Some("Arn")),
        name: names::of_resource(context, resource, None),
        trust: None,
        grants: Vec::new(),
        is_open: is_replaced(&resource.properties),
    };
    for document in of(context, resource) {
        if document.family == Family::Trust {
            role.trust = Some(document.clone());
        } else {
            role.add(context, document, None);
        }
    }
    // Policies that are not written out here.
    if let Some(policies) = resource.properties.get("Policies") {
        let items = within(&resource.properties, &["Policies", "*", "PolicyDocument"], "");
        let count: usize =
            branches(policies, "").iter().filter_map(|(_, list)| list.as_list()).map(<[Value]>::len).sum();
        role.is_open |= items.len() < count || branches(policies, "").iter().any(|(_, list)| list.as_list().is_none());
    }
    for (policy, document, names) in shared {
        let answer = names.iter().map(|name| attached(name, &role.name)).max().unwrap_or(Answer::No);
        match answer {
            Answer::Yes => role.add(context, document, Some(policy)),
            Answer::Perhaps => role.is_open = true,
            Answer::No => {}
        }
    }
    role.managed(context, shared);
    role.of_what_is_acted_on(context);
    role
}

/// Whether the name in a policy is that of a role; names of IAM have no wildcards.
fn attached(given: &Text, name: &Text) -> Answer {
    let is_known = |text: &Text| text.iter().all(|unit| matches!(unit, Unit::Letter(_) | Unit::Generated(_)));
    match () {
        () if given == name => Answer::Yes,
        () if is_known(given) && is_known(name) => Answer::No,
        () => covers(given, name),
    }
}

/// Whether a macro puts more into an object.
fn is_replaced(map: &Map) -> bool {
    map.0.iter().any(|(key, _)| key.text.starts_with("Fn::"))
}

impl Role<'_> {
    /// Whether a value is the ARN or the name of this role.
    pub fn is(&self, text: &Text) -> bool {
        *text == self.arn || *text == self.name
    }

    fn add(&mut self, context: &Context<'_>, document: &Document<'_>, policy: Option<&Resource>) {
        self.is_open |= !document.is_known();
        let conditional = policy.is_some_and(|policy| policy.condition.is_some());
        for (path, statement) in document.statements() {
            let mut grant = grant(context, statement, &path);
            grant.is_conditional |= conditional;
            grant.policy = policy.map(|policy| policy.id.clone());
            self.grants.push(grant);
        }
    }

    fn managed(&mut self, context: &Context<'_>, shared: &Shared<'_, '_>) {
        let Some(list) = self.resource.properties.get("ManagedPolicyArns") else { return };
        for (_, value) in policies::each(list, "") {
            if matches!(value.data, Data::List(_)) {
                continue;
            }
            let own = match &value.data {
                Data::Call(Function::Ref, argument) => argument.as_str(),
                _ => None,
            };
            if let Some((_, document, _)) = shared.iter().find(|(policy, ..)| own == Some(policy.id.as_str())) {
                // The role needs the policy, so it is there before any user of the role.
                self.add(context, document, None);
                continue;
            }
            let arn = names::shown(&names::of(context, value));
            let Some(known) = arn
                .split_once(":policy/")
                .and_then(|(start, name)| start.ends_with(":iam::aws").then(|| managed::policy(name)).flatten())
            else {
                self.is_open = true;
                continue;
            };
            for statement in known {
                let actions = statement.actions.iter().map(|action| Some(action.to_ascii_lowercase())).collect();
                let resources = statement.resources.iter().map(|resource| literal(resource)).collect();
                self.grants.push(Grant {
                    denies: false,
                    actions: Patterns::these(actions),
                    resources: Patterns::these(resources),
                    is_conditional: false,
                    policy: None,
                });
            }
        }
    }

    /// What the policies of buckets, queues and keys may allow.
    fn of_what_is_acted_on(&mut self, context: &Context<'_>) {
        for document in context.policies.iter().filter(|document| document.family.is_of_resource()) {
            for (path, statement) in document.statements() {
                let principals = principals(statement, "AWS", &path);
                let named = principals.iter().any(|principal| may_be_role(context, principal));
                let all = statement.get("NotPrincipal").is_some()
                    || statement.get("Principal").is_some_and(|value| value.as_map().is_none());
                if named || all {
                    let mut grant = grant(context, statement, &path);
                    grant.is_conditional = true;
                    self.grants.push(grant);
                }
            }
        }
    }

    /// Whether the role may do something.
    pub fn may(&self, action: &str, target: &Text) -> Answer {
        self.may_by(action, target, |_| true)
    }

    /// The same with some of its policies only.
    pub fn may_by(&self, action: &str, target: &Text, counts: impl Fn(&Grant) -> bool) -> Answer {
        let action = action.to_ascii_lowercase();
        let mut best = if self.is_open { Answer::Perhaps } else { Answer::No };
        for grant in self.grants.iter().filter(|grant| counts(grant)) {
            let mut answer = grant.is_about(&action, target);
            if grant.is_conditional {
                answer = answer.min(Answer::Perhaps);
            }
            match (grant.denies, answer) {
                (true, Answer::Yes) => return Answer::No,
                (true, _) => {}
                (false, answer) => best = best.max(answer),
            }
        }
        best
    }

    /// Whether a service may act with the role.
    pub fn trusts(&self, context: &Context<'_>, service: &str) -> Answer {
        let Some(trust) = &self.trust else { return Answer::Perhaps };
        // A trust policy without any statement is no finished one.
        if !trust.is_known() || trust.statements().is_empty() {
            return Answer::Perhaps;
        }
        let mut best = Answer::No;
        for (path, statement) in trust.statements() {
            let grant = grant(context, statement, &path);
            let about = grant.is_about("sts:assumerole", &literal("*"));
            if grant.denies || about == Answer::No {
                continue;
            }
            // `*` is everyone, whoever that means.
            let anyone = statement.get("Principal").is_none_or(|value| value.as_map().is_none())
                || principals(statement, "AWS", &path).iter().any(|value| text(value).as_deref() == Some("*"));
            let named = principals(statement, "Service", &path).iter().map(|value| is_service(value, service)).max();
            let answer = if anyone { Answer::Perhaps } else { named.unwrap_or(Answer::No) };
            best = best.max(answer.min(about));
        }
        best
    }

    /// Whether it is seen to allow nothing at all, so that others may give it its policies.
    pub fn is_bare(&self) -> bool {
        self.grants.iter().all(|grant| grant.denies || grant.is_conditional)
    }

    /// The place that says who may act with the role.
    pub fn trust_place(&self) -> Option<crate::source::Span> {
        let properties = &self.resource.properties.0;
        properties.iter().find(|(key, _)| key.text == "AssumeRolePolicyDocument").map(|(key, _)| key.origin.span())
    }
}

fn principals<'m>(statement: &'m Map, kind: &str, path: &str) -> Vec<&'m Value> {
    let Some(principal) = statement.get("Principal") else { return Vec::new() };
    let maps = branches(principal, path).into_iter().filter_map(|(_, value)| value.as_map());
    maps.flat_map(|map| entries(map, kind, path)).map(|(_, value)| value).collect()
}

/// Whether a principal is a service, in some region or in all.
fn is_service(value: &Value, service: &str) -> Answer {
    let Some(given) = text(value) else { return Answer::Perhaps };
    let name = service.strip_suffix(".amazonaws.com").unwrap_or(service);
    let given = given.strip_suffix(".cn").unwrap_or(&given);
    let regional = || {
        let (start, region) = given.strip_suffix(".amazonaws.com")?.rsplit_once('.')?;
        (start == name && region.contains('-')).then_some(())
    };
    if given == service || given == "*" || regional().is_some() { Answer::Yes } else { Answer::No }
}

/// Whether a principal may be a role and not a whole account, which leaves it to its roles.
fn may_be_role(context: &Context<'_>, value: &Value) -> bool {
    let given = names::of(context, value);
    let shown = names::shown(&given);
    !(shown.ends_with(":root") || given == vec![Unit::Place("AWS::AccountId")] || shown.parse::<u64>().is_ok())
}

fn grant(context: &Context<'_>, statement: &Map, path: &str) -> Grant {
    let all = |keys: [&str; 2]| {
        let items: Vec<&Value> =
            keys.iter().flat_map(|key| entries(statement, key, path)).map(|(_, value)| value).collect();
        (items, statement.get(keys[1]).is_some())
    };
    let (actions, other_actions) = all(["Action", "NotAction"]);
    let (resources, other_resources) = all(["Resource", "NotResource"]);
    let action = |value: &&Value| text(value).map(|action| action.to_ascii_lowercase());
    let effect = statement.get("Effect").and_then(text);
    Grant {
        denies: effect.as_deref() == Some("Deny"),
        actions: Patterns { items: actions.iter().map(action).collect(), others: other_actions },
        resources: Patterns {
            items: resources.iter().map(|value| names::of(context, value)).collect(),
            others: other_resources,
        },
        is_conditional: statement.get("Condition").is_some()
            || effect.is_none()
            || path.contains("/Fn::If/")
            || is_replaced(statement),
        policy: None,
    }
}

impl Grant {
    /// Whether it is about an action on something.
    fn is_about(&self, action: &str, target: &Text) -> Answer {
        let acts = |pattern: &Option<String>| match pattern {
            None => Answer::Perhaps,
            Some(pattern) if matches(pattern, action) => Answer::Yes,
            Some(_) => Answer::No,
        };
        // Statements of a trust policy, and of some resources, have no resource.
        let on = self.resources.fit(|pattern| covers(pattern, target), Answer::Yes);
        self.actions.fit(acts, Answer::No).min(on)
    }
}

/// What a resource needs before it can be made, directly or not.
pub fn needed<'a>(context: &Context<'a>, resource: &'a Resource) -> BTreeSet<&'a str> {
    let mut all = BTreeSet::new();
    let mut next = vec![resource];
    while let Some(resource) = next.pop() {
        let named = uses::of_resource(context, resource).into_iter().map(|one| one.id());
        for id in named.chain(resource.depends_on.iter().map(String::as_str)) {
            if let Some((id, resource)) = context.resources.get_key_value(id)
                && all.insert(*id)
            {
                next.push(resource);
            }
        }
    }
    all
}
