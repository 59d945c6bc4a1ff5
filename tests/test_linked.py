"""The pages that announcements link to: who reads which, what is asked, what is read, and what is refused.

The recorded answers in tests/answers are of our own making, in the shape of the real ones.
"""

from __future__ import annotations

import copy
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed import linked
from feed.errors import BotWall, NotAFeed, NotAPage, ShapeChanged, SourceError, UnderMaintenance
from feed.extract import Publisher, extract
from feed.linked import Page, dates, fields, told, trees
from storage.plain import is_clean
from tests.test_adapters import HOSTILE, paths

SEARCH = "https://www.grants.gov/search-results-detail"
PORTAL = "https://ec.europa.eu/info/funding-tenders/opportunities"
TOPIC = f"{PORTAL}/portal/screen/opportunities/topic-details/HORIZON-EXAMPLE-2026-CHIPS-01"
COMPETITION = "https://apply-for-innovation-funding.service.gov.uk/competition/9002/overview"
ADDRESSES = {
    "article": "https://innovation.example/news/photonics",
    "dst": "https://dst.gov.in/callforproposals/cyber-physical-systems-ports",
    "eu_funding": TOPIC,
    "find_government_grants": "https://www.find-government-grants.service.gov.uk/grants/safe-skies-ai-fund-1",
    "govuk": "https://www.gov.uk/government/news/uk-and-india-agree-a-quantum-link",
    "grants_gov": f"{SEARCH}/900001",
    "innovate_uk": f"{COMPETITION}/5a0f6c1e-0000-4000-8000-000000000002",
    "nsf": "https://www.nsf.gov/funding/opportunities/lmw-learning-machines-weather/nsf27-101/solicitation",
    "pib": "https://www.pib.gov.in/PressReleasePage.aspx?PRID=2251000",
    "ukri": "https://www.ukri.org/opportunity/future-telecoms-with-india/",
}
JSON = ("eu_funding", "govuk", "grants_gov")
PAGES = tuple(name for name in ADDRESSES if name not in JSON)
SHAPED = tuple(name for name in ADDRESSES if name not in ("article", "dst"))


def recorded(name: str) -> bytes:
    kind = "json" if name in JSON else "html"
    return (Path(__file__).parent / "answers" / f"linked_{name}.{kind}").read_bytes()


def changed(name: str, change: Callable[[Any], None]) -> bytes:
    """The recorded JSON after a change."""
    document = json.loads(recorded(name))
    change(document)
    return json.dumps(document).encode()


def read(name: str, body: bytes | None = None, content_type: str = "") -> Page:
    url = linked.reader(name).question(ADDRESSES[name]).url
    body = recorded(name) if body is None else body
    return linked.reader(name).read(body, url=url, content_type=content_type)


def article(html: str, content_type: str = "text/html; charset=utf-8") -> Page:
    return read("article", html.encode(), content_type)


# Who reads which


def test_each_reader_has_a_recorded_answer_and_reads_its_own_address() -> None:
    assert {*ADDRESSES} == {linked.ANY, *(name for _, _, name in linked.READERS)}
    assert {name: linked.name_of(url) for name, url in ADDRESSES.items()} == {
        name: name for name in ADDRESSES
    }


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://www.gov.uk:8080/guidance/a-fund?x=1#y", "govuk"),
        ("https://www.gov.uk/national-curriculum/key-stage-1", "govuk"),
        ("https://www.gov.uk/search/news-and-communications?keywords=quantum", "article"),
        ("https://www.gov.uk/government/organisations/ukri.atom", "article"),
        ("https://www.gov.uk/government/uploads/system/uploads/file.pdf", "article"),
        ("https://www.gov.uk/api/content/a", "article"),
        ("https://www.gov.uk/searching-for-life", "govuk"),
        ("https://www.gov.uk/", "article"),
        ("https://www.gov.uk", "article"),
        ("https://assets.publishing.service.gov.uk/media/1/a.pdf", "article"),
        ("https://notwww.gov.uk/government/news/x", "article"),
        ("https://WWW.UKRI.org/opportunity/a-call", "ukri"),
        ("https://www.ukri.org/opportunity/", "article"),
        ("https://www.ukri.org/opportunity/page/2/", "article"),
        ("https://www.ukri.org/opportunity/feed/", "article"),
        ("https://www.ukri.org/news/a-centre-opens/", "article"),
        (COMPETITION, "innovate_uk"),
        ("https://apply-for-innovation-funding.service.gov.uk/competition/search", "article"),
        ("https://www.find-government-grants.service.gov.uk/grants", "article"),
        ("https://simpler.grants.gov/opportunity/900001", "grants_gov"),
        ("https://simpler.grants.gov/opportunity/0b4b1a4c-0000-4000-8000-000000000000", "article"),
        ("https://www.grants.gov/learn-grants", "article"),
        ("https://pib.gov.in/PressReleaseIframePage.aspx?PRID=1", "pib"),
        ("https://pib.gov.in/PressReleseDetail.aspx?PRID=1", "pib"),
        ("https://pib.gov.in/PressReleaseDetailm.aspx?PRID=1", "pib"),
        ("https://www.pib.gov.in/pressreleasepage.aspx?PRID=1&reg=3&lang=1", "pib"),
        ("https://pib.gov.in/allRel.aspx", "article"),
        (f"{PORTAL}/portal/screen/opportunities/competitive-calls-cs/70001", "article"),
        ("https://www.nsf.gov/pubs/2027/nsf27101/nsf27101.htm", "nsf"),
        ("https://new.nsf.gov/funding/opportunities/a-program", "article"),
        ("https://dst.gov.in.evil.example/x", "article"),
        ("https://[gov.uk/x", "article"),
        ("", "article"),
    ],
)
def test_the_address_says_who_reads_the_page(url: str, name: str) -> None:
    assert linked.name_of(url) == name


# What is asked


@pytest.mark.parametrize(
    ("name", "url", "asked"),
    [
        (
            "govuk",
            "http://www.gov.uk:8080/guidance/a-fund/?x=1#y",
            "http://www.gov.uk:8080/api/content/guidance/a-fund",
        ),
        (
            "eu_funding",
            f"{TOPIC}?order=DESC",
            f"{PORTAL}/data/topicDetails/horizon-example-2026-chips-01.json",
        ),
        (
            "pib",
            "https://pib.gov.in/PressReleseDetail.aspx?prid=7&reg=3&x=1",
            "https://pib.gov.in/PressReleasePage.aspx?PRID=7&reg=3",
        ),
        (
            "pib",
            "https://pib.gov.in/PressReleasePage.aspx?x=1",
            "https://pib.gov.in/PressReleasePage.aspx?x=1",
        ),
        *((name, ADDRESSES[name], ADDRESSES[name]) for name in PAGES),
    ],
)
def test_what_is_asked_for(name: str, url: str, asked: str) -> None:
    question = linked.reader(name).question(url)
    assert (question.url, question.body) == (asked, None)
    assert question.accept.startswith("application/json" if name in JSON else "text/html")


@pytest.mark.parametrize(
    "url", [f"{SEARCH}/900001/", "https://simpler.grants.gov/opportunity/900001?utm_x=1"]
)
def test_grants_gov_is_asked_by_post_for_the_number_in_the_address(url: str) -> None:
    question = linked.reader("grants_gov").question(url)
    assert question.url == "https://api.grants.gov/v1/api/fetchOpportunity"
    assert json.loads(question.body or b"") == {"opportunityId": 900001}
    assert question.content_type == "application/json"


# What is read


def test_an_item_of_gov_uk() -> None:
    page = read("govuk")
    assert page.title == "UK and India agree a quantum link"
    assert page.published_at == "2026-07-24T10:00:00+01:00"
    assert page.withdrawn is None
    assert page.text.splitlines() == [
        "From: Department for Science, Innovation & Technology and Foreign, Commonwealth & Development"
        " Office.",
        "World Locations: India.",
        "Document Type: Press release.",
        "The two governments launch a partnership on quantum communications.",
        "The United Kingdom and India have today launched the Quantum Link Partnership, which brings"
        " laboratories of both countries together.",
        "What comes next",
        "joint experiments over existing fibre",
        "exchanges of young researchers",
        "Additional information",
        "Joint statement on the Quantum Link",
        "2026-08-02: Added a translation.",
        "2026-07-24: First published.",
    ]


def test_a_guide_of_gov_uk_has_its_parts_and_a_service_its_introduction() -> None:
    def guide(item: Any) -> None:
        item["details"] = {
            "parts": [
                {"title": "Overview", "slug": "overview", "body": "<p>You can apply.</p>"},
                {"title": "How much", "slug": "how-much", "body": "<p>Up to £5,000.</p>"},
            ]
        }
        item["links"] = {}

    def service(item: Any) -> None:
        item["details"] = {
            "introductory_paragraph": "<p>Start here.</p>",
            "more_information": "<p>Then go on.</p>",
        }

    lines = read("govuk", changed("govuk", guide)).text.splitlines()
    assert lines[0] == "Document Type: Press release."
    assert lines[2:] == ["Overview", "You can apply.", "How much", "Up to £5,000."]
    assert read("govuk", changed("govuk", service)).text.splitlines()[-2:] == ["Start here.", "Then go on."]


@pytest.mark.parametrize(
    ("notice", "words"),
    [
        (
            {"explanation": "<div><p>This fund&rsquo;s\n terms are wrong.</p></div>", "withdrawn_at": "x"},
            "This fund’s terms are wrong.",
        ),
        (
            {"explanation": "", "withdrawn_at": "2026-08-22T10:29:02+01:00"},
            "This page was withdrawn on 22 August 2026.",
        ),
        ({}, None),
        (None, None),
    ],
)
def test_a_notice_of_withdrawal_is_told(notice: object, words: str | None) -> None:
    page = read("govuk", changed("govuk", lambda item: item.update(withdrawn_notice=notice)))
    assert page.withdrawn == words
    assert "Quantum Link Partnership" in page.text


def test_a_page_of_gov_uk_that_was_taken_down_says_nothing_else() -> None:
    gone = {
        "document_type": "gone",
        "title": "A page",
        "details": {"explanation": "<p>Published in error.</p>"},
    }
    page = read("govuk", json.dumps(gone).encode())
    assert page.withdrawn == "Published in error."
    assert page.text == "Document Type: Gone."


def test_a_page_of_gov_uk_that_has_moved_is_named() -> None:
    moved = {"document_type": "redirect", "redirects": [{"path": "/a", "destination": "/b"}]}
    with pytest.raises(NotAPage, match="the page has moved: /b"):
        read("govuk", json.dumps(moved).encode())


@pytest.mark.parametrize(
    ("first_public", "first_published", "history", "published"),
    [
        (None, "2026-07-24T09:00:12.000+00:00", True, "2026-07-24T09:00:12+00:00"),
        (None, None, True, "2026-07-24T10:00:00+01:00"),
        (None, None, False, "2026-08-02T14:30:00+00:00"),
    ],
)
def test_when_an_item_of_gov_uk_first_appeared(
    first_public: str | None, first_published: str | None, history: bool, published: str
) -> None:
    def change(item: Any) -> None:
        item["first_published_at"] = first_published
        item["details"]["first_public_at"] = first_public
        if not history:
            del item["details"]["change_history"]

    assert read("govuk", changed("govuk", change)).published_at == published


def test_an_opportunity_of_ukri() -> None:
    page = read("ukri")
    assert (page.title, page.published_at) == ("Future telecoms with India", "2026-08-13")
    assert page.text.splitlines() == [
        "Opportunity Status: Open.",
        "Funders: Engineering and Physical Sciences Research Council (EPSRC), UK Research and Innovation.",
        "Co-funders: Department of Science and Technology (DST), India.",
        "Funding Type: Grant.",
        "Total Fund: £7,000,000.",
        "Award Range: £400,000 - £1,200,000.",
        "Publication Date: 13 August 2026.",
        "Opening Date: 27 August 2026 9:00am UK time.",
        "Closing Date: 5 November 2026 4:00pm UK time.",
        "Apply for funding to work with a partner in India on the telecoms of the next decade.",
        "You must be based at a UK research organisation eligible for UKRI funding.",
        "Who can apply",
        "Each team needs a lead in both countries.",
        "universities",
        "institutes",
        "What we're looking for",
        "Scope",
        "Open RAN, radio above 100 GHz, and networks that mend themselves.",
        "Contact details",
        "Write to the programme team.",
        "Additional information",
        "20 August 2026",
        "The list of eligible Indian institutions was added.",
    ]


def test_a_competition_of_innovate_uk() -> None:
    page = read("innovate_uk")
    assert (page.title, page.published_at) == ("Quantum clocks for ports", None)
    assert page.text.splitlines() == [
        "Status: This competition has not yet opened.",
        "Opening Date: Monday 5 October 2026.",
        "Closing Date: Wednesday 2 December 2026 11:00am.",
        "Funding Type: Grant.",
        "Project Size: Your project’s total eligible costs must be between £150,000 and £750,000.",
        "Competition Number: 9002.",
        "UK registered organisations can apply for a share of up to £6.5 million to build quantum clocks that"
        " harbours can rely on.",
        "Description",
        "Innovate UK, part of UK Research and Innovation, will invest up to £6.5 million in clocks that keep"
        " time without satellites.",
        "Who can apply",
        "To lead a project your organisation must:",
        "be a UK registered business of any size",
        "Competition opens: 5 October 2026",
        "Online briefing event: watch the recording: 8 October 2026",
        "Competition closes: 2 December 2026 11:00am",
        "Applicants notified: 29 January 2027",
    ]


def test_a_competition_without_a_deadline_says_so() -> None:
    body = recorded("innovate_uk").replace(
        b"Wednesday 2 December 2026 11:00am", b"There is no submission deadline"
    )
    assert "Closing Date: There is no submission deadline." in read("innovate_uk", body).text.splitlines()


def test_a_project_size_that_is_a_long_text_stays_where_it_was() -> None:
    body = recorded("innovate_uk").replace(b"between \xc2\xa3150,000", b"between " + b"so to say " * 40)
    text = read("innovate_uk", body).text
    assert "Project Size:" not in text
    assert "Project size\nYour project’s total eligible costs" in text


def test_a_grant_of_find_a_grant() -> None:
    page = read("find_government_grants")
    assert (page.title, page.published_at) == ("Safe Skies AI Fund", None)
    assert page.text.splitlines() == [
        "Opening Date: 1 September 2026, 12:01am.",
        "Closing Date: 1 December 2026, 11:59pm.",
        "Minimum Award: £50,000.",
        "Maximum Award: £200,000.",
        "Total Fund: £5,000,000.",
        "Location: National.",
        "Funding Organisation: Department for Science, Innovation and Technology.",
        "Who Can Apply: Private Sector, Public Sector.",
        "Grants for universities & firms that make artificial intelligence in air traffic safer.",
        "Summary",
        "The fund pays for trials beside real towers. Each grant is for two years.",
        "Eligibility",
        "Applicants must be registered in the UK.",
        "Partners",
        "One airport at least.",
    ]


def test_a_grant_without_its_data_has_what_the_page_shows() -> None:
    page = read("find_government_grants", recorded("find_government_grants").replace(b"__NEXT_DATA__", b"x"))
    lines = page.text.splitlines()
    assert lines[:3] == [
        "Opening Date: 1 September 2026, 12:01am.",
        "Closing Date: 1 December 2026, 11:59pm.",
        "Grants for universities & firms that make artificial intelligence in air traffic safer.",
    ]


def test_a_pound_is_no_sum() -> None:
    body = recorded("find_government_grants").replace(b'Amount":5000000', b'Amount":1')
    text = read("find_government_grants", body.replace(b'imumAward":50000,', b'imumAward":2,')).text
    assert "Total Fund" not in text and "Minimum Award" not in text
    assert "Maximum Award: £200,000." in text


def test_an_opportunity_of_grants_gov() -> None:
    page = read("grants_gov")
    assert (page.title, page.published_at) == ("Quantum Sensors for the Réunion Observatory", "2026-09-09")
    assert page.text.splitlines() == [
        "Opening Date: 9 September 2026.",
        "Closing Date: 30 November 2026.",
        "Estimated Total Program Funding: $8,500,000.",
        "Award Ceiling: $1,500,000.",
        "Expected Number of Awards: 5.",
        "Agency: U.S. National Science Foundation.",
        "Opportunity Number: NSF 27-101.",
        "Assistance Listing: 47.049 Mathematical and Physical Sciences.",
        "Funding Instrument: Grant.",
        "Eligible Applicants: Public and State controlled institutions of higher education; Private"
        " institutions of higher education.",
        "The program supports quantum sensors that listen to the sky. Proposals need a team of three"
        " institutions.",
        "build",
        "test",
        "Eligibility",
        "Universities and colleges in the United States.",
        "Closing date",
        "Proposals are due by 5:00 p.m. submitter's local time.",
    ]


def test_the_dates_of_a_forecast_are_estimates() -> None:
    def forecast(answer: Any) -> None:
        part = answer["data"].pop("synopsis")
        del part["responseDate"], part["responseDateStr"], part["responseDateDesc"]
        part |= {
            "forecastDesc": part.pop("synopsisDesc"),
            "estSynopsisPostingDate": "Oct 01, 2026 12:00:00 AM EDT",
            "estApplicationResponseDate": "Jan 15, 2027 12:00:00 AM EST",
            "estApplicationResponseDateStr": "2027-01-15-00-00-00",
            "estApplicationResponseDateDesc": "undefined",
        }
        answer["data"] |= {"docType": "forecast", "forecast": part, "ost": "FORECASTED"}

    page = read("grants_gov", changed("grants_gov", forecast))
    assert page.text.splitlines()[:4] == [
        "Status: Forecast, not open for applications yet.",
        "Estimated Opening Date: 1 October 2026.",
        "Estimated Closing Date: 15 January 2027.",
        "Estimated Total Program Funding: $8,500,000.",
    ]
    assert "undefined" not in page.text
    assert "quantum sensors that listen" in page.text


def test_an_opportunity_that_is_over_says_so_and_2099_is_no_date() -> None:
    def close(answer: Any) -> None:
        answer["data"]["ost"] = "ARCHIVED"
        answer["data"]["synopsis"] |= {"responseDateStr": "2099-01-01-00-00-00", "responseDate": None}

    text = read("grants_gov", changed("grants_gov", close)).text
    assert text.startswith("Status: Closed and archived.\nOpening Date: 9 September 2026.\nEstimated Total")


def test_a_release_of_pib() -> None:
    page = read("pib")
    assert page.title == "India and the United Kingdom launch a call on future telecoms"
    assert page.published_at == "2026-03-12T17:31:00+05:30"
    assert page.text.splitlines() == [
        "Ministry: Ministry of Science & Technology.",
        "The Department of Science and Technology and UKRI will fund joint projects",
        "The Department of Science and Technology today invited joint proposals on Open RAN with partners in"
        " the United Kingdom. India will provide ₹20 crore.",
        "Opens",
        "12 March 2026",
        "The last date for submission of proposals is 15 May 2026.",
        "****",
        "NKR/AK",
    ]


@pytest.mark.parametrize(
    ("posted", "published"),
    [
        ("Posted On: 12 MAR 2026 12:05AM by PIB Delhi", "2026-03-12T00:05:00+05:30"),
        ("Posted On: 12 MAR 2026 12:05PM by PIB Delhi", "2026-03-12T12:05:00+05:30"),
        ("प्रविष्टि तिथि: 11 APR 2026 by PIB Delhi", "2026-04-11"),
        ("Posted On: 31 FEB 2026 5:31PM by PIB Delhi", None),
        ("Posted On: 12 MAR 2026 5:99PM by PIB Delhi", None),
        ("Posted On: some day", None),
    ],
)
def test_a_release_was_posted_in_indian_time(posted: str, published: str | None) -> None:
    body = recorded("pib").replace(b"Posted On: 12 MAR 2026 5:31PM by PIB Delhi", posted.encode())
    assert read("pib", body).published_at == published


def test_a_call_of_dst_has_its_dates_in_words_that_cannot_be_mistaken() -> None:
    page = read("dst")
    assert page.title == "Call for Proposals on Cyber-Physical Systems for Ports"
    assert page.text.splitlines() == [
        "Opening Date: 1 July 2026.",
        "Closing Date: 31 August 2026.",
        "The Department of Science and Technology invites project proposals on cyber-physical systems that"
        " make ports safer, from academic institutions and laboratories across the country.",
        "Each project can ask for up to Rs 1.5 crore over three years, and should name a port that will try"
        " out its results.",
        "Proposals are sent through the e-PMS portal. Those that come late are not looked at.",
    ]


def test_a_date_of_dst_that_is_none_stays_as_it_was() -> None:
    body = recorded("dst").replace(b"31/08/2026", b"31/31/2026")
    assert read("dst", body).text.splitlines()[1] == "End Date: 31/31/2026."


def test_a_topic_of_the_eu_portal() -> None:
    page = read("eu_funding")
    assert (page.title, page.published_at) == ("Edge processors for small machines", "2026-08-07")
    assert page.text.splitlines() == [
        "Opening Date: 6 October 2026.",
        "Final Closing Date: 20 April 2027.",
        "Earlier Cut-off Dates: 15 December 2026.",
        "Total Budget: €20,000,000.",
        "Minimum Award: €3,000,000.",
        "Maximum Award: €4,000,000.",
        "Topic: HORIZON-EXAMPLE-2026-CHIPS-01.",
        "Call: Chips Joint Undertaking: calls of 2026.",
        "Programme: Horizon Europe (HORIZON).",
        "Expected Outcome:",
        "Semiconductor designs that small manufacturers can take up.",
        "Open tools",
        "Scope:",
        "Proposals build processors that learn where the data is.",
        "1. Admissibility Conditions: as in Annex A.",
        "2. Eligible Countries: as in Annex B.",
    ]


def test_a_topic_with_times_of_brussels_or_a_budget_by_its_number() -> None:
    def change(answer: Any) -> None:
        topic = answer["TopicDetails"]
        budget = topic["budgetOverviewJSONItem"]["budgetTopicActionMap"]
        budget["501"] = [{"budgetYearMap": {"2026": 5000000}}]
        del budget["500"][0]
        topic["actions"][0] |= {
            "status": {"id": 31094503},
            "plannedOpeningDate": "2026-10-06T00:00:00.000+0200",
            "deadlineDates": ["2026-12-15T17:00:00.000+0100"],
        }

    assert read("eu_funding", changed("eu_funding", change)).text.splitlines()[:5] == [
        "Status: Closed.",
        "Opening Date: 6 October 2026.",
        "Closing Date: 15 December 2026.",
        "Total Budget: €5,000,000.",
        "Topic: HORIZON-EXAMPLE-2026-CHIPS-01.",
    ]


def test_a_solicitation_of_nsf_begins_with_what_it_is_about() -> None:
    page = read("nsf")
    assert (page.title, page.published_at) == ("Learning Machines for Weather (LMW)", "2026-09-10")
    assert page.text.splitlines()[:7] == [
        "Letter of Intent Due Date: November 02, 2026.",
        "Full Proposal Deadline: January 14, 2027.",
        "The program supports artificial intelligence that forecasts storms, built by teams of meteorologists"
        " and computer scientists.",
        "Award Information",
        "Anticipated Type of Award: Standard Grant",
        "Estimated Number of Awards: 8 to 12",
        "Anticipated Funding Amount: $15,000,000 in total, subject to the availability of funds",
    ]
    assert "Program Solicitation NSF 27-101" in page.text


@pytest.mark.parametrize(
    ("days", "told_of"),
    [
        ("Proposals Accepted Anytime", "Proposals Accepted Anytime"),
        (
            "January 14, 2027</p><p>Second Thursday in January, Annually Thereafter",
            "January 14, 2027; Second Thursday in January, Annually Thereafter",
        ),
        ("", None),
    ],
)
def test_a_solicitation_with_other_deadlines(days: str, told_of: str | None) -> None:
    body = recorded("nsf").replace(b"<p>January 14, 2027", f"<p>{days}".encode())
    found = [
        line for line in read("nsf", body).text.splitlines() if line.startswith("Full Proposal Deadline:")
    ]
    assert found == ([f"Full Proposal Deadline: {told_of}."] if told_of else [])


def test_any_other_page() -> None:
    page = read("article")
    assert page.title == "Ministers open a centre for photonics"
    assert page.published_at == "2026-05-04T09:30:00+02:00"
    assert page.text.splitlines() == [
        "Closing Date: 30 June 2026, 5pm.",
        "Countries: Norway, Sweden.",
        "Total Budget: €12 million.",
        "Place: Tromsø.",
        "The Minister of Innovation and her colleague from Sweden today opened the Nordic Photonics Centre,"
        " where both countries will develop lasers and sensors together over the coming ten years.",
        "The centre has a budget of €12 million. It will employ forty people, and lend its instruments to"
        " companies that could not buy their own.",
        "How it works",
        "Companies book a day in the laboratory.",
        "Students come for a term.",
        "Year | People | Instruments",
        "2026 | 20 | 6",
    ]


# What any page tells


def pairs(html: str) -> list[fields.Pair]:
    return fields.take(trees.main(trees.load(f"<html><body><main>{html}".encode())))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        (
            "<dl><dt>Opens:<dd>1 May<dt>Who<dd>Firms</dd><dd>Schools</dl>",
            [("Opens", "1 May"), ("Who", "Firms, Schools")],
        ),
        ("<dl><div><dt>Fund</dt><dd><p>£5</p><p>million</p></dd></div></dl>", [("Fund", "£5 million")]),
        ("<table><tr><th>Fund<td>£5</table>", [("Fund", "£5")]),
        ("<table><tr><th>Field<th>Value<tr><td>Fund<td>£5</table>", [("Fund", "£5")]),
        ("<table><tr><td>2019<td>5.3<tr><td>2020<td>5.4</table>", []),
        ("<table><tr><td>a<td>b<td>c</table>", []),
        ("<table><tr><td>a<td><table><tr><td>b<td>c</table></table>", [("b", "c")]),
        (
            "<div><div class='field__label'>Deadline</div><div class='field__item'>1 May</div></div>",
            [("Deadline", "1 May")],
        ),
        (
            "<div class='field-label'>A</div><div class='field-items'>1</div>"
            "<div class='field-label'>B</div><div class='field-items'>2</div>",
            [("A", "1"), ("B", "2")],
        ),
        (f"<dl><dt>{'x' * 61}<dd>1</dl>", []),
        (f"<dl><dt>x<dd>{'1' * 301}</dl>", []),
        ("<dl><dt>x<dd></dl>", []),
        ("<nav><dl><dt>x<dd>1</dl></nav><aside><dl><dt>x<dd>1</dl></aside>", []),
        ("<dl>" + "<dt>x<dd>1" * 41 + "</dl>", []),
        ("<dl><dt>x<dd>1</dl>" * 60, [("x", "1")]),
    ],
)
def test_fields_are_found_where_pages_put_them(html: str, found: list[fields.Pair]) -> None:
    assert pairs(html) == found


def test_a_list_that_tells_other_things_too_stays_in_the_text() -> None:
    long = "a long explanation, which is no value of anything " * 8
    page = article(f"<main><dl><dt>Opens<dd>1 May<dt>Scope<dd>{long}</dl><p>{'And so on. ' * 50}</main>")
    assert page.text.startswith("Opens: 1 May.\n")
    assert long.strip() in page.text


def test_a_label_bears_capitals_and_a_value_ends_once() -> None:
    told_of = [
        ("closing date of the call", "5 May, 4 p.m."),
        ("co-funders: ", " DST\nIndia"),
        ("x", ""),
        ("", "y"),
    ]
    assert fields.lines(told_of) == ["Closing Date of the Call: 5 May, 4 p.m.", "Co-funders: DST India."]


@pytest.mark.parametrize(
    ("head", "body", "title"),
    [
        ("<title>A call | Ministry</title>", "<p>x", "A call"),
        ("<title>Research - a call – Ministry of X</title>", "<p>x", "Research - a call"),
        ("<meta property='og:title' content='A call | Ministry'>", "<h1>A call</h1>", "A call"),
        ("<meta property='og:title' content='A call'>", "<h1>Ministry</h1>", "A call"),
        ("<meta property='og:title' content='News of a call'>", "<h1>News</h1>", "News of a call"),
        (
            "<meta property='og:title' content='A call: Ministry'>"
            "<meta property='og:site_name' content='Ministry'>",
            "<p>x",
            "A call",
        ),
        ("<title>Site</title>", "<h1> </h1><h1>A <b>call</b></h1>", "A call"),
        ("", "<p>x", ""),
    ],
)
def test_a_page_has_its_own_title_without_the_sites(head: str, body: str, title: str) -> None:
    page = article(f"<html><head>{head}</head><body><main>{body}<p>Some words of the page.</main>")
    assert page.title == title


@pytest.mark.parametrize(
    ("html", "published"),
    [
        (
            "<meta property='article:published_time' content='2026-05-04T09:30:00Z'>",
            "2026-05-04T09:30:00+00:00",
        ),
        ("<meta name='DC.date.issued' content='2026-05-04'>", "2026-05-04"),
        ("<meta name='dcterms.modified' content='2026-05-04'>", None),
        ("<meta name='date' content='4 May 2026'>", "2026-05-04"),
        ("<meta name='date' content='05/04/2026'>", None),
        ("<meta name='date' content='soon'>", None),
        ("<meta property='article:published_time' content='2026-05-04T09:30:00'>", "2026-05-04"),
        ("<time itemprop='datePublished' datetime='2026-05-04'>last week</time>", "2026-05-04"),
        ("<span itemprop='datePublished'>4 May 2026</span>", "2026-05-04"),
        ("<p class='published-on'><time>4 May 2026</time></p>", "2026-05-04"),
        ("<time datetime='2026-05-04'>the day of the event</time>", None),
        ("<p>Posted on 4 May 2026</p>", None),
        ('<script type="application/ld+json">[{"datePublished": "2026-05-04"}]</script>', "2026-05-04"),
        ('<script type="application/ld+json">{"@graph": [1, {"datePublished": 7}]}</script>', None),
        ('<script type="application/ld+json">{"datePublished": </script>', None),
        ('<script type="application/ld+json">' + "[" * 100_000 + "</script>", None),
        ("<meta name='date' content='0001-01-01'>", None),
    ],
)
def test_a_date_is_told_only_where_the_page_tells_one(html: str, published: str | None) -> None:
    assert dates.published(trees.load(f"<html><body>{html}<p>x".encode())) == published


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("Größe – 5 €".encode("cp1252"), "text/html; charset=ISO-8859-1"),
        (b'<meta charset="windows-1252">' + "Größe – 5 €".encode("cp1252"), "text/html"),
        ("Größe – 5 €".encode("cp1252"), ""),
        ("Größe – 5 €".encode(), "text/html"),
        (b'<meta charset="utf-16">' + "Größe – 5 €".encode(), "text/html"),
        ("Größe – 5 €".encode(), "text/html; charset=idna"),
        ("Größe – 5 €".encode(), "text/html; charset=iso-8859-17"),
    ],
)
def test_a_page_is_read_in_its_own_encoding(body: bytes, content_type: str) -> None:
    assert trees.text(trees.load(b"<html><body><p>" + body, content_type)) == "Größe – 5 €"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_says_the_encoding(encoding: str) -> None:
    assert trees.text(trees.load("<html><p>Größe".encode(encoding), "text/html; charset=latin-1")) == "Größe"


def test_trafilatura_is_asked_only_for_what_it_can_do(monkeypatch: pytest.MonkeyPatch) -> None:
    page = "<html><body><main>" + "<p>A sentence of the page, which says a thing or two.</p>" * 30 + "</main>"
    whole = article(page)

    def fail(*args: object, **options: object) -> str:
        raise RecursionError("too deep")

    import trafilatura

    monkeypatch.setattr(trafilatura, "extract", fail)
    assert article(page) == whole
    monkeypatch.setattr(trafilatura, "extract", lambda *args, **options: "Next to nothing.")
    assert article(page) == whole


def test_of_a_page_that_marks_nothing_the_menus_are_left_out() -> None:
    menu = "".join(f'<li><a href="/{number}">Topic {number}</a></li>' for number in range(60))
    words = [f"On day {number} the ministry opened a call for proposals on lasers." for number in range(12)]
    content = "".join(f"<p>{sentence}</p>" for sentence in words)
    page = article(f"<html><body><div class='menu'><ul>{menu}</ul></div><div id='content'>{content}</div>")
    assert page.text.splitlines() == words


def test_trafilatura_is_not_loaded_before_a_page_is_read() -> None:
    import subprocess

    code = "import sys, feed.linked.article, feed.linked.dst; sys.exit('trafilatura' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# What comes of it


@pytest.mark.parametrize(
    ("name", "publisher", "opens", "closes", "money"),
    [
        (
            "ukri",
            Publisher(country="GB"),
            "2026-08-27T09:00:00+01:00",
            "2026-11-05T16:00:00+00:00",
            [("7000000", "GBP", "total"), ("400000", "GBP", "award_min"), ("1200000", "GBP", "award_max")],
        ),
        (
            "innovate_uk",
            Publisher(country="GB"),
            "2026-10-05",
            "2026-12-02T11:00:00+00:00",
            [("150000", "GBP", "award_min"), ("750000", "GBP", "award_max"), ("6500000", "GBP", "total")],
        ),
        (
            "find_government_grants",
            Publisher(country="GB"),
            "2026-09-01T00:01:00+01:00",
            "2026-12-01T23:59:00+00:00",
            [("50000", "GBP", "award_min"), ("200000", "GBP", "award_max"), ("5000000", "GBP", "total")],
        ),
        (
            "grants_gov",
            Publisher(country="US"),
            "2026-09-09",
            "2026-11-30",
            [("8500000", "USD", "total"), ("1500000", "USD", "award_max")],
        ),
        (
            "eu_funding",
            Publisher(country="EU"),
            "2026-10-06",
            "2027-04-20",
            [("20000000", "EUR", "total"), ("3000000", "EUR", "award_min"), ("4000000", "EUR", "award_max")],
        ),
        ("pib", Publisher(country="IN"), "2026-03-12", "2026-05-15", [("200000000", "INR", "total")]),
        ("dst", Publisher(country="IN"), "2026-07-01", "2026-08-31", [("15000000", "INR", "award_max")]),
        ("nsf", Publisher(country="US"), None, "2027-01-14", [("15000000", "USD", "total")]),
    ],
)
def test_a_linked_page_is_a_call_with_its_money_and_its_dates(
    name: str, publisher: Publisher, opens: str | None, closes: str, money: list[tuple[str, str, str]]
) -> None:
    page = read(name)
    found = extract(
        page.title, page.text, url=ADDRESSES[name], published=page.published_at, publisher=publisher
    )
    (call,) = found.subjects
    assert (call.kind, call.opens, call.closes) == ("call", opens, closes)
    assert [(sum_.amount, sum_.currency, sum_.role) for sum_ in call.money] == money


def test_a_press_release_of_gov_uk_is_an_initiative_of_its_parties() -> None:
    page = read("govuk")
    (found,) = extract(page.title, page.text, url=ADDRESSES["govuk"], published=page.published_at).subjects
    assert (found.kind, found.countries, found.technologies) == ("initiative", ("GB", "IN"), ("quantum",))
    assert found.bodies == (
        "Department for Science, Innovation and Technology",
        "Foreign, Commonwealth and Development Office",
    )


# What is refused


@pytest.mark.parametrize("name", ADDRESSES)
@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b" \n", SourceError, "the answer is empty"),
        (b"<html><title>Just a moment...</title><p>Wait", BotWall, "Cloudflare"),
        (b"<html><h1>Down for maintenance</h1><p>Wait", UnderMaintenance, "under maintenance"),
        (b"nothing of the kind", SourceError, None),
        (b"[" * 100_000, SourceError, None),
        (b"<div>" * 200_000, SourceError, None),
        (b"<!--" * 50_000, SourceError, None),
        (b"<html><body>\x00\x00\x00", SourceError, None),
    ],
)
def test_what_is_no_answer_is_named(
    name: str, body: bytes, error: type[SourceError], words: str | None
) -> None:
    with pytest.raises(error, match=words) as raised:
        read(name, body)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", SHAPED)
def test_a_page_that_is_built_otherwise_is_named(name: str) -> None:
    body = b'{"a": {"b": 1}}' if name in JSON else b"<!doctype html><title>A new look</title><p>Hello"
    with pytest.raises(ShapeChanged, match=r"not where (?:it was|they were)"):
        read(name, body)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"%PDF-1.7\n<html>", "text/html", "the page is a PDF, which is not read"),
        (b"\xef\xbb\xbf\n%PDF-1.4", "application/pdf", "the page is a PDF, which is not read"),
        (b"\x89PNG\r\n\x1a\n\x00\x00<p>", "image/png", "the answer is no page: image/png"),
        (b'{"html": "<p>a"}', "application/json; charset=utf-8", "the answer is no page: application/json"),
        (b"<?xml version='1.0'?><rss><title>a</title><p>", "text/html", "the answer is no page: text/html"),
        (b"just words", "text/plain", "the answer is no page: text/plain"),
        (b"just words", "", "the answer is no page"),
    ],
)
def test_what_is_no_page_is_named(name: str, body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(NotAPage) as raised:
        read(name, body, content_type)
    assert str(raised.value) == words


@pytest.mark.parametrize("name", JSON)
def test_a_truncated_answer_is_no_answer(name: str) -> None:
    with pytest.raises(NotAFeed, match="the answer is no JSON"):
        read(name, recorded(name)[:-200])


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ({"errorcode": 1, "msg": "Bad <b>request</b>"}, SourceError, "answers with an error: Bad request"),
        ({"errorcode": 0, "data": {}}, ShapeChanged, "the opportunity is not where it was"),
        ({"data": {"errorMessages": ["No such id"]}}, NotAPage, "no such opportunity: No such id"),
    ],
)
def test_an_answer_of_grants_gov_that_says_something_else_is_named(
    answer: object, error: type[SourceError], words: str
) -> None:
    with pytest.raises(error, match=words):
        read("grants_gov", json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [
        ("ukri", b"opportunity__summary", b"summary"),
        ("ukri", b"<dt", b"<p"),
        ("innovate_uk", b"Competition ", b"It "),
        ("find_government_grants", b"ing date", b"ing day"),
        ("pib", b"innner-page", b"inner-page"),
        ("nsf", b"Synopsis of Program", b"In short"),
    ],
)
def test_changed_markup_is_named(name: str, before: bytes, after: bytes) -> None:
    with pytest.raises(ShapeChanged, match="is not where it was"):
        read(name, recorded(name).replace(before, after))


@pytest.mark.parametrize(
    "html",
    [
        "<div id='root'></div><script>start()</script>",
        "<noscript>Enable JavaScript</noscript>",
        "<nav><a href=/>Home</a></nav><footer>The end</footer>",
        "<main></main><header>Home</header>",
    ],
)
def test_a_page_without_words_is_none(html: str) -> None:
    with pytest.raises(NotAPage, match="the page says nothing that could be read"):
        article(f"<!doctype html><html><body>{html}</body></html>")


def test_a_main_part_without_words_is_not_the_main_part() -> None:
    assert article("<html><body><main id='top'> </main><p>What it says.</p>").text == "What it says."


def test_a_page_of_a_site_that_has_a_wall_is_no_wall() -> None:
    script = "<script src='/cdn-cgi/challenge-platform/scripts/jsd/main.js'></script>"
    page = article(f"<html><body>{script}<main>{'<p>A call for proposals was opened today.</p>' * 40}</main>")
    assert page.text.startswith("A call for proposals was opened today.")


@pytest.mark.parametrize(
    "unit", ["<p>word ", "<td>a", "word ", "<i a b c>", "<dl><dt>a<dd>b</dl>", "<script>"]
)
def test_a_page_of_five_megabytes_is_read_up_to_a_size(unit: str) -> None:
    page = article("<html><body><main><p>The beginning.</p>" + unit * (5_100_000 // len(unit)))
    assert page.text.startswith(("The beginning.", "A: b."))
    assert len(page.text) <= told.TEXT_CHARACTERS


def test_a_page_with_large_scripts_is_read_behind_them() -> None:
    script = "<SCRIPT>" + "var x = 'abc';" * 100_000 + "</script >"
    page = article(f"<html><head>{script}</head><body><main><p>What it says.</p></main>{script}")
    assert page.text == "What it says."


def test_an_element_of_many_attributes_takes_no_time() -> None:
    many = " ".join(f'a{number}=">"' for number in range(40_000))
    assert article(f"<html><body><p {many}>Hello</p>").text == "Hello"


def test_deep_elements_keep_their_text() -> None:
    page = article(
        "<html><body><main>" + "<div>" * 5_000 + "deep down" + "</div>" * 5_000 + "<p>and up</main>"
    )
    assert page.text.split("\n") == ["deep down", "and up"]


def sound(page: Page) -> None:
    """Whether what was read may stand in the log."""
    assert page.text or page.withdrawn
    assert all(is_clean(text) for text in (page.title, page.text, page.withdrawn or ""))
    assert len(page.text) <= told.TEXT_CHARACTERS
    assert "\n" not in page.title + (page.withdrawn or "")


@pytest.mark.parametrize("name", JSON)
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_a_hostile_value_ends_in_a_page_or_in_a_named_error(name: str, data: st.DataObject) -> None:
    document = json.loads(recorded(name))
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from([path for path in paths(document) if path]))
        place = document
        for key in way:
            place = place[key]
        place[last] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    try:
        sound(read(name, json.dumps(document).encode()))
    except SourceError as error:
        assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize("status", [[], {}, None, ["31094503"]])
def test_a_topic_whose_state_is_none_of_the_known_ones_is_not_called_closed(status: object) -> None:
    document = json.loads(recorded("eu_funding"))
    document["TopicDetails"]["actions"][0]["status"]["id"] = status
    assert "Status: Closed" not in read("eu_funding", json.dumps(document).encode()).text


@pytest.mark.parametrize("name", ADDRESSES)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_mutated_bytes_end_in_a_page_or_in_a_named_error(name: str, data: st.DataObject) -> None:
    body = bytearray(recorded(name))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, max(0, len(body) - 1)))
        length = data.draw(st.sampled_from([0, 1, 1, 2, 40, 400]))
        body[start : start + length] = data.draw(st.binary(max_size=6) | st.sampled_from(FRAGMENTS))
    try:
        sound(read(name, bytes(body)))
    except SourceError as error:
        assert str(error) and "\n" not in str(error)


FRAGMENTS = (
    b"</main>", b"<dl><dt>", b"<!--", b"<script>", b"<table><tr><td>", b"<h1>", b"<svg>", b"<template>",
    b"</html>x", b"<frameset>", b"<li><b>a:</b>b", b"&#x1F600;",
)  # fmt: skip
