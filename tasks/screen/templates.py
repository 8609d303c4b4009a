"""What is left of a prompt without its small parts: prompts of one template have the same skeleton."""

import hashlib

import polars as pl

# Of less than this many words, a skeleton is that of unlike prompts too.
_MIN_WORDS = 8
_GAP = "\u2400"
_LINK = r"https?://\S+|www\.\S+"
# Quotes on one line; an apostrophe is none, since words have it too.
_QUOTED = (
    r"\"[^\"\n]{1,200}\"|“[^”\n]{1,200}”|«[^»\n]{1,200}»|`[^`\n]{1,200}`|[\[{<(][^\[\]{}<>()\n]{1,200}[\]}>)]"
)
_NUMBER = r"[\w.,:/-]*\d[\w.,:/-]*"
# A capital begins a name, but not where a sentence begins: there it is marked first.
_SENTENCE_START = r"(^|[.!?:\n][\s\"'*_#>-]*)(\p{Lu})"
_MARK = "\u2401"
_NAME = rf"([^\p{{L}}\p{{N}}_{_MARK}])\p{{Lu}}[\p{{L}}\p{{N}}_'\u2019-]*"


def skeletons(texts: pl.Series) -> pl.Series:
    """Texts with one gap for each number, link, quote, bracket or name, and without case and punctuation.

    Returns:
        `skeleton`: their hashes, 16 hex digits; null where fewer than eight words are left: they say nothing.
    """
    bare = texts.str.replace_all(_LINK, _GAP).str.replace_all(_QUOTED, _GAP)
    bare = bare.str.replace_all(_SENTENCE_START, f"${{1}}{_MARK}${{2}}")
    bare = bare.str.replace_all(_NUMBER, _GAP).str.replace_all(_NAME, f"${{1}}{_GAP}")
    words = bare.str.replace_all(_MARK, "", literal=True).str.to_lowercase()
    words = words.str.replace_all(rf"[^\p{{L}}{_GAP}]+", " ").str.strip_chars()
    words = words.str.replace_all(rf"{_GAP}(?: ?{_GAP})+", _GAP)
    is_telling = words.str.count_matches(r"\p{L}+") >= _MIN_WORDS
    hashes = [
        hashlib.sha256(skeleton.encode()).hexdigest()[:16] if telling else None
        for skeleton, telling in zip(words, is_telling, strict=True)
    ]
    return pl.Series("skeleton", hashes, dtype=pl.String)
