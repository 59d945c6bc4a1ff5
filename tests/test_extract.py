"""What an announcement says: labelled examples, and what must hold for any text."""

from __future__ import annotations

import dataclasses
import io
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed.extract import Found, Publisher, Reading, extract
from storage.events import MONEY_ROLES
from storage.terms import is_country, technologies

HERE = Path(__file__).parent
FEEDS = HERE.parent.parent / "shared" / "feeds"
EXAMPLES: list[dict[str, Any]] = [
    example
    for path in sorted((HERE / "announcements").glob("*.toml"))
    for example in tomllib.loads(path.read_text(encoding="utf-8"))["announcement"]
]


def read(example: dict[str, Any]) -> Reading:
    publisher = Publisher(
        country=example.get("country"),
        body=example.get("body"),
        kinds=tuple(example.get("kinds", ())),
        language=example.get("language"),
    )
    return extract(
        example["title"],
        example["text"],
        url=example.get("url", ""),
        published=example.get("published"),
        publisher=publisher,
    )


def plain(found: Found, field: str) -> Any:
    """A fact in the form in which the examples state it."""
    value = getattr(found, field)
    if field == "money":
        return [[money.amount, money.currency, money.role] for money in value]
    if field in ("opens", "closes"):
        return value or "none"
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_an_announcement_is_read_as_a_person_reads_it(example: dict[str, Any]) -> None:
    subjects = read(example).subjects
    wanted = example.get("subject", [])
    assert [found.kind for found in subjects] == [want["kind"] for want in wanted]
    for found, want in zip(subjects, wanted, strict=True):
        for field in sorted(set(want) - {"kind"}):
            if field == "bodies":
                assert sorted(plain(found, field)) == sorted(want[field])
            else:
                assert plain(found, field) == want[field], field


def test_the_examples_are_many_and_a_third_of_them_carry_nothing() -> None:
    empty = [example for example in EXAMPLES if not example.get("subject")]
    assert len(EXAMPLES) >= 60
    assert len(empty) * 3 >= len(EXAMPLES)
    assert len({example["id"] for example in EXAMPLES}) == len(EXAMPLES)


def check_facts(reading: Reading, title: str, text: str, url: str, publisher: Publisher) -> None:
    """What holds for any announcement: every fact is well formed, and every quote stands in the text."""
    whole = f"{title}\n{text}"
    for found in reading.subjects:
        assert found.kind in ("initiative", "call")
        assert found.title.strip() and "\n" not in found.title
        assert set(found.technologies) <= set(technologies())
        assert list(found.countries) == sorted(set(found.countries))
        assert all(is_country(code) for code in found.countries)
        assert {"kind"} <= {evidence.field for evidence in found.evidence}
        for money in found.money:
            assert money.role in MONEY_ROLES
            assert money.amount.replace(".", "", 1).isdigit()
            assert money.quote in whole
        for evidence in found.evidence:
            assert evidence.field in {
                "kind",
                "technologies",
                "countries",
                "bodies",
                "money",
                "opens",
                "closes",
            }
            assert len(evidence.quote) <= 200
            if evidence.rule == "publisher":
                assert evidence.quote in (publisher.country, publisher.body, "call", "initiative")
            elif evidence.rule in ("link", "host"):
                assert evidence.quote in url
            else:
                assert evidence.quote in whole
        for field in ("technologies", "countries", "bodies", "money", "opens", "closes"):
            said = any(evidence.field == field for evidence in found.evidence)
            assert bool(getattr(found, field)) == said, field


@pytest.mark.parametrize("example", EXAMPLES, ids=[example["id"] for example in EXAMPLES])
def test_every_fact_of_an_example_carries_the_words_it_was_read_from(example: dict[str, Any]) -> None:
    publisher = Publisher(country=example.get("country"), body=example.get("body"))
    check_facts(read(example), example["title"], example["text"], example.get("url", ""), publisher)


WORDS = st.sampled_from(
    [
        "launch",
        "launches",
        "signed",
        "agreed",
        "UK",
        "India",
        "Quad",
        "£7",
        "million",
        "£1m–£1.5m",
        "€1.2bn",
        "₹100",
        "crore",
        "Rs",
        "2.5",
        "lakh",
        "US$",
        "3",
        "AI",
        "quantum",
        "6G",
        "chips",
        "call",
        "for",
        "proposals",
        "applications",
        "open",
        "closes",
        "on",
        "31.02.2025",
        "12",
        "May",
        "2025",
        "midday",
        "deadline:",
        "11",
        "August",
        "August",
        "11,",
        "2026",
        "5pm",
        "CET",
        "in",
        "six",
        "weeks",
        "partnership",
        "initiative",
        "memorandum",
        "of",
        "understanding",
        "fund",
        "competition",
        "apply",
        "DST",
        "UKRI",
        ",",
        ".",
        ";",
        ":",
        "“",
        "”",
        "(",
        ")",
        "\n",
        "–",
        "-",
        "/",
        "up",
        "to",
        "between",
        "and",
        "the",
        "new",
    ]
)
TEXTS = st.one_of(st.text(max_size=400), st.lists(WORDS, max_size=80).map(" ".join))


@settings(max_examples=300, deadline=None)
@given(
    title=TEXTS,
    text=TEXTS,
    url=st.one_of(st.just(""), st.text(max_size=40), st.just("https://www.ukri.org/opportunity/x/")),
    published=st.sampled_from([None, "2024-07-24", "2024-02-29T10:00:00+01:00", "yesterday", ""]),
    publisher=st.builds(
        Publisher,
        country=st.sampled_from([None, "GB", "US", "IN", "??"]),
        body=st.sampled_from([None, "UKRI", "Unknown office"]),
        kinds=st.sampled_from([(), ("call",)]),
        language=st.sampled_from([None, "en", "hi", "fr"]),
    ),
)
def test_any_text_is_read_without_failing_and_no_fact_is_invented(
    title: str, text: str, url: str, published: str | None, publisher: Publisher
) -> None:
    reading = extract(title, text, url=url, published=published, publisher=publisher)
    check_facts(reading, title.replace("\n", " "), text, url, publisher)
    assert reading == extract(title, text, url=url, published=published, publisher=publisher)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\x00\x01\x02\n\x7f\ud800",
        "a" * 5_000_000,
        "£7 million " * 100,
        "£7 million call for proposals. " * 2_000,
        "launch " * 50_000,
        "UK, India, " * 20_000,
        "Closing date: 11 August 2026\n" * 5_000,
        "“" * 50_000,
        "1" * 200_000,
        "£" + "1," * 100_000,
        "(" * 50_000 + ")" * 50_000,
        "deadline " * 20_000 + "12 May 2025",
        "Department of the " * 20_000,
        "- " * 100_000,
        "\n" * 200_000,
        "closes in " * 20_000,
        "said: \n" * 20_000,
        "UKRI AI " * 12_000,
        "UKRI.\n" * 15_000,
        "UKRI and India launch a £7m call for AI.\n" * 2_000,
        "new partnership " * 6_000,
        "£1 to " * 15_000,
        "Minister for A B " * 8_000,
        "- AI\n- quantum\n" * 20_000,
        "- MoU between India and Japan\n" * 20_000,
        "between 1 May and " * 20_000,
        "Proposals due 3 May 2026. Full proposals: 4 June 2026. " * 5_000,
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_hostile_text_is_read_in_bounded_time_without_failing(text: str) -> None:
    check_facts(extract("Notice", text), "Notice", text, "", Publisher())
    check_facts(extract(text[:3_000], ""), text[:3_000].replace("\n", " "), "", "", Publisher())


def test_the_same_amount_a_hundred_times_is_one_fact() -> None:
    found = extract("Competition opens", "Firms can apply for a share of £7 million. " * 100).subjects
    assert [[(money.amount, money.role) for money in one.money] for one in found] == [[("7000000", "total")]]


def test_a_title_keeps_its_words_but_not_its_document_type() -> None:
    (found,) = extract(
        "Press release: UK and Japan sign AI agreement", "The agreement was signed today."
    ).subjects
    assert found.title == "UK and Japan sign AI agreement"


@pytest.mark.parametrize(
    ("url", "is_call"),
    [
        ("https://www.nsf.gov/funding/opportunities/ai-datasets/nsf26-512/solicitation", True),
        ("https://www.ukri.org/opportunity/quantum/", True),
        ("https://apply-for-innovation-funding.service.gov.uk/competition/1999/overview", True),
        ("https://www.grants.gov/search-results-detail/350001", True),
        (
            "https://ec.europa.eu/info/funding-tenders/opportunities/portal/screen/opportunities/topic-details/HORIZON-X",
            True,
        ),
        ("https://www.ukri.org/opportunity/", False),
        ("https://www.ukri.org/news/opportunity-knocks/", False),
        ("https://evil.example/https://www.ukri.org/opportunity/x", False),
        ("https://notukri.org/opportunity/x", False),
        ("http://[bad", False),
        ("", False),
    ],
)
def test_a_link_to_a_funders_opportunity_makes_a_call(url: str, is_call: bool) -> None:
    kinds = [
        found.kind
        for found in extract("Transport Phenomena", "Supports engineering research.", url=url).subjects
    ]
    assert kinds == (["call"] if is_call else [])


def test_every_item_of_a_source_of_calls_is_a_call() -> None:
    publisher = Publisher(country="GB", body="UKRI", kinds=("call",))
    (found,) = extract("Policy fellowships", "For early career researchers.", publisher=publisher).subjects
    assert (found.kind, found.countries, found.bodies) == ("call", ("GB",), ("UK Research and Innovation",))
    assert {("countries", "publisher", "GB"), ("bodies", "publisher", "UKRI")} <= {
        dataclasses.astuple(evidence) for evidence in found.evidence
    }


@pytest.mark.parametrize(
    ("title", "text", "declared", "language"),
    [
        ("UK and India sign a pact", "The pact was signed by the ministers.", None, "en"),
        ("यह एक समाचार है", "भारत सरकार ने आज घोषणा की", "en", "hi"),
        ("量子技術に関する協力", "日本とイギリスは協力する", None, "ja"),
        ("양자 기술 협력", "한국과 영국이 협력한다", None, "ko"),
        (
            "Le gouvernement lance un programme",
            "Le ministre a annoncé le lancement de la stratégie.",
            "fr",
            "fr",
        ),
        ("Dr Singh launches the mission", "The minister launched the mission in the capital.", "hi", "en"),
        ("12345", "", None, None),
    ],
)
def test_the_language_is_told_from_the_text_before_the_declaration(
    title: str, text: str, declared: str | None, language: str | None
) -> None:
    assert extract(title, text, publisher=Publisher(language=declared)).language == language


def entries(name: str) -> list[Any]:
    import feedparser

    if not (FEEDS / name).is_file():
        pytest.skip("the captures are not here")
    return list(feedparser.parse(io.BytesIO((FEEDS / name).read_bytes())).entries)


def stripped(html: str) -> str:
    import html as entities
    import re

    return entities.unescape(re.sub(r"<[^>]+>", "\n", entities.unescape(html)))


@pytest.mark.parametrize("name", ["nsf-funding.xml", "nsf-funding-pgm-annc.xml", "nsf-funding-upcoming.xml"])
def test_every_item_of_the_captured_funding_feeds_is_one_call(name: str) -> None:
    for entry in entries(name):
        found = extract(
            entry.title,
            stripped(entry.get("summary", "")),
            url=entry.link,
            publisher=Publisher(country="US", body="NSF"),
        ).subjects
        assert [one.kind for one in found] == ["call"], entry.title
        assert found[0].title == " ".join(entry.title.split())
        assert "National Science Foundation" in found[0].bodies and "US" in found[0].countries
        assert found[0].money == ()


def test_the_captured_due_dates_are_the_deadlines() -> None:
    closes = {
        entry.title: extract(
            entry.title,
            stripped(entry.summary),
            url=entry.link,
            publisher=Publisher(country="US", body="NSF"),
        )
        .subjects[0]
        .closes
        for entry in entries("nsf-funding-upcoming.xml")
    }
    assert closes["Mathematical Sciences Infrastructure Program"] == "2026-08-04"
    assert closes["Correctness for Scientific Computing Systems (CS2)"] == "2026-08-11"
    assert all(closes.values())


@pytest.mark.parametrize(
    "name",
    [
        "gov-scot-news-2017.xml",
        "us-fda-drug-recalls.xml",
        "usgs-all-hour-2018.atom",
        "nrcan-earthquakes-en.atom",
        "alberta-emergency-alert.atom",
        "alberta-emergency-alert-ended.atom",
    ],
)
def test_captured_alerts_and_plain_news_carry_nothing(name: str) -> None:
    for entry in entries(name):
        assert (
            extract(entry.title, stripped(entry.get("summary", "")), url=entry.get("link", "")).subjects == ()
        )
