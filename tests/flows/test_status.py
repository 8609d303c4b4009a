"""What `evergreen status` says of a home, whatever goes on there; the next run is asked of a real server."""

import json
import shutil
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.states import Scheduled

import flows.status
from flows.status import Status, read_status
from flows.status_report import print_status
from tasks import warehouse
from tasks.home.task import start
from tasks.refs import Run
from tasks.settings import LlmSettings, RefreshSettings, Settings
from tasks.storage import hold_home
from tests.places import ROOT
from tests.plugins.homes import Copy
from tests.tasks.publish.homes import ADD_CALLS, Home, unreleased

NEW, OLD = "s3://bucket/new", "s3://bucket/old?"
SETTINGS = Settings(
    refresh=RefreshSettings(sources=(NEW, f"{OLD}signature=SECRET", "s3://bucket/unread")),
    llm=LlmSettings(max_usd=20),
)
ADD_CHECKS = f"""
insert into raw.source_checks
select run_id, source_id, source, now()::timestamp - ago, outcome, detail, 9, 1, now()::timestamp - age, day
from (values
    ('run-1', 'a', '{NEW}', interval 8 day, 'failed', 'timed out', null, null),
    ('run-2', 'a', '{NEW}', interval 1 hour, 'new', '', interval 3 hour, null),
    ('run-1', 'b', '{OLD}', interval 8 day, 'nothing', '', null, today() - 9),
    ('run-2', 'c', '{OLD}', interval 1 hour, 'failed', 'no right to read', null, null),
    ('run-0', 'd', 's3://bucket/dropped', interval 30 day, 'new', '', null, null)
) as t (run_id, source_id, source, ago, outcome, detail, age, day);
insert into core.checks
select 'run-2', 'select', 'size_reached', 'warning', false, 7, [], '', now()::timestamp
"""
SET_RUNS = """
update core.runs set
    flow = 'refresh',
    release_id = 'rel-' || right(run_id, 1),
    settings = $settings,
    started_at = now()::timestamp - if(run_id = 'run-1', interval 7 day, interval 65 minute),
    finished_at = now()::timestamp - if(run_id = 'run-1', interval 6 day, interval 60 minute),
    state = if(run_id = 'run-1', 'done', 'failed'),
    error = if(run_id = 'run-1', null, 'no route to the target')
"""


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setenv("COLUMNS", "100")


@pytest.fixture(scope="module")
def template(good_home: Path, copy: Copy) -> Home:
    """Two refreshes: one whose release is the latest, one that failed, of which a candidate waits."""
    home = unreleased(copy(good_home))
    for number in (1, 2):
        home.make(number)
    with warehouse.transaction(str(home.path)) as con:
        con.execute(SET_RUNS, {"settings": SETTINGS.model_dump_json()})
        con.execute(
            "insert into core.publications select 1, 'rel-1', 'published', now() - interval 6 day, 'run-1'"
        )
        con.execute(ADD_CHECKS)
        con.execute(ADD_CALLS)
    warehouse.publish_analytics(str(home.path))
    return home


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Path:
    """A copy of it, to change."""
    return Path(shutil.copytree(template.path, tmp_path / "home"))


def said(status: Status, capsys: pytest.CaptureFixture[str]) -> str:
    print_status(status)
    return capsys.readouterr().out


def test_releases_cost_sources_and_runs_come_from_the_tables(
    template: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home = str(template.path)
    status = read_status(home)
    text = said(status, capsys)
    assert status.latest and status.latest["release_id"] == "rel-1"
    [waiting] = status.waiting
    assert waiting["command"] == f"evergreen publish rel-2 --home {home}"
    assert waiting["command"] in text
    assert "rel-2, 20 questions of 10 topics, made " in text
    assert "warnings: 1" in text
    assert f"0.75 USD for 2 calls in {datetime.now(UTC):%B %Y}" in text
    assert "of at most 20.00" in text
    assert [(row["run_id"], row["new_prompts"], row["usd"]) for row in status.runs] == [
        ("run-2", 0, 0.5),
        ("run-1", 150, 0.25),
    ]
    assert "failed: no route to the target" in text
    assert max(map(len, (line for line in text.splitlines() if home not in line))) <= 100


def test_each_configured_source_tells_its_lag_and_why_it_failed_last(
    template: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    status = read_status(str(template.path))
    told = {row["source"]: row for row in status.sources}
    assert {source: row["outcome"] for source, row in told.items()} == {
        NEW: "new",
        OLD: "failed",
        "s3://bucket/unread": "never read",
    }
    assert told[NEW]["lag_hours"] == pytest.approx(3, abs=0.1)
    assert told[NEW]["failure"] == "timed out"
    assert 9 * 24 <= told[OLD]["lag_hours"] < 10 * 24
    assert told[OLD]["failure"] == "no right to read"
    text = said(status, capsys)
    assert f"{OLD} failed" in text
    assert ": no right to read" in text
    assert "SECRET" not in text


def test_what_a_person_passed_over_waits_no_longer(home: Path) -> None:
    waiting = []
    for position, event, release in ((2, "withdrawn", "rel-1"), (3, "published", "rel-2")):
        with warehouse.transaction(str(home)) as con:
            values = [position, release, event]
            con.execute("insert into core.publications select $1, $2, $3, now(), 'run'", values)
        warehouse.publish_analytics(str(home))
        waiting.append([row["release_id"] for row in read_status(str(home)).waiting])
    assert waiting == [["rel-2"], []]


def test_a_run_that_is_under_way_and_one_that_was_killed_are_told_apart(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hold_home(str(home), 0):
        start.fn(Run(id="run-3", home=str(home), seed=1, lock_wait_seconds=5), "refresh", SETTINGS)
        with warehouse.transaction(str(home)):  # nobody else may read the warehouse now
            status = read_status(str(home))
    assert status.is_running
    assert "is under way" in said(status, capsys)
    killed = read_status(str(home))
    assert not killed.is_running
    assert killed.latest == status.latest
    assert "was stopped before its end" in said(killed, capsys)


def test_the_first_run_of_a_home_is_told_of_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    start.fn(Run(id="run-1", home=str(tmp_path), seed=1, lock_wait_seconds=5), "build", Settings())
    text = said(read_status(str(tmp_path)), capsys)
    assert "build, since" in text
    assert "was stopped" in text


def test_the_next_refresh_of_each_home_is_asked_of_the_server(
    server_alone: str, template: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(flows.status, "_SERVER_SECONDS", 30)  # other tests keep the server busy
    soon = datetime.now(UTC) + timedelta(days=2, minutes=1)
    with get_client(sync_client=True) as client:
        flow_id = client.create_flow_from_name("refresh")
        made = client.create_deployment(flow_id=flow_id, name="status", parameters={"home": "weekly/home"})
        runs = [
            client.create_flow_run_from_deployment(
                made, state=Scheduled(scheduled_time=soon + timedelta(days=days))
            )
            for days in (7, 0)
        ]
        monkeypatch.setenv("PREFECT_API_URL", server_alone)
        text = said(read_status(str(template.path)), capsys)
        for run in runs:
            client.delete_flow_run(run.id)
        client.delete_deployment(made)
    assert f"{soon:%Y-%m-%d %H:%M} (in 2 d 0 h), home weekly/home" in text
    assert f"{soon + timedelta(days=7):%Y-%m-%d}" not in text
    assert "none is scheduled" in said(read_status(str(template.path)), capsys)


def test_a_server_that_is_not_there_or_hangs_is_said_so_and_costs_a_second(
    template: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("PREFECT_API_URL", f"http://user:SECRET@{address}/api")
        hung = read_status(str(template.path)).schedule.problem
    gone = read_status(str(template.path)).schedule.problem
    assert (
        hung == gone == f"unknown: the Prefect server at http://{address}/api was not reached; is it running?"
    )


def test_the_command_needs_no_prefect_and_ends_with_one_json_object(template: Home) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-X",
            "importtime",
            "-m",
            "flows.cli",
            "status",
            "--json",
            "--home",
            str(template.path),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    told = json.loads(done.stdout)
    assert told["latest"]["release_id"] == "rel-1"
    assert [row["release_id"] for row in told["waiting"]] == ["rel-2"]
    assert told["cost"]["calls"] == 2
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "duckdb" in imported
    assert not imported & {"prefect", "pandas", "scipy"}
