//! Values, and what is taken of them.

use super::{Parsed, Parser};
use crate::template::jq::Mistake;
use crate::template::jq::ast::{Expression, Kind, Part};
use crate::template::jq::lexer::{Piece, Token};

impl Parser<'_> {
    /// A value with the fields, items and slices that are taken of it.
    pub(super) fn term(&mut self) -> Parsed<Expression> {
        let start = self.range.start;
        let mut found = self.term_start()?;
        loop {
            let kind = match &self.token {
                Token::Field(name) => {
                    let name = name.clone();
                    let range = self.range.start + 1..self.range.end;
                    self.advance()?;
                    Kind::Index(Box::new(found), Box::new(Self::text_of(range, &name)?))
                }
                Token::Sign(".") => {
                    self.advance()?;
                    let key = self.quoted()?;
                    Kind::Index(Box::new(found), Box::new(key))
                }
                Token::Sign("[") => self.brackets(found)?,
                _ => return Ok(found),
            };
            found = self.suffixed(start, kind)?;
        }
    }

    /// A field, an item or a slice, with one `?` behind it.
    pub(super) fn suffixed(&mut self, start: usize, kind: Kind) -> Parsed<Expression> {
        let inner = match &kind {
            Kind::Index(of, key) => of.depth.max(key.depth),
            Kind::Slice(of, from, to) => {
                let of_end = |end: &Option<Box<Expression>>| end.as_ref().map_or(0, |end| end.depth);
                of.depth.max(of_end(from)).max(of_end(to))
            }
            Kind::Each(of) => of.depth,
            _ => 0,
        };
        let found = Self::made(start..self.end, kind, inner)?;
        if !self.takes("?")? {
            return Ok(found);
        }
        let deepest = found.depth;
        Self::made(start..self.end, Kind::Optional(Box::new(found)), deepest)
    }

    /// The text behind a dot.
    pub(super) fn quoted(&mut self) -> Parsed<Expression> {
        if !matches!(self.token, Token::Quote | Token::Format(_)) {
            return Err(self.after_dot());
        }
        let text = self.term_start()?;
        if matches!(text.kind, Kind::Format(_)) {
            return Err(self.wanted("a text", "write the text behind the format"));
        }
        Ok(text)
    }

    pub(super) fn after_dot(&self) -> Mistake {
        match &self.token {
            Token::Name(name) => self.wanted("a text", &format!("write `.{name}` without blanks")),
            Token::Sign("[") => Mistake::new(self.range.clone(), "`[` behind a dot")
                .help("leave out the dot before `[`: it needs jq 1.7"),
            _ => self.wanted("a field", "write `.name` or `.\"name\"`"),
        }
    }

    pub(super) fn brackets(&mut self, of: Expression) -> Parsed<Kind> {
        const HELP: &str = "write `.[]`, `.[item]` or `.[first:end]`";
        self.advance()?;
        let of = Box::new(of);
        if self.takes("]")? {
            return Ok(Kind::Each(of));
        }
        if self.takes(":")? {
            let to = self.expression(0)?;
            self.sign("]", HELP)?;
            return Ok(Kind::Slice(of, None, Some(Box::new(to))));
        }
        let first = Box::new(self.expression(0)?);
        if self.takes("]")? {
            return Ok(Kind::Index(of, first));
        }
        if !self.takes(":")? {
            return Err(self.wanted("`]`", HELP));
        }
        let to = if self.is_sign("]") { None } else { Some(Box::new(self.expression(0)?)) };
        self.sign("]", HELP)?;
        Ok(Kind::Slice(of, Some(first), to))
    }

    pub(super) fn term_start(&mut self) -> Parsed<Expression> {
        self.deeper()?;
        let found = self.one_term()?;
        self.depth -= 1;
        Ok(found)
    }

    fn one_term(&mut self) -> Parsed<Expression> {
        let start = self.range.start;
        let token = self.token.clone();
        let (kind, deepest) = match token {
            Token::Number(number) => {
                self.advance()?;
                (Kind::Number(number), 0)
            }
            Token::Field(name) => {
                let range = start + 1..self.range.end;
                self.advance()?;
                let identity = Self::made(start..start + 1, Kind::Identity, 0)?;
                let kind = Kind::Index(Box::new(identity), Box::new(Self::text_of(range, &name)?));
                return self.suffixed(start, kind);
            }
            Token::Quote => return self.text(start, None),
            Token::Format(name) => {
                self.advance()?;
                if self.token == Token::Quote {
                    return self.text(start, Some(name));
                }
                (Kind::Format(name), 0)
            }
            Token::Name(name) => {
                self.advance()?;
                let mut arguments = Vec::new();
                if self.takes("(")? {
                    loop {
                        arguments.push(self.expression(0)?);
                        if !self.takes(";")? {
                            break;
                        }
                    }
                    self.sign(")", "write `;` between arguments, and `)` at the end")?;
                }
                let deepest = arguments.iter().map(|argument| argument.depth).max().unwrap_or(0);
                (Kind::Call(name, arguments), deepest)
            }
            Token::Word("break") => {
                self.advance()?;
                (Kind::Break(self.variable("write `break $name`")?), 0)
            }
            Token::Sign(".") => {
                self.advance()?;
                if matches!(self.token, Token::Quote | Token::Format(_)) {
                    let identity = Self::made(start..start + 1, Kind::Identity, 0)?;
                    let key = self.quoted()?;
                    return self.suffixed(start, Kind::Index(Box::new(identity), Box::new(key)));
                }
                if matches!(self.token, Token::Name(_)) {
                    return Err(self.after_dot());
                }
                (Kind::Identity, 0)
            }
            Token::Sign("..") => {
                self.advance()?;
                (Kind::Everything, 0)
            }
            Token::Sign("$") => {
                self.advance()?;
                if self.is_word("__loc__") {
                    let line = self.text[..self.range.start].matches('\n').count() + 1;
                    self.advance()?;
                    (Kind::Location(line), 0)
                } else if matches!(self.token, Token::Field(_) | Token::Sign("." | "[")) {
                    return Err(self.wanted("the name of a variable", "write `.` for the input"));
                } else {
                    (Kind::Variable(self.name("write `$name`")?), 0)
                }
            }
            Token::Sign("(") => {
                self.advance()?;
                let mut inner = self.expression(0)?;
                self.sign(")", "close the parenthesis")?;
                inner.range = start..self.end;
                return Ok(inner);
            }
            Token::Sign("[") => {
                self.advance()?;
                if self.takes("]")? {
                    (Kind::Array(None), 0)
                } else {
                    let inner = self.expression(0)?;
                    self.sign("]", "close the bracket")?;
                    let deepest = inner.depth;
                    (Kind::Array(Some(Box::new(inner))), deepest)
                }
            }
            Token::Sign("{") => {
                let kind = self.object()?;
                let Kind::Object(entries) = &kind else { return Err(self.unexpected()) };
                let deepest = entries.iter().map(|entry| entry.key.depth.max(entry.value.depth)).max().unwrap_or(0);
                (kind, deepest)
            }
            _ => return Err(self.unexpected()),
        };
        Self::made(start..self.end, kind, deepest)
    }

    /// A text, at whose opening quote the lexer stands.
    pub(super) fn text(&mut self, start: usize, format: Option<String>) -> Parsed<Expression> {
        let mut parts: Vec<Part> = Vec::new();
        let mut deepest = 0;
        loop {
            match self.lexer.piece()? {
                Piece::End => break,
                Piece::Characters(more) => match parts.last_mut() {
                    Some(Part::Characters(text)) => text.push_str(&more),
                    _ => parts.push(Part::Characters(more)),
                },
                Piece::Expression => {
                    self.range = self.lexer.position()..self.lexer.position();
                    self.advance()?;
                    let inner = self.expression(0)?;
                    if !self.is_sign(")") {
                        return Err(self.wanted("`)`", "close the expression in the text"));
                    }
                    deepest = deepest.max(inner.depth);
                    parts.push(Part::Expression(inner));
                }
            }
        }
        self.range = start..self.lexer.position();
        self.advance()?;
        Self::made(start..self.end, Kind::Text(format, parts), deepest)
    }
}
