"""`make server`, started for real and seen through its API."""

import os
import signal
import socket
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from deploy.server import POOL
from tests.places import ROOT

Json = dict[str, Any]


def serve(**env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "deploy/server.py"],
        cwd=ROOT,
        env=os.environ | env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def free_port() -> str:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


class Served:
    """A running `make server`, seen through its API."""

    def __init__(self, home: Path) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.api = f"{self.url}/api"
        self.process = serve(
            PREFECT_HOME=str(home), PREFECT_SERVER_API_PORT=port, PREFECT_WORKER_QUERY_SECONDS="1"
        )
        assert self.process.stdout
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError(self.said)

    def ask(self, path: str, body: Json | list[Json] | None = None, method: str | None = None) -> Any:
        method = method or ("GET" if body is None else "POST")
        for _ in range(5):
            answer = httpx.request(method, self.api + path, json=body, timeout=30)
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                break
            time.sleep(1)  # its database is busy: Prefect's own clients ask again too
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def ask_of_run(self, what: str, run_id: str) -> list[Json]:
        column = {"task_runs": "flow_runs", "artifacts": "artifacts", "logs": "logs"}[what]
        name = "id" if what == "task_runs" else "flow_run_id"
        return self.ask(f"/{what}/filter", {column: {name: {"any_": [run_id]}}})

    def runs(self, flow: str, state: str = "") -> list[Json]:
        """The runs of a flow that are due, those in a state only if one is given, the oldest first."""
        due = {"expected_start_time": {"before_": datetime.now(UTC).isoformat()}}
        if state:
            due["state"] = {"name": {"any_": [state]}}
        query = {"flows": {"name": {"any_": [flow]}}, "flow_runs": due, "sort": "EXPECTED_START_TIME_ASC"}
        return self.ask("/flow_runs/filter", query)

    def wait_for_runs(self, count: int, flow: str, state: str = "") -> list[Json]:
        """The same, once there are so many."""
        deadline = time.monotonic() + 240
        while len(found := self.runs(flow, state)) < count:
            assert self.process.poll() is None
            assert time.monotonic() < deadline, [run["state"] for run in self.runs(flow)]
            time.sleep(0.5)
        return found

    def pause(self, paused: bool) -> None:
        """Have the worker take no new runs."""
        self.ask(f"/work_pools/{POOL}", {"is_paused": paused}, "PATCH")

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        self.said += output
        return self.process.returncode
