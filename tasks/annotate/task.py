"""The Prefect task of annotate: core.prompts → core.annotations."""

import logging

import polars as pl

from tasks import warehouse
from tasks.annotate import heuristic
from tasks.annotate.criteria import CRITERIA
from tasks.annotate.outcome import Annotation
from tasks.refs import Ref, Run
from tasks.settings import AnnotateSettings
from tasks.stage import progress, stage

logger = logging.getLogger(__name__)

_BLOCK = 10_000
_COLUMNS = {
    "prompt_id": pl.String,
    "outcome": pl.String,
    **{criterion.value: pl.Boolean for criterion in CRITERIA},
    "score": pl.Int32,
    "raw": pl.String,
}


@stage("annotate")
def annotate(run: Run, prompts: Ref, settings: AnnotateSettings) -> Ref:
    """Mark the eligible prompts that this annotator has not marked yet against the seven criteria."""
    parameters = {"annotator": settings.annotator}
    missing = warehouse.read(run.home, "annotate/missing", parameters, run.lock_wait_seconds)
    logger.info("%d prompts, %d of them not marked by %s", prompts.rows, missing.height, settings.annotator)
    with progress("annotate", missing.height) as advance:
        for block in missing.iter_slices(_BLOCK):
            rows = [_row(heuristic.annotate(*row)) for row in block.select("prompt_id", "prompt").iter_rows()]
            frame = pl.DataFrame(rows, schema=_COLUMNS, orient="row")
            with warehouse.transaction(run.home, run.lock_wait_seconds) as con:
                warehouse.run(con, "annotate/add", parameters, {"annotations": frame})
            advance(block.height)
    rows = warehouse.read(run.home, "annotate/count", parameters, run.lock_wait_seconds).item()
    return Ref(stage="annotate", table="core.annotations", key=settings.annotator, rows=rows)


def _row(annotation: Annotation) -> tuple[object, ...]:
    criteria = annotation.criteria or (None,) * len(CRITERIA)
    return (annotation.prompt_id, annotation.outcome.value, *criteria, annotation.score, annotation.raw)
