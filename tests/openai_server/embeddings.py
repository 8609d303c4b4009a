"""Embeddings: unit vectors by hashed words, so that texts which share words are near.

Texts that a table of meanings lists are near to another text, whatever their words: what a language model
would find out is told.
"""

import re
from binascii import b2a_base64
from collections.abc import Mapping
from functools import cache, lru_cache
from hashlib import blake2b
from pathlib import Path
from struct import unpack
from typing import TYPE_CHECKING, Any, Final

import orjson

from tests.openai_server import errors
from tests.openai_server.chat import tokens
from tests.openai_server.errors import ApiError

if TYPE_CHECKING:
    import numpy as np

_MAX_INPUTS: Final = 2_048
_MAX_TOKENS: Final = 8_192
_MAX_REQUEST_TOKENS: Final = 300_000
_PLACES: Final = 4  # of a vector that a word changes
_WORD: Final = re.compile(r"\w+")

# By text, the text that it means the same as, and the cosine of the two.
Meanings = Mapping[str, tuple[str, float]]


def read_meanings(path: str) -> Meanings:
    """A table of meanings: JSONL with `text`, `like` and `cosine`. Without a path, an empty one."""
    lines = Path(path).read_bytes().splitlines() if path else []
    return {row["text"]: (row["like"], row["cosine"]) for row in map(orjson.loads, lines)}


def texts(body: dict[str, Any]) -> list[str]:
    """The texts of a request."""
    given = body["input"]
    return [given] if isinstance(given, str) else given


def check(body: dict[str, Any]) -> None:
    """Raise 400 for what OpenAI refuses."""
    given = body.get("input")
    if given is None:
        raise errors.missing("input")
    if not isinstance(given, str | list) or not all(isinstance(text, str) for text in given):
        raise errors.wrong_type("input", "a string or an array of strings")
    if not given or not all(given):
        raise ApiError(400, "Invalid 'input': input cannot be an empty string.", param="input")
    if body.get("encoding_format", "float") not in {"float", "base64"}:
        raise ApiError(400, "Invalid 'encoding_format'.", param="encoding_format", code="invalid_value")
    if isinstance(body.get("dimensions", 1), bool) or not 0 < body.get("dimensions", 1) <= 3072:
        raise ApiError(400, "Invalid value for 'dimensions'.", param="dimensions", code="invalid_value")
    _check_size(texts(body))


def answer(body: dict[str, Any], kind: str | None, *, dimensions: int, meanings: Meanings) -> dict[str, Any]:
    """The embeddings of a request's texts. `truncated` lacks the last one, `empty` all."""
    given = texts(body)
    vectors = _with_meanings(given, body.get("dimensions") or dimensions, meanings)
    if body.get("encoding_format") == "base64":
        rows = [b2a_base64(row.tobytes(), newline=False).decode() for row in vectors]
    else:
        rows = vectors.tolist()
    rows = {"empty": [], "truncated": rows[:-1]}.get(kind or "", rows)
    count = sum(map(tokens, given))
    return {
        "object": "list",
        "data": [{"object": "embedding", "index": n, "embedding": row} for n, row in enumerate(rows)],
        "model": "another-model" if kind == "wrong_model" else body["model"],
        "usage": {"prompt_tokens": count, "total_tokens": count},
    }


def _with_meanings(given: list[str], dimensions: int, meanings: Meanings) -> "np.ndarray[Any, Any]":
    """Vectors of texts; those with a meaning are moved to where they have their cosine with the other."""
    vectors = _vectors(given, dimensions)
    for row, text in enumerate(given):
        if text not in meanings:
            continue
        like, cosine = meanings[text]
        other = _vectors([like], dimensions)[0]
        own = vectors[row] - (vectors[row] @ other) * other
        vectors[row] = cosine * other + (1 - cosine**2) ** 0.5 * own / (own @ own) ** 0.5
    return vectors


def _vectors(given: list[str], dimensions: int) -> "np.ndarray[Any, Any]":
    """Unit vectors (texts by dimensions, little-endian float32)."""
    import numpy as np  # noqa: PLC0415 - a quarter of a second that a server of chat completions need not wait

    matrix = np.zeros((len(given), dimensions), dtype=np.float64)
    for row, text in enumerate(given):
        words = dict.fromkeys(_WORD.findall(text.lower())) or {text: None}
        places: list[int] = []
        weights: list[float] = []
        for word in words:
            at, signed = _hashed(word, dimensions)
            places += at
            weights += signed
        matrix[row] = np.bincount(places, weights, minlength=dimensions)
        norm = np.linalg.norm(matrix[row])
        matrix[row] = matrix[row] / norm if norm else np.eye(1, dimensions)[0]
    return matrix.astype("<f4")


@lru_cache(maxsize=100_000)
def _hashed(word: str, dimensions: int) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Where a word counts in a vector, and by how much: long words say more about a topic."""
    *places, signs = unpack(f">{_PLACES}HB", blake2b(word.encode(), digest_size=2 * _PLACES + 1).digest())
    weight = (min(len(word), 8) / 8) ** 2
    signed = tuple(weight if signs >> n & 1 else -weight for n in range(_PLACES))
    return tuple(place % dimensions for place in places), signed


def _check_size(given: list[str]) -> None:
    if len(given) > _MAX_INPUTS:
        message = f"Invalid 'input': array too long, at most {_MAX_INPUTS}."
        raise ApiError(400, message, param="input", code="array_above_max_length")
    lengths = [len(text.encode()) for text in given]
    # A token has at least one byte: only long texts need counting.
    long = (text for text, length in zip(given, lengths, strict=True) if length > _MAX_TOKENS)
    if any(_counted(text) > _MAX_TOKENS for text in long):
        message = f"Invalid 'input': maximum input length is {_MAX_TOKENS} tokens."
        raise ApiError(400, message, param="input")
    if sum(lengths) > _MAX_REQUEST_TOKENS:
        total = sum(map(_counted, given))
        if total > _MAX_REQUEST_TOKENS:
            message = f"Requested {total} tokens, max {_MAX_REQUEST_TOKENS} tokens per request"
            raise ApiError(400, message, kind="max_tokens_per_request", code="max_tokens_per_request")


def _counted(text: str) -> int:
    """Tokens as OpenAI's models count them."""
    return len(_encoding().encode_ordinary(text))


@cache
def _encoding() -> Any:
    """OpenAI's vocabulary: the package reads it anew, in 30 ms, whenever it is asked for."""
    import bpe_openai  # type: ignore[import-untyped]  # noqa: PLC0415 - takes a second

    return bpe_openai.get_encoding("cl100k_base")
