//! `when:`: whether a component or an output exists, decided by parameters.

use std::fmt;

use super::text::{Part, Text};
use crate::diagnostics::Sink;
use crate::source::Span;

codes! {
    /// The expression after `when` cannot be understood.
    ///
    /// It compares parameters with texts: `${Stage} == prod`, `${Stage} != dev`, and combines comparisons by `and`, `or`,
    /// `not` and parentheses. A parameter alone is true when its value is `true`.
    ///
    /// ```yaml
    /// parameters:
    ///   Stage: { type: string, default: dev, description: The stage. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     when: ${Stage} = prod
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Stage: { type: string, default: dev, description: The stage. }
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///     when: ${Stage} == prod
    /// ```
    WHEN = Error "invalid-condition";
}

/// An expression of `when`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Known when formwork runs.
    Always(bool),
    /// Two operands are equal.
    Equals(Operand, Operand),
    /// It is not so.
    Not(Box<Condition>),
    /// All of them, at least two.
    All(Vec<Condition>),
    /// Any of them, at least two.
    Any(Vec<Condition>),
}

/// What is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A text.
    Text(String),
    /// What is between `${` and `}`, and where.
    Reference(String, Span),
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => write!(f, "{text:?}"),
            Self::Reference(name, _) => write!(f, "${{{name}}}"),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Operand(Operand),
    Equal,
    Unequal,
    And,
    Or,
    Not,
    Open,
    Close,
}

/// Parses the text after `when`. What is wrong is reported, and `None` given.
pub fn parse(text: &Text, sink: &mut Sink) -> Option<Condition> {
    let parsed = tokens(text).and_then(|tokens| {
        let mut parser = Parser { tokens: &tokens };
        let condition = parser.any()?;
        match parser.tokens.first() {
            None => Ok(condition),
            Some(_) => Err("something is left after the end of the condition".to_owned()),
        }
    });
    match parsed {
        Ok(condition) => Some(condition),
        Err(problem) => {
            sink.report(&WHEN, text.span, problem)
                .help("write for example `${Stage} == prod`, or `${Create}` for a parameter that is `true` or `false`");
            None
        }
    }
}

fn tokens(text: &Text) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    for part in &text.parts {
        match part {
            Part::Reference(name, span) => tokens.push(Token::Operand(Operand::Reference(name.clone(), *span))),
            Part::Literal(literal) => literal_tokens(literal, &mut tokens)?,
        }
    }
    Ok(tokens)
}

fn literal_tokens(mut rest: &str, tokens: &mut Vec<Token>) -> Result<(), String> {
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return Ok(()) };
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '=' if rest.starts_with("==") => (Token::Equal, 2),
            '!' if rest.starts_with("!=") => (Token::Unequal, 2),
            '"' | '\'' => {
                let inner = rest[1..].find(first).ok_or("a quote is not closed")?;
                (Token::Operand(Operand::Text(rest[1..=inner].to_owned())), inner + 2)
            }
            _ => {
                let end = rest.find(|c: char| !(c.is_alphanumeric() || "_-.:/".contains(c))).unwrap_or(rest.len());
                if end == 0 {
                    return Err(format!("`{first}` has no meaning in a condition"));
                }
                let token = match &rest[..end] {
                    "and" => Token::And,
                    "or" => Token::Or,
                    "not" => Token::Not,
                    word => Token::Operand(Operand::Text(word.to_owned())),
                };
                (token, end)
            }
        };
        tokens.push(token);
        rest = &rest[length..];
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
}

impl Parser<'_> {
    fn take(&mut self, token: &Token) -> bool {
        match self.tokens.split_first() {
            Some((first, rest)) if first == token => {
                self.tokens = rest;
                true
            }
            _ => false,
        }
    }

    fn any(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.all()?];
        while self.take(&Token::Or) {
            all.push(self.all()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::Any(all) })
    }

    fn all(&mut self) -> Result<Condition, String> {
        let mut all = vec![self.one()?];
        while self.take(&Token::And) {
            all.push(self.one()?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::All(all) })
    }

    fn one(&mut self) -> Result<Condition, String> {
        // Conditions of people are short; a chain of thousands would only exhaust the stack.
        if self.tokens.len() > 1000 {
            return Err("this condition is too long".to_owned());
        }
        if self.take(&Token::Not) {
            return Ok(Condition::Not(Box::new(self.one()?)));
        }
        if self.take(&Token::Open) {
            let inner = self.any()?;
            return if self.take(&Token::Close) { Ok(inner) } else { Err("a `(` is not closed".to_owned()) };
        }
        let left = self.operand()?;
        if self.take(&Token::Equal) {
            return Ok(Condition::Equals(left, self.operand()?));
        }
        if self.take(&Token::Unequal) {
            return Ok(Condition::Not(Box::new(Condition::Equals(left, self.operand()?))));
        }
        match left {
            Operand::Text(text) if text == "true" || text == "false" => Ok(Condition::Always(text == "true")),
            Operand::Text(text) => Err(format!("`{text}` is neither a parameter nor a comparison")),
            reference @ Operand::Reference(..) => Ok(Condition::Equals(reference, Operand::Text("true".to_owned()))),
        }
    }

    fn operand(&mut self) -> Result<Operand, String> {
        match self.tokens.split_first() {
            Some((Token::Operand(operand), rest)) => {
                self.tokens = rest;
                Ok(operand.clone())
            }
            _ => Err("a parameter or a text is missing".to_owned()),
        }
    }
}

impl Condition {
    /// The same with what `known` says about references, as far as possible decided.
    #[must_use]
    pub fn simplify(self, known: &dyn Fn(&str) -> Option<String>) -> Self {
        let operand = |operand: Operand| match &operand {
            Operand::Reference(name, _) => known(name).map_or(operand, Operand::Text),
            Operand::Text(_) => operand,
        };
        match self {
            Self::Always(value) => Self::Always(value),
            Self::Equals(left, right) => match (operand(left), operand(right)) {
                (Operand::Text(left), Operand::Text(right)) => Self::Always(left == right),
                (left, right) => Self::Equals(left, right),
            },
            Self::Not(inner) => match inner.simplify(known) {
                Self::Always(value) => Self::Always(!value),
                Self::Not(inner) => *inner,
                inner => Self::Not(Box::new(inner)),
            },
            Self::All(parts) => Self::join(parts, known, false),
            Self::Any(parts) => Self::join(parts, known, true),
        }
    }

    /// `decisive` is the value of a part that decides the whole: true for "any", false for "all".
    fn join(parts: Vec<Self>, known: &dyn Fn(&str) -> Option<String>, decisive: bool) -> Self {
        let mut rest = Vec::new();
        for part in parts {
            match part.simplify(known) {
                Self::Always(value) if value == decisive => return Self::Always(decisive),
                Self::Always(_) => {}
                part => rest.push(part),
            }
        }
        match rest.len() {
            0 => Self::Always(!decisive),
            1 => rest.remove(0),
            _ if decisive => Self::Any(rest),
            _ => Self::All(rest),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(parts: Vec<Part>) -> Option<Condition> {
        parse(&Text { span: Span::START, parts }, &mut Sink::default())
    }

    fn reference(name: &str) -> Part {
        Part::Reference(name.to_owned(), Span::START)
    }

    fn literal(text: &str) -> Part {
        Part::Literal(text.to_owned())
    }

    #[test]
    fn a_parameter_alone_is_compared_with_true() {
        let expected =
            Condition::Equals(Operand::Reference("Create".to_owned(), Span::START), Operand::Text("true".to_owned()));
        assert_eq!(parsed(vec![reference("Create")]), Some(expected));
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let condition =
            parsed(vec![reference("A"), literal(" or "), reference("B"), literal(" and not "), reference("C")]);
        assert!(matches!(condition, Some(Condition::Any(parts)) if matches!(parts[1], Condition::All(_))));
    }

    #[test]
    fn what_is_known_is_decided() {
        let condition = parsed(vec![reference("Stage"), literal(" == prod and "), reference("Create")]).unwrap();
        let known = |name: &str| (name == "Stage").then(|| "dev".to_owned());
        assert_eq!(condition.simplify(&known), Condition::Always(false));
    }

    #[test]
    fn half_a_comparison_is_refused() {
        assert_eq!(parsed(vec![reference("Stage"), literal(" == ")]), None);
        assert_eq!(parsed(vec![literal("(true")]), None);
        assert_eq!(parsed(vec![literal("prod")]), None);
    }
}
