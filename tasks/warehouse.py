"""The warehouse: one private DuckDB file, opened for short transactions, and the copy that analysts read.

DuckDB lets one process write or many read, never both. So nobody but the pipeline opens `warehouse.duckdb`;
readers have `analytics.duckdb`, which is built beside it and put in place with one rename, so that a reader
who has the old file open keeps it, and the views of it as Parquet.
"""

import hashlib
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import duckdb
import polars as pl
import pyarrow as pa

from tasks import parquet_set
from tasks.errors import InputError

SQL = Path(__file__).resolve().parent.parent / "sql"
WAREHOUSE = "warehouse.duckdb"
ANALYTICS = "analytics.duckdb"
PARQUET = "parquet"

Tables = Mapping[str, pl.DataFrame | pa.Table]


@contextmanager
def transaction(home: str, lock_wait_seconds: float = 60) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse, run the block in one transaction, and close it again.

    Raises:
        InputError: another process kept the file for `lock_wait_seconds`, or it is no warehouse of ours.
    """
    con = _connect(Path(home) / WAREHOUSE, lock_wait_seconds)
    try:
        con.begin()
        yield con
        con.commit()
    finally:
        con.close()


def run(
    con: duckdb.DuckDBPyConnection,
    name: str,
    parameters: Mapping[str, object] | None = None,
    tables: Tables | None = None,
) -> pl.DataFrame:
    """Run the query `sql/queries/<name>.sql`.

    Args:
        con: an open connection.
        name: `<stage>/<query>`, the path below `sql/queries` without its ending.
        parameters: values of the `$name` placeholders.
        tables: frames that the query reads by name.

    Returns:
        The rows of the last statement.
    """
    for table, frame in (tables or {}).items():
        con.register(table, frame)
    try:
        return con.execute(query_text(name), dict(parameters or {})).pl()
    finally:
        for table in tables or {}:
            con.unregister(table)


@contextmanager
def analytics(home: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the copy that analysts read, as the last run that ended left it; a run is never in the way.

    Raises:
        InputError: no run has ended there yet, the file cannot be opened, or it is of another version.
    """
    path = Path(home) / ANALYTICS
    if not path.is_file():
        raise InputError(f"--home {home}: no run has ended there yet: run evergreen build first")
    try:
        with duckdb.connect(path, read_only=True) as con:
            yield con
    except duckdb.IOException as error:
        raise InputError(f"{path}: cannot be opened: {str(error).splitlines()[0]}") from error
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise InputError(f"--home {home}: of another version of Evergreen: build there again") from error


def read(
    home: str, name: str, parameters: Mapping[str, object] | None = None, lock_wait_seconds: float = 60
) -> pl.DataFrame:
    """Run one query in a transaction of its own."""
    with transaction(home, lock_wait_seconds) as con:
        return run(con, name, parameters)


@cache
def query_text(name: str) -> str:
    """The text of `sql/queries/<name>.sql`."""
    return (SQL / "queries" / f"{name}.sql").read_text(encoding="utf-8")


def migrate(home: str, lock_wait_seconds: float = 60) -> None:
    """Bring the warehouse to the newest migration and the newest views.

    Raises:
        InputError: a migration that was applied has changed since, or the file is newer than the program.
    """
    with transaction(home, lock_wait_seconds) as con:
        apply_migrations(con)


def apply_migrations(con: duckdb.DuckDBPyConnection) -> None:
    """Apply what is missing on an open connection; see `migrate`."""
    con.execute((SQL / "migrations" / "000_migrations.sql").read_text(encoding="utf-8"))
    applied = dict(con.execute("select name, checksum from main.migrations").fetchall())
    files = sorted((SQL / "migrations").glob("[0-9]*.sql"))[1:]
    if unknown := set(applied) - {file.stem for file in files}:
        raise InputError(f"the warehouse has migration {min(unknown)} of a newer Evergreen: upgrade this one")
    for file in files:
        text = file.read_text(encoding="utf-8")
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if file.stem not in applied:
            con.execute(text)
            con.execute("insert into main.migrations values (?, ?)", [file.stem, checksum])
        elif applied[file.stem] != checksum:
            raise InputError(f"migration {file.stem} changed after the warehouse was made: restore the file")
    for file in sorted((SQL / "views").glob("*.sql")):
        con.execute(file.read_text(encoding="utf-8"))


def publish_analytics(home: str, lock_wait_seconds: float = 60) -> Path:
    """Replace what analysts read, `analytics.duckdb` and the Parquet beside it, in one rename each.

    Returns:
        The path of the copy.
    """
    target = Path(home) / ANALYTICS
    building = target.with_suffix(".building")
    for left_over in (building, building.with_name(f"{building.name}.wal")):
        left_over.unlink(missing_ok=True)
    con = _connect(Path(home) / WAREHOUSE, lock_wait_seconds)
    try:
        quoted = str(building).replace("'", "''")  # ATTACH takes no bound parameter
        con.execute(f"attach '{quoted}' as analytics")
        fill_analytics(con, "warehouse")
        con.execute("checkpoint analytics")
        con.execute("detach analytics")
    finally:
        con.close()
    # Of the new file, which no other connection of this process has open under another name.
    with duckdb.connect(building, read_only=True) as con:
        views = run(con, "home/views")["name"].to_list()
        parquet_set.publish(con, views, Path(home) / PARQUET)
    building.replace(target)
    return target


def fill_analytics(con: duckdb.DuckDBPyConnection, source: str) -> None:
    """Give the attached, empty database `analytics` the tables and views of the database `source`.

    What it has not: raw conversations, texts with personal data, keys, and what only the pipeline needs.
    """
    con.execute(f"copy from database {source} to analytics (schema)")
    for statement in run(con, "home/copy_statements")["statement"]:
        con.execute(statement)
    for table in ("prompts", "annotations", "llm_calls"):
        run(con, f"home/copy_{table}")


def _connect(path: Path, lock_wait_seconds: float) -> duckdb.DuckDBPyConnection:
    """Open for writing, trying again while another process holds the file's lock."""
    deadline = time.monotonic() + lock_wait_seconds
    while True:
        try:
            return duckdb.connect(path)
        except duckdb.IOException as error:
            if "could not set lock" not in str(error).lower():
                raise InputError(f"{path}: cannot be opened: {str(error).splitlines()[0]}") from error
            if time.monotonic() >= deadline:
                raise InputError(
                    f"{path}: another program has kept it locked for {lock_wait_seconds:g} s; wait for it to "
                    "end, or read analytics.duckdb instead of this file"
                ) from error
            time.sleep(0.2)
