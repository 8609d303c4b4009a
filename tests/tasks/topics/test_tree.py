"""The tree over topics, and the domains that it is cut into."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from tasks.topics.tree import Node, build_tree, domains
from tasks.topics.words import Words
from tasks.vectors.grid import to_grid

GROUPS = {"bread": 5, "chess": 4, "sailing": 3}
TOPICS = sum(GROUPS.values())
GROUP_OF = np.repeat(np.arange(len(GROUPS)), list(GROUPS.values()))


@pytest.fixture(scope="module")
def centroids() -> np.ndarray:
    rows = np.eye(16)[GROUP_OF] + np.random.default_rng(1).normal(scale=0.15, size=(TOPICS, 16))
    return to_grid(rows)


@pytest.fixture(scope="module")
def words() -> Words:
    """A word for each group, in all of its topics, and one for each topic."""
    vocabulary = [*GROUPS, *(f"word{topic}" for topic in range(TOPICS))]
    weights = np.concatenate([np.eye(len(GROUPS))[GROUP_OF], np.eye(TOPICS)], axis=1)
    names = [f"topic {topic}" for topic in range(TOPICS)]
    return Words([[name] for name in names], names, csr_matrix(weights), csr_matrix(weights), vocabulary)


@pytest.fixture(scope="module")
def nodes(centroids: np.ndarray, words: Words) -> list[Node]:
    return build_tree(centroids, words, range(100, 100 + TOPICS))


def test_the_first_nodes_are_the_topics_and_the_last_is_the_root(nodes: list[Node], words: Words) -> None:
    assert [node.node_id for node in nodes] == list(range(2 * TOPICS - 1))
    assert [node.topic_id for node in nodes[:TOPICS]] == list(range(100, 100 + TOPICS))
    assert [node.name for node in nodes[:TOPICS]] == words.names
    assert all(node.topic_id is None for node in nodes[TOPICS:])
    assert [node.node_id for node in nodes if node.parent_id is None] == [nodes[-1].node_id]


def test_each_inner_node_joins_two_and_counts_the_topics_below(nodes: list[Node]) -> None:
    for node in nodes[TOPICS:]:
        children = [child for child in nodes if child.parent_id == node.node_id]
        assert len(children) == 2
        assert node.topic_count == sum(child.topic_count for child in children)
        assert node.distance >= max(child.distance for child in children)


def test_topics_of_a_kind_are_a_domain_with_its_word_in_the_name(nodes: list[Node]) -> None:
    cut = domains(nodes, len(GROUPS))
    for number, group in enumerate(GROUPS):
        (domain,) = {cut[topic] for topic in np.flatnonzero(number == GROUP_OF)}
        assert nodes[domain].topic_count == GROUPS[group]
        assert nodes[domain].name.split(", ")[0] == group
    assert len({node.name for node in nodes}) == len(nodes)


@pytest.mark.parametrize("count", [1, 2, 7, TOPICS, 50])
def test_a_cut_gives_each_topic_one_domain_and_no_more_domains_than_topics(
    nodes: list[Node], count: int
) -> None:
    cut = domains(nodes, count)
    assert len(cut) == TOPICS
    assert len(set(cut)) == min(count, TOPICS)
    assert sum(nodes[domain].topic_count for domain in set(cut)) == TOPICS


def test_words_join_what_vectors_do_not_tell_apart(words: Words) -> None:
    same = to_grid(np.ones((TOPICS, 16)))
    cut = domains(build_tree(same, words, range(TOPICS)), len(GROUPS))
    assert len(set(zip(cut, GROUP_OF.tolist(), strict=True))) == len(GROUPS)


def wordless(count: int) -> Words:
    nothing = csr_matrix((count, 0))
    return Words([[]] * count, [f"topic {n}" for n in range(count)], nothing, nothing, [])


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_topics_are_a_tree_too(count: int) -> None:
    nodes = build_tree(to_grid(np.eye(4)[:count]), wordless(count), range(count))
    assert len(nodes) == 2 * count - 1
    assert len(set(domains(nodes, 12))) == count


def test_topics_that_are_all_the_same_are_a_tree_too() -> None:
    nodes = build_tree(to_grid(np.ones((30, 4))), wordless(30), range(30))
    assert np.isfinite([node.distance for node in nodes]).all()
    assert len(set(domains(nodes, 12))) == 12


def test_a_large_tree_has_no_giant_domain() -> None:
    """400 topics that are all about equally far apart, as real ones are: Ward alone would leave one lump."""
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(400, 200))
    weights = csr_matrix(random_array((400, 3000), density=0.01, rng=rng))
    names = [f"topic {n}" for n in range(400)]
    words = Words([[]] * 400, names, weights, weights, [f"word{n}" for n in range(3000)])
    counts = np.bincount(domains(build_tree(to_grid(rows), words, range(len(rows))), 12))
    assert counts.max() < 0.4 * 400
    assert counts[counts > 0].min() > 1
