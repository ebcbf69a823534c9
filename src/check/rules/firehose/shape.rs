//! What folders look like, as far as that is certain.

use super::expressions::{Piece, pieces};

/// A part of the names of folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piecewise {
    /// This character.
    Char(char),
    /// Some digits.
    Digits,
    /// Some characters, but no `/`.
    Word,
    /// Some characters, also `/`.
    Anything,
}

/// The folders that a prefix makes; `None` if it has expressions that are not known.
pub fn of_prefix(prefix: &str) -> Option<Vec<Piecewise>> {
    let mut all = Vec::new();
    for piece in pieces(prefix) {
        match piece {
            Piece::Text(text) => all.extend(text.chars().map(Piecewise::Char)),
            Piece::Unclosed => return None,
            Piece::Expression(expression) => match expression.split_once(':')? {
                ("timestamp", pattern) => all.extend(of_times(pattern)),
                ("firehose", _) => all.push(Piecewise::Word),
                _ => all.push(Piecewise::Anything),
            },
        }
    }
    Some(all)
}

/// The folders that `storage.location.template` names; `pattern` gives the pattern of a column's times, if it has one.
pub fn of_template(template: &str, pattern: impl Fn(&str) -> Option<String>) -> Vec<Piecewise> {
    let mut all = Vec::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((column, after)) = after.split_once('}') else { break };
        all.extend(before.chars().map(Piecewise::Char));
        match pattern(column) {
            Some(pattern) => all.extend(of_times(&pattern)),
            None => all.push(Piecewise::Anything),
        }
        rest = after;
    }
    all.extend(rest.chars().map(Piecewise::Char));
    all
}

/// What a pattern of Java's `DateTimeFormatter` writes.
fn of_times(pattern: &str) -> Vec<Piecewise> {
    let mut all = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(letter) = chars.next() {
        match letter {
            '\'' => all.extend(chars.by_ref().take_while(|next| *next != '\'').map(Piecewise::Char)),
            'a'..='z' | 'A'..='Z' => {
                let mut count = 1;
                while chars.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                let is_number = "yuYDdHhKkmswS".contains(letter) || ("ML".contains(letter) && count <= 2);
                let piece = if is_number { Piecewise::Digits } else { Piecewise::Word };
                // Digits next to each other cannot be told apart.
                if all.last() != Some(&piece) {
                    all.push(piece);
                }
            }
            other => all.push(Piecewise::Char(other)),
        }
    }
    all
}

/// Whether nothing that is written in one way lies where the other way looks, as far as that is certain: both are
/// followed to the first piece of which not enough is known.
pub fn refuses(written: &[Piecewise], looked_for: &[Piecewise]) -> bool {
    let (mut written, mut looked_for) = (written.iter().peekable(), looked_for.iter().peekable());
    loop {
        match (written.peek().copied().copied(), looked_for.peek().copied().copied()) {
            (_, None | Some(Piecewise::Anything | Piecewise::Word))
            | (Some(Piecewise::Anything | Piecewise::Word), _) => return false,
            // What is looked for lies deeper; a folder may be written without the last `/`.
            (None, Some(_)) => return looked_for.any(|piece| *piece != Piecewise::Char('/')),
            (Some(Piecewise::Char(one)), Some(Piecewise::Char(other))) if one != other => return true,
            (Some(Piecewise::Digits), Some(Piecewise::Char(c)))
            | (Some(Piecewise::Char(c)), Some(Piecewise::Digits)) => {
                return !c.is_ascii_digit();
            }
            (Some(_), Some(_)) => {
                written.next();
                looked_for.next();
            }
        }
    }
}
