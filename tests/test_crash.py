"""Die anywhere between fetch and settle, start again: nothing is lost, and at most one message goes twice."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from storage import holders, outbox
from storage.verify import verify
from tests.crashing import POINTS, WINDOW, Crash, at, work
from tests.installation import ROOT, Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox


@pytest.fixture
def eve(here: Installation, government: Government) -> Iterator[Installation]:
    """The moment before: a source that was polled, a subscriber, and a call that was just published."""
    here.watch("dsit", government.serve("/feed", rss(visit(1)), headers={"ETag": '"before"'}))
    here.poll()
    here.subscribe("anna@example.org")
    here.deliver()
    government.serve("/feed", rss(call(2), visit(1)), headers={"ETag": '"after"'})
    yield here


def shows_nothing_lost(here: Installation, mailbox: Mailbox, point: str) -> None:
    """After a clean run behind the crash, and one more to show that it is over."""
    work(here)
    first = len(mailbox.messages)
    work(here)
    assert len(mailbox.messages) == first
    assert len(here.events("CallAnnounced")) == 1
    assert len(here.events("AnnouncementPublished")) == 2
    assert verify(here.log_db).position == 3
    assert here.cursor("dsit").etag == '"after"'
    with here.people_db.read() as tx:
        assert outbox.pending(tx) == 0
    assert len(mailbox.messages) == (2 if point in WINDOW else 1)
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1


@pytest.mark.parametrize("point", POINTS)
def test_an_exception_at_any_step_loses_nothing(
    eve: Installation, mailbox: Mailbox, point: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise Crash

    with monkeypatch.context() as patches:
        at(point, die, patches.setattr)
        with pytest.raises(Crash):
            work(eve)
    holders.me.cache_clear()  # the process that starts again is another one
    shows_nothing_lost(eve, mailbox, point)


@pytest.mark.parametrize("point", POINTS)
def test_kill_9_at_any_step_loses_nothing(eve: Installation, mailbox: Mailbox, point: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-m", "tests.crashing", str(eve.folder), mailbox.smtp_url, point],
        cwd=ROOT,
        env={**eve.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    shows_nothing_lost(eve, mailbox, point)


def test_the_points_cover_every_numbered_step() -> None:
    numbered = {int(word) for point in POINTS for word in point.replace(",", " ").split() if word.isdigit()}
    assert numbered == set(range(1, 11))
    architecture = (Path(ROOT) / "docs" / "architecture.md").read_text(encoding="utf-8")
    for number in numbered:
        assert f"| {number} |" in architecture
