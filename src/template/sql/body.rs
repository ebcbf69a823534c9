//! The bodies of procedures of Redshift, in PL/pgSQL.
//!
//! Source: Redshift Database Developer Guide, "Supported PL/pgSQL statements".

use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::cursor::{Cursor, word_of};
use super::resolve::Source;
use super::statement::{Reader, Statement, Thing, tokens};
use super::{Column, Type};

/// What every procedure can name.
const VARIABLES: &[&str] = &["found", "sqlerrm", "sqlstate"];

/// Statements that name no table.
const PLAIN: &[&str] =
    &["CLOSE", "COMMIT", "CONTINUE", "EXIT", "FETCH", "GET", "MOVE", "NULL", "RAISE", "RETURN", "ROLLBACK"];

/// Reads the body of a procedure with these arguments.
pub fn read(reader: &Reader<'_>, procedure: &str, arguments: Vec<String>, found: &mut Statement) {
    let tokens = match tokens(reader.places.text, reader.places) {
        Ok(tokens) => tokens,
        Err(unread) => return found.unread.push(unread),
    };
    let mut names = arguments;
    names.extend(VARIABLES.iter().map(|&name| name.to_owned()));
    let mut body = Body { reader, procedure, names, in_declarations: false };
    for piece in tokens.split(|one| one.token == Token::SemiColon) {
        body.piece(Cursor::new(piece, reader.places), found);
    }
}

struct Body<'a> {
    reader: &'a Reader<'a>,
    procedure: &'a str,
    /// Arguments and variables.
    names: Vec<String>,
    in_declarations: bool,
}

impl Body<'_> {
    /// Reads what stands before a `;`.
    fn piece(&mut self, mut cursor: Cursor<'_>, found: &mut Statement) {
        while let Some(first) = cursor.rest().first() {
            if first.token == Token::ShiftLeft {
                // `<<label>>`
                cursor.skip().skip().skip();
                continue;
            }
            let word = word_of(first).unwrap_or_default();
            match word.as_str() {
                "DECLARE" => {
                    self.in_declarations = true;
                    cursor.skip();
                }
                "BEGIN" => {
                    self.in_declarations = false;
                    cursor.skip();
                }
                _ if self.in_declarations => return self.declaration(cursor, found),
                "ELSE" | "LOOP" | "EXCEPTION" => {
                    cursor.skip();
                }
                "IF" | "ELSIF" | "ELSEIF" | "WHILE" => {
                    let condition = cursor.skip().until_word(&["THEN", "LOOP"]);
                    self.with(|reader| reader.expression(condition, found));
                    cursor.skip();
                }
                // Conditions of exceptions are no expressions.
                "WHEN" | "CASE" => {
                    cursor.skip().until_word(&["THEN", "WHEN"]);
                    if cursor.is("THEN") {
                        cursor.skip();
                    }
                }
                "FOR" => {
                    self.names.extend(cursor.skip().ident().map(|(name, _)| name));
                    cursor.take("IN");
                    cursor.take("REVERSE");
                    let over = cursor.until_word(&["LOOP"]);
                    if Cursor::new(over, self.reader.places)
                        .word()
                        .is_some_and(|word| word == "SELECT" || word == "WITH")
                    {
                        self.with(|reader| reader.query(over, found));
                    } else if over.iter().any(|one| word_of(one).as_deref() == Some("EXECUTE")) {
                        found.unread.push(dynamic(&cursor));
                    }
                    cursor.skip();
                }
                "END" => return,
                "EXECUTE" => return found.unread.push(dynamic(&cursor)),
                "OPEN" => {
                    cursor.until_word(&["FOR"]);
                    if cursor.take("FOR") && !cursor.is("EXECUTE") {
                        self.with(|reader| reader.query(cursor.rest(), found));
                    } else if cursor.is("EXECUTE") {
                        found.unread.push(dynamic(&cursor));
                    }
                    return;
                }
                word if PLAIN.contains(&word) => return,
                _ => return self.statement(cursor, found),
            }
        }
    }

    /// `name type := value`, `name CURSOR FOR query`, `name ALIAS FOR $1`
    fn declaration(&mut self, mut cursor: Cursor<'_>, found: &mut Statement) {
        let Some((name, _)) = cursor.ident() else { return };
        self.names.push(name);
        if cursor.is("CURSOR") {
            let arguments = cursor.skip().group().unwrap_or_default();
            let each = arguments.split(|one| one.token == Token::Comma);
            self.names.extend(each.filter_map(|one| Some(Cursor::new(one, self.reader.places).ident()?.0)));
            if cursor.take("FOR") || cursor.take("IS") {
                self.with(|reader| reader.query(cursor.rest(), found));
            }
            return;
        }
        let is_start = |one: &TokenWithSpan| {
            matches!(one.token, Token::Assignment | Token::Eq) || word_of(one).as_deref() == Some("DEFAULT")
        };
        if let Some(at) = cursor.rest().iter().position(is_start) {
            self.with(|reader| reader.expression(&cursor.rest()[at + 1..], found));
        }
    }

    fn statement(&mut self, cursor: Cursor<'_>, found: &mut Statement) {
        let rest = cursor.rest();
        let is_assignment = rest.get(1).is_some_and(|one| match one.token {
            Token::Assignment => true,
            Token::Eq => word_of(&rest[0]).is_some_and(|word| self.names.contains(&word.to_lowercase())),
            _ => false,
        });
        if is_assignment {
            return self.with(|reader| reader.expression(&rest[2..], found));
        }
        let tokens = self.without_into(rest);
        let mut one = self.with(|reader| reader.read(&tokens));
        found.query.tables.append(&mut one.query.tables);
        for problem in one.query.problems {
            found.query.report(problem.range, problem.what);
        }
        found.unread.append(&mut one.unread);
        found.calls.append(&mut one.calls);
        if let Some(made) = one.made.filter(|made| made.thing == Thing::Table) {
            self.reader.keep(made);
        }
    }

    /// A query without the variables that take its result.
    fn without_into(&self, tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
        let mut cursor = Cursor::new(tokens, self.reader.places);
        if !cursor.is("SELECT") && !cursor.is("WITH") {
            return tokens.to_vec();
        }
        let before = cursor.until_word(&["INTO"]);
        if !cursor.take("INTO") {
            return tokens.to_vec();
        }
        cursor.take("STRICT");
        loop {
            match cursor.name() {
                Some(name) if name.parts.first().is_some_and(|name| self.names.contains(&name.to_lowercase())) => {}
                // A new table.
                _ => return tokens.to_vec(),
            }
            if !cursor.take_comma() {
                return [before, cursor.rest()].concat();
            }
        }
    }

    /// Reads with the variables that are there.
    fn with<T>(&self, act: impl FnOnce(&Reader<'_>) -> T) -> T {
        let column = |name: &String| Column { name: name.clone(), kind: Type::Unknown };
        let columns = Some(self.names.iter().map(column).collect());
        let names = [Source { names: vec![self.procedure.to_owned()], columns }];
        act(&Reader { names: &names, ..*self.reader })
    }
}

fn dynamic(cursor: &Cursor<'_>) -> super::Unread {
    cursor.unread("SQL that is put together when the procedure runs")
}
