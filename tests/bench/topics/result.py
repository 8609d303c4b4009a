"""What a contender found, on disk."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

QUALITY: Final = "quality.json"


@dataclass(frozen=True)
class Result:
    """Topics of n prompts.

    `labels` (n): the topic, -1 for none. `is_core` (n): the clustering put it there, nothing else did.
    `is_fitted` (n): the clustering saw it. `layout` (n, dimensions): what the clustering saw. `words`: of
    each topic, in any order of topics. `is_reproduced`: another process found the same; None if not tried.
    """

    labels: NDArray[np.int64]
    is_core: NDArray[np.bool_]
    is_fitted: NDArray[np.bool_]
    layout: NDArray[np.float32]
    words: list[list[str]]
    is_reproduced: bool | None = None

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("labels", "is_core", "is_fitted", "layout"):
            np.save(folder / f"{name}.npy", getattr(self, name))
        rest = {"words": self.words, "is_reproduced": self.is_reproduced}
        (folder / "rest.json").write_text(json.dumps(rest), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> "Result":
        rest = json.loads((folder / "rest.json").read_text(encoding="utf-8"))
        arrays = {
            name: np.load(folder / f"{name}.npy") for name in ("labels", "is_core", "is_fitted", "layout")
        }
        return cls(**arrays, **rest)
