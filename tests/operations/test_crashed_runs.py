"""A run that was killed together with its worker is marked as crashed, told of, and gives up its turn."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.objects import ConcurrencyOptions, FlowRun
from prefect.settings import PREFECT_API_URL
from prefect.states import Running

from deploy import automations, bootstrap
from tests.operations.killing import IN_PLACE, kill_tree
from tests.places import ROOT
from tests.plugins.webhook import Told
from tests.prefect_server import UI

DEPLOYMENTS = yaml.safe_load((ROOT / "deploy" / "prefect.yaml").read_text())["deployments"]
REFRESH = next(deployment for deployment in DEPLOYMENTS if deployment["name"] == "refresh")


def deployed(client: SyncPrefectClient, name: str = "as refresh") -> UUID:
    """A flow of the tests, deployed as `refresh` is."""
    limit = REFRESH["concurrency_limit"]
    return client.create_deployment(
        client.create_flow_from_name("wait"),
        name,
        entrypoint="tests/operations/waiting.py:wait",
        pull_steps=[IN_PLACE],
        tags=REFRESH["tags"],
        work_pool_name=bootstrap.POOL,
        job_variables=REFRESH["work_pool"]["job_variables"],
        concurrency_limit=limit["limit"],
        concurrency_options=ConcurrencyOptions(collision_strategy=limit["collision_strategy"]),
    )


@contextmanager
def worker() -> Iterator["subprocess.Popen[bytes]"]:
    env = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value(), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "prefect", "worker", "start", "--pool", bootstrap.POOL],
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        kill_tree(process)


def eventually(client: SyncPrefectClient, run: FlowRun, name: str) -> FlowRun:
    deadline = time.monotonic() + 120
    while (found := client.read_flow_run(run.id)).state_name != name:
        assert time.monotonic() < deadline, found.state
        time.sleep(0.2)
    return found


def test_a_run_killed_with_its_worker_is_told_of_and_the_next_one_runs(
    client: SyncPrefectClient, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["bootstrap"])
    monkeypatch.setenv(bootstrap.NOTIFY, told.url)
    bootstrap.main()
    until = {"until": str(tmp_path / "go")}
    deployment, other = deployed(client), deployed(client, "another")

    def new_run(name: str, deployment: UUID = deployment) -> FlowRun:
        return client.create_flow_run_from_deployment(deployment, parameters=until, name=name)

    lost, killed = new_run("lost", other), new_run("killed")
    client.set_flow_run_state(lost.id, Running(), force=True)  # the machine died, and no event ever comes
    # A run may take 25 s to start, and gives a sign of life every 30.
    automations.end_silent_runs(client, timedelta(seconds=45))
    with worker():
        eventually(client, killed, "Running")
    waiting = new_run("waiting")
    with worker():
        eventually(client, waiting, "AwaitingConcurrencySlot")
        state = eventually(client, killed, "Crashed").state
        (tmp_path / "go").touch()
        eventually(client, waiting, "Completed")
    assert client.read_flow_run(lost.id).state_name == "Crashed"
    messages = {message["run"]: message for message in told.wait(2)}
    message = messages["killed"]
    assert set(messages) == {"killed", "lost"}
    assert (message["state"], message["message"]) == ("Crashed", state.message)
    assert message["url"] == f"{UI}/runs/flow-run/{killed.id}"
    assert message["text"] == f"killed Crashed: {state.message} {message['url']}"
