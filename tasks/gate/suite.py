"""The suites in `expectations/`: which checks a stage boundary has, read and proved well-formed."""

from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from tasks.config import describe
from tasks.errors import InputError

FOLDER = Path(__file__).resolve().parents[2] / "expectations"

Severity = Literal["critical", "warning"]


class _Table(BaseModel):
    """A table of a suite file: frozen, and strict about names."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class _Check(_Table):
    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    severity: Severity
    says: str = Field(min_length=1, max_length=200)


class Expectation(_Check):
    """A check that Great Expectations has: its `type` and the arguments for it."""

    type: str = Field(pattern=r"^expect_[a-z_]+$")
    kwargs: dict[str, Any] = {}


class Rule(_Check):
    """A check in SQL: a query whose rows (`id`, `detail`) are the offenders."""

    query: str


class Suite(_Table):
    """The checks of one boundary. The first column of `query` identifies a row."""

    boundary: str
    query: str
    expectations: tuple[Expectation, ...] = ()
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [check.name for check in (*self.expectations, *self.rules)]
        if repeated := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"two checks are named {', '.join(sorted(repeated))}")
        return self


def load(boundary: str, folder: Path = FOLDER) -> Suite:
    """Read the suite of a boundary, which is named for the stage whose output it checks.

    Raises:
        InputError: there is no such suite, or its file is malformed.
    """
    path = folder / f"{boundary}.yaml"
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Suite.model_validate({**table, "boundary": boundary})
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such suite; every stage boundary needs one") from error
    except (yaml.YAMLError, TypeError) as error:
        raise InputError(f"{path}: not a suite: {error}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {describe(error)}") from error
