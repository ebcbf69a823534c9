"""Athena: a query over the tables and views of the catalog, and the objects that are where these say.

MiniStack reads every object below a table, and guesses columns and types from what it finds. Here a table is what its
definition says, so that one that does not fit what Firehose has written answers with nothing, or with null.
"""

import base64
import gzip
import json
import re
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import sqlglot
from ministack.services import athena, firehose, glue, s3
from sqlglot import exp

import columns

VIEW = re.compile(r"/\* Presto View: (\S+) \*/")
JSON_READERS = ("org.openx.data.jsonserde.JsonSerDe", "org.apache.hive.hcatalog.data.JsonSerDe")


def install():
    athena._run_duckdb = run


async def run(query, database, catalog=None):
    with duckdb.connect(":memory:") as connection:
        text = Reader(connection).translated(sqlglot.parse_one(query, read="athena"), database)
        # An answer is text, whatever it stands for.
        answer = connection.execute(f"SELECT CAST(COLUMNS(*) AS VARCHAR) FROM ({text})")
        names = [column[0] for column in answer.description]
        return {"columns": names, "column_types": ["varchar"] * len(names), "rows": list(map(list, answer.fetchall()))}


class Reader:
    """Puts what a query reads into a database of its own."""

    def __init__(self, connection):
        self.connection, self.known = connection, set()

    def translated(self, query, database):
        """The query in the words of DuckDB, once all that it reads is there."""
        own = {table.alias for table in query.find_all(exp.CTE)}
        for table in list(query.find_all(exp.Table)):
            if table.name in own and not table.db:
                continue
            schema = table.db or database
            self.read(schema, table.name, query)
            alias = table.args.get("alias") or exp.TableAlias(this=exp.to_identifier(table.name))
            table.replace(exp.Table(this=exp.to_identifier(f"{schema}.{table.name}"), alias=alias))
        for unnest in list(query.find_all(exp.Unnest)):
            # Of rows Athena makes a column of each field.
            alias = unnest.args["alias"].copy()
            [items] = unnest.expressions
            deep = exp.PropertyEQ(this=exp.to_identifier("max_depth"), expression=exp.Literal.number(2))
            select = exp.select(exp.Anonymous(this="unnest", expressions=[items.copy(), deep]))
            unnest.replace(exp.Lateral(this=select.subquery(), alias=alias))
        return query.sql(dialect="duckdb", identify=True)

    def read(self, database, name, query):
        if (database, name) in self.known:
            return
        self.known.add((database, name))
        table = glue._tables.get(f"{database}/{name}")
        if table is None:
            # https://docs.aws.amazon.com/athena/latest/ug/troubleshooting-athena.html
            raise ValueError(f"TABLE_NOT_FOUND: line 1:1: Table 'awsdatacatalog.{database}.{name}' does not exist")
        if table["TableType"] == "VIRTUAL_VIEW":
            view = json.loads(base64.b64decode(VIEW.fullmatch(table["ViewOriginalText"])[1]))
            text = self.translated(sqlglot.parse_one(view["originalSql"], read="athena"), view["schema"])
            self.connection.execute(f'CREATE VIEW "{database}.{name}" AS {text}')
            given = [column[0] for column in self.connection.execute(f'DESCRIBE "{database}.{name}"').fetchall()]
            if given != [column["name"] for column in view["columns"]]:
                raise ValueError(f"INVALID_VIEW: view {name} is stale: it has the columns {given}")
            return
        kinds = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
        keys = {column["Name"]: column["Type"] for column in table["PartitionKeys"]}
        every = [f'"{name}" {firehose._hive_to_duckdb_type(kind)}' for name, kind in {**kinds, **keys}.items()]
        self.connection.execute(f'CREATE TABLE "{database}.{name}" ({", ".join(every)})')
        for key, values in partitions(table, query):
            self.insert(f"{database}.{name}", table, kinds, key, [values[name] for name in keys])

    def insert(self, name, table, kinds, key, values):
        """Adds the rows of one object, with the values of its partition."""
        bucket = location(table)[0]
        body, storage = s3._get_object_data(bucket, key), table["StorageDescriptor"]
        serde = storage["SerdeInfo"]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "object")
            if serde["SerializationLibrary"] in JSON_READERS:
                file.write_text("".join(json.dumps(row) + "\n" for row in rows(body, key, kinds, serde)))
                types = ", ".join(f"'{name}': '{firehose._hive_to_duckdb_type(kind)}'" for name, kind in kinds.items())
                source = f"read_json('{file}', format = 'newline_delimited', columns = {{{types}}})"
            else:
                file.write_bytes(body)
                source = f"read_parquet('{file}')"
            wanted = ", ".join([*(f'"{name}"' for name in kinds), *("?" for _ in values)])
            self.connection.execute(f'INSERT INTO "{name}" SELECT {wanted} FROM {source}', values)


def rows(body, key, kinds, serde):
    """One row for each line, as the reader of the table takes it apart; a line that holds nothing is a row of nulls.

    https://docs.aws.amazon.com/athena/latest/ug/openx-json-serde.html
    https://github.com/trinodb/trino/tree/master/lib/trino-hive-formats/src/main/java/io/trino/hive/formats/line/openxjson
    """
    given = serde.get("Parameters", {})
    settings = {
        "CaseInsensitive": given.get("case.insensitive", "true").lower() == "true",
        "ConvertDotsInJsonKeysToUnderscores": given.get("dots.in.keys", "false").lower() == "true",
        "ColumnToJsonKeyMappings": {
            name.removeprefix("mapping."): value for name, value in given.items() if name.startswith("mapping.")
        },
    }
    names = columns.Names(settings)
    text = gzip.decompress(body) if key.endswith(".gz") else body
    for line in text.decode().splitlines():
        if not line.strip().startswith(("{", "[")):
            yield dict.fromkeys(kinds)
            continue
        try:
            yield names.struct(kinds, json.loads(line))
        except ValueError as error:
            if given.get("ignore.malformed.json", "false").lower() != "true":
                raise ValueError(f"HIVE_CURSOR_ERROR: Row is not a valid JSON Object: {line!r}") from error
            yield dict.fromkeys(kinds)


def location(table):
    bucket, _, prefix = table["StorageDescriptor"]["Location"].removeprefix("s3://").partition("/")
    return bucket, prefix


def partitions(table, query):
    """The keys of the objects of a table, each with the values of its partition.

    https://docs.aws.amazon.com/athena/latest/ug/partition-projection-supported-types.html
    """
    bucket, prefix = location(table)
    keys = sorted(s3._buckets[bucket]["objects"])
    names, settings = [column["Name"] for column in table["PartitionKeys"]], table["Parameters"]
    if not names:
        yield from ((key, {}) for key in keys if key.startswith(prefix))
        return
    if settings.get("projection.enabled") != "true":
        for partition in glue._partitions.get(f"{table['DatabaseName']}/{table['Name']}", []):
            folder = partition["StorageDescriptor"]["Location"].removeprefix(f"s3://{bucket}/")
            values = dict(zip(names, partition["Values"], strict=True))
            yield from ((key, values) for key in keys if key.startswith(folder))
        return
    usual = table["StorageDescriptor"]["Location"] + "".join(f"{name}=${{{name}}}/" for name in names)
    template = settings.get("storage.location.template", usual)
    pieces = re.split(r"\$\{(\w+)\}", template.removeprefix(f"s3://{bucket}/"))
    pattern = re.compile("".join(f"(?P<{piece}>[^/]+)" if odd % 2 else re.escape(piece) for odd, piece in enumerate(pieces)))
    for name in names:
        if settings[f"projection.{name}.type"] == "injected" and not compared(query, name):
            raise ValueError(f"CONSTRAINT_VIOLATION: For the injected projected partition column {name}, the WHERE clause "
                             "must contain only static equality conditions")
    for key in keys:
        found = pattern.match(key)
        if found and all(projected(settings, name, found[name]) for name in names):
            yield key, found.groupdict()


def compared(query, name):
    """Whether the query says which value of a column it reads."""
    return any(
        isinstance(equal.left, exp.Column) and equal.left.name == name and isinstance(equal.right, exp.Literal)
        for equal in query.find_all(exp.EQ)
    )


def projected(settings, name, value):
    """Whether a value is one that the projection of a column makes."""
    of = {key.removeprefix(f"projection.{name}."): value for key, value in settings.items()}
    if of["type"] == "injected":
        return True
    if of["type"] == "enum":
        return value in of["values"].split(",")
    first, last = of["range"].split(",")
    if of["type"] == "integer":
        digits = int(of.get("digits", "0"))
        return value.isdigit() and value == value.lstrip("0").rjust(max(digits, 1), "0") and int(first) <= int(value) <= int(last)
    form = of["format"]
    for java, python in (("yyyy", "%Y"), ("MM", "%m"), ("dd", "%d"), ("HH", "%H")):
        form = form.replace(java, python)
    form = form.replace("'", "")
    try:
        return moment(first, form) <= datetime.strptime(value, form).replace(tzinfo=UTC) <= moment(last, form)
    except ValueError:
        return False


def moment(text, form):
    """An end of a range: a time in the format of the column, or one that counts from now."""
    if not text.startswith("NOW"):
        return datetime.strptime(text, form).replace(tzinfo=UTC)
    days = {"YEAR": 365, "MONTH": 30, "WEEK": 7, "DAY": 1, "HOUR": 1 / 24, "MINUTE": 1 / 1440}
    now = datetime.now(UTC)
    for sign, number, unit in re.findall(r"([+-])(\d+)([A-Z]+?)S?(?=[+-]|$)", text):
        now += timedelta(days=int(sign + number) * days[unit])
    return now
