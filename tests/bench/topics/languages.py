"""What vectors of `static` are worth by language, on the Arena prompts.

    python -m tests.bench.topics.languages [DATA_DIR]

Each row is the prompts of one language, as `tasks/clean/language.py` is confident of it:

- `ami_narrow` and `ami_broad`: agreement of the stage's topics with LMArena's labels, mean of three seeds,
  where at least 100 prompts of the language have labels. Topics are found in all prompts together.
- `mates`: how often the nearest prompt has the same label, beside `chance`, how often any prompt has it. The
  label is LMArena's narrow one, in each of its runs by itself; or, in the row `ru, category`, the category
  that WildChat-Hard-ru gives its prompts, beside what the rarity of words (TF-IDF) finds: `mates_words`.
- `median`: the cosine of two prompts, which hardly ever have to do with each other; `repeats`: the share of
  these pairs that `screen` would call repeats; `listed`: the share of prompts that it calls repeats of the
  questions in DATA_DIR, in all languages, by meaning.
"""

import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer

from tasks.clean.language import CONFIDENT, identify_all
from tasks.screen.limits import CALIBRATED
from tasks.settings import STATIC, TopicsSettings
from tasks.topics.clusters import InMemory, find_clusters
from tasks.vectors.grid import Vectors, cosines
from tasks.vectors.search import search
from tasks.vectors.static import embed
from tests.bench.contamination import LISTS, read_prompts
from tests.bench.topics import quality
from tests.bench.topics.corpus import arena_prompts
from tests.bench.topics.labels import SEEDS
from tests.bench.topics.measure import ROOT

_LANGUAGES: Final = ("en", "ru", "es", "zh", "ko", "fr", "de", "it", "vi", "ja")
_LABELLED: Final = 100
_ROW = dict[str, Any]


def by_language(data: Path) -> list[_ROW]:
    """A row for each language, and one for the Russian prompts with a category."""
    prompts = arena_prompts(data)
    found = identify_all(prompts["prompt"]).with_columns(prompts["category"])
    is_sure = pl.col("probability") >= CONFIDENT
    vectors, labels = embed(prompts["prompt"].to_list()), quality.labels_of(prompts)
    lists = embed(sorted({text for name in LISTS for text in read_prompts(data / "questions" / name)}))
    is_listed = cosines(search(vectors, lists, 1)[1][:, 0]) >= CALIBRATED[STATIC]
    topics = [find_clusters(InMemory(vectors), TopicsSettings(), seed).labels for seed in SEEDS]
    rows = []
    for language in _LANGUAGES:
        own = found.select((pl.col("language") == language) & is_sure).to_series().to_numpy()
        named = labels.filter(own[labels["row"].to_numpy()])
        row = {"language": language, "prompts": int(own.sum()), "labelled": named["row"].n_unique()}
        row |= agreement(named, topics) | mates(named, vectors) | spread(vectors[own])
        rows.append(row | {"listed": float(is_listed[own].mean())})
    return [*rows, by_category(prompts.drop_nulls("category"))]


def by_category(prompts: pl.DataFrame) -> _ROW:
    """The row of prompts with a category, all of them Russian."""
    texts, names = prompts["prompt"].to_list(), prompts["category"].to_numpy()
    vectors, words = embed(texts), TfidfVectorizer(sublinear_tf=True).fit_transform(texts)
    same, chance = same_label(vectors @ vectors.T, names)
    by_words, _ = same_label((words @ words.T).toarray(), names)
    shares = {"mates": same, "chance": chance, "mates_words": by_words}
    counts = {"prompts": len(texts), "labelled": len(texts)}
    return {"language": "ru, category", **counts, **shares, **spread(vectors)}


def agreement(labels: pl.DataFrame, topics: list[quality.Topics]) -> _ROW:
    """AMI, where enough prompts have labels: of few, it is a matter of luck."""
    if labels["row"].n_unique() < _LABELLED:
        return {}
    scores = [quality.agreement(labels, own) for own in topics]
    return {name: float(np.mean([own[name] for own in scores])) for name in ("ami_narrow", "ami_broad")}


def mates(labels: pl.DataFrame, vectors: Vectors) -> _ROW:
    """How often the nearest prompt of a run has the same narrow label, averaged by prompts."""
    found = []
    for _, own in labels.drop_nulls("narrow").group_by("run"):
        if own.height > 1:
            rows = vectors[own["row"].to_numpy()]
            found.append((*same_label(rows @ rows.T, own["narrow"].to_numpy()), own.height))
    same, chance, counts = np.array(found).T
    return {"mates": np.average(same, weights=counts), "chance": np.average(chance, weights=counts)}


def same_label(similarities: NDArray[Any], names: NDArray[Any]) -> tuple[float, float]:
    """How often the most similar other prompt has the same label, and how often any other has it."""
    np.fill_diagonal(similarities, -np.inf)
    _, sizes = np.unique(names, return_counts=True)
    chance = (sizes * (sizes - 1)).sum() / (len(names) * (len(names) - 1))
    return float((names == names[similarities.argmax(axis=1)]).mean()), float(chance)


def spread(vectors: Vectors) -> _ROW:
    """Cosines of all pairs of prompts."""
    pairs = cosines(vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    return {"median": float(np.median(pairs)), "repeats": float((pairs >= CALIBRATED[STATIC]).mean())}


def show(rows: list[_ROW]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    print("".join(f"{name:>13}" for name in names))
    for row in rows:
        cells = [row.get(name, "-") for name in names]
        print("".join(f"{cell:>13.4f}" if isinstance(cell, float) else f"{cell:>13}" for cell in cells))


if __name__ == "__main__":
    show(by_language(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT.parent / "shared/data"))
