"""Memory stays flat as a file grows."""

import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_READ = """
import resource, sys
from tasks.ingest.sources import find
from tasks.ingest.readers import read_records
from tasks.ingest.schemas import to_conversation

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

before, rows = peak(), 0
with find(sys.argv[1])[0].open() as raw:
    for item in read_records(raw, 16_000_000):
        rows += bool(to_conversation(item.value).prompt)
print(rows, peak() - before)
"""
_COUNT = 20_000


def _records() -> Iterator[str]:
    turn = {"role": "user", "content": 'A "question" of [some] length. ' * 70}
    for number in range(_COUNT):
        battle = {"question_id": number, "model_a": "a", "model_b": "b", "conversation_a": [turn, turn]}
        yield json.dumps(battle)


@pytest.mark.parametrize(
    ("name", "start", "between", "end"),
    [("a.jsonl", "", "\n", "\n"), ("a.json", "[", ", ", "]"), ("a.csv.gz", "prompt\n", "\n", "\n")],
)
def test_a_file_of_100_mb_is_read_in_little_memory(
    tmp_path: Path, name: str, start: str, between: str, end: str
) -> None:
    path = tmp_path / name
    with gzip.open(path, "wt", 1) if name.endswith(".gz") else path.open("w") as file:
        file.write(start)
        for number, record in enumerate(_records()):
            cell = '"' + record.replace('"', '""') + '"' if "csv" in name else record
            file.write(between * bool(number) + cell)
        file.write(end)
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(path)], capture_output=True, text=True, check=True
    )
    rows, grown = map(int, done.stdout.split())
    assert rows == _COUNT
    assert grown < 60, f"reading took {grown} MB"
