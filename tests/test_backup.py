"""A backup: consistent while others write, whole or not at all, and good to begin again from."""

from __future__ import annotations

import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from storage import log, outbox
from storage.clock import now
from storage.database import open_database
from storage.events import SourceFailing
from tests.disks import whole
from tests.installation import ROOT, Installation, call, environment, rss, settings_in, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox

BIN = Path(sys.executable).parent


class Installed:
    """An installation as make run has it: the data in ./data, no setting but those of this test."""

    def __init__(self, folder: Path, smtp_url: str) -> None:
        self.folder, self.data = folder, folder / "data"
        self._environment = {
            name: value
            for name, value in environment(settings_in(self.data, smtp_url)).items()
            if name
            not in (
                "COMMUNIQUE_LOG_URL",
                "COMMUNIQUE_PEOPLE_URL",
                "COMMUNIQUE_SOURCES",
                "COMMUNIQUE_SECRET_KEY",
            )
        }

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, env=self._environment, cwd=self.folder, capture_output=True, text=True, check=False
        )

    def communique(self, *arguments: str) -> str:
        done = self.run("communique", *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@contextmanager
def writing(folder: Path) -> Iterator[threading.Event]:
    """Somebody who appends to the log and moves the checkpoint behind it, all the time, in a process of its
    own; the event is set when it has begun."""
    code = """
import sys
from contextlib import closing
from storage import log, outbox
from storage.clock import now
from storage.database import open_database
from storage.events import SourceFailing
number = 0
with (
    closing(open_database(f"sqlite:///{sys.argv[1]}/log.db", "log")) as log_db,
    closing(open_database(f"sqlite:///{sys.argv[1]}/people.db", "people")) as people_db,
):
    while True:
        number += 1
        with log_db.write(durable=False) as tx:
            log.append(tx, [SourceFailing(source=f"s{number % 7}", reason="no answer " * 50)] * 5, now())
            end = log.head(tx).position
        with people_db.write(durable=False) as tx:
            outbox.move_checkpoint(tx, "match", end)
        if number % 20 == 0:
            print(end, flush=True)
"""
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder)],
        env={**environment(settings_in(folder)), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        begun = threading.Event()

        def listen() -> None:
            assert writer.stdout
            for _ in writer.stdout:
                begun.set()

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield begun
            assert writer.poll() is None, "it has stopped writing"
        finally:
            writer.kill()
            thread.join()


def test_a_backup_while_others_write_is_consistent(here: Installation) -> None:
    positions = []
    with writing(here.folder) as begun:
        assert begun.wait(30)
        for number in range(3):
            copy = here.folder / f"copy{number}"
            done = here.run("backup", str(copy))
            assert done.returncode == 0, done.stderr
            positions.append(checked(copy))
    assert 0 < positions[0] < positions[1] < positions[2]


def checked(copy: Path) -> int:
    """Where the log of a backup ends, when both copies are whole and the log is not behind the people."""
    assert whole(copy)
    with closing(open_database(f"sqlite:///{copy}/log.db", "log")) as log_db:
        done = subprocess.run(
            [BIN / "communique", "verify"],
            env=environment(settings_in(copy)),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        with log_db.read() as tx:
            end = log.head(tx).position
    with closing(open_database(f"sqlite:///{copy}/people.db", "people")) as people_db, people_db.read() as tx:
        assert outbox.checkpoint(tx, "match") <= end
    return end


def test_a_backup_has_what_belongs_to_the_data_and_keeps_private_what_is(tmp_path: Path) -> None:
    place = Installed(tmp_path, "")
    place.communique("migrate")
    (place.data / "secret_key").write_text("the key that signed links\n")
    (place.data / "secret_key").chmod(0o600)
    (place.data / "sources.toml").write_text("# mine\n")
    copy = tmp_path / "kept"
    copy.mkdir()
    (copy / "notes.txt").write_text("not yours")
    place.communique("backup", str(copy))
    assert sorted(path.name for path in copy.iterdir()) == [
        *("log.db", "notes.txt", "people.db", "secret_key", "sources.toml"),
    ]
    assert (copy / "secret_key").read_text() == "the key that signed links\n"
    assert (copy / "sources.toml").read_text() == "# mine\n"
    assert (copy / "notes.txt").read_text() == "not yours"
    for name in ("people.db", "secret_key"):
        assert stat.S_IMODE((copy / name).stat().st_mode) == 0o600


@pytest.mark.parametrize("name", ["log.db", "people.db", "sources.toml"])
def test_a_backup_never_takes_the_place_of_anything(tmp_path: Path, name: str) -> None:
    place = Installed(tmp_path, "")
    place.communique("migrate")
    (place.data / "sources.toml").write_text("# mine\n")
    copy = tmp_path / "kept"
    copy.mkdir()
    (copy / name).write_text("an older one")
    done = place.run("communique", "backup", str(copy))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert f"{name} is there already" in done.stderr
    assert [path.name for path in copy.iterdir()] == [name]
    assert (copy / name).read_text() == "an older one"


INTERRUPTED = """
import os, pathlib, shutil, signal, sqlite3, sys
fatal, latest = int(sys.argv[1]), 0
def counting(function):
    def counted(*arguments, **named):
        global latest
        for after in (False, True):
            latest += 1
            if latest == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            if not after:
                result = function(*arguments, **named)
        return result
    return counted
class Connection(sqlite3.Connection):
    def backup(self, target):
        super().backup(target, pages=3, progress=counting(print))
connect = sqlite3.connect
sqlite3.connect = lambda *arguments, **named: connect(*arguments, **named, factory=Connection)
parts = (os, "fsync"), (os, "mkdir"), (pathlib.Path, "rename"), (shutil, "copy2"), (shutil, "rmtree")
for owner, name in parts:
    setattr(owner, name, counting(getattr(owner, name)))
from feed.cli import main
main(["backup", sys.argv[2]], standalone_mode=False)
print("calls", latest)
"""


def interrupted(here: Installation, copy: Path, call: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(call), str(copy)],
        env={**here.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_backup_that_is_killed_is_never_taken_for_a_good_one(here: Installation) -> None:
    with here.log_db.write() as tx:
        log.append(tx, [SourceFailing(source="a", reason="no answer")] * 50, now())
    done = interrupted(here, here.folder / "whole", 0)
    assert done.returncode == 0, done.stderr
    calls = int(done.stdout.split()[-1])
    assert calls > 40
    for number in range(1, calls + 1, calls // 8):
        copy = here.folder / f"copy{number}"
        assert interrupted(here, copy, number).returncode == -signal.SIGKILL
        if (copy / "log.db").exists():  # it comes last: then all is there
            assert checked(copy) == 50
        else:
            left = [path.name for path in copy.iterdir()] if copy.exists() else []
            assert all(name.startswith("unfinished-") or name == "people.db" for name in left)
    # What a killed one leaves is in nobody's way.
    copy = here.folder / "again"
    assert interrupted(here, copy, calls // 2).returncode == -signal.SIGKILL
    assert [path.name[:11] for path in copy.iterdir()] == ["unfinished-"]
    assert here.run("backup", str(copy)).returncode == 0
    assert checked(copy) == 50


def documented() -> str:
    """The commands that docs/operations.md gives for a restore."""
    text = (Path(ROOT) / "docs" / "operations.md").read_text(encoding="utf-8")
    section = text.partition("## Backup and restore")[2].partition("\n## ")[0]
    (block,) = re.findall(r"```sh\n(mv .*?)```", section, flags=re.DOTALL)
    return str(block)


def test_the_documented_restore_brings_everything_back(
    tmp_path: Path, government: Government, mailbox: Mailbox
) -> None:
    place = Installed(tmp_path, mailbox.smtp_url)
    place.data.mkdir()
    feed = government.serve("/feed", rss(call(1), visit(1)))
    (place.data / "sources.toml").write_text(
        f'[[source]]\nid = "mine"\nname = "Mine"\nurl = "{feed}"\ncountry = "GB"\nbody = "DSIT"\n'
    )
    place.communique("poll", "mine")
    place.communique("subscribers", "add", "anna@example.org")
    government.serve("/feed", rss(call(2), call(1), visit(1)))
    place.communique("poll", "mine")
    place.communique("deliver")
    assert len(mailbox.messages) == 1
    key = (place.data / "secret_key").read_bytes()
    verified = place.communique("verify")
    place.communique("backup", "backups/2026-11-23")
    # What comes after the backup, and the damage.
    government.serve("/feed", rss(call(3), call(2), call(1), visit(1)))
    place.communique("poll", "mine")
    (place.data / "log.db").write_bytes(b"damaged")
    (place.data / "log.db-wal").write_bytes(b"left behind")
    (place.data / "secret_key").unlink()
    done = place.run("bash", "-euc", documented())
    assert done.returncode == 0, done.stderr
    assert done.stdout == verified
    assert (place.data / "secret_key").read_bytes() == key
    assert stat.S_IMODE((place.data / "people.db").stat().st_mode) == 0o600
    assert "anna@example.org" in place.communique("subscribers")
    # What was recorded after the backup is polled again, since the feed still shows it.
    place.communique("poll", "mine")
    place.communique("deliver")
    assert [m["Subject"] for m in mailbox.messages][1:] == ["New call: Funding call 3: quantum networks"]
    assert whole(place.data)
