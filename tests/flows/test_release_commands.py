"""The commands for what becomes of releases, in processes of their own; and a build that waits."""

import json
from pathlib import Path

import pytest
from prefect.client.orchestration import SyncPrefectClient

from deploy import automations
from flows.build import build
from flows.publish import publish
from flows.releases_report import print_diff, read_diff
from tasks import warehouse
from tasks.config import override
from tasks.errors import InputError
from tests.flows.forks import Command
from tests.flows.homes import Built
from tests.flows.llm_home import published
from tests.places import SAMPLE
from tests.plugins.homes import Copy
from tests.plugins.webhook import Told
from tests.tasks.publish.homes import Home, unreleased


@pytest.fixture
def home(good_home: Path, copy: Copy) -> Home:
    """A home with two releases that passed their gates, of which the first is published."""
    home = unreleased(copy(good_home))
    for number in (1, 2):
        home.make(number)
    with warehouse.transaction(str(home.path)) as con:
        con.execute("update core.runs set release_id = 'rel-' || right(run_id, 1)")
        con.execute("insert into core.publications values (1, 'rel-1', 'published', '2026-01-02', 'run-1')")
    pointer = json.dumps({"release_id": "rel-1", "manifest_sha256": ""})
    (home.path / "releases" / "latest.json").write_text(pointer)
    return home


def test_publish_pull_withdraw(command: Command, home: Home, tmp_path: Path) -> None:
    shelf, pulled = tmp_path / "shelf", tmp_path / "pulled"
    target = {"EVERGREEN_PUBLISH__TARGET": str(shelf)}
    done = command("publish", "rel-2", "--home", home.path, "--json", **target)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["release_id"] == "rel-2" == home.latest
    done = command("pull", shelf, "--to", pulled, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["path"] == str(pulled / "rel-2")
    done = command("withdraw", "--home", home.path, **target)
    assert done.returncode == 0, done.stderr
    assert "The latest release is rel-1" in done.stdout
    assert home.latest == json.loads((shelf / "latest.json").read_text())["release_id"] == "rel-1"
    states = published(home.path, "select release_id, state from out.releases order by release_id").rows()
    assert states == [("rel-1", "published"), ("rel-2", "withdrawn")]
    runs = published(
        home.path, "select flow, state, release_id from out.runs where flow != 'build' order by all"
    )
    assert runs.rows() == [("publish", "done", "rel-2"), ("withdraw", "done", "rel-1")]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("publish", "rel-9", "--home", "{home}"), "no release rel-9"),
        (("withdraw", "rel-2", "--home", "{home}"), "rel-2 was never published"),
        (("withdraw", "--home", "{home}"), "no release was published before rel-1"),
        (("withdraw", "--home", "{home}/none"), "no release there yet"),
        (("pull", "{home}/none"), "no latest.json there"),
        (("release", "diff", "rel-1", "rel-9", "--home", "{home}"), "no release rel-9"),
    ],
)
def test_what_cannot_be_done_is_one_clear_line_and_exit_code_2(
    command: Command, home: Home, arguments: tuple[str, ...], says: str
) -> None:
    done = command(*(argument.format(home=home.path) for argument in arguments))
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.startswith("evergreen: ")]
    assert len(lines) == 1, done.stderr
    assert says in lines[0]
    assert home.latest == "rel-1"


def test_release_diff_as_json_and_for_people(
    command: Command, home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse.publish_analytics(str(home.path))
    done = command("release", "diff", "rel-1", "rel-2", "--home", home.path, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert (facts["came"], facts["stayed"], facts["went"]) == (5, 15, 5)
    assert facts["reasons"] == [{"change": "went", "reason": "spare", "prompts": 5}]
    assert "SENTINEL" not in done.stdout
    monkeypatch.setenv("COLUMNS", "120")
    print_diff(read_diff(str(home.path), "rel-1", "rel-2"))
    said = capsys.readouterr().out
    assert "5 came, 15 stayed, 5 went" in said
    assert "went: spare" in said
    assert "SENTINEL" not in said


def test_the_diff_of_files_and_the_view_agree(home: Home) -> None:
    warehouse.publish_analytics(str(home.path))
    columns = "prompt_id, change, reason, topic, score"
    seen = published(home.path, f"select {columns} from out.release_diff where release_id = 'rel-2'")
    compared = read_diff(str(home.path), "rel-1", "rel-2").prompts
    assert sorted(seen.rows(), key=str) == sorted(compared.rows(), key=str)


def test_reasons_are_those_of_the_run_that_recorded_the_release_after_a_kill(home: Home) -> None:
    for table in ("runs", "releases", "selections"):  # the manifest names the run that was killed
        home.table(f"update core.{table} set run_id = 'run-again' where run_id = 'run-2'")
    warehouse.publish_analytics(str(home.path))
    assert read_diff(str(home.path), "rel-1", "rel-2").reasons.rows() == [("went", "spare", 5)]


def test_a_release_of_another_home_went_for_unknown_reasons(home: Home) -> None:
    found = read_diff(str(home.path), "rel-1", "rel-2")  # no run ended here: there is no copy for analysts
    assert found.reasons.rows() == [("went", "unknown", 5)]


def test_a_build_with_the_policy_manual_tells_and_waits_for_the_flow_publish(
    client: SyncPrefectClient, demo: Built, copy: Copy, told: Told
) -> None:
    home = copy(demo.home)
    manual = override(demo.settings, publish__policy="manual", select__size=40)
    automations.tell(client, told.url)
    made = build([str(SAMPLE)], str(home), manual)
    (message,) = told.wait(1)
    assert message["event"] == "evergreen.release.waits"
    assert "made a release that waits to be published" in message["text"]
    assert message["url"] in message["text"]
    states = "select release_id, state, is_latest from out.releases order by state"
    assert published(home, states).rows() == [
        (made.key, "candidate", False),
        (demo.release.name, "published", True),
    ]
    card = (home / "releases" / made.key / "CARD.md").read_text()
    assert f"## What changed since {demo.release.name}" in card
    assert "0 questions came, 40 stayed, 20 went." in card
    assert publish(made.key, str(home)).key == made.key
    assert published(home, states).rows() == [
        (demo.release.name, "published", False),
        (made.key, "published", True),
    ]
    with pytest.raises(InputError, match="no release"):
        publish("2026-01-01-0000000000", str(home))
