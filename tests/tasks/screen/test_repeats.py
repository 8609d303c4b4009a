"""Verdicts from vectors, and one verdict a prompt and list."""

import numpy as np
import polars as pl
import pytest

from tasks.clean.near_duplicates import bands
from tasks.screen.references import REFERENCES
from tasks.screen.repeats import (
    Embedded,
    exact_repeats,
    gravest,
    near_repeats,
    semantic_repeats,
    unique_texts,
)
from tasks.vectors.grid import to_grid

ROWS = [("a", "1", "t2", "two"), ("a", "2", "t1", "one"), ("b", "9", "t1", "one")]
LISTS = pl.DataFrame(ROWS, schema=REFERENCES, orient="row")


def test_vectors_that_are_near_are_repeats_of_each_list_and_zeros_are_of_none() -> None:
    vectors = to_grid(np.random.default_rng(0).standard_normal((2, 32)))
    prompts = np.stack([vectors[1], np.zeros(32, np.float32), vectors[0], -vectors[0]])
    blocks = [(np.array([3, 0]), prompts[[3, 0]]), (np.array([1, 2]), prompts[[1, 2]])]
    embedded = Embedded(pl.Series(["p0", "p1", "p2", "p3"]), blocks)
    found = semantic_repeats(embedded, LISTS, vectors, "released", 0.7)
    assert unique_texts(LISTS)["text_id"].to_list() == ["t1", "t2"]
    rows = found.select("prompt_id", "kind", "reference", "reference_id").sort(pl.all()).rows()
    kind = "released_semantic"
    assert rows == [("p0", kind, "a", "1"), ("p2", kind, "a", "2"), ("p2", kind, "b", "9")]
    assert found["similarity"].to_list() == pytest.approx([1, 1, 1], abs=2e-4)


def test_the_most_similar_text_of_a_list_is_the_one_repeated_and_the_limit_counts() -> None:
    texts = to_grid(np.array([[1, 0, 0], [0.8, 0.6, 0]]))  # of t1 and t2, both of list a
    prompts = to_grid(np.array([[1, 0.1, 0], [0.6, 0.8, 0], [0, 0.4, 0.9]]))
    embedded = Embedded(pl.Series(["p0", "p1", "p2"]), [(np.arange(3), prompts)])
    found = semantic_repeats(embedded, LISTS.filter(reference="a"), texts, "repeat", 0.5)
    assert found.select("prompt_id", "reference_id").rows() == [("p0", "2"), ("p1", "1")]
    assert found["similarity"].to_list() == pytest.approx([1 / np.hypot(1, 0.1), 0.96], abs=3e-4)


def test_the_gravest_verdict_on_a_prompt_and_list_is_kept() -> None:
    prompts = pl.DataFrame({"prompt_id": ["t1", "t3"], "prompt": ["one", "two!"]})
    prompts = prompts.with_columns(bands(prompts["prompt"]))
    found = gravest(exact_repeats(prompts, LISTS), near_repeats(prompts, LISTS, "repeat", 0.7))
    kinds = found.select("prompt_id", "kind", "reference").sort(pl.all()).rows()
    assert kinds == [("t1", "repeat_exact", "a"), ("t1", "repeat_exact", "b"), ("t3", "repeat_near", "a")]
