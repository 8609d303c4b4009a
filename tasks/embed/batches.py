"""Texts as embedding requests: as many in each as OpenAI's API takes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Self

import polars as pl

from tasks.llm import tokens
from tasks.llm.call import Request, request_key
from tasks.llm.endpoint import Endpoint

MAX_INPUTS: Final = 2_048
# OpenAI takes 300,000; its count of odd characters may be a little above ours.
_SAFE_TOKENS: Final = 290_000


def embedder_name(endpoint: Endpoint) -> str:
    """The model, and a hash of the endpoint's own parameters if it has any: they make other vectors."""
    if not endpoint.parameters:
        return endpoint.model
    return f"{endpoint.model}-{request_key(endpoint.model, endpoint.parameters)[:8]}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Prompts that are embedded with one request."""

    prompt_ids: tuple[str, ...]
    texts: tuple[str, ...]
    token_counts: tuple[int, ...]

    def request(self, endpoint: Endpoint) -> Request:
        """The request for these vectors."""
        body = endpoint.with_parameters({"input": list(self.texts), "encoding_format": "base64"})
        return Request(request_key(endpoint.model, body), body, sum(self.token_counts), 0)

    def halves(self) -> tuple[Self, Self]:
        """Two batches of half the prompts each, to find the one that a server refuses."""
        middle = len(self.prompt_ids) // 2
        return self._part(0, middle), self._part(middle, len(self.prompt_ids))

    def _part(self, start: int, stop: int) -> Self:
        return type(self)(self.prompt_ids[start:stop], self.texts[start:stop], self.token_counts[start:stop])


def batches(prompts: pl.DataFrame, endpoint: Endpoint) -> Iterator[Batch]:
    """Divide prompts into requests; too long texts are cut to the endpoint's `max_input_tokens`.

    Args:
        prompts: `prompt_id` and `prompt`.
        endpoint: whose tokens are counted.
    """
    texts = prompts["prompt"].to_list()
    counts = tokens.count(texts, endpoint.model)
    most = endpoint.max_input_tokens
    texts = [
        tokens.cut(text, endpoint.model, most) if count > most else text
        for text, count in zip(texts, counts, strict=True)
    ]
    rows = zip(prompts["prompt_id"], texts, (min(count, most) for count in counts), strict=True)
    for part in _parts(rows):
        yield Batch(*zip(*part, strict=True))


def _parts(rows: Iterator[tuple[str, str, int]]) -> Iterator[list[tuple[str, str, int]]]:
    part: list[tuple[str, str, int]] = []
    total = 0
    for row in rows:
        if part and (len(part) == MAX_INPUTS or total + row[2] > _SAFE_TOKENS):
            yield part
            part, total = [], 0
        part.append(row)
        total += row[2]
    if part:
        yield part
