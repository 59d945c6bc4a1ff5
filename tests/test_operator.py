"""Mail to the operator: a trouble of a source that persists, once, and once that it is over. By real SMTP."""

from __future__ import annotations

import dataclasses
import io
import json
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from feed import worker
from feed.settings import SettingsError, load
from feed.worker import letterhead
from notifier import operator as telling
from notifier import troubles
from notifier.channels import Console, open_channel
from storage import holders, operator
from storage.clock import now, to_stamp
from storage.cursors import Cursor, blank
from storage.operator import Told
from tests.crashing import Crash
from tests.installation import Installation, call, rss
from tests.world.government import Government
from tests.world.mailbox import Mailbox, Received

OPERATOR = "operator@example.org"
HOSTILE = "=?utf-8?q?Hi=0D=0ABcc:_evil=40example.org?= \u202e\r\nBcc: x@example.org <script>alert(1)</script>"


@pytest.fixture
def watched(here: Installation, government: Government) -> Installation:
    """An installation with an operator, which has polled its one feed, /feed, once."""
    here.settings = dataclasses.replace(here.settings, operator_email=OPERATOR)
    here.watch("nsf", government.serve("/feed", rss(call(1))), name="NSF funding")
    here.poll()
    return here


def tell(here: Installation) -> tuple[int, int]:
    """What the worker does every second."""
    channel = open_channel(here.settings.smtp_url)
    settings = here.settings
    return telling.tell(here.log_db, here.people_db, channel, letterhead(settings), settings.operators)


def fail(here: Installation, government: Government, times: int, status: int = 503) -> None:
    government.serve("/feed", b"", status=status)
    for _ in range(times):
        here.poll("nsf")


def work(here: Installation, government: Government) -> None:
    government.serve("/feed", rss(call(1)))
    here.poll("nsf")


def later(monkeypatch: pytest.MonkeyPatch, **passed: float) -> None:
    monkeypatch.setattr(telling, "now", lambda: now() + timedelta(**passed))


def text(message: Received) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def subjects(mailbox: Mailbox) -> list[str]:
    return [str(message["Subject"]) for message in mailbox.messages]


# Once, and once when it is over


def test_a_source_that_fails_three_times_in_a_row_is_mailed_once(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    assert tell(watched) == (1, 0)
    assert subjects(mailbox) == ["Communiqué: NSF funding cannot be read"]
    fail(watched, government, 3)
    for _ in range(3):
        assert tell(watched) == (0, 0)
    assert len(mailbox.messages) == 1


def test_and_again_when_it_works(watched: Installation, government: Government, mailbox: Mailbox) -> None:
    fail(watched, government, 3)
    tell(watched)
    work(watched, government)
    assert tell(watched) == (1, 0)
    assert subjects(mailbox)[1:] == ["Communiqué: NSF funding works again"]
    work(watched, government)
    assert tell(watched) == (0, 0)
    assert len({message["Message-ID"] for message in mailbox.messages}) == 2


def test_a_short_hiccup_is_not_mailed(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    for _ in range(4):
        fail(watched, government, 2)
        assert tell(watched) == (0, 0)
        work(watched, government)
        assert tell(watched) == (0, 0)
    assert mailbox.messages == []


def test_a_source_that_ends_is_mailed_at_once_and_again_when_it_is_polled_again(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 1, status=410)
    tell(watched)
    assert subjects(mailbox) == ["Communiqué: NSF funding has ended"]
    assert "gone for good (410 Gone)" in text(mailbox.messages[0])
    watched.watch("nsf", government.serve("/new-place", rss(call(1))), name="NSF funding")
    watched.poll()
    tell(watched)
    assert subjects(mailbox)[1:] == ["Communiqué: NSF funding is polled again"]


def test_a_failing_source_that_ends_is_told_of_as_that_and_not_as_working(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    fail(watched, government, 1, status=410)
    tell(watched)
    tell(watched)
    assert subjects(mailbox)[1:] == ["Communiqué: NSF funding has ended"]


def test_a_flood_is_mailed_at_once_and_its_release_ends_it(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*map(call, range(100, 130))))
    watched.poll()
    tell(watched)
    assert subjects(mailbox) == ["Communiqué: NSF funding is held for review"]
    assert "30 announcements are held back" in text(mailbox.messages[0])
    assert "communique sources release nsf" in text(mailbox.messages[0])
    watched.run("sources", "release", "nsf")
    tell(watched)
    tell(watched)
    assert subjects(mailbox)[1:] == ["Communiqué: NSF funding is released"]


def test_a_second_flood_is_mailed_although_nobody_saw_the_first_one_end(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*map(call, range(100, 130))))
    watched.poll()
    tell(watched)
    watched.run("sources", "release", "nsf", "--quietly")
    government.serve("/feed", rss(*map(call, range(200, 240))))
    watched.poll()
    tell(watched)
    assert subjects(mailbox) == ["Communiqué: NSF funding is held for review"] * 2


def test_a_held_source_that_fails_is_still_held(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    government.serve("/feed", rss(*map(call, range(100, 130))))
    watched.poll()
    tell(watched)
    fail(watched, government, 3)
    tell(watched)
    government.serve("/feed", rss(*map(call, range(100, 130))))
    watched.poll()
    tell(watched)
    assert subjects(mailbox)[1:] == [
        "Communiqué: NSF funding cannot be read",
        "Communiqué: NSF funding works again",
    ]


def test_a_gap_alone_is_not_mailed(watched: Installation, government: Government, mailbox: Mailbox) -> None:
    government.serve("/feed", rss(call(50)))
    watched.poll()
    assert len(watched.events("SourceGap")) == 1
    assert tell(watched) == (0, 0)


def test_a_source_that_left_the_catalogue_is_over(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    del watched.sources["nsf"]
    watched.poll()
    tell(watched)
    tell(watched)
    assert subjects(mailbox)[1:] == ["Communiqué: NSF funding is not watched any more"]


def test_a_failing_source_at_a_new_address_is_not_said_to_work(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    watched.watch("nsf", government.serve("/elsewhere", status=503), name="NSF funding")
    watched.poll()
    assert tell(watched) == (0, 0)
    government.serve("/elsewhere", rss(call(1)))
    watched.poll()
    assert tell(watched) == (1, 0)


def test_what_was_over_before_it_was_told_is_not_told(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 5)
    work(watched, government)
    assert tell(watched) == (0, 0)


# One mail for all


def test_seventy_sources_without_a_network_are_one_mail(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    for number in range(1, 71):
        watched.watch(f"s{number}", f"http://127.0.0.1:{number + 100}/feed", name=f"Source {number}")
    for _ in range(3):
        watched.poll()
    assert tell(watched) == (1, 0)
    assert subjects(mailbox) == ["Communiqué: 70 sources cannot be read"]
    body = text(mailbox.messages[0])
    assert body.count("Connection refused") == 1
    assert all(f"(s{number})" in body for number in range(1, 71))
    assert "communique sources check\n" in body
    for number in range(1, 71):
        watched.watch(
            f"s{number}", government.serve(f"/{number}", rss(call(number))), name=f"Source {number}"
        )
    watched.poll()
    assert tell(watched) == (1, 0)
    assert subjects(mailbox)[1:] == ["Communiqué: 70 sources work again"]
    assert tell(watched) == (0, 0)


def test_different_troubles_found_at_one_time_are_one_mail_by_reason(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    for key, status in (("a", 503), ("b", 503), ("c", 404), ("d", 410)):
        watched.watch(key, government.serve(f"/{key}", status=status), name=f"Source {key}")
    for _ in range(3):
        watched.poll("a", "b", "c", "d")
    tell(watched)
    assert subjects(mailbox) == ["Communiqué: 3 sources cannot be read and Source d has ended"]
    body = text(mailbox.messages[0])
    assert body.count("503 Service Unavailable") == 1
    assert body.index("(a)") < body.index("(b)") < body.index("404") < body.index("(c)") < body.index("(d)")


# What the letter says


def test_the_letter_names_the_source_the_reason_and_what_to_do(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    watched.watch("nsf", watched.sources["nsf"].url.replace("//", "//reader:hunter2@"), name="NSF funding")
    fail(watched, government, 3)
    tell(watched)
    (message,) = mailbox.to(OPERATOR)
    body = text(message)
    assert "NSF funding (nsf), since " in body
    assert "the server answered 503 Service Unavailable" in body
    assert government.url + "/feed" in body
    assert "communique sources check nsf" in body
    assert "http://communique.example/sources" in body
    assert "hunter2" not in message.raw.decode()
    html = message.get_body(("html",))
    assert html is not None and "communique sources check nsf" in html.get_content()
    since = watched.events("SourceFailing")[0].recorded_at
    assert f"{since[11:16]} (UTC)" in body


def test_the_letter_has_the_headers_of_a_message_that_nobody_wrote(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    raw = mailbox.messages[0].raw.decode().replace("\r\n", "\n")
    assert re.search(r"^Message-ID: <[0-9a-f]{32}@localhost>$", raw, re.M)
    assert "\nAuto-Submitted: auto-generated\n" in raw
    assert re.search(r"^Date: .+$", raw, re.M)
    assert re.search(r"^To: operator@example\.org$", raw, re.M)
    assert mailbox.messages[0].envelope_from == "communique@localhost"


def test_hostile_words_cannot_break_the_letter(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    with watched.log_db.write() as tx:
        tx.execute("UPDATE cursors SET reason = ?, name = ?", (HOSTILE, HOSTILE))
    tell(watched)
    (message,) = mailbox.messages
    head = message.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\n") if line[:1] not in b" \t"]
    assert b"bcc" not in names and names.count(b"subject") == 1
    assert message.envelope_rcpt == (OPERATOR,)
    html = message.get_body(("html",))
    assert html is not None and "<script" not in html.get_content()
    assert "\u202e" not in text(message) and "\nBcc" not in text(message)


def test_without_a_mail_server_the_letter_goes_to_the_console(
    watched: Installation, government: Government
) -> None:
    fail(watched, government, 3)
    stream = io.StringIO()
    settings = watched.settings
    telling.tell(watched.log_db, watched.people_db, Console(stream), letterhead(settings), settings.operators)
    assert f"To: {OPERATOR}" in stream.getvalue()
    assert "NSF funding cannot be read" in stream.getvalue()


# When it cannot leave


def test_a_letter_that_cannot_leave_is_tried_again_later_and_not_every_second(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.refuse(OPERATOR, 451)
    fail(watched, government, 3)
    assert tell(watched) == (0, 1)
    assert tell(watched) == (0, 0)
    mailbox.accept(OPERATOR)
    later(monkeypatch, minutes=4)
    assert tell(watched) == (0, 0)
    later(monkeypatch, minutes=6)
    assert tell(watched) == (1, 0)
    assert subjects(mailbox) == ["Communiqué: NSF funding cannot be read"]


def test_a_letter_is_never_given_up(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.refuse(OPERATOR, 550)
    fail(watched, government, 3)
    tries = 0
    for hours in range(0, 24 * 8):
        later(monkeypatch, hours=hours)
        tries += tell(watched)[1]
    assert 30 < tries < 60
    mailbox.accept(OPERATOR)
    later(monkeypatch, days=9)
    assert tell(watched) == (1, 0)


def test_what_is_over_before_the_letter_left_is_told_in_another_letter(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox.refuse(OPERATOR, 451)
    fail(watched, government, 3)
    tell(watched)
    work(watched, government)
    mailbox.accept(OPERATOR)
    tell(watched)
    later(monkeypatch, minutes=6)
    tell(watched)
    assert sorted(subjects(mailbox)) == [
        "Communiqué: NSF funding cannot be read",
        "Communiqué: NSF funding works again",
    ]


def test_the_subscribers_are_told_although_the_operator_cannot_be(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    mailbox.refuse(OPERATOR, 550)
    watched.watch("other", government.serve("/other", rss()))
    watched.poll("other")
    watched.subscribe("anna@example.org")
    fail(watched, government, 3)
    government.serve("/other", rss(call(2)))
    watched.poll("other")
    done = watched.run("deliver", "--json", COMMUNIQUE_OPERATOR_EMAIL=OPERATOR)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "matched": 1, "sent": 1, "failed": 0, "pending": 0, "notices": 0,
    }  # fmt: skip
    assert [message["To"] for message in mailbox.messages] == ["anna@example.org"]


def test_the_operators_address_is_not_written_to_the_log(
    watched: Installation, government: Government, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refuse(OPERATOR, 550, f"<{OPERATOR}>: no such person")
    fail(watched, government, 3)
    tell(watched)
    assert "refused with 550" in caplog.text
    assert OPERATOR not in caplog.text


POINTS: dict[str, tuple[Any, str, str, int]] = {
    "before anything is noted": (operator, "owe", "before", 1),
    "inside the noting": (operator, "owe", "after", 1),
    "before it is claimed": (operator, "claim", "before", 1),
    "inside the claiming": (operator, "claim", "after", 1),
    "before it is sent": (telling, "notice", "after", 1),
    "between sending and settling": (operator, "settle", "before", 2),
    "inside the settling": (operator, "settle", "after", 2),
}


@pytest.mark.parametrize("point", POINTS)
def test_a_crash_loses_no_letter_and_doubles_it_under_the_same_id_only(
    watched: Installation,
    government: Government,
    mailbox: Mailbox,
    monkeypatch: pytest.MonkeyPatch,
    point: str,
) -> None:
    owner, name, side, letters = POINTS[point]
    original: Callable[..., Any] = getattr(owner, name)

    def dies(*arguments: Any, **keywords: Any) -> Any:
        if side == "after":
            original(*arguments, **keywords)
        raise Crash

    fail(watched, government, 3)
    with monkeypatch.context() as patches:
        patches.setattr(owner, name, dies)
        with pytest.raises(Crash):
            tell(watched)
    holders.me.cache_clear()  # the process that starts again is another one
    tell(watched)
    tell(watched)
    assert len(mailbox.messages) == letters
    assert len({message["Message-ID"] for message in mailbox.messages}) == 1
    assert len({re.sub(rb"=+\d+==", b"", message.raw) for message in mailbox.messages}) == 1
    work(watched, government)
    tell(watched)
    assert subjects(mailbox)[-1] == "Communiqué: NSF funding works again"


def test_a_bug_in_one_letter_is_tried_again_and_stops_nothing(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*arguments: object) -> None:
        raise ZeroDivisionError

    fail(watched, government, 3)
    with monkeypatch.context() as patches:
        patches.setattr(telling, "notice", wrong)
        assert tell(watched) == (0, 1)
    later(monkeypatch, minutes=6)
    assert tell(watched) == (1, 0)


def test_two_workers_tell_it_once(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(watched, government, 3)
    news = telling._news(watched.log_db, [])
    with monkeypatch.context() as patches:
        # What the other worker does between our look and our note.
        def look(*arguments: object) -> object:
            patches.undo()
            tell(watched)
            return news

        patches.setattr(telling, "_news", look)
        assert tell(watched) == (0, 0)
    assert len(mailbox.messages) == 1


# Who is told


def test_without_an_operator_nothing_is_kept_and_nothing_is_sent(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    mailbox.refuse(OPERATOR, 451)
    work(watched, government)
    tell(watched)
    watched.settings = dataclasses.replace(watched.settings, operator_email="")
    assert tell(watched) == (0, 0)
    with watched.people_db.read() as tx:
        assert operator.told(tx) == [] and operator.recipients(tx) == set()
    fail(watched, government, 3)
    assert tell(watched) == (0, 0)
    assert len(mailbox.messages) == 1


def test_several_operators_are_each_told(
    watched: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched.settings = dataclasses.replace(
        watched.settings, operator_email="Ops <ops@example.org>, deputy@example.org"
    )
    mailbox.refuse("deputy@example.org", 451)
    fail(watched, government, 3)
    assert tell(watched) == (1, 1)
    mailbox.accept("deputy@example.org")
    later(monkeypatch, minutes=6)
    assert tell(watched) == (1, 0)
    assert [message.envelope_rcpt for message in mailbox.messages] == [
        ("ops@example.org",),
        ("deputy@example.org",),
    ]


def test_what_is_on_its_way_follows_the_operator_to_a_new_address(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    mailbox.refuse(OPERATOR, 550)
    fail(watched, government, 3)
    tell(watched)
    watched.settings = dataclasses.replace(watched.settings, operator_email="new@example.org")
    assert tell(watched) == (1, 0)
    assert tell(watched) == (0, 0)
    assert mailbox.messages[0].envelope_rcpt == ("new@example.org",)


def test_a_new_operator_is_not_told_what_the_old_one_was(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    tell(watched)
    work(watched, government)
    tell(watched)
    watched.settings = dataclasses.replace(watched.settings, operator_email="new@example.org")
    assert tell(watched) == (0, 0)
    assert mailbox.to("new@example.org") == []


@pytest.mark.parametrize(
    "value", ["operator", "a b@example.org", "a@example.org, b", "=?utf-8?q?x?=@example.org", "<>"]
)
def test_a_mistaken_address_is_told_at_the_start(value: str) -> None:
    with pytest.raises(SettingsError, match=r"COMMUNIQUE_OPERATOR_EMAIL is .*: use an address such as"):
        load({"COMMUNIQUE_OPERATOR_EMAIL": value})


def test_addresses_are_read_as_people_write_them() -> None:
    given = "Ops, night shift <ops@example.org>"
    assert load({"COMMUNIQUE_OPERATOR_EMAIL": f'"Ops, night" <o@example.org>,{OPERATOR}'}).operators == (
        "o@example.org",
        OPERATOR,
    )
    assert load({}).operators == ()
    with pytest.raises(SettingsError):
        load({"COMMUNIQUE_OPERATOR_EMAIL": given})


def test_the_worker_tells_the_operator(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    work_of_one = worker._prepare(watched.settings)
    worker.notify(work_of_one)
    work_of_one.log_db.close()
    work_of_one.people_db.close()
    work_of_one.fetcher.close()
    assert subjects(mailbox) == ["Communiqué: NSF funding cannot be read"]


def test_the_command_deliver_tells_the_operator(
    watched: Installation, government: Government, mailbox: Mailbox
) -> None:
    fail(watched, government, 3)
    assert watched.run("deliver", "--dry-run", COMMUNIQUE_OPERATOR_EMAIL=OPERATOR).returncode == 0
    assert mailbox.messages == []
    done = watched.run("deliver", COMMUNIQUE_OPERATOR_EMAIL=OPERATOR)
    assert done.stdout == "matched 0, sent 0, failed 0, pending 0, notices 1\n"
    assert subjects(mailbox) == ["Communiqué: NSF funding cannot be read"]


# The decision


NOW = now()


def failing(
    source: str, failures: int = 3, reason: str = "the server a.example:1 cannot be reached"
) -> Cursor:
    return dataclasses.replace(
        blank(source, source.title(), "https://a.example/"),
        health="failing",
        failures=failures,
        reason=reason,
    )


def told_of(source: str, minutes_ago: int, *, over: int | None = None) -> Told:
    stamp = to_stamp(NOW - timedelta(minutes=minutes_ago))
    ended = None if over is None else to_stamp(NOW - timedelta(minutes=over))
    return Told(source, "failing", 1, source, "the server cannot be reached", stamp, stamp, ended)


def decided(cursors: list[Cursor], *told: Told, at: datetime = NOW) -> list[tuple[str, str]]:
    began = {(cursor.source, "SourceFailing"): (1, to_stamp(NOW)) for cursor in cursors}
    return [(item.what, item.source) for item in troubles.to_tell(cursors, began, told, at)]


def test_a_trouble_waits_for_others_that_are_about_to_persist_for_the_same_reason() -> None:
    assert decided([failing("a"), failing("b", 1)]) == []
    assert decided([failing("a"), failing("b", 3)]) == [("failing", "a"), ("failing", "b")]
    assert decided([failing("a", 4), failing("b", 1)]) == [("failing", "a")]
    assert decided([failing("a"), failing("b", 1, "another reason")]) == [("failing", "a")]


def test_the_same_trouble_of_further_sources_is_gathered_for_an_hour() -> None:
    known = [failing("a", 9), failing("b"), failing("c")]
    assert decided(known, told_of("a", 59)) == []
    assert decided(known, told_of("a", 61)) == [("failing", "b"), ("failing", "c")]
    other = failing("d", 3, "the server answered 404 Not Found")
    assert decided([*known, other], told_of("a", 5)) == [
        ("failing", "b"), ("failing", "c"), ("failing", "d"),
    ]  # fmt: skip


def test_recoveries_are_gathered_for_an_hour_behind_the_first() -> None:
    fine = [dataclasses.replace(failing(key, 0), health="ok") for key in ("a", "b")]
    assert decided(fine, told_of("a", 90), told_of("b", 90)) == [("works", "a"), ("works", "b")]
    assert decided(fine, told_of("a", 90, over=30), told_of("b", 90)) == []
    assert decided(fine, told_of("a", 90, over=61), told_of("b", 90)) == [("works", "b")]


def test_what_fails_again_after_its_end_was_told_is_a_trouble_of_its_own() -> None:
    again = [failing("a")]
    began = {("a", "SourceFailing"): (7, to_stamp(NOW))}
    found = troubles.to_tell(again, began, [told_of("a", 120, over=90)], NOW)
    assert [(item.what, item.position) for item in found] == [("failing", 7)]


def test_what_is_over_is_forgotten_after_a_while(
    watched: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    fail(watched, government, 3)
    tell(watched)
    work(watched, government)
    tell(watched)
    fail(watched, government, 3)
    later(monkeypatch, hours=2)
    tell(watched)
    with watched.people_db.read() as tx:
        assert [(item.source, item.over_at) for item in operator.told(tx)] == [("nsf", None)]
