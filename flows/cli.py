"""The command `evergreen`."""

import json
import os
import sys
import traceback
from typing import Annotated

# Set before Prefect is imported: no phone calls home, and time for its server on a slow machine.
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "120")
os.environ.setdefault("PREFECT_LOGGING_EXTRA_LOGGERS", "tasks,evergreen")
os.environ.setdefault("PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW", "ignore")

from cyclopts import App, CycloptsError, Parameter

from flows.options import (
    Count,
    Endpoints,
    Home,
    Json,
    MaxUsd,
    Profile,
    Refit,
    Seed,
    Size,
    check_places,
    quiet_our_errors,
    settings_of,
)
from flows.release_commands import add_release_commands
from flows.status import status
from tasks.errors import DEBUG, EvergreenError
from tasks.home.summary import latest_release, summarise
from tasks.ingest.sources import require_local
from tasks.ready import check_models, endpoints_asked
from tasks.storage import open_home
from tasks.weekly import for_refresh

app = App(
    name="evergreen",
    help="Rebuild an LLM test set from live user queries.",
    result_action="return_value",
    suppress_keyboard_interrupt=False,  # else it would end without our word on what is kept
)
add_release_commands(app)
app.command(status)


@app.command
def build(
    *sources: str,
    home: Home = ".evergreen",
    profile: Profile = "offline",
    endpoints: Endpoints = None,
    max_usd: MaxUsd = None,
    size: Size = None,
    seed: Seed = None,
    json_: Json = False,
) -> None:
    """Build a test set from raw conversations.

    Parameters
    ----------
    sources
        Files, globs, folders or prefixes on any fsspec URL, in any known schema.
    """
    settings = settings_of(profile, endpoints, llm__max_usd=max_usd, select__size=size, seed=seed)
    check_models(settings)
    check_places("build", sources, home)
    from flows.build import build as flow  # noqa: PLC0415  (Prefect takes 2 s to import: not for --help)

    quiet_our_errors()
    _tell(home, flow(list(sources), home, settings).key, json_=json_)


@app.command
def refresh(
    *sources: str,
    home: Home = ".evergreen",
    profile: Profile = "offline",
    endpoints: Endpoints = None,
    max_usd: MaxUsd = None,
    size: Size = None,
    seed: Seed = None,
    refit: Refit = None,
    json_: Json = False,
) -> None:
    """Read what is new in live sources, and replace part of the last test set by it.

    Parameters
    ----------
    sources
        Files, globs, folders or prefixes on any fsspec URL; without any, refresh.sources of the profile.
    """
    asked = {"llm__max_usd": max_usd, "select__size": size, "seed": seed, "refresh__refit": refit}
    settings = settings_of(profile, endpoints, **asked)
    check_models(for_refresh(settings, sources))
    open_home(home)
    from flows.refresh import refresh as flow  # noqa: PLC0415

    quiet_our_errors()
    _tell(home, flow(sources, home, settings).key, json_=json_)


@app.command
def estimate(
    *sources: str,
    home: Home = ".evergreen",
    profile: Profile = "offline",
    endpoints: Endpoints = None,
    max_usd: MaxUsd = None,
    size: Size = None,
    seed: Seed = None,
    json_: Json = False,
) -> None:
    """Say what a build would ask of models: tokens, USD and hours. No model is called, no key is needed.

    The sources are read and cleaned into the home, so that a build need not do it again.

    Parameters
    ----------
    sources
        Files, globs, folders or prefixes on any fsspec URL, in any known schema.
    """
    settings = settings_of(profile, endpoints, llm__max_usd=max_usd, select__size=size, seed=seed)
    endpoints_asked(settings)  # a wrong name is told before anything is read
    check_places("estimate", sources, home)
    from flows.estimate import estimate as flow  # noqa: PLC0415
    from flows.report import print_forecast  # noqa: PLC0415

    quiet_our_errors()
    forecast = flow(list(sources), home, settings)
    if json_:
        sys.stdout.write(json.dumps(forecast.as_json()) + "\n")
    else:
        print_forecast(forecast)


@app.command
def calibrate(
    labels: str,
    *,
    home: Home = ".evergreen",
    profile: Profile = "offline",
    endpoints: Endpoints = None,
    max_usd: MaxUsd = None,
    json_: Json = False,
) -> None:
    """Compare the profile's annotators, and the heuristic, with prompts that people labelled.

    Parameters
    ----------
    labels
        File of prompts with labels of the seven criteria: {"prompt": "…", "criteria": [1, 4]}, one a line.
    """
    settings = settings_of(profile, endpoints, llm__max_usd=max_usd)
    open_home(home)
    require_local(labels)
    from flows.calibrate import calibrate as flow  # noqa: PLC0415
    from flows.report import print_calibration  # noqa: PLC0415

    quiet_our_errors()
    calibration = flow(labels, home, settings)
    if json_:
        sys.stdout.write(json.dumps(calibration.as_json()) + "\n")
    else:
        print_calibration(calibration)


@app.command
def show(
    release: Annotated[str, Parameter(help="Id of a release; the latest if left out.")] = "",
    *,
    home: Home = ".evergreen",
    prompts: Annotated[int, Parameter(help="How many of its prompts to print.")] = 0,
) -> None:
    """Show a release: where it is, its funnel, its topics, some of its prompts."""
    from flows.report import print_summary  # noqa: PLC0415  (rich)

    print_summary(summarise(home, release or latest_release(home)), prompts)


@app.command
def topics(
    *,
    home: Home = ".evergreen",
    taxonomy: Annotated[str, Parameter(help="Id of a fit; the last one if left out.")] = "",
    limit: Annotated[Count, Parameter(help="How many topics to print, the largest first.")] = 30,
    examples: Annotated[Count, Parameter(help="How many example prompts of each, up to three.")] = 0,
    pictures: Annotated[str, Parameter(help="A folder to draw the topic map and the tree into.")] = "",
    json_: Json = False,
) -> None:
    """Show the topics: how good and how large they are, which to look at, and whether they drift."""
    from flows.topics_report import draw_topics, print_topics, read_topics  # noqa: PLC0415  (rich)

    report = read_topics(home, taxonomy)
    drawn = draw_topics(home, report.taxonomy["taxonomy_id"], pictures) if pictures else []
    if json_:
        sys.stdout.write(json.dumps({**report.as_json(examples), "pictures": drawn}) + "\n")
    else:
        print_topics(report, limit, examples)
        sys.stdout.writelines(f"{path}\n" for path in drawn)


def main() -> None:
    """Run the command; the exit code tells how it ended (0, 2 input, 3 gate, 4 budget, 1 anything else)."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    if "--debug" in sys.argv:
        os.environ[DEBUG] = "1"
    try:
        app(arguments, exit_on_error=False, print_error=False)
    except (EvergreenError, CycloptsError) as error:
        code = error.exit_code if isinstance(error, EvergreenError) else 2
        _fail(str(error), code)
    except KeyboardInterrupt:
        _fail("interrupted; what was done is kept, the same command goes on from there", 130)
    except Exception as error:  # the last line of defence: one clear line
        _fail(f"unexpected {type(error).__name__}; --debug shows where, please report it", 1)


def _fail(message: str, code: int) -> None:
    if "--debug" in sys.argv:
        traceback.print_exc()
    sys.stderr.write(f"evergreen: {' '.join(message.split())}\n")
    sys.exit(code)


def _tell(home: str, release_id: str, *, json_: bool) -> None:
    """Say what a flow to a release came to."""
    from flows.report import print_summary  # noqa: PLC0415  (rich)

    summary = summarise(home, release_id)
    if json_:
        sys.stdout.write(json.dumps(summary.as_json()) + "\n")
    else:
        print_summary(summary, prompts=0)
        sys.stdout.write(f"\nNext: evergreen show --home {home} --prompts 3\n")


if __name__ == "__main__":
    main()
