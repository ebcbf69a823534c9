//! The expressions in prefixes of objects: `!{namespace:value}`.

use crate::check::block::HOLE;

/// A part of a prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// Text as it is; it may have [`HOLE`]s.
    Text(&'a str),
    /// `!{namespace:value}`, without its braces.
    Expression(&'a str),
    /// `!{` that nothing closes.
    Unclosed,
}

/// The parts of a prefix in order.
pub fn pieces(prefix: &str) -> Vec<Piece<'_>> {
    let mut all = Vec::new();
    let mut rest = prefix;
    while let Some((before, after)) = rest.split_once("!{") {
        all.push(Piece::Text(before));
        let Some((expression, after)) = after.split_once('}') else {
            // What is not known yet may close it.
            all.push(if after.contains(HOLE) { Piece::Text(after) } else { Piece::Unclosed });
            return all;
        };
        all.push(Piece::Expression(expression));
        rest = after;
    }
    all.push(Piece::Text(rest));
    all.retain(|piece| !matches!(piece, Piece::Text("")));
    all
}

/// The expressions of a prefix in order.
pub fn expressions(prefix: &str) -> impl Iterator<Item = &str> {
    pieces(prefix).into_iter().filter_map(|piece| match piece {
        Piece::Expression(expression) => Some(expression),
        Piece::Text(_) | Piece::Unclosed => None,
    })
}

/// The values of a namespace that a prefix uses.
pub fn values<'a>(prefix: &'a str, namespace: &str) -> Vec<&'a str> {
    expressions(prefix)
        .filter_map(|expression| expression.split_once(':'))
        .filter(|(name, value)| *name == namespace && !value.contains(HOLE))
        .map(|(_, value)| value)
        .collect()
}

/// The letters of a pattern of times with how often each stands in a row; what is in quotes is left out. The mistake, if
/// Java refuses the pattern.
///
/// Source: Java Platform API, `DateTimeFormatterBuilder.appendPattern`.
pub fn pattern(pattern: &str) -> Result<Vec<(char, usize)>, String> {
    let mut found = Vec::new();
    let mut chars = pattern.chars().peekable();
    while let Some(letter) = chars.next() {
        match letter {
            '\'' if !chars.any(|next| next == '\'') => return Err("a quote that is not closed".to_owned()),
            '#' | '{' => return Err(format!("`{letter}`, which is reserved")),
            'a'..='z' | 'A'..='Z' => {
                let mut count = 1;
                while chars.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                match longest(letter) {
                    None => return Err(format!("the unknown letter `{letter}`")),
                    Some(most) if count > most => {
                        return Err(format!("{count} times `{letter}`, at most {most}"));
                    }
                    Some(_) => found.push((letter, count)),
                }
            }
            _ => {}
        }
    }
    Ok(found)
}

/// How often a letter may stand in a row; `None` if it means nothing.
fn longest(letter: char) -> Option<usize> {
    // Source: see [`pattern`].
    Some(match letter {
        'a' | 'F' | 'W' => 1,
        'd' | 'h' | 'H' | 'k' | 'K' | 'm' | 's' | 'w' | 'V' => 2,
        'D' => 3,
        'z' | 'O' | 'v' => 4,
        'M' | 'L' | 'E' | 'e' | 'c' | 'Q' | 'q' | 'G' | 'X' | 'x' | 'Z' | 'B' => 5,
        'S' => 9,
        'y' | 'u' | 'Y' | 'A' | 'n' | 'N' | 'p' | 'g' => 19,
        _ => return None,
    })
}
