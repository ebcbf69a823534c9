//! Files under `snapshots/` that must be what the program makes.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The top of the project.
pub fn project() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below a folder, as paths inside of it with `/` between folders.
pub fn files_below(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inside) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder.join(&inside)) else { continue };
        for entry in entries {
            let entry = entry.unwrap();
            let path = inside.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                folders.push(path);
            } else {
                found.insert(path.to_str().unwrap().replace('\\', "/"));
            }
        }
    }
    found
}

/// The folder `snapshots/<name>` holds these files and no others.
pub fn hold(name: &str, files: &BTreeMap<String, String>) {
    assert!(!files.is_empty());
    let folder = project().join("snapshots").join(name);
    let kept = files_below(&folder);
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut wrong = Vec::new();
    for (file, text) in files {
        let path = folder.join(file);
        let old = fs::read_to_string(&path).unwrap_or_default();
        if old == *text && kept.contains(file) {
            continue;
        }
        if update {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        } else {
            wrong.push(format!("{file}: {}", first_difference(&old, text)));
        }
    }
    for file in kept.iter().filter(|file| !files.contains_key(*file)) {
        if update {
            fs::remove_file(folder.join(file)).unwrap();
        } else {
            wrong.push(format!("{file}: nothing makes this file any more"));
        }
    }
    assert!(
        wrong.is_empty(),
        "snapshots/{name} is out of date:\n{}\nrun `UPDATE_SNAPSHOTS=1 cargo test`, and read the difference",
        wrong.join("\n")
    );
}

/// The first line in which two texts differ.
pub fn first_difference(old: &str, new: &str) -> String {
    let (mut old, mut new) = (old.lines(), new.lines());
    let mut line = 0;
    loop {
        line += 1;
        match (old.next(), new.next()) {
            (None, None) => return "the line ends differ".to_owned(),
            (kept, made) if kept == made => {}
            (kept, made) => {
                return format!(
                    "line {line}\n  kept: {}\n  made: {}",
                    kept.unwrap_or("(end)"),
                    made.unwrap_or("(end)")
                );
            }
        }
    }
}
