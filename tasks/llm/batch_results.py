"""What a batch answered: its lines as calls, and what of it has to be asked again."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import accumulate
from typing import IO, Any

import httpx2
import openai
import orjson

from tasks.llm.batch_shards import Draft, Item, Shard, Shards, input_line, read_line
from tasks.llm.batch_status import clean_code
from tasks.llm.call import Call, Reply, Request
from tasks.llm.client import Failure, describe_status
from tasks.llm.outcome import Outcome
from tasks.llm.work import LAST_ROUND, Work, is_asked_again

_ANYWHERE = httpx2.Request("POST", "https://batch")


class Results:
    """The results of one batch, whose lines come in any order and from two files.

    A call's id is made of the shard's and the request's: a line read twice, because the run that read it
    first was killed, is the same call.

    Attributes:
        again: what is to be asked again, by key.
        refusal: a failure that is everybody's, such as an account without credit; what it met is left alone.
    """

    def __init__(self, work: Work, shards: Shards, shard: Shard, seconds: float) -> None:
        """Find the requests of a shard.

        Args:
            work: what was asked.
            shards: where the shard is.
            shard: the shard.
            seconds: how long its batch took.
        """
        self._work = work
        self._shard_id = shard.id
        self._seconds = seconds
        self._path = shards.path(shard, "jsonl")
        self._items = {item.key: item for item in shards.items(shard)}
        with self._path.open("rb") as file:
            self._starts = dict(zip(self._items, accumulate(map(len, file), initial=0), strict=False))
        self._unanswered = set(self._items)
        self.again: dict[str, Item] = {}
        self.refusal: Failure | None = None

    def read(self, lines: list[bytes]) -> list[Call]:
        """The calls that lines of a result file make; the vectors of embeddings are saved."""
        calls = []
        with self._path.open("rb") as file:
            for line in lines:
                result = _parse(line)
                key = result.get("custom_id")
                if key in self._unanswered:
                    self._unanswered.remove(key)
                    call = self._call(self._request(file, key), result)
                    calls += [call] if call else []
        return calls

    def read_missing(self) -> list[Call]:
        """The calls of requests that no line told of; to be asked for after all lines."""
        missing = [self._items[key] for key in self._items if key in self._unanswered]
        self._unanswered.clear()
        calls = (self._fail(_bare(item), Failure("no_result", can_retry=True)) for item in missing)
        return [call for call in calls if call]

    def ask_again(self, draft: Draft, cost: Callable[[Request], float]) -> None:
        """Put what is to be asked again into a draft, with what each request will cost in USD."""
        with self._path.open("rb") as file:
            for item in self.again.values():
                line = self._line(file, item.key)
                request = read_line(line, item)
                if item.round != self._items[item.key].round:
                    line = input_line(self._work, request)
                draft.add(request, line, item.tries, cost(request))

    def _call(self, request: Request, result: dict[str, Any]) -> Call | None:
        item = self._items[request.key]
        try:
            reply = _reply(self._work, request, result)
        except Failure as failure:
            return self._fail(request, failure)
        call = self._named(self._work.record(request, reply, self._seconds, item.tries))
        if self._work.keep and call.outcome is Outcome.OK:
            self._work.keep(request, reply, call)
        if is_asked_again(call):
            self.again[item.key] = replace(item, round=LAST_ROUND, tries=1)
        return call

    def _fail(self, request: Request, failure: Failure) -> Call | None:
        item = self._items[request.key]
        if failure.advice:
            self.refusal = failure
            return None
        if failure.can_retry and item.tries < self._work.endpoint.max_attempts:
            self.again[item.key] = replace(item, tries=item.tries + 1)
            return None
        return self._named(self._work.failed(request, failure.kind, self._seconds, item.tries))

    def _named(self, call: Call) -> Call:
        name = hashlib.sha256(f"{self._shard_id} {call.key}".encode()).hexdigest()
        return replace(call, call_id=name[:32])

    def _request(self, file: IO[bytes], key: str) -> Request:
        return read_line(self._line(file, key), self._items[key])

    def _line(self, file: IO[bytes], key: str) -> bytes:
        file.seek(self._starts[key])
        return file.readline()


def groups(file: IO[bytes], size: int) -> Iterator[list[bytes]]:
    """The lines of a file, so many at a time."""
    group: list[bytes] = []
    for line in file:
        group.append(line)
        if len(group) == size:
            yield group
            group = []
    if group:
        yield group


def _bare(item: Item) -> Request:
    return Request(item.key, {}, item.input_tokens, item.output_tokens, item.round)


def _parse(line: bytes) -> dict[str, Any]:
    """A line's object; what is none tells nothing, so that its request counts as missing."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return row if isinstance(row, dict) else {}


def _reply(work: Work, request: Request, result: dict[str, Any]) -> Reply:
    """The reply in a line of a result file.

    Raises:
        Failure: there is none.
    """
    response = result.get("response")
    if not isinstance(response, dict):
        error = result.get("error")
        raise Failure(clean_code(error.get("code") if isinstance(error, dict) else None), can_retry=True)
    status, body = response.get("status_code"), response.get("body")
    if status == 200 and isinstance(body, dict):
        return work.api.read(body, request.body)
    if not isinstance(status, int) or not 400 <= status < 600:
        raise Failure("bad_json", can_retry=True)
    stated = body.get("error") if isinstance(body, dict) else None
    raise describe_status(
        openai.APIStatusError("", response=httpx2.Response(status, request=_ANYWHERE), body=stated)
    )
