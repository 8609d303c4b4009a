"""Near-duplicates: MinHash finds candidates, the exact Jaccard similarity of their shingles decides.

Shingles are the words of a text (see `tasks/text/words.py`) and its pairs of neighbouring words: words
alone call re-ordered texts the same, longer shingles miss short prompts in which one word changed.
"""

from collections import defaultdict
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from rensa import RMinHash

from tasks.text.words import words as words_of

# 25 bands of 5 rows: a pair of similarity 0.7 is a candidate with probability 0.99, one of 0.8 with 0.9999.
_BANDS, _ROWS = 25, 5
_PERMUTATIONS = _BANDS * _ROWS
_SEED = 1
# Bands of the same text are the same as long as these are; raise the first with the code that makes them.
BANDS_VERSION: Final = f"2 polars {version('polars')} rensa {version('rensa')}"
BANDS: Final = pl.Array(pl.UInt32, _BANDS)
_BLOCK = 20_000
_FACTOR = np.uint64(0x9E3779B97F4A7C15)

_PAIRS = {"text": pl.Int64, "reference": pl.Int64, "similarity": pl.Float64}

Hashes = NDArray[np.uint64]


def bands(texts: pl.Series) -> pl.Series:
    """The bands of the MinHash signatures of n texts: two texts that are alike have one in common.

    Returns:
        `bands`, of type `BANDS`: a band's number stands for its place too. Two that are the same by chance
        cost one comparison more.
    """
    numbers = [_band_numbers(*_hashed_shingles(block)) for block in _blocks(texts)]
    return pl.Series("bands", np.concatenate([np.empty((0, _BANDS), np.uint32), *numbers]), dtype=BANDS)


def find_near_duplicates(
    texts: pl.Series, text_bands: pl.Series, threshold: float
) -> dict[int, tuple[int, float]]:
    """Find the texts that nearly repeat an earlier one.

    Args:
        texts: in order of precedence: the first of several near-duplicates stays.
        text_bands: their `bands`.
        threshold: Jaccard similarity from which two texts are near-duplicates.

    Returns:
        Position of each near-duplicate → (position of the earlier text that stays, similarity).
    """
    # Most texts share no band with any other, and are not looked at again.
    shared = _exploded(text_bands).filter(pl.len().over("bands") > 1)
    suspects = shared.group_by("text").agg("bands").sort("text")
    positions = suspects["text"].to_list()
    sets = _shingle_sets(texts.gather(positions))
    kept: defaultdict[int, list[int]] = defaultdict(list)
    found: dict[int, tuple[int, float]] = {}
    for number, own in enumerate(suspects["bands"].to_list()):
        candidates = {other for band in own for other in kept.get(band, ())}
        if best := _most_similar(sets[number], {other: sets[other] for other in candidates}, threshold):
            original, similarity = best
            found[positions[number]] = (positions[original], similarity)
            continue
        for band in own:
            kept[band].append(number)
    return found


def find_repeats(
    texts: pl.Series, text_bands: pl.Series, references: pl.Series, threshold: float
) -> pl.DataFrame:
    """Find the texts that nearly repeat a reference; texts are not compared with texts.

    Args:
        texts: n texts.
        text_bands: their `bands`.
        references: m texts, none of them twice.
        threshold: Jaccard similarity from which a text repeats a reference.

    Returns:
        `text` and `reference`, positions, and `similarity` of each pair that is similar enough.
    """
    of_references = _exploded(bands(references)).rename({"text": "reference"})
    of_texts = _exploded(text_bands).join(of_references, on="bands")
    candidates = of_texts.group_by("text").agg(pl.col("reference").unique().sort()).sort("text")
    near = candidates["reference"].explode().unique().sort()
    reference_sets = dict(zip(near, _shingle_sets(references.gather(near)), strict=True))
    pairs: list[tuple[int, int, float]] = []
    own_sets = _shingle_sets(texts.gather(candidates["text"]))
    for own, (text, others) in zip(own_sets, candidates.iter_rows(), strict=True):
        members = set(own.tolist())
        alike = ((other, _jaccard(members, reference_sets[other])) for other in others)
        pairs += [(text, other, round(value, 4)) for other, value in alike if value >= threshold]
    return pl.DataFrame(pairs, schema=_PAIRS, orient="row")


def hashed_words(texts: pl.Series) -> tuple[Hashes, NDArray[np.int64]]:
    """Hashes of the words of all texts, and how many each text has.

    See `tasks/text/words.py`. A text without words is one itself, in lower case.
    """
    frame = pl.DataFrame({"whole": texts.str.to_lowercase(), "words": words_of(texts)})
    has_words = pl.col("words").list.len() > 0
    lists = frame.select(pl.when(has_words).then("words").otherwise(pl.concat_list("whole"))).to_series()
    return lists.explode().hash(_SEED).to_numpy(), lists.list.len().cast(pl.Int64).to_numpy()


def _blocks(texts: pl.Series) -> Iterator[pl.Series]:
    """Some thousands of texts at a time: their words take much more memory than they do."""
    return (texts[start : start + _BLOCK] for start in range(0, len(texts), _BLOCK))


def _exploded(text_bands: pl.Series) -> pl.DataFrame:
    """`text`, a position, and `bands`, a row a band."""
    texts = np.repeat(np.arange(len(text_bands)), _BANDS)
    return pl.DataFrame({"text": texts, "bands": text_bands.to_numpy().reshape(-1)})


def _shingle_sets(texts: pl.Series) -> list[Hashes]:
    """Hashes of the shingles of each text, none twice."""
    sets: list[Hashes] = []
    for block in _blocks(texts):
        hashes, ends = _hashed_shingles(block)
        sets += [np.unique(hashes[start:end]) for start, end in pairwise(ends.tolist())]
    return sets


def _hashed_shingles(texts: pl.Series) -> tuple[Hashes, Hashes]:
    """Hashes of the shingles of all texts, one text behind the other, and where each text begins and ends."""
    words, counts = hashed_words(texts)
    ends = np.concatenate([[0], np.cumsum(counts)])
    pairs = words.copy()  # the last word of a text has no neighbour, and stands for itself again
    pairs[:-1] += np.roll(words, -1)[:-1] * _FACTOR
    pairs[ends[1:] - 1] = words[ends[1:] - 1]
    return np.stack([words, pairs], axis=1).reshape(-1), (2 * ends).astype(np.uint64)


def _band_numbers(hashes: Hashes, ends: Hashes) -> NDArray[np.uint32]:
    """Numbers of bands, of shape (texts, bands): each is made of five rows of the signature and its place."""
    digests = RMinHash.digest_matrix_from_flat_token_hashes(hashes, ends, _PERMUTATIONS, _SEED)
    rows = np.array(digests.to_rows(), dtype=np.uint64).reshape(len(ends) - 1, _BANDS, _ROWS)
    keys = np.repeat(np.arange(_BANDS, dtype=np.uint64)[None], len(rows), axis=0)
    for place in range(_ROWS):
        keys = (keys ^ rows[:, :, place]) * _FACTOR
        keys ^= keys >> np.uint64(32)
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.uint32)


def _most_similar(own: Hashes, others: dict[int, Hashes], threshold: float) -> tuple[int, float] | None:
    """The one of some sets that is most like a set, the earliest of several, if it is like enough."""
    members = set(own.tolist())
    similarities = ((_jaccard(members, other), -number) for number, other in others.items())
    similarity, number = max(similarities, default=(0.0, 0))
    return (-number, round(similarity, 4)) if similarity >= threshold else None


def _jaccard(members: set[int], other: Hashes) -> float:
    shared = len(members.intersection(other.tolist()))
    return shared / (len(members) + len(other) - shared)
