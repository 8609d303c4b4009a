"""Names of inner nodes: what is below them, what sets them apart, no stem twice, no name twice."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from tasks.topics.node_names import ROOT_NAME, name_nodes, unlike
from tasks.topics.words import best_of_each

WORDS = ["bake", "baking", "bread", "chess", "cook", "good", "knight", "oven", "queen", "rook", "soup"]


def presence(*topics: str) -> csr_matrix:
    return csr_matrix([[float(word in topic.split()) for word in WORDS] for topic in topics])


@pytest.fixture
def kitchen_and_chess() -> csr_matrix:
    """Two topics of baking and one of soup, then two of chess; all of them say `good`."""
    return presence(
        "bread oven bake baking cook good",
        "bread bake oven cook good",
        "soup cook good",
        "chess queen rook knight good",
        "chess rook good knight",
    )


JOINS = [((0, 1), (1, 2)), ((3, 4), (4, 5)), ((0, 2), (2, 3)), ((0, 3), (3, 5))]


def test_a_name_tells_what_is_below_and_not_what_is_everywhere(kitchen_and_chess: csr_matrix) -> None:
    baking, chess, kitchen, root = name_nodes(kitchen_and_chess, WORDS, JOINS, [])
    assert root == ROOT_NAME
    assert set(chess.split(", ")) == {"chess", "knight", "rook", "queen"}
    assert kitchen.startswith("cook, ")
    assert {"bread", "oven"} < set(baking.split(", "))
    assert not any("good" in name for name in (baking, chess, kitchen))


def test_a_name_has_no_stem_twice(kitchen_and_chess: csr_matrix) -> None:
    for name in name_nodes(kitchen_and_chess, WORDS, JOINS, []):
        assert not {"bake", "baking"} <= set(name.split(", "))


def test_names_are_unlike_each_other_and_those_of_topics() -> None:
    alike = presence(*["bread oven soup rook queen good"] * 4)
    joins = [((0, 1), (1, 2)), ((2, 3), (3, 4)), ((0, 2), (2, 4))]
    free = name_nodes(alike, WORDS, joins, [])
    names = name_nodes(alike, WORDS, joins, [free[0]])
    assert len({*names, free[0]}) == 4


def test_topics_without_words_get_names_too() -> None:
    nothing = csr_matrix((3, 0))
    names = name_nodes(nothing, [], [((0, 1), (1, 2)), ((0, 2), (2, 3))], [])
    assert names == ["topics (0-1)", ROOT_NAME]


def test_the_best_of_each_row_are_kept_ties_by_column() -> None:
    weights = csr_matrix(np.array([[1.0, 3.0, 3.0, 2.0], [0.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 4.0]]))
    kept = best_of_each(weights, 2).toarray().tolist()
    assert kept == [[0, 3, 3, 0], [0, 0, 0, 0], [0, 5, 0, 4]]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("game games gaming", "game"),
        ("program programming programs", "program"),
        ("car cars", "car"),
        ("abcd abcee eeee", "abcd abcee eeee"),
        ("egg eggs", "egg"),
        ("c c++ c# code char class", "c c++ c# code char class"),
        (
            "war warrior art article man manager us user go google",
            "war warrior art article man manager us user go google",
        ),
    ],
)
def test_two_forms_of_one_word_are_one_and_words_that_only_begin_alike_are_not(words: str, kept: str) -> None:
    assert unlike(words.split(), 10) == kept.split()
