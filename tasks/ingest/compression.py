"""Plain, gzip and zstd files as streams of bytes, told apart by their first bytes."""

import io
import zlib
from collections.abc import Callable
from typing import IO, Protocol

import zstandard

# What is read at a time of a compressed file: a damaged one loses no more than this before the damage.
_CHUNK = 1 << 14
BLOCK = 1 << 20
DAMAGED = (EOFError, zlib.error, zstandard.ZstdError)


class _Member(Protocol):
    """A decoder of one gzip member or zstd frame."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def decompress(source: io.BufferedReader) -> io.BufferedReader:
    """The bytes that a file holds, whether it is compressed or not.

    Reading the result raises one of `DAMAGED` where a compressed file is damaged or breaks off, but only
    behind all that could be decompressed.
    """
    magic = source.peek(4)[:4]
    if magic[:2] == b"\x1f\x8b":
        return io.BufferedReader(_Decompressed(source, lambda: zlib.decompressobj(wbits=31)), BLOCK)
    if magic == zstandard.FRAME_HEADER:
        new = zstandard.ZstdDecompressor().decompressobj
        return io.BufferedReader(_Decompressed(source, new), BLOCK)
    return source


class _Decompressed(io.RawIOBase):
    """The members of a compressed file, one behind the other.

    `gzip` and `zstandard` have readers too, but theirs drop up to a block of good data before an error, and
    zstandard's takes a file that breaks off for a whole one.
    """

    def __init__(self, source: IO[bytes], new_member: Callable[[], _Member]) -> None:
        self._source = source
        self._new_member = new_member
        self._member: _Member | None = None
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready:
            chunk = self._rest or self._source.read(_CHUNK)
            self._rest = b""
            if not chunk:
                if self._member is not None:
                    raise EOFError("it ends before its end mark")
                return 0
            self._decompress(chunk)
        size = min(len(buffer), len(self._ready))
        buffer[:size] = self._ready[:size]
        self._ready = self._ready[size:]
        return size

    def _decompress(self, chunk: bytes) -> None:
        if self._member is None:
            chunk = chunk.lstrip(b"\0")  # tapes and block devices pad with zeros
            if not chunk:
                return
            self._member = self._new_member()
        self._ready = memoryview(self._member.decompress(chunk))
        if self._member.eof:
            self._rest = self._member.unused_data
            self._member = None
