"""manifest.json: all that made a release, so that it can be judged and made again."""

import hashlib
import json
from importlib.metadata import version
from typing import Any

import polars as pl

from tasks.annotate.criteria import DESCRIPTIONS
from tasks.settings import SelectSettings, Settings

LIBRARIES = ("bertopic", "duckdb", "hdbscan", "numpy", "polars", "prefect", "scikit-learn", "umap-learn")


def rubric_hash() -> str:
    """Hash of the wording of the seven criteria."""
    return hashlib.sha256(json.dumps(DESCRIPTIONS, sort_keys=True).encode()).hexdigest()


def build_manifest(
    identity: dict[str, Any], settings: Settings, tables: dict[str, pl.DataFrame]
) -> dict[str, Any]:
    """Put the manifest together.

    Args:
        identity: id, hash, counts, models and run of the release.
        settings: of the run.
        tables: `sources`, `funnel`, `checks`, as they go into it.
    """
    return {
        **identity,
        "evergreen": version("evergreen-bench"),
        "rubric_sha256": rubric_hash(),
        "seed": settings.seed,
        "settings": settings.model_dump(mode="json"),
        "thresholds": thresholds(settings.select),
        "libraries": {name: version(name) for name in LIBRARIES},
        "sources": tables["sources"].to_dicts(),
        "funnel": tables["funnel"].to_dicts(),
        "checks": tables["checks"].to_dicts(),
        "cost": {"model_calls": 0, "usd": 0.0},
    }


def thresholds(settings: SelectSettings) -> dict[str, str]:
    """Each threshold with the population it is over, in words."""
    population = {
        "annotated": "all annotated prompts of the topic",
        "passing": f"the prompts of the topic that score at least {settings.min_score}",
    }[settings.topic_mean_population]
    return {
        "prompt": f"A prompt scores at least {settings.min_score} of 7.",
        "topic": f"A topic's mean score is at least {settings.min_topic_mean:g}, over {population}.",
        "draw": f"Of the topics with at least {settings.per_topic} such prompts, a seeded sample gives its "
        f"{settings.per_topic} best each, {settings.size} in all.",
    }
