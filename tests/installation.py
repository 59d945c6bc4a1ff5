"""An installation in a folder, to test against: real files, the real fetcher, a catalogue that grows."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

from feed import poll, rounds, visits
from feed.app import create_app
from feed.fetch import Fetcher
from feed.poll import Outcome
from feed.settings import Settings
from feed.source import Source
from feed.visitor import Visitor
from feed.worker import letterhead
from notifier import deliver
from notifier.channels import open_channel
from storage import cursors, filters, listings, log, people
from storage.clock import now
from storage.database import open_database
from storage.events import Event
from storage.log import Recorded

ROOT = Path(__file__).parent.parent


class Installation:
    """One data folder and everything over it."""

    def __init__(self, folder: Path, *, smtp_url: str = "", keep_sources: bool = False) -> None:
        self.folder = folder
        self.settings = settings_in(folder, smtp_url)
        self.sources: dict[str, Source] = {}
        self.apps: list[Flask] = []
        if not keep_sources:
            (folder / "sources.toml").write_text("", encoding="utf-8")
        self.log_db = open_database(self.settings.log_url, "log")
        self.people_db = open_database(self.settings.people_url, "people")
        self.fetcher = Fetcher(contact="http://communique.example", allow_private_networks=True)
        self.visitor = Visitor(self.fetcher)

    def close(self) -> None:
        for app in self.apps:
            for database in app.extensions["databases"]:
                database.close()
        self.fetcher.close()
        self.log_db.close()
        self.people_db.close()

    def watch(self, key: str, url: str, **fields: Any) -> None:
        """Add a source to the catalogue (and to sources.toml, for commands)."""
        known: dict[str, Any] = {"id": key, "name": key.title(), "url": url, "country": "GB", "body": "DSIT"}
        self.sources[key] = Source(**{**known, **fields})
        lines = []
        for source in self.sources.values():
            lines += ["[[source]]"]
            texts = ("id", "name", "url", "country", "body", "kind")
            lines += [f'{name} = "{getattr(source, name)}"' for name in texts]
            lines += [f"kinds = {list(source.kinds)}", f"ports = {list(source.ports)}"]
            if source.pages is not None:
                lines += [f"pages = {str(source.pages).lower()}"]
            if source.interval_minutes is not None:
                lines += [f"interval_minutes = {source.interval_minutes}"]
        (self.folder / "sources.toml").write_text("\n".join(lines), encoding="utf-8")

    def poll(self, *keys: str) -> dict[str, Outcome]:
        """Poll the named sources, or all."""
        poll.prepare(self.log_db, self.sources.values())
        chosen = [self.sources[key] for key in keys or self.sources]

        def poll_one(source: Source) -> Outcome:
            return poll.poll(self.log_db, self.fetcher, source, visitor=self.visitor)

        return {outcome.source: outcome for outcome in rounds.side_by_side(poll_one, chosen, 4)}

    def visit(self, *, early: bool = True) -> list[Event]:
        """Read the linked pages that were left for later, whatever their time."""
        due = visits.due(self.log_db, self.sources, early=early)
        return [
            event
            for visit in due
            for event in visits.read_later(self.log_db, self.visitor, self.sources[visit.source], visit)
        ]

    def deliver(self) -> tuple[int, int, int]:
        """Match and deliver once: matched, sent, failed."""
        matched = deliver.match_new(self.log_db, self.people_db)
        channel = open_channel(self.settings.smtp_url)
        sent, failed = deliver.deliver_due(self.log_db, self.people_db, channel, letterhead(self.settings))
        return matched, sent, failed

    def subscribe(self, email: str, query: str = "", cadence: str = "immediate") -> str:
        """Subscribe an address that has confirmed; the subscription's id."""
        from urllib.parse import parse_qsl

        wanted = filters.to_query(filters.parse(parse_qsl(query)))
        with self.log_db.read() as tx:
            after = log.head(tx).position
        with self.people_db.write() as tx:
            subscription = people.subscribe(tx, email, wanted, cadence, now())
            people.confirm(tx, subscription.id, after, now())
        return subscription.id

    def events(self, *types: str) -> list[Recorded]:
        with self.log_db.read() as tx:
            return [event for event in log.read(tx) if not types or event.type in types]

    def cursor(self, key: str) -> cursors.Cursor:
        with self.log_db.read() as tx:
            found = cursors.get(tx, key)
        assert found is not None
        return found

    def subjects(self) -> list[filters.Subject]:
        with self.log_db.read() as tx:
            entries = listings.entries(tx, filters.EVERYTHING, now(), limit=1000)
        return list({entry.subject.id: entry.subject for entry in reversed(entries)}.values())

    def browser(self) -> Any:
        """A client for the pages."""
        return self.app().test_client()

    def app(self) -> Flask:
        """The web application; its databases are closed with the installation."""
        self.apps.append(create_app(self.settings))
        return self.apps[-1]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a process works on this installation."""
        return environment(self.settings)

    def run(
        self,
        *arguments: str,
        stdin: str | bytes | None = None,
        before: Sequence[str] = (),
        **env: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run the command as a process, in the installation's folder; `before` stands before it."""
        text = stdin.decode() if isinstance(stdin, bytes) else stdin
        return subprocess.run(
            [*before, str(Path(sys.executable).parent / "communique"), *arguments],
            env={**self.environment, **env},
            cwd=self.folder,
            input=text,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


def settings_in(folder: Path, smtp_url: str = "") -> Settings:
    """The settings of an installation in this folder."""
    return Settings(
        log_url=f"sqlite:///{folder}/log.db",
        people_url=f"sqlite:///{folder}/people.db",
        sources=str(folder / "sources.toml"),
        base_url="http://communique.example",
        smtp_url=smtp_url,
        secret="a secret for tests",
        allow_private_networks=True,
        threads=4,
    )


def environment(settings: Settings) -> dict[str, str]:
    """The environment in which a process works with these settings."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("COMMUNIQUE_")},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "COMMUNIQUE_LOG_URL": settings.log_url,
        "COMMUNIQUE_PEOPLE_URL": settings.people_url,
        "COMMUNIQUE_SOURCES": settings.sources,
        "COMMUNIQUE_BASE_URL": settings.base_url,
        "COMMUNIQUE_SMTP_URL": settings.smtp_url,
        "COMMUNIQUE_SECRET_KEY": settings.secret,
        "COMMUNIQUE_ALLOW_PRIVATE_NETWORKS": "1",
    }


def rss(*items: Mapping[str, str]) -> bytes:
    """A plain RSS 2.0 feed with these items."""
    written = "".join(
        "<item>" + "".join(f"<{name}>{_escaped(value)}</{name}>" for name, value in item.items()) + "</item>"
        for item in items
    )
    return (
        '<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>News</title>'
        f"<link>https://gov.example/</link><description>News</description>{written}</channel></rss>"
    ).encode()


def call(number: int = 1, **changes: str) -> dict[str, str]:
    """An item that announces a funding call."""
    item = {
        "title": f"Funding call {number}: quantum networks",
        "link": f"https://gov.example/calls/{number}",
        "guid": f"https://gov.example/calls/{number}",
        "description": (
            f"Apply for a share of up to £{number} million to build quantum networks. "
            "Applications close on 12 March 2027."
        ),
    }
    return {**item, **changes}


def visit(number: int = 1, **changes: str) -> dict[str, str]:
    """An item that announces nothing that anyone could join or apply for."""
    item = {
        "title": f"Minister visits bridge {number}",
        "link": f"https://gov.example/news/visit-{number}",
        "guid": f"https://gov.example/news/visit-{number}",
        "description": f"The Minister for Roads met the engineers of bridge {number} today.",
    }
    return {**item, **changes}


def _escaped(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
