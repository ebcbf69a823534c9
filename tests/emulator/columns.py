"""What Firehose reads of a record for a table of columns.

MiniStack knows how a record's own fields are called, and gives DuckDB what is below them as it is: a field that the event
lacks, has too much, or writes in capitals ends the conversion.
https://docs.aws.amazon.com/firehose/latest/APIReference/API_OpenXJsonSerDe.html
"""

import json

from ministack.services import firehose as service
from ministack.services import glue

from permissions import act

convert = service._convert_to_parquet


def install():
    service._convert_to_parquet = to_parquet


def to_parquet(conversion, data):
    schema = conversion.get("SchemaConfiguration") or {}
    table = glue._tables.get(f"{schema.get('DatabaseName')}/{schema.get('TableName')}") or {}
    columns = {column["Name"]: column["Type"] for column in table.get("StorageDescriptor", {}).get("Columns", [])}
    catalog = "arn:aws:glue:us-east-1:000000000000:"
    for thing in ("catalog", f"database/{schema['DatabaseName']}", f"table/{schema['DatabaseName']}/{schema['TableName']}"):
        reads = ("GetTable", "GetTableVersion", "GetTableVersions")
        act("firehose.amazonaws.com", schema["RoleARN"], [(f"glue:{action}", catalog + thing) for action in reads])
    names = Names(conversion["InputFormatConfiguration"]["Deserializer"].get("OpenXJsonSerDe") or {})
    documents = [names.struct(columns, document) for document in service._json_documents(data)]
    # Its fields have the names of columns now, so nothing is left to be mapped.
    plain = {**conversion, "InputFormatConfiguration": {"Deserializer": {"OpenXJsonSerDe": {}}}}
    return convert(plain, "\n".join(map(json.dumps, documents)).encode())


class Names:
    """How columns, and the fields of structs in them, are called in JSON."""

    def __init__(self, settings):
        self.lower = settings.get("CaseInsensitive", True)
        self.dots = settings.get("ConvertDotsInJsonKeysToUnderscores", False)
        self.keys = settings.get("ColumnToJsonKeyMappings") or {}

    def read(self, name):
        name = name.replace(".", "_") if self.dots else name
        return name.lower() if self.lower else name

    def struct(self, fields, document):
        """The fields of a struct: what the event lacks is null, and what the table does not know is left out."""
        if not isinstance(document, dict):
            raise service._conversion_error("mismatch")
        given = {self.read(name): value for name, value in document.items()}
        return {name: self.value(kind, given.get(self.read(self.keys.get(name, name)))) for name, kind in fields.items()}

    def value(self, kind, value):
        outer, _, inner = kind.strip().removesuffix(">").partition("<")
        if value is None:
            return None
        if outer == "struct":
            return self.struct(dict(part.split(":", 1) for part in parts(inner)), value)
        if outer == "array":
            if not isinstance(value, list):
                raise service._conversion_error("mismatch")
            return [self.value(inner, item) for item in value]
        if outer == "map":
            if not isinstance(value, dict):
                raise service._conversion_error("mismatch")
            of = parts(inner)[1]
            return {name: self.value(of, item) for name, item in value.items()}
        if isinstance(value, (dict, list)):
            if outer != "string":
                raise service._conversion_error("mismatch")
            return json.dumps(value, separators=(",", ":"))
        return value


def parts(text):
    """The types between commas, with those that stand inside of one left whole."""
    found, depth = [""], 0
    for sign in text:
        depth += (sign == "<") - (sign == ">") + (sign == "(") - (sign == ")")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return [part.strip() for part in found]
