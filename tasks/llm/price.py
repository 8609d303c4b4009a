"""What a call costs, in USD."""

from tasks.errors import InputError
from tasks.llm.endpoint import Endpoint, Mode, Price

# OpenAI's discount for answers that may take their time.
DISCOUNT: dict[Mode, float] = {"sync": 1.0, "flex": 0.5, "batch": 0.5}


def usd(price: Price | None, input_tokens: int, cached_tokens: int, output_tokens: int, mode: Mode) -> float:
    """USD of one call; 0 where no price is known.

    Args:
        price: per million tokens, in `sync` mode; `flex` and `batch` cost half of it.
        input_tokens: all tokens of the prompt, the cached ones among them, as servers report them.
        cached_tokens: those of them that the server had in its cache.
        output_tokens: tokens of the answer, with those of its reasoning.
        mode: how the endpoint is called.
    """
    if price is None:
        return 0.0
    cached = min(cached_tokens, input_tokens)
    full = (input_tokens - cached) * price.input + cached * price.cached_input + output_tokens * price.output
    return full * DISCOUNT[mode] / 1_000_000


def require_callable(endpoint: Endpoint, max_usd: float) -> None:
    """See that an endpoint can be called and, under a budget, be paid.

    Raises:
        InputError: its key is not in the environment, or a budget finds no price.
    """
    endpoint.api_key()
    if max_usd:
        require_price(endpoint)


def require_price(endpoint: Endpoint) -> Price:
    """The price of an endpoint, for a budget to count with.

    Raises:
        InputError: its entry has none.
    """
    if endpoint.price is None:
        raise InputError(
            f"endpoint {endpoint.name}: a budget needs its price; add `price: {{input: …, output: …}}`, "
            "in USD per million tokens, to its entry (0 for a server of your own)"
        )
    return endpoint.price
