"""Names and keywords of topics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.topics.naming import unique_names
from tasks.topics.tokens import tokenise
from tasks.topics.words import describe_topics, nearest_by_words

TEXTS = ["bake bread dough", "bread dough oven", "dough bread yeast", "chess queen rook", "queen rook chess"]
STRAYS = ["zebra giraffe bread", "giraffe zebra safari"]


def test_keywords_describe_the_final_members() -> None:
    without = describe_topics(tokenise(TEXTS + STRAYS), np.array([0, 0, 0, 1, 1, -1, -1]))
    assert "zebra" not in without.keywords[0]
    adopted = describe_topics(tokenise(TEXTS + STRAYS), np.array([0, 0, 0, 1, 1, 0, 0]))
    assert {"zebra", "giraffe"} <= set(adopted.keywords[0])
    assert without.keywords[1] == adopted.keywords[1]


def test_numbers_of_topics_are_kept_where_a_later_one_is_larger() -> None:
    words = describe_topics(tokenise(TEXTS), np.array([1, 1, 1, 0, 0]))
    assert words.keywords[0][0] in {"chess", "queen", "rook"}
    assert words.keywords[1][0] in {"bread", "dough"}
    assert words.weights.shape == (2, len(words.vocabulary))


def test_words_of_one_prompt_are_no_words_of_its_topic_unless_there_are_no_others() -> None:
    words = describe_topics(tokenise([*TEXTS, "zebra giraffe"]), np.array([0, 0, 0, 1, 1, 2]))
    assert set(words.keywords[0]) == {"bread", "dough"}
    assert set(words.keywords[2]) == {"giraffe", "zebra"}


def test_a_prompt_without_words_of_any_topic_is_near_none() -> None:
    tokens = tokenise([*TEXTS, "oven dough", "queen chess bread", "zebra", ""])
    words = describe_topics(tokens, np.array([0, 0, 0, 1, 1, -1, -1, -1, -1]))
    topics, cosines = nearest_by_words(tokens, np.array([5, 6, 7, 8]), words)
    assert topics.tolist() == [0, 1, -1, -1]
    assert (cosines[:2] > 0.1).all()
    assert cosines[2:].tolist() == [0, 0]


def test_topics_without_a_telling_word_have_no_keywords() -> None:
    words = describe_topics(tokenise(["what is it", "12 34", ""]), np.array([0, 1, 1]))
    assert words.keywords == [[], []]
    assert len(set(words.names)) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("C++ and C#", {"c++", "and", "c#"}),
        ("the user's snake_case", {"the", "user", "snake_case"}),
        ("Ünïcode ÉTÉ", {"ünïcode", "été"}),
        ("x1 3d 2024 3.14 1,000 2024-01-05", {"x1", "3d"}),
        ("a + b == c -> r", {"c", "r"}),
        ("日本語 текст 我", {"日本", "本語", "текст"}),
    ],
)
def test_words_of_topics_have_a_letter_and_two_characters_or_are_c_or_r(
    text: str, expected: set[str]
) -> None:
    assert set(tokenise([text]).words) == expected


def test_each_prompt_holds_a_word_once() -> None:
    tokens = tokenise(["Bread bread", "", "oven bread"])
    assert tokens.words == ["bread", "oven"]
    assert tokens.holds.toarray().tolist() == [[1, 0], [0, 0], [1, 1]]


def test_a_name_takes_as_many_keywords_as_set_it_apart() -> None:
    names = unique_names([["a", "b", "c", "d"], ["a", "b", "c", "e"], ["a", "b", "c"], ["a"], []])
    assert names == ["a, b, c", "a, b, c, e", "a, b, c (2)", "a", "topic (4)"]


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5, unique=True), max_size=12))
def test_names_are_unique(keywords: list[list[str]]) -> None:
    names = unique_names(keywords)
    assert len(set(names)) == len(names) == len(keywords)
    assert all(names)
