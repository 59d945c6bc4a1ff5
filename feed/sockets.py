"""The connections that fetch uses: none to a private address unless allowed, none that drips for ever.

May not send or read anything of its own.
"""

from __future__ import annotations

import heapq
import ipaddress
import itertools
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from urllib3 import PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from feed.errors import PrivateAddress, TooSlow

TOTAL_SECONDS = 30.0
"""The longest that an answer may take, from the request to its last byte."""

TOO_SLOW = "took more than {:g} seconds to answer"


def open_pools(*, guarded: bool, connections: int) -> PoolManager:
    """Pools that keep up to `connections` open for each host; guarded, none to an address that is not
    public."""
    pools = PoolManager(num_pools=64, maxsize=connections, block=False)
    pools.pool_classes_by_scheme = (
        {"http": _GuardedHTTPPool, "https": _GuardedHTTPSPool}
        if guarded
        else {"http": _HTTPPool, "https": _HTTPSPool}
    )
    return pools


def _guard(sock: socket.socket) -> socket.socket:
    """Refuse a socket that is connected to no public address; after DNS and redirects, so that neither
    can be used to go around it."""
    peer = ipaddress.ip_address(sock.getpeername()[0].partition("%")[0])
    if not all(address.is_global and not address.is_multicast for address in _meant(peer)):
        sock.close()
        raise PrivateAddress(
            f"leads to the private address {peer}; COMMUNIQUE_ALLOW_PRIVATE_NETWORKS=1 would allow that"
        )
    return sock


def _meant(peer: ipaddress.IPv4Address | ipaddress.IPv6Address) -> list[Any]:
    """The addresses that an address leads to: an IPv6 one may only wrap an IPv4 one."""
    if isinstance(peer, ipaddress.IPv4Address):
        return [peer]
    if peer.is_site_local:
        return [ipaddress.IPv4Address("10.0.0.0")]
    if peer in _NAT64:
        return [ipaddress.IPv4Address(int(peer) & 0xFFFFFFFF)]
    if peer.ipv4_mapped:
        return [peer.ipv4_mapped]
    return [peer, peer.sixtofour] if peer.sixtofour else [peer]


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class _Watch:
    """One thread for all connections, which hangs up where the head of an answer takes too long: a byte
    now and then keeps a socket's own timeout from coming."""

    def __init__(self) -> None:
        self._waking = threading.Condition()
        self._number = itertools.count()
        self._watched: list[tuple[float, int, _Head]] = []
        self._running = False

    @contextmanager
    def over(self, sock: socket.socket | None) -> Iterator[None]:
        """Hang up after TOTAL_SECONDS, unless the block ends before. Raises TooSlow when it did not."""
        head = _Head(sock)
        with self._waking:
            heapq.heappush(self._watched, (time.monotonic() + TOTAL_SECONDS, next(self._number), head))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="watch", daemon=True).start()
            elif self._watched[0][2] is head:
                self._waking.notify()
        try:
            yield
        finally:
            head.here = True
            if head.late:
                raise TooSlow(TOO_SLOW.format(TOTAL_SECONDS))

    def _run(self) -> None:
        with self._waking:
            while True:
                while self._watched and (self._watched[0][2].here or self._watched[0][0] <= time.monotonic()):
                    heapq.heappop(self._watched)[2].hang_up()
                self._waking.wait(self._watched[0][0] - time.monotonic() if self._watched else None)


class _Head:
    """The head of an answer that is being waited for."""

    def __init__(self, sock: socket.socket | None) -> None:
        self._sock = sock
        self.here = False
        self.late = False

    def hang_up(self) -> None:
        if self.here or self._sock is None:
            return
        self.late = True
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it is closed already


_WATCH = _Watch()


class _HTTP(HTTPConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        with _WATCH.over(self.sock):
            return super().getresponse()


class _HTTPS(HTTPSConnection):
    def getresponse(self) -> HTTPResponse:  # type: ignore[override]  # as in urllib3
        with _WATCH.over(self.sock):
            return super().getresponse()


class _GuardedHTTP(_HTTP):
    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn())


class _GuardedHTTPS(_HTTPS):
    def _new_conn(self) -> socket.socket:
        return _guard(super()._new_conn())


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTP


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPS


class _GuardedHTTPPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _GuardedHTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS
