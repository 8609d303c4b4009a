"""A Prefect server and a worker, as processes of their own that may be killed and started again."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import httpx
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.settings import PREFECT_API_URL, temporary_settings

from deploy.bootstrap import make_pool
from deploy.server import POOL
from tests.browser.served import free_port
from tests.operations.killing import IN_PLACE, kill_tree
from tests.places import ROOT

_BOUND = 180  # seconds that anything here may take


def eventually(is_so: Callable[[], bool], what: str) -> None:
    """Wait for something, not for ever."""
    deadline = time.monotonic() + _BOUND
    while not is_so():
        assert time.monotonic() < deadline, f"{what} did not come"
        time.sleep(0.1)


class Service:
    """A server that has `refresh` deployed, and a worker for it, whose runs write to `log`."""

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self.api = f"http://127.0.0.1:{self._port}/api"
        self.log = folder / "worker.log"
        self._env = {
            **os.environ,
            "PREFECT_HOME": str(folder / "prefect"),
            "PREFECT_API_URL": self.api,
            "PREFECT_API_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder}/prefect.db",
            "PREFECT_WORKER_QUERY_SECONDS": "1",
            "PREFECT_LOGGING_EXTRA_LOGGERS": "tasks,evergreen",
            "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
            "PREFECT_SERVER_UI_ENABLED": "false",
        }
        self._children: dict[str, subprocess.Popen[bytes]] = {}
        self.start_server()
        with self.client() as client:
            make_pool(client)
            self._deployment = client.create_deployment(
                client.create_flow_from_name("refresh"),
                "killable",
                entrypoint="flows/refresh.py:refresh",
                pull_steps=[IN_PLACE],
                work_pool_name=POOL,
            )
        self.start_worker()

    def client(self) -> SyncPrefectClient:
        with temporary_settings({PREFECT_API_URL: self.api}):
            return get_client(sync_client=True)

    def start_server(self) -> None:
        self._start("server", "server", "start", "--host", "127.0.0.1", "--port", self._port)
        eventually(self._is_healthy, "the server")

    def start_worker(self) -> None:
        self._start("worker", "worker", "start", "--pool", POOL, "--type", "process")

    def run(self, **parameters: object) -> UUID:
        """Have the worker begin a run."""
        with self.client() as client:
            return client.create_flow_run_from_deployment(self._deployment, parameters=parameters).id

    def state(self, run: UUID) -> str:
        with self.client() as client:
            return str(client.read_flow_run(run).state_name)

    def kill(self, name: str) -> None:
        """Kill -9 the server, or the worker with what it runs."""
        kill_tree(self._children.pop(name))

    def stop(self) -> None:
        for name in list(self._children):
            self.kill(name)

    def _start(self, name: str, *command: str) -> None:
        with self.log.open("ab") as log:
            self._children[name] = subprocess.Popen(
                [sys.executable, "-m", "prefect", "--no-prompt", *command],
                cwd=ROOT,
                env=self._env,
                stdout=log if name == "worker" else subprocess.DEVNULL,
                stderr=subprocess.STDOUT,
            )

    def _is_healthy(self) -> bool:
        try:
            return httpx.get(f"{self.api}/health", timeout=5).is_success
        except httpx.HTTPError:
            return False
