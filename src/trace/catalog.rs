//! The tables of the Glue catalog that a template makes, or that its crawlers find.

use serde_json::Value as Json;

use super::report::{Facts, Hop};
use super::resolve::Resolver;
use super::rows::Row;
use super::table::{Found, Place, Table};
use super::world::World;
use crate::source::Span;
use crate::template::{Resource, Value};

/// What reads objects as tables.
#[derive(Debug, Default)]
pub(super) struct Catalog {
    /// Tables by their logical ids.
    pub tables: Vec<(String, Table)>,
    crawlers: Vec<Crawler>,
}

/// A crawler, as far as it decides which tables there are.
#[derive(Debug)]
struct Crawler {
    id: String,
    database: String,
    prefix: String,
    /// Its targets: `bucket/folders/`.
    paths: Vec<String>,
    /// How the folders begin that it leaves out.
    excluded: Vec<String>,
    /// At which level from the bucket on there is a folder for each table; the bucket is the first.
    level: Option<usize>,
}

impl Catalog {
    /// Adds what a resource is.
    pub fn add(&mut self, resource: &Resource, resolver: &Resolver<'_>) {
        let properties = &resource.properties;
        match resource.kind.as_str() {
            "AWS::Glue::Table" => {
                let database = resolver.text(properties, &["DatabaseName"]).unwrap_or_default();
                let input = properties.get("TableInput").and_then(|input| resolver.value(input)).unwrap_or_default();
                if let Ok(table) = Table::read(&database, &input) {
                    self.tables.push((resource.id.clone(), table));
                }
            }
            "AWS::Glue::Crawler" => {
                let targets = properties.get("Targets").and_then(|value| resolver.value(value)).unwrap_or_default();
                let targets = targets["S3Targets"].as_array().cloned().unwrap_or_default();
                let configuration: Json = resolver
                    .text(properties, &["Configuration"])
                    .and_then(|text| serde_json::from_str(&text).ok())
                    .unwrap_or_default();
                let level = configuration.pointer("/Grouping/TableLevelConfiguration").and_then(Json::as_u64);
                self.crawlers.push(Crawler {
                    id: resource.id.clone(),
                    database: resolver.text(properties, &["DatabaseName"]).unwrap_or_default(),
                    prefix: resolver.text(properties, &["TablePrefix"]).unwrap_or_default(),
                    paths: targets
                        .iter()
                        .filter_map(|target| Some(target["Path"].as_str()?.strip_prefix("s3://")?.to_owned()))
                        .collect(),
                    excluded: targets
                        .iter()
                        .flat_map(|target| target["Exclusions"].as_array().cloned().unwrap_or_default())
                        .filter_map(|text| Some(text.as_str()?.split('*').next()?.to_owned()))
                        .collect(),
                    level: level.and_then(|level| usize::try_from(level).ok()),
                });
            }
            _ => {}
        }
    }

    /// The table of this name.
    pub fn table(&self, database: &str, name: &str) -> Option<&Table> {
        let same =
            |table: &Table| table.database.eq_ignore_ascii_case(database) && table.name.eq_ignore_ascii_case(name);
        self.tables.iter().map(|(_, table)| table).find(|table| same(table))
    }
}

impl Crawler {
    /// The table and the partition of an object, if this finds it.
    fn table(&self, bucket: &str, key: &str) -> Option<(String, Vec<(String, String)>)> {
        let object = format!("{bucket}/{key}");
        let path = self.paths.iter().find(|path| object.starts_with(path.as_str()))?;
        let below = object[path.len()..].trim_start_matches('/');
        if self.excluded.iter().any(|start| below.starts_with(start.as_str())) {
            return None;
        }
        let folders: Vec<&str> = object.split('/').collect();
        let (_, folders) = folders.split_last()?;
        let own = path.trim_end_matches('/').split('/').count();
        let level = self.level.unwrap_or(own);
        let table = folders.get(level.checked_sub(1)?)?;
        let name: String =
            table.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
        let partition = |(index, folder): (usize, &&str)| match folder.split_once('=') {
            Some((name, value)) => (name.to_owned(), value.to_owned()),
            None => (format!("partition_{index}"), (*folder).to_owned()),
        };
        Some((format!("{}{name}", self.prefix), folders[level..].iter().enumerate().map(partition).collect()))
    }
}

impl World<'_> {
    /// Says of an object which table has it, in which partition, and what a query sees of the record.
    pub(super) fn find_table(
        &self,
        hop: &mut Hop,
        bucket: &str,
        key: &str,
        record: &super::Record,
        converted: Option<Row>,
    ) {
        let mut elsewhere: Option<(String, String)> = None;
        for (id, table) in &self.catalog.tables {
            let values = match table.place(bucket, key, record.arrival) {
                Place::Partition(values) => values,
                Place::Elsewhere(why) => {
                    // Only a table of this bucket is worth a word.
                    if table.location.starts_with(&format!("s3://{bucket}/")) {
                        elsewhere.get_or_insert((id.clone(), why));
                    }
                    continue;
                }
            };
            let place = self.resource(id).map(place);
            let hidden: Vec<String> = values
                .iter()
                .filter_map(|value| match &value.found {
                    Found::Never(why) => Some(format!("`{}={}`: {why}", value.name, value.value)),
                    _ => None,
                })
                .collect();
            let partitions: Vec<(String, String)> =
                values.iter().map(|value| (value.name.clone(), value.value.clone())).collect();
            let told = partitions.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
            hop.facts.partitions = partitions;
            if hidden.is_empty() {
                hop.facts.table = Some(table.name.clone());
                hop.note(format!("table {} ({}): {told}", table.name, self.name(id)), None);
                for value in values.iter().filter(|value| value.found == Found::Registered) {
                    hop.note(
                        format!("partition `{}` is found once a crawler or `ALTER TABLE` has added it", value.name),
                        None,
                    );
                }
            } else {
                for why in &hidden {
                    hop.note(format!("no query of table {} finds it: {why}", table.name), place);
                }
                hop.note(
                    "the object is written, but Athena reads only partitions that the projection of the table has",
                    None,
                );
                hop.facts.error = Some("not-in-projection".to_owned());
            }
            let object = record.json();
            let row = match converted {
                Some(row) => Some(Ok(row)),
                None => object.as_ref().and_then(|object| table.row(object)),
            };
            match row {
                Some(Ok(row)) => tell_row(hop, &row, table),
                Some(Err(problem)) => hop.note(format!("no row: `{}`: {}", problem.path, problem.message), place),
                None => {}
            }
            if hidden.is_empty() {
                let query = table.query(&values);
                hop.note(query.as_str(), None);
                hop.facts.query = Some(query);
            }
            return;
        }
        for crawler in &self.catalog.crawlers {
            let Some((table, partitions)) = crawler.table(bucket, key) else { continue };
            let told = partitions.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ");
            hop.note(format!("table {table} (found by {}): {told}", self.name(&crawler.id)), None);
            let conditions: Vec<String> = partitions
                .iter()
                .map(|(name, value)| format!("\"{name}\" = '{}'", value.replace('\'', "''")))
                .collect();
            let filter =
                if conditions.is_empty() { String::new() } else { format!(" WHERE {}", conditions.join(" AND ")) };
            let query = format!("SELECT * FROM \"{}\".\"{table}\"{filter} LIMIT 10", crawler.database);
            hop.note(query.as_str(), None);
            hop.facts = Facts { table: Some(table), partitions, query: Some(query), ..std::mem::take(&mut hop.facts) };
            return;
        }
        if let Some((id, why)) = elsewhere {
            hop.note(format!("no table has it; {}: {why}", self.name(&id)), None);
        }
    }
}

fn place(resource: &Resource) -> Span {
    let parameters = resource.properties.get("TableInput").and_then(|input| input.at(&["Parameters"]));
    parameters.map_or(resource.origin, |value: &Value| value.origin).span()
}

/// The row in a few words, and as a fact.
fn tell_row(hop: &mut Hop, row: &Row, table: &Table) {
    let cells = row.cells.iter().map(|cell| (cell.column.clone(), cell.value.clone()));
    hop.facts.row = Some(Json::Object(cells.collect()));
    let told: Vec<String> =
        row.cells.iter().map(|cell| format!("{}={}", cell.column, super::short(&cell.value.to_string(), 40))).collect();
    hop.note(format!("row: {}", told.join(", ")), None);
    for cell in &row.cells {
        if let Some(note) = &cell.note {
            hop.note(format!("column `{}`: {note}", cell.column), None);
        }
    }
    let is_key = |name: &String| table.partition_keys.iter().any(|key| key.name.eq_ignore_ascii_case(name));
    let dropped: Vec<String> =
        row.dropped.iter().filter(|name| !is_key(name)).map(|name| format!("`{name}`")).collect();
    if !dropped.is_empty() {
        hop.note(format!("no column for {}", dropped.join(", ")), None);
    }
}
