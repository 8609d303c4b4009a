"""One text for all the ways of typing it: the identity of a prompt is the hash of its normalised text."""

import hashlib

import polars as pl

_NOT_ONE_SPACE = r"\s{2,}|[^\S ]"


def tidy(texts: pl.Series) -> pl.Series:
    """Prompts as they are kept: Unicode NFC, lines ending in LF, no white space around them, no NUL."""
    # NULs go first: one between a letter and its accent, or between CR and LF, would hide the pair.
    frame = texts.to_frame("text").with_columns(pl.col("text").str.replace_all("\0", "", literal=True))
    # ASCII is NFC as it is, and most texts are ASCII.
    beyond_ascii = pl.when(pl.col("text").str.contains(r"[^\x00-\x7f]")).then("text")
    frame = frame.with_columns(pl.coalesce(beyond_ascii.str.normalize("NFC"), "text"))
    return frame["text"].str.replace_all("\r\n?", "\n").str.strip_chars().rename(texts.name)


def prompt_ids(texts: pl.Series) -> pl.Series:
    """Identities of prompts: the hash of the tidy text with every run of white space as one space.

    The first 16 hex digits of SHA-256: 10 million prompts collide with probability under 3 in a million.
    """
    return _hash(tidy(texts))


def normalise(frame: pl.DataFrame) -> pl.DataFrame:
    """Make each row's `prompt` tidy, and add its `prompt_id`; the order of the rows changes."""
    # A text asked a thousand times is normalised once.
    raw = frame["prompt"].unique()
    prompts = tidy(raw)
    texts = pl.DataFrame({"raw": raw, "prompt": prompts, "prompt_id": _hash(prompts)})
    return frame.rename({"prompt": "raw"}).join(texts, on="raw").drop("raw")


def _hash(tidy_texts: pl.Series) -> pl.Series:
    identities = tidy_texts.str.replace_all(_NOT_ONE_SPACE, " ")
    ids = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in identities]
    return pl.Series("prompt_id", ids, dtype=pl.String)
