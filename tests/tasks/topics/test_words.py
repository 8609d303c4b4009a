"""Names and keywords of topics."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tasks.topics.naming import unique_names
from tasks.topics.words import describe_topics

TEXTS = ["bake bread dough", "bread dough oven", "dough bread yeast", "chess queen rook", "queen rook chess"]
STRAYS = ["zebra giraffe bread", "giraffe zebra safari"]
VECTORS = np.eye(7, dtype=np.float32)


def test_keywords_describe_the_final_members() -> None:
    without = describe_topics(TEXTS + STRAYS, np.array([0, 0, 0, 1, 1, -1, -1]), VECTORS)
    assert "zebra" not in without.keywords[0]
    adopted = describe_topics(TEXTS + STRAYS, np.array([0, 0, 0, 1, 1, 0, 0]), VECTORS)
    assert {"zebra", "giraffe"} <= set(adopted.keywords[0])
    assert without.keywords[1] == adopted.keywords[1]


def test_numbers_of_topics_are_kept_where_a_later_one_is_larger() -> None:
    words = describe_topics(TEXTS, np.array([1, 1, 1, 0, 0]), VECTORS[:5])
    assert words.keywords[0][0] in {"chess", "queen", "rook"}
    assert words.keywords[1][0] in {"bread", "dough"}
    assert words.weights.shape == (2, len(words.vocabulary))


def test_a_name_takes_as_many_keywords_as_set_it_apart() -> None:
    names = unique_names([["a", "b", "c", "d"], ["a", "b", "c", "e"], ["a", "b", "c"], ["a"], []])
    assert names == ["a, b, c", "a, b, c, e", "a, b, c (2)", "a", "topic (4)"]


@given(st.lists(st.lists(st.sampled_from("abcd"), max_size=5, unique=True), max_size=12))
def test_names_are_unique(keywords: list[list[str]]) -> None:
    names = unique_names(keywords)
    assert len(set(names)) == len(names) == len(keywords)
    assert all(names)
