//! Every page of a code is true: its first block fails with this code and no other, its remedy with none.

use std::collections::BTreeSet;
use std::path::Path;

use formwork::cli;
use formwork::compile::{Compiled, Workspace};
use formwork::diagnostics::{Code, Diagnostic, Severity};
use formwork::kinds::KINDS;

use crate::memory::{Memory, PATH, TEMPLATE, shown};

/// Codes that no input causes, as long as formwork has no mistakes of its own.
const WITHOUT_BLOCKS: &[&str] = &["internal-error"];

/// A fenced block of a page.
#[derive(Debug)]
pub struct Block {
    /// Whether it stands after `Instead:`.
    pub remedy: bool,
    /// The word after the fence and what follows it.
    pub info: String,
    /// What is in it.
    pub text: String,
}

/// The blocks of a page in Markdown.
pub fn blocks(page: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut remedy = false;
    let mut open: Option<Block> = None;
    for line in page.lines() {
        match (open.take(), line.strip_prefix("```")) {
            (None, Some(info)) => open = Some(Block { remedy, info: info.to_owned(), text: String::new() }),
            (Some(block), Some(_)) => found.push(block),
            (Some(mut block), None) => {
                block.text.push_str(line);
                block.text.push('\n');
                open = Some(block);
            }
            (None, None) => remedy |= line == "Instead:",
        }
    }
    assert!(open.is_none(), "a block is not closed: {page}");
    found
}

/// A page as it is shown: doc comments keep one blank before each line.
fn unindented(page: &str) -> String {
    page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

impl Block {
    /// The file that the block stands for.
    ///
    /// A block of parts of a blueprint gets the two lines that all blueprints have. With `repeat=N` the lines from the
    /// first with `{n}` to the end are there for each number up to N. With `module=NAME` there is a blueprint of this
    /// name beside it, with one parameter that has no default. With `project=…` what follows is the repository's
    /// `formwork.yaml`. With `child=NAME` there is a template beside it with one parameter that has no default. With
    /// `file=PATH` there is a file at this path, of so many bytes as follow after a `*`. A `hex` block gives bytes, of which `20*3` repeats one.
    pub fn file(&self) -> Vec<u8> {
        let (language, _) = self.info.split_once(' ').unwrap_or((&self.info, ""));
        match language {
            "hex" => return bytes(&self.text),
            "yaml" => {}
            other => panic!("a block of {other:?}"),
        }
        let mut text = match self.option("repeat") {
            Some(times) => repeated(&self.text, times.parse().unwrap()),
            None => self.text.clone(),
        };
        let starts = |key: &str| text.lines().any(|line| line.starts_with(key));
        if !starts("blueprint:")
            && !starts("Resources:")
            && ["components:", "parameters:", "let:", "outputs:"].into_iter().any(starts)
        {
            text = format!("blueprint: example\nversion: 1.0.0\n{text}");
        }
        text.into_bytes()
    }

    fn option(&self, name: &str) -> Option<&str> {
        let (_, option) = self.info.split_once(' ')?;
        let (given, value) = option.split_once('=').expect("an option of a block");
        assert!(["child", "file", "module", "project", "repeat"].contains(&given), "{option}");
        (given == name).then_some(value)
    }

    /// Whether it is a template and not a blueprint.
    pub fn is_template(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("Resources:"))
    }

    /// What the compiler makes of it.
    pub fn compile(&self) -> Compiled {
        let mut files = Memory::default().with(PATH, self.file());
        if let Some(name) = self.option("module") {
            files = files.with(format!("blueprints/{name}/blueprint.yaml"), MODULE.replace("NAME", name));
        }
        if let Some(file) = self.option("file") {
            let (path, size) = file.split_once('*').unwrap_or((file, "1"));
            files = files.with(Path::new(PATH).with_file_name("").join(path), vec![b'#'; size.parse().unwrap()]);
        }
        let settings = self.option("project").unwrap_or_default().as_bytes().to_vec();
        if settings.is_empty() {
            return files.compile(PATH);
        }
        let (workspace, findings) = Workspace::read("formwork.yaml", settings, None);
        let wrong: Vec<Diagnostic> = findings.into_iter().chain(workspace.check_codes(&cli::codes())).collect();
        if !wrong.is_empty() {
            let sources = workspace.sources;
            return Compiled {
                name: None,
                sources,
                diagnostics: wrong,
                template: None,
                archives: Vec::new(),
                is_module: false,
                is_template: false,
            };
        }
        files.compile_in(&workspace, PATH)
    }
}

const CHILD: &str = "Parameters:
  VpcId: { Type: 'AWS::EC2::VPC::Id' }
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties: { GroupDescription: example, VpcId: !Ref VpcId }
";

const MODULE: &str = "blueprint: NAME
version: 1.0.0
parameters:
  BucketName: { type: string, description: Name of the bucket. }
components:
  archive:
    kind: s3-bucket
    name: ${BucketName}
";

fn repeated(text: &str, times: usize) -> String {
    let at = text.lines().position(|line| line.contains("{n}")).expect("a repeated block has `{n}`");
    let lines: Vec<&str> = text.lines().collect();
    let group = lines[at..].join("\n");
    let mut all = lines[..at].join("\n");
    for n in 1..=times {
        all.push('\n');
        all.push_str(&group.replace("{n}", &n.to_string()));
    }
    all.push('\n');
    all
}

fn bytes(block: &str) -> Vec<u8> {
    block
        .split_whitespace()
        .flat_map(|item| {
            let (byte, times) = item.split_once('*').unwrap_or((item, "1"));
            vec![u8::from_str_radix(byte, 16).unwrap(); times.parse().unwrap()]
        })
        .collect()
}

#[test]
fn names_are_unique_and_in_kebab_case() {
    let codes = cli::codes();
    assert!(codes.len() > 50);
    for pair in codes.windows(2) {
        assert!(pair[0].name < pair[1].name, "{} is there twice", pair[0].name);
    }
    for code in &codes {
        let words = code.name.split('-');
        let fits = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        assert!(words.clone().count() > 0 && words.clone().all(fits), "{}", code.name);
    }
}

/// What is wrong with a page; nothing if all is well.
fn problem(code: &Code) -> Option<String> {
    let page = unindented(code.page);
    let prose = page.split("```").next().unwrap_or_default().trim();
    if !prose.ends_with(['.', ')']) || prose.lines().next().is_some_and(str::is_empty) {
        return Some("the page begins with no sentence".to_owned());
    }
    let blocks = blocks(&page);
    if WITHOUT_BLOCKS.contains(&code.name) {
        return (!blocks.is_empty()).then(|| "the page has blocks, so it is no exception".to_owned());
    }
    let [wrong, right] = blocks.as_slice() else { return Some(format!("{} blocks, two are expected", blocks.len())) };
    if (wrong.remedy, right.remedy) != (false, true) {
        return Some("`Instead:` is not between the blocks".to_owned());
    }
    // This one is about rendering.
    let by_hand = wrong.is_template() && code.name != "not-a-blueprint";
    let run = |block: &Block| {
        if !by_hand && code.severity < Severity::Info {
            return block.compile();
        }
        // What is only good to know is much, and each page is about one of it.
        let workspace = Workspace::default().with_info(code.severity == Severity::Info);
        let files = Memory::default();
        let mut compiled = if by_hand {
            let files = match block.option("child") {
                Some(name) => files.with(name, CHILD),
                None => files,
            };
            files.with(TEMPLATE, block.file()).check_in(&workspace, TEMPLATE)
        } else {
            files.with(PATH, block.file()).compile_in(&workspace, PATH)
        };
        compiled.diagnostics.retain(|finding| finding.severity < Severity::Info || finding.code.name == code.name);
        compiled
    };
    let failed = run(wrong);
    let names: BTreeSet<&str> = failed.diagnostics.iter().map(|finding| finding.code.name).collect();
    if names != BTreeSet::from([code.name]) {
        return Some(format!("the first block gives\n{}", shown(&failed)));
    }
    if let Some(finding) = failed.diagnostics.iter().find(|finding| finding.help.is_none()) {
        return Some(format!("no help: {}", finding.message));
    }
    let passed = run(right);
    if !passed.diagnostics.is_empty() {
        return Some(format!("the remedy gives\n{}", shown(&passed)));
    }
    (passed.template.is_none() && !by_hand).then(|| "the remedy gives no template".to_owned())
}

#[test]
fn every_page_fails_with_its_code_alone_and_its_remedy_with_none() {
    let codes = cli::codes();
    let problems: Vec<String> =
        codes.iter().filter_map(|code| Some(format!("{}: {}", code.name, problem(code)?))).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
    for name in WITHOUT_BLOCKS {
        assert!(codes.iter().any(|code| code.name == *name), "there is no `{name}`");
    }
}

#[test]
fn every_finding_of_a_kind_is_a_finding_of_the_program() {
    let all: BTreeSet<&str> = cli::codes().iter().map(|code| code.name).collect();
    let mut seen = 0;
    for code in KINDS.iter().flat_map(|kind| kind.codes).copied().flatten() {
        assert!(all.contains(code.name), "{}", code.name);
        seen += 1;
    }
    assert!(seen > 10);
}
