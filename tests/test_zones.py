"""In which time zone a publisher means a date."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from feed import corrections, telling
from feed.extract import Found
from feed.telling import Status, Telling
from feed.zones import zone_of
from storage import terms
from storage.catalogue import Announcement, Told
from storage.events import CallAnnounced, CallChanged, SubjectCorrected, SubjectLinked
from storage.filters import Subject
from tests.installation import Installation, call, rss
from tests.world.government import Government


@pytest.mark.parametrize(
    ("country", "zone"),
    [
        ("GB", "Europe/London"),
        ("IN", "Asia/Kolkata"),
        ("US", "America/New_York"),
        ("AU", "Australia/Sydney"),
        ("CA", "America/Toronto"),
        ("BR", "America/Sao_Paulo"),
        ("EU", "Europe/Brussels"),
        ("JP", "Asia/Tokyo"),
        ("AQ", None),
    ],
)
def test_a_publisher_means_the_zone_of_its_government(country: str, zone: str | None) -> None:
    assert zone_of(country) == zone


def test_every_country_with_people_has_a_zone_that_there_is() -> None:
    codes = [code for code in Locale("en").territories if len(code) == 2 and terms.is_country(code)]
    without = {code for code in codes if zone_of(code) is None}
    assert without == {"AQ", "BV", "HM", "UM"}
    for code in set(codes) - without:
        ZoneInfo(zone_of(code) or "")


def test_the_data_file_names_only_what_is_not_clear_without_it() -> None:
    named = tomllib.loads(files("feed").joinpath("zones.toml").read_text(encoding="utf-8"))
    assert list(named) == sorted(named)


def test_what_is_announced_bears_the_zone_of_its_publisher(tmp_path: Path, government: Government) -> None:
    installation = Installation(tmp_path)
    for key, country in (("nsf", "US"), ("ukri", "GB")):
        number = len(key)
        installation.watch(key, government.serve(f"/{key}", rss(call(number))), country=country)
    installation.poll()
    zones = {one.source: one.zone for one in installation.subjects()}
    assert zones == {"nsf": "America/New_York", "ukri": "Europe/London"}
    installation.close()


US = Telling("nsf", "a", "Call", "https://gov.example/1", "America/New_York")


def found(**facts: str | None) -> Found:
    plain = {
        "kind": "call",
        "title": "Call",
        "summary": "",
        "technologies": (),
        "countries": (),
        "bodies": (),
    }
    return Found(**{**plain, "money": (), "opens": None, "closes": None, "evidence": (), **facts})  # type: ignore[arg-type]


def recorded(**facts: str | None) -> Subject:
    plain = {"id": "s", "kind": "call", "title": "Call", "url": "https://gov.example/1", "summary": ""}
    lists = dict.fromkeys(("technologies", "countries", "bodies", "money"), ())
    rest = {"source": "ukri", "announcement": "b", "opens": None, "closes": None, "closed": False}
    return Subject(**{**plain, **lists, **rest, "zone": "Europe/London", **facts})  # type: ignore[arg-type]


def test_a_deadline_that_another_source_moves_takes_its_zone_along() -> None:
    (changed,) = telling.moved(US, recorded(closes="2027-03-01"), None, found(closes="2027-04-01"))
    assert isinstance(changed, CallChanged)
    assert changed.changed["zone"] == {"from": "Europe/London", "to": "America/New_York"}
    (timed,) = telling.moved(
        US, recorded(closes="2027-03-01"), None, found(closes="2027-04-01T17:00:00-04:00")
    )
    assert isinstance(timed, CallChanged) and "zone" not in timed.changed


def test_facts_without_a_date_leave_the_zone_as_it_was() -> None:
    (changed,) = telling.moved(US, recorded(closes="2027-03-01"), None, found(technologies=("ai",)))  # type: ignore[arg-type]
    assert isinstance(changed, CallChanged) and "zone" not in changed.changed


def test_a_subject_that_is_recorded_without_a_zone_gets_it_when_it_is_read_again() -> None:
    subject = recorded(closes="2027-03-01", zone=None)
    told = Told(subject.id, subject, alone=True, news=True)
    announcement = Announcement(
        **{**dict.fromkeys(Announcement.__slots__), "id": "b", "source": "ukri", "day": "2027-01-01"}  # type: ignore[arg-type]
    )
    case = corrections.Case(announcement, [told], {}, "Europe/London")
    (corrected,) = corrections.corrections(case, [found(closes="2027-03-01")], {})
    assert isinstance(corrected, SubjectCorrected)
    assert corrected.changed == {"zone": {"from": None, "to": "Europe/London"}}


def test_the_zone_of_an_announcement_is_the_tellings() -> None:
    (announced,) = telling.announced(US, "key", found(closes="2027-03-01"), Status())
    assert isinstance(announced, CallAnnounced) and announced.zone == "America/New_York"
    assert not isinstance(announced, SubjectLinked)
