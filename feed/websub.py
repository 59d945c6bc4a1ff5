"""WebSub as a subscriber speaks it (W3C Recommendation of 23 January 2018; its sections stand in brackets).

Pure: no clock, no network, no database. May not know where we stand with a hub: that is feed.leases.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from urllib.parse import urlencode, urlsplit

from feed.question import Question
from storage.hubs import Hub

LEASE_SECONDS = 10 * 24 * 3600
"""So long we ask to be told: what the Recommendation calls a good default [8.2]."""
SHORTEST_LEASE_SECONDS = 5 * 60
LONGEST_LEASE_SECONDS = 30 * 24 * 3600

_ALGORITHMS = {name: getattr(hashlib, name) for name in ("sha1", "sha256", "sha384", "sha512")}
"""The recognised names [7.1.1]. Most hubs sign with SHA-1; as a keyed digest (HMAC) it still holds."""

_CHALLENGE = re.compile(r"[ -~]{1,1000}")
"""Of a challenge, printable characters and so many are echoed [8.2]."""


def token(secret_key: str, hub: Hub) -> str:
    """What makes our address for this hub unguessable [5.1]: nobody but the hub learns it."""
    return _derived(secret_key, "websub callback", hub)


def key(secret_key: str, hub: Hub) -> str:
    """What the hub signs with: 64 bytes; it may be less than 200 [5.1]."""
    return _derived(secret_key, "websub signature", hub)


def is_ours(secret_key: str, hub: Hub, given: str) -> bool:
    """Whether somebody who calls us has the hub's token."""
    return hmac.compare_digest(token(secret_key, hub).encode(), given.encode())


def may_have_key(address: str, *, private_networks: bool) -> bool:
    """Whether a hub is given a key: over https [5.1], or in a network of our own. Any other is taken for a
    bell: when it rings, the source itself is asked."""
    return private_networks or urlsplit(address).scheme == "https"


def request(hub: Hub, base_url: str, secret_key: str) -> Question:
    """What to send to the hub [5.1]: that we want to be told, or, on leaving, that we do not any more.

    A hub's address comes from a feed, which must not lead us anywhere: no port but the usual ones and those
    that the caller adds, no password.
    """
    form = {
        "hub.mode": "unsubscribe" if hub.state == "leaving" else "subscribe",
        "hub.topic": hub.topic,
        "hub.callback": f"{base_url}/websub/{hub.source}/{token(secret_key, hub)}",
    }
    if hub.state != "leaving":
        form["hub.lease_seconds"] = str(LEASE_SECONDS)
        if hub.signed:
            form["hub.secret"] = key(secret_key, hub)
    return Question(
        hub.hub,
        body=urlencode(form).encode(),
        content_type="application/x-www-form-urlencoded",
        accept="*/*",
        named=False,
    )


def is_signed(secret_key: str, hub: Hub, body: bytes, header: str) -> bool:
    """Whether X-Hub-Signature says that the hub, and nobody else, sent this body [7.1]."""
    name, _, signature = header.strip().partition("=")
    algorithm = _ALGORITHMS.get(name.lower())
    if algorithm is None:
        return False
    expected = hmac.new(key(secret_key, hub).encode(), body, algorithm).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.strip().lower().encode())


def is_challenge(given: str) -> bool:
    """Whether a challenge is one that may be echoed."""
    return _CHALLENGE.fullmatch(given) is not None


def lease_seconds(given: str) -> int:
    """How long the hub says that it will push [5.3], within reason; as asked for where it does not say."""
    seconds = int(given) if re.fullmatch(r"[0-9]{1,12}", given) else LEASE_SECONDS
    return min(max(seconds, SHORTEST_LEASE_SECONDS), LONGEST_LEASE_SECONDS)


def _derived(secret_key: str, purpose: str, hub: Hub) -> str:
    message = json.dumps([purpose, *hub.key])
    return hmac.new(secret_key.encode(), message.encode(), hashlib.sha256).hexdigest()
