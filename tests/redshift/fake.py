"""A Redshift of one process: what the Data API answers, with the refusals of Redshift that matter here.

It keeps databases with schemas, tables, views, procedures, users' rights, data shares and their consumers, and refuses
what is there twice, is missing, is still needed, or may not run in a transaction. What it does not know is a failure.
"""

import copy
import re

NAME = r'"((?:[^"]|"")+)"|([A-Za-z_][A-Za-z0-9_$]*)'


class Refused(Exception):
    """What Redshift says to a statement."""


class ClientError(Exception):
    def __init__(self, code, message):
        super().__init__("An error occurred ({}): {}".format(code, message))
        self.response = {"Error": {"Code": code, "Message": message}}


class Clock:
    """Time that passes only where someone sleeps."""

    def __init__(self):
        self.now = 0.0

    def sleep(self, seconds):
        self.now += seconds

    def monotonic(self):
        return self.now


class Context:
    def __init__(self, clock, seconds=900):
        self.clock, self.end = clock, clock.now + seconds

    def get_remaining_time_in_millis(self):
        return int((self.end - self.clock.now) * 1000)


def names(text, count=1):
    """Names with dots between them, and what follows."""
    found = []
    while True:
        match = re.match(r"\s*(?:" + NAME + r")", text)
        if not match:
            raise Refused("syntax error at or near " + repr(text[:20]))
        found.append((match[1].replace('""', '"') if match[1] is not None else match[2].lower()))
        text = text[match.end():]
        if not text.startswith("."):
            return found, text.strip()
        text = text[1:]


def literal(text):
    match = re.search(r"'((?:[^']|'')*)'", text)
    if not match:
        raise Refused("syntax error: no text")
    return match[1].replace("''", "'").replace("\\\\", "\\")


class Database:
    def __init__(self):
        self.schemas = {"public": {}}  # name to objects by name: what they are
        self.external = set()
        self.needs = {}  # (schema, name) to what it needs
        self.share = None


class Warehouse:
    def __init__(self, namespace):
        self.namespace = namespace
        self.databases = {"dev": Database()}
        self.shares = {}
        self.grants = set()
        self.users = {"awsuser"}


class Redshift:
    """The Data API over warehouses by their names, and what was run in them."""

    def __init__(self, clock, warehouses):
        self.clock = clock
        self.warehouses = {name: Warehouse(namespace) for name, namespace in warehouses.items()}
        self.statements, self.tokens, self.log, self.called = {}, {}, [], []
        self.fail, self.hang, self.deny, self.busy = None, None, 0, 0
        self.stack_status = "UPDATE_IN_PROGRESS"
        self.authorized = set()

    # The clients of the services.

    def client(self, service):
        assert service in ("redshift-data", "redshift", "cloudformation"), service
        return self

    def describe_stacks(self, StackName):
        return {"Stacks": [{"StackStatus": self.stack_status}]}

    def authorize_data_share(self, DataShareArn, ConsumerIdentifier):
        self.authorized.add((DataShareArn, ConsumerIdentifier))

    def deauthorize_data_share(self, DataShareArn, ConsumerIdentifier):
        if (DataShareArn, ConsumerIdentifier) not in self.authorized:
            raise ClientError("ResourceNotFoundFault", "Authorization not found")
        self.authorized.discard((DataShareArn, ConsumerIdentifier))

    def execute_statement(self, Sql, **rest):
        return self.start([Sql], False, **rest)

    def batch_execute_statement(self, Sqls, **rest):
        assert 2 <= len(Sqls) <= 40
        return self.start(Sqls, True, **rest)

    def start(self, texts, together, ClientToken, Database, SecretArn, **target):
        assert SecretArn.startswith(("arn:", "redshift!")) and 1 <= len(ClientToken) <= 64
        self.clock.sleep(0.1)
        self.called.append(texts)
        if self.deny:
            self.deny -= 1
            raise ClientError("AccessDeniedException", "not authorized to perform: redshift-data:ExecuteStatement")
        if self.busy:
            self.busy -= 1
            raise ClientError("ActiveStatementsExceededException", "Active statements exceeded the allowed quota")
        if ClientToken in self.tokens:
            return {"Id": self.tokens[ClientToken]}
        (name,) = target.values()
        if name not in self.warehouses:
            raise ClientError("ValidationException", "Redshift endpoint doesn't exist in this region.")
        id = "statement-{}".format(len(self.statements) + 1)
        self.tokens[ClientToken] = id
        self.statements[id] = {"texts": texts, "together": together, "at": self.clock.now, "on": (name, Database)}
        return {"Id": id}

    def describe_statement(self, Id):
        state = self.statements[Id]
        if "Status" not in state:
            if self.hang and any(self.hang in text for text in state["texts"]):
                return {"Id": Id, "Status": "STARTED"}
            if self.clock.now - state["at"] < 1:
                return {"Id": Id, "Status": "PICKED"}
            self.finish(state)
        return {key: state[key] for key in ("Status", "Error") if key in state} | {"Id": Id}

    def cancel_statement(self, Id):
        self.statements[Id]["Status"] = "ABORTED"

    def finish(self, state):
        (name, database), texts = state["on"], state["texts"]
        before = copy.deepcopy(self.warehouses)
        done = []
        try:
            for text in texts:
                if self.fail and self.fail in text:
                    raise Refused("injected")
                self.run(name, database, text, state["together"])
                done.append((name, text))
            self.log += done
            state["Status"] = "FINISHED"
        except Refused as refusal:
            # A transaction is undone as a whole.
            self.warehouses = before
            state["Status"], state["Error"] = "FAILED", "ERROR: {}".format(refusal)

    # What statements do.

    def run(self, warehouse, database, text, together):
        here = self.warehouses[warehouse]
        if database not in here.databases:
            raise Refused('database "{}" does not exist'.format(database))
        base = here.databases[database]
        alone = r"(CREATE|DROP) DATABASE|CREATE EXTERNAL TABLE|VACUUM|ALTER DATASHARE"
        if together and re.match(alone, text):
            raise Refused("{} cannot run inside a transaction block".format(text.split()[0]))
        for pattern, do in (
            (r"CREATE DATASHARE ", self.create_share), (r"DROP DATASHARE ", self.drop_share),
            (r"ALTER DATASHARE ", self.alter_share), (r"GRANT USAGE ON DATASHARE ", self.grant_share),
            (r"REVOKE USAGE ON DATASHARE ", self.revoke_share), (r"CREATE DATABASE ", self.create_database),
            (r"DROP DATABASE ", self.drop_database), (r"CREATE EXTERNAL SCHEMA ", self.create_external),
            (r"CREATE SCHEMA (IF NOT EXISTS )?", self.create_schema), (r"DROP SCHEMA (IF EXISTS )?", self.drop_schema),
            (r"CREATE (?:TABLE|VIEW|MATERIALIZED VIEW|PROCEDURE|OR REPLACE PROCEDURE) (?:IF NOT EXISTS )?", self.make),
            (r"DROP (?:TABLE|VIEW|MATERIALIZED VIEW|PROCEDURE) (?:IF EXISTS )?", self.drop),
            (r"GRANT ", self.grant), (r"REVOKE ", self.revoke), (r"COMMENT ON ", None), (r"INSERT ", None),
            (r"CALL ", None), (r"REFRESH MATERIALIZED VIEW ", None),
        ):
            match = re.match(pattern, text)
            if match:
                if do:
                    do(here, base, text[match.end():], text)
                return
        raise Refused("syntax error at or near " + repr(text[:30]))

    def create_share(self, here, base, rest, text):
        (name,), rest = names(rest)
        if name in here.shares:
            raise Refused('datashare "{}" already exists'.format(name))
        here.shares[name] = {"database": base, "schemas": set(), "tables": set(), "consumers": set(), "new": set()}

    def share(self, here, name):
        if name not in here.shares:
            raise Refused('datashare "{}" does not exist'.format(name))
        return here.shares[name]

    def drop_share(self, here, base, rest, text):
        (name,), _ = names(rest)
        self.share(here, name)
        del here.shares[name]

    def alter_share(self, here, base, rest, text):
        (name,), rest = names(rest)
        share = self.share(here, name)
        match = re.match(r"(ADD|REMOVE) (SCHEMA|TABLE|ALL TABLES IN SCHEMA) ", rest)
        if not match:
            match = re.match(r"SET INCLUDENEW = (TRUE|FALSE) FOR SCHEMA ", rest)
            if not match:
                raise Refused("syntax error at or near " + repr(rest[:20]))
            (schema,), _ = names(rest[match.end():])
            if schema not in share["schemas"]:
                raise Refused('schema "{}" is not part of datashare'.format(schema))
            (share["new"].add if match[1] == "TRUE" else share["new"].discard)(schema)
            return
        what, _ = names(rest[match.end():])
        add, kind = match[1] == "ADD", match[2]
        schema = what[0]
        if schema not in base.schemas:
            raise Refused('schema "{}" does not exist'.format(schema))
        if kind == "SCHEMA":
            if add == (schema in share["schemas"]):
                raise Refused("schema is already part of datashare" if add else "schema is not part of datashare")
            if not add and any(one == schema for one, _ in share["tables"]):
                raise Refused("schema {} has objects in the datashare".format(schema))
            (share["schemas"].add if add else share["schemas"].discard)(schema)
            return
        if schema not in share["schemas"]:
            raise Refused('schema "{}" is not part of datashare'.format(schema))
        if kind == "TABLE":
            if what[1] not in base.schemas[schema]:
                raise Refused('relation "{}" does not exist'.format(".".join(what)))
            tables = [tuple(what)]
        else:
            tables = [(schema, table) for table, kind in base.schemas[schema].items() if kind != "PROCEDURE"]
        for table in tables:
            if kind == "TABLE" and add == (table in share["tables"]):
                raise Refused("table is already part of datashare" if add else "table is not part of datashare")
            (share["tables"].add if add else share["tables"].discard)(table)

    def grant_share(self, here, base, rest, text):
        (name,), rest = names(rest)
        assert re.match(r"TO (NAMESPACE|ACCOUNT) '", rest), rest
        self.share(here, name)["consumers"].add(literal(rest))

    def revoke_share(self, here, base, rest, text):
        (name,), rest = names(rest)
        assert re.match(r"FROM (NAMESPACE|ACCOUNT) '", rest), rest
        self.share(here, name)["consumers"].discard(literal(rest))

    def create_database(self, here, base, rest, text):
        (name,), rest = names(rest)
        match = re.match(r"(?:WITH PERMISSIONS )?FROM DATASHARE (.*) OF NAMESPACE '([^']+)'$", rest)
        (share,), _ = names(match[1])
        producers = [one for one in self.warehouses.values() if one.namespace == match[2]]
        if not producers or here.namespace not in producers[0].shares.get(share, {"consumers": ()})["consumers"]:
            raise Refused("no usage on datashare {}".format(share))
        if name in here.databases:
            raise Refused('database "{}" already exists'.format(name))
        here.databases[name] = Database()
        here.databases[name].share = (match[2], share)

    def drop_database(self, here, base, rest, text):
        (name,), _ = names(rest)
        if name not in here.databases:
            raise Refused('database "{}" does not exist'.format(name))
        del here.databases[name]
        here.grants = {one for one in here.grants if '"{}"'.format(name) not in one}

    def create_external(self, here, base, rest, text):
        assert re.search(r"IAM_ROLE 'arn:[^']+'", rest), rest
        self.create_schema(here, base, rest, text)
        base.external.add(names(rest)[0][0])

    def create_schema(self, here, base, rest, text):
        (name,), _ = names(rest)
        if name in base.schemas:
            if "IF NOT EXISTS" in text:
                return
            raise Refused('schema "{}" already exists'.format(name))
        base.schemas[name] = {}

    def drop_schema(self, here, base, rest, text):
        (name,), _ = names(rest)
        if name not in base.schemas:
            if "IF EXISTS" in text:
                return
            raise Refused('schema "{}" does not exist'.format(name))
        if base.schemas[name] or any(need[0] == name for all in base.needs.values() for need in all):
            raise Refused("cannot drop schema {} because other objects depend on it".format(name))
        del base.schemas[name]
        base.external.discard(name)

    def make(self, here, base, rest, text):
        kind = re.match(r"CREATE (?:OR REPLACE )?(TABLE|VIEW|MATERIALIZED VIEW|PROCEDURE)", text)[1]
        name, _ = names(rest)
        schema, name = ["public"] * (2 - len(name)) + name
        if schema not in base.schemas:
            raise Refused('schema "{}" does not exist'.format(schema))
        if name in base.schemas[schema]:
            if "IF NOT EXISTS" in text or "OR REPLACE" in text:
                return
            raise Refused('relation "{}" already exists'.format(name))
        needs = set()
        if kind == "MATERIALIZED VIEW":
            (source, stream), _ = names(re.search(r"FROM (\S+)", text)[1])
            if source not in base.schemas:
                raise Refused('schema "{}" does not exist'.format(source))
            needs.add((source, stream))
        elif kind == "VIEW" and "WITH NO SCHEMA BINDING" not in text:
            for match in re.finditer(r"FROM ([a-z_]+)", text):
                if match[1] not in base.schemas["public"]:
                    raise Refused('relation "{}" does not exist'.format(match[1]))
                needs.add(("public", match[1]))
        base.schemas[schema][name] = kind
        base.needs[(schema, name)] = needs

    def drop(self, here, base, rest, text):
        kind = re.match(r"DROP (TABLE|VIEW|MATERIALIZED VIEW|PROCEDURE)", text)[1]
        name, _ = names(rest)
        schema, name = ["public"] * (2 - len(name)) + name
        if name not in base.schemas.get(schema, {}):
            if "IF EXISTS" in text:
                return
            raise Refused('{} "{}" does not exist'.format(kind.lower(), name))
        if base.schemas[schema][name] != kind:
            raise Refused('"{}" is not a {}'.format(name, kind.lower()))
        if any((schema, name) in needs for needs in base.needs.values()):
            raise Refused("cannot drop {} because other objects depend on it".format(name))
        del base.schemas[schema][name]
        del base.needs[(schema, name)]
        for share in here.shares.values():
            share["tables"].discard((schema, name))

    def grant(self, here, base, rest, text):
        match = re.match(r"(USAGE ON DATABASE|USAGE ON SCHEMA|SELECT ON ALL TABLES IN SCHEMA) (.*) TO (.*)$", rest)
        if not match:
            raise Refused("syntax error at or near " + repr(rest[:20]))
        (name,), _ = names(match[2])
        if name not in (here.databases if "DATABASE" in match[1] else base.schemas):
            raise Refused('"{}" does not exist'.format(name))
        here.grants.add("{} {} {}".format(match[1], match[2], match[3]))

    def revoke(self, here, base, rest, text):
        match = re.match(r"(.*) (\"[^\"]+\") FROM (.*)$", rest)
        (name,), _ = names(match[2])
        if name not in (here.databases if "DATABASE" in match[1] else base.schemas):
            raise Refused('"{}" does not exist'.format(name))
        here.grants.discard("{} {} {}".format(match[1], match[2], match[3]))

    def state(self):
        """What is left in all warehouses, to compare."""
        found = {
            name: {
                "shares": {
                    share: {key: sorted(one[key]) for key in ("schemas", "tables", "consumers", "new")}
                    for share, one in here.shares.items()
                },
                "databases": {
                    database: {"schemas": one.schemas, "external": sorted(one.external), "share": one.share}
                    for database, one in here.databases.items()
                },
                "grants": sorted(here.grants),
            }
            for name, here in self.warehouses.items()
        }
        return copy.deepcopy(found)
