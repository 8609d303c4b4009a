"""What all tables of the settings have in common."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

# What works without a model; any other name in the same place is that of an endpoint.
STATIC = "static"
KEYWORDS = "keywords"
HEURISTIC = "heuristic-1"


class StageSettings(BaseModel):
    """A table of the settings file: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def refuse_no_date(date: str) -> str:
    """A day or moment of the right form that is in the calendar too; empty is none."""
    if date:
        datetime.fromisoformat(date)
    return date
