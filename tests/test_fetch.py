"""One request, against a real server: what is asked, what is understood, what is refused."""

from __future__ import annotations

import gzip
import ipaddress
import socket
import threading
import time
from collections.abc import Iterator

import brotli
import pytest

from feed import sockets
from feed.errors import (
    AddressRefused,
    BotWall,
    HeadTooLarge,
    PrivateAddress,
    SourceBusy,
    SourceError,
    SourceGone,
    TooLarge,
    TooManyRedirects,
    TooSilent,
    TooSlow,
    UnderMaintenance,
)
from feed.fetch import Fetcher
from feed.packing import zstd
from feed.parse import parse
from feed.question import Question
from tests.world.government import Government


@pytest.fixture
def fetcher() -> Iterator[Fetcher]:
    fetcher = Fetcher(contact="https://alerts.example.org", allow_private_networks=True)
    yield fetcher
    fetcher.close()


def test_the_request_says_who_asks_and_takes_compressed_answers(
    government: Government, fetcher: Fetcher
) -> None:
    url = government.serve("/f", gzip.compress(b"<rss/>"), headers={"Content-Encoding": "gzip"})
    assert fetcher.get(url).body == b"<rss/>"
    headers = government.requests[-1].headers
    assert headers["user-agent"].startswith("Communique/")
    assert "(+https://alerts.example.org)" in headers["user-agent"]
    assert "gzip" in headers["accept-encoding"]


def test_answers_in_brotli_are_taken_where_its_library_is_installed(
    government: Government, fetcher: Fetcher
) -> None:
    body = brotli.compress(b"<rss/>")
    assert fetcher.get(government.serve("/f", body, headers={"Content-Encoding": "br"})).body == b"<rss/>"
    assert "br" in government.requests[-1].headers["accept-encoding"].split(",")


def test_a_bomb_in_brotli_is_cut_off(
    government: Government, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.fetch.BODY_BYTES", 1_000_000)
    bomb = brotli.compress(b"0" * 50_000_000)
    url = government.serve("/bomb", bomb, headers={"Content-Encoding": "br"})
    with pytest.raises(TooLarge, match="more than 1 MB"):
        fetcher.get(url)


def test_answers_in_zstandard_are_taken_and_a_bomb_is_cut_off(
    government: Government, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = {"Content-Encoding": "zstd"}
    assert fetcher.get(government.serve("/f", zstd.compress(b"<rss/>"), headers=packed)).body == b"<rss/>"
    assert "zstd" in government.requests[-1].headers["accept-encoding"].split(",")
    monkeypatch.setattr("feed.fetch.BODY_BYTES", 1_000_000)
    with pytest.raises(TooLarge, match="more than 1 MB"):
        fetcher.get(government.serve("/bomb", zstd.compress(b"0" * 50_000_000), headers=packed))


def test_validators_go_back_as_they_came_and_304_is_no_body(government: Government, fetcher: Fetcher) -> None:
    url = government.feed_url("dsit-news")
    first = fetcher.get(url)
    assert first.body and first.etag and first.last_modified
    again = fetcher.get(url, etag=first.etag, last_modified=first.last_modified)
    assert again.body is None
    assert government.requests[-1].headers["if-none-match"] == first.etag
    assert government.requests[-1].headers["if-modified-since"] == first.last_modified


def test_redirects_are_followed_but_not_for_ever(government: Government, fetcher: Fetcher) -> None:
    government.serve("/end", b"here")
    government.serve("/start", status=302, headers={"Location": "/end"})
    found = fetcher.get(government.url + "/start")
    assert (found.body, found.url) == (b"here", government.url + "/end")
    government.serve("/loop", status=301, headers={"Location": "/loop"})
    with pytest.raises(TooManyRedirects, match="redirects more than 5 times"):
        fetcher.get(government.url + "/loop")
    government.serve("/file", status=302, headers={"Location": "file:///etc/passwd"})
    with pytest.raises(SourceError, match="no web address"):
        fetcher.get(government.url + "/file")


@pytest.mark.parametrize(
    ("status", "headers", "error", "words"),
    [
        (404, {}, SourceError, "the server answered 404 Not Found"),
        (500, {}, SourceError, "the server answered 500 Internal Server Error"),
        (410, {}, SourceGone, "410 Gone"),
        (503, {"Retry-After": "120"}, SourceBusy, "503 Service Unavailable"),
        (429, {"Retry-After": "Mon, 23 Nov 2026 13:00:00 GMT"}, SourceBusy, "429 Too Many Requests"),
    ],
)
def test_refusals_are_named(
    government: Government, fetcher: Fetcher, status: int, headers: dict[str, str], error: type, words: str
) -> None:
    url = government.serve("/f", b"sorry", status=status, headers=headers)
    with pytest.raises(error, match=words):
        fetcher.get(url)


def test_a_server_that_hangs_up_is_named(government: Government, fetcher: Fetcher) -> None:
    with pytest.raises(SourceError, match="broke off"):
        fetcher.get(government.serve("/f", status=0))


def test_a_server_that_is_not_there_is_named(fetcher: Fetcher) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        with pytest.raises(SourceError, match=f"127.0.0.1:{port} cannot be reached: Connection refused"):
            fetcher.get(f"http://127.0.0.1:{port}/")


def test_an_answer_that_is_not_compressed_the_way_it_says_is_named(
    government: Government, fetcher: Fetcher
) -> None:
    url = government.serve("/f", b"plain", headers={"Content-Encoding": "gzip"})
    with pytest.raises(SourceError, match="not compressed the way it says"):
        fetcher.get(url)


def test_a_body_without_end_is_cut_off(
    government: Government, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("feed.fetch.BODY_BYTES", 1_000_000)
    bomb = gzip.compress(b"0" * 5_000_000)
    url = government.serve("/bomb", bomb, headers={"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge, match="more than 1 MB"):
        fetcher.get(url)


def test_compressed_data_that_comes_to_nothing_is_cut_off(
    government: Government, fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Endless members of nothing: small when decompressed, and large on the wire."""
    monkeypatch.setattr("feed.fetch.BODY_BYTES", 1_000_000)
    nothing = gzip.compress(b"") * 100_000 + gzip.compress(b"x")
    url = government.serve("/nothing", nothing, headers={"Content-Encoding": "gzip"})
    with pytest.raises(TooLarge, match="more than 1 MB"):
        fetcher.get(url)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
def test_a_private_address_is_refused_at_the_connected_socket(government: Government, host: str) -> None:
    guarded = Fetcher(contact="https://alerts.example.org")
    before = len(government.requests)
    with pytest.raises(PrivateAddress, match="COMMUNIQUE_ALLOW_PRIVATE_NETWORKS"):
        guarded.get(f"http://{host}:{government.port}/")
    guarded.close()
    assert len(government.requests) == before


class Dripping(threading.Thread):
    """A server that sends its answer byte by byte, and never ends."""

    def __init__(self, head: bytes) -> None:
        super().__init__(daemon=True)
        self.head = head
        self.over = threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}/"

    def run(self) -> None:
        talking, _ = self.listening.accept()
        with talking:
            talking.recv(65536)
            talking.sendall(self.head)
            while not self.over.wait(0.05):
                try:
                    talking.sendall(b"x")
                except OSError:
                    return

    def close(self) -> None:
        self.over.set()
        self.join()
        self.listening.close()


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: ",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ],
    ids=["head", "body of a known length", "body without end"],
)
def test_a_server_that_drips_is_left_when_the_time_is_over(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr("feed.sockets.TOTAL_SECONDS", 0.5)
    dripping = Dripping(head)
    dripping.start()
    started = time.monotonic()
    with pytest.raises(TooSlow, match="took more than"):
        fetcher.get(dripping.url)
    taken = time.monotonic() - started
    dripping.close()
    assert taken < 10  # of the sixty and more that it would take otherwise


class Talking(threading.Thread):
    """A server that keeps its connections open and sends each answer, head and page, in one piece."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        super().__init__(daemon=True)
        self.answers = answers
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listening.getsockname()[1]}"

    def run(self) -> None:
        while True:
            try:
                talking, _ = self.listening.accept()
            except OSError:
                return  # closed
            threading.Thread(target=self.talk, args=(talking,), daemon=True).start()

    def talk(self, talking: socket.socket) -> None:
        with talking, talking.makefile("rb") as lines:
            try:
                while request := lines.readline():
                    while lines.readline().strip():
                        pass
                    talking.sendall(self.answers[request.split()[1].decode()])
            except OSError:
                return  # whoever asked has had enough

    def close(self) -> None:
        self.listening.shutdown(socket.SHUT_RDWR)
        self.listening.close()
        self.join()


@pytest.mark.parametrize("status", [301, 302, 404, 429, 503])
def test_what_stands_in_an_answer_that_is_not_read_disturbs_nobody(fetcher: Fetcher, status: int) -> None:
    """Servers send a page with a redirect and with an error; the next request may use the connection."""
    page = b"<html><head><title>Moved</title></head><body><h1>Moved</h1></body></html>"
    odd = b"HTTP/1.1 %d Odd\r\nLocation: /ok\r\nRetry-After: 60\r\nContent-Length: %d\r\n\r\n%b"
    server = Talking(
        {"/odd": odd % (status, len(page), page), "/ok": b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere"}
    )
    server.start()
    for _ in range(3):
        if status < 400:
            assert fetcher.get(server.url + "/odd").body == b"here"
        else:
            with pytest.raises(SourceError, match=f"the server answered {status}"):
                fetcher.get(server.url + "/odd")
        assert fetcher.get(server.url + "/ok").body == b"here"
    fetcher.close()
    server.close()


HEADS = {
    "one endless line": b"X-Long: " + b"x" * 100_000 + b"\r\n",
    "many lines": b"".join(b"X-%d: y\r\n" % number for number in range(200)),
    "a few long lines": b"".join(b"X-%d: %b\r\n" % (number, b"y" * 20_000) for number in range(5)),
}


@pytest.mark.parametrize("head", HEADS.values(), ids=HEADS)
def test_a_head_without_measure_is_refused(fetcher: Fetcher, head: bytes) -> None:
    server = Talking({"/f": b"HTTP/1.1 200 OK\r\n" + head + b"Content-Length: 0\r\n\r\n"})
    server.start()
    with pytest.raises(HeadTooLarge, match="larger than 64 KB, or has more than 100 lines"):
        fetcher.get(server.url + "/f")
    fetcher.close()
    server.close()


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"])
def test_a_server_that_falls_silent_is_left(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, head: bytes
) -> None:
    monkeypatch.setattr("feed.fetch.SILENT_SECONDS", 0.2)
    server = Talking({"/f": head})
    server.start()
    with pytest.raises(TooSilent, match="fell silent"):
        fetcher.get(server.url + "/f")
    fetcher.close()
    server.close()


def test_a_redirect_to_another_port_is_followed_only_where_the_catalogue_says_so(
    government: Government, fetcher: Fetcher
) -> None:
    with Government(empty=True) as other:
        target = other.serve("/feed", b"here")
        url = government.serve("/f", status=302, headers={"Location": target})
        with pytest.raises(AddressRefused, match=f"leads to port {other.port} .* `ports` in the catalogue"):
            fetcher.get(url)
        assert other.requests == []
        assert fetcher.get(Question(url, ports=(other.port,))).body == b"here"


def test_an_address_that_nobody_named_has_no_odd_port_and_no_password(
    government: Government, fetcher: Fetcher
) -> None:
    url = government.serve("/f", b"here")
    assert fetcher.get(url).body == b"here"
    with pytest.raises(AddressRefused, match="leads to port"):
        fetcher.get(Question(url, named=False))
    with pytest.raises(AddressRefused, match="password"):
        fetcher.get(Question("https://user:secret@gov.example/", named=False))


def test_a_password_of_the_catalogue_goes_to_its_own_server_only(
    government: Government, fetcher: Fetcher
) -> None:
    with Government(empty=True) as other:
        target = other.serve("/feed", b"here")
        government.serve("/f", status=302, headers={"Location": target})
        url = government.url.replace("//", "//anna:p%40ss@") + "/f"
        assert fetcher.get(Question(url, ports=(other.port,))).body == b"here"
        assert government.requests[-1].headers["authorization"] == "Basic YW5uYTpwQHNz"
        assert "authorization" not in other.requests[-1].headers
    government.serve("/g", status=302, headers={"Location": "http://u:p@gov.example/"})
    with pytest.raises(AddressRefused, match="with a password in it"):
        fetcher.get(government.url + "/g")


@pytest.mark.parametrize("url", ["file:///etc/passwd", "gopher://gov.example/", "http://", "http://x:port/"])
def test_what_is_no_web_address_is_not_asked(fetcher: Fetcher, url: str) -> None:
    with pytest.raises(AddressRefused, match="no http or https address"):
        fetcher.get(url)


def test_a_post_is_asked_once_and_never_conditionally(government: Government, fetcher: Fetcher) -> None:
    url = government.serve("/search", b"{}", headers={"ETag": '"x"'})
    found = fetcher.get(Question(url, b"q=1", "application/x-www-form-urlencoded"), etag='"x"')
    assert found.body == b"{}"
    request = government.requests[-1]
    assert (request.method, request.body) == ("POST", b"q=1")
    assert "if-none-match" not in request.headers


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "169.254.169.254", "224.0.0.1", "::1", "fe80::1", "fec0::1", "::ffff:10.0.0.1"),
        *("64:ff9b::a00:1", "2002:a00:1::1", "fd00::1", "ff02::1"),
    ],
)
def test_no_form_of_a_private_address_is_public(address: str) -> None:
    meant = sockets._meant(ipaddress.ip_address(address))
    assert not all(one.is_global and not one.is_multicast for one in meant)


@pytest.mark.parametrize("address", ["151.101.0.144", "2a04:4e42::144", "64:ff9b::9765:90"])
def test_a_public_address_is(address: str) -> None:
    meant = sockets._meant(ipaddress.ip_address(address))
    assert all(one.is_global and not one.is_multicast for one in meant)


@pytest.mark.parametrize(("status", "method"), [(307, "POST"), (308, "POST"), (302, "GET"), (303, "GET")])
def test_a_redirected_post_keeps_its_body_where_the_status_says_so(
    government: Government, fetcher: Fetcher, status: int, method: str
) -> None:
    government.serve("/there", b"{}")
    url = government.serve("/search", status=status, headers={"Location": "/there"})
    found = fetcher.get(Question(url, b"q=1", "text/plain"))
    assert (government.requests[-1].method, found.moved) == (method, False)


CLOUDFLARE = b"<html><head><title>Just a moment...</title></head><body>cf_chl_opt</body></html>"
AKAMAI = (
    b"<HTML><HEAD><TITLE>Access Denied</TITLE></HEAD><BODY>You don't have permission to access this page."
    b"<P>Reference&#32;&#35;18&#46;2d351ab8&#46;1557333295&#46;a4e16ab</BODY></HTML>"
)
REJECTED = b"<html><head><title>Request Rejected</title></head><body>Your support ID is: 1</body></html>"
HUMAN = b"<html><body>Please verify you are a human to go on.</body></html>"
BACK_SOON = b"<html><title>gov.example</title><h1>We will be back soon</h1>It is being worked on.</html>"


@pytest.mark.parametrize("status", [200, 202, 403, 429, 503])
@pytest.mark.parametrize(
    ("page", "error", "words"),
    [
        (CLOUDFLARE, BotWall, r"a bot wall \(Cloudflare\) answers instead of the feed: “Just a moment...”"),
        (AKAMAI, BotWall, r"a bot wall \(Akamai\) answers instead of the feed: “Access Denied”"),
        (REJECTED, BotWall, r"a bot wall \(F5\) answers instead of the feed: “Request Rejected”"),
        (HUMAN, BotWall, "a bot wall answers instead of the feed"),
        (BACK_SOON, UnderMaintenance, "the site is under maintenance: “gov.example”"),
    ],
)
def test_walls_and_maintenance_are_named_whatever_the_status(
    government: Government, fetcher: Fetcher, status: int, page: bytes, error: type, words: str
) -> None:
    url = government.serve("/f", page, content_type="text/html", status=status)
    with pytest.raises(error, match=words):
        parse(fetcher.get(url).body or b"", url=url)


def test_a_wall_that_says_when_to_come_back_is_believed(government: Government, fetcher: Fetcher) -> None:
    url = government.serve("/f", BACK_SOON, status=503, headers={"Retry-After": "3600"})
    with pytest.raises(SourceBusy, match="503 Service Unavailable: the site is under maintenance") as caught:
        fetcher.get(url)
    assert caught.value.retry_after == "3600"
