"""What `scripts/bench` measures; it says how."""

import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
STACKS = 20

PIPELINE = """\
blueprint: orders-{number}
version: 1.0.0
title: Orders
components:
  archive:
    kind: s3-bucket
  delivery:
    kind: firehose-stream
    to:
      s3: archive
      layout:
        - day: {{ arrival: yyyy-MM-dd }}
  orders:
    kind: event-rule
    pattern: {{ source: [shop.orders] }}
    targets: [delivery]
"""


def main():
    runs, program, tools = int(sys.argv[1]), Path(sys.argv[2]).resolve(), Path(sys.argv[3]).resolve()
    with tempfile.TemporaryDirectory(prefix="formwork-bench-") as folder:
        work = Path(folder)
        blueprints(work / "blueprints", STACKS)
        subprocess.run([program, "render", "blueprints", "-o", "templates"], cwd=work, check=True, capture_output=True)
        templates = sorted((work / "templates").glob("*.yaml"))
        modules = {**os.environ, "NODE_PATH": str(tools / "node_modules")}
        checkers = PROJECT / ".venv/checkers/bin"
        make = {
            "formwork render": [program, "render", "blueprints", "-o", "made"],
            "CDK, `node pipelines.js`": ["node", HERE / "pipelines.js", str(STACKS), "cdk.out"],
            "troposphere, `python pipelines.py`": [
                tools / "python/bin/python", HERE / "pipelines.py", str(STACKS), "tropo.out",
            ],
        }
        check = {
            "formwork check": [program, "check", "templates"],
            "cfn-lint": [checkers / "cfn-lint", "--regions", "us-east-1", "--", *templates],
            "cloudformation-validate": [checkers / "python", HERE / "validate.py", *templates],
        }
        made = measure(make, runs, work, modules, [work / "made", work / "cdk.out", work / "tropo.out"])
        checked = measure(check, runs, work, modules, [])
        scaled = []
        for count in (10, 100, 1_000, 10_000):
            blueprints(work / f"many-{count}", count)
            command = [program, "render", f"many-{count}", "-o", f"out-{count}"]
            [figures] = measure({str(count): command}, (runs + 1) // 2, work, modules, [work / f"out-{count}"]).values()
            scaled.append((f"`formwork render` of {count:,} blueprints", figures))
        for count in (10, 50, 100, 500):
            file = work / f"logs-{count}.blueprint.yaml"
            head = f"blueprint: logs-{count}\nversion: 1.0.0\ncomponents:\n"
            file.write_text(head + "".join(f"  log-{index}: {{ kind: log-group }}\n" for index in range(count)))
            command = [program, "check", file.name]
            [figures] = measure({str(count): command}, runs, work, modules, []).values()
            scaled.append((f"`formwork check` of one blueprint of {count} resources", figures))
        PROJECT.joinpath("BENCHMARKS.md").write_text(page(runs, made, checked, scaled))
        print(PROJECT.joinpath("BENCHMARKS.md").read_text())


def blueprints(folder, count):
    for number in range(count):
        path = folder / f"orders-{number}" / "blueprint.yaml"
        path.parent.mkdir(parents=True)
        path.write_text(PIPELINE.format(number=number))


def measure(commands, runs, work, environment, stale):
    """The median of seconds and of MiB of each command; they take turns."""
    seen = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            for folder in stale:
                shutil.rmtree(folder, ignore_errors=True)
            seen[name].append(once(list(map(str, command)), work, environment))
            print(f"{name}: {seen[name][-1][0]:.3f} s", file=sys.stderr, flush=True)
    return {
        name: (statistics.median(seconds for seconds, _ in found), statistics.median(size for _, size in found))
        for name, found in seen.items()
    }


def once(command, work, environment):
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=work, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    # Checkers end with findings; 1 is no end in itself.
    if process.returncode not in (0, 2, 4, 6, 8, 10, 12, 14):
        raise SystemExit(f"{command} ended with {process.returncode}:\n{said.decode()}")
    return seconds, usage.ru_maxrss / 1024


def page(runs, made, checked, scaled):
    cpu = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    lines = [
        "# Benchmarks",
        "",
        "Written by `scripts/bench`, which has the commands. Whole processes, medians of "
        f"{runs} runs in which the tools take turns, {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores ({cpu}), "
        f"{platform.system()}, load {load} at the end: compare the ratios more than the figures.",
        "",
        f"## {STACKS} stacks are made",
        "",
        "A bucket, a delivery stream and a rule each, with what they need: `tests/bench/pipelines.js`, `pipelines.py` and "
        "the blueprint in `bench.py`. formwork checks them as well.",
        "",
        *table(made),
        "",
        f"## {STACKS} templates are checked",
        "",
        "Those that formwork has made.",
        "",
        *table(checked),
        "",
        "## How cost grows",
        "",
        "| what | time | memory |",
        "|---|---|---|",
        *[f"| {name} | {shown(seconds)} | {size:.0f} MiB |" for name, (seconds, size) in scaled],
    ]
    return "\n".join(lines) + "\n"


def table(figures):
    own = next(iter(figures.values()))[0]
    yield "| tool | time | times formwork's | memory |"
    yield "|---|---|---|---|"
    for name, (seconds, size) in figures.items():
        yield f"| {name} | {shown(seconds)} | {seconds / own:.0f} | {size:.0f} MiB |"


def shown(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.0f} ms"


main()
