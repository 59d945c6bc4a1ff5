"""One request, against a real server: what is asked, what is understood, what is refused."""

from __future__ import annotations

import gzip
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from feed.errors import PrivateAddress, SourceBusy, SourceError, SourceGone
from feed.fetch import Fetcher
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
    with pytest.raises(SourceError, match="redirects more than 5 times"):
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
    with pytest.raises(SourceError, match="more than 1 MB"):
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
    with pytest.raises(SourceError, match="took more than"):
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
            while request := lines.readline():
                while lines.readline().strip():
                    pass
                talking.sendall(self.answers[request.split()[1].decode()])

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
