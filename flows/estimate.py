"""The flow `estimate`: what a build of the same would ask of models, and what that would take."""

from prefect import flow

from flows.scope import run_on
from tasks.clean.task import clean
from tasks.estimate.forecast import Forecast
from tasks.estimate.task import estimate as reckon
from tasks.gate.task import gate
from tasks.ingest.task import ingest
from tasks.settings import Settings

_DEFAULTS = Settings()


@flow(name="estimate", flow_run_name="estimate {home}", persist_result=False)
def estimate(sources: list[str], home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Forecast:
    """Read and clean sources as a build does, then reckon tokens, USD and hours; no model is called.

    Args:
        sources: Files, globs, folders or prefixes, on any fsspec URL.
        home: Folder that holds the warehouse; a build there need not read the sources again.
        settings: One table a stage.
    """
    with run_on(home, "estimate", settings) as run:
        conversations = gate(run, ingest(run, sources, settings.ingest))
        prompts = gate(run, clean(run, conversations, settings.clean))
        forecast: Forecast = reckon(run, prompts, settings)
    return forecast
