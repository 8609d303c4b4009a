"""What it costs to look at a live source of 100,000 files: the first time, and when one more has come.

    python -m tests.bench.listing [FILES]

A folder of so many, and a tenth of it in S3: moto's goes through all its objects for each page of 1,000, so
its seconds say little; requests are what to look at.
"""

import sys
import tempfile
import time
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import fsspec
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from tasks.ingest.live import earliest_partition, find_live
from tests.bench.weeks.store import LOGS, serve

DAYS = [date(2026, 11, 20) - timedelta(days=n) for n in range(1_000)]
LATE_DAYS = 7
CHECKED_AT, SETTLED = datetime(2026, 11, 20, 12), datetime(2100, 1, 1)  # noqa: DTZ001 - UTC, as the warehouse has it


def count_requests() -> Counter[str]:
    """Count the requests of s3fs from now on, by their kind."""
    made: Counter[str] = Counter()
    filesystem = fsspec.get_filesystem_class("s3")
    plain = filesystem._call_s3

    async def counting(self: Any, method: str, *args: Any, **kwargs: Any) -> Any:
        made[method] += 1
        return await plain(self, method, *args, **kwargs)

    filesystem._call_s3 = counting
    return made


def look(source: str, earliest: date | None, made: Counter[str]) -> None:
    """List a source, and print what that took."""
    made.clear()
    begun = time.perf_counter()
    found = find_live(source, earliest, SETTLED)
    seconds = time.perf_counter() - begun
    print(
        f"{len(found.files):>8,} files listed in {seconds:6.2f} s, {made.total():>4} requests: {source[:40]}",
        flush=True,
    )


def measure(source: str, add_one: Any, made: Counter[str]) -> None:
    """List all, then what may be new once there is one more."""
    look(source, None, made)
    add_one()
    look(source, earliest_partition(CHECKED_AT, DAYS[0], LATE_DAYS), made)


def main(count: int) -> None:
    keys = [f"chat/dt={day}/{n:05}.jsonl" for day in DAYS for n in range(count // len(DAYS))]
    one = f"chat/dt={DAYS[2]}/late.jsonl"
    made = count_requests()
    with serve():
        backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
        for key in keys[::10]:  # where moto keeps them: as requests they would take minutes
            backend.put_object(LOGS, key, b"{}")
        measure(f"s3://{LOGS}/chat", lambda: backend.put_object(LOGS, one, b"{}"), made)
    with tempfile.TemporaryDirectory() as folder:
        for key in keys:
            path = Path(folder, key)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"{}")
        measure(f"{folder}/chat", lambda: Path(folder, one).write_bytes(b"{}"), made)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
