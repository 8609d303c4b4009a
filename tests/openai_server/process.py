"""Starts the server as a process of its own, and talks to it."""

import json
import subprocess
import sys
from typing import Any, Self
from urllib.request import Request, urlopen

from tests.places import ROOT


class OpenAIServer:
    """A server on a free loopback port, from `with` or `start()` on. It ends with this process at the latest.

    Options are those of `python -m tests.openai_server`, as in `OpenAIServer(latency=0.1, start_delay=2)`.
    """

    def __init__(self, faults: dict[str, Any] | None = None, **options: str | float) -> None:
        self._arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self._arguments += [f"--faults={json.dumps(faults or {})}"]
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def base_url(self) -> str:
        """What a client of the API is given."""
        return f"{self.url}/v1"

    @property
    def pid(self) -> int:
        assert self._process is not None, "the server is not started"
        return self._process.pid

    def start(self) -> Self:
        """Start the process; back when its port is known. It listens by then, unless `start_delay` is set."""
        command = [sys.executable, "-m", "tests.openai_server", "--with-parent", *self._arguments]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server ended with code {self._process.wait()}")
        self._port = int(line)
        return self

    def stop(self) -> None:
        """End the process; nothing if it has ended already."""
        if self._process is not None:
            self._process.terminate()
            with self._process:  # closes its pipes and waits
                pass
            self._process = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stats(self) -> dict[str, Any]:
        """Requests by path and status, faults, good answers, in flight; `cpu_seconds` of the server."""
        return self._ask("/_stats")

    def counts(self) -> dict[str, Any]:
        """By key (`counts.request_key`): asked, answered, faulted; `texts` by `counts.text_key`."""
        return self._ask("/_counts")

    def arrivals(self) -> list[float]:
        """When chat and embeddings requests came, in this machine's `time.monotonic()` seconds."""
        return list(self._ask("/_arrivals")["arrivals"])

    def set_plan(self, plan: dict[str, Any]) -> None:
        """Replace the fault plan."""
        self._ask("/_plan", plan)

    def reset(self) -> None:
        """Forget counts, files and batches; back to the first plan."""
        self._ask("/_reset", {})

    def _ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.url + path, data=data), timeout=30) as response:
            answer: dict[str, Any] = json.load(response)
        return answer
