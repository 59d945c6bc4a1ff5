"""What an Atom feed says of entries that it has taken out (RFC 6721)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from feed import push, tombstones
from storage import hubs
from storage.clock import now
from storage.hubs import Hub
from tests.installation import Installation
from tests.world.government import Government

HEAD = (
    '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"'
    ' xmlns:at="http://purl.org/atompub/tombstones/1.0"><title>News</title><id>urn:feed</id>'
    "<updated>2026-03-01T00:00:00Z</updated>"
)
SOON = (now() + timedelta(hours=1)).isoformat()


def shown(number: int) -> str:
    return (
        f"<entry><id>urn:call:{number}</id><title>Funding call {number}: quantum networks</title>"
        f'<link href="https://gov.example/calls/{number}"/><updated>2026-03-01T00:00:00Z</updated>'
        f"<summary>Apply for a share of up to £{number} million to build quantum networks.</summary></entry>"
    )


def deleted(number: int, when: str = SOON, inner: str = "") -> str:
    return f'<at:deleted-entry ref="urn:call:{number}" when="{when}">{inner}</at:deleted-entry>'


def atom(*parts: str) -> bytes:
    return f"{HEAD}{''.join(parts)}</feed>".encode()


def test_a_tombstone_says_which_entry_when_and_why() -> None:
    body = atom(shown(1), deleted(2, "2026-03-02T10:00:00+01:00", "<at:comment>Moved to  2027.</at:comment>"))
    (one,) = tombstones.read(body)
    assert (one.ref, one.comment) == ("urn:call:2", "Moved to 2027.")
    assert one.when.isoformat() == "2026-03-02T10:00:00+01:00"


def test_the_tombstone_of_an_entry_that_is_shown_all_the_same_does_not_count() -> None:
    assert tombstones.read(atom(shown(2), deleted(2))) == ()


@pytest.mark.parametrize(
    "body",
    [
        atom(deleted(2, "yesterday")),
        atom('<at:deleted-entry when="2026-03-02T10:00:00Z"/>'),
        atom(shown(1).replace("<summary>", f"<summary>{deleted(2)}")),
        atom(deleted(2)).replace(b"purl.org", b"other.org"),
        atom(deleted(2))[:-9],
        atom(deleted(2)).replace(b"<feed", b'<!DOCTYPE feed [<!ENTITY a "b">]><feed'),
        b"<at:deleted-entry",
        b"",
    ],
)
def test_what_is_no_tombstone_of_the_feed_is_passed_over(body: bytes) -> None:
    assert tombstones.read(body) == ()


def test_of_very_many_tombstones_some_are_read() -> None:
    assert len(tombstones.read(atom(*(deleted(number) for number in range(5_000))))) == tombstones.MOST


@pytest.fixture
def agency(tmp_path: Path, government: Government) -> Iterator[Installation]:
    """An installation that has seen two calls of one Atom feed."""
    installation = Installation(tmp_path)
    installation.watch("agency", government.serve("/feed", atom(shown(1), shown(9))))
    installation.poll()
    yield installation
    installation.close()


def test_a_feed_whose_only_change_is_a_tombstone_withdraws_what_it_names(
    agency: Installation, government: Government
) -> None:
    grave = deleted(1, inner="<at:comment>Cancelled for want of funds.</at:comment>")
    government.serve("/feed", atom(shown(9), grave))
    agency.poll()
    withdrawn, closed = agency.events()[-2:]
    assert (withdrawn.type, closed.type) == ("AnnouncementWithdrawn", "CallClosed")
    assert withdrawn.payload["evidence"] == [
        {"field": "withdrawn", "rule": "atom.deleted-entry", "quote": "Cancelled for want of funds."}
    ]
    agency.poll()
    assert agency.events()[-1].position == closed.position


def test_a_tombstone_of_what_this_source_never_showed_is_nothing(
    agency: Installation, government: Government
) -> None:
    agency.watch("other", government.serve("/other", atom(shown(8), deleted(1), deleted(7))))
    agency.poll("other")
    government.serve("/other", atom(shown(8), deleted(1), deleted(7), deleted(6)))
    agency.poll("other")
    assert agency.events("AnnouncementWithdrawn") == []


def test_an_entry_that_only_leaves_the_feed_is_not_withdrawn(
    agency: Installation, government: Government
) -> None:
    government.serve("/feed", atom(shown(9), shown(10)))
    agency.poll()
    assert agency.events("AnnouncementWithdrawn") == []


def test_an_entry_that_is_shown_again_is_back_and_its_call_is_open_again(
    agency: Installation, government: Government
) -> None:
    for body in (atom(shown(9), deleted(1)), atom(shown(1), shown(9)), atom(shown(1), shown(9))):
        government.serve("/feed", body)
        agency.poll()
    revised, changed = agency.events()[-2:]
    assert (revised.type, changed.type) == ("AnnouncementRevised", "CallChanged")
    assert revised.payload["reason"].startswith("it is back: ")
    assert changed.payload["changed"] == {"closed": {"from": True, "to": False}}
    with agency.log_db.read() as tx:
        count = tx.execute("SELECT COUNT(*) AS n FROM announcements WHERE withdrawn IS NOT NULL")
        assert count.fetchone()["n"] == 0


def test_a_grave_that_stays_in_the_feed_after_a_return_withdraws_nothing_again(
    agency: Installation, government: Government
) -> None:
    grave = deleted(1, when=(now() - timedelta(minutes=1)).isoformat())
    for body in (atom(shown(9), grave), atom(shown(1), shown(9)), atom(shown(9), grave)):
        government.serve("/feed", body)
        agency.poll()
    assert len(agency.events("AnnouncementWithdrawn")) == 1


def test_a_pushed_tombstone_is_left_to_a_poll(agency: Installation) -> None:
    hub = Hub("agency", "https://hub.example/", agency.sources["agency"].url, state="verified")
    with agency.log_db.write() as tx:
        hubs.put(tx, hub)
    for body, owed in ((atom(shown(9), deleted(7)), 0), (atom(shown(9), deleted(1)), 1)):
        push.receive(agency.log_db, agency.sources["agency"], hub, body)
        with agency.log_db.read() as tx:
            found = hubs.get(tx, hub.key)
        assert found is not None and found.owed == owed
    assert agency.events("AnnouncementWithdrawn") == []


def test_a_tombstone_that_is_older_than_the_entry_is_not_for_it(
    agency: Installation, government: Government
) -> None:
    grave = deleted(7, when="2020-01-01T00:00:00Z")
    for body in (atom(shown(9), grave), atom(shown(7), shown(9), grave), atom(shown(9), grave)):
        government.serve("/feed", body)
        agency.poll()
    assert agency.events("AnnouncementWithdrawn") == []
