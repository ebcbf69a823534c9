//! The layout of an S3 destination: said once, read by the stream, by crawlers and by tables.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::blueprint::text::Located;
use crate::diagnostics::{Sink, closest};
use crate::kinds::Folder;
use crate::kinds::schema::VARIABLE_PATTERN;
use crate::source::{Origin, Span};
use crate::template::Value;

codes! {
    /// A key of a layout does not say in exactly one way where its value comes from.
    ///
    /// A key has one of `query` (a jq expression over the record), `arrival` (the time of arrival) and `literal`.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant, literal: all }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    /// ```
    SOURCE = Error "layout-key-source";

    /// Two keys of a layout have one name.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: yyyy-MM-dd }
    ///         - day: { arrival: dd }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: yyyy-MM-dd }
    /// ```
    REPEATED = Error "repeated-layout-key";

    /// A written `prefix` leaves a key of the layout out.
    ///
    /// Firehose refuses a stream whose query extracts a key that the prefix does not use. A layout whose keys are
    /// in no path would also mislead its readers.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///         - type: { query: .type }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///         - type: { query: .type }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/!{partitionKeyFromQuery:type}/"
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand partitioning keys".
    UNUSED = Error "unused-layout-key";

    /// A written `prefix` uses a partition key that the layout does not have.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       prefix: "data/!{partitionKeyFromQuery:tenat}/"
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - tenant: { query: .tenant }
    ///       prefix: "data/!{partitionKeyFromQuery:tenant}/"
    /// ```
    UNKNOWN = Error "unknown-layout-key";

    /// A time pattern has a letter that means something else than it seems, or nothing at all.
    ///
    /// Firehose takes the patterns of Java's `DateTimeFormatter`, in which `YYYY` is the year of the week, wrong for
    /// some days around New Year, `DD` the day of the year, `mm` the minute and `hh` the hour from 1 to 12.
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: YYYY-MM-dd }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   archive:
    ///     kind: s3-bucket
    ///   delivery:
    ///     kind: firehose-stream
    ///     to:
    ///       s3: archive
    ///       layout:
    ///         - day: { arrival: yyyy-MM-dd }
    /// ```
    ///
    /// Source: Firehose Developer Guide, "Understand custom prefixes for Amazon S3 objects"; Java SE, class
    /// `DateTimeFormatter`.
    TIME = Error "misleading-time-pattern";
}

/// A folder of a layout.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
pub enum Item {
    /// A folder with this name.
    #[serde(rename = "Text")]
    Folder(Located<String>),
    /// A key with its source.
    #[serde(rename = "Map")]
    Key(IndexMap<Located<String>, LayoutKey>),
}

impl JsonSchema for Item {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LayoutItem".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"anyOf": [
            {"type": "string", "pattern": FOLDERS_PATTERN},
            {
                "type": "object",
                "minProperties": 1,
                "maxProperties": 1,
                "propertyNames": {"pattern": VARIABLE_PATTERN},
                "additionalProperties": generator.subschema_for::<LayoutKey>(),
            },
        ]})
    }
}

/// Where the value of a key comes from, and how it appears in the path.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LayoutKey {
    /// A jq 1.6 expression over the record.
    query: Option<Located<String>>,
    /// The time of arrival, by a pattern of Java's `DateTimeFormatter`.
    arrival: Option<Located<String>>,
    /// Always this.
    #[schemars(regex(pattern = FOLDERS_PATTERN))]
    literal: Option<Located<String>>,
    /// The value for records in which `query` finds nothing: null, an empty text or an error. Without it such records
    /// go to the error prefix.
    #[schemars(regex(pattern = FOLDERS_PATTERN))]
    missing: Option<String>,
    /// Whether each value is a table of its own, in a folder without `name=`.
    #[serde(default)]
    table: bool,
    /// Whether the folder is `name=value`, as readers of partitions expect it. The default is yes, but for tables.
    hive: Option<bool>,
}

/// Names of folders: characters that are safe in keys of objects. Source: S3 User Guide, "Naming Amazon S3 objects".
pub const FOLDERS_PATTERN: &str = r"^[A-Za-z0-9!_.*'()=-]+(/[A-Za-z0-9!_.*'()=-]+)*$";

/// Letters of `DateTimeFormatter` that Firehose evaluates, without those that are easily mistaken.
const TIME_LETTERS: &str = "yuMLdHmsSnNAEeaKkQqVzOXxZG";

/// Letters that look like others: the letter, what it is, what was probably meant.
const MISLEADING: &[(char, &str, char)] =
    &[('Y', "the year of the week", 'y'), ('D', "the day of the year", 'd'), ('h', "the hour from 1 to 12", 'H')];

/// A layout, checked for what concerns several of its keys.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Layout(Vec<Item>);

impl Layout {
    fn keys(&self) -> impl Iterator<Item = (&Located<String>, &LayoutKey)> {
        self.0.iter().filter_map(|item| match item {
            Item::Key(key) => key.first(),
            Item::Folder(_) => None,
        })
    }

    /// The keys that a jq expression gives.
    pub fn queries(&self) -> impl Iterator<Item = (&Located<String>, &Located<String>)> {
        self.keys().filter_map(|(name, key)| Some((name, key.query.as_ref()?)))
    }

    /// Whether records are partitioned by what is in them.
    pub fn is_dynamic(&self) -> bool {
        self.queries().next().is_some()
    }

    /// The prefix of Firehose: one folder for each key.
    pub fn prefix(&self) -> String {
        let mut prefix = String::new();
        for item in &self.0 {
            match item {
                Item::Folder(name) => prefix.push_str(&name.value),
                Item::Key(key) => {
                    let Some((name, key)) = key.first() else { continue };
                    let name = &name.value;
                    if key.hive.unwrap_or(!key.table) {
                        prefix.push_str(name);
                        prefix.push('=');
                    }
                    if let Some(literal) = &key.literal {
                        prefix.push_str(&literal.value);
                    } else if let Some(pattern) = &key.arrival {
                        prefix.push_str("!{timestamp:");
                        prefix.push_str(&pattern.value);
                        prefix.push('}');
                    } else {
                        prefix.push_str("!{partitionKeyFromQuery:");
                        prefix.push_str(name);
                        prefix.push('}');
                    }
                }
            }
            prefix.push('/');
        }
        prefix
    }

    /// The one jq program of the stream: an object with a value for each key, in their order.
    ///
    /// In jq 1.6 the values of an object take only terms and pipes, so every expression is in parentheses.
    /// Source: jq 1.6 manual, "Object Construction".
    pub fn program(&self) -> Option<Value> {
        let mut origin = None;
        let mut program = String::new();
        for (name, key) in self.keys() {
            let Some(query) = &key.query else { continue };
            origin.get_or_insert(Origin::Written(query.span()));
            let expression = query.value.trim();
            let value = match &key.missing {
                // Firehose takes neither null nor an empty text for the value of a key.
                Some(missing) => {
                    let missing = serde_json::Value::String(missing.clone());
                    format!("((try ({expression}) catch null)|if .==null or .==\"\" then {missing} else . end)")
                }
                None => format!("({expression})"),
            };
            program.push(if program.is_empty() { '{' } else { ',' });
            program.push_str(&name.value);
            program.push(':');
            program.push_str(&value);
        }
        program.push('}');
        Some(Value::string(origin?, program))
    }

    /// The folders of an object's key, for readers.
    pub fn folders(&self) -> Vec<Folder> {
        let mut folders = Vec::new();
        for item in &self.0 {
            match item {
                Item::Folder(name) => folders.extend(name.value.split('/').map(|part| Folder::Fixed(part.to_owned()))),
                Item::Key(key) => {
                    let Some((_, key)) = key.first() else { continue };
                    // A pattern such as yyyy/MM/dd makes a folder of each of its parts.
                    let more = key.arrival.as_ref().map_or(0, |pattern| pattern.value.matches('/').count());
                    folders.push(if key.table { Folder::Table } else { Folder::Partition });
                    folders.extend(std::iter::repeat_n(Folder::Partition, more));
                }
            }
        }
        folders
    }

    /// Checks what the schema cannot say.
    pub fn check(&self, prefix: Option<(&str, Span)>, sink: &mut Sink) {
        let mut seen: Vec<&Located<String>> = Vec::new();
        for (name, key) in self.keys() {
            if let Some(first) = seen.iter().find(|first| first.value == name.value) {
                sink.report(&REPEATED, name.span(), format!("this layout has a key `{}` already", name.value))
                    .also(first.span(), "here")
                    .help("give one of them another name");
            }
            seen.push(name);
            key.check(name, sink);
        }
        if let Some((prefix, span)) = prefix {
            self.check_prefix(prefix, span, sink);
        }
    }

    /// A written prefix uses every key that is extracted, and no other.
    fn check_prefix(&self, prefix: &str, span: Span, sink: &mut Sink) {
        let used: Vec<&str> = prefix
            .split("!{partitionKeyFromQuery:")
            .skip(1)
            .filter_map(|rest| rest.split_once('}'))
            .map(|p| p.0)
            .collect();
        let known: Vec<&str> = self.queries().map(|(name, _)| name.value.as_str()).collect();
        let mut misspelt = Vec::new();
        for name in &used {
            if !known.contains(name) {
                let close = closest(name, known.iter().copied());
                misspelt.extend(close);
                let help = close.map_or_else(
                    || format!("add a key `{name}` with a `query` to `layout`"),
                    |close| format!("did you mean `{close}`?"),
                );
                sink.report(&UNKNOWN, span, format!("the layout has no key `{name}`")).help(help);
            }
        }
        for (name, _) in self.queries() {
            let text = name.value.as_str();
            if !used.contains(&text) && !misspelt.contains(&text) {
                sink.report(&UNUSED, name.span(), format!("`prefix` does not use the key `{text}`"))
                    .also(span, "the prefix")
                    .help(format!("add `!{{partitionKeyFromQuery:{text}}}/` to `prefix`, or remove the key"));
            }
        }
    }
}

impl LayoutKey {
    fn check(&self, name: &Located<String>, sink: &mut Sink) {
        let sources: Vec<(&str, Span)> =
            [("query", &self.query), ("arrival", &self.arrival), ("literal", &self.literal)]
                .into_iter()
                .filter_map(|(word, field)| Some((word, field.as_ref()?.span())))
                .collect();
        match sources.as_slice() {
            [_] => {}
            [] => {
                sink.report(&SOURCE, name.span(), format!("`{}` does not say where its value comes from", name.value))
                    .help("add `query` (a jq expression), `arrival` (a time pattern) or `literal`");
            }
            [(first, place), (second, span), ..] => {
                sink.report(&SOURCE, *span, format!("`{first}` already says where the value comes from"))
                    .also(*place, format!("`{first}` is here"))
                    .help(format!("keep either `{first}` or `{second}`"));
            }
        }
        if let Some(pattern) = &self.arrival {
            check_time(pattern, sink);
        }
    }
}

/// A pattern of `DateTimeFormatter` whose letters are what they seem.
fn check_time(pattern: &Located<String>, sink: &mut Sink) {
    let text = &pattern.value;
    let unquoted: String = text.split('\'').step_by(2).collect();
    let has_hour = unquoted.contains(['H', 'K', 'k', 'h']);
    let mut report = |problem: String, help: String| {
        sink.report(&TIME, pattern.span(), problem).help(help);
    };
    // Whoever writes these has written all of Firehose's expression.
    if text.contains(['{', '}', '!']) {
        report("`!`, `{` and `}` cannot be part of a time pattern".to_owned(), "write the bare pattern".to_owned());
        return;
    }
    let mut seen = Vec::new();
    for letter in unquoted.chars().filter(char::is_ascii_alphabetic) {
        if seen.contains(&letter) {
            continue;
        }
        seen.push(letter);
        if let Some((_, meaning, meant)) = MISLEADING.iter().find(|(wrong, ..)| *wrong == letter) {
            report(format!("`{letter}` is {meaning}"), format!("write `{}`", text.replace(letter, &meant.to_string())));
        } else if letter == 'm' && !has_hour {
            report("`m` is the minute".to_owned(), format!("write `{}` for the month", text.replace('m', "M")));
        } else if !TIME_LETTERS.contains(letter) {
            report(
                format!("`{letter}` means nothing in a time pattern"),
                "put text that is not part of the time in single quotes".to_owned(),
            );
        }
    }
    if text.matches('\'').count() % 2 == 1 {
        report("a quote is not closed".to_owned(), "close it with `'`".to_owned());
    }
    if seen.is_empty() {
        report("this pattern has no time in it".to_owned(), "write for example `yyyy-MM-dd`".to_owned());
    }
}
