"""Publishing and withdrawing that was killed: the same command again, or the next run, makes it good."""

import pytest

from tasks import warehouse
from tasks.home.task import start
from tasks.settings import Settings
from tests.tasks.publish.homes import STATES, Home, kill

BASE = {"data_sha256": "what is new this week"}


@pytest.mark.parametrize("step", ["read_folder", "write_atomic", "_note", "_ref", "end"])
@pytest.mark.parametrize("what", ["approve", "withdraw"])
def test_killed_at_any_step_the_same_command_again_ends_as_if_undisturbed(
    two: Home, monkeypatch: pytest.MonkeyPatch, what: str, step: str
) -> None:
    two.make(3)
    for number, policy in ((1, "auto"), (2, "auto"), (3, "manual")):
        two.publish(number, policy=policy)
    name = "rel-3" if what == "approve" else ""
    at = {"of": type(two), "step": "finish"} if step == "end" else {"step": step}
    kill(monkeypatch, getattr(two, what), name, **at)
    assert getattr(two, what)(name) == two.latest == ("rel-3" if what == "approve" else "rel-1")
    event = ("rel-3", "published") if what == "approve" else ("rel-2", "withdrawn")
    assert two.events == [("rel-1", "published"), ("rel-2", "published"), event]


def begin(home: Home) -> None:
    """What every run does first."""
    start.fn(home.run(), "refresh", Settings())


@pytest.mark.parametrize("what", ["publish", "approve"])
def test_killed_once_it_was_pointed_to_a_release_is_the_latest_for_the_next_run_too(
    two: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    two.make(3)
    two.publish(1)
    if what == "approve":
        two.publish(2, policy="manual")
    kill(monkeypatch, *((two.publish, 2) if what == "publish" else (two.approve, "rel-2")))
    assert two.latest == "rel-2"
    with caplog.at_level("INFO", logger="tasks"):
        begin(two)
    assert "release rel-2 is the latest; the run that published it was killed" in caplog.text
    assert two.table(STATES)[:2] == [("rel-1", "published", False), ("rel-2", "published", True)]
    with warehouse.transaction(str(two.path)) as con:
        assert warehouse.run(con, "select/base", BASE)["release_id"].to_list() == ["rel-2"]
    two.publish(3)
    begin(two)
    assert two.events == [("rel-1", "published"), ("rel-2", "published"), ("rel-3", "published")]
    assert two.withdraw() == "rel-2"


def test_killed_before_it_was_pointed_to_a_release_is_still_a_candidate(
    two: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.publish(1)
    kill(monkeypatch, two.publish, 2, step="write_atomic")
    begin(two)
    assert two.table(STATES) == [("rel-1", "published", True), ("rel-2", "candidate", False)]


@pytest.mark.parametrize("what", ["withdraw", "approve"])
def test_a_pointer_back_at_an_older_release_is_not_taken_for_what_a_killed_run_owes(
    two: Home, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    two.publish(1)
    two.publish(2)
    kill(monkeypatch, getattr(two, what), "" if what == "withdraw" else "rel-1")
    assert two.latest == "rel-1"
    begin(two)
    assert two.events == [("rel-1", "published"), ("rel-2", "published")]
    if what == "withdraw":
        assert two.withdraw() == "rel-1"
        begin(two)
        assert two.table(STATES) == [("rel-1", "published", True), ("rel-2", "withdrawn", False)]


@pytest.mark.parametrize("pointer", [b"cut off", b'{"release_id": "rel-9", "manifest_sha256": ""}'])
def test_a_pointer_at_nothing_known_hinders_no_run(two: Home, pointer: bytes) -> None:
    two.publish(1)
    (two.path / "releases" / "latest.json").write_bytes(pointer)
    begin(two)
    two.publish(2)
    assert two.latest == "rel-2"


def test_what_never_passed_its_gate_is_not_noted_as_published_whatever_the_pointer_says(two: Home) -> None:
    (two.path / "releases" / "latest.json").write_bytes(b'{"release_id": "rel-2", "manifest_sha256": ""}')
    begin(two)
    assert two.events == []


def test_a_withdrawal_after_one_that_was_killed_and_repeated_is_another(
    two: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    two.make(3)
    for number in (1, 2, 3):
        two.publish(number)
    with monkeypatch.context() as patch:
        patch.setattr(type(two), "finish", lambda *_: None)
        assert two.withdraw() == "rel-2"
    assert two.withdraw() == "rel-2"
    assert two.withdraw() == "rel-1"
