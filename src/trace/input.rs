//! What a target gets of an event: all of it, a part, a constant, or a text with parts of it.
//!
//! Source: EventBridge User Guide, "Amazon EventBridge input transformation"; EventBridge API, `InputTransformer`.

use serde_json::{Map, Value as Json};

/// What is sent to a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// The event as it is.
    Event,
    /// Always this text.
    Constant(String),
    /// What a path leads to.
    Part(Path),
    /// A text with variables.
    Template(Template),
}

/// A path into JSON, in the part of JSON path that the service takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Path {
    text: String,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq)]
enum Step {
    Key(String),
    Index(usize),
    All,
}

/// A text with variables in `< >`.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parts: Vec<Part>,
    variables: Vec<(String, Path)>,
}

#[derive(Clone, Debug, PartialEq)]
enum Part {
    Text(String),
    /// A variable, and whether it stands inside of quotes.
    Variable(String, bool),
}

/// What a rule knows beside the event.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The ARN of the rule.
    pub rule_arn: &'a str,
    /// Its name.
    pub rule_name: &'a str,
    /// When the event came in, as ISO 8601.
    pub ingestion_time: &'a str,
}

/// What a target gets.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The text that is sent.
    pub text: String,
    /// Variables whose path leads nowhere in this event.
    pub missing: Vec<(String, String)>,
}

impl Path {
    /// Reads a path. What the service does not take is an error, in words.
    pub fn read(text: &str) -> Result<Self, String> {
        let wrong = |at: &str| format!("`{text}` is no path that EventBridge takes, from `{at}` on");
        let mut rest = text.strip_prefix('$').ok_or_else(|| format!("`{text}` does not begin with `$`"))?;
        let mut steps = Vec::new();
        while !rest.is_empty() {
            if let Some(inside) = rest.strip_prefix('[') {
                let (inside, after) = inside.split_once(']').ok_or_else(|| wrong(rest))?;
                let quoted = ['\'', '"'].iter().find_map(|quote| inside.strip_prefix(*quote)?.strip_suffix(*quote));
                steps.push(match (inside, quoted) {
                    ("*", _) => Step::All,
                    (_, Some(key)) => Step::Key(key.to_owned()),
                    _ => Step::Index(inside.parse().map_err(|_| wrong(rest))?),
                });
                rest = after;
            } else {
                let name = rest.strip_prefix('.').ok_or_else(|| wrong(rest))?;
                let end = name.find(['.', '[']).unwrap_or(name.len());
                let (name, after) = name.split_at(end);
                match name {
                    "" => return Err(wrong(rest)),
                    "*" => steps.push(Step::All),
                    name => steps.push(Step::Key(name.to_owned())),
                }
                rest = after;
            }
        }
        Ok(Self { text: text.to_owned(), steps })
    }

    /// The steps to the one value that it leads to; nothing for a list of several.
    pub fn steps(&self) -> Option<Vec<crate::contract::Step>> {
        let step = |step: &Step| match step {
            Step::Key(key) => Some(crate::contract::Step::Key(key.clone())),
            Step::Index(_) => Some(crate::contract::Step::Item),
            Step::All => None,
        };
        self.steps.iter().map(step).collect()
    }

    /// What it leads to; a `*` gives a list.
    pub fn find(&self, event: &Json) -> Option<Json> {
        let mut found: Vec<&Json> = vec![event];
        let mut many = false;
        for step in &self.steps {
            found = match step {
                Step::Key(key) => found.into_iter().filter_map(|value| value.get(key)).collect(),
                Step::Index(index) => found.into_iter().filter_map(|value| value.get(index)).collect(),
                Step::All => {
                    many = true;
                    found
                        .into_iter()
                        .flat_map(|value| -> Vec<&Json> {
                            match value {
                                Json::Array(items) => items.iter().collect(),
                                Json::Object(map) => map.values().collect(),
                                _ => Vec::new(),
                            }
                        })
                        .collect()
                }
            };
        }
        match found.as_slice() {
            [] => None,
            [one] if !many => Some((*one).clone()),
            all => Some(Json::Array(all.iter().map(|value| (*value).clone()).collect())),
        }
    }
}

/// A part of a template as others see it.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'t> {
    /// Characters.
    Text(&'t str),
    /// A variable with its path, and whether it stands in quotes. Reserved variables have no path.
    Variable(&'t str, Option<&'t Path>, bool),
}

impl Template {
    /// Its parts, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.parts.iter().map(|part| match part {
            Part::Text(text) => Piece::Text(text),
            Part::Variable(name, quoted) => {
                let path = self.variables.iter().find(|(known, _)| known == name).map(|(_, path)| path);
                Piece::Variable(name, path, *quoted)
            }
        })
    }

    /// Reads a template with the paths of its variables.
    pub fn read(text: &str, paths: &[(String, String)]) -> Result<Self, String> {
        let mut variables = Vec::new();
        for (name, path) in paths {
            variables.push((name.clone(), Path::read(path)?));
        }
        let known = |name: &str| {
            (name.starts_with("aws.events.") || name.starts_with("aws.pipes."))
                || variables.iter().any(|(known, _)| known == name)
        };
        let mut parts = Vec::new();
        let mut literal = String::new();
        let (mut quoted, mut escaped) = (false, false);
        let mut rest = text;
        while let Some(character) = rest.chars().next() {
            let variable = rest.strip_prefix('<').and_then(|rest| rest.split_once('>')).filter(|(name, _)| known(name));
            if let Some((name, after)) = variable {
                parts.push(Part::Text(std::mem::take(&mut literal)));
                parts.push(Part::Variable(name.to_owned(), quoted));
                rest = after;
                continue;
            }
            match character {
                '\\' if quoted && !escaped => escaped = true,
                '"' if !escaped => quoted = !quoted,
                _ => escaped = false,
            }
            literal.push(character);
            rest = &rest[character.len_utf8()..];
        }
        parts.push(Part::Text(literal));
        Ok(Self { parts, variables })
    }

    /// Reads a template of a pipe, which has paths where those of rules have names: `<$.body.total>`.
    ///
    /// Source: EventBridge User Guide, "Amazon EventBridge Pipes input transformation".
    pub fn of_pipe(text: &str) -> Result<Self, String> {
        let ends = text.match_indices("<$").filter_map(|(at, _)| Some((at, at + text[at..].find('>')?)));
        let paths: Vec<String> = ends.map(|(at, end)| text[at + 1..end].to_owned()).collect();
        Self::read(text, &paths.into_iter().map(|path| (path.clone(), path)).collect::<Vec<_>>())
    }

    /// What it makes of an event. An error is the reason why nothing is delivered.
    pub fn make(&self, event: &Json, around: &Surroundings<'_>) -> Result<Made, String> {
        let mut made = Made { text: String::new(), missing: Vec::new() };
        let mut in_quotes: Option<&str> = None;
        for part in &self.parts {
            let (name, quoted) = match part {
                Part::Text(text) => {
                    made.text.push_str(text);
                    continue;
                }
                Part::Variable(name, quoted) => (name, *quoted),
            };
            let value = match name.as_str() {
                "aws.events.rule-arn" | "aws.pipes.pipe-arn" => Some(Json::from(around.rule_arn)),
                "aws.events.rule-name" | "aws.pipes.pipe-name" => Some(Json::from(around.rule_name)),
                "aws.events.event.ingestion-time" | "aws.pipes.event.ingestion-time" => {
                    Some(Json::from(around.ingestion_time))
                }
                "aws.events.event" => Some(without_detail(event)),
                "aws.events.event.json" | "aws.pipes.event.json" | "aws.pipes.event" => Some(event.clone()),
                _ => {
                    let path = self.variables.iter().find(|(known, _)| known == name).map(|(_, path)| path);
                    let value = path.and_then(|path| path.find(event));
                    if let (None, Some(path)) = (&value, path) {
                        made.missing.push((name.clone(), path.text.clone()));
                    }
                    value
                }
            };
            match (value, quoted) {
                // The service leaves nothing where there is nothing, and keeps the JSON valid.
                (None, true) => {}
                (None, false) => made.text.push_str("\"\""),
                // What is extracted is not escaped.
                (Some(Json::String(text)), true) => made.text.push_str(&text),
                (Some(value @ (Json::Object(_) | Json::Array(_))), true) => {
                    in_quotes = Some(name);
                    made.text.push_str(&value.to_string());
                }
                (Some(value), _) => made.text.push_str(&value.to_string()),
            }
        }
        if let Some(wrong) = invalid(&made.text) {
            return Err(match in_quotes {
                Some(name) => {
                    format!("`<{name}>` is an object or a list and stands in quotes, so the result is no JSON: {wrong}")
                }
                None => format!("the result is no JSON: {wrong}"),
            });
        }
        Ok(made)
    }
}

/// What is wrong with a text that has to be JSON values one after another.
fn invalid(text: &str) -> Option<String> {
    serde_json::Deserializer::from_str(text).into_iter::<Json>().find_map(Result::err).map(|error| {
        let line = text.lines().nth(error.line().saturating_sub(1)).unwrap_or_default();
        let at: String = line.chars().skip(error.column().saturating_sub(1)).take(20).collect();
        let what = error.to_string();
        let what = what.split(" at line ").next().unwrap_or_default().to_owned();
        if at.is_empty() { what } else { format!("{what}, at `{at}`") }
    })
}

fn without_detail(event: &Json) -> Json {
    match event {
        Json::Object(map) => {
            let rest = map.iter().filter(|(key, _)| *key != "detail");
            Json::Object(rest.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
        }
        other => other.clone(),
    }
}

impl Input {
    /// Reads what a target says of its input, with everything known resolved.
    pub fn read(target: &Json) -> Result<Self, String> {
        if let Some(constant) = target.get("Input").and_then(Json::as_str) {
            return Ok(Self::Constant(constant.to_owned()));
        }
        if let Some(path) = target.get("InputPath").and_then(Json::as_str) {
            return Path::read(path).map(Self::Part);
        }
        let Some(transformer) = target.get("InputTransformer") else { return Ok(Self::Event) };
        let paths: Vec<(String, String)> = transformer
            .get("InputPathsMap")
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
            .map(|(name, path)| (name.clone(), path.as_str().unwrap_or_default().to_owned()))
            .collect();
        let text = transformer.get("InputTemplate").and_then(Json::as_str).unwrap_or_default();
        Template::read(text, &paths).map(Self::Template)
    }

    /// What the target gets. An error is the reason why nothing is delivered.
    pub fn make(&self, event: &Json, around: &Surroundings<'_>) -> Result<Made, String> {
        let plain = |text: String| Made { text, missing: Vec::new() };
        match self {
            Self::Event => Ok(plain(event.to_string())),
            Self::Constant(text) => Ok(plain(text.clone())),
            Self::Part(path) => match path.find(event) {
                Some(value) => Ok(plain(value.to_string())),
                None => Err(format!("the event has nothing at `{}`", path.text)),
            },
            Self::Template(template) => template.make(event, around),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn around() -> Surroundings<'static> {
        Surroundings {
            rule_arn: "arn:aws:events:us-east-1:111122223333:rule/orders",
            rule_name: "orders",
            ingestion_time: "2026-11-23T10:00:00Z",
        }
    }

    fn event() -> Json {
        json!({"id": "1", "detail-type": "Order", "resources": ["a", "b"],
            "detail": {"total": 9.5, "text": "a \"b\"", "name": "shop", "lines": [{"n": 1}, {"n": 2}], "none": null}})
    }

    fn made(template: &str) -> Result<String, String> {
        let paths = [
            ("total", "$.detail.total"),
            ("text", "$.detail.text"),
            ("name", "$.detail.name"),
            ("type", "$.detail-type"),
            ("first", "$.resources[0]"),
            ("numbers", "$.detail.lines[*].n"),
            ("lines", "$.detail.lines"),
            ("none", "$.detail.none"),
            ("gone", "$.detail.gone"),
        ];
        let paths: Vec<(String, String)> = paths.map(|(name, path)| (name.to_owned(), path.to_owned())).to_vec();
        Template::read(template, &paths).and_then(|template| template.make(&event(), &around())).map(|made| made.text)
    }

    #[test]
    fn variables_outside_of_quotes_are_json() {
        assert_eq!(made(r#"{"a": <total>, "b": <name>}"#).unwrap(), r#"{"a": 9.5, "b": "shop"}"#);
        assert_eq!(made(r#"{"a": <numbers>, "b": [<first>, 9]}"#).unwrap(), r#"{"a": [1,2], "b": ["a", 9]}"#);
        assert_eq!(made(r#"{"a": <lines>, "b": <none>}"#).unwrap(), r#"{"a": [{"n":1},{"n":2}], "b": null}"#);
        assert_eq!(made(r#"{"a": <text>}"#).unwrap(), r#"{"a": "a \"b\""}"#);
        assert_eq!(made("<type>").unwrap(), r#""Order""#);
    }

    #[test]
    fn variables_in_quotes_are_text_without_escapes() {
        assert_eq!(made(r#"{"a": "<name> <total>"}"#).unwrap(), r#"{"a": "shop 9.5"}"#);
        assert_eq!(made(r#""order \"<name>\" of <total>""#).unwrap(), r#""order \"shop\" of 9.5""#);
        assert!(made(r#"{"a": "<text>"}"#).is_err());
        let wrong = made(r#"{"a": "<lines>"}"#).unwrap_err();
        assert!(wrong.starts_with("`<lines>` is an object or a list and stands in quotes"), "{wrong}");
    }

    #[test]
    fn what_is_missing_leaves_nothing() {
        assert_eq!(made(r#"{"a": <gone>, "b": "x<gone>y"}"#).unwrap(), r#"{"a": "", "b": "xy"}"#);
        let template = Template::read("<gone>", &[("gone".to_owned(), "$.detail.gone".to_owned())]).unwrap();
        let made = template.make(&event(), &around()).unwrap();
        assert_eq!(made.missing, [("gone".to_owned(), "$.detail.gone".to_owned())]);
    }

    #[test]
    fn reserved_variables_have_their_content() {
        assert_eq!(
            made("{\"r\": <aws.events.rule-name>, \"t\": \"<aws.events.event.ingestion-time>\"}").unwrap(),
            r#"{"r": "orders", "t": "2026-11-23T10:00:00Z"}"#
        );
        let whole = made("<aws.events.event.json>\n").unwrap();
        assert!(whole.ends_with("}\n"));
        assert_eq!(serde_json::from_str::<Json>(&whole).unwrap(), event());
        let envelope: Json = serde_json::from_str(&made("<aws.events.event>").unwrap()).unwrap();
        assert_eq!(envelope, json!({"id": "1", "detail-type": "Order", "resources": ["a", "b"]}));
    }

    #[test]
    fn texts_without_quotes_are_no_json() {
        assert!(made("order <name>").is_err());
        assert!(made("{\"a\": <name>").is_err());
        assert_eq!(made("\"one\"\n\"two <name>\"").unwrap(), "\"one\"\n\"two shop\"");
        // What no path defines is text.
        assert_eq!(made("\"<b>bold</b>\"").unwrap(), "\"<b>bold</b>\"");
    }

    #[test]
    fn paths_are_those_of_the_service() {
        let find = |path: &str| Path::read(path).unwrap().find(&event());
        assert_eq!(find("$"), Some(event()));
        assert_eq!(find("$.detail.*"), Some(json!([9.5, "a \"b\"", "shop", [{"n": 1}, {"n": 2}], null])));
        assert_eq!(find("$['detail'].name"), Some(json!("shop")));
        assert_eq!(find("$.resources[7]"), None);
        for path in ["detail", "$detail", "$.", "$.a..b", "$.a[", "$.a[x]", "$.a[?(@.b)]"] {
            assert!(Path::read(path).is_err(), "{path}");
        }
    }

    #[test]
    fn inputs_are_told_apart() {
        let make = |target: Json| Input::read(&target).unwrap().make(&event(), &around()).map(|made| made.text);
        assert_eq!(make(json!({})).unwrap(), event().to_string());
        assert_eq!(make(json!({"Input": "{\"a\":1}"})).unwrap(), "{\"a\":1}");
        assert_eq!(make(json!({"InputPath": "$.detail.name"})).unwrap(), "\"shop\"");
        assert_eq!(
            make(json!({"InputPath": "$.detail.gone"})).unwrap_err(),
            "the event has nothing at `$.detail.gone`"
        );
    }
}
