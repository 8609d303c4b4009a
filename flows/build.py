"""The flow `build`: from sources to a release."""

from prefect import flow

from flows.scope import run_on
from tasks.annotate.task import annotate
from tasks.clean.task import clean
from tasks.embed.task import embed
from tasks.gate.task import gate
from tasks.ingest.task import ingest
from tasks.publish.task import publish
from tasks.ready import check_models
from tasks.refs import Ref, Run
from tasks.release.task import release
from tasks.screen.task import screen
from tasks.select.task import select
from tasks.settings import Settings
from tasks.topics.task import topics

_DEFAULTS = Settings()


@flow(name="build", flow_run_name="build {home}", persist_result=False)
def build(sources: list[str], home: str = ".evergreen", settings: Settings = _DEFAULTS) -> Ref:
    """Build a test set from raw conversations and make it the latest release of the home.

    Args:
        sources: Files, globs, folders or prefixes, on any fsspec URL.
        home: Folder that holds the warehouse, the releases and everything between.
        settings: One table a stage.
    """
    check_models(settings)
    with run_on(home, "build", settings) as run:
        conversations = gate(run, ingest(run, sources, settings.ingest))
        return make_release(run, conversations, settings)


def make_release(run: Run, conversations: Ref, settings: Settings) -> Ref:
    """The stages behind ingest, in the order that every flow to a release has; returns the release."""
    prompts = gate(run, clean(run, conversations, settings.clean))
    vectors = gate(run, embed(run, prompts, settings.embed, settings.llm))
    taxonomy = gate(run, topics(run, vectors, settings.topics, settings.llm))
    gate(run, screen(run, vectors, settings.screen, settings.embed, settings.llm))
    annotations = gate(run, annotate(run, prompts, taxonomy, settings.annotate, settings.llm))
    selection = gate(run, select(run, taxonomy, annotations, settings.select, settings.rotation))
    made = gate(run, release(run, selection, taxonomy, annotations, settings))
    latest: Ref = publish(run, made, settings.publish)
    return latest
