use std::time::Instant;

use serde_json::{Value as Json, json};

use super::Interpreters;
use crate::trace::functions::{Call, Failure, Function, Outcome, Run, Runner};

fn function(runtime: &str, handler: &str, files: &[(&str, &str)]) -> Function {
    Function {
        name: "clean".to_owned(),
        runtime: runtime.to_owned(),
        handler: handler.to_owned(),
        files: files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect(),
        environment: vec![("TARGET".to_owned(), "lake".to_owned())],
        timeout_seconds: 5,
        memory_mib: 128,
        region: "eu-central-1".to_owned(),
        account: "123456789012".to_owned(),
    }
}

fn run(runner: &Interpreters, function: &Function, event: &Json) -> Run {
    runner.run(Call { function, event, now: None })
}

fn answer(run: &Run) -> &Json {
    match &run.outcome {
        Outcome::Answer(answer) => answer,
        other => panic!("{other:?}\n{}", run.log),
    }
}

fn failure(run: &Run) -> &Failure {
    match &run.outcome {
        Outcome::Failed(failure) => failure,
        other => panic!("{other:?}\n{}", run.log),
    }
}

const PY: &str = "python3.14";
const JS: &str = "nodejs24.x";

#[test]
fn a_process_serves_many_events_and_what_is_printed_does_not_get_into_the_answer() {
    let python = "import os, sys\ncount = 0\ndef handler(event, context):\n    global count\n    count += 1\n    \
                  print('hello', end='')\n    os.write(1, b'raw')\n    return {'n': count, 'to': os.environ['TARGET'], \
                  'region': os.environ['AWS_REGION'], 'home': os.environ.get('HOME'), 'event': event}\n";
    let node = "let count = 0;\nexports.handler = async (event, context) => {\n  count += 1;\n  console.log('hello');\n  \
                require('fs').writeSync(1, 'raw');\n  return { n: count, to: process.env.TARGET, region: \
                process.env.AWS_REGION, home: process.env.HOME ?? null, event };\n};\n";
    for (runtime, name, source) in [(PY, "index.py", python), (JS, "index.js", node)] {
        let function = function(runtime, "index.handler", &[(name, source)]);
        let runner = Interpreters::default();
        for n in 1..=50 {
            let event = json!({"a": [n, "ü\n"]});
            let run = runner.run(Call { function: &function, event: &event, now: None });
            let wanted = json!({"n": n, "to": "lake", "region": "eu-central-1", "home": null, "event": event});
            assert_eq!(answer(&run), &wanted, "{runtime}");
            assert!(run.log.contains("hello"), "{}", run.log);
        }
    }
}

#[test]
fn handlers_may_be_in_folders_and_modules_of_either_form() {
    let runner = Interpreters::default();
    let python = "from functions.more import add\ndef go(event, context): return add(event)\n";
    let files = [("functions/x.py", python), ("functions/more.py", "def add(n): return n + 1\n")];
    for handler in ["functions/x.go", "functions.x.go"] {
        assert_eq!(answer(&run(&runner, &function(PY, handler, &files), &json!(1))), &json!(2));
    }
    let module = "import { add } from './more.mjs';\nexport const go = async (event) => add(event);\n";
    let more = "export const add = (n) => n + 1;\n";
    let files = [("src/x.mjs", module), ("src/more.mjs", more)];
    assert_eq!(answer(&run(&runner, &function(JS, "src/x.go", &files), &json!(1))), &json!(2));
    let files = [("x.js", module), ("more.mjs", more), ("package.json", r#"{"type":"module"}"#)];
    assert_eq!(answer(&run(&runner, &function(JS, "x.go", &files), &json!(1))), &json!(2));
    // By its syntax alone, as the newer runtimes do.
    let files = [("index.js", "export const handler = async (event) => event + 1;\n")];
    assert_eq!(answer(&run(&runner, &function(JS, "index.handler", &files), &json!(1))), &json!(2));
    let files = [("index.js", "exports.handler = (event, context, callback) => callback(null, event + 1);\n")];
    assert_eq!(answer(&run(&runner, &function(JS, "index.handler", &files), &json!(1))), &json!(2));
}

#[test]
fn an_exception_is_a_result_with_the_line_that_threw() {
    let runner = Interpreters::default();
    let python = "def handler(event, context):\n    return inner(event)\n\ndef inner(event):\n    return event['id']\n";
    let told = run(&runner, &function(PY, "index.handler", &[("index.py", python)]), &json!({}));
    let wanted =
        Failure { kind: "KeyError".to_owned(), message: "'id'".to_owned(), place: Some(("index.py".to_owned(), 5)) };
    assert_eq!(failure(&told), &wanted);
    let node = "exports.handler = async (event) => {\n  return event.detail.id;\n};\n";
    let told = run(&runner, &function(JS, "index.handler", &[("index.js", node)]), &json!({}));
    assert_eq!(failure(&told).kind, "TypeError");
    assert_eq!(failure(&told).place, Some(("index.js".to_owned(), 2)));
}

#[test]
fn what_cannot_be_loaded_is_told_in_the_words_of_lambda() {
    let runner = Interpreters::default();
    let cases = [
        (PY, "index.handler", "index.py", "def handler(event, context)\n    pass\n", "Runtime.UserCodeSyntaxError"),
        (PY, "index.handler", "index.py", "import nowhere\n", "Runtime.ImportModuleError"),
        (PY, "index.other", "index.py", "def handler(event, context): pass\n", "Runtime.HandlerNotFound"),
        (PY, "app.handler", "index.py", "def handler(event, context): pass\n", "Runtime.ImportModuleError"),
        (PY, "handler", "index.py", "def handler(event, context): pass\n", "Runtime.MalformedHandlerName"),
        (PY, "index.handler", "index.py", "def handler(event, context): return {1, 2}\n", "Runtime.MarshalError"),
        (
            PY,
            "index.handler",
            "index.py",
            "import sys\ndef handler(event, context): sys.exit(3)\n",
            "Runtime.ExitError",
        ),
        (PY, "index.handler", "index.py", "import os\ndef handler(event, context): os._exit(3)\n", "Runtime.ExitError"),
        (JS, "index.handler", "index.js", "exports.handler = async (event => {};\n", "Runtime.UserCodeSyntaxError"),
        (JS, "index.handler", "index.js", "require('nowhere');\n", "Runtime.ImportModuleError"),
        (JS, "index.other", "index.js", "exports.handler = async () => 1;\n", "Runtime.HandlerNotFound"),
        (JS, "app.handler", "index.js", "exports.handler = async () => 1;\n", "Runtime.ImportModuleError"),
        (JS, "index.handler", "index.js", "exports.handler = async () => 1n;\n", "Runtime.MarshalError"),
        (JS, "index.handler", "index.js", "exports.handler = async () => process.abort();\n", "Runtime.ExitError"),
    ];
    for (runtime, handler, name, source, kind) in cases {
        let told = run(&runner, &function(runtime, handler, &[(name, source)]), &json!({}));
        assert_eq!(failure(&told).kind, kind, "{source}");
    }
}

#[test]
fn there_is_no_network_and_the_sdk_says_so() {
    let runner = Interpreters::default();
    let cases = [
        (PY, "index.py", "import socket\ndef handler(event, context): socket.create_connection(('127.0.0.1', 9))\n"),
        (PY, "index.py", "import urllib.request as r\ndef handler(event, context): r.urlopen('http://localhost')\n"),
        (PY, "index.py", "import boto3\ns3 = boto3.client('s3')\ndef handler(e, c): s3.put_object(Bucket='a')\n"),
        (PY, "index.py", "import boto3\nt = boto3.resource('dynamodb').Table('t')\ndef handler(e, c): t.put_item()\n"),
        (JS, "index.js", "exports.handler = async () => fetch('http://127.0.0.1:9');\n"),
        (JS, "index.js", "exports.handler = async () => require('net').connect(9, '127.0.0.1');\n"),
        (
            JS,
            "index.mjs",
            "import { S3Client, PutObjectCommand } from '@aws-sdk/client-s3';\nconst s3 = new S3Client({});\nexport const \
             handler = async () => s3.send(new PutObjectCommand({}));\n",
        ),
        (
            JS,
            "index.js",
            "const { S3Client } = require('@aws-sdk/client-s3');\nconst s3 = new S3Client({});\nexports.handler = async \
             () => { await s3.send({}); };\n",
        ),
    ];
    for (runtime, name, source) in cases {
        let told = run(&runner, &function(runtime, "index.handler", &[(name, source)]), &json!({}));
        assert!(failure(&told).message.contains("no network while tracing"), "{source}: {told:?}");
    }
    // Only what is asked of AWS fails.
    let source = "import boto3\nfrom botocore.exceptions import ClientError\ns3 = boto3.client('s3')\ndef handler(event, \
                  context):\n    try:\n        raise ClientError()\n    except ClientError:\n        return event\n";
    assert_eq!(answer(&run(&runner, &function(PY, "index.handler", &[("index.py", source)]), &json!(1))), &json!(1));
    let source = "import asyncio\nasync def go(event): return event\ndef handler(event, context): return \
                  asyncio.run(go(event))\n";
    assert_eq!(answer(&run(&runner, &function(PY, "index.handler", &[("index.py", source)]), &json!(1))), &json!(1));
}

#[test]
fn one_that_does_not_end_is_stopped_and_the_next_event_is_served() {
    let python = "import time\ndef handler(event, context):\n    while event: time.sleep(1)\n    return 1\n";
    let node = "exports.handler = async (event) => { while (event); return 1; };\n";
    for (runtime, name, source) in [(PY, "index.py", python), (JS, "index.js", node)] {
        let function = Function { timeout_seconds: 1, ..function(runtime, "index.handler", &[(name, source)]) };
        let runner = Interpreters::default();
        let start = Instant::now();
        let told = runner.run(Call { function: &function, event: &json!(true), now: None });
        assert_eq!(told.outcome, Outcome::TimedOut { seconds: 1 });
        assert!(start.elapsed().as_secs() < 10);
        assert_eq!(answer(&runner.run(Call { function: &function, event: &json!(false), now: None })), &json!(1));
    }
}

#[test]
fn an_answer_that_is_too_large_is_a_failure_and_a_log_is_cut() {
    let python = "def handler(event, context):\n    print('x' * 100000)\n    return 'a' * event\n";
    let function = function(PY, "index.handler", &[("index.py", python)]);
    let runner = Interpreters::default();
    let told = runner.run(Call { function: &function, event: &json!(7_000_000), now: None });
    assert_eq!(failure(&told).kind, "Function.ResponseSizeTooLarge");
    let told = runner.run(Call { function: &function, event: &json!(1_000_000), now: None });
    assert_eq!(answer(&told).as_str().map(str::len), Some(1_000_000));
    assert!(told.log.len() <= 8 * 1024);
}

#[test]
fn the_clock_can_be_fixed() {
    let python = "import datetime, time\nfrom datetime import date, timezone\ndef handler(event, context):\n    d = \
                  datetime.datetime.now(timezone.utc)\n    assert isinstance(d - datetime.timedelta(1), datetime.datetime)\n    \
                  return [time.time(), d.isoformat(), datetime.datetime.utcnow().year, date.today().isoformat()]\n";
    let node = "exports.handler = async () => [Date.now() / 1000, new Date().toISOString(), new Date(0).getTime()];\n";
    let now = Some(1_795_687_200_000);
    let event = json!(null);
    let runner = Interpreters::default();
    let clock = function(PY, "index.handler", &[("index.py", python)]);
    let told = runner.run(Call { function: &clock, event: &event, now });
    assert_eq!(answer(&told), &json!([1_795_687_200.0, "2026-11-26T10:00:00+00:00", 2026, "2026-11-26"]));
    let clock = function(JS, "index.handler", &[("index.js", node)]);
    let told = runner.run(Call { function: &clock, event: &event, now });
    assert_eq!(answer(&told), &json!([1_795_687_200, "2026-11-26T10:00:00.000Z", 0]));
}

#[test]
fn other_languages_and_files_elsewhere_are_not_run() {
    let runner = Interpreters::default();
    let told = run(&runner, &function("ruby4.0", "index.handler", &[("index.rb", "")]), &json!({}));
    assert!(matches!(told.outcome, Outcome::NotRun { .. }));
    let told = run(&runner, &function(PY, "index.handler", &[("../index.py", "")]), &json!({}));
    assert!(matches!(told.outcome, Outcome::NotRun { .. }));
    let told = run(&runner, &function(PY, "index.handler", &[]), &json!({}));
    assert!(matches!(told.outcome, Outcome::NotRun { .. }));
}
