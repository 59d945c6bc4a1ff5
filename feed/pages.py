"""The public pages and feeds: the log and its subjects. Reads only; a GET never changes anything.

May not import notifier: forms for subscribers are its own blueprint.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, render_template, request
from markupsafe import Markup

from feed import atom, by_hand, quoted, revisions, source_pages
from feed.linked import Page, together
from feed.quoted import Piece
from feed.source import Catalogue
from storage import (
    carrying,
    catalogue,
    cursors,
    filters,
    listings,
    log,
    redaction,
    source_wording,
    terms,
    wording,
)
from storage.catalogue import Announcement
from storage.clock import now
from storage.database import Database, Tx
from storage.events import TYPES, Evidence
from storage.filters import Filter
from storage.log import Head, Recorded
from storage.plain import joined

PAGE = 50
POSITION = "<int(max=999999999999999999):position>"
"""As large as a position may be asked for: SQLite counts in 64 bits."""


def blueprint(log_db: Database, sources: Catalogue, base_url: str) -> Blueprint:
    """The routes over this log and this catalogue of sources."""
    pages = Blueprint("feed", __name__, template_folder="templates", static_folder="static")
    _listings(pages, log_db, base_url)
    _records(pages, log_db, base_url)
    source_pages.add(pages, log_db, sources, base_url)

    @pages.app_context_processor
    def words() -> dict[str, object]:
        watched = sources.current()
        return {
            "wording": wording,
            "source_wording": source_wording,
            "terms": terms,
            "technologies": [(item.slug, item.label) for item in terms.technologies().values()],
            "ago": ago,
            "coded": coded,
            "revised": revisions.shown,
            "said": said,
            "source_name": lambda key: watched[key].name if key in watched else key,
        }

    return pages


def _listings(pages: Blueprint, log_db: Database, base_url: str) -> None:
    """What takes filters: the front page, the feed, the log."""

    @pages.get("/")
    def front() -> str:
        with log_db.read() as tx:
            wanted, before = _asked(tx)
            entries = listings.entries(tx, wanted, now(), before=before, limit=PAGE + 1)
            return render_template(
                "front.html",
                entries=entries[:PAGE],
                more=entries[PAGE - 1].event.position if len(entries) > PAGE else None,
                closing=listings.closing(tx, now(), limit=8),
                counts=listings.counts(tx),
                head=log.head(tx),
                health=source_pages.overview(cursors.everything(tx)),
                countries=[(code, terms.country_name(code)) for code in listings.values(tx, "country")],
                **_wish(wanted),
            )

    @pages.get("/feed.atom")
    def feed_atom() -> Response:
        with log_db.read() as tx:
            wanted, _ = _asked(tx)
            entries = listings.entries(tx, wanted, now(), limit=PAGE)
            head = log.head(tx)
        title = "Communiqué: initiatives and funding calls of governments"
        if wanted != filters.EVERYTHING:
            title = f"Communiqué: {wording.wish(wanted)}"
        query = filters.to_query(wanted)
        body = atom.render(entries, title=title, base_url=base_url, query=query, head=head)
        response = current_app.response_class(body, mimetype=atom.MEDIA_TYPE)
        return _validated(response, head, wanted)

    @pages.get("/events")
    def events() -> str:
        with log_db.read() as tx:
            wanted, before = _asked(tx)
            if wanted == filters.EVERYTHING:
                found = log.newest(tx, before=before, limit=PAGE + 1)
            else:
                entries = listings.entries(tx, wanted, now(), before=before, limit=PAGE + 1)
                found = [entry.event for entry in entries]
            more = found[PAGE - 1].position if len(found) > PAGE else None
            return render_template(
                "events.html", events=found[:PAGE], more=more, head=log.head(tx), **_wish(wanted)
            )


def _records(pages: Blueprint, log_db: Database, base_url: str) -> None:
    """What shows one thing: an event, a subject, the raw lines."""

    @pages.get(f"/events/{POSITION}")
    def event(position: int) -> str:
        with log_db.read() as tx:
            found = log.get(tx, position) or abort(404, f"the log has no event {position}")
            entry = catalogue.entry(tx, found)
            before = log.get(tx, position - 1)
            head = log.head(tx)
            redacted_by = redaction.told_at(tx, position) if found.is_redacted else None
            changed = revisions.shown(said(found), lambda digest: log.text(tx, digest))
        previous = before.chain if before else log.GENESIS
        return render_template(
            "event.html",
            event=found,
            entry=entry,
            changed=changed,
            redacted_by=redacted_by,
            previous=previous,
            head=head,
            digest_command=by_hand.digest_command(found, base_url),
            chain_command=by_hand.chain_command(found, previous),
        )

    @pages.get(f"/events/{POSITION}.json")
    def event_json(position: int) -> Response:
        with log_db.read() as tx:
            found = log.get(tx, position) or abort(404, f"the log has no event {position}")
        return current_app.response_class(found.line(), mimetype="application/json")

    @pages.get("/events.ndjson")
    def events_ndjson() -> Response:
        slices = carrying.slices(log_db, after=_position("after") or 0, texts=_flag("texts"))
        return current_app.response_class(map("".join, slices), mimetype="application/x-ndjson")

    @pages.get("/subjects/<key>")
    def subject(key: str) -> str:
        with log_db.read() as tx:
            found = catalogue.subject(tx, key) or abort(404, "there is no such initiative or call")
            story = catalogue.story(tx, key)
            announcement = catalogue.announcement(tx, found.announcement)
            twins = catalogue.twins(tx, key)
            told = _told(tx, story)
        return render_template(
            "subject.html",
            subject=found,
            story=story,
            announcement=announcement,
            twins=twins,
            told=told,
            status=filters.status(found, now()),
        )

    @pages.get("/healthz")
    def healthz() -> Response:
        with log_db.read() as tx:
            head = log.head(tx)
        return jsonify(status="ok", position=head.position, chain=head.chain)


def _told(tx: Tx, story: Sequence[Recorded]) -> list[tuple[Announcement, list[list[Piece]]]]:
    """The announcements that a subject's facts were read in, each with the passages that say them."""
    read: dict[str, dict[str, list[Evidence]]] = {}
    for payload in filter(None, map(said, story)):
        fields = read.setdefault(payload["announcement"], {})
        items = [Evidence(**item) for item in payload["evidence"]]
        # What was read last of a field counts.
        fields.update(
            {name: [item for item in items if item.field == name] for name in {i.field for i in items}}
        )
    found = []
    for key, fields in read.items():
        announcement = catalogue.announcement(tx, key)
        evidence = [item for items in fields.values() for item in items]
        if announcement and (passages := quoted.passages(_words(tx, announcement), evidence)):
            found.append((announcement, passages))
    return found


def _words(tx: Tx, announcement: Announcement) -> str:
    """All that was read of an announcement: its title, its text, and what its page says."""
    long = log.text(tx, announcement.text) if announcement.text else None
    text = joined(announcement.summary, long or "")
    page = log.text(tx, announcement.page) if announcement.page else None
    return f"{announcement.title}\n{together(text, Page(text=page)) if page else text}"


def _asked(tx: Tx) -> tuple[Filter, int | None]:
    """The filter in the address, and the position to go on from; an unknown value is a 400."""
    pairs = [(name, value) for name, value in request.args.items(multi=True) if name != "before"]
    known = cursors.known(tx)
    return filters.parse(pairs, known), _position("before")


def _position(name: str) -> int | None:
    """The position in a query parameter, None when it is not there; anything else is a 400."""
    given = request.args.get(name, "")
    if given and not re.fullmatch(r"[0-9]{1,18}", given):
        abort(400, f"{given[:50]!r} is no position for {name}: use a number such as 0")
    return int(given) if given else None


def _flag(name: str) -> bool:
    """Whether a query parameter is 1; anything but 0 or 1 is a 400."""
    if (given := request.args.get(name, "0")) not in ("0", "1"):
        abort(400, f"{name} is {given[:50]!r}: use 1 or 0")
    return given == "1"


def _wish(wanted: Filter) -> dict[str, object]:
    return {
        "wanted": wanted,
        "query": filters.to_query(wanted),
        "wish": wording.wish(wanted) if wanted != filters.EVERYTHING else None,
    }


def _validated(response: Response, head: Head, wanted: Filter) -> Response:
    """ETag from the log's head; none where the answer also depends on the time of day."""
    response.headers["Cache-Control"] = "no-cache"
    if not wanted.status and wanted.closing_within is None:
        response.set_etag(f"{head.position}-{head.chain[:16]}")
        response.make_conditional(request)
    return response


def said(event: Recorded) -> dict[str, Any]:
    """What an event says, for pages: nothing where its type is of a later version, whose words could be
    anything."""
    return event.payload if event.type in TYPES else {}


def coded(words: str) -> Markup:
    """Words with the `commands` in them as code."""
    code = Markup("<code>{}</code>")
    parts = re.split("`([^`]+)`", words)  # every second one stood between two backticks
    return Markup("").join(code.format(part) if number % 2 else part for number, part in enumerate(parts))


def ago(stamp: str | None) -> str:
    """How long ago a moment was (or how far ahead it is), in words."""
    return wording.ago(stamp, now())
