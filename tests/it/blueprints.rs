//! Every blueprint of the reference library, and what becomes of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use formwork::cli::{self, input};
use formwork::compile::{self, Compiled, Format, Rendered};
use formwork::source::{Origin, Sources};
use formwork::template::{Data, Function, Value};
use regex_lite::Regex;
use serde_json::Value as Json;

use crate::memory::{Memory, shown};
use crate::snapshots::{self, files_below, first_difference};

const FOLDER: &str = "blueprints";

fn library() -> Vec<PathBuf> {
    let found = input::find(&[PathBuf::from(FOLDER)], input::Search::Blueprints).unwrap();
    assert!(!found.is_empty());
    found
}

fn compiled(path: &Path) -> Compiled {
    compile::compile(path, &input::shown(path), &input::Disk, &cli::codes()).unwrap()
}

/// The blueprints that make a template, with it.
fn rendered() -> Vec<Compiled> {
    let all: Vec<Compiled> = library().iter().map(|path| compiled(path)).filter(|one| !one.is_module).collect();
    assert!(!all.is_empty());
    all
}

fn template(compiled: &Compiled) -> &Rendered {
    compiled.template.as_ref().unwrap_or_else(|| panic!("{}", shown(compiled)))
}

#[test]
fn each_compiles_without_findings() {
    for path in library() {
        let compiled = compiled(&path);
        assert!(compiled.diagnostics.is_empty(), "{}", shown(&compiled));
        assert_eq!(compiled.template.is_none(), compiled.is_module, "{}", path.display());
    }
}

#[test]
fn each_has_the_name_of_its_folder() {
    for path in library() {
        let folder = path.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(compiled(&path).name, Some(folder));
    }
}

#[test]
fn templates_are_those_that_were_reviewed() {
    let mut files = BTreeMap::new();
    for one in rendered() {
        for (format, extension) in [(Format::Yaml, "yaml"), (Format::Json, "json")] {
            let name = one.name.as_ref().unwrap();
            files.insert(format!("{name}.template.{extension}"), template(&one).text(format));
        }
    }
    snapshots::hold("templates", &files);
}

#[test]
fn each_gives_the_same_bytes_twice() {
    for (first, second) in rendered().iter().zip(&rendered()) {
        for format in [Format::Yaml, Format::Json] {
            assert!(template(first).text(format) == template(second).text(format), "{:?}", first.name);
        }
    }
}

/// What a YAML template means, with the short tags in their long form.
fn long(value: serde_yaml::Value) -> Json {
    use serde_yaml::Value as Yaml;
    match value {
        Yaml::Null => Json::Null,
        Yaml::Bool(value) => value.into(),
        Yaml::Number(number) => serde_json::to_value(number).unwrap(),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(long).collect(),
        Yaml::Mapping(entries) => {
            entries.into_iter().map(|(key, value)| (key.as_str().unwrap().to_owned(), long(value))).collect()
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let name = tag.strip_prefix('!').unwrap();
            let (function, long_name, _) = Function::ALL.iter().find(|(.., short)| *short == name).unwrap();
            let argument = match (function, long(tagged.value)) {
                (Function::GetAtt, Json::String(path)) => {
                    let (id, attribute) = path.split_once('.').unwrap();
                    Json::from(vec![id, attribute])
                }
                (_, argument) => argument,
            };
            Json::Object(serde_json::Map::from_iter([((*long_name).to_owned(), argument)]))
        }
    }
}

#[test]
fn yaml_and_json_say_the_same_to_independent_readers() {
    for one in rendered() {
        let yaml: serde_yaml::Value = serde_yaml::from_str(&template(&one).text(Format::Yaml)).unwrap();
        let json: Json = serde_json::from_str(&template(&one).text(Format::Json)).unwrap();
        assert_eq!(long(yaml), json);
        assert!(json["Resources"].as_object().is_some_and(|resources| !resources.is_empty()));
    }
}

/// The place of an origin has text, and falls on characters of a file that was read.
fn assert_place(origin: Origin, what: &str, sources: &Sources) {
    let span = origin.span();
    assert!((span.file.index() as usize) < sources.iter().count(), "{what} comes from no file");
    let text = sources.get(span.file).text.get(span.range());
    assert!(text.is_some_and(|text| !text.is_empty()), "{what} comes from {span:?}");
}

fn assert_places(value: &Value, what: &str, sources: &Sources) -> usize {
    assert_place(value.origin, what, sources);
    1 + match &value.data {
        Data::List(items) => items.iter().map(|item| assert_places(item, what, sources)).sum(),
        Data::Map(map) => map
            .0
            .iter()
            .map(|(key, value)| {
                assert_place(key.origin, &format!("key `{}` of {what}", key.text), sources);
                assert_places(value, &format!("`{}` of {what}", key.text), sources)
            })
            .sum(),
        Data::Call(_, argument) => assert_places(argument, what, sources),
        Data::Null | Data::Bool(_) | Data::Number(_) | Data::String(_) => 0,
    }
}

#[test]
fn every_value_of_every_resource_comes_from_a_place_in_the_blueprint() {
    let mut values = 0;
    for one in rendered() {
        for resource in &template(&one).template().resources {
            assert_place(resource.origin, &resource.id, &one.sources);
            for (key, value) in &resource.properties.0 {
                assert_place(key.origin, &resource.id, &one.sources);
                values += assert_places(value, &format!("`{}` of {}", key.text, resource.id), &one.sources);
            }
        }
    }
    assert!(values > 100);
}

/// The texts of a template; a number of bytes may have as many digits as an account.
fn collect_texts(value: Json, texts: &mut Vec<String>) {
    match value {
        Json::String(text) => texts.push(text),
        Json::Array(items) => items.into_iter().for_each(|item| collect_texts(item, texts)),
        Json::Object(entries) => {
            for (key, value) in entries {
                texts.push(key);
                collect_texts(value, texts);
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) => {}
    }
}

#[test]
fn no_partition_account_or_region_is_written_out() {
    let fixed = Regex::new(
        r"arn:aws[a-z-]*:|\b[0-9]{12}\b|\b(af|ap|ca|cn|eu|il|me|mx|sa|us)(-gov)?-(central|(north|south)?(east|west)?)-[0-9]\b",
    )
    .unwrap();
    for wrong in
        ["arn:aws:s3:::a", "arn:aws-cn:s3:::a", "111122223333", "eu-central-1", "us-gov-west-1", "ap-northeast-3"]
    {
        assert!(fixed.is_match(wrong), "{wrong}");
    }
    for one in rendered() {
        let mut texts = Vec::new();
        collect_texts(serde_json::from_str(&template(&one).text(Format::Json)).unwrap(), &mut texts);
        let found = texts.iter().find_map(|text| fixed.find(text)).map(|found| found.as_str());
        assert_eq!(found, None, "{:?}", one.name);
    }
}

/// The text with the components of the blueprint in reverse order; comments stay above what they are about.
fn reversed(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let start = lines.iter().position(|line| *line == "components:").unwrap() + 1;
    let is_top = |line: &&str| !line.is_empty() && !line.starts_with([' ', '#']);
    let end = lines[start..].iter().position(is_top).map_or(lines.len(), |length| start + length);
    let mut blocks: Vec<Vec<&str>> = vec![Vec::new()];
    let mut inside = false;
    for line in &lines[start..end] {
        let indented = line.starts_with("    ");
        if inside && !indented && !line.trim().is_empty() {
            blocks.push(Vec::new());
            inside = false;
        }
        inside |= indented;
        blocks.last_mut().unwrap().push(line);
    }
    assert!(blocks.len() > 1);
    blocks.reverse();
    let all = lines[..start].iter().chain(blocks.iter().flatten()).chain(&lines[end..]);
    all.fold(String::new(), |text, line| text + line + "\n")
}

#[test]
fn the_order_of_components_does_not_change_the_resources() {
    let resources = |compiled: &Compiled| {
        let json: Json = serde_json::from_str(&template(compiled).text(Format::Json)).unwrap();
        serde_json::to_string_pretty(&json["Resources"]).unwrap()
    };
    let mut files = Memory::default();
    for path in files_below(Path::new(FOLDER)) {
        let path = format!("{FOLDER}/{path}");
        let bytes = fs::read(&path).unwrap();
        files = files.with(path, bytes);
    }
    for path in library() {
        let path = path.to_str().unwrap();
        let text = fs::read_to_string(path).unwrap();
        let before = files.compile(path);
        if before.is_module {
            continue;
        }
        let other = reversed(&text);
        assert_ne!(text, other);
        files = files.with(path, other);
        let after = files.compile(path);
        assert!(
            resources(&before) == resources(&after),
            "{path}\n{}",
            first_difference(&resources(&before), &resources(&after))
        );
        files = files.with(path, text);
    }
}
