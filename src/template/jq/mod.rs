//! Programs of jq 1.6, which Firehose runs over each record to find its partition keys.
//!
//! Source: Firehose API, `ProcessorParameter` (`JsonParsingEngine`: `JQ-1.6`), and the manual of jq 1.6.

pub mod ast;
mod grammar;
mod lexer;
mod names;
#[cfg(test)]
mod tests;

use std::ops::Range;

use self::ast::{Expression, Function};
use self::grammar::{Parser, Whole};
pub use self::lexer::number;

/// Bytes of a program that are looked at; Firehose takes 5,120 characters.
const MAX_BYTES: usize = 65_536;

/// What is wrong with a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where, in bytes of the program.
    pub range: Range<usize>,
    /// What is there.
    pub message: String,
    /// What to write.
    pub help: String,
    /// Whether jq 1.6 takes the program all the same, and fails with each record.
    pub runs: bool,
}

impl Mistake {
    fn new(range: Range<usize>, message: impl Into<String>) -> Self {
        Self { range, message: message.into(), help: String::new(), runs: false }
    }

    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    fn later(mut self) -> Self {
        self.runs = true;
        self
    }
}

/// A program that jq 1.6 takes.
#[derive(Clone, Debug)]
pub struct Program {
    /// What it does; `None` if it only defines functions, and gives its input.
    pub body: Option<Expression>,
    /// What it does wrong all the same, with each record.
    pub doubts: Vec<Mistake>,
}

/// Reads a whole program.
///
/// # Errors
///
/// All that jq 1.6 refuses: the first mistake of the grammar, or all names that stand for nothing.
pub fn program(text: &str) -> Result<Program, Vec<Mistake>> {
    let whole = bounded(text).and_then(|()| Parser::new(text)?.program()).map_err(|mistake| vec![mistake])?;
    match whole {
        Whole::Expression(body) => named(names::check(&body), Some(body)),
        Whole::Functions(functions) => functions_only(&functions),
    }
}

fn functions_only(functions: &[Function]) -> Result<Program, Vec<Mistake>> {
    named(names::check_functions(functions), None)
}

/// Reads an expression that will stand in parentheses.
///
/// # Errors
///
/// As for [`program`], and a comment at the end, which would hide the closing parenthesis.
pub fn expression(text: &str) -> Result<Program, Vec<Mistake>> {
    let read = bounded(text).and_then(|()| {
        let body = Parser::new(text)?.inside()?;
        let last = text.rfind('\n').map_or(0, |at| at + 1);
        // Only a comment can follow the last word.
        match text[body.range.end..].find('#') {
            Some(at) if body.range.end + at >= last => {
                Err(Mistake::new(body.range.end + at..text.len(), "a comment that hides what follows")
                    .help("remove it, or end the line"))
            }
            _ => Ok(body),
        }
    });
    let body = read.map_err(|mistake| vec![mistake])?;
    named(names::check(&body), Some(body))
}

/// Reads a text that only defines functions, whose names are not looked at.
///
/// # Errors
///
/// The first mistake of the grammar.
pub fn functions(text: &str) -> Result<Vec<Function>, Mistake> {
    match Parser::new(text)?.program()? {
        Whole::Functions(functions) => Ok(functions),
        Whole::Expression(body) => Err(Mistake::new(body.range, "an expression behind functions")),
    }
}

fn named(mistakes: Vec<Mistake>, body: Option<Expression>) -> Result<Program, Vec<Mistake>> {
    if mistakes.iter().any(|mistake| !mistake.runs) {
        return Err(mistakes);
    }
    Ok(Program { body, doubts: mistakes })
}

fn bounded(text: &str) -> Result<(), Mistake> {
    if text.len() <= MAX_BYTES {
        return Ok(());
    }
    let message = format!("a program of {} bytes, at most {MAX_BYTES} are read", text.len());
    Err(Mistake::new(0..0, message).help("write a shorter program"))
}
