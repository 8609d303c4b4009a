"""Files put into a home, and what the home then has."""

import json
from collections.abc import Callable
from pathlib import Path

from tasks.ingest.task import ingest
from tasks.refs import Ref, Run
from tasks.settings import IngestSettings
from tests.plugins.homes import fetch

Write = Callable[[str, str | bytes], Path]


def ingest_all(run: Run, *sources: object, **settings: int) -> Ref:
    ref: Ref = ingest.fn(run, [str(source) for source in sources], IngestSettings(**settings))
    return ref


def prompts_of(run: Run) -> list[str]:
    return [row[0] for row in fetch(run.home, "select prompt from raw.conversations order by prompt")]


def lines_of(*prompts: str) -> str:
    return "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
