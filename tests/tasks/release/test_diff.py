"""What changed between two releases, and what a card says of it."""

from typing import Any

import polars as pl
import pytest

from tasks.release.changes import changes
from tasks.release.diff import Diff, compare
from tasks.settings import ReleaseSettings, SelectSettings, Settings


def release(rows: list[tuple[str, str, int, int]]) -> pl.DataFrame:
    frame = pl.DataFrame(rows, schema=["prompt_id", "topic", "score", "length"], orient="row")
    return frame.with_columns(topic_id="topic")


def reasons(*rows: tuple[str, str | None]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema={"prompt_id": pl.String, "reason": pl.String}, orient="row")


OLDER = release([("a", "bread", 5, 10), ("b", "bread", 5, 20), ("c", "cars", 6, 30), ("d", "cars", 7, 40)])
NEWER = release([("d", "wheels", 7, 40), ("e", "bread", 6, 100), ("f", "tea", 6, 100), ("g", "tea", 6, 100)])
SAYS = reasons(("a", "low_score"), ("b", "low_score"), ("d", "kept"), ("e", "new"))


@pytest.fixture
def diff() -> Diff:
    return compare(("one", "two"), OLDER, NEWER, SAYS)


def test_each_prompt_of_either_release_came_stayed_or_went(diff: Diff) -> None:
    assert diff.prompts.rows() == [
        ("e", "came", "new", "bread", 6),
        ("f", "came", None, "tea", 6),
        ("g", "came", None, "tea", 6),
        ("d", "stayed", "kept", "wheels", 7),
        ("a", "went", "low_score", "bread", 5),
        ("b", "went", "low_score", "bread", 5),
        ("c", "went", "not_eligible", "cars", 6),
    ]
    assert diff.counts == {"came": 3, "stayed": 1, "went": 3}
    went = diff.reasons.filter(change="went")
    assert went.rows() == [("went", "low_score", 2), ("went", "not_eligible", 1)]


def test_where_nobody_knows_the_newer_selection_the_reason_is_unknown() -> None:
    found = compare(("one", "two"), OLDER, NEWER, reasons())
    assert set(found.prompts.filter(change="went")["reason"]) == {"unknown"}
    assert found.prompts.filter(change="came")["reason"].null_count() == 3


def test_topics_are_compared_by_their_shares(diff: Diff) -> None:
    assert diff.topics.select("topic", "share_before", "share_now", "shift").rows() == [
        ("cars", 0.5, 0.0, -0.5),
        ("tea", 0.0, 0.5, 0.5),
        ("bread", 0.5, 0.25, -0.25),
        ("wheels", 0.0, 0.25, 0.25),
    ]
    assert diff.topics_shift == 0.75


def test_a_topic_that_was_renamed_is_not_gone() -> None:
    older = OLDER.with_columns(topic_id=pl.col("topic").replace_strict({"bread": 1, "cars": 2}))
    newer = NEWER.with_columns(topic_id=pl.col("topic").replace_strict({"wheels": 2, "bread": 1, "tea": 3}))
    found = compare(("one", "two"), older, newer, SAYS)
    assert found.topics.select("topic", "topic_before", "before", "now").rows() == [
        ("tea", None, 0, 2),
        ("bread", None, 2, 1),
        ("wheels", "cars", 2, 1),
    ]
    assert found.topics_shift == 0.5
    assert "| wheels (was: cars) | 50.0% | 25.0% |" in "\n".join(changes(found))


def test_scores_and_lengths_are_compared_as_distributions(diff: Diff) -> None:
    assert diff.scores.rows() == [(5, 2, 0), (6, 1, 3), (7, 1, 1)]
    lengths = {name: (before, now) for name, before, now in diff.lengths.iter_rows()}
    assert lengths["shortest"] == (10, 40)
    assert lengths["median"][1] == 100
    assert lengths["longest"] == (40, 100)


def test_a_release_does_not_differ_from_itself() -> None:
    same = compare(("one", "one"), OLDER, OLDER, SAYS)
    assert same.counts == {"came": 0, "stayed": 4, "went": 0}
    assert same.topics_shift == 0
    assert "topic" not in "".join(changes(same)[1:])


def test_releases_of_all_sizes_can_be_compared() -> None:
    empty = OLDER.clear()
    assert compare(("one", "two"), empty, NEWER, SAYS).counts == {"came": 4, "stayed": 0, "went": 0}
    assert compare(("one", "two"), OLDER, empty, SAYS).lengths["now"].null_count() == 5


def test_the_tables_say_what_the_numbers_are(diff: Diff) -> None:
    text = "\n".join(changes(diff))
    assert "3 questions came, 1 stayed, 3 went. Shares of topics moved by 75.0%" in text
    assert "| went | low_score | 2 |" in text
    assert "| tea | 0.0% | 50.0% |" in text
    assert "| 6 | 1 | 3 |" in text
    assert "| longest | 40 | 100 |" in text


def test_json_has_every_prompt_by_its_id(diff: Diff) -> None:
    facts = diff.as_json()
    assert (facts["older"], facts["newer"], facts["came"]) == ("one", "two", 3)
    assert facts["prompts"][0] == {
        "prompt_id": "e",
        "change": "came",
        "reason": "new",
        "topic": "bread",
        "score": 6,
    }


def settings(size: int) -> Settings:
    return Settings(select=SelectSettings(size=size), release=ReleaseSettings(date="2026-01-05"))


def test_the_first_card_tells_of_no_change(eve: Any) -> None:
    assert "What changed" not in (eve.release() / "CARD.md").read_text()


def test_the_next_card_tells_what_changed_since_the_latest(eve: Any) -> None:
    first = eve.release()
    eve.execute(
        f"insert into core.publications values (9, '{first.name}', 'published', now()::timestamp, 'run-1')"
    )
    eve.execute(
        "update core.selections set reject_reason = 'spare' where reject_reason is null and topic_id % 2 = 0"
    )
    other = eve.release()
    card = (other / "CARD.md").read_text()
    assert other != first
    assert f"## What changed since {first.name}" in card
    went = 10 - eve.table("core.release_prompts").filter(release_id=other.name).height
    assert f"0 questions came, {10 - went} stayed, {went} went." in card
    assert f"| went | spare | {went} |" in card
    assert "ünïcödé" not in card


def test_the_same_content_stays_the_same_release_whatever_came_before(eve: Any) -> None:
    first = eve.release()
    before = (first / "CARD.md").read_bytes()
    eve.execute(
        "insert into core.releases select 'o', 'o', run_id, released_on, 1, 1, '', null from core.releases"
    )
    assert eve.release() == first
    assert (first / "CARD.md").read_bytes() == before
