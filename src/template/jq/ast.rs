//! A jq program as a tree.

use std::ops::Range;

/// An expression with its place in the program, in bytes.
#[derive(Clone, Debug)]
pub struct Expression {
    /// From its first to behind its last byte.
    pub range: Range<usize>,
    /// What it is.
    pub kind: Kind,
    /// How many expressions lie in each other here, at most.
    pub(super) depth: usize,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `.`
    Identity,
    /// `..`
    Everything,
    /// A number.
    Number(f64),
    /// A text, with the format of what is put into it.
    Text(Option<String>, Vec<Part>),
    /// `@name`
    Format(String),
    /// `[…]`
    Array(Option<Box<Expression>>),
    /// `{…}`
    Object(Vec<Entry>),
    /// `.a`, `."a"` and `.[a]`
    Index(Box<Expression>, Box<Expression>),
    /// `.[a:b]`
    Slice(Box<Expression>, Option<Box<Expression>>, Option<Box<Expression>>),
    /// `.[]`
    Each(Box<Expression>),
    /// `-a`
    Negation(Box<Expression>),
    /// `a + b` and all that is written between two expressions, but for `|` and `,`.
    Binary(&'static str, Box<Expression>, Box<Expression>),
    /// `a | b`
    Pipe(Box<Expression>, Box<Expression>),
    /// `a, b`
    Comma(Box<Expression>, Box<Expression>),
    /// `a as $b | c`; several patterns are tried one after the other.
    Binding(Box<Expression>, Vec<Pattern>, Box<Expression>),
    /// `reduce a as $b (c; d)`
    Reduce(Box<Expression>, Vec<Pattern>, Box<Expression>, Box<Expression>),
    /// `foreach a as $b (c; d; e)`
    Foreach(Box<Expression>, Vec<Pattern>, Box<Expression>, Box<Expression>, Option<Box<Expression>>),
    /// `if a then b else c end`
    If(Box<Expression>, Box<Expression>, Box<Expression>),
    /// `.a?`, `.[]?` and their like: an error of the last step is no result, and nothing else is caught.
    Optional(Box<Expression>),
    /// `try a catch b`, and `a?` behind anything else.
    Try(Box<Expression>, Option<Box<Expression>>),
    /// `label $a | b`
    Label(String, Box<Expression>),
    /// `break $a`
    Break(String),
    /// `def a: b; c`
    Definition(Box<Function>, Box<Expression>),
    /// A function with its arguments.
    Call(String, Vec<Expression>),
    /// `$a`
    Variable(String),
    /// `$__loc__`, with its line.
    Location(usize),
}

/// A part of a text.
#[derive(Clone, Debug)]
pub enum Part {
    /// Characters.
    Characters(String),
    /// `\(…)`
    Expression(Expression),
}

/// An entry of an object.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What gives its key; a text for a name.
    pub key: Expression,
    /// What gives its value. The place of what is not written is that of the key.
    pub value: Expression,
}

/// What values are taken apart by.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// `$a`
    Variable(String),
    /// `[a, b]`
    Array(Vec<Pattern>),
    /// `{a: b}`: a variable for the value, what gives the key, and what takes the value apart.
    Object(Vec<(Option<String>, Expression, Option<Pattern>)>),
}

/// A function that a program defines.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: String,
    /// The names of its parameters, and whether each is a value (`$a`).
    pub parameters: Vec<(String, bool)>,
    /// What it does.
    pub body: Expression,
}

impl Pattern {
    /// The names of the variables that it binds, in their order.
    pub fn variables<'a>(&'a self, found: &mut Vec<&'a str>) {
        match self {
            Self::Variable(name) => found.push(name),
            Self::Array(items) => items.iter().for_each(|item| item.variables(found)),
            Self::Object(entries) => {
                for (name, _, inner) in entries {
                    found.extend(name.as_deref());
                    if let Some(inner) = inner {
                        inner.variables(found);
                    }
                }
            }
        }
    }

    /// The expressions in it.
    pub fn expressions<'a>(&'a self, found: &mut Vec<&'a Expression>) {
        match self {
            Self::Variable(_) => {}
            Self::Array(items) => items.iter().for_each(|item| item.expressions(found)),
            Self::Object(entries) => {
                for (_, key, inner) in entries {
                    found.push(key);
                    if let Some(inner) = inner {
                        inner.expressions(found);
                    }
                }
            }
        }
    }
}

impl Expression {
    /// The text that it always gives, if it is one without `\(…)`.
    pub fn constant(&self) -> Option<String> {
        let Kind::Text(None, parts) = &self.kind else { return None };
        let mut text = String::new();
        for part in parts {
            match part {
                Part::Characters(characters) => text.push_str(characters),
                Part::Expression(_) => return None,
            }
        }
        Some(text)
    }
}
