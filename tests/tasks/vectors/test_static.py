"""The static embedder: a text's vector is its own, and nothing is loaded but two files."""

import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from tasks.errors import EvergreenError
from tasks.vectors import static
from tasks.vectors.grid import STEPS, cosines, to_grid
from tests.places import ROOT
from tests.processors import OLDEST, ONE_THREAD

TEXTS = [
    "How do I bake sourdough bread?",
    "How do I bake sourdough bread? ",
    "",
    " ",
    "\n\t",
    "\U0001f600\U0001f468‍\U0001f469‍\U0001f467",
    "日本の首都はどこですか",
    "Где находится столица?",
    "0\x00 <s> </s> <unk>",
    "a" * 5_000,
    "bread and butter " * 20_000,
]


def test_a_vector_depends_on_its_text_alone() -> None:
    whole = static.embed(TEXTS)
    assert (whole.dtype, whole.shape) == (np.float32, (len(TEXTS), 256))
    for number, text in enumerate(TEXTS):
        np.testing.assert_array_equal(static.embed([text])[0], whole[number])
    order = np.random.default_rng(1).permutation(len(TEXTS))
    np.testing.assert_array_equal(static.embed([TEXTS[row] for row in order]), whole[order])


def test_more_texts_than_are_read_at_once_have_the_same_vectors() -> None:
    texts = [f"number {number % 700}" for number in range(9_000)]
    vectors = static.embed(texts)
    np.testing.assert_array_equal(vectors[:700], static.embed(texts[:700]))
    np.testing.assert_array_equal(vectors, vectors[np.arange(9_000) % 700])


def test_it_is_the_mean_of_the_vectors_of_the_tokens() -> None:
    """Against the package's files, read here by hand."""
    folder = Path(importlib.util.find_spec("wordllama").submodule_search_locations[0])
    (table,) = load_file(folder / "weights" / "l2_supercat_256.safetensors").values()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    for text in TEXTS[:1] + TEXTS[5:8]:
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        mean = table[ids].astype(np.float64).mean(axis=0)
        np.testing.assert_array_equal(static.embed([text]), to_grid(mean[None]))


def test_a_text_of_no_token_is_zeros_and_others_have_a_length() -> None:
    vectors = static.embed(TEXTS)
    assert not vectors[TEXTS.index("")].any()
    lengths = np.linalg.norm(vectors[[0, 1, 5, 6, 7, 9, 10]], axis=1)
    np.testing.assert_allclose(lengths, STEPS, rtol=2e-3)


def test_no_texts_have_no_vectors() -> None:
    assert static.embed([]).shape == (0, 256)


def test_texts_of_one_subject_are_nearer_than_others() -> None:
    bread, loaf, chess = static.embed(
        ["How do I bake bread?", "A recipe for a loaf of rye", "Which opening beats the Sicilian?"]
    )
    assert cosines(bread @ loaf) > cosines(bread @ chess) + 0.1


ELSEWHERE = """
import hashlib, json, socket, sys
def refuse(*_, **__):
    raise OSError("no network")
socket.socket.connect = socket.getaddrinfo = refuse
from tasks.vectors import static
texts = json.loads(sys.stdin.read())
print(static.static_name(), hashlib.sha256(static.embed(texts).tobytes()).hexdigest())
print(*sorted({name.split(".")[0] for name in sys.modules} & {"wordllama", "huggingface_hub", "requests"}))
"""


@pytest.mark.parametrize("environment", [{}, OLDEST, ONE_THREAD], ids=["here", "oldest", "one thread"])
def test_a_process_without_a_network_finds_the_same_and_does_not_import_the_package(
    environment: dict[str, str],
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=json.dumps(TEXTS),
        env=os.environ | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found, imported = done.stdout.split("\n")[:2]
    assert found == f"{static.static_name()} {hashlib.sha256(static.embed(TEXTS).tobytes()).hexdigest()}"
    assert imported == ""


def test_the_name_says_which_files_it_was() -> None:
    assert re.fullmatch(r"static-[0-9a-f]{8}", static.static_name())


def test_without_the_package_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(static, "find_spec", lambda _: None)
    with pytest.raises(EvergreenError, match="static is missing: pip install wordllama"):
        static.static_name()


def test_a_package_without_the_files_is_as_good_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "wordllama").mkdir()
    (tmp_path / "wordllama" / "__init__.py").touch()
    found = importlib.util.spec_from_file_location(
        "wordllama",
        tmp_path / "wordllama" / "__init__.py",
        submodule_search_locations=[str(tmp_path / "wordllama")],
    )
    monkeypatch.setattr(static, "find_spec", lambda _: found)
    with pytest.raises(EvergreenError, match="pip install wordllama"):
        static.static_name()
