//! What other repositories use of this one: the GitHub Action and the hook of pre-commit, run as their runners would.

use std::fs;
use std::process::{Command, Stdio};

use formwork::cli::input;
use regex_lite::Regex;
use serde_json::Value as Json;

use crate::cli::{BAD, Folder, GOOD, PROGRAM};
use crate::snapshots::files_below;

fn yaml(path: &str) -> Json {
    serde_yaml::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// How the last step of the action ends with these inputs, what it prints, and what it gives to later steps.
fn act(folder: &Folder, inputs: &[(&str, &str)]) -> (i32, String, String) {
    let action = yaml("action.yml");
    let steps = action["runs"]["steps"].as_array().unwrap();
    let check = steps.iter().find(|step| step["id"] == "check").unwrap();
    let output = folder.path("output");
    fs::write(&output, "").unwrap();
    let mut command = Command::new("bash");
    command.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", check["run"].as_str().unwrap()]);
    command.current_dir(folder.path("")).env("GITHUB_OUTPUT", &output).env("RUNNER_TEMP", folder.path("temp"));
    let input = Regex::new(r"^\$\{\{ inputs\.([a-z-]+) \}\}$").unwrap();
    for (variable, value) in check["env"].as_object().unwrap() {
        let name = input.captures(value.as_str().unwrap()).expect("an input")[1].to_owned();
        let default = action["inputs"][&name]["default"].as_str().expect("a declared input");
        let given = inputs.iter().find(|(known, _)| *known == name).map_or(default, |(_, value)| value);
        command.env(variable, given);
    }
    let ran = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8(ran.stdout).unwrap() + &String::from_utf8(ran.stderr).unwrap();
    (ran.status.code().unwrap(), said, fs::read_to_string(output).unwrap())
}

/// A repository in which the action has installed the program.
#[cfg(unix)]
fn repository() -> Folder {
    let folder = Folder::new(&[
        ("temp/formwork/bin/none", ""),
        ("blueprints/good.blueprint.yaml", GOOD),
        ("a folder/bad.blueprint.yaml", BAD),
    ]);
    std::os::unix::fs::symlink(PROGRAM, folder.path("temp/formwork/bin/formwork")).unwrap();
    folder
}

#[cfg(unix)]
#[test]
fn the_action_annotates_and_ends_as_the_check_does() {
    let folder = repository();
    assert_eq!(act(&folder, &[]), (0, String::new(), "status=0\n".to_owned()));

    let (status, said, output) =
        act(&folder, &[("paths", "blueprints\na folder\n"), ("sarif", "found.sarif"), ("fail-on", "warning")]);
    assert_eq!((status, output.as_str()), (1, "status=1\n"), "{said}");
    assert!(said.starts_with("::error file=a folder/bad.blueprint.yaml,line=5,"), "{said}");
    let log: Json = serde_json::from_str(&folder.read("found.sarif")).unwrap();
    assert_eq!(log["runs"][0]["results"][0]["ruleId"], "unknown-kind");

    // What looks like an option is a path.
    let (status, said, output) = act(&folder, &[("paths", "--fix")]);
    assert_eq!((status, output.as_str()), (2, "status=2\n"), "{said}");
    assert!(said.contains("cannot use --fix"), "{said}");
    assert_eq!(act(&folder, &[("env", "prod")]).0, 2, "there is no such environment");
}

#[test]
fn the_action_is_one_that_github_reads() {
    let action = yaml("action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    for key in ["name", "description"] {
        assert!(action[key].as_str().is_some_and(|text| !text.is_empty()));
    }
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["description"].is_string() && input["default"].is_string(), "{name}");
    }
    for step in action["runs"]["steps"].as_array().unwrap() {
        assert!(step["run"].is_string() && step["shell"] == "bash");
        // What a user gives is never part of a script.
        assert!(!step["run"].as_str().unwrap().contains("${{"));
    }
    assert_eq!(action["outputs"]["status"]["value"], "${{ steps.check.outputs.status }}");
}

#[test]
fn the_hook_gets_blueprints_and_nothing_else() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let [hook] = hooks.as_array().unwrap().as_slice() else { panic!("{hooks}") };
    assert_eq!((&hook["id"], &hook["language"]), (&"formwork".into(), &"rust".into()));
    let files = Regex::new(hook["files"].as_str().unwrap()).unwrap();
    let folder = Folder::new(&[
        ("blueprints/good/blueprint.yaml", GOOD),
        ("blueprints/good/sql/a.yaml", "a: 1\n"),
        ("one.blueprint.yml", GOOD),
        ("deep/one.blueprint.json", "{}"),
        ("myblueprint.yaml", "a: 1\n"),
        ("a.template.yaml", "a: 1\n"),
        ("blueprint.yaml.txt", "a"),
        ("bad.blueprint.yaml", BAD),
    ]);
    let matching: Vec<String> = folder.files(".").into_iter().filter(|name| files.is_match(name)).collect();
    let found = input::find(&[folder.path("").into()], input::Search::Blueprints).unwrap();
    let found: Vec<String> =
        found.iter().map(|path| path.strip_prefix(folder.path("")).unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(matching, found);

    // pre-commit runs the entry with the names of the files that are committed behind it.
    let entry: Vec<&str> = hook["entry"].as_str().unwrap().split(' ').collect();
    assert_eq!(entry[0], "formwork");
    let run = |names: &[&str]| folder.output(&[&entry[1..], names].concat()).status.code();
    assert_eq!(run(&["blueprints/good/blueprint.yaml", "one.blueprint.yml"]), Some(0));
    assert_eq!(run(&["blueprints/good/blueprint.yaml", "bad.blueprint.yaml"]), Some(1));
    assert!(files_below("blueprints".as_ref()).iter().any(|name| files.is_match(name)));
}

/// What the README shows of findings is what is printed.
#[test]
fn the_readme_shows_findings_as_they_are() {
    let readme = include_str!("../../README.md");
    let text = "blueprint: order-archive\nversion: 1.0.0\ntitle: Orders, kept for analysis\n\ncomponents:\n  archive:\n    \
                kind: s3-bucket\n    expire_after_dais: 30\n\n  delivery:\n    kind: firehose-stream\n    to:\n      \
                s3: archiv\n";
    let folder = Folder::new(&[("blueprints/order-archive/blueprint.yaml", text)]);
    let shown = String::from_utf8(folder.output(&["check"]).stderr).unwrap();
    assert!(readme.contains(&format!("```\n{shown}```\n")), "{shown}");
    let commands = String::from_utf8(folder.output(&["check", "--format", "github"]).stdout).unwrap();
    let last = commands.lines().last().unwrap();
    assert!(readme.contains(&format!("```\n{last}\n```\n")), "{last}");
    let (_, section) = readme.split_once("## Templates written by hand").unwrap();
    let (template, _) = section.split_once("```yaml\n").unwrap().1.split_once("```").unwrap();
    let folder = Folder::new(&[("stack.yaml", template)]);
    let shown = String::from_utf8(folder.output(&["check", "stack.yaml"]).stderr).unwrap();
    assert!(section.contains(&format!("```\n{shown}```\n")), "{shown}");
}
