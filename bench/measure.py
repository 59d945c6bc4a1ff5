"""What a child process took, start-up included, and tables of it.

CPU seconds are the figure that a noisy machine distorts least. May not know what is measured.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

LAST_WORDS = 2_000
"""So much of what a failed command said is shown."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What one command took: user and system seconds together, seconds by the clock on the wall, and the
    most memory that it held (MB). `counts` are the numbers of its last line, by the words behind them."""

    cpu: float
    wall: float
    peak: float
    counts: Mapping[str, int]


def run(command: Sequence[str], environment: Mapping[str, str], folder: Path) -> Usage:
    """Run the command in this folder. Raises RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile("w+") as said, tempfile.TemporaryFile("w+") as complained:
        started = time.perf_counter()
        process = subprocess.Popen(command, env=dict(environment), cwd=folder, stdout=said, stderr=complained)
        # The usage of this child alone; and a peak begins at what its parent held, which is little here.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        last = (said.read().splitlines() or [""])[-1]
        if process.returncode:
            complained.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed:\n{complained.read()[-LAST_WORDS:]}")
    counts = {name: int(count) for count, name in re.findall(r"(\d+) ([a-z ]+)", last)}
    peak = used.ru_maxrss / (1024 * 1024 if sys.platform == "darwin" else 1024)
    return Usage(used.ru_utime + used.ru_stime, wall, peak, counts)


def middle(usages: Sequence[Usage]) -> Usage:
    """The medians of several runs, each figure by itself; the counts are those of the last."""
    return Usage(
        statistics.median(usage.cpu for usage in usages),
        statistics.median(usage.wall for usage in usages),
        statistics.median(usage.peak for usage in usages),
        usages[-1].counts,
    )


def table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table with aligned columns, as Markdown."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    print(f"{title}\n")
    for row in (head, ["-" * width for width in widths], *rows):
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |")
    sys.stdout.flush()
