//! Files of SQL, statement by statement.
//!
//! `${ }` gives values only inside of quotes, where they can be quoted: `'…'` is a text, `"…"` a name. Comments are left
//! out.

use super::{Sql, Step};
use crate::blueprint::text::{Part, Text};
use crate::diagnostics::Sink;
use crate::kinds::Scope;
use crate::source::{Origin, Span};
use crate::template::Value;

codes! {
    /// `${ }` in SQL stands outside of quotes, so that its value would be taken for SQL.
    ///
    /// In `'…'` it is a text and in `"…"` a name, and both are quoted when the SQL is run, whatever is in them. A number
    /// is a text that is cast: `'${Days}'::int`. Nothing is quoted in the body of a procedure between `$$`: there it can
    /// be given as an argument.
    ///
    /// ```yaml
    /// parameters:
    ///   Role: { type: string, description: A role in the database. }
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   analysts:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       role:
    ///         create: CREATE ROLE ${Role}
    ///         undo: DROP ROLE ${Role}
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// parameters:
    ///   Role: { type: string, description: A role in the database. }
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   analysts:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       role:
    ///         create: CREATE ROLE "${Role}"
    ///         undo: DROP ROLE "${Role}"
    /// ```
    PASTED = Error "reference-outside-quotes";

    /// A quote, a comment or a body of a procedure in SQL does not end.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   remarks:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       remark:
    ///         create: COMMENT ON SCHEMA public IS 'shared
    ///         undo: COMMENT ON SCHEMA public IS NULL
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   remarks:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       remark:
    ///         create: COMMENT ON SCHEMA public IS 'shared'
    ///         undo: COMMENT ON SCHEMA public IS NULL
    /// ```
    UNCLOSED = Error "unclosed-sql";

    /// There is no statement where SQL is needed, or there are more than one transaction takes.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   remarks:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       remark:
    ///         create: "-- later"
    ///         undo: keep
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   warehouse: { kind: redshift-serverless, network: network }
    ///   remarks:
    ///     kind: redshift-sql
    ///     in: warehouse
    ///     statements:
    ///       remark:
    ///         create: COMMENT ON SCHEMA public IS 'shared'
    ///         undo: keep
    /// ```
    ///
    /// Source: Redshift Data API, `BatchExecuteStatement`: 40 statements.
    COUNT = Error "statement-count";
}

/// Source: Redshift Data API, `BatchExecuteStatement`.
const MOST_TOGETHER: usize = 40;

/// What begins a statement that may not be in a transaction with others.
///
/// Source: Redshift Database Developer Guide, "CREATE DATABASE", "DROP DATABASE", "CREATE EXTERNAL TABLE", "ALTER TABLE
/// APPEND", "VACUUM", "CREATE LIBRARY", "DROP LIBRARY", and "CALL": a procedure may end the transaction.
const ALONE: &[&str] = &[
    "ALTER DATASHARE",
    "CALL",
    "CREATE DATABASE",
    "CREATE EXTERNAL",
    "CREATE LIBRARY",
    "CREATE MATERIALIZED VIEW",
    "DROP DATABASE",
    "DROP LIBRARY",
    "REFRESH MATERIALIZED VIEW",
    "VACUUM",
];

/// A statement of a script.
#[derive(Clone, Debug)]
pub struct Statement {
    /// Its text, with `${ }` as the function takes it.
    pub sql: Sql,
    /// What it begins with, in capitals, one space between words.
    head: String,
}

impl Statement {
    fn runs_alone(&self) -> bool {
        ALONE.iter().any(|words| self.head.starts_with(words))
            || (self.head.starts_with("ALTER TABLE") && self.head.contains(" APPEND "))
    }
}

/// Words of the head of a statement that are looked at.
const HEAD_WORDS: usize = 6;

/// A character of SQL, or a reference in it.
#[derive(Clone, Copy)]
enum Piece<'a> {
    Char(char),
    Reference(&'a str, Span),
}

/// Reads the statements of a text.
pub fn read(text: &Text, scope: &Scope) -> Vec<Statement> {
    let mut reader = Reader { pieces: pieces(text), at: 0, scope, span: text.span, statements: Vec::new() };
    reader.read();
    reader.statements
}

fn pieces(text: &Text) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    for part in &text.parts {
        match part {
            Part::Literal(literal) => pieces.extend(literal.chars().map(Piece::Char)),
            Part::Reference(path, span) => pieces.push(Piece::Reference(path, *span)),
        }
    }
    pieces
}

struct Reader<'a> {
    pieces: Vec<Piece<'a>>,
    at: usize,
    scope: &'a Scope,
    span: Span,
    statements: Vec<Statement>,
}

impl Reader<'_> {
    fn char(&self, ahead: usize) -> Option<char> {
        match self.pieces.get(self.at + ahead)? {
            Piece::Char(char) => Some(*char),
            Piece::Reference(..) => None,
        }
    }

    fn sink(&self) -> std::cell::RefMut<'_, Sink> {
        self.scope.sink()
    }

    fn read(&mut self) {
        let mut sql = Sql::default();
        let mut head = String::new();
        while let Some(&piece) = self.pieces.get(self.at) {
            let char = match piece {
                Piece::Reference(path, span) => {
                    self.sink()
                        .report(&PASTED, span, format!("`${{{path}}}` stands outside of quotes"))
                        .help("write it in `'…'` as a text, or in `\"…\"` as a name");
                    self.at += 1;
                    continue;
                }
                Piece::Char(char) => char,
            };
            match char {
                ';' => {
                    self.at += 1;
                    self.end(&mut sql, &mut head);
                }
                '\'' | '"' => sql = self.quoted(sql, char),
                '-' if self.char(1) == Some('-') => {
                    self.skip_until(&['\n'], false);
                }
                '/' if self.char(1) == Some('*') => self.skip_comment(),
                '$' => {
                    let body = self.body();
                    sql = sql.text(&body);
                }
                char => {
                    sql = sql.text(char.encode_utf8(&mut [0; 4]));
                    if head.split(' ').count() <= HEAD_WORDS {
                        if !char.is_whitespace() {
                            head.push(char.to_ascii_uppercase());
                        } else if !head.is_empty() && !head.ends_with(' ') {
                            head.push(' ');
                        }
                    }
                    self.at += 1;
                }
            }
        }
        self.end(&mut sql, &mut head);
    }

    /// Ends a statement, if there is one.
    fn end(&mut self, sql: &mut Sql, head: &mut String) {
        let sql = std::mem::take(sql).trimmed();
        let head = std::mem::take(head);
        if !sql.is_empty() {
            self.statements.push(Statement { sql, head });
        }
    }

    fn unclosed(&mut self, what: &str, from: usize) {
        self.at = self.pieces.len();
        let line = self.pieces[..from].iter().filter(|piece| matches!(piece, Piece::Char('\n'))).count() + 1;
        self.sink()
            .report(&UNCLOSED, self.span, format!("{what} in line {line} does not end"))
            .help("close it, or remove it");
    }

    /// What is in quotes, as it is, or as the function quotes it where references are in it.
    fn quoted(&mut self, sql: Sql, quote: char) -> Sql {
        let from = self.at;
        self.at += 1;
        let mut raw = String::from(quote);
        let mut parts: Vec<Part> = Vec::new();
        let mut inner = String::new();
        loop {
            let Some(&piece) = self.pieces.get(self.at) else {
                self.unclosed(if quote == '"' { "a name" } else { "a text" }, from);
                return sql;
            };
            self.at += 1;
            match piece {
                Piece::Reference(path, span) => {
                    parts.push(Part::Literal(std::mem::take(&mut inner)));
                    parts.push(Part::Reference(path.to_owned(), span));
                }
                // A backslash in a text takes the next character with it.
                Piece::Char('\\') if quote == '\'' => {
                    raw.push('\\');
                    if let Some(next) = self.char(0) {
                        raw.push(next);
                        inner.push(next);
                        self.at += 1;
                    }
                }
                Piece::Char(char) if char == quote => {
                    raw.push(char);
                    if self.char(0) != Some(quote) {
                        break;
                    }
                    raw.push(char);
                    inner.push(char);
                    self.at += 1;
                }
                Piece::Char(char) => {
                    raw.push(char);
                    inner.push(char);
                }
            }
        }
        if parts.is_empty() {
            return sql.text(&raw);
        }
        parts.push(Part::Literal(inner));
        let parts = parts.into_iter().filter(|part| !matches!(part, Part::Literal(text) if text.is_empty())).collect();
        let value = self.scope.value(&Text { span: self.span, parts });
        let value = Value { origin: Origin::Written(self.span), ..value };
        if quote == '"' { sql.name_of(value) } else { sql.literal(value) }
    }

    /// Skips to one of these characters, which stays.
    fn skip_until(&mut self, stops: &[char], past: bool) {
        while let Some(piece) = self.pieces.get(self.at) {
            if matches!(piece, Piece::Char(char) if stops.contains(char)) {
                self.at += usize::from(past);
                return;
            }
            self.at += 1;
        }
    }

    fn skip_comment(&mut self) {
        let from = self.at;
        let mut depth = 0;
        while self.at < self.pieces.len() {
            match (self.char(0), self.char(1)) {
                (Some('/'), Some('*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some('*'), Some('/')) => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return;
                    }
                }
                _ => self.at += 1,
            }
        }
        self.unclosed("a comment", from);
    }

    /// A body between `$$` or `$name$`, or the `$` alone.
    fn body(&mut self) -> String {
        let from = self.at;
        let mut tag = String::from("$");
        let mut ahead = 1;
        while let Some(char) = self.char(ahead).filter(|char| char.is_ascii_alphanumeric() || *char == '_') {
            tag.push(char);
            ahead += 1;
        }
        if self.char(ahead) != Some('$') || tag[1..].starts_with(|c: char| c.is_ascii_digit()) {
            self.at += 1;
            return "$".to_owned();
        }
        tag.push('$');
        let mut body = String::new();
        while let Some(&piece) = self.pieces.get(self.at) {
            self.at += 1;
            match piece {
                Piece::Char(char) => body.push(char),
                Piece::Reference(path, span) => {
                    self.sink()
                        .report(&PASTED, span, format!("`${{{path}}}` stands in a body between `{tag}`"))
                        .help("give it to the procedure as an argument");
                }
            }
            if body.len() >= 2 * tag.len() && body.ends_with(&tag) {
                return body;
            }
        }
        self.unclosed("a body", from);
        body
    }
}

impl Sql {
    fn trimmed(mut self) -> Self {
        if let Some(super::Part::Text(text)) = self.0.first_mut() {
            *text = text.trim_start().to_owned();
        }
        if let Some(super::Part::Text(text)) = self.0.last_mut() {
            *text = text.trim_end().to_owned();
        }
        self
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|part| matches!(part, super::Part::Text(text) if text.is_empty()))
    }
}

/// The steps of a script: what may be together is one transaction. Too many or no statements are reported.
pub fn steps(text: &Text, scope: &Scope) -> Vec<Step> {
    let statements = read(text, scope);
    let mut steps = Vec::new();
    let mut together: Vec<Sql> = Vec::new();
    let mut most = 0;
    let mut flush = |together: &mut Vec<Sql>, steps: &mut Vec<Step>| {
        let group = std::mem::take(together);
        most = most.max(group.len());
        match group.len() {
            0 => {}
            1 => steps.extend(group.into_iter().map(Step::Sql)),
            _ => steps.push(Step::Together(group)),
        }
    };
    for statement in statements {
        if statement.runs_alone() {
            flush(&mut together, &mut steps);
            steps.push(Step::Sql(statement.sql));
        } else {
            together.push(statement.sql);
        }
    }
    flush(&mut together, &mut steps);
    if steps.is_empty() && !scope.sink().has_errors() {
        scope.sink().report(&COUNT, text.span, "there is no statement here").help("write SQL, or leave it out");
    } else if most > MOST_TOGETHER {
        let message = format!("{most} statements in one transaction, at most {MOST_TOGETHER}");
        scope.sink().report(&COUNT, text.span, message).help("divide them");
    }
    steps
}
