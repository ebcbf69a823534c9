//! `secret`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use super::encryption::{Encryption, use_key};
use super::s3_bucket::OnDelete;
use super::site::json_text;
use super::standing::{Policy, Properties, Standing};
use super::{Access, Attribute, Component, Get, Grant, Kind, Place, Port, Request, Scope, Site};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Key, Map, Value};

/// A secret of Secrets Manager, in JSON as services read it: `{"api_key": "…"}`.
///
/// Its value is never in a template. It is made with a random one, which is good for passwords; the token of a vendor
/// is put in its place by hand, once, after the first deployment. A change of `field`, `length` or `others` makes a new
/// random value.
///
/// ```yaml
/// components:
///   token:
///     kind: secret
///     description: The API token of the monitoring.
///   failed:
///     kind: s3-bucket
///   delivery:
///     kind: firehose-stream
///     to:
///       http: new-relic
///       region: eu
///       secret: token
///       backup: { s3: failed }
/// outputs:
///   Token: { value: "${token.arn}", description: Put the API token into this secret. }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Secret {
    /// Name of the secret. Without it CloudFormation makes one.
    name: Option<Text>,
    /// What it is for.
    description: Option<Text>,
    /// The field of the JSON that is secret. Firehose reads `api_key` for HTTP endpoints.
    #[serde(default = "api_key")]
    #[schemars(length(min = 1, max = 128))]
    field: Located<String>,
    /// The other fields, which are no secret, such as a user name.
    #[serde(default)]
    others: IndexMap<Located<String>, Text>,
    /// Characters of the random value: letters and digits.
    #[serde(default = "length")]
    #[schemars(range(min = 8, max = 4096))]
    length: u32,
    /// With which key it is encrypted. The default is the key of the account that AWS manages for Secrets Manager.
    encryption: Option<Encryption>,
    /// What happens to the secret when the stack is deleted.
    #[serde(default)]
    on_delete: OnDelete,
}

codes! {
    /// The secret field of a secret is given in `others`, too.
    ///
    /// What is in `others` stands in the template, where everyone who sees the stack can read it.
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///     field: password
    ///     others: { username: app, password: hunter2 }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///     field: password
    ///     others: { username: app }
    /// ```
    IN_TEMPLATE = Error "secret-in-template";
}

/// Source: Firehose Developer Guide, "Understand secrets": the format for HTTP endpoints.
const API_KEY: &str = "api_key";

const LENGTH: u32 = 32;
const SECRET: &str = "Secret";

fn api_key() -> Located<String> {
    Located::nowhere(API_KEY.to_owned())
}

fn length() -> u32 {
    LENGTH
}

impl Secret {
    /// What grants like a secret with these properties.
    fn read_properties(properties: &Properties<'_>) -> Box<dyn Component> {
        Box::new(Self {
            name: None,
            description: None,
            field: api_key(),
            others: IndexMap::new(),
            length: LENGTH,
            encryption: properties.key(&["KmsKeyId"]),
            on_delete: OnDelete::default(),
        })
    }
}

impl Component for Secret {
    fn key(&self) -> Option<Reference> {
        self.encryption.as_ref()?.component()
    }

    fn check(&self, _name: Span, sink: &mut Sink) {
        for name in self.others.keys().filter(|name| name.value == self.field.value) {
            sink.report(&IN_TEMPLATE, name.span(), format!("`{}` is the secret field", name.value))
                .help("remove it here; its value is made at random, and can be changed by hand after the deployment");
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, scope: &Scope) -> Grant {
        if *request.access != Access::ReadSecret {
            return Grant::default();
        }
        let origin = request.origin;
        // `Ref` gives the ARN. Source: CloudFormation User Guide, `AWS::SecretsManager::Secret`.
        let arn = Value { origin, ..place.reference(SECRET) };
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope));
        let role = read_secret(origin, place, arn.clone(), key.clone());
        Grant { role, address: Some(arn), key, ..Grant::default() }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let (place, scope) = (site.place, site.scope);
        let origin = place.origin;
        let key = self.encryption.as_ref().and_then(|encryption| encryption.key_arn(place, scope));
        if let Some(encryption) = &self.encryption {
            encryption.compose(site, Vec::new());
        }
        let others = self.others.iter().map(|(name, text)| {
            (Key { text: name.value.clone(), origin: Origin::Written(name.span()) }, scope.value(text))
        });
        let others = Value::new(origin, Data::Map(Map(others.collect())));
        let mut deferred = false;
        others.walk(&mut |value| deferred |= matches!(value.data, Data::Call(..)));
        let others = json_text(&others);
        let template = if deferred { Value::sub(origin, others) } else { Value::string(origin, others) };
        let generate = map!(origin;
            "SecretStringTemplate" => template,
            "GenerateStringKey" => self.field.to_value(origin),
            "PasswordLength" => self.length,
            "ExcludePunctuation" => true,
        );
        let properties = map!(origin;
            "Name" => self.name.as_ref().map(|name| scope.value(name)),
            "Description" => self.description.as_ref().map(|text| scope.value(text)),
            "GenerateSecretString" => generate,
            "KmsKeyId" => key,
        );
        site.add_stateful(SECRET, "AWS::SecretsManager::Secret", self.on_delete.removal(), properties);
    }
}

/// What a role needs to read a secret.
///
/// Source: Secrets Manager User Guide, "Secret encryption and decryption in AWS Secrets Manager".
fn read_secret(origin: Origin, place: &Place, arn: Value, key: Option<Value>) -> Vec<Statement> {
    let name = format!("Read{}", place.id(""));
    let mut role =
        vec![Statement::allow(origin, &["secretsmanager:GetSecretValue"], vec![arn.clone()]).named(name.as_str())];
    role.extend(key.map(|key| {
        let through = Value::sub(origin, "secretsmanager.${AWS::Region}.${AWS::URLSuffix}");
        let condition = map!(origin;
            "StringEquals" => map!(origin; "kms:ViaService" => through, "kms:EncryptionContext:SecretARN" => arn),
        );
        use_key(origin, &format!("{name}Key"), &["kms:Decrypt"], key, condition)
    }));
    role
}

pub(super) static KIND: Kind = Kind {
    name: "secret",
    ports: &[Port::Secret],
    attributes: &[
        Attribute { name: "arn", doc: "ARN of the secret.", get: Get::Ref(SECRET) },
        Attribute { name: "name", doc: "Name of the secret, with `name`.", get: Get::Property(SECRET, &["Name"]) },
        Attribute {
            name: "key-arn",
            doc: "ARN of its own key, with `encryption: own-key`.",
            get: Get::Att(super::encryption::KEY, "Arn"),
        },
    ],
    standing: Some(Standing {
        types: &["AWS::SecretsManager::Secret"],
        role: SECRET,
        without: &[],
        policy: Policy::Free,
        read: Secret::read_properties,
    }),
    codes: &[CODES],
    schema: super::model_schema::<Secret>,
    decode: super::decode::<Secret>,
};
