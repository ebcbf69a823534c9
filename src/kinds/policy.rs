//! Policies that the user wrote: whether they allow what others need of a resource.

use super::Scope;
use super::site::json_text;
use crate::blueprint::text::{Part, Text, Tree, TreeData};
use crate::source::Span;
use crate::template::iam::Statement;
use crate::template::{Data, Value};

codes! {
    /// The policy that the user wrote for a resource does not allow what another component needs.
    ///
    /// A resource has one policy. Where it is written out, nothing is added to it; what must be in it is shown, ready to
    /// be copied.
    ///
    /// ```yaml
    /// components:
    ///   data:
    ///     kind: resource
    ///     type: AWS::KMS::Key
    ///     properties:
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }
    ///             Action: kms:*
    ///             Resource: "*"
    ///   journal:
    ///     kind: log-group
    ///     encryption: { key: data }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   data:
    ///     kind: resource
    ///     type: AWS::KMS::Key
    ///     properties:
    ///       KeyPolicy:
    ///         Version: "2012-10-17"
    ///         Statement:
    ///           - Effect: Allow
    ///             Principal: { AWS: "arn:${AWS::Partition}:iam::${AWS::AccountId}:root" }
    ///             Action: kms:*
    ///             Resource: "*"
    ///           - Effect: Allow
    ///             Principal: { Service: "logs.${AWS::Region}.${AWS::URLSuffix}" }
    ///             Action: ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
    ///             Resource: "*"
    ///   journal:
    ///     kind: log-group
    ///     encryption: { key: data }
    /// ```
    ///
    /// Source: IAM User Guide, "Policy evaluation logic": a service that acts without a role is allowed only by the
    /// policy of the resource.
    MISSING = Error "missing-statement";
}

/// Reports every statement that others need and the policy does not have. Conditions and resources are the user's
/// business; what cannot be known before deployment is taken to allow.
pub fn check(name: &str, place: Span, document: &Tree, needed: &[Statement], scope: &Scope) {
    let mut told: Vec<Option<&str>> = Vec::new();
    for statement in needed {
        if told.contains(&statement.sid.as_deref()) || allows(document, statement) {
            continue;
        }
        told.push(statement.sid.as_deref());
        let map = Value::new(statement.origin, Data::Map(statement.clone().into_map()));
        let text = scope.shown(&json_text(&map));
        scope
            .sink()
            .report(&MISSING, statement.origin.span(), format!("the policy of `{name}` does not allow what this needs"))
            .also(place, "this policy is written out, so nothing is added to it")
            .help(format!("add this statement to it: `{text}`"));
    }
}

/// Whether a written policy has statements that allow all that one needs.
fn allows(document: &Tree, needed: &Statement) -> bool {
    let TreeData::Map(entries) = &document.data else { return true };
    // An intrinsic function gives the document or its statements.
    let Some((.., statements)) = entries.iter().find(|(key, ..)| key == "Statement") else {
        return entries.iter().any(|(key, ..)| key == "Ref" || key.starts_with("Fn::"));
    };
    let statements: Vec<&Tree> = match &statements.data {
        TreeData::List(items) => items.iter().collect(),
        _ => vec![statements],
    };
    let services = services(needed);
    services.iter().all(|service| {
        needed.actions.iter().all(|action| statements.iter().any(|statement| covers(statement, service, action)))
    })
}

/// The services that a statement is for, each without what follows its name.
fn services(needed: &Statement) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(principal) = &needed.principal {
        principal.walk(&mut |value| found.extend(value.as_str().map(|name| name_of(name).to_owned())));
    }
    found
}

/// `logs` of `logs.eu-central-1.amazonaws.com`: the rest differs between regions and partitions.
fn name_of(principal: &str) -> &str {
    principal.split('.').next().unwrap_or(principal)
}

fn covers(statement: &Tree, service: &str, action: &str) -> bool {
    let TreeData::Map(entries) = &statement.data else { return true };
    let field = |name: &str| entries.iter().find(|(key, ..)| key == name).map(|(.., tree)| tree);
    if field("Effect").is_some_and(|effect| any(effect, &|text, _| text.eq_ignore_ascii_case("Deny"))) {
        return false;
    }
    let everyone = |text: &str, whole: bool| if whole { text == "*" } else { text.is_empty() };
    let is_service = |text: &str, whole: bool| {
        if whole || text.contains('.') { name_of(text) == service } else { service.starts_with(text) }
    };
    let trusts = match (field("Principal"), field("NotPrincipal")) {
        (Some(principal), _) => match &principal.data {
            TreeData::Map(kinds) => kinds.iter().any(|(kind, _, names)| match kind.as_str() {
                "Service" => any(names, &is_service),
                "AWS" => any(names, &everyone),
                _ => kind.starts_with("Fn::"),
            }),
            _ => any(principal, &everyone),
        },
        (None, other) => other.is_some(),
    };
    // The last star of an action that is needed stands for variants of it.
    let matches = |text: &str, whole: bool| !whole || glob(text, action) || glob(text, action.trim_end_matches('*'));
    trusts && field("Action").is_none_or(|actions| any(actions, &matches))
}

/// Whether a text of a value or of a list of them passes: what is known of it, and whether that is all. A value that a
/// function gives does.
fn any(tree: &Tree, passes: &dyn Fn(&str, bool) -> bool) -> bool {
    match &tree.data {
        TreeData::List(items) => items.iter().any(|item| any(item, passes)),
        TreeData::Text(text) => {
            let (start, whole) = start(text);
            passes(start, whole)
        }
        TreeData::Plain(_) => false,
        TreeData::Map(_) => true,
    }
}

/// The text before the first `${ }`, and whether that is all of it.
fn start(text: &Text) -> (&str, bool) {
    match text.parts.as_slice() {
        [Part::Literal(literal)] => (literal, true),
        [Part::Literal(literal), ..] => (literal, false),
        _ => ("", false),
    }
}

/// Whether a pattern of an action matches: `*` stands for any characters, `?` for one, and case does not count.
///
/// Source: IAM User Guide, "IAM JSON policy elements: Action".
fn glob(pattern: &str, action: &str) -> bool {
    let (pattern, action) = (pattern.to_ascii_lowercase().into_bytes(), action.to_ascii_lowercase().into_bytes());
    let (mut at, mut rest) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while rest < action.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, rest));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == action[rest] => {
                at += 1;
                rest += 1;
            }
            _ => match star {
                Some((from, to)) => {
                    star = Some((from, to + 1));
                    at = from + 1;
                    rest = to + 1;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::glob;

    #[test]
    fn patterns_of_actions_match_as_those_of_iam() {
        for (pattern, action) in [
            ("kms:*", "kms:Decrypt"),
            ("*", "kms:Decrypt"),
            ("KMS:decrypt", "kms:Decrypt"),
            ("kms:GenerateDataKey*", "kms:GenerateDataKey"),
            ("kms:*Data*Key", "kms:GenerateDataKey"),
            ("kms:Decryp?", "kms:Decrypt"),
        ] {
            assert!(glob(pattern, action), "{pattern} {action}");
        }
        for (pattern, action) in
            [("kms:", "kms:Decrypt"), ("kms:Decrypt?", "kms:Decrypt"), ("sqs:*", "kms:Decrypt"), ("", "a")]
        {
            assert!(!glob(pattern, action), "{pattern} {action}");
        }
    }
}
