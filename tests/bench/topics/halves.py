"""How many topics keep their id when they are found anew in other prompts of the same kind.

    python tests/bench/topics/halves.py [DATA_DIR] [RESULT_JSON]

The Arena prompts in `DATA_DIR/prompts/arena_prompts.jsonl` are embedded by `static` and halved by the hash
of their text. Topics are found in each half by itself, with the settings of a build, and those of the second
half are matched to those of the first:

- **centroids**: the two share no prompt, so that centroids alone decide;
- **and prompts**: before that, each half's prompts are placed among the other half's topics, as a refit does
  with prompts that are new;
- **chance**: the second half's topics are drawn by lot, each of the size of a real one.

`topics` and `prompts` are shares of the second half: topics that keep an id, and prompts that are in them.
`agree` is how often both topics of a pair have the same narrow label of LMArena's most often, in each of its
runs that has prompts in both; `marginal` is the same of pairs at most 0.1 above the threshold. What to hold
them against: random pairs, and two random halves of one topic, for which labels don't agree any better.
Prints figures only, never a prompt.
"""

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))  # a script has its own folder on the path, not the project's

from tasks.settings import TopicsSettings  # noqa: E402
from tasks.topics.assign import place  # noqa: E402
from tasks.topics.clusters import InMemory, find_clusters  # noqa: E402
from tasks.topics.match import Match, Old, count_shared, match  # noqa: E402
from tasks.vectors.grid import Vectors, to_grid  # noqa: E402
from tasks.vectors.search import Positions  # noqa: E402
from tasks.vectors.static import embed  # noqa: E402

SEED = 42
THRESHOLDS = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6)
NARROW = dict[str, str]  # run → label
Labels = list[Counter[tuple[str, str]]]


class Halves:
    """The topics of both halves, and what LMArena calls their prompts."""

    def __init__(self, data: Path) -> None:
        with (data / "prompts/arena_prompts.jsonl").open(encoding="utf-8") as lines:
            named = {row["prompt"]: narrow(row) for row in map(json.loads, lines)}
        texts = sorted(named)
        vectors = embed(texts)
        is_second = np.array([hashlib.sha256(text.encode()).digest()[0] % 2 == 1 for text in texts])
        self.vectors = [vectors[~is_second], vectors[is_second]]
        names = [named[text] for text in texts]
        self.names = [
            [own for own, second in zip(names, is_second, strict=True) if second == half]
            for half in (False, True)
        ]
        clusters = [find_clusters(InMemory(part), TopicsSettings(), SEED) for part in self.vectors]
        self.labels = [found.labels for found in clusters]
        self.centroids = [found.centroids for found in clusters]
        self.topic_names = [
            count_names(*half, len(found.centroids))
            for *half, found in zip(self.names, self.labels, clusters, strict=True)
        ]

    def placed(self) -> tuple[Positions, Positions]:
        """The topic of each prompt in both fits: its own half's, and the nearest of the other's."""
        limit = TopicsSettings().min_cosine
        by_first, _ = place(self.vectors[1], self.centroids[0], limit)
        by_second, _ = place(self.vectors[0], self.centroids[1], limit)
        return np.append(self.labels[0], by_first), np.append(by_second, self.labels[1])


def narrow(row: dict[str, Any]) -> NARROW:
    topics = row["meta"].get("topics") or {}
    return {run: topic["narrow"] for run, topic in topics.items() if topic.get("narrow")}


def count_names(names: Iterable[NARROW], labels: Positions, topics: int) -> Labels:
    counts: Labels = [Counter() for _ in range(topics)]
    for own, label in zip(names, labels, strict=True):
        if label >= 0:
            counts[label].update(own.items())
    return counts


def agreements(one: Counter[tuple[str, str]], other: Counter[tuple[str, str]]) -> list[bool]:
    """For each run that has prompts in both: whether its commonest label is the same."""

    def commonest(counts: Counter[tuple[str, str]]) -> NARROW:
        return {run: name for (run, name), _ in sorted(counts.items(), key=lambda item: (item[1], item[0]))}

    ours, theirs = commonest(one), commonest(other)
    return [ours[run] == theirs[run] for run in sorted(ours.keys() & theirs.keys())]


def share(pairs: Iterable[list[bool]]) -> tuple[float, int]:
    flat = [one for pair in pairs for one in pair]
    return round(float(np.mean(flat)) if flat else 0.0, 3), len(flat)


def yardsticks(halves: Halves) -> dict[str, tuple[float, int]]:
    """Agreement of random pairs of topics, and of two random halves of one topic."""
    rng = np.random.default_rng(SEED)
    first, second = halves.topic_names
    strangers = [agreements(first[rng.integers(len(first))], names) for names in second for _ in range(5)]
    side = rng.random(len(halves.labels[0])) < 0.5
    parts = [
        count_names(halves.names[0], np.where(part, halves.labels[0], -1), len(first))
        for part in (side, ~side)
    ]
    return {"random pairs": share(strangers), "one topic, halved": share(map(agreements, *parts))}


def row(halves: Halves, found: Match, threshold: float) -> dict[str, Any]:
    same = found.lineage.filter(relation="same")
    kept = np.isin(found.topic_ids, same["topic_id"].to_numpy())
    sizes = np.bincount(halves.labels[1][halves.labels[1] >= 0], minlength=len(kept))
    position = {topic_id: number for number, topic_id in enumerate(found.topic_ids.tolist())}
    pairs = [
        (agreements(halves.topic_names[0][topic_id], halves.topic_names[1][position[topic_id]]), similarity)
        for topic_id, similarity in same.select("topic_id", "similarity").iter_rows()
    ]
    relations = dict(found.lineage["relation"].value_counts().iter_rows())
    return {
        "threshold": threshold,
        "topics": round(float(kept.mean()), 3),
        "prompts": round(float(sizes[kept].sum() / sizes.sum()), 3),
        "agree": share(agreed for agreed, _ in pairs),
        "marginal": share(agreed for agreed, similarity in pairs if similarity < threshold + 0.1),
        **{name: relations.get(name, 0) for name in ("same", "split", "merged", "new", "gone")},
    }


def chance(vectors: Vectors, labels: Positions) -> Vectors:
    """Centroids of topics drawn by lot."""
    drawn = np.random.default_rng(SEED).permutation(labels)
    sums = np.stack([vectors[drawn == topic].sum(axis=0) for topic in range(labels.max() + 1)])
    return to_grid(sums)


def main(data: Path, result: Path | None) -> None:
    halves = Halves(data)
    old = Old(np.arange(len(halves.centroids[0])), halves.centroids[0])
    shape = (len(halves.centroids[0]), len(halves.centroids[1]))
    nothing = count_shared(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64), *shape)
    contenders = {
        "centroids": (halves.centroids[1], nothing),
        "and prompts": (halves.centroids[1], count_shared(*halves.placed(), *shape)),
        "chance": (chance(halves.vectors[1], halves.labels[1]), nothing),
    }
    report: dict[str, Any] = {
        "prompts": [len(labels) for labels in halves.labels],
        "topics": list(shape),
        "yardsticks": yardsticks(halves),
    }
    print(json.dumps(report))
    for name, (centroids, shared) in contenders.items():
        report[name] = [
            row(halves, match(old, centroids, shared, shape[0] - 1, threshold), threshold)
            for threshold in THRESHOLDS
        ]
        print(name)
        for line in report[name]:
            print("  ", " ".join(f"{key} {value}" for key, value in line.items()))
    if result:
        result.write_text(json.dumps(report, indent=2))


if __name__ == "__main__":
    main(
        Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/data",
        Path(sys.argv[2]) if len(sys.argv) > 2 else None,
    )
