//! `check --fix` and `check --diff`: the fixes of findings, made in memory until there are none, then written.

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use similar::TextDiff;

use super::input::{Disk, Finished, Unusable, describe, shown};
use super::{Exit, Streams};
use crate::compile::{LIBRARY, looks_like_template};
use crate::diagnostics::Sink;
use crate::diagnostics::fix::{Edit, apply};
use crate::source::{Files, Sources};
use crate::syntax::{self, Dialect};

/// How often files are compiled again. A mistake may hide another, but not this many.
const MOST_ROUNDS: usize = 16;

/// The mark at the start of some files in UTF-8, which is no part of the text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// The file system with the changes that are not written yet.
#[derive(Debug, Default)]
pub struct Draft {
    files: Mutex<BTreeMap<PathBuf, Held>>,
}

/// A file that was read.
#[derive(Debug)]
struct Held {
    path: PathBuf,
    before: Vec<u8>,
    now: Vec<u8>,
    /// How many findings are mended in it.
    mended: usize,
}

impl Files for Draft {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        if path.starts_with(LIBRARY) {
            return Disk.read(path);
        }
        // Outside of the lock, as this may take its time; a second reader keeps what the first one saw.
        let key = normal(path);
        if let Some(held) = self.lock().get(&key) {
            return Ok(held.now.clone());
        }
        let bytes = Disk.read(path)?;
        let mut files = self.lock();
        let held = files.entry(key).or_insert_with(|| Held {
            path: path.to_owned(),
            before: bytes.clone(),
            now: bytes,
            mended: 0,
        });
        Ok(held.now.clone())
    }

    fn list(&self, folder: &Path) -> io::Result<Vec<String>> {
        Disk.list(folder)
    }
}

/// A path without the parts that mean nothing, so that the name that is shown finds its file.
fn normal(path: &Path) -> PathBuf {
    path.components().filter(|part| *part != Component::CurDir).collect()
}

/// What was fixed.
#[derive(Debug, Default)]
pub struct Fixed {
    changed: Vec<Held>,
}

/// Compiles with `compile` and fixes what can be fixed, until that is nothing. The findings that are left come with it.
pub fn fix(
    compile: impl Fn(&dyn Files) -> Result<Vec<Finished>, Unusable>,
) -> Result<(Fixed, Vec<Finished>), Unusable> {
    let draft = Draft::default();
    let mut left = compile(&draft)?;
    for _ in 0..MOST_ROUNDS {
        if draft.mend(&left) == 0 {
            break;
        }
        left = compile(&draft)?;
    }
    let files = draft.files.into_inner().unwrap_or_else(PoisonError::into_inner);
    let changed = files.into_values().filter(|held| held.now != held.before).collect();
    Ok((Fixed { changed }, left))
}

impl Draft {
    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<PathBuf, Held>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the fixes of these findings; those that are in the way of others are left. Says how many were made.
    fn mend(&self, found: &[Finished]) -> usize {
        // A module that several blueprints use has its findings in each of them.
        let mut seen: HashSet<(PathBuf, usize, usize, String)> = HashSet::new();
        let mut by_file: BTreeMap<PathBuf, Vec<Edit>> = BTreeMap::new();
        for one in found {
            for fix in one.diagnostics.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
                // Several edits belong together, and all that are proposed so far have one.
                let [edit] = fix.edits.as_slice() else { continue };
                let source = one.sources.get(edit.span.file);
                let key = normal(Path::new(&source.name));
                let is_same = self.lock().get(&key).is_some_and(|held| text(&held.now) == source.text.as_bytes());
                let range = edit.span.range();
                if is_same && seen.insert((key.clone(), range.start, range.end, edit.text.clone())) {
                    by_file.entry(key).or_default().push(edit.clone());
                }
            }
        }
        let mut files = self.lock();
        let mut count = 0;
        for (key, edits) in by_file {
            let Some(held) = files.get_mut(&key) else { continue };
            let Ok(old) = std::str::from_utf8(text(&held.now)) else { continue };
            let name = shown(&held.path);
            let (new, made) = sound(&name, old, &edits);
            let mark = if held.now.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { &[] };
            held.now = [mark, new.as_bytes()].concat();
            held.mended += made;
            count += made;
        }
        count
    }
}

/// The text of a file without the mark.
fn text(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes)
}

/// Applies edits as long as the text stays as readable as it was: two misspelt keys may both be meant for the same.
fn sound(name: &str, old: &str, edits: &[Edit]) -> (String, usize) {
    let dialect = if looks_like_template(old.as_bytes()) { Dialect::Template } else { Dialect::Blueprint };
    let wrong = |text: &str| {
        let (mut sources, mut sink) = (Sources::default(), Sink::default());
        let file = sources.add(name, text);
        let is_tree = syntax::parse(file, &sources, dialect, &mut sink).is_some();
        (!is_tree, sink.diagnostics().len())
    };
    let before = wrong(old);
    let all: Vec<&Edit> = edits.iter().collect();
    let (new, applied) = apply(old, &all);
    if wrong(&new) <= before {
        return (new, applied.into_iter().filter(|applied| *applied).count());
    }
    let (mut kept, mut best): (Vec<&Edit>, String) = (Vec::new(), old.to_owned());
    for edit in edits {
        kept.push(edit);
        let (new, applied) = apply(old, &kept);
        if applied.iter().all(|applied| *applied) && wrong(&new) <= before {
            best = new;
        } else {
            kept.pop();
        }
    }
    (best, kept.len())
}

impl Fixed {
    /// Writes the files. One that changed meanwhile stays as it is.
    pub fn write(&self, streams: &mut Streams<'_>) -> io::Result<Exit> {
        let (mut exit, mut count) = (Exit::Fine, 0);
        for held in &self.changed {
            match rewrite(held) {
                Ok(()) => count += held.mended,
                Err(reason) => {
                    writeln!(streams.err, "error: cannot fix {}: {reason}", shown(&held.path))?;
                    exit = Exit::CouldNotRun;
                }
            }
        }
        writeln!(streams.err, "{count} fixed")?;
        Ok(exit)
    }

    /// Prints what would be written.
    pub fn print(&self, streams: &mut Streams<'_>) -> io::Result<Exit> {
        for held in &self.changed {
            let (before, now) = (String::from_utf8_lossy(&held.before), String::from_utf8_lossy(&held.now));
            let name = shown(&held.path);
            let diff = TextDiff::from_lines(before.as_ref(), now.as_ref());
            write!(streams.out, "{}", diff.unified_diff().header(&name, &name))?;
        }
        let count: usize = self.changed.iter().map(|held| held.mended).sum();
        writeln!(streams.err, "{count} would be fixed")?;
        Ok(if self.changed.is_empty() { Exit::Fine } else { Exit::Found })
    }
}

/// Replaces a file as a whole, if it still is as it was read. Links and permissions stay.
fn rewrite(held: &Held) -> Result<(), String> {
    let failed = |error: io::Error| describe(&error);
    let path = fs::canonicalize(&held.path).map_err(failed)?;
    let permissions = fs::metadata(&path).map_err(failed)?.permissions();
    if permissions.readonly() {
        return Err("it is read-only".to_owned());
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".formwork-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    file.write_all(&held.now).map_err(failed)?;
    file.as_file().set_permissions(permissions).map_err(failed)?;
    // As late as possible.
    if fs::read(&path).map_err(failed)? != held.before {
        return Err("it was changed meanwhile".to_owned());
    }
    file.persist(&path).map_err(|error| failed(error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, Span};

    fn edit(start: usize, end: usize, text: &str) -> Edit {
        Edit { span: Span::new(FileId::from_index(0), start, end), text: text.to_owned() }
    }

    #[test]
    fn two_keys_do_not_become_one() {
        let (text, made) = sound("a.yaml", "kidn: 1\nkinf: 2\n", &[edit(0, 4, "kind"), edit(8, 12, "kind")]);
        assert_eq!((text.as_str(), made), ("kind: 1\nkinf: 2\n", 1));
    }

    #[test]
    fn a_file_that_changed_meanwhile_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yaml");
        fs::write(&path, "new").unwrap();
        let mut held = Held { path: path.clone(), before: b"old".to_vec(), now: b"fixed".to_vec(), mended: 1 };
        assert_eq!(rewrite(&held).unwrap_err(), "it was changed meanwhile");
        assert_eq!(fs::read(&path).unwrap(), b"new");
        held.before = b"new".to_vec();
        rewrite(&held).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"fixed");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
    }
}
