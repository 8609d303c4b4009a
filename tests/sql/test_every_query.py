"""Every query that there is runs, and says of itself what it needs."""

import re
from datetime import datetime

import duckdb
import pytest

from tasks import warehouse

QUERIES = sorted(
    path.relative_to(warehouse.SQL / "queries").with_suffix("").as_posix()
    for path in (warehouse.SQL / "queries").rglob("*.sql")
)

PARAMETERS = {
    "annotator": "heuristic-1",
    "boundary": "clean",
    "content_hash": "00",
    "dimensions": 64,
    "embedder": "tfidf",
    "error": None,
    "file_id": "f2",
    "flow": "build",
    "funnel_run_id": "run-1",
    "key": "tax-1",
    "library_versions": "{}",
    "location": "releases/rel-2",
    "now": datetime(2026, 1, 5),  # noqa: DTZ001  (the warehouse's times have no zone)
    "prompts": 20,
    "rejects": 5,
    "release_id": "rel-2",
    "released_on": "2026-01-05",
    "rows": 210,
    "run_id": "run-1",
    "seed": 42,
    "settings": "{}",
    "shard": "c.parquet",
    "size": 9999,
    "stage": "clean",
    "state": "done",
    "taxonomy_id": "tax-1",
    "topics": 10,
    "url": "s3://bucket/other.jsonl",
    "version": "v1",
}
NEW = {"topics/add_taxonomy": {"taxonomy_id": "tax-2"}}

# The frames that stages hand over, with no rows: shaped like the tables that they go into.
FRAMES = {
    "annotations": "select * from core.annotations",
    "checks": "select * exclude (run_id, boundary, checked_at), check_name as name from core.checks",
    "conversations": "select *, schema_name as schema from raw.conversations",
    "flags": "select * from core.flags",
    "members": "select * from core.prompt_topics",
    "prompts": "select *, first_seen_at as asked_at from core.prompts",
    "questions": "select *, topic as cluster from core.release_prompts",
    "rejects": "select * from raw.rejects",
    "selections": "select * from core.selections",
    "sightings": "select * from core.sightings",
    "topic_scores": "select * from core.topic_scores",
    "topics": "select * from core.topics",
    "tree": "select * from core.topic_tree",
}


@pytest.fixture
def frames(con: duckdb.DuckDBPyConnection) -> None:
    for name, query in FRAMES.items():
        con.execute(f"create temp view {name} as {query} limit 0")


@pytest.mark.parametrize("name", QUERIES)
def test_it_runs_on_a_migrated_warehouse(con: duckdb.DuckDBPyConnection, frames: None, name: str) -> None:
    used = set(re.findall(r"\$(\w+)", warehouse.query_text(name)))
    values = {key: value for key, value in (PARAMETERS | NEW.get(name, {})).items() if key in used}
    rows = warehouse.run(con, name, values)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", column.lower()) for column in rows.columns)


def test_a_query_ends_without_a_semicolon_and_holds_one_statement() -> None:
    many = {name for name in QUERIES if ";" in re.sub(r"--.*|'[^']*'", "", warehouse.query_text(name))}
    assert not many


def test_a_frame_that_is_gone_cannot_be_read_by_the_next_query(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match="members"):
        warehouse.run(con, "topics/add_members", {"taxonomy_id": "tax-2"})
