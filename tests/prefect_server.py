"""A Prefect server on loopback for all workers of a run of pytest, in a process of its own.

It watches the process that all workers have in common, and ends soon after it, so a run that is killed leaves
no server behind.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags
from prefect.settings import PREFECT_API_URL, PREFECT_UI_URL, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from tests.places import ROOT

UI = "http://127.0.0.1:4200"  # where the server believes its pages to be
_START_SECONDS = 120


def start(folder: Path) -> None:
    """Begin it, and wait until its API's address is in the file `url` of the folder."""
    run = os.getppid() if "PYTEST_XDIST_WORKER" in os.environ else os.getpid()
    with (folder / "log").open("wb") as log:
        command = [sys.executable, "-m", __name__, str(folder), str(run)]
        process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )
    while not (folder / "url").exists():
        assert process.poll() is None, (folder / "log").read_text()
        time.sleep(0.1)


def serve(folder: Path, run: int) -> None:
    with temporary_settings({PREFECT_UI_URL: UI}), prefect_test_harness(_START_SECONDS):
        draft = folder / "url.new"
        draft.write_text(PREFECT_API_URL.value())
        draft.rename(folder / "url")
        with suppress(ProcessLookupError):
            while True:
                os.kill(run, 0)
                time.sleep(0.5)


@contextmanager
def client() -> Iterator[SyncPrefectClient]:
    """A client; automations and deployments go in the end, since other tests would see their runs."""
    with get_client(sync_client=True) as client:
        yield client
        for automation in client.read_automations():
            client.delete_automation(automation.id)
        of_project = DeploymentFilter(tags=DeploymentFilterTags(all_=["evergreen"]))
        for deployment in client.read_deployments(deployment_filter=of_project):
            client.delete_deployment(deployment.id)


if __name__ == "__main__":
    serve(Path(sys.argv[1]), int(sys.argv[2]))
