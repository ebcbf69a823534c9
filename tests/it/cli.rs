//! The command line, in this process and as a process of its own.

use std::fs;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use formwork::cli::{self, Streams};
use formwork::diagnostics::Style;
use serde_json::{Value as Json, json};
use tempfile::TempDir;

use crate::snapshots::files_below;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_formwork");

pub const GOOD: &str = "blueprint: good\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bucket\n";

pub const BAD: &str = "blueprint: bad\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bukket\n";

const WARNED: &str = "blueprint: warned\nversion: 1.0.0\nparameters:\n  Days: { type: number, description: Days. }\n\
                      components:\n  archive:\n    kind: s3-bucket\n";

/// What a run printed, and how it ended.
#[derive(Debug)]
pub struct Ran {
    pub status: u8,
    pub out: String,
    pub err: String,
}

/// Runs the program in this process.
pub fn formwork(arguments: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let style = Style { color: false, width: 120 };
    let arguments: Vec<&str> = std::iter::once("formwork").chain(arguments.iter().copied()).collect();
    let exit = cli::run(&arguments, &mut Streams { out: &mut out, err: &mut err, style }).unwrap();
    Ran { status: exit.status(), out: String::from_utf8(out).unwrap(), err: String::from_utf8(err).unwrap() }
}

/// A folder that is gone after the test.
pub struct Folder(TempDir);

impl Folder {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    pub fn path(&self, path: &str) -> String {
        self.0.path().join(path).to_str().unwrap().to_owned()
    }

    /// Everything below a folder of it, also what begins with a dot.
    pub fn files(&self, path: &str) -> Vec<String> {
        files_below(&self.0.path().join(path)).into_iter().collect()
    }

    /// Runs the program as a process in this folder.
    pub fn process(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(PROGRAM);
        command.args(arguments).current_dir(self.0.path()).stdin(Stdio::null());
        for variable in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE"] {
            command.env_remove(variable);
        }
        command
    }

    pub fn output(&self, arguments: &[&str]) -> Output {
        self.process(arguments).output().unwrap()
    }
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn the_status_says_how_it_ended() {
    let folder = Folder::new(&[
        ("blueprints/good/blueprint.yaml", GOOD),
        ("bad.blueprint.yaml", BAD),
        ("warned.blueprint.yaml", WARNED),
    ]);
    for (arguments, status) in [
        (&["check"][..], 0),
        (&["check", "warned.blueprint.yaml"], 0),
        (&["check", "bad.blueprint.yaml"], 1),
        (&["check", "bad.blueprint.yaml", "--format", "json"], 1),
        (&["check", "nowhere"], 2),
        (&["check", "--format", "xml"], 2),
        (&["render"], 0),
        (&["render", "bad.blueprint.yaml"], 1),
        (&["render", "nowhere"], 2),
        (&["list"], 0),
        (&["schema"], 0),
        (&["explain"], 0),
        (&["explain", "no-such-thing"], 2),
        (&["completions", "tcsh"], 2),
        (&["--help"], 0),
        (&["--version"], 0),
        (&[], 2),
        (&["frobnicate"], 2),
    ] {
        let output = folder.output(arguments);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}\n{}", text(&output.stderr));
    }
}

#[test]
fn data_goes_to_stdout_and_everything_for_people_to_stderr() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD), ("bad.blueprint.yaml", BAD)]);
    for arguments in [&["check", "good.blueprint.yaml"][..], &["check", "bad.blueprint.yaml"], &["render", "."]] {
        let output = folder.output(arguments);
        assert_eq!(text(&output.stdout), "", "{arguments:?}");
        assert_ne!(text(&output.stderr), "", "{arguments:?}");
    }
    for arguments in
        [&["list"][..], &["schema"], &["explain"], &["--version"], &["render", "good.blueprint.yaml", "-o-"]]
    {
        let output = folder.output(arguments);
        assert_ne!(text(&output.stdout), "", "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn findings_are_shown_with_their_line() {
    let folder = Folder::new(&[("bad.blueprint.yaml", BAD)]);
    let output = folder.output(&["check", "bad.blueprint.yaml"]);
    insta::assert_snapshot!(text(&output.stderr), @r"
    error[unknown-kind]: no kind `s3-bukket`
     --> bad.blueprint.yaml:5:11
      |
    5 |     kind: s3-bukket
      |           ^^^^^^^^^
      |
      = help: did you mean `s3-bucket`? [fixable]

    1 error in 1 blueprint, 1 fixable with `formwork check --fix`
    ");
}

/// What `check --format json` prints, as the design says.
fn report_schema() -> Json {
    let point = json!({
        "type": "object",
        "required": ["line", "column"],
        "additionalProperties": false,
        "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
    });
    let place = json!({"file": {"type": "string"}, "start": point, "end": point, "message": {"type": "string"}});
    let mut diagnostic = place.clone();
    diagnostic["code"] = json!({"type": "string", "pattern": "^[a-z0-9-]+$"});
    diagnostic["severity"] = json!({"enum": ["error", "warning", "info"]});
    diagnostic["help"] = json!({"type": ["string", "null"]});
    diagnostic["path"] = json!({"type": ["string", "null"]});
    diagnostic["related"] = json!({"type": "array", "items": {
        "type": "object",
        "required": ["message", "file", "start", "end"],
        "additionalProperties": false,
        "properties": place,
    }});
    let mut edit = place.clone();
    edit["text"] = json!({"type": "string"});
    edit.as_object_mut().unwrap().remove("message");
    diagnostic["fix"] = json!({
        "type": ["object", "null"],
        "required": ["title", "edits"],
        "additionalProperties": false,
        "properties": {"title": {"type": "string"}, "edits": {"type": "array", "minItems": 1, "items": {
            "type": "object",
            "required": ["file", "start", "end", "text"],
            "additionalProperties": false,
            "properties": edit,
        }}},
    });
    json!({
        "type": "object",
        "required": ["diagnostics", "files", "errors", "warnings"],
        "additionalProperties": false,
        "properties": {
            "diagnostics": {"type": "array", "items": {
                "type": "object",
                "required": ["code", "severity", "message", "help", "file", "start", "end", "path", "related", "fix"],
                "additionalProperties": false,
                "properties": diagnostic,
            }},
            "files": {"type": "integer", "minimum": 0},
            "errors": {"type": "integer", "minimum": 0},
            "warnings": {"type": "integer", "minimum": 0},
        },
    })
}

fn report(arguments: &[&str]) -> Json {
    let ran = formwork(&[&["check", "--format", "json"], arguments].concat());
    assert_eq!(ran.err, "");
    let report: Json = serde_json::from_str(&ran.out).unwrap();
    let schema = jsonschema::validator_for(&report_schema()).unwrap();
    let wrong: Vec<String> = schema.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}\n{report:#}");
    assert_eq!(ran.status == 1, report["errors"] != 0);
    report
}

#[test]
fn findings_for_programs_are_one_object() {
    let nothing = report(&["blueprints"]);
    assert_eq!(nothing["diagnostics"], json!([]));
    let fixtures = report(&["tests/fixtures"]);
    let found = fixtures["diagnostics"].as_array().unwrap();
    let count = |severity: &str| found.iter().filter(|finding| finding["severity"] == severity).count();
    assert_eq!(fixtures["errors"], count("error"));
    assert_eq!(fixtures["warnings"], count("warning"));
    assert!(found.iter().any(|finding| finding["path"].is_string()));
    assert!(found.iter().any(|finding| !finding["related"].as_array().unwrap().is_empty()));
}

#[test]
fn lines_and_columns_count_characters_from_one() {
    let text = "blueprint: example\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bucket\n\
                outputs:\n  Größe: { value: x }\n  A: { description: Größe €𝄞, value: \"ä${archive.nam}\" }\n";
    let folder = Folder::new(&[("a.blueprint.yaml", text)]);
    let report = report(&[&folder.path("a.blueprint.yaml")]);
    let places: Vec<[u64; 4]> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| [&found["start"], &found["end"]].map(|point| [&point["line"], &point["column"]]))
        .map(|places| {
            let numbers: Vec<u64> = places.iter().flatten().map(|number| number.as_u64().unwrap()).collect();
            numbers.try_into().unwrap()
        })
        .collect();
    assert_eq!(places, [[7, 3, 7, 8], [8, 42, 8, 53]], "{report:#}");
}

#[test]
fn findings_are_sorted_by_file_and_place() {
    let report = report(&["tests/fixtures"]);
    let keys: Vec<(String, u64, u64)> = report["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            let number = |name: &str| found["start"][name].as_u64().unwrap();
            (found["file"].as_str().unwrap().to_owned(), number("line"), number("column"))
        })
        .collect();
    for pair in keys.windows(2) {
        assert!(pair[0].0 != pair[1].0 || pair[0] <= pair[1], "{pair:?}");
    }
}

#[test]
fn templates_are_written_beside_each_other_and_checked() {
    let folder = Folder::new(&[("in/good/blueprint.yaml", GOOD), ("in/warned.blueprint.yaml", WARNED)]);
    let (from, to) = (folder.path("in"), folder.path("new/out"));
    let check = ["render", &from, "-o", &to, "--check"];

    let ran = formwork(&check);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.err.matches("would be new").count(), 2, "{}", ran.err);
    assert!(!Path::new(&to).exists(), "`--check` writes nothing");

    let ran = formwork(&["render", &from, "-o", &to]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(folder.files("new/out"), ["good.template.yaml", "warned.template.yaml"]);
    assert!(ran.err.contains("good.template.yaml  (2 of 500 resources, "), "{}", ran.err);
    assert_eq!(formwork(&check).status, 0);

    folder.write("new/out/good.template.yaml", "old");
    let ran = formwork(&check);
    assert_eq!(ran.status, 1);
    assert_eq!(ran.err.matches("would change").count(), 1, "{}", ran.err);
    assert_eq!(folder.read("new/out/good.template.yaml"), "old");
}

const PACKED: &str = "blueprint: packed
version: 1.0.0
parameters:
  CodeBucket: { type: string, description: Bucket of the archives. }
components:
  totals:
    kind: lambda-function
    runtime: python3.14
    handler: app.handler
    source: { folder: functions/totals }
    source_bucket: ${CodeBucket}
  clean:
    kind: lambda-function
    runtime: ruby4.0
    source: { file: functions/clean.rb }
    source_bucket: code-of-the-shop
";

/// A folder with two functions that are packed.
fn packed() -> Folder {
    Folder::new(&[
        ("in/blueprint.yaml", PACKED),
        ("in/functions/clean.rb", "def handler(event:, context:) = event\n"),
        ("in/functions/totals/app.py", "import shop.sums\n"),
        ("in/functions/totals/shop/sums.py", "def total(event): return 0\n"),
        ("in/functions/totals/.idea/workspace.xml", "<a/>"),
        ("in/functions/totals/__pycache__/app.pyc", "a"),
    ])
}

#[test]
fn functions_are_packed_beside_their_template() {
    let folder = packed();
    let (from, to) = (folder.path("in"), folder.path("out"));
    let ran = formwork(&["render", &from, "-o", &to, "--check"]);
    assert_eq!((ran.status, ran.err.matches("would be new").count()), (1, 3), "{}", ran.err);
    assert!(!Path::new(&to).exists(), "`--check` writes nothing");

    let ran = formwork(&["render", &from, "-o", &to]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let files = folder.files("out");
    let [clean, totals, template] = files.as_slice() else { panic!("{files:?}") };
    assert_eq!(template, "packed.template.yaml");
    let text = folder.read("out/packed.template.yaml");
    for (key, name, bucket) in [(clean, "clean", "code-of-the-shop"), (totals, "totals", "$CodeBucket")] {
        let digest = key.strip_prefix(&format!("packed.functions/{name}-")).unwrap().strip_suffix(".zip").unwrap();
        assert!(digest.len() == 16 && digest.bytes().all(|b| b.is_ascii_hexdigit()), "{key}");
        assert!(text.contains(&format!("S3Key: {key}\n")), "{text}");
        assert!(ran.err.contains(&format!("{key} \"s3://{bucket}/{key}\"\n")), "{}", ran.err);
    }
    assert!(text.contains("S3Bucket: !Ref CodeBucket\n") && !text.contains("ZipFile"), "{text}");
    assert_eq!(formwork(&["render", &from, "-o", &to, "--check"]).status, 0);

    // A change of the code changes the key, and so the template; the other function stays as it is.
    folder.write("in/functions/totals/shop/sums.py", "def total(event): return 1\n");
    let ran = formwork(&["render", &from, "-o", &to, "--check"]);
    assert_eq!(ran.err.matches("would").count(), 2, "{}", ran.err);
    fs::write(Path::new(&to).join(clean), "broken").unwrap();
    let ran = formwork(&["render", &from, "-o", &to, "--check"]);
    assert!(ran.err.contains(&format!("{clean} would change")), "{}", ran.err);

    let printed = formwork(&["render", &from, "-o", "-"]);
    assert_eq!(printed.status, 0);
    assert!(printed.out.contains("S3Key: ") && printed.err.contains("archives"), "{}", printed.err);
}

#[test]
fn archives_are_what_others_read() {
    let folder = packed();
    assert_eq!(formwork(&["render", &folder.path("in"), "-o", &folder.path("out")]).status, 0);
    let keys: Vec<String> = folder.files("out/packed.functions");
    let listed = "import json, sys, zipfile
found = {}
for path in sys.argv[1:]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        for info in archive.infolist():
            about = [archive.read(info).decode(), oct(info.external_attr >> 16), list(info.date_time), info.create_system]
            found[info.filename] = about
json.dump(found, sys.stdout)
";
    let paths = keys.iter().map(|key| folder.path(&format!("out/packed.functions/{key}")));
    let Ok(output) = Command::new("python3").args(["-I", "-c", listed]).args(paths).output() else {
        // Not with `println!`: what a test that passes prints is hidden.
        let note = b"note: python3 is missing, so that archives are not read by another program\n";
        std::io::Write::write_all(&mut std::io::stderr(), note).unwrap();
        return;
    };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let found: Json = serde_json::from_slice(&output.stdout).unwrap();
    let about = |content: &str| json!([content, "0o100755", [1980, 1, 1, 0, 0, 0], 3]);
    let expected = json!({
        "index.rb": about("def handler(event:, context:) = event\n"),
        "app.py": about("import shop.sums\n"),
        "shop/sums.py": about("def total(event): return 0\n"),
    });
    assert_eq!(found, expected);
}

#[test]
fn a_template_can_be_json() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD)]);
    let (from, to) = (folder.path("good.blueprint.yaml"), folder.path("out"));
    assert_eq!(formwork(&["render", &from, "-o", &to, "--format", "json"]).status, 0);
    assert_eq!(folder.files("out"), ["good.template.json"]);
    let template: Json = serde_json::from_str(&folder.read("out/good.template.json")).unwrap();
    assert_eq!(template["Resources"]["ArchiveBucket"]["Type"], "AWS::S3::Bucket");
    let printed = formwork(&["render", &from, "-o", "-", "--format", "json"]);
    assert_eq!(printed.out, folder.read("out/good.template.json"));
}

#[test]
fn one_template_can_be_printed() {
    let folder = Folder::new(&[("a/good.blueprint.yaml", GOOD), ("b/bad.blueprint.yaml", BAD)]);
    let ran = formwork(&["render", &folder.path("a"), "-o", "-"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert!(ran.out.starts_with("AWSTemplateFormatVersion: "), "{}", ran.out);

    let ran = formwork(&["render", &folder.path("b"), "-o", "-"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));

    let ran = formwork(&["render", &folder.path("a"), &folder.path("b"), "-o", "-"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("help: name one of them"), "{}", ran.err);
}

#[test]
fn a_blueprint_with_errors_keeps_its_old_template_and_does_not_hold_up_others() {
    let folder = Folder::new(&[
        ("in/bad.blueprint.yaml", BAD),
        ("in/good.blueprint.yaml", GOOD),
        ("out/bad.template.yaml", "old"),
    ]);
    let ran = formwork(&["render", &folder.path("in"), "-o", &folder.path("out")]);
    assert_eq!(ran.status, 1);
    assert_eq!(folder.files("out"), ["bad.template.yaml", "good.template.yaml"]);
    assert_eq!(folder.read("out/bad.template.yaml"), "old");
}

#[test]
fn two_blueprints_of_one_name_are_refused_before_anything_is_written() {
    let folder = Folder::new(&[("in/one.blueprint.yaml", GOOD), ("in/two/blueprint.yaml", GOOD)]);
    let ran = formwork(&["render", &folder.path("in"), "-o", &folder.path("out")]);
    assert_eq!(ran.status, 1);
    for part in ["`good`", "one.blueprint.yaml", "two/blueprint.yaml", "help: change `blueprint:`"] {
        assert!(ran.err.contains(part), "{}", ran.err);
    }
    assert_eq!(folder.files("out"), [""; 0]);
}

#[test]
fn a_blueprint_that_is_named_twice_is_rendered_once() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD)]);
    let path = folder.path("good.blueprint.yaml");
    let ran = formwork(&["render", &path, &path, "-o", "-"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
}

#[test]
fn a_path_that_cannot_be_used_is_named_with_the_reason() {
    let folder = Folder::new(&[("empty/notes.txt", ""), ("deep/.hidden/good.blueprint.yaml", GOOD)]);
    for (path, reason) in [
        ("nowhere", "there is no such file or folder"),
        ("empty", "there is no blueprint "),
        ("deep", "there is no blueprint "),
    ] {
        for command in ["check", "render"] {
            let ran = formwork(&[command, &folder.path(path)]);
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{path}");
            assert!(ran.err.contains(reason) && ran.err.contains(path), "{}", ran.err);
        }
    }
}

#[test]
fn a_file_that_is_no_text_is_a_finding() {
    let folder = Folder::new(&[]);
    let path = folder.path("a.blueprint.yaml");
    fs::write(&path, b"blueprint: caf\xe9\n").unwrap();
    let ran = formwork(&["check", &path]);
    assert_eq!(ran.status, 1);
    assert!(ran.err.contains("error[not-utf8]"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn pipes_links_and_folders_with_the_name_of_a_blueprint_do_no_harm() {
    use std::os::unix::fs::symlink;
    let folder =
        Folder::new(&[("pipe/a.txt", ""), ("folder/x.blueprint.yaml/good.blueprint.yaml", GOOD), ("loop/a.txt", "")]);
    let pipe = folder.path("pipe/x.blueprint.yaml");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let ran = formwork(&["check", &folder.path("pipe")]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("it is not a regular file"), "{}", ran.err);

    assert_eq!(formwork(&["check", &folder.path("folder")]).status, 0, "a folder is looked into");
    assert_eq!(formwork(&["check", "/dev/null"]).status, 2);

    symlink(folder.path("loop"), folder.path("loop/again")).unwrap();
    folder.write("loop/good.blueprint.yaml", GOOD);
    assert_eq!(formwork(&["check", &folder.path("loop")]).status, 0, "a loop of folders ends");

    for (target, name) in [("itself", "itself"), ("nowhere", "dangling")] {
        let link = format!("{name}/x.blueprint.yaml");
        fs::create_dir(folder.path(name)).unwrap();
        let target = if target == "itself" { folder.path(&link) } else { folder.path(target) };
        symlink(target, folder.path(&link)).unwrap();
        let ran = formwork(&["check", &folder.path(name)]);
        assert_eq!(ran.status, 2, "{}", ran.err);
        assert!(ran.err.starts_with("error: cannot use "), "{}", ran.err);
    }
}

#[test]
fn an_output_folder_that_cannot_be_is_named() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD), ("file", "kept")]);
    for output in ["file", "file/below"] {
        let ran = formwork(&["render", &folder.path("good.blueprint.yaml"), "-o", &folder.path(output)]);
        assert_eq!(ran.status, 2, "{}", ran.err);
        assert!(ran.err.starts_with("error: cannot write ") && ran.err.contains(output), "{}", ran.err);
        assert_eq!(folder.read("file"), "kept");
    }
    fs::create_dir_all(folder.path("out/good.template.yaml")).unwrap();
    let ran = formwork(&["render", &folder.path("good.blueprint.yaml"), "-o", &folder.path("out")]);
    assert_eq!(ran.status, 2, "a folder in the place of the file");
    assert_eq!(folder.files("out"), [""; 0], "nothing is left behind");
}

#[cfg(unix)]
#[test]
fn a_template_that_is_the_same_is_left_alone_and_a_changed_one_replaced_as_a_whole() {
    use std::os::unix::fs::MetadataExt as _;
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD)]);
    let (from, to) = (folder.path("good.blueprint.yaml"), folder.path("out"));
    let render = || assert_eq!(formwork(&["render", &from, "-o", &to]).status, 0);
    let file = || fs::metadata(folder.path("out/good.template.yaml")).unwrap().ino();
    render();
    let first = file();
    render();
    assert_eq!(file(), first);
    // Whoever has the old file open goes on reading the old text.
    let mut open = fs::File::open(folder.path("out/good.template.yaml")).unwrap();
    let before = folder.read("out/good.template.yaml");
    folder.write("good.blueprint.yaml", &GOOD.replace("1.0.0", "1.0.1"));
    render();
    let mut old = String::new();
    open.read_to_string(&mut old).unwrap();
    assert_eq!(old, before);
    assert_ne!(folder.read("out/good.template.yaml"), before);
}

/// A process whose files may not grow fails to write as one does whose disk is full.
#[cfg(unix)]
#[test]
fn a_write_that_fails_leaves_the_old_template_and_nothing_else() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD), ("out/good.template.yaml", "old")]);
    let script = format!("trap '' XFSZ; ulimit -f 1; exec '{PROGRAM}' render good.blueprint.yaml -o out");
    let output = Command::new("sh").args(["-c", &script]).current_dir(folder.0.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("error: cannot write out/good.template.yaml: "), "{}", text(&output.stderr));
    assert_eq!(folder.files("out"), ["good.template.yaml"]);
    assert_eq!(folder.read("out/good.template.yaml"), "old");
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_nobody_can_store_is_an_error() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD)]);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let output = folder.process(&["render", "good.blueprint.yaml", "-o", "-"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).starts_with("error: "), "{}", text(&output.stderr));
}

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD)]);
    for arguments in [
        &["schema"][..],
        &["explain"],
        &["explain", "AWS::EC2::Instance"],
        &["completions", "zsh"],
        &["render", "good.blueprint.yaml", "-o", "-"],
        &["check", "good.blueprint.yaml", "--format", "json"],
        &["--help"],
    ] {
        let mut child = folder.process(arguments).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = [0; 10];
        let mut out = child.stdout.take().unwrap();
        out.read_exact(&mut first).unwrap();
        drop(out);
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        assert_eq!(text(&output.stderr), "", "{arguments:?}");
    }
}

#[test]
fn colours_follow_the_option_and_the_environment() {
    let folder = Folder::new(&[("bad.blueprint.yaml", BAD)]);
    for (option, variables, coloured) in [
        ("auto", &[][..], false),
        ("auto", &[("CLICOLOR_FORCE", "1")], true),
        ("auto", &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false),
        ("always", &[], true),
        ("always", &[("NO_COLOR", "1")], true),
        ("never", &[("CLICOLOR_FORCE", "1")], false),
    ] {
        let mut command = folder.process(&["check", "bad.blueprint.yaml", "--color", option]);
        command.envs(variables.iter().copied());
        let output = command.output().unwrap();
        assert_eq!(text(&output.stderr).contains('\u{1b}'), coloured, "{option} {variables:?}");
    }
}

#[test]
fn new_makes_a_blueprint_that_compiles_under_its_own_name() {
    let folder = Folder::new(&[]);
    let (into, made) = (folder.path("mine"), folder.path("mine/order-audit"));
    let ran = formwork(&["new", "order-audit", "--from", "service-event-audit", "--into", &into]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    assert!(ran.err.contains(&format!("next: formwork render {made}")), "{}", ran.err);
    let copied: Vec<String> = files_below(Path::new("blueprints/service-event-audit")).into_iter().collect();
    assert_eq!(folder.files("mine/order-audit"), copied);
    assert_eq!(folder.files("mine").len(), copied.len(), "nothing is left behind");
    let ran = formwork(&["render", &made, "-o", &folder.path("out")]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    assert_eq!(folder.files("out"), ["order-audit.template.yaml"]);
    assert!(formwork(&["check", &made]).err.ends_with("1 blueprint checked, no errors\n"));

    let ran = formwork(&["new", "order-audit", "--from", "service-event-audit", "--into", &into]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("exists already"), "{}", ran.err);
}

#[test]
fn what_new_makes_passes_its_own_tests() {
    let folder = Folder::new(&[]);
    let list = formwork(&["list"]).out;
    for name in list.lines().filter_map(|line| line.split("  ").next()) {
        assert_eq!(folder.output(&["new", &format!("my-{name}"), "--from", name]).status.code(), Some(0));
    }
    let output = folder.output(&["test"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
}

#[test]
fn new_refuses_what_it_cannot_make() {
    let folder = Folder::new(&[("file", "kept")]);
    for (name, from, into, said) in [
        ("OrderAudit", "service-event-audit", "mine", "is not a name in kebab case"),
        ("../escape", "service-event-audit", "mine", "is not a name in kebab case"),
        ("", "service-event-audit", "mine", "is not a name in kebab case"),
        ("order-audit", "service-event-audits", "mine", "did you mean `service-event-audit`?"),
        ("order-audit", "something-else-entirely", "mine", "`formwork list` shows all of them"),
        ("order-audit", "service-event-audit", "file", "cannot write"),
    ] {
        let ran = formwork(&["new", name, "--from", from, "--into", &folder.path(into)]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}");
        assert!(ran.err.starts_with("error: ") && ran.err.contains(said), "{}", ran.err);
        assert_eq!(folder.files("."), ["file"]);
        assert_eq!(folder.read("file"), "kept");
    }
}

#[test]
fn list_shows_every_blueprint_of_the_library_with_its_title() {
    let ran = formwork(&["list"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let mut seen = 0;
    for path in cli::input::find(&["blueprints".into()], cli::input::Search::Blueprints).unwrap() {
        let name = path.parent().unwrap().file_name().unwrap().to_str().unwrap();
        let line = ran.out.lines().find(|line| line.split("  ").next() == Some(name));
        assert!(line.is_some_and(|line| line.trim_end().len() > name.len() + 3), "{name}\n{}", ran.out);
        seen += 1;
    }
    assert_eq!(ran.out.lines().count(), seen);
}

#[test]
fn explain_knows_findings_kinds_and_types() {
    for (word, said) in [
        ("buffer-too-small", "# buffer-too-small\n\nerror: "),
        ("unused-parameter", "# unused-parameter\n\nwarning: "),
        ("s3-bucket", "## Fields"),
        ("s3-bucket", "## Attributes"),
        ("AWS::S3::Bucket", "## Properties"),
    ] {
        let ran = formwork(&["explain", word]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{word}");
        assert!(ran.out.contains(said), "{}", ran.out);
    }
    let index = formwork(&["explain"]).out;
    for code in cli::codes() {
        assert!(index.contains(&format!("  {} ", code.name)), "{}", code.name);
    }
}

#[test]
fn explain_suggests_what_was_meant() {
    for (word, help) in [
        ("bufer-too-small", "did you mean `buffer-too-small`?"),
        ("s3-buckets", "did you mean `s3-bucket`?"),
        ("AWS::S3::Buckets", "did you mean `AWS::S3::Bucket`?"),
        ("zzzzzzzzzzzz", "`formwork explain` lists all that it can explain"),
    ] {
        let ran = formwork(&["explain", word]);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{word}");
        assert_eq!(ran.err, format!("error: nothing is known as `{word}`\nhelp: {help}\n"));
    }
}

#[test]
fn schema_prints_what_blueprints_are_checked_with() {
    let ran = formwork(&["schema"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    let schema: Json = serde_json::from_str(&ran.out).unwrap();
    assert!(jsonschema::meta::is_valid(&schema));
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut seen = 0;
    for path in cli::input::find(&["blueprints".into()], cli::input::Search::Blueprints).unwrap() {
        let blueprint: Json = serde_yaml::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&blueprint).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{}: {wrong:?}", path.display());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn completions_know_the_commands_in_every_shell() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = formwork(&["completions", shell]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{shell}");
        for command in cli::command().get_subcommands() {
            assert!(ran.out.contains(command.get_name()), "{shell} lacks {}", command.get_name());
        }
    }
}

/// Cannot be a fixture: what is found would be written into the text, and close the quote.
#[test]
fn a_quote_that_is_not_closed_is_shown_where_it_opens() {
    let text = GOOD.replace("version: 1.0.0", "version: 1.0.0\ntitle: \"Good");
    let folder = Folder::new(&[("a.blueprint.yaml", &text)]);
    let report = report(&[&folder.path("a.blueprint.yaml")]);
    let [found] = report["diagnostics"].as_array().unwrap().as_slice() else { panic!("{report:#}") };
    assert_eq!((&found["code"], &found["help"]), (&json!("unclosed-quote"), &json!("close the text with `\"`")));
    assert_eq!(found["start"], json!({"line": 3, "column": 8}));
}
