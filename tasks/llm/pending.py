"""Which requests are still to be sent."""

import polars as pl

from tasks.llm.outcome import Outcome
from tasks.llm.work import LAST_ROUND


def pending(asked: pl.DataFrame, answers: pl.DataFrame) -> pl.DataFrame:
    """The rows still to ask, with the `round` that is due.

    Never asked, or ended in `error`, which costs nothing: once more as it was. Unparsable or truncated in the
    first round: a second one. Everything else is settled, failures too.

    Args:
        asked: `key` and more.
        answers: `key`, `outcome` and `round` of the call that counts, where there is one.
    """
    known = asked.join(answers.select("key", "outcome", "round"), on="key", how="left", maintain_order="left")
    is_new = pl.col("outcome").is_null()
    failed = pl.col("outcome") == Outcome.ERROR
    is_second = pl.col("outcome").is_in([Outcome.UNPARSABLE, Outcome.TRUNCATED]) & (
        pl.col("round") < LAST_ROUND
    )
    due = known.filter(is_new | failed | is_second)
    return due.with_columns(
        round=pl.when(is_new).then(1).when(is_second).then(LAST_ROUND).otherwise("round")
    ).drop("outcome")
