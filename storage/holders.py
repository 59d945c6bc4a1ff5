"""Who holds a lease: a name for this process, and whether the process behind a name is gone.

A lease runs out by itself; this only spares the wait when its holder died on this machine.
"""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache
from pathlib import Path


@cache
def me() -> str:
    """This process, as `place:pid:nonce`; the nonce tells it from an earlier process of the same pid."""
    return f"{_place()}:{os.getpid()}:{secrets.token_hex(4)}"


def gone(holder: str) -> bool:
    """Whether the process named `holder` ran in this place and is no more. When in doubt, no."""
    place, _, pid = holder.rpartition(":")[0].rpartition(":")
    if place != _place() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():
        return holder != me()
    try:
        os.kill(int(pid), 0)  # signal 0 only asks
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return False
    return False


@cache
def _place() -> str:
    """Where a pid means one process: this machine since it started, and the same container."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        namespace = Path("/proc/self/ns/pid").readlink().name
    except OSError:
        return socket.gethostname()
    return f"{socket.gethostname()}/{boot}/{namespace.strip('pid:[]')}"
