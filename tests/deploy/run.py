#!/usr/bin/env python3
"""Deploys the reference library to a local AWS.

    tests/deploy/run.py PROGRAM [--record] [BLUEPRINT…]

Every blueprint under blueprints/ that is no module becomes a stack. Events are put into it, and what comes out is compared
with `data.toml`, as are the answers of its queries and views. It is updated with other values of its parameters, after
which its alarms are set off, and with a next version of its blueprint, and deleted. `made.toml` has how many of its
resources were really made; fewer than that fails. `--record` writes it anew.

scripts/test calls it, with the Python that has what scripts/emulator.txt pins.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.append(str(HERE.parent / "emulator"))

from answers import Answers
from botocore.exceptions import ClientError
from data import Way
from emulator import Emulator
from probes import Probes
from signals import Signals
from sink import Sink
from stacks import Stack, Template, Wrong

MADE = HERE / "made.toml"
PLACEHOLDERS = HERE / "placeholders.toml"

# What the next version of every blueprint has: another setting, tags, and a component.
NEXT_SETTINGS = """\
defaults:
  tags: { release: next }
  kinds:
    s3-bucket: { expire_previous_versions_after_days: 31 }
"""
NEXT_COMPONENT = "  next-version:\n    kind: sqs-queue\n"
NEXT_RESOURCE = "NextVersionQueue"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program", type=Path)
    parser.add_argument("blueprints", nargs="*")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    # So that everything is stopped and removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="formwork-deploy-") as folder:
        return Run(options, Path(folder)).all()


class Run:
    """One run over the library."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.program = options.program.resolve()
        self.failed, self.counts, self.needed = 0, {}, set()

    def all(self):
        start = time.monotonic()
        templates, nexts = self.render()
        with Sink() as self.sink, Emulator(PLACEHOLDERS, self.sink.url) as emulator:
            for name in templates:
                self.attempt(name, lambda name=name: self.live(emulator, templates[name], nexts[name]))
                emulator.reset()
        self.compare()
        passed = len(templates) - self.failed
        print(f"{len(templates)} stacks, {self.failed} wrong, {time.monotonic() - start:.0f} s")
        return 0 if self.failed == 0 and passed else 1

    def render(self):
        """Every blueprint of the library and its next version, as YAML and JSON."""
        later = self.folder / "later"
        shutil.copytree(PROJECT / "blueprints", later / "blueprints")
        for path in later.glob("blueprints/*/blueprint.yaml"):
            path.write_text(next_version(path.read_text()))
        (later / "formwork.yaml").write_text(NEXT_SETTINGS)
        found = []
        for source, target in [(PROJECT, "now"), (later, "next")]:
            for format_ in ("yaml", "json"):
                command = [self.program, "render", "blueprints", "--format", format_, "-o", self.folder / target]
                ran = subprocess.run(command, cwd=source, capture_output=True, text=True)
                if ran.returncode != 0:
                    raise SystemExit(f"formwork render ended with {ran.returncode}:\n{ran.stderr}")
            names = sorted(path.name.removesuffix(".template.yaml") for path in (self.folder / target).glob("*.yaml"))
            wanted = self.options.blueprints or names
            found.append({name: Template(name, self.folder / target) for name in names if name in wanted})
        if not found[0] or found[0].keys() != found[1].keys():
            raise SystemExit(f"nothing to deploy, or not the same twice: {[sorted(names) for names in found]}")
        return found

    def attempt(self, name, action):
        try:
            print(f"{name}: {action()}", flush=True)
        except (Wrong, ClientError) as error:
            self.failed += 1
            print(f"{name}: WRONG\n    " + str(error).replace("\n", "\n    "), flush=True)
        except Exception:
            self.failed += 1
            print(f"{name}: WRONG\n{traceback.format_exc()}", flush=True)

    def live(self, emulator, template, later):
        """The whole life of the stack of one blueprint; says what was done."""
        probes = Probes(emulator.client)
        given = self.given(emulator, probes)
        stack = Stack(emulator, probes, given, template.name)
        stack.create(template)
        resources = stack.resources()
        self.needed |= {
            (resource["type"], None if resource["type"] not in RESTRICTED else RESTRICTED[resource["type"]])
            for resource in resources.values()
            if resource["placeholder"]
        }
        placeholders = Counter(resource["type"] for resource in resources.values() if resource["placeholder"])
        asked = sum(not resource["placeholder"] and probes.is_there(resource) is True for resource in resources.values())
        counts = {"made": len(resources) - placeholders.total(), "placeholders": placeholders.total()}
        self.counts[template.name] = counts

        cases = [case for case in CASES if case["blueprint"] == template.name]
        said = [self.follow(stack, cases)] if cases else ["no event"]
        if rows := Answers(stack, [query for query in QUERIES if query["blueprint"] == template.name]).follow():
            said.append(f"{rows} rows of queries and views")
        said += [f"{counts['made']} made ({asked} seen through their own API), {counts['placeholders']} placeholders"]
        if changed := stack.change_parameters(template):
            touched = stack.update(template)
            if not touched:
                raise Wrong(f"the update of {', '.join(changed)} changed nothing")
            said.append(f"{', '.join(changed)} changed {len(touched)}")
        if told := Signals(stack).follow():
            said.append(f"{told} alarms heard")
        before = stack.resources()
        touched = stack.update(later)
        after = stack.resources()
        if NEXT_RESOURCE not in touched or len(touched) < 2:
            raise Wrong(f"the next version changed only {touched}")
        replaced = [name for name in before if before[name]["physical"] != after[name]["physical"]]
        if replaced:
            raise Wrong(f"the next version replaced {', '.join(replaced)}")
        said.append(f"the next version {len(touched)}")
        stack.update(template)
        kept = stack.delete(template)
        said.append(f"deleted but for {len(kept)}")
        return "; ".join(said)

    def follow(self, stack, cases):
        """Puts events in, and looks what comes out."""
        found, traced, wrong = 0, 0, []
        folder = PROJECT / "blueprints" / stack.name
        for case in cases:
            try:
                way = Way(self.program, stack, self.sink, folder, case)
                found += way.follow()
                traced += way.traced
            except (Wrong, ClientError) as error:
                wrong.append(f"{case['event']} to {case['to']}: {error}")
        if wrong:
            raise Wrong("\n".join(wrong))
        return f"{len(cases)} events ({traced} as traced), {found} objects and requests"

    def given(self, emulator, probes):
        """What is there before: a stack of its own, whose outputs are values of parameters."""
        cloudformation = emulator.client("cloudformation")
        body = (HERE / "given.template.yaml").read_text()
        cloudformation.create_stack(StackName="given", TemplateBody=body, Capabilities=["CAPABILITY_IAM"])
        stack = Stack(emulator, probes, {}, "given")
        stack.ends_with("CREATE_COMPLETE")
        return stack.outputs

    def compare(self):
        """What was made must not become less."""
        recorded = tomllib.loads(MADE.read_text()) if MADE.exists() else {}
        if self.options.record:
            lines = [
                f"{name} = {{ made = {counts['made']}, placeholders = {counts['placeholders']} }}\n"
                for name, counts in sorted({**recorded, **self.counts}.items())
            ]
            MADE.write_text(MADE_HEAD + "".join(lines))
            return
        for name, counts in self.counts.items():
            known = recorded.get(name)
            if known is None:
                print(f"note: {name} is not in tests/deploy/made.toml; --record adds it")
            elif counts["made"] < known["made"]:
                self.failed += 1
                print(f"{name}: {counts['made']} resources are made, and {known['made']} were before (--record)")
            elif counts != known:
                print(f"note: {name} is more than tests/deploy/made.toml says; --record renews it")
        if not self.options.blueprints:
            for name in recorded.keys() - self.counts.keys():
                self.failed += 1
                print(f"{name}: is in tests/deploy/made.toml, and was not deployed")
            for case in CASES + QUERIES:
                if case["blueprint"] not in self.counts:
                    self.failed += 1
                    print(f"{case['blueprint']}: is in tests/deploy/data.toml, and was not deployed")
            for entry in ENTRIES:
                if entry.get("awaits", next(iter(self.counts))) not in self.counts:
                    continue
                if (entry["type"], entry.get("property")) not in self.needed:
                    self.failed += 1
                    print(f"{entry['type']}: no architecture needs this entry of tests/deploy/placeholders.toml")


MADE_HEAD = """\
# How many resources of each architecture the emulator really makes, and for how many a placeholder stands. Written by
# `tests/deploy/run.py PROGRAM --record`; a run that makes fewer fails.

"""
ENTRIES = tomllib.loads(PLACEHOLDERS.read_text())["placeholder"]
DATA = tomllib.loads((HERE / "data.toml").read_text())
CASES, QUERIES = DATA["case"], DATA["query"]
RESTRICTED = {entry["type"]: entry["property"] for entry in ENTRIES if "property" in entry}


def next_version(text):
    """The blueprint as its next version: a higher number, and one more component."""
    text = re.sub(r"(?m)^version: (\d+)\.(\d+)", lambda found: f"version: {found[1]}.{int(found[2]) + 1}", text)
    return re.sub(r"(?m)^components:\n", f"components:\n{NEXT_COMPONENT}", text)


if __name__ == "__main__":
    sys.exit(main())
