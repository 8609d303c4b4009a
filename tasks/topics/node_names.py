"""Names of the inner nodes of the topic tree: words of many topics below a node, and of few elsewhere."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from tasks.vectors.grid import DIGITS

Weights = NDArray[np.float64]
Interval = tuple[int, int]

ROOT_NAME: Final = "all topics"
_WORDS: Final = 4
_SPARE_WORDS: Final = 4
# A word of no topic outside would otherwise stand infinitely far above one of few.
_FLOOR: Final = 0.06
_STEM: Final = 4
# What a short word takes: `car` and `cars` are one word, `c` and `c++`, or `war` and `warrior`, are not.
_ENDINGS: Final = frozenset({"s", "es", "ed", "ing"})


def name_nodes(
    presence: csr_matrix,
    vocabulary: Sequence[str],
    joins: Sequence[tuple[Interval, Interval]],
    topics: Collection[str],
) -> list[str]:
    """A name a node, unlike all others: four words that set it apart from its sibling and from the rest.

    A word's worth is the mean of its presence below the node times the logarithm of how many times that is
    its presence in the sibling and in all other topics: a word of one topic alone is worth little, as is one
    of all topics.

    Args:
        presence: shape (t, vocabulary), from 0 to 1: how much a word stands for a topic. Topics are in the
            order of the tree, in which those below a node stand side by side.
        vocabulary: the words.
        joins: of each inner node, the places of the topics below its two children, as (start, stop); a node
            comes after its children.
        topics: names that are taken.

    Returns:
        The names of the inner nodes, in the order of `joins`.
    """
    siblings = {child: pair[1 - side] for pair in joins for side, child in enumerate(pair)}
    total = np.asarray(presence.sum(axis=0), dtype=np.float64).ravel()
    taken = set(topics)
    names: dict[Interval, str] = {}
    # From the root down, so that the best words go to the nodes that most readers see.
    for (start, _), (_, stop) in reversed(joins):
        node = (start, stop)
        if node in siblings:
            columns = _best_columns(presence, node, siblings[node], total)
            words = unlike((vocabulary[column] for column in columns), _WORDS + _SPARE_WORDS)
            names[node] = _untaken(words, node, taken)
        else:
            names[node] = ROOT_NAME
        taken.add(names[node])
    return [names[left[0], right[1]] for left, right in joins]


def _best_columns(
    presence: csr_matrix, node: Interval, sibling: Interval, total: Weights
) -> NDArray[np.int64]:
    """Words below a node, the most telling first."""
    size, other = node[1] - node[0], sibling[1] - sibling[0]
    columns, inside = _sums(presence, node)
    their_columns, theirs = _sums(presence, sibling)
    _, own, shared = np.intersect1d(columns, their_columns, assume_unique=True, return_indices=True)
    beside = np.zeros(len(columns))
    beside[own] = theirs[shared]
    mean = inside / size + _FLOOR
    near = beside / other + _FLOOR
    far = (total[columns] - inside) / (presence.shape[0] - size) + _FLOOR
    worth = ((mean - _FLOOR) * (np.log(mean / near) + np.log(mean / far))).round(DIGITS)
    return np.asarray(columns[np.lexsort((columns, -worth))], dtype=np.int64)


def _untaken(words: Sequence[str], node: Interval, taken: Collection[str]) -> str:
    """The best words as a name; where another has it, the last word gives way to the next best."""
    options = [", ".join([*words[: _WORDS - 1], last]) for last in words[_WORDS - 1 :]]
    options = options or [", ".join(words)]
    name = next((option for option in options if option and option not in taken), None)
    return name or f"{', '.join(words[:_WORDS]) or 'topics'} ({node[0]}-{node[1] - 1})"


def _sums(presence: csr_matrix, rows: Interval) -> tuple[NDArray[np.int64], Weights]:
    """The sums of some neighbouring rows: the columns that are not empty, and theirs."""
    start, stop = presence.indptr[rows[0]], presence.indptr[rows[1]]
    columns, places = np.unique(presence.indices[start:stop], return_inverse=True)
    sums = np.bincount(places, presence.data[start:stop], minlength=len(columns))
    return columns.astype(np.int64), sums.astype(np.float64)


def unlike(words: Iterable[str], count: int) -> list[str]:
    """The first words that share no stem with one before: no two forms of one word."""
    kept: list[str] = []
    for word in words:
        if len(kept) == count:
            break
        if not any(_share_stem(word, other) for other in kept):
            kept.append(word)
    return kept


def _share_stem(word: str, other: str) -> bool:
    """Whether two words begin alike and end within four letters of that, as `program` and `programming`."""
    shorter, longer = sorted((word, other), key=len)
    if len(shorter) < _STEM:
        return longer.removeprefix(shorter) in _ENDINGS
    shorter, longer = sorted((word.removesuffix("e"), other.removesuffix("e")), key=len)
    shared = next((i for i, letter in enumerate(shorter) if letter != longer[i]), len(shorter))
    return shared >= min(_STEM, len(shorter)) and len(longer) - shared <= _STEM
