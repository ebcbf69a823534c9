//! Functions of numbers.

use super::natives::{Native, Outcome, fail};
use super::value::Val;

/// The function of a name with a number of arguments.
pub fn native(name: &str, arguments: usize) -> Option<Native> {
    Some(match (name, arguments) {
        ("floor", 0) => |on, _| one(on, f64::floor),
        ("ceil", 0) => |on, _| one(on, f64::ceil),
        ("round", 0) => |on, _| one(on, f64::round),
        ("trunc", 0) => |on, _| one(on, f64::trunc),
        ("rint" | "nearbyint", 0) => |on, _| one(on, f64::round_ties_even),
        ("fabs", 0) => |on, _| one(on, f64::abs),
        ("sqrt", 0) => |on, _| one(on, f64::sqrt),
        ("exp", 0) => |on, _| one(on, f64::exp),
        ("exp2", 0) => |on, _| one(on, f64::exp2),
        ("expm1", 0) => |on, _| one(on, f64::exp_m1),
        ("log", 0) => |on, _| one(on, f64::ln),
        ("log2", 0) => |on, _| one(on, f64::log2),
        ("log10", 0) => |on, _| one(on, f64::log10),
        ("log1p", 0) => |on, _| one(on, f64::ln_1p),
        ("sin", 0) => |on, _| one(on, f64::sin),
        ("cos", 0) => |on, _| one(on, f64::cos),
        ("tan", 0) => |on, _| one(on, f64::tan),
        ("asin", 0) => |on, _| one(on, f64::asin),
        ("acos", 0) => |on, _| one(on, f64::acos),
        ("atan", 0) => |on, _| one(on, f64::atan),
        ("pow", 2) => |_, of| two(&of[0], &of[1], f64::powf),
        ("atan2", 2) => |_, of| two(&of[0], &of[1], f64::atan2),
        ("hypot", 2) => |_, of| two(&of[0], &of[1], f64::hypot),
        ("fmin", 2) => |_, of| two(&of[0], &of[1], f64::min),
        ("fmax", 2) => |_, of| two(&of[0], &of[1], f64::max),
        ("fmod", 2) => |_, of| two(&of[0], &of[1], |one, two| one % two),
        ("copysign", 2) => |_, of| two(&of[0], &of[1], f64::copysign),
        ("infinite", 0) => |_, _| Ok(Val::Number(f64::INFINITY)),
        ("nan", 0) => |_, _| Ok(Val::Number(f64::NAN)),
        ("isinfinite", 0) => |on, _| test(on, f64::is_infinite),
        ("isnan", 0) => |on, _| test(on, f64::is_nan),
        ("isnormal", 0) => |on, _| test(on, f64::is_normal),
        ("isfinite", 0) => |on, _| Ok(Val::Bool(matches!(on, Val::Number(number) if !number.is_infinite()))),
        ("modf", 0) => |on, _| match on {
            Val::Number(number) => Ok(Val::array(vec![Val::Number(number.fract()), Val::Number(number.trunc())])),
            other => fail(format!("{} number required", other.shown())),
        },
        _ => return None,
    })
}

fn one(on: &Val, function: impl Fn(f64) -> f64) -> Outcome {
    match on {
        Val::Number(number) => Ok(Val::Number(function(*number))),
        other => fail(format!("{} number required", other.shown())),
    }
}

fn two(one: &Val, two: &Val, function: impl Fn(f64, f64) -> f64) -> Outcome {
    match (one, two) {
        (Val::Number(one), Val::Number(two)) => Ok(Val::Number(function(*one, *two))),
        (Val::Number(_), other) | (other, _) => fail(format!("{} number required", other.shown())),
    }
}

/// What is asked of a number; nothing else has it.
#[expect(clippy::unnecessary_wraps, reason = "functions of the language may fail")]
fn test(on: &Val, function: impl Fn(f64) -> bool) -> Outcome {
    Ok(Val::Bool(matches!(on, Val::Number(number) if function(*number))))
}
