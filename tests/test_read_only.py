"""A folder in which nobody may write: what can be read is, and the rest says what to do."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from storage import log
from storage.database import open_database
from tests.disks import WRITING, ordinary_user, read_only, small_disk, write_list
from tests.installation import ROOT, Installation, call, environment, rss, settings_in, visit
from tests.working import working
from tests.world.government import Government
from tests.world.mailbox import Mailbox


@pytest.fixture
def archive(here: Installation, government: Government) -> Installation:
    """An installation with something in it, that nobody works on any more."""
    here.watch("dsit", government.serve("/feed", rss(call(1), visit(1))))
    here.poll()
    here.subscribe("anna@example.org")
    here.close()
    return here


def pages(folder: Path) -> subprocess.CompletedProcess[str]:
    """What the pages answer to somebody who is stopped by permissions."""
    code = """
from feed.app import create_app
browser = create_app().test_client()
for address in ("/", "/events", "/feed.atom", "/sources", "/subscribe", "/healthz"):
    print(address, browser.get(address).status_code)
answer = browser.post("/subscribe", data={"email": "new@example.org"})
print("post", answer.status_code, "Please try again in a minute." in answer.text)
"""
    return subprocess.run(
        [*ordinary_user(), sys.executable, "-c", code],
        env={**environment(settings_in(folder)), "PYTHONPATH": str(ROOT)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "arguments", [("verify",), ("log",), ("sources", "list", "--json"), ("doctor",)], ids=" ".join
)
def test_a_read_only_copy_is_read_as_any_other(archive: Installation, arguments: tuple[str, ...]) -> None:
    expected = archive.run(*arguments).stdout
    with read_only(archive.folder):
        done = archive.run(*arguments, before=ordinary_user())
    assert done.returncode == 0, done.stderr
    assert done.stdout == expected


def test_the_pages_of_a_read_only_copy_are_served(archive: Installation) -> None:
    with read_only(archive.folder):
        done = pages(archive.folder)
    assert done.returncode == 0, done.stderr
    *served, posted = done.stdout.splitlines()
    assert [line.split()[1] for line in served] == ["200"] * 6
    assert posted == "post 503 True"


def test_the_secret_key_is_read_where_nothing_can_be_written(archive: Installation) -> None:
    kept = {**environment(settings_in(archive.folder)), "COMMUNIQUE_SECRET_KEY": "", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", "from feed import settings; print(settings.load().secret_key)"]
    (archive.folder / "secret_key").write_text("made before\n")
    with read_only(archive.folder):
        done = subprocess.run(
            [*ordinary_user(), *command], env=kept, cwd=ROOT, capture_output=True, text=True, check=False
        )
    assert done.stdout == "made before\n", done.stderr


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_what_cannot_be_written_is_one_line_that_says_what_to_do(
    archive: Installation, arguments: tuple[str, ...]
) -> None:
    write_list(archive.folder)
    before = {path.name: path.read_bytes() for path in archive.folder.iterdir()}
    with read_only(archive.folder):
        done = archive.run(*arguments, before=ordinary_user())
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "give this user the right to write" in done.stderr or "Permission denied" in done.stderr
    assert {path.name: path.read_bytes() for path in archive.folder.iterdir()} == before
    assert archive.run(*arguments).returncode == 0


def test_a_worker_on_a_read_only_folder_says_so_and_goes_on_when_it_may_write(
    archive: Installation, government: Government, mailbox: Mailbox
) -> None:
    archive.watch("new", government.serve("/new", rss(visit(2))), interval_minutes=0.001)
    with read_only(archive.folder), working(archive, before=ordinary_user()) as worker:
        assert worker.says("is read-only here")
        for path in (archive.folder, *archive.folder.iterdir()):
            path.chmod(path.stat().st_mode | 0o600)
        assert government.wait_for(lambda requests: sum(item.path == "/new" for item in requests) > 2)
        government.serve("/new", rss(call(3), visit(2)))
        assert mailbox.wait_for(lambda messages: len(messages) == 1)


def test_a_new_installation_in_a_read_only_folder_is_one_line(tmp_path: Path, here: Installation) -> None:
    (tmp_path / "new").mkdir()
    address = f"sqlite:///{tmp_path}/new/log.db"
    with read_only(tmp_path / "new"):
        done = here.run("verify", before=ordinary_user(), COMMUNIQUE_LOG_URL=address)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "is read-only here" in done.stderr


def test_what_others_write_just_now_is_read_with_them(archive: Installation) -> None:
    """The files beside the database are there, and may be read."""
    with closing(open_database(archive.settings.log_url, "log")) as writer:
        with writer.write() as tx:
            log.keep_text(tx, "what was written last")
        with read_only(archive.folder):
            done = archive.run("verify", before=ordinary_user())
    assert done.returncode == 0, done.stderr


def test_a_write_ahead_log_that_was_left_behind_is_never_passed_over(
    archive: Installation, tmp_path: Path
) -> None:
    """The file alone would verify, without what was written last."""
    copy = tmp_path / "copy"
    copy.mkdir()
    with closing(open_database(archive.settings.log_url, "log")) as writer:
        with writer.write() as tx:
            log.keep_text(tx, "what was written last")
        for name in ("log.db", "log.db-wal"):
            subprocess.run(["cp", archive.folder / name, copy / name], check=True)
    address = f"sqlite:///{copy}/log.db"
    with read_only(copy):
        done = archive.run("verify", before=ordinary_user(), COMMUNIQUE_LOG_URL=address)
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1), done.stderr
    assert "Copy both files to a folder that can be written" in done.stderr
    assert archive.run("verify", COMMUNIQUE_LOG_URL=address).returncode == 0


def test_a_file_that_changes_under_a_look_without_locks_is_told(archive: Installation) -> None:
    code = """
from storage.database import open_database
from storage.errors import StorageError
import sys
database = open_database(sys.argv[1], "log")
try:
    with database.read() as tx:
        tx.execute("SELECT * FROM events LIMIT 1").fetchall()
        print("looking", flush=True)
        input()
except StorageError as error:
    print(error)
"""
    with read_only(archive.folder):
        looker = subprocess.Popen(
            [*ordinary_user(), sys.executable, "-c", code, archive.settings.log_url],
            env={**archive.environment, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert looker.stdout and looker.stdout.readline() == "looking\n"
    # Its owner may write again, and what was written comes into the file itself.
    with closing(open_database(archive.settings.log_url, "log")) as writer, writer.write() as tx:
        log.keep_text(tx, "what was written last")
    told, _ = looker.communicate("\n")
    assert "was written to while it was read" in told


def test_an_archive_on_a_file_system_that_is_mounted_read_only_verifies(
    archive: Installation, tmp_path: Path
) -> None:
    expected = archive.run("verify").stdout
    disk = tmp_path / "disk"
    with small_disk(disk, 8):
        for name in ("log.db", "people.db", "sources.toml"):
            (disk / name).write_bytes((archive.folder / name).read_bytes())
        subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        there = environment(settings_in(disk))
        done = archive.run("verify", **{"COMMUNIQUE_LOG_URL": there["COMMUNIQUE_LOG_URL"]})
        assert (done.returncode, done.stdout) == (0, expected), done.stderr
        assert pages(disk).stdout.count(" 200") == 6
        done = archive.run("rebuild", **{"COMMUNIQUE_LOG_URL": there["COMMUNIQUE_LOG_URL"]})
        assert "is read-only here" in done.stderr
