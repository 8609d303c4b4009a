"""The stages that ask models, without the flow engine around them: what a test kills often."""

from uuid import uuid4

from tasks.annotate.task import annotate
from tasks.embed.task import embed
from tasks.refs import Ref, Run
from tasks.settings import Settings
from tasks.topics.task import topics

PROMPTS = Ref(stage="clean", table="core.prompts", key="eligible", rows=0)


def ask_models(home: str, settings: Settings) -> None:
    """Embed, name topics, annotate: as the flow does, in a run of its own."""
    run = Run(id=uuid4().hex, home=home, seed=settings.seed, lock_wait_seconds=20)
    vectors = embed.fn(run, PROMPTS, settings.embed, settings.llm)
    taxonomy = topics.fn(run, vectors, settings.topics, settings.llm)
    annotate.fn(run, PROMPTS, taxonomy, settings.annotate, settings.llm)
