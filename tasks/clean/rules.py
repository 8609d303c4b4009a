"""The rules of cleaning: each decides by one thing, and gives the evidence it went by.

Rules on a *sighting* judge one conversation; rules on a *prompt* judge its text, and near-duplication judges
it among all others. A rule's name is the reason that everything it drops is counted under.
"""

from collections.abc import Callable

import polars as pl

from tasks.clean.language import CONFIDENT, identify_all, stated_code
from tasks.clean.near_duplicates import find_near_duplicates
from tasks.clean.personal_data import find_in_all
from tasks.settings import CleanSettings, Rule

Advance = Callable[[int], None]
TextRule = Callable[[pl.DataFrame, CleanSettings], pl.Series]

_BLOCK = 5_000
_LANGUAGES = {"prompt_id": pl.String, "language": pl.String}
_COMPARED = ("prompt_id", "prompt", "bands")
_FLAGS = {"prompt_id": pl.String, "rule": pl.String, "evidence": pl.String}

SIGHTING_RULES: dict[Rule, pl.Expr] = {
    "multi_turn": pl.col("turn_count") > 1,
    "image": pl.col("has_image"),
    "toxic": pl.col("is_toxic"),
}


def too_short(prompts: pl.DataFrame, settings: CleanSettings) -> pl.Series:
    """Prompts of too few characters: how many; null for the others."""
    characters = pl.col("prompt").str.len_chars()
    return _evidence(prompts, characters < settings.min_chars, pl.format("{} characters", characters))


def too_long(prompts: pl.DataFrame, settings: CleanSettings) -> pl.Series:
    """Prompts of too many characters: how many; null for the others."""
    characters = pl.col("prompt").str.len_chars()
    return _evidence(prompts, characters > settings.max_chars, pl.format("{} characters", characters))


def personal_data(prompts: pl.DataFrame, _settings: CleanSettings) -> pl.Series:
    """Prompts with personal data or a secret: which kind, never the datum; null for the others."""
    return find_in_all(prompts["prompt"])


def wrong_language(prompts: pl.DataFrame, settings: CleanSettings) -> pl.Series:
    """Prompts in another language than those kept: which, and how we know; null for the others.

    Where the identifier (`language`, `probability`) is unsure, the source's word (`stated_language`) counts;
    where it says nothing, the prompt stays.
    """
    found, probability = pl.col("language"), pl.col("probability")
    is_sure = probability >= CONFIDENT
    by_model = pl.when(is_sure).then(pl.format("{} {}", found, probability.round(2)))
    is_other_by_source = ~stated_code("stated_language").is_in(settings.languages)
    by_source = pl.when(is_other_by_source).then(pl.format("{}, by its source", "stated_language"))
    is_other = ~found.is_in(settings.languages)
    return _evidence(prompts, is_other, pl.coalesce(by_model, by_source))


def _evidence(prompts: pl.DataFrame, is_broken: pl.Expr, evidence: pl.Expr) -> pl.Series:
    return prompts.select(pl.when(is_broken).then(evidence).alias("evidence")).to_series()


TEXT_RULES: dict[Rule, TextRule] = {
    "too_short": too_short,
    "too_long": too_long,
    "language": wrong_language,
    "personal_data": personal_data,
}


def judge_sightings(frame: pl.DataFrame, settings: CleanSettings) -> pl.Series:
    """The first rule that each conversation breaks, or null.

    Args:
        frame: `turn_count`, `has_image`, `is_toxic`, a row a conversation.
        settings: which rules run.
    """
    rules = [
        pl.when(SIGHTING_RULES[rule]).then(pl.lit(rule)) for rule in settings.rules if rule in SIGHTING_RULES
    ]
    none = pl.repeat(None, pl.len(), dtype=pl.String)
    return frame.select(pl.coalesce(*rules, none).alias("reject_reason")).to_series()


def judge_prompts(
    new: pl.DataFrame, kept: pl.DataFrame, settings: CleanSettings, advance: Advance = lambda _steps: None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judge new prompts, among themselves and against those that were kept before.

    Args:
        new: `prompt_id`, `prompt`, `stated_language` and `bands`, in order of precedence.
        kept: `prompt_id`, `prompt`, `bands` of earlier prompts that stay, in order of precedence; those that
            share no band with a new prompt may be left out.
        settings: which rules run, and their limits.
        advance: called with the number of prompts just judged.

    Returns:
        `prompt_id`, `language` of every new prompt, null where no rule looked; and `prompt_id`, `rule`,
        `evidence` of each one dropped.
    """
    languages, flags = [pl.DataFrame(schema=_LANGUAGES)], [pl.DataFrame(schema=_FLAGS)]
    for block in new.iter_slices(_BLOCK):
        found, broken = _judge_texts(block, settings)
        languages += found
        flags += broken
        advance(block.height)
    if "near_duplicate" in settings.rules:
        left = new.join(pl.concat(flags), on="prompt_id", how="anti", maintain_order="left")
        flags.append(_near_duplicates(left, kept, settings.near_duplicate_jaccard))
    judged = new.select("prompt_id").join(
        pl.concat(languages), on="prompt_id", how="left", maintain_order="left"
    )
    return judged, pl.concat(flags)


def _judge_texts(
    prompts: pl.DataFrame, settings: CleanSettings
) -> tuple[list[pl.DataFrame], list[pl.DataFrame]]:
    """The languages found, and a frame of flags a rule; what breaks one rule is not put to the next."""
    languages, flags = [], []
    for rule in settings.rules:
        if rule not in TEXT_RULES:
            continue
        if rule == "language":
            prompts = prompts.hstack(identify_all(prompts["prompt"]))
            languages.append(prompts.select("prompt_id", "language"))
        judged = prompts.with_columns(
            TEXT_RULES[rule](prompts, settings).alias("evidence"), rule=pl.lit(rule)
        )
        flags.append(judged.select(_FLAGS.keys()).drop_nulls("evidence"))
        prompts = prompts.filter(judged["evidence"].is_null())
    return languages, flags


def _near_duplicates(new: pl.DataFrame, kept: pl.DataFrame, threshold: float) -> pl.DataFrame:
    pool = pl.concat([kept.select(_COMPARED), new.select(_COMPARED)])
    ids = pool["prompt_id"].to_list()
    found = find_near_duplicates(pool["prompt"], pool["bands"], threshold)
    flags = [
        (ids[position], "near_duplicate", f"{similarity:.2f} of {ids[original]}")
        for position, (original, similarity) in found.items()
        # What was kept before stays, also beside another that was.
        if position >= kept.height
    ]
    return pl.DataFrame(flags, schema=_FLAGS, orient="row")
