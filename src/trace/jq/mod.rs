//! Programs of jq 1.6, run as Firehose runs them over each record.
//!
//! [`compile`] takes what jq 1.6 takes; [`Filter::run`] gives the results of jq 1.6, an error where it has one, and
//! [`Failure::NotRun`] where the answer is not certain: what reads the clock, the environment or more input, runs
//! without end, or is not made here. It never gives another answer.

mod compile;
mod formats;
mod machine;
mod maths;
mod natives;
mod paths;
mod regex;
#[cfg(test)]
mod tests;
mod time;
mod value;

use std::fmt;

use serde_json::Value as Json;

use self::compile::{Code, Id};
use self::machine::{Machine, Stop};
use self::value::{MAX_DEPTH, Val, number_text};
use crate::template::jq::{self, Mistake};

/// A program that is ready to run, as often as one likes and on any thread.
#[derive(Clone, Debug)]
pub struct Filter {
    /// `None` for a program that gives its input.
    code: Option<(Code, Id)>,
}

/// Why a program cannot be run.
#[derive(Clone, Debug)]
pub enum Refusal {
    /// jq 1.6 refuses it.
    Mistakes(Vec<Mistake>),
    /// jq 1.6 takes it; it is not run here, and why not.
    NotRun(String),
}

/// Why a run has no results.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// An error of jq, in words. Firehose then delivers the record to the error prefix.
    Error(String),
    /// jq 1.6 may have an answer; it is not worked out here, and why not.
    NotRun(String),
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Error(message) | Self::NotRun(message) => out.write_str(message),
        }
    }
}

/// Makes a program ready.
///
/// # Errors
///
/// What jq 1.6 refuses, and what is not run here.
pub fn compile(program: &str) -> Result<Filter, Refusal> {
    let program = jq::program(program).map_err(Refusal::Mistakes)?;
    let code = program.body.as_ref().map(compile::compile).transpose().map_err(Refusal::NotRun)?;
    Ok(Filter { code })
}

impl Filter {
    /// All results for an input.
    ///
    /// # Errors
    ///
    /// The error with which jq 1.6 ends, even if there were results before, and what is not run here.
    pub fn run(&self, input: &Json) -> Result<Vec<Json>, Failure> {
        let Some((code, root)) = &self.code else { return Ok(vec![input.clone()]) };
        if natives::depth(input) > MAX_DEPTH {
            return Err(Failure::NotRun("an event that is too deep is not run here".to_owned()));
        }
        match Machine::new(code).run(*root, Val::from_json(input)) {
            Ok(results) => Ok(results.iter().map(Val::to_json).collect()),
            Err(Stop::Error(Val::Text(message))) => Err(Failure::Error(message.to_string())),
            Err(Stop::Error(other)) => Err(Failure::Error(other.dump())),
            Err(Stop::NotRun(reason)) => Err(Failure::NotRun(reason)),
        }
    }
}

/// The partition keys in the results of a program, as texts in their order.
///
/// Firehose takes one object whose values are texts, numbers or `true` and `false`, and delivers records without all of
/// their keys to the error prefix. Source: Firehose Developer Guide, "Troubleshoot dynamic partitioning errors" and
/// "Understand partitioning keys".
///
/// # Errors
///
/// Why a record with these results is not delivered, in words.
pub fn partition_keys(results: &[Json]) -> Result<Vec<(String, String)>, String> {
    let entries = match results {
        [Json::Object(entries)] => entries,
        [] => return Err("the program gives no result".to_owned()),
        [other] => return Err(format!("the program gives {}, not an object", shown(other))),
        several => return Err(format!("the program gives {} results, not one object", several.len())),
    };
    let key = |(name, value): (&String, &Json)| {
        let text = match value {
            Json::String(text) if text.is_empty() => return Err(format!("`{name}` is an empty text")),
            Json::String(text) => text.clone(),
            Json::Number(number) => number_text(number.as_f64().unwrap_or(f64::MAX)),
            Json::Bool(value) => value.to_string(),
            other => return Err(format!("`{name}` is {}", shown(other))),
        };
        Ok((name.clone(), text))
    };
    entries.iter().map(key).collect()
}

fn shown(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}
