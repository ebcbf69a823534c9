//! The grammar of jq 1.6.
//!
//! Source: jq 1.6 manual, and the answers of jq 1.6 to several hundred programs, which are a table of the tests.

mod constant;
mod mistake;
mod object;
mod pattern;
mod term;

use std::ops::Range;

use self::constant::{constant, is_constant};
use super::Mistake;
use super::ast::{Expression, Function, Kind, Part, Pattern};
use super::lexer::{Lexer, Token};

/// How deep expressions may lie in each other; jq itself takes more, people write less.
const MAX_DEPTH: usize = 60;

/// How many expressions may lie in each other in the tree, those of long chains included.
const MAX_TREE: usize = 200;

/// What is said of what needs parentheses as the value of an entry.
pub const TERM: &str = "in jq 1.6 a value in `{}` is a term: put it in parentheses";

/// Operators from the loosest to the tightest; those of one line go together.
const LEVELS: &[(&[&str], Side)] = &[
    (&["|"], Side::Right),
    (&[","], Side::Left),
    (&["//"], Side::Right),
    (&["=", "|=", "+=", "-=", "*=", "/=", "%=", "//="], Side::None),
    (&["or"], Side::Left),
    (&["and"], Side::Left),
    (&["!=", "==", "<", ">", "<=", ">="], Side::None),
    (&["+", "-"], Side::Left),
    (&["*", "/", "%"], Side::Left),
];

/// The level of `+` and `-`, above which lies what `-` stands before.
const SUM: usize = 7;

/// The level above all operators.
const TIGHTEST: usize = LEVELS.len();

/// On which side operators of one level go together.
#[derive(Clone, Copy, PartialEq)]
enum Side {
    Left,
    Right,
    None,
}

/// A program, or the functions that it only defines.
pub enum Whole {
    /// What it does.
    Expression(Expression),
    /// Functions that nothing uses; the program gives its input.
    Functions(Vec<Function>),
}

pub struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    token: Token,
    range: Range<usize>,
    /// Where the word before this one ended.
    end: usize,
    depth: usize,
}

type Parsed<T> = Result<T, Mistake>;

impl<'a> Parser<'a> {
    pub fn new(text: &'a str) -> Parsed<Self> {
        let mut lexer = Lexer::new(text);
        let (token, range) = lexer.next()?;
        Ok(Self { text, lexer, token, range, end: 0, depth: 0 })
    }

    /// A whole program.
    pub fn program(&mut self) -> Parsed<Whole> {
        if self.is_word("module") {
            self.advance()?;
            let metadata = self.expression(0)?;
            if !is_constant(&metadata) {
                return Err(Mistake::new(metadata.range, "what a module says of itself is a constant")
                    .help("write an object without expressions"));
            }
            self.sign(";", "`module` ends with `;`")?;
        }
        if self.is_word("import") || self.is_word("include") {
            return Err(Mistake::new(self.range.clone(), "there are no modules here")
                .help("write the functions of the module into the program"));
        }
        let mut functions = Vec::new();
        while self.is_word("def") {
            functions.push((self.range.start, self.function()?));
        }
        if self.token == Token::End {
            return Ok(Whole::Functions(functions.into_iter().map(|(_, function)| function).collect()));
        }
        let mut body = self.expression(0)?;
        self.all_read()?;
        for (start, function) in functions.into_iter().rev() {
            let deepest = function.body.depth.max(body.depth);
            let range = start..body.range.end;
            body = Self::made(range, Kind::Definition(Box::new(function), Box::new(body)), deepest)?;
        }
        Ok(Whole::Expression(body))
    }

    /// An expression that parentheses will stand around.
    pub fn inside(&mut self) -> Parsed<Expression> {
        let whole = self.expression(0)?;
        self.all_read()?;
        Ok(whole)
    }

    fn all_read(&self) -> Parsed<()> {
        if self.token == Token::End { Ok(()) } else { Err(self.unexpected()) }
    }

    fn advance(&mut self) -> Parsed<Token> {
        self.end = self.range.end;
        let (token, range) = self.lexer.next()?;
        self.range = range;
        Ok(std::mem::replace(&mut self.token, token))
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.token, Token::Word(found) if found == word)
    }

    fn is_sign(&self, sign: &str) -> bool {
        matches!(self.token, Token::Sign(found) if found == sign)
    }

    fn takes(&mut self, sign: &str) -> Parsed<bool> {
        let is_next = self.is_sign(sign);
        if is_next {
            self.advance()?;
        }
        Ok(is_next)
    }

    fn sign(&mut self, sign: &str, help: &str) -> Parsed<()> {
        if self.takes(sign)? { Ok(()) } else { Err(self.wanted(&format!("`{sign}`"), help)) }
    }

    fn word(&mut self, word: &str, help: &str) -> Parsed<()> {
        if self.is_word(word) {
            self.advance()?;
            Ok(())
        } else {
            Err(self.wanted(&format!("`{word}`"), help))
        }
    }

    /// One step deeper, unless it is too deep.
    fn deeper(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err(Self::too_deep(self.range.clone())) } else { Ok(()) }
    }

    fn made(range: Range<usize>, kind: Kind, deepest: usize) -> Parsed<Expression> {
        if deepest >= MAX_TREE {
            return Err(Self::too_deep(range));
        }
        Ok(Expression { range, kind, depth: deepest + 1 })
    }

    fn level(&self) -> Option<(usize, &'static str)> {
        let (Token::Sign(name) | Token::Word(name)) = self.token else { return None };
        LEVELS.iter().position(|(names, _)| names.contains(&name)).map(|level| (level, name))
    }

    /// An expression whose operators are all of this level or tighter.
    fn expression(&mut self, least: usize) -> Parsed<Expression> {
        self.deeper()?;
        let mut left = self.prefix()?;
        while let Some((level, name)) = self.level().filter(|(level, _)| *level >= least) {
            self.advance()?;
            let (_, side) = LEVELS[level];
            // Chains of pipes are as long as they like, so they are no recursion.
            if name == "|" {
                let mut steps = vec![left, self.expression(level + 1)?];
                while self.takes("|")? {
                    steps.push(self.expression(level + 1)?);
                }
                left = self.pipe(steps)?;
                continue;
            }
            let right = self.expression(if side == Side::Right { level } else { level + 1 })?;
            if side == Side::None && self.level().is_some_and(|(next, _)| next == level) {
                return Err(self.unexpected());
            }
            let deepest = left.depth.max(right.depth);
            let range = left.range.start..right.range.end;
            let kind = match name {
                "," => Kind::Comma(Box::new(left), Box::new(right)),
                _ => Kind::Binary(name, Box::new(left), Box::new(right)),
            };
            left = Self::made(range, kind, deepest)?;
            if let Kind::Binary("/", dividend, divisor) = &left.kind
                && constant(dividend).is_some_and(|number| number != 0.0)
                && constant(divisor) == Some(0.0)
            {
                return Err(Mistake::new(left.range, "a division by zero").help("jq 1.6 refuses it"));
            }
        }
        self.depth -= 1;
        Ok(left)
    }

    fn pipe(&self, steps: Vec<Expression>) -> Parsed<Expression> {
        let mut steps = steps.into_iter().rev();
        let mut whole = steps.next().ok_or_else(|| self.unexpected())?;
        for step in steps {
            let deepest = step.depth.max(whole.depth);
            let range = step.range.start..whole.range.end;
            whole = Self::made(range, Kind::Pipe(Box::new(step), Box::new(whole)), deepest)?;
        }
        Ok(whole)
    }

    /// An expression without operators around it, with the `?` behind it.
    fn prefix(&mut self) -> Parsed<Expression> {
        let start = self.range.start;
        let mut found = match self.token {
            Token::Word("def") => {
                let function = self.function()?;
                let body = self.expression(0)?;
                let deepest = function.body.depth.max(body.depth);
                let range = start..body.range.end;
                return Self::made(range, Kind::Definition(Box::new(function), Box::new(body)), deepest);
            }
            Token::Word("label") => {
                self.advance()?;
                let name = self.variable("write `label $name | …`")?;
                self.sign("|", "write `label $name | …`")?;
                let body = self.expression(0)?;
                let (range, deepest) = (start..body.range.end, body.depth);
                return Self::made(range, Kind::Label(name, Box::new(body)), deepest);
            }
            Token::Sign("-") => {
                self.advance()?;
                let inner = self.expression(SUM + 1)?;
                let (range, deepest) = (start..inner.range.end, inner.depth);
                return Self::made(range, Kind::Negation(Box::new(inner)), deepest);
            }
            Token::Word("try") => {
                self.advance()?;
                let body = self.attempt()?;
                let handler = if self.is_word("catch") {
                    self.advance()?;
                    Some(Box::new(self.attempt()?))
                } else {
                    None
                };
                let deepest = handler.as_ref().map_or(0, |handler| handler.depth).max(body.depth);
                Self::made(start..self.end, Kind::Try(Box::new(body), handler), deepest)?
            }
            Token::Word("reduce" | "foreach") => self.fold()?,
            Token::Word("if") => self.condition()?,
            _ => {
                let term = self.term()?;
                if self.is_word("as") {
                    return self.binding(term);
                }
                term
            }
        };
        while self.takes("?")? {
            let deepest = found.depth;
            found = Self::made(start..self.end, Kind::Try(Box::new(found), None), deepest)?;
        }
        Ok(found)
    }

    /// What `try` and `catch` stand before: nothing that an operator follows, not even `?`.
    fn attempt(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let start = self.range.start;
        let found = match self.token {
            Token::Word("reduce" | "foreach") => self.fold()?,
            Token::Word("if") => self.condition()?,
            Token::Word("try" | "def" | "label") | Token::Sign("-") => self.expression(TIGHTEST)?,
            _ => {
                let term = self.term()?;
                if self.is_word("as") { self.binding(term)? } else { term }
            }
        };
        self.depth -= 1;
        debug_assert!(found.range.start == start);
        Ok(found)
    }

    fn binding(&mut self, source: Expression) -> Parsed<Expression> {
        let patterns = self.patterns()?;
        self.sign("|", "write `… as $name | …`")?;
        let body = self.expression(0)?;
        let deepest = source.depth.max(body.depth).max(deepest(&patterns));
        let range = source.range.start..body.range.end;
        Self::made(range, Kind::Binding(Box::new(source), patterns, Box::new(body)), deepest)
    }

    fn fold(&mut self) -> Parsed<Expression> {
        let start = self.range.start;
        let is_reduce = self.is_word("reduce");
        let help = if is_reduce {
            "write `reduce … as $name (start; step)`"
        } else {
            "write `foreach … as $name (start; step; result)`"
        };
        self.advance()?;
        let source = self.term()?;
        if !self.is_word("as") {
            return Err(self.wanted("`as`", help));
        }
        let patterns = self.patterns()?;
        self.sign("(", help)?;
        let first = self.expression(0)?;
        self.sign(";", help)?;
        let step = self.expression(0)?;
        let result = if !is_reduce && self.takes(";")? { Some(Box::new(self.expression(0)?)) } else { None };
        self.sign(")", help)?;
        let parts = [Some(&source), Some(&first), Some(&step), result.as_deref()];
        let deepest = parts.into_iter().flatten().map(|part| part.depth).max().unwrap_or(0).max(deepest(&patterns));
        let (source, first, step) = (Box::new(source), Box::new(first), Box::new(step));
        let kind = if is_reduce {
            Kind::Reduce(source, patterns, first, step)
        } else {
            Kind::Foreach(source, patterns, first, step, result)
        };
        Self::made(start..self.end, kind, deepest)
    }

    fn condition(&mut self) -> Parsed<Expression> {
        const HELP: &str = "write `if … then … else … end`";
        let mut branches = Vec::new();
        loop {
            let start = self.range.start;
            self.advance()?;
            let test = self.expression(0)?;
            self.word("then", HELP)?;
            branches.push((start, test, self.expression(0)?));
            if !self.is_word("elif") {
                break;
            }
        }
        if self.is_word("end") {
            return Err(Mistake::new(self.range.clone(), "an `if` without `else`")
                .help("write `else . end`: leaving it out needs jq 1.7"));
        }
        self.word("else", HELP)?;
        let mut otherwise = self.expression(0)?;
        self.word("end", HELP)?;
        for (start, test, then) in branches.into_iter().rev() {
            let deepest = test.depth.max(then.depth).max(otherwise.depth);
            let kind = Kind::If(Box::new(test), Box::new(then), Box::new(otherwise));
            otherwise = Self::made(start..self.end, kind, deepest)?;
        }
        Ok(otherwise)
    }

    fn function(&mut self) -> Parsed<Function> {
        const HELP: &str = "write `def name: …;` or `def name(a; $b): …;`";
        self.advance()?;
        let name = self.name(HELP)?;
        let mut parameters = Vec::new();
        if self.takes("(")? {
            loop {
                let is_value = self.takes("$")?;
                parameters.push((self.name(HELP)?, is_value));
                if !self.takes(";")? {
                    break;
                }
            }
            self.sign(")", HELP)?;
        }
        self.sign(":", HELP)?;
        let body = self.expression(0)?;
        self.sign(";", "a function ends with `;`")?;
        Ok(Function { name, parameters, body })
    }

    fn name(&mut self, help: &str) -> Parsed<String> {
        if let Token::Name(name) = &self.token {
            let name = name.clone();
            self.advance()?;
            return Ok(name);
        }
        Err(self.wanted("a name", help))
    }

    fn variable(&mut self, help: &str) -> Parsed<String> {
        self.sign("$", help)?;
        self.name(help)
    }

    fn text_of(range: Range<usize>, text: &str) -> Parsed<Expression> {
        Self::made(range, Kind::Text(None, vec![Part::Characters(text.to_owned())]), 0)
    }
}

fn deepest(patterns: &[Pattern]) -> usize {
    let mut keys = Vec::new();
    for pattern in patterns {
        pattern.expressions(&mut keys);
    }
    keys.iter().map(|key| key.depth).max().unwrap_or(0)
}
