"""WebSub, between real servers: a government that names a hub, the hub, and our own pages that it calls."""

from __future__ import annotations

import dataclasses
import http.client
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from feed import hubs as asking
from feed import poll, push, record, websub
from feed.fetch import BODY_BYTES, Fetcher
from feed.question import Question, Response
from feed.settings import Settings
from storage import cursors, hubs
from storage.clock import from_stamp, now, to_stamp
from storage.hubs import Hub as Known
from storage.verify import verify
from tests.crashing import Crash
from tests.installation import Installation, call, rss, visit
from tests.serving import serving
from tests.world.government import Government
from tests.world.hub import Hub, request
from tests.world.mailbox import Mailbox

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub() as hub:
        yield hub


@pytest.fixture
def served(here: Installation) -> Iterator[Installation]:
    """An installation that the hub can call."""
    with serving(here.app()) as url:
        here.settings = dataclasses.replace(here.settings, base_url=url)
        yield here


@pytest.fixture
def told(served: Installation, government: Government, hub: Hub) -> Installation:
    """The same, watching one feed that names the hub; polled once, the hub asked and verified."""
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    tend(served)
    assert standing(served).state == "verified"
    return served


def publish(government: Government, hub: Hub | str, *items: dict[str, str], path: str = "/feed") -> str:
    return government.serve(path, naming(government, hub, *items, path=path))


def naming(government: Government, hub: Hub | str, *items: dict[str, str], path: str = "/feed") -> bytes:
    """A feed whose head names this hub, and its own address."""
    address = hub if isinstance(hub, str) else hub.url
    links = (
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="hub" href="{address}"/>'
        f'<atom:link xmlns:atom="http://www.w3.org/2005/Atom" rel="self" href="{government.url}{path}"/>'
    )
    return rss(*items).replace(b"<channel>", b"<channel>" + links.encode())


def tend(here: Installation, after: timedelta = timedelta(0), fetcher: Any = None) -> None:
    """What the worker does every minute, `after` from now."""
    poll.prepare(here.log_db, here.sources.values())
    asking.tend(here.log_db, fetcher or here.fetcher, here.settings, here.sources, now() + after)


def known(here: Installation) -> list[Known]:
    with here.log_db.read() as tx:
        return hubs.everything(tx)


def standing(here: Installation) -> Known:
    (hub,) = known(here)
    return hub


def titles(here: Installation) -> list[str]:
    return [event.payload["title"] for event in here.events("CallAnnounced")]


def wait(here: Installation) -> timedelta:
    """How long it is from the last poll to the next one."""
    cursor = here.cursor("dsit")
    return from_stamp(cursor.next_poll or "") - from_stamp(cursor.last_poll or "")


def is_due(here: Installation) -> bool:
    with here.log_db.read() as tx:
        return cursors.waiting(tx, now() + timedelta(minutes=2)) == ["dsit"]


# Whether to subscribe


@pytest.mark.parametrize(
    ("base_url", "reachable"),
    [
        ("https://alerts.example.org", True),
        ("http://alerts.example.org:8080/x", True),
        ("https://8.8.8.8", True),
        ("http://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("http://alerts.localhost", False),
        ("http://alerts", False),
        ("http://alerts.local", False),
        ("http://10.1.2.3", False),
        ("http://[::1]:8000", False),
        ("http://[fd00::1]", False),
    ],
)
def test_a_base_url_that_means_nothing_outside_is_not_reachable(base_url: str, reachable: bool) -> None:
    assert Settings(base_url=base_url).reachable is reachable
    assert Settings(base_url=base_url, allow_private_networks=True).reachable


def test_nobody_subscribes_without_a_public_base_url(
    served: Installation, government: Government, hub: Hub
) -> None:
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    settings = served.settings
    served.settings = dataclasses.replace(settings, allow_private_networks=False)
    tend(served)
    assert (hub.requests, known(served)) == ([], [])
    served.settings = settings
    tend(served)
    assert len(hub.requests) == 1


def test_a_source_that_names_no_hub_and_one_that_never_answered_are_left_alone(
    served: Installation, government: Government, hub: Hub
) -> None:
    served.watch("plain", government.serve("/plain", rss(call(1))))
    served.watch("dsit", publish(government, hub, call(2)))
    served.poll("plain")
    tend(served)
    assert (hub.requests, known(served)) == ([], [])


def test_a_poll_asks_nothing_of_hubs(served: Installation, government: Government, hub: Hub) -> None:
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    assert served.run("poll").returncode == 0
    assert hub.requests == []


def test_the_request_is_what_the_recommendation_has(told: Installation, hub: Hub) -> None:
    (form,) = hub.requests
    assert form["hub.mode"] == "subscribe"
    assert form["hub.topic"] == told.sources["dsit"].url
    assert form["hub.callback"].startswith(f"{told.settings.base_url}/websub/dsit/")
    assert len(form["hub.callback"].rpartition("/")[2]) == 64
    assert form["hub.lease_seconds"] == str(10 * 24 * 3600)
    assert 32 <= len(form["hub.secret"]) < 200


def test_no_secret_is_in_the_public_file(told: Installation, hub: Hub) -> None:
    (form,) = hub.requests
    files = b"".join(path.read_bytes() for path in told.folder.glob("log.db*"))
    assert b"dsit" in files and hub.url.encode() in files
    assert form["hub.secret"].encode() not in files
    assert form["hub.callback"].rpartition("/")[2].encode() not in files


def test_no_two_sources_hubs_or_installations_share_a_token_or_a_key() -> None:
    pairs = [Known("a", "h", "t"), Known("b", "h", "t"), Known("a", "i", "t"), Known("a", "h", "u")]
    made = {make(secret, pair) for make in (websub.token, websub.key) for secret in "xy" for pair in pairs}
    assert len(made) == 16


def test_a_hub_in_the_http_header_counts_before_the_one_in_the_feed(
    served: Installation, government: Government, hub: Hub
) -> None:
    body = naming(government, "http://127.0.0.1:9/", call(1))
    links = {"Link": f'<{hub.url}>; rel="hub", </topic>; rel="self"', "ETag": '"1"'}
    served.watch("dsit", government.serve("/feed", body, headers=links), ports=(hub.port,))
    served.poll()
    tend(served)
    assert [form["hub.topic"] for form in hub.requests] == [f"{government.url}/topic"]


def test_a_hub_that_comes_with_not_modified_is_found_too(
    served: Installation, government: Government, hub: Hub
) -> None:
    body = rss(call(1))
    served.watch("dsit", government.serve("/feed", body, headers={"ETag": '"1"'}), ports=(hub.port,))
    served.poll()
    government.serve("/feed", body, headers={"ETag": '"1"', "Link": f"<{hub.url}>; rel=hub"})
    served.poll()
    assert government.requests[-1].status == 304
    tend(served)
    # Where the feed says nothing of itself, its topic is the address that is polled.
    assert [form["hub.topic"] for form in hub.requests] == [served.sources["dsit"].url]


def test_each_of_several_link_headers_is_read(government: Government) -> None:
    class Twice(dict[str, str]):
        def items(self) -> Any:
            return [("Link", "<http://h.example/>; rel=hub"), ("Link", "</self>; rel=self")]

    url = government.serve("/feed", b"<rss/>", headers=Twice(Link=""))
    fetcher = Fetcher(contact="http://communique.example", allow_private_networks=True)
    answer = fetcher.get(url)
    fetcher.close()
    assert answer.headers["link"] == "<http://h.example/>; rel=hub, </self>; rel=self"


# What the hub may have confirmed


def test_verification_is_answered_with_the_challenge_as_harmless_text(told: Installation, hub: Hub) -> None:
    reply = hub.verify(hub.requests[0], challenge="<script>alert(1)</script>")
    assert (reply.status, reply.body) == (200, b"<script>alert(1)</script>")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "changes",
    [
        {"topic": "http://gov.example/other"},
        {"topic": ""},
        {"mode": "unsubscribe"},
        {"mode": "publish"},
        {"mode": ""},
        {"challenge": ""},
        {"challenge": "x" * 1001},
        {"challenge": "a\nb"},
        {"challenge": "\x00\x01"},
        {"mode": "denied", "topic": "http://gov.example/other"},
    ],
)
def test_verification_of_what_we_did_not_ask_is_refused_and_changes_nothing(
    told: Installation, hub: Hub, changes: dict[str, str]
) -> None:
    before = standing(told)
    assert hub.verify(hub.requests[0], **changes).status == 404
    assert standing(told) == before


@pytest.mark.parametrize("spoil", [lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
                                   lambda url: url.replace("/dsit/", "/other/"),
                                   lambda url: url.rpartition("/")[0] + "/x",
                                   lambda url: url.rpartition("/")[0] + "/%C3%A9"])  # fmt: skip
def test_without_the_token_there_is_nothing_there(
    told: Installation, hub: Hub, spoil: Callable[[str], str]
) -> None:
    before, form = standing(told), hub.requests[0]
    callback = spoil(form["hub.callback"])
    replies = [hub.verify({**form, "hub.callback": callback}), request("POST", callback, b"x")]
    assert [reply.status for reply in replies] == [404, 404]
    assert all(b"dsit" not in reply.body for reply in replies)
    assert standing(told) == before


def test_a_hub_that_we_have_not_asked_yet_is_refused(
    served: Installation, government: Government, hub: Hub
) -> None:
    served.watch("dsit", publish(government, hub, call(1)))
    served.poll()
    waiting = Known("dsit", hub.url, served.sources["dsit"].url, next_ask=to_stamp(now()))
    with served.log_db.write() as tx:
        hubs.put(tx, waiting)
    token = websub.token(served.settings.secret_key, waiting)
    callback = f"{served.settings.base_url}/websub/dsit/{token}"
    form = {"hub.mode": "subscribe", "hub.topic": waiting.topic, "hub.callback": callback}
    assert hub.verify(form).status == 404
    assert standing(served) == waiting


def test_only_a_get_confirms(told: Installation, hub: Hub) -> None:
    before, form = standing(told), hub.requests[0]
    asked = {"mode": "subscribe", "topic": form["hub.topic"], "challenge": "x", "lease_seconds": "600"}
    assert hub.call(form["hub.callback"], asked, method="HEAD").status == 404
    assert standing(told) == before


@pytest.mark.parametrize(
    ("said", "granted"), [("1", 300), ("600", 600), ("999999999", 30 * 86400), ("", 864000), ("-5", 864000)]
)
def test_a_lease_is_as_long_as_the_hub_says_within_reason(
    told: Installation, hub: Hub, said: str, granted: int
) -> None:
    hub.verify(hub.requests[0], lease_seconds=said)
    found = standing(told)
    assert from_stamp(found.lease_until or "") - from_stamp(found.verified_at or "") == timedelta(
        seconds=granted
    )


# What it pushes


def test_a_push_is_in_the_log_and_mailed_at_once_with_no_poll(
    told: Installation, government: Government, hub: Hub, mailbox: Mailbox
) -> None:
    told.subscribe("anna@example.org")
    asked, before = len(government.requests), told.cursor("dsit")
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2), call(1))).status == 202
    assert titles(told)[1:] == ["Funding call 2: quantum networks"]
    assert told.deliver()[1:] == (1, 0)
    assert mailbox.messages[0]["Subject"] == "New call: Funding call 2: quantum networks"
    assert len(government.requests) == asked
    after = told.cursor("dsit")
    # Where the poll stood, it stands; what was learnt of the source is kept.
    assert (after.new, after.largest, after.lively) == (before.new + 1, 1, before.lively + 1)
    kept = {"new": before.new, "largest": before.largest, "lively": before.lively}
    assert dataclasses.replace(after, **kept) == before
    # And the poll that finds it later finds nothing new.
    publish(government, hub, call(2), call(1))
    assert told.poll()["dsit"].events == ()


def test_a_push_of_the_new_entries_alone_withdraws_nothing_and_is_no_gap(
    told: Installation, government: Government, hub: Hub
) -> None:
    hub.push(told.sources["dsit"].url, naming(government, hub, call(2)))
    assert [event.type for event in told.events()[2:]] == ["AnnouncementPublished", "CallAnnounced"]


@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_each_recognised_algorithm_signs(
    told: Installation, government: Government, hub: Hub, algorithm: str
) -> None:
    hub.push(told.sources["dsit"].url, naming(government, hub, call(2)), algorithm=algorithm)
    assert len(titles(told)) == 2


@pytest.mark.parametrize(
    "signature",
    ["", "sha256=", "sha256=00", "sha256=" + "0" * 64, "md5=" + "0" * 32, "nonsense", "=", "sha256=é"],
)
def test_without_a_good_signature_nothing_is_read_and_nothing_changes(
    told: Installation, government: Government, hub: Hub, signature: str
) -> None:
    before, cursor, events = standing(told), told.cursor("dsit"), told.events()
    body = naming(government, hub, call(2))
    reply = hub.push(told.sources["dsit"].url, body, signature=signature)
    assert (reply.status, reply.body) == (202, b"")
    assert (standing(told), told.cursor("dsit"), told.events()) == (before, cursor, events)


def test_the_signature_of_another_body_is_none(told: Installation, government: Government, hub: Hub) -> None:
    import hashlib
    import hmac

    topic = told.sources["dsit"].url
    made = hmac.new((hub.subscribers[topic].secret or "").encode(), b"another", hashlib.sha256).hexdigest()
    assert hub.push(topic, naming(government, hub, call(2)), signature=f"sha256={made}").status == 202
    assert len(titles(told)) == 1


def test_a_push_of_what_is_known_records_nothing(
    told: Installation, government: Government, hub: Hub
) -> None:
    head, cursor = told.events()[-1].position, told.cursor("dsit")
    for _ in range(2):
        assert hub.push(told.sources["dsit"].url, naming(government, hub, call(1))).status == 202
    assert told.events()[-1].position == head
    assert told.cursor("dsit") == cursor


def test_an_edit_in_a_push_is_left_to_a_poll(told: Installation, government: Government, hub: Hub) -> None:
    """It may be an hour old: what holds, the source says."""
    longer = call(1)["description"].replace("12 March", "30 April")
    assert not is_due(told)
    hub.push(told.sources["dsit"].url, naming(government, hub, call(2), call(1, description=longer)))
    assert len(titles(told)) == 2
    assert told.events("CallChanged") == []
    assert is_due(told)
    publish(government, hub, call(2), call(1, description=longer))
    told.poll()
    assert len(told.events("CallChanged")) == 1


@pytest.mark.parametrize(
    "body", [b"", b"\x00\xff", b"<html><title>Sorry</title></html>", b"<rss><channel><item><title>cut"]
)
def test_a_push_that_cannot_be_read_is_left_to_a_poll(
    told: Installation, government: Government, hub: Hub, body: bytes
) -> None:
    events = told.events()
    assert hub.push(told.sources["dsit"].url, body).status == 202
    assert told.events() == events
    assert told.cursor("dsit").health == "ok"
    assert is_due(told)


def test_a_push_cannot_end_a_source(told: Installation, hub: Hub) -> None:
    over = rss({"title": "This feed has ended", "link": "https://gov.example/x", "guid": "x"})
    hub.push(told.sources["dsit"].url, over)
    assert told.cursor("dsit").health == "ok"
    assert is_due(told)


def test_a_large_push_is_left_to_a_poll(
    told: Installation, government: Government, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(push, "READ_BYTES", 100)
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2))).status == 202
    assert len(titles(told)) == 1
    assert is_due(told)


def test_a_huge_body_is_refused_before_it_is_read(told: Installation, hub: Hub) -> None:
    parts = urlsplit(hub.requests[0]["hub.callback"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.putrequest("POST", parts.path)
    connection.putheader("Content-Length", str(BODY_BYTES + 1))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


def test_a_huge_body_that_does_not_say_so_is_refused_when_it_is_seen(
    told: Installation, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.callbacks.BODY_BYTES", 1000)
    parts = urlsplit(hub.requests[0]["hub.callback"])
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    connection.request("POST", parts.path, iter([b"x" * 700] * 2), encode_chunked=True,
                       headers={"Transfer-Encoding": "chunked"})  # fmt: skip
    assert connection.getresponse().status == 413
    connection.close()


def test_a_body_may_be_larger_than_a_form(told: Installation, government: Government, hub: Hub) -> None:
    body = naming(government, hub, call(2)) + b"<!--" + b"x" * 200_000 + b"-->"
    assert hub.push(told.sources["dsit"].url, body).status == 202
    assert len(titles(told)) == 2


def test_more_new_entries_than_the_past_explains_are_left_to_a_poll_which_holds_them(
    told: Installation, government: Government, hub: Hub, mailbox: Mailbox
) -> None:
    told.subscribe("anna@example.org")
    flood = [call(number) for number in range(100, 121)]
    hub.push(told.sources["dsit"].url, naming(government, hub, *flood))
    assert len(titles(told)) == 1
    assert is_due(told)
    publish(government, hub, *flood)
    told.poll()
    told.deliver()
    assert (told.cursor("dsit").held, mailbox.messages) == (21, [])


def test_what_comes_before_the_first_poll_of_an_address_is_not_taken_for_news(
    told: Installation, government: Government, hub: Hub
) -> None:
    topic = told.sources["dsit"].url
    told.watch("dsit", publish(government, hub, call(3), path="/new"), ports=(hub.port,))
    poll.prepare(told.log_db, told.sources.values())
    assert hub.push(topic, naming(government, hub, call(2))).status == 202
    assert len(titles(told)) == 1
    assert is_due(told)


def test_two_pushes_at_once_record_once(told: Installation, government: Government, hub: Hub) -> None:
    body = naming(government, hub, *(call(number) for number in range(2, 12)))
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: hub.push(told.sources["dsit"].url, body), range(8)))
    assert {reply.status for reply in replies} == {202}
    assert len(told.events("AnnouncementPublished")) == 11
    assert told.cursor("dsit").new == 11
    verify(told.log_db)


def during_a_poll(here: Installation, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Poll, and act between the answer and its reading."""
    parse = poll.parse

    with monkeypatch.context() as patches:

        def between(*arguments: Any) -> Any:
            patches.undo()  # a push is parsed there, too
            act()
            return parse(*arguments)

        patches.setattr(poll, "parse", between)
        here.poll()


@pytest.mark.parametrize("same", [True, False])
def test_a_push_while_the_source_is_polled_is_recorded_and_once_only(
    told: Installation, government: Government, hub: Hub, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    publish(government, hub, call(2), call(1))
    body = naming(government, hub, call(2 if same else 3), call(1))
    during_a_poll(told, monkeypatch, lambda: hub.push(told.sources["dsit"].url, body))
    assert len(titles(told)) == (2 if same else 3)
    assert told.cursor("dsit").new == len(titles(told))
    assert told.cursor("dsit").lease_holder is None
    verify(told.log_db)


def test_a_push_that_wants_a_poll_while_there_is_one_gets_another(
    told: Installation, hub: Hub, government: Government, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the one under way was shown may be older."""
    publish(government, hub, visit(1), call(1))
    during_a_poll(told, monkeypatch, lambda: hub.push(told.sources["dsit"].url, b"look"))
    assert wait(told) <= timedelta(minutes=1)
    assert standing(told).owed == 1
    publish(government, hub, call(2), call(1))
    told.poll()
    assert (standing(told).owed, standing(told).missed) == (0, False)


def test_a_crash_in_the_middle_of_a_push_records_nothing_and_its_repetition_everything(
    told: Installation, government: Government, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    events, cursor, before = told.events(), told.cursor("dsit"), standing(told)
    body = naming(government, hub, call(2), call(3))

    def receive() -> None:
        push.receive(told.log_db, told.sources["dsit"], standing(told), body)

    def die(*arguments: Any) -> None:
        raise Crash

    for owner, name in (("effects", "apply"), ("cursors", "see"), ("cursors", "learn"), ("hubs", "put")):
        with monkeypatch.context() as patches:
            patches.setattr(f"storage.{owner}.{name}", die)
            with pytest.raises(Crash):
                receive()
        assert (told.events(), told.cursor("dsit"), standing(told)) == (events, cursor, before)
    receive()
    receive()
    assert len(told.events("CallAnnounced")) == 3
    verify(told.log_db)


def test_a_bug_that_a_push_brings_to_light_is_no_error_of_the_page(
    told: Installation, government: Government, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: Any, **keywords: Any) -> None:
        raise LookupError("a bug")

    monkeypatch.setattr(record, "judge", broken)
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2))).status == 202
    assert is_due(told)


def test_a_hub_that_does_not_sign_is_only_a_bell(
    told: Installation, government: Government, hub: Hub
) -> None:
    with told.log_db.write() as tx:
        hubs.put(tx, dataclasses.replace(standing(told), signed=False))
    forged = naming(government, hub, call(666), call(1))
    assert hub.push(told.sources["dsit"].url, forged, signature="").status == 202
    assert len(titles(told)) == 1
    assert is_due(told)
    publish(government, hub, call(2), call(1))
    told.poll()
    assert titles(told)[1:] == ["Funding call 2: quantum networks"]
    assert not standing(told).missed


def test_a_bell_is_heard_once_a_minute(told: Installation, government: Government, hub: Hub) -> None:
    for _ in range(3):
        hub.push(told.sources["dsit"].url, b"ring")
        told.poll()
        hub.push(told.sources["dsit"].url, b"ring")
        assert timedelta(seconds=59) < wait(told) <= timedelta(minutes=1, seconds=1)


@pytest.mark.parametrize(
    ("address", "private", "key"),
    [
        ("https://hub.example/", False, True),
        ("http://hub.example/", False, False),
        ("http://hub.example/", True, True),
    ],
)
def test_a_key_goes_over_https_or_in_a_network_of_our_own_only(
    address: str, private: bool, key: bool
) -> None:
    may = websub.may_have_key(address, private_networks=private)
    asked = Known("dsit", address, "http://gov.example/feed", signed=may)
    body = (websub.request(asked, "https://alerts.example.org", "x").body or b"").decode()
    assert (may, "hub.secret" in body) == (key, key)


class Elsewhere:
    """A fetcher whose every question ends up at this address."""

    def __init__(self, url: str) -> None:
        self.url = url

    def get(self, question: Question) -> Response:
        return Response(self.url, b"")


def test_a_hub_that_leads_away_from_https_is_only_a_bell(
    served: Installation, government: Government
) -> None:
    served.watch("dsit", publish(government, "https://hub.example/", call(1)))
    served.poll()
    served.settings = dataclasses.replace(
        served.settings, base_url="https://alerts.example.org", allow_private_networks=False
    )
    tend(served, fetcher=Elsewhere("https://hub.example/other"))
    assert standing(served).signed
    tend(served, HOUR, fetcher=Elsewhere("http://hub.example/"))
    assert not standing(served).signed


# Asked again, refused, left


def test_a_lease_is_renewed_before_it_runs_out(told: Installation, hub: Hub) -> None:
    first = standing(told)
    tend(told, 8.9 * DAY)
    assert len(hub.requests) == 1
    tend(told, 9 * DAY)
    assert len(hub.requests) == 2
    assert hub.requests[1] == hub.requests[0]
    again = standing(told)
    assert again.state == "verified"
    assert (again.lease_until or "") > (first.lease_until or "")


def test_a_short_lease_is_renewed_in_time_too(told: Installation, hub: Hub) -> None:
    hub.verify(hub.requests[0], lease_seconds="1")  # five minutes, at least
    tend(told, timedelta(minutes=2.9))
    assert len(hub.requests) == 1
    tend(told, timedelta(minutes=3.1))
    assert len(hub.requests) == 2


def test_a_hub_that_cannot_be_asked_for_now_goes_on_pushing(
    told: Installation, government: Government, hub: Hub
) -> None:
    hub.status = 503
    tend(told, 9 * DAY)
    assert standing(told).state == "verified"
    assert standing(told).reason == "the server answered 503 Service Unavailable"
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2))).status == 202
    assert len(titles(told)) == 2


def test_a_hub_that_never_verifies_is_asked_again_after_an_hour_then_ever_more_rarely(
    served: Installation, government: Government, hub: Hub
) -> None:
    hub.verifies = False
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    start, at = now(), []
    for minutes in range(0, 8 * 60, 10):
        count = len(hub.requests)
        tend(served, start - now() + timedelta(minutes=minutes, seconds=minutes))
        at += [minutes] * (len(hub.requests) - count)
    assert at == [0, 60, 180, 420]
    assert standing(served).state == "wanted"
    assert hub.verify(hub.requests[-1]).status == 200
    assert (standing(served).state, standing(served).tries) == ("verified", 0)


def test_a_hub_that_fails_is_asked_again_soon_then_ever_more_rarely_but_daily(
    served: Installation, government: Government, hub: Hub
) -> None:
    hub.status = 500
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    waits, moment = [], now()
    for _ in range(11):
        tend(served, moment - now() + timedelta(seconds=1))
        due = from_stamp(standing(served).next_ask or "")
        waits.append(due - moment)
        moment = due
    assert len(hub.requests) == 11
    assert [round(wait / timedelta(minutes=1)) for wait in waits[:4]] == [5, 10, 20, 40]
    assert DAY <= waits[-1] < DAY + timedelta(minutes=1)


def test_a_hub_that_verifies_us_and_then_answers_with_an_error_is_verified(
    served: Installation, government: Government, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.status = 500
    monkeypatch.setattr(hub, "take", hub.verify)
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    tend(served)
    found = standing(served)
    assert (found.state, found.reason, found.tries) == ("verified", None, 0)
    assert from_stamp(found.next_ask or "") > now() + 8 * DAY


def test_a_hub_that_wants_to_be_left_alone_is(served: Installation, government: Government, hub: Hub) -> None:
    hub.status, hub.headers = 429, {"Retry-After": "7200"}
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    tend(served)
    tend(served, 1.9 * HOUR)
    assert len(hub.requests) == 1
    tend(served, 2.1 * HOUR)
    assert len(hub.requests) == 2


def test_a_denied_hub_is_not_asked_again_for_a_day(
    told: Installation, government: Government, hub: Hub
) -> None:
    assert hub.deny(hub.requests[0], "not\nyou").status == 200
    denied = standing(told)
    assert (denied.state, denied.reason) == ("denied", "the hub denies it: not you")
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2))).status == 410
    tend(told, 0.99 * DAY)
    assert len(hub.requests) == 1
    tend(told, 1.01 * DAY)
    assert (len(hub.requests), standing(told).state) == (2, "verified")


def test_a_source_that_is_removed_is_left_at_its_hub(
    told: Installation, government: Government, hub: Hub
) -> None:
    topic = told.sources["dsit"].url
    subscriber = hub.subscribers[topic]
    del told.sources["dsit"]
    told.watch("other", government.serve("/other", rss(call(9))))
    tend(told)
    assert [form["hub.mode"] for form in hub.requests] == ["subscribe", "unsubscribe"]
    assert "hub.secret" not in hub.requests[1]
    assert hub.subscribers == {}
    assert standing(told).state == "left"
    hub.subscribers[topic] = subscriber  # it pushes all the same
    assert hub.push(topic, naming(government, hub, call(2))).status == 410
    assert len(titles(told)) == 1
    tend(told, 11 * DAY)
    assert known(told) == []


def test_a_hub_that_does_not_let_us_go_hears_that_it_is_over(
    told: Installation, government: Government, hub: Hub
) -> None:
    hub.status = 500
    publish(government, hub, call(1))
    government.serve("/feed", rss(call(1), visit(1)))  # names no hub any more
    told.poll()
    tend(told)
    assert standing(told).state == "leaving"
    assert hub.push(told.sources["dsit"].url, naming(government, hub, call(2))).status == 410
    assert hub.verify(hub.requests[0]).status == 404
    hub.status = 202
    tend(told, HOUR)
    assert (standing(told).state, hub.subscribers) == ("left", {})
    assert hub.verify(hub.requests[-1]).status == 200  # asked a second time, it is still so


def test_another_hub_is_asked_and_the_old_one_left(
    told: Installation, government: Government, hub: Hub
) -> None:
    with Hub() as other:
        told.watch("dsit", publish(government, other, call(1), visit(1)), ports=(hub.port, other.port))
        told.poll()
        tend(told)
        assert [form["hub.mode"] for form in hub.requests] == ["subscribe", "unsubscribe"]
        assert [form["hub.mode"] for form in other.requests] == ["subscribe"]
        assert other.requests[0]["hub.callback"] != hub.requests[0]["hub.callback"]
        assert other.requests[0]["hub.secret"] != hub.requests[0]["hub.secret"]
        assert {item.hub: item.state for item in known(told)} == {hub.url: "left", other.url: "verified"}
        # And back again.
        publish(government, hub, call(1))
        told.poll()
        tend(told)
        assert {item.hub: item.state for item in known(told)} == {hub.url: "verified", other.url: "left"}


def test_a_source_that_has_ended_leaves_its_hub(told: Installation, government: Government, hub: Hub) -> None:
    government.serve("/feed", status=410)
    told.poll()
    tend(told)
    assert [form["hub.mode"] for form in hub.requests] == ["subscribe", "unsubscribe"]


def test_an_installation_that_is_public_no_more_leaves_its_hubs(told: Installation, hub: Hub) -> None:
    told.settings = dataclasses.replace(told.settings, allow_private_networks=False)
    tend(told)
    assert [form["hub.mode"] for form in hub.requests] == ["subscribe", "unsubscribe"]


def test_two_workers_ask_a_hub_once(served: Installation, government: Government, hub: Hub) -> None:
    hub.verifies = False
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    moment = now()

    def tend_once(_: int) -> None:
        asking.tend(served.log_db, served.fetcher, served.settings, served.sources, moment)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(tend_once, range(6)))
    assert len(hub.requests) == 1


# Whom we ask: a hub's address comes from a feed


def refusal(here: Installation, government: Government, address: str, **fields: Any) -> str:
    """Why the hub at this address is not asked."""
    here.watch("dsit", publish(government, address, call(1)), **fields)
    here.poll()
    tend(here)
    return standing(here).reason or ""


def test_a_hub_at_a_private_address_is_refused_by_the_guard(
    served: Installation, government: Government, hub: Hub
) -> None:
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,))
    served.poll()
    served.settings = dataclasses.replace(
        served.settings, base_url="https://alerts.example.org", allow_private_networks=False
    )
    guarded = Fetcher(contact="https://alerts.example.org")
    tend(served, fetcher=guarded)
    guarded.close()
    assert "leads to the private address 127.0.0.1" in (standing(served).reason or "")
    assert hub.requests == []


def test_a_hub_at_an_odd_port_is_refused_unless_the_catalogue_names_it(
    served: Installation, government: Government, hub: Hub
) -> None:
    assert f"leads to port {hub.port}" in refusal(served, government, hub.url)
    assert hub.requests == []
    served.watch("dsit", served.sources["dsit"].url, ports=(hub.port,))
    tend(served, timedelta(minutes=6))
    assert len(hub.requests) == 1


def test_a_hub_that_redirects_to_an_odd_port_is_refused(
    served: Installation, government: Government, hub: Hub
) -> None:
    hub.status, hub.headers = 307, {"Location": "http://127.0.0.1:9/"}
    assert "leads to port 9" in refusal(served, government, hub.url, ports=(hub.port,))


def test_a_hub_that_redirects_is_followed_with_the_request(
    served: Installation, government: Government, hub: Hub
) -> None:
    with Hub() as first:
        first.status, first.headers = 308, {"Location": hub.url}
        served.watch("dsit", publish(government, first, call(1)), ports=(hub.port, first.port))
        served.poll()
        tend(served)
        assert hub.requests == first.requests
        assert standing(served).state == "verified"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("javascript:alert(1)", "no http or https address"),
        ("file:///etc/passwd", "no http or https address"),
        ("ftp://127.0.0.1/", "no http or https address"),
        ("http://user:password@127.0.0.1/", "a password in it"),
        ("http://user@127.0.0.1/", "a password in it"),
        ("http://127.0.0.1:99999/", "no http or https address"),
    ],
)
def test_a_hub_that_is_no_plain_web_address_is_refused(
    served: Installation, government: Government, address: str, words: str
) -> None:
    assert words in refusal(served, government, address)


def test_one_strange_hub_does_not_keep_us_from_the_others(
    served: Installation, government: Government, hub: Hub
) -> None:
    strange = "http://" + "x" * 300 + ".example/"
    served.watch("a", publish(government, strange, call(1), path="/a"))
    served.watch("b", publish(government, "http://[::1/", call(2), path="/b"))
    served.watch("dsit", publish(government, hub, call(3)), ports=(hub.port,))
    served.poll()
    tend(served)
    assert len(hub.requests) == 1


# Polling as a back-up


def quiet_polls(here: Installation, government: Government, hub: Hub, count: int) -> timedelta:
    for number in range(count):
        publish(government, hub, call(1), visit(1))
        government.serve("/feed", naming(government, hub, call(1)) + f"<!-- {number} -->".encode())
        here.poll()
    return wait(here)


def test_polling_slows_down_while_a_hub_pushes_and_speeds_up_again_when_it_misses_something(
    told: Installation, government: Government, hub: Hub
) -> None:
    usual = wait(told)
    slow = quiet_polls(told, government, hub, 1)
    assert 5 * usual < slow <= timedelta(hours=6.6)
    # A poll finds what no push brought: the hub is not to be trusted.
    publish(government, hub, call(2), call(1))
    told.poll()
    assert standing(told).missed
    assert wait(told) < 2 * usual
    assert quiet_polls(told, government, hub, 1) < 2 * usual
    # Until a push comes again.
    hub.push(told.sources["dsit"].url, naming(government, hub, call(2), call(1)))
    assert not standing(told).missed
    assert quiet_polls(told, government, hub, 1) > 3 * usual


def test_what_a_push_brought_is_no_surprise_to_a_poll(
    told: Installation, government: Government, hub: Hub
) -> None:
    quiet_polls(told, government, hub, 1)
    hub.push(told.sources["dsit"].url, naming(government, hub, call(2), call(1)))
    publish(government, hub, call(2), call(1))
    told.poll()
    assert not standing(told).missed


def test_what_was_published_before_the_hub_had_verified_us_is_no_miss(
    told: Installation, government: Government, hub: Hub
) -> None:
    publish(government, hub, call(2), call(1))
    told.poll()
    assert not standing(told).missed


def test_a_poll_that_a_push_asked_for_and_that_finds_nothing_is_repeated_at_the_usual_pace(
    told: Installation, government: Government, hub: Hub
) -> None:
    """A cache between us and the source may be slower than the hub."""
    usual = wait(told)
    quiet_polls(told, government, hub, 1)
    hub.push(told.sources["dsit"].url, b"look")
    assert quiet_polls(told, government, hub, 1) < 2 * usual
    assert quiet_polls(told, government, hub, 1) > 3 * usual


def test_a_hub_that_is_not_verified_or_whose_lease_is_over_slows_nothing(
    told: Installation, government: Government, hub: Hub
) -> None:
    usual = wait(told)
    for changes in ({"state": "wanted"}, {"state": "denied"}, {"lease_until": to_stamp(now())}):
        with told.log_db.write() as tx:
            hubs.put(tx, dataclasses.replace(standing(told), **changes))  # type: ignore[arg-type]
        assert quiet_polls(told, government, hub, 1) < 2 * usual


# What people see


def test_the_sources_page_and_the_doctor_say_who_is_pushed(told: Installation) -> None:
    until = (standing(told).lease_until or "")[:10]
    assert f"pushed by 127.0.0.1 until {until}" in told.browser().get("/sources").text
    assert "hubs: 1 subscribed, 0 not\n" in told.run("doctor").stdout
    with told.log_db.write() as tx:
        hubs.put(tx, dataclasses.replace(standing(told), state="denied", reason="the hub denies it"))
    assert "pushed by" not in told.browser().get("/sources").text
    assert "hubs: 0 subscribed, 1 not (dsit: the hub denies it)\n" in told.run("doctor").stdout
    alone = told.run(
        "doctor", COMMUNIQUE_BASE_URL="http://127.0.0.1:8000", COMMUNIQUE_ALLOW_PRIVATE_NETWORKS="0"
    )
    assert "none is asked: COMMUNIQUE_BASE_URL is not reachable" in alone.stdout


def test_the_worker_subscribes_and_mails_what_is_pushed(
    served: Installation, government: Government, hub: Hub, mailbox: Mailbox
) -> None:
    served.watch("dsit", publish(government, hub, call(1)), ports=(hub.port,), interval_minutes=60)
    served.poll()
    served.subscribe("anna@example.org")
    command = [str(Path(sys.executable).parent / "communique"), "work"]
    with subprocess.Popen(
        command, env=served.environment, cwd=served.folder, stderr=subprocess.PIPE, text=True
    ) as worker:
        try:
            assert hub.wait_for(lambda hub: bool(hub.subscribers))
            hub.push(served.sources["dsit"].url, naming(government, hub, call(2)))
            assert mailbox.wait_for(lambda messages: len(messages) == 1)
        finally:
            worker.send_signal(signal.SIGTERM)
            watchdog = threading.Timer(30, worker.kill)
            watchdog.start()
            _, errors = worker.communicate()
            watchdog.cancel()
    assert worker.returncode == 0, errors
    assert "Traceback" not in errors
    assert len(government.requests) == 1
