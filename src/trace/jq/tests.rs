use serde_json::{Value as Json, json};

use super::{Failure, Refusal, compile, partition_keys};

/// Programs and what jq 1.6 gives for null: the answers of its own program.
const ANSWERS: &str = include_str!("answers.tsv");

fn run(program: &str, input: &Json) -> Result<Vec<Json>, Failure> {
    match compile(program) {
        Ok(filter) => filter.run(input),
        Err(Refusal::NotRun(reason)) => Err(Failure::NotRun(reason)),
        Err(Refusal::Mistakes(mistakes)) => panic!("{program}: {mistakes:?}"),
    }
}

#[test]
fn answers_are_those_of_jq() {
    let mut wrong = Vec::new();
    let (mut answered, mut not_run) = (0, Vec::new());
    for line in ANSWERS.lines() {
        let (program, answer) = line.split_once('\t').unwrap();
        let expected = match answer {
            "error" => None,
            // The largest number is read with all its digits, not with those that JSON has for it.
            results => Some(serde_json::from_str::<Vec<Json>>(results).unwrap()),
        };
        match (run(program, &Json::Null), expected) {
            (Err(Failure::NotRun(_)), _) => not_run.push(program),
            (Err(Failure::Error(_)), None) => answered += 1,
            (Ok(found), Some(expected)) if same(&Json::Array(found.clone()), &Json::Array(expected.clone())) => {
                answered += 1;
            }
            (found, expected) => wrong.push(format!("{program}: {found:?}, expected {expected:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(answered > 500, "{answered}");
    assert!(not_run.len() < 15, "{not_run:#?}");
}

/// Equal values; numbers as doubles, because `1` and `1.0` are one number.
fn same(one: &Json, two: &Json) -> bool {
    match (one, two) {
        (Json::Number(one), Json::Number(two)) => one.as_f64() == two.as_f64(),
        (Json::Array(one), Json::Array(two)) => {
            one.len() == two.len() && one.iter().zip(two).all(|(one, two)| same(one, two))
        }
        (Json::Object(one), Json::Object(two)) => {
            // The order counts too.
            one.len() == two.len()
                && one.iter().zip(two).all(|((key, one), (other, two))| key == other && same(one, two))
        }
        _ => one == two,
    }
}

#[test]
fn partition_keys_are_texts() {
    let event = json!({"customer": {"id": 7}, "type": "order", "ms": 1_704_067_200_123_i64, "test": true, "big": 1e20});
    let program = "{customer: .customer.id, type, day: (.ms/1000|strftime(\"%Y-%m-%d\")), test, big}";
    let keys = partition_keys(&run(program, &event).unwrap()).unwrap();
    let keys: Vec<(&str, &str)> = keys.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
    let expected = [("customer", "7"), ("type", "order"), ("day", "2024-01-01"), ("test", "true"), ("big", "1e+20")];
    assert_eq!(keys, expected);
}

#[test]
fn what_is_no_partition_key_says_why() {
    for (program, reason) in [
        ("{a: .b}", "`a` is null"),
        ("{a: \"\"}", "`a` is an empty text"),
        ("{a: [1]}", "`a` is a list"),
        ("{a: {}}", "`a` is an object"),
        (".a", "the program gives null, not an object"),
        ("\"a\"", "the program gives a text, not an object"),
        ("empty", "the program gives no result"),
        ("{a: (1, 2)}", "the program gives 2 results, not one object"),
    ] {
        assert_eq!(partition_keys(&run(program, &json!({})).unwrap()).unwrap_err(), reason, "{program}");
    }
}

#[test]
fn no_program_runs_for_ever_or_too_deep() {
    for program in [
        "range(1e12)",
        "[range(1e12)]",
        "def f: f; f",
        "def f: 1 + f; f",
        "def f(g): f(g|.); f(.)",
        "def f: [f]; f",
        "[repeat(1)]",
        "last(repeat(1))",
        "0|until(false; . + 1)",
        "[recurse(.)]",
        "reduce range(100) as $i (\"a\"; . + .)",
        "reduce range(100) as $i ([1]; . + .)",
        "\"a\" * 1e15",
        ".[1e9] = 1",
        "reduce range(1e5) as $i (null; [.])",
        "reduce range(1e5) as $i (null; {a: .})",
        "[limit(1e9; repeat(\"aaaaaaaaaaaaaaaaaaaaaaaa\"))]",
        "def f: (f, 1); f",
        "def f: try f catch .; f",
        "def f: . as $x | f; f",
        "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" | test(\"(a*)*(a*)*\\\\1b\")",
    ] {
        let found = run(program, &Json::Null);
        assert!(matches!(found, Err(Failure::NotRun(_))), "{program}: {found:?}");
    }
}

#[test]
fn what_lies_outside_is_not_run() {
    for program in ["now", "input", "$ENV", "env.HOME", "halt", "input_filename", "localtime", "$ARGS", "builtins"] {
        let found = run(program, &Json::Null);
        assert!(matches!(found, Err(Failure::NotRun(_))), "{program}: {found:?}");
    }
    // What is reached only by some events is not run either: it is refused before.
    assert!(matches!(compile("if . then 1 else now end"), Err(Refusal::NotRun(_))));
}

#[test]
fn an_event_that_is_very_deep_is_no_crash() {
    let mut deep = json!(1);
    for _ in 0..600 {
        deep = json!([deep]);
    }
    assert!(matches!(run(".[0]", &deep), Err(Failure::NotRun(_))));
}

#[test]
fn a_filter_runs_on_any_thread() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    is_shared(&compile("{a: .b}").unwrap());
}
