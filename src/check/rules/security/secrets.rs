//! Secrets in templates: whoever reads a template or a stack reads them, too.

use std::collections::BTreeSet;

use crate::check::Context;
use crate::check::known::{boolean, choices, text};
use crate::diagnostics::Sink;
use crate::source::Span;
use crate::template::{Data, Function, Map, Resource, Value};

codes! {
    /// A password, a token or a key is written into the template.
    ///
    /// It is then in the repository, in the stack and in every copy of them, for everyone who may read those. Let
    /// Secrets Manager make the secret and name it by a dynamic reference, or take it from a parameter with `NoEcho`.
    ///
    /// ```yaml
    /// Resources:
    ///   Source:
    ///     Type: AWS::CodeBuild::SourceCredential
    ///     Properties: { AuthType: PERSONAL_ACCESS_TOKEN, ServerType: GITHUB, Token: correct-horse-1 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Resources:
    ///   Source:
    ///     Type: AWS::CodeBuild::SourceCredential
    ///     Properties:
    ///       AuthType: PERSONAL_ACCESS_TOKEN
    ///       ServerType: GITHUB
    ///       Token: "{{resolve:secretsmanager:github}}"
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation best practices" (do not embed credentials in your templates).
    /// Covers: `CKV_AWS_45`, `CKV_AWS_46`, `CKV_AWS_384`, `DMS_NO_PLAINTEXT_PASSWORD`,
    /// `IAM_USER_LOGIN_PROFILE_NO_PLAINTEXT_PASSWORD`,
    /// `KINESIS_FIREHOSE_REDSHIFT_DESTINATION_CONFIGURATION_NO_PLAINTEXT_PASSWORD`,
    /// `KINESIS_FIREHOSE_SPLUNK_DESTINATION_CONFIGURATION_NO_PLAINTEXT_PASSWORD`,
    /// `RDS_CLUSTER_MASTER_USER_PASSWORD_NO_PLAINTEXT_PASSWORD`, `RDS_MASTER_USER_PASSWORD_NO_PLAINTEXT_PASSWORD`,
    /// `REDSHIFT_CLUSTER_MASTER_USER_PASSWORD_NO_PLAINTEXT_PASSWORD`, `W2501`.
    PLAIN = Warning "plain-text-secret";

    /// A parameter is used as a password, a token or a key, and CloudFormation shows its value.
    ///
    /// Whoever may describe the stack reads it. With `NoEcho` it is shown as asterisks.
    ///
    /// ```yaml
    /// Parameters:
    ///   AdminPassword: { Type: String }
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties: { NamespaceName: analytics, AdminUsername: keeper, AdminUserPassword: !Ref AdminPassword }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   AdminPassword: { Type: String, NoEcho: true }
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties: { NamespaceName: analytics, AdminUsername: keeper, AdminUserPassword: !Ref AdminPassword }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax" (`NoEcho`).
    /// Covers: `W2501`.
    ECHOED = Warning "echoed-secret";

    /// A parameter with `NoEcho` has a default.
    ///
    /// The default is in the template for all to read, and most stacks will have it.
    ///
    /// ```yaml
    /// Parameters:
    ///   AdminPassword: { Type: String, NoEcho: true, Default: Correct-Horse-1 }
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties: { NamespaceName: analytics, AdminUsername: keeper, AdminUserPassword: !Ref AdminPassword }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   AdminPassword: { Type: String, NoEcho: true }
    /// Resources:
    ///   Analytics:
    ///     Type: AWS::RedshiftServerless::Namespace
    ///     Properties: { NamespaceName: analytics, AdminUsername: keeper, AdminUserPassword: !Ref AdminPassword }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax" (`NoEcho`).
    /// Covers: `W1011`, `DMS_NO_PLAINTEXT_PASSWORD`.
    DEFAULT = Warning "secret-with-default";

    /// The value of a parameter with `NoEcho` is shown by an output or by metadata.
    ///
    /// `NoEcho` does not reach there: CloudFormation shows the value as it is.
    ///
    /// ```yaml
    /// Parameters:
    ///   Token: { Type: String, NoEcho: true }
    /// Resources:
    ///   Topic: { Type: AWS::SNS::Topic }
    /// Outputs:
    ///   Token: { Value: !Ref Token }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Parameters:
    ///   Token: { Type: String, NoEcho: true }
    /// Resources:
    ///   Topic: { Type: AWS::SNS::Topic }
    ///   Kept:
    ///     Type: AWS::SecretsManager::Secret
    ///     Properties: { SecretString: !Ref Token }
    /// Outputs:
    ///   Secret: { Value: !Ref Kept }
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation template Parameters syntax" (`NoEcho`).
    /// Covers: `W2010`.
    LEAKED = Warning "leaked-secret";
}

/// How the names of properties end whose values are secret, in small letters without signs between them.
///
/// Source: the provider schemas of all types, in which these names end properties that are texts.
const SECRET_ENDS: &[&str] = &[
    "accesstoken",
    "apikeyvalue",
    "apitoken",
    "authkey",
    "authtoken",
    "bearertoken",
    "clientsecret",
    "hectoken",
    "jwttoken",
    "oauthtoken",
    "passphrase",
    "password",
    "passwords",
    "presharedkey",
    "privatekey",
    "refreshtoken",
    "secretaccesskey",
    "secretkey",
    "secretstring",
    "secrettoken",
];

/// Secret properties whose names say less.
///
/// Source: the provider schemas of the types.
const SECRET_PROPERTIES: &[(&str, &str)] =
    &[("AWS::CodeBuild::SourceCredential", "Token"), ("AWS::KinesisFirehose::DeliveryStream", "AccessKey")];

/// How the names of variables end, beside those of properties. A name that ends with `secret` alone may say where the
/// secret is.
const SECRET_VARIABLE_ENDS: &[&str] = &["apikey", "apisecret", "appsecret", "passwd", "pwd", "sharedsecret", "token"];

/// Types in which such names mean something else: how long a token is valid, which file has a key, how a database makes
/// hashes.
///
/// Source: the provider schemas of the types.
const NOT_SECRET: &[&str] = &[
    "AWS::AppMesh::VirtualGateway",
    "AWS::AppMesh::VirtualNode",
    "AWS::Cognito::UserPoolClient",
    "AWS::RDS::DBClusterParameterGroup",
    "AWS::RDS::DBParameterGroup",
];

/// Objects of variables: their keys are names that the user chooses.
const VARIABLES: &[&str] = &["EnvironmentVariables", "Variables"];

/// How the ids of access keys begin that do not end by themselves, and how long they are.
///
/// Source: IAM User Guide, "IAM identifiers" (unique ID prefixes).
const KEY_PREFIX: &str = "AKIA";
/// See [`KEY_PREFIX`].
const KEY_LENGTH: usize = 20;
/// The end of the key that the documentation shows.
const EXAMPLE: &str = "EXAMPLE";

/// How the text of a private key begins. Source: RFC 7468, section 2.
const PEM: &[&str] =
    &["-----BEGIN PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY-----", "-----BEGIN EC PRIVATE KEY-----"];

/// Checks where secrets stand.
pub fn check(context: &Context<'_>, sink: &mut Sink) {
    let mut walk = Walk { context, sink, resource: None, echoed: BTreeSet::new() };
    for resource in &context.template.resources {
        walk.resource = Some(resource);
        walk.map(&resource.properties, &format!("Resources/{}/Properties", resource.id), false);
    }
    walk.resource = None;
    for (name, section) in [
        ("Parameters", &context.template.parameters),
        ("Mappings", &context.template.mappings),
        ("Outputs", &context.template.outputs),
    ] {
        for (key, value) in &section.0 {
            walk.patterns(value, &format!("{name}/{}", key.text));
        }
    }
    check_parameters(context, sink);
}

struct Walk<'a, 's> {
    context: &'a Context<'a>,
    sink: &'s mut Sink,
    resource: Option<&'a Resource>,
    /// Parameters that were told of.
    echoed: BTreeSet<&'a str>,
}

impl<'a> Walk<'a, '_> {
    fn map(&mut self, map: &'a Map, path: &str, variables: bool) {
        for (key, value) in &map.0 {
            let path = format!("{path}/{}", key.text);
            if self.is_secret(&key.text, variables) {
                for value in choices(value) {
                    self.secret(&key.text, value, &path);
                }
            } else {
                self.value(value, &path, variables || VARIABLES.contains(&key.text.as_str()));
            }
        }
    }

    fn value(&mut self, value: &'a Value, path: &str, variables: bool) {
        match &value.data {
            Data::Map(map) => {
                self.map(map, path, variables);
                self.pair(map, path);
            }
            Data::List(items) => {
                items
                    .iter()
                    .enumerate()
                    .for_each(|(index, item)| self.value(item, &format!("{path}/{index}"), variables));
            }
            Data::Call(_, argument) => self.value(argument, path, variables),
            Data::String(_) => self.patterns(value, path),
            Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }

    /// Variables as pairs, as containers and builds take them.
    fn pair(&mut self, map: &'a Map, path: &str) {
        let is_variable = path.contains("Environment");
        if let Some((name, value)) = map.get("Name").and_then(text).zip(map.get("Value")).filter(|_| is_variable)
            && map.get("Type").and_then(text).is_none_or(|kind| kind == "PLAINTEXT")
            && self.is_secret(&name, true)
        {
            for value in choices(value) {
                self.secret(&name, value, &format!("{path}/Value"));
            }
        }
    }

    fn is_secret(&self, name: &str, variable: bool) -> bool {
        let Some(resource) = self.resource.filter(|resource| !NOT_SECRET.contains(&resource.kind.as_str())) else {
            return false;
        };
        let plain: String =
            name.chars().filter(char::is_ascii_alphanumeric).map(|letter| letter.to_ascii_lowercase()).collect();
        SECRET_ENDS.iter().any(|end| plain.ends_with(end))
            || (variable && SECRET_VARIABLE_ENDS.iter().any(|end| plain.ends_with(end)))
            || SECRET_PROPERTIES.iter().any(|(kind, known)| *kind == resource.kind && *known == name)
    }

    /// A value that should be secret.
    fn secret(&mut self, name: &str, value: &'a Value, path: &str) {
        match &value.data {
            Data::List(items) => items.iter().for_each(|item| self.secret(name, item, path)),
            Data::Map(map) => self.map(map, path, false),
            Data::Call(function, argument) => match parameter(*function, argument) {
                Some(id) => self.parameter(id, value),
                None => {
                    if text(value).is_some_and(|text| looks_secret(name, &text)) {
                        self.report(name, value, path);
                    }
                }
            },
            Data::String(text) if !text.contains("{{resolve:") && looks_secret(name, text) => {
                self.report(name, value, path);
            }
            Data::String(_) | Data::Null | Data::Bool(_) | Data::Number(_) => {}
        }
    }

    fn report(&mut self, name: &str, value: &Value, path: &str) {
        // The rules of a service say what its own way is.
        if self.sink.diagnostics().iter().any(|known| known.span == value.origin.span()) {
            return;
        }
        self.context
            .report_value(self.sink, &PLAIN, value, path, format!("`{name}` is written into the template"))
            .help("use a dynamic reference to a secret (`{{resolve:secretsmanager:…}}`), or a parameter with `NoEcho`");
    }

    /// A parameter that stands for a secret.
    fn parameter(&mut self, id: &str, used: &Value) {
        let parameters = &self.context.template.parameters;
        let Some((key, value)) = parameters.0.iter().find(|(key, _)| key.text == id) else { return };
        let field = |name: &str| value.as_map().and_then(|map| map.get(name));
        let kind = field("Type").and_then(text).unwrap_or_default();
        // The store of parameters shows its values itself, or CloudFormation refuses them.
        let is_text = kind == "String" || kind == "CommaDelimitedList";
        // Nobody chooses a secret from a list.
        let is_text = is_text && field("AllowedValues").is_none();
        if is_text && field("NoEcho").is_none_or(|value| boolean(value) == Some(false)) && self.echoed.insert(&key.text)
        {
            self.sink
                .report(&ECHOED, key.origin.span(), format!("the secret `{id}` is shown with the stack"))
                .path(format!("Parameters/{id}"))
                .also(used.origin.span(), "used as a secret here")
                .help("add `NoEcho: true`");
        }
    }

    /// What is a secret wherever it stands.
    fn patterns(&mut self, value: &Value, path: &str) {
        let mut found = Vec::new();
        value.walk(&mut |part| {
            if let Data::String(text) = &part.data {
                found.extend(pattern(text).map(|what| (part, what)));
            }
        });
        for (part, (what, written)) in found {
            let span = self.context.narrow(part.origin.span(), written);
            self.sink.report(&PLAIN, span, format!("{what} is written into the template")).path(path).help(
                "take it back, and use a role, or a dynamic reference to a secret (`{{resolve:secretsmanager:…}}`)",
            );
        }
    }
}

/// The name of what a function gives, if it gives the value of one parameter or resource.
fn parameter(function: Function, argument: &Value) -> Option<&str> {
    match function {
        Function::Ref => argument.as_str(),
        Function::Sub => {
            let name = argument.as_str()?.strip_prefix("${")?.strip_suffix('}')?;
            Some(name).filter(|name| !name.contains(['{', '!', '.']))
        }
        _ => None,
    }
}

/// Whether the text of a secret property is the secret, and not where to find it, or what is not one.
fn looks_secret(name: &str, text: &str) -> bool {
    let is_place = text.starts_with("arn:") || text.starts_with('/') || text.contains("://");
    let is_nothing = text.trim().is_empty() || ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word));
    // What is replaced before the template is deployed.
    let is_left_open = text.contains("{{") || (text.starts_with('<') && text.ends_with('>'));
    // A secret may be an object of which a part is secret.
    let has_no_secret = name == "SecretString"
        && serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).is_ok_and(|object| {
            !object.iter().any(|(key, value)| {
                let key = key.to_ascii_lowercase();
                let named = SECRET_ENDS.iter().chain(SECRET_VARIABLE_ENDS).any(|end| key.ends_with(end));
                named && value.as_str().is_some_and(|value| !value.is_empty())
            })
        });
    !(is_place || is_nothing || is_left_open || has_no_secret)
}

/// A secret that can be told by its form: what it is, and the part of the text that says so.
fn pattern(text: &str) -> Option<(&'static str, &str)> {
    if let Some(start) = PEM.iter().find_map(|start| text.find(start).map(|at| &text[at..at + start.len()])) {
        return Some(("a private key", start));
    }
    let mut words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let is_key = |word: &&str| {
        word.len() == KEY_LENGTH
            && word.starts_with(KEY_PREFIX)
            && !word.ends_with(EXAMPLE)
            && word.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    words.find(is_key).map(|word| ("an access key", word))
}

/// Parameters with `NoEcho`: their defaults, and what shows them.
fn check_parameters(context: &Context<'_>, sink: &mut Sink) {
    let template = context.template;
    let mut hidden: BTreeSet<&str> = BTreeSet::new();
    for (key, value) in &template.parameters.0 {
        let Some(map) = value.as_map() else { continue };
        if map.get("NoEcho").and_then(boolean) != Some(true) {
            continue;
        }
        hidden.insert(&key.text);
        if let Some(default) =
            map.get("Default").filter(|value| text(value).is_some_and(|text| looks_secret(&key.text, &text)))
        {
            let path = format!("Parameters/{}/Default", key.text);
            context
                .report_value(sink, &DEFAULT, default, &path, format!("the secret `{}` has a default", key.text))
                .help("remove the default, so that every stack is given a value of its own");
        }
    }
    let mut leaks: Vec<(Span, String, &str)> = Vec::new();
    let mut look = |value: &Value, path: String| {
        value.walk(&mut |part| {
            let Data::Call(function, argument) = &part.data else { return };
            let shown = hidden.iter().find(|id| match function {
                Function::Ref => argument.as_str() == Some(**id),
                Function::Sub => {
                    let text = argument.as_str().or_else(|| argument.as_list()?.first()?.as_str());
                    text.is_some_and(|text| text.contains(&format!("${{{id}}}")))
                }
                _ => false,
            });
            // In one place a secret is told of once, however often it is shown there.
            let shown = shown.filter(|id| !leaks.iter().any(|(_, known, told)| *known == path && told == *id));
            leaks.extend(shown.map(|id| (part.origin.span(), path.clone(), *id)));
        });
    };
    for (key, value) in &template.outputs.0 {
        if let Some(shown) = value.as_map().and_then(|map| map.get("Value")) {
            look(shown, format!("Outputs/{}/Value", key.text));
        }
    }
    for (key, value) in &template.metadata.0 {
        look(value, format!("Metadata/{}", key.text));
    }
    for resource in &template.resources {
        if let Some(metadata) = resource.attributes.get("Metadata") {
            look(metadata, format!("Resources/{}/Metadata", resource.id));
        }
    }
    for (span, path, id) in leaks {
        sink.report(&LEAKED, span, format!("the secret `{id}` is shown here"))
            .path(path)
            .help("remove it, or show the ARN of a secret that holds it");
    }
}
