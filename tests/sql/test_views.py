"""The views that analysts read are described, to the last column, in the database and in sql/README.md."""

import duckdb

from deploy.data_dictionary import README, render
from tasks import warehouse


def test_every_view_and_column_has_a_comment(con: duckdb.DuckDBPyConnection) -> None:
    silent = con.execute(
        "select view_name from duckdb_views() where schema_name = 'out' and comment is null "
        "union all "
        "select table_name || '.' || column_name from duckdb_columns() "
        "where schema_name = 'out' and comment is null"
    ).fetchall()
    assert not silent


def test_there_is_a_view_for_each_thing_that_analysts_ask_for(con: duckdb.DuckDBPyConnection) -> None:
    views = con.execute("select view_name from duckdb_views() where schema_name = 'out'").fetchall()
    assert {("prompts",), ("topics",), ("test_set",), ("funnel",), ("annotation_stats",)} <= set(views)
    assert {("checks",), ("runs",), ("sources",), ("rejects",)} <= set(views)


def test_a_view_has_a_file_of_its_name(con: duckdb.DuckDBPyConnection) -> None:
    views = con.execute("select view_name from duckdb_views() where schema_name = 'out'").fetchall()
    files = {file.stem.split("_", 1)[1] for file in (warehouse.SQL / "views").glob("*.sql")}
    assert {name for (name,) in views} == files


def test_every_view_can_be_read(con: duckdb.DuckDBPyConnection) -> None:
    for (name,) in con.execute("select view_name from duckdb_views() where schema_name = 'out'").fetchall():
        assert con.execute(f"select * from out.{name}").description


def test_the_data_dictionary_is_current() -> None:
    assert README.read_text(encoding="utf-8") == render(), "run python deploy/data_dictionary.py"


def test_topics_have_the_scores_of_the_last_selection_alone(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into core.runs (run_id, flow, state, started_at, settings) "
        "values ('run-0', 'build', 'done', timestamp '2025-01-01', '{}')"
    )
    con.execute("insert into core.topic_scores select * replace ('run-0' as run_id) from core.topic_scores")
    con.execute("update core.topic_scores set mean_score = 1 where run_id = 'run-0'")
    rows = con.execute("select count(*), min(mean_score) from out.topics").fetchall()
    assert rows == [(10, 6.0)]


def test_prompts_and_their_sightings_are_counted_once(con: duckdb.DuckDBPyConnection) -> None:
    rows = con.execute(
        "select count(*), sum(sighting_count), count(reject_reason) from out.prompts"
    ).fetchall()
    assert rows == [(200, 210, 50)]
