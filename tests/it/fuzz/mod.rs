//! Inputs that nobody would write: seeds that are changed at random, for every reader of text.
//!
//! `tests/fuzz/seeds/<target>/` has the seeds of a target. What is done to them follows from a number alone, so a run can
//! be repeated. A target gets `FORMWORK_FUZZ_SECONDS` (without it, one second), and with `FORMWORK_FUZZ_TARGET` it is the
//! only one. An input that brings the program down is in `target/fuzz/<target>`, the slowest in `target/fuzz/<target>.slowest`;
//! what was found once becomes a seed.

#![expect(clippy::print_stdout, reason = "figures are shown with --nocapture")]

use std::fs;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use formwork::source::Files as _;
use formwork::template::{iot_sql, log_filter, sql};
use formwork::{cli, compile, trace};
use serde_json::json;

use crate::memory::{Memory, PATH, TEMPLATE, shown};

mod words;

/// No input may take longer, however slow the machine is.
const LIMIT: Duration = Duration::from_secs(20);

/// What reads the text of a target.
struct Target {
    name: &'static str,
    read: fn(&[u8]),
    /// Pieces that mean something there.
    words: &'static [&'static str],
}

const TARGETS: &[Target] = &[
    Target { name: "blueprint", read: read_blueprint, words: words::BLUEPRINT },
    Target { name: "event-pattern", read: read_pattern, words: words::PATTERN },
    Target { name: "input-template", read: read_input_template, words: words::INPUT },
    Target { name: "iot-sql", read: read_iot_sql, words: words::IOT_SQL },
    Target { name: "jq", read: read_jq, words: words::JQ },
    Target { name: "log-filter", read: read_log_filter, words: words::LOG_FILTER },
    Target { name: "prefix", read: read_prefix, words: words::PREFIX },
    Target { name: "sql", read: read_sql, words: words::SQL },
    Target { name: "template", read: read_template, words: words::TEMPLATE },
    Target { name: "vtl", read: read_vtl, words: words::VTL },
    Target { name: "yaml", read: read_yaml, words: words::YAML },
];

/// What programs and filters are run on.
const EVENT: &str = r#"{"a": {"b": [1, 2.5, -0.0, null, {"c": "x"}]}, "detail": {"type": "Order", "at": "2026-05-01T10:00:00Z",
    "text": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"}, "ip": "10.0.0.1", "status": 500, "ok": true, "none": null}"#;

fn read_blueprint(bytes: &[u8]) {
    let compiled = Memory::default().with(PATH, bytes).compile(PATH);
    // What is said must be possible to say.
    shown(&compiled);
    let internal = compiled.diagnostics.iter().find(|finding| finding.code.name == "internal-error");
    assert!(internal.is_none(), "{}", shown(&compiled));
}

fn read_template(bytes: &[u8]) {
    shown(&Memory::default().with(TEMPLATE, bytes).check(TEMPLATE));
}

/// Whatever a file is: it is told what it is by its content.
fn read_yaml(bytes: &[u8]) {
    let memory = Memory::default().with("a.yaml", bytes);
    let path = Path::new("a.yaml");
    shown(&compile::check_in(&compile::Workspace::default(), path, "a.yaml", &memory, &cli::codes()).unwrap());
    assert!(memory.read(path).is_ok());
}

fn read_pattern(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let pattern = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
    let rule = json!({"Type": "AWS::Events::Rule", "Properties": {"EventPattern": pattern}});
    read_resources(&json!({"Rule": rule}));
    // The blueprint has it as YAML.
    let head =
        "blueprint: a\nversion: 1.0.0\ncomponents:\n  queue: { kind: sqs-queue }\n  rule:\n    kind: event-rule\n";
    read_blueprint(format!("{head}    targets: [queue]\n    pattern: {text}\n").as_bytes());
}

fn read_prefix(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let destination = |prefix: &str, partitions: bool| {
        json!({"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {"ExtendedS3DestinationConfiguration": {
            "BucketARN": "arn:aws:s3:::bucket", "RoleARN": "arn:aws:iam::111122223333:role/role",
            "Prefix": prefix, "ErrorOutputPrefix": prefix,
            "DynamicPartitioningConfiguration": {"Enabled": partitions},
        }}})
    };
    read_resources(&json!({"Plain": destination(&text, false), "Dynamic": destination(&text, true)}));
}

fn read_input_template(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (paths, template) = text.split_once('\n').unwrap_or(("{\"a\":\"$.detail\"}", &text));
    let paths = serde_json::from_str(paths).unwrap_or_else(|_| json!({"a": paths}));
    let target = json!({"Arn": "arn:aws:sqs:eu-central-1:111122223333:queue", "Id": "a",
        "InputTransformer": {"InputPathsMap": paths, "InputTemplate": template}});
    let rule = json!({"Type": "AWS::Events::Rule",
        "Properties": {"EventPattern": {"source": ["a"]}, "Targets": [target]}});
    read_resources(&json!({"Rule": rule}));
}

fn read_jq(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(filter) = trace::jq::compile(&text)
        && let Ok(results) = filter.run(&serde_json::from_str(EVENT).unwrap())
    {
        // Why there are no keys is as good an answer as keys.
        let _keys = trace::jq::partition_keys(&results);
    }
    read_resources(&json!({"Stream": {"Type": "AWS::KinesisFirehose::DeliveryStream", "Properties": {
        "ExtendedS3DestinationConfiguration": {
            "BucketARN": "arn:aws:s3:::bucket", "RoleARN": "arn:aws:iam::111122223333:role/role",
            "Prefix": "!{partitionKeyFromQuery:a}/", "ErrorOutputPrefix": "errors/",
            "DynamicPartitioningConfiguration": {"Enabled": true},
            "ProcessingConfiguration": {"Enabled": true, "Processors": [{"Type": "MetadataExtraction", "Parameters": [
                {"ParameterName": "MetadataExtractionQuery", "ParameterValue": text},
                {"ParameterName": "JsonParsingEngine", "ParameterValue": "JQ-1.6"},
            ]}]},
        },
    }}}));
}

fn read_iot_sql(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match iot_sql::parse(&text) {
        Ok(statement) => {
            let arrival = "2026-05-01T10:00:00Z".parse().unwrap();
            let message = trace::iot::Message {
                topic: "a/b",
                payload: EVENT.as_bytes(),
                client: "c",
                account: "111122223333",
                arrival,
            };
            trace::iot::decide(&statement, message);
        }
        Err(mistake) => assert!(text.get(mistake.range).is_some(), "{}", mistake.message),
    }
}

fn read_log_filter(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match log_filter::parse(&text) {
        Ok(filter) => {
            for message in [EVENT, "127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] \"GET / HTTP/1.0\" 200 1534", ""] {
                trace::logs::matches(&filter, message);
            }
        }
        Err(mistake) => assert!(text.get(mistake.range).is_some(), "{}", mistake.message),
    }
}

fn read_vtl(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let request = trace::vtl::Request { body: EVENT.to_owned(), ..trace::vtl::Request::default() };
    if let Err(mistake) = trace::vtl::render(&text, &request) {
        assert!(text.get(mistake.range).is_some(), "{}", mistake.message);
    }
}

fn read_sql(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let columns =
        ["id", "day", "amount"].map(|name| sql::Column { name: name.to_owned(), kind: sql::Type::Unknown }).to_vec();
    let tables = |name: &sql::TableName| match name.parts.last().map(String::as_str) {
        Some("orders") => sql::Lookup::Columns(columns.clone()),
        Some("open") => sql::Lookup::Open,
        _ => sql::Lookup::Missing(vec!["orders".to_owned()]),
    };
    for flavor in [sql::Flavor::Athena, sql::Flavor::Redshift] {
        if let Ok(query) = sql::read(&text, flavor, &tables) {
            assert!(query.problems.iter().all(|problem| text.get(problem.range.clone()).is_some()));
        }
    }
    sql::statements(&text, &tables, &mut |change| {
        assert!(change.query.problems.iter().all(|problem| text.get(problem.range.clone()).is_some()));
        assert!(change.unread.iter().filter_map(|unread| unread.range.clone()).all(|range| text.get(range).is_some()));
    });
}

fn read_resources(resources: &serde_json::Value) {
    read_template(json!({"Resources": resources}).to_string().as_bytes());
}

/// Numbers that look like chance, and are the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // splitmix64, by Sebastiano Vigna, in the public domain.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; zero if there is none.
    fn below(&mut self, end: usize) -> usize {
        if end == 0 { 0 } else { usize::try_from(self.next() % end as u64).unwrap_or_default() }
    }
}

/// A seed with some changes.
fn mutated(seeds: &[Vec<u8>], words: &[&str], chance: &mut Chance) -> Vec<u8> {
    let mut bytes = seeds[chance.below(seeds.len())].clone();
    for _ in 0..=chance.below(6) {
        let at = chance.below(bytes.len() + 1);
        let end = at + chance.below((bytes.len() - at).min(64) + 1);
        match chance.below(9) {
            0 => bytes.insert(at, u8::try_from(chance.below(256)).unwrap_or_default()),
            1 => {
                bytes.drain(at..end);
            }
            2 if at < bytes.len() => bytes[at] ^= 1 << chance.below(8),
            3 => {
                let piece = bytes[at..end].to_vec();
                let to = chance.below(bytes.len() + 1);
                bytes.splice(to..to, piece);
            }
            4 => {
                // A piece many times: depth, length, repetition.
                let piece = bytes[at..end.min(at + 16)].repeat(1 + chance.below(400));
                bytes.splice(at..at, piece);
            }
            5 => {
                let other = &seeds[chance.below(seeds.len())];
                let from = chance.below(other.len() + 1);
                bytes.truncate(at);
                bytes.extend_from_slice(&other[from..]);
            }
            6 => {
                let number = ["0", "-1", "2147483648", "18446744073709551616", "1e309", "0.1"][chance.below(6)];
                bytes.splice(at..end, number.bytes());
            }
            _ => {
                let word = words[chance.below(words.len())];
                bytes.splice(at..at, word.bytes());
            }
        }
    }
    bytes.truncate(1 << 16);
    bytes
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "{} is empty", folder.display());
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Runs a target for a while: how many inputs it has read, and how long the slowest took.
fn run(target: &Target, time: Duration) -> (u64, Duration) {
    let seeds = seeds(target.name);
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/fuzz");
    fs::create_dir_all(&kept).unwrap();
    let kept = kept.join(target.name);
    let mut chance = Chance(std::env::var("FORMWORK_FUZZ_NUMBER").map_or(1, |text| text.parse().unwrap()));
    let (start, mut count, mut slowest) = (Instant::now(), 0, Duration::ZERO);
    // Each seed as it is, then changed.
    let mut plain = seeds.iter().cloned();
    while start.elapsed() < time || plain.len() > 0 {
        let input = plain.next().unwrap_or_else(|| mutated(&seeds, target.words, &mut chance));
        // Kept before it is read: an overflow of the stack ends the process.
        fs::write(&kept, &input).unwrap();
        let begun = Instant::now();
        let outcome = panic::catch_unwind(AssertUnwindSafe(|| (target.read)(&input)));
        let took = begun.elapsed();
        assert!(outcome.is_ok(), "{} brought {} down", kept.display(), target.name);
        assert!(took < LIMIT, "{} took {took:?} in {}", kept.display(), target.name);
        if took > slowest {
            slowest = took;
            fs::write(kept.with_extension("slowest"), &input).unwrap();
        }
        count += 1;
    }
    fs::remove_file(&kept).unwrap();
    (count, slowest)
}

#[test]
fn no_input_brings_a_reader_down_or_keeps_it_busy() {
    let seconds = std::env::var("FORMWORK_FUZZ_SECONDS").map_or(1, |text| text.parse().unwrap());
    let only = std::env::var("FORMWORK_FUZZ_TARGET").ok();
    let chosen: Vec<&Target> =
        TARGETS.iter().filter(|target| only.as_ref().is_none_or(|name| name == target.name)).collect();
    assert!(!chosen.is_empty(), "there is no target {only:?}");
    for target in chosen {
        let (count, slowest) = run(target, Duration::from_secs(seconds));
        println!("{}: {count} inputs in {seconds} s, the slowest {slowest:?}", target.name);
    }
}

#[test]
fn every_folder_of_seeds_has_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/seeds");
    let mut found: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    found.sort();
    assert_eq!(found, TARGETS.iter().map(|target| target.name).collect::<Vec<_>>());
}
