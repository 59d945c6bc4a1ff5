"""Money, dates, technologies, places and bodies, one expression at a time."""

from __future__ import annotations

import pytest

from feed.extract import Found, Publisher, extract


def call(
    text: str, *, country: str | None = "GB", published: str | None = None, title: str = "Grants"
) -> Found:
    (found,) = extract(
        title, text, published=published, publisher=Publisher(country=country, kinds=("call",))
    ).subjects
    return found


@pytest.mark.parametrize(
    ("text", "country", "amounts"),
    [
        ("The £7 million call is open.", "GB", [("7000000", "GBP", "total", "£7 million")]),
        ("A £7m fund.", "GB", [("7000000", "GBP", "total", "£7m")]),
        ("A GBP 7-million call.", "GB", [("7000000", "GBP", "total", "GBP 7-million")]),
        ("A £7-million call.", "GB", [("7000000", "GBP", "total", "£7-million")]),
        ("Grants of up to £350k.", "GB", [("350000", "GBP", "award_max", "£350k")]),
        ("The £5 mill programme.", "GB", [("5000000", "GBP", "total", "£5 mill")]),
        ("A ₹100 crore fund.", "IN", [("1000000000", "INR", "total", "₹100 crore")]),
        ("A ₹37,500 Crore scheme.", "IN", [("375000000000", "INR", "total", "₹37,500 Crore")]),
        ("Grants of up to Rs 2.5 lakh.", "IN", [("250000", "INR", "award_max", "Rs 2.5 lakh")]),
        ("Grants of up to Rs. 50,00,000.", "IN", [("5000000", "INR", "award_max", "Rs. 50,00,000")]),
        ("A fund of INR 1 lakh crore.", "IN", [("1000000000000", "INR", "total", "INR 1 lakh crore")]),
        ("A €1.2bn call.", "EU", [("1200000000", "EUR", "total", "€1.2bn")]),
        ("A budget of EUR 3,5 million.", "EU", [("3500000", "EUR", "total", "EUR 3,5 million")]),
        ("A budget of 3.5 million euros.", "EU", [("3500000", "EUR", "total", "3.5 million euros")]),
        ("A budget of €1.500.000.", "DE", [("1500000", "EUR", "total", "€1.500.000")]),
        ("Awards of up to US$250,000.", "GB", [("250000", "USD", "award_max", "US$250,000")]),
        ("A $2M program.", "US", [("2000000", "USD", "total", "$2M")]),
        ("A $2M program.", "CA", [("2000000", "CAD", "total", "$2M")]),
        ("A $2 million fund.", "AU", [("2000000", "AUD", "total", "$2 million")]),
        ("A A$2.75 million fund.", "GB", [("2750000", "AUD", "total", "A$2.75 million")]),
        ("Apply for up to £500,000.", "GB", [("500000", "GBP", "award_max", "£500,000")]),
        ("You can bid for a share of up to £4 million.", "GB", [("4000000", "GBP", "total", "£4 million")]),
        ("Up to £10 million is available.", "GB", [("10000000", "GBP", "total", "£10 million")]),
        (
            "Grants of between £1m and £1.5m.",
            "GB",
            [("1000000", "GBP", "award_min", "£1m"), ("1500000", "GBP", "award_max", "£1.5m")],
        ),
        (
            "Grants of £1–1.5 million.",
            "GB",
            [
                ("1000000", "GBP", "award_min", "£1–1.5 million"),
                ("1500000", "GBP", "award_max", "£1–1.5 million"),
            ],
        ),
        ("The minimum award is £10,000.", "GB", [("10000", "GBP", "award_min", "£10,000")]),
        ("Grants of £20,000 per project.", "GB", [("20000", "GBP", "award_max", "£20,000")]),
        ("Applicants need a turnover of £5 million.", "GB", []),
        ("The sector contributes £12 billion to the economy.", "GB", []),
        ("Call 0800 555 111 or write to us.", "GB", []),
        ("A fund of £0.", "GB", []),
        ("The €95.5 billion Horizon Europe programme is open.", "EU", []),
        ("A call under the government's £2.5bn plan.", "GB", []),
        ("It is part of a wider £750m package.", "GB", []),
        ("Industry adds £205 million of private funding.", "GB", []),
        ("Firms have raised more than £43 million in investment.", "GB", []),
        ("The agency got £400m in funding in 2019.", "GB", []),
        ("Firms can secure up to £50,000 for a project.", "GB", [("50000", "GBP", "award_max", "£50,000")]),
        (
            "The maximum contribution from funders is £500,000.",
            "GB",
            [("500000", "GBP", "award_max", "£500,000")],
        ),
    ],
)
def test_money_is_read_with_its_amount_currency_role_and_quote(
    text: str, country: str, amounts: list[tuple[str, str, str, str]]
) -> None:
    money = call(text, country=country, published="2026-11-20").money
    assert [(one.amount, one.currency, one.role, one.quote) for one in money] == amounts


@pytest.mark.parametrize(
    ("text", "country", "closes"),
    [
        ("The competition closes on 11 December 2024.", "GB", "2024-12-11"),
        ("deadline: 31.03.2025", "DE", "2025-03-31"),
        ("Closing date: 15 September 2026 4:00pm UK time", "GB", "2026-09-15T16:00:00+01:00"),
        ("Closing date: 15 January 2026 4:00pm UK time", "GB", "2026-01-15T16:00:00+00:00"),
        ("Closing date:\n15 September 2026\n", "GB", "2026-09-15"),
        ("Full Proposal Deadline Date: August 11, 2026", "US", "2026-08-11"),
        ("Full Proposal Target Date: August 4, 2026", "US", "2026-08-04"),
        ("Apply by 5pm on 12 May 2025.", "GB", "2025-05-12T17:00:00+01:00"),
        ("Proposals must reach us by midday on 12 November 2024.", "GB", "2024-11-12T12:00:00+00:00"),
        ("Applications close on 3 April 2025, 23:59 CET.", "EU", "2025-04-03T23:59:00+02:00"),
        ("Deadline: Wednesday 11 December 2019 12:00pm", "GB", "2019-12-11T12:00:00+00:00"),
        ("Last date for submission is 15-May-25.", "IN", "2025-05-15"),
        ("The last date is 20 th March 2026.", "IN", "2026-03-20"),
        ("Closing date: 04/05/2025", "GB", "2025-05-04"),
        ("Closing date: 04/05/2025", "US", "2025-04-05"),
        ("Closing date: 05/13/2025", "GB", "2025-05-13"),
        ("Closing date: 2025-06-01", None, "2025-06-01"),
        ("Closing date: 31 February 2025", "GB", None),
        ("Proposals are due by 5 p.m. submitter's local time on May 6, 2025.", "US", "2025-05-06"),
        ("The deadline is 30 September 2025, 11:59 pm IST.", "IN", "2025-09-30T23:59:00+05:30"),
        ("Applications are welcome at any time.", "GB", None),
        ("The webinar takes place on 3 March 2025.", "GB", None),
        ("Projects must start by 1 October 2025.", "GB", None),
        ("Closing date: 3 March 2025. Closing date: 4 March 2025.", "GB", None),
        (
            "Expressions of interest by 4 February 2025. Full applications by 29 April 2025.",
            "GB",
            "2025-04-29",
        ),
        ("The deadline for outline proposals is 4 February 2025.", "GB", "2025-02-04"),
        ("Submissions are accepted until 24 April 2025.", "EU", "2025-04-24"),
        ("Apply by midnight on 5 March 2027, Brussels time.", "EU", "2027-03-05"),
        (
            "Applications are due 27 August 2024. Responses to the RFI are due 22 July 2024.",
            "US",
            "2024-08-27",
        ),
        ("Deadline: 26 December 2026.\nNext review due: 1 March 2027.", "GB", "2026-12-26"),
        ("Deadline: 26 December 2026. Next review due: 1 March 2027.", "GB", "2026-12-26"),
        ("Next review due: 1 March 2027.", "GB", None),
        ("This page is due for review on 1 March 2027.", "GB", None),
        ("Proposals for review due: 1 March 2027.", "GB", "2027-03-01"),
        ("Applications are due: 1 March 2027.", "GB", "2027-03-01"),
        ("Pre-applications are due 5 July 2024. Applications are due 27 August 2024.", "US", "2024-08-27"),
    ],
)
def test_a_closing_date_is_read_only_where_the_text_states_it(
    text: str, country: str | None, closes: str | None
) -> None:
    assert call(text, country=country).closes == closes


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("Applications open 3 March 2025.", "2025-03-03", None),
        ("Opening date: 3 March 2025\nClosing date: 4 April 2025", "2025-03-03", "2025-04-04"),
        ("The call is open from 3 March to 4 April 2025.", "2025-03-03", "2025-04-04"),
        ("Applications open on 3 March and close on 4 April 2025.", "2025-03-03", "2025-04-04"),
        ("Opening date: 3 May 2025\nClosing date: 4 April 2025", None, None),
    ],
)
def test_opening_and_closing_are_told_apart(text: str, opens: str | None, closes: str | None) -> None:
    found = call(text)
    assert (found.opens, found.closes) == (opens, closes)


@pytest.mark.parametrize(
    ("text", "published", "closes"),
    [
        ("The competition closes in six weeks.", "2025-03-03", "2025-04-14"),
        ("The competition closes in 10 days.", "2025-03-03T09:00:00+00:00", "2025-03-13"),
        ("The competition closes in six weeks.", None, None),
        ("The competition closes in two months.", "2025-12-31", "2026-02-28"),
        ("The competition closes in a month.", "2025-03-03", "2025-04-03"),
        ("Applications close on 9 April.", "2025-03-03", "2025-04-09"),
        ("Applications close on 9 January.", "2024-11-03", "2025-01-09"),
        ("Applications close on 9 April.", None, None),
    ],
)
def test_a_date_that_hangs_on_the_publication_is_counted_from_it(
    text: str, published: str | None, closes: str | None
) -> None:
    assert call(text, published=published).closes == closes


@pytest.mark.parametrize(
    ("title", "slugs"),
    [
        ("AI for science", ["ai"]),
        ("Ai Weiwei retrospective", []),
        ("6G and Open RAN testbeds", ["telecoms"]),
        ("Chips for tea time", []),
        ("Chips and wafer fabrication", ["semiconductors"]),
        ("Artificial-intelligence tools", ["ai"]),
        ("Decarbonisation of shipping", ["maritime", "climate"]),
        ("Decarbonization of shipping", ["maritime", "climate"]),
        ("Transport Phenomena", []),
        ("Critical raw materials recycling", ["critical-minerals"]),
        ("Self-driving vehicles", ["robotics", "transport"]),
        ("Post-quantum cryptography", ["quantum", "cyber"]),
        ("A space for young people", []),
        ("Satellites and earth observation", ["space"]),
        ("Health and safety at work", []),
        ("Supercomputing and data centres", ["data-computing"]),
    ],
)
def test_technologies_follow_from_whole_words_and_the_longest_phrase(title: str, slugs: list[str]) -> None:
    assert list(call("For all of you.", title=title).technologies) == slugs


@pytest.mark.parametrize(
    ("title", "country", "countries"),
    [
        ("UK and India sign AI pact", None, ["GB", "IN"]),
        ("Indo-French partnership on nuclear energy launched", "IN", ["FR", "IN"]),
        ("Quad partners launch cable initiative", None, ["AU", "IN", "JP", "US"]),
        ("AUKUS partners sign new agreement", "GB", ["AU", "GB", "US"]),
        ("Five Eyes agree new cyber partnership", "GB", ["AU", "CA", "GB", "NZ", "US"]),
        ("EU-Japan semiconductor partnership launched", "EU", ["EU", "JP"]),
        ("U.S. and U.K. launch AI partnership", "US", ["GB", "US"]),
        ("The United States and Japan launch new space programme", "US", ["JP", "US"]),
        ("British and Korean ministers sign agreement on chips", "GB", ["GB", "KR"]),
        ("London and New Delhi sign technology pact", "GB", ["GB", "IN"]),
        ("Minister launches new AI programme", "GB", ["GB"]),
        ("UK launches new programme against threats from Russia", "GB", ["GB"]),
        ("UK launches new fund for Ukraine and Moldova", "GB", ["GB"]),
        ("UK launches new fund to equip Ukrainian soldiers", "GB", ["GB"]),
        ("India and Algeria sign space agreement", "IN", ["DZ", "IN"]),
    ],
)
def test_countries_are_the_parties(title: str, country: str | None, countries: list[str]) -> None:
    (found,) = extract(title, "It was announced today.", publisher=Publisher(country=country)).subjects
    assert list(found.countries) == countries


LAUNCHED = "launched a joint call for quantum proposals."


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        (f"The UK and India {LAUNCHED}", ["GB", "IN"]),
        (f"The UK, India and Australia {LAUNCHED}", ["AU", "GB", "IN"]),
        (f"The United Kingdom, India, Japan and Australia have today {LAUNCHED}", ["AU", "GB", "IN", "JP"]),
        ("The UK, India, and Australia opened a call for proposals.", ["AU", "GB", "IN"]),
        ("Partners: Japan and Canada.", ["CA", "GB", "JP"]),
        ("International partners: Japan and Canada", ["CA", "GB", "JP"]),
        ("Partner countries: Japan, Canada.", ["CA", "GB", "JP"]),
        ("Participating countries: United Kingdom, Japan, Canada.", ["CA", "GB", "JP"]),
        ("Countries: Japan, Canada", ["CA", "GB", "JP"]),
    ],
)
def test_states_that_launch_a_call_together_or_are_listed_are_its_parties(
    text: str, countries: list[str]
) -> None:
    titles = ["Call on quantum networks"] + ["Joint call with Japan on quantum networks"] * (
        "JP" in countries
    )
    for title in titles:
        assert list(call(f"{text}\nApply by 5 May 2027.", title=title).countries) == countries
        assert list(call(f"Apply by 5 May 2027.\n{text}", title=title).countries) == countries


@pytest.mark.parametrize(
    "text",
    [
        "The UK, India and Australia launched a joint call in 2019, and this is another one.",
        "India, Japan and Australia may launch a joint call next year.",
        "Partners: Japan Airlines and Canada Post.",
        "Partners: universities in Japan and Canada.",
        "Countries: where to find advice in Japan and Canada.",
        "Partners in earlier rounds: Japan and Canada.",
    ],
)
def test_states_that_are_named_otherwise_are_no_parties(text: str) -> None:
    found = call(f"Apply by 5 May 2027.\n{text}", title="Call on quantum networks")
    assert list(found.countries) == ["GB"]


@pytest.mark.parametrize(
    ("text", "countries"),
    [
        ("Apply for funding for projects with Japan and Canada.", ["CA", "GB", "JP"]),
        ("Apply for funding for projects with Canada, Japan and India.", ["CA", "GB", "IN", "JP"]),
        ("Previously, funding for projects with Japan and Canada was small.", ["GB", "JP"]),
        ("Apply for funding for projects with Japan. Canada and India have calls, too.", ["GB", "JP"]),
        ("Apply for funding. The minister was in Tokyo for talks with Japan and Canada.", ["GB", "JP"]),
    ],
)
def test_partners_beside_that_of_the_title_are_parties(text: str, countries: list[str]) -> None:
    found = call(f"{text}\nApply by 5 May 2027.", title="Joint call with Japan on quantum networks")
    assert list(found.countries) == countries


@pytest.mark.parametrize(
    ("text", "country", "bodies"),
    [
        (
            "Funded by UKRI and DST.",
            "IN",
            ["UK Research and Innovation", "Department of Science and Technology (India)"],
        ),
        ("Run by the DST.", "PH", []),
        (
            "Run by DBT and BIRAC.",
            "IN",
            ["Department of Biotechnology (India)", "Biotechnology Industry Research Assistance Council"],
        ),
        ("Run by DBT.", "GB", ["Department for Business and Trade"]),
        (
            "By the Department for Science, Innovation and Technology.",
            "GB",
            ["Department for Science, Innovation and Technology"],
        ),
        ("By the U.S. National Science Foundation.", "US", ["National Science Foundation"]),
        ("An aria for the mod generation.", "GB", []),
    ],
)
def test_bodies_are_named_as_the_register_names_them(text: str, country: str, bodies: list[str]) -> None:
    assert list(call(text, country=country).bodies) == bodies


LABELLED = (
    "Funding Opportunity Number: 25-501{0}Agency Name: NSF{0}Close Date: 01/13/2027{0}"
    "Estimated Total Program Funding: $11,000,000{0}Award Ceiling: $500,000{0}"
)


@pytest.mark.parametrize(
    "text",
    [
        LABELLED.format("\n") + "Supports research in quantum sensing.",
        LABELLED.format(" ") + "Supports research in quantum sensing.",
        LABELLED.format(" ") + "Description: Supports research in quantum sensing.",
        "Supports research in quantum sensing.",
    ],
    ids=["lines", "one line", "description", "no labels"],
)
def test_the_summary_is_the_prose_behind_the_labels(text: str) -> None:
    assert call(text, country="US").summary == "Supports research in quantum sensing."


def test_labels_with_nothing_behind_them_stay_the_summary() -> None:
    text = LABELLED.format(" ").strip()
    found = call(text, country="US")
    assert found.summary == text
    assert [(one.amount, one.role) for one in found.money] == [("11000000", "total"), ("500000", "award_max")]
    assert found.closes == "2027-01-13"
