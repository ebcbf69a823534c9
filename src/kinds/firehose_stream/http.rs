//! Delivery to an HTTP endpoint, mostly of a vendor.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Parts;
use super::backup::{Kept, LEAST};
use super::buffer::{Buffer, Compression};
use super::prefix::{check_error_prefix, check_prefix, error_prefix, head};
use super::presets::{Preset, Token, Vendor};
use crate::blueprint::text::{Located, Part, Reference, Text};
use crate::diagnostics::{Sink, alternatives, closest};
use crate::kinds::{Access, Scope, Site, Wire};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Map, Value};

/// Delivery to an HTTP endpoint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HttpDestination {
    /// Whose endpoint it is. That decides the URL, how much is sent at once, and for how long it is tried again.
    http: Located<Vendor>,
    /// The region of the vendor in which the account there is.
    region: Option<Located<String>>,
    /// The URL, where the vendor has none of its own for each region: `https://` and what follows.
    url: Option<Text>,
    /// The token: a `secret`, or the ARN of one that is made elsewhere. It is JSON with a field `api_key`.
    secret: Option<TokenSecret>,
    /// Attributes that are sent with each request.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 50))]
    attributes: IndexMap<Located<String>, Text>,
    /// How requests are compressed.
    #[serde(default)]
    encoding: Encoding,
    /// When a request is sent. The default is what the vendor asks for.
    #[serde(default)]
    buffer: HttpBuffer,
    /// Seconds for which a request is tried again. The default is what the vendor asks for.
    #[schemars(range(min = 0, max = 7200))]
    retry_seconds: Option<Located<u32>>,
    /// The bucket for what could not be delivered, or for everything.
    backup: HttpBackup,
}

/// How requests are compressed.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Encoding {
    /// With GZIP.
    #[default]
    Gzip,
    /// Not at all.
    None,
}

/// When a request is sent.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HttpBuffer {
    /// Size in MiB.
    #[schemars(range(min = 1, max = 64))]
    size_mib: Option<Located<u32>>,
    /// Time in seconds.
    #[schemars(range(min = 0, max = 900))]
    interval_seconds: Option<Located<u32>>,
}

/// Where a token is.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum TokenSecret {
    /// In a component.
    #[serde(rename = "Text")]
    Component(Reference),
    /// In a secret from elsewhere.
    #[serde(rename = "Map")]
    Elsewhere(SecretElsewhere),
}

/// A secret that is made elsewhere.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct SecretElsewhere {
    /// Its ARN.
    arn: Text,
    /// The ARN of the KMS key that it is encrypted with, if that is not the one that AWS manages.
    key: Option<Text>,
}

impl JsonSchema for TokenSecret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TokenSecret".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [generator.subschema_for::<Reference>(), generator.subschema_for::<SecretElsewhere>()]
        })
    }
}

/// Where records are kept that could not be delivered, or all of them.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct HttpBackup {
    /// The `s3-bucket`.
    s3: Reference,
    /// Which records are kept.
    #[serde(default)]
    records: KeptRecords,
    /// What the keys of all records start with, with `records: all`. Firehose adds `yyyy/MM/dd/HH/` if it has no time.
    #[serde(default = "prefix")]
    #[schemars(length(min = 1, max = 1024))]
    prefix: Located<String>,
    /// What the keys of records start with that could not be delivered.
    #[serde(default = "error_prefix")]
    #[schemars(length(min = 1, max = 1024))]
    error_prefix: Located<String>,
    /// When an object is written.
    #[serde(default)]
    buffer: Buffer,
    /// How objects are compressed.
    #[serde(default)]
    compression: Compression,
}

/// Which records are kept.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema, Serialize)]
#[serde(rename_all = "kebab-case")]
enum KeptRecords {
    /// Those that could not be delivered.
    #[default]
    Failed,
    /// All.
    All,
}

codes! {
    /// It is not clear to which URL requests go.
    ///
    /// A vendor has a URL for each of its regions, or gives each customer one. Firehose delivers only by HTTPS.
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { http: coralogix, region: eu3, secret: token, backup: { s3: failed } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { http: coralogix, region: eu2, secret: token, backup: { s3: failed } }
    /// ```
    ///
    /// Source: Firehose API, `HttpEndpointConfiguration`.
    URL = Error "endpoint-url";

    /// The token of an endpoint would be in the template, or is missing.
    ///
    /// What is in a template can be read by everyone who sees the stack. A token belongs into a `secret`; a URL with a
    /// token in it is a parameter with `secret: true`.
    ///
    /// ```yaml
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: sumo-logic-logs
    ///       url: https://endpoint4.collection.us2.sumologic.com/receiver/v1/kinesis/log/ZaVnC4dhaV1
    ///       backup: { s3: failed }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   SourceUrl: { type: string, secret: true, description: URL of the source in Sumo Logic. }
    /// components:
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { http: sumo-logic-logs, url: "${SourceUrl}", backup: { s3: failed } }
    /// ```
    TOKEN = Error "endpoint-token";

    /// An attribute is missing without which the vendor takes nothing.
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to: { http: dynatrace, region: eu, secret: token, backup: { s3: failed } }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   token:
    ///     kind: secret
    ///   failed:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       http: dynatrace
    ///       region: eu
    ///       secret: token
    ///       attributes: { dt-url: "https://abc12345.live.dynatrace.com" }
    ///       backup: { s3: failed }
    /// ```
    ATTRIBUTE = Error "missing-endpoint-attribute";
}

const HTTPS: &str = "https://";
const PREFIX: &str = "backup/";

fn prefix() -> Located<String> {
    Located::nowhere(PREFIX.to_owned())
}

impl HttpDestination {
    /// What it uses, in the order of [`Self::compose`].
    pub fn wires(&self) -> Vec<Wire<'_>> {
        let backup = &self.backup;
        let prefixes = match backup.records {
            KeptRecords::Failed => vec![head(&backup.error_prefix.value)],
            KeptRecords::All => vec![head(&backup.prefix.value), head(&backup.error_prefix.value)],
        };
        let mut wires = vec![Wire { to: &backup.s3, access: Access::WriteObjects(prefixes) }];
        if let Some(TokenSecret::Component(secret)) = &self.secret {
            wires.push(Wire { to: secret, access: Access::ReadSecret });
        }
        wires
    }

    /// What the role needs for a secret from elsewhere.
    pub fn statements(&self, scope: &Scope) -> Vec<Statement> {
        let Some(TokenSecret::Elsewhere(secret)) = &self.secret else { return Vec::new() };
        let origin = Origin::Derived(secret.arn.span);
        let arn = scope.value(&secret.arn);
        let mut statements =
            vec![Statement::allow(origin, &["secretsmanager:GetSecretValue"], vec![arn]).named("ReadToken")];
        statements.extend(secret.key.as_ref().map(|key| {
            let through = Value::sub(origin, "secretsmanager.${AWS::Region}.${AWS::URLSuffix}");
            let condition = map!(origin; "StringEquals" => map!(origin; "kms:ViaService" => through));
            Statement::allow(origin, &["kms:Decrypt"], vec![scope.value(key)]).named("ReadTokenKey").when(condition)
        }));
        statements
    }

    /// The place that stands for the destination.
    pub fn span(&self) -> Span {
        self.http.span()
    }

    /// Checks what the schema cannot say.
    pub fn check(&self, sink: &mut Sink) {
        let preset = self.http.value.preset();
        self.check_url(preset, sink);
        self.check_token(preset, sink);
        for (name, example) in preset.required {
            if !self.attributes.keys().any(|known| known.value == *name) {
                let message = format!("no attribute `{name}`, which {} needs", preset.name);
                sink.report(&ATTRIBUTE, self.http.span(), message)
                    .help(format!("add `attributes: {{ {name}: \"{example}\" }}`"));
            }
        }
        check_prefix(&self.backup.prefix, true, sink);
        check_error_prefix(&self.backup.error_prefix, sink);
        self.backup.buffer.check(LEAST, "for a backup", sink);
    }

    fn check_url(&self, preset: &Preset, sink: &mut Sink) {
        let regions = || preset.regions.iter().map(|(region, _)| *region);
        match (&self.region, &self.url) {
            (Some(region), Some(url)) => {
                sink.report(&URL, url.span, "`region` already says the URL")
                    .also(region.span(), "`region` is here")
                    .help("keep either `region` or `url`");
            }
            (Some(region), None) if regions().next().is_none() => {
                sink.report(&URL, region.span(), format!("no URL of {} follows from a region", preset.name))
                    .help("write the `url` instead");
            }
            (Some(region), None) if !regions().any(|known| known == region.value) => {
                let help = match closest(&region.value, regions()) {
                    Some(close) => format!("did you mean `{close}`? There are {}", alternatives(regions())),
                    None => format!("there are {}", alternatives(regions())),
                };
                sink.report(&URL, region.span(), format!("no region `{}` of {}", region.value, preset.name))
                    .help(help)
                    .meant(&region.value, regions());
            }
            (None, None) if regions().next().is_none() => {
                sink.report(&URL, self.http.span(), "the `url` is missing").help("add `url: https://…`");
            }
            (None, None) => {
                sink.report(&URL, self.http.span(), "the `region` is missing")
                    .help(format!("add `region`, one of {}", alternatives(regions())));
            }
            _ => {}
        }
        if let Some(url) = &self.url
            && let Some(Part::Literal(start)) = url.parts.first()
            && !start.starts_with(HTTPS)
        {
            sink.report(&URL, url.span, "not a URL of HTTPS, by which alone Firehose delivers")
                .help(format!("start with `{HTTPS}`"));
        }
    }

    fn check_token(&self, preset: &Preset, sink: &mut Sink) {
        match (preset.token, &self.secret, &self.url) {
            (Token::Secret, None, _) => {
                sink.report(&TOKEN, self.http.span(), format!("no token, which {} needs", preset.name))
                    .help("add a component of kind `secret`, and its name as `secret`");
            }
            (Token::Url, Some(_), _) => {
                sink.report(&TOKEN, self.http.span(), format!("the token of {} is in its URL", preset.name))
                    .help("remove `secret`");
            }
            (Token::Url, None, Some(url)) if url.literal().is_some() => {
                sink.report(&TOKEN, url.span, format!("the URL of a source of {} has its token in it", preset.name))
                    .help("make it a parameter with `secret: true`, and write its name here as `${Name}`");
            }
            _ => {}
        }
    }

    fn url(&self, preset: &Preset, scope: &Scope) -> Option<Value> {
        if let Some(url) = &self.url {
            return Some(scope.value(url));
        }
        let region = self.region.as_ref()?;
        let (_, url) = preset.regions.iter().find(|(known, _)| *known == region.value)?;
        Some(Value::string(Origin::Derived(region.span()), *url))
    }

    fn attributes(&self, preset: &Preset, origin: Origin, scope: &Scope) -> Vec<Map> {
        let written = self.attributes.iter().map(|(name, value)| {
            map!(origin; "AttributeName" => name.to_value(origin), "AttributeValue" => scope.value(value))
        });
        let usual = preset
            .attributes
            .iter()
            .filter(|(name, _)| !self.attributes.keys().any(|known| known.value == *name))
            .map(|(name, value)| map!(origin; "AttributeName" => *name, "AttributeValue" => *value));
        written.chain(usual).collect()
    }

    /// The configuration; `first` is the first of its wires.
    pub fn compose(&self, site: &Site<'_>, first: usize, parts: Parts<'_>) -> Map {
        let origin = site.place.origin;
        let scope = site.scope;
        let Parts { role, logging, processing } = parts;
        let preset = self.http.value.preset();
        let secret = match &self.secret {
            Some(TokenSecret::Component(_)) => site.address(first + 1),
            Some(TokenSecret::Elsewhere(secret)) => Some(scope.value(&secret.arn)),
            None => None,
        };
        let secret = secret.map(|arn| map!(origin; "Enabled" => true, "SecretARN" => arn, "RoleARN" => role.clone()));
        let number = |field: &Option<Located<u32>>, default: u32| match field {
            Some(field) => Value::new(Origin::Written(field.span()), Data::Number(field.value.into())),
            None => Value::new(origin, Data::Number(default.into())),
        };
        let hints = map!(origin;
            "IntervalInSeconds" => number(&self.buffer.interval_seconds, preset.interval_seconds),
            "SizeInMBs" => number(&self.buffer.size_mib, preset.size_mib),
        );
        let attributes = self.attributes(preset, origin, scope);
        let encoding = match self.encoding {
            Encoding::Gzip => "GZIP",
            Encoding::None => "NONE",
        };
        let request = map!(origin;
            "ContentEncoding" => encoding,
            "CommonAttributes" => (!attributes.is_empty()).then_some(attributes),
        );
        let backup = &self.backup;
        let (mode, prefix) = match backup.records {
            KeptRecords::Failed => ("FailedDataOnly", None),
            KeptRecords::All => ("AllData", Some(&backup.prefix)),
        };
        let kept = Kept {
            prefix,
            error_prefix: &backup.error_prefix,
            buffer: &backup.buffer,
            compression: backup.compression,
        };
        let endpoint = map!(origin; "Name" => preset.name, "Url" => self.url(preset, scope));
        map!(origin;
            "EndpointConfiguration" => endpoint,
            "SecretsManagerConfiguration" => secret,
            "RequestConfiguration" => request,
            "BufferingHints" => hints,
            "RetryOptions" => map!(origin; "DurationInSeconds" => number(&self.retry_seconds, preset.retry_seconds)),
            "RoleARN" => role.clone(),
            "CloudWatchLoggingOptions" => logging("Destination"),
            "ProcessingConfiguration" => processing,
            "S3BackupMode" => mode,
            "S3Configuration" => kept.compose(site, first, role, logging("Backup")),
        )
    }
}
