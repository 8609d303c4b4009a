"""The pure parts of a release: file formats, thresholds in words, topic paths, tables."""

from pathlib import Path

import polars as pl
import pytest

from tasks.release.bundle import content_hash, question_lines
from tasks.release.card import table
from tasks.release.manifest import thresholds
from tasks.release.topic_path import MAX_DEPTH, topic_paths
from tasks.settings import AnnotateSettings, SelectSettings


def test_arena_hard_autos_own_questions_come_out_byte_for_byte_but_for_escaped_slashes(
    real_data: Path,
) -> None:
    file = real_data / "questions" / "arena_hard_v0.1.jsonl"
    assert question_lines(pl.read_ndjson(file)) == file.read_bytes().replace(rb"\/", b"/")


def test_the_hash_is_of_all_columns() -> None:
    questions = pl.DataFrame({"uid": ["a", "b"], "prompt": ["x", "y"], "score": [5, 6]})
    others = [
        questions.with_columns(score=pl.lit(7)),
        questions.reverse(),
        questions.with_columns(uid=pl.col("uid") + " "),
    ]
    assert len({content_hash(frame) for frame in [questions, questions.clone(), *others]}) == 4


@pytest.mark.parametrize(
    ("population", "words"),
    [
        ("annotated", "over all prompts of the topic that were marked"),
        ("passing", "over the prompts of the topic that score at least 6"),
    ],
)
def test_each_threshold_states_its_population(population: str, words: str) -> None:
    asked = SelectSettings(min_score=6, min_topic_mean=5.5, topic_mean_population=population)
    said = thresholds(asked, AnnotateSettings())
    assert said["prompt"] == "A prompt scores at least 6 of 7."
    assert said["topic"] == f"A topic's mean score is at least 5.5, {words}."
    assert "500 in all" in said["draw"]
    assert "second_pass" not in said


def test_a_second_pass_states_its_thresholds() -> None:
    said = thresholds(SelectSettings(), AnnotateSettings(second_annotator="big", second_min_score=4))
    assert "at least 4 of 7 criteria in the first pass" in said["second_pass"]
    assert said["topic"].endswith("over all prompts of the topic that were marked by the second annotator.")


def chain(length: int) -> pl.DataFrame:
    """A tree in which each inner node joins the one before with the next topic."""
    leaves = [(topic, length + max(topic - 1, 0), topic, f"leaf {topic}") for topic in range(length)]
    inner = [(length + i, length + i + 1, None, f"inner {i}") for i in range(length - 1)]
    inner[-1] = (*inner[-1][:1], None, *inner[-1][2:])
    columns = ["node_id", "parent_id", "topic_id", "name"]
    return pl.DataFrame([*leaves, *inner], schema=columns, orient="row", infer_schema_length=None)


def test_a_path_leads_from_below_the_root_to_the_topic() -> None:
    paths = topic_paths(chain(4))
    assert paths == {
        0: ["inner 1", "inner 0", "leaf 0"],
        1: ["inner 1", "inner 0", "leaf 1"],
        2: ["inner 1", "leaf 2"],
        3: ["leaf 3"],
    }


def test_a_deep_path_keeps_its_top_and_its_topic() -> None:
    paths = topic_paths(chain(300))
    assert paths[0] == ["inner 297", "inner 296", "inner 295", "leaf 0"]
    assert max(map(len, paths.values())) == MAX_DEPTH


def test_a_single_topic_is_its_own_path() -> None:
    tree = pl.DataFrame({"node_id": [0], "parent_id": [None], "topic_id": [0], "name": ["all"]})
    assert topic_paths(tree) == {0: ["all"]}


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert table(("topic", "questions"), [("a | b", 2)]).splitlines() == [
        "| topic | questions |",
        "| --- | --- |",
        "| a \\| b | 2 |",
    ]
