"""manifest.json: all that made a release, so that it can be judged and made again."""

from importlib.metadata import version
from typing import Any

import polars as pl

from tasks.ready import endpoints_asked
from tasks.settings import AnnotateSettings, RotationSettings, SelectSettings, Settings

LIBRARIES = (
    "bertopic",
    "duckdb",
    "hdbscan",
    "numpy",
    "openai",
    "polars",
    "prefect",
    "scikit-learn",
    "umap-learn",
)


def build_manifest(
    identity: dict[str, Any], settings: Settings, tables: dict[str, pl.DataFrame]
) -> dict[str, Any]:
    """Put the manifest together.

    Args:
        identity: id, hash, counts, models and run of the release.
        settings: of the run.
        tables: `sources`, `funnel`, `checks`, `annotators`, `topic_namers`, `costs`, as they go into it.
    """
    costs = tables["costs"]
    return {
        **identity,
        "evergreen": version("evergreen-bench"),
        "annotations": tables["annotators"].to_dicts(),
        "topic_names": tables["topic_namers"].to_dicts(),
        "seed": settings.seed,
        # Where the endpoints' file is, is nobody's business; what it says of the models asked is. Nor is
        # where a release goes a part of what made it.
        "settings": settings.model_dump(mode="json", exclude={"llm": {"endpoints"}, "publish": True}),
        "endpoints": endpoints_used(settings),
        "thresholds": thresholds(settings.select, settings.annotate) | rotation_rule(settings.rotation),
        "libraries": {name: version(name) for name in LIBRARIES},
        "sources": tables["sources"].to_dicts(),
        "funnel": tables["funnel"].to_dicts(),
        "checks": tables["checks"].to_dicts(),
        # All that the home ever asked, and of that what came since the last run that ended well (`new`).
        "cost": {
            "calls": int(costs["calls"].sum()),
            "usd": float(costs["usd"].sum()),
            "new_calls": int(costs["new_calls"].sum()),
            "new_usd": float(costs["new_usd"].sum()),
            "by_model": costs.to_dicts(),
        },
    }


def endpoints_used(settings: Settings) -> dict[str, Any]:
    """The endpoints that a build asks, but not where they are, nor which variable their key is in."""
    hidden = {"name", "base_url", "api_key_env"}
    asked = endpoints_asked(settings)
    return {name: endpoint.model_dump(mode="json", exclude=hidden) for name, endpoint in asked.items()}


def thresholds(settings: SelectSettings, annotate: AnnotateSettings) -> dict[str, str]:
    """Each threshold with the population it is over, in words."""
    last = " by the second annotator" if annotate.second_annotator else ""
    marked = "marked by the second annotator" if annotate.second_annotator else "marked"
    population = {
        "annotated": f"all prompts of the topic that were {marked}",
        "passing": f"the prompts of the topic that score at least {settings.min_score}",
    }[settings.topic_mean_population]
    second = (
        f"A prompt that meets at least {annotate.second_min_score} of 7 criteria in the first pass, in a "
        "topic whose mean there, over all its prompts marked ok, is at least "
        f"{annotate.second_min_topic_mean:g}, is marked again."
    )
    return {
        **({"second_pass": second} if annotate.second_annotator else {}),
        "prompt": f"A prompt scores at least {settings.min_score} of 7{last}.",
        "topic": f"A topic's mean score is at least {settings.min_topic_mean:g}, over {population}.",
        "draw": f"Of the topics with at least {settings.per_topic} such prompts, a seeded sample gives its "
        f"{settings.per_topic} best each, {settings.size} in all.",
    }


def rotation_rule(settings: RotationSettings) -> dict[str, str]:
    """What stays from one release to the next, in words; nothing for a run that does not rotate."""
    if settings.flows != "all":
        return {}
    most = settings.max_releases
    limit = f"; no other prompt serves in more than {most} releases" if most else ""
    return {
        "rotation": f"Of the release before, prompts stay that make {settings.share_kept:.0%} of this one, "
        f"more where too few are new; {settings.anchors} are anchors, at most "
        f"{settings.max_anchor_share:.0%} of it, which stay while they pass{limit}."
    }
