"""Shards: requests that make one batch, on the disk until their answers are journaled.

A shard is three files, of which the last one written and the first one removed makes it count:
`<id>.jsonl` is what the server gets, `<id>.items.jsonl` has a line for each of its requests, and `<id>.json`
is the manifest, which knows what was sent. So whatever a process that is killed leaves behind, the next one
knows what is under way. A shard for what has to be asked again names the one that it replaces.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time
from typing import IO, Any
from urllib.parse import quote
from uuid import uuid4

import orjson

from tasks.errors import InputError
from tasks.llm.call import Request
from tasks.llm.work import Work
from tasks.storage import write_atomic

# OpenAI's limits of a batch. Embeddings count by their inputs, and nobody says which megabytes are meant.
MAX_REQUESTS = 50_000
MAX_BYTES = 190_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """A request of a shard. `tries` counts the batches that it was in, in this round."""

    key: str
    round: int
    input_tokens: int
    output_tokens: int
    tries: int


@dataclass(slots=True)
class Shard:
    """The manifest of a shard.

    Attributes:
        endpoint: the endpoint's name.
        input_tokens: of all requests together.
        expected_usd: what it will cost.
        made_at: seconds since 1970.
        replaces: the id of the shard whose requests are asked again here.
        file_id: of the uploaded input; empty before that.
        batch_id: of the batch; empty before it is known.
    """

    id: str
    stage: str
    endpoint: str
    model: str
    requests: int
    input_tokens: int
    expected_usd: float
    made_at: float
    replaces: str = ""
    file_id: str = ""
    batch_id: str = ""


class Shards:
    """The shards of a stage and an endpoint, in a folder that nobody else writes to at the same time."""

    def __init__(self, folder: Path, work: Work) -> None:
        """Find the folder.

        Args:
            folder: where the batches of all stages are.
            work: whose shards these are.
        """
        self.folder = folder / work.stage / quote(work.endpoint.name, safe="")
        self._work = work

    def path(self, shard: Shard, kind: str) -> Path:
        """A file of a shard: `json`, `jsonl`, `items.jsonl`, `output.jsonl` or `error.jsonl`."""
        return self.folder / f"{shard.id}.{kind}"

    def save(self, shard: Shard) -> None:
        """Write a manifest, flushed to the disk."""
        write_atomic(self.path(shard, "json"), orjson.dumps(shard))

    def load(self) -> list[Shard]:
        """The shards that earlier runs did not finish, and were asked of this model.

        Raises:
            InputError: a manifest that is none.
        """
        shards = [_manifest(path) for path in sorted(self.folder.glob("*.json"))]
        replaced = {shard.replaces for shard in shards}
        for shard in shards:
            if shard.id in replaced:
                self.remove(shard)
        kept = [shard for shard in shards if shard.id not in replaced]
        self._sweep({shard.id for shard in kept})
        return [shard for shard in kept if shard.model == self._work.endpoint.model]

    def items(self, shard: Shard) -> Iterator[Item]:
        """The requests of a shard, in the order of its input file."""
        with self.path(shard, "items.jsonl").open("rb") as file:
            for line in file:
                yield Item(*orjson.loads(line))

    def remove(self, shard: Shard) -> None:
        """Forget a shard: its requests may be asked anew, and its prompts are off the disk."""
        self.path(shard, "json").unlink(missing_ok=True)
        for path in self.folder.glob(f"*{shard.id}*"):
            path.unlink(missing_ok=True)

    def _sweep(self, kept: set[str]) -> None:
        """Remove what a killed process left without a manifest: nothing of it was sent."""
        for path in self.folder.glob("*"):
            if path.name.lstrip(".").partition(".")[0] not in kept:
                path.unlink()


class Draft:
    """A shard that is being made. Its lines go to the disk as they come; it counts once it is closed."""

    def __init__(self, shards: Shards, work: Work, replaces: str = "") -> None:
        self._shards = shards
        self._inputs = self._bytes = 0
        self._most_tokens = work.endpoint.enqueued_tokens
        self._files: list[IO[bytes]] = []
        self.shard = Shard(
            uuid4().hex, work.stage, work.endpoint.name, work.endpoint.model, 0, 0, 0.0, time(), replaces
        )

    def has_room(self, request: Request, line: bytes) -> bool:
        """Whether one more request is within the limits of a batch; the first one always is."""
        return not self.shard.requests or (
            self._inputs + _inputs(request) <= MAX_REQUESTS
            and self._bytes + len(line) <= MAX_BYTES
            and not 0 < self._most_tokens < self.shard.input_tokens + request.input_tokens
        )

    def add(self, request: Request, line: bytes, tries: int, usd: float) -> None:
        """Add a request.

        Args:
            request: the request.
            line: its line of the input file.
            tries: batches that it was in, this one included.
            usd: what it is expected to cost.
        """
        if not self._files:
            self._shards.folder.mkdir(parents=True, exist_ok=True)
            self._files = [
                self._shards.path(self.shard, kind).open("wb") for kind in ("jsonl", "items.jsonl")
            ]
        item = [request.key, request.round, request.input_tokens, request.output_tokens, tries]
        for file, written in zip(self._files, (line, orjson.dumps(item) + b"\n"), strict=True):
            file.write(written)
        self._bytes += len(line)
        self._inputs += _inputs(request)
        self.shard.requests += 1
        self.shard.input_tokens += request.input_tokens
        self.shard.expected_usd += usd

    def close(self) -> Shard:
        """Flush everything to the disk, and the manifest last."""
        for file in self._files:
            file.flush()
            os.fsync(file.fileno())
            file.close()
        self._shards.save(self.shard)
        return self.shard

    def discard(self) -> None:
        """Leave nothing of it."""
        for file in self._files:
            file.close()
        self._shards.remove(self.shard)


def input_line(work: Work, request: Request) -> bytes:
    """A request's line in the input file of a batch."""
    row = {
        "custom_id": request.key,
        "method": "POST",
        "url": f"/v1{work.api.path}",
        "body": work.body(request),
    }
    return orjson.dumps(row) + b"\n"


def read_line(line: bytes, item: Item) -> Request:
    """The request of a line of an input file."""
    body: dict[str, Any] = orjson.loads(line)["body"]
    del body["model"]
    return Request(item.key, body, item.input_tokens, item.output_tokens, item.round)


def _inputs(request: Request) -> int:
    texts = request.body.get("input")
    return len(texts) if isinstance(texts, list) else 1


def _manifest(path: Path) -> Shard:
    try:
        return Shard(**orjson.loads(path.read_bytes()))
    except (ValueError, TypeError) as error:
        raise InputError(
            f"{path}: no manifest of a batch that this version can read; move it away, and its requests are "
            "asked again"
        ) from error
