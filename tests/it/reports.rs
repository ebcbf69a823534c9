//! The formats of `check` for other programs, and what makes a run fail.

use formwork::cli;
use serde_json::{Value as Json, json};

use crate::cli::{BAD, Folder, formwork};

const WARNED: &str = "blueprint: warned\nversion: 1.0.0\nparameters:\n  Days: { type: number, description: Days. }\n\
                      components:\n  archive:\n    kind: s3-bucket\n";

/// What the standard demands of the objects that are written, and nothing beyond them.
///
/// Source: SARIF 2.1.0, sections 3.13 (log), 3.14 (run), 3.19 (component), 3.49 (rule), 3.27 (result), 3.29 and 3.30
/// (places), 3.55 to 3.57 (fixes).
fn sarif_schema() -> Json {
    let object = |required: &[&str], properties: Json| json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties});
    let list = |items: &Json| json!({"type": "array", "items": items});
    let (text, position) = (json!({"type": "string", "minLength": 1}), json!({"type": "integer", "minimum": 1}));
    let index = json!({"type": "integer", "minimum": 0});
    let message = object(&["text"], json!({"text": text}));
    let level = json!({"enum": ["none", "note", "warning", "error"]});
    let region = object(
        &["startLine", "startColumn", "endLine", "endColumn"],
        json!({"startLine": position, "startColumn": position, "endLine": position, "endColumn": position}),
    );
    let file = object(
        &["uri", "index"],
        json!({
            "uri": {"type": "string", "pattern": "^(file://)?([A-Za-z0-9._~/!$&'()*+,;=@-]|%[0-9A-F]{2})+$"},
            "index": index,
        }),
    );
    let physical = object(&["artifactLocation", "region"], json!({"artifactLocation": file, "region": region}));
    let logical = object(&["fullyQualifiedName"], json!({"fullyQualifiedName": text}));
    let location =
        object(&["physicalLocation"], json!({"physicalLocation": physical, "logicalLocations": list(&logical)}));
    let related = object(
        &["id", "message", "physicalLocation"],
        json!({"id": index, "message": message, "physicalLocation": physical}),
    );
    let replacement =
        object(&["deletedRegion", "insertedContent"], json!({"deletedRegion": region, "insertedContent": message}));
    let change = object(
        &["artifactLocation", "replacements"],
        json!({"artifactLocation": file, "replacements": list(&replacement)}),
    );
    let fix = object(
        &["description", "artifactChanges"],
        json!({
            "description": message,
            "artifactChanges": list(&change),
        }),
    );
    let result = object(
        &["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
        json!({
            "ruleId": text,
            "ruleIndex": index,
            "level": level,
            "message": message,
            "locations": list(&location),
            "partialFingerprints": {"type": "object", "additionalProperties": text},
            "relatedLocations": list(&related),
            "fixes": list(&fix),
        }),
    );
    let rule = object(
        &["id", "shortDescription", "help", "defaultConfiguration"],
        json!({
            "id": text,
            "shortDescription": message,
            "help": object(&["text", "markdown"], json!({"text": text, "markdown": text})),
            "defaultConfiguration": object(&["level"], json!({"level": level})),
        }),
    );
    let driver = object(&["name", "version", "rules"], json!({"name": text, "version": text, "rules": list(&rule)}));
    let artifact = object(&["location"], json!({"location": object(&["uri"], json!({"uri": text}))}));
    let run = object(
        &["tool", "columnKind", "artifacts", "results"],
        json!({
            "tool": object(&["driver"], json!({"driver": driver})),
            "columnKind": {"const": "unicodeCodePoints"},
            "artifacts": list(&artifact),
            "results": list(&result),
        }),
    );
    object(
        &["$schema", "version", "runs"],
        json!({
            "$schema": text,
            "version": {"const": "2.1.0"},
            "runs": list(&run),
        }),
    )
}

fn sarif(paths: &[&str]) -> Json {
    let ran = formwork(&[&["check", "--format", "sarif"], paths].concat());
    assert_eq!(ran.err, "");
    let log: Json = serde_json::from_str(&ran.out).unwrap();
    let schema = jsonschema::validator_for(&sarif_schema()).unwrap();
    let wrong: Vec<String> = schema.iter_errors(&log).map(|error| error.to_string()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    log
}

fn results(log: &Json) -> &Vec<Json> {
    log["runs"][0]["results"].as_array().unwrap()
}

#[test]
fn sarif_has_what_the_standard_demands_and_refers_to_what_is_there() {
    assert!(results(&sarif(&["blueprints"])).is_empty());
    let log = sarif(&["tests/fixtures"]);
    let run = &log["runs"][0];
    let rules = &run["tool"]["driver"]["rules"];
    let at = |list: &Json, index: &Json| list[usize::try_from(index.as_u64().unwrap()).unwrap()].clone();
    for result in results(&log) {
        assert_eq!(at(rules, &result["ruleIndex"])["id"], result["ruleId"]);
        let files =
            std::iter::once(&result["locations"][0]).chain(result["relatedLocations"].as_array().into_iter().flatten());
        for place in files.map(|location| &location["physicalLocation"]["artifactLocation"]) {
            assert_eq!(at(&run["artifacts"], &place["index"])["location"]["uri"], place["uri"]);
        }
    }
    assert!(rules.as_array().unwrap().len() > 50);
    let has = |pointer: &str| results(&log).iter().any(|result| result.pointer(pointer).is_some());
    assert!(has("/fixes/0/artifactChanges/0/replacements/0/insertedContent/text"));
    assert!(has("/relatedLocations/0") && has("/locations/0/logicalLocations/0"));
}

#[test]
fn fingerprints_differ_and_do_not_move_with_the_lines() {
    let text = "blueprint: a\nversion: 1.0.0\ncomponents:\n  one:\n    kind: s3-bukket\n  two:\n    kind: s3-bukket\n";
    let prints = |text: &str| -> Vec<String> {
        let folder = Folder::new(&[("a.blueprint.yaml", text)]);
        let log = sarif(&[&folder.path("a.blueprint.yaml")]);
        let all = results(&log).iter().map(|result| result["partialFingerprints"]["formwork/v1"].to_string());
        all.collect()
    };
    let before = prints(text);
    assert_eq!(before.len(), 2);
    assert_ne!(before[0], before[1]);
    assert_eq!(before, prints(&text.replace("components:", "# one more line\n\ncomponents:")));
}

#[test]
fn sarif_and_github_show_odd_names_as_each_needs_it() {
    let folder = Folder::new(&[("a b,ü%.blueprint.yaml", BAD)]);
    let output = folder.output(&["check", ".", "--format", "sarif"]);
    let log: Json = serde_json::from_slice(&output.stdout).unwrap();
    let place = &results(&log)[0]["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "a%20b,%C3%BC%25.blueprint.yaml");
    assert_eq!(place["region"], json!({"startLine": 5, "startColumn": 11, "endLine": 5, "endColumn": 20}));
    let output = folder.output(&["check", ".", "--format", "github"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "::error file=a b%2Cü%25.blueprint.yaml,line=5,endLine=5,col=11,endColumn=20,title=unknown-kind\
         ::no kind `s3-bukket`%0Ahelp: did you mean `s3-bucket`?\n"
    );
}

#[test]
fn every_file_is_a_suite_and_every_failure_a_test() {
    let folder = Folder::new(&[("bad.blueprint.yaml", BAD), ("warned.blueprint.yaml", WARNED)]);
    let output = folder.output(&["check", ".", "--format", "junit"]);
    assert_eq!(output.status.code(), Some(1));
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="formwork" tests="2" failures="1" errors="0">
      <testsuite name="bad.blueprint.yaml" tests="1" failures="1" errors="0" skipped="0">
        <testcase classname="bad.blueprint.yaml" name="unknown-kind at bad.blueprint.yaml:5:11" file="bad.blueprint.yaml">
          <failure type="unknown-kind" message="no kind `s3-bukket`">bad.blueprint.yaml:5:11: error[unknown-kind]: no kind `s3-bukket`
    help: did you mean `s3-bucket`?</failure>
        </testcase>
      </testsuite>
      <testsuite name="warned.blueprint.yaml" tests="1" failures="0" errors="0" skipped="0">
        <testcase classname="warned.blueprint.yaml" name="check" file="warned.blueprint.yaml"/>
        <system-out>warned.blueprint.yaml:4:3: warning[unused-parameter]: parameter `Days` is used nowhere
    help: use it as `${Days}`, or remove it</system-out>
      </testsuite>
    </testsuites>
    "#);
    let output = folder.output(&["check", ".", "--format", "junit", "--fail-on", "warning"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains("<testsuites name=\"formwork\" tests=\"2\" failures=\"2\" errors=\"0\">"), "{text}");
}

#[test]
fn a_run_fails_from_the_severity_on_that_is_named() {
    let folder = Folder::new(&[("bad.blueprint.yaml", BAD), ("warned.blueprint.yaml", WARNED)]);
    for (file, least, status) in [
        ("bad", "error", 1),
        ("bad", "info", 1),
        ("warned", "error", 0),
        ("warned", "warning", 1),
        ("warned", "info", 1),
        ("warned", "never", 2),
    ] {
        for format in ["text", "json", "sarif", "junit", "github"] {
            let file = format!("{file}.blueprint.yaml");
            let output = folder.output(&["check", &file, "--fail-on", least, "--format", format]);
            assert_eq!(output.status.code(), Some(status), "{file} {least} {format}");
        }
    }
}

#[test]
fn a_repository_says_how_bad_findings_are() {
    let run = |settings: &str, arguments: &[&str]| {
        let folder = Folder::new(&[("formwork.yaml", settings), ("a.blueprint.yaml", WARNED)]);
        let output = folder.output(&[&["check", "a.blueprint.yaml"], arguments].concat());
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for (settings, severity, status) in [
        ("severity: { unused-parameter: error }", "error[unused-parameter]", 1),
        ("severity: { unused-parameter: info }", "info[unused-parameter]", 0),
        ("severity: { unused-parameter: off }", "1 blueprint checked, no errors\n", 0),
        ("kinds: { forbidden: [s3-bucket] }", "error[forbidden-kind]", 1),
        ("kinds: { forbidden: [s3-bucket] }\nseverity: { forbidden-kind: warning }", "warning[forbidden-kind]", 0),
        (
            "severity: { unused-parameter: error }\naccept: [{ code: unused-parameter, reason: It is known. }]",
            "1 blueprint checked, no errors\n",
            0,
        ),
        ("severity: { unused-parametr: off }", "help: did you mean `unused-parameter`?", 2),
        ("accept: [{ code: unused-parametr, reason: It is known. }]", "error[unknown-finding]", 2),
        ("severity: { unknown-kind: off }", "error[fixed-severity]", 2),
        ("severity: { unknown-kind: warning }", "error[fixed-severity]", 2),
        ("severity: { unknown-kind: error }", "warning[unused-parameter]", 0),
        ("severity: { unused-parameter: fatal }", "error[unknown-value]", 2),
    ] {
        let (ended, said) = run(settings, &[]);
        assert!(ended == status && said.contains(severity), "{settings}\n{ended}\n{said}");
        assert!(!said.contains("ambiguous-scalar"), "{said}");
    }
    let raised = run("severity: { unused-parameter: info }", &["--fail-on", "info"]);
    assert_eq!(raised.0, 1, "{}", raised.1);
}

#[test]
fn a_raised_finding_keeps_the_template_from_being_written() {
    let settings = "severity: { unused-parameter: error }\n";
    let folder = Folder::new(&[("formwork.yaml", settings), ("a.blueprint.yaml", WARNED)]);
    assert_eq!(folder.output(&["render", "a.blueprint.yaml"]).status.code(), Some(1));
    assert_eq!(folder.files("."), ["a.blueprint.yaml", "formwork.yaml"]);
    let lowered = "kinds: { forbidden: [s3-bucket] }\nseverity: { forbidden-kind: info }\n";
    folder.write("formwork.yaml", lowered);
    assert_eq!(folder.output(&["render", "a.blueprint.yaml"]).status.code(), Some(0));
    assert!(folder.read("templates/warned.template.yaml").contains("AWS::S3::Bucket"));
    assert!(cli::codes().iter().any(|code| code.name == "fixed-severity"));
}

#[test]
fn the_settings_hold_for_templates_too() {
    let template = "Parameters:\n  Days: { Type: String }\nResources:\n  Topic: { Type: AWS::SNS::Topic }\n";
    let folder = Folder::new(&[("a.template.yaml", template)]);
    for (settings, said, status) in [
        ("severity: {}", "warning[unused]", 0),
        ("severity: { unused: error }", "error[unused]", 1),
        ("accept: [{ code: unused, reason: It is for later. }]", "checked, no errors", 0),
    ] {
        folder.write("formwork.yaml", settings);
        let output = folder.output(&["check", "a.template.yaml"]);
        let shown = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(status) && shown.contains(said), "{settings}\n{shown}");
    }
}
