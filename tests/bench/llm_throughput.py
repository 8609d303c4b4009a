"""How fast models are asked: the pool, beside a pool of threads, on a server that takes a second an answer.

    python tests/bench/llm_throughput.py [--short] [RESULT_JSON]

The server (`tests/openai_server`) and each contender are processes of their own, on one machine. With
`--short`, a tenth of the calls: to see that everything works.
"""

# ruff: noqa: PLC0415  (the process of a contender imports what that contender needs, and nothing else)

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's

from tests.openai_server.process import OpenAIServer  # noqa: E402

LATENCY = 1.0
RPM = 6_000
RPM_SECONDS = 150
# name, requests in flight, calls, requests a minute
RUNS = [
    ("evergreen", 200, 10_000, 0),
    ("evergreen", 500, 20_000, 0),
    ("threads", 200, 10_000, 0),
    ("threads", 500, 20_000, 0),
    ("evergreen", 200, RPM * RPM_SECONDS // 60, RPM),
]
SAMPLE = ROOT / "deploy" / "demo" / "conversations.jsonl"


class Meter:
    """Counts answers, and takes the process's memory at a quarter of them."""

    def __init__(self, calls: int) -> None:
        self._quarter = calls // 4
        self.answers = 0
        self.quarter_mb = 0.0

    def tick(self) -> None:
        self.answers += 1
        if self.answers == self._quarter:
            self.quarter_mb = memory_mb()


def memory_mb() -> float:
    """Resident memory of this process now, in MB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


def texts(count: int) -> Iterator[str]:
    """Distinct prompts: those of the demo, numbered."""
    found = []
    for line in SAMPLE.read_bytes().splitlines():
        try:
            found.append(json.loads(line)["conversation_a"][0]["content"])
        except (ValueError, KeyError, TypeError, IndexError):
            continue
    for number in range(count):
        yield f"{number}: {found[number % len(found)]}"


def evergreen(
    url: str, concurrency: int, calls: int, rpm: int, folder: Path, meter: Meter
) -> Callable[[], None]:
    """The pool with its journal, fed as a stage feeds it: keys, tokens, the shipped rubric."""
    from tasks.annotate import rubric
    from tasks.annotate.rubric import RubricTemplate
    from tasks.llm import tokens
    from tasks.llm.budget import Budget
    from tasks.llm.call import Request, request_key
    from tasks.llm.client import CHAT, connect
    from tasks.llm.endpoint import Endpoint
    from tasks.llm.journal import Journal
    from tasks.llm.outcome import Outcome
    from tasks.llm.pool import Pool
    from tasks.llm.requests import chat_body, chat_request
    from tasks.llm.work import Work

    endpoint = Endpoint(
        name="bench", model="gpt-4o-mini", base_url=url, api_key_env="", concurrency=concurrency, rpm=rpm
    )
    template = RubricTemplate(rubric.load("criteria-1"), "list", json_schema=False)
    tokens.count([""], endpoint.model)  # loads the vocabulary, as an import would

    def requests() -> Iterator[Request]:
        for text in texts(calls):
            body = chat_body(template, endpoint, text)
            yield chat_request(request_key(endpoint.model, body), body, endpoint, template, 1)

    def read(answer: str) -> Outcome:
        meter.tick()
        return template.read(answer)

    async def ask() -> None:
        work = Work("annotate", "bench", endpoint, CHAT, read)
        async with connect(endpoint) as client, Journal(folder / "answers.jsonl") as journal:
            await Pool(work, client, journal, Budget(0, 0), concurrency).run(requests())

    return lambda: asyncio.run(ask())


def threads(
    url: str, concurrency: int, calls: int, _rpm: int, folder: Path, meter: Meter
) -> Callable[[], None]:
    """The same requests by `naive_way.py`."""
    from tasks.annotate import rubric
    from tasks.annotate.rubric import RubricTemplate
    from tests.bench import naive_way

    template = RubricTemplate(rubric.load("criteria-1"), "list", json_schema=False)
    bodies = (template.body(text) for text in texts(calls))
    file = folder / "answers.jsonl"
    return lambda: naive_way.ask_all(url, "gpt-4o-mini", bodies, concurrency, file, meter.tick)


CONTENDERS = {"evergreen": evergreen, "threads": threads}


def contend(name: str, url: str, concurrency: int, calls: int, rpm: int) -> None:
    """Wall and processor seconds without imports, and the memory of the whole process."""
    meter = Meter(calls)
    with tempfile.TemporaryDirectory() as folder:
        work = CONTENDERS[name](url, concurrency, calls, rpm, Path(folder), meter)
        wall, processor = time.perf_counter(), time.process_time()
        work()
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        lines = (Path(folder) / "answers.jsonl").read_bytes().count(b"\n")
    figures = {
        "seconds": round(wall, 2),
        "cpu_ms_per_call": round(1000 * processor / calls, 3),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "growth_mb": round(memory_mb() - meter.quarter_mb, 1),
        "answers_on_disk": lines,
    }
    print(json.dumps(figures))


def measure(name: str, concurrency: int, calls: int, rpm: int) -> dict[str, Any]:
    """Run one contender against a new server."""
    with OpenAIServer(latency=LATENCY) as server:
        arguments = [name, server.base_url, str(concurrency), str(calls), str(rpm)]
        command = [sys.executable, __file__, "--contender", *arguments]
        child = subprocess.run(command, check=True, stdout=subprocess.PIPE)
        figures = json.loads(child.stdout.splitlines()[-1])
        server_cpu = server.stats()["cpu_seconds"]
        arrivals = sorted(server.arrivals())
    ideal = calls / concurrency * LATENCY
    return {
        "contender": name,
        "concurrency": concurrency,
        "calls": calls,
        "rpm": rpm,
        **figures,
        "ideal_share": None if rpm else round(ideal / figures["seconds"], 3),
        "server_cpu_ms_per_call": round(1000 * server_cpu / calls, 3),
        **(rates(arrivals, rpm) if rpm else {}),
    }


def rates(arrivals: list[float], rpm: int) -> dict[str, Any]:
    """How near to its limit a contender came, as the server saw it.

    The share is of the time between first and last arrival; the longest gap is in seconds.
    """
    most = start = 0
    for end, moment in enumerate(arrivals):
        while arrivals[start] <= moment - 60:
            start += 1
        most = max(most, end - start + 1)
    per_minute = 60 * (len(arrivals) - 1) / (arrivals[-1] - arrivals[0])
    gap = max(after - before for before, after in pairwise(arrivals))
    return {
        "rpm_share": round(per_minute / rpm, 4),
        "most_in_60_seconds": most,
        "longest_gap": round(gap, 3),
    }


def show(row: dict[str, Any]) -> None:
    """Print a line of the table that README.md holds."""
    if row["rpm"]:
        reached = f"{row['rpm_share']:.2%} of rpm, at most {row['most_in_60_seconds']:,} in 60 s"
    else:
        reached = f"{row['ideal_share']:.1%} of the ideal"
    print(
        f"{row['contender']:<10}{row['concurrency']:>4}{row['calls']:>8,} calls{row['seconds']:>8.1f} s: "
        f"{reached}; "
        f"CPU {row['cpu_ms_per_call']:.2f} ms a call, the server's {row['server_cpu_ms_per_call']:.2f}; "
        f"peak {row['peak_mb']} MB, {row['growth_mb']:+.1f} MB since a quarter of the calls; "
        f"{row['answers_on_disk']:,} answers on disk",
        flush=True,
    )


def main(*, short: bool, target: Path | None) -> None:
    load = round(os.getloadavg()[0], 2)
    print(f"Load average {load}" + (": other work is running, so the figures are noisy" * (load > 1)))
    results = []
    for name, concurrency, calls, rpm in RUNS:
        results.append(measure(name, concurrency, calls // 10 if short else calls, rpm))
        show(results[-1])
    if target:
        about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count(), "load": load}
        target.write_text(json.dumps({**about, "results": results}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    arguments = [argument for argument in sys.argv[1:] if argument != "--short"]
    if arguments[:1] == ["--contender"]:
        contend(arguments[1], arguments[2], *map(int, arguments[3:6]))
    elif len(arguments) <= 1:
        main(short="--short" in sys.argv, target=Path(arguments[0]) if arguments else None)
    else:
        sys.exit(__doc__)
