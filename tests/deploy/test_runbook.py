"""deploy/: what the runbook says can be done, and compose.yaml and the image rely on what is there."""

import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.settings import Settings
from prefect.settings.legacy import _get_settings_fields

from deploy.server import POOL
from flows.cli import app
from tests.places import ROOT

DEPLOY = ROOT / "deploy"
RUNBOOK = (DEPLOY / "README.md").read_text(encoding="utf-8")
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ENV = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def code() -> list[str]:
    """Lines of fenced code, and code in sentences, of the pages that operators read."""
    found = []
    for page in ("README.md", "deploy/README.md"):
        text = (ROOT / page).read_text(encoding="utf-8")
        for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            found += [line.split(" #")[0] for line in block.splitlines()]
        found += re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return found


_CALL = re.compile(r"(?:^|venv/bin/|exec worker )evergreen +([a-z][^…]*)$")
COMMANDS = sorted({match[1] for line in code() if (match := _CALL.search(line))})
TARGETS = {name for line in code() for name in re.findall(r"\bmake (?:-C \S+ )?([a-z-]+)", line)}


@pytest.mark.parametrize("command", COMMANDS)
def test_commands_of_the_pages_exist_with_these_options(command: str) -> None:
    app.parse_args(shlex.split(command), exit_on_error=False, print_error=False)


def test_make_targets_of_the_pages_exist() -> None:
    known = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "server", "setup"} <= TARGETS <= set(known)


def test_back_up_and_restore_of_the_runbook_keep_a_home(tmp_path: Path) -> None:
    (tmp_path / "my-home" / "journal").mkdir(parents=True)
    (tmp_path / "my-home" / ".lock").touch()
    (tmp_path / "my-home" / "journal" / "answers.jsonl").write_text("{}\n")
    section = RUNBOOK[RUNBOOK.index("## Back-up and restore") :]
    save, restore = re.findall(r"```sh\n(.*?)```", section, re.DOTALL)[:2]
    subprocess.run(["sh", "-ec", save], cwd=tmp_path, check=True)
    shutil.rmtree(tmp_path / "my-home")
    copied = "\n".join(line for line in restore.splitlines() if "evergreen" not in line)
    subprocess.run(["sh", "-ec", copied], cwd=tmp_path, check=True)
    assert (tmp_path / "my-home" / "journal" / "answers.jsonl").read_text() == "{}\n"
    assert not (tmp_path / "my-home" / ".lock").exists()


def test_compose_starts_things_in_order_and_again() -> None:
    waits = {
        (name, other, needed["condition"])
        for name, service in SERVICES.items()
        for other, needed in service.get("depends_on", {}).items()
    }
    assert waits == {
        ("server", "postgres", "service_healthy"),
        ("bootstrap", "server", "service_healthy"),
        ("worker", "bootstrap", "service_completed_successfully"),
    }
    assert all("healthcheck" in SERVICES[other] for _, other, how in waits if how == "service_healthy")
    assert {name: service["restart"] for name, service in SERVICES.items()} == {
        "postgres": "unless-stopped",
        "server": "unless-stopped",
        "bootstrap": "on-failure:5",
        "worker": "unless-stopped",
    }


def test_compose_opens_no_port_to_others_and_keeps_what_matters() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports == ["127.0.0.1:4200:4200"]
    volumes = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert volumes == set(COMPOSE["volumes"])
    image = (DEPLOY / "Dockerfile").read_text()
    assert all(folder in image for folder in ("/srv/evergreen/homes", "PREFECT_HOME=/var/lib/prefect"))


def test_compose_runs_what_is_there() -> None:
    assert SERVICES["worker"]["command"][4] == POOL
    script = SERVICES["bootstrap"]["command"][-1]
    assert (DEPLOY / "bootstrap.py").is_file()
    assert (DEPLOY / "apply.py").is_file()
    assert script == "python -m deploy.bootstrap && python -m deploy.apply"


def test_variables_of_compose_are_prefects_or_in_the_example() -> None:
    asked = set(re.findall(r"\$\{(\w+)", (DEPLOY / "compose.yaml").read_text()))
    assert asked <= ENV
    given = {name for service in SERVICES.values() for name in service.get("environment", {})}
    of_prefect = {name for name in given if name.startswith("PREFECT_")}
    assert given - of_prefect == {"POSTGRES_DB", "POSTGRES_USER", "POSTGRES_PASSWORD"}
    assert of_prefect <= set(_get_settings_fields(Settings))


def test_image_copies_what_is_there_and_has_a_python_in_range() -> None:
    image = (DEPLOY / "Dockerfile").read_text()
    copied = [name for line in re.findall(r"^COPY (.+)$", image, re.MULTILINE) for name in line.split()[:-1]]
    assert [name for name in copied if not (ROOT / name).exists()] == []
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) <= set(copied)
    minor = int(re.search(r"^FROM python:3\.(\d+)-", image, re.MULTILINE)[1])
    assert project["project"]["requires-python"] == ">=3.11,<3.14"
    assert 11 <= minor < 14
    let_through = re.findall(r"^!(.+)$", (DEPLOY / "Dockerfile.dockerignore").read_text(), re.MULTILINE)
    assert sorted(let_through) == sorted(copied)


def test_variables_of_the_runbook_are_in_the_example() -> None:
    named = set(re.findall(r"\b(?:EVERGREEN|OPENAI|POSTGRES)_[A-Z0-9_]+", RUNBOOK))
    assert named - {"EVERGREEN_LLM__ENDPOINTS"} <= ENV


def test_messages_that_the_runbook_explains_are_what_the_program_says() -> None:
    sources = [
        path.read_text() for folder in ("tasks", "flows", "deploy") for path in (ROOT / folder).rglob("*.py")
    ]
    said = " ".join(re.sub(r'"\s+f?"', "", " ".join(sources)).split())
    explained = re.findall(
        r"^\| a run (?:Failed, |is Crashed, |logs )(?:`([^`]+)`|\"(.+?)\")", RUNBOOK, re.MULTILINE
    )
    parts = [part.strip() for pair in explained for part in "".join(pair).split("…")]
    assert len(explained) > 7
    assert [part for part in parts if part not in said] == []
