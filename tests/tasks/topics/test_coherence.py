"""Coherence of keywords, against the formula by hand."""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tasks.topics import coherence
from tasks.topics.tokens import tokenise

TEXTS = ["Bread, flour! Bread?", "bread and yeast", "flour", "queen of chess", "queen and rook", "nothing"]


def npmi(texts: Sequence[str], keywords: Sequence[Sequence[str]]) -> NDArray[np.float64]:
    return coherence.npmi(tokenise(texts), keywords)


def by_hand(texts: list[set[str]], one: str, other: str) -> float:
    count = len(texts)
    p1, p2 = (sum(word in text for text in texts) / count for word in (one, other))
    both = sum(one in text and other in text for text in texts) / count
    if both in (0, 1):
        return 2 * both - 1
    return math.log(both / (p1 * p2)) / -math.log(both)


def test_it_is_the_mean_over_pairs_of_words_counted_once_a_prompt() -> None:
    (found,) = npmi(TEXTS, [["bread", "flour", "yeast"]])
    both_of_six = math.log((1 / 6) / (2 / 6 * 2 / 6)) / -math.log(1 / 6)
    always_with = math.log((1 / 6) / (2 / 6 * 1 / 6)) / -math.log(1 / 6)
    assert found == pytest.approx((both_of_six + always_with - 1) / 3)


def test_words_that_come_together_score_above_words_that_never_do() -> None:
    together, apart = npmi(["bread oven", "bread oven", "queen rook"], [["bread", "oven"], ["oven", "rook"]])
    assert together == pytest.approx(1)
    assert apart == -1


def test_a_word_in_every_prompt_says_nothing_unless_both_are() -> None:
    always, half = npmi(["the bread is", "the rook is"], [["the", "is"], ["the", "rook"]])
    assert (always, half) == (1, 0)


def test_topics_of_fewer_than_two_words_have_none() -> None:
    found = npmi(
        TEXTS, [[], ["bread"], ["bread", "bread"], ["bread", ""], ["bread", "zebra"], ["queen", "rook"]]
    )
    assert np.isnan(found).tolist() == [True] * 5 + [False]
    assert np.isnan(npmi([], [["bread", "flour"]])).all()
    assert npmi(TEXTS, []).shape == (0,)


def test_words_are_those_that_keywords_are_made_of() -> None:
    found = npmi(["c++ and c# code", "C++ with C#", "a bread code"], [["c++", "c#"], ["c++", "bread"]])
    assert found.tolist() == [pytest.approx(1), -1]


def test_topics_do_not_depend_on_each_other_nor_on_the_order_of_prompts() -> None:
    texts = [f"w{number % 7}a w{number % 11}b w{number % 3}c" for number in range(300)]
    keywords = [[f"w{number % 7}a", f"w{number % 11}b", f"w{number % 3}c"] for number in range(400)]
    found = npmi(texts, keywords)
    assert npmi(texts[::-1], keywords).tolist() == found.tolist()
    assert [npmi(texts, [own]).item() for own in keywords[:5]] == found[:5].tolist()


WORDS = st.sampled_from([f"word{letter}" for letter in "abcdef"])


@given(st.lists(st.sets(WORDS), min_size=1, max_size=12), st.lists(st.lists(WORDS, max_size=4), max_size=5))
def test_it_is_what_all_pairs_by_hand_give(texts: list[set[str]], keywords: list[list[str]]) -> None:
    found = npmi([" ".join(sorted(words)) for words in texts], keywords)
    known = set().union(*texts)
    for score, own in zip(found.tolist(), keywords, strict=True):
        words = sorted(set(own) & known)
        pairs = [(one, other) for one in words for other in words if one < other]
        if pairs:
            assert score == pytest.approx(np.mean([by_hand(texts, *pair) for pair in pairs]))
            assert -1 <= score <= 1 + 1e-12
        else:
            assert math.isnan(score)
