//! What is wrong, where, and how to mend it.
//!
//! A [`Code`] is the identity of a finding: a name that reads well after "allow", a severity and
//! a page. A [`Sink`] collects [`Diagnostic`]s; nothing that is reported can get lost, and nothing
//! stops at the first. This layer knows no file system and no rule.

pub mod fix;
pub mod github;
mod json;
pub mod junit;
pub mod sarif;
mod text;

use crate::source::{Sources, Span};

pub use fix::{Fix, Proposal, certain};
pub use json::Report;
pub use text::{Style, render};

/// Declares the codes of a module, each with its page as doc comment, and their list `CODES`.
#[macro_export]
macro_rules! codes {
    ($( $(#[doc = $doc:literal])+ $ident:ident = $severity:ident $name:literal; )+) => {
        $(
            $(#[doc = $doc])+
            pub static $ident: $crate::diagnostics::Code = $crate::diagnostics::Code {
                name: $name,
                severity: $crate::diagnostics::Severity::$severity,
                page: concat!($($doc, "\n"),+),
            };
        )+
        /// The codes of this module, in the order of their declaration.
        pub static CODES: &[&$crate::diagnostics::Code] = &[$(&$ident),+];
    };
}

codes! {
    /// formwork made something that CloudFormation refuses, or does not understand its own language.
    ///
    /// The blueprint is not to blame; the finding shows the component that it is about. Please report it.
    INTERNAL = Error "internal-error";
}

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is made from this input.
    Error,
    /// It works, but hardly as meant.
    Warning,
    /// Good to know.
    Info,
}

impl Severity {
    /// The word for people and for JSON.
    pub fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

/// The identity of a finding.
#[derive(Debug)]
pub struct Code {
    /// Kebab-case name, unique in the program.
    pub name: &'static str,
    /// Its severity.
    pub severity: Severity,
    /// Its page in Markdown: meaning, a block that fails with this code, a block that does not.
    pub page: &'static str,
}

impl Code {
    /// The page as it is shown: doc comments keep one blank before each line.
    pub fn text(&self) -> String {
        let lines: Vec<&str> = self.page.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)).collect();
        lines.join("\n").trim().to_owned()
    }

    /// The ids of the checks of public tools that it covers, as its page names them.
    pub fn covers(&self) -> impl Iterator<Item = &'static str> {
        let ids = self.page.split_once(" Covers: ").map_or("", |(_, ids)| ids);
        ids.split([' ', ',', '.', '`', '\n']).filter(|id| !id.is_empty())
    }
}

/// The findings of one file that was checked, in the order in which they are shown.
#[derive(Clone, Copy, Debug)]
pub struct Checked<'a> {
    /// The path of the file as it is shown.
    pub name: &'a str,
    /// What was found.
    pub diagnostics: &'a [Diagnostic],
    /// What the places are in.
    pub sources: &'a Sources,
}

/// A second place that belongs to a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where.
    pub span: Span,
    /// What is there.
    pub message: String,
}

/// One finding.
#[derive(Clone, Debug)]
pub struct Diagnostic {
    /// Which finding it is.
    pub code: &'static Code,
    /// How bad it is here: that of the code, unless the settings of the repository say otherwise.
    pub severity: Severity,
    /// The narrowest place that is wrong.
    pub span: Span,
    /// One phrase: what was given and what is allowed.
    pub message: String,
    /// A few words shown at the place itself.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// Path in the template (`Resources/Id/Properties/…`), where it is about one.
    pub path: Option<String>,
    /// What would mend it; [`Sink::finish`] makes the fix of it, where the text allows that.
    pub proposal: Option<Proposal>,
    /// The change that mends it for certain.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// Sets the words at the place itself.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.label = Some(label.into());
        self
    }

    /// Adds a second place.
    pub fn also(&mut self, span: Span, message: impl Into<String>) -> &mut Self {
        self.related.push(Related { span, message: message.into() });
        self
    }

    /// Sets what to do about it.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.help = Some(help.into());
        self
    }

    /// Sets what to do about it, if there is something to say.
    pub fn maybe_help(&mut self, help: Option<impl Into<String>>) -> &mut Self {
        if let Some(help) = help {
            self.help = Some(help.into());
        }
        self
    }

    /// Proposes a change that mends it.
    pub fn propose(&mut self, proposal: Option<Proposal>) -> &mut Self {
        self.proposal = proposal;
        self
    }

    /// Proposes the one name among `known` that `given` is for certain, if there is one.
    pub fn meant<'a>(&mut self, given: &str, known: impl IntoIterator<Item = &'a str>) -> &mut Self {
        let meant = certain(given, known);
        self.propose(meant.map(|meant| Proposal::Name { given: given.to_owned(), meant: meant.to_owned() }))
    }

    /// Sets the path in the template.
    pub fn path(&mut self, path: impl Into<String>) -> &mut Self {
        self.path = Some(path.into());
        self
    }
}

/// Collects findings.
#[derive(Debug, Default)]
pub struct Sink {
    diagnostics: Vec<Diagnostic>,
}

impl Sink {
    /// Reports a finding at once; what is returned can only be added to.
    pub fn report(&mut self, code: &'static Code, span: Span, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.diagnostics.len();
        self.diagnostics.push(Diagnostic {
            code,
            severity: code.severity,
            span,
            message: message.into(),
            label: None,
            help: None,
            related: Vec::new(),
            path: None,
            proposal: None,
            fix: None,
        });
        &mut self.diagnostics[at]
    }

    /// Whether an error was reported.
    pub fn has_errors(&self) -> bool {
        self.count(Severity::Error) > 0
    }

    /// How many findings of this severity there are.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count()
    }

    /// What was reported so far, in the order of reporting.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.diagnostics
    }

    /// Adds the findings of another sink.
    pub fn append(&mut self, mut other: Self) {
        self.diagnostics.append(&mut other.diagnostics);
    }

    /// Calls `change` with every finding.
    pub fn each(&mut self, change: impl FnMut(&mut Diagnostic)) {
        self.diagnostics.iter_mut().for_each(change);
    }

    /// Keeps only the findings for which `keep` answers yes.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.diagnostics.retain(keep);
    }

    /// All findings in the one order in which they are shown: by file name, place, severity, code, text.
    pub fn finish(mut self, sources: &Sources) -> Vec<Diagnostic> {
        self.diagnostics.sort_by(|a, b| {
            let key = |d: &Diagnostic| (d.span.start, d.span.end, d.severity, d.code.name);
            sources
                .get(a.span.file)
                .name
                .cmp(&sources.get(b.span.file).name)
                .then_with(|| key(a).cmp(&key(b)))
                .then_with(|| a.message.cmp(&b.message))
        });
        self.diagnostics.dedup_by(|a, b| {
            // What a loop repeats is wrong once.
            a.code.name == b.code.name && a.span == b.span && a.message == b.message
        });
        for diagnostic in &mut self.diagnostics {
            let proposal = diagnostic.proposal.take();
            diagnostic.fix = proposal.and_then(|proposal| proposal.settle(diagnostic.span, sources));
        }
        self.diagnostics
    }
}

/// The name among `known` that `given` most likely stands for, by edit distance.
pub fn closest<'a>(given: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let given = given.to_lowercase();
    let length = given.chars().count();
    let limit = (length / 3).max(1);
    known
        .into_iter()
        .filter_map(|name| {
            let lower = name.to_lowercase();
            // The distance is at least the difference in length, and takes as long as both lengths multiplied.
            let is_near = lower.chars().count().abs_diff(length) <= limit;
            let distance = if is_near { strsim::osa_distance(&given, &lower) } else { usize::MAX };
            // A word that is a whole part of a longer name is meant more often than a stranger of equal length.
            let part = given.len() > 2 && (lower.split(['-', '_', '.']).any(|part| part == given));
            (distance <= limit || part).then_some((if part { distance.min(limit) } else { distance }, name))
        })
        .min()
        .map(|(_, name)| name)
}

/// `a`, `b` or `c`, each in backquotes.
pub fn alternatives<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}
