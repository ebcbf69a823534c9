//! Filter patterns of CloudWatch Logs, as subscriptions and metrics have them: terms, fields with blanks between them,
//! and conditions on JSON.
//!
//! Source: CloudWatch Logs User Guide, "Filter pattern syntax for metric filters, subscription filters, filter log
//! events, and Live Tail".

use core::ops::Range;

use crate::diagnostics::closest;

/// Characters of a pattern. Source: CloudWatch Logs API, `FilterPattern`.
pub const MAX_CHARACTERS: usize = 1_024;

/// Regular expressions in one pattern of fields or of JSON. Source: see the module.
const MAX_REGEXES: usize = 2;

/// The deepest nesting of conditions that is read.
const MAX_DEPTH: usize = 64;

/// Something that no pattern has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Its bytes in the pattern.
    pub range: Range<usize>,
    /// What is wrong.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// A filter pattern.
#[derive(Clone, Debug, PartialEq)]
pub enum Filter {
    /// It takes everything.
    All,
    /// It looks for terms anywhere.
    Terms(Vec<Term>),
    /// It looks at fields with blanks between them.
    Fields(Vec<Field>),
    /// It looks at the fields of JSON.
    Json(Condition),
}

/// A term that is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Term {
    /// Whether it must be there, may be there, or must not.
    pub demand: Demand,
    /// What is looked for.
    pub text: Text,
}

/// What is demanded of a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// It is there.
    Must,
    /// It or another one of these (`?`) is there.
    May,
    /// It is not there (`-`).
    MustNot,
}

/// Text or a regular expression.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// Text; in comparisons `*` stands for anything.
    Plain(String),
    /// Between two `%`.
    Regex(String),
}

/// A field among others with blanks between them.
#[derive(Clone, Debug, PartialEq)]
pub enum Field {
    /// Any number of fields: `...`.
    Rest,
    /// One field, with the name that the pattern gives it, and what is demanded of it.
    One(String, Option<Test>),
}

/// What is demanded of one field; all names in it are that of the field.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// A comparison.
    Compare(Operator, Operand),
    /// All of them.
    And(Vec<Test>),
    /// One of them.
    Or(Vec<Test>),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
}

/// What a value is compared with.
#[derive(Clone, Debug, PartialEq)]
pub enum Operand {
    /// A number.
    Number(f64),
    /// Text, with `*`.
    Text(String),
    /// A regular expression.
    Regex(String),
    /// An address with `*`, or a block of addresses, is text as well; this is `*` alone.
    Anything,
}

/// A step of a selector.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `.name`
    Key(String),
    /// `[0]`
    Index(usize),
    /// `[*]` or `.*`
    Any,
}

/// A condition on JSON.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// A comparison.
    Compare(Vec<Step>, Operator, Operand),
    /// `IS NULL`, `IS TRUE`, `IS FALSE`
    Is(Vec<Step>, Option<bool>),
    /// `EXISTS` (true) or `NOT EXISTS`
    Exists(Vec<Step>, bool),
    /// All of them.
    And(Vec<Condition>),
    /// One of them.
    Or(Vec<Condition>),
}

/// Reads a pattern.
pub fn parse(text: &str) -> Result<Filter, Mistake> {
    let whole = text.chars().count();
    if whole > MAX_CHARACTERS {
        return Err(mistake(
            0..text.len(),
            format!("a filter pattern of {whole} characters, at most {MAX_CHARACTERS} are taken"),
            "look for less",
        ));
    }
    let mut reader = Reader { text, at: 0, regexes: 0 };
    reader.blanks();
    let filter = match reader.peek() {
        None => Filter::All,
        Some('{') => reader.json()?,
        Some('[') => reader.fields()?,
        Some(_) => reader.terms()?,
    };
    if !matches!(filter, Filter::Terms(_)) && reader.regexes > MAX_REGEXES {
        return Err(mistake(
            0..text.len(),
            format!("{} regular expressions, at most {MAX_REGEXES} are taken", reader.regexes),
            "join them with `|`",
        ));
    }
    Ok(filter)
}

fn mistake(range: Range<usize>, message: impl Into<String>, help: impl Into<String>) -> Mistake {
    Mistake { range, message: message.into(), help: help.into() }
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    regexes: usize,
}

/// The operators, the longer before the shorter.
const OPERATORS: &[(&str, Operator)] = &[
    ("!=", Operator::NotEqual),
    ("<=", Operator::LessEqual),
    (">=", Operator::GreaterEqual),
    ("=", Operator::Equal),
    ("<", Operator::Less),
    (">", Operator::Greater),
];

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

    fn take(&mut self, sign: &str) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(sign);
        if is_there {
            self.at += sign.len();
        }
        is_there
    }

    /// The place of the next sign, or the end.
    fn here(&self) -> Range<usize> {
        self.at..self.at + self.peek().map_or(0, char::len_utf8)
    }

    fn found(&self) -> String {
        self.peek().map_or_else(|| "the end".to_owned(), |sign| format!("`{sign}`"))
    }

    fn expect(&mut self, sign: &str, after: &str) -> Result<(), Mistake> {
        if self.take(sign) {
            return Ok(());
        }
        Err(mistake(
            self.here(),
            format!("{} instead of `{sign}` {after}", self.found()),
            format!("write `{sign}` there"),
        ))
    }

    fn end(&mut self, what: &str) -> Result<(), Mistake> {
        self.blanks();
        if self.rest().is_empty() {
            return Ok(());
        }
        let range = self.at..self.text.len();
        Err(mistake(range, format!("`{}` after the end of {what}", self.rest().trim_end()), "remove it"))
    }

    /// What stands in quotes, in which `\"` is a quote.
    fn quoted(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let mut made = String::new();
        let mut signs = self.rest().char_indices().skip(1);
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.at = start + at + 1;
                    return Ok(made);
                }
                '\\' => match signs.next() {
                    Some((_, next @ ('"' | '\\'))) => made.push(next),
                    Some((_, next)) => made.extend(['\\', next]),
                    None => break,
                },
                _ => made.push(sign),
            }
        }
        Err(mistake(start..self.text.len(), "a quote that nothing closes", "close it with `\"`"))
    }

    /// What stands between two `%`.
    fn regex(&mut self) -> Result<String, Mistake> {
        let start = self.at;
        let Some(length) = self.rest()[1..].find('%') else {
            return Err(mistake(
                start..self.text.len(),
                "a regular expression that nothing closes",
                "close it with `%`",
            ));
        };
        let inside = &self.rest()[1..=length];
        if inside.is_empty() {
            return Err(mistake(start..start + 2, "an empty regular expression", "write what to look for"));
        }
        let mut escaped = false;
        for (at, sign) in inside.char_indices() {
            let is_taken = sign.is_ascii_alphanumeric() || " :_#=@/;,-^$?[]{}|\\*+.".contains(sign);
            if !(is_taken || escaped && sign.is_ascii()) {
                let place = start + 1 + at;
                let help = match sign {
                    '(' | ')' => "write the alternatives in full, with `|` between them".to_owned(),
                    _ => "a `.` stands for any sign".to_owned(),
                };
                return Err(mistake(
                    place..place + sign.len_utf8(),
                    format!("`{sign}` in a regular expression of a filter pattern"),
                    help,
                ));
            }
            escaped = sign == '\\' && !escaped;
        }
        self.at = start + length + 2;
        self.regexes += 1;
        Ok(inside.to_owned())
    }

    fn terms(&mut self) -> Result<Filter, Mistake> {
        let mut terms = Vec::new();
        loop {
            self.blanks();
            let demand = match self.peek() {
                None => return Ok(Filter::Terms(terms)),
                Some('?') => Demand::May,
                Some('-') => Demand::MustNot,
                Some(_) => Demand::Must,
            };
            let start = self.at;
            if demand != Demand::Must {
                self.at += 1;
            }
            let text = match self.peek() {
                Some('"') => Text::Plain(self.quoted()?),
                Some('%') => Text::Regex(self.regex()?),
                _ => {
                    let length = self.rest().find(char::is_whitespace).unwrap_or(self.rest().len());
                    let word = &self.rest()[..length];
                    if word.is_empty() {
                        return Err(mistake(start..self.at, "a sign without a term", "write the term right after it"));
                    }
                    if let Some((at, sign)) = word.char_indices().find(|(_, c)| !c.is_alphanumeric() && *c != '_') {
                        return Err(mistake(
                            self.at + at..self.at + at + sign.len_utf8(),
                            format!("`{sign}` in a term without quotes"),
                            format!("write `\"{word}\"`"),
                        ));
                    }
                    self.at += length;
                    Text::Plain(word.to_owned())
                }
            };
            terms.push(Term { demand, text });
        }
    }

    fn operator(&mut self) -> Option<Operator> {
        OPERATORS.iter().find(|(sign, _)| self.take(sign)).map(|(_, operator)| *operator)
    }

    /// What stands to the right of an operator; `ends` are signs that end it.
    fn operand(&mut self, operator: Operator, ends: &[char]) -> Result<Operand, Mistake> {
        self.blanks();
        let start = self.at;
        let operand = match self.peek() {
            Some('"') => Operand::Text(self.quoted()?),
            Some('%') => Operand::Regex(self.regex()?),
            _ => {
                let is_end = |sign: char| sign.is_whitespace() || ends.contains(&sign);
                let length = self.rest().find(is_end).unwrap_or(self.rest().len());
                let word = &self.rest()[..length];
                if word.is_empty() {
                    let message = format!("{} instead of a value", self.found());
                    return Err(mistake(self.here(), message, "write a number, or text in quotes"));
                }
                self.at += length;
                match word.parse::<f64>() {
                    Ok(number) if number.is_finite() => Operand::Number(number),
                    _ if word == "*" => Operand::Anything,
                    _ => Operand::Text(word.to_owned()),
                }
            }
        };
        let is_order = !matches!(operator, Operator::Equal | Operator::NotEqual);
        if is_order && !matches!(operand, Operand::Number(_)) {
            return Err(mistake(start..self.at, "only numbers are larger or smaller", "write a number, or use `=`"));
        }
        Ok(operand)
    }

    fn fields(&mut self) -> Result<Filter, Mistake> {
        let open = self.at;
        self.expect("[", "at the beginning")?;
        let mut fields: Vec<Field> = Vec::new();
        loop {
            self.blanks();
            let start = self.at;
            if self.take("...") {
                if fields.contains(&Field::Rest) {
                    return Err(mistake(start..self.at, "`...` for a second time", "keep one"));
                }
                fields.push(Field::Rest);
            } else {
                let name = self.name();
                let test = self.field_tests(&name, 0)?;
                fields.push(Field::One(name, test));
            }
            self.blanks();
            if self.take("]") {
                break;
            }
            if self.rest().is_empty() {
                return Err(mistake(open..open + 1, "`[` that nothing closes", "close it with `]`"));
            }
            self.expect(",", "between two fields")?;
        }
        self.end("the fields")?;
        Ok(Filter::Fields(fields))
    }

    fn name(&mut self) -> String {
        self.blanks();
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '$' | '@');
        let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let name = &self.rest()[..length];
        self.at += length;
        name.to_owned()
    }

    /// `= a`, `= a && name != b`, `= a || name = b`; nothing, if the field may be anything.
    fn field_tests(&mut self, name: &str, depth: usize) -> Result<Option<Test>, Mistake> {
        let Some(operator) = self.operator() else { return Ok(None) };
        let first = Test::Compare(operator, self.operand(operator, &[',', ']', '&', '|', ')'])?);
        let sign = if self.take("&&") {
            "&&"
        } else if self.take("||") {
            "||"
        } else {
            return Ok(Some(first));
        };
        if depth > MAX_DEPTH {
            return Err(mistake(self.here(), "too many conditions", "write fewer"));
        }
        let start = self.at;
        let again = self.name();
        let place = start..self.at;
        if again != name {
            let message = format!("`{again}` in the conditions of `{name}`");
            return Err(mistake(place, message, format!("write `{name}`, or make it a field of its own")));
        }
        let Some(more) = self.field_tests(name, depth + 1)? else {
            return Err(mistake(
                self.here(),
                format!("{} instead of an operator", self.found()),
                "write for example `=`",
            ));
        };
        // `&&` binds its neighbours first.
        Ok(Some(match (sign, more) {
            ("&&", Test::Or(mut all)) => {
                let next = all.remove(0);
                all.insert(0, Test::And(vec![first, next]));
                Test::Or(all)
            }
            ("&&", more) => Test::And(vec![first, more]),
            (_, Test::Or(mut all)) => {
                all.insert(0, first);
                Test::Or(all)
            }
            (_, more) => Test::Or(vec![first, more]),
        }))
    }

    fn json(&mut self) -> Result<Filter, Mistake> {
        let open = self.at;
        self.expect("{", "at the beginning")?;
        let condition = self.any(0)?;
        self.blanks();
        if self.rest().is_empty() {
            return Err(mistake(open..open + 1, "`{` that nothing closes", "close it with `}`"));
        }
        self.expect("}", "after the condition")?;
        self.end("the condition")?;
        Ok(Filter::Json(condition))
    }

    fn any(&mut self, depth: usize) -> Result<Condition, Mistake> {
        let mut all = vec![self.every(depth)?];
        while self.take("||") {
            all.push(self.every(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::Or(all) })
    }

    fn every(&mut self, depth: usize) -> Result<Condition, Mistake> {
        let mut all = vec![self.one(depth)?];
        while self.take("&&") {
            all.push(self.one(depth)?);
        }
        Ok(if all.len() == 1 { all.remove(0) } else { Condition::And(all) })
    }

    fn one(&mut self, depth: usize) -> Result<Condition, Mistake> {
        if self.take("(") {
            if depth > MAX_DEPTH {
                return Err(mistake(self.here(), "too many brackets in each other", "write fewer"));
            }
            let inner = self.any(depth + 1)?;
            self.expect(")", "after the condition")?;
            return Ok(inner);
        }
        let steps = self.selector()?;
        if let Some(operator) = self.operator() {
            return Ok(Condition::Compare(steps, operator, self.operand(operator, &['}', ')', '&', '|'])?));
        }
        self.blanks();
        let start = self.at;
        let length = self.rest().find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_uppercase();
        self.at += length;
        let mut second = || {
            self.blanks();
            let length = self.rest().find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.rest().len());
            let word = self.rest()[..length].to_uppercase();
            self.at += length;
            word
        };
        match word.as_str() {
            "EXISTS" => Ok(Condition::Exists(steps, true)),
            "NOT" if second() == "EXISTS" => Ok(Condition::Exists(steps, false)),
            "IS" => match second().as_str() {
                "NULL" => Ok(Condition::Is(steps, None)),
                "TRUE" => Ok(Condition::Is(steps, Some(true))),
                "FALSE" => Ok(Condition::Is(steps, Some(false))),
                _ => {
                    Err(mistake(start..self.at, "`IS` without what it is", "write `IS NULL`, `IS TRUE` or `IS FALSE`"))
                }
            },
            "" => Err(mistake(
                self.here(),
                format!("{} instead of an operator", self.found()),
                "write for example `=`, `EXISTS` or `IS NULL`",
            )),
            other => {
                let near = closest(other, ["EXISTS", "NOT EXISTS", "IS NULL", "IS TRUE", "IS FALSE"]);
                let help =
                    near.map_or_else(|| "write for example `=`".to_owned(), |near| format!("did you mean `{near}`?"));
                Err(mistake(start..self.at, format!("no operator `{}`", &self.text[start..self.at]), help))
            }
        }
    }

    fn selector(&mut self) -> Result<Vec<Step>, Mistake> {
        self.blanks();
        if !self.take("$") {
            let message = format!("{} instead of a selector", self.found());
            return Err(mistake(self.here(), message, "a selector begins with `$.`, for example `$.eventName`"));
        }
        let mut steps = Vec::new();
        loop {
            let start = self.at;
            match self.peek() {
                Some('.') => {
                    self.at += 1;
                    if self.peek() == Some('*') {
                        self.at += 1;
                        steps.push(Step::Any);
                        continue;
                    }
                    let is_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | ':' | '@' | '/');
                    let length = self.rest().find(|c| !is_key(c)).unwrap_or(self.rest().len());
                    if length == 0 {
                        return Err(mistake(
                            start..start + 1,
                            "`.` without a name",
                            "write the name of a field after it",
                        ));
                    }
                    steps.push(Step::Key(self.rest()[..length].to_owned()));
                    self.at += length;
                }
                Some('[') => {
                    let Some(length) = self.rest().find(']') else {
                        return Err(mistake(start..start + 1, "`[` that nothing closes", "close it with `]`"));
                    };
                    let inside = self.rest()[1..length].trim();
                    let quoted = inside.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
                    steps.push(match (inside, quoted, inside.parse()) {
                        ("*", ..) => Step::Any,
                        (_, Some(key), _) => Step::Key(key.to_owned()),
                        (.., Ok(index)) => Step::Index(index),
                        _ => {
                            let range = start..start + length + 1;
                            return Err(mistake(range, format!("`[{inside}]` in a selector"), "write a number or `*`"));
                        }
                    });
                    self.at += length + 1;
                }
                _ if steps.is_empty() => {
                    return Err(mistake(self.here(), "`$` without a field", "write for example `$.eventName`"));
                }
                _ => return Ok(steps),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Condition, Demand, Field, Filter, Operand, Operator, Step, Term, Test, Text, parse};

    fn mistake(text: &str) -> (String, &str) {
        let found = parse(text).unwrap_err();
        (found.message, &text[found.range])
    }

    #[test]
    fn the_forms_are_read() {
        assert_eq!(parse("  "), Ok(Filter::All));
        let term = |demand, text: &str| Term { demand, text: Text::Plain(text.to_owned()) };
        assert_eq!(
            parse("ERROR ?\"a b\" -Exiting"),
            Ok(Filter::Terms(vec![
                term(Demand::Must, "ERROR"),
                term(Demand::May, "a b"),
                term(Demand::MustNot, "Exiting")
            ]))
        );
        let compare = |operator, number| Test::Compare(operator, Operand::Number(number));
        assert_eq!(
            parse("[ip, ..., status = 4* || status >= 500, bytes]"),
            Ok(Filter::Fields(vec![
                Field::One("ip".to_owned(), None),
                Field::Rest,
                Field::One(
                    "status".to_owned(),
                    Some(Test::Or(vec![
                        Test::Compare(Operator::Equal, Operand::Text("4*".to_owned())),
                        compare(Operator::GreaterEqual, 500.0),
                    ]))
                ),
                Field::One("bytes".to_owned(), None),
            ]))
        );
        let key = |name: &str| Step::Key(name.to_owned());
        assert_eq!(
            parse("{ ($.a.b[0] = \"x*\") && $.c IS NULL || $.d NOT EXISTS }"),
            Ok(Filter::Json(Condition::Or(vec![
                Condition::And(vec![
                    Condition::Compare(
                        vec![key("a"), key("b"), Step::Index(0)],
                        Operator::Equal,
                        Operand::Text("x*".to_owned())
                    ),
                    Condition::Is(vec![key("c")], None),
                ]),
                Condition::Exists(vec![key("d")], false),
            ])))
        );
        assert!(parse("%^[a-z]+ 4\\.\\d%").is_ok());
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, message, place) in [
            ("a-b", "`-` in a term without quotes", "-"),
            ("\"open", "a quote that nothing closes", "\"open"),
            ("%a(b)%", "`(` in a regular expression of a filter pattern", "("),
            ("%a", "a regular expression that nothing closes", "%a"),
            ("{ eventName = \"a\" }", "`e` instead of a selector", "e"),
            ("{ $.a > \"b\" }", "only numbers are larger or smaller", "\"b\""),
            ("{ $.a EXIST }", "no operator `EXIST`", "EXIST"),
            ("{ $.a = 1", "`{` that nothing closes", "{"),
            ("{ $.a = 1 } x", "`x` after the end of the condition", "x"),
            ("[a, b = 1", "`[` that nothing closes", "["),
            ("[a, ..., b, ...]", "`...` for a second time", "..."),
            ("[a = 1 && b = 2]", "`b` in the conditions of `a`", " b"),
            ("{ $.a[x] = 1 }", "`[x]` in a selector", "[x]"),
            ("{ $. = 1 }", "`.` without a name", "."),
            ("?", "a sign without a term", "?"),
        ] {
            assert_eq!(mistake(text), (message.to_owned(), place), "{text}");
        }
        assert!(parse("{ $.a = %a% && $.b = %b% && $.c = %c% }").is_err());
        assert!(parse(&"a ".repeat(600)).is_err());
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[a-c\"%\\\\{}()\\[\\]$.,=<>!&|?* 0-9é-]{0,30}", any: String) {
            for text in [text, any] {
                if let Err(found) = parse(&text) {
                    prop_assert!(text.get(found.range).is_some());
                }
            }
        }
    }
}
