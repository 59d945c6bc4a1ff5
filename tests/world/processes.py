"""Several processes that live and end together: honcho's Manager, made sure to end in every case."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import threading
import urllib.request
from collections.abc import Collection, Mapping
from types import FrameType
from urllib.error import URLError

from honcho.manager import Manager  # type: ignore[import-untyped]
from honcho.printer import Printer  # type: ignore[import-untyped]


class Processes(Manager):  # type: ignore[misc]  # honcho has no types
    """Runs what was added until one ends or a signal comes; says where to look once all answer."""

    def __init__(self, first: Mapping[str, str], ready: list[str], announcement: str) -> None:
        """`first` names the processes that must answer, at these addresses, before the others start."""
        # Lines that come after the terminal went away must not keep the processes from being ended.
        super().__init__(Printer(_Unbroken()))
        self._first, self._ready, self._announcement = first, ready, announcement
        self._ending = threading.Event()
        self._ended_first: list[tuple[str, int]] = []
        self.asked_to_stop = False

    def loop(self) -> None:
        """Starts everything and returns when everything has ended."""
        try:
            super().loop()
        finally:
            self._ending.set()
            for process in self._processes.values():
                process["process"].join(timeout=1)

    def what_ended(self) -> str:
        """Which process ended first, and how."""
        name, status = next(iter(self._ended_first), ("a process", 1))
        return f"{name} ended by itself (exit status {status})"

    def terminate(self) -> None:
        """Tells every process to end; one that is only being started is told as soon as it is there."""
        self._ending.set()
        if self.returncode in (signal.SIGINT + 128, signal.SIGTERM + 128) and not self._any_stopped():
            self.asked_to_stop = True
        elif not self._ended_first and not self.asked_to_stop:
            self._ended_first = [
                (name, known["returncode"])
                for name, known in self._processes.items()
                if "returncode" in known
            ]
        if self._all_started():
            super().terminate()

    def _start(self) -> None:
        signal.signal(signal.SIGHUP, self._hung_up)
        self._start_these(self._first)
        # A poll of a feed that is not there yet would be noted as a failure, and waited for.
        while not all(map(_answers, self._first.values())):
            alive = all(self._processes[name]["process"].is_alive() for name in self._first)
            if not alive or self._ending.wait(0.1):
                for name in self._processes.keys() - self._first.keys():
                    del self._processes[name]
                return
        self._start_these(self._processes.keys() - self._first.keys())
        # Only now, since the processes are forked: a fork beside a running thread is not safe.
        threading.Thread(target=self._announce, daemon=True).start()

    def _start_these(self, names: Collection[str]) -> None:
        for name, known in self._processes.items():
            if name in names:
                run = known["obj"].run
                known["process"] = multiprocessing.Process(name=name, target=run, args=(self.events, True))
                known["process"].start()

    def _all_started(self) -> bool:
        # Asked in each round of the loop: here an end that came too early for honcho is made good.
        started: bool = super()._all_started()
        if started and self._ending.is_set() and not self._terminating:
            super().terminate()
        return started

    def _hung_up(self, number: int, frame: FrameType | None) -> None:
        self.returncode = signal.SIGTERM + 128
        self.terminate()

    def _announce(self) -> None:
        waiting = list(self._ready)
        while waiting and not self._ending.wait(0.2):
            if _answers(waiting[0]):
                waiting.pop(0)
        if not waiting:
            print(self._announcement, file=self._printer.output, flush=True)


def _answers(url: str) -> bool:
    # Without a proxy, whatever the environment says: these addresses are on this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


class _Unbroken:
    """Standard output that goes quiet, rather than fails, when nobody reads it any more."""

    def write(self, text: str) -> int:
        try:
            return sys.stdout.write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            sys.stdout.flush()
        except OSError:
            return

    def isatty(self) -> bool:
        return sys.stdout.isatty()
