"""Pairs that share most of their words, beside all pairs by brute force."""

import math
import random
import re
from collections import Counter

import polars as pl
import pytest

from tasks.screen.lexical import similar_pairs

WORDS = [f"word{n}" for n in range(60)]
IDF = pl.DataFrame({"word": WORDS[:40], "idf": [1 + n / 10 for n in range(40)]}).cast({"idf": pl.Float32})


def weights(text: str) -> dict[str, float]:
    idf = dict(IDF.iter_rows())
    counts = Counter(re.findall(r"\w+", text.lower()))
    weighed = {w: (1 + math.log(n)) * idf.get(w, max(idf.values())) for w, n in counts.items() if w != "the"}
    length = math.hypot(*weighed.values())
    return {word: weight / length for word, weight in weighed.items()}


def by_brute_force(texts: list[str], references: list[str], limit: float) -> dict[tuple[int, int], float]:
    vectors, others = [weights(text) for text in texts], [weights(text) for text in references]
    cosines = {
        (i, j): sum(weight * b.get(word, 0) for word, weight in a.items())
        for i, a in enumerate(vectors)
        for j, b in enumerate(others)
    }
    return {pair: cosine for pair, cosine in cosines.items() if cosine >= limit}


def find(texts: list[str], references: list[str], limit: float) -> dict[tuple[int, int], float]:
    found = similar_pairs(pl.Series(texts), pl.Series(references), IDF, limit)
    return {(text, reference): similarity for text, reference, similarity in found.iter_rows()}


@pytest.mark.parametrize("limit", [0.3, 0.55, 0.9])
def test_all_pairs_above_the_limit_are_found_and_no_others(limit: float) -> None:
    rng = random.Random(3)
    texts = [" ".join(["the", *rng.choices(WORDS, k=rng.randint(1, 12))]) for _ in range(300)]
    references = texts[:20] + [" ".join(rng.choices(WORDS, k=rng.randint(1, 12))) for _ in range(80)]
    found, expected = find(texts, references, limit), by_brute_force(texts, references, limit)
    assert found.keys() == expected.keys()
    assert len(found) > 20
    assert all(found[pair] == pytest.approx(cosine, abs=1e-4) for pair, cosine in expected.items())


@pytest.mark.parametrize("texts", [[""], ["?!"], ["the of and"], ["word1 word2", "", "word1"]])
def test_texts_without_words_are_like_nothing(texts: list[str]) -> None:
    assert find(texts, ["", "the", "word50 word51"], 0.5) == {}


def test_a_rare_word_that_only_one_has_sets_them_apart() -> None:
    assert find(["how to make waffles"], ["how to make escargot"], 0.55) == {}
    assert find(["make word1 escargot"], ["how to make escargot word1"], 0.55).keys() == {(0, 0)}
