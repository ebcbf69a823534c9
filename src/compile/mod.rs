//! One blueprint through all layers: from its file to a checked template.
//!
//! This is the only place that knows the order of the stages. It reads files through [`Files`] and writes nothing.

mod allow;
mod archive;
mod cases;
mod contracts;
mod modules;
mod packages;
mod templates;
mod workspace;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use self::allow::Allowed;
use self::packages::Archives;
use crate::blueprint::project::Settings;
use crate::blueprint::text::{self, FileReference};
use crate::blueprint::{self, Blueprint, Declared};
use crate::check;
use crate::compose::{self, Placed};
use crate::diagnostics::{Code, Diagnostic, Severity, Sink};
use crate::kinds::{self, Known, Scope};
use crate::source::{FileId, Files, Origin, Sources, Span};
use crate::syntax::{self, Dialect, Node};
use crate::template::{Resource, Template, Value, emit};
use crate::trace::promise::Contracts;

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

    /// The file is a CloudFormation template and not a blueprint.
    ///
    /// ```yaml
    /// AWSTemplateFormatVersion: "2010-09-09"
    /// Resources:
    ///   Archive: { Type: AWS::S3::Bucket }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    /// ```
    NOT_BLUEPRINT = Error "not-a-blueprint";
}

/// The codes of this layer, part by part.
pub static ALL_CODES: &[&[&Code]] = &[
    CODES,
    allow::CODES,
    cases::CODES,
    contracts::CODES,
    modules::CODES,
    packages::CODES,
    templates::CODES,
    workspace::CODES,
];

pub use cases::{Case, Expectation, Mismatch, fits};
/// The folder under which [`Files`] gives the reference library.
pub use modules::LIBRARY;
pub use packages::Archive;
pub use templates::{check_in, looks_like_template, open_in};
pub use workspace::Workspace;

/// A compiled blueprint: what was found, and the template if nothing was wrong.
#[derive(Debug)]
pub struct Compiled {
    /// The name that the blueprint gives itself.
    pub name: Option<String>,
    /// What was read.
    pub sources: Sources,
    /// What was found, in the order in which it is shown.
    pub diagnostics: Vec<Diagnostic>,
    /// The template; `None` where there are errors, and for modules.
    pub template: Option<Rendered>,
    /// The archives that the template refers to.
    pub archives: Vec<Archive>,
    /// Whether it is a blueprint that only others can use, because a parameter stands for a component.
    pub is_module: bool,
    /// Whether it is no blueprint, but a template that was written by hand.
    pub is_template: bool,
}

/// A template with the place that all of it stands for.
#[derive(Debug)]
pub struct Rendered {
    template: Template,
    value: Value,
    components: BTreeMap<String, String>,
    is_sound: bool,
    cases: Vec<Case>,
    contracts: Contracts,
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

    /// The components of the blueprint by the logical ids of what they make; none for a template written by hand.
    pub fn components(&self) -> &BTreeMap<String, String> {
        &self.components
    }

    /// The tests of the blueprint.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The contracts of its components.
    pub fn contracts(&self) -> &Contracts {
        &self.contracts
    }

    /// Whether nothing was wrong before the template was checked, so that all of it is there.
    pub fn is_sound(&self) -> bool {
        self.is_sound
    }
}

/// Compiles the blueprint at `path`, which is shown to people as `shown`. `known_codes` are those that exist.
pub fn compile(path: &Path, shown: &str, files: &dyn Files, known_codes: &[&'static Code]) -> io::Result<Compiled> {
    compile_in(&Workspace::default(), path, shown, files, known_codes)
}

/// The same, with the settings of the repository that the blueprint is in.
pub fn compile_in(
    workspace: &Workspace,
    path: &Path,
    shown: &str,
    files: &dyn Files,
    known_codes: &[&'static Code],
) -> io::Result<Compiled> {
    let mut compiled = open_blueprint(workspace, path, shown, files, known_codes)?;
    if compiled.diagnostics.iter().any(|found| found.severity == Severity::Error) {
        compiled.template = None;
        compiled.archives = Vec::new();
    }
    Ok(compiled)
}

/// Compiles a blueprint as far as it goes: there is a template even if something in it is wrong.
fn open_blueprint(
    workspace: &Workspace,
    path: &Path,
    shown: &str,
    files: &dyn Files,
    known_codes: &[&'static Code],
) -> io::Result<Compiled> {
    let bytes = files.read(path)?;
    let mut run = Run { sources: workspace.sources.clone(), sink: Sink::default() };
    let mut is_module = false;
    let (name, template, archives) = match run.parse(shown, bytes) {
        // What it makes depends on its user, so it is checked where it is used.
        Some((_, root)) if modules::is_module(&root) => {
            is_module = true;
            (blueprint::string(&root, "blueprint"), None, Vec::new())
        }
        Some((file, root)) => {
            let name = blueprint::string(&root, "blueprint").unwrap_or_default();
            let settings = workspace.settings(&name);
            run.compile(file, root, Location { path, files, settings: &settings, workspace }, known_codes)
        }
        None => (None, None, Vec::new()),
    };
    let diagnostics = run.sink.finish(&run.sources);
    Ok(Compiled { name, diagnostics, sources: run.sources, template, archives, is_module, is_template: false })
}

/// Where a blueprint is, and through what it is read.
#[derive(Clone, Copy)]
struct Location<'a> {
    path: &'a Path,
    files: &'a dyn Files,
    settings: &'a Settings,
    workspace: &'a Workspace,
}

type Outcome = (Option<String>, Option<Rendered>, Vec<Archive>);

/// The files that components name, by the frame whose folder they are in and their path.
type FilesOfFrames = BTreeMap<(usize, String), FileId>;

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

    /// A module that was read before: what is wrong with it was reported then.
    fn parse_again(&mut self, file: FileId) -> Option<Node> {
        syntax::parse(file, &self.sources, Dialect::Blueprint, &mut Sink::default())
    }

    fn compile(&mut self, file: FileId, root: Node, at: Location<'_>, known_codes: &[&'static Code]) -> Outcome {
        if is_template(&root) {
            let span = first_key(&root).unwrap_or(root.span);
            self.sink
                .report(&NOT_BLUEPRINT, span, "this is a CloudFormation template, not a blueprint")
                .help("name a blueprint: a folder with `blueprint.yaml`, or a file `NAME.blueprint.yaml`");
            return (None, None, Vec::new());
        }
        let mut faults = Vec::new();
        let mut gathered = modules::gather(self, file, root, at, &mut faults);
        gathered.check_given(self);
        let cases = std::mem::take(&mut gathered.cases);
        cases::check(self, &cases, &gathered.blueprint);
        let blueprint = &mut gathered.blueprint;
        let placed = compose::place(blueprint, &self.sources, &mut faults, &mut self.sink);
        let read = self.read_files(&placed, &gathered.folders, at.files);
        let contracts = self.read_contracts(blueprint, &gathered.folders, at);
        let mut archives = self.pack(&blueprint.name, &placed, &gathered.folders, at.files);
        let mut files = kinds::Read::default();
        files.archives.extend(archives.iter().map(|(name, archive)| (name.clone(), archive.key.clone())));
        for placed in &placed {
            let key = |reference: &FileReference| (placed.frame, reference.file.value.clone());
            for key in placed.component.files().into_iter().map(key) {
                if let Some(file) = read.get(&key).filter(|_| !files.texts.contains_key(&key)) {
                    files.texts.insert(key, text::parse_file(*file, &self.sources, &mut faults));
                }
            }
            for key in placed.component.sources().into_iter().map(key) {
                if let Some(file) = read.get(&key) {
                    files.sources.insert(key, self.sources.get(*file).text.clone());
                }
            }
        }
        compose::report_faults(&faults, &mut self.sink);

        let digest = self.digest(&gathered.files, &read, &archives);
        let scope = scope(blueprint, &placed, files);
        packages::name_buckets(&mut archives, &placed, &scope);
        let mut template = compose::compose(blueprint, &placed, &scope, &digest, &mut self.sink);
        at.workspace.apply(blueprint, &scope, &mut template, &mut self.sink);
        // A template of components that are wrong themselves would only repeat their mistakes.
        let is_sound = !self.sink.has_errors();
        if is_sound {
            check::template(&template, &check::Nested::new(), &self.sources, &mut self.sink);
        }
        let origin = Origin::Derived(blueprint.span.unwrap_or(Span::START));
        let value = template.to_value(origin);
        let components = components(&template, &placed);
        let rendered = Rendered { template, value, components, is_sound, cases, contracts };
        if is_sound && !rendered.contracts.is_empty() {
            let world = contracts::world(&rendered, &blueprint.name);
            self.check_samples(&rendered, &world, at);
            let known = contracts::known(&rendered, &placed, &self.sources);
            world.check_contracts(&known, &mut self.sink);
        }
        let allowed = blueprint.components.iter().flat_map(|declared| {
            let names = declared.allow.iter().map(|allowance| (&allowance.code.value, allowance.code.span()));
            names.map(|(name, span)| Allowed { name, span, area: declared.span, errors: false })
        });
        allow::acknowledge(allowed, known_codes, &mut self.sink);
        at.workspace.accept(Some(&blueprint.name), &mut self.sink);
        at.workspace.weigh(&mut self.sink);
        self.sink.each(|diagnostic| modules::relate(diagnostic, &gathered.used));
        let name = (!blueprint.name.is_empty()).then(|| blueprint.name.clone());
        (name, Some(rendered), archives.into_values().collect())
    }

    /// Reads the files that components name.
    fn read_files(&mut self, placed: &[Placed], folders: &[PathBuf], files: &dyn Files) -> FilesOfFrames {
        let mut read = FilesOfFrames::new();
        let named = placed.iter().flat_map(|one| {
            one.component.files().into_iter().chain(one.component.sources()).map(move |file| (one.frame, file))
        });
        for (frame, FileReference { file }) in named {
            let key = (frame, file.value.clone());
            let Some(folder) = folders.get(frame).filter(|_| !read.contains_key(&key)) else { continue };
            let path = Path::new(&file.value);
            if !self.check_inside(file) {
                continue;
            }
            match files.read(&folder.join(path)) {
                Ok(bytes) => {
                    let shown = match self.sources.get(file.span().file).name.rsplit_once('/') {
                        Some((folder, _)) => format!("{folder}/{}", file.value),
                        None => file.value.clone(),
                    };
                    if let Some(id) = syntax::load(&shown, bytes, &mut self.sources, &mut self.sink) {
                        read.insert(key, id);
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
    fn digest(&self, blueprints: &[(String, FileId)], files: &FilesOfFrames, archives: &Archives) -> String {
        let mut hash = Sha256::new();
        let named = files.iter().map(|((frame, path), id)| (format!("{frame}:{path}"), *id));
        for (path, id) in blueprints.iter().cloned().chain(named) {
            let text = self.sources.get(id).text.replace("\r\n", "\n");
            for part in [&path, &text] {
                hash.update((part.len() as u64).to_be_bytes());
                hash.update(part);
            }
        }
        // Their keys follow from what is in them.
        for key in archives.values().map(|archive| &archive.key) {
            hash.update((key.len() as u64).to_be_bytes());
            hash.update(key);
        }
        hash.finalize().iter().fold("sha256:".to_owned(), |hex, byte| hex + &format!("{byte:02x}"))
    }
}

/// The components by the logical ids of what they make: ids begin with the name of the component.
fn components(template: &Template, placed: &[Placed]) -> BTreeMap<String, String> {
    let starts: Vec<(String, &Placed)> = placed.iter().map(|one| (one.place.id(""), one)).collect();
    let component = |resource: &Resource| {
        let fits = starts.iter().filter(|(start, _)| {
            resource
                .id
                .strip_prefix(start.as_str())
                .is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_lowercase()))
        });
        // Where two names begin alike, the one whose place made the resource, or else the longer one.
        let own = |one: &&(String, &Placed)| (one.1.place.origin.span() == resource.origin.span(), one.0.len());
        fits.max_by_key(own).map(|(_, placed)| placed.place.name.clone())
    };
    template.resources.iter().filter_map(|one| Some((one.id.clone(), component(one)?))).collect()
}

/// What texts of the blueprint may refer to.
fn scope(blueprint: &mut Blueprint, placed: &[Placed], files: kinds::Read) -> Scope {
    let types: BTreeMap<&str, &str> =
        placed.iter().filter_map(|placed| Some((placed.place.name.as_str(), placed.component.raw()?.0))).collect();
    let known = |declared: &Declared| Known {
        kind: declared.kind.as_ref().and_then(|(name, _)| kinds::by_name(name)),
        resource_type: types.get(declared.name.as_str()).map(|name| (*name).to_owned()),
        frame: declared.frame,
    };
    let components = blueprint.components.iter().map(|one| (one.name.clone(), known(one))).collect();
    Scope::new(&blueprint.name, std::mem::take(&mut blueprint.frames), components, files)
}

/// Why a file cannot be read, the same words on every system.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        io::ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        _ => error.to_string(),
    }
}

/// Whether a tree is a CloudFormation template and not a blueprint.
fn is_template(root: &Node) -> bool {
    blueprint::entry(root, "Resources").is_some() && blueprint::entry(root, "blueprint").is_none()
}

fn first_key(root: &Node) -> Option<Span> {
    match &root.data {
        crate::syntax::Data::Map(entries) => entries.first().map(|entry| entry.key.span),
        _ => None,
    }
}
