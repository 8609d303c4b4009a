"""Near-duplicates: MinHash finds candidates, the exact Jaccard similarity of their shingles decides.

Shingles are the words of a text and its pairs of neighbouring words, without case and punctuation: words
alone call re-ordered texts the same, longer shingles miss short prompts in which one word changed.
"""

from collections import defaultdict
from collections.abc import Iterator

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
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

_PAIRS = {"text": pl.Int64, "reference": pl.Int64, "similarity": pl.Float64}

Hashes = NDArray[np.uint64]


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
    # Most texts share no band with any other, and are not looked at again.
    suspects = np.flatnonzero(_shares_a_band(hashes, ends))
    sets = [np.unique(hashes[ends[position] : ends[position + 1]]) for position in suspects]
    kept: defaultdict[int, list[int]] = defaultdict(list)
    found: dict[int, tuple[int, float]] = {}
    for number, bands in enumerate(_shared_bands(sets)):
        candidates = {other for band in bands for other in kept.get(band, ())}
        if best := _most_similar(sets[number], {other: sets[other] for other in candidates}, threshold):
            original, similarity = best
            found[int(suspects[number])] = (int(suspects[original]), similarity)
            continue
        for band in bands:
            kept[band].append(number)
    return found


def find_repeats(texts: pl.Series, references: pl.Series, threshold: float) -> pl.DataFrame:
    """Find the texts that nearly repeat a reference; texts are not compared with texts.

    Args:
        texts: n texts.
        references: m texts, none of them twice.
        threshold: Jaccard similarity from which a text repeats a reference.

    Returns:
        `text` and `reference`, positions, and `similarity` of each pair that is similar enough.
    """
    pairs: list[tuple[int, int, float]] = []
    if len(texts) and len(references):
        hashes, ends = _hashed_shingles(pl.concat([references.rename(texts.name), texts]))
        suspects = np.flatnonzero(_shares_a_band(hashes, ends))
        sets = [np.unique(hashes[ends[position] : ends[position + 1]]) for position in suspects]
        count = int(np.searchsorted(suspects, len(references)))
        for text, candidates in _candidates(sets[:count], sets[count:]):
            members = set(sets[count + text].tolist())
            alike = ((number, _jaccard(members, sets[number])) for number in candidates)
            position = int(suspects[count + text]) - len(references)
            pairs += [
                (position, int(suspects[number]), round(similarity, 4))
                for number, similarity in alike
                if similarity >= threshold
            ]
    return pl.DataFrame(pairs, schema=_PAIRS, orient="row")


def _candidates(references: list[Hashes], texts: list[Hashes]) -> Iterator[tuple[int, list[int]]]:
    """For each text that shares a band with a reference, the numbers of those that do."""
    if not references or not texts:
        return
    blocks = [_band_keys(references[start : start + _BLOCK]) for start in range(0, len(references), _BLOCK)]
    bands = _by_key(np.concatenate(blocks), "reference")
    for start in range(0, len(texts), _BLOCK):
        found = _by_key(_band_keys(texts[start : start + _BLOCK]), "text").join(bands, on="key")
        shared = found.group_by("text").agg(pl.col("reference").unique().sort()).sort("text")
        for text, numbers in shared.iter_rows():
            yield start + text, numbers


def _by_key(keys: Hashes, name: str) -> pl.DataFrame:
    owners = np.repeat(np.arange(len(keys), dtype=np.int64), keys.shape[1])
    return pl.DataFrame({"key": keys.reshape(-1), name: owners})


def _hashed_shingles(texts: pl.Series) -> tuple[Hashes, Hashes]:
    """Hashes of the shingles of all texts, one text behind the other, and where each text begins and ends."""
    blocks = [_hashed_words(texts[start : start + _BLOCK]) for start in range(0, len(texts), _BLOCK)]
    words = np.concatenate([words for words, _ in blocks])
    ends = np.concatenate([[0], np.cumsum(np.concatenate([counts for _, counts in blocks]))])
    pairs = words.copy()  # the last word of a text has no neighbour, and stands for itself again
    pairs[:-1] += np.roll(words, -1)[:-1] * _FACTOR
    pairs[ends[1:] - 1] = words[ends[1:] - 1]
    return np.stack([words, pairs], axis=1).reshape(-1), (2 * ends).astype(np.uint64)


def _hashed_words(texts: pl.Series) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes of the words of all texts and how many each text has; a text without words is one itself."""
    lower = texts.str.to_lowercase()
    frame = pl.DataFrame({"whole": lower, "words": lower.str.extract_all(_WORD)})
    has_words = pl.col("words").list.len() > 0
    lists = frame.select(pl.when(has_words).then("words").otherwise(pl.concat_list("whole"))).to_series()
    return lists.explode().hash(_SEED).to_numpy(), lists.list.len().cast(pl.Int64).to_numpy()


def _shares_a_band(hashes: Hashes, ends: Hashes) -> list[bool]:
    """Whether a text has a band in common with any other."""
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, _PERMUTATIONS, _SEED)
    flags: list[bool] = RMinHashLSH(0.5, _PERMUTATIONS, _BANDS).query_duplicate_flags_matrix_one_shot(digests)
    return flags


def _shared_bands(sets: list[Hashes]) -> Iterator[list[int]]:
    """For each set, numbers of the bands that it shares with another: the same number for the same band."""
    blocks = [_band_keys(sets[start : start + _BLOCK]) for start in range(0, len(sets), _BLOCK)]
    if not blocks:
        return
    keys = np.concatenate(blocks)
    _, numbers, counts = np.unique(keys, return_inverse=True, return_counts=True)
    is_shared = counts > 1
    for row in numbers.reshape(keys.shape):
        yield row[is_shared[row]].tolist()


def _band_keys(sets: list[Hashes]) -> Hashes:
    """Keys of bands, of shape (sets, bands): each is made of five rows of the signature and the band's place.

    Keys of 64 bits stand for the rows: two that meet by chance cost one comparison more.
    """
    ends = np.cumsum([0, *map(len, sets)], dtype=np.uint64)
    digests = RMinHash.digest_matrix_from_flat_token_hashes(np.concatenate(sets), ends, _PERMUTATIONS, _SEED)
    rows = np.array(digests.to_rows(), dtype=np.uint64).reshape(len(sets), _BANDS, _ROWS)
    keys = np.repeat(np.arange(_BANDS, dtype=np.uint64)[None], len(sets), axis=0)
    for place in range(_ROWS):
        keys = (keys ^ rows[:, :, place]) * _FACTOR
        keys ^= keys >> np.uint64(32)
    return keys


def _most_similar(own: Hashes, others: dict[int, Hashes], threshold: float) -> tuple[int, float] | None:
    """The one of some sets that is most like a set, the earliest of several, if it is like enough."""
    members = set(own.tolist())
    similarities = ((_jaccard(members, other), -number) for number, other in others.items())
    similarity, number = max(similarities, default=(0.0, 0))
    return (-number, round(similarity, 4)) if similarity >= threshold else None


def _jaccard(members: set[int], other: Hashes) -> float:
    shared = len(members.intersection(other.tolist()))
    return shared / (len(members) + len(other) - shared)
