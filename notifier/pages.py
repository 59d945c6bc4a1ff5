"""The pages for subscribers: subscribe, confirm, change, unsubscribe. A GET only asks; a POST acts.

Whether an address is known is never shown on a page: that is said by mail, to the address alone.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, abort, make_response, render_template, request
from werkzeug.datastructures import MultiDict

from notifier.address import normal
from notifier.message import CADENCES
from notifier.tokens import ForgedToken, StaleToken, Tokens
from storage import cursors, filters, listings, log, outbox, people, terms, wording
from storage.clock import from_stamp, now
from storage.database import Database, Tx
from storage.filters import FilterError
from storage.people import Subscription

ASK_AGAIN = timedelta(minutes=1)
"""A second request to confirm the same leaves no sooner."""

ASKED_AN_HOUR = 5
"""So many requests to confirm go to one address, so that nobody's inbox is filled through our form."""

OFFERED = ("GB", "IN", "EU", "US", "AU", "CA", "DE", "FR", "JP", "KR", "SG")
"""Countries that the form offers even before the log names them."""

STALE = "This link is too old: a request to confirm is good for seven days. Subscribe again to get a new one."
FORGED = "This link is not one of ours, or not all of it arrived. Open it from the mail as it is."
GONE = "This subscription has ended: nothing more will be sent for it."


def blueprint(log_db: Database, people_db: Database, tokens: Tokens) -> Blueprint:
    """The routes over this log and these people."""
    pages = Blueprint("notifier", __name__, template_folder="templates")
    pages.app_context_processor(lambda: {"cadences": CADENCES})

    @pages.get("/subscribe")
    def subscribe() -> Response:
        pairs = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name not in ("email", "cadence")
        ]
        try:
            filters.parse(pairs, _sources(log_db))
        except FilterError as error:
            return _form(log_db, request.args, str(error))
        return _form(log_db, request.args)

    @pages.post("/subscribe")
    def ask() -> Response:
        form = request.form
        try:
            email = normal(form.get("email", ""))
            cadence = known_cadence(form.get("cadence", "") or "immediate")
            pairs = [pair for pair in form.items(multi=True) if pair[0] not in ("email", "cadence")]
            wanted = filters.parse(pairs, _sources(log_db))
        except ValueError as error:
            return _form(log_db, form, str(error))
        with people_db.write() as tx:
            moment = now()
            subscription = people.subscribe(tx, email, filters.to_query(wanted), cadence, moment)
            if _may_ask(tx, subscription, moment):
                outbox.ask(tx, subscription.id, moment)
        return make_response(
            render_template("asked.html", email=email, wish=wording.wish(wanted), cadence=cadence)
        )

    @pages.get("/subscriptions/confirm/<token>")
    def confirm(token: str) -> Response:
        return _page("confirm.html", _confirmed_by(people_db, tokens, token))

    @pages.post("/subscriptions/confirm/<token>")
    def confirmed(token: str) -> Response:
        subscription = _confirmed_by(people_db, tokens, token)
        with log_db.read() as tx:
            after = log.head(tx).position
        with people_db.write() as tx:
            subscription = people.confirm(tx, subscription.id, after, now()) or abort(410, GONE)
        return _page("confirmed.html", subscription, manage_token=tokens.to_manage(subscription.id))

    @pages.get("/subscriptions/<token>")
    def manage(token: str) -> Response:
        return _page("manage.html", _managed_by(people_db, tokens, token), token=token)

    @pages.post("/subscriptions/<token>")
    def change(token: str) -> Response:
        subscription = _managed_by(people_db, tokens, token)
        try:
            cadence = known_cadence(request.form.get("cadence", ""))
        except ValueError as error:
            abort(400, str(error))
        with people_db.write() as tx:
            people.change_cadence(tx, subscription.id, cadence)
            subscription = people.get(tx, subscription.id) or abort(410, GONE)
        return _page("manage.html", subscription, token=token, saved=True)

    @pages.get("/unsubscribe/<token>")
    def leave(token: str) -> Response:
        return _page("leave.html", _managed_by(people_db, tokens, token), token=token)

    @pages.post("/unsubscribe/<token>")
    def left(token: str) -> Response:
        """A person's button, or a mail program's one click (RFC 8058: no redirect, no cookie)."""
        try:
            key = tokens.managing(token)
        except ForgedToken:
            abort(400, FORGED)
        with people_db.write() as tx:
            people.end(tx, key)
        people_db.forget()
        return _private(make_response(render_template("left.html")))

    return pages


def _may_ask(tx: Tx, subscription: Subscription, moment: datetime) -> bool:
    asked = outbox.asked_at(tx, subscription.id)
    if asked and from_stamp(asked) >= moment - ASK_AGAIN:
        return False
    return outbox.asked_since(tx, subscription.subscriber, moment - timedelta(hours=1)) < ASKED_AN_HOUR


def known_cadence(given: str) -> str:
    """The cadence. Raises ValueError with one clear line."""
    if given not in people.CADENCES:
        raise ValueError(f"{given!r} is no cadence; it can be {', '.join(people.CADENCES)}")
    return given


def _form(log_db: Database, values: MultiDict[str, str], error: str | None = None) -> Response:
    with log_db.read() as tx:
        offered = dict.fromkeys((*OFFERED, *listings.values(tx, "country")))
    countries = [(code, terms.country_name(code)) for code in offered]
    page = render_template("subscribe.html", values=values, error=error, countries=countries)
    return make_response(page, 400 if error else 200)


def _sources(log_db: Database) -> set[str]:
    with log_db.read() as tx:
        return {cursor.source for cursor in cursors.everything(tx)}


def _confirmed_by(people_db: Database, tokens: Tokens, token: str) -> Subscription:
    try:
        key = tokens.confirming(token)
    except StaleToken:
        abort(410, STALE)
    except ForgedToken:
        abort(400, FORGED)
    return _subscription(people_db, key)


def _managed_by(people_db: Database, tokens: Tokens, token: str) -> Subscription:
    try:
        key = tokens.managing(token)
    except ForgedToken:
        abort(400, FORGED)
    return _subscription(people_db, key)


def _subscription(people_db: Database, key: str) -> Subscription:
    with people_db.read() as tx:
        return people.get(tx, key) or abort(410, GONE)


def _page(template: str, subscription: Subscription, **facts: object) -> Response:
    wish = wording.stored_wish(subscription.filter)
    page = render_template(template, subscription=subscription, wish=wish, **facts)
    return _private(make_response(page))


def _private(response: Response) -> Response:
    """Pages behind a token are nobody else's: not to be kept, indexed, or told of to other sites."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
