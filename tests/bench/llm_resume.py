"""What a later start costs: 200,000 answers in journals, and a stage that finds out that none is missing.

    python tests/bench/llm_resume.py [CALLS] [RESULT_JSON]

Each step is a process of its own, on the same home.
"""

# ruff: noqa: PLC0415  (each step imports what it needs, and nothing else)

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's

if TYPE_CHECKING:
    import polars as pl

    from tasks.annotate.rubric import RubricTemplate
    from tasks.refs import Run

CALLS = 200_000
ENDPOINT = "gpt-4o-mini"
FILES = 10  # journals, one a run


def bench_run(home: str) -> "Run":
    from tasks.refs import Run

    return Run(id="bench", home=home, seed=1, lock_wait_seconds=10)


def template() -> "RubricTemplate":
    from tasks.annotate import rubric
    from tasks.annotate.rubric import RubricTemplate

    return RubricTemplate(rubric.load("criteria-1"), "list", json_schema=True)


def prompts(calls: int) -> "pl.DataFrame":
    """Distinct texts of about the length of real prompts."""
    import polars as pl

    words = "Explain step by step how a heat pump moves warmth from a cold garden into a warm house. " * 3
    return pl.DataFrame(
        {"id": [f"{n:016x}" for n in range(calls)], "text": [f"{n} {words}" for n in range(calls)]}
    )


def write_journals(home: str, calls: int) -> None:
    """Journals of several runs, as the stage writes them."""
    import orjson

    from tasks import warehouse
    from tasks.llm import endpoint as endpoints
    from tasks.llm.call import Reply, Request, request_key
    from tasks.llm.client import CHAT
    from tasks.llm.journal import journal_path
    from tasks.llm.requests import chat_body
    from tasks.llm.work import Work

    warehouse.migrate(home)
    endpoint, rubric = endpoints.load()[ENDPOINT], template()
    texts = prompts(calls)["text"].to_list()

    def lines(file: int) -> Iterator[bytes]:
        work = Work("annotate", f"run-{file}", endpoint, CHAT, rubric.read)
        for text in texts[file::FILES]:
            body = chat_body(rubric, endpoint, text)
            request = Request(request_key(endpoint.model, body), body, 600, 64)
            reply = Reply('{"criteria":[1,3,7]}', "stop", "", endpoint.model, 600, 512, 12)
            yield orjson.dumps(work.record(request, reply, 1.0, 1)) + b"\n"

    for file in range(FILES):
        path = journal_path(home, "annotate", f"run-{file}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"".join(lines(file)))


def load(home: str, _calls: int) -> Callable[[], int]:
    """From the journals into core.llm_calls, the first time."""
    from tasks import warehouse
    from tasks.llm.task import load_journals

    run = bench_run(home)

    def work() -> int:
        load_journals(run)
        with warehouse.transaction(home) as con:
            [(rows,)] = con.execute("select count(*) from core.llm_calls").fetchall()
        return int(rows)

    return work


def ask_again(home: str, calls: int) -> Callable[[], int]:
    """`Models.ask_texts` on all texts, as annotate calls it: every answer is known."""
    from tasks.llm.task import Models
    from tasks.settings import LlmSettings

    os.environ["OPENAI_API_KEY"] = "none"
    models = Models(bench_run(home), LlmSettings())
    texts = prompts(calls)

    def work() -> int:
        answers = models.ask_texts("annotate", models.endpoint(ENDPOINT), template(), texts)
        return int((answers["outcome"] == "ok").sum())

    return work


STEPS: dict[str, Callable[[str, int], Callable[[], int]]] = {
    "load journals": load,
    "nothing is left": ask_again,
}


def take(name: str, home: str, calls: int) -> None:
    """Wall and processor seconds without imports, and the memory of the whole process."""
    work = STEPS[name](home, calls)
    wall, processor = time.perf_counter(), time.process_time()
    rows = work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = {"seconds": round(wall, 2), "cpu_seconds": round(processor, 2), "peak_mb": round(peak)}
    print(json.dumps({**figures, "rows": rows}))


def measure(name: str, home: str, calls: int) -> dict[str, Any]:
    """Take one step in a process of its own, which prints what it measured."""
    command = [sys.executable, __file__, "--step", name, home, str(calls)]
    child = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    return {"step": name, **json.loads(child.stdout.splitlines()[-1])}


def main(calls: int, target: Path | None) -> None:
    busy = round(os.getloadavg()[0], 2)
    print(f"Load average {busy}" + (": other work is running, so the figures are noisy" * (busy > 1)))
    with tempfile.TemporaryDirectory() as home:
        write_journals(home, calls)
        size = sum(path.stat().st_size for path in Path(home, "journal").rglob("*.jsonl"))
        print(f"{calls:,} calls in {FILES} journals, {size / 1e6:.0f} MB")
        results = [measure(name, home, calls) for name in STEPS]
    for row in results:
        print(
            f"{row['step']:<18}{row['seconds']:>8.2f} s{row['cpu_seconds']:>8.2f} CPU s"
            f"{row['peak_mb']:>7,} MB peak{row['rows']:>10,} calls"
        )
    if target:
        about = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "cores": os.cpu_count(),
            "load": busy,
            "calls": calls,
        }
        target.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        take(sys.argv[2], sys.argv[3], int(sys.argv[4]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else CALLS, Path(sys.argv[2]) if sys.argv[2:] else None)
