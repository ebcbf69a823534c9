use super::ast::Kind;
use super::{expression, program};

/// Programs, and whether jq 1.6 takes them: the answers of its own program.
const GRAMMAR: &str = include_str!("grammar.tsv");

#[test]
fn programs_are_taken_as_jq_takes_them() {
    let mut wrong = Vec::new();
    let mut counts = [0, 0];
    for line in GRAMMAR.lines() {
        let (answer, text) = line.split_once('\t').unwrap();
        let is_taken = answer == "taken";
        counts[usize::from(is_taken)] += 1;
        if program(text).is_ok() != is_taken {
            wrong.push(line);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(counts[0] > 150 && counts[1] > 150, "{counts:?}");
}

#[track_caller]
fn refused(text: &str, place: &str, message: &str, help: &str) {
    let mistakes = program(text).unwrap_err();
    let first = &mistakes[0];
    assert_eq!((&text[first.range.clone()], first.message.as_str(), first.help.as_str()), (place, message, help));
}

#[test]
fn mistakes_have_a_place_and_help() {
    const TERM: &str = "in jq 1.6 a value in `{}` is a term: put it in parentheses";
    refused("{a: .x // \"d\"}", "//", "`//` in a value of an object", TERM);
    refused("{a: if .x then 1 else 2 end}", "if", "`if` in a value of an object", TERM);
    refused("{a: .b and true}", "and", "`and` in a value of an object", TERM);
    refused("{a: .z + 1}", "+", "`+` in a value of an object", TERM);
    refused("if .a then 1 end", "end", "an `if` without `else`", "write `else . end`: leaving it out needs jq 1.7");
    refused(".a.[0]", "[", "`[` behind a dot", "leave out the dot before `[`: it needs jq 1.7");
    refused(".a && .b", "&&", "`&&` means nothing in jq", "write `and`");
    refused(
        ".a | trim",
        "trim",
        "`trim` needs jq 1.7",
        "Firehose runs jq 1.6: write it with functions of that version",
    );
    refused(".a | lenght", "lenght", "no function `lenght`", "did you mean `length`?");
    refused(".a | map", "map", "no function `map`", "`map` takes one argument");
    refused("{a: $b}", "$b", "no variable `$b`", "name it with `… as $name | …` before");
    refused("'.a'", "'", "`'` means nothing in jq", "write texts in double quotes");
    refused("{.a}", ".a", "`.a` instead of a key", "write `a` without the dot");
    refused("$.a", ".a", "`.a` instead of the name of a variable", "write `.` for the input");
    refused(
        ".event-id",
        "event-id",
        "`event` minus `id`",
        "write `.\"event-id\"` for a field with a hyphen, or blanks around `-`",
    );
    refused("\"\\x\"", "\\x", "`\\x` is not an escape of JSON", "write `\\\\x` for a backslash, or leave it out");
    refused(".a.e5", ".e5", "`.e5` is not a number", "write `.\"e5\"`: jq 1.6 reads this name as a number");
}

#[test]
fn a_difference_that_jq_takes_is_doubted() {
    let read = program("{type: (.detail-type)}").unwrap();
    assert_eq!(read.doubts.len(), 1);
    assert!(read.doubts[0].help.contains("`.\"detail-type\"`"), "{:?}", read.doubts);
    assert!(program("{type: (.detail - 1)}").unwrap().doubts.is_empty());
    assert_eq!(program(".a | @base46").unwrap().doubts[0].help, "did you mean `@base64`?");
}

#[test]
fn every_wrong_name_is_told() {
    let mistakes = program(".a | lenght, $x, (break $y)").unwrap_err();
    assert_eq!(mistakes.len(), 3);
}

#[test]
fn an_expression_stands_in_parentheses() {
    assert!(expression(".a // \"none\"").is_ok());
    assert!(expression("def f: 1;").is_err());
    assert!(expression("").is_err());
    assert!(expression(".a # why\n").is_ok());
    assert_eq!(expression(".a # why").unwrap_err()[0].range, 3..8);
    assert_eq!(expression(".a) | (.b").unwrap_err()[0].range, 2..3);
}

#[test]
fn what_lies_deep_is_refused_and_long_chains_are_not() {
    for deep in ["[".repeat(5_000), "(".repeat(5_000), "-".repeat(5_000), "{a:".repeat(5_000), "try ".repeat(5_000)] {
        assert!(program(&deep).is_err());
    }
    let chain = ["."; 150].join("|");
    assert!(program(&chain).is_ok());
    assert!(program(&vec!["."; 5_000].join("|")).is_err());
    assert!(program(&vec!["1"; 5_000].join("+")).is_err());
    assert!(program(&"\"\\(".repeat(2_000)).is_err());
    assert!(program(&".a".repeat(40_000)).is_err());
}

#[test]
fn nothing_that_is_cut_off_or_changed_makes_it_panic() {
    let text = "def f($a; g): {a: .b[1:2]?, \"c\\(1)\": (. as [$x, {y: $z}] ?// $x | $x // @json \"é\\(.)\")}; \
                reduce .[] as $i (0; if $i then 1 elif 2 then 3 else label $l | break $l end) | try f(1; .) catch ..";
    assert!(program(text).is_ok(), "{:?}", program(text));
    for (at, character) in text.char_indices() {
        let _ = program(&text[..at]);
        let _ = program(&text[at..]);
        for other in ["", "(", "\"", "é", "|", " 1 "] {
            let _ = program(&[&text[..at], other, &text[at + character.len_utf8()..]].concat());
        }
    }
}

#[test]
fn operators_go_together_as_in_jq() {
    let read = program("1 + 2 * 3 | . // 4, 5").unwrap().body.unwrap();
    let Kind::Pipe(left, right) = read.kind else { panic!() };
    assert!(matches!(left.kind, Kind::Binary("+", ..)));
    assert!(matches!(right.kind, Kind::Comma(..)));
}
