"""Vectors that say little or nothing: topics that say less."""

import numpy as np
import polars as pl
import pytest

from tasks.topics.clusters import InMemory
from tasks.topics.fit import fit
from tasks.vectors.grid import Vectors
from tests.tasks.topics.bundled import SEED, SETTINGS, assert_all_have_a_place, blob, bundles, found, noise

SAYING_TOO_LITTLE = {
    "one prompt": bundles(1, 1),
    "fewer than a topic": bundles(2, 3),
    "few different ones": np.tile(bundles(3, 5), (4, 1)),
    "all identical": np.repeat(bundles(1, 1), 60, axis=0),
    "all zeros": np.zeros((60, 24), dtype=np.float32),
    "one of zeros": np.zeros((1, 24), dtype=np.float32),
    "fewer than a topic that is not small": bundles(4, 7),
}


@pytest.mark.parametrize("vectors", SAYING_TOO_LITTLE.values(), ids=SAYING_TOO_LITTLE)
def test_vectors_that_say_too_little_are_one_topic(vectors: Vectors) -> None:
    result = found(vectors, min_topic_size=40)
    assert_all_have_a_place(result)
    members, topics = result.tables["members"], result.tables["topics"]
    assert topics.select("topic_id", "size").rows() == [(0, len(vectors))]
    assert set(members["assigned_by"]) == {"cluster"}
    assert result.tables["tree"].height == 1
    assert result.tables["similar_topics"].height == 0


def test_identical_prompts_are_wholly_typical_of_their_topic() -> None:
    members = found(SAYING_TOO_LITTLE["all identical"]).tables["members"]
    assert members["similarity"].to_numpy() == pytest.approx(1, abs=2e-4)


def test_zeros_among_vectors_have_no_topic_but_a_place_on_the_map() -> None:
    vectors = bundles(4, 15)
    vectors[::10] = 0
    result = found(vectors, min_cosine=-1.0)  # not even where there is no limit
    assert_all_have_a_place(result)
    members = result.tables["members"]
    assert members["assigned_by"].to_list()[::10] == ["none"] * 6
    assert (members["assigned_by"] == "none").sum() == 6
    others = members.filter(pl.col("topic_id").is_not_null())
    zeros = members.filter(pl.col("topic_id").is_null())
    assert zeros.select("x", "y").n_unique() == 1
    assert zeros["x"].is_between(others["x"].min(), others["x"].max()).all()


@pytest.mark.parametrize("outliers", ["leave", "nearest", "c_tf_idf"])
@pytest.mark.parametrize("vectors", [blob(120), noise(120)], ids=["one blob", "only noise"])
def test_vectors_without_structure_have_topics_or_none(vectors: Vectors, outliers: str) -> None:
    result = found(vectors, outliers=outliers)
    assert_all_have_a_place(result)
    topics = result.tables["topics"]
    assert topics.height >= 1
    assert topics["core_size"].min() >= SETTINGS.min_topic_size


def test_noise_that_is_near_nothing_has_no_topic() -> None:
    members = found(noise(120), min_cosine=0.95).tables["members"]
    assert set(members["assigned_by"]) == {"cluster", "none"}


@pytest.mark.parametrize("outliers", ["leave", "nearest", "c_tf_idf"])
@pytest.mark.parametrize("text", ["bread", "the of and", "1 + 1 = ?"])
def test_prompts_without_words_to_tell_them_apart_have_topics(text: str, outliers: str) -> None:
    vectors = bundles(3, 12)
    ids = [f"{number:04d}" for number in range(len(vectors))]
    prompts = pl.DataFrame({"prompt_id": ids, "prompt": [text] * len(ids)})
    settings = SETTINGS.model_copy(update={"outliers": outliers})
    result = fit(prompts, InMemory(vectors), settings, SEED, None)
    assert_all_have_a_place(result)
    assert result.tables["topics"]["name"].n_unique() == result.tables["topics"].height == 3
