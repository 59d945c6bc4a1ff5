"""The small world that tests and the demonstration run against is itself true to its models."""

from __future__ import annotations

import json
import smtplib
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from io import BytesIO
from threading import Event
from typing import Any

import feedparser
import pytest

from tests.world.entries import RECORDED_ON, Entry, initiative_of_2024, weeks_since_recorded
from tests.world.feeds import FEEDS
from tests.world.government import Government
from tests.world.inbox import Inbox
from tests.world.invented import invented
from tests.world.mailbox import Mailbox
from tests.world.script import QUIET_SECONDS, feeds_of, perform, play, steps
from tests.world.shapes import london


@pytest.fixture
def government() -> Iterator[Government]:
    with Government() as running:
        yield running


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


def get(url: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """The status, the headers (names in lower case) and the body of one answer, whatever it is."""
    asked = urllib.request.Request(url, headers={k.replace("_", "-"): v for k, v in headers.items()})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)
    try:
        with opener.open(asked, timeout=10) as answer:
            return answer.status, {k.lower(): v for k, v in answer.headers.items()}, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, {k.lower(): v for k, v in error.headers.items()}, error.read()


def feed_of(government: Government, feed: str) -> Any:
    return feedparser.parse(BytesIO(get(government.feed_url(feed))[2]))


def send(mailbox: Mailbox, to: str = "ada@example.org", subject: str = "A call", html: str = "") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "alerts@example.org", to, subject
    message["List-Unsubscribe"] = "<http://127.0.0.1:1/unsubscribe/abc>"
    message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    message.set_content("Read it at http://127.0.0.1:1/subjects/7.")
    if html:
        message.add_alternative(html, subtype="html")
    with smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10) as client:
        client.send_message(message)


@pytest.mark.parametrize("feed", FEEDS)
def test_each_feed_is_well_formed_and_leads_to_its_pages(government: Government, feed: str) -> None:
    """Twelve to twenty entries at first, and every link is a page on the same server."""
    parsed = feed_of(government, feed)
    assert not parsed.bozo
    assert 12 <= len(parsed.entries) <= 20
    assert len({entry.link for entry in parsed.entries}) == len(parsed.entries)
    for entry in parsed.entries:
        assert entry.link.startswith(government.url + "/")
        status, headers, body = get(entry.link)
        assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
        assert b"<h1" in body


@pytest.mark.parametrize(
    ("feed", "version", "content_type"),
    [
        ("dsit-news", "atom10", "application/atom+xml; charset=utf-8"),
        ("dsit-organisation", "atom10", "application/atom+xml; charset=utf-8"),
        ("ukri-opportunities", "rss20", "application/rss+xml; charset=UTF-8"),
        ("pib-delhi", "rss20", "text/xml; charset=utf-8"),
        ("grants-gov", "rss20", "text/xml;charset=UTF-8"),
    ],
)
def test_each_feed_has_its_publishers_format(
    government: Government, feed: str, version: str, content_type: str
) -> None:
    _, headers, body = get(government.feed_url(feed))
    assert feedparser.parse(BytesIO(body)).version == version
    assert headers["content-type"] == content_type


def test_the_finder_has_stable_ids_and_only_updated(government: Government) -> None:
    parsed = feed_of(government, "dsit-news")
    assert "Department for Science" in parsed.feed.title
    for entry in parsed.entries:
        path = entry.link.removeprefix(government.url)
        assert entry.id == f"tag:www.gov.uk,2005:{path}"
        assert "updated" in entry and "published" not in entry
        assert entry.summary_detail.type == "text/html"


def test_the_organisation_feed_has_typed_titles_and_ids_that_follow_the_edit(government: Government) -> None:
    slug = "applications-open-for-ai-safety-systems-fund"
    before = next(e for e in feed_of(government, "dsit-organisation").entries if slug in e.link)
    assert before.title.startswith("Press release: ")
    assert before.id == f"{before.link}#{before.updated}"
    government.revise("dsit-organisation", slug, summary="Applications now close in March.")
    after = feed_of(government, "dsit-organisation").entries[0]
    assert after.link == before.link
    assert after.id != before.id
    assert after.tags[0].term == "Press release"


def test_an_edit_shows_in_both_feeds_of_govuk_and_on_the_page(government: Government) -> None:
    slug = "applications-open-for-ai-safety-systems-fund"
    old_ids = {entry.id for entry in feed_of(government, "dsit-news").entries}
    url = government.revise("dsit-organisation", slug, summary="Now until March.")
    top = feed_of(government, "dsit-news").entries[0]
    assert (top.summary, top.link) == ("Now until March.", url)
    assert top.id in old_ids
    assert b"Now until March." in get(url)[2]


def test_ukri_says_little_in_the_feed_and_the_dates_on_the_page(government: Government) -> None:
    for entry in feed_of(government, "ukri-opportunities").entries:
        assert entry.guidislink is False
        assert entry.author and entry.published and entry.summary
        page = get(entry.link)[2].decode()
        assert "Closing date" in page and "Closing date" not in entry.summary


def test_pib_has_title_and_link_and_nothing_else(government: Government) -> None:
    parsed = feed_of(government, "pib-delhi")
    for entry in parsed.entries:
        assert "PRID=" in entry.link
        assert not {"id", "published", "summary", "author"} & set(entry)
    assert any("ऑस्ट्रेलिया" in entry.title for entry in parsed.entries)


def test_grants_gov_has_numbers_in_titles_and_american_dates(government: Government) -> None:
    entry = feed_of(government, "grants-gov").entries[0]
    assert entry.title.startswith("DE-FOA-0003611: ")
    assert "<b>Close Date:</b></td><td>01/22/2027" in entry.summary
    assert entry.id == entry.link and entry.published


@pytest.mark.parametrize("feed", FEEDS)
def test_what_has_not_changed_is_not_sent_again(government: Government, feed: str) -> None:
    url = government.feed_url(feed)
    _, headers, _ = get(url)
    by_tag = get(url, If_None_Match=headers["etag"])
    by_date = get(url, If_Modified_Since=headers["last-modified"])
    assert [by_tag[0], by_date[0]] == [304, 304]
    assert [by_tag[2], by_date[2]] == [b"", b""]
    government.publish(feed, Entry(title="Something new", slug="900001"))
    assert get(url, If_None_Match=headers["etag"])[0] == 200
    assert get(url, If_Modified_Since=headers["last-modified"])[0] == 200
    # The tag decides where both are sent.
    assert get(url, If_None_Match=headers["etag"], If_Modified_Since=headers["last-modified"])[0] == 200


def test_two_changes_within_a_second_have_two_dates(government: Government) -> None:
    seen = set()
    for number in range(3):
        government.publish("dsit-news", Entry(title=f"News {number}"))
        seen.add(get(government.feed_url("dsit-news"))[1]["last-modified"])
    assert len(seen) == 3


def test_a_new_entry_comes_on_top_and_the_window_stays_at_twenty(government: Government) -> None:
    for number in range(25):
        url = government.publish("dsit-news", Entry(title=f"News & views {number}"))
    entries = feed_of(government, "dsit-news").entries
    assert len(entries) == 20
    assert (entries[0].title, entries[0].link) == ("News & views 24", url)
    assert get(government.url + "/government/news/news-views-0")[0] == 200


def test_govuk_marks_what_is_withdrawn_and_keeps_the_page(government: Government) -> None:
    url = government.withdraw("dsit-news", "space-weather-exercise", "The plan has changed.")
    entry = feed_of(government, "dsit-news").entries[0]
    assert entry.title == "[Withdrawn] Departments rehearse for a severe solar storm"
    status, _, page = get(url)
    assert status == 200
    assert b"This page was withdrawn on" in page and b"The plan has changed." in page


def test_the_others_take_withdrawn_things_down(government: Government) -> None:
    url = government.withdraw("grants-gov", "361902")
    assert get(url)[0] == 410
    assert url not in {entry.link for entry in feed_of(government, "grants-gov").entries}


def test_any_answer_can_be_put_up_and_taken_down(government: Government) -> None:
    path = FEEDS["pib-delhi"].path
    url = government.serve(path, status=503, headers={"Retry-After": "120"})
    status, headers, body = get(url)
    assert (status, headers["retry-after"], body) == (503, "120", b"")
    government.serve(path, b"<html>", content_type="text/html")
    assert get(url)[1:][1] == b"<html>"
    government.restore(path)
    assert b"<rss" in get(url)[2]
    moved = government.serve("/old.xml", status=301, headers={"Location": url})
    assert get(moved)[0] == 301
    tagged = government.serve("/tagged.xml", b"<rss/>", headers={"ETag": '"a"'})
    assert get(tagged, If_None_Match='"a"')[0] == 304
    with pytest.raises((urllib.error.URLError, ConnectionError)):
        get(government.serve("/hangs-up", status=0))


def test_a_slow_answer_does_not_hold_up_the_end() -> None:
    with Government() as government:
        url = government.serve("/slow", b"late", delay=60)
        begun = time.monotonic()
        with pytest.raises((urllib.error.URLError, TimeoutError)):
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=0.1)
    assert time.monotonic() - begun < 10


def test_every_request_is_logged(government: Government) -> None:
    get(government.feed_url("pib-delhi"), User_Agent="Communique/1")
    get(government.url + "/nothing-here")
    assert [(r.path, r.status) for r in government.requests] == [
        ("/RssMain.aspx?ModId=6&Lang=1&Regid=3", 200),
        ("/nothing-here", 404),
    ]
    assert government.requests[0].headers["user-agent"] == "Communique/1"
    assert government.wait_for(lambda requests: len(requests) == 2, timeout=0)


def test_the_initiative_is_not_there_until_it_is_published(government: Government) -> None:
    told = initiative_of_2024()
    assert not any("Technology Security" in e.title for name in FEEDS for e in government.entries(name))
    url = government.publish("dsit-news", told["govuk"])
    page = get(url)[2].decode()
    for words in ("National Security Advisers", "£7 million", "UKRI", "DST", "semiconductors", "quantum"):
        assert words in page
    assert feed_of(government, "dsit-news").entries[0].updated == "2024-07-24T18:00:00+01:00"
    for name in ("pib", "pib-hindi"):
        government.publish("pib-delhi", told[name])
    assert 'lang="hi"' in get(feed_of(government, "pib-delhi").entries[0].link)[2].decode()


def test_the_script_can_be_played_to_its_end_and_beyond() -> None:
    with Government() as government:
        source = steps(date(2026, 11, 23))
        said = [perform(government, next(source)) for _ in range(40)]
        assert sum("edited" in line for line in said) == 1
        assert sum("withdrawn" in line for line in said) == 1
        assert {feed.partition(":")[0] for feed in said} >= set(FEEDS) - {"dsit-organisation"}
        for feed in FEEDS:
            assert not feed_of(government, feed).bozo
        page = get(government.url + "/opportunity/6g-spectrum-sharing-uk-and-canada-joint-research/")[2]
        assert b"18 February 2027" in page


def test_a_feed_is_left_alone_until_it_was_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a source shows at its first poll is what was recorded."""
    monkeypatch.setattr("tests.world.script.QUIET_SECONDS", 0.0)
    assert QUIET_SECONDS > 0
    stopped, said = Event(), []

    def say(line: str) -> None:
        said.append(line)
        stopped.set()

    with Government() as government:
        get(government.feed_url("pib-delhi"))
        play(government, stopped, 0.001, date(2026, 11, 23), say=say)
        assert said[0].startswith("pib-delhi: published: ")
        assert len(government.entries("dsit-news")) == 15


def test_invented_announcements_have_titles_of_their_own() -> None:
    made = [invented(number, date(2026, 11, 23)) for number in range(3000)]
    assert len({(feed, entry.slug) for feed, _, entry in made}) == 3000
    assert len({(feed, entry.title) for feed, _, entry in made}) == 3000


def test_an_old_recording_is_moved_by_whole_weeks() -> None:
    assert weeks_since_recorded(RECORDED_ON + timedelta(days=13)) == timedelta(weeks=1)
    assert weeks_since_recorded(RECORDED_ON - timedelta(days=400)) == timedelta(0)
    with Government(moved_by=timedelta(weeks=10)) as government:
        assert government.entry("pib-delhi", "2191610").title.endswith("31 March 2027")
        assert government.entry("grants-gov", "362011").details["Close Date"] == "04/02/2027"


def test_each_step_names_feeds_that_exist() -> None:
    source = steps(date(2026, 11, 23))
    assert all(set(feeds_of(next(source))) <= set(FEEDS) for _ in range(40))


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 3, 29, 0, 59, tzinfo=UTC), "2026-03-29T00:59:00+00:00"),
        (datetime(2026, 3, 29, 1, 0, tzinfo=UTC), "2026-03-29T02:00:00+01:00"),
        (datetime(2026, 10, 25, 1, 0, tzinfo=UTC), "2026-10-25T01:00:00+00:00"),
    ],
)
def test_london_changes_its_offset_twice_a_year(moment: datetime, written: str) -> None:
    assert london(moment) == written


def test_the_mailbox_keeps_what_it_receives(mailbox: Mailbox) -> None:
    send(mailbox, to="Ada <ada@example.org>", html="<p>Hello</p>")
    assert mailbox.wait_for(lambda messages: len(messages) == 1)
    message = mailbox.messages[0]
    assert (message["Subject"], message.envelope_rcpt) == ("A call", ("ada@example.org",))
    assert message.envelope_from == "alerts@example.org"
    assert mailbox.to("ADA@example.org") == [message]
    assert not mailbox.wait_for(lambda messages: len(messages) > 1, timeout=0)


@pytest.mark.parametrize("code", [450, 550])
def test_the_mailbox_refuses_whom_it_is_told_to(mailbox: Mailbox, code: int) -> None:
    mailbox.refuse("ada@example.org", code)
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        send(mailbox)
    assert refused.value.recipients["ada@example.org"][0] == code
    send(mailbox, to="bob@example.org")
    mailbox.accept("ada@example.org")
    send(mailbox)
    assert [m.envelope_rcpt for m in mailbox.messages] == [("bob@example.org",), ("ada@example.org",)]


def test_the_mailbox_closes_with_a_connection_open() -> None:
    with Mailbox() as mailbox:
        client = smtplib.SMTP("127.0.0.1", mailbox.smtp_port, timeout=10)
    client.close()


def test_the_inbox_lists_the_newest_first_and_looks_again(mailbox: Mailbox) -> None:
    with Inbox(mailbox) as inbox:
        assert b"Nothing yet" in get(inbox.url)[2]
        send(mailbox, subject="First <b>")
        send(mailbox, subject="Second")
        page = get(inbox.url + "/")[2].decode()
        assert page.index("Second") < page.index("First &lt;b&gt;")
        assert 'http-equiv="refresh" content="2"' in page
        listed = json.loads(get(inbox.url + "/messages.json")[2])
        assert [(m["number"], m["subject"]) for m in listed] == [(1, "First <b>"), (2, "Second")]


def test_a_message_is_shown_in_a_sandbox_whose_links_open(mailbox: Mailbox) -> None:
    send(mailbox, html="<html><head></head><body><a href='http://127.0.0.1:1/x'>x</a></body></html>")
    with Inbox(mailbox) as inbox:
        page = get(inbox.url + "/messages/1")[2].decode()
        assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page
        assert '<a href="http://127.0.0.1:1/subjects/7" target="_blank">' in page
        assert 'action="http://127.0.0.1:1/unsubscribe/abc"' in page
        assert "refresh" not in page
        _, headers, body = get(inbox.url + "/messages/1.html")
        assert b'<head><base target="_blank">' in body
        assert headers["content-security-policy"].startswith("sandbox allow-popups ")
        assert [get(f"{inbox.url}/messages/{number}")[0] for number in (0, 2)] == [404, 404]
