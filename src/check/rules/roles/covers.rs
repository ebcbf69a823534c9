//! Whether an ARN in a policy covers another, as far as both are known.

use super::names::Unit;

/// An answer where not everything is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Answer {
    /// Whatever comes, no.
    No,
    /// That depends.
    Perhaps,
    /// Whatever comes, yes.
    Yes,
}

/// Whether a pattern of a policy, in which `*` and `?` stand for letters, covers a text. In the text a `*` stands for
/// any letters that may come to be there.
pub fn covers(pattern: &[Unit], text: &[Unit]) -> Answer {
    // What both begin and end with says nothing about the rest, whatever it becomes.
    let same = |(a, b): &(&Unit, &Unit)| a == b && !is_wildcard(a);
    let start = pattern.iter().zip(text).take_while(same).count();
    let (pattern, text) = (&pattern[start..], &text[start..]);
    let end = pattern.iter().rev().zip(text.iter().rev()).take_while(same).count();
    let (pattern, text) = (&pattern[..pattern.len() - end], &text[..text.len() - end]);
    if Match::new(pattern, text, false).run() {
        Answer::Yes
    } else if Match::new(pattern, text, true).run() {
        Answer::Perhaps
    } else {
        Answer::No
    }
}

fn is_wildcard(unit: &Unit) -> bool {
    matches!(unit, Unit::Letter('*' | '?'))
}

/// One comparison: position by position, each decided once.
struct Match<'a> {
    pattern: &'a [Unit],
    text: &'a [Unit],
    /// Whether what is unknown may be anything that it can be.
    lenient: bool,
    done: Vec<Option<bool>>,
}

/// Longer texts are not compared.
const LONGEST: usize = 2_000;

impl<'a> Match<'a> {
    fn new(pattern: &'a [Unit], text: &'a [Unit], lenient: bool) -> Self {
        Self { pattern, text, lenient, done: vec![None; (pattern.len() + 1) * (text.len() + 1)] }
    }

    fn run(mut self) -> bool {
        if self.pattern.len() > LONGEST || self.text.len() > LONGEST {
            return self.lenient;
        }
        // From the end, so that all that follows is decided.
        for i in (0..=self.pattern.len()).rev() {
            for j in (0..=self.text.len()).rev() {
                let answer = self.decide(i, j);
                let at = self.index(i, j);
                self.done[at] = Some(answer);
            }
        }
        self.known(0, 0)
    }

    fn index(&self, i: usize, j: usize) -> usize {
        i * (self.text.len() + 1) + j
    }

    fn known(&self, i: usize, j: usize) -> bool {
        self.done.get(self.index(i, j)).copied().flatten().unwrap_or(false)
    }

    fn decide(&self, i: usize, j: usize) -> bool {
        let (pattern, text) = (self.pattern.get(i), self.text.get(j));
        let strict = match (pattern, text) {
            (None, None) => true,
            (Some(Unit::Letter('*')), None) => self.known(i + 1, j),
            (Some(Unit::Letter('*')), Some(_)) => self.known(i + 1, j) || self.known(i, j + 1),
            (Some(Unit::Letter('?')), Some(Unit::Letter(letter))) if *letter != '*' => self.known(i + 1, j + 1),
            (Some(a), Some(b)) => a == b && self.known(i + 1, j + 1),
            _ => false,
        };
        strict || (self.lenient && (self.pattern_gives(i, j) || self.text_gives(i, j)))
    }

    /// Whether the unit of the pattern can become what is in the text.
    fn pattern_gives(&self, i: usize, j: usize) -> bool {
        let Some(unit) = self.pattern.get(i) else { return false };
        match unit {
            Unit::Letter(_) => false,
            Unit::Unknown(_) => self.known(i + 1, j) || (j < self.text.len() && self.known(i, j + 1)),
            Unit::Place(_) => run_of(j, self.text, fits_place).any(|end| self.known(i + 1, end)),
            // A name that is given at deployment is in no text that was written before.
            Unit::Generated(_) => run_of(j, self.text, |unit| matches!(unit, Unit::Unknown(_) | Unit::Letter('*')))
                .any(|end| self.known(i + 1, end)),
        }
    }

    /// Whether the unit of the text can become what is in the pattern.
    fn text_gives(&self, i: usize, j: usize) -> bool {
        let Some(unit) = self.text.get(j) else { return false };
        match unit {
            Unit::Letter('*') | Unit::Unknown(_) => {
                self.known(i, j + 1) || (i < self.pattern.len() && self.known(i + 1, j))
            }
            Unit::Letter(_) => false,
            Unit::Place(_) => run_of(i, self.pattern, fits_place).any(|end| self.known(end, j + 1)),
            Unit::Generated(_) => {
                // Only what is open can become the name.
                let mut open = false;
                run_of(i, self.pattern, |unit| !matches!(unit, Unit::Generated(_) | Unit::Letter('/' | ':'))).any(
                    |end| {
                        let last = &self.pattern[end - 1];
                        open |= is_wildcard(last) || matches!(last, Unit::Unknown(_));
                        // A wildcard at its end may go on behind the name.
                        open && (self.known(end, j + 1) || self.known(end - 1, j + 1) && is_wildcard(last))
                    },
                )
            }
        }
    }
}

/// The ends of all runs from a position whose units fit, the shortest first.
fn run_of<'s>(start: usize, units: &'s [Unit], fits: impl Fn(&Unit) -> bool + 's) -> impl Iterator<Item = usize> + 's {
    let length = units[start.min(units.len())..].iter().take_while(|unit| fits(unit)).count();
    (1..=length).map(move |count| start + count)
}

/// Whether a unit may be in the name of a partition, a region or an account.
fn fits_place(unit: &Unit) -> bool {
    match unit {
        Unit::Letter(letter) => letter.is_ascii_alphanumeric() || matches!(letter, '-' | '*' | '?' | '.'),
        Unit::Place(_) | Unit::Generated(_) => false,
        Unit::Unknown(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::names::{Text, literal};
    use super::*;

    fn text(written: &str) -> Text {
        // `<A>` is a generated name, `{a}` an unknown one, `#` the partition.
        let mut all = Text::new();
        let mut rest = written;
        while let Some(at) = rest.find(['<', '{', '#']) {
            all.extend(literal(&rest[..at]));
            if rest[at..].starts_with('#') {
                all.push(Unit::Place("AWS::Partition"));
                rest = &rest[at + 1..];
                continue;
            }
            let (inside, after) = rest[at + 1..].split_once(['>', '}']).unwrap();
            let name = inside.to_owned();
            all.push(if rest[at..].starts_with('<') { Unit::Generated(name) } else { Unit::Unknown(name) });
            rest = after;
        }
        all.extend(literal(rest));
        all
    }

    #[test]
    fn a_pattern_covers_what_it_says_whatever_comes() {
        for (pattern, given, answer) in [
            ("arn:#:s3:::<A>/*", "arn:#:s3:::<A>/*", Answer::Yes),
            ("arn:#:s3:::<A>*", "arn:#:s3:::<A>/*", Answer::Yes),
            ("*", "arn:#:s3:::<A>/*", Answer::Yes),
            ("arn:aws:s3:::<A>/*", "arn:#:s3:::<A>/*", Answer::Perhaps),
            ("arn:#:s3:::<A>/logs/*", "arn:#:s3:::<A>/*", Answer::Perhaps),
            ("arn:#:s3:::{b}/*", "arn:#:s3:::<A>/*", Answer::Perhaps),
            ("arn:#:s3:::stack-*", "arn:#:s3:::<A>/*", Answer::Perhaps),
            ("{arn}", "arn:#:s3:::<A>/*", Answer::Perhaps),
            ("arn:#:s3:::archive/*", "{arn}/*", Answer::Perhaps),
            ("{arn}/*", "{arn}/*", Answer::Yes),
            ("arn:#:s3:::<A>", "arn:#:s3:::<A>/*", Answer::No),
            ("{arn}", "{arn}/*", Answer::No),
            ("arn:#:s3:::<B>/*", "arn:#:s3:::<A>/*", Answer::No),
            ("arn:#:s3:::archive/*", "arn:#:s3:::<A>/*", Answer::No),
            ("arn:aws:s3:::archive/*", "arn:#:s3:::<A>/*", Answer::No),
            ("arn:#:sqs:*", "arn:#:s3:::<A>/*", Answer::No),
            ("arn:#:s3:::one/*", "arn:#:s3:::two/*", Answer::No),
        ] {
            assert_eq!(covers(&text(pattern), &text(given)), answer, "{pattern} {given}");
        }
    }
}
