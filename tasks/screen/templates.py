"""What is left of a prompt without its small parts: prompts of one template have that in common."""

import hashlib
from collections.abc import Iterator
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.clean.near_duplicates import hashed_words

# Of less than this many words, a skeleton is that of unlike prompts too.
_MIN_WORDS = 8
_GAP = "\u2400"
_LINK = r"https?://\S+|www\.\S+"
# Quotes on one line; an apostrophe is none, since words have it too.
_QUOTED = (
    r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|`[^`\n]{1,200}`|[\[{<(][^\[\]{}<>()\n]{1,200}[\]}>)]"
)
_NUMBER = r"[\w.,:/-]*\d[\w.,:/-]*"
# A capital begins a name, but not where a sentence begins: there it is marked first.
_SENTENCE_START = r"(^|[.!?:\n][\s\"'*_#>-]*)(\p{Lu})"
_MARK = "\u2401"
_NAME = rf"([^\p{{L}}\p{{N}}_{_MARK}])\p{{Lu}}[\p{{L}}\p{{N}}_'\u2019-]*"

# Words in a row that may fill a slot. Longer texts that differ in no more are near-duplicates.
_SLOT: Final = 4
# Of less than this many words, a frame is that of unlike prompts too.
_MIN_FRAME: Final = 7
_MAX_WORDS: Final = 24
_FACTOR: Final = np.uint64(0x9E3779B97F4A7C15)

Hashes = NDArray[np.uint64]


def shapes(texts: pl.Series) -> pl.Series:
    """What prompts of one template have in common, as `shapes`, lists of hashes: a skeleton, or a frame."""
    parts = pl.select(pl.concat_list(skeletons(texts), frames(texts)).list.drop_nulls().alias("shapes"))
    return parts.to_series()


def skeletons(texts: pl.Series) -> pl.Series:
    """Texts with one gap for each number, link, quote, bracket or name, and without case and punctuation.

    Returns:
        `skeleton`: their hashes; null where fewer than eight words are left: they say nothing.
    """
    bare = texts.str.replace_all(_LINK, _GAP).str.replace_all(_QUOTED, _GAP)
    bare = bare.str.replace_all(_SENTENCE_START, f"${{1}}{_MARK}${{2}}")
    bare = bare.str.replace_all(_NUMBER, _GAP).str.replace_all(_NAME, f"${{1}}{_GAP}")
    words = bare.str.replace_all(_MARK, "", literal=True).str.to_lowercase()
    words = words.str.replace_all(rf"[^\p{{L}}{_GAP}]+", " ").str.strip_chars()
    words = words.str.replace_all(rf"{_GAP}(?: ?{_GAP})+", _GAP)
    is_telling = words.str.count_matches(r"\p{L}+") >= _MIN_WORDS
    hashes = [
        int.from_bytes(hashlib.sha256(skeleton.encode()).digest()[:4]) if telling else None
        for skeleton, telling in zip(words, is_telling, strict=True)
    ]
    return pl.Series("skeleton", hashes, dtype=pl.UInt32)


def frames(texts: pl.Series) -> pl.Series:
    """Short texts without one to four words in a row, in every way: slots may hold plain words.

    Returns:
        `frames`: lists of hashes; empty for texts of less than 8 words, or more than 24.
    """
    words, counts = hashed_words(texts)
    starts = np.cumsum(counts) - counts
    found = [pl.DataFrame(schema={"text": pl.Int64, "frames": pl.UInt32})]
    for length in range(_MIN_FRAME + 1, _MAX_WORDS + 1):
        members = np.flatnonzero(counts == length)
        table = words[starts[members][:, None] + np.arange(length)]
        found += [pl.DataFrame({"text": members, "frames": hashes}) for hashes in _frames(table)]
    lists = pl.concat(found).group_by("text").agg("frames")
    rows = pl.DataFrame({"text": np.arange(len(texts))}).join(
        lists, on="text", how="left", maintain_order="left"
    )
    return rows["frames"].fill_null([])


def _frames(words: Hashes) -> Iterator[NDArray[np.uint32]]:
    """Hashes of what is left of texts with one slot, a slot at a time; `words` is of shape (texts, words)."""
    length = words.shape[1]
    heads, tails = _running(words), _running(words[:, ::-1])
    for left in range(max(_MIN_FRAME, length - _SLOT), length):
        for head in range(left + 1):
            place = np.uint64(head * _MAX_WORDS + left)
            whole = (heads[:, head] * _FACTOR + tails[:, left - head] + place) * _FACTOR
            yield (whole >> np.uint64(32)).astype(np.uint32)


def _running(words: Hashes) -> Hashes:
    """Hashes of the first 0, 1, … words of each text, of shape (texts, words + 1)."""
    hashes = np.zeros((len(words), words.shape[1] + 1), dtype=np.uint64)
    for place in range(words.shape[1]):
        hashes[:, place + 1] = (hashes[:, place] ^ words[:, place]) * _FACTOR
    return hashes
