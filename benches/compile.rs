//! What users wait for: `cargo bench`.
//!
//! `cold` measures whole processes, start included; `warm` what the compiler itself takes.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use divan::Bencher;
use formwork::compile::{Compiled, Format, compile};
use formwork::source::Files;

const BLUEPRINT: &str = include_str!("../blueprints/service-event-audit/blueprint.yaml");
/// The files that it names.
const FILES: &[(&str, &str)] = &[
    ("contracts/event.json", include_str!("../blueprints/service-event-audit/contracts/event.json")),
    (
        "events/archive-object-created.json",
        include_str!("../blueprints/service-event-audit/events/archive-object-created.json"),
    ),
    ("events/order-placed.json", include_str!("../blueprints/service-event-audit/events/order-placed.json")),
    ("events/parameter-created.json", include_str!("../blueprints/service-event-audit/events/parameter-created.json")),
    ("sql/parameter-changes.sql", include_str!("../blueprints/service-event-audit/sql/parameter-changes.sql")),
];

fn main() {
    divan::main();
}

/// Files in memory.
struct Memory(HashMap<PathBuf, String>);

impl Files for Memory {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.0.get(path).map(|text| text.clone().into_bytes()).ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, _folder: &Path) -> io::Result<Vec<String>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

fn memory(blueprint: &str) -> Memory {
    let files = FILES.iter().map(|(name, text)| (Path::new("b").join(name), (*text).to_owned()));
    Memory(files.chain([(PathBuf::from("b/blueprint.yaml"), blueprint.to_owned())]).collect())
}

fn compile_in(files: &Memory) -> Compiled {
    let codes = formwork::cli::codes();
    let compiled = compile(Path::new("b/blueprint.yaml"), "b/blueprint.yaml", files, &codes).expect("it is in memory");
    assert!(compiled.template.is_some(), "{:?}", compiled.diagnostics);
    compiled
}

/// A blueprint of 500 resources: 50 buckets, each with a stream and a rule.
fn large() -> String {
    let mut text = "blueprint: large\nversion: 1.0.0\ncomponents:\n".to_owned();
    for n in 0..50 {
        text.push_str(&PART.replace("{n}", &n.to_string()));
    }
    text
}

/// Ten resources.
const PART: &str = "\
  archive-a{n}:
    kind: s3-bucket
  delivery-a{n}:
    kind: firehose-stream
    to:
      s3: archive-a{n}
      layout:
        - type: { query: .type, missing: none, table: true }
        - day: { arrival: yyyy-MM-dd }
  events-a{n}:
    kind: event-rule
    pattern: { source: [app.a{n}] }
    targets: [delivery-a{n}]
";

/// A folder with `count` blueprints like that of the library.
fn folder(count: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder for the bench");
    for n in 0..count {
        let one = folder.path().join(format!("blueprints/audit-{n}"));
        let text = BLUEPRINT.replace("blueprint: service-event-audit", &format!("blueprint: audit-a{n}"));
        for (name, text) in FILES.iter().copied().chain([("blueprint.yaml", text.as_str())]) {
            let path = one.join(name);
            fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder for a blueprint");
            fs::write(path, text).expect("a file of a blueprint");
        }
    }
    folder
}

fn process(folder: &Path, arguments: &[&str]) {
    let status = Command::new(env!("CARGO_BIN_EXE_formwork"))
        .args(arguments)
        .current_dir(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("the program starts");
    assert!(status.success());
}

#[divan::bench_group(sample_count = 50, sample_size = 1)]
mod cold {
    use super::{Bencher, Path, folder, fs, large, process};

    #[divan::bench]
    fn version(bencher: Bencher) {
        bencher.bench_local(|| process(Path::new("."), &["--version"]));
    }

    #[divan::bench]
    fn check_one(bencher: Bencher) {
        let folder = folder(1);
        bencher.bench_local(|| process(folder.path(), &["check"]));
    }

    #[divan::bench]
    fn render_one(bencher: Bencher) {
        let folder = folder(1);
        bencher.bench_local(|| process(folder.path(), &["render"]));
    }

    #[divan::bench(sample_count = 5)]
    fn render_a_thousand(bencher: Bencher) {
        let folder = folder(1000);
        bencher.bench_local(|| process(folder.path(), &["render"]));
    }

    #[divan::bench]
    fn render_500_resources(bencher: Bencher) {
        let folder = tempfile::tempdir().expect("a folder for the bench");
        fs::create_dir(folder.path().join("blueprints")).expect("a folder for the blueprint");
        fs::write(folder.path().join("blueprints/large.blueprint.yaml"), large()).expect("a blueprint");
        bencher.bench_local(|| process(folder.path(), &["render"]));
    }
}

mod warm {
    use super::{BLUEPRINT, Bencher, Format, compile_in, large, memory};

    #[divan::bench]
    fn check_one(bencher: Bencher) {
        let files = memory(BLUEPRINT);
        bencher.bench_local(|| compile_in(&files));
    }

    #[divan::bench]
    fn render_one(bencher: Bencher) {
        let files = memory(BLUEPRINT);
        bencher.bench_local(|| compile_in(&files).template.map(|template| template.text(Format::Yaml)));
    }

    #[divan::bench]
    fn check_500_resources(bencher: Bencher) {
        let files = memory(&large());
        bencher.bench_local(|| compile_in(&files));
    }
}
