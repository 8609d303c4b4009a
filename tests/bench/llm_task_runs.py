"""How many task runs Prefect gets for the annotations of a build: as many for few prompts as for many.

    python tests/bench/llm_task_runs.py PROMPTS_JSONL

The first 500 lines of the file are built, then the first 2,000, each in a home of its own, on a Prefect
server that is started for it. A server on loopback annotates (`tests/openai_server`).
"""

import os
import sys
import tempfile
from itertools import islice
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's
os.environ |= {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}

from prefect.client.orchestration import get_client  # noqa: E402
from prefect.testing.utilities import prefect_test_harness  # noqa: E402

from flows.build import build  # noqa: E402
from tasks import warehouse  # noqa: E402
from tasks.config import load, override  # noqa: E402
from tests.openai_server.process import OpenAIServer  # noqa: E402

LINES = (500, 2_000)
ENDPOINT = """
bench:
  model: gpt-4o-mini
  base_url: {url}
  api_key_env: ""
  json_schema: true
"""


def count(source: Path, lines: int, folder: Path, url: str) -> tuple[int, int]:
    """Calls journaled, and task runs of all flow runs so far."""
    endpoints, prompts, home = folder / "endpoints.yaml", folder / "prompts.jsonl", folder / "home"
    endpoints.write_text(ENDPOINT.format(url=url), encoding="utf-8")
    with source.open("rb") as every:
        prompts.write_bytes(b"".join(islice(every, lines)))
    # Nothing may end the build before its last stage, whatever these prompts are like.
    settings = override(
        load(),
        llm__endpoints=str(endpoints),
        annotate__annotator="bench",
        select__size=10,
        select__min_score=0,
        select__min_topic_mean=0.0,
    )
    build([str(prompts)], str(home), settings)
    with warehouse.transaction(str(home)) as con:
        [(calls,)] = con.execute("select count(*) from core.llm_calls").fetchall()
    with get_client(sync_client=True) as client:
        return calls, len(client.read_task_runs(limit=200))


def main(source: Path) -> None:
    if not source.is_file():
        sys.exit(f"No file {source}: give a JSONL file of prompts.")
    before = 0
    with prefect_test_harness(server_startup_timeout=120), OpenAIServer() as server:
        for lines in LINES:
            with tempfile.TemporaryDirectory() as folder:
                calls, task_runs = count(source, lines, Path(folder), server.base_url)
            print(f"{lines:>6,} lines: {calls:>6,} calls of a model, {task_runs - before} task runs")
            before = task_runs


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
