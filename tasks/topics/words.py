"""What topics are called: BERTopic's c-TF-IDF over their final members."""

import re
from collections import Counter
from dataclasses import dataclass

import numpy as np
from bertopic import BERTopic
from bertopic.backend import BaseEmbedder
from bertopic.cluster import BaseCluster
from bertopic.dimensionality import BaseDimensionalityReduction
from bertopic.vectorizers import ClassTfidfTransformer
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, CountVectorizer

from tasks.embed.embedder import Vectors
from tasks.topics.clusters import NOISE, Labels
from tasks.topics.naming import unique_names

KEYWORDS = 10
_WORD = re.compile(r"(?u)\b[^\W\d_][\w+#]+")
# What people say to any assistant, about anything.
_CHATTER = """
    couldn did didn does doesn doing don explain getting give going got isn just keep know let like list make
    making need please really say says thing things trying use used using wanna want wants wasn whats won
    wouldn write
"""
_STOP_WORDS = sorted(ENGLISH_STOP_WORDS.union(_CHATTER.split()))


@dataclass(frozen=True)
class Words:
    """Words of t topics: `weights` (t, vocabulary) are c-TF-IDF's, `keywords` each topic's best ten."""

    keywords: list[list[str]]
    names: list[str]
    weights: csr_matrix
    vocabulary: list[str]


def describe_topics(texts: list[str], labels: Labels, vectors: Vectors) -> Words:
    """Find the words that set each topic apart from the others.

    Args:
        texts: n prompts.
        labels: their topics, 0 to t-1, or -1.
        vectors: their vectors, which BERTopic keeps the topics' means of.
    """
    telling = _telling_words(texts, labels)
    if _is_wordless(telling):
        nothing: list[list[str]] = [[] for _ in range(labels.max() + 1)]
        return Words(nothing, unique_names(nothing), csr_matrix((len(nothing), 0)), [])
    model = _fit(telling, labels, vectors)
    vocabulary = list(model.vectorizer_model.get_feature_names_out())
    # BERTopic renumbers topics by size and puts noise first: bring its rows back into our order.
    order = dict(zip(labels.tolist(), model.topics_, strict=True))
    offset = 1 if NOISE in order else 0
    topics = [order[label] for label in range(labels.max() + 1)]
    weights = csr_matrix(model.c_tf_idf_)[[topic + offset for topic in topics]]
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


def _telling_words(texts: list[str], labels: Labels) -> list[str]:
    """Of each prompt, the words that another of its topic has too, each once; without such words, the text.

    A topic's words are thus those of many of its prompts, not the rarest, nor those that one prompt repeats.
    """
    words = [dict.fromkeys(_WORD.findall(text.lower())) for text in texts]
    prompts_with = Counter((label, word) for label, own in zip(labels, words, strict=True) for word in own)
    shared = (
        " ".join(word for word in own if prompts_with[label, word] > 1)
        for label, own in zip(labels, words, strict=True)
    )
    return [some or text for some, text in zip(shared, texts, strict=True)]


def _is_wordless(texts: list[str]) -> bool:
    """Whether fewer than two words are left without stop words: c-TF-IDF has nothing to weigh then."""
    words: set[str] = set()
    for text in texts:
        words.update(set(_WORD.findall(text.lower())).difference(_STOP_WORDS))
        if len(words) > 1:
            return False
    return True


def _fit(texts: list[str], labels: Labels, vectors: Vectors) -> BERTopic:
    model = BERTopic(
        embedding_model=BaseEmbedder(),
        umap_model=BaseDimensionalityReduction(),
        hdbscan_model=BaseCluster(),
        vectorizer_model=CountVectorizer(
            stop_words=_STOP_WORDS, token_pattern=_WORD.pattern, max_features=100_000
        ),
        ctfidf_model=ClassTfidfTransformer(),
        top_n_words=KEYWORDS,
    )
    return model.fit(texts, embeddings=vectors, y=labels)
