"""From annotations to releases."""

from typing import Literal

from pydantic import Field

from tasks.settings.base import HEURISTIC, StageSettings


class LlmSettings(StageSettings):
    """How models are called, and what they may cost."""

    endpoints: str = Field(
        "", description="A file of endpoints, over the shipped ones: tasks/profiles/endpoints.yaml."
    )
    max_usd: float = Field(
        0,
        ge=0,
        description="USD that a run, with those before it that did not end well, may spend; 0: no limit.",
    )
    poll_seconds: float = Field(30, gt=0, description="How often a batch is asked whether it is done.")
    shared_limits: bool = Field(
        default=False,
        description="Share each endpoint's concurrency with other runs and machines through Prefect's global "
        "limit `llm-<endpoint>`, which deploy/bootstrap.py makes.",
    )


class AnnotateSettings(StageSettings):
    """Who marks prompts against the seven criteria."""

    annotator: str = Field(
        HEURISTIC,
        min_length=1,
        description="Who marks all prompts: `heuristic-1` (no LLM's judgement) or an endpoint.",
    )
    second_annotator: str = Field(
        "", description="An endpoint that marks again those that pass; empty: there is no second pass."
    )
    second_min_score: int = Field(
        5, ge=0, le=7, description="Criteria a prompt must meet in the first pass to get to the second."
    )
    second_min_topic_mean: float = Field(
        3.0,
        ge=0,
        le=7,
        description="Mean first score, over all its prompts marked ok, that its topic must reach.",
    )
    rubric: str = Field(
        "criteria-1", min_length=1, description="A shipped rubric, or the path of a file like it."
    )
    format: Literal["list", "explain"] = Field(
        "list", description="What a model answers: only the criteria that hold, or its reasons first."
    )
    min_coverage: float = Field(
        0.98, ge=0, le=1, description="Share of a pass's prompts that must end `ok` for the run to go on."
    )


class SelectSettings(StageSettings):
    """Which prompts make the test set."""

    size: int = Field(500, ge=1, description="Prompts in the test set.")
    per_topic: int = Field(2, ge=1, description="Prompts of each chosen topic.")
    min_score: int = Field(5, ge=0, le=7, description="Criteria a prompt must meet.")
    min_topic_mean: float = Field(
        3.0, ge=0, le=7, description="Mean score a topic must reach, over `topic_mean_population`."
    )
    topic_mean_population: Literal["annotated", "passing"] = Field(
        "annotated",
        description="The mean is over all annotated prompts of a topic, or over the passing ones.",
    )
    max_domain_share: float = Field(
        1.0, gt=0, le=1, description="At most this share of the test set from one domain; 1: no quota."
    )
    reassigned: Literal["count", "ignore"] = Field(
        "count",
        description="Prompts that were noise and were moved to a topic: they count, or neither their scores "
        "nor they themselves are taken.",
    )


class ReleaseSettings(StageSettings):
    """What a release is called."""

    category: str = Field("evergreen", min_length=1, description="`category` of every question.")
    date: str = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Date in the id, as YYYY-MM-DD; empty: today, UTC.",
    )


class WarehouseSettings(StageSettings):
    """How the warehouse file is shared."""

    lock_wait_seconds: float = Field(
        60, ge=0, description="How long to wait for another run to let go of the home."
    )
