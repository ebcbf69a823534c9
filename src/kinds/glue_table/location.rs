//! Where the objects of a table are, and how Athena finds their partitions.

use super::columns::COLUMN;
use super::{ERRORS, FORMAT, Table};
use crate::blueprint::text::Reference;
use crate::kinds::layout::{PathKey, Projection, Step};
use crate::kinds::site::join;
use crate::kinds::{Dataset, Scope};
use crate::map;
use crate::source::Origin;
use crate::template::{Map, Value};

codes! {
    /// Athena cannot work out the values of a partition key.
    ///
    /// Where one key has no projection, Athena refuses every query of the table.
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
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
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
    ///         - tenant: { query: .tenant, injected: true }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
    /// ```
    ///
    /// Source: Athena User Guide, "Use partition projection with Amazon Athena".
    UNPROJECTED = Error "unprojected-key";

    /// A table follows a stream whose layout cannot be read as partitions.
    ///
    /// A key with `table: true` makes a table of each value; which of them this is, `only` says. A prefix that is
    /// written out has no keys for a table.
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
    ///         - type: { query: .type, table: true }
    ///         - day: { arrival: yyyy-MM-dd }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     columns: { id: string }
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
    ///         - type: { query: .type, table: true }
    ///         - day: { arrival: yyyy-MM-dd }
    ///   catalog:
    ///     kind: glue-database
    ///   orders:
    ///     kind: glue-table
    ///     database: catalog
    ///     of: delivery
    ///     only: { type: order }
    ///     columns: { id: string }
    /// ```
    LAYOUT = Error "unreadable-layout";
}

/// Where the objects are: the folders that all are in, the partitions below them, and how those are found.
#[derive(Default)]
pub struct Location {
    /// The folders that all objects are in.
    pub path: String,
    /// Where a partition is, by the values of its keys.
    template: String,
    /// The keys below them.
    pub partitions: Vec<PathKey>,
}

impl Location {
    fn push_folder(&mut self, folder: &str) {
        for path in [&mut self.path, &mut self.template].into_iter().skip(usize::from(!self.partitions.is_empty())) {
            path.push_str(folder);
            path.push('/');
        }
    }

    fn push_key(&mut self, key: PathKey) {
        if key.hive {
            self.template.push_str(&key.name);
            self.template.push('=');
        }
        self.template.push_str("${");
        self.template.push_str(&key.name);
        self.template.push_str("}/");
        self.partitions.push(key);
    }

    /// The parameters by which Athena works out the partitions.
    pub fn projection(&self, origin: Origin, bucket: &Value) -> Map {
        let mut parameters = map!(origin; "projection.enabled" => "true");
        for key in &self.partitions {
            let origin = Origin::Derived(key.span);
            for (setting, value) in projection(&key.projection) {
                parameters.push(&format!("projection.{}.{setting}", key.name), origin, value);
            }
        }
        parameters.push("storage.location.template", origin, url(origin, bucket, &self.template));
        parameters
    }
}

impl Table {
    /// Where its objects are.
    pub(super) fn location(&self, dataset: Option<&Dataset>, scope: &Scope) -> Location {
        let mut location = Location::default();
        let steps = if let (Some(dataset), Some(of)) = (dataset, &self.of) {
            let Some(steps) = &dataset.steps else {
                let mut sink = scope.sink();
                sink.report(&LAYOUT, of.span(), format!("the prefix of `{}` is written out", of.name()))
                    .help("name its `bucket` and `prefix` instead, and write a `layout` for this table");
                return location;
            };
            steps.clone()
        } else {
            if let Some(prefix) = &self.prefix {
                location.push_folder(prefix.value.trim_end_matches('/'));
            }
            self.layout.0.steps()
        };
        for step in steps {
            match step {
                Step::Folder(name) => location.push_folder(&name),
                Step::Key(key) => {
                    let value = self.only.iter().find(|(name, _)| name.value == key.name).map(|(_, value)| value);
                    match value {
                        Some(value) if key.hive => location.push_folder(&format!("{}={}", key.name, value.value)),
                        Some(value) => location.push_folder(&value.value),
                        None => {
                            self.check_table_key(&key, scope);
                            location.push_key(key);
                        }
                    }
                }
            }
        }
        location
    }

    fn check_table_key(&self, key: &PathKey, scope: &Scope) {
        if let Some(of) = self.of.as_ref().filter(|_| key.table) {
            let mut sink = scope.sink();
            sink.report(&LAYOUT, of.span(), format!("each value of `{}` is a table of its own", key.name))
                .also(key.span, "by this key of the layout")
                .help(format!("add `only: {{ {}: … }}` with the value of this table", key.name));
        }
    }

    /// What can be said only once the layout is known.
    pub(super) fn check_location(&self, location: &Location, dataset: Option<&Dataset>, scope: &Scope) {
        let mut sink = scope.sink();
        for key in &location.partitions {
            if let Some(column) = self.columns.span_of(&key.name) {
                sink.report(&COLUMN, column, format!("`{}` is a partition key", key.name))
                    .also(key.span, "by this key of the layout")
                    .help("remove the column: partition keys are columns of the table already");
            }
            if self.projection && key.projection == Projection::None && !key.table {
                let place = self.of.as_ref().map_or(key.span, Reference::span);
                let report = sink.report(&UNPROJECTED, place, format!("nothing says the values of `{}`", key.name));
                report
                    .help("add `values`, `range` or `injected: true` to the key, or `projection: false` to the table");
                if self.of.is_some() {
                    report.also(key.span, "this key of the layout");
                }
            }
        }
        if let (Some(dataset), Some(of)) = (dataset, &self.of)
            && location.partitions.is_empty()
            && dataset.steps.is_some()
            && dataset.errors.starts_with(&location.path)
        {
            sink.report(
                &ERRORS,
                of.span(),
                format!("what `{}` could not deliver is in the folder of the table", of.name()),
            )
            .help("start the layout of the stream with a folder of its own, for example `data`");
        }
        if let (Some(dataset), Some(format)) = (dataset, &self.format)
            && format.value.written() != Some(dataset.format)
        {
            sink.report(&FORMAT, format.span(), "the stream writes another format")
                .help("leave out `format`, or change `to.convert` of the stream");
        }
    }
}

/// The settings of a key, without their common start.
///
/// Source: Athena User Guide, "Supported types for partition projection".
fn projection(projection: &Projection) -> Vec<(&'static str, String)> {
    match projection {
        Projection::None => Vec::new(),
        Projection::Injected => vec![("type", "injected".to_owned())],
        Projection::Values(values) => vec![("type", "enum".to_owned()), ("values", values.join(","))],
        Projection::Integer { first, last, digits } => {
            let mut settings = vec![("type", "integer".to_owned()), ("range", format!("{first},{last}"))];
            settings.extend(digits.map(|digits| ("digits", digits.to_string())));
            settings
        }
        Projection::Date { format, first, last, unit } => vec![
            ("type", "date".to_owned()),
            ("format", format.clone()),
            ("range", format!("{first},{last}")),
            ("interval", "1".to_owned()),
            ("interval.unit", (*unit).to_owned()),
        ],
    }
}

/// A place in a bucket.
pub fn url(origin: Origin, bucket: &Value, path: &str) -> Value {
    join(origin, &[Value::string(origin, "s3://"), bucket.clone(), Value::string(origin, format!("/{path}"))])
}
