"""Bytes of a file in bounded blocks, unpacked where it is a gzip or Zstandard archive."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import zstandard

from warehouse.records.errors import SourceError
from warehouse.sources.chunks import Span

Told = Callable[[bytes], None]
"""What is told of the bytes of a file as they are read."""

BLOCK = 2 * 1024 * 1024
"""How many bytes are read at a time; larger blocks cost more in new memory than they save in calls."""

_GZIP_MAGIC = b"\x1f\x8b"
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# Four bytes of Zstandard can unpack to 128 KiB: small bites keep a hostile archive from filling the memory.
_ZSTD_BITE = 2_048


def packing(path: Path) -> str:
    """How the file is packed: "gzip", "zstd" or "" by its suffix, else by its first bytes."""
    suffix = {".gz": "gzip", ".gzip": "gzip", ".zst": "zstd", ".zstd": "zstd"}.get(path.suffix.lower())
    if suffix is not None:
        return suffix
    with path.open("rb") as file:
        magic = file.read(4)
    if magic.startswith(_GZIP_MAGIC):
        return "gzip"
    return "zstd" if magic == _ZSTD_MAGIC else ""


def blocks(path: Path, span: Span, told: Told | None = None) -> Iterator[tuple[bytes, int]]:
    """Unpacked bytes in blocks of about 2 MiB, each with the count of file bytes read so far.

    `told` is given the bytes of the span as they are read, still packed.

    Raises:
        SourceError: the file cannot be opened, or an archive is cut or damaged; blocks given out before are good.
    """
    try:
        with path.open("rb") as file:
            file.seek(span.start)
            yield from _gathered(_unpacked(path, _Bounded(file, span, told)))
    except (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError) as error:
        raise SourceError(f"The archive {path.name} is cut or damaged ({error}).") from error
    except OSError as error:
        raise SourceError(f"{path.name} cannot be read: {error.strerror or error}.", transient=True) from error


class _Bounded:
    """The bytes of a span of an open file, each told of as it is read."""

    def __init__(self, file: BinaryIO, span: Span, told: Told | None) -> None:
        self._file = file
        self._stop = span.stop
        self._told = told

    def read(self, size: int) -> bytes:
        data = self._file.read(min(size, max(0, self._stop - self._file.tell())))
        if self._told is not None:
            self._told(data)
        return data

    def tell(self) -> int:
        return self._file.tell()


def _unpacked(path: Path, file: _Bounded) -> Iterator[tuple[bytes, int]]:
    match packing(path):
        case "gzip":
            yield from _gunzipped(file)
        case "zstd":
            yield from _unzstandarded(file)
        case _:
            yield from _plain(file)


def _plain(file: _Bounded) -> Iterator[tuple[bytes, int]]:
    while data := file.read(BLOCK):
        yield data, file.tell()


def _gunzipped(file: _Bounded) -> Iterator[tuple[bytes, int]]:
    with gzip.GzipFile(fileobj=cast(BinaryIO, file), mode="rb") as archive:
        # read1: a plain read would throw away what it had unpacked when it meets the cut.
        while data := archive.read1(BLOCK):
            yield data, file.tell()
    if file.tell() == 0:
        raise EOFError("it is empty")


def _unzstandarded(file: _Bounded) -> Iterator[tuple[bytes, int]]:
    frame = None
    while bite := file.read(_ZSTD_BITE):
        while bite:
            frame = frame or zstandard.ZstdDecompressor().decompressobj()
            yield frame.decompress(bite), file.tell()
            bite = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = None
    if frame is not None or file.tell() == 0:
        raise EOFError("it ends in the middle of a frame" if frame else "it is empty")


def _gathered(pieces: Iterator[tuple[bytes, int]]) -> Iterator[tuple[bytes, int]]:
    held: list[bytes] = []
    size = done = 0
    try:
        for data, done in pieces:
            held.append(data)
            size += len(data)
            if size >= BLOCK:
                yield b"".join(held), done
                held, size = [], 0
    except Exception:
        # What was unpacked before the damage is good.
        yield b"".join(held), done
        raise
    if held:
        yield b"".join(held), done
