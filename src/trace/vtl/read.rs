//! From text to a tree.

use core::ops::Range;

use super::Mistake;

/// The deepest nesting of blocks and expressions.
const MAX_DEPTH: usize = 48;

/// The most operators of one level in a row.
const MAX_ROW: usize = 64;

/// A part of a template.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Text as it is.
    Text(String),
    /// A reference in text.
    Reference(Reference),
    /// `#set($name = …)`
    Set(Reference, Expression),
    /// `#if … #elseif … #else … #end`: each condition with what it guards; the last may have none.
    If(Vec<(Option<Expression>, Vec<Node>)>),
    /// `#foreach($name in …) … #end`
    ForEach(String, Expression, Vec<Node>),
    /// `#stop`
    Stop,
    /// `#break`
    Break,
}

/// `$name.property.method(…)[index]`
#[derive(Clone, Debug, PartialEq)]
pub struct Reference {
    /// Where it stands.
    pub range: Range<usize>,
    /// `$!`: nothing, not its own text, if it has no value.
    pub is_quiet: bool,
    /// The first name.
    pub name: String,
    /// What follows it.
    pub steps: Vec<Step>,
}

/// A step of a reference.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    /// `.name`
    Property(String),
    /// `.name(…)`
    Method(String, Vec<Expression>, Range<usize>),
    /// `[…]`
    Index(Expression),
}

/// What has a value.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `'text'`, a number, `true`, `false`, `null`
    Literal(serde_json::Value),
    /// `"text with $references"`
    Template(Vec<Node>),
    /// `$name`
    Reference(Reference),
    /// `[a, b]`
    List(Vec<Expression>),
    /// `{"a": b}`
    Map(Vec<(Expression, Expression)>),
    /// `[1..5]`
    Range(Box<Expression>, Box<Expression>),
    /// `!a`
    Not(Box<Expression>),
    /// `-a`
    Minus(Box<Expression>, Range<usize>),
    /// `a + b`
    Binary(Box<Expression>, Operator, Box<Expression>, Range<usize>),
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

/// The operators by how tightly they bind, from the loosest.
const LEVELS: &[&[(&str, Operator)]] = &[
    &[("||", Operator::Or)],
    &[("&&", Operator::And)],
    &[("==", Operator::Equal), ("!=", Operator::NotEqual)],
    &[("<=", Operator::LessEqual), (">=", Operator::GreaterEqual), ("<", Operator::Less), (">", Operator::Greater)],
    &[("+", Operator::Plus), ("-", Operator::Minus)],
    &[("*", Operator::Times), ("/", Operator::Divide), ("%", Operator::Modulo)],
];

/// Operators in words, each a word of its own.
const WORDS: &[(&str, &str)] =
    &[("or", "||"), ("and", "&&"), ("eq", "=="), ("ne", "!="), ("le", "<="), ("ge", ">="), ("lt", "<"), ("gt", ">")];

/// The tree of a template.
pub fn read(template: &str) -> Result<Vec<Node>, Mistake> {
    let mut reader = Reader { text: template, at: 0, places: None };
    let (nodes, end) = reader.nodes(0)?;
    match end {
        End::Text => Ok(nodes),
        End::Directive(range, name) => Err(Mistake::new(range, format!("`#{name}` without a beginning"))),
    }
}

enum End {
    Text,
    /// `#end`, `#else` or `#elseif`, which end a block.
    Directive(Range<usize>, &'static str),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// Where each byte of the text and its end stand in the template, if that is not the text.
    places: Option<Vec<usize>>,
}

fn is_name(sign: char) -> bool {
    sign.is_ascii_alphanumeric() || matches!(sign, '_' | '-')
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn range(&self, from: usize) -> Range<usize> {
        self.place(from)..self.place(self.at)
    }

    /// Where a byte of the text stands in the template.
    fn place(&self, at: usize) -> usize {
        self.places.as_ref().map_or(at, |places| places[at])
    }

    fn fail<T>(&self, from: usize, message: impl Into<String>) -> Result<T, Mistake> {
        Err(Mistake::new(self.range(from), message))
    }

    fn blanks(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    fn take(&mut self, sign: &str) -> bool {
        self.blanks();
        let is_there = self.rest().starts_with(sign);
        self.at += if is_there { sign.len() } else { 0 };
        is_there
    }

    fn expect(&mut self, sign: &str) -> Result<(), Mistake> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.rest().chars().next();
        let from = self.at;
        self.at += found.map_or(0, char::len_utf8);
        let found = found.map_or_else(|| "the end".to_owned(), |found| format!("`{found}`"));
        self.fail(from, format!("{found} instead of `{sign}`"))
    }

    /// Whether a directive of this name stands here; it is taken then.
    fn directive(&mut self, name: &str) -> bool {
        let Some(rest) = self.rest().strip_prefix('#') else { return false };
        let braced = rest.strip_prefix('{').and_then(|rest| rest.strip_prefix(name)?.strip_prefix('}'));
        let plain = rest.strip_prefix(name).filter(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()));
        // `#else` and `#end` may touch what follows.
        let touching = rest.strip_prefix(name).filter(|_| matches!(name, "end" | "else"));
        let touching = touching.filter(|rest| !rest.starts_with("if"));
        match braced.or(plain).or(touching) {
            Some(after) => {
                self.at = self.text.len() - after.len();
                true
            }
            None => false,
        }
    }

    fn nodes(&mut self, depth: usize) -> Result<(Vec<Node>, End), Mistake> {
        let mut nodes: Vec<Node> = Vec::new();
        let mut text = String::new();
        if depth > MAX_DEPTH {
            return self.fail(self.at, "blocks that are nested too deeply");
        }
        loop {
            let from = self.at;
            let Some(next) = self.rest().find(['#', '$', '\\']) else {
                text.push_str(self.rest());
                self.at = self.text.len();
                flush(&mut nodes, &mut text);
                return Ok((nodes, End::Text));
            };
            text.push_str(&self.rest()[..next]);
            self.at = from + next;
            let from = self.at;
            if let Some(rest) = self.rest().strip_prefix('\\') {
                // A backslash keeps a reference or a directive from being one.
                let keeps = rest.starts_with(['$', '#']);
                text.push_str(if keeps { &rest[..1] } else { "\\" });
                self.at += if keeps { 2 } else { 1 };
                continue;
            }
            if self.rest().starts_with('$') {
                if let Some(reference) = self.reference(depth)? {
                    flush(&mut nodes, &mut text);
                    nodes.push(Node::Reference(reference));
                } else {
                    text.push('$');
                    self.at = from + 1;
                }
                continue;
            }
            if self.rest().starts_with("##") {
                let length = self.rest().find('\n').map_or(self.rest().len(), |end| end + 1);
                self.at += length;
                continue;
            }
            if self.rest().starts_with("#*") {
                let Some(length) = self.rest().find("*#") else {
                    self.at = self.text.len();
                    return self.fail(from, "a comment that nothing closes");
                };
                self.at += length + 2;
                continue;
            }
            if self.rest().starts_with("#[[") {
                let Some(length) = self.rest().find("]]#") else {
                    self.at = self.text.len();
                    return self.fail(from, "`#[[` that nothing closes");
                };
                text.push_str(&self.rest()[3..length]);
                self.at += length + 3;
                continue;
            }
            for end in ["elseif", "else", "end"] {
                if self.directive(end) {
                    flush(&mut nodes, &mut text);
                    return Ok((nodes, End::Directive(self.range(from), end)));
                }
            }
            // What stands on a line of its own leaves no line behind.
            let node = if self.directive("set") {
                self.expect("(")?;
                self.blanks();
                let Some(target) = self.reference(depth)? else {
                    self.at = self.at.max(from + 1);
                    return self.fail(from, "`#set` without a reference");
                };
                self.expect("=")?;
                let value = self.expression(0, depth)?;
                self.expect(")")?;
                self.line_end();
                Node::Set(target, value)
            } else if self.directive("if") {
                self.branches(from, depth)?
            } else if self.directive("foreach") {
                self.expect("(")?;
                self.blanks();
                let Some(variable) = self.reference(depth)?.filter(|one| one.steps.is_empty()) else {
                    self.at = self.at.max(from + 1);
                    return self.fail(from, "`#foreach` without a variable");
                };
                self.expect("in")?;
                let list = self.expression(0, depth)?;
                self.expect(")")?;
                self.line_end();
                let (inner, end) = self.nodes(depth + 1)?;
                if !matches!(end, End::Directive(_, "end")) {
                    return self.fail(from, "`#foreach` without `#end`");
                }
                self.line_end();
                Node::ForEach(variable.name, list, inner)
            } else if self.directive("stop") {
                Node::Stop
            } else if self.directive("break") {
                Node::Break
            } else {
                let after = self.rest()[1..].trim_start_matches('{');
                let length = after.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(after.len());
                let name = &after[..length];
                let known = ["macro", "parse", "include", "define", "evaluate", "literal"];
                if known.contains(&name) {
                    self.at = self.text.len() - after.len() + length;
                    return self.fail(from, format!("`#{name}` is not followed here"));
                }
                text.push('#');
                self.at = from + 1;
                continue;
            };
            flush(&mut nodes, &mut text);
            nodes.push(node);
        }
    }

    /// The end of a line after a directive, which belongs to it.
    fn line_end(&mut self) {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        if let Some(after) = rest.strip_prefix("\r\n").or_else(|| rest.strip_prefix('\n')) {
            self.at = self.text.len() - after.len();
        }
    }

    fn branches(&mut self, from: usize, depth: usize) -> Result<Node, Mistake> {
        let mut branches = Vec::new();
        let mut is_last = false;
        loop {
            let condition = if is_last {
                None
            } else {
                self.expect("(")?;
                let condition = self.expression(0, depth)?;
                self.expect(")")?;
                Some(condition)
            };
            self.line_end();
            let (inner, end) = self.nodes(depth + 1)?;
            branches.push((condition, inner));
            match end {
                End::Directive(_, "end") => {
                    self.line_end();
                    return Ok(Node::If(branches));
                }
                End::Directive(_, name) if !is_last => is_last = name == "else",
                _ => return self.fail(from, "`#if` without `#end`"),
            }
        }
    }

    /// A reference, if one stands here.
    fn reference(&mut self, depth: usize) -> Result<Option<Reference>, Mistake> {
        let from = self.at;
        let Some(mut rest) = self.rest().strip_prefix('$') else { return Ok(None) };
        let is_quiet = rest.starts_with('!');
        rest = rest.strip_prefix('!').unwrap_or(rest);
        let is_braced = rest.starts_with('{');
        rest = rest.strip_prefix('{').unwrap_or(rest);
        if !rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
            return Ok(None);
        }
        self.at = self.text.len() - rest.len();
        let name = self.name();
        let mut steps = Vec::new();
        loop {
            let here = self.at;
            let rest = self.rest();
            if rest.starts_with('.') && rest[1..].starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                self.at += 1;
                let name = self.name();
                if self.rest().starts_with('(') {
                    self.at += 1;
                    let arguments = self.list(")", depth)?;
                    steps.push(Step::Method(name, arguments, self.range(here)));
                } else {
                    steps.push(Step::Property(name));
                }
            } else if rest.starts_with('[') {
                self.at += 1;
                let index = self.expression(0, depth + 1)?;
                self.expect("]")?;
                steps.push(Step::Index(index));
            } else {
                break;
            }
        }
        if is_braced && !self.rest().starts_with('}') {
            return self.fail(from, "`${` that nothing closes, or more in it than a reference");
        }
        self.at += usize::from(is_braced);
        Ok(Some(Reference { range: self.range(from), is_quiet, name, steps }))
    }

    fn name(&mut self) -> String {
        let length = self.rest().find(|c| !is_name(c)).unwrap_or(self.rest().len());
        let name = &self.rest()[..length];
        self.at += length;
        name.to_owned()
    }

    /// Expressions with commas between them, up to a sign.
    fn list(&mut self, close: &str, depth: usize) -> Result<Vec<Expression>, Mistake> {
        let mut all = Vec::new();
        if self.take(close) {
            return Ok(all);
        }
        loop {
            all.push(self.expression(0, depth + 1)?);
            if self.take(close) {
                return Ok(all);
            }
            self.expect(",")?;
        }
    }

    fn operator(&mut self, level: usize) -> Option<Operator> {
        self.blanks();
        for (sign, operator) in LEVELS[level] {
            let word = WORDS.iter().find(|(_, meant)| meant == sign).map(|(word, _)| *word);
            let is_word =
                word.is_some_and(|word| self.rest().strip_prefix(word).is_some_and(|rest| !rest.starts_with(is_name)));
            if is_word || self.rest().starts_with(sign) {
                self.at += if is_word { word.map_or(0, str::len) } else { sign.len() };
                return Some(*operator);
            }
        }
        None
    }

    fn expression(&mut self, level: usize, depth: usize) -> Result<Expression, Mistake> {
        if depth > MAX_DEPTH {
            return self.fail(self.at, "expressions that are nested too deeply");
        }
        if level == LEVELS.len() {
            return self.value(depth);
        }
        let mut left = self.expression(level + 1, depth)?;
        for _ in 0..=MAX_ROW {
            let from = self.at;
            let Some(operator) = self.operator(level) else { return Ok(left) };
            let place = self.range(from);
            let right = self.expression(level + 1, depth)?;
            left = Expression::Binary(Box::new(left), operator, Box::new(right), place);
        }
        self.fail(self.at, "too many operators in a row")
    }

    /// What stands in quotes from a place on, each `""` as one quote, and where each of its bytes and its end stand.
    fn unquoted(&self, inside: &str, from: usize) -> (String, Vec<usize>) {
        let (mut text, mut places, mut after_quote) = (String::with_capacity(inside.len()), Vec::new(), false);
        for (at, sign) in inside.char_indices() {
            after_quote = sign == '"' && !after_quote;
            if sign != '"' || after_quote {
                text.push(sign);
                places.extend((0..sign.len_utf8()).map(|byte| self.place(from + at + byte)));
            }
        }
        places.push(self.place(from + inside.len()));
        (text, places)
    }

    fn value(&mut self, depth: usize) -> Result<Expression, Mistake> {
        self.blanks();
        let from = self.at;
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return self.fail(from, "the end instead of a value") };
        match first {
            '!' => {
                self.at += 1;
                Ok(Expression::Not(Box::new(self.expression(LEVELS.len(), depth + 1)?)))
            }
            '-' if !rest[1..].starts_with(|c: char| c.is_ascii_digit()) => {
                self.at += 1;
                let place = self.range(from);
                Ok(Expression::Minus(Box::new(self.expression(LEVELS.len(), depth + 1)?), place))
            }
            '(' => {
                self.at += 1;
                let inner = self.expression(0, depth + 1)?;
                self.expect(")")?;
                Ok(inner)
            }
            '\'' | '"' => {
                let mut end = 1;
                // A quote that stands twice is one.
                let close = loop {
                    let Some(at) = rest[end..].find(first) else {
                        self.at = self.text.len();
                        return self.fail(from, "a quote that nothing closes");
                    };
                    if rest[end + at + 1..].starts_with(first) {
                        end += at + 2;
                    } else {
                        break end + at;
                    }
                };
                let inside = &rest[1..close];
                self.at += close + 1;
                if first == '\'' {
                    return Ok(Expression::Literal(inside.replace("''", "'").into()));
                }
                let (text, places) = self.unquoted(inside, from + 1);
                let mut inner = Reader { text: &text, at: 0, places: Some(places) };
                let (nodes, end) = inner.nodes(depth + 1)?;
                match end {
                    End::Text => Ok(Expression::Template(nodes)),
                    End::Directive(range, name) => Err(Mistake::new(range, format!("`#{name}` without a beginning"))),
                }
            }
            '[' => {
                self.at += 1;
                if self.take("]") {
                    return Ok(Expression::List(Vec::new()));
                }
                let low = self.expression(0, depth + 1)?;
                if self.take("..") {
                    let high = self.expression(0, depth + 1)?;
                    self.expect("]")?;
                    return Ok(Expression::Range(Box::new(low), Box::new(high)));
                }
                let mut all = vec![low];
                if self.take("]") {
                    return Ok(Expression::List(all));
                }
                self.expect(",")?;
                all.extend(self.list("]", depth)?);
                Ok(Expression::List(all))
            }
            '{' => {
                self.at += 1;
                let mut entries = Vec::new();
                while !self.take("}") {
                    if !entries.is_empty() {
                        self.expect(",")?;
                    }
                    let key = self.expression(0, depth + 1)?;
                    self.expect(":")?;
                    entries.push((key, self.expression(0, depth + 1)?));
                }
                Ok(Expression::Map(entries))
            }
            '$' => {
                if let Some(reference) = self.reference(depth + 1)? {
                    return Ok(Expression::Reference(reference));
                }
                self.at += 1;
                self.fail(from, "`$` without a name")
            }
            _ => self.word(from),
        }
    }

    /// A number or a word.
    fn word(&mut self, from: usize) -> Result<Expression, Mistake> {
        let rest = self.rest();
        let sign = usize::from(rest.starts_with('-'));
        let digits = rest[sign..].find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len() - sign) + sign;
        if digits > sign {
            let fraction = rest[digits..]
                .strip_prefix('.')
                .map_or(0, |after| after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len()));
            let length = if fraction > 0 { digits + 1 + fraction } else { digits };
            self.at += length;
            return match serde_json::from_str(&rest[..length]) {
                Ok(number) => Ok(Expression::Literal(number)),
                Err(_) => self.fail(from, format!("`{}` is no number", &rest[..length])),
            };
        }
        let word = self.name();
        match word.as_str() {
            "true" => Ok(Expression::Literal(true.into())),
            "false" => Ok(Expression::Literal(false.into())),
            "null" => Ok(Expression::Literal(serde_json::Value::Null)),
            "not" => Ok(Expression::Not(Box::new(self.expression(LEVELS.len(), 0)?))),
            _ => {
                self.at += if word.is_empty() { rest.chars().next().map_or(0, char::len_utf8) } else { 0 };
                let given = &self.text[from..self.at];
                self.fail(from, format!("`{given}` instead of a value"))
            }
        }
    }
}

fn flush(nodes: &mut Vec<Node>, text: &mut String) {
    if !text.is_empty() {
        nodes.push(Node::Text(std::mem::take(text)));
    }
}
