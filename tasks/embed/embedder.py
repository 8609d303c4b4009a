"""What an embedder is, and the offline one: TF-IDF and truncated SVD (latent semantic analysis)."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.preprocessing import normalize

from tasks.settings import TFIDF_SVD

Vectors = NDArray[np.float32]
_WORTH_PRUNING = 200

# Raise it with the code of `TfidfSvd`, so that no home mixes vectors of two versions.
_VERSION = 1


class Embedder(Protocol):
    """Turns texts into vectors. Two embedders of the same `name` give the same vector for the same text."""

    @property
    def name(self) -> str:
        """Identity, which vectors are stored under."""
        ...

    def embed(self, texts: list[str]) -> Vectors:
        """Embed n texts: float32 of shape (n, dimensions), each row of length 1 or 0."""
        ...


@dataclass(frozen=True)
class TfidfSvd:
    """TF-IDF of words and word pairs, reduced by truncated SVD, both fitted on `corpus`.

    Its vectors mean nothing outside the corpus, so the corpus, the seed and scikit-learn's version are part
    of its name. Sort the corpus: the order of rows moves the last bits of the sums.
    """

    corpus: list[str] = field(repr=False)
    dimensions: int
    seed: int

    @property
    def name(self) -> str:
        """`tfidf-svd-<dimensions>-<hash>`."""
        recipe = f"{_VERSION}\n{sklearn.__version__}\n{self.seed}\n{len(self.corpus)}\n"
        digest = hashlib.sha256(recipe.encode())
        for text in self.corpus:
            digest.update(hashlib.sha256(text.encode()).digest())
        return f"{TFIDF_SVD}-{self.dimensions}-{digest.hexdigest()[:12]}"

    def embed(self, texts: list[str]) -> Vectors:
        """Fit on the corpus and embed `texts`; a text of unknown words only is the zero vector."""
        counted = self._count_words()
        if counted is None:
            return np.zeros((len(texts), 1), dtype=np.float32)
        counter, counts = counted
        tfidf = TfidfTransformer(sublinear_tf=True).fit(counts)
        corpus = tfidf.transform(counts)
        weights = corpus if texts == self.corpus else tfidf.transform(_ordered(counter.transform(texts)))
        if min(corpus.shape) == 1:  # one text or one word: nothing to reduce
            return np.asarray(normalize(weights).toarray(), dtype=np.float32)
        dimensions = min(self.dimensions, *(size - 1 for size in corpus.shape))
        svd = TruncatedSVD(dimensions, random_state=self.seed).fit(corpus)
        return np.ascontiguousarray(normalize(svd.transform(weights)), dtype=np.float32)

    def _count_words(self) -> tuple[CountVectorizer, csr_matrix] | None:
        """Count words, the rare and the common ones only if there are no others; None: there are none."""
        pruned = [(2, 0.5)] if len(self.corpus) >= _WORTH_PRUNING else []
        for min_df, max_df in [*pruned, (1, 1.0)]:
            counter = CountVectorizer(
                ngram_range=(1, 2),
                stop_words="english",
                min_df=min_df,
                max_df=max_df,
                max_features=50_000,
                token_pattern=r"(?u)\b\w\w+\b|[^\W\d_]",  # noqa: S106  (a pattern, not a password)
                dtype=np.float32,
            )
            with suppress(ValueError):  # how scikit-learn says that no word is left
                return counter, _ordered(counter.fit_transform(self.corpus))
        return None


def _ordered(counts: csr_matrix) -> csr_matrix:
    """Sort each row by word: sums over it then have the same last bits, whichever texts are with it."""
    counts.sort_indices()
    return counts
