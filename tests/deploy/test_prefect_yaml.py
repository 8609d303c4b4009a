"""The deployments: what `deploy/prefect.yaml` names exists, and the form explains itself.

tests/browser has them run for real.
"""

import json
import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from deploy import automations
from deploy.bootstrap import VARIABLES
from deploy.server import POOL
from tests.browser.served import Json, serve
from tests.places import ROOT

TEXT = (ROOT / "deploy" / "prefect.yaml").read_text()
for name, value in VARIABLES.items():
    TEXT = TEXT.replace(f'"{{{{ prefect.variables.{name} }}}}"', json.dumps(value))
DEPLOYMENTS = yaml.safe_load(TEXT)["deployments"]


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


@pytest.mark.parametrize("port", ["taken", "99999", "http"])
def test_port_that_cannot_be_used_is_one_line(port: str, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = str(taken.getsockname()[1]) if port == "taken" else port
        server = serve(PREFECT_HOME=str(tmp_path / "prefect"), PREFECT_SERVER_API_PORT=number)
        output, _ = server.communicate(timeout=30)
    assert server.returncode == 2
    assert output.startswith("evergreen: ")
    assert number in output
    assert output.count("\n") == 1
    assert not (tmp_path / "prefect").exists()


def test_silence_is_three_heartbeats_of_every_deployment() -> None:
    for deployment in DEPLOYMENTS:
        beat = deployment["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"]
        assert timedelta(seconds=3 * int(beat)) == automations.SILENCE
        assert deployment["tags"] == [automations.TAG]
