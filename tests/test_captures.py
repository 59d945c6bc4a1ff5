"""Real captures of government feeds, polled from a local server. They stand beside the repository, where
its owner keeps them, and are not the project's to carry."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.verify import verify
from tests.installation import ROOT, Installation
from tests.world.government import Government

CAPTURES = ROOT.parent / "shared" / "feeds"
NSF = {"nsf-funding.xml": 20, "nsf-funding-pgm-annc.xml": 15, "nsf-funding-upcoming.xml": 10}

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the captures are not beside this checkout")


@pytest.fixture
def polled(here: Installation, government: Government) -> Installation:
    for path in sorted((*CAPTURES.glob("*.xml"), *CAPTURES.glob("*.atom"))):
        url = government.serve(f"/{path.name}", path.read_bytes(), content_type="application/xml")
        here.watch(path.stem, url, country="US" if path.name.startswith(("nsf", "us")) else "CA", body="NSF")
    outcomes = here.poll()
    assert {outcome.status for outcome in outcomes.values()} == {"fetched"}
    assert {outcome.reason for outcome in outcomes.values()} == {None}
    return here


def test_each_is_polled_without_an_error(polled: Installation) -> None:
    assert len(polled.sources) == 9
    verify(polled.log_db)


@pytest.mark.parametrize(("name", "count"), NSF.items())
def test_each_funding_item_of_nsf_becomes_a_call(polled: Installation, name: str, count: int) -> None:
    stem = Path(name).stem
    published = [event.payload for event in polled.events("AnnouncementPublished")]
    published = [data for data in published if data["source"] == stem]
    calls = [event.payload for event in polled.events("CallAnnounced")]
    calls = [data for data in calls if data["source"] == stem]
    assert len(published) == len(calls) == count
    assert [(data["url"], data["title"]) for data in calls] == [
        (data["url"], data["title"]) for data in published
    ]
    assert all(data["url"].startswith("https://www.nsf.gov/funding/") for data in calls)


def test_a_call_of_nsf_has_its_date_where_it_states_one(polled: Installation) -> None:
    calls = [event.payload for event in polled.events("CallAnnounced")]
    closes = [data["closes"] for data in calls if data["source"] == "nsf-funding-upcoming"]
    assert closes == [
        *("2026-08-04", "2026-08-11", "2026-08-11", "2026-08-11", "2026-08-17"),
        *("2026-08-17", "2026-08-17", "2026-08-19", "2026-09-01", "2026-09-01"),
    ]
    assert not any(data["closes"] for data in calls if data["source"] == "nsf-funding-pgm-annc")


def test_earthquakes_recalls_weather_and_politics_are_announcements_and_nothing_more(
    polled: Installation,
) -> None:
    subjects = {event.payload["source"] for event in polled.events("CallAnnounced", "InitiativeAnnounced")}
    assert subjects == {Path(name).stem for name in NSF}
    assert {event.payload["source"] for event in polled.events("AnnouncementPublished")} == set(
        polled.sources
    )


def test_a_second_poll_finds_nothing_new(polled: Installation) -> None:
    before = len(polled.events())
    polled.poll()
    assert len(polled.events()) == before
