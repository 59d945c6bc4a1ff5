"""Recorded announcements read again: corrected by events of their own, rewritten never, mailed never."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from feed import decide, reclassify
from feed.extract import Found, Publisher, Reading, extract
from feed.reclassify import Corrected
from storage.verify import verify
from tests.installation import Installation, call, rss, visit
from tests.world.government import Government

Worse = Callable[[Found], Found | None]


@pytest.fixture
def recorded(tmp_path: Path, government: Government) -> Iterator[Installation]:
    installation = Installation(tmp_path)
    installation.watch("dsit", government.serve("/feed", rss(visit(1))))
    installation.poll()
    yield installation
    installation.close()


def poll_with(
    installation: Installation,
    government: Government,
    monkeypatch: pytest.MonkeyPatch,
    worse: Worse,
    *items: dict[str, str],
) -> None:
    """Record these items as rules would that read worse than today's."""

    def misread(title: str, text: str, **about: object) -> Reading:
        reading = extract(title, text, **about)  # type: ignore[arg-type]
        found = tuple(one for facts in reading.subjects if (one := worse(facts)) is not None)
        return Reading(language=reading.language, subjects=found)

    government.serve("/feed", rss(*items, visit(1)))
    with monkeypatch.context() as patched:
        patched.setattr(decide, "extract", misread)
        installation.poll()


def again(installation: Installation, **options: object) -> list[Corrected]:
    return list(reclassify.reclassify(installation.log_db, installation.sources, **options))  # type: ignore[arg-type]


def types(results: list[Corrected]) -> list[str]:
    return [type(event).__name__ for result in results for event in result.events or ()]


def test_what_is_read_as_before_is_left_alone(recorded: Installation, government: Government) -> None:
    government.serve("/feed", rss(call(1), call(2), visit(1)))
    recorded.poll()
    before = len(recorded.events())
    results = again(recorded)
    assert [len(result.events or ()) for result in results] == [0, 0, 0]
    assert len(recorded.events()) == before


def test_a_misread_fact_is_corrected_once_and_nobody_is_mailed(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.subscribe("anna@example.org", "kind=call")
    poll_with(
        recorded,
        government,
        monkeypatch,
        lambda facts: dataclasses.replace(facts, closes="2027-12-03", technologies=("space",)),
        call(1),
    )
    assert recorded.deliver()[0] == 1
    assert types(again(recorded)) == ["SubjectCorrected"]
    corrected = recorded.events("SubjectCorrected")[0].payload
    assert corrected["changed"]["closes"] == {"from": "2027-12-03", "to": "2027-03-12"}
    assert corrected["changed"]["technologies"] == {"from": ["space"], "to": ["quantum"]}
    assert {item["field"] for item in corrected["evidence"]} >= {"closes", "technologies"}
    assert recorded.deliver()[0] == 0
    (subject,) = recorded.subjects()
    assert subject.closes == "2027-03-12" and subject.technologies == ("quantum",)
    assert types(again(recorded)) == []
    verify(recorded.log_db)


def test_a_subject_that_was_not_read_is_new_but_old_news(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded.subscribe("anna@example.org")
    poll_with(recorded, government, monkeypatch, lambda facts: None, call(1))
    assert types(again(recorded)) == ["CallAnnounced"]
    assert recorded.events()[-1].payload["backfill"] is True
    assert recorded.deliver()[0] == 0


def test_what_is_no_subject_is_taken_back_and_can_come_back(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    government.serve("/feed", rss(call(1), visit(1)))
    recorded.poll()
    with monkeypatch.context() as patched:
        patched.setattr(decide, "extract", lambda *_, **__: Reading(language="en", subjects=()))
        assert types(again(recorded)) == ["SubjectCorrected"]
    assert recorded.subjects() == []
    client = recorded.browser()
    key = recorded.events("CallAnnounced")[0].payload["subject"]
    assert "We took this back" in client.get(f"/subjects/{key}").get_data(as_text=True)
    assert call(1)["title"] not in client.get("/").get_data(as_text=True)
    assert types(again(recorded)) == ["SubjectCorrected"]
    assert len(recorded.subjects()) == 1


def test_a_fact_that_another_announcement_moved_stays(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said later by somebody else is no misreading of the first announcement."""
    government.serve("/feed", rss(call(1), visit(1)))
    recorded.poll()
    twin = call(
        1,
        link="https://dst.example/1",
        guid="x",
        description=call(1)["description"].replace("12 March 2027", "soon"),
    )
    recorded.watch("other", government.serve("/other", rss(visit(3))))
    recorded.poll("other")
    government.serve("/other", rss(twin, visit(3)))
    recorded.poll("other")
    assert recorded.events("SubjectLinked")
    government.serve(
        "/other",
        rss(
            call(
                1,
                link="https://dst.example/1",
                guid="x",
                description=call(1)["description"].replace("12 March", "30 June"),
            ),
            visit(3),
        ),
    )
    recorded.poll("other")
    assert recorded.events("CallChanged")[0].payload["changed"]["closes"]["to"] == "2027-06-30"
    assert types(again(recorded)) == []


def test_a_dry_run_prints_what_a_person_can_judge_and_writes_nothing(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll_with(
        recorded, government, monkeypatch, lambda facts: dataclasses.replace(facts, closes=None), call(1)
    )
    before = len(recorded.events())
    done = recorded.run("reclassify", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "corrected: Funding call 1: quantum networks" in done.stdout
    assert "deadline: not stated → 12 March 2027" in done.stdout
    assert "because closes" in done.stdout
    assert "2 read, 1 corrected" in done.stdout
    assert len(recorded.events()) == before
    lines = recorded.run("reclassify", "--json").stdout.splitlines()
    assert json.loads(lines[0])["type"] == "SubjectCorrected"
    assert json.loads(lines[-1])["corrected"] == 1


def test_only_what_was_published_since_a_day_is_read_again(
    recorded: Installation, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = call(1, pubDate="Mon, 05 Jan 2026 10:00:00 GMT")
    poll_with(recorded, government, monkeypatch, lambda facts: None, old, call(2))
    done = recorded.run("reclassify", "--since", "2026-06-01", "--json")
    assert json.loads(done.stdout.splitlines()[-1])["new"] == 1
    assert recorded.run("reclassify", "--since", "yesterday").returncode == 2


def test_an_announcement_of_a_source_that_left_is_not_read_again(
    recorded: Installation, government: Government
) -> None:
    government.serve("/feed", rss(call(1), visit(1)))
    recorded.poll()
    (result, *_) = list(reclassify.reclassify(recorded.log_db, {}))
    assert result.events is None


def test_a_publisher_tells_the_rules_what_it_carries() -> None:
    assert extract("Bridges", "Apply.", publisher=Publisher(kinds=("call",))).subjects[0].kind == "call"
