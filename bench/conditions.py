"""What the benchmark's server is to serve, and the server's process as the benchmark holds it.

Small on purpose: what the process that measures holds in memory counts in the peaks that it measures.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

ENTRIES = 20
"""So many entries has a feed."""


@dataclass(frozen=True, slots=True)
class Conditions:
    """So many feeds, of which the first `changed` have `new` entries more than before; with ETags or without;
    each answer after `delay` seconds; `rough`: one feed in twenty answers 500, one is slow, one malformed,
    and one in fifty huge."""

    feeds: int = 0
    changed: int = 0
    new: int = 1
    validators: bool = True
    delay: float = 0.0
    rough: bool = False


class Server:
    """A bench.server in its process."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.base = f"http://127.0.0.1:{int(self._hear())}"

    def show(self, conditions: Conditions) -> None:
        """Serve this from now on."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps(dataclasses.asdict(conditions)) + "\n")
        self._process.stdin.flush()
        self._hear()

    def _hear(self) -> str:
        assert self._process.stdout
        if line := self._process.stdout.readline():
            return line
        raise RuntimeError("the benchmark's server has ended")


@contextmanager
def running() -> Iterator[Server]:
    """A server until the block ends."""
    command = [sys.executable, "-m", "bench.server"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Server(process)  # leaving closes its input, at which it ends, and waits for it
