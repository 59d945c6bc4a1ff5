"""The same news told twice: one subject with several announcements, for a reason, that can be undone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from feed import telling, twins
from feed.extract import Found
from storage.catalogue import Rival
from storage.events import Evidence, Money
from storage.filters import Subject
from tests.installation import Installation, rss
from tests.world.government import Government

DAY = "2026-07-24"


def found(title: str = "Call for Future Telecoms research", **changes: object) -> Found:
    facts: dict[str, object] = {
        "kind": "call",
        "title": title,
        "summary": title,
        "technologies": ("telecoms",),
        "countries": ("GB", "IN"),
        "bodies": ("UK Research and Innovation", "Department of Science and Technology (India)"),
        "money": (Money("7000000", "GBP", "total", "£7 million"),),
        "opens": None,
        "closes": "2026-09-30",
        "evidence": (Evidence("kind", "rule", title),),
    }
    return Found(**{**facts, **changes})  # type: ignore[arg-type]


def rival(title: str = "£7m Future Telecoms funding call", day: str = DAY, **changes: object) -> Rival:
    one = found(title, **changes)
    names = ("kind", "title", "summary", "technologies", "countries", "bodies", "money", "opens", "closes")
    facts = {name: getattr(one, name) for name in names}
    subject = Subject(
        id="one", url="https://gov.example/", source="ukri", announcement="a", closed=False, **facts
    )
    return Rival(subject, day, told=True)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (found(), rival()),
        (found("Joint call on future telecommunications", money=(), closes=None), rival()),
        (
            found(
                "India and UK invite proposals for future telecoms",
                money=(Money("750000000", "INR", "total", "Rs 75 crore"),),
            ),
            rival(),
        ),
        (
            found(
                "UK and India agree Technology Security Initiative", kind="initiative", money=(), closes=None
            ),
            rival("India–UK Technology Security Initiative", kind="initiative", money=(), closes=None),
        ),
        (
            found("Quantum sensors for rail", bodies=("Innovate UK",)),
            rival("Quantum sensors for rail", bodies=()),
        ),
    ],
)
def test_the_same_news_in_other_words_is_one_subject(one: Found, other: Rival) -> None:
    match = twins.match(one, "2026-07-25", [other], set())
    assert match is not None and match.rival is other
    assert "title" in match.reason


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (found(closes="2026-10-31"), rival()),
        (found("Future Telecoms research, round 2"), rival("Future Telecoms research, round 1")),
        (found("Clean maritime call 2026"), rival("Clean maritime call 2025")),
        (found(countries=("GB", "JP")), rival()),
        (found(technologies=("quantum",)), rival()),
        (found(money=(Money("9000000", "GBP", "total", "£9 million"),)), rival()),
        (found("Open call", closes=None, money=()), rival("Funding call", closes=None, money=())),
        (found(closes=None, money=()), rival(day="2026-06-20", closes=None, money=())),
        (found(), rival(day="2026-01-01")),
        (
            found("UK and India sign memorandum on semiconductors", kind="initiative", closes=None, money=()),
            rival("UK and India launch education forum", kind="initiative", closes=None, money=()),
        ),
    ],
)
def test_when_in_doubt_there_are_two(one: Found, other: Rival) -> None:
    assert twins.match(one, "2026-07-25", [other], set()) is None


def test_of_two_that_are_equally_like_neither_is_taken() -> None:
    assert twins.match(found(), DAY, [rival(), rival()], set()) is None


def test_the_first_of_a_kind_keeps_its_id() -> None:
    keys = list(telling.keyed("one", [found(), found()]))
    assert keys[0] == telling.key_of("one", "call", 1) != keys[1]


HERE = {
    "title": "UK and India open £7 million Future Telecoms call",
    "link": "https://www.ukri.example/news/future-telecoms",
    "description": (
        "UK Research and Innovation and India's Department of Science and Technology launched a £7 million "
        "funding call for Future Telecoms research today."
    ),
}
THERE = {
    "title": "DST and UKRI invite proposals: joint call on Future Telecoms",
    "link": "https://dst.example/call/telecoms",
    "description": (
        "The Department of Science and Technology, together with UK Research and Innovation of the United "
        "Kingdom, invites joint proposals for Future Telecoms research. The last date for submission is "
        "30 September 2027."
    ),
}


@pytest.fixture
def two(tmp_path: Path, government: Government) -> Iterator[Installation]:
    """Two governments' feeds, watched since before the news."""
    installation = Installation(tmp_path)
    installation.watch("ukri", government.serve("/ukri", rss({"title": "Old", "guid": "0"})), body="UKRI")
    installation.watch(
        "dst", government.serve("/dst", rss({"title": "Old", "guid": "0"})), country="IN", body="DST"
    )
    installation.poll()
    yield installation
    installation.close()


def publish(government: Government, path: str, **item: str) -> None:
    government.serve(path, rss(item, {"title": "Old", "guid": "0"}))


def tell_twice(two: Installation, government: Government) -> None:
    """The one government tells of the call, then the other."""
    publish(government, "/ukri", **HERE)
    two.poll("ukri")
    publish(government, "/dst", **THERE)
    two.poll("dst")


def test_one_call_of_two_governments_is_one_subject_and_one_alert(
    two: Installation, government: Government
) -> None:
    two.subscribe("anna@example.org", "kind=call&technology=telecoms&partners=GB-IN")
    tell_twice(two, government)
    types = [event.type for event in two.events()[-2:]]
    assert types == ["AnnouncementPublished", "SubjectLinked"]
    linked = two.events("SubjectLinked")[0].payload
    assert linked["subject"] == two.events("CallAnnounced")[0].payload["subject"]
    assert linked["changed"] == {
        "closes": {"from": None, "to": "2027-09-30"},
        "zone": {"from": "Europe/London", "to": "Asia/Kolkata"},
    }
    assert "title" in linked["reason"] and "United Kingdom and India" in linked["reason"]
    (subject,) = [one for one in two.subjects() if one.kind == "call"]
    assert subject.closes == "2027-09-30"
    assert two.deliver()[0] == 1


def test_an_edit_of_the_second_telling_changes_the_one_subject(
    two: Installation, government: Government
) -> None:
    tell_twice(two, government)
    moved = THERE["description"].replace("30 September", "31 October")
    publish(government, "/dst", **{**THERE, "description": moved})
    two.poll("dst")
    changed = two.events("CallChanged")[0].payload
    assert changed["subject"] == two.events("CallAnnounced")[0].payload["subject"]
    assert changed["changed"]["closes"] == {"from": "2027-09-30", "to": "2027-10-31"}


def test_a_call_ends_with_the_last_of_its_announcements_and_opens_again_with_the_first(
    two: Installation, government: Government
) -> None:
    def show(path: str, item: dict[str, str], mark: str = "") -> list[str]:
        publish(government, path, **{**item, "title": f"{mark}{item['title']}"})
        return [type(event).__name__ for event in two.poll(path[1:])[path[1:]].events]

    tell_twice(two, government)
    assert show("/dst", THERE, "Withdrawn: ") == ["AnnouncementWithdrawn"]
    assert show("/ukri", HERE, "Withdrawn: ") == ["AnnouncementWithdrawn", "CallClosed"]
    assert show("/dst", THERE) == ["AnnouncementRevised", "CallChanged"]
    assert show("/ukri", HERE) == ["AnnouncementRevised"]
    assert [one.closed for one in two.subjects() if one.kind == "call"] == [False]


def test_two_calls_of_one_announcement_are_not_both_the_same_as_another() -> None:
    taken = set[str]()
    assert twins.match(found(), DAY, [rival()], taken) is not None
    assert twins.match(found(), DAY, [rival()], taken) is None


def test_what_people_were_told_is_not_told_again_by_a_third_source(
    tmp_path: Path, government: Government
) -> None:
    """The second source had it in its archive, where it was linked to what the first one told as news."""
    installation = Installation(tmp_path)
    installation.watch("ukri", government.serve("/ukri", rss({"title": "Old", "guid": "0"})), body="UKRI")
    third = government.serve("/third", rss({"title": "Old", "guid": "0"}))
    installation.watch("third", third, country="IN", body="DST")
    installation.poll()
    installation.subscribe("anna@example.org", "kind=call")
    publish(government, "/ukri", **HERE)
    installation.poll("ukri")
    installation.watch("dst", government.serve("/dst", rss(THERE)), country="IN", body="DST")
    installation.poll("dst")
    assert installation.events()[-1].type == "SubjectLinked"
    publish(government, "/third", **THERE)
    installation.poll("third")
    assert len(installation.events("CallAnnounced")) == 1
    assert installation.deliver()[0] == 1
    installation.close()


def test_a_page_of_the_second_telling_fills_gaps_and_replaces_nothing(
    tmp_path: Path, government: Government
) -> None:
    installation = Installation(tmp_path)
    old = {"title": "Old", "guid": "0"}
    installation.watch("ukri", government.serve("/ukri", rss(old)), body="UKRI")
    installation.watch("dst", government.serve("/dst", rss(old)), country="IN", body="DST", pages=True)
    installation.poll()
    closes = "The closing date is 30 September 2027."
    publish(government, "/ukri", **{**HERE, "description": f"{HERE['description']} {closes}"})
    installation.poll("ukri")
    told = THERE["description"].partition(" The last date")[0]
    publish(government, "/dst", **{**THERE, "description": told, "link": f"{government.url}/page"})
    government.serve("/page", status=503)
    installation.poll("dst")
    assert installation.events()[-1].type == "SubjectLinked"
    page = (
        f"<html><main><h1>{THERE['title']}</h1><p>{told} The last date for submission is 15 December 2027. "
    )
    page += "The call opens on 1 August 2027.</p></main></html>"
    government.serve("/page", page.encode(), "text/html")
    installation.visit()
    (call,) = [one for one in installation.subjects() if one.kind == "call"]
    assert (call.opens, call.closes) == ("2027-08-01", "2027-09-30")
    linked = installation.events("SubjectLinked")[0].payload
    assert installation.run("split", linked["subject"], linked["announcement"]).returncode == 0
    (call,) = [one for one in installation.subjects() if one.id == linked["subject"]]
    assert (call.opens, call.closes) == (None, "2027-09-30")
    installation.close()


def test_a_withdrawal_of_one_telling_does_not_close_what_the_other_still_tells(
    two: Installation, government: Government
) -> None:
    tell_twice(two, government)
    publish(government, "/ukri", **{**HERE, "title": f"[Withdrawn] {HERE['title']}"})
    two.poll("ukri")
    assert len(two.events("AnnouncementWithdrawn")) == 1
    assert two.events("CallClosed") == []


def test_news_that_was_in_an_archive_elsewhere_is_told_once_as_news(
    tmp_path: Path, government: Government
) -> None:
    installation = Installation(tmp_path)
    installation.watch(
        "dst", government.serve("/dst", rss({"title": "Old", "guid": "0"})), country="IN", body="DST"
    )
    installation.poll()
    installation.watch("ukri", government.serve("/ukri", rss(HERE)), body="UKRI")
    installation.poll("ukri")
    installation.subscribe("anna@example.org", "kind=call")
    publish(government, "/dst", **THERE)
    installation.poll("dst")
    assert [event.type for event in installation.events()[-2:]] == ["SubjectLinked", "CallAnnounced"]
    assert installation.deliver()[0] == 1
    assert len([one for one in installation.subjects() if one.kind == "call"]) == 1
    installation.close()


def test_a_link_can_be_undone(two: Installation, government: Government) -> None:
    tell_twice(two, government)
    linked = two.events("SubjectLinked")[0].payload
    page = two.browser().get(f"/subjects/{linked['subject']}").get_data(as_text=True)
    assert f"communique split {linked['subject']} {linked['announcement']}" in page
    done = two.run("split", linked["subject"], linked["announcement"], "--reason", "two budgets")
    assert done.returncode == 0, done.stderr
    corrected, announced = two.events()[-2:]
    assert corrected.type == "SubjectCorrected" and corrected.payload["reason"] == "two budgets"
    assert announced.type == "CallAnnounced" and announced.payload["subject"] == linked["twin"]
    assert announced.payload["backfill"] is True
    calls = {one.id: one for one in two.subjects() if one.kind == "call"}
    assert calls[linked["subject"]].closes is None
    assert calls[linked["twin"]].closes == "2027-09-30"
    again = two.run("split", linked["subject"], linked["announcement"])
    assert again.returncode == 1 and "is not linked" in again.stderr


def test_the_read_model_of_links_can_be_rebuilt(two: Installation, government: Government) -> None:
    tell_twice(two, government)

    def model() -> str:
        with two.log_db.read() as tx:
            tables = ("announcements", "subjects", "twins", "facets", "amounts", "subject_events")
            rows = {table: [dict(row) for row in tx.execute(f"SELECT * FROM {table}")] for table in tables}
        return json.dumps({name: sorted(map(str, found)) for name, found in rows.items()})

    before = model()
    assert two.run("rebuild").returncode == 0
    assert model() == before
