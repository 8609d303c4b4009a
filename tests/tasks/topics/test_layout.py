"""The graph that UMAP lays out, and clusters of a layout, on this processor and on an old one."""

from typing import Any

import numpy as np
import pytest

from tasks.settings import TopicsSettings
from tasks.topics.layout import link
from tasks.vectors.grid import Vectors, to_grid
from tests.tasks.topics.elsewhere import hashes, of_equal_edges


@pytest.fixture
def vectors() -> Vectors:
    return to_grid(np.random.default_rng(1).normal(size=(200, 16)))


def test_the_nearest_neighbour_of_each_prompt_is_certain_and_it_is_not_itself(vectors: Vectors) -> None:
    graph = link(vectors, TopicsSettings()).toarray()
    assert not graph.diagonal().any()
    assert (graph.max(axis=1) == 1).all()
    np.testing.assert_array_equal(graph, graph.T)


def test_equal_edges_are_in_one_order_on_any_processor(elsewhere: dict[str, Any]) -> None:
    here = of_equal_edges()
    assert len(here.centroids) > 1
    assert hashes(here) == elsewhere["of equal edges"]
