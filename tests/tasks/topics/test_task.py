"""Topics of planted prompts, from the task's point of view; one fit serves most tests."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from tasks.errors import EvergreenError
from tasks.topics.task import topics
from tests.tasks.prompts import HomeOf
from tests.tasks.topics import planted
from tests.tasks.topics.homes import LLM, Found, find


def test_planted_subjects_are_the_topics(found: Found) -> None:
    texts = planted.prompts()
    members = found.table("prompt_topics").with_columns(
        subject=pl.col("prompt_id").map_elements(
            lambda prompt_id: planted.subject_of(texts[prompt_id]), return_dtype=pl.String
        )
    )
    assert found.ref.rows == len(planted.SUBJECTS)
    assert members.height == len(texts)
    pairs = members.drop_nulls("topic_id").select("topic_id", "subject").unique()
    assert pairs.height == len(planted.SUBJECTS)


def test_keywords_and_name_are_words_of_the_subject(found: Found) -> None:
    rows = found.table("topics").iter_rows(named=True)
    named = {row["name"]: (planted.subject_of(row["keywords"][0]), row["keywords"]) for row in rows}
    assert len(named) == len({subject for subject, _ in named.values()}) == len(planted.SUBJECTS)
    for name, (subject, keywords) in named.items():
        assert set(keywords) == set(planted.SUBJECTS[subject].split())
        assert name == ", ".join(keywords[:3])


def test_sizes_and_representatives_are_those_of_the_members(found: Found) -> None:
    members = found.table("prompt_topics")
    for topic in found.table("topics").iter_rows(named=True):
        own = members.filter(topic_id=topic["topic_id"])
        core = own.filter(assigned_by="cluster").sort("similarity", "prompt_id", descending=[True, False])
        assert (topic["size"], topic["core_size"]) == (own.height, core.height)
        assert topic["representatives"] == core["prompt_id"].head(3).to_list()
        assert topic["x"] == core["x"].median()


def test_the_tree_joins_all_topics_under_one_root(found: Found) -> None:
    tree, count = found.table("topic_tree"), len(planted.SUBJECTS)
    assert tree.height == 2 * count - 1
    root = tree.filter(pl.col("parent_id").is_null())
    assert root["topic_count"].to_list() == [count]
    leaves = tree.filter(pl.col("topic_id").is_not_null())
    assert leaves.select("topic_id", "name").rows() == found.table("topics").select("topic_id", "name").rows()
    children = tree["parent_id"].drop_nulls().value_counts()
    assert set(children["count"]) == {2}
    assert not set(leaves["node_id"]) & set(children["parent_id"])


def test_a_known_taxonomy_is_used_again_without_a_look_at_the_vectors(found: Found, tmp_path: Path) -> None:
    copied = found.copied_to(tmp_path)
    assert topics.fn(copied.run, copied.vectors, planted.SETTINGS, LLM) == found.ref
    assert copied.table("topics").height == found.ref.rows
    with pytest.raises(EvergreenError, match="no vectors"):  # other settings are another taxonomy
        topics.fn(copied.run, found.vectors, planted.SETTINGS.model_copy(update={"min_topic_size": 9}), LLM)


def test_rows_in_another_order_give_the_same_topics(found: Found, home_of: HomeOf) -> None:
    other = find(home_of(dict(reversed(planted.prompts().items()))))
    assert other.ref == found.ref
    for name in ("topics", "prompt_topics", "topic_tree"):
        assert other.table(name).equals(found.table(name))


def test_another_process_on_an_old_processor_finds_the_same(found: Found, elsewhere: dict[str, Any]) -> None:
    there = elsewhere["planted"]
    members = found.table("prompt_topics").select(
        "prompt_id", "topic_id", "assigned_by", "similarity", "x", "y"
    )
    assert there["members"] == [list(row) for row in members.rows()]
    assert sorted(row[1] for row in there["topics"]) == sorted(found.table("topics")["name"])


DEGENERATE = {
    "one prompt": ["bake bread with flour"],
    "five prompts": [f"bake bread number{number} with flour" for number in range(5)],
    "all identical": ["bake bread with flour"] * 30,
    "one word": ["bread"] * 30,
    "stop words": ["the of and"] * 30,
    "no words": [f"{number} + {number} = ?" for number in range(10)],
}


@pytest.mark.parametrize("texts", DEGENERATE.values(), ids=DEGENERATE)
def test_prompts_that_say_too_little_are_one_topic(home_of: HomeOf, texts: list[str]) -> None:
    found = find(home_of({f"{number:02d}": text for number, text in enumerate(texts)}))
    assert found.ref.rows == 1
    assert found.table("topics")["size"].to_list() == [len(texts)]
    assert set(found.table("prompt_topics")["topic_id"]) == {0}
    assert found.table("topic_tree")["parent_id"].to_list() == [None]
    name = found.table("topics")["name"].item()
    assert name
    assert not {"+", "the"} & set(name.split())  # never a prompt itself
