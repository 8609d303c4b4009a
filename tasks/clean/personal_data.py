"""Personal data and secrets in a prompt: e-mail addresses, phone numbers, keys and tokens.

Phone numbers are `phonenumbers`' business and keys are detect-secrets'; the pattern for e-mail addresses is ours,
for want of a library that finds (rather than validates) them. Fast patterns over the whole column, each wider
than what it stands for, spare most texts the slow ones.
"""

import re

import polars as pl
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from phonenumbers import Leniency, PhoneNumberMatcher

# A bracket right behind it makes it a product of matrices: `A@B.transpose()`.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[A-Za-z]{2,24}\b(?!\()")
_MAYBE_EMAIL = r"[^\s@]@[^\s@]+\.[A-Za-z]{2}"

# As people write them: +country and groups, or 3-3-4 digits, American. Spaces alone separate the numbers of a list
# too, so a number written with them may have no neighbour; nor may one be a part of something longer.
_PHONE = re.compile(
    r"(?<![\w.)+-])\+\d(?:[ .-]?\(?\d+\)?){1,7}(?![\w-])"
    r"|(?<![\w.,/-])(?:1[ .-])?\(\d{3}\) ?\d{3}[ .-]\d{4}(?![\w-])"
    r"|(?<![\w.,/-])(?:1([.-]))?\d{3}([.-])\d{3}\2\d{4}(?![\w-]|[.,]\d)"
    r"|(?<![\w.,/-])(?<!\d\s)(?<!\d,\s)(?:1 )?\d{3} \d{3} \d{4}(?![\w-]|[.,]\d|,?\s\d)"
)
_MAYBE_PHONE = r"\+[0-9][0-9 ().-]{6,}|[0-9]{3}\)? ?[ .-]?[0-9]{3}[ .-][0-9]{4}"
_PHONE_REGION = "US"

# Of detect-secrets, the detectors of tokens with a format of their own. Entropy and words near `=` call half of all
# code a secret (so these are not asked), and a few formats are plain words, addresses or a URL with a password.
_UNSPECIFIC = {"Artifactory Credentials", "Public IP (ipv4)", "Basic Auth Credentials"}
_UNSPECIFIC |= {
    "Cloudant Credentials",
    "IBM Cloud IAM Key",
    "IBM COS HMAC Credentials",
    "SoftLayer Credentials",
}
# Formats that detect-secrets 1.5 does not know, or takes from the middle of a word (`privateKeyJwk.toPublic`, DNA).
_OUR_TOKENS = {
    "AWS Access Key": r"\b(?![ACGT]+\b)(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|(?i:aws.{0,20}?(?:key|pwd|pw|password|pass|token).{0,20}?['\"][0-9a-z/+]{40}['\"])",
    "JSON Web Token": r"\beyJ[\w-]{10,}={0,2}\.[\w-]{10,}",
    "Model provider key": r"\bsk-(?:proj-|ant-|or-)?[\w-]{32,}|\bAIza[\w-]{35}\b|\bhf_[A-Za-z0-9]{30,}\b",
    "GitHub Fine-grained Token": r"\bgithub_pat_\w{40,}",
    "Private Key": r"BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY|PuTTY-User-Key-File-\d",
}
# Every format has a long run of such characters, or one of these words.
_MAYBE_TOKEN = r"[A-Za-z0-9_+/=-]{20}|PRIVATE KEY|PuTTY-User-Key|hooks\.slack|_authToken|(?i:xox[a-z]-)|eyJ"


def _token_patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    detectors = get_mapping_from_secret_type_to_class()
    known = {
        kind: tuple(detector().denylist)
        for kind, detector in detectors.items()
        if issubclass(detector, RegexBasedDetector) and kind not in _UNSPECIFIC
    }
    return known | {kind: (re.compile(pattern),) for kind, pattern in _OUR_TOKENS.items()}


_TOKENS = _token_patterns()


def find_in_all(texts: pl.Series) -> pl.Series:
    """`find_personal_data` of each text, many times faster."""
    maybe = pl.any_horizontal(
        pl.col("text").str.contains(pattern) for pattern in (_MAYBE_EMAIL, _MAYBE_PHONE, _MAYBE_TOKEN)
    )
    suspects = texts.to_frame("text").select(pl.when(maybe).then("text")).to_series()
    return pl.Series(
        [None if text is None else find_personal_data(text) for text in suspects], dtype=pl.String
    )


def find_personal_data(text: str) -> str | None:
    """The kind of the first personal datum in a text (`email`, `phone` or `secret:<kind>`), or None.

    The datum itself is never returned, so that it can't end up in a report.
    """
    if "@" in text and _EMAIL.search(text):
        return "email"
    if secret := _find_secret(text):
        return f"secret:{secret}"
    return "phone" if any(map(_is_phone, _PHONE.finditer(text))) else None


def _find_secret(text: str) -> str | None:
    matches = (
        kind for kind, patterns in _TOKENS.items() if any(pattern.search(text) for pattern in patterns)
    )
    return next(matches, None)


def _is_phone(match: re.Match[str]) -> bool:
    """Whether such a number can have been given out, and is grouped as its country does."""
    return bool(PhoneNumberMatcher(match[0], _PHONE_REGION, Leniency.STRICT_GROUPING).has_next())
