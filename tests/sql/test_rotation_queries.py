"""Which release is rotated, and in how many each prompt served."""

import duckdb
import pytest

from tasks import warehouse


@pytest.fixture(autouse=True)
def releases(con: duckdb.DuckDBPyConnection) -> None:
    """Beside `rel-1`, published and of the files `files-1`: an older one, and two candidates after it."""
    con.execute(
        """
        insert into core.runs (run_id, flow, state, started_at, settings)
        select 'run-' || i, 'refresh', 'done', timestamp '2026-01-01' + to_days(i::integer), '{}'
        from unnest([0, 2, 3]) as t (i);
        insert into core.releases
        (release_id, content_hash, run_id, released_on, prompt_count, topic_count, location)
        select 'rel-' || i, 'hash-' || i, 'run-' || i, date '2026-01-01', 2, 1, ''
        from unnest([0, 2, 3]) as t (i);
        insert into core.release_prompts
        select 'rel-' || i, 'uid-' || j, prompt_id(j), 0, '', 6, '', null
        from unnest([0, 2, 3]) as t (i), unnest([0, i + 1]) as u (j);
        insert into core.publications values (0, 'rel-0', 'published', timestamp '2026-01-01', 'run-0');
        insert into core.rotations values ('run-0', 'files-0', null), ('run-3', 'files-1', 'rel-0')
        """
    )


def base(con: duckdb.DuckDBPyConnection, data: str) -> list[str]:
    return warehouse.run(con, "select/base", {"data_sha256": data})["release_id"].to_list()


def served(con: duckdb.DuckDBPyConnection, data: str, base_id: str | None) -> dict[int, int]:
    rows = warehouse.run(con, "select/history", {"data_sha256": data, "base_id": base_id})
    counts = dict(rows.select("prompt_id", "served").iter_rows())
    ids = con.execute("select i, prompt_id(i) from range(5) as t (i)").fetchall()
    return {number: counts[prompt_id] for number, prompt_id in ids if prompt_id in counts}


def test_the_latest_is_rotated_before_what_was_made_since(con: duckdb.DuckDBPyConnection) -> None:
    assert base(con, "files-2") == ["rel-1"]


def test_a_release_of_the_same_files_is_not_rotated(con: duckdb.DuckDBPyConnection) -> None:
    assert base(con, "files-1") == ["rel-0"]


def test_a_release_that_was_withdrawn_is_not_rotated(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into core.publications values (2, 'rel-1', 'withdrawn', timestamp '2026-01-06', 'run-1')"
    )
    assert base(con, "files-2") == ["rel-0"]
    con.execute(
        "insert into core.publications values (3, 'rel-0', 'withdrawn', timestamp '2026-01-06', 'run-1')"
    )
    assert base(con, "files-2") == ["rel-3"]


def test_without_a_release_there_is_nothing_to_rotate(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from core.releases")
    assert base(con, "files-2") == []


def test_what_was_published_counts_and_the_base_but_no_other_candidate(
    con: duckdb.DuckDBPyConnection,
) -> None:
    assert served(con, "files-2", "rel-1") == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1}
    assert served(con, "files-2", "rel-2") == {0: 3, 1: 2, 2: 1, 3: 2, 4: 1}
    assert served(con, "files-1", "rel-0") == {0: 1, 1: 1}


def test_releases_of_the_same_files_count_once(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into core.publications values (2, 'rel-3', 'published', timestamp '2026-01-06', 'run-3')"
    )
    assert served(con, "files-2", "rel-3") == {0: 2, 1: 2, 2: 1, 3: 1, 4: 1}
