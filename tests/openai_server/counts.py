"""What was asked of the server and what it gave."""

from array import array
from collections import Counter
from hashlib import blake2b
from typing import Any

import orjson


def request_key(body: dict[str, Any]) -> str:
    """What a chat or embeddings request is counted under: its model and messages or input, hashed."""
    asked = [body.get("model"), body.get("messages", body.get("input"))]
    return blake2b(orjson.dumps(asked), digest_size=8).hexdigest()


def text_key(model: str, text: str) -> str:
    """What one text's embedding is counted under, whatever else its request holds."""
    return request_key({"model": model, "input": text})


class Counts:
    """Counters of one server. In flight and arrivals are of chat completions and embeddings alone."""

    def __init__(self) -> None:
        self.by_path: Counter[str] = Counter()
        self.by_status: Counter[int] = Counter()
        self.faults: Counter[str] = Counter()
        self.asked: Counter[str] = Counter()
        self.answered: Counter[str] = Counter()  # good answers sent, over HTTP or in a batch's file
        self.texts: Counter[str] = Counter()  # embeddings sent
        self.faulted: dict[str, list[str]] = {}
        self.arrivals = array("d")  # time.monotonic(), seconds
        self.good = self.abandoned = self.in_flight = self.max_in_flight = 0
        self.batch_items: Counter[str] = Counter()

    def ask(self, key: str) -> int:
        """Note a request; how often this one was made by now."""
        self.asked[key] += 1
        return self.asked[key]

    def answer(self, key: str, kind: str | None, texts: list[str] | None = None) -> None:
        """Note how a request went: a good answer if there is no kind of fault, and the embeddings in it."""
        if kind is None:
            self.good += 1
            self.answered[key] += 1
            self.texts.update(texts or ())
        else:
            self.fault(key, kind)

    def fault(self, key: str, kind: str) -> None:
        self.faults[kind] += 1
        self.faulted.setdefault(key, []).append(kind)

    def arrive(self, now: float) -> None:
        self.arrivals.append(now)
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.by_path.total(),
            "by_path": dict(self.by_path),
            "by_status": {str(status): count for status, count in self.by_status.items()},
            "faults": dict(self.faults),
            "answered": self.good,
            "answered_keys": len(self.answered),
            "abandoned": self.abandoned,
            "batch_items": dict(self.batch_items),
            "in_flight": self.in_flight,
            "max_in_flight": self.max_in_flight,
        }

    def by_key(self) -> dict[str, Any]:
        return {
            "asked": dict(self.asked),
            "answered": dict(self.answered),
            "texts": dict(self.texts),
            "faulted": self.faulted,
        }
