"""Glue: what a crawler finds in S3. MiniStack lets one run, and finds nothing.

https://docs.aws.amazon.com/glue/latest/dg/crawler-s3-folder-table-partition.html
https://docs.aws.amazon.com/glue/latest/dg/crawler-table-level.html
"""

import gzip
import json
import re
import tempfile
from pathlib import Path

import duckdb
from ministack.services import glue, s3

from permissions import act

READERS = {
    "json": "org.openx.data.jsonserde.JsonSerDe",
    "parquet": "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe",
}
# Of the types of Parquet those that the library has.
TYPES = {"VARCHAR": "string", "INTEGER": "int", "BIGINT": "bigint", "DOUBLE": "double", "TIMESTAMP": "timestamp"}
start = glue._start_crawler


def install():
    glue._start_crawler = crawl
    glue.CRAWLER_RUN_SECONDS = 0


def crawl(data):
    """Crawls before the crawler is started, so that all is found when it has ended."""
    crawler = glue._crawlers.get(data.get("Name"))
    for target in (crawler or {}).get("Targets", {}).get("S3Targets", []):
        found = {}
        for bucket, key, folders in objects(crawler, target):
            found.setdefault((bucket, folders[0]), []).append((key, folders[1]))
        for (bucket, folder), keys in found.items():
            store = f"arn:aws:s3:::{bucket}"
            reads = [("s3:ListBucket", store), *(("s3:GetObject", f"{store}/{key}") for key, _ in keys)]
            act("glue.amazonaws.com", crawler["Role"], reads)
            note(crawler, bucket, folder, keys)
    return start(data)


def objects(crawler, target):
    """The objects below a target that nothing excludes, each with the folder of its table and those below it."""
    grouping = json.loads(crawler.get("Configuration") or "{}").get("Grouping", {})
    bucket, _, path = target["Path"].removeprefix("s3://").partition("/")
    path = path.rstrip("/") + "/" if path else ""
    # The bucket is the first level. Without a level the target itself is the table.
    level = grouping.get("TableLevelConfiguration", 1 + path.count("/")) - 1
    for key in sorted(s3._buckets[bucket]["objects"]):
        below = key.removeprefix(path)
        if not key.startswith(path) or any(fits(below, pattern) for pattern in target.get("Exclusions", [])):
            continue
        folders = key.split("/")[:-1]
        if len(folders) >= level:
            yield bucket, key, ("/".join(folders[:level]), folders[level:])


def fits(key, pattern):
    """https://docs.aws.amazon.com/glue/latest/dg/define-crawler.html#crawler-data-stores-exclude"""
    pieces = re.split(r"(\*\*|\*|\?)", pattern)
    signs = {"**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.fullmatch("".join(signs.get(piece, re.escape(piece)) for piece in pieces), key) is not None


def note(crawler, bucket, folder, keys):
    """Makes or renews a table, and the partitions that are new."""
    name = re.sub(r"[^a-z0-9_]", "_", (crawler.get("TablePrefix") or "") + folder.split("/")[-1].lower())
    columns, depth = {}, {len(below) for _, below in keys}
    if len(depth) != 1:
        raise ValueError(f"{folder} has objects at {sorted(depth)} levels")
    form = "parquet" if keys[0][0].endswith(".parquet") else "json"
    for key, _ in keys:
        body = s3._get_object_data(bucket, key)
        for field, type_ in (of_parquet(body) if form == "parquet" else of_lines(body, key)):
            merge(columns, field.lower(), type_)
    of = [part.split("=", 1) if "=" in part else [f"partition_{index}", part] for index, part in enumerate(keys[0][1])]
    place = f"s3://{bucket}/{folder}/"
    storage = {
        "Columns": [{"Name": field, "Type": written(kind)} for field, kind in columns.items()],
        "Location": place,
        "SerdeInfo": {"SerializationLibrary": READERS[form], "Parameters": {}},
    }
    table = {
        "Name": name,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": form, "UPDATED_BY_CRAWLER": crawler["Name"]},
        "PartitionKeys": [{"Name": field, "Type": "string"} for field, _ in of],
        "StorageDescriptor": storage,
    }
    database, catalog = crawler["DatabaseName"], "arn:aws:glue:us-east-1:000000000000:"
    things = ("catalog", f"database/{database}", f"table/{database}/{name}")
    writes = ("GetTable", "CreateTable", "UpdateTable", "GetPartition", "BatchCreatePartition")
    act("glue.amazonaws.com", crawler["Role"], [(f"glue:{action}", catalog + thing) for action in writes for thing in things])
    known = f"{database}/{name}" in glue._tables
    (glue._update_table if known else glue._create_table)({"DatabaseName": database, "TableInput": table})
    for below in sorted({tuple(below) for _, below in keys}):
        values = [part.split("=", 1)[-1] for part in below]
        partition = {"Values": values, "StorageDescriptor": {**storage, "Location": place + "/".join(below) + "/"}}
        # One that is known is refused, and stays.
        glue._create_partition({"DatabaseName": database, "TableName": name, "PartitionInput": partition})


def of_lines(body, key):
    """The fields of JSON, record by record, each with the type of its value."""
    for line in (gzip.decompress(body) if key.endswith(".gz") else body).decode().splitlines():
        for field, value in json.loads(line).items():
            yield field, kind(value)


def of_parquet(body):
    """The columns of a Parquet file with their types."""
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        Path(file.name).write_bytes(body)
        described = duckdb.connect().execute(f"DESCRIBE SELECT * FROM '{file.name}'").fetchall()
    return [(name, TYPES[type_]) for name, type_, *_ in described]


def kind(value):
    """The type of a value: that of a struct is a map, that of an array a list of one."""
    if isinstance(value, dict):
        fields = {}
        for field, item in value.items():
            merge(fields, field.lower(), kind(item))
        return fields
    if isinstance(value, list):
        return [kind(value[0]) if value else "string"]
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int):
        return "int" if -(2**31) <= value < 2**31 else "bigint"
    return "double" if isinstance(value, float) else "string"


def merge(fields, name, new):
    """Adds a field of a struct, or widens it."""
    old = fields.get(name, new)
    if isinstance(old, dict) and isinstance(new, dict):
        for field, inner in new.items():
            merge(old, field, inner)
    elif old != new:
        old = "bigint" if {old, new} == {"int", "bigint"} else "string"
    fields[name] = old


def written(kind):
    if isinstance(kind, dict):
        return f"struct<{','.join(f'{name}:{written(inner)}' for name, inner in kind.items())}>"
    return f"array<{written(kind[0])}>" if isinstance(kind, list) else kind
