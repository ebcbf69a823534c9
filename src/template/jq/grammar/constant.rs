//! What jq 1.6 works out before it runs a program.

use crate::template::jq::ast::{Expression, Kind};

/// The number that jq 1.6 works out before it runs a program.
pub fn constant(expression: &Expression) -> Option<f64> {
    match &expression.kind {
        Kind::Number(number) => Some(*number),
        Kind::Binary(name @ ("+" | "-" | "*" | "/"), left, right) => {
            let (left, right) = (constant(left)?, constant(right)?);
            Some(match *name {
                "+" => left + right,
                "-" => left - right,
                "*" => left * right,
                _ => left / right,
            })
        }
        _ => None,
    }
}

/// Whether it surely gives a text.
pub fn is_text(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Text(None, _) => true,
        Kind::Binary("+", left, right) => is_text(left) && is_text(right),
        _ => false,
    }
}

/// Whether jq 1.6 knows the value before it runs a program.
pub fn is_constant(expression: &Expression) -> bool {
    match &expression.kind {
        Kind::Number(_) | Kind::Array(None) => true,
        Kind::Text(None, _) => expression.constant().is_some(),
        Kind::Call(name, arguments) => arguments.is_empty() && matches!(name.as_str(), "true" | "false" | "null"),
        Kind::Array(Some(items)) => is_constant_list(items),
        Kind::Object(entries) => entries.iter().all(|entry| is_constant(&entry.key) && is_constant(&entry.value)),
        Kind::Binary(_, left, right) => {
            constant(expression).is_some() || (is_text(expression) && is_constant(left) && is_constant(right))
        }
        _ => false,
    }
}

fn is_constant_list(items: &Expression) -> bool {
    match &items.kind {
        Kind::Comma(left, right) => is_constant_list(left) && is_constant_list(right),
        _ => is_constant(items),
    }
}
