#!/usr/bin/env python3
"""Tests of the deploy tests: that they find what they look for."""

import re
import sys
import tomllib
import unittest
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "emulator"))

import crawlers
import duckdb
import queries
import sqlglot
from columns import Names
from resolved import unresolved
from run import next_version
from stacks import Conditions


def made(properties, physical="stack-queue-1"):
    return {
        "Queue": {"physical": physical, "properties": {}},
        "Topic": {"physical": "topic-1", "properties": properties},
    }


def found(wanted, given):
    template = {"Resources": {"Queue": {}, "Topic": {"Properties": wanted}}}
    return unresolved(template, made(given))


class Unresolved(unittest.TestCase):
    def right(self, wanted, given):
        self.assertEqual(found(wanted, given), [])

    def wrong(self, wanted, given, text):
        self.assertIn(text, "\n".join(found(wanted, given)))

    def test_references_are_the_names_of_what_was_made(self):
        self.right({"A": {"Ref": "Queue"}}, {"A": "stack-queue-1"})
        self.wrong({"A": {"Ref": "Queue"}}, {"A": "Queue"}, "Topic/A: 'Queue' is not Queue")
        self.wrong({"A": {"Ref": "Queue"}}, {}, "is not Queue")
        self.wrong({"A": {"Ref": "Queu"}}, {"A": "Queu"}, "nothing is called Queu")
        self.wrong({"A": {"Fn::Sub": "${Queu.Arn}"}}, {"A": "x"}, "nothing is called Queu.Arn")
        self.wrong({"A": {"Fn::GetAtt": ["Queu", "Arn"]}}, {"A": "x"}, "nothing is called Queu")

    def test_attributes_have_a_value(self):
        self.right({"A": [{"Fn::GetAtt": ["Queue", "Arn"]}]}, {"A": ["arn"]})
        self.wrong({"A": [{"Fn::GetAtt": ["Queue", "Arn"]}]}, {"A": [""]}, "Topic/A/0: ['Queue', 'Arn'] has no value")

    def test_no_bracket_is_left_but_those_that_are_meant(self):
        self.right({"A": {"Fn::Sub": "${Queue}/${!Name}"}}, {"A": "stack-queue-1/${Name}"})
        self.wrong({"A": {"Fn::Sub": "${Queue}/x"}}, {"A": "${Queue}/x"}, "${Queue} is left")

    def test_what_is_left_out_may_be_missing_and_nothing_else(self):
        optional = {"Fn::If": ["C", {"Ref": "Queue"}, {"Ref": "AWS::NoValue"}]}
        self.right({"A": [optional, "b"], "B": optional}, {"A": ["b"]})
        self.right({"A": [optional, "b"]}, {"A": ["stack-queue-1", "b"]})
        self.wrong({"A": [optional, "b"]}, {"A": ["stack-queue-1"]}, "Topic/A")
        self.wrong({"A": ["b"]}, {"A": ["b", "c"]}, "1 items too many")
        self.wrong({"A": {"B": "c"}}, {"A": {}}, "Topic/A/B: has no value")
        self.wrong({"A": 1, "B": "text"}, {"A": 1, "B": "other"}, "'other' instead of 'text'")

    def test_tags_of_cloudformation_are_no_surprise(self):
        self.right({"Tags": []}, {"Tags": [{"Key": "aws:cloudformation:stack-name", "Value": "a"}]})
        self.wrong({"Tags": []}, {"Tags": [{"Key": "team", "Value": "a"}]}, "1 items too many")


class Helpers(unittest.TestCase):
    def test_conditions_are_decided(self):
        template = {
            "Parameters": {"Email": {"Default": ""}, "Stage": {"Default": "dev"}},
            "Conditions": {
                "HasEmail": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Email"}, ""]}]},
                "Both": {"Fn::And": [{"Condition": "HasEmail"}, {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}]},
            },
        }
        for parameters, email, both in [({}, 0, 0), ({"Email": "a"}, 1, 0), ({"Email": "a", "Stage": "prod"}, 1, 1)]:
            conditions = Conditions(template, parameters)
            self.assertEqual(conditions.hold({"Condition": "HasEmail"}), bool(email))
            self.assertEqual(conditions.hold({"Condition": "Both"}), bool(both))
            self.assertTrue(conditions.hold({}))

    def test_the_next_version_has_a_higher_number_and_one_more_component(self):
        text = next_version("blueprint: a\nversion: 1.4.0\ncomponents:\n  a:\n    kind: sqs-queue\n")
        self.assertIn("version: 1.5.0\ncomponents:\n  next-version:\n    kind: sqs-queue\n  a:\n", text)

    def test_differences_have_a_source_and_what_mends_them_exists(self):
        here = Path(__file__).resolve().parent
        entries = tomllib.loads((here / "differences.toml").read_text())["difference"]
        for entry in entries:
            self.assertTrue(entry["source"].startswith("https://docs.aws.amazon.com/"), entry)
            self.assertEqual(len(entry.keys() & {"mended", "left"}), 1, entry)
            if "mended" in entry:
                file, function = entry["mended"].split(":")
                text = (here.parent / "emulator" / file).read_text()
                self.assertTrue(re.search(rf"(?m)^(async )?def {function}\(", text), entry)


class Readers(unittest.TestCase):
    """What reads in the local AWS what Firehose has written."""

    def test_fields_are_called_as_the_table_has_them(self):
        names = Names({"ColumnToJsonKeyMappings": {"from_ip": "ses:from-ip"}})
        kinds = {"mail": "struct<sentto:array<string>,tags:struct<from_ip:string>>", "raw": "string", "gone": "int"}
        given = {"Mail": {"sentTo": ["a"], "tags": {"ses:from-ip": "b"}, "more": 1}, "raw": {"x": [1]}}
        expected = {"mail": {"sentto": ["a"], "tags": {"from_ip": "b"}}, "raw": '{"x":[1]}', "gone": None}
        self.assertEqual(names.struct(kinds, given), expected)

    def test_a_line_without_a_record_is_a_row_of_nulls(self):
        found = list(queries.rows(b'{"a": 1}\n\n', "key", {"a": "int"}, {}))
        self.assertEqual(found, [{"a": 1}, {"a": None}])
        with self.assertRaisesRegex(ValueError, "HIVE_CURSOR_ERROR"):
            list(queries.rows(b"{", "key", {"a": "int"}, {}))

    def test_a_projection_makes_some_values_alone(self):
        settings = {
            "projection.kind.type": "enum", "projection.kind.values": "a,b",
            "projection.month.type": "integer", "projection.month.range": "1,12", "projection.month.digits": "2",
            "projection.year.type": "integer", "projection.year.range": "2020,2030",
            "projection.day.type": "date", "projection.day.format": "yyyy-MM-dd", "projection.day.range": "2026-01-01,NOW+1DAYS",
        }
        for name, value in [("kind", "b"), ("month", "03"), ("year", "2026"), ("day", "2026-02-28")]:
            self.assertTrue(queries.projected(settings, name, value), (name, value))
        for name, value in [("kind", "c"), ("month", "3"), ("month", "13"), ("year", "2031"), ("day", "2025-12-31"),
                            ("day", "2999-01-01"), ("day", "28.2.2026")]:
            self.assertFalse(queries.projected(settings, name, value), (name, value))

    def test_rows_in_a_list_become_columns(self):
        text = "SELECT n, a, b FROM t CROSS JOIN UNNEST(items) AS item (a, b)"
        with duckdb.connect() as connection:
            connection.execute("CREATE TABLE \"d.t\" AS SELECT 1 AS n, [{'x': 2, 'y': 3}, {'x': 4, 'y': 5}] AS items")
            reader = queries.Reader(connection)
            reader.known.add(("d", "t"))
            answer = connection.execute(reader.translated(sqlglot.parse_one(text, read="athena"), "d"))
            self.assertEqual(answer.fetchall(), [(1, 2, 3), (1, 4, 5)])

    def test_crawlers_leave_out_what_is_excluded(self):
        for key, pattern in [("errors/a/b", "errors/**"), ("a.csv", "*.csv"), ("a/b.csv", "**.csv")]:
            self.assertTrue(crawlers.fits(key, pattern), (key, pattern))
        for key, pattern in [("data/errors/a", "errors/**"), ("a/b.csv", "*.csv")]:
            self.assertFalse(crawlers.fits(key, pattern), (key, pattern))

    def test_crawlers_widen_types(self):
        fields = {}
        for value in [{"a": 1, "b": {"c": "x"}}, {"a": 2**40, "b": {"d": [1.5]}}]:
            for name, item in value.items():
                crawlers.merge(fields, name, crawlers.kind(item))
        written = {name: crawlers.written(kind) for name, kind in fields.items()}
        self.assertEqual(written, {"a": "bigint", "b": "struct<c:string,d:array<double>>"})


if __name__ == "__main__":
    unittest.main()
