"""Whether a text declares that its call is closed or withdrawn, here and now."""

from __future__ import annotations

import pytest

from feed.declared import declared
from tests.installation import Installation, call, rss
from tests.world.government import Government

LEAD = "Apply for funding to build quantum networks."


@pytest.mark.parametrize(
    "words",
    [
        "This opportunity is now closed.",
        "Applications are now closed.",
        "This competition has closed to new applications.",
        "Please note: this call is now closed.",
        "Status: Closed.",
        "Status: This competition is closed.",
        "The call for proposals is now closed.",
        "We are no longer accepting applications.",
        "The call has closed.",
        "The call has been closed.",
        "The competition has closed to new applications.",
        "This call has been closed early.",
        "Applications closed on 3 November 2026.",
        "Applications have closed.",
        "Applications closed on Tuesday, November 3rd, 2026 at 4pm.",
        "The deadline for applications has passed.",
        "Applications closed at 4pm on 3 November 2026.",
        "Applications for this call closed 2026-11-03.",
        "The closing date has now passed.",
        "The application deadline has passed.",
        "The deadline for submitting proposals has passed.",
        "Status - Closed.",
        "Call status – Closed.",
    ],
)
def test_a_call_is_closed_where_a_sentence_says_so(words: str) -> None:
    for text in (words, f"{LEAD}\n{words}", f"{words} {LEAD}", f"{LEAD} {words}"):
        found = declared("Quantum networks", text).closed
        assert found is not None and found.quote == words


@pytest.mark.parametrize(
    "title",
    [
        "CLOSED: Quantum networks",
        "Closed: Quantum networks",
        "Closed – Quantum networks",
        "CLOSED | Quantum networks",
        "[Closed] Quantum networks",
        "(Closed) Quantum networks",
        "Quantum networks (closed)",
        "Quantum networks (now closed)",
        "Quantum networks (closed to new applications)",
        "Quantum networks [CLOSED]",
        "Quantum networks – CLOSED",
        "Quantum networks | Closed",
        "Quantum networks: CLOSED",
    ],
)
def test_a_title_is_marked_as_closed(title: str) -> None:
    for text in (LEAD, f"{LEAD} This call is open for applications."):
        found = declared(title, text).closed
        assert found is not None and found.quote == title


@pytest.mark.parametrize(
    "title",
    [
        "Closed-loop quantum control: funding call",
        "Closed-loop – a funding call",
        "Closed loops: funding call",
        "Funding call for closed-loop control",
        "Quantum networks – closed-loop control",
        "Quantum networks (round 1 closed)",
        "Quantum networks (closes soon)",
        "Quantum networks – closes 5 May 2027",
        "Quantum networks closed circuits",
        "Disclosed: quantum networks",
        "Quantum networks: enclosed",
        "Closed",
    ],
)
def test_a_title_that_has_the_word_in_it_is_not_marked_as_closed(title: str) -> None:
    assert declared(title, LEAD).closed is None


def test_a_call_whose_title_alone_says_so_is_closed_once(here: Installation, government: Government) -> None:
    here.watch("dsit", government.serve("/feed", rss(call(2))))
    here.poll()
    for _ in range(2):
        government.serve("/feed", rss(call(2, title=f"{call(2)['title']} – CLOSED")))
        here.poll()
    (closed,) = here.events("CallClosed")
    assert closed.payload["subject"] == here.events("CallAnnounced")[0].payload["subject"]


def test_a_status_field_stands_in_a_line_of_its_own() -> None:
    found = declared("Quantum networks", f"{LEAD}\nOpportunity status: Closed\nFunders: EPSRC").closed
    assert found is not None and found.quote == "Opportunity status: Closed"
    assert declared("Quantum networks", "The status: closed doors, open minds.").closed is None


@pytest.mark.parametrize(
    "words",
    [
        "This opportunity will be closed on 12 May 2027.",
        "Applications will be closed on 12 May 2027.",
        "The first round has closed.",
        "The previous call is closed and this one follows it.",
        "Once this call is closed, we will assess all proposals.",
        "If the opportunity is now closed, look at our other calls.",
        "The bridge is closed.",
        "The museum is now closed to the public.",
        "This call closed in 2021 and has been followed by another one.",
        "Applications closed for the 2024 round; the 2027 round is open.",
        "Opportunity status: Open",
        "Status: Upcoming",
        "A closed competition between universities.",
        "The fund is not closed.",
        "This call is cancelled if fewer than three teams apply.",
        "Applications are closed on 3 May 2027.",
        "The call will be closed on 12 May 2027.",
        "The call closes on 12 May 2027.",
        "Once the call is closed, we will assess all proposals.",
        "The previous call closed in May.",
        "The previous call has closed.",
        "The call has closed borders as its theme.",
        "We fund closed-loop systems.",
        "Applications closed in previous rounds are not accepted again.",
        "Applications closed on 3 November 2024 for the first round.",
        "The deadline for applications has passed twice before.",
        "Once the deadline for applications has passed, we will assess all proposals.",
        "The deadline for questions has passed.",
        "The first deadline has passed.",
        "The deadline for submitting questions has passed.",
        "Applications closed 3 to the left.",
        "Status - Open",
        "CLOSED: the road to Aldmoor",
        "A bridge (closed)",
    ],
)
def test_what_was_or_will_be_closed_is_not_declared_closed(words: str) -> None:
    for text in (words, f"{LEAD}\n{words}", f"{LEAD} {words}"):
        said = declared("Quantum networks", text)
        assert said.closed is None and said.withdrawn is None


def test_a_page_of_several_rounds_of_which_one_is_open_is_not_closed() -> None:
    assert declared("", "This round is now closed.\nThis call is now open for applications.").closed is None


@pytest.mark.parametrize(
    "words", ["Status: Withdrawn", "Opportunity status: Cancelled", "This call has been cancelled."]
)
def test_a_status_says_that_a_call_was_withdrawn(words: str) -> None:
    found = declared("Quantum networks", f"{LEAD}\n{words}").withdrawn
    assert found is not None and found.quote == words


def test_a_hostile_text_is_read_to_its_end() -> None:
    assert declared("[closed " * 60, "the deadline for " * 9_000 + "passed").closed is None
    for text in ("this call is " * 9_000, "status: " * 9_000 + "closed", "a" * 200_000 + " closed"):
        assert declared("", text).closed is None
