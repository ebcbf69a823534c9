#!/usr/bin/env python3
"""Goes the way that the README shows a newcomer, from nothing to data in a stack, in an empty folder.

    tests/deploy/newcomer.py PROGRAM [--record]

The commands are those of the README, run in one shell as they stand there, and what they print must be what the README
shows, but for times, sizes and names that are made up. formwork is the given program instead of an installed one.
`--record` writes what came into the README.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
SECTION = "## From nothing to a stack"
LOCAL_AWS = "../formwork/scripts/local-aws"
# What parts the outputs of two commands.
MARK = "=====next====="
SECONDS = 300


def main():
    program, record = Path(sys.argv[1]).resolve(), "--record" in sys.argv[2:]
    readme = PROJECT.joinpath("README.md").read_text()
    _, _, section = readme.partition(SECTION)
    section = section.split("\n## ")[0]
    shown = [step for block in re.findall(r"```console\n(.*?)```", section, re.S) for step in steps(block)]
    start = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="formwork-newcomer-") as folder:
        came = run(Path(folder), program, [command for command, _ in shown])
    wrong = 0
    for (command, wanted), (status, got) in zip(shown, came, strict=True):
        if status != "0":
            raise SystemExit(f"`{command}` ended with {status}:\n{got}")
        if record:
            section = section.replace(f"$ {command}\n{wanted}", f"$ {command}\n{got}", 1)
        elif settled(wanted) != settled(got):
            wrong += 1
            print(f"`{command}` prints\n{got}and the README shows\n{wanted}")
    if record:
        head, _, rest = readme.partition(SECTION)
        PROJECT.joinpath("README.md").write_text(head + SECTION + section + "\n## " + rest.split("\n## ", 1)[1])
    print(f"{len(shown)} commands of the README, {wrong} wrong, {time.monotonic() - start:.0f} s")
    return 1 if wrong else 0


def steps(block):
    """The commands of a block, each with what is shown below it."""
    for part in re.split(r"(?m)^\$ ", block)[1:]:
        lines = part.splitlines(keepends=True)
        length = 1
        while lines[length - 1].endswith("\\\n"):
            length += 1
        yield "".join(lines[:length]).rstrip("\n"), "".join(lines[length:])


def run(home, program, commands):
    """Runs commands in one shell; gives the status and the output of each."""
    (home / "bin").mkdir()
    (home / "bin/formwork").symlink_to(program)
    # What is made beside the project is made beside this folder.
    (home / "formwork").mkdir()
    (home / "formwork/scripts").symlink_to(PROJECT / "scripts")
    script, enclosed = ["cd formwork"], 0
    for command in commands:
        if command.startswith("cargo install"):
            # `scripts/test` has built the program.
            command = "true"
        if command == LOCAL_AWS:
            # What comes after it is typed into the shell that it opens.
            script += [f"echo {MARK}0", f"{command} bash -s <<'END' 2>&1"]
            enclosed += 1
            continue
        script += [f"{{ {command}\n}} 2>&1", f'echo "{MARK}$?"']
    script += ["END"] * enclosed
    environment = {"PATH": f"{home / 'bin'}:{os.environ['PATH']}", "HOME": str(home), "LANG": "C.UTF-8"}
    environment.update({name: value for name, value in os.environ.items() if name == "PYTHON"})
    ran = subprocess.run(
        ["bash"], input="\n".join(script) + "\n", cwd=home, env=environment, capture_output=True, text=True, timeout=SECONDS
    )
    came = [(status, output) for output, status in re.findall(rf"(.*?){MARK}(\d+)\n", ran.stdout, re.S)]
    if len(came) != len(commands):
        raise SystemExit(f"{len(came)} of {len(commands)} commands ended:\n{ran.stdout}{ran.stderr}")
    return came


def settled(text):
    """What a command prints, without what is made up anew each time."""
    text = re.sub(r"\d{4}-\d\d-\d\d", "DATE", text)
    text = re.sub(r"\d\d[:-]\d\d[:-]\d\d", "TIME", text)
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "ID", text)
    text = re.sub(r"DeliveryStream-\w{12}", "DeliveryStream-NAME", text)
    return re.sub(r" +\d+ (?=\S+/)", " SIZE ", text)


if __name__ == "__main__":
    sys.exit(main())
