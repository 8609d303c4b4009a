"""Cut CSV into rows, and find the next whole row behind a broken one.

A quote that is missing makes a row swallow the lines behind it, up to the next quote. So the lines of a row
are kept until it is known to be whole; of a broken one, reading goes back to the next line that starts one.
"""

import csv
from collections import deque
from collections.abc import Iterator
from typing import IO

csv.field_size_limit(2**31 - 1)  # rows have a limit of their own
_LOOK_AHEAD = 200


class RowError(Exception):
    """Why a row can't be read; `reason` is the id it is counted under."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


class RowCutter:
    """Cuts the rows of a CSV stream; `header` has the column names.

    Args:
        stream: text in UTF-8.
        max_bytes: a longer row is an error.

    Raises:
        RowError: the first row cannot be that of a table.
    """

    def __init__(self, stream: IO[bytes], max_bytes: int) -> None:
        self.header: list[str] = []
        self._stream = stream
        self._max_bytes = max_bytes
        self._again: deque[bytes] = deque()
        self._taken: list[bytes] = []
        self._read_header()

    def __iter__(self) -> Iterator[list[str] | RowError]:
        """Yield each row, as many cells as the header has, or why there is none. Blank lines are no rows."""
        while True:
            self._taken = []
            try:
                row = next(csv.reader(self._take(), strict=True), None)
                if row is None:
                    return
                if row:
                    yield self._fault(row) or row
            except csv.Error as error:
                self._go_back()
                yield RowError("bad_csv", str(error))
            except RowError as error:
                self._go_back()
                yield error

    def _read_header(self) -> None:
        try:
            row = next(csv.reader(self._take(), strict=True), [])
        except (csv.Error, RowError):
            row = ["\0"]
        self.header = [name.strip() for name in row]
        if any(not name.isprintable() for name in self.header):
            raise RowError("unknown_format", "neither JSON, CSV nor Parquet, or not in UTF-8")

    def _fault(self, row: list[str]) -> RowError | None:
        if len(row) != len(self.header):
            return RowError("bad_csv", f"{len(row)} cells under {len(self.header)} column names")
        if any(_clean(cell) != cell for cell in row if not cell.isascii()):
            return RowError("bad_encoding", "bytes that are not UTF-8")
        return None

    def _take(self) -> Iterator[str]:
        """Lines for the csv module to take as many of as a row needs."""
        size = 0
        while line := self._again.popleft() if self._again else self._read_line():
            self._taken.append(line)
            size += len(line)
            if size > self._max_bytes:
                raise RowError("too_large", f"a row of over {self._max_bytes} bytes")
            yield _decode(line)

    def _read_line(self) -> bytes:
        """The next line; of one that is too long, its start."""
        line = rest = self._stream.readline(self._max_bytes + 1)
        while len(rest) > self._max_bytes and not rest.endswith(b"\n"):
            rest = self._stream.readline(self._max_bytes + 1)
        return line

    def _go_back(self) -> None:
        """Return to the first line behind a broken row's own first that starts a whole row."""
        lines = self._taken[1:]
        for number in range(len(lines)):
            if self._starts_row(lines[number : number + _LOOK_AHEAD]):
                self._again.extendleft(reversed(lines[number:]))
                return

    def _starts_row(self, lines: list[bytes]) -> bool:
        """Whether the lines start with a whole row; one with a stray quote is rather the end of another."""
        reader = csv.reader(map(_decode, lines), strict=True)
        try:
            row = next(reader, [])
        except csv.Error:
            return False
        return len(row) == len(self.header) and b"".join(lines[: reader.line_num]).count(b'"') % 2 == 0


def _decode(line: bytes) -> str:
    return line.decode(errors="surrogateescape")


def _clean(text: str) -> str:
    """The text with what was not UTF-8 replaced."""
    return text.encode(errors="surrogateescape").decode(errors="replace")
