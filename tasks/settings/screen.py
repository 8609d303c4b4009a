"""From topics to prompts that no model can have trained on."""

from typing import Annotated

from pydantic import AfterValidator, Field

from tasks.settings.base import StageSettings, refuse_no_date

# No `user:password@` and no signature: settings are kept and shown.
Place = Annotated[str, Field(min_length=1, pattern=r"^[^?@]*$")]


class ScreenSettings(StageSettings):
    """Which prompts are contaminated or stale, so that they are not released."""

    references: tuple[Place, ...] = Field(
        (),
        description="Public test sets that no prompt may repeat: files, globs, folders or URLs, read as "
        "sources are. Credentials come from the environment, never from here.",
    )
    near_jaccard: float = Field(
        0.7, gt=0, le=1, description="Jaccard similarity of words and word pairs from which one is a repeat."
    )
    semantic: bool = Field(default=True, description="Compare vectors too, so that paraphrases are found.")
    min_cosine: float = Field(
        0,
        ge=0,
        le=1,
        description="Cosine from which one is a repeat; 0: the limit that was calibrated for the embedder.",
    )
    seen_since: Annotated[str, AfterValidator(refuse_no_date)] = Field(
        "",
        pattern=r"^(\d{4}-\d{2}-\d{2})?$",
        description="Prompts first seen before this day (YYYY-MM-DD, UTC) are `stale`; empty: none is.",
    )
    asker_repeats: int = Field(
        5, ge=0, description="Times that one asker must send a prompt for it to be a test of his; 0: no rule."
    )
    template_prompts: int = Field(
        5,
        ge=0,
        description="Prompts that differ only in numbers, names, quotes, links or a few words in a row from "
        "which they are a template, of which the first seen stays; 0: no rule.",
    )
    max_share: float = Field(
        0.25, ge=0, le=1, description="Share of the prompts with a verdict above which the gate warns."
    )
