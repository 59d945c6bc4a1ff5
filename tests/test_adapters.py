"""Sources that publish no feed: what is asked of them, what is read in their answers, and what is refused.

The recorded answers in tests/answers are of our own making, in the shape of the real ones.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feed import source
from feed.adapters import KINDS, adapter
from feed.errors import BotWall, NotAFeed, ShapeChanged, SourceError, TooLarge, UnderMaintenance
from feed.parse import Entry, Feed
from storage import filters
from storage.clock import from_stamp
from storage.plain import is_clean
from tests.installation import Installation
from tests.world.government import Government

ANSWERS = {
    "grants-gov": "grants_gov.json",
    "eu-funding": "eu_funding.json",
    "innovate-uk": "innovate_uk.html",
    "find-government-grants": "find_government_grants.html",
}
JSON = ("grants-gov", "eu-funding")
PAGES = ("innovate-uk", "find-government-grants")
WHERE = {"grants-gov": ("US", "Grants.gov"), "eu-funding": ("EU", "European Commission")}


def recorded(kind: str) -> bytes:
    return (Path(__file__).parent / "answers" / ANSWERS[kind]).read_bytes()


def changed(kind: str, change: Callable[[Any], None]) -> bytes:
    """The recorded JSON after a change."""
    document = json.loads(recorded(kind))
    change(document)
    return json.dumps(document).encode()


def read(kind: str, body: bytes, known: frozenset[str] = frozenset()) -> Feed:
    return adapter(kind).read(body, known, url="https://gov.example/list?page=0")


def entries(kind: str, body: bytes | None = None) -> dict[str, Entry]:
    """The entries by the beginning of their titles."""
    found = read(kind, recorded(kind) if body is None else body).entries
    return {entry.title.split()[0]: entry for entry in found}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    yield installation
    installation.close()


def watch(installation: Installation, government: Government, kind: str, query: str = "") -> None:
    """The recorded answer at a path of its own, watched and polled once."""
    country, body = WHERE.get(kind, ("GB", "Innovate UK"))
    url = serve(government, kind, recorded(kind))
    installation.watch(kind, url + query, kind=kind, kinds=("call",), country=country, body=body)
    assert installation.poll()[kind].reason is None


def serve(government: Government, kind: str, body: bytes) -> str:
    media = "application/json" if kind in JSON else "text/html; charset=utf-8"
    return government.serve(f"/{kind}/list", body, content_type=media)


def test_there_is_an_adapter_for_each_kind_and_a_source_for_each_adapter() -> None:
    assert {"feed", *ANSWERS} == set(KINDS)
    watched = source.load().values()
    assert {item.kind for item in watched} == set(KINDS)
    assert all(item.kinds == ("call",) for item in watched if item.kind != "feed")
    assert all(adapter(item.kind).question(item.url).url.startswith("https://") for item in watched)


# What is asked


def test_grants_gov_is_asked_by_post_with_the_addresss_query_as_json(
    installation: Installation, government: Government
) -> None:
    watch(installation, government, "grants-gov", "?keyword=quantum%20optics&oppStatuses=posted|forecasted")
    request = government.requests[-1]
    assert (request.method, request.path) == ("POST", "/grants-gov/list")
    assert request.headers["content-type"] == request.headers["accept"] == "application/json"
    assert json.loads(request.body) == {
        "keyword": "quantum optics",
        "oppStatuses": "posted|forecasted",
        "rows": 100,
        "sortBy": "openDate|desc",
    }


def test_the_eu_portal_is_asked_by_post_with_a_form_of_json_parts(
    installation: Installation, government: Government
) -> None:
    watch(
        installation, government, "eu-funding", "?apiKey=SEDIA&text=***&pageSize=50&status=31094501,31094502"
    )
    request = government.requests[-1]
    assert request.method == "POST"
    assert request.path == "/eu-funding/list?apiKey=SEDIA&text=***&pageSize=50&pageNumber=1"
    media, _, boundary = request.headers["content-type"].partition("; boundary=")
    assert media == "multipart/form-data"
    begin, *parts, end = request.body.split(f"--{boundary}".encode())
    assert (begin, end) == (b"", b"--\r\n")
    asked = {}
    for part in parts:
        head, _, value = part.removesuffix(b"\r\n").partition(b"\r\n\r\n")
        assert b"Content-Type: application/json" in head
        asked[head.partition(b'name="')[2].partition(b'"')[0].decode()] = json.loads(value)
    assert asked["query"]["bool"]["must"] == [
        {"terms": {"type": ["1", "8"]}},
        {"terms": {"status": ["31094501", "31094502"]}},
    ]
    assert asked["languages"] == ["en"]
    assert asked["sort"] == {"field": "startDate", "order": "DESC"}
    assert "descriptionByte" in asked["displayFields"]


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_asked_for_as_it_stands(
    installation: Installation, government: Government, kind: str
) -> None:
    watch(installation, government, kind, "?limit=200")
    request = government.requests[-1]
    assert (request.method, request.path, request.body) == ("GET", f"/{kind}/list?limit=200", b"")
    assert request.headers["accept"] == "text/html"


# What is read


def test_an_opportunity_of_grants_gov_has_its_title_page_and_dates() -> None:
    found = entries("grants-gov")["Quantum"]
    assert found.title == "Quantum Sensors for the Réunion Observatory – Research Grants"
    assert found.url == found.guid == "https://www.grants.gov/search-results-detail/900001"
    assert found.published_at == "2026-09-09"
    assert "Opening Date: 9 September 2026. Closing Date: 30 November 2026." in found.text


def test_2099_is_no_date_and_a_closed_opportunity_no_news() -> None:
    found = entries("grants-gov")
    assert "Closing Date" not in found["Open"].text
    assert set(found) == {"Quantum", "Open", "Artificial"}


def test_a_forecast_does_not_open_when_it_was_posted() -> None:
    found = entries("grants-gov")["Artificial"]
    assert found.text.startswith("Status: Forecast, not open for applications yet.")
    assert "Opening Date" not in found.text
    assert found.published_at == "2026-09-07"


def test_a_topic_has_its_own_part_of_the_calls_budget() -> None:
    found = entries("eu-funding")["Edge"]
    assert "Total Budget: €20,000,000. Minimum Award: €3,000,000. Maximum Award: €4,000,000." in found.text
    portal = "https://ec.europa.eu/info/funding-tenders/opportunities/portal/screen/opportunities/"
    assert found.url == portal + "topic-details/HORIZON-EXAMPLE-2026-CHIPS-01"
    assert found.summary.startswith("Expected Outcome:\nSemiconductor designs")


@pytest.mark.parametrize("number", ["501", "700"], ids=["by its number", "by its name"])
def test_the_topics_part_of_the_budget_is_found(number: str) -> None:
    body = changed("eu-funding", lambda answer: answer["results"][0]["metadata"].update(ccm2Id=[number]))
    assert "Total Budget: €20,000,000." in entries("eu-funding", body)["Edge"].text


def test_a_topic_with_several_deadlines_closes_at_its_last() -> None:
    found = entries("eu-funding")["Edge"].text
    assert "Final Closing Date: 20 April 2027. Earlier Cut-off Dates: 15 December 2026." in found


def test_of_the_eu_portal_only_grants_are_read_and_each_in_english_once() -> None:
    def more(answer: Any) -> None:
        again, translated = (copy.deepcopy(answer["results"][1]) for _ in range(2))
        again["metadata"]["DATASOURCE"] = ["AN_OLDER_SYSTEM"]
        again["metadata"]["deadlineDate"] = ["2026-01-01T00:00:00.000+0000"]
        translated["metadata"] |= {"language": ["fr"], "title": ["Liens quantiques"]}
        answer["results"] += [again, translated]

    found = read("eu-funding", changed("eu-funding", more)).entries
    assert [entry.title.split()[0] for entry in found] == ["Edge", "Quantum", "ROBOHELP"]
    assert "19 January 2027" in found[1].text


def test_a_call_of_a_funded_project_has_its_own_name_and_page() -> None:
    found = entries("eu-funding")["ROBOHELP"]
    assert found.url.endswith("/opportunities/competitive-calls-cs/70001")
    assert "Closing Date: 30 November 2026. Total Budget: €1,400,000." in found.text


def test_a_competition_of_innovate_uk_is_named_by_its_number() -> None:
    found = entries("innovate-uk")["Quantum"]
    assert found.guid == "https://gov.example/competition/9002/overview"
    assert found.url == f"{found.guid}/5a0f6c1e-0000-4000-8000-000000000002"
    assert found.text.startswith("Opening Date: 5 October 2026. Closing Date: 2 December 2026.")
    assert "Eligibility\nYour project’s total costs must be between £150,000 and £750,000." in found.text


def test_a_competition_without_a_deadline_says_so() -> None:
    found = entries("innovate-uk")["Loans"]
    assert "Opening Date: 1 September 2026. Closing Date: No submission deadline." in found.text
    assert found.title == "Loans for R&D in robotics"


def test_midnight_is_the_end_of_the_day_before_and_a_pound_is_no_sum() -> None:
    found = entries("find-government-grants")
    assert "Closing Date: 1 December 2026, 11:59pm. Minimum Award: £50,000." in found["Safe"].text
    assert found["Village"].text.splitlines()[0].split(". ") == [
        "Opening Date: 3 September 2026, 10:30am",
        "Closing Date: 28 February 2027, 11:59pm",
        "Funding Organisation: A Department Nobody Listed.",
    ]


def test_grants_that_did_not_fit_on_the_page_are_noted() -> None:
    body = recorded("find-government-grants").replace(b'"totalGrants": 2', b'"totalGrants": 5')
    found = read("find-government-grants", body)
    assert found.note == "3 of 5 grants are not shown: raise `limit` in the address"
    assert len(found.entries) == 2


@pytest.mark.parametrize("kind", ANSWERS)
def test_what_was_read_before_is_known_by_its_mark(kind: str) -> None:
    first = read(kind, recorded(kind))
    assert len(first.marks) == first.seen == len(first.entries) > 1
    assert read(kind, recorded(kind), frozenset(first.marks[1:])).entries == first.entries[:1]


# What comes of it


@pytest.mark.parametrize("kind", ANSWERS)
def test_the_first_poll_is_backfill_and_the_next_one_finds_nothing_new(
    installation: Installation, government: Government, kind: str
) -> None:
    watch(installation, government, kind)
    events = installation.events()
    assert {event.type for event in events} == {"AnnouncementPublished", "CallAnnounced"}
    assert all(event.payload["backfill"] for event in events)
    serve(government, kind, recorded(kind) + b"\n")
    assert installation.poll()[kind].status == "fetched"
    assert installation.events() == events


def test_a_new_opportunity_is_a_call_with_its_agency_and_dates(
    installation: Installation, government: Government
) -> None:
    watch(installation, government, "grants-gov")

    def publish(answer: Any) -> None:
        hits = answer["data"]["oppHits"]
        hits.insert(
            0, {**hits[0], "id": "900009", "title": "Qubits &amp; Cryostats", "closeDate": "02/01/2027"}
        )

    serve(government, "grants-gov", changed("grants-gov", publish))
    installation.poll()
    published, announced = (event for event in installation.events() if not event.payload["backfill"])
    assert (published.type, announced.type) == ("AnnouncementPublished", "CallAnnounced")
    told = announced.payload
    assert (told["title"], told["opens"], told["closes"]) == (
        "Qubits & Cryostats",
        "2026-09-09",
        "2027-02-01",
    )
    assert told["bodies"] == ["National Science Foundation"]
    assert told["technologies"] == ["quantum"]
    assert told["countries"] == ["US"]


def test_a_moved_close_date_is_told_once(installation: Installation, government: Government) -> None:
    watch(installation, government, "grants-gov")

    def move(answer: Any) -> None:
        answer["token"] = "another one, as in each answer"
        answer["data"]["oppHits"][0]["closeDate"] = "12/15/2026"

    serve(government, "grants-gov", changed("grants-gov", move))
    installation.poll()
    installation.poll()
    (event,) = installation.events("CallChanged")
    assert event.payload["changed"] == {"closes": {"from": "2026-11-30", "to": "2026-12-15"}}


def test_a_forecast_that_is_posted_opens(installation: Installation, government: Government) -> None:
    watch(installation, government, "grants-gov")
    (forecast,) = (one for one in installation.subjects() if one.title.startswith("Artificial"))
    assert (forecast.opens, forecast.closes) == (None, None)

    def post(answer: Any) -> None:
        answer["data"]["oppHits"][2] |= {
            "oppStatus": "posted",
            "openDate": "10/01/2026",
            "closeDate": "01/15/2027",
        }

    serve(government, "grants-gov", changed("grants-gov", post))
    installation.poll()
    (event,) = installation.events("CallChanged")
    assert event.payload["changed"] == {
        "opens": {"from": None, "to": "2026-10-01"},
        "closes": {"from": None, "to": "2027-01-15"},
    }


@pytest.mark.parametrize(
    ("kind", "title", "opens", "closes", "money"),
    [
        (
            "eu-funding",
            "Edge processors for small machines",
            "2026-10-06",
            "2027-04-20",
            [("20000000", "total"), ("3000000", "award_min"), ("4000000", "award_max")],
        ),
        (
            "innovate-uk",
            "Quantum clocks for ports",
            "2026-10-05",
            "2026-12-02",
            [("6500000", "total"), ("150000", "award_min"), ("750000", "award_max")],
        ),
        (
            "find-government-grants",
            "Safe Skies AI Fund",
            "2026-09-01",
            "2026-12-01T23:59:00+00:00",
            [("50000", "award_min"), ("200000", "award_max"), ("5000000", "total")],
        ),
    ],
)
def test_a_call_has_its_dates_and_its_money(
    installation: Installation,
    government: Government,
    kind: str,
    title: str,
    opens: str,
    closes: str,
    money: list[tuple[str, str]],
) -> None:
    watch(installation, government, kind)
    (found,) = (one for one in installation.events("CallAnnounced") if one.payload["title"] == title)
    assert (found.payload["opens"], found.payload["closes"]) == (opens, closes)
    assert [(item["amount"], item["role"]) for item in found.payload["money"]] == money


@pytest.mark.parametrize(
    ("kind", "title"), [("eu-funding", "Edge processors"), ("innovate-uk", "Quantum clocks")]
)
def test_what_is_announced_before_it_opens_is_an_upcoming_call(
    installation: Installation, government: Government, kind: str, title: str
) -> None:
    watch(installation, government, kind)
    (found,) = (one for one in installation.subjects() if one.title.startswith(title))
    before, after = from_stamp("2026-09-20T12:00:00.000000Z"), from_stamp("2026-10-20T12:00:00.000000Z")
    assert (filters.status(found, before), filters.status(found, after)) == ("upcoming", "open")


def test_a_moved_deadline_of_a_page_is_told(installation: Installation, government: Government) -> None:
    watch(installation, government, "innovate-uk")
    later = recorded("innovate-uk").replace(b"2 December 2026", b"13 January 2027")
    serve(government, "innovate-uk", later)
    installation.poll()
    (event,) = installation.events("CallChanged")
    assert event.payload["changed"] == {"closes": {"from": "2026-12-02", "to": "2027-01-13"}}
    assert event.payload["title"] == "Quantum clocks for ports"


def test_a_command_polls_such_a_source_too(installation: Installation, government: Government) -> None:
    watch(installation, government, "eu-funding")
    checked = installation.run("sources", "check", "eu-funding")
    assert checked.stdout.startswith("eu-funding: has not changed"), checked.stderr


# What is refused


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("grants-gov", {"errorcode": 0, "data": {"hitCount": 0, "oppHits": []}}),
        ("eu-funding", {"totalResults": 0, "results": []}),
    ],
)
def test_an_empty_list_is_healthy(kind: str, body: object) -> None:
    assert read(kind, json.dumps(body).encode()).entries == ()


def test_an_empty_page_is_healthy() -> None:
    none = b"<main><h2>0 competitions</h2><ul class='govuk-list'><li>searching again</li></ul></main>"
    assert read("innovate-uk", none).entries == ()
    document = {"props": {"pageProps": {"searchResult": [], "totalGrants": 0}}}
    page = f'<html><script id="__NEXT_DATA__" type="application/json">{json.dumps(document)}</script>'
    assert read("find-government-grants", page.encode()).entries == ()


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize(
    ("body", "error", "words"),
    [
        (b" \n", SourceError, "the answer is empty"),
        (b"<html><title>Just a moment...</title>", BotWall, "Cloudflare"),
        (b"<html><h1>Down for maintenance</h1>", UnderMaintenance, "under maintenance"),
        (b"<!doctype html><title>A new list</title><p>Hello", NotAFeed, "“A new list”"),
        (b"nothing of the kind", NotAFeed, None),
        (b"[" * 100_000, NotAFeed, None),
        (b"<div>" * 200_000, NotAFeed, None),
        (b"<!--" * 50_000, NotAFeed, None),
    ],
)
def test_what_is_no_answer_is_named(
    kind: str, body: bytes, error: type[SourceError], words: str | None
) -> None:
    with pytest.raises(error, match=words):
        read(kind, body)


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_read_up_to_a_size(kind: str) -> None:
    with pytest.raises(TooLarge, match="the page is larger than 1 MB"):
        read(kind, recorded(kind) + b" " * 1_000_000)


@pytest.mark.parametrize("kind", JSON)
def test_a_truncated_answer_is_no_answer(kind: str) -> None:
    with pytest.raises(NotAFeed, match="the answer is no JSON"):
        read(kind, recorded(kind)[:-200])


@pytest.mark.parametrize(
    ("kind", "answer", "words"),
    [
        (
            "grants-gov",
            {"errorcode": 1, "msg": "Bad <b>request</b>"},
            "answers with an error: Bad request",
        ),
        ("grants-gov", {"errorcode": 0, "data": {}}, "the list of opportunities is not where it was"),
        ("grants-gov", {"data": {"oppHits": [], "hitCount": 7}}, "does not say that there are none"),
        ("grants-gov", {"data": {"oppHits": [1, None], "hitCount": 2}}, "none of the 2 entries"),
        ("grants-gov", [], "no JSON object"),
        ("eu-funding", {"type": "throwable", "message": "No rights"}, "answers with an error: No rights"),
        ("eu-funding", {"totalResults": 5}, "the list of topics is not where it was"),
        ("eu-funding", {"totalResults": 1, "results": [{"metadata": {}}]}, "none of the 1 entries"),
    ],
)
def test_an_answer_that_says_something_else_is_named(kind: str, answer: object, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(kind, json.dumps(answer).encode())


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (b'class="govuk-list"', b'class="cards"', "the list of competitions is not where it was"),
        (b'href="/competition/', b'href="/opportunity/', "the list of competitions is not where it was"),
        (b"<dt>", b"<dt>It ", "none of the 2 entries in the answer can be read"),
    ],
)
def test_changed_markup_is_named_and_never_an_empty_list(before: bytes, after: bytes, words: str) -> None:
    with pytest.raises(ShapeChanged, match=words):
        read("innovate-uk", recorded("innovate-uk").replace(before, after))


@pytest.mark.parametrize(
    ("before", "after"), [(b"__NEXT_DATA__", b"data"), (b"searchResult", b"found"), (b"pageProps", b"p")]
)
def test_a_page_without_its_data_is_named(before: bytes, after: bytes) -> None:
    page = recorded("find-government-grants").replace(before, after)
    with pytest.raises(
        ShapeChanged, match="the list of grants is not where it was: “Searching for all grants"
    ):
        read("find-government-grants", page)


def test_one_entry_that_cannot_be_read_does_not_keep_us_from_the_others() -> None:
    def spoil(answer: Any) -> None:
        answer["data"]["oppHits"][0] = {"id": ["x"], "title": None}

    found = read("grants-gov", changed("grants-gov", spoil))
    assert len(found.entries) == 2
    assert found.note == "1 of 4 entries could not be read"
    assert found.marks == ()


def test_a_changed_list_is_a_state_of_the_source(installation: Installation, government: Government) -> None:
    watch(installation, government, "innovate-uk")
    serve(government, "innovate-uk", b"<html><title>New look</title><main>Competitions</main></html>")
    assert installation.poll()["innovate-uk"].status == "failed"
    reason = installation.cursor("innovate-uk").reason
    assert reason == "the list of competitions is not where it was: “New look”"


HOSTILE = (
    None, True, -1, 0, 10**30, 1e308, "", "javascript:alert(1)", "\ud800\x00\u202e", "x" * 10_000, "<" * 500,
    [], [[[]]], {}, {"a": {"b": []}}, "99999999999999999999", "0001-01-01", "9999-12-31T23:59:59+14:00",
    '{"budgetTopicActionMap": {"1": [1, {}]}}', "&#0;&bogus;", "//evil.example/x", "../..",
)  # fmt: skip


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where values stand in a document."""
    yield path
    if isinstance(value, dict | list):
        for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from paths(inner, (*path, name))


def sound(feed: Feed) -> None:
    """Whether what was read may stand in the log."""
    for entry in feed.entries:
        assert entry.guid and entry.title
        assert all(is_clean(text) for text in (entry.guid, entry.title, entry.summary, entry.text))
        assert len(entry.title) <= 500 and len(entry.summary) <= 1000
        assert entry.url == "" or entry.url.startswith(("https://", "http://"))


@pytest.mark.parametrize("kind", JSON)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_a_hostile_value_ends_in_entries_or_in_a_named_error(kind: str, data: st.DataObject) -> None:
    document = json.loads(recorded(kind))
    for _ in range(data.draw(st.integers(1, 4))):
        *way, last = data.draw(st.sampled_from([path for path in paths(document) if path]))
        place = document
        for name in way:
            place = place[name]
        place[last] = copy.deepcopy(data.draw(st.sampled_from(HOSTILE)))
    try:
        sound(read(kind, json.dumps(document).encode()))
    except SourceError as error:
        assert str(error) and "\n" not in str(error)


@pytest.mark.parametrize("kind", ANSWERS)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_mutated_bytes_end_in_entries_or_in_a_named_error(kind: str, data: st.DataObject) -> None:
    body = bytearray(recorded(kind))
    for _ in range(data.draw(st.integers(1, 8))):
        start = data.draw(st.integers(0, max(0, len(body) - 1)))
        length = data.draw(st.sampled_from([0, 1, 1, 2, 40, 400]))
        body[start : start + length] = data.draw(st.binary(max_size=6))
    try:
        sound(read(kind, bytes(body)))
    except SourceError as error:
        assert str(error) and "\n" not in str(error)
