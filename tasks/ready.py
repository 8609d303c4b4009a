"""What a run needs of models and prompts, looked at before hours of work, not after."""

from tasks.annotate import rubric
from tasks.llm import endpoint as endpoints
from tasks.llm.price import require_price
from tasks.settings import HEURISTIC, KEYWORDS, TFIDF_SVD, Settings
from tasks.topics import naming


def endpoint_names(settings: Settings) -> list[str]:
    """The endpoints that a build asks, each once, in the order of the stages."""
    annotate = settings.annotate
    names = (settings.embed.model, settings.topics.namer, annotate.annotator, annotate.second_annotator)
    return [name for name in dict.fromkeys(names) if name not in {TFIDF_SVD, KEYWORDS, HEURISTIC, ""}]


def check_models(settings: Settings) -> None:
    """See that all models of a build can be called.

    Raises:
        InputError: an unknown endpoint, no key in the environment, a budget without a price, a bad rubric
            or naming prompt.
    """
    known = endpoints.load(settings.llm.endpoints)
    for name in endpoint_names(settings):
        endpoint = endpoints.get(known, name)
        endpoint.api_key()
        if settings.llm.max_usd:
            require_price(endpoint)
    rubric.load(settings.annotate.rubric)
    naming.load(settings.topics.naming_prompt)
