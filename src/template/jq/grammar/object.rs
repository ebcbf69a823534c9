//! Objects that a program makes.

use super::constant::{is_constant, is_text};
use super::{Parsed, Parser, TERM};
use crate::template::jq::Mistake;
use crate::template::jq::ast::{Entry, Expression, Kind};
use crate::template::jq::lexer::Token;

impl Parser<'_> {
    /// A key of an object that is a name, a reserved word, a text or an expression in parentheses.
    pub(super) fn key(&mut self) -> Parsed<Option<Expression>> {
        let range = self.range.clone();
        match &self.token {
            Token::Name(name) => {
                let name = name.clone();
                self.advance()?;
                Self::text_of(range, &name).map(Some)
            }
            Token::Word(word) => {
                let word = *word;
                self.advance()?;
                Self::text_of(range, word).map(Some)
            }
            Token::Quote | Token::Format(_) => {
                let text = self.term_start()?;
                if matches!(text.kind, Kind::Format(_)) {
                    return Err(self.wanted("a text", "write the text behind the format, or a name"));
                }
                Ok(Some(text))
            }
            Token::Sign("(") => {
                self.advance()?;
                let inner = self.expression(0)?;
                self.sign(")", "the key is the expression in parentheses")?;
                if is_constant(&inner) && !is_text(&inner) {
                    return Err(Mistake::new(range.start..self.end, "a key that is not a text")
                        .help("keys of objects are texts"));
                }
                Ok(Some(inner))
            }
            _ => Ok(None),
        }
    }

    pub(super) fn object(&mut self) -> Parsed<Kind> {
        const HELP: &str = "write `{name: .field}`";
        self.advance()?;
        let mut entries = Vec::new();
        while !self.is_sign("}") {
            entries.push(self.entry(HELP)?);
            if !self.takes(",")? {
                break;
            }
        }
        if !self.is_sign("}") {
            let goes_on = matches!(self.token, Token::Sign(sign) if !matches!(sign, ";" | ":" | ")" | "]"))
                || matches!(self.token, Token::Word("and" | "or" | "as" | "catch"));
            if goes_on && !entries.is_empty() {
                return Err(
                    Mistake::new(self.range.clone(), format!("{} in a value of an object", self.here())).help(TERM)
                );
            }
            return Err(self.wanted("`,` or `}`", HELP));
        }
        self.advance()?;
        Ok(Kind::Object(entries))
    }

    pub(super) fn entry(&mut self, help: &str) -> Parsed<Entry> {
        let start = self.range.start;
        if self.is_sign("$") {
            let name = self.variable("write `{$name}` or `{name: $name}`")?;
            let range = start..self.end;
            let value = Self::made(range.clone(), Kind::Variable(name.clone()), 0)?;
            return Ok(Entry { key: Self::text_of(range, &name)?, value });
        }
        let is_short = matches!(self.token, Token::Name(_) | Token::Quote | Token::Format(_));
        let Some(key) = self.key()? else {
            let help = match &self.token {
                Token::Field(name) => format!("write `{name}` without the dot"),
                Token::Number(_) => "write the number in double quotes".to_owned(),
                _ => help.to_owned(),
            };
            return Err(self.wanted("a key", &help));
        };
        if self.takes(":")? {
            return Ok(Entry { key, value: self.entry_value()? });
        }
        if !is_short {
            return Err(self.wanted("`:`", help));
        }
        if self.is_sign("-") || self.is_sign(".") {
            return Err(self.wanted("`:`", "write a key with other characters in double quotes"));
        }
        // `{a}` is short for `{a: .a}`.
        let (range, deepest) = (key.range.clone(), key.depth);
        let identity = Self::made(range.clone(), Kind::Identity, 0)?;
        let value = Self::made(range, Kind::Index(Box::new(identity), Box::new(key.clone())), deepest)?;
        Ok(Entry { key, value })
    }

    /// The value of an entry: terms with `|` between them.
    pub(super) fn entry_value(&mut self) -> Parsed<Expression> {
        let mut steps = vec![self.entry_term()?];
        while self.takes("|")? {
            steps.push(self.entry_term()?);
        }
        self.pipe(steps)
    }

    pub(super) fn entry_term(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let start = self.range.start;
        if let Token::Word(word @ ("if" | "reduce" | "foreach" | "try" | "def" | "label")) = self.token {
            return Err(Mistake::new(self.range.clone(), format!("`{word}` in a value of an object")).help(TERM));
        }
        let found = if self.takes("-")? {
            let inner = self.entry_term()?;
            let deepest = inner.depth;
            Self::made(start..self.end, Kind::Negation(Box::new(inner)), deepest)?
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(found)
    }
}
