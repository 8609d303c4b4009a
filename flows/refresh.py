"""The flow `refresh`: what is new in live sources, and from there on as a build."""

from prefect import flow

from flows.build import make_release
from flows.overdue import pass_over_overdue
from flows.scope import run_on
from tasks.gate.task import gate
from tasks.ingest.task import ingest_live
from tasks.ready import check_models
from tasks.refs import Ref
from tasks.settings import Settings
from tasks.weekly import for_refresh

_DEFAULTS = Settings()


@flow(
    name="refresh",
    flow_run_name="refresh {home}",
    persist_result=False,
    on_running=[pass_over_overdue],
)
def refresh(sources: tuple[str, ...] = (), home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Ref:
    """Read what is new in live sources, and replace part of the last test set by it.

    Args:
        sources: Files, globs, folders or prefixes, on any fsspec URL; if left out, those of refresh.sources.
        home: Folder that holds the warehouse and the releases; without a release, this is a first build.
        settings: One table a stage; topics are kept, unless refresh.refit is set.
    """
    weekly = for_refresh(settings, sources)
    check_models(weekly)
    with run_on(home, "refresh", weekly) as run:
        conversations = gate(run, ingest_live(run, weekly.ingest, weekly.refresh))
        return make_release(run, conversations, weekly)
