"""How good what a contender found is, in figures.

    python -m tests.bench.topics.judge CORPUS RESULT

Writes RESULT/quality.json.
"""

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from tests.bench.topics import quality
from tests.bench.topics.corpus import PROMPTS, unit_vectors
from tests.bench.topics.result import QUALITY, Result


def judge(prompts: pl.DataFrame, vectors: quality.Points, result: Result) -> dict[str, Any]:
    """All figures: of the topics as they are, and as `core` of what the clustering itself put in them."""
    labels, tokens = quality.labels_of(prompts), quality.tokens_of(prompts["prompt"].to_list())
    npmi, full = quality.coherence(tokens, result.words)
    same_npmi, same_full = quality.coherence(tokens, quality.words_of(tokens, result.labels))
    core = np.where(result.is_core, result.labels, quality.NONE)
    figures = {
        "topics": len(result.words),
        "noise_fitted": float((~result.is_core[result.is_fitted]).mean()),
        "without_topic": float((result.labels == quality.NONE).mean()),
        "fitted": int(result.is_fitted.sum()),
        "trustworthiness": quality.trust(vectors, result.layout),
        "mates": quality.mates(result.layout, prompts["cluster"].to_list()),
        "mates_vectors": quality.mates(vectors, prompts["cluster"].to_list(), "cosine"),
        **quality.judge_labels(labels, result.labels),
        "npmi": npmi,
        "npmi_topics": full,
        "npmi_same_words": same_npmi,
        "npmi_same_words_topics": same_full,
    }
    own = {name: rounded(value) for name, value in figures.items()}
    of_core = {name: rounded(value) for name, value in quality.judge_labels(labels, core).items()}
    return {**own, "core": of_core, "is_reproduced": result.is_reproduced}


def rounded(value: float) -> float | None:
    """Four digits; what is no number is null in JSON."""
    if isinstance(value, int):
        return value
    return None if math.isnan(value) else round(value, 4)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    corpus, folder = map(Path, sys.argv[1:])
    figures = judge(pl.read_parquet(corpus / PROMPTS), unit_vectors(corpus), Result.load(folder))
    (folder / QUALITY).write_text(json.dumps(figures), encoding="utf-8")
