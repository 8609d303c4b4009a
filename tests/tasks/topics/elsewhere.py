"""Topics as another processor finds them: `python -m tests.tasks.topics.elsewhere` prints them as JSON."""

import hashlib
import json

import numpy as np

from tasks.settings import TopicsSettings
from tasks.topics.clusters import Clusters, InMemory, find_clusters
from tasks.vectors.grid import to_grid
from tests.tasks.topics import planted
from tests.tasks.topics.bundled import many, sampled


def of_equal_edges() -> Clusters:
    """Many edges of the spanning tree are equally long where density is that of the fifth neighbour."""
    vectors = to_grid(np.random.default_rng(3).integers(-9, 10, (1500, 12)))
    return find_clusters(InMemory(vectors), TopicsSettings(min_samples=5), 1)


def hashes(clusters: Clusters) -> dict[str, str]:
    """Each of the arrays, to the last bit."""
    return {
        name: hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()
        for name, array in vars(clusters).items()
    }


if __name__ == "__main__":
    found = {
        "planted": {name: table.rows() for name, table in planted.find().items()},
        "of equal edges": hashes(of_equal_edges()),
        "sampled": hashes(sampled(InMemory(many()))),
    }
    print(json.dumps(found))
