//! What a hostile folder, a full disk and an end in the middle do to the program: never half a file, never a hang.

#![cfg(unix)]
#![expect(clippy::print_stderr, reason = "a test that cannot be done here says so")]

use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::Instant;

use crate::cli::{BAD, Folder, GOOD, PROGRAM};

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The text of a blueprint with this name and so many buckets.
fn blueprint(name: &str, buckets: usize) -> String {
    let head = format!("blueprint: {name}\nversion: 1.0.0\ncomponents:\n");
    (0..buckets).fold(head, |text, number| text + "  bucket-" + &number.to_string() + ":\n    kind: s3-bucket\n")
}

/// A run that is killed leaves each file old or new, and nothing else that anyone would take for a template.
#[test]
fn a_render_that_is_killed_leaves_whole_files() {
    let folder = Folder::new(&[]);
    let names: Vec<String> = (0..40).map(|number| format!("one-{number}")).collect();
    let write = |buckets| {
        for name in &names {
            folder.write(&format!("blueprints/{name}/blueprint.yaml"), &blueprint(name, buckets));
        }
    };
    let all = || -> Vec<String> {
        names.iter().map(|name| folder.read(&format!("templates/{name}.template.yaml"))).collect()
    };
    write(3);
    let whole = Instant::now();
    assert_eq!(folder.output(&["render"]).status.code(), Some(0));
    let whole = whole.elapsed();
    let old = all();
    write(5);
    let mut killed = 0;
    // The last runs have the time to replace some files, or all.
    for part in 1..=12 {
        let mut child = folder.process(&["render"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        thread::sleep(whole * part / 12);
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().code().is_none());
        for (name, old) in names.iter().zip(&old) {
            let text = folder.read(&format!("templates/{name}.template.yaml"));
            let is_new = text.matches("AWS::S3::Bucket\n").count() == 5 && text.ends_with('\n');
            assert!(text == *old || is_new, "{name} is neither old nor new:\n{text}");
        }
        let strange: Vec<String> = folder
            .files("templates")
            .into_iter()
            .filter(|file| file.ends_with(".template.yaml") && !names.iter().any(|name| file.starts_with(name)))
            .collect();
        assert_eq!(strange, [""; 0]);
    }
    assert!(killed > 0, "every run ended before it was killed");
    assert_eq!(folder.output(&["render"]).status.code(), Some(0));
    assert!(all().iter().all(|text| text.matches("AWS::S3::Bucket\n").count() == 5));
}

/// Of a user who may write everywhere nothing is read-only.
fn is_root() -> bool {
    let answer = Command::new("id").arg("-u").output().unwrap();
    answer.stdout.trim_ascii() == b"0"
}

#[test]
fn a_folder_that_may_not_be_written_is_named() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD), ("out/good.template.yaml", "old")]);
    let out = folder.path("out");
    let mut command = folder.process(&["render", "good.blueprint.yaml", "-o", "out"]);
    if is_root() {
        // Another user, as far as this machine lets one be.
        fs::set_permissions(folder.path(""), fs::Permissions::from_mode(0o755)).unwrap();
        let program = folder.path("program");
        fs::copy(PROGRAM, &program).unwrap();
        command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", &program]);
        command.args(["render", "good.blueprint.yaml", "-o", "out"]).current_dir(folder.path(""));
    }
    fs::set_permissions(&out, fs::Permissions::from_mode(0o555)).unwrap();
    let Ok(output) = command.stdin(Stdio::null()).output() else {
        eprintln!("skipped: there is no setpriv to be another user with");
        return;
    };
    fs::set_permissions(&out, fs::Permissions::from_mode(0o755)).unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("error: cannot write out/good.template.yaml: "), "{}", said(&output));
    assert_eq!((folder.files("out").len(), folder.read("out/good.template.yaml").as_str()), (1, "old"));
}

/// A disk that is full, where one may be mounted; a limit of the process elsewhere is in `cli`.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_old_template() {
    let folder = Folder::new(&[("blueprints/large/blueprint.yaml", &blueprint("large", 60)), ("disk/none", "")]);
    let disk = folder.path("disk");
    let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=16k", "none", &disk]).output();
    if !mounted.is_ok_and(|output| output.status.success()) {
        eprintln!("skipped: no disk may be mounted here");
        return;
    }
    fs::write(folder.path("disk/large.template.yaml"), "old").unwrap();
    let output = folder.output(&["render", "-o", "disk"]);
    let left = (folder.files("disk"), folder.read("disk/large.template.yaml"));
    assert!(Command::new("umount").arg(&disk).status().unwrap().success());
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(said(&output).contains("cannot write disk/large.template.yaml: "), "{}", said(&output));
    assert_eq!(left, (vec!["large.template.yaml".to_owned()], "old".to_owned()));
}

#[test]
fn a_file_that_is_far_too_large_is_refused() {
    let folder = Folder::new(&[("good.blueprint.yaml", GOOD), ("huge.blueprint.yaml", "")]);
    let file = fs::File::options().write(true).open(folder.path("huge.blueprint.yaml")).unwrap();
    // 200 MB that no disk has to hold.
    file.set_len(200_000_000).unwrap();
    for command in [&["check", "huge.blueprint.yaml"][..], &["render", "."]] {
        let output = folder.output(command);
        assert!(matches!(output.status.code(), Some(1 | 2)), "{command:?}: {}", said(&output));
        assert!(said(&output).contains("huge.blueprint.yaml"), "{}", said(&output));
        assert!(said(&output).len() < 4_000, "{} bytes are said", said(&output).len());
    }
}

#[test]
fn a_folder_of_fifty_thousand_files_is_looked_through() {
    let folder = Folder::new(&[("blueprints/good/blueprint.yaml", GOOD), ("last.blueprint.yaml", BAD)]);
    for group in 0..50 {
        let path = folder.path(&format!("blueprints/{group}"));
        fs::create_dir_all(&path).unwrap();
        for number in 0..1_000 {
            fs::File::create(format!("{path}/{number}.txt")).unwrap();
        }
    }
    let output = folder.output(&["check", "."]);
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    assert!(said(&output).contains("1 error in 2 blueprints"), "{}", said(&output));
}

#[test]
fn names_that_are_no_text_do_no_harm() {
    let folder = Folder::new(&[("blueprints/good/blueprint.yaml", GOOD)]);
    let strange = Path::new(&folder.path("blueprints")).join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
    fs::create_dir(&strange).unwrap();
    fs::write(strange.join("blueprint.yaml"), GOOD.replace("good", "strange")).unwrap();
    fs::write(strange.join(std::ffi::OsStr::from_bytes(b"\xff.sql")), "SELECT 1").unwrap();
    let output = folder.output(&["check"]);
    assert!(output.status.code().is_some(), "it ended by a signal");
    assert!(!said(&output).contains("panicked"), "{}", said(&output));
    let output = folder.output(&["render"]);
    assert!(output.status.code().is_some() && !said(&output).contains("panicked"), "{}", said(&output));
    let mut command = folder.process(&["check"]);
    command.arg(std::ffi::OsStr::from_bytes(b"\xff\xfe.blueprint.yaml"));
    assert_eq!(command.output().unwrap().status.code(), Some(2));
}

#[test]
fn text_of_another_encoding_is_named_as_such() {
    let folder = Folder::new(&[]);
    let words: Vec<u16> = GOOD.encode_utf16().collect();
    let little: Vec<u8> = [0xfeff].iter().chain(&words).flat_map(|word| word.to_le_bytes()).collect();
    let big: Vec<u8> = [0xfeff].iter().chain(&words).flat_map(|word| word.to_be_bytes()).collect();
    for bytes in [little, big] {
        fs::write(folder.path("a.blueprint.yaml"), bytes).unwrap();
        let output = folder.output(&["check", "a.blueprint.yaml"]);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        assert!(said(&output).contains("UTF-16") || said(&output).contains("not-utf8"), "{}", said(&output));
    }
}
