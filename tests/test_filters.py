"""The one grammar of filters, its pure matcher, and the catalogue's SQL that must agree with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage import catalogue, effects, filters, listings, log, wording
from storage.database import Database
from storage.events import ANNOUNCED, CallChanged, CallClosed, Event, Money
from storage.filters import Filter, FilterError, Subject

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def subject(**changes: Any) -> Subject:
    known: dict[str, Any] = {
        "id": "s",
        "kind": "call",
        "title": "Future Telecoms research",
        "url": "https://gov.example/1",
        "summary": "Open to teams in both countries.",
        "source": "ukri",
        "announcement": "a",
        "technologies": ("telecoms",),
        "countries": ("GB", "IN"),
        "bodies": ("UK Research and Innovation",),
        "money": (Money("7000000", "GBP", "total", "£7 million"),),
        "opens": None,
        "closes": "2026-12-01",
        "closed": False,
    }
    return Subject(**{**known, **changes})


def asked(query: str) -> Filter:
    return filters.parse(parse_qsl(query))


def fits(query: str, **changes: Any) -> bool:
    return filters.matches(asked(query), subject(**changes), NOW.date(), NOW)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "kind=call",
        "kind=call&kind=initiative",
        "technology=telecoms",
        "technology=ai&technology=telecoms",
        "country=in",
        "partners=GB-IN",
        "body=UKRI",
        "body=uk research and innovation",
        "source=ukri",
        "q=TELECOMS+teams",
        "status=open",
        "since=2026-11-23&until=2026-11-23",
        "closing_within=8d",
        "min_amount=7000000GBP",
        "min_amount=6999999.99gbp",
        "kind=&technology=&q=",
    ],
)
def test_a_subject_is_found_by_what_it_is(query: str) -> None:
    assert fits(query)


@pytest.mark.parametrize(
    "query",
    [
        "kind=initiative",
        "technology=ai",
        "country=FR",
        "partners=GB-IN-FR",
        "body=NSF",
        "source=nsf",
        "q=telecoms+bridge",
        "status=closed",
        "status=upcoming",
        "since=2026-11-24",
        "until=2026-11-22",
        "closing_within=7d",
        "min_amount=7000001GBP",
        "min_amount=1USD",
    ],
)
def test_and_not_by_what_it_is_not(query: str) -> None:
    assert not fits(query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kind=grant", "'grant' is no kind; it can be initiative, call"),
        ("technology=blockchain", "'blockchain' is no technology"),
        ("country=XX", "use ISO 3166-1 codes"),
        ("country=United Kingdom", "use ISO 3166-1 codes"),
        ("partners=GB-XX", "'XX' is no partners"),
        ("status=maybe", "it can be open, upcoming, closed"),
        ("since=yesterday", "use YYYY-MM-DD"),
        ("until=2026-02-30", "use YYYY-MM-DD"),
        ("closing_within=soon", "such as 14d"),
        ("min_amount=lots", "1000000GBP"),
        ("tecnology=ai", "there is no filter 'tecnology'"),
        ("since=2026-01-01&since=2026-01-02", "only once"),
    ],
)
def test_a_filter_that_cannot_be_understood_says_so_in_one_line(query: str, words: str) -> None:
    with pytest.raises(FilterError) as error:
        asked(query)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_an_unknown_source_is_refused_where_the_sources_are_known() -> None:
    with pytest.raises(FilterError, match="it can be ukri"):
        filters.parse([("source", "x")], {"ukri"})


@pytest.mark.parametrize(
    ("opens", "closes", "closed", "status"),
    [
        (None, None, False, "open"),
        (None, "2026-11-23", False, "open"),
        (None, "2026-11-22", False, "closed"),
        (None, "2026-11-23T11:59:00+00:00", False, "closed"),
        (None, "2026-11-23T11:59:00-05:00", False, "open"),
        ("2026-11-23", None, False, "open"),
        ("2026-11-24", "2026-12-24", False, "upcoming"),
        ("2026-11-23T12:01:00+00:00", None, False, "upcoming"),
        (None, "2027-01-01", True, "closed"),
    ],
)
def test_the_status_of_a_call_follows_its_dates(
    opens: str | None, closes: str | None, closed: bool, status: str
) -> None:
    assert filters.status(subject(opens=opens, closes=closes, closed=closed), NOW) == status


@pytest.mark.parametrize(
    ("zone", "open_until", "closed_from"),
    [
        (None, "2026-12-01T23:59:59+00:00", "2026-12-02T00:00:00+00:00"),
        ("Nowhere/Land", "2026-12-01T23:59:59+00:00", "2026-12-02T00:00:00+00:00"),
        ("America/New_York", "2026-12-02T04:59:59+00:00", "2026-12-02T05:00:00+00:00"),
        ("Asia/Kolkata", "2026-12-01T18:29:59+00:00", "2026-12-01T18:30:00+00:00"),
        ("Pacific/Auckland", "2026-12-01T10:59:59+00:00", "2026-12-01T11:00:00+00:00"),
    ],
)
def test_a_bare_deadline_lasts_to_the_end_of_its_day_where_it_is_meant(
    zone: str | None, open_until: str, closed_from: str
) -> None:
    found = subject(closes="2026-12-01", zone=zone)
    assert filters.status(found, datetime.fromisoformat(open_until)) == "open"
    assert filters.status(found, datetime.fromisoformat(closed_from)) == "closed"


def test_a_time_with_an_offset_needs_no_zone() -> None:
    found = subject(closes="2026-12-01T16:00:00+05:30", zone="America/New_York")
    assert filters.status(found, datetime(2026, 12, 1, 10, 29, tzinfo=UTC)) == "open"
    assert filters.status(found, datetime(2026, 12, 1, 10, 31, tzinfo=UTC)) == "closed"


@pytest.mark.parametrize("zone", [None, "America/Los_Angeles", "Asia/Kolkata"])
def test_a_date_is_as_many_days_ahead_as_it_looks(zone: str | None) -> None:
    assert fits("closing_within=8d", closes="2026-12-01", zone=zone)
    assert not fits("closing_within=8d", closes="2026-12-02", zone=zone)


def test_an_initiative_has_no_status() -> None:
    assert filters.status(subject(kind="initiative"), NOW) is None


days = st.dates(date(2026, 11, 20), date(2026, 11, 27))
wishes = st.builds(
    Filter,
    kind=st.sets(st.sampled_from(filters.KINDS)).map(lambda s: tuple(sorted(s))),
    technology=st.sets(st.sampled_from(["ai", "quantum", "telecoms"])).map(lambda s: tuple(sorted(s))),
    country=st.sets(st.sampled_from(["GB", "IN", "US"])).map(lambda s: tuple(sorted(s))),
    body=st.sets(st.sampled_from(["UK Research and Innovation", "Nobody"])).map(lambda s: tuple(sorted(s))),
    source=st.sets(st.sampled_from(["ukri", "pib"])).map(lambda s: tuple(sorted(s))),
    partners=st.sets(st.sampled_from(["GB", "IN", "US"])).map(lambda s: tuple(sorted(s))),
    q=st.sampled_from(["", "future", "research teams", "naïve", "future ऊर्जा"]).map(
        lambda words: " ".join(filters.words(words))
    ),
    status=st.sets(st.sampled_from(filters.STATUSES)).map(lambda s: tuple(sorted(s))),
    since=st.none() | days,
    until=st.none() | days,
    closing_within=st.none() | st.integers(0, 6),
    min_amount=st.none()
    | st.tuples(st.sampled_from([1, 500, 1000]), st.sampled_from(["GBP", "INR"])).map(
        lambda pair: (filters.Decimal(pair[0]), pair[1])
    ),
)
stated = st.none() | days.map(str) | days.map(lambda day: f"{day}T16:00:00+05:30")
subjects = st.builds(
    subject,
    id=st.uuids().map(str),
    kind=st.sampled_from(filters.KINDS),
    title=st.sampled_from(["Future research", "Naive teams", "ऊर्जा future"]),
    summary=st.sampled_from(["", "Research for teams", "naïve"]),
    source=st.sampled_from(["ukri", "pib"]),
    technologies=st.sets(st.sampled_from(["ai", "quantum", "telecoms"])).map(tuple),
    countries=st.sets(st.sampled_from(["GB", "IN", "US"])).map(tuple),
    bodies=st.sets(st.sampled_from(["UK Research and Innovation", "NSF"])).map(tuple),
    money=st.lists(
        st.builds(
            Money,
            st.sampled_from(["1", "500", "999.99", "1000"]),
            st.sampled_from(["GBP", "INR"]),
            st.just("total"),
            st.just("x"),
        ),
        max_size=2,
    ).map(tuple),
    opens=stated,
    closes=stated,
    closed=st.booleans(),
    zone=st.sampled_from([None, "Europe/London", "America/New_York", "Pacific/Auckland", "Nowhere/Land"]),
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(subjects, max_size=4, unique_by=lambda item: item.id), st.lists(wishes, min_size=1, max_size=5)
)
def test_the_catalogue_and_the_matcher_agree_on_every_filter(
    log_db: Database, known: list[Subject], asked_for: list[Filter]
) -> None:
    """One grammar, two engines: SQL for the many, Python for the one."""
    with pytest.raises(RolledBack), log_db.write() as tx:
        for event in log.append(tx, [step for item in known for step in _life(item)], NOW):
            effects.apply(tx, event)
        for wanted in asked_for:
            listed = {entry.subject.id for entry in listings.entries(tx, wanted, NOW, limit=1000)}
            assert listed == {item.id for item in known if filters.matches(wanted, item, NOW.date(), NOW)}
        raise RolledBack  # the next example starts with an empty log


class RolledBack(Exception):
    """Takes back what an example wrote."""


@given(wishes)
def test_a_filter_survives_its_journey_through_the_query_string(wanted: Filter) -> None:
    assert asked(filters.to_query(wanted)) == wanted
    assert wording.wish(wanted)


def test_the_same_wish_is_written_the_same() -> None:
    one = asked("technology=telecoms&technology=ai&country=in&kind=call")
    other = asked("kind=call&country=IN&technology=ai&technology=telecoms&technology=ai")
    assert filters.to_query(one) == filters.to_query(other)
    assert filters.to_query(one) == "kind=call&technology=ai&technology=telecoms&country=IN"


def _life(item: Subject) -> list[Event]:
    """The events that make a subject what it is."""
    announced: Event = ANNOUNCED[item.kind](
        subject=item.id,
        announcement=item.announcement,
        source=item.source,
        title=item.title,
        url=item.url,
        summary=item.summary,
        technologies=item.technologies,
        countries=item.countries,
        bodies=item.bodies,
        money=item.money,
        opens=item.opens,
        closes=item.closes,
        backfill=False,
        evidence=(),
        zone=item.zone,
    )
    if not item.closed:
        return [announced]
    common = {"subject": item.id, "announcement": item.announcement, "source": item.source}
    return [announced, CallClosed(**common, title=item.title, url=item.url, reason="withdrawn")]


def test_a_changed_fact_is_what_a_call_is_found_by_from_then_on(log_db: Database, tmp_path: Path) -> None:
    changed = CallChanged(
        subject="s",
        announcement="a",
        source="ukri",
        title="Future Telecoms research",
        url="https://gov.example/1",
        changed={
            "closes": {"from": "2026-12-01", "to": "2027-03-01"},
            "countries": {"from": ["GB", "IN"], "to": ["GB", "FR"]},
            "money": {"from": [], "to": [{"amount": "9", "currency": "EUR", "role": "total", "quote": "€9"}]},
        },
        backfill=False,
        evidence=(),
    )
    with log_db.write() as tx:
        for event in log.append(tx, [*_life(subject()), changed], NOW):
            effects.apply(tx, event)
    with log_db.read() as tx:
        now_so = catalogue.subject(tx, "s")
        assert now_so
        assert (now_so.closes, now_so.countries, now_so.money[0].amount) == ("2027-03-01", ("GB", "FR"), "9")
        for query, count in (
            ("country=FR", 2),
            ("country=IN", 0),
            ("min_amount=9EUR", 2),
            ("min_amount=1GBP", 0),
        ):
            assert len(listings.entries(tx, asked(query), NOW)) == count, query
        soon = [item.id for item in listings.closing(tx, NOW)]
        later = [item.id for item in listings.closing(tx, NOW + timedelta(days=200))]
        assert (soon, later) == (["s"], [])


@pytest.mark.parametrize("word", ["QuantumNet™", "ﬁbre", "Ⅳ", "naïve", "STRASSE", "straße"])
def test_a_word_is_found_as_it_was_asked_for(word: str) -> None:
    """Folding twice changes nothing: what is stored and read again still matches."""
    once = " ".join(filters.words(word))
    assert " ".join(filters.words(once)) == once
    assert filters.matches(asked(f"q={word}"), subject(title=f"The {word} call"), NOW.date(), NOW)
