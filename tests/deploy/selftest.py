#!/usr/bin/env python3
"""Tests of the deploy tests: that they find what they look for."""

import re
import tomllib
import unittest
from pathlib import Path

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


if __name__ == "__main__":
    unittest.main()
