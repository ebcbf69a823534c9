//! The reference library, which the program carries with it.

use std::path::Path;

use include_dir::{Dir, include_dir};

static BLUEPRINTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/blueprints");

/// A blueprint of the reference library.
#[derive(Debug)]
pub struct Architecture {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a few words.
    pub title: String,
    /// Its files: path inside of its folder, and content.
    pub files: Vec<(&'static str, &'static [u8])>,
}

/// All blueprints of the library, sorted by name.
pub fn architectures() -> Vec<Architecture> {
    let mut all: Vec<Architecture> = BLUEPRINTS.dirs().filter_map(architecture).collect();
    all.sort_by_key(|architecture| architecture.name);
    all
}

/// A file of the library, by its path from the library's folder.
pub fn file(path: &Path) -> Option<&'static [u8]> {
    BLUEPRINTS.get_file(path).map(include_dir::File::contents)
}

/// The files below a folder of the library, from that folder.
pub fn files_below(path: &Path) -> Option<Vec<String>> {
    let dir = BLUEPRINTS.get_dir(path)?;
    let mut files = Vec::new();
    collect(dir, dir.path().to_str()?, &mut files);
    let mut paths: Vec<String> = files.into_iter().map(|(path, _)| path.to_owned()).collect();
    paths.sort_unstable();
    Some(paths)
}

fn architecture(dir: &'static Dir<'static>) -> Option<Architecture> {
    let name = dir.path().to_str()?;
    let mut files = Vec::new();
    collect(dir, name, &mut files);
    files.sort_unstable_by_key(|(path, _)| *path);
    let text = files.iter().find(|(path, _)| *path == "blueprint.yaml").and_then(|(_, c)| str::from_utf8(c).ok())?;
    let title = text.lines().find_map(|line| line.strip_prefix("title:")).unwrap_or_default().trim().to_owned();
    Some(Architecture { name, title, files })
}

fn collect(dir: &'static Dir<'static>, root: &str, files: &mut Vec<(&'static str, &'static [u8])>) {
    for file in dir.files() {
        let path = file.path().to_str().and_then(|path| path.strip_prefix(root)?.strip_prefix('/'));
        files.extend(path.map(|path| (path, file.contents())));
    }
    dir.dirs().for_each(|dir| collect(dir, root, files));
}
