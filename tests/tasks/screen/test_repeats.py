"""Verdicts from vectors, and one verdict a prompt and list."""

import numpy as np
import polars as pl
import pytest

from tasks.clean.near_duplicates import bands
from tasks.screen import nearest
from tasks.screen.references import REFERENCES
from tasks.screen.repeats import (
    Embedded,
    exact_repeats,
    gravest,
    near_repeats,
    semantic_repeats,
    unique_texts,
)

ROWS = [("a", "1", "t2", "two"), ("a", "2", "t1", "one"), ("b", "9", "t1", "one")]
LISTS = pl.DataFrame(ROWS, schema=REFERENCES, orient="row")


def unit(rng: np.random.Generator, rows: int) -> np.ndarray:
    vectors = rng.standard_normal((rows, 32)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_vectors_that_are_near_are_repeats_of_each_list_and_zeros_are_of_none() -> None:
    vectors = unit(np.random.default_rng(0), 2)
    prompts = np.stack([vectors[1], np.zeros(32, np.float32), vectors[0], -vectors[0]])
    blocks = [(np.array([3, 0]), prompts[[3, 0]]), (np.array([1, 2]), prompts[[1, 2]])]
    embedded = Embedded(pl.Series(["p0", "p1", "p2", "p3"]), blocks)
    found = semantic_repeats(embedded, LISTS, vectors, "released", 0.7)
    assert unique_texts(LISTS)["text_id"].to_list() == ["t1", "t2"]
    rows = found.select("prompt_id", "kind", "reference", "reference_id", "similarity").sort(pl.all()).rows()
    kind = "released_semantic"
    assert rows == [("p0", kind, "a", "1", 1.0), ("p2", kind, "a", "2", 1.0), ("p2", kind, "b", "9", 1.0)]


def test_many_vectors_are_searched_by_cells_and_nearly_all_repeats_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rng = np.random.default_rng(1)
    references = unit(rng, 4_000)
    queries = references[:1_000] + 0.15 * unit(rng, 1_000) * np.sqrt(32 / 8)
    queries = (queries / np.linalg.norm(queries, axis=1, keepdims=True)).astype(np.float32)
    exact = nearest.nearest(nearest.index_of(references, 1_000), queries)
    monkeypatch.setattr(nearest, "_EXACT", 1)
    by_cells = nearest.nearest(nearest.index_of(references, 1_000), queries)
    assert (exact[0] == np.arange(1_000)).mean() > 0.99
    assert (by_cells[0] == exact[0]).mean() > 0.98
    same = by_cells[0] == exact[0]
    np.testing.assert_allclose(by_cells[1][same], exact[1][same], atol=2e-4)


def test_the_gravest_verdict_on_a_prompt_and_list_is_kept() -> None:
    prompts = pl.DataFrame({"prompt_id": ["t1", "t3"], "prompt": ["one", "two!"]})
    prompts = prompts.with_columns(bands(prompts["prompt"]))
    found = gravest(exact_repeats(prompts, LISTS), near_repeats(prompts, LISTS, "repeat", 0.7))
    kinds = found.select("prompt_id", "kind", "reference").sort(pl.all()).rows()
    assert kinds == [("t1", "repeat_exact", "a"), ("t1", "repeat_exact", "b"), ("t3", "repeat_near", "a")]
