"""Which pages may be read: robots.txt as RFC 9309 has it, on paper and from a real server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed import exclusion
from feed.fetch import Fetcher
from feed.robots import FOR_NOW_SECONDS, KEPT_SECONDS, Robots
from tests.world.government import Government

TWICE = "User-agent: Communique\nDisallow: /a\n\nUser-agent: x\n\nUser-agent: COMMUNIQUE\nDisallow: /b"
SITE = "https://gov.example"


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(contact="https://alerts.example.org", allow_private_networks=True)
    yield fetcher
    fetcher.close()


@pytest.fixture
def robots(fetcher: Fetcher, clock: Clock) -> Robots:
    return Robots(fetcher, clock=clock)


@pytest.mark.parametrize(
    ("text", "path", "allowed"),
    [
        ("", "/a", True),
        ("User-agent: *\nDisallow: /", "/a", False),
        ("User-agent: *\nDisallow:", "/a", True),
        ("user-agent: communique\ndisallow: /a", "/a/b", False),
        ("User-agent: Communique/1.0 (+https://x)\nDisallow: /a", "/a", False),
        ("User-agent: Googlebot\nDisallow: /", "/a", True),
        # The group that names us is the only one that counts; several that name us are one (2.2.1).
        ("User-agent: *\nDisallow: /\n\nUser-agent: Communique\nAllow: /", "/a", True),
        (TWICE, "/a", False),
        (TWICE, "/b", False),
        ("User-agent: x\nUser-agent: Communique # us\nDisallow: /a", "/a", False),
        # Only the whole name is our name.
        ("User-agent: Comm\nDisallow: /", "/a", True),
        ("User-agent: Communique-Images\nDisallow: /", "/a", True),
        # The longest rule wins, and of two equal ones the one that allows (2.2.2).
        ("User-agent: *\nDisallow: /a\nAllow: /a/open", "/a/open/x", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a/closed", "/a/closed/x", False),
        ("User-agent: *\nDisallow: /a\nAllow: /a", "/a", True),
        # Wildcards and the end of an address (2.2.3).
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf", False),
        ("User-agent: *\nDisallow: /*.pdf$", "/x/y.pdf?z", True),
        ("User-agent: *\nDisallow: /search?q=*&lang", "/search?q=a&lang=en", False),
        # However it is percent-encoded.
        ("User-agent: *\nDisallow: /caf\u00e9", "/caf%C3%A9", False),
        ("User-agent: *\nDisallow: /%7Ejoe", "/~joe", False),
        ("\ufeffUser-agent: *\r\nDisallow: /", "/a", False),
        ("<!doctype html><title>Not found</title>", "/a", True),
    ],
)  # fmt: skip
def test_rules_are_read_as_the_rfc_says(text: str, path: str, allowed: bool) -> None:
    assert exclusion.read(text.encode()).allows(SITE + path) is allowed


def test_the_file_itself_may_always_be_read() -> None:
    assert exclusion.NOTHING.allows(f"{SITE}/robots.txt")
    assert not exclusion.NOTHING.allows(f"{SITE}/")


@pytest.mark.parametrize("url", ["", "no address", "ftp://gov.example/", "http://[::1", "mailto:x@y", "/a"])
def test_what_is_no_web_address_is_never_allowed(url: str, robots: Robots) -> None:
    assert not exclusion.EVERYTHING.allows(url)
    assert not robots.allows(url)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("https://gov.example/a/b?c#d", "https://gov.example/robots.txt"),
        ("https://GOV.example:443/", "https://gov.example/robots.txt"),
        ("http://gov.example:8080/a", "http://gov.example:8080/robots.txt"),
        ("https://user:password@gov.example/a", "https://gov.example/robots.txt"),
        ("http://[2001:db8::1]:80/a", "http://[2001:db8::1]/robots.txt"),
        ("https://gov.example:port/", None),
        ("feed://gov.example/", None),
    ],
)
def test_robots_txt_stands_at_the_root_of_the_authority(url: str, address: str | None) -> None:
    assert exclusion.address(url) == address


def test_a_crawl_delay_is_told() -> None:
    text = b"User-agent: *\nCrawl-delay: 10\n\nUser-agent: Communique\nCrawl-delay: 2.5\nDisallow: /a"
    assert exclusion.read(text).delay == 2.5
    assert exclusion.read(b"User-agent: *\nCrawl-delay: soon").delay is None


def test_only_the_first_500_kilobytes_count_and_no_half_line() -> None:
    before = b"User-agent: *\nDisallow: /closed\n#"
    end = b"\nDisallow: /"
    text = before.ljust(exclusion.READ_BYTES - len(end), b".") + end
    assert len(text) == exclusion.READ_BYTES
    assert not exclusion.read(text).allows(f"{SITE}/open")
    rules = exclusion.read(text + b"later")
    assert rules.allows(f"{SITE}/later") and rules.allows(f"{SITE}/open")
    assert not rules.allows(f"{SITE}/closed")


def test_many_groups_with_many_rules_do_not_hold_us_up() -> None:
    agents = b"".join(b"User-agent: a%d\n" % number for number in range(12_000))
    rules = b"".join(b"Disallow: /*/%d\n" % number for number in range(12_000))
    started = time.process_time()
    assert exclusion.read(agents + rules + b"User-agent: *\n" + rules).allows(f"{SITE}/a")
    assert time.process_time() - started < 5


@given(body=st.binary() | st.text().map(str.encode), path=st.text())
def test_any_bytes_are_rules_and_any_address_has_an_answer(body: bytes, path: str) -> None:
    rules = exclusion.read(body)
    assert rules.allows(f"{SITE}/{path}") in (True, False)
    assert rules.delay is None or rules.delay >= 0


def asked(government: Government) -> int:
    return sum(request.path == "/robots.txt" for request in government.requests)


def test_a_site_is_asked_once_a_day(government: Government, robots: Robots, clock: Clock) -> None:
    government.serve(
        "/robots.txt", b"User-agent: Communique\nDisallow: /closed\nCrawl-delay: 3", "text/plain"
    )
    page = government.url + "/closed"
    assert not robots.allows(page, ports=[government.port])
    assert robots.allows(government.url + "/open", ports=[government.port])
    assert robots.delay(page, ports=[government.port]) == 3
    assert asked(government) == 1
    assert government.requests[-1].headers["user-agent"].startswith("Communique/")
    government.serve("/robots.txt", b"", "text/plain")
    clock.seconds += KEPT_SECONDS - 1
    assert not robots.allows(page, ports=[government.port])
    clock.seconds += 1
    assert robots.allows(page, ports=[government.port])
    assert asked(government) == 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 451])
def test_without_a_robots_txt_all_is_allowed(government: Government, robots: Robots, status: int) -> None:
    government.serve("/robots.txt", b"User-agent: *\nDisallow: /", "text/plain", status=status)
    assert robots.allows(government.url + "/", ports=[government.port])


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503])
def test_while_a_site_cannot_answer_nothing_is_allowed(
    government: Government, robots: Robots, clock: Clock, status: int
) -> None:
    government.serve("/robots.txt", b"", "text/plain", status=status, headers={"Retry-After": "60"})
    page = government.url + "/"
    assert not robots.allows(page, ports=[government.port])
    government.restore("/robots.txt")
    assert not robots.allows(page, ports=[government.port])
    clock.seconds += FOR_NOW_SECONDS
    assert robots.allows(page, ports=[government.port])


def test_redirects_are_followed_and_what_they_lead_to_counts_here(
    government: Government, robots: Robots
) -> None:
    for step in range(5):
        path = f"/step-{step}" if step else "/robots.txt"
        government.serve(path, status=301, headers={"Location": f"/step-{step + 1}"})
    government.serve("/step-5", b"User-agent: *\nDisallow: /closed", "text/plain")
    assert not robots.allows(government.url + "/closed", ports=[government.port])


def test_redirects_without_end_are_no_robots_txt(government: Government, robots: Robots) -> None:
    government.serve("/robots.txt", status=302, headers={"Location": "/robots.txt"})
    assert robots.allows(government.url + "/", ports=[government.port])


def test_a_port_that_nobody_named_is_not_asked(government: Government, robots: Robots) -> None:
    assert not robots.allows(government.url + "/")
    assert government.requests == []
    assert robots.allows(government.url + "/", ports=[government.port])


def test_a_private_address_is_not_asked(government: Government) -> None:
    fetcher = Fetcher(contact="https://alerts.example.org")
    assert not Robots(fetcher).allows(government.url + "/", ports=[government.port])
    assert government.requests == []
    fetcher.close()


def test_the_rules_of_a_limited_number_of_sites_are_kept(
    government: Government, robots: Robots, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.robots.SITES", 1)
    for host in ("127.0.0.1", "localhost", "127.0.0.1", "127.0.0.1"):
        assert robots.allows(f"http://{host}:{government.port}/", ports=[government.port])
    assert asked(government) == 3
