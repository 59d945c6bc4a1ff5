"""The head of the log where people and programs can note it, and each event checked by hand."""

from __future__ import annotations

import dataclasses
import html
import re
import subprocess
from collections.abc import Iterable, Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from feed import by_hand
from feed.app import create_app
from storage import log
from storage.clock import now
from storage.events import EventRedacted, SourceFailing
from storage.log import Recorded
from tests.installation import Installation, call, rss, visit
from tests.rfc4287 import complaints
from tests.serving import serving
from tests.tampering import behind_the_triggers
from tests.world.government import Government

ODD = {
    "title": 'Funding call 3: “quantum” networks \\ and "chain": "00", "data": {} and ऊर्जा',
    "description": 'Apply for up to £3 million. It says "data": {"x": 1}} twice; $(touch hacked) `id`.',
}


@pytest.fixture
def filled(here: Installation, government: Government) -> Installation:
    here.watch("dsit", government.serve("/feed", rss(call(1), call(3, **ODD), visit(1))))
    here.watch("down", government.serve("/down", status=503))
    here.poll()
    return here


def head(here: Installation) -> tuple[int, str]:
    last = here.events()[-1]
    return last.position, last.chain


@pytest.mark.parametrize("path", ["/feed.atom", "/feed.atom?kind=call", "/sources.atom"])
def test_the_feeds_name_the_head_of_the_log_in_a_namespace_of_its_own(
    filled: Installation, path: str
) -> None:
    document = filled.browser().get(path).data
    assert complaints(document) == []
    (found,) = ET.fromstring(document).findall("{urn:communique:log}head")
    assert (int(found.attrib["position"]), found.attrib["chain"]) == head(filled)


@pytest.mark.parametrize("path", ["/feed.atom", "/sources.atom"])
def test_an_empty_log_has_a_head_too(here: Installation, path: str) -> None:
    found = ET.fromstring(here.browser().get(path).data).find("{urn:communique:log}head")
    assert found is not None and found.attrib == {"position": "0", "chain": log.GENESIS}


def test_the_strict_reading_tells_an_extension_from_a_mistake() -> None:
    document = (
        '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:x="urn:x"><id>urn:a</id><title>t</title>'
        "<updated>2026-01-01T00:00:00Z</updated><author><name>n</name></author><x:y{}/>{}</feed>"
    )
    assert complaints(document.format(' z="1"', "").encode()) == []
    assert complaints(document.format("", "").encode()) == ["6.4.2: the extension {urn:x}y says nothing"]
    wrong = document.format(' z="1"', "<head/>").encode()
    assert complaints(wrong) == ["4.1.1: unknown element {http://www.w3.org/2005/Atom}head"]


@pytest.mark.parametrize("path", ["/", "/events", "/events/1"])
def test_the_pages_show_the_head_as_verify_takes_it(filled: Installation, path: str) -> None:
    position, chain = head(filled)
    page = filled.browser().get(path).text
    assert f'<code class="hash">{position}:{chain}</code>' in page
    assert filled.run("verify", "--against", f"{position}:{chain}").returncode == 0


@pytest.fixture
def at_its_address(filled: Installation) -> Iterator[str]:
    """The installation behind a real server whose address is its base URL."""

    def app(*request: Any) -> Iterable[bytes]:
        return filled.apps[-1](*request)

    with serving(app) as address:  # the address is known only when the server stands
        filled.apps.append(create_app(dataclasses.replace(filled.settings, base_url=address)))
        yield address


def commands(page: str) -> list[str]:
    return [html.unescape(found) for found in re.findall(r'<pre class="scroll">(.*?)</pre>', page, re.DOTALL)]


def printed(command: str, folder: Any) -> str:
    done = subprocess.run(["bash", "-c", command], check=True, capture_output=True, text=True, cwd=folder)
    assert done.stderr == ""
    return done.stdout.split()[0]


def test_the_commands_on_the_page_print_the_digest_and_the_chain(
    filled: Installation, at_its_address: str
) -> None:
    browser = filled.apps[-1].test_client()
    for event in filled.events():
        shown = commands(browser.get(f"/events/{event.position}").text)
        assert len("\n".join(shown).splitlines()) <= 10
        assert [printed(command, filled.folder) for command in shown] == [event.digest, event.chain]
    assert not (filled.folder / "hacked").exists()


def test_what_comes_from_the_log_is_quoted_for_the_shell(here: Installation) -> None:
    words = ("$(touch hacked)", "a'b; touch hacked #", "`touch hacked`")
    event = Recorded(1, words[0], 1, words[1], words[2], "{}", "d" * 64, "")
    expected = log.link(log.GENESIS, event)
    assert printed(by_hand.chain_command(event, log.GENESIS), here.folder) == expected
    assert not (here.folder / "hacked").exists()


def test_the_page_of_a_redacted_event_says_so_and_shows_how_to_check_its_chain(here: Installation) -> None:
    with here.log_db.write() as tx:
        (event,) = log.append(tx, [SourceFailing(source="a", reason="Jane Doe")], now())
        redaction = EventRedacted(source="a", position=1, digest=event.digest, reason="by order")
        log.append(tx, [redaction], now())
    behind_the_triggers(here.folder / "log.db", "UPDATE events SET data = 'null' WHERE position = 1")
    page = here.browser().get("/events/1").text
    assert "The data was redacted" in page and "Jane Doe" not in page
    (command,) = commands(page)
    assert printed(command, here.folder) == event.chain
