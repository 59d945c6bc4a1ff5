"""Poll and deliver once, and die at a given point: `python -m tests.crashing FOLDER SMTP_URL POINT`.

The points lie between the steps that docs/architecture.md numbers, and inside the transactions of the
steps that write. Nothing in the product knows of them: they are put around its own functions.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.installation import Installation

POINTS = {
    "before step 1 (lease)": ("feed.poll.poll", "before"),
    "inside step 1": ("storage.cursors.lease", "after"),
    "before step 2 (fetch)": ("feed.fetch.Fetcher.get", "before"),
    "before step 3 (parse)": ("feed.poll.parse", "before"),
    "before step 4 (read)": ("feed.poll.read_texts", "before"),
    "before step 5 (record)": ("feed.poll.read_texts", "after"),
    "inside step 5, the events appended": ("storage.log.append", "after"),
    "inside step 5, the read model written": ("storage.effects.apply", "after"),
    "inside step 5, the cursor advanced": ("storage.cursors.advance", "after"),
    "before step 6 (match)": ("notifier.deliver.match_new", "before"),
    "inside step 6, deliveries owed": ("storage.outbox.owe", "after"),
    "inside step 6, the checkpoint moved": ("storage.outbox.move_checkpoint", "after"),
    "before step 7 (claim)": ("notifier.deliver.deliver_due", "before"),
    "inside step 7": ("storage.outbox.claim", "after"),
    "before step 8 (render)": ("notifier.deliver._render", "before"),
    "before step 9 (send)": ("notifier.channels.email.Email.send", "before"),
    "before step 10 (settle)": ("notifier.channels.email.Email.send", "after"),
    "inside step 10": ("storage.outbox.settle", "after"),
}
WINDOW = {"before step 10 (settle)", "inside step 10"}
"""Between the mail server's acceptance and our note of it: the one place where a message may go twice."""


class Crash(BaseException):
    """The end of the process, as far as the code under test can tell."""


def at(point: str, die: Callable[[], None], patch: Callable[[Any, str, Any], None]) -> None:
    """Arrange that the first arrival at this point calls `die`; `patch(owner, name, value)` replaces."""
    path, side = POINTS[point]
    owner, name = _owner(path)
    original = getattr(owner, name)

    def around(*arguments: Any, **keywords: Any) -> Any:
        if side == "before":
            die()
        result = original(*arguments, **keywords)
        if side == "after":
            die()
        return result

    patch(owner, name, around)


def _owner(path: str) -> tuple[Any, str]:
    parts = path.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            owner: Any = import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:-1]:
            owner = getattr(owner, part)
        return owner, parts[-1]
    raise LookupError(path)


def main() -> None:
    """Poll what the folder's sources.toml names, deliver, and be killed on the way."""
    folder, smtp_url, point = sys.argv[1:]
    from feed import source

    installation = Installation(Path(folder), smtp_url=smtp_url, keep_sources=True)
    installation.sources = source.load(installation.settings.sources)
    at(point, lambda: os.kill(os.getpid(), signal.SIGKILL), setattr)
    work(installation)


def work(installation: Installation) -> None:
    """What the worker does with one source and one subscriber, called as it calls it."""
    from feed import poll
    from feed.worker import letterhead
    from notifier import deliver
    from notifier.channels import open_channel

    poll.prepare(installation.log_db, installation.sources.values())
    for watched in installation.sources.values():
        poll.poll(installation.log_db, installation.fetcher, watched)
    deliver.match_new(installation.log_db, installation.people_db)
    deliver.deliver_due(
        installation.log_db,
        installation.people_db,
        open_channel(installation.settings.smtp_url),
        letterhead(installation.settings),
    )


if __name__ == "__main__":
    main()
