"""`python -m tests.flows.stages SOURCE HOME`: the stages of the demo, with no flow engine and no gates.

Prints the release's id. Without both, a build takes half the time.
"""

import sys

from tasks.annotate.task import annotate
from tasks.clean.task import clean
from tasks.config import load
from tasks.embed.task import embed
from tasks.home.task import start
from tasks.ingest.task import ingest
from tasks.refs import Run
from tasks.release.task import release
from tasks.screen.task import screen
from tasks.select.task import select
from tasks.topics.task import topics
from tests.places import PROFILE


def build(source: str, home: str) -> str:
    settings = load(str(PROFILE))
    run = Run(id="run-1", home=home, seed=settings.seed, lock_wait_seconds=5)
    start.fn(run, "build", settings)
    prompts = clean.fn(run, ingest.fn(run, [source], settings.ingest), settings.clean)
    vectors = embed.fn(run, prompts, settings.embed, settings.llm)
    taxonomy = topics.fn(run, vectors, settings.topics, settings.llm)
    screen.fn(run, vectors, settings.screen, settings.embed, settings.llm)
    marks = annotate.fn(run, prompts, taxonomy, settings.annotate, settings.llm)
    selection = select.fn(run, taxonomy, marks, settings.select, settings.rotation)
    return str(release.fn(run, selection, taxonomy, marks, settings).key)


if __name__ == "__main__":
    print(build(*sys.argv[1:]))
