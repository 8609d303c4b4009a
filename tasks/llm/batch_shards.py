"""Shards: requests that make one batch, on the disk until their answers are journaled.

A shard is two files: `<id>.jsonl` is what the server gets, and `<id>.json`, the manifest, is there from just
before its batch is made until all of it is journaled. So whatever a killed process leaves behind, the next
one knows what may be under way; files that no manifest goes with are of no use to it.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote
from uuid import uuid4

import orjson
from openai.types import Batch

from tasks.errors import InputError
from tasks.llm.batch_server import read_result, seconds_of
from tasks.llm.call import Call, Request
from tasks.llm.client import Failure
from tasks.llm.work import LAST_ROUND, Work, is_asked_again
from tasks.storage import write_atomic

# OpenAI's limits of a batch; nobody says which megabytes are meant.
MAX_REQUESTS = 50_000
MAX_BYTES = 190_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """What a request's line does not say."""

    round: int
    input_tokens: int
    output_tokens: int


@dataclass(slots=True)
class Shard:
    """The manifest of a shard.

    Attributes:
        input_tokens: of all requests together.
        expected_usd: what it will cost.
        file_id: of the uploaded input.
        batch_id: of the batch; empty before it is known.
        items: its requests by key, in the order of their lines.
    """

    id: str
    model: str
    input_tokens: int = 0
    expected_usd: float = 0.0
    file_id: str = ""
    batch_id: str = ""
    items: dict[str, Item] = field(default_factory=dict)


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
        """A file of a shard: `json` or `jsonl`."""
        return self.folder / f"{shard.id}.{kind}"

    def save(self, shard: Shard) -> None:
        """Write a manifest, flushed to the disk."""
        write_atomic(self.path(shard, "json"), orjson.dumps(shard))

    def load(self) -> list[Shard]:
        """The shards that earlier runs did not finish, and were asked of this model.

        Raises:
            InputError: a manifest that is none.
        """
        self.sweep()
        shards = [_manifest(path) for path in sorted(self.folder.glob("*.json"))]
        return [shard for shard in shards if shard.model == self._work.endpoint.model]

    def settle(self, shard: Shard) -> None:
        """Note that nothing of a shard is under way; its lines stay until the next sweep."""
        self.path(shard, "json").unlink(missing_ok=True)

    def take_back(self, shard: Shard, rounds: dict[str, int]) -> Iterator[tuple[Request, bytes]]:
        """Requests of a settled shard, each with its line for the round that is due."""
        with self.path(shard, "jsonl").open("rb") as file:
            for line, (key, item) in zip(file, shard.items.items(), strict=True):
                if key not in rounds:
                    continue
                body: dict[str, Any] = orjson.loads(line)["body"]
                del body["model"]
                request = Request(key, body, item.input_tokens, item.output_tokens, rounds[key])
                # A line of the same round has its room for the answer already.
                yield request, line if item.round == request.round else input_line(self._work, request)

    def sweep(self) -> None:
        """Remove the files that no manifest goes with."""
        for path in self.folder.glob("*"):
            if not (self.folder / f"{path.name.partition('.')[0]}.json").exists():
                path.unlink()


class Draft:
    """A shard that is being made. Its lines go to the disk as they come; its manifest is written later."""

    def __init__(self, shards: Shards, work: Work) -> None:
        self._shards = shards
        self._bytes = 0
        self._most_tokens = work.endpoint.enqueued_tokens
        self._file: IO[bytes] | None = None
        self.shard = Shard(uuid4().hex, work.endpoint.model)

    def has_room(self, request: Request, line: bytes) -> bool:
        """Whether one more request is within the limits of a batch; the first one always is."""
        return not self.shard.items or (
            len(self.shard.items) < MAX_REQUESTS
            and self._bytes + len(line) <= MAX_BYTES
            and not 0 < self._most_tokens < self.shard.input_tokens + request.input_tokens
        )

    def add(self, request: Request, line: bytes, usd: float) -> None:
        """Add a request, with its line of the input file and what it is expected to cost."""
        if self._file is None:
            self._shards.folder.mkdir(parents=True, exist_ok=True)
            self._file = self._shards.path(self.shard, "jsonl").open("wb")
        self._file.write(line)
        self._bytes += len(line)
        self.shard.items[request.key] = Item(request.round, request.input_tokens, request.output_tokens)
        self.shard.input_tokens += request.input_tokens
        self.shard.expected_usd += usd

    def close(self) -> Shard:
        """Flush its lines to the disk."""
        if self._file:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self.shard


class Results:
    """The results of one batch, whose lines come in any order and from two files.

    A call's id is made of the shard's and the request's: a line read twice, because the run that read it
    first was killed, is the same call.

    Attributes:
        again: what is to be asked again: by key, the round that is due.
        refusal: a failure that is everybody's, such as an account without credit; what it met is left alone.
    """

    def __init__(self, work: Work, shard: Shard, batch: Batch, is_last_try: bool) -> None:
        """Results of a shard's batch. After the last try, what failed is not to be asked again."""
        self._work = work
        self._shard = shard
        self._seconds = seconds_of(batch)
        # Who cancels a batch wants no more of it now.
        self._is_over = batch.status == "cancelled"
        self._may_retry = not (is_last_try or self._is_over)
        self._unanswered = dict(shard.items)
        self.again: dict[str, int] = {}
        self.refusal: Failure | None = None

    def read(self, lines: list[bytes]) -> list[Call]:
        """The calls that lines of a result file make."""
        calls = []
        for line in lines:
            try:
                result = orjson.loads(line)
                is_due = result["custom_id"] in self._unanswered
            except (ValueError, KeyError, TypeError):
                continue  # it tells nothing, and its request counts as missing
            if is_due:
                calls += self._calls(result["custom_id"], result)
        return calls

    def read_missing(self) -> list[Call]:
        """The calls of requests that no line told of; to be asked for after all lines."""
        return [call for key in list(self._unanswered) for call in self._calls(key, {})]

    def _calls(self, key: str, result: dict[str, Any]) -> list[Call]:
        """The call of a request; none if nobody's request makes sense any more."""
        item = self._unanswered.pop(key)
        request = Request(key, {}, item.input_tokens, item.output_tokens, item.round)
        try:
            call = self._work.record(request, read_result(self._work.api, result), self._seconds, 1)
        except Failure as failure:
            if failure.advice:
                self.refusal = failure
                return []
            if failure.can_retry and self._may_retry:
                self.again[key] = item.round
            call = self._work.failed(request, failure.kind, self._seconds, 1)
        if is_asked_again(call) and not self._is_over:
            self.again[key] = LAST_ROUND
        name = hashlib.sha256(f"{self._shard.id} {key}".encode()).hexdigest()
        return [replace(call, call_id=name[:32])]


def input_line(work: Work, request: Request) -> bytes:
    """A request's line in the input file of a batch."""
    row = {
        "custom_id": request.key,
        "method": "POST",
        "url": f"/v1{work.api.path}",
        "body": work.body(request),
    }
    return orjson.dumps(row) + b"\n"


def _manifest(path: Path) -> Shard:
    try:
        shard = Shard(**orjson.loads(path.read_bytes()))
        shard.items = {key: Item(**item) for key, item in shard.items.items()}  # type: ignore[arg-type]
    except (ValueError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path}: no manifest of a batch that this version can read; move it away, and its requests are "
            "asked again"
        ) from error
    return shard
