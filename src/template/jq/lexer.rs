//! The words of a jq program, one at a time.

use std::ops::Range;

use super::Mistake;

/// A word of a program.
#[derive(Clone, Debug, PartialEq)]
pub enum Token {
    /// `.name`
    Field(String),
    /// A name, with `::` in it perhaps.
    Name(String),
    /// A reserved word.
    Word(&'static str),
    /// A number.
    Number(f64),
    /// `@name`
    Format(String),
    /// `"`, behind which a text begins.
    Quote,
    /// An operator or a bracket.
    Sign(&'static str),
    /// The end of the program.
    End,
}

/// The reserved words. Source: jq 1.6 manual, where they cannot be names of functions.
pub const WORDS: &[&str] = &[
    "__loc__", "and", "as", "break", "catch", "def", "elif", "else", "end", "foreach", "if", "import", "include",
    "label", "module", "or", "reduce", "then", "try",
];

/// Operators and brackets, the longer ones first.
const SIGNS: &[&str] = &[
    "?//", "//=", "!=", "==", "//", "|=", "+=", "-=", "*=", "/=", "%=", "<=", ">=", "..", ".", "?", "=", ";", ",", ":",
    "|", "+", "-", "*", "/", "%", "$", "<", ">", "[", "]", "{", "}", "(", ")",
];

/// A part of a text.
pub enum Piece {
    /// Characters, with their escapes undone.
    Characters(String),
    /// `\(`, behind which an expression begins.
    Expression,
    /// The closing quote.
    End,
}

/// Where reading stands.
pub struct Lexer<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Lexer<'a> {
    /// At the beginning of a program.
    pub fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// How many of the next characters are of a kind.
    fn run(&self, from: usize, is: impl Fn(char) -> bool) -> usize {
        let rest = &self.rest()[from..];
        rest.find(|c| !is(c)).unwrap_or(rest.len())
    }

    /// The next word and where it stands.
    pub fn next(&mut self) -> Result<(Token, Range<usize>), Mistake> {
        loop {
            self.at += self.run(0, |c| matches!(c, ' ' | '\n' | '\t' | '\r'));
            if !self.rest().starts_with('#') {
                break;
            }
            self.at += self.run(0, |c| c != '\n');
        }
        let start = self.at;
        let (token, length) = self.token()?;
        self.at += length;
        Ok((token, start..self.at))
    }

    fn token(&self) -> Result<(Token, usize), Mistake> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok((Token::End, 0)) };
        // The longest word wins, and of words of one length an operator, then a number.
        let digits = self.number();
        let field = rest.strip_prefix('.').map_or(0, |name| 1 + name_length(name)).max(1);
        let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).copied();
        if digits > sign.map_or(0, str::len) && digits >= field {
            return self.value(digits);
        }
        if first == '.' && field > 1 {
            return Ok((Token::Field(rest[1..field].to_owned()), field));
        }
        if first == '"' {
            return Ok((Token::Quote, 1));
        }
        if first == '@' {
            let length = self.run(1, |c| c.is_ascii_alphanumeric() || c == '_');
            if length > 0 {
                return Ok((Token::Format(rest[1..=length].to_owned()), length + 1));
            }
        }
        if first.is_ascii_alphabetic() || first == '_' {
            let length = qualified_length(rest);
            let name = &rest[..length];
            return Ok(match WORDS.iter().find(|word| **word == name) {
                Some(word) => (Token::Word(word), length),
                None => (Token::Name(name.to_owned()), length),
            });
        }
        match sign {
            Some(sign) => Ok((Token::Sign(sign), sign.len())),
            None => Err(self.unknown(first)),
        }
    }

    /// How many characters look like a number to jq 1.6: digits and dots, and an exponent.
    fn number(&self) -> usize {
        let digits = self.run(0, |c| c.is_ascii_digit() || c == '.');
        let exponent = &self.rest()[digits..];
        if digits == 0 || !exponent.starts_with(['e', 'E']) {
            return digits;
        }
        let sign = usize::from(exponent[1..].starts_with(['+', '-']));
        match self.run(digits + 1 + sign, |c| c.is_ascii_digit()) {
            0 => digits,
            power => digits + 1 + sign + power,
        }
    }

    fn value(&self, length: usize) -> Result<(Token, usize), Mistake> {
        let text = &self.rest()[..length];
        if let Some(number) = number(text) {
            return Ok((Token::Number(number), length));
        }
        let range = self.at..self.at + length;
        let name = text.trim_start_matches('.');
        let help = if text.starts_with('.') && !name.is_empty() {
            format!("write `.\"{name}\"`: jq 1.6 reads this name as a number")
        } else {
            "write a number such as `1.5`, or `.` and `..` with blanks around them".to_owned()
        };
        Err(Mistake::new(range, format!("`{text}` is not a number")).help(help))
    }

    fn unknown(&self, first: char) -> Mistake {
        let is = |sign: &str| self.rest().starts_with(sign);
        let (length, help) = if is("&&") {
            (2, "write `and`".to_owned())
        } else if is("!") {
            (1, "write `| not` behind the expression".to_owned())
        } else if is("'") {
            (1, "write texts in double quotes".to_owned())
        } else if first.is_alphanumeric() && self.text[..self.at].ends_with('.') {
            let length = self.run(0, |c| !c.is_ascii_whitespace() && !"|,;:()[]{}\"".contains(c));
            (length, format!("write `.\"{}\"`: only ASCII names go without quotes", &self.rest()[..length]))
        } else {
            (first.len_utf8(), "remove it, or put it into a text in double quotes".to_owned())
        };
        let range = self.at..self.at + length;
        Mistake::new(range, format!("`{}` means nothing in jq", &self.rest()[..length])).help(help)
    }

    /// The next part of a text.
    pub fn piece(&mut self) -> Result<Piece, Mistake> {
        let rest = self.rest();
        if rest.is_empty() {
            return Err(Mistake::new(self.at..self.at, "a text that nothing closes").help("add `\"`"));
        }
        if rest.starts_with('"') {
            self.at += 1;
            return Ok(Piece::End);
        }
        if rest.starts_with("\\(") {
            self.at += 2;
            return Ok(Piece::Expression);
        }
        let plain = self.run(0, |c| c != '"' && c != '\\');
        if plain > 0 {
            self.at += plain;
            return Ok(Piece::Characters(rest[..plain].to_owned()));
        }
        let (character, length) = self.escape()?;
        self.at += length;
        Ok(Piece::Characters(character.to_string()))
    }

    /// The character that an escape stands for. Source: RFC 8259, section 7.
    fn escape(&self) -> Result<(char, usize), Mistake> {
        let rest = self.rest();
        let simple = match rest.chars().nth(1) {
            Some(c @ ('"' | '\\' | '/')) => Some(c),
            Some('b') => Some('\u{8}'),
            Some('f') => Some('\u{c}'),
            Some('n') => Some('\n'),
            Some('r') => Some('\r'),
            Some('t') => Some('\t'),
            _ => None,
        };
        if let Some(character) = simple {
            return Ok((character, 2));
        }
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            digits.chars().all(|c| c.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        if let Some(first) = unit(rest) {
            if let Some(character) = char::from_u32(u32::from(first)) {
                return Ok((character, 6));
            }
            let pair = unit(&rest[6..]).and_then(|second| char::decode_utf16([first, second]).next()?.ok());
            if let Some(character) = pair {
                return Ok((character, 12));
            }
        }
        let length = rest.chars().take(2).map(char::len_utf8).sum::<usize>();
        let help = match rest.chars().nth(1) {
            Some('u') => "write `\\u` with four hexadecimal digits, in pairs beyond `\\uffff`".to_owned(),
            Some(other) => format!("write `\\\\{other}` for a backslash, or leave it out"),
            None => "add `\"`".to_owned(),
        };
        Err(Mistake::new(self.at..self.at + length, format!("`{}` is not an escape of JSON", &rest[..length]))
            .help(help))
    }

    /// Where reading stands.
    pub fn position(&self) -> usize {
        self.at
    }
}

/// A number as jq 1.6 reads it: what is too large is the largest.
pub fn number(text: &str) -> Option<f64> {
    let has_digit = text.bytes().take_while(|byte| !matches!(byte, b'e' | b'E')).any(|byte| byte.is_ascii_digit());
    let number: f64 = text.parse().ok().filter(|_| has_digit)?;
    Some(number.clamp(f64::MIN, f64::MAX))
}

/// The length of a name without `::`.
fn name_length(text: &str) -> usize {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return 0;
    }
    text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len())
}

/// The length of a name, with the names of modules before it.
fn qualified_length(text: &str) -> usize {
    let mut length = name_length(text);
    while let Some(more) = text[length..].strip_prefix("::").map(name_length).filter(|more| *more > 0) {
        length += 2 + more;
    }
    length
}
