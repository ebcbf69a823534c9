//! The code of a function: its source in the template, or an archive in a bucket.

use schemars::JsonSchema;
use serde::Deserialize;

use super::runtime::Runtime;
use crate::blueprint::text::{FileReference, Located, TEXT_MARK, Text};
use crate::diagnostics::Sink;
use crate::kinds::{Package, Site};
use crate::map;
use crate::source::{Origin, Span};
use crate::template::{MAX_BYTES, Map, Value};

/// Where source is.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Source {
    /// Beside the blueprint.
    #[serde(rename = "Map")]
    Beside(Beside),
    /// In place.
    #[serde(rename = "Text")]
    Inline(Located<String>),
}

/// What source is beside the blueprint.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Keyed", rename_all = "snake_case")]
pub enum Beside {
    /// A file.
    File(FileReference),
    /// Several files.
    Folder(FolderReference),
}

/// A folder of files beside the blueprint.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderReference {
    /// Path from the blueprint's folder, with `/`; it stays inside of that folder. All files below it are packed, but
    /// for those whose name begins with a dot, and what Python caches.
    folder: Located<String>,
}

impl Source {
    fn span(&self) -> Span {
        match self {
            Self::Inline(text) => text.span(),
            Self::Beside(
                Beside::File(FileReference { file: path }) | Beside::Folder(FolderReference { folder: path }),
            ) => path.span(),
        }
    }
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
            "anyOf": [
                {"type": "string", TEXT_MARK: true, "minLength": 1},
                generator.subschema_for::<FileReference>(),
                generator.subschema_for::<FolderReference>(),
            ]
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

    /// The source of a function needs an archive, and there is no bucket for it.
    ///
    /// CloudFormation makes archives only of one file of Python or Node.js. All else is packed when the blueprint is
    /// rendered, and uploaded to a bucket before the template is deployed.
    ///
    /// ```yaml file=functions/transform.rb
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: ruby4.0
    ///     source: { file: functions/transform.rb }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml file=functions/transform.rb
    /// parameters:
    ///   CodeBucket: { type: string, description: Bucket of the archives. }
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: ruby4.0
    ///     source: { file: functions/transform.rb }
    ///     source_bucket: ${CodeBucket}
    /// ```
    ///
    /// Source: CloudFormation User Guide, `AWS::Lambda::Function` `Code`, `ZipFile`.
    ARCHIVE = Error "source-needs-archive";

    /// The source of a function is too large to stand in a template.
    ///
    /// A template has at most 1 MB, with everything in it; a source in an archive does not count.
    ///
    /// ```yaml file=functions/transform.py*1000001
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: { file: functions/transform.py }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml file=functions/transform.py*1000001
    /// parameters:
    ///   CodeBucket: { type: string, description: Bucket of the archives. }
    /// components:
    ///   transform:
    ///     kind: lambda-function
    ///     runtime: python3.14
    ///     source: { file: functions/transform.py }
    ///     source_bucket: ${CodeBucket}
    /// ```
    ///
    /// Source: CloudFormation User Guide, "CloudFormation quotas".
    SIZE = Error "source-too-large";

    /// It is not said what Lambda calls.
    ///
    /// In an archive of yours, and in a folder, the module may have any name.
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

    /// The handler is not in the module `index`, the only one that a function with one file of source has.
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

/// The module and function of a source that is one file.
const MODULE_PREFIX: &str = "index.";
const DEFAULT_HANDLER: &str = "index.handler";

/// What a function says about its code.
pub struct Code<'a> {
    /// Its source.
    pub source: Option<&'a Source>,
    /// The bucket for the archive of its source.
    pub bucket: Option<&'a Text>,
    /// Its archive.
    pub archive: Option<&'a Archive>,
    /// What Lambda calls.
    pub handler: Option<&'a Located<String>>,
    /// Its language.
    pub runtime: &'a Located<Runtime>,
}

impl<'a> Code<'a> {
    /// What Lambda calls.
    pub fn handler(&self, origin: Origin) -> Value {
        self.handler.map_or_else(|| Value::string(origin, DEFAULT_HANDLER), |handler| handler.to_value(origin))
    }

    /// The file that goes into the template.
    pub fn file(&self) -> Option<&'a FileReference> {
        match (self.source, self.bucket) {
            (Some(Source::Beside(Beside::File(file))), None) => Some(file),
            _ => None,
        }
    }

    /// The files that go into an archive: those beside the blueprint, where there is a bucket for them.
    pub fn package(&self) -> Option<Package<'a>> {
        let bucket = self.bucket?;
        match self.source? {
            Source::Inline(_) => None,
            Source::Beside(Beside::Folder(FolderReference { folder })) => {
                Some(Package { path: folder, module: None, bucket })
            }
            Source::Beside(Beside::File(FileReference { file })) => {
                let name = file.value.rsplit('/').next().unwrap_or_default();
                let module = match name.rsplit_once('.') {
                    Some((_, extension)) if self.runtime.value.is_script() => format!("{MODULE_PREFIX}{extension}"),
                    _ => name.to_owned(),
                };
                Some(Package { path: file, module: Some(module), bucket })
            }
        }
    }

    /// Whether its one module is `index`.
    fn is_index(&self) -> bool {
        match self.source {
            Some(Source::Inline(_)) => true,
            Some(Source::Beside(Beside::File(_))) => self.runtime.value.is_script(),
            Some(Source::Beside(Beside::Folder(_))) | None => false,
        }
    }

    /// The configuration.
    pub fn compose(&self, site: &Site<'_>) -> Map {
        let origin = site.place.origin;
        let scope = site.scope;
        if let (Some(source), Some(bucket), Some(_)) = (self.source, self.bucket, self.package()) {
            let key = scope.archive(&site.place.name).unwrap_or_default();
            return map!(origin;
                "S3Bucket" => scope.value(bucket),
                "S3Key" => Value::string(Origin::Derived(source.span()), key),
            );
        }
        let text = match (self.source, self.file()) {
            (Some(Source::Inline(text)), _) => Some(text.to_value(origin)),
            (_, Some(FileReference { file })) => {
                let text = scope.source(file).unwrap_or_default();
                if text.len() > MAX_BYTES {
                    let message = format!("{} bytes of source, a template has at most {MAX_BYTES}", text.len());
                    scope.sink().report(&SIZE, file.span(), message).help(BUCKET_HELP);
                }
                Some(Value::string(Origin::Written(file.span()), text.to_owned()))
            }
            _ => None,
        };
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
        match (self.source, self.archive) {
            (None, None) => {
                sink.report(&CODE, name, "this function has no code")
                    .help("add its `source`, or `code` for an archive");
            }
            (Some(source), Some(code)) => {
                sink.report(&CODE, code.bucket.span, "this function has a `source` already")
                    .also(source.span(), "`source` is here")
                    .help("keep either `source` or `code`");
            }
            (Some(source), None) => self.check_source(source, sink),
            (None, Some(code)) if self.handler.is_none() => {
                sink.report(&HANDLER, code.key.span, "this archive needs a `handler`").help(HANDLER_HELP);
            }
            (None, Some(_)) => {}
        }
        if let Some(handler) =
            self.handler.filter(|handler| self.is_index() && !handler.value.starts_with(MODULE_PREFIX))
        {
            let (_, function) = handler.value.rsplit_once('.').unwrap_or(("", &handler.value));
            sink.report(&MODULE, handler.span(), "the module of a `source` is `index`")
                .help(format!("write `{MODULE_PREFIX}{function}`"));
        }
    }

    fn check_source(&self, source: &Source, sink: &mut Sink) {
        let runtime = self.runtime.value.name();
        match (source, self.bucket) {
            (Source::Inline(text), _) if !self.runtime.value.takes_text() => {
                sink.report(&ARCHIVE, text.span(), format!("`{runtime}` needs an archive"))
                    .also(self.runtime.span(), "the runtime")
                    .help("put it into a file, `source: { file: … }`, and add `source_bucket`");
                return;
            }
            (Source::Beside(Beside::Folder(FolderReference { folder })), None) => {
                sink.report(&ARCHIVE, folder.span(), "a folder needs an archive").help(BUCKET_HELP);
                return;
            }
            (Source::Beside(Beside::File(FileReference { file })), None) if !self.runtime.value.takes_text() => {
                sink.report(&ARCHIVE, file.span(), format!("`{runtime}` needs an archive"))
                    .also(self.runtime.span(), "the runtime")
                    .help(BUCKET_HELP);
                return;
            }
            _ => {}
        }
        if self.handler.is_none() && !self.is_index() {
            sink.report(&HANDLER, source.span(), "this source needs a `handler`").help(HANDLER_HELP);
        }
    }
}

const BUCKET_HELP: &str = "add `source_bucket` with the bucket for its archive, for example `${CodeBucket}`";
const HANDLER_HELP: &str = "add for example `handler: transform.handler`";
