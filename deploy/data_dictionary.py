"""Writes sql/README.md from the comments on the views: `python deploy/data_dictionary.py`."""

import duckdb

from tasks import warehouse

README = warehouse.SQL / "README.md"

_INTRO = """\
# SQL and data dictionary

Made by `python deploy/data_dictionary.py` from the comments on the views; a test keeps it current.

The warehouse is DuckDB. `warehouse.duckdb` in a home is the pipeline's own; read `analytics.duckdb` beside
it, which each run replaces in one rename:

    duckdb.connect(".evergreen/analytics.duckdb", read_only=True).sql("from out.funnel")

A reader keeps the file that is open, so close and open it again to see the next run. It has no keys, no raw
conversations and no personal data; tables that only the pipeline needs are empty.

Other engines read the same views as Parquet, a set of files a run, in `parquet/latest`, which is a link.
Follow it once, and all that you read is of one run; the set stays until the run after the next:

    latest = Path(".evergreen/parquet/latest").resolve()
    polars.read_parquet(latest / "funnel.parquet")

| schema | what is in it |
| --- | --- |
| `raw` | source files, their conversations as read, and the records that could not be read |
| `core` | what the stages made of them: prompts, topics, annotations, selections, releases, runs, checks |
| `out` | views for people: every one and each of its columns is described below |

## Files

- `migrations/NNN_*.sql` make the tables, in order, each once. An applied file never changes: a change is a
  new file.
- `views/NNN_*.sql` make the views of `out` anew in each run, with a comment on the view and on each column.
- `queries/<stage>/<query>.sql` are all the queries there are, one a file, run by
  `warehouse.run(con, "<stage>/<query>")`. `$name` is a bound parameter; a table without a schema is a frame
  that the stage hands over.

## Conventions

- `prompt_id` is the hash of the normalised text, whatever source it came from.
- Times are UTC, without a zone.
- Tables are plural, columns singular and in lower case; booleans begin with `is_` or `has_`, or are criteria.
- `reject_reason` is null for what was kept: rows in = rows kept + rows rejected, at every stage.
- Rows have no order of their own; a query whose order matters says `order by`.
"""

_VIEWS = """
    select view_name, comment
    from duckdb_views()
    where schema_name = 'out'
    order by view_name
"""
_COLUMNS = """
    select column_name, lower(data_type), comment
    from duckdb_columns()
    where schema_name = 'out' and table_name = ?
    order by column_index
"""


def render() -> str:
    """The text of sql/README.md, from an empty warehouse with the newest views."""
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        views = con.execute(_VIEWS).fetchall()
        return "\n".join([_INTRO, *(_section(con, name, comment) for name, comment in views)])


def _section(con: duckdb.DuckDBPyConnection, view: str, comment: str) -> str:
    rows = con.execute(_COLUMNS, [view]).fetchall()
    lines = [f"| `{name}` | {kind} | {text} |" for name, kind, text in rows]
    return "\n".join(
        [f"## out.{view}", "", comment, "", "| column | type | |", "| --- | --- | --- |", *lines, ""]
    )


if __name__ == "__main__":
    README.write_text(render(), encoding="utf-8")
