"""From the log to the inbox, by real SMTP: who is told what, when, and once."""

from __future__ import annotations

import dataclasses
import io
import re
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from notifier import deliver, schedule
from notifier.channels import Console
from notifier.tokens import Tokens
from storage import holders, outbox, people
from storage.clock import now
from storage.errors import StorageError
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government
from tests.world.mailbox import Mailbox

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday


@pytest.fixture
def telling(here: Installation, government: Government) -> Installation:
    """An installation that has polled its one feed, /feed, once."""
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    return here


def publish(telling: Installation, government: Government, *items: dict[str, str]) -> None:
    government.serve("/feed", rss(*items, visit(1)))
    telling.poll()


def text(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def test_a_new_call_is_mailed_with_the_money_the_deadline_and_the_reason(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org", "kind=call&technology=quantum&country=GB")
    publish(telling, government, call(2))
    assert telling.deliver() == (1, 1, 0)
    (message,) = mailbox.to("anna@example.org")
    assert message["Subject"] == "New call: Funding call 2: quantum networks"
    body = text(message)
    assert "£2,000,000" in body
    assert "12 March 2027" in body
    assert "https://gov.example/calls/2" in body
    assert "because you asked for calls about Quantum" in " ".join(body.split())
    assert "“" in body.split("Read from:")[1]


def test_the_message_has_the_headers_that_mail_programs_act_on(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    (message,) = mailbox.messages
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = message["List-Unsubscribe"]
    assert link.startswith("<http://communique.example/unsubscribe/") and link.endswith(">")
    assert message["List-Id"].endswith("<alerts.localhost>")
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].endswith("@localhost>")
    assert parsedate_to_datetime(message["Date"]).tzinfo is not None
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    assert message.envelope_from == "communique@localhost"
    assert str(message["From"]).startswith("Communiqué ")


def test_the_html_part_shows_hostile_titles_as_words(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    title = "Funding call: quantum <script>alert(1)</script> & more\r\nBcc: x@example.org"
    publish(telling, government, call(2, title=title.replace("<", "&lt;").replace(">", "&gt;")))
    telling.deliver()
    (message,) = mailbox.messages
    part = message.get_body(("html",))
    assert part is not None and "<script" not in part.get_content()
    assert message["Bcc"] is None
    assert message.envelope_rcpt == ("anna@example.org",)


def test_only_what_was_asked_for_is_mailed(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("quantum@example.org", "technology=quantum")
    telling.subscribe("telecoms@example.org", "technology=telecoms")
    telling.subscribe("india@example.org", "partners=GB-IN")
    telling.subscribe("all@example.org")
    publish(telling, government, call(2))
    assert telling.deliver() == (2, 2, 0)
    assert {message["To"] for message in mailbox.messages} == {"quantum@example.org", "all@example.org"}


def test_what_a_source_already_showed_is_not_mailed(
    here: Installation, government: Government, mailbox: Mailbox
) -> None:
    here.subscribe("anna@example.org")
    here.watch("dsit", government.serve("/feed", rss(call(1), call(2))))
    here.poll()
    assert here.deliver() == (0, 0, 0)
    assert mailbox.messages == []


def test_nobody_is_mailed_what_came_before_they_subscribed(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    publish(telling, government, call(2))
    telling.subscribe("late@example.org")
    assert telling.deliver() == (0, 0, 0)
    publish(telling, government, call(3), call(2))
    telling.deliver()
    assert [message["Subject"] for message in mailbox.messages] == [
        "New call: Funding call 3: quantum networks"
    ]


def test_nothing_is_mailed_twice(telling: Installation, government: Government, mailbox: Mailbox) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    assert telling.deliver() == (0, 0, 0)
    assert len(mailbox.messages) == 1


def test_what_one_poll_brought_travels_in_one_message(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2), call(3))
    assert telling.deliver() == (2, 2, 0)
    (message,) = mailbox.messages
    assert message["Subject"].startswith("2 announcements: ")
    assert "https://gov.example/calls/2" in text(message)
    assert "https://gov.example/calls/3" in text(message)


def test_a_moved_deadline_is_mailed_with_both_dates(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    publish(telling, government, call(2))
    telling.subscribe("anna@example.org")
    publish(
        telling,
        government,
        call(2, description="Apply for quantum funding. Applications close on 9 May 2027."),
    )
    telling.deliver()
    (message,) = mailbox.messages
    assert message["Subject"] == "Call changed: Funding call 2: quantum networks"
    assert "Changed deadline: 12 March 2027 → 9 May 2027" in text(message)


def test_a_mail_of_a_change_does_not_repeat_what_was_said_before(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    words = "Apply for quantum funding. Applications close on {}. Two teams will work together."
    telling.subscribe("anna@example.org")
    for day in ("12 March 2027", "9 May 2027"):
        publish(telling, government, call(2, description=words.format(day)))
        telling.deliver()
    first, second = mailbox.messages
    for kind in ("plain", "html"):
        announced, changed = (one.get_body((kind,)) for one in (first, second))
        assert announced is not None and "Two teams" in announced.get_content()
        assert changed is not None
        said = changed.get_content()
        assert "Two teams" not in said and "https://gov.example/calls/2" in said
        assert said.count("12 March 2027") == 1, "as what it was, beside what it is"


def test_a_temporary_refusal_is_tried_again_as_the_same_message(
    telling: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling.subscribe("anna@example.org")
    mailbox.refuse("anna@example.org", 451)
    publish(telling, government, call(2))
    assert telling.deliver() == (1, 0, 1)
    first = batch_of(telling)
    mailbox.accept("anna@example.org")
    assert telling.deliver() == (0, 0, 0)  # not at once
    publish(telling, government, call(3), call(2))
    monkeypatch.setattr(deliver, "now", lambda: now() + timedelta(minutes=6))
    telling.deliver()
    assert sorted(message["Subject"] for message in mailbox.messages) == [
        "New call: Funding call 2: quantum networks",
        "New call: Funding call 3: quantum networks",
    ]
    assert f"<{first}@localhost>" in {message["Message-ID"] for message in mailbox.messages}


def batch_of(telling: Installation) -> str:
    with telling.people_db.read() as tx:
        return str(tx.execute("SELECT batch FROM deliveries").fetchone()["batch"])


def test_a_permanent_refusal_is_the_end_of_that_delivery_and_of_no_other(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    mailbox.refuse("gone@example.org", 550)
    telling.subscribe("gone@example.org")
    telling.subscribe("here@example.org")
    publish(telling, government, call(2))
    assert telling.deliver() == (2, 1, 1)
    with telling.people_db.read() as tx:
        assert outbox.pending(tx) == 0
        failed = tx.execute("SELECT error FROM deliveries WHERE state = 'failed'").fetchall()
    assert [row["error"] for row in failed] == ["550 not accepted here"]
    assert [message["To"] for message in mailbox.messages] == ["here@example.org"]


def test_a_mail_server_that_is_down_loses_nothing(
    telling: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    up = telling.settings
    telling.settings = dataclasses.replace(up, smtp_url="smtp://127.0.0.1:9")
    assert telling.deliver() == (1, 0, 1)
    telling.settings = up
    monkeypatch.setattr(deliver, "now", lambda: now() + timedelta(minutes=6))
    assert telling.deliver() == (0, 1, 0)
    assert len(mailbox.messages) == 1


def test_the_lease_of_a_sender_that_died_here_is_taken_over_at_once(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    deliver.match_new(telling.log_db, telling.people_db)
    dead = holders.me().rsplit(":", 2)[0] + ":999999999:abcd"
    with telling.people_db.write() as tx:
        outbox.claim(tx, now(), now() + timedelta(minutes=5), dead)
    assert telling.deliver() == (0, 1, 0)
    assert len(mailbox.messages) == 1


def test_what_another_sender_has_in_hand_is_left_to_it(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    deliver.match_new(telling.log_db, telling.people_db)
    with telling.people_db.write() as tx:
        outbox.claim(tx, now(), now() + timedelta(minutes=5), "elsewhere:1:abcd")
    assert telling.deliver() == (0, 0, 0)
    assert mailbox.messages == []


def test_who_unsubscribed_before_the_message_left_gets_none(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    key = telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    deliver.match_new(telling.log_db, telling.people_db)
    with telling.people_db.write() as tx:
        people.end(tx, key)
    assert telling.deliver() == (0, 0, 0)
    assert mailbox.messages == []


def test_without_a_mail_server_messages_go_to_the_console(
    telling: Installation, government: Government
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    deliver.match_new(telling.log_db, telling.people_db)
    stream = io.StringIO()
    from feed.worker import letterhead

    deliver.deliver_due(telling.log_db, telling.people_db, Console(stream), letterhead(telling.settings))
    assert "To: anna@example.org" in stream.getvalue()
    assert "New call: Funding call 2" in stream.getvalue()


def test_a_digest_gathers_what_came_since_the_last_one(
    telling: Installation, government: Government, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    telling.subscribe("daily@example.org", cadence="daily")
    publish(telling, government, call(2))
    telling.deliver()
    publish(telling, government, call(3), call(2))
    assert telling.deliver() == (1, 0, 0)
    monkeypatch.setattr(deliver, "now", lambda: now() + timedelta(days=1))
    assert telling.deliver() == (0, 2, 0)
    assert len(mailbox.messages) == 1


@pytest.mark.parametrize(
    ("cadence", "moment", "due"),
    [
        ("immediate", NOW, NOW),
        ("daily", NOW, datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("daily", NOW.replace(hour=6), datetime(2026, 11, 23, 7, tzinfo=UTC)),
        ("daily", NOW.replace(hour=7), datetime(2026, 11, 24, 7, tzinfo=UTC)),
        ("weekly", NOW, datetime(2026, 11, 30, 7, tzinfo=UTC)),
        ("weekly", NOW.replace(hour=6), datetime(2026, 11, 23, 7, tzinfo=UTC)),
        ("weekly", NOW + timedelta(days=6), datetime(2026, 11, 30, 7, tzinfo=UTC)),
    ],
)
def test_a_digest_is_due_at_seven(cadence: str, moment: datetime, due: datetime) -> None:
    assert schedule.due(cadence, moment) == due


def test_retries_come_within_the_hour_at_first_and_end_after_three_days() -> None:
    moment, tries = NOW, []
    for attempts in range(1, 100):
        later = schedule.retry(attempts, NOW, moment)
        if later is None:
            break
        tries.append(later - moment)
        moment = later
    assert tries[0] <= timedelta(hours=1)
    assert timedelta(days=3) <= moment - NOW < timedelta(days=3, hours=6)


def test_a_token_is_good_for_one_purpose_and_one_installation() -> None:
    tokens = Tokens("one secret")
    assert tokens.confirming(tokens.to_confirm("s")) == "s"
    assert tokens.managing(tokens.to_manage("s")) == "s"
    for forged in (
        tokens.to_manage("s"),
        Tokens("other").to_confirm("s"),
        "",
        "s",
        tokens.to_confirm("s")[:-1],
    ):
        with pytest.raises(ValueError):
            tokens.confirming(forged)
    assert "anna" not in urlsplit(tokens.to_manage("s")).path


def test_the_log_knows_no_person(telling: Installation, government: Government) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    content = (telling.folder / "log.db").read_bytes()
    content += b"".join(path.read_bytes() for path in telling.folder.glob("log.db-*"))
    assert b"anna" not in content
    verify(telling.log_db)


def test_an_erased_person_is_in_no_file_any_more(telling: Installation, government: Government) -> None:
    telling.subscribe("unmistakable.person@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    with telling.people_db.write() as tx:
        assert people.erase(tx, "Unmistakable.Person@example.org")
    telling.people_db.forget()
    content = b"".join(path.read_bytes() for path in telling.folder.glob("people.db*"))
    assert b"unmistakable" not in content


HOSTILE = "=?utf-8?q?Hi=0D=0ABcc:_evil=40example.org=0D=0AX-Forged:_yes=0D=0A=0D=0Aforged?="


def test_a_title_cannot_bring_headers_into_the_message(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    """Not even behind an encoded word (RFC 2047), which the email package would decode."""
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2, title=f"Funding call: quantum {HOSTILE}"))
    telling.deliver()
    (message,) = mailbox.messages
    head = message.raw.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    names = [line.partition(b":")[0].lower() for line in head.split(b"\n") if line[:1] not in b" \t"]
    assert b"bcc" not in names and b"x-forged" not in names
    assert names.count(b"subject") == 1


def test_headers_for_programs_are_on_the_wire_as_they_are(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    """Neither folded nor encoded: mail programs read List-Unsubscribe byte by byte."""
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    raw = mailbox.messages[0].raw.decode("ascii").replace("\r\n", "\n")
    assert re.search(r"^List-Unsubscribe: <http://communique\.example/unsubscribe/[\w.-]+>$", raw, re.M)
    assert "\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in raw
    assert re.search(r"^List-Id: Communique alerts <alerts\.localhost>$", raw, re.M)
    assert re.search(r"^Message-ID: <[0-9a-f]{32}@localhost>$", raw, re.M)


def test_a_refused_sender_is_the_operators_mistake_and_loses_no_alert(
    telling: Installation, government: Government
) -> None:
    class Refusing(Mailbox):
        async def handle_MAIL(self, *arguments: object) -> str:
            return "530 5.7.0 Authentication required"

    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    with Refusing() as refusing:
        telling.settings = dataclasses.replace(telling.settings, smtp_url=refusing.smtp_url)
        assert telling.deliver() == (1, 0, 1)
    with telling.people_db.read() as tx:
        assert outbox.pending(tx) == 1


def test_no_address_is_written_to_the_operators_log(
    telling: Installation, government: Government, mailbox: Mailbox, caplog: pytest.LogCaptureFixture
) -> None:
    mailbox.refuse("jane.private@example.org", 550, "<jane.private@example.org>: no such person")
    telling.subscribe("jane.private@example.org")
    publish(telling, government, call(2))
    telling.deliver()
    assert "refused with 550" in caplog.text
    assert "jane" not in caplog.text


def test_files_that_do_not_belong_together_are_told_instead_of_losing_alerts(
    telling: Installation, government: Government
) -> None:
    with telling.people_db.write() as tx:
        outbox.move_checkpoint(tx, deliver.CONSUMER, 999)
    with pytest.raises(StorageError, match="restore both files from one backup"):
        telling.deliver()


def test_a_live_process_elsewhere_is_not_taken_for_a_dead_one(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = holders.me()
    assert not holders.gone(mine)
    place = mine.rsplit(":", 2)[0]
    assert holders.gone(f"{place}:999999999:abcd")
    for elsewhere in (f"other-{place}:999999999:abcd", f"{place}1:999999999:abcd", "nonsense", ""):
        assert not holders.gone(elsewhere)


def test_a_message_that_waited_tells_each_event_with_its_own_facts(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2))
    dearer = call(2)["description"].replace("£2 million", "£6 million")
    publish(telling, government, call(2, description=dearer))
    assert telling.deliver() == (2, 2, 0)
    told = text(mailbox.messages[0])
    first, second = told.split("CALL CHANGED")
    assert "£2,000,000" in first and "£6,000,000" not in first
    assert "→ £6,000,000" in second


def test_a_new_name_alone_is_shown_but_not_mailed(
    telling: Installation, government: Government, mailbox: Mailbox
) -> None:
    publish(telling, government, call(2))
    telling.subscribe("anna@example.org")
    publish(telling, government, call(2, title="Funding call two: quantum networks"))
    assert telling.deliver() == (0, 0, 0)
    assert "Funding call two" in telling.browser().get("/").text
