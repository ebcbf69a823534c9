"""Starts the local AWS and stops it again.

    emulator.py PLACEHOLDERS [COMMAND…]

runs a command, or a shell, that speaks to it.

It listens on loopback alone, on a port that is free, with an environment of its own: nothing of the user's account is
seen, and none of MiniStack's listeners beside its gateway is opened.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

import boto3
from botocore.config import Config

HERE = Path(__file__).resolve().parent
START_SECONDS = 60


class Emulator:
    """A running emulator; a context, so that it is stopped however its use ends."""

    def __init__(self, placeholders, sink="http://127.0.0.1:9"):
        self.placeholders, self.sink = Path(placeholders), sink
        self.process = None

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="formwork-emulator-")
        folder = Path(self.folder.name)
        self.journal, self.log = folder / "journal", folder / "log"
        self.journal.touch()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        environment = {
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PATH": os.defpath,
            "LANG": "C.UTF-8",
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "LOG_LEVEL": "WARNING",
            # What the roles of functions may do is asked of them.
            "AUTH": "true",
            "HTTP_SINK": self.sink,
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, str(HERE / "shim.py"), str(self.placeholders.resolve()), str(self.journal)]
        # A group of its own, as it starts workers that run functions. It ends with its input, so even when nobody is left
        # who could stop it.
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, env=environment, cwd=folder, stdin=subprocess.PIPE, stdout=log, stderr=log,
                start_new_session=True,
            )
        try:
            self.wait()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def wait(self):
        """Waits until it answers."""
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the emulator ended with {self.process.returncode}:\n{self.said()}")
            try:
                with urllib.request.urlopen(f"{self.url}/_ministack/health", timeout=5):
                    return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError(f"the emulator does not answer after {START_SECONDS} s:\n{self.said()}")

    def stop(self):
        for signal_ in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.process.pid, signal_)
                self.process.wait(timeout=10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self.process.wait()
        self.process.stdin.close()
        self.folder.cleanup()

    def said(self, lines=40):
        """The end of what it has logged."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def reset(self):
        """Forgets everything."""
        request = urllib.request.Request(f"{self.url}/_ministack/reset", b"", method="POST")
        with urllib.request.urlopen(request, timeout=60):
            self.journal.write_text("")

    def client(self, service):
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1}, read_timeout=120),
        )

    def environment(self):
        """What makes the AWS command line and the SDKs speak to it, and nothing else."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        return {
            **ours,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{ours.get('PATH', os.defpath)}",
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_PAGER": "",
            # No profile of the user has a say.
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def made(self, stack):
        """The resources of a stack as they were last made or changed, by logical id."""
        lines = (json.loads(line) for line in self.journal.read_text().splitlines())
        return {line["id"]: line for line in lines if line["stack"] == stack}


def main():
    placeholders, *command = sys.argv[1:]
    with Emulator(placeholders) as emulator:
        if not command:
            command = [os.environ.get("SHELL", "bash")]
            print(f"a local AWS is at {emulator.url}; it ends with this shell", file=sys.stderr)
        # Who interrupts means the command, and not what it speaks to.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        mind = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
        try:
            status = subprocess.run(command, env=emulator.environment(), preexec_fn=mind).returncode
        except OSError as error:
            print(f"error: cannot run {command[0]}: {error.strerror}", file=sys.stderr)
            return 127
        return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main())
