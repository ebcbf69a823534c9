//! Columns and their types, in the words of Hive.

/// A column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type, without blanks and in small letters.
    pub kind: String,
    /// What it is about.
    pub comment: Option<String>,
}

/// What is wrong with a type or a list of columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// What.
    pub message: String,
    /// What to write.
    pub help: String,
}

/// The types that have nothing inside.
///
/// Source: Athena User Guide, "Data types in Amazon Athena"; Hive Language Manual, "Types".
const SIMPLE: &[&str] =
    &["bigint", "binary", "boolean", "date", "double", "float", "int", "smallint", "string", "timestamp", "tinyint"];

/// Names by which people know a type that Hive calls otherwise.
const OTHER_NAMES: &[(&str, &str)] = &[
    ("bool", "boolean"),
    ("bytes", "binary"),
    ("datetime", "timestamp"),
    ("json", "string"),
    ("list", "array"),
    ("long", "bigint"),
    ("number", "double"),
    ("numeric", "decimal"),
    ("object", "struct"),
    ("real", "float"),
    ("row", "struct"),
    ("short", "smallint"),
    ("text", "string"),
    ("varbinary", "binary"),
];

/// Source: Athena User Guide, "Data types in Amazon Athena".
const DECIMAL_DIGITS: u32 = 38;
const CHAR_LENGTH: u32 = 255;
const VARCHAR_LENGTH: u32 = 65_535;

fn mistake(message: impl Into<String>, help: impl Into<String>) -> Mistake {
    Mistake { message: message.into(), help: help.into() }
}

struct Cursor<'a> {
    rest: &'a str,
}

impl<'a> Cursor<'a> {
    fn skip_blanks(&mut self) {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix("--") {
                Some(comment) => self.rest = comment.split_once('\n').map_or("", |(_, rest)| rest),
                None => return,
            }
        }
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip_blanks();
        match self.rest.strip_prefix(sign) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, sign: char, what: &str) -> Result<(), Mistake> {
        if self.take(sign) {
            return Ok(());
        }
        let found = self.rest.chars().next().map_or("the end".to_owned(), |found| format!("`{found}`"));
        Err(mistake(format!("{found} instead of `{sign}` {what}"), format!("write `{sign}` there")))
    }

    fn word(&mut self) -> &'a str {
        self.skip_blanks();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn number(&mut self) -> Result<u32, Mistake> {
        let word = self.word();
        word.parse().map_err(|_| mistake(format!("`{word}` instead of a number"), "write a number in parentheses"))
    }

    /// One number in parentheses that is from 1 to `most`.
    fn length(&mut self, kind: &str, most: u32) -> Result<String, Mistake> {
        self.expect('(', &format!("after `{kind}`"))?;
        let length = self.number()?;
        self.expect(')', "after the length")?;
        if (1..=most).contains(&length) {
            return Ok(format!("{kind}({length})"));
        }
        Err(mistake(format!("`{kind}({length})`, at most `{kind}({most})`"), format!("write 1 to {most}")))
    }

    fn decimal(&mut self) -> Result<String, Mistake> {
        if !self.take('(') {
            return Ok("decimal(10,0)".to_owned());
        }
        let precision = self.number()?;
        let scale = if self.take(',') { self.number()? } else { 0 };
        self.expect(')', "after the digits")?;
        if (1..=DECIMAL_DIGITS).contains(&precision) && scale <= precision {
            return Ok(format!("decimal({precision},{scale})"));
        }
        Err(mistake(
            format!("`decimal({precision},{scale})`"),
            format!("write 1 to {DECIMAL_DIGITS} digits, of which no more than all are after the point"),
        ))
    }

    fn kind(&mut self) -> Result<String, Mistake> {
        let word = self.word();
        let lower = word.to_lowercase();
        match lower.as_str() {
            "integer" => Ok("int".to_owned()),
            "decimal" => self.decimal(),
            "char" => self.length("char", CHAR_LENGTH),
            "varchar" => self.length("varchar", VARCHAR_LENGTH),
            "array" => {
                self.expect('<', "after `array`")?;
                let inner = self.kind()?;
                self.expect('>', "after the type of the items")?;
                Ok(format!("array<{inner}>"))
            }
            "map" => {
                self.expect('<', "after `map`")?;
                let key = self.kind()?;
                if key.contains('<') {
                    return Err(mistake(
                        format!("`{key}` as the key of a map"),
                        "write a simple type, mostly `string`",
                    ));
                }
                self.expect(',', "after the type of the keys")?;
                let value = self.kind()?;
                self.expect('>', "after the type of the values")?;
                Ok(format!("map<{key},{value}>"))
            }
            "struct" => self.fields(),
            simple if SIMPLE.contains(&simple) => Ok(lower),
            "" => {
                let found = self.rest.chars().next().map_or("nothing".to_owned(), |found| format!("`{found}`"));
                Err(mistake(format!("{found} instead of a type"), "write a type of Hive, for example `string`"))
            }
            _ => {
                let known = SIMPLE.iter().chain(&["array", "char", "decimal", "map", "struct", "varchar"]).copied();
                let meant = OTHER_NAMES.iter().find(|(other, _)| *other == lower).map(|(_, name)| *name);
                let help = match meant.or_else(|| crate::diagnostics::closest(&lower, known)) {
                    Some(name) => format!("did you mean `{name}`?"),
                    None => format!("there are `{}`, `array<…>`, `map<…>` and `struct<…>`", SIMPLE.join("`, `")),
                };
                Err(mistake(format!("no type `{word}` of Hive"), help))
            }
        }
    }

    fn fields(&mut self) -> Result<String, Mistake> {
        self.expect('<', "after `struct`")?;
        let mut fields: Vec<String> = Vec::new();
        loop {
            let name = self.word().to_lowercase();
            if name.is_empty() {
                return Err(mistake("a field without a name", "write `struct<name:type>`"));
            }
            self.expect(':', &format!("after the field `{name}`"))?;
            fields.push(format!("{name}:{}", self.kind()?));
            if !self.take(',') {
                break;
            }
        }
        self.expect('>', "after the last field")?;
        Ok(format!("struct<{}>", fields.join(",")))
    }

    /// `COMMENT 'text'`, if it is there.
    fn comment(&mut self) -> Result<Option<String>, Mistake> {
        let before = self.rest;
        if !self.word().eq_ignore_ascii_case("comment") {
            self.rest = before;
            return Ok(None);
        }
        self.expect('\'', "after `COMMENT`")?;
        let Some((text, rest)) = self.rest.split_once('\'') else {
            return Err(mistake("a comment that does not end", "close it with `'`"));
        };
        self.rest = rest;
        Ok(Some(text.to_owned()))
    }
}

/// A type, as Glue takes it.
pub fn kind(text: &str) -> Result<String, Mistake> {
    let mut cursor = Cursor { rest: text };
    let kind = cursor.kind()?;
    cursor.skip_blanks();
    if cursor.rest.is_empty() {
        return Ok(kind);
    }
    Err(mistake(format!("`{}` after the type `{kind}`", cursor.rest.trim_end()), "remove it"))
}

/// Columns as they stand between the parentheses of `CREATE TABLE`.
pub fn columns(text: &str) -> Result<Vec<Column>, Mistake> {
    let mut cursor = Cursor { rest: text };
    let mut columns = Vec::new();
    loop {
        cursor.skip_blanks();
        if cursor.rest.is_empty() {
            return Ok(columns);
        }
        let quoted = cursor.take('`');
        let name = cursor.word().to_owned();
        if quoted {
            cursor.expect('`', &format!("after `{name}`"))?;
        }
        if name.is_empty() {
            let found = cursor.rest.chars().next().unwrap_or_default();
            return Err(mistake(format!("`{found}` instead of a column"), "write `name type`, with commas between"));
        }
        let kind = cursor.kind().map_err(|found| mistake(format!("column `{name}`: {}", found.message), found.help))?;
        let comment = cursor.comment()?;
        columns.push(Column { name: name.clone(), kind, comment });
        cursor.skip_blanks();
        if !cursor.rest.is_empty() {
            cursor.expect(',', &format!("after column `{name}`"))?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{columns, kind};

    #[test]
    fn types_lose_blanks_and_capitals() {
        assert_eq!(
            kind("STRUCT< a : INTEGER, b: array<decimal(10, 2)> >").unwrap(),
            "struct<a:int,b:array<decimal(10,2)>>"
        );
        assert_eq!(kind("map<string, map<string,boolean>>").unwrap(), "map<string,map<string,boolean>>");
        assert_eq!(kind("varchar(20)").unwrap(), "varchar(20)");
    }

    #[test]
    fn types_that_hive_does_not_have_are_refused_with_the_one_that_was_meant() {
        assert_eq!(kind("text").unwrap_err().help, "did you mean `string`?");
        assert_eq!(kind("strng").unwrap_err().help, "did you mean `string`?");
        assert!(kind("array<string").is_err());
        assert!(kind("map<array<int>,int>").is_err());
        assert!(kind("decimal(40,2)").is_err());
        assert!(kind("int int").is_err());
    }

    #[test]
    fn columns_are_read_as_in_ddl() {
        let read =
            columns("id string COMMENT 'the id, unique', -- a key\n `when` timestamp,\n items array<struct<n:int>>")
                .unwrap();
        let names: Vec<(&str, &str)> = read.iter().map(|column| (column.name.as_str(), column.kind.as_str())).collect();
        assert_eq!(names, [("id", "string"), ("when", "timestamp"), ("items", "array<struct<n:int>>")]);
        assert_eq!(read[0].comment.as_deref(), Some("the id, unique"));
        assert!(columns("id string name string").is_err());
    }
}
