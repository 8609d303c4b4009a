"""Taxonomies that follow each other in a home: the last one, who has a place, what came since the fit."""

from datetime import datetime

import duckdb
import numpy as np
import polars as pl

from tasks import warehouse
from tasks.topics import drift
from tasks.topics.match import Old, count_shared, match
from tasks.vectors.grid import to_grid

TAXONOMY = {"taxonomy_id": "tax-1"}
LATER = datetime(2026, 1, 12)  # noqa: DTZ001  (the warehouse's times have no zone)


def add_taxonomy(con: duckdb.DuckDBPyConnection, taxonomy_id: str, fitted_at: datetime | None) -> None:
    con.execute(
        "insert into core.taxonomies "
        "select * replace (? as taxonomy_id, cast(? as timestamp) as fitted_at, 'tax-1' as parent_id) "
        "from core.taxonomies where taxonomy_id = 'tax-1'",
        [taxonomy_id, fitted_at],
    )


def test_the_last_taxonomy_is_the_one_fitted_last(con: duckdb.DuckDBPyConnection) -> None:
    add_taxonomy(con, "older", datetime(2025, 1, 1))  # noqa: DTZ001
    add_taxonomy(con, "of before this column", None)
    assert warehouse.run(con, "topics/last")["taxonomy_id"].item() == "tax-1"
    add_taxonomy(con, "newer", LATER)
    (last,) = warehouse.run(con, "topics/last").to_dicts()
    assert last == {"taxonomy_id": "newer", "embedder": "static", "dimensions": 64, "fitted_at": LATER}


def test_a_home_without_taxonomies_has_no_last_one_and_used_no_id(con: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.run(con, "topics/highest_topic_id").item() == 9
    con.execute("delete from core.topics")
    con.execute("delete from core.taxonomies")
    assert warehouse.run(con, "topics/last").is_empty()
    assert warehouse.run(con, "topics/highest_topic_id").item() == -1


def test_the_highest_id_is_that_of_any_taxonomy(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into core.topics select * replace ('gone' as taxonomy_id, 77 as topic_id) "
        "from core.topics where topic_id = 3"
    )
    assert warehouse.run(con, "topics/highest_topic_id").item() == 77


def test_prompts_without_a_place_are_the_eligible_ones_that_came_later(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert warehouse.run(con, "topics/unplaced", TAXONOMY).is_empty()
    con.execute("update core.prompt_topics set topic_id = null where prompt_id = prompt_id(3)")
    con.execute("delete from core.prompt_topics where prompt_id in (prompt_id(7), prompt_id(8))")
    con.execute("insert into core.flags values (prompt_id(8), 'toxic', '')")
    unplaced = warehouse.run(con, "topics/unplaced", TAXONOMY)
    assert unplaced.rows() == con.execute("select prompt_id(7), 'SENTINEL prompt 7'").fetchall()


def place_later(con: duckdb.DuckDBPyConnection, topic_id: int | None, count: int) -> None:
    """Give so many prompts of topic 0 another place, as if a later run had given it."""
    con.execute(
        "update core.prompt_topics set topic_id = ?, run_id = 'run-2', assigned_by = ? where prompt_id in "
        "(select prompt_id from core.prompt_topics where topic_id = 0 order by prompt_id limit ?)",
        [topic_id, "none" if topic_id is None else "assigned", count],
    )


def test_what_came_since_the_fit_is_counted_apart(con: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.run(con, "topics/assigned_counts", TAXONOMY).is_empty()
    place_later(con, 4, 3)
    place_later(con, None, 2)
    counts = warehouse.run(con, "topics/assigned_counts", TAXONOMY)
    assert dict(counts.iter_rows()) == {4: 3, None: 2}


def test_sizes_follow_the_members(con: duckdb.DuckDBPyConnection) -> None:
    place_later(con, 4, 15)
    con.execute("update core.topics set core_size = 0 where topic_id = 0")  # its core went to topic 4
    assert warehouse.run(con, "gate/topic_sizes_match", {"key": "tax-1"}).height == 2
    warehouse.run(con, "topics/resize", TAXONOMY)
    sizes = con.execute(
        "select size from core.topics where topic_id in (0, 3, 4) order by topic_id"
    ).fetchall()
    assert sizes == [(0,), (15,), (30,)]


def test_lineage_is_read_with_the_names_of_both_fits(con: duckdb.DuckDBPyConnection) -> None:
    add_taxonomy(con, "tax-2", LATER)
    con.execute(
        "insert into core.topics select * replace ('tax-2' as taxonomy_id, 'new ' || topic_id as name) "
        "from core.topics where topic_id = 3"
    )
    old = Old(np.array([3, 5]), to_grid(np.eye(2)))
    nothing = count_shared(np.array([-1]), np.array([0]), 2, 1)
    lineage = match(old, to_grid(np.array([[1, 0]])), nothing, 9).lineage
    keys = {"taxonomy_id": "tax-2", "parent_id": "tax-1"}
    warehouse.run(con, "topics/add_lineage", keys, {"lineage": lineage})
    rows = con.execute(
        "select topic, parent_topic, relation from out.topic_lineage where taxonomy_id = 'tax-2' order by all"
    ).fetchall()
    assert rows == [("new 3", "SENTINEL words 3", "same"), (None, "SENTINEL words 5", "gone")]


def test_a_report_of_drift_is_kept_once_a_run(con: duckdb.DuckDBPyConnection) -> None:
    counts = pl.DataFrame({"topic_id": [3, 4], "fitted_count": [50, 50], "assigned_count": [0, 60]})
    found = drift.report(counts, 0, 40, max_none_growth=0.2, max_shift=0.15)
    keys = {"taxonomy_id": "tax-1", "run_id": "run-2"}
    row = {name: value for name, value in vars(found).items() if name != "topics"}
    for _ in range(2):
        warehouse.run(con, "topics/add_drift", {**keys, **row, "now": LATER})
        warehouse.run(con, "topics/add_topic_drift", keys, {"topic_drift": found.topics})
    reports = con.execute(
        "select assigned_count, none_growth, is_refit_recommended from out.drift"
    ).fetchall()
    assert reports == [(100, 0.4, True)]
    topics = con.execute("select topic, trend, ratio from out.topic_drift order by topic_id").fetchall()
    assert topics == [("SENTINEL words 3", "shrinking", 0), ("SENTINEL words 4", "steady", 1.2)]


def test_a_taxonomy_is_shown_with_what_it_places_by_now(con: duckdb.DuckDBPyConnection) -> None:
    place_later(con, None, 15)
    row = con.execute(
        "select topic_count, placed_count, none_share, fitted_count from out.taxonomies"
    ).fetchall()
    assert row == [(10, 150, 0.1, 150)]
