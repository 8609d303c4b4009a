"""The tree of the largest topics: pruned, laid out, coloured by domain."""

import polars as pl
import pytest

from tasks.topics.pictures.branches import Branch, lay_out
from tasks.topics.pictures.palette import NO_TOPIC

TOPICS = 100
COLUMNS = {
    "node_id": pl.Int32,
    "parent_id": pl.Int32,
    "topic_id": pl.Int32,
    "name": pl.String,
    "distance": pl.Float64,
    "topic_count": pl.Int32,
    "size": pl.Int32,
}


def chain(topics: int = TOPICS) -> pl.DataFrame:
    """Topic 0 and 1 join; each node after that joins the one before with the next topic."""
    leaves = [(n, max(topics, topics + n - 1), n, f"topic {n}", 0.0, 1, 200 - n) for n in range(topics)]
    inner = [
        (topics + n, topics + n + 1 if n < topics - 2 else None, None, f"node {n}", n + 1.0, n + 2, None)
        for n in range(topics - 1)
    ]
    return pl.DataFrame([*leaves, *inner], schema=COLUMNS, orient="row")


@pytest.fixture(scope="module")
def branches() -> dict[int, Branch]:
    return lay_out(chain(), {TOPICS + 30: "#111111", **dict.fromkeys(range(32, TOPICS), "#222222")})


def test_the_64_largest_topics_are_left(branches: dict[int, Branch]) -> None:
    topics = [branch.name for branch in branches.values() if branch.is_topic]
    assert sorted(topics) == sorted(f"topic {number}" for number in range(64))


def test_inner_nodes_have_two_children_and_stand_between_them(branches: dict[int, Branch]) -> None:
    inner = [branch for branch in branches.values() if not branch.is_topic]
    assert len(inner) == 63
    for branch in inner:
        below = [branches[child].y for child in branch.children]
        assert len(below) == 2
        assert min(below) < branch.y < max(below)


def test_a_node_counts_the_topics_and_prompts_of_the_whole_tree(branches: dict[int, Branch]) -> None:
    first = branches[TOPICS]
    assert (first.topics, first.prompts) == (2, 200 + 199)
    largest = max(branches.values(), key=lambda branch: branch.topics)
    assert largest.topics == 64


def test_a_domain_colours_all_that_is_below_it(branches: dict[int, Branch]) -> None:
    assert {branches[node].colour for node in (0, 5, 31, TOPICS, TOPICS + 30)} == {"#111111"}
    assert branches[0].domain == "node 30"
    assert (branches[40].colour, branches[40].domain) == ("#222222", "topic 40")
    assert (branches[TOPICS + 31].colour, branches[TOPICS + 31].domain) == (NO_TOPIC, "")


def test_lines_run_in_the_order_of_the_tree(branches: dict[int, Branch]) -> None:
    lines = sorted(branch.y for branch in branches.values() if branch.is_topic)
    assert lines == list(range(64))
    assert abs(branches[0].y - branches[1].y) == 1


def test_a_tree_of_one_topic_is_that_topic() -> None:
    leaf = pl.DataFrame([(0, None, 3, "bread", 0.0, 1, 9)], schema=COLUMNS, orient="row")
    (branch,) = lay_out(leaf, {0: "#111111"}).values()
    assert (branch.name, branch.prompts, branch.domain, branch.children) == ("bread", 9, "bread", ())
