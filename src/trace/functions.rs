//! Functions of Lambda: what is run, and what comes of it.
//!
//! This layer starts nothing. Who traces hands in a [`Runner`]; with [`NoRunner`] the way of an event ends at a function.

use serde_json::Value as Json;

/// Bytes of the answer of a function that is waited for.
///
/// Source: Lambda Developer Guide, "Lambda quotas", invocation payload.
pub const MAX_ANSWER_BYTES: usize = 6_291_556;

/// A function, as far as running it goes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Function {
    /// Its name, or its logical id where CloudFormation names it.
    pub name: String,
    /// `Runtime`, for example `python3.14`.
    pub runtime: String,
    /// `Handler`, for example `index.handler`.
    pub handler: String,
    /// Its files by path from the root of its package, sorted.
    pub files: Vec<(String, Vec<u8>)>,
    /// Its own environment variables, sorted.
    pub environment: Vec<(String, String)>,
    /// Seconds that a run may take.
    pub timeout_seconds: u32,
    /// MiB.
    pub memory_mib: u32,
    /// The region that it believes to be in.
    pub region: String,
    /// The account that it believes to be in.
    pub account: String,
}

/// The language of a runtime, where it is one that can be run here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    /// Python.
    Python,
    /// JavaScript, as Node.js runs it.
    Node,
}

impl Language {
    /// The language of a runtime of Lambda.
    pub fn of(runtime: &str) -> Option<Self> {
        if runtime.starts_with("python") {
            Some(Self::Python)
        } else if runtime.starts_with("nodejs") {
            Some(Self::Node)
        } else {
            None
        }
    }

    /// Its name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Node => "Node.js",
        }
    }
}

impl Function {
    /// The file that CloudFormation makes of source that stands in the template (`ZipFile`): it is named `index`.
    ///
    /// Source: CloudFormation User Guide, `AWS::Lambda::Function` `Code`.
    pub fn inline(runtime: &str, source: &str) -> Vec<(String, Vec<u8>)> {
        let extension = match Language::of(runtime) {
            Some(Language::Python) => "py",
            _ => "js",
        };
        vec![(format!("index.{extension}"), source.as_bytes().to_vec())]
    }
}

/// An event for a function.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// Who gets it.
    pub function: &'a Function,
    /// What it gets.
    pub event: &'a Json,
    /// Milliseconds since 1970 that its clock shows, where the clock is fixed.
    pub now: Option<i64>,
}

/// What comes of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It answered.
    Answer(Json),
    /// It threw, or could not be loaded.
    Failed(Failure),
    /// It was stopped after so many seconds.
    TimedOut {
        /// The limit that it ran into.
        seconds: u32,
    },
    /// It was not run.
    NotRun {
        /// Why, in words.
        reason: String,
    },
}

/// How a function failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// The class of the exception, for example `KeyError`, or Lambda's word, for example
    /// `Runtime.ImportModuleError`.
    pub kind: String,
    /// The message of the exception.
    pub message: String,
    /// The file of the function and its line, from 1, where it happened.
    pub place: Option<(String, u32)>,
}

/// A call and what came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// What came of it.
    pub outcome: Outcome,
    /// The last that it wrote for people to read.
    pub log: String,
}

impl Run {
    /// A call that was not made.
    pub fn not_run(reason: impl Into<String>) -> Self {
        Self { outcome: Outcome::NotRun { reason: reason.into() }, log: String::new() }
    }
}

/// Runs functions.
pub trait Runner: Sync {
    /// Hands an event to a function, and waits. Whatever the function does, this returns.
    fn run(&self, call: Call<'_>) -> Run;
}

/// Runs none.
#[derive(Clone, Copy, Debug)]
pub struct NoRunner;

impl Runner for NoRunner {
    fn run(&self, _: Call<'_>) -> Run {
        Run::not_run("functions are not run")
    }
}

#[cfg(test)]
mod tests {
    use super::{Function, Language};

    #[test]
    fn source_in_a_template_is_a_file_named_index() {
        assert_eq!(Function::inline("python3.14", "x")[0].0, "index.py");
        assert_eq!(Function::inline("nodejs24.x", "x")[0].0, "index.js");
        assert_eq!(Language::of("ruby4.0"), None);
    }
}
