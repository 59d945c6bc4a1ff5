"""A mirror: it has what the other log has, verified, and tells when that log is not what it was."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from feed import following
from feed.errors import AddressRefused, PrivateAddress, SourceError, TooLarge
from feed.following import Rewritten
from feed.mirror import Origin
from storage import carrying, cursors, log
from storage.carrying import Intake, Refused
from storage.events import AnnouncementPublished, EventRedacted, SourceFailing
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.serving import serving
from tests.tampering import behind_the_triggers
from tests.world.government import Government

NOW = datetime(2024, 7, 24, 18, 5, 12, 345678, tzinfo=UTC)
LINE_BYTES = 1_000_000


class Address:
    """A real server whose application can be changed, and fail."""

    def __init__(self) -> None:
        self.app: Callable[..., Iterable[bytes]] = _nothing
        self.asked: list[str] = []
        self.url = ""

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked.append(f"{environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        return self.app(environ, start)

    def says(self, body: Iterable[bytes], status: str = "200 OK", **headers: str) -> None:
        """Answer this to everything."""
        named = {
            "Content-Type": "application/x-ndjson",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }

        def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
            start(status, list(named.items()))
            return body

        self.app = app


def _nothing(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    start("503 Service Unavailable", [("Content-Type", "text/plain")])
    return [b"not yet"]


@pytest.fixture
def address() -> Iterator[Address]:
    found = Address()
    with serving(found) as url:
        found.url = url
        yield found


@pytest.fixture
def filled(here: Installation, government: Government, address: Address) -> Installation:
    """An installation with news and long texts, behind the address."""
    long = call(2)["description"] + " It funds research into quantum networks." * 40
    here.watch("dsit", government.serve("/feed", rss(call(1))))
    here.poll()
    government.serve("/feed", rss(call(2, description=long), call(1), visit(1)))
    here.poll()
    address.app = here.app()
    return here


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[Installation]:
    (tmp_path / "mirror").mkdir()
    installation = Installation(tmp_path / "mirror")
    yield installation
    installation.close()


@pytest.fixture
def ask(mirror: Installation, address: Address) -> Iterator[Callable[[], int]]:
    """One round of the mirror: how many events are new."""
    origin = Origin(
        address.url, contact="http://m.example", line_bytes=LINE_BYTES, allow_private_networks=True
    )
    intake = Intake(mirror.log_db)

    def round_() -> int:
        before = intake.new
        for _ in following.catch_up(mirror.log_db, origin, intake):
            pass
        if intake.new == before:
            intake.finish()
        return intake.new - before

    yield round_
    origin.close()


def append(here: Installation, *reasons: str) -> None:
    with here.log_db.write() as tx:
        log.append(tx, [SourceFailing(source="a", reason=reason) for reason in reasons], NOW)


def lines(here: Installation, *, after: int = 0) -> list[bytes]:
    found = carrying.slices(here.log_db, after=after, texts=True)
    return [line.encode() for lines_ in found for line in lines_]


def test_a_mirror_has_the_same_log_and_serves_the_same_pages(
    filled: Installation, mirror: Installation, ask: Callable[[], int]
) -> None:
    assert ask() == len(filled.events())
    assert ask() == 0
    assert lines(mirror) == lines(filled)
    verify(mirror.log_db)
    theirs, ours = filled.browser(), mirror.browser()
    (subject, *_) = filled.subjects()
    for path in (
        *("/feed.atom", "/feed.atom?source=dsit&kind=call", "/events.ndjson?texts=1", "/sources.atom"),
        *("/events/1.json", "/healthz"),
    ):
        assert ours.get(path).data == theirs.get(path).data, path
    for path in (f"/subjects/{subject.id}", "/events", "/events/2", "/?source=dsit"):
        assert ours.get(path).status_code == 200
    assert "quantum networks" in ours.get(f"/subjects/{subject.id}").text
    assert ours.get("/feed.atom?source=nobody").status_code == 400


def test_only_what_is_new_is_asked_for_and_the_last_event_again(
    filled: Installation, address: Address, ask: Callable[[], int]
) -> None:
    ask()
    end = len(filled.events())
    append(filled, "no answer")
    assert ask() == 1
    assert address.asked == [
        "/events.ndjson?after=0&texts=1",
        f"/events.ndjson?after={end - 1}&texts=1",
    ]


def test_a_mirror_of_a_mirror_is_a_mirror(
    filled: Installation, mirror: Installation, ask: Callable[[], int], tmp_path: Path
) -> None:
    ask()
    (tmp_path / "third").mkdir()
    third = Installation(tmp_path / "third")
    with serving(mirror.app()) as url:
        done = third.run("follow", url, "--once")
    assert done.returncode == 0, done.stderr
    assert lines(third) == lines(filled)
    third.close()


def test_what_was_verified_is_kept_when_the_connection_breaks_and_the_next_round_goes_on(
    filled: Installation, address: Address, mirror: Installation, ask: Callable[[], int]
) -> None:
    whole = b"".join(lines(filled))
    cut = len(b"".join(lines(filled)[:2])) + 40
    address.says([whole[:cut]])
    with pytest.raises(SourceError, match="broke off in the middle of a line"):
        ask()
    assert lines(mirror) == lines(filled)[:2]
    address.says([b"".join(lines(filled)[1:])[:-9]], Content_Length="1000000")
    with pytest.raises(SourceError, match="broke off before the end"):
        ask()
    assert lines(mirror) == lines(filled)[:-1]
    address.app = filled.app()
    ask()
    assert lines(mirror) == lines(filled)


def other_history(tmp_path: Path, filled: Installation, upto: int, *reasons: str) -> Installation:
    """An installation whose log is the same up to a position, and goes on in its own way."""
    folder = tmp_path / f"other-{upto}"
    folder.mkdir()
    other = Installation(folder)
    intake = Intake(other.log_db)
    list(intake.take(line[:-1] for line in lines(filled)[:upto]))
    append(other, *reasons)
    return other


@pytest.mark.parametrize("upto", range(0, 5))
def test_a_rewritten_log_is_named_with_the_first_position_that_differs(
    filled: Installation,
    address: Address,
    mirror: Installation,
    ask: Callable[[], int],
    tmp_path: Path,
    upto: int,
) -> None:
    ask()
    before = lines(mirror)
    assert len(before) == 5
    other = other_history(tmp_path, filled, upto, *map(str, range(8)))
    address.app = other.app()
    with pytest.raises(Rewritten) as told:
        ask()
    ours, theirs = mirror.events()[upto].chain, other.events()[upto].chain
    assert str(told.value).startswith(
        f"the log at {address.url} was rewritten: from position {upto + 1} on it tells another history"
        f" (ours {ours}, theirs {theirs})"
    )
    assert lines(mirror) == before
    other.close()


@pytest.mark.parametrize("upto", [0, 1, 3])
def test_a_log_that_is_shorter_than_ours_is_told(
    filled: Installation, address: Address, ask: Callable[[], int], tmp_path: Path, upto: int
) -> None:
    ask()
    other = other_history(tmp_path, filled, upto)
    address.app = other.app()
    with pytest.raises(
        Rewritten, match=f"ends at position {upto}, ours at 5: .* from position {upto + 1} on"
    ):
        ask()
    other.close()


def test_events_of_our_own_are_told_as_a_fork(
    filled: Installation, mirror: Installation, ask: Callable[[], int]
) -> None:
    ask()
    append(mirror, "one of our own")
    with pytest.raises(Rewritten, match=r"from position 6 on .* events were recorded here"):
        ask()
    append(filled, "and one of theirs")
    with pytest.raises(Rewritten, match=r"from position 6 on .* events were recorded here"):
        ask()


def test_a_row_that_was_tampered_with_is_refused(
    filled: Installation, mirror: Installation, ask: Callable[[], int]
) -> None:
    ask()
    append(filled, "no answer", "no answer")
    change = "UPDATE events SET data = replace(data, 'answer', 'banana') WHERE position = 7"
    behind_the_triggers(filled.folder / "log.db", change)
    with pytest.raises(Refused, match="its data does not fit its digest"):
        ask()
    assert len(mirror.events()) == 5


def test_a_redaction_reaches_the_mirror(
    filled: Installation, mirror: Installation, ask: Callable[[], int], tmp_path: Path
) -> None:
    """One that comes later, and one that is there when the mirror begins."""
    ask()
    event = filled.events()[-1]
    with filled.log_db.write() as tx:
        redaction = EventRedacted(
            source="dsit", position=event.position, digest=event.digest, reason="by order"
        )
        log.append(tx, [redaction], NOW)
    behind_the_triggers(
        filled.folder / "log.db", "UPDATE events SET data = 'null' WHERE position = ?", event.position
    )
    with mirror.log_db.write() as tx:
        # The triggers that let a redaction pass are a matter of their own.
        tx.execute("DROP TRIGGER events_no_update")
    assert ask() == 1
    assert mirror.events()[-2].payload == {}
    (tmp_path / "late").mkdir()
    late = Installation(tmp_path / "late")
    with serving(filled.app()) as url:
        assert late.run("follow", url, "--once").returncode == 0
    assert lines(late) == lines(filled)
    verify(late.log_db)
    late.close()


def test_data_that_is_gone_without_a_word_ends_the_mirror(
    filled: Installation, address: Address, mirror: Installation
) -> None:
    behind_the_triggers(filled.folder / "log.db", "UPDATE events SET data = 'null' WHERE position = 2")
    done = mirror.run("follow", address.url)
    assert done.returncode == 1
    assert "the data of position 2 is gone, and no later event says that it was redacted" in done.stderr
    again = mirror.run("follow", address.url, "--once")
    assert again.returncode == 1 and "position 2" in again.stderr


@pytest.mark.parametrize(
    ("answer", "words", "kind"),
    [
        ({"status": "503 Service Unavailable"}, "the server answered 503 Service Unavailable", SourceError),
        ({"status": "404 Not Found"}, "the server answered 404 Not Found", SourceError),
        ({"Content_Type": "text/html; charset=utf-8"}, "answers with text/html, not with a log", SourceError),
        ({"status": "301 Moved", "Location": "https://x.example/"}, "https://x.example/", AddressRefused),
        ({"body": [b"x" * 100_000] * 11}, "a line of more than 1 MB", TooLarge),
        ({"body": [b"not gzip"], "Content_Encoding": "gzip"}, "not compressed the way it says", SourceError),
    ],
)
def test_what_is_no_log_is_told(
    address: Address, ask: Callable[[], int], answer: dict[str, Any], words: str, kind: type[SourceError]
) -> None:
    address.says(answer.pop("body", [b"<p>Hello</p>"]), **answer)
    with pytest.raises(kind, match=words):
        ask()


def test_a_mirror_is_not_led_into_a_private_network(address: Address) -> None:
    origin = Origin(address.url, contact="http://m.example", line_bytes=LINE_BYTES)
    with pytest.raises(PrivateAddress):
        next(origin.lines(0))
    assert address.asked == []


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example",
        "x.example",
        "https://a:b@x.example",
        "https://x.example/?q=1",
        "https://x:99999",
        "//x",
    ],
)
def test_an_address_that_is_none_is_bad_usage(here: Installation, url: str) -> None:
    done = here.run("follow", url, "--once")
    assert done.returncode == 2 and "is no address such as" in done.stderr


def test_a_slash_at_the_end_of_the_address_makes_no_difference(
    filled: Installation, address: Address, mirror: Installation
) -> None:
    assert mirror.run("follow", f"{address.url}/", "--once").returncode == 0
    assert address.asked[0] == "/events.ndjson?after=0&texts=1"


def test_once_takes_all_there_is_and_says_where_the_log_ends(
    filled: Installation, address: Address, mirror: Installation
) -> None:
    done = mirror.run("follow", address.url, "--once")
    last = filled.events()[-1]
    assert done.stdout == f"5 new events, our log ends at 5:{last.chain}\n"
    assert (done.returncode, done.stderr) == (0, "")
    assert mirror.run("verify", "--against", f"5:{last.chain}").returncode == 0
    quiet = mirror.run("follow", address.url, "--once")
    assert (quiet.returncode, quiet.stdout) == (0, "")


def test_once_fails_where_the_server_does(address: Address, mirror: Installation) -> None:
    done = mirror.run("follow", address.url, "--once")
    assert done.returncode == 1
    assert done.stderr == (
        f"Error: {address.url}: the server answered 503 Service Unavailable;"
        f" our log ends at 0:{log.GENESIS}\n"
    )


def test_the_command_ends_with_an_error_when_history_was_rewritten(
    filled: Installation, address: Address, mirror: Installation, tmp_path: Path
) -> None:
    mirror.run("follow", address.url, "--once")
    other = other_history(tmp_path, filled, 3, *"12345")
    address.app = other.app()
    done = mirror.run("follow", address.url)
    assert done.returncode == 1
    assert f"the log at {address.url} was rewritten: from position 4 on" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    other.close()


@pytest.fixture
def started(mirror: Installation) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts `follow` as a process."""
    running: list[subprocess.Popen[str]] = []

    def start(*arguments: str) -> subprocess.Popen[str]:
        running.append(
            subprocess.Popen(
                [str(Path(sys.executable).parent / "communique"), "follow", *arguments],
                env={**mirror.environment, "PYTHONUNBUFFERED": "1"},
                cwd=mirror.folder,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def line_of(process: subprocess.Popen[str], stream: str = "stdout") -> str:
    found: str = getattr(process, stream).readline()
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_mirror_follows_until_it_is_told_to_end(
    filled: Installation,
    address: Address,
    mirror: Installation,
    started: Callable[..., subprocess.Popen[str]],
    number: signal.Signals,
) -> None:
    process = started(address.url, "--every", "0.1")
    assert line_of(process).startswith("5 new events, our log ends at 5:")
    append(filled, "no answer")
    assert line_of(process).startswith("1 new events, our log ends at 6:")
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 0
    assert said == f"ended; our log ends at 6:{filled.events()[-1].chain}\n"
    assert lines(mirror) == lines(filled)


def test_a_server_that_fails_is_waited_for(
    address: Address, started: Callable[..., subprocess.Popen[str]]
) -> None:
    process = started(address.url)
    assert line_of(process, "stderr") == (
        f"{address.url}: the server answered 503 Service Unavailable; it is asked again in 10 seconds\n"
    )
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_mirror_can_serve_its_pages_itself(
    filled: Installation, address: Address, started: Callable[..., subprocess.Popen[str]]
) -> None:
    import socket
    from urllib.request import urlopen

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = started(address.url, "--port", str(port))
    assert line_of(process, "stderr") == f"serving on http://127.0.0.1:{port}\n"
    line_of(process)
    with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert json.load(answer)["chain"] == filled.events()[-1].chain
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_the_sources_in_the_log_are_found_by_the_index(mirror: Installation) -> None:
    with mirror.log_db.write() as tx:
        for number in range(30):
            event = AnnouncementPublished(
                source=f"source-{number % 3}",
                announcement=str(number),
                title="t",
                url="",
                summary="",
                published_at=None,
                text=None,
                backfill=False,
            )
            for recorded in log.append(tx, [event], NOW):
                from storage import effects

                effects.apply(tx, recorded)
    with mirror.log_db.read() as tx:
        assert cursors.known(tx) == {"source-0", "source-1", "source-2"}
