"""Two workers on one data folder, started by mistake: every announcement once, every mail once."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from random import Random

from tests.disks import whole
from tests.killing import Trial
from tests.working import working
from tests.world.government import Government
from tests.world.mailbox import Mailbox, Received


def test_two_workers_on_one_folder_do_everything_once(
    tmp_path: Path, government: Government, mailbox: Mailbox
) -> None:
    """Four feeds, one of them with linked pages, and five subscribers."""
    # The feed that is left out asks to be polled once an hour.
    trial = Trial(tmp_path, government, mailbox, Random(0), silent="ukri-opportunities")
    trial.begin()
    before = set(trial.told)
    with trial.opened() as here, working(here) as one, working(here) as other:
        for _ in range(4):
            trial.publish(5)
            arrived = partial(all_told, news=trial.told - before)
            assert mailbox.wait_for(arrived, 60), one.lines + other.lines
    assert not [line for line in one.lines + other.lines if "ERROR" in line or "Traceback" in line]
    assert whole(tmp_path)
    messages = len(mailbox.messages)
    trial.finish()
    figures = trial.check()
    assert len(mailbox.messages) == messages, "the workers had left something"
    assert (figures["announcements"], figures["doubled"]) == (30, 0)


def all_told(messages: Sequence[Received], news: set[str]) -> bool:
    """Whether whoever wants everything has been told of each of these announcements."""
    told = [message for message in messages if "anna@example.org" in message.envelope_rcpt]
    return news <= {word for message in told for word in message.get_body(("plain",)).get_content().split()}
