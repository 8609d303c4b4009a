"""Which of seven criteria a prompt meets, drawn by hash so that the shares are an LLM's.

The shares are those published for GPT-3.5-Turbo on 75k Arena prompts. Scores come out as ≥k for k=1..7:
97 82 62 44 32 20 7 % (published: 95 84 62 49 34 18 0.2 %). Two models agree on 85 % for each criterion.
"""

from hashlib import blake2b
from math import sqrt
from struct import unpack
from typing import Final

SHARES: Final = (0.573, 0.634, 0.350, 0.349, 0.261, 0.390, 0.879)
AGREEMENT: Final = 0.85
_FOLLOWS_HARDNESS: Final = round(0.8 * 256)
_HELD: Final = tuple(round(share * 65536) for share in SHARES)
# Two models differ on a criterion if at least one of them draws it anew, and then with chance 2p(1-p).
_DRAWN_ANEW: Final = tuple(
    round(256 * (1 - sqrt(1 - (1 - AGREEMENT) / (2 * share * (1 - share))))) for share in SHARES
)


def criteria(model: str, prompt: str) -> list[int]:
    """The numbers, 1 to 7, of the criteria that a prompt meets in a model's eyes."""
    digest = blake2b(prompt.encode(), digest_size=24).digest()
    hardness, *rest = unpack(">8H7Bx", digest)
    opinion = unpack(">7H7B", blake2b(model.encode() + digest, digest_size=21).digest())
    held = []
    for k in range(7):
        drawn = hardness if rest[7 + k] < _FOLLOWS_HARDNESS else rest[k]
        if opinion[7 + k] < _DRAWN_ANEW[k]:
            drawn = opinion[k]
        if drawn < _HELD[k]:
            held.append(k + 1)
    return held
