"""What travels between tasks: names and keys, never the data."""

from pydantic import BaseModel, ConfigDict


class Run(BaseModel):
    """One run of a flow on one home."""

    model_config = ConfigDict(frozen=True)

    id: str
    home: str
    seed: int
    lock_wait_seconds: float


class Ref(BaseModel):
    """What a stage made: `rows` rows of `table`, found by `key`.

    The key names one product among several in the same table: the embedder of a set of vectors, the
    taxonomy of a set of topics, the annotator, the run of a selection, the release.
    """

    model_config = ConfigDict(frozen=True)

    stage: str
    table: str
    key: str
    rows: int
