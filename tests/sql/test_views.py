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


def test_topics_say_how_many_of_their_prompts_pass_and_are_chosen(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.topic_scores set passing_count = 3 where topic_id = 1")
    con.execute("update core.topic_scores set annotated_count = 0, passing_count = 0 where topic_id = 2")
    con.execute("insert into core.selections select * replace ('run-0' as run_id) from core.selections")
    con.execute("insert into core.topics select * replace ('tax-0' as taxonomy_id) from core.topics")
    con.execute("insert into core.taxonomies select * replace ('tax-0' as taxonomy_id) from core.taxonomies")
    rows = con.execute(
        "select passing_share, chosen_count from out.topics "
        "where topic_id in (1, 2) order by taxonomy_id, topic_id"
    ).fetchall()
    assert rows == [(None, None), (None, None), (0.2, 2), (None, 2)]


def test_examples_of_topics_are_eligible_prompts(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.topics set representatives = [prompt_id(25), prompt_id(5), prompt_id(15)]")
    con.execute("insert into core.flags values (prompt_id(5), 'personal_data', 'email')")
    shown = con.execute("select distinct examples from out.topics").fetchall()
    assert shown == [(["SENTINEL prompt 25", "SENTINEL prompt 15"],)]
    con.execute("insert into core.flags select prompt_id(i), 'toxic', '' from unnest([15, 25]) as t (i)")
    assert con.execute("select distinct examples from out.topics").fetchall() == [([],)]


def test_a_distance_is_what_a_cosine_lacks(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.prompt_topics set similarity = 0.75 where prompt_id = prompt_id(3)")
    rows = con.execute("select distance from out.prompt_topics where prompt_id = prompt_id(3)").fetchall()
    assert rows == [(0.25,)]


def test_domains_have_the_topics_prompts_and_choice_of_theirs(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.topic_scores set mean_score = 3, annotated_count = 45 where topic_id = 0")
    con.execute("update core.prompt_topics set topic_id = null where topic_id = 9 and prompt_id > '8'")
    rows = con.execute(
        "select domain_id, topic_count, prompt_count, share, round(mean_score, 3), chosen_count "
        "from out.domains order by domain_id"
    ).fetchall()
    assert rows == [(9, 1, 15, 0.1, 6.0, 2), (17, 9, 135, 0.9, round((3 * 45 + 6 * 8 * 15) / 165, 3), 18)]
