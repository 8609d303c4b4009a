"""What a run needs of models and prompts, looked at before hours of work, not after."""

from tasks.annotate import rubric
from tasks.ingest.sources import require_local
from tasks.llm import endpoint as endpoints
from tasks.llm.endpoint import Endpoint
from tasks.llm.price import require_callable
from tasks.screen.limits import min_cosine
from tasks.settings import HEURISTIC, KEYWORDS, STATIC, Settings
from tasks.topics import naming


def endpoints_asked(settings: Settings) -> dict[str, Endpoint]:
    """The endpoints that a build asks, in the order of the stages. Their keys may be missing.

    Raises:
        InputError: there is none of a name, or its entry is of an API that cannot be called.
    """
    annotate = settings.annotate
    names = (settings.embed.model, settings.topics.namer, annotate.annotator, annotate.second_annotator)
    known = endpoints.load(settings.llm.endpoints)
    no_models = {STATIC, KEYWORDS, HEURISTIC, ""}
    return {name: endpoints.get(known, name) for name in names if name not in no_models}


def check_models(settings: Settings) -> None:
    """See that all models of a build can be called, and that prompts can be screened.

    Raises:
        InputError: an unknown endpoint, no key in the environment, a budget without a price, a bad rubric
            or naming prompt, no list of questions where one should be, an embedder without a limit of cosine.
    """
    asked = endpoints_asked(settings)
    for endpoint in asked.values():
        require_callable(endpoint, settings.llm.max_usd)
    for source in settings.screen.references:
        require_local(source)
    if settings.screen.semantic:
        embed = settings.embed.model
        min_cosine(asked[embed].model if embed in asked else embed, settings.screen)
    rubric.load(settings.annotate.rubric)
    naming.load(settings.topics.naming_prompt)
