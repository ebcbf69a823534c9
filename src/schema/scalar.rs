//! Texts, numbers and booleans: their types, and what is demanded of them.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::instance::{Instance, Shape, canonical};
use super::model::{Keyword, Literal, Number, Types};
use super::pattern;
use super::validate::{Leniency, Verdict};
use super::violation::ViolationKind;

/// The types that a value is of, or may be of.
pub(super) fn types<I: Instance>(shape: &Shape<'_, I>) -> Types {
    match shape {
        Shape::Null | Shape::Absent => Types::NULL,
        Shape::Bool(_) => Types::BOOLEAN,
        Shape::Number(number) if number.value().fract() == 0.0 => Types::INTEGER.or(Types::NUMBER),
        Shape::Number(_) => Types::NUMBER,
        Shape::Text(_) => Types::STRING,
        Shape::List(_) => Types::ARRAY,
        Shape::Map(_) => Types::OBJECT,
        Shape::Unknown(types) => *types,
        Shape::Either(..) => Types::ANY,
    }
}

/// What CloudFormation reads a scalar of another type as.
///
/// Source: cfn-lint 1.58.0 accepts the same where it is not told to be strict.
pub(super) fn convert<'i, I: Instance>(shape: &Shape<'i, I>, allowed: Types) -> Option<Shape<'i, I>> {
    let numeric = Types::INTEGER.or(Types::NUMBER);
    match shape {
        Shape::Text(text) => {
            let number = text.parse::<i64>().map(Number::Whole).or_else(|_| text.parse().map(Number::Real)).ok();
            // `inf` and `nan` read as numbers in Rust alone.
            let number = number.filter(|number| number.value().is_finite()).map(Shape::Number);
            let number = number.filter(|number: &Shape<'i, I>| types(number).meets(allowed));
            let boolean = match text.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
            number.or_else(|| boolean.filter(|_| allowed.meets(Types::BOOLEAN)).map(Shape::Bool))
        }
        Shape::Bool(value) if allowed.meets(Types::STRING) => Some(Shape::Text(Cow::Owned(value.to_string()))),
        Shape::Number(Number::Whole(number)) if allowed.meets(Types::STRING) => {
            Some(Shape::Text(Cow::Owned(number.to_string())))
        }
        // How a fraction is written out is not known here.
        Shape::Number(Number::Real(_)) if allowed.meets(Types::STRING) => Some(Shape::Unknown(Types::STRING)),
        Shape::Unknown(given) => {
            let scalars = numeric.or(Types::STRING).or(Types::BOOLEAN);
            (given.meets(scalars) && allowed.meets(scalars)).then_some(Shape::Unknown(*given))
        }
        _ => None,
    }
}

/// A value for people.
pub(super) fn shown<I: Instance>(shape: &Shape<'_, I>) -> String {
    match shape {
        Shape::Bool(value) => value.to_string(),
        Shape::Number(number) => number.to_string(),
        Shape::Text(text) => text.clone().into_owned(),
        Shape::Null => "null".to_owned(),
        Shape::List(_) => "[…]".to_owned(),
        Shape::Map(_) => "{…}".to_owned(),
        Shape::Unknown(_) | Shape::Either(..) | Shape::Absent => "…".to_owned(),
    }
}

/// Whether a value is this one of a schema; nothing if a part of it is not known.
fn is_literal<I: Instance>(literal: &Literal, shape: &Shape<'_, I>, instance: &I, leniency: Leniency) -> Option<bool> {
    Some(match (literal, shape) {
        (_, Shape::Unknown(_) | Shape::Either(..) | Shape::Absent) => return None,
        (Literal::Null, Shape::Null) => true,
        (Literal::Bool(literal), Shape::Bool(value)) => literal == value,
        (Literal::Number(literal), Shape::Number(value)) => compare(*literal, *value) == Ordering::Equal,
        (Literal::Text(literal), Shape::Text(value)) => literal == value,
        (Literal::Json(literal), Shape::List(_) | Shape::Map(_)) => canonical(instance)? == *literal,
        (
            Literal::Bool(_) | Literal::Number(_) | Literal::Text(_),
            Shape::Bool(_) | Shape::Number(_) | Shape::Text(_),
        ) if leniency == Leniency::CloudFormation => literal.to_string() == shown(shape),
        _ => false,
    })
}

/// Whether a value is one of those of a schema; nothing if that is not known yet.
pub(super) fn is_one_of<I: Instance>(
    allowed: &[Literal],
    any_case: bool,
    shape: &Shape<'_, I>,
    instance: &I,
    leniency: Leniency,
) -> Option<bool> {
    let mut unknown = false;
    for literal in allowed {
        match (literal, shape) {
            (Literal::Text(literal), Shape::Text(text)) if any_case && literal.eq_ignore_ascii_case(text) => {
                return Some(true);
            }
            (literal, shape) => match is_literal(literal, shape, instance, leniency) {
                Some(true) => return Some(true),
                Some(false) => {}
                None => unknown = true,
            },
        }
    }
    (!unknown).then_some(false)
}

/// That a value is none of those allowed.
pub(super) fn none_of<I: Instance>(allowed: &[Literal], shape: &Shape<'_, I>) -> ViolationKind {
    ViolationKind::NotInEnum { given: shown(shape), allowed: allowed.iter().map(ToString::to_string).collect() }
}

/// What a keyword for texts or numbers says of one.
pub(super) fn demand<I: Instance>(keyword: &Keyword, shape: &Shape<'_, I>) -> Result<Verdict, ViolationKind> {
    let satisfied = match (keyword, shape) {
        (Keyword::Pattern(pattern), Shape::Text(text)) => match pattern::is_match(pattern, text) {
            Some(satisfied) => satisfied,
            None => return Ok(Verdict::Unknown),
        },
        (Keyword::MinLength(limit), Shape::Text(text)) => length(text) >= *limit,
        (Keyword::MaxLength(limit), Shape::Text(text)) => length(text) <= *limit,
        (Keyword::Minimum(limit), Shape::Number(number)) => compare(*number, *limit).is_ge(),
        (Keyword::Maximum(limit), Shape::Number(number)) => compare(*number, *limit).is_le(),
        (Keyword::Above(limit), Shape::Number(number)) => compare(*number, *limit).is_gt(),
        (Keyword::Below(limit), Shape::Number(number)) => compare(*number, *limit).is_lt(),
        (Keyword::MultipleOf(of), Shape::Number(number)) => is_multiple(*number, *of),
        _ => true,
    };
    if satisfied {
        return Ok(Verdict::Valid);
    }
    Err(match (keyword, shape) {
        (Keyword::Pattern(pattern), shape) => {
            ViolationKind::PatternMismatch { given: shown(shape), pattern: pattern.text.clone() }
        }
        (Keyword::MinLength(limit), Shape::Text(text)) => {
            ViolationKind::TooShort { given: length(text), limit: *limit }
        }
        (Keyword::MaxLength(limit), Shape::Text(text)) => ViolationKind::TooLong { given: length(text), limit: *limit },
        (Keyword::Minimum(limit), Shape::Number(given)) => {
            ViolationKind::TooSmall { given: *given, limit: *limit, exclusive: false }
        }
        (Keyword::Above(limit), Shape::Number(given)) => {
            ViolationKind::TooSmall { given: *given, limit: *limit, exclusive: true }
        }
        (Keyword::Maximum(limit), Shape::Number(given)) => {
            ViolationKind::TooLarge { given: *given, limit: *limit, exclusive: false }
        }
        (Keyword::Below(limit), Shape::Number(given)) => {
            ViolationKind::TooLarge { given: *given, limit: *limit, exclusive: true }
        }
        (Keyword::MultipleOf(of), Shape::Number(given)) => ViolationKind::NotMultiple { given: *given, of: *of },
        _ => ViolationKind::Forbidden,
    })
}

fn length(text: &str) -> u64 {
    text.chars().count() as u64
}

fn compare(one: Number, other: Number) -> Ordering {
    match (one, other) {
        (Number::Whole(one), Number::Whole(other)) => one.cmp(&other),
        (one, other) => one.value().total_cmp(&other.value()),
    }
}

fn is_multiple(number: Number, of: Number) -> bool {
    match (number, of) {
        (_, Number::Whole(0)) => true,
        (Number::Whole(number), Number::Whole(of)) => number.checked_rem(of).is_none_or(|rest| rest == 0),
        (number, of) => {
            // 0.07 is seven times 0.01, though not in binary.
            let times = number.value() / of.value();
            (times - times.round()).abs() <= times.abs().max(1.0) * 1e-12
        }
    }
}
