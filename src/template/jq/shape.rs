//! What a program certainly gives, whatever its input is.

use std::ops::Range;

use super::ast::{Expression, Kind};

/// The types that a value may have, as a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Types(u8);

impl Types {
    const NULL: Self = Self(1);
    const BOOL: Self = Self(2);
    const NUMBER: Self = Self(4);
    const TEXT: Self = Self(8);
    const LIST: Self = Self(16);
    const OBJECT: Self = Self(32);
    const ALL: Self = Self(63);

    fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn may_be(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it may be a text, a number or `true` or `false`.
    pub fn may_be_scalar(self) -> bool {
        self.may_be(Self::BOOL.and(Self::NUMBER).and(Self::TEXT))
    }

    /// Whether it may be null.
    pub fn may_be_null(self) -> bool {
        self.may_be(Self::NULL)
    }

    /// What it is, if it is of one type.
    pub fn name(self) -> &'static str {
        match self {
            Self::NULL => "null",
            Self::BOOL => "true or false",
            Self::NUMBER => "a number",
            Self::TEXT => "a text",
            Self::LIST => "a list",
            Self::OBJECT => "an object",
            _ => "no text, number, `true` or `false`",
        }
    }
}

/// A key of the object that a program gives.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its name.
    pub name: String,
    /// Where its value is made.
    pub range: Range<usize>,
    /// What its value may be.
    pub types: Types,
    /// Whether its value is a field of the input as it is, and so null where there is none.
    pub is_path: bool,
}

/// What a program gives.
#[derive(Clone, Debug)]
pub enum Shape {
    /// An object with these keys.
    Object(Vec<Key>),
    /// Never an object, but what is named.
    Other(&'static str),
    /// It depends.
    Unknown,
}

impl Expression {
    /// What it gives.
    pub fn shape(&self) -> Shape {
        match &self.kind {
            Kind::Object(entries) => {
                let key = |entry: &super::ast::Entry| {
                    Some(Key {
                        name: entry.key.constant()?,
                        range: entry.value.range.clone(),
                        types: entry.value.types(),
                        is_path: entry.value.is_path(),
                    })
                };
                entries.iter().map(key).collect::<Option<Vec<Key>>>().map_or(Shape::Unknown, Shape::Object)
            }
            Kind::Pipe(_, last) | Kind::Binding(_, _, last) => last.shape(),
            _ => match self.types() {
                types if types.may_be(Types::OBJECT) => Shape::Unknown,
                types => Shape::Other(types.name()),
            },
        }
    }

    /// The name of the field of the input that it is, if it is nothing else.
    pub fn last_field(&self) -> Option<String> {
        match &self.kind {
            Kind::Index(_, key) if self.is_path() => key.constant(),
            Kind::Optional(of) | Kind::Pipe(_, of) if self.is_path() => of.last_field(),
            _ => None,
        }
    }

    /// Whether it is a field of the input as it is.
    fn is_path(&self) -> bool {
        match &self.kind {
            Kind::Identity => true,
            Kind::Index(of, key) => key.constant().is_some() && of.is_path(),
            Kind::Optional(of) => of.is_path(),
            Kind::Pipe(of, then) => of.is_path() && then.is_path(),
            _ => false,
        }
    }

    /// The types that its results may have.
    pub fn types(&self) -> Types {
        match &self.kind {
            Kind::Number(_) | Kind::Negation(_) | Kind::Binary("%", ..) => Types::NUMBER,
            Kind::Text(..) | Kind::Format(_) => Types::TEXT,
            Kind::Array(_) => Types::LIST,
            Kind::Object(_) | Kind::Location(_) => Types::OBJECT,
            Kind::Binary("and" | "or" | "==" | "!=" | "<" | "<=" | ">" | ">=", ..) => Types::BOOL,
            Kind::Binary("//", left, right) => left.types().without(Types::NULL).and(right.types()),
            Kind::Pipe(_, last) | Kind::Binding(_, _, last) | Kind::Try(last, None) => last.types(),
            Kind::Comma(left, right) | Kind::If(_, left, right) | Kind::Try(left, Some(right)) => {
                left.types().and(right.types())
            }
            Kind::Call(name, arguments) => called(name, arguments.len()),
            _ => Types::ALL,
        }
    }

    /// Whether it defines functions, so that names may not mean what they mean elsewhere.
    pub fn defines(&self) -> bool {
        match &self.kind {
            Kind::Definition(..) => true,
            Kind::Pipe(left, right) => left.defines() || right.defines(),
            Kind::Binding(_, _, body) => body.defines(),
            _ => false,
        }
    }
}

/// What functions of jq give. Source: jq 1.6 manual, "Builtin operators and functions".
fn called(name: &str, arguments: usize) -> Types {
    const NUMBERS: &[&str] =
        &["floor/0", "fromdate/0", "length/0", "mktime/0", "now/0", "sqrt/0", "tonumber/0", "utf8bytelength/0"];
    const BOOLS: &[&str] = &[
        "contains/1",
        "endswith/1",
        "false/0",
        "has/1",
        "inside/1",
        "isinfinite/0",
        "isnan/0",
        "isnormal/0",
        "not/0",
        "startswith/1",
        "test/1",
        "test/2",
        "true/0",
    ];
    const TEXTS: &[&str] = &[
        "ascii_downcase/0",
        "ascii_upcase/0",
        "gsub/2",
        "gsub/3",
        "implode/0",
        "join/1",
        "strftime/1",
        "sub/2",
        "sub/3",
        "todate/0",
        "tojson/0",
        "tostring/0",
        "type/0",
    ];
    const LISTS: &[&str] = &[
        "explode/0",
        "gmtime/0",
        "group_by/1",
        "keys/0",
        "keys_unsorted/0",
        "map/1",
        "reverse/0",
        "sort/0",
        "sort_by/1",
        "split/1",
        "split/2",
        "strptime/1",
        "to_entries/0",
        "unique/0",
        "unique_by/1",
    ];
    const OBJECTS: &[&str] = &["from_entries/0", "with_entries/1"];
    let written = format!("{name}/{arguments}");
    let known = [
        (NUMBERS, Types::NUMBER),
        (BOOLS, Types::BOOL),
        (TEXTS, Types::TEXT),
        (LISTS, Types::LIST),
        (OBJECTS, Types::OBJECT),
        (&["null/0"], Types::NULL),
    ];
    known.into_iter().find(|(names, _)| names.contains(&written.as_str())).map_or(Types::ALL, |(_, types)| types)
}
