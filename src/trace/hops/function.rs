//! Functions of Lambda.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::template::Resource;
use crate::trace::functions::{Call, Function, Language, Outcome};
use crate::trace::report::{Hop, State};
use crate::trace::resolve::{self, Resolver};
use crate::trace::world::{Node, World};
use crate::trace::{Record, short};

/// Seconds that a function may run where a template says nothing. Source: Lambda API, `Timeout`.
const DEFAULT_TIMEOUT: u32 = 3;

/// MiB that a function has where a template says nothing. Source: Lambda API, `MemorySize`.
const DEFAULT_MEMORY: u32 = 128;

/// The most characters of an answer, and of a log, that are shown.
const ANSWER: usize = 100;
const LOG: usize = 400;

/// The libraries by which code calls AWS, by language.
///
/// Source: Lambda Developer Guide, "Runtime-included SDK versions".
const SDKS: &[(Language, &[&str])] =
    &[(Language::Python, &["boto3", "botocore"]), (Language::Node, &["@aws-sdk/", "aws-sdk"])];

/// The files of functions that are packed, by the keys of their archives.
pub type Packages = BTreeMap<String, Vec<(String, Vec<u8>)>>;

/// Reads a function. Its files stand in the template, or in one of the packages.
pub fn read(resource: &Resource, resolver: &Resolver<'_>, packages: &Packages) -> Function {
    let properties = &resource.properties;
    let text = |path: &[&str]| resolver.text(properties, path);
    let number = |name: &str, default: u32| text(&[name]).and_then(|text| text.parse().ok()).unwrap_or(default);
    let runtime = text(&["Runtime"]).unwrap_or_default();
    let variables = properties.get("Environment").and_then(|value| resolver.value(value)).unwrap_or_default();
    let variables = variables["Variables"].as_object().cloned().unwrap_or_default();
    let mut environment: Vec<(String, String)> =
        variables.iter().filter_map(|(name, value)| Some((name.clone(), resolve::text(value)?))).collect();
    environment.sort();
    let deployment = resolver.deployment();
    let packed = || packages.get(&text(&["Code", "S3Key"])?).cloned();
    let inline = text(&["Code", "ZipFile"]).map(|source| Function::inline(&runtime, &source));
    Function {
        name: resolver.name(resource),
        handler: text(&["Handler"]).unwrap_or_else(|| "index.handler".to_owned()),
        files: inline.or_else(packed).unwrap_or_default(),
        runtime,
        environment,
        timeout_seconds: number("Timeout", DEFAULT_TIMEOUT),
        memory_mib: number("MemorySize", DEFAULT_MEMORY),
        region: deployment.region.clone(),
        account: deployment.account.clone(),
    }
}

/// The file and the library by which a function calls AWS.
fn calls(function: &Function) -> Option<(&str, &'static str)> {
    let language = Language::of(&function.runtime)?;
    let (_, names) = SDKS.iter().find(|(known, _)| *known == language)?;
    function.files.iter().find_map(|(path, bytes)| {
        let text = String::from_utf8_lossy(bytes);
        names.iter().find(|name| text.contains(**name)).map(|name| (path.as_str(), *name))
    })
}

impl World<'_> {
    /// A function that gets an event, and what it answers.
    pub(super) fn call(&self, id: &str, event: &Json, record: &Record) -> Hop {
        let Some(Node::Function(function)) = self.node(id) else {
            return self.hop("resource", id, State::Delivered, "gets the event");
        };
        let run = self.runner.run(Call { function, event, now: Some(record.arrival.as_millisecond()) });
        let (state, says) = match &run.outcome {
            Outcome::Answer(answer) => (State::Delivered, format!("answers {}", short(&answer.to_string(), ANSWER))),
            Outcome::Failed(failure) => {
                let at = failure.place.as_ref().map(|(file, line)| format!(", at {file}:{line}")).unwrap_or_default();
                (State::Failed, format!("fails: {}: {}{at}", failure.kind, failure.message))
            }
            Outcome::TimedOut { seconds } => (State::Failed, format!("runs longer than {seconds} seconds")),
            Outcome::NotRun { reason } => (State::Unknown, format!("is not run: {reason}")),
        };
        let mut hop = self.hop("function", id, state, says);
        if let Outcome::Answer(answer) = &run.outcome {
            hop.facts.record = Some(Arc::new(answer.clone()));
        }
        if state == State::Failed {
            hop.facts.error = Some("function-failed".to_owned());
        }
        if !run.log.trim().is_empty() {
            hop.note(format!("log: {}", short(run.log.trim(), LOG)), None);
        }
        if state == State::Delivered
            && let Some((file, sdk)) = calls(function)
        {
            hop.note(
                format!("what its code sends on is not followed: {file} uses {sdk}; trace from there with `--at`"),
                None,
            );
        }
        hop
    }

    /// A function that is called without anyone waiting for it. What fails twice more goes to its dead letters.
    ///
    /// Source: Lambda Developer Guide, "Invoking a Lambda function asynchronously".
    pub(super) fn invoke(&self, id: &str, event: &Json, record: &Record, trail: &[&str]) -> Hop {
        let mut hop = self.call(id, event, record);
        if hop.state != State::Failed {
            return hop;
        }
        let own = self.resource(id);
        match own.and_then(|own| self.resolver.text(&own.properties, &["DeadLetterConfig", "TargetArn"])) {
            Some(arn) => {
                hop.note("after two more tries the event goes to its dead letters", None);
                let kept = Record::new(event.to_string(), record.arrival);
                hop.next.push(self.send("dead letters", &arn, &kept, trail));
            }
            None => hop.note("after two more tries the event is lost: the function has no queue of dead letters", None),
        }
        hop
    }
}
