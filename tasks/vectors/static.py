"""The embedder `static`: a text's vector is the mean of the vectors of its tokens, which a package ships."""

import hashlib
from functools import cache
from importlib.util import find_spec
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from scipy.sparse import csr_matrix
from tokenizers import Tokenizer

from tasks.errors import EvergreenError
from tasks.vectors.grid import Vectors, to_grid

# Whose prompts its vectors tell apart; README.md of tasks/embed has the figures.
LANGUAGES: Final = ("en",)
_PACKAGE: Final = "wordllama"
_WEIGHTS: Final = "weights/l2_supercat_256.safetensors"
_TOKENIZER: Final = "tokenizers/l2_supercat_tokenizer_config.json"
_TEXTS_AT_ONCE: Final = 4_096


def static_name() -> str:
    """What vectors of `static` are stored under: `static-<hash of the model's files>`."""
    digest = hashlib.sha256()
    for path in _files():
        digest.update(path.read_bytes())
    return f"static-{digest.hexdigest()[:8]}"


def embed(texts: list[str]) -> Vectors:
    """Embed n texts. All bits of a vector depend on its text alone: sums are exact before they are rounded.

    Returns:
        Vectors of shape (n, 256) on the grid; a text of no token is a row of zeros.
    """
    tokenizer, vectors = _model()
    found = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    for start in range(0, len(texts), _TEXTS_AT_ONCE):
        part = texts[start : start + _TEXTS_AT_ONCE]
        encoded = tokenizer.encode_batch_fast(part, add_special_tokens=False)
        ends = np.cumsum([0, *map(len, encoded)])
        ids = np.fromiter(chain.from_iterable(text.ids for text in encoded), np.int32, ends[-1])
        counts = csr_matrix((np.ones(len(ids)), ids, ends), shape=(len(part), len(vectors)))
        # Values are float16, multiples of 2^-24 below 16: float64 sums of 2^25 of them are exact.
        found[start : start + len(part)] = to_grid(counts @ vectors)
    return found


@cache
def _model() -> tuple[Tokenizer, NDArray[np.float64]]:
    """The tokenizer, and the vector of each of its tokens."""
    weights, tokenizer = _files()
    (vectors,) = load_file(weights).values()
    return Tokenizer.from_file(str(tokenizer)), vectors.astype(np.float64)


def _files() -> tuple[Path, Path]:
    """Weights and tokenizer. The package is never imported: its loader would ask a hub for what it misses."""
    spec = find_spec(_PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    paths = [Path(folders[0]) / name for name in (_WEIGHTS, _TOKENIZER)] if folders else []
    if not paths or not all(path.is_file() for path in paths):
        raise EvergreenError(f"the model of the embedder static is missing: pip install {_PACKAGE}")
    return paths[0], paths[1]
