"""Where WebSub hubs call us: to have a request confirmed, and to push (W3C Recommendation, 5.2, 5.3, 7).

The one GET of ours that writes: the standard has it so. It does nothing without the token, which only the hub
knows, nor anything that we did not ask for; and to everybody else, there is nothing here.
"""

from __future__ import annotations

import logging

from flask import Blueprint, Response, abort, current_app, request

from feed import leases, push, websub
from feed.fetch import BODY_BYTES
from feed.source import Catalogue
from storage import hubs
from storage.clock import now
from storage.database import Database
from storage.hubs import Hub

logger = logging.getLogger(__name__)

NOTHING = "There is nothing here."
OVER = "This subscription is over."


def blueprint(log_db: Database, sources: Catalogue, secret_key: str) -> Blueprint:
    """The routes over this log and this catalogue of sources."""
    pages = Blueprint("callbacks", __name__)

    @pages.get("/websub/<source>/<token>")
    def confirm(source: str, token: str) -> Response:
        hub = _calling(log_db, secret_key, source, token)
        if request.method != "GET":
            abort(404, NOTHING)
        said = {name: request.args.get(f"hub.{name}", "") for name in ("mode", "topic", "challenge")}
        if said["mode"] == "denied":
            return _denied(log_db, hub, said["topic"], request.args.get("hub.reason", ""))
        if not websub.is_challenge(said["challenge"]):
            abort(404, NOTHING)
        with log_db.write() as tx:
            known = hubs.get(tx, hub.key)
            if known is None or not leases.agrees(known, said["mode"], said["topic"]):
                abort(404, NOTHING)
            hubs.put(tx, leases.verified(known, request.args.get("hub.lease_seconds", ""), now()))
        logger.info("source %s: %sd at %s", source, said["mode"], hub.host)
        return current_app.response_class(said["challenge"], mimetype="text/plain")

    @pages.post("/websub/<source>/<token>")
    def take(source: str, token: str) -> tuple[str, int]:
        """Says 202 to whatever bears the token, so that nobody learns from us what a good signature is
        (7.1.2)."""
        hub = _calling(log_db, secret_key, source, token)
        if hub.state in ("denied", "leaving", "left"):
            abort(410, OVER)
        watched = sources.current().get(source)
        if watched is None or hub.state != "verified":
            abort(404, NOTHING)  # not yet, or not for long: it may try again
        request.max_content_length = BODY_BYTES
        body = request.get_data(cache=False)
        if len(body) >= BODY_BYTES:  # it came in chunks, so that nobody knew: this is where reading stopped
            abort(413)
        if not hub.signed:
            push.ring(log_db, watched, hub, "the hub does not sign")
        elif websub.is_signed(secret_key, hub, body, request.headers.get("X-Hub-Signature", "")):
            outcome = push.receive(log_db, watched, hub, body, request.headers.get("Content-Type", ""))
            logger.info("source %s: pushed: recorded %d", source, len(outcome.events))
        else:
            logger.warning("source %s: a push without a good signature", source)
        return "", 202

    return pages


def _calling(log_db: Database, secret_key: str, source: str, token: str) -> Hub:
    """The hub whose token this is; a 404 that says nothing where there is none."""
    with log_db.read() as tx:
        known = hubs.of(tx, source)
    return next((hub for hub in known if websub.is_ours(secret_key, hub, token)), None) or abort(404, NOTHING)


def _denied(log_db: Database, hub: Hub, topic: str, reason: str) -> Response:
    with log_db.write() as tx:
        known = hubs.get(tx, hub.key)
        if known is None or not leases.may_deny(known, topic):
            abort(404, NOTHING)
        known = leases.denied(known, reason, now())
        hubs.put(tx, known)
    logger.warning("source %s: %s: %s", hub.source, hub.host, known.reason)
    return current_app.response_class("", mimetype="text/plain")
