"""Words are counted as scikit-learn counts them, to the last bit, whichever texts are counted together."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.feature_extraction.text import CountVectorizer

from tasks.embed.words import MOST_TERMS, count, learn

TEXTS = st.lists(st.text(alphabet="aAbB İß_1é日\n the", max_size=30), min_size=1, max_size=8)


def reference(corpus: list[str], min_df: int = 1, max_df: float = 1.0) -> tuple[list[str], csr_matrix]:
    counter = CountVectorizer(
        ngram_range=(1, 2),
        stop_words="english",
        min_df=min_df,
        max_df=max_df,
        max_features=MOST_TERMS,
        token_pattern=r"(?u)\b\w\w+\b|[^\W\d_]",
        dtype=np.float32,
    )
    counts = counter.fit_transform(corpus)
    counts.sort_indices()
    return list(counter.get_feature_names_out()), counts


def assert_same(counts: csr_matrix, expected: csr_matrix) -> None:
    assert counts.shape == expected.shape
    assert counts.dtype == expected.dtype
    for part in ("indptr", "indices", "data"):
        np.testing.assert_array_equal(getattr(counts, part), getattr(expected, part))


def varied(texts: int) -> list[str]:
    draws = np.random.default_rng(5).zipf(1.3, (texts, 40)) % 900
    return [" ".join(f"word{number}" for number in row) for row in draws]


@settings(max_examples=100)
@given(TEXTS)
def test_any_texts_are_counted_as_scikit_learn_counts_them(corpus: list[str]) -> None:
    learnt = learn(corpus)
    if learnt is None:
        with pytest.raises(ValueError, match="empty vocabulary"):
            reference(corpus)
        return
    terms, counts = reference(corpus)
    assert learnt[0] == terms
    assert_same(learnt[1], counts)


@pytest.mark.parametrize(("texts", "limits"), [(199, (1, 1.0)), (200, (2, 0.5))])
def test_rare_and_common_terms_go_from_200_texts_on(texts: int, limits: tuple[int, float]) -> None:
    learnt = learn(varied(texts))
    assert learnt is not None
    terms, counts = reference(varied(texts), *limits)
    assert learnt[0] == terms
    assert_same(learnt[1], counts)


def test_of_equally_frequent_terms_the_same_ones_stay() -> None:
    corpus = [" ".join(f"w{text}x{number}" for number in range(250)) for text in range(120)] * 2
    learnt = learn(corpus)
    assert learnt is not None
    terms, counts = reference(corpus, 2, 0.5)
    assert len(terms) == MOST_TERMS
    assert learnt[0] == terms
    assert_same(learnt[1], counts)


@given(TEXTS, TEXTS)
def test_known_terms_are_counted_in_other_texts_as_scikit_learn_counts_them(
    corpus: list[str], others: list[str]
) -> None:
    learnt = learn(corpus)
    if learnt is not None:
        terms = learnt[0]
        counter = CountVectorizer(
            ngram_range=(1, 2),
            stop_words="english",
            vocabulary=terms,
            token_pattern=r"(?u)\b\w\w+\b|[^\W\d_]",
            dtype=np.float32,
        )
        expected = counter.transform(others)
        expected.sort_indices()
        assert_same(count(others, terms), expected)


def test_a_pair_is_counted_though_its_words_are_no_terms() -> None:
    assert count(["chess board, chess"], ["chess board"]).toarray().tolist() == [[1.0]]


def test_without_terms_there_is_nothing_to_count() -> None:
    assert learn(["", "the of", "12_"[:0]]) is None
    assert count(["chess"], []).shape == (1, 0)
