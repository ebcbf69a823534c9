//! What a value violates, where, and how that is said.

use std::fmt::{self, Display};

use super::format;
use super::model::{Number, Types};
use crate::diagnostics::{alternatives, closest};
use crate::source::Origin;

/// Longer lists of allowed values are cut, as are longer texts.
const SHOWN_NAMES: usize = 12;
const SHOWN_NUMBERS: usize = 32;
const SHOWN_CHARACTERS: usize = 60;

/// One demand that a value does not satisfy.
#[derive(Clone, Debug, PartialEq)]
pub struct Violation {
    /// Where it is.
    pub place: Place,
    /// The way to the value (or to the key) from the value that was validated.
    pub path: Vec<Segment>,
    /// What it is.
    pub kind: ViolationKind,
    /// What it is so on account of, as "`Engine` is `mysql`".
    pub because: Vec<String>,
}

/// What is wrong at a place: the value or its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// The key.
    Key(Origin),
    /// The value; for something that is missing, the object that it is missing in.
    Value(Origin),
}

impl Place {
    /// Where it comes from.
    pub fn origin(self) -> Origin {
        match self {
            Self::Key(origin) | Self::Value(origin) => origin,
        }
    }
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    /// Into an object.
    Key(String),
    /// Into a list, from 0.
    Index(usize),
}

impl Segment {
    /// The name of a step into an object; nothing for a step into a list.
    pub fn name(&self) -> &str {
        match self {
            Self::Key(name) => name,
            Self::Index(_) => "",
        }
    }
}

impl Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// What a value violates, with what was given and what is allowed.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the fields are what the variant says")]
pub enum ViolationKind {
    /// `null`, which CloudFormation refuses.
    Null,
    /// A value of another type.
    WrongType { given: Types, allowed: Types },
    /// A property that there is not.
    UnknownProperty { name: String, known: Vec<String> },
    /// A property that is missing.
    MissingProperty { name: String },
    /// A property that only CloudFormation sets.
    ReadOnly { name: String },
    /// A value that is none of those allowed.
    NotInEnum { given: String, allowed: Vec<String> },
    /// A text that does not have the form that is asked for.
    PatternMismatch { given: String, pattern: String },
    /// A text of none of these formats.
    WrongFormat { given: String, formats: Vec<String> },
    /// A number below the limit, or on it where `exclusive`.
    TooSmall { given: Number, limit: Number, exclusive: bool },
    /// A number above the limit, or on it where `exclusive`.
    TooLarge { given: Number, limit: Number, exclusive: bool },
    /// A number between the steps.
    NotMultiple { given: Number, of: Number },
    /// A text that is too short, in characters.
    TooShort { given: u64, limit: u64 },
    /// A text that is too long, in characters.
    TooLong { given: u64, limit: u64 },
    /// A list that is too short.
    TooFewItems { given: u64, limit: u64 },
    /// A list that is too long.
    TooManyItems { given: u64, limit: u64 },
    /// An object with too few properties.
    TooFewProperties { given: u64, limit: u64 },
    /// An object with too many properties.
    TooManyProperties { given: u64, limit: u64 },
    /// An item that is in the list before, at the index `first`.
    NotUnique { first: usize },
    /// An item that agrees with the one at `first` in all of `keys`.
    NotUniqueKey { first: usize, keys: Vec<String> },
    /// Properties that exclude one another.
    Exclusive { names: Vec<String> },
    /// None of several sets of properties, one of which is needed.
    RequiredOneOf { alternatives: Vec<Vec<String>> },
    /// A property that is missing because another is there.
    DependentRequired { name: String, because: String },
    /// A property that is there although another is.
    DependentExcluded { name: String, because: String },
    /// A property that must not be given.
    NotAllowed { name: String },
    /// A list without an item that it needs.
    Lacking,
    /// A text, a number or a boolean that is excluded.
    Excluded { given: String },
    /// A value that fits several forms where one is to be chosen.
    Ambiguous { forms: u64 },
    /// A value that is excluded.
    Forbidden,
}

impl Violation {
    /// What was given and what is allowed.
    pub fn message(&self) -> String {
        let message = self.kind.message();
        if self.because.is_empty() { message } else { format!("{message} where {}", self.because.join(" and ")) }
    }

    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        self.kind.help()
    }

    /// The path below a prefix, as `Properties/Tags/0/Key` below `Properties`.
    pub fn path_below(&self, prefix: &str) -> String {
        self.path.iter().fold(prefix.to_owned(), |path, segment| format!("{path}/{segment}"))
    }
}

impl ViolationKind {
    /// What was given and what is allowed.
    pub fn message(&self) -> String {
        match self {
            Self::Null => "`null` given where a value is needed".to_owned(),
            Self::WrongType { given, allowed } => format!("{} given, {} expected", types(*given), types(*allowed)),
            Self::UnknownProperty { name, .. } => format!("unknown property `{name}`"),
            Self::MissingProperty { name } => format!("property `{name}` is missing"),
            Self::ReadOnly { name } => format!("property `{name}` is read-only"),
            Self::NotInEnum { given, allowed } => match allowed.as_slice() {
                [one] => format!("`{}` is not `{one}`", cut(given)),
                allowed => format!("`{}` is not one of {}", cut(given), listed(allowed)),
            },
            Self::PatternMismatch { given, pattern } => format!("`{}` does not match `{pattern}`", cut(given)),
            Self::WrongFormat { given, formats } => format!("`{}` is not {}", cut(given), either(formats)),
            Self::TooSmall { given, limit, exclusive: false } => format!("{given} is less than {limit}"),
            Self::TooSmall { given, limit, exclusive: true } => format!("{given} is not more than {limit}"),
            Self::TooLarge { given, limit, exclusive: false } => format!("{given} is more than {limit}"),
            Self::TooLarge { given, limit, exclusive: true } => format!("{given} is not less than {limit}"),
            Self::NotMultiple { given, of } => format!("{given} is not a multiple of {of}"),
            Self::TooShort { given, limit } => too_few(*given, "character", *limit),
            Self::TooLong { given, limit } => too_many(*given, "character", *limit),
            Self::TooFewItems { given, limit } => too_few(*given, "item", *limit),
            Self::TooManyItems { given, limit } => too_many(*given, "item", *limit),
            Self::TooFewProperties { given, limit } => too_few(*given, "property", *limit),
            Self::TooManyProperties { given, limit } => too_many(*given, "property", *limit),
            Self::NotUnique { first } => format!("the same as item {first} of a list without repetition"),
            Self::NotUniqueKey { first, keys } => {
                format!("the same {} as item {first}, which must differ", all(keys))
            }
            Self::Exclusive { names } => format!("{} given, which exclude each other", all(names)),
            Self::RequiredOneOf { alternatives } => match alternatives.as_slice() {
                [only] => format!("{} missing", all(only)),
                sets => {
                    let sets: Vec<String> = sets.iter().map(|names| all(names)).collect();
                    format!("none of {} given", sets.join(", "))
                }
            },
            Self::DependentRequired { name, because } => format!("`{because}` given without `{name}`"),
            Self::DependentExcluded { name, because } => format!("`{name}` given together with `{because}`"),
            Self::NotAllowed { name } => format!("property `{name}` is not allowed"),
            Self::Lacking => "a list without an item that it needs".to_owned(),
            Self::Excluded { given } => format!("`{}` is not allowed here", cut(given)),
            Self::Ambiguous { forms } => {
                format!("a value that fits {forms} forms at once, of which one is to be chosen")
            }
            Self::Forbidden => "a value that is not allowed here".to_owned(),
        }
    }

    /// What to do about it, where there is something to say.
    pub fn help(&self) -> Option<String> {
        let guess = |given: &str, known: &[String]| {
            // Numbers that look alike are not meant for each other.
            let known = known.iter().map(String::as_str).filter(|name| name.parse::<f64>().is_err());
            closest(given, known).map(|name| format!("did you mean `{name}`?"))
        };
        match self {
            Self::UnknownProperty { name, known } => {
                guess(name, known).or_else(|| (!known.is_empty()).then(|| format!("known here: {}", listed(known))))
            }
            Self::NotInEnum { given, allowed } => guess(given, allowed).or_else(|| match allowed.as_slice() {
                [one] => Some(format!("write `{one}`")),
                _ => Some("write one of them".to_owned()),
            }),
            Self::PatternMismatch { .. } => Some("write text that the pattern matches".to_owned()),
            Self::WrongFormat { formats, .. } => {
                Some(format!("write {}, or a reference that gives it", either(formats)))
            }
            Self::Lacking => Some("add the item, or change one".to_owned()),
            Self::Excluded { .. } | Self::Forbidden => Some("write something else, or remove it".to_owned()),
            Self::NotMultiple { of, .. } => Some(format!("write a multiple of {of}")),
            Self::NotAllowed { name } | Self::DependentExcluded { name, .. } => Some(format!("remove `{name}`")),
            Self::TooSmall { limit, exclusive: false, .. } => Some(format!("write {limit} or more")),
            Self::TooSmall { limit, exclusive: true, .. } => Some(format!("write more than {limit}")),
            Self::TooLarge { limit, exclusive: false, .. } => Some(format!("write {limit} or less")),
            Self::TooLarge { limit, exclusive: true, .. } => Some(format!("write less than {limit}")),
            Self::TooShort { given, limit } => Some(format!("add {}", plural(limit - given, "character"))),
            Self::TooFewItems { given, limit } => Some(format!("add {}", plural(limit - given, "item"))),
            Self::TooFewProperties { given: 0, .. } => Some("write at least one below it".to_owned()),
            Self::TooFewProperties { given, limit } => Some(format!("add {}", plural(limit - given, "property"))),
            Self::TooLong { given, limit } => Some(format!("shorten it by {}", plural(given - limit, "character"))),
            Self::TooManyItems { given, limit } => Some(format!("remove {}", plural(given - limit, "item"))),
            Self::TooManyProperties { given, limit } => Some(format!("remove {}", plural(given - limit, "property"))),
            Self::ReadOnly { name } => Some(format!("remove `{name}`: only CloudFormation sets it")),
            Self::RequiredOneOf { alternatives } if alternatives.len() > 1 => Some("give one of them".to_owned()),
            Self::Exclusive { .. } => Some("keep one of them".to_owned()),
            Self::MissingProperty { name } | Self::DependentRequired { name, .. } => Some(format!("add `{name}`")),
            _ => None,
        }
    }
}

fn either(formats: &[String]) -> String {
    let words: Vec<&str> = formats.iter().map(|name| format::words(name)).collect();
    match words.as_slice() {
        [] => "anything".to_owned(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

fn types(types: Types) -> String {
    if types == Types::ANY {
        return "a value".to_owned();
    }
    // Whoever takes any number takes a whole one.
    let names = types.names().filter(|name| *name != "integer" || !types.meets(Types::NUMBER));
    let names: Vec<&str> = names
        .map(|name| match name {
            "array" => "list",
            "string" => "text",
            other => other,
        })
        .collect();
    match names.as_slice() {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [head @ .., last] => format!("{} or {last}", head.join(", ")),
    }
}

fn listed(names: &[String]) -> String {
    // Numbers in their own order, and all of them: they are short.
    let mut numbers: Vec<(f64, &str)> =
        names.iter().filter_map(|name| Some((name.parse().ok()?, name.as_str()))).collect();
    if numbers.len() == names.len() && names.len() <= SHOWN_NUMBERS {
        numbers.sort_by(|(one, _), (other, _)| one.total_cmp(other));
        return alternatives(numbers.into_iter().map(|(_, name)| name));
    }
    let shown = names.iter().take(SHOWN_NAMES).map(String::as_str);
    match names.len().checked_sub(SHOWN_NAMES) {
        None | Some(0) => alternatives(shown),
        Some(more) => {
            let shown: Vec<String> = shown.map(|name| format!("`{name}`")).collect();
            format!("{} and {more} more", shown.join(", "))
        }
    }
}

fn all(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(" and ")
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARACTERS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn plural(count: u64, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {noun}s"),
    }
}

fn too_few(given: u64, noun: &str, limit: u64) -> String {
    format!("{} given, at least {limit} needed", plural(given, noun))
}

fn too_many(given: u64, noun: &str, limit: u64) -> String {
    format!("{} given, at most {limit} allowed", plural(given, noun))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_slip_gets_a_suggestion_and_a_stranger_the_list() {
        let unknown =
            |name: &str| ViolationKind::UnknownProperty { name: name.to_owned(), known: names(&["Key", "Value"]) };
        assert_eq!(unknown("Valeu").help().as_deref(), Some("did you mean `Value`?"));
        assert_eq!(unknown("Something").help().as_deref(), Some("known here: `Key` or `Value`"));
        let wrong = ViolationKind::NotInEnum { given: "ENABLE".to_owned(), allowed: names(&["ENABLED", "DISABLED"]) };
        assert_eq!(wrong.help().as_deref(), Some("did you mean `ENABLED`?"));
    }

    #[test]
    fn long_lists_and_texts_are_cut() {
        let many: Vec<String> = (0..20).map(|index| format!("v{index}")).collect();
        let message = ViolationKind::NotInEnum { given: "é".repeat(100), allowed: many }.message();
        assert!(message.starts_with(&format!("`{}…` is not one of `v0`, ", "é".repeat(60))), "{message}");
        assert!(message.ends_with("`v11` and 8 more"), "{message}");
    }

    #[test]
    fn counts_agree_with_their_nouns() {
        assert_eq!(
            ViolationKind::TooManyProperties { given: 2, limit: 1 }.message(),
            "2 properties given, at most 1 allowed"
        );
        assert_eq!(ViolationKind::TooFewItems { given: 1, limit: 2 }.message(), "1 item given, at least 2 needed");
    }
}
