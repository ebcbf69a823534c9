"""The function that runs SQL of Redshift, against a fake that refuses what Redshift refuses.

Run by `cargo test`, or by hand: python3 -m unittest discover -s tests/redshift
"""

import contextlib
import copy
import importlib.util
import io
import json
import pathlib
import sys
import types
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import fake  # noqa: E402

RUNNER = HERE.parent.parent / "src/kinds/sql_runner/runner.py"
STACK = "arn:aws:cloudformation:eu-central-1:111122223333:stack/shop/0f1e2d3c-1111-2222-3333-444455556666"
SECRET = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:redshift!speed-awsuser"
NAMESPACES = {"speed": "aaaa-producer", "serving": "bbbb-consumer", "other": "cccc-consumer"}


def load():
    boto3 = types.ModuleType("boto3")
    sys.modules["boto3"] = boto3
    spec = importlib.util.spec_from_file_location("index", RUNNER)
    index = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(index)
    return index, boto3


def target(name, database="dev", secret=SECRET):
    kind = "WorkgroupName" if name in ("serving", "other") else "ClusterIdentifier"
    return {kind: name, "Database": database, "SecretArn": secret}


def literal(value):
    return {"Literal": value}


def thing(name, create, drop, place="producer", needs=(), **more):
    create, drop = [[one] if isinstance(one, str) else one for one in (create, drop)]
    made = {"Name": name, "In": place, "Create": create, "Drop": drop}
    return made | ({"Needs": list(needs)} if needs else {}) | more


def share(tables=("recent", "trips"), readers=("serving",), database="shared"):
    """What `redshift-share` has made, as its template says it."""
    objects = [
        thing("share s", 'CREATE DATASHARE "s" SET PUBLICACCESSIBLE FALSE', 'DROP DATASHARE "s"'),
        thing("schema public in s", 'ALTER DATASHARE "s" ADD SCHEMA "public"',
              'ALTER DATASHARE "s" REMOVE SCHEMA "public"', needs=["share s"]),
    ]
    for table in tables:
        objects.append(thing("table public.{} in s".format(table), 'ALTER DATASHARE "s" ADD TABLE "public"."%s"' % table,
                             'ALTER DATASHARE "s" REMOVE TABLE "public"."%s"' % table, needs=["schema public in s"]))
    for reader in readers:
        usage = lambda start, to: [[start + ' USAGE ON DATASHARE "s" ' + to + " NAMESPACE ", literal(NAMESPACES[reader])]]
        objects.append(thing("s for " + reader, usage("GRANT", "TO"), usage("REVOKE", "FROM"), needs=["share s"]))
        made = ['CREATE DATABASE "%s" FROM DATASHARE "s" OF NAMESPACE ' % database, literal(NAMESPACES["speed"])]
        objects.append(thing("database {} in {}".format(database, reader), [made], 'DROP DATABASE "%s"' % database,
                             reader, ["s for " + reader]))
        objects.append(thing("database {} in {} for role bi".format(database, reader),
                             'GRANT USAGE ON DATABASE "%s" TO ROLE "bi"' % database,
                             'REVOKE USAGE ON DATABASE "%s" FROM ROLE "bi"' % database, reader,
                             ["database {} in {}".format(database, reader)]))
    warehouses = {"producer": target("speed")} | {reader: target(reader) for reader in readers}
    return {"ServiceToken": "arn", "ServiceTimeout": "1800", "Warehouses": warehouses, "Objects": objects}


def sql(*objects):
    return {"ServiceToken": "arn", "Warehouses": {"producer": target("speed")}, "Objects": list(objects)}


TRIPS = thing("trips", "CREATE TABLE trips (vin varchar(17))", "DROP TABLE IF EXISTS trips")
MILES = thing("miles", "CREATE VIEW miles AS SELECT vin FROM trips", "DROP VIEW IF EXISTS miles", needs=["trips"])


class Case(unittest.TestCase):
    def setUp(self):
        self.index, boto3 = load()
        self.clock = fake.Clock()
        self.redshift = fake.Redshift(self.clock, NAMESPACES)
        boto3.client = self.redshift.client
        self.index.time = self.clock
        self.answers, self.log, self.requests, self.offline = [], "", 0, 0
        self.index.urllib = types.SimpleNamespace(request=types.SimpleNamespace(
            Request=lambda url, body, headers, method: (url, body, headers, method), urlopen=self.put))
        base = self.redshift.warehouses["speed"].databases["dev"]
        base.schemas["public"].update(recent="MATERIALIZED VIEW", old="TABLE")
        base.needs.update({("public", "recent"): set(), ("public", "old"): set()})

    def put(self, request, timeout):
        if self.offline:
            self.offline -= 1
            raise OSError("unreachable")
        url, body, headers, method = request
        self.assertEqual((url, method, headers), ("https://answer", "PUT", {"Content-Type": ""}))
        self.answers.append(json.loads(body))
        return io.BytesIO()

    def send(self, kind, new=None, old=None, identity=None, request=None, seconds=900):
        """What the function answers to an event, exactly once; and which statements it ran."""
        self.requests += 1
        event = {
            "RequestType": kind, "RequestId": request or "request-{}".format(self.requests), "StackId": STACK,
            "LogicalResourceId": "ShareSql", "ResponseURL": "https://answer", "ResourceType": "Custom::RedshiftSql",
            "ResourceProperties": copy.deepcopy(new),
        }
        if old is not None:
            event["OldResourceProperties"] = copy.deepcopy(old)
        if identity:
            event["PhysicalResourceId"] = identity
        before, answered = len(self.redshift.log), len(self.answers)
        log = io.StringIO()
        with contextlib.redirect_stdout(log):
            self.index.handler(event, fake.Context(self.clock, seconds))
        self.log += log.getvalue()
        self.assertEqual(len(self.answers), answered + 1)
        answer = self.answers[-1]
        self.assertEqual(
            [answer[key] for key in ("StackId", "RequestId", "LogicalResourceId")],
            [event[key] for key in ("StackId", "RequestId", "LogicalResourceId")])
        self.assertTrue(answer["PhysicalResourceId"] and answer["Reason"])
        return answer, self.redshift.log[before:]

    def succeed(self, *arguments, **more):
        answer, ran = self.send(*arguments, **more)
        self.assertEqual(answer["Status"], "SUCCESS", answer)
        return answer["PhysicalResourceId"], ran

    def refuse(self, *arguments, **more):
        answer, ran = self.send(*arguments, **more)
        self.assertEqual(answer["Status"], "FAILED", answer)
        return answer, ran

    def tables(self, *names):
        schema = self.redshift.warehouses["speed"].databases["dev"].schemas["public"]
        for name in names:
            schema[name] = "TABLE"
            self.redshift.warehouses["speed"].databases["dev"].needs[("public", name)] = set()


class Share(Case):
    def test_create_and_delete_run_exactly_what_the_page_says_and_leave_nothing(self):
        self.tables("trips")
        before = self.redshift.state()
        identity, ran = self.succeed("Create", share())
        self.assertEqual(ran, [
            ("speed", 'CREATE DATASHARE "s" SET PUBLICACCESSIBLE FALSE'),
            ("speed", 'ALTER DATASHARE "s" ADD SCHEMA "public"'),
            ("speed", 'ALTER DATASHARE "s" ADD TABLE "public"."recent"'),
            ("speed", 'ALTER DATASHARE "s" ADD TABLE "public"."trips"'),
            ("speed", "GRANT USAGE ON DATASHARE \"s\" TO NAMESPACE 'bbbb-consumer'"),
            ("serving", "CREATE DATABASE \"shared\" FROM DATASHARE \"s\" OF NAMESPACE 'aaaa-producer'"),
            ("serving", 'GRANT USAGE ON DATABASE "shared" TO ROLE "bi"'),
        ])
        _, ran = self.succeed("Delete", share(), identity=identity)
        self.assertEqual(ran, [
            ("serving", 'REVOKE USAGE ON DATABASE "shared" FROM ROLE "bi"'),
            ("serving", 'DROP DATABASE "shared"'),
            ("speed", "REVOKE USAGE ON DATASHARE \"s\" FROM NAMESPACE 'bbbb-consumer'"),
            ("speed", 'ALTER DATASHARE "s" REMOVE TABLE "public"."trips"'),
            ("speed", 'ALTER DATASHARE "s" REMOVE TABLE "public"."recent"'),
            ("speed", 'ALTER DATASHARE "s" REMOVE SCHEMA "public"'),
            ("speed", 'DROP DATASHARE "s"'),
        ])
        self.assertEqual(self.redshift.state(), before)

    def test_a_table_that_comes_and_one_that_goes_are_two_statements(self):
        self.tables("trips", "alerts")
        identity, _ = self.succeed("Create", share())
        after, ran = self.succeed("Update", share(["alerts", "recent"]), share(), identity)
        self.assertEqual(after, identity)
        self.assertEqual(ran, [
            ("speed", 'ALTER DATASHARE "s" REMOVE TABLE "public"."trips"'),
            ("speed", 'ALTER DATASHARE "s" ADD TABLE "public"."alerts"'),
        ])
        self.assertEqual(self.succeed("Update", share(["recent", "alerts"]), share(["alerts", "recent"]), identity)[1], [])

    def test_a_table_that_another_component_made_anew_is_shared_again_and_no_other(self):
        def shared(of):
            made = share(("recent", "old"))
            made["Objects"][2]["Of"] = of
            return made

        identity, _ = self.succeed("Create", shared("1"))
        state = self.redshift.state()
        view = [thing("recent", 'CREATE TABLE "public"."recent" (a int)', 'DROP MATERIALIZED VIEW "public"."recent"')]
        drop = {"Objects": view, **{key: shared("1")[key] for key in ("Warehouses", "ServiceToken")}}
        self.succeed("Delete", drop, identity="a")
        self.assertNotEqual(self.redshift.state(), state)
        base = self.redshift.warehouses["speed"].databases["dev"]
        base.schemas["public"]["recent"] = "MATERIALIZED VIEW"
        base.needs[("public", "recent")] = set()
        _, ran = self.succeed("Update", shared("2"), shared("1"), identity)
        self.assertEqual(ran, [("speed", 'ALTER DATASHARE "s" ADD TABLE "public"."recent"')])
        self.assertEqual(self.redshift.state(), state)
        # Where Redshift keeps it in the share, it is taken out and put in again.
        _, ran = self.succeed("Update", shared("3"), shared("2"), identity)
        self.assertEqual(ran, [
            ("speed", 'ALTER DATASHARE "s" REMOVE TABLE "public"."recent"'),
            ("speed", 'ALTER DATASHARE "s" ADD TABLE "public"."recent"'),
        ])

    def test_a_consumer_that_comes_is_granted_and_the_other_left_alone(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        _, ran = self.succeed("Update", share(readers=["serving", "other"]), share(), identity)
        self.assertEqual([text.split()[0] + " " + place for place, text in ran], ["GRANT speed", "CREATE other", "GRANT other"])
        _, ran = self.succeed("Update", share(readers=["other"]), share(readers=["serving", "other"]), identity)
        self.assertEqual([text.split()[0] + " " + place for place, text in ran], ["REVOKE serving", "DROP serving", "REVOKE speed"])

    def test_another_database_is_made_with_its_rights(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        _, ran = self.succeed("Update", share(database="vehicles"), share(), identity)
        self.assertEqual([text[:22] for _, text in ran], [
            'REVOKE USAGE ON DATABA', 'DROP DATABASE "shared"', 'CREATE DATABASE "vehic', 'GRANT USAGE ON DATABAS'])

    def test_a_consumer_that_is_replaced_gets_all_anew(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        new = share()
        new["Warehouses"]["serving"] = target("other")
        for one in new["Objects"]:
            if one["Name"] == "s for serving":
                one["Create"] = [['GRANT USAGE ON DATASHARE "s" TO NAMESPACE ', literal("cccc-consumer")]]
                one["Drop"] = [['REVOKE USAGE ON DATASHARE "s" FROM NAMESPACE ', literal("cccc-consumer")]]
        _, ran = self.succeed("Update", new, share(), identity)
        self.assertEqual([place for place, _ in ran], ["serving", "serving", "speed", "speed", "other", "other"])
        state = self.redshift.state()
        self.assertEqual(list(state["serving"]["databases"]), ["dev"])
        self.assertEqual(state["speed"]["shares"]["s"]["consumers"], ["cccc-consumer"])

    def test_a_new_password_changes_nothing(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        new = share()
        new["Warehouses"]["producer"]["SecretArn"] = SECRET + "-2"
        self.assertEqual(self.succeed("Update", new, share(), identity)[1], [])

    def test_a_create_that_fails_half_way_undoes_what_it_did_and_can_be_repeated(self):
        before = self.redshift.state()
        answer, ran = self.refuse("Create", share())
        self.assertEqual(len(ran), 6)
        self.assertEqual(self.redshift.state(), before)
        self.assertIn('create of table public.trips in s: ERROR: relation "public.trips" does not exist', answer["Reason"])
        self.assertIn("what was made before is dropped again", answer["Reason"])
        # CloudFormation deletes what failed: nothing is left to be dropped.
        self.assertEqual(self.succeed("Delete", share(), identity=answer["PhysicalResourceId"])[1], [])
        self.tables("trips")
        self.succeed("Create", share())

    def test_what_was_there_before_is_not_dropped_by_a_failed_create(self):
        self.tables("trips")
        self.redshift.run("speed", "dev", 'CREATE DATASHARE "s"', False)
        before = self.redshift.state()
        answer, _ = self.refuse("Create", share())
        self.assertIn("already exists", answer["Reason"])
        self.succeed("Delete", share(), identity=answer["PhysicalResourceId"])
        self.assertEqual(self.redshift.state(), before)

    def test_what_could_not_be_undone_is_named_and_dropped_when_the_stack_goes(self):
        before = self.redshift.state()
        self.redshift.fail = "REMOVE SCHEMA"
        answer, _ = self.refuse("Create", share())
        self.assertIn("could not drop again: schema public in s", answer["Reason"])
        self.redshift.fail = None
        _, ran = self.succeed("Delete", share(), identity=answer["PhysicalResourceId"])
        self.assertEqual(self.redshift.state(), before)

    def test_a_failed_update_is_undone_by_the_opposite_one(self):
        self.tables("trips", "alerts")
        identity, _ = self.succeed("Create", share())
        before = self.redshift.state()
        old, new = share(), share(["recent", "alerts", "missing"])
        answer, ran = self.refuse("Update", new, old, identity)
        self.assertEqual(answer["PhysicalResourceId"], identity)
        self.assertNotEqual(self.redshift.state(), before)
        self.redshift.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
        self.succeed("Update", old, new, identity)
        self.assertEqual(self.redshift.state(), before)

    def test_an_update_that_failed_before_it_dropped_anything_is_undone_too(self):
        self.tables("trips", "alerts")
        identity, _ = self.succeed("Create", share())
        before = self.redshift.state()
        self.redshift.fail = "REMOVE TABLE"
        self.refuse("Update", share(["alerts"]), share(), identity)
        self.redshift.fail, self.redshift.stack_status = None, "UPDATE_ROLLBACK_IN_PROGRESS"
        self.succeed("Update", share(), share(["alerts"]), identity)
        self.assertEqual(self.redshift.state(), before)

    def test_an_update_takes_nothing_over_that_is_someone_elses(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        self.redshift.run("speed", "dev", 'ALTER DATASHARE "s" ADD TABLE "public"."old"', False)
        answer, _ = self.refuse("Update", share(["recent", "trips", "old"]), share(), identity)
        self.assertIn("already part of", answer["Reason"])

    def test_what_is_gone_already_does_not_keep_the_stack(self):
        self.tables("trips")
        identity, _ = self.succeed("Create", share())
        self.redshift.run("serving", "dev", 'DROP DATABASE "shared"', False)
        self.redshift.run("speed", "dev", 'DROP DATASHARE "s"', False)
        self.assertEqual(self.succeed("Delete", share(), identity=identity)[1], [])
        del self.redshift.warehouses["serving"]
        self.succeed("Delete", share(), identity=identity)

    def test_another_account_is_authorized_and_loses_it(self):
        arn = "arn:aws:redshift:eu-central-1:111122223333:datashare:aaaa-producer/s"
        call = lambda name: {"Call": name, "With": {"DataShareArn": arn, "ConsumerIdentifier": "444455556666"}}
        usage = lambda start, to: [start + ' USAGE ON DATASHARE "s" ' + to + " ACCOUNT ", literal("444455556666")]
        wanted = sql(
            thing("share s", 'CREATE DATASHARE "s"', 'DROP DATASHARE "s"'),
            thing("s for account", [usage("GRANT", "TO"), call("AuthorizeDataShare")],
                  [call("DeauthorizeDataShare"), usage("REVOKE", "FROM")], needs=["share s"]))
        identity, ran = self.succeed("Create", wanted)
        self.assertEqual(ran[-1][1], "GRANT USAGE ON DATASHARE \"s\" TO ACCOUNT '444455556666'")
        self.assertEqual(self.redshift.authorized, {(arn, "444455556666")})
        self.succeed("Delete", wanted, identity=identity)
        self.assertEqual(self.redshift.authorized, set())
        self.succeed("Delete", wanted, identity=identity)


class Sql(Case):
    def test_what_needs_a_changed_object_is_made_again_around_it(self):
        identity, _ = self.succeed("Create", sql(TRIPS, MILES))
        new = thing("trips", "CREATE TABLE trips (vin varchar(18))", "DROP TABLE IF EXISTS trips")
        _, ran = self.succeed("Update", sql(new, MILES), sql(TRIPS, MILES), identity)
        self.assertEqual([text[:12] for _, text in ran], ["DROP VIEW IF", "DROP TABLE I", "CREATE TABLE", "CREATE VIEW "])

    def test_what_must_not_be_dropped_is_altered(self):
        identity, _ = self.succeed("Create", sql(TRIPS, MILES))
        new = thing("trips", "CREATE TABLE trips (vin varchar(18))", "DROP TABLE IF EXISTS trips",
                    Change=["COMMENT ON TABLE trips IS 'wide'"])
        _, ran = self.succeed("Update", sql(new, MILES), sql(TRIPS, MILES), identity)
        self.assertEqual(ran, [("speed", "COMMENT ON TABLE trips IS 'wide'")])

    def test_what_is_kept_stays(self):
        kept = thing("trips", "CREATE TABLE trips (vin varchar(17))", [])
        identity, _ = self.succeed("Create", sql(kept))
        self.assertEqual(self.succeed("Delete", sql(kept), identity=identity)[1], [])

    def test_order_counts(self):
        answer, _ = self.refuse("Create", sql(MILES, TRIPS))
        self.assertIn('create of miles: ERROR: relation "trips" does not exist', answer["Reason"])

    def test_a_transaction_is_all_or_nothing(self):
        before = self.redshift.state()
        together = thing("both", [{"Together": ["CREATE TABLE a (x int)", "CREATE VIEW b AS SELECT x FROM missing"]}],
                         ["DROP VIEW IF EXISTS b", "DROP TABLE IF EXISTS a"])
        _, ran = self.refuse("Create", sql(together))
        self.assertEqual((ran, self.redshift.state()), ([], before))

    def test_an_object_of_several_steps_is_undone_as_far_as_it_went(self):
        before = self.redshift.state()
        steps = thing("both", ["CREATE TABLE a (x int)", "CREATE VIEW b AS SELECT x FROM missing"],
                      ["DROP VIEW IF EXISTS b", "DROP TABLE IF EXISTS a"])
        self.refuse("Create", sql(steps))
        self.assertEqual(self.redshift.state(), before)

    def test_what_may_not_be_in_a_transaction_is_refused_there(self):
        wrong = thing("both", [{"Together": ["CREATE TABLE a (x int)", 'DROP DATABASE "x"']}], [])
        answer, _ = self.refuse("Create", sql(wrong))
        self.assertIn("cannot run inside a transaction block", answer["Reason"])

    def test_a_statement_that_does_not_end_is_cancelled_and_what_was_before_undone(self):
        before = self.redshift.state()
        self.redshift.hang = "CREATE VIEW"
        answer, _ = self.refuse("Create", sql(TRIPS, MILES))
        self.assertIn("create of miles: it did not end in time, and was cancelled", answer["Reason"])
        self.assertEqual(self.redshift.state(), before)
        self.assertLess(self.clock.now, 900)

    def test_texts_and_names_are_quoted_whatever_is_in_them(self):
        evil = "x'; DROP TABLE old; --\\"
        wanted = sql(thing("remark", [["COMMENT ON TABLE ", {"Name": 'a"b'}, " IS ", literal(evil)]], []))
        _, ran = self.succeed("Create", wanted)
        self.assertEqual(ran, [("speed", "COMMENT ON TABLE \"a\"\"b\" IS 'x''; DROP TABLE old; --\\\\'")])
        answer, _ = self.refuse("Create", sql(thing("remark", [["COMMENT ON TABLE a IS ", literal("a\0b")]], [])))
        self.assertIn("zero byte", answer["Reason"])


class Events(Case):
    def test_an_event_that_comes_twice_runs_each_statement_once(self):
        first, ran = self.succeed("Create", sql(TRIPS, MILES), request="same")
        second, again = self.succeed("Create", sql(TRIPS, MILES), request="same")
        self.assertEqual((first, len(ran), again), (second, 2, []))
        self.succeed("Delete", sql(TRIPS, MILES), identity=first, request="gone")
        self.assertEqual(self.succeed("Delete", sql(TRIPS, MILES), identity=first, request="gone")[1], [])

    def test_a_busy_warehouse_and_new_rights_are_waited_for(self):
        self.redshift.busy, self.redshift.deny = 3, 5
        self.succeed("Create", sql(TRIPS))

    def test_rights_that_never_come_are_a_reason(self):
        self.redshift.deny = 1000
        answer, _ = self.refuse("Create", sql(TRIPS))
        self.assertIn("not authorized to perform", answer["Reason"])
        self.assertLess(self.clock.now, 120)

    def test_the_answer_is_sent_again_when_the_network_fails(self):
        self.offline = 3
        self.succeed("Create", sql(TRIPS))

    def test_what_is_wrong_with_an_event_is_answered_too(self):
        answer, _ = self.refuse("Create", {"Warehouses": {}, "Objects": [TRIPS]})
        self.assertEqual(self.send("Delete", {}, identity=answer["PhysicalResourceId"])[0]["Status"], "FAILED")

    def test_a_long_reason_is_cut(self):
        self.redshift.fail = "CREATE"
        long = thing("x" * 5000, "CREATE TABLE a (x int)", [])
        answer, _ = self.refuse("Create", sql(long))
        self.assertLess(len(json.dumps(answer)), 4096)

    def test_nothing_of_the_statements_and_no_secret_is_logged(self):
        wanted = sql(thing("remark", [["COMMENT ON TABLE old IS ", literal("hunter2")]], []), TRIPS)
        self.succeed("Create", wanted)
        self.redshift.fail = "trips"
        self.refuse("Delete", wanted, identity="a")
        for word in ("hunter2", "COMMENT", "CREATE TABLE", "secret", SECRET):
            self.assertNotIn(word, self.log)
        entries = [json.loads(line) for line in self.log.splitlines()]
        self.assertEqual([entry["do"] for entry in entries], ["Create", "Create", "Create", "Drop", "Drop", "Delete"])


class Templates(Case):
    """The resources of the reference library, in the order in which CloudFormation makes them."""

    def resolve(self, value):
        if isinstance(value, list):
            return [self.resolve(one) for one in value]
        if not isinstance(value, dict):
            return str(value)
        if len(value) != 1 or not next(iter(value)).startswith(("Ref", "Fn::")):
            return {key: self.resolve(one) for key, one in value.items()}
        (function, argument), = value.items()
        if function == "Ref":
            known = {"SpeedCluster": "speed", "ServingWorkgroup": "serving", "DatabaseName": "dev"}
            return known.get(argument, argument)
        if function == "Fn::GetAtt":
            return {
                "SpeedCluster.ClusterNamespaceArn": "arn:aws:redshift:eu-central-1:1:namespace:aaaa-producer",
                "ServingNamespace.Namespace.NamespaceId": "bbbb-consumer",
            }.get(".".join(argument), "arn:" + ".".join(argument))
        if function == "Fn::Sub":
            return argument.replace("${", "").replace("}", "")
        one, other = self.resolve(argument)
        return {"Fn::Join": lambda: one.join(other), "Fn::Split": lambda: other.split(one),
                "Fn::Select": lambda: other[int(one)]}[function]()

    def resources(self):
        folder = HERE.parent.parent / "snapshots/templates"
        for path in sorted(folder.glob("*.template.json")):
            template = json.loads(path.read_text())
            found = {id: one for id, one in template["Resources"].items() if one["Type"] == "Custom::RedshiftSql"}
            if not found:
                continue
            code = template["Resources"]["RedshiftSqlFunction"]["Properties"]["Code"]["ZipFile"]
            self.assertEqual(code, RUNNER.read_text())
            ordered = []
            while len(ordered) < len(found):
                for id, one in found.items():
                    after = one.get("DependsOn", [])
                    after = {after} if isinstance(after, str) else set(after)
                    if id not in ordered and (after & set(found)) <= set(ordered):
                        ordered.append(id)
            yield path.name, [(id, self.resolve(found[id]["Properties"])) for id in ordered]

    def setUp(self):
        super().setUp()
        self.fresh()

    def fresh(self):
        self.redshift.warehouses = fake.Redshift(self.clock, NAMESPACES).warehouses

    def test_all_is_made_and_nothing_is_left(self):
        count = 0
        for name, resources in self.resources():
            with self.subTest(name):
                self.fresh()
                before = self.redshift.state()
                made = [(properties, self.succeed("Create", properties)[0]) for _, properties in resources]
                self.assertNotEqual(self.redshift.state(), before)
                for properties, identity in reversed(made):
                    self.assertEqual(self.succeed("Update", properties, properties, identity)[1], [])
                    self.succeed("Delete", properties, identity=identity)
                self.assertEqual(self.redshift.state(), before)
                count += len(resources)
        self.assertGreaterEqual(count, 5)

    def test_whatever_statement_fails_nothing_of_its_resource_is_left(self):
        count = 0
        for name, resources in self.resources():
            self.fresh()
            for id, properties in resources:
                before = self.redshift.state()
                for one in properties["Objects"]:
                    for step in one["Create"]:
                        if isinstance(step, dict):
                            step = step.get("Together", ["Call"])[-1]
                        with self.subTest(name, resource=id, object=one["Name"]):
                            self.redshift.fail = self.index.sql(step)
                            answer, _ = self.refuse("Create", properties)
                            self.assertIn("injected", answer["Reason"])
                            self.assertEqual(self.redshift.state(), before)
                            count += 1
                self.redshift.fail = None
                self.succeed("Create", properties)
        self.assertGreater(count, 15)


if __name__ == "__main__":
    unittest.main()
