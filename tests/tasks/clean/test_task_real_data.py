"""The stage on real prompts. Only counts and ids are shown, never a prompt."""

import re
from pathlib import Path

import polars as pl
import pytest

from tasks.clean.rules import judge_prompts
from tasks.clean.task import new_prompts, with_outcomes
from tasks.ingest.readers import Record, read_records
from tasks.ingest.schemas import to_conversation
from tasks.settings import CleanSettings

SETTINGS = CleanSettings()
ANY_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b(?!\()")


def read(path: Path) -> pl.DataFrame:
    """Conversations as the query `clean/unseen` gives them."""
    rows = []
    with path.open("rb") as raw:
        for item in read_records(raw, 16_000_000):
            if isinstance(item, Record):
                found = to_conversation(item.value)
                rows.append(
                    (
                        item.position,
                        found.asked_at,
                        found.asker,
                        found.prompt,
                        found.turn_count,
                        found.language,
                        found.is_toxic,
                    )
                )
    schema = {
        "position": pl.Int64,
        "asked_at": pl.Datetime("us"),
        "asker": pl.String,
        "prompt": pl.String,
        "turn_count": pl.Int32,
        "stated_language": pl.String,
        "is_toxic": pl.Boolean,
    }
    frame = pl.DataFrame(rows, schema=schema, orient="row")
    return frame.with_columns(file_id=pl.lit("f"), has_image=pl.lit(False))


def judge(path: Path) -> tuple[pl.DataFrame, dict[str, int], pl.DataFrame]:
    """Sightings; how many were dropped, by reason; the prompts that stay."""
    sightings = with_outcomes(read(path), SETTINGS, set())
    new = new_prompts(sightings)
    _, flags = judge_prompts(new, new.clear(), SETTINGS)
    dropped = pl.concat([sightings["reject_reason"].drop_nulls(), flags["rule"]]).value_counts()
    return sightings, dict(dropped.rows()), new.join(flags, on="prompt_id", how="anti")


@pytest.fixture(scope="module")
def arena(real_data: Path) -> tuple[pl.DataFrame, dict[str, int], pl.DataFrame]:
    return judge(real_data / "prompts" / "arena_prompts.jsonl")


def test_arena_prompts(arena: tuple[pl.DataFrame, dict[str, int], pl.DataFrame]):
    sightings, dropped, kept = arena
    assert sightings.height == 11_295 == kept.height + sum(dropped.values())
    assert 7_500 < kept.height < 7_850, dropped
    assert 700 < dropped["language"] < 1_100


def test_no_email_address_is_left(arena: tuple[pl.DataFrame, dict[str, int], pl.DataFrame]):
    kept = arena[2]
    left = [
        prompt_id
        for prompt_id, text in kept.select("prompt_id", "prompt").iter_rows()
        if ANY_EMAIL.search(text)
    ]
    assert left == []


def test_mt_bench_is_multi_turn(real_data: Path):
    sightings, dropped, kept = judge(real_data / "questions" / "mt_bench.jsonl")
    assert dropped == {"multi_turn": sightings.height}
    assert kept.height == 0


def test_arena_hard_is_kept_but_for_a_few(real_data: Path):
    sightings, dropped, kept = judge(real_data / "questions" / "arena_hard_v0.1.jsonl")
    assert sightings.height == 500
    assert kept.height >= 480, dropped
    assert "near_duplicate" not in dropped
