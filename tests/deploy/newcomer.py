#!/usr/bin/env python3
"""Goes the way that the README shows a newcomer, from nothing to a stack, in an empty folder.

    tests/deploy/newcomer.py PROGRAM

The commands are those of the README, read from it. formwork is the given program instead of an installed one, and what
is said to the AWS command line is done on the local AWS. An event is put into what was deployed, and must arrive.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
sys.path.append(str(HERE.parent / "emulator"))

from emulator import Emulator

SECTION = "## From nothing to a stack"
SECONDS = 60


def main():
    program = Path(sys.argv[1]).resolve()
    commands = shown(PROJECT.joinpath("README.md").read_text())
    done = []
    with tempfile.TemporaryDirectory(prefix="formwork-newcomer-") as folder, Emulator(HERE / "placeholders.toml") as emulator:
        home = Path(folder)
        (home / "bin").mkdir()
        (home / "bin/formwork").symlink_to(program)
        for command in commands:
            words = shlex.split(command, comments=True)
            start = time.monotonic()
            match words[:2]:
                case ["cargo", "install"]:
                    # `scripts/test` has built the program.
                    continue
                case ["formwork", _]:
                    environment = {"PATH": f"{home / 'bin'}:{os.defpath}", "HOME": folder, "LANG": "C.UTF-8"}
                    ran = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True)
                    if ran.returncode != 0:
                        raise SystemExit(f"`{command}` ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")
                case ["aws", "cloudformation"]:
                    stack = deploy(emulator, home, options(words[3:]))
                case _:
                    raise SystemExit(f"nobody knows how to do `{command}` here")
            done.append(words[:2])
            print(f"{shlex.join(words)}  ({time.monotonic() - start:.1f} s)")
        for needed in (["formwork", "new"], ["formwork", "check"], ["formwork", "render"], ["aws", "cloudformation"]):
            if needed not in done:
                raise SystemExit(f"the README does not show `{' '.join(needed)}` under `{SECTION}`")
        arrives(emulator, stack)
    return 0


def shown(readme):
    """The commands of the section, one a line."""
    _, _, section = readme.partition(SECTION)
    [block] = re.findall(r"```sh\n(.*?)```", section.split("\n## ")[0], re.S)
    return [line for line in block.replace("\\\n", " ").splitlines() if line.strip()]


def options(words):
    """Options of a command, each with its value."""
    return dict(zip(words[::2], words[1::2], strict=True))


def deploy(emulator, folder, given):
    """`aws cloudformation deploy` with these options."""
    cloudformation = emulator.client("cloudformation")
    name = given["--stack-name"]
    body = (folder / given["--template-file"]).read_text()
    cloudformation.create_stack(StackName=name, TemplateBody=body, Capabilities=[given["--capabilities"]])
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        stack = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
        if not stack["StackStatus"].endswith("_IN_PROGRESS"):
            break
        time.sleep(0.05)
    if stack["StackStatus"] != "CREATE_COMPLETE":
        raise SystemExit(f"the stack is {stack['StackStatus']}: {stack.get('StackStatusReason')}")
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}


def arrives(emulator, outputs):
    """An event of an application comes into the archive."""
    entry = {"Source": "shop.orders", "DetailType": "Order Placed", "Detail": json.dumps({"order": 4711})}
    answer = emulator.client("events").put_events(Entries=[entry])
    if answer["FailedEntryCount"]:
        raise SystemExit(f"the event was refused: {answer['Entries']}")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        found = emulator.client("s3").list_objects_v2(Bucket=outputs["ArchiveBucket"]).get("Contents", [])
        if found:
            break
        time.sleep(0.05)
    keys = [item["Key"] for item in found]
    if len(keys) != 1 or not keys[0].startswith("order_placed/day="):
        raise SystemExit(f"the archive has {keys}")
    print(f"an event is in the archive: {keys[0]}")


if __name__ == "__main__":
    sys.exit(main())
