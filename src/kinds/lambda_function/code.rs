//! The code of a function: its source in the template, or an archive in a bucket.

use schemars::JsonSchema;
use serde::Deserialize;

use super::runtime::Runtime;
use crate::blueprint::text::{FileReference, Located, TEXT_MARK, Text};
use crate::diagnostics::Sink;
use crate::kinds::Site;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{Map, Value};

/// Where source is.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Source {
    /// In a file.
    #[serde(rename = "Map")]
    File(FileReference),
    /// In place.
    #[serde(rename = "Text")]
    Inline(Located<String>),
}

impl JsonSchema for Source {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Source".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            // `${ }` in code belongs to its language.
            "anyOf": [{"type": "string", TEXT_MARK: true, "minLength": 1}, generator.subschema_for::<FileReference>()]
        })
    }
}

/// An archive of code in a bucket.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Archive {
    /// Name of the bucket, in the region of the stack.
    bucket: Text,
    /// Key of the archive. CloudFormation notices a new archive only under a new key, or a new `version`.
    key: Text,
    /// Version of the object.
    version: Option<Text>,
}

codes! {
    /// A function has no code, or two.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: "def handler(event, context): return event"
    /// ```
    CODE = Error "function-code";

    /// The source of a function stands in the template, but its language needs an archive.
    ///
    /// CloudFormation makes archives only of Python and Node.js.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: ruby4.0
    ///     source: "def handler(event:, context:) = event"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Bucket: { type: string, description: Bucket of the archive. }
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: ruby4.0
    ///     handler: transform.handler
    ///     code: { bucket: "${Bucket}", key: transform-1.zip }
    /// ```
    ///
    /// Source: CloudFormation User Guide, `AWS::Lambda::Function` `Code`, `ZipFile`.
    ARCHIVE = Error "source-needs-archive";

    /// It is not said what Lambda calls.
    ///
    /// In an archive the module may have any name.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     code: { bucket: code, key: transform-1.zip }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     handler: transform.handler
    ///     code: { bucket: code, key: transform-1.zip }
    /// ```
    HANDLER = Error "missing-handler";

    /// The handler is not in the module `index`, the only one that a function with its source in the template has.
    ///
    /// Every run would fail, as Lambda finds no such module.
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     handler: transform.handler
    ///     source: "def handler(event, context): return event"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     handler: index.handler
    ///     source: "def handler(event, context): return event"
    /// ```
    ///
    /// Source: CloudFormation User Guide, `AWS::Lambda::Function` `Code`, `ZipFile`: the file is named `index`.
    MODULE = Error "handler-outside-source";
}

/// The module and function of a source that stands in the template.
const MODULE_PREFIX: &str = "index.";
const DEFAULT_HANDLER: &str = "index.handler";

/// What a function says about its code.
pub struct Code<'a> {
    /// Its source.
    pub source: Option<&'a Source>,
    /// Its archive.
    pub archive: Option<&'a Archive>,
    /// What Lambda calls.
    pub handler: Option<&'a Located<String>>,
    /// Its language.
    pub runtime: &'a Located<Runtime>,
}

impl Code<'_> {
    /// What Lambda calls.
    pub fn handler(&self, origin: Origin) -> Value {
        self.handler.map_or_else(|| Value::string(origin, DEFAULT_HANDLER), |handler| handler.to_value(origin))
    }

    /// The configuration.
    pub fn compose(&self, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let scope = site.scope;
        let text = self.source.map(|source| match source {
            Source::Inline(text) => text.to_value(origin),
            Source::File(FileReference { file }) => {
                let text = scope.source(file).unwrap_or_default().to_owned();
                Value::string(Origin::Written(file.span()), text)
            }
        });
        let archive = self.archive;
        map!(origin;
            "ZipFile" => text,
            "S3Bucket" => archive.map(|archive| scope.value(&archive.bucket)),
            "S3Key" => archive.map(|archive| scope.value(&archive.key)),
            "S3ObjectVersion" => archive.and_then(|archive| archive.version.as_ref()).map(|text| scope.value(text)),
        )
    }

    /// Checks that there is one code, and that Lambda finds what it calls; `name` is the place of the function's name.
    pub fn check(&self, name: Span, sink: &mut Sink) {
        let source = self.source.map(|source| match source {
            Source::Inline(text) => text.span(),
            Source::File(reference) => reference.file.span(),
        });
        match (source, self.archive) {
            (None, None) => {
                sink.report(&CODE, name, "this function has no code")
                    .help("add its `source`, or `code` for an archive");
            }
            (Some(source), Some(code)) => {
                sink.report(&CODE, code.bucket.span, "this function has a `source` already")
                    .also(source, "`source` is here")
                    .help("keep either `source` or `code`");
            }
            (Some(source), None) if !self.runtime.value.takes_text() => {
                sink.report(&ARCHIVE, source, format!("`{}` needs an archive", self.runtime.value.name()))
                    .also(self.runtime.span(), "the runtime")
                    .help("put an archive into a bucket and name it with `code: { bucket: …, key: … }`");
            }
            (None, Some(code)) if self.handler.is_none() => {
                sink.report(&HANDLER, code.key.span, "this archive needs a `handler`")
                    .help("add for example `handler: transform.handler`");
            }
            _ => {}
        }
        if let (Some(handler), Some(_)) = (self.handler, source)
            && !handler.value.starts_with(MODULE_PREFIX)
        {
            let (_, function) = handler.value.rsplit_once('.').unwrap_or(("", &handler.value));
            sink.report(&MODULE, handler.span(), "the module of a `source` is `index`")
                .help(format!("write `{MODULE_PREFIX}{function}`"));
        }
    }
}
