"""Counts of words and word pairs: those of scikit-learn's `CountVectorizer`, with its loops in NumPy."""

import re
from array import array
from collections import defaultdict
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix, csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

MOST_TERMS: Final = 50_000
_WORTH_PRUNING: Final = 200
# A letter alone is a word too: `C` in C code, or a character of a script without spaces.
_WORD: Final = re.compile(r"\b\w\w+\b|[^\W\d_]")
_STOP: Final = -1

Numbers = defaultdict[str, int]


def learn(corpus: list[str]) -> tuple[list[str], csr_matrix] | None:
    """Choose the terms of a corpus, and count them.

    A term is a word, or two that follow each other once stop words are left out. From 200 texts on, terms of
    a single text and of more than half of all texts go, unless none is left; the 50,000 most frequent stay.

    Returns:
        The terms in alphabetical order, and their counts: float32, of shape (texts, terms). None: no word.
    """
    numbers = _numbers()
    rows, keys = _occurrences(corpus, numbers)
    if not keys.size:
        return None
    distinct, columns = np.unique(keys, return_inverse=True)
    counts = _table(rows, columns, (len(corpus), len(distinct)))
    words = list(numbers)
    kept = _telling(counts)
    terms = [_spell(key, words) for key in distinct[kept].tolist()]
    order = sorted(range(len(terms)), key=terms.__getitem__)
    kept = kept[order]
    if len(kept) > MOST_TERMS:
        # Which of equally frequent ones stay is up to this sort: another kind would make other vectors.
        most = np.sort(np.argsort(-_totals(counts)[kept])[:MOST_TERMS])
        kept, order = kept[most], [order[place] for place in most]
    return [terms[place] for place in order], _sorted(counts[:, kept])


def count(texts: list[str], terms: list[str]) -> csr_matrix:
    """Count known terms, as `learn` does: float32, of shape (texts, terms). Other words count for nothing."""
    if not terms:
        return csr_matrix((len(texts), 0), dtype=np.float32)
    numbers = _numbers()
    known = np.array([_numbered(term, numbers) for term in terms], dtype=np.int64)
    rows, found = _occurrences(texts, numbers)
    keys = _keys(known[:, 0], known[:, 1], len(numbers))
    order = np.argsort(keys)
    columns = order[np.searchsorted(keys, found, sorter=order).clip(max=len(keys) - 1)]
    is_known = keys[columns] == found
    return _sorted(_table(rows[is_known], columns[is_known], (len(texts), len(terms))))


def _numbers() -> Numbers:
    """Numbers for words, a new one for each new word: its place among all, and -1 for stop words."""
    numbers: Numbers = defaultdict(int, dict.fromkeys(sorted(ENGLISH_STOP_WORDS), _STOP))
    numbers.default_factory = numbers.__len__
    return numbers


def _occurrences(texts: list[str], numbers: Numbers) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """Each term of each text, as often as it is there: the text's row, and the term's key."""
    flat, lengths = array("i"), []
    for text in texts:
        found = _WORD.findall(text.lower())
        flat.extend(map(numbers.__getitem__, found))
        lengths.append(len(found))
    words = np.array(flat, dtype=np.int64)
    rows = np.repeat(np.arange(len(texts), dtype=np.int32), lengths)
    rows, words = rows[words != _STOP], words[words != _STOP]
    is_pair = rows[1:] == rows[:-1]
    pairs = _keys(words[:-1][is_pair], words[1:][is_pair], len(numbers))
    return np.concatenate([rows, rows[1:][is_pair]]), np.concatenate([words, pairs])


def _keys(first: NDArray[np.int64], second: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    """One key for a pair of words; a word alone, whose `first` is -1, has its own number."""
    return (first + 1) * size + second


def _numbered(term: str, numbers: Numbers) -> tuple[int, int]:
    first, _, second = term.rpartition(" ")
    return numbers[first] if first else -1, numbers[second]


def _spell(key: int, words: list[str]) -> str:
    first, second = divmod(key, len(words))
    return f"{words[first - 1]} {words[second]}" if first else words[second]


def _telling(counts: csr_matrix) -> NDArray[np.int64]:
    """Columns of terms in two texts or more and in at most half of them; if there are none, all."""
    texts, terms = counts.shape
    if texts >= _WORTH_PRUNING:
        spread = np.bincount(counts.indices, minlength=terms)
        telling = np.flatnonzero((spread >= 2) & (spread <= texts / 2))
        if telling.size:
            return telling
    return np.arange(terms)


def _totals(counts: csr_matrix) -> NDArray[np.float32]:
    return np.asarray(counts.sum(axis=0)).ravel()


def _table(rows: NDArray[np.int32], columns: NDArray[np.int64], shape: tuple[int, int]) -> csr_matrix:
    ones = np.ones(len(rows), dtype=np.float32)
    return coo_matrix((ones, (rows, columns.astype(np.int32))), shape=shape).tocsr()


def _sorted(counts: csr_matrix) -> csr_matrix:
    """Sort each row by term: sums over it then have the same last bits, whichever texts are with it."""
    counts.sort_indices()
    return counts
