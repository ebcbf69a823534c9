//! The functions of the reference library, run with what the services would hand to them.
//!
//! Without Python they are not run, and a note says so.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use formwork::cli::{self, input};
use formwork::compile::{self, Format};
use regex_lite::Regex;
use serde_json::{Value as Json, json};

use crate::snapshots::{files_below, project};

/// Functions that transform records of Firehose. What it hands to them is in `events/transform.json` beside them.
const TRANSFORMS: &[&str] = &[
    "cdc-partitioning/functions/transform.py",
    "dynamic-partitioning-both/functions/parse.py",
    "dynamic-partitioning-lambda/functions/partition.py",
];

/// Passes records on as they are, and counts them in its log.
const COUNTER: &str = "traffic-anomaly-detection/functions/count.py";

const GENERATOR: &str = "cdc-partitioning/functions/generate.py";

/// Runs the handler of a file with an event, as Lambda does, without a network: Kinesis refuses every second record of
/// the first request. Tells what the handler answered, logged, and put into streams.
const LAMBDA: &str = r#"
import contextlib, importlib.util, io, json, os, sys, time, types

sys.dont_write_bytecode = True
put = []
requests = 0

class Kinesis:
    def put_records(self, StreamName, Records):
        global requests
        requests += 1
        assert StreamName == os.environ["STREAM"] and 1 <= len(Records) <= 500
        results = []
        for number, record in enumerate(Records):
            if requests == 1 and number % 2:
                results.append({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "Slow down"})
            else:
                put.append({"key": record["PartitionKey"], "data": record["Data"].decode()})
                results.append({"SequenceNumber": str(number), "ShardId": "shardId-000000000000"})
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}

boto3 = types.ModuleType("boto3")
boto3.client = lambda service: {"kinesis": Kinesis}[service]()
sys.modules["boto3"] = boto3
time.sleep = lambda seconds: None

spec = importlib.util.spec_from_file_location("index", sys.argv[1])
index = importlib.util.module_from_spec(spec)
log = io.StringIO()
with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
    spec.loader.exec_module(index)
    answer = index.handler(json.load(sys.stdin), None)
json.dump({"answer": answer, "log": log.getvalue(), "put": put}, sys.stdout)
"#;

/// Whether the functions can be run; says so if they cannot.
fn has_python() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        // Not with `println!`: what a test that passes prints is hidden.
        let note = b"note: python3 is missing, so that the functions of the reference library are not run\n";
        std::io::stderr().write_all(note).unwrap();
    }
    found
}

fn python(code: &str, argument: &str, stdin: &str) -> String {
    let mut child = Command::new("python3")
        .args(["-I", "-c", code, argument])
        .env("STREAM", "changes")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{argument}");
    String::from_utf8(output.stdout).unwrap()
}

/// What the handler answers, logs and puts.
fn run(function: &str, event: &Json) -> Json {
    let path = project().join("blueprints").join(function);
    serde_json::from_str(&python(LAMBDA, path.to_str().unwrap(), &event.to_string())).unwrap()
}

fn event(function: &str) -> Json {
    let (blueprint, _) = function.split_once('/').unwrap();
    let path = project().join("blueprints").join(blueprint).join("events/transform.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// An event of Direct PUT with these records, in base64.
fn handed<'a>(data: impl IntoIterator<Item = &'a str>) -> Json {
    let records = data.into_iter().enumerate().map(|(number, data)| {
        json!({ "recordId": format!("record-{number}"), "approximateArrivalTimestamp": 1_795_425_600_000_u64, "data": data })
    });
    json!({
        "invocationId": "5f2c1a54-9c1e-4f31-9d53-0b8e7ad0a5c1",
        "deliveryStreamArn": "arn:aws:firehose:eu-central-1:111122223333:deliverystream/events",
        "region": "eu-central-1",
        "records": records.collect::<Vec<_>>(),
    })
}

fn decoded(base64: &str) -> String {
    python("import base64, sys; print(base64.b64decode(sys.stdin.read(), validate=True).decode(), end='')", "", base64)
}

/// The partition keys that the stream of the function's blueprint takes from it.
fn keys_of_stream(function: &str) -> BTreeSet<String> {
    let (blueprint, _) = function.split_once('/').unwrap();
    let path = Path::new("blueprints").join(blueprint).join("blueprint.yaml");
    let compiled = compile::compile(&path, &input::shown(&path), &input::Disk, &cli::codes()).unwrap();
    let text = compiled.template.unwrap().text(Format::Json);
    let key = Regex::new(r"!\{partitionKeyFromLambda:(\w+)\}").unwrap();
    key.captures_iter(&text).map(|found| found[1].to_owned()).collect()
}

/// What Firehose asks of every answer; gives the results.
///
/// Source: Firehose Developer Guide, "Required parameters for data transformation" and "Create partitioning keys with an
/// AWS Lambda function".
fn assert_contract(function: &str, event: &Json, ran: &Json) -> Vec<String> {
    let given = event["records"].as_array().unwrap();
    let answered = ran["answer"]["records"].as_array().unwrap();
    assert_eq!(given.len(), answered.len(), "{function}");
    assert!(ran["answer"].to_string().len() < 6_000_000, "{function}");
    let keys = keys_of_stream(function);
    assert!(!keys.is_empty());
    let mut results = Vec::new();
    for (given, answered) in given.iter().zip(answered) {
        assert_eq!(given["recordId"], answered["recordId"], "{function}");
        let result = answered["result"].as_str().unwrap();
        match result {
            "Ok" => {
                let given: BTreeMap<String, String> =
                    serde_json::from_value(answered["metadata"]["partitionKeys"].clone()).unwrap();
                assert_eq!(given.keys().cloned().collect::<BTreeSet<_>>(), keys, "{function}");
                for value in given.values() {
                    assert!(!value.is_empty() && !value.contains('/'), "{function}: {value}");
                }
            }
            // Nothing is lost: it comes back as it was.
            "ProcessingFailed" => assert_eq!(given["data"], answered["data"], "{function}"),
            other => panic!("{function}: {other}"),
        }
        results.push(result.to_owned());
    }
    results
}

#[test]
fn every_function_of_the_library_is_run() {
    let found: BTreeSet<String> =
        files_below(&project().join("blueprints")).into_iter().filter(|path| path.contains("/functions/")).collect();
    let known = TRANSFORMS.iter().chain([&COUNTER, &GENERATOR]).map(|&path| path.to_owned()).collect();
    assert_eq!(found, known);
}

#[test]
fn transformations_give_partitions_and_lose_nothing() {
    if !has_python() {
        return;
    }
    for (function, expected) in TRANSFORMS.iter().zip([
        (
            vec!["Ok", "Ok", "Ok", "Ok", "Ok", "ProcessingFailed"],
            json!({ "table": "Transaction", "year": "2026", "month": "11", "day": "23" }),
            3,
        ),
        (
            vec!["Ok", "Ok", "ProcessingFailed", "ProcessingFailed"],
            json!({ "year": "2026", "month": "11", "day": "23" }),
            1,
        ),
        (
            vec!["Ok", "Ok", "ProcessingFailed", "ProcessingFailed"],
            json!({ "customer_id": "acme_eu", "year": "2026", "month": "11", "day": "23", "hour": "10" }),
            1,
        ),
    ]) {
        let (results, keys, record) = expected;
        let event = event(function);
        let ran = run(function, &event);
        assert_eq!(assert_contract(function, &event, &ran), results, "{function}");
        let answer = &ran["answer"]["records"][record];
        assert_eq!(answer["metadata"]["partitionKeys"], keys, "{function}");
        // One line of JSON, which the stream ends.
        let line = decoded(answer["data"].as_str().unwrap());
        assert!(serde_json::from_str::<Json>(&line).unwrap().is_object() && !line.contains('\n'), "{function}: {line}");
    }
}

#[test]
fn what_no_transformation_understands_comes_back_marked_and_is_not_logged() {
    if !has_python() {
        return;
    }
    // Nothing, no base64, bytes that are no text, `{`, `[]`, `null`, `"x"`, `NaN`, `{"table":"../secret"}`, a time of
    // its own kind, and what only starts as gzip does.
    let bad = [
        "",
        "!",
        "/w==",
        "ew==",
        "W10=",
        "bnVsbA==",
        "Ing=",
        "TmFO",
        "eyJ0YWJsZSI6Ii4uL3NlY3JldCJ9",
        "eyJ0aW1lc3RhbXAiOiJzZWNyZXQiLCJjdXN0b21lcl9pZCI6InNlY3JldCIsImV2ZW50X3RpbWVzdGFtcCI6InNlY3JldCJ9",
        "H4sIAAAAAAAA",
    ];
    let event = handed(bad);
    for function in TRANSFORMS {
        let ran = run(function, &event);
        let results = assert_contract(function, &event, &ran);
        assert!(results.iter().all(|result| result == "ProcessingFailed"), "{function}: {results:?}");
        let log = ran["log"].as_str().unwrap();
        assert!(log.contains("11") && !log.contains("secret"), "{function}: {log}");
        assert_eq!(run(function, &handed([]))["answer"], json!({ "records": [] }));
    }
}

#[test]
fn lines_are_joined_and_numbers_stay_as_they_are() {
    if !has_python() {
        return;
    }
    // {"customer_id":"a","event_timestamp":0,\n"amount":0.10000000000000000001}
    let data = "eyJjdXN0b21lcl9pZCI6ImEiLCJldmVudF90aW1lc3RhbXAiOjAsCiJhbW91bnQiOjAuMTAwMDAwMDAwMDAwMDAwMDAwMDF9";
    for function in ["cdc-partitioning/functions/transform.py", "dynamic-partitioning-lambda/functions/partition.py"] {
        let event = handed([data]);
        let ran = run(function, &event);
        assert_eq!(assert_contract(function, &event, &ran), ["Ok"]);
        assert_eq!(
            decoded(ran["answer"]["records"][0]["data"].as_str().unwrap()),
            r#"{"customer_id":"a","event_timestamp":0, "amount":0.10000000000000000001}"#
        );
    }
}

#[test]
fn what_grows_too_large_for_an_answer_comes_back_as_it_was() {
    if !has_python() {
        return;
    }
    let compressed = python(
        r#"
import base64, gzip, json, sys
event = {"customer_id": "a", "event_timestamp": 0, "text": "x" * int(sys.argv[1])}
print(base64.b64encode(gzip.compress(json.dumps(event).encode())).decode(), end="")
"#,
        "3000000",
        "",
    );
    let event = handed([compressed.as_str(), &compressed]);
    let function = "dynamic-partitioning-lambda/functions/partition.py";
    assert_eq!(assert_contract(function, &event, &run(function, &event)), ["Ok", "ProcessingFailed"]);
}

#[test]
fn changes_are_put_once_and_understood() {
    if !has_python() {
        return;
    }
    let path = project().join("blueprints/cdc-partitioning/events/scheduled.json");
    let ran = run(GENERATOR, &serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap());
    let put = ran["put"].as_array().unwrap();
    assert_eq!(put.len(), 40);
    let different: BTreeSet<&str> = put.iter().map(|record| record["data"].as_str().unwrap()).collect();
    assert_eq!(different.len(), put.len(), "a change is put twice");
    assert_eq!(ran["log"], "");

    let lines: Vec<Json> = put.iter().map(|record| record["data"].clone()).collect();
    let encode = "import base64, json, sys; json.dump([base64.b64encode(x.encode()).decode() for x in json.load(sys.stdin)], sys.stdout)";
    let data: Vec<String> = serde_json::from_str(&python(encode, "", &Json::from(lines).to_string())).unwrap();
    let event = handed(data.iter().map(String::as_str));
    let function = TRANSFORMS[0];
    let ran = run(function, &event);
    let results = assert_contract(function, &event, &ran);
    assert!(results.iter().all(|result| result == "Ok"));
    let tables =
        ran["answer"]["records"].as_array().unwrap().iter().map(|answer| &answer["metadata"]["partitionKeys"]["table"]);
    let mut counts = BTreeMap::new();
    tables.for_each(|table| *counts.entry(table.as_str().unwrap()).or_insert(0) += 1);
    assert_eq!(counts, BTreeMap::from([("Customer", 10), ("Order", 10), ("Transaction", 20)]));
}

#[test]
fn traffic_is_counted_by_minute_and_passes_as_it_is() {
    if !has_python() {
        return;
    }
    let event = event(COUNTER);
    let ran = run(COUNTER, &event);
    let answers = ran["answer"]["records"].as_array().unwrap();
    let given = event["records"].as_array().unwrap();
    assert_eq!(answers.len(), given.len());
    let results: Vec<&str> = answers.iter().map(|answer| answer["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["Ok", "Ok", "Ok", "Ok", "ProcessingFailed", "ProcessingFailed", "Ok", "Ok"]);
    for (given, answer) in given.iter().zip(answers) {
        assert_eq!(given["recordId"], answer["recordId"]);
        let line = decoded(answer["data"].as_str().unwrap());
        assert!(!line.contains('\n'), "{line}");
    }
    assert_eq!(answers[7]["data"], given[7]["data"], "numbers stay as they are");
    // One line of metrics for each minute, which CloudWatch takes apart.
    let log = ran["log"].as_str().unwrap();
    let lines: Vec<Json> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let counts = |line: &Json| ["Visits", "Searches", "Carts", "Checkouts"].map(|name| line[name].as_u64().unwrap());
    assert_eq!(lines.iter().map(counts).collect::<Vec<_>>(), [[1, 1, 1, 1], [2, 0, 0, 0]]);
    for line in &lines {
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Shop");
        let named = directive["Metrics"].as_array().unwrap();
        assert!(named.iter().all(|metric| line[metric["Name"].as_str().unwrap()].is_u64()), "{line}");
        assert_eq!(line["_aws"]["Timestamp"].as_u64().unwrap() % 60_000, 0);
    }
    assert!(log.ends_with("2 of 8 events are not understood\n"), "{log}");
}

#[test]
fn what_is_no_traffic_is_marked_and_not_logged() {
    if !has_python() {
        return;
    }
    // Nothing, no base64, bytes that are no text, `{`, `[]`, `null`, `NaN`, `{"event":"secret"}`, `{"event":[1]}`.
    let bad = ["", "!", "/w==", "ew==", "W10=", "bnVsbA==", "TmFO", "eyJldmVudCI6InNlY3JldCJ9", "eyJldmVudCI6WzFdfQ=="];
    let event = handed(bad);
    let ran = run(COUNTER, &event);
    for (given, answer) in event["records"].as_array().unwrap().iter().zip(ran["answer"]["records"].as_array().unwrap())
    {
        assert_eq!(answer["result"], "ProcessingFailed", "{given}");
        assert_eq!(answer["data"], given["data"]);
    }
    assert_eq!(ran["log"], "9 of 9 events are not understood\n");
}
