//! Encryption with a key: the same choice for every kind that keeps data.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Found, Place, Scope, Site};
use crate::blueprint::text::{Located, Part, Reference, Text};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::{Statement, document};
use crate::template::{Data, Map, Removal, Value};

/// Who holds the key.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Encryption {
    /// A word.
    #[serde(rename = "Text")]
    Word(Located<Word>),
    /// A key from elsewhere.
    #[serde(rename = "Map")]
    Key(KeyReference),
}

/// Who holds the key, in a word.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// A key that AWS owns and manages, at no cost.
    AwsOwned,
    /// A key of its own, made with the component, with yearly rotation; kept when the stack is deleted.
    OwnKey,
}

/// A key that is made elsewhere.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyReference {
    /// A `kms-key`, or the ARN of a KMS key from elsewhere. The policy of a key from elsewhere must let IAM policies of
    /// this account grant its use, and allow it to services that act without a role.
    pub key: Text,
}

impl KeyReference {
    /// The component, if it is one.
    pub fn component(&self) -> Option<Reference> {
        match self.key.parts.as_slice() {
            [Part::Literal(name)] if !name.contains([':', '/']) => Some(Reference::new(name, self.key.span)),
            [Part::Reference(path, span)] => {
                let (name, rest) = path.split_once('.').map_or((path.as_str(), ""), |(name, rest)| (name, rest));
                // Parameters start with a capital, components do not.
                let parameter = name.starts_with(|c: char| c.is_ascii_uppercase()) && !name.contains(':');
                match rest {
                    "" | "arn" if parameter => Some(Reference::new(&format!("${{{name}}}"), *span)),
                    "arn" => Some(Reference::new(name, *span)),
                    // What else leads to a key, unless it is an attribute of something else.
                    "Arn" | "KeyId" | "alias" | "id" | "ref" => Some(Reference::new(&format!("${{{path}}}"), *span)),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

impl JsonSchema for Encryption {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Encryption".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Word>(), generator.subschema_for::<KeyReference>()]
        })
    }
}

/// The role of a component's own key among its resources.
pub const KEY: &str = "Key";

impl Encryption {
    /// Where it is written.
    pub fn span(&self) -> Span {
        match self {
            Self::Word(word) => word.span(),
            Self::Key(reference) => reference.key.span,
        }
    }

    /// The ARN of the key, if it is not AWS that holds it.
    pub fn key_arn(&self, place: &Place, scope: &Scope) -> Option<Value> {
        match self {
            Self::Word(word) => (word.value == Word::OwnKey).then(|| place.attribute(KEY, "Arn")),
            Self::Key(reference) => match reference.component() {
                // A parameter may stand for a component, or hold an ARN.
                Some(key) if key.parameter().is_none() || matches!(scope.find(&key), Found::Component(_)) => {
                    scope.key_arn(&key)
                }
                _ => Some(scope.value(&reference.key)),
            },
        }
    }

    /// The `kms-key`, if it is one.
    pub fn component(&self) -> Option<Reference> {
        match self {
            Self::Word(_) => None,
            Self::Key(reference) => reference.component(),
        }
    }

    /// Makes the component's own key if it has one. `statements` let services use it that do not act with a role.
    pub fn compose(&self, site: &mut Site<'_>, statements: Vec<Statement>) {
        let Self::Word(Located { value: Word::OwnKey, .. }) = self else { return };
        let origin = site.place.origin;
        let policy = key_policy(origin, statements.into_iter().chain(site.key_users.iter().cloned()));
        let description = format!("Encrypts {} of {}", site.place.name, site.scope.blueprint);
        let properties = map!(origin;
            "Description" => description,
            "EnableKeyRotation" => true,
            "KeyPolicy" => policy,
        );
        site.add_stateful(KEY, "AWS::KMS::Key", Removal::Retain, properties);
    }
}

/// The policy of a key that these statements allow to services.
pub fn key_policy(origin: Origin, statements: impl IntoIterator<Item = Statement>) -> Map {
    // With this statement the IAM policies of the account decide, so each grant stays with the role that uses it.
    // Source: KMS Developer Guide, "Default key policy".
    let account = Value::sub(origin, "arn:${AWS::Partition}:iam::${AWS::AccountId}:root");
    let principal = Value::new(origin, Data::Map(map!(origin; "AWS" => account)));
    let mut root = Statement::allow(origin, &["kms:*"], vec![Value::string(origin, "*")]).named("AccountDecides");
    root.principal = Some(principal);
    document(origin, std::iter::once(root).chain(statements).collect())
}

/// What the policy of a key allows to a service that acts without a role: `kms:Decrypt` and the data keys.
pub fn service_uses_key(origin: Origin, sid: &str, service: &str, condition: Option<Map>) -> Statement {
    let actions = &["kms:Decrypt", "kms:GenerateDataKey*"];
    let mut statement = Statement::allow(origin, actions, vec![Value::string(origin, "*")]).named(sid).service(service);
    statement.condition = condition;
    statement
}

/// What a role needs to send to something encrypted, through the service that holds it.
///
/// Source: KMS Developer Guide, `kms:ViaService`.
pub fn send_encrypted(origin: Origin, sid: &str, service: &str, key: Value) -> Statement {
    let through = Value::sub(origin, format!("{service}.${{AWS::Region}}.${{AWS::URLSuffix}}"));
    let condition = map!(origin; "StringEquals" => map!(origin; "kms:ViaService" => through));
    use_key(origin, sid, &["kms:Decrypt", "kms:GenerateDataKey"], key, condition)
}

/// What a role needs to use a key through a service, for data under an encryption context.
pub fn use_key(origin: Origin, sid: &str, actions: &[&'static str], key: Value, condition: Map) -> Statement {
    Statement::allow(origin, actions, vec![key]).named(sid).when(condition)
}
