//! Queries in SQL: what they read and what columns they give.
//!
//! The parser knows many dialects, but neither Athena's nor all of Redshift's. What it does not read is told as not
//! checked, never as wrong; the same holds for what follows from tables whose columns nobody says.

mod body;
mod change;
mod cursor;
mod expression;
mod resolve;
mod statement;
mod types;

use std::any::TypeId;
use std::ops::Range;

use sqlparser::ast::Statement;
use sqlparser::dialect::{Dialect, GenericDialect, RedshiftSqlDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

pub use statement::{Made, Statement as Change, Thing, plain_text, statements};
pub use types::{Mistake, Type};

/// Whose SQL it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// Amazon Athena: Trino.
    Athena,
    /// Amazon Redshift.
    Redshift,
}

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, in small letters.
    pub name: String,
    /// Its type.
    pub kind: Type,
}

/// A table as a query names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName {
    /// The parts of the name as they are written, without quotes: catalog, database, table.
    pub parts: Vec<String>,
    /// Where the last part is.
    pub range: Range<usize>,
}

/// What is known of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Its columns.
    Columns(Vec<Column>),
    /// Only that it may exist.
    Open,
    /// That it does not exist; the tables that were looked among.
    Missing(Vec<String>),
}

/// A column that a query gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    /// Its name in small letters, if it has one.
    pub name: Option<String>,
    /// Its type.
    pub kind: Type,
    /// Where it comes from.
    pub range: Range<usize>,
}

/// What is wrong in a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub range: Range<usize>,
    /// What.
    pub what: What,
}

/// What is wrong at a place of a query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// No table has this name, among these.
    Table(String, Vec<String>),
    /// Nothing that is read has a column of this name, among these.
    Column(String, Vec<String>),
    /// A row has no field of this name, among these.
    Field(String, Vec<String>),
    /// A list of names for so many columns has another number of them.
    Names {
        /// The names.
        given: usize,
        /// The columns.
        columns: usize,
    },
    /// Two queries that are put together give different numbers of columns.
    Sides(usize, usize),
}

/// A query that was read.
#[derive(Debug, Default)]
pub struct Query {
    /// The columns that it gives; `None` where they are not all known.
    pub output: Option<Vec<Output>>,
    /// The tables that it names, in their order.
    pub tables: Vec<TableName>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

impl Query {
    /// Remembers something wrong, once.
    fn report(&mut self, range: Range<usize>, what: What) {
        let problem = Problem { range, what };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }
}

/// Why a text was not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Why.
    pub reason: String,
    /// Where, as far as it is known.
    pub range: Option<Range<usize>>,
}

/// What no query may be longer than, so that reading it needs no more stack than there is: tokens.
const MAX_TOKENS: usize = 20_000;

/// How many joins may wait for their conditions: the parser nests them.
const MAX_OPEN_JOINS: usize = 12;

/// How deep brackets and queries may be inside of each other.
const MAX_DEPTH: usize = 18;

/// Stands for what is known only at deployment. Where a name has it, nothing is said about the name.
pub const HOLE: &str = "hole_";

/// The SQL of Athena: what the parser reads for any dialect, without what Trino does not have.
#[derive(Debug)]
struct Athena;

impl Dialect for Athena {
    // The parser looks some things up by the type of the dialect.
    fn dialect(&self) -> TypeId {
        TypeId::of::<GenericDialect>()
    }

    fn is_delimited_identifier_start(&self, first: char) -> bool {
        first == '"' || first == '`'
    }

    fn is_identifier_start(&self, first: char) -> bool {
        first.is_alphabetic() || first == '_'
    }

    fn is_identifier_part(&self, next: char) -> bool {
        next.is_alphanumeric() || next == '_'
    }

    fn supports_lambda_functions(&self) -> bool {
        true
    }

    fn supports_filter_during_aggregation(&self) -> bool {
        true
    }

    fn supports_group_by_expr(&self) -> bool {
        true
    }

    fn supports_match_recognize(&self) -> bool {
        true
    }

    fn supports_parens_around_table_factor(&self) -> bool {
        true
    }

    fn supports_window_function_null_treatment_arg(&self) -> bool {
        true
    }

    fn supports_window_clause_named_window_reference(&self) -> bool {
        true
    }

    fn supports_values_as_table_factor(&self) -> bool {
        true
    }

    fn supports_unicode_string_literal(&self) -> bool {
        true
    }
}

/// Reads a query. `tables` says what is known of the tables that it names.
pub fn read(text: &str, flavor: Flavor, tables: &dyn Fn(&TableName) -> Lookup) -> Result<Query, Unread> {
    let athena = Athena;
    let redshift = RedshiftSqlDialect {};
    let dialect: &dyn Dialect = match flavor {
        Flavor::Athena => &athena,
        Flavor::Redshift => &redshift,
    };
    let places = Places::new(text);
    let unread = |reason: &str| Unread { reason: reason.to_owned(), range: None };
    let tokens = Tokenizer::new(dialect, text)
        .tokenize_with_location()
        .map_err(|error| Unread { reason: error.message, range: Some(places.at(error.location)) })?;
    if tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))).count() > MAX_TOKENS {
        return Err(unread("the text is too long"));
    }
    if open_joins(&tokens) > MAX_OPEN_JOINS {
        return Err(unread("too many joins wait for their conditions"));
    }
    let mut parser = Parser::new(dialect).with_recursion_limit(MAX_DEPTH).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| self::unread(&parser, error, &places))?;
    let query = match (statements.pop(), statements.is_empty()) {
        (Some(Statement::Query(query)), true) => query,
        (Some(_), true) => return Err(unread("the statement is no query")),
        (Some(_), false) => return Err(unread("there are several statements")),
        (None, _) => return Err(unread("there is no statement")),
    };
    let mut found = Query::default();
    found.output = resolve::with(flavor, &places, tables, &mut found, |resolver| resolver.query(&query, None));
    Ok(found)
}

/// Why the parser stopped.
fn unread(parser: &Parser<'_>, error: ParserError, places: &Places<'_>) -> Unread {
    let reason = match error {
        ParserError::TokenizerError(message) | ParserError::ParserError(message) => {
            message.split(" at Line:").next().unwrap_or_default().to_owned()
        }
        ParserError::RecursionLimitExceeded => "the brackets are too deep".to_owned(),
    };
    Unread { reason, range: Some(places.at(parser.peek_token_ref().span.start)) }
}

/// How many joins wait for their conditions at most. A cross join has none; where a table should stand, `CROSS` is one.
fn open_joins(tokens: &[TokenWithSpan]) -> usize {
    let (mut open, mut most, mut is_cross, mut ends_table) = (0_usize, 0, false, false);
    for token in tokens.iter().filter(|token| !matches!(token.token, Token::Whitespace(_))) {
        let keyword = match &token.token {
            Token::Word(word) => Some(word.keyword),
            _ => None,
        };
        match keyword {
            Some(Keyword::JOIN) if !is_cross => open += 1,
            Some(Keyword::ON | Keyword::USING) => open = open.saturating_sub(1),
            _ => {}
        }
        most = most.max(open);
        is_cross = ends_table && keyword == Some(Keyword::CROSS);
        ends_table = match keyword {
            Some(keyword) => !matches!(keyword, Keyword::JOIN | Keyword::FROM),
            None => token.token == Token::RParen,
        };
    }
    most
}

/// Where the lines of a text start.
struct Places<'a> {
    text: &'a str,
    /// Where the text starts in a longer one.
    base: usize,
    lines: Vec<usize>,
}

impl<'a> Places<'a> {
    fn new(text: &'a str) -> Self {
        Self::inside(text, 0)
    }

    /// Those of a text that starts there in a longer one.
    fn inside(text: &'a str, base: usize) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Self { text, base, lines: std::iter::once(0).chain(ends).collect() }
    }

    /// The offset of a place that the parser gives: lines and columns from 1, columns in characters.
    fn offset(&self, location: Location) -> Option<usize> {
        let line = usize::try_from(location.line).ok()?.checked_sub(1)?;
        let column = usize::try_from(location.column).ok()?.checked_sub(1)?;
        let start = *self.lines.get(line)?;
        let rest = &self.text[start..];
        Some(start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at))
    }

    /// The word or the character at a place.
    fn at(&self, location: Location) -> Range<usize> {
        let start = self.offset(location).unwrap_or(self.text.len());
        let rest = &self.text[start..];
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
        self.base + start..self.base + start + length
    }

    /// What is between two places; the end is that of the last character.
    fn range(&self, span: sqlparser::tokenizer::Span) -> Range<usize> {
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) if start < end => self.base + start..self.base + end,
            (Some(_), _) => self.at(span.start),
            (None, _) => self.base..self.base + self.text.len(),
        }
    }
}
