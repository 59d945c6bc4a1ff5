"""A short form of tests/killing.py, without a clock: each run dies at a random one of its calls."""

from __future__ import annotations

import secrets
from pathlib import Path
from random import Random

from tests.killing import Trial
from tests.world.government import Government
from tests.world.mailbox import Mailbox

RUNS = 12


def test_kill_9_at_any_call_loses_nothing_and_doubles_no_event(
    tmp_path: Path, government: Government, mailbox: Mailbox
) -> None:
    seed = secrets.randbits(32)
    print(f"seed {seed}")  # shown when it fails
    trial = Trial(tmp_path, government, mailbox, Random(seed))
    trial.begin()
    trial.publish(2)
    calls = trial.run().calls
    assert calls > 100
    killed = 0
    for _ in range(RUNS):
        trial.publish(2)
        killed += trial.run(call=trial.random.randint(1, calls)).killed
        trial.check_files()
    trial.finish()
    figures = trial.check()
    assert killed >= RUNS / 2
    assert figures["announcements"] == 10 + 2 + 2 * RUNS
    assert figures["doubled"] <= killed
