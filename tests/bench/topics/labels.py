"""Agreement of the stage's topics with LMArena's labels, on the Arena prompts alone.

    python -m tests.bench.topics.labels [DATA_DIR] [--vectors FILE.npy] [--pca N]

Embeds the distinct prompts of `DATA_DIR/prompts/arena_prompts.jsonl` by `static`, finds topics with the
default settings for each of three seeds, and prints adjusted mutual information (AMI) with the narrow and the
broad labels, of each seed and their mean. Prompts without a topic are one topic.

- `--vectors`: vectors of another embedder, of any length, one row for each distinct prompt, in the order of
  the file.
- `--pca`: principal components that UMAP sees; without it, as many as by default (256).
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np

from tasks.settings import TopicsSettings
from tasks.topics.clusters import InMemory, find_clusters
from tasks.vectors.grid import Vectors, to_grid
from tasks.vectors.static import embed
from tests.bench.topics import quality
from tests.bench.topics.corpus import arena_prompts
from tests.bench.topics.measure import ROOT

SEEDS: Final = (1, 2, 3)
COLUMNS: Final = ("topics", "without_topic", "ami_narrow", "ami_broad", "nmi_narrow", "nmi_broad")


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m tests.bench.topics.labels",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("data", type=Path, nargs="?", default=ROOT.parent / "shared/data")
    parser.add_argument("--vectors", type=Path, default=None)
    parser.add_argument("--pca", type=int, default=TopicsSettings().pca_dimensions)
    return parser.parse_args(arguments)


def read_vectors(path: Path, count: int) -> Vectors:
    """Vectors of `count` prompts from a .npy file, brought to the grid."""
    vectors = np.load(path)
    if vectors.ndim != 2 or len(vectors) != count:
        raise SystemExit(f"{path}: {vectors.shape} is not the shape of vectors of {count:,} prompts")
    return to_grid(vectors)


def main(options: argparse.Namespace) -> None:
    prompts = arena_prompts(options.data).unique("prompt", keep="first", maintain_order=True)
    texts, labels = prompts["prompt"].to_list(), quality.labels_of(prompts)
    vectors = read_vectors(options.vectors, len(texts)) if options.vectors else embed(texts)
    settings = TopicsSettings(pca_dimensions=options.pca)
    print(f"{len(texts):,} prompts, {labels['row'].n_unique():,} with labels, {vectors.shape[1]} dimensions")
    print("".join(f"{name:>14}" for name in ("seed", *COLUMNS)))
    found = []
    for seed in SEEDS:
        topics = find_clusters(InMemory(vectors), settings, seed).labels
        scores = quality.agreement(labels, topics)
        scores |= {"topics": topics.max() + 1, "without_topic": (topics == quality.NONE).mean()}
        found.append([scores[name] for name in COLUMNS])
        show(str(seed), found[-1])
    show("mean", np.mean(found, axis=0).tolist())


def show(name: str, values: list[float]) -> None:
    topics, *shares = values
    print(f"{name:>14}{topics:>14.0f}" + "".join(f"{share:>14.3f}" for share in shares), flush=True)


if __name__ == "__main__":
    main(parse())
