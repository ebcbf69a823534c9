//! Blueprints that are compiled without a file system.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use formwork::cli::{self, input::Disk};
use formwork::compile::{self, Compiled, LIBRARY, Workspace};
use formwork::diagnostics::Diagnostic;
use formwork::source::Files;

/// Files by path, and the reference library.
#[derive(Debug, Default)]
pub struct Memory(BTreeMap<PathBuf, Vec<u8>>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path.starts_with(LIBRARY) {
            return Disk.read(path);
        }
        self.0.get(path).cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        let paths = self.0.keys().filter_map(|path| path.strip_prefix(folder).ok());
        Ok(paths.map(|path| path.to_str().unwrap().to_owned()).collect())
    }
}

impl Memory {
    /// Adds a file.
    pub fn with(mut self, path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> Self {
        self.0.insert(path.into(), bytes.into());
        self
    }

    /// Compiles the blueprint at this path.
    pub fn compile(&self, path: &str) -> Compiled {
        self.compile_in(&Workspace::default(), path)
    }

    /// The same, with the settings of a repository.
    pub fn compile_in(&self, workspace: &Workspace, path: &str) -> Compiled {
        compile::compile_in(workspace, Path::new(path), path, self, &cli::codes()).unwrap()
    }

    /// Checks the file at this path, be it a blueprint or a template.
    pub fn check(&self, path: &str) -> Compiled {
        self.check_in(&Workspace::default(), path)
    }

    /// The same, with the settings of a repository.
    pub fn check_in(&self, workspace: &Workspace, path: &str) -> Compiled {
        compile::check_in(workspace, Path::new(path), path, self, &cli::codes()).unwrap()
    }
}

/// Where a template is that is called `example`.
pub const TEMPLATE: &str = "example.template.yaml";

/// Where a blueprint is that is called `example`.
pub const PATH: &str = "blueprints/example/blueprint.yaml";

/// Compiles a blueprint that is a single file.
pub fn compile(bytes: impl Into<Vec<u8>>) -> Compiled {
    Memory::default().with(PATH, bytes).compile(PATH)
}

/// Findings as one line each: place, code, message, help.
pub fn shown(compiled: &Compiled) -> String {
    compiled.diagnostics.iter().fold(String::new(), |mut text, finding| {
        let Diagnostic { code, span, message, help, .. } = finding;
        let position = compiled.sources.position(span.file, span.start);
        let name = &compiled.sources.get(span.file).name;
        writeln!(text, "{name}:{}:{}: [{}] {message} (help: {help:?})", position.line, position.column, code.name)
            .unwrap();
        text
    })
}
