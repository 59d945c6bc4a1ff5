"""A disk that is full: a clear line, nothing lost, nothing doubled, and no hand needed afterwards."""

from __future__ import annotations

import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from storage import people
from storage.errors import StorageError
from storage.sqlite import SqliteDatabase
from tests.disks import WRITING, fill, no_room_for, small_disk, whole, without_room, write_list
from tests.installation import ROOT, Installation, call, environment, rss, settings_in, visit
from tests.working import Worker, working
from tests.world.government import Government
from tests.world.mailbox import Mailbox

FULL = "cannot be read or written"
"""How a limit on the size of files is told; a full file system says that it is full."""


@pytest.fixture
def eve(here: Installation, government: Government) -> Installation:
    """A source that was polled, a subscriber, and a call that was just published."""
    here.watch("dsit", government.serve("/feed", rss(visit(1))), interval_minutes=0.001)
    here.poll()
    here.subscribe("anna@example.org")
    here.deliver()
    government.serve("/feed", rss(call(2), visit(1)))
    return here


def told_once(here: Installation, mailbox: Mailbox) -> None:
    """The call of `eve` is recorded once and mailed once, and nothing is broken."""
    assert len(here.events("AnnouncementPublished")) == 2
    assert len(here.events("CallAnnounced")) == 1
    assert [m["Subject"] for m in mailbox.messages] == ["New call: Funding call 2: quantum networks"]
    assert here.run("verify").returncode == 0
    assert whole(here.folder)


@pytest.mark.parametrize("arguments", [*WRITING, ("backup", "copy")], ids=" ".join)
def test_a_command_that_cannot_write_says_so_in_one_line_and_can_be_said_again(
    eve: Installation, arguments: tuple[str, ...]
) -> None:
    write_list(eve.folder)
    before = sorted(path.name for path in eve.folder.iterdir())
    catalogue = (eve.folder / "sources.toml").read_bytes()
    done = eve.run(*arguments, before=without_room())
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert FULL in done.stderr or "File too large" in done.stderr, done.stderr
    assert sorted(path.name for path in eve.folder.iterdir()) == before
    assert (eve.folder / "sources.toml").read_bytes() == catalogue
    again = eve.run(*arguments)
    assert again.returncode == 0, again.stderr
    assert whole(eve.folder)


@pytest.mark.parametrize(
    "arguments",
    [("verify",), ("log",), ("sources", "list", "--json"), ("subscribers",), ("doctor",)],
    ids=" ".join,
)
def test_what_only_reads_needs_no_room(eve: Installation, arguments: tuple[str, ...]) -> None:
    with_room = eve.run(*arguments).stdout
    eve.close()  # so that nobody keeps the files beside the databases, which SQLite would have to make
    done = eve.run(*arguments, before=without_room())
    assert done.returncode == 0, done.stderr
    assert done.stdout == with_room


@pytest.mark.parametrize("kilobytes", [8, 40, 120])
def test_wherever_the_room_ends_the_next_run_makes_it_good(
    eve: Installation, government: Government, mailbox: Mailbox, kilobytes: int
) -> None:
    eve.log_db.close()
    eve.people_db.close()
    eve.run("poll", "--all", before=without_room(kilobytes))
    eve.run("deliver", before=without_room(kilobytes))
    assert whole(eve.folder)
    eve.run("poll", "--all")
    eve.run("deliver")
    told_once(eve, mailbox)


@pytest.mark.parametrize("kilobytes", [0, 4, 40, 100])
def test_a_migration_without_room_leaves_nothing_that_keeps_the_next_from_it(
    tmp_path: Path, kilobytes: int
) -> None:
    command = [str(Path(sys.executable).with_name("communique")), "migrate"]
    ask: dict[str, Any] = {"env": environment(settings_in(tmp_path)), "capture_output": True, "text": True}
    done = subprocess.run([*without_room(kilobytes), *command], check=False, **ask)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    done = subprocess.run(command, check=False, **ask)
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path)


def test_a_secret_key_that_cannot_be_kept_is_none(eve: Installation) -> None:
    before = sorted(eve.folder.iterdir())
    done = eve.run("web", before=without_room(), COMMUNIQUE_SECRET_KEY="")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "cannot keep a secret key" in done.stderr
    assert sorted(eve.folder.iterdir()) == before
    (eve.folder / "secret_key").write_text("\n")  # as a power cut can leave it
    done = eve.run("web", COMMUNIQUE_SECRET_KEY="")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "secret_key is empty" in done.stderr


def test_pages_are_served_without_room_and_a_form_says_to_come_back(eve: Installation) -> None:
    eve.close()
    code = """
from feed.app import create_app
browser = create_app().test_client()
for address in ("/", "/events", "/feed.atom", "/sources", "/subscribe", "/healthz"):
    print(address, browser.get(address).status_code)
answer = browser.post("/subscribe", data={"email": "new@example.org"})
print("post", answer.status_code, "Please try again in a minute." in answer.text)
"""
    done = subprocess.run(
        [*without_room(), sys.executable, "-c", code],
        env={**eve.environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    *pages, posted = done.stdout.splitlines()
    assert [line.split()[1] for line in pages] == ["200"] * 6
    assert posted == "post 503 True"


def test_a_worker_without_room_goes_on_trying_and_recovers_by_itself(
    eve: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(visit(1)))
    with working(eve) as worker:
        count = len(government.requests)
        assert government.wait_for(lambda requests: len(requests) > count + 1)
        with no_room_for(worker.process.pid):
            government.serve("/feed", rss(call(2), visit(1)))
            assert worker.says(FULL)
        assert mailbox.wait_for(lambda messages: len(messages) == 1)
        # What comes later is told, too: nothing of the trouble is left.
        government.serve("/feed", rss(call(3), call(2), visit(1)))
        assert mailbox.wait_for(lambda messages: len(messages) == 2)
    assert len(worker.lines) < 20, worker.lines
    assert not any("Traceback" in line for line in worker.lines)
    assert len(eve.events("CallAnnounced")) == 2
    assert len({m["Subject"] for m in mailbox.messages}) == len(mailbox.messages) == 2
    assert whole(eve.folder)


def test_what_left_and_could_not_be_settled_is_not_sent_again(tmp_path: Path, government: Government) -> None:
    """The disk is full at the very moment in which the mail server accepts the message."""
    full = threading.Event()

    class Filling(Mailbox):
        room: Any = None

        async def handle_DATA(self, *arguments: Any) -> str:
            if worker and not full.is_set():
                self.room = no_room_for(worker.process.pid)
                self.room.__enter__()
                full.set()
            return await super().handle_DATA(*arguments)

    worker: Worker | None = None
    with Filling() as mailbox, closing(Installation(tmp_path, smtp_url=mailbox.smtp_url)) as here:
        here.watch("dsit", government.serve("/feed", rss(visit(1))), interval_minutes=0.001)
        here.poll()
        here.subscribe("anna@example.org")
        with working(here) as worker:
            government.serve("/feed", rss(call(2), visit(1)))
            assert full.wait(30)
            assert worker.says(FULL)
            mailbox.room.__exit__(None, None, None)
            # A later message leaves behind the settling of the first.
            government.serve("/feed", rss(call(3), call(2), visit(1)))
            assert mailbox.wait_for(lambda messages: len(messages) == 2)
        with here.people_db.read() as tx:
            states = [row["state"] for row in tx.execute("SELECT state FROM deliveries")]
        assert states == ["sent", "sent"]
        assert len({m["Subject"] for m in mailbox.messages}) == 2


def test_a_worker_on_a_disk_that_is_really_full_recovers_when_there_is_room(
    tmp_path: Path, government: Government, mailbox: Mailbox
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, 4):
        with closing(Installation(disk, smtp_url=mailbox.smtp_url)) as here:
            here.watch("dsit", government.serve("/feed", rss(visit(1))), interval_minutes=0.001)
            here.poll()
            here.subscribe("anna@example.org")
            with working(here) as worker:
                count = len(government.requests)
                assert government.wait_for(lambda requests: len(requests) > count + 1)
                ballast = fill(disk)
                many = [call(number, description=call(number)["description"] * 40) for number in range(2, 12)]
                government.serve("/feed", rss(*many, visit(1)))
                assert worker.says("the disk is full")
                ballast.unlink()
                assert mailbox.wait_for(lambda messages: len(messages) == 1)
            assert len(here.events("CallAnnounced")) == 10
            assert whole(disk)
            assert here.run("verify").returncode == 0
        backup_on_a_full_disk(here, disk)


def backup_on_a_full_disk(here: Installation, disk: Path) -> None:
    ballast = fill(disk)
    done = here.run("backup", str(disk / "copy"))
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "the disk is full" in done.stderr
    assert not (disk / "copy").exists()
    ballast.unlink()
    assert here.run("backup", str(disk / "copy")).returncode == 0


def test_a_worker_whose_words_cannot_be_written_works_all_the_same(
    eve: Installation, mailbox: Mailbox
) -> None:
    with Path("/dev/full").open("w") as full:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("communique")), "work"],
            env={**eve.environment, "COMMUNIQUE_POLL_SECONDS": "0.1"},
            stderr=full,
        )
        try:
            assert mailbox.wait_for(lambda messages: len(messages) == 1)
        finally:
            process.terminate()
            process.wait(timeout=30)


def test_output_that_cannot_be_written_is_one_line(eve: Installation) -> None:
    command = 'exec "$0" log > /dev/full'
    done = subprocess.run(
        ["bash", "-c", command, str(Path(sys.executable).with_name("communique"))],
        env=eve.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1, done.stderr


def test_who_leaves_has_left_also_where_traces_cannot_be_removed_now(
    here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifier.tokens import Tokens

    key = here.subscribe("anna@example.org")

    def refuse(database: SqliteDatabase) -> bool:
        raise StorageError("the disk is full")

    monkeypatch.setattr(SqliteDatabase, "forget", refuse)
    token = Tokens(here.settings.secret_key).to_manage(key)
    assert here.browser().post(f"/unsubscribe/{token}").status_code == 200
    with here.people_db.read() as tx:
        assert people.everyone(tx) == []


def test_a_transaction_that_sqlite_ended_is_not_gone_on_with(here: Installation) -> None:
    """After some errors SQLite rolls back by itself: what follows would be written without the rest."""
    with pytest.raises(StorageError, match="the transaction is over"), here.people_db.write() as tx:
        tx.execute("ROLLBACK")
        tx.execute("INSERT INTO checkpoints (consumer, position) VALUES ('x', 1)")
    with here.people_db.read() as tx:
        assert tx.execute("SELECT * FROM checkpoints").fetchall() == []
