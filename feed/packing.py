"""Files of lines, packed as their name says: plain, gzip (`.gz`), Zstandard (`.zst`); `-` is standard input
or output.

The only module that may import a library for packing. May not know what a line says.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, BinaryIO, cast

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

STANDARD = "-"


class Unreadable(Exception):
    """A file that breaks off, or that is not packed the way its name says."""


@contextmanager
def written(name: str) -> Iterator[IO[bytes]]:
    """A file to write to. It takes the place of one that is there when it is whole, and not before; what is
    written is the same bytes for the same content. Raises OSError."""
    if name == STANDARD:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(name).resolve()
    if path.exists() and not path.is_file():  # a device, a pipe
        with path.open("wb") as file, _packed(path, file) as packed:
            yield packed
        return
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("wb") as file, _packed(path, file) as packed:
            yield packed
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


class Unpacked:
    """A file to read from, line by line; `size` in bytes as it lies on the disk, 0 where
    nobody knows."""

    def __init__(self, name: str, limit: int) -> None:
        """`limit` is the longest line in bytes. Raises OSError."""
        self.name = name
        self._limit = limit
        self._open = ExitStack()
        if name == STANDARD:
            self._raw, self.size = sys.stdin.buffer, 0
            self._file: IO[bytes] = self._raw
            return
        path = Path(name)
        self._raw = self._open.enter_context(path.open("rb"))
        self.size = path.stat().st_size
        self._file = self._open.enter_context(_packed(path, self._raw))

    @property
    def at(self) -> int:
        """So many bytes of the file were read."""
        return self._raw.tell() if self.size else 0

    def lines(self) -> Iterator[bytes]:
        """The lines, each without its newline. Raises Unreadable."""
        try:
            while line := self._file.readline(self._limit + 1):
                if not line.endswith(b"\n"):
                    raise Unreadable(
                        f"a line is longer than {self._limit // 1_000_000} MB"
                        if len(line) > self._limit
                        else "the file breaks off in the middle of a line"
                    )
                yield line[:-1]
        except EOFError:
            raise Unreadable("the file breaks off in the middle: it was not copied whole") from None
        except (gzip.BadGzipFile, zlib.error, zstd.ZstdError) as error:
            raise Unreadable(f"the file is damaged, or not packed as its name says: {error}") from None

    def __enter__(self) -> Unpacked:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()


def _packed(path: Path, file: BinaryIO) -> IO[bytes]:
    """What packs into, or unpacks from, the open file."""
    mode = "wb" if file.writable() else "rb"
    if path.suffix == ".gz":
        # Neither name nor time: the same log is the same file.
        return cast(IO[bytes], gzip.GzipFile("", mode, 6, file, mtime=0))
    if path.suffix == ".zst":
        if mode == "rb":
            return cast(IO[bytes], zstd.ZstdFile(file))
        checked: dict[int, int] = {zstd.CompressionParameter.checksum_flag: 1}
        return cast(IO[bytes], zstd.ZstdFile(file, "wb", options=checked))
    return file
