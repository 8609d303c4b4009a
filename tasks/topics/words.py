"""What topics are called: BERTopic's c-TF-IDF over their members."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from bertopic.vectorizers import ClassTfidfTransformer
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.preprocessing import normalize

from tasks.topics.assign import NONE, Floats, Positions
from tasks.topics.naming import unique_names
from tasks.topics.tokens import Tokens

KEYWORDS: Final = 10
_MOST_WORDS: Final = 100_000
_ROWS_AT_ONCE: Final = 4_096
# What people say to any assistant, about anything.
_CHATTER: Final = """
    best better couldn did didn does doesn doing don explain feel getting give going got isn just keep know
    let like list ll make making need please re really say says thing things try trying use used using ve
    wanna want wants wasn whats won wouldn write
"""
_STOP_WORDS: Final = ENGLISH_STOP_WORDS.union(_CHATTER.split())


@dataclass(frozen=True)
class Words:
    """Words of t topics: `weights` (t, vocabulary) are c-TF-IDF's, `keywords` each topic's best ten."""

    keywords: list[list[str]]
    names: list[str]
    weights: csr_matrix
    vocabulary: list[str]


def describe_topics(tokens: Tokens, labels: Positions) -> Words:
    """Find the words that set each topic apart from the others.

    Of each topic only the words count that two or more of its prompts hold, each prompt once: they are thus
    those of many of its prompts, not the rarest, nor those that one prompt repeats. A topic without such
    words has all its words.

    Args:
        tokens: of n prompts.
        labels: their topics, 0 to t-1, or -1.
    """
    counts = _shared_words(_prompts_with(tokens, labels))
    telling = _telling(counts, tokens.words)
    vocabulary = [tokens.words[column] for column in telling]
    if len(vocabulary) < 2:  # c-TF-IDF has nothing to weigh
        nothing: list[list[str]] = [[] for _ in range(counts.shape[0])]
        return Words(nothing, unique_names(nothing), csr_matrix((len(nothing), 0)), [])
    counts = counts[:, telling]
    weights = csr_matrix(ClassTfidfTransformer().fit(counts).transform(counts))
    keywords = best_words(weights, vocabulary)
    return Words(keywords, unique_names(keywords), weights, vocabulary)


def best_words(weights: csr_matrix, vocabulary: list[str], count: int = KEYWORDS) -> list[list[str]]:
    """The words of greatest weight in each row, ties in alphabetical order; none of weight 0."""
    rows = []
    for row in range(weights.shape[0]):
        start, stop = weights.indptr[row : row + 2]
        columns, values = weights.indices[start:stop], weights.data[start:stop]
        best = np.lexsort((columns, -values))[:count]
        rows.append([vocabulary[columns[i]] for i in best if values[i] > 0])
    return rows


def nearest_by_words(tokens: Tokens, rows: Positions, words: Words) -> tuple[Positions, Floats]:
    """The topic whose c-TF-IDF is most like a prompt's words, as BERTopic's outlier strategy of that name.

    Args:
        tokens: of n prompts.
        rows: m of them.
        words: of t topics.

    Returns:
        Topics (m) and cosines (m); -1 and 0 for a prompt that shares no word with a topic.
    """
    places = {word: column for column, word in enumerate(tokens.words)}
    columns = [places[word] for word in words.vocabulary]
    topics = normalize(words.weights).T.tocsc()
    found, cosines = np.full(len(rows), NONE), np.zeros(len(rows))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        holds = normalize(tokens.holds[rows[part]][:, columns].astype(np.float64))
        scores = (holds @ topics).toarray()
        best = scores.argmax(axis=1)
        cosines[part] = scores[np.arange(len(best)), best]
        found[part] = np.where(cosines[part] > 0, best, NONE)
    return found, cosines


def _prompts_with(tokens: Tokens, labels: Positions) -> csr_matrix:
    """How many prompts of each topic hold each word: shape (t, words)."""
    members = np.flatnonzero(labels != NONE)
    ones = np.ones(len(members), dtype=np.int32)
    belongs = csr_matrix((ones, (labels[members], members)), shape=(labels.max() + 1, len(labels)))
    return csr_matrix(belongs @ tokens.holds)


def _shared_words(counts: csr_matrix) -> csr_matrix:
    """Only words of two prompts or more, but in topics that have none."""
    shared = counts.copy()
    shared.data[shared.data < 2] = 0
    shared.eliminate_zeros()
    is_bare = np.diff(shared.indptr) == 0
    if is_bare.any():
        shared = shared + counts.multiply(is_bare[:, None]).tocsr()
    shared = csr_matrix(shared)
    shared.sort_indices()
    return shared


def _telling(counts: csr_matrix, words: list[str]) -> NDArray[np.int64]:
    """Columns of words that are no stop words; of too many, the most frequent, ties in alphabetical order."""
    totals = np.asarray(counts.sum(axis=0)).ravel()
    columns = np.array([c for c in np.flatnonzero(totals) if words[c] not in _STOP_WORDS], dtype=np.int64)
    return np.sort(columns[np.argsort(-totals[columns], kind="stable")[:_MOST_WORDS]])
