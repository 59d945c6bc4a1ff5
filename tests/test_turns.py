"""Whose turn it is: many sources at once, but each host gently."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from itertools import pairwise
from pathlib import Path

import pytest

from feed import settings
from feed.poll import Outcome
from feed.rounds import side_by_side
from feed.source import Source
from feed.turns import Turns
from tests.installation import Installation, call, rss
from tests.world.government import Government


def source(number: int, host: str = "gov.example") -> Source:
    return Source(f"s{number}", f"S{number}", f"https://{host}/{number}", "GB", "DSIT")


class Hosts:
    """Counts who is asked at one time, and notes when."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now: defaultdict[str, int] = defaultdict(int)
        self.most: defaultdict[str, int] = defaultdict(int)
        self.begun: defaultdict[str, list[float]] = defaultdict(list)
        self.go_on = threading.Event()

    def ask(self, asked: Source) -> Outcome:
        host = asked.url.split("/")[2]
        with self.lock:
            self.begun[host].append(time.monotonic())
            self.now[host] += 1
            self.most[host] = max(self.most[host], self.now[host])
        self.go_on.wait(0.02)
        with self.lock:
            self.now[host] -= 1
        return Outcome(asked.id, "not_modified")


def test_of_one_host_a_few_are_asked_at_a_time_and_of_others_meanwhile() -> None:
    hosts = Hosts()
    sources = [source(number) for number in range(20)] + [source(50 + n, f"h{n}.example") for n in range(20)]
    outcomes = list(side_by_side(hosts.ask, sources, 8, at_once=2))
    assert {outcome.source for outcome in outcomes} == {one.id for one in sources}
    assert hosts.most["gov.example"] == 2
    assert len(hosts.begun) == 21


def test_requests_to_one_host_are_begun_apart() -> None:
    hosts = Hosts()
    sources = [source(number, f"h{number % 2}.example") for number in range(8)]
    list(side_by_side(hosts.ask, sources, 8, at_once=4, seconds_apart=0.05))
    for begun in hosts.begun.values():
        assert all(later - earlier >= 0.049 for earlier, later in pairwise(begun))


def test_what_a_poll_raises_is_raised() -> None:
    def broken(asked: Source) -> Outcome:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        list(side_by_side(broken, [source(1), source(2)], 2))


def test_a_source_named_twice_is_polled_once() -> None:
    outcomes = list(side_by_side(lambda one: Outcome(one.id, "not_modified"), [source(1), source(1)], 2))
    assert [outcome.source for outcome in outcomes] == ["s1"]


def test_a_source_in_line_or_in_hand_is_not_taken_twice_and_the_end_leaves_the_line() -> None:
    begun, go_on, asked = threading.Event(), threading.Event(), []
    others = {*threading.enumerate()}

    def wait(one: Source) -> None:
        asked.append(one.id)
        others.add(threading.current_thread())
        begun.set()
        go_on.wait(10)

    turns = Turns(wait, threads=4, at_once=1, seconds_apart=0)
    turns.add([source(1), source(2), source(1)])
    turns.add([source(1), source(2)])
    assert begun.wait(10)
    closing = threading.Thread(target=turns.close)
    idle = {*threading.enumerate()} - others
    assert idle
    closing.start()
    for thread in idle:
        thread.join(10)  # one that has nothing in hand ends when the line is forgotten
    go_on.set()
    closing.join(10)
    assert asked == ["s1"]


def test_a_command_asks_a_host_gently_and_two_hosts_side_by_side(
    tmp_path: Path, government: Government
) -> None:
    """Two names of one server are two hosts."""
    installation = Installation(tmp_path)
    for number in range(8):
        url = government.serve(f"/{number}", rss(call(number)))
        if number % 2:
            url = url.replace("127.0.0.1", "localhost")
        installation.watch(f"s{number}", url)
    started = time.monotonic()
    done = installation.run("poll", "--all", COMMUNIQUE_HOST_SECONDS="0.3", COMMUNIQUE_HOST_CONNECTIONS="1")
    assert "8 sources, 8 fetched" in done.stdout
    assert time.monotonic() - started >= 0.9  # the fourth of a host begins so much later than its first
    hosts = [request.headers["host"].split(":")[0] for request in government.requests]
    assert all(hosts[place : place + 2].count("localhost") == 1 for place in range(0, 8, 2))
    installation.close()


def test_manners_are_kept_unless_the_network_is_ones_own() -> None:
    public, private = settings.load({}), settings.load({"COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1"})
    assert (public.host_connections, public.host_seconds) == (2, 1)
    assert (private.host_connections, private.host_seconds) == (private.threads, 0)
    asked = {"COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1", "COMMUNIQUE_HOST_SECONDS": "2"}
    assert settings.load(asked).host_seconds == 2
