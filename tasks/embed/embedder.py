"""What an embedder is, and the offline one: TF-IDF and truncated SVD (latent semantic analysis)."""

import hashlib
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np
import sklearn
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from tasks.embed.components import principal_components
from tasks.embed.words import count, learn
from tasks.settings import TFIDF_SVD

Vectors = NDArray[np.float32]

# Raise it with the code of `TfidfSvd`, so that no home mixes vectors of two versions.
_VERSION: Final = 2
_ROWS_AT_ONCE: Final = 20_000

# What has to agree for vectors of a saved embedder to be the ones that it gave at its fit.
LIBRARY: Final = f"{_VERSION}-scikit-learn-{sklearn.__version__}"


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
class Fitted:
    """An offline embedder after its fit: it embeds any texts, those that came later too.

    Attributes:
        name: identity, which its vectors are stored under.
        terms: words and word pairs, in alphabetical order.
        idf: their inverse document frequencies, float32 of shape (terms,).
        components: float32 of shape (dimensions, terms); of shape (0, terms) if there was nothing to reduce.
    """

    name: str
    terms: list[str] = field(repr=False)
    idf: NDArray[np.float32] = field(repr=False)
    components: NDArray[np.float32] = field(repr=False)

    def embed(self, texts: list[str]) -> Vectors:
        """Embed `texts`; a text of unknown words only is the zero vector."""
        if not self.terms:
            return np.zeros((len(texts), 1), dtype=np.float32)
        return self.reduce(self.weigh(count(texts, self.terms)))

    def weigh(self, counts: csr_matrix) -> csr_matrix:
        """TF-IDF of counted terms, which it takes the place of."""
        tfidf = TfidfTransformer(sublinear_tf=True)
        tfidf.idf_ = self.idf
        return tfidf.transform(counts, copy=False)

    def reduce(self, weights: csr_matrix) -> Vectors:
        """Vectors of texts, of which `weights` are the TF-IDF."""
        if not len(self.components):
            return np.asarray(normalize(weights).toarray(), dtype=np.float32)
        vectors = np.empty((weights.shape[0], len(self.components)), dtype=np.float32)
        for start in range(0, len(vectors), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            vectors[rows] = normalize(weights[rows] @ self.components.T)
        return vectors


@dataclass(frozen=True)
class TfidfSvd:
    """TF-IDF of words and word pairs, reduced by truncated SVD, both fitted on `corpus`.

    Its vectors mean nothing to another fit, so the corpus, the seed and scikit-learn's version are part of
    its name. Sort the corpus: the order of rows moves the last bits of the sums.
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

    def fit(self) -> tuple[Fitted, Vectors]:
        """Fit on the corpus.

        Returns:
            The fitted embedder, and the vectors of the corpus.
        """
        learnt = learn(self.corpus)
        if learnt is None:
            fitted = Fitted(self.name, [], np.zeros(0, np.float32), np.zeros((0, 0), np.float32))
            return fitted, fitted.embed(self.corpus)
        terms, counts = learnt
        idf = TfidfTransformer(sublinear_tf=True).fit(counts).idf_
        unreduced = Fitted(self.name, terms, idf, np.zeros((0, len(terms)), dtype=np.float32))
        weights = unreduced.weigh(counts)
        if min(weights.shape) == 1:  # one text or one term: nothing to reduce
            return unreduced, unreduced.reduce(weights)
        fitted = Fitted(self.name, terms, idf, self._components(weights))
        return fitted, fitted.reduce(weights)

    def embed(self, texts: list[str]) -> Vectors:
        """Fit on the corpus and embed `texts`; a text of unknown words only is the zero vector."""
        fitted, vectors = self.fit()
        return vectors if texts == self.corpus else fitted.embed(texts)

    def _components(self, weights: csr_matrix) -> NDArray[np.float32]:
        dimensions = min(self.dimensions, *(size - 1 for size in weights.shape))
        return principal_components(weights, dimensions, self.seed)
