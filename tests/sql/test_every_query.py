"""Every query that there is runs, and says of itself what it needs."""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from tasks import warehouse
from tests.plugins.homes import Copy

QUERIES = sorted(
    path.relative_to(warehouse.SQL / "queries").with_suffix("").as_posix()
    for path in (warehouse.SQL / "queries").rglob("*.sql")
)

PARAMETERS = {
    "after": "",
    "annotator": "heuristic-1",
    "asker_repeats": 5,
    "assigned_count": 10,
    "assigned_none_share": 0.1,
    "byte_count": 100,
    "journal": "annotate/run-1.jsonl",
    "measure": "score_5_or_more",
    "min_score": 5,
    "min_topic_mean": 3.0,
    "pass": 1,
    "base_id": "rel-1",
    "boundary": "clean",
    "content_hash": "00",
    "data_sha256": "00",
    "dimensions": 64,
    "embedder": "static",
    "error": None,
    "event": "published",
    "file_id": "f2",
    "first": "heuristic-1",
    "fitted_count": 150,
    "fitted_none_share": 0.0,
    "flow": "build",
    "format": "list",
    "funnel_run_id": "run-1",
    "is_all": True,
    "is_refit_recommended": False,
    "key": "tax-1",
    "library": "1",
    "library_versions": "{}",
    "location": "releases/rel-2",
    "now": datetime(2026, 1, 5),  # noqa: DTZ001  (the warehouse's times have no zone)
    "parent_id": None,
    "prompt_count": 150,
    "prompts": 20,
    "reason": "",
    "recipe": "rules 1: {}",
    "rejects": 5,
    "release_id": "rel-2",
    "released_on": "2026-01-05",
    "rows": 210,
    "rubric_sha256": "00",
    "run_id": "run-1",
    "second": "",
    "seen_since": "2026-01-01",
    "seed": 42,
    "settings": "{}",
    "shard": "c.parquet",
    "shift": 0.0,
    "size": 9999,
    "stage": "clean",
    "state": "done",
    "taxonomy_id": "tax-1",
    "template_prompts": 5,
    "topics": 10,
    "url": "s3://bucket/other.jsonl",
    "vectors_sha256": "00",
    "version": "v1",
}
NEW = {"topics/add_taxonomy": {"taxonomy_id": "tax-2"}, "select/add_rotation": {"run_id": "run-2"}}

# The frames that stages hand over, with no rows: shaped like the tables that they go into.
FRAMES = {
    "asked": "select key from core.llm_calls",
    "annotations": "select * from core.annotations",
    "calls": "select * from core.llm_calls",
    "checks": "select * exclude (run_id, boundary, checked_at), check_name as name from core.checks",
    "conversations": "select *, schema_name as schema from raw.conversations",
    "flags": "select * from core.flags",
    "lineage": "select * from core.topic_lineage",
    "members": "select * from core.prompt_topics",
    "missing": "select prompt_id from core.prompts",
    "new": "select bands from core.prompt_bands",
    "names": "select topic_id, name, named_by from core.topics",
    "prompts": """
        select p.*, p.first_seen_at as asked_at, b.bands
        from core.prompts p left join core.prompt_bands b on true
    """,
    "questions": "select *, topic as cluster from core.release_prompts",
    "refused": "select prompt_id, evidence from core.flags",
    "rejects": "select * from raw.rejects",
    "scored": "select prompt_id from core.prompts",
    "screened": "select * from core.screened",
    "selections": "select * from core.selections",
    "similar_topics": "select * from core.similar_topics",
    "sightings": "select * from core.sightings",
    "source_checks": "select * from raw.source_checks",
    "topic_drift": "select * from core.topic_drift",
    "topic_scores": "select * from core.topic_scores",
    "topics": "select * from core.topics",
    "tree": "select * from core.topic_tree",
    "verdicts": "select * from core.contamination",
}

# Queries that fill the analysts' copy, which is attached beside the warehouse.
IN_THE_COPY = {f"home/copy_{table}" for table in ("prompts", "annotations", "llm_calls")}


@pytest.fixture
def framed(good: duckdb.DuckDBPyConnection) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection of its own, which alone sees the frames."""
    with good.cursor() as con:
        for name, query in FRAMES.items():
            con.execute(f"create temp view {name} as {query} limit 0")
        yield con


def complaint(con: duckdb.DuckDBPyConnection, name: str) -> str:
    """What is wrong with a query; empty if it runs and names its columns well."""
    used = set(re.findall(r"\$(\w+)", warehouse.query_text(name)))
    values = {key: value for key, value in (PARAMETERS | NEW.get(name, {})).items() if key in used}
    con.begin()
    try:
        columns = warehouse.run(con, name, values).columns
    except duckdb.Error as error:
        return str(error)
    finally:
        con.rollback()
    odd = [column for column in columns if not re.fullmatch(r"[a-z][a-z0-9_]*", column.lower())]
    return f"columns with odd names: {', '.join(odd)}" if odd else ""


def test_every_query_runs_on_a_migrated_warehouse(framed: duckdb.DuckDBPyConnection) -> None:
    said = {name: complaint(framed, name) for name in sorted(set(QUERIES) - IN_THE_COPY)}
    assert len(said) > 190
    assert {name: words for name, words in said.items() if words} == {}


def test_the_analysts_copy_has_no_raw_text_and_no_personal_data(good_home: Path, copy: Copy) -> None:
    with duckdb.connect(copy(good_home) / warehouse.WAREHOUSE) as con:
        con.execute(
            "insert into core.flags select prompt_id, 'personal_data', 'email' from core.prompts limit 1"
        )
        con.execute("attach ':memory:' as analytics")
        warehouse.fill_analytics(con, "warehouse")
        for name in ("raw.conversations", "core.prompt_bands", "core.screened"):
            assert con.execute(f"select count(*) from analytics.{name}").fetchone() == (0,)
        kept = con.execute("select count(*) from analytics.out.annotations").fetchone()
        [(quoting,)] = con.execute(
            "select count(*) from analytics.core.annotations "
            "semi join analytics.core.flags using (prompt_id) where raw <> ''"
        ).fetchall()
        assert kept == (150,)
        assert quoting == 0
        [(empty,)] = con.execute("select count(*) from analytics.core.prompts where prompt = ''").fetchall()
        [(flagged,)] = con.execute(
            "select count(distinct prompt_id) from core.flags where rule = 'personal_data'"
        ).fetchall()
    assert empty == flagged > 0


def test_a_query_ends_without_a_semicolon_and_holds_one_statement() -> None:
    many = {name for name in QUERIES if ";" in re.sub(r"--.*|'[^']*'", "", warehouse.query_text(name))}
    assert not many


def test_a_frame_that_is_gone_cannot_be_read_by_the_next_query(con: duckdb.DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.CatalogException, match="members"):
        warehouse.run(con, "topics/add_members", {"taxonomy_id": "tax-2", "run_id": "run-1"})
