"""New and revised entries are told apart by content, not by date or guid alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from feed import diff
from feed.diff import Known, New, Revised
from feed.links import canonical
from feed.parse import Entry
from storage.cursors import Sighting


def entry(**changes: Any) -> Entry:
    known: dict[str, Any] = {
        "guid": "g1",
        "url": "https://gov.example/1",
        "title": "A call",
        "summary": "Apply now.",
        "published_at": "2024-07-24",
    }
    known |= changes
    known.setdefault("text", known["summary"])
    return Entry(**{**known, "link": canonical(known["url"])})


def seen(*entries: Entry, source: str = "a") -> list[Sighting]:
    """What is remembered after these entries were shown."""
    return [
        Sighting(
            source,
            change.announcement,
            change.entry.guid,
            change.entry.link,
            change.entry.fingerprint,
            diff.shown(change.entry),
        )
        for change in diff.compare(source, entries, []).changes
    ]


def kinds(entries: Sequence[Entry], known: Sequence[Sighting], source: str = "a") -> list[str]:
    return [type(change).__name__ for change in diff.compare(source, entries, known).changes]


def test_what_was_not_there_is_new_and_what_is_the_same_is_nothing() -> None:
    assert kinds([entry()], []) == ["New"]
    assert kinds([entry()], seen(entry())) == []


def test_a_new_date_alone_is_no_revision() -> None:
    assert kinds([entry(published_at="2025-01-01")], seen(entry())) == []


def test_a_regenerated_guid_alone_is_nothing_new() -> None:
    assert kinds([entry(guid="g1#2024-07-25")], seen(entry())) == ["Renumbered"]


def test_http_or_https_and_tracking_parameters_make_nothing_new() -> None:
    again = entry(guid="other", url="http://www.gov.example/1?utm_source=rss#top")
    assert kinds([again], seen(entry())) == ["Renumbered"]


def test_spaces_and_typographic_quotes_are_no_revision() -> None:
    before = seen(entry(title="The 'call' - now"))
    assert kinds([entry(title="The  ‘call’ – now ")], before) == []


def test_changed_words_are_a_revision_that_names_both() -> None:
    (change,) = diff.compare("a", [entry(summary="Apply by May.")], seen(entry())).changes
    assert isinstance(change, Revised)
    assert change.changed == {"summary": {"from": "Apply now.", "to": "Apply by May."}}


def test_a_changed_title_under_a_new_guid_at_the_same_page_is_a_revision() -> None:
    assert kinds([entry(guid="g2", title="[Withdrawn] A call")], seen(entry())) == ["Revised"]


def test_a_page_that_moved_under_the_same_guid_is_the_same_announcement() -> None:
    assert kinds([entry(url="https://gov.example/new-place")], seen(entry())) == ["Renumbered"]


def test_entries_without_guid_and_link_are_told_apart_by_what_they_say() -> None:
    one, two = entry(guid=None, url="", title="One"), entry(guid=None, url="", title="Two")
    assert kinds([one, two], []) == ["New", "New"]


def test_a_guid_that_two_entries_share_does_not_make_them_one() -> None:
    one, two = entry(), entry(url="https://gov.example/2", title="Another")
    assert kinds([one, two], []) == ["New", "New"]
    assert kinds([one, two], seen(one, two)) == []


def test_a_link_that_all_entries_share_does_not_make_them_one() -> None:
    alerts = [entry(guid=f"g{number}", title=f"Alert {number}") for number in range(3)]
    found = diff.compare("a", alerts, []).changes
    assert len({change.announcement for change in found}) == 3
    assert kinds(alerts, seen(*alerts)) == []
    assert kinds([*alerts, entry(guid="g9", title="Alert 9")], seen(*alerts)) == ["New"]


def test_an_entry_that_is_there_twice_is_there_once() -> None:
    assert kinds([entry(), entry()], []) == ["New"]


def test_the_same_page_on_another_source_is_known_already() -> None:
    on_two = entry(guid="https://gov.example/1#x", title="Press release: A call")
    (change,) = diff.compare("b", [on_two], seen(entry(), source="a")).changes
    assert isinstance(change, Known)
    assert change.announcement == seen(entry())[0].announcement


def test_the_id_of_an_announcement_is_that_of_its_page() -> None:
    (one,) = diff.compare("a", [entry()], []).changes
    (other,) = diff.compare("b", [entry(guid="other", title="Told otherwise")], []).changes
    assert isinstance(one, New)
    assert one.announcement == other.announcement


def test_a_longer_text_behind_the_same_summary_is_a_revision() -> None:
    before = seen(entry(text="Apply now. And a long text."))
    (change,) = diff.compare("a", [entry(text="Apply now. And another text.")], before).changes
    assert isinstance(change, Revised)
    assert set(change.changed) == {"text"}
