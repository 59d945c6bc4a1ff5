"""Who is measured: our own poll, the floor and the peer; how each is started, and in which folder.

A folder holds all that a contender keeps, so that a copy of it is a state to start from again.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.measure import Usage, run

OURS, BARE, READER = "communique", "bare loop", "reader"
BARE_THREADS = "bare loop, 8 threads"
READER_WORKERS = "reader, 10 workers"

PUBLISHERS = (("GB", "DSIT"), ("GB", "UKRI"), ("IN", "DST"), ("US", "NSF"), ("EU", "European Commission"))


def poll(contender: str, folder: Path) -> Usage:
    """Let it poll everything once, in a process of its own."""
    return run(_command(contender, folder), environment(folder), folder)


def settle(contender: str, folder: Path, urls: Sequence[str]) -> None:
    """Make a folder in which it knows these addresses and has asked none of them."""
    folder.mkdir(parents=True)
    (folder / "urls").write_text("".join(f"{url}\n" for url in urls), encoding="utf-8")
    (folder / "sources.toml").write_text(_catalogue(urls), encoding="utf-8")
    if contender in (READER, READER_WORKERS):
        poll(contender, folder)  # the first time, it only takes in the addresses


def _command(contender: str, folder: Path) -> list[str]:
    if contender == OURS:
        return [str(Path(sys.executable).parent / "communique"), "poll", "--all"]
    module, options = {
        BARE: ("bench.bare", []),
        BARE_THREADS: ("bench.bare", ["8"]),
        READER: ("bench.peer", []),
        READER_WORKERS: ("bench.peer", ["10"]),
    }[contender]
    return [sys.executable, "-m", module, str(folder), *options]


def environment(folder: Path) -> dict[str, str]:
    """For a process of ours whose data and catalogue are in this folder."""
    ours = {name for name in os.environ if name.startswith("COMMUNIQUE_")}
    return {
        **{name: value for name, value in os.environ.items() if name not in ours},
        "COMMUNIQUE_LOG_URL": f"sqlite:///{folder}/log.db",
        "COMMUNIQUE_PEOPLE_URL": f"sqlite:///{folder}/people.db",
        "COMMUNIQUE_SOURCES": str(folder / "sources.toml"),
        "COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1",
        # Where reader is not told so, it parses with a copy of feedparser of its own, which needs a module
        # (sgmllib) that feedparser itself no longer brings along. So all three parse with the same one.
        "READER_NO_VENDORED_FEEDPARSER": "1",
    }


def _catalogue(urls: Sequence[str]) -> str:
    return "".join(
        f'[[source]]\nid = "office-{number}"\nname = "Office {number}: news"\nurl = "{url}"\n'
        'country = "{}"\nbody = "{}"\n'.format(*PUBLISHERS[number % len(PUBLISHERS)])
        for number, url in enumerate(urls)
    )
