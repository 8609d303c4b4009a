"""What the weekly refresh looks at."""

from typing import Annotated

from pydantic import AfterValidator, Field, field_serializer

from tasks.settings.base import StageSettings, refuse_no_date
from tasks.urls import public


class RefreshSettings(StageSettings):
    """Where new conversations come from, and how a refresh looks for them."""

    sources: tuple[str, ...] = Field(
        (), description="Files, globs, folders or prefixes, on any fsspec URL, that a refresh reads."
    )
    late_days: int = Field(
        7,
        ge=0,
        description="How many days late an object may come to its date partition, or be written again there: "
        "older partitions are not listed.",
    )
    settle_seconds: float = Field(
        60,
        ge=0,
        description="A file of a folder that was written to more recently is left for the next time.",
    )
    as_of: Annotated[str, AfterValidator(refuse_no_date)] = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})?$",
        description="The moment (YYYY-MM-DDTHH:MM:SS, UTC) that a run takes for its start in all that it "
        "notes and reckons; empty: now. Sources are read as they are, whatever the date of what lies there.",
    )
    attempts: int = Field(3, ge=1, description="How often a source that fails is tried in a run.")
    retry_seconds: float = Field(2, ge=0, description="Pause before the second try; it doubles each time.")
    refit: bool = Field(
        default=False,
        description="Fit topics on all prompts, as a build does; if not, they are kept until they drift.",
    )

    @field_serializer("sources", when_used="json")
    def _hide_secrets(self, sources: tuple[str, ...]) -> list[str]:
        # What is written down of a run, in its manifest too, is JSON.
        return [public(source) for source in sources]
