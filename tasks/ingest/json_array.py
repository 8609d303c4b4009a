"""Cut a JSON array into its elements without parsing them.

A streaming parser stops at the first error and loses the rest of the file; cutting by brackets loses one
element. Where an element lacks a bracket or a quote, so that the cut swallows those behind it, the layout
helps: each record starts like the first, with the same line start in an array written one record a line or
indented, or with the same key in one without line ends.
"""

import re
from collections.abc import Iterator
from typing import IO

import orjson

# The next structural character outside of strings. JSON strings hold no line end, so a stray quote ends with
# its line; the quote of a string that the block cuts off counts as structural.
_TOKEN = re.compile(rb'(?:[^"\[\]{},]++|"(?:[^"\\\n]++|\\.)*+")*+(["\[\]{},])', re.DOTALL)
_LINE_START = re.compile(rb"\s*?(\n[ \t]*)\{")
_FIRST_KEY = re.compile(rb'\s*\{\s*("(?:[^"\\\n]++|\\.)*+")\s*:')
_MAX_JOINED = 64
_BLOCK = 1 << 20
_SPACE = b" \t\r\n"


class ArrayCutter:
    """Cuts the array that a stream holds, and further ones behind it.

    Args:
        stream: JSON text whose first character behind white space is `[`.
        max_bytes: a longer element is dropped, and `None` yielded in its place.
    """

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self.is_cut_off = False
        self._stream = stream
        self._max_bytes = max_bytes
        self._mark: re.Pattern[bytes] | None = None
        self._pending = b""
        self._scanned = 0
        self._depth = 0
        self._is_ended = False
        self._is_oversized = False

    def __iter__(self) -> Iterator[bytes | None]:
        """Yield the text of each element; `is_cut_off` is set before one that the file's end cuts off."""
        while block := self._stream.read1(_BLOCK):  # type: ignore[attr-defined]  # read() drops what precedes an error
            yield from self._feed(block)
        self.is_cut_off = not self._is_ended
        yield from self._cut(self._pending)

    def salvage(self, element: bytes) -> list[bytes]:
        """Split a broken element where the records that it swallowed start."""
        starts = [0, *(found.start() for found in self._find_marks(element)), len(element)]
        pieces = []
        while len(starts) > 1:
            # An object inside a record may start like a record: then the record is some pieces together.
            ends = starts[1 : _MAX_JOINED + 1]
            joined = (number for number, end in enumerate(ends) if is_json(_trim(element[starts[0] : end])))
            whole = next(joined, 0)
            pieces.append(_trim(element[starts[0] : ends[whole]]))
            del starts[: whole + 1]
        return pieces

    def _feed(self, block: bytes) -> Iterator[bytes | None]:
        text = self._pending + block
        start, position = 0, self._scanned
        while token := _TOKEN.match(text, position):
            position = token.end()
            if token[1] == b'"':
                position = text.find(b"\n", position)
                if position < 0:
                    position = token.start(1)  # look at it again with the next block
                    break
            elif self._is_boundary(token[1]):
                yield from self._cut(text[start : token.start(1)])
                start = position
        else:
            position = len(text)
        yield from self._keep(text, start, position)

    def _is_boundary(self, sign: bytes) -> bool:
        """Follow one token; true if an element ends before it, or the array starts with it."""
        was_ended, self._is_ended = self._is_ended, False
        if sign in (b"[", b"{"):
            if was_ended and sign == b"[":
                return True
            self._depth += 1
            return self._depth == 1
        if sign in (b"]", b"}") and self._depth > 1:
            self._depth -= 1
            return False
        # Depth never falls below that of the elements: a bracket too many must not end the array early.
        self._is_ended = sign == b"]"
        return self._depth == 1 and sign in (b"]", b",")

    def _cut(self, element: bytes) -> Iterator[bytes | None]:
        self._learn_mark(element)
        if self._is_oversized or len(element) > self._max_bytes:
            self._is_oversized = False
            yield None
            swallowed = next(self._find_marks(element), None)
            element = element[swallowed.start() :] if swallowed else b""
        if element.strip(_SPACE):
            yield element

    def _keep(self, text: bytes, start: int, position: int) -> Iterator[bytes | None]:
        """Hold on to the unfinished element; of one too large, to what tells where it ends."""
        if len(text) - start > self._max_bytes:
            self._learn_mark(text[start:])
            *_, last = (None, *self._find_marks(text, start))
            if last:
                yield from self._cut(text[start : last.start()])
                start = position = last.start()
                self._depth = 1
            else:
                self._is_oversized = True
                escape = text[len(text.rstrip(b"\\")) :]
                start, text = 0, (b'"' + escape if position < len(text) else b"")
                position = 0
        self._pending = text[start:]
        self._scanned = position - start

    def _learn_mark(self, element: bytes) -> None:
        """Learn from the first record what a record starts with."""
        if self._mark is None:
            if line_start := _LINE_START.match(element):
                self._mark = re.compile(re.escape(line_start[1]) + rb"\{")
            elif key := _FIRST_KEY.match(element):
                self._mark = re.compile(rb"(?<![\[:\s])\s*\{\s*" + re.escape(key[1]) + rb"\s*:")

    def _find_marks(self, text: bytes, start: int = 0) -> Iterator[re.Match[bytes]]:
        """Where records start behind the one that the text starts with."""
        if self._mark is None:
            return
        first = len(text) - len(text[start:].lstrip(_SPACE)) + 1
        yield from self._mark.finditer(text, first)


def _trim(piece: bytes) -> bytes:
    """A piece without the comma or the array's own brackets behind it."""
    return piece.strip(_SPACE + b",").rstrip(_SPACE + b",[]")


def is_json(text: bytes) -> bool:
    """Whether the text parses."""
    try:
        orjson.loads(text)
    except orjson.JSONDecodeError:
        return False
    return True
