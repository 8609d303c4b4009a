"""A saved embedder gives the vectors of its fit, bit for bit, or says that it is damaged."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tasks.embed.embedder import Fitted, TfidfSvd
from tasks.embed.saved import embedder_file, read, save
from tasks.errors import InputError

CORPUS = [f"write about {word} and number{n}" for n in range(60) for word in ("bread", "chess", "poems")]
NEW = ["chess problems with number7", "zebra", "", "Bread! BREAD, and poems"]

CORPORA = {
    "many texts": CORPUS,
    "one text": CORPUS[:1],
    "one word": ["bread"],
    "no word": ["", "the of"],
    "words of other scripts": ["日本語 の 本", "книга и хлеб", "İstanbul ß e\u0301"],
}


def fit(home: Path, corpus: list[str] = CORPUS) -> Fitted:
    fitted, _ = TfidfSvd(corpus, 16, seed=1).fit()
    save(str(home), fitted)
    return fitted


@pytest.mark.parametrize("corpus", CORPORA.values(), ids=CORPORA)
def test_it_embeds_as_it_did_at_its_fit(corpus: list[str], tmp_path: Path) -> None:
    fitted, vectors = TfidfSvd(corpus, 16, seed=1).fit()
    save(str(tmp_path), fitted)
    again = read(str(tmp_path), fitted.name)
    assert again is not None
    assert again.name == fitted.name
    np.testing.assert_array_equal(again.embed(corpus), vectors)
    np.testing.assert_array_equal(again.embed(NEW), fitted.embed(NEW))


EMBED = """
import sys
from tasks.embed.saved import read
sys.stdout.buffer.write(read(sys.argv[1], sys.argv[2]).embed(sys.argv[3:]).tobytes())
"""


def test_it_embeds_the_same_in_another_process(tmp_path: Path) -> None:
    fitted = fit(tmp_path)
    command = [sys.executable, "-c", EMBED, str(tmp_path), fitted.name, *NEW]
    made = subprocess.run(command, capture_output=True, check=True).stdout
    assert made == fitted.embed(NEW).tobytes()


def test_the_same_fit_is_the_same_file(tmp_path: Path) -> None:
    name = fit(tmp_path / "a").name
    assert fit(tmp_path / "b").name == name
    assert embedder_file(str(tmp_path / "a"), name).read_bytes() == (
        embedder_file(str(tmp_path / "b"), name).read_bytes()
    )


def test_one_that_was_never_saved_is_not_there(tmp_path: Path) -> None:
    assert read(str(tmp_path), "tfidf-svd-16-000000000000") is None


def test_what_is_left_of_a_killed_save_is_not_there(tmp_path: Path) -> None:
    fitted = fit(tmp_path)
    path = embedder_file(str(tmp_path), fitted.name)
    path.rename(path.with_name(f".{path.name}.building"))
    assert read(str(tmp_path), fitted.name) is None


@pytest.mark.parametrize("place", np.linspace(0, 0.999, 25))
def test_a_changed_byte_is_no_silent_change_of_vectors(place: float, tmp_path: Path) -> None:
    fitted = fit(tmp_path)
    path = embedder_file(str(tmp_path), fitted.name)
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= 0x55
    path.write_bytes(content)
    try:
        again = read(str(tmp_path), fitted.name)
    except InputError as error:
        assert str(path) in str(error)
        assert "delete it" in str(error)
    else:  # a byte that says nothing of the embedder: who wrote the file, or its statistics
        assert again is not None
        np.testing.assert_array_equal(again.embed(NEW), fitted.embed(NEW))


@pytest.mark.parametrize("content", [b"", b"PAR1", b"not a Parquet file", b"\0" * 5_000])
def test_what_is_no_embedder_is_named_as_damaged(content: bytes, tmp_path: Path) -> None:
    fitted = fit(tmp_path)
    embedder_file(str(tmp_path), fitted.name).write_bytes(content)
    with pytest.raises(InputError, match=f"{fitted.name}.*damaged"):
        read(str(tmp_path), fitted.name)


def test_that_of_another_embedder_in_its_place_is_noticed(tmp_path: Path) -> None:
    fitted, other = fit(tmp_path), fit(tmp_path, CORPUS[1:])
    embedder_file(str(tmp_path), other.name).replace(embedder_file(str(tmp_path), fitted.name))
    with pytest.raises(InputError, match="checksum"):
        read(str(tmp_path), fitted.name)
