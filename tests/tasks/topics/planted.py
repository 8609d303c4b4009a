"""Prompts on six subjects that share no word, and the topics that are found in them."""

import hashlib
import random

import polars as pl

from tasks.settings import TopicsSettings
from tasks.topics.clusters import InMemory
from tasks.topics.fit import fit
from tasks.vectors import static

SUBJECTS = {
    "baking": "bread flour yeast dough oven crust knead bake butter loaf",
    "chess": "queen bishop rook knight opening endgame gambit castle pawn checkmate",
    "algebra": "polynomial integral matrix eigenvalue proof theorem derivative limit vector root",
    "sailing": "mast anchor keel rudder harbour tide jib regatta hull mooring",
    "poetry": "sonnet rhyme stanza meter verse ballad haiku metaphor couplet refrain",
    "databases": "index query table join schema transaction replica shard lock cursor",
}
PER_SUBJECT = 15
SETTINGS = TopicsSettings(min_topic_size=8)
SEED = 42


def prompts() -> dict[str, str]:
    """Id → text, in the order of ids, which is not that of subjects."""
    texts = [
        " ".join(random.Random(f"{subject}{number}").sample(words.split(), 6))
        for subject, words in SUBJECTS.items()
        for number in range(PER_SUBJECT)
    ]
    return dict(sorted((hashlib.sha256(text.encode()).hexdigest()[:16], text) for text in texts))


def subject_of(text: str) -> str:
    return next(subject for subject, words in SUBJECTS.items() if text.split(maxsplit=1)[0] in words.split())


def find() -> dict[str, pl.DataFrame]:
    """The topics of the prompts."""
    texts = prompts()
    frame = pl.DataFrame({"prompt_id": list(texts), "prompt": list(texts.values())})
    return fit(frame, InMemory(static.embed(list(texts.values()))), SETTINGS, SEED, None).tables
