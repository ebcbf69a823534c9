//! What is said of a word that cannot stand where it stands.

use std::ops::Range;

use super::Parser;
use crate::template::jq::Mistake;
use crate::template::jq::lexer::Token;

impl Parser<'_> {
    /// The word that stands here, as it is written.
    pub(super) fn here(&self) -> String {
        match self.token {
            Token::End => "the end of the program".to_owned(),
            _ => format!("`{}`", &self.text[self.range.clone()]),
        }
    }

    pub(super) fn wanted(&self, wanted: &str, help: &str) -> Mistake {
        Mistake::new(self.range.clone(), format!("{} instead of {wanted}", self.here())).help(help)
    }

    /// The mistake of a word that cannot stand here.
    pub(super) fn unexpected(&self) -> Mistake {
        let before = &self.text[..self.range.start];
        let follows = |text: &str| before.trim_end().ends_with(text);
        let help = match &self.token {
            Token::End => "something is missing at the end".to_owned(),
            Token::Sign("|") if follows("|") => "write `or` for a choice, `|` for a pipe".to_owned(),
            Token::Sign(">") if follows("=") => "write `>=`".to_owned(),
            Token::Sign("<") if follows("=") => "write `<=`".to_owned(),
            Token::Sign("[") if follows(".") => "leave out the dot before `[`: it needs jq 1.7".to_owned(),
            Token::Sign("?//") => "write `? //` with a blank between: `?//` stands between patterns".to_owned(),
            Token::Sign("==" | "!=" | "<" | ">" | "<=" | ">=") => {
                "put one of the comparisons in parentheses".to_owned()
            }
            Token::Sign("=" | "|=" | "+=" | "-=" | "*=" | "/=" | "%=" | "//=") => {
                "put one of the assignments in parentheses".to_owned()
            }
            Token::Sign("=>") => "write `>=`".to_owned(),
            Token::Sign(")" | "]" | "}") => "nothing opens this bracket, or something is missing before it".to_owned(),
            Token::Word(word) => format!("`{word}` is a reserved word; as a name of a field write `.{word}`"),
            Token::Name(name) if follows("..") => format!("write `..|.{name}?`"),
            Token::Name(_) | Token::Number(_) | Token::Quote if follows("?") => {
                "write `if … then … else … end` for a choice".to_owned()
            }
            Token::Name(name) if follows(".") => format!("write `.{name}` without blanks"),
            _ => "put `|` between two steps, or an operator between two values".to_owned(),
        };
        let message = match self.token {
            Token::End => "the program ends too early".to_owned(),
            _ => format!("{} cannot stand here", self.here()),
        };
        Mistake::new(self.range.clone(), message).help(help)
    }

    pub(super) fn too_deep(range: Range<usize>) -> Mistake {
        Mistake::new(range, "expressions lie too deep in each other").help("write functions with `def`")
    }
}
