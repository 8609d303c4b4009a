"""Twenty weeks of refreshes over real prompts, with planted faults: a table a week, and a verdict a claim.

    python -m tests.bench.weeks --data DIR [--weeks 20] [--size 100] [--embedder semantic|static] [--work DIR]

DIR has `prompts/fastchat_battles.jsonl`, `prompts/arena_prompts.jsonl` and `questions/*.jsonl`. S3, the
Prefect server and the models are on loopback. `--embedder static` is the offline one. `--work` is an
empty folder for the home and what was pulled, to look at afterwards. The exit code is 1 if a claim fails.
README.md beside this folder tells what is planted and what is claimed.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
os.environ.setdefault("PREFECT_LOGGING_LEVEL", "WARNING")

from prefect.testing.utilities import prefect_test_harness

from tasks.settings import STATIC
from tests.bench.weeks.claims import judge
from tests.bench.weeks.plants import Planted, plant_all, read_lists
from tests.bench.weeks.simulate import EMBEDDER, Simulation, settings_of
from tests.bench.weeks.store import serve
from tests.bench.weeks.traffic import draw, read_traffic
from tests.openai_server.process import OpenAIServer

SEED = 7
# Cosines that we tell the embedder to give to a question and its paraphrase, or what is only on its subject.
PARAPHRASE, AKIN = (0.72, 0.9), (0.45, 0.68)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m tests.bench.weeks", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--weeks", type=int, default=20)
    parser.add_argument("--size", type=int, default=100)
    parser.add_argument("--embedder", choices=["semantic", STATIC], default="semantic")
    parser.add_argument("--work", type=Path, default=None)
    return parser.parse_args(arguments)


def write_meanings(path: Path, planted: Planted) -> None:
    """Tell the embedder which texts are near which question, since it knows no meanings."""
    rows = []
    for plant in planted.plants:
        low, high = AKIN if plant.kind == "akin" else PARAPHRASE
        if plant.like:
            cosine = low + (high - low) * draw(SEED, plant.text)
            rows.append({"text": plant.text, "like": plant.like, "cosine": cosine})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


def main(options: argparse.Namespace, work: Path) -> int:
    work.mkdir(parents=True, exist_ok=True)
    start, batches = read_traffic(options.data, options.weeks, SEED)
    lists = read_lists(options.data)
    planted = plant_all(batches, start, lists, SEED)
    write_meanings(work / "meanings.jsonl", planted)
    embedder = EMBEDDER if options.embedder == "semantic" else STATIC
    with (
        prefect_test_harness(server_startup_timeout=120),
        serve() as store,
        OpenAIServer(meanings=str(work / "meanings.jsonl"), dimensions=256) as llm,
    ):
        settings = settings_of(work, llm, embedder, options.size)
        done = Simulation(work, store, llm, lists, settings)
        done.go(start, batches, planted)
        verdicts = judge(done, planted.plants, lists)
    for verdict in verdicts:
        print(f"{'holds' if verdict.holds else 'FAILS'}  {verdict.claim}: {verdict.seen}")
    return 0 if all(verdict.holds for verdict in verdicts) else 1


if __name__ == "__main__":
    options = parse(sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="evergreen-weeks-") as folder:
        sys.exit(main(options, options.work or Path(folder)))
