"""Each rule: what it drops, what it lets pass, and the reason and evidence it gives."""

import polars as pl
import pytest

from tasks.clean.language import CONFIDENT
from tasks.clean.near_duplicates import BANDS, bands
from tasks.clean.rules import (
    SIGHTING_RULES,
    TEXT_RULES,
    judge_prompts,
    judge_sightings,
    personal_data,
    too_long,
    too_short,
    wrong_language,
)
from tasks.settings import CleanSettings

SETTINGS = CleanSettings()
NOTHING = pl.DataFrame(schema={"prompt_id": pl.String, "prompt": pl.String, "bands": BANDS})
ENGLISH = "Please explain how a bicycle stays upright while it is moving slowly."


def prompts(*texts: str, stated: str | None = None) -> pl.DataFrame:
    frame = pl.DataFrame(
        [(f"id{number}", text, stated) for number, text in enumerate(texts)],
        schema={"prompt_id": pl.String, "prompt": pl.String, "stated_language": pl.String},
        orient="row",
    )
    return frame.with_columns(bands(frame["prompt"]))


def identified(language: str, probability: float, stated: str | None = None) -> pl.DataFrame:
    return prompts(ENGLISH, stated=stated).with_columns(
        language=pl.lit(language), probability=pl.lit(probability)
    )


def flags(
    *texts: str, settings: CleanSettings = SETTINGS, stated: str | None = None
) -> list[tuple[str, ...]]:
    return sorted(judge_prompts(prompts(*texts, stated=stated), NOTHING, settings)[1].rows())


def test_every_rule_has_a_judge():
    assert {*SIGHTING_RULES, *TEXT_RULES, "near_duplicate"} == set(SETTINGS.rules)


def test_32_characters_are_too_short_and_33_are_not():
    frame = prompts("x" * 32, "x" * 33, "é" * 32, "")
    assert too_short(frame, SETTINGS).to_list() == ["32 characters", None, "32 characters", "0 characters"]


def test_16000_characters_are_not_too_long_and_16001_are():
    frame = prompts("x" * 16_000, "x" * 16_001)
    assert too_long(frame, SETTINGS).to_list() == [None, "16001 characters"]


def test_personal_data_gives_the_kind_and_never_the_datum():
    found = personal_data(prompts("mail jane@example.com", "call 415-555-2671", ENGLISH), SETTINGS)
    assert found.to_list() == ["email", "phone", None]


@pytest.mark.parametrize(
    ("language", "probability", "stated", "evidence"),
    [
        ("en", 0.1, "German", None),
        ("de", 0.98, None, "de 0.98"),
        ("de", CONFIDENT, "English", "de 0.5"),
        ("de", CONFIDENT - 0.01, None, None),
        ("de", CONFIDENT - 0.01, "English", None),
        ("de", CONFIDENT - 0.01, "en", None),
        ("de", CONFIDENT - 0.01, "unknown", None),
        ("de", CONFIDENT - 0.01, "German", "German, by its source"),
        ("und", 0.0, "fr", "fr, by its source"),
    ],
)
def test_language_goes_by_the_model_and_where_it_is_unsure_by_the_source(
    language: str, probability: float, stated: str | None, evidence: str | None
):
    assert wrong_language(identified(language, probability, stated), SETTINGS).item() == evidence


def test_languages_kept_are_a_setting():
    settings = CleanSettings(languages=("de", "fr"))
    assert wrong_language(identified("de", 0.9), settings).item() is None
    assert wrong_language(identified("en", 0.9), settings).item() == "en 0.9"
    assert wrong_language(identified("nl", 0.3, "German"), settings).item() is None


def test_a_sighting_gives_the_first_rule_it_breaks():
    frame = pl.DataFrame(
        {
            "turn_count": [1, 2, 1, 1, 3, 0],
            "has_image": [False, False, True, False, True, False],
            "is_toxic": [False, False, False, True, True, False],
        }
    )
    reasons = [None, "multi_turn", "image", "toxic", "multi_turn", None]
    assert judge_sightings(frame, SETTINGS).to_list() == reasons
    only_toxic = CleanSettings(rules=("toxic",))
    assert judge_sightings(frame, only_toxic).to_list() == [None, None, None, "toxic", "toxic", None]
    assert judge_sightings(frame, CleanSettings(rules=())).to_list() == [None] * 6


def test_a_prompt_is_flagged_once_by_the_first_rule_it_breaks():
    short_and_personal = "mail jane@example.com"
    assert flags(short_and_personal) == [("id0", "too_short", "21 characters")]
    other_order = CleanSettings(rules=("personal_data", "too_short"))
    assert flags(short_and_personal, settings=other_order) == [("id0", "personal_data", "email")]


def test_no_rules_flag_nothing():
    assert flags("", "x", "mail jane@example.com", settings=CleanSettings(rules=())) == []


def test_a_near_duplicate_says_of_whom():
    assert flags(ENGLISH, ENGLISH + " Thanks!") == [("id1", "near_duplicate", "0.92 of id0")]


def test_a_dropped_prompt_makes_no_near_duplicates():
    personal = ENGLISH + " Mail jane@example.com"
    assert flags(personal, ENGLISH, settings=CleanSettings(near_duplicate_jaccard=0.5)) == [
        ("id0", "personal_data", "email")
    ]


def test_what_was_kept_before_stays():
    kept = prompts(ENGLISH, ENGLISH + " Thanks!").with_columns(pl.Series("prompt_id", ["a", "b"]))
    found = judge_prompts(prompts(ENGLISH + " Quickly!"), kept, SETTINGS)[1]
    assert found.rows() == [("id0", "near_duplicate", "0.92 of a")]


def test_languages_are_given_where_they_were_looked_at():
    judged, _ = judge_prompts(prompts(ENGLISH, "short"), NOTHING, SETTINGS)
    assert judged.rows() == [("id0", "en"), ("id1", None)]


def test_progress_adds_up():
    steps: list[int] = []
    texts = [f"Tell me all about the number {number} please." for number in range(12)]
    judge_prompts(prompts(*texts), NOTHING, SETTINGS, steps.append)
    assert sum(steps) == 12


def test_nothing_in_nothing_out():
    judged, found = judge_prompts(prompts(), NOTHING, SETTINGS)
    assert judged.height == found.height == 0
    assert found.columns == ["prompt_id", "rule", "evidence"]
