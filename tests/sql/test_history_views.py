"""What the views of `out` tell of several releases: rows in, rows out."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from tasks import warehouse

THREE_RELEASES = Path(__file__).parent / "three_releases.sql"


@pytest.fixture(autouse=True)
def releases(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(THREE_RELEASES.read_text())


def rows(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    return con.execute(query).fetchall()


def test_a_prompt_that_the_selection_did_not_see_went_for_what_kept_it_out(
    con: duckdb.DuckDBPyConnection,
) -> None:
    went = rows(
        con,
        "select reason, count(*) from out.release_diff where release_id = 'rel-2' and change = 'went' "
        "group by reason order by reason",
    )
    assert went == [
        ("low_first_score", 1),
        ("not_eligible", 1),
        ("personal_data", 1),
        ("repeat_exact", 1),
        ("rotated_out", 6),
    ]
    reasons = (
        "select distinct reason from out.release_diff where release_id = 'rel-3' order by reason nulls first"
    )
    assert rows(con, reasons) == [(None,), ("unknown",)]


def test_a_topic_that_was_renamed_is_the_same_topic(con: duckdb.DuckDBPyConnection) -> None:
    [topic] = rows(
        con,
        "select topic, previous_topic, prompt_count, share, previous_share, round(shift, 6), mean_score, "
        "previous_mean_score from out.release_topics where release_id = 'rel-2' and topic_id = 0",
    )
    assert topic == ("renamed", "SENTINEL words 0", 4, 0.2, 0.1, 0.1, 5, 6)
    moved = rows(
        con, "select topic_id from out.release_topics where release_id = 'rel-2' and shift < 0 order by 1"
    )
    assert moved == [(8,), (9,)]
    assert rows(
        con, "select distinct previous_share, shift from out.release_topics where previous_id is null"
    ) == [(None, None)]


def test_a_topic_that_is_gone_has_no_share(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from core.release_prompts where release_id = 'rel-3' and topic_id = 5")
    gone = rows(
        con,
        "select topic, previous_topic, prompt_count, share, previous_share "
        "from out.release_topics where release_id = 'rel-3' and topic_id = 5",
    )
    assert gone == [("x", "x", 0, 0, 0.1)]


def test_releases_over_time(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.releases set prompt_count = 10 where release_id = 'rel-3'")
    seen = rows(
        con,
        "select release_id, previous_id, came_count, stayed_count, went_count, came_share, "
        "round(topics_shift, 6), mean_score, median_char_count, median_age_days "
        "from out.release_history order by release_id",
    )
    assert seen == [
        ("rel-1", None, None, None, None, None, None, 6, 17.5, None),
        ("rel-2", "rel-1", 10, 10, 10, 0.5, 0.1, 5, 4, None),
        ("rel-3", "rel-2", 0, 10, 10, 0, 0.1, 7, 4, 9),
    ]


def test_criteria_over_time_are_those_of_the_last_pass(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update core.annotations set complexity = false "
        "where prompt_id in (select prompt_id(i) from range(15) as t (i))"
    )
    shares = rows(
        con,
        "select release_id, share, previous_share, shift, prompt_count from out.release_criteria "
        "where criterion = 'complexity' order by release_id",
    )
    assert shares == [("rel-1", 0.25, None, None, 20), ("rel-2", 0.75, 0.25, 0.5, 20)]
    assert rows(con, "select count(distinct criterion) from out.release_criteria") == [(7,)]


LIFE = (
    "select first_release_id, last_release_id, release_count, is_serving, days_before, days_served, "
    "went_reason from out.prompt_lifetimes where prompt_id = prompt_id(?)"
)


def test_lifetimes_of_prompts(con: duckdb.DuckDBPyConnection) -> None:
    def life(number: int) -> list[tuple[Any, ...]]:
        return con.execute(LIFE, [number]).fetchall()

    assert life(4) == [("rel-1", "rel-1", 1, False, None, 7, "rotated_out")]
    assert life(15) == [("rel-1", "rel-2", 2, False, None, 14, "unknown")]
    assert life(25) == [("rel-2", "rel-3", 2, True, 2, None, None)]
    assert life(100) == []
    con.execute(
        "insert into core.publications values (4, 'rel-3', 'withdrawn', timestamp '2026-01-21 12:00', 'r')"
    )
    assert life(15) == [("rel-1", "rel-2", 2, True, None, None, None)]
    con.execute("delete from core.release_prompts where release_id = 'rel-2' and uid = 'uid-25'")
    assert life(25) == [("rel-3", "rel-3", 1, False, 9, 2, "withdrawn")]


def test_topics_of_what_is_asked_by_week(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "update core.prompts set first_seen_at = '2026-01-07' "
        "where prompt_id in (prompt_id(0), prompt_id(10))"
    )
    con.execute("update core.prompts set first_seen_at = '2026-01-11 23:00' where prompt_id = prompt_id(1)")
    con.execute("update core.prompts set first_seen_at = '2026-01-12' where prompt_id = prompt_id(4)")
    con.execute("delete from core.flags where prompt_id = prompt_id(0)")
    seen = rows(
        con, "select week::varchar, topic_id, prompt_count, round(share, 3) from out.topic_weeks order by all"
    )
    assert seen == [("2026-01-05", 0, 2, 0.667), ("2026-01-05", 1, 1, 0.333), ("2026-01-12", 4, 1, 1.0)]


def test_contamination_over_time(con: duckdb.DuckDBPyConnection) -> None:
    warehouse.run(con, "screen/add_counts", {"run_id": "run-1"})
    con.execute("delete from core.contamination where kind <> 'stale'")  # as with other lists
    con.execute(
        "insert into core.contamination values (prompt_id(29), 'repeat_exact', 'new', '1', 1, '', 'run-2')"
    )
    warehouse.run(con, "screen/add_counts", {"run_id": "run-2"})
    seen = rows(
        con,
        "select run_id, started_at is not null, kind, reference, prompt_count, barring_count "
        "from out.contamination_history order by all",
    )
    assert seen == [
        ("run-1", True, "released_near", "rel-1", 1, 1),
        ("run-1", True, "repeat_exact", "list", 1, 1),
        ("run-1", True, "repeat_near", "questions.jsonl", 1, 1),
        ("run-1", True, "stale", "", 1, 1),
        ("run-2", True, "repeat_exact", "new", 1, 1),
        ("run-2", True, "stale", "", 1, 1),
    ]


def test_what_failed_runs_paid_counts_to_the_release_that_came_of_it(con: duckdb.DuckDBPyConnection) -> None:
    seen = rows(
        con, "select release_id, stage, call_count, failed_count, usd from out.release_costs order by 1"
    )
    assert seen == [
        ("rel-1", "annotate", 1, 0, 0.5),
        ("rel-2", "annotate", 3, 1, 1.5),
        (None, "annotate", 1, 0, 0.5),
    ]
