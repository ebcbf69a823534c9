"""MiniStack 1.5.33 with what the architectures of formwork need and it lacks.

    python shim.py PLACEHOLDERS JOURNAL

PLACEHOLDERS is the list of resource types that nothing makes (tests/deploy/placeholders.toml); JOURNAL is a file that
gets one line of JSON for each resource that a stack makes or changes. The port and all other settings are MiniStack's
own variables of the environment. `emulator.py` starts this, on loopback alone.

It uses private parts of a pinned version. Whatever is added here follows the documentation of AWS, which is named beside
it; what MiniStack does otherwise than documented is in tests/deploy/differences.toml.
"""

import os
import signal
import sys
import threading

from ministack import app

import clock
import columns
import crawlers
import firehose
import metrics
import permissions
import producers
import queries
import redshift
import resources


def end_with_input():
    """Ends this process and its workers once nobody holds the other end of its input."""
    sys.stdin.buffer.read()
    os.killpg(os.getpgrp(), signal.SIGKILL)


def main():
    placeholders, journal = sys.argv[1:]
    del sys.argv[1:]
    firehose.install()
    columns.install()
    crawlers.install()
    metrics.install()
    permissions.install()
    producers.install()
    queries.install()
    resources.install(placeholders, journal)
    app.app = clock.in_front_of(redshift.in_front_of(app.app, journal))
    threading.Thread(target=end_with_input, daemon=True).start()
    app.main()


if __name__ == "__main__":
    main()
