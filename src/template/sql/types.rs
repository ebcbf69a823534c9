//! The types of columns, in the words of Presto and of Hive.

use std::fmt::Write as _;

/// The type of a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Type {
    /// It is not known.
    #[default]
    Unknown,
    /// One without a name of its own: `bigint`, `varchar`, `decimal(10,2)`, in the words of Presto.
    Plain(String),
    /// Any number of values.
    Array(Box<Type>),
    /// Values by keys.
    Map(Box<Type>, Box<Type>),
    /// Values by fixed names.
    Row(Vec<(String, Type)>),
}

/// What is wrong with a type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// The types that have nothing inside: in Presto, in Hive, and their family, whose members Athena turns into each other.
///
/// Source: Athena User Guide, "Data types in Amazon Athena"; the open source of Trino, `HiveTypeTranslator`.
const PLAIN: &[(&str, &str, &str)] = &[
    ("bigint", "bigint", "number"),
    ("boolean", "boolean", "boolean"),
    ("char", "char", "text"),
    ("date", "date", "date"),
    ("decimal", "decimal", "number"),
    ("double", "double", "number"),
    ("integer", "int", "number"),
    ("real", "float", "number"),
    ("smallint", "smallint", "number"),
    ("timestamp", "timestamp", "timestamp"),
    ("tinyint", "tinyint", "number"),
    ("varbinary", "binary", "binary"),
    ("varchar", "string", "text"),
];

/// Names by which people know a type that Presto calls otherwise.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("binary", "varbinary"),
    ("bool", "boolean"),
    ("float", "real"),
    ("int", "integer"),
    ("list", "array"),
    ("long", "bigint"),
    ("string", "varchar"),
    ("struct", "row"),
    ("text", "varchar"),
];

/// Types of Presto that no column of the Data Catalog can have.
const WITHOUT_HIVE: &[&str] = &["hyperloglog", "interval", "ipaddress", "json", "time", "uuid"];

fn mistake(message: impl Into<String>, help: impl Into<String>) -> Mistake {
    Mistake { message: message.into(), help: help.into() }
}

struct Cursor<'a> {
    rest: &'a str,
    /// How many types the present one is inside of.
    depth: usize,
}

/// Deeper types are nobody's, and reading them would need more stack than there may be.
const MAX_DEPTH: usize = 32;

impl<'a> Cursor<'a> {
    fn new(rest: &'a str) -> Self {
        Self { rest, depth: 0 }
    }

    fn take(&mut self, wanted: char) -> bool {
        self.rest = self.rest.trim_start();
        let found = self.rest.strip_prefix(wanted);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn expect(&mut self, wanted: char, after: &str) -> Result<(), Mistake> {
        if self.take(wanted) {
            return Ok(());
        }
        Err(mistake(
            format!("no `{wanted}` after `{after}`"),
            "write types such as `array(row(name varchar, n integer))`",
        ))
    }

    fn word(&mut self) -> &'a str {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    /// A name, which may stand in `quote`s.
    fn name(&mut self, quote: char) -> Option<String> {
        if self.take(quote) {
            let (name, rest) = self.rest.split_once(quote)?;
            self.rest = rest;
            return Some(name.to_ascii_lowercase());
        }
        let word = self.word();
        (!word.is_empty()).then(|| word.to_ascii_lowercase())
    }

    /// The numbers in brackets after a type, with the brackets.
    fn numbers(&mut self) -> String {
        let Some((inside, rest)) = self.rest.trim_start().strip_prefix('(').and_then(|rest| rest.split_once(')'))
        else {
            return String::new();
        };
        self.rest = rest;
        format!("({})", inside.split(',').map(str::trim).collect::<Vec<_>>().join(","))
    }

    fn presto(&mut self) -> Result<Type, Mistake> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(mistake("a type inside of too many others", "write a flatter type"));
        }
        let word = self.word().to_ascii_lowercase();
        let found = match word.as_str() {
            "array" => {
                self.expect('(', "array")?;
                let inner = self.presto()?;
                self.expect(')', "array(…")?;
                Type::Array(Box::new(inner))
            }
            "map" => {
                self.expect('(', "map")?;
                let key = self.presto()?;
                self.expect(',', "map(…")?;
                let value = self.presto()?;
                self.expect(')', "map(…")?;
                Type::Map(Box::new(key), Box::new(value))
            }
            "row" => {
                self.expect('(', "row")?;
                let mut fields = Vec::new();
                loop {
                    let help = "give each field a name and a type, such as `row(name varchar)`";
                    let name = self.name('"').ok_or_else(|| mistake("a field of `row` without a name", help))?;
                    fields.push((name, self.presto()?));
                    if !self.take(',') {
                        break;
                    }
                }
                self.expect(')', "row(…")?;
                Type::Row(fields)
            }
            _ => self.plain(&word)?,
        };
        self.depth -= 1;
        Ok(found)
    }

    fn plain(&mut self, word: &str) -> Result<Type, Mistake> {
        let known = || PLAIN.iter().map(|(name, ..)| *name).chain(["array", "map", "row"]);
        if WITHOUT_HIVE.contains(&word) {
            return Err(mistake(
                format!("the Data Catalog has no type for `{word}`"),
                "cast the column in the query, for example to `varchar`",
            ));
        }
        if !PLAIN.iter().any(|(name, ..)| *name == word) {
            let other = OTHER_NAMES.iter().find(|(name, _)| *name == word).map(|(_, presto)| *presto);
            let help = match other.or_else(|| crate::diagnostics::closest(word, known())) {
                Some(name) => format!("did you mean `{name}`?"),
                None => format!("the types are {}", crate::diagnostics::alternatives(known())),
            };
            let message = if word.is_empty() { "a type is missing".to_owned() } else { format!("no type `{word}`") };
            return Err(mistake(message, help));
        }
        let numbers = self.numbers();
        if word == "timestamp" {
            let mut ahead = Cursor::new(self.rest);
            if ahead.word().eq_ignore_ascii_case("with") {
                return Err(mistake(
                    "the Data Catalog has no type for `timestamp with time zone`",
                    "cast the column in the query to `timestamp`",
                ));
            }
            // Hive has no precision.
            return Ok(Type::Plain("timestamp".to_owned()));
        }
        if matches!(word, "char" | "decimal") && numbers.is_empty() {
            return Err(mistake(
                format!("`{word}` without its size"),
                "write for example `decimal(10, 2)` or `char(8)`",
            ));
        }
        Ok(Type::Plain(format!("{word}{numbers}")))
    }

    fn hive(&mut self) -> Option<Type> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let word = self.word().to_ascii_lowercase();
        let found = match word.as_str() {
            "array" => {
                let inner = self.take('<').then(|| self.hive())??;
                self.take('>').then(|| Type::Array(Box::new(inner)))?
            }
            "map" => {
                let key = self.take('<').then(|| self.hive())??;
                let value = self.take(',').then(|| self.hive())??;
                self.take('>').then(|| Type::Map(Box::new(key), Box::new(value)))?
            }
            "struct" => {
                if !self.take('<') {
                    return None;
                }
                let mut fields = Vec::new();
                loop {
                    let name = self.name('`')?;
                    fields.push((name, self.take(':').then(|| self.hive())??));
                    if !self.take(',') {
                        break;
                    }
                }
                self.take('>').then_some(Type::Row(fields))?
            }
            "varchar" => Type::Plain(format!("varchar{}", self.numbers())),
            _ => {
                let (presto, ..) = PLAIN.iter().find(|(_, hive, _)| *hive == word)?;
                Type::Plain(format!("{presto}{}", self.numbers()))
            }
        };
        self.depth -= 1;
        Some(found)
    }
}

impl Type {
    /// A type in the words of Presto.
    pub fn of_presto(text: &str) -> Result<Self, Mistake> {
        let mut cursor = Cursor::new(text);
        let found = cursor.presto()?;
        let rest = cursor.rest.trim();
        if rest.is_empty() {
            return Ok(found);
        }
        Err(mistake(format!("`{rest}` after the type"), "write one type for each column"))
    }

    /// A type in the words of Hive; unknown where it is not one.
    pub fn of_hive(text: &str) -> Self {
        let mut cursor = Cursor::new(text);
        cursor.hive().filter(|_| cursor.rest.trim().is_empty()).unwrap_or_default()
    }

    /// A type in the words of Redshift; unknown where there is none like it.
    ///
    /// Source: Redshift Database Developer Guide, "Data types".
    pub fn of_redshift(text: &str) -> Self {
        let mut cursor = Cursor::new(text);
        let mut word = cursor.word().to_ascii_lowercase();
        if matches!(word.as_str(), "double" | "character") {
            let mut ahead = Cursor::new(cursor.rest);
            let next = ahead.word().to_ascii_lowercase();
            if matches!(next.as_str(), "precision" | "varying") {
                word = next;
                cursor = ahead;
            }
        }
        let numbers = cursor.numbers();
        let name = match word.as_str() {
            "bigint" | "int8" => "bigint",
            "bool" | "boolean" => "boolean",
            "date" => "date",
            "float" | "float8" | "precision" => "double",
            "int" | "int4" | "integer" => "integer",
            "float4" | "real" => "real",
            "int2" | "smallint" => "smallint",
            "timestamp" | "timestamptz" => "timestamp",
            // Without a size they have one of their own.
            "decimal" | "numeric" if numbers.is_empty() => return Self::Plain("decimal(18,0)".to_owned()),
            "decimal" | "numeric" => return Self::Plain(format!("decimal{numbers}")),
            "bpchar" | "char" | "character" | "nchar" | "nvarchar" | "text" | "varchar" | "varying" => "varchar",
            _ => return Self::Unknown,
        };
        Self::Plain(name.to_owned())
    }

    /// The type in the words of Presto.
    pub fn presto(&self) -> String {
        match self {
            Self::Unknown => "unknown".to_owned(),
            Self::Plain(name) => name.clone(),
            Self::Array(inner) => format!("array({})", inner.presto()),
            Self::Map(key, value) => format!("map({}, {})", key.presto(), value.presto()),
            Self::Row(fields) => {
                let fields: Vec<String> =
                    fields.iter().map(|(name, kind)| format!("{name} {}", kind.presto())).collect();
                format!("row({})", fields.join(", "))
            }
        }
    }

    /// The type in the words of Hive.
    pub fn hive(&self) -> String {
        match self {
            Self::Unknown => "string".to_owned(),
            Self::Plain(name) => {
                let (word, numbers) =
                    name.split_once('(').map_or((name.as_str(), None), |(word, rest)| (word, Some(rest)));
                let hive = PLAIN.iter().find(|(presto, ..)| *presto == word).map_or(word, |(_, hive, _)| *hive);
                match numbers {
                    // Only without a length it is Hive's `string`.
                    Some(numbers) if word == "varchar" => format!("varchar({numbers}"),
                    Some(numbers) => format!("{hive}({numbers}"),
                    None => hive.to_owned(),
                }
            }
            Self::Array(inner) => format!("array<{}>", inner.hive()),
            Self::Map(key, value) => format!("map<{},{}>", key.hive(), value.hive()),
            Self::Row(fields) => {
                let mut text = "struct<".to_owned();
                for (at, (name, kind)) in fields.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    // Writing to a text does not fail.
                    let _ = write!(text, "{comma}{name}:{}", kind.hive());
                }
                text.push('>');
                text
            }
        }
    }

    /// Whether a value of this type may stand where another is declared: unknown fits all.
    pub fn fits(&self, declared: &Self) -> bool {
        match (self, declared) {
            (Self::Unknown, _) | (_, Self::Unknown) => true,
            (Self::Plain(one), Self::Plain(other)) => family(one) == family(other),
            (Self::Array(one), Self::Array(other)) => one.fits(other),
            (Self::Map(key, value), Self::Map(other_key, other_value)) => {
                key.fits(other_key) && value.fits(other_value)
            }
            (Self::Row(fields), Self::Row(others)) => {
                fields.len() == others.len() && fields.iter().zip(others).all(|((_, one), (_, other))| one.fits(other))
            }
            _ => false,
        }
    }
}

fn family(name: &str) -> &str {
    let word = name.split('(').next().unwrap_or(name);
    PLAIN.iter().find(|(presto, ..)| *presto == word).map_or(word, |(.., family)| *family)
}

#[cfg(test)]
mod tests {
    use super::Type;

    fn presto(text: &str) -> String {
        Type::of_presto(text)
            .map_or_else(|mistake| format!("{}; {}", mistake.message, mistake.help), |kind| kind.hive())
    }

    #[test]
    fn types_of_presto_become_those_of_hive() {
        assert_eq!(presto("varchar"), "string");
        assert_eq!(presto("VARCHAR(20)"), "varchar(20)");
        assert_eq!(presto("integer"), "int");
        assert_eq!(presto("decimal( 10 , 2 )"), "decimal(10,2)");
        assert_eq!(presto("timestamp(3)"), "timestamp");
        assert_eq!(
            presto("array(row(\"Name\" varchar, counts map(varchar, real)))"),
            "array<struct<name:string,counts:map<string,float>>>"
        );
    }

    #[test]
    fn what_presto_or_hive_does_not_have_is_refused() {
        assert_eq!(presto("string"), "no type `string`; did you mean `varchar`?");
        assert_eq!(presto("varchr"), "no type `varchr`; did you mean `varchar`?");
        assert!(presto("json").starts_with("the Data Catalog has no type for `json`"));
        assert!(presto("timestamp(3) with time zone").contains("time zone"));
        assert!(presto("array(varchar").starts_with("no `)`"));
        assert!(presto("row(varchar)").contains("a type is missing"));
        assert!(presto("bigint bigint").starts_with("`bigint` after the type"));
        assert!(presto("").starts_with("a type is missing"));
        assert!(presto(&"array(".repeat(10_000)).contains("too many"));
    }

    #[test]
    fn types_of_hive_are_read_and_written_back() {
        let text = "struct<a:string,b:array<struct<`from`:int,c:decimal(10,2)>>,m:map<string,float>>";
        assert_eq!(Type::of_hive(text).hive(), text.replace('`', ""));
        assert_eq!(Type::of_hive("varchar(3)").presto(), "varchar(3)");
        assert_eq!(Type::of_hive("uniontype<int>"), Type::Unknown);
        assert_eq!(Type::of_hive(&"array<".repeat(10_000)), Type::Unknown);
    }

    #[test]
    fn only_types_of_another_family_do_not_fit() {
        let fits = |one: &str, other: &str| Type::of_hive(one).fits(&Type::of_presto(other).unwrap());
        assert!(fits("int", "bigint"));
        assert!(fits("string", "varchar(20)"));
        assert!(!fits("string", "bigint"));
        assert!(!fits("array<string>", "varchar"));
        assert!(fits("struct<a:int>", "row(b bigint)"));
    }
}
