"""How the sources are doing: on the command line, on the pages, in a feed of their own."""

from __future__ import annotations

import io
import json
import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import feedparser
import pytest

from feed import health as shown
from feed import plot, poll
from storage import cursors, effects, log, source_history, source_wording
from storage.clock import now
from storage.database import open_database
from storage.events import (
    AnnouncementPublished,
    Event,
    SourceEnded,
    SourceFailing,
    SourceGap,
    SourceHeld,
    SourceMoved,
    SourceRecovered,
    SourceReleased,
)
from storage.rebuild import rebuild
from tests.installation import Installation, call, rss, visit
from tests.rfc4287 import complaints
from tests.world.government import Government

HOSTILE = 'x\r\nBcc: e@x.example \u202egnp <script>alert("x")</script> ]]> &amp;'
EVENTS: tuple[Event, ...] = (
    SourceFailing(source="dsit", reason="the server answered 503 Service Unavailable"),
    SourceRecovered(source="dsit"),
    SourceMoved(source="dsit", url="https://gov.example/new", before="https://gov.example/old"),
    SourceEnded(source="dsit", reason="410 Gone"),
    SourceGap(source="dsit"),
    SourceHeld(source="dsit", count=31, explained=20, reason="31 new entries are held back"),
    SourceReleased(source="dsit", count=31, told=False),
)


def record(here: Installation, *events: Event, at: datetime | None = None) -> None:
    with here.log_db.write() as tx:
        for recorded in log.append(tx, events, at or now()):
            effects.apply(tx, recorded)


def published(day: str | None, number: int = 1, source: str = "dsit") -> AnnouncementPublished:
    return AnnouncementPublished(
        source=source, announcement=f"{source}-{number}", title="T", url="https://gov.example/", summary="",
        published_at=day, text=None, backfill=True,
    )  # fmt: skip


def weeks(here: Installation, source: str = "dsit") -> list[int]:
    with here.log_db.read() as tx:
        return source_history.weekly(tx, now()).get(source, [0] * source_history.WEEKS)


def days_ago(days: int) -> str:
    return (now() - timedelta(days=days)).date().isoformat()


# How often a source announces something


def test_what_a_source_showed_at_first_counts_for_the_days_it_was_published(here: Installation) -> None:
    dates = [days_ago(0), days_ago(6), days_ago(7), days_ago(40), days_ago(83), days_ago(84), days_ago(900)]
    record(here, *(published(day, number) for number, day in enumerate(dates)))
    assert weeks(here) == [1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 2]


@pytest.mark.parametrize("stated", [None, "2999-01-01", "no date", "2999-01-01T10:00:00+05:30"])
def test_what_has_no_date_or_one_to_come_counts_for_the_day_it_was_recorded(
    here: Installation, stated: str | None
) -> None:
    record(here, published(stated), at=now() - timedelta(days=8))
    assert weeks(here) == [0] * 10 + [1, 0]


def test_a_time_counts_for_its_day_in_utc(here: Installation) -> None:
    late = (now() - timedelta(days=7)).date().isoformat() + "T01:00:00+05:30"
    record(here, published(late))
    with here.log_db.read() as tx:
        assert tx.execute("SELECT day FROM announcements").fetchone()["day"] == days_ago(8)


def test_the_rhythm_is_the_same_when_the_read_model_is_computed_anew(here: Installation) -> None:
    record(here, published(days_ago(3), 1), published(None, 2))
    before = weeks(here)
    rebuild(here.log_db)
    assert weeks(here) == before == [0] * 11 + [2]


def test_a_log_from_before_is_brought_up_to_date(here: Installation) -> None:
    record(here, published(days_ago(20), 1), published(None, 2), published("2999-01-01", 3))
    before = weeks(here)
    here.log_db.close()
    raw = sqlite3.connect(here.folder / "log.db")
    raw.executescript(
        "DROP INDEX announcements_day; DROP INDEX events_of_sources;"
        "ALTER TABLE announcements DROP COLUMN day;"
        "DELETE FROM _sqlite_migrations WHERE name LIKE '%_health'"
    )
    raw.close()
    here.log_db = open_database(here.settings.log_url, "log")
    assert weeks(here) == before == [0] * 9 + [1, 0, 2]


def test_one_question_answers_for_all_plots_and_each_question_has_its_index(here: Installation) -> None:
    plans: list[str] = []

    class Spy:
        def __init__(self, tx: Any) -> None:
            self.tx = tx

        def execute(self, sql: str, params: Sequence[Any] = ()) -> Any:
            plans.append(
                " ".join(row["detail"] for row in self.tx.execute(f"EXPLAIN QUERY PLAN {sql}", params))
            )
            return self.tx.execute(sql, params)

    with here.log_db.read() as tx:
        source_history.weekly(Spy(tx), now())
        source_history.newest(Spy(tx))
        source_history.latest(Spy(tx), [("dsit", "SourceFailing")])
    assert len(plans) == 3
    assert "SEARCH announcements USING COVERING INDEX announcements_day" in plans[0]
    for plan in plans[1:]:
        assert "USING COVERING INDEX events_of_sources" in plan and "SCAN events USING INTEGER" not in plan


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ([0] * 12, "no announcement in the last 12 weeks"),
        ([3] * 12, "3 announcements a week on average"),
        ([4] * 9 + [0] * 3, "3 announcements a week on average; none in the last 3 weeks"),
        ([0] * 8 + [5] * 4, "5 announcements a week on average in the last 4 weeks"),
        ([0] * 11 + [20], "20 announcements in the last week, none known from the weeks before"),
        ([1] + [0] * 11, "1 announcement in the last 12 weeks; none in the last 11 weeks"),
        ([1] * 11 + [0], "11 announcements in the last 12 weeks; none in the last week"),
    ],
)
def test_a_rhythm_is_told_in_words(counts: list[int], words: str) -> None:
    assert source_wording.rhythm(counts) == words


def test_a_plot_has_a_bar_for_each_week_and_stays_in_its_frame() -> None:
    for counts in ([0] * 12, [1] * 12, list(range(12)), [0] * 11 + [10_000], [1] * 11 + [10_000]):
        bars = re.findall(r"M([\d.]+) 24v-([\d.]+)h([\d.]+)v([\d.]+)z", plot.bars(counts))
        assert len(bars) == 12
        for left, up, width, down in bars:
            assert float(left) + float(width) <= plot.WIDTH and 0 < float(up) <= plot.HEIGHT and up == down


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (30.0, "every 30 minutes"),
        (60, "every hour"),
        (37.5, "every 38 minutes"),
        (1, "every minute"),
        (150, "every 2 hours"),
        (1440, "every day"),
        (10080, "every 7 days"),
        (0.03, "every 2 seconds"),
        (0.001, "every second"),
    ],
)
def test_a_pace_is_told_in_words(minutes: float, words: str) -> None:
    assert source_wording.every(minutes) == words


# The page


@pytest.fixture
def mixed(here: Installation, government: Government) -> Installation:
    """An installation with sources that work, fail, are held, have ended and were never polled."""
    here.watch("works", government.serve("/works", rss(call(1))), name="Ministry of Works")
    here.watch("held", government.serve("/held", rss(*map(call, range(10, 15)))), name="Zoning office")
    here.poll()
    here.watch("down", government.serve("/down", status=503), name="The silent ministry")
    here.watch("gone", government.serve("/gone", status=410), name="An office of old")
    government.serve("/held", rss(*map(call, range(100, 125))))
    here.poll()
    here.watch("new", government.serve("/new", rss()), name="A new office")
    return here


def test_the_page_shows_the_troubles_first_then_the_others_by_name(mixed: Installation) -> None:
    page = mixed.browser().get("/sources").text
    names = ["The silent ministry", "Zoning office", "An office of old", "A new office", "Ministry of Works"]
    places = [page.index(f">{name}</a>") for name in names]
    assert places == sorted(places)


def test_the_page_says_in_a_line_how_many_are_in_which_state(mixed: Installation) -> None:
    page = mixed.browser().get("/sources").text
    tally = re.sub(r"<[^>]+>", "", page.split('class="status tally">')[1].split("</p>")[0])
    assert tally == ("5 watched: 1 working, 1 cannot be read, 1 held for review, 1 ended, 1 not polled yet")


def test_the_page_can_be_kept_to_one_state(mixed: Installation) -> None:
    browser = mixed.browser()
    page = browser.get("/sources?health=failing").text
    assert "The silent ministry" in page and "Ministry of Works" not in page
    assert "5 watched" in page
    answer = browser.get("/sources?health=ill")
    assert answer.status_code == 400 and "there is no state" in answer.text


def test_the_page_tells_of_each_source_what_an_operator_asks(mixed: Installation) -> None:
    page = mixed.browser().get("/sources").text
    row = page.split("The silent ministry")[1].split("</tr>")[0]
    assert "the server answered 503 Service Unavailable" in row
    assert "never" in row and "in 4 minutes" in row
    assert "polled every 30 minutes" in row
    held = page.split("Zoning office")[1].split("</tr>")[0]
    assert "<code>communique sources release held</code>" in held
    works = page.split("Ministry of Works")[1].split("</tr>")[0]
    assert 'role="img" aria-label="1 announcement in the last week' in works
    assert works.count("<title>") == 1
    assert "not any more" in page.split("An office of old")[1].split("</tr>")[0]


def test_the_page_needs_no_script_and_no_inline_style(mixed: Installation) -> None:
    answer = mixed.browser().get("/sources")
    assert "<script" not in answer.text and "style=" not in answer.text and "<style" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_gap_and_a_new_address_are_noted(here: Installation, government: Government) -> None:
    new = government.serve("/new-place", rss(call(1)))
    here.watch("dsit", government.serve("/feed", status=301, headers={"Location": "/new-place"}))
    for _ in range(3):
        here.poll()
    government.serve("/new-place", rss(call(2)))
    here.poll()
    page = here.browser().get("/sources").text
    assert f"It has moved and is polled at {new}: put that into the catalogue." in page
    assert "Its last poll shared nothing with the one before" in page


def test_what_a_server_says_is_shown_as_words(here: Installation, government: Government) -> None:
    here.watch("dsit", government.serve("/feed", rss(visit(1))))
    here.poll()
    record(here, SourceFailing(source="dsit", reason=HOSTILE))
    with here.log_db.write() as tx:
        tx.execute("UPDATE cursors SET health = 'failing', reason = ?", (HOSTILE,))
    browser = here.browser()
    for path in ("/", "/sources", "/events", "/events/2"):
        page = browser.get(path).text
        assert "<script" not in page
        assert "&lt;script&gt;" in page
    assert "\u202e" not in browser.get("/sources").text
    (line,) = here.run("sources").stdout.splitlines()
    assert "Bcc" in line and "\u202e" not in line


def test_a_reason_is_one_line_of_a_sensible_length(
    here: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*arguments: object) -> None:
        raise poll.SourceError(HOSTILE + "long " * 1000 + "\ud800")

    monkeypatch.setattr(poll, "_ask", wrong)
    here.watch("dsit", government.serve("/feed"))
    here.poll()
    reason = here.cursor("dsit").reason or ""
    assert len(reason) <= 500 and reason.isprintable()
    assert here.events("SourceFailing")[0].payload["reason"] == reason


# The front page


def test_without_a_network_the_front_page_has_one_line_and_not_one_for_each_source(
    here: Installation, government: Government
) -> None:
    for port in range(1, 13):
        here.watch(f"s{port}", f"http://127.0.0.1:{port}/feed")
    here.watch("down", government.serve("/down", status=503), name="The silent ministry")
    here.poll()
    page = here.browser().get("/").text
    listed = page.split('class="status"')[1].split("</section>")[0]
    assert listed.count("<li>") == 2
    assert "12 sources</strong>: the server cannot be reached: Connection refused" in listed
    assert "The silent ministry</strong>: the server answered 503" in listed
    assert "13 cannot be read" in listed


@pytest.mark.parametrize(
    ("reason", "common"),
    [
        (
            "the name of the server a.example:81 cannot be resolved",
            "the name of the server cannot be resolved",
        ),
        ("the server 127.0.0.1:9 cannot be reached: refused", "the server cannot be reached: refused"),
        ("the server [::1]:9 fell silent for 15 seconds", "the server fell silent for 15 seconds"),
        ("the server localhost:9 fell silent", "the server fell silent"),
        ("no secure connection to a.example: expired", "no secure connection to the server: expired"),
        ("the server answered 503 Service Unavailable", "the server answered 503 Service Unavailable"),
        ("redirects more than 5 times", "redirects more than 5 times"),
    ],
)
def test_reasons_are_compared_without_the_name_of_the_server(reason: str, common: str) -> None:
    assert source_wording.common(reason) == common


# The command


def test_the_command_prints_a_line_a_source_in_columns(mixed: Installation) -> None:
    done = mixed.run("sources")
    lines = done.stdout.splitlines()
    assert done.returncode == 0 and len(lines) == 5
    assert [line.split()[0] for line in lines] == ["down", "held", "gone", "new", "works"]
    assert len({line.index("seen") for line in lines}) == 1
    down, held, gone, new, works = lines
    assert re.search(r"cannot be read +never read +0 seen +0 new  in 4 min +the server answered 503", down)
    assert "held for review" in held and "`communique sources release held`" in held
    assert "not any more" in gone
    assert re.search(r"not polled yet +never read +0 seen +0 new  now$", new)
    assert re.search(r"working +(just now|\d+ s ago) +1 seen +1 new  in \d+ min$", works)
    assert mixed.run("sources", "list").stdout.splitlines()[0].startswith("down")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_on_a_terminal_what_does_not_fit_stands_below(mixed: Installation, width: int) -> None:
    with mixed.log_db.read() as tx:
        known = cursors.everything(tx)
    rows = shown.rows(mixed.sources.values(), known)
    lines = shown.lines(rows, now(), width)
    assert all(len(line) <= width for line in lines)
    assert [line.split()[0] for line in lines if line[0] != " "] == ["down", "held", "gone", "new", "works"]
    assert "release held" in " ".join(" ".join(lines).split())


def test_an_empty_catalogue_is_an_empty_list(here: Installation) -> None:
    done = here.run("sources")
    assert (done.returncode, done.stdout) == (0, "")


def test_the_lines_for_programs_keep_their_keys(mixed: Installation) -> None:
    lines = [json.loads(line) for line in mixed.run("sources", "list", "--json").stdout.splitlines()]
    keys = ["id", "name", "url", "health", "reason", "last_success", "next_poll", "seen", "new"]
    assert [list(line) for line in lines] == [keys] * 5
    assert {line["id"]: line["health"] for line in lines} == {
        "works": "ok", "held": "held", "down": "failing", "gone": "ended", "new": "new",
    }  # fmt: skip


# The feed


def feed_of(here: Installation) -> Any:
    answer = here.browser().get("/sources.atom")
    assert answer.status_code == 200
    assert answer.mimetype == "application/atom+xml"
    assert complaints(answer.data) == []
    parsed = feedparser.parse(io.BytesIO(answer.data))
    assert not parsed.bozo
    return parsed


def test_the_feed_of_the_sources_is_valid_when_nothing_has_happened(here: Installation) -> None:
    parsed = feed_of(here)
    assert parsed.entries == []
    assert parsed.feed.id == "http://communique.example/sources.atom"


def test_the_feed_tells_what_happened_to_sources_newest_first_and_nothing_else(here: Installation) -> None:
    here.watch("dsit", "https://gov.example/feed", name="NSF funding")
    record(here, published(days_ago(1)), *EVENTS, published(days_ago(1), 2))
    parsed = feed_of(here)
    assert [entry.title for entry in reversed(parsed.entries)] == [
        "NSF funding: cannot be read: the server answered 503 Service Unavailable",
        "NSF funding: works again",
        "NSF funding: has moved to https://gov.example/new",
        "NSF funding: has ended: 410 Gone",
        "NSF funding: shows nothing that it showed at the poll before",
        "NSF funding: 31 announcements are held back, more at once than its past explains",
        "NSF funding: 31 announcements are released, telling nobody",
    ]
    recorded = {event.position: event.recorded_at for event in here.events()}
    browser = here.browser()
    for entry in parsed.entries:
        position = int(entry.link.removeprefix("http://communique.example/events/"))
        assert entry.updated == recorded[position]
        assert entry.summary.startswith(entry.title)
        page = browser.get(f"/events/{position}")
        assert page.status_code == 200 and entry.title.split(": ", 1)[1].split(":")[0] in page.text
    assert parsed.feed.updated == parsed.entries[0].updated


def test_each_entry_keeps_an_id_of_its_own(here: Installation) -> None:
    record(here, *EVENTS)
    before = {entry.link: entry.id for entry in feed_of(here).entries}
    record(here, *EVENTS)
    after = {entry.link: entry.id for entry in feed_of(here).entries}
    assert len(set(after.values())) == 14
    assert {link: after[link] for link in before} == before


def test_the_feed_of_the_sources_has_the_newest_fifty(here: Installation) -> None:
    record(here, *(SourceGap(source=f"s{number}") for number in range(60)))
    assert [entry.title.split(":")[0] for entry in feed_of(here).entries] == [
        f"s{n}" for n in range(59, 9, -1)
    ]


def test_hostile_words_cannot_break_the_feed(here: Installation) -> None:
    here.watch("dsit", "https://gov.example/feed", name="N\u202e <b>&amp;")
    record(
        here,
        SourceFailing(source="dsit", reason=HOSTILE + "\x00\x1b"),
        SourceEnded(source="dsit", reason=""),
        SourceMoved(source="dsit", url="javascript:\x01", before=HOSTILE),
    )
    for entry in feed_of(here).entries:
        assert "\u202e" not in entry.title and "\n" not in entry.title


def test_an_unchanged_feed_of_the_sources_is_not_sent_again(here: Installation) -> None:
    here.watch("dsit", "https://gov.example/feed", name="NSF funding")
    record(here, EVENTS[0], at=now() - timedelta(minutes=5))
    browser = here.browser()
    first = browser.get("/sources.atom")
    etag, modified = first.headers["ETag"], first.headers["Last-Modified"]
    assert browser.get("/sources.atom", headers={"If-None-Match": etag}).status_code == 304
    assert browser.get("/sources.atom", headers={"If-Modified-Since": modified}).status_code == 304
    record(here, published(days_ago(1)))  # is not about a source: only the head of the log goes on
    assert etag.startswith("W/")
    assert browser.get("/sources.atom", headers={"If-None-Match": etag}).status_code == 304
    record(here, EVENTS[1])
    assert browser.get("/sources.atom", headers={"If-None-Match": etag}).status_code == 200
    assert browser.get("/sources.atom", headers={"If-Modified-Since": modified}).status_code == 200


def test_an_event_within_a_second_of_another_is_not_hidden_by_the_date(here: Installation) -> None:
    record(here, EVENTS[0])
    assert "Last-Modified" not in here.browser().get("/sources.atom").headers


def test_a_new_name_in_the_catalogue_changes_the_feed(here: Installation) -> None:
    here.watch("dsit", "https://gov.example/feed", name="NSF funding")
    record(here, EVENTS[0])
    etag = here.browser().get("/sources.atom").headers["ETag"]
    here.watch("dsit", "https://gov.example/feed", name="National Science Foundation")
    assert here.browser().get("/sources.atom", headers={"If-None-Match": etag}).status_code == 200


def test_readers_find_the_feed_from_the_page(here: Installation) -> None:
    page = here.browser().get("/sources").text
    assert re.search(r'<link rel="alternate" type="application/atom\+xml"[^>]*href="/sources\.atom">', page)


def test_a_failure_and_its_recovery_reach_the_feed_by_polling(
    here: Installation, government: Government
) -> None:
    here.watch("dsit", government.serve("/feed", status=503), name="NSF funding")
    here.poll()
    here.poll()
    government.serve("/feed", rss(call(1)))
    here.poll()
    assert [entry.title for entry in feed_of(here).entries] == [
        "NSF funding: works again",
        "NSF funding: cannot be read: the server answered 503 Service Unavailable",
    ]
