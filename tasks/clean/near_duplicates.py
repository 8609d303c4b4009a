"""Near-duplicates: MinHash finds candidates, the exact Jaccard similarity of their shingles decides.

Shingles are the words of a text and its pairs of neighbouring words, without case and punctuation: words
alone call re-ordered texts the same, longer shingles miss short prompts in which one word changed.
"""

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rensa import RMinHash, RMinHashLSH

# Chinese, Japanese and Korean write no spaces: there each character is a word.
_CJK = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORD = rf"[{_CJK}]|[\w--[{_CJK}]]+"
# 25 bands of 5 rows: a pair of similarity 0.7 is a candidate with probability 0.99, one of 0.8 with 0.9999.
_BANDS, _ROWS = 25, 5
_PERMUTATIONS = _BANDS * _ROWS
_SEED = 1
_BLOCK = 20_000
_PAIR_FACTOR = np.uint64(0x9E3779B97F4A7C15)

Shingles = frozenset[int]


def find_near_duplicates(texts: pl.Series, threshold: float) -> dict[int, tuple[int, float]]:
    """Find the texts that nearly repeat an earlier one.

    Args:
        texts: in order of precedence: the first of several near-duplicates stays.
        threshold: Jaccard similarity from which two texts are near-duplicates.

    Returns:
        Position of each near-duplicate → (position of the earlier text that stays, similarity).
    """
    if len(texts) < 2:
        return {}
    hashes, ends = _hashed_shingles(texts)
    # Most texts share no band with any other: only the rest become Python objects.
    suspects = [int(position) for position in np.flatnonzero(_shares_a_band(hashes, ends))]
    sets = [frozenset(hashes[ends[position] : ends[position + 1]].tolist()) for position in suspects]
    kept: dict[int, Shingles] = {}
    bands: defaultdict[tuple[int, ...], list[int]] = defaultdict(list)
    found: dict[int, tuple[int, float]] = {}
    for position, own, keys in zip(suspects, sets, _band_keys(sets), strict=True):
        candidates = {other for key in keys for other in bands.get(key, ())}
        if best := _most_similar(own, kept, candidates, threshold):
            found[position] = best
            continue
        kept[position] = own
        for key in keys:
            bands[key].append(position)
    return found


def _hashed_shingles(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Hashes of the shingles of all texts, one text behind the other, and where each text begins and ends."""
    blocks = [_hashed_words(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)]
    words = np.concatenate([words for words, _ in blocks])
    ends = np.concatenate([[0], np.cumsum(np.concatenate([counts for _, counts in blocks]))])
    pairs = words.copy()  # the last word of a text has no neighbour, and stands for itself again
    pairs[:-1] += np.roll(words, -1)[:-1] * _PAIR_FACTOR
    pairs[ends[1:] - 1] = words[ends[1:] - 1]
    return np.stack([words, pairs], axis=1).reshape(-1), (2 * ends).astype(np.uint64)


def _hashed_words(texts: pl.Series) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
    """Hashes of the words of all texts and how many each text has; a text without words is one itself."""
    lower = texts.str.to_lowercase()
    frame = pl.DataFrame({"whole": lower, "words": lower.str.extract_all(_WORD)})
    has_words = pl.col("words").list.len() > 0
    lists = frame.select(pl.when(has_words).then("words").otherwise(pl.concat_list("whole"))).to_series()
    return lists.explode().hash(_SEED).to_numpy(), lists.list.len().cast(pl.Int64).to_numpy()


def _shares_a_band(hashes: NDArray[np.uint64], ends: NDArray[np.uint64]) -> list[bool]:
    """Whether a text has a band in common with any other."""
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, _PERMUTATIONS, _SEED)
    flags: list[bool] = RMinHashLSH(0.5, _PERMUTATIONS, _BANDS).query_duplicate_flags_matrix_one_shot(digests)
    return flags


def _band_keys(sets: list[Shingles]) -> Iterable[list[tuple[int, ...]]]:
    """The band keys of each set: rows of its signature, with the band's number."""
    digests = RMinHash.digest_matrix_from_token_hash_sets(sets, _PERMUTATIONS, _SEED)
    for row in digests.to_rows():
        yield [(start, *row[start : start + _ROWS]) for start in range(0, _PERMUTATIONS, _ROWS)]


def _most_similar(
    own: Shingles, kept: dict[int, Shingles], candidates: Iterable[int], threshold: float
) -> tuple[int, float] | None:
    """The kept text most like this one, the earliest of several, if it is like enough."""
    similarities = ((_jaccard(own, kept[other]), -other) for other in candidates)
    similarity, position = max(similarities, default=(0.0, 0))
    return (-position, round(similarity, 4)) if similarity >= threshold else None


def _jaccard(a: Shingles, b: Shingles) -> float:
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)
