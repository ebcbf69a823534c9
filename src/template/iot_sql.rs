//! The SQL of rules of AWS IoT, in its version 2016-03-23.
//!
//! Source: AWS IoT Developer Guide, "AWS IoT SQL reference".

use core::ops::Range;

use serde_json::{Number, Value as Json};

use crate::diagnostics::closest;

/// The deepest nesting of expressions.
const MAX_DEPTH: usize = 64;

/// The most operators between values; a row of them is as deep as it is long.
const MAX_OPERATORS: usize = 1_000;

/// Something that no statement has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its bytes in the statement.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
    /// Whether no version of the language has it. What only this reader does not know may well be right.
    pub is_certain: bool,
}

impl Mistake {
    fn new(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { range, message: message.into(), help: help.into(), is_certain: true }
    }

    fn doubtful(self) -> Self {
        Self { is_certain: false, ..self }
    }
}

/// A statement.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// `SET @name = …`, in order.
    pub variables: Vec<(String, Expression)>,
    /// Whether the one item is the whole result (`SELECT VALUE`).
    pub is_value: bool,
    /// What is selected.
    pub items: Vec<Item>,
    /// The topic filter of `FROM`, with its place; rules of Basic Ingest need none.
    pub topic: Option<(String, Range<usize>)>,
    /// The condition of `WHERE`.
    pub condition: Option<Expression>,
}

/// What is selected.
#[derive(Clone, Debug, PartialEq)]
pub enum Item {
    /// `*`
    All,
    /// An expression, and the field that it gives.
    Field(Expression, String),
}

/// What has a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// Text, a number, `true`, `false`, `NULL`
    Literal(Json),
    /// `*`, the whole message, as an argument.
    All,
    /// `a.b.c`
    Path(Vec<String>),
    /// `@name`
    Variable(String, Vec<String>),
    /// `name(…)`
    Call(&'static Function, Vec<Expression>, Range<usize>),
    /// `cast(… AS …)`
    Cast(Box<Expression>, String),
    /// `CASE … WHEN … THEN … ELSE … END`
    Case(Option<Box<Expression>>, Vec<(Expression, Expression)>, Option<Box<Expression>>),
    /// `NOT …`
    Not(Box<Expression>),
    /// `-…`
    Minus(Box<Expression>),
    /// `a + b`
    Binary(Box<Expression>, Operator, Box<Expression>),
    /// `[…]`
    Array(Vec<Expression>),
    /// `{…}`
    Object(Vec<(String, Expression)>),
    /// `(SELECT …)`, which is not looked into.
    Nested(Range<usize>),
}

impl Expression {
    /// Visits this expression and all inside of it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        match self {
            Self::Cast(inner, _) | Self::Not(inner) | Self::Minus(inner) => inner.walk(visit),
            Self::Binary(left, _, right) => {
                left.walk(visit);
                right.walk(visit);
            }
            Self::Case(subject, branches, otherwise) => {
                subject.iter().chain(otherwise).for_each(|one| one.walk(visit));
                for (when, then) in branches {
                    when.walk(visit);
                    then.walk(visit);
                }
            }
            Self::Call(_, all, _) | Self::Array(all) => all.iter().for_each(|one| one.walk(visit)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.walk(visit)),
            Self::Literal(_) | Self::All | Self::Path(_) | Self::Variable(..) | Self::Nested(_) => {}
        }
    }
}

/// An operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say what they are")]
pub enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Plus,
    Minus,
    Times,
    Divide,
    Modulo,
}

/// A function of the language.
#[derive(Debug, PartialEq, Eq)]
pub struct Function {
    /// Its name in small letters.
    pub name: &'static str,
    /// The fewest arguments.
    pub least: usize,
    /// The most arguments.
    pub most: usize,
    /// Whether its result follows from the message alone, so that it is known without a service.
    pub is_run: bool,
}

const fn of(name: &'static str, least: usize, most: usize) -> Function {
    Function { name, least, most, is_run: true }
}

const fn unrun(name: &'static str, least: usize, most: usize) -> Function {
    Function { name, least, most, is_run: false }
}

/// All functions, sorted by name. Source: AWS IoT Developer Guide, "Functions".
pub static FUNCTIONS: &[Function] = &[
    of("abs", 1, 1),
    of("accountid", 0, 0),
    of("acos", 1, 1),
    of("asin", 1, 1),
    of("atan", 1, 1),
    of("atan2", 2, 2),
    unrun("aws_lambda", 2, 2),
    of("bitand", 2, 2),
    of("bitnot", 1, 1),
    of("bitor", 2, 2),
    of("bitxor", 2, 2),
    of("ceil", 1, 1),
    of("chr", 1, 1),
    of("clientid", 0, 0),
    of("concat", 0, usize::MAX),
    of("cos", 1, 1),
    of("cosh", 1, 1),
    of("decode", 2, 4),
    of("encode", 2, 2),
    of("endswith", 2, 2),
    of("exp", 1, 1),
    of("floor", 1, 1),
    of("get", 2, 2),
    unrun("get_dynamodb", 4, 7),
    unrun("get_mqtt_property", 1, 1),
    of("get_or_default", 2, 2),
    unrun("get_registry_data", 2, 3),
    unrun("get_secret", 2, 4),
    unrun("get_thing_shadow", 2, 3),
    unrun("get_user_properties", 1, 1),
    of("indexof", 2, 2),
    of("isnull", 1, 1),
    of("isundefined", 1, 1),
    of("length", 1, 1),
    of("ln", 1, 1),
    of("log", 1, 1),
    of("lower", 1, 1),
    of("lpad", 2, 2),
    of("ltrim", 1, 1),
    unrun("machinelearning_predict", 3, 3),
    unrun("md2", 1, 1),
    unrun("md5", 1, 1),
    of("mod", 2, 2),
    of("nanvl", 2, 2),
    of("newuuid", 0, 0),
    of("numbytes", 1, 1),
    of("nvl", 2, 2),
    of("parse_time", 2, 3),
    of("power", 2, 2),
    of("principal", 0, 0),
    unrun("rand", 0, 0),
    of("regexp_matches", 2, 2),
    of("regexp_replace", 3, 3),
    of("regexp_substr", 2, 2),
    of("remainder", 2, 2),
    of("replace", 3, 3),
    of("round", 1, 1),
    of("rpad", 2, 2),
    of("rtrim", 1, 1),
    unrun("sha1", 1, 1),
    of("sha224", 1, 1),
    of("sha256", 1, 1),
    of("sha384", 1, 1),
    of("sha512", 1, 1),
    of("sign", 1, 1),
    of("sin", 1, 1),
    of("sinh", 1, 1),
    of("sourceip", 0, 0),
    of("sqrt", 1, 1),
    of("startswith", 2, 2),
    of("substring", 2, 3),
    of("tan", 1, 1),
    of("tanh", 1, 1),
    of("time_to_epoch", 2, 2),
    of("timestamp", 0, 0),
    of("topic", 0, 1),
    of("traceid", 0, 0),
    unrun("transform", 3, 3),
    of("trim", 1, 1),
    of("trunc", 2, 2),
    of("upper", 1, 1),
];

/// The types of `cast`. Source: AWS IoT Developer Guide, "Functions", cast.
const TYPES: &[&str] = &[
    "bigint", "bool", "boolean", "decimal", "float", "int", "integer", "number", "numeric", "nvarchar", "string",
    "text", "varchar",
];

const KEYWORDS: &[&str] =
    &["and", "as", "case", "else", "end", "from", "not", "or", "select", "then", "value", "when", "where"];

/// The operators by how tightly they bind, from the loosest.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[
        ("<>", Operator::NotEqual),
        ("!=", Operator::NotEqual),
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("=", Operator::Equal),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Divide), ("%", Operator::Modulo)],
];

/// Reads a statement.
pub fn parse(text: &str) -> Result<Statement, Mistake> {
    let mut reader = Reader { text, at: 0, operators: 0 };
    let mut variables = Vec::new();
    if reader.keyword("set") {
        loop {
            reader.expect("@", "before the name of a variable")?;
            let (name, _) = reader.identifier()?;
            reader.expect("=", "after the name of a variable")?;
            variables.push((name, reader.expression(0, 0)?));
            if !reader.take(",") {
                break;
            }
        }
    }
    if !reader.keyword("select") {
        return reader.fail("instead of `SELECT`", "a statement begins with `SELECT`");
    }
    let is_value = reader.keyword("value");
    let items = reader.items(is_value)?;
    let mut topic = None;
    if reader.keyword("from") {
        reader.blanks();
        let start = reader.at;
        let name = match reader.peek() {
            Some('\'' | '"') => reader.quoted()?,
            _ => return reader.fail("instead of a topic", "write the topic filter in quotes, as `'sensors/+/data'`"),
        };
        // As it is written, where a quote in it stands twice, so that places are right.
        check_topic(&reader.text[start + 1..reader.at - 1], start + 1)?;
        topic = Some((name, start..reader.at));
    }
    let condition = if reader.keyword("where") { Some(reader.expression(0, 0)?) } else { None };
    reader.blanks();
    if !reader.rest().is_empty() {
        let rest = reader.rest().lines().next().unwrap_or_default().trim_end();
        let message = format!("`{rest}` after the end of the statement");
        let mistake = Mistake::new(reader.at..reader.at + rest.len(), message, "remove it");
        return Err(if reader.is_at_comment() { mistake.doubtful() } else { mistake });
    }
    Ok(Statement { variables, is_value, items, topic, condition })
}

/// What no topic filter has.
///
/// Source: AWS IoT Developer Guide, "MQTT topics", topic filters.
fn check_topic(topic: &str, start: usize) -> Result<(), Mistake> {
    let mut at = start;
    let levels: Vec<&str> = topic.split('/').collect();
    for (index, level) in levels.iter().enumerate() {
        let wrong = |message: &str, help: &str| Err(Mistake::new(at..at + level.len(), message, help));
        if level.contains('#') && (*level != "#" || index + 1 < levels.len()) {
            return wrong("`#` that is not the last level", "write `#` alone at the end");
        }
        if level.contains('+') && *level != "+" {
            return wrong("`+` that is not a whole level", "write `+` alone between two `/`");
        }
        at += level.len() + 1;
    }
    Ok(())
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    operators: usize,
}

fn is_word(sign: char) -> bool {
    sign.is_alphanumeric() || sign == '_'
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn fail<T>(&mut self, what: &str, help: &str) -> Result<T, Mistake> {
        self.blanks();
        let length = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        let length = if length > 0 { length } else { self.peek().map_or(0, char::len_utf8) };
        let found = &self.rest()[..length];
        let found = if found.is_empty() { "the end".to_owned() } else { format!("`{found}`") };
        let range = self.at..self.at + length;
        let mistake = Mistake::new(range, format!("{found} {what}"), help);
        Err(if self.is_at_comment() { mistake.doubtful() } else { mistake })
    }

    /// Whether a comment begins here. The reference names none.
    fn is_at_comment(&self) -> bool {
        self.rest().starts_with("--") || self.rest().starts_with("/*")
    }

    fn keyword(&mut self, word: &str) -> bool {
        self.blanks();
        let is_there = self.rest().get(..word.len()).is_some_and(|given| given.eq_ignore_ascii_case(word))
            && !self.rest()[word.len()..].starts_with(is_word);
        self.at += if is_there { word.len() } else { 0 };
        is_there
    }

    fn take(&mut self, sign: &str) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    fn expect(&mut self, sign: &str, place: &str) -> Result<(), Mistake> {
        if self.take(sign) {
            return Ok(());
        }
        self.fail(&format!("instead of `{sign}` {place}"), &format!("write `{sign}` there"))
    }

    fn expect_keyword(&mut self, word: &str) -> Result<(), Mistake> {
        if self.keyword(word) {
            return Ok(());
        }
        let word = word.to_uppercase();
        self.fail(&format!("instead of `{word}`"), &format!("write `{word}` there"))
    }

    /// What stands in quotes, in which the quote itself stands twice.
    fn quoted(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let quote = self.peek().unwrap_or('\'');
        let mut end = 1;
        loop {
            let Some(at) = self.rest()[end..].find(quote) else {
                let help = format!("close it with `{quote}`");
                return Err(Mistake::new(start..self.text.len(), "a quote that nothing closes", help));
            };
            end += at + 1;
            if !self.rest()[end..].starts_with(quote) {
                break;
            }
            end += 1;
        }
        let inside = self.rest()[1..end - 1].replace(&format!("{quote}{quote}"), &quote.to_string());
        self.at += end;
        Ok(inside)
    }

    /// A name, and whether it stood in quotes.
    fn identifier(&mut self) -> Result<(String, bool), Mistake> {
        self.blanks();
        if matches!(self.peek(), Some('`' | '"')) {
            return Ok((self.quoted()?, true));
        }
        let length = self.rest().find(|c| !is_word(c)).unwrap_or(self.rest().len());
        if length == 0 {
            return self.fail("instead of a name", "write the name of a field");
        }
        let name = &self.rest()[..length];
        self.at += length;
        Ok((name.to_owned(), false))
    }

    fn items(&mut self, is_value: bool) -> Result<Vec<Item>, Mistake> {
        let mut items = Vec::new();
        loop {
            self.blanks();
            let start = self.at;
            if self.take("*") {
                items.push(Item::All);
            } else {
                let expression = self.expression(0, 0)?;
                let text = self.text[start..self.at].trim().to_owned();
                let name = if self.keyword("as") {
                    self.identifier()?.0
                } else {
                    match &expression {
                        // The last name of a path is that of the field.
                        Expression::Path(names) | Expression::Variable(_, names) if !names.is_empty() => {
                            names.last().cloned().unwrap_or_default()
                        }
                        _ => text,
                    }
                };
                items.push(Item::Field(expression, name));
            }
            if !self.take(",") {
                return Ok(items);
            }
            if is_value {
                return self.fail("after `SELECT VALUE`, which takes one expression", "remove `VALUE`, or the rest");
            }
        }
    }

    fn operator(&mut self, level: usize) -> Option<Operator> {
        for (sign, operator) in LEVELS[level] {
            let is_letters = sign.starts_with(|c: char| c.is_ascii_alphabetic());
            if if is_letters { self.keyword(sign) } else { self.take(sign) } {
                return Some(*operator);
            }
        }
        None
    }

    fn expression(&mut self, level: usize, depth: usize) -> Result<Expression, Mistake> {
        if depth > MAX_DEPTH {
            return self.fail("in too many brackets", "write fewer").map_err(Mistake::doubtful);
        }
        if level == LEVELS.len() {
            return self.value(depth);
        }
        // `NOT` binds looser than comparisons.
        if level == 2 && self.keyword("not") {
            return Ok(Expression::Not(Box::new(self.expression(2, depth + 1)?)));
        }
        let mut left = self.expression(level + 1, depth)?;
        while let Some(operator) = self.operator(level) {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return self.fail("after too many operators", "write fewer").map_err(Mistake::doubtful);
            }
            let right = self.expression(level + 1, depth)?;
            left = Expression::Binary(Box::new(left), operator, Box::new(right));
        }
        Ok(left)
    }

    fn value(&mut self, depth: usize) -> Result<Expression, Mistake> {
        self.blanks();
        let start = self.at;
        match self.peek() {
            Some('\'') => Ok(Expression::Literal(self.quoted()?.into())),
            Some('(') => {
                self.at += 1;
                if self.keyword("select") {
                    return self.nested(start);
                }
                let inner = self.expression(0, depth + 1)?;
                self.expect(")", "after the expression")?;
                Ok(inner)
            }
            Some('[') => {
                self.at += 1;
                Ok(Expression::Array(self.list("]", depth)?))
            }
            Some('{') => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.take("}") {
                    if !entries.is_empty() {
                        self.expect(",", "between two fields")?;
                    }
                    self.blanks();
                    let key = if self.peek() == Some('\'') { self.quoted()? } else { self.identifier()?.0 };
                    self.expect(":", "after the name of a field")?;
                    entries.push((key, self.expression(0, depth + 1)?));
                }
                Ok(Expression::Object(entries))
            }
            Some('-') => {
                self.at += 1;
                Ok(Expression::Minus(Box::new(self.expression(LEVELS.len(), depth + 1)?)))
            }
            Some('@') => {
                self.at += 1;
                let name = self.identifier()?.0;
                Ok(Expression::Variable(name, self.fields()?))
            }
            Some(sign) if sign.is_ascii_digit() => {
                let is_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E');
                let length = self.rest().find(|c| !is_number(c)).unwrap_or(self.rest().len());
                let text = &self.rest()[..length];
                let Ok(number) = text.parse::<f64>() else {
                    let (range, message) = (start..start + length, format!("`{text}` is no number"));
                    return Err(Mistake::new(range, message, "names that begin with a digit stand in quotes"));
                };
                self.at += length;
                let whole = text.parse::<i64>().map(Json::from);
                Ok(Expression::Literal(
                    whole.unwrap_or_else(|_| Number::from_f64(number).map_or(Json::Null, Json::Number)),
                ))
            }
            _ => self.word(depth),
        }
    }

    fn list(&mut self, close: &str, depth: usize) -> Result<Vec<Expression>, Mistake> {
        let mut all = Vec::new();
        while !self.take(close) {
            if !all.is_empty() {
                self.expect(",", "between two values")?;
            }
            if self.take("*") {
                all.push(Expression::All);
            } else {
                all.push(self.expression(0, depth + 1)?);
            }
        }
        Ok(all)
    }

    /// A query in brackets, up to its end.
    fn nested(&mut self, start: usize) -> Result<Expression, Mistake> {
        let mut depth = 1_usize;
        let mut quote = None;
        for (at, sign) in self.rest().char_indices() {
            if let Some(open) = quote {
                quote = (open != sign).then_some(open);
                continue;
            }
            match sign {
                '\'' | '"' => quote = Some(sign),
                '(' => depth += 1,
                ')' if depth == 1 => {
                    self.at += at + 1;
                    return Ok(Expression::Nested(start..self.at));
                }
                ')' => depth -= 1,
                _ => {}
            }
        }
        Err(Mistake::new(start..start + 1, "`(` that nothing closes", "close it with `)`"))
    }

    fn fields(&mut self) -> Result<Vec<String>, Mistake> {
        let mut names = Vec::new();
        while self.rest().starts_with('.') {
            self.at += 1;
            names.push(self.identifier()?.0);
        }
        Ok(names)
    }

    fn word(&mut self, depth: usize) -> Result<Expression, Mistake> {
        self.blanks();
        let start = self.at;
        let (name, is_quoted) = match self.peek() {
            Some(sign) if is_word(sign) || matches!(sign, '`' | '"') => self.identifier()?,
            _ => return self.fail("instead of a value", "write a field, a text in `'`, a number or a function"),
        };
        let lower = name.to_lowercase();
        if is_quoted {
            let mut names = vec![name];
            names.extend(self.fields()?);
            return Ok(Expression::Path(names));
        }
        match lower.as_str() {
            "true" => return Ok(Expression::Literal(true.into())),
            "false" => return Ok(Expression::Literal(false.into())),
            "null" => return Ok(Expression::Literal(Json::Null)),
            "case" => return self.case(depth),
            word if KEYWORDS.contains(&word) && !self.rest().starts_with(['.', '(']) => {
                self.at = start;
                return self.fail("instead of a value", "a field of this name stands in `\"`");
            }
            _ => {}
        }
        if !self.rest().trim_start().starts_with('(') {
            let mut names = vec![name];
            names.extend(self.fields()?);
            return Ok(Expression::Path(names));
        }
        let place = start..self.at;
        self.take("(");
        if lower == "cast" {
            let inner = self.expression(0, depth + 1)?;
            self.expect_keyword("as")?;
            self.blanks();
            let at = self.at;
            let kind = self.identifier()?.0.to_lowercase();
            if !TYPES.contains(&kind.as_str()) {
                let help = closest(&kind, TYPES.iter().copied()).unwrap_or("string");
                return Err(Mistake::new(at..self.at, format!("no type `{kind}`"), format!("did you mean `{help}`?")));
            }
            self.expect(")", "after the type")?;
            return Ok(Expression::Cast(Box::new(inner), kind));
        }
        let Some(function) = FUNCTIONS.iter().find(|function| function.name == lower) else {
            let near = closest(&lower, FUNCTIONS.iter().map(|function| function.name));
            let message = format!("no function `{name}`");
            return Err(match near {
                Some(near) => Mistake::new(place, message, format!("did you mean `{near}`?")),
                // AWS IoT gets new functions.
                None => Mistake::new(place, message, "call a function of AWS IoT SQL").doubtful(),
            });
        };
        let arguments = self.list(")", depth)?;
        if arguments.len() < function.least || arguments.len() > function.most {
            let wanted = match (function.least, function.most) {
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("`{name}` with {} arguments, it takes {wanted}", arguments.len());
            return Err(Mistake::new(start..self.at, message, format!("give it {wanted}")));
        }
        Ok(Expression::Call(function, arguments, start..self.at))
    }

    fn case(&mut self, depth: usize) -> Result<Expression, Mistake> {
        let subject = if self.keyword("when") { None } else { Some(Box::new(self.expression(0, depth + 1)?)) };
        if subject.is_some() {
            self.expect_keyword("when")?;
        }
        let mut branches = Vec::new();
        loop {
            let wanted = self.expression(0, depth + 1)?;
            self.expect_keyword("then")?;
            branches.push((wanted, self.expression(0, depth + 1)?));
            if !self.keyword("when") {
                break;
            }
        }
        let otherwise = if self.keyword("else") { Some(Box::new(self.expression(0, depth + 1)?)) } else { None };
        self.expect_keyword("end")?;
        Ok(Expression::Case(subject, branches, otherwise))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{FUNCTIONS, Item, parse};

    #[test]
    fn the_functions_are_sorted() {
        assert!(FUNCTIONS.windows(2).all(|pair| pair[0].name < pair[1].name));
    }

    #[test]
    fn statements_are_read() {
        for text in [
            "SELECT * FROM 'a/b'",
            "select temperature, state.reported.color AS color from 'sensors/+/data/#' where temperature > 50 and not (a = 'x')",
            "SELECT VALUE get(list, 0) FROM 'a'",
            "SELECT *, topic(2) AS device, timestamp() AS ts FROM 'a'",
            "SELECT CASE color WHEN 'red' THEN 1 WHEN 'blue' THEN 2 ELSE 3 END AS n FROM 'a'",
            "SELECT {'a': [1, -2.5, b.c]} AS o, cast(x AS decimal) AS d FROM 'a'",
            "SELECT (SELECT v FROM e WHERE n = ')') AS inner FROM 'a'",
            "SET @t = upper(name) SELECT @t AS t FROM 'a'",
            "SELECT encode(*, 'base64') AS data FROM 'it''s'",
            "SELECT * WHERE `odd name`.\"from\" <> NULL",
        ] {
            assert!(parse(text).is_ok(), "{text}: {:?}", parse(text));
        }
        let read = parse("SELECT a.b, *, 1 + 1 FROM 'it''s'").unwrap();
        let Item::Field(_, name) = &read.items[0] else { panic!() };
        assert_eq!((name.as_str(), &read.items[1]), ("b", &Item::All));
        assert_eq!(read.topic.unwrap().0, "it's");
    }

    #[test]
    fn mistakes_have_their_place_and_what_was_meant() {
        for (text, place, message) in [
            ("SELCT * FROM 'a'", "SELCT", "`SELCT` instead of `SELECT`"),
            ("SELECT a b FROM 'x'", "b FROM 'x'", "`b FROM 'x'` after the end of the statement"),
            ("SELECT * FROM topic", "topic", "`topic` instead of a topic"),
            ("SELECT * FROM 'a/#/b'", "#", "`#` that is not the last level"),
            ("SELECT * FROM 'it''s/é/b+/c'", "b+", "`+` that is not a whole level"),
            ("SELECT * FROM 'a/b+'", "b+", "`+` that is not a whole level"),
            ("SELECT * FROM 'a", "'a", "a quote that nothing closes"),
            ("SELECT uper(a) FROM 'x'", "uper", "no function `uper`"),
            ("SELECT upper(a, b) FROM 'x'", "upper(a, b)", "`upper` with 2 arguments, it takes 1"),
            ("SELECT cast(a AS strng) FROM 'x'", "strng", "no type `strng`"),
            ("SELECT * FROM 'x' WHERE a >", "", "the end instead of a value"),
            ("SELECT CASE a WHEN 1 THEN 2 FROM 'x'", "FROM", "`FROM` instead of `END`"),
            ("SELECT VALUE a, b FROM 'x'", "b", "`b` after `SELECT VALUE`, which takes one expression"),
        ] {
            let found = parse(text).unwrap_err();
            assert_eq!((&text[found.range], found.message.as_str()), (place, message), "{text}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(
            text in "SELECT (\\*|a|\\.b|,|'|\\(|\\)| |1|\\+|AS |CASE |WHEN |THEN |END|topic\\(|\\{|\\[|:|é|@|\"){0,14}( FROM 'a/\\+')?( WHERE a =)?",
            any: String,
        ) {
            for text in [text, any] {
                if let Err(found) = parse(&text) {
                    prop_assert!(text.get(found.range).is_some());
                }
            }
        }
    }
}
