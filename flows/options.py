"""What commands have in common: options, settings, and checks before anything slow is imported."""

import logging
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from cyclopts.validators import Number

from tasks import config
from tasks.errors import InputError
from tasks.ingest.sources import require_local
from tasks.settings import Settings
from tasks.storage import open_home

Profile = Annotated[str, Parameter(help="offline, openai or local, or a TOML file of settings.")]
Endpoints = Annotated[
    str | None, Parameter(help="File of endpoints, over the shipped ones; see tasks/profiles/endpoints.yaml.")
]
MaxUsd = Annotated[
    float | None,
    Parameter(help="USD that models may cost since the last build that ended well; 0: no limit."),
]
Home = Annotated[str, Parameter(env_var="EVERGREEN_HOME", help="Folder of the warehouse and the releases.")]
Size = Annotated[int | None, Parameter(help="Prompts in the test set.")]
Seed = Annotated[int | None, Parameter(help="Seed of every random choice.")]
Refit = Annotated[bool | None, Parameter(negative="", help="Fit topics on all prompts; else they are kept.")]
Count = Annotated[int, Parameter(validator=Number(gte=0))]
Json = Annotated[bool, Parameter(name="--json", negative="", help="End stdout with one JSON object.")]


def settings_of(profile: str, endpoints: str | None, **values: object) -> Settings:
    """The settings of a profile, with what the command line says over them."""
    path = endpoints and str(Path(endpoints).resolve())
    return config.override(config.load(profile), llm__endpoints=path, **values)


def check_places(command: str, sources: tuple[str, ...], home: str) -> None:
    """See that there are sources and that the home can be written to, before anything slow is imported."""
    if not sources:
        raise InputError(f"name at least one source: evergreen {command} FILE_OR_FOLDER_OR_URL …")
    open_home(home)
    for source in sources:
        require_local(source)


def quiet_our_errors() -> None:
    """Keep tracebacks of failed runs out of the log: `main` says the error in one line."""
    if "--debug" in sys.argv:
        return
    for name in ("prefect.flow_runs", "prefect.task_runs", "prefect.engine"):
        logging.getLogger(name).addFilter(_is_no_traceback)


def _is_no_traceback(record: logging.LogRecord) -> bool:
    return not record.exc_info and "encountered an exception" not in record.getMessage().lower()
