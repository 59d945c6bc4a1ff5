"""The page and the feed about the sources themselves. Reads only; a GET never changes anything."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import timedelta

from flask import Blueprint, Response, abort, current_app, render_template, request

from feed import atom, health, opml
from feed.source import Catalogue
from storage import cursors, hubs, log, source_wording, wording
from storage import source_history as told
from storage.clock import from_stamp, now
from storage.cursors import Cursor
from storage.database import Database


def add(pages: Blueprint, log_db: Database, sources: Catalogue, base_url: str) -> None:
    """The routes over this log and this catalogue of sources."""

    @pages.get("/sources")
    def sources_page() -> str:
        moment = now()
        with log_db.read() as tx:
            known, weekly = cursors.everything(tx), told.weekly(tx, moment)
            pushing = hubs.pushing(tx, moment)
        rows = health.rows(sources.current().values(), known, weekly)
        state = _state()
        return render_template(
            "sources.html",
            rows=[row for row in rows if not state or row.health == state],
            summary=source_wording.summary(row.health for row in rows),
            total=len(rows),
            state=state,
            next_poll=lambda row: health.next_poll(row, moment),
            pushing=pushing,
        )

    @pages.get("/sources.opml")
    def sources_opml() -> Response:
        body = opml.render(sources.current().values(), title=opml.TITLE, created=now())
        return current_app.response_class(body, mimetype=opml.MEDIA_TYPE)

    @pages.get("/sources.atom")
    def sources_atom() -> Response:
        moment = now()
        with log_db.read() as tx:
            events, head = told.newest(tx), log.head(tx)
        names = {key: source.name for key, source in sources.current().items()}
        body = atom.render_sources(events, base_url=base_url, name=lambda key: names.get(key, key), head=head)
        response = current_app.response_class(body, mimetype=atom.MEDIA_TYPE)
        response.headers["Cache-Control"] = "no-cache"
        # Of what is told: a new name in the catalogue changes it, too. Weak (RFC 9110, section 8.8.1), since
        # the log's head may go on without any news of sources.
        shown = [(event.chain, names.get(event.payload.get("source", ""))) for event in events]
        response.set_etag(hashlib.sha256(repr(shown).encode()).hexdigest()[:32], weak=True)
        # The date counts in seconds: one that is not over yet could bring more.
        if events and moment - (modified := from_stamp(events[0].recorded_at)) > timedelta(seconds=1):
            response.last_modified = modified
        response.make_conditional(request)
        return response


def overview(known: Sequence[Cursor]) -> dict[str, object]:
    """What the front page says of the sources: how many are in which state, and what cannot be read."""
    bad = [cursor for cursor in known if cursor.health in ("failing", "held")]
    return {
        "total": len(known),
        "summary": source_wording.summary(cursor.health for cursor in known),
        "working": any(cursor.health == "ok" for cursor in known),
        "waiting": any(cursor.health == "new" for cursor in known),
        "bad": source_wording.grouped(bad, lambda cursor: cursor.reason or ""),
        "last_poll": max((cursor.last_poll for cursor in known if cursor.last_poll), default=None),
    }


def _state() -> str:
    """The state that the page is asked for, '' for all; an unknown one is a 400."""
    asked = request.args.get("health", "")
    if asked and asked not in wording.HEALTHS:
        abort(400, f"there is no state {asked[:50]!r}: the states are {', '.join(wording.HEALTHS)}")
    return asked
