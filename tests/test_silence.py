"""What a source no longer says has not changed: silence is no evidence. What it adds has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.installation import Installation, call, rss
from tests.world.government import Government

JOINT = "The UK and India have opened a funding call for quantum research. Run by UK Research and Innovation."


@pytest.fixture
def agency(tmp_path: Path, government: Government) -> Iterator[Installation]:
    """An installation that has polled one source once, and then one call of it as news."""
    installation = Installation(tmp_path)
    installation.watch("agency", government.serve("/feed", rss(call(9))))
    installation.poll()
    edit(installation, government, JOINT)
    yield installation
    installation.close()


def edit(
    agency: Installation, government: Government, words: str, title: str = "Quantum research funding call"
) -> dict[str, Any]:
    """Show the call in these words; what CallChanged has told since the beginning, the last value of each."""
    government.serve("/feed", rss(call(1, title=title, description=words), call(9)))
    agency.poll()
    changed: dict[str, Any] = {}
    for event in agency.events("CallChanged"):
        changed |= {name: sides["to"] for name, sides in event.payload["changed"].items()}
    return changed


def test_parties_and_bodies_that_are_no_longer_named_stay(
    agency: Installation, government: Government
) -> None:
    announced = agency.events("CallAnnounced")[-1].payload
    assert (announced["countries"], announced["bodies"]) == (["GB", "IN"], ["UK Research and Innovation"])
    assert edit(agency, government, "The joint funding call for research was launched.") == {}
    assert edit(agency, government, JOINT) == {}


def test_a_partner_that_joins_is_added_to_those_that_are_recorded(
    agency: Installation, government: Government
) -> None:
    words = "The UK and Japan have opened a funding call for quantum research."
    assert edit(agency, government, words)["countries"] == ["GB", "IN", "JP"]


def test_a_new_title_alone_is_not_told_with_a_summary_that_stays(
    agency: Installation, government: Government
) -> None:
    assert edit(agency, government, JOINT, "Joint funding call for quantum research") == {
        "title": "Joint funding call for quantum research"
    }
