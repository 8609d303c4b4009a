"""Files put into a home, and what the home then has."""

import json
from typing import Any

from tasks import warehouse
from tasks.ingest.task import ingest
from tasks.refs import Ref, Run
from tasks.settings import IngestSettings


def ingest_all(run: Run, *sources: object, **settings: int) -> Ref:
    ref: Ref = ingest.fn(run, [str(source) for source in sources], IngestSettings(**settings))
    return ref


def fetch(run: Run, text: str) -> list[tuple[Any, ...]]:
    with warehouse.transaction(run.home) as con:
        return con.execute(text).fetchall()


def prompts_of(run: Run) -> list[str]:
    return [row[0] for row in fetch(run, "select prompt from raw.conversations order by prompt")]


def lines_of(*prompts: str) -> str:
    return "".join(json.dumps({"prompt": prompt}) + "\n" for prompt in prompts)
