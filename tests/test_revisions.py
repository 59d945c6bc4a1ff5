"""What changed in texts is shown word by word; where the words are not there, a page says so."""

from __future__ import annotations

from typing import Any

import pytest

from feed import revisions
from feed.revisions import Shown
from tests.installation import Installation, call, rss
from tests.world.government import Government

LONG = " ".join(f"Team {number} needs a partner in each country." for number in range(60))


def shown(changed: dict[str, Any], **texts: str) -> list[Shown]:
    return revisions.shown({"changed": changed}, texts.get)


def said(item: Shown) -> list[tuple[str, str]]:
    return [(piece.sort, piece.text.strip()) for piece in item.pieces]


def test_a_fact_is_shown_by_its_two_sides_and_a_title_by_its_words() -> None:
    deadline, title = shown(
        {
            "closes": {"from": "2027-03-12", "to": "2027-04-30"},
            "title": {"from": "Call for quantum sensors", "to": "Call for quantum clocks"},
        }
    )
    assert (deadline.before, deadline.after, deadline.pieces) == ("12 March 2027", "30 April 2027", ())
    assert said(title) == [("kept", "Call for quantum"), ("deleted", "sensors"), ("inserted", "clocks")]


@pytest.mark.parametrize("field", ["text", "page"])
def test_a_long_text_is_found_by_its_digest(field: str) -> None:
    (item,) = shown({field: {"from": "d1", "to": "d2"}}, d1="Open in May.", d2="Open in June.")
    assert said(item) == [("kept", "Open in"), ("deleted", "May."), ("inserted", "June.")]


@pytest.mark.parametrize("there", [{}, {"d1": "Open in May."}, {"d2": "Open in June."}])
def test_of_a_text_that_is_not_there_this_is_said(there: dict[str, str]) -> None:
    (item,) = shown({"text": {"from": "d1", "to": "d2"}}, **there)
    assert item.pieces == ()
    assert item.note == revisions.GONE


def test_a_text_that_grew_too_long_for_the_summary_is_compared_with_the_summary_before() -> None:
    changed = {"summary": {"from": "Short.", "to": "Short. And…"}, "text": {"from": None, "to": "d2"}}
    _, text = shown(changed, d2="Short. And long.")
    assert said(text) == [("kept", "Short."), ("inserted", "And long.")]


def test_a_page_that_was_not_read_before_has_nothing_to_be_compared_with() -> None:
    (item,) = shown({"page": {"from": None, "to": "d2"}}, d2="All of it.")
    assert (item.before, item.pieces, item.note) == ("not stated", (), "")


def test_where_only_blanks_differ_this_is_said() -> None:
    (item,) = shown({"text": {"from": "d1", "to": "d2"}}, d1="One two.", d2="One\ntwo.")
    assert item.note == revisions.ONLY_BLANKS


@pytest.fixture
def revised(here: Installation, government: Government) -> tuple[Installation, int]:
    """An installation with a call whose long text and title were edited, and the event that tells of it."""
    text = f"{LONG} Applications close on 12 March 2027. {LONG}"
    here.watch("dsit", government.serve("/feed", rss(call(1, description=text))))
    here.poll()
    edited = text.replace("12 March", "30 April").replace("Team 3 ", "Team 3 <script>alert(1)</script> ", 1)
    government.serve("/feed", rss(call(1, description=edited, title="Funding call 1: quantum links")))
    here.poll()
    (event,) = here.events("AnnouncementRevised")
    return here, event.position


def test_the_page_of_a_revision_shows_what_changed_in_the_text(revised: tuple[Installation, int]) -> None:
    here, position = revised
    page = here.browser().get(f"/events/{position}").text
    assert "<del>12 March</del> <ins>30 April</ins> 2027." in page
    assert "quantum <del>networks</del> <ins>links</ins>" in page
    assert "Struck out: what is gone." in page
    assert "Team 50 needs" not in page, "what stayed is left out"
    assert "<script>" not in page


def test_the_story_of_a_subject_shows_what_changed_in_its_title(revised: tuple[Installation, int]) -> None:
    here, _ = revised
    (subject,) = here.subjects()
    page = here.browser().get(f"/subjects/{subject.id}").text
    assert "quantum <del>networks</del> <ins>links</ins>" in page
    assert "<del>12 March 2027</del>" in page


def test_a_copy_of_the_log_without_texts_says_that_they_are_not_there(
    revised: tuple[Installation, int],
) -> None:
    here, position = revised
    with here.log_db.write() as tx:
        tx.execute("DELETE FROM texts")
    page = here.browser().get(f"/events/{position}").text
    assert "Its words are not kept here" in page
    assert "as of digest" in page


def test_the_feed_tells_a_change_as_it_did(revised: tuple[Installation, int]) -> None:
    here, _ = revised
    assert "12 March 2027 → 30 April 2027" in here.browser().get("/feed.atom").text
