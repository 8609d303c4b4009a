"""How well and how fast prompts are compared with lists of questions.

    python -m tests.bench.contamination calibrate DATA_DIR [RESULT_JSON]
    python -m tests.bench.contamination speed CORPUS_DIR [RESULT_JSON]

DATA_DIR has `prompts/arena_prompts.jsonl` and `questions/`. CORPUS_DIR is made by
`tests.bench.topics.corpus`: 200,000 prompts, of which those behind the first 58,000 are perturbed copies.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import yaml
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.neighbors import NearestNeighbors

from tasks.clean.language import identify_all
from tasks.clean.near_duplicates import bands, find_repeats
from tasks.ingest.readers import Record, read_records
from tasks.ingest.schemas import to_conversation
from tasks.screen.limits import CALIBRATED
from tasks.settings import STATIC
from tasks.vectors.grid import STEPS, cosines, to_grid
from tasks.vectors.search import search
from tasks.vectors.static import embed

LIMITS = [0.5, 0.55, 0.6, 0.65, 0.7, 0.725, 0.75, 0.775, 0.8, 0.825, 0.85, 0.875, 0.9, 0.95]
LISTS = ("arena_hard_v0.1.jsonl", "mt_bench.jsonl", "arena_hard_v2.0.jsonl", "alpaca_eval.jsonl")
PARAPHRASES = Path(__file__).with_name("paraphrases.yaml")
REFERENCES = 50_000
REAL = 58_000
WIDE = 1_536
BLOCK = 20_000  # vectors at a time
# How much of the work the naive ways do; the rest is reckoned.
NAIVE_TEXTS, NAIVE_VECTORS = 40, 10_000
SEED = 1

# Vectors on the grid as they are stored: int16 of shape (n, dimensions).
Whole = NDArray[np.int16]


def read_prompts(path: Path) -> list[str]:
    """The distinct first turns of a file, in alphabetical order."""
    with path.open("rb") as raw:
        items = [item for item in read_records(raw, 16_000_000) if isinstance(item, Record)]
    return sorted({to_conversation(item.value).prompt for item in items})


def english(texts: list[str]) -> list[str]:
    """Prompts as clean would keep them."""
    found = identify_all(pl.Series(texts))["language"]
    pairs = zip(texts, found, strict=True)
    return [text for text, language in pairs if language == "en" and 33 <= len(text) <= 16_000]


def calibrate(data: Path) -> list[dict[str, Any]]:
    """Recall on paraphrases, and the share of unrelated prompts that are flagged, by limit and by way."""
    prompts = english(read_prompts(data / "prompts/arena_prompts.jsonl"))
    pairs = yaml.safe_load(PARAPHRASES.read_text(encoding="utf-8"))
    questions = [pair["question"] for kind in pairs.values() for pair in kind]
    paraphrases = [pair["paraphrase"] for kind in pairs.values() for pair in kind]
    is_light = np.repeat([kind == "light" for kind in pairs], [len(kind) for kind in pairs.values()])
    lists = sorted(
        {text for name in LISTS for text in read_prompts(data / "questions" / name)} - set(questions)
    )
    # What nearly repeats a list is no unrelated prompt.
    repeats = find_repeats(pl.Series(prompts), bands(pl.Series(prompts)), pl.Series(lists), 0.7)[
        "text"
    ].to_list()
    prompts = [text for number, text in enumerate(prompts) if number not in set(repeats)]
    print(f"{len(prompts):,} unrelated prompts, {len(lists) + len(questions):,} questions")
    words = word_weights([*prompts, *lists, *questions, *paraphrases])
    rows = []
    for way, best in {"static": by_static, "weighted words": by_words(words)}.items():
        own = best(paraphrases, questions, pairwise=True)
        unrelated = best(prompts, lists + questions, pairwise=False)
        for limit in LIMITS:
            shares = {"light": own[is_light], "free": own[~is_light], "unrelated": unrelated}
            found = {name: round(float((values >= limit).mean()), 4) for name, values in shares.items()}
            rows.append({"way": way, "limit": limit, **found})
    return rows


def by_static(texts: list[str], others: list[str], *, pairwise: bool) -> np.ndarray:
    """Cosines of the offline embedder's vectors, as the stage takes them: of each pair, or the greatest."""
    own, theirs = embed(texts), embed(others)
    products = (own * theirs).sum(axis=1) if pairwise else search(own, theirs, 1)[1][:, 0]
    return cosines(products)


def word_weights(texts: list[str]) -> TfidfVectorizer:
    """Words and how rare they are, as the offline embedder of version 0.1 weighed them for this stage."""
    pattern = r"\b\w\w+\b|[^\W\d_]"
    return TfidfVectorizer(token_pattern=pattern, stop_words="english", sublinear_tf=True).fit(texts)


def by_words(weights: TfidfVectorizer) -> Callable[..., np.ndarray]:
    """Cosines of weighted words: of each pair, or the greatest."""

    def best(texts: list[str], others: list[str], *, pairwise: bool) -> np.ndarray:
        own, theirs = weights.transform(texts), weights.transform(others)
        if pairwise:
            return np.asarray(own.multiply(theirs).sum(axis=1)).ravel()
        blocks = (own[start : start + 1_000] @ theirs.T for start in range(0, len(texts), 1_000))
        return np.concatenate([block.max(axis=1).toarray().ravel() for block in blocks])

    return best


def speed(corpus: Path) -> list[dict[str, Any]]:
    """Seconds of each way of comparing all prompts with 50,000 perturbed ones."""
    prompts = pl.read_parquet(corpus / "prompts.parquet")["prompt"]
    vectors = np.load(corpus / "vectors.npy")
    rng = np.random.default_rng(SEED)
    rows = np.sort(rng.choice(np.arange(REAL, len(prompts)), REFERENCES, replace=False))
    lists = prompts[rows].unique(maintain_order=True)
    prompt_bands = bands(prompts)  # cleaning has made them
    return [
        timed("near", lambda: find_repeats(prompts, prompt_bands, lists, 0.7).height),
        timed_vectors(vectors, rows, CALIBRATED[STATIC]),
        timed_vectors(widened(vectors), rows, CALIBRATED["text-embedding-3-small"]),
        *naive(prompts, lists, vectors, rows),
    ]


def widened(vectors: Whole) -> Whole:
    """Nearly the same vectors, in as many dimensions as text-embedding-3-small has."""
    basis = np.linalg.qr(np.random.default_rng(SEED).standard_normal((WIDE, vectors.shape[1])))[0].T
    wide = np.empty((len(vectors), WIDE), dtype=np.int16)
    for start in range(0, len(vectors), BLOCK):
        wide[start : start + BLOCK] = to_grid(vectors[start : start + BLOCK] @ basis)
    return wide


def timed_vectors(vectors: Whole, rows: np.ndarray, limit: float) -> dict[str, Any]:
    """The stage's search, by blocks as it reads them from shards."""
    references = vectors[rows].astype(np.float32)

    def count() -> int:
        found = 0
        for start in range(0, len(vectors), BLOCK):
            block = vectors[start : start + BLOCK].astype(np.float32)
            found += int((cosines(search(block, references, 1)[1]) >= limit).sum())
        return found

    return timed(f"semantic, {vectors.shape[1]:,} dimensions", count)


def naive(prompts: pl.Series, lists: pl.Series, vectors: Whole, rows: np.ndarray) -> list[dict[str, Any]]:
    """All pairs of sets of words in Python, and brute force by scikit-learn: a part, reckoned for all."""
    sets = [set(text.lower().split()) for text in lists]
    some = [set(text.lower().split()) for text in prompts.sample(NAIVE_TEXTS, seed=SEED)]
    near = timed("naive near", lambda: sum(len(a & b) >= 0.7 * len(a | b) for a in some for b in sets))
    part, others = (vectors[own].astype(np.float32) / STEPS for own in (slice(NAIVE_VECTORS), rows))
    brute = NearestNeighbors(n_neighbors=1, metric="cosine", algorithm="brute").fit(others)
    farthest = 1 - CALIBRATED[STATIC]
    dense = timed("naive semantic", lambda: int((brute.kneighbors(part)[0] <= farthest).sum()))
    for row, share in ((near, len(prompts) / NAIVE_TEXTS), (dense, len(prompts) / NAIVE_VECTORS)):
        row |= {name: round(row[name] * share, 1) for name in ("seconds", "cpu_seconds")}
        row["found"] = round(row["found"] * share)
        row["reckoned_from"] = round(1 / share, 4)
    return [near, dense]


def timed(name: str, work: Callable[[], int]) -> dict[str, Any]:
    wall, processor = time.perf_counter(), time.process_time()
    found = work()
    wall, processor = time.perf_counter() - wall, time.process_time() - processor
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds = {"seconds": round(wall, 1), "cpu_seconds": round(processor, 1)}
    row = {"way": name, **seconds, "found": found, "peak_mb": round(peak)}
    print(row, file=sys.stderr, flush=True)
    return row


def show(rows: list[dict[str, Any]]) -> None:
    names = list(dict.fromkeys(name for row in rows for name in row))
    print("".join(f"{name:>26}" if name == "way" else f"{name:>15}" for name in names))
    for row in rows:
        cells = [str(row.get(name, "")) for name in names]
        print(f"{cells[0]:>26}" + "".join(f"{cell:>15}" for cell in cells[1:]))


def main(command: str, folder: Path, target: Path | None) -> None:
    load = round(os.getloadavg()[0], 2)
    rows = {"calibrate": calibrate, "speed": speed}[command](folder)
    show(rows)
    about = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "cores": os.cpu_count(), "load_before": load}
    if target:
        target.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) in (3, 4) and sys.argv[1] in ("calibrate", "speed") and Path(sys.argv[2]).is_dir():
        main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]) if len(sys.argv) == 4 else None)
    else:
        sys.exit(__doc__)
