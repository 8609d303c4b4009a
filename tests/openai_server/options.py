"""The server's options, as its command line takes them."""

import argparse
import json
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any


def _option(default: str | float, text: str) -> Any:
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True)
class Options:
    """How the server behaves. Times are in seconds; a limit of 0 is none."""

    port: int = _option(0, "0: any free port")
    latency: float = _option(0.0, "seconds until each answer")
    start_delay: float = _option(0.0, "seconds from naming the port to listening on it")
    faults: dict[str, Any] = field(default_factory=dict, metadata={"help": "fault plan: JSON, or its file"})
    api_key: str = _option("", "the one key accepted; empty: any, or none")
    models: str = _option("", "known models, by comma; empty: any")
    snapshot: str = _option("", "what answers add to the model's name, as -2024-08-06")
    plain_answer: str = _option("[{criteria}]", "an annotation without a schema; {criteria} is as 1, 3, 5")
    meanings: str = _option("", "file of texts that mean the same, for embeddings; see embeddings.py")
    dimensions: int = _option(1536, "of vectors, where a request names none")
    rpm: int = _option(0, "requests in any 60 seconds, where the plan names no rpm")
    quota_after: int = _option(0, "good answers before insufficient_quota, where the plan names none")
    batch_seconds: float = _option(0.0, "a batch's time; 0: each poll of it moves it on by a state")
    batch_requests: int = _option(50_000, "most requests in a batch")
    file_bytes: int = _option(200_000_000, "most bytes in a file")
    enqueued_tokens: int = _option(0, "most tokens of one model in unfinished batches")
    with_parent: bool = _option(False, "end when standard input closes")


def _plan(text: str) -> dict[str, Any]:
    plan: dict[str, Any] = json.loads(text if text.startswith("{") else Path(text).read_bytes())
    return plan


def read(arguments: list[str] | None = None) -> Options:
    """Options from the command line; a bad one ends the process with argparse's message."""
    parser = argparse.ArgumentParser(prog="python -m tests.openai_server", description=__doc__)
    for option in fields(Options):
        name, text = "--" + option.name.replace("_", "-"), option.metadata["help"]
        if option.name == "faults":
            parser.add_argument(name, type=_plan, default={}, help=text)
        elif option.type is bool:
            parser.add_argument(name, action="store_true", help=text)
        else:
            parser.add_argument(name, type=option.type, default=option.default, help=text)
    return Options(**vars(parser.parse_args(arguments)))
