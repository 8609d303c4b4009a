"""URLs as they may be shown and stored: without what is secret in them."""

import re

# User and password, and the query, which may be a signature.
_SECRET = re.compile(r"(?<=://)[^/\s]*@|(?<=\?).*", re.DOTALL)


def without_secrets(text: str) -> str:
    """Text with a URL in it, without user, password and query."""
    return _SECRET.sub("", text)


def public(source: str) -> str:
    """A URL without user, password and query; a path as it is."""
    return without_secrets(source) if "://" in source else source
