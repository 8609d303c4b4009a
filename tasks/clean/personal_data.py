"""Personal data and secrets in a prompt: e-mail addresses, phone numbers, keys and tokens.

Phone numbers are `phonenumbers`' business and keys are detect-secrets'; the pattern for e-mail addresses is
ours, for want of a library that finds (rather than validates) them.
"""

import re
from collections.abc import Callable

import polars as pl
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector
from phonenumbers import Leniency, PhoneNumberMatcher

# A bracket right behind it makes it a product of matrices: `A@B.transpose()`.
_EMAIL = re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.[A-Za-z]{2,24}\b(?!\()")

# As people write them: +country and groups, or 3-3-4 digits, American. Spaces separate the numbers of a list
# too, so a number written with spaces may have no neighbour; nor may one be a part of something longer.
_SPACE = r"[ \u00a0]"  # messengers export numbers with no-break spaces
_PHONE = re.compile(
    rf"(?<![\w.)+-])\+\d(?:(?:{_SPACE}|[.-])?\(?\d+\)?){{1,7}}(?![\w-])"
    rf"|(?<![\w.,/-])(?:1[\s.-])?\(\d{{3}}\){_SPACE}?\d{{3}}(?:{_SPACE}|[.-])\d{{4}}(?![\w-])"
    r"|(?<![\w.,/-])(?:1[.-])?\d{3}([.-])\d{3}\1\d{4}(?![\w-]|[.,]\d)"
    rf"|(?<![\w.,/-])(?<!\d\s)(?<!\d,\s)(?:1{_SPACE})?\d{{3}}{_SPACE}\d{{3}}{_SPACE}\d{{4}}(?![\w-]|[.,]\d|,?\s\d)"
)
_PHONE_REGION = "US"

# Of detect-secrets, the detectors of tokens with a format of their own. Entropy and words near `=` call half
# of all code a secret (so these are not asked), and a few formats are plain words, addresses or URLs.
_UNSPECIFIC = {"Artifactory Credentials", "Public IP (ipv4)", "Basic Auth Credentials"}
_UNSPECIFIC |= {
    "Cloudant Credentials",
    "IBM Cloud IAM Key",
    "IBM COS HMAC Credentials",
    "SoftLayer Credentials",
}
# Formats that detect-secrets 1.5 doesn't know, or finds inside words (`privateKeyJwk.toPublic`, DNA). The
# literal comes first and what may not stand before it second: so `re` is many times as fast as behind a `\b`.
_OUR_TOKENS = {
    "AWS Access Key": (
        r"A(?<!\wA)(?:3T[A-Z0-9]|BIA|CCA(?![ACGT]+\b)|KIA|SIA)[0-9A-Z]{16}\b",
        r"(?i)aws.{0,20}?(?:key|pwd|pw|password|pass|token).{0,20}?['\"][0-9a-z/+]{40}['\"]",
    ),
    "JSON Web Token": (r"eyJ(?<!\weyJ)[\w-]{10,}={0,2}\.[\w-]{10,}",),
    "Model provider key": (
        r"sk-(?<!\wsk-)(?:proj-|ant-|or-)?[\w-]{32,}",
        r"AIza(?<!\wAIza)[\w-]{35}\b",
        r"hf_(?<!\whf_)[A-Za-z0-9]{30,}\b",
    ),
    "GitHub Fine-grained Token": (r"github_pat_(?<!\wgithub_pat_)\w{40,}",),
    "Private Key": (r"BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY", r"PuTTY-User-Key-File-\d"),
}


def _token_patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    detectors = get_mapping_from_secret_type_to_class()
    known = {
        kind: tuple(detector().denylist)
        for kind, detector in detectors.items()
        if issubclass(detector, RegexBasedDetector) and kind not in _UNSPECIFIC
    }
    return known | {kind: tuple(map(re.compile, patterns)) for kind, patterns in _OUR_TOKENS.items()}


_TOKENS = _token_patterns()

# What each kind can't be without, for one fast search over the whole column: a token has a long run or one of
# these words.
_TRACES = {
    "email": r"[^\s@]@[^\s@]+\.[A-Za-z]{2}",
    "secret": r"[A-Za-z0-9_-]{20}|PRIVATE KEY|PuTTY|hooks\.slack|_authToken|eyJ"
    r"|(?i:xox[a-z]-|aws|AccountKey=)",
    "phone": r"\+[0-9][0-9\s().-]{6}|[0-9]{3}\)?[\s.-]?[0-9]{3}[\s.-][0-9]{4}",
}


def find_personal_data(text: str) -> str | None:
    """The kind of the first personal datum in a text; see `find_in_all`."""
    kind: str | None = find_in_all(pl.Series([text])).item()
    return kind


def find_in_all(texts: pl.Series) -> pl.Series:
    """The kind of datum in each text: `email`, `secret:<kind>` or `phone`, the first of these; or null.

    The datum itself is never returned, so that it can't end up in a report.
    """
    kinds = [_find_one(texts, kind) for kind in _TRACES]
    return pl.select(pl.coalesce(kinds)).to_series()


def _find_one(texts: pl.Series, kind: str) -> pl.Series:
    suspects = texts.to_frame("text").select(pl.when(pl.col("text").str.contains(_TRACES[kind])).then("text"))
    found = [None if text is None else _FINDERS[kind](text) for text in suspects.to_series()]
    return pl.Series(found, dtype=pl.String)


def _find_email(text: str) -> str | None:
    return "email" if _EMAIL.search(text) else None


def _find_secret(text: str) -> str | None:
    matches = (
        kind for kind, patterns in _TOKENS.items() if any(pattern.search(text) for pattern in patterns)
    )
    return next((f"secret:{kind}" for kind in matches), None)


def _find_phone(text: str) -> str | None:
    """Numbers that can have been given out, and are grouped as their country does."""
    matchers = (
        PhoneNumberMatcher(match[0], _PHONE_REGION, Leniency.STRICT_GROUPING)
        for match in _PHONE.finditer(text)
    )
    return "phone" if any(matcher.has_next() for matcher in matchers) else None


_FINDERS: dict[str, Callable[[str], str | None]] = {
    "email": _find_email,
    "secret": _find_secret,
    "phone": _find_phone,
}
