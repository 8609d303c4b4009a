"""What the world sees of a release: `latest.json`, its state, and the artifacts in Prefect."""

import hashlib
from pathlib import Path

import orjson
import pytest

from tasks.errors import EvergreenError, InputError
from tasks.home.summary import latest_release
from tests.tasks.publish.homes import ADD_CALLS, STATES, Home


@pytest.fixture
def published(home: Home) -> Home:
    home.make(1)
    assert home.publish(1).key == "rel-1"
    return home


def test_the_release_is_the_latest(published: Home) -> None:
    releases = published.path / "releases"
    checksum = hashlib.sha256((releases / "rel-1" / "manifest.json").read_bytes()).hexdigest()
    latest = orjson.loads((releases / "latest.json").read_bytes())
    assert latest == {"release_id": "rel-1", "manifest_sha256": checksum}
    assert latest_release(str(published.path)) == "rel-1"


def test_a_damaged_release_is_not_published(home: Home) -> None:
    home.make(1)
    (home.path / "releases" / "rel-1" / "question.jsonl").write_bytes(b"cut off")
    with pytest.raises(EvergreenError, match=r"question.jsonl: not as its manifest says"):
        home.publish(1)
    assert not (home.path / "releases" / "latest.json").exists()
    assert home.events == []


def test_an_unfinished_release_does_not_become_the_latest(home: Home) -> None:
    home.make(1)
    (home.path / "releases" / "rel-1" / "manifest.json").unlink()
    with pytest.raises(EvergreenError, match=r"rel-1: no release is there.*manifest.json"):
        home.publish(1)
    assert not (home.path / "releases" / "latest.json").exists()
    assert not home.artifacts


def test_the_run_and_the_test_set_know_the_release_once_it_is_published(published: Home) -> None:
    assert published.table("select release_id from out.runs where run_id = 'run-1'") == [("rel-1",)]
    assert published.table(STATES) == [("rel-1", "published", True)]
    assert published.table("select count(*) from out.test_set") == [(20,)]


def test_publishing_the_latest_again_is_no_event_and_keeps_the_pointer(published: Home) -> None:
    pointer = published.path / "releases" / "latest.json"
    before = pointer.stat().st_mtime_ns
    published.publish(1)
    assert published.approve("rel-1") == "rel-1"
    assert published.events == [("rel-1", "published")]
    assert pointer.stat().st_mtime_ns == before


def test_with_the_policy_manual_a_release_waits_until_it_is_published_by_name(
    two: Home, caplog: pytest.LogCaptureFixture
) -> None:
    two.publish(1)
    with caplog.at_level("INFO", logger="tasks"):
        two.publish(2, policy="manual")
    assert two.latest == "rel-1"
    assert f"evergreen publish rel-2 --home {two.path}" in caplog.text
    assert two.table(STATES) == [("rel-1", "published", True), ("rel-2", "candidate", False)]
    assert two.artifacts["evergreen.release.waits"] == {"prefect.resource.id": "prefect.flow-run.run-2"}
    assert two.table("select distinct release_id from out.test_set") == [("rel-1",)]
    assert two.approve("rel-2") == "rel-2"
    assert two.latest == "rel-2"
    assert two.table(STATES) == [("rel-1", "published", False), ("rel-2", "published", True)]


def test_the_report_on_a_candidate_says_what_to_look_at_and_how_to_publish(two: Home) -> None:
    two.publish(1)
    two.table(
        "insert into core.checks values ('run-2', 'select', 'size_reached', 'warning', false, 7, [], "
        "'7 too few', now()::timestamp), ('run-2', 'select', 'some_chosen', 'critical', true, 0, [], '', "
        "now()::timestamp)"
    )
    two.table(
        "insert into core.contamination_counts values ('run-2', 'repeat_near', 'questions.jsonl', 1, 1)"
    )
    two.table(ADD_CALLS)
    two.publish(2, policy="manual")
    said = two.artifacts["report"]["markdown"]
    assert "**It is a candidate, and waits.**" in said
    assert f"`evergreen publish rel-2 --home {two.path}`" in said
    assert "| select | 2 | 1 | 1 |" in said
    assert "| select | size_reached | 7 | 7 too few |" in said
    assert "some_chosen" not in said
    assert "| repeat_near | questions.jsonl | 1 | 1 |" in said
    assert "| total |  |  | 1 | 1,000 | 20 | 0.50 | 0.75 |" in said
    assert "## What changed since rel-1" in said
    assert "5 questions came, 15 stayed, 5 went." in said
    assert (two.path / "releases" / "rel-2" / "CARD.md").as_uri() in said
    assert "| went | spare | 5 |" in said
    assert "SENTINEL prompt" not in str(two.artifacts)


def test_a_release_that_did_not_pass_its_gate_is_not_published_by_name(two: Home) -> None:
    with pytest.raises(InputError, match="rel-2 did not pass its gate"):
        two.approve("rel-2")
    with pytest.raises(InputError, match="no release 'rel-9'"):
        two.approve("rel-9")
    assert two.events == []


def test_an_older_release_can_be_published_again_by_name(two: Home) -> None:
    two.publish(1)
    two.publish(2)
    assert two.approve("rel-1") == "rel-1"
    assert two.latest == "rel-1"
    assert two.events == [("rel-1", "published"), ("rel-2", "published"), ("rel-1", "published")]
    assert two.table(STATES) == [("rel-1", "published", True), ("rel-2", "published", False)]


def test_withdrawing_puts_the_one_before_it_back(two: Home) -> None:
    two.publish(1)
    two.publish(2)
    assert two.withdraw() == "rel-1"
    assert two.latest == "rel-1"
    assert two.table(STATES) == [("rel-1", "published", True), ("rel-2", "withdrawn", False)]
    history = two.table("select release_id, event, latest_id from out.publications order by position")
    assert history == [
        ("rel-1", "published", "rel-1"),
        ("rel-2", "published", "rel-2"),
        ("rel-2", "withdrawn", "rel-1"),
    ]


def test_withdrawing_never_puts_back_what_was_withdrawn_and_fails_when_nothing_is_left(two: Home) -> None:
    two.make(3)
    for number in (1, 2, 3):
        two.publish(number)
    assert two.withdraw("rel-2") == "rel-3"  # not the latest: that stays
    assert two.withdraw() == "rel-1"
    with pytest.raises(InputError, match="no release was published before rel-1"):
        two.withdraw()
    assert two.latest == "rel-1"
    assert two.withdraw("rel-2") == "rel-1"  # again: nothing happens
    assert two.events[3:] == [("rel-2", "withdrawn"), ("rel-3", "withdrawn")]


def test_what_was_never_published_is_not_withdrawn(two: Home) -> None:
    with pytest.raises(InputError, match="no release is published"):
        two.withdraw()
    with pytest.raises(InputError, match="rel-1 was never published"):
        two.withdraw("rel-1")
    with pytest.raises(InputError, match="no release 'rel-9'"):
        two.withdraw("rel-9")


def test_a_build_of_the_same_content_does_not_bring_a_withdrawn_release_back(two: Home) -> None:
    two.publish(1)
    two.publish(2)
    two.withdraw()
    two.publish(2)
    assert two.latest == "rel-1"
    assert "**It was withdrawn, and waits.**" in two.artifacts["report"]["markdown"]
    assert two.approve("rel-2") == "rel-2"  # a person may


def test_a_build_of_the_same_content_does_not_undo_that_an_older_release_was_published(
    two: Home, caplog: pytest.LogCaptureFixture
) -> None:
    two.make(3)
    two.publish(1)
    two.publish(2)
    two.approve("rel-1")
    with caplog.at_level("INFO", logger="tasks"):
        two.publish(2)
    assert two.latest == "rel-1"
    assert (
        f"release rel-2 waits; to make it the latest: evergreen publish rel-2 --home {two.path}"
        in caplog.text
    )
    assert "another one was put in its place, and waits.**" in two.artifacts["report"]["markdown"]
    two.publish(1)  # the latest again: no event
    assert len(two.events) == 3
    two.publish(3)  # what is new is published as ever
    assert two.latest == "rel-3"
    assert two.approve("rel-2") == "rel-2"  # a person may


def test_gates_and_reasons_are_those_of_the_run_that_recorded_the_release(two: Home) -> None:
    """A kill between manifest and record leaves the manifest with the id of a run that nothing is kept of."""
    two.publish(1)
    two.publish(2, policy="manual")
    for table in ("runs", "releases", "selections"):
        two.table(f"update core.{table} set run_id = 'run-again' where run_id = 'run-2'")
    two.table(
        "insert into core.checks values ('run-again', 'select', 'size_reached', 'warning', false, 7, [], "
        "'7 too few', now()::timestamp)"
    )
    two.approve("rel-2")
    said = two.artifacts["report"]["markdown"]
    assert "| select | size_reached | 7 | 7 too few |" in said
    assert "| went | spare | 5 |" in said


def test_a_release_whose_folder_is_gone_is_not_put_back(two: Home) -> None:
    two.publish(1)
    two.publish(2)
    (two.path / "releases" / "rel-1").rename(two.path / "elsewhere")
    with pytest.raises(EvergreenError, match=r"rel-1: no release is there"):
        two.withdraw()
    assert two.latest == "rel-2"


def test_prefect_shows_funnel_topics_gates_report_and_links(home: Home, tmp_path: Path) -> None:
    home.make(1)
    home.table(
        "insert into core.funnel values ('run-1', 1, 'ingest', 'kept', 1210), "
        "('run-1', 1, 'ingest', 'bad_json', 2), ('run-1', 1, 'ingest', 'wrong_type', 1003)"
    )
    home.table("update core.topic_scores set run_id = 'run-1'")
    home.publish(1, target=str(tmp_path / "shelf"))
    dropped = {"dropped": 1005, "dropped_by_rule": "wrong_type 1,003, bad_json 2"}
    assert home.artifacts["funnel"]["table"] == [
        {"stage": "ingest", "rows_in": 2215, "kept": 1210, **dropped}
    ]
    assert home.artifacts["gates"]["table"] == []
    assert len(home.artifacts["topics"]["table"]) == 10
    assert sum(row["questions"] for row in home.artifacts["topics"]["table"]) == 20
    folder = home.path / "releases" / "rel-1"
    assert home.artifacts["release"]["link"] == folder.as_uri()
    assert home.artifacts["card"]["link"] == (folder / "CARD.md").as_uri()
    said = home.artifacts["report"]["markdown"]
    assert "There is no other release yet." in said
    assert "No model was asked in this run or this month." in said
    assert f"Published at {tmp_path}/shelf/rel-1/" in said
    assert "SENTINEL prompt" not in str(home.artifacts)
