//! One blueprint through all layers: from its file to a checked template.
//!
//! This is the only place that knows the order of the stages. It reads files through [`Files`] and writes nothing.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component as PathComponent, Path};

use sha2::{Digest, Sha256};

use crate::blueprint::text::{self, FileReference, Text};
use crate::blueprint::{self, Blueprint};
use crate::check;
use crate::compose::{self, Placed};
use crate::diagnostics::{Code, Diagnostic, Sink, closest};
use crate::kinds::{self, Scope};
use crate::source::{FileId, Files, Sources, Span};
use crate::syntax::{self, Dialect, Node};
use crate::template::{Template, Value, emit};

codes! {
    /// A file that a blueprint names does not exist or cannot be read.
    ///
    /// Paths start at the folder of the blueprint.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   changes:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: { file: sql/changes.sql }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   changes:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT 1
    /// ```
    MISSING_FILE = Error "unreadable-file";

    /// A file that a blueprint names is outside of the blueprint's folder.
    ///
    /// A blueprint is complete in its folder, so that it can be moved, released and used by others.
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   changes:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: { file: ../shared/changes.sql }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   catalog:
    ///     kind: glue-database
    ///   changes:
    ///     kind: athena-query
    ///     database: catalog
    ///     sql: SELECT 1
    /// ```
    OUTSIDE = Error "file-outside-blueprint";

    /// An acknowledgement in `allow` matches no finding.
    ///
    /// What it was written for is gone, so it would hide the next one.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     allow:
    ///       - { code: no-previous-versions, reason: The bucket had no versions before. }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    UNMATCHED_ALLOW = Warning "unmatched-allow";

    /// An acknowledgement in `allow` names a finding that does not exist, or one that cannot be acknowledged.
    ///
    /// Only warnings can be acknowledged: an error is a template that does not deploy or does not work.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     allow:
    ///       - { code: unknown-property, reason: It is needed. }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    NOT_ALLOWABLE = Error "not-allowable";
}

/// A compiled blueprint: what was found, and the template if nothing was wrong.
#[derive(Debug)]
pub struct Compiled {
    /// The name that the blueprint gives itself.
    pub name: Option<String>,
    /// What was read.
    pub sources: Sources,
    /// What was found, in the order in which it is shown.
    pub diagnostics: Vec<Diagnostic>,
    /// The template; `None` where there are errors.
    pub template: Option<Rendered>,
}

/// A template with the place that all of it stands for.
#[derive(Debug)]
pub struct Rendered {
    template: Template,
    value: Value,
}

/// How a template is written out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// YAML, with short tags.
    #[default]
    Yaml,
    /// JSON.
    Json,
}

impl Rendered {
    /// The text of the template; the same for the same blueprint, everywhere.
    pub fn text(&self, format: Format) -> String {
        match format {
            Format::Yaml => emit::yaml(&self.value),
            Format::Json => emit::json(&self.value),
        }
    }

    /// The template.
    pub fn template(&self) -> &Template {
        &self.template
    }
}

/// Compiles the blueprint at `path`, which is shown to people as `shown`. `known_codes` are those that exist.
pub fn compile(path: &Path, shown: &str, files: &dyn Files, known_codes: &[&'static Code]) -> io::Result<Compiled> {
    let bytes = files.read(path)?;
    let mut run = Run { sources: Sources::default(), sink: Sink::default() };
    let (name, template) = match run.parse(shown, bytes) {
        Some((file, root)) => run.compile(file, root, path.parent().unwrap_or(Path::new("")), files, known_codes),
        None => (None, None),
    };
    let template = template.filter(|_| !run.sink.has_errors());
    let diagnostics = run.sink.finish(&run.sources);
    Ok(Compiled { name, diagnostics, sources: run.sources, template })
}

struct Run {
    sources: Sources,
    sink: Sink,
}

impl Run {
    fn parse(&mut self, shown: &str, bytes: Vec<u8>) -> Option<(FileId, Node)> {
        let file = syntax::load(shown, bytes, &mut self.sources, &mut self.sink)?;
        let root = syntax::parse(file, &self.sources, Dialect::Blueprint, &mut self.sink)?;
        Some((file, root))
    }

    fn compile(
        &mut self,
        file: FileId,
        root: Node,
        folder: &Path,
        files: &dyn Files,
        known_codes: &[&'static Code],
    ) -> (Option<String>, Option<Rendered>) {
        let root = blueprint::evaluate(root, &self.sources, &mut self.sink);
        check::language(&root, kinds::schema::document(), kinds::schema::HINTS, &mut self.sink);
        let mut faults = Vec::new();
        let blueprint = Blueprint::from_node(&root, &self.sources, &mut faults);
        let placed = compose::place(&blueprint, &self.sources, &mut faults, &mut self.sink);
        let read = self.read_files(&placed, folder, files);
        let texts = placed
            .iter()
            .flat_map(|placed| placed.component.files())
            .filter_map(|FileReference { file }| Some((file.value.clone(), *read.get(&file.value)?)))
            .collect::<BTreeMap<String, FileId>>()
            .into_iter()
            .map(|(path, file)| (path, text::parse_file(file, &self.sources, &mut faults)))
            .collect();
        let sources = placed
            .iter()
            .flat_map(|placed| placed.component.sources())
            .filter_map(|FileReference { file }| Some((file.value.clone(), *read.get(&file.value)?)))
            .map(|(path, file)| (path, self.sources.get(file).text.clone()))
            .collect();
        compose::report_faults(&faults, &mut self.sink);

        let digest = self.digest(file, &read);
        let mut scope = scope(&blueprint, texts);
        scope.sources = sources;
        let template = compose::compose(&blueprint, &placed, scope, &digest, &mut self.sink);
        // A template of components that are wrong themselves would only repeat their mistakes.
        if !self.sink.has_errors() {
            check::template(&template, &mut self.sink);
        }
        self.acknowledge(&blueprint, known_codes);
        let value = template.to_value(crate::source::Origin::Derived(blueprint.span));
        let name = (!blueprint.name.is_empty()).then_some(blueprint.name);
        (name, Some(Rendered { template, value }))
    }

    /// Reads the files that components name.
    fn read_files(&mut self, placed: &[Placed], folder: &Path, files: &dyn Files) -> BTreeMap<String, FileId> {
        let mut read = BTreeMap::new();
        for reference in placed.iter().flat_map(|p| p.component.files().into_iter().chain(p.component.sources())) {
            let FileReference { file } = reference;
            if read.contains_key(&file.value) {
                continue;
            }
            let path = Path::new(&file.value);
            let inside = path.components().all(|part| matches!(part, PathComponent::Normal(_) | PathComponent::CurDir));
            if !inside || file.value.is_empty() {
                self.sink
                    .report(&OUTSIDE, file.span(), format!("`{}` is outside of the blueprint's folder", file.value))
                    .help("copy the file into the folder of the blueprint, and name it from there");
                continue;
            }
            match files.read(&folder.join(path)) {
                Ok(bytes) => {
                    let shown = match self.sources.get(file.span().file).name.rsplit_once('/') {
                        Some((folder, _)) => format!("{folder}/{}", file.value),
                        None => file.value.clone(),
                    };
                    if let Some(id) = syntax::load(&shown, bytes, &mut self.sources, &mut self.sink) {
                        read.insert(file.value.clone(), id);
                    }
                }
                Err(error) => {
                    self.sink
                        .report(&MISSING_FILE, file.span(), format!("cannot read `{}`: {}", file.value, reason(&error)))
                        .help("paths start at the folder of the blueprint");
                }
            }
        }
        read
    }

    /// A digest of all that the blueprint consists of. Line ends do not count, as version control may change them.
    fn digest(&self, blueprint: FileId, files: &BTreeMap<String, FileId>) -> String {
        let mut hash = Sha256::new();
        let named = files.iter().map(|(path, id)| (path.as_str(), *id));
        for (path, id) in std::iter::once(("", blueprint)).chain(named) {
            let text = self.sources.get(id).text.replace("\r\n", "\n");
            for part in [path, &text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        hash.finalize().iter().fold("sha256:".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
    }

    /// Takes out the warnings that components acknowledge.
    fn acknowledge(&mut self, blueprint: &Blueprint, known_codes: &[&'static Code]) {
        for declared in &blueprint.components {
            for allowance in &declared.allow {
                let (name, span) = (allowance.code.value.as_str(), allowance.code.span());
                let Some(code) = known_codes.iter().find(|code| code.name == name) else {
                    let help = closest(name, known_codes.iter().map(|code| code.name))
                        .map(|name| format!("did you mean `{name}`?"));
                    self.sink.report(&NOT_ALLOWABLE, span, format!("no finding `{name}`")).maybe_help(help);
                    continue;
                };
                if code.severity == crate::diagnostics::Severity::Error {
                    self.sink
                        .report(&NOT_ALLOWABLE, span, format!("`{name}` is an error, which cannot be acknowledged"))
                        .help("mend it, and remove this acknowledgement");
                    continue;
                }
                let mut matched = false;
                self.sink.retain(|diagnostic| {
                    let here = diagnostic.code.name == name && contains(declared.span, diagnostic.span);
                    matched |= here;
                    !here
                });
                if !matched {
                    self.sink
                        .report(&UNMATCHED_ALLOW, span, format!("there is no `{name}` here"))
                        .help("remove this acknowledgement");
                }
            }
        }
    }
}

/// What texts of the blueprint may refer to.
fn scope(blueprint: &Blueprint, files: BTreeMap<String, Text>) -> Scope {
    let kind = |declared: &blueprint::Declared| declared.kind.as_ref().and_then(|(name, _)| kinds::by_name(name));
    let mut scope = Scope::new(&blueprint.name);
    scope.parameters = blueprint.parameters.iter().map(|(key, p)| (key.text.clone(), p.kind.is_list())).collect();
    scope.components = blueprint.components.iter().map(|one| (one.key.text.clone(), kind(one))).collect();
    scope.files = files;
    scope
}

fn contains(outer: Span, inner: Span) -> bool {
    outer.file == inner.file && outer.start <= inner.start && inner.end <= outer.end
}

/// Why a file cannot be read, the same words on every system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether a tree is a CloudFormation template and not a blueprint.
pub fn is_template(root: &Node) -> bool {
    blueprint::entry(root, "Resources").is_some() && blueprint::entry(root, "blueprint").is_none()
}
