"""What a refresh of 5,000 prompts costs beside the build of 200,000 that it goes on from.

    python -m tests.bench.refresh_share CORPUS_DIR [--models] [--work DIR] [--result FILE]

CORPUS_DIR is made by `tests.bench.topics.corpus`; the 5,000 are perturbed copies of real prompts in it. Both
runs are the command in a process of its own, start and imports included, against a Prefect server that is up
already. `--models`: with the profile `openai` and a server on loopback that takes a second for each answer,
200 at a time.
"""

import argparse
import itertools
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

import numpy as np
import polars as pl
from prefect.settings import PREFECT_API_URL
from prefect.testing.utilities import prefect_test_harness

from tests.bench.topics.corpus import SEED, perturbed, some_words
from tests.openai_server.process import OpenAIServer
from tests.tasks.llm.asking import write_endpoints

NEW = 5_000
REAL = 58_000
MODELS = ("text-embedding-3-small", "gpt-3.5-turbo", "gpt-4-turbo")
LATENCY, IN_FLIGHT = 1.0, 200
SETTLED = 3_600  # a file that was written this many seconds ago is read at once
_FINISHED = re.compile(r"^(\d+):(\d+):([\d.]+) .* Task run '([^']+)' - Finished", re.MULTILINE)


def write_source(folder: Path, name: str, prompts: list[str]) -> None:
    path = folder / f"{name}.jsonl"
    rows = ({"id": f"{name}-{number}", "prompt": prompt} for number, prompt in enumerate(prompts))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    os.utime(path, (time.time() - SETTLED,) * 2)


def stage_seconds(log: str) -> dict[str, float]:
    """Seconds between the ends of task runs, by the name of the later one, gates with their stages."""
    seconds: dict[str, float] = {}
    ends = [
        (int(hour) * 3600 + int(minute) * 60 + float(second), name)
        for hour, minute, second, name in _FINISHED.findall(log)
    ]
    for (before, _), (end, name) in itertools.pairwise(ends):
        stage = name.removeprefix("gate: ")
        seconds[stage] = round(seconds.get(stage, 0.0) + end - before, 1)
    return seconds


def refresh(source: Path, home: Path, options: list[str]) -> dict[str, Any]:
    """One run of the command: seconds, processor seconds, and seconds by stage."""
    command = [sys.executable, "-m", "flows.cli", "refresh", str(source), "--home", str(home), *options]
    used, wall = os.times(), time.perf_counter()
    env = {**os.environ, "PREFECT_API_URL": PREFECT_API_URL.value()}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    wall, after = time.perf_counter() - wall, os.times()
    if done.returncode:
        sys.exit(done.stderr)
    processor = sum(
        getattr(after, name) - getattr(used, name) for name in ("children_user", "children_system")
    )
    return {
        "seconds": round(wall, 1),
        "cpu_seconds": round(processor, 1),
        "stages": stage_seconds(done.stderr),
    }


def measure(corpus: Path, work: Path, options: list[str]) -> list[dict[str, Any]]:
    prompts = pl.read_parquet(corpus / "prompts.parquet")["prompt"].to_list()
    chance = np.random.default_rng(SEED)
    chosen = chance.choice(REAL, NEW, replace=False)
    words = some_words(prompts)
    source = work / "source"
    source.mkdir()
    rows = []
    batches = {"base": prompts, "new": [perturbed(prompts[number], words, chance) for number in chosen]}
    for name, batch in batches.items():
        write_source(source, name, batch)
        rows.append({"run": name, "prompts": len(batch)} | refresh(source, work / "home", options))
        print(json.dumps(rows[-1]), flush=True)
    share = rows[1]["seconds"] / rows[0]["seconds"]
    print(f"The refresh took {share:.1%} of the build's time")
    return rows


def main(options: argparse.Namespace, work: Path) -> None:
    load = round(os.getloadavg()[0], 2)
    work.mkdir(parents=True, exist_ok=True)
    with prefect_test_harness(server_startup_timeout=120):
        if options.models:
            with OpenAIServer(latency=LATENCY, dimensions=384) as llm:
                fields = {"concurrency": IN_FLIGHT, "timeout_seconds": 60}
                endpoints = write_endpoints(work, llm, **dict.fromkeys(MODELS, fields))
                settings = ["--profile", "openai", "--endpoints", endpoints, "--max-usd", "0"]
                rows = measure(options.corpus, work, settings)
                rows[-1]["calls"] = llm.stats()["by_path"]
        else:
            rows = measure(options.corpus, work, [])
    if options.result:
        about = {"cores": os.cpu_count(), "load_before": load, "models": options.models}
        options.result.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        "python -m tests.bench.refresh_share",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--models", action="store_true")
    parser.add_argument("--work", type=Path)
    parser.add_argument("--result", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evergreen-share-") as folder:
        main(asked, asked.work or Path(folder))
