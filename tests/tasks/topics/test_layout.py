"""The graph that UMAP lays out, and clusters of a layout, on this processor and on an old one."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from processors import OLDEST

from tasks.settings import TopicsSettings
from tasks.topics.layout import link
from tasks.vectors.grid import Vectors, to_grid

ROOT = Path(__file__).parents[3]
# Many edges of the spanning tree are equally long where density is that of the fifth neighbour.
FIND = """
import hashlib
import numpy as np
from tasks.settings import TopicsSettings
from tasks.topics.clusters import InMemory, find_clusters
from tasks.vectors.grid import to_grid
vectors = to_grid(np.random.default_rng(3).integers(-9, 10, (1500, 12)))
found = find_clusters(InMemory(vectors), TopicsSettings(min_samples=5), 1)
print(len(found.centroids), hashlib.sha256(found.labels.tobytes() + found.map.tobytes()).hexdigest())
"""


def found(environment: dict[str, str]) -> list[str]:
    command = [sys.executable, "-W", "ignore", "-c", FIND]
    done = subprocess.run(
        command, cwd=ROOT, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.fixture
def vectors() -> Vectors:
    return to_grid(np.random.default_rng(1).normal(size=(200, 16)))


def test_the_nearest_neighbour_of_each_prompt_is_certain_and_it_is_not_itself(vectors: Vectors) -> None:
    graph = link(vectors, TopicsSettings()).toarray()
    assert not graph.diagonal().any()
    assert (graph.max(axis=1) == 1).all()
    np.testing.assert_array_equal(graph, graph.T)


def test_equal_edges_are_in_one_order_on_any_processor() -> None:
    here, there = found({}), found(OLDEST)
    assert int(here[0]) > 1
    assert here == there
