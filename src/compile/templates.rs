//! CloudFormation templates that were written by hand.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::allow::{self, Allowed};
use super::{Compiled, Rendered, Run, Workspace, compile_in, open_blueprint};
use crate::check;
use crate::diagnostics::{Code, Sink};
use crate::source::{Files, Origin, Sources, Span};
use crate::syntax::{self, Dialect};
use crate::template::{self, Map, Resource, Template, Value};

codes! {
    /// The acknowledgements of a template are not written as they must be.
    ///
    /// They stand in the metadata of the template or of a resource, under `formwork`, each with its reason.
    ///
    /// ```yaml
    /// Metadata:
    ///   formwork:
    ///     allow: [unused]
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// Metadata:
    ///   formwork:
    ///     allow: [{ code: unused, reason: Other tools read it. }]
    /// Parameters:
    ///   Name: { Type: String }
    /// Resources:
    ///   Archive:
    ///     Type: AWS::S3::Bucket
    /// ```
    MALFORMED = Error "malformed-allow";
}

/// Checks a file: a blueprint, or a CloudFormation template written by hand. Its content decides which it is.
pub fn check_in(
    workspace: &Workspace,
    path: &Path,
    shown: &str,
    files: &dyn Files,
    known_codes: &[&'static Code],
) -> io::Result<Compiled> {
    let bytes = files.read(path)?;
    if !is_template_text(path, &bytes) {
        return compile_in(workspace, path, shown, files, known_codes);
    }
    Ok(Compiled { template: None, ..open_template(workspace, (path, shown), bytes, files, known_codes) })
}

/// Reads a blueprint or a template as far as it goes: there is a template even if something in it is wrong.
pub fn open_in(
    workspace: &Workspace,
    path: &Path,
    shown: &str,
    files: &dyn Files,
    known_codes: &[&'static Code],
) -> io::Result<Compiled> {
    let bytes = files.read(path)?;
    if !is_template_text(path, &bytes) {
        return open_blueprint(workspace, path, shown, files, known_codes);
    }
    Ok(open_template(workspace, (path, shown), bytes, files, known_codes))
}

fn open_template(
    workspace: &Workspace,
    (path, shown): (&Path, &str),
    bytes: Vec<u8>,
    files: &dyn Files,
    known_codes: &[&'static Code],
) -> Compiled {
    let mut run = Run { sources: workspace.sources.clone(), sink: Sink::default() };
    let template = syntax::load(shown, bytes, &mut run.sources, &mut run.sink)
        .and_then(|file| syntax::parse(file, &run.sources, Dialect::Template, &mut run.sink))
        .map(|root| template::read::read(&root));
    if let Some(template) = &template {
        check::template(template, &nested(template, path, files), &run.sources, &mut run.sink);
        let allowed = allowances(template, &mut run.sink);
        allow::acknowledge(allowed.into_iter(), known_codes, &mut run.sink);
    }
    workspace.accept(None, &mut run.sink);
    workspace.weigh(&mut run.sink);
    let diagnostics = run.sink.finish(&run.sources);
    let rendered = |template: Template| {
        let value = template.written.clone().unwrap_or_else(|| template.to_value(Origin::Derived(Span::START)));
        Rendered {
            template,
            value,
            components: BTreeMap::new(),
            is_sound: true,
            cases: Vec::new(),
            contracts: BTreeMap::new(),
        }
    };
    Compiled {
        name: None,
        diagnostics,
        sources: run.sources,
        template: template.map(rendered),
        archives: Vec::new(),
        is_module: false,
        is_template: true,
    }
}

/// The properties that name the template of a nested stack.
const NESTED: &[(&str, &str)] =
    &[("AWS::CloudFormation::Stack", "TemplateURL"), ("AWS::Serverless::Application", "Location")];

/// The templates of nested stacks that are files, named from the folder of the template; those with mistakes of their own
/// are told when they are checked themselves.
fn nested(template: &Template, path: &Path, files: &dyn Files) -> check::Nested {
    let read = |resource: &Resource| {
        let (_, property) = NESTED.iter().find(|(kind, _)| *kind == resource.kind)?;
        let file = Path::new(resource.properties.get(property)?.as_str()?);
        let named = file.extension().is_some_and(|extension| TEMPLATES.iter().any(|known| extension == *known));
        if !named || file.is_absolute() {
            return None;
        }
        let bytes = files.read(&path.with_file_name("").join(file)).ok()?;
        let mut run = Run { sources: Sources::default(), sink: Sink::default() };
        let file = syntax::load(resource.id.as_str(), bytes, &mut run.sources, &mut run.sink)?;
        let root = syntax::parse(file, &run.sources, Dialect::Template, &mut run.sink)?;
        Some((resource.id.clone(), template::read::read(&root))).filter(|_| run.sink.diagnostics().is_empty())
    };
    template.resources.iter().filter_map(read).collect()
}

/// How the names of files with templates end.
const TEMPLATES: &[&str] = &["json", "template", "yaml", "yml"];

/// Whether a text is to be taken for a template: it has a section of one at its top, and does not name a blueprint.
///
/// This is asked of the text and not of what it says, because it decides how the text is read, and a template with
/// mistakes in its syntax is a template, too.
pub fn looks_like_template(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let text = text.trim_start_matches('\u{feff}');
    let is_json = text.trim_start().starts_with('{');
    let has = |name: &str| {
        if is_json {
            return text.contains(&format!("\"{name}\""));
        }
        text.lines().any(|line| {
            let line = line.strip_prefix(['"', '\'']).unwrap_or(line);
            line.strip_prefix(name)
                .is_some_and(|rest| rest.trim_start_matches(['"', '\'']).trim_start().starts_with(':'))
        })
    };
    !has("blueprint") && !has("components") && ["Resources", "AWSTemplateFormatVersion"].into_iter().any(has)
}

/// How the names of blueprints begin or end, without the extension.
const BLUEPRINT: &str = "blueprint";

/// Whether a file that was named is a template: one that is neither, and is not named as blueprints are, is taken for a
/// template without resources.
fn is_template_text(path: &Path, bytes: &[u8]) -> bool {
    let named = path.file_stem().is_some_and(|stem| stem.to_string_lossy().ends_with(BLUEPRINT));
    let text = String::from_utf8_lossy(bytes);
    let says = ["blueprint", "components", "kind"].iter().any(|word| text.contains(word));
    looks_like_template(bytes) || !(named || says)
}

/// The acknowledgements in the metadata of a template and of its resources.
fn allowances<'a>(template: &'a Template, sink: &mut Sink) -> Vec<Allowed<'a>> {
    let mut all = Vec::new();
    let Some(written) = &template.written else { return all };
    read(&template.metadata, written.origin.span(), &mut all, sink);
    let resources = written.as_map().and_then(|map| map.get("Resources")).and_then(Value::as_map);
    for (key, resource) in resources.map_or(&[][..], |map| &map.0) {
        let Some(metadata) = resource.as_map().and_then(|map| map.get("Metadata")).and_then(Value::as_map) else {
            continue;
        };
        let area = Span { end: resource.origin.span().end, ..key.origin.span() };
        read(metadata, area, &mut all, sink);
    }
    all
}

fn read<'a>(metadata: &'a Map, area: Span, all: &mut Vec<Allowed<'a>>, sink: &mut Sink) {
    let own = metadata.get("formwork").and_then(Value::as_map).and_then(|own| own.get("allow"));
    let Some(own) = own else { return };
    let mut refuse = |value: &Value| {
        sink.report(&MALFORMED, value.origin.span(), "an acknowledgement needs a finding and a reason")
            .help("write `- { code: NAME, reason: TEXT }`");
    };
    let Some(items) = own.as_list() else { return refuse(own) };
    for item in items {
        let text = |name: &str| item.as_map().and_then(|item| item.get(name)).filter(|value| value.as_str().is_some());
        let reason = text("reason").and_then(Value::as_str).filter(|reason| !reason.trim().is_empty());
        match (text("code"), reason) {
            (Some(code), Some(_)) => all.push(Allowed {
                name: code.as_str().unwrap_or_default(),
                span: code.origin.span(),
                area,
                errors: true,
            }),
            _ => refuse(item),
        }
    }
}
