"""The warehouse: migrations, its lock, and the copy that analysts read."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl
import pytest

from tasks import warehouse
from tasks.errors import InputError
from tasks.refs import Run
from tests.plugins.homes import Copy, run_on

# Longer than any test may take: who waits so long in vain is stopped by the time limit of the test.
UNENDING = 3_600


@contextmanager
def _held_by_another(path: Path, access: str) -> Iterator[Callable[[], object]]:
    """Another process has the file open; what is yielded ends it."""
    program = (
        f"import duckdb, sys; con = duckdb.connect({str(path)!r}{access}); "
        "print('held', flush=True); sys.stdin.read()"
    )
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", program], text=True, **pipes) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        yield holder.communicate


@pytest.fixture
def run(migrated: Path, copy: Copy) -> Run:
    """A run on a home that nobody has open."""
    return run_on(copy(migrated))


def _count_migrations(home: str) -> int:
    with warehouse.transaction(home) as con:
        (row,) = con.execute("select count(*) from main.migrations").fetchall()
        return int(row[0])


def test_migrations_are_applied_once(run: Run) -> None:
    count = _count_migrations(run.home)
    assert count >= 1
    warehouse.migrate(run.home)
    assert _count_migrations(run.home) == count


def test_a_migration_that_has_changed_is_refused(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute("update main.migrations set checksum = 'another'")
    with pytest.raises(InputError, match="migration 001_tables"):
        warehouse.migrate(run.home)


def test_a_warehouse_of_a_newer_program_is_refused(run: Run) -> None:
    with warehouse.transaction(run.home) as con:
        con.execute("insert into main.migrations values ('999_later', '')")
    with pytest.raises(InputError, match="999_later"):
        warehouse.migrate(run.home)


def test_a_transaction_is_all_or_nothing(run: Run) -> None:
    with pytest.raises(ZeroDivisionError), warehouse.transaction(run.home) as con:
        con.execute("insert into main.migrations values ('x', '')")
        raise ZeroDivisionError
    with warehouse.transaction(run.home) as con:
        assert con.execute("select * from main.migrations where name = 'x'").fetchall() == []


@pytest.mark.parametrize("access", ["", ", read_only=True"])
def test_a_locked_warehouse_is_refused_and_then_waited_for(
    run: Run, access: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _held_by_another(Path(run.home) / warehouse.WAREHOUSE, access) as let_go:
        with pytest.raises(InputError, match=r"locked for 0\.1 s") as caught:
            warehouse.read(run.home, "ingest/count", {}, 0.1)
        assert "\n" not in str(caught.value)
        with monkeypatch.context() as patch:
            patch.setattr("time.sleep", lambda _: let_go())  # it is let go of while somebody waits
            assert warehouse.read(run.home, "ingest/count", {}, UNENDING).item() == 0


@pytest.mark.timeout(60)
def test_a_file_that_is_no_warehouse_is_refused_at_once(tmp_path: Path) -> None:
    home = tmp_path / "clock"  # its name must not be taken for a lock
    home.mkdir()
    (home / warehouse.WAREHOUSE).write_bytes(b"not a database" * 1_000)
    with pytest.raises(InputError, match="cannot be opened"):
        warehouse.migrate(str(home), UNENDING)


@pytest.mark.timeout(60)
def test_a_home_that_is_not_there_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be opened"):
        warehouse.migrate(str(tmp_path / "block" / "absent"), UNENDING)


def test_a_query_reads_frames_by_name(run: Run) -> None:
    rejects = pl.DataFrame({"position": [1], "reason": ["bad_json"], "detail": ["x"]})
    with warehouse.transaction(run.home) as con:
        warehouse.run(con, "ingest/add_rejects", {"file_id": "f"}, {"rejects": rejects})
        assert con.execute("select * from raw.rejects").fetchall() == [("f", 1, "bad_json", "x")]


def test_analysts_keep_the_file_that_they_have_open(run: Run) -> None:
    target = warehouse.publish_analytics(run.home)
    with duckdb.connect(str(target), read_only=True) as reader:
        with warehouse.transaction(run.home) as con:
            con.execute("insert into raw.rejects values ('f', 1, 'bad_json', 'x')")
        assert warehouse.publish_analytics(run.home) == target
        assert reader.execute("select count(*) from raw.rejects").fetchall() == [(0,)]
    # Another process, as duckdb shares a file's open database within one.
    program = (
        f"import duckdb; con = duckdb.connect({str(target)!r}, read_only=True); "
        "print(con.execute('from raw.rejects').fetchall())"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[('f', 1, 'bad_json', 'x')]\n"


def test_the_copy_has_every_table_and_view(run: Run) -> None:
    target = warehouse.publish_analytics(run.home)
    names = "select table_schema, table_name, table_type from information_schema.tables order by all"
    with warehouse.transaction(run.home) as con, duckdb.connect(str(target), read_only=True) as copy:
        assert copy.execute(names).fetchall() == con.execute(names).fetchall()
    comments = "select schema_name, view_name, comment from duckdb_views() where not internal order by all"
    with warehouse.transaction(run.home) as con, duckdb.connect(str(target), read_only=True) as copy:
        assert copy.execute(comments).fetchall() == con.execute(comments).fetchall()


def test_what_a_killed_publication_left_is_no_hindrance(run: Run) -> None:
    building = Path(run.home) / "analytics.building"
    half_a_set = Path(run.home) / "parquet" / ".building" / "prompts.parquet"
    half_a_set.parent.mkdir(parents=True)
    for path in (building, Path(f"{building}.wal"), half_a_set):
        path.write_bytes(b"half a file" * 1_000)
    warehouse.publish_analytics(run.home)
    assert not half_a_set.parent.exists()
    assert sorted(path.name for path in Path(run.home).glob("analytics*")) == ["analytics.duckdb"]
