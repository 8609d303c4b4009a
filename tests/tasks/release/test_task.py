"""A release: immutable, the same for the same content, and documented to the last row."""

import hashlib
import json
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from tasks.annotate.criteria import CRITERIA
from tasks.settings import AnnotateSettings, ReleaseSettings, SelectSettings, Settings

FILES = {"question.jsonl", "questions.parquet", "CARD.md", "manifest.json"}
LATER = Settings(select=SelectSettings(size=10), release=ReleaseSettings(date="2026-02-07"))


def contents(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_its_files_are_there_and_no_other(eve: Any) -> None:
    folder = eve.release()
    assert set(contents(folder)) == FILES
    assert folder.name.startswith("2026-01-05-")


def test_each_question_is_a_line_of_arena_hard_autos_format(eve: Any) -> None:
    lines = (eve.release() / "question.jsonl").read_text(encoding="utf-8").split("\n")
    assert lines.pop() == ""
    assert len(lines) == 10
    for line in lines:
        question = json.loads(line)
        assert list(question) == ["uid", "category", "cluster", "prompt"]
        assert line == json.dumps(question, ensure_ascii=False, separators=(",", ":"))
        assert question["prompt"] == f'Say "ünïcödé" | \\ twice:\n{question["uid"]}\t\u2028'


def test_the_parquet_file_has_what_is_known_of_each_question(eve: Any) -> None:
    questions = pl.read_parquet(eve.release() / "questions.parquet")
    assert {"uid", "prompt", "score", "topic_path", "first_seen_on", *(c.value for c in CRITERIA)} <= set(
        questions.columns
    )
    assert questions["score"].to_list() == [6] * 10
    assert questions["first_seen_on"].null_count() == 0
    assert all(path[-1] == cluster for path, cluster in questions.select("topic_path", "cluster").iter_rows())


def test_the_same_content_is_the_same_release_in_another_home(eve_of: Callable[..., Any]) -> None:
    one, other = eve_of().release(), eve_of(backwards=True).release()
    assert one.name == other.name
    files = FILES - {"manifest.json"}
    assert {name: contents(one)[name] for name in files} == {name: contents(other)[name] for name in files}


def test_other_content_is_another_release(eve_of: Callable[..., Any]) -> None:
    category = Settings(
        select=SelectSettings(size=10), release=ReleaseSettings(date="2026-01-05", category="c")
    )
    eves = [eve_of(), eve_of(seed=43), eve_of()]
    names = [eves[0].release().name, eves[1].release().name, eves[2].release(category).name]
    assert len(set(names)) == 3


def test_the_same_content_on_another_day_is_no_new_release(eve: Any) -> None:
    first = eve.release()
    before = contents(first)
    assert eve.release(LATER) == first
    assert contents(first) == before
    assert [folder.name for folder in first.parent.iterdir()] == [first.name]
    assert eve.table("core.releases")["release_id"].to_list() == [first.name]
    assert eve.table("core.release_prompts").height == 10


def test_an_interrupted_release_is_made_again(eve: Any) -> None:
    folder = eve.release()
    before = contents(folder)
    (folder / "manifest.json").unlink()
    (folder / "question.jsonl").write_bytes(b"cut off")
    assert eve.release() == folder
    after = contents(folder)
    assert set(after) == FILES
    assert after["question.jsonl"] == before["question.jsonl"]


def test_the_manifests_checksums_are_those_of_the_files(eve: Any) -> None:
    files = contents(eve.release())
    manifest = orjson.loads(files.pop("manifest.json"))
    assert manifest["files"] == {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        for name, content in files.items()
    }


def test_the_manifest_says_what_made_it(manifest: dict[str, Any]) -> None:
    assert manifest["settings"]["select"]["size"] == 10
    assert manifest["seed"] == 42
    assert manifest["models"] == {"embedder": "static", "taxonomy": "tax-1", "annotator": "heuristic-1"}
    assert manifest["libraries"]["umap-learn"] == version("umap-learn")
    assert manifest["evergreen"] == version("evergreen-bench")
    assert manifest["sources"] == [
        {"url": "s3://bucket/chats.jsonl", "size": 9999, "version": "v1", "rows": 210, "rejects": 5}
    ]
    assert (manifest["questions"], manifest["topics"]) == (10, 5)
    assert manifest["release_id"] == f"2026-01-05-{manifest['content_sha256'][:10]}"
    by_whom = {"pass": 1, "annotator": "heuristic-1", "rubric_sha256": None}
    assert manifest["annotations"] == [
        {**by_whom, "outcome": "ok", "prompts": 149},
        {**by_whom, "outcome": "refused", "prompts": 1},
    ]
    assert manifest["endpoints"] == {}
    assert manifest["cost"] == {"calls": 0, "usd": 0.0, "new_calls": 0, "new_usd": 0.0, "by_model": []}


def test_the_manifest_says_which_models_were_asked_what_and_for_how_much(eve: Any) -> None:
    eve.execute(
        "insert into core.llm_calls select 'call-' || i, 'key', 'annotate', 'run-1', 'small', 'small-1', "
        "'batch', 1, 'ok', 'SENTINEL answer', '', 100, 0, 10, 0.25, 1, 1, "
        "if(i = 0, timestamp '2026-01-01', timestamp '2026-01-05') from range(3) as t (i);"
        "update core.runs set state = 'done', finished_at = timestamp '2026-01-02';"
        "update core.annotators set rubric_sha256 = 'hash of the rubric'"
    )
    asked = AnnotateSettings(annotator="gpt-3.5-turbo", format="explain")
    folder = eve.release(Settings(select=SelectSettings(size=10), annotate=asked))
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    assert manifest["annotations"][0]["rubric_sha256"] == "hash of the rubric"
    assert manifest["endpoints"]["gpt-3.5-turbo"]["model"] == "gpt-3.5-turbo-0125"
    assert "api_key_env" not in manifest["endpoints"]["gpt-3.5-turbo"]
    cost = {key: manifest["cost"][key] for key in ("calls", "usd", "new_calls", "new_usd")}
    assert cost == {"calls": 3, "usd": 0.75, "new_calls": 2, "new_usd": 0.5}
    [by_model] = manifest["cost"]["by_model"]
    assert (by_model["model"], by_model["mode"], by_model["input_tokens"]) == ("small-1", "batch", 300)
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "| annotate | small-1 | batch | 3 | 300 | 30 | 0.75 |" in card
    assert "SENTINEL answer" not in card


def test_each_stage_of_the_funnel_gets_the_rows_that_the_one_before_kept(manifest: dict[str, Any]) -> None:
    funnel = pl.DataFrame(manifest["funnel"])
    stages = funnel["stage"].unique(maintain_order=True).to_list()
    assert stages == ["ingest", "clean", "topics", "annotate", "select"]
    kept = dict(funnel.filter(reason="kept").select("stage", "rows").iter_rows())
    rows_in = dict(funnel.group_by("stage").agg(pl.col("rows").sum()).iter_rows())
    assert [rows_in[stage] for stage in stages] == [215, *(kept[stage] for stage in stages[:-1])]
    assert kept["select"] == manifest["questions"]


def test_the_card_says_who_judged_and_what_became_of_every_row(eve: Any) -> None:
    folder = eve.release()
    card = (folder / "CARD.md").read_text(encoding="utf-8")
    assert "`heuristic-1` is not an LLM's judgement" in card
    manifest = orjson.loads((folder / "manifest.json").read_bytes())
    for row in manifest["funnel"]:
        assert f"| {row['stage']} | {row['reason']} | {row['rows']:,} |" in card
    for sentence in manifest["thresholds"].values():
        assert f"- {sentence}" in card
    assert "ünïcödé" not in card


@pytest.mark.parametrize("name", ["core.releases", "out.releases"])
def test_analysts_find_it(eve: Any, name: str) -> None:
    folder = eve.release()
    rows = eve.table(name)
    assert set(rows["release_id"]) == {folder.name}
    assert {str(day) for day in rows["released_on"]} == {"2026-01-05"}
