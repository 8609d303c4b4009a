"""Which prompts repeat a text of a list: the same text, nearly the same words, or the same meaning.

Verdicts are frames with the columns of `VERDICTS`; references are those of `references.py`, a row a text and
list. A prompt that repeats several texts of a list has one verdict, on the text that is most similar.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import polars as pl

from tasks.clean.near_duplicates import find_repeats
from tasks.vectors.grid import Vectors, cosines
from tasks.vectors.search import Positions, search

VERDICTS: Final = {
    "prompt_id": pl.String,
    "kind": pl.String,
    "reference": pl.String,
    "reference_id": pl.String,
    "similarity": pl.Float64,
    "evidence": pl.String,
}
# `repeat` of a public test set, `released` before.
Family = Literal["repeat", "released"]
_PLACE: Final = ["prompt_id", "reference"]


def unique_texts(references: pl.DataFrame) -> pl.DataFrame:
    """`text_id` and `text` of all lists, each text once, in the order of its identity."""
    return references.select("text_id", "text").unique("text_id", keep="any").sort("text_id")


def exact_repeats(prompts: pl.DataFrame, references: pl.DataFrame) -> pl.DataFrame:
    """Verdicts `repeat_exact`: the same normalised text.

    Args:
        prompts: `prompt_id`, n rows.
        references: of all lists.
    """
    found = references.join(prompts.select("prompt_id"), left_on="text_id", right_on="prompt_id")
    similarity = pl.lit(None, dtype=pl.Float64)
    found = found.select("reference", "reference_id", prompt_id="text_id", similarity=similarity)
    return _verdicts(found, "repeat_exact", pl.lit("the same text"))


def near_repeats(
    prompts: pl.DataFrame, references: pl.DataFrame, family: Family, threshold: float
) -> pl.DataFrame:
    """Verdicts `<family>_near`: nearly the same words, in nearly the same order.

    Args:
        prompts: `prompt_id`, `prompt` and `bands`, n rows.
        references: of all lists.
        family: what the verdicts are called by.
        threshold: Jaccard similarity of words and word pairs from which a prompt repeats a text.
    """
    texts = unique_texts(references)
    pairs = find_repeats(prompts["prompt"], prompts["bands"], texts["text"], threshold)
    evidence = pl.format("{} of words and word pairs", pl.col("similarity").round(2))
    return _verdicts(_of_lists(pairs, prompts, texts, references), f"{family}_near", evidence)


@dataclass(frozen=True)
class Embedded:
    """Ids of n prompts, and their vectors by blocks, with their positions among the ids."""

    prompt_ids: pl.Series
    blocks: Iterable[tuple[Positions, Vectors]]


def semantic_repeats(
    prompts: Embedded, references: pl.DataFrame, vectors: Vectors, family: Family, limit: float
) -> pl.DataFrame:
    """Verdicts `<family>_semantic`: nearly the same meaning.

    Args:
        prompts: n prompts.
        references: of all lists.
        vectors: of `unique_texts(references)`, in that order.
        family: what the verdicts are called by.
        limit: cosine from which a prompt repeats a text.
    """
    places = unique_texts(references).select("text_id").with_row_index("row")
    lists = [
        (rows, vectors[rows["row"].to_numpy()])
        for _, rows in references.join(places, on="text_id").sort("reference", "row").group_by("reference")
    ]
    schema = {name: VERDICTS[name] for name in ("prompt_id", "reference", "reference_id", "similarity")}
    found = [pl.DataFrame(schema=schema)]
    for positions, block in prompts.blocks:
        for rows, own in lists:
            nearest, products = search(block, own, 1)
            similarity = cosines(products[:, 0]).round(4)
            is_repeat = similarity >= limit
            hits = rows.select("reference", "reference_id")[nearest[is_repeat, 0]]
            found.append(
                hits.select(
                    prompts.prompt_ids.gather(positions[is_repeat]).alias("prompt_id"),
                    "reference",
                    "reference_id",
                    pl.Series("similarity", similarity[is_repeat]),
                )
            )
    evidence = pl.format("cosine {}", pl.col("similarity").round(2))
    return _verdicts(pl.concat(found), f"{family}_semantic", evidence)


def _of_lists(
    pairs: pl.DataFrame, prompts: pl.DataFrame, texts: pl.DataFrame, references: pl.DataFrame
) -> pl.DataFrame:
    """Pairs of positions as pairs of ids, a row a list that has the text."""
    ids = {
        "prompt_id": prompts["prompt_id"].gather(pairs["text"]),
        "text_id": texts["text_id"].gather(pairs["reference"]),
        "similarity": pairs["similarity"],
    }
    return pl.DataFrame(ids).join(references, on="text_id")


def gravest(*verdicts: pl.DataFrame) -> pl.DataFrame:
    """One verdict a prompt and list: those of the first frames come first."""
    return pl.concat(verdicts).unique(_PLACE, keep="first", maintain_order=True)


def _verdicts(found: pl.DataFrame, kind: str, evidence: pl.Expr) -> pl.DataFrame:
    """The most similar text of each prompt and list; of several, the first."""
    found = found.with_columns(evidence.alias("evidence"), kind=pl.lit(kind)).select(VERDICTS.keys())
    order = found.sort(*_PLACE, "similarity", "reference_id", descending=[False, False, True, False])
    return order.unique(_PLACE, keep="first", maintain_order=True)
