"""TF-IDF and SVD: shapes, lengths, identity, and corpora that leave nothing to reduce."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.embed.embedder import TfidfSvd

CORPUS = [
    "bake bread with flour and yeast",
    "knead the bread dough with flour",
    "derive the integral of a polynomial",
    "solve the polynomial integral step by step",
    "plan a chess opening with the queen",
]

SMALL = {
    "one text": ["bake bread with flour"],
    "one word": ["bread"],
    "two texts": CORPUS[:2],
    "five texts": CORPUS,
    "one word each": ["bread", "chess"],
    "all identical": ["bake bread with flour"] * 5,
    "many identical": ["bake bread with flour"] * 250,
    "many without a common word": [f"word{number}" for number in range(250)],
    "stop words": ["the of and", "and the of"],
    "digits": ["12 34", "1 2 3"],
    "punctuation": ["!!!", "???"],
    "empty": ["", ""],
}


@pytest.mark.parametrize("corpus", SMALL.values(), ids=SMALL)
def test_any_corpus_gives_a_vector_a_text_of_length_one_or_zero(corpus: list[str]) -> None:
    vectors = TfidfSvd(corpus, 8, seed=1).embed(corpus)
    assert vectors.dtype == np.float32
    assert vectors.shape[0] == len(corpus)
    assert 1 <= vectors.shape[1] <= 8
    lengths = np.linalg.norm(vectors, axis=1)
    assert np.all(np.isclose(lengths, 1, atol=1e-5) | (lengths == 0))


@given(st.lists(st.text(alphabet="ab 1.é", max_size=12), min_size=1, max_size=6))
@settings(max_examples=30, deadline=None)
def test_no_text_makes_the_embedder_fail(corpus: list[str]) -> None:
    vectors = TfidfSvd(corpus, 4, seed=1).embed(corpus)
    assert len(vectors) == len(corpus)
    assert np.isfinite(vectors).all()


def test_vectors_have_the_dimensions_asked_for_if_the_corpus_has_as_many() -> None:
    corpus = [f"{text} number{i}" for i, text in enumerate(CORPUS * 3)]
    assert TfidfSvd(corpus, 6, seed=1).embed(corpus).shape == (15, 6)


def test_texts_on_the_same_subject_are_nearer() -> None:
    vectors = TfidfSvd(CORPUS, 3, seed=1).embed(CORPUS)
    cosine = vectors @ vectors.T
    assert cosine[0, 1] > cosine[0, 2:].max() + 0.3
    assert cosine[2, 3] > cosine[2, [0, 1, 4]].max() + 0.3


def test_a_text_has_the_same_vector_alone_or_among_others_in_any_order() -> None:
    embedder = TfidfSvd(CORPUS, 4, seed=1)
    together = embedder.embed(CORPUS)
    np.testing.assert_array_equal(embedder.embed(CORPUS[::-1]), together[::-1])
    np.testing.assert_array_equal(embedder.embed(CORPUS[2:3]), together[2:3])


def test_a_text_of_unknown_words_is_zero() -> None:
    assert not TfidfSvd(CORPUS, 4, seed=1).embed(["zebra giraffe"]).any()


def test_the_name_says_what_vectors_depend_on() -> None:
    usual = TfidfSvd(CORPUS, 4, seed=1).name
    assert usual.startswith("tfidf-svd-4-")
    assert TfidfSvd(list(CORPUS), 4, seed=1).name == usual
    others = {
        TfidfSvd(CORPUS[:-1], 4, seed=1).name,
        TfidfSvd([*CORPUS[:-1], CORPUS[-1] + "!"], 4, seed=1).name,
        TfidfSvd(CORPUS, 5, seed=1).name,
        TfidfSvd(CORPUS, 4, seed=2).name,
    }
    assert len(others | {usual}) == 5


def test_where_one_text_ends_and_the_next_begins_is_part_of_the_name() -> None:
    assert TfidfSvd(["a b", "c"], 4, seed=1).name != TfidfSvd(["a", "b c"], 4, seed=1).name


def test_a_large_corpus_is_embedded_like_a_small_one_under_another_name() -> None:
    corpus = [
        f"write about {'bread' if number % 2 else 'chess'} and number{number % 40}"
        for number in range(50_000)
    ]
    embedder = TfidfSvd(corpus, 8, seed=1)
    fitted, vectors = embedder.fit()
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(vectors[80:120], vectors[:40])
    np.testing.assert_array_equal(fitted.embed(corpus[-100:]), vectors[-100:])
    assert vectors[0] @ vectors[2] > vectors[0] @ vectors[1] + 0.3
