"""What the gate's look for near-duplicates among released prompts costs.

    python -m tests.bench.near_duplicates_gate [PROMPTS]

Prompts of 300 words, which are as frequent as in a language; a tenth are the one before them, changed a bit.
"""

import sys
import time

import duckdb

from tasks import warehouse


def fill(con: duckdb.DuckDBPyConnection, prompts: int) -> None:
    """Release so many prompts as `rel-1`, the same each time."""
    con.execute("select setseed(0.5)")
    con.execute(
        "insert into core.release_prompts select 'rel-1', 'uid-' || i, 'p', 0, 't', 6, "
        "array_to_string(list_transform(range(300), lambda j: 'w' || floor(1 / (random() + 1e-4))), ' '), "
        "null from range(?) as t (i)",
        [prompts],
    )
    con.execute(
        "update core.release_prompts set prompt = twin.words || ' ' || uid "
        "from (select uid as id, prompt as words from core.release_prompts) as twin "
        "where uid like '%5' and twin.id = left(uid, len(uid) - 1) || '4'"
    )


def main(prompts: int) -> None:
    with duckdb.connect() as con:
        warehouse.apply_migrations(con)
        fill(con, prompts)
        begun = time.perf_counter()
        found = warehouse.run(con, "gate/no_near_duplicates_released", {"key": "rel-1"})
        seconds = time.perf_counter() - begun
    print(f"{prompts:,} prompts, of which {found.height:,} are near-duplicates: {seconds:.2f} s")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500)
