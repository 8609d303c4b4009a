"""What topics are called: BERTopic's c-TF-IDF over their members, ranked by what the words mean."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from bertopic.vectorizers import ClassTfidfTransformer
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS
from sklearn.preprocessing import normalize

from tasks.topics.assign import NONE
from tasks.topics.naming import NAME_KEYWORDS, unique_names
from tasks.topics.node_names import unlike
from tasks.topics.tokens import Tokens
from tasks.vectors import static
from tasks.vectors.grid import DIGITS, Floats, cosines, to_grid
from tasks.vectors.search import Positions

KEYWORDS: Final = 10
_MOST_WORDS: Final = 100_000
_ROWS_AT_ONCE: Final = 4_096
# Of each topic, the words of greatest c-TF-IDF that may be its keywords.
_CANDIDATES: Final = 100
_STEPS: Final = 1_000
# What scikit-learn's list lacks: contractions, written in full, without the apostrophe, or cut at it.
_CONTRACTED: Final = ("n't", "'m", "'ll", "'ve", "'re", "'d")
_STOP_WORDS: Final = ENGLISH_STOP_WORDS.union(
    """
    cant couldn couldnt did didn didnt does doesn doesnt doing don dont gonna gotta haven havent id ill im isn
    isnt ive let's ll shouldn thats ve wanna wasn wasnt whats won wont wouldn wouldnt
    """.split()  # noqa: SIM905  (a list of words is easier to read and to keep in order)
)
# What people say to any assistant, about anything. Where a topic has other words, these come after them.
_CHATTER: Final = frozenset(
    """
    add answer answers ask asked based best better come comes create describe example examples explain
    explanation feel following generate getting give given gives going good got hello help hey hi
    instruction instructions just keep know let like list look looking make makes making mean means need
    needs new ok output please prompt provide provided question questions re read really reply respond
    response right said say says sentence sentences sorry sure task tell text thank thanks thing things
    think try trying understand use used user using want wants way ways word words work works write
    writing written wrong yes
    """.split()  # noqa: SIM905
)
_CHATTER_WEIGHT: Final = 0.05
# A word with a digit or an underscore is a name in somebody's code more often than a word that others know.
_CODE_WEIGHT: Final = 0.3
# Two-letter words that people know; other two-letter words are private abbreviations.
_SHORT: Final = frozenset(
    "ai ar c c# c++ cv db dj f# g# go hr ip js ml os pc pr qa r tv ui uk us ux vr xp".split()  # noqa: SIM905
)
# The least cosine that counts: static vectors know nothing of words in other scripts.
_STRANGE: Final = 0.05


@dataclass(frozen=True)
class Words:
    """Words of t topics.

    `weights` (t, vocabulary) are c-TF-IDF's. `scores`, of the same shape, say how well a word describes a
    topic, 0 to 1; of each topic up to a hundred words have one. `keywords` are each topic's best ten.
    """

    keywords: list[list[str]]
    names: list[str]
    weights: csr_matrix
    scores: csr_matrix
    vocabulary: list[str]


def describe_topics(tokens: Tokens, labels: Positions) -> Words:
    """Find the words that set each topic apart from the others, and say what it is about.

    Each prompt counts once, and only words that two or more prompts of a topic hold: they are thus those of
    many of its prompts, not the rarest, nor those that one prompt repeats. A topic without such words has
    three of single prompts.

    Args:
        tokens: of n prompts.
        labels: their topics, 0 to t-1, or -1.
    """
    counts, vocabulary = _telling(_prompts_with(tokens, labels), tokens.words)
    counts, lengths = _shared_words(counts)
    counts, vocabulary = _most_frequent(counts, vocabulary)
    if len(vocabulary) < 2:  # c-TF-IDF has nothing to weigh
        nothing: list[list[str]] = [[] for _ in range(counts.shape[0])]
        none = csr_matrix((len(nothing), 0))
        return Words(nothing, unique_names(nothing), none, none, [])
    weights = csr_matrix(ClassTfidfTransformer().fit(counts).transform(counts))
    weights.data = weights.data.round(DIGITS)
    sizes = np.bincount(labels[labels != NONE], minlength=counts.shape[0])
    scores = _score(weights, counts, sizes, vocabulary)
    ranked = best_words(scores, vocabulary, _CANDIDATES)
    keywords = [unlike(words, length) for words, length in zip(ranked, lengths.tolist(), strict=True)]
    return Words(keywords, unique_names(keywords), weights, scores, vocabulary)


def best_words(weights: csr_matrix, vocabulary: list[str], count: int = KEYWORDS) -> list[list[str]]:
    """The words of greatest weight in each row, ties in alphabetical order; none of weight 0."""
    best = best_of_each(weights, count)
    rows = np.repeat(np.arange(best.shape[0]), np.diff(best.indptr))
    order = np.lexsort((best.indices, -best.data, rows))
    words = [vocabulary[column] for column in best.indices[order]]
    return [words[start:stop] for start, stop in pairwise(best.indptr.tolist())]


def best_of_each(weights: csr_matrix, count: int) -> csr_matrix:
    """The `count` greatest weights of each row, ties by column; the rest is left out."""
    rows = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))
    order = np.lexsort((weights.indices, -weights.data, rows))
    rank = np.arange(len(order)) - weights.indptr[rows]
    kept = np.sort(order[(rank < count) & (weights.data[order] > 0)])
    return csr_matrix((weights.data[kept], (rows[kept], weights.indices[kept])), shape=weights.shape)


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
    found, alike = np.full(len(rows), NONE), np.zeros(len(rows))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        holds = normalize(tokens.holds[rows[part]][:, columns].astype(np.float64))
        scores = (holds @ topics).toarray().round(DIGITS)
        best = scores.argmax(axis=1)
        alike[part] = scores[np.arange(len(best)), best]
        found[part] = np.where(alike[part] > 0, best, NONE)
    return found, alike


def _prompts_with(tokens: Tokens, labels: Positions) -> csr_matrix:
    """How many prompts of each topic hold each word: shape (t, words)."""
    members = np.flatnonzero(labels != NONE)
    ones = np.ones(len(members), dtype=np.int32)
    belongs = csr_matrix((ones, (labels[members], members)), shape=(labels.max() + 1, len(labels)))
    return csr_matrix(belongs @ tokens.holds)


def _shared_words(counts: csr_matrix) -> tuple[csr_matrix, Positions]:
    """Only words of two prompts or more, but in topics that have none; and how many may be keywords."""
    shared = counts.copy()
    shared.data[shared.data < 2] = 0
    shared.eliminate_zeros()
    lengths = np.diff(shared.indptr)
    is_bare = lengths == 0
    if is_bare.any():
        shared = csr_matrix(shared.multiply(~is_bare[:, None]) + counts.multiply(is_bare[:, None]))
        shared.eliminate_zeros()
    shared.sort_indices()
    return shared, np.where(is_bare, NAME_KEYWORDS, KEYWORDS)


def _score(weights: csr_matrix, counts: csr_matrix, sizes: Positions, vocabulary: list[str]) -> csr_matrix:
    """How well a word describes a topic, for the candidates of each: c-TF-IDF alone prefers what is rare.

    A score is √(w s³) times the cosine of the word with all candidates, as the static embedder has them: w is
    the word's c-TF-IDF beside the topic's greatest, s the share of the topic's prompts that hold it. The
    powers are those of keywords that stand together in prompts (NPMI) and make names that people recognise.
    """
    scores = best_of_each(weights, _CANDIDATES)
    rows = np.repeat(np.arange(scores.shape[0]), np.diff(scores.indptr))
    columns, places = np.unique(scores.indices, return_inverse=True)
    greatest = weights.max(axis=1).toarray().ravel()
    relative = np.rint(scores.data / greatest[rows] * _STEPS)
    vectors = static.embed([vocabulary[column] for column in columns])
    shape = (scores.shape[0], len(columns))
    topics = to_grid(csr_matrix((relative, places, scores.indptr), shape=shape) @ vectors.astype(np.float64))
    alike = np.empty(len(rows))
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        alike[part] = cosines((vectors[places[part]] * topics[rows[part]]).sum(axis=1))
    shares = np.asarray(counts[rows, scores.indices]).ravel() / sizes[rows]
    manner = np.array([_manner(vocabulary[column]) for column in columns])[places]
    scores.data = (
        np.sqrt(relative / _STEPS * shares * shares * shares) * alike.clip(_STRANGE, 1) * manner
    ).round(DIGITS)
    return scores


def _manner(word: str) -> float:
    """How much a word counts as a name for a topic, whatever the topic."""
    if word in _CHATTER:
        return _CHATTER_WEIGHT
    return _CODE_WEIGHT if "_" in word or any(map(str.isdigit, word)) else 1.0


def _telling(counts: csr_matrix, words: list[str]) -> tuple[csr_matrix, list[str]]:
    """Columns of words that may be keywords."""
    columns = [column for column, word in enumerate(words) if _is_telling(word)]
    return counts[:, columns], [words[column] for column in columns]


def _most_frequent(counts: csr_matrix, words: list[str]) -> tuple[csr_matrix, list[str]]:
    """Columns that are not empty; of too many, the most frequent, ties in alphabetical order."""
    totals = np.asarray(counts.sum(axis=0)).ravel()
    columns = np.flatnonzero(totals)
    chosen = np.sort(columns[np.argsort(-totals[columns], kind="stable")[:_MOST_WORDS]])
    return counts[:, chosen], [words[column] for column in chosen]


def _is_telling(word: str) -> bool:
    """Whether it is no stop word, nor two letters (of scripts that have letters) that nobody knows."""
    if word in _STOP_WORDS or word.endswith(_CONTRACTED):
        return False
    return len(word) > 2 or word in _SHORT or not word.isascii()
