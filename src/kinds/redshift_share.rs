//! `redshift-share`

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::redshift_sql::{default_name, warehouse};
use super::sql_runner::{self, Job, Object, Sql, Step};
use super::tables::{self, Held, Holding, Session};
use super::warehouse::{NAME_PATTERN, Warehouse};
use super::{Access, Component, Grant, Kind, Place, Port, Request, Scope, Site, Wire};
use crate::blueprint::text::{Located, Reference, Text};
use crate::diagnostics::Sink;
use crate::map;
use crate::source::{Origin, Span};
use crate::template::iam::Statement;
use crate::template::{Data, Function, Value};

/// A data share of Redshift: tables and views of one warehouse, read live in others, without a copy.
///
/// What is run, and where, by the one function of the stack, as the administrator of each warehouse:
///
/// | when | at the producer (`from`) | at each consumer (`to`) |
/// |---|---|---|
/// | the stack is made | `CREATE DATASHARE`; `ALTER DATASHARE … ADD SCHEMA` and `ADD TABLE`, one each; `GRANT USAGE ON DATASHARE … TO NAMESPACE` or `TO ACCOUNT`, with `AuthorizeDataShare` for an account | `CREATE DATABASE … FROM DATASHARE … OF NAMESPACE`; `GRANT USAGE ON DATABASE`, one for each of `grants` |
/// | a statement fails | all that was made before it is undone, last first | likewise |
/// | it is updated | only what changed: `ADD TABLE` or `REMOVE TABLE` for a table, both for one that a component of the blueprint makes anew, `GRANT` or `REVOKE` for a consumer or a right | its database only if the consumer or the name changed |
/// | the stack is deleted | `REVOKE USAGE`, `DeauthorizeDataShare`, `REMOVE TABLE`, `REMOVE SCHEMA`, `DROP DATASHARE` | before that: `REVOKE USAGE ON DATABASE`, `DROP DATABASE` |
///
/// The ids of the namespaces are those of the warehouses themselves. Another account takes the share in its own console
/// or stack; what it makes of it ends when the share does. Only `ra3` and `rg` clusters and serverless workgroups share.
/// Views of a consumer that read the shared database must be late-binding: `WITH NO SCHEMA BINDING`.
///
/// ```yaml
/// components:
///   network:
///     kind: vpc
///     endpoints: [kinesis-streams]
///   speed:
///     kind: redshift-cluster
///     network: network
///   serving:
///     kind: redshift-serverless
///     network: network
///   vehicles:
///     kind: kinesis-stream
///   recent:
///     kind: redshift-stream-view
///     in: speed
///     stream: vehicles
///   share:
///     kind: redshift-share
///     from: speed
///     after: [recent]
///     schemas:
///       public: { tables: [recent] }
///     to:
///       - { in: serving, database: recent_vehicles }
/// ```
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RedshiftShare")]
pub struct Model {
    /// The `redshift-cluster` or `redshift-serverless` whose data is shared.
    from: Reference,
    /// Name of the share. The default is the name of the component with `_` for `-`.
    #[schemars(regex(pattern = NAME_PATTERN))]
    name: Option<Located<String>>,
    /// The database of the producer. The default is that of the warehouse.
    #[schemars(regex(pattern = NAME_PATTERN))]
    database: Option<Located<String>>,
    /// Components that make what is shared, and come first.
    #[serde(default)]
    after: Vec<Reference>,
    /// What is shared, by the names of the schemas.
    #[schemars(length(min = 1), extend("propertyNames" = {"pattern": NAME_PATTERN}))]
    schemas: IndexMap<Located<String>, Schema>,
    /// Who reads it.
    #[schemars(length(min = 1))]
    to: Vec<Consumer>,
}

/// What of a schema is shared.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "SharedSchema")]
struct Schema {
    /// Names of tables, views and materialized views, or `all` for those that are there.
    tables: Tables,
    /// Whether tables that are made later are shared, too, without a deployment.
    #[serde(default)]
    include_new: bool,
}

/// Tables and views.
#[derive(Debug, Deserialize)]
#[serde(rename = "$Shape")]
enum Tables {
    /// All of them.
    #[serde(rename = "Text")]
    #[allow(dead_code, reason = "there is one word")]
    Word(Located<All>),
    /// These.
    #[serde(rename = "List")]
    Named(Vec<Located<String>>),
}

/// All tables.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum All {
    /// All tables and views of a schema.
    All,
}

impl JsonSchema for Tables {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SharedTables".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "anyOf": [
                generator.subschema_for::<All>(),
                {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": NAME_PATTERN}},
            ]
        })
    }
}

/// Who reads a share: a warehouse of the stack, or another account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ShareConsumer")]
struct Consumer {
    /// A `redshift-cluster` or `redshift-serverless`.
    #[serde(rename = "in")]
    warehouse: Option<Reference>,
    /// The database that is made of the share there. The default is the name of the share.
    #[schemars(regex(pattern = NAME_PATTERN))]
    database: Option<Located<String>>,
    /// Who may use that database.
    #[serde(default)]
    grants: Grants,
    /// The id of another account, which is authorized to take the share.
    account: Option<Text>,
}

/// Who may use a database, by their names in the warehouse. They must be there.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ShareGrants")]
struct Grants {
    /// Roles.
    #[serde(default)]
    roles: Vec<Located<String>>,
    /// Groups.
    #[serde(default)]
    groups: Vec<Located<String>>,
    /// Users.
    #[serde(default)]
    users: Vec<Located<String>>,
}

codes! {
    /// A consumer of a share is neither a warehouse nor an account, or both, or has what only a warehouse has.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   share:
    ///     kind: redshift-share
    ///     from: speed
    ///     schemas: { public: { tables: all } }
    ///     to:
    ///       - { account: "111122223333", database: recent }
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   share:
    ///     kind: redshift-share
    ///     from: speed
    ///     schemas: { public: { tables: all } }
    ///     to:
    ///       - { account: "111122223333" }
    /// ```
    CONSUMER = Error "share-consumer";

    /// A share names a table or a consumer twice, or its producer as a consumer.
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   serving: { kind: redshift-serverless, network: network }
    ///   share:
    ///     kind: redshift-share
    ///     from: speed
    ///     schemas: { public: { tables: [recent, recent] } }
    ///     to: [{ in: serving }]
    /// ```
    ///
    /// Instead:
    ///
    /// ```yaml
    /// components:
    ///   network: { kind: vpc }
    ///   speed: { kind: redshift-cluster, network: network }
    ///   serving: { kind: redshift-serverless, network: network }
    ///   share:
    ///     kind: redshift-share
    ///     from: speed
    ///     schemas: { public: { tables: [recent] } }
    ///     to: [{ in: serving }]
    /// ```
    TWICE = Error "repeated-in-share";
}

const PRODUCER: &str = "producer";

impl Grants {
    /// Each grantee as SQL names it.
    fn each(&self) -> impl Iterator<Item = (&Located<String>, &'static str)> {
        let of = |names: &'static str| move |name| (name, names);
        let (roles, groups) = (self.roles.iter().map(of("ROLE ")), self.groups.iter().map(of("GROUP ")));
        roles.chain(groups).chain(self.users.iter().map(of("")))
    }
}

impl Model {
    fn name(&self, place: &Place) -> String {
        self.name.as_ref().map_or_else(|| default_name(&place.name), |name| name.value.clone())
    }

    fn database(&self) -> Option<&str> {
        self.database.as_ref().map(|name| name.value.as_str())
    }

    /// Reports tables that the producer hardly has.
    fn check_tables(&self, site: &Site<'_>) {
        let Some(producer) = tables::warehouse(&self.from, site.scope) else { return };
        let known = tables::Tables::of(site.into());
        let session = Session { warehouse: &producer, database: self.database() };
        for (schema, shared) in &self.schemas {
            let Tables::Named(tables) = &shared.tables else { continue };
            for table in tables {
                known.check_name(&schema.value, table, session);
            }
        }
    }

    /// The share and what is in it, at the producer.
    fn contents(&self, share: &str, site: &Site<'_>) -> Vec<Object> {
        let origin = site.place.origin;
        let known = tables::Tables::of(site.into());
        let producer = tables::warehouse(&self.from, site.scope).unwrap_or_default();
        let session = Session { warehouse: &producer, database: self.database() };

        let sql = Sql::default;
        let alter = || sql().text("ALTER DATASHARE ").name(share);
        let whole = format!("share {share}");
        let create = sql().text("CREATE DATASHARE ").name(share).text(" SET PUBLICACCESSIBLE FALSE");
        let drop = sql().text("DROP DATASHARE ").name(share);
        let mut objects = vec![Object::new(whole.clone(), PRODUCER, origin, create, drop)];
        for (schema, shared) in &self.schemas {
            let (name, origin) = (&schema.value, Origin::Written(schema.span()));
            let what = format!("schema {name} in {share}");
            let add = alter().text(" ADD SCHEMA ").name(name);
            let remove = alter().text(" REMOVE SCHEMA ").name(name);
            objects.push(Object::new(what.clone(), PRODUCER, origin, add, remove).needing(&[&whole]));
            match &shared.tables {
                Tables::Word(_) => {
                    let add = alter().text(" ADD ALL TABLES IN SCHEMA ").name(name);
                    let remove = alter().text(" REMOVE ALL TABLES IN SCHEMA ").name(name);
                    let all = format!("tables of {name} in {share}");
                    let of = known.definition(name, None, session);
                    objects.push(Object { of, ..Object::new(all, PRODUCER, origin, add, remove).needing(&[&what]) });
                }
                Tables::Named(tables) => objects.extend(tables.iter().map(|table| {
                    let add = alter().text(" ADD TABLE ").qualified(name, &table.value);
                    let remove = alter().text(" REMOVE TABLE ").qualified(name, &table.value);
                    let one = format!("table {name}.{} in {share}", table.value);
                    let of = known.definition(name, Some(&table.value), session);
                    let made = Object::new(one, PRODUCER, Origin::Written(table.span()), add, remove);
                    Object { of, ..made.needing(&[&what]) }
                })),
            }
            if shared.include_new {
                let set = |to: &str| alter().text(&format!(" SET INCLUDENEW = {to} FOR SCHEMA ")).name(name);
                let new = format!("new tables of {name} in {share}");
                objects.push(Object::new(new, PRODUCER, origin, set("TRUE"), set("FALSE")).needing(&[&what]));
            }
        }
        objects
    }

    /// What lets another account take the share.
    fn to_account(share: &str, account: &Text, producer: &Warehouse, scope: &Scope) -> Object {
        let origin = Origin::Written(account.span);
        let whole = format!("share {share}");
        let id = scope.value(account);
        let sql = |start: &str, to: &str| Sql::default().text(start).name(share).text(to).literal(id.clone());
        let grant = sql("GRANT USAGE ON DATASHARE ", " TO ACCOUNT ");
        let revoke = sql("REVOKE USAGE ON DATASHARE ", " FROM ACCOUNT ");
        let with =
            || map!(origin; "DataShareArn" => share_arn(origin, share, producer), "ConsumerIdentifier" => id.clone());
        // Two accounts that only parameters name are told apart by their place.
        let named = account.literal().map_or_else(|| "another".to_owned(), std::borrow::Cow::into_owned);
        Object {
            create: vec![Step::Sql(grant.clone()), Step::Call("AuthorizeDataShare", with())],
            drop: vec![Step::Call("DeauthorizeDataShare", with()), Step::Sql(revoke.clone())],
            ..Object::new(format!("{share} for account {named}"), PRODUCER, origin, grant, revoke).needing(&[&whole])
        }
    }

    /// What lets a warehouse read the share, at both ends.
    fn to_warehouse(share: &str, consumer: &Consumer, word: &str, ends: [&Warehouse; 2]) -> Vec<Object> {
        let [producer, reader] = ends;
        let Some(reference) = &consumer.warehouse else { return Vec::new() };
        let origin = Origin::Written(reference.span());
        let sql = Sql::default;
        let whole = format!("share {share}");
        let right = format!("{share} for {word}");
        let usage = |start: &str, to: &str| sql().text(start).name(share).text(to).literal(reader.namespace.clone());
        let grant = usage("GRANT USAGE ON DATASHARE ", " TO NAMESPACE ");
        let revoke = usage("REVOKE USAGE ON DATASHARE ", " FROM NAMESPACE ");
        let mut objects = vec![Object::new(right.clone(), PRODUCER, origin, grant, revoke).needing(&[&whole])];
        let database = consumer.database.as_ref().map_or(share, |name| name.value.as_str());
        let made = format!("database {database} in {word}");
        let create = sql()
            .text("CREATE DATABASE ")
            .name(database)
            .text(" FROM DATASHARE ")
            .name(share)
            .text(" OF NAMESPACE ")
            .literal(producer.namespace.clone());
        let drop = sql().text("DROP DATABASE ").name(database);
        objects.push(Object::new(made.clone(), word, origin, create, drop).needing(&[&right]));
        for (name, kind) in consumer.grants.each() {
            let right = |start: &str, to: &str| sql().text(start).name(database).text(to).text(kind).name(&name.value);
            let grant = right("GRANT USAGE ON DATABASE ", " TO ");
            let revoke = right("REVOKE USAGE ON DATABASE ", " FROM ");
            let what = format!("database {database} in {word} for {}{}", kind.to_lowercase(), name.value);
            objects.push(Object::new(what, word, Origin::Written(name.span()), grant, revoke).needing(&[&made]));
        }
        objects
    }
}

/// The ARN of a share. Source: Service Authorization Reference, "Actions, resources, and condition keys for Amazon
/// Redshift".
fn share_arn(origin: Origin, share: &str, producer: &Warehouse) -> Value {
    let text = |text: &str| Value::string(origin, text);
    let pseudo = |name: &str| Value::reference(origin, name);
    let id = Value::new(origin, Data::List(vec![producer.namespace.clone(), text(share)]));
    let id = Value::call(origin, Function::Join, Value::new(origin, Data::List(vec![text("/"), id])));
    let parts = vec![
        text("arn"),
        pseudo("AWS::Partition"),
        text("redshift"),
        pseudo("AWS::Region"),
        pseudo("AWS::AccountId"),
        text("datashare"),
        id,
    ];
    let parts = Value::new(origin, Data::List(parts));
    Value::call(origin, Function::Join, Value::new(origin, Data::List(vec![text(":"), parts])))
}

impl Component for Model {
    fn wires(&self) -> Vec<Wire<'_>> {
        let run = |to| Wire { to, access: Access::RunSql(&[]) };
        let consumers = self.to.iter().filter_map(|consumer| consumer.warehouse.as_ref()).map(run);
        let after = self.after.iter().map(|to| Wire { to, access: Access::FollowSql });
        std::iter::once(run(&self.from)).chain(consumers).chain(after).collect()
    }

    fn holdings(&self, place: &Place) -> Vec<Holding<'_>> {
        let share = self.name(place);
        let holding = |consumer: &'_ Consumer, warehouse| {
            let schemas = self.schemas.iter().map(|(schema, shared)| {
                let tables = match &shared.tables {
                    Tables::Named(tables) if !shared.include_new => {
                        Some(tables.iter().map(|table| table.value.as_str()).collect())
                    }
                    _ => None,
                };
                (schema.value.as_str(), tables)
            });
            let name = consumer.database.as_ref().map_or_else(|| share.clone(), |name| name.value.clone());
            let held =
                Held::Share { name, from: &self.from, from_database: self.database(), schemas: schemas.collect() };
            Holding { warehouse, database: None, held }
        };
        self.to.iter().filter_map(|consumer| Some(holding(consumer, consumer.warehouse.as_ref()?))).collect()
    }

    fn check(&self, name: Span, sink: &mut Sink) {
        for (at, consumer) in self.to.iter().enumerate() {
            match (&consumer.warehouse, &consumer.account) {
                (None, None) => {
                    let span = consumer.database.as_ref().map_or(name, Located::span);
                    sink.report(&CONSUMER, span, "this consumer is neither a warehouse nor an account")
                        .help("add `in` with the name of a warehouse, or `account`");
                }
                (Some(warehouse), Some(account)) => {
                    sink.report(&CONSUMER, account.span, "this consumer is a warehouse already")
                        .also(warehouse.span(), "here")
                        .help("make two consumers of them");
                }
                (None, Some(_)) => {
                    let grant = consumer.grants.each().next().map(|(name, _)| name);
                    if let Some(wrong) = consumer.database.as_ref().or(grant) {
                        sink.report(&CONSUMER, wrong.span(), "what is made in another account is not known here")
                            .help("remove it; the account makes a database of the share itself");
                    }
                }
                (Some(warehouse), None) => {
                    if warehouse.name() == self.from.name() {
                        sink.report(&TWICE, warehouse.span(), "a share is read where it comes from")
                            .also(self.from.span(), "here")
                            .help("name another warehouse");
                    }
                    let same = |other: &&Consumer| {
                        other.warehouse.as_ref().is_some_and(|other| other.name() == warehouse.name())
                    };
                    if let Some(first) = self.to[..at].iter().find(same).and_then(|other| other.warehouse.as_ref()) {
                        let message = format!("`{}` reads this share already", warehouse.name());
                        sink.report(&TWICE, warehouse.span(), message).also(first.span(), "here").help("remove one");
                    }
                }
            }
        }
        for shared in self.schemas.values() {
            let Tables::Named(tables) = &shared.tables else { continue };
            for (at, table) in tables.iter().enumerate() {
                if let Some(first) = tables[..at].iter().find(|first| *first == table) {
                    sink.report(&TWICE, table.span(), format!("`{}` is shared already", table.value))
                        .also(first.span(), "here")
                        .help("remove one of them");
                }
            }
        }
    }

    fn accept(&self, request: &Request<'_>, place: &Place, _scope: &Scope) -> Grant {
        match request.access {
            Access::FollowSql => Grant { after: Some(sql_runner::done(place)), ..Grant::default() },
            _ => Grant::default(),
        }
    }

    fn compose(&self, site: &mut Site<'_>) {
        let place = site.place;
        let origin = place.origin;
        self.check_tables(site);
        let Some(producer) = warehouse(site, 0) else { return };
        let share = self.name(place);
        let database = super::redshift_sql::database(self.database.as_ref(), origin);
        let mut warehouses = vec![(PRODUCER.to_owned(), producer.target(origin, database.as_ref()))];
        let mut objects = self.contents(&share, site);
        let mut statements = site.grants();
        let mut wire = 0;
        for consumer in &self.to {
            if let Some(account) = &consumer.account {
                objects.push(Self::to_account(&share, account, &producer, site.scope));
                let actions = &["redshift:AuthorizeDataShare", "redshift:DeauthorizeDataShare"];
                let arn = share_arn(origin, &share, &producer);
                statements.push(Statement::allow(origin, actions, vec![arn]).named("AuthorizeShare"));
            }
            let Some(reference) = &consumer.warehouse else { continue };
            wire += 1;
            let Some(reader) = warehouse(site, wire) else { continue };
            let word = reference.name();
            warehouses.push((word.to_owned(), reader.target(origin, None)));
            objects.extend(Self::to_warehouse(&share, consumer, word, [&producer, &reader]));
        }
        let after = super::redshift_sql::after(site);
        Job { warehouses, objects, after, statements }.compose(site);
    }
}

pub(super) static KIND: Kind = Kind {
    name: "redshift-share",
    ports: &[Port::Sql],
    attributes: &[],
    standing: None,
    codes: &[CODES],
    schema: super::model_schema::<Model>,
    decode: super::decode::<Model>,
};
