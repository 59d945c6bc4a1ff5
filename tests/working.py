"""A real worker process, and what it says."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.installation import Installation


class Worker:
    """A worker that runs, and what it says."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.lines: list[str] = []
        self._said = threading.Condition()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def says(self, words: str) -> bool:
        """Wait until it has said these words."""
        with self._said:
            return self._said.wait_for(lambda: any(words in line for line in self.lines), 30)

    def stop(self) -> None:
        self.process.terminate()
        self._thread.join()
        assert self.process.wait(timeout=30) == 0, self.lines

    def _listen(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            with self._said:
                self.lines.append(line)
                self._said.notify_all()


@contextmanager
def working(here: Installation, before: Sequence[str] = ()) -> Iterator[Worker]:
    """A worker on this installation, which looks for due sources ten times a second; it is stopped at the
    end. `before` stands before its command."""
    with subprocess.Popen(
        [*before, str(Path(sys.executable).with_name("communique")), "work"],
        env={**here.environment, "COMMUNIQUE_POLL_SECONDS": "0.1"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        worker = Worker(process)
        try:
            yield worker
            worker.stop()
        finally:
            process.kill()
