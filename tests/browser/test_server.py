"""Server and worker as `make server` starts them: the form, the schedule, weeks that were missed, the UI.

One server for all, since it takes half a minute to start.
"""

import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.browser.chromium import BROWSER, Page, browse
from tests.browser.served import Json, Served

STAGES = ["ingest", "clean", "embed", "topics", "screen", "annotate", "select", "release"]
SAMPLE = "deploy/demo/conversations.jsonl"  # relative: runs start in the root of the repository
MISSED = 5


@pytest.fixture
def page(tmp_path: Path) -> Iterator[Page]:
    if not BROWSER:
        (pytest.fail if "CI" in os.environ else pytest.skip)("no Chromium here: apt-get install chromium")
    with browse(tmp_path / "browser") as page:
        yield page


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    served = Served(tmp_path / "prefect")
    yield served
    if served.process.poll() is None:
        served.stop()


@pytest.mark.timeout(600)  # 2 minutes on two busy cores: four Python processes start, UMAP is compiled
def test_form_schedule_and_missed_weeks(served: Served, page: Page, tmp_path: Path) -> None:
    home = tmp_path / "home"
    deployment = served.ask("/deployments/name/build/build")
    start_build_by_form(page, f"{served.url}/deployments/deployment/{deployment['id']}/run", home)
    plan_refreshes(served, home)
    served.wait_for_runs(1, "build", "Running")
    served.pause(True)  # the worker, which has one run at a time, is away when refreshes are due
    (build,) = served.wait_for_runs(1, "build", "Completed")
    check_build(served, build, home)
    served.wait_for_runs(MISSED, "refresh")
    served.pause(False)
    (refresh,) = served.wait_for_runs(1, "refresh", "Completed")
    check_missed(served, refresh)
    check_ui(served, page, refresh, tmp_path)
    assert served.stop() == 0
    assert "tasks.clean.task - " in served.said  # what stages log is on the console
    assert served.said.endswith("Stopped.\n")


def plan_refreshes(served: Served, home: Path) -> None:
    """A cron that fires within 105 seconds, but not in the next 45, and four more times behind it.

    A busy server takes a while to plan the runs of a new schedule, and plans none in the past.
    """
    first = (datetime.now(UTC) + timedelta(seconds=105)).replace(second=0, microsecond=0)
    cron = {"cron": f"{first.minute} {first.hour} * * *", "timezone": "Etc/UTC"}
    more = f"DTSTART:{first:%Y%m%dT%H%M}01Z\nRRULE:FREQ=SECONDLY;COUNT={MISSED - 1}"
    parameters = {"sources": [SAMPLE], "home": str(home), "settings": {"select": {"size": 20}}}
    deployment = served.ask("/deployments/name/refresh/refresh")
    for schedule in (cron, {"rrule": more, "timezone": "Etc/UTC"}):
        served.ask(
            f"/deployments/{deployment['id']}/schedules", [{"schedule": schedule, "parameters": parameters}]
        )


def start_build_by_form(page: Page, form: str, home: Path) -> None:
    page.go(form)
    for label, value in {"home": str(home), "Size": "20", "Min Score": "3"}.items():
        page.fill(field(label), value)
    submit, sent = "document.querySelector('button[type=submit]')", "!location.pathname.endsWith('/run')"
    page.click(submit)
    if page.wait_for(f"{sent} ? 'sent' : document.body.innerText.includes('Oops') && 'refused'") == "refused":
        page.click(submit)  # Prefect's SQLite was busy: a person clicks again, too
        page.wait_for(sent)


def field(label: str) -> str:
    """The field under a label of the form."""
    labels = f"[...document.querySelectorAll('label')].find(e => e.innerText == '{label} (Optional)')"
    return f"{labels}?.closest('.p-label').querySelector('input, textarea')"


def check_build(served: Served, run: Json, home: Path) -> None:
    settings = run["parameters"]["settings"]
    assert (run["parameters"]["sources"], run["parameters"]["home"]) == ([SAMPLE], str(home))
    assert (settings["select"]["size"], settings["select"]["min_score"]) == (20, 3)
    tasks = [task["name"] for task in served.ask_of_run("task_runs", run["id"])]
    gates = [f"gate: {stage}" for stage in STAGES]
    assert sorted(tasks) == sorted([*STAGES, *gates, "start", "publish", "finish"])
    keys = {artifact["key"] for artifact in served.ask_of_run("artifacts", run["id"])}
    assert keys >= {"funnel", "topics", "release", *(f"checks-{stage}" for stage in STAGES)}
    release = json.loads((home / "releases" / "latest.json").read_text())["release_id"]
    manifest = json.loads((home / "releases" / release / "manifest.json").read_text())
    assert (manifest["questions"], manifest["settings"]["select"]["per_topic"]) == (20, 2)
    assert "tasks.clean.task" in {log["name"] for log in served.ask_of_run("logs", run["id"])}


def check_missed(served: Served, refresh: Json) -> None:
    """One run has made up for all that were missed, and the others say so."""
    skipped = served.wait_for_runs(MISSED - 1, "refresh", "Skipped")
    assert len(served.runs("refresh")) == MISSED
    assert {run["state_type"] for run in skipped} == {"CANCELLED"}
    (message,) = {run["state"]["message"] for run in skipped}
    assert message.startswith(f"Passed over: it was overdue when the run {refresh['name']} started")
    logged = {log["message"] for log in served.ask_of_run("logs", refresh["id"])}
    assert "4 overdue runs are passed over: this one reads all that is new" in logged


def check_ui(served: Served, page: Page, refresh: Json, folder: Path) -> None:
    page.go(f"{served.url}/runs")
    page.wait_for("document.body.innerText.split('Skipped').length > 4")
    page.screenshot(folder / "runs.png")
    assert f"refresh {folder / 'home'}" in page.text()
    page.go(f"{served.url}/runs/flow-run/{refresh['id']}")
    page.wait_for("document.body.innerText.includes('Finished in state Completed()')")
    page.click("[...document.querySelectorAll('li')].find(e => e.innerText == 'Artifacts')")
    page.scroll_to("document.querySelector('.flow-run-artifacts .p-virtual-scroller')")
    page.wait_for("document.body.innerText.includes('Prompts with a verdict')")
    page.screenshot(folder / "run.png")
