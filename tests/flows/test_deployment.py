"""The deployment: what `deploy/prefect.yaml` names exists, the form explains itself, and a run ends well.

The last test starts the server and a worker for real; `-k "not real"` leaves it out.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deploy.server import POOL

ROOT = Path(__file__).resolve().parents[2]
DEPLOYMENTS = yaml.safe_load((ROOT / "deploy" / "prefect.yaml").read_text())["deployments"]
SERVER = [sys.executable, "deploy/server.py"]
STAGES = ["ingest", "clean", "embed", "topics", "screen", "annotate", "select", "release"]

Json = dict[str, Any]


@pytest.fixture(params=DEPLOYMENTS, ids=[deployment["name"] for deployment in DEPLOYMENTS])
def deployment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Json:
    monkeypatch.chdir(ROOT)
    return request.param


def test_flow_takes_the_parameters_of_its_deployment(deployment: Json) -> None:
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    settings = flow.validate_parameters(deployment["parameters"])["settings"]
    given = deployment["parameters"]["settings"]
    assert given == {
        table: {name: getattr(getattr(settings, table), name) for name in fields}
        for table, fields in given.items()
    }


def test_worker_can_run_what_is_deployed(deployment: Json) -> None:
    assert deployment["work_pool"]["name"] == POOL
    assert deployment["description"]
    assert all((ROOT / source).is_file() for source in deployment["parameters"].get("sources", []))


def test_form_describes_every_field_and_offers_no_free_form(deployment: Json) -> None:
    schema = parameter_schema(load_flow_from_entrypoint(deployment["entrypoint"])).model_dump()
    fields = dict(_fields(schema, schema["definitions"]))
    assert "settings.select.size" in fields
    assert [name for name, field in fields.items() if not field.get("description")] == []
    assert [name for name, field in fields.items() if not _is_plain(field)] == []


def _fields(table: Json, definitions: Json, prefix: str = "") -> Iterator[tuple[str, Json]]:
    """Every field of a schema and of the tables in it, as the form shows them."""
    for name, field in table["properties"].items():
        target = definitions[field["$ref"].rpartition("/")[2]] if "$ref" in field else {}
        yield prefix + name, target | field
        if target:
            yield from _fields(target, definitions, f"{prefix}{name}.")


def _is_plain(field: Json) -> bool:
    """Whether the form has a widget for it: a table of known fields, a list of plain items, or one value."""
    if field.get("type") == "object":
        return bool(field.get("properties"))
    if field.get("type") == "array":
        return _is_plain(field["items"])
    return field.get("type") in {"string", "integer", "number", "boolean"}


def _serve(**env: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        SERVER, cwd=ROOT, env=os.environ | env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


@pytest.mark.parametrize("port", ["taken", "99999", "http"])
def test_port_that_cannot_be_used_is_one_line(port: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1]) if port == "taken" else port
        server = _serve(PREFECT_HOME=str(tmp_path / "prefect"), PREFECT_SERVER_API_PORT=number)
        output, _ = server.communicate(timeout=30)
    assert server.returncode == 2
    assert output.startswith("evergreen: ")
    assert number in output
    assert output.count("\n") == 1
    assert not (tmp_path / "prefect").exists()


class Served:
    """A running `make server`, seen through its API."""

    def __init__(self, home: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = str(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{port}/api"
        self.process = _serve(PREFECT_HOME=str(home), PREFECT_SERVER_API_PORT=port)
        assert self.process.stdout
        self.said = ""
        for line in self.process.stdout:
            self.said += line
            if line.startswith("Ctrl-C"):
                return
        raise AssertionError(self.said)

    def ask(self, path: str, body: Json | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.api + path, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def ask_of_run(self, what: str, run_id: str) -> list[Json]:
        column = {"task_runs": "flow_runs", "artifacts": "artifacts", "logs": "logs"}[what]
        name = "id" if what == "task_runs" else "flow_run_id"
        return self.ask(f"/{what}/filter", {column: {name: {"any_": [run_id]}}})

    def run(self, parameters: Json) -> Json:
        """Run the deployment to its end."""
        deployment = self.ask("/deployments/name/build/build")
        run = self.ask(f"/deployments/{deployment['id']}/create_flow_run", {"parameters": parameters})
        while run["state_type"] in {"SCHEDULED", "PENDING", "RUNNING"}:
            assert self.process.poll() is None
            time.sleep(1)
            run = self.ask(f"/flow_runs/{run['id']}")
        return run

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        output, _ = self.process.communicate(timeout=60)
        self.said += output
        return self.process.returncode


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "prefect")
    yield served
    if served.process.poll() is None:
        served.stop()


@pytest.mark.timeout(600)  # 2 minutes on two busy cores: four Python processes start, UMAP is compiled
def test_real_run_of_the_deployment_completes(served: Served, tmp_path: Path) -> None:
    home = tmp_path / "home"
    sources = ["deploy/demo/conversations.jsonl"]  # relative: runs start in the root of the repository
    run = served.run({"sources": sources, "home": str(home), "settings": {"select": {"size": 20}}})
    logs = {log["name"]: log["message"] for log in served.ask_of_run("logs", run["id"])}
    assert run["state_type"] == "COMPLETED", logs
    tasks = [task["name"] for task in served.ask_of_run("task_runs", run["id"])]
    gates = [f"gate: {stage}" for stage in STAGES]
    assert sorted(tasks) == sorted([*STAGES, *gates, "start", "publish", "finish"])
    keys = {artifact["key"] for artifact in served.ask_of_run("artifacts", run["id"])}
    assert keys >= {"funnel", "topics", "release", *(f"checks-{stage}" for stage in STAGES)}
    release = json.loads((home / "releases" / "latest.json").read_text())["release_id"]
    manifest = json.loads((home / "releases" / release / "manifest.json").read_text())
    assert (manifest["questions"], manifest["settings"]["select"]["per_topic"]) == (20, 2)
    assert "tasks.clean.task" in logs  # what stages log with the standard library is in the run's log …
    assert served.stop() == 0
    assert "tasks.clean.task - " in served.said  # … and on the console
    assert served.said.endswith("Stopped.\n")
