"""One text for all the ways of typing it: the identity of a prompt is the hash of its normalised text."""

import hashlib

import polars as pl


def tidy(column: str) -> pl.Expr:
    """The prompt as it is kept: Unicode NFC, lines ending in LF, no white space around it, no NUL."""
    # NULs go first: one between a letter and its accent, or between CR and LF, would hide the pair.
    text = pl.col(column).str.replace_all("\0", "", literal=True).str.normalize("NFC")
    return text.str.replace_all("\r\n?", "\n").str.strip_chars()


def identity_text(column: str) -> pl.Expr:
    """The text that identity is the hash of: tidy, every run of white space one space."""
    return tidy(column).str.replace_all(r"\s+", " ")


def prompt_ids(texts: pl.Series) -> pl.Series:
    """Identities of tidy or raw texts: the first 16 hex digits of SHA-256, so that 10 million prompts collide
    with probability under 3 in a million.
    """
    identity = texts.to_frame("text").select(identity_text("text")).to_series()
    ids = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in identity]
    return pl.Series("prompt_id", ids, dtype=pl.String)


def normalise(frame: pl.DataFrame) -> pl.DataFrame:
    """Make each row's `prompt` tidy, and add its `prompt_id`; the order of the rows changes."""
    # A text asked a thousand times is normalised once.
    raw = frame.select(raw=pl.col("prompt").unique())
    texts = raw.with_columns(prompt_ids(raw["raw"]), prompt=tidy("raw"))
    return frame.rename({"prompt": "raw"}).join(texts, on="raw").drop("raw")
