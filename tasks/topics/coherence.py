"""How well the keywords of a topic belong together: NPMI of each two of them over the prompts."""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_matrix

from tasks.topics.tokens import Tokens
from tasks.vectors.grid import DIGITS

_WORDS_AT_ONCE: Final = 256


def npmi(tokens: Tokens, keywords: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    """Coherence of each topic: the mean NPMI over all pairs of its keywords.

    NPMI of two words is log(p12 / (p1 p2)) / -log p12, where p is the share of prompts that hold a word, or
    both, however often (Bouma 2009; as a measure of topics, Röder et al. 2015). Nothing is smoothed: the
    limits stand for what the formula does not give. That is -1 for words of which no prompt holds both,
    and 1 for words that every prompt holds. 0 is what chance gives.

    Args:
        tokens: of n prompts, in any order.
        keywords: of t topics, single words in lower case. A word that no prompt holds is left out.

    Returns:
        Shape (t), from -1 to 1; NaN for a topic with fewer than two words.
    """
    own_words = {word for own in keywords for word in own}
    wanted = [place for place, word in enumerate(tokens.words) if word in own_words]
    holds = csc_matrix(tokens.holds[:, wanted])
    rarest_first = np.argsort(np.diff(holds.indptr), kind="stable")
    holds = holds[:, rarest_first]
    counts = np.diff(holds.indptr)
    column = {tokens.words[wanted[place]]: rank for rank, place in enumerate(rarest_first)}
    places = [sorted({column[word] for word in own if word in column}) for own in keywords]
    topics = np.repeat(np.arange(len(keywords)), [len(own) * (len(own) - 1) // 2 for own in places])
    if not len(topics):
        return np.full(len(keywords), np.nan)
    pairs = np.array([pair for own in places for pair in combinations(own, 2)])
    distinct, which = np.unique(pairs, axis=0, return_inverse=True)
    scores = _score(counts[distinct].T, _together(holds, distinct), holds.shape[0])[which.ravel()]
    pair_counts = np.bincount(topics, minlength=len(keywords))
    sums = np.bincount(topics, weights=scores, minlength=len(keywords))
    means = np.full(len(keywords), np.nan)
    np.divide(sums, pair_counts, out=means, where=pair_counts > 0)
    return means.round(DIGITS)


def _together(holds: csc_matrix, pairs: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many prompts hold both words of each pair; pairs are sorted, and the first word is the rarer one.

    Products with a few columns at a time: those with all words of 4,000 topics would take gigabytes.
    """
    both = np.empty(len(pairs), dtype=np.int64)
    rows, starts = holds.tocsr(), np.arange(0, holds.shape[1], _WORDS_AT_ONCE)
    bounds = np.searchsorted(pairs[:, 0], [*starts, holds.shape[1]])
    for start, first, last in zip(starts, bounds[:-1], bounds[1:], strict=True):
        products = (holds[:, start : start + _WORDS_AT_ONCE].T @ rows).toarray()
        both[first:last] = products[pairs[first:last, 0] - start, pairs[first:last, 1]]
    return both


def _score(alone: NDArray[np.int64], both: NDArray[np.int64], texts: int) -> NDArray[np.float64]:
    """NPMI of pairs, from the numbers of prompts that hold the one, the other and both."""
    scores = np.where(both == texts, 1.0, -1.0)
    usual = (both > 0) & (both < texts)
    share, (left, right) = both[usual] / texts, alone[:, usual] / texts
    scores[usual] = np.log(share / (left * right)) / -np.log(share)
    return scores
