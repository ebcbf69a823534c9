//! A walk through the tokens of a statement.

use std::ops::Range;

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::{Places, TableName, Unread};

/// A place among tokens.
#[derive(Clone, Copy)]
pub struct Cursor<'t> {
    tokens: &'t [TokenWithSpan],
    places: &'t Places<'t>,
}

/// A word without quotes, in capitals.
pub fn word_of(token: &TokenWithSpan) -> Option<String> {
    match &token.token {
        Token::Word(word) if word.quote_style.is_none() => Some(word.value.to_uppercase()),
        _ => None,
    }
}

impl<'t> Cursor<'t> {
    pub fn new(tokens: &'t [TokenWithSpan], places: &'t Places<'t>) -> Self {
        Self { tokens, places }
    }

    /// What follows.
    pub fn rest(&self) -> &'t [TokenWithSpan] {
        self.tokens
    }

    /// The next word.
    pub fn word(&self) -> Option<String> {
        word_of(self.tokens.first()?)
    }

    /// Whether the next word is this one.
    pub fn is(&self, word: &str) -> bool {
        self.word().is_some_and(|next| next == word)
    }

    pub fn skip(&mut self) -> &mut Self {
        self.tokens = self.tokens.get(1..).unwrap_or_default();
        self
    }

    /// Skips a word if it is the next.
    pub fn take(&mut self, word: &str) -> bool {
        let is_next = self.is(word);
        if is_next {
            self.skip();
        }
        is_next
    }

    /// Skips words if they are the next.
    pub fn take_all(&mut self, words: &[&str]) -> bool {
        let mut ahead = *self;
        let are_next = words.iter().all(|word| ahead.take(word));
        if are_next {
            *self = ahead;
        }
        are_next
    }

    pub fn take_comma(&mut self) -> bool {
        let is_next = self.tokens.first().is_some_and(|one| one.token == Token::Comma);
        if is_next {
            self.skip();
        }
        is_next
    }

    /// A name without dots, in small letters, with its place.
    pub fn ident(&mut self) -> Option<(String, Range<usize>)> {
        let token = self.tokens.first()?;
        let Token::Word(word) = &token.token else { return None };
        self.skip();
        Some((word.value.to_lowercase(), self.places.range(token.span)))
    }

    /// A name with dots.
    pub fn name(&mut self) -> Option<TableName> {
        let mut parts = Vec::new();
        let mut range = None;
        loop {
            let token = self.tokens.first()?;
            let Token::Word(word) = &token.token else { return None };
            parts.push(word.value.clone());
            range = Some(self.places.range(token.span)).or(range);
            self.skip();
            if self.tokens.first().is_none_or(|next| next.token != Token::Period) {
                return range.map(|range| TableName { parts, range });
            }
            self.skip();
        }
    }

    /// What stands in brackets, if they open here.
    pub fn group(&mut self) -> Option<&'t [TokenWithSpan]> {
        if self.tokens.first()?.token != Token::LParen {
            return None;
        }
        let mut depth = 0_usize;
        for (at, one) in self.tokens.iter().enumerate() {
            match one.token {
                Token::LParen => depth += 1,
                Token::RParen if depth == 1 => {
                    let inside = &self.tokens[1..at];
                    self.tokens = &self.tokens[at + 1..];
                    return Some(inside);
                }
                Token::RParen => depth -= 1,
                _ => {}
            }
        }
        None
    }

    /// What comes before one of the stops, outside of brackets and of `CASE … END`; all if there is none.
    fn until(&mut self, is_stop: impl Fn(&TokenWithSpan) -> bool) -> &'t [TokenWithSpan] {
        let mut depth = 0_usize;
        let mut cases = 0_usize;
        let stop = self.tokens.iter().position(|one| {
            match &one.token {
                Token::LParen => depth += 1,
                Token::RParen => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 && cases == 0 && is_stop(one) {
                return true;
            }
            match word_of(one).as_deref() {
                Some("CASE") => cases += 1,
                Some("END") => cases = cases.saturating_sub(1),
                _ => {}
            }
            false
        });
        let (before, after) = self.tokens.split_at(stop.unwrap_or(self.tokens.len()));
        self.tokens = after;
        before
    }

    /// What comes before the next comma.
    pub fn until_comma(&mut self) -> &'t [TokenWithSpan] {
        self.until(|one| one.token == Token::Comma)
    }

    /// What comes before one of these words.
    pub fn until_word(&mut self, words: &[&str]) -> &'t [TokenWithSpan] {
        self.until(|one| word_of(one).is_some_and(|word| words.contains(&word.as_str())))
    }

    /// That what is here was not read.
    pub fn unread(&self, reason: &str) -> Unread {
        Unread { reason: reason.to_owned(), range: self.tokens.first().map(|one| self.places.range(one.span)) }
    }
}
