"""Kill polling and delivering at random moments, many times: `python -m tests.killing [RUNS] [--seed N]`.

In each run five feeds publish something, and a process polls them and mails the subscribers, until SIGKILL
comes after a random share of the time that an undisturbed run takes (or a bit more, since there is more to
do after a death). The next run starts on what that left.
After each the log has to verify and both files have to be whole; in the end nothing may be lost, and doubled
only what the mail server had accepted before we noted it, under the same Message-ID.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from notifier import deliver
from storage import log, people
from storage.clock import now
from storage.database import open_database
from tests.installation import ROOT, Installation, environment, settings_in
from tests.world.government import Government
from tests.world.invented import invented
from tests.world.mailbox import Mailbox

SUBSCRIBERS = {
    "anna@example.org": "",
    "bert@example.org": "kind=call",
    "cora@example.org": "country=IN",
    "dora@example.org": "kind=initiative&technology=ai&technology=quantum&technology=space",
    "emil@example.org": "kind=call&country=US&min_amount=5000000USD",
}
CALLS, INITIATIVES = (1, 3, 7), (4, 9)
"""Which of ten invented announcements tell of a call, and which of an initiative."""
WINDOW = ("before step 9 (send)", "before step 10 (settle)", "inside step 10")
"""Where a message may have been accepted and not yet be settled."""


@dataclass(frozen=True)
class Run:
    """How one run went: the last step that it said, whether it was killed, how long it took in seconds from
    where it was ready, how many calls it counted (0: killed)."""

    last: str
    killed: bool
    seconds: float
    calls: int


@dataclass
class Trial:
    """An installation with subscribers, a government that publishes, a mailbox. Between the runs nobody has
    the files open, so that each starts on what the one before left."""

    folder: Path
    government: Government
    mailbox: Mailbox
    random: Random
    published: Counter[str] = field(default_factory=Counter)
    told: set[str] = field(default_factory=set)
    number: int = 0
    silent: str = ""
    """A feed that publishes nothing."""

    def begin(self) -> None:
        """A first poll of what is there already, which is mailed to nobody; then people subscribe."""
        (self.folder / "sources.toml").write_text(self.government.sources_toml(0.01), encoding="utf-8")
        self.publish(10)
        self.run()
        with self.opened() as here:
            for email, query in SUBSCRIBERS.items():
                here.subscribe(email, query)

    @contextmanager
    def opened(self) -> Iterator[Installation]:
        """The installation, with its files open."""
        here = Installation(self.folder, smtp_url=self.mailbox.smtp_url, keep_sources=True)
        try:
            yield here
        finally:
            here.close()

    def publish(self, count: int) -> None:
        """So many new announcements, some of them on two feeds."""
        for _ in range(count):
            while invented(self.number, now().date())[0] == self.silent:
                self.number += 1
            feed, also, entry = invented(self.number, now().date())
            url = self.government.publish(feed, entry)
            if also:
                self.government.publish(also, entry)
            self.published[url] += 1
            if self.number % 10 in (*CALLS, *INITIATIVES):
                self.told.add(url)
            self.number += 1

    def run(self, *, seconds: float | None = None, call: int | None = None) -> Run:
        """Poll and deliver in a process of its own, killed after `seconds` or at the `call`, if it lives."""
        told, says = os.pipe()
        command = f'exec "$0" -m tests.victim {call or ""} 3>&{says}'
        with subprocess.Popen(
            ["bash", "-c", command, sys.executable],
            cwd=ROOT,
            env={**environment(settings_in(self.folder, self.mailbox.smtp_url)), "PYTHONPATH": str(ROOT)},
            pass_fds=[says],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        ) as victim:
            os.close(says)
            with os.fdopen(told, encoding="utf-8") as voice:
                steps = [voice.readline().strip()]
                began = time.monotonic()
                if seconds is not None:
                    time.sleep(seconds)
                    victim.kill()
                steps += voice.read().splitlines()
            took = time.monotonic() - began
            output, _ = victim.communicate()
        last = steps[-1].split()[0] if steps[-1].startswith("end") else steps[-1]
        killed = victim.returncode == -signal.SIGKILL
        assert killed or (victim.returncode == 0 and last == "end"), output.decode()
        return Run(last or "before it was ready", killed, took, 0 if killed else int(steps[-1].split()[1]))

    def check_files(self) -> None:
        """The log verifies and both files are whole: seen on copies, so that the next run finds what the
        kill left, write-ahead logs and all."""
        with tempfile.TemporaryDirectory() as folder:
            copy = Path(folder) / "copy"
            shutil.copytree(self.folder, copy)
            done = subprocess.run(
                [Path(sys.executable).with_name("communique"), "verify"],
                env=environment(settings_in(copy)),
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, done.stderr
            for name in ("log.db", "people.db"):
                with closing(sqlite3.connect(copy / name)) as opened:
                    found = [row[0] for row in opened.execute("PRAGMA integrity_check")]
                assert found == ["ok"], f"{name}: {found}"

    def finish(self) -> None:
        """Clean runs, until nothing is left to do."""
        self.run()
        before = len(self.mailbox.messages)
        self.run()
        assert len(self.mailbox.messages) == before, "a second clean run had still something to mail"
        self.check_files()

    def check(self) -> dict[str, int]:
        """After `finish`: nothing is lost, nothing is doubled but in the window; the figures."""
        with self.opened() as here:
            self._check_log(here)
            expected = self._expected(here)
            sent, doubled = self._sent(here)
            events = len(here.events())
        assert set(sent) == expected, f"lost {expected - set(sent)}, invented {set(sent) - expected}"
        assert set(sent.values()) <= {1}, f"under two Message-IDs: {[k for k, n in sent.items() if n > 1]}"
        return {
            "announcements": len(self.published),
            "events": events,
            "alerts": len(expected),
            "messages": len(self.mailbox.messages),
            "doubled": doubled,
        }

    def _check_log(self, here: Installation) -> None:
        recorded = Counter(event.payload["url"] for event in here.events("AnnouncementPublished"))
        gaps = [event.payload for event in here.events("SourceGap")]
        assert not gaps, f"more was published between two whole runs than a feed shows: {gaps}"
        lost, more = self.published - recorded, recorded - self.published
        assert not lost and not more, f"lost {lost}, more than once {more}"
        tellings = Counter(
            event.payload["url"]
            for event in here.events("CallAnnounced", "InitiativeAnnounced", "SubjectLinked")
        )
        lost, more = Counter(self.told) - tellings, tellings - Counter(self.told)
        assert not lost and not more, f"lost {lost}, told more than once {more}"

    def _expected(self, here: Installation) -> set[tuple[str, int]]:
        """Who should have which event: what the finished log says to people whom nobody ever disturbed."""
        after = max(event.position for event in here.events() if event.payload.get("backfill"))
        with tempfile.TemporaryDirectory() as folder:
            fresh = open_database(f"sqlite:///{folder}/people.db", "people")
            with fresh.write() as tx:
                for email, query in SUBSCRIBERS.items():
                    subscription = people.subscribe(tx, email, query, "immediate", now())
                    people.confirm(tx, subscription.id, after, now())
            owed = deliver.rehearse(here.log_db, fresh)
            fresh.close()
        return {(item.subscription.email, item.entry.event.position) for item in owed}

    def _sent(self, here: Installation) -> tuple[Counter[tuple[str, int]], int]:
        """How many different messages brought which event to whom, and how many messages came again."""
        with here.people_db.read() as tx:
            rows = tx.execute("SELECT batch, position, state FROM deliveries").fetchall()
        assert {row["state"] for row in rows} <= {"sent"}, "something is still owed"
        with here.log_db.read() as tx:
            subjects = {event.position: event.payload.get("subject") for event in log.read(tx)}
        sent: Counter[tuple[str, int]] = Counter()
        arrived = Counter((m.envelope_rcpt[0], m["Message-ID"], _told_in(m)) for m in self.mailbox.messages)
        for recipient, key, shown in arrived:
            positions = [row["position"] for row in rows if row["batch"] == key[1:].partition("@")[0]]
            assert sorted(str(subjects[position]) for position in positions) == sorted(shown)
            sent.update((recipient, position) for position in positions)
        return sent, arrived.total() - len(arrived)


def _told_in(message: Any) -> tuple[str, ...]:
    """The subjects that a message tells of, one for each event."""
    page = message.get_body(("plain",)).get_content()
    return tuple(
        line.rpartition("/subjects/")[2].strip() for line in page.splitlines() if "/subjects/" in line
    )


def main() -> None:
    """The runs and their table."""
    options = argparse.ArgumentParser(prog="python -m tests.killing", description=__doc__)
    options.add_argument("runs", type=int, nargs="?", default=300, metavar="RUNS")
    options.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    asked = options.parse_args()
    print(f"{asked.runs} runs, seed {asked.seed}", flush=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        Government(empty=True) as government,
        Mailbox() as mailbox,
    ):
        _play(Trial(Path(folder), government, mailbox, Random(asked.seed)), asked.runs)


def _play(trial: Trial, runs: int) -> None:
    trial.begin()
    undisturbed: deque[float] = deque(maxlen=5)
    places: Counter[str] = Counter()
    for number in range(1, runs + 1):
        # A feed shows twenty entries: what is published between two whole runs must fit. And the time that
        # a run takes changes with what else the machine does.
        for _ in range(5 if number == 1 else number % 10 == 0):
            trial.publish(trial.random.randint(1, 4))
            undisturbed.append(trial.run().seconds)
        whole = statistics.median(undisturbed)
        trial.publish(trial.random.randint(1, 4))
        run = trial.run(seconds=trial.random.random() * 1.25 * whole)
        places[run.last if run.killed else "not at all: it was done already"] += 1
        trial.check_files()
        if number % 25 == 0:
            print(
                f"{number} runs of {whole:.2f} s at most, the log verifies, both files are whole", flush=True
            )
    trial.finish()
    figures = trial.check()
    window = sum(places[place] for place in WINDOW)
    print(f"\n{'killed after it said':44} runs")
    for place, count in sorted(places.items(), key=lambda item: _order(item[0])):
        print(f"{place:44} {count:4}")
    print()
    for name, count in {"runs": runs, **figures}.items():
        print(f"{name:44} {count:4}")
    assert figures["doubled"] <= window, (
        f"{figures['doubled']} doubled, but only {window} died where it may be"
    )
    print("\nno event lost, none doubled; no alert lost, doubled under the same Message-ID only")


def _order(place: str) -> tuple[int, str]:
    steps = [int(word) for word in place.replace(",", " ").split() if word.isdigit()]
    return (steps[0], place) if steps else (0 if place == "ready" else 99, place)


if __name__ == "__main__":
    main()
