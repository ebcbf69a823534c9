//! Finding blueprints, reading files, and compiling many at once.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::Streams;
use crate::compile::{Archive, Compiled, Format, LIBRARY, Workspace, check_in, compile_in, looks_like_template};
use crate::diagnostics::{Diagnostic, Severity, render};
use crate::source::{Files, Sources};

/// The file of a blueprint that has a folder of its own.
const IN_FOLDER: &[&str] = &["blueprint.yaml", "blueprint.yml", "blueprint.json"];

/// How the name of a blueprint ends that is a single file.
const SINGLE_FILE: &[&str] = &[".blueprint.yaml", ".blueprint.yml", ".blueprint.json"];

/// The file system, and the reference library under its own folder.
#[derive(Debug)]
pub struct Disk;

/// Files larger than this are not read whole; the syntax refuses far smaller ones.
const MAX_BYTES: u64 = 1 << 28;

impl Files for Disk {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if let Ok(inside) = path.strip_prefix(LIBRARY) {
            return super::library::file(inside).map(<[u8]>::to_vec).ok_or_else(|| io::ErrorKind::NotFound.into());
        }
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        // A pipe or a device could hold up the run for ever.
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        if metadata.len() > MAX_BYTES {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it is larger than {MAX_BYTES} bytes")));
        }
        fs::read(path)
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let mut found = Vec::new();
        if let Ok(inside) = folder.strip_prefix(LIBRARY) {
            let files = super::library::files_below(inside).ok_or(io::ErrorKind::NotFound)?;
            found.extend(files.into_iter().filter(|path| !path.split('/').any(is_left_out)));
            return Ok(found);
        }
        let mut folders = vec![String::new()];
        while let Some(inside) = folders.pop() {
            for entry in fs::read_dir(folder.join(&inside))? {
                let entry = entry?;
                let Ok(name) = entry.file_name().into_string() else {
                    return Err(io::Error::new(io::ErrorKind::InvalidData, "the name of a file in it is not UTF-8"));
                };
                if is_left_out(&name) {
                    continue;
                }
                let path = format!("{inside}{name}");
                // Links to folders are not followed, so that a loop of them ends.
                if entry.file_type()?.is_dir() {
                    folders.push(format!("{path}/"));
                } else {
                    found.push(path);
                }
            }
        }
        found.sort_unstable();
        Ok(found)
    }
}

/// Whether a file or folder of this name belongs to an editor, to version control or to an interpreter.
fn is_left_out(name: &str) -> bool {
    name.starts_with('.') || name == "__pycache__"
}

/// A path that was asked for but cannot be used, with the reason.
#[derive(Debug)]
pub struct Unusable {
    /// The path as it was given.
    pub path: PathBuf,
    /// Why.
    pub reason: String,
}

/// What is looked for in folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Search {
    /// Blueprints.
    Blueprints,
    /// Blueprints and CloudFormation templates.
    All,
}

/// How the names of files end that may be templates.
const TEMPLATE_EXTENSIONS: &[&str] = &["json", "template", "yaml", "yml"];

/// The files under some paths, sorted, each once. A file that is named is taken whatever it is.
pub fn find(paths: &[PathBuf], search: Search) -> Result<Vec<PathBuf>, Unusable> {
    let mut found = BTreeSet::new();
    for path in paths {
        let unusable = |reason: String| Unusable { path: path.clone(), reason };
        let metadata = fs::metadata(path).map_err(|error| unusable(describe(&error)))?;
        if metadata.is_dir() {
            let before = found.len();
            walk(path, search, &mut found).map_err(|error| unusable(describe(&error)))?;
            if found.len() == before {
                let what = match search {
                    Search::Blueprints => "blueprint",
                    Search::All => "blueprint and no template",
                };
                return Err(unusable(format!(
                    "there is no {what} in it (a blueprint is `blueprint.yaml` in a folder of its own, or `NAME.blueprint.yaml`)"
                )));
            }
        } else {
            found.insert(path.clone());
        }
    }
    Ok(found.into_iter().collect())
}

/// What is looked for in a folder. Links to folders are not followed, so that a loop of them ends.
fn walk(folder: &Path, search: Search, found: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let kind = entry.file_type()?;
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if kind.is_dir() {
                if !name.starts_with('.') {
                    folders.push(entry.path());
                }
            } else if IN_FOLDER.contains(&&*name)
                || SINGLE_FILE.iter().any(|end| name.ends_with(end))
                || (search == Search::All && is_template(&entry.path()))
            {
                found.insert(entry.path());
            }
        }
    }
    Ok(())
}

/// Whether a file in a folder is a template; what cannot be read is not.
fn is_template(path: &Path) -> bool {
    let named = path.extension().is_some_and(|extension| TEMPLATE_EXTENSIONS.iter().any(|known| extension == *known));
    named && Disk.read(path).is_ok_and(|bytes| looks_like_template(&bytes))
}

/// What an error of the file system means, without its number.
pub fn describe(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        io::ErrorKind::AlreadyExists | io::ErrorKind::NotADirectory => {
            "there is a file where a folder is needed".to_owned()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".to_owned(),
        _ => error.to_string(),
    }
}

/// The name of the file with the settings of a repository.
const SETTINGS: &str = "formwork.yaml";

/// The settings that hold where the program runs, with the folder that they are in.
#[derive(Debug, Default)]
pub struct Settings {
    /// What they say.
    pub workspace: Workspace,
    /// The folder of the file; nothing if there is none.
    pub folder: PathBuf,
}

/// Reads the settings of the repository that the program runs in: the nearest `formwork.yaml` from here upwards, as far
/// as the top of the repository. `None` if they are wrong, which is then shown.
pub fn settings(environment: Option<&str>, streams: &mut Streams<'_>) -> io::Result<Option<Settings>> {
    let mut folder = PathBuf::new();
    let here = std::env::current_dir()?;
    let found = here.ancestors().find_map(|ancestor| {
        let found = ancestor.join(SETTINGS).is_file();
        let top = ancestor.join(".git").exists();
        let at = folder.clone();
        folder.push("..");
        if found { Some(Some(at)) } else { top.then_some(None) }
    });
    let Some(folder) = found.flatten() else {
        if let Some(name) = environment {
            writeln!(streams.err, "error: no environment `{name}`\nhelp: there is no {SETTINGS} that could name it")?;
            return Ok(None);
        }
        return Ok(Some(Settings::default()));
    };
    let path = folder.join(SETTINGS);
    let bytes = match Disk.read(&path) {
        Ok(bytes) => bytes,
        Err(error) => {
            writeln!(streams.err, "error: cannot read {}: {}", shown(&path), describe(&error))?;
            return Ok(None);
        }
    };
    let (workspace, mut diagnostics) = Workspace::read(&shown(&path), bytes, environment);
    diagnostics.extend(workspace.check_codes(&super::codes()));
    for diagnostic in &diagnostics {
        streams.err.write_all(render(diagnostic, &workspace.sources, streams.style).as_bytes())?;
    }
    if diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error) {
        return Ok(None);
    }
    if let Some(problem) = workspace.unknown_environment() {
        writeln!(streams.err, "error: {problem}")?;
        return Ok(None);
    }
    Ok(Some(Settings { workspace, folder }))
}

/// What is left of a blueprint after its compilation: thousands of them are held at once.
#[derive(Debug)]
pub struct Finished {
    /// The path of the blueprint as it is shown.
    pub shown: String,
    /// The name that the blueprint gives itself.
    pub name: Option<String>,
    /// What was found.
    pub diagnostics: Vec<Diagnostic>,
    /// What was read, if something was found in it.
    pub sources: Sources,
    /// The text of the template, if it was asked for and there is one.
    pub text: Option<String>,
    /// The archives that the template refers to, if it was asked for.
    pub archives: Vec<Archive>,
    /// The resources of the template.
    pub resources: usize,
    /// Whether it is a blueprint that only others can use.
    pub is_module: bool,
    /// Whether it is a template that was written by hand.
    pub is_template: bool,
}

impl Finished {
    /// What was found in one file, to be shown.
    pub fn of(shown: String, compiled: Compiled) -> Self {
        Self {
            shown,
            name: compiled.name,
            diagnostics: compiled.diagnostics,
            sources: compiled.sources,
            text: None,
            archives: Vec::new(),
            resources: 0,
            is_module: compiled.is_module,
            is_template: compiled.is_template,
        }
    }
}

/// Compiles blueprints on all cores; the results are in the order of the paths. Templates are written out in `format`;
/// without one, templates written by hand are checked, too.
pub fn compile_all(
    paths: &[PathBuf],
    workspace: &Workspace,
    format: Option<Format>,
    files: &dyn Files,
) -> Result<Vec<Finished>, Unusable> {
    let codes = super::codes();
    let one = |path: &PathBuf| {
        let shown = shown(path);
        let run = if format.is_some() { compile_in } else { check_in };
        let compiled = run(workspace, path, &shown, files, &codes)
            .map_err(|error| Unusable { path: path.clone(), reason: describe(&error) })?;
        let template = compiled.template.as_ref();
        Ok(Finished {
            shown,
            name: compiled.name,
            sources: if compiled.diagnostics.is_empty() { Sources::default() } else { compiled.sources },
            diagnostics: compiled.diagnostics,
            text: template.zip(format).map(|(template, format)| template.text(format)),
            resources: template.map_or(0, |template| template.template().resources.len()),
            archives: if format.is_some() { compiled.archives } else { Vec::new() },
            is_module: compiled.is_module,
            is_template: compiled.is_template,
        })
    };
    // Threads cost more than one small file.
    if paths.len() < 4 {
        return paths.iter().map(one).collect();
    }
    paths.par_iter().map(one).collect()
}

/// A path as it is shown: with `/` on every system, and without a leading `./`.
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("./").map_or(text.clone(), str::to_owned)
}
