"""Which prompt holds which word: read once, for the words of topics, their coherence and the noise."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import polars as pl
from scipy.sparse import csr_matrix

# A word begins with a letter; C++, C# and snake_case are words.
WORD: Final = r"\b[^\W\d_][\w+#]+"


@dataclass(frozen=True)
class Tokens:
    """The words of n prompts.

    `holds` (n, words): 1 where the prompt holds the word, however often. `words`: in lower case, in
    alphabetical order.
    """

    holds: csr_matrix
    words: list[str]


def tokenise(texts: Sequence[str] | pl.Series, pattern: str = WORD) -> Tokens:
    """Find the words of prompts, by Polars on all cores: 200,000 prompts of 380 characters take 3 s.

    Args:
        texts: n prompts.
        pattern: of a word, as Rust's regular expressions are written.
    """
    found = (
        pl.LazyFrame({"text": texts}, schema={"text": pl.String})
        .with_row_index("row")
        .select("row", word=pl.col("text").str.to_lowercase().str.extract_all(pattern).list.unique())
        .explode("word")
        .drop_nulls("word")
        .collect(engine="streaming")
    )
    words = found["word"].unique().sort()
    columns = found["word"].cast(pl.Enum(words)).to_physical().to_numpy()
    ones = np.ones(len(columns), dtype=np.int32)
    holds = csr_matrix((ones, (found["row"].to_numpy(), columns)), shape=(len(texts), len(words)))
    holds.sort_indices()
    return Tokens(holds, words.to_list())
