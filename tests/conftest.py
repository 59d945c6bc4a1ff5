"""What most tests stand on: a folder with real databases, a government, a mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database, open_database
from tests.installation import Installation
from tests.world.government import Government
from tests.world.mailbox import Mailbox


@pytest.fixture
def log_db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/log.db", "log")
    yield database
    database.close()


@pytest.fixture
def people_db(tmp_path: Path) -> Iterator[Database]:
    database = open_database(f"sqlite:///{tmp_path}/people.db", "people")
    yield database
    database.close()


@pytest.fixture
def government() -> Iterator[Government]:
    with Government(empty=True) as government:
        yield government


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as mailbox:
        yield mailbox


@pytest.fixture
def here(tmp_path: Path, mailbox: Mailbox) -> Iterator[Installation]:
    """An installation that mails to the mailbox."""
    installation = Installation(tmp_path, smtp_url=mailbox.smtp_url)
    yield installation
    installation.close()
