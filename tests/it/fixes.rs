//! `check --fix`: files of `tests/fixes/` before, and beside them, in `.fixed` files, after.
//!
//! `UPDATE_SNAPSHOTS=1 cargo test` writes what comes after anew.

use std::fs;
use std::path::Path;

use formwork::diagnostics::Sink;
use formwork::source::Sources;
use formwork::syntax::{self, Dialect};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::cli::{Folder, formwork};
use crate::snapshots::files_below;

const SAMPLE: &str = include_str!("../../blueprints/service-event-audit/blueprint.yaml");

/// The text of a blueprint after `--fix`, and what that said.
fn fixed(name: &str, text: &str) -> (String, String) {
    let folder = Folder::new(&[(name, text)]);
    let ran = formwork(&["check", &folder.path(name), "--fix"]);
    assert_ne!(ran.status, 2, "{}", ran.err);
    (folder.read(name), ran.err)
}

#[test]
fn files_are_fixed_as_is_written_beside_them() {
    let update = std::env::var_os("UPDATE_SNAPSHOTS").is_some();
    let mut seen = 0;
    for name in files_below(Path::new("tests/fixes")).iter().filter(|name| !name.contains(".fixed.")) {
        let path = format!("tests/fixes/{name}");
        let before = fs::read_to_string(&path).unwrap();
        let (after, said) = fixed(name, &before);
        let expected = path.replace(".blueprint.", ".fixed.").replace(".template.", ".fixed.");
        if update {
            fs::write(&expected, &after).unwrap();
        }
        assert_eq!(after, fs::read_to_string(&expected).unwrap(), "{name}\n{said}");
        assert_eq!(fixed(name, &after).0, after, "{name}: nothing is left to fix");
        // Other line ends and a mark at the start are no reason to change more.
        let dressed = |text: &str| format!("\u{feff}{}", text.replace('\n', "\r\n"));
        assert_eq!(fixed(name, &dressed(&before)).0, dressed(&after), "{name}");
        seen += 1;
    }
    assert!(seen >= 5);
}

const TWO: &str = "blueprint: two\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bukket # the archive\n";

#[test]
fn what_would_be_fixed_is_a_difference_and_nothing_is_written() {
    let folder = Folder::new(&[("a.blueprint.yaml", TWO)]);
    let output = folder.output(&["check", "a.blueprint.yaml", "--diff"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(folder.read("a.blueprint.yaml"), TWO);
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r"
    --- a.blueprint.yaml
    +++ a.blueprint.yaml
    @@ -2,4 +2,4 @@
     version: 1.0.0
     components:
       archive:
    -    kind: s3-bukket # the archive
    +    kind: s3-bucket # the archive
    ");
    let output = folder.output(&["check", "a.blueprint.yaml", "--fix"]);
    assert_eq!(output.status.code(), Some(0));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.ends_with("1 fixed\n"), "{said}");
    let output = folder.output(&["check", "a.blueprint.yaml", "--diff"]);
    assert_eq!((output.status.code(), output.stdout.as_slice()), (Some(0), &b""[..]));
    assert_eq!(folder.output(&["check", "--diff", "--format", "json"]).status.code(), Some(2));
}

#[test]
fn a_module_of_several_blueprints_is_fixed_once() {
    let module = "blueprint: part\nversion: 1.0.0\nparameters:\n  Name: { type: string, description: Name. }\n\
                  components:\n  archive:\n    kind: s3-bucket\n    name: ${Name}\n    expires_after_days: 3\n";
    let user = "blueprint: NAME\nversion: 1.0.0\ncomponents:\n  part:\n    use: part\n    with: { Name: orders }\n";
    let folder = Folder::new(&[
        ("part/blueprint.yaml", module),
        ("one/blueprint.yaml", &user.replace("NAME", "one")),
        ("two/blueprint.yaml", &user.replace("NAME", "two")),
    ]);
    let output = folder.output(&["check", ".", "--fix"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.ends_with("1 fixed\n"), "{said}");
    assert_eq!(folder.read("part/blueprint.yaml"), module.replace("expires_", "expire_"));
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay_and_a_file_that_is_read_only_is_named() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let folder = Folder::new(&[("real.yaml", TWO)]);
    let (real, link) = (folder.path("real.yaml"), folder.path("a.blueprint.yaml"));
    symlink(&real, &link).unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o440)).unwrap();
    let ran = formwork(&["check", &link, "--fix"]);
    assert_eq!(ran.status, 2, "{}", ran.err);
    assert!(ran.err.contains("error: cannot fix ") && ran.err.contains("it is read-only"), "{}", ran.err);
    assert_eq!(folder.read("real.yaml"), TWO);

    fs::set_permissions(&real, fs::Permissions::from_mode(0o750)).unwrap();
    assert_eq!(formwork(&["check", &link, "--fix"]).status, 0);
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o750);
    assert_eq!(folder.read("real.yaml"), TWO.replace("bukket", "bucket"));
    assert_eq!(folder.files(".").len(), 2, "nothing is left behind");
}

/// What a parser says of a text: whether it is a tree, and how many findings it has.
fn read(text: &str) -> (bool, usize) {
    let (mut sources, mut sink) = (Sources::default(), Sink::default());
    let file = sources.add("a.blueprint.yaml", text);
    let is_tree = syntax::parse(file, &sources, Dialect::Blueprint, &mut sink).is_some();
    (!is_tree, sink.diagnostics().len())
}

/// Lets a letter of a word be doubled, lost, another or in capitals.
fn slip(text: &mut String, at: Index, how: u8) {
    let letters: Vec<usize> =
        text.char_indices().filter(|(_, c)| c.is_ascii_lowercase() || *c == '_').map(|(at, _)| at).collect();
    if letters.is_empty() {
        return;
    }
    let at = letters[at.index(letters.len())];
    let letter = text[at..=at].to_owned();
    let other = match how {
        0 => letter.repeat(2),
        1 => String::new(),
        2 => "x".to_owned(),
        _ => letter.to_uppercase(),
    };
    text.replace_range(at..=at, &other);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn fixes_keep_a_text_readable_and_come_to_an_end(
        slips in proptest::collection::vec((any::<Index>(), 0_u8..4), 1..12),
        quote in select(&["", "'", "\""][..]),
    ) {
        let mut text = SAMPLE.replace("kind: s3-bucket", &format!("kind: {quote}s3-bucket{quote}"));
        for (at, how) in slips {
            slip(&mut text, at, how);
        }
        let (once, _) = fixed("a.blueprint.yaml", &text);
        prop_assert!(read(&once) <= read(&text), "{once}");
        prop_assert_eq!(once.lines().count(), text.lines().count());
        let (twice, _) = fixed("a.blueprint.yaml", &once);
        prop_assert_eq!(twice, once);
    }
}
