//! What holds for every input: no panic, the same answer each time, and expressions that are evaluated once.

use std::path::Path;

use formwork::compile::{Compiled, Format};
use formwork::source::Sources;
use formwork::template::emit;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use rayon::prelude::*;

use crate::memory::{Memory, PATH, compile, shown};

const SAMPLE: &str = include_str!("../../blueprints/service-event-audit/blueprint.yaml");
/// The files that the sample names.
const SAMPLE_FILES: &[(&str, &str)] = &[
    ("contracts/event.json", include_str!("../../blueprints/service-event-audit/contracts/event.json")),
    (
        "events/archive-object-created.json",
        include_str!("../../blueprints/service-event-audit/events/archive-object-created.json"),
    ),
    ("events/order-placed.json", include_str!("../../blueprints/service-event-audit/events/order-placed.json")),
    (
        "events/parameter-created.json",
        include_str!("../../blueprints/service-event-audit/events/parameter-created.json"),
    ),
    ("sql/parameter-changes.sql", include_str!("../../blueprints/service-event-audit/sql/parameter-changes.sql")),
];

/// Words and marks that mean something somewhere.
const TOKENS: &[&str] = &[
    "\n",
    "\n\n",
    "  ",
    "    ",
    "- ",
    ": ",
    ":",
    "#",
    "'",
    "\"",
    "|",
    ">-",
    "[",
    "]",
    "{",
    "}",
    ",",
    "&a ",
    "*a",
    "!Ref ",
    "!",
    "${",
    "${}",
    "${!a}",
    "${a}",
    "${archive.name}",
    "${AWS::Region}",
    "$",
    "{{",
    "}}",
    "{{ a }}",
    "{{ a.b[0] }}",
    "{{ range(9) }}",
    "!{",
    "!{timestamp:yyyy}",
    "~",
    "null",
    "true",
    "0",
    "-1",
    "1.5",
    "1e99",
    "9999999999999999999",
    "blueprint: a",
    "version: 1.0.0",
    "components:",
    "parameters:",
    "let:",
    "outputs:",
    "archive",
    "kind: s3-bucket",
    "kind: firehose-stream",
    "kind: event-rule",
    "kind: resource",
    "type: AWS::SNS::Topic",
    "use: service-event-audit",
    "with:",
    "for_each:",
    "when:",
    "overrides:",
    "allow:",
    "layout:",
    "pattern:",
    "targets:",
    "name",
    "é",
    "𝄞",
    "\t",
    "\r\n",
    "\u{feff}",
    "\u{0}",
    "a",
    "A",
    "-",
    "---",
    "...",
    "%YAML",
    "<<: *a",
];

/// The files of the sample in a folder.
fn sample_files(folder: &Path) -> Memory {
    SAMPLE_FILES.iter().fold(Memory::default(), |files, (name, text)| files.with(folder.join(name), *text))
}

fn sample(text: &str) -> Compiled {
    sample_files(Path::new("a")).with("a/blueprint.yaml", text).compile("a/blueprint.yaml")
}

/// What was found, in full, and what was made of it.
fn answer(compiled: &Compiled) -> (String, Option<String>) {
    let template = compiled.template.as_ref().map(|template| template.text(Format::Yaml));
    (format!("{:?}", compiled.diagnostics), template)
}

/// Every place is in a file, and nothing is said to be a mistake of formwork.
fn check(compiled: &Compiled) -> Result<(), TestCaseError> {
    let sources: &Sources = &compiled.sources;
    for finding in &compiled.diagnostics {
        for span in finding.related.iter().map(|related| related.span).chain([finding.span]) {
            prop_assert!(sources.get(span.file).text.get(span.range()).is_some(), "{}", shown(compiled));
        }
        prop_assert!(finding.help.is_some(), "{}", shown(compiled));
        prop_assert!(finding.code.name != "internal-error", "{}", shown(compiled));
        let style = formwork::diagnostics::Style { color: false, width: 80 };
        prop_assert!(!formwork::diagnostics::render(finding, sources, style).is_empty());
    }
    prop_assert!(compiled.template.is_some() || compiled.is_module || !compiled.diagnostics.is_empty());
    Ok(())
}

/// A change of a text.
#[derive(Clone, Debug)]
enum Change {
    DeleteLine(Index),
    RepeatLine(Index),
    SwapLines(Index, Index),
    Indent(Index, bool),
    DeletePart(Index, usize),
    Insert(Index, &'static str),
    Exchange(Index, &'static str),
}

fn change() -> impl Strategy<Value = Change> {
    let token = || select(TOKENS);
    prop_oneof![
        any::<Index>().prop_map(Change::DeleteLine),
        any::<Index>().prop_map(Change::RepeatLine),
        (any::<Index>(), any::<Index>()).prop_map(|(one, other)| Change::SwapLines(one, other)),
        (any::<Index>(), any::<bool>()).prop_map(|(at, more)| Change::Indent(at, more)),
        (any::<Index>(), 1..12_usize).prop_map(|(at, length)| Change::DeletePart(at, length)),
        (any::<Index>(), token()).prop_map(|(at, token)| Change::Insert(at, token)),
        (any::<Index>(), token()).prop_map(|(at, token)| Change::Exchange(at, token)),
    ]
}

impl Change {
    fn apply(&self, text: &str) -> String {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        let characters: Vec<char> = text.chars().collect();
        if lines.is_empty() || characters.is_empty() {
            return text.to_owned();
        }
        let parted = |at: usize, removed: usize, inserted: &str| {
            let end = (at + removed).min(characters.len());
            characters[..at].iter().copied().chain(inserted.chars()).chain(characters[end..].iter().copied()).collect()
        };
        match self {
            Self::DeleteLine(at) => drop(lines.remove(at.index(lines.len()))),
            Self::RepeatLine(at) => {
                let at = at.index(lines.len());
                lines.insert(at, lines[at].clone());
            }
            Self::SwapLines(one, other) => {
                let (one, other) = (one.index(lines.len()), other.index(lines.len()));
                lines.swap(one, other);
            }
            Self::Indent(at, more) => {
                let at = at.index(lines.len());
                lines[at] =
                    if *more { format!("  {}", lines[at]) } else { lines[at].trim_start_matches("  ").to_owned() };
            }
            Self::DeletePart(at, length) => return parted(at.index(characters.len()), *length, ""),
            Self::Insert(at, token) => return parted(at.index(characters.len()), 0, token),
            Self::Exchange(at, token) => {
                // A whole word, so that the result is often close to a blueprint.
                let is_word = |c: &char| c.is_alphanumeric() || *c == '_' || *c == '-';
                let at = at.index(characters.len());
                let start = characters[..at].iter().rposition(|c| !is_word(c)).map_or(0, |before| before + 1);
                let length = characters[start..].iter().take_while(|c| is_word(c)).count();
                return parted(start, length, token);
            }
        }
        lines.join("\n") + "\n"
    }
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

proptest! {
    #![proptest_config(config(200))]

    #[test]
    fn no_bytes_bring_the_compiler_down(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        check(&compile(bytes))?;
    }

    #[test]
    fn no_text_of_marks_brings_the_compiler_down(tokens in proptest::collection::vec(select(TOKENS), 0..60)) {
        check(&compile(tokens.concat()))?;
    }

    #[test]
    fn no_value_in_any_field_brings_the_compiler_down(
        field in select(&["kind", "name", "when", "for_each", "overrides", "allow", "use", "with", "to", "targets", "pattern", "layout"][..]),
        kind in select(&["s3-bucket", "event-rule", "firehose-stream", "glue-crawler", "resource", "log-group"][..]),
        tokens in proptest::collection::vec(select(TOKENS), 0..8),
    ) {
        let value = tokens.concat().replace(['\n', '\r'], " ");
        for value in [value.clone(), format!("{value:?}"), format!("[{value}]"), format!("{{ a: {value} }}")] {
            let text = format!(
                "blueprint: example\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: {kind}\n    {field}: {value}\n"
            );
            check(&compile(text))?;
        }
    }
}

proptest! {
    #![proptest_config(config(150))]

    #[test]
    fn no_change_of_a_blueprint_brings_the_compiler_down(changes in proptest::collection::vec(change(), 1..6)) {
        let text = changes.iter().fold(SAMPLE.to_owned(), |text, change| change.apply(&text));
        let first = sample(&text);
        check(&first)?;
        prop_assert_eq!(answer(&first), answer(&sample(&text)));
    }

    #[test]
    fn brackets_in_brackets_are_read_to_their_end(
        open in select(&["{{", "${", "!{", "{{ '", "${a", "{{ {", "{{ [", "${!"][..]),
        close in select(&["}}", "}", "' }}", "} }}", "] }}", ""][..]),
        depth in 1..40_usize,
        inner in select(TOKENS),
    ) {
        let value = format!("{}{inner}{}", open.repeat(depth), close.repeat(depth)).replace(['\n', '\r', '\0', '\t'], " ");
        for value in [format!("{value:?}"), format!("'{}'", value.replace('\'', "''"))] {
            let text = format!(
                "blueprint: example\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bucket\n    name: {value}\n\
                 outputs:\n  A: {{ value: {value} }}\n"
            );
            check(&compile(text))?;
        }
    }

    #[test]
    fn what_an_expression_gives_is_not_evaluated_again(text in "[a-z {}%#'.]{0,20}") {
        // The value is a text of `let`, put together so that no expression stands in the file itself.
        let escaped = text.chars().fold(String::new(), |text, c| text + &format!("\\u{:04x}", c as u32));
        let blueprint = |value: &str| format!(
            "blueprint: example\nversion: 1.0.0\nlet:\n  open: \"{{{{ '{{' ~ '{{' }}}}\"\n  text: \"{{{{ \\\"{}\\\" }}}}\"\n\
             components:\n  archive:\n    kind: s3-bucket\noutputs:\n  A: {{ value: \"{value}\" }}\n",
            escaped.replace('\\', "\\\\")
        );
        for (value, expected) in [
            ("{{ open }} days }}", "{{ days }}".to_owned()),
            ("<{{ text }}>", format!("<{text}>")),
        ] {
            let compiled = compile(blueprint(value));
            prop_assert!(compiled.diagnostics.is_empty(), "{}\n{}", shown(&compiled), blueprint(value));
            let template = compiled.template.unwrap();
            let output = template.template().outputs.get("A").unwrap().as_map().unwrap().get("Value").unwrap();
            prop_assert_eq!(output.as_str(), Some(expected.as_str()));
        }
    }

    #[test]
    fn a_reference_that_is_meant_literally_survives(name in "[A-Za-z.:-]{1,12}", around in "[a-z /]{0,6}") {
        let text = |value: &str| format!(
            "blueprint: example\nversion: 1.0.0\ncomponents:\n  archive:\n    kind: s3-bucket\noutputs:\n  A: {{ value: \"{value}\" }}\n"
        );
        // Alone the text needs no function; beside a reference `Fn::Sub` must be told.
        for (value, expected) in [
            (format!("{around}${{!{name}}}{around}"), format!("{around}${{{name}}}{around}")),
            (format!("{around}${{!{name}}}${{archive.name}}"), format!("{around}${{!{name}}}${{ArchiveBucket}}")),
        ] {
            let compiled = compile(text(&value));
            prop_assert!(compiled.diagnostics.is_empty(), "{}", shown(&compiled));
            let template = compiled.template.unwrap();
            let output = template.template().outputs.get("A").unwrap().as_map().unwrap().get("Value").unwrap();
            let written = match &output.data {
                formwork::template::Data::Call(_, argument) => argument.as_str(),
                _ => output.as_str(),
            };
            prop_assert_eq!(written, Some(expected.as_str()), "{}", emit::yaml(output));
        }
    }
}

/// A blueprint that differs from others in its number, with a mistake in every third.
fn generated(number: usize) -> String {
    let days = number + 1;
    let mistake = if number.is_multiple_of(3) { "    expires: 1\n" } else { "" };
    let mut text = format!("blueprint: generated-{number}\nversion: 1.0.0\ncomponents:\n");
    for component in 0..=(number % 7) {
        text = format!(
            "{text}  archive-{component}:\n    kind: s3-bucket\n    expire_after_days: {days}\n{mistake}  \
             delivery-{component}:\n    kind: firehose-stream\n    to: {{ s3: archive-{component} }}\n"
        );
    }
    text
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut files = Memory::default();
    let paths: Vec<String> = (0..50).map(|number| format!("{number}/blueprint.yaml")).collect();
    for (number, path) in paths.iter().enumerate() {
        files = files.with(path, generated(number));
    }
    let answers = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| paths.par_iter().map(|path| answer(&files.compile(path))).collect::<Vec<_>>())
    };
    let one = answers(1);
    assert!(one == answers(8));
    assert_eq!(one.iter().filter(|(_, template)| template.is_none()).count(), 17);
}

#[test]
fn the_name_of_the_folder_changes_nothing() {
    let at = |path: &str| {
        let folder = Path::new(path).parent().unwrap();
        answer(&sample_files(folder).with(path, SAMPLE).compile(path)).1.unwrap()
    };
    assert_eq!(at(PATH), at("/somewhere/else/blueprint.yaml"));
}

#[test]
fn line_ends_change_nothing() {
    let text = |source: &str| answer(&sample(source)).1.unwrap();
    assert_eq!(text(SAMPLE), text(&SAMPLE.replace('\n', "\r\n")));
    assert_eq!(text(SAMPLE), text(&format!("\u{feff}{SAMPLE}")));
}
