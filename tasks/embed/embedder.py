"""What an embedder is, and the offline one: TF-IDF and truncated SVD (latent semantic analysis)."""

import hashlib
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import sklearn
from numpy.typing import NDArray
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

Vectors = NDArray[np.float32]


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
        digest = hashlib.sha256(f"{sklearn.__version__}\n{self.seed}\n{len(self.corpus)}\n".encode())
        for text in self.corpus:
            digest.update(hashlib.sha256(text.encode()).digest())
        return f"tfidf-svd-{self.dimensions}-{digest.hexdigest()[:12]}"

    def embed(self, texts: list[str]) -> Vectors:
        """Fit on the corpus and embed `texts`; a text of unknown words only is the zero vector."""
        rare = 2 if len(self.corpus) >= 200 else 1
        tfidf = TfidfVectorizer(
            sublinear_tf=True,
            ngram_range=(1, 2),
            stop_words="english",
            min_df=rare,
            max_df=0.5 if rare > 1 else 1.0,
            max_features=50_000,
            token_pattern=r"(?u)\b\w\w+\b|[^\W\d_]",  # noqa: S106  (a pattern, not a password)
            dtype=np.float32,
        )
        corpus = tfidf.fit_transform(self.corpus)
        dimensions = max(1, min(self.dimensions, *(size - 1 for size in corpus.shape)))
        svd = TruncatedSVD(dimensions, random_state=self.seed).fit(corpus)
        reduced = svd.transform(corpus if texts == self.corpus else tfidf.transform(texts))
        return np.ascontiguousarray(normalize(reduced), dtype=np.float32)
