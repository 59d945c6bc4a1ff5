"""Who holds a lease: a name for this process, and whether the process behind a name is gone.

A lease runs out by itself; this only spares the wait when its holder died on this machine.
"""

from __future__ import annotations

import os
import secrets
import socket
from functools import cache


@cache
def me() -> str:
    """This process, as `host:pid:nonce`; the nonce tells it from an earlier process of the same pid."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def gone(holder: str) -> bool:
    """Whether the process named `holder` ran on this machine and is no more. When in doubt, no."""
    host, _, rest = holder.rpartition(":")[0].rpartition(":")
    if host != socket.gethostname() or not rest.isdigit():
        return False
    if int(rest) == os.getpid():
        return holder != me()
    try:
        os.kill(int(rest), 0)  # signal 0 only asks
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False
