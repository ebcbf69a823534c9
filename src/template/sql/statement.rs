//! Statements of Redshift: what each makes, and what is wrong with the names in it.
//!
//! The parser reads queries and changes of tables; what is around them is Redshift's own, and read here. What neither
//! reads is told with its reason.

use std::cell::RefCell;
use std::ops::Range;

use sqlparser::dialect::RedshiftSqlDialect;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::cursor::Cursor;
use super::resolve::{self, Resolver, Scope, Source};
use super::{Column, Flavor, Lookup, MAX_DEPTH, MAX_TOKENS, Output, Places, Query, TableName, Type, Unread, What};

/// What a statement makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thing {
    /// A table or a view.
    Table,
    /// A procedure.
    Procedure,
    /// A schema.
    Schema,
}

/// Something that a statement makes.
#[derive(Clone, Debug)]
pub struct Made {
    /// What it is.
    pub thing: Thing,
    /// Its name.
    pub name: TableName,
    /// Its columns; `None` where they are not all known.
    pub columns: Option<Vec<Column>>,
}

/// A statement that was read.
#[derive(Debug, Default)]
pub struct Statement {
    /// What it makes.
    pub made: Option<Made>,
    /// What may get other columns by it.
    pub altered: Option<TableName>,
    /// What it drops.
    pub dropped: Vec<TableName>,
    /// The procedures that it calls.
    pub calls: Vec<TableName>,
    /// What it reads and changes, and what is wrong in it.
    pub query: Query,
    /// What was not read of it.
    pub unread: Vec<Unread>,
}

/// What begins a statement in which no name of a table or a column is looked up.
///
/// Source: Redshift Database Developer Guide, "SQL commands".
const NOT_LOOKED_INTO: &[&str] =
    &["ALTER", "ATTACH", "COMMENT", "COPY", "CREATE", "DETACH", "GRANT", "REVOKE", "UNLOAD"];

/// What ends the type of a column. Source: Redshift Database Developer Guide, "CREATE TABLE".
const AFTER_TYPE: &[&str] = &[
    "COLLATE",
    "DEFAULT",
    "DISTKEY",
    "ENCODE",
    "GENERATED",
    "IDENTITY",
    "NOT",
    "NULL",
    "PRIMARY",
    "REFERENCES",
    "SORTKEY",
    "UNIQUE",
];

/// What begins something in the brackets of a table that is no column.
const NO_COLUMN: &[&str] = &["CONSTRAINT", "FOREIGN", "LIKE", "PRIMARY", "UNIQUE"];

/// What may stand between the name or the columns of a table or a view and its query.
const SETTINGS: &[&str] = &[
    "ALL",
    "AUTO",
    "BACKUP",
    "COMPOUND",
    "DISTKEY",
    "DISTSTYLE",
    "ENCODE",
    "EVEN",
    "INTERLEAVED",
    "KEY",
    "NO",
    "NONE",
    "REFRESH",
    "SORTKEY",
    "YES",
];

/// Reads the statements of a text one after the other; `each` gets what was read of one before the next is read.
pub fn statements(text: &str, tables: &dyn Fn(&TableName) -> Lookup, each: &mut dyn FnMut(Statement)) {
    let places = Places::new(text);
    let tokens = match tokens(text, &places) {
        Ok(tokens) => tokens,
        Err(unread) => return each(Statement { unread: vec![unread], ..Statement::default() }),
    };
    let local = RefCell::default();
    let reader = Reader { places: &places, tables, local: &local, names: &[] };
    for statement in tokens.split(|one| one.token == Token::SemiColon).filter(|statement| !statement.is_empty()) {
        each(reader.read(statement));
    }
}

/// The words and signs of a text, with one blank between them: the same for texts that Redshift takes alike.
pub fn plain_text(text: &str) -> String {
    match tokens(text, &Places::new(text)) {
        Ok(tokens) => tokens.iter().map(|one| one.token.to_string()).collect::<Vec<_>>().join(" "),
        Err(_) => text.to_owned(),
    }
}

/// The words and signs of a text.
pub fn tokens(text: &str, places: &Places<'_>) -> Result<Vec<TokenWithSpan>, Unread> {
    let mut tokens = Tokenizer::new(&RedshiftSqlDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| Unread { reason: error.message, range: Some(places.at(error.location)) })?;
    tokens.retain(|one| !matches!(one.token, Token::Whitespace(_)));
    if tokens.len() > MAX_TOKENS {
        return Err(Unread { reason: "the text is too long".to_owned(), range: None });
    }
    Ok(tokens)
}

/// Tables that exist only for a session, by their names.
type Local = RefCell<Vec<(String, Option<Vec<Column>>)>>;

/// Reads statements.
#[derive(Clone, Copy)]
pub struct Reader<'a> {
    pub places: &'a Places<'a>,
    pub tables: &'a dyn Fn(&TableName) -> Lookup,
    pub local: &'a Local,
    /// What else names may mean: the variables of a procedure.
    pub names: &'a [Source],
}

#[allow(clippy::redundant_closure_for_method_calls, reason = "a method of the parser holds for one lifetime alone")]
impl Reader<'_> {
    pub fn read(&self, tokens: &[TokenWithSpan]) -> Statement {
        let mut found = Statement::default();
        let mut cursor = Cursor::new(tokens, self.places);
        match cursor.word().unwrap_or_default().as_str() {
            "CREATE" => self.create(cursor, &mut found),
            "CALL" => {
                cursor.skip();
                found.calls.extend(cursor.name());
            }
            "ALTER" if cursor.skip().is("TABLE") => {
                cursor.skip();
                found.altered = cursor.name();
                found.unread.push(self.not_looked_into(tokens));
            }
            "ANALYZE" | "REFRESH" | "TRUNCATE" | "VACUUM" => self.named(cursor, &mut found),
            "DROP" => self.drop(cursor, tokens, &mut found),
            "BEGIN" | "COMMIT" | "END" | "RESET" | "ROLLBACK" | "SET" | "SHOW" | "START" => {}
            _ => self.parsed(tokens, &mut found),
        }
        found
    }

    /// `DROP TABLE [IF EXISTS] name, name [CASCADE]`. The names are looked at where they are made.
    fn drop(&self, mut cursor: Cursor<'_>, tokens: &[TokenWithSpan], found: &mut Statement) {
        cursor.skip();
        cursor.take("EXTERNAL");
        cursor.take("MATERIALIZED");
        if !["PROCEDURE", "SCHEMA", "TABLE", "VIEW"].iter().any(|thing| cursor.take(thing)) {
            return found.unread.push(self.not_looked_into(tokens));
        }
        cursor.take_all(&["IF", "EXISTS"]);
        while let Some(name) = cursor.name() {
            found.dropped.push(name);
            cursor.group();
            if !cursor.take_comma() {
                return;
            }
        }
    }

    fn create(&self, mut cursor: Cursor<'_>, found: &mut Statement) {
        let whole = cursor.rest();
        cursor.skip();
        cursor.take_all(&["OR", "REPLACE"]);
        let is_external = cursor.take("EXTERNAL");
        cursor.take("LOCAL");
        let is_local = cursor.take("TEMP") || cursor.take("TEMPORARY");
        let is_materialized = cursor.take("MATERIALIZED");
        match cursor.word().unwrap_or_default().as_str() {
            "VIEW" if !is_external => {
                cursor.skip();
                self.view(cursor, is_materialized, found);
            }
            "TABLE" => {
                cursor.skip();
                self.table(cursor, found);
            }
            "PROCEDURE" => {
                cursor.skip();
                self.procedure(cursor, found);
            }
            "SCHEMA" => {
                cursor.skip().take_all(&["IF", "NOT", "EXISTS"]);
                found.made = cursor.name().map(|name| Made { thing: Thing::Schema, name, columns: None });
            }
            _ => found.unread.push(self.not_looked_into(whole)),
        }
        if is_local && let Some(made) = found.made.take_if(|made| made.thing == Thing::Table) {
            self.keep(made);
        }
    }

    /// Remembers a table that exists only for a session.
    pub fn keep(&self, made: Made) {
        let name = made.name.parts.last().map(|name| name.to_lowercase()).unwrap_or_default();
        self.local.borrow_mut().push((name, made.columns));
    }

    /// `[MATERIALIZED] VIEW name [(columns)] settings AS query [WITH NO SCHEMA BINDING]`
    fn view(&self, mut cursor: Cursor<'_>, is_materialized: bool, found: &mut Statement) {
        let Some(name) = cursor.name() else { return found.unread.push(cursor.unread("a view without a name")) };
        let names: Option<Vec<(String, Range<usize>)>> = cursor.group().map(|inside| {
            inside
                .split(|one| one.token == Token::Comma)
                .filter_map(|one| Cursor::new(one, self.places).ident())
                .collect()
        });
        let keys = if is_materialized { self.settings(&mut cursor, found) } else { Vec::new() };
        if !cursor.take("AS") {
            return found.unread.push(cursor.unread("what stands before the query of a view"));
        }
        let late = ["WITH", "NO", "SCHEMA", "BINDING"];
        let rest = cursor.rest();
        let query = rest.len().checked_sub(late.len()).filter(|&end| {
            let mut end = Cursor::new(&rest[end..], self.places);
            end.take_all(&late)
        });
        let query = &rest[..query.unwrap_or(rest.len())];
        let columns = self.query(query, found).and_then(|output| {
            let Some(names) = names else { return resolve::columns(Flavor::Redshift, Some(&output)) };
            if names.len() != output.len() {
                let range = names.first().map_or(0, |one| one.1.start)..names.last().map_or(0, |one| one.1.end);
                found.query.report(range, What::Names { given: names.len(), columns: output.len() });
                return None;
            }
            let column = |((name, _), one): ((String, _), Output)| Column { name, kind: one.kind };
            Some(names.into_iter().zip(output).map(column).collect())
        });
        Self::check_keys(keys, columns.as_deref(), found);
        found.made = Some(Made { thing: Thing::Table, name, columns });
    }

    /// `TABLE [IF NOT EXISTS] name (columns) settings [AS query]`
    fn table(&self, mut cursor: Cursor<'_>, found: &mut Statement) {
        cursor.take_all(&["IF", "NOT", "EXISTS"]);
        let Some(name) = cursor.name() else { return found.unread.push(cursor.unread("a table without a name")) };
        let columns = cursor.group().map(|inside| self.columns(inside));
        let keys = self.settings(&mut cursor, found);
        let columns = match columns {
            Some(columns) => columns,
            None if cursor.take("AS") => {
                let output = self.query(cursor.rest(), found);
                resolve::columns(Flavor::Redshift, output.as_deref())
            }
            None => None,
        };
        if columns.is_some() && cursor.take("PARTITIONED") {
            // A table outside of Redshift; its partitions are columns, too.
            cursor.take("BY");
            let partitions = cursor.group().map(|inside| self.columns(inside));
            let columns = columns.zip(partitions.flatten()).map(|(columns, more)| [columns, more].concat());
            found.made = Some(Made { thing: Thing::Table, name, columns });
            return;
        }
        Self::check_keys(keys, columns.as_deref(), found);
        found.made = Some(Made { thing: Thing::Table, name, columns });
    }

    /// The columns that stand in the brackets of a table.
    fn columns(&self, inside: &[TokenWithSpan]) -> Option<Vec<Column>> {
        let mut columns = Vec::new();
        let mut cursor = Cursor::new(inside, self.places);
        loop {
            let element = cursor.until_comma();
            let mut one = Cursor::new(element, self.places);
            match one.word() {
                // Other columns come from another table.
                Some(word) if word == "LIKE" => return None,
                Some(word) if NO_COLUMN.contains(&word.as_str()) => {}
                _ => {
                    let (name, _) = one.ident()?;
                    let is_end = |token: &TokenWithSpan| {
                        super::cursor::word_of(token).is_some_and(|word| AFTER_TYPE.contains(&word.as_str()))
                    };
                    let rest = one.rest();
                    let end = rest.iter().position(is_end).unwrap_or(rest.len());
                    let words: Vec<String> = rest[..end].iter().map(|token| token.token.to_string()).collect();
                    columns.push(Column { name, kind: Type::of_redshift(&words.join(" ")) });
                }
            }
            if !cursor.take_comma() {
                return Some(columns);
            }
        }
    }

    /// Skips the settings of a table or a view; gives the columns by which its rows are spread and sorted.
    fn settings(&self, cursor: &mut Cursor<'_>, found: &mut Statement) -> Vec<(String, Range<usize>)> {
        let mut keys = Vec::new();
        while let Some(word) = cursor.word() {
            if !SETTINGS.contains(&word.as_str()) {
                break;
            }
            cursor.skip();
            if matches!(word.as_str(), "DISTKEY" | "SORTKEY")
                && let Some(inside) = cursor.group()
            {
                let each = inside.split(|one| one.token == Token::Comma);
                keys.extend(each.filter_map(|one| Cursor::new(one, self.places).ident()));
            }
        }
        if cursor
            .word()
            .is_none_or(|word| !matches!(word.as_str(), "AS" | "PARTITIONED" | "ROW" | "STORED" | "LOCATION"))
            && !cursor.rest().is_empty()
        {
            found.unread.push(cursor.unread("a setting that is not known"));
        }
        keys
    }

    fn check_keys(keys: Vec<(String, Range<usize>)>, columns: Option<&[Column]>, found: &mut Statement) {
        let Some(columns) = columns else { return };
        for (name, range) in keys {
            if columns.iter().all(|column| column.name != name) && !resolve::is_open(&name) {
                let known = columns.iter().map(|column| column.name.clone()).collect();
                found.query.report(range, What::Column(name, known));
            }
        }
    }

    /// `PROCEDURE name (arguments) … AS $$ body $$ LANGUAGE plpgsql …`
    fn procedure(&self, mut cursor: Cursor<'_>, found: &mut Statement) {
        let Some(name) = cursor.name() else { return found.unread.push(cursor.unread("a procedure without a name")) };
        let mut names = Vec::new();
        if let Some(inside) = cursor.group() {
            for argument in inside.split(|one| one.token == Token::Comma) {
                let mut argument = Cursor::new(argument, self.places);
                while ["IN", "INOUT", "OUT"].iter().any(|mode| argument.take(mode)) {}
                // An argument may have a type alone.
                names.extend(argument.ident().map(|(name, _)| name));
            }
        }
        let body = cursor.rest().iter().find_map(|one| match &one.token {
            Token::DollarQuotedString(body) => Some((one, body)),
            _ => None,
        });
        let procedure = name.parts.last().map(|name| name.to_lowercase()).unwrap_or_default();
        found.made = Some(Made { thing: Thing::Procedure, name, columns: None });
        let Some((token, body)) = body else {
            return found.unread.push(cursor.unread("a body that does not stand between `$$`"));
        };
        let start = self.places.range(token.span).start - self.places.base;
        let start = start + body.tag.as_ref().map_or(0, String::len) + 2;
        match self.places.text.get(start..start + body.value.len()) {
            Some(text) if text == body.value => {
                let places = Places::inside(text, self.places.base + start);
                super::body::read(&Reader { places: &places, ..*self }, &procedure, names, found);
            }
            _ => found.unread.push(cursor.unread("a body whose place is not known")),
        }
    }

    /// `REFRESH MATERIALIZED VIEW name`, `VACUUM FULL name`, `TRUNCATE name`, `ANALYZE name`
    fn named(&self, mut cursor: Cursor<'_>, found: &mut Statement) {
        cursor.skip();
        for word in
            ["MATERIALIZED", "VIEW", "TABLE", "FULL", "SORT", "DELETE", "ONLY", "REINDEX", "RECLUSTER", "VERBOSE"]
        {
            cursor.take(word);
        }
        if let Some(name) = cursor.name() {
            if let Lookup::Missing(known) = self.look_up(&name) {
                found.query.report(name.range.clone(), What::Table(name.parts.join("."), known));
            }
            found.query.tables.push(name);
        }
    }

    /// Looks up a table.
    pub fn look_up(&self, table: &TableName) -> Lookup {
        if let [only] = table.parts.as_slice() {
            let name = only.to_lowercase();
            if let Some((_, columns)) = self.local.borrow().iter().rev().find(|(known, _)| *known == name) {
                return columns.clone().map_or(Lookup::Open, Lookup::Columns);
            }
        }
        (self.tables)(table)
    }

    /// A query; gives its columns, as far as they are known.
    pub fn query(&self, tokens: &[TokenWithSpan], found: &mut Statement) -> Option<Vec<Output>> {
        let query = self.parse(tokens, |parser| parser.parse_query(), found)?;
        self.resolve(found, |resolver, scope| resolver.query(&query, scope))
    }

    /// An expression.
    pub fn expression(&self, tokens: &[TokenWithSpan], found: &mut Statement) {
        let Some(expression) = self.parse(tokens, |parser| parser.parse_expr(), found) else { return };
        let nothing = Scope { sources: &[], outer: None };
        self.resolve(found, |resolver, scope| resolver.check(&expression, scope.unwrap_or(&nothing)));
    }

    /// A query or a change of tables.
    fn parsed(&self, tokens: &[TokenWithSpan], found: &mut Statement) {
        let head = Cursor::new(tokens, self.places).word().unwrap_or_default();
        if NOT_LOOKED_INTO.contains(&head.as_str()) {
            return found.unread.push(self.not_looked_into(tokens));
        }
        let Some(statement) = self.parse(tokens, |parser| parser.parse_statement(), found) else { return };
        if !self.resolve(found, |resolver, scope| resolver.statement(&statement, scope)) {
            found.unread.push(self.not_looked_into(tokens));
        }
    }

    fn not_looked_into(&self, tokens: &[TokenWithSpan]) -> Unread {
        let cursor = Cursor::new(tokens, self.places);
        let words: Vec<String> = tokens.iter().map_while(super::cursor::word_of).take(2).collect();
        cursor.unread(&format!("`{}` is not looked into", words.join(" ")))
    }

    fn resolve<T>(&self, found: &mut Statement, act: impl FnOnce(&mut Resolver<'_>, Option<&Scope<'_>>) -> T) -> T {
        let look_up = |table: &TableName| self.look_up(table);
        let scope = Scope { sources: self.names, outer: None };
        let scope = (!self.names.is_empty()).then_some(&scope);
        resolve::with(Flavor::Redshift, self.places, &look_up, &mut found.query, |resolver| act(resolver, scope))
    }

    /// What a part of the parser makes of all of some tokens.
    fn parse<T>(
        &self,
        tokens: &[TokenWithSpan],
        part: impl FnOnce(&mut Parser<'_>) -> Result<T, ParserError>,
        found: &mut Statement,
    ) -> Option<T> {
        if super::open_joins(tokens) > super::MAX_OPEN_JOINS {
            let reason = "too many joins wait for their conditions".to_owned();
            found.unread.push(Unread { reason, range: tokens.first().map(|one| self.places.range(one.span)) });
            return None;
        }
        let mut parser = Parser::new(&RedshiftSqlDialect {})
            .with_recursion_limit(MAX_DEPTH)
            .with_tokens_with_locations(tokens.to_vec());
        let read = part(&mut parser).and_then(|read| match parser.peek_token_ref().token {
            Token::EOF => Ok(read),
            ref other => Err(ParserError::ParserError(format!("`{other}` was not expected"))),
        });
        read.map_err(|error| found.unread.push(super::unread(&parser, error, self.places))).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Column, Lookup, TableName, Type, What};
    use super::{Statement, Thing, statements};

    fn look_up(table: &TableName) -> Lookup {
        let column = |name: &str| Column { name: name.to_owned(), kind: Type::Unknown };
        match table.parts.last().map(String::as_str) {
            Some("trips") => Lookup::Columns(vec![column("vin"), column("miles"), column("at")]),
            Some("tripz") => Lookup::Missing(vec!["trips".to_owned()]),
            _ => Lookup::Open,
        }
    }

    fn read(text: &str) -> Vec<Statement> {
        let mut all = Vec::new();
        statements(text, &look_up, &mut |one| all.push(one));
        all
    }

    /// What is wrong, as the words at its places, and what was not read.
    fn told(text: &str) -> Vec<String> {
        let mut told = Vec::new();
        for one in read(text) {
            told.extend(one.query.problems.iter().map(|problem| text[problem.range.clone()].to_owned()));
            told.extend(one.unread.iter().map(|unread| format!("({})", unread.reason)));
        }
        told
    }

    fn nothing() -> Vec<String> {
        Vec::new()
    }

    #[test]
    fn what_is_made_has_its_columns() {
        for (text, wanted) in [
            (
                "CREATE VIEW v AS SELECT vin, sum(miles) AS miles FROM trips GROUP BY vin WITH NO SCHEMA BINDING",
                "vin miles",
            ),
            ("CREATE OR REPLACE VIEW public.v (a, b) AS SELECT vin, miles FROM trips", "a b"),
            (
                "CREATE MATERIALIZED VIEW v DISTKEY (vin) SORTKEY (at, vin) AUTO REFRESH YES AS SELECT vin, at FROM trips",
                "vin at",
            ),
            (
                "CREATE TABLE IF NOT EXISTS t (id bigint IDENTITY(1,1) NOT NULL, \"Name\" varchar(20) ENCODE zstd, \
                 at timestamp DEFAULT sysdate, PRIMARY KEY (id), price decimal(10, 2)) DISTSTYLE KEY DISTKEY (id)",
                "id name at price",
            ),
            ("CREATE TABLE t AS SELECT vin AS v FROM trips", "v"),
            (
                "CREATE EXTERNAL TABLE s.t (a int) PARTITIONED BY (day date) STORED AS PARQUET LOCATION 's3://b/'",
                "a day",
            ),
            // A name of Redshift's own.
            ("CREATE VIEW v AS SELECT count(*) FROM trips", "?"),
            ("CREATE TABLE t (LIKE trips)", "?"),
        ] {
            let made = read(text).remove(0).made.unwrap();
            let names = made
                .columns
                .map_or("?".to_owned(), |all| all.into_iter().map(|column| column.name).collect::<Vec<_>>().join(" "));
            assert_eq!((names.as_str(), made.thing), (wanted, Thing::Table), "{text}");
            assert_eq!(told(text), nothing(), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        for (text, wanted) in [
            ("CREATE VIEW v AS SELECT vim FROM trips", "vim"),
            ("CREATE VIEW v AS SELECT vin FROM public.tripz", "tripz"),
            ("CREATE VIEW v (a) AS SELECT vin, miles FROM trips", "a"),
            ("CREATE MATERIALIZED VIEW v SORTKEY (et) AS SELECT vin, at FROM trips", "et"),
            ("CREATE TABLE t (id int) DISTKEY (ident)", "ident"),
            ("INSERT INTO trips (vin, mile) VALUES ('a', 1)", "mile"),
            ("INSERT INTO trips SELECT 1, 2, 3, 4", "1"),
            ("UPDATE trips SET mile = miles + 1 WHERE vin = 'a'", "mile"),
            ("UPDATE trips SET miles = mile + 1", "mile"),
            ("DELETE FROM trips WHERE vim = 'a'", "vim"),
            ("REFRESH MATERIALIZED VIEW tripz", "tripz"),
            (
                "MERGE INTO trips USING (SELECT 1 AS vin) AS new ON trips.vim = new.vin WHEN MATCHED THEN UPDATE SET miles = 1",
                "vim",
            ),
        ] {
            assert_eq!(told(text), [wanted], "{text}");
        }
    }

    #[test]
    fn redshift_has_ways_of_its_own() {
        for text in [
            "SELECT vin AS v, v || 'x' AS w FROM trips WHERE w <> '' GROUP BY 1, 2",
            "SELECT dateadd(day, -1, at), date_part(epoch, at), extract(year FROM at)::int FROM trips",
            "SELECT NULLIF(JSON_EXTRACT_PATH_TEXT(vin, 'a', TRUE), '')::double precision AS d FROM trips",
            "CREATE TEMP TABLE recent AS SELECT vin FROM trips; SELECT vin FROM recent",
            "BEGIN; TRUNCATE TABLE trips; COMMIT",
            "DROP VIEW IF EXISTS a, b CASCADE",
            "SELECT count(*) FROM trips GROUP BY vin HAVING count > 1",
            "SELECT trips.ctid, oid FROM trips",
            "SELECT row_number() OVER (ORDER BY at) AS rn, vin FROM trips QUALIFY rn = 1",
        ] {
            assert_eq!(told(text), nothing(), "{text}");
        }
        assert_eq!(told("CREATE TEMP TABLE recent AS SELECT vin FROM trips; SELECT vim FROM recent"), ["vim"]);
    }

    #[test]
    fn bodies_of_procedures_are_read() {
        let text = "CREATE OR REPLACE PROCEDURE p(days int, INOUT total bigint) AS $$
            DECLARE
                first date := dateadd(day, -days, getdate());
                one record;
                name varchar(20);
                c CURSOR FOR SELECT vin FROM trips;
            BEGIN
                IF days > 0 AND NOT EXISTS (SELECT 1 FROM trips WHERE at > first) THEN
                    RAISE INFO 'nothing since %', first;
                    RETURN;
                ELSIF p.days < 0 THEN
                    days := CASE WHEN days < -9 THEN -9 ELSE days END;
                END IF;
                CREATE TEMP TABLE recent AS SELECT vin, miles FROM trips WHERE at >= first;
                SELECT INTO total count(*) FROM recent;
                SELECT count(*) INTO total FROM recent WHERE miles > 1;
                FOR one IN SELECT vin FROM recent LOOP
                    INSERT INTO log VALUES (one.vin);
                    name := one.vin;
                END LOOP;
                CALL other(total);
            EXCEPTION WHEN OTHERS THEN
                RAISE EXCEPTION '%', SQLERRM;
            END;
            $$ LANGUAGE plpgsql SECURITY DEFINER";
        assert_eq!(told(text), nothing());
        let one = read(text).remove(0);
        assert_eq!(one.made.unwrap().thing, Thing::Procedure);
        assert_eq!(one.calls[0].parts, ["other"]);
        for (given, wrong, wanted) in [
            ("miles FROM trips WHERE at", "miles FROM trips WHERE et", "et"),
            ("WHERE miles > 1", "WHERE mile > 1", "mile"),
            ("date := dateadd(day, -days", "date := dateadd(day, -dais", "dais"),
            ("IF days > 0", "IF dais > 0", "dais"),
            ("name := one.vin", "name := two.vin", "two"),
        ] {
            assert_eq!(told(&text.replace(given, wrong)), [wanted], "{wrong}");
        }
        assert_eq!(
            told("CREATE PROCEDURE p() AS $x$ BEGIN EXECUTE 'DROP TABLE ' || 'a'; END; $x$ LANGUAGE plpgsql"),
            ["(SQL that is put together when the procedure runs)"]
        );
    }

    #[test]
    fn what_is_not_read_is_told() {
        for (text, wanted) in [
            ("GRANT SELECT ON trips TO GROUP a", "(`GRANT SELECT` is not looked into)"),
            ("CREATE DATASHARE a", "(`CREATE DATASHARE` is not looked into)"),
            ("ALTER TABLE trips ADD COLUMN a int", "(`ALTER TABLE` is not looked into)"),
            ("SELECT FROM WHERE", "(Expected an expression, found: FROM)"),
            ("CREATE VIEW v", "(what stands before the query of a view)"),
            ("SELECT 'a", "(Unterminated string literal)"),
        ] {
            let told = told(text);
            assert!(told.iter().any(|one| one == wanted), "{text}: {told:?}");
        }
        let one = read("ALTER TABLE trips ADD COLUMN a int").remove(0);
        assert_eq!(one.altered.unwrap().parts, ["trips"]);
        let problems = read("INSERT INTO trips (vin) VALUES (1, 2)").remove(0).query.problems;
        // What `VALUES` gives is not counted.
        assert!(!problems.iter().any(|problem| matches!(problem.what, What::Sides(..))));
    }

    proptest::proptest! {
        #[test]
        fn nothing_panics(
            text in "(CREATE |TABLE |VIEW |PROCEDURE |a|\\(|\\)|,|;| AS |SELECT |\\$\\$|BEGIN |IF |THEN |INTO |FOR |IN |LOOP |:=|'|é|FROM |INSERT INTO |<<|DECLARE |x){0,18}",
        ) {
            for one in read(&text) {
                for problem in one.query.problems {
                    proptest::prop_assert!(text.get(problem.range).is_some());
                }
                for range in one.unread.into_iter().filter_map(|unread| unread.range) {
                    proptest::prop_assert!(text.get(range).is_some());
                }
            }
        }
    }
}
