"""How to check one event by hand: the commands that its page shows.

Pure: no clock, no network, no database. They need a shell, curl, sed, tr, printf and sha256sum, and no trust
in us. What comes from the log is quoted for the shell, since it may have been recorded elsewhere.
"""

from __future__ import annotations

import shlex

from storage.log import REDACTED, Recorded


def digest_command(event: Recorded, base_url: str) -> str | None:
    """What prints the event's digest: SHA-256 of its data, as it stands in the event's JSON. None where the
    data was redacted."""
    if event.data == REDACTED:
        return None
    address = shlex.quote(f"{base_url}/events/{event.position}.json")
    return f"curl -s {address} |\n  {_CUT_OUT} |\n  tr -d '\\n' | sha256sum"


_CUT_OUT = """sed 's/^.*"chain": "[0-9a-f]*", "data": //; s/}$//'"""
"""Within the data no quotation mark of a text stands without a backslash, and no blank behind a name."""


def chain_command(event: Recorded, previous: str) -> str:
    """What prints the event's chain: SHA-256 of seven lines, `previous` being the chain before."""
    words = (previous, event.position, event.stream, event.version, event.type, event.recorded_at)
    first, *others, last = (shlex.quote(str(word)) for word in (*words, event.digest))
    return f"printf '%s\\n' {first} \\\n  {' '.join(others)} \\\n  {last} |\n  sha256sum"
