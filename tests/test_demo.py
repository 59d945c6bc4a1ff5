"""`make demo`, driven as a person drives it: start, subscribe, confirm, receive, unsubscribe, stop."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from tests.installation import ROOT

LONGEST = 60.0


class Demo:
    """The demo as a process group, and what a person at its addresses sees."""

    def __init__(self) -> None:
        self.app, smtp, self.inbox, self.government = (f"{port}" for port in _free_ports(4))
        command = [sys.executable, "-u", "-m", "tests.world.demo", "--every", "1"]
        command += ["--app-port", self.app, "--smtp-port", smtp]
        command += ["--inbox-port", self.inbox, "--government-port", self.government]
        self.process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said: list[str] = []

    def hear(self, words: str) -> str:
        """Read on until a line has these words."""
        assert self.process.stdout
        for line in self.process.stdout:
            self.said.append(line)
            if words in line:
                return line
        raise AssertionError(f"the demo ended without saying {words!r}:\n{''.join(self.said)}")

    def open(self, port: str, path: str, form: dict[str, str] | None = None) -> str:
        url = path if path.startswith("http") else f"http://127.0.0.1:{port}{path}"
        data = urllib.parse.urlencode(form).encode() if form is not None else None
        with urllib.request.urlopen(url, data, timeout=20) as answer:
            return str(answer.read().decode())

    def mail(self, wanted: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first message that fits; reads on in what the demo says until it is there."""
        while True:
            for message in json.loads(self.open(self.inbox, "/messages.json")):
                if wanted(message):
                    return dict(message)
            self.hear("mailbox ")

    def stop(self) -> int:
        """Ctrl-C, as a terminal sends it: to the whole group."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        rest, _ = self.process.communicate(timeout=30)
        self.said.append(rest)
        return self.process.returncode


@pytest.fixture
def demo() -> Iterator[Demo]:
    demo = Demo()
    # A demo that says nothing any more does not keep the tests for ever.
    watchdog = threading.Timer(LONGEST, os.killpg, (demo.process.pid, signal.SIGTERM))
    watchdog.start()
    try:
        yield demo
    finally:
        watchdog.cancel()
        demo.stop()


def test_the_whole_demo(demo: Demo) -> None:
    demo.hear("Ctrl-C ends it all")
    assert "5 sources watched" in demo.open(demo.app, "/")
    page = demo.open(
        demo.app,
        "/subscribe",
        {"email": "anna@example.org", "kind": "call", "technology": "telecoms", "partners": "GB-IN"},
    )
    assert "look into your inbox" in page

    request = demo.mail(lambda message: "confirm" in message["subject"].lower())
    confirm = _link(request, "/subscriptions/confirm/")
    assert "Yes, subscribe me" in demo.open(demo.app, confirm)
    assert "You are subscribed" in demo.open(demo.app, confirm, {})

    alert = demo.mail(lambda message: "£7,000,000" in message["text"])
    assert alert["to"] == ["anna@example.org"]
    assert alert["subject"].startswith("New call: ")
    # Whichever of the two governments was read first.
    for words in ("Telecommunications", "United Kingdom and India", "Department of Science and Technology"):
        assert words in " ".join(alert["text"].split())
    unsubscribe = _link(alert, "/unsubscribe/")
    assert "Unsubscribe?" in demo.open(demo.app, unsubscribe)
    assert "You are unsubscribed" in demo.open(demo.app, unsubscribe, {"List-Unsubscribe": "One-Click"})
    with pytest.raises(urllib.error.HTTPError, match="410"):
        demo.open(demo.app, unsubscribe)

    assert demo.stop() == 0, "".join(demo.said)
    with pytest.raises(ProcessLookupError):
        os.killpg(demo.process.pid, 0)
    for port in (demo.app, demo.inbox, demo.government):
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", int(port)), timeout=1)


def _link(message: dict[str, Any], part: str) -> str:
    found = re.search(rf"http://127\.0\.0\.1:\d+{part}\S+", message["text"])
    assert found, message["text"]
    return found[0]


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for taken in sockets:
            taken.bind(("127.0.0.1", 0))
        return [taken.getsockname()[1] for taken in sockets]
