"""How much of the last test set stays in the next one."""

from typing import Literal

from pydantic import Field

from tasks.settings.base import StageSettings


class RotationSettings(StageSettings):
    """What stays of the last release, and for how long."""

    flows: Literal["refresh", "all", "none"] = Field(
        "refresh",
        description="Which runs rotate the last release: refreshes, builds too, or none, so that each draw "
        "is from all prompts.",
    )
    share_kept: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the test set that stays from the last release, anchors included.",
    )
    max_releases: int = Field(
        4, ge=0, description="In how many releases a prompt may serve, unless it is an anchor; 0: no limit."
    )
    min_new_share: float = Field(
        0, ge=0, le=1, description="Share of the test set that must never have served for the run to go on."
    )
    anchors: int = Field(
        25,
        ge=0,
        description="How many of those that stay do so as long as they are eligible, so that scores of one "
        "release can be linked with those of another.",
    )
    max_anchor_share: float = Field(
        0.25,
        ge=0,
        le=1,
        description="Share of the test set that anchors may be at most, so that a small one is replaced too.",
    )
