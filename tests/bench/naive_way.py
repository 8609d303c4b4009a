"""Ask a model the usual way, for comparison: threads, the SDK's plain client, a file under a lock."""

import json
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from openai import OpenAI


def ask_all(
    base_url: str,
    model: str,
    bodies: Iterable[dict[str, Any]],
    threads: int,
    file: Path,
    done: Callable[[], None],
) -> None:
    """Ask everything, and keep each answer as a line of a file; the lines are not forced to the disk.

    Args:
        base_url: of the server.
        model: the model's name.
        bodies: chat requests without it.
        threads: how many ask at once.
        file: where the answers go.
        done: called after each.
    """
    client = OpenAI(base_url=base_url, api_key="none", max_retries=5)
    lock = threading.Lock()
    with file.open("a", encoding="utf-8") as answers, ThreadPoolExecutor(threads) as pool:

        def ask(body: dict[str, Any]) -> None:
            completion = client.chat.completions.create(model=model, **body)
            line = {"answer": completion.choices[0].message.content, "usage": completion.usage.model_dump()}
            with lock:
                answers.write(json.dumps(line) + "\n")
                answers.flush()
                done()

        for future in [pool.submit(ask, body) for body in bodies]:
            future.result()
