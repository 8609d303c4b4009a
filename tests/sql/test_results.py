"""Rows in, rows out, for the queries that do more than copy."""

from datetime import date

import duckdb

from tasks import warehouse

KEYS = {"run_id": "run-1", "taxonomy_id": "tax-1", "annotator": "heuristic-1"}


def funnel(con: duckdb.DuckDBPyConnection) -> list[tuple[object, ...]]:
    warehouse.run(con, "release/add_funnel", {**KEYS, "funnel_run_id": "run-1"})
    return warehouse.run(con, "release/funnel", {"run_id": "run-1"}).rows()


def test_the_funnel_counts_every_row_at_every_stage(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.prompt_topics set topic_id = null where prompt_id = prompt_id(0)")
    con.execute("delete from core.annotations where prompt_id = prompt_id(1)")
    con.execute("delete from core.selections where prompt_id in (prompt_id(0), prompt_id(1), prompt_id(149))")
    assert funnel(con) == [
        ("ingest", "kept", 210),
        ("ingest", "wrong_type", 5),
        ("clean", "kept", 150),
        ("clean", "too_short", 40),
        ("clean", "exact_duplicate", 10),
        ("clean", "personal_data", 10),
        ("topics", "kept", 149),
        ("topics", "no_topic", 1),
        ("annotate", "kept", 147),
        ("annotate", "missing", 1),
        ("annotate", "refused", 1),
        ("select", "kept", 18),
        ("select", "topic_full", 129),
    ]


def test_the_funnel_leaves_out_files_that_were_not_read_to_their_end(con: duckdb.DuckDBPyConnection) -> None:
    before = funnel(con)
    con.execute("insert into raw.conversations select * replace ('f2' as file_id) from raw.conversations")
    con.execute("insert into raw.rejects select * replace ('f2' as file_id) from raw.rejects")
    warehouse.run(con, "release/forget_funnel", {"run_id": "run-1"})
    assert funnel(con) == before


def test_the_funnel_leaves_out_other_annotators_taxonomies_and_runs(con: duckdb.DuckDBPyConnection) -> None:
    before = funnel(con)
    con.execute("insert into core.annotations select * replace ('other' as annotator) from core.annotations")
    con.execute(
        "insert into core.prompt_topics select * replace ('tax-0' as taxonomy_id) from core.prompt_topics"
    )
    con.execute("insert into core.selections select * replace ('run-0' as run_id) from core.selections")
    warehouse.run(con, "release/forget_funnel", {"run_id": "run-1"})
    assert funnel(con) == before


def test_each_chosen_prompt_is_one_question(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into core.topics select * replace ('tax-0' as taxonomy_id) from core.topics")
    con.execute(
        "insert into core.prompt_topics select * replace ('tax-0' as taxonomy_id) from core.prompt_topics"
    )
    con.execute("insert into core.annotations select * replace ('other' as annotator) from core.annotations")
    con.execute(
        "update core.prompts set first_seen_at = timestamp '2026-01-31 23:59' where prompt like '%prompt 3'"
    )
    rows = warehouse.run(con, "release/questions", KEYS)
    expected = con.execute("select prompt_id(i), i % 10 from range(20) as t (i) order by all").fetchall()
    assert sorted(rows.select("uid", "topic_id").rows()) == expected
    (question,) = rows.filter(prompt="SENTINEL prompt 3").to_dicts()
    assert (question["cluster"], question["score"]) == ("SENTINEL words 3", 6)
    assert question["first_seen_on"] == date(2026, 1, 31)


def test_conversations_are_unseen_until_they_are_sighted_and_their_file_is_read(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert warehouse.run(con, "clean/unseen", {"is_all": False}).is_empty()
    assert warehouse.run(con, "clean/unseen", {"is_all": True}).height == 210
    con.execute("delete from core.sightings where position in (7, 8)")
    con.execute(
        "insert into raw.conversations select * replace ('f2' as file_id) from raw.conversations limit 3"
    )
    unseen = warehouse.run(con, "clean/unseen", {"is_all": False})
    assert sorted(unseen.select("file_id", "position").rows()) == [("f1", 7), ("f1", 8)]


def test_a_position_sighted_in_one_file_is_unseen_in_another(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("insert into raw.files select * replace ('f2' as file_id) from raw.files")
    con.execute("insert into raw.conversations select * replace ('f2' as file_id) from raw.conversations")
    assert warehouse.run(con, "clean/unseen", {"is_all": False}).height == 210


def test_shares_of_topics_add_up_to_the_test_set(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("update core.selections set reject_reason = 'spare' where topic_id = 4")
    rows = warehouse.run(con, "publish/topics", {"run_id": "run-1"})
    assert rows.height == 10
    assert rows["questions"].sum() == 18
    assert round(rows["share_of_test_set"].sum(), 2) == 1
    (empty,) = rows.filter(topic="SENTINEL words 4").to_dicts()
    assert (empty["questions"], empty["share_of_test_set"]) == (0, 0)


def test_the_runs_shown_are_the_newest_first(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into core.runs "
        "select 'old-' || i, 'build', 'done', day, day + interval 2 seconds, '{}', null, null "
        "from (select i, timestamp '2025-01-01' + to_days(i::integer) as day from range(30) as t (i))"
    )
    rows = warehouse.run(con, "show/status_runs")
    assert rows["state"].to_list() == ["running", *["done"] * 9]
    assert rows["seconds"].to_list()[1] == 2.0
    assert rows["started_at"][1].date() == date(2025, 1, 30)
